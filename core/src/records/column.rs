//! One column of a chunk: only the cells that are set, and a bitmap that says which those are.

/// Cells of one column. A column that nothing was put into owns no memory.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// One bit a row, up to the last row that is set.
    bits: Vec<u64>,
    /// For each word of `bits`, how many cells are set before it.
    ranks: Vec<u16>,
    /// What the set cells are above `base`, `width` bytes each, little end first.
    data: Vec<u8>,
    base: u64,
    width: u8,
    len: u16,
}

impl Column {
    /// An empty column of cells of `width` bytes, at most 8.
    pub(super) const fn new(width: u8) -> Self {
        Self { bits: Vec::new(), ranks: Vec::new(), data: Vec::new(), base: 0, width, len: 0 }
    }

    /// Sets the cell of `row`. Rows come in rising order, each at most once, and none once it is sealed.
    pub(super) fn push(&mut self, row: usize, cell: u64) {
        let word = row / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
            self.ranks.resize(word + 1, self.len);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (row % 64);
        }
        write(&mut self.data, cell, usize::from(self.width));
        self.len += 1;
    }

    /// The cell of `row`, if it is set. Not inlined: many places ask, and their copies of it would
    /// make the page larger.
    #[inline(never)]
    pub(super) fn get(&self, row: usize) -> Option<u64> {
        let bits = self.bits.get(row / 64)?;
        let bit = 1 << (row % 64);
        if bits & bit == 0 {
            return None;
        }
        let before = (bits & (bit - 1)).count_ones() as usize;
        self.nth(usize::from(*self.ranks.get(row / 64)?) + before)
    }

    /// The nth of the cells that are set.
    fn nth(&self, nth: usize) -> Option<u64> {
        let width = usize::from(self.width);
        let from = self.data.get(nth * width..)?;
        // Read with what is behind it and then cut: a copy whose length is known needs no call.
        let cell = match from.first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes) & mask(self.width),
            None => {
                let bytes = from.get(..width)?.iter().rev();
                bytes.fold(0, |cell, byte| cell << 8 | u64::from(*byte))
            }
        };
        Some(cell.wrapping_add(self.base))
    }

    /// Bytes that it holds.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let bytes = self.bits.capacity() * 8 + self.ranks.capacity() * 2 + self.data.capacity();
        bytes + size_of::<Self>()
    }

    /// No more cells come: gives back what was reserved for them, and the bytes that none of them
    /// needs. Times of one chunk are near to each other, and most counts are small.
    pub(super) fn seal(&mut self) {
        let cells: Vec<u64> = (0..usize::from(self.len)).map_while(|n| self.nth(n)).collect();
        let (least, most) =
            cells.iter().fold((u64::MAX, 0), |(a, b), cell| (a.min(*cell), b.max(*cell)));
        self.base = least;
        self.width = (u64::BITS - most.saturating_sub(least).leading_zeros()).div_ceil(8) as u8;
        let width = usize::from(self.width);
        self.data.clear();
        for cell in cells {
            write(&mut self.data, cell - least, width);
        }
        self.data.shrink_to_fit();
        self.bits.shrink_to_fit();
        self.ranks.shrink_to_fit();
    }
}

/// Adds the lowest `width` bytes of a cell. Written whole and then cut: a copy whose length is known
/// needs no call.
fn write(data: &mut Vec<u8>, cell: u64, width: usize) {
    let end = data.len() + width;
    data.extend_from_slice(&cell.to_le_bytes());
    data.truncate(end);
}

/// The bits of the lowest `width` bytes.
const fn mask(width: u8) -> u64 {
    match u64::MAX.checked_shr(u64::BITS - 8 * width as u32) {
        Some(mask) => mask,
        None => 0,
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
        for is_sealed in [false, true] {
            if is_sealed {
                column.seal();
            }
            for row in 0..4097 {
                let want = rows.contains(&row).then_some(row as u64 * 1_000_000_007);
                assert_eq!(column.get(row), want);
            }
        }
    }

    #[test]
    fn a_sealed_column_takes_the_bytes_that_its_cells_differ_in() {
        for (cells, width) in [
            (&[][..], 0),
            (&[7, 7, 7], 0),
            (&[1 << 60, (1 << 60) + 255], 1),
            (&[1 << 60, (1 << 60) + 256], 2),
            (&[0, u64::MAX], 8),
        ] {
            let mut column = Column::new(8);
            cells.iter().enumerate().for_each(|(row, cell)| column.push(row, *cell));
            column.seal();
            assert_eq!(column.data.capacity(), cells.len() * width, "{cells:?}");
            let back: Vec<u64> = (0..9).map_while(|row| column.get(row)).collect();
            assert_eq!(back, cells);
        }
    }
}
