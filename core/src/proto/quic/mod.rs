//! QUIC: its first packets opened for the two hellos of TLS; the rest is encrypted.

mod keys;
mod wire;

use super::reorder::Reorder;
use super::tls::{Carrier, Joined, Joiner, Session};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event;
use keys::Keys;
use wire::{Frame, Kind, Packet};

/// Initial packets that could not be opened, after which no more are tried: each costs a
/// derivation of keys. A few come from another connection or before a Retry.
const MAX_FAILURES: u8 = 16;

/// QUIC, versions 1 and 2 and late drafts.
pub static PROTOCOL: Protocol = Protocol {
    name: "quic",
    emits: &[event::Kind::Ssl, event::Kind::Weird],
    over: Over::Datagrams,
    ports: &[443, 853, 8443],
    probe: |_, bytes| probe(bytes),
    open: || Box::new(Quic::default()),
};

/// An Initial packet of a known version is QUIC; another long header could be a version that is
/// yet to be negotiated.
fn probe(bytes: &[u8]) -> Probe {
    match Packet::parse(bytes) {
        Some(packet) if packet.kind == Kind::Initial => Probe::Yes,
        None if !wire::is_long_header(bytes) => Probe::No,
        _ => Probe::Maybe,
    }
}

/// The analyzer of one connection.
struct Quic {
    session: Session,
    client: Option<Dir>,
    keys: Option<Keys>,
    failures: u8,
    sides: [Side; 2],
}

/// The handshake bytes of one direction.
#[derive(Default)]
struct Side {
    order: Reorder,
    joiner: Joiner,
}

impl Default for Quic {
    fn default() -> Self {
        let mut session = Session::new(Carrier::Quic);
        // Whether the server's encrypted part was accepted is not seen unless the client goes on.
        session.has_gap = true;
        Self { session, client: None, keys: None, failures: 0, sides: Default::default() }
    }
}

impl Analyzer for Quic {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut rest = data;
        while let Some(packet) = Packet::parse(rest) {
            if packet.kind == Kind::Initial {
                self.initial(dir, &packet, cx);
            }
            rest = rest.get(packet.bytes.len()..).unwrap_or_default();
        }
        // RFC 9001 section 4.1.1: a client sends these once the handshake is complete.
        if wire::is_short_header(rest) && self.client == Some(dir) && self.session.is_13() {
            self.session.complete(cx);
        }
        let is_over = self.session.is_done() || self.failures >= MAX_FAILURES;
        if is_over { Step::Quit } else { Step::Done }
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.session.finish(cx);
    }
}

impl Quic {
    fn initial(&mut self, dir: Dir, packet: &Packet<'_>, cx: &mut Cx<'_>) {
        if self.failures >= MAX_FAILURES {
            return;
        }
        let Some(payload) = self.open(dir, packet) else {
            self.failures += 1;
            return;
        };
        for frame in wire::frames(packet.version, &payload) {
            match frame {
                Frame::Crypto(offset, bytes) => self.crypto(dir, offset, bytes, cx),
                // RFC 9001 section 4.8: these codes carry an alert of TLS.
                Frame::Close(code @ 0x100..=0x1ff) => self.session.alert(code as u8, cx),
                Frame::Close(_) => {}
            }
        }
    }

    /// Opens a packet with the keys there are; else, from a client, with those of its own
    /// identifier: the first packet, or the first after a Retry.
    fn open(&mut self, dir: Dir, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let is_client = self.client.is_none_or(|client| client == dir);
        let known = self.keys.as_ref().and_then(|keys| keys.open(packet, is_client));
        if known.is_some() || !is_client {
            return known;
        }
        let keys = Keys::new(packet.version, packet.to)?;
        let payload = keys.open(packet, true)?;
        self.keys = Some(keys);
        self.client = Some(dir);
        Some(payload)
    }

    fn crypto(&mut self, dir: Dir, offset: u64, bytes: &[u8], cx: &mut Cx<'_>) {
        let [orig, resp] = &mut self.sides;
        let side = if dir == Dir::Orig { orig } else { resp };
        let Some(fresh) = side.order.push(offset, bytes) else {
            return self.session.say("QUIC_crypto_too_far_ahead", cx);
        };
        let session = &mut self.session;
        side.joiner.take(&fresh, Session::wants, &mut |joined| match joined {
            Joined::Whole(ty, body) => session.message(dir, ty, body, cx),
            Joined::TooLong(_) => session.say("SSL_message_too_long", cx),
        });
    }
}

#[cfg(test)]
mod tests;
