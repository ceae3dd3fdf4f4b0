//! Many at once: peers, phones of one carrier, keys of one agent, clocks to choose from; and lists
//! that are worked through.

use super::flux::{machines, pick};
use super::{Build, Ends, MINUTE, World};
use serde_json::json;

/// The samples about crowds.
pub const SAMPLES: &[(&str, Build)] = &[
    ("quiet-ntp-pool-numbered", |w| {
        let pool = machines(w, 3_000);
        for i in 0..240 {
            let answers = pick(w, &pool, 4, 150);
            let name = format!("{}.vendor.timepool.org", i % 4);
            w.lookup(0.5 * MINUTE * f64::from(i), "10.20.0.12", &name, &answers);
        }
    }),
    ("quiet-three-sites", |w| {
        // Whichever site is near just now, for a handful of machines that ask now and then.
        let sites = ["40.127.240.158", "51.104.136.2", "20.73.194.208"];
        for (i, site) in [0, 1, 1, 0, 2, 0, 0, 1, 2, 2, 1].into_iter().enumerate() {
            let answers: Vec<_> =
                sites.get(site).map(|a| ((*a).to_owned(), 60)).into_iter().collect();
            w.lookup(5.0 * MINUTE * i as f64, "10.20.0.12", "telemetry.desktop.example", &answers);
        }
    }),
    ("quiet-three-sites-asked-thrice", |w| {
        w.office(2.0);
        // None of the three had an occasion to come back.
        let sites = ["40.127.240.158", "51.104.136.2", "20.73.194.208"];
        for (i, (site, client)) in sites.into_iter().zip(super::office::CLIENTS).enumerate() {
            let at = 7.0 * MINUTE + 16.0 * MINUTE * i as f64;
            w.lookup(at, client, "settings.desktop.example", &[(site.into(), 60)]);
        }
    }),
    ("quiet-answers-made-up", |w| {
        // Something on the way to one server answers each question by itself.
        w.office(2.0);
        for i in 0..120 {
            let at = MINUTE * f64::from(i);
            let name = format!("www.service-{}.com", i % 4);
            let own = format!("185.15.{}.224", 50 + i % 4);
            w.lookup(at, "10.20.0.13", &name, &[(own, 60)]);
            let made_up = [(w.household(), 60)];
            let ask = (&*name, "A", "NOERROR");
            w.ask(at + 20.0, ("10.20.0.15", "198.51.7.9"), ask, &made_up, json!({}));
        }
    }),
    ("quiet-two-of-four-sites", |w| {
        w.office(2.0);
        let [a, b, c, d] = ["40.99.201.34", "52.98.207.2", "13.107.6.171", "20.190.160.14"];
        for (i, two) in [[a, b], [b, c], [a, d]].into_iter().enumerate() {
            let answers = two.map(|site| (site.to_owned(), 20));
            w.lookup(19.0 * MINUTE * i as f64, "10.20.0.13", "mail.suite.example", &answers);
        }
    }),
    ("scan-internet", |w| scattered(w, 445, 60)),
    ("quiet-scan-peers-one-port", |w| scattered(w, 8333, 4)),
    ("quiet-guess-many-keys", |w| {
        for i in 0..60 {
            let server = format!("10.20.2.{}", 10 + i % 20);
            let fields = json!({ "version": 2, "auth_success": true, "auth_attempts": 6,
                "client": "SSH-2.0-OpenSSH_9.2p1", "server": "SSH-2.0-OpenSSH_9.2p1" });
            let ends = Ends { client: "10.20.0.5", server: &server, port: 22 };
            w.row("ssh", 8.0 * f64::from(i), ends, fields);
        }
    }),
    ("quiet-guess-anonymous", |w| {
        for i in 0..40 {
            ftp(w, 20.0 * f64::from(i), "185.46.97.89", "anonymous", ("PASS", 530));
        }
    }),
    ("quiet-account-goodbyes", |w| {
        for i in 0..30 {
            let from = w.household();
            let at = 30.0 * f64::from(i);
            for (k, answer) in [("PASS", 530), ("SYST", 215), ("QUIT", 221)].into_iter().enumerate()
            {
                ftp(w, at + k as f64, &from, "karl", answer);
            }
        }
    }),
    ("quiet-account-carrier", |w| {
        for i in 0..40 {
            let from = format!("80.187.{}.{}", 96 + 7 * (i % 4), 3 + i % 9);
            ftp(w, 60.0 * f64::from(i), &from, "karl", ("RETR", 226));
        }
    }),
    ("recon-hidden-files", |w| {
        let list = [".env", ".git/HEAD", "wp-login.php", "phpinfo.php", "db.sql", "pma/", ".aws/x"];
        for (i, path) in list.into_iter().enumerate() {
            let fields = json!({ "method": "GET", "host": "www.firm.example", "status_code": 404,
                "uri": format!("/{path}"), "user_agent": "Mozilla/5.0", "version": "1.1" });
            let ends = Ends { client: "203.0.113.44", server: "10.20.0.80", port: 80 };
            w.row("http", 60.0 + 2.0 * i as f64, ends, fields);
        }
    }),
];

/// A command of FTP and its reply.
fn ftp(w: &mut World, at: f64, client: &str, user: &str, (command, code): (&str, u32)) {
    let ends = Ends { client, server: "198.51.100.21", port: 21 };
    let fields = json!({ "user": user, "command": command, "reply_code": code, "arg": "x" });
    w.row("ftp", at, ends, fields);
}

/// Four hundred hosts all over the Internet are asked for one port; one in `used` talks.
fn scattered(w: &mut World, port: u16, used: u32) {
    w.office(1.0);
    for i in 0..400 {
        let server = w.household();
        let ends = Ends { client: "10.20.0.44", server: &server, port };
        let at = 3.0 * f64::from(i);
        if i % used == 0 {
            w.conn(at, ends, "", (900, 4_000));
        } else {
            let fields = json!({ "proto": "tcp", "conn_state": "S0", "history": "S",
                "missed_bytes": 0, "orig_pkts": 1, "orig_ip_bytes": 44, "resp_pkts": 0,
                "resp_ip_bytes": 0 });
            w.row("conn", at, ends, fields);
        }
    }
}
