//! `ssh`: one SSH connection, as Zeek's ssh.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One SSH connection: who speaks what software, what was agreed on, and how the login ended.
    Ssh "ssh" {
        /// Major version of the protocol; 1.99 speaks 2.
        version: Option<u64> = "version",
        /// The login succeeded; guessed from the sizes of encrypted messages, unset when they do not tell.
        auth_success: Option<bool> = "auth_success",
        /// How often the client tried to log in, as guessed; the usual first try without credentials does not count.
        auth_attempts: Option<u64> = "auth_attempts",
        /// `INBOUND` or `OUTBOUND` where one end is local and the other is not.
        direction: Option<Text> = "direction",
        /// The client's banner.
        client: Option<Text> = "client",
        /// The server's banner.
        server: Option<Text> = "server",
        /// The cipher agreed on.
        cipher_alg: Option<Text> = "cipher_alg",
        /// The message authentication agreed on; not in use where the cipher authenticates itself.
        mac_alg: Option<Text> = "mac_alg",
        /// The compression agreed on.
        compression_alg: Option<Text> = "compression_alg",
        /// The key exchange agreed on.
        kex_alg: Option<Text> = "kex_alg",
        /// The kind of host key agreed on.
        host_key_alg: Option<Text> = "host_key_alg",
        /// SHA-256 of the server's host key, in OpenSSH's form: `SHA256:` and base64.
        host_key_fingerprint: Option<Text> = "host_key_fingerprint",
        /// MD5 of what the client offers (HASSH), which tells its software.
        hassh: Option<Text> = "hassh",
        /// MD5 of what the server offers (HASSH server).
        hassh_server: Option<Text> = "hasshServer",
    }
}
