//! POP3 (RFC 1939, RFC 2595, RFC 5034): logins, and the turn to TLS.

use super::line::Liner;
use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::Kind;
use crate::text::{self, Text};
use std::collections::VecDeque;

/// POP3.
pub static PROTOCOL: Protocol = Protocol {
    name: "pop3",
    emits: &[Kind::Login],
    over: Over::Stream,
    ports: &[110],
    probe,
    open: || Box::<Session>::default(),
};

/// Longest line that counts: RFC 5034 section 4 allows 12288 for a login.
const MAX_LINE: usize = 12_288;
/// Commands that may wait for their replies (RFC 2449 section 6.6): clients send a few at a time.
const MAX_PENDING: usize = 256;
/// Lines that are neither command nor reply until it is held not to be POP3.
const MAX_ODD_LINES: u32 = 16;

fn probe(dir: Dir, data: &[u8]) -> Probe {
    let opens = |word: &[u8]| text::begins(data, word);
    match dir {
        Dir::Resp if data.starts_with(b"+OK") => {
            // Others answer so, too, but do not greet with the protocol's name or a timestamp.
            let said = data.to_ascii_lowercase();
            let says = |word: &[u8]| memchr::memmem::find(&said, word).is_some();
            if says(b"pop") { Probe::Yes } else { Probe::Maybe }
        }
        Dir::Resp if b"+OK".starts_with(data) => Probe::NeedMore,
        Dir::Orig if opens(b"CAPA\r\n") || opens(b"STLS\r\n") || opens(b"APOP ") => Probe::Yes,
        // USER also opens FTP and IRC sessions, AUTH others.
        Dir::Orig if opens(b"USER ") || opens(b"AUTH") => Probe::Maybe,
        Dir::Orig if data.len() < 6 => Probe::NeedMore,
        _ => Probe::No,
    }
}

/// A command that waits for its reply.
#[derive(Debug)]
enum Pending {
    Login(Asked),
    User(Text),
    StartTls,
    /// Its reply has lines up to one with a dot.
    Lines,
    Other,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    liners: [Liner; 2],
    pending: VecDeque<Pending>,
    user: Option<Text>,
    /// Inside a reply of several lines.
    is_within: bool,
    greeting: Option<Text>,
    has_command: bool,
    odd_lines: u32,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let d = usize::from(dir == Dir::Resp);
        let mut liner = self.liners.get_mut(d).map(std::mem::take).unwrap_or_default();
        let step = liner.each(data, MAX_LINE, &mut |line, _| match dir {
            Dir::Orig => self.command(line, cx),
            Dir::Resp => self.reply(line, cx),
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
        self.liners.iter_mut().for_each(Liner::reset);
        if dir == Dir::Resp {
            // How many replies are gone nobody knows.
            self.pending.retain(|p| matches!(p, Pending::Login(_)));
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            if let Pending::Login(asked) = pending {
                asked.end(None, None, cx);
            }
        }
    }
}

impl Session {
    fn odd(&mut self) -> Then {
        self.odd_lines += 1;
        if self.odd_lines > MAX_ODD_LINES { Then::Quit } else { Then::GoOn }
    }

    fn command(&mut self, line: &[u8], cx: &Cx<'_>) -> Then {
        if let Some(Pending::Login(asked)) = self.pending.back_mut()
            && asked.response(line)
        {
            return Then::GoOn;
        }
        let Some((verb, arg)) = super::ftp::wire::command(line) else { return self.odd() };
        self.has_command = true;
        let pending = match verb.to_ascii_uppercase().as_slice() {
            b"USER" => Pending::User(text::from_bytes(arg)),
            b"PASS" => {
                let mut asked = Asked::new("pop3", "PASS", cx);
                asked.row.username = self.latest_user();
                asked.row.password = Some(HIDDEN);
                Pending::Login(asked)
            }
            b"APOP" => {
                let mut asked = Asked::new("pop3", "APOP", cx);
                asked.row.username = arg.split(|b| *b == b' ').next().map(text::from_bytes);
                asked.row.mechanism = Some("APOP".into());
                Pending::Login(asked)
            }
            b"AUTH" if !arg.is_empty() => Pending::Login(Asked::sasl("pop3", "AUTH", arg, cx)),
            b"STLS" => Pending::StartTls,
            b"AUTH" | b"CAPA" | b"RETR" | b"TOP" => Pending::Lines,
            b"LIST" | b"UIDL" if arg.is_empty() => Pending::Lines,
            _ => Pending::Other,
        };
        if self.pending.len() < MAX_PENDING {
            self.pending.push_back(pending);
        }
        Then::GoOn
    }

    /// The user of the last USER, answered or not.
    fn latest_user(&self) -> Option<Text> {
        let waiting = self.pending.iter().rev().find_map(|p| match p {
            Pending::User(name) => Some(name),
            _ => None,
        });
        waiting.or(self.user.as_ref()).cloned()
    }

    fn reply(&mut self, line: &[u8], cx: &mut Cx<'_>) -> Then {
        if self.is_within {
            self.is_within = line != b".";
            return Then::GoOn;
        }
        let (is_ok, said) = match (line.strip_prefix(b"+OK"), line.strip_prefix(b"-ERR")) {
            (Some(said), _) => (true, said.trim_ascii()),
            (_, Some(said)) => (false, said.trim_ascii()),
            // A challenge of a login.
            _ if line.starts_with(b"+") => return Then::GoOn,
            _ => return self.odd(),
        };
        if !self.has_command {
            self.greeting = Some(text::from_bytes(said)).filter(|g| is_ok && !g.is_empty());
            return Then::GoOn;
        }
        cx.service.insert("pop3");
        match self.pending.pop_front() {
            Some(Pending::Login(mut asked)) => {
                asked.row.software = self.greeting.clone();
                asked.end(Some(is_ok), Some(text::from_bytes(line.trim_ascii())), cx);
            }
            Some(Pending::User(name)) => self.user = Some(name),
            Some(Pending::StartTls) if is_ok => return Then::Tls,
            Some(Pending::Lines) => self.is_within = is_ok,
            _ => {}
        }
        Then::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::{corpus, events, rows};
    use crate::proto::testing::{Said, talk};

    const TALK: &[Said<'static>] = &[
        Said::Data(Dir::Resp, b"+OK Dovecot ready.\r\n"),
        Said::Data(Dir::Orig, b"CAPA\r\n"),
        Said::Data(Dir::Resp, b"+OK\r\nUSER\r\n.\r\n"),
        Said::Data(Dir::Orig, b"USER joe\r\n"),
        Said::Data(Dir::Resp, b"+OK\r\n"),
        Said::Data(Dir::Orig, b"PASS secret\r\n"),
        Said::Data(Dir::Resp, b"-ERR [AUTH] no\r\n"),
        Said::Data(Dir::Orig, b"AUTH PLAIN\r\n"),
        Said::Data(Dir::Resp, b"+ \r\n"),
        Said::Data(Dir::Orig, b"AGpvZQBzZWNyZXQ=\r\n"),
        Said::Data(Dir::Resp, b"+OK in\r\n"),
        Said::Data(Dir::Orig, b"RETR 1\r\nQUIT\r\n"),
        Said::Data(Dir::Resp, b"+OK\r\n-ERR in a mail\r\n.\r\n+OK bye\r\n"),
    ];

    #[test]
    fn logins_in_any_cut() {
        let whole = talk(&PROTOCOL, TALK, usize::MAX);
        assert_eq!(
            whole,
            [
                "login service=pop3 username=joe password=<hidden> action=PASS success=F \
                 reply=-ERR [AUTH] no software=Dovecot ready.",
                "login service=pop3 username=joe password=<hidden> mechanism=PLAIN action=AUTH \
                 success=T reply=+OK in software=Dovecot ready.",
            ]
        );
        (1..20).for_each(|step| assert_eq!(talk(&PROTOCOL, TALK, step), whole, "step {step}"));
    }

    #[test]
    fn stls_hands_over_and_a_login_without_answer_is_told() {
        let said =
            [Said::Data(Dir::Orig, b"STLS\r\n"), Said::Data(Dir::Resp, b"+OK begin\r\n\x16\x03")];
        assert_eq!(talk(&PROTOCOL, &said, 99), ["become \"ssl\""]);
        let said = [Said::Data(Dir::Orig, b"USER a\r\nPASS b\r\n"), Said::Gap(Dir::Resp, 9)];
        let got = talk(&PROTOCOL, &said, 99);
        assert_eq!(got, ["login service=pop3 username=a password=<hidden> action=PASS"]);
    }

    #[test]
    fn only_words_of_its_own_are_sure() {
        let probe = |dir, bytes: &[u8]| (PROTOCOL.probe)(dir, bytes);
        assert_eq!(probe(Dir::Resp, b"+OK POP3 ready"), Probe::Yes);
        assert_eq!(probe(Dir::Resp, b"+OK\r\n"), Probe::Maybe);
        assert_eq!(probe(Dir::Resp, b"+O"), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, b"capa\r\n"), Probe::Yes);
        assert_eq!(probe(Dir::Orig, b"USER x"), Probe::Maybe);
        assert_eq!(probe(Dir::Orig, b"GET / HTTP"), Probe::No);
        for (n, is_left) in [(MAX_ODD_LINES, false), (MAX_ODD_LINES + 1, true)] {
            let junk = b"\x01\x02\n".repeat(n as usize);
            let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, &junk)], 999);
            assert_eq!(got.last().is_some_and(|r| r == "quit"), is_left);
        }
    }

    #[test]
    fn the_logins_of_a_capture_are_those_of_ndpi() {
        let path = "services/ndpi__pop3.pcap";
        if corpus(path).is_none() {
            return;
        }
        let logins = rows(&events(path).unwrap(), Kind::Login);
        assert!(!logins.is_empty());
        assert!(logins.iter().all(|l| l.get("username").is_some()), "{logins:?}");
    }
}
