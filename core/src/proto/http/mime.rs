//! What a body is, by its first bytes; names as Zeek gives them.

/// How many first bytes are looked at.
pub const HEAD: usize = 512;

/// How many first bytes a text has at least; Zeek wants as many. Of fewer, any bytes may be words.
const MIN_TEXT: usize = 10;

/// Signatures at the very start of a body. Longer ones before those they begin with.
const MAGIC: &[(&[u8], &str)] = &[
    (b"MZ", "application/x-dosexec"),
    (b"\x7fELF", "application/x-executable"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/x-gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"Rar!\x1a\x07", "application/x-rar"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"{\\rtf", "text/rtf"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"wOFF", "application/font-woff"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"FLV", "video/x-flv"),
    (b"\xca\xfe\xba\xbe", "application/x-java-applet"),
    (b"#!", "text/x-shellscript"),
    (b"-----BEGIN", "application/x-pem"),
];

/// Words that open a mark-up text, after white space, in any case.
const MARKUP: &[(&[u8], &str)] = &[
    (b"<?xml", "application/xml"),
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<head", "text/html"),
    (b"<title", "text/html"),
    (b"<body", "text/html"),
    (b"<script", "text/html"),
    (b"<!--", "text/html"),
    (b"<svg", "image/svg+xml"),
];

/// The type of a body that begins with `head`; `None` when the bytes do not tell.
pub fn of(head: &[u8]) -> Option<&'static str> {
    // The first byte tells nearly all of them apart.
    let begins =
        |(magic, _): &&(&[u8], _)| magic.first() == head.first() && head.starts_with(magic);
    if let Some((_, mime)) = MAGIC.iter().find(begins) {
        return Some(mime);
    }
    // The parts of a form have types of their own (RFC 7578).
    if head.starts_with(b"--") && memchr::memmem::find(head, b"Content-Disposition: ").is_some() {
        return None;
    }
    if head.get(8..12) == Some(b"WEBP") && head.starts_with(b"RIFF") {
        return Some("image/webp");
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let opens = |(word, _): &&(&[u8], _)| {
        let same = |t: &[u8]| t.eq_ignore_ascii_case(word);
        word.first() == text.first() && text.get(..word.len()).is_some_and(same)
    };
    if let Some((_, mime)) = MARKUP.iter().find(opens) {
        // XHTML is XML, and a page all the same.
        let is_page = *mime == "application/xml" && {
            let doctype: &[u8] = b"<!doctype html";
            let tag = |at| text.get(at..at + doctype.len());
            let mut tags = memchr::memchr_iter(b'<', text).filter_map(tag);
            tags.any(|tag| tag.eq_ignore_ascii_case(doctype))
        };
        return Some(if is_page { "text/html" } else { mime });
    }
    match text.first() {
        Some(b'{' | b'[') if looks_like_json(text) => Some("text/json"),
        Some(_) if head.len() >= MIN_TEXT && is_text(head) => Some("text/plain"),
        _ => None,
    }
}

/// A brace or bracket followed by what JSON allows there.
fn looks_like_json(text: &[u8]) -> bool {
    matches!(
        text.get(1..).unwrap_or_default().trim_ascii_start().first(),
        Some(b'"' | b'{' | b'[' | b'}' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    )
}

/// UTF-8 without controls; a character cut at the end is forgiven.
fn is_text(head: &[u8]) -> bool {
    let readable = |b: &u8| *b >= 0x20 && *b != 0x7f || matches!(b, b'\t' | b'\r' | b'\n' | 0x0c);
    let cut_only = |e: std::str::Utf8Error| e.error_len().is_none();
    head.iter().all(readable) && std::str::from_utf8(head).err().is_none_or(cut_only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content_and_not_by_guess() {
        let form = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1";
        let page = b"<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC>";
        assert_eq!((of(page), of(b"<?xml?><a/>")), (Some("text/html"), Some("application/xml")));
        assert_eq!((of(form), of(b"--xyz\r\n1, 2")), (None, Some("text/plain")));
        assert_eq!(of(b"MZ\x90\0"), Some("application/x-dosexec"));
        assert_eq!(of(b"\n <!DOCTYPE HTML><html>"), Some("text/html"));
        assert_eq!(of(b"{\"a\":1}"), Some("text/json"));
        assert_eq!((of(b"ten bytes."), of(b"nine byte")), (Some("text/plain"), None));
        assert_eq!(of(b"\x00\x01\x02"), None);
        assert_eq!(of(b""), None);
    }
}
