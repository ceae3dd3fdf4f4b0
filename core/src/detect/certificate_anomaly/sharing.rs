//! Where else a certificate, its serial number, or its issuer appeared.

use super::judge::{Sign, is_appliance, sign};
use super::memory::Certificate;
use crate::detect::kit::addr::{is_external, operator};
use crate::detect::kit::{authorities, inspection, names};
use crate::event::X509;
use crate::order::{Collect, Order};
use crate::report::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// Unrelated networks from which on one certificate is a relay's or a large operator's.
const MIN_NETWORKS: usize = 3;
/// Serial numbers so short that makers of appliances put them into every box.
const MIN_SERIAL_DIGITS: usize = 8;

/// Issuer and serial number: what an authority gives out once.
type Number<'a> = (&'a str, &'a str);

/// What all certificates together tell about each.
pub(super) struct Shared<'a> {
    /// The certificates of each number.
    numbers: BTreeMap<Number<'a>, Vec<&'a Certificate<'a>>>,
    /// Certificates of each issuer.
    issuers: BTreeMap<&'a str, usize>,
    inspecting: Option<&'a str>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(all: &'a [Certificate<'a>]) -> Self {
        let mut numbers: BTreeMap<Number<'a>, Vec<&Certificate<'_>>> = BTreeMap::new();
        let mut issuers: BTreeMap<&str, usize> = BTreeMap::new();
        for c in all {
            if let Some(number) = number(c.x509) {
                numbers.entry(number).or_default().push(c);
            }
            if let Some(issuer) = c.x509.issuer.as_deref() {
                *issuers.entry(issuer).or_default() += 1;
            }
        }
        Self { numbers, issuers, inspecting: inspecting(all) }
    }

    /// Issuers with the number of their certificates, rarest first.
    pub(super) fn ranking(&self) -> Vec<(&'a str, usize)> {
        let mut all: Vec<_> = self.issuers.iter().map(|(i, n)| (*i, *n)).collect();
        all.order_by_key(|(issuer, n)| (*n, *issuer));
        all
    }

    /// True when its issuer stands behind most names, as an inspecting proxy's does.
    pub(super) fn is_inspected(&self, x: &X509) -> bool {
        self.inspecting.is_some() && self.inspecting == x.issuer.as_deref()
    }

    fn twin(&self, c: &Certificate<'_>) -> Option<&'a Certificate<'a>> {
        let others = self.numbers.get(&number(c.x509)?)?;
        others.iter().find(|o| o.differs(c)).copied()
    }
}

fn number(x: &X509) -> Option<Number<'_>> {
    Some((x.issuer.as_deref()?, x.serial.as_deref()?))
}

/// The issuer that stands behind most registered domains of outside servers and is in no public log.
fn inspecting<'a>(all: &'a [Certificate<'a>]) -> Option<&'a str> {
    let mut domains: BTreeSet<&str> = BTreeSet::new();
    let mut behind: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for c in all.iter().filter(|c| c.servers.iter().any(|s| is_external(s.addr))) {
        let (Some(issuer), x) = (c.x509.issuer.as_deref(), c.x509) else { continue };
        let own = x.san_dns.iter().filter_map(|n| names::registrable(n.trim_start_matches("*.")));
        let (of, is_public) = behind.entry(issuer).or_default();
        *is_public |= authorities::is_known(issuer) || x.sct_count.is_some_and(|n| n > 0);
        // A certificate shared by many names counts once: it is a content network's.
        if let Some(domain) = own.min() {
            of.insert(domain);
            domains.insert(domain);
        }
    }
    let mut found = behind
        .into_iter()
        .filter(|(_, (of, is_public))| !is_public && inspection::is_most(of.len(), domains.len()));
    found.next().map(|(issuer, _)| issuer)
}

/// Where else the same certificate, or the same issuer and serial, appeared.
pub(super) fn sharing(
    c: &Certificate<'_>,
    shared: &Shared<'_>,
    weight: Severity,
    out: &mut Vec<Sign>,
) {
    let networks: BTreeSet<_> =
        c.servers.iter().filter(|s| is_external(s.addr)).map(|s| operator(s.addr)).into_set();
    if networks.len() >= MIN_NETWORKS {
        // Large operators show one certificate everywhere, and makers put one into every box;
        // nobody vouches for another self-signed one.
        let is_nobodys = c.x509.self_signed == Some(true) && !is_appliance(c.x509);
        out.push(sign(
            "shown by unrelated networks",
            format!("shown by servers in {} unrelated networks", networks.len()),
            if is_nobodys { Severity::Medium } else { Severity::Info },
        ));
    }
    if let Some(twin) = shared.twin(c) {
        let digits = c.x509.serial.as_deref().map_or(0, |s| s.trim_start_matches('0').len());
        let is_box = c.x509.self_signed == Some(true) || digits < MIN_SERIAL_DIGITS;
        out.push(Sign {
            note: Some("an authority gives a serial number out once"),
            ..sign(
                "with a reused serial number",
                format!("issuer and serial are those of another certificate, for {}", twin.name()),
                if is_box { Severity::Info } else { weight },
            )
        });
    }
}
