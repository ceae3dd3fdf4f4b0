//! Plain text laid out for a terminal: wrapped, aligned, and with nothing hidden in it.

use crate::text::visible;
use std::fmt::Write;

/// Columns that running text is wrapped at; tables and evidence may be wider.
pub(super) const WIDTH: usize = 96;
/// A column is at most this wide: one long value pushes the rest of its own row aside, and does not
/// tear all others apart.
const MAX_COLUMN: usize = 40;

/// Text being laid out, and whether anything stands before it.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    is_begun: bool,
}

impl Page {
    /// Gives what has been laid out since the last time.
    pub(super) fn pour<E>(&mut self, to: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        to(&self.text)?;
        self.is_begun |= !self.text.is_empty();
        self.text.clear();
        Ok(())
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A section's title.
    pub(super) fn heading(&mut self, title: &str) {
        if self.is_begun || !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{title}\n{}", "=".repeat(title.chars().count()));
    }

    /// Running text, wrapped, each line indented.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        self.hanging(indent, indent, text);
    }

    /// Running text whose first line is indented by `first` and the others by `rest`.
    pub(super) fn hanging(&mut self, first: usize, rest: usize, text: &str) {
        let text = visible(text);
        let mut column = first;
        self.text.push_str(&" ".repeat(first));
        let mut is_start = true;
        for word in text.split(' ') {
            let width = word.chars().count();
            if !is_start && column + 1 + width > WIDTH {
                let _ = write!(self.text, "\n{}", " ".repeat(rest));
                column = rest;
                is_start = true;
            }
            if !is_start {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
            is_start = false;
        }
        self.text.push('\n');
    }

    /// A word in a column of its own, and text beside it.
    pub(super) fn beside(&mut self, indent: usize, label: &str, text: &str) {
        const LABEL: usize = 12;
        let mut whole = format!("{label:<LABEL$}");
        whole.push_str(text);
        self.hanging(indent, indent + LABEL, &whole);
    }

    /// Rows with their columns aligned; the last column is not padded.
    pub(super) fn table(&mut self, indent: usize, rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|r| r.iter().map(|c| visible(c).into_owned()).collect()).collect();
        let n = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |i: usize| {
            let cells = rows.iter().filter_map(|r| Some(r.get(i)?.chars().count()));
            cells.filter(|n| *n <= MAX_COLUMN).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..n).map(width).collect();
        for row in &rows {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(line, "{cell:<width$}  ");
            }
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cell_moves_its_own_row_only() {
        let row = |value: String| vec!["serial".to_owned(), value, "observed".to_owned()];
        let mut page = Page::default();
        page.table(
            0,
            &[row("7".repeat(MAX_COLUMN)), row("1".into()), row("9".repeat(MAX_COLUMN + 1))],
        );
        let places = |line: &str| line.find("observed").unwrap();
        let found: Vec<usize> = page.text.lines().map(places).collect();
        assert_eq!(found, [50, 50, 51]);
    }
}
