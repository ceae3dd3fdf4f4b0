//! Detectors: what folds events and judges them.
//!
//! A detector is one file here and one line in [`RULES`].

mod account_several_addresses;
mod arp_sweep;
mod certificate_anomaly;
mod client_fingerprints;
#[cfg(test)]
mod corpus;
mod dns_tunnelling;
mod external_resolver;
mod fast_flux;
pub mod kit;
#[cfg(test)]
pub(crate) mod lint;
mod nxdomain_burst;
mod password_guessing;
mod plaintext_credentials;
mod port_scan;
mod server_name_mismatch;
mod service_inventory;
mod web_recon;

use crate::event::Kind;
use crate::report::Finding;
use crate::settings::Settings;
use kit::Observed;

/// A rule: what it looks for, what it reads, and how to start it.
#[derive(Debug)]
pub struct Rule {
    /// Stable id in kebab-case that names the behaviour seen: `port-scan`.
    pub id: &'static str,
    /// The rule's name for a person: `Port scan`.
    pub title: &'static str,
    /// What it looks for and how it judges, in two or three sentences.
    pub about: &'static str,
    /// The likeliest benign explanation.
    pub benign: &'static str,
    /// What this rule can never show, whatever the evidence.
    pub limits: &'static str,
    /// ATT&CK technique ids that its findings are consistent with.
    pub attack: &'static [&'static str],
    /// The kinds of events it reads; without any of them it is blind.
    pub reads: &'static [Kind],
    /// Starts the detector.
    pub new: fn(&Settings) -> Box<dyn Detector>,
}

/// A fold over events. Knows no file, no packet, no other detector.
pub trait Detector {
    /// Takes one event in; only inserts. Any order of events gives the same report.
    fn observe(&mut self, event: &Observed<'_>);
    /// What is found so far: a pure view, callable at any time.
    fn report(&self, out: &mut Vec<Finding>);
}

/// Every rule, in alphabetical order of ids.
pub static RULES: &[Rule] = &[
    account_several_addresses::RULE,
    arp_sweep::RULE,
    certificate_anomaly::RULE,
    client_fingerprints::RULE,
    dns_tunnelling::RULE,
    external_resolver::RULE,
    fast_flux::RULE,
    nxdomain_burst::RULE,
    password_guessing::RULE,
    plaintext_credentials::RULE,
    port_scan::RULE,
    server_name_mismatch::RULE,
    service_inventory::RULE,
    web_recon::RULE,
];
