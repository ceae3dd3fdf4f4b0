//! What holds the commands of one login together.

use crate::detect::kit::{Host, stable};
use crate::event::{Body, Event};

/// A session, hashed.
pub(super) type Session = u64;

/// The one that its log names, else its connection, else the client's port.
pub(super) fn of(e: &Event, from: &Host) -> Option<Session> {
    let logged = e.account().and_then(|a| a.session);
    let own = match &e.body {
        Body::Ftp(f) => f.session.as_deref(),
        _ => None,
    };
    logged
        .or(own)
        .map(|s| stable(&s))
        .or_else(|| e.flow.uid.as_ref().map(|uid| stable(&uid)))
        .or_else(|| e.flow.orig.port.map(|p| stable(&(from, p))))
}
