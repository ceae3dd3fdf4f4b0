//! Evidence as text: bytes made readable without hiding what an adversary put there.

use base64ct::{Base64, Encoding};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;
use std::net::IpAddr;

/// Owned text of the evidence. Bytes that are not UTF-8 were turned into `\xNN`, as Zeek does.
pub type Text = Box<str>;

/// Longest text kept of one field; the rest is cut and an ellipsis added. Long enough for any
/// URI, name or banner that a person reads, short enough that a row stays a row.
pub const MAX_FIELD: usize = 4096;

/// Bytes as text: valid UTF-8 stays, every other byte becomes `\xNN`; at most [`MAX_FIELD`] bytes
/// are looked at.
pub fn from_bytes(bytes: &[u8]) -> Text {
    let (head, cut) = match bytes.get(..MAX_FIELD) {
        Some(head) if bytes.len() > MAX_FIELD => (head, true),
        _ => (bytes, false),
    };
    if let (false, Ok(text)) = (cut, std::str::from_utf8(head)) {
        return text.into();
    }
    let mut out = String::with_capacity(head.len());
    for chunk in head.utf8_chunks() {
        out.push_str(chunk.valid());
        // A cut in the middle of a character is ours, not the evidence's.
        if !(cut && chunk.valid().len() + chunk.invalid().len() == 0) {
            for b in chunk.invalid() {
                let _ = write!(out, "\\x{b:02x}");
            }
        }
    }
    if cut {
        out.push('…');
    }
    out.into()
}

/// Text for a person's eyes: controls, bidirectional marks, zero-width and other invisible
/// characters become visible escapes, so that what is read is what is there.
pub fn visible(text: &str) -> Cow<'_, str> {
    // Nearly all text is printable ASCII, which holds nothing to show. All bytes are looked at, since
    // without a way out in between many are looked at at once.
    let is_odd = text.bytes().fold(false, |odd, b| odd | !(0x20..0x7f).contains(&b));
    if !is_odd || !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_deceptive(c) => out.push(c),
            c if (c as u32) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
        }
    }
    Cow::Owned(out)
}

/// True for a character that would be invisible, move others, or act on a terminal.
/// The ranges are Unicode's Cc, Cf, Zl, Zp and the variation selectors and tags.
pub const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}'
        | '\u{6dd}' | '\u{70f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether bytes begin with a word, in any case.
pub fn begins(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// What a base64 text stands for (RFC 4648 section 4, padded), with space around it; `None` when it is none.
pub fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    Base64::decode_vec(std::str::from_utf8(text.trim_ascii()).ok()?).ok()
}

/// Bytes with each `%NN` as the byte that it stands for (RFC 3986 section 2.1); what is none stays.
pub fn percent_decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter().copied();
    while let Some(b) = bytes.next() {
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        let mut ahead = bytes.clone();
        match (b, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                bytes = ahead;
            }
            _ => out.push(b),
        }
    }
    Cow::Owned(out)
}

/// The order of texts that may hold addresses, such as a finding's key: word by word, addresses by
/// number and before all else, so that 10.0.2.1 stands before 10.0.101.1.
pub fn by_address(a: &str, b: &str) -> Ordering {
    let word = |word: &str| word.parse::<IpAddr>().map_err(|_| ());
    let differing = a.split(' ').zip(b.split(' ')).find(|(a, b)| a != b);
    let first = differing.map_or(Ordering::Equal, |(a, b)| match (word(a), word(b)) {
        (Err(()), Err(())) => a.cmp(b),
        (a, b) => a.cmp(&b),
    });
    first.then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_texts_stand_by_their_number() {
        let sorted = [
            "9.0.0.1 at 10.0.0.1",
            "10.0.2.1",
            "10.0.2.1 (Basel)",
            "10.0.2.1 at 10.0.2.9",
            "10.0.2.1 at 10.0.10.1",
            "10.0.2.1 at many",
            "10.0.101.1",
            // One address in two spellings: the text decides.
            "0::1",
            "::1",
            "2001:db8::1",
            "E 10.0.2.1",
            "E 10.0.101.1",
            "eva",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(by_address(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_escaped_and_long_ones_cut() {
        assert_eq!(&*from_bytes(b"a\xff\xfeb"), "a\\xff\\xfeb");
        assert_eq!(from_bytes(&vec![b'x'; MAX_FIELD]).len(), MAX_FIELD);
        assert!(from_bytes(&vec![b'x'; MAX_FIELD + 1]).ends_with('…'));
    }

    #[test]
    fn marks_that_deceive_are_shown() {
        assert_eq!(visible("plain näme"), "plain näme");
        assert_eq!(visible("a\u{202e}gpj.exe\x1b[2J"), "a\\u{202e}gpj.exe\\x1b[2J");
    }
}
