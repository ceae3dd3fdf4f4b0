//! Messages of SOCKS, whole or in part (RFC 1928), and what tells either side's.

use crate::bytes::Cursor;
use crate::event::{Port, Socks};
use crate::proto::{Dir, Probe};
use crate::text::{self, Text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// Longest account or name of version 4, which end by a zero; version 5's have one byte of length.
const MAX_TEXT: usize = 255;

/// What a client begins with. The first message of either version comes alone, since the client waits
/// for the answer; one in a hurry has its request right behind. Where the capture begins later, the
/// request stands alone. One who accepted the connection must say more than its three first bytes.
pub fn asks(dir: Dir, data: &[u8]) -> Probe {
    match (dir, data) {
        (_, [] | [5]) | (Dir::Orig, [4]) => Probe::NeedMore,
        (_, [5, ..]) => match greeting(data) {
            Shape::Part => Probe::NeedMore,
            Shape::Whole(n) if n == data.len() && dir == Dir::Orig => Probe::Yes,
            Shape::Whole(n) => match shape(data.get(n..).unwrap_or_default(), 1..=3) {
                Shape::Part => Probe::NeedMore,
                Shape::Whole(request) if n + request == data.len() => Probe::Yes,
                _ => Probe::No,
            },
            Shape::Other => match shape(data, 1..=3) {
                Shape::Part => Probe::NeedMore,
                // No server is at port 0, which the answer of one that failed may name.
                Shape::Whole(n) if n == data.len() && !data.ends_with(&[0, 0]) => Probe::Yes,
                _ => Probe::No,
            },
        },
        (Dir::Orig, [4, 1 | 2, rest @ ..]) => match request_4(rest) {
            Ok((_, 0)) => Probe::Yes,
            Err(()) if rest.len() <= 6 + 2 * MAX_TEXT => Probe::NeedMore,
            _ => Probe::No,
        },
        _ => Probe::No,
    }
}

/// What a proxy begins with: the choice of a method, perhaps that a password was right, and the answer
/// to the request. An answer without its choice, and one of version 4, are short and of many zeros.
pub fn answers(data: &[u8]) -> Probe {
    let (reply, is_chosen) = match data {
        [] | [5] | [5, 2] | [5, 2, 1] => return Probe::NeedMore,
        [0, 90..=93, ..] if data.len() == 8 => return Probe::Maybe,
        [5, 2, 1, 0, reply @ ..] => (reply, true),
        [5, 0, reply @ ..] if matches!(reply, [] | [5, ..]) => (reply, true),
        // The other codes are commands of requests, too.
        [5, 0 | 4..=8, ..] => (data, false),
        _ => return Probe::No,
    };
    match (shape(reply, 0..=8), reply) {
        (Shape::Part, _) => Probe::NeedMore,
        (Shape::Whole(_), [_, 0, ..]) if is_chosen => Probe::Yes,
        (Shape::Whole(n), _) if n == reply.len() => {
            if is_chosen {
                Probe::Yes
            } else {
                Probe::Maybe
            }
        }
        _ => Probe::No,
    }
}

/// How much of a message of version 5 is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It is not that message.
    Other,
    /// Its beginning.
    Part,
    /// All of it, in so many bytes.
    Whole(usize),
}

/// A client's first message. Behind it nothing stands yet but what a client in a hurry says.
pub fn greeting(data: &[u8]) -> Shape {
    // Methods that were given out, and those of a site (RFC 1928, section 3).
    let are_methods = |all: &[u8]| all.iter().all(|m| *m < 10 || *m >= 0x80);
    let (n, rest) = match data {
        [] | [5] => return Shape::Part,
        [5, n @ 1..=9, rest @ ..] => (usize::from(*n), rest),
        _ => return Shape::Other,
    };
    let Some((methods, behind)) = rest.split_at_checked(n) else {
        return if are_methods(rest) { Shape::Part } else { Shape::Other };
    };
    let is_hurry = match behind {
        [] => true,
        [1, ..] => methods.contains(&2),
        _ => shape(behind, 1..=3) != Shape::Other,
    };
    if is_hurry && are_methods(methods) { Shape::Whole(2 + n) } else { Shape::Other }
}

/// A request or its answer: a code, a zero, an address or a name, and the port.
pub fn shape(data: &[u8], codes: RangeInclusive<u8>) -> Shape {
    let place = match data {
        [] | [5] => return Shape::Part,
        [5, code, rest @ ..] if codes.contains(code) => match rest {
            [] | [0] => return Shape::Part,
            [0, place @ ..] => place,
            _ => return Shape::Other,
        },
        _ => return Shape::Other,
    };
    let n = match place {
        [1, ..] => 4,
        [4, ..] => 16,
        [3] => return Shape::Part,
        [3, n @ 1..=u8::MAX, name @ ..] => {
            // Without this a call of DCE/RPC would have a name of zeros.
            if !name.iter().take((*n).into()).all(|b| *b > b' ' && *b != 0x7f) {
                return Shape::Other;
            }
            1 + usize::from(*n)
        }
        _ => return Shape::Other,
    };
    // Version, code, zero, kind; the port.
    let whole = 4 + n + 2;
    if data.len() < whole { Shape::Part } else { Shape::Whole(whole) }
}

/// A request of version 4 behind its command, and the bytes left behind it; `Err` while it is not
/// all there.
pub fn request_4(data: &[u8]) -> Result<(Socks, usize), ()> {
    let mut c = Cursor::new(data);
    let port = c.be16().ok_or(())?;
    let addr = c.array::<4>().ok_or(())?;
    let mut text = || -> Option<Text> {
        let end = c.rest().iter().take(MAX_TEXT + 1).position(|b| *b == 0)?;
        let text = text::from_bytes(c.take(end)?);
        c.u8()?;
        Some(text)
    };
    let user = text().ok_or(())?;
    // 4A: an address of 0.0.0.x says that a name follows.
    let name = match addr {
        [0, 0, 0, 1..=255] => Some(text().ok_or(())?),
        _ => None,
    };
    let row = Socks {
        version: Some(4),
        user: Some(user).filter(|u| !u.is_empty()),
        request_host: name.is_none().then(|| Ipv4Addr::from(addr).into()),
        request_name: name,
        request_p: Some(Port(port)),
        ..Socks::default()
    };
    Ok((row, c.rest().len()))
}

/// An address or a name, and the port.
pub type Place = (Option<IpAddr>, Option<Text>, u16);

/// An address of version 5 with its port; `Err` for a kind that is not known.
pub fn address(c: &mut Cursor<'_>) -> Option<Result<Place, ()>> {
    let (host, name) = match c.u8()? {
        1 => (Some(Ipv4Addr::from(c.array::<4>()?).into()), None),
        3 => {
            let n = c.u8()?;
            (None, Some(text::from_bytes(c.take(n.into())?)))
        }
        4 => (Some(Ipv6Addr::from(c.array::<16>()?).into()), None),
        _ => return Some(Err(())),
    };
    Some(Ok((host, name, c.be16()?)))
}

/// Answers of version 5, RFC 1928 section 6, in Zeek's words.
pub const fn status_5(code: u8) -> &'static str {
    match code {
        0 => "succeeded",
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => "unknown",
    }
}

/// Answers of version 4, in Zeek's words.
pub const fn status_4(code: u8) -> &'static str {
    match code {
        90 => "succeeded",
        91 => "general SOCKS server failure",
        92 => "request failed because client is not running identd",
        93 => {
            "request failed because client's identd could not confirm the user ID string in the request"
        }
        _ => "unknown",
    }
}
