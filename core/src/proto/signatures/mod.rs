//! Protocols that are told and not read: what a connection's first bytes look like, and the name that
//! `conn.service` gets for it.
//!
//! They are asked only where no protocol of [`super::PROTOCOLS`] knows the bytes, and their name stands
//! only where none read the connection. A row is Zeek's where Zeek's own scripts name the protocol
//! (DNP3, finger, IRC, Modbus, MQTT, Redis, RFB), with the evidence that Zeek wants of it: mostly both
//! sides. Others have the name that TShark or nDPI use. Nothing but the name is made of the connection:
//! a protocol whose records are wanted becomes an analyzer and leaves this table.
//!
//! Media (RTP) have no row: only several packets of a connection tell, as [`media`] says.
//!
//! Each is strict: four bytes that stand still, or as much in lengths that fit, so that random bytes
//! match none. What is weaker than that says [`Probe::Maybe`], which counts on its usual port alone.

mod binary;
pub(crate) mod media;
mod text;

use super::{Over, Probe};
use Over::{Datagrams, Stream};
use Probe::{Maybe, NeedMore, No, Yes};
use binary::{
    bacnet, bgp, coap, dhcpv6, dht, dnp3, isakmp, modbus, mongodb, mqtt, openvpn, openvpn_stream,
    record, rpc, stun, tds, tftp, wireguard, x11,
};
use media::rtcp;
use text::{
    finger, ident_query, ident_reply, irc, nntp_command, nntp_greeting, redis_command, redis_reply,
    rfb, rlogin, ssdp,
};

/// A protocol that is told by its first bytes.
struct Signature {
    /// What `conn.service` calls it.
    name: &'static str,
    over: Over,
    /// Where it is usual: only there is a [`Probe::Maybe`] enough.
    ports: &'static [u16],
    /// Looks at the first bytes of the originator and of the responder, either of which may be
    /// missing; of datagrams at one alone.
    probe: fn(&[u8], &[u8]) -> Probe,
}

const fn stream(name: &'static str, probe: fn(&[u8], &[u8]) -> Probe) -> Signature {
    Signature { name, over: Stream, ports: &[], probe }
}

const fn datagram(name: &'static str, probe: fn(&[u8], &[u8]) -> Probe) -> Signature {
    Signature { name, over: Datagrams, ports: &[], probe }
}

/// In alphabetical order; the first that fits decides.
static SIGNATURES: &[Signature] = &[
    datagram("bacnet", |o, r| any(o, r, bacnet)),
    stream("bgp", |o, r| both_if_there(o, r, bgp)),
    stream("bittorrent", |o, r| both_if_there(o, r, |d| opens(d, b"\x13BitTorrent protocol"))),
    datagram("bittorrent-dht", |o, r| any(o, r, dht)),
    Signature { ports: &[5683], ..datagram("coap", |o, r| any(o, r, coap)) },
    Signature { ports: &[546, 547], ..datagram("dhcpv6", |o, r| any(o, r, dhcpv6)) },
    stream("dnp3_tcp", |o, r| dnp3(o).max(dnp3(r))),
    datagram("dnp3_udp", |o, r| any(o, r, dnp3)),
    Signature { ports: &[79], ..stream("finger", finger) },
    stream("ident", |o, r| both(ident_query(o), ident_reply(r))),
    stream("irc", irc),
    datagram("isakmp", |o, r| any(o, r, isakmp)),
    stream("modbus", modbus),
    stream("mongodb", mongodb),
    stream("mqtt", |o, _| mqtt(o)),
    datagram("nfs", |o, r| any(o, r, |d| rpc(d, true))),
    stream("nfs", |o, _| record(o, true)),
    stream("nntp", |o, r| both(nntp_command(o), nntp_greeting(r))),
    datagram("openvpn", |o, r| any(o, r, openvpn)),
    stream("openvpn", |o, _| openvpn_stream(o)),
    Signature { ports: &[6379], ..stream("redis", |o, r| both(redis_command(o), redis_reply(r))) },
    stream("rfb", |o, r| both(rfb(o), rfb(r))),
    stream("rlogin", |o, r| both(rlogin(o), opens(r, b"\0"))),
    datagram("rpc", |o, r| any(o, r, |d| rpc(d, false))),
    stream("rpc", |o, _| record(o, false)),
    stream("rsync", |o, r| both(opens(o, b"@RSYNCD: "), opens(r, b"@RSYNCD: "))),
    datagram("rtcp", |o, r| any(o, r, rtcp)),
    datagram("ssdp", |o, r| any(o, r, ssdp)),
    datagram("stun", |o, r| any(o, r, stun)),
    stream("tds", tds),
    datagram("tftp", |o, _| tftp(o)),
    datagram("wireguard", |o, r| any(o, r, wireguard)),
    stream("x11", x11),
];

/// What is told of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is this protocol.
    Name(&'static str),
    /// More bytes may tell.
    Wait,
    /// None that we know.
    Nothing,
}

/// Judges the first bytes of a connection's sides, of which one may be missing, or one datagram.
/// `is_last`: no more bytes will come to decide on.
pub(crate) fn tell(over: Over, [orig, resp]: [&[u8]; 2], ports: [u16; 2], is_last: bool) -> Told {
    let (mut usual, mut is_open) = (None, false);
    for s in SIGNATURES.iter().filter(|s| s.over == over) {
        match (s.probe)(orig, resp) {
            Yes => return Told::Name(s.name),
            Maybe if ports.iter().any(|p| s.ports.contains(p)) => usual = Some(s.name),
            NeedMore => is_open = true,
            _ => {}
        }
    }
    match usual {
        _ if is_open && !is_last => Told::Wait,
        Some(name) => Told::Name(name),
        None => Told::Nothing,
    }
}

/// Both must fit; what did not come yet is waited for.
const fn both(orig: Probe, resp: Probe) -> Probe {
    match (orig, resp) {
        (No, _) | (_, No) => No,
        (Yes, Yes) => Yes,
        (NeedMore, _) | (_, NeedMore) => NeedMore,
        _ => Maybe,
    }
}

/// One side is enough; the other must fit if it spoke.
fn both_if_there(orig: &[u8], resp: &[u8], probe: fn(&[u8]) -> Probe) -> Probe {
    match (orig, resp) {
        ([], one) | (one, []) => probe(one),
        _ => both(probe(orig), probe(resp)),
    }
}

/// The datagram, whoever sent it.
fn any(orig: &[u8], resp: &[u8], probe: fn(&[u8]) -> Probe) -> Probe {
    probe(if orig.is_empty() { resp } else { orig })
}

/// Begins with that.
fn opens(data: &[u8], with: &[u8]) -> Probe {
    match data.len() < with.len() {
        true if with.starts_with(data) => NeedMore,
        _ => when(data.starts_with(with)),
    }
}

const fn when(is_it: bool) -> Probe {
    if is_it { Yes } else { No }
}

/// One line and what follows it; `None` without its end.
fn line(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', data)?;
    let line = data.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), data.get(end + 1..)?))
}

/// Without control characters.
fn is_text(data: &[u8]) -> bool {
    data.iter().all(|b| *b >= b' ' && *b != 0x7f)
}

fn is_digits(data: &[u8]) -> bool {
    !data.is_empty() && data.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
