//! The sequential test over first contacts, and the floors that it must come with.

use super::contact::Outcome;
use super::{Probe, Target};
use crate::detect::kit::Host;
use crate::detect::kit::addr::{is_external, is_internal, operator};
use crate::event::Transport;
use crate::order::{Collect, Order};
use crate::time::{Interval, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Chance that a benign source's first contact succeeds, and a scanner's (Jung, Paxson, Berger,
/// Balakrishnan, IEEE S&P 2004, section 4).
const THETA_BENIGN: f64 = 0.8;
const THETA_SCAN: f64 = 0.2;
/// Wanted rate of false alarms and of detection, same place.
const ALPHA: f64 = 0.01;
const BETA: f64 = 0.99;
/// The walk's upper end: ln(β/α). Four failures in a row pass it, so floors stand beside it.
pub(super) fn upper() -> f64 {
    (BETA / ALPHA).ln()
}

/// Window within which the floors must be met.
pub(super) const WINDOW: Interval = Interval::from_secs(3600);
/// Failed targets of an outside source: dead links and retired servers explain four, not more.
pub(super) const FLOOR: usize = 5;
/// Failed ports of one host for an inside source; monitoring and discovery ask for a dozen.
pub(super) const FLOOR_LOCAL: usize = 20;
/// The same within a minute: nothing but a list being worked through is that quick.
pub(super) const FLOOR_BURST: usize = 10;
/// How long a burst is.
const BURST: Interval = Interval::from_secs(60);
/// Failed hosts on one port for an inside source: management tools meet switched-off machines.
pub(super) const FLOOR_LOCAL_HOSTS: usize = 25;
/// Without times, or over more than the window, this many times the floor.
const FLOOR_SLOW: usize = 3;
/// Failed share of all judged contacts.
pub(super) const MIN_FAILED: f64 = 0.6;
/// The same for an inside source whose targets are strangers to each other on the Internet: peers
/// and mail servers that went away, beside others with which it talks. Who tries addresses at random
/// meets one service in hundreds.
const MIN_FAILED_STRANGERS: f64 = 0.9;
/// Networks per host from which on hosts are strangers.
const MIN_STRANGE: f64 = 0.9;
/// Contacts per target above which the same targets are polled again and again: monitoring.
const MAX_ROUNDS: f64 = 5.0;
/// Pairs per host or per port that make a list crossed with a list; peers of a file-sharing net
/// have one port each and one host each.
const MIN_GRID: f64 = 1.5;

/// One first contact: the target, the best that became of it, and the probe.
pub(super) type Contact<'a> = (&'a Target, Outcome, &'a Probe);

/// What a source did that meets the floors.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// The contacts of the matched groups, in order of time.
    pub(super) contacts: Vec<Contact<'a>>,
    /// Highest value of the sequential test.
    pub(super) peak: f64,
    /// Which contact first passed its upper end, from 1.
    pub(super) passed_at: usize,
    /// The floor that was met.
    pub(super) floor: usize,
    /// True when it was met within the window.
    pub(super) is_quick: bool,
}

/// Judges one source's contacts: ports of one host, hosts on one port, then lists of both.
pub(super) fn judge<'a>(source: &Host, contacts: &[Contact<'a>]) -> Option<Walk<'a>> {
    let local = is_internal(source.addr);
    let mut by_host: BTreeMap<_, Vec<Contact<'a>>> = BTreeMap::new();
    let mut by_port: BTreeMap<_, Vec<Contact<'a>>> = BTreeMap::new();
    for c in contacts {
        if c.0.transport != Transport::Icmp {
            by_host.entry((&c.0.host, c.0.transport)).or_default().push(*c);
        }
        by_port.entry((c.0.port, c.0.transport)).or_default().push(*c);
    }
    let host_floor = if local { FLOOR_LOCAL } else { FLOOR };
    let port_floor = if local { FLOOR_LOCAL_HOSTS } else { FLOOR };
    let vertical = by_host.values().filter(|g| test(g, host_floor, local).is_some());
    let sweep = by_port.values().filter(|g| {
        // A datagram without a reply is ordinary: on one port it takes more hosts.
        let is_udp = g.first().is_some_and(|c| c.0.transport == Transport::Udp);
        let is_met = test(g, if is_udp { FLOOR_LOCAL_HOSTS } else { port_floor }, false).is_some();
        is_met && !(local && is_talk_with_strangers(g))
    });
    let matched: BTreeSet<&Target> = vertical.chain(sweep).flatten().map(|c| c.0).into_set();
    let mut chosen: Vec<Contact<'a>> =
        contacts.iter().filter(|c| matched.contains(c.0)).copied().collect();
    if chosen.is_empty() {
        let tcp = contacts.iter().filter(|c| c.0.transport == Transport::Tcp).copied();
        chosen = tcp.collect();
        let floor = if local { 2 * FLOOR_LOCAL } else { FLOOR };
        let is_benign = !is_grid(&chosen) || (local && is_talk_with_strangers(&chosen));
        if is_benign || test(&chosen, floor, false).is_none() {
            return None;
        }
    }
    chosen.order_by_key(|c| c.2.place());
    let floor = if local { host_floor.min(port_floor) } else { FLOOR };
    let (peak, passed_at) = walk(&chosen);
    let failed: Vec<&Contact<'a>> = chosen.iter().filter(|c| is_failed(c.1)).collect();
    let is_quick = most_within(&failed, WINDOW) >= floor.min(FLOOR_BURST);
    Some(Walk { contacts: chosen, peak, passed_at, floor, is_quick })
}

/// Whether a group of first contacts meets all floors.
fn test(group: &[Contact<'_>], floor: usize, has_burst: bool) -> Option<()> {
    let failed: Vec<&Contact<'_>> = group.iter().filter(|c| is_failed(c.1)).collect();
    let judged = group.iter().filter(|c| c.1 != Outcome::Answered).count();
    let rounds: u64 = failed.iter().map(|c| c.2.seen.count()).sum();
    let is_met = failed.len() >= floor.min(if has_burst { FLOOR_BURST } else { floor })
        && failed.len() as f64 >= MIN_FAILED * judged as f64
        && rounds as f64 <= MAX_ROUNDS * failed.len() as f64
        && walk(group).0 >= upper()
        && (failed.len() >= floor * FLOOR_SLOW
            || most_within(&failed, WINDOW) >= floor
            || (has_burst && most_within(&failed, BURST) >= FLOOR_BURST)
            || failed.iter().all(|c| c.2.seen.ts().is_none()));
    is_met.then_some(())
}

/// The sequential test: up a step for a failure, down for a use; a target that answered and was
/// dropped without a byte says neither. Gives the peak, and which contact first passed the end.
fn walk(group: &[Contact<'_>]) -> (f64, usize) {
    let up = ((1.0 - THETA_SCAN) / (1.0 - THETA_BENIGN)).ln();
    let down = (THETA_SCAN / THETA_BENIGN).ln();
    let mut sorted: Vec<&Contact<'_>> = group.iter().collect();
    sorted.order_by_key(|c| c.2.place());
    let (mut at, mut peak, mut passed) = (0.0f64, 0.0f64, 0);
    for (i, c) in sorted.iter().enumerate() {
        at += match c.1 {
            Outcome::Used => down,
            Outcome::Answered => 0.0,
            Outcome::Refused | Outcome::Silent => up,
        };
        // The walk has a lower end too: past good behaviour buys no credit without limit.
        at = at.max(-upper());
        peak = peak.max(at);
        if passed == 0 && at >= upper() {
            passed = i + 1;
        }
    }
    (peak, passed)
}

/// True when nothing came of it.
pub(super) const fn is_failed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused | Outcome::Silent)
}

/// True when hosts all over the Internet were asked, and a part of them gave what was asked for.
fn is_talk_with_strangers(group: &[Contact<'_>]) -> bool {
    let hosts: BTreeSet<IpAddr> = group.iter().map(|c| c.0.host.addr).into_set();
    let networks: BTreeSet<_> =
        hosts.iter().filter(|a| is_external(**a)).map(|a| operator(*a)).into_set();
    let failed = group.iter().filter(|c| is_failed(c.1)).count();
    let judged = group.iter().filter(|c| c.1 != Outcome::Answered).count();
    networks.len() as f64 >= MIN_STRANGE * hosts.len() as f64
        && (failed as f64) < MIN_FAILED_STRANGERS * judged as f64
}

/// Lists crossed: several ports on the same hosts, or the same ports on several hosts.
fn is_grid(group: &[Contact<'_>]) -> bool {
    let failed = || group.iter().filter(|c| is_failed(c.1)).map(|c| c.0);
    let hosts: BTreeSet<&Host> = failed().map(|t| &t.host).into_set();
    let ports: BTreeSet<u16> = failed().map(|t| t.port).into_set();
    let pairs = failed().count() as f64;
    pairs >= MIN_GRID * hosts.len() as f64 || pairs >= MIN_GRID * ports.len() as f64
}

/// Most contacts that fall into one window.
fn most_within(group: &[&Contact<'_>], length: Interval) -> usize {
    let mut times: Vec<Time> = group.iter().filter_map(|c| c.2.seen.ts()).collect();
    times.order();
    let (mut start, mut most) = (0, 0);
    for (i, t) in times.iter().enumerate() {
        while times.get(start).is_some_and(|s| t.since(*s) > length) {
            start += 1;
        }
        most = most.max(i + 1 - start);
    }
    most
}
