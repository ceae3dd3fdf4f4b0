//! What fast flux needs to remember: the different answers of each name, and what clients did next.

use crate::detect::kit::addr::{is_external, is_internal};
use crate::detect::kit::{Few, Host, Observed, Sighting, Tally, names};
use crate::event::{Body, Dns, Event, Transport};
use crate::settings::Settings;
use crate::text::Text;
use crate::time::Interval;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Different answers kept of one name: a day of a name that changes every three minutes.
const MAX_ANSWERS: usize = 480;
/// Addresses taken of one answer: more than fit into a DNS message over UDP.
const MAX_ADDRESSES: usize = 64;
/// Ports kept of one address that was contacted: enough to say "only this one".
const MAX_PORTS: usize = 4;
/// Clients kept of one answer.
const MAX_CLIENTS: usize = 4;
/// Name servers kept of one registered domain.
const MAX_SERVERS: usize = 64;

/// A name as one resolver answers it; the families are apart, since a client asks for both.
type Key = (Text, bool, Option<Host>);

/// The addresses of an answer, sorted: a round robin turns them but changes nothing.
type Set = Vec<IpAddr>;

#[derive(Debug)]
pub(super) struct Memory {
    answers: Tally<Key, Set, Answered>,
    glue: Tally<Text, IpAddr, ()>,
    /// The name servers of each registered domain.
    servers: Tally<Text, Text, ()>,
    contacts: Tally<IpAddr, (Option<Transport>, Option<u16>), u64>,
}

#[derive(Debug, Default)]
struct Answered {
    seen: Sighting,
    max_ttl: Option<Interval>,
    alias: Option<Text>,
    clients: Few<Host>,
}

/// All different answers of one name, by first time and place.
pub(super) struct Answers<'a> {
    pub(super) name: &'a str,
    pub(super) sets: Vec<Answer<'a>>,
    /// Addresses of name servers that came with the answers.
    pub(super) glue: Vec<IpAddr>,
}

pub(super) struct Answer<'a> {
    pub(super) addresses: &'a [IpAddr],
    pub(super) seen: &'a Sighting,
    pub(super) max_ttl: Option<Interval>,
    pub(super) alias: Option<&'a str>,
    clients: &'a [Host],
}

impl Memory {
    pub(super) const fn new(settings: &Settings) -> Self {
        let keys = settings.caps.keys;
        Self {
            answers: Tally::new(keys, MAX_ANSWERS),
            glue: Tally::new(keys, MAX_ANSWERS),
            servers: Tally::new(keys, MAX_SERVERS),
            contacts: Tally::new(keys, MAX_PORTS),
        }
    }

    pub(super) fn observe(&mut self, e: &Observed<'_>) {
        match &e.body {
            Body::Dns(d) => self.answer(e, d),
            Body::Conn(_) => self.contact(e),
            _ => {}
        }
    }

    fn answer(&mut self, e: &Observed<'_>, d: &Dns) {
        let Some(name) = d.query.as_deref().map(|q| q.trim_end_matches('.')) else { return };
        self.name_servers(d, name);
        let mut sets: [(Set, Option<Interval>); 2] = Default::default();
        let mut alias = None;
        for (i, text) in d.answers.iter().enumerate() {
            match text.parse::<IpAddr>() {
                Ok(addr) if is_external(addr) => {
                    let [v4, v6] = &mut sets;
                    let (set, ttl) = if addr.is_ipv6() { v6 } else { v4 };
                    if set.len() < MAX_ADDRESSES {
                        set.push(addr);
                    }
                    *ttl = (*ttl).max(d.ttls.get(i).copied());
                }
                Ok(_) => {}
                Err(_) => alias = Some(text),
            }
        }
        for (is_v6, (mut set, ttl)) in [false, true].into_iter().zip(sets) {
            if set.is_empty() || !name.contains('.') {
                continue;
            }
            set.sort_unstable();
            set.dedup();
            let key = (Text::from(name), is_v6, Host::resp(e));
            if let Some(a) = self.answers.offer(key, set) {
                a.seen.see(e);
                a.max_ttl = a.max_ttl.max(ttl);
                a.alias = a.alias.take().max(alias.cloned());
                a.clients.extend(Host::orig(e), MAX_CLIENTS);
            }
        }
    }

    /// Who answers for the domain, as the authority section says or a question for it, and the
    /// addresses that came along.
    fn name_servers(&mut self, d: &Dns, name: &str) {
        let Some(domain) = names::registrable(name) else { return };
        let is_ns = d.qtype == Some(2) || d.qtype_name.as_deref() == Some("NS");
        let answers = d.answers.iter().filter(|_| is_ns);
        // Other records of these sections are several words.
        for server in d.auth.iter().chain(answers.map(|t| &**t)).map(|t| t.trim_end_matches('.')) {
            if server.contains('.') && !server.contains(' ') && server.parse::<IpAddr>().is_err() {
                self.servers.offer(domain.into(), server.to_ascii_lowercase().into());
            }
        }
        let words = d.addl.iter().flat_map(|t| t.split_whitespace());
        for addr in words.filter_map(|w| w.parse().ok()).filter(|a| is_external(*a)) {
            self.glue.offer(domain.into(), addr);
        }
    }

    fn contact(&mut self, e: &Event) {
        let (Some(from), Some(to)) = (e.flow.orig.addr, e.flow.resp.addr) else { return };
        if is_internal(from)
            && is_external(to)
            && let Some(n) = self.contacts.offer(to, (e.flow.transport, e.flow.resp.port))
        {
            *n += 1;
        }
    }

    /// Every name with its answers.
    pub(super) fn names(&self) -> impl Iterator<Item = Answers<'_>> {
        let servers = self.server_addresses();
        self.answers.iter().map(move |(key, group)| {
            let mut sets: Vec<Answer<'_>> = group
                .members()
                .into_iter()
                .map(|(set, a)| Answer {
                    addresses: set,
                    seen: &a.seen,
                    max_ttl: a.max_ttl,
                    alias: a.alias.as_deref(),
                    clients: &a.clients,
                })
                .collect();
            sets.sort_by_key(|s| s.seen.first().map(|r| (r.ts, r.at)));
            let domain = names::registrable(&key.0).unwrap_or_default();
            let of = servers.get(domain).into_iter().flatten().copied();
            Answers { name: &key.0, sets, glue: of.collect() }
        })
    }

    /// The addresses of each domain's name servers: those that came along, and those that their
    /// own names were answered with. IPv4 only: a server has few of the other family.
    fn server_addresses(&self) -> BTreeMap<&str, BTreeSet<IpAddr>> {
        let mut of_name: BTreeMap<&str, &str> = BTreeMap::new();
        let mut all: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
        for (domain, group) in self.servers.iter() {
            of_name.extend(group.members().into_iter().map(|(server, ())| (&**server, &**domain)));
        }
        for (domain, group) in self.glue.iter() {
            let addresses = group.members().into_iter().map(|(a, ())| *a);
            all.entry(domain).or_default().extend(addresses.filter(IpAddr::is_ipv4));
        }
        for ((name, is_v6, _), group) in self.answers.iter() {
            if let Some(domain) = of_name.get(&**name).filter(|_| !is_v6) {
                let sets = group.members().into_iter().flat_map(|(set, _)| set.iter().copied());
                all.entry(domain).or_default().extend(sets);
            }
        }
        all
    }

    /// The ports at which an address was contacted by inside hosts.
    pub(super) fn ports(&self, addr: IpAddr) -> Vec<(Option<Transport>, Option<u16>)> {
        let group = self.contacts.get(&addr);
        group.map(|g| g.members().into_iter().map(|(p, _)| *p).collect()).unwrap_or_default()
    }

    pub(super) fn loss(&self) -> Option<String> {
        self.answers.loss()
    }
}

impl Answers<'_> {
    /// Who was answered.
    pub(super) fn clients(&self) -> BTreeSet<&Host> {
        self.sets.iter().flat_map(|s| s.clients).collect()
    }
}
