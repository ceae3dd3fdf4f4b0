//! LDAP (RFC 4511) over TCP and UDP: binds, searches and changes, and the turn to TLS.

mod filter;
mod wire;

use super::framing::{self, Front, Places};
use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::{Body, Kind, Ldap, LdapSearch, Origin};
use crate::text::{self, Text};
use crate::time::Time;
use wire::{Message, Op, Outcome};

/// LDAP over TCP.
pub static STREAM: Protocol = Protocol {
    name: "ldap_tcp",
    emits: &[Kind::Ldap, Kind::LdapSearch, Kind::Login],
    over: Over::Stream,
    ports: &[389, 3268],
    probe,
    open: || Box::new(Session::new(Over::Stream)),
};

/// LDAP over UDP: how Windows finds its domain controllers.
pub static DATAGRAMS: Protocol = Protocol {
    name: "ldap_udp",
    over: Over::Datagrams,
    open: || Box::new(Session::new(Over::Datagrams)),
    ..STREAM
};

/// Requests that may wait for their answers; clients have a handful open.
const MAX_PENDING: usize = 128;
/// Bytes of a message that are read. What follows the name of an entry is not needed.
const MAX_MESSAGE: usize = 16 << 10;
/// The extension that turns to TLS, RFC 4511 section 4.14.
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

fn probe(_: Dir, data: &[u8]) -> Probe {
    match (wire::front(data), Message::parse(data)) {
        (Front::Bad, _) => Probe::No,
        (Front::Unit(_), Some(_)) => Probe::Yes,
        (Front::Unit(len), None) if data.len() >= len.min(MAX_MESSAGE) => Probe::No,
        _ => Probe::NeedMore,
    }
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    ts: Time,
    at: Origin,
    row: Row,
    login: Option<Asked>,
}

#[derive(Debug)]
enum Row {
    Search(LdapSearch),
    Other(Ldap),
}

impl Row {
    const fn id(&self) -> Option<i64> {
        match self {
            Self::Search(row) => row.message_id,
            Self::Other(row) => row.message_id,
        }
    }
}

/// One connection's state.
#[derive(Debug)]
struct Session {
    over: Over,
    places: Places,
    pending: Vec<Pending>,
    /// A bind turned on a protection of its own: what follows may be no LDAP.
    has_sasl: bool,
}

impl Session {
    fn new(over: Over) -> Self {
        Self { over, places: Places::default(), pending: Vec::new(), has_sasl: false }
    }
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        if self.over == Over::Datagrams {
            self.message(data, cx);
            return Step::Done;
        }
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_MESSAGE, wire::front, &mut |unit| {
            self.message(unit, cx)
        });
        *self.places.of(dir) = place;
        if step == Step::Quit {
            if !self.has_sasl {
                cx.weird("LDAP", "ldap_invalid_message", None);
            }
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        self.places.of(dir).gap(len);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        std::mem::take(&mut self.pending).into_iter().for_each(|p| end(p, None, cx));
    }
}

impl Session {
    fn message(&mut self, bytes: &[u8], cx: &mut Cx<'_>) -> Then {
        let Some(message) = Message::parse(bytes) else { return Then::GoOn };
        let id = message.id;
        match message.op {
            Op::Search(row) => self.ask(id, Row::Search(*row), None, cx),
            Op::Bind { version, name, mechanism, has_password } => {
                let is_simple = mechanism.is_none();
                let mut login = Asked::new("ldap", "bind", cx);
                login.row.username = name.clone();
                login.row.password = has_password.then_some(HIDDEN);
                login.row.mechanism = mechanism.clone().or_else(|| Some("simple".into()));
                let argument = if is_simple { None } else { mechanism };
                let row = Ldap {
                    version: Some(version),
                    opcode: Some(if is_simple { "bind simple" } else { "bind SASL" }.into()),
                    object: name,
                    argument: argument.or_else(|| has_password.then(|| "REDACTED".into())),
                    ..Ldap::default()
                };
                // A bind without a name is nobody's.
                let login = login.row.username.is_some().then_some(login);
                self.ask(id, Row::Other(row), login, cx);
            }
            Op::Request { name, object, argument, is_answered } => {
                let row = Ldap { opcode: Some(name.into()), object, argument, ..Ldap::default() };
                self.ask(id, Row::Other(row), None, cx);
                if !is_answered {
                    self.answer(id, None, cx);
                }
            }
            Op::Entry => {
                cx.service.insert(self.name());
                if let Some(Pending { row: Row::Search(row), .. }) = self.waiting(id) {
                    row.result_count = row.result_count.map(|n| n.saturating_add(1));
                }
            }
            Op::Answer(outcome) => {
                cx.service.insert(self.name());
                return self.answer(id, Some(outcome), cx);
            }
            Op::Other => {}
        }
        Then::GoOn
    }

    const fn name(&self) -> &'static str {
        match self.over {
            Over::Stream => STREAM.name,
            Over::Datagrams => DATAGRAMS.name,
        }
    }

    fn waiting(&mut self, id: i64) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|p| p.row.id() == Some(id))
    }

    fn ask(&mut self, id: i64, mut row: Row, login: Option<Asked>, cx: &mut Cx<'_>) {
        match &mut row {
            Row::Search(row) => row.message_id = Some(id),
            Row::Other(row) => row.message_id = Some(id),
        }
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            end(oldest, None, cx);
        }
        self.pending.push(Pending { ts: cx.ts, at: cx.at, row, login });
    }

    fn answer(&mut self, id: i64, outcome: Option<Outcome>, cx: &mut Cx<'_>) -> Then {
        let Some(at) = self.pending.iter().position(|p| p.row.id() == Some(id)) else {
            return Then::GoOn;
        };
        let pending = self.pending.remove(at);
        let is_done = outcome.as_ref().is_some_and(|o| o.code == 0);
        let (mut is_tls, mut is_sasl) = (false, false);
        if let Row::Other(row) = &pending.row {
            is_tls = row.object.as_deref().is_some_and(|o| o.starts_with(START_TLS));
            is_sasl = row.opcode.as_deref() == Some("bind SASL");
        }
        self.has_sasl |= is_sasl && is_done;
        end(pending, outcome, cx);
        if is_tls && is_done { Then::Tls } else { Then::GoOn }
    }
}

/// Sends a request with its answer.
fn end(pending: Pending, outcome: Option<Outcome>, cx: &mut Cx<'_>) {
    let (mut result, mut said): (Option<Text>, Option<Text>) = (None, None);
    if let Some(outcome) = &outcome {
        result = Some(wire::result(outcome.code));
        said = Some(outcome.message.clone()).filter(|m| !m.is_empty());
    }
    if let Some(login) = pending.login {
        let success = outcome.as_ref().and_then(|o| wire::is_let_in(o.code));
        login.end(success, said.clone().or_else(|| result.clone()), cx);
    }
    let body = match pending.row {
        Row::Search(row) => {
            Body::LdapSearch(LdapSearch { result, diagnostic_message: said, ..row })
        }
        Row::Other(row) => Body::Ldap(Ldap { result, diagnostic_message: said, ..row }),
    };
    cx.emit(pending.ts, pending.at, body);
}

/// Text, unless it is empty.
fn words(bytes: &[u8]) -> Option<Text> {
    (!bytes.is_empty()).then(|| text::from_bytes(bytes))
}

#[cfg(test)]
mod tests;
