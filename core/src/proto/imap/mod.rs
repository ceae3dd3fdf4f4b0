//! IMAP (RFC 9051, RFC 3501): logins, and the turn to TLS.

mod wire;

use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Protocol, Step, Then};
use crate::event::Kind;
use crate::text::{self, Text};
use wire::Lines;

/// IMAP.
pub static PROTOCOL: Protocol = Protocol {
    name: "imap",
    emits: &[Kind::Login],
    over: Over::Stream,
    ports: &[143],
    probe: wire::probe,
    open: || Box::<Session>::default(),
};

/// Commands that may wait for their answer; only logins and the turn to TLS are kept.
const MAX_PENDING: usize = 16;
/// Lines that are no commands until it is held not to be IMAP.
const MAX_ODD_LINES: u32 = 16;

/// A command that waits for its answer.
#[derive(Debug)]
enum Pending {
    Login(Asked),
    StartTls,
    Compress,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    lines: [Lines; 2],
    pending: Vec<(Text, Pending)>,
    greeting: Option<Text>,
    has_command: bool,
    odd_lines: u32,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let d = usize::from(dir == Dir::Resp);
        let mut lines = self.lines.get_mut(d).map(std::mem::take).unwrap_or_default();
        let step = lines.each(data, &mut |line| match dir {
            Dir::Orig => self.command(line, cx),
            Dir::Resp => self.answer(line, cx),
        });
        if let Some(place) = self.lines.get_mut(d) {
            *place = lines;
        }
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        if let Some(lines) = self.lines.get_mut(usize::from(dir == Dir::Resp)) {
            lines.gap(len);
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        for (_, pending) in std::mem::take(&mut self.pending) {
            if let Pending::Login(asked) = pending {
                asked.end(None, None, cx);
            }
        }
    }
}

impl Session {
    fn command(&mut self, line: &[u8], cx: &Cx<'_>) -> Then {
        if let Some((_, Pending::Login(asked))) = self.pending.last_mut()
            && asked.response(line)
        {
            return Then::GoOn;
        }
        let Some((tag, verb, args)) = wire::command(line) else {
            self.odd_lines += u32::from(!line.is_empty() && !line.eq_ignore_ascii_case(b"DONE"));
            return if self.odd_lines > MAX_ODD_LINES { Then::Quit } else { Then::GoOn };
        };
        self.has_command = true;
        let pending = match verb.to_ascii_uppercase().as_slice() {
            b"LOGIN" => {
                let mut asked = Asked::new("imap", "LOGIN", cx);
                let mut args = wire::strings(args);
                asked.row.username = args.next().map(|name| text::from_bytes(&name));
                asked.row.password = args.next().map(|_| HIDDEN);
                Pending::Login(asked)
            }
            b"AUTHENTICATE" => Pending::Login(Asked::sasl("imap", "AUTHENTICATE", args, cx)),
            b"STARTTLS" => Pending::StartTls,
            b"COMPRESS" => Pending::Compress,
            _ => return Then::GoOn,
        };
        if self.pending.len() < MAX_PENDING {
            self.pending.push((text::from_bytes(tag), pending));
        }
        Then::GoOn
    }

    fn answer(&mut self, line: &[u8], cx: &mut Cx<'_>) -> Then {
        let Some((tag, status, said)) = wire::status(line) else { return Then::GoOn };
        if tag == b"*" {
            if !self.has_command && self.greeting.is_none() {
                self.greeting = Some(text::from_bytes(said)).filter(|g| !g.is_empty());
            }
            return Then::GoOn;
        }
        if self.has_command {
            cx.service.insert("imap");
        }
        let Some(at) = self.pending.iter().position(|(t, _)| t.as_bytes() == tag) else {
            return Then::GoOn;
        };
        let is_ok = status.eq_ignore_ascii_case(b"OK");
        match self.pending.remove(at).1 {
            Pending::Login(mut asked) => {
                // BAD refuses the command, and says nothing of the account.
                let is_told = !status.eq_ignore_ascii_case(b"BAD");
                asked.row.software = self.greeting.clone();
                let reply = [status, said].join(&b' ');
                asked.end(is_told.then_some(is_ok), Some(text::from_bytes(&reply)), cx);
            }
            Pending::StartTls if is_ok => return Then::Tls,
            // What follows is deflated.
            Pending::Compress if is_ok => {
                self.finish(cx);
                return Then::Quit;
            }
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
        Said::Data(Dir::Resp, b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"),
        Said::Data(Dir::Orig, b"a1 LOGIN joe \"sec\\\"ret\"\r\n"),
        Said::Data(Dir::Resp, b"a1 NO [AUTHENTICATIONFAILED] no\r\n"),
        Said::Data(Dir::Orig, b"a2 login {3}\r\n"),
        Said::Data(Dir::Resp, b"+ go\r\n"),
        Said::Data(Dir::Orig, b"j\r\n {6+}\r\nsecret\r\n"),
        Said::Data(Dir::Resp, b"* CAPABILITY IMAP4\r\na2 OK in\r\n"),
        Said::Data(Dir::Orig, b"a3 FETCH 1 BODY[]\r\n"),
        Said::Data(Dir::Resp, b"* 1 FETCH (BODY[] {11}\r\na4 OK a\r\n\r\n)\r\na3 OK done\r\n"),
        Said::Data(Dir::Orig, b"a4 AUTHENTICATE PLAIN\r\n"),
        Said::Data(Dir::Resp, b"+ \r\n"),
        Said::Data(Dir::Orig, b"AGpvZQBzZWNyZXQ=\r\n"),
        Said::Data(Dir::Resp, b"a4 BAD twice\r\n"),
    ];

    #[test]
    fn logins_with_quotes_and_literals_in_any_cut() {
        let whole = talk(&PROTOCOL, TALK, usize::MAX);
        assert_eq!(
            whole,
            [
                "login service=imap username=joe password=<hidden> action=LOGIN success=F \
                 reply=NO [AUTHENTICATIONFAILED] no software=[CAPABILITY IMAP4rev1] Dovecot ready.",
                "login service=imap username=j\r\n password=<hidden> action=LOGIN success=T \
                 reply=OK in software=[CAPABILITY IMAP4rev1] Dovecot ready.",
                "login service=imap username=joe password=<hidden> mechanism=PLAIN \
                 action=AUTHENTICATE reply=BAD twice \
                 software=[CAPABILITY IMAP4rev1] Dovecot ready.",
            ]
        );
        (1..30).for_each(|step| assert_eq!(talk(&PROTOCOL, TALK, step), whole, "step {step}"));
    }

    #[test]
    fn starttls_hands_over_and_compression_ends_it() {
        for (verb, last) in [("STARTTLS", "become \"ssl\""), ("COMPRESS DEFLATE", "quit")] {
            let ask = format!("x {verb}\r\n");
            let said = [
                Said::Data(Dir::Orig, ask.as_bytes()),
                Said::Data(Dir::Resp, b"x OK go\r\n\x16\x03"),
            ];
            assert_eq!(talk(&PROTOCOL, &said, 99), [last]);
            let said = [Said::Data(Dir::Orig, ask.as_bytes()), Said::Data(Dir::Resp, b"x NO\r\n")];
            assert!(talk(&PROTOCOL, &said, 99).is_empty());
        }
    }

    #[test]
    fn a_stream_that_is_no_imap_is_left() {
        for (n, is_left) in [(MAX_ODD_LINES, false), (MAX_ODD_LINES + 1, true)] {
            let junk = b"\x01\x02\n".repeat(n as usize);
            let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, &junk)], 999);
            assert_eq!(got.last().is_some_and(|r| r == "quit"), is_left);
        }
    }

    #[test]
    fn a_capture_is_known_by_its_content() {
        let path = "services/arkime__imap.pcap";
        if corpus(path).is_none() {
            return;
        }
        let events = events(path).unwrap();
        let conns = rows(&events, Kind::Conn);
        assert!(conns.iter().any(|c| c.get("service").is_some_and(|s| s == "imap")));
        let logins = rows(&events, Kind::Login);
        assert!(logins.iter().all(|l| l.get("username").is_some()), "{logins:?}");
    }
}
