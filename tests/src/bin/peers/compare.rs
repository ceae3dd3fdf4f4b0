//! Two tables of one log, row by row and field by field.

use crate::derived;
use crate::ends::End;
use crate::index::Index;
use crate::meaning::{self, Pair, Peer, Verdict};
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
    /// Why they differ, where a rule of `meaning` knows.
    pub(crate) cause: Option<(Known, &'static str)>,
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
    fields: BTreeMap<String, Count>,
    /// Rows that only one has, and whose cause is known; of those, ones that cannot be compared.
    rows_explained: u64,
    rows_apart: u64,
}

/// Values of one field.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    all: u64,
    equal: u64,
    explained: u64,
    /// Not comparable: the peer's test changes what the field says, or what the peer reads.
    apart: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.all += other.all;
        self.equal += other.equal;
        self.explained += other.explained;
        self.apart += other.apart;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, equal, explained, apart } = *self;
        let (n, left) = (all - apart, self.unexplained());
        let (is, why) = (self.equal(), self.explained());
        write!(
            f,
            "{equal:6} of {n:6} equal ({is:6.2} %), {explained} explained ({why:.2} %), {left} not, {apart} apart"
        )
    }
}

impl Count {
    /// The share that is equal, in percent of what can be compared.
    pub(crate) fn equal(&self) -> f64 {
        percent(self.equal, self.all - self.apart)
    }

    /// The share that differs for a known cause.
    pub(crate) fn explained(&self) -> f64 {
        percent(self.explained, self.all - self.apart)
    }

    /// How many differ and nobody knows why.
    pub(crate) const fn unexplained(&self) -> u64 {
        self.all - self.apart - self.equal - self.explained
    }
}

fn percent(n: u64, of: u64) -> f64 {
    if of == 0 { 100.0 } else { 100.0 * n as f64 / of as f64 }
}

/// What is known of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It counts, and its cause is known.
    Explained,
    /// It does not count: the test makes the peer say something else.
    Apart,
}

impl Tally {
    /// The values of all fields together.
    pub(crate) fn all_fields(&self) -> Count {
        let mut all = Count::default();
        self.fields.values().for_each(|count| all.add(*count));
        all
    }

    /// The share of rows that were found, in percent of those that can be.
    pub(crate) fn rows_found(&self) -> f64 {
        percent(self.found, self.rows - self.rows_apart)
    }

    /// Counts what is known of a difference.
    pub(crate) fn explain(&mut self, difference: &Difference, known: Known) {
        match (difference.field.as_str(), known) {
            ("row", Known::Apart) => self.rows_apart += 1,
            ("more", Known::Apart) => self.more -= 1,
            ("row" | "more", Known::Explained) => self.rows_explained += 1,
            (field, known) => {
                let count = self.fields.entry(field.to_owned()).or_default();
                match known {
                    Known::Explained => count.explained += 1,
                    Known::Apart => count.apart += 1,
                }
            }
        }
    }

    /// Counts a field of a pair, and makes its difference.
    fn field(&mut self, c: &Compared<'_>, row: impl Fn() -> String) -> Option<Difference> {
        let count = self.fields.entry(c.name.to_owned()).or_default();
        count.all += 1;
        count.equal += u64::from(c.is_equal());
        let differs = !c.is_equal();
        differs.then(|| Difference {
            row: row(),
            field: c.name.into(),
            theirs: c.theirs.unwrap_or("-").into(),
            ours: c.ours.unwrap_or("-").into(),
            cause: match c.verdict {
                Some(Verdict::Differs(cause)) => Some((Known::Explained, cause)),
                Some(Verdict::Apart(cause)) => Some((Known::Apart, cause)),
                Some(Verdict::Same) | None => None,
            },
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, found) = (self.rows - self.rows_apart, self.found);
        let (is, apart) = (self.rows_found(), self.rows_apart);
        writeln!(f, "  rows of theirs: {rows}, found {found} ({is:.2} %), {apart} apart")?;
        writeln!(f, "  further rows of ours: {}; explained: {}", self.more, self.rows_explained)?;
        for (name, count) in &self.fields {
            writeln!(f, "  {name:24} {count}")?;
        }
        write!(f, "  {:24} {}", "all fields", self.all_fields())
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
        let differing = |r| fields(Peer::Zeek, row, r, parents).filter(|c| !c.is_equal()).count();
        let best = best.min_by_key(|(i, r)| (differing(r), *i));
        let Some((at, _)) = best else {
            differences.push(missing("row", name(|n| row.get(n).cloned().flatten(), keys)));
            continue;
        };
        let record = free.remove(at);
        tally.found += 1;
        let shown = || name(|n| row.get(n).cloned().flatten(), keys);
        for compared in fields(Peer::Zeek, row, record, parents) {
            differences.extend(tally.field(&compared, shown));
        }
    }
    for record in free {
        tally.more += 1;
        differences.push(missing("more", name(|n| record.fields.get(n).cloned(), keys)));
    }
    differences
}

/// Only Zeek names tunnels.
static NO_TUNNELS: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();

/// Compares an expectation that names only some fields: with the record that agrees most among those
/// of its connection, whichever side the peer takes for the first.
pub(crate) fn part<'a>(
    peer: Peer,
    theirs: &'a Row,
    ours: &Index<'a>,
    tally: &mut Tally,
) -> Vec<Difference> {
    let their_ends = End::both(|n| theirs.get(n).cloned().flatten());
    let is_same = |record: &&Record| {
        let [orig, resp] = End::both(|n| record.get(n));
        let fit = |ours: [&End; 2]| their_ends.iter().zip(ours).all(|(a, b)| a.fits(b));
        fit([&orig, &resp]) || fit([&resp, &orig])
    };
    tally.rows += 1;
    let compared = |r| fields(peer, theirs, r, &NO_TUNNELS);
    let best = |of: &[&'a Record]| {
        let same = of.iter().copied().filter(is_same);
        same.min_by_key(|r| compared(r).filter(|c| !c.is_equal()).count())
    };
    let best = best(ours.alike(theirs)).or_else(|| best(ours.between(&their_ends)));
    let shown = || name(|n| theirs.get(n).cloned().flatten(), &[]);
    let Some(record) = best else { return vec![missing("row", shown())] };
    tally.found += 1;
    compared(record).filter_map(|c| tally.field(&c, shown)).collect()
}

fn missing(field: &str, row: String) -> Difference {
    let (theirs, ours) = (String::new(), String::new());
    Difference { row, field: field.into(), theirs, ours, cause: None }
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
        Some(value) => {
            let (theirs, ours) = (value.as_deref(), record.fields.get(*name).map(String::as_str));
            let pair = Pair { row, record, theirs, ours };
            theirs == ours || meaning::of(Peer::Zeek, name, &pair) == Some(Verdict::Same)
        }
    })
}

/// A field of a pair of rows.
struct Compared<'a> {
    name: &'a str,
    theirs: Option<&'a str>,
    ours: Option<&'a str>,
    /// What a rule says of it, where the values are not the same; `None` when none holds.
    verdict: Option<Verdict>,
}

impl Compared<'_> {
    fn is_equal(&self) -> bool {
        self.verdict == Some(Verdict::Same)
    }
}

/// The fields both have.
fn fields<'a>(
    peer: Peer,
    row: &'a Row,
    record: &'a Record,
    parents: &'a BTreeMap<String, BTreeSet<IpAddr>>,
) -> impl Iterator<Item = Compared<'a>> {
    let known = move |name: &str| {
        !SKIPPED.contains(&name) && !IDS.contains(&name) && is_field(record.kind, name)
    };
    row.iter().filter(move |(name, _)| known(name)).map(move |(name, value)| {
        let ours = record.fields.get(name).map(String::as_str);
        let theirs = value.as_deref();
        let is_same = match (theirs, ours) {
            (Some(t), Some(o)) if name == "tunnel_parents" => is_same_path(t, o, parents),
            (Some(t), Some(o)) => is_equal(t, o),
            (None, None) => true,
            // An empty vector and an unset one are one for us.
            (Some(t), None) => t.is_empty(),
            _ => false,
        };
        let verdict = match is_same {
            true => Some(Verdict::Same),
            false => meaning::of(peer, name, &Pair { row, record, theirs, ours }),
        };
        Compared { name: name.as_str(), theirs, ours, verdict }
    })
}

/// True when our records of that kind have the field.
fn is_field(kind: &str, name: &str) -> bool {
    if derived::KINDS.contains(&kind) {
        return true;
    }
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
