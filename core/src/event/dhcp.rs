//! `dhcp`: one exchange of a client with its servers, as Zeek's dhcp.log.

use crate::event::record;
use crate::text::Text;
use crate::time::Interval;
use std::net::IpAddr;

record! {
    /// The messages of one DHCP exchange, from whichever connections: those with one number and
    /// one client's hardware address within half a minute.
    Dhcp "dhcp" {
        /// The address that the client sends from, else the one it was given.
        client_addr: Option<IpAddr> = "client_addr",
        /// The server that gave the address.
        server_addr: Option<IpAddr> = "server_addr",
        /// The client's hardware address, by its identifier (option 61) where that is one.
        mac: Option<Text> = "mac",
        /// How the client names itself (option 12).
        host_name: Option<Text> = "host_name",
        /// The client's full name (option 81).
        client_fqdn: Option<Text> = "client_fqdn",
        /// The domain that the server gives (option 15).
        domain: Option<Text> = "domain",
        /// The address that the client asks for (option 50).
        requested_addr: Option<IpAddr> = "requested_addr",
        /// The address that the server gives.
        assigned_addr: Option<IpAddr> = "assigned_addr",
        /// How long the client may keep it (option 51).
        lease_time: Option<Interval> = "lease_time",
        /// What a client says of an error (option 56).
        client_message: Option<Text> = "client_message",
        /// What a server says of an error (option 56).
        server_message: Option<Text> = "server_message",
        /// The messages, in order: `DISCOVER`, `OFFER`, `REQUEST`, `ACK`.
        msg_types: Vec<Text> = "msg_types",
        /// From the first of them to the last.
        duration: Option<Interval> = "duration",
        /// The client's software, as its vendor class says (option 60).
        client_software: Option<Text> = "client_software",
        /// The server's software, as its vendor class says (option 60).
        server_software: Option<Text> = "server_software",
    }
}
