//! `repeated OUT MEGABYTES BASE…`: a large capture for measuring, made of small ones.
//!
//! The bases, classic captures over Ethernet, follow each other again and again. Every repetition
//! has its own IPv4 addresses, checksums kept right, and its own span of time: so connections,
//! hosts and names grow with the size as they do in the field. Prints what it made as JSON.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::Ipv4Addr;

/// Between two repetitions: addresses tell them apart, so connections of some may well overlap.
const PAUSE_MICROS: u64 = 1_000_000;
/// When the first packet is: 2024-01-01T00:00:00Z.
const START_MICROS: u64 = 1_704_067_200 * 1_000_000;
const ETHERNET: u32 = 1;
const SNAPLEN: u32 = 262_144;

struct Packet {
    /// Microseconds after the base's first packet.
    after: u64,
    original: u32,
    data: Vec<u8>,
    /// Where the IPv4 header starts, if there is one.
    ip: Option<usize>,
}

struct Base {
    packets: Vec<Packet>,
    span: u64,
    /// The base's addresses, each with its number.
    addresses: BTreeMap<[u8; 4], u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(out), Some(megabytes), Some(names)) = (args.first(), args.get(1), args.get(2..))
    else {
        return Err("usage: repeated OUT MEGABYTES BASE...".into());
    };
    let target = megabytes.parse::<u64>()? * 1_000_000;
    let bases: Vec<Base> = names.iter().map(|n| read(n)).collect::<Result<_, _>>()?;
    if bases.iter().all(|b| b.packets.is_empty()) {
        return Err("no packets in the bases".into());
    }
    let mut file = BufWriter::with_capacity(1 << 20, File::create(out)?);
    let header = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, SNAPLEN, ETHERNET];
    for word in header {
        file.write_all(&u32::to_le_bytes(word))?;
    }
    let (mut bytes, mut packets, mut repetitions, mut now) = (24, 0u64, 0u32, START_MICROS);
    while bytes < target {
        for base in &bases {
            for packet in &base.packets {
                let data = moved(packet, &base.addresses, repetitions);
                let at = now + packet.after;
                let len = u32::try_from(data.len())?;
                for word in [
                    u32::try_from(at / 1_000_000)?,
                    u32::try_from(at % 1_000_000)?,
                    len,
                    packet.original,
                ] {
                    file.write_all(&word.to_le_bytes())?;
                }
                file.write_all(&data)?;
                bytes += 16 + u64::from(len);
                packets += 1;
            }
            repetitions += 1;
            now += base.span + PAUSE_MICROS;
        }
    }
    file.flush()?;
    let made = serde_json::json!({
        "bytes": bytes, "packets": packets, "repetitions": repetitions,
        "mean_packet_bytes": (bytes - 24 - 16 * packets) / packets,
    });
    Ok(writeln!(std::io::stdout(), "{made}")?)
}

fn read(name: &str) -> Result<Base, Box<dyn Error>> {
    let bytes = fs::read(name)?;
    let (magic, mut rest) = bytes.split_at_checked(24).ok_or("too short")?;
    let (big, nanos) = match magic.get(..4) {
        Some([0xd4, 0xc3, 0xb2, 0xa1]) => (false, false),
        Some([0x4d, 0x3c, 0xb2, 0xa1]) => (false, true),
        Some([0xa1, 0xb2, 0xc3, 0xd4]) => (true, false),
        Some([0xa1, 0xb2, 0x3c, 0x4d]) => (true, true),
        _ => return Err(format!("{name} is no classic capture").into()),
    };
    let word = |at: &[u8], i: usize| -> Option<u32> {
        let bytes = at.get(4 * i..4 * i + 4)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    if word(magic, 5).map(|w| w & 0xffff) != Some(ETHERNET) {
        return Err(format!("{name} is not of Ethernet").into());
    }
    let mut base = Base { packets: Vec::new(), span: 0, addresses: BTreeMap::new() };
    let mut times = Vec::new();
    while let (Some(secs), Some(part), Some(len), Some(original)) =
        (word(rest, 0), word(rest, 1), word(rest, 2), word(rest, 3))
    {
        let Some(data) = rest.get(16..16 + len as usize) else { break };
        rest = rest.get(16 + len as usize..).unwrap_or_default();
        times.push(u64::from(secs) * 1_000_000 + u64::from(if nanos { part / 1000 } else { part }));
        let ip = ipv4_at(data);
        for at in ip.into_iter().flat_map(|ip| [ip + 12, ip + 16]) {
            let n = u8::try_from(base.addresses.len() + 1)?;
            base.addresses.entry(four(data, at)?).or_insert(n);
        }
        base.packets.push(Packet { after: 0, original, data: data.to_vec(), ip });
    }
    let (first, last) = (times.iter().min(), times.iter().max());
    if let (Some(first), Some(last)) = (first, last) {
        base.span = last - first;
        base.packets.iter_mut().zip(&times).for_each(|(p, t)| p.after = t - first);
    }
    Ok(base)
}

fn four(data: &[u8], at: usize) -> Result<[u8; 4], Box<dyn Error>> {
    Ok(data.get(at..at + 4).ok_or("cut")?.try_into()?)
}

/// Where a whole IPv4 header starts in a frame with any number of VLAN tags.
fn ipv4_at(data: &[u8]) -> Option<usize> {
    let mut at = 12;
    while matches!(data.get(at..at + 2)?, [0x81, 0] | [0x88, 0xa8]) {
        at += 4;
    }
    let is_ipv4 = data.get(at..at + 2)? == [8, 0] && data.get(at + 2)? >> 4 == 4;
    (is_ipv4 && data.len() >= at + 22).then_some(at + 2)
}

/// The packet's bytes as the repetition has them.
fn moved(packet: &Packet, addresses: &BTreeMap<[u8; 4], u8>, repetition: u32) -> Vec<u8> {
    let mut data = packet.data.clone();
    let Some(ip) = packet.ip else { return data };
    let byte = |at: usize| usize::from(packet.data.get(at).copied().unwrap_or_default());
    let transport = ip + (byte(ip) & 15) * 4;
    let is_first = byte(ip + 6) & 0x1f == 0 && byte(ip + 7) == 0;
    let sum_at = match byte(ip + 9) {
        6 if is_first => Some(transport + 16),
        // A UDP checksum of zero is none.
        17 if is_first && (byte(transport + 6), byte(transport + 7)) != (0, 0) => {
            Some(transport + 6)
        }
        _ => None,
    };
    for at in [ip + 12, ip + 16] {
        let Ok(old) = four(&packet.data, at) else { continue };
        let new = renamed(old, addresses.get(&old).copied().unwrap_or_default(), repetition);
        data.splice(at..at + 4, new);
        for sum in [Some(ip + 10), sum_at].into_iter().flatten() {
            for (old, new) in halves(old).into_iter().zip(halves(new)) {
                adjust(&mut data, sum, old, new);
            }
        }
    }
    data
}

const fn halves([a, b, c, d]: [u8; 4]) -> [u16; 2] {
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

/// An address of its own for each repetition; inside stays inside, groups stay as they are.
fn renamed(old: [u8; 4], number: u8, repetition: u32) -> [u8; 4] {
    let addr = Ipv4Addr::from(old);
    let [_, _, high, low] = repetition.to_be_bytes();
    match old {
        _ if addr.is_private() => [10, high, low, number],
        _ if addr.is_multicast() || addr.is_broadcast() || addr.is_loopback() => old,
        _ if addr.is_link_local() || addr.is_unspecified() => old,
        // No first byte with inside ranges in it.
        [10 | 100 | 169 | 172 | 192, ..] => [11, high, low, number],
        [first, ..] => [first, high, low, number],
    }
}

/// The checksum at `at` after a word under it changed (RFC 1624, equation 3).
fn adjust(data: &mut [u8], at: usize, old: u16, new: u16) {
    let Some(bytes) = data.get_mut(at..at + 2) else { return };
    let Ok(have) = <[u8; 2]>::try_from(&*bytes) else { return };
    let mut sum = u32::from(!u16::from_be_bytes(have)) + u32::from(!old) + u32::from(new);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    bytes.copy_from_slice(&(!(sum as u16)).to_be_bytes());
}
