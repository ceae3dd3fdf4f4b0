//! The two sides of a connection, in an order that is the same for every peer.

/// Address and port of one side, as far as they are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct End {
    pub(crate) addr: Option<String>,
    pub(crate) port: Option<String>,
}

impl End {
    /// An address in the one form that all share.
    pub(crate) fn new(addr: Option<String>, port: Option<String>) -> Self {
        let plain = |text: String| match text.parse::<std::net::IpAddr>() {
            Ok(addr) => addr.to_string(),
            Err(_) => text,
        };
        Self { addr: addr.map(plain), port }
    }

    /// Those of a record or row whose fields `get` gives.
    pub(crate) fn both(get: impl Fn(&str) -> Option<String>) -> [Self; 2] {
        ["orig", "resp"]
            .map(|side| Self::new(get(&format!("id.{side}_h")), get(&format!("id.{side}_p"))))
    }

    /// True when it says nothing that `other` contradicts.
    pub(crate) fn fits(&self, other: &Self) -> bool {
        let fits = |a: &Option<String>, b: &Option<String>| a.is_none() || a == b;
        fits(&self.addr, &other.addr) && fits(&self.port, &other.port)
    }
}

/// What each side has, the lesser side first: whoever began counts for nothing.
pub(crate) fn by_side(sides: &[End; 2], values: [Option<String>; 2]) -> Option<String> {
    let [a, b] = sides;
    let [of_a, of_b] = values.map(|v| v.unwrap_or_else(|| "0".into()));
    if a == b {
        // A host that speaks to itself has no sides.
        let sum = [of_a, of_b].iter().filter_map(|v| v.parse::<u64>().ok()).sum::<u64>();
        return Some(sum.to_string());
    }
    Some(if a <= b { format!("{of_a} {of_b}") } else { format!("{of_b} {of_a}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(addr: &str, port: Option<&str>) -> End {
        End::new(Some(addr.into()), port.map(Into::into))
    }

    #[test]
    fn what_sides_have_stands_in_one_order_whoever_began() {
        let (a, b) = (end("10.0.0.1", Some("1")), end("10.0.0.2", Some("2")));
        let values = |x: &str, y: &str| [Some(x.to_owned()), Some(y.to_owned())];
        assert_eq!(by_side(&[a.clone(), b.clone()], values("3", "4")).as_deref(), Some("3 4"));
        assert_eq!(by_side(&[b, a.clone()], values("4", "3")).as_deref(), Some("3 4"));
        assert_eq!(by_side(&[a.clone(), a], values("3", "4")).as_deref(), Some("7"));
    }

    #[test]
    fn an_address_has_one_form_and_what_is_not_told_fits() {
        assert_eq!(end("2001:DB8:0::1", None), end("2001:db8::1", None));
        assert!(end("10.0.0.1", None).fits(&end("10.0.0.1", Some("80"))));
        assert!(!end("10.0.0.1", Some("81")).fits(&end("10.0.0.1", Some("80"))));
    }
}
