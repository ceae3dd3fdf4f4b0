//! DNS over datagrams and streams, multicast DNS, LLMNR and NetBIOS names: one row for each question with its answer.

mod codes;
mod name;
mod netbios;
mod pairing;
mod rdata;
mod row;
mod wire;

pub(crate) use codes::{rcode_number, type_number};

use super::framing::Places;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::Kind;
use pairing::Pairing;
use wire::{Flaw, HEADER_LEN, Message};

/// Ports of DNS, NetBIOS names, multicast DNS and LLMNR. They only break ties.
const PORTS: &[u16] = &[53, 137, 5353, 5355];

/// Bytes of the length before each message of a stream, RFC 1035 section 4.2.2.
const PREFIX_LEN: usize = 2;

/// DNS in datagrams.
pub static DATAGRAMS: Protocol = Protocol {
    name: "dns",
    emits: &[Kind::Dns, Kind::Weird],
    over: Over::Datagrams,
    ports: PORTS,
    probe: |_, bytes| probe_message(bytes, true),
    open: || Box::new(Datagrams::default()),
};

/// DNS in a stream, each message behind its length.
pub static STREAM: Protocol = Protocol {
    name: "dns",
    emits: &[Kind::Dns, Kind::Weird],
    over: Over::Stream,
    ports: PORTS,
    probe: probe_stream,
    open: || Box::new(Stream::default()),
};

/// A whole message with nothing over and a class that exists is DNS; a damaged one could be.
fn probe_message(bytes: &[u8], is_all: bool) -> Probe {
    let Ok(message) = Message::parse(bytes) else { return Probe::No };
    let has_content = message.header.counts != [0; 4];
    if message.is_whole && message.flaws.is_empty() && has_content && message.has_known_class() {
        return Probe::Yes;
    }
    let has_record = message.sections.iter().any(|section| !section.is_empty());
    let asks = message.header.counts.first().is_some_and(|n| *n > 0);
    match (is_all, message.questions.is_empty()) {
        // The rest of it is still to come, and its question is there.
        (false, false) if message.has_known_class() => Probe::Yes,
        (false, true) if asks && bytes.len() < HEADER_LEN + MAX_QUESTION_LEN => Probe::NeedMore,
        (true, false) => Probe::Maybe,
        // An error can be a header alone.
        (true, true) if !asks && (has_record || bytes.len() == HEADER_LEN) => Probe::Maybe,
        _ => Probe::No,
    }
}

/// Bytes of the longest question: a name, a type and a class.
const MAX_QUESTION_LEN: usize = name::MAX_NAME + 4;

fn probe_stream(_: Dir, bytes: &[u8]) -> Probe {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LEN>() else {
        return Probe::NeedMore;
    };
    let len = usize::from(u16::from_be_bytes(*prefix));
    match rest.get(..len) {
        _ if len < HEADER_LEN => Probe::No,
        Some(message) => probe_message(message, true),
        None if rest.len() < HEADER_LEN => Probe::NeedMore,
        None => probe_message(rest, false),
    }
}

/// What both carriers share.
#[derive(Default)]
struct Core {
    pairing: Pairing,
    /// Anomalies said so far: each once a connection, so a flood of odd messages is one line.
    said: Vec<Flaw>,
}

impl Core {
    fn message(&mut self, dir: Dir, bytes: &[u8], cx: &mut Cx<'_>) {
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(flaw) => return self.say(flaw, cx),
        };
        if message.is_whole && message.has_known_class() {
            cx.service.insert("dns");
        }
        let flaws = self.pairing.take(dir, &message, cx);
        for flaw in message.flaws.iter().chain(&flaws) {
            self.say(*flaw, cx);
        }
    }

    fn say(&mut self, flaw: Flaw, cx: &mut Cx<'_>) {
        if !self.said.contains(&flaw) {
            self.said.push(flaw);
            cx.weird("DNS", flaw.weird(), None);
        }
    }
}

/// The analyzer of datagrams.
#[derive(Default)]
struct Datagrams(Core);

impl Analyzer for Datagrams {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        self.0.message(dir, data, cx);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.0.pairing.finish(cx);
    }
}

/// The analyzer of streams.
#[derive(Default)]
struct Stream {
    core: Core,
    places: Places,
}

impl Analyzer for Stream {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let begins = |bytes: &[u8]| probe_stream(dir, bytes) == Probe::Yes;
        let mut used = self.places.of(dir).resume(data, begins);
        loop {
            let rest = data.get(used..).unwrap_or_default();
            let Some((prefix, body)) = rest.split_first_chunk::<PREFIX_LEN>() else {
                return self.places.of(dir).wait(used, rest.len(), PREFIX_LEN, PREFIX_LEN);
            };
            let len = usize::from(u16::from_be_bytes(*prefix));
            let Some(message) = body.get(..len) else {
                return self.places.of(dir).wait(used, rest.len(), PREFIX_LEN + len, PREFIX_LEN);
            };
            self.core.message(dir, message, cx);
            used += PREFIX_LEN + len;
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        self.core.pairing.has_gap = true;
        self.places.of(dir).gap(len);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.core.pairing.finish(cx);
    }
}

#[cfg(test)]
mod tests;
