//! `service-inventory`: which services were seen answering, on which hosts, and how that is known.

use super::kit::addr::{is_external, is_internal};
use super::kit::{
    Few, Host, Observed, Row, Sighting, Tally, Terms, caveat, evidence, finding, plural, span,
    target,
};
use super::{Detector, Rule};
use crate::event::{Body, Conn, Kind, Transport, Uid};
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The rule.
pub const RULE: Rule = Rule {
    id: "service-inventory",
    title: "Service inventory",
    about: "Lists every service of an inside host that was seen answering: host, port, protocol \
            by content where it was recognised, and whether a log says so or packets show it. \
            Marks services for administration and data, and those that outside clients used.",
    benign: "Services are there to be used; this is an inventory, not an accusation.",
    limits: "Shows what was used while it was recorded, not the whole attack surface.",
    attack: &["T1046"],
    reads: &[Kind::Conn, Kind::KnownService],
    new: |settings| Box::new(ServiceInventory::new(settings)),
};

/// Services kept of one host; one that answers on more is counted as answering on every port.
const MAX_SERVICES: usize = 256;
/// Services of one host from which on it answers whatever is asked: a trap, a proxy, a scanner's
/// own address rewritten. They are told as one.
const EVERY_PORT: usize = 100;
/// Highest port that is handed out to services; above, the direction may be mistaken, and it
/// takes a recognised protocol or two clients to call a port a service.
const LAST_SERVICE_PORT: u16 = 1023;
/// Clients needed above that.
const MIN_CLIENTS: usize = 2;
/// Services listed one by one.
const MAX_LISTED: usize = 200;
/// Names kept of one service: sources spell it in a few ways.
const MAX_NAMES: usize = 8;
/// Clients remembered of one service.
const MAX_CLIENTS: usize = 64;

/// Services that give control over a host or its data, by port: what to look at first.
const SENSITIVE: &[(u16, &str)] = &[
    (21, "FTP"),
    (23, "Telnet"),
    (135, "RPC"),
    (139, "NetBIOS"),
    (161, "SNMP"),
    (389, "LDAP"),
    (445, "SMB"),
    (512, "rexec"),
    (513, "rlogin"),
    (514, "rsh"),
    (873, "rsync"),
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2049, "NFS"),
    (2375, "Docker"),
    (3306, "MySQL"),
    (3389, "RDP"),
    (5432, "PostgreSQL"),
    (5900, "VNC"),
    (5985, "WinRM"),
    (5986, "WinRM"),
    (6379, "Redis"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

/// A service of a host.
type Port = (Transport, u16);

#[derive(Debug, Default)]
struct Service {
    seen: Sighting,
    names: Few<Box<str>>,
    clients: Few<Host>,
    from_outside: bool,
    by_packets: bool,
    by_inventory: bool,
}

struct ServiceInventory {
    hosts: Tally<Host, Port, Service>,
}

impl ServiceInventory {
    const fn new(settings: &Settings) -> Self {
        Self { hosts: Tally::new(settings.caps.keys, MAX_SERVICES) }
    }
}

impl Detector for ServiceInventory {
    fn observe(&mut self, e: &Observed<'_>) {
        let (Some(host), Some(port), Some(transport)) =
            (Host::resp(e), e.flow.resp.port, e.flow.transport)
        else {
            return;
        };
        let (names, is_ours): (Vec<&str>, bool) = match &e.body {
            Body::KnownService(s) => (s.service.iter().collect(), true),
            Body::Conn(c) if is_answer(c, transport) => {
                (c.service.iter().collect(), is_internal(host.addr) || c.local_resp == Some(true))
            }
            _ => return,
        };
        if !is_ours || !matches!(transport, Transport::Tcp | Transport::Udp | Transport::Sctp) {
            return;
        }
        let Some(s) = self.hosts.offer(host, (transport, port)) else { return };
        s.seen.see(e);
        s.names.extend(names.into_iter().map(|n| Box::from(n.to_ascii_lowercase())), MAX_NAMES);
        s.by_inventory |= matches!(e.body, Body::KnownService(_));
        s.by_packets |= matches!(e.flow.uid, Some(Uid::Ours(_)));
        s.from_outside |= e.flow.orig.addr.is_some_and(is_external);
        s.clients.extend(Host::orig(e), MAX_CLIENTS);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut listed: Vec<(&Host, Port, &Service)> = Vec::new();
        let mut everything: BTreeMap<&Host, usize> = BTreeMap::new();
        for (host, group) in self.hosts.iter() {
            let services: Vec<_> =
                group.members().into_iter().filter(|(p, s)| is_service(**p, s)).collect();
            if services.len() >= EVERY_PORT {
                everything.insert(host, services.len());
            } else {
                listed.extend(services.into_iter().map(|(p, s)| (host, *p, s)));
            }
        }
        if !listed.is_empty() || !everything.is_empty() {
            let mut f = describe(&listed, &everything);
            f.missing.extend(self.hosts.loss());
            if f.evidence.rows.is_empty() {
                let first: Option<&Rc<Row>> =
                    self.hosts.iter().find_map(|(_, g)| g.members().first()?.1.seen.first());
                f.evidence = evidence(first.map(|r| r.because("first")), 1, None);
            }
            out.push(f);
        }
    }
}

/// True when the responder served: it answered, did not refuse, and for UDP data came back.
fn is_answer(c: &Conn, transport: Transport) -> bool {
    let replied = c.resp_pkts.is_none_or(|n| n > 0);
    let is_open = c.refused != Some(true) && !matches!(c.conn_state, Some("REJ" | "OTH" | "S0"));
    // A reset alone answers and serves nothing: the history then shows neither SYN-ACK nor data.
    let is_served = transport != Transport::Tcp
        || c.history.as_deref().is_none_or(|h| h.is_empty() || h.contains(['h', 'd', 'a']));
    c.answered == Some(true) && is_open && is_served && (transport != Transport::Udp || replied)
}

fn is_service((_, port): Port, s: &Service) -> bool {
    // The data side of FTP comes and goes with each transfer.
    let is_passing = s.names.iter().any(|n| &**n == "ftp-data");
    let is_known = s.by_inventory
        || !s.names.is_empty()
        || port <= LAST_SERVICE_PORT
        || sensitive((Transport::Tcp, port)).is_some();
    !is_passing && (is_known || s.clients.len() >= MIN_CLIENTS)
}

fn describe(listed: &[(&Host, Port, &Service)], everything: &BTreeMap<&Host, usize>) -> Finding {
    let hosts: BTreeSet<&Host> =
        listed.iter().map(|l| l.0).chain(everything.keys().copied()).collect();
    let basis =
        match (listed.iter().all(|l| !l.2.by_packets), listed.iter().all(|l| l.2.by_packets)) {
            (true, false) => ", reported by a log",
            (false, true) => ", seen in packets",
            _ => "",
        };
    let mut f = finding(RULE.id, "inventory");
    f.title = format!(
        "Service inventory: {} on {}{basis}",
        plural(listed.len(), "service"),
        plural(hosts.len(), "host")
    );
    let exposed = listed.iter().filter(|l| l.2.from_outside).count();
    let powerful = listed.iter().filter(|l| sensitive(l.1).is_some()).count();
    let both = listed.iter().filter(|l| l.2.from_outside && sensitive(l.1).is_some()).count();
    f.summary = format!(
        "Seen answering: {} on {}. Giving control over a host or its data: {powerful}. Used by \
         outside clients: {exposed}. Seen is not all: a service that nobody used does not show.",
        plural(listed.len(), "service"),
        plural(hosts.len(), "host")
    );
    f.severity = if both > 0 { Severity::Low } else { Severity::Info };
    f.confidence = Confidence::Medium;
    let mut t = Terms::default();
    for (host, port, s) in listed.iter().take(MAX_LISTED) {
        let basis = if s.by_packets { Basis::Observed } else { Basis::Reported };
        t.say("service", text(host, *port, s), basis);
        t.note(remarks(*port, s));
    }
    for (host, n) in everything {
        t.say("answers on every port", format!("{host}: {n} ports"), Basis::Observed);
        t.note("told as one: a trap, a proxy or a filter answers, not that many services");
    }
    if listed.len() > MAX_LISTED {
        f.missing.push(format!("{} more services: see the records.", listed.len() - MAX_LISTED));
    }
    f.facts = t.0;
    f.when = span(listed.iter().map(|l| &l.2.seen));
    f.subjects = hosts.iter().take(50).map(|h| target("address", h.addr)).collect();
    let rows = listed.iter().filter_map(|l| Some(l.2.seen.first()?.because("first")));
    f.evidence = evidence(rows, listed.iter().map(|l| l.2.seen.count()).sum(), None);
    f.caveats.push(caveat(
        "Most services are meant to be there.",
        "Hold the list against what should run; ask the owner of each that is not on it.",
    ));
    f
}

fn text(host: &Host, (transport, port): Port, s: &Service) -> String {
    let names: Vec<&str> = s.names.iter().map(|n| &**n).collect();
    let name =
        if names.is_empty() { "protocol not recognised".to_owned() } else { names.join(", ") };
    format!("{} {port}/{} {name}", host, transport.name())
}

fn remarks(port: Port, s: &Service) -> String {
    let mut parts = vec![match (s.by_inventory, s.by_packets) {
        (_, true) => "packets show its answer".to_owned(),
        (true, false) => "reported by a log of services".to_owned(),
        (false, false) => "reported by a log or flow records".to_owned(),
    }];
    if !s.clients.is_empty() {
        let more = if s.clients.len() == MAX_CLIENTS { "or more " } else { "" };
        parts.push(format!("{} {more}used it", plural(s.clients.len(), "client")));
    }
    if s.from_outside {
        parts.push("outside clients among them".to_owned());
    }
    if let Some(name) = sensitive(port) {
        parts.push(format!("the port of {name}: gives control over a host or its data"));
    }
    parts.join("; ")
}

fn sensitive((_, port): Port) -> Option<&'static str> {
    SENSITIVE.iter().find(|(p, _)| *p == port).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, judge, lines};

    fn run(text: &str) -> Vec<Finding> {
        judge(|| (RULE.new)(&Settings::default()), &events(text))
    }

    #[test]
    fn the_articles_sample() {
        let found = run("@0 known_services > 192.168.20.1:53 udp service=DNS
            @1 known_services > 192.168.20.1:67 udp service=DHCP
            @2 known_services > 192.168.20.1:443 service=SSL
            @3 known_services > 192.168.47.189:80 service=HTTP");
        assert_eq!(
            lines(&found),
            "Info/Medium Service inventory: 4 services on 2 hosts, reported by a log\n"
        );
        let facts: Vec<&str> = found[0].facts.iter().map(|f| f.value.as_str()).collect();
        assert!(
            facts.contains(&"192.168.20.1 53/udp dns")
                && facts.contains(&"192.168.47.189 80/tcp http")
        );
        assert!(found[0].facts.iter().all(|f| f.basis == Basis::Reported));
    }

    #[test]
    fn what_is_a_service_and_what_is_not() {
        let n = |text: &str| run(text).first().map_or(0, |f| f.facts.len());
        assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:22 answered odata=1 rdata=1"), 1);
        // A high port takes a protocol or two clients.
        assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:8443 answered odata=1 rdata=1"), 0);
        assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:8443 answered odata=1 rdata=1 service=ssl"), 1);
        assert_eq!(n("@0 conn 10.0.0.{8,9}:* > 10.0.0.1:8443 answered odata=1 rdata=1"), 1);
        for no in [
            "@0 conn 10.0.0.9:* > 10.0.0.1:22 unanswered",
            "@0 conn 10.0.0.9:* > 10.0.0.1:22 refused",
            "@0 conn 10.0.0.9:* > 10.0.0.1:22 answered history=Fr",
            "@0 conn 10.0.0.9:* > 198.51.100.1:443 answered odata=1 rdata=1",
            "@0 conn 10.0.0.9:20 > 10.0.0.1:50000 answered odata=1 rdata=1 service=ftp-data",
            "@0 conn 10.0.0.9:* > 10.0.0.1:22 opkts=4",
        ] {
            assert_eq!(n(no), 0, "{no}");
        }
    }

    #[test]
    fn outside_use_of_a_sensitive_service_is_more_than_information() {
        assert!(
            lines(&run("@0 conn 192.0.2.9:* > 10.0.0.1:3389 answered odata=9 rdata=9"))
                .starts_with("Low/")
        );
        assert!(
            lines(&run("@0 conn 10.0.0.9:* > 10.0.0.1:3389 answered odata=9 rdata=9"))
                .starts_with("Info/")
        );
        assert!(
            lines(&run("@0 conn 192.0.2.9:* > 10.0.0.1:443 answered odata=9 rdata=9"))
                .starts_with("Info/")
        );
    }

    #[test]
    fn a_host_that_answers_on_every_port_is_told_as_one() {
        let n = |to: usize| {
            run(&format!("@0 conn 10.0.0.9:* > 10.0.0.1:{{1..{to}}} answered odata=0 rdata=0"))[0]
                .facts
                .len()
        };
        assert_eq!((n(99), n(100)), (99, 1));
    }

    #[test]
    fn two_sites_private_servers_are_two() {
        let at = |site: &str| format!("known_services * > 10.0.0.1:22 service=ssh site={site}\n");
        let found =
            judge(|| (RULE.new)(&Settings::default()), &events(&(at("Basel") + &at("Bern"))));
        assert!(lines(&found).contains("2 services on 2 hosts"), "{}", lines(&found));
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let tight = || {
            let mut s = Settings::default();
            s.caps.keys = 8;
            (RULE.new)(&s)
        };
        judge(
            tight,
            &events("@0 conn 10.0.0.9:* > 10.0.0.{1..9}:{22,80,443} answered odata=1 rdata=1"),
        );
    }
}
