//! `ldap_search`: one search, as Zeek's ldap_search.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One LDAP search with what it found.
    LdapSearch "ldap_search" {
        /// The request's number in its connection.
        message_id: Option<i64> = "message_id",
        /// `base`, `single` or `tree`.
        scope: Option<Text> = "scope",
        /// When aliases are followed: `never`, `searching`, `finding`, `always`.
        deref_aliases: Option<Text> = "deref_aliases",
        /// Where the search begins.
        base_object: Option<Text> = "base_object",
        /// Entries that the server gave.
        result_count: Option<u64> = "result_count",
        /// The server's answer: `success`, `no such object`.
        result: Option<Text> = "result",
        /// What the server adds to it.
        diagnostic_message: Option<Text> = "diagnostic_message",
        /// The filter, as RFC 4515 writes it.
        filter: Option<Text> = "filter",
        /// Attributes asked for, where a log has them; not filled from packets, as in Zeek's default.
        attributes: Vec<Text> = "attributes",
    }
}
