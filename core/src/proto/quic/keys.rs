//! Opens QUIC's Initial packets, whose keys follow from what everyone can see (RFC 9001 section 5).

use super::wire::{Packet, Version};
use aes::Aes128;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;

/// The keys of both directions.
pub struct Keys {
    client: Key,
    server: Key,
}

/// The keys of one direction.
struct Key {
    packet: [u8; 16],
    iv: [u8; 12],
    header: [u8; 16],
}

impl Keys {
    /// From the identifier that the client first sent to.
    pub fn new(version: Version, id: &[u8]) -> Option<Self> {
        let (secret, _) = Hkdf::<Sha256>::extract(Some(version.salt), id);
        let side = |label: &[u8]| {
            let secret: [u8; 32] = expand(&secret, label)?;
            let names: [&[u8]; 3] = if version.is_v2 {
                [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"]
            } else {
                [b"quic key", b"quic iv", b"quic hp"]
            };
            let [packet, iv, header] = names;
            Some(Key {
                packet: expand(&secret, packet)?,
                iv: expand(&secret, iv)?,
                header: expand(&secret, header)?,
            })
        };
        Some(Self { client: side(b"client in")?, server: side(b"server in")? })
    }

    /// The frames of an Initial packet; `None` when these are not its keys.
    pub fn open(&self, packet: &Packet<'_>, is_client: bool) -> Option<Vec<u8>> {
        if is_client { self.client.open(packet) } else { self.server.open(packet) }
    }
}

/// Bytes of a sample, and of a block of the cipher.
const SAMPLE: usize = 16;

impl Key {
    fn open(&self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let at = packet.number_at;
        let sample: [u8; SAMPLE] = packet.bytes.get(at + 4..at + 4 + SAMPLE)?.try_into().ok()?;
        let mut mask = sample.into();
        Aes128::new(&self.header.into()).encrypt_block(&mut mask);
        let (first_mask, number_mask) = mask.split_first()?;
        let first = packet.bytes.first()? ^ (first_mask & 0x0f);
        let number_len = usize::from(first & 3) + 1;
        let mut header = packet.bytes.get(..at + number_len)?.to_vec();
        *header.first_mut()? = first;
        let mut nonce = self.iv;
        let places = header.iter_mut().skip(at).zip(number_mask);
        let tail = nonce.iter_mut().skip(self.iv.len() - number_len);
        for ((byte, mask), nonce) in places.zip(tail) {
            *byte ^= mask;
            *nonce ^= *byte;
        }
        let payload = Payload { msg: packet.bytes.get(at + number_len..)?, aad: &header };
        Aes128Gcm::new(&self.packet.into()).decrypt(&nonce.into(), payload).ok()
    }
}

/// HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context.
fn expand<const N: usize>(secret: &[u8], label: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    let len = (N as u16).to_be_bytes();
    let label_len = [6 + u8::try_from(label.len()).ok()?];
    let info = [len.as_slice(), &label_len, b"tls13 ", label, &[0]];
    Hkdf::<Sha256>::from_prk(secret).ok()?.expand_multi_info(&info, &mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text.as_bytes()).unwrap()
    }

    /// The identifier of the examples in both RFCs.
    const ID: &[u8] = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08";

    fn keys(number: u32) -> Keys {
        Keys::new(Version::known(number).unwrap(), ID).unwrap()
    }

    #[test]
    fn keys_are_those_of_rfc_9001_appendix_a_1() {
        let Keys { client, server } = keys(1);
        assert_eq!(client.packet.to_vec(), hex("1f369613dd76d5467730efcbe3b1a22d"));
        assert_eq!(client.iv.to_vec(), hex("fa044b2f42a3fd3b46fb255c"));
        assert_eq!(client.header.to_vec(), hex("9f50449e04a0e810283a1e9933adedd2"));
        assert_eq!(server.packet.to_vec(), hex("cf3a5331653c364c88f0f379b6067e37"));
        assert_eq!(server.iv.to_vec(), hex("0ac1493ca1905853b0bba03e"));
        assert_eq!(server.header.to_vec(), hex("c206b8d9b9f0f37644430b490eeaa314"));
    }

    #[test]
    fn keys_are_those_of_rfc_9369_appendix_a_1() {
        let Keys { client, server } = keys(0x6b33_43cf);
        assert_eq!(client.packet.to_vec(), hex("8b1a0bc121284290a29e0971b5cd045d"));
        assert_eq!(client.iv.to_vec(), hex("91f73e2351d8fa91660e909f"));
        assert_eq!(client.header.to_vec(), hex("45b95e15235d6f45a6b19cbcb0294ba9"));
        assert_eq!(server.packet.to_vec(), hex("82db637861d55e1d011f19ea71d5d2a7"));
        assert_eq!(server.iv.to_vec(), hex("dd13c276499c0249d3310652"));
        assert_eq!(server.header.to_vec(), hex("edf6d05c83121201b436e16877593c3a"));
    }

    #[test]
    fn the_servers_packet_of_rfc_9001_appendix_a_3_opens() {
        let packet = hex(concat!(
            "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb3",
            "8cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84",
            "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee"
        ));
        let frames = keys(1).open(&Packet::parse(&packet).unwrap(), false).unwrap();
        // An ACK frame and a CRYPTO frame with a ServerHello.
        assert!(frames.starts_with(&hex("02000000000600405a020000560303")));
        assert_eq!(keys(1).open(&Packet::parse(&packet).unwrap(), true), None);
        let mut bad = packet.clone();
        bad[60] ^= 1;
        assert_eq!(keys(1).open(&Packet::parse(&bad).unwrap(), false), None);
    }
}
