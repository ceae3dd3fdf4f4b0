//! Signatures of protocols that are spoken in lines or words.

use super::{both, is_digits, is_text, line, opens, when};
use crate::proto::Probe::{self, Maybe, NeedMore, No, Yes};

/// True when the first word of a line is one of `words`, in any case.
fn begins_with_word(line: &[u8], words: &[&[u8]]) -> bool {
    let word = line.split(|b| *b == b' ').next().unwrap_or_default();
    words.iter().any(|w| word.eq_ignore_ascii_case(w))
}

/// Finger (RFC 1288): a line that asks, lines that answer. Any text looks so: the port must speak for it.
pub(super) fn finger(orig: &[u8], resp: &[u8]) -> Probe {
    let is_one_line = line(orig).is_some_and(|(l, rest)| rest.is_empty() && is_text(l));
    if is_one_line && line(resp).is_some() { Maybe } else { No }
}

/// What follows the two ports of an ident query or reply (RFC 1413, section 3).
fn behind_ports(data: &[u8]) -> Option<&[u8]> {
    let (line, _) = line(data)?;
    let mut parts = line.splitn(3, |b| matches!(b, b',' | b':')).map(<[u8]>::trim_ascii);
    let mut is_port = || parts.next().is_some_and(|p| is_digits(p) && p.len() <= 5);
    (is_port() && is_port()).then(|| parts.next().unwrap_or_default())
}

/// The two ports alone.
pub(super) fn ident_query(orig: &[u8]) -> Probe {
    when(behind_ports(orig).is_some_and(<[u8]>::is_empty))
}

/// The ports again, and whose they are.
pub(super) fn ident_reply(resp: &[u8]) -> Probe {
    let tells = |rest: &[u8]| rest.starts_with(b"USERID") || rest.starts_with(b"ERROR");
    if resp.is_empty() { NeedMore } else { when(behind_ports(resp).is_some_and(tells)) }
}

/// IRC (RFC 1459, sections 2.4 and 4.1): one who registers, and a server that answers under its name
/// with a number of three digits, perhaps after notices.
pub(super) fn irc(orig: &[u8], resp: &[u8]) -> Probe {
    const REGISTERS: &[&[u8]] = &[b"CAP", b"NICK", b"PASS", b"SERVER", b"USER"];
    let asks = match line(orig) {
        Some((line, _)) => when(begins_with_word(line, REGISTERS) && line.contains(&b' ')),
        None if orig.is_empty() => NeedMore,
        None => No,
    };
    both(asks, irc_answer(resp))
}

fn irc_answer(resp: &[u8]) -> Probe {
    /// What a server says before the registration is done.
    const BEFORE: &[&[u8]] = &[b"AUTHENTICATE", b"CAP", b"ERROR", b"NOTICE", b"PING"];
    let mut rest = resp;
    while let Some((line, more)) = line(rest) {
        let mut words = line.split(|b| *b == b' ');
        let first = words.next().unwrap_or_default();
        let is_signed = first.starts_with(b":");
        let command = if is_signed { words.next().unwrap_or_default() } else { first };
        // Bare numbers begin the replies of many servers.
        if is_signed && command.len() == 3 && is_digits(command) {
            return Yes;
        }
        if !BEFORE.contains(&command) {
            return No;
        }
        rest = more;
    }
    NeedMore
}

/// What a reader of news says first (RFC 3977, section 5; RFC 4643).
pub(super) fn nntp_command(orig: &[u8]) -> Probe {
    const COMMANDS: &[&[u8]] =
        &[b"ARTICLE", b"AUTHINFO", b"CAPABILITIES", b"GROUP", b"LIST", b"MODE", b"XOVER"];
    when(line(orig).is_some_and(|(l, _)| begins_with_word(l, COMMANDS)))
}

/// Its server greets: posting is allowed, or not.
pub(super) fn nntp_greeting(resp: &[u8]) -> Probe {
    let greets = |l: &[u8]| (l.starts_with(b"200 ") || l.starts_with(b"201 ")) && is_text(l);
    if resp.is_empty() { NeedMore } else { when(line(resp).is_some_and(|(l, _)| greets(l))) }
}

/// A Redis client's command: an array of strings (RESP), or a line as one types it.
pub(super) fn redis_command(orig: &[u8]) -> Probe {
    let counted = |line: &[u8], mark: u8| match line.split_first() {
        Some((first, n)) => *first == mark && is_digits(n) && n.len() <= 7,
        None => false,
    };
    match line(orig) {
        Some((first, rest)) if counted(first, b'*') => match line(rest) {
            Some((second, _)) => when(counted(second, b'$')),
            None => NeedMore,
        },
        Some((first, _)) if is_text(first) => Maybe,
        _ => No,
    }
}

/// Its server's reply: a mark of the kind, then text or a number.
pub(super) fn redis_reply(resp: &[u8]) -> Probe {
    let is_reply = |l: &[u8]| match l.split_first() {
        Some((b'+' | b'-', text)) => is_text(text),
        Some((b':' | b'$' | b'*' | b'%', n)) => is_digits(n.strip_prefix(b"-").unwrap_or(n)),
        _ => false,
    };
    if resp.is_empty() { NeedMore } else { when(line(resp).is_some_and(|(l, _)| is_reply(l))) }
}

/// RFB's version (RFC 6143, section 7.1.1): twelve bytes from each side.
pub(super) fn rfb(data: &[u8]) -> Probe {
    match data {
        [b'R', b'F', b'B', b' ', a, b, c, b'.', d, e, f, b'\n', ..] => {
            when([a, b, c, d, e, f].iter().all(|d| d.is_ascii_digit()))
        }
        _ if data.len() >= 12 => No,
        _ => opens(data, b"RFB ").min(NeedMore),
    }
}

/// Rlogin's first bytes (RFC 1282): a zero, the user on each host, the terminal with its speed.
pub(super) fn rlogin(orig: &[u8]) -> Probe {
    let Some(rest) = orig.strip_prefix(b"\0") else { return No };
    let mut parts = rest.splitn(4, |b| *b == 0);
    let [client, server, terminal] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let speed = terminal.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let is_named = [client, server, terminal].iter().all(|p| !p.is_empty() && is_text(p));
    when(is_named && terminal != speed && is_digits(speed) && parts.next().is_some())
}

/// SSDP (UPnP Device Architecture 1.1, chapter 1): HTTP's words in datagrams. One who searches or
/// announces names no place; an answer says what was found, and which one of them.
pub(super) fn ssdp(data: &[u8]) -> Probe {
    const ASKS: &[&[u8]] = &[b"M-SEARCH * HTTP/1.1\r\n", b"NOTIFY * HTTP/1.1\r\n"];
    if ASKS.iter().any(|a| data.starts_with(a)) {
        return Yes;
    }
    let Some(mut rest) = data.strip_prefix(b"HTTP/1.1 200 OK\r\n") else { return No };
    let (mut has_type, mut has_name) = (false, false);
    while let Some((line, more)) = line(rest) {
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        has_type |= name.eq_ignore_ascii_case(b"ST");
        has_name |= name.eq_ignore_ascii_case(b"USN");
        rest = more;
    }
    when(has_type && has_name)
}
