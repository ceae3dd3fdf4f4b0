//! DHCP (RFC 2131): who got which address, under which name, for how long.

mod wire;

use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Dhcp, Event, Flow, Kind, Origin};
use crate::source::Sink;
use crate::text::{self, Text};
use crate::time::{Interval, Time};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use wire::{Message, TYPES, option};

/// DHCP.
pub static PROTOCOL: Protocol = Protocol {
    name: "dhcp",
    emits: &[Kind::Dhcp, Kind::Weird],
    over: Over::Datagrams,
    ports: &[67, 68],
    probe: |_, bytes| match Message::parse(bytes) {
        Some(_) => Probe::Yes,
        None => Probe::No,
    },
    open: || Box::<Messages>::default(),
};

/// How long messages with the number of an exchange belong to it at most; Zeek's own watch time.
const WATCH: Interval = Interval::from_secs(30);
/// As in Zeek, an exchange is first looked at after this time, ...
const FIRST_LOOK: Interval = Interval::from_secs(10);
/// ... then each time after this one, and is over where as much passed since its last message.
const LOOK: Interval = Interval::from_secs(5);
/// Exchanges that may be open at once; a thousand clients within the watch time is a busy network.
const MAX_OPEN: usize = 1024;
/// Ethernet's number among kinds of hardware.
const ETHERNET: u8 = 1;
/// Longest hardware address that tells clients apart, RFC 2131 section 2.
const MAX_HARDWARE: usize = 16;
/// Messages of one exchange, as in Zeek.
const MAX_MESSAGES: usize = 50;

/// An exchange that may not be over.
#[derive(Debug)]
struct Open {
    xid: u32,
    hardware: Vec<u8>,
    first: Time,
    at: Origin,
    /// The connection of its first message.
    flow: Flow,
    row: Dhcp,
}

impl Open {
    /// True when a look before `now` found the exchange over.
    fn is_over(&self, now: Time) -> bool {
        let (since_first, quiet_from) =
            (now.since(self.first).0, self.row.duration.unwrap_or_default().0);
        let ends = |look: i64| look - quiet_from > LOOK.0 || look > WATCH.0;
        let mut look = FIRST_LOOK.0;
        while look <= since_first {
            if ends(look) {
                return true;
            }
            look += LOOK.0;
        }
        false
    }

    fn emit(self, out: &mut dyn Sink) {
        let body = Body::Dhcp(self.row);
        let (ts, at) = (Some(self.first), self.at);
        out.event(Event { ts, at, also: Vec::new(), flow: self.flow, body });
    }
}

/// The exchanges of a capture, over all connections: a client asks without an address, and a server
/// may answer by broadcast.
#[derive(Debug, Default)]
pub struct Exchanges {
    /// In the order of their beginnings.
    open: Vec<Open>,
}

impl Exchanges {
    /// The capture is at its end.
    pub fn finish(&mut self, out: &mut dyn Sink) {
        self.open.drain(..).for_each(|open| open.emit(out));
    }

    /// Sends the exchanges that are over at `now`.
    fn end_before(&mut self, now: Time, out: &mut dyn Sink) {
        let is_over = |o: &mut Open| o.is_over(now);
        self.open.extract_if(.., is_over).for_each(|open| open.emit(out));
    }
}

/// One connection's state.
#[derive(Debug, Default)]
struct Messages {
    is_odd_said: bool,
}

impl Analyzer for Messages {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let Some(message) = Message::parse(data) else {
            if !std::mem::replace(&mut self.is_odd_said, true) {
                cx.weird("DHCP", "dhcp_malformed_message", None);
            }
            return Step::Done;
        };
        // A message without a type is BOOTP's, which gives no leases.
        let Some(&[number]) = message.option(option::TYPE) else { return Step::Done };
        cx.service.insert("dhcp");
        let exchanges = &mut cx.shared.exchanges;
        exchanges.end_before(cx.ts, cx.out);
        let hardware = message.hardware.get(..MAX_HARDWARE).unwrap_or(message.hardware);
        let is_same = |o: &Open| {
            o.xid == message.xid && o.hardware == hardware && o.row.msg_types.len() < MAX_MESSAGES
        };
        let at = exchanges.open.iter().position(is_same);
        let at = at.unwrap_or_else(|| {
            if exchanges.open.len() >= MAX_OPEN {
                exchanges.open.remove(0).emit(cx.out);
            }
            exchanges.open.push(Open {
                xid: message.xid,
                hardware: hardware.to_vec(),
                first: cx.ts,
                at: cx.at,
                flow: cx.flow.clone(),
                row: Dhcp::default(),
            });
            exchanges.open.len() - 1
        });
        if let Some(open) = exchanges.open.get_mut(at) {
            open.row.duration = Some(cx.ts.since(open.first));
            let name = TYPES.get(usize::from(number).wrapping_sub(1));
            let name = name.map_or_else(|| format!("unknown-{number}").into(), |n| (*n).into());
            open.row.msg_types.push(name);
            let sender = if dir == Dir::Orig { cx.flow.orig } else { cx.flow.resp };
            take(&mut open.row, &message, sender.addr);
        }
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

/// Puts what a message says into its row; the last one counts.
fn take(row: &mut Dhcp, m: &Message<'_>, sender: Option<IpAddr>) {
    let addr = |a: Ipv4Addr| (!a.is_unspecified()).then_some(IpAddr::V4(a));
    let addr_in = |n| addr(Ipv4Addr::from(*m.option(n)?.first_chunk::<4>()?));
    if m.is_request {
        let from = sender.filter(|a| !a.is_unspecified() && !m.is_relayed);
        set(&mut row.client_addr, from.or_else(|| addr(m.client)));
        let named = m.option(option::CLIENT_ID).and_then(|id| id.strip_prefix(&[ETHERNET]));
        set(&mut row.mac, hardware(named.filter(|h| h.len() == 6).unwrap_or(m.hardware)));
        set(&mut row.host_name, words(m.option(option::HOST_NAME)));
        let name = m.option(option::FQDN).and_then(wire::full_name);
        set(&mut row.client_fqdn, words(name.as_deref()));
        set(&mut row.requested_addr, addr_in(option::REQUESTED));
        set(&mut row.client_message, words(m.option(option::MESSAGE)));
        set(&mut row.client_software, words(m.option(option::VENDOR)));
        return;
    }
    set(&mut row.domain, words(m.option(option::DOMAIN)));
    set(&mut row.server_message, words(m.option(option::MESSAGE)));
    set(&mut row.server_software, words(m.option(option::VENDOR)));
    if let Some(yours) = addr(m.yours) {
        row.assigned_addr = Some(yours);
        row.client_addr.get_or_insert(yours);
        let from = sender.filter(|_| !m.is_relayed);
        set(&mut row.server_addr, from.or_else(|| addr_in(option::SERVER)));
    }
    if row.mac.is_none() {
        row.mac = hardware(m.hardware);
    }
    let lease = m.option(option::LEASE).and_then(|v| v.first_chunk::<4>());
    set(&mut row.lease_time, lease.map(|v| Interval::from_secs(u32::from_be_bytes(*v).into())));
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

/// Text of an option; some senders end it with a zero.
fn words(value: Option<&[u8]>) -> Option<Text> {
    let value = value?;
    let value = value.strip_suffix(b"\0").unwrap_or(value);
    (!value.is_empty()).then(|| text::from_bytes(value))
}

fn hardware(bytes: &[u8]) -> Option<Text> {
    let mut out = String::new();
    for (i, b) in bytes.iter().enumerate() {
        let _ = write!(out, "{}{b:02x}", if i > 0 { ":" } else { "" });
    }
    (!out.is_empty()).then(|| out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::StringSet;
    use crate::proto::Carried;
    use crate::proto::Shared;
    use crate::proto::drive::Kept;
    use crate::proto::testing::{Said, talk};

    fn message(op: u8, xid: u8, yours: [u8; 4], options: &[u8]) -> Vec<u8> {
        let mut m = vec![0; 236];
        m[..8].copy_from_slice(&[op, 1, 6, 0, 0, 0, 0, xid]);
        m[16..20].copy_from_slice(&yours);
        m[28..34].copy_from_slice(&[0x90, 0xb1, 0x1c, 0x99, 0x49, 0x29]);
        m.extend([99, 130, 83, 99]);
        m.extend(options);
        m.push(255);
        m
    }

    #[test]
    fn an_exchange_is_one_row() {
        let request = message(1, 7, [0; 4], b"\x35\x01\x03\x0c\x02pc\x32\x04\x0a\0\0\x09");
        let ack =
            message(2, 7, [10, 0, 0, 9], b"\x35\x01\x05\x33\x04\0\0\x03\x84\x36\x04\x0a\0\0\x01");
        let said = [Said::Data(Dir::Orig, &request), Said::Data(Dir::Resp, &ack)];
        let got = talk(&PROTOCOL, &said, usize::MAX);
        assert_eq!(got.len(), 1, "{got:#?}");
        for part in [
            "client_addr=10.0.0.9 server_addr=10.0.0.1 mac=90:b1:1c:99:49:29 host_name=pc",
            "requested_addr=10.0.0.9 assigned_addr=10.0.0.9",
            "msg_types=REQUEST,ACK",
        ] {
            assert!(got[0].contains(part), "{}", got[0]);
        }
    }

    /// Hands messages to one connection each, with what connections share; gives the rows.
    fn over_connections(messages: &[Vec<u8>]) -> Vec<Event> {
        let (mut shared, mut out) = (Shared::default(), Kept::default());
        let mut service = StringSet::default();
        for message in messages {
            let mut cx = Cx {
                flow: &Flow::default(),
                ts: Time(0),
                at: Origin::default(),
                service: &mut service,
                shared: &mut shared,
                carried: &mut Carried::default(),
                out: &mut out,
            };
            Messages::default().data(Dir::Orig, message, &mut cx);
        }
        shared.finish(&mut out);
        out.events
    }

    #[test]
    fn an_exchange_ends_by_silence_or_after_half_a_minute() {
        let open = |last: i64| {
            let duration = Some(Interval::from_secs(last));
            let row = Dhcp { duration, ..Dhcp::default() };
            let (first, at, flow) = (Time(0), Origin::default(), Flow::default());
            Open { xid: 1, hardware: Vec::new(), first, at, flow, row }
        };
        let is_over = |last, now| open(last).is_over(Time::from_secs(now));
        assert!(!is_over(0, 9) && is_over(0, 10));
        assert!(is_over(4, 10) && !is_over(5, 14) && is_over(5, 15));
        assert!(!is_over(30, 34) && is_over(34, 35));
    }

    #[test]
    fn an_answer_by_broadcast_joins_its_request() {
        let request = message(1, 7, [0; 4], &[53, 1, 3]);
        let ack = message(2, 7, [10, 0, 0, 9], &[53, 1, 5]);
        let mut others = ack.clone();
        others[33] += 1;
        let rows = over_connections(&[request, ack, others]);
        let types = rows.iter().map(|e| match &e.body {
            Body::Dhcp(d) => d.msg_types.join(","),
            other => panic!("{other:?}"),
        });
        assert_eq!(types.collect::<Vec<_>>(), ["REQUEST,ACK", "ACK"]);
        let many: Vec<_> = (0..=MAX_OPEN)
            .map(|n| {
                let mut m = message(1, 1, [0; 4], &[53, 1, 1]);
                m[4..6].copy_from_slice(&(n as u16).to_be_bytes());
                m
            })
            .collect();
        assert_eq!(over_connections(&many).len(), MAX_OPEN + 1);
    }

    #[test]
    fn open_exchanges_and_their_messages_are_bounded() {
        for (n, rows) in [(MAX_MESSAGES, 1), (MAX_MESSAGES + 1, 2)] {
            let discover = message(1, 1, [0; 4], &[53, 1, 1]);
            let said: Vec<_> = (0..n).map(|_| Said::Data(Dir::Orig, &discover)).collect();
            assert_eq!(talk(&PROTOCOL, &said, usize::MAX).len(), rows);
        }
    }

    #[test]
    fn only_messages_with_a_known_operation_are_dhcp() {
        assert_eq!(probe_of(&message(3, 1, [0; 4], &[])), Probe::No);
        assert_eq!(probe_of(&message(2, 1, [0; 4], &[])), Probe::Yes);
    }

    fn probe_of(bytes: &[u8]) -> Probe {
        (PROTOCOL.probe)(Dir::Orig, bytes)
    }
}
