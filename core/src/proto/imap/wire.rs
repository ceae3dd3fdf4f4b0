//! IMAP's lines (RFC 9051 section 9): commands, answers, and the literals inside them.

use super::super::line::{Liner, Next};
use super::super::{Dir, Probe, Step, Then};

/// Longest line that counts, literals counted in: RFC 7162 section 4 advises 8192 octets.
const MAX_LINE: usize = 8192;
/// Commands that a client sends before it has logged in.
const FIRST: [&[u8]; 7] =
    [b"CAPABILITY", b"LOGIN", b"AUTHENTICATE", b"STARTTLS", b"ID", b"NOOP", b"LOGOUT"];

/// Looks at the first bytes of a direction.
pub fn probe(dir: Dir, data: &[u8]) -> Probe {
    match dir {
        Dir::Resp if data.starts_with(b"* OK ") || data.starts_with(b"* PREAUTH ") => Probe::Yes,
        Dir::Resp if data.starts_with(b"* BYE ") => Probe::Maybe,
        Dir::Resp if data.len() < 10 && b"* PREAUTH ".starts_with(data) => Probe::NeedMore,
        Dir::Resp if data.len() < 5 && b"* OK ".starts_with(data) => Probe::NeedMore,
        Dir::Resp => Probe::No,
        Dir::Orig => {
            let line = data.split(|b| *b == b'\r').next().unwrap_or_default();
            match command(line) {
                Some((_, verb, _)) if FIRST.iter().any(|f| f.eq_ignore_ascii_case(verb)) => {
                    Probe::Maybe
                }
                _ if line.len() == data.len() && data.len() < 64 && is_tag_start(data) => {
                    Probe::NeedMore
                }
                _ => Probe::No,
            }
        }
    }
}

fn is_tag_start(data: &[u8]) -> bool {
    data.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b' ' | b'_' | b'-'))
}

/// Tag, verb and arguments of a client's line.
pub fn command(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut parts = line.splitn(3, |b| *b == b' ');
    let (tag, verb) = (parts.next()?, parts.next()?);
    let is_tag = !tag.is_empty() && is_tag_start(tag);
    let is_verb = !verb.is_empty() && verb.iter().all(u8::is_ascii_alphabetic);
    (is_tag && is_verb).then(|| (tag, verb, parts.next().unwrap_or_default()))
}

/// Tag, status and text of a server's line that has one.
pub fn status(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut parts = line.splitn(3, |b| *b == b' ');
    let (tag, status) = (parts.next()?, parts.next()?);
    let known: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
    let is_status = known.iter().any(|k| k.eq_ignore_ascii_case(status));
    (is_status && !tag.is_empty()).then(|| (tag, status, parts.next().unwrap_or_default()))
}

/// The atoms and quoted strings of arguments, unquoted.
pub fn strings(args: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut rest = args.iter().copied();
    std::iter::from_fn(move || {
        let mut out = Vec::new();
        let first = rest.find(|b| *b != b' ')?;
        if first != b'"' {
            out.push(first);
            out.extend(rest.by_ref().take_while(|b| *b != b' '));
            return Some(out);
        }
        while let Some(b) = rest.next().filter(|b| *b != b'"') {
            out.push(if b == b'\\' { rest.next()? } else { b });
        }
        Some(out)
    })
}

/// The length of the literal that a line announces at its end: `{5}` or `{5+}`.
fn literal(line: &[u8]) -> Option<(&[u8], u64)> {
    let inner = line.strip_suffix(b"}")?;
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let open = memchr::memrchr(b'{', inner)?;
    let n = std::str::from_utf8(inner.get(open + 1..)?).ok()?.parse().ok()?;
    Some((line.get(..open)?, n))
}

/// Cuts one direction into lines, literals put into them as quoted strings.
#[derive(Debug, Default)]
pub struct Lines {
    liner: Liner,
    /// The start of a line whose literal is coming, and the literal as far as it came.
    open: Vec<u8>,
    /// Bytes of the literal still to come.
    left: u64,
    is_open: bool,
}

impl Lines {
    /// Hands out each line, cut at a length of our own.
    pub fn each(&mut self, data: &[u8], line: &mut dyn FnMut(&[u8]) -> Then) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            if self.left > 0 {
                used += self.take_literal(rest);
                continue;
            }
            match self.liner.next(rest, MAX_LINE) {
                Next::Line { line: text, used: n, is_cut } => {
                    used += n;
                    if let Some((head, n)) = literal(text).filter(|_| !is_cut) {
                        self.put(head);
                        self.put(b"\"");
                        (self.left, self.is_open) = (n, true);
                        if n == 0 {
                            self.put(b"\"");
                        }
                        continue;
                    }
                    let step = if std::mem::take(&mut self.is_open) {
                        self.put(text);
                        line(&std::mem::take(&mut self.open)).step(used)
                    } else {
                        line(text).step(used)
                    };
                    if let Some(step) = step {
                        return step;
                    }
                }
                Next::Skip(n) => used += n,
                Next::More => return Step::More { used, need: rest.len() + 1 },
            }
        }
    }

    /// Bytes are missing: a literal may swallow them.
    pub fn gap(&mut self, len: u64) {
        match self.left.checked_sub(len) {
            Some(left) if self.left > 0 => {
                self.left = left;
                if left == 0 {
                    self.put(b"\"");
                }
            }
            _ => *self = Self::default(),
        }
    }

    /// Uses up what is there of a literal.
    fn take_literal(&mut self, data: &[u8]) -> usize {
        let n = usize::try_from(self.left).unwrap_or(usize::MAX).min(data.len());
        for b in data.iter().take(n.min(MAX_LINE)) {
            if matches!(b, b'"' | b'\\') {
                self.put(b"\\");
            }
            self.put(&[*b]);
        }
        self.left -= n as u64;
        if self.left == 0 {
            self.put(b"\"");
        }
        n
    }

    fn put(&mut self, bytes: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.open.len());
        self.open.extend(bytes.iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes() {
        assert_eq!(probe(Dir::Resp, b"* OK IMAP4 ready\r\n"), Probe::Yes);
        assert_eq!(probe(Dir::Resp, b"* O"), Probe::NeedMore);
        assert_eq!(probe(Dir::Resp, b"* LIST"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"A001 LOGIN joe x\r\n"), Probe::Maybe);
        assert_eq!(probe(Dir::Orig, b"A001 "), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, b"GET / HTTP/1.1\r\n"), Probe::No);
    }

    #[test]
    fn arguments_and_literals() {
        let got: Vec<_> = strings(b" a \"b c\\\"\" d").collect();
        assert_eq!(got, [&b"a"[..], b"b c\"", b"d"]);
        assert_eq!(literal(b"a LOGIN {12+}"), Some((&b"a LOGIN "[..], 12)));
        assert_eq!(literal(b"a {x}"), None);
    }

    #[test]
    fn long_literals_are_passed_over_and_bounded() {
        for (n, kept) in [(100, 100), (MAX_LINE + 1, MAX_LINE - 2)] {
            let data = [format!("x {{{n}}}\r\n").as_bytes(), &vec![b'y'; n], b"\r\nz\r\n"].concat();
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            let step = lines.each(&data, &mut |line| {
                got.push(line.iter().filter(|b| **b == b'y').count());
                Then::GoOn
            });
            assert_eq!(step, Step::Done);
            assert_eq!(got, [kept - usize::from(kept > 100), 0]);
        }
        let mut lines = Lines::default();
        assert_eq!(lines.each(b"a {9}\r\n", &mut |_| Then::GoOn), Step::Done);
        lines.gap(4);
        let mut got = Vec::new();
        lines.each(b"12345 b\r\n", &mut |line| {
            got.push(line.to_vec());
            Then::GoOn
        });
        assert_eq!(got, [b"a \"12345\" b"]);
    }
}
