//! Records of one kind, found by the addresses of their two sides.

use crate::ends::End;
use crate::ours::Record;
use crate::zeek_log::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Fields by which a row is looked for first: connections with thousands of requests are met.
const KEYS: &[(&str, &str)] = &[("dns", "trans_id"), ("ftp", "arg"), ("http", "uri")];

/// The records of one kind.
pub(crate) struct Index<'a> {
    all: Vec<&'a Record>,
    /// The field that mostly tells records of one connection apart.
    key: Option<&'static str>,
    by_key: BTreeMap<&'a str, Vec<&'a Record>>,
    by_addrs: BTreeMap<BTreeSet<String>, Vec<&'a Record>>,
    by_ends: BTreeMap<BTreeSet<End>, Vec<&'a Record>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(kind: &str, records: &'a [Record]) -> Self {
        let all: Vec<_> = records.iter().filter(|r| r.kind == kind).collect();
        let key = KEYS.iter().find(|(of, _)| *of == kind).map(|(_, key)| *key);
        let mut index = Self {
            all,
            key,
            by_key: BTreeMap::new(),
            by_addrs: BTreeMap::new(),
            by_ends: BTreeMap::new(),
        };
        for &record in &index.all {
            if let Some(value) = key.and_then(|key| record.fields.get(key)) {
                index.by_key.entry(value).or_default().push(record);
            }
            let ends = End::both(|name| record.get(name));
            let addrs = ends.iter().filter_map(|end| end.addr.clone()).collect();
            index.by_addrs.entry(addrs).or_default().push(record);
            index.by_ends.entry(ends.into_iter().collect()).or_default().push(record);
        }
        index
    }

    /// Those with the row's value of the key.
    pub(crate) fn alike(&self, row: &Row) -> &[&'a Record] {
        let value = self.key.and_then(|key| row.get(key)?.as_deref());
        value.and_then(|value| self.by_key.get(value)).map_or(&[], Vec::as_slice)
    }

    /// Those that may be between these ends: all, where an end has no address.
    pub(crate) fn between(&self, ends: &[End; 2]) -> &[&'a Record] {
        if ends.iter().any(|end| end.addr.is_none()) {
            return &self.all;
        }
        let found = if ends.iter().any(|end| end.port.is_none()) {
            let addrs = ends.iter().filter_map(|end| end.addr.clone()).collect();
            self.by_addrs.get(&addrs)
        } else {
            self.by_ends.get(&ends.iter().cloned().collect())
        };
        found.map_or(&[], Vec::as_slice)
    }
}
