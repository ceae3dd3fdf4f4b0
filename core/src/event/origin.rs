//! Where an event came from, and which connection it belongs to.

use crate::text::{self, Text};
use base64ct::{Base64, Encoding};
use serde::Serialize;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

/// A node of the tree of sources: a file, a member of an archive, the content of a gzip file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct NodeId(pub u32);

/// A pointer into the evidence, never a copy of it. Orders by node, then item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Origin {
    /// The node that holds it.
    pub node: NodeId,
    /// Line or packet number in the node, from 1.
    pub item: u64,
    /// Offset of its first byte in the node's (decompressed) bytes. A packet's record header counts.
    pub offset: u64,
    /// Its length in bytes, record header included, line end excluded.
    pub len: u32,
}

/// A connection's identity in its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uid {
    /// Ours, from a capture: derived from the connection's first packet, the same in every run.
    Ours(u64),
    /// As a log gives it.
    Log(Text),
}

/// Length of [`Uid::Ours`] as text: what 64 bits take in base 62, behind a `C`.
const UID_LEN: usize = 12;

impl Uid {
    /// As a log gives it; ours, written into `room`, looks like Zeek's: `C` and the number in base 62.
    pub fn text<'a>(&'a self, room: &'a mut [u8; UID_LEN]) -> &'a str {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        match self {
            Self::Log(text) => text,
            Self::Ours(n) => {
                let mut n = *n;
                *room = *b"C00000000000";
                for digit in room.iter_mut().skip(1) {
                    *digit = DIGITS.get((n % 62) as usize).copied().unwrap_or(b'0');
                    n /= 62;
                }
                str::from_utf8(room).unwrap_or_default()
            }
        }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; UID_LEN]))
    }
}

/// A Community ID of version 1: the SHA-1 that its text form encodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommunityId(pub [u8; 20]);

/// Length of a [`CommunityId`] as text: the version, a colon, and 20 bytes in base64.
const COMMUNITY_ID_LEN: usize = 30;

impl fmt::Display for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; COMMUNITY_ID_LEN]))
    }
}

impl CommunityId {
    /// The text form, written into `room`.
    pub fn text<'a>(&self, room: &'a mut [u8; COMMUNITY_ID_LEN]) -> &'a str {
        let (version, hash) = room.split_at_mut(2);
        version.copy_from_slice(b"1:");
        // As long as the text of so many bytes.
        let _ = Base64::encode(&self.0, hash);
        str::from_utf8(room).unwrap_or_default()
    }

    /// From the text form; `None` for another version or bad base64.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text::base64_decoded(text.strip_prefix("1:")?.as_bytes())?;
        bytes.try_into().ok().map(Self)
    }
}

/// The transport protocol over IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Number 6.
    Tcp,
    /// Number 17.
    Udp,
    /// Number 1 or 58; ports hold the type and the code, as Zeek does.
    Icmp,
    /// Number 132.
    Sctp,
    /// Any other IP protocol number.
    Other(u8),
}

impl Transport {
    /// Zeek's `proto` text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Sctp => "sctp",
            Self::Other(_) => "unknown_transport",
        }
    }

    /// From a log's word or number, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "tcp" | "6" => Self::Tcp,
            "udp" | "17" => Self::Udp,
            "icmp" | "icmp6" | "ipv6-icmp" | "icmpv6" | "1" | "58" => Self::Icmp,
            "sctp" | "132" => Self::Sctp,
            "igmp" => Self::Other(2),
            "gre" => Self::Other(47),
            "esp" => Self::Other(50),
            "unknown_transport" => Self::Other(255),
            number => Self::Other(number.parse().ok()?),
        })
    }
}

/// One side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Endpoint {
    /// Its address.
    pub addr: Option<IpAddr>,
    /// Its port; for ICMP the type (originator) or code (responder).
    pub port: Option<u16>,
}

impl fmt::Display for Endpoint {
    /// `10.0.0.1:53`, `[fe80::1]:53`, `10.0.0.1`, `*` when unknown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.addr, self.port) {
            (Some(IpAddr::V6(a)), Some(p)) => write!(f, "[{a}]:{p}"),
            (Some(a), Some(p)) => write!(f, "{a}:{p}"),
            (Some(a), None) => write!(f, "{a}"),
            (None, Some(p)) => write!(f, "*:{p}"),
            (None, None) => f.write_str("*"),
        }
    }
}

/// The site whose private addresses a source speaks of, by the analyst's name for it; the one of a
/// case that names none is empty. Cheap to copy: it goes into the keys of detectors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Site(Option<Arc<str>>);

impl From<&str> for Site {
    fn from(name: &str) -> Self {
        Self((!name.is_empty()).then(|| name.into()))
    }
}

impl Deref for Site {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// The connection an event belongs to, as far as its source tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flow {
    /// The connection's identity in its source.
    pub uid: Option<Uid>,
    /// Identity over tools and sources.
    pub community_id: Option<CommunityId>,
    /// Transport protocol.
    pub transport: Option<Transport>,
    /// The side that began.
    pub orig: Endpoint,
    /// The side that was asked.
    pub resp: Endpoint,
    /// The site that private addresses of the ends are of; the session sets it.
    pub site: Site,
    /// It was said inside encryption that the case has the secrets of: nobody on the way read it.
    pub is_opened: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_apart_by_name() {
        assert_eq!((Site::from(""), &*Site::default()), (Site::default(), ""));
        assert_eq!((Site::from("a"), &*Site::from("a")), (Site::from("a"), "a"));
        assert_ne!(Site::from("a"), Site::from("b"));
    }

    #[test]
    fn community_id_text_goes_both_ways() {
        let text = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
        assert_eq!(CommunityId::parse(text).unwrap().to_string(), text);
        assert_eq!(CommunityId::parse("2:LQU9qZlK+B5F3KDmev6m5PMibrg="), None);
    }
}
