//! Pairs EVE's queries with their answers, which come as events of their own: one row a look-up.

use super::derive::between;
use crate::event::{Body, Dns, Event, Raw, Uid};
use crate::source::Sink;
use crate::source::json::Leaf;
use crate::text::Text;
use crate::time::{Interval, Time};
use std::collections::BTreeMap;

/// Look-ups that wait for their answer. A sensor of a busy network has some thousand at once.
const MAX_OPEN: usize = 8192;

/// How long an answer may take: Suricata itself gives up before.
const PATIENCE: Interval = Interval::from_secs(30);

/// Records between two looks for what has waited too long.
const LOOK_EVERY: u64 = 1024;

/// Parts of one answer that are joined: more records than a DNS message has room for.
const MAX_PARTS: usize = 4096;

/// A look-up: connection and transaction.
type Key = (Text, Option<u16>);

/// The look-ups that are open.
#[derive(Default)]
pub struct Lookups {
    open: BTreeMap<Key, Event>,
    seen: u64,
}

impl Lookups {
    /// Takes a query or an answer.
    pub fn take(&mut self, mut event: Event, leaves: &[Leaf<'_>], out: &mut dyn Sink) {
        self.sweep(event.ts, out);
        let find = |path: &str| leaves.iter().find(|l| l.path == path);
        let word = find("dns.type").and_then(|l| l.value.text());
        // Versions 1 and 2 say query and answer, version 3 request and response.
        let is_answer = matches!(word.as_deref(), Some("answer" | "response"));
        let Body::Dns(row) = &mut event.body else { return };
        grouped(row, leaves);
        let Some(key) = key(&event) else { return out.event(event) };
        if !is_answer {
            if let Some(before) = self.open.insert(key, event) {
                out.event(before);
            }
            return;
        }
        // The first version wrote an event for each record of an answer.
        let is_in_parts = find("dns.version").is_none() && find("dns.answers").is_none();
        match self.open.remove(&key) {
            Some(query) => event = join(query, event),
            None => orient(&mut event),
        }
        if is_in_parts && event.also.len() < MAX_PARTS {
            self.open.insert(key, event);
        } else {
            out.event(event);
        }
    }

    /// Lets go what has waited too long, or half of all when there are too many.
    fn sweep(&mut self, now: Option<Time>, out: &mut dyn Sink) {
        self.seen += 1;
        if self.open.len() >= MAX_OPEN {
            let mut times: Vec<_> = self.open.values().map(|e| e.ts).collect();
            times.sort_unstable();
            let middle = times.get(MAX_OPEN / 2).copied().flatten();
            self.let_go(|e| e.ts <= middle, out);
        } else if self.seen.is_multiple_of(LOOK_EVERY) {
            self.let_go(|e| between(e.ts, now).is_some_and(|waited| waited > PATIENCE), out);
        }
    }

    fn let_go(&mut self, which: impl Fn(&Event) -> bool, out: &mut dyn Sink) {
        let (gone, open) = std::mem::take(&mut self.open).into_iter().partition(|(_, e)| which(e));
        self.open = open;
        let gone: BTreeMap<Key, Event> = gone;
        gone.into_values().for_each(|event| out.event(event));
    }

    /// The file is at its end: what is open goes out as it is.
    pub fn finish(&mut self, out: &mut dyn Sink) {
        self.let_go(|_| true, out);
    }
}

/// Which look-up an event belongs to; `None` without a connection.
fn key(event: &Event) -> Option<Key> {
    let Body::Dns(row) = &event.body else { return None };
    let flow = &event.flow;
    let connection = match &flow.uid {
        Some(Uid::Log(id)) => id.clone(),
        _ => {
            flow.orig.addr?;
            let (a, b) = (flow.orig.min(flow.resp), flow.orig.max(flow.resp));
            format!("{a} {b}").into()
        }
    };
    Some((connection, row.trans_id))
}

/// A query, or the parts of an answer so far, with an answer.
fn join(mut before: Event, after: Event) -> Event {
    let (at, ts) = (after.at, after.ts);
    let (Body::Dns(have), Body::Dns(new)) = (&mut before.body, after.body) else { return before };
    if have.answered.is_none() {
        have.rtt = between(before.ts, ts);
    }
    before.also.push(at);
    let query = have.query.take().or(new.query);
    let (qtype, qtype_name) = match have.qtype_name.take() {
        Some(name) => (have.qtype, Some(name)),
        None => (new.qtype, new.qtype_name),
    };
    let mut joined = Dns { query, qtype, qtype_name, rtt: have.rtt, ..new };
    joined.trans_id = have.trans_id;
    joined.opcode = joined.opcode.or(have.opcode);
    joined.rd = joined.rd.or(have.rd);
    // Of a query as Zeek has it, where the query's own event tells.
    joined.z = have.z.or(joined.z);
    // Behind those before: putting them in front would move all of them for each part.
    have.answers.append(&mut joined.answers);
    have.ttls.append(&mut joined.ttls);
    joined.answers = std::mem::take(&mut have.answers);
    joined.ttls = std::mem::take(&mut have.ttls);
    joined.rcode = joined.rcode.or(have.rcode);
    joined.rcode_name = joined.rcode_name.or(have.rcode_name.take());
    joined.answered = Some(true);
    before.body = Body::Dns(joined);
    before
}

/// An answer without its query: older versions wrote it from the server's side.
fn orient(event: &mut Event) {
    const DNS: [u16; 3] = [53, 5353, 5355];
    let is_server = |port: Option<u16>| port.is_some_and(|p| DNS.contains(&p));
    let flow = &mut event.flow;
    if is_server(flow.orig.port) && !is_server(flow.resp.port) {
        std::mem::swap(&mut flow.orig, &mut flow.resp);
    }
}

/// Answers by type, where the sensor wrote them in no other form.
fn grouped(row: &mut Dns, leaves: &[Leaf<'_>]) {
    if row.answers.is_empty() {
        let lists = leaves.iter().filter(|l| l.path.starts_with("dns.grouped."));
        row.answers = lists.flat_map(|l| l.value.items()).filter_map(Raw::text).collect();
        if !row.answers.is_empty() {
            row.answered = Some(true);
        }
    }
}
