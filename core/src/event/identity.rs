//! What makes two events the same thing: so that a capture dropped with its own logs counts once.

use super::{Body, Event};
use crate::order::Order;
use crate::stable::stable;
use crate::time::{Interval, Moment};

/// How far apart two sources may put the same thing. A web server writes its line when the reply
/// is sent and with whole seconds; a sensor writes the time of the first packet.
pub const SAME_WITHIN: Interval = Interval::from_secs(2);

/// The identity of an event over sources, its time apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identity(pub u64);

impl Event {
    /// Its kind and the protocol's own key. Two events are the same when their identities are
    /// equal, their sources differ, and their times are within [`SAME_WITHIN`] (or both lack one).
    ///
    /// The key holds only what all sources of a kind tell: an access log names neither ports nor
    /// the server, a server's FTP log has its own form of paths.
    pub fn identity(&self) -> Identity {
        let from = self.flow.orig.addr;
        let kind = self.body.kind();
        Identity(match &self.body {
            Body::Dns(d) => stable(&(kind, self.ends(), &d.query, d.qtype, d.trans_id)),
            Body::Ftp(f) => stable(&(kind, from, &f.command, f.reply_code)),
            Body::Dhcp(d) => stable(&(kind, &d.mac, &d.msg_types)),
            Body::Http(h) => stable(&(kind, from, &h.method, &h.uri)),
            Body::Kerberos(k) => stable(&(kind, self.ends(), &k.request_type, &k.service)),
            Body::Login(l) => stable(&(kind, self.ends(), &l.username, l.success)),
            Body::Ntlm(n) => stable(&(kind, self.ends(), &n.username)),
            Body::Ntp(n) => stable(&(kind, self.ends(), n.mode, n.xmt_time)),
            Body::Smtp(s) => stable(&(kind, self.ends(), s.trans_depth)),
            // Zeek tells the SHA-256 and Suricata the SHA-1, and each writes names in its own form.
            Body::X509(x) => match &x.serial {
                Some(serial) => stable(&(kind, serial, x.not_valid_after)),
                None => stable(&(kind, &x.fingerprint, &x.sha1)),
            },
            Body::Weird(w) => stable(&(kind, self.ends(), &w.name)),
            _ => stable(&(kind, self.ends())),
        })
    }

    /// The connection's ends without direction, which sources may judge differently; the
    /// Community ID only where there are no addresses, since it says no more than they do.
    fn ends(&self) -> impl std::hash::Hash + use<> {
        let (a, b) = (self.flow.orig, self.flow.resp);
        let id = if a.addr.is_none() { self.flow.community_id } else { None };
        (a.min(b), a.max(b), self.flow.transport, id)
    }
}

/// One sighting of something, for counting over sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When.
    pub ts: Moment,
    /// What.
    pub identity: Identity,
    /// Which source.
    pub node: super::NodeId,
}

impl Mark {
    /// The mark of an event.
    pub fn of(e: &Event) -> Self {
        Self { ts: e.ts.into(), identity: e.identity(), node: e.at.node }
    }
}

/// How many different things the marks show: marks of one identity, close in time and from
/// different sources are one; two rows of one source are always two.
pub fn distinct(marks: &[Mark]) -> u64 {
    if marks.iter().all(|m| Some(m.node) == marks.first().map(|first| first.node)) {
        return marks.len() as u64;
    }
    let mut sorted = marks.to_vec();
    sorted.order_by_key(|m| (m.identity, m.ts, m.node));
    let mut things: Vec<(Mark, Vec<super::NodeId>)> = Vec::new();
    for mark in sorted {
        let near = |t: &Mark| {
            t.identity == mark.identity
                && match (t.ts.known(), mark.ts.known()) {
                    (Some(a), Some(b)) => b.since(a) <= SAME_WITHIN,
                    (a, b) => a == b,
                }
        };
        let open = things
            .iter_mut()
            .rev()
            .take_while(|(t, _)| near(t))
            .filter(|(_, n)| !n.contains(&mark.node));
        match open.last() {
            Some((_, nodes)) => nodes.push(mark.node),
            None => things.push((mark, vec![mark.node])),
        }
    }
    things.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;
    use crate::event::NodeId;

    fn count(text: &str) -> u64 {
        distinct(&events(text).iter().map(Mark::of).collect::<Vec<_>>())
    }

    #[test]
    fn a_capture_and_its_log_count_once_and_two_rows_of_one_log_twice() {
        let capture = "@10 conn 10.0.0.1:4000 > 10.0.0.2:80";
        assert_eq!(count(&format!("{capture}\n#2 @11.9 conn 10.0.0.1:4000 > 10.0.0.2:80")), 1);
        assert_eq!(count(&format!("{capture}\n#2 @12.1 conn 10.0.0.1:4000 > 10.0.0.2:80")), 2);
        assert_eq!(count(&format!("{capture}\n@11.9 conn 10.0.0.1:4000 > 10.0.0.2:80")), 2);
        assert_eq!(count(&format!("{capture}\n#2 @10 conn 10.0.0.1:4001 > 10.0.0.2:80")), 2);
    }

    #[test]
    fn repeats_in_two_sources_pair_one_to_one() {
        let twice = "@10 http 10.0.0.1 uri=/a\n@10 http 10.0.0.1 uri=/a";
        assert_eq!(count(&format!("{twice}\n{}", twice.replace('@', "#2 @"))), 2);
        assert_eq!(events("#2 http 10.0.0.1 uri=/a")[0].at.node, NodeId(2));
    }

    #[test]
    fn a_certificate_told_by_two_digests_counts_once() {
        let zeek = "@10 x509 fp=aa serial=0FD0 issuer=CN=CA,C=US after=2024-02-28";
        let other = |words: &str| count(&format!("{zeek}\n#2 @10 x509 sha1=bb {words}"));
        assert_eq!(other("serial=0FD0 issuer=C=US,~CN=CA after=2024-02-28"), 1);
        assert_eq!(other("serial=0FD1 after=2024-02-28"), 2);
        assert_eq!(other("serial=0FD0 after=2024-02-29"), 2);
        assert_eq!(count("@10 x509 fp=aa\n#2 @10 x509 fp=ab"), 2);
    }

    #[test]
    fn without_times_the_same_file_twice_counts_once() {
        let rows = "dns 10.0.0.1 > 9.9.9.9:53 q=a.test\ndns 10.0.0.1 > 9.9.9.9:53 q=b.test";
        assert_eq!(count(&format!("{rows}\n{}", rows.replace("dns", "#2 dns"))), 2);
    }
}
