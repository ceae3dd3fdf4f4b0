//! The order in which a full table lets its entries go.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Where an entry stands: smaller stays. A rank and hashes of what it holds, so that what is kept
/// is a fair sample, and the same on any machine.
pub(super) type Place = (u64, u64);

/// How many entries of one place are compared by name. Hashes do not tell them apart, which is an
/// adversary's work, who must not have us look at all of them.
const MAX_COMPARED: usize = 8;

/// Numbers of entries by place. Knows nothing of what they hold, so it is compiled once for all
/// tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(BTreeSet<(Place, u32)>);

impl Places {
    /// Puts an entry in.
    pub(super) fn insert(&mut self, place: Place, id: u32) {
        self.0.insert((place, id));
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, place: Place, id: u32) {
        self.0.remove(&(place, id));
    }

    /// The entry to let go so that a new one has room; `None` when that would be the new one.
    /// `by_name` compares the new one with an entry, or two entries.
    pub(super) fn last_behind(
        &self,
        new: Place,
        by_name: &mut dyn FnMut(Option<u32>, u32) -> Ordering,
    ) -> Option<u32> {
        let (place, last) = *self.0.last()?;
        match new.cmp(&place) {
            Ordering::Greater => return None,
            Ordering::Less if !self.is_shared(place) => return Some(last),
            _ => {}
        }
        let of_place = self.0.range((place, 0)..).take(MAX_COMPARED).map(|(_, id)| *id);
        let last = of_place.reduce(|a, b| if by_name(Some(a), b).is_lt() { b } else { a })?;
        (new < place || by_name(None, last).is_lt()).then_some(last)
    }

    /// True when several entries have a place.
    fn is_shared(&self, place: Place) -> bool {
        self.0.range((place, 0)..(place, u32::MAX)).nth(1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_goes_by_place_and_then_by_name() {
        // Names go down as numbers go up; the new one's is 50.
        let name = |id: Option<u32>| id.map_or(50, |id| 100 - id);
        let mut by_name = |a: Option<u32>, b: u32| name(a).cmp(&name(Some(b)));
        let mut places = Places::default();
        assert_eq!(places.last_behind((0, 0), &mut by_name), None);
        places.insert((1, 0), 7);
        assert_eq!(places.last_behind((1, 1), &mut by_name), None);
        assert_eq!(places.last_behind((0, 9), &mut by_name), Some(7));
        // Of one place: 93 stands behind 50, 40 before it.
        assert_eq!(places.last_behind((1, 0), &mut by_name), Some(7));
        places.remove((1, 0), 7);
        places.insert((1, 0), 60);
        assert_eq!(places.last_behind((1, 0), &mut by_name), None);
        places.insert((1, 0), 61);
        assert_eq!(places.last_behind((0, 0), &mut by_name), Some(60));
    }
}
