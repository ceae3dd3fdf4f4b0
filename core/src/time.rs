//! Points and spans of time in the evidence, and how sure their zone is.

use serde::Serialize;
use std::fmt;

/// Nanoseconds in one second.
pub const NANOS: i64 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Covers 1677 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

/// A time that may be unknown, in the room of a time: for what is kept by the hundred thousand. The
/// first nanosecond that there is stands for unknown, which so comes before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The time, if it is known.
    pub fn known(self) -> Option<Time> {
        (self != Self::default()).then_some(Time(self.0))
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self(i64::MIN)
    }
}

impl From<Option<Time>> for Moment {
    fn from(ts: Option<Time>) -> Self {
        ts.map_or_else(Self::default, |ts| Self(ts.0))
    }
}

/// A span of time in nanoseconds; never negative where a source can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval(pub i64);

/// What the zone of a source's times rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The format defines its times as UTC or as seconds since the epoch, or each row names its zone.
    Utc,
    /// The format's specification says UTC, but the file itself does not: W3C extended logs.
    UtcByFormat,
    /// Wall-clock text without a zone: read as if it were UTC, and said so.
    #[default]
    Unknown,
    /// The source has no times at all.
    None,
}

impl Time {
    /// From whole seconds since the epoch, saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(NANOS))
    }

    /// From a civil date and time of day, UTC. `None` when a part is out of range.
    /// Days are counted by the proleptic Gregorian rule.
    pub fn from_civil(
        y: i64,
        mo: u32,
        d: u32,
        h: u32,
        mi: u32,
        s: u32,
        nanos: u32,
    ) -> Option<Self> {
        let ok = (1..=12).contains(&mo)
            && d >= 1
            && d <= days_in_month(y, mo)
            && h < 24
            && mi < 60
            && s <= 60
            && i64::from(nanos) < NANOS
            && (1600..=2262).contains(&y);
        if !ok {
            return None;
        }
        let secs = days_from_civil(y, mo, d) * 86_400
            + i64::from(h) * 3600
            + i64::from(mi) * 60
            + i64::from(s);
        secs.checked_mul(NANOS)?.checked_add(i64::from(nanos)).map(Self)
    }

    /// The difference to an earlier time, saturating.
    pub const fn since(self, earlier: Self) -> Interval {
        Interval(self.0.saturating_sub(earlier.0))
    }

    /// This time moved later by `by`, saturating.
    pub const fn plus(self, by: Interval) -> Self {
        Self(self.0.saturating_add(by.0))
    }

    /// The civil date and time of day in UTC: year, month, day, hour, minute, second, nanosecond.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32, u32) {
        let secs = self.0.div_euclid(NANOS);
        let nanos = self.0.rem_euclid(NANOS) as u32;
        let (y, mo, d) = civil_from_days(secs.div_euclid(86_400));
        let tod = secs.rem_euclid(86_400) as u32;
        (y, mo, d, tod / 3600, tod / 60 % 60, tod % 60, nanos)
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with as many digits of the second as are needed: 3, 6 or 9, none if zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, mo, d, h, mi, s, n) = self.civil();
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}")?;
        write_fraction(f, n)?;
        f.write_str("Z")
    }
}

impl Serialize for Time {
    /// As its text, so that no host makes a float of it.
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl Interval {
    /// From whole seconds, saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(NANOS))
    }

    /// As seconds, for display and ratios only: loses digits below a microsecond on long spans.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl fmt::Display for Interval {
    /// A person's form: `4.047 s`, `12 min 5 s`, `15 min`, `3 h 20 min`, `5 d 2 h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let abs = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let (secs, millis) = (abs / NANOS as u64, abs % NANOS as u64 / 1_000_000);
        match secs {
            0 if abs < 1_000_000 => write!(f, "{} µs", abs / 1000),
            0 => write!(f, "{millis} ms"),
            1..60 if millis > 0 => write!(f, "{secs}.{millis:03} s"),
            1..60 => write!(f, "{secs} s"),
            60..3600 => two(f, (secs / 60, "min"), (secs % 60, "s")),
            3600..86_400 => two(f, (secs / 3600, "h"), (secs / 60 % 60, "min")),
            _ => two(f, (secs / 86_400, "d"), (secs / 3600 % 24, "h")),
        }
    }
}

/// A number of units, and of the next smaller ones if there are any.
fn two(f: &mut fmt::Formatter<'_>, large: (u64, &str), small: (u64, &str)) -> fmt::Result {
    write!(f, "{} {}", large.0, large.1)?;
    if small.0 > 0 { write!(f, " {} {}", small.0, small.1) } else { Ok(()) }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    match nanos {
        0 => Ok(()),
        n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000),
        n if n % 1000 == 0 => write!(f, ".{:06}", n / 1000),
        n => write!(f, ".{n:09}"),
    }
}

fn days_in_month(y: i64, mo: u32) -> u32 {
    match mo {
        4 | 6 | 9 | 11 => 30,
        2 if y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01, counting years from March so that a leap day ends its year.
fn days_from_civil(y: i64, mo: u32, d: u32) -> i64 {
    let y = if mo <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(mo) + 9) % 12) + 2) / 5 + i64::from(d) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let mo = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(mo <= 2), mo, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_goes_both_ways_over_leap_days_and_before_the_epoch() {
        for (y, mo, d) in [(1970, 1, 1), (2000, 2, 29), (2023, 4, 2), (1969, 12, 31), (2100, 3, 1)]
        {
            let t = Time::from_civil(y, mo, d, 23, 59, 58, 7).unwrap();
            assert_eq!(t.civil(), (y, mo, d, 23, 59, 58, 7));
        }
        assert_eq!(Time::from_civil(2023, 2, 29, 0, 0, 0, 0), None);
    }

    #[test]
    fn shown_with_the_digits_it_has() {
        assert_eq!(Time::from_secs(1_680_393_600).to_string(), "2023-04-02T00:00:00Z");
        assert_eq!(Time(1_698_101_872_187_273_000).to_string(), "2023-10-23T22:57:52.187273Z");
        assert_eq!(Interval(4_047_000_000).to_string(), "4.047 s");
        assert_eq!(Interval::from_secs(641).to_string(), "10 min 41 s");
        assert_eq!(Interval::from_secs(900).to_string(), "15 min");
        assert_eq!(Interval::from_secs(3600).to_string(), "1 h");
    }
}
