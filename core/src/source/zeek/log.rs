//! One mapping per kind of Zeek log, shared by its TSV and JSON forms.
//!
//! A record's own fields have Zeek's names already, so they need no list here: a name is bound to
//! its field once per header. What is listed is what all logs share (time, connection), what needs
//! a turn of its own, and by which fields a JSON row without a path is told to be of this log.

use super::derive;
use crate::event::{CommunityId, Event, Flow, Kind, Origin, Raw, Transport, Type, Uid};

/// Sets something of an event from a value; false when the value does not fit.
pub type Put = fn(&mut Event, &Raw<'_>) -> bool;

/// A kind of log.
#[derive(Debug)]
pub struct Log {
    /// The kind of event its rows become; its path is the log's.
    pub kind: Kind,
    /// Without one of these a row is not of this log: other tools also write methods and hosts.
    pub anchors: &'static [&'static str],
    /// Fields that only this log has: in a row without a path they say which log it is.
    pub marks: &'static [&'static str],
    /// Fields that are not simply stored.
    pub special: &'static [(&'static str, Put)],
    /// Fills what follows from other fields.
    pub derive: fn(&mut Event),
}

/// Where a column's values go.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Through a function.
    Put(Put),
    /// Into the record's field of this number.
    Field(usize, Type),
    /// Nowhere: a field that no record has.
    Nowhere,
}

/// What a row about a connection has at least one of.
pub(super) const CONNECTION: &[&str] = &["uid", "id.orig_h", "id.resp_h"];

/// The logs that need more than their record's own names. In alphabetical order of paths; a path
/// that is not here but is a kind's is read by names alone.
pub static LOGS: &[Log] = &[
    Log {
        kind: Kind::Conn,
        anchors: CONNECTION,
        marks: &["conn_state", "history", "orig_pkts", "orig_bytes", "missed_bytes"],
        special: &[("conn_state", derive::conn_state)],
        derive: derive::conn,
    },
    Log {
        kind: Kind::Dns,
        anchors: CONNECTION,
        marks: &["query", "answers", "qtype", "qtype_name", "rcode", "rcode_name", "TTLs"],
        special: &[],
        derive: derive::dns,
    },
    Log {
        kind: Kind::Ftp,
        anchors: CONNECTION,
        marks: &["command", "reply_code", "data_channel.passive"],
        special: &[("password", derive::password), ("user", derive::ftp_user)],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::Http,
        anchors: CONNECTION,
        marks: &["method", "uri", "status_code", "user_agent", "resp_mime_types", "trans_depth"],
        special: &[("password", derive::password)],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::Kerberos,
        // Others also have logs of users and services.
        anchors: &["id.orig_h", "id.resp_h"],
        marks: &["request_type", "error_msg", "forwardable", "renewable"],
        special: &[],
        derive: derive::kerberos,
    },
    Log {
        kind: Kind::KnownHost,
        anchors: &["host"],
        marks: &["host_name"],
        special: &[("host", host)],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::KnownService,
        anchors: &["port_num"],
        marks: &["port_num", "port_proto"],
        special: &[
            ("host", host),
            ("port_num", |e, raw| set(&mut e.flow.resp.port, raw, raw.port())),
            ("port_proto", proto),
            ("service", derive::service),
        ],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::Login,
        anchors: CONNECTION,
        marks: &["mechanism", "success"],
        special: &[("password", derive::password), ("service", derive::login_service)],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::Ssl,
        anchors: CONNECTION,
        marks: &[
            "cipher",
            "server_name",
            "ja3",
            "cert_chain_fps",
            "cert_chain_fuids",
            "next_protocol",
        ],
        special: &[],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::Weird,
        anchors: CONNECTION,
        marks: &["notice", "addl"],
        special: &[],
        derive: derive::nothing,
    },
    Log {
        kind: Kind::X509,
        anchors: &["certificate.serial", "certificate.subject", "fingerprint"],
        marks: &["certificate.serial", "certificate.subject", "certificate.issuer", "san.dns"],
        special: &[],
        derive: derive::x509,
    },
];

/// What every log may have.
static COMMON: &[(&str, Put)] = &[
    ("ts", |e, raw| set(&mut e.ts, raw, raw.time())),
    ("uid", |e, raw| set(&mut e.flow.uid, raw, raw.text().map(Uid::Log))),
    ("id.orig_h", |e, raw| set(&mut e.flow.orig.addr, raw, raw.addr())),
    ("id.orig_p", |e, raw| set(&mut e.flow.orig.port, raw, raw.port())),
    ("id.resp_h", |e, raw| set(&mut e.flow.resp.addr, raw, raw.addr())),
    ("id.resp_p", |e, raw| set(&mut e.flow.resp.port, raw, raw.port())),
    ("proto", proto),
    ("community_id", |e, raw| {
        let id = raw.text().and_then(|t| CommunityId::parse(&t));
        set(&mut e.flow.community_id, raw, id)
    }),
];

/// Stores what was read of `raw`; false when it was something but could not be read.
fn set<T>(slot: &mut Option<T>, raw: &Raw<'_>, read: Option<T>) -> bool {
    let ok = read.is_some() || raw.is_unset();
    if read.is_some() {
        *slot = read;
    }
    ok
}

fn proto(e: &mut Event, raw: &Raw<'_>) -> bool {
    set(&mut e.flow.transport, raw, raw.text().and_then(|t| Transport::parse(&t)))
}

fn host(event: &mut Event, raw: &Raw<'_>) -> bool {
    set(&mut event.flow.resp.addr, raw, raw.addr())
}

/// Where the values under `name` go in rows of `kind`.
pub fn target(kind: Kind, name: &str) -> Target {
    let log = LOGS.iter().find(|l| l.kind == kind);
    let special = log.into_iter().flat_map(|l| l.special);
    if let Some((_, put)) = special.chain(COMMON).find(|(n, _)| is_same(n, name)) {
        return Target::Put(*put);
    }
    let mut fields = (0..).zip(kind.fields());
    fields
        .find(|(_, f)| is_same(f.name, name))
        .map_or(Target::Nowhere, |(i, f)| Target::Field(i, f.ty))
}

impl Target {
    /// Puts a value into an event; false when it does not fit there.
    pub fn put(self, event: &mut Event, raw: &Raw<'_>) -> bool {
        match self {
            Self::Put(put) => put(event, raw),
            Self::Field(i, _) => event.body.put(i, raw),
            Self::Nowhere => true,
        }
    }

    /// True when the field holds several values.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Field(_, Type::Strings | Type::StringSet | Type::Intervals))
    }
}

/// An event of `kind` at `at` with nothing set.
pub fn blank(kind: Kind, at: Origin) -> Event {
    Event { ts: None, at, also: Vec::new(), flow: Flow::default(), body: kind.empty() }
}

/// Fills what follows from other fields, once a row's values are in.
pub fn finish(event: &mut Event) {
    let kind = event.body.kind();
    if let Some(log) = LOGS.iter().find(|l| l.kind == kind) {
        (log.derive)(event);
    }
}

/// True for what every log may have.
pub(super) fn is_common(name: &str) -> bool {
    COMMON.iter().any(|(n, _)| is_same(n, name))
}

/// Same name: exports write `id_orig_h` for `id.orig_h`.
pub(super) fn is_same(ours: &str, theirs: &str) -> bool {
    let mut pairs = ours.bytes().zip(theirs.bytes());
    ours.len() == theirs.len() && pairs.all(|(a, b)| a == b || (a == b'.' && b == b'_'))
}

/// True when no value of the row could be used.
pub fn is_blank(event: &Event) -> bool {
    let mut is_blank = event.flow == Flow::default() && event.ts.is_none();
    event.body.cells(&mut |cell| is_blank &= cell == crate::event::Cell::Unset);
    is_blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_and_every_special_is_a_field_or_says_why_not() {
        for log in LOGS {
            let known = |name: &str| !matches!(target(log.kind, name), Target::Nowhere);
            let odd: Vec<_> = log.marks.iter().filter(|m| !known(m)).collect();
            // Fields of Zeek that our records leave out, but which tell the log.
            let allowed = ["cert_chain_fuids", "notice"];
            assert!(odd.iter().all(|m| allowed.contains(m)), "{odd:?}");
        }
        assert!(LOGS.is_sorted_by_key(|l| l.kind.path()));
    }
}
