//! What became of one contact: used, answered and dropped, refused, or silence.

use crate::event::{Conn, Event, Transport};

/// What became of a contact, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Outcome {
    /// Both sides exchanged data: a service in use.
    Used,
    /// The other side answered and nothing more was exchanged.
    Answered,
    /// The other side refused (RST to a SYN, ICMP unreachable).
    Refused,
    /// No reply.
    Silent,
}

/// Bytes of a bare TCP header over IPv4: a reset carries no options, an answer to a SYN nearly
/// always does (at least the segment size, 44 bytes).
const BARE_HEADER: u64 = 40;
/// Packets of the originator from which on a record without payload counts means use: SYN, ACK,
/// request, ACK.
const PACKETS_OF_USE: u64 = 4;
/// Highest port of services: a record *from* such a port to a high one is a reply whose request
/// was not recorded.
const LAST_SERVICE_PORT: u16 = 1023;
/// Ports that path tracing walks over, one UDP packet each.
const TRACE_PORTS: std::ops::RangeInclusive<u16> = 33_434..=33_534;

/// Judges a connection; `None` when it says nothing about a scan: outcome unknown, a reply
/// without its request, half of a conversation of which the capture lacks the other half.
pub(super) fn outcome(e: &Event, c: &Conn) -> Option<Outcome> {
    match e.flow.transport? {
        Transport::Tcp => tcp(e, c),
        Transport::Udp => udp(e, c),
        Transport::Icmp => icmp(e, c),
        _ => None,
    }
}

fn tcp(e: &Event, c: &Conn) -> Option<Outcome> {
    if is_reply_alone(e, c) {
        return None;
    }
    if c.refused == Some(true) {
        return Some(Outcome::Refused);
    }
    if let Some(outcome) = c.history.as_deref().and_then(odd_flags) {
        return Some(outcome);
    }
    if !c.answered? {
        return (!went_on(c)).then_some(Outcome::Silent);
    }
    if is_used(c) {
        return Some(Outcome::Used);
    }
    Some(if looks_reset(c) { Outcome::Refused } else { Outcome::Answered })
}

/// Packets with FIN but neither SYN nor an ACK after it: a closed port resets, an open one is
/// silent (RFC 9293 section 3.10.7). What is left of an old connection looks the same, but such
/// remains are few.
fn odd_flags(history: &str) -> Option<Outcome> {
    match history {
        "F" => Some(Outcome::Silent),
        "Fr" => Some(Outcome::Refused),
        _ => None,
    }
}

/// True when the originator went on as if it had been answered: the other direction is missing
/// from the evidence, so nothing is known of it.
fn went_on(c: &Conn) -> bool {
    let letters = c.history.as_deref().unwrap_or_default();
    let flags = c.orig_flags.as_deref().unwrap_or_default();
    letters.contains(['A', 'D']) || c.orig_bytes.is_some_and(|n| n > 0) || flags.contains('A')
}

/// Backscatter and replies of which the request was not recorded: the first packet is an answer.
fn is_reply_alone(e: &Event, c: &Conn) -> bool {
    if let Some(history) = c.history.as_deref().filter(|h| !h.is_empty()) {
        let first = history.trim_start_matches('^').chars().next();
        return matches!(first, Some('H' | 'R' | 'h' | 'r'));
    }
    if let Some(flags) = c.orig_flags.as_deref().filter(|f| !f.is_empty()) {
        let is_answer = flags.contains('S') && flags.contains('A') && c.orig_pkts == Some(1);
        return is_answer || (flags.contains('R') && !flags.contains('S'));
    }
    c.conn_state != Some("S0") && is_from_service(e)
}

fn is_from_service(e: &Event) -> bool {
    let is = |p: Option<u16>, f: fn(u16) -> bool| p.is_some_and(f);
    is(e.flow.orig.port, |p| p <= LAST_SERVICE_PORT)
        && is(e.flow.resp.port, |p| p > LAST_SERVICE_PORT)
}

fn is_used(c: &Conn) -> bool {
    match (c.orig_bytes, c.resp_bytes) {
        (Some(0), Some(0)) => false,
        (Some(_), _) | (_, Some(_)) => true,
        // Flow records count no payload; without packet counts the benefit of the doubt.
        (None, None) => match (c.orig_pkts, c.resp_pkts) {
            (Some(o), _) => o >= PACKETS_OF_USE,
            (None, Some(r)) => r >= PACKETS_OF_USE,
            (None, None) => true,
        },
    }
}

/// Without flags or a state, the size of the only reply tells a reset from an answer.
fn looks_reset(c: &Conn) -> bool {
    if let Some(flags) = c.resp_flags.as_deref().filter(|f| !f.is_empty()) {
        return flags.contains('R') && !flags.contains('S');
    }
    c.conn_state.is_none()
        && c.history.is_none()
        && matches!((c.resp_pkts, c.resp_ip_bytes), (Some(1), Some(b)) if b <= BARE_HEADER)
}

fn udp(e: &Event, c: &Conn) -> Option<Outcome> {
    if is_from_service(e) || e.flow.resp.port.is_some_and(|p| TRACE_PORTS.contains(&p)) {
        return None;
    }
    if c.refused == Some(true) || !c.icmp_errors.is_empty() {
        return Some(Outcome::Refused);
    }
    Some(if c.answered? { Outcome::Used } else { Outcome::Silent })
}

/// Echo requests only: type 8, or 128 over IPv6.
fn icmp(e: &Event, c: &Conn) -> Option<Outcome> {
    let is_echo = matches!(e.flow.orig.port, Some(8 | 128));
    is_echo.then_some(c.answered?).map(|a| if a { Outcome::Used } else { Outcome::Silent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;
    use crate::event::Body;

    fn of(words: &str) -> Option<Outcome> {
        let e = events(&format!("conn {words}")).remove(0);
        let Body::Conn(c) = &e.body else { panic!() };
        outcome(&e, c)
    }

    #[test]
    fn outcomes_of_packets_and_logs() {
        let ends = "192.0.2.1:50000 > 10.0.0.1:22";
        for (words, want) in [
            ("unanswered history=S state=S0", Some(Outcome::Silent)),
            ("refused history=Sr", Some(Outcome::Refused)),
            ("answered history=ShR odata=0 rdata=0", Some(Outcome::Answered)),
            ("answered history=ShADadFf odata=5 rdata=9", Some(Outcome::Used)),
            // FIN, PSH and URG alone are a probe too.
            ("history=F", Some(Outcome::Silent)),
            ("answered history=Fr odata=0 rdata=0", Some(Outcome::Refused)),
            ("answered history=Fa odata=0 rdata=0", Some(Outcome::Answered)),
            // The reply to somebody else's packet, and half of a conversation.
            ("unanswered history=H", None),
            ("answered history=^r", None),
            ("unanswered history=SAD", None),
            ("opkts=1", None),
        ] {
            assert_eq!(of(&format!("{ends} {words}")), want, "{words}");
        }
    }

    #[test]
    fn outcomes_of_flow_records() {
        let ends = "192.0.2.1:38553 > 10.0.0.1:443";
        for (words, want) in [
            ("unanswered opkts=1 obytes=44", Some(Outcome::Silent)),
            ("answered opkts=2 obytes=84 rpkts=1 rbytes=44", Some(Outcome::Answered)),
            ("answered opkts=1 obytes=44 rpkts=1 rbytes=40", Some(Outcome::Refused)),
            ("answered opkts=1 obytes=44 rpkts=1 rbytes=41", Some(Outcome::Answered)),
            ("answered opkts=3 obytes=140 rpkts=3 rbytes=140", Some(Outcome::Answered)),
            ("answered opkts=4 obytes=500 rpkts=3 rbytes=900", Some(Outcome::Used)),
            ("answered rpkts=1 rbytes=44", Some(Outcome::Answered)),
            ("unanswered opkts=1 oflags=AS", None),
            ("unanswered opkts=1 oflags=AR", None),
        ] {
            assert_eq!(of(&format!("{ends} {words}")), want, "{words}");
        }
        assert_eq!(of("192.0.2.1:443 > 10.0.0.1:50000 unanswered opkts=1"), None);
        assert_eq!(of("192.0.2.1:443 > 10.0.0.1:50000 unanswered state=S0"), Some(Outcome::Silent));
    }

    #[test]
    fn outcomes_of_datagrams() {
        assert_eq!(of("10.0.0.9:5000 > 10.0.0.1:161 udp unanswered"), Some(Outcome::Silent));
        assert_eq!(
            of("10.0.0.9:5000 > 10.0.0.1:161 udp unanswered icmp_error=port-unreachable"),
            Some(Outcome::Refused)
        );
        assert_eq!(of("10.0.0.9:5000 > 10.0.0.1:33434 udp unanswered"), None);
        assert_eq!(of("10.0.0.9:5000 > 10.0.0.1:33535 udp unanswered"), Some(Outcome::Silent));
        assert_eq!(of("10.0.0.9:53 > 10.0.0.1:5000 udp unanswered"), None);
        assert_eq!(of("10.0.0.9:8 > 10.0.0.1:0 icmp unanswered"), Some(Outcome::Silent));
        assert_eq!(of("10.0.0.9:3 > 10.0.0.1:1 icmp unanswered"), None);
    }
}
