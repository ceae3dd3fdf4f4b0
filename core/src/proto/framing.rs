//! Where a stream of length-prefixed messages stands, and how it goes on behind a gap.

use super::{Dir, Step, Then};

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

/// Where both directions of a connection stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places {
    orig: Place,
    resp: Place,
}

impl Places {
    /// That of one direction.
    pub const fn of(&mut self, dir: Dir) -> &mut Place {
        match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        }
    }
}

/// What stands at the front of a stream of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A unit of so many bytes, its header counted in; never 0.
    Unit(usize),
    /// A unit of which only the start is wanted.
    Start {
        /// Bytes of the unit, its header counted in; never 0.
        len: usize,
        /// Bytes that are wanted; never 0.
        kept: usize,
    },
    /// Its header is not all there.
    More,
    /// No unit begins so.
    Bad,
}

/// Cuts one direction of a stream into units and hands each out. Of a unit longer than `most` only
/// its first `most` bytes are waited for; the rest is passed over. What does not begin a unit ends
/// the analyzer.
pub fn each(
    place: &mut Place,
    data: &[u8],
    most: usize,
    front: fn(&[u8]) -> Front,
    unit: &mut dyn FnMut(&[u8]) -> Then,
) -> Step {
    let mut used = 0;
    loop {
        used += place.resume(data.get(used..).unwrap_or_default(), |b| front(b) != Front::Bad);
        let rest = data.get(used..).unwrap_or_default();
        if rest.is_empty() {
            return place.wait(used, 0, 0, 0);
        }
        let (len, kept) = match front(rest) {
            Front::Unit(len) => (len, most),
            Front::Start { len, kept } => (len, kept.min(most)),
            Front::More => {
                *place = Place::InHeader;
                return Step::More { used, need: rest.len() + 1 };
            }
            Front::Bad => return Step::Quit,
        };
        let kept = len.min(kept);
        let Some(head) = rest.get(..kept) else {
            *place = Place::Inside(len as u64);
            return Step::More { used, need: kept };
        };
        used += kept;
        *place = match len - kept {
            0 => Place::Boundary,
            left => Place::Skipping(left as u64),
        };
        if let Some(step) = unit(head).step(used) {
            return step;
        }
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

    #[test]
    fn units_are_the_same_in_any_cut_and_long_ones_give_their_head() {
        let front = |b: &[u8]| match b {
            [0, ..] => Front::Bad,
            [9, ..] => Front::Start { len: 9, kept: 1 },
            [n, _, ..] => Front::Unit(usize::from(*n)),
            _ => Front::More,
        };
        let data = b"\x03ab\x07defghi\x09klmnopqr\x02j";
        for step in 1..=data.len() {
            let (mut place, mut held, mut got) = (Place::default(), Vec::new(), Vec::new());
            for piece in data.chunks(step) {
                held.extend_from_slice(piece);
                let result = each(&mut place, &held, 4, front, &mut |unit| {
                    got.push(unit.to_vec());
                    Then::GoOn
                });
                match result {
                    Step::Done => held.clear(),
                    Step::More { used, need } => {
                        assert!(need > held.len() - used);
                        held.drain(..used);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(got, [&b"\x03ab"[..], b"\x07def", b"\x09", b"\x02j"], "step {step}");
        }
        let mut place = Place::default();
        assert_eq!(each(&mut place, b"\0", 4, front, &mut |_| Then::GoOn), Step::Quit);
    }
}
