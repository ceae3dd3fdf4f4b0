//! What stands between clients and what they ask for: gateways, portals, hosts of many sites,
//! authorities; and channels and covers that hide among them.

use super::{Build, Cert, Ends, RESOLVER, World};
use serde_json::json;

/// The samples about what stands between.
pub const SAMPLES: &[(&str, Build)] = &[
    ("tunnel-slow", slow_channel),
    ("tunnel-fetch", fetching_channel),
    ("quiet-tunnel-sender-keys", sender_keys),
    ("quiet-nx-mail-gateway-addresses", |w| {
        for i in 0..200 {
            let name = format!("{}{i}.com", w.word(3));
            let at = 15.0 * f64::from(i);
            for (k, kind) in ["MX", "TXT", "A"].into_iter().enumerate() {
                missing(w, at + k as f64, "10.20.0.25", &name, kind);
            }
        }
    }),
    ("quiet-nx-inside-names", |w| {
        w.office(1.0);
        for i in 0..120 {
            let end = w.one_of(&["local", "lan", "home", "internal"]);
            let name = format!("{}{i}.{end}", w.word(2));
            missing(w, 20.0 * f64::from(i), "10.20.0.14", &name, "A");
        }
    }),
    ("quiet-resolver-mail-server", |w| {
        w.office(1.0);
        for i in 0..120 {
            let server = w.household();
            let name = format!("{}.blocklist.org", w.hex(8));
            let at = 20.0 * f64::from(i);
            let ends = ("10.20.0.25", server.as_str());
            w.ask(at, ends, (&name, "A", "NXDOMAIN"), &[], json!({ "RA": false, "AA": true }));
        }
    }),
    ("quiet-resolver-two-halves", |w| {
        for i in 0..120 {
            let name = format!("www.{}.com", w.word(3));
            let client = format!("10.20.1.{}", 10 + i % 12);
            let server = if i % 2 == 0 { RESOLVER } else { "1.1.1.1" };
            let answer = [(w.household(), 300)];
            let at = 10.0 * f64::from(i);
            w.ask(at, (&client, server), (&name, "A", "NOERROR"), &answer, json!({}));
        }
    }),
    ("mismatch-borrowed-names", borrowed),
    ("quiet-hosted-sites", hosted),
    ("quiet-portal", portal),
    ("quiet-one-authority", |w| {
        for i in 0..14 {
            let name = format!("www.{}.com", w.word(3));
            let mut cert = Cert::public(&[&name], w.hex(32).to_uppercase());
            cert.issuer = "CN=WR2,O=Google Trust Services,C=US".into();
            let server = w.household();
            visit(w, 30.0 * f64::from(i), &name, &server, &cert, true);
        }
    }),
    ("cert-too-long-by-authority", |w| {
        w.office(1.0);
        let mut cert = Cert::public(&["www.sportsclub.org"], w.hex(32).to_uppercase());
        cert.days = 399;
        let server = w.household();
        visit(w, 300.0, "www.sportsclub.org", &server, &cert, true);
    }),
    ("cert-for-a-public-suffix", |w| {
        w.office(1.0);
        let cert = Cert::public(&["*.co.uk"], w.hex(32).to_uppercase());
        let server = w.household();
        visit(w, 300.0, "www.sportsclub.co.uk", &server, &cert, true);
    }),
];

const CLIENT: &str = "10.20.0.14";

fn missing(w: &mut World, at: f64, client: &str, name: &str, kind: &str) {
    w.ask(at, (client, RESOLVER), (name, kind, "NXDOMAIN"), &[], json!({}));
}

/// A look-up, if it is seen, and a handshake in which the server shows this certificate.
fn visit(w: &mut World, at: f64, name: &str, server: &str, cert: &Cert, is_looked_up: bool) {
    if is_looked_up {
        w.lookup(at, CLIENT, name, &[(server.to_owned(), 300)]);
    }
    let ends = Ends { client: CLIENT, server, port: 443 };
    w.tls(at + 0.1, ends, Some(name), Some(cert), json!({}));
}

/// A file that leaves in full names, one in twenty seconds, answered alike.
fn slow_channel(w: &mut World) {
    w.office(2.0);
    for i in 0..200 {
        let name = format!("{}.{}.up.slowbox.pw", w.hex(60), w.hex(48));
        w.lookup(20.0 * f64::from(i), CLIENT, &name, &[("203.0.113.5".into(), 1)]);
    }
}

/// Short names that ask for what comes next, and get it in long texts.
fn fetching_channel(w: &mut World) {
    w.office(1.0);
    for i in 0..200 {
        let name = format!("api.{}.{}.ns1.teamdesk.net", w.hex(8), w.hex(8));
        let answer = [(format!("TXT 160 {}", w.hex(160)), 1)];
        let at = 3.0 * f64::from(i);
        w.ask(at, (CLIENT, RESOLVER), (&name, "TXT", "NOERROR"), &answer, json!({}));
    }
}

/// A mail gateway asks for the keys of senders, of whom one provider has many.
fn sender_keys(w: &mut World) {
    for i in 0..300 {
        let name = format!("{}._domainkey.bulkmail.com", w.hex(32));
        let answer = [(format!("TXT 200 v=DKIM1; k=rsa; p={}", w.hex(180)), 1800)];
        let at = 12.0 * f64::from(i);
        w.ask(at, ("10.20.0.25", RESOLVER), (&name, "TXT", "NOERROR"), &answer, json!({}));
    }
}

/// One server behind the names of others, none of which was looked up.
fn borrowed(w: &mut World) {
    w.office(2.0);
    let cert = Cert::public(&["relay.vpsplace.top"], w.hex(32).to_uppercase());
    let server = w.household();
    let names = ["www.fruitphones.com", "www.bookseller.com", "cdn.clouds.com", "www.search.com"];
    for i in 0..24 {
        let name = names.get(i % 4).copied().unwrap_or_default();
        visit(w, 200.0 + 250.0 * i as f64, name, &server, &cert, false);
    }
}

/// Small sites without certificates of their own, at one host; some were still cached.
fn hosted(w: &mut World) {
    w.office(1.0);
    let cert = Cert::public(&["*.cheaphosting.net"], w.hex(32).to_uppercase());
    let server = w.household();
    for i in 0..9 {
        let name = format!("www.{}.org", w.word(3));
        visit(w, 300.0 + 60.0 * f64::from(i), &name, &server, &cert, i % 3 > 0);
    }
}

/// A hotel's gateway answers for every server until its guest has paid.
fn portal(w: &mut World) {
    let cert = Cert::public(&["portal.hotelwifi.com"], w.hex(32).to_uppercase());
    for i in 0..8 {
        let (name, server) = (format!("www.{}.com", w.word(3)), w.household());
        visit(w, 4.0 * f64::from(i), &name, &server, &cert, true);
    }
}
