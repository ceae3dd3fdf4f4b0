//! What about a certificate is out of order, and how much that says.

use super::memory::Certificate;
use super::sharing::{Shared, sharing};
use crate::detect::kit::addr::is_external;
use crate::detect::kit::{authorities, names};
use crate::event::X509;
use crate::report::{Basis, Severity};
use crate::time::Time;

const DAY: i64 = 86_400;
/// Shortest RSA key that public authorities sign (CA/Browser Forum baseline, section 6.1.5).
const MIN_RSA_BITS: u64 = 2048;
/// From this day of issue on authorities might sign no shorter one: 2014-01-01 (same place).
const RSA_SINCE: i64 = 1_388_534_400;
/// From this day of issue on authorities might no longer sign with SHA-1: 2016-01-01 (section
/// 7.1.3.2, ballot 118). MD5 fell in 2008 and never counts as ordinary.
const SHA1_SINCE: i64 = 1_451_606_400;
/// Longest validity in days by day of issue (CA/Browser Forum baseline, section 6.3.2, with
/// ballots 193, SC-22 and SC-081v3): first day as seconds since the epoch, limit.
const LIMITS: &[(i64, i64)] = &[
    (i64::MIN, 1826),
    (1_427_846_400, 1187), // 2015-04-01: 39 months
    (1_519_862_400, 825),  // 2018-03-01
    (1_598_918_400, 398),  // 2020-09-01
    (1_773_532_800, 200),  // 2026-03-15
    (1_805_068_800, 100),  // 2027-03-15
    (1_868_227_200, 47),   // 2029-03-15
];

/// Serial numbers that a published tool puts into the certificate it ships with, hex without
/// leading zeros: 8BB00EE is listed in Sigma's rule for certificate.serial.
const DEFAULT_SERIALS: &[&str] = &["8BB00EE"];
/// Parts of subjects that come with a tool's defaults and that nobody chooses: Cobalt Strike,
/// PoshC2, Metasploit, Covenant, Quasar, AsyncRAT, DcRat, BitRAT, as their sources have them.
const DEFAULT_SUBJECTS: &[&str] = &[
    "CN=AsyncRAT Server",
    "CN=BitRAT",
    "CN=Covenant",
    "CN=DcRat Server",
    "CN=Major Cobalt Strike",
    "CN=MetasploitSelfSignedCA",
    "CN=Quasar Server CA",
    "O=Pajfds",
    "O=cobaltstrike",
    "OU=AdvancedPenTesting",
];
/// Parts of subjects that stand in the examples of common software.
const EXAMPLE_SUBJECTS: &[&str] = &[
    "CN=example.com",
    "CN=localhost",
    "CN=localhost.localdomain",
    "O=Acme Co",
    "O=Default Company Ltd",
    "O=Internet Widgits Pty Ltd",
    "O=SomeOrganization",
];
/// Makers of appliances that come with a certificate of their own, by words of its subject.
const MAKERS: &[&str] = &[
    "axis communications",
    "brother industries",
    "draytek",
    "fortinet",
    "fritz.box",
    "hikvision",
    "idrac",
    "kyocera",
    "lexmark",
    "mikrotik",
    "netgear",
    "opnsense",
    "pfsense",
    "qnap",
    "ricoh",
    "sonicwall",
    "supermicro",
    "synology",
    "ubiquiti",
    "unifi",
    "vmware",
    "watchguard",
    "xerox",
    "zyxel",
];
/// Parts of issuers that belong to content networks: what stands behind them does not show.
const CONTENT_NETWORKS: &[&str] =
    &["Akamai", "Cloudflare", "Fastly", "Imperva", "Incapsula", "StackPath"];

/// Something about a certificate.
#[derive(Debug)]
pub(super) struct Sign {
    /// What it adds to a title.
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) severity: Severity,
    pub(super) basis: Basis,
    pub(super) note: Option<&'static str>,
    pub(super) is_about_time: bool,
    pub(super) attack: &'static [&'static str],
}

/// Everything about a certificate that is worth a remark.
pub(super) fn signs(c: &Certificate<'_>, shared: &Shared<'_>) -> Vec<Sign> {
    let mut out = Vec::new();
    // Where it was shown decides what it means: an appliance's own page is nobody's concern, and
    // what an inspecting proxy makes is the network's own.
    let is_outside = c.servers.iter().any(|s| is_external(s.addr));
    let is_ordinary = is_appliance(c.x509) || shared.is_inspected(c.x509);
    let weight = if is_outside && !is_ordinary { Severity::Low } else { Severity::Info };
    dates(c, weight, &mut out);
    algorithms(c, weight, &mut out);
    defaults(c.x509, &mut out);
    vouched(c.x509, weight, &mut out);
    sharing(c, shared, weight, &mut out);
    out
}

/// True for a certificate that an appliance's maker put into it: its subject names the maker, and
/// nobody else vouches for it.
pub(super) fn is_appliance(x: &X509) -> bool {
    let lower = |t: &Option<crate::text::Text>| t.as_deref().unwrap_or_default().to_lowercase();
    let (subject, issuer) = (lower(&x.subject), lower(&x.issuer));
    let is_public = x.sct_count.is_some_and(|n| n > 0);
    !is_public && MAKERS.iter().any(|m| subject.contains(m) && issuer.contains(m))
}

/// True when a distinguished name has this part, whole and in any case.
fn has_part(dn: &str, part: &str) -> bool {
    let dn = dn.to_ascii_lowercase();
    let part = part.to_ascii_lowercase();
    dn.match_indices(&part).any(|(at, _)| {
        let begins = at == 0 || dn.get(..at).is_some_and(|b| b.ends_with(','));
        let rest = dn.get(at + part.len()..).unwrap_or_default();
        begins && (rest.is_empty() || rest.starts_with(','))
    })
}

pub(super) fn sign(title: &'static str, text: String, severity: Severity) -> Sign {
    Sign {
        title,
        text,
        severity,
        basis: Basis::Observed,
        note: None,
        is_about_time: false,
        attack: &["T1573.002"],
    }
}

fn dates(c: &Certificate<'_>, weight: Severity, out: &mut Vec<Sign>) {
    let x = c.x509;
    let (Some(from), Some(to)) = (x.not_valid_before, x.not_valid_after) else { return };
    if to < from {
        out.push(sign(
            "with a validity that ends before it starts",
            format!("it ends at {} and starts at {}", shown_date(to), shown_date(from)),
            weight,
        ));
        return;
    }
    let secs = |t: Time| t.0.div_euclid(crate::time::NANOS);
    let mut late = |title, text: String| {
        out.push(Sign {
            is_about_time: true,
            note: Some("judged at the time of the evidence; a wrong clock looks the same"),
            ..sign(title, text, weight)
        });
    };
    if let Some(first) = c.seen.ts().map(secs)
        && first < from
    {
        late(
            "not yet valid",
            format!("seen at {} and valid from {}", shown_date(first), shown_date(from)),
        );
    }
    if let Some(last) = c.seen.until().map(secs)
        && last > to
    {
        late("expired", format!("seen at {} and valid to {}", shown_date(last), shown_date(to)));
    }
    let is_exempt = x.self_signed == Some(true) || x.ca == Some(true);
    if let (Some(days), Some(limit), false) = (days(x), limit(x), is_exempt)
        && days > limit
    {
        // The rules bind public authorities: those who name themselves as one, and those whose
        // certificates carry timestamps of public logs.
        let names_one = x.issuer.as_deref().is_some_and(authorities::is_public);
        let is_public = names_one || x.sct_count.is_some_and(|n| n > 0);
        let severity = if is_public { weight } else { Severity::Info };
        out.push(sign(
            "valid for longer than allowed",
            format!("{days} d of validity, {limit} d allowed for its day of issue"),
            severity,
        ));
    }
}

fn algorithms(c: &Certificate<'_>, weight: Severity, out: &mut Vec<Sign>) {
    let x = c.x509;
    // What was ordinary on its day of issue is a remark, not a fault.
    let since = |day: i64| match x.not_valid_before {
        Some(from) if from < day => Severity::Info,
        _ => weight,
    };
    if x.key_type.as_deref() == Some("rsa")
        && let Some(bits) = x.key_length.filter(|n| *n < MIN_RSA_BITS)
    {
        let text =
            format!("an RSA key of {bits} bits, at least {MIN_RSA_BITS} are asked since 2014");
        out.push(sign("with a weak key", text, since(RSA_SINCE)));
    }
    let sig = x.sig_alg.as_deref().unwrap_or_default().to_ascii_lowercase();
    let severity = match () {
        // The signature of a root on itself protects nothing.
        () if x.self_signed == Some(true) => None,
        () if sig.contains("md5") || sig.contains("md2") => Some(weight),
        () if sig.contains("sha1") => Some(since(SHA1_SINCE)),
        () => None,
    };
    if let Some(severity) = severity {
        out.push(sign("with a weak signature", format!("signed with {sig}"), severity));
    }
    if x.version.is_some_and(|v| v < 3) {
        let version = x.version.unwrap_or_default();
        out.push(sign(
            "of an old version",
            format!("version {version}: it cannot say what it may be used for"),
            Severity::Info,
        ));
    }
}

/// What tools and examples come with.
fn defaults(x: &X509, out: &mut Vec<Sign>) {
    let subject = x.subject.as_deref().unwrap_or_default();
    let serial =
        x.serial.as_deref().unwrap_or_default().trim_start_matches('0').to_ascii_uppercase();
    let mut tool = |title, text| {
        let attack = &["T1587.003", "T1588.004"][..];
        out.push(Sign { attack, ..sign(title, text, Severity::Medium) });
    };
    if DEFAULT_SERIALS.contains(&serial.as_str()) {
        tool(
            "with a published default serial number",
            format!("serial {serial} comes with a remote administration tool"),
        );
    }
    if DEFAULT_SUBJECTS.iter().any(|d| has_part(subject, d)) {
        tool(
            "with a published default subject",
            "its subject comes with a remote administration tool".to_owned(),
        );
    }
    if EXAMPLE_SUBJECTS.iter().any(|d| has_part(subject, d)) {
        out.push(sign(
            "with an example's subject",
            "its subject stands in examples and defaults of common software".to_owned(),
            Severity::Info,
        ));
    }
    if is_appliance(x) {
        out.push(sign(
            "of an appliance",
            "its subject and issuer name a maker of appliances".to_owned(),
            Severity::Info,
        ));
    }
}

/// Who vouches for it, and for what.
fn vouched(x: &X509, weight: Severity, out: &mut Vec<Sign>) {
    let issuer = x.issuer.as_deref().unwrap_or_default();
    let made = &["T1587.003", "T1588.004"][..];
    if x.self_signed == Some(true) && x.ca != Some(true) {
        out.push(Sign {
            basis: Basis::Inferred,
            note: Some("subject and issuer are the same; the signature is not checked"),
            attack: made,
            ..sign("signed by itself", "self-signed".to_owned(), weight)
        });
    }
    if x.ca == Some(true) && x.host_cert == Some(true) && x.self_signed != Some(true) {
        out.push(sign(
            "of an authority used by a host",
            "it may sign others, and a server shows it as its own".to_owned(),
            weight,
        ));
    }
    let own = x.subject.as_deref().and_then(names::common_name);
    let mut all = x.san_dns.iter().map(|n| &**n).chain(own);
    let suffix = |n: &str| n.strip_prefix("*.").is_some_and(names::is_public_suffix);
    if let Some(name) = all.find(|n| suffix(&n.to_ascii_lowercase())) {
        let text = format!("it covers {name}: names of many owners, which no authority certifies");
        out.push(sign("for a whole public suffix", text, weight));
    }
    if let Some(network) = CONTENT_NETWORKS.iter().find(|n| issuer.contains(*n)) {
        out.push(Sign {
            basis: Basis::Inferred,
            ..sign(
                "of a content network",
                format!(
                    "issued by a content network ({network}): the server behind it does not show"
                ),
                Severity::Info,
            )
        });
    }
}

/// Days of validity, both ends counted.
pub(super) fn days(x: &X509) -> Option<i64> {
    let secs = x.not_valid_after?.checked_sub(x.not_valid_before?)?.checked_add(1)?;
    (secs > 0).then(|| secs.saturating_add(DAY - 1) / DAY)
}

/// The longest validity allowed on its day of issue.
pub(super) fn limit(x: &X509) -> Option<i64> {
    let from = x.not_valid_before?;
    LIMITS.iter().rev().find(|(since, _)| from >= *since).map(|(_, limit)| *limit)
}

/// Seconds since the epoch as a date; as a number where no calendar reaches.
pub(super) fn shown_date(secs: i64) -> String {
    match secs.checked_mul(crate::time::NANOS) {
        Some(nanos) => Time(nanos).to_string(),
        None => format!("{secs} s since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(y: i64, mo: u32, d: u32) -> X509 {
        let from = Time::from_civil(y, mo, d, 0, 0, 0, 0).map(|t| t.0 / crate::time::NANOS);
        X509 { not_valid_before: from, ..X509::default() }
    }

    #[test]
    fn limits_change_on_their_days() {
        for (day, before, after) in [
            ((2018, 3, 1), 1187, 825),
            ((2020, 9, 1), 825, 398),
            ((2026, 3, 15), 398, 200),
            ((2027, 3, 15), 200, 100),
            ((2029, 3, 15), 100, 47),
        ] {
            let x = on(day.0, day.1, day.2);
            let eve =
                X509 { not_valid_before: x.not_valid_before.map(|s| s - 1), ..X509::default() };
            assert_eq!((limit(&eve), limit(&x)), (Some(before), Some(after)), "{day:?}");
        }
        assert_eq!(limit(&X509::default()), None);
    }

    #[test]
    fn parts_of_a_name_are_whole() {
        assert!(has_part("CN=covenant,O=x", "CN=Covenant"));
        assert!(has_part("O=x,CN=Covenant", "CN=Covenant"));
        assert!(!has_part("CN=Covenant House,O=x", "CN=Covenant"));
        assert!(!has_part("O=aCN=Covenant", "CN=Covenant"));
    }

    #[test]
    fn days_count_both_ends_and_survive_absurd_dates() {
        let x =
            |a, b| X509 { not_valid_before: Some(a), not_valid_after: Some(b), ..X509::default() };
        assert_eq!(days(&x(1_680_393_600, 1_712_015_999)), Some(366));
        assert_eq!(days(&x(1_680_393_600, 1_712_016_000)), Some(367));
        assert_eq!(days(&x(5, 1)), None);
        assert_eq!(days(&x(i64::MIN, i64::MAX)), None);
        assert!(shown_date(i64::MAX).contains("since 1970"));
    }
}
