//! EVE's `dhcp`: one message each, where packets give one row an exchange.

use super::map::set;
use crate::event::{Body, Dhcp, Event, Raw};
use crate::text::Text;
use std::net::IpAddr;

/// The address that the client has already; 0.0.0.0 for none.
pub fn client(e: &mut Event, raw: &Raw<'_>) -> bool {
    in_row(e, raw, |row| &mut row.client_addr)
}

/// The address that the server gives.
pub fn assigned(e: &mut Event, raw: &Raw<'_>) -> bool {
    in_row(e, raw, |row| &mut row.assigned_addr)
}

fn in_row(e: &mut Event, raw: &Raw<'_>, slot: fn(&mut Dhcp) -> &mut Option<IpAddr>) -> bool {
    let Body::Dhcp(row) = &mut e.body else { return false };
    let addr = raw.addr();
    let is_none = addr.is_some_and(|a| a.is_unspecified());
    is_none || set(slot(row), raw, addr)
}

/// What the message is: `discover` is `DISCOVER`.
pub fn kind(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::Dhcp(row) = &mut e.body else { return false };
    row.msg_types.extend(raw.text().map(|t| Text::from(t.to_ascii_uppercase())));
    raw.text().is_some() || raw.is_unset()
}

/// The client is the originator, whoever sent the message; who gives an address is its server.
pub fn finish(e: &mut Event) {
    let Body::Dhcp(row) = &mut e.body else { return };
    let is_answer = |kind: &Text| matches!(&**kind, "OFFER" | "ACK" | "NAK");
    if row.msg_types.iter().any(is_answer) {
        row.server_addr = e.flow.orig.addr;
        std::mem::swap(&mut e.flow.orig, &mut e.flow.resp);
    }
    row.client_addr = row.client_addr.or(row.assigned_addr);
}
