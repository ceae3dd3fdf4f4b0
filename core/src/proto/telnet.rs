//! Telnet (RFC 854): who logs in, as the prompts and what is typed tell. A terminal has no commands:
//! what is an account and what became of it is read off the words of usual systems.

use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::Kind;
use crate::text::{self, Text};

/// Telnet.
pub static PROTOCOL: Protocol = Protocol {
    name: "telnet",
    emits: &[Kind::Login],
    over: Over::Stream,
    ports: &[23, 2323],
    probe,
    open: || Box::<Terminal>::default(),
};

/// Longest line of either side that counts.
const MAX_LINE: usize = 512;
/// Lines of a greeting before the first prompt that are looked at for the system's name.
const MAX_GREETING: usize = 8;

/// Commands inside the stream, RFC 854 page 14.
mod iac {
    pub const SE: u8 = 240;
    pub const SB: u8 = 250;
    pub const WILL: u8 = 251;
    pub const DONT: u8 = 254;
    pub const IAC: u8 = 255;
    /// Highest option that is assigned and in use (RFC 2217 and below).
    pub const MAX_OPTION: u8 = 49;
}

fn probe(dir: Dir, data: &[u8]) -> Probe {
    match data {
        [iac::IAC, iac::WILL..=iac::DONT, ..=iac::MAX_OPTION, ..] => Probe::Yes,
        [iac::IAC] | [iac::IAC, iac::WILL..=iac::DONT] | [] => Probe::NeedMore,
        _ if dir == Dir::Resp && data.iter().all(|b| *b < 0x80) => Probe::Maybe,
        _ => Probe::No,
    }
}

/// What a server's unfinished or finished line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    AsksName,
    AsksPassword,
    Refuses,
    LetsIn,
    Nothing,
}

fn says(line: &[u8]) -> Says {
    let line = line.trim_ascii().to_ascii_lowercase();
    let ends = |words: &[&[u8]]| words.iter().any(|w| line.ends_with(w));
    let has = |words: &[&[u8]]| words.iter().any(|w| memchr::memmem::find(&line, w).is_some());
    match () {
        () if has(&[
            b"incorrect",
            b"login failed",
            b"failed to log",
            b"authentication fail",
            b"access denied",
            b"invalid login",
            b"bad password",
            b"invalid password",
            b"bad user",
        ]) =>
        {
            Says::Refuses
        }
        () if has(&[b"last login", b"login successful"]) => Says::LetsIn,
        () if ends(&[b"password:", b"passcode:"]) => Says::AsksPassword,
        () if ends(&[b"login:", b"username:", b"user name:", b"user:", b"account:"]) => {
            Says::AsksName
        }
        // The prompts of shells and of network equipment.
        () if ends(&[b"$", b"#", b"%", b">"]) => Says::LetsIn,
        () => Says::Nothing,
    }
}

/// Telnet's commands in one direction, over any cut of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    #[default]
    Text,
    Command,
    Option,
    Sub,
    SubCommand,
}

impl Inside {
    /// Takes a byte; gives it back when it is text.
    const fn take(&mut self, byte: u8) -> Option<u8> {
        let (next, text) = match (*self, byte) {
            (Self::Text, iac::IAC) => (Self::Command, None),
            (Self::Text, b) => (Self::Text, Some(b)),
            (Self::Command, iac::WILL..=iac::DONT) => (Self::Option, None),
            (Self::Command, iac::SB) => (Self::Sub, None),
            (Self::Command, iac::IAC) => (Self::Text, Some(iac::IAC)),
            (Self::Command | Self::Option, _) => (Self::Text, None),
            (Self::Sub, iac::IAC) => (Self::SubCommand, None),
            (Self::SubCommand, iac::SE) => (Self::Text, None),
            (Self::Sub | Self::SubCommand, _) => (Self::Sub, None),
        };
        *self = next;
        text
    }
}

/// What the client's line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Wants {
    #[default]
    Nothing,
    Name,
    Password,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Terminal {
    inside: [Inside; 2],
    /// The server's line so far, the client's line so far.
    shown: Vec<u8>,
    typed: Vec<u8>,
    asked: Wants,
    login: Option<Asked>,
    greeting: Option<Text>,
    n_lines: usize,
}

impl Analyzer for Terminal {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        for byte in data {
            let [orig, resp] = &mut self.inside;
            let inside = if dir == Dir::Orig { orig } else { resp };
            let was_text = *inside == Inside::Text;
            match (inside.take(*byte), dir) {
                (Some(byte), Dir::Orig) => self.typed(byte, cx),
                (Some(byte), Dir::Resp) => self.shown(byte, cx),
                // A command is the one thing that is Telnet's own.
                (None, _) if was_text => cx.service.insert("telnet"),
                (None, _) => {}
            }
        }
        if dir == Dir::Resp {
            self.prompt(cx);
        }
        Step::Done
    }

    fn gap(&mut self, dir: Dir, _: u64, _: &mut Cx<'_>) -> Step {
        let [orig, resp] = &mut self.inside;
        match dir {
            Dir::Orig => {
                *orig = Inside::Text;
                self.typed.clear();
            }
            Dir::Resp => {
                *resp = Inside::Text;
                self.shown.clear();
            }
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.end(None, cx);
    }
}

impl Terminal {
    fn end(&mut self, success: Option<bool>, cx: &mut Cx<'_>) {
        if let Some(mut login) = self.login.take() {
            login.row.software = self.greeting.clone();
            let reply =
                Some(self.shown.trim_ascii()).filter(|r| success.is_some() && !r.is_empty());
            login.end(success, reply.map(text::from_bytes), cx);
        }
        self.asked = Wants::Nothing;
    }

    fn typed(&mut self, byte: u8, cx: &mut Cx<'_>) {
        match byte {
            b'\r' | b'\n' => {
                let line = std::mem::take(&mut self.typed);
                match self.asked {
                    Wants::Name if !line.is_empty() => {
                        cx.service.insert("telnet");
                        let mut login = Asked::new("telnet", "login", cx);
                        login.row.username = Some(text::from_bytes(line.trim_ascii()));
                        self.login = Some(login);
                    }
                    Wants::Password => {
                        let login =
                            self.login.get_or_insert_with(|| Asked::new("telnet", "login", cx));
                        login.row.password = Some(HIDDEN);
                    }
                    _ => return,
                }
                self.asked = Wants::Nothing;
            }
            8 | 0x7f => _ = self.typed.pop(),
            0 => {}
            _ if self.asked != Wants::Nothing && self.typed.len() < MAX_LINE => {
                self.typed.push(byte);
            }
            _ => {}
        }
    }

    fn shown(&mut self, byte: u8, cx: &mut Cx<'_>) {
        match byte {
            b'\r' | b'\n' | 0 => {
                let is_waiting = self.login.as_ref().is_some_and(|l| l.row.password.is_some());
                match says(&self.shown) {
                    Says::Refuses if self.login.is_some() => self.end(Some(false), cx),
                    Says::LetsIn if is_waiting => self.end(Some(true), cx),
                    _ => {}
                }
                self.n_lines += usize::from(!self.shown.is_empty());
                if self.greeting.is_none() && self.n_lines <= MAX_GREETING && self.login.is_none() {
                    let line = self.shown.trim_ascii();
                    self.greeting = (line.len() > 3).then(|| text::from_bytes(line));
                }
                self.shown.clear();
            }
            _ if self.shown.len() < MAX_LINE => self.shown.push(byte),
            _ => {}
        }
    }

    /// Looks at a line that the server left open: it waits for the user.
    fn prompt(&mut self, cx: &mut Cx<'_>) {
        if self.shown.is_empty() {
            return;
        }
        let has_password = self.login.as_ref().is_some_and(|l| l.row.password.is_some());
        match says(&self.shown) {
            // It asks again: what was typed was not enough.
            Says::AsksName => {
                if self.login.is_some() && has_password {
                    self.end(Some(false), cx);
                }
                if self.asked != Wants::Name {
                    self.typed.clear();
                    self.asked = Wants::Name;
                }
            }
            Says::AsksPassword if self.asked != Wants::Password => {
                if has_password {
                    self.end(Some(false), cx);
                }
                self.typed.clear();
                self.asked = Wants::Password;
            }
            Says::LetsIn if has_password => self.end(Some(true), cx),
            Says::Refuses if has_password => self.end(Some(false), cx),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    const TALK: &[Said<'static>] = &[
        Said::Data(
            Dir::Resp,
            b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\r\nUbuntu 22.04\r\nbox login: ",
        ),
        Said::Data(Dir::Orig, b"\xff\xfc\x18jox\x7fe\r\0"),
        Said::Data(Dir::Resp, b"joe\r\nPassword: "),
        Said::Data(Dir::Orig, b"secret\r\n"),
        Said::Data(Dir::Resp, b"\r\nLogin incorrect\r\nbox login: "),
        Said::Data(Dir::Orig, b"root\r\n"),
        Said::Data(Dir::Resp, b"root\r\nPassword: "),
        Said::Data(Dir::Orig, b"toor\r\n"),
        Said::Data(Dir::Resp, b"\r\nroot@box:~# "),
        Said::Data(Dir::Orig, b"passwd\r\n"),
    ];

    #[test]
    fn logins_in_any_cut() {
        let whole = talk(&PROTOCOL, TALK, usize::MAX);
        assert_eq!(
            whole,
            [
                "login service=telnet username=joe password=<hidden> action=login success=F \
                 reply=Login incorrect software=Ubuntu 22.04",
                "login service=telnet username=root password=<hidden> action=login success=T \
                 reply=root@box:~# software=Ubuntu 22.04",
            ]
        );
        assert_eq!(talk(&PROTOCOL, TALK, 1), whole);
        assert_eq!(talk(&PROTOCOL, TALK, 7), whole);
    }

    #[test]
    fn equipment_that_asks_for_a_password_alone() {
        let said = [
            Said::Data(Dir::Resp, b"User Access Verification\r\n\r\nPassword: "),
            Said::Data(Dir::Orig, b"x\r\n"),
            Said::Data(Dir::Resp, b"\r\nPassword: "),
            Said::Data(Dir::Orig, b"y\r\n"),
            Said::Data(Dir::Resp, b"\r\nRouter>"),
        ];
        let got = talk(&PROTOCOL, &said, usize::MAX);
        assert_eq!(got.len(), 2, "{got:#?}");
        assert!(got[0].contains("success=F") && got[1].contains("success=T"), "{got:#?}");
    }

    #[test]
    fn options_are_sure_and_lines_are_bounded() {
        let probe = |dir, bytes: &[u8]| (PROTOCOL.probe)(dir, bytes);
        assert_eq!(probe(Dir::Orig, b"\xff\xfb\x1f"), Probe::Yes);
        assert_eq!(probe(Dir::Orig, b"\xff\xfb\xd8"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"\xff"), Probe::NeedMore);
        assert_eq!(probe(Dir::Resp, b"login: "), Probe::Maybe);
        let name = vec![b'a'; MAX_LINE + 1];
        let said = [
            Said::Data(Dir::Resp, b"login: "),
            Said::Data(Dir::Orig, &name),
            Said::Data(Dir::Orig, b"\r\n"),
        ];
        let got = talk(&PROTOCOL, &said, usize::MAX);
        assert_eq!(got.len(), 1);
        assert!(got[0].len() < MAX_LINE + 64);
    }
}
