//! How many events of each kind happened when: a histogram whose resolution fits what it holds.

use crate::bounded::{self, Map};
use crate::event::{KINDS, Kind};
use crate::order::Order;
use crate::time::{Interval, NANOS, Time};

/// Most counts that are kept, one for each kind in each bucket: with the four kinds that a case has
/// more or less, a bucket for each pixel of a wide screen. Only what holds something counts, so that
/// one absurd date does not blur the rest.
const MAX_COUNTS: usize = 16_384;

/// Width of a bucket at first.
const FIRST_WIDTH: i64 = NANOS / 64;

/// Counts by time and kind. When there are too many the width of a bucket doubles; which width that
/// ends in depends on what came, not on the order.
#[derive(Debug)]
pub struct Timeline {
    width: i64,
    /// By bucket and kind: most buckets hold few kinds.
    counts: Map<(i64, Kind), u64>,
}

/// One bucket of a histogram, or of its coarser view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its first nanosecond.
    pub start: Time,
    /// Events of each kind, in the order of [`KINDS`].
    pub counts: [u64; KINDS.len()],
}

impl Timeline {
    pub(super) fn new(seed: u64) -> Self {
        Self { width: FIRST_WIDTH, counts: bounded::map(seed) }
    }

    pub(super) fn add(&mut self, ts: Time, kind: Kind) {
        *self.counts.entry((ts.0.div_euclid(self.width), kind)).or_default() += 1;
        while self.counts.len() > MAX_COUNTS {
            self.width = self.width.saturating_mul(2);
            let finer: Vec<_> = self.counts.drain().collect();
            for ((at, kind), count) in finer {
                *self.counts.entry((at.div_euclid(2), kind)).or_default() += count;
            }
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
        let width = self.width.saturating_mul(factor);
        let from = first.0.div_euclid(self.width);
        let to = end.0.saturating_sub(1).div_euclid(self.width);
        let mut coarse: Vec<Bucket> = Vec::new();
        let is_within = |at: &i64| first < end && (from..=to).contains(at);
        let within = self.counts.iter().filter(|((at, _), _)| is_within(at));
        let mut within: Vec<_> = within.map(|((at, kind), count)| (*at, *kind, *count)).collect();
        within.order();
        for (at, kind, count) in within {
            let start = Time(at.div_euclid(factor).saturating_mul(width));
            if coarse.last().is_none_or(|bucket| bucket.start != start) {
                coarse.push(Bucket { start, counts: [0; KINDS.len()] });
            }
            let bucket = coarse.last_mut();
            if let Some(n) = bucket.and_then(|b| b.counts.get_mut(kind as usize)) {
                *n += count;
            }
        }
        (Interval(width), coarse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(times: impl Iterator<Item = i64>) -> Timeline {
        let mut line = Timeline::new(1);
        times.for_each(|t| line.add(Time::from_secs(t), Kind::Dns));
        line
    }

    #[test]
    fn any_order_gives_the_same_buckets_and_nothing_is_lost() {
        let n = 3 * MAX_COUNTS as i64;
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
        let mut line = Timeline::new(1);
        [i64::MIN, -1, 0, i64::MAX].iter().for_each(|t| line.add(Time(*t), Kind::Conn));
        let (_, buckets) = line.buckets(Time(i64::MIN), Time(i64::MAX), 10);
        assert!(!buckets.is_empty());
        assert!(line.buckets(Time(5), Time(5), 0).1.is_empty());
        assert!(line.buckets(Time(9), Time(5), 3).1.is_empty());
    }
}
