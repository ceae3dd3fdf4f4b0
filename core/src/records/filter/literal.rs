//! What a value of the filter can mean: a number, a span, a time, an address or a network.

use crate::time::{NANOS, Time};
use std::net::IpAddr;

/// Addresses with a common beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Net {
    addr: IpAddr,
    prefix: u8,
}

impl Net {
    /// An address, or an address and a prefix length. Bits after the prefix do not matter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().ok()?;
        let longest = if addr.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { addr, prefix })
    }

    /// The address, when it is one and no network.
    pub(super) fn single(self) -> Option<IpAddr> {
        let longest = if self.addr.is_ipv4() { 32 } else { 128 };
        (self.prefix == longest).then_some(self.addr)
    }

    /// True when `addr` is in the network.
    pub(super) fn holds(self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let differ = u32::from(a) ^ u32::from(b);
                differ.checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let differ = u128::from(a) ^ u128::from(b);
                differ.checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// A decimal number in units of `unit`, exact; `None` when it is no number, too large or too fine.
fn decimal(text: &str, unit: i64) -> Option<i64> {
    let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > 18 {
        return None;
    }
    let scale = 10_i128.pow(fraction.len() as u32);
    let digits = whole.parse::<i64>().ok()? as i128 * scale
        + if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? as i128 };
    i64::try_from(digits * i128::from(unit) / scale * sign).ok()
}

/// A span of time in nanoseconds: seconds, or numbers with units as in `1h30min`.
pub(super) fn span(text: &str) -> Option<i64> {
    if let Some(nanos) = decimal(text, NANOS) {
        return Some(nanos);
    }
    let (mut rest, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| c != '.' && !c.is_ascii_digit())?);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        sum = sum.checked_add(decimal(number, unit_nanos(unit)?)?)?;
        rest = tail;
    }
    sum.checked_mul(sign)
}

fn unit_nanos(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" => NANOS,
        "m" | "min" => 60 * NANOS,
        "h" => 3_600 * NANOS,
        "d" => 86_400 * NANOS,
        "w" => 7 * 86_400 * NANOS,
        _ => return None,
    })
}

/// A time as written stands for all it covers: a day, a minute, a second. From and until (not
/// included), in nanoseconds since 1970.
pub(super) fn time(text: &str) -> Option<(i64, i64)> {
    if let Some(start) = decimal(text, NANOS) {
        let n_digits = text.split_once('.').map_or(0, |(_, f)| f.len()) as u32;
        return Some((start, start.checked_add(covered(n_digits))?));
    }
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-').map(digits);
    let (y, mo, d) = (parts.next()??, parts.next()??, parts.next()??);
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        let start = civil(y, mo, d, 0, 0, 0)?;
        return rest.is_empty().then_some((start, start.checked_add(86_400 * NANOS)?));
    };
    let (clock, zone) = split_zone(rest)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':').map(digits);
    let (h, mi) = (parts.next()??, parts.next()??);
    let seconds = parts.next();
    let start = civil(y, mo, d, h, mi, seconds.unwrap_or(Some(0))?)?;
    let nanos = match fraction {
        "" => 0,
        f => decimal(&format!("0.{f}"), NANOS)?,
    };
    let covers = match seconds {
        None if fraction.is_empty() => 60 * NANOS,
        None => return None,
        Some(_) => covered(fraction.len() as u32),
    };
    let start = start.checked_add(nanos)?.checked_sub(zone)?;
    parts.next().is_none().then_some((start, start.checked_add(covers)?))
}

/// What a second with `n` digits after the point covers.
fn covered(n: u32) -> i64 {
    10_i64.checked_pow(9_u32.saturating_sub(n)).unwrap_or(1)
}

fn digits(text: &str) -> Option<u32> {
    (matches!(text.len(), 2 | 4) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

fn civil(y: u32, mo: u32, d: u32, h: u32, mi: u32, s: u32) -> Option<i64> {
    Time::from_civil(i64::from(y), mo, d, h, mi, s, 0).map(|t| t.0)
}

/// The clock and the zone's offset in nanoseconds; no zone is UTC.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone: String = zone.chars().skip(1).filter(|c| *c != ':').collect();
    let (h, m) = zone.split_at_checked(2)?;
    Some((clock, sign * NANOS * (i64::from(digits(h)?) * 3600 + i64::from(digits(m)?) * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_begins_like_them() {
        let holds = |net: &str, addr: &str| Net::parse(net).unwrap().holds(addr.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1"));
        assert!(
            holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::")
        );
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.2"));
        for bad in ["10.0.0.0/33", "::/129", "10.0.0/8", "a", "", "1.2.3.4/"] {
            assert_eq!(Net::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn spans_have_units_or_are_seconds() {
        assert_eq!(span("5"), Some(5 * NANOS));
        assert_eq!(span("-0.25"), Some(-NANOS / 4));
        assert_eq!(span("3min"), Some(180 * NANOS));
        assert_eq!(span("1h30min"), Some(5400 * NANOS));
        assert_eq!(span("1.5ms"), Some(1_500_000));
        for bad in ["", "5x", "s", "1.2.3s", "99999999999999d", "1h30"] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_covers_what_it_names() {
        let day = 1_680_393_600 * NANOS;
        assert_eq!(time("2023-04-02"), Some((day, day + 86_400 * NANOS)));
        assert_eq!(time("2023-04-02T00:00"), Some((day, day + 60 * NANOS)));
        assert_eq!(time("2023-04-02T02:00:00+02:00"), Some((day, day + NANOS)));
        assert_eq!(
            time("2023-04-01 19:00:00.5-0500"),
            Some((day + NANOS / 2, day + NANOS / 2 + NANOS / 10))
        );
        assert_eq!(time("1680393600"), Some((day, day + NANOS)));
        assert_eq!(time("1680393600.000001"), Some((day + 1000, day + 2000)));
        for bad in [
            "2023-13-01",
            "2023-04-02T",
            "2023-04-02x",
            "2023-4-2",
            "a",
            "2023-04-02T1:00",
            "ééééé",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
