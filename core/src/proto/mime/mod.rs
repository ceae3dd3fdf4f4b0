//! What a file is, by its first bytes; names as Zeek gives them.
//!
//! Where a file is several things at once, as a page is text and a JAR is a zip archive, the name that
//! tells most is given, as Zeek does by the strength of its signatures.

mod binary;
mod markup;
mod text;
mod zip;

/// How many first bytes tell nearly all files apart.
pub const HEAD: usize = 512;

/// How many are needed of an archive, whose first members say what it is for, and of mark-up behind a
/// comment; as many as Zeek looks at (`default_file_bof_buffer_size`).
const LONG_HEAD: usize = 4096;

/// Beginnings that do not tell by themselves.
const UNTOLD: [&[u8]; 3] = [b"PK\x03\x04", b"<!--", b"<?xml"];

/// The first bytes of a file, as they come.
#[derive(Debug, Default)]
pub struct Head {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Head {
    /// Nothing that comes now stands behind these bytes: some are missing.
    pub const fn end(&mut self) {
        self.is_over = true;
    }

    /// Takes the next bytes of the file, as many as are wanted.
    pub fn take(&mut self, mut data: &[u8]) {
        loop {
            let wanted =
                if UNTOLD.iter().any(|b| self.bytes.starts_with(b)) { LONG_HEAD } else { HEAD };
            let room = wanted.saturating_sub(self.bytes.len()).min(data.len());
            if room == 0 || self.is_over {
                return;
            }
            self.bytes.extend_from_slice(data.get(..room).unwrap_or_default());
            data = data.get(room..).unwrap_or_default();
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The type of a file that begins with `head`; `None` when the bytes do not tell.
pub fn of(head: &[u8]) -> Option<&'static str> {
    // The parts of a form have types of their own (RFC 7578).
    if head.starts_with(b"--") && memchr::memmem::find(head, b"Content-Disposition: ").is_some() {
        return None;
    }
    // What begins with a tag is mostly a page: the many marks need not be looked for.
    let tagged = || markup::of(head.strip_prefix(b"<").and(Some(head))?);
    zip::of(head).or_else(tagged).or_else(|| binary::of(head)).or_else(|| text::of(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content_and_not_by_guess() {
        let form = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1";
        assert_eq!((of(form), of(b"--xyz\r\n1, 2")), (None, Some("text/plain")));
        assert_eq!(of(b"MZ\x90\0"), Some("application/x-dosexec"));
        assert_eq!(of(b"\x00\x01\x02"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn a_head_is_as_long_as_it_must_be_in_any_cut() {
        let file = |start: &[u8]| [start, &[b'x'; LONG_HEAD]].concat();
        for (start, len) in [(&b"PK\x03\x04"[..], LONG_HEAD), (b"<?xml ", LONG_HEAD), (b"PK", HEAD)]
        {
            let file = file(start);
            for step in [1, 3, 100, HEAD, usize::MAX] {
                let mut head = Head::default();
                file.chunks(step).for_each(|cut| head.take(cut));
                assert_eq!(head.bytes(), &file[..len], "step {step}");
            }
        }
    }
}
