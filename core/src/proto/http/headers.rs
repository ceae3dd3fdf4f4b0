//! What the headers of one message say, as far as the record or the framing needs it.

use super::body::Framing;
use super::gzip::Coding;
use super::{some_text, wire};
use crate::text::{self, Text};
use std::borrow::Cow;

/// Header lines looked at in one message; servers refuse more than 100 to 200.
pub const MAX_HEADERS: u32 = 1000;

/// Proxy headers kept of one message; more say nothing new.
const MAX_PROXIED: usize = 16;

/// Protocols or extensions kept of one side of a WebSocket; some two are usual.
const MAX_OFFERED: usize = 16;

/// Longest name of a header that is read: `sec-websocket-extensions`.
const MAX_NAME: usize = 24;

/// What headers say of a body.
#[derive(Debug, Default)]
pub struct Content {
    /// The content codings.
    pub coding: Coding,
    /// The file's name.
    pub filename: Option<Text>,
    /// It is a piece of a file, and not its first.
    pub is_later_range: bool,
    /// The boundary between the parts of a multipart body; empty when there is none.
    pub boundary: Vec<u8>,
}

/// What the headers of one message say, as far as the record or the framing needs it.
#[derive(Debug, Default)]
pub struct Headers {
    /// Header lines seen.
    pub n: u32,
    /// A line that may go on in the next one.
    open_line: Vec<u8>,
    /// A line went on in the next one, which is obsolete.
    pub has_folded_line: bool,
    /// A length that is no number.
    pub has_bad_length: bool,
    /// What they say of the body.
    pub content: Content,
    /// Two lengths that differ, or a length beside chunks: servers and proxies may disagree.
    pub has_conflicting_lengths: bool,
    pub(super) length: Option<u64>,
    is_chunked: bool,
    pub(super) is_ranges: bool,
    is_coded: bool,
    pub(super) host: Option<Text>,
    pub(super) referrer: Option<Text>,
    pub(super) user_agent: Option<Text>,
    pub(super) origin: Option<Text>,
    pub(super) server: Option<Text>,
    pub(super) authorization: Vec<u8>,
    pub(super) upgrade: Vec<u8>,
    pub(super) proxied: Vec<String>,
    pub(super) protocols: Vec<Text>,
    pub(super) extensions: Vec<Text>,
}

impl Headers {
    /// Takes one header line, or what one goes on with: a line that begins with a blank belongs to the
    /// one before it (RFC 9112 section 5.2), and a filter that does not know so is led past. `next` is
    /// the byte behind the line, if it is there.
    pub fn take(&mut self, line: &[u8], next: Option<&u8>) {
        let is_blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t'));
        if is_blank(line.first()) && self.n > 0 {
            self.has_folded_line = true;
            let room = wire::MAX_LINE.saturating_sub(self.open_line.len());
            self.open_line.extend(b" ".iter().chain(line.trim_ascii_start()).take(room));
        } else {
            self.end_line();
            self.n += 1;
            if next.is_some() && !is_blank(next) {
                return self.line(line);
            }
            self.open_line.extend_from_slice(line);
        }
    }

    /// Nothing more belongs to the line before.
    pub fn end_line(&mut self) {
        if !self.open_line.is_empty() {
            let line = std::mem::take(&mut self.open_line);
            self.line(&line);
        }
    }

    /// Takes one header line. One without a colon says nothing.
    pub fn line(&mut self, line: &[u8]) {
        if self.n > MAX_HEADERS {
            return;
        }
        if let Some((name, value)) = wire::header(line) {
            self.field(name, value);
        }
    }

    /// Takes one field by its name and value.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        let value = value.get(..text::MAX_FIELD).unwrap_or(value);
        let text = |slot: &mut Option<Text>| {
            if slot.is_none() {
                *slot = some_text(value);
            }
        };
        let keep = |slot: &mut Vec<u8>| {
            if slot.is_empty() {
                *slot = value.to_vec();
            }
        };
        let mut lower = [0; MAX_NAME];
        let Some(lower) = lower.get_mut(..name.len()) else { return };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"host" => text(&mut self.host),
            b"referer" => text(&mut self.referrer),
            b"user-agent" => text(&mut self.user_agent),
            b"origin" => text(&mut self.origin),
            b"server" => text(&mut self.server),
            b"authorization" => keep(&mut self.authorization),
            b"upgrade" => keep(&mut self.upgrade),
            b"content-length" => self.length(value),
            b"transfer-encoding" => {
                self.is_chunked |= contains(value, b"chunked");
                self.has_conflicting_lengths |= self.length.is_some();
            }
            b"content-encoding" => self.codings(value),
            b"content-type" => self.content_type(value),
            b"content-range" => self.content.is_later_range = wire::is_later_range(value),
            b"content-disposition" => self.file(wire::filename(value)),
            b"sec-websocket-protocol" => offer(&mut self.protocols, value),
            b"sec-websocket-extensions" => offer(&mut self.extensions, value),
            // Those that tell of a proxy, as Zeek lists them.
            b"client-ip" | b"forwarded" | b"proxy-connection" | b"via" | b"x-forwarded-for"
            | b"x-forwarded-from" | b"xroxy-connection" => self.proxy(name, value),
            _ => {}
        }
    }

    fn content_type(&mut self, value: &[u8]) {
        if text::begins(value, b"multipart/") {
            self.is_ranges |= text::begins(value, b"multipart/byteranges");
            self.content.boundary = wire::parameter(value, "boundary").unwrap_or_default().to_vec();
        }
        // Mail named files so, and some clients still do.
        if self.content.filename.is_none() {
            self.file(wire::parameter(value, "name").map(text::percent_decoded));
        }
    }

    fn file(&mut self, name: Option<Cow<'_, [u8]>>) {
        self.content.filename = name.and_then(|name| some_text(&name));
    }

    /// Takes a list of codings; `x-gzip` is gzip (RFC 9110 section 8.4.1.3).
    fn codings(&mut self, value: &[u8]) {
        let words = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
        let is_one = |w: &&[u8]| !w.is_empty() && !w.eq_ignore_ascii_case(b"identity");
        for word in words.filter(is_one) {
            let is_gzip = contains(word, b"gzip");
            let coding = &mut self.content.coding;
            *coding = match *coding {
                Coding::Other if !is_gzip => Coding::Other,
                Coding::Other if !self.is_coded => Coding::Gzip,
                _ => Coding::GzipAmong,
            };
            self.is_coded = true;
        }
    }

    fn length(&mut self, value: &[u8]) {
        let length = wire::number(value);
        self.has_bad_length |= length.is_none();
        self.has_conflicting_lengths |=
            self.is_chunked || (self.length.is_some() && self.length != length);
        self.length = self.length.or(length);
    }

    fn proxy(&mut self, name: &[u8], value: &[u8]) {
        if self.proxied.len() < MAX_PROXIED {
            let name = text::from_bytes(name).to_ascii_uppercase();
            self.proxied.push(format!("{name} -> {}", text::from_bytes(value)));
        }
    }

    /// What is odd about them, by Zeek's names where it has one.
    pub fn odd(&self) -> impl Iterator<Item = &'static str> + use<> {
        let odd = [
            (self.has_conflicting_lengths, "HTTP_conflicting_lengths"),
            (self.has_bad_length, "HTTP_bad_content_length"),
            (self.has_folded_line, "HTTP_obsolete_line_folding"),
            (self.n > MAX_HEADERS, "too_many_http_headers"),
        ];
        odd.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name)
    }

    /// RFC 9112 section 6.3, the part common to both directions.
    pub(super) const fn framing(&self, otherwise: Framing) -> Framing {
        match self.length {
            _ if self.is_chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => otherwise,
        }
    }
}

/// Takes the names of a list.
fn offer(names: &mut Vec<Text>, value: &[u8]) {
    let words = value.split(|b| *b == b',').map(<[u8]>::trim_ascii).filter_map(some_text);
    names.extend(words.take(MAX_OFFERED.saturating_sub(names.len())));
}

/// Whether a value has a word somewhere, in any case.
pub fn contains(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_alone_is_told_from_gzip_among_others() {
        let of = |values: &[&str]| {
            let mut headers = Headers::default();
            values.iter().for_each(|v| headers.field(b"Content-Encoding", v.as_bytes()));
            headers.content.coding
        };
        assert_eq!(of(&["gzip"]), Coding::Gzip);
        assert_eq!(of(&[" X-GZIP ,"]), Coding::Gzip);
        assert_eq!(of(&["identity, gzip"]), Coding::Gzip);
        assert_eq!(of(&["br, gzip"]), Coding::GzipAmong);
        assert_eq!(of(&["gzip", "br"]), Coding::GzipAmong);
        assert_eq!(of(&["br", "deflate"]), Coding::Other);
        assert_eq!(of(&[""]), Coding::Other);
    }
}
