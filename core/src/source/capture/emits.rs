//! What a capture can give, whatever its format.

use crate::event::Kind;

/// What packets can give: connections, and what the protocols over them give.
pub(super) const EMITS: &[Kind] = &[
    Kind::Arp,
    Kind::Conn,
    Kind::Dhcp,
    Kind::Dns,
    Kind::Ftp,
    Kind::Http,
    Kind::KnownHost,
    Kind::Ldap,
    Kind::LdapSearch,
    Kind::Login,
    Kind::Mysql,
    Kind::Ntp,
    Kind::Postgresql,
    Kind::Radius,
    Kind::Rdp,
    Kind::Sip,
    Kind::Smtp,
    Kind::Snmp,
    Kind::Socks,
    Kind::Ssh,
    Kind::Ssl,
    Kind::Syslog,
    Kind::Weird,
    Kind::X509,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_give_all_that_protocols_give() {
        for protocol in crate::proto::PROTOCOLS {
            for kind in protocol.emits {
                assert!(EMITS.contains(kind), "{}", protocol.name);
            }
        }
        assert!(EMITS.is_sorted());
    }
}
