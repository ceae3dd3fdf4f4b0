//! From a DNS message to the fields of a `dns` row.

use super::codes::{self, rtype};
use super::name::{Name, readable};
use super::netbios;
use super::rdata::{self, Shown};
use super::wire::{Flaw, Message, Question, Record};
use crate::event::Dns;
use crate::text::{Text, from_bytes};
use crate::time::Interval;

/// Bytes of text kept of one section. Names in records are compressed: without this, a message
/// of 64 KB of pointers to one long name would become a row of 1.5 MB.
pub const MAX_SECTION_TEXT: usize = 128 << 10;

/// True when the message is of the NetBIOS name service, by the form of its name.
pub fn is_netbios(message: &Message<'_>) -> bool {
    let question = message.questions.first().map(|q| q.name);
    let name = question.or_else(|| Some(message.sections.iter().flatten().next()?.name));
    name.is_some_and(|name| netbios::is_encoded(name.first_label()))
}

/// Fills what a query tells, for one of its questions; gives the flaws of its records.
pub fn fill_query(
    row: &mut Dns,
    message: &Message<'_>,
    question: Option<&Question<'_>>,
) -> Vec<Flaw> {
    let header = message.header;
    fill_common(row, message);
    row.tc.get_or_insert(header.tc());
    row.rd = Some(header.rd());
    row.z = Some(header.z());
    if message.is_update() && !is_netbios(message) {
        row.answers.clear();
        row.ttls.clear();
        return fill_update(row, message);
    }
    if let Some(question) = question {
        fill_question(row, question, is_netbios(message));
    }
    Vec::new()
}

/// True when a NetBIOS query was sent to all of a network: the B bit of RFC 1002 section 4.2.1.1,
/// the lowest of those that DNS reserves.
pub fn is_broadcast(message: &Message<'_>) -> bool {
    is_netbios(message) && message.header.z() & 1 != 0
}

/// Fills what a reply tells, its records included; gives the flaws of those.
pub fn fill_reply(
    row: &mut Dns,
    message: &Message<'_>,
    question: Option<&Question<'_>>,
) -> Vec<Flaw> {
    fill_reply_head(row, message, question);
    let flaws = if !message.is_update() || is_netbios(message) {
        fill_records(row, message)
    } else if row.query.is_none() {
        fill_update(row, message)
    } else {
        Vec::new()
    };
    if has_answers(row) {
        row.aa = Some(message.header.aa());
        row.ra = Some(message.header.ra());
    }
    flaws
}

/// True for a reply whose flags and time Zeek's record has: it takes them from the first answer that
/// it can read, and our rows are to mean the same.
pub const fn has_answers(row: &Dns) -> bool {
    !row.answers.is_empty()
}

/// Fills what a reply tells without its records. What the query told stays, except for the
/// truncation that only a reply can suffer.
pub fn fill_reply_head(row: &mut Dns, message: &Message<'_>, question: Option<&Question<'_>>) {
    let header = message.header;
    fill_common(row, message);
    row.answered = Some(true);
    let rcode = header.rcode() | extended_rcode(message);
    row.rcode = Some(rcode);
    row.rcode_name = Some((&*codes::rcode_name(rcode)).into());
    row.tc = Some(header.tc());
    row.rd.get_or_insert(header.rd());
    row.z.get_or_insert(header.z());
    // Zeek's rule: refused is a reply without any record, or an error without the question.
    let [n_questions, records @ ..] = header.counts;
    let is_bare = n_questions > 0 && records == [0; 3];
    row.rejected = Some(is_bare || (rcode != 0 && n_questions == 0));
    let is_netbios = is_netbios(message);
    let asks = row.query.is_none() && (is_netbios || !message.is_update());
    if let Some(question) = question.filter(|_| asks) {
        fill_question(row, question, is_netbios);
    }
}

fn fill_common(row: &mut Dns, message: &Message<'_>) {
    let header = message.header;
    row.trans_id = Some(header.id);
    row.opcode = Some(header.opcode());
    let name = codes::opcode_name(header.opcode(), is_netbios(message));
    row.opcode_name = Some((&*name).into());
}

fn fill_question(row: &mut Dns, question: &Question<'_>, is_netbios: bool) {
    let Question { name, qtype, qclass } = *question;
    row.query = Some(name_text(name, is_netbios));
    row.qclass = Some(qclass);
    row.qclass_name = Some((&*codes::class_name(qclass)).into());
    row.qtype = Some(qtype);
    let special = netbios::type_name(qtype).filter(|_| is_netbios);
    let name = special.map_or_else(|| codes::type_name(qtype), Into::into);
    row.qtype_name = Some((&*name).into());
}

/// An update asks for no type. As Zeek does, the row names the first record it speaks of.
fn fill_update(row: &mut Dns, message: &Message<'_>) -> Vec<Flaw> {
    let [prerequisites, updates, _] = &message.sections;
    let first = prerequisites.iter().chain(updates).next().map(|r| r.name);
    let name = first.or_else(|| message.questions.first().map(|zone| zone.name));
    row.query = name.map(|n| readable(&n.bytes()).into());
    let mut out = |record: &Record<'_>, text: &str| push(row, record, text);
    let mut shown = Section::new(message, &mut out);
    shown.all(prerequisites, &|_, record| rdata::show_prerequisite(record));
    shown.all(updates, &rdata::show_update);
    shown.flaws
}

fn push(row: &mut Dns, record: &Record<'_>, text: &str) {
    row.answers.push(from_bytes(text.as_bytes()));
    row.ttls.push(Interval::from_secs(i64::from(record.ttl)));
}

fn fill_records(row: &mut Dns, message: &Message<'_>) -> Vec<Flaw> {
    let netbios = is_netbios(message);
    let [answers, auth, addl] = &message.sections;
    if row.query.is_none() {
        row.query = answers.first().map(|r| name_text(r.name, netbios));
    }
    let show = |message: &[u8], record: &Record<'_>| rdata::show(message, record, netbios);
    let mut flaws = Vec::new();
    let mut section = |records: &[Record<'_>], out: &mut dyn FnMut(&Record<'_>, &str)| {
        let mut shown = Section::new(message, out);
        shown.all(records, &show);
        flaws.append(&mut shown.flaws);
    };
    section(answers, &mut |record, text| push(row, record, text));
    section(auth, &mut |_, shown| row.auth.insert(&from_bytes(shown.as_bytes())));
    section(addl, &mut |_, shown| row.addl.insert(&from_bytes(shown.as_bytes())));
    flaws
}

fn name_text(name: Name<'_>, is_netbios: bool) -> Text {
    let label = name.first_label();
    if is_netbios && netbios::is_encoded(label) {
        return netbios::decode(label).into();
    }
    readable(&name.bytes()).into()
}

/// The records of one section on their way into a row, within [`MAX_SECTION_TEXT`].
struct Section<'a> {
    message: &'a [u8],
    out: &'a mut dyn FnMut(&Record<'_>, &str),
    left: usize,
    flaws: Vec<Flaw>,
}

impl<'a> Section<'a> {
    fn new(message: &Message<'a>, out: &'a mut dyn FnMut(&Record<'_>, &str)) -> Self {
        Self { message: message.bytes, out, left: MAX_SECTION_TEXT, flaws: Vec::new() }
    }

    fn all(&mut self, records: &[Record<'_>], show: &dyn Fn(&[u8], &Record<'_>) -> Shown) {
        for record in records {
            let Shown { text, flaw } = show(self.message, record);
            if let Some(flaw) = flaw.filter(|flaw| !self.flaws.contains(flaw)) {
                self.flaws.push(flaw);
            }
            let Some(text) = text else { continue };
            let Some(left) = self.left.checked_sub(text.len()) else {
                return self.flaws.push(Flaw::RecordsLeftOut);
            };
            self.left = left;
            (self.out)(record, &text);
        }
    }
}

/// The upper eight bits of the response code, which EDNS adds (RFC 6891 section 6.1.3).
fn extended_rcode(message: &Message<'_>) -> u16 {
    let [.., addl] = &message.sections;
    let opt = addl.iter().find(|r| r.rtype == rtype::OPT);
    opt.map_or(0, |opt| (opt.ttl >> 24) as u16) << 4
}
