//! What is searched for: text in ASCII, UTF-8 and UTF-16, or bytes.

use std::fmt;

/// Longest pattern in characters or bytes: a search compares at most so many at each place.
pub const MAX_PATTERN: usize = 256;

/// A pattern in all its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    forms: Vec<Form>,
}

/// One sequence of bytes, some of which are letters of either case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Form {
    name: &'static str,
    /// Letters that are folded are in lower case.
    bytes: Vec<u8>,
    is_folded: Vec<bool>,
}

/// Why a pattern makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternError {
    /// It is empty.
    Empty,
    /// It is longer than [`MAX_PATTERN`].
    TooLong,
    /// It holds something other than pairs of hexadecimal digits.
    NotHex,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing to search for"),
            Self::TooLong => write!(f, "longer than {MAX_PATTERN}"),
            Self::NotHex => f.write_str("not pairs of hexadecimal digits"),
        }
    }
}

impl std::error::Error for PatternError {}

impl Pattern {
    /// A text: in UTF-8 (which ASCII is part of) and UTF-16 of little endian, ASCII letters in
    /// either case.
    pub fn text(text: &str) -> Result<Self, PatternError> {
        let n = text.chars().count();
        if n == 0 {
            return Err(PatternError::Empty);
        }
        if n > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        let narrow = text.bytes().map(|b| (b, b.is_ascii_alphabetic()));
        let wide = text.encode_utf16().flat_map(|unit| {
            let [low, high] = unit.to_le_bytes();
            [(low, high == 0 && low.is_ascii_alphabetic()), (high, false)]
        });
        Ok(Self { forms: vec![Form::new("text", narrow), Form::new("utf-16", wide)] })
    }

    /// Bytes by their hexadecimal digits; spaces and colons may stand between them.
    pub fn hex(hex: &str) -> Result<Self, PatternError> {
        let digits: Option<Vec<u8>> = hex
            .chars()
            .filter(|c| !matches!(c, ' ' | ':'))
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect();
        let digits = digits.filter(|d| d.len() % 2 == 0).ok_or(PatternError::NotHex)?;
        let bytes = digits.chunks(2).map(|pair| (pair.iter().fold(0, |n, d| n << 4 | d), false));
        match digits.len() / 2 {
            0 => Err(PatternError::Empty),
            n if n > MAX_PATTERN => Err(PatternError::TooLong),
            _ => Ok(Self { forms: vec![Form::new("bytes", bytes)] }),
        }
    }

    /// Calls `on` with every place where a form begins, its length and its name.
    pub(super) fn find(&self, data: &[u8], on: &mut dyn FnMut(usize, usize, &'static str)) {
        for form in &self.forms {
            form.find(data, &mut |at| on(at, form.bytes.len(), form.name));
        }
    }

    /// Length of its longest form.
    pub(super) fn longest(&self) -> usize {
        self.forms.iter().map(|f| f.bytes.len()).max().unwrap_or(0)
    }
}

impl Form {
    fn new(name: &'static str, bytes: impl Iterator<Item = (u8, bool)>) -> Self {
        let fold = |(b, folds): (u8, bool)| (if folds { b.to_ascii_lowercase() } else { b }, folds);
        let (bytes, is_folded) = bytes.map(fold).unzip();
        Self { name, bytes, is_folded }
    }

    fn find(&self, data: &[u8], on: &mut dyn FnMut(usize)) {
        let (Some(first), Some(folds)) = (self.bytes.first(), self.is_folded.first()) else {
            return;
        };
        let other = if *folds { first.to_ascii_uppercase() } else { *first };
        for at in memchr::memchr2_iter(*first, other, data) {
            if data.get(at..at + self.bytes.len()).is_some_and(|here| self.is(here)) {
                on(at);
            }
        }
    }

    fn is(&self, here: &[u8]) -> bool {
        let mine = self.bytes.iter().zip(&self.is_folded);
        here.iter()
            .zip(mine)
            .all(|(b, (want, folds))| b == want || (*folds && b.to_ascii_lowercase() == *want))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pattern: &Pattern, data: &[u8]) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        pattern.find(data, &mut |at, _, form| found.push((at, form)));
        found
    }

    #[test]
    fn text_is_found_in_either_case_and_in_utf_16() {
        let pattern = Pattern::text("Pass-é").unwrap();
        let mut data = "xxpASS-é".as_bytes().to_vec();
        data.extend("pASs-é".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(places(&pattern, &data), [(2, "text"), (9, "utf-16")]);
        // Only ASCII letters are folded, and never the high byte of a character.
        assert!(places(&pattern, "PASS-É".as_bytes()).is_empty());
        let wide = Pattern::text("\u{4161}").unwrap();
        assert_eq!(places(&wide, &[0x61, 0x61]), []);
        assert_eq!(places(&wide, &[0x61, 0x41]), [(0, "utf-16")]);
    }

    #[test]
    fn bytes_are_found_exactly_and_overlapping() {
        let pattern = Pattern::hex("61:61 61").unwrap();
        assert_eq!(places(&pattern, b"aaaaAaa"), [(0, "bytes"), (1, "bytes")]);
    }

    #[test]
    fn patterns_that_make_no_sense_are_refused() {
        assert_eq!(Pattern::text(""), Err(PatternError::Empty));
        assert_eq!(Pattern::hex(" "), Err(PatternError::Empty));
        assert_eq!(Pattern::hex("abc"), Err(PatternError::NotHex));
        assert_eq!(Pattern::hex("xy"), Err(PatternError::NotHex));
        assert!(Pattern::text(&"é".repeat(MAX_PATTERN)).is_ok());
        assert_eq!(Pattern::text(&"é".repeat(MAX_PATTERN + 1)), Err(PatternError::TooLong));
        assert!(Pattern::hex(&"00".repeat(MAX_PATTERN)).is_ok());
        assert_eq!(Pattern::hex(&"00".repeat(MAX_PATTERN + 1)), Err(PatternError::TooLong));
    }
}
