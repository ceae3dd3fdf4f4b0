//! `ldap`: one operation but searches, as Zeek's ldap.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One LDAP request with its answer; searches are `ldap_search`.
    Ldap "ldap" {
        /// The request's number in its connection.
        message_id: Option<i64> = "message_id",
        /// Version of the protocol that a bind asks for.
        version: Option<i64> = "version",
        /// What was asked: `bind simple`, `bind SASL`, `modify`.
        opcode: Option<Text> = "opcode",
        /// The server's answer: `success`, `invalid credentials`.
        result: Option<Text> = "result",
        /// What the server adds to it.
        diagnostic_message: Option<Text> = "diagnostic_message",
        /// What it is about: a distinguished name, or the identifier of an extension.
        object: Option<Text> = "object",
        /// More of the request: `REDACTED` for a password, a mechanism, a new name.
        argument: Option<Text> = "argument",
    }
}
