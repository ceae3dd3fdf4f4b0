//! Two tables of one log, row by row and field by field.

use crate::ours::Record;
use crate::zeek_log::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// What names a connection in every log.
const IDS: [&str; 5] = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"];

/// Fields that are not compared: masked in the baselines, random, or known from `id` and `proto`.
const SKIPPED: &[&str] = &["ts", "uid", "fuid", "ip_proto", "@stream", "@system", "@proc"];

/// Times are compared to the microsecond, as Zeek prints them.
const TOLERANCE: f64 = 1.5e-6;

/// One difference. The field is `row` for a row of Zeek's that we do not have, and `more` for a row
/// that Zeek does not have.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) row: String,
    pub(crate) field: String,
    theirs: String,
    pub(crate) ours: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: theirs {:?}, ours {:?}", self.row, self.field, self.theirs, self.ours)
    }
}

/// What agreed, over all captures.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: u64,
    found: u64,
    more: u64,
    /// Per field: values compared, equal, explained.
    fields: BTreeMap<String, [u64; 3]>,
    rows_explained: u64,
}

impl Tally {
    /// Counts a difference as explained.
    pub(crate) fn explain(&mut self, difference: &Difference, is_explained: bool) {
        match difference.field.as_str() {
            "row" | "more" => self.rows_explained += u64::from(is_explained),
            field => {
                if let Some([_, _, explained]) = self.fields.get_mut(field) {
                    *explained += u64::from(is_explained);
                }
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |n: u64, of: u64| 100.0 * n as f64 / of.max(1) as f64;
        let (rows, found) = (self.rows, self.found);
        writeln!(f, "  rows of theirs: {rows}, found {found} ({:.2} %)", percent(found, rows))?;
        writeln!(f, "  further rows of ours: {}; explained: {}", self.more, self.rows_explained)?;
        let mut all = [0; 3];
        for (name, counts) in &self.fields {
            let [n, equal, explained] = *counts;
            let left = n - equal - explained;
            writeln!(
                f,
                "  {name:24} {equal:6} of {n:6} equal ({:6.2} %), {explained} explained, {left} not",
                percent(equal, n)
            )?;
            all.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
        let [n, equal, explained] = all;
        let left = n - equal - explained;
        write!(
            f,
            "  all fields: {equal} of {n} equal ({:.2} %), {explained} explained, {left} not",
            percent(equal, n)
        )
    }
}

/// Compares a log. Rows are paired by connection and `keys`; of several with one key, those that
/// agree most.
pub(crate) fn logs(
    theirs: &[Row],
    ours: &[&Record],
    keys: &[&str],
    parents: &BTreeMap<String, BTreeSet<IpAddr>>,
    tally: &mut Tally,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut free: Vec<&Record> = ours.to_vec();
    for row in theirs {
        tally.rows += 1;
        let best = (0..).zip(&free).filter(|(_, r)| is_same(row, r, keys));
        let best = best.min_by_key(|(i, r)| (fields(row, r, parents).filter(|c| !c.3).count(), *i));
        let Some((at, _)) = best else {
            differences.push(missing("row", name(|n| row.get(n).cloned().flatten(), keys)));
            continue;
        };
        let record = free.remove(at);
        tally.found += 1;
        for (field, their, our, is_equal) in fields(row, record, parents) {
            let counts = tally.fields.entry(field.to_owned()).or_default();
            counts[0] += 1;
            counts[1] += u64::from(is_equal);
            if !is_equal {
                let row = name(|n| row.get(n).cloned().flatten(), keys);
                let (theirs, ours) = (their.unwrap_or("-").into(), our.unwrap_or("-").into());
                differences.push(Difference { row, field: field.into(), theirs, ours });
            }
        }
    }
    for record in free {
        tally.more += 1;
        differences.push(missing("more", name(|n| record.fields.get(n).cloned(), keys)));
    }
    differences
}

/// Address and port of one side, as far as they are told.
type End = (Option<String>, Option<String>);

/// Compares an expectation that names only some fields: with the record that agrees most among those
/// of its connection, whichever side EVE takes for the first.
pub(crate) fn part(theirs: &Row, ours: &[&Record], tally: &mut Tally) -> Vec<Difference> {
    let ends = |get: &dyn Fn(&str) -> Option<String>| {
        let end = |side: &str| (get(&format!("id.{side}_h")), get(&format!("id.{side}_p")));
        [end("orig"), end("resp")]
    };
    let their_ends = ends(&|n| theirs.get(n).cloned().flatten());
    let fits =
        |(a, b): (&End, &End)| (a.0.is_none() || a.0 == b.0) && (a.1.is_none() || a.1 == b.1);
    let is_same = |record: &&&Record| {
        let [orig, resp] = ends(&|n| record.fields.get(n).cloned());
        their_ends.iter().zip(&[orig.clone(), resp.clone()]).all(fits)
            || their_ends.iter().zip(&[resp, orig]).all(fits)
    };
    let none = BTreeMap::new();
    tally.rows += 1;
    let best = ours.iter().filter(is_same);
    let best = best.min_by_key(|r| fields(theirs, r, &none).filter(|c| !c.3).count());
    let shown = || name(|n| theirs.get(n).cloned().flatten(), &[]);
    let Some(record) = best else { return vec![missing("row", shown())] };
    tally.found += 1;
    let mut differences = Vec::new();
    for (field, their, our, is_equal) in fields(theirs, record, &none) {
        let counts = tally.fields.entry(field.to_owned()).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_equal);
        if !is_equal {
            let (theirs, ours) = (their.unwrap_or("-").into(), our.unwrap_or("-").into());
            differences.push(Difference { row: shown(), field: field.into(), theirs, ours });
        }
    }
    differences
}

fn missing(field: &str, row: String) -> Difference {
    Difference { row, field: field.into(), theirs: String::new(), ours: String::new() }
}

fn name(get: impl Fn(&str) -> Option<String>, keys: &[&str]) -> String {
    let get = |n: &&str| get(n).unwrap_or_else(|| "-".into());
    IDS.iter().chain(keys).map(get).collect::<Vec<_>>().join(" ")
}

fn is_same(row: &Row, record: &Record, keys: &[&str]) -> bool {
    let is_key = |name: &&str| keys.contains(name);
    IDS.iter().chain(keys).all(|name| match row.get(*name) {
        // A baseline cut down to columns lacks them; a key that Zeek leaves unset tells nothing.
        None => true,
        Some(None) if is_key(name) => true,
        Some(value) => value.as_deref() == record.fields.get(*name).map(String::as_str),
    })
}

/// The fields both have: name, Zeek's value, ours, whether they are equal.
fn fields<'a>(
    row: &'a Row,
    record: &'a Record,
    parents: &'a BTreeMap<String, BTreeSet<IpAddr>>,
) -> impl Iterator<Item = (&'a str, Option<&'a str>, Option<&'a str>, bool)> {
    let known = move |name: &str| {
        !SKIPPED.contains(&name) && !IDS.contains(&name) && is_field(record.kind, name)
    };
    row.iter().filter(move |(name, _)| known(name)).map(move |(name, value)| {
        let our = record.fields.get(name).map(String::as_str);
        let their = value.as_deref();
        let is_equal = match (their, our) {
            (Some(t), Some(o)) if name == "tunnel_parents" => is_same_path(t, o, parents),
            (Some(t), Some(o)) => is_equal(t, o),
            (None, None) => true,
            // An empty vector and an unset one are one for us.
            (Some(t), None) => t.is_empty(),
            _ => false,
        };
        (name.as_str(), their, our, is_equal)
    })
}

/// True when our records of that kind have the field.
fn is_field(kind: &str, name: &str) -> bool {
    let kind = offwire_core::event::Kind::from_path(kind);
    kind.is_some_and(|k| k.fields().iter().any(|f| f.name == name))
}

/// Zeek names tunnels by uid, we by kind and addresses: the same pairs of addresses must be there.
fn is_same_path(theirs: &str, ours: &str, parents: &BTreeMap<String, BTreeSet<IpAddr>>) -> bool {
    let ours: Vec<BTreeSet<IpAddr>> = ours.split(',').map(ends).collect();
    theirs.split(',').all(|uid| parents.get(uid).is_some_and(|pair| ours.contains(pair)))
}

fn ends(tunnel: &str) -> BTreeSet<IpAddr> {
    let (_, ends) = tunnel.split_once(' ').unwrap_or_default();
    let addr = |end: &str| {
        let bare = end.rsplit_once(':').map_or(end, |(a, _)| a);
        end.parse().or_else(|_| bare.trim_matches(['[', ']']).parse()).ok()
    };
    ends.split('>').filter_map(addr).collect()
}

/// Equal as text, as sets, or as numbers.
fn is_equal(theirs: &str, ours: &str) -> bool {
    if theirs == ours {
        return true;
    }
    let sorted = |text: &str| {
        let mut all: Vec<String> = text.split(',').map(str::to_owned).collect();
        all.sort_unstable();
        all
    };
    let is_close = |(a, b): (&str, &str)| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() < TOLERANCE,
        _ => a == b,
    };
    let n = |text: &str| text.split(',').count();
    sorted(theirs) == sorted(ours)
        || (n(theirs) == n(ours) && theirs.split(',').zip(ours.split(',')).all(is_close))
}
