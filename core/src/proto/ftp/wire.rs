//! FTP command and reply lines (RFC 959, RFC 2428).

use std::net::{IpAddr, Ipv4Addr};

/// One command line: the verb and its argument.
pub fn command(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    let space = memchr::memchr(b' ', line).unwrap_or(line.len());
    let (verb, arg) = line.split_at_checked(space)?;
    let is_verb = (3..=8).contains(&verb.len()) && verb.iter().all(u8::is_ascii_alphabetic);
    is_verb.then(|| (verb, arg.strip_prefix(b" ").unwrap_or(arg).trim_ascii_end()))
}

/// One reply line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The three digits.
    pub code: u64,
    /// True when more lines of the same reply follow.
    pub goes_on: bool,
    /// The text behind the code.
    pub text: &'a [u8],
}

/// Splits a reply line; `None` when it does not begin with three digits, as lines within a reply
/// of several lines may.
pub fn reply(line: &[u8]) -> Option<Reply<'_>> {
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match rest.split_first() {
        None => Some(Reply { code, goes_on: false, text: b"" }),
        Some((b' ', text)) => Some(Reply { code, goes_on: false, text: text.trim_ascii_end() }),
        Some((b'-', text)) => Some(Reply { code, goes_on: true, text: text.trim_ascii_end() }),
        Some(_) => None,
    }
}

/// Address and port of `PORT` or of a 227 reply: six numbers with commas, anywhere in the text.
pub fn host_port(text: &[u8]) -> Option<(IpAddr, u16)> {
    let is_part = |b: &u8| b.is_ascii_digit() || *b == b',' || *b == b' ';
    let run =
        text.split(|b| !is_part(b)).find(|r| r.iter().filter(|b| **b == b',').count() == 5)?;
    let text = std::str::from_utf8(run).ok()?;
    let mut parts = text.split(',').map(|n| n.trim().parse::<u8>());
    let mut next = || parts.next()?.ok();
    let addr = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    Some((addr.into(), port))
}

/// Address and port of `EPRT` (`|1|192.0.2.1|6275|`) or the port of a 229 reply (`(|||6446|)`).
pub fn extended_port(text: &[u8]) -> Option<(Option<IpAddr>, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.rsplit_once('(').map_or(text, |(_, t)| t.trim_end_matches([')', '.']));
    let delimiter = text.chars().next().filter(|c| !c.is_alphanumeric())?;
    let mut parts = text.split(delimiter).skip(2);
    let addr = parts.next()?;
    let port = parts.next()?.parse().ok()?;
    let addr = if addr.is_empty() { None } else { Some(addr.parse().ok()?) };
    Some((addr, port))
}

/// The file size that a 150 reply names: `… for robots.txt (77 bytes)`.
pub fn size_in_reply(text: &[u8]) -> Option<u64> {
    let open = memchr::memrchr(b'(', text)?;
    let text = std::str::from_utf8(text.get(open + 1..)?).ok()?;
    let (number, rest) = text.split_once(' ')?;
    rest.starts_with("byte").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_replies() {
        assert_eq!(command(b"RETR a b.7z"), Some((&b"RETR"[..], &b"a b.7z"[..])));
        assert_eq!(command(b"\x16\x03\x01"), None);
        let r = reply(b"220-Welcome").unwrap();
        assert_eq!((r.code, r.goes_on, r.text), (220, true, &b"Welcome"[..]));
        assert_eq!(reply(b"2200 x"), None);
        assert_eq!(reply(b"226").unwrap().text, b"");
    }

    #[test]
    fn ports_of_both_families() {
        let got = host_port(b"Entering Passive Mode (199,233,217,249,221,90)").unwrap();
        assert_eq!(got, ("199.233.217.249".parse().unwrap(), 56666));
        assert_eq!(host_port(b"1,2,3,4,5"), None);
        assert_eq!(host_port(b"1,2,3,4,5,256"), None);
        assert_eq!(extended_port(b"Entering Extended Passive Mode (|||6446|)"), Some((None, 6446)));
        let eprt = extended_port(b"|2|2001:db8::1|5282|").unwrap();
        assert_eq!(eprt, (Some("2001:db8::1".parse().unwrap()), 5282));
        assert_eq!(size_in_reply(b"Opening BINARY mode for 'x' (77 bytes)."), Some(77));
    }
}
