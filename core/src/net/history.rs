//! A connection's history: one letter for each kind of packet, as Zeek writes it.

/// Letters kept of one connection. Zeek sets no limit; a connection of honest hosts has under
/// twenty, and a sender of endless SYNs must not grow a row.
const MAX_LETTERS: usize = 256;
/// Letters held without an allocation.
const INLINE: usize = 22;

/// The letters so far. Upper case from the originator, lower from the responder.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    head: [u8; INLINE],
    len: u8,
    more: Vec<u8>,
    /// Letters written once already: one bit each for `A` to `Z`, and the same for `a` to `z`.
    seen: u64,
}

/// Counts an event that is written at its first, 10th, 100th, ... occurrence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaled {
    count: u32,
    next: u32,
}

impl Default for Scaled {
    fn default() -> Self {
        Self { count: 0, next: 1 }
    }
}

impl Scaled {
    /// Counts one more; true when this one is written.
    pub(crate) const fn tick(&mut self) -> bool {
        self.count = self.count.saturating_add(1);
        if self.count != self.next {
            return false;
        }
        self.next = self.next.saturating_mul(10);
        true
    }
}

impl History {
    /// Writes `letter`, for the responder in lower case.
    pub(crate) fn push(&mut self, is_orig: bool, letter: u8) {
        self.raw(cased(is_orig, letter));
    }

    /// Writes `letter` unless that side has it.
    pub(crate) fn once(&mut self, is_orig: bool, letter: u8) {
        if !self.mark(is_orig, letter) {
            self.push(is_orig, letter);
        }
    }

    /// Marks `letter` as seen from that side; true when it was before.
    pub(crate) const fn mark(&mut self, is_orig: bool, letter: u8) -> bool {
        let bit = 1u64 << ((letter & 0x1f) + if is_orig { 0 } else { 32 });
        let had = self.seen & bit != 0;
        self.seen |= bit;
        had
    }

    /// Writes `letter` when its count says so.
    pub(crate) fn scaled(&mut self, is_orig: bool, letter: u8, count: &mut Scaled) {
        if count.tick() {
            self.push(is_orig, letter);
        }
    }

    /// The sides change places: later letters have the other case.
    pub(crate) fn flip(&mut self) {
        self.raw(b'^');
        self.seen = self.seen.rotate_left(32);
    }

    /// The sides change places as though it had been known from the start.
    pub(crate) fn flip_from_start(&mut self) {
        let old: Vec<u8> = self.letters().collect();
        *self = Self { seen: self.seen.rotate_left(32), ..Self::default() };
        self.raw(b'^');
        old.into_iter().for_each(|b| self.raw(b ^ if b.is_ascii_alphabetic() { 0x20 } else { 0 }));
    }

    fn letters(&self) -> impl Iterator<Item = u8> {
        self.head.iter().take(usize::from(self.len)).chain(&self.more).copied()
    }

    /// The letters as text; `None` when there are none.
    pub(crate) fn text(&self) -> Option<Box<str>> {
        let text: String = self.letters().map(char::from).collect();
        (!text.is_empty()).then(|| text.into())
    }

    /// Zeek's test for a SYN, then a reset, and nothing that means data between them.
    pub(crate) fn is_syn_then_reset(&self) -> bool {
        let text = self.text().unwrap_or_default();
        let text = text.strip_prefix('^').unwrap_or(&text);
        text.starts_with('S')
            && text.split('R').next().is_some_and(|before| {
                before.len() < text.len() && !before.contains(['H', 'A', 'F', 'G', 'I', 'Q'])
            })
    }

    fn raw(&mut self, letter: u8) {
        if let Some(slot) = self.head.get_mut(usize::from(self.len)) {
            *slot = letter;
            self.len += 1;
        } else if self.more.len() + INLINE < MAX_LETTERS {
            self.more.push(letter);
        }
    }
}

const fn cased(is_orig: bool, letter: u8) -> u8 {
    if is_orig { letter } else { letter.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_letters_come_at_powers_of_ten() {
        let (mut history, mut count) = (History::default(), Scaled::default());
        (0..100).for_each(|_| history.scaled(true, b'T', &mut count));
        assert_eq!(history.text().as_deref(), Some("TTT"));
    }

    #[test]
    fn letters_are_once_a_side_and_follow_a_flip() {
        let mut history = History::default();
        (0..2).for_each(|_| history.once(false, b'D'));
        history.flip();
        history.once(true, b'D');
        history.once(false, b'D');
        assert_eq!(history.text().as_deref(), Some("d^d"));
        history.flip_from_start();
        assert_eq!(history.text().as_deref(), Some("^D^D"));
    }

    #[test]
    fn a_flood_of_letters_stops_at_the_limit() {
        let mut history = History::default();
        (0..MAX_LETTERS + 9).for_each(|_| history.push(true, b'S'));
        assert_eq!(history.text().unwrap().len(), MAX_LETTERS);
    }

    #[test]
    fn syn_then_reset_is_told_from_a_connection() {
        let of = |letters: &str| {
            let mut history = History::default();
            letters.bytes().for_each(|b| history.raw(b));
            history.is_syn_then_reset()
        };
        assert!(of("SR") && of("^SR") && of("STRa"));
        assert!(!of("SAR") && !of("S") && !of("R"));
    }
}
