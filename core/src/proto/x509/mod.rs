//! Certificates: from the DER form to the fields of an `x509` row.

mod dn;
mod key;
mod names;
mod oid;

pub use names::covers;

use crate::event;
use crate::text::{Text, from_bytes};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

/// Names kept of one certificate. The largest shared certificates of content networks hold some
/// hundred; more are cut, and that is said.
pub const MAX_NAMES: usize = 2000;

/// A certificate that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Its fields; only the fingerprints when it is not a certificate.
    pub row: event::X509,
    /// The host names and addresses it is for: the alternative names, else the common names.
    pub names: Vec<Text>,
    /// What was wrong with it, by Zeek's kind of name.
    pub flaw: Option<&'static str>,
}

/// Reads a certificate. Whatever the bytes, its fingerprints are there.
pub fn read(der: &[u8]) -> Read {
    let mut row = event::X509 {
        fingerprint: Some(base16ct::lower::encode_string(&Sha256::digest(der)).into()),
        sha1: Some(base16ct::lower::encode_string(&Sha1::digest(der)).into()),
        ..event::X509::default()
    };
    let Ok((rest, certificate)) = X509Certificate::from_der(der) else {
        return Read { row, names: Vec::new(), flaw: Some("x509_unparsable_certificate") };
    };
    let mut flaw = (!rest.is_empty()).then_some("x509_trailing_data");
    fill(&mut row, &certificate);
    for extension in certificate.extensions() {
        flaw = flaw.or(extend(&mut row, extension));
    }
    row.self_signed = Some(is_self_signed(&certificate));
    let names = host_names(&row, &certificate);
    Read { row, names, flaw }
}

fn fill(row: &mut event::X509, certificate: &X509Certificate<'_>) {
    row.version = Some(u64::from(certificate.version().0) + 1);
    row.serial = Some(serial(certificate.raw_serial()));
    row.subject = Some(dn::text(certificate.subject()));
    row.issuer = Some(dn::text(certificate.issuer()));
    row.not_valid_before = Some(certificate.validity().not_before.timestamp());
    row.not_valid_after = Some(certificate.validity().not_after.timestamp());
    row.sig_alg = Some(oid::algorithm(&certificate.signature_algorithm.algorithm).into());
    key::fill(row, certificate.public_key());
}

/// Octets in hex without the one that only carries the sign; a negative one behind `-`, as
/// OpenSSL writes it.
fn serial(raw: &[u8]) -> Text {
    let is_negative = raw.first().is_some_and(|b| *b >= 0x80);
    let mut magnitude = raw.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let zeros = magnitude.iter().take_while(|b| **b == 0).count();
    let zeros = zeros.min(magnitude.len().saturating_sub(1));
    let digits = base16ct::upper::encode_string(magnitude.get(zeros..).unwrap_or_default());
    let sign = if is_negative { "-" } else { "" };
    from_bytes(format!("{sign}{digits}").as_bytes())
}

/// Takes an extension into the row; gives what was wrong with it.
fn extend(row: &mut event::X509, extension: &X509Extension<'_>) -> Option<&'static str> {
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => {
            row.ca = Some(constraints.ca);
            row.path_len = constraints.path_len_constraint.map(u64::from);
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            return alternative_names(row, &names.general_names);
        }
        ParsedExtension::CertificatePolicies(policies) => {
            let id = |p: &x509_parser::extensions::PolicyInformation<'_>| oid::dotted(&p.policy_id);
            row.policies = policies.iter().take(MAX_NAMES).map(|p| id(p).into()).collect();
        }
        ParsedExtension::SCT(list) => row.sct_count = Some(list.len() as u64),
        ParsedExtension::ParseError { .. } => return Some("x509_bad_extension"),
        _ => {}
    }
    None
}

fn alternative_names(row: &mut event::X509, names: &[GeneralName<'_>]) -> Option<&'static str> {
    let text = |name: &str| from_bytes(name.as_bytes());
    let mut flaw = (names.len() > MAX_NAMES).then_some("x509_too_many_names");
    for name in names.iter().take(MAX_NAMES) {
        match name {
            GeneralName::DNSName(name) => row.san_dns.push(text(name)),
            GeneralName::URI(uri) => row.san_uri.push(text(uri)),
            GeneralName::RFC822Name(mail) => row.san_email.push(text(mail)),
            GeneralName::IPAddress(bytes) => match address(bytes) {
                Some(addr) => row.san_ip.push(addr.to_string().into()),
                None => flaw = Some("x509_bad_address"),
            },
            GeneralName::Invalid(tag, bytes) if tag.0 == 2 => row.san_dns.push(from_bytes(bytes)),
            GeneralName::Invalid(..) => flaw = Some("x509_bad_name"),
            _ => {}
        }
    }
    flaw
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// RFC 6125 section 6.4.4: the common name counts only without alternative names.
fn host_names(row: &event::X509, certificate: &X509Certificate<'_>) -> Vec<Text> {
    let names: Vec<Text> = row.san_dns.iter().chain(&row.san_ip).cloned().collect();
    if !names.is_empty() {
        return names;
    }
    let common = dn::common_names(certificate.subject());
    common.iter().map(|name| from_bytes(name.as_bytes())).collect()
}

/// Issuer and subject are the same, and no key identifier says otherwise. The signature itself
/// is not checked.
fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    let (mut own, mut authority) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority = id.key_identifier.as_ref().map(|id| id.0);
            }
            _ => {}
        }
    }
    let contradicts = own.zip(authority).is_some_and(|(own, authority)| own != authority);
    certificate.subject().as_raw() == certificate.issuer().as_raw() && !contradicts
}

#[cfg(test)]
mod tests;
