//! MySQL (its client/server protocol, version 10): greeting, login, commands, and the turn to TLS.

use super::framing::{self, Front, Places};
use super::login::Asked;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::bytes::Cursor;
use crate::event::{Body, Kind, Mysql, Origin};
use crate::text::{self, Text};
use crate::time::Time;

/// MySQL and MariaDB.
pub static PROTOCOL: Protocol = Protocol {
    name: "mysql",
    emits: &[Kind::Login, Kind::Mysql],
    over: Over::Stream,
    ports: &[3306],
    probe,
    open: || Box::<Session>::default(),
};

/// Bytes of a packet that are read: as much as a field keeps.
const MAX_PACKET: usize = text::MAX_FIELD + 64;
/// A packet's header: three bytes of length and its number.
const HEADER: usize = 4;

/// What client and server can do, as far as it changes the login.
mod capability {
    pub const COMPRESS: u32 = 0x20;
    pub const PROTOCOL_41: u32 = 0x200;
    pub const SSL: u32 = 0x800;
}

/// Names of commands by number, as Zeek has them.
const COMMANDS: [&str; 32] = [
    "sleep",
    "quit",
    "init_db",
    "query",
    "field_list",
    "create_db",
    "drop_db",
    "refresh",
    "shutdown",
    "statistics",
    "process_info",
    "connect",
    "process_kill",
    "debug",
    "ping",
    "time",
    "delayed_insert",
    "change_user",
    "binlog_dump",
    "table_dump",
    "connect_out",
    "register_slave",
    "stmt_prepare",
    "stmt_execute",
    "stmt_send_long_data",
    "stmt_close",
    "stmt_reset",
    "set_option",
    "stmt_fetch",
    "daemon",
    "binlog_dump_gtid",
    "reset_connection",
];
/// Commands that the server does not answer: quit, stmt_send_long_data, stmt_close.
const UNANSWERED: [u8; 3] = [1, 24, 25];

fn front(data: &[u8]) -> Front {
    let mut c = Cursor::new(data);
    match c.array::<HEADER>() {
        Some([a, b, high, _]) => {
            let len = u32::from_le_bytes([a, b, high, 0]);
            Front::Unit(HEADER + usize::try_from(len).unwrap_or(usize::MAX - HEADER))
        }
        None => Front::More,
    }
}

/// The server speaks first: packet 0, protocol 10, its version up to a zero; or an error.
fn probe(dir: Dir, data: &[u8]) -> Probe {
    if dir == Dir::Orig {
        return Probe::No;
    }
    match data {
        [_, 0..=2, 0, 0, 10, version @ ..] => {
            let version = version.get(..version.len().min(64)).unwrap_or_default();
            let end = version.iter().position(|b| *b == 0);
            let text = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
            match end {
                _ if !text.iter().all(|b| (0x20..0x7f).contains(b)) => Probe::No,
                Some(4..) if text.first().is_some_and(u8::is_ascii_digit) => Probe::Yes,
                Some(_) => Probe::Maybe,
                None if version.len() < 64 => Probe::NeedMore,
                None => Probe::No,
            }
        }
        // Too many connections, host not allowed: codes from 1000 on.
        [_, 0..=2, 0, 0, 0xff, _, 3..=7, ..] => Probe::Maybe,
        _ if data.len() < 7 => match data {
            [] | [_] | [_, 0..=2] | [_, 0..=2, 0] | [_, 0..=2, 0, 0, ..] => Probe::NeedMore,
            _ => Probe::No,
        },
        _ => Probe::No,
    }
}

/// How far the connection is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Greeting,
    /// The client's login, or its wish for TLS, is next.
    Login,
    /// The server has still to say whether it lets the account in.
    Deciding,
    Commands,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    places: Places,
    phase: Phase,
    software: Option<Text>,
    pending: Option<(Time, Origin, Mysql)>,
    login: Option<Asked>,
    is_compressed: bool,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_PACKET, front, &mut |packet| {
            let number = packet.get(3).copied().unwrap_or(0);
            let payload = packet.get(HEADER..).unwrap_or_default();
            match dir {
                Dir::Orig => self.request(number, payload, cx),
                Dir::Resp => self.reply(payload, cx),
            }
        });
        *self.places.of(dir) = place;
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        if self.places.of(dir).gap(len) {
            return Step::Done;
        }
        // Nothing marks where a packet begins.
        self.finish(cx);
        Step::Quit
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.decide(None, None, None, cx);
    }
}

impl Session {
    /// Sends what waits, with what became of it.
    fn decide(
        &mut self,
        success: Option<bool>,
        rows: Option<u64>,
        response: Option<Text>,
        cx: &mut Cx<'_>,
    ) {
        if let Some(mut login) = self.login.take() {
            login.row.software = self.software.clone();
            login.end(success, response.clone(), cx);
        }
        if let Some((ts, at, row)) = self.pending.take() {
            cx.emit(ts, at, Body::Mysql(Mysql { success, rows, response, ..row }));
        }
    }

    fn wait(&mut self, cmd: &str, arg: &[u8], cx: &mut Cx<'_>) {
        self.decide(None, None, None, cx);
        let arg = text::from_bytes(arg.strip_suffix(b"\0").unwrap_or(arg));
        let arg = Some(arg).filter(|a| !a.is_empty());
        let row = Mysql { cmd: Some(cmd.into()), arg, ..Mysql::default() };
        self.pending = Some((cx.ts, cx.at, row));
    }

    fn request(&mut self, number: u8, payload: &[u8], cx: &mut Cx<'_>) -> Then {
        match self.phase {
            Phase::Greeting | Phase::Login => self.enter(payload, cx),
            Phase::Deciding => Then::GoOn,
            Phase::Commands if self.is_compressed => {
                self.finish(cx);
                Then::Quit
            }
            // A command begins a row of packets; others belong to one.
            Phase::Commands if number == 0 => {
                let Some((command, arg)) = payload.split_first() else { return Then::GoOn };
                let name = COMMANDS.get(usize::from(*command)).copied().unwrap_or("unknown");
                match *command {
                    // Only these have text for an argument.
                    2..=6 | 22 => self.wait(name, arg, cx),
                    17 => {
                        let user = arg.split(|b| *b == 0).next().unwrap_or_default();
                        self.wait(name, user, cx);
                        let mut login = Asked::new("mysql", name, cx);
                        login.row.username = Some(text::from_bytes(user));
                        self.login = Some(login);
                        self.phase = Phase::Deciding;
                    }
                    _ => self.wait(name, b"", cx),
                }
                if UNANSWERED.contains(command) {
                    self.decide(None, None, None, cx);
                }
                Then::GoOn
            }
            Phase::Commands => Then::GoOn,
        }
    }

    /// Takes the client's first packet.
    fn enter(&mut self, payload: &[u8], cx: &mut Cx<'_>) -> Then {
        let mut c = Cursor::new(payload);
        let Some(low) = c.le16() else { return Then::Quit };
        let mut capabilities = u32::from(low);
        if capabilities & capability::PROTOCOL_41 != 0 {
            let Some(high) = c.le16() else { return Then::Quit };
            capabilities |= u32::from(high) << 16;
            // Largest packet, character set, filler.
            if c.take(4 + 1 + 23).is_none() {
                return Then::Quit;
            }
        } else if c.take(3).is_none() {
            return Then::Quit;
        }
        cx.service.insert("mysql");
        if capabilities & capability::SSL != 0 && c.is_empty() {
            return Then::Tls;
        }
        self.is_compressed = capabilities & capability::COMPRESS != 0;
        let user = c.rest().split(|b| *b == 0).next().unwrap_or_default();
        self.wait("login", user, cx);
        let mut login = Asked::new("mysql", "login", cx);
        login.row.username = Some(text::from_bytes(user)).filter(|u| !u.is_empty());
        self.login = Some(login);
        self.phase = Phase::Deciding;
        Then::GoOn
    }

    fn reply(&mut self, payload: &[u8], cx: &mut Cx<'_>) -> Then {
        let mut c = Cursor::new(payload);
        let first = c.u8().unwrap_or(0);
        match (self.phase, first) {
            (Phase::Greeting, 10) => {
                let version = c.rest().split(|b| *b == 0).next().unwrap_or_default();
                self.software = Some(text::from_bytes(version));
                self.phase = Phase::Login;
            }
            (_, 0xff) => {
                cx.service.insert("mysql");
                c.le16();
                // A mark and five letters of SQL state, where the client knows of them.
                let said = c.rest();
                let said = match said.strip_prefix(b"#") {
                    Some(rest) => rest.get(5..).unwrap_or_default(),
                    None => said,
                };
                let is_refused = self.phase != Phase::Greeting;
                self.decide(Some(false), None, Some(text::from_bytes(said)), cx);
                if is_refused && self.phase == Phase::Deciding {
                    self.phase = Phase::Login;
                }
            }
            (Phase::Deciding, 0) => {
                let rows = length(&mut c);
                self.decide(Some(true), rows, None, cx);
                self.phase = Phase::Commands;
            }
            // Another way to prove the account, or more of it.
            (Phase::Deciding, _) => {}
            (Phase::Commands, 0) => {
                let rows = length(&mut c);
                self.decide(Some(true), rows, None, cx);
            }
            // A table follows: it was done, and changed nothing.
            (Phase::Commands, _) if self.pending.is_some() => {
                self.decide(Some(true), Some(0), None, cx);
            }
            _ => {}
        }
        Then::GoOn
    }
}

/// A number whose first byte says how long it is.
fn length(c: &mut Cursor<'_>) -> Option<u64> {
    match c.u8()? {
        n @ 0..=250 => Some(n.into()),
        252 => c.le16().map(Into::into),
        253 => c.array::<3>().map(|[a, b, d]| u32::from_le_bytes([a, b, d, 0]).into()),
        254 => c.le64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::{corpus, events, rows};
    use crate::proto::testing::{Said, talk};

    fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
        let len = (payload.len() as u32).to_le_bytes();
        [&len[..3], &[number], payload].concat()
    }

    fn greeting() -> Vec<u8> {
        packet(0, &[b"\x0a8.0.36\0", &[0; 40][..]].concat())
    }

    fn login(capabilities: u32, rest: &[u8]) -> Vec<u8> {
        packet(1, &[&capabilities.to_le_bytes()[..], &[0; 28], rest].concat())
    }

    #[test]
    fn a_login_and_a_query_in_any_cut() {
        let (greeting, enter) = (greeting(), login(0x200, b"joe\0\x14secretsecretsecret12"));
        let ok = packet(2, b"\0\0\0\x02\0\0\0");
        let query = packet(0, b"\x03SELECT 1");
        let table = [packet(1, b"\x01"), packet(2, b"x"), packet(3, b"\xfe\0\0")].concat();
        let update = packet(0, b"\x03UPDATE a");
        let refused = packet(1, b"\xff\x7a\x04#42S02no such table");
        let quit = packet(0, b"\x01");
        let said = [
            Said::Data(Dir::Resp, &greeting),
            Said::Data(Dir::Orig, &enter),
            Said::Data(Dir::Resp, &ok),
            Said::Data(Dir::Orig, &query),
            Said::Data(Dir::Resp, &table),
            Said::Data(Dir::Orig, &update),
            Said::Data(Dir::Resp, &refused),
            Said::Data(Dir::Orig, &quit),
        ];
        let whole = talk(&PROTOCOL, &said, usize::MAX);
        assert_eq!(
            whole,
            [
                "login service=mysql username=joe action=login success=T software=8.0.36",
                "mysql cmd=login arg=joe success=T rows=0",
                "mysql cmd=query arg=SELECT 1 success=T rows=0",
                "mysql cmd=query arg=UPDATE a success=F response=no such table",
                "mysql cmd=quit",
            ]
        );
        (1..20).for_each(|step| assert_eq!(talk(&PROTOCOL, &said, step), whole, "step {step}"));
    }

    #[test]
    fn a_wish_for_tls_hands_over() {
        let (greeting, wish) = (greeting(), login(0xa00, b""));
        let said = [Said::Data(Dir::Resp, &greeting), Said::Data(Dir::Orig, &wish)];
        assert_eq!(talk(&PROTOCOL, &said, 99), ["become \"ssl\""]);
    }

    #[test]
    fn greetings_are_known_by_their_version() {
        let greeting = greeting();
        assert_eq!(probe(Dir::Resp, &greeting), Probe::Yes);
        assert_eq!(probe(Dir::Resp, &greeting[..9]), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, &greeting), Probe::No);
        assert_eq!(probe(Dir::Resp, b"HTTP/1.1"), Probe::No);
        assert_eq!(probe(Dir::Resp, &packet(0, b"\xff\x10\x04too many")), Probe::Maybe);
    }

    #[test]
    fn a_refused_login_of_the_corpus() {
        let path = "services/arkime__mysql-deny.pcap";
        if corpus(path).is_none() {
            return;
        }
        let logins = rows(&events(path).unwrap(), Kind::Login);
        assert_eq!(logins.len(), 1, "{logins:?}");
        assert_eq!(logins[0]["success"], "F");
        assert!(logins[0].contains_key("username"));
    }
}
