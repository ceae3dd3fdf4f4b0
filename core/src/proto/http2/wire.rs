//! Frames of HTTP/2 on the wire (RFC 9113 section 4 and 6).

use crate::bytes::Cursor;

/// What a client says first, RFC 9113 section 3.4.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame's header.
pub const HEADER: usize = 9;

/// Types of frames.
pub mod kind {
    /// A part of a body.
    pub const DATA: u8 = 0;
    /// A message's header block, or the begin of one.
    pub const HEADERS: u8 = 1;
    /// A stream is given up.
    pub const RST_STREAM: u8 = 3;
    /// What the sender keeps to.
    pub const SETTINGS: u8 = 4;
    /// A request that the server answers unasked.
    pub const PUSH_PROMISE: u8 = 5;
    /// More of a header block.
    pub const CONTINUATION: u8 = 9;
    /// The last type that a standard names: PRIORITY_UPDATE, RFC 9218.
    pub const LAST: u8 = 0x10;
}

/// Flags of frames.
pub mod flag {
    /// The sender's last frame of its message.
    pub const END_STREAM: u8 = 0x01;
    /// The header block ends here.
    pub const END_HEADERS: u8 = 0x04;
    /// A length and as much padding.
    pub const PADDED: u8 = 0x08;
    /// Five bytes of priority.
    pub const PRIORITY: u8 = 0x20;
}

/// What stands before a frame's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of payload.
    pub len: usize,
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 for the connection.
    pub stream: u32,
}

impl Frame {
    /// From the first [`HEADER`] bytes. `None` when there are fewer.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let (len, kind, flags) = (c.be24()? as usize, c.u8()?, c.u8()?);
        Some(Self { len, kind, flags, stream: c.be32()? & 0x7fff_ffff })
    }

    /// True for a flag.
    pub const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// True when type, stream and length go together.
    pub const fn is_plausible(self) -> bool {
        match self.kind {
            kind::DATA | kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => self.stream > 0,
            kind::RST_STREAM => self.stream > 0 && self.len == 4,
            kind::SETTINGS => self.stream == 0 && self.len.is_multiple_of(6),
            // Types that nobody knows are allowed, but what is no HTTP/2 is mostly one of them.
            other => other <= kind::LAST,
        }
    }

    /// A header block within the payload of HEADERS, PUSH_PROMISE or CONTINUATION.
    pub fn block(self, payload: &[u8]) -> Option<&[u8]> {
        let mut c = Cursor::new(payload);
        if self.kind == kind::CONTINUATION {
            return Some(payload);
        }
        let padding = if self.has(flag::PADDED) { usize::from(c.u8()?) } else { 0 };
        if self.kind == kind::PUSH_PROMISE {
            c.be32()?;
        } else if self.has(flag::PRIORITY) {
            c.take(5)?;
        }
        let rest = c.rest();
        rest.get(..rest.len().checked_sub(padding)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_from_other_bytes() {
        let frame = |b: &[u8]| Frame::parse(b).unwrap();
        assert!(frame(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00").is_plausible());
        assert!(!frame(b"\x00\x00\x07\x04\x00\x00\x00\x00\x00").is_plausible());
        assert!(!frame(b"\x00\x00\x06\x01\x04\x00\x00\x00\x00").is_plausible());
        assert!(!frame(b"HTTP/1.1 ").is_plausible());
        assert_eq!(Frame::parse(b"\x00\x00\x06\x04\x00\x00\x00\x00"), None);
        assert_eq!(frame(b"\x00\x00\x00\x00\x00\x80\x00\x00\x01").stream, 1);
    }

    #[test]
    fn a_block_stands_between_priority_and_padding() {
        let frame = |kind, flags| Frame { len: 0, kind, flags, stream: 1 };
        let headers = frame(kind::HEADERS, flag::PADDED | flag::PRIORITY);
        assert_eq!(headers.block(b"\x02PRIORblockpp"), Some(b"block".as_slice()));
        assert_eq!(headers.block(b"\x09PRIORblockpp"), None);
        assert_eq!(frame(kind::HEADERS, 0).block(b"block"), Some(b"block".as_slice()));
        assert_eq!(
            frame(kind::PUSH_PROMISE, 0).block(b"\0\0\0\x02block"),
            Some(b"block".as_slice())
        );
        assert_eq!(
            frame(kind::CONTINUATION, flag::PADDED).block(b"block"),
            Some(b"block".as_slice())
        );
    }
}
