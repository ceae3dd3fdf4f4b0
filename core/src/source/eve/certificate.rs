//! The certificate of a `tls` event as a row of its own.

use super::derive::name;
use crate::event::{Body, Event, Raw, X509};
use crate::source::json::Leaf;
use crate::text::Text;
use crate::time::NANOS;

/// The certificate, if the row tells of one.
pub fn of(leaves: &[Leaf<'_>], event: &Event) -> Option<Event> {
    let find = |path: &str| leaves.iter().find(|l| l.path == path).map(|l| &l.value);
    let text = |path: &str| find(path).and_then(Raw::text);
    let seconds = |path: &str| find(path)?.time().map(|t| t.0.div_euclid(NANOS));
    let serial = text("tls.serial");
    let fingerprint = text("tls.fingerprint");
    if serial.is_none() && fingerprint.is_none() {
        return None;
    }
    let (subject, issuer) = (text("tls.subject"), text("tls.issuerdn"));
    let row = X509 {
        // Suricata's fingerprint is SHA-1.
        sha1: fingerprint.map(|f| f.replace(':', "").to_ascii_lowercase().into()),
        serial: serial.map(|s| Text::from(s.replace(':', "").to_ascii_uppercase())),
        self_signed: subject.as_ref().zip(issuer.as_ref()).map(|(s, i)| s == i),
        subject: subject.map(|t| name(&t)),
        issuer: issuer.map(|t| name(&t)),
        not_valid_before: seconds("tls.notbefore"),
        not_valid_after: seconds("tls.notafter"),
        san_dns: find("tls.subjectaltname")
            .map(|list| list.items().iter().filter_map(Raw::text).collect())
            .unwrap_or_default(),
        host_cert: Some(true),
        client_cert: Some(false),
        ..X509::default()
    };
    Some(Event {
        ts: event.ts,
        at: event.at,
        also: Vec::new(),
        flow: event.flow.clone(),
        body: Body::X509(row),
    })
}
