//! What a certificate says of its public key: kind, length, exponent, curve.

use super::oid;
use crate::event;
use x509_parser::der_parser::asn1_rs::{Any, FromDer, Integer, Sequence, Tag};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Bytes of an RSA exponent that are written in decimal. Real ones have three; writing a long
/// number in decimal takes time that grows with its square.
pub const MAX_EXPONENT: usize = 64;

/// Fills the fields of the key.
pub fn fill(row: &mut event::X509, key: &SubjectPublicKeyInfo<'_>) {
    row.key_alg = Some(oid::algorithm(&key.algorithm.algorithm).into());
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            row.key_type = Some("rsa".into());
            row.key_length = Some(bits(rsa.modulus));
            row.exponent = decimal(rsa.exponent).map(Into::into);
        }
        Ok(PublicKey::DSA(_)) => {
            row.key_type = Some("dsa".into());
            row.key_length = dsa_prime_bits(key);
        }
        Ok(PublicKey::EC(_)) => {
            row.key_type = Some("ecdsa".into());
            // Anything else there spells a curve out: it has no name, whatever curve it is.
            let is_named = |any: &&Any<'_>| any.tag() == Tag::Oid;
            let curve = key.algorithm.parameters.as_ref().filter(is_named);
            let curve = curve.and_then(|any| any.as_oid().ok());
            let dotted = curve.as_ref().map(oid::dotted);
            let known = dotted.as_deref().and_then(oid::curve);
            row.key_length = known.map(|(_, bits)| bits);
            row.curve = known.map(|(name, _)| name.into()).or(dotted.map(Into::into));
        }
        _ => {}
    }
}

/// Bits of a positive integer in big-endian bytes.
fn bits(number: &[u8]) -> u64 {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    let rest = number.get(zeros..).unwrap_or_default();
    let top = rest.first().map_or(0, |b| b.leading_zeros());
    (rest.len() as u64 * 8).saturating_sub(u64::from(top))
}

/// Dss-Parms of RFC 3279 section 2.3.2 begin with the prime.
fn dsa_prime_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u64> {
    let parameters: Sequence<'_> = key.algorithm.parameters.clone()?.try_into().ok()?;
    let (_, prime) = Integer::from_der(&parameters.content).ok()?;
    Some(bits(prime.as_ref()))
}

/// Big-endian bytes as a decimal number.
fn decimal(number: &[u8]) -> Option<String> {
    if number.len() > MAX_EXPONENT {
        return None;
    }
    // Base 10^9, lowest first.
    let mut limbs: Vec<u64> = vec![0];
    for byte in number {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = (*limb << 8) + carry;
            *limb = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut limbs = limbs.iter().rev();
    let first = limbs.next()?.to_string();
    Some(limbs.fold(first, |text, limb| format!("{text}{limb:09}")))
}

/// The named curve of an explicit identifier, for tests of the table.
#[cfg(test)]
fn curve_of(bytes: &'static [u8]) -> Option<(&'static str, u64)> {
    let oid = x509_parser::der_parser::asn1_rs::Oid::new(bytes.into());
    oid::curve(&oid::dotted(&oid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_and_written() {
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[]), 0);
        assert_eq!(decimal(&[1, 0, 1]).unwrap(), "65537");
        assert_eq!(decimal(&[0xff; 9]).unwrap(), "4722366482869645213695");
        assert_eq!(decimal(&[1, 0, 0, 0, 0]).unwrap(), "4294967296");
        assert!(decimal(&[1; MAX_EXPONENT]).is_some());
        assert_eq!(decimal(&[1; MAX_EXPONENT + 1]), None);
        assert_eq!(curve_of(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]), Some(("prime256v1", 256)));
    }
}
