//! How a client's requests are judged: a leaky bucket, a share, and the signs of a list.

use super::describe::short;
use super::{Server, WebRecon, uri};
use crate::detect::kit::{Few, Group, Host, Sighting};
use crate::order::{Collect, Order};
use crate::text::Text;
use crate::time::NANOS;
use std::collections::{BTreeMap, BTreeSet};

/// How many different missing paths the bucket holds: a page with broken parts stays below.
pub(super) const FLOOR: usize = 10;
/// Seconds in which the bucket loses one: a person who mistypes, a crawler that keeps a distance.
pub(super) const LEAK_SECS: f64 = 10.0;
/// Share of a client's requests that were missing. Visitors and crawlers mostly get pages.
pub(super) const MIN_MISSED: f64 = 0.8;
/// Versions of one path that make a series.
const MIN_VERSIONS: usize = 3;
/// Doubled slashes that are a habit and not a slip in one link.
const MIN_DOUBLED: usize = 3;
/// Missing paths with a file type that nobody else is served.
const MIN_FOREIGN: usize = 5;
/// Missing paths that no page links to; an old bookmark and a habit explain one or two.
const MIN_GUESSED: usize = 5;
/// Requests with syntax; a quoted search term explains one or two.
pub(super) const MIN_SYNTAX: usize = 3;
/// Different requests with syntax that a program tried, and no person by hand.
pub(super) const MANY_SYNTAX: usize = 50;
/// The status of a request whose reply was not seen: neither a miss nor a hit.
pub(super) const UNSEEN: u64 = 0;
/// Missing paths that no page can have as broken links.
const LONG_LIST: usize = 50;
/// The same for a client that asked for the crawlers' rules first.
const LONG_LIST_CRAWLER: usize = 500;
/// Answers that are shown as found among misses.
const MAX_HITS: usize = 50;

/// What is kept of one request.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) seen: Sighting,
    pub(super) has_agent: bool,
    pub(super) has_referrer: bool,
    pub(super) len: Option<u64>,
    pub(super) targets: Few<Host>,
}

/// A sign of a list.
pub(super) struct Tell {
    pub(super) name: &'static str,
    /// What it adds to the title.
    pub(super) title: &'static str,
    pub(super) value: String,
    pub(super) threshold: String,
}

/// A client whose requests meet the rule.
pub(super) struct Judged<'a> {
    pub(super) missed: Vec<(&'a Text, &'a Request)>,
    pub(super) hits: Vec<(&'a Text, &'a Request)>,
    pub(super) syntax: Vec<(&'a Text, &'a Request)>,
    pub(super) tells: Vec<Tell>,
    pub(super) is_timed: bool,
    pub(super) peak: f64,
    pub(super) share: f64,
    pub(super) statuses: BTreeMap<u64, usize>,
}

/// Errors that say "not here" or "not like this".
pub(super) const fn is_miss(status: u64) -> bool {
    matches!(status, 400 | 403 | 404 | 405 | 410)
}

type Requests<'a> = BTreeMap<(&'a Text, u64), &'a Request>;

/// Judges one client over all its servers: each must meet the rule by itself, so that a proxy's
/// many clients are not one.
pub(super) fn judge<'a>(
    client: &Host,
    group: Group<'a, (Server, Text, u64), Request>,
    rule: &WebRecon,
) -> Option<Judged<'a>> {
    let mut servers: BTreeMap<&Server, Requests<'a>> = BTreeMap::new();
    for ((server, uri, status), request) in group.members() {
        servers.entry(server).or_default().insert((uri, *status), request);
    }
    let mut matched: Requests<'a> = BTreeMap::new();
    let mut share = 0.0f64;
    let mut tells: BTreeMap<&'static str, Tell> = BTreeMap::new();
    // In order of servers.
    let all = rule.totals.get(client).map(|g| g.members()).unwrap_or_default();
    for (server, requests) in servers {
        let Ok(at) = all.binary_search_by(|(s, _)| (*s).cmp(server)) else { continue };
        let Some((_, totals)) = all.get(at) else { continue };
        let part = totals.missed as f64 / totals.all.max(1) as f64;
        let (missed, n_paths) = missed(&requests);
        let found = signs(client, server, &requests, &missed, rule);
        let list = if totals.asked_robots { LONG_LIST_CRAWLER } else { LONG_LIST };
        let is_list = bucket(&missed) > FLOOR as f64
            && part >= MIN_MISSED
            && (!found.is_empty() || n_paths >= list);
        if is_list || found.iter().any(|t| matches!(t.name, "syntax" | "guessed")) {
            matched.extend(requests);
            share = share.max(part);
            tells.extend(found.into_iter().map(|t| (t.name, t)));
        }
    }
    (!matched.is_empty()).then(|| summed(matched, share, tells))
}

fn summed<'a>(
    matched: Requests<'a>,
    share: f64,
    tells: BTreeMap<&'static str, Tell>,
) -> Judged<'a> {
    let (missed, _) = missed(&matched);
    let mut statuses = BTreeMap::new();
    matched.keys().for_each(|(_, status)| *statuses.entry(*status).or_default() += 1);
    let is_hit = |(uri, status): &(&Text, u64)| {
        let is_answer = matches!(status, 200..=303 | 307 | 308 | 401);
        let path = uri::path(uri);
        is_answer && path != "/" && !uri::is_ordinary(path)
    };
    let enough = missed.len() >= FLOOR;
    let hits = matched.iter().filter(|(k, _)| enough && is_hit(k)).map(|(k, r)| (k.0, *r));
    let syntax = matched.iter().filter(|(k, _)| uri::syntax(k.0).is_some()).map(|(k, r)| (k.0, *r));
    let order = ["versions", "syntax", "guessed", "foreign", "doubled", "agent"];
    let mut tells: Vec<Tell> = tells.into_values().collect();
    tells.order_by_key(|t| order.iter().position(|o| *o == t.name));
    Judged {
        hits: hits.take(MAX_HITS).collect(),
        syntax: syntax.collect(),
        is_timed: missed.iter().all(|r| r.1.seen.ts().is_some()),
        peak: bucket(&missed),
        share,
        tells,
        statuses,
        missed,
    }
}

/// The earliest request of each missing path that says something, in order of time.
fn missed<'a>(requests: &Requests<'a>) -> (Vec<(&'a Text, &'a Request)>, usize) {
    let mut first: BTreeMap<&str, (&'a Text, &'a Request)> = BTreeMap::new();
    for ((uri, status), request) in requests {
        let path = uri::path(uri);
        if is_miss(*status) && (!uri::is_ordinary(path) || uri::syntax(uri).is_some()) {
            let place = |r: &Request| r.seen.first().map(|f| (f.ts, f.at));
            let have = first.entry(path).or_insert((uri, request));
            if place(request) < place(have.1) {
                *have = (uri, request);
            }
        }
    }
    let n = first.len();
    let mut all: Vec<_> = first.into_values().collect();
    all.order_by_key(|(_, r)| r.seen.first().map(|f| (f.ts, f.at)));
    (all, n)
}

/// The highest level of the leaky bucket; without times nothing leaks.
fn bucket(missed: &[(&Text, &Request)]) -> f64 {
    let (mut level, mut peak, mut before) = (0.0f64, 0.0f64, None);
    for (_, request) in missed {
        let ts = request.seen.ts();
        if let (Some(now), Some(then)) = (ts, before) {
            let idle = crate::time::Time::since(now, then).0.max(0) as f64 / NANOS as f64;
            level = (level - idle / LEAK_SECS).max(0.0);
        }
        before = ts;
        level += 1.0;
        peak = peak.max(level);
    }
    peak
}

fn signs(
    client: &Host,
    server: &Server,
    requests: &Requests<'_>,
    missed: &[(&Text, &Request)],
    rule: &WebRecon,
) -> Vec<Tell> {
    let mut out = Vec::new();
    let mut tell = |name, title, value: String, n: usize, least: usize| {
        if n >= least {
            out.push(Tell { name, title, value, threshold: format!("at least {least}") });
        }
    };
    let mut templates: BTreeMap<String, usize> = BTreeMap::new();
    missed
        .iter()
        .filter_map(|(u, _)| uri::template(uri::path(u)))
        .for_each(|t| *templates.entry(t).or_default() += 1);
    if let Some((template, n)) = templates.iter().max_by_key(|(t, n)| (**n, std::cmp::Reverse(*t)))
    {
        let value = format!("{n} of {}", short(template));
        tell("versions", ", versions enumerated", value, *n, MIN_VERSIONS);
    }
    let n = missed.iter().filter(|(u, _)| uri::is_doubled(u)).count();
    tell("doubled", ", with doubled slashes", n.to_string(), n, MIN_DOUBLED);
    let n = foreign(client, server, missed, rule);
    tell("foreign", ", of a type not served", n.to_string(), n, MIN_FOREIGN);
    let n = missed.iter().filter(|(u, _)| uri::is_guess(uri::path(u))).count();
    tell("guessed", ", hidden files and consoles among them", n.to_string(), n, MIN_GUESSED);
    let n = requests.keys().filter(|k| uri::syntax(k.0).is_some()).count();
    tell("syntax", ", requests with traversal or injection syntax", n.to_string(), n, MIN_SYNTAX);
    let is_bare = |r: &&Request| {
        let node = r.seen.first().map(|f| f.at.node);
        !r.has_agent && !r.has_referrer && node.is_some_and(|n| rule.tell_agents.contains(&n))
    };
    let n = missed.iter().map(|m| m.1).filter(is_bare).count();
    tell("agent", ", without an agent", format!("{n} requests"), n, FLOOR);
    out
}

/// Missing paths with a file type that this site serves to nobody else, while it serves others.
fn foreign(client: &Host, server: &Server, missed: &[(&Text, &Request)], rule: &WebRecon) -> usize {
    let served: BTreeSet<&str> = rule
        .served
        .get(server)
        .map(|g| {
            g.members()
                .into_iter()
                .filter(|((_, who), ())| who != client)
                .map(|((ext, _), ())| &**ext)
                .collect()
        })
        .unwrap_or_default();
    let is_foreign =
        |uri: &Text| uri::extension(uri::path(uri)).is_some_and(|e| !served.contains(e.as_str()));
    if served.is_empty() { 0 } else { missed.iter().filter(|(u, _)| is_foreign(u)).count() }
}

impl<'a> Judged<'a> {
    /// All requests that the finding rests on.
    pub(super) fn all(&self) -> impl Iterator<Item = &(&'a Text, &'a Request)> {
        let place = |r: &Request| std::ptr::from_ref(r).addr();
        let missed: BTreeSet<usize> = self.missed.iter().map(|m| place(m.1)).into_set();
        let extra = self.syntax.iter().filter(move |s| !missed.contains(&place(s.1)));
        self.missed.iter().chain(&self.hits).chain(extra)
    }

    /// True when requests carry syntax.
    pub(super) fn has_syntax(&self) -> bool {
        self.tells.iter().any(|t| t.name == "syntax")
    }
}
