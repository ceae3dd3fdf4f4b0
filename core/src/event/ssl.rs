//! `ssl`: one TLS, DTLS or QUIC handshake, as Zeek's ssl.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One handshake of SSL, TLS, DTLS or QUIC.
    Ssl "ssl" {
        /// The version chosen by the server, as Zeek names it: `TLSv12`, `TLSv13`, `DTLSv12`.
        version: Option<Text> = "version",
        /// The cipher suite chosen by the server, by its IANA name.
        cipher: Option<Text> = "cipher",
        /// The named group of the key exchange.
        curve: Option<Text> = "curve",
        /// The name the client asked for (SNI). Under ECH the outer, public name.
        server_name: Option<Text> = "server_name",
        /// True when an earlier session was resumed.
        resumed: Option<bool> = "resumed",
        /// The last alert seen in the clear, by name.
        last_alert: Option<Text> = "last_alert",
        /// The application protocol agreed on (ALPN).
        next_protocol: Option<Text> = "next_protocol",
        /// True when the handshake completed.
        established: Option<bool> = "established",
        /// SHA-256 of the server's certificates, leaf first; links to `x509.fingerprint`.
        cert_chain_fps: Vec<Text> = "cert_chain_fps",
        /// SHA-256 of the client's certificates, leaf first.
        client_cert_chain_fps: Vec<Text> = "client_cert_chain_fps",
        /// Subject of the server's leaf certificate.
        subject: Option<Text> = "subject",
        /// Issuer of the server's leaf certificate.
        issuer: Option<Text> = "issuer",
        /// True when `server_name` is among the certificate's names; unset when either is unseen.
        sni_matches_cert: Option<bool> = "sni_matches_cert",
        /// Zeek's validate-certs result, where a log has it.
        validation_status: Option<Text> = "validation_status",
        /// MD5 of the ClientHello's shape (JA3).
        ja3: Option<Text> = "ja3",
        /// MD5 of the ServerHello's shape (JA3S).
        ja3s: Option<Text> = "ja3s",
        /// The ClientHello's shape (JA4, client only).
        ja4: Option<Text> = "ja4",
        /// The ALPN values the client offered.
        client_alpns: Vec<Text> = "client_alpns",
        /// True when the ClientHello carried an encrypted one (ECH): `server_name` is then a cover name. A grease extension cannot be told apart.
        ech: Option<bool> = "ech",
        /// Names in the server's leaf certificate: SAN first, else the common name.
        cert_names: Vec<Text> = "cert_names",
        /// The protocol that was upgraded to TLS in mid-connection: `smtp`, `imap`, `ftp`.
        starttls: Option<Text> = "starttls",
    }
}
