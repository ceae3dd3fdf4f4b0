//! SSH (RFC 4253): banners and offers in the clear, then a guess at the login by message sizes.

mod guess;
mod wire;

use super::line::{Liner, Next};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Kind, Origin, Ssh};
use crate::net::is_local;
use crate::text;
use crate::time::Time;
use guess::Guess;
use wire::{KexInit, MAGIC, MAX_BANNER, Packet, message};

/// SSH.
pub static PROTOCOL: Protocol = Protocol {
    name: "ssh",
    emits: &[Kind::Ssh, Kind::Weird],
    over: Over::Stream,
    ports: &[22, 2222],
    probe: |_, data| match data.get(..MAGIC.len()) {
        Some(head) if head == MAGIC => Probe::Yes,
        None if MAGIC.starts_with(data) => Probe::NeedMore,
        _ => Probe::No,
    },
    open: || Box::<Connection>::default(),
};

/// Where one direction stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Banner,
    Packets,
    Encrypted,
}

#[derive(Debug, Default)]
struct Side {
    liner: Liner,
    phase: Phase,
    /// The payload of its KEXINIT, until the other side's is there.
    offers: Option<Vec<u8>>,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Connection {
    sides: [Side; 2],
    row: Ssh,
    begin: Option<(Time, Origin)>,
    guess: Guess,
}

impl Analyzer for Connection {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        self.begin.get_or_insert((cx.ts, cx.at));
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            let phase = self.side(dir).phase;
            match phase {
                Phase::Banner => match self.side(dir).liner.next(rest, MAX_BANNER) {
                    Next::Line { line, used: n, is_cut } => {
                        used += n;
                        if is_cut {
                            cx.weird("SSH", "ssh_banner_too_long", None);
                        }
                        self.banner(dir, line, cx);
                    }
                    Next::Skip(n) => used += n,
                    Next::More => return Step::More { used, need: rest.len() + 1 },
                },
                Phase::Packets => match wire::packet(rest) {
                    Packet::Whole(payload, n) => {
                        used += n;
                        self.message(dir, payload);
                    }
                    Packet::Need(need) => return Step::More { used, need },
                    Packet::Bad => {
                        cx.weird("SSH", "ssh_invalid_packet", None);
                        return self.end(cx);
                    }
                },
                // Version 1 has packets of its own: no more than the banners is read.
                Phase::Encrypted if self.row.version == Some(1) => {
                    let has_both = self.row.client.is_some() && self.row.server.is_some();
                    return if has_both { self.end(cx) } else { Step::Done };
                }
                Phase::Encrypted => {
                    self.guess.encrypted(dir, rest.len());
                    // Once it is known how the login ended nothing more is to be learned.
                    return if self.guess.is_decided() { self.end(cx) } else { Step::Done };
                }
            }
        }
    }

    fn gap(&mut self, _: Dir, _: u64, cx: &mut Cx<'_>) -> Step {
        self.end(cx)
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        let Some((ts, at)) = self.begin.take() else { return };
        let mut row = std::mem::take(&mut self.row);
        // Compression changes the sizes that the guess goes by.
        let is_told = !row.compression_alg.as_deref().is_some_and(|c| c.starts_with("zlib"));
        row.auth_attempts = Some(if is_told { self.guess.attempts } else { 0 });
        row.auth_success = self.guess.success.filter(|_| is_told);
        row.direction = direction(cx).map(Into::into);
        cx.emit(ts, at, Body::Ssh(row));
    }
}

/// From where to where, as Zeek's Site module with its default local networks sees it.
fn direction(cx: &Cx<'_>) -> Option<&'static str> {
    match (is_local(cx.flow.orig.addr?), is_local(cx.flow.resp.addr?)) {
        (true, false) => Some("OUTBOUND"),
        (false, true) => Some("INBOUND"),
        _ => None,
    }
}

impl Connection {
    const fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        match dir {
            Dir::Orig => orig,
            Dir::Resp => resp,
        }
    }

    /// Sends the row; nothing more comes of this connection.
    fn end(&mut self, cx: &mut Cx<'_>) -> Step {
        self.finish(cx);
        Step::Quit
    }

    /// Takes a line before the packets. A server may send others before its banner.
    fn banner(&mut self, dir: Dir, line: &[u8], cx: &mut Cx<'_>) {
        let Some(version) = line.strip_prefix(MAGIC) else { return };
        self.side(dir).phase = Phase::Packets;
        let text = Some(text::from_bytes(line));
        match dir {
            Dir::Orig => self.row.client = text,
            Dir::Resp => self.row.server = text,
        }
        // 1.99 is a version 2 that also speaks 1, RFC 4253 section 5.1. The lower one counts.
        let major = match version {
            [b'1', b'.', b'9', b'9', ..] | [b'2', b'.', ..] => Some(2),
            [b'1', b'.', ..] => Some(1),
            _ => None,
        };
        self.row.version = self.row.version.into_iter().chain(major).min();
        if self.row.client.is_some() && self.row.server.is_some() {
            cx.service.insert("ssh");
        }
        if self.row.version == Some(1) {
            self.sides.iter_mut().filter(|s| s.phase == Phase::Packets).for_each(|s| {
                s.phase = Phase::Encrypted;
            });
        }
    }

    fn message(&mut self, dir: Dir, payload: &[u8]) {
        match payload.first() {
            Some(&message::KEXINIT) => self.offers(dir, payload),
            Some(&message::NEWKEYS) => self.side(dir).phase = Phase::Encrypted,
            Some(&(message::KEX_REPLY | message::GEX_REPLY)) if dir == Dir::Resp => {
                if let Some(key) = wire::host_key(payload) {
                    self.row.host_key_fingerprint = Some(key.into());
                }
            }
            _ => {}
        }
    }

    fn offers(&mut self, dir: Dir, payload: &[u8]) {
        let Some(init) = KexInit::parse(payload) else { return };
        match dir {
            Dir::Orig => self.row.hassh = Some(init.hassh(0).into()),
            Dir::Resp => self.row.hassh_server = Some(init.hassh(1).into()),
        }
        self.side(dir).offers = Some(payload.to_vec());
        let [Side { offers: Some(client), .. }, Side { offers: Some(server), .. }] = &self.sides
        else {
            return;
        };
        if let (Some(client), Some(server)) = (KexInit::parse(client), KexInit::parse(server)) {
            agree(&mut self.row, &client, &server);
        }
        self.sides.iter_mut().for_each(|s| s.offers = None);
    }
}

/// Notes what follows from both offers.
fn agree(row: &mut Ssh, client: &KexInit<'_>, server: &KexInit<'_>) {
    let one = |c: &[u8], s: &[u8]| wire::agreed(c, s).map(text::from_bytes);
    let both = |c: &[&[u8]; 2], s: &[&[u8]; 2]| {
        let ([to_server, to_client], [at_server, at_client]) = (c, s);
        match (one(to_server, at_server), one(to_client, at_client)) {
            (Some(a), Some(b)) if a != b => {
                Some(format!("To server: {a}, to client: {b}").into_boxed_str())
            }
            (a, b) => a.or(b),
        }
    };
    row.kex_alg = one(client.kex, server.kex);
    row.host_key_alg = one(client.host_key, server.host_key);
    row.cipher_alg = both(&client.cipher, &server.cipher);
    row.mac_alg = both(&client.mac, &server.mac);
    row.compression_alg = both(&client.compression, &server.compression);
}

#[cfg(test)]
mod tests;
