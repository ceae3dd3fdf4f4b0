//! Spans of time: the busiest window of a sorted series.

use crate::time::{Interval, Time};
use std::collections::BTreeMap;
use std::ops::Range;

/// The window of length `length` with most distinct members, as a range of indices; the earliest
/// of equal ones. `rows` must be sorted by time.
pub fn busiest<M: Ord>(rows: &[(Time, M)], length: Interval) -> Range<usize> {
    let (mut best, mut best_n) = (0..0, 0);
    let (mut start, mut inside) = (0, BTreeMap::<&M, u64>::new());
    for (i, (ts, member)) in rows.iter().enumerate() {
        *inside.entry(member).or_default() += 1;
        while let Some((first, leaving)) = rows.get(start) {
            if ts.since(*first) <= length {
                break;
            }
            if let Some(n) = inside.get_mut(leaving) {
                *n -= 1;
                if *n == 0 {
                    inside.remove(leaving);
                }
            }
            start += 1;
        }
        if inside.len() > best_n {
            (best, best_n) = (start..i + 1, inside.len());
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_window_with_most_distinct_members() {
        let at = |s: i64, m: u8| (Time::from_secs(s), m);
        let rows = [at(0, 1), at(1, 1), at(50, 2), at(60, 3), at(110, 4), at(300, 5)];
        assert_eq!(busiest(&rows, Interval::from_secs(60)), 0..4);
        assert_eq!(busiest(&rows, Interval::from_secs(59)), 1..4);
        assert_eq!(busiest(&rows, Interval::from_secs(9)), 0..1);
        assert_eq!(busiest::<u8>(&[], Interval::from_secs(9)), 0..0);
    }
}
