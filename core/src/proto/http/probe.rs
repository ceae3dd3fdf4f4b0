//! Whether bytes begin an HTTP/1 connection.

use super::wire;
use crate::proto::{Dir, Probe};
use crate::text;

/// Methods that are recognised at the start of a stream (RFC 9110, WebDAV, and those of common
/// clients). On a connection known to be HTTP any method is taken.
const METHODS: &[&str] = &[
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PATCH",
    "QUERY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "REPORT",
    "CHECKOUT",
    "MERGE",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "NOTIFY",
    "M-SEARCH",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "CCM_POST",
    "BITS_POST",
    "DEBUG",
    "POLL",
    "BMOVE",
    "BCOPY",
    "BDELETE",
];

/// Looks at the first bytes of one direction.
pub fn probe(dir: Dir, data: &[u8]) -> Probe {
    let begins = |word: &[u8]| text::begins(data, word);
    if dir == Dir::Resp {
        return match data {
            _ if begins(b"HTTP/") => Probe::Yes,
            _ if b"HTTP/".starts_with(data) => Probe::NeedMore,
            _ => Probe::No,
        };
    }
    let could_grow = |m: &&str| m.len() >= data.len() && m.as_bytes().starts_with(data);
    let is_method = |m: &&str| begins(m.as_bytes()) && data.get(m.len()) == Some(&b' ');
    match METHODS {
        all if all.iter().any(is_method) => match wire::line(data) {
            Some((line, _)) if !wire::is_request(line) => Probe::No,
            _ => Probe::Yes,
        },
        all if all.iter().any(could_grow) => Probe::NeedMore,
        _ => Probe::No,
    }
}
