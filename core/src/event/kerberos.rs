//! `kerberos`: one request for a ticket, or the use of one, as Zeek's kerberos.log.

use crate::event::record;
use crate::text::Text;
use crate::time::Time;

record! {
    /// One Kerberos request with its answer. That a client is first asked to prove itself is no row.
    Kerberos "kerberos" {
        /// `AS` for a login, `TGS` for a ticket to a service, `AP` for the use of a ticket.
        request_type: Option<Text> = "request_type",
        /// The account and its realm: `eva/FIRM.EXAMPLE`.
        client: Option<Text> = "client",
        /// The service that the ticket is for: `krbtgt/FIRM.EXAMPLE`.
        service: Option<Text> = "service",
        /// The ticket was given, or taken; unset when no answer was seen.
        success: Option<bool> = "success",
        /// Why not, by RFC 4120's name.
        error_msg: Option<Text> = "error_msg",
        /// When the ticket is to become valid.
        from: Option<Time> = "from",
        /// Until when it is to be valid.
        till: Option<Time> = "till",
        /// How the ticket is encrypted.
        cipher: Option<Text> = "cipher",
        /// A ticket was asked for that may be forwarded.
        forwardable: Option<bool> = "forwardable",
        /// A ticket was asked for that may be renewed.
        renewable: Option<bool> = "renewable",
        /// The account without its realm.
        username: Option<Text> = "username",
        /// The client proved itself in its request; where it did not, a ticket shows no login.
        pre_authenticated: Option<bool> = "pre_authenticated",
    }
}
