//! How many events of each kind happened when: a histogram whose resolution fits what it holds.

use crate::event::{KINDS, Kind};
use crate::time::{Interval, NANOS, Time};
use std::collections::BTreeMap;

/// Most buckets that are kept: several for each pixel of a wide screen. Only buckets that hold
/// something count, so that one absurd date does not blur the rest.
const MAX_BUCKETS: usize = 8192;

/// Width of a bucket at first.
const FIRST_WIDTH: i64 = NANOS / 64;

/// Counts by time and kind. When there are too many buckets their width doubles; which width that
/// ends in depends on what came, not on the order.
#[derive(Debug)]
pub struct Timeline {
    width: i64,
    buckets: BTreeMap<i64, Counts>,
}

type Counts = [u64; KINDS.len()];

/// One bucket of a histogram, or of its coarser view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its first nanosecond.
    pub start: Time,
    /// Events of each kind, in the order of [`KINDS`].
    pub counts: Counts,
}

impl Timeline {
    pub(super) const fn new() -> Self {
        Self { width: FIRST_WIDTH, buckets: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, ts: Time, kind: Kind) {
        let counts = self.buckets.entry(ts.0.div_euclid(self.width)).or_insert([0; KINDS.len()]);
        if let Some(count) = counts.get_mut(kind as usize) {
            *count += 1;
        }
        while self.buckets.len() > MAX_BUCKETS {
            self.width = self.width.saturating_mul(2);
            let old = std::mem::take(&mut self.buckets);
            merge(
                old.into_iter().map(|(at, counts)| (at.div_euclid(2), counts)),
                &mut self.buckets,
            );
        }
    }

    /// The events from `first` on and before `end`, in buckets of equal width that hold something;
    /// the width is the smallest that needs at most `n` buckets for that range. With it, the width.
    pub fn buckets(&self, first: Time, end: Time, n: usize) -> (Interval, Vec<Bucket>) {
        let span = end.0.saturating_sub(first.0).max(1);
        let mut factor = 1_i64;
        while span / self.width.saturating_mul(factor) >= n.max(1) as i64
            && self.width <= i64::MAX / 2 / factor
        {
            factor *= 2;
        }
        let range =
            first.0.div_euclid(self.width)..=(end.0.saturating_sub(1)).div_euclid(self.width);
        let mut coarse = BTreeMap::new();
        if first < end && !range.is_empty() {
            let fine = self.buckets.range(range).map(|(at, c)| (at.div_euclid(factor), *c));
            merge(fine, &mut coarse);
        }
        let width = self.width.saturating_mul(factor);
        let bucket =
            |(at, counts): (i64, Counts)| Bucket { start: Time(at.saturating_mul(width)), counts };
        (Interval(width), coarse.into_iter().map(bucket).collect())
    }
}

fn merge(from: impl Iterator<Item = (i64, Counts)>, into: &mut BTreeMap<i64, Counts>) {
    for (at, counts) in from {
        let have = into.entry(at).or_insert([0; KINDS.len()]);
        have.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(times: impl Iterator<Item = i64>) -> Timeline {
        let mut line = Timeline::new();
        times.for_each(|t| line.add(Time::from_secs(t), Kind::Dns));
        line
    }

    #[test]
    fn any_order_gives_the_same_buckets_and_nothing_is_lost() {
        let n = 3 * MAX_BUCKETS as i64;
        let (up, down) = (filled(0..n), filled((0..n).rev()));
        assert_eq!(up.width, down.width);
        let (all, end) = (Time::from_secs(0), Time::from_secs(n));
        assert_eq!(up.buckets(all, end, 100), down.buckets(all, end, 100));
        let (_, buckets) = up.buckets(all, end, 100);
        assert!(buckets.len() <= 101 && buckets.len() > 50);
        let sum: u64 = buckets.iter().map(|b| b.counts[Kind::Dns as usize]).sum();
        assert_eq!(sum, n as u64);
    }

    #[test]
    fn times_at_the_ends_of_the_range_do_no_harm() {
        let mut line = Timeline::new();
        [i64::MIN, -1, 0, i64::MAX].iter().for_each(|t| line.add(Time(*t), Kind::Conn));
        let (_, buckets) = line.buckets(Time(i64::MIN), Time(i64::MAX), 10);
        assert!(!buckets.is_empty());
        assert!(line.buckets(Time(5), Time(5), 0).1.is_empty());
        assert!(line.buckets(Time(9), Time(5), 3).1.is_empty());
    }
}
