//! A small set: mostly one value, never more than a few.

/// The least values of all that were put in, up to a cap: the same for any order.
///
/// A sorted vector, since a tree's node takes room for eleven values and most sets hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Few<T> {
    /// Puts a value in; of more than `cap` the greatest goes.
    pub fn insert(&mut self, value: T, cap: usize) {
        let Err(at) = self.0.binary_search(&value) else { return };
        if at < cap {
            if self.0.len() == self.0.capacity() && self.0.len() < 2 {
                // A vector would begin with room for four.
                self.0.reserve_exact(1);
            }
            self.0.insert(at, value);
            self.0.truncate(cap);
        }
    }

    /// Puts all values in.
    pub fn extend(&mut self, values: impl IntoIterator<Item = T>, cap: usize) {
        values.into_iter().for_each(|v| self.insert(v, cap));
    }
}

impl<T> std::ops::Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_least_of_any_order_once() {
        let (mut a, mut b) = (Few::default(), Few::default());
        a.extend([5, 1, 9, 1, 3, 7], 3);
        b.extend([7, 3, 9, 1, 5, 5], 3);
        assert_eq!((&*a, &a), (&[1, 3, 5][..], &b));
        a.insert(0, 0);
        assert_eq!(a.len(), 3, "a cap of nothing takes nothing in");
    }
}
