//! One row of a W3C log as an event: an FTP command or a web request, told apart by its method.

use super::columns::{Column, Columns};
use super::sessions::Sessions;
use crate::event::{Body, Endpoint, Event, Flow, Ftp, Http, Origin, Port, Transport};
use crate::text::{Text, from_bytes};
use crate::time::Time;
use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

/// A row with its columns and the places of its cells.
pub(super) struct Row<'a> {
    pub(super) line: &'a [u8],
    pub(super) columns: &'a Columns,
    pub(super) cells: &'a [Range<usize>],
}

/// Commands of FTP (RFC 959, 2228, 2389, 2428, 3659, 7151), none of which is a method of HTTP.
const FTP_COMMANDS: &[&str] = &[
    "ABOR", "ACCT", "ADAT", "ALLO", "APPE", "AUTH", "CCC", "CDUP", "CONF", "CWD", "DELE", "ENC",
    "EPRT", "EPSV", "FEAT", "HELP", "HOST", "LANG", "LIST", "LPRT", "LPSV", "MDTM", "MIC", "MKD",
    "MLSD", "MLST", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD",
    "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR",
    "STOU", "STRU", "SYST", "TYPE", "USER", "XCRC", "XCUP", "XCWD", "XMKD", "XPWD", "XRMD",
];

impl Row<'_> {
    /// A cell's text; `None` when the row has none there or says `-`.
    pub(super) fn text(&self, column: Column) -> Option<Cow<'_, str>> {
        let index = self.columns.iter().position(|(c, _)| c == column)?;
        let bytes = self.line.get(self.cells.get(index)?.clone())?;
        match bytes {
            b"-" | b"" => None,
            _ => Some(match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(from_bytes(bytes).into()),
            }),
        }
    }

    fn owned(&self, column: Column) -> Option<Text> {
        self.text(column).map(|t| from_bytes(t.as_bytes()))
    }

    fn number(&self, column: Column) -> Option<u64> {
        self.text(column)?.parse().ok()
    }

    fn endpoint(&self, addr: Column, port: Column) -> Endpoint {
        Endpoint {
            addr: self.text(addr).and_then(|a| a.parse().ok()).map(|a: IpAddr| a.to_canonical()),
            port: self.text(port).and_then(|p| p.parse().ok()),
        }
    }

    /// True when nothing tells that this is a row at all.
    pub(super) fn is_blank(&self) -> bool {
        let has_addr = self.endpoint(Column::ClientAddr, Column::ClientPort).addr.is_some();
        !has_addr && self.text(Column::Method).is_none() && self.text(Column::Stem).is_none()
    }

    /// The event of the row.
    pub(super) fn event(&self, ts: Option<Time>, at: Origin, sessions: &mut Sessions) -> Event {
        let flow = Flow {
            transport: Some(Transport::Tcp),
            orig: self.endpoint(Column::ClientAddr, Column::ClientPort),
            resp: self.endpoint(Column::ServerAddr, Column::ServerPort),
            ..Flow::default()
        };
        let method = self.text(Column::Method).unwrap_or_default();
        let body = match ftp_command(&method, self.columns.has(Column::Session)) {
            Some((session, command)) => {
                let mut ftp = self.ftp(session, command, &flow);
                sessions.fill(&mut ftp, flow.orig.addr);
                Body::Ftp(ftp)
            }
            None => Body::Http(self.http()),
        };
        Event { ts, at, also: Vec::new(), flow, body }
    }

    fn ftp(&self, session: Option<&str>, command: &str, flow: &Flow) -> Ftp {
        let is_pass = command.eq_ignore_ascii_case("PASS");
        let is_data = command.starts_with("DataChannel");
        // IIS 4 to 6 log a finished upload and download in words of their own.
        let command = match command {
            "created" => "STOR".into(),
            "appended" => "APPE".into(),
            "sent" => "RETR".into(),
            channel if channel.contains("Channel") => from_bytes(channel.as_bytes()),
            verb => from_bytes(verb.to_ascii_uppercase().as_bytes()),
        };
        Ftp {
            user: self.owned(Column::User),
            command: Some(command),
            arg: self.owned(Column::Stem).filter(|_| !is_pass),
            reply_code: self.number(Column::Status),
            data_resp_h: flow.resp.addr.filter(|_| is_data),
            data_resp_p: flow.resp.port.filter(|_| is_data).map(Port),
            session: self.owned(Column::Session).or_else(|| session.map(Into::into)),
            path: self.owned(Column::FullPath),
            ..Ftp::default()
        }
    }

    fn http(&self) -> Http {
        let uri = self.owned(Column::Uri).or_else(|| {
            let stem = self.text(Column::Stem)?;
            Some(match self.text(Column::Query) {
                Some(query) => from_bytes(format!("{stem}?{query}").as_bytes()),
                None => from_bytes(stem.as_bytes()),
            })
        });
        let version = self.text(Column::Version);
        let version = version.map(|v| v.strip_prefix("HTTP/").unwrap_or(&v).into());
        Http {
            method: self.owned(Column::Method),
            host: self.text(Column::Host).map(|h| without_port(&h).into()),
            uri,
            version,
            referrer: self.owned(Column::Referrer),
            // IIS writes a plus for each blank of a header.
            user_agent: self.owned(Column::Agent).map(|a| a.replace('+', " ").into()),
            username: self.owned(Column::User),
            status_code: self.number(Column::Status),
            response_body_len: self.number(Column::BytesSent),
            server_log: Some(true),
            ..Http::default()
        }
    }
}

/// Session number and command when the method is FTP's: `[2]USER`, `RETR`, `DataChannelOpened`.
/// In a log with FTP's session column every method is.
fn ftp_command(method: &str, has_session: bool) -> Option<(Option<&str>, &str)> {
    if let Some((session, command)) = method.strip_prefix('[').and_then(|m| m.split_once(']')) {
        return Some((Some(session), command));
    }
    let is_verb = FTP_COMMANDS.iter().any(|c| c.eq_ignore_ascii_case(method));
    let is_channel = method.starts_with("ControlChannel") || method.starts_with("DataChannel");
    (is_verb || is_channel || has_session && !method.is_empty()).then_some((None, method))
}

/// A Host header without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_ftp_are_told_from_those_of_http() {
        for http in ["GET", "POST", "OPTIONS", "DELETE", "PROPFIND", "LOCK", "HEAD", "PATCH", ""] {
            assert_eq!(ftp_command(http, false), None, "{http}");
        }
        assert_eq!(ftp_command("[17]created", false), Some((Some("17"), "created")));
        assert_eq!(ftp_command("stor", false), Some((None, "stor")));
        assert_eq!(ftp_command("NEWCMD", true), Some((None, "NEWCMD")));
        assert!(FTP_COMMANDS.is_sorted());
    }

    #[test]
    fn hosts_lose_their_port_only() {
        assert_eq!(without_port("a.example:8080"), "a.example");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("a.example"), "a.example");
    }
}
