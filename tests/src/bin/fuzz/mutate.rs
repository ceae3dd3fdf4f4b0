//! Damage: what is done to seeds to make an input.

use crate::Seeds;
use crate::packets;
use flate2::Compression;
use flate2::write::GzEncoder;
use offwire_tests::archive::archive;
use offwire_tests::lcg::Lcg;
use offwire_tests::read::Input;
use std::io::Write;

/// Longest input.
const MAX: usize = 512 << 10;
/// Longest block that is moved about.
const BLOCK: usize = 4 << 10;
/// Most copies of a block behind each other.
const COPIES: usize = 64;

/// Numbers at which arithmetic goes wrong.
const NUMBERS: [u64; 18] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// The input that follows from these numbers, and the names of its seeds.
pub fn input(seeds: &Seeds, lcg: &mut Lcg) -> (String, Vec<Input>) {
    let mut names = Vec::new();
    let mut inputs = Vec::new();
    // Mostly one file; two may be one series, or a capture and its secrets.
    for _ in 0..=usize::from(one_in(8, lcg)) {
        let Some((name, of_seed)) = seeds.get(lcg.below(seeds.len())) else { continue };
        names.push(name.as_str());
        let chosen = lcg.below(of_seed.len());
        // The files of a case belong together, but not too many of them.
        let all = of_seed.len() <= 4 && one_in(4, lcg);
        for (_, input) in of_seed.iter().enumerate().filter(|(i, _)| all || *i == chosen) {
            let mut input = input.clone();
            damage(&mut input.bytes, seeds, lcg);
            inputs.push(input);
        }
    }
    if one_in(16, lcg) {
        inputs = packed(inputs, seeds, lcg);
    }
    (names.join(" and "), inputs)
}

pub fn one_in(n: usize, lcg: &mut Lcg) -> bool {
    lcg.below(n) == 0
}

/// Bytes of another seed.
pub fn other<'a>(seeds: &'a Seeds, lcg: &mut Lcg) -> &'a [u8] {
    let inputs = seeds.get(lcg.below(seeds.len())).map_or(&[][..], |(_, inputs)| inputs);
    inputs.get(lcg.below(inputs.len())).map_or(&[], |input| &input.bytes)
}

/// The same in a container, which is then damaged a little.
fn packed(inputs: Vec<Input>, seeds: &Seeds, lcg: &mut Lcg) -> Vec<Input> {
    let mut packed = if one_in(2, lcg) {
        vec![Input { name: "packed.zip".to_owned(), bytes: archive(&inputs) }]
    } else {
        inputs.into_iter().map(|i| Input { bytes: gzip(&i.bytes), ..i }).collect()
    };
    for input in &mut packed {
        if !one_in(3, lcg) {
            once(&mut input.bytes, seeds, lcg);
        }
    }
    packed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn damage(bytes: &mut Vec<u8>, seeds: &Seeds, lcg: &mut Lcg) {
    // Damage to packets leaves the file around them whole, so that it reaches the protocols.
    let in_packets = lcg.below(4) > 0 && packets::damage(bytes, seeds, lcg);
    if !in_packets || one_in(8, lcg) {
        for _ in 0..1 << lcg.below(5) {
            once(bytes, seeds, lcg);
        }
    }
    bytes.truncate(MAX);
}

/// A place, and how many bytes from there on, at most a block.
fn block(bytes: &[u8], lcg: &mut Lcg) -> std::ops::Range<usize> {
    let from = lcg.below(bytes.len());
    let most = BLOCK.min(bytes.len() - from);
    // Short ones are as frequent as long ones.
    let len = (lcg.below(most + 1) >> lcg.below(12)).max(1).min(most);
    from..from + len
}

/// One damage.
pub fn once(bytes: &mut Vec<u8>, seeds: &Seeds, lcg: &mut Lcg) {
    if bytes.is_empty() {
        return;
    }
    let at = block(bytes, lcg);
    let piece = bytes.get(at.clone()).unwrap_or_default().to_vec();
    let elsewhere = lcg.below(bytes.len() + 1);
    match lcg.below(16) {
        0..3 => {
            if let Some(byte) = bytes.get_mut(at.start) {
                *byte ^= 1 << lcg.below(8);
            }
        }
        3 | 4 => number(bytes, at.start, lcg),
        5 => digits(bytes, at.start, lcg),
        6 => drop(bytes.drain(at)),
        7 => drop(bytes.splice(elsewhere..elsewhere, piece)),
        8 => {
            let n = 1 + lcg.below(COPIES);
            bytes.splice(at.end..at.end, piece.repeat(n));
        }
        9 => {
            let alien = other(seeds, lcg);
            if !alien.is_empty() {
                let alien = alien.get(block(alien, lcg)).unwrap_or_default().to_vec();
                bytes.splice(elsewhere..elsewhere, alien);
            }
        }
        10 => {
            let tail = other(seeds, lcg);
            bytes.truncate(at.start);
            bytes.extend(tail.get(lcg.below(tail.len())..).unwrap_or_default());
        }
        11 => {
            let magic = other(seeds, lcg).get(..4).unwrap_or_default();
            bytes.iter_mut().zip(magic).for_each(|(to, from)| *to = *from);
        }
        12 if one_in(4, lcg) => bytes.truncate(at.end),
        12 => lines(bytes, at.start, lcg),
        13 => {
            let byte = [0, 0xff, b' ', b'\n', b'"', 0x80].get(lcg.below(6)).copied();
            bytes.get_mut(at).unwrap_or_default().fill(byte.unwrap_or(0));
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at.start) {
                *byte = lcg.below(256) as u8;
            }
        }
    }
    bytes.truncate(MAX);
}

/// A number of one to eight bytes, in either order, that lies.
fn number(bytes: &mut [u8], at: usize, lcg: &mut Lcg) {
    let mut value = NUMBERS.get(lcg.below(NUMBERS.len())).copied().unwrap_or(0);
    if one_in(3, lcg) {
        value = (bytes.len() as u64).wrapping_add_signed(lcg.below(9) as i64 - 4);
    }
    let len = 1 << lcg.below(4);
    let is_big = one_in(2, lcg);
    let little = value.to_le_bytes();
    for i in 0..len {
        let from = if is_big { len - 1 - i } else { i };
        if let (Some(to), Some(from)) = (bytes.get_mut(at + i), little.get(from)) {
            *to = *from;
        }
    }
}

/// The number in text behind a place, if there is one near, becomes another one.
fn digits(bytes: &mut Vec<u8>, at: usize, lcg: &mut Lcg) {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(from) = rest.iter().take(BLOCK).position(u8::is_ascii_digit) else { return };
    let len = rest.iter().skip(from).take(30).take_while(|b| b.is_ascii_digit()).count();
    let value = NUMBERS.get(lcg.below(NUMBERS.len())).copied().unwrap_or(0);
    let text = if one_in(2, lcg) { format!("-{value}.{value}") } else { value.to_string() };
    bytes.splice(at + from..at + from + len, text.into_bytes());
}

/// The line behind a place comes many times, or goes elsewhere.
fn lines(bytes: &mut Vec<u8>, at: usize, lcg: &mut Lcg) {
    let Some(start) = line_end(bytes, at) else { return };
    let Some(end) = line_end(bytes, start) else { return };
    let line = bytes.get(start..end).unwrap_or_default().to_vec();
    if one_in(2, lcg) {
        bytes.drain(start..end);
    }
    let to = line_end(bytes, lcg.below(bytes.len())).unwrap_or(bytes.len());
    let n = 1 + lcg.below(COPIES);
    bytes.splice(to..to, line.repeat(n));
}

/// Where the line that holds a place ends, if that is near.
fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    Some(from + rest.iter().take(BLOCK).position(|b| *b == b'\n')? + 1)
}
