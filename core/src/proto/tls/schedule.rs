//! From secrets to keys: TLS 1.2's pseudorandom function and TLS 1.3's labelled expansion.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};

/// The hash of a cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl Hash {
    fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        fn of<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
            // A key may have any length: there is none that is refused.
            let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha256 => of::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => of::<Hmac<Sha384>>(key, parts),
        }
    }

    /// `len` bytes of TLS 1.2's PRF (RFC 5246 section 5); `len` is small.
    pub fn prf(self, secret: &[u8], label: &[u8], seed: &[&[u8]], len: usize) -> Vec<u8> {
        let seed = [&[label], seed].concat();
        let mut a = self.hmac(secret, &seed);
        let mut out = Vec::new();
        while out.len() < len && !a.is_empty() {
            out.extend(self.hmac(secret, &[&[a.as_slice()], seed.as_slice()].concat()));
            a = self.hmac(secret, &[&a]);
        }
        out.truncate(len);
        out
    }

    /// HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context. `None` when the secret is
    /// shorter than the hash.
    pub fn expand(self, secret: &[u8], label: &str, out: &mut [u8]) -> Option<()> {
        let len = u16::try_from(out.len()).ok()?.to_be_bytes();
        let label_len = [6 + u8::try_from(label.len()).ok()?];
        let info = [len.as_slice(), &label_len, b"tls13 ", label.as_bytes(), &[0]];
        match self {
            Self::Sha256 => Hkdf::<Sha256>::from_prk(secret).ok()?.expand_multi_info(&info, out),
            Self::Sha384 => Hkdf::<Sha384>::from_prk(secret).ok()?.expand_multi_info(&info, out),
        }
        .ok()
    }

    /// The secret that follows `secret` when its sender changes keys, RFC 8446 section 7.2.
    pub fn next_secret(self, secret: &[u8]) -> Option<Vec<u8>> {
        let mut next = vec![0; secret.len()];
        self.expand(secret, "traffic upd", &mut next)?;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_prf_is_that_of_the_published_vectors() {
        // The test vectors for P_SHA256 and P_SHA384 that the TLS working group's list has (2008).
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let out = Hash::Sha256.prf(&secret, b"test label", &[&seed], 100);
        assert_eq!(out.len(), 100);
        assert_eq!(out[..16].to_vec(), hex("e3f229ba727be17b8d122620557cd453"));
        let secret = hex("b80b733d6ceefcdc71566ea48e5567df");
        let seed = hex("cd665cf6a8447dd6ff8b27555edb7465");
        let out = Hash::Sha384.prf(&secret, b"test label", &[&seed], 148);
        assert_eq!(out.len(), 148);
        assert_eq!(out[..16].to_vec(), hex("7b0c18e9ced410ed1804f2cfa34a336a"));
    }

    #[test]
    fn keys_are_those_of_rfc_8448_section_3() {
        let secret = hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        Hash::Sha256.expand(&secret, "key", &mut key).unwrap();
        Hash::Sha256.expand(&secret, "iv", &mut iv).unwrap();
        assert_eq!(key.to_vec(), hex("dbfaa693d1762c5b666af5d950258d01"));
        assert_eq!(iv.to_vec(), hex("5bd3c71b836e0b76bb73265f"));
        assert_eq!(Hash::Sha384.expand(&secret, "iv", &mut iv), None);
    }
}
