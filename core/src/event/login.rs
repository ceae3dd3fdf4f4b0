//! `login`: one login of a protocol for which Zeek has no log of its own.

use crate::event::record;
use crate::text::Text;

record! {
    /// One login, whatever the protocol: who, how, and what became of it.
    Login "login" {
        /// The protocol, by its name in `conn.service`: `imap`, `pop3`, `smtp`.
        service: Option<&'static str> = "service",
        /// The account's name.
        username: Option<Text> = "username",
        /// `<hidden>` when a password was sent in the clear; the password itself is never kept.
        password: Option<&'static str> = "password",
        /// How the account is proved, in the protocol's own word: `PLAIN`, `CRAM-MD5`, `simple`.
        mechanism: Option<Text> = "mechanism",
        /// The command that asked: `AUTH`, `LOGIN`, `bind`.
        action: Option<Text> = "action",
        /// The server let the account in; unset when its answer is not there.
        success: Option<bool> = "success",
        /// What the server said, or its code.
        reply: Option<Text> = "reply",
        /// Software as the server's greeting names it.
        software: Option<Text> = "software",
    }
}
