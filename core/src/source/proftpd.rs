//! ProFTPD's own log: its SystemLog, or what it sends to syslog. Who logged in, and who could not.

use super::Format;
use super::ftplog::{Parsed, client, open, show, sniff};
use crate::event::{Ftp, Kind};
use crate::stamp;
use crate::text::from_bytes;
use crate::time::Time;
use std::ops::Range;

/// The format.
pub const PROFTPD_LOG: Format = Format {
    name: "proftpd-log",
    title: "ProFTPD log",
    emits: &[Kind::Ftp],
    sniff: |head| sniff(head, |line| parse(line).is_some(), "no line of proftpd[N] and a client"),
    open: |opening| open(opening, parse),
    show: |_, at, bytes| show(at, bytes, parse),
};

/// The program's name before its number.
const PROGRAM: &[u8] = b" proftpd[";

/// What stands behind an account's name, and the reply that the client got (RFC 959 section 5.4).
/// The account is the client's text and may quote such words: the last place counts.
const SAID: [(&str, u64); 3] =
    [(" (Login failed)", 530), (": no such user found from ", 530), (": Login successful", 230)];

/// Lines that are no login, by how they begin; others are counted together.
const OTHERS: [&str; 4] =
    ["FTP session closed", "FTP session opened", "Maximum login attempts", "SECURITY VIOLATION"];

/// `DATE HOST proftpd[N]: SERVER (NAME[ADDRESS]) - MESSAGE`; the marks between differ.
fn parse(line: &[u8]) -> Option<Parsed> {
    let at = memchr::memmem::find(line, PROGRAM)?;
    let text = std::str::from_utf8(line).ok()?;
    let place = |of: &str| {
        let start = of.as_ptr() as usize - text.as_ptr() as usize;
        start..start + of.len()
    };
    let (ts, stamp) = date(text.get(..at)?)?;
    let rest = text.get(at + PROGRAM.len()..)?;
    let (pid, rest) = rest.split_once(']')?;
    pid.parse::<u64>().ok()?;
    let (_server, rest) = rest.split_once(" (")?;
    let (client_name, message) = rest.split_once("])")?;
    let (_, addr) = client_name.rsplit_once('[')?;
    let message = message.strip_prefix(':').unwrap_or(message).trim_start();
    let message = message.strip_prefix("- ").unwrap_or(message);
    let mut parts = vec![("ts", stamp), ("id.orig_h", place(addr)), ("what", place(message))];
    let what = match login(message) {
        Some((user, code)) => {
            parts.push(("user", place(user)));
            Ok(Ftp {
                user: Some(from_bytes(user.as_bytes())),
                password: Some("<hidden>"),
                command: Some("PASS".into()),
                reply_code: Some(code),
                session: Some(pid.into()),
                ..Ftp::default()
            })
        }
        None => {
            let known = OTHERS.iter().find(|words| message.starts_with(**words));
            Err((*known.unwrap_or(&"other")).to_owned())
        }
    };
    Some(Parsed { ts, client: client(addr), what, parts })
}

/// The account of a login, and the reply.
fn login(message: &str) -> Option<(&str, u64)> {
    let rest = message.strip_prefix("USER ").or_else(|| message.strip_prefix("ANON "))?;
    let found = |(words, code): &(&str, u64)| Some((rest.rsplit_once(*words)?.0, *code));
    // The longest account is that of the last words.
    SAID.iter().filter_map(found).max_by_key(|(user, _)| user.len())
}

/// The time before the host, in the server's own zone, and where it stands. Syslog's old form has
/// no year: the line then has no time.
fn date(head: &str) -> Option<(Option<Time>, Range<usize>)> {
    let mut words = head.split(' ').filter(|w| !w.is_empty());
    let first = words.next()?;
    let end = |last: &str| last.as_ptr() as usize - head.as_ptr() as usize + last.len();
    if let Some((ts, _)) = stamp::iso(first) {
        return Some((Some(ts), 0..end(first)));
    }
    let second = words.next()?;
    if stamp::ymd(first).is_some() {
        return Some((Some(stamp::civil(first, second)?), 0..end(second)));
    }
    let clock = words.next()?;
    stamp::month(first)?;
    second.parse::<u32>().ok()?;
    stamp::hms(clock)?;
    Some((None, 0..end(clock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read_by;

    // Forms that ProFTPD writes by itself and through syslog.
    const LOG: &str = "2021-05-28 18:08:01,124 mars proftpd[41] mars (192.0.2.7[192.0.2.7]): USER asd: no such user found from 192.0.2.7 [192.0.2.7] to ::ffff:10.0.0.1:21
2021-05-28 18:08:34,399 mars proftpd[42] mars (pc.test[192.0.2.7]): USER seb (Login failed): Incorrect password
2021-05-28 18:09:00,000 mars proftpd[42] mars (pc.test[2001:db8::7]): USER eva: Login successful.
Jan  7 18:26:02 venus proftpd[80]: 10.0.0.1 (192.0.2.9[192.0.2.9]) - USER a (Login failed) b: no such user found from 192.0.2.9 [192.0.2.9] to 10.0.0.1:21
2021-05-28 18:09:02,000 mars proftpd[42] mars (pc.test[192.0.2.7]): FTP session closed.
what is this
";

    #[test]
    fn logins_are_read_in_any_pieces() {
        for step in [1, 9, 4096] {
            let sunk = read_by(LOG.as_bytes(), step);
            assert_eq!(sunk.format(), Some("proftpd-log"));
            let row = "tcp user=";
            assert_eq!(
                sunk.lines(),
                [
                    format!(
                        "1 2021-05-28T18:08:01.124Z ftp 192.0.2.7 > * {row}asd password=<hidden> command=PASS reply_code=530 session=41"
                    ),
                    format!(
                        "2 2021-05-28T18:08:34.399Z ftp 192.0.2.7 > * {row}seb password=<hidden> command=PASS reply_code=530 session=42"
                    ),
                    format!(
                        "3 2021-05-28T18:09:00Z ftp 2001:db8::7 > * {row}eva password=<hidden> command=PASS reply_code=230 session=42"
                    ),
                    format!(
                        "4 ftp 192.0.2.9 > * {row}a (Login failed) b password=<hidden> command=PASS reply_code=530 session=80"
                    ),
                ]
            );
            assert_eq!(sunk.nodes[&0].counters["rows not read: FTP session closed"], 1);
            assert!(
                sunk.notes()
                    .contains(&"line-malformed 6: no line of this log: what is this".to_owned())
            );
        }
    }

    #[test]
    fn no_bytes_stop_the_reader() {
        for at in 0..LOG.len() {
            let mut bad = LOG.as_bytes().to_vec();
            bad[at] ^= 0x80;
            bad.split(|b| *b == b'\n').for_each(|line| drop(parse(line)));
        }
    }
}
