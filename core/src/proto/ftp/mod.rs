//! FTP (RFC 959, RFC 2428, RFC 4217): commands and replies, paired in order.

mod data;
pub(super) mod wire;

pub use data::{Expected, Transfer};

use super::line::Liner;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::{Body, Ftp, Kind, Origin, Port};
use crate::text;
use crate::time::Time;
use std::collections::VecDeque;
use std::net::IpAddr;

/// FTP's control connection.
pub static PROTOCOL: Protocol = Protocol {
    name: "ftp",
    emits: &[Kind::Ftp, Kind::Weird],
    over: Over::Stream,
    ports: &[21, 2121],
    probe,
    open: || Box::<Control>::default(),
};

/// Longest part of a command or reply line that counts; servers accept 512 to 4096.
const MAX_LINE: usize = 4096;

/// Commands that may wait for their replies; clients send one, rarely a handful.
const MAX_PENDING: usize = 64;

/// Lines that are neither command nor reply until it is held not to be FTP.
const MAX_ODD_LINES: u32 = 16;

/// Commands whose argument is a path: shown as a URL, as Zeek does.
const PATH_COMMANDS: &[&str] = &[
    "APPE", "CWD", "DELE", "MDTM", "MKD", "REST", "RETR", "RMD", "RNFR", "RNTO", "SIZE", "STOR",
    "STOU",
];

/// Commands that use a data connection.
const TRANSFERS: &[&str] = &["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"];

/// A greeting of 220 is also SMTP's: only FTP's own words or its port tell them apart.
fn probe(dir: Dir, data: &[u8]) -> Probe {
    match dir {
        Dir::Resp => match data {
            _ if data.len() < 4 => Probe::NeedMore,
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', rest @ ..] => {
                if memchr::memmem::find(&rest.to_ascii_lowercase(), b"ftp").is_some() {
                    Probe::Yes
                } else {
                    Probe::Maybe
                }
            }
            _ => Probe::No,
        },
        Dir::Orig => {
            const FIRST: [&[u8]; 6] =
                [b"USER ", b"AUTH TLS", b"AUTH SSL", b"FEAT", b"SYST", b"OPTS "];
            let opens = |w: &&[u8]| text::begins(data, w);
            match data {
                // USER also opens POP3 and IRC sessions.
                _ if FIRST.iter().any(opens) => Probe::Maybe,
                _ if data.len() < 5 => Probe::NeedMore,
                _ => Probe::No,
            }
        }
    }
}

/// One connection's state.
#[derive(Debug, Default)]
struct Control {
    liners: [Liner; 2],
    pending: VecDeque<Pending>,
    user: Option<text::Text>,
    has_password: bool,
    cwd: String,
    n_commands: u64,
    odd_lines: u32,
    /// Code of a reply of several lines that is not over.
    within: Option<u64>,
    /// The data connection that was agreed on last, for the next transfer.
    transfer: Option<Transfer>,
    /// A transfer that was answered: its data may still come until the next command.
    done: Option<Pending>,
}

/// A command that waits for its final reply.
#[derive(Debug)]
struct Pending {
    ts: Time,
    at: Origin,
    record: Ftp,
    arg: text::Text,
    transfer: Option<Transfer>,
}

impl Analyzer for Control {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let d = usize::from(dir == Dir::Resp);
        let mut liner = self.liners.get_mut(d).map(std::mem::take).unwrap_or_default();
        let step = liner.each(data, MAX_LINE, &mut |line, is_cut| {
            if is_cut {
                cx.weird("FTP", "ftp_line_too_long", None);
            }
            match self.line(dir, line, cx) {
                Then::GoOn if self.odd_lines > MAX_ODD_LINES => Then::Quit,
                then => then,
            }
        });
        if let Some(place) = self.liners.get_mut(d) {
            *place = liner;
        }
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, dir: Dir, _: u64, _: &mut Cx<'_>) -> Step {
        let [orig, resp] = &mut self.liners;
        if dir == Dir::Orig {
            orig.reset()
        } else {
            resp.reset()
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.flush(cx);
        while let Some(p) = self.pending.pop_front() {
            emit(p, cx);
        }
    }
}

impl Control {
    /// Sends the transfer that was answered.
    fn flush(&mut self, cx: &mut Cx<'_>) {
        if let Some(p) = self.done.take() {
            emit(p, cx);
        }
    }

    fn line(&mut self, dir: Dir, line: &[u8], cx: &mut Cx<'_>) -> Then {
        if line.is_empty() {
            return Then::GoOn;
        }
        if dir == Dir::Orig {
            match wire::command(line) {
                Some((verb, arg)) => self.command(verb, arg, cx),
                None => self.odd_lines += 1,
            }
            return Then::GoOn;
        }
        match (wire::reply(line), self.within) {
            // Inside a reply of several lines only its own code with a space ends it.
            (Some(r), Some(code)) if r.code == code && !r.goes_on => self.reply(r, cx),
            (_, Some(_)) => Then::GoOn,
            (Some(r), None) if r.goes_on => {
                self.within = Some(r.code);
                Then::GoOn
            }
            (Some(r), None) => self.reply(r, cx),
            (None, None) => {
                self.odd_lines += 1;
                cx.weird("FTP", "ftp_invalid_reply", None);
                // It answers all the same: the next reply is the next command's.
                if line.first().is_some_and(u8::is_ascii_digit)
                    && let Some(p) = self.pending.pop_front()
                {
                    emit(p, cx);
                }
                Then::GoOn
            }
        }
    }

    fn command(&mut self, verb: &[u8], arg: &[u8], cx: &mut Cx<'_>) {
        self.flush(cx);
        let verb = text::from_bytes(&verb.to_ascii_uppercase());
        let arg = text::from_bytes(arg);
        match &*verb {
            "USER" => {
                self.user = Some(arg.clone());
                self.has_password = false;
            }
            "PASS" => self.has_password = true,
            _ => {}
        }
        self.n_commands += 1;
        let transfer = self.transfer.take_if(|_| TRANSFERS.contains(&&*verb));
        let record = self.record(Some(verb), &arg, cx);
        if self.pending.len() >= MAX_PENDING
            && let Some(p) = self.pending.pop_front()
        {
            emit(p, cx);
        }
        self.pending.push_back(Pending { ts: cx.ts, at: cx.at, record, arg, transfer });
    }

    /// A row of the session as it stands. A password is no argument that anyone may see.
    fn record(&self, command: Option<text::Text>, arg: &text::Text, cx: &Cx<'_>) -> Ftp {
        let is_path = |c: &text::Text| PATH_COMMANDS.contains(&&**c);
        let shown = match command.as_deref() {
            Some("PASS" | "ACCT") => (!arg.is_empty()).then(|| "<hidden>".into()),
            _ if arg.is_empty() => None,
            _ if command.as_ref().is_some_and(is_path) => Some(self.url(arg, cx)),
            _ => Some(arg.clone()),
        };
        Ftp {
            user: self.user.clone(),
            password: self.has_password.then_some("<hidden>"),
            command,
            arg: shown,
            trans_depth: Some(self.n_commands),
            ..Ftp::default()
        }
    }

    fn url(&self, arg: &str, cx: &Cx<'_>) -> text::Text {
        let host = match cx.flow.resp.addr {
            Some(IpAddr::V6(a)) => format!("[{a}]"),
            Some(a) => a.to_string(),
            None => String::new(),
        };
        let path = self.resolve(arg);
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("ftp://{host}{slash}{path}").into()
    }

    /// A path seen from the working directory, which is `.` until a command or reply names one.
    fn resolve(&self, arg: &str) -> String {
        let cwd = if self.cwd.is_empty() { "." } else { &self.cwd };
        match arg {
            _ if arg.starts_with('/') => arg.to_owned(),
            _ => format!("{}/{arg}", cwd.trim_end_matches('/')),
        }
    }

    /// Takes the last line of a reply.
    fn reply(&mut self, reply: wire::Reply<'_>, cx: &mut Cx<'_>) -> Then {
        self.flush(cx);
        self.within = None;
        let is_greeting = self.n_commands == 0;
        if !is_greeting {
            // A command and its reply: nothing else looks like that.
            cx.service.insert("ftp");
        }
        if (100..200).contains(&reply.code) {
            if let Some(p) = self.pending.front_mut() {
                p.record.file_size = wire::size_in_reply(reply.text).or(p.record.file_size);
            }
            return Then::GoOn;
        }
        let mut p = self.pending.pop_front().unwrap_or_else(|| Pending {
            ts: cx.ts,
            at: cx.at,
            record: self.record(is_greeting.then(|| "<init>".into()), &"".into(), cx),
            arg: "".into(),
            transfer: None,
        });
        p.record.reply_code = Some(reply.code);
        p.record.reply_msg = Some(text::from_bytes(reply.text));
        self.effect(&mut p, reply, cx);
        let is_tls = reply.code == 234 && p.record.command.as_deref() == Some("AUTH");
        if p.transfer.is_some() {
            self.done = Some(p);
        } else {
            emit(p, cx);
        }
        if is_tls { Then::Tls } else { Then::GoOn }
    }

    /// What a command that was answered changes: the working directory, a data channel, a size.
    fn effect(&mut self, p: &mut Pending, reply: wire::Reply<'_>, cx: &mut Cx<'_>) {
        let is_done = (200..300).contains(&reply.code);
        let (client, server) = (cx.flow.orig.addr, cx.flow.resp.addr);
        let channel =
            match p.record.command.as_deref() {
                Some("CWD") if is_done => {
                    self.cwd = self.resolve(&p.arg);
                    self.cwd.truncate(self.cwd.floor_char_boundary(text::MAX_FIELD));
                    None
                }
                Some("PWD" | "XPWD") if reply.code == 257 => {
                    let quoted = reply.text.split(|b| *b == b'"').nth(1).unwrap_or_default();
                    self.cwd = text::from_bytes(quoted).into_string();
                    None
                }
                Some("SIZE") if reply.code == 213 => {
                    p.record.file_size =
                        std::str::from_utf8(reply.text).ok().and_then(|t| t.parse().ok());
                    None
                }
                Some("PASV") if is_done => {
                    wire::host_port(reply.text).map(|(a, port)| (true, client, Some(a), port))
                }
                Some("EPSV") if is_done => wire::extended_port(reply.text)
                    .map(|(a, port)| (true, client, a.or(server), port)),
                Some("PORT") if is_done => wire::host_port(p.arg.as_bytes())
                    .map(|(a, port)| (false, server, Some(a), port)),
                Some("EPRT") if is_done => {
                    wire::extended_port(p.arg.as_bytes()).map(|(a, port)| (false, server, a, port))
                }
                _ => None,
            };
        if let Some((passive, opens, to, port)) = channel {
            p.record.passive = Some(passive);
            p.record.data_orig_h = opens;
            p.record.data_resp_h = to;
            p.record.data_resp_p = Some(Port(port));
            // Behind a translator of addresses the server may name one that nobody can reach.
            let other = if passive { server } else { client };
            let ends = [opens.zip(to), opens.zip(other)];
            let ends = ends.into_iter().flatten().map(|(a, b)| (a, b, port));
            self.transfer = Some(cx.shared.expected.announce(ends, cx.ts, cx.at));
        }
    }
}

/// Sends a row, with what its data connection told.
fn emit(mut p: Pending, cx: &mut Cx<'_>) {
    if let Some(transfer) = p.transfer {
        let moved = transfer.moved();
        p.record.data_bytes = moved.bytes;
        p.record.mime_type = moved.mime.map(Into::into);
    }
    cx.emit(p.ts, p.at, Body::Ftp(p.record));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    /// The exchange of a refused and a done download, as the article's log tells it.
    const TALK: &[Said<'static>] = &[
        Said::Data(Dir::Resp, b"220-Hello\r\n100 not the end\r\n220 FTP ready\r\n"),
        Said::Data(Dir::Orig, b"USER hawkeye\r\n"),
        Said::Data(Dir::Resp, b"331 Password required\r\n"),
        Said::Data(Dir::Orig, b"PASS secret\r\n"),
        Said::Data(Dir::Resp, b"230 Logged in\r\n"),
        Said::Data(Dir::Orig, b"CWD /users\r\nPASV\r\n"),
        Said::Data(Dir::Resp, b"250 ok\r\n227 Entering Passive Mode (10,0,0,1,201,99)\r\n"),
        Said::Data(Dir::Orig, b"RETR archive.7z\r\n"),
        Said::Data(Dir::Resp, b"150 Opening (77 bytes)\r\n226 Done\r\n"),
    ];

    #[test]
    fn commands_pair_with_final_replies_in_any_cut() {
        let whole = talk(&PROTOCOL, TALK, usize::MAX);
        assert_eq!(whole.len(), 6, "{whole:#?}");
        assert!(whole[0].contains("command=<init>") && whole[0].contains("reply_code=220"));
        assert!(
            whole[2].contains("command=PASS arg=<hidden>") && whole[2].contains("reply_code=230")
        );
        assert!(whole[4].contains("data_channel.resp_h=10.0.0.1 data_channel.resp_p=51555"));
        assert!(
            whole[5].contains("arg=ftp:///users/archive.7z file_size=77 reply_code=226"),
            "{}",
            whole[5]
        );
        assert!(!whole.concat().contains("secret"));
        for step in 1..20 {
            assert_eq!(talk(&PROTOCOL, TALK, step), whole, "step {step}");
        }
    }

    #[test]
    fn auth_tls_hands_over_and_a_command_without_reply_is_a_row() {
        let said = [
            Said::Data(Dir::Orig, b"AUTH TLS\r\n"),
            Said::Data(Dir::Resp, b"234 Proceed\r\n\x16\x03"),
        ];
        assert_eq!(talk(&PROTOCOL, &said, 99).last().unwrap(), "become \"ssl\"");
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, b"DELE /x\r\n")], 99);
        assert!(got[0].contains("command=DELE") && !got[0].contains("reply_code"));
    }

    #[test]
    fn a_reply_without_a_code_answers_its_command() {
        let said = [
            Said::Data(Dir::Orig, b"PASV\r\nQUIT\r\n"),
            Said::Data(Dir::Resp, b"99 no\r\n221 Bye\r\n"),
        ];
        let got = talk(&PROTOCOL, &said, usize::MAX);
        assert!(
            got[1].starts_with("ftp command=PASV") && !got[1].contains("reply_code"),
            "{got:?}"
        );
        assert!(got[2].contains("command=QUIT reply_code=221"), "{got:?}");
    }

    #[test]
    fn lines_and_pending_commands_are_bounded() {
        for (extra, weirds) in [(0, 0), (1, 1)] {
            let line = format!("DELE {}\n", "x".repeat(MAX_LINE - 5 + extra));
            let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, line.as_bytes())], 100);
            assert_eq!(got.iter().filter(|r| r.contains("line_too_long")).count(), weirds);
        }
        let many = b"NOOP\r\n".repeat(MAX_PENDING + 1);
        assert_eq!(talk(&PROTOCOL, &[Said::Data(Dir::Orig, &many)], 999).len(), MAX_PENDING + 1);
    }

    #[test]
    fn a_stream_that_is_no_ftp_is_left() {
        for (n, is_left) in [(MAX_ODD_LINES, false), (MAX_ODD_LINES + 1, true)] {
            let junk = b"\x01\x02\n".repeat(n as usize);
            let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, &junk)], 999);
            assert_eq!(got.last().is_some_and(|r| r == "quit"), is_left);
        }
    }
}
