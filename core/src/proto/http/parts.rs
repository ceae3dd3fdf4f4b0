//! The parts of a multipart body (RFC 2046 section 5.1; of forms, RFC 7578): the name and the type of
//! each file in it. The content itself is passed over.

use super::headers::Headers;
use crate::proto::mime::{self, Head};
use crate::text::Text;

/// Longest boundary there may be (RFC 2046 section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Files told of one body; as many as Zeek tells (`HTTP::max_files_orig`).
const MAX_FILES: usize = 15;

/// Longest line of a part's headers that is kept: a file's name, which file systems hold below 256
/// bytes, with each byte percent-encoded, and what stands around it.
const MAX_LINE: usize = 1024;

/// Stands before the line's end that is part of a delimiter, and belongs to it.
const CR: &[u8] = b"\r";

/// The files of a body, in their order.
#[derive(Debug, Default)]
pub struct Files {
    /// Names that are stated.
    pub names: Vec<Text>,
    /// Types by content.
    pub types: Vec<&'static str>,
}

/// Where in the body the next byte stands.
#[derive(Debug, PartialEq, Eq)]
enum At {
    /// In a part's content, or before the first part.
    Content,
    /// Behind a delimiter, on its line.
    Delimiter,
    Headers,
    /// Behind the last part.
    Epilogue,
}

/// Reads the parts of one body as its bytes come.
#[derive(Debug)]
pub struct Parts {
    /// The line's end before a delimiter, two dashes and the boundary.
    delimiter: Vec<u8>,
    /// How many bytes of the delimiter the last bytes of the content equal.
    matched: usize,
    at: At,
    /// The line so far, of a delimiter or of headers.
    line: Vec<u8>,
    part: Option<Part>,
    files: Files,
}

/// The part whose headers or content come.
#[derive(Debug, Default)]
struct Part {
    headers: Headers,
    /// The first bytes behind the headers.
    head: Head,
    /// Bytes behind the headers.
    len: u64,
    /// How many of them are content, if the delimiter seen last ends it.
    end: u64,
    has_gap: bool,
}

impl Part {
    fn keep(&mut self, data: &[u8]) {
        self.len = self.len.saturating_add(data.len() as u64);
        self.head.take(data);
    }

    /// The first bytes of the content.
    fn content(&self) -> &[u8] {
        let head = self.head.bytes();
        match usize::try_from(self.end).ok().and_then(|end| head.get(..end)) {
            Some(content) => content.strip_suffix(CR).unwrap_or(content),
            None => head,
        }
    }
}

impl Parts {
    /// For the boundary that a content type states; `None` for one that cannot be.
    pub fn new(boundary: &[u8]) -> Option<Self> {
        // A line's end in it would not be a boundary of lines.
        let is_fit = (1..=MAX_BOUNDARY).contains(&boundary.len()) && !boundary.contains(&b'\n');
        is_fit.then(|| Self {
            delimiter: [b"\n--", boundary].concat(),
            // The first delimiter may be the first line.
            matched: 1,
            at: At::Content,
            line: Vec::new(),
            part: None,
            files: Files::default(),
        })
    }

    /// Takes the next bytes of the body.
    pub fn take(&mut self, data: &[u8]) {
        let mut rest = data;
        while !rest.is_empty() && self.at != At::Epilogue {
            let used = match self.at {
                At::Content => self.content(rest),
                _ => self.lines(rest),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Bytes of the body are missing, which may have held delimiters.
    pub fn skip(&mut self, len: u64) {
        if matches!(self.at, At::Delimiter | At::Headers) {
            self.end_part();
            self.at = At::Content;
        }
        self.matched = 0;
        if let Some(part) = &mut self.part {
            part.len = part.len.saturating_add(len);
            part.has_gap = true;
            part.head.end();
        }
    }

    /// The files, once no more bytes come.
    pub fn finish(mut self) -> Files {
        // Nothing need stand behind the last delimiter.
        if self.at == At::Delimiter {
            let line = std::mem::take(&mut self.line);
            self.end_line(line.trim_ascii_end());
        }
        if let Some(part) = &mut self.part {
            part.end = part.len;
        }
        self.end_part();
        self.files
    }

    /// Takes content up to the end of a delimiter.
    fn content(&mut self, data: &[u8]) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            match self.delimiter.get(self.matched) {
                // A line's end is nowhere in a delimiter but at its start, so that whatever fails
                // to be one begins anew at the next.
                Some(_) if self.matched == 0 => {
                    let line = memchr::memchr(b'\n', rest);
                    used += line.map_or(rest.len(), |at| at + 1);
                    self.matched = usize::from(line.is_some());
                }
                Some(next) if rest.first() == Some(next) => {
                    self.matched += 1;
                    used += 1;
                }
                Some(_) => self.matched = 0,
                None => break,
            }
        }
        self.keep(data.get(..used).unwrap_or(data));
        if self.matched == self.delimiter.len() {
            self.matched = 0;
            self.at = At::Delimiter;
            self.line.clear();
            if let Some(part) = &mut self.part {
                part.end = part.len.saturating_sub(self.delimiter.len() as u64);
            }
        }
        used
    }

    /// Takes bytes of the lines between two contents, up to a line's end.
    fn lines(&mut self, data: &[u8]) -> usize {
        let end = memchr::memchr(b'\n', data);
        let used = end.map_or(data.len(), |at| at + 1);
        let piece = data.get(..used).unwrap_or(data);
        let room = MAX_LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if self.at == At::Delimiter {
            // It may turn out to be content.
            self.keep(piece);
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.end_line(line.trim_ascii_end());
            self.line = line;
            self.line.clear();
        }
        used
    }

    fn end_line(&mut self, line: &[u8]) {
        match self.at {
            At::Headers if line.is_empty() => {
                self.at = At::Content;
                // That line's end may be the one before the next delimiter.
                self.matched = 1;
            }
            At::Headers => {
                if let Some(part) = &mut self.part {
                    part.headers.line(line);
                }
            }
            _ if line.is_empty() => {
                self.end_part();
                self.at = At::Headers;
                self.part = Some(Part::default());
            }
            _ if line.starts_with(b"--") => {
                self.end_part();
                self.at = At::Epilogue;
            }
            _ => {
                self.at = At::Content;
                self.matched = 1;
            }
        }
    }

    fn keep(&mut self, data: &[u8]) {
        if let Some(part) = &mut self.part {
            part.keep(data);
        }
    }

    fn end_part(&mut self) {
        let Some(part) = self.part.take() else { return };
        let content = part.content();
        let Files { names, types } = &mut self.files;
        // A field of a form that was left empty is no file.
        if !content.is_empty() || part.has_gap {
            let mime = mime::of(content).filter(|_| !part.headers.content.is_later_range);
            types.extend(mime.filter(|_| types.len() < MAX_FILES));
            names.extend(part.headers.content.filename.filter(|_| names.len() < MAX_FILES));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and the types in a body given `step` bytes at a time; `None` is a gap.
    fn files(pieces: &[Option<&[u8]>], step: usize) -> (Vec<String>, Vec<&'static str>) {
        let mut parts = Parts::new(b"xy").unwrap();
        for piece in pieces {
            match piece {
                Some(data) => data.chunks(step).for_each(|cut| parts.take(cut)),
                None => parts.skip(9),
            }
        }
        let Files { names, types } = parts.finish();
        (names.into_iter().map(String::from).collect(), types)
    }

    fn whole(data: &[u8], step: usize) -> (Vec<String>, Vec<&'static str>) {
        files(&[Some(data)], step)
    }

    /// A part that is a file.
    fn file(name: &str, content: &[u8]) -> Vec<u8> {
        let head = format!("--xy\r\nContent-Disposition: form-data; filename=\"{name}\"\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    }

    #[test]
    fn files_of_a_form_have_their_names_and_types_in_any_cut() {
        let png = b"\x89PNG\r\n\x1a\n\r\n--x\r\n--xyz\r\n-- more";
        let form = [
            b"passed over\r\n".to_vec(),
            b"--xy\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nfred\r\n".to_vec(),
            file("", b""),
            file("a;b.png", png),
            b"--xy \r\ncontent-type: text/plain; name=b%20c.txt\r\n\r\nten bytes.\r\n".to_vec(),
            file("nothing", b""),
            b"--xy--\r\n".to_vec(),
            file("behind the end", b"%PDF-1.4"),
        ]
        .concat();
        let names = ["a;b.png", "b c.txt"].map(String::from).to_vec();
        for step in 1..80 {
            assert_eq!(whole(&form, step), (names.clone(), vec!["image/png", "text/plain"]));
        }
    }

    #[test]
    fn content_ends_before_the_line_that_ends_it() {
        let of = |content: &str, end: &str| {
            whole(format!("--xy\r\n\r\n{content}{end}--xy--").as_bytes(), 3).1
        };
        assert_eq!(of("nine byte", "\r\n"), [""; 0]);
        assert_eq!(of("ten bytes.", "\r\n"), ["text/plain"]);
        assert_eq!(of("ten bytes.", "\n"), ["text/plain"]);
        assert_eq!(of("nine byte", "\n"), [""; 0]);
        // Without any delimiter behind it, all is content.
        assert_eq!(whole(b"--xy\n\nnine byte\n", 9).1, ["text/plain"]);
    }

    #[test]
    fn a_gap_leaves_what_is_known_and_the_parts_behind_it() {
        let (pdf, gif) = (file("a.pdf", b"%PDF-1.4\n"), file("b.gif", b"GIF89a.."));
        let names = ["a.pdf", "b.gif"].map(String::from).to_vec();
        let all = (names, vec!["application/pdf", "image/gif"]);
        let (before, after) = pdf.split_at(pdf.len() - 3);
        assert_eq!(files(&[Some(before), None, Some(after), Some(&gif)], 5), all);
        // Bytes that a gap brings to the start tell no type.
        let at_start = files(&[Some(&pdf[..pdf.len() - 11]), None, Some(&pdf), Some(&gif)], 5);
        assert_eq!(at_start.0, ["a.pdf", "b.gif"]);
        assert_eq!(at_start.1, ["image/gif"]);
        // Headers that are cut tell nothing of the content behind them.
        let in_headers = files(&[Some(&pdf[..20]), None, Some(after), Some(&gif)], 5);
        assert_eq!(in_headers, (vec!["b.gif".to_owned()], vec!["image/gif"]));
    }

    #[test]
    fn pieces_of_a_file_have_a_type_at_its_start_only() {
        let range = |range: &str| {
            whole(format!("--xy\r\nContent-Range: bytes {range}\r\n\r\nGIF89a\r\n").as_bytes(), 7).1
        };
        assert_eq!(range("0-5/9"), ["image/gif"]);
        assert_eq!(range("1-6/9"), [""; 0]);
    }

    #[test]
    fn files_lines_and_boundaries_are_bounded() {
        for (n, told) in [(MAX_FILES, MAX_FILES), (MAX_FILES + 1, MAX_FILES)] {
            let (names, types) = whole(&file("a", b"GIF89a").repeat(n), 50);
            assert_eq!((names.len(), types.len()), (told, told));
        }
        let head = "Content-Disposition: form-data; filename=";
        for (extra, told) in [(0, 1), (1, 0)] {
            let pad = "x".repeat(MAX_LINE - head.len() + extra);
            let line = format!("--xy\r\n{head}{pad}\r\n\r\nGIF89a");
            let is_whole = |name: &String| *name == pad;
            assert_eq!(whole(line.as_bytes(), 99).0.iter().filter(|n| is_whole(n)).count(), told);
        }
        assert!(Parts::new(&[b'x'; MAX_BOUNDARY]).is_some());
        assert!(Parts::new(&[b'x'; MAX_BOUNDARY + 1]).is_none());
        assert!(Parts::new(b"").is_none());
    }
}
