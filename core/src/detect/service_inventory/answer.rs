//! What shows that a port serves: an answer, or data of a connection that was under way.

use super::LAST_SERVICE_PORT;
use crate::event::{Conn, Event, Transport};

/// True when the responder served: it answered, did not refuse, and for UDP data came back.
pub(super) fn is_answer(e: &Event, c: &Conn, transport: Transport) -> bool {
    let replied = c.resp_pkts.is_none_or(|n| n > 0);
    let is_open = match c.conn_state {
        Some("REJ" | "S0") => false,
        Some("OTH") => is_under_way(e, c),
        _ => c.refused != Some(true),
    };
    // A reset alone answers and serves nothing: the history then shows neither SYN-ACK nor data.
    let is_served = transport != Transport::Tcp
        || c.history.as_deref().is_none_or(|h| h.is_empty() || h.contains(['h', 'd', 'a']));
    c.answered == Some(true) && is_open && is_served && (transport != Transport::Udp || replied)
}

/// True for a connection that was under way when the recording began: what comes from a service's
/// port to a client's is a service's, whoever was seen first.
fn is_under_way(e: &Event, c: &Conn) -> bool {
    let is = |port: Option<u16>, service| port.is_some_and(|p| (p <= LAST_SERVICE_PORT) == service);
    let has_data = c.history.as_deref().is_some_and(|h| h.contains('d'));
    has_data && is(e.flow.resp.port, true) && is(e.flow.orig.port, false)
}
