//! Suricata's EVE: one JSON object an event, mapped onto our records by a table.

mod certificate;
mod derive;
mod lease;
mod logon;
mod lookups;
mod map;
mod table;

use super::json::{Leaf, flatten};
use super::objects::Objects;
use super::row;
use super::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::event::{Body, Event, Kind, NodeId, Origin, Raw};
use crate::note::{LINE_LENIENT, LOG_UNREAD, Note, RECORD_MALFORMED};
use crate::report::Item;
use crate::text::Text;
use crate::time::Clock;
use lookups::Lookups;
use map::{Map, Target};
use std::collections::BTreeMap;

/// The format.
pub const EVE_JSON: Format = Format {
    name: "eve-json",
    title: "Suricata EVE log",
    emits: &[
        Kind::Conn,
        Kind::Dhcp,
        Kind::Dns,
        Kind::Ftp,
        Kind::Http,
        Kind::Kerberos,
        Kind::Login,
        Kind::Netflow,
        Kind::Ntlm,
        Kind::Rdp,
        Kind::Sip,
        Kind::Smtp,
        Kind::Snmp,
        Kind::Ssh,
        Kind::Ssl,
        Kind::Weird,
        Kind::X509,
    ],
    sniff,
    open,
    show,
};

/// How many first lines are looked at for an event.
const LINES_SNIFFED: usize = 20;
/// Connections whose FTP user is remembered.
const MAX_USERS: usize = 4096;

fn sniff(head: &Head<'_>) -> Sniff {
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let objects = text.split(|b| *b == b'\n').take(LINES_SNIFFED);
    // One object may also stand over many lines.
    let objects = objects.chain(std::iter::once(text));
    for object in objects.map(|o| o.trim_ascii().trim_ascii_start()) {
        let object = object.strip_prefix(b"[").unwrap_or(object).trim_ascii_start();
        if object.first() != Some(&b'{') {
            continue;
        }
        let mut leaves = Vec::new();
        // A cut object tells by the fields before the cut.
        let is_cut = flatten(object, &mut leaves).is_err();
        let has = |name: &str| leaves.iter().any(|l| l.path == name);
        if has("event_type") && (has("timestamp") || has("flow_id") || has("src_ip")) {
            return Sniff::Certain;
        }
        // A first line longer than the head costs only itself.
        if has("event_type") && is_cut && !head.is_whole && !text.contains(&b'\n') {
            return Sniff::Strong;
        }
    }
    Sniff::No("no JSON object with event_type and timestamp")
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    let rows = Rows { node: opening.node, ..Rows::default() };
    Box::new(Eve { objects: Objects::new(opening.node), rows })
}

struct Eve {
    objects: Objects,
    rows: Rows,
}

/// What rows need of those before them.
#[derive(Default)]
struct Rows {
    node: NodeId,
    lookups: Lookups,
    /// The user who is logged in, by connection: only the command that named him says so.
    users: BTreeMap<Text, Text>,
    /// What was counted under its own name.
    names: row::Names,
}

impl Reader for Eve {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { objects, rows } = self;
        objects.feed(bytes, out, &mut |object, at, out| rows.row(object, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.objects.finish(out);
        self.rows.lookups.finish(out);
    }
}

impl Rows {
    fn row(&mut self, object: &[u8], at: Origin, out: &mut dyn Sink) {
        let mut leaves = Vec::new();
        if let Err(broken) = flatten(object, &mut leaves) {
            let kind = if leaves.is_empty() { &RECORD_MALFORMED } else { &LINE_LENIENT };
            out.note(Note { at, kind, detail: broken.to_string() });
        }
        let Some(name) =
            leaves.iter().find(|l| l.path == "event_type").and_then(|l| l.value.text())
        else {
            return match leaves.is_empty() {
                true => {}
                false => row::malformed(at, "no event_type", object, out),
            };
        };
        let Some(map) = map::of(&name) else { return self.unread(&name, at, out) };
        let mut event = Event {
            ts: None,
            at,
            also: Vec::new(),
            flow: crate::event::Flow::default(),
            body: map.kind.empty(),
        };
        for leaf in &leaves {
            self.leaf(map, leaf, &mut event, out);
        }
        if event.ts.is_some() {
            out.node(self.node).clock = Clock::Utc;
        }
        self.finish_row(map, event, &leaves, out);
    }

    /// Puts one value where the table says.
    fn leaf(&mut self, map: &Map, leaf: &Leaf<'_>, event: &mut Event, out: &mut dyn Sink) {
        match map.target(&leaf.path) {
            Target::Put(put) => {
                if !put(event, &leaf.value) {
                    row::misfit(event.at, &leaf.path, &leaf.value, out);
                }
            }
            Target::Field(field) => {
                if !event.body.put(field, &leaf.value) {
                    row::misfit(event.at, &leaf.path, &leaf.value, out);
                }
            }
            Target::Known => {}
            Target::Unknown if leaf.value == Raw::Object => {}
            Target::Unknown => {
                self.names.count(out.node(self.node), "fields not read:", &leaf.path);
            }
        }
    }

    /// Fills what follows from other fields and sends the event, with what else the row tells.
    fn finish_row(&mut self, map: &Map, mut event: Event, leaves: &[Leaf<'_>], out: &mut dyn Sink) {
        (map.derive)(&mut event);
        if !logon::is_one(&event) {
            let what = format!("{}, without a logon", map.event);
            self.names.count(out.node(self.node), "rows not read: event", &what);
            return;
        }
        match &mut event.body {
            Body::Dns(_) => return self.lookups.take(event, leaves, out),
            Body::Ssl(_) => {
                if let Some(x509) = certificate::of(leaves, &event) {
                    out.event(x509);
                }
            }
            Body::Ftp(ftp) => {
                let Some(uid) = event.flow.uid.as_ref().map(|uid| Text::from(uid.to_string()))
                else {
                    return out.event(event);
                };
                if let (Some("USER"), Some(user)) = (ftp.command.as_deref(), &ftp.arg) {
                    self.users.insert(uid.clone(), user.clone());
                    if self.users.len() > MAX_USERS {
                        self.users.pop_last();
                    }
                }
                ftp.user = self.users.get(&uid).cloned();
            }
            _ => {}
        }
        out.event(event);
    }

    /// A row of an event that is not read: counted by name, and noted once a name.
    fn unread(&mut self, name: &str, at: Origin, out: &mut dyn Sink) {
        if self.names.count(out.node(self.node), "rows not read: event", name) {
            let detail = format!("an event that is not read: {name}");
            out.note(Note { at, kind: &LOG_UNREAD, detail });
        }
    }
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    let mut leaves = Vec::new();
    let end = flatten(bytes, &mut leaves);
    let fields = leaves.iter().filter(|l| l.value != Raw::Object);
    let fields = fields.map(|l| (&*l.path, l.value.show(), l.range.clone()));
    let mut item = row::item(at, bytes, fields);
    if let Err(broken) = end {
        item.fields.push(row::remark("not read further", broken.to_string(), broken.at));
    }
    item
}

#[cfg(test)]
mod tests;
