//! Shares a budget among tables: small ones get all they want, the rest the same each.

/// The most that any one may have so that all together stay within `room`; `None` when there is
/// room for everything. It only falls as the wants grow.
pub(super) fn fair_share(mut wanted: Vec<u64>, room: u64) -> Option<u64> {
    wanted.sort_unstable();
    let mut left = room;
    let mut n_left = wanted.len() as u64;
    for want in wanted {
        let share = left / n_left.max(1);
        if want > share {
            return Some(share);
        }
        left -= want;
        n_left -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_wants_are_met_and_large_ones_are_equal() {
        assert_eq!(fair_share(vec![], 10), None);
        assert_eq!(fair_share(vec![4, 6], 10), None);
        assert_eq!(fair_share(vec![4, 7], 10), Some(6));
        assert_eq!(fair_share(vec![1000, 1, 1000], 101), Some(50));
        assert_eq!(fair_share(vec![1, 1], 0), Some(0));
    }
}
