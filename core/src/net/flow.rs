//! One connection: what its packets added up to, and the record made of it.

use super::conversation::Conversation;
use super::history::{History, Scaled};
use super::key::{Key, Tuple};
use super::reassembly::{Mark, Stream};
use super::tcp::{State, Tcp};
use super::tunnel_path::TunnelPath;
use super::{community_id, icmp, locality};
use crate::event::{self, Body, Conn, Event, Origin, StringSet, Transport, Uid};
use crate::time::{Interval, Time};

/// Silence that ends an exchange of UDP, ICMP or another protocol without connections: Zeek's
/// `udp_inactivity_timeout` and its likes.
const SILENCE: Interval = Interval::from_secs(60);

/// Ports of DNS and its kin. Zeek looks at an exchange there every [`DNS_LOOK`] from its start on
/// (`dns_session_timeout`), and ends it after [`DNS_QUIET`] of silence.
const DNS: [u16; 4] = [53, 137, 5353, 5355];
/// See [`DNS`].
const DNS_LOOK: i64 = Interval::from_secs(10).0;
/// See [`DNS`].
const DNS_QUIET: Interval = Interval::from_secs(9);

/// How it is known who began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Its SYN, or a first packet that nothing speaks against.
    Observed,
    /// By which port is usually a server's.
    Inferred,
    /// The start was not seen: the first packet's sender.
    Assumed,
}

/// Packets of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) packets: u64,
    pub(crate) ip_bytes: u64,
    /// Payload without TCP's, which sequence numbers tell.
    pub(crate) payload: u64,
    /// True once a packet carried a payload or came at all, for protocols other than TCP.
    pub(crate) is_active: bool,
    /// Packets whose checksum is wrong.
    pub(crate) bad_checksums: Scaled,
    /// True once a checksum was right: wrong ones are then damage, and not a sender that leaves
    /// them to its network card.
    pub(crate) has_good_checksum: bool,
}

/// What only TCP has.
#[derive(Debug, Default)]
pub(crate) struct TcpFlow {
    pub(crate) tcp: Tcp,
    pub(crate) orig: Stream,
    pub(crate) resp: Stream,
    /// A side closed while data of it was still to come.
    pub(crate) is_close_deferred: bool,
    /// All of that side's bytes were delivered after its end: originator, responder.
    pub(crate) did_end: [bool; 2],
    pub(crate) missed: u64,
    /// Oddities told already.
    oddities: Vec<&'static str>,
}

/// One connection.
pub(crate) struct Flow {
    /// Originator and responder.
    pub(crate) tuple: Tuple,
    pub(crate) key: Key,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// False when a packet had no time: nothing is then said about duration.
    pub(crate) is_timed: bool,
    pub(crate) at: Origin,
    /// Its latest packet.
    pub(crate) last_at: Origin,
    pub(crate) history: History,
    pub(crate) orig: Count,
    pub(crate) resp: Count,
    pub(crate) tcp: Option<Box<TcpFlow>>,
    pub(crate) conversation: Option<Box<Conversation>>,
    /// True when no more is to be read of it.
    pub(crate) is_read: bool,
    pub(crate) service: StringSet,
    pub(crate) direction: Direction,
    pub(crate) vlans: [Option<u16>; 2],
    pub(crate) tunnels: Option<Box<TunnelPath>>,
    pub(crate) icmp_errors: Option<Box<StringSet>>,
}

impl TcpFlow {
    /// True when this oddity was not told of this connection before.
    pub(crate) fn is_new_oddity(&mut self, name: &'static str) -> bool {
        let is_new = !self.oddities.contains(&name);
        if is_new {
            self.oddities.push(name);
        }
        is_new
    }

    /// A side has closed; that counts once nothing of it is still to come.
    pub(crate) fn close(&mut self, is_orig: bool, last: Time) {
        self.is_close_deferred = self.is_pending(is_orig);
        if !self.is_close_deferred {
            self.tcp.close(is_orig, last);
        }
    }

    /// Looks whether a side's end, put off until its data came, has come.
    pub(crate) fn check_end(&mut self, is_orig: bool, last: Time) {
        let side = usize::from(!is_orig);
        let done = self.did_end.get_mut(side);
        let is_ending = self.tcp.pair(is_orig).0.is_ending();
        if done.is_none_or(|done| *done) || !is_ending || self.is_pending(is_orig) {
            return;
        }
        if let Some(done) = self.did_end.get_mut(side) {
            *done = true;
        }
        if std::mem::take(&mut self.is_close_deferred) {
            self.tcp.close(is_orig, last);
        }
    }

    /// The sender's stream.
    pub(crate) const fn stream(&mut self, is_orig: bool) -> &mut Stream {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    /// True while bytes of that side are still to be delivered or acknowledged, so that its end
    /// does not count yet.
    pub(crate) fn is_pending(&self, is_orig: bool) -> bool {
        let (side, _) = self.tcp.pair(is_orig);
        let (mine, theirs) =
            if is_orig { (&self.orig, &self.resp) } else { (&self.resp, &self.orig) };
        let sent = side.sent();
        mine.is_behind(sent)
            || (mine.has_reached(sent) && side.state != State::Reset && theirs.is_unacknowledged())
    }
}

impl Flow {
    /// A connection that has had no packet yet, its first packet's sender the originator.
    pub(crate) fn new(tuple: Tuple, mark: Mark, vlans: [Option<u16>; 2]) -> Self {
        Self {
            tuple,
            key: tuple.key(),
            first: mark.ts,
            last: mark.ts,
            is_timed: true,
            at: mark.at,
            last_at: mark.at,
            history: History::default(),
            orig: Count::default(),
            resp: Count::default(),
            tcp: None,
            conversation: None,
            is_read: true,
            service: StringSet::default(),
            direction: Direction::Observed,
            vlans,
            tunnels: None,
            icmp_errors: None,
        }
    }

    /// The sender's counts.
    pub(crate) const fn count(&mut self, is_orig: bool) -> &mut Count {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    /// True when a packet at `ts` belongs to another connection: this one's own packets ended it.
    pub(crate) fn is_over(&self, ts: Time) -> bool {
        match &self.tcp {
            Some(t) => t.tcp.is_over(self.first, self.last, self.tuple.dst.1, ts),
            // The shortest silence first: nearly every packet comes before it.
            None if ts < self.last.plus(DNS_QUIET) => false,
            None if self.is_dns() => ts >= self.first_quiet_look() || ts >= self.last.plus(SILENCE),
            None => ts >= self.last.plus(SILENCE),
        }
    }

    fn is_dns(&self) -> bool {
        self.tuple.transport == Transport::Udp && DNS.contains(&self.tuple.dst.1)
    }

    /// The first of Zeek's looks at a DNS exchange that finds it quiet.
    fn first_quiet_look(&self) -> Time {
        let quiet = self.last.plus(DNS_QUIET).since(self.first).0.max(1);
        let looks = quiet.saturating_add(DNS_LOOK - 1) / DNS_LOOK;
        self.first.plus(Interval(looks.saturating_mul(DNS_LOOK)))
    }

    /// The sides change places.
    pub(crate) fn flip(&mut self) {
        self.tuple = self.tuple.reversed();
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// Its identity on the event line.
    pub(crate) fn identity(&self) -> event::Flow {
        let salt = [self.first.0.cast_unsigned(), self.at.item];
        let (orig, resp) = self.tuple.endpoints();
        event::Flow {
            uid: Some(Uid::Ours(self.key.stable_hash(salt))),
            community_id: community_id::of(&self.tuple),
            transport: Some(self.tuple.transport),
            orig,
            resp,
            ..event::Flow::default()
        }
    }

    /// Its record. `end` is the time of the capture's last packet, where the capture ended before
    /// the connection was seen to.
    pub(crate) fn into_event(mut self, end: Option<Time>) -> Event {
        let flow = match self.conversation.take() {
            Some(conversation) => {
                let (flow, service) = conversation.into_parts();
                service.iter().for_each(|name| self.service.insert(name));
                flow
            }
            None => self.identity(),
        };
        let ts = self.is_timed.then_some(self.first);
        let at = self.at;
        Event { ts, at, also: Vec::new(), flow, body: Body::Conn(self.record(end)) }
    }

    fn record(self, end: Option<Time>) -> Conn {
        let duration = Some(self.last.since(self.first)).filter(|d| d.0 > 0 && self.is_timed);
        let sizes = self.sizes();
        let errors = self.icmp_errors.as_deref().cloned().unwrap_or_default();
        let (answered, refused) = self.outcome(&errors);
        Conn {
            duration,
            // As Zeek: a single moment has no sizes.
            orig_bytes: duration.map(|_| sizes.0),
            resp_bytes: duration.map(|_| sizes.1),
            conn_state: Some(self.conn_state()),
            local_orig: Some(locality::is_local(self.tuple.src.0)),
            local_resp: Some(locality::is_local(self.tuple.dst.0)),
            missed_bytes: Some(self.tcp.as_ref().map_or(0, |t| t.missed)),
            history: self.history.text(),
            orig_pkts: Some(self.orig.packets),
            orig_ip_bytes: Some(self.orig.ip_bytes),
            resp_pkts: Some(self.resp.packets),
            resp_ip_bytes: Some(self.resp.ip_bytes),
            tunnel_parents: self.tunnels.as_ref().map(|t| t.texts()).unwrap_or_default(),
            vlan: self.vlans[0],
            inner_vlan: self.vlans[1],
            answered,
            refused,
            direction: Some(match self.direction {
                Direction::Observed => "observed",
                Direction::Inferred => "inferred",
                Direction::Assumed => "assumed",
            }),
            partial: Some(end.is_some_and(|end| !self.is_ended() && !self.is_over(end))),
            icmp_errors: errors,
            service: self.service,
            ..Conn::default()
        }
    }

    fn sizes(&self) -> (u64, u64) {
        match &self.tcp {
            Some(t) => (t.tcp.orig.size(&t.tcp.resp), t.tcp.resp.size(&t.tcp.orig)),
            None => (self.orig.payload, self.resp.payload),
        }
    }

    fn conn_state(&self) -> &'static str {
        match (&self.tcp, self.tuple.transport) {
            (Some(t), _) => t.tcp.conn_state(&self.history),
            (None, Transport::Udp) => match (self.orig.is_active, self.resp.is_active) {
                (true, true) => "SF",
                (true, false) => "S0",
                (false, true) => "SHR",
                (false, false) => "OTH",
            },
            _ => "OTH",
        }
    }

    /// Both sides closed, or one reset it.
    fn is_ended(&self) -> bool {
        self.tcp.as_ref().is_some_and(|t| {
            let reset = [t.tcp.orig.state, t.tcp.resp.state].contains(&State::Reset);
            reset || t.tcp.is_closed()
        })
    }

    /// Whether the responder answered, and whether that was a refusal.
    fn outcome(&self, errors: &StringSet) -> (Option<bool>, Option<bool>) {
        let is_rejected = self.conn_state() == "REJ" || errors.iter().any(icmp::is_refusal);
        let answered = match &self.tcp {
            _ if self.resp.packets > 0 => Some(true),
            // Midstream: it acknowledges answers that this capture does not hold.
            Some(t) if t.tcp.orig.state != State::SynSent && t.tcp.is_partial => None,
            _ => Some(is_rejected),
        };
        let refused = if is_rejected { Some(true) } else { answered.map(|_| false) };
        (answered, refused)
    }
}
