//! Ordinary traffic that resembles tunnelling, generated names and shared accounts, written before the
//! rules were looked at again.

use super::{Build, Ends, HOUR, MINUTE, World};
use serde_json::json;

/// The samples that must stay quiet.
pub const SAMPLES: &[(&str, Build)] = &[
    ("quiet-tunnel-video-parts", |w| {
        // Parts of films come from caches with long names, most asked for once or twice.
        w.office(1.0);
        let mut at = 30.0;
        for i in 0..180 {
            let name = format!("r{}---sn-{}-{}.parts.filmhost.com", i % 8, w.hex(6), w.hex(8));
            let answer = (w.household(), 300);
            for _ in 0..=w.below(2) {
                w.lookup(at, "10.20.0.12", &name, std::slice::from_ref(&answer));
                at += w.about(9.0);
            }
        }
    }),
    ("quiet-tunnel-certificate-proofs", |w| {
        // Certificates are renewed: a proof in TXT for each of a firm's hosts.
        w.office(1.0);
        for i in 0..70 {
            let name = format!("_acme-challenge.{}-{i}.firm.example.com", w.word(3));
            let proof = format!("TXT 43 {}", w.hex(43));
            let ask = (&*name, "TXT", "NOERROR");
            let to = ("10.20.0.9", super::RESOLVER);
            w.ask(6.0 * f64::from(i), to, ask, &[(proof, 60)], json!({}));
        }
    }),
    ("quiet-tunnel-buckets", |w| {
        // A backup looks into one bucket for each device, named by a number of 32 digits.
        w.office(1.0);
        for i in 0..160 {
            let (a, b, c) = (w.hex(8), w.hex(12), w.hex(12));
            let name = format!("{a}-{b}-{c}.store.cloudhost.com");
            let answer = format!("52.216.{}.{}", 8 + i % 4, 10 + i);
            w.lookup(8.0 * f64::from(i), "10.20.0.13", &name, &[(answer, 5)]);
        }
    }),
    ("quiet-tunnel-hidden-peers", |w| {
        // Browsers hide their addresses behind names that only the local link knows.
        w.office(1.0);
        for i in 0..110 {
            let (a, b) = (w.hex(8), w.hex(12));
            let name = format!("{a}-4c1e-4b7a-9d2f-{b}.local");
            let ask = (&*name, "A", "NXDOMAIN");
            w.ask(11.0 * f64::from(i), ("10.20.0.14", super::RESOLVER), ask, &[], json!({}));
        }
    }),
    ("quiet-tunnel-mail-links", |w| {
        // A mail gateway looks behind the links of newsletters: a host for each mailing.
        w.office(2.0);
        for i in 0..130 {
            let name = format!("{}.click.newsmailer.com", w.hex(16));
            let answer = format!("167.89.{}.{}", 115 + i % 3, 20 + i % 2);
            w.lookup(50.0 * f64::from(i), "10.20.0.25", &name, &[(answer, 300)]);
        }
    }),
    ("quiet-nx-removed-hosts", |w| {
        // A monitor still asks for sixty hosts that were switched off.
        w.office(1.0);
        for i in 0..600 {
            let name = format!("srv-{:02}.oldsite.example.com", i % 60);
            none(w, 6.0 * f64::from(i), "10.20.0.5", &name, "A");
        }
    }),
    ("quiet-nx-log-server", |w| {
        // A server asks for the names of all addresses in its log; half have none.
        w.office(1.0);
        for i in 0..400 {
            let (a, b, c) = (w.below(256), w.below(256), w.below(256));
            let name = format!("{a}.{b}.{c}.203.in-addr.arpa");
            none(w, 4.0 * f64::from(i), "10.20.0.80", &name, "PTR");
        }
    }),
    ("quiet-nx-dead-trackers", |w| {
        // A program for sharing files asks for forty trackers that are no more, over and over.
        w.office(2.0);
        let trackers: Vec<String> =
            (0..40).map(|i| format!("tracker.{}{i}.org", w.word(3))).collect();
        for round in 0..6 {
            for (i, name) in trackers.iter().enumerate() {
                let at = 20.0 * MINUTE * f64::from(round) + 0.2 * i as f64;
                none(w, at, "10.20.0.15", name, "A");
            }
        }
    }),
    ("quiet-nx-blocked-advertising", |w| {
        // The resolver denies every host of advertising, whatever page asks for it.
        w.office(2.0);
        const HOSTS: [&str; 6] = ["ads", "pixel", "track", "static", "cdn", "sync"];
        let names: Vec<String> =
            (0..90).map(|_| format!("{}.{}.com", w.one_of(&HOSTS), w.word(4))).collect();
        let mut at = 30.0;
        while at < 2.0 * HOUR {
            let client = format!("10.20.0.{}", 11 + w.below(6));
            for _ in 0..6 {
                let i = w.below(names.len());
                let name = names.get(i).cloned().unwrap_or_default();
                none(w, at, &client, &name, "A");
            }
            at += w.about(40.0);
        }
    }),
    ("quiet-nx-services", |w| {
        // A guest's laptop looks for the services of its own firm.
        w.office(1.0);
        const SERVICES: [&str; 5] = ["_ldap", "_kerberos", "_gc", "_sip", "_autodiscover"];
        for i in 0..150 {
            let service = SERVICES.get(i % 5).copied().unwrap_or("_ldap");
            let name = format!("{service}._tcp.site-{}._sites.corp.guest.com", i % 30);
            none(w, 9.0 * i as f64, "10.20.0.16", &name, "SRV");
        }
    }),
    ("quiet-account-two-lines", |w| {
        // An office has two lines to the internet, and shares its connections out between them.
        for (k, user) in ["anna", "bruno", "clara", "dario"].into_iter().enumerate() {
            for i in 0..12 {
                let from = if (i + k) % 2 == 0 { "62.4.5.6" } else { "190.8.9.10" };
                visit(w, 10.0 * MINUTE * i as f64 + 40.0 * k as f64, from, user);
            }
        }
    }),
    ("quiet-account-tunnel-switched-on", |w| {
        for i in 0..6 {
            visit(w, 5.0 * MINUTE * f64::from(i), "81.2.69.160", "emil");
        }
        for i in 0..20 {
            visit(w, 40.0 * MINUTE + 5.0 * MINUTE * f64::from(i), "198.51.7.2", "emil");
        }
    }),
    ("quiet-account-kiosk", |w| {
        // Twenty terminals inside share one account.
        for i in 0..60 {
            visit(w, MINUTE * f64::from(i), &format!("10.20.3.{}", 10 + i % 20), "terminal");
        }
    }),
    ("quiet-account-collecting-service", |w| {
        // A provider fetches mail for its customer, from neighbouring addresses, and so does he.
        for i in 0..24 {
            let from = format!("74.125.{}.{}", 82 + i % 2, 10 + i % 7);
            let at = 10.0 * MINUTE * f64::from(i);
            visit(w, at, &from, "office");
            if i % 8 == 0 {
                visit(w, at + 70.0, "81.2.69.160", "office");
            }
        }
    }),
    ("quiet-account-train", |w| {
        // A person leaves home, travels and arrives: one place after the other, hours apart.
        for (start, from) in [(0.0, "81.2.69.160"), (3.0, "92.40.1.7"), (6.0, "62.4.5.6")] {
            for i in 0..4 {
                visit(w, start * HOUR + 6.0 * MINUTE * f64::from(i), from, "frida");
            }
        }
    }),
];

/// A question for a name that is not there.
fn none(w: &mut World, at: f64, client: &str, name: &str, qtype: &str) {
    w.ask(at, (client, super::RESOLVER), (name, qtype, "NXDOMAIN"), &[], json!({}));
}

/// A login and one file.
fn visit(w: &mut World, at: f64, client: &str, user: &str) {
    let ends = Ends { client, server: "198.51.100.21", port: 21 };
    let login =
        json!({ "user": user, "password": "<hidden>", "command": "PASS", "reply_code": 230 });
    w.row("ftp", at, ends, login);
    let fetch = json!({ "user": user, "command": "RETR", "arg": "plan.pdf", "reply_code": 226 });
    w.row("ftp", at + 2.0, ends, fetch);
}
