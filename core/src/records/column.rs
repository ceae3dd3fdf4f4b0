//! One column of a chunk: only the cells that are set, and a bitmap that says which those are.

/// Cells of one column. A column that nothing was put into owns no memory.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// One bit a row, up to the last row that is set.
    bits: Vec<u64>,
    /// For each word of `bits`, how many cells are set before it.
    ranks: Vec<u16>,
    /// The set cells, [`Column::width`] bytes each, little end first.
    data: Vec<u8>,
    width: u8,
    len: u16,
}

impl Column {
    /// An empty column of cells of `width` bytes, at most 8.
    pub(super) const fn new(width: u8) -> Self {
        Self { bits: Vec::new(), ranks: Vec::new(), data: Vec::new(), width, len: 0 }
    }

    /// Sets the cell of `row`. Rows come in rising order, each at most once.
    pub(super) fn push(&mut self, row: usize, cell: u64) {
        let word = row / 64;
        while self.bits.len() <= word {
            self.bits.push(0);
            self.ranks.push(self.len);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (row % 64);
        }
        let bytes = cell.to_le_bytes();
        self.data.extend_from_slice(bytes.get(..usize::from(self.width)).unwrap_or(&bytes));
        self.len += 1;
    }

    /// The cell of `row`, if it is set.
    pub(super) fn get(&self, row: usize) -> Option<u64> {
        let bits = self.bits.get(row / 64)?;
        let bit = 1 << (row % 64);
        if bits & bit == 0 {
            return None;
        }
        let before = (bits & (bit - 1)).count_ones() as usize;
        let nth = usize::from(*self.ranks.get(row / 64)?) + before;
        let width = usize::from(self.width);
        let cell = self.data.get(nth * width..(nth + 1) * width)?;
        let mut bytes = [0; 8];
        bytes.get_mut(..width)?.copy_from_slice(cell);
        Some(u64::from_le_bytes(bytes))
    }

    /// Bytes that it holds.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let bytes = self.bits.capacity() * 8 + self.ranks.capacity() * 2 + self.data.capacity();
        bytes + size_of::<Self>()
    }

    /// Gives back what was reserved for cells that did not come.
    pub(super) fn shrink(&mut self) {
        self.bits.shrink_to_fit();
        self.ranks.shrink_to_fit();
        self.data.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_where_they_were_put_and_nowhere_else() {
        let mut column = Column::new(6);
        let rows = [0, 1, 63, 64, 200, 4095];
        rows.iter().for_each(|r| column.push(*r, *r as u64 * 1_000_000_007));
        for row in 0..4097 {
            let want = rows.contains(&row).then_some(row as u64 * 1_000_000_007);
            assert_eq!(column.get(row), want);
        }
    }
}
