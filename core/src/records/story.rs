//! One story of all kinds: the rows that pass a filter by time, and the entities they speak of.

use super::Records;
use super::chunk::Key;
use super::columns::{COMMON, columns};
use super::entity::{Entity, Value, each};
use super::filter::FilterError;
use super::rows::RowQuery;
use super::sites::Sites;
use super::table::{RowRef, Table};
use super::view::{Seconds, View};
use crate::bounded::{self, Map};
use crate::event::{KINDS, Kind, Origin};
use crate::order::Order;
use crate::report::Span;
use crate::time::{Interval, Time};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most rows of one page.
pub const MAX_STORY_PAGE: usize = 1000;
/// Fields told of one row: a person reads the first ones, the row itself is one click away.
const MAX_FIELDS: usize = 16;
/// Members told of one list.
const MAX_MEMBERS: usize = 8;
/// Characters told of one value.
const MAX_VALUE: usize = 160;
/// Rows looked at for what is related: the earliest, so that the answer to a question about
/// everything comes within a second or two.
const MAX_LOOKED_AT: usize = 500_000;

/// Fields that say in numbers what a neighbour says in words, or that tell little in a story.
const LEFT_OUT: [&str; 23] = [
    "AA",
    "RA",
    "RD",
    "TC",
    "Z",
    "direction",
    "history",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "opcode",
    "opcode_name",
    "orig_ip_bytes",
    "partial",
    "qclass",
    "qclass_name",
    "qtype",
    "rcode",
    "rejected",
    "resp_ip_bytes",
    "tags",
    "trans_depth",
    "trans_id",
];

/// A part of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Story {
    /// The rows asked for.
    pub rows: Vec<StoryRow>,
    /// All rows that pass.
    pub total: u64,
    /// How many of each kind, by its path; kinds without any are left out.
    pub kinds: BTreeMap<&'static str, u64>,
    /// The first and the last time.
    pub span: Option<Span>,
    /// Rows without a time: they stand first.
    pub untimed: u64,
}

/// One row of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryRow {
    /// Its kind's path.
    pub kind: &'static str,
    /// When.
    pub ts: Option<Time>,
    /// Where in the evidence.
    pub at: Origin,
    /// The originator's address, and its port where there is one.
    pub orig: Option<(String, Option<u16>)>,
    /// The responder's.
    pub resp: Option<(String, Option<u16>)>,
    /// The record's own fields that it has, members of lists one by one.
    pub fields: Vec<StoryField>,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryField {
    /// Its name.
    pub name: &'static str,
    /// Its value as text, cut when it is long; not escaped for showing.
    pub value: String,
    /// What the value stands for; never of one that is cut.
    pub entity: Option<Entity>,
}

/// An entity among some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// What it is.
    pub entity: Entity,
    /// Its value.
    pub value: String,
    /// The site whose host it is: of a private address in a case of several sites. Two sites' hosts
    /// of one address are two.
    pub site: Option<String>,
    /// Rows that have it in a column of such values.
    pub count: u64,
    /// First and last time among them.
    pub span: Option<Span>,
}

/// The entities among some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllRelated {
    /// Of each kind of entity the most frequent ones, most frequent first.
    pub top: Vec<Related>,
    /// How many different ones of each kind there are.
    pub n_distinct: BTreeMap<Entity, u64>,
    /// Rows that were looked at, the earliest; fewer than there are when those are very many.
    pub n_looked_at: u64,
}

/// The order of a story, remembered while pages of it are asked for.
#[derive(Debug, Default)]
pub(super) struct StoryOrder {
    filter: String,
    version: u64,
    is_set: bool,
    /// Kinds by their place in [`KINDS`], with the row.
    rows: Vec<(u8, RowRef)>,
}

/// What is summed up of one entity.
#[derive(Debug, Default)]
struct Sum {
    count: u64,
    last_row: usize,
    first: Option<Time>,
    last: Option<Time>,
}

impl Records {
    /// Rows `from` to `from + count` of those that pass `filter`, of all kinds, by time and place;
    /// those without a time first.
    pub fn story(&mut self, filter: &str, from: usize, count: usize) -> Result<Story, FilterError> {
        self.remember_story(filter)?;
        let all = &self.story.rows;
        let mut story = Story {
            rows: Vec::new(),
            total: all.len() as u64,
            kinds: BTreeMap::new(),
            span: None,
            untimed: 0,
        };
        for (kind, _) in all {
            if let Some(kind) = KINDS.get(usize::from(*kind)) {
                *story.kinds.entry(kind.path()).or_default() += 1;
            }
        }
        let ts = |i: usize| all.get(i).and_then(|row| self.story_key(*row)).and_then(|key| key.0);
        let untimed = all.partition_point(|row| self.story_key(*row).is_none_or(|k| k.0.is_none()));
        story.untimed = untimed as u64;
        story.span = ts(untimed)
            .zip(all.len().checked_sub(1).and_then(ts))
            .map(|(first, last)| Span { first, last });
        let page = all.iter().skip(from).take(count.min(MAX_STORY_PAGE));
        story.rows = page.filter_map(|row| self.story_row(*row)).collect();
        Ok(story)
    }

    /// The entities among the rows that pass `filter`: of each kind the `limit` most frequent.
    pub fn related(
        &mut self,
        filter: &str,
        limit: usize,
        sites: &Sites,
    ) -> Result<AllRelated, FilterError> {
        self.remember_story(filter)?;
        let mut sums: Map<(Entity, Value<'_>, Option<&str>), Sum> = bounded::map(self.seed);
        let mut n_looked_at = 0;
        for (i, (kind, row)) in (1..).zip(self.story.rows.iter().take(MAX_LOOKED_AT)) {
            let Some((kind, table)) = self.story_table(*kind) else { continue };
            n_looked_at += 1;
            let ts = table.key(*row).0;
            let node = table.origin(*row).node;
            for (column, field) in (0..).zip(columns(kind)) {
                let Some(entity) = Entity::of_field(field) else { continue };
                each(entity, table.view(column, *row), &mut |entity, value| {
                    let site = match value {
                        Value::Addr(addr) => sites.of(addr, node),
                        Value::Text(_) => None,
                    };
                    let sum = sums.entry((entity, value, site)).or_default();
                    // A row counts once, however often it has the value.
                    if sum.last_row != i {
                        sum.last_row = i;
                        sum.count += 1;
                        // Rows come by time.
                        sum.first = sum.first.or(ts);
                        sum.last = ts.or(sum.last);
                    }
                });
            }
        }
        let mut n_distinct = BTreeMap::new();
        let mut all: Vec<_> = sums.into_iter().collect();
        all.order_by(|((a, av, a_site), a_sum), ((b, bv, b_site), b_sum)| {
            (a, Reverse(a_sum.count), av, a_site).cmp(&(b, Reverse(b_sum.count), bv, b_site))
        });
        let mut top = Vec::new();
        for ((entity, value, site), sum) in all {
            let n: &mut u64 = n_distinct.entry(entity).or_default();
            *n += 1;
            if *n <= limit as u64 {
                let span = sum.first.zip(sum.last).map(|(first, last)| Span { first, last });
                let (value, site) = (value.to_string(), site.map(str::to_owned));
                top.push(Related { entity, value, site, count: sum.count, span });
            }
        }
        Ok(AllRelated { top, n_distinct, n_looked_at })
    }

    /// Makes sure that the remembered story is the filter's.
    fn remember_story(&mut self, filter: &str) -> Result<(), FilterError> {
        let have = &self.story;
        if have.is_set && have.version == self.version && have.filter == filter {
            return Ok(());
        }
        // The old one goes first: two of them would be in memory together.
        self.story = StoryOrder::default();
        let mut rows = Vec::new();
        for (i, kind) in (0..).zip(KINDS) {
            let query = RowQuery { filter: filter.to_owned(), ..RowQuery::all(*kind) };
            rows.extend(self.ordered(&query)?.into_iter().map(|row| (i, row)));
        }
        // Runs that are in order already: merging them is what this sort does.
        rows.order_by_key(|row| self.story_key(*row));
        let filter = filter.to_owned();
        self.story = StoryOrder { filter, version: self.version, is_set: true, rows };
        Ok(())
    }

    fn story_table(&self, kind: u8) -> Option<(Kind, &Table)> {
        let kind = *KINDS.get(usize::from(kind))?;
        Some((kind, self.table(kind)?))
    }

    fn story_key(&self, (kind, row): (u8, RowRef)) -> Option<Key> {
        Some(self.story_table(kind)?.1.key(row))
    }

    fn story_row(&self, (kind, row): (u8, RowRef)) -> Option<StoryRow> {
        let (kind, table) = self.story_table(kind)?;
        let end = |addr: &str, port: &str| {
            let View::Addr(addr) = common(table, row, addr) else { return None };
            let port = match common(table, row, port) {
                View::Port(port) => Some(port),
                _ => None,
            };
            Some((addr.to_string(), port))
        };
        Some(StoryRow {
            kind: kind.path(),
            ts: table.key(row).0,
            at: table.origin(row),
            orig: end("id.orig_h", "id.orig_p"),
            resp: end("id.resp_h", "id.resp_p"),
            fields: fields(kind, table, row),
        })
    }
}

fn common<'a>(table: &'a Table, row: RowRef, name: &str) -> View<'a> {
    let at = COMMON.iter().position(|f| f.name == name);
    at.map_or(View::Unset, |at| table.view(at, row))
}

/// The record's own fields that are set.
fn fields(kind: Kind, table: &Table, row: RowRef) -> Vec<StoryField> {
    let mut out = Vec::new();
    for (column, field) in (0..).zip(columns(kind)).skip(COMMON.len()) {
        let cell = table.view(column, row);
        if cell.is_unset() || LEFT_OUT.contains(&field.name) || out.len() >= MAX_FIELDS {
            continue;
        }
        let entity = Entity::of_field(field);
        let mut push = |text: &str| {
            let (value, is_cut) = short(text);
            let entity = entity.and_then(|e| e.of_text(text)).filter(|_| !is_cut);
            out.push(StoryField { name: field.name, value, entity });
        };
        match cell {
            View::Text(text) => push(text),
            View::Texts(all) => all.iter().take(MAX_MEMBERS).for_each(push),
            View::Addr(addr) => push(&addr.to_string()),
            View::Interval(span) => push(&seconds(span)),
            View::Intervals(all) => all.iter().take(MAX_MEMBERS).for_each(|i| push(&seconds(i))),
            other => push(&other.to_string()),
        }
    }
    out
}

/// A span as exact seconds, without digits that say nothing.
fn seconds(span: Interval) -> String {
    let text = Seconds(span.0).to_string();
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// At most [`MAX_VALUE`] characters, and whether some were cut off.
fn short(text: &str) -> (String, bool) {
    match text.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => (text.get(..at).unwrap_or_default().to_owned() + "…", true),
        None => (text.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, Conn, Dns, Event, Ftp, KnownHost, NodeId, Ssl, X509};
    use crate::settings::Settings;

    const FP: &str = "ab12";

    fn event(secs: Option<i64>, item: u64, hosts: (&str, &str), body: Body) -> Event {
        let mut flow = crate::event::Flow::default();
        flow.orig.addr = hosts.0.parse().ok();
        flow.orig.port = Some(5000);
        flow.resp.addr = hosts.1.parse().ok();
        let at = Origin { node: NodeId(1), item, ..Origin::default() };
        Event { ts: secs.map(Time::from_secs), at, also: Vec::new(), flow, body }
    }

    fn records() -> Records {
        let dns = |query: &str, answers: &[&str]| {
            let answers = answers.iter().map(|a| (*a).into()).collect();
            Body::Dns(Dns { query: Some(query.into()), answers, ..Dns::default() })
        };
        let ssl = Ssl {
            server_name: Some("C2.evil.org".into()),
            cert_chain_fps: vec![FP.into(), FP.into()],
            ..Ssl::default()
        };
        let x509 = X509 {
            fingerprint: Some(FP.into()),
            subject: Some("CN=c2.evil.org".into()),
            ..X509::default()
        };
        let ftp = Ftp { user: Some("Hawkeye".into()), arg: Some("/c2".into()), ..Ftp::default() };
        let mut records = Records::new(&Settings::default());
        for event in [
            event(Some(30), 1, ("10.0.0.1", "192.0.2.7"), Body::Ssl(ssl)),
            event(
                Some(10),
                2,
                ("10.0.0.1", "10.0.0.53"),
                dns("c2.evil.org", &["192.0.2.7", "TXT 1 x"]),
            ),
            event(Some(20), 3, ("10.0.0.1", "192.0.2.7"), Body::Conn(Conn::default())),
            event(None, 4, ("", ""), Body::X509(x509)),
            event(Some(40), 5, ("10.0.0.2", "192.0.2.9"), Body::Ftp(ftp)),
            event(Some(50), 6, ("10.0.0.2", "10.0.0.53"), dns("notc2.evil.org", &[])),
        ] {
            records.push(&event);
        }
        records
    }

    fn items(records: &mut Records, entity: Entity, value: &str) -> Vec<u64> {
        let story = records.story(&entity.filter(value), 0, 100).unwrap();
        story.rows.iter().map(|r| r.at.item).collect()
    }

    #[test]
    fn each_entity_has_its_rows_of_all_kinds_by_time() {
        let mut records = records();
        assert_eq!(items(&mut records, Entity::Name, "c2.evil.org"), [4, 2, 1]);
        assert_eq!(items(&mut records, Entity::Host, "192.0.2.7"), [2, 3, 1]);
        assert_eq!(items(&mut records, Entity::Certificate, "AB12"), [4, 1]);
        assert_eq!(items(&mut records, Entity::Account, "hawkeye"), [5]);
        assert!(items(&mut records, Entity::Host, "192.0.2.70").is_empty());
    }

    #[test]
    fn what_a_capture_calls_a_host_stands_in_its_story() {
        let mut records = records();
        let named = KnownHost { host_name: Some("files.example".into()) };
        records.push(&event(None, 7, ("", "10.0.0.2"), Body::KnownHost(named)));
        assert_eq!(items(&mut records, Entity::Host, "10.0.0.2"), [7, 5, 6]);
        assert_eq!(items(&mut records, Entity::Name, "files.example"), [7]);
        let related =
            records.related(&Entity::Name.filter("files.example"), 9, &Sites::default()).unwrap();
        assert!(format!("{related:?}").contains("10.0.0.2"), "{related:?}");
    }

    #[test]
    fn a_page_says_how_much_there_is_and_when() {
        let mut records = records();
        let story = records.story("", 2, 2).unwrap();
        assert_eq!(story.rows.iter().map(|r| r.at.item).collect::<Vec<_>>(), [3, 1]);
        assert_eq!((story.total, story.untimed), (6, 1));
        let (first, last) = (Time::from_secs(10), Time::from_secs(50));
        assert_eq!(story.span, Some(Span { first, last }));
        let kinds: Vec<_> = story.kinds.iter().map(|(k, n)| (*k, *n)).collect();
        assert_eq!(kinds, [("conn", 1), ("dns", 2), ("ftp", 1), ("ssl", 1), ("x509", 1)]);
        // More evidence is in the next answer.
        records.push(&event(Some(15), 7, ("10.0.0.9", ""), Body::Conn(Conn::default())));
        assert_eq!(records.story("", 0, 9).unwrap().total, 7);
        assert!(records.story("(", 0, 9).is_err());
        assert_eq!(records.story("addr == 203.0.113.1", 0, 9).unwrap().span, None);
    }

    #[test]
    fn what_is_related_is_counted_by_rows() {
        let mut records = records();
        let related =
            records.related(&Entity::Name.filter("c2.evil.org"), 2, &Sites::default()).unwrap();
        let got: Vec<_> =
            related.top.iter().map(|r| (r.entity, r.value.as_str(), r.count)).collect();
        assert_eq!(
            got,
            [
                (Entity::Certificate, FP, 2),
                (Entity::Host, "10.0.0.1", 2),
                (Entity::Host, "192.0.2.7", 2),
                (Entity::Name, "C2.evil.org", 1),
                (Entity::Name, "c2.evil.org", 1),
            ]
        );
        assert_eq!(related.n_distinct[&Entity::Host], 3);
        assert_eq!(related.n_looked_at, 3);
        let host = &related.top[2];
        let (first, last) = (Time::from_secs(10), Time::from_secs(30));
        assert_eq!(host.span, Some(Span { first, last }));
    }

    #[test]
    fn a_row_tells_its_fields_and_what_they_stand_for() {
        let mut records = records();
        let story = records.story("_path == dns", 0, 1).unwrap();
        let row = &story.rows[0];
        assert_eq!(row.orig, Some(("10.0.0.1".to_owned(), Some(5000))));
        assert_eq!(row.resp, Some(("10.0.0.53".to_owned(), None)));
        let fields: Vec<_> =
            row.fields.iter().map(|f| (f.name, f.value.as_str(), f.entity)).collect();
        assert_eq!(
            fields,
            [
                ("query", "c2.evil.org", Some(Entity::Name)),
                ("answers", "192.0.2.7", Some(Entity::Host)),
                ("answers", "TXT 1 x", None),
            ]
        );
    }

    #[test]
    fn spans_have_the_digits_that_they_need() {
        for (nanos, text) in
            [(20_000_000_000, "20"), (500_000_000, "0.5"), (0, "0"), (1, "0.000000001")]
        {
            assert_eq!(seconds(Interval(nanos)), text);
        }
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let (cut, is_cut) = short(&"é".repeat(MAX_VALUE + 1));
        assert_eq!((cut.chars().count(), is_cut), (MAX_VALUE + 1, true));
        assert_eq!(short(&"é".repeat(MAX_VALUE)), ("é".repeat(MAX_VALUE), false));
    }
}
