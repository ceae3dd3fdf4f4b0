//! Two names for one server: hidden behind another, or ordinary.

use super::office::CLIENTS;
use super::{Build, Cert, Ends, HOUR, MINUTE, World};
use serde_json::json;

/// The samples about server names.
pub const SAMPLES: &[(&str, Build)] = &[
    ("front-sni-host", |w| fronted(w, "TLSv12")),
    ("front-sni-host-tls13", |w| fronted(w, "TLSv13")),
    ("front-proxy-uri", proxy_uri),
    ("front-connect-sni", |w| connect(w, "cdn.officefiles.com", "relay.hiddenhost.xyz")),
    ("front-no-answer", no_answer),
    ("mismatch-certificate", |w| own_certificate(w, false)),
    ("mismatch-certificate-and-address", |w| own_certificate(w, true)),
    ("mismatch-address-of-another", address_of_another),
    ("mismatch-nameless", nameless),
    ("mismatch-nameless-inside", nameless_inside),
    ("mismatch-nameless-unasked", nameless_unasked),
    ("mismatch-hosts-file", hosts_file),
    ("quiet-coalescing", coalescing),
    ("quiet-default-vhost", default_vhost),
    ("quiet-inspection", inspection),
    ("quiet-alias", alias),
    ("quiet-own-domain", own_domain),
    ("quiet-split-dns", split_dns),
    ("quiet-cached-before", cached_before),
    ("quiet-ip-literal", ip_literal),
    ("quiet-appliance", appliance),
    ("quiet-proxy", ordinary_proxy),
    ("quiet-encrypted-hello", encrypted_hello),
    ("quiet-encrypted-dns", encrypted_dns),
    ("quiet-devices-without-names", devices),
    ("quiet-shared-edges", shared_edges),
];

const CLIENT: &str = "10.20.0.14";
const EDGE: &str = "151.101.65.57";

/// Looks up the name in the open, asks for another inside, every few minutes.
fn fronted(w: &mut World, version: &str) {
    w.office(3.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["news.bigcdn.net", "*.bigcdn.net"], serial);
    let mut at = 600.0;
    while at < 2.5 * HOUR {
        w.lookup(at, CLIENT, "news.bigcdn.net", &[(EDGE.into(), 300)]);
        let ends = Ends { client: CLIENT, server: EDGE, port: 443 };
        let shown = Some(&cert).filter(|_| version == "TLSv12");
        let uid = w.tls(at + 0.1, ends, Some("news.bigcdn.net"), shown, json!({}));
        let request = json!({
            "trans_depth": 1, "method": "POST", "host": "d1x9.hiddenpanel.org", "uri": "/submit",
            "version": "1.1", "user_agent": "Mozilla/5.0", "request_body_len": 210,
            "response_body_len": 48, "status_code": 200, "status_msg": "OK",
        });
        w.row_of(&uid, "http", at + 0.2, ends, request);
        at += w.about(5.0 * MINUTE);
    }
}

/// A forward proxy's sensor sees whole addresses in requests, and the header beside them.
fn proxy_uri(w: &mut World) {
    w.office(2.0);
    let ends = Ends { client: CLIENT, server: "10.20.0.3", port: 3128 };
    for i in 0..30 {
        let at = w.about(120.0) * f64::from(i);
        let (open, host) = match i % 10 {
            7 => ("ajax.jslib.com", "beacon.quietnode.net"),
            n if n % 2 == 0 => ("www.newspaper.com", "www.newspaper.com"),
            _ => ("ajax.jslib.com", "ajax.jslib.com"),
        };
        let request = json!({
            "trans_depth": 1, "method": "GET", "host": host, "uri": format!("http://{open}/{i}.js"),
            "version": "1.1", "status_code": 200, "response_body_len": 900,
        });
        w.row("http", at, ends, request);
    }
}

/// The proxy is asked for one name, the hello through it names another.
fn connect(w: &mut World, asked: &str, sni: &str) {
    w.office(2.0);
    let ends = Ends { client: CLIENT, server: "10.20.0.3", port: 3128 };
    for i in 0..8 {
        let at = 400.0 + 300.0 * f64::from(i);
        let request = json!({
            "trans_depth": 1, "method": "CONNECT", "host": asked, "uri": format!("{asked}:443"),
            "version": "1.1", "status_code": 200, "status_msg": "Connection established",
        });
        let uid = w.row("http", at, ends, request);
        let hello = json!({ "version": "TLSv13", "server_name": sni, "established": true });
        w.row_of(&uid, "ssl", at + 0.1, ends, hello);
    }
}

/// Tried, and answered with 403 by a network that does not allow it.
fn no_answer(w: &mut World) {
    w.office(2.0);
    let ends = Ends { client: CLIENT, server: EDGE, port: 443 };
    for i in 0..4 {
        let at = 400.0 + 600.0 * f64::from(i);
        let uid = w.tls(at, ends, Some("assets.bigcdn.net"), None, json!({}));
        let request = json!({ "method": "GET", "host": "drop.hiddenpanel.org", "uri": "/a",
            "version": "1.1", "status_code": 403, "status_msg": "Forbidden" });
        w.row_of(&uid, "http", at + 0.1, ends, request);
    }
}

/// A server that lets itself be called by a well-known name and shows what it has; also at an
/// address that the name does not have.
fn own_certificate(w: &mut World, is_looked_up: bool) {
    w.office(3.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["mail.smallshop.top"], serial);
    let server = w.household();
    let mut at = 900.0;
    while at < 2.5 * HOUR {
        if is_looked_up {
            w.lookup(at - 60.0, CLIENT, "www.searchengine.com", &[("142.250.74.36".into(), 300)]);
        }
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(
            at,
            ends,
            Some("www.searchengine.com"),
            Some(&cert),
            json!({ "sni_matches_cert": false }),
        );
        at += w.about(12.0 * MINUTE);
    }
}

/// The name leads elsewhere; the address used was looked up for another name only.
fn address_of_another(w: &mut World) {
    w.office(3.0);
    let server = w.household();
    let mut at = 5_400.0;
    while at < 2.8 * HOUR {
        w.lookup(at, CLIENT, "www.searchengine.com", &[("142.250.74.36".into(), 300)]);
        w.lookup(at + 0.1, CLIENT, "x7.tunnelnode.icu", &[(server.clone(), 120)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.3, ends, Some("www.searchengine.com"), None, json!({}));
        at += w.about(8.0 * MINUTE);
    }
}

/// Three owners' sites on one edge, and a hello without a name among theirs.
fn nameless(w: &mut World) {
    w.office(3.0);
    on_one_edge(w);
    let ends = Ends { client: CLIENT, server: EDGE, port: 443 };
    w.tls(2.0 * HOUR, ends, None, None, json!({}));
}

fn on_one_edge(w: &mut World) {
    for (i, name) in ["www.bookshop.com", "www.teahouse.org", "www.bikes.net"].iter().enumerate() {
        let client = CLIENTS.get(i).copied().unwrap_or(CLIENT);
        let at = 300.0 + 700.0 * i as f64;
        w.lookup(at, client, name, &[(EDGE.into(), 300)]);
        w.tls(at + 0.2, Ends { client, server: EDGE, port: 443 }, Some(name), None, json!({}));
    }
}

/// No name in the open, one inside (the secrets were there), and a certificate without it.
fn nameless_inside(w: &mut World) {
    w.office(2.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["bigcdn.net", "*.bigcdn.net"], serial);
    for i in 0..6 {
        let (at, ends) =
            (500.0 + 600.0 * f64::from(i), Ends { client: CLIENT, server: EDGE, port: 443 });
        let uid = w.tls(at, ends, None, Some(&cert), json!({}));
        let request = json!({ "method": "GET", "host": "api.hiddenpanel.org", "uri": "/tasks",
            "version": "1.1", "status_code": 200 });
        w.row_of(&uid, "http", at + 0.1, ends, request);
    }
}

/// No name, to an edge that the client never looked up.
fn nameless_unasked(w: &mut World) {
    w.office(3.0);
    for (i, name) in ["www.bookshop.com", "www.teahouse.org", "www.bikes.net"].iter().enumerate() {
        let client = CLIENTS.get(i).copied().unwrap_or(CLIENT);
        let ends = Ends { client, server: EDGE, port: 443 };
        w.tls(300.0 + 900.0 * i as f64, ends, Some(name), None, json!({}));
    }
    let mut at = 1.5 * HOUR;
    while at < 3.0 * HOUR {
        w.tls(at, Ends { client: CLIENT, server: EDGE, port: 443 }, None, None, json!({}));
        at += w.about(10.0 * MINUTE);
    }
}

/// A program with addresses built in, on a computer that else asks for every name.
fn hosts_file(w: &mut World) {
    w.office(3.0);
    let servers: Vec<String> = (0..4).map(|_| w.household()).collect();
    for (i, server) in servers.iter().enumerate() {
        let ends = Ends { client: CLIENT, server, port: 443 };
        let at = 1.6 * HOUR + 500.0 * i as f64;
        w.tls(at, ends, Some("sync.vendorcloud.com"), None, json!({}));
    }
}

/// One connection for several names of a certificate (HTTP/2).
fn coalescing(w: &mut World) {
    w.office(2.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["www.magazine.com", "img.magcdn.net", "*.magcdn.net"], serial);
    for i in 0..12 {
        let (at, ends) =
            (300.0 + 400.0 * f64::from(i), Ends { client: CLIENT, server: EDGE, port: 443 });
        let uid = w.tls(at, ends, Some("www.magazine.com"), Some(&cert), json!({}));
        for (depth, host) in
            ["www.magazine.com", "img.magcdn.net", "a.magcdn.net"].iter().enumerate()
        {
            let request = json!({ "trans_depth": depth + 1, "method": "GET", "host": host,
                "uri": "/", "version": "2", "status_code": 200 });
            w.row_of(&uid, "http", at + 0.1 * depth as f64, ends, request);
        }
    }
}

/// Shared hosting without a certificate for the name: browsers refuse it.
fn default_vhost(w: &mut World) {
    w.office(2.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["server42.cheaphosting.net"], serial);
    let server = w.household();
    for (i, client) in CLIENTS.into_iter().enumerate() {
        let at = 500.0 + 800.0 * i as f64;
        w.lookup(at, client, "www.village-choir.org", &[(server.clone(), 3600)]);
        let ends = Ends { client, server: &server, port: 443 };
        let end = json!({ "established": false, "last_alert": "bad_certificate" });
        w.tls(at + 0.1, ends, Some("www.village-choir.org"), Some(&cert), end);
    }
}

/// The company's proxy answers for everybody, also with names that it got wrong.
fn inspection(w: &mut World) {
    for i in 0..40 {
        let name = format!("www.{}.com", w.word(3));
        let server = w.household();
        let shown = if i % 8 == 0 { "blocked.corp.example".to_owned() } else { name.clone() };
        let mut cert = Cert::public(&[&shown], w.hex(16).to_uppercase());
        cert.issuer = "CN=Corp TLS Inspection CA,O=Corp".into();
        let at = 60.0 + 90.0 * f64::from(i);
        w.lookup(at, CLIENT, &name, &[(server.clone(), 300)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.1, ends, Some(&name), Some(&cert), json!({}));
    }
}

/// The site's name is an alias of the content network's.
fn alias(w: &mut World) {
    w.office(3.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["www.carmaker.com"], serial);
    for i in 0..20 {
        let at = 300.0 + 450.0 * f64::from(i);
        let answers = [("e77.edgehost.net".to_owned(), 3600), (EDGE.into(), 20)];
        w.lookup(at, CLIENT, "www.carmaker.com", &answers);
        let ends = Ends { client: CLIENT, server: EDGE, port: 443 };
        w.tls(at + 0.1, ends, Some("www.carmaker.com"), Some(&cert), json!({}));
    }
}

/// One owner's names: the certificate has another of them.
fn own_domain(w: &mut World) {
    w.office(2.0);
    let serial = w.hex(32).to_uppercase();
    let cert = Cert::public(&["www.university.edu"], serial);
    let server = w.household();
    for i in 0..10 {
        let at = 200.0 + 500.0 * f64::from(i);
        w.lookup(at, CLIENT, "library.university.edu", &[(server.clone(), 3600)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.1, ends, Some("library.university.edu"), Some(&cert), json!({}));
    }
}

/// The company's own site: inside another address than outside.
fn split_dns(w: &mut World) {
    w.office(3.0);
    let server = w.household();
    for i in 0..10 {
        let at = 200.0 + 700.0 * f64::from(i);
        w.lookup(at, CLIENT, "portal.corp-example.com", &[("10.20.0.80".into(), 600)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.1, ends, Some("portal.corp-example.com"), None, json!({}));
    }
}

/// The recording began when the old answer was still cached.
fn cached_before(w: &mut World) {
    w.office(1.0);
    let (old, new) = (w.household(), w.household());
    for i in 0..6 {
        let at = 30.0 + 60.0 * f64::from(i);
        let ends = Ends { client: CLIENT, server: &old, port: 443 };
        w.tls(at, ends, Some("app.tracker.io"), None, json!({}));
    }
    w.lookup(600.0, CLIENT, "app.tracker.io", &[(new, 60)]);
}

/// A health check that names the address.
fn ip_literal(w: &mut World) {
    w.office(1.0);
    for i in 0..20 {
        let ends = Ends { client: "10.20.0.5", server: EDGE, port: 443 };
        let at = 60.0 * f64::from(i);
        let uid = w.tls(at, ends, Some("www.ourshop.com"), None, json!({}));
        let request = json!({ "method": "GET", "host": EDGE, "uri": "/health", "version": "1.1",
            "status_code": 200 });
        w.row_of(&uid, "http", at + 0.1, ends, request);
    }
}

/// A box inside with its maker's certificate.
fn appliance(w: &mut World) {
    w.office(1.0);
    let mut cert = Cert::public(&["device.boxmaker.com"], "01".into());
    cert.issuer.clone_from(&cert.subject);
    for i in 0..20 {
        let ends = Ends { client: "10.20.0.12", server: "10.20.0.200", port: 443 };
        w.tls(90.0 * f64::from(i), ends, Some("nas.office-home.com"), Some(&cert), json!({}));
    }
}

/// A proxy that is asked for what is then asked through it.
fn ordinary_proxy(w: &mut World) {
    for name in ["www.newspaper.com", "mail.provider.net", "cdn.officefiles.com"] {
        connect(w, name, name);
    }
}

/// Browsers put an encrypted hello into every connection.
fn encrypted_hello(w: &mut World) {
    w.office(2.0);
    for i in 0..40 {
        let name = format!("www.{}.net", w.word(3));
        let server = w.household();
        let at = 60.0 * f64::from(i);
        w.lookup(at, CLIENT, &name, &[(server.clone(), 300)]);
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(at + 0.1, ends, Some(&name), None, json!({ "ech": true }));
    }
}

/// A browser asks a resolver over HTTPS; the computer itself still asks for some names.
fn encrypted_dns(w: &mut World) {
    w.office(3.0);
    for i in 0..60 {
        let name = format!("www.{}.org", w.word(3));
        let server = w.household();
        let ends = Ends { client: CLIENT, server: &server, port: 443 };
        w.tls(1.2 * HOUR + 60.0 * f64::from(i), ends, Some(&name), None, json!({}));
    }
}

/// Meters and cameras that send no name, to their maker's own servers.
fn devices(w: &mut World) {
    w.office(2.0);
    let server = w.household();
    for i in 0..30 {
        let client = format!("10.20.0.{}", 120 + i % 5);
        let at = 100.0 + 200.0 * f64::from(i);
        w.lookup(at, &client, "iot.metermaker.com", &[(server.clone(), 600)]);
        w.tls(
            at + 0.1,
            Ends { client: &client, server: &server, port: 8883 },
            None,
            None,
            json!({}),
        );
    }
}

/// One edge serves many owners, whose names different computers looked up at different times.
fn shared_edges(w: &mut World) {
    w.office(3.0);
    let edges: Vec<String> = (0..3).map(|i| format!("151.101.{i}.57")).collect();
    for i in 0..90 {
        let client = CLIENTS.get(w.below(6)).copied().unwrap_or(CLIENT);
        let name = format!("www.customer{}.com", w.below(25));
        let server = edges.get(w.below(3)).cloned().unwrap_or_default();
        let at = 100.0 + 100.0 * f64::from(i);
        w.lookup(at, client, &name, &[(server.clone(), 30)]);
        w.tls(at + 0.2, Ends { client, server: &server, port: 443 }, Some(&name), None, json!({}));
    }
}
