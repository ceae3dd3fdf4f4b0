//! Hosts: an address, and the site that gives it a meaning when it is a private one.

use super::addr::{self, Net, is_internal};
use crate::event::{Event, Http, Site};
use crate::text::Text;
use std::fmt;
use std::net::IpAddr;

/// A host as far as addresses tell: two sites' 192.168.1.10 are two, a public address is one
/// whoever recorded it. IPv4 addresses mapped into IPv6 are IPv4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// Its address.
    pub addr: IpAddr,
    /// Its site; empty for a public address.
    site: Site,
}

impl Host {
    /// The host that an address of a source of this site is.
    pub fn new(addr: IpAddr, site: &Site) -> Self {
        let addr = addr.to_canonical();
        Self { addr, site: if is_internal(addr) { site.clone() } else { Site::default() } }
    }

    /// The side of an event that began.
    pub fn orig(e: &Event) -> Option<Self> {
        Some(Self::new(e.flow.orig.addr?, &e.flow.site))
    }

    /// The side of an event that was asked.
    pub fn resp(e: &Event) -> Option<Self> {
        Some(Self::new(e.flow.resp.addr?, &e.flow.site))
    }
}

/// The server of a request, as the request names it, else its address; its own log tells neither.
pub fn web_server(e: &Event, h: &Http) -> Text {
    match (&h.host, Host::resp(e)) {
        (Some(name), _) => name.clone(),
        (None, Some(server)) => server.to_string().into(),
        (None, None) => Text::default(),
    }
}

/// Where a host is, as far as addresses tell: the network that one site commonly has, and the site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(Net, Site);

impl Host {
    /// Where it is.
    pub fn place(&self) -> Place {
        Place(addr::site(self.addr), self.site.clone())
    }
}

impl fmt::Display for Host {
    /// `10.0.0.1`, with the site behind it where the analyst named one: `10.0.0.1 (Bern)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.site.is_empty() {
            write!(f, "{}", self.addr)
        } else {
            write!(f, "{} ({})", self.addr, &*self.site)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_hosts_of_their_site() {
        let host = |addr: &str, site: &str| Host::new(addr.parse().unwrap(), &site.into());
        assert_ne!(host("192.168.1.10", "a"), host("192.168.1.10", "b"));
        assert_ne!(host("192.168.1.10", "a").place(), host("192.168.1.10", "b").place());
        assert_eq!(host("192.168.1.10", "a").place(), host("192.168.1.99", "a").place());
        assert_eq!(host("9.9.9.9", "a"), host("::ffff:9.9.9.9", "b"));
        assert_eq!(host("fd00::1", "Bern").to_string(), "fd00::1 (Bern)");
        assert_eq!(host("9.9.9.9", "Bern").to_string(), "9.9.9.9");
    }
}
