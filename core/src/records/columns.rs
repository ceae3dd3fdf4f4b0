//! The columns of a kind: those that every kind has, then the record's own.

use crate::event::{Cell, Event, Field, Kind, Type};
use crate::text::Text;

/// What every row has besides its record's own fields.
pub const COMMON: [Field; 8] = [
    Field {
        name: "ts",
        ty: Type::Time,
        doc: "When it happened. Unset when the source has no times.",
    },
    Field {
        name: "uid",
        ty: Type::String,
        doc: "The connection's identity in its source: a log's own, or derived from the first packet.",
    },
    Field { name: "id.orig_h", ty: Type::Addr, doc: "The originator's address." },
    Field {
        name: "id.orig_p",
        ty: Type::Port,
        doc: "The originator's port; for ICMP the message's type.",
    },
    Field { name: "id.resp_h", ty: Type::Addr, doc: "The responder's address." },
    Field {
        name: "id.resp_p",
        ty: Type::Port,
        doc: "The responder's port; for ICMP the message's code.",
    },
    Field {
        name: "proto",
        ty: Type::String,
        doc: "Transport protocol: `tcp`, `udp`, `icmp`, `sctp`, `unknown_transport`.",
    },
    Field {
        name: "community_id",
        ty: Type::String,
        doc: "Community ID of version 1: the connection's identity over tools and sources.",
    },
];

/// Every column of a kind, in order.
pub fn columns(kind: Kind) -> impl Iterator<Item = &'static Field> {
    COMMON.iter().chain(kind.fields())
}

/// How many columns a kind has.
pub(super) const fn n_columns(kind: Kind) -> usize {
    COMMON.len() + kind.fields().len()
}

/// The position of a column in its kind.
pub(super) fn position(kind: Kind, name: &str) -> Option<usize> {
    columns(kind).position(|f| f.name == name)
}

/// Calls `out` once a column, in order.
pub(super) fn each_cell(event: &Event, out: &mut dyn FnMut(Cell<'_>)) {
    let flow = &event.flow;
    out(event.ts.map_or(Cell::Unset, Cell::Time));
    match &flow.uid {
        Some(uid) => out(Cell::String(uid.text(&mut Default::default()))),
        None => out(Cell::Unset),
    }
    for side in [flow.orig, flow.resp] {
        out(side.addr.map_or(Cell::Unset, Cell::Addr));
        out(side.port.map_or(Cell::Unset, Cell::Port));
    }
    out(flow.transport.map_or(Cell::Unset, |t| Cell::String(t.name())));
    match &flow.community_id {
        Some(id) => out(Cell::String(id.text(&mut Default::default()))),
        None => out(Cell::Unset),
    }
    event.body.cells(&mut |cell| out(cell));
}

/// The members of a list, as a cell holds them.
pub(super) fn members(texts: &[Text]) -> impl Iterator<Item = &str> {
    texts.iter().map(|t| &**t)
}
