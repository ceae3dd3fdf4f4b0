//! LDAP's messages (RFC 4511 section 4), as far as the records go.

use super::super::ber::{self, Ber, tag};
use super::super::framing::Front;
use super::{filter, words};
use crate::event::LdapSearch;
use crate::text::{self, Text};

/// Longest message that is believed: servers take 256 KB to 16 MB.
const MAX_LEN: usize = 64 << 20;

/// Length of the message at the front.
pub fn front(data: &[u8]) -> Front {
    match ber::header(data) {
        None if data.first().is_none_or(|b| *b == tag::SEQUENCE) => Front::More,
        Some(Some((tag::SEQUENCE, header, len))) if (5..=MAX_LEN).contains(&len) => {
            Front::Unit(header + len)
        }
        _ => Front::Bad,
    }
}

/// One message.
pub struct Message {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub op: Op,
}

/// The operations, section 4.2 on.
pub enum Op {
    /// A login.
    Bind {
        version: i64,
        name: Option<Text>,
        /// The mechanism; `None` for a plain password.
        mechanism: Option<Text>,
        has_password: bool,
    },
    Search(Box<LdapSearch>),
    /// Another request.
    Request {
        name: &'static str,
        object: Option<Text>,
        argument: Option<Text>,
        is_answered: bool,
    },
    /// One entry that a search found.
    Entry,
    /// The last answer to a request.
    Answer(Outcome),
    /// Nothing that is kept.
    Other,
}

/// How a request ended.
pub struct Outcome {
    /// Result code, section 4.1.9.
    pub code: i64,
    /// What the server adds.
    pub message: Text,
}

impl Message {
    /// Reads a message, of which the end may be missing.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let body = Ber::new(bytes).next_cut().filter(|t| t.tag == tag::SEQUENCE)?;
        let mut b = Ber::new(body.value);
        let id = b.int().filter(|id| (0..=i64::from(i32::MAX)).contains(id))?;
        let op = b.next_cut()?;
        Some(Self { id, op: operation(op.tag, op.value)? })
    }
}

fn operation(op: u8, value: &[u8]) -> Option<Op> {
    let mut b = Ber::new(value);
    // Tags of the application class: constructed ones have 0x60, others 0x40.
    Some(match op {
        0x60 => bind(b)?,
        0x42 if value.is_empty() => request("unbind", None, None, false),
        0x63 => Op::Search(Box::new(search(b)?)),
        0x64 | 0x73 => {
            b.next_cut()?;
            if op == 0x64 { Op::Entry } else { Op::Other }
        }
        0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78 => outcome(b)?,
        0x66 => request("modify", Some(b.expect(tag::OCTETS)?), None, true),
        0x68 => request("add", Some(b.expect(tag::OCTETS)?), None, true),
        0x4a => request("delete", Some(value), None, true),
        0x6c => {
            let (object, new) = (b.expect(tag::OCTETS)?, b.expect(tag::OCTETS)?);
            request("modify", Some(object), Some(new), true)
        }
        0x6e => {
            let object = b.expect(tag::OCTETS)?;
            let mut assertion = b.enter(tag::SEQUENCE)?;
            request("compare", Some(object), assertion.expect(tag::OCTETS), true)
        }
        0x50 => request("abandon", None, None, false),
        0x77 => {
            let oid = text::from_bytes(b.expect(0x80)?);
            let name = match &*oid {
                super::START_TLS => "StartTLS",
                "1.3.6.1.4.1.4203.1.11.3" => "whoami",
                _ => "unknown",
            };
            let object = Some(format!("{oid} ({name})").into());
            Op::Request { name: "extended", object, argument: None, is_answered: true }
        }
        0x79 => Op::Other,
        _ => return None,
    })
}

fn request(
    name: &'static str,
    object: Option<&[u8]>,
    argument: Option<&[u8]>,
    is_answered: bool,
) -> Op {
    let (object, argument) = (object.and_then(words), argument.and_then(words));
    Op::Request { name, object, argument, is_answered }
}

fn bind(mut b: Ber<'_>) -> Option<Op> {
    let version = b.int().filter(|v| (1..=127).contains(v))?;
    let name = words(b.expect(tag::OCTETS)?);
    let auth = b.next_cut()?;
    let mechanism = match auth.tag {
        0xa3 => Some(text::from_bytes(Ber::new(auth.value).expect(tag::OCTETS)?)),
        // Microsoft's own, from before SASL: sicily.
        0x89..=0x8b => Some("NTLM".into()),
        0x80 => None,
        _ => return None,
    };
    let has_password = auth.tag == 0x80 && !auth.value.is_empty();
    let name = match (&name, auth.tag) {
        (None, 0xa3 | 0x89..=0x8b) => super::super::ntlm::user(auth.value),
        _ => name,
    };
    Some(Op::Bind { version, name, mechanism, has_password })
}

fn search(mut b: Ber<'_>) -> Option<LdapSearch> {
    let base = b.expect(tag::OCTETS)?;
    let scope = ["base", "single", "tree"];
    let deref = ["never", "searching", "finding", "always"];
    let mut word = |names: &[&'static str]| -> Option<Text> {
        let n = usize::try_from(b.int()?).ok()?;
        Some((*names.get(n).unwrap_or(&"unknown")).into())
    };
    let (scope, deref_aliases) = (word(&scope)?, word(&deref)?);
    // Size limit, time limit, types only.
    let (_, _, _) = (b.int()?, b.int()?, b.expect(tag::BOOLEAN)?);
    Some(LdapSearch {
        scope: Some(scope),
        deref_aliases: Some(deref_aliases),
        base_object: words(base),
        result_count: Some(0),
        filter: filter::text(&mut b),
        ..LdapSearch::default()
    })
}

fn outcome(mut b: Ber<'_>) -> Option<Op> {
    let code = b.int().filter(|c| (0..=0x10_0000).contains(c))?;
    b.expect(tag::OCTETS)?;
    let message = b.next_cut().filter(|t| t.tag == tag::OCTETS)?;
    Some(Op::Answer(Outcome { code, message: text::from_bytes(message.value) }))
}

/// Whether a bind with that result let the account in; other codes say nothing of it.
pub const fn is_let_in(code: i64) -> Option<bool> {
    match code {
        0 => Some(true),
        // inappropriateAuthentication, invalidCredentials, insufficientAccessRights.
        48..=50 => Some(false),
        _ => None,
    }
}

/// A result's words, RFC 4511 section 4.1.9, spelled as Zeek does.
pub fn result(code: i64) -> Text {
    const LOW: [&str; 19] = [
        "success",
        "operations error",
        "protocol error",
        "time limit exceeded",
        "size limit exceeded",
        "compare false",
        "compare true",
        "auth method not supported",
        "stronger auth required",
        "partial results",
        "referral",
        "admin limit exceeded",
        "unavailable critical extension",
        "confidentiality required",
        "SASL bind in progress",
        "unknown",
        "no such attribute",
        "undefined attribute type",
        "inappropriate matching",
    ];
    let name = match code {
        0..=18 => usize::try_from(code).ok().and_then(|i| LOW.get(i).copied()),
        19 => Some("constraint violation"),
        20 => Some("attribute or value exists"),
        21 => Some("invalid attribute syntax"),
        32 => Some("no such object"),
        33 => Some("alias problem"),
        34 => Some("invalid DN syntax"),
        36 => Some("alias dereferencing problem"),
        48 => Some("inappropriate authentication"),
        49 => Some("invalid credentials"),
        50 => Some("insufficient access rights"),
        51 => Some("busy"),
        52 => Some("unavailable"),
        53 => Some("unwilling to perform"),
        54 => Some("loop detect"),
        64 => Some("naming violation"),
        65 => Some("object class violation"),
        66 => Some("not allowed on non-leaf"),
        67 => Some("not allowed on RDN"),
        68 => Some("entry already exists"),
        69 => Some("object class mods prohibited"),
        71 => Some("affects multiple DSAs"),
        80 => Some("other"),
        118 => Some("canceled"),
        119 => Some("no such operation"),
        120 => Some("too late"),
        121 => Some("cannot cancel"),
        122 => Some("assertion failed"),
        123 => Some("authorization denied"),
        _ => None,
    };
    name.unwrap_or("unknown").into()
}
