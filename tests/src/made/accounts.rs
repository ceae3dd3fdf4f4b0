//! Accounts in use: guessed, used from elsewhere, sent in the clear, or ordinary.

use super::office::CLIENTS;
use super::{Build, Ends, MINUTE, World};
use serde_json::json;

/// The samples about accounts.
pub const SAMPLES: &[(&str, Build)] = &[
    ("guess-ftp", |w| ftp_guesses(w, "185.46.97.89", 60, 2.0)),
    ("guess-ftp-then-in", |w| {
        ftp_guesses(w, "185.46.97.89", 40, 3.0);
        ftp(w, 600.0, ("185.46.97.89", "backup"), "PASS", 230);
    }),
    ("guess-spray-mail", spray),
    ("guess-ssh", |w| ssh(w, "194.26.29.11", 1, 25, 6)),
    ("guess-ssh-many-servers", |w| ssh(w, "10.20.0.77", 12, 1, 2)),
    ("guess-kerberos-names", |w| {
        w.office(1.0);
        for i in 0..30 {
            let user = format!("{}.{}", w.word(2), w.word(3));
            let error =
                if i % 3 == 0 { "KDC_ERR_PREAUTH_FAILED" } else { "KDC_ERR_C_PRINCIPAL_UNKNOWN" };
            ticket(w, 200.0 + 0.4 * f64::from(i), "10.20.0.77", "AS", &user, Some(error));
        }
    }),
    ("guess-windows-servers", |w| {
        w.office(1.0);
        for i in 0..20 {
            let server = format!("10.20.2.{}", 10 + i);
            logon(
                w,
                200.0 + 2.0 * f64::from(i),
                ("10.20.0.77", &server),
                Some("localadmin"),
                false,
            );
        }
    }),
    ("quiet-guess-old-mount", |w| {
        w.office(1.0);
        for i in 0..200 {
            let at = 60.0 * f64::from(i);
            logon(w, at, ("10.20.0.33", FILES), Some("scanner-share"), false);
        }
    }),
    ("quiet-guess-old-service", |w| {
        w.office(1.0);
        for i in 0..300 {
            let at = 30.0 * f64::from(i / 3) + 0.4 * f64::from(i % 3);
            logon(w, at, ("10.20.0.34", FILES), Some("svc_reports"), false);
        }
    }),
    ("quiet-guess-domain-clients", domain_morning),
    ("quiet-guess-terminal-server", |w| {
        for i in 0..50 {
            let user = format!("{}.{}", w.word(2), w.word(2));
            let at = 30.0 * f64::from(i);
            if i % 10 == 3 {
                logon(w, at, ("10.20.0.60", FILES), Some(&user), false);
            }
            logon(w, at + 8.0, ("10.20.0.60", FILES), Some(&user), true);
        }
    }),
    ("quiet-guess-scanner-nobody", |w| {
        w.office(1.0);
        for i in 0..60 {
            let server = format!("10.20.2.{}", 10 + i);
            logon(w, f64::from(i), ("10.20.0.5", &server), None, i % 2 == 0);
        }
    }),
    ("quiet-guess-old-password", old_password),
    ("quiet-guess-mistyped", |w| ftp_guesses(w, "10.20.0.14", 4, 10.0)),
    ("quiet-guess-web-challenge", challenge),
    ("quiet-guess-ssh-keys", keys),
    ("quiet-guess-busy-gateway", gateway),
    ("account-refused-then-done", |w| retried(w, "203.0.113.77", "81.2.69.160")),
    ("account-many-networks", many_networks),
    ("account-mail-two-countries", |w| mail(w, &["81.2.69.160", "175.16.199.20", "2.125.160.216"])),
    ("account-web-overlap", |w| web(w, "chief", &["62.4.5.6", "190.8.9.10", "46.7.8.9"], 3.0)),
    ("quiet-account-nat-pool", |w| {
        web(w, "lena", &["92.40.1.7", "92.40.1.61", "92.40.1.200"], 3.0)
    }),
    ("quiet-account-anonymous", |w| {
        for i in 0..30 {
            let from = w.household();
            ftp(w, 60.0 * f64::from(i), (&from, "anonymous"), "PASS", 230);
        }
    }),
    ("quiet-account-both-families", |w| web(w, "jonas", &["92.40.1.7", "2a02:8109:9a40::7"], 2.0)),
    ("quiet-account-evening", evening),
    ("quiet-account-phone", |w| web(w, "mira", &["81.2.69.160", "92.40.1.7"], 2.0)),
    ("quiet-account-service-inside", |w| {
        w.office(1.0);
        for i in 0..200 {
            let client = format!("10.20.{}.{}", 1 + i % 5, 10 + i % 30);
            logon(w, 15.0 * f64::from(i), (&client, FILES), Some("svc_backup"), true);
        }
    }),
    ("quiet-account-new-lease", |w| {
        for i in 0..24 {
            let client = if i < 12 { "10.20.0.44" } else { "10.20.0.71" };
            ticket(w, 300.0 * f64::from(i), client, "AS", "lena", None);
            logon(w, 300.0 * f64::from(i) + 2.0, (client, FILES), Some("lena"), true);
        }
    }),
    ("quiet-account-computers", |w| {
        w.office(1.0);
        for i in 0..60 {
            let client = w.one_of(&["62.4.5.6", "92.40.1.7", "81.2.69.160"]);
            ticket(w, 60.0 * f64::from(i), client, "AS", "laptop7$", None);
        }
    }),
    ("quiet-account-own-retry", |w| retried(w, "81.2.69.160", "81.2.69.160")),
    ("plain-ftp-and-web", plain),
    ("plain-mail-outside", |w| {
        let ends = Ends { client: "10.20.0.14", server: "80.67.18.10", port: 143 };
        for i in 0..6 {
            login(w, 60.0 * f64::from(i), ends, ("imap", "post@shop.example", true), true);
        }
    }),
    ("quiet-plain-anonymous", |w| ftp(w, 60.0, ("10.20.0.14", "anonymous"), "PASS", 230)),
    ("quiet-plain-challenge", |w| {
        let ends = Ends { client: "10.20.0.14", server: "80.67.18.10", port: 143 };
        login(w, 60.0, ends, ("imap", "post@shop.example", true), false);
    }),
    ("quiet-plain-server-log", |w| {
        let line = |i: u32| {
            format!(
                "10.20.0.1{i} - eva [11/Mar/2025:09:0{i}:00 +0000] \"GET /reports HTTP/1.1\" 200 5120 \"-\" \"Mozilla/5.0\"\n"
            )
        };
        let text: String = (1..7).map(line).collect();
        w.file("access.log", text);
    }),
];

const FTP: &str = "198.51.100.21";

fn ftp(w: &mut World, at: f64, (client, user): (&str, &str), command: &str, code: u32) {
    let ends = Ends { client, server: FTP, port: 21 };
    let mut fields = json!({ "user": user, "command": command, "reply_code": code });
    if let (Some(all), "PASS") = (fields.as_object_mut(), command) {
        all.insert("password".into(), "<hidden>".into());
    }
    w.row("ftp", at, ends, fields);
}

fn ftp_guesses(w: &mut World, client: &str, n: usize, pause: f64) {
    w.office(1.0);
    let mut at = 120.0;
    for _ in 0..n {
        ftp(w, at, (client, "backup"), "PASS", 530);
        at += w.about(pause);
    }
}

fn login(
    w: &mut World,
    at: f64,
    ends: Ends<'_>,
    (service, user, success): (&str, &str, bool),
    is_plain: bool,
) {
    let mut fields = json!({ "service": service, "username": user, "success": success,
        "action": "LOGIN", "mechanism": if is_plain { "PLAIN" } else { "CRAM-MD5" } });
    if let (Some(all), true) = (fields.as_object_mut(), is_plain) {
        all.insert("password".into(), "<hidden>".into());
    }
    w.row("login", at, ends, fields);
}

/// The domain's controller and its file server.
const DOMAIN: &str = "10.20.0.3";
const FILES: &str = "10.20.0.25";

/// A login by NTLM; nobody's where no account is named.
fn logon(
    w: &mut World,
    at: f64,
    (client, server): (&str, &str),
    user: Option<&str>,
    success: bool,
) {
    let mut fields = json!({ "success": success, "server_nb_computer_name": "SRV" });
    if let (Some(all), Some(user)) = (fields.as_object_mut(), user) {
        all.insert("username".into(), user.into());
        all.insert("domainname".into(), "FIRM".into());
    }
    w.row("ntlm", at, Ends { client, server, port: 445 }, fields);
}

/// A request for a ticket, granted where there is no error.
fn ticket(w: &mut World, at: f64, client: &str, kind: &str, user: &str, error: Option<&str>) {
    let mut fields = json!({ "request_type": kind, "client": format!("{user}/FIRM.EXAMPLE"),
        "service": if kind == "AS" { "krbtgt/FIRM.EXAMPLE" } else { "cifs/srv.firm.example" },
        "success": error.is_none(), "forwardable": true, "renewable": true });
    if let (Some(all), Some(error)) = (fields.as_object_mut(), error) {
        all.insert("error_msg".into(), error.into());
    }
    w.row("kerberos", at, Ends { client, server: DOMAIN, port: 88 }, fields);
}

/// Computers and people of a domain log in: a clock that is wrong all morning, a service that was
/// taken away, an account locked long ago that a printer still uses, two who mistype.
fn domain_morning(w: &mut World) {
    w.office(2.0);
    for (i, client) in CLIENTS.into_iter().enumerate() {
        let at = 20.0 * i as f64;
        ticket(w, at, client, "AS", &format!("pc{i}$"), None);
        if i % 4 == 1 {
            ticket(w, at + 5.0, client, "AS", &format!("user{i}"), Some("KDC_ERR_PREAUTH_FAILED"));
        }
        ticket(w, at + 9.0, client, "AS", &format!("user{i}"), None);
        for k in 0..8 {
            ticket(w, at + 10.0 + f64::from(k), client, "TGS", &format!("user{i}"), None);
        }
    }
    for i in 0..60 {
        let at = 30.0 * f64::from(i);
        ticket(w, at, "10.20.0.90", "AS", "pc90$", Some("KRB_AP_ERR_SKEW"));
        ticket(w, at + 4.0, "10.20.0.12", "TGS", "user2", Some("KDC_ERR_S_PRINCIPAL_UNKNOWN"));
    }
    for i in 0..8 {
        let error = Some("KDC_ERR_CLIENT_REVOKED");
        ticket(w, 900.0 * f64::from(i), "10.20.0.91", "AS", "old-printer", error);
    }
}

/// One password for everybody whose name is known.
fn spray(w: &mut World) {
    w.office(1.0);
    let ends = Ends { client: "45.155.205.9", server: "198.51.100.25", port: 587 };
    for i in 0..25 {
        let user = format!("{}.{}@firm.example", w.word(2), w.word(3));
        login(w, 300.0 + 20.0 * f64::from(i), ends, ("smtp", &user, false), true);
    }
}

/// Tries over SSH, as the sizes of messages tell them.
fn ssh(w: &mut World, client: &str, servers: usize, times: usize, tries: u32) {
    w.office(1.0);
    let mut at = 200.0;
    for _ in 0..times {
        for i in 0..servers {
            let server = format!("10.20.2.{}", 10 + i);
            let fields = json!({ "version": 2, "auth_success": false, "auth_attempts": tries,
                "client": "SSH-2.0-libssh2_1.10.0", "server": "SSH-2.0-OpenSSH_9.2p1" });
            w.row("ssh", at, Ends { client, server: &server, port: 22 }, fields);
            at += w.about(12.0);
        }
    }
}

/// A phone with last month's password: the same account, every ten minutes.
fn old_password(w: &mut World) {
    w.office(2.0);
    let ends = Ends { client: "10.20.0.90", server: "10.20.0.25", port: 143 };
    for i in 0..40 {
        login(w, 600.0 * f64::from(i), ends, ("imap", "karl@firm.example", false), true);
    }
}

/// Browsers are asked for a password first, and then send the right one.
fn challenge(w: &mut World) {
    for (i, client) in CLIENTS.into_iter().enumerate() {
        let ends = Ends { client, server: "10.20.0.80", port: 80 };
        for k in 0..20 {
            let at = 30.0 * f64::from(k) + i as f64;
            let first = json!({ "method": "GET", "uri": "/wiki", "status_code": 401 });
            w.row("http", at, ends, first);
            let then = json!({ "method": "GET", "uri": "/wiki", "status_code": 200,
                "username": format!("user{i}"), "password": "<hidden>" });
            w.row("http", at + 0.2, ends, then);
        }
    }
}

/// An administrator's agent offers three keys before the right one, at each of many servers.
fn keys(w: &mut World) {
    w.office(1.0);
    for i in 0..15 {
        let server = format!("10.20.2.{}", 10 + i);
        let fields = json!({ "version": 2, "auth_success": true, "auth_attempts": 1 + i % 2 });
        let ends = Ends { client: "10.20.0.12", server: &server, port: 22 };
        w.row("ssh", 60.0 * f64::from(i), ends, fields);
    }
}

/// Many people behind one address: some mistype.
fn gateway(w: &mut World) {
    let ends = Ends { client: "192.0.2.200", server: "198.51.100.25", port: 993 };
    for i in 0..400 {
        let user = format!("{}@firm.example", w.word(3));
        login(w, 9.0 * f64::from(i), ends, ("imap", &user, i % 12 != 0), true);
    }
}

/// A file that one address may not have, and another then gets.
fn retried(w: &mut World, first: &str, then: &str) {
    w.office(1.0);
    let get = |w: &mut World, at: f64, client: &str, code: u32| {
        let ends = Ends { client, server: FTP, port: 21 };
        let fields = json!({ "user": "designer", "command": "RETR", "reply_code": code,
            "arg": "ftp://198.51.100.21/projects/plans.zip", "file_size": 8_400_000 });
        w.row("ftp", at, ends, fields);
    };
    ftp(w, 300.0, (first, "designer"), "PASS", 230);
    get(w, 320.0, first, 550);
    get(w, 330.0, first, 550);
    ftp(w, 1_500.0, (then, "designer"), "PASS", 230);
    get(w, 1_520.0, then, 226);
}

/// A partner's account from one country after another, within an hour.
fn many_networks(w: &mut World) {
    w.office(1.0);
    for i in 0..7 {
        let from = w.household();
        let at = 200.0 + 400.0 * f64::from(i);
        ftp(w, at, (&from, "edi_partner"), "PASS", 230);
        ftp(w, at + 5.0, (&from, "edi_partner"), "RETR", 226);
    }
}

fn mail(w: &mut World, from: &[&str]) {
    w.office(1.0);
    for (i, client) in from.iter().enumerate() {
        let ends = Ends { client, server: "198.51.100.25", port: 143 };
        for k in 0..4 {
            let at = 600.0 * i as f64 + 200.0 * f64::from(k);
            login(w, at, ends, ("imap", "ceo@firm.example", true), true);
        }
    }
}

fn web(w: &mut World, user: &str, from: &[&str], hours: f64) {
    w.office(1.0);
    let mut at = 60.0;
    while at < hours * 60.0 * MINUTE {
        let i = w.below(from.len());
        let ends = Ends {
            client: from.get(i).copied().unwrap_or("62.4.5.6"),
            server: "198.51.100.80",
            port: 80,
        };
        let fields = json!({ "method": "GET", "uri": "/desk", "status_code": 200,
            "username": user, "password": "<hidden>" });
        w.row("http", at, ends, fields);
        at += w.about(6.0 * MINUTE);
    }
}

/// The office by day, the flat in the evening.
fn evening(w: &mut World) {
    for (start, from) in [(0.0, "62.4.5.6"), (9.5, "92.40.1.7")] {
        for i in 0..10 {
            let at = (start + f64::from(i) * 0.1) * 3600.0;
            let ends = Ends { client: from, server: "198.51.100.80", port: 80 };
            let fields =
                json!({ "method": "GET", "uri": "/desk", "status_code": 200, "username": "nina" });
            w.row("http", at, ends, fields);
        }
    }
}

/// Old equipment inside: a file server and its page.
fn plain(w: &mut World) {
    w.office(1.0);
    for (i, client) in CLIENTS.into_iter().enumerate() {
        let ends = Ends { client, server: "10.20.0.60", port: 21 };
        let at = 100.0 * i as f64;
        let fields = json!({ "user": format!("u{i}"), "password": "<hidden>", "command": "PASS", "reply_code": 230 });
        w.row("ftp", at, ends, fields);
        let fields = json!({ "method": "GET", "uri": "/", "status_code": 200,
            "username": format!("u{i}"), "password": "<hidden>" });
        w.row("http", at + 30.0, Ends { client, server: "10.20.0.60", port: 80 }, fields);
    }
}
