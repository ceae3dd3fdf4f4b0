//! `dns-tunnelling`: data carried in names: many long, random-looking names under one domain.

use super::kit::{
    Host, Observed, Row, Sighting, Tally, Terms, actor, caveat, evidence, finding, names, object,
    plural, quoted, span, stable,
};
use super::{Detector, Rule};
use crate::event::{Body, Dns, Kind};
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The rule.
pub const RULE: Rule = Rule {
    id: "dns-tunnelling",
    title: "Data in DNS names",
    about: "A client asks for many different names under one registered domain, whose varying \
            part is long and looks random; more so when the answers are of types that carry data \
            and say something new each time. Names to which the client appended its search suffix \
            count where they belong.",
    benign: "Reputation look-ups, telemetry and content networks put hashes into names.",
    limits: "Does not decode what the names carry; slow or short-named channels stay below the floors.",
    attack: &["T1071.004", "T1572"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(DnsTunnelling::new(settings)),
};

/// Different names under one domain. A long list of a site's own hosts stays below.
const MIN_NAMES: usize = 100;
/// Mean length of the part before the registered domain: longer than host names of people.
const MIN_LENGTH: f64 = 30.0;
/// Mean entropy of that part in bits a character: text of hosts has 2 to 3, hex has up to 4. A name
/// counts by its length, since a tunnel asks in short names whether there is something to fetch.
const MIN_ENTROPY: f64 = 3.3;
/// Share of answers that are of types made for data, from which on data comes back as well.
const MIN_DATA: f64 = 0.5;
/// Share of digits and dots beyond which the names are addresses: block lists turn them around.
const MAX_DIGITS: f64 = 0.8;
/// Share of answers within 127/8: the way in which reputation services say yes or no.
const MAX_VERDICTS: f64 = 0.5;
/// Share of different answers among all, from which on they carry something: a verdict, a counter's
/// pixel and a wildcard are always the same few.
const MIN_VARIED: f64 = 0.5;
/// Mean length that fills a name as far as DNS lets it: whoever wants room and not a key.
const FULL_LENGTH: f64 = 80.0;
/// Share of names that were asked for without the domain too, from which on it is a search suffix.
const MIN_SUFFIXED: f64 = 0.5;
/// Names kept of one client and domain.
const MAX_NAMES: usize = 1024;
/// Bytes in names from which on the amount by itself is telling.
const MANY_BYTES: u64 = 50_000;

#[derive(Debug, Default)]
struct Asked {
    seen: Sighting,
    has_data: bool,
    is_verdict: bool,
    /// The answer, as the smallest hash of those seen.
    answer: Option<u64>,
}

struct DnsTunnelling {
    asked: Tally<(Host, Text), Text, Asked>,
}

impl DnsTunnelling {
    const fn new(settings: &Settings) -> Self {
        Self { asked: Tally::new(settings.caps.keys, MAX_NAMES) }
    }
}

impl Detector for DnsTunnelling {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Dns(d) = &e.body else { return };
        let (Some(client), Some(name)) = (Host::orig(e), d.query.as_deref()) else { return };
        let Some((part, domain)) = split(name) else { return };
        if let Some(asked) = self.asked.offer((client, domain.into()), part.into()) {
            asked.seen.see(e);
            asked.has_data |= has_data(d);
            let hash = || if is_opaque(d) { stable(&part) } else { stable(&d.answers) };
            let answer = (!d.answers.is_empty()).then(hash);
            asked.answer = asked.answer.into_iter().chain(answer).min();
            asked.is_verdict |= d.answers.iter().any(|a| a.starts_with("127."));
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for ((client, domain), group) in self.asked.iter() {
            if group.len() >= MIN_NAMES
                && let Some(mut f) = judge(client, domain, &group.members())
                && !self.is_suffix(client, &group.members())
            {
                f.missing.extend(self.asked.loss());
                out.push(f);
            }
        }
    }
}

impl DnsTunnelling {
    /// True when most of a domain's names are whole names that the client asked for as well: its
    /// resolver library appended the domain.
    fn is_suffix(&self, client: &Host, members: &[(&Text, &Asked)]) -> bool {
        let own = self.asked.iter().filter(|((c, _), _)| c == client);
        let whole =
            |((_, domain), group): (&'_ (Host, Text), super::kit::Group<'_, Text, Asked>)| {
                let names = group.members();
                names
                    .into_iter()
                    .map(|(part, _)| stable(&format!("{part}.{domain}")))
                    .collect::<Vec<_>>()
            };
        let all: BTreeSet<u64> = own.flat_map(whole).collect();
        let is_appended = |part: &str| {
            let ends = part.match_indices('.').map(|(i, _)| i).chain([part.len()]);
            ends.filter_map(|i| part.get(..i)).any(|inner| all.contains(&stable(&inner.to_owned())))
        };
        let n = members.iter().filter(|(part, _)| is_appended(part)).count();
        n as f64 >= MIN_SUFFIXED * members.len() as f64
    }
}

/// A name's varying part and its registered domain. A tunnel straight to its server needs no
/// domain: a name whose last label can be no top-level domain's (RFC 3696, section 2) is all part.
fn split(name: &str) -> Option<(&str, &str)> {
    let last = name.rsplit('.').next()?;
    let is_top = !last.bytes().any(|b| b.is_ascii_digit()) || last.starts_with("xn--");
    if !is_top {
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        return (!is_address).then_some((name, ""));
    }
    let domain = names::registrable(name).filter(|_| !name.ends_with(".arpa"))?;
    let part = name.strip_suffix(domain)?.trim_end_matches('.');
    (!part.is_empty()).then_some((part, domain))
}

/// Answers of a type that is made to carry what the server wants to say.
fn has_data(d: &Dns) -> bool {
    let is_data = matches!(d.qtype_name.as_deref(), Some("TXT" | "CNAME" | "MX" | "SRV" | "KEY"))
        || matches!(d.qtype, Some(5 | 15 | 16 | 25 | 33));
    (is_data || is_opaque(d)) && !d.answers.is_empty()
}

/// A type without a format, NULL (RFC 1035, section 3.3.10) or a private one (RFC 6895, section
/// 3.1): what such an answer says no record shows. No service uses them, so each counts as another.
fn is_opaque(d: &Dns) -> bool {
    d.qtype_name.as_deref() == Some("NULL") || matches!(d.qtype, Some(10 | 65_280..=65_534))
}

/// Bytes of a part of a name, in which those that are no text are written `\xff`.
fn octets(part: &str) -> u64 {
    (part.len() - 3 * part.matches("\\x").count().min(part.len() / 4)) as u64
}

fn judge(client: &Host, domain: &str, members: &[(&Text, &Asked)]) -> Option<Finding> {
    let n = members.len();
    let share = |of: usize| of as f64 / n.max(1) as f64;
    let bytes: u64 = members.iter().map(|m| octets(m.0)).sum();
    let length = bytes as f64 / n as f64;
    let bits = members.iter().map(|m| entropy(m.0) * octets(m.0) as f64).sum::<f64>()
        / bytes.max(1) as f64;
    let is_digit = |b: &u8| b.is_ascii_digit() || *b == b'.';
    let digits = members.iter().map(|m| m.0.bytes().filter(|b| is_digit(b)).count()).sum::<usize>()
        as f64
        / bytes.max(1) as f64;
    let verdicts = share(members.iter().filter(|m| m.1.is_verdict).count());
    let data = share(members.iter().filter(|m| m.1.has_data).count());
    if length < MIN_LENGTH || bits < MIN_ENTROPY || digits > MAX_DIGITS || verdicts > MAX_VERDICTS {
        return None;
    }
    let shown = if domain.is_empty() { "no domain".into() } else { visible(domain) };
    let mut f = finding(RULE.id, format!("{client} {domain}"));
    f.title = format!("Data in DNS names: {client} asked for {} under {shown}", plural(n, "name"));
    f.summary = format!(
        "{client} asked for {n} different names under {shown}, {length:.0} characters long on average and random-looking: {bytes} bytes in all."
    );
    let answers: BTreeSet<u64> = members.iter().filter_map(|m| m.1.answer).collect();
    let varied = share(answers.len());
    let both = data >= MIN_DATA && varied >= MIN_VARIED;
    let is_much = bytes >= MANY_BYTES && (varied >= MIN_VARIED || length >= FULL_LENGTH);
    f.severity = if both || is_much { Severity::Medium } else { Severity::Low };
    f.confidence = match (both, is_much) {
        (true, true) => Confidence::High,
        (true, false) => Confidence::Medium,
        _ => Confidence::Low,
    };
    let mut t = Terms::default();
    t.judge("different names", n, format!("at least {MIN_NAMES}"), true, 0);
    if n >= MAX_NAMES {
        t.note("more were asked; only so many are kept");
    }
    t.judge(
        "mean length before the domain",
        format!("{length:.1} characters"),
        format!("at least {MIN_LENGTH}"),
        true,
        0,
    );
    t.judge(
        "mean entropy",
        format!("{bits:.2} bits a character"),
        format!("at least {MIN_ENTROPY}"),
        true,
        0,
    );
    t.judge(
        "answers that carry data",
        format!("{data:.2}"),
        format!("at least {MIN_DATA}"),
        both,
        0,
    );
    t.judge(
        "answers that differ",
        format!("{varied:.2}"),
        format!("at least {MIN_VARIED}"),
        varied >= MIN_VARIED,
        0,
    );
    t.judge("bytes in names", bytes, format!("at least {MANY_BYTES}"), bytes >= MANY_BYTES, 0);
    t.say("answers that are a verdict (127/8)", format!("{verdicts:.2}"), Basis::Observed);
    f.facts = t.0;
    f.when = span(members.iter().map(|m| &m.1.seen));
    f.subjects = vec![actor("address", client.addr), object("name", &shown)];
    let mut rows: Vec<(&Text, &Rc<Row>)> =
        members.iter().filter_map(|m| Some((m.0, m.1.seen.first()?))).collect();
    rows.sort_by_key(|r| (std::cmp::Reverse(r.0.len()), r.1.ts, r.1.at));
    f.evidence = evidence(
        rows.into_iter().map(|r| r.1.because("long name")),
        members.iter().map(|m| m.1.seen.count()).sum(),
        Some((
            "dns",
            format!("id.orig_h == {} and query contains {}", client.addr, quoted(domain)),
        )),
    );
    f.caveats.push(caveat(
        "Security products and telemetry ask with hashes in names, and are answered at once.",
        "Find out whose the domain is, and which program on the client asks for it.",
    ));
    f.attack = RULE.attack.to_vec();
    Some(f)
}

/// Shannon entropy of the characters, in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    text.bytes().for_each(|b| *counts.entry(b).or_default() += 1);
    let n = text.len().max(1) as f64;
    counts.values().map(|c| f64::from(*c) / n).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, judge, lines};
    use crate::detect::kit::stable;

    fn run(text: &str) -> String {
        lines(&judge(|| (RULE.new)(&Settings::default()), &events(text)))
    }

    /// `n` names of `len` random hex characters.
    fn names_of(n: u64, len: usize, words: &str) -> String {
        let row = |i: u64| {
            let words = words.replace("$I", &i.to_string());
            let hex: String = (0..4).map(|k| format!("{:016x}", stable(&(i, k)))).collect();
            format!(
                "@{i} dns 10.0.0.9:* > 10.0.0.53:53 q={}.t.test {words}\n",
                &hex.repeat(4)[..len]
            )
        };
        (0..n).map(row).collect()
    }

    #[test]
    fn both_sides_of_the_floors() {
        let txt = "type=TXT a=abc$I";
        assert_eq!(run(&names_of(99, 40, txt)), "");
        assert_eq!(
            run(&names_of(100, 40, txt)),
            "Medium/Medium Data in DNS names: 10.0.0.9 asked for 100 names under t.test\n"
        );
        assert_eq!(run(&names_of(100, 29, txt)), "");
        assert_ne!(run(&names_of(100, 30, txt)), "");
        // Answers that say the same each time carry nothing: half of them differ, or one less.
        let half = |n| {
            names_of(n, 40, "type=TXT a=abc$I")
                + &names_of(100, 40, "type=TXT a=abc").replace(".t.test", "x.t.test")
        };
        assert!(run(&half(99)).starts_with("Medium/"));
        assert!(run(&half(97)).starts_with("Low/"), "{}", run(&half(97)));
        // What comes back in NULL is not shown, and says enough by being there; in A it repeats.
        assert!(run(&names_of(100, 40, "type=NULL a=~")).starts_with("Medium/Medium"));
        assert!(run(&names_of(100, 40, "type=A a=192.0.2.1")).starts_with("Low/Low"));
        // Short names in between, by which a tunnel asks for more, make the long ones no less random.
        let polls = |n: u64| names_of(n, 8, txt).replace(".t.test", "aaa.t.test");
        assert_ne!(run(&(names_of(60, 120, txt).replace(".t.test", "z.t.test") + &polls(150))), "");
        assert_eq!(run(&polls(150)), "");
        assert_eq!(octets(r"a\xffb"), 3);
        // Straight to the server, without any domain; reverse names and bare hosts are not that.
        let bare = names_of(100, 40, txt).replace(".t.test", "0");
        assert!(run(&bare).contains("asked for 100 names under no domain"), "{}", run(&bare));
        assert_eq!(run(&bare.replace("0 type", "0.in-addr.arpa type")), "");
        // One way only, then a lot of it: in answers that differ, or in names that are full.
        assert!(run(&names_of(200, 40, "type=A a=192.0.2.1")).starts_with("Low/Low"));
        assert!(run(&names_of(1000, 50, "type=A a=192.0.2.1")).starts_with("Low/Low"));
        assert!(run(&names_of(1000, 50, "type=A a=192.0.$I.1")).starts_with("Medium/Low"));
        let full = |n: usize| {
            let pad = "0123456789abcdef".repeat(9);
            names_of(1000, 32, "type=A a=192.0.2.1")
                .replace(".t.test", &format!("{}.t.test", &pad[..n - 32]))
        };
        assert!(run(&full(80)).starts_with("Medium/Low"));
        assert!(run(&full(79)).starts_with("Low/Low"));
    }

    #[test]
    fn look_alikes_stay_quiet() {
        // Reputation service, block list, a site's own long host names.
        assert_eq!(run(&names_of(200, 40, "type=A a=127.0.0.2")), "");
        assert_eq!(
            run(
                "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..200}.2.0.192.9.8.7.6.5.4.3.2.1.0.9.8.7.6.list.test type=TXT a=x"
            ),
            ""
        );
        assert_eq!(
            run(
                "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=printer-printer-printer-printer-{1..200}.corp.test type=TXT a=x"
            ),
            ""
        );
        // The same names with the company's own domain appended: told once, where they belong.
        let own = names_of(120, 40, "type=TXT a=abc$I");
        let suffixed =
            own.replace(".t.test", ".t.test.corp.example.com").replace("a=abc", "rcode=NXDOMAIN~");
        let suffixed = suffixed.replace("NXDOMAIN~", "NXDOMAIN id=");
        assert_eq!(run(&format!("{own}{suffixed}")).lines().count(), 1);
        assert_eq!(run(&suffixed).lines().count(), 1);
        assert!(entropy("aaaa") < 0.1 && entropy("0123456789abcdef") > 3.9);
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let tight = || {
            let mut s = Settings::default();
            s.caps.keys = 8;
            (RULE.new)(&s)
        };
        judge(tight, &events(&names_of(50, 40, "type=TXT a=x")));
    }
}
