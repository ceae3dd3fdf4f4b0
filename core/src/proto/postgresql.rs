//! PostgreSQL (its frontend/backend protocol, version 3): startup, login, queries, and the turn to TLS.

use super::framing::{self, Front, Places};
use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::bytes::Cursor;
use crate::event::{Body, Kind, Origin, Postgresql};
use crate::text::{self, Text};
use crate::time::Time;

/// PostgreSQL and what speaks like it.
pub static PROTOCOL: Protocol = Protocol {
    name: "postgresql",
    emits: &[Kind::Login, Kind::Postgresql],
    over: Over::Stream,
    ports: &[5432],
    probe: |dir, data| match (dir, data) {
        (Dir::Resp, _) => Probe::No,
        (_, [0, 0, _, _, code @ ..]) => match code {
            [0, 3, 0, 0 | 2, b'a'..=b'z', ..] => Probe::Yes,
            // TLS, GSS encryption, the cancelling of a request.
            [4, 0xd2, 22, 46..=48, ..] => Probe::Yes,
            _ if code.len() < 5 => Probe::NeedMore,
            _ => Probe::No,
        },
        (_, [] | [0] | [0, 0] | [0, 0, _]) => Probe::NeedMore,
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes of a message that are read.
const MAX_MESSAGE: usize = text::MAX_FIELD + 64;
/// Longest message that is believed; the server's limit is one gigabyte.
const MAX_LEN: u32 = 1 << 30;

/// The first messages of a client have no type. They are at most 10000 bytes long, says the server.
fn front_first(data: &[u8]) -> Front {
    match Cursor::new(data).be32() {
        Some(len @ 8..=10_000) => Front::Unit(len as usize),
        Some(_) => Front::Bad,
        None => Front::More,
    }
}

/// All others do.
fn front_typed(data: &[u8]) -> Front {
    let mut c = Cursor::new(data);
    match (c.u8(), c.be32()) {
        (Some(kind), _) if !kind.is_ascii_alphanumeric() => Front::Bad,
        (_, Some(len @ 4..=MAX_LEN)) => Front::Unit(1 + len as usize),
        (_, Some(_)) => Front::Bad,
        _ => Front::More,
    }
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    places: Places,
    /// The startup was there.
    is_started: bool,
    /// The server has still to say in one byte whether it speaks so: TLS, or GSS.
    wishes: Option<u8>,
    row: Postgresql,
    begin: Option<(Time, Origin)>,
    /// Who it is: stands in every row.
    who: Postgresql,
    rows: Option<u64>,
    login: Option<Asked>,
    software: Option<Text>,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut data = data;
        let mut before = 0;
        if let (Dir::Resp, Some(wish)) = (dir, self.wishes) {
            let Some((byte, rest)) = data.split_first() else { return Step::Done };
            self.wishes = None;
            (data, before) = (rest, 1);
            if let Some(step) = self.answer_wish(wish, *byte, cx).step(1) {
                return step;
            }
        }
        let mut place = *self.places.of(dir);
        let mut step = Step::Done;
        // The startup ends one form of message and begins the other.
        while dir == Dir::Orig && !self.is_started {
            let mut is_one = false;
            step = framing::each(&mut place, data, MAX_MESSAGE * 4, front_first, &mut |m| {
                is_one = true;
                self.first(m, cx)
            });
            match step {
                Step::Become { used, protocol: "" } if is_one => {
                    before += used;
                    data = data.get(used..).unwrap_or_default();
                    step = Step::Done;
                }
                _ => break,
            }
        }
        if step == Step::Done && (dir == Dir::Resp || self.is_started) {
            step = framing::each(&mut place, data, MAX_MESSAGE, front_typed, &mut |m| {
                let (kind, body) =
                    (m.first().copied().unwrap_or(0), m.get(5..).unwrap_or_default());
                match dir {
                    Dir::Orig => self.request(kind, body, cx),
                    Dir::Resp => self.reply(kind, body, cx),
                }
            });
        }
        *self.places.of(dir) = place;
        match step {
            Step::More { used, need } => Step::More { used: used + before, need },
            Step::Become { used, protocol } => Step::Become { used: used + before, protocol },
            Step::Quit => {
                self.finish(cx);
                Step::Quit
            }
            Step::Done => Step::Done,
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        if self.places.of(dir).gap(len) {
            return Step::Done;
        }
        self.finish(cx);
        Step::Quit
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.decide(None, None, cx);
        self.flush(cx);
    }
}

impl Session {
    fn decide(&mut self, success: Option<bool>, reply: Option<Text>, cx: &mut Cx<'_>) {
        if let Some(mut login) = self.login.take() {
            login.row.software.clone_from(&self.software);
            login.end(success, reply, cx);
        }
    }

    fn begin(&mut self, frontend: &str, cx: &mut Cx<'_>) {
        self.flush(cx);
        self.row.frontend = Some(frontend.into());
        self.begin = Some((cx.ts, cx.at));
    }

    /// Sends the row, if one is begun.
    fn flush(&mut self, cx: &mut Cx<'_>) {
        let row = std::mem::take(&mut self.row);
        let Some((ts, at)) = self.begin.take() else { return };
        let Postgresql { user, database, application_name, .. } = self.who.clone();
        let row = Postgresql { user, database, application_name, ..row };
        cx.emit(ts, at, Body::Postgresql(row));
    }

    /// A message without a type.
    fn first(&mut self, message: &[u8], cx: &mut Cx<'_>) -> Then {
        let mut c = Cursor::new(message);
        match (c.be32(), c.be16(), c.be16()) {
            (_, Some(1234), Some(wish @ (5679 | 5680))) => {
                self.begin(if wish == 5679 { "ssl_request" } else { "gssenc_request" }, cx);
                self.wishes = Some(if wish == 5679 { b'S' } else { b'G' });
                Then::GoOn
            }
            (_, Some(3), Some(_)) => {
                self.is_started = true;
                self.begin("startup", cx);
                let mut parts = c.rest().split(|b| *b == 0).map(text::from_bytes);
                while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
                    match &*name {
                        "user" => self.who.user = Some(value),
                        "database" => self.who.database = Some(value),
                        "application_name" => self.who.application_name = Some(value),
                        _ => {}
                    }
                }
                let mut login = Asked::new("postgresql", "startup", cx);
                login.row.username.clone_from(&self.who.user);
                self.login = Some(login);
                // Ends this form of message.
                Then::Other
            }
            _ => Then::Quit,
        }
    }

    /// The server's byte to a wish for protection.
    fn answer_wish(&mut self, wish: u8, byte: u8, cx: &mut Cx<'_>) -> Then {
        if !matches!(byte, b'S' | b'G' | b'N') {
            return Then::Quit;
        }
        cx.service.insert("postgresql");
        self.row.backend = Some("ssl_reply".into());
        self.row.backend_arg = Some(text::from_bytes(&[byte]));
        self.row.success = Some(byte == wish);
        self.flush(cx);
        match (byte == wish, wish) {
            (true, b'S') => Then::Tls,
            (true, _) => Then::Quit,
            (false, _) => Then::GoOn,
        }
    }

    fn request(&mut self, kind: u8, body: &[u8], cx: &mut Cx<'_>) -> Then {
        let text = body.split(|b| *b == 0).next().unwrap_or_default();
        match kind {
            b'Q' => {
                self.begin("simple_query", cx);
                self.row.frontend_arg = Some(text::from_bytes(text));
                self.rows = Some(0);
            }
            b'X' => {
                self.begin("terminate", cx);
                self.flush(cx);
            }
            _ => {}
        }
        Then::GoOn
    }

    fn reply(&mut self, kind: u8, body: &[u8], cx: &mut Cx<'_>) -> Then {
        match kind {
            b'R' => {
                cx.service.insert("postgresql");
                self.authentication(body, cx);
            }
            b'S' => {
                let mut parts = body.split(|b| *b == 0);
                if parts.next() == Some(b"server_version") {
                    let version = parts.next().map(text::from_bytes);
                    self.software = version.map(|v| format!("PostgreSQL {v}").into());
                }
            }
            b'D' => self.rows = Some(self.rows.unwrap_or(0).saturating_add(1)),
            b'E' => {
                let (said, reason, code) = error(body);
                // 28: invalid authorization; others say nothing of the account.
                let is_refused = code.starts_with("28").then_some(false);
                self.decide(is_refused, reason, cx);
                self.begin.get_or_insert((cx.ts, cx.at));
                add(&mut self.row.backend, "error");
                add(&mut self.row.backend_arg, &said);
                self.row.success = Some(false);
                self.flush(cx);
            }
            b'Z' => {
                self.decide(Some(true), None, cx);
                if self.begin.is_some() {
                    let is_good = matches!(body, [b'I' | b'T', ..]);
                    self.row.success.get_or_insert(is_good);
                    self.row.rows = self.rows.take();
                    self.flush(cx);
                }
            }
            _ => {}
        }
        Then::GoOn
    }

    fn authentication(&mut self, body: &[u8], cx: &mut Cx<'_>) {
        let name = match Cursor::new(body).be32() {
            Some(0) => {
                self.row.backend = Some("auth_ok".into());
                self.row.success = Some(true);
                return;
            }
            Some(2) => "KerberosV5",
            Some(3) => "CleartextPassword",
            Some(5) => "MD5Password",
            Some(7) => "GSSAPI",
            Some(8) => "GSSAPIContinue",
            Some(9) => "SSPI",
            Some(10) => "SASL",
            Some(11) => "SASLContinue",
            Some(12) => "SASLFinal",
            _ => "unknown",
        };
        self.begin.get_or_insert((cx.ts, cx.at));
        if self.row.backend.as_deref().is_none_or(|b| b.ends_with("auth")) {
            self.row.backend = Some("auth_request".into());
        } else {
            add(&mut self.row.backend, "auth_request");
        }
        add(&mut self.row.backend_arg, name);
        if let Some(login) = &mut self.login {
            login.row.mechanism.get_or_insert_with(|| name.into());
            if name == "CleartextPassword" {
                login.row.password = Some(HIDDEN);
            }
        }
    }
}

/// Adds a text behind a comma.
fn add(to: &mut Option<Text>, text: &str) {
    *to = Some(match to.take() {
        Some(have) if have.len() + text.len() > text::MAX_FIELD => have,
        Some(have) => format!("{have},{text}").into(),
        None => text.into(),
    });
}

/// An error's fields as Zeek shows them, its message, and its code.
fn error(body: &[u8]) -> (String, Option<Text>, Text) {
    let (mut all, mut reason, mut code) = (String::new(), None, Text::default());
    for field in body.split(|b| *b == 0).take(32) {
        let Some((kind, value)) = field.split_first() else { continue };
        let value = text::from_bytes(value);
        let name = match kind {
            b'S' => "SeverityLocalized",
            b'V' => "Severity",
            b'C' => "Code",
            b'M' => "Message",
            b'D' => "Detail",
            b'H' => "Hint",
            b'P' => "Position",
            b'W' => "Where",
            b'F' => "File",
            b'L' => "Line",
            b'R' => "Routine",
            _ => "Other",
        };
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(name);
        all.push('=');
        all.push_str(&value);
        match kind {
            b'M' => reason = Some(value),
            b'C' => code = value,
            _ => {}
        }
    }
    (all, reason, code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::{corpus, events, rows};
    use crate::proto::testing::{Said, talk};

    fn typed(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
    }

    fn startup() -> Vec<u8> {
        let body = b"\0\x03\0\0user\0joe\0database\0db\0application_name\0psql\0\0";
        [&(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
    }

    const WISH: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";

    #[test]
    fn a_refused_wish_a_login_and_a_query_in_any_cut() {
        let asks = [startup(), typed(b'p', b"secret\0")].concat();
        let answers = [
            typed(b'R', &[0, 0, 0, 3]),
            typed(b'R', &[0; 4]),
            typed(b'S', b"server_version\x0016.1\0"),
            typed(b'Z', b"I"),
        ]
        .concat();
        let (query, end) = (typed(b'Q', b"SELECT 1\0"), typed(b'X', b""));
        let table = [typed(b'D', b"x"), typed(b'C', b"SELECT 1\0"), typed(b'Z', b"I")].concat();
        let said = [
            Said::Data(Dir::Orig, WISH),
            Said::Data(Dir::Resp, b"N"),
            Said::Data(Dir::Orig, &asks),
            Said::Data(Dir::Resp, &answers),
            Said::Data(Dir::Orig, &query),
            Said::Data(Dir::Resp, &table),
            Said::Data(Dir::Orig, &end),
        ];
        let whole = talk(&PROTOCOL, &said, usize::MAX);
        let who = "user=joe database=db application_name=psql";
        assert_eq!(
            whole,
            [
                "postgresql frontend=ssl_request success=F backend=ssl_reply backend_arg=N".into(),
                "login service=postgresql username=joe password=<hidden> \
                 mechanism=CleartextPassword action=startup success=T software=PostgreSQL 16.1"
                    .into(),
                format!(
                    "postgresql {who} frontend=startup success=T backend=auth_ok \
                     backend_arg=CleartextPassword"
                ),
                format!(
                    "postgresql {who} frontend=simple_query frontend_arg=SELECT 1 success=T rows=1"
                ),
                format!("postgresql {who} frontend=terminate"),
            ]
        );
        (1..20).for_each(|step| assert_eq!(talk(&PROTOCOL, &said, step), whole, "step {step}"));
    }

    #[test]
    fn a_granted_wish_hands_over() {
        let said = [Said::Data(Dir::Orig, WISH), Said::Data(Dir::Resp, b"S\x16\x03")];
        assert_eq!(talk(&PROTOCOL, &said, 99).last().unwrap(), "become \"ssl\"");
    }

    #[test]
    fn only_an_error_about_the_account_is_a_failed_login() {
        for (code, shown) in [("28P01", "success=F"), ("53300", "action=startup reply=m")] {
            let (ask, body) = (startup(), format!("SFATAL\0C{code}\0Mm\0\0"));
            let answer = typed(b'E', body.as_bytes());
            let said = [Said::Data(Dir::Orig, &ask), Said::Data(Dir::Resp, &answer)];
            let got = talk(&PROTOCOL, &said, usize::MAX);
            assert!(got[0].contains(shown), "{got:?}");
            let arg =
                format!("backend=error backend_arg=SeverityLocalized=FATAL,Code={code},Message=m");
            assert!(got[1].contains(&arg), "{got:?}");
        }
    }

    #[test]
    fn startups_are_known_by_their_version() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        assert_eq!((probe(&startup()), probe(WISH)), (Probe::Yes, Probe::Yes));
        assert_eq!(probe(&WISH[..7]), Probe::NeedMore);
        assert_eq!(probe(b"\0\0\0\x20\0\x03\x01\0x"), Probe::No);
        assert_eq!(probe(b"GET "), Probe::No);
    }

    #[test]
    fn a_login_that_the_capture_ends_before_has_no_outcome() {
        let path = "tunnel/arkime__postgres-badpass.pcap";
        if corpus(path).is_none() {
            return;
        }
        let logins = rows(&events(path).unwrap(), Kind::Login);
        assert_eq!(logins.len(), 1, "{logins:?}");
        assert_eq!(logins[0]["mechanism"], "MD5Password");
        assert!(logins[0].contains_key("username") && !logins[0].contains_key("success"));
    }
}
