//! `nxdomain-burst`: a client that asks for many names which do not exist, each of another owner.

use super::kit::{
    Host, Observed, Sighting, Tally, Terms, actor, caveat, evidence, finding, names, object,
    plural, span, window,
};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::report::{Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    id: "nxdomain-burst",
    title: "Burst of names that do not exist",
    about: "Within an hour a client asks for many names that do not exist, each under another \
            registered domain, and gets few that do. Names under one domain count once, so \
            search suffixes, block lists and reputation services do not add up; names of services \
            and look-ups that only mail and name servers make do not count.",
    benign: "A mail gateway that checks senders, a crawler with an old list of links, a resolver \
             that asks for others.",
    limits: "The names do not tell which program asked; a resolver in between hides the client.",
    attack: &["T1568.002"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(NxdomainBurst::new(settings)),
};

/// Different registered domains that do not exist within the window; mistyping and dead links
/// explain a handful an hour.
const MIN_DOMAINS: usize = 30;
/// Share of the client's different domains that do not exist.
const MIN_SHARE: f64 = 0.5;
/// The window.
const WINDOW: Interval = Interval::from_secs(3600);
/// Domains kept of one client.
const MAX_DOMAINS: usize = 2048;
/// Different domains from which on the pattern is shown with room to spare.
const MANY_DOMAINS: usize = 100;
/// Asked name servers are told by whom they answer: a client that answers others asks for them.
const MAX_SERVERS: usize = 16;
/// Types that clients ask for when they want to connect. Senders' domains are checked by others.
const TYPES: &[&str] = &["A", "AAAA", "HTTPS", "*", "ANY"];

struct NxdomainBurst {
    asked: Tally<Host, (Text, bool), Sighting>,
    servers: Tally<Host, Host, ()>,
}

impl NxdomainBurst {
    const fn new(settings: &Settings) -> Self {
        let keys = settings.caps.keys;
        Self { asked: Tally::new(keys, MAX_DOMAINS), servers: Tally::new(keys, MAX_SERVERS) }
    }
}

impl Detector for NxdomainBurst {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Dns(d) = &e.body else { return };
        let (Some(client), Some(name)) = (Host::orig(e), d.query.as_deref()) else { return };
        if let Some(server) = Host::resp(e) {
            self.servers.offer(server, client.clone());
        }
        let is_missing = match (d.rcode, d.rcode_name.as_deref()) {
            (Some(3), _) | (_, Some("NXDOMAIN")) => true,
            (Some(0), _) | (_, Some("NOERROR")) => false,
            (None, None) if !d.answers.is_empty() => false,
            _ => return,
        };
        // That a domain has no such service or mail host does not say that it is not there.
        let is_service =
            name.starts_with('_') || d.qtype_name.as_deref().is_some_and(|t| !TYPES.contains(&t));
        if is_missing && is_service {
            return;
        }
        // The reverse tree is asked for addresses, not for names.
        let Some(domain) = names::registrable(name).filter(|_| !name.ends_with(".arpa")) else {
            return;
        };
        if let Some(seen) = self.asked.offer(client, (domain.into(), is_missing)) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (client, group) in self.asked.iter() {
            if self.servers.get(client).is_some() {
                continue;
            }
            let members = group.members();
            // A domain that exists under another name is not a missing one.
            let there: BTreeSet<&Text> =
                members.iter().filter(|(m, _)| !m.1).map(|(m, _)| &m.0).collect();
            let missing: Vec<(&Text, &Sighting)> = members
                .iter()
                .filter(|(m, _)| m.1 && !there.contains(&m.0))
                .map(|(m, s)| (&m.0, *s))
                .collect();
            if let Some(mut f) = judge(client, &missing, there.len()) {
                f.missing.extend(self.asked.loss());
                out.push(f);
            }
        }
    }
}

fn judge(client: &Host, missing: &[(&Text, &Sighting)], there: usize) -> Option<Finding> {
    let mut timed: Vec<(Time, usize)> =
        missing.iter().enumerate().filter_map(|(i, (_, s))| Some((s.ts()?, i))).collect();
    timed.sort_unstable();
    let is_timed = !timed.is_empty();
    let chosen: Vec<(&Text, &Sighting)> = if is_timed {
        let range = window::busiest(&timed, WINDOW);
        timed.get(range)?.iter().filter_map(|(_, i)| missing.get(*i).copied()).collect()
    } else {
        missing.to_vec()
    };
    let n = chosen.len();
    let share = missing.len() as f64 / (missing.len() + there).max(1) as f64;
    if n < MIN_DOMAINS || share < MIN_SHARE {
        return None;
    }
    let mut f = finding(RULE.id, client.to_string());
    f.title =
        format!("Burst of names that do not exist: {client} asked for {}", plural(n, "domain"));
    f.summary = format!(
        "{client} asked for names under {n} registered domains that do not exist; {there} domains that it asked for do."
    );
    f.severity = Severity::Medium;
    f.confidence = match () {
        () if !is_timed => Confidence::Low,
        () if n >= MANY_DOMAINS => Confidence::High,
        () => Confidence::Medium,
    };
    let mut t = Terms::default();
    t.judge(
        "different domains that do not exist",
        n,
        format!("at least {MIN_DOMAINS} in {WINDOW}"),
        true,
        0,
    );
    t.judge(
        "share of its domains that do not exist",
        format!("{share:.2}"),
        format!("at least {MIN_SHARE}"),
        true,
        0,
    );
    if !is_timed {
        t.unknown(
            "time within which they were asked",
            format!("at most {WINDOW}"),
            "the rows carry no times",
        );
    }
    f.facts = t.0;
    f.when = span(chosen.iter().map(|c| c.1));
    f.subjects.push(actor("address", client.addr));
    f.subjects.extend(chosen.iter().take(20).map(|c| object("name", visible(c.0))));
    let rows = chosen.iter().filter_map(|c| Some(c.1.first()?.because("does not exist")));
    f.evidence = evidence(
        rows,
        chosen.iter().map(|c| c.1.count()).sum(),
        Some(("dns", format!("id.orig_h == {} and rcode_name == NXDOMAIN", client.addr))),
    );
    f.caveats.push(caveat(
        "A mail gateway, a crawler or a resolver asks for many dead names on behalf of others.",
        "Look what the client is; look whether the names share a length and an alphabet.",
    ));
    f.attack = RULE.attack.to_vec();
    Some(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, judge, lines};

    fn run(text: &str) -> String {
        lines(&judge(|| (RULE.new)(&Settings::default()), &events(text)))
    }

    fn burst(n: usize, gap: usize) -> String {
        format!("@0+{gap} dns 10.0.0.9:* > 10.0.0.53:53 q=x{{1..{n}}}q.test rcode=NXDOMAIN")
    }

    #[test]
    fn both_sides_of_the_floors() {
        assert_eq!(run(&burst(29, 1)), "");
        assert_eq!(
            run(&burst(30, 1)),
            "Medium/Medium Burst of names that do not exist: 10.0.0.9 asked for 30 domains\n"
        );
        assert_ne!(run(&burst(60, 124)), "");
        assert_eq!(run(&burst(60, 125)), "");
        let there = |n| {
            format!(
                "{}\n@0 dns 10.0.0.9:* > 10.0.0.53:53 q=y{{1..{n}}}.test rcode=NOERROR a=192.0.2.1",
                burst(30, 1)
            )
        };
        assert_ne!(run(&there(30)), "");
        assert_eq!(run(&there(31)), "");
    }

    #[test]
    fn look_alikes_stay_quiet() {
        for text in [
            // Search suffixes, block lists, reputation: one domain each.
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=host{1..90}.corp.example.test rcode=NXDOMAIN",
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..90}.2.0.192.zen.spamhaus.test rcode=NXDOMAIN",
            // Probes with bare labels, reverse names.
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=qwert{1..90} rcode=NXDOMAIN",
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..90}.2.0.192.in-addr.arpa rcode=NXDOMAIN",
            // A mail gateway checks who sends: names of services, and types of its own.
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=_dmarc.x{1..90}q.test rcode=NXDOMAIN",
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=x{1..90}q.test type={MX,TXT} rcode=NXDOMAIN",
            // A proxy is looked for in every suffix, by many clients.
            "@0 dns 10.0.0.{1..90}:* > 10.0.0.53:53 q=wpad.{a,b,c}.corp.test rcode=NXDOMAIN",
            // A resolver asks for its clients.
            "@0 dns 10.0.0.1:* > 10.0.0.9:53 q=a.test rcode=NOERROR a=192.0.2.1\n@0 dns 10.0.0.9:* > 9.9.9.9:53 q=x{1..90}q.test rcode=NXDOMAIN",
        ] {
            assert_eq!(run(text), "", "{text}");
        }
    }

    #[test]
    fn types_that_clients_ask_for_count() {
        assert_ne!(run(&(burst(30, 1) + " type=A")), "");
        assert_ne!(run(&(burst(30, 1) + " type=AAAA")), "");
        assert_eq!(run(&(burst(30, 1) + " type=NS")), "");
        let sites = format!("{}\n{} site=b", burst(20, 1), burst(20, 1).replace("q=x", "q=y"));
        assert_eq!(run(&sites), "");
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let tight = || {
            let mut s = Settings::default();
            s.caps.keys = 8;
            (RULE.new)(&s)
        };
        judge(tight, &events(&burst(90, 1)));
    }
}
