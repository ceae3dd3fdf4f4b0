//! Syslog over UDP (RFC 5424, RFC 5426, RFC 3164): one row a message.

use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Kind, Syslog};
use crate::text;

/// Syslog.
pub static PROTOCOL: Protocol = Protocol {
    name: "syslog",
    emits: &[Kind::Syslog],
    over: Over::Datagrams,
    ports: &[514],
    probe,
    open: || Box::new(Messages),
};

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

struct Messages;

impl Analyzer for Messages {
    fn data(&mut self, _: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let Some((priority, message)) = parse(data) else { return Step::Done };
        cx.service.insert("syslog");
        let message = message.trim_ascii_end();
        let row = Syslog {
            proto: Some("udp".into()),
            facility: FACILITIES.get(priority / 8).map(|f| (*f).into()),
            severity: SEVERITIES.get(priority % 8).map(|s| (*s).into()),
            message: Some(text::from_bytes(message.strip_suffix(b"\0").unwrap_or(message))),
        };
        cx.emit(cx.ts, cx.at, Body::Syslog(row));
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
            talk(&PROTOCOL, &said, usize::MAX),
            ["syslog proto=udp facility=AUTH severity=CRIT \
              message=Oct 11 22:14:15 box su: 'su root' failed"]
        );
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
