//! Whether a name that a client asked for is among a certificate's names (RFC 6125 section 6.4).

use crate::text::Text;

/// True when one of `names` is for the host. ASCII case and a final dot do not count; a `*` stands
/// for exactly the left-most label. Addresses match as they are.
pub fn covers(names: &[Text], host: &str) -> bool {
    let host = fold(host);
    names.iter().any(|name| matches(&fold(name), &host))
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        // No wildcard for a whole top-level domain, and none inside the rest.
        Some(rest) => {
            rest.contains('.')
                && host
                    .split_once('.')
                    .is_some_and(|(label, tail)| !label.is_empty() && tail == rest)
        }
        None => pattern == host && !host.is_empty(),
    }
}

fn fold(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(name: &str, host: &str) -> bool {
        covers(&[name.into()], host)
    }

    #[test]
    fn names_match_without_case_and_final_dot() {
        assert!(covered("www.Example.org", "WWW.example.org."));
        assert!(!covered("example.org", "www.example.org"));
        assert!(covered("192.0.2.1", "192.0.2.1"));
        assert!(!covered("", ""));
    }

    #[test]
    fn a_wildcard_stands_for_one_left_most_label() {
        assert!(covered("*.example.org", "www.example.org"));
        assert!(!covered("*.example.org", "example.org"));
        assert!(!covered("*.example.org", "a.b.example.org"));
        assert!(!covered("*.example.org", ".example.org"));
        assert!(!covered("w*.example.org", "www.example.org"));
        assert!(!covered("www.*.org", "www.example.org"));
        assert!(!covered("*.org", "example.org"));
    }
}
