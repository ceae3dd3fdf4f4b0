//! Names of ASN.1 object identifiers, as OpenSSL prints them.

use x509_parser::der_parser::asn1_rs::Oid;

/// Octets of an identifier that are written as numbers. Real ones have under 20; turning a very
/// long arc into decimal takes time that grows with its square.
pub const MAX_OID: usize = 64;

/// Dotted numbers; for an identifier over [`MAX_OID`] octets its length only.
pub fn dotted(oid: &Oid<'_>) -> String {
    let len = oid.as_bytes().len();
    if len <= MAX_OID { oid.to_id_string() } else { format!("(identifier of {len} octets)") }
}

/// The long name of an algorithm, else the dotted numbers.
pub fn algorithm(oid: &Oid<'_>) -> String {
    let dotted = dotted(oid);
    named(ALGORITHMS, &dotted).map_or(dotted, Into::into)
}

/// The short name of an attribute in a distinguished name.
pub fn attribute(dotted: &str) -> Option<&'static str> {
    named(ATTRIBUTES, dotted)
}

/// The short name of an elliptic curve and the bits of its order.
pub fn curve(dotted: &str) -> Option<(&'static str, u64)> {
    CURVES.iter().find(|row| row.0 == dotted).map(|row| (row.1, row.2))
}

fn named(table: &'static [(&'static str, &'static str)], dotted: &str) -> Option<&'static str> {
    table.iter().find(|row| row.0 == dotted).map(|row| row.1)
}

/// Keys of RFC 3279, 4055, 5480, 8410; signatures of the same and their forerunners.
const ALGORITHMS: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.3", "md4WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.7", "rsaesOaep"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.113549.1.3.1", "dhKeyAgreement"),
    ("1.2.840.10040.4.1", "dsaEncryption"),
    ("1.2.840.10040.4.3", "dsaWithSHA1"),
    ("1.2.840.10045.2.1", "id-ecPublicKey"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.156.10197.1.501", "SM2-with-SM3"),
    ("1.2.643.2.2.3", "GOST R 34.11-94 with GOST R 34.10-2001"),
    ("1.2.643.2.2.19", "GOST R 34.10-2001"),
    ("1.2.643.7.1.1.1.1", "GOST R 34.10-2012 with 256 bit modulus"),
    ("1.2.643.7.1.1.1.2", "GOST R 34.10-2012 with 512 bit modulus"),
    ("1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)"),
    ("1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)"),
    ("1.3.14.3.2.12", "dsaEncryption-old"),
    ("1.3.14.3.2.29", "sha1WithRSA"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "ED25519"),
    ("1.3.101.113", "ED448"),
    ("2.16.840.1.101.3.4.3.1", "dsa_with_SHA224"),
    ("2.16.840.1.101.3.4.3.2", "dsa_with_SHA256"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];

/// X.520, RFC 4519, PKCS#9 and the jurisdiction of extended validation.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("1.2.840.113549.1.9.8", "unstructuredAddress"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.16", "postalAddress"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.18", "postOfficeBox"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.72", "role"),
    ("2.5.4.97", "organizationIdentifier"),
];

/// SEC 2, X9.62 (whose names OpenSSL prefers), RFC 5639.
const CURVES: &[(&str, &str, u64)] = &[
    ("1.2.156.10197.1.301", "SM2", 256),
    ("1.2.840.10045.3.1.1", "prime192v1", 192),
    ("1.2.840.10045.3.1.7", "prime256v1", 256),
    ("1.3.132.0.1", "sect163k1", 163),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.132.0.15", "sect163r2", 163),
    ("1.3.132.0.16", "sect283k1", 281),
    ("1.3.132.0.17", "sect283r1", 282),
    ("1.3.132.0.26", "sect233k1", 232),
    ("1.3.132.0.27", "sect233r1", 233),
    ("1.3.132.0.33", "secp224r1", 224),
    ("1.3.132.0.34", "secp384r1", 384),
    ("1.3.132.0.35", "secp521r1", 521),
    ("1.3.132.0.36", "sect409k1", 407),
    ("1.3.132.0.37", "sect409r1", 409),
    ("1.3.132.0.38", "sect571k1", 570),
    ("1.3.132.0.39", "sect571r1", 570),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_its_limit() {
        let long = |n: usize| vec![0x2a; n];
        assert!(dotted(&Oid::new(long(MAX_OID).into())).starts_with("1.2.42.42"));
        assert_eq!(dotted(&Oid::new(long(MAX_OID + 1).into())), "(identifier of 65 octets)");
    }

    #[test]
    fn unknown_algorithms_keep_their_number() {
        assert_eq!(algorithm(&Oid::new([0x2a, 3, 4].as_slice().into())), "1.2.3.4");
        assert_eq!(attribute("2.5.4.3"), Some("CN"));
        assert_eq!(curve("1.3.132.0.34"), Some(("secp384r1", 384)));
    }
}
