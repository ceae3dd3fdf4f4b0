//! `external-resolver`: inside clients that ask a name server outside their network.

use super::kit::addr::{is_external, is_internal};
use super::kit::{
    Host, Observed, Sighting, Tally, Terms, actor, caveat, evidence, finding, plural, span, target,
};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// The rule.
pub const RULE: Rule = Rule {
    id: "external-resolver",
    title: "Resolver outside the network",
    about: "An inside client asks a name server on the Internet. Where the evidence shows no \
            inside resolver this is information; where one serves most clients, the few that go \
            around it stand out.",
    benign: "A device with a built-in public resolver, or a network that has no resolver of its own.",
    limits: "DNS over TLS or HTTPS is not seen. A resolver's own questions are told by whom it serves.",
    attack: &["T1071.004"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(ExternalResolver::new(settings)),
};

/// Resolvers kept of one client; a client has a handful, a resolver's recursion asks thousands.
const MAX_SERVERS: usize = 256;
/// Questions from which on going around the inside resolver is a habit: a few are asked at start-up.
const MIN_QUESTIONS: u64 = 3;
/// Largest share of clients that may be called the few.
const MAX_FEW: f64 = 0.5;
/// The port of plain DNS; multicast and local-link name protocols have others.
const PORT: u16 = 53;
/// The platform resolver of Azure, at a public address by design (Microsoft Learn, "What is IP
/// address 168.63.129.16?"). The other clouds' are link-local or shared addresses.
const PLATFORM: &[&str] = &["168.63.129.16"];
/// Clients and servers that a finding names.
const MAX_SHOWN: usize = 20;

struct ExternalResolver {
    asked: Tally<Host, Host, Sighting>,
}

impl ExternalResolver {
    const fn new(settings: &Settings) -> Self {
        Self { asked: Tally::new(settings.caps.keys, MAX_SERVERS) }
    }
}

/// A client, the outside servers it asked.
type Clients<'a> = BTreeMap<&'a Host, Vec<(&'a Host, &'a Sighting)>>;

impl Detector for ExternalResolver {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Dns(d) = &e.body else { return };
        let (Some(client), Some(server)) = (Host::orig(e), Host::resp(e)) else { return };
        // A question without "recursion desired" is a resolver's, to an authority.
        let is_plain = e.flow.resp.port.is_none_or(|p| p == PORT) && d.rd != Some(false);
        let is_unicast = is_internal(server.addr) || is_external(server.addr);
        if is_plain
            && is_internal(client.addr)
            && is_unicast
            && let Some(seen) = self.asked.offer(client, server)
        {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut serving: BTreeSet<&Host> = BTreeSet::new();
        let mut clients: Clients<'_> = BTreeMap::new();
        for (client, group) in self.asked.iter() {
            for (server, seen) in group.members() {
                if is_internal(server.addr) {
                    // A program that asks its own host serves nobody else.
                    if client != server {
                        serving.insert(server);
                    }
                } else if !PLATFORM.contains(&server.addr.to_string().as_str()) {
                    clients.entry(client).or_default().push((server, seen));
                }
            }
        }
        // What serves others asks on their behalf.
        clients.retain(|client, asked| !serving.contains(client) && !asked.is_empty());
        let all = self.asked.iter().filter(|(c, _)| !serving.contains(c)).count().max(1);
        let share = clients.len() as f64 / all as f64;
        if clients.is_empty() {
            return;
        }
        let mut f = if serving.is_empty() || share > MAX_FEW {
            describe(&clients, Severity::Info, &serving, share)
        } else {
            let habit = |asked: &Vec<(&Host, &Sighting)>| {
                asked.iter().map(|a| a.1.count()).sum::<u64>() >= MIN_QUESTIONS
            };
            let severity =
                if clients.values().any(habit) { Severity::Medium } else { Severity::Low };
            describe(&clients, severity, &serving, share)
        };
        f.missing.extend(self.asked.loss());
        out.push(f);
    }
}

fn describe(
    clients: &Clients<'_>,
    severity: Severity,
    serving: &BTreeSet<&Host>,
    share: f64,
) -> Finding {
    let servers: BTreeSet<&Host> = clients.values().flatten().map(|a| a.0).collect();
    let n: u64 = clients.values().flatten().map(|a| a.1.count()).sum();
    let who = match clients.keys().next() {
        Some(only) if clients.len() == 1 => only.to_string(),
        _ => plural(clients.len(), "client"),
    };
    let whom = match servers.iter().next() {
        Some(only) if servers.len() == 1 => only.to_string(),
        _ => plural(servers.len(), "server"),
    };
    let asked = plural(n as usize, "question");
    let mut f = finding(RULE.id, "outside");
    f.title = format!("Resolver outside the network: {who} asked {whom}");
    f.summary = if serving.is_empty() {
        format!("{asked} went to name servers outside; the evidence shows no inside resolver.")
    } else {
        format!("{asked} went to name servers outside, while inside resolvers serve other clients.")
    };
    f.severity = severity;
    f.confidence = if serving.is_empty() { Confidence::Low } else { Confidence::Medium };
    let mut t = Terms::default();
    t.say("questions to outside servers", n, Basis::Observed);
    t.say("inside resolvers seen", serving.len(), Basis::Observed);
    if serving.is_empty() {
        t.note("none seen is not none there: the evidence may not cover them");
    } else {
        let few = format!("at most {MAX_FEW}");
        t.judge(
            "share of clients that ask outside",
            format!("{share:.2}"),
            few,
            share <= MAX_FEW,
            0,
        );
        let most = clients.values().map(|a| a.iter().map(|x| x.1.count()).sum::<u64>()).max();
        let most = most.unwrap_or(0);
        t.judge(
            "most questions of one client",
            most,
            format!("at least {MIN_QUESTIONS}"),
            most >= MIN_QUESTIONS,
            0,
        );
    }
    f.facts = t.0;
    f.when = span(clients.values().flatten().map(|a| a.1));
    f.subjects.extend(clients.keys().take(MAX_SHOWN).map(|c| actor("address", c.addr)));
    f.subjects.extend(servers.iter().take(MAX_SHOWN).map(|s| target("address", s.addr)));
    let rows = clients.values().flatten().filter_map(|a| Some(a.1.first()?.because("first")));
    let of = servers.iter().next().map(|s| ("dns", format!("id.resp_h == {}", s.addr)));
    f.evidence = evidence(rows, n, of.filter(|_| servers.len() == 1));
    f.caveats.push(caveat(
        "Devices and programs bring their own public resolver; small networks have no other.",
        "Look up who runs the server, and which resolver the network hands out (DHCP option 6).",
    ));
    f.attack = if severity > Severity::Info { RULE.attack.to_vec() } else { Vec::new() };
    f
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, judge, lines};

    fn run(text: &str) -> String {
        lines(&judge(|| (RULE.new)(&Settings::default()), &events(text)))
    }

    #[test]
    fn the_articles_sample_is_information() {
        let text = "dns 192.168.75.28 > 91.11.62.6 q=c2.evil.org a={11,12,13}.1.1.1 ttl=9";
        assert_eq!(
            run(text),
            "Info/Low Resolver outside the network: 192.168.75.28 asked 91.11.62.6\n"
        );
    }

    #[test]
    fn the_few_that_go_around_an_inside_resolver_stand_out() {
        let inside = "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test a=192.0.2.1";
        let around = |who: &str, n| {
            format!("{inside}\n@0+1 dns {who}:* > 8.8.8.8:53 q=b{{1..{n}}}.test a=192.0.2.1")
        };
        assert!(run(&around("10.0.0.77", 3)).starts_with("Medium/Medium"));
        assert!(run(&around("10.0.0.77", 2)).starts_with("Low/"));
        // Nine of eighteen are the few, ten of nineteen are not.
        assert!(run(&around("10.0.1.{1..9}", 3)).starts_with("Medium/"));
        assert!(run(&around("10.0.1.{1..10}", 3)).starts_with("Info/"));
    }

    #[test]
    fn look_alikes_stay_quiet() {
        for text in [
            // The resolver's own recursion, with and without the flag.
            "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test\n@0 dns 10.0.0.53:* > 198.51.100.{1..40}:53 q=a.test",
            "@0 dns 10.0.0.53:* > 198.51.100.{1..40}:53 q=a.test rd=F",
            // A cloud platform's resolver, multicast, other ports, outside clients.
            "@0 dns 10.0.0.5:* > 168.63.129.16:53 q=a.test",
            "@0 dns 10.0.0.5:5353 > 224.0.0.251:5353 q=a.local",
            "@0 dns 10.0.0.5:* > 192.0.2.1:5355 q=a",
            "@0 dns 192.0.2.5:* > 8.8.8.8:53 q=a.test",
            "@0 dns 127.0.0.1:* > 127.0.0.1:53 q=a.test",
        ] {
            assert_eq!(run(text), "", "{text}");
        }
    }

    #[test]
    fn two_sites_private_addresses_are_two() {
        // What serves one site is a client like others at another.
        let basel = "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test a=192.0.2.1 site=Basel";
        let bern = "@0+1 dns 10.0.0.53:* > 8.8.8.8:53 q={a,b,c}.test a=192.0.2.1 site=Bern";
        assert!(run(&format!("{basel}\n{bern}")).contains("10.0.0.53 (Bern) asked 8.8.8.8"));
        assert_eq!(run(&format!("{basel}\n{}", bern.replace("Bern", "Basel"))), "");
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let tight = || {
            let mut s = Settings::default();
            s.caps.keys = 8;
            (RULE.new)(&s)
        };
        let found = judge(tight, &events("@0 dns 10.0.0.{1..40}:* > 8.8.{1,2}.8:53 q=a.test"));
        assert!(found[0].missing.iter().any(|m| m.contains("lower bounds")));
    }
}
