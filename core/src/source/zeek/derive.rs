//! What a Zeek row says without a field of its own: answered, refused, self-signed.

use crate::event::{Body, Conn, Event, Raw, StringSet, Transport};

/// The port of NetBIOS's name service (RFC 1002 section 4.2), whose rows Zeek writes to `dns.log`.
const NETBIOS_NAMES: u16 = 137;

/// Nothing follows from the fields of this log.
pub fn nothing(_: &mut Event) {}

/// The states that Zeek's conn.log knows.
const STATES: [&str; 13] =
    ["OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "RSTRH", "S0", "S1", "S2", "S3", "SF", "SH", "SHR"];

/// Protocols with logins, by their names in `conn.service`.
const LOGIN_SERVICES: [&str; 18] = [
    "ftp",
    "http",
    "imap",
    "krb",
    "ldap",
    "mysql",
    "ntlm",
    "pop3",
    "postgresql",
    "radius",
    "rdp",
    "sip",
    "smb",
    "smtp",
    "snmp",
    "socks",
    "ssh",
    "telnet",
];

/// `service` of a login, of a closed list of words.
pub fn login_service(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::Login(l) = &mut e.body else { return false };
    let word = raw.text();
    l.service = word.as_deref().and_then(|w| LOGIN_SERVICES.into_iter().find(|s| *s == w));
    raw.is_unset() || l.service.is_some()
}

/// `conn_state`, of a closed list of words.
pub fn conn_state(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::Conn(c) = &mut e.body else { return false };
    let word = raw.text();
    c.conn_state = word.as_deref().and_then(|w| STATES.into_iter().find(|s| *s == w));
    raw.is_unset() || c.conn_state.is_some()
}

/// A connection that a log reports: whether the responder answered, and refused.
pub fn conn(e: &mut Event) {
    let transport = e.flow.transport;
    let Body::Conn(c) = &mut e.body else { return };
    c.direction = Some("reported");
    c.answered = answered(c, transport);
    c.refused = match c.conn_state {
        Some("REJ") => Some(true),
        Some("SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR" | "RSTRH" | "SHR") => Some(false),
        _ => None,
    };
}

/// From the state; where that says nothing, from the history's lower-case letters, which are the
/// responder's, or from its packets.
fn answered(c: &Conn, transport: Option<Transport>) -> Option<bool> {
    let history = c.history.as_deref().unwrap_or_default();
    let replied = history.bytes().any(|b| b.is_ascii_lowercase()) || c.resp_pkts > Some(0);
    match c.conn_state {
        Some("S0" | "RSTOS0" | "SH") => Some(replied),
        Some("OTH") | None if replied => Some(true),
        // Zeek has no other state for an ICMP message without a reply. A TCP connection of this
        // state was seen from its middle.
        Some("OTH") if transport == Some(Transport::Icmp) && c.resp_pkts == Some(0) => Some(false),
        Some("OTH") | None => None,
        Some(_) => Some(true),
    }
}

/// A row with a response code or an answer had a reply; a row that says whether it was rejected
/// and has neither had none. The name asked for is folded to lower case as Zeek's own scripts do; one
/// of NetBIOS is not, since it is written as it is and told from packets alike.
pub fn dns(e: &mut Event) {
    let is_netbios = e.flow.resp.port == Some(NETBIOS_NAMES);
    let Body::Dns(d) = &mut e.body else { return };
    if !is_netbios {
        d.query = d.query.as_ref().map(|query| query.to_ascii_lowercase().into());
    }
    let has_reply = d.rcode.is_some() || d.rcode_name.is_some() || !d.answers.is_empty();
    d.answered = if has_reply { Some(true) } else { d.rejected.map(|_| false) };
}

/// That there was a password, never which.
pub fn password(e: &mut Event, raw: &Raw<'_>) -> bool {
    let hidden = (!raw.is_unset()).then_some("<hidden>");
    match &mut e.body {
        Body::Ftp(f) => f.password = hidden,
        Body::Http(h) => h.password = hidden,
        Body::Login(l) => l.password = hidden,
        _ => return false,
    }
    true
}

/// The account; Zeek writes `<unknown>` before there is one.
pub fn ftp_user(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::Ftp(f) = &mut e.body else { return false };
    f.user = raw.text().filter(|u| &**u != "<unknown>");
    raw.is_unset() || raw.text().is_some()
}

/// The account stands before the last slash; its realm has none.
pub fn kerberos(e: &mut Event) {
    let Body::Kerberos(k) = &mut e.body else { return };
    let account = k.client.as_deref().and_then(|c| c.rsplit_once('/')).map(|(account, _)| account);
    k.username = account.filter(|a| !a.is_empty()).map(Into::into).or(k.username.take());
}

/// Services of known_services.log: Zeek's analyzer names in upper case, folded to the names of conn.log.
pub fn service(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::KnownService(k) = &mut e.body else { return false };
    let words: Option<Vec<_>> = raw.items().iter().map(Raw::text).collect();
    let Some(words) = words else { return false };
    let words = words.iter().flat_map(|w| w.split(',')).filter(|w| !w.is_empty() && *w != "-");
    k.service = words.map(str::to_ascii_lowercase).collect::<StringSet>();
    true
}

/// Subject and issuer being the same text is all that a log can show of a self-signed certificate.
pub fn x509(e: &mut Event) {
    let Body::X509(x) = &mut e.body else { return };
    if let (Some(subject), Some(issuer)) = (&x.subject, &x.issuer) {
        x.self_signed = Some(subject == issuer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_state_history_and_packets() {
        let case = |state: &'static str, history: &str, resp_pkts, transport| {
            let conn = Conn {
                conn_state: (!state.is_empty()).then_some(state),
                history: (!history.is_empty()).then(|| history.into()),
                resp_pkts,
                ..Conn::default()
            };
            answered(&conn, Some(transport))
        };
        use Transport::{Icmp, Tcp};
        assert_eq!(case("S0", "S", Some(0), Tcp), Some(false));
        assert_eq!(case("REJ", "Sr", Some(1), Tcp), Some(true));
        assert_eq!(case("OTH", "Cc", None, Tcp), Some(true));
        assert_eq!(case("OTH", "D", Some(0), Tcp), None);
        assert_eq!(case("OTH", "", Some(0), Icmp), Some(false));
        assert_eq!(case("", "", None, Tcp), None);
        assert_eq!(case("SF", "", None, Tcp), Some(true));
        assert_eq!(case("SH", "SF", Some(0), Tcp), Some(false));
    }
}
