//! Questions that cross protocols, asked of any event.

use super::{Body, Event, Kerberos};
use std::net::IpAddr;

/// What became of the use of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The server did what was asked.
    Success,
    /// The server refused.
    Failure,
}

/// An account in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The account's name, as the evidence writes it.
    pub name: &'a str,
    /// Where it was used from.
    pub from: Option<IpAddr>,
    /// The protocol: `ftp`, `http`.
    pub service: &'static str,
    /// What was done with it: a command, a request, a login.
    pub action: &'a str,
    /// On what: a path, a share.
    pub object: Option<&'a str>,
    /// The server's session identifier, where the source has one.
    pub session: Option<&'a str>,
    /// What became of it; `None` when the evidence does not tell.
    pub outcome: Option<Outcome>,
    /// True when the action was proving who one is (a login), false when it was a later use.
    pub is_login: bool,
    /// True for what a server answers to anybody, logged in or not: it shows no use.
    pub is_unproved: bool,
}

/// FTP commands that need no login (RFC 959, 2228, 2389, 2640, 7151), and what IIS notes of
/// connections.
const UNPROVED: &[&str] = &[
    "AUTH",
    "CCC",
    "CLNT",
    "CONTROLCHANNELCLOSED",
    "CONTROLCHANNELOPENED",
    "FEAT",
    "HELP",
    "HOST",
    "LANG",
    "NOOP",
    "OPTS",
    "PBSZ",
    "PROT",
    "QUIT",
    "REIN",
    "SYST",
];

impl Event {
    /// The account in use, if this event shows one.
    pub fn account(&self) -> Option<Account<'_>> {
        let from = self.flow.orig.addr;
        match &self.body {
            Body::Ftp(f) => {
                let action = f.command.as_deref().unwrap_or_default();
                let is_unproved = UNPROVED.iter().any(|c| c.eq_ignore_ascii_case(action));
                Some(Account {
                    name: f.user.as_deref()?,
                    from,
                    service: "ftp",
                    action,
                    object: f.path.as_deref().or(f.arg.as_deref()),
                    session: f.session.as_deref(),
                    outcome: f.reply_code.and_then(ftp_outcome).filter(|_| !is_unproved),
                    is_login: matches!(action, "PASS" | "USER"),
                    is_unproved,
                })
            }
            Body::Http(h) => Some(Account {
                name: h.username.as_deref()?,
                from,
                service: "http",
                action: h.method.as_deref().unwrap_or_default(),
                object: h.uri.as_deref(),
                session: None,
                outcome: h.status_code.and_then(http_outcome),
                is_login: true,
                is_unproved: false,
            }),
            Body::Kerberos(k) => Some(kerberos(k, k.username.as_deref()?, from)),
            Body::Login(l) => Some(Account {
                name: l.username.as_deref()?,
                from,
                service: l.service.unwrap_or_default(),
                action: l.action.as_deref().unwrap_or_default(),
                object: None,
                session: None,
                outcome: l.success.map(|s| if s { Outcome::Success } else { Outcome::Failure }),
                is_login: true,
                is_unproved: false,
            }),
            Body::Ntlm(n) => Some(Account {
                name: n.username.as_deref()?,
                from,
                service: "ntlm",
                action: "authenticate",
                object: None,
                session: None,
                outcome: n.success.map(|s| if s { Outcome::Success } else { Outcome::Failure }),
                is_login: true,
                is_unproved: false,
            }),
            _ => None,
        }
    }

    /// The name of the server that the client asked for, by whatever protocol said it.
    pub fn server_name(&self) -> Option<&str> {
        match &self.body {
            Body::Http(h) => h.host.as_deref(),
            Body::Ssl(s) => s.server_name.as_deref(),
            _ => None,
        }
    }

    /// Software that a side named itself: (true for the originator's, the text).
    pub fn software(&self) -> Option<(bool, &str)> {
        match &self.body {
            Body::Http(h) => h
                .server
                .as_deref()
                .map(|s| (false, s))
                .or_else(|| Some((true, h.user_agent.as_deref()?))),
            Body::Dhcp(d) => Some((true, d.client_software.as_deref()?)),
            Body::Login(l) => Some((false, l.software.as_deref()?)),
            Body::Postgresql(p) => Some((true, p.application_name.as_deref()?)),
            Body::Rdp(r) => Some((true, r.client_build.as_deref()?)),
            Body::Sip(s) => Some((true, s.user_agent.as_deref()?)),
            Body::Smtp(s) => Some((true, s.user_agent.as_deref()?)),
            Body::Snmp(s) => Some((false, s.display_string.as_deref()?)),
            Body::Ssh(s) => s
                .server
                .as_deref()
                .map(|t| (false, t))
                .or_else(|| Some((true, s.client.as_deref()?))),
            _ => None,
        }
    }
}

/// A login is proved by its request; a ticket for a service shows the account in use. Other errors
/// speak of services and clocks.
fn kerberos<'a>(k: &'a Kerberos, name: &'a str, from: Option<IpAddr>) -> Account<'a> {
    let is_login = k.request_type.as_deref() == Some("AS");
    let outcome = match (k.success, k.error_msg.as_deref()) {
        (Some(true), _) if is_login && k.pre_authenticated == Some(false) => None,
        (Some(true), _) => Some(Outcome::Success),
        (
            _,
            Some(
                "KDC_ERR_C_PRINCIPAL_UNKNOWN" | "KDC_ERR_CLIENT_REVOKED" | "KDC_ERR_PREAUTH_FAILED",
            ),
        ) => Some(Outcome::Failure),
        _ => None,
    };
    Account {
        name,
        from,
        service: "krb",
        action: k.request_type.as_deref().unwrap_or_default(),
        object: k.service.as_deref(),
        session: None,
        outcome,
        is_login,
        is_unproved: false,
    }
}

/// RFC 959 section 4.2: 2xx done, 4xx and 5xx refused; 1xx and 3xx are on the way.
const fn ftp_outcome(code: u64) -> Option<Outcome> {
    match code {
        200..=299 => Some(Outcome::Success),
        400..=599 => Some(Outcome::Failure),
        _ => None,
    }
}

/// 401 and 403 refuse the account; another error says nothing about it.
const fn http_outcome(code: u64) -> Option<Outcome> {
    match code {
        200..=399 => Some(Outcome::Success),
        401 | 403 | 407 => Some(Outcome::Failure),
        _ => None,
    }
}
