//! `certificate-anomaly`: the certificates that were shown, and what about them is out of order.

mod describe;
mod judge;
mod memory;
mod sharing;

use super::kit::Observed;
use super::{Detector, Rule};
use crate::event::Kind;
use crate::report::{Finding, Severity};
use judge::Sign;
use memory::{Certificate, Memory};
use sharing::Shared;

/// The rule.
pub const RULE: Rule = Rule {
    id: "certificate-anomaly",
    title: "Certificates",
    about: "Keeps a record of every certificate shown, and judges each at the time of the \
            evidence and by the rules of the day it was issued: validity, key, signature, issuer, \
            serial number, and where else the same certificate appeared.",
    benign: "Appliances and test systems make their own certificates; content networks share one \
             among many servers; a sensor's clock may be wrong.",
    limits: "TLS 1.3 and QUIC encrypt certificates: packets show none. Signatures are not checked, \
             nor whether a browser would trust the issuer.",
    attack: &["T1573.002", "T1587.003", "T1588.004"],
    reads: &[Kind::Ssl, Kind::X509],
    new: |settings| Box::new(CertificateAnomaly(Memory::new(settings))),
};

struct CertificateAnomaly(Memory);

impl Detector for CertificateAnomaly {
    fn observe(&mut self, e: &Observed<'_>) {
        self.0.observe(e);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let all = self.0.certificates();
        if all.is_empty() {
            return;
        }
        let shared = Shared::new(&all);
        let judged: Vec<(&Certificate<'_>, Vec<Sign>)> =
            all.iter().map(|c| (c, judge::signs(c, &shared))).collect();
        let mut record = describe::record(&judged);
        record.facts.extend(describe::ranking(&shared));
        record.missing.extend(self.0.loss());
        for (c, signs) in &judged {
            match signs.iter().map(|s| s.severity).max() {
                Some(worst) if worst > Severity::Info => {
                    out.push(describe::anomaly(c, signs, worst))
                }
                _ => {}
            }
        }
        out.push(record);
    }
}

#[cfg(test)]
mod tests;
