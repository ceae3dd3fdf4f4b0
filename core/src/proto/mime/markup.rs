//! Mark-up, by its first tag.

use crate::text::begins;
use memchr::memmem::find;

/// First tags, in lower case, and what they tell.
const TAGS: &[(&[u8], &str)] = &[
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<meta http-equiv", "text/html"),
    (b"<head", "text/html"),
    (b"<title", "text/html"),
    (b"<body", "text/html"),
    (b"<rss", "text/rss"),
    (b"<feed", "text/atom"),
    (b"<soap:envelope", "application/soap+xml"),
    (b"<soap-env:envelope", "application/soap+xml"),
    (b"<cross-domain-policy", "text/x-cross-domain-policy"),
    (b"<!doctype cross-domain-policy", "text/x-cross-domain-policy"),
    (b"<methodresponse>", "application/xml-rpc"),
    (b"<svg", "image/svg+xml"),
    (b"<urlset", "application/xml-sitemap"),
    (b"<jnlp ", "application/x-java-jnlp-file"),
];

/// The type, if `text` is mark-up that is known.
pub(super) fn of(text: &[u8]) -> Option<&'static str> {
    let start = behind_comments(text);
    let declared = start.strip_prefix(b"<?xml ");
    let first = declared.map_or(start, |rest| {
        let end = find(rest, b"?>").map_or(rest.len(), |at| at + 2);
        behind_comments(rest.get(end..).unwrap_or_default())
    });
    let tag = first.get(..memchr::memchr(b'>', first).unwrap_or(first.len())).unwrap_or(first);
    let told = TAGS.iter().find(|(word, _)| begins(first, word)).map(|(_, mime)| *mime);
    let is_atom = || find(tag, b"http://www.w3.org/2005/Atom").is_some();
    match told {
        Some("text/rss") if find(tag, b"xmlns:atom").is_some() => Some("text/atom"),
        Some("text/atom") if !is_atom() => declared.map(|_| "application/xml"),
        Some(mime) => Some(mime),
        // A picture may have its document type before it.
        None if declared.is_some() && find(first, b"<svg").is_some() => Some("image/svg+xml"),
        None if declared.is_some() => Some("application/xml"),
        None => script(first),
    }
}

/// A script within a page, or what is sent to be put into one.
fn script(first: &[u8]) -> Option<&'static str> {
    let rest = first.get(b"<script".len()..).filter(|_| begins(first, b"<script"))?;
    let is_script = match rest.strip_prefix(b">") {
        Some(code) => {
            let code = code.trim_ascii_start();
            code.starts_with(b"var ") || code.starts_with(b"function ")
        }
        None => {
            let tag = rest.get(..memchr::memchr(b'>', rest).unwrap_or(rest.len()))?;
            find(&tag.to_ascii_lowercase(), b"javascript").is_some()
        }
    };
    is_script.then_some("application/javascript")
}

/// What follows blanks and comments.
fn behind_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        let Some(rest) = text.strip_prefix(b"<!--") else { return text };
        let end = find(rest, b"-->").map_or(rest.len(), |at| at + 3);
        text = rest.get(end..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_tells_behind_comments_and_a_declaration() {
        for (text, mime) in [
            ("\n <!DOCTYPE HTML><html>", "text/html"),
            ("<?xml version=\"1.0\"?>\n<!-- a --> <!DOCTYPE html PUBLIC>", "text/html"),
            ("<!-- <svg> --><!-- b --><BODY>", "text/html"),
            ("<?xml version='1.0'?><a/>", "application/xml"),
            ("<?xml version='1.0'?><!DOCTYPE svg><svg>", "image/svg+xml"),
            ("<?xml no end <html>", "application/xml"),
            ("<rss version='2.0'>", "text/rss"),
            ("<rss xmlns:atom='x'>", "text/atom"),
            ("<rss><a xmlns:atom='x'>", "text/rss"),
            ("<feed xmlns='http://www.w3.org/2005/Atom'>", "text/atom"),
            ("<?xml version='1.0'?><feed>", "application/xml"),
            ("<SOAP-ENV:Envelope xmlns='x'>", "application/soap+xml"),
            ("<script>\nvar a", "application/javascript"),
            ("<SCRIPT Type=\"text/JavaScript\">", "application/javascript"),
        ] {
            assert_eq!(of(text.as_bytes()), Some(mime), "{text}");
        }
        for text in ["<a>", "a <html>", "<!-- <html>", "<feed>", "<script src=a>", "<script>a"] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
    }
}
