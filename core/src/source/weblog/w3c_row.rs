//! One row of a W3C extended log as an event: HTTP or FTP by its method.

use crate::event::{Body, Endpoint, Event, Flow, Ftp, Http, Origin, Transport};
use crate::stamp;
use crate::text::{Text, from_bytes};
use crate::time::Time;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Sessions whose user is remembered, for servers that name it only in `USER`.
const MAX_USERS: usize = 10_000;

/// What IIS and RFC 959 call the things a client does over FTP.
const FTP_METHODS: &[&str] = &[
    "ABOR",
    "ACCT",
    "ALLO",
    "APPE",
    "AUTH",
    "CCC",
    "CDUP",
    "CLOSED",
    "CONTROLCHANNELCLOSED",
    "CONTROLCHANNELOPENED",
    "CREATED",
    "CWD",
    "DATACHANNELCLOSED",
    "DATACHANNELOPENED",
    "DELE",
    "EPRT",
    "EPSV",
    "FEAT",
    "HELP",
    "HOST",
    "LIST",
    "MDTM",
    "MKD",
    "MODE",
    "NLST",
    "NOOP",
    "OPTS",
    "PASS",
    "PASV",
    "PBSZ",
    "PORT",
    "PROT",
    "PWD",
    "QUIT",
    "REIN",
    "REST",
    "RETR",
    "RMD",
    "RNFR",
    "RNTO",
    "SENT",
    "SITE",
    "SIZE",
    "STAT",
    "STOR",
    "STOU",
    "STRU",
    "SYST",
    "TYPE",
    "USER",
    "XCWD",
    "XMKD",
    "XPWD",
    "XRMD",
];

/// Users by client and session; what does not fit is not known.
pub struct Users(BTreeMap<(String, String), Text>);

impl Users {
    /// No session yet.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The user of a session: as this command names it, else as an earlier one did.
    fn of(&mut self, client: &str, session: &str, named: Option<Text>) -> Option<Text> {
        let key = (client.to_owned(), session.to_owned());
        match named {
            Some(user) if self.0.len() < MAX_USERS || self.0.contains_key(&key) => {
                self.0.insert(key, user.clone());
                Some(user)
            }
            Some(user) => Some(user),
            None => self.0.get(&key).cloned(),
        }
    }
}

/// A row: words under field names.
pub struct Row<'a> {
    fields: &'a [String],
    words: &'a [&'a [u8]],
}

impl<'a> Row<'a> {
    /// Words beyond the names, or names beyond the words, say nothing.
    pub const fn new(fields: &'a [String], words: &'a [&'a [u8]]) -> Self {
        Self { fields, words }
    }

    /// The word under `name`; `-` is absent.
    fn raw(&self, name: &str) -> Option<&'a [u8]> {
        let i = self.fields.iter().position(|f| f.eq_ignore_ascii_case(name))?;
        self.words.get(i).copied().filter(|w| *w != b"-" && !w.is_empty())
    }

    fn text(&self, name: &str) -> Option<Text> {
        self.raw(name).map(from_bytes)
    }

    /// Text in which IIS wrote `+` for each space.
    fn spaced(&self, name: &str) -> Option<Text> {
        self.text(name).map(|t| t.replace('+', " ").into())
    }

    fn word(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.raw(name)?).ok()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.word(name)?.parse().ok()
    }

    fn endpoint(&self, addr: &str, port: &str) -> Endpoint {
        let parse = |w: &str| w.parse::<IpAddr>().ok().map(|a| a.to_canonical());
        Endpoint {
            addr: self.word(addr).and_then(parse),
            port: self.word(port).and_then(|p| p.parse().ok()),
        }
    }

    /// Rows with only a time of day take the day of the last `#Date`.
    fn time(&self, day: &str) -> Option<Time> {
        stamp::civil(self.word("date").unwrap_or(day), self.word("time")?)
    }

    /// The event. `None` when the row has neither an address, nor a method, nor a status.
    pub fn event(&self, day: &str, users: &mut Users, at: Origin) -> Option<Event> {
        let flow = Flow {
            transport: Some(Transport::Tcp),
            orig: self.endpoint("c-ip", "c-port"),
            resp: self.endpoint("s-ip", "s-port"),
            ..Flow::default()
        };
        let method = self.word("cs-method");
        if flow.orig.addr.is_none() && (method.is_none() || self.number("sc-status").is_none()) {
            return None;
        }
        let (session, verb) = session_and_verb(method.unwrap_or_default());
        let is_ftp = FTP_METHODS.contains(&verb.to_ascii_uppercase().as_str());
        let body = if is_ftp {
            Body::Ftp(self.ftp(session, verb, users))
        } else {
            Body::Http(self.http())
        };
        Some(Event { ts: self.time(day), at, also: Vec::new(), flow, body })
    }

    fn ftp(&self, session: &str, verb: &str, users: &mut Users) -> Ftp {
        let session = self.word("x-session").unwrap_or(session);
        let arg = self.text("cs-uri-stem").or_else(|| self.text("cs-uri"));
        let is_user = verb.eq_ignore_ascii_case("USER");
        let named = self.text("cs-username").or_else(|| arg.clone().filter(|_| is_user));
        let command = match verb {
            // How IIS up to 6 calls transfers.
            "sent" => "RETR",
            "created" => "STOR",
            verb => verb,
        };
        let is_pass = verb.eq_ignore_ascii_case("PASS");
        Ftp {
            user: users.of(self.word("c-ip").unwrap_or_default(), session, named),
            command: Some(command.into()),
            arg: if is_pass { arg.map(|_| "<hidden>".into()) } else { arg },
            reply_code: self.number("sc-status"),
            session: (!session.is_empty()).then(|| session.into()),
            path: self.text("x-fullpath"),
            file_size: self.number("sc-bytes").or_else(|| self.number("cs-bytes")),
            ..Ftp::default()
        }
    }

    fn http(&self) -> Http {
        let query = self.text("cs-uri-query");
        let uri = match (self.text("cs-uri-stem").or_else(|| self.text("cs-uri")), query) {
            (Some(stem), Some(query)) => Some(format!("{stem}?{query}").into()),
            (stem, _) => stem,
        };
        Http {
            method: self.text("cs-method"),
            uri,
            host: self.text("cs-host").or_else(|| self.text("cs(Host)")),
            version: self.word("cs-version").map(|v| v.trim_start_matches("HTTP/").into()),
            user_agent: self.spaced("cs(User-Agent)"),
            referrer: self.text("cs(Referer)"),
            username: self.text("cs-username").or_else(|| self.text("c-auth-id")),
            status_code: self.number("sc-status"),
            response_body_len: self.number("sc-bytes").or_else(|| self.number("bytes")),
            request_body_len: self.number("cs-bytes"),
            server_log: Some(true),
            ..Http::default()
        }
    }
}

/// IIS up to 6 writes the session before the command: `[2]USER`.
fn session_and_verb(method: &str) -> (&str, &str) {
    method.strip_prefix('[').and_then(|m| m.split_once(']')).unwrap_or(("", method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_table_is_bounded_and_keeps_known_sessions() {
        let mut users = Users::new();
        for n in 0..=MAX_USERS {
            assert!(users.of("c", &n.to_string(), Some("u".into())).is_some());
        }
        assert_eq!(users.of("c", "0", None).as_deref(), Some("u"));
        assert_eq!(users.of("c", &MAX_USERS.to_string(), None), None);
    }
}
