//! Entries with numbers: a number stays its entry's until that is taken out.

/// Entries in one piece of memory. Pieces are never moved, so a large slab neither copies itself
/// as it grows nor holds room for twice what it has; only the first one grows, since most slabs stay
/// small.
const PIECE: usize = 64;

/// Entries by number; numbers of those that were taken out are given again.
#[derive(Debug, Clone)]
pub(super) struct Slab<T> {
    pieces: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    /// Without entries.
    pub(super) const fn new() -> Self {
        Self { pieces: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// How many entries there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts an entry in; `None` when all four billion numbers are given.
    pub(super) fn insert(&mut self, entry: T) -> Option<u32> {
        self.len += 1;
        if let Some(id) = self.free.pop() {
            *self.place(id)? = Some(entry);
            return Some(id);
        }
        let id = u32::try_from(self.len - 1).ok()?;
        if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
            let room = if self.pieces.is_empty() { 0 } else { PIECE };
            self.pieces.push(Vec::with_capacity(room));
        }
        self.pieces.last_mut()?.push(Some(entry));
        Some(id)
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let entry = self.place(id)?.take()?;
        self.free.push(id);
        self.len -= 1;
        Some(entry)
    }

    /// The entry of a number.
    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.pieces.get(id as usize / PIECE)?.get(id as usize % PIECE)?.as_ref()
    }

    /// The entry of a number, to change it.
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.place(id)?.as_mut()
    }

    /// All entries with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.pieces.iter().flatten()).filter_map(|(id, e)| Some((id, e.as_ref()?)))
    }

    fn place(&mut self, id: u32) -> Option<&mut Option<T>> {
        self.pieces.get_mut(id as usize / PIECE)?.get_mut(id as usize % PIECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_are_given_again() {
        let mut slab = Slab::new();
        let n = 3 * PIECE as u32;
        assert!((0..n).all(|i| slab.insert(i) == Some(i)));
        assert_eq!((slab.remove(70), slab.remove(70), slab.len()), (Some(70), None, 191));
        assert_eq!((slab.get(70), slab.get(71), slab.get(n)), (None, Some(&71), None));
        assert_eq!(slab.insert(1000), Some(70));
        *slab.get_mut(70).unwrap() += 1;
        assert!(
            slab.iter().eq((0..n).map(|i| (i, if i == 70 { &1001 } else { slab.get(i).unwrap() })))
        );
        assert_eq!(slab.insert(7), Some(n));
    }
}
