//! The tunnels that a connection's packets came through.

use super::Tunnel;
use crate::text::Text;
use std::net::IpAddr;

/// Zeek's `Tunnel::max_changes_per_connection`: a connection that changes its path more often gets
/// an `X` in its history, and further paths are left out.
const MAX_CHANGES: u32 = 5;
/// Tunnels listed of one connection.
const MAX_LISTED: usize = 16;

/// One outer packet's ends, as the connection's originator sees them.
type Outer = (&'static str, (IpAddr, Option<u16>), (IpAddr, Option<u16>));

/// The tunnels around a connection.
#[derive(Debug, Default)]
pub(crate) struct TunnelPath {
    current: Vec<Outer>,
    listed: Vec<Outer>,
    changes: u32,
}

impl TunnelPath {
    /// Takes the tunnels around the connection's next packet; true when there were too many changes.
    pub(crate) fn packet(&mut self, tunnels: &[Tunnel], is_orig: bool) -> bool {
        let is_same = self.current.len() == tunnels.len()
            && self.current.iter().zip(tunnels).all(|(have, t)| *have == outer(t, is_orig));
        if is_same {
            return false;
        }
        let is_first = self.listed.is_empty();
        self.current.clear();
        self.current.extend(tunnels.iter().map(|t| outer(t, is_orig)));
        self.changes = self.changes.saturating_add(u32::from(!is_first));
        if self.changes > MAX_CHANGES {
            return true;
        }
        for outer in &self.current {
            if self.listed.len() < MAX_LISTED && !self.listed.contains(outer) {
                self.listed.push(*outer);
            }
        }
        false
    }

    /// One line a tunnel, such as `vxlan 10.0.0.1:5000>10.0.0.2:4789`; outermost first.
    pub(crate) fn texts(&self) -> Vec<Text> {
        self.listed
            .iter()
            .map(|(kind, a, b)| format!("{kind} {}>{}", end(a), end(b)).into())
            .collect()
    }
}

fn outer(t: &Tunnel, is_orig: bool) -> Outer {
    let (sport, dport) = t.ports.map_or((None, None), |(s, d)| (Some(s), Some(d)));
    let (src, dst) = ((t.src, sport), (t.dst, dport));
    if is_orig { (t.kind.name(), src, dst) } else { (t.kind.name(), dst, src) }
}

fn end((addr, port): &(IpAddr, Option<u16>)) -> String {
    crate::event::Endpoint { addr: Some(*addr), port: *port }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::TunnelKind;

    fn vxlan(ports: (u16, u16), is_back: bool) -> Tunnel {
        let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (src, dst) = if is_back { (b, a) } else { (a, b) };
        Tunnel { kind: TunnelKind::Vxlan, src, dst, ports: Some(ports), id: None }
    }

    #[test]
    fn a_tunnel_used_both_ways_is_one() {
        let mut path = TunnelPath::default();
        path.packet(&[vxlan((5000, 4789), false)], true);
        path.packet(&[vxlan((4789, 5000), true)], false);
        assert_eq!(path.texts(), ["vxlan 10.0.0.1:5000>10.0.0.2:4789".into()]);
        assert_eq!(path.changes, 0);
    }

    #[test]
    fn the_sixth_change_is_one_too_many() {
        let mut path = TunnelPath::default();
        let mut over = (0..7).map(|n| path.packet(&[vxlan((n, 4789), false)], true));
        assert!(over.by_ref().take(6).all(|x| !x));
        assert_eq!(over.next(), Some(true));
    }
}
