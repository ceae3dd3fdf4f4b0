//! Domain names on the wire: labels and compression pointers, followed within bounds (RFC 1035 section 4.1.4).

use super::wire::Flaw;

/// Octets a name may have on the wire, RFC 1035 section 3.1. A longer one is cut there.
pub const MAX_NAME: usize = 255;

/// Compression pointers followed for one name. A name of [`MAX_NAME`] octets has at most 127
/// labels, and a writer that points once per label needs no more; a loop ends here.
pub const MAX_JUMPS: usize = 127;

/// A name's place in its message. Labels are read when asked for.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    message: &'a [u8],
    at: usize,
}

/// What reading a name in place gave.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The name, as far as it could be read.
    pub name: Name<'a>,
    /// Where the bytes after it begin; `None` when that cannot be known.
    pub next: Option<usize>,
    /// What was wrong with it.
    pub flaw: Option<Flaw>,
}

impl<'a> Name<'a> {
    /// Reads the name at `at` of a message.
    pub fn read(message: &'a [u8], at: usize) -> Read<'a> {
        let name = Self { message, at };
        let (next, flaw) = name.walk(&mut |_| ());
        Read { name, next, flaw }
    }

    /// The labels joined by dots, ASCII letters lowered, without a final dot; empty for the root.
    pub fn bytes(self) -> Vec<u8> {
        let mut out = Vec::new();
        self.walk(&mut |label| {
            if !out.is_empty() {
                out.push(b'.');
            }
            out.extend(label.iter().map(u8::to_ascii_lowercase));
        });
        out
    }

    /// The first label, as it stands on the wire.
    pub fn first_label(self) -> &'a [u8] {
        let mut first = None;
        self.walk(&mut |label| {
            first.get_or_insert(label);
        });
        first.unwrap_or_default()
    }

    /// Visits the labels; gives the place after the name where it stands, and its flaw.
    fn walk(self, visit: &mut dyn FnMut(&'a [u8])) -> (Option<usize>, Option<Flaw>) {
        let (mut pos, mut next, mut flaw) = (self.at, None, None);
        let (mut octets, mut jumps) = (1, 0);
        loop {
            let Some(&len) = self.message.get(pos) else {
                return (next, flaw.or(Some(Flaw::NameCut)));
            };
            let len = usize::from(len);
            match len {
                0 => return (next.or(Some(pos + 1)), flaw),
                1..0x40 => {
                    let Some(label) = self.message.get(pos + 1..pos + 1 + len) else {
                        return (next, flaw.or(Some(Flaw::LabelPastEnd)));
                    };
                    octets += 1 + len;
                    if octets > MAX_NAME {
                        flaw = flaw.or(Some(Flaw::NameTooLong));
                    } else {
                        visit(label);
                    }
                    pos += 1 + len;
                }
                0xc0.. => {
                    let Some(&low) = self.message.get(pos + 1) else {
                        return (next, flaw.or(Some(Flaw::NameCut)));
                    };
                    let target = (len & 0x3f) << 8 | usize::from(low);
                    next = next.or(Some(pos + 2));
                    if target >= pos {
                        flaw = flaw.or(Some(Flaw::PointerForward));
                    }
                    jumps += 1;
                    if jumps > MAX_JUMPS || octets > MAX_NAME {
                        return (next, flaw.or(Some(Flaw::PointerLoop)));
                    }
                    pos = target;
                }
                _ => return (next, flaw.or(Some(Flaw::LabelReserved))),
            }
        }
    }
}

/// Bytes of a name or a text as Zeek shows them: valid UTF-8 stays, controls and other bytes
/// become `\xNN`.
pub fn readable(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() {
                let _ = write!(out, "\\x{:02x}", c as u32);
            } else {
                out.push(c);
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &[u8], at: usize) -> (String, Option<usize>, Option<Flaw>) {
        let read = Name::read(message, at);
        (readable(&read.name.bytes()), read.next, read.flaw)
    }

    #[test]
    fn labels_and_pointers_are_followed() {
        // RFC 1035 section 4.1.4: F.ISI.ARPA, then FOO before a pointer to it, then ARPA alone.
        let message = b"\x01F\x03ISI\x04ARPA\x00\x03FOO\xc0\x00\xc0\x06\x00";
        assert_eq!(text(message, 0), ("f.isi.arpa".into(), Some(12), None));
        assert_eq!(text(message, 12), ("foo.f.isi.arpa".into(), Some(18), None));
        assert_eq!(text(message, 18), ("arpa".into(), Some(20), None));
        assert_eq!(text(message, 20), (String::new(), Some(21), None));
        assert_eq!(Name::read(message, 0).name.first_label(), b"F");
    }

    #[test]
    fn a_loop_ends_and_a_forward_pointer_is_used_but_said() {
        assert_eq!(text(b"\xc0\x00", 0), (String::new(), Some(2), Some(Flaw::PointerForward)));
        let (name, next, flaw) = text(b"\x01a\xc0\x00", 2);
        assert_eq!((next, flaw), (Some(4), Some(Flaw::PointerLoop)));
        assert!(name.starts_with("a.a.a"));
        let forward = text(b"\xc0\x03\xff\x01a\x00", 0);
        assert_eq!(forward, ("a".into(), Some(2), Some(Flaw::PointerForward)));
    }

    #[test]
    fn the_number_of_jumps_has_its_limit() {
        // A chain of pointers, each to the one before it, ending in the root.
        let mut chain = vec![0];
        let mut ends = vec![0];
        for _ in 0..=MAX_JUMPS {
            ends.push(chain.len());
            let to = *ends.iter().rev().nth(1).unwrap();
            chain.extend([0xc0 | (to >> 8) as u8, to as u8]);
        }
        assert_eq!(Name::read(&chain, ends[MAX_JUMPS]).flaw, None);
        assert_eq!(Name::read(&chain, ends[MAX_JUMPS + 1]).flaw, Some(Flaw::PointerLoop));
    }

    #[test]
    fn the_length_has_its_limit_and_the_place_after_a_long_name_is_still_known() {
        // Each label of one letter takes two octets, the end one: 127 labels make 255.
        let name = |n: usize| [b"\x01a".repeat(n), vec![0]].concat();
        assert_eq!(text(&name(127), 0).2, None);
        let (kept, next, flaw) = text(&name(128), 0);
        assert_eq!((kept.len(), next, flaw), (253, Some(257), Some(Flaw::NameTooLong)));
    }

    #[test]
    fn damage_keeps_what_came_before() {
        assert_eq!(text(b"\x03www\x09exa", 0), ("www".into(), None, Some(Flaw::LabelPastEnd)));
        assert_eq!(text(b"\x03www", 0), ("www".into(), None, Some(Flaw::NameCut)));
        assert_eq!(text(b"\x01a\x80b", 0), ("a".into(), None, Some(Flaw::LabelReserved)));
        assert_eq!(readable(b"a\x00\xffb\xc3\xa4"), "a\\x00\\xffbä");
    }
}
