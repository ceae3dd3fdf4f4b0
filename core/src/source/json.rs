//! One JSON object as a flat list of its values, each with its path and its place in the bytes.
//!
//! Hand-written because three things are needed that a general parser hides: numbers in the digits
//! they were written with (times are not floats), the byte range of every value (for showing a
//! row), and a bound on depth and count that hostile input cannot get past. Not recursive.

use crate::event::Raw;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// Deepest nesting that is read. EVE, the deepest real log, has 6.
pub const MAX_DEPTH: usize = 32;
/// Most values of one object that are read. The widest real rows have some 300.
pub const MAX_LEAVES: usize = 10_000;
/// Longest path that is read, in bytes: each value below it has a copy. EVE's longest have some 60.
const MAX_PATH: usize = 1000;

/// One value of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf<'a> {
    /// Its keys from the outside in, joined by points: `id.orig_h`.
    pub path: Cow<'a, str>,
    /// The value; a list of scalars is one value.
    pub value: Raw<'a>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// Why an object could not be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Offset of the byte that does not fit.
    pub at: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.why, self.at)
    }
}

/// The values of the object that `bytes` begins with. On an error those before it are in `leaves`.
pub fn flatten<'a>(bytes: &'a [u8], leaves: &mut Vec<Leaf<'a>>) -> Result<(), Broken> {
    let mut walk = Walk { bytes, pos: 0, stack: Vec::new(), leaves };
    walk.space();
    if walk.peek() != Some(b'{') {
        return Err(walk.broken("no object"));
    }
    walk.open(Cow::Borrowed(""), true)?;
    while let Some(top) = walk.stack.last() {
        if top.is_object { walk.member()? } else { walk.element()? }
    }
    Ok(())
}

/// An object or a list that is not closed yet.
struct Open<'a> {
    is_object: bool,
    is_first: bool,
    path: Cow<'a, str>,
    /// Where it began, and the scalars of a list so far.
    start: usize,
    items: Vec<Raw<'a>>,
    /// A list that holds objects gives no value of its own.
    has_objects: bool,
}

struct Walk<'a, 'l> {
    bytes: &'a [u8],
    pos: usize,
    stack: Vec<Open<'a>>,
    leaves: &'l mut Vec<Leaf<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn broken(&self, why: &'static str) -> Broken {
        Broken { at: self.pos, why }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.pos += 1;
        }
    }

    fn open(&mut self, path: Cow<'a, str>, is_object: bool) -> Result<(), Broken> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.broken("nested deeper than 32 levels"));
        }
        let start = self.pos;
        self.pos += 1;
        self.stack.push(Open {
            is_object,
            is_first: true,
            path,
            start,
            items: Vec::new(),
            has_objects: false,
        });
        Ok(())
    }

    fn leaf(
        &mut self,
        path: Cow<'a, str>,
        value: Raw<'a>,
        range: Range<usize>,
    ) -> Result<(), Broken> {
        if self.leaves.len() >= MAX_LEAVES {
            return Err(self.broken("more than 10000 values"));
        }
        self.leaves.push(Leaf { path, value, range });
        Ok(())
    }

    /// After an element: true when another follows, false when `close` ended it.
    fn more(&mut self, close: u8) -> Result<bool, Broken> {
        self.space();
        let is_first = self.stack.last_mut().is_some_and(|o| std::mem::take(&mut o.is_first));
        match self.peek() {
            Some(b) if b == close => {
                self.pos += 1;
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.pos += 1;
                self.space();
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            Some(_) => Err(self.broken("no comma between values")),
            None => Err(self.broken("the object is cut")),
        }
    }

    fn member(&mut self) -> Result<(), Broken> {
        if !self.more(b'}')? {
            self.stack.pop();
            return Ok(());
        }
        if self.peek() != Some(b'"') {
            return Err(self.broken("no key"));
        }
        let key = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.broken("no colon after a key"));
        }
        self.pos += 1;
        let path = match self.stack.last() {
            Some(open) if !open.path.is_empty() => Cow::Owned(format!("{}.{key}", open.path)),
            _ => key,
        };
        if path.len() > MAX_PATH {
            return Err(self.broken("a name of more than 1000 bytes"));
        }
        self.value(path)
    }

    fn element(&mut self) -> Result<(), Broken> {
        if !self.more(b']')? {
            let Some(open) = self.stack.pop() else { return Ok(()) };
            // A list in a list is read, but no field has that shape.
            let is_inner = self.stack.last().is_some_and(|o| !o.is_object);
            if !open.has_objects && !is_inner {
                return self.leaf(open.path, Raw::List(open.items), open.start..self.pos);
            }
            return Ok(());
        }
        let Some(open) = self.stack.last_mut() else { return Ok(()) };
        match self.bytes.get(self.pos) {
            Some(b'{') => {
                open.has_objects = true;
                let path = open.path.clone();
                self.leaf(path.clone(), Raw::Object, self.pos..self.pos)?;
                self.open(path, true)
            }
            Some(b'[') => {
                let path = open.path.clone();
                self.open(path, false)
            }
            _ => {
                if open.items.len() >= MAX_LEAVES {
                    return Err(self.broken("more than 10000 values"));
                }
                let value = self.scalar()?;
                if let Some(open) = self.stack.last_mut() {
                    open.items.push(value);
                }
                Ok(())
            }
        }
    }

    fn value(&mut self, path: Cow<'a, str>) -> Result<(), Broken> {
        self.space();
        match self.peek() {
            Some(b'{') => self.open(path, true),
            Some(b'[') => self.open(path, false),
            _ => {
                let start = self.pos;
                let value = self.scalar()?;
                self.leaf(path, value, start..self.pos)
            }
        }
    }

    fn scalar(&mut self) -> Result<Raw<'a>, Broken> {
        if self.peek() == Some(b'"') {
            return self.string().map(Raw::Text);
        }
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        let len = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
            .unwrap_or(rest.len());
        let word = rest.get(..len).and_then(|w| std::str::from_utf8(w).ok()).unwrap_or_default();
        let value = match word {
            "null" => Raw::Unset,
            "true" => Raw::Bool(true),
            "false" => Raw::Bool(false),
            _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => Raw::Number(word),
            "" if rest.is_empty() => return Err(self.broken("the object is cut")),
            _ => return Err(self.broken("no value")),
        };
        self.pos += len;
        Ok(value)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        let start = self.pos + 1;
        let mut at = start;
        let mut has_escape = false;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(step) = memchr::memchr2(b'"', b'\\', rest) else {
                self.pos = self.bytes.len();
                return Err(self.broken("a string is not closed"));
            };
            at += step;
            if self.bytes.get(at) == Some(&b'"') {
                break;
            }
            has_escape = true;
            at += 2;
        }
        let body = self.bytes.get(start..at).unwrap_or_default();
        self.pos = at + 1;
        Ok(if has_escape { Cow::Owned(unescape(&lossless(body))) } else { lossless(body) })
    }
}

/// Bytes as text, those that are not UTF-8 as `\xNN`.
fn lossless(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(String::from(crate::text::from_bytes(bytes))),
    }
}

/// Resolves the escapes of RFC 8259 section 7; what is no escape stays as written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at + 1..).unwrap_or_default();
        let Some(kind) = tail.chars().next() else {
            out.push('\\');
            return out;
        };
        rest = tail.get(kind.len_utf8()..).unwrap_or_default();
        match kind {
            '"' | '\\' | '/' => out.push(kind),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => match unicode(rest) {
                Some((c, len)) => {
                    out.push(c);
                    rest = rest.get(len..).unwrap_or_default();
                }
                None => out.push_str("\\u"),
            },
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character of `XXXX` or of a pair `XXXX\uXXXX`, and how many bytes it took.
fn unicode(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let hex = text.get(at..at + 4)?;
        hex.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(hex, 16).ok())?
    };
    let high = unit(0)?;
    if let 0xd800..0xdc00 = high {
        let low = text.get(4..6).filter(|s| *s == "\\u").and_then(|_| unit(6))?;
        let code = 0x10000 + ((high - 0xd800) << 10) + low.checked_sub(0xdc00)?;
        return char::from_u32(code).map(|c| (c, 10));
    }
    char::from_u32(high).map(|c| (c, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        let end = flatten(text.as_bytes(), &mut leaves);
        let mut out: Vec<_> =
            leaves.iter().map(|l| format!("{}={}", l.path, l.value.show())).collect();
        out.extend(end.err().map(|e| e.to_string()));
        out
    }

    #[test]
    fn values_keep_path_digits_and_place() {
        let text = br#"{"a": {"b":1.50, "c":[1,"x"]}, "d":[{"e":null},{}], "f":"\u00e9\n"}"#;
        let mut leaves = Vec::new();
        flatten(text, &mut leaves).unwrap();
        let shown: Vec<_> = leaves
            .iter()
            .map(|l| (&*l.path, String::from_utf8_lossy(&text[l.range.clone()])))
            .collect();
        assert_eq!(
            shown,
            [
                ("a.b", "1.50".into()),
                ("a.c", "[1,\"x\"]".into()),
                ("d", "".into()),
                ("d.e", "null".into()),
                ("d", "".into()),
                ("f", "\"\\u00e9\\n\"".into()),
            ]
        );
        assert_eq!(leaves[5].value, Raw::Text("é\n".into()));
    }

    #[test]
    fn escapes_that_are_none_stay_as_written() {
        assert_eq!(
            lines(r#"{"a":"\ud800","b":"\ud83d\ude00\q\\x00"}"#),
            ["a=\\ud800", "b=😀\\q\\x00"]
        );
        assert_eq!(lines("{\"a\":\"x\\u12é\"}"), ["a=x\\u12é"]);
    }

    #[test]
    fn what_is_before_the_break_is_read() {
        assert_eq!(lines(r#"{"a":1,"b":"#), ["a=1", "the object is cut at byte 11"]);
        assert_eq!(lines(r#"{"a":1 "b":2}"#), ["a=1", "no comma between values at byte 7"]);
        assert_eq!(lines(r#"{"a":x}"#), ["no value at byte 5"]);
        assert_eq!(lines(r#"{"a":"x\"#), ["a string is not closed at byte 8"]);
        assert_eq!(lines(r#"{,}"#), ["no key at byte 1"]);
        assert_eq!(lines("[1]"), ["no object at byte 0"]);
    }

    #[test]
    fn depth_and_count_have_limits() {
        let nested = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert_eq!(lines(&nested(MAX_DEPTH)).len(), 1);
        assert!(lines(&nested(MAX_DEPTH + 1))[0].starts_with("nested deeper"));
        let wide = |n: usize| format!("{{{}}}", vec!["\"a\":1"; n].join(","));
        assert_eq!(lines(&wide(MAX_LEAVES)).len(), MAX_LEAVES);
        assert!(lines(&wide(MAX_LEAVES + 1))[MAX_LEAVES].starts_with("more than"));
    }

    #[test]
    fn names_have_a_limit_since_each_value_below_has_a_copy() {
        for (is_whole, n) in [(true, MAX_PATH - 2), (false, MAX_PATH - 1)] {
            let name = "k".repeat(n);
            let text = format!("{{\"a\":1,\"{name}\":{{\"b\":2,\"c\":3}},\"d\":4}}");
            assert_eq!(lines(&text).len() == 4, is_whole, "{n}");
            assert_eq!(lines(&text)[0], "a=1");
        }
        // Escapes make a name of its own, and a list's objects have it each.
        let text = format!("{{\"\\u0061{}\":[{}{{}}]}}", "k".repeat(MAX_PATH), "{},".repeat(9));
        assert!(lines(&text)[0].starts_with("a name of more than 1000 bytes at byte 10"));
    }
}
