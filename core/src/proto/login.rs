//! A login on its way: asked by the client, decided by the server.

use super::Cx;
use super::sasl::Sasl;
use crate::event::{Body, Login, Origin};
use crate::text::Text;
use crate::time::Time;

/// What a record shows for a password that was there.
pub const HIDDEN: &str = "<hidden>";

/// A login that the server has still to decide.
#[derive(Debug)]
pub struct Asked {
    ts: Time,
    at: Origin,
    /// The record, without its outcome.
    pub row: Login,
    /// The exchange, where it goes over several lines.
    pub sasl: Option<Sasl>,
}

impl Asked {
    /// A login that begins with the packet at hand, by the `action` of a protocol.
    pub fn new(service: &'static str, action: &str, cx: &Cx<'_>) -> Self {
        let row = Login { service: Some(service), action: Some(action.into()), ..Login::default() };
        Self { ts: cx.ts, at: cx.at, row, sasl: None }
    }

    /// An exchange by SASL: `arg` is the mechanism, and what may come along with it.
    pub fn sasl(service: &'static str, action: &str, arg: &[u8], cx: &Cx<'_>) -> Self {
        let mut words = arg.splitn(2, |b| *b == b' ');
        let mechanism = words.next().unwrap_or_default();
        let mut asked = Self::new(service, action, cx);
        asked.sasl = Some(Sasl::begin(mechanism, words.next()));
        asked
    }

    /// Takes a line of the client's, if the exchange is one of several lines and still open.
    pub fn response(&mut self, line: &[u8]) -> bool {
        match &mut self.sasl {
            Some(sasl) if sasl.is_open() => {
                sasl.response(line);
                true
            }
            _ => false,
        }
    }

    /// Sends the record with what became of it.
    pub fn end(mut self, success: Option<bool>, reply: Option<Text>, cx: &mut Cx<'_>) {
        if let Some(sasl) = self.sasl {
            self.row.username = sasl.username;
            self.row.password = sasl.has_password.then_some(HIDDEN);
            self.row.mechanism = Some(sasl.mechanism);
        }
        self.row.success = success;
        self.row.reply = reply.or(self.row.reply);
        cx.emit(self.ts, self.at, Body::Login(self.row));
    }
}
