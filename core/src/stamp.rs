//! Times as evidence writes them: decimal seconds, ISO 8601, and the stamps of web and system logs.

use crate::time::{NANOS, Time};

/// Whole numbers from here on are milliseconds, not seconds: as seconds it is the year 5138, as
/// milliseconds 1973.
const MILLIS_FROM: i128 = 100_000_000_000;
/// From here on microseconds, by the same reasoning.
const MICROS_FROM: i128 = 100_000_000_000_000;
/// From here on nanoseconds.
const NANOS_FROM: i128 = 100_000_000_000_000_000;
/// Digits of a number that are looked at; more cannot matter to 64 bits of nanoseconds.
const MAX_DIGITS: usize = 30;

/// A decimal number times 10^9, exactly: `1.5e-3` is 1 500 000. A tenth digit is rounded to the nearest.
/// `None` for what is no number or does not fit.
pub fn decimal_nanos(text: &str) -> Option<i64> {
    i64::try_from(scaled(text, 9)?).ok()
}

/// A decimal number as a whole one, if it is one: `3`, `3.0`, `3e2`; `None` for `3.5`.
pub fn whole(text: &str) -> Option<i128> {
    let nanos = scaled(text, 9)?;
    (nanos % i128::from(NANOS) == 0).then_some(nanos / i128::from(NANOS))
}

/// `text` times `10^power`.
fn scaled(text: &str, power: i32) -> Option<i128> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((m, e)) => (m, i32::from(e.parse::<i16>().ok()?)),
        None => (body, 0),
    };
    let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if int.is_empty() && frac.is_empty() || int.len() + frac.len() > MAX_FIELD_DIGITS {
        return None;
    }
    let mut value = 0i128;
    let mut shift = exponent + power;
    for (i, c) in int.bytes().chain(frac.bytes()).enumerate() {
        let digit = i128::from(char::from(c).to_digit(10)?);
        let is_frac = i >= int.len();
        if value < 10i128.pow(MAX_DIGITS as u32) {
            value = value * 10 + digit;
            shift -= i32::from(is_frac);
        } else {
            shift += i32::from(!is_frac);
        }
    }
    let value = if shift >= 0 {
        let factor = if value == 0 { 1 } else { 10i128.checked_pow(u32::try_from(shift).ok()?)? };
        value.checked_mul(factor)?
    } else {
        let divisor = 10i128.checked_pow(shift.unsigned_abs()).unwrap_or(i128::MAX);
        (value + divisor / 2) / divisor
    };
    Some(if negative { -value } else { value })
}

/// Digits of a number in a log, at most; real ones have some 20.
const MAX_FIELD_DIGITS: usize = 400;

/// A point in time as a number since the epoch: seconds with or without a fraction, or whole
/// milliseconds, microseconds or nanoseconds, told apart by their size.
pub fn epoch(text: &str) -> Option<Time> {
    if text.contains(['.', 'e', 'E']) {
        return decimal_nanos(text).map(Time);
    }
    let n = i128::from(text.parse::<i64>().ok()?);
    let factor = match n.abs() {
        NANOS_FROM.. => 1,
        MICROS_FROM.. => 1000,
        MILLIS_FROM.. => 1_000_000,
        _ => i128::from(NANOS),
    };
    i64::try_from(n * factor).ok().map(Time)
}

/// An ISO 8601 time: `2018-03-24T17:15:20.600725Z`, a space for the T, a comma for the point, an
/// offset such as `+0100` or `-03:30`. Also whether it named its zone; without one it is read as UTC.
pub fn iso(text: &str) -> Option<(Time, bool)> {
    let (date, rest) = (text.get(..10)?, text.get(11..)?);
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = (rest.get(..zone_at)?, rest.get(zone_at..)?);
    let time = civil(date, clock)?;
    match zone {
        "" => Some((time, false)),
        "Z" | "z" => Some((time, true)),
        _ => Some((Time(time.0.checked_sub(offset_nanos(zone)?)?), true)),
    }
}

/// A date `yyyy-mm-dd` (or with slashes) and a time of day `hh:mm:ss`, with or without a fraction, as UTC.
pub fn civil(date: &str, clock: &str) -> Option<Time> {
    let (y, mo, d) = ymd(date)?;
    let (h, mi, s, nanos) = hms(clock)?;
    Time::from_civil(y, mo, d, h, mi, s, nanos)
}

/// Year, month and day of `yyyy-mm-dd` or `yyyy/mm/dd`; the parts are not checked.
pub fn ymd(date: &str) -> Option<(i64, u32, u32)> {
    let mut parts = date.split(['-', '/']);
    let (y, mo, d) = (parts.next()?, parts.next()?, parts.next()?);
    let shape = y.len() == 4 && mo.len() == 2 && d.len() == 2 && parts.next().is_none();
    if !shape {
        return None;
    }
    Some((digits(y)?.into(), digits(mo)?, digits(d)?))
}

/// Hour, minute, second and nanosecond of `hh:mm:ss[.fff]`; the parts are not checked.
pub fn hms(clock: &str) -> Option<(u32, u32, u32, u32)> {
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let (h, mi, s) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || h.len() != 2 || mi.len() != 2 || s.len() != 2 {
        return None;
    }
    let nanos = match fraction.len() {
        0 => 0,
        n @ 1..=9 => digits(fraction)? * 10u32.pow(9 - u32::try_from(n).ok()?),
        _ => digits(fraction.get(..9)?)?,
    };
    Some((digits(h)?, digits(mi)?, digits(s)?, nanos))
}

/// The stamp of the common log format: `30/Aug/2023:09:18:58 +0000`.
pub fn clf(text: &str) -> Option<Time> {
    let (stamp, zone) = text.split_once(' ').map_or((text, None), |(s, z)| (s, Some(z)));
    let (date, clock) = stamp.split_once(':')?;
    let mut parts = date.split('/');
    let (d, mo, y) = (parts.next()?, parts.next()?, parts.next()?);
    let (h, mi, s, nanos) = hms(clock)?;
    let time = Time::from_civil(digits(y)?.into(), month(mo)?, digits(d)?, h, mi, s, nanos)?;
    Some(Time(time.0.checked_sub(zone.map_or(Some(0), offset_nanos)?)?))
}

/// A month by its English three letters.
pub fn month(name: &str) -> Option<u32> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = NAMES.iter().position(|n| name.eq_ignore_ascii_case(n))?;
    u32::try_from(at + 1).ok()
}

/// `+0100`, `-03:30`, `+01` as nanoseconds east of UTC; `None` beyond 14 hours, where no place is.
fn offset_nanos(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, zone.get(1..)?),
        b'-' => (-1, zone.get(1..)?),
        _ => return None,
    };
    let (h, m) = match rest.len() {
        2 => (digits(rest)?, 0),
        4 => (digits(rest.get(..2)?)?, digits(rest.get(2..)?)?),
        5 if rest.as_bytes().get(2) == Some(&b':') => {
            (digits(rest.get(..2)?)?, digits(rest.get(3..)?)?)
        }
        _ => return None,
    };
    (h <= 14 && m < 60).then_some(sign * i64::from(h * 3600 + m * 60) * NANOS)
}

/// A number of nothing but digits, at most nine of them.
fn digits(text: &str) -> Option<u32> {
    let ok = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if ok { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_to_the_nanosecond() {
        assert_eq!(decimal_nanos("1588205198.89971"), Some(1_588_205_198_899_710_000));
        assert_eq!(decimal_nanos("0.0015780925750732422"), Some(1_578_093));
        assert_eq!(decimal_nanos("9.5367431640625e-07"), Some(954));
        assert_eq!(decimal_nanos("-0.5"), Some(-500_000_000));
        for bad in ["", "-", "1.2.3", "NaN", "0x10", "1e999", "1e-99999", "9223372037", "1 "] {
            assert_eq!(decimal_nanos(bad), None, "{bad}");
        }
        assert_eq!(decimal_nanos("0e99"), Some(0));
        assert_eq!(decimal_nanos("1.5e-32768"), Some(0));
        assert_eq!((whole("3.0"), whole("3.5"), whole("2e2")), (Some(3), None, Some(200)));
    }

    #[test]
    fn epochs_are_told_apart_by_size() {
        let t = Time(1_521_911_720_000_000_000);
        for text in ["1521911720", "1521911720.0", "1521911720000", "1521911720000000000"] {
            assert_eq!(epoch(text), Some(t), "{text}");
        }
        assert_eq!(epoch("99999999999"), None);
        assert_eq!(epoch("100000000000"), Some(Time(100_000_000_000_000_000)));
    }

    #[test]
    fn zones_are_applied_and_impossible_dates_refused() {
        let utc = "2023-08-30T09:18:58.5Z";
        let (t, zoned) = iso(utc).unwrap();
        assert!(zoned);
        assert_eq!(t.to_string(), "2023-08-30T09:18:58.500Z");
        assert_eq!(iso("2023-08-30 10:18:58,5+0100"), Some((t, true)));
        assert_eq!(iso("2023-08-30T05:48:58.5-03:30"), Some((t, true)));
        assert_eq!(iso("2023-08-30T09:18:58.5"), Some((t, false)));
        assert_eq!(clf("30/Aug/2023:11:18:58 +0200"), Some(Time(t.0 - 500_000_000)));
        for bad in ["31/Feb/2024:25:61:61 +9999", "1/Jan/2024", "é", "01/Jan/2024:00:00:00 +15"] {
            assert_eq!(clf(bad), None, "{bad}");
        }
        for bad in ["2024-13-45T99:99:99", "2024-01-01", "2024-01-0éT00:00:00", ""] {
            assert_eq!(iso(bad), None, "{bad}");
        }
    }
}
