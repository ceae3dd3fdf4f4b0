//! `arp`: one ARP packet, with the fields of the record that Zeek's events give.

use crate::event::record;
use crate::text::Text;

record! {
    /// One ARP packet for IPv4 over Ethernet; the sender's and target's IP addresses stand in the row's
    /// originator and responder.
    Arp "arp" {
        /// `request`, `reply`, another operation by its name, or its number.
        operation: Option<Text> = "operation",
        /// Hardware address that the sender claims.
        orig_mac: Option<Text> = "orig_mac",
        /// Hardware address of the target; not known in a request.
        resp_mac: Option<Text> = "resp_mac",
    }
}
