//! What a capture can give, whatever its format.

use crate::event::Kind;

/// The kinds that packets give, with those that a format adds in their alphabetical place.
macro_rules! with {
    ($( $more:expr )*) => {
        &[
            Kind::Arp,
            Kind::Conn,
            Kind::Dhcp,
            Kind::Dns,
            Kind::Ftp,
            Kind::Http,
            Kind::Kerberos,
            $( $more, )*
            Kind::Ldap,
            Kind::LdapSearch,
            Kind::Login,
            Kind::Mysql,
            Kind::Ntlm,
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
            Kind::Websocket,
            Kind::Weird,
            Kind::X509,
        ]
    };
}

/// What packets can give: connections, and what the protocols over them give.
pub(super) const EMITS: &[Kind] = with!();

/// The same with the names that a capture tells.
pub(super) const EMITS_WITH_NAMES: &[Kind] = with!(Kind::KnownHost);

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
        assert!(EMITS.is_sorted() && EMITS_WITH_NAMES.is_sorted());
    }
}
