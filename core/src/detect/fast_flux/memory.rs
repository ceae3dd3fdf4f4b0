//! What fast flux needs to remember: the different answers of each name, and what clients did next.

use super::terms::MIN_ANSWERS;
use crate::detect::kit::addr::{is_external, is_internal};
use crate::detect::kit::{Few, Host, Observed, Sighting, Tally, names};
use crate::event::{Body, Dns, Event, Transport};
use crate::order::{Collect, Order};
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
/// Names below a domain that were asked once each: a page's pictures come from a handful of names,
/// and a machine with a name of its own at a provider is asked for again.
const MIN_LABELS: usize = 10;
/// Of a domain's names, the share that was asked once: people and programs come back to a name.
const MIN_ONCE: f64 = 0.9;
/// Numbered names below one domain that are a choice of servers.
const MIN_NUMBERS: usize = 3;
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
    /// Who gave them.
    pub(super) resolver: Option<&'a Host>,
    pub(super) is_v6: bool,
    /// The answers are those of many names below this one, each asked once.
    pub(super) is_below: bool,
    pub(super) sets: Vec<Answer<'a>>,
    /// Addresses of name servers that came with the answers.
    pub(super) glue: Vec<IpAddr>,
}

#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) addresses: &'a [IpAddr],
    pub(super) seen: &'a Sighting,
    pub(super) max_ttl: Option<Interval>,
    pub(super) alias: Option<&'a str>,
    clients: &'a [Host],
}

impl Memory {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            answers: Tally::new(settings, MAX_ANSWERS),
            glue: Tally::new(settings, MAX_ANSWERS),
            servers: Tally::new(settings, MAX_SERVERS),
            contacts: Tally::new(settings, MAX_PORTS),
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
            set.order();
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

    /// Domains that offer several rotating names by number, `0.pool.example.org` to
    /// `3.pool.example.org`: a choice of servers for whoever wants several at once. Each name's
    /// answers are of one size, as a server that deals them out gives them.
    pub(super) fn dealt(&self) -> BTreeSet<&str> {
        let mut numbers: BTreeMap<&str, BTreeMap<&str, BTreeSet<usize>>> = BTreeMap::new();
        for ((name, ..), group) in self.answers.iter() {
            let Some((number, parent)) = name.split_once('.') else { continue };
            let is_number = number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit());
            if is_number && names::registrable(parent).is_some() {
                let sizes = group.members().into_iter().map(|(set, _)| set.len());
                let sizes: BTreeSet<usize> = sizes.into_set();
                numbers.entry(parent).or_default().entry(number).or_default().extend(sizes);
            }
        }
        let is_dealt = |of: &BTreeMap<&str, BTreeSet<usize>>| {
            let alike = of.values().filter(|sizes| sizes.len() == 1 && sizes.first() > Some(&1));
            alike.count() >= MIN_NUMBERS
        };
        numbers.retain(|_, of| is_dealt(of));
        numbers.into_keys().collect()
    }

    /// Every name with enough answers, and every domain below which names are asked once each.
    pub(super) fn names(&self) -> Vec<Answers<'_>> {
        let servers = self.server_addresses();
        let glue = |name| {
            let domain = names::registrable(name).unwrap_or_default();
            servers.get(domain).into_iter().flatten().copied().collect()
        };
        let mut all: Vec<Answers<'_>> = Vec::new();
        let mut below: BTreeMap<(&str, bool, &Option<Host>), Below<'_>> = BTreeMap::new();
        for (key, group) in self.answers.iter() {
            let (name, is_v6, resolver) = key;
            let sets = sets(group.members());
            if let Some(domain) = names::registrable(name).filter(|d| *d != &**name) {
                below.entry((domain, *is_v6, resolver)).or_default().take(name, &sets);
            }
            // Most names have one answer and nothing to judge.
            if sets.len() >= MIN_ANSWERS {
                let (resolver, glue) = (resolver.as_ref(), glue(name));
                all.push(Answers { name, resolver, is_v6: *is_v6, is_below: false, sets, glue });
            }
        }
        let wild = below.into_iter().filter_map(|((name, is_v6, resolver), below)| {
            let sets = below.into_once()?;
            let (resolver, glue) = (resolver.as_ref(), glue(name));
            Some(Answers { name, resolver, is_v6, is_below: true, sets, glue })
        });
        all.extend(wild);
        all
    }

    /// The answers to each name that several servers were asked for, each server's apart, in order of
    /// names and families.
    pub(super) fn of_several(&self) -> Vec<Answers<'_>> {
        let all: Vec<_> = self.answers.iter().collect();
        let is_of_one = |(a, _): &(&Key, _), (b, _): &(&Key, _)| (&a.0, a.1) == (&b.0, b.1);
        let several = all.chunk_by(is_of_one).filter(|of_one| of_one.len() > 1).flatten();
        let answers = several.map(|((name, is_v6, resolver), group)| Answers {
            name,
            resolver: resolver.as_ref(),
            is_v6: *is_v6,
            is_below: false,
            sets: sets(group.members()),
            glue: Vec::new(),
        });
        answers.collect()
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

/// The answers of one name, by first time and place.
fn sets<'a>(members: Vec<(&'a Set, &'a Answered)>) -> Vec<Answer<'a>> {
    let answer = |(addresses, a): (&'a Set, &'a Answered)| Answer {
        addresses,
        seen: &a.seen,
        max_ttl: a.max_ttl,
        alias: a.alias.as_deref(),
        clients: &a.clients,
    };
    let mut sets: Vec<Answer<'_>> = members.into_iter().map(answer).collect();
    sets.order_by_key(|s| s.seen.first().map(|r| (r.ts, r.at)));
    sets
}

/// The names below one domain.
#[derive(Default)]
struct Below<'a> {
    /// Answers of names that were asked once.
    once: Vec<Answer<'a>>,
    n_others: usize,
}

impl<'a> Below<'a> {
    fn take(&mut self, name: &str, sets: &[Answer<'a>]) {
        match sets {
            [only] if only.seen.count() == 1 && !spells(name, only.addresses) => {
                self.once.push(*only);
            }
            _ => self.n_others += 1,
        }
    }

    /// The answers by time, if there are many names and nearly all were asked once.
    fn into_once(mut self) -> Option<Vec<Answer<'a>>> {
        let n = self.once.len();
        if n < MIN_LABELS || (n as f64) < MIN_ONCE * (n + self.n_others) as f64 {
            return None;
        }
        self.once.order_by_key(|s| s.seen.first().map(|r| (r.ts, r.at)));
        Some(self.once)
    }
}

/// True when a name is made of one of its addresses, as providers name their customers' machines:
/// it then has no other.
fn spells(name: &str, addresses: &[IpAddr]) -> bool {
    let words: BTreeSet<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).into_set();
    let is_of = |a: &IpAddr| match a {
        IpAddr::V4(a) => {
            let [_, _, c, d] = a.octets();
            let hex = base16ct::lower::encode_string(&a.octets());
            // The first two may be the provider's and left out.
            name.contains(&hex)
                || [c, d]
                    .iter()
                    .all(|n| words.contains(&*n.to_string()) || words.contains(&*format!("{n:03}")))
        }
        IpAddr::V6(a) => {
            let [.., x, y] = a.segments();
            [x, y]
                .iter()
                .all(|n| words.contains(&*format!("{n:x}")) || words.contains(&*format!("{n:04x}")))
        }
    };
    addresses.iter().any(is_of)
}

impl Answers<'_> {
    /// Who was answered.
    pub(super) fn clients(&self) -> BTreeSet<&Host> {
        self.sets.iter().flat_map(|s| s.clients).collect()
    }
}
