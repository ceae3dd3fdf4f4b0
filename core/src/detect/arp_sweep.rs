//! `arp-sweep`: a host that asks a whole network who has which address.

use super::kit::{
    Host, Observed, Sighting, Tally, Terms, actor, caveat, evidence, finding, plural, span, target,
    window,
};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The rule.
pub const RULE: Rule = Rule {
    id: "arp-sweep",
    title: "ARP sweep",
    about: "Within a minute a host asks by ARP for many addresses that stand next to each other, and \
            most of them do not answer. Where no answer to it is in the evidence, twice as many \
            must be asked for.",
    benign: "An inventory or a monitoring system; a gateway that asks for addresses which somebody \
             outside its network tries.",
    limits: "ARP does not leave its segment, and answers go to the asker alone: a sensor elsewhere \
             sees neither. A sweep that takes its time stays below the floor.",
    attack: &["T1018"],
    reads: &[Kind::Arp],
    new: |settings| Box::new(ArpSweep::new(settings)),
};

/// Addresses asked for within the window. A host asks for those that it talks to: a handful, and
/// some dozens after a server's restart.
const MIN_TARGETS: usize = 30;
/// The same where no answer is to be seen, so that a gateway's many neighbours are not told from
/// addresses that nobody has.
const MIN_TARGETS_UNHEARD: usize = 2 * MIN_TARGETS;
/// The window: a sweep of 256 addresses takes seconds, a neighbour cache of a busy host is filled
/// over many minutes.
const WINDOW: Interval = Interval::from_secs(60);
/// Share of the addresses that do not answer: known neighbours nearly all do.
const MIN_SILENT: f64 = 0.5;
/// Share of the addresses that stand next to another one. Of sixty hosts anywhere among 254
/// addresses four in ten do.
const MIN_NEIGHBOURS: f64 = 0.8;
/// Addresses from which on the pattern is shown with room to spare.
const MANY_TARGETS: usize = 120;
/// Addresses kept of one host: a network of 1022.
const MAX_TARGETS: usize = 1024;
/// Addresses that a finding names one by one.
const MAX_SHOWN: usize = 20;

/// What was seen of one address that was asked for.
#[derive(Debug, Default)]
struct Asked {
    seen: Sighting,
    /// The hardware address that asked; of several the first.
    mac: Option<Text>,
}

struct ArpSweep {
    asked: Tally<Host, Host, Asked>,
    /// Who answered whom.
    answered: Tally<Host, Host, ()>,
}

impl ArpSweep {
    const fn new(settings: &Settings) -> Self {
        let keys = settings.caps.keys;
        Self { asked: Tally::new(keys, MAX_TARGETS), answered: Tally::new(keys, MAX_TARGETS) }
    }

    /// The addresses of one host's busiest minute, if they are a sweep.
    fn judge<'a>(&self, source: &Host, all: &[(&'a Host, &'a Asked)]) -> Option<Sweep<'a>> {
        let mut timed: Vec<(Time, usize)> =
            all.iter().enumerate().filter_map(|(i, (_, a))| Some((a.seen.ts()?, i))).collect();
        timed.sort_unstable();
        let busiest = timed.get(window::busiest(&timed, WINDOW))?;
        let targets: Vec<_> = busiest.iter().filter_map(|(_, i)| all.get(*i).copied()).collect();
        let heard = self.answered.get(source).map(|answers| {
            let members = answers.members();
            let from: BTreeSet<&Host> = members.iter().map(|(host, ())| *host).collect();
            targets.iter().filter(|(host, _)| from.contains(host)).count()
        });
        let sweep = Sweep { heard, neighbours: neighbours(&targets), targets };
        let is_silent = sweep.silent().is_none_or(|share| share >= MIN_SILENT);
        let is_one =
            sweep.targets.len() >= sweep.floor() && is_silent && sweep.neighbours >= MIN_NEIGHBOURS;
        is_one.then_some(sweep)
    }
}

/// One host's sweep.
struct Sweep<'a> {
    targets: Vec<(&'a Host, &'a Asked)>,
    /// How many of them answered; `None` where no answer to the host is in the evidence.
    heard: Option<usize>,
    /// Share of the addresses that stand next to another one.
    neighbours: f64,
}

impl Sweep<'_> {
    fn silent(&self) -> Option<f64> {
        let n = self.targets.len();
        self.heard.map(|heard| (n - heard) as f64 / n.max(1) as f64)
    }

    const fn floor(&self) -> usize {
        if self.heard.is_some() { MIN_TARGETS } else { MIN_TARGETS_UNHEARD }
    }
}

/// Share of addresses whose next or last one was asked for, too.
fn neighbours(targets: &[(&Host, &Asked)]) -> f64 {
    let all: BTreeSet<u32> = targets
        .iter()
        .filter_map(|(host, _)| match host.addr {
            IpAddr::V4(addr) => Some(u32::from(addr)),
            IpAddr::V6(_) => None,
        })
        .collect();
    let has_next = |a: &&u32| all.contains(&a.wrapping_add(1)) || all.contains(&a.wrapping_sub(1));
    all.iter().filter(has_next).count() as f64 / targets.len().max(1) as f64
}

impl Detector for ArpSweep {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Arp(arp) = &e.body else { return };
        let (Some(from), Some(to)) = (Host::orig(e), Host::resp(e)) else { return };
        match arp.operation.as_deref() {
            // Who takes an address asks for it first, from none or from itself (RFC 5227).
            Some("request") if from != to && !from.addr.is_unspecified() => {
                if let Some(asked) = self.asked.offer(from, to) {
                    asked.seen.see(e);
                    let first = asked.mac.take().into_iter().chain(arp.orig_mac.clone()).min();
                    asked.mac = first;
                }
            }
            Some("reply") => {
                self.answered.offer(to, from);
            }
            _ => {}
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (source, group) in self.asked.iter() {
            if let Some(sweep) = self.judge(source, &group.members()) {
                let mut f = describe(source, &sweep);
                f.missing.extend(self.asked.loss());
                out.push(f);
            }
        }
    }
}

fn describe(source: &Host, sweep: &Sweep<'_>) -> Finding {
    let n = sweep.targets.len();
    let mut f = finding(RULE.id, source.to_string());
    f.title = format!("ARP sweep: {source} asked for {}", plural(n, "address"));
    let answered = match sweep.heard {
        Some(heard) => format!("{heard} answered"),
        None => "no answer to it is in the evidence".to_owned(),
    };
    f.summary = format!("{source} asked who has {n} addresses within {WINDOW}; {answered}.");
    f.severity = Severity::Low;
    f.confidence = match (sweep.heard, n >= MANY_TARGETS) {
        (Some(_), true) => Confidence::High,
        (None, false) => Confidence::Low,
        _ => Confidence::Medium,
    };
    let mut t = Terms::default();
    t.judge("addresses asked for", n, format!("at least {} in {WINDOW}", sweep.floor()), true, 0);
    match sweep.silent() {
        Some(share) => t.judge(
            "share that did not answer",
            format!("{share:.2}"),
            format!("at least {MIN_SILENT}"),
            true,
            0,
        ),
        None => t.unknown(
            "share that did not answer",
            format!("at least {MIN_SILENT}"),
            "no answer to this host is in the evidence; answers go to the asker alone",
        ),
    }
    t.judge(
        "share that stand next to another one",
        format!("{:.2}", sweep.neighbours),
        format!("at least {MIN_NEIGHBOURS}"),
        true,
        0,
    );
    for mac in sweep.targets.iter().filter_map(|t| t.1.mac.as_deref()).collect::<BTreeSet<_>>() {
        t.say("hardware address of the asker", visible(mac), Basis::Observed);
    }
    f.facts = t.0;
    f.when = span(sweep.targets.iter().map(|(_, asked)| &asked.seen));
    f.subjects.push(actor("address", source.addr));
    f.subjects.extend(sweep.targets.iter().take(MAX_SHOWN).map(|(h, _)| target("address", h.addr)));
    f.evidence = evidence(
        sweep.targets.iter().filter_map(|(_, a)| Some(a.seen.first()?.because("asked for"))),
        sweep.targets.iter().map(|(_, a)| a.seen.count()).sum(),
        Some(("arp", format!("id.orig_h == {} and operation == request", source.addr))),
    );
    f.caveats.push(caveat(
        "An inventory, a monitoring system or an access control looks who is there.",
        "Ask whose host it is, and whether it does so every day at the same time.",
    ));
    f.caveats.push(caveat(
        "The host is a gateway, and somebody beyond it tries the addresses of this network.",
        "Look whether it is the network's gateway; look for the packets that it was to deliver.",
    ));
    f.attack = RULE.attack.to_vec();
    f
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, fact, found, found_within, lines};

    fn run(text: &str) -> Vec<Finding> {
        found(&RULE, &events(text))
    }

    const ONE_ANSWERS: &str = "@0 arp 10.0.0.1 > 10.0.9.9 operation=reply";

    #[test]
    fn many_neighbouring_addresses_within_a_minute_are_a_sweep() {
        let sweep = |n: usize| {
            let asks =
                format!("@0+0.1 arp 10.0.9.9 > 10.0.0.{{1..{n}}} operation=request mac=02:00");
            lines(&run(&format!("{asks}\n{ONE_ANSWERS}")))
        };
        assert_eq!(sweep(MIN_TARGETS), "Low/Medium ARP sweep: 10.0.9.9 asked for 30 addresses\n");
        assert_eq!(sweep(MIN_TARGETS - 1), "");
        assert!(sweep(MANY_TARGETS).starts_with("Low/High"));
        assert!(sweep(MANY_TARGETS - 1).starts_with("Low/Medium"));
    }

    #[test]
    fn without_an_answer_twice_as_many_are_needed() {
        let sweep = |n| run(&format!("@0+0.1 arp 10.0.9.9 > 10.0.0.{{1..{n}}} operation=request"));
        let found = sweep(MIN_TARGETS_UNHEARD);
        assert_eq!(lines(&found), "Low/Low ARP sweep: 10.0.9.9 asked for 60 addresses\n");
        assert_eq!(fact(&found[0], "share that did not answer"), "not shown");
        assert!(sweep(MIN_TARGETS_UNHEARD - 1).is_empty());
    }

    #[test]
    fn what_takes_its_time_is_none() {
        let every = |secs| {
            let asks = format!("@0+{secs} arp 10.0.9.9 > 10.0.0.{{1..31}} operation=request");
            run(&format!("{asks}\n{ONE_ANSWERS}")).len()
        };
        assert_eq!((every(2.0), every(2.1)), (1, 0));
    }

    #[test]
    fn neighbours_that_answer_are_known_ones() {
        let answered = |n| {
            run(&format!(
                "@0 arp 10.0.9.9 > 10.0.0.{{1..40}} operation=request\n@1 arp 10.0.0.{{1..{n}}} > 10.0.9.9 operation=reply"
            ))
            .len()
        };
        assert_eq!((answered(20), answered(21)), (1, 0));
    }

    #[test]
    fn strewn_addresses_are_what_a_busy_host_talks_to() {
        // 80 in a row, and some that stand alone: 16 and 17 are the last share below and above.
        let alone = |n| {
            let more: Vec<_> = (0..n).map(|i| (100 + 2 * i).to_string()).collect();
            run(&format!(
                "@0 arp 10.0.9.9 > 10.0.0.{{1..80}} operation=request\n@0 arp 10.0.9.9 > 10.0.0.{{{}}} operation=request",
                more.join(",")
            ))
            .len()
        };
        assert_eq!((alone(20), alone(21)), (1, 0));
    }

    #[test]
    fn who_takes_an_address_sweeps_nothing() {
        assert!(run("@0 arp 0.0.0.0 > 10.0.0.{1..99} operation=request").is_empty());
        assert!(run("@0 arp 10.0.0.9 > 10.0.0.9 operation=request").is_empty());
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let asks = "@0 arp 10.0.0.{1,2} > 10.0.0.{1..99} operation=request";
        assert!(found_within(&RULE, 8, &events(asks)).is_empty());
    }
}
