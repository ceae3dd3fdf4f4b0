//! The headline of what a packet carries: of DNS, HTTP and TLS, told by its content.

use super::Tree;
use crate::bytes::Cursor;
use crate::text;

/// Lines of an HTTP head that are shown.
const MAX_LINES: usize = 64;

/// Shows the payload's headline; false when it is none of these.
pub(super) fn show(
    tree: &mut Tree<'_>,
    src: u16,
    dst: u16,
    payload: &[u8],
    is_datagram: bool,
) -> bool {
    let is_port = |port| src == port || dst == port;
    if is_port(53) || (is_datagram && (is_port(5353) || is_port(5355))) {
        // Over TCP two bytes of length come first.
        let message = if is_datagram { Some(payload) } else { payload.get(2..) };
        return message.and_then(|message| dns(tree, message)).is_some();
    }
    !is_datagram && (http(tree, payload) || tls(tree, payload).is_some())
}

/// RFC 1035 section 4.1: the header and the first question.
fn dns(tree: &mut Tree<'_>, message: &[u8]) -> Option<()> {
    let mut c = Cursor::new(message);
    let (id, flags) = (c.be16()?, c.be16()?);
    let counts = [c.be16()?, c.be16()?, c.be16()?, c.be16()?];
    let summary = if flags & 0x8000 == 0 { "query" } else { "response" };
    tree.add(0, "DNS", summary.to_owned(), message);
    let field = |at: usize| message.get(at..at + 2).unwrap_or_default();
    tree.add(1, "transaction id", format!("0x{id:04x}"), field(0));
    tree.add(1, "operation", (flags >> 11 & 15).to_string(), field(2));
    tree.add(1, "response code", (flags & 15).to_string(), field(2));
    for (i, name) in ["questions", "answers", "authorities", "additional"].iter().enumerate() {
        let count = counts.get(i).copied().unwrap_or(0);
        tree.add(1, name, count.to_string(), field(4 + 2 * i));
    }
    let (start, mut name) = (c.pos(), Vec::new());
    loop {
        match usize::from(c.u8()?) {
            0 => break,
            // A question's name is not compressed by any sender known.
            len if len > 63 => return Some(()),
            len => {
                if !name.is_empty() {
                    name.push(b'.');
                }
                name.extend_from_slice(c.take(len)?);
            }
        }
    }
    let bytes = message.get(start..c.pos()).unwrap_or_default();
    let value = format!("{}, type {}", text::from_bytes(&name), c.be16()?);
    tree.add(1, "query", value, bytes);
    Some(())
}

/// RFC 9112: the start line and the fields behind it, as far as this packet goes.
fn http(tree: &mut Tree<'_>, payload: &[u8]) -> bool {
    let first = payload.split(|b| *b == b'\n').next().unwrap_or_default();
    let is_start = first.starts_with(b"HTTP/1.")
        || first.trim_ascii_end().ends_with(b"HTTP/1.1")
        || first.trim_ascii_end().ends_with(b"HTTP/1.0");
    if !is_start {
        return false;
    }
    tree.add(0, "HTTP", text::from_bytes(first.trim_ascii_end()).into(), payload);
    for line in payload.split(|b| *b == b'\n').skip(1).take(MAX_LINES) {
        let line = line.trim_ascii_end();
        let Some(colon) = line.iter().position(|b| *b == b':') else { break };
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        tree.add(1, &text::from_bytes(name), text::from_bytes(value).into(), line);
    }
    true
}

/// RFC 8446 section 5.1: the records that begin in this packet, and a handshake's kind.
fn tls(tree: &mut Tree<'_>, payload: &[u8]) -> Option<()> {
    let mut c = Cursor::new(payload);
    let mut seen = None;
    while let Some(head) = c.take(5) {
        let [kind, major, minor, hi, lo] = *head.first_chunk()?;
        if !(20..=24).contains(&kind) || major != 3 || minor > 4 {
            break;
        }
        let len = usize::from(u16::from_be_bytes([hi, lo]));
        let body = c.rest().get(..len).unwrap_or(c.rest());
        let name = match (kind, body.first()) {
            (20, _) => "change cipher spec".to_owned(),
            (21, _) => "alert".to_owned(),
            (22, Some(1)) => "handshake, client hello".to_owned(),
            (22, Some(2)) => "handshake, server hello".to_owned(),
            (22, Some(11)) => "handshake, certificate".to_owned(),
            (22, _) => "handshake".to_owned(),
            (23, _) => "application data".to_owned(),
            _ => "heartbeat".to_owned(),
        };
        tree.add(0, "TLS record", name, head);
        tree.add(1, "version", format!("0x{major:02x}{minor:02x}"), head.get(1..3)?);
        tree.add(1, "length", len.to_string(), head.get(3..5)?);
        c.take(body.len());
        seen = Some(());
    }
    seen
}
