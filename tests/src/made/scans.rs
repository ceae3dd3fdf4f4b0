//! Hosts that ask around, by connections and by web requests; and what looks like it.

use super::office::CLIENTS;
use super::{Build, Ends, World};
use serde_json::json;
use std::fmt::Write;

/// The samples about asking around.
pub const SAMPLES: &[(&str, Build)] = &[
    ("scan-ports", |w| ports(w, "203.0.113.66", 60)),
    ("scan-hosts", |w| hosts(w, "10.20.0.99", 445, 120)),
    ("scan-slow-mixed", mixed),
    ("quiet-scan-dead-server", dead_server),
    ("quiet-scan-monitor", monitor),
    ("quiet-scan-balancer", balancer),
    ("quiet-scan-broken-ipv6", broken_ipv6),
    ("quiet-scan-mail-delivery", |w| dead_ends(w, "10.20.0.25", 25, "smtp", 3)),
    ("quiet-scan-resolver", lame_servers),
    ("quiet-scan-peers", peers),
    ("quiet-scan-printers", printers),
    ("quiet-scan-browsing", |w| w.office(3.0)),
    ("quiet-scan-one-way", one_way),
    ("recon-list", |w| requests(w, &|w, i| (format!("/{}{}.php", w.word(2), i), 404))),
    ("recon-versions", |w| {
        requests(w, &|_, i| (format!("/phpMyAdmin-2.{}.{}/", i / 8, i % 8), 404))
    }),
    ("recon-traversal", |w| {
        requests(w, &|_, i| (format!("/get?file={}etc/passwd", "../".repeat(1 + i)), 400));
    }),
    ("recon-one-way", |w| {
        unseen_replies(w, &|_, i| format!("/get?file={}etc/passwd", "../".repeat(1 + i)));
    }),
    ("quiet-recon-broken-theme", broken_theme),
    ("quiet-recon-one-way", |w| {
        unseen_replies(w, &|w, i| format!("/articles/{}-{}", 1_000 + i, w.word(3)));
    }),
    ("quiet-recon-search-bot", |w| {
        requests(w, &|w, i| {
            (format!("/articles/{}-{}", 1_000 + i, w.word(3)), if i % 9 == 0 { 404 } else { 200 })
        });
    }),
    ("quiet-recon-one-dead-link", dead_link),
    ("quiet-recon-uptime", uptime),
    ("quiet-recon-missing-portraits", portraits),
    ("quiet-recon-moved-site", moved_site),
    ("quiet-recon-link-checker", |w| {
        requests(w, &|w, i| {
            (format!("/library/{}/{}", w.word(2), i), if i % 5 == 0 { 404 } else { 200 })
        });
    }),
    ("services-inside", services),
    ("quiet-services-outside", |w| w.office(1.0)),
    ("fingerprints", |w| w.office(1.0)),
];

fn unanswered(w: &mut World, at: f64, ends: Ends<'_>, is_refused: bool) {
    let (state, history) = if is_refused { ("REJ", "Sr") } else { ("S0", "S") };
    w.row(
        "conn",
        at,
        ends,
        json!({ "proto": "tcp", "conn_state": state, "history": history, "missed_bytes": 0,
            "orig_pkts": 1, "orig_ip_bytes": 44, "resp_pkts": u8::from(is_refused),
            "resp_ip_bytes": if is_refused { 40 } else { 0 } }),
    );
}

/// One host's ports, in no order, some open.
fn ports(w: &mut World, client: &str, n: usize) {
    w.office(1.0);
    let mut at = 700.0;
    for i in 0..n {
        let port = 20 + (i * 137 % 9_000) as u16;
        let ends = Ends { client, server: "198.51.100.80", port };
        if i % 20 == 7 {
            w.conn(at, ends, "-", (0, 0));
        } else {
            unanswered(w, at, ends, i % 3 == 0);
        }
        at += w.about(0.5);
    }
}

/// One port of a whole network: few are there, fewer answer.
fn hosts(w: &mut World, client: &str, port: u16, n: usize) {
    w.office(1.0);
    let mut at = 700.0;
    for i in 0..n {
        let server = format!("10.20.3.{}", 1 + i);
        let ends = Ends { client, server: &server, port };
        if i % 17 == 3 {
            w.conn(at, ends, "smb", (300, 900));
        } else {
            unanswered(w, at, ends, false);
        }
        at += w.about(0.2);
    }
}

/// Some ports of some hosts, now and then.
fn mixed(w: &mut World) {
    w.office(2.0);
    let mut at = 300.0;
    for _ in 0..90 {
        let server = format!("198.51.100.{}", 1 + w.below(60));
        let port = w.one_of(&[22, 23, 80, 443, 3389, 5900, 8080, 445]);
        let is_refused = w.below(2) == 0;
        unanswered(w, at, Ends { client: "203.0.113.5", server: &server, port }, is_refused);
        at += w.about(40.0);
    }
}

/// A server is down, and everybody tries again.
fn dead_server(w: &mut World) {
    w.office(2.0);
    for (i, client) in CLIENTS.into_iter().enumerate() {
        for k in 0..80 {
            for port in [443, 80] {
                let at = 60.0 * f64::from(k) + i as f64;
                unanswered(w, at, Ends { client, server: "10.20.0.80", port }, false);
            }
        }
    }
}

/// A monitoring host asks forty services each minute; two are down.
fn monitor(w: &mut World) {
    for k in 0..30 {
        for i in 0..40 {
            let server = format!("10.20.1.{}", 10 + i);
            let port = [22, 80, 443, 5432].get(i % 4).copied().unwrap_or(22);
            let ends = Ends { client: "10.20.0.9", server: &server, port };
            let at = 60.0 * f64::from(k) + i as f64;
            if i == 7 || i == 23 {
                unanswered(w, at, ends, true);
            } else {
                w.conn(at, ends, "-", (100, 300));
            }
        }
    }
}

/// A balancer asks its twelve servers every five seconds whether they live; three do not.
fn balancer(w: &mut World) {
    for k in 0..600 {
        for i in 0..12 {
            let server = format!("10.20.5.{}", 10 + i);
            let ends = Ends { client: "10.20.0.2", server: &server, port: 8080 };
            let at = 5.0 * f64::from(k) + 0.1 * f64::from(i);
            if i % 4 == 1 {
                unanswered(w, at, ends, true);
            } else {
                w.conn(at, ends, "http", (120, 300));
            }
        }
    }
}

/// IPv6 leads nowhere: each site is tried over it first, then reached over IPv4.
fn broken_ipv6(w: &mut World) {
    w.office(2.0);
    for i in 0..160 {
        let at = 40.0 * f64::from(i);
        let server = format!(
            "2a0{}:{:x}:{:x}::{:x}",
            w.below(10),
            w.below(65_536),
            w.below(65_536),
            1 + w.below(999)
        );
        let ends = Ends { client: "2001:db8:20::14", server: &server, port: 443 };
        unanswered(w, at, ends, false);
        let server = w.household();
        let ends = Ends { client: "10.20.0.14", server: &server, port: 443 };
        w.conn(at + 0.3, ends, "ssl", (900, 20_000));
    }
}

/// Deliveries to many servers, of which one in `every` is not there.
fn dead_ends(w: &mut World, client: &str, port: u16, service: &str, every: usize) {
    w.office(1.0);
    for i in 0..150 {
        let server = w.household();
        let (at, ends) = (25.0 * i as f64, Ends { client, server: &server, port });
        if i % every == 1 {
            for again in [0.0, 3.0, 9.0] {
                unanswered(w, at + again, Ends { client, server: &server, port }, false);
            }
        } else {
            w.conn(at, ends, service, (4_000, 700));
        }
    }
}

/// A resolver asks the servers of many domains; a quarter never answers.
fn lame_servers(w: &mut World) {
    for i in 0..400 {
        let server = w.household();
        let ends = Ends { client: super::RESOLVER, server: &server, port: 53 };
        let at = 3.0 * f64::from(i);
        if i % 4 == 1 {
            let fields = json!({ "proto": "udp", "service": "dns", "conn_state": "S0", "history": "D",
                "missed_bytes": 0, "orig_pkts": 2, "orig_ip_bytes": 130, "resp_pkts": 0, "resp_ip_bytes": 0 });
            w.row("conn", at, ends, fields);
        } else {
            w.conn(at, ends, "dns", (60, 200));
        }
    }
}

/// A program that shares files looks for peers at whatever ports they said; half are gone.
fn peers(w: &mut World) {
    w.office(1.0);
    for i in 0..400 {
        let server = w.household();
        let port = 1_024 + w.below(60_000) as u16;
        let (at, ends) = (6.0 * f64::from(i), Ends { client: "10.20.0.13", server: &server, port });
        if i % 2 == 0 {
            unanswered(w, at, ends, i % 8 == 0);
        } else {
            w.conn(at, ends, "-", (90_000, 400_000));
        }
    }
}

/// A driver looks for its six printers by four ways; some are switched off, none knows all ways.
fn printers(w: &mut World) {
    w.office(1.0);
    for k in 0..20 {
        for i in 0..6 {
            let server = format!("10.20.6.{}", 20 + i);
            for (n, port) in [9_100, 631, 515, 80].into_iter().enumerate() {
                let ends = Ends { client: "10.20.0.11", server: &server, port };
                let at = 180.0 * f64::from(k) + 2.0 * f64::from(i) + 0.2 * n as f64;
                if i == 5 || (n == 2 && i % 2 == 0) {
                    unanswered(w, at, ends, i != 5);
                } else {
                    w.conn(at, ends, "-", (300, 900));
                }
            }
        }
    }
}

/// A sensor that sees one direction only: every connection looks unanswered.
fn one_way(w: &mut World) {
    for (i, client) in CLIENTS.into_iter().enumerate() {
        for k in 0..40 {
            let server = w.household();
            let fields = json!({ "proto": "tcp", "conn_state": "OTH", "history": "SADF",
                "missed_bytes": 0, "orig_pkts": 9, "orig_ip_bytes": 1_800, "resp_pkts": 0, "resp_ip_bytes": 0 });
            let at = 50.0 * f64::from(k) + i as f64;
            w.row("conn", at, Ends { client, server: &server, port: 443 }, fields);
        }
    }
}

fn line(client: &str, secs: usize, uri: &str, status: u32, referrer: &str) -> String {
    format!(
        "{client} - - [11/Mar/2025:{:02}:{:02}:{:02} +0000] \"GET {uri} HTTP/1.1\" {status} {} \"{referrer}\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
        8 + secs / 3600,
        secs / 60 % 60,
        secs % 60,
        200 + uri.len()
    )
}

/// Visitors of a web site, as its access log has them.
fn visitors(w: &mut World) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for _ in 0..40 {
        let client = w.household();
        let mut at = w.below(3_000);
        for page in ["/", "/style.css", "/news", "/img/logo.png", "/contact"] {
            all.push((at, line(&client, at, page, 200, "https://www.choir.example/")));
            at += 1 + w.below(40);
        }
    }
    all
}

fn write(w: &mut World, mut lines: Vec<(usize, String)>) {
    lines.sort();
    let mut text = String::new();
    for (_, line) in lines {
        let _ = write!(text, "{line}");
    }
    w.file("access.log", text);
}

/// Somebody asks for a list of paths among the visitors.
fn requests(w: &mut World, path: &dyn Fn(&mut World, usize) -> (String, u32)) {
    let mut lines = visitors(w);
    let mut at = 1_200;
    for i in 0..45 {
        let (uri, status) = path(w, i);
        lines.push((at, line("203.0.113.44", at, &uri, status, "-")));
        at += 1 + w.below(2);
    }
    write(w, lines);
}

/// Requests whose replies took another way, past the sensor.
fn unseen_replies(w: &mut World, uri: &dyn Fn(&mut World, usize) -> String) {
    w.office(1.0);
    let mut at = 1_200.0;
    for i in 0..45 {
        let uri = uri(w, i);
        let ends = Ends { client: "203.0.113.44", server: "198.51.100.80", port: 80 };
        let request = json!({ "trans_depth": 1, "method": "GET", "host": "www.choir.example",
            "uri": uri, "version": "1.1", "user_agent": "Mozilla/5.0" });
        w.row("http", at, ends, request);
        at += w.about(0.7);
    }
}

/// A page's theme lacks some pictures: every visitor's browser misses the same few.
fn broken_theme(w: &mut World) {
    let mut lines = visitors(w);
    for _ in 0..60 {
        let client = w.household();
        let at = w.below(3_000);
        for path in ["/favicon.ico", "/apple-touch-icon.png", "/theme/bg.png", "/theme/font.woff"] {
            lines.push((at, line(&client, at, path, 404, "https://www.choir.example/")));
        }
    }
    write(w, lines);
}

/// A monitor asks for six pages every minute; one of them is long gone, one fails at times.
fn uptime(w: &mut World) {
    let mut lines = visitors(w);
    for k in 0..60 {
        for (n, page) in ["/", "/login", "/health", "/shop", "/api/status", "/old-campaign"]
            .into_iter()
            .enumerate()
        {
            let status = match n {
                5 => 404,
                4 if k % 7 == 0 => 503,
                _ => 200,
            };
            let at = 60 * k + n;
            lines.push((at, line("203.0.113.90", at, page, status, "-")));
        }
    }
    write(w, lines);
}

/// A page lists people, of whom many have no portrait: one visitor's browser asks for each.
fn portraits(w: &mut World) {
    let mut lines = visitors(w);
    let mut at = 900;
    for i in 0..80 {
        let status = if i % 4 == 0 { 200 } else { 404 };
        let path = format!("/api/members/{}/portrait", 4_100 + 7 * i);
        lines.push((
            at,
            line("198.51.100.61", at, &path, status, "https://www.choir.example/members"),
        ));
        at += usize::from(i % 6 == 5);
    }
    lines.push((905, line("198.51.100.61", 895, "/members", 200, "https://www.choir.example/")));
    write(w, lines);
}

/// A search engine comes for the pages that it knows; the site has moved and none is there.
fn moved_site(w: &mut World) {
    let mut lines = visitors(w);
    for i in 0..120 {
        let at = 28 * i + w.below(9);
        let path = format!("/articles/{}-{}.html", 1_000 + i, w.word(3));
        lines.push((at, line("66.249.66.1", at, &path, 404, "-")));
    }
    lines.push((1, line("66.249.66.1", 1, "/robots.txt", 200, "-")));
    write(w, lines);
}

/// A newsletter had a wrong address in it.
fn dead_link(w: &mut World) {
    let mut lines = visitors(w);
    for _ in 0..150 {
        let (client, at) = (w.household(), w.below(3_000));
        lines.push((at, line(&client, at, "/concert-in-april", 404, "-")));
    }
    write(w, lines);
}

/// Servers inside that answer, also one for data.
fn services(w: &mut World) {
    for (i, client) in CLIENTS.into_iter().enumerate() {
        for (server, port, service) in
            [("10.20.1.5", 443, "ssl"), ("10.20.1.6", 5432, "postgresql"), ("10.20.1.7", 22, "ssh")]
        {
            let ends = Ends { client, server, port };
            w.conn(60.0 * i as f64, ends, service, (500, 5_000));
        }
    }
}
