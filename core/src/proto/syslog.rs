//! Syslog over UDP (RFC 5424, RFC 5426, RFC 3164) and TCP (RFC 6587): one row a message.

use super::framing::{self, Front, Place};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::{Body, Kind, Syslog};
use crate::text;

/// Syslog over UDP.
pub static DATAGRAMS: Protocol = Protocol {
    name: "syslog",
    emits: &[Kind::Syslog],
    over: Over::Datagrams,
    ports: &[514],
    probe,
    open: || Box::new(Messages),
};

/// Syslog over TCP: each message has its length in front, or ends with its line.
pub static STREAM: Protocol = Protocol {
    over: Over::Stream,
    ports: &[514, 601],
    probe: probe_stream,
    open: || Box::<Session>::default(),
    ..DATAGRAMS
};

/// Longest message over TCP that is read whole; RFC 5424 asks for 2048 at least.
const MAX_MESSAGE: usize = 64 << 10;
/// Digits of a length in front, RFC 6587 section 3.4.1; no limit is given, messages set it.
const MAX_DIGITS: usize = 6;

/// Names of facilities by number, as Zeek spells them.
const FACILITIES: [&str; 24] = [
    "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV",
    "FTP", "NTP", "AUDIT", "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4",
    "LOCAL5", "LOCAL6", "LOCAL7",
];
/// Names of severities by number.
const SEVERITIES: [&str; 8] =
    ["EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Priority and text of a message.
fn parse(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let rest = bytes.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|b| *b == b'>').filter(|e| *e > 0)?;
    let (digits, rest) = rest.split_at_checked(end)?;
    let priority = digits
        .iter()
        .try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + usize::from(b - b'0')))?;
    (priority < FACILITIES.len() * 8).then_some((priority, rest.get(1..)?))
}

fn probe(_: Dir, bytes: &[u8]) -> Probe {
    match parse(bytes) {
        Some((_, text))
            if text.starts_with(b"1 ") || MONTHS.iter().any(|m| text.starts_with(m)) =>
        {
            Probe::Yes
        }
        Some(_) => Probe::Maybe,
        None => Probe::No,
    }
}

/// Sends the row of a message, if it is one.
fn tell(message: &[u8], proto: &str, cx: &mut Cx<'_>) {
    let Some((priority, message)) = parse(message) else { return };
    cx.service.insert("syslog");
    let message = message.trim_ascii_end();
    let row = Syslog {
        proto: Some(proto.into()),
        facility: FACILITIES.get(priority / 8).map(|f| (*f).into()),
        severity: SEVERITIES.get(priority % 8).map(|s| (*s).into()),
        message: Some(text::from_bytes(message.strip_suffix(b"\0").unwrap_or(message))),
    };
    cx.emit(cx.ts, cx.at, Body::Syslog(row));
}

struct Messages;

impl Analyzer for Messages {
    fn data(&mut self, _: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        tell(data, "udp", cx);
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

/// The length in front of a message and the bytes that it takes with its blank; `None` where no
/// message with a length begins.
fn counted(bytes: &[u8]) -> Option<(usize, usize)> {
    let n = bytes.iter().take(MAX_DIGITS + 1).position(|b| !b.is_ascii_digit())?;
    let (digits, rest) = bytes.split_at_checked(n)?;
    let is_length = rest.starts_with(b" <") && !digits.is_empty() && !digits.starts_with(b"0");
    let len = digits.iter().fold(0, |len, b| len * 10 + usize::from(b - b'0'));
    is_length.then_some((len, n + 1))
}

/// True when more bytes may show a message with its length in front.
fn may_be_counted(bytes: &[u8]) -> bool {
    let n = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    n <= MAX_DIGITS && matches!(bytes.get(n..), Some([] | [b' ']))
}

fn probe_stream(dir: Dir, bytes: &[u8]) -> Probe {
    if dir == Dir::Resp {
        return Probe::No;
    }
    match counted(bytes) {
        Some((_, at)) => match probe(dir, bytes.get(at..).unwrap_or_default()) {
            Probe::No if bytes.len() < at + 8 => Probe::NeedMore,
            found => found,
        },
        None if may_be_counted(bytes) => Probe::NeedMore,
        // A priority, and the first three letters of a month behind it.
        None if bytes.starts_with(b"<") && bytes.len() < 8 => Probe::NeedMore,
        None => probe(dir, bytes),
    }
}

fn front(bytes: &[u8]) -> Front {
    if let Some((len, at)) = counted(bytes) {
        return Front::Start { len: at + len, kept: MAX_MESSAGE };
    }
    if may_be_counted(bytes) {
        return Front::More;
    }
    // A line, whether it is a message or goes on with one.
    match memchr::memchr(b'\n', bytes.get(..MAX_MESSAGE).unwrap_or(bytes)) {
        Some(end) => Front::Unit(end + 1),
        None if bytes.len() < MAX_MESSAGE => Front::More,
        None => Front::Bad,
    }
}

/// One connection's state.
#[derive(Default)]
struct Session {
    place: Place,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        // A collector says nothing, or a protocol of its own.
        if dir == Dir::Resp {
            return Step::Done;
        }
        framing::each(&mut self.place, data, MAX_MESSAGE, front, &mut |unit| {
            let at = counted(unit).map_or(0, |(_, at)| at);
            tell(unit.get(at..).unwrap_or_default(), "tcp", cx);
            Then::GoOn
        })
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        if dir == Dir::Orig {
            self.place.gap(len);
        }
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    #[test]
    fn a_message_is_a_row() {
        let said = [Said::Data(Dir::Orig, b"<34>Oct 11 22:14:15 box su: 'su root' failed\n")];
        assert_eq!(
            talk(&DATAGRAMS, &said, usize::MAX),
            ["syslog proto=udp facility=AUTH severity=CRIT \
              message=Oct 11 22:14:15 box su: 'su root' failed"]
        );
    }

    #[test]
    fn messages_of_both_framings_in_any_cut() {
        let stream =
            b"39 <34>1 2003-10-11T22:14:15Z box su - - -<165>Aug 24 05:34:00 box app: first\n\
            2 lines of it\n<13>Aug 24 05:34:01 box app: second\r\n";
        let said = [Said::Data(Dir::Orig, stream)];
        let want = [
            "syslog proto=tcp facility=AUTH severity=CRIT message=1 2003-10-11T22:14:15Z box su - - -",
            "syslog proto=tcp facility=LOCAL4 severity=NOTICE message=Aug 24 05:34:00 box app: first",
            "syslog proto=tcp facility=USER severity=NOTICE message=Aug 24 05:34:01 box app: second",
        ];
        for step in 1..stream.len() {
            assert_eq!(talk(&STREAM, &said, step), want, "{step}");
        }
        let gap = [
            Said::Data(Dir::Orig, b"<34>Oct 11 22:14:15 box su: cut he"),
            Said::Gap(Dir::Orig, 9),
            Said::Data(Dir::Orig, b"re\n<34>Oct 11 22:14:16 box su: whole\n"),
        ];
        let got = talk(&STREAM, &gap, usize::MAX);
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].ends_with("su: whole"));
    }

    #[test]
    fn a_stream_is_known_by_its_first_message() {
        let of = |bytes: &[u8]| probe_stream(Dir::Orig, bytes);
        assert_eq!(of(b"40 <34>1 2003"), Probe::Yes);
        assert_eq!(of(b"<34>Oct 11 22:14:15"), Probe::Yes);
        assert_eq!(of(b"40 <34>x and more"), Probe::Maybe);
        for more in [&b"4"[..], b"40 ", b"40 <34", b"<34>O", b""] {
            assert_eq!(of(more), Probe::NeedMore, "{more:?}");
        }
        for bad in [
            &b"GET / HTTP/1.1"[..],
            b"0 <34>1 x",
            b"1234567 <34>1 x",
            b"40 x<34>1 y",
            b"<html><body>",
        ] {
            assert_eq!(of(bad), Probe::No, "{bad:?}");
        }
        assert_eq!(probe_stream(Dir::Resp, b"<34>Oct 11 22:14:15"), Probe::No);
    }

    #[test]
    fn priorities_end_at_191() {
        assert_eq!(probe(Dir::Orig, b"<191>1 2003-10-11"), Probe::Yes);
        assert_eq!(probe(Dir::Orig, b"<191>x"), Probe::Maybe);
        for bad in [&b"<192>Oct 1"[..], b"<>Oct 1", b"<1234>Oct", b"<a>Oct", b"Oct 1", b"<1"] {
            assert_eq!(probe(Dir::Orig, bad), Probe::No);
        }
    }
}
