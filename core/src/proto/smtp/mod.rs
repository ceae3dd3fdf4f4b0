//! SMTP (RFC 5321): commands and replies, the mail's headers, logins, and the turn to TLS.

mod header;
mod wire;

use super::ftp::wire::{Reply, reply};
use super::line::{Liner, Next};
use super::sasl::Sasl;
use super::{Analyzer, Cx, Dir, Over, Protocol, Step, Then};
use crate::event::{Body, Kind, Login, Origin, Smtp};
use crate::text::{self, Text};
use crate::time::Time;
use header::{Headers, MAX_ADDRESSES};
use std::collections::VecDeque;

/// SMTP, submission and LMTP.
pub static PROTOCOL: Protocol = Protocol {
    name: "smtp",
    emits: &[Kind::Login, Kind::Smtp, Kind::Weird],
    over: Over::Stream,
    ports: &[25, 587, 2525],
    probe: wire::probe,
    open: || Box::<Session>::default(),
};

/// Longest line that counts: RFC 4954 allows 12288 for a login, all others are shorter.
const MAX_LINE: usize = 12_288;
/// Commands that may wait for their replies; a client that pipelines sends one a recipient.
const MAX_PENDING: usize = 1024;
/// Lines that are neither command nor reply until it is held not to be SMTP.
const MAX_ODD_LINES: u32 = 16;

/// A command that waits for its reply.
#[derive(Debug)]
enum Asked {
    Auth(Time, Origin, Sasl),
    Data,
    /// A mail was handed over.
    Mail,
    StartTls,
    Other,
}

/// What the client's lines are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Says {
    #[default]
    Commands,
    /// The mail, up to a line with a dot.
    Mail,
    /// So many bytes of the mail (RFC 3030), the last of them or not.
    Chunk(u64, bool),
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    liners: [Liner; 2],
    asked: VecDeque<Asked>,
    says: Says,
    /// The mail's headers, while they last.
    headers: Option<Headers>,
    /// A chunk of a mail was there, and not its last.
    has_chunk: bool,
    row: Smtp,
    begin: Option<(Time, Origin)>,
    /// The row says something that none before did.
    is_worth: bool,
    n_rows: u64,
    greeting: Option<Text>,
    odd_lines: u32,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            if let (Dir::Orig, Says::Chunk(left, is_last)) = (dir, self.says) {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                match self.chunk(rest.get(..n).unwrap_or_default(), left, is_last) {
                    0 => return Step::More { used, need: rest.len() + 1 },
                    n => used += n,
                }
                continue;
            }
            let [orig, resp] = &mut self.liners;
            let liner = if dir == Dir::Orig { orig } else { resp };
            match liner.next(rest, MAX_LINE) {
                Next::Line { line, used: n, is_cut } => {
                    used += n;
                    if is_cut && self.says == Says::Commands {
                        cx.weird("SMTP", "smtp_line_too_long", None);
                    }
                    if self.line(dir, line, cx)
                        && let Some(step) = Then::Tls.step(used)
                    {
                        return step;
                    }
                    if self.odd_lines > MAX_ODD_LINES {
                        self.finish(cx);
                        return Step::Quit;
                    }
                }
                Next::Skip(n) => used += n,
                Next::More => return Step::More { used, need: rest.len() + 1 },
            }
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        let [orig, resp] = &mut self.liners;
        match dir {
            Dir::Orig => orig.reset(),
            Dir::Resp => resp.reset(),
        }
        if let (Dir::Orig, Says::Chunk(left, is_last)) = (dir, self.says) {
            self.went(left, len, is_last);
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        while let Some(asked) = self.asked.pop_front() {
            if let Asked::Auth(ts, at, sasl) = asked {
                self.login(ts, at, sasl, None, cx);
            }
        }
        self.flush(cx);
    }
}

impl Session {
    /// Takes one line. True when TLS follows in both directions.
    fn line(&mut self, dir: Dir, line: &[u8], cx: &mut Cx<'_>) -> bool {
        match (dir, self.says) {
            (Dir::Resp, _) => match reply(line) {
                Some(reply) if reply.goes_on => {
                    self.note_greeting(reply);
                    false
                }
                Some(reply) => self.reply(reply, cx),
                None => {
                    self.odd_lines += u32::from(!line.is_empty());
                    false
                }
            },
            (Dir::Orig, Says::Commands) => {
                self.command(line, cx);
                false
            }
            (Dir::Orig, _) => {
                match line {
                    b"." => {
                        self.says = Says::Commands;
                        self.mail_ends();
                    }
                    _ => self.mail_line(line.strip_prefix(b".").unwrap_or(line)),
                }
                false
            }
        }
    }

    fn command(&mut self, line: &[u8], cx: &mut Cx<'_>) {
        if let Some(Asked::Auth(_, _, sasl)) = self.asked.back_mut()
            && sasl.is_open()
        {
            return sasl.response(line);
        }
        let Some((verb, arg)) = super::ftp::wire::command(line) else {
            self.odd_lines += u32::from(!line.is_empty());
            return;
        };
        self.begin.get_or_insert((cx.ts, cx.at));
        let asked = match verb.to_ascii_uppercase().as_slice() {
            b"EHLO" | b"HELO" | b"LHLO" => {
                self.row.helo = Some(text::from_bytes(arg));
                self.is_worth = true;
                Asked::Other
            }
            b"MAIL" => {
                // The reply to the mail before was not seen.
                if self.row.mailfrom.is_some() {
                    self.flush(cx);
                    self.begin = Some((cx.ts, cx.at));
                }
                self.row.mailfrom = wire::address(arg);
                self.is_worth = true;
                Asked::Other
            }
            b"RCPT" => {
                if let Some(to) = wire::address(arg)
                    && self.row.rcptto.iter().count() < MAX_ADDRESSES
                {
                    self.row.rcptto.insert(&to);
                }
                self.is_worth = true;
                Asked::Other
            }
            b"DATA" => {
                self.says = Says::Mail;
                self.headers = Some(Headers::default());
                Asked::Data
            }
            b"BDAT" => self.bdat(arg),
            b"STARTTLS" => Asked::StartTls,
            b"AUTH" => {
                let mut words = arg.splitn(2, |b| *b == b' ');
                let mechanism = words.next().unwrap_or_default();
                Asked::Auth(cx.ts, cx.at, Sasl::begin(mechanism, words.next()))
            }
            _ => Asked::Other,
        };
        // Too many at once: what they ask does not matter any more.
        if self.asked.len() < MAX_PENDING {
            self.asked.push_back(asked);
        }
    }

    /// A part of the mail by its length, RFC 3030 section 2.
    fn bdat(&mut self, arg: &[u8]) -> Asked {
        let mut words = arg.split(|b| *b == b' ');
        let len = words.next().and_then(|n| std::str::from_utf8(n).ok()?.parse().ok());
        let mark = words.next().filter(|w| !w.is_empty());
        let is_last = mark.is_some_and(|w| w.eq_ignore_ascii_case(b"LAST"));
        // A server refuses any other word, and no chunk follows.
        if mark.is_some() && !is_last {
            return Asked::Other;
        }
        if !std::mem::replace(&mut self.has_chunk, !is_last) {
            self.headers = Some(Headers::default());
        }
        self.says = match len {
            None | Some(0) => Says::Commands,
            Some(n) => Says::Chunk(n, is_last),
        };
        if is_last { Asked::Mail } else { Asked::Other }
    }

    /// Takes what is there of a chunk; 0 when a line of its headers is not all there.
    fn chunk(&mut self, bytes: &[u8], left: u64, is_last: bool) -> usize {
        let n = match (&self.headers, self.liners[0].next(bytes, MAX_LINE)) {
            (None, _) => bytes.len(),
            (_, Next::Line { line, used, .. }) => {
                self.mail_line(line);
                used
            }
            (_, Next::Skip(n)) => n,
            (_, Next::More) if bytes.len() as u64 == left => {
                self.mail_line(bytes);
                bytes.len()
            }
            (_, Next::More) => return 0,
        };
        if self.headers.is_none() {
            self.liners[0].reset();
        }
        self.went(left, n as u64, is_last);
        n
    }

    /// `n` bytes of a chunk are gone by.
    fn went(&mut self, left: u64, n: u64, is_last: bool) {
        self.says = match left.saturating_sub(n) {
            0 => {
                self.liners[0].reset();
                if is_last {
                    self.end_headers();
                }
                Says::Commands
            }
            left => Says::Chunk(left, is_last),
        };
    }

    fn mail_line(&mut self, line: &[u8]) {
        let Some(headers) = &mut self.headers else { return };
        if !headers.line(line, &mut self.row) {
            self.headers = None;
        }
    }

    fn end_headers(&mut self) {
        if let Some(mut headers) = self.headers.take() {
            headers.end(&mut self.row);
        }
    }

    fn mail_ends(&mut self) {
        self.end_headers();
        if self.asked.len() < MAX_PENDING {
            self.asked.push_back(Asked::Mail);
        }
    }

    fn note_greeting(&mut self, reply: Reply<'_>) {
        if reply.code == 220 && self.greeting.is_none() {
            self.greeting = Some(text::from_bytes(reply.text));
        }
    }

    /// Takes a whole reply. True when TLS follows.
    fn reply(&mut self, reply: Reply<'_>, cx: &mut Cx<'_>) -> bool {
        self.begin.get_or_insert((cx.ts, cx.at));
        let said = format!("{} {}", reply.code, text::from_bytes(reply.text));
        self.row.last_reply = Some(said.trim_end().into());
        let is_start_tls = matches!(self.asked.front(), Some(Asked::StartTls));
        if reply.code == 220 && !is_start_tls {
            self.note_greeting(reply);
            return false;
        }
        if reply.code == 334 {
            return false;
        }
        let Some(asked) = self.asked.pop_front() else {
            // The mail's end was not captured, but this answers it.
            if self.says == Says::Mail {
                self.says = Says::Commands;
                self.flush(cx);
            }
            return false;
        };
        cx.service.insert("smtp");
        match asked {
            Asked::Auth(ts, at, sasl) => {
                self.login(ts, at, sasl, Some((reply.code, said.into())), cx);
            }
            Asked::Data if reply.code >= 400 => self.says = Says::Commands,
            Asked::Mail => self.flush(cx),
            Asked::StartTls if reply.code == 220 => {
                self.row.tls = Some(true);
                self.is_worth = true;
                return true;
            }
            _ => {}
        }
        false
    }

    fn login(&self, ts: Time, at: Origin, sasl: Sasl, reply: Option<(u64, Text)>, cx: &mut Cx<'_>) {
        let success = reply.as_ref().and_then(|(code, _)| wire::is_let_in(*code));
        let login = Login {
            service: Some("smtp"),
            username: sasl.username,
            password: sasl.has_password.then_some("<hidden>"),
            mechanism: Some(sasl.mechanism),
            action: Some("AUTH".into()),
            success,
            reply: reply.map(|(_, text)| text),
            software: self.greeting.clone(),
        };
        cx.emit(ts, at, Body::Login(login));
    }

    /// Sends the row, if it says something, and begins the next.
    fn flush(&mut self, cx: &mut Cx<'_>) {
        self.end_headers();
        let begin = self.begin.take();
        let helo = self.row.helo.clone();
        let mut row = std::mem::replace(&mut self.row, Smtp { helo, ..Smtp::default() });
        let Some((ts, at)) = begin.filter(|_| std::mem::take(&mut self.is_worth)) else { return };
        self.n_rows += 1;
        row.trans_depth = Some(self.n_rows);
        row.tls.get_or_insert(false);
        let ends = [cx.flow.resp.addr, cx.flow.orig.addr].into_iter().flatten();
        let ends: Vec<Text> = ends.map(|a| a.to_string().into()).collect();
        // The last relay is mostly the client itself.
        let hops = row.path.iter().skip(usize::from(row.path.first() == ends.last())).cloned();
        row.path = ends.iter().cloned().chain(hops).collect();
        cx.emit(ts, at, Body::Smtp(row));
    }
}

#[cfg(test)]
mod tests;
