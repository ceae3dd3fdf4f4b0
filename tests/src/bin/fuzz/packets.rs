//! Damage inside packets of a classic capture, whose frame stays whole and whose checksums are
//! left to the network card: so it is not thrown away as damage on the wire.

use crate::Seeds;
use crate::mutate::{once, one_in, other};
use offwire_tests::lcg::Lcg;

/// Length of the header of the file.
const FILE: usize = 24;
/// Longest packet that is written.
const MAX: usize = 64 << 10;
/// Most copies of a packet behind each other.
const COPIES: usize = 40;

/// A captured packet: seconds and fraction, its length on the wire, its bytes.
#[derive(Clone)]
struct Packet {
    time: [u8; 8],
    wire: u32,
    data: Vec<u8>,
}

/// The packets of a classic capture of little-endian numbers; none of anything else.
fn packets(bytes: &[u8]) -> Vec<Packet> {
    let is_capture = matches!(bytes, [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..]);
    let mut rest = bytes.get(FILE..).filter(|_| is_capture).unwrap_or_default();
    let mut all = Vec::new();
    while let Some((time, behind)) = rest.split_first_chunk::<8>() {
        let Some((kept, behind)) = behind.split_first_chunk() else { break };
        let Some((wire, behind)) = behind.split_first_chunk() else { break };
        let kept = u32::from_le_bytes(*kept) as usize;
        let Some(data) = behind.get(..kept.min(MAX)) else { break };
        all.push(Packet { time: *time, wire: u32::from_le_bytes(*wire), data: data.to_vec() });
        rest = behind.get(kept..).unwrap_or_default();
    }
    all
}

/// Damages some packets; false when there are none.
pub fn damage(bytes: &mut Vec<u8>, seeds: &Seeds, lcg: &mut Lcg) -> bool {
    let mut all = packets(bytes);
    if all.is_empty() {
        return false;
    }
    for _ in 0..1 << lcg.below(6) {
        one(&mut all, seeds, lcg);
    }
    let link = bytes.get(20).copied().unwrap_or(0);
    bytes.truncate(FILE);
    for Packet { time, wire, mut data } in all {
        unsum(&mut data, link);
        data.truncate(MAX);
        let kept = data.len() as u32;
        // A packet that was captured whole stays so.
        bytes.extend(time);
        bytes.extend(kept.to_le_bytes());
        bytes.extend(wire.max(kept).to_le_bytes());
        bytes.extend(data);
    }
    true
}

fn one(all: &mut Vec<Packet>, seeds: &Seeds, lcg: &mut Lcg) {
    let (at, to) = (lcg.below(all.len()), lcg.below(all.len()));
    let Some(packet) = all.get(at).cloned() else { return };
    match lcg.below(12) {
        0 => drop(all.remove(at)),
        1 => all.swap(at, to),
        2 => all.insert(to, packet.clone()),
        3 => drop(all.splice(to..to, vec![packet.clone(); 1 + lcg.below(COPIES)])),
        4 => {
            let aliens = packets(other(seeds, lcg));
            all.splice(to..to, aliens.into_iter().take(COPIES));
        }
        5 => {
            if let Some(packet) = all.get_mut(at) {
                let byte = lcg.below(8);
                packet.time.iter_mut().skip(byte).take(1).for_each(|b| *b ^= 1 << lcg.below(8));
            }
        }
        _ => {
            if let Some(Packet { wire, data, .. }) = all.get_mut(at) {
                let (was_whole, before) = (*wire as usize == data.len(), data.clone());
                once(data, seeds, lcg);
                // Mostly the headers stay, or hardly anything would come farther than them.
                if !one_in(4, lcg) {
                    data.iter_mut().zip(before).take(54).for_each(|(to, from)| *to = from);
                }
                *wire = if was_whole { data.len() as u32 } else { *wire };
                relength(data);
            }
        }
    }
    if all.is_empty() {
        all.push(packet);
    }
}

/// The length that an IPv4 header over Ethernet states becomes that of the packet.
fn relength(data: &mut [u8]) {
    let len = (data.len().saturating_sub(14) as u16).to_be_bytes();
    if let [_, _, _, _, _, _, _, _, _, _, _, _, 8, 0, 0x45, _, a, b, ..] = data {
        [*a, *b] = len;
    }
}

/// Takes away the checksums of UDP and TCP, as a network card would find them.
fn unsum(data: &mut [u8], link: u8) {
    let ip = match (link, data) {
        (1, [_, _, _, _, _, _, _, _, _, _, _, _, 8, 0, ip @ ..]) => ip,
        (1, [_, _, _, _, _, _, _, _, _, _, _, _, 0x86, 0xdd, ip @ ..]) => ip,
        (101 | 228 | 229, ip) => ip,
        _ => return,
    };
    let (protocol, l4) = match ip.first().map(|b| b >> 4) {
        Some(4) => (ip.get(9).copied(), usize::from(ip.first().map_or(0, |b| b & 15)) * 4),
        _ => (ip.get(6).copied(), 40),
    };
    let at = match protocol {
        Some(6) => l4 + 16,
        Some(17) => l4 + 6,
        _ => return,
    };
    ip.iter_mut().skip(at).take(2).for_each(|b| *b = 0);
}
