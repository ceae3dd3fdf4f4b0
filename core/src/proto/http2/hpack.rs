//! HPACK (RFC 7541): the fields of a header block, by tables that both sides keep alike.

use super::huffman;
use std::collections::VecDeque;
use std::rc::Rc;

/// Bytes of a dynamic table, at most, by RFC 7541's own count. Browsers offer 64 KB and servers
/// 4 KB; one that wants more cannot be followed.
pub const MAX_TABLE: usize = 64 << 10;

/// What both sides begin with, RFC 9113 section 6.5.2.
const DEFAULT_TABLE: usize = 4096;

/// Bytes that an entry costs beside its texts, RFC 7541 section 4.1.
const ENTRY: usize = 32;

/// Bytes of a text, at most: more than servers take for a whole block.
const MAX_TEXT: usize = 64 << 10;

/// A field: name and value. Names are shared, so that a short block cannot copy a long name often.
type Field = (Rc<[u8]>, Rc<[u8]>);

/// Takes a field.
pub type OnField<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// The block cannot be decoded, and no later one of this direction either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// One direction's table.
#[derive(Debug)]
pub struct Decoder {
    entries: VecDeque<Field>,
    /// Size of the entries, and the most that it may be.
    size: usize,
    max: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0, max: DEFAULT_TABLE }
    }
}

impl Decoder {
    /// Memory held, in bytes.
    pub const fn held(&self) -> usize {
        self.size
    }

    /// Decodes a whole block.
    pub fn block(&mut self, bytes: &[u8], on: &mut OnField<'_>) -> Result<(), Broken> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            match first {
                0x80.. => {
                    let index = integer(&mut rest, 7)?;
                    let (name, value) = self.entry(index)?;
                    on(&name, &value);
                }
                0x40.. => {
                    let (name, value) = self.literal(&mut rest, 6)?;
                    on(&name, &value);
                    self.insert(name, value);
                }
                0x20.. => {
                    let max = integer(&mut rest, 5)?;
                    self.max = if max <= MAX_TABLE { max } else { return Err(Broken) };
                    self.evict(0);
                }
                // Without indexing, or never to be indexed.
                _ => {
                    let (name, value) = self.literal(&mut rest, 4)?;
                    on(&name, &value);
                }
            }
        }
        Ok(())
    }

    fn literal(&self, rest: &mut &[u8], bits: u32) -> Result<Field, Broken> {
        let name = match integer(rest, bits)? {
            0 => text(rest)?.into(),
            index => self.entry(index)?.0,
        };
        Ok((name, text(rest)?.into()))
    }

    fn entry(&self, index: usize) -> Result<Field, Broken> {
        let index = index.checked_sub(1).ok_or(Broken)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Ok((name.as_bytes().into(), value.as_bytes().into()));
        }
        self.entries.get(index - STATIC.len()).cloned().ok_or(Broken)
    }

    fn insert(&mut self, name: Rc<[u8]>, value: Rc<[u8]>) {
        let size = ENTRY + name.len() + value.len();
        self.evict(size);
        if size <= self.max {
            self.size += size;
            self.entries.push_front((name, value));
        }
    }

    /// Makes room for `size` bytes.
    fn evict(&mut self, size: usize) {
        while self.size + size > self.max
            && let Some((name, value)) = self.entries.pop_back()
        {
            self.size = self.size.saturating_sub(ENTRY + name.len() + value.len());
        }
    }
}

/// An integer whose first octet has `bits` bits for it, RFC 7541 section 5.1.
fn integer(rest: &mut &[u8], bits: u32) -> Result<usize, Broken> {
    /// More octets would make numbers that no table or text has.
    const MAX_OCTETS: u32 = 4;
    let (first, mut tail) = rest.split_first().ok_or(Broken)?;
    let mask = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (octet, after) = tail.split_first().ok_or(Broken)?;
            tail = after;
            value += usize::from(octet & 0x7f) << shift;
            shift += 7;
            if octet & 0x80 == 0 {
                break;
            }
            if shift >= 7 * MAX_OCTETS {
                return Err(Broken);
            }
        }
    }
    *rest = tail;
    Ok(value)
}

/// A text, plain or in the Huffman code.
fn text(rest: &mut &[u8]) -> Result<Vec<u8>, Broken> {
    let is_coded = rest.first().is_some_and(|b| b & 0x80 != 0);
    let len = integer(rest, 7)?;
    let (text, tail) = rest.split_at_checked(len).filter(|_| len <= MAX_TEXT).ok_or(Broken)?;
    *rest = tail;
    if is_coded { huffman::decode(text).ok_or(Broken) } else { Ok(text.to_vec()) }
}

/// RFC 7541 appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(decoder: &mut Decoder, bytes: &[u8]) -> Result<String, Broken> {
        let mut out = String::new();
        decoder.block(bytes, &mut |name, value| {
            let [name, value] = [name, value].map(String::from_utf8_lossy);
            out += &format!("{name}={value}\n");
        })?;
        Ok(out)
    }

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text.as_bytes()).unwrap()
    }

    #[test]
    fn requests_of_rfc_7541_appendix_c_4() {
        let mut decoder = Decoder::default();
        let first = ":method=GET\n:scheme=http\n:path=/\n:authority=www.example.com\n";
        assert_eq!(run(&mut decoder, &hex("828684418cf1e3c2e5f23a6ba0ab90f4ff")).unwrap(), first);
        assert_eq!(decoder.size, 57);
        let second = format!("{first}cache-control=no-cache\n");
        assert_eq!(run(&mut decoder, &hex("828684be5886a8eb10649cbf")).unwrap(), second);
        assert_eq!(decoder.size, 110);
        let third = ":method=GET\n:scheme=https\n:path=/index.html\n:authority=www.example.com\ncustom-key=custom-value\n";
        let block = hex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
        assert_eq!(run(&mut decoder, &block).unwrap(), third);
        assert_eq!(decoder.size, 164);
    }

    #[test]
    fn a_table_evicts_its_oldest_entries() {
        // Appendix C.5.1: a table of 256 bytes.
        let mut decoder = Decoder::default();
        run(&mut decoder, &hex("3fe101")).unwrap();
        assert_eq!(decoder.max, 256);
        let block = [
            b"\x48\x03302\x58\x07private\x61\x1dMon, 21 Oct 2013 20:13:21 GMT".as_slice(),
            b"\x6e\x17https://www.example.com",
        ]
        .concat();
        run(&mut decoder, &block).unwrap();
        assert_eq!(decoder.size, 222);
        // C.5.2: another status drives the first one out.
        run(&mut decoder, b"\x48\x03307\xc1\xc0\xbf").unwrap();
        assert_eq!((decoder.size, decoder.entries.len()), (222, 4));
        // An entry larger than the table empties it.
        run(&mut decoder, &[b"\x40\x01n\x7f\x81\x02".as_slice(), &[b'v'; 384]].concat()).unwrap();
        assert_eq!((decoder.size, decoder.entries.len()), (0, 0));
    }

    #[test]
    fn the_size_of_a_table_has_its_limit() {
        // 65 536 and one more, by RFC 7541 section 5.1 behind a prefix of five ones.
        assert_eq!(run(&mut Decoder::default(), b"\x3f\xe1\xff\x03"), Ok(String::new()));
        assert_eq!(run(&mut Decoder::default(), b"\x3f\xe2\xff\x03"), Err(Broken));
    }

    #[test]
    fn no_bytes_are_more_than_broken() {
        for block in [
            b"\x80".as_slice(),
            b"\xbe",
            b"\xff\xff\xff\xff\xff\x0f",
            b"\x41\x05abc",
            b"\x41",
            b"\x40\x01",
        ] {
            assert_eq!(run(&mut Decoder::default(), block), Err(Broken), "{block:?}");
        }
        // A long name named again and again is not copied.
        let mut bomb = [b"\x40\x7f\xe1\x1e".as_slice(), &[b'n'; 4096 - 32], b"\x00"].concat();
        bomb.extend(b"\x0f\x2f\x00".repeat(20_000));
        let mut n = 0;
        assert_eq!(Decoder::default().block(&bomb, &mut |_, _| n += 1), Ok(()));
        assert_eq!(n, 20_001);
    }
}
