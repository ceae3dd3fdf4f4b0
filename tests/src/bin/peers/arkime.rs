//! Arkime's sessions: packets, times and protocols of each pair of endpoints, and what it read.

use crate::ends::{End, by_side};
use crate::zeek_log::Row;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Its names of protocols, and ours.
const NAMES: &[(&str, &str)] = &[
    ("bgp", "bgp"),
    ("bittorrent", "bittorrent"),
    ("dcerpc", "dce_rpc"),
    ("dhcp", "dhcp"),
    ("dhcpv6", "dhcpv6"),
    ("dns", "dns"),
    ("dtls", "dtls"),
    ("ftp", "ftp"),
    ("http", "http"),
    ("http2", "http2"),
    ("imap", "imap"),
    ("irc", "irc"),
    ("isakmp", "isakmp"),
    ("krb5", "krb"),
    ("ldap", "ldap"),
    ("mdns", "dns"),
    ("modbus", "modbus"),
    ("mqtt", "mqtt"),
    ("mysql", "mysql"),
    ("nfs", "nfs"),
    ("ntp", "ntp"),
    ("pop3", "pop3"),
    ("postgresql", "postgresql"),
    ("quic", "quic"),
    ("radius", "radius"),
    ("rdp", "rdp"),
    ("rsync", "rsync"),
    ("sip", "sip"),
    ("smb", "smb"),
    ("smtp", "smtp"),
    ("snmp", "snmp"),
    ("socks", "socks"),
    ("ssh", "ssh"),
    ("syslog", "syslog"),
    ("tds", "tds"),
    ("telnet", "telnet"),
    ("tftp", "tftp"),
    ("tls", "ssl"),
    ("xmpp", "xmpp"),
];

/// What each session has of the values of one kind: the record's field, and where Arkime has it.
const VALUES: &[(&str, &[(&str, &str)])] = &[
    (
        "http",
        &[("uri", "/http/path"), ("user_agent", "/http/useragent"), ("method", "/http/method")],
    ),
    (
        "ssl",
        &[
            ("ja3", "/tls/ja3"),
            ("ja4", "/tls/ja4"),
            ("ja3s", "/tls/ja3s"),
            ("server_name", "/http/host"),
        ],
    ),
    (
        "smtp",
        &[
            ("helo", "/email/smtpHello"),
            ("subject", "/email/subject"),
            ("user_agent", "/email/useragent"),
        ],
    ),
    (
        "sip",
        &[("call_id", "/sip/callid"), ("method", "/sip/method"), ("user_agent", "/sip/useragent")],
    ),
    ("snmp", &[("version", "/snmp/version")]),
    ("kerberos", &[("service", "/krb5/sname")]),
    ("mysql", &[("arg", "/mysql/user")]),
    ("socks", &[("user", "/socks/user")]),
];

/// A row for each pair of endpoints, and one for each value that a session had once.
pub(crate) fn expected(sessions: &Path) -> Vec<(&'static str, Row)> {
    let text = std::fs::read(sessions).unwrap_or_default();
    let all: Value = serde_json::from_slice(&text).unwrap_or_default();
    let all = all.get("sessions3").and_then(Value::as_array).cloned().unwrap_or_default();
    let bodies: Vec<&Value> = all.iter().filter_map(|s| s.get("body")).collect();
    let ends = |body: &Value| {
        let mut ends = sides(body);
        ends.sort();
        (body.get("ipProtocol").and_then(Value::as_u64), ends)
    };
    let mut parts: BTreeMap<_, usize> = BTreeMap::new();
    for body in &bodies {
        *parts.entry(ends(body)).or_default() += 1;
    }
    let mut rows = Vec::new();
    for body in &bodies {
        // Long sessions are cut into several: their counts are then not the whole's.
        let is_whole = parts.get(&ends(body)) == Some(&1);
        rows.extend(session(body, is_whole).map(|row| ("flow", row)));
        rows.extend(values(body));
    }
    rows
}

fn text(body: &Value, path: &str) -> Option<String> {
    match body.pointer(path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn sides(body: &Value) -> [End; 2] {
    ["source", "destination"].map(|side| {
        End::new(text(body, &format!("/{side}/ip")), text(body, &format!("/{side}/port")))
    })
}

fn ids(body: &Value) -> Option<Row> {
    let number = body.get("ipProtocol").and_then(Value::as_u64)?;
    let proto = match number {
        1 | 58 => "icmp",
        6 => "tcp",
        17 => "udp",
        132 => "sctp",
        _ => return None,
    };
    let [orig, resp] = sides(body);
    // Its ports of ICMP are none.
    let port = |port: Option<String>| port.filter(|_| proto != "icmp");
    let fields = [
        ("id.orig_h", orig.addr),
        ("id.orig_p", port(orig.port)),
        ("id.resp_h", resp.addr),
        ("id.resp_p", port(resp.port)),
        ("proto", Some(proto.to_owned())),
    ];
    let set = fields.into_iter().filter(|(_, value)| value.is_some());
    Some(set.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn session(body: &Value, is_whole: bool) -> Option<Row> {
    let mut row = ids(body)?;
    let names = body.get("protocol").and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(Value::as_str);
    let services: Vec<&str> = names
        .filter_map(|name| NAMES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours))
        .collect();
    let pkts = [text(body, "/source/packets"), text(body, "/destination/packets")];
    let fields = [
        ("community_id", text(body, "/network/community_id")),
        ("first_ms", text(body, "/firstPacket").filter(|_| is_whole)),
        ("last_ms", text(body, "/lastPacket").filter(|_| is_whole)),
        ("pkts", by_side(&sides(body), pkts).filter(|_| is_whole)),
        ("service", (!services.is_empty()).then(|| services.join(","))),
    ];
    row.extend(fields.into_iter().filter(|(_, v)| v.is_some()).map(|(n, v)| (n.to_owned(), v)));
    Some(row)
}

/// A row for each value that stands alone.
fn values(body: &Value) -> Vec<(&'static str, Row)> {
    let Some(ids) = ids(body) else { return Vec::new() };
    let mut rows = Vec::new();
    for (kind, fields) in VALUES {
        let group = fields.first().and_then(|(_, path)| path.get(1..)?.split('/').next());
        if group.is_none_or(|group| body.get(group).is_none()) {
            continue;
        }
        for (field, path) in *fields {
            let found = match body.pointer(path) {
                Some(Value::Array(all)) => all.clone(),
                Some(one) => vec![one.clone()],
                None => continue,
            };
            rows.extend(found.iter().filter_map(Value::as_str).map(|value| {
                let mut row = ids.clone();
                row.insert((*field).to_owned(), Some(value.to_owned()));
                (*kind, row)
            }));
        }
    }
    rows
}
