//! Zeek logs as JSON: one object a line, pretty-printed, or a list of them.

use super::log::{self, Target};
use super::told;
use crate::event::{Kind, NodeId, Origin, Raw};
use crate::note::{LINE_LENIENT, Note, RECORD_MALFORMED};
use crate::report::Item;
use crate::source::json::{Leaf, flatten};
use crate::source::objects::Objects;
use crate::source::row;
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::time::Clock;
use std::collections::BTreeSet;

/// The format.
pub const ZEEK_JSON: Format =
    Format { name: "zeek-json", title: "Zeek log, JSON", emits: super::EMITS, sniff, open, show };

/// How many first lines are looked at for a row that tells.
const LINES_SNIFFED: usize = 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let first = text.iter().position(|b| !b.is_ascii_whitespace() && *b != b'[');
    let Some(body) = first.and_then(|at| text.get(at..)) else {
        return Sniff::No("nothing but blanks and brackets");
    };
    if body.first() != Some(&b'{') {
        return Sniff::No("the first thing is no JSON object");
    }
    // The whole body first (an object may take many lines), then line by line past broken rows.
    let lines = body.split(|b| *b == b'\n').skip(1).take(LINES_SNIFFED);
    let rows = std::iter::once(body).chain(lines.filter(|l| l.starts_with(b"{")));
    let mut best = match memchr::memchr(b'\n', body) {
        // An object longer than what is shown of the file says nothing yet.
        None if !head.is_whole && body.get(1) == Some(&b'"') => Sniff::Weak,
        _ => Sniff::No("a JSON object, but none of its fields is a Zeek log's"),
    };
    for row in rows {
        let mut leaves = Vec::new();
        // A cut object tells by the fields before the cut.
        let _ = flatten(row, &mut leaves);
        if leaves.iter().any(|l| l.path == "event_type") {
            return Sniff::No("a JSON object with event_type: Suricata's EVE, not Zeek");
        }
        if path_of(&leaves).is_some() {
            return Sniff::Certain;
        }
        if kind_of(&leaves).is_some() {
            best = Sniff::Strong;
            break;
        }
    }
    best
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(ZeekJson {
        objects: Objects::new(opening.node),
        rows: Rows { node: opening.node, bound: Vec::new(), kind: None, unread: BTreeSet::new() },
        is_begun: false,
    })
}

struct ZeekJson {
    objects: Objects,
    rows: Rows,
    is_begun: bool,
}

/// What one row needs from those before it: rows of one log have the same fields in the same
/// order, so where the nth name went last time is where it goes again.
struct Rows {
    node: NodeId,
    bound: Vec<(Box<str>, Target)>,
    kind: Option<Kind>,
    /// Logs already noted as not read.
    unread: BTreeSet<Box<str>>,
}

impl Reader for ZeekJson {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        if !self.is_begun {
            self.is_begun = true;
            out.node(self.rows.node).clock = Clock::None;
        }
        let Self { objects, rows, .. } = self;
        objects.feed(bytes, out, &mut |object, at, out| rows.row(object, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.objects.finish(out);
    }
}

impl Rows {
    fn row(&mut self, object: &[u8], at: Origin, out: &mut dyn Sink) {
        let mut leaves = Vec::new();
        let end = flatten(object, &mut leaves);
        if let Err(broken) = end {
            // What is before the break is a row all the same, if it tells its log.
            let kind = if leaves.is_empty() { &RECORD_MALFORMED } else { &LINE_LENIENT };
            out.note(Note { at, kind, detail: broken.to_string() });
            if leaves.is_empty() {
                return;
            }
        }
        let Some(kind) = path_of(&leaves).map_or_else(|| kind_of(&leaves), |p| told::by_path(&p))
        else {
            return self.unread(&leaves, at, out);
        };
        if self.kind != Some(kind) {
            self.kind = Some(kind);
            self.bound.clear();
        }
        let mut event = log::blank(kind, at);
        for (i, leaf) in leaves.iter().enumerate() {
            if !self.target(kind, i, &leaf.path).put(&mut event, &leaf.value) {
                row::misfit(at, &leaf.path, &leaf.value, out);
            }
        }
        super::emit(event, out);
    }

    /// Where the values of the `i`th field go, which is called `name`.
    fn target(&mut self, kind: Kind, i: usize, name: &str) -> Target {
        match self.bound.get_mut(i) {
            Some((have, target)) if **have == *name => *target,
            Some(slot) => {
                *slot = (name.into(), log::target(kind, name));
                slot.1
            }
            None => {
                let target = log::target(kind, name);
                if i == self.bound.len() {
                    self.bound.push((name.into(), target));
                }
                target
            }
        }
    }

    /// A row of a log that is not read: counted, and noted once a log.
    fn unread(&mut self, leaves: &[Leaf<'_>], at: Origin, out: &mut dyn Sink) {
        let path = path_of(leaves).unwrap_or_else(|| "of unknown kind".into());
        super::count_unread(&mut self.unread, &path, at, out);
    }
}

/// The log's path, where a row has it: Zeek's own `_path`, or the `@stream` of a JSON export.
fn path_of(leaves: &[Leaf<'_>]) -> Option<Box<str>> {
    let hint = leaves.iter().find(|l| matches!(&*l.path, "_path" | "@stream" | "@path"))?;
    hint.value.text()
}

fn kind_of(leaves: &[Leaf<'_>]) -> Option<Kind> {
    told::by_fields(leaves.iter().map(|l| &*l.path))
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    let mut leaves = Vec::new();
    let end = flatten(bytes, &mut leaves);
    let fields = leaves
        .iter()
        .filter(|l| l.value != Raw::Object)
        .map(|l| (&*l.path, l.value.show(), l.range.clone()));
    let mut item = row::item(at, bytes, fields);
    if let Err(broken) = end {
        item.fields.push(row::remark("not read further", broken.to_string(), broken.at));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{read, read_by};

    /// The article's dns.log: no times, no ports, order is all.
    const DNS: &str = r#"{"id.orig_h":"192.168.75.28","id.resp_h":"91.11.62.6","query":"c2.evil.org", "answers":["101.202.75.18"],"TTLs":[58]}
{"id.orig_h":"192.168.75.28","id.resp_h":"91.11.62.6","query":"C2.evil.org", "answers":["75.19.51.1"],"TTLs":[41.0]}
"#;

    #[test]
    fn rows_with_fields_missing_are_read_and_the_clock_says_there_is_none() {
        let sunk = read(DNS.as_bytes());
        assert_eq!(sunk.format(), Some("zeek-json"));
        assert_eq!(
            sunk.lines(),
            [
                "1 dns 192.168.75.28 > 91.11.62.6 ? query=c2.evil.org answers=101.202.75.18 TTLs=58 s answered=true",
                "2 dns 192.168.75.28 > 91.11.62.6 ? query=c2.evil.org answers=75.19.51.1 TTLs=41 s answered=true",
            ]
        );
        assert_eq!(sunk.nodes[&0].clock, Clock::None);
        assert!(sunk.notes.is_empty());
    }

    #[test]
    fn all_three_layouts_and_all_three_spellings_of_a_connection_are_the_same() {
        let rest = r#""proto":"tcp","service":"ssl,http","conn_state":"SF","duration":1.5"#;
        let flat = format!(
            r#"{{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5,"id.resp_h":"::1","id.resp_p":443,{rest}}}"#
        );
        let under = flat.replace("id.", "id_");
        let nested = format!(
            "{{\n \"ts\": 1500,\n \"_write_ts\": null,\n \"ts\": \"1970-01-01T00:00:01.5Z\",\n \"uid\": \"C1\",\n \"id\": {{\n  \"orig_h\": \"10.0.0.1\",\n  \"orig_p\": 5,\n  \"resp_h\": \"::1\",\n  \"resp_p\": 443\n }},\n {rest}\n}}"
        );
        let whole = read(format!("[{flat},\n{under},{nested}]").as_bytes());
        let bodies: Vec<_> =
            whole.lines().iter().map(|l| l.split_once(' ').unwrap().1.to_owned()).collect();
        assert_eq!(
            bodies[0],
            "1970-01-01T00:00:01.500Z conn 10.0.0.1:5 > [::1]:443 tcp service=http,ssl duration=1.500 s conn_state=SF answered=true refused=false direction=reported"
        );
        assert!(bodies.iter().all(|b| *b == bodies[0]), "{bodies:#?}");
        assert_eq!(whole.nodes[&0].clock, Clock::Utc);
    }

    #[test]
    fn known_services_are_folded_and_stand_at_the_responder() {
        let row = r#"{"ts":1698163213.795012,"host":"192.168.20.1","port_num":53,"port_proto":"udp","service":["DNS"]}"#;
        assert_eq!(
            read(row.as_bytes()).lines(),
            ["1 2023-10-24T16:00:13.795012Z known_services * > 192.168.20.1:53 udp service=dns"]
        );
    }

    #[test]
    fn a_certificate_over_many_lines() {
        let row = "{\n \"ts\": 1698101872.187273,\n \"certificate.serial\": \"02\",\n \"certificate.subject\": \"CN=a\\\\, b\",\n \"certificate.issuer\": \"CN=c\",\n \"certificate.not_valid_before\": 1680393600,\n \"certificate.not_valid_after\": \"2024-04-01T23:59:59.000000Z\",\n \"san.dns\": [\n  \"a\"\n ]\n}\n";
        assert_eq!(
            read(row.as_bytes()).lines(),
            [
                "1 2023-10-23T22:57:52.187273Z x509 * > * ? certificate.serial=02 certificate.subject=CN=a\\, b certificate.issuer=CN=c certificate.not_valid_before=1680393600 certificate.not_valid_after=1712015999 san.dns=a self_signed=false"
            ]
        );
    }

    #[test]
    fn bad_values_cost_their_field_and_unread_logs_are_told_once() {
        let text = r#"{"_path":"conn","ts":"x","id.orig_h":"999.1.1.1","id.resp_h":"1.1.1.1","id.resp_p":70000}
{"_path":"stats","mem":1}
{"_path":"stats","mem":2}
{"_path":"conn","ts":1,"id.orig_h":{"x":1},"id.resp_h":"1.1.1.2"}
{"_path":"conn","ts":2,"id.resp_h":"1.1.1.3","uid":}
"#;
        let sunk = read(text.as_bytes());
        assert_eq!(sunk.lines().len(), 3);
        assert_eq!(
            sunk.notes(),
            [
                "line-lenient 1: ts: \"x\" does not fit and was left unset",
                "line-lenient 1: id.orig_h: \"999.1.1.1\" does not fit and was left unset",
                "line-lenient 1: id.resp_p: \"70000\" does not fit and was left unset",
                "log-kind-unread 2: a Zeek log that is not read: stats",
                "line-lenient 5: no value at byte 51",
            ]
        );
        assert_eq!(sunk.nodes[&0].counters["rows not read: log stats"], 2);
    }

    #[test]
    fn a_nesting_bomb_costs_only_itself() {
        let text = format!("{}1{}\n{DNS}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
        let sunk = read_by(text.as_bytes(), 1000);
        assert_eq!((sunk.lines().len(), sunk.notes().len()), (2, 1));
    }

    #[test]
    fn other_json_is_refused_with_the_reason() {
        let sniffed = |text: &str| sniff(&Head { bytes: text.as_bytes(), is_whole: true });
        assert!(
            matches!(sniffed("{\"event_type\":\"dns\",\"dns\":{\"query\":1}}"), Sniff::No(why) if why.contains("EVE"))
        );
        assert!(
            matches!(sniffed("{\"level\":\"info\"}"), Sniff::No(why) if why.contains("none of its fields"))
        );
        assert!(matches!(sniffed("# x"), Sniff::No(why) if why.contains("no JSON object")));
        assert_eq!(sniffed("{\"_path\":\"conn\"}"), Sniff::Certain);
    }

    #[test]
    fn a_row_is_shown_with_the_bytes_of_each_field() {
        let row = r#"{"a": "x\ty", "b":[1,2]}"#;
        let item = show(&Node::default(), Origin { item: 3, ..Origin::default() }, row.as_bytes());
        assert_eq!(item.title, "line 3");
        let field = &item.fields[0];
        assert_eq!((&*field.name, &*field.value), ("a", "x\ty"));
        let (start, len) = (field.start as usize, field.len as usize);
        assert_eq!(&row[start..start + len], r#""x\ty""#);
    }
}
