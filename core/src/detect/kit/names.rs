//! Domain names: who registered them, by Mozilla's Public Suffix List.

use publicsuffix::{List, Psl, Type};
use std::sync::OnceLock;

/// The list, its licence and version in its first lines.
const LIST: &str = include_str!("../../../data/public_suffix_list.dat");

/// The list, parsed on first use. This is no state: it is a constant that the compiler cannot
/// compute, the same for every case and thread, and it never changes once made.
fn list() -> &'static List {
    static PARSED: OnceLock<List> = OnceLock::new();
    PARSED.get_or_init(|| LIST.parse().unwrap_or_default())
}

/// The part of a name that somebody registered: `example.co.uk` of `a.b.example.co.uk`. `None`
/// for a bare suffix, an address, or a name that is not one.
pub fn registrable(name: &str) -> Option<&str> {
    let name = name.trim_end_matches('.');
    if name.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    // Names on the event line are lower case already; the list knows no other.
    let domain = list().domain(name.as_bytes())?;
    name.get(name.len().checked_sub(domain.as_bytes().len())?..)
}

/// True for a suffix under which the public registers names, such as `com` and `co.uk`; not for a
/// company's, such as `github.io`, and not for one that the list does not know.
pub fn is_public_suffix(name: &str) -> bool {
    let suffix = list().suffix(name.as_bytes());
    suffix.is_some_and(|s| s.typ() == Some(Type::Icann) && s.as_bytes() == name.as_bytes())
}

/// Last labels of names that only mean something inside a network (RFC 6762, appendix G, and what
/// appliances hand out): a name below them belongs to nobody outside.
const INSIDE: &[&str] = &[
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "workgroup",
];

/// True when a name can only exist inside a network.
pub fn is_inside(name: &str) -> bool {
    name.trim_end_matches('.').rsplit('.').next().is_some_and(|top| INSIDE.contains(&top))
}

/// True when both names were registered by the same owner, as far as names tell.
pub fn is_same_owner(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    registrable(&a).is_some_and(|d| registrable(&b) == Some(d))
}

/// True when a certificate's `pattern` covers `name` (RFC 9525 section 6.3): equal, or a wildcard
/// for exactly one leftmost label. Case and a final dot do not matter.
pub fn covers(pattern: &str, name: &str) -> bool {
    let norm = |s: &str| s.trim_end_matches('.').to_ascii_lowercase();
    let (pattern, name) = (norm(pattern), norm(name));
    match pattern.strip_prefix("*.") {
        Some(rest) => name.split_once('.').is_some_and(|(label, r)| !label.is_empty() && r == rest),
        None => pattern == name,
    }
}

/// The common name of a distinguished name; a comma within it is escaped.
pub fn common_name(dn: &str) -> Option<&str> {
    let start = if dn.starts_with("CN=") { 3 } else { dn.find(",CN=")? + 4 };
    let rest = dn.get(start..)?;
    let mut is_escaped = false;
    let end = rest.char_indices().find(|(_, c)| {
        let is_end = *c == ',' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    rest.get(..end.map_or(rest.len(), |(i, _)| i)).filter(|n| !n.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains() {
        assert_eq!(registrable("c2.evil.org"), Some("evil.org"));
        assert_eq!(registrable("a.b.example.co.uk."), Some("example.co.uk"));
        assert_eq!(registrable("www.host.invalid"), Some("host.invalid"));
        for none in ["co.uk", "192.0.2.1", "localhost", "", "."] {
            assert_eq!(registrable(none), None, "{none}");
        }
        assert!(is_same_owner("WWW.Example.com", "cdn.example.com"));
        assert!(!is_same_owner("a.github.io", "b.github.io"));
        assert!(LIST.contains("MPL") && LIST.contains("version 20"));
    }

    #[test]
    fn suffixes_of_the_public_and_names_of_the_inside() {
        for suffix in ["com", "co.uk"] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for other in ["example.com", "github.io", "corp", "localhost", ""] {
            assert!(!is_public_suffix(other), "{other}");
        }
        assert!(is_inside("printer.lan.") && is_inside("a.b.local"));
        assert!(!is_inside("local.example.com") && !is_inside("a.invalid"));
    }

    #[test]
    fn wildcards_cover_one_label() {
        assert!(covers("*.example.com", "www.EXAMPLE.com."));
        for name in ["example.com", "a.b.example.com", ".example.com"] {
            assert!(!covers("*.example.com", name), "{name}");
        }
        assert!(covers("example.com", "example.com"));
    }

    #[test]
    fn common_names_with_escaped_commas() {
        assert_eq!(
            common_name("CN=resource.redcanary.com,O=Cloudflare\\, Inc.,C=US"),
            Some("resource.redcanary.com")
        );
        assert_eq!(common_name("O=A\\,CN=b,CN=c\\, d"), Some("b"));
        assert_eq!(common_name("O=x,CN=c\\, d,C=DE"), Some("c\\, d"));
        assert_eq!(common_name("O=x"), None);
    }
}
