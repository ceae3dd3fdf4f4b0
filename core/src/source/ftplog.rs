//! Logs of FTP servers on Unix: vsftpd's own, and the xferlog of wu-ftpd that many write.

use super::lines::Lines;
use super::row::{self, Names, words};
use super::{Format, Head, Opening, Reader, Sink, Sniff};
use crate::event::{Body, Endpoint, Event, Flow, Ftp, Kind, NodeId, Origin, Transport};
use crate::note::{Note, TIME_ASSUMED_ZONE};
use crate::report::Item;
use crate::stamp;
use crate::text::from_bytes;
use crate::time::{Clock, Time};
use std::net::IpAddr;
use std::ops::Range;

/// vsftpd's log.
pub const VSFTPD_LOG: Format = Format {
    name: "vsftpd-log",
    title: "vsftpd log",
    emits: &[Kind::Ftp],
    sniff: |head| sniff(head, |line| vsftpd(line).is_some(), "no line of a date and [pid N]"),
    open: |opening| open(opening, vsftpd),
    show: |_, at, bytes| show(at, bytes, vsftpd),
};

/// The transfers of an FTP server.
pub const XFERLOG: Format = Format {
    name: "xferlog",
    title: "FTP transfer log (xferlog)",
    emits: &[Kind::Ftp],
    sniff: |head| sniff(head, |line| xferlog(line).is_some(), "no line of an xferlog's fields"),
    open: |opening| open(opening, xferlog),
    show: |_, at, bytes| show(at, bytes, xferlog),
};

/// How many first lines are looked at.
const LINES_SNIFFED: usize = 20;

/// A line: what it tells, and where its parts are.
pub(super) struct Parsed {
    pub(super) ts: Option<Time>,
    pub(super) client: Option<IpAddr>,
    /// The command that it stands for, or the name of what is not read.
    pub(super) what: Result<Ftp, String>,
    pub(super) parts: Vec<(&'static str, Range<usize>)>,
}

/// Understands a line; `None` for one that is not of the format.
pub(super) type Parse = fn(&[u8]) -> Option<Parsed>;

pub(super) fn sniff(head: &Head<'_>, is_it: fn(&[u8]) -> bool, why: &'static str) -> Sniff {
    let mut lines = head.bytes.split(|b| *b == b'\n').take(LINES_SNIFFED);
    if lines.any(|line| is_it(line.trim_ascii_end())) { Sniff::Strong } else { Sniff::No(why) }
}

pub(super) fn open(opening: &Opening<'_>, parse: Parse) -> Box<dyn Reader> {
    let rows = Rows { node: opening.node, parse, names: Names::default(), is_zone_noted: false };
    Box::new(FtpLog { lines: Lines::new(opening.node), rows })
}

struct FtpLog {
    lines: Lines,
    rows: Rows,
}

struct Rows {
    node: NodeId,
    parse: Parse,
    names: Names,
    is_zone_noted: bool,
}

impl Reader for FtpLog {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { lines, rows } = self;
        lines.feed(bytes, out, &mut |line, at, out| rows.line(line, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { lines, rows } = self;
        lines.finish(out, &mut |line, at, out| rows.line(line, at, out));
    }
}

impl Rows {
    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let Some(parsed) = (self.parse)(line.trim_ascii_end()) else {
            return row::malformed(at, "no line of this log", line, out);
        };
        let ftp = match parsed.what {
            Ok(ftp) => ftp,
            Err(name) => {
                self.names.count(out.node(self.node), "rows not read:", &name);
                return;
            }
        };
        if !std::mem::replace(&mut self.is_zone_noted, true) {
            out.node(self.node).clock = Clock::Unknown;
            let detail = "the server writes its own local time".to_owned();
            out.note(Note { at, kind: &TIME_ASSUMED_ZONE, detail });
        }
        if parsed.client.is_none() {
            row::lenient(at, "the client is no address: it is left unset".to_owned(), out);
        }
        let orig = Endpoint { addr: parsed.client, port: None };
        let flow = Flow { transport: Some(Transport::Tcp), orig, ..Flow::default() };
        out.event(Event { ts: parsed.ts, at, also: Vec::new(), flow, body: Body::Ftp(ftp) });
    }
}

pub(super) fn show(at: Origin, bytes: &[u8], parse: Parse) -> Item {
    let parts = parse(bytes.trim_ascii_end()).map(|p| p.parts).unwrap_or_default();
    let text = |range: &Range<usize>| from_bytes(bytes.get(range.clone()).unwrap_or_default());
    row::item(at, bytes, parts.into_iter().map(|(name, range)| (name, text(&range).into(), range)))
}

/// `Tue Nov 24 02:42:46 2026` from the first five words, and where it ends.
fn date(line: &[u8]) -> Option<(Option<Time>, usize)> {
    let all: Vec<Range<usize>> = words(line).take(5).collect();
    let word = |n: usize| std::str::from_utf8(line.get(all.get(n)?.clone())?).ok();
    let month = stamp::month(word(1)?)?;
    let day: u32 = word(2)?.parse().ok()?;
    let (h, m, s, _) = stamp::hms(word(3)?)?;
    let year: i64 = word(4)?.parse().ok()?;
    let is_weekday = word(0)?.len() == 3;
    let end = all.last().filter(|_| is_weekday)?.end;
    Some((Time::from_civil(year, month, day, h, m, s, 0), end))
}

pub(super) fn client(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|addr| addr.to_canonical())
}

/// What vsftpd did, the command that it stands for, and the replies of success and failure.
const DONE: [(&str, &str, u64, u64); 8] = [
    ("LOGIN", "PASS", 230, 530),
    ("DOWNLOAD", "RETR", 226, 550),
    ("UPLOAD", "STOR", 226, 550),
    ("DELETE", "DELE", 250, 550),
    ("MKDIR", "MKD", 257, 550),
    ("RMDIR", "RMD", 250, 550),
    ("RENAME", "RNTO", 250, 550),
    ("CHMOD", "SITE", 200, 550),
];

/// `DATE [pid N] [USER] OK DOWNLOAD: Client "ADDR", "PATH", N bytes, …`. Where the server also writes
/// every command, those lines are counted: what they led to has a line of its own.
fn vsftpd(line: &[u8]) -> Option<Parsed> {
    let (ts, end) = date(line)?;
    let text = std::str::from_utf8(line).ok()?;
    let place = |of: &str| {
        let start = of.as_ptr() as usize - text.as_ptr() as usize;
        start..start + of.len()
    };
    let rest = text.get(end..)?.trim_start().strip_prefix("[pid ")?;
    let (pid, rest) = rest.split_once("] ")?;
    pid.trim().parse::<u64>().ok()?;
    let (user, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (user, rest) = rest.split_once("] ")?;
            (Some(user), rest)
        }
        None => (None, rest),
    };
    let (what, rest) = rest.split_once(": Client \"")?;
    let (addr, rest) = rest.split_once('"')?;
    let mut parts = vec![("ts", 0..end), ("what", place(what)), ("id.orig_h", place(addr))];
    parts.extend(user.map(|user| ("user", place(user))));
    let (outcome, action) = what.split_once(' ').unwrap_or(("", what));
    let known = DONE.iter().find(|(name, ..)| *name == action);
    let is_ok = match outcome {
        "OK" => Some(true),
        "FAIL" => Some(false),
        _ => None,
    };
    let what = match known.zip(is_ok) {
        Some(((_, command, success, failure), is_ok)) => {
            // Behind a login stands the password of an anonymous user.
            let path = rest.strip_prefix(", \"").filter(|_| action != "LOGIN");
            let path = path.and_then(|p| p.rsplit_once('"'));
            let size =
                path.and_then(|(_, tail)| tail.strip_prefix(", ")?.split(' ').next()?.parse().ok());
            parts.extend(path.map(|(path, _)| ("path", place(path))));
            Ok(Ftp {
                user: user.map(Into::into),
                password: (action == "LOGIN").then_some("<hidden>"),
                command: Some((*command).into()),
                path: path.map(|(path, _)| path.into()),
                file_size: size,
                reply_code: Some(if is_ok { *success } else { *failure }),
                session: Some(pid.trim().into()),
                ..Ftp::default()
            })
        }
        None => Err(what.to_owned()),
    };
    Some(Parsed { ts, client: client(addr), what, parts })
}

/// `DATE SECONDS ADDR SIZE PATH TYPE FLAG DIRECTION MODE USER SERVICE METHOD ID COMPLETION`. Paths
/// may hold blanks, so the fields behind it are counted from the end.
fn xferlog(line: &[u8]) -> Option<Parsed> {
    let (ts, end) = date(line)?;
    let rest: Vec<Range<usize>> =
        words(line.get(end..)?).map(|r| r.start + end..r.end + end).collect();
    let behind = rest.len().checked_sub(9).filter(|n| *n >= 4)?;
    let text = |range: &Range<usize>| {
        std::str::from_utf8(line.get(range.clone()).unwrap_or_default()).unwrap_or_default()
    };
    let (secs, host, size) = (rest.first()?, rest.get(1)?, rest.get(2)?);
    let path = rest.get(3)?.start..rest.get(behind - 1)?.end;
    let tail = rest.get(behind..)?;
    let [kind, _, direction, mode, user, .., done] = tail else { return None };
    text(secs).parse::<u64>().ok()?;
    let is_one_of = |range, of: &str| text(range).len() == 1 && of.contains(text(range));
    if !is_one_of(kind, "ab") || !is_one_of(mode, "agr") || !is_one_of(done, "ci") {
        return None;
    }
    let command = match text(direction) {
        "o" => "RETR",
        "i" => "STOR",
        "d" => "DELE",
        _ => return None,
    };
    let ftp = Ftp {
        user: Some(from_bytes(line.get(user.clone()).unwrap_or_default())),
        command: Some(command.into()),
        path: Some(from_bytes(line.get(path.clone()).unwrap_or_default())),
        file_size: text(size).parse().ok(),
        // A transfer that was broken off ends in 426 (RFC 959 section 5.4).
        reply_code: Some(if text(done) == "c" { 226 } else { 426 }),
        ..Ftp::default()
    };
    let parts = vec![
        ("ts", 0..end),
        ("id.orig_h", host.clone()),
        ("file_size", size.clone()),
        ("path", path),
        ("command", direction.clone()),
        ("user", user.clone()),
        ("reply_code", done.clone()),
    ];
    Some(Parsed { ts, client: client(text(host)), what: Ok(ftp), parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read_by;

    // From vsftpd's own format and the manual page xferlog(5).
    const VSFTPD: &str = "Mon Jun  6 18:43:28 2016 [pid 2] CONNECT: Client \"192.0.2.9\"
Mon Jun  6 18:43:30 2016 [pid 1] [jean] FAIL LOGIN: Client \"::ffff:192.0.2.9\"
Mon Jun  6 18:43:32 2016 [pid 1] [ftp] OK LOGIN: Client \"192.0.2.9\", anon password \"me@here\"
Mon Jun  6 18:43:59 2016 [pid 3] [jean] OK UPLOAD: Client \"192.0.2.9\", \"/home/a b.png\", 1884648 bytes, 41264.44Kbyte/sec
Mon Jun  6 18:44:00 2016 [pid 3] [jean] FTP command: Client \"192.0.2.9\", \"PASS x\"
what is this
";

    #[test]
    fn what_vsftpd_did_is_read_in_any_pieces() {
        for step in [1, 9, 4096] {
            let sunk = read_by(VSFTPD.as_bytes(), step);
            assert_eq!(sunk.format(), Some("vsftpd-log"));
            assert_eq!(
                sunk.lines(),
                [
                    "2 2016-06-06T18:43:30Z ftp 192.0.2.9 > * tcp user=jean password=<hidden> command=PASS reply_code=530 session=1",
                    "3 2016-06-06T18:43:32Z ftp 192.0.2.9 > * tcp user=ftp password=<hidden> command=PASS reply_code=230 session=1",
                    "4 2016-06-06T18:43:59Z ftp 192.0.2.9 > * tcp user=jean command=STOR file_size=1884648 reply_code=226 session=3 path=/home/a b.png",
                ]
            );
            let counters = &sunk.nodes[&0].counters;
            assert_eq!(counters["rows not read: CONNECT"], 1);
            assert_eq!(counters["rows not read: FTP command"], 1);
            assert_eq!(
                sunk.notes(),
                [
                    "time-zone-assumed 2: the server writes its own local time",
                    "line-malformed 6: no line of this log: what is this",
                ]
            );
        }
    }

    #[test]
    fn transfers_are_read_with_blanks_in_their_paths() {
        let text =
            "Tue Nov 24 02:42:46 2026 1 192.0.2.9 230017 /pub/my file.img b _ o a me@here ftp 0 * c
Tue Nov 24 02:42:52 2026 1 host.example 20 /x b _ i r marek ftp 0 * i
";
        for step in [1, 4096] {
            let sunk = read_by(text.as_bytes(), step);
            assert_eq!(sunk.format(), Some("xferlog"));
            assert_eq!(
                sunk.lines(),
                [
                    "1 2026-11-24T02:42:46Z ftp 192.0.2.9 > * tcp user=me@here command=RETR file_size=230017 reply_code=226 path=/pub/my file.img",
                    "2 2026-11-24T02:42:52Z ftp * > * tcp user=marek command=STOR file_size=20 reply_code=426 path=/x",
                ]
            );
        }
    }

    #[test]
    fn parts_are_shown_with_their_places() {
        let line = VSFTPD.lines().nth(3).unwrap();
        let item = show(Origin::default(), line.as_bytes(), vsftpd);
        let path = item.fields.iter().find(|f| f.name == "path").unwrap();
        let (start, len) = (path.start as usize, path.len as usize);
        assert_eq!(&line[start..start + len], "/home/a b.png");
    }

    #[test]
    fn no_bytes_stop_the_readers() {
        for text in
            [VSFTPD.as_bytes(), b"Tue Nov 24 02:42:46 2026 1 192.0.2.9 2 /f b _ o a u ftp 0 * c\n"]
        {
            for at in 0..text.len() {
                let mut bad = text.to_vec();
                bad[at] ^= 0x80;
                for line in bad.split(|b| *b == b'\n') {
                    let _ = (vsftpd(line), xferlog(line));
                }
            }
        }
    }
}
