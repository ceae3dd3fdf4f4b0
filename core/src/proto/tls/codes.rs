//! Names of TLS numbers, as Zeek prints them.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Cipher suites, one a line: four hex digits and the name.
const CIPHERS: &str = include_str!("ciphers.txt");

/// Content types of records, RFC 8446 section 5.1.
pub mod content {
    /// Both sides agreed; what follows is encrypted.
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    /// Trouble, or the end.
    pub const ALERT: u8 = 21;
    /// The handshake.
    pub const HANDSHAKE: u8 = 22;
    /// Encrypted data; in TLS 1.3 also the rest of the handshake.
    pub const APPLICATION_DATA: u8 = 23;
}

/// Types of handshake messages, RFC 5246 section 7.4 and RFC 6347.
pub mod handshake {
    /// From the client.
    pub const CLIENT_HELLO: u8 = 1;
    /// From the server.
    pub const SERVER_HELLO: u8 = 2;
    /// Drafts of TLS 1.3 before 23; then a ServerHello with a magic random.
    pub const HELLO_RETRY_REQUEST: u8 = 6;
    /// Answers to the hello's extensions, encrypted; TLS 1.3.
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// A chain of certificates.
    pub const CERTIFICATE: u8 = 11;
    /// The server's part of an ephemeral exchange.
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    /// The client's part of the exchange.
    pub const CLIENT_KEY_EXCHANGE: u8 = 16;
    /// The sender's keys change; TLS 1.3.
    pub const KEY_UPDATE: u8 = 24;
}

/// Extensions of the hellos, each under its IANA name.
pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const SESSION_TICKET: u16 = 35;
    pub const KEY_SHARE_OLD: u16 = 40;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const KEY_SHARE: u16 = 51;
    pub const ENCRYPTED_CLIENT_HELLO: u16 = 65037;
}

/// SSL 2.0.
pub const SSL2: u16 = 2;
/// TLS 1.3.
pub const TLS13: u16 = 0x0304;

/// The name of a version; drafts of TLS 1.3 keep their number.
pub fn version_name(number: u16) -> Cow<'static, str> {
    match number {
        SSL2 => "SSLv2".into(),
        0x0300 => "SSLv3".into(),
        0x0301 => "TLSv10".into(),
        0x0302 => "TLSv11".into(),
        0x0303 => "TLSv12".into(),
        TLS13 => "TLSv13".into(),
        0x7f01..=0x7f7e => format!("TLSv13-draft{}", number & 0xff).into(),
        0xfefc => "DTLSv13".into(),
        0xfefd => "DTLSv12".into(),
        0xfeff => "DTLSv10".into(),
        other => format!("unknown-{other}").into(),
    }
}

/// True for TLS 1.3, its drafts, and DTLS 1.3: everything behind the ServerHello is encrypted.
pub const fn is_13(version: u16) -> bool {
    version == TLS13 || version == 0xfefc || version >> 8 == 0x7f
}

/// True for the values that clients strew in so that servers stay tolerant (RFC 8701).
pub const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// The name of a cipher suite; `unknown-N` when it has none.
pub fn cipher_name(number: u16) -> Cow<'static, str> {
    let name = name_among(CIPHERS, number);
    name.map_or_else(|| format!("unknown-{number}").into(), Into::into)
}

/// The name behind a number, by halves: the lines stand in order, and each ServerHello asks.
fn name_among(mut lines: &'static str, number: u16) -> Option<&'static str> {
    while !lines.is_empty() {
        let (before, behind) = lines.split_at(lines.len() / 2);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = before.len() + behind.find('\n').unwrap_or(behind.len());
        let line = lines.get(start..end)?;
        // A comment stands before all numbers.
        let here = line.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match here.cmp(&Some(number)) {
            Ordering::Equal => return line.get(5..),
            Ordering::Less => lines = lines.get(end + 1..).unwrap_or_default(),
            Ordering::Greater => lines = lines.get(..start)?,
        }
    }
    None
}

/// The name of a cipher kind of SSL 2.0, three octets.
pub fn cipher_kind_name(number: u32) -> Cow<'static, str> {
    let name = match number {
        0x01_0080 => "SSLv20_CK_RC4_128_WITH_MD5",
        0x02_0080 => "SSLv20_CK_RC4_128_EXPORT40_WITH_MD5",
        0x03_0080 => "SSLv20_CK_RC2_128_CBC_WITH_MD5",
        0x04_0080 => "SSLv20_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
        0x05_0080 => "SSLv20_CK_IDEA_128_CBC_WITH_MD5",
        0x06_0040 => "SSLv20_CK_DES_64_CBC_WITH_MD5",
        0x07_00c0 => "SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5",
        _ => return format!("unknown-{number}").into(),
    };
    name.into()
}

/// The name of a group of the key exchange; `unknown-N` when it has none.
pub fn group_name(number: u16) -> Cow<'static, str> {
    if is_grease(number) {
        return format!("grease_0x{number:04X}").into();
    }
    let row = GROUPS.iter().find(|row| row.0 == number);
    row.map_or_else(|| format!("unknown-{number}").into(), |row| row.1.into())
}

/// The name of an alert; `unknown-N` when it has none.
pub fn alert_name(number: u8) -> Cow<'static, str> {
    let row = ALERTS.iter().find(|row| row.0 == number);
    row.map_or_else(|| format!("unknown-{number}").into(), |row| row.1.into())
}

/// IANA "TLS Supported Groups".
const GROUPS: &[(u16, &str)] = &[
    (1, "sect163k1"),
    (2, "sect163r1"),
    (3, "sect163r2"),
    (4, "sect193r1"),
    (5, "sect193r2"),
    (6, "sect233k1"),
    (7, "sect233r1"),
    (8, "sect239k1"),
    (9, "sect283k1"),
    (10, "sect283r1"),
    (11, "sect409k1"),
    (12, "sect409r1"),
    (13, "sect571k1"),
    (14, "sect571r1"),
    (15, "secp160k1"),
    (16, "secp160r1"),
    (17, "secp160r2"),
    (18, "secp192k1"),
    (19, "secp192r1"),
    (20, "secp224k1"),
    (21, "secp224r1"),
    (22, "secp256k1"),
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (29, "x25519"),
    (30, "x448"),
    (31, "brainpoolP256r1tls13"),
    (32, "brainpoolP384r1tls13"),
    (33, "brainpoolP512r1tls13"),
    (34, "GC256A"),
    (35, "GC256B"),
    (36, "GC256C"),
    (37, "GC256D"),
    (38, "GC512A"),
    (39, "GC512B"),
    (40, "GC512C"),
    (41, "curveSM2"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
    (512, "MLKEM512"),
    (513, "MLKEM768"),
    (514, "MLKEM1024"),
    (4587, "SecP256r1MLKEM768"),
    (4588, "X25519MLKEM768"),
    (4589, "SecP384r1MLKEM1024"),
    (4590, "curveSM2MLKEM768"),
    (16696, "CECPQ2"),
    (25497, "X25519Kyber768Draft00"),
    (25498, "SecP256r1Kyber768Draft00"),
    (0xff01, "arbitrary_explicit_prime_curves"),
    (0xff02, "arbitrary_explicit_char2_curves"),
];

/// IANA "TLS Alerts".
const ALERTS: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (117, "general_error"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn names_are_found_and_unknown_numbers_kept() {
        assert_eq!(cipher_name(0x1301), "TLS_AES_128_GCM_SHA256");
        assert_eq!(cipher_name(0x0a0a), "unknown-2570");
        let lines = CIPHERS.lines().filter_map(|line| line.split_once(' '));
        let known: BTreeMap<u16, &str> =
            lines.filter_map(|(n, name)| Some((u16::from_str_radix(n, 16).ok()?, name))).collect();
        assert!(known.len() > 400);
        for number in 0..=u16::MAX {
            let name = known.get(&number).map(|name| (*name).to_owned());
            assert_eq!(cipher_name(number), name.unwrap_or_else(|| format!("unknown-{number}")));
        }
        assert_eq!(version_name(0x7f17), "TLSv13-draft23");
        assert_eq!(group_name(0x2a2a), "grease_0x2A2A");
        assert_eq!(group_name(4588), "X25519MLKEM768");
        assert_eq!(alert_name(200), "unknown-200");
        assert_eq!(cipher_kind_name(0x07_00c0), "SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5");
        assert!(is_grease(0xfafa) && !is_grease(0x0a1a) && !is_grease(0x0b0b));
    }

    #[test]
    fn the_list_of_ciphers_is_well_formed() {
        let rows = CIPHERS.lines().filter(|line| !line.starts_with('#'));
        let numbers: Vec<_> = rows
            .map(|line| {
                let (number, name) = line.split_once(' ').unwrap();
                assert!(number.len() == 4 && !name.is_empty() && !name.contains(' '), "{line}");
                u16::from_str_radix(number, 16).unwrap()
            })
            .collect();
        assert!(numbers.len() > 400 && numbers.is_sorted_by(|a, b| a < b));
    }
}
