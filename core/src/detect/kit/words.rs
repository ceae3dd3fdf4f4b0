//! One event as one line of Zeek's words.

use crate::event::{Cell, Endpoint, Event, Flow};
use crate::report::{Line, Lines};
use crate::text::visible;
use crate::time::Interval;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

/// Longest line of a row: what fits on a screen. The raw row is one click away.
const MAX_LINE: usize = 320;
/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// One event as one line: kind, ends, then the fields it has, by Zeek's names.
pub fn line(e: &Event, lines: &Lines) -> Line {
    let kind = e.body.kind();
    let mut out = lines.scratch();
    out.push_str(kind.path());
    out.push(' ');
    write_ends(&mut out, &e.flow);
    let mut fields = kind.fields().iter();
    // Which fields are set: lines of one kind and shape have the same words in the same places.
    let mut shape = 0u64;
    e.body.cells(&mut |cell| {
        let name = fields.next().map_or("", |f| f.name);
        shape = shape.rotate_left(1) ^ u64::from(!matches!(cell, Cell::Unset));
        if !matches!(cell, Cell::Unset) && out.len() < MAX_LINE && !is_noise(name) {
            out.push(' ');
            out.push_str(name);
            out.push('=');
            write_cell(&mut out, cell);
        }
    });
    if out.len() > MAX_LINE {
        out.truncate(out.floor_char_boundary(MAX_LINE));
        out.push('…');
    }
    let line = lines.line(&(kind as u8, shape), &visible(&out));
    lines.put_back(out);
    line
}

/// Fields that say in numbers what a neighbour says by name, or that no finding turns on.
fn is_noise(name: &str) -> bool {
    matches!(
        name,
        "qclass"
            | "qclass_name"
            | "qtype"
            | "rcode"
            | "opcode"
            | "opcode_name"
            | "Z"
            | "trans_id"
            | "trans_depth"
            | "local_orig"
            | "local_resp"
            | "missed_bytes"
            | "tags"
    )
}

fn write_ends(out: &mut String, flow: &Flow) {
    let start = out.len();
    let proto = flow.transport.map_or("", |t| t.name());
    match (flow.orig.addr, flow.resp.addr) {
        (None, None) => out.push_str(proto),
        (Some(_), None) if flow.resp.port.is_none() => write_endpoint(out, &flow.orig),
        (None, Some(_)) if flow.orig.port.is_none() => {
            write_endpoint(out, &flow.resp);
            out.push(' ');
            out.push_str(proto);
        }
        _ => {
            write_endpoint(out, &flow.orig);
            out.push_str(" > ");
            write_endpoint(out, &flow.resp);
            out.push(' ');
            out.push_str(proto);
        }
    }
    out.truncate(start + out.get(start..).map_or(0, |ends| ends.trim_end().len()));
}

fn write_endpoint(out: &mut String, end: &Endpoint) {
    match (end.addr, end.port) {
        (Some(IpAddr::V4(addr)), port) => {
            write_ipv4(out, addr);
            if let Some(port) = port {
                out.push(':');
                write_number(out, u64::from(port));
            }
        }
        _ => drop(write!(out, "{end}")),
    }
}

fn write_ipv4(out: &mut String, addr: Ipv4Addr) {
    for (i, octet) in addr.octets().into_iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        write_number(out, u64::from(octet));
    }
}

/// Without a formatter, as all that a line holds a dozen of: one is made of almost every event.
fn write_number(out: &mut String, n: u64) {
    out.push_str(itoa::Buffer::new().format(n));
}

/// Seconds, with as many places as they have.
fn write_secs(out: &mut String, interval: Interval) {
    if interval.0 < 0 {
        out.push('-');
    }
    let nanos = interval.0.unsigned_abs();
    write_number(out, nanos / NANOS);
    let fraction = nanos % NANOS;
    if fraction > 0 {
        out.push('.');
        // A number that begins with a one has all its places, noughts in front too.
        let places = out.len();
        write_number(out, NANOS + fraction);
        out.remove(places);
        out.truncate(out.trim_end_matches('0').len());
    }
}

fn write_cell(out: &mut String, cell: Cell<'_>) {
    match cell {
        Cell::Unset => out.push('-'),
        Cell::Bool(b) => out.push(if b { 'T' } else { 'F' }),
        Cell::Count(n) => write_number(out, n),
        Cell::Port(p) => write_number(out, u64::from(p)),
        Cell::String(s) => out.push_str(s),
        Cell::Strings(all) => {
            for (i, one) in all.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(one);
            }
        }
        Cell::Addr(IpAddr::V4(a)) => write_ipv4(out, a),
        Cell::Addr(a) => drop(write!(out, "{a}")),
        Cell::Int(n) => drop(write!(out, "{n}")),
        Cell::Time(t) => drop(write!(out, "{t}")),
        Cell::Interval(i) => write_secs(out, i),
        Cell::Intervals(all) => {
            for (i, one) in all.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_secs(out, *one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;

    #[test]
    fn one_line_in_zeeks_words() {
        let lines = Lines::default();
        let rows = events(
            "dns 10.0.0.1 > 9.9.9.9:53 q=c2.evil.org a=192.0.2.1 ttl=58\nhttp 10.0.0.9 method=GET uri=/a\u{202e}b status=404",
        );
        assert_eq!(
            line(&rows[0], &lines).to_string(),
            "dns 10.0.0.1 > 9.9.9.9:53 udp query=c2.evil.org answers=192.0.2.1 TTLs=58 answered=T"
        );
        assert_eq!(
            line(&rows[1], &lines).to_string(),
            "http 10.0.0.9 method=GET uri=/a\\u{202e}b status_code=404"
        );
        let long = events(&format!("http 10.0.0.9 uri=/{}", "é".repeat(900)));
        let long = line(&long[0], &lines).to_string();
        assert!(long.len() < MAX_LINE + 8 && long.ends_with('…'));
    }

    #[test]
    fn numbers_and_addresses_read_as_anywhere() {
        let mut out = String::new();
        for n in [0, 9, 10, 65_535, u64::MAX] {
            out.clear();
            write_number(&mut out, n);
            assert_eq!(out, n.to_string());
        }
        for (nanos, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (2_500_000_000, "2.5"),
            (30_000_000_000, "30"),
            (-1_000_100_000, "-1.0001"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            out.clear();
            write_secs(&mut out, Interval(nanos));
            assert_eq!(out, text);
        }
        let of = |text: &str| line(&events(text)[0], &Lines::default()).to_string();
        assert_eq!(of("http fe80::1 > 10.0.0.9:80"), "http fe80::1 > 10.0.0.9:80 tcp");
        assert_eq!(of("http 10.0.0.1:50 > fe80::1"), "http 10.0.0.1:50 > fe80::1 tcp");
    }
}
