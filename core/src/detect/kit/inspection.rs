//! TLS inspection: one issuer that stands behind most of what a network asks for.

/// Registered domains behind one issuer from which on it is an inspecting proxy's: no authority
/// is behind most of what a network asks for.
const MIN_DOMAINS: usize = 10;
/// Share of all registered domains that the issuer then stands behind.
const MIN_SHARE: f64 = 0.6;

/// True when an issuer behind `n` of `all` registered domains is behind most of them.
pub fn is_most(n: usize, all: usize) -> bool {
    n >= MIN_DOMAINS && n as f64 >= MIN_SHARE * all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_floors() {
        assert!(is_most(10, 10) && !is_most(9, 9));
        assert!(is_most(15, 25) && !is_most(15, 26));
    }
}
