//! `dns-tunnelling`: data carried in names: many long, random-looking names under one domain.

mod describe;
mod judge;

use super::kit::{Group, Host, Observed, Sighting, Tally, names, stable};
use super::{Detector, Rule};
use crate::event::{Body, Dns, Kind};
use crate::order::Collect;
use crate::report::Finding;
use crate::settings::Settings;
use crate::text::Text;
use judge::MIN_NAMES_FETCH;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    id: "dns-tunnelling",
    title: "Data in DNS names",
    about: "A client asks for many different names under one registered domain, whose varying \
            part is long and looks random; more so when the answers are of types that carry data \
            and say something new each time. Short names are enough where such answers are long. Names to which the client appended its search suffix \
            count where they belong.",
    benign: "Reputation look-ups, telemetry and content networks put hashes into names.",
    limits: "Does not decode what the names carry; slow or short-named channels stay below the floors.",
    attack: &["T1071.004", "T1572"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(DnsTunnelling::new(settings)),
};

/// Share of names that were asked for without the domain too, from which on it is a search suffix.
const MIN_SUFFIXED: f64 = 0.5;
/// Names kept of one client and domain.
const MAX_NAMES: usize = 1024;

/// What was seen of one name.
#[derive(Debug, Default)]
struct Asked {
    seen: Sighting,
    has_data: bool,
    is_verdict: bool,
    /// A sender's key, as its name and the answer say.
    is_key: bool,
    /// Length of the longest answer.
    reply: u32,
    /// The answer, as the smallest hash of those seen.
    answer: Option<u64>,
}

struct DnsTunnelling {
    asked: Tally<(Host, Text), Text, Asked>,
}

impl DnsTunnelling {
    const fn new(settings: &Settings) -> Self {
        Self { asked: Tally::new(settings, MAX_NAMES) }
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
            let reply: usize = d.answers.iter().map(|a| a.len()).sum();
            asked.reply = asked.reply.max(u32::try_from(reply).unwrap_or(u32::MAX));
            asked.is_key |= is_key(part, d);
            asked.is_verdict |= d.answers.iter().any(|a| a.starts_with("127."));
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let all: Vec<Domain<'_>> = self.asked.iter().collect();
        for of_client in all.chunk_by(|a, b| a.0.0 == b.0.0) {
            let whole = OnceCell::new();
            for ((client, domain), group) in of_client {
                let members = group.members();
                if members.len() >= MIN_NAMES_FETCH
                    && let Some(judged) = judge::judge(&members)
                    && !is_suffix(&members, whole.get_or_init(|| whole_names(of_client)))
                {
                    let mut f = describe::finding(client, domain, &judged);
                    f.missing.extend(self.asked.loss());
                    out.push(f);
                }
            }
        }
    }
}

/// A client and a domain, and the names under it that the client asked for.
type Domain<'a> = (&'a (Host, Text), Group<'a, Text, Asked>);

/// Every name that a client asked for, by hash: made once, not for each of its domains.
fn whole_names(of_client: &[Domain<'_>]) -> BTreeSet<u64> {
    let names = of_client.iter().flat_map(|((_, domain), group)| {
        group.members().into_iter().map(move |(part, _)| stable(&format!("{part}.{domain}")))
    });
    names.into_set()
}

/// True when most of a domain's names are whole ones that the client's library appended it to.
fn is_suffix(members: &[(&Text, &Asked)], whole: &BTreeSet<u64>) -> bool {
    let is_appended = |part: &str| {
        let ends = part.match_indices('.').map(|(i, _)| i).chain([part.len()]);
        ends.filter_map(|i| part.get(..i)).any(|inner| whole.contains(&stable(&inner.to_owned())))
    };
    let n = members.iter().filter(|(part, _)| is_appended(part)).count();
    n as f64 >= MIN_SUFFIXED * members.len() as f64
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

/// A key of a sender's domain (RFC 6376, sections 3.6.1 and 3.6.2.1), or an alias that leads to one.
fn is_key(part: &str, d: &Dns) -> bool {
    let is_named = part.split('.').any(|label| label == "_domainkey");
    is_named && d.answers.iter().any(|a| a.contains("p=") || a.contains("._domainkey."))
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

#[cfg(test)]
mod tests;
