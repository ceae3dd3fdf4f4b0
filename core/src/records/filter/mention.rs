//! A name looked for as a whole: `evil.org` in a URL or a list, but not inside `notevil.org`.

use memchr::memmem::Finder;

/// A text that is looked for where nothing goes on before or behind it, in either case.
#[derive(Debug)]
pub(super) struct Mention {
    needle: Finder<'static>,
    /// An IPv6 address goes on behind a colon too.
    has_colon: bool,
}

impl Mention {
    /// A mention of `text`. An empty one is mentioned nowhere.
    pub(super) fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        Self { needle: Finder::new(&lower).into_owned(), has_colon: text.contains(':') }
    }

    /// True when `text` has the name, and there neither the end nor the beginning of a longer one.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let len = self.needle.needle().len();
        let text = text.to_ascii_lowercase();
        let text = text.as_bytes();
        len > 0 && self.needle.find_iter(text).any(|at| self.is_whole(text, at, at + len))
    }

    fn is_whole(&self, text: &[u8], start: usize, end: usize) -> bool {
        let goes_on =
            |at: Option<usize>| at.and_then(|i| text.get(i)).is_some_and(|b| self.is_word(*b));
        let is_dot = |at: Option<usize>| at.and_then(|i| text.get(i)) == Some(&b'.');
        let (before, behind) = (start.checked_sub(1), Some(end));
        // A dot belongs to a longer name only if that goes on behind the dot.
        !(goes_on(before)
            || goes_on(behind)
            || is_dot(before) && goes_on(start.checked_sub(2))
            || is_dot(behind) && goes_on(Some(end + 1)))
    }

    /// What names and addresses are made of; letters outside of ASCII are in names too.
    const fn is_word(&self, b: u8) -> bool {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | 0x80..)
            || (b == b':' && self.has_colon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_mentioned_whole_or_not_at_all() {
        let is = |name: &str, text: &str| Mention::new(name).is_in(text);
        for text in [
            "evil.org",
            "EVIL.org.",
            "http://evil.org:8080/x",
            "CN=evil.org,O=x",
            "*.evil.org",
            "a@evil.org",
            "notevil.org and evil.org.",
        ] {
            assert!(is("evil.org", text), "{text}");
        }
        for text in ["notevil.org", "c2.evil.org", "evil.org.uk", "evil.organic", "x-evil.org", ""]
        {
            assert!(!is("evil.org", text), "{text}");
        }
        assert!(is("10.0.0.1", "from 10.0.0.1:80") && !is("10.0.0.1", "10.0.0.12, 110.0.0.1"));
        assert!(is("2001:db8::1", "[2001:db8::1]") && !is("2001:db8::1", "2001:db8::1:2"));
        assert!(is("é.example", "É.example é.example") && !is("e.example", "ée.example"));
        assert!(!is("", "anything"));
    }

    #[test]
    fn many_beginnings_cost_no_more_than_their_number() {
        let text = "a.".repeat(50_000);
        assert!(!Mention::new("a.a").is_in(&text));
    }
}
