//! The certificates seen, each once, with the servers that showed them.

use crate::detect::kit::names::common_name;
use crate::detect::kit::{Course, Host, Observed, Tally, quoted};
use crate::event::{Body, Ssl, X509};
use crate::order::{Collect, Order};
use crate::settings::Settings;
use crate::text::{Text, visible};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Servers kept of one certificate: far more than the rule about unrelated networks needs.
const MAX_SERVERS: usize = 64;

/// Names kept of one certificate: authorities for the public put in a hundred, the largest shared ones
/// have some 150. Without a limit a few megabytes of made certificates would take as many hundreds.
const MAX_NAMES: usize = 250;

#[derive(Debug)]
pub(super) struct Memory {
    seen: Tally<Text, (), Kept>,
    shown_by: Tally<Text, Host, ()>,
}

#[derive(Debug, Default)]
struct Kept {
    seen: Course,
    /// The record of the earliest row: rows of one certificate say the same.
    x509: Option<(crate::event::Origin, Box<X509>)>,
}

/// A certificate.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    id: &'a str,
    pub(super) x509: &'a X509,
    pub(super) seen: Cow<'a, Course>,
    pub(super) servers: BTreeSet<Host>,
}

impl Memory {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self { seen: Tally::new(settings, 1), shown_by: Tally::new(settings, MAX_SERVERS) }
    }

    pub(super) fn observe(&mut self, e: &Observed<'_>) {
        match &e.body {
            Body::X509(x) => self.certificate(e, x),
            Body::Ssl(s) => self.handshake(e, s),
            _ => {}
        }
    }

    fn certificate(&mut self, e: &Observed<'_>, x: &X509) {
        let Some(id) = identity(x) else { return };
        if x.client_cert != Some(true)
            && x.host_cert == Some(true)
            && let Some(server) = Host::resp(e)
        {
            self.shown_by.offer(id.clone(), server);
        }
        if let Some(kept) = self.seen.offer(id, ()) {
            kept.seen.see(e);
            if kept.x509.as_ref().is_none_or(|(at, _)| e.at < *at) {
                kept.x509 = Some((e.at, Box::new(short_of_names(x))));
            }
        }
    }

    fn handshake(&mut self, e: &Observed<'_>, s: &Ssl) {
        if let (Some(leaf), Some(server)) = (s.cert_chain_fps.first(), Host::resp(e)) {
            self.shown_by.offer(leaf.to_ascii_lowercase().into(), server);
        }
    }

    /// All certificates, in order of their identity.
    pub(super) fn certificates(&self) -> Vec<Certificate<'_>> {
        joined(self.each())
    }

    fn each(&self) -> Vec<Certificate<'_>> {
        let servers: BTreeMap<&Text, BTreeSet<Host>> = self
            .shown_by
            .iter()
            .map(|(id, g)| (id, g.members().into_iter().map(|(a, ())| a.clone()).collect()))
            .into_map();
        let all =
            self.seen.iter().flat_map(|(id, g)| g.members().into_iter().map(move |(_, k)| (id, k)));
        all.filter_map(|(id, kept)| {
            let x509 = &kept.x509.as_ref()?.1;
            let servers = servers.get(id).cloned().unwrap_or_default();
            Some(Certificate { id, x509, seen: Cow::Borrowed(&kept.seen), servers })
        })
        .collect()
    }

    pub(super) fn loss(&self) -> Option<String> {
        self.seen.loss()
    }
}

/// The record with as many names as are kept.
fn short_of_names(x: &X509) -> X509 {
    let mut x = x.clone();
    let X509 { san_dns, san_uri, san_email, san_ip, policies, .. } = &mut x;
    for list in [san_dns, san_uri, san_email, san_ip, policies] {
        list.truncate(MAX_NAMES);
        list.shrink_to_fit();
    }
    x
}

/// A digest; else issuer and serial, which an authority gives out once.
fn identity(x: &X509) -> Option<Text> {
    match (x.fingerprint.as_ref().or(x.sha1.as_ref()), &x.issuer, &x.serial) {
        (Some(digest), ..) => Some(digest.to_ascii_lowercase().into()),
        (None, Some(issuer), Some(serial)) => Some(format!("{issuer} #{serial}").into()),
        _ => None,
    }
}

/// One source tells the SHA-256 of a certificate alone (Zeek), another the SHA-1 (Suricata) or none:
/// where only one certificate of a number and a validity has the first, the other is it.
fn joined(mut all: Vec<Certificate<'_>>) -> Vec<Certificate<'_>> {
    let has_sha_256 = |c: &Certificate<'_>| c.x509.fingerprint.is_some();
    let number = Certificate::number_and_validity;
    all.order_by(|a, b| number(a).cmp(&number(b)).then(has_sha_256(b).cmp(&has_sha_256(a))));
    let mut joined: Vec<Certificate<'_>> = Vec::new();
    for c in all {
        let same = joined.iter().rev().take(2).filter(|o| number(o) == number(&c)).count();
        match joined.last_mut() {
            Some(o) if same == 1 && has_sha_256(o) && !has_sha_256(&c) && !c.differs(o) => {
                o.servers.extend(c.servers);
                o.seen.to_mut().join(&c.seen);
            }
            _ => joined.push(c),
        }
    }
    joined.order_by_key(|c| c.id);
    joined
}

impl<'a> Certificate<'a> {
    /// A digest, or issuer and serial.
    pub(super) fn id(&self) -> &str {
        self.id
    }

    /// True when a digest that both have tells them apart.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let digests = |x: &'a X509| [x.fingerprint.as_deref(), x.sha1.as_deref()];
        let pairs = digests(self.x509).into_iter().zip(digests(other.x509));
        pairs.filter_map(|(a, b)| a.zip(b)).any(|(a, b)| !a.eq_ignore_ascii_case(b))
    }

    fn number_and_validity(&self) -> impl Ord + use<'a> {
        let x = self.x509;
        (x.issuer.as_deref(), x.serial.as_deref(), x.not_valid_before, x.not_valid_after)
    }

    /// Whom it names, for a title.
    pub(super) fn name(&self) -> String {
        let subject = self.x509.subject.as_deref().unwrap_or_default();
        let name = common_name(subject).or_else(|| self.x509.san_dns.first().map(|n| &**n));
        short(name.unwrap_or(if subject.is_empty() { "no name" } else { subject }))
    }

    /// Who issued it, for a sentence.
    pub(super) fn issuer_name(&self) -> String {
        let issuer = self.x509.issuer.as_deref().unwrap_or("an issuer that is not shown");
        short(common_name(issuer).unwrap_or(issuer))
    }

    /// Key type and length.
    pub(super) fn key(&self) -> Option<String> {
        let x = self.x509;
        let kind = x.key_type.as_deref().or(x.key_alg.as_deref())?;
        let bits = x.key_length.map_or(String::new(), |n| format!(" {n} bits"));
        let curve = x.curve.as_deref().map_or(String::new(), |c| format!(", {c}"));
        Some(format!("{kind}{bits}{curve}"))
    }

    /// A filter for its rows.
    pub(super) fn filter(&self) -> Option<(&'static str, String)> {
        let x = self.x509;
        let of = |name, digest: &Option<Text>| Some((name, quoted(digest.as_deref()?)));
        let (name, digest) = of("fingerprint", &x.fingerprint).or_else(|| of("sha1", &x.sha1))?;
        Some(("x509", format!("{name} == {digest}")))
    }
}

fn short(text: &str) -> String {
    visible(text).chars().take(80).collect()
}
