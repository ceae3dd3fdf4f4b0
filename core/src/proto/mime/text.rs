//! Texts: mark-up, scripts, JSON, and what is plain.

use super::markup;
use crate::text::begins;

/// How many first bytes a text has at least. Of fewer, any bytes may be words.
const MIN_TEXT: usize = 10;

/// Longest path of an interpreter that is believed.
const MAX_PATH: usize = 15;

/// How texts begin, in lower case, and what that tells. Longer ones before those they begin with.
const OPENINGS: &[(&[u8], &str)] = &[
    (b"begin:vcalendar", "text/calendar"),
    (b"begin:vcard", "text/x-vcard"),
    (b"-----begin pgp message-", "application/pgp"),
    (b"-----begin pgp signature-", "application/pgp-signature"),
    (b"-----begin pgp public key block-", "application/pgp-keys"),
    (b"-----begin", "application/x-pem"),
    (b"return-path:", "message/rfc822"),
    (b"delivered-to:", "message/rfc822"),
    (b"from:", "message/rfc822"),
    (b"@echo off", "text/x-msdos-batch"),
    (b"@set ", "text/x-msdos-batch"),
    (b"@rem", "text/x-msdos-batch"),
];

/// Interpreters, by how the names of their programs begin.
const INTERPRETERS: &[(&[u8], &str)] = &[
    (b"perl", "text/x-perl"),
    (b"ruby", "text/x-ruby"),
    (b"python", "text/x-python"),
    (b"php", "text/x-php"),
    (b"lua", "text/x-lua"),
    (b"node", "application/javascript"),
    (b"awk", "text/x-awk"),
    (b"gawk", "text/x-awk"),
    (b"nawk", "text/x-awk"),
    (b"tcl", "text/x-tcl"),
    (b"wish", "text/x-tcl"),
];

/// Shells, before `sh`.
const SHELLS: &[&[u8]] = &[b"", b"ba", b"tc", b"c", b"z", b"fa", b"ae", b"k"];

/// The type, if it is text.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    let opening = || OPENINGS.iter().find(|(word, _)| begins(head, word)).map(|(_, mime)| *mime);
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let first_line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let is_php = || memchr::memmem::find(first_line, b"<?php").is_some();
    let told = opening()
        .or_else(|| interpreter(first_line))
        .or_else(|| markup::of(text))
        .or_else(|| is_json(text).then_some("text/json"))
        .or_else(|| is_javascript(text).then_some("application/javascript"))
        .or_else(|| is_php().then_some("text/x-php"));
    told.or_else(|| is_text(head).then_some("text/plain"))
}

/// What a script says that it is to be run by.
fn interpreter(first_line: &[u8]) -> Option<&'static str> {
    let line = first_line.strip_prefix(b"#!")?;
    let bin = memchr::memmem::find(line, b"bin/").filter(|at| (1..=MAX_PATH).contains(at))?;
    let program = line.get(bin + b"bin/".len()..)?;
    let program = match program.strip_prefix(b"env") {
        Some(rest) if rest.first().is_some_and(u8::is_ascii_whitespace) => rest.trim_ascii_start(),
        _ => program,
    };
    let is_shell =
        |shell: &&[u8]| program.strip_prefix(*shell).is_some_and(|rest| rest.starts_with(b"sh"));
    if SHELLS.iter().any(is_shell) {
        return Some("text/x-shellscript");
    }
    INTERPRETERS.iter().find(|(name, _)| program.starts_with(name)).map(|(_, mime)| *mime)
}

/// An object with a first name and its value's first byte, a list with its first value's, or either
/// without any.
fn is_json(text: &[u8]) -> bool {
    let Some((open, rest)) = text.split_first() else { return false };
    let rest = rest.trim_ascii_start();
    match open {
        b'[' => rest.first() == Some(&b']') || is_value(rest),
        b'{' => rest.first() == Some(&b'}') || behind_name(rest).is_some_and(is_value),
        _ => false,
    }
}

/// What follows a name and its colon. Scripts that stand for objects have names without quotes.
fn behind_name(text: &[u8]) -> Option<&[u8]> {
    let rest = match text.strip_prefix(b"\"") {
        Some(quoted) => quoted.get(memchr::memchr(b'"', quoted)? + 1..)?,
        None => {
            let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
            let len = text.iter().take_while(|b| is_part(b)).count();
            text.get(len..).filter(|_| text.first().is_some_and(u8::is_ascii_alphabetic))?
        }
    };
    Some(rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

fn is_value(text: &[u8]) -> bool {
    let words: [&[u8]; 3] = [b"true", b"false", b"null"];
    matches!(text.first(), Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9'))
        || words.iter().any(|word| text.starts_with(word))
}

/// A script's usual beginnings; nothing marks one for sure.
fn is_javascript(text: &[u8]) -> bool {
    let is_written = text.strip_prefix(b"document.write").is_some_and(|rest| {
        rest.strip_prefix(b"ln").unwrap_or(rest).trim_ascii_start().starts_with(b"(")
    });
    let is_wrapped = text
        .strip_prefix(b"(function()")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
    text.starts_with(b"for (;;);") || is_written || is_wrapped
}

/// Ten bytes of ASCII, with whatever behind them, as Zeek has it; or UTF-8 without controls, where a
/// character cut at the end is forgiven. A byte order mark is not counted.
fn is_text(head: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];
    let text = marks.iter().find_map(|mark| head.strip_prefix(*mark)).unwrap_or(head);
    let Some(first) = text.get(..MIN_TEXT) else { return false };
    let is_blank = |b: &u8| matches!(b, b'\t'..=b'\r');
    let is_readable = |b: &u8| *b >= 0x20 && *b != 0x7f || is_blank(b);
    let cut_only = |e: std::str::Utf8Error| e.error_len().is_none();
    first.iter().all(|b| b.is_ascii() && is_readable(b))
        || (text.iter().all(is_readable) && std::str::from_utf8(text).err().is_none_or(cut_only))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_ten_bytes_of_ascii_or_is_all_readable() {
        assert_eq!((of(b"ten bytes."), of(b"nine byte")), (Some("text/plain"), None));
        assert_eq!(of(b"ten bytes.\0\x01"), Some("text/plain"));
        assert_eq!(of(b"ten bytes\0."), None);
        assert_eq!(of("zehn w\u{f6}rter".as_bytes()), Some("text/plain"));
        assert_eq!(of("w\u{f6}rter sind es\x01".as_bytes()), None);
        assert_eq!(of(&"w\u{f6}rter sind \u{f6}".as_bytes()[..15]), Some("text/plain"));
        assert_eq!(of(b"\xef\xbb\xbften bytes."), Some("text/plain"));
        assert_eq!(of(b"\xef\xbb\xbfnine byte"), None);
    }

    #[test]
    fn json_has_names_and_values() {
        for text in [
            "{}",
            "[ ]",
            "{\"a\":1}",
            " {\n\"a b\" : [",
            "{a_1: true",
            "[{",
            "[\"a\"",
            "[-1",
            "[null]",
        ] {
            assert_eq!(of(text.as_bytes()), Some("text/json"), "{text}");
        }
        for text in
            ["[network]\nname=a", "{ color: red }", "{\"no end", "{1: 2, 3: 4}", "[section 1]"]
        {
            assert_ne!(of(text.as_bytes()), Some("text/json"), "{text}");
        }
    }

    #[test]
    fn scripts_are_told_by_their_interpreter() {
        for (text, mime) in [
            ("#!/bin/sh\n", Some("text/x-shellscript")),
            ("#! /usr/local/bin/bash -e\n", Some("text/x-shellscript")),
            ("#!/usr/bin/env python3\n", Some("text/x-python")),
            ("#!/usr/bin/perl -w", Some("text/x-perl")),
            ("#!/usr/bin/envious", Some("text/plain")),
            ("#!/usr/bin/strange", Some("text/plain")),
            ("#!/a/very/long/path/bin/sh", Some("text/plain")),
            ("@ECHO OFF\r\n", Some("text/x-msdos-batch")),
            ("a <?php echo", Some("text/x-php")),
            ("a line and\n<?php", Some("text/plain")),
            ("(function() {", Some("application/javascript")),
            ("document.writeln ('a')", Some("application/javascript")),
            ("document.written (a)", Some("text/plain")),
            ("-----BEGIN RSA PRIVATE KEY-----", Some("application/x-pem")),
        ] {
            assert_eq!(of(text.as_bytes()), mime, "{text}");
        }
    }
}
