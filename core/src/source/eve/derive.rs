//! What EVE writes in another form than our records, and what follows from several fields.

use super::map::set;
use crate::event::{Body, Event, Raw, Transport};
use crate::proto::{rcode_number, shown_community, type_number};
use crate::text::Text;
use crate::time::{Interval, Time};

/// Nothing follows from the fields of this event.
pub fn nothing(_: &mut Event) {}

/// Defines functions that put a value into a record of one kind.
macro_rules! puts {
    ($( $(#[$doc:meta])* $name:ident, $kind:ident, $record:ident, $raw:ident => $body:expr; )*) => {
        $( $(#[$doc])* pub fn $name(e: &mut Event, $raw: &Raw<'_>) -> bool {
            let Body::$kind($record) = &mut e.body else { return false };
            $body
        } )*
    };
}

puts! {
    /// The name asked for, folded as Zeek does; of several the first.
    query, Dns, d, raw => {
        let name = raw.text().map(|t| t.to_ascii_lowercase().into());
        if d.query.is_some() { true } else { set(&mut d.query, raw, name) }
    };
    /// Its type, by name and number.
    query_type, Dns, d, raw => {
        let name = raw.text();
        if d.qtype_name.is_some() {
            return true;
        }
        d.qtype = name.as_deref().and_then(type_number);
        set(&mut d.qtype_name, raw, name)
    };
    /// The response code, by name and number.
    rcode, Dns, d, raw => {
        let name = raw.text();
        d.rcode = name.as_deref().and_then(rcode_number);
        set(&mut d.rcode_name, raw, name)
    };
    /// All flags, in hex.
    dns_flags, Dns, d, raw => {
        let flags = raw.text().and_then(|t| u16::from_str_radix(&t, 16).ok());
        let Some(flags) = flags else { return raw.is_unset() };
        d.aa = Some(flags & 0x0400 != 0);
        d.tc = Some(flags & 0x0200 != 0);
        d.rd = Some(flags & 0x0100 != 0);
        d.ra = Some(flags & 0x0080 != 0);
        d.z = Some((flags >> 4 & 7) as u8);
        true
    };
    /// Another answer begins: a time to live without an answer goes.
    next_answer, Dns, d, _raw => {
        d.ttls.truncate(d.answers.len());
        true
    };
    /// An answer.
    answer, Dns, d, raw => {
        d.answers.extend(raw.text());
        raw.text().is_some() || raw.is_unset()
    };
    /// How long it may be kept.
    ttl, Dns, d, raw => {
        d.ttls.extend(raw.interval());
        raw.interval().is_some() || raw.is_unset()
    };
    /// A record of the authority section.
    authority, Dns, d, raw => { raw.text().iter().for_each(|t| d.auth.insert(t)); true };
    /// A record of the additional section.
    additional, Dns, d, raw => { raw.text().iter().for_each(|t| d.addl.insert(t)); true };
    /// The protocol found, by Zeek's name.
    service, Conn, c, raw => {
        let Some(word) = raw.text() else { return raw.is_unset() };
        match &*word {
            "failed" | "unknown" => {}
            "tls" => c.service.insert("ssl"),
            "krb5" => c.service.insert("krb"),
            "dcerpc" => c.service.insert("dce_rpc"),
            other => c.service.insert(other),
        }
        true
    };
    /// The originator's TCP flags, in hex.
    orig_flags, Conn, c, raw => { c.orig_flags = letters(raw); true };
    /// The responder's TCP flags, in hex.
    resp_flags, Conn, c, raw => { c.resp_flags = letters(raw); true };
    /// The flags of a flow's one direction, in hex.
    one_way_flags, Netflow, n, raw => { n.tcp_flags = letters(raw); true };
    /// `hybrid` is `HYBRID`.
    desktop_protection, Rdp, r, raw => {
        let word = raw.text().map(|t| t.to_ascii_uppercase().into());
        set(&mut r.security_protocol, raw, word)
    };
    /// Bits of a colour.
    desktop_depth, Rdp, r, raw => {
        let depth = raw.count().map(|bits| format!("{bits}bit").into());
        set(&mut r.requested_color_depth, raw, depth)
    };
    /// 2 is `2c`.
    snmp_version, Snmp, s, raw => {
        let name = raw.text().map(|t| if &*t == "2" { "2c".into() } else { t });
        set(&mut s.version, raw, name)
    };
    /// A community is a password, unless everybody knows it.
    community, Snmp, s, raw => {
        let shown = raw.text().map(|t| shown_community(t.as_bytes()));
        set(&mut s.community, raw, shown)
    };
    /// The codes of a reply's lines: the last is the final one.
    reply_code, Ftp, f, raw => {
        let code = raw.items().last().and_then(Raw::count);
        set(&mut f.reply_code, raw, code)
    };
    /// The lines of a reply.
    reply, Ftp, f, raw => {
        let lines: Vec<Text> = raw.items().iter().filter_map(Raw::text).collect();
        f.reply_msg = (!lines.is_empty()).then(|| lines.join(" ").into());
        true
    };
    /// How the data channel is opened.
    mode, Ftp, f, raw => {
        f.passive = raw.text().map(|t| &*t == "passive");
        true
    };
    /// `HTTP/1.1`, or for HTTP/2 its number.
    http_version, Http, h, raw => {
        let word = raw.text();
        let version = word.as_deref().map(|w| w.strip_prefix("HTTP/").unwrap_or(w).into());
        set(&mut h.version, raw, version)
    };
    /// `2.0`: the first number counts.
    ssh_version, Ssh, s, raw => {
        let word = raw.text();
        let version = word.as_deref().and_then(|w| w.split('.').next()?.parse().ok());
        set(&mut s.version, raw, version)
    };
    /// The client's software, in the form of its banner.
    ssh_client, Ssh, s, raw => set(&mut s.client, raw, banner(raw));
    /// The server's software, in the form of its banner.
    ssh_server, Ssh, s, raw => set(&mut s.server, raw, banner(raw));
    /// `TLS 1.2` is `TLSv12`; a handshake without an answer has no version yet.
    tls_version, Ssl, s, raw => {
        s.version = raw.text().filter(|t| &**t != "UNDETERMINED").map(|t| version(&t));
        true
    };
    /// Who sent it, without the brackets of the command.
    mail_from, Smtp, s, raw => set(&mut s.mailfrom, raw, raw.text().map(|t| bare(&t)));
    /// To whom it went, without the brackets of the command.
    rcpt_to, Smtp, s, raw => {
        let all = raw.items().iter().filter_map(Raw::text).map(|t| bare(&t));
        s.rcptto = all.collect();
        true
    };
    /// The subject, in the order of RFC 4514.
    subject, Ssl, s, raw => set(&mut s.subject, raw, raw.text().map(|t| name(&t)));
    /// The issuer, in the order of RFC 4514.
    issuer, Ssl, s, raw => set(&mut s.issuer, raw, raw.text().map(|t| name(&t)));
    /// The protocol that the server chose.
    next_protocol, Ssl, s, raw => {
        s.next_protocol = raw.items().first().and_then(Raw::text);
        true
    };
}

/// Position in the connection; EVE counts from 0.
pub fn depth(e: &mut Event, raw: &Raw<'_>) -> bool {
    let depth = raw.count().map(|n| n.saturating_add(1));
    match &mut e.body {
        Body::Http(h) => set(&mut h.trans_depth, raw, depth),
        Body::Smtp(s) => set(&mut s.trans_depth, raw, depth),
        _ => false,
    }
}

/// VLAN ids, outer first.
pub fn vlan(e: &mut Event, raw: &Raw<'_>) -> bool {
    if let Body::Conn(c) = &mut e.body {
        let mut ids = raw.items().iter().map(Raw::port);
        c.vlan = ids.next().flatten();
        c.inner_vlan = ids.next().flatten();
    }
    true
}

/// When the flow began: that, and not when it was written, is the event's time.
pub fn start(e: &mut Event, raw: &Raw<'_>) -> bool {
    set(&mut e.ts, raw, raw.time())
}

/// When the flow ended.
pub fn end(e: &mut Event, raw: &Raw<'_>) -> bool {
    let end = raw.time();
    let lasted = between(e.ts, end);
    match &mut e.body {
        Body::Conn(c) => c.duration = lasted,
        Body::Netflow(n) => n.duration = lasted,
        _ => return false,
    }
    end.is_some() || raw.is_unset()
}

/// An ICMP type takes the originator's port, as Zeek does.
pub fn icmp_type(e: &mut Event, raw: &Raw<'_>) -> bool {
    set(&mut e.flow.orig.port, raw, raw.port())
}

/// An ICMP code takes the responder's port.
pub fn icmp_code(e: &mut Event, raw: &Raw<'_>) -> bool {
    set(&mut e.flow.resp.port, raw, raw.port())
}

/// A signature that matched is a fact that the sensor reports.
pub fn alert(e: &mut Event) {
    if let Body::Weird(w) = &mut e.body {
        w.source = Some("Suricata alert".into());
    }
}

/// Which tells an answer from a query.
pub fn dns(e: &mut Event) {
    let Body::Dns(d) = &mut e.body else { return };
    d.ttls.truncate(d.answers.len());
    if d.qtype_name.as_deref() == Some("TXT") {
        // As Zeek writes them, with their length.
        d.answers = d.answers.iter().map(|t| format!("TXT {} {t}", t.len()).into()).collect();
    }
    let has_reply = d.rcode_name.is_some() || !d.answers.is_empty();
    d.answered = has_reply.then_some(true);
}

/// Whether the responder answered, and refused: from packets and flags.
pub fn flow(e: &mut Event) {
    let is_tcp = e.flow.transport == Some(Transport::Tcp);
    let Body::Conn(c) = &mut e.body else { return };
    c.direction = Some("reported");
    c.answered = c.resp_pkts.map(|n| n > 0);
    let has = |flags: &Option<Text>, letter| flags.as_deref().map(|f: &str| f.contains(letter));
    let is_reset = has(&c.resp_flags, 'R');
    let is_accepted = has(&c.resp_flags, 'S');
    c.refused = match (is_reset, is_accepted) {
        (Some(reset), Some(accepted)) if is_tcp => Some(reset && !accepted),
        _ => None,
    };
    let is_opened = has(&c.orig_flags, 'S') == Some(true);
    c.conn_state = match (c.answered, c.refused) {
        (Some(false), _) if is_tcp && is_opened => Some("S0"),
        (Some(true), Some(true)) if is_opened => Some("REJ"),
        (Some(true), Some(false)) if is_opened => {
            let ends = [&c.orig_flags, &c.resp_flags].map(|f| has(f, 'F') == Some(true));
            (ends == [true; 2]).then_some("SF")
        }
        _ => None,
    };
}

/// A password is never kept, only that there was one.
pub fn ftp(e: &mut Event) {
    let Body::Ftp(f) = &mut e.body else { return };
    if f.command.as_deref() == Some("PASS") {
        f.password = f.arg.take().map(|_| "<hidden>");
    }
}

/// Without alternative names the subject's common name stands for them.
pub fn tls(e: &mut Event) {
    let Body::Ssl(s) = &mut e.body else { return };
    let common = |subject: &Text| {
        subject.split(',').find_map(|part| part.strip_prefix("CN=")).map(Text::from)
    };
    if s.cert_names.is_empty() {
        s.cert_names.extend(s.subject.as_ref().and_then(common));
    }
}

/// Flags in hex as letters of UAPRSF.
fn letters(raw: &Raw<'_>) -> Option<Text> {
    let flags = raw.text().and_then(|t| u8::from_str_radix(&t, 16).ok())?;
    let letters = [(0x20, 'U'), (0x10, 'A'), (0x08, 'P'), (0x04, 'R'), (0x02, 'S'), (0x01, 'F')];
    let set: String = letters.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, c)| c).collect();
    Some(set.into())
}

/// Software as the banner names it.
fn banner(raw: &Raw<'_>) -> Option<Text> {
    raw.text().map(|t| format!("SSH-2.0-{t}").into())
}

/// Zeek's name of a version: Suricata writes `TLSv1`, `TLS 1.2` and `TLS 1.3 draft-28`.
fn version(name: &str) -> Text {
    if name == "TLSv1" {
        return "TLSv10".into();
    }
    let (name, draft) = match name.split_once(" draft-") {
        Some((name, draft)) => (name, format!("-draft{draft}")),
        None => (name, String::new()),
    };
    format!("{}{draft}", name.replace(' ', "v").replace('.', "")).into()
}

/// An address out of its brackets.
fn bare(path: &str) -> Text {
    path.strip_prefix('<').and_then(|p| p.strip_suffix('>')).unwrap_or(path).into()
}

/// A distinguished name as RFC 4514 writes it, last part first, as Zeek does. EVE has it in the
/// certificate's order with a blank behind each comma.
pub(super) fn name(text: &str) -> Text {
    let mut parts: Vec<&str> = Vec::new();
    let mut begin = 0;
    for (at, _) in text.match_indices(", ") {
        let next = text.get(at + 2..).unwrap_or_default();
        let kind = next.split('=').next().filter(|kind| kind.len() < next.len());
        // A comma within a value: no kind of part follows it.
        let is_kind = kind.is_some_and(|k| {
            !k.is_empty() && k.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        });
        if is_kind {
            parts.extend(text.get(begin..at));
            begin = at + 2;
        }
    }
    parts.extend(text.get(begin..));
    // A comma within a value is escaped, where the log has not done so.
    let escape = |part: &&str| {
        if part.contains("\\,") { (*part).to_owned() } else { part.replace(',', "\\,") }
    };
    let parts: Vec<String> = parts.iter().rev().map(escape).collect();
    parts.join(",").into()
}

/// An interval between two times, not below zero.
pub(super) fn between(from: Option<Time>, to: Option<Time>) -> Option<Interval> {
    from.zip(to).map(|(from, to)| to.since(from)).filter(|d| d.0 >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_turned_to_the_order_of_rfc_4514() {
        assert_eq!(
            &*name("C=US, O=Foo, Inc., OU=a=b, CN=www.example.org"),
            "CN=www.example.org,OU=a=b,O=Foo\\, Inc.,C=US"
        );
        assert_eq!(&*name("CN=a"), "CN=a");
        assert_eq!(&*name(""), "");
    }

    #[test]
    fn versions_have_zeeks_names() {
        for (theirs, ours) in [
            ("TLSv1", "TLSv10"),
            ("TLS 1.1", "TLSv11"),
            ("TLS 1.3", "TLSv13"),
            ("TLS 1.3 draft-28", "TLSv13-draft28"),
            ("SSLv3", "SSLv3"),
        ] {
            assert_eq!(&*version(theirs), ours);
        }
    }

    #[test]
    fn flags_in_hex_become_letters() {
        let text = |t: &'static str| letters(&Raw::Text(t.into()));
        assert_eq!(text("1b").as_deref(), Some("APSF"));
        assert_eq!(text("00").as_deref(), Some(""));
        assert_eq!(text("zz"), None);
    }
}
