//! `x509`: one certificate seen, as Zeek's x509.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One certificate, each time a connection or a log showed it.
    X509 "x509" {
        /// SHA-256 of the DER form, hex.
        fingerprint: Option<Text> = "fingerprint",
        /// SHA-1 of the DER form, hex.
        sha1: Option<Text> = "sha1",
        /// X.509 version: 1, 2 or 3.
        version: Option<u64> = "certificate.version",
        /// Serial number, hex, upper case, as issued.
        serial: Option<Text> = "certificate.serial",
        /// Subject, RFC 4514 order as Zeek prints it.
        subject: Option<Text> = "certificate.subject",
        /// Issuer, in the same form.
        issuer: Option<Text> = "certificate.issuer",
        /// Start of validity, seconds since 1970-01-01T00:00:00Z.
        not_valid_before: Option<i64> = "certificate.not_valid_before",
        /// Last second of validity, seconds since 1970-01-01T00:00:00Z.
        not_valid_after: Option<i64> = "certificate.not_valid_after",
        /// Algorithm of the key, as OpenSSL names it.
        key_alg: Option<Text> = "certificate.key_alg",
        /// Algorithm of the signature, as OpenSSL names it.
        sig_alg: Option<Text> = "certificate.sig_alg",
        /// `rsa`, `dsa` or `ecdsa`.
        key_type: Option<Text> = "certificate.key_type",
        /// Length of the key in bits.
        key_length: Option<u64> = "certificate.key_length",
        /// RSA exponent, decimal.
        exponent: Option<Text> = "certificate.exponent",
        /// Named curve of an elliptic key.
        curve: Option<Text> = "certificate.curve",
        /// DNS names of the subject alternative name.
        san_dns: Vec<Text> = "san.dns",
        /// URIs of the subject alternative name.
        san_uri: Vec<Text> = "san.uri",
        /// Mail addresses of the subject alternative name.
        san_email: Vec<Text> = "san.email",
        /// IP addresses of the subject alternative name.
        san_ip: Vec<Text> = "san.ip",
        /// The certificate may sign others.
        ca: Option<bool> = "basic_constraints.ca",
        /// How many more authorities may follow.
        path_len: Option<u64> = "basic_constraints.path_len",
        /// It was the leaf of a server's chain.
        host_cert: Option<bool> = "host_cert",
        /// It was a client's.
        client_cert: Option<bool> = "client_cert",
        /// Subject and issuer are the same and no key identifier contradicts it. The signature is not checked.
        self_signed: Option<bool> = "self_signed",
        /// Certificate policies, as dotted identifiers.
        policies: Vec<Text> = "policies",
        /// Signed certificate timestamps embedded.
        sct_count: Option<u64> = "sct_count",
    }
}
