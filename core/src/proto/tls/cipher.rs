//! Opens encrypted records of the cipher suites that authenticate what they encrypt.

use super::schedule::Hash;
use super::wire::{RECORD_HEADER, Record};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;

/// Bytes of the tag behind every record.
pub const TAG: usize = 16;
/// Bytes of the part of a nonce that TLS 1.2's GCM sends with each record (RFC 5288 section 3).
pub const EXPLICIT_NONCE: usize = 8;
/// Bytes of a nonce.
const NONCE: usize = 12;

/// The cipher of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// A cipher suite whose records can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    algorithm: Algorithm,
    /// Its hash.
    pub hash: Hash,
    /// TLS 1.3, where the record's type is encrypted too.
    pub is_13: bool,
}

impl Suite {
    /// The suite of that IANA name; `None` when its cipher is another.
    pub fn named(name: &str, is_13: bool) -> Option<Self> {
        let (algorithm, hash) = match name {
            _ if name.ends_with("_AES_128_GCM_SHA256") => (Algorithm::Aes128Gcm, Hash::Sha256),
            _ if name.ends_with("_AES_256_GCM_SHA384") => (Algorithm::Aes256Gcm, Hash::Sha384),
            _ if name.ends_with("_CHACHA20_POLY1305_SHA256") => {
                (Algorithm::ChaCha20Poly1305, Hash::Sha256)
            }
            _ => return None,
        };
        Some(Self { algorithm, hash, is_13 })
    }

    const fn key_len(self) -> usize {
        match self.algorithm {
            Algorithm::Aes128Gcm => 16,
            Algorithm::Aes256Gcm | Algorithm::ChaCha20Poly1305 => 32,
        }
    }

    /// True when each record brings a part of its nonce.
    const fn has_explicit_nonce(self) -> bool {
        !self.is_13 && !matches!(self.algorithm, Algorithm::ChaCha20Poly1305)
    }

    /// Bytes that a record has beside its plain content, padding aside.
    pub const fn overhead(self) -> usize {
        let nonce = if self.has_explicit_nonce() { EXPLICIT_NONCE } else { 0 };
        let inner_type = if self.is_13 { 1 } else { 0 };
        RECORD_HEADER + nonce + TAG + inner_type
    }

    /// The keys of client and server of a session before TLS 1.3, from its master secret: RFC 5246
    /// section 6.3.
    pub fn key_block(self, master: &[u8], server: &[u8], client: &[u8]) -> Option<[Key; 2]> {
        let iv_len = if self.has_explicit_nonce() { NONCE - EXPLICIT_NONCE } else { NONCE };
        let len = 2 * (self.key_len() + iv_len);
        let block = self.hash.prf(master, b"key expansion", &[server, client], len);
        let (keys, ivs) = block.split_at_checked(2 * self.key_len())?;
        let ((client, server), (client_iv, server_iv)) =
            (keys.split_at_checked(self.key_len())?, ivs.split_at_checked(iv_len)?);
        Some([Key::new(self, client, client_iv)?, Key::new(self, server, server_iv)?])
    }

    /// The key of one direction of TLS 1.3 from its traffic secret: RFC 8446 section 7.3.
    pub fn traffic_key(self, secret: &[u8]) -> Option<Key> {
        let mut key = vec![0; self.key_len()];
        let mut iv = [0; NONCE];
        self.hash.expand(secret, "key", &mut key)?;
        self.hash.expand(secret, "iv", &mut iv)?;
        Key::new(self, &key, &iv)
    }
}

/// What opens the records of one direction.
pub struct Key {
    cipher: Cipher,
    suite: Suite,
    iv: [u8; NONCE],
}

enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
    ChaCha20(Box<ChaCha20Poly1305>),
}

impl Key {
    fn new(suite: Suite, key: &[u8], iv: &[u8]) -> Option<Self> {
        let cipher = match suite.algorithm {
            Algorithm::Aes128Gcm => Cipher::Aes128(Box::new(Aes128Gcm::new_from_slice(key).ok()?)),
            Algorithm::Aes256Gcm => Cipher::Aes256(Box::new(Aes256Gcm::new_from_slice(key).ok()?)),
            Algorithm::ChaCha20Poly1305 => {
                Cipher::ChaCha20(Box::new(ChaCha20Poly1305::new_from_slice(key).ok()?))
            }
        };
        let mut whole = [0; NONCE];
        whole.iter_mut().zip(iv).for_each(|(to, from)| *to = *from);
        Some(Self { cipher, suite, iv: whole })
    }

    /// The content type and the content of the record of that number; `None` when it is not this
    /// key's, or not of that number. `body` is what stands behind the record's header.
    pub fn open(&self, number: u64, record: Record, body: &[u8]) -> Option<(u8, Vec<u8>)> {
        let [version_high, version_low] = record.version.to_be_bytes();
        if self.suite.is_13 {
            let len = u16::try_from(body.len()).ok()?.to_be_bytes();
            let aad = [record.content, version_high, version_low, len[0], len[1]];
            let mut plain = self.decrypt(self.nonce(number), &aad, body)?;
            // Zeros may follow the type (RFC 8446 section 5.4).
            let end = plain.iter().rposition(|b| *b != 0)?;
            let content = plain.get(end).copied()?;
            plain.truncate(end);
            return Some((content, plain));
        }
        let (nonce, sealed) = if self.suite.has_explicit_nonce() {
            let (explicit, sealed) = body.split_at_checked(EXPLICIT_NONCE)?;
            let mut nonce = self.iv;
            let tail = nonce.iter_mut().skip(NONCE - EXPLICIT_NONCE);
            tail.zip(explicit).for_each(|(to, from)| *to = *from);
            (nonce, sealed)
        } else {
            (self.nonce(number), body)
        };
        let len = u16::try_from(sealed.len().checked_sub(TAG)?).ok()?.to_be_bytes();
        let head = [record.content, version_high, version_low, len[0], len[1]];
        let aad = [number.to_be_bytes().as_slice(), &head].concat();
        Some((record.content, self.decrypt(nonce, &aad, sealed)?))
    }

    /// The nonce of the record of that number (RFC 8446 section 5.3, RFC 7905 section 2).
    fn nonce(&self, number: u64) -> [u8; NONCE] {
        let mut nonce = self.iv;
        let tail = nonce.iter_mut().skip(NONCE - size_of::<u64>());
        tail.zip(number.to_be_bytes()).for_each(|(byte, of_number)| *byte ^= of_number);
        nonce
    }

    fn decrypt(&self, nonce: [u8; NONCE], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload { msg, aad };
        let nonce = nonce.into();
        match &self.cipher {
            Cipher::Aes128(cipher) => cipher.decrypt(&nonce, payload),
            Cipher::Aes256(cipher) => cipher.decrypt(&nonce, payload),
            Cipher::ChaCha20(cipher) => cipher.decrypt(&nonce, payload),
        }
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::tls::codes::content;

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text.as_bytes()).unwrap()
    }

    #[test]
    fn suites_are_told_by_their_names() {
        let named = |name| Suite::named(name, false).map(|s| s.overhead());
        assert_eq!(named("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), Some(29));
        assert_eq!(named("TLS_RSA_WITH_AES_256_GCM_SHA384"), Some(29));
        assert_eq!(named("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"), Some(21));
        assert_eq!(named("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD"), None);
        assert_eq!(named("TLS_RSA_WITH_AES_128_CBC_SHA"), None);
        assert_eq!(Suite::named("TLS_AES_128_GCM_SHA256", true).map(|s| s.overhead()), Some(22));
    }

    #[test]
    fn a_record_of_rfc_8448_section_3_opens() {
        // The client's Finished, under its handshake traffic secret.
        let secret = hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let body = hex(concat!(
            "75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f8",
            "0338ac98fc46deb384bd1caeacab6867d726c40546"
        ));
        let key = Suite::named("TLS_AES_128_GCM_SHA256", true).unwrap().traffic_key(&secret);
        let record =
            Record { content: content::APPLICATION_DATA, version: 0x0303, len: body.len() };
        let key = key.unwrap();
        let (ty, plain) = key.open(0, record, &body).unwrap();
        assert_eq!((ty, plain.len()), (content::HANDSHAKE, 36));
        assert!(plain.starts_with(&hex("14000020a8ec436d677634ae525ac1fcebe11a039ec17694")));
        assert_eq!(key.open(1, record, &body), None);
        assert_eq!(key.open(0, record, &body[..20]), None);
        assert_eq!(key.open(0, record, b""), None);
    }
}
