//! From a row or a packet to the connections it belongs to, as a filter over `conn` records.

use super::connection::{Connection, connections, count_connections};
use crate::event::{Endpoint, KINDS, Kind, Origin, SAME_WITHIN};
use crate::net::{Decoder, Found, Tuple};
use crate::records::filter::quote;
use crate::records::{Cells, ColumnCells, FilterError, MAX_PAGE, RowQuery, Rows};
use crate::session::Session;
use crate::time::{Interval, Time};
use std::collections::BTreeSet;

/// Connections named in one filter at most: a filter of more would be slow, and nobody reads them
/// packet by packet.
pub const MAX_REACH: usize = 256;

/// Connections of captures, by a filter that passes their `conn` records.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reach {
    /// The filter.
    pub filter: String,
    /// How many connections pass it.
    pub n_connections: u64,
    /// Connections that were left out, since there are more than [`MAX_REACH`].
    pub left_out: u64,
    /// Their ends, when it is only one: `10.0.0.1:1025 > 192.0.2.7:80`.
    pub ends: Option<String>,
}

/// The connections that the rows of a kind belong to, of those that pass a filter.
///
/// # Errors
/// If the filter cannot be read.
pub fn reach_of_rows(
    session: &mut Session,
    kind: Kind,
    filter: &str,
) -> Result<Option<Reach>, FilterError> {
    if kind == Kind::Conn {
        return Ok(reach(session, filter.to_owned(), 0));
    }
    let mut uids = BTreeSet::new();
    each_page(session, kind, filter, &["uid"], &mut |rows| {
        let Some(column) = rows.columns.first() else { return };
        uids.extend((0..rows.len()).filter_map(|i| text(rows, column, i)).map(str::to_owned));
    })?;
    Ok(by_uids(session, &uids))
}

/// The connection of one item: of the row that was read from it, else of the packet that its bytes
/// are, else of another source whose row has the same ends at the same time.
pub fn reach_of_item(session: &mut Session, at: Origin, bytes: &[u8]) -> Option<Reach> {
    let filter = format!("_source == {} and _item == {}", at.node.0, at.item);
    let mut uids = BTreeSet::new();
    let mut seen = Vec::new();
    for kind in KINDS {
        let columns = ["uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "ts", "duration"];
        let take = &mut |rows: &Rows| {
            for i in 0..rows.len() {
                uids.extend(rows.columns.first().and_then(|c| text(rows, c, i)).map(str::to_owned));
                seen.extend(exchange(rows, i));
            }
        };
        each_page(session, *kind, &filter, &columns, take).ok()?;
    }
    if let Some(reach) = by_uids(session, &uids) {
        return Some(reach);
    }
    seen.extend(session.packet(at, bytes).into_iter().flat_map(|p| of_packet(session, &p)));
    seen.iter().find_map(|exchange| near(session, exchange))
}

/// Two ends that spoke at some time.
struct Exchange {
    ends: [Endpoint; 2],
    when: Option<(Time, Time)>,
}

/// The exchanges in a packet, the innermost first.
fn of_packet(session: &Session, packet: &crate::net::Packet<'_>) -> Vec<Exchange> {
    let mut all = Vec::new();
    Decoder::new(session.settings()).decode(packet, &mut |found| {
        if let Found::Ip(decoded) = found {
            let (orig, resp) = Tuple::of(&decoded).endpoints();
            all.push(Exchange { ends: [orig, resp], when: packet.ts.map(|ts| (ts, ts)) });
        }
    });
    all.reverse();
    all
}

/// The connections of captures between the same ends, at that time where one is known.
fn near(session: &mut Session, exchange: &Exchange) -> Option<Reach> {
    let [a, b] = exchange.ends;
    let side = |orig: Endpoint, resp: Endpoint| {
        let mut terms =
            vec![format!("id.orig_h == {}", orig.addr?), format!("id.resp_h == {}", resp.addr?)];
        terms.extend(orig.port.map(|p| format!("id.orig_p == {p}")));
        terms.extend(resp.port.map(|p| format!("id.resp_p == {p}")));
        Some(terms.join(" and "))
    };
    let filter = format!("({}) or ({})", side(a, b)?, side(b, a)?);
    let columns = ["uid", "ts", "duration"];
    let mut uids = BTreeSet::new();
    let mut captures = Vec::new();
    each_page(session, Kind::Conn, &filter, &columns, &mut |rows| {
        for i in 0..rows.len() {
            let span = span(rows, i, 1);
            let is_then = match (span, exchange.when) {
                (Some((first, last)), Some((from, until))) => {
                    from <= last.plus(SAME_WITHIN) && until.plus(SAME_WITHIN) >= first
                }
                _ => true,
            };
            let uid = rows.columns.first().and_then(|c| text(rows, c, i));
            if let (true, Some(at), Some(uid)) = (is_then, rows.at.get(i), uid) {
                captures.push((at.node, uid.to_owned()));
            }
        }
    })
    .ok()?;
    captures.retain(|(node, _)| session.is_capture(*node));
    uids.extend(captures.into_iter().map(|(_, uid)| uid));
    by_uids(session, &uids)
}

fn by_uids(session: &mut Session, uids: &BTreeSet<String>) -> Option<Reach> {
    let named: Vec<String> = uids.iter().take(MAX_REACH).map(|uid| quote(uid)).collect();
    let filter = match named.as_slice() {
        [] => return None,
        [one] => format!("uid == {one}"),
        several => format!("uid in ({})", several.join(", ")),
    };
    reach(session, filter, uids.len().saturating_sub(MAX_REACH) as u64)
}

fn reach(session: &mut Session, filter: String, left_out: u64) -> Option<Reach> {
    let n_connections = count_connections(session, &filter).ok().filter(|n| *n > 0)?;
    let ends = if n_connections == 1 {
        let one = connections(session, &filter).ok()?;
        one.first().map(|Connection { orig, resp, .. }| format!("{orig} > {resp}"))
    } else {
        None
    };
    Some(Reach { filter, n_connections, left_out, ends })
}

/// Calls `on` with all rows that pass, page by page.
fn each_page(
    session: &mut Session,
    kind: Kind,
    filter: &str,
    columns: &[&str],
    on: &mut dyn FnMut(&Rows),
) -> Result<(), FilterError> {
    let mut query = RowQuery {
        filter: filter.to_owned(),
        columns: Some(columns.iter().map(|c| (*c).to_owned()).collect()),
        limit: MAX_PAGE,
        ..RowQuery::all(kind)
    };
    loop {
        let rows = session.rows(&query)?;
        if rows.is_empty() {
            return Ok(());
        }
        query.offset += rows.len();
        on(&rows);
    }
}

/// The exchange of a row whose columns after the first are its ends, its time and its duration.
fn exchange(rows: &Rows, row: usize) -> Option<Exchange> {
    let named = |name: &str| rows.columns.iter().find(|c| c.field.name == name);
    let end = |h: &str, p: &str| Endpoint {
        addr: named(h).and_then(|c| text(rows, c, row)).and_then(|t| t.parse().ok()),
        port: named(p).and_then(|c| count(c, row)).and_then(|n| u16::try_from(n).ok()),
    };
    let ends = [end("id.orig_h", "id.orig_p"), end("id.resp_h", "id.resp_p")];
    let is_known = ends.iter().all(|e| e.addr.is_some());
    is_known.then(|| Exchange { ends, when: span(rows, row, 5) })
}

/// From the time in column `ts` on, as long as the column behind it says, where there is one.
fn span(rows: &Rows, row: usize, ts: usize) -> Option<(Time, Time)> {
    let first = Time(rows.columns.get(ts).and_then(|c| int(c, row))?);
    let lasted = rows.columns.get(ts + 1).and_then(|c| int(c, row)).unwrap_or_default();
    Some((first, first.plus(Interval(lasted))))
}

fn text<'a>(rows: &'a Rows, column: &ColumnCells, row: usize) -> Option<&'a str> {
    let Cells::Texts(bounds) = &column.cells else { return None };
    let is_set = column.is_set.get(row).is_some_and(|set| *set == 1);
    let (start, end) = (*bounds.get(row)?, *bounds.get(row + 1)?);
    rows.heap.get(start as usize..end as usize).filter(|_| is_set)
}

fn count(column: &ColumnCells, row: usize) -> Option<u64> {
    let Cells::Counts(numbers) = &column.cells else { return None };
    let is_set = column.is_set.get(row).is_some_and(|set| *set == 1);
    numbers.get(row).copied().filter(|_| is_set)
}

fn int(column: &ColumnCells, row: usize) -> Option<i64> {
    let Cells::Ints(numbers) = &column.cells else { return None };
    let is_set = column.is_set.get(row).is_some_and(|set| *set == 1);
    numbers.get(row).copied().filter(|_| is_set)
}
