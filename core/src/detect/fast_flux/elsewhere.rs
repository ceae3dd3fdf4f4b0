//! Servers whose answers change for names that others answer steadily: then the server is what is odd.

use super::RULE;
use super::memory::{Answer, Answers, Memory};
use super::pool::caching;
use super::terms::MIN_SPREAD;
use crate::detect::kit::addr::spread;
use crate::detect::kit::{
    Host, Terms, caveat, evidence, finding, names, object, plural, span, target,
};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Domains that a server answers with ever other addresses while another server stands by its own,
/// from which on it is the server and not their owners: one may be a move, two a coincidence.
const MIN_DOMAINS: usize = 3;
/// Names and servers that the finding shows.
const MAX_SHOWN: usize = 20;

/// The names of each odd server that another answers steadily.
pub(super) type Odd<'a> = BTreeMap<Option<&'a Host>, BTreeSet<&'a str>>;

/// A name that one server answers with changing addresses and another steadily with others.
struct Differs<'a> {
    name: &'a str,
    /// What the other server stands by.
    steady: Vec<IpAddr>,
}

/// The servers that answer many names unlike others do. A name that its owner keeps moving moves
/// wherever one asks.
pub(super) fn odd(memory: &Memory) -> Odd<'_> {
    let mut differs: BTreeMap<Option<&Host>, Vec<Differs<'_>>> = BTreeMap::new();
    let all = memory.of_several();
    for of_name in all.chunk_by(|a, b| (a.name, a.is_v6) == (b.name, b.is_v6)) {
        let steady: Vec<(&Answers<'_>, BTreeSet<IpAddr>)> =
            of_name.iter().filter_map(|a| Some((a, steady(&a.sets)?))).collect();
        for changing in of_name.iter().filter(|a| is_changing(&a.sets)) {
            let own: BTreeSet<&IpAddr> = changing.sets.iter().flat_map(|s| s.addresses).into_set();
            let other = steady.iter().find(|(a, stands)| {
                a.resolver != changing.resolver && stands.iter().all(|a| !own.contains(a))
            });
            if let Some((_, stands)) = other {
                let steady = stands.iter().copied().collect();
                let differs = differs.entry(changing.resolver).or_default();
                differs.push(Differs { name: changing.name, steady });
            }
        }
    }
    differs.retain(|_, all| is_enough(all));
    differs
        .into_iter()
        .map(|(server, all)| (server, all.iter().map(|d| d.name).into_set()))
        .collect()
}

/// The addresses that were given again after every cache had forgotten them.
fn steady(sets: &[Answer<'_>]) -> Option<BTreeSet<IpAddr>> {
    let cached = caching(sets);
    let stands = |s: &&Answer<'_>| {
        let times = (s.seen.ts(), s.seen.until());
        matches!(times, (Some(first), Some(last)) if last.since(first) > cached)
    };
    let all: BTreeSet<IpAddr> =
        sets.iter().filter(stands).flat_map(|s| s.addresses).copied().into_set();
    (!all.is_empty()).then_some(all)
}

/// True when no address came twice and they are as even over networks as those of flux.
fn is_changing(sets: &[Answer<'_>]) -> bool {
    let addresses: Vec<IpAddr> = sets.iter().flat_map(|s| s.addresses).copied().collect();
    let distinct: BTreeSet<&IpAddr> = addresses.iter().into_set();
    sets.len() >= 2
        && distinct.len() == addresses.len()
        && spread(&addresses).is_some_and(|even| even >= MIN_SPREAD)
}

/// True when enough domains differ, each with steady addresses of its own: a filter that sends all
/// of its blocked names to one address is steady, too, and says nothing of the names.
fn is_enough(all: &[Differs<'_>]) -> bool {
    let domains: BTreeSet<_> = all.iter().filter_map(|d| names::registrable(d.name)).into_set();
    let steady: BTreeSet<&[IpAddr]> = all.iter().map(|d| &*d.steady).into_set();
    domains.len() >= MIN_DOMAINS && steady.len() >= MIN_DOMAINS
}

/// One finding of all names that would look like flux, but are answered steadily elsewhere.
pub(super) fn describe(all: &[Answers<'_>]) -> Option<Finding> {
    let names: BTreeSet<&str> = all.iter().map(|a| a.name).into_set();
    let servers: BTreeSet<&Host> = all.iter().filter_map(|a| a.resolver).into_set();
    if names.is_empty() {
        return None;
    }
    let (n_names, n_servers) = (plural(names.len(), "name"), plural(servers.len(), "DNS server"));
    let mut f = finding(RULE.id, "changing answers of a server");
    f.title = format!("Changing answers of {n_servers} for {n_names} that others answer steadily");
    f.summary = format!(
        "{n_servers} gave ever other addresses for {n_names}, in unrelated networks, while another \
         server gave the same addresses again and again, and none of these."
    );
    f.severity = Severity::Info;
    f.confidence = Confidence::Medium;
    let sets = || all.iter().flat_map(|a| &a.sets);
    f.evidence = evidence(
        sets().filter_map(|s| Some(s.seen.first()?.because("new answer"))),
        sets().map(|s| s.seen.count()).sum(),
        None,
    );
    f.when = span(sets().map(|s| s.seen));
    f.subjects.extend(servers.iter().take(MAX_SHOWN).map(|s| object("address", s.addr)));
    f.subjects.extend(names.iter().take(MAX_SHOWN).map(|n| object("name", n)));
    let clients: BTreeSet<&Host> = all.iter().flat_map(Answers::clients).into_set();
    f.subjects.extend(clients.iter().take(MAX_SHOWN).map(|c| target("address", c.addr)));
    let mut t = Terms::default();
    t.say("names that change here and stand elsewhere", names.len(), Basis::Observed);
    t.note(format!("at each server, names of at least {MIN_DOMAINS} domains do"));
    f.facts = t.0;
    f.caveats.push(caveat(
        "Answers that something on the way makes up, or a server that answers every name with addresses of its own choice.",
        "Ask the server for a name that does not exist, and for one whose addresses are known.",
    ));
    Some(f)
}
