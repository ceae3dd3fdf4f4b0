//! The connections a person chose, as the records tell them.

use crate::event::{Endpoint, Kind, Origin};
use crate::net::flow_mark;
use crate::records::{Cells, ColumnCells, FilterError, MAX_PAGE, RowQuery, Rows};
use crate::session::Session;
use crate::text::Text;

/// One connection of a capture: where its packets begin, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its first packet.
    pub at: Origin,
    /// Its uid as text.
    pub uid: Text,
    /// Zeek's name of the transport.
    pub proto: Text,
    /// Originator.
    pub orig: Endpoint,
    /// Responder.
    pub resp: Endpoint,
    /// Packets of both sides.
    pub packets: u64,
    /// True when ICMP errors speak of it: they are listed and carved with it.
    pub has_errors: bool,
}

impl Connection {
    /// Its hash in the index of blocks.
    pub(super) fn mark(&self) -> Option<u64> {
        let has_ports = matches!(&*self.proto, "tcp" | "udp" | "sctp");
        let end = |e: &Endpoint| Some((e.addr?, e.port.filter(|_| has_ports).unwrap_or_default()));
        Some(flow_mark(end(&self.orig)?, end(&self.resp)?))
    }

    /// Whether a packet between these ends is its originator's.
    pub(super) fn is_orig(&self, src: Endpoint) -> bool {
        if self.orig.addr == self.resp.addr {
            return src.port == self.orig.port;
        }
        src.addr == self.orig.addr
    }
}

/// The connections of captures that pass a filter over `conn` records, by time. Those of logs have
/// no packets and are left out.
pub fn connections(session: &mut Session, filter: &str) -> Result<Vec<Connection>, FilterError> {
    const COLUMNS: [&str; 9] = [
        "uid",
        "proto",
        "id.orig_h",
        "id.orig_p",
        "id.resp_h",
        "id.resp_p",
        "orig_pkts",
        "resp_pkts",
        "icmp_errors",
    ];
    let mut query = RowQuery {
        filter: filter.to_owned(),
        columns: Some(COLUMNS.map(str::to_owned).to_vec()),
        limit: MAX_PAGE,
        ..RowQuery::all(Kind::Conn)
    };
    let mut all = Vec::new();
    loop {
        let rows = session.rows(&query)?;
        if rows.is_empty() {
            return Ok(all);
        }
        query.offset += rows.len();
        let of_page = (0..rows.len()).filter_map(|i| connection(&rows, i));
        all.extend(of_page.filter(|c| session.is_capture(c.at.node)));
    }
}

/// How many connections of captures pass a filter over `conn` records.
pub fn count_connections(session: &mut Session, filter: &str) -> Result<u64, FilterError> {
    let mut query = RowQuery {
        filter: filter.to_owned(),
        // Their places are enough.
        columns: Some(Vec::new()),
        limit: MAX_PAGE,
        ..RowQuery::all(Kind::Conn)
    };
    let mut n = 0;
    loop {
        let rows = session.rows(&query)?;
        if rows.is_empty() {
            return Ok(n);
        }
        query.offset += rows.len();
        n += rows.at.iter().filter(|at| session.is_capture(at.node)).count() as u64;
    }
}

fn connection(rows: &Rows, row: usize) -> Option<Connection> {
    let [uid, proto, orig_h, orig_p, resp_h, resp_p, orig_pkts, resp_pkts, errors] =
        rows.columns.as_slice()
    else {
        return None;
    };
    let end = |h, p| Endpoint {
        addr: text(rows, h, row).and_then(|t| t.parse().ok()),
        port: number(p, row).and_then(|n| u16::try_from(n).ok()),
    };
    Some(Connection {
        at: *rows.at.get(row)?,
        uid: text(rows, uid, row)?.into(),
        proto: text(rows, proto, row)?.into(),
        orig: end(orig_h, orig_p),
        resp: end(resp_h, resp_p),
        packets: number(orig_pkts, row)?.saturating_add(number(resp_pkts, row)?),
        has_errors: errors.is_set.get(row) == Some(&1),
    })
}

fn text<'a>(rows: &'a Rows, column: &ColumnCells, row: usize) -> Option<&'a str> {
    let Cells::Texts(bounds) = &column.cells else { return None };
    let (start, end) = (*bounds.get(row)?, *bounds.get(row + 1)?);
    rows.heap.get(start as usize..end as usize)
}

fn number(column: &ColumnCells, row: usize) -> Option<u64> {
    let Cells::Counts(numbers) = &column.cells else { return None };
    let is_set = column.is_set.get(row).is_some_and(|set| *set == 1);
    numbers.get(row).copied().filter(|_| is_set)
}
