//! A cursor over hostile bytes: every read is checked, none can panic.

/// Reads forward over a slice; each method is `None` past the end and then moves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    all: &'a [u8],
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `all`.
    pub const fn new(all: &'a [u8]) -> Self {
        Self { all, pos: 0 }
    }

    /// Bytes read so far.
    pub const fn pos(&self) -> usize {
        self.pos
    }

    /// What is left to read.
    pub fn rest(&self) -> &'a [u8] {
        self.all.get(self.pos..).unwrap_or_default()
    }

    /// True when nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.pos >= self.all.len()
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let end = self.pos.checked_add(n)?;
        let out = self.all.get(self.pos..end)?;
        self.pos = end;
        Some(out)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[b]| b)
    }

    /// Two bytes, network order.
    pub fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes, network order.
    pub fn be24(&mut self) -> Option<u32> {
        self.array::<3>().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Four bytes, network order.
    pub fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, network order.
    pub fn be64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Two bytes, little end first.
    pub fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes, little end first.
    pub fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, little end first.
    pub fn le64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_past_the_end_is_none_and_moves_nothing() {
        let mut c = Cursor::new(&[1, 2, 3]);
        assert_eq!(c.be16(), Some(0x0102));
        assert_eq!(c.be16(), None);
        assert_eq!(c.take(usize::MAX), None);
        assert_eq!((c.pos(), c.rest()), (2, &[3][..]));
    }
}
