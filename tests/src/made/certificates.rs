//! Certificates as servers show them: made by tools, worn out, shared, or ordinary.

use super::{Build, Cert, Ends, World};
use serde_json::json;

/// The samples about certificates.
pub const SAMPLES: &[(&str, Build)] = &[
    ("cert-tool-serial", |w| tool(w, "CN=www.updates-cdn.net", "8BB00EE")),
    ("cert-tool-subject", |w| tool(w, "CN=AsyncRAT Server", "00F1A7C9D2E3B4556677")),
    ("cert-expired", |w| shown(w, |c| c.age = 400)),
    ("cert-not-yet-valid", |w| shown(w, |c| c.age = -3)),
    ("cert-self-signed-outside", |w| shown(w, |c| c.issuer.clone_from(&c.subject))),
    ("cert-on-unrelated-networks", relays),
    ("cert-number-reused", reused),
    ("quiet-cert-short-lived", |w| shown(w, |c| (c.age, c.days) = (2, 6))),
    ("quiet-cert-last-day", |w| shown(w, |c| (c.age, c.days) = (89, 90))),
    ("quiet-cert-content-network", content_network),
    ("quiet-cert-appliances", appliances),
    ("quiet-cert-maker-outside", maker),
    ("quiet-cert-private-authority", private_authority),
    ("quiet-cert-inspection", inspection),
    ("quiet-cert-same-number-two-issuers", two_issuers),
];

const CLIENT: &str = "10.20.0.13";

fn tool(w: &mut World, subject: &str, serial: &str) {
    w.office(2.0);
    let cert = Cert {
        subject: subject.into(),
        issuer: subject.into(),
        serial: serial.into(),
        names: Vec::new(),
        age: 200,
        days: 3650,
    };
    let server = w.household();
    for i in 0..20 {
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(120.0 + 300.0 * f64::from(i), ends, None, Some(&cert), json!({}));
    }
}

/// One site outside with one thing about its certificate.
fn shown(w: &mut World, change: fn(&mut Cert)) {
    w.office(2.0);
    let mut cert = Cert::public(&["www.sportsclub.org"], w.hex(32).to_uppercase());
    change(&mut cert);
    let server = w.household();
    for i in 0..8 {
        let at = 300.0 + 600.0 * f64::from(i);
        w.lookup(at, CLIENT, "www.sportsclub.org", &[(server.clone(), 3600)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.1, ends, Some("www.sportsclub.org"), Some(&cert), json!({}));
    }
}

/// Machines in many networks that pass on to one server.
fn relays(w: &mut World) {
    w.office(2.0);
    let subject = "CN=panel,O=Internet Services".to_owned();
    let cert = Cert {
        issuer: subject.clone(),
        subject,
        serial: w.hex(16).to_uppercase(),
        names: Vec::new(),
        age: 20,
        days: 365,
    };
    for i in 0..12 {
        let server = w.household();
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(200.0 + 400.0 * f64::from(i), ends, None, Some(&cert), json!({}));
    }
}

/// An authority's number on two certificates.
fn reused(w: &mut World) {
    w.office(2.0);
    let serial = w.hex(32).to_uppercase();
    for (i, name) in ["login.bankportal.com", "cdn.otherplace.net"].into_iter().enumerate() {
        let cert = Cert::public(&[name], serial.clone());
        let server = w.household();
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(500.0 + 900.0 * i as f64, ends, Some(name), Some(&cert), json!({}));
    }
}

/// One certificate for a hundred names on servers in many networks.
fn content_network(w: &mut World) {
    w.office(2.0);
    let names: Vec<String> = (0..60).map(|i| format!("*.customer{i}.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut cert = Cert::public(&names, w.hex(32).to_uppercase());
    cert.issuer = "CN=GlobalSign Atlas R3 DV TLS CA 2024 Q4,O=GlobalSign nv-sa,C=BE".into();
    for i in 0..30 {
        let server = w.household();
        let sni = format!("www.customer{}.com", i % 15);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(100.0 + 150.0 * f64::from(i), ends, Some(&sni), Some(&cert), json!({}));
    }
}

fn maker_cert(i: usize) -> Cert {
    Cert {
        subject: format!("CN=FGT60F{i:07},OU=FortiGate,O=Fortinet,L=Sunnyvale,ST=California,C=US"),
        issuer: "CN=support,OU=Certificate Authority,O=Fortinet,L=Sunnyvale,ST=California,C=US"
            .into(),
        serial: format!("{i:06X}"),
        names: Vec::new(),
        age: 1_500,
        days: 7_300,
    }
}

/// Printers, storage and remote consoles of the office, each with what its maker put in.
fn appliances(w: &mut World) {
    w.office(2.0);
    for (i, subject) in [
        "CN=localhost,O=Default Company Ltd",
        "CN=idrac-7XK2,OU=iDRAC Group,O=Dell Inc.",
        "CN=HP1A2B3C,O=HP",
        "CN=synology,O=Synology Inc.,C=TW",
    ]
    .into_iter()
    .enumerate()
    {
        let cert = Cert {
            subject: subject.into(),
            issuer: subject.into(),
            serial: "01".into(),
            names: Vec::new(),
            age: 3_000,
            days: 2_900,
        };
        let server = format!("10.20.0.{}", 200 + i);
        for k in 0..5 {
            let ends = Ends { client: CLIENT, server: &server, port: 443 };
            w.tls(100.0 * f64::from(k) + 10.0 * i as f64, ends, None, Some(&cert), json!({}));
        }
    }
}

/// Gateways of other offices, with their maker's certificates.
fn maker(w: &mut World) {
    w.office(2.0);
    for i in 0..5 {
        let server = w.household();
        let ends = Ends { client: CLIENT, server: &server, port: 10_443 };
        w.tls(300.0 + 500.0 * i as f64, ends, None, Some(&maker_cert(i)), json!({}));
    }
}

/// A company's own authority gives three years, to servers inside.
fn private_authority(w: &mut World) {
    w.office(2.0);
    for i in 0..10 {
        let name = format!("app{i}.corp.example.com");
        let mut cert = Cert::public(&[&name], w.hex(20).to_uppercase());
        cert.issuer = "CN=Corp Issuing CA 2,O=Corp".into();
        (cert.age, cert.days) = (500, 1_095);
        let server = format!("10.20.1.{}", 10 + i);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(60.0 + 200.0 * f64::from(i), ends, Some(&name), Some(&cert), json!({}));
    }
}

/// A proxy that makes a certificate for each name, a little carelessly.
fn inspection(w: &mut World) {
    for i in 0..40 {
        let name = format!("www.{}.com", w.word(4));
        let server = w.household();
        let mut cert = Cert::public(&[&name], format!("{:08X}", 1 + i % 7));
        cert.issuer = "CN=Corp TLS Inspection CA,O=Corp".into();
        (cert.age, cert.days) = (if i % 5 == 0 { -1 } else { 1 }, 1_000);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(60.0 + 90.0 * f64::from(i), ends, Some(&name), Some(&cert), json!({}));
    }
}

fn two_issuers(w: &mut World) {
    w.office(2.0);
    for (i, issuer) in ["CN=R10,O=Let's Encrypt,C=US", "CN=ZeroSSL RSA DV CA,O=ZeroSSL,C=AT"]
        .into_iter()
        .enumerate()
    {
        let name = ["a.firstplace.net", "b.secondplace.net"].get(i).copied().unwrap_or("");
        let mut cert = Cert::public(&[name], "03A1B2C3D4E5F60718293A4B5C6D7E8F".into());
        cert.issuer = issuer.into();
        let server = w.household();
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(400.0 + 700.0 * i as f64, ends, Some(name), Some(&cert), json!({}));
    }
}
