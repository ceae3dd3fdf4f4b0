//! The headers of a mail (RFC 5322), as far as the record keeps them.

use crate::event::{Smtp, StringSet};
use crate::text::{self, Text};
use std::net::IpAddr;

/// Addresses kept of one header or of the envelope: more is a mailing list, not a mail.
pub const MAX_ADDRESSES: usize = 100;
/// Hops kept of the mail's way; RFC 5321 section 6.3 takes a hundred for a loop.
const MAX_HOPS: usize = 100;

/// Joins the lines of headers.
#[derive(Debug, Default)]
pub struct Headers {
    /// The header whose lines are not all there.
    open: Vec<u8>,
}

impl Headers {
    /// Takes one line; false when it is the empty one that ends them.
    pub fn line(&mut self, line: &[u8], row: &mut Smtp) -> bool {
        if let Some(b' ' | b'\t') = line.first() {
            let room = text::MAX_FIELD.saturating_sub(self.open.len());
            if room > 0 {
                self.open.push(b' ');
                self.open.extend(line.trim_ascii().iter().take(room));
            }
            return true;
        }
        self.end(row);
        self.open.extend(line.iter().take(text::MAX_FIELD));
        !line.is_empty()
    }

    /// Uses the last header.
    pub fn end(&mut self, row: &mut Smtp) {
        let open = std::mem::take(&mut self.open);
        let Some(colon) = memchr::memchr(b':', &open) else { return };
        let Some((name, value)) = open.split_at_checked(colon) else { return };
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        header(&name.to_ascii_lowercase(), value, row);
    }
}

fn header(name: &[u8], value: &[u8], row: &mut Smtp) {
    let text = || Some(text::from_bytes(value));
    match name {
        b"date" => row.date = text(),
        b"from" => row.from = text(),
        b"to" => list(value, &mut row.to),
        b"cc" => list(value, &mut row.cc),
        b"reply-to" => row.reply_to = text(),
        b"message-id" => row.msg_id = text(),
        b"in-reply-to" => row.in_reply_to = text(),
        b"subject" => row.subject = text(),
        b"x-mailer" | b"user-agent" | b"x-user-agent" => row.user_agent = text(),
        b"x-originating-ip" => row.x_originating_ip = addresses(value).next(),
        b"received" => {
            match (&row.first_received, &row.second_received) {
                (None, _) => row.first_received = text(),
                (Some(_), None) => row.second_received = text(),
                _ => {}
            }
            hop(value, &mut row.path);
        }
        _ => {}
    }
}

/// Addresses between commas, those in quotes apart.
fn list(value: &[u8], out: &mut StringSet) {
    let mut is_quoted = false;
    let parts = value.split(|b| {
        is_quoted ^= *b == b'"';
        *b == b',' && !is_quoted
    });
    let parts = parts.map(<[u8]>::trim_ascii).filter(|p| !p.is_empty());
    parts.take(MAX_ADDRESSES).for_each(|p| out.insert(&text::from_bytes(p)));
}

/// The address that a relay names: the second where it names several, for the first is what the
/// sender said of itself.
fn hop(received: &[u8], path: &mut Vec<Text>) {
    let mut all = addresses(received);
    let Some(first) = all.next() else { return };
    let addr: Text = all.next().unwrap_or(first).to_string().into();
    if path.len() < MAX_HOPS && path.last() != Some(&addr) {
        path.push(addr);
    }
}

fn addresses(value: &[u8]) -> impl Iterator<Item = IpAddr> {
    let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    let words = value.split(move |b| !is_part(b)).filter(|w| w.len() >= 7);
    words.filter_map(|w| std::str::from_utf8(w).ok()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_and_lists_part() {
        let (mut headers, mut row) = (Headers::default(), Smtp::default());
        let lines = [
            "Received: from a.test (a.test [216.58.97.33])",
            "\tby b.test with esmtp; Tue",
            "Received: from x ([10.0.0.1]) (really [192.0.2.7])",
            "TO: \"Doe, Joe\" <joe@a.test>, <b@a.test>,",
            "X-Mailer: Outlook",
            "no header",
        ];
        assert!(lines.iter().all(|l| headers.line(l.as_bytes(), &mut row)));
        assert!(!headers.line(b"", &mut row));
        assert_eq!(
            row.first_received.as_deref(),
            Some("from a.test (a.test [216.58.97.33]) by b.test with esmtp; Tue")
        );
        assert!(row.second_received.is_some());
        assert_eq!(row.path, ["216.58.97.33".into(), "192.0.2.7".into()]);
        assert!(row.to.iter().eq(["\"Doe, Joe\" <joe@a.test>", "<b@a.test>"]));
        assert_eq!(row.user_agent.as_deref(), Some("Outlook"));
    }

    #[test]
    fn lists_and_folded_headers_are_bounded() {
        for n in [MAX_ADDRESSES, MAX_ADDRESSES + 1] {
            let mut set = StringSet::default();
            let all: Vec<_> = (0..n).map(|i| format!("a{i}@b.test")).collect();
            list(all.join(",").as_bytes(), &mut set);
            assert_eq!(set.iter().count(), MAX_ADDRESSES);
        }
        let (mut headers, mut row) = (Headers::default(), Smtp::default());
        headers.line(b"Subject: x", &mut row);
        (0..2000).for_each(|_| _ = headers.line(b" yyyyyyyyy", &mut row));
        assert!(headers.open.len() < 2 * text::MAX_FIELD);
    }
}
