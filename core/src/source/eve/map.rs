//! Where EVE's fields go: what a row of the table may say, and the fields that every event may have.

use super::derive;
use super::table::MAPS;
use crate::event::{CommunityId, Event, Kind, Raw, Transport, Uid};

/// Sets something of an event from a value; false when the value does not fit.
pub type Put = fn(&mut Event, &Raw<'_>) -> bool;

/// Where a field goes, as the table writes it.
#[derive(Debug, Clone, Copy)]
pub enum To {
    /// Into the record's field of this name.
    Field(&'static str),
    /// Through a function.
    Put(Put),
    /// Nowhere: it says nothing that a record needs, or another part of the reader takes it.
    Known,
}

/// One type of event.
#[derive(Debug)]
pub struct Map {
    /// EVE's `event_type`.
    pub event: &'static str,
    /// The kind that its rows become.
    pub kind: Kind,
    /// Its fields, by their whole path.
    pub fields: &'static [(&'static str, To)],
    /// Fills what follows from other fields.
    pub derive: fn(&mut Event),
}

/// Where a value goes.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Through a function.
    Put(Put),
    /// Into the record's field of this number.
    Field(usize),
    /// Nowhere, knowingly.
    Known,
    /// Nowhere: nobody has thought of it.
    Unknown,
}

use To::{Field, Known};

/// Through a function.
pub(super) const fn put(put: Put) -> To {
    To::Put(put)
}

/// What every event may have.
static COMMON: &[(&str, To)] = &[
    ("timestamp", put(|e, raw| set(&mut e.ts, raw, raw.time()))),
    ("flow_id", put(|e, raw| set(&mut e.flow.uid, raw, raw.text().map(Uid::Log)))),
    ("src_ip", put(|e, raw| set(&mut e.flow.orig.addr, raw, raw.addr()))),
    ("src_port", put(|e, raw| set(&mut e.flow.orig.port, raw, raw.port()))),
    ("dest_ip", put(|e, raw| set(&mut e.flow.resp.addr, raw, raw.addr()))),
    ("dest_port", put(|e, raw| set(&mut e.flow.resp.port, raw, raw.port()))),
    (
        "proto",
        put(|e, raw| {
            set(&mut e.flow.transport, raw, raw.text().and_then(|t| Transport::parse(&t)))
        }),
    ),
    (
        "community_id",
        put(|e, raw| {
            // Some pipelines write a mark in place of it.
            e.flow.community_id = raw.text().and_then(|t| CommunityId::parse(&t));
            true
        }),
    ),
    ("vlan", put(derive::vlan)),
    ("event_type", Known),
    ("in_iface", Known),
    ("ip_v", Known),
    ("pcap_cnt", Known),
    ("pcap_filename", Known),
    ("pkt_src", Known),
    ("tx_id", Known),
    ("host", Known),
    ("direction", Known),
];

/// Stores what was read of `raw`; false when it was something but could not be read.
pub(super) fn set<T>(slot: &mut Option<T>, raw: &Raw<'_>, read: Option<T>) -> bool {
    let ok = read.is_some() || raw.is_unset();
    if read.is_some() {
        *slot = read;
    }
    ok
}

/// The map of an event type; `None` for one that is not read.
pub fn of(event: &str) -> Option<&'static Map> {
    MAPS.iter().find(|map| map.event == event)
}

impl Map {
    /// Where the values of a path go.
    pub fn target(&self, path: &str) -> Target {
        let found = self.fields.iter().chain(COMMON).find(|(name, _)| *name == path);
        match found.map(|(_, to)| *to) {
            // Answers by type of record, for those who want no others.
            None if path.starts_with("dns.grouped.") => Target::Known,
            None => Target::Unknown,
            Some(Known) => Target::Known,
            Some(To::Put(put)) => Target::Put(put),
            Some(Field(name)) => {
                let n = self.kind.fields().iter().position(|f| f.name == name);
                n.map_or(Target::Unknown, Target::Field)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_is_one_of_its_record() {
        for map in MAPS {
            for (path, _) in map.fields {
                assert!(!matches!(map.target(path), Target::Unknown), "{} {path}", map.event);
            }
        }
        assert!(MAPS.is_sorted_by_key(|map| map.event));
    }
}
