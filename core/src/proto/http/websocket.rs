//! WebSocket (RFC 6455), to which an HTTP connection may turn: frames are told apart by their headers,
//! and what ends the connection is read. Messages themselves are not, whether compressed or not.

use crate::bytes::Cursor;
use crate::event::{Body, Origin, Websocket};
use crate::proto::{Cx, Dir, Step};
use crate::text;
use crate::time::Time;

/// Longest payload of a frame that controls the connection (section 5.5).
const MAX_CONTROL: u64 = 125;
/// What `close_code` says when no reason was given (section 7.4.1).
const NO_REASON: u64 = 1005;

/// Kinds of frames (section 5.2).
mod opcode {
    pub const CONTINUATION: u8 = 0;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PONG: u8 = 10;
}

/// One connection behind its upgrade.
#[derive(Debug)]
pub struct Frames {
    row: Box<Websocket>,
    begin: Option<(Time, Origin)>,
    sides: [Side; 2],
}

/// What one side is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Head,
    /// So many bytes of a payload are still to come.
    Payload(u64),
    /// It said its last, or where frames begin is not known any more.
    Over,
}

#[derive(Debug, Default)]
struct Side {
    part: Part,
    /// A message in fragments is not at its end.
    is_in_message: bool,
    messages: u64,
    is_masked_wrongly: bool,
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    is_final: bool,
    /// Bits that only an extension gives a meaning.
    is_extended: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    /// Bytes of the payload.
    len: u64,
    /// Bytes of the header itself.
    used: usize,
}

impl Head {
    /// `None` while it is not all there.
    fn parse(data: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(data);
        let [first, second] = c.array()?;
        let len = match second & 0x7f {
            126 => c.be16()?.into(),
            127 => c.array().map(u64::from_be_bytes)?,
            short => short.into(),
        };
        let mask = if second & 0x80 == 0 { None } else { Some(c.array()?) };
        Some(Self {
            is_final: first & 0x80 != 0,
            is_extended: first & 0x70 != 0,
            opcode: first & 0x0f,
            mask,
            len,
            used: c.pos(),
        })
    }

    const fn is_control(self) -> bool {
        self.opcode >= opcode::CLOSE
    }

    /// What no frame may be, in whose place a receiver ends the connection; what comes behind it is
    /// not worth believing either.
    const fn trouble(self, is_in_message: bool, has_extensions: bool) -> Option<&'static str> {
        match self.opcode {
            opcode::CLOSE..=opcode::PONG if !self.is_final || self.len > MAX_CONTROL => {
                Some("control frame is long or in fragments")
            }
            opcode::CLOSE..=opcode::PONG => None,
            opcode::CONTINUATION if !is_in_message => Some("continues nothing"),
            1..=opcode::BINARY if is_in_message => Some("message within another"),
            opcode::CONTINUATION..=opcode::BINARY if self.len > i64::MAX as u64 => {
                Some("length out of range")
            }
            opcode::CONTINUATION..=opcode::BINARY if self.is_extended && !has_extensions => {
                Some("bits of an extension that nobody chose")
            }
            opcode::CONTINUATION..=opcode::BINARY => None,
            _ => Some("kind that there is not"),
        }
    }
}

impl Frames {
    /// The server consented now.
    pub fn new(row: Box<Websocket>, cx: &mut Cx<'_>) -> Self {
        cx.service.insert("websocket");
        Self { row, begin: Some((cx.ts, cx.at)), sides: Default::default() }
    }

    /// Takes the next bytes of one direction.
    pub fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            match self.side(dir).part {
                Part::Payload(left) if !rest.is_empty() => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    self.skip(dir, n as u64);
                    used += n;
                }
                Part::Head if !rest.is_empty() => match self.frame(dir, rest, cx) {
                    Ok(n) => used += n,
                    Err(need) => return Step::More { used, need },
                },
                _ => return self.over(cx),
            }
        }
    }

    /// So many bytes of one direction are missing: only within a payload the place stays known.
    pub fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        if !self.skip(dir, len) {
            self.side(dir).part = Part::Over;
        }
        self.over(cx)
    }

    /// The connection is at its end.
    pub fn finish(&mut self, cx: &mut Cx<'_>) {
        if let Some((ts, at)) = self.begin.take() {
            let [orig, resp] = &self.sides;
            self.row.orig_messages = Some(orig.messages);
            self.row.resp_messages = Some(resp.messages);
            cx.emit(ts, at, Body::Websocket(std::mem::take(&mut self.row)));
        }
    }

    const fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        match dir {
            Dir::Orig => orig,
            Dir::Resp => resp,
        }
    }

    /// Nothing more can be made of a direction: the other one may go on.
    fn over(&mut self, cx: &mut Cx<'_>) -> Step {
        if self.sides.iter().any(|side| side.part != Part::Over) {
            return Step::Done;
        }
        self.finish(cx);
        Step::Quit
    }

    /// Passes over bytes of a payload; false when they are more than it has.
    const fn skip(&mut self, dir: Dir, n: u64) -> bool {
        let side = self.side(dir);
        let Part::Payload(left) = side.part else { return false };
        let Some(left) = left.checked_sub(n) else { return false };
        side.part = if left == 0 { Part::Head } else { Part::Payload(left) };
        true
    }

    /// Takes the header of a frame, with the payload if it controls the connection: the bytes used, or
    /// else those needed.
    fn frame(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Result<usize, usize> {
        let Some(head) = Head::parse(data) else { return Err(data.len() + 1) };
        let has_extensions = !self.row.server_extensions.is_empty();
        let side = self.side(dir);
        if let Some(trouble) = head.trouble(side.is_in_message, has_extensions) {
            side.part = Part::Over;
            cx.weird("WEBSOCKET", "websocket_bad_frame", Some(trouble));
            return Ok(head.used);
        }
        let is_masked_wrongly = head.mask.is_some() != (dir == Dir::Orig);
        if is_masked_wrongly && !std::mem::replace(&mut side.is_masked_wrongly, true) {
            cx.weird("WEBSOCKET", "websocket_wrong_masking", None);
        }
        if !head.is_control() {
            let side = self.side(dir);
            side.messages += u64::from(head.opcode != opcode::CONTINUATION);
            side.is_in_message = !head.is_final;
            side.part = if head.len == 0 { Part::Head } else { Part::Payload(head.len) };
            return Ok(head.used);
        }
        // At most 125 bytes.
        let whole = head.used + usize::try_from(head.len).unwrap_or_default();
        let Some(payload) = data.get(head.used..whole) else { return Err(whole) };
        if head.opcode == opcode::CLOSE {
            self.side(dir).part = Part::Over;
            self.close(payload, head.mask.unwrap_or_default());
        }
        Ok(whole)
    }

    /// Reads why a side closes (section 5.5.1); the other one repeats it.
    fn close(&mut self, payload: &[u8], mask: [u8; 4]) {
        if self.row.close_code.is_some() {
            return;
        }
        let plain: Vec<u8> =
            payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        self.row.close_code = Some(match *plain {
            [hi, lo, ..] => u16::from_be_bytes([hi, lo]).into(),
            _ => NO_REASON,
        });
        let words = plain.get(2..).unwrap_or_default();
        self.row.close_reason = (!words.is_empty()).then(|| text::from_bytes(words));
    }
}

#[cfg(test)]
mod tests {
    use super::super::PROTOCOL;
    use super::*;
    use crate::event::Kind;
    use crate::proto::drive::same_as_zeek;
    use crate::proto::testing::{Said, talk};

    const ASK: &[u8] = b"GET /chat HTTP/1.1\r\nHost: h.test\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt , chat\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover,x\r\n\r\n";
    const CONSENT: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
    const ROW: &str = "websocket host=h.test uri=/chat subprotocol=mqtt client_protocols=mqtt,chat \
        client_extensions=permessage-deflate; server_no_context_takeover,x";

    /// Rows behind that of the exchange that led to WebSocket.
    fn rows(client: &[u8], server: &[Said<'_>], step: usize) -> Vec<String> {
        let server_begins = [Said::Data(Dir::Orig, ASK), Said::Data(Dir::Resp, CONSENT)];
        let said = [&server_begins[..], &[Said::Data(Dir::Orig, client)], server].concat();
        let mut got = talk(&PROTOCOL, &said, step);
        assert!(got.remove(0).contains("status_code=101"));
        got
    }

    /// A masked frame.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 0xff];
        let plain = payload.iter().zip(mask.iter().cycle());
        let mut out = vec![first, 0x80 | payload.len() as u8];
        out.extend(mask);
        out.extend(plain.map(|(byte, mask)| byte ^ mask));
        out
    }

    #[test]
    fn messages_are_counted_and_the_close_is_read_in_any_cut() {
        // One message in three fragments with a ping among them, one alone, the end.
        let client = [
            masked(0x01, b"he"),
            masked(0x89, b"are you there?"),
            masked(0x00, b""),
            masked(0x80, b"llo"),
            masked(0x82, b"\x00\x01"),
            masked(0x88, b"\x03\xe9bye"),
            b"what is behind the end".to_vec(),
        ]
        .concat();
        // The length in two bytes and in eight.
        let server = [
            &[0x82, 126, 0, 200][..],
            &[7; 200],
            &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0],
            &[7; 1 << 16],
            &[0x8a, 0, 0x81, 0, 0x88, 0],
        ]
        .concat();
        let end = format!("{ROW} orig_messages=2 resp_messages=3 close_code=1001 close_reason=bye");
        for step in [1, 2, 3, 7, 1000, usize::MAX] {
            let got = rows(&client, &[Said::Data(Dir::Resp, &server)], step);
            assert_eq!(got, [&end, "quit"], "step {step}");
        }
    }

    #[test]
    fn what_is_missing_of_a_payload_is_passed_over_and_more_ends_its_side_alone() {
        let head = Said::Data(Dir::Resp, &[0x82, 126, 1, 0]);
        let next = Said::Data(Dir::Resp, &[0x81, 0]);
        let client = masked(0x81, b"hello");
        for (missing, messages) in [(256, 2), (257, 1)] {
            let got = rows(&client, &[head, Said::Gap(Dir::Resp, missing), next], usize::MAX);
            assert_eq!(got, [format!("{ROW} orig_messages=1 resp_messages={messages}")]);
        }
    }

    #[test]
    fn frames_that_none_may_send_end_their_side_with_one_word() {
        let long = [&[0x89, 126, 0, 126][..], &[0; 126]].concat();
        let hostile: &[(&[u8], &str)] = &[
            (&[0x83, 0], "kind that there is not"),
            (&[0x8b, 0], "kind that there is not"),
            (&long, "control frame is long or in fragments"),
            (&[0x09, 0], "control frame is long or in fragments"),
            (&[0x80, 0], "continues nothing"),
            (&[0x01, 0, 0x01, 0], "message within another"),
            (&[0xc1, 0], "bits of an extension that nobody chose"),
            (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], "length out of range"),
        ];
        for (frames, word) in hostile {
            let said = [frames, &[0x83, 0, 0x83, 0][..]].concat();
            let got = rows(&masked(0x81, b"hello"), &[Said::Data(Dir::Resp, &said)], usize::MAX);
            let want = format!("weird name=websocket_bad_frame addl={word} source=WEBSOCKET");
            assert_eq!(got.len(), 2, "{got:#?}");
            assert_eq!(got[0], want);
            assert!(got[1].contains("orig_messages=1"), "{got:#?}");
        }
        // The longest there is, of which nothing comes.
        let longest = [&[0x82, 127, 0x7f][..], &[0xff; 7], b"abc"].concat();
        let got = rows(b"", &[Said::Data(Dir::Resp, &longest)], 2);
        assert_eq!(got, [format!("{ROW} orig_messages=0 resp_messages=1")]);
    }

    #[test]
    fn a_server_that_masks_is_told_once() {
        let said = [masked(0x81, b"a"), masked(0x81, b"b")].concat();
        let got = rows(b"", &[Said::Data(Dir::Resp, &said)], usize::MAX);
        assert_eq!(got[0], "weird name=websocket_wrong_masking source=WEBSOCKET");
        assert_eq!(got[1], format!("{ROW} orig_messages=0 resp_messages=2"));
        assert_eq!(got.len(), 2);
    }

    #[test]
    fn the_row_of_the_corpus_is_that_of_zeek() {
        same_as_zeek(
            "http/zeek__http_websocket.pcap",
            "scripts.base.protocols.http.101-switching-protocols/websocket.log",
            Kind::Websocket,
            &|_, _, _| false,
        );
    }
}
