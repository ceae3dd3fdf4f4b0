//! Numbers that look random and are the same in every run.

/// A linear congruential generator with Knuth's constants (MMIX).
#[derive(Debug, Clone)]
pub struct Lcg(u64);

impl Lcg {
    /// Starts the sequence that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `end`; 0 when `end` is 0.
    pub const fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The low bits have short periods.
        if end == 0 { 0 } else { (self.0 >> 33) as usize % end }
    }

    /// Puts a list into an order of its own.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}
