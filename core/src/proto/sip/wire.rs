//! SIP's messages (RFC 3261 section 7): the first line, the headers, the body's length.

use super::super::Probe;
use crate::proto::http::number;
use crate::text::{self, Text};

/// Longest head of a message that is read.
pub const MAX_HEAD: usize = 32 << 10;
/// Longest method: RFC 3261 and its extensions have none over nine letters.
const MAX_METHOD: usize = 16;

/// The first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First<'a> {
    Request { method: &'a [u8], uri: &'a [u8] },
    Reply { code: u64, reason: &'a [u8] },
}

/// A header that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    Authorization,
    CSeq,
    CallId,
    ContentLength,
    ContentType,
    Date,
    From,
    ReplyTo,
    Subject,
    To,
    UserAgent,
    Via,
    Warning,
}

/// Names of headers, short forms too (RFC 3261 section 7.3.3).
const HEADERS: &[(&str, Header)] = &[
    ("authorization", Header::Authorization),
    ("c", Header::ContentType),
    ("call-id", Header::CallId),
    ("content-length", Header::ContentLength),
    ("content-type", Header::ContentType),
    ("cseq", Header::CSeq),
    ("date", Header::Date),
    ("f", Header::From),
    ("from", Header::From),
    ("i", Header::CallId),
    ("l", Header::ContentLength),
    ("proxy-authorization", Header::Authorization),
    ("reply-to", Header::ReplyTo),
    ("s", Header::Subject),
    ("subject", Header::Subject),
    ("t", Header::To),
    ("to", Header::To),
    ("user-agent", Header::UserAgent),
    ("v", Header::Via),
    ("via", Header::Via),
    ("warning", Header::Warning),
];

impl Header {
    /// By its name, in capitals or not.
    fn of(name: &[u8]) -> Option<Self> {
        let is_its = |(known, _): &&(&str, Self)| known.as_bytes().eq_ignore_ascii_case(name);
        HEADERS.iter().find(is_its).map(|(_, header)| *header)
    }
}

/// The head of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    pub first: First<'a>,
    headers: &'a [u8],
    /// Length of the head, its empty line counted in.
    pub len: usize,
}

/// What stands in front of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front<'a> {
    Head(Head<'a>),
    /// The head is not all there.
    More,
    Bad,
}

/// The first line of `line`; `None` when it is none of SIP's.
pub fn first(line: &[u8]) -> Option<First<'_>> {
    if let Some(rest) = line.strip_prefix(b"SIP/2.0 ") {
        let (code, reason) = rest.split_at_checked(3)?;
        let code = std::str::from_utf8(code).ok()?.parse().ok()?;
        return Some(First::Reply { code, reason: reason.trim_ascii() });
    }
    let line = line.strip_suffix(b" SIP/2.0")?;
    let space = memchr::memchr(b' ', line)?;
    let (method, uri) = line.split_at_checked(space)?;
    let is_method =
        (1..=MAX_METHOD).contains(&method.len()) && method.iter().all(|b| b.is_ascii_uppercase());
    is_method.then(|| First::Request { method, uri: uri.trim_ascii() })
}

/// The head at the front. Over datagrams there is nothing after: a missing end is no matter.
pub fn front(data: &[u8], is_whole: bool) -> Front<'_> {
    let window = data.get(..MAX_HEAD).unwrap_or(data);
    let end = memchr::memmem::find(window, b"\r\n\r\n").map(|at| (at, at + 4));
    let end = end.or_else(|| memchr::memmem::find(window, b"\n\n").map(|at| (at, at + 2)));
    let (head, len) = match end {
        Some((at, len)) => (data.get(..at).unwrap_or_default(), len),
        None if is_whole => (window, data.len()),
        None if data.len() > MAX_HEAD => return Front::Bad,
        None => return Front::More,
    };
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let line = head.get(..end).unwrap_or_default();
    let headers = head.get(end + 1..).unwrap_or_default();
    match first(line.strip_suffix(b"\r").unwrap_or(line)) {
        Some(first) => Front::Head(Head { first, headers, len }),
        None => Front::Bad,
    }
}

impl<'a> Head<'a> {
    /// The headers that are read, with their values.
    pub fn headers(&self) -> impl Iterator<Item = (Header, &'a [u8])> {
        self.headers.split(|b| *b == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = line.split_at_checked(colon)?;
            let header = Header::of(name.trim_ascii_end())?;
            Some((header, value.strip_prefix(b":").unwrap_or(value).trim_ascii()))
        })
    }

    /// Length of the body, where the head says it.
    pub fn body_len(&self) -> Option<u64> {
        number(self.headers().find(|(name, _)| *name == Header::ContentLength)?.1)
    }
}

/// Looks at the first bytes of a direction, or at one datagram.
pub fn probe(data: &[u8]) -> Probe {
    let end = memchr::memchr(b'\n', data.get(..1024).unwrap_or(data));
    match end {
        Some(end) => {
            let line = data.get(..end).unwrap_or_default();
            match first(line.strip_suffix(b"\r").unwrap_or(line)) {
                Some(_) => Probe::Yes,
                None => Probe::No,
            }
        }
        None if data.len() < 1024 && is_start(data) => Probe::NeedMore,
        None => Probe::No,
    }
}

/// True when a first line may begin so.
fn is_start(data: &[u8]) -> bool {
    let word = data.split(|b| *b == b' ').next().unwrap_or_default();
    data.len() < 8 && b"SIP/2.0 ".starts_with(data)
        || data.starts_with(b"SIP/2.0 ")
        || (word.len() <= MAX_METHOD && word.iter().all(|b| b.is_ascii_uppercase()) && {
            let rest = data.get(word.len() + 1..).unwrap_or_default();
            let schemes: [&[u8]; 3] = [b"sip:", b"sips:", b"tel:"];
            schemes.iter().any(|s| {
                let n = s.len().min(rest.len());
                s.get(..n) == rest.get(..n)
            })
        })
}

/// A value without what follows `;tag=` or `;branch=`.
pub fn before(value: &[u8], parameter: &[u8]) -> Text {
    let ends = memchr::memchr_iter(b';', value).find(|at| {
        let rest = value.get(at + 1..).unwrap_or_default().trim_ascii_start();
        rest.starts_with(parameter)
    });
    text::from_bytes(value.get(..ends.unwrap_or(value.len())).unwrap_or(value))
}

/// The account of an Authorization header (RFC 3261 section 22.4).
pub fn account(value: &[u8]) -> Option<Text> {
    let at = memchr::memmem::find(value, b"username=\"")?;
    let name = value.get(at + 10..)?.split(|b| *b == b'"').next()?;
    (!name.is_empty()).then(|| text::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        assert_eq!(probe(b"INVITE sip:a@b.test SIP/2.0\r\n"), Probe::Yes);
        assert_eq!(probe(b"SIP/2.0 200 OK\r\n"), Probe::Yes);
        assert_eq!(probe(b"INVITE sip:a"), Probe::NeedMore);
        assert_eq!(probe(b"SIP/"), Probe::NeedMore);
        assert_eq!(probe(b"GET /x HTTP/1.1\r\n"), Probe::No);
        assert_eq!(probe(b"GET /x HTTP/1.1"), Probe::No);
    }

    #[test]
    fn parameters_are_cut_and_accounts_found() {
        assert_eq!(&*before(b"<sip:a@b>; tag=1", b"tag="), "<sip:a@b>");
        assert_eq!(&*before(b"<sip:a@b>;x=1", b"tag="), "<sip:a@b>;x=1");
        let digest = b"Digest realm=\"r\", username=\"joe\"";
        assert_eq!(account(digest).as_deref(), Some("joe"));
        assert_eq!(account(b"Digest realm=\"r\""), None);
    }

    #[test]
    fn heads_end_by_an_empty_line_or_the_datagram() {
        let data = b"SIP/2.0 200 OK\r\nl: 4\r\n\r\nbody";
        let Front::Head(head) = front(data, false) else { panic!() };
        assert_eq!((head.len, head.body_len()), (data.len() - 4, Some(4)));
        assert_eq!(front(&data[..20], false), Front::More);
        assert!(matches!(front(&data[..20], true), Front::Head(_)));
        let long = [b"SIP/2.0 200 OK\r\n", &vec![b'x'; MAX_HEAD][..]].concat();
        assert_eq!(front(&long, false), Front::Bad);
    }
}
