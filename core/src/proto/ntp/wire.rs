//! NTP's message and number formats (RFC 5905 sections 6 and 7).

use crate::bytes::Cursor;
use crate::text::{self, Text};
use crate::time::{Interval, NANOS, Time};
use std::net::Ipv4Addr;

/// Seconds from 1900, where NTP counts from, to 1970.
const TO_1970: i64 = 2_208_988_800;
/// Bytes of a message without extensions and digest.
const MESSAGE: usize = 48;
/// Longest digest at a message's end, with its key's number.
const MAX_DIGEST: usize = 24;
/// Shortest extension, RFC 7822.
const MIN_EXTENSION: usize = 16;

/// A message of modes 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    pub version: u8,
    pub mode: u8,
    pub stratum: u8,
    pub poll: i8,
    pub precision: i8,
    pub root_delay: u32,
    pub root_dispersion: u32,
    pub reference: [u8; 4],
    /// Reference, origin, receive, transmit.
    pub times: [u64; 4],
    /// Extensions and digest.
    pub rest: &'a [u8],
}

/// True when the bytes could be a message: version 1 to 4, and as long as its mode needs.
pub fn is_possible(bytes: &[u8]) -> bool {
    let Some(first) = bytes.first() else { return false };
    let (version, mode) = (first >> 3 & 7, first & 7);
    let least = if mode >= 6 { 8 } else { MESSAGE };
    (1..=4).contains(&version) && mode != 0 && bytes.len() >= least
}

impl<'a> Message<'a> {
    /// Reads a message; `None` for control and private ones.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let [first, stratum, poll, precision] = c.array()?;
        let mode = first & 7;
        (1..=5).contains(&mode).then_some(())?;
        Some(Self {
            version: first >> 3 & 7,
            mode,
            stratum,
            poll: i8::from_be_bytes([poll]),
            precision: i8::from_be_bytes([precision]),
            root_delay: c.be32()?,
            root_dispersion: c.be32()?,
            reference: c.array()?,
            times: [c.be64()?, c.be64()?, c.be64()?, c.be64()?],
            rest: c.rest(),
        })
    }
}

/// A time of 32 bits of seconds and 32 of fraction; zero stays zero.
pub fn time(raw: u64) -> Time {
    if raw == 0 {
        return Time(0);
    }
    let (secs, fraction) = ((raw >> 32) as i64, raw & 0xffff_ffff);
    let nanos = (fraction * NANOS.unsigned_abs()) >> 32;
    Time::from_secs(secs - TO_1970).plus(Interval(nanos as i64))
}

/// A span of 16 bits of seconds and 16 of fraction.
pub fn short(raw: u32) -> Interval {
    Interval(((i64::from(raw)) * NANOS) >> 16)
}

/// Two to that power, in seconds; saturates.
pub fn power_of_two(exponent: i8) -> Interval {
    Interval((f64::from(exponent).exp2() * NANOS as f64) as i64)
}

/// What the sender follows: text for a clock or a refusal, else an address.
pub fn reference(stratum: u8, id: [u8; 4]) -> Option<Text> {
    if stratum > 1 {
        return Some(Ipv4Addr::from(id).to_string().into());
    }
    let text = id.split(|b| *b == 0).next().unwrap_or_default();
    (!text.is_empty()).then(|| text::from_bytes(text))
}

/// How many extensions stand there before a digest.
pub fn extensions(rest: &[u8]) -> u64 {
    let (mut n, mut rest) = (0, rest);
    while rest.len() > MAX_DIGEST {
        let mut c = Cursor::new(rest);
        let (_, len) = (c.be16(), c.be16().map_or(0, usize::from));
        match rest.get(len..) {
            Some(tail) if len >= MIN_EXTENSION => rest = tail,
            _ => break,
        }
        n += 1;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(short(0x0001_8000), Interval(NANOS + NANOS / 2));
        assert_eq!(power_of_two(-1), Interval(NANOS / 2));
        assert_eq!(power_of_two(127), Interval(i64::MAX));
        assert_eq!(time(0), Time(0));
        assert_eq!(time(u64::MAX).0 / NANOS, i64::from(u32::MAX) - TO_1970);
        assert_eq!(reference(1, *b"GPS\0").as_deref(), Some("GPS"));
        assert_eq!(reference(0, [0; 4]), None);
    }

    #[test]
    fn extensions_are_counted_and_a_digest_is_not() {
        assert_eq!(extensions(&[0; MAX_DIGEST]), 0);
        let extension = [&[1, 4, 0, 16][..], &[0; 12]].concat();
        assert_eq!(extensions(&[extension.clone(), vec![0; 20]].concat()), 1);
        assert_eq!(extensions(&[extension.clone(), extension, vec![0; 20]].concat()), 2);
    }
}
