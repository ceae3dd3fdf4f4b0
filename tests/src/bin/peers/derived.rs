//! What peers count that our records do not say in one: pairs of endpoints, and the services of a
//! whole capture.

use crate::ends::{End, by_side};
use crate::ours::Record;
use std::collections::{BTreeMap, BTreeSet};

/// What these rows are called.
pub(crate) const KINDS: [&str; 2] = ["flow", "services"];

/// A row for each pair of endpoints: all its connections in one.
pub(crate) fn flows(records: &[Record]) -> Vec<Record> {
    let mut flows: BTreeMap<(Option<String>, BTreeSet<End>), Flow> = BTreeMap::new();
    for record in records.iter().filter(|r| r.kind == "conn") {
        let ends = End::both(|name| record.get(name));
        // ICMP of one way is another pair in the other direction, with the same ends.
        let name = record.get("community_id").or_else(|| record.get("proto"));
        let key = (name, ends.iter().cloned().collect());
        flows.entry(key).or_insert_with(|| Flow::new(record, ends)).add(record);
    }
    flows.into_values().map(Flow::done).collect()
}

struct Flow {
    fields: BTreeMap<String, String>,
    ends: [End; 2],
    first: f64,
    last: f64,
    pkts: [u64; 2],
    /// Not known where a connection of one packet is among them: as in Zeek, it has no sizes.
    payload: Option<[u64; 2]>,
    services: BTreeSet<String>,
}

impl Flow {
    fn new(record: &Record, ends: [End; 2]) -> Self {
        let is_id =
            |name: &&String| name.starts_with("id.") || *name == "proto" || *name == "community_id";
        let fields = record.fields.iter().filter(|(name, _)| is_id(name));
        Self {
            fields: fields.map(|(n, v)| (n.clone(), v.clone())).collect(),
            ends,
            first: f64::INFINITY,
            last: f64::NEG_INFINITY,
            pkts: [0; 2],
            payload: Some([0; 2]),
            services: BTreeSet::new(),
        }
    }

    fn add(&mut self, record: &Record) {
        let number = |name: &str| record.get(name).and_then(|v| v.parse::<f64>().ok());
        let count = |name: &str| record.get(name).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
        let first = number("ts").unwrap_or(0.0);
        self.first = self.first.min(first);
        self.last = self.last.max(first + number("duration").unwrap_or(0.0));
        let orig = End::both(|name| record.get(name)).into_iter().next();
        let is_turned = orig.as_ref() != self.ends.first();
        let add = |sum: [u64; 2], [orig, resp]: [u64; 2]| {
            let [a, b] = sum;
            if is_turned { [a + resp, b + orig] } else { [a + orig, b + resp] }
        };
        self.pkts = add(self.pkts, [count("orig_pkts"), count("resp_pkts")]);
        let is_sized = record.fields.contains_key("orig_bytes");
        let sizes = [count("orig_bytes"), count("resp_bytes")];
        self.payload = self.payload.filter(|_| is_sized).map(|sum| add(sum, sizes));
        let services = record.get("service").unwrap_or_default();
        self.services.extend(services.split(',').filter(|s| !s.is_empty()).map(str::to_owned));
    }

    fn done(self) -> Record {
        let mut fields = self.fields;
        let mut ends = self.ends;
        if fields.get("proto").is_some_and(|proto| proto == "icmp") {
            // Types and codes, which tell no sides apart.
            ends.iter_mut().for_each(|end| end.port = None);
        }
        let both = |values: [u64; 2]| by_side(&ends, values.map(|v| Some(v.to_string())));
        fields.extend(both(self.pkts).map(|pkts| ("pkts".to_owned(), pkts)));
        let payload = self.payload.and_then(both);
        fields.extend(payload.map(|payload| ("payload".to_owned(), payload)));
        fields.insert("first".into(), format!("{:.6}", self.first));
        fields.insert("last".into(), format!("{:.6}", self.last));
        fields
            .extend([("first", self.first), ("last", self.last)].map(|(name, at)| {
                (format!("{name}_ms"), format!("{}", (at * 1e3 + 1e-3).floor()))
            }));
        if !self.services.is_empty() {
            let all: Vec<String> = self.services.into_iter().collect();
            fields.insert("service".into(), all.join(","));
        }
        Record { kind: "flow", fields }
    }
}

/// One row: a field for each protocol that any connection or record shows.
pub(crate) fn services(records: &[Record]) -> Record {
    let mut fields = BTreeMap::new();
    for record in records {
        let name = match record.kind {
            "kerberos" => "krb",
            kind => kind,
        };
        let named = record.get("service").filter(|_| record.kind == "conn").unwrap_or_default();
        // Zeek's names of some tell what carries them.
        let plain = |s: &str| s.trim_end_matches("_tcp").trim_end_matches("_udp").to_owned();
        let named = named.split(',').filter(|s| !s.is_empty()).map(plain);
        fields.extend(named.chain([name.to_owned()]).map(|name| (name, "T".to_owned())));
    }
    Record { kind: "services", fields }
}
