//! `client-fingerprints`: the shapes of clients' hellos, rarest first: a ranking, never an alarm.

use super::kit::{
    Host, Observed, Sighting, Tally, Terms, evidence, finding, object, plural, quoted, span,
};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::order::Order;
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};

/// The rule.
pub const RULE: Rule = Rule {
    id: "client-fingerprints",
    title: "Client fingerprints",
    about: "Ranks the shapes of clients' hellos (JA4, else JA3; HASSH for SSH) by how few hosts show \
            them. A shape that one host alone shows is a place to look at, and never an alarm.",
    benign: "One device of its kind, an old program, a browser that was updated first.",
    limits: "A shape tells a library and its settings, not a program; programs can take any shape.",
    attack: &[],
    reads: &[Kind::Ssh, Kind::Ssl],
    new: |settings| Box::new(ClientFingerprints::new(settings)),
};

/// Hosts kept of one shape: enough to tell rare from common.
const MAX_HOSTS: usize = 64;
/// Shapes that the ranking shows.
const MAX_RANKED: usize = 20;

/// Which fingerprint, by the name of its column, and its value.
type Shape = (Kind, &'static str, Text);

struct ClientFingerprints {
    shown: Tally<Shape, Host, Sighting>,
}

impl ClientFingerprints {
    const fn new(settings: &Settings) -> Self {
        Self { shown: Tally::new(settings, MAX_HOSTS) }
    }
}

impl Detector for ClientFingerprints {
    fn observe(&mut self, e: &Observed<'_>) {
        let Some(host) = Host::orig(e) else { return };
        let (name, value) = match &e.body {
            Body::Ssh(s) => ("hassh", &s.hassh),
            Body::Ssl(s) if s.ja4.is_some() => ("ja4", &s.ja4),
            Body::Ssl(s) => ("ja3", &s.ja3),
            _ => return,
        };
        let Some(value) = value.clone() else { return };
        if let Some(seen) = self.shown.offer((e.body.kind(), name, value), host) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let all: Vec<_> = self.shown.iter().map(|(s, g)| (s, g.members())).collect();
        let mut ranked: Vec<_> = all
            .iter()
            .map(|(shape, hosts)| {
                let n: u64 = hosts.iter().map(|(_, seen)| seen.count()).sum();
                (hosts.len(), n, *shape, hosts)
            })
            .collect();
        ranked.order_by_key(|r| (r.0, r.1, r.2));
        // Among one kind none is rare.
        let [first, _, ..] = ranked.as_slice() else { return };
        let lone = ranked.iter().filter(|r| r.0 == 1).count();
        let mut f = finding(RULE.id, "ranking");
        f.title = format!(
            "Client fingerprints: {}, {lone} shown by one host only",
            plural(ranked.len(), "kind")
        );
        f.summary = format!(
            "Clients' hellos have {}; the rarest stand first. Rare is not wrong.",
            plural(ranked.len(), "different shape")
        );
        (f.severity, f.confidence) = (Severity::Info, Confidence::Medium);
        let mut t = Terms::default();
        for (n_hosts, n, (_, name, value), hosts) in ranked.iter().take(MAX_RANKED) {
            let least = if *n_hosts >= MAX_HOSTS { "at least " } else { "" };
            let whose = match hosts.as_slice() {
                [(only, _)] => only.to_string(),
                many => format!("{least}{}", plural(many.len(), "host")),
            };
            let rows = plural(usize::try_from(*n).unwrap_or(usize::MAX), "connection");
            t.say(
                "fingerprint, rarest first",
                format!("{name} {value}: {whose}, {rows}"),
                Basis::Observed,
            );
        }
        f.facts = t.0;
        let shown = || ranked.iter().take(MAX_RANKED);
        f.subjects = shown().map(|r| object("fingerprint", visible(&r.2.2))).collect();
        f.when = span(all.iter().flat_map(|(_, hosts)| hosts.iter().map(|h| h.1)));
        let rows = shown().filter_map(|r| Some(r.3.first()?.1.first()?.because("rare")));
        let (kind, name, value) = first.2;
        let filter = format!("{name} == {}", quoted(value));
        f.evidence = evidence(rows, ranked.iter().map(|r| r.1).sum(), Some((kind.path(), filter)));
        f.missing.extend(self.shown.loss());
        out.push(f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, fact, found, found_within, lines};

    fn run(text: &str) -> Vec<Finding> {
        found(&RULE, &events(text))
    }

    #[test]
    fn the_rarest_stand_first_and_nothing_is_an_alarm() {
        let found = run(
            "@0 ssl 10.0.0.{1..9}:* > 192.0.2.1:443 ja4=t13d_common\n@9 ssl 10.0.0.{1,2}:* > 192.0.2.1:443 ja4=t13d_two\n@9 ssl 10.0.0.7:* > 192.0.2.1:443 ja4=t12i_one",
        );
        assert_eq!(
            lines(&found),
            "Info/Medium Client fingerprints: 3 kinds, 1 shown by one host only\n"
        );
        assert_eq!(
            fact(&found[0], "fingerprint, rarest first"),
            "ja4 t12i_one: 10.0.0.7, 1 connection"
        );
        assert_eq!(
            found[0].evidence.filter,
            Some(("ssl".to_owned(), "ja4 == \"t12i_one\"".to_owned()))
        );
    }

    #[test]
    fn one_kind_is_no_ranking() {
        assert_eq!(run("@0 ssl 10.0.0.{1..9}:* > 192.0.2.1:443 ja4=t13d_common").len(), 0);
        assert_eq!(run("@0 ssl 10.0.0.{1..9}:* > 192.0.2.1:443").len(), 0);
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let found =
            found_within(&RULE, 8, &events("@0 ssl 10.0.0.{1..9}:* > 192.0.2.1:443 ja4=t{1..9}"));
        assert!(found[0].missing.iter().any(|m| m.contains("lower bounds")));
    }
}
