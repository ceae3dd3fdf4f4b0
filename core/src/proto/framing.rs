//! Where a stream of length-prefixed messages stands, and how it goes on behind a gap.

use super::Step;

/// Where the bytes of one direction stand. The unit is whatever has its length in front: a DNS
/// message, a TLS record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// The next byte begins a unit.
    #[default]
    Boundary,
    /// A part of a unit's header was handed back.
    InHeader,
    /// A unit of so many bytes was handed back, as far as it was there.
    Inside(u64),
    /// So many bytes belong to a unit that nobody needs, or that lost its head in a gap.
    Skipping(u64),
    /// A gap hid where units begin: the next bytes are tried.
    Lost,
}

impl Place {
    /// Bytes to pass over before the next unit. `looks_right` tells whether bytes begin a unit:
    /// senders mostly begin a segment with one, and what does not look so is not one.
    pub fn resume(&mut self, data: &[u8], looks_right: impl Fn(&[u8]) -> bool) -> usize {
        match *self {
            Self::Boundary | Self::InHeader | Self::Inside(_) => 0,
            Self::Skipping(n) => {
                let skipped = usize::try_from(n).unwrap_or(usize::MAX).min(data.len());
                *self = match n.saturating_sub(skipped as u64) {
                    0 => Self::Boundary,
                    left => Self::Skipping(left),
                };
                skipped
            }
            Self::Lost if looks_right(data) => {
                *self = Self::Boundary;
                0
            }
            Self::Lost => data.len(),
        }
    }

    /// Ends a call: `have` bytes after `used` are less than the `need` of the unit there, whose
    /// header has `header` bytes.
    pub const fn wait(&mut self, used: usize, have: usize, need: usize, header: usize) -> Step {
        if have == 0 {
            if !matches!(self, Self::Skipping(_) | Self::Lost) {
                *self = Self::Boundary;
            }
            return Step::Done;
        }
        *self = if have < header { Self::InHeader } else { Self::Inside(need as u64) };
        Step::More { used, need }
    }

    /// `len` bytes are missing, those that were handed back counted in. True when it is still
    /// known where units begin.
    pub fn gap(&mut self, len: u64) -> bool {
        let left = match *self {
            Self::Inside(n) | Self::Skipping(n) => n.checked_sub(len),
            Self::Boundary | Self::InHeader | Self::Lost => None,
        };
        *self = match left {
            Some(0) => Self::Boundary,
            Some(left) => Self::Skipping(left),
            None => Self::Lost,
        };
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_inside_a_unit_is_passed_over_and_a_longer_one_is_not() {
        for (gap, place) in [(11, Place::Skipping(4)), (15, Place::Boundary), (16, Place::Lost)] {
            let mut p = Place::default();
            assert_eq!(p.wait(0, 5, 15, 2), Step::More { used: 0, need: 15 });
            assert_eq!(p.gap(gap), gap <= 15);
            assert_eq!(p, place);
        }
    }

    #[test]
    fn what_is_skipped_may_come_in_pieces() {
        let mut p = Place::Skipping(5);
        assert_eq!(p.resume(b"abc", |_| false), 3);
        assert_eq!(p.resume(b"defg", |_| false), 2);
        assert_eq!(p, Place::Boundary);
    }

    #[test]
    fn after_a_gap_only_what_looks_right_is_read() {
        let mut p = Place::Lost;
        assert_eq!(p.resume(b"xx", |b| b == b"ok"), 2);
        assert_eq!(p.resume(b"ok", |b| b == b"ok"), 0);
        assert_eq!(p, Place::Boundary);
    }
}
