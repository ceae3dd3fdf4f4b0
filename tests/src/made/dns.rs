//! Look-ups that carry data, that find nothing, or that go elsewhere; and what looks like them.

use super::office::CLIENTS;
use super::{Build, HOUR, RESOLVER, World};
use serde_json::json;

/// The samples about look-ups.
pub const SAMPLES: &[(&str, Build)] = &[
    ("tunnel-txt", |w| tunnel(w, "TXT", 600, 52)),
    ("tunnel-null", |w| tunnel(w, "NULL", 900, 110)),
    ("tunnel-cname", |w| tunnel(w, "CNAME", 400, 60)),
    ("tunnel-polls", polled),
    ("tunnel-one-way", one_way),
    ("tunnel-with-suffix", suffixed_tunnel),
    ("quiet-tunnel-reputation", reputation),
    ("quiet-tunnel-reputation-txt", reputation_text),
    ("quiet-tunnel-reputation-grades", reputation_grades),
    ("quiet-tunnel-block-list", block_list),
    ("quiet-tunnel-telemetry", telemetry),
    ("quiet-tunnel-ad-hosts", ad_hosts),
    ("quiet-tunnel-mail-keys", mail_keys),
    ("quiet-tunnel-reverse-names", reverse_names),
    ("quiet-tunnel-domain-controllers", domain_controllers),
    ("nx-generated", |w| generated(w, 300, 2.0)),
    ("nx-generated-slow", |w| generated(w, 70, 1.0)),
    ("nx-generated-with-suffix", |w| {
        generated(w, 120, 2.0);
        search_suffixes(w);
    }),
    ("nx-generated-found", found_one),
    ("quiet-nx-search-suffixes", search_suffixes),
    ("quiet-nx-block-list", block_list),
    ("quiet-nx-mail-gateway", mail_gateway),
    ("quiet-nx-proxy-discovery", wpad),
    ("quiet-nx-browser-probes", probes),
    ("quiet-nx-crawler", crawler),
    ("quiet-nx-resolver", recursion),
    ("resolver-around", |w| around(w, 2, "8.8.8.8")),
    ("resolver-around-unknown", |w| around(w, 1, "185.206.144.9")),
    ("resolver-none-inside", |w| {
        for (i, client) in CLIENTS.into_iter().enumerate() {
            for k in 0..10 {
                let at = 20.0 * f64::from(k) + i as f64;
                let name = format!("www.{}.com", w.word(3));
                let answer = [(w.household(), 300)];
                w.ask(at, (client, "1.1.1.1"), (&name, "A", "NOERROR"), &answer, json!({}));
            }
        }
    }),
    ("quiet-resolver-recursion", recursion),
    ("quiet-resolver-inside", |w| w.office(1.0)),
    ("quiet-resolver-cloud", |w| {
        for k in 0..40 {
            let name = format!("{}.internal.cloudapp.net", w.word(2));
            let at = 30.0 * f64::from(k);
            let answer = [("10.1.0.9".to_owned(), 30)];
            w.ask(at, ("10.1.0.4", "168.63.129.16"), (&name, "A", "NOERROR"), &answer, json!({}));
        }
    }),
    ("quiet-resolver-multicast", |w| {
        w.office(1.0);
        for client in CLIENTS {
            let ask = ("printer.local", "A", "NOERROR");
            w.ask(90.0, (client, "224.0.0.251"), ask, &[], json!({}));
        }
    }),
];

const CLIENT: &str = "10.20.0.15";

/// Base32, as tunnels write it.
fn code(w: &mut World, n: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
    let all: String =
        (0..n).map(|_| LETTERS.get(w.below(32)).map_or('a', |b| char::from(*b))).collect();
    // A label has at most 63 characters.
    let labels: Vec<&str> =
        all.as_bytes().chunks(57).filter_map(|c| std::str::from_utf8(c).ok()).collect();
    labels.join(".")
}

/// Both ways: what the server says comes back in answers made for data.
fn tunnel(w: &mut World, qtype: &str, n: usize, length: usize) {
    w.office(2.0);
    let mut at = 600.0;
    for _ in 0..n {
        let size = length - w.below(length / 3);
        let name = format!("{}.t1.netrelay.org", code(w, size));
        let answer = [(code(w, 90), 0)];
        w.ask(at, (CLIENT, RESOLVER), (&name, qtype, "NOERROR"), &answer, json!({}));
        at += w.about(1.5);
    }
}

/// An idle tunnel asks in short names whether there is something; what comes back is of a type that no
/// log shows.
fn polled(w: &mut World) {
    w.office(2.0);
    let mut at = 600.0;
    for i in 0..220 {
        let size = if i % 5 == 0 { 140 } else { 8 };
        let name = format!("{}.t1.netrelay.org", code(w, size));
        let answer = [("<unknown type=10>".to_owned(), 0)];
        w.ask(at, (CLIENT, RESOLVER), (&name, "NULL", "NOERROR"), &answer, json!({}));
        at += w.about(1.5);
    }
}

/// Files go out in full names; each is answered with the same address.
fn one_way(w: &mut World) {
    w.office(2.0);
    let mut at = 900.0;
    for i in 0..800 {
        let name = format!("{i:04x}.{}.drop.filebox.pw", code(w, 150));
        let answer = [("45.77.10.3".to_owned(), 1)];
        w.ask(at, (CLIENT, RESOLVER), (&name, "A", "NOERROR"), &answer, json!({}));
        at += w.about(0.8);
    }
}

/// The resolver library tries every name with the company's domain as well.
fn suffixed_tunnel(w: &mut World) {
    w.office(2.0);
    let mut at = 600.0;
    for _ in 0..400 {
        let name = format!("{}.t1.netrelay.org", code(w, 50));
        let answer = [(code(w, 90), 0)];
        let long = format!("{name}.corp.example.com");
        w.ask(at, (CLIENT, RESOLVER), (&long, "TXT", "NXDOMAIN"), &[], json!({}));
        w.ask(at + 0.1, (CLIENT, RESOLVER), (&name, "TXT", "NOERROR"), &answer, json!({}));
        at += w.about(2.0);
    }
}

/// A virus scanner asks for hashes of files, and is told by an address of 127/8.
fn reputation(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    for i in 0..700 {
        let name = format!("{}.fp.avvendor.net", w.hex(40));
        let rcode = if i % 3 == 0 { "NXDOMAIN" } else { "NOERROR" };
        let known = [("127.0.4.8".to_owned(), 3600)];
        let answer = if i % 3 == 0 { &[][..] } else { &known };
        w.ask(at, (CLIENT, RESOLVER), (&name, "A", rcode), answer, json!({}));
        at += w.about(8.0);
    }
}

/// Another one is told in a few words of text.
fn reputation_text(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    for _ in 0..500 {
        let name = format!("4.{}.w.scanvendor.net", code(w, 52));
        let verdict = w.one_of(&["TXT 3 w 0", "TXT 3 u 7", "TXT 5 w 0 1"]);
        let answer = [(verdict.to_owned(), 600)];
        w.ask(at, (CLIENT, RESOLVER), (&name, "TXT", "NOERROR"), &answer, json!({}));
        at += w.about(9.0);
    }
}

/// So few look-ups that more than half of the grades given are different ones.
fn reputation_grades(w: &mut World) {
    w.office(1.0);
    let mut at = 60.0;
    for _ in 0..130 {
        let name = format!("{}.p.scanvendor.net", code(w, 44));
        let answer = [(format!("TXT 10 v1 w u h={}", w.below(90)), 300)];
        w.ask(at, (CLIENT, RESOLVER), (&name, "TXT", "NOERROR"), &answer, json!({}));
        at += w.about(20.0);
    }
}

/// A mail server asks three lists about every sender's address.
fn block_list(w: &mut World) {
    w.office(1.0);
    let mut at = 30.0;
    for _ in 0..400 {
        let sender = w.household();
        let turned = sender.split('.').rev().collect::<Vec<_>>().join(".");
        for list in ["zen.blocklist.org", "bl.spamstop.net", "b.reputehost.org"] {
            let name = format!("{turned}.{list}");
            let is_bad = w.below(4) == 0;
            let answer = [("127.0.0.2".to_owned(), 300)];
            let (rcode, answer) =
                if is_bad { ("NOERROR", &answer[..]) } else { ("NXDOMAIN", &[][..]) };
            w.ask(at, ("10.20.0.25", RESOLVER), (&name, "A", rcode), answer, json!({}));
        }
        at += w.about(20.0);
    }
}

/// A product counts its installations by names; every answer is the same.
fn telemetry(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    for i in 0..1_500 {
        let client = CLIENTS.get(i % 2).copied().unwrap_or(CLIENT);
        let name = format!("{}.{}.metrics.appvendor.com", w.hex(32), w.hex(8));
        let answer = [("52.10.20.30".to_owned(), 60)];
        w.ask(at, (client, RESOLVER), (&name, "A", "NOERROR"), &answer, json!({}));
        at += w.about(6.0);
    }
}

/// Each frame of an advertisement has a host of its own.
fn ad_hosts(w: &mut World) {
    w.office(2.0);
    for i in 0..250 {
        let name = format!("{}.safeframe.adnetwork.com", w.hex(32));
        let answer = [("142.250.74.97".to_owned(), 300)];
        let at = 60.0 + 25.0 * f64::from(i);
        w.ask(at, (CLIENT, RESOLVER), (&name, "A", "NOERROR"), &answer, json!({}));
    }
}

/// A mail gateway fetches the keys and policies of those who send.
fn mail_keys(w: &mut World) {
    w.office(1.0);
    let mut at = 20.0;
    for i in 0..300 {
        let domain = format!("{}.com", w.word(4));
        for part in [&format!("selector{}._domainkey", 1 + i % 2), "_dmarc", "_mta-sts"] {
            let name = format!("{part}.{domain}");
            let text = [(format!("TXT 120 v=DKIM1; k=rsa; p=MIG{}", w.hex(80)), 3600)];
            w.ask(at, ("10.20.0.25", RESOLVER), (&name, "TXT", "NOERROR"), &text, json!({}));
        }
        at += w.about(15.0);
    }
}

/// A monitor wants the names of the IPv6 addresses that it sees: each question is 72 characters.
fn reverse_names(w: &mut World) {
    w.office(1.0);
    for i in 0..600 {
        let digits: Vec<String> = (0..24).map(|_| w.hex(1)).collect();
        let name = format!("{}.8.b.d.0.1.0.0.2.ip6.arpa", digits.join("."));
        let rcode = if i % 3 == 0 { "NOERROR" } else { "NXDOMAIN" };
        let host = [(format!("host{i}.provider.net"), 3600)];
        let answer = if i % 3 == 0 { &host[..] } else { &[] };
        w.ask(
            5.0 * f64::from(i),
            ("10.20.0.9", RESOLVER),
            (&name, "PTR", rcode),
            answer,
            json!({}),
        );
    }
}

/// Computers look for their domain's controllers by long names of services and of the domain.
fn domain_controllers(w: &mut World) {
    w.office(1.0);
    let domain = "7d9a1f0c-52be-4e0b-9b1a-64f3cc0de1aa.domains._msdcs.corp.example.com";
    for (i, client) in CLIENTS.into_iter().enumerate() {
        for k in 0..120 {
            for part in [
                format!("_ldap._tcp.{domain}"),
                format!("_kerberos._tcp.site{}._sites.dc._msdcs.corp.example.com", k % 9),
            ] {
                let at = 20.0 * f64::from(k) + i as f64;
                let answer = [(format!("0 100 389 dc{}.corp.example.com", k % 3), 600)];
                w.ask(at, (client, RESOLVER), (&part, "SRV", "NOERROR"), &answer, json!({}));
            }
        }
    }
}

/// Names by rule of a calendar: none is registered.
fn generated(w: &mut World, n: usize, pause: f64) {
    w.office(3.0);
    const ENDS: [&str; 5] = ["com", "net", "org", "info", "biz"];
    let mut at = 1_200.0;
    for _ in 0..n {
        let length = 11 + w.below(9);
        let label: String = (0..length).map(|_| (b'a' + w.below(26) as u8) as char).collect();
        let name = format!("{label}.{}", w.one_of(&ENDS));
        w.ask(at, ("10.20.0.16", RESOLVER), (&name, "A", "NXDOMAIN"), &[], json!({}));
        at += w.about(pause);
    }
}

/// One of them is there, and is used from then on.
fn found_one(w: &mut World) {
    generated(w, 150, 3.0);
    let server = w.household();
    for i in 0..20 {
        let at = 1_800.0 + 60.0 * f64::from(i);
        w.lookup(at, "10.20.0.16", "qjwkrnzvtyhsbd.info", &[(server.clone(), 300)]);
    }
}

/// Every mistyped and every inside name, with each of the company's suffixes.
fn search_suffixes(w: &mut World) {
    w.office(2.0);
    for i in 0..200 {
        let host = format!("{}.{}.com", w.word(2), w.word(3));
        for suffix in ["corp.example.com", "example.com", "emea.example.com"] {
            let at = 30.0 + 30.0 * f64::from(i);
            let name = format!("{host}.{suffix}");
            w.ask(at, (CLIENT, RESOLVER), (&name, "A", "NXDOMAIN"), &[], json!({}));
        }
    }
}

/// Senders' domains, many of them made up, by types that only mail servers ask for; now and then
/// for the address of a sender's host, which mostly is there.
fn mail_gateway(w: &mut World) {
    w.office(1.0);
    let mut at = 10.0;
    for i in 0..500 {
        let domain = format!("{}.com", w.word(5));
        let is_there = i % 3 != 0;
        let rcode = if is_there { "NOERROR" } else { "NXDOMAIN" };
        for qtype in ["MX", "TXT"] {
            w.ask(at, ("10.20.0.25", RESOLVER), (&domain, qtype, rcode), &[], json!({}));
        }
        if is_there {
            let host = format!("mx1.{domain}");
            let answer = [(w.household(), 3600)];
            w.ask(at + 0.2, ("10.20.0.25", RESOLVER), (&host, "A", "NOERROR"), &answer, json!({}));
        }
        at += w.about(6.0);
    }
}

fn wpad(w: &mut World) {
    w.office(2.0);
    for (i, client) in CLIENTS.into_iter().enumerate() {
        for k in 0..30 {
            for name in ["wpad.corp.example.com", "wpad.example.com", "wpad.emea.example.com"] {
                let at = 60.0 * f64::from(k) + 5.0 * i as f64;
                w.ask(at, (client, RESOLVER), (name, "A", "NXDOMAIN"), &[], json!({}));
            }
        }
    }
}

/// A browser finds out whether the network answers for names that cannot be there.
fn probes(w: &mut World) {
    w.office(2.0);
    for client in CLIENTS {
        for k in 0..15 {
            for _ in 0..3 {
                let label: String = (0..11).map(|_| (b'a' + w.below(26) as u8) as char).collect();
                let at = 400.0 * f64::from(k);
                w.ask(at, (client, RESOLVER), (&label, "A", "NXDOMAIN"), &[], json!({}));
            }
        }
    }
}

/// A link checker: most links work, some domains are gone.
fn crawler(w: &mut World) {
    for i in 0..500 {
        let name = format!("www.{}.org", w.word(5));
        let is_gone = i % 6 == 0;
        let at = 3.0 * f64::from(i);
        if is_gone {
            w.ask(at, ("10.20.0.30", RESOLVER), (&name, "A", "NXDOMAIN"), &[], json!({}));
        } else {
            let answer = [(w.household(), 3600)];
            w.ask(at, ("10.20.0.30", RESOLVER), (&name, "A", "NOERROR"), &answer, json!({}));
        }
    }
}

/// The office's resolver asks for everybody, also for what is not there.
fn recursion(w: &mut World) {
    w.office(1.0);
    for i in 0..300 {
        let name = format!("{}.com", w.word(5));
        let server = w.household();
        let at = 10.0 * f64::from(i);
        let (rcode, more) = ("NXDOMAIN", json!({ "RD": false, "RA": false, "AA": true }));
        w.ask(at, (RESOLVER, &server), (&name, "A", rcode), &[], more);
    }
}

/// A few computers do not ask the office's resolver.
fn around(w: &mut World, n: usize, server: &str) {
    w.office(2.0);
    for client in CLIENTS.into_iter().take(n) {
        let mut at = 900.0;
        while at < 2.0 * HOUR {
            let name = format!("{}.{}.net", w.word(2), w.word(3));
            let answer = [(w.household(), 120)];
            w.ask(at, (client, server), (&name, "A", "NOERROR"), &answer, json!({}));
            at += w.about(300.0);
        }
    }
}
