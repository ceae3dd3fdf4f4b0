//! Posts to web servers: logins that are guessed, and all else that posts to one path again and again.

use super::{Build, Ends, MINUTE, World};
use serde_json::{Value, json};

/// The samples about forms.
pub const SAMPLES: &[(&str, Build)] = &[
    ("guess-form-page", |w| guesses(w, GUESSER, "/login.php", (200, 4_310), 120)),
    ("guess-form-then-in", |w| {
        guesses(w, GUESSER, "/wp-login.php", (200, 6_870), 90);
        let reply = json!({ "status_code": 302, "response_body_len": 0 });
        post(w, 700.0, (GUESSER, SITE), "/wp-login.php", 87, reply);
    }),
    ("guess-form-redirect", |w| guesses(w, GUESSER, "/admin/session", (302, 0), 80)),
    ("guess-form-script", |w| guesses(w, GUESSER, "/api/v1/token", (401, 61), 60)),
    ("guess-form-script-then-in", |w| {
        guesses(w, "10.20.0.77", "/api/v1/token", (401, 61), 45);
        let reply = json!({ "status_code": 200, "response_body_len": 812 });
        post(w, 700.0, ("10.20.0.77", SITE), "/api/v1/token", 71, reply);
    }),
    ("guess-form-procedure-call", |w| guesses(w, GUESSER, "/xmlrpc.php", (200, 403), 200)),
    ("guess-form-after-recon", |w| {
        for i in 0..300 {
            let uri = format!("/{}/{}.php", w.word(2), w.word(2));
            let ends = Ends { client: GUESSER, server: SITE, port: 80 };
            let row = json!({ "method": "GET", "host": HOST, "uri": uri, "status_code": 404,
                "response_body_len": 271 });
            w.row("http", 0.2 * f64::from(i), ends, row);
        }
        guesses(w, GUESSER, "/phpmyadmin/index.php", (200, 10_420), 150);
    }),
    ("guess-form-server-log", |w| {
        let mut text = String::new();
        for i in 0..60 {
            text += &line(i * 3, GUESSER, "POST /administrator/index.php", 200, 5_214);
        }
        w.file("access.log", text);
    }),
    ("quiet-form-long-poll", |w| {
        // A page waits for news: answered when there are some, or after half a minute.
        let mut at = 10.0;
        while at < 40.0 * MINUTE {
            let has_news = w.below(4) == 0;
            let len = if has_news { 300 + w.below(900) } else { 27 };
            let reply = json!({ "status_code": 200, "response_body_len": len });
            post(w, at, ("10.20.0.11", SITE), "/updates/poll", 64, reply);
            at += if has_news { 2.0 + w.below(20) as f64 } else { w.about(30.0) };
        }
    }),
    ("quiet-form-telemetry", |w| {
        for i in 0..240 {
            let sent = 180 + w.below(60) as u64;
            let reply = json!({ "status_code": 204, "response_body_len": 0 });
            let at = w.about(5.0) + 5.0 * f64::from(i);
            post(w, at, ("10.20.0.12", SITE), "/collect", sent, reply);
        }
    }),
    ("quiet-form-procedure-calls", |w| {
        for i in 0..300 {
            let (sent, len) = (90 + w.below(700) as u64, 120 + w.below(9_000));
            let reply = json!({ "status_code": 200, "response_body_len": len });
            post(w, 2.0 * f64::from(i), ("10.20.0.13", SITE), "/graphql", sent, reply);
        }
    }),
    ("quiet-form-same-call", |w| {
        // One question to a service, the same each time, as often as the program comes round.
        for i in 0..300 {
            let reply = json!({ "status_code": 200, "response_body_len": 1_204 });
            let at = 3.0 * f64::from(i) + w.below(100) as f64 / 50.0;
            post(w, at, ("10.20.0.13", SITE), "/soap/StockService", 642, reply);
        }
    }),
    ("quiet-form-revocation", |w| {
        for i in 0..60 {
            let sent = 82 + w.below(4) as u64;
            let reply = json!({ "status_code": 200, "response_body_len": 471,
                "orig_mime_types": ["application/ocsp-request"],
                "resp_mime_types": ["application/ocsp-response"] });
            let at = 4.0 * f64::from(i) + w.below(300) as f64 / 100.0;
            post(w, at, ("10.20.0.14", SITE), "/", sent, reply);
        }
    }),
    ("quiet-form-chat", |w| {
        let mut at = 10.0;
        for _ in 0..160 {
            let sent = 70 + w.below(50) as u64;
            let reply = json!({ "status_code": 200, "response_body_len": 38 + w.below(3) });
            post(w, at, ("10.20.0.15", SITE), "/rooms/7/say", sent, reply);
            at += 2.0 + w.below(15) as f64;
        }
    }),
    ("quiet-form-probe", |w| {
        // A monitor logs in each half minute, to see whether one can.
        for i in 0..240 {
            let reply = json!({ "status_code": 302, "response_body_len": 0 });
            let at = 30.0 * f64::from(i) + w.below(10) as f64 / 20.0;
            post(w, at, ("10.20.0.5", SITE), "/login", 41, reply);
        }
    }),
    ("quiet-form-morning", |w| {
        // Forty people of a firm log in from behind one address, and begin to work.
        for i in 0..40 {
            let at = 15.0 * f64::from(i) + w.below(9) as f64;
            let reply = json!({ "status_code": 302, "response_body_len": 0 });
            let sent = 38 + w.below(22) as u64;
            post(w, at, ("62.4.5.6", SITE), "/login", sent, reply);
            for k in 0..12 {
                let ends = Ends { client: "62.4.5.6", server: SITE, port: 80 };
                let row = json!({ "method": "GET", "host": HOST, "uri": format!("/desk/{k}"),
                    "status_code": 200, "response_body_len": 900 + 400 * k });
                w.row("http", at + 0.5 + f64::from(k), ends, row);
            }
        }
    }),
    ("quiet-form-old-key", |w| {
        // A program whose key has run out asks again and again.
        for i in 0..200 {
            let reply = json!({ "status_code": 401, "response_body_len": 44 });
            let at = 20.0 * f64::from(i) + w.below(100) as f64 / 10.0;
            post(w, at, ("10.20.0.16", SITE), "/v2/events", 512, reply);
        }
    }),
    ("quiet-form-handshakes", |w| {
        // Each call proves anew who calls: refused twice, then let in.
        for i in 0..150 {
            for (k, status) in [(0.0, 401), (0.1, 401), (0.2, 200)] {
                let sent = if status == 200 { 700 + w.below(50) as u64 } else { 0 };
                let reply = json!({ "status_code": status, "response_body_len": 0 });
                post(w, 4.0 * f64::from(i) + k, ("10.20.0.11", SITE), "/wsman", sent, reply);
            }
        }
    }),
    ("quiet-form-mistyped", |w| {
        guesses(w, "10.20.0.12", "/login.php", (200, 4_310), 5);
        let reply = json!({ "status_code": 302, "response_body_len": 0 });
        post(w, 700.0, ("10.20.0.12", SITE), "/login.php", 51, reply);
    }),
    ("quiet-form-search", |w| {
        // A page searches while a person types.
        for i in 0..120 {
            let (sent, len) = (12 + w.below(20) as u64, 300 + w.below(6_000));
            let reply = json!({ "status_code": 200, "response_body_len": len });
            let at = 3.0 * f64::from(i) + w.below(100) as f64 / 50.0;
            post(w, at, ("10.20.0.13", SITE), "/find", sent, reply);
        }
    }),
];

const GUESSER: &str = "185.46.97.89";
const SITE: &str = "198.51.100.80";
const HOST: &str = "portal.firm.example";

/// One post and its reply.
fn post(
    w: &mut World,
    at: f64,
    (client, server): (&str, &str),
    uri: &str,
    sent: u64,
    reply: Value,
) {
    let mut row = json!({ "method": "POST", "host": HOST, "uri": uri, "version": "1.1",
        "request_body_len": sent });
    if let (Value::Object(row), Value::Object(reply)) = (&mut row, reply) {
        row.extend(reply);
    }
    w.row("http", at, Ends { client, server, port: 80 }, row);
}

/// A list of words is tried, one after the other, as fast as the form answers.
fn guesses(w: &mut World, client: &str, uri: &str, (status, len): (u64, u64), n: usize) {
    let mut at = 60.0;
    for _ in 0..n {
        let sent = 40 + w.below(14) as u64;
        let reply = json!({ "status_code": status, "response_body_len": len });
        post(w, at, (client, SITE), uri, sent, reply);
        at += 0.3 + w.below(40) as f64 / 20.0;
    }
}

/// A line of a web server's log.
fn line(second: usize, client: &str, request: &str, status: u16, len: usize) -> String {
    format!(
        "{client} - - [11/Mar/2025:08:{:02}:{:02} +0000] \"{request} HTTP/1.1\" {status} {len} \"-\" \"Mozilla/5.0\"\n",
        second / 60,
        second % 60
    )
}
