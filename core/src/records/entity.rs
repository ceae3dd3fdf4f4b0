//! Entities: the hosts, names, accounts, certificates and fingerprints that rows speak of.

use super::filter::quote;
use super::view::View;
use crate::event::{Field, Type};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a value in a row can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entity {
    /// An account, by its name as it was used.
    Account,
    /// A certificate, by one of its digests, or as `issuer #serial`.
    Certificate,
    /// A client or server program, by how it introduces itself: JA3, JA4, HASSH, a host key.
    Fingerprint,
    /// A host, by its address.
    Host,
    /// A name that DNS, TLS, HTTP or DHCP gave to something.
    Name,
}

/// Text columns whose values are entities, in any kind. Addresses are by their type.
const TEXT_FIELDS: [(&str, Entity); 21] = [
    ("answers", Entity::Name),
    ("cert_chain_fps", Entity::Certificate),
    ("cert_names", Entity::Name),
    ("client_cert_chain_fps", Entity::Certificate),
    ("client_fqdn", Entity::Name),
    ("fingerprint", Entity::Certificate),
    ("hassh", Entity::Fingerprint),
    ("hasshServer", Entity::Fingerprint),
    ("host", Entity::Name),
    ("host_key_fingerprint", Entity::Fingerprint),
    ("host_name", Entity::Name),
    ("ja3", Entity::Fingerprint),
    ("ja3s", Entity::Fingerprint),
    ("ja4", Entity::Fingerprint),
    ("query", Entity::Name),
    ("san.dns", Entity::Name),
    ("san.ip", Entity::Host),
    ("server_dns_computer_name", Entity::Name),
    ("server_name", Entity::Name),
    ("user", Entity::Account),
    ("username", Entity::Account),
];

/// Most characters of a name; those of DNS have 253.
const MAX_NAME: usize = 255;

impl Entity {
    /// What the values of a column stand for, if anything.
    pub fn of_field(field: &Field) -> Option<Self> {
        if field.ty == Type::Addr {
            return Some(Self::Host);
        }
        TEXT_FIELDS.iter().find(|(name, _)| *name == field.name).map(|(_, entity)| *entity)
    }

    /// What a value of any field stands for: by the field's name where that tells, else a host if
    /// it is an address.
    pub fn of_value(field: &str, value: &str) -> Option<Self> {
        let named = TEXT_FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
        named.map_or(Self::Host, |(_, entity)| *entity).of_text(value)
    }

    /// What one text of a column stands for: a server may be named by its address, and an answer
    /// of DNS can be any text.
    pub(super) fn of_text(self, text: &str) -> Option<Self> {
        match self {
            Self::Name | Self::Host if text.parse::<IpAddr>().is_ok() => Some(Self::Host),
            Self::Name => is_name(text).then_some(self),
            Self::Host => None,
            _ => (!text.is_empty()).then_some(self),
        }
    }

    /// A filter for the rows of any kind that speak of it.
    pub fn filter(self, value: &str) -> String {
        let text = quote(value);
        match self {
            Self::Account => format!("user ~ {text} or username ~ {text}"),
            Self::Certificate => match value.rsplit_once(" #") {
                // Where no digest is known, an issuer gives out each serial number once.
                Some((issuer, serial)) => format!(
                    "certificate.issuer ~ {} and certificate.serial ~ {}",
                    quote(issuer),
                    quote(serial)
                ),
                None => format!("text ~ {text}"),
            },
            Self::Fingerprint => format!("text ~ {text}"),
            Self::Host if value.parse::<IpAddr>().is_ok() => {
                format!("addr == {value} or text mentions {text}")
            }
            Self::Host => format!("text mentions {text}"),
            Self::Name => format!("text mentions {}", quote(value.trim_end_matches('.'))),
        }
    }
}

/// Letters, digits, hyphens and what names have beside them in practice; at least one letter.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.chars().any(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '*'))
}

/// Calls `on` with each entity of a cell; members of a list one after the other.
pub(super) fn each<'a>(entity: Entity, cell: View<'a>, on: &mut dyn FnMut(Entity, Value<'a>)) {
    let mut text = |t: &'a str| {
        if let Some(found) = entity.of_text(t) {
            // Zeek's DNS answers and our own end without a dot; other sources write one.
            let name = t.strip_suffix('.').filter(|_| found == Entity::Name).unwrap_or(t);
            on(found, t.parse().map_or(Value::Text(name), Value::Addr));
        }
    };
    match cell {
        View::Addr(addr) => on(Entity::Host, Value::Addr(addr)),
        View::Text(t) => text(t),
        View::Texts(all) => all.iter().for_each(text),
        _ => {}
    }
}

/// An entity's value without a copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value<'a> {
    Addr(IpAddr),
    Text(&'a str),
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Addr(addr) => addr.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::KINDS;
    use crate::records::{Filter, columns};

    #[test]
    fn the_fields_exist_and_stand_in_order() {
        let all: Vec<_> = KINDS.iter().flat_map(|k| columns(*k)).map(|f| f.name).collect();
        for (name, _) in TEXT_FIELDS {
            assert!(all.contains(&name), "{name}");
        }
        assert!(TEXT_FIELDS.is_sorted_by_key(|(name, _)| name.to_ascii_lowercase()));
    }

    #[test]
    fn values_are_what_they_look_like() {
        let name = |text: &str| Entity::Name.of_text(text);
        let long = "a".repeat(MAX_NAME + 1);
        assert_eq!(name("c2.evil.org"), Some(Entity::Name));
        assert_eq!(name("192.0.2.7"), Some(Entity::Host));
        assert_eq!(name("2001:db8::1"), Some(Entity::Host));
        for text in ["TXT 5 hello", "", "12", "a:80", &long] {
            assert_eq!(name(text), None, "{text}");
        }
        assert!(name(&long[1..]).is_some());
        assert_eq!(Entity::of_value("Host", "a.example"), Some(Entity::Name));
        assert_eq!(Entity::of_value("source", "10.0.0.1"), Some(Entity::Host));
        assert_eq!(Entity::of_value("source", "a.example"), None);
        assert_eq!(Entity::Host.of_text("x"), None);
        assert_eq!(Entity::Account.of_text("x"), Some(Entity::Account));
    }

    #[test]
    fn filters_can_be_read_whatever_the_value_is() {
        let all = [Entity::Account, Entity::Certificate, Entity::Fingerprint, Entity::Host];
        for entity in all.into_iter().chain([Entity::Name]) {
            for value in
                ["192.0.2.7", "a", "CN=\"x\" #01", "", "\"", "\\\"*", "x\" or y", "a\nb", "::1"]
            {
                let filter = entity.filter(value);
                assert!(Filter::parse(&filter).is_ok(), "{filter}");
            }
        }
    }
}
