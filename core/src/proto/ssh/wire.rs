//! SSH banners, packets before encryption, and key exchange messages (RFC 4253, RFC 4419).

use crate::bytes::Cursor;
use base64ct::{Base64Unpadded, Encoding};
use md5::Md5;
use sha2::{Digest, Sha256};

/// What every banner begins with.
pub const MAGIC: &[u8] = b"SSH-";
/// Longest banner line that counts, RFC 4253 section 4.2.
pub const MAX_BANNER: usize = 255;
/// Longest packet that is read: OpenSSH's own limit.
const MAX_PACKET: usize = 256 << 10;
/// Names of one list that are looked at; real lists have at most some forty.
const MAX_NAMES: usize = 256;

/// Message numbers, RFC 4250 section 4.1.
pub mod message {
    /// Offers of algorithms.
    pub const KEXINIT: u8 = 20;
    /// From here on the sender's packets are encrypted.
    pub const NEWKEYS: u8 = 21;
    /// The server's part of a key exchange, with its host key; of an exchange with groups of the
    /// client's choice (RFC 4419) this is the group.
    pub const KEX_REPLY: u8 = 31;
    /// The server's part, with its host key, of an exchange with groups of the client's choice.
    pub const GEX_REPLY: u8 = 33;
}

/// The bytes at the front of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A whole packet: its payload, and the bytes it takes.
    Whole(&'a [u8], usize),
    /// So many bytes are needed.
    Need(usize),
    /// No packet begins so.
    Bad,
}

/// Reads the packet at the front of `bytes`, RFC 4253 section 6.
pub fn packet(bytes: &[u8]) -> Packet<'_> {
    let Some(len) = Cursor::new(bytes).be32() else { return Packet::Need(4) };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if !(2..=MAX_PACKET).contains(&len) {
        return Packet::Bad;
    }
    let Some(body) = bytes.get(4..4 + len) else { return Packet::Need(4 + len) };
    let padding = body.first().copied().map_or(0, usize::from);
    match body.get(1..len.saturating_sub(padding)) {
        Some(payload) if !payload.is_empty() => Packet::Whole(payload, 4 + len),
        _ => Packet::Bad,
    }
}

/// What one side offers, RFC 4253 section 7.1: lists of names with commas. Of each pair the first
/// is for the way from client to server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KexInit<'a> {
    /// Key exchanges.
    pub kex: &'a [u8],
    /// Kinds of host keys.
    pub host_key: &'a [u8],
    /// Ciphers.
    pub cipher: [&'a [u8]; 2],
    /// Message authentications.
    pub mac: [&'a [u8]; 2],
    /// Compressions.
    pub compression: [&'a [u8]; 2],
}

impl<'a> KexInit<'a> {
    /// Reads the payload of a KEXINIT.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        const COOKIE: usize = 16;
        let mut c = Cursor::new(payload);
        c.u8().filter(|n| *n == message::KEXINIT)?;
        c.take(COOKIE)?;
        Some(Self {
            kex: string(&mut c)?,
            host_key: string(&mut c)?,
            cipher: [string(&mut c)?, string(&mut c)?],
            mac: [string(&mut c)?, string(&mut c)?],
            compression: [string(&mut c)?, string(&mut c)?],
        })
    }

    /// HASSH of the side that offers; `way` is 0 for the client's and 1 for the server's.
    pub fn hassh(&self, way: usize) -> String {
        let of = |pair: &[&'a [u8]; 2]| pair.get(way).copied().unwrap_or_default();
        let lists = [self.kex, of(&self.cipher), of(&self.mac), of(&self.compression)];
        base16ct::lower::encode_string(&Md5::digest(lists.join(&b';')))
    }
}

/// The client's first name that the server has, too, RFC 4253 section 7.1.
pub fn agreed<'a>(client: &'a [u8], server: &[u8]) -> Option<&'a [u8]> {
    names(client).find(|name| !name.is_empty() && names(server).any(|n| n == *name))
}

fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|b| *b == b',').take(MAX_NAMES)
}

/// The fingerprint of the host key that a reply of the server carries, in OpenSSH's form.
pub fn host_key(reply: &[u8]) -> Option<String> {
    let mut c = Cursor::new(reply);
    c.u8()?;
    let key = string(&mut c)?;
    // A key begins with the name of its kind: the group of RFC 4419 has the same number.
    let name = string(&mut Cursor::new(key))?;
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| format!("SHA256:{}", Base64Unpadded::encode_string(&Sha256::digest(key))))
}

fn string<'a>(c: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let len = usize::try_from(c.be32()?).ok()?;
    c.take(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_at_their_bounds() {
        assert_eq!(packet(b"\0\0\0"), Packet::Need(4));
        assert_eq!(packet(b"\0\0\0\x0c\x0a\x15"), Packet::Need(16));
        let whole = b"\0\0\0\x0c\x0a\x15aaaaaaaaaa";
        assert_eq!(packet(whole), Packet::Whole(b"\x15", 16));
        assert_eq!(packet(b"\0\0\0\x0c\x0b\x15aaaaaaaaaa"), Packet::Bad);
        let head = |len: usize| u32::try_from(len).unwrap().to_be_bytes();
        assert_eq!(packet(&head(MAX_PACKET)), Packet::Need(MAX_PACKET + 4));
        assert_eq!(packet(&head(MAX_PACKET + 1)), Packet::Bad);
    }

    #[test]
    fn the_clients_order_decides() {
        assert_eq!(agreed(b"a,b,c", b"c,b"), Some(&b"b"[..]));
        assert_eq!(agreed(b"a", b"ab"), None);
        assert_eq!(agreed(b"", b""), None);
        let many = |n: usize| [b"x,".repeat(n), b"y".to_vec()].concat();
        assert_eq!(agreed(&many(MAX_NAMES - 1), b"y"), Some(&b"y"[..]));
        assert_eq!(agreed(&many(MAX_NAMES), b"y"), None);
    }
}
