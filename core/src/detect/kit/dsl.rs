//! Events as text and findings as lines, for tests of detectors.
//!
//! One event a line: `[#NODE] [@SECONDS[+STEP]] KIND ORIG[:PORT] [> RESP[:PORT]] WORD…`. A word is
//! `name=value` or one of the few below; `~` in a value is a space, `*` a port of its own.
//! `{1..20}` and `{a,b}` make one event for each value, and STEP moves each later than the last.

use super::Observed;
use crate::detect::Rule;
use crate::event::{
    Arp, Body, Conn, Dns, Endpoint, Event, Flow, Ftp, Http, Kerberos, KnownService, Login, NodeId,
    Ntlm, Origin, Ssh, Ssl, StringSet, Transport, Uid, X509,
};
use crate::report::{Finding, Lines};
use crate::settings::Settings;
use crate::text::Text;
use crate::time::{Interval, NANOS, Time};
use std::fmt::Write;

/// The day on which tests happen: 2024-01-01T00:00:00Z.
pub const DAY: i64 = 1_704_067_200;

/// The events that `text` draws, in its order.
pub fn events(text: &str) -> Vec<Event> {
    let mut out = Vec::new();
    for row in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")) {
        for (k, row) in expand(row).into_iter().enumerate() {
            let item = out.len() as u64 + 1;
            out.push(event(&row, k as f64, item));
        }
    }
    out
}

/// What a rule finds in events.
pub fn found(rule: &Rule, events: &[Event]) -> Vec<Finding> {
    judge(rule, &Settings::default(), events)
}

/// What a rule finds whose tables hold at most `cap` pairs.
pub fn found_within(rule: &Rule, cap: usize, events: &[Event]) -> Vec<Finding> {
    let mut settings = Settings::default();
    settings.caps.keys = cap;
    judge(rule, &settings, events)
}

/// Folds events in three orders, which must agree, and gives the findings.
fn judge(rule: &Rule, settings: &Settings, events: &[Event]) -> Vec<Finding> {
    let fold = |order: &mut dyn Iterator<Item = &Event>| {
        let (mut d, lines) = ((rule.new)(settings), Lines::default());
        order.for_each(|e| d.observe(&Observed::new(e, &lines)));
        let mut found = Vec::new();
        d.report(&mut found);
        found
    };
    let found = fold(&mut events.iter());
    assert_eq!(found, fold(&mut events.iter().rev()), "order changes the findings");
    let mut mixed: Vec<&Event> = events.iter().collect();
    mixed.sort_by_key(|e| super::stable(&(e.at.item, e.at.node)));
    assert_eq!(found, fold(&mut mixed.into_iter()), "order changes the findings");
    found.iter().for_each(crate::detect::lint::check);
    found
}

/// Findings as lines: severity, confidence, score, title.
pub fn lines(found: &[Finding]) -> String {
    let mut out = String::new();
    for f in found {
        let score = f.score.map_or(String::new(), |s| format!(" {s}"));
        let _ = writeln!(out, "{:?}/{:?}{score} {}", f.severity, f.confidence, f.title);
    }
    out
}

/// A fact of a finding as text.
pub fn fact(f: &Finding, name: &str) -> String {
    f.facts.iter().find(|x| x.name == name).map_or("(none)".to_owned(), |x| x.value.clone())
}

fn expand(row: &str) -> Vec<String> {
    let Some((head, rest)) = row.split_once('{') else { return vec![row.to_owned()] };
    let (group, tail) = rest.split_once('}').expect("a closing brace");
    let values: Vec<String> = match group.split_once("..") {
        Some((a, b)) => {
            let (a, b): (u64, u64) = (a.parse().unwrap(), b.parse().unwrap());
            (a..=b).map(|n| n.to_string()).collect()
        }
        None => group.split(',').map(str::to_owned).collect(),
    };
    values.iter().flat_map(|v| expand(&format!("{head}{v}{tail}"))).collect()
}

fn event(row: &str, k: f64, item: u64) -> Event {
    let mut words = row.split_whitespace().peekable();
    let node = words.next_if(|w| w.starts_with('#')).map_or(1, |w| w[1..].parse().unwrap());
    let ts = words.next_if(|w| w.starts_with('@')).map(|w| {
        let (at, step) = w[1..].split_once('+').unwrap_or((&w[1..], "0"));
        let secs: f64 = at.parse::<f64>().unwrap() + k * step.parse::<f64>().unwrap();
        Time::from_secs(DAY).plus(Interval((secs * 1e3).round() as i64 * (NANOS / 1000)))
    });
    let kind = words.next().expect("a kind");
    let mut flow = Flow { transport: Some(Transport::Tcp), ..Flow::default() };
    if let Some(orig) = words.next_if(|w| !w.contains('=') && *w != ">") {
        flow.orig = endpoint(orig, item);
    }
    if words.next_if(|w| *w == ">").is_some() {
        flow.resp = endpoint(words.next().expect("a responder"), item);
    }
    let mut body = body(kind);
    if matches!(body, Body::Dns(_)) {
        flow.transport = Some(Transport::Udp);
    }
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, "T"));
        let value = value.replace('~', " ");
        match (name, &mut body) {
            ("uid", _) => flow.uid = Some(Uid::Log(value.into())),
            ("site", _) => flow.site = value.as_str().into(),
            ("opened", _) => flow.is_opened = true,
            ("udp", _) => flow.transport = Some(Transport::Udp),
            ("icmp", _) => flow.transport = Some(Transport::Icmp),
            (_, Body::Arp(a)) => arp(a, name, &value),
            (_, Body::Conn(c)) => conn(c, name, &value),
            (_, Body::Dns(d)) => dns(d, name, &value),
            (_, Body::Http(h)) => http(h, name, &value),
            (_, Body::Ftp(f)) => ftp(f, name, &value),
            (_, Body::Kerberos(k)) => kerberos(k, name, &value),
            (_, Body::Ntlm(n)) => ntlm(n, name, &value),
            (_, Body::Login(l)) => login(l, name, &value),
            (_, Body::Ssh(s)) => ssh(s, name, &value),
            (_, Body::X509(x)) => x509(x, name, &value),
            (_, Body::Ssl(s)) => ssl(s, name, &value),
            (_, Body::KnownService(s)) => s.service = value.split(',').collect::<StringSet>(),
            _ => panic!("{kind} has no {name}"),
        }
    }
    let at = Origin { node: NodeId(node), item, offset: item * 100, len: 80 };
    Event { ts, at, also: Vec::new(), flow, body }
}

fn endpoint(text: &str, item: u64) -> Endpoint {
    let (addr, port) = match text.rsplit_once(':') {
        Some((addr, port)) if !addr.contains(':') || addr.ends_with(']') => (addr, Some(port)),
        _ => (text, None),
    };
    Endpoint {
        addr: addr.trim_matches(['[', ']']).parse().ok(),
        port: port
            .map(|p| if p == "*" { 20_000 + (item % 40_000) as u16 } else { p.parse().unwrap() }),
    }
}

fn body(kind: &str) -> Body {
    match kind {
        "arp" => Body::Arp(Arp::default()),
        "conn" => Body::Conn(Conn::default()),
        "dns" => Body::Dns(Dns { answered: Some(true), ..Dns::default() }),
        "http" => Body::Http(Http::default()),
        "ftp" => Body::Ftp(Ftp::default()),
        "x509" => Body::X509(X509 { host_cert: Some(true), ..X509::default() }),
        "ssl" => Body::Ssl(Ssl::default()),
        "kerberos" => Body::Kerberos(Kerberos::default()),
        "ntlm" => Body::Ntlm(Ntlm::default()),
        "login" => Body::Login(Login::default()),
        "ssh" => Body::Ssh(Ssh::default()),
        "known_services" => Body::KnownService(KnownService::default()),
        _ => panic!("no kind {kind}"),
    }
}

fn texts(value: &str) -> Vec<Text> {
    value.split(',').map(Text::from).collect()
}

fn is(value: &str) -> Option<bool> {
    Some(value == "T")
}

fn arp(a: &mut Arp, name: &str, value: &str) {
    match name {
        "operation" => a.operation = Some(value.into()),
        "mac" => a.orig_mac = Some(value.into()),
        _ => panic!("arp has no {name}"),
    }
}

fn conn(c: &mut Conn, name: &str, value: &str) {
    let number = || value.parse().ok();
    match name {
        "unanswered" => c.answered = Some(false),
        "answered" => c.answered = Some(true),
        "refused" => (c.answered, c.refused) = (Some(true), Some(true)),
        "service" => c.service = value.split(',').collect(),
        "state" => c.conn_state = Some(value.to_owned().leak()),
        "history" => c.history = Some(value.into()),
        "opkts" => c.orig_pkts = number(),
        "obytes" => c.orig_ip_bytes = number(),
        "rpkts" => c.resp_pkts = number(),
        "rbytes" => c.resp_ip_bytes = number(),
        "odata" => c.orig_bytes = number(),
        "rdata" => c.resp_bytes = number(),
        "direction" => c.direction = Some(value.to_owned().leak()),
        "oflags" => c.orig_flags = Some(value.into()),
        "icmp_error" => c.icmp_errors.insert(value),
        _ => panic!("conn has no {name}"),
    }
}

fn dns(d: &mut Dns, name: &str, value: &str) {
    let intervals =
        || value.split(',').map(|s| Interval::from_secs(s.parse().unwrap())).collect::<Vec<_>>();
    match name {
        "q" => d.query = Some(value.into()),
        "type" => d.qtype_name = Some(value.into()),
        "rcode" => d.rcode_name = Some(value.into()),
        "a" => d.answers = texts(value),
        "ttl" => d.ttls = intervals(),
        "id" => d.trans_id = value.parse().ok(),
        "auth" => d.auth = texts(value).into_iter().collect(),
        "addl" => d.addl = texts(value).into_iter().collect(),
        "ra" => d.ra = is(value),
        "rd" => d.rd = is(value),
        "unanswered" => d.answered = Some(false),
        _ => panic!("dns has no {name}"),
    }
}

fn http(h: &mut Http, name: &str, value: &str) {
    match name {
        "method" => h.method = Some(value.into()),
        "host" => h.host = Some(value.into()),
        "uri" => h.uri = Some(value.into()),
        "referrer" => h.referrer = Some(value.into()),
        "agent" => h.user_agent = Some(value.into()),
        "status" => h.status_code = value.parse().ok(),
        "len" => h.response_body_len = value.parse().ok(),
        "sent" => h.request_body_len = value.parse().ok(),
        "got" => h.resp_mime_types.push(value.into()),
        "user" => h.username = Some(value.into()),
        "log" => h.server_log = Some(true),
        "password" => h.password = Some("<hidden>"),
        _ => panic!("http has no {name}"),
    }
}

fn ftp(f: &mut Ftp, name: &str, value: &str) {
    match name {
        "user" => f.user = Some(value.into()),
        "cmd" => f.command = Some(value.into()),
        "arg" => f.arg = Some(value.into()),
        "code" => f.reply_code = value.parse().ok(),
        "session" => f.session = Some(value.into()),
        "path" => f.path = Some(value.into()),
        "size" => f.file_size = value.parse().ok(),
        "password" => f.password = Some("<hidden>"),
        _ => panic!("ftp has no {name}"),
    }
}

fn login(l: &mut Login, name: &str, value: &str) {
    match name {
        "service" => l.service = Some(value.to_owned().leak()),
        "user" => l.username = Some(value.into()),
        "success" => l.success = is(value),
        "password" => l.password = Some("<hidden>"),
        _ => panic!("login has no {name}"),
    }
}

fn kerberos(k: &mut Kerberos, name: &str, value: &str) {
    match name {
        "request" => k.request_type = Some(value.into()),
        "user" => k.username = Some(value.into()),
        "service" => k.service = Some(value.into()),
        "success" => k.success = is(value),
        "error" => (k.success, k.error_msg) = (Some(false), Some(value.into())),
        "proved" => k.pre_authenticated = is(value),
        _ => panic!("kerberos has no {name}"),
    }
}

fn ntlm(n: &mut Ntlm, name: &str, value: &str) {
    match name {
        "user" => n.username = Some(value.into()),
        "domain" => n.domainname = Some(value.into()),
        "success" => n.success = is(value),
        _ => panic!("ntlm has no {name}"),
    }
}

fn ssh(s: &mut Ssh, name: &str, value: &str) {
    match name {
        "attempts" => s.auth_attempts = value.parse().ok(),
        "success" => s.auth_success = is(value),
        _ => panic!("ssh has no {name}"),
    }
}

fn x509(x: &mut X509, name: &str, value: &str) {
    match name {
        "fp" => x.fingerprint = Some(value.into()),
        "sha1" => x.sha1 = Some(value.into()),
        "serial" => x.serial = Some(value.into()),
        "subject" => x.subject = Some(value.into()),
        "issuer" => x.issuer = Some(value.into()),
        "version" => x.version = value.parse().ok(),
        "before" => x.not_valid_before = date(value),
        "after" => x.not_valid_after = date(value).map(|d| d + 86_399),
        "sig" => x.sig_alg = Some(value.into()),
        "key" => x.key_type = Some(value.into()),
        "bits" => x.key_length = value.parse().ok(),
        "san" => x.san_dns = texts(value),
        "self" => x.self_signed = is(value),
        "ca" => x.ca = is(value),
        "host" => x.host_cert = is(value),
        "scts" => x.sct_count = value.parse().ok(),
        _ => panic!("x509 has no {name}"),
    }
}

/// Seconds of a day such as `2023-04-02`.
fn date(value: &str) -> Option<i64> {
    let parts: Vec<u32> = value.split('-').map(|p| p.parse().unwrap()).collect();
    Time::from_civil(i64::from(parts[0]), parts[1], parts[2], 0, 0, 0, 0).map(|t| t.0 / NANOS)
}

fn ssl(s: &mut Ssl, name: &str, value: &str) {
    match name {
        "sni" => s.server_name = Some(value.into()),
        "version" => s.version = Some(value.into()),
        "fps" => s.cert_chain_fps = texts(value),
        "names" => s.cert_names = texts(value),
        "matches" => s.sni_matches_cert = is(value),
        "issuer" => s.issuer = Some(value.into()),
        "subject" => s.subject = Some(value.into()),
        "ja4" => s.ja4 = Some(value.into()),
        "alert" => s.last_alert = Some(value.into()),
        "established" => s.established = is(value),
        "ech" => s.ech = is(value),
        _ => panic!("ssl has no {name}"),
    }
}
