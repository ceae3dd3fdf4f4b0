//! Queries that wait for their replies, and replies whose query was not seen.

use super::row;
use super::wire::{Flaw, Message, Question};
use crate::event::{Body, Dns, Event, Flow, Origin};
use crate::proto::{Cx, Dir};
use crate::time::Time;
use std::collections::VecDeque;

/// Messages of one connection that wait for the other half. Zeek gives up at 50 identifiers of
/// 50 messages; a resolver with one fixed port has rarely a hundred open. The oldest goes out
/// alone when one more comes.
pub const MAX_WAITING: usize = 256;

/// What a query and its reply have in common.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    id: u16,
    asker: Dir,
    opcode: u8,
    question: Option<(Vec<u8>, u16)>,
}

/// One half, with its place.
#[derive(Debug)]
struct Half {
    key: Key,
    row: Dns,
    ts: Time,
    at: Origin,
}

/// The open questions of one connection.
#[derive(Debug, Default)]
pub struct Pairing {
    queries: VecDeque<Half>,
    replies: VecDeque<Half>,
    /// Some bytes were missing: that a reply was not seen then says nothing.
    pub has_gap: bool,
}

impl Pairing {
    /// Takes a message that came from `dir`, once for each of its questions.
    pub fn take(&mut self, dir: Dir, message: &Message<'_>, cx: &mut Cx<'_>) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let mut one = |pairing: &mut Self, question: Option<&Question<'_>>, is_first: bool| {
            if message.header.is_reply() {
                flaws.extend(pairing.reply(dir, message, question, is_first, cx));
            } else {
                flaws.extend(pairing.query(dir, message, question, cx));
            }
        };
        if message.questions.is_empty() || message.is_update() {
            one(self, message.questions.first(), true);
        } else {
            for (n, question) in message.questions.iter().enumerate() {
                one(self, Some(question), n == 0);
            }
        }
        flaws
    }

    /// The connection is at its end: what waits goes out alone.
    pub fn finish(&mut self, cx: &mut Cx<'_>) {
        let unanswered = if self.has_gap { None } else { Some(false) };
        for mut half in self.queries.drain(..) {
            half.row.answered = unanswered;
            send(half, None, cx);
        }
        for half in self.replies.drain(..) {
            send(half, None, cx);
        }
    }

    fn query(
        &mut self,
        dir: Dir,
        message: &Message<'_>,
        question: Option<&Question<'_>>,
        cx: &mut Cx<'_>,
    ) -> Vec<Flaw> {
        let key = key(dir, message, question);
        // A reply before its query: the capture has the packets in the wrong order.
        let early = self.replies.iter().position(|r| r.key == key);
        if let Some(mut reply) = early.and_then(|at| self.replies.remove(at)) {
            let flaws = row::fill_query(&mut reply.row, message, question);
            send(reply, Some(cx.at), cx);
            return flaws;
        }
        let mut query = Half { key, row: Dns::default(), ts: cx.ts, at: cx.at };
        let flaws = row::fill_query(&mut query.row, message, question);
        if is_multicast(cx.flow, dir) || row::is_broadcast(message) {
            // Its replies belong to other connections.
            send(query, None, cx);
        } else {
            push(&mut self.queries, query, cx);
        }
        flaws
    }

    fn reply(
        &mut self,
        dir: Dir,
        message: &Message<'_>,
        question: Option<&Question<'_>>,
        is_first: bool,
        cx: &mut Cx<'_>,
    ) -> Vec<Flaw> {
        let asker = if is_multicast(cx.flow, dir) { dir } else { dir.other() };
        let key = key(asker, message, question);
        let asked = |query: &Half| {
            let (a, b) = (&query.key, &key);
            (a.id, a.asker, a.opcode) == (b.id, b.asker, b.opcode)
                && (b.question.is_none() || a.question == b.question)
        };
        let found = self.queries.iter().position(asked).and_then(|at| self.queries.remove(at));
        // The answers of a reply to several questions go with the first of them.
        let fill = |row: &mut Dns| {
            if is_first {
                row::fill_reply(row, message, question)
            } else {
                row::fill_reply_head(row, message, question);
                Vec::new()
            }
        };
        let Some(mut query) = found else {
            let mut alone = Half { key, row: Dns::default(), ts: cx.ts, at: cx.at };
            let flaws = fill(&mut alone.row);
            if is_multicast(cx.flow, dir) {
                send(alone, None, cx);
            } else {
                push(&mut self.replies, alone, cx);
            }
            return flaws;
        };
        let flaws = fill(&mut query.row);
        let rtt = Some(cx.ts.since(query.ts)).filter(|rtt| rtt.0 > 0);
        query.row.rtt = rtt.filter(|_| row::has_answers(&query.row));
        send(query, Some(cx.at), cx);
        flaws
    }
}

fn key(asker: Dir, message: &Message<'_>, question: Option<&Question<'_>>) -> Key {
    let header = message.header;
    let question = question.map(|q| (q.name.bytes(), q.qtype));
    Key { id: header.id, asker, opcode: header.opcode(), question }
}

fn push(waiting: &mut VecDeque<Half>, half: Half, cx: &mut Cx<'_>) {
    if waiting.len() >= MAX_WAITING
        && let Some(oldest) = waiting.pop_front()
    {
        send(oldest, None, cx);
    }
    waiting.push_back(half);
}

/// Sends a row. Its originator is who asked, whichever side the connection began with.
fn send(half: Half, also: Option<Origin>, cx: &mut Cx<'_>) {
    let mut flow = cx.flow.clone();
    if half.key.asker == Dir::Resp {
        std::mem::swap(&mut flow.orig, &mut flow.resp);
    }
    let also = also.filter(|at| *at != half.at).into_iter().collect();
    let mut row = half.row;
    // Zeek's record has no unset flags: what no message said is false.
    for flag in [&mut row.aa, &mut row.tc, &mut row.rd, &mut row.ra, &mut row.rejected] {
        flag.get_or_insert(false);
    }
    row.z.get_or_insert(0);
    let body = Body::Dns(row);
    cx.out.event(Event { ts: Some(half.ts), at: half.at, also, flow, body });
}

/// True when what `dir` sends goes to a group.
fn is_multicast(flow: &Flow, dir: Dir) -> bool {
    let to = if dir == Dir::Orig { flow.resp } else { flow.orig };
    to.addr.is_some_and(|addr| addr.is_multicast())
}
