//! Second passes: packets carved, streams followed, patterns searched for.

use crate::args::Options;
use crate::case::Case;
use crate::{Status, complain};
use offwire_core::event::Kind;
use offwire_core::evidence::{
    Carve, Connection, Follow, Followed, MAX_BYTES, MAX_HITS, Part, Pattern, Place, Pursuit, Scope,
    Search, connections,
};
use offwire_core::text::visible;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Writes the packets of the connections that pass `filter` to a new capture.
pub fn carve(
    filter: &str,
    to: &OsString,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<Status> {
    let mut case = Case::read(options);
    let chosen = choose(&mut case, filter);
    if chosen.is_empty() {
        complain("no connection of a capture passes the filter; nothing was written");
        return Ok(case.status());
    }
    let name = Path::new(to).display();
    // Evidence is never overwritten.
    let mut file = match File::create_new(to) {
        Ok(file) => file,
        Err(error) => {
            complain(&format!("{name}: {error}"));
            return Ok(Status::Incomplete);
        }
    };
    let n_chosen = chosen.len();
    let mut pursuit = Pursuit::new(&case.session, Scope::Connections(chosen), Carve::default());
    case.pursue(&mut pursuit, &mut |_, carve| file.write_all(&carve.take_bytes()))?;
    let packets = pursuit.with(|carve| carve.packets);
    writeln!(out, "{name}: {packets} packets of {n_chosen} connections")?;
    Ok(case.status())
}

/// Prints what both sides of a connection said.
pub fn follow(uid: &str, options: &Options, out: &mut impl Write) -> io::Result<Status> {
    let mut case = Case::read(options);
    let chosen = choose(&mut case, &format!("uid == \"{uid}\""));
    if chosen.is_empty() {
        complain(&format!("no connection of a capture has the uid {uid}"));
        return Ok(Status::Incomplete);
    }
    let take = Follow::new(chosen.len(), MAX_BYTES, options.settings.caps.streams);
    let mut pursuit = Pursuit::new(&case.session, Scope::Connections(chosen.clone()), take);
    case.pursue(&mut pursuit, &mut |_, _| Ok(()))?;
    let followed = pursuit.with(|follow| std::mem::take(&mut follow.followed));
    for (connection, followed) in chosen.iter().zip(&followed) {
        let Connection { uid, proto, orig, resp, packets, .. } = connection;
        writeln!(out, "# {uid} {proto} {orig} > {resp}, {packets} packets")?;
        dump(followed, out)?;
    }
    Ok(case.status())
}

/// Prints where a pattern is: in the streams of connections, or without a filter in all packets.
pub fn search(
    pattern: Pattern,
    filter: Option<&str>,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<Status> {
    let mut case = Case::read(options);
    let chosen = filter.map(|filter| choose(&mut case, filter));
    let scope = match chosen.clone() {
        Some(chosen) => Scope::Connections(chosen),
        None => Scope::Captures(Vec::new()),
    };
    let take = Search::new(pattern, options.settings.caps.streams);
    let mut pursuit = Pursuit::new(&case.session, scope, take);
    let chosen = chosen.unwrap_or_default();
    case.pursue(&mut pursuit, &mut |case, search| {
        for hit in search.take_hits() {
            let name = visible(case.session.name(hit.at.node));
            write!(out, "{name}\tpacket {}\t", hit.at.item)?;
            match hit.place {
                Place::Packet { offset } => write!(out, "byte {offset}")?,
                Place::Stream { connection, is_orig, offset } => {
                    let uid = chosen.get(connection).map_or("", |c| &*c.uid);
                    let side = if is_orig { "orig" } else { "resp" };
                    write!(out, "{uid} {side} byte {offset}")?;
                }
            }
            writeln!(out, "\t{}", hit.form)?;
        }
        Ok(())
    })?;
    let n_hits = pursuit.with(|search| search.n_hits);
    if n_hits > MAX_HITS as u64 {
        complain(&format!("{MAX_HITS} of {n_hits} places, the first in the captures"));
    }
    Ok(case.status())
}

/// The connections that pass a filter; says when some have lost their records.
fn choose(case: &mut Case, filter: &str) -> Vec<Connection> {
    let records = case.session.records();
    let (kept, seen) = (records.kept(Kind::Conn), records.seen(Kind::Conn));
    if kept < seen {
        complain(&format!("{kept} of {seen} connections: raise --records-mb for more"));
    }
    // The filter was read with the command line.
    connections(&mut case.session, filter).unwrap_or_default()
}

/// Both directions as they went on, `>` for the originator and `<` for the responder.
fn dump(followed: &Followed, out: &mut impl Write) -> io::Result<()> {
    for part in &followed.parts {
        match part {
            Part::Gap { is_orig, len } => {
                writeln!(out, "{} [{len} bytes are missing]", side(*is_orig))?;
            }
            Part::Data { is_orig, start, len, at, ts } => {
                let stream = if *is_orig { &followed.orig } else { &followed.resp };
                let bytes = stream.get(*start..start + len).unwrap_or_default();
                writeln!(out, "{} [{ts} packet {}, {len} bytes]", side(*is_orig), at.item)?;
                for line in bytes.split_inclusive(|b| *b == b'\n') {
                    writeln!(out, "{} {}", side(*is_orig), plain(line))?;
                }
            }
        }
    }
    if followed.left_out > 0 {
        writeln!(out, "# {} more bytes are left out", followed.left_out)?;
    }
    Ok(())
}

const fn side(is_orig: bool) -> char {
    if is_orig { '>' } else { '<' }
}

/// A line as printable ASCII: the rest as `\xNN`, a backslash doubled, its line end left out.
fn plain(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut text = String::new();
    for b in line {
        match b {
            b'\\' => text.push_str("\\\\"),
            b'\t' | b' '..=b'~' => text.push(char::from(*b)),
            _ => text.push_str(&format!("\\x{b:02x}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed_cannot_write_to_the_terminal() {
        assert_eq!(plain(b"GET / \x1b[2J\xff\\\r\n"), "GET / \\x1b[2J\\xff\\\\");
    }
}
