//! The event line: one typed, documented record per protocol, Zeek's names, whatever the source.
//!
//! Above this line nobody knows which file or format an event came from; below it nobody knows
//! which detectors exist. A new kind is one file here and one line in the table at the foot.

mod access;
mod arp;
mod conn;
mod dhcp;
mod dns;
mod ftp;
mod http;
mod identity;
mod kerberos;
mod known_hosts;
mod known_services;
mod ldap;
mod ldap_search;
mod login;
mod mysql;
mod netflow;
mod ntlm;
mod ntp;
mod origin;
mod postgresql;
mod radius;
mod raw;
mod rdp;
mod sip;
mod smtp;
mod snmp;
mod socks;
mod ssh;
mod ssl;
mod syslog;
mod value;
mod websocket;
mod weird;
mod x509;

pub use access::{Account, Outcome};
pub use arp::Arp;
pub use conn::Conn;
pub use dhcp::Dhcp;
pub use dns::Dns;
pub use ftp::Ftp;
pub use http::Http;
pub use identity::{Identity, Mark, SAME_WITHIN, distinct};
pub use kerberos::Kerberos;
pub use known_hosts::KnownHost;
pub use known_services::KnownService;
pub use ldap::Ldap;
pub use ldap_search::LdapSearch;
pub use login::Login;
pub use mysql::Mysql;
pub use netflow::Netflow;
pub use ntlm::Ntlm;
pub use ntp::Ntp;
pub use origin::{CommunityId, Endpoint, Flow, NodeId, Origin, Site, Transport, Uid};
pub use postgresql::Postgresql;
pub use radius::Radius;
pub use raw::Raw;
pub use rdp::Rdp;
pub use sip::Sip;
pub use smtp::Smtp;
pub use snmp::Snmp;
pub use socks::Socks;
pub use ssh::Ssh;
pub use ssl::Ssl;
pub use syslog::Syslog;
pub(crate) use value::record;
pub use value::{Cell, Field, Port, Record, StringSet, Type, Value};
pub use websocket::Websocket;
pub use weird::Weird;
pub use x509::X509;

use crate::time::Time;

/// One thing that happened, with its place in the evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When; `None` when the source has no times. Nothing may then be said about timing.
    pub ts: Option<Time>,
    /// The row or packet it came from.
    pub at: Origin,
    /// Further rows or packets it was made from, such as the reply of a paired flow record.
    pub also: Vec<Origin>,
    /// The connection it belongs to, as far as the source tells.
    pub flow: Flow,
    /// The record.
    pub body: Body,
}

macro_rules! kinds {
    ($( $name:ident, )*) => {
        /// The record of an event.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the record of the same name")]
                pub enum Body { $( $name($name), )* }

        /// The kinds of events, by the name of their record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is the record of the same name")]
        pub enum Kind { $( $name, )* }

        /// Every kind, in the order of the table.
        pub const KINDS: &[Kind] = &[ $( Kind::$name, )* ];

        impl Body {
            /// The record's kind.
            pub const fn kind(&self) -> Kind {
                match self { $( Self::$name(_) => Kind::$name, )* }
            }

            /// Calls `out` once a field of the record, in the order of [`Kind::fields`].
            pub fn cells<'a>(&'a self, out: &mut dyn FnMut(Cell<'a>)) {
                match self { $( Self::$name(r) => r.cells(out), )* }
            }

            /// Sets field number `field` of the record from what a log writes; see [`Record::put`].
            pub fn put(&mut self, field: usize, raw: &Raw<'_>) -> bool {
                match self { $( Self::$name(r) => r.put(field, raw), )* }
            }
        }

        impl Kind {
            /// The kind's name: Zeek's log path, such as `conn`.
            pub const fn path(self) -> &'static str {
                match self { $( Self::$name => $name::PATH, )* }
            }

            /// A record of this kind with nothing set.
            pub fn empty(self) -> Body {
                match self { $( Self::$name => Body::$name($name::default()), )* }
            }

            /// What one row of it is.
            pub const fn doc(self) -> &'static str {
                match self { $( Self::$name => $name::DOC, )* }
            }

            /// The record's own columns.
            pub const fn fields(self) -> &'static [Field] {
                match self { $( Self::$name => $name::FIELDS, )* }
            }
        }
    };
}

impl Kind {
    /// The kind whose path is `path`.
    pub fn from_path(path: &str) -> Option<Self> {
        KINDS.iter().copied().find(|k| k.path() == path)
    }
}

// The one table of kinds, in alphabetical order of their paths.
kinds! {
    Arp,
    Conn,
    Dhcp,
    Dns,
    Ftp,
    Http,
    Kerberos,
    KnownHost,
    KnownService,
    Ldap,
    LdapSearch,
    Login,
    Mysql,
    Netflow,
    Ntlm,
    Ntp,
    Postgresql,
    Radius,
    Rdp,
    Sip,
    Smtp,
    Snmp,
    Socks,
    Ssh,
    Ssl,
    Syslog,
    Websocket,
    Weird,
    X509,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_alphabetic_and_every_field_is_documented() {
        assert!(KINDS.is_sorted_by_key(|k| k.path()));
        for kind in KINDS {
            assert!(!kind.doc().is_empty());
            for field in kind.fields() {
                assert!(!field.doc.is_empty(), "{} {}", kind.path(), field.name);
            }
        }
    }
}
