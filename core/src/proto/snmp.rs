//! SNMP (RFC 1157, RFC 3416, RFC 3412): who asks whom under which community or user.

use super::ber::{self, Ber, tag};
use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Kind, Origin, Snmp};
use crate::text::{self, Text};
use crate::time::{Interval, Time};

/// SNMP.
pub static PROTOCOL: Protocol = Protocol {
    name: "snmp",
    emits: &[Kind::Login, Kind::Snmp, Kind::Weird],
    over: Over::Datagrams,
    ports: &[161, 162],
    probe: |_, bytes| if Message::parse(bytes).is_some() { Probe::Yes } else { Probe::No },
    open: || Box::<Exchange>::default(),
};

/// Communities that every device comes with (RFC 1157 section 3.2.5 has the first): no secrets.
const KNOWN: [&[u8]; 2] = [b"public", b"private"];
/// Variables of one message that are counted; a datagram holds some thousands at most.
const MAX_BINDINGS: u64 = 1 << 14;

/// Tags of what is asked or answered, RFC 3416 section 3.
mod pdu {
    pub const GET: u8 = 0xa0;
    pub const GET_NEXT: u8 = 0xa1;
    pub const RESPONSE: u8 = 0xa2;
    pub const SET: u8 = 0xa3;
    pub const TRAP_1: u8 = 0xa4;
    pub const GET_BULK: u8 = 0xa5;
    pub const REPORT: u8 = 0xa8;
}

/// One message.
struct Message<'a> {
    version: i64,
    /// The community, or the user of version 3.
    name: &'a [u8],
    /// What it carries; `None` when it is encrypted.
    pdu: Option<(u8, Ber<'a>)>,
}

impl<'a> Message<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut b = Ber::new(bytes).enter(tag::SEQUENCE)?;
        let version = b.int()?;
        if matches!(version, 0 | 1) {
            let name = b.expect(tag::OCTETS)?;
            return Some(Self { version, name, pdu: Some(Self::content(&mut b)?) });
        }
        (version == 3).then_some(())?;
        let mut global = b.enter(tag::SEQUENCE)?;
        // Number, largest size, flags, security model.
        global.int()?;
        global.int()?;
        let flags = *global.expect(tag::OCTETS)?.first()?;
        global.int()?;
        let mut security = Ber::new(b.expect(tag::OCTETS)?);
        // The engine, how often it started, since when it runs, then the user (RFC 3414 section 2.4).
        let name = security
            .enter(tag::SEQUENCE)
            .and_then(|mut s| {
                s.expect(tag::OCTETS)?;
                s.int()?;
                s.int()?;
                s.expect(tag::OCTETS)
            })
            .unwrap_or_default();
        if flags & 2 != 0 {
            b.expect(tag::OCTETS)?;
            return Some(Self { version, name, pdu: None });
        }
        let mut scoped = b.enter(tag::SEQUENCE)?;
        scoped.expect(tag::OCTETS)?;
        scoped.expect(tag::OCTETS)?;
        Some(Self { version, name, pdu: Some(Self::content(&mut scoped)?) })
    }

    fn content(b: &mut Ber<'a>) -> Option<(u8, Ber<'a>)> {
        let t = b.next().filter(|t| (pdu::GET..=pdu::REPORT).contains(&t.tag))?;
        Some((t.tag, Ber::new(t.value)))
    }
}

/// A community as a record may show it.
pub(crate) fn shown_community(name: &[u8]) -> Text {
    if KNOWN.contains(&name) { text::from_bytes(name) } else { HIDDEN.into() }
}

/// One connection's state.
#[derive(Default)]
struct Exchange {
    row: Snmp,
    begin: Option<(Time, Origin)>,
    login: Option<Asked>,
    /// A device answered under the name.
    is_answered: bool,
    is_odd_said: bool,
}

impl Analyzer for Exchange {
    fn data(&mut self, _: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let Some(m) = Message::parse(data) else {
            if !std::mem::replace(&mut self.is_odd_said, true) {
                cx.weird("SNMP", "snmp_malformed_message", None);
            }
            return Step::Done;
        };
        cx.service.insert("snmp");
        let (first, _) = *self.begin.get_or_insert((cx.ts, cx.at));
        self.row.duration = Some(cx.ts.since(first));
        self.name(&m, cx);
        let Some((kind, mut b)) = m.pdu else {
            // Only who knows the key can answer; who asks cannot be told from who answers.
            return Step::Done;
        };
        if kind == pdu::TRAP_1 {
            return Step::Done;
        }
        // Number, error, its place; of GetBulk the two counts.
        let heads = [b.int(), b.int(), b.int()];
        if heads.contains(&None) {
            return Step::Done;
        }
        let Some(list) = b.enter(tag::SEQUENCE) else { return Step::Done };
        if kind == pdu::RESPONSE {
            self.is_answered = true;
        }
        let n = self.variables(list, kind == pdu::RESPONSE, cx);
        let count = match kind {
            pdu::GET | pdu::GET_NEXT => &mut self.row.get_requests,
            pdu::GET_BULK => &mut self.row.get_bulk_requests,
            pdu::RESPONSE => &mut self.row.get_responses,
            pdu::SET => &mut self.row.set_requests,
            _ => return Step::Done,
        };
        *count = Some(count.unwrap_or(0).saturating_add(n));
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        let Some((ts, at)) = self.begin.take() else { return };
        if let Some(login) = self.login.take() {
            // An agent drops what comes under a wrong community, RFC 1157 section 4.1.
            login.end(self.is_answered.then_some(true), None, cx);
        }
        let mut row = std::mem::take(&mut self.row);
        for count in [
            &mut row.get_requests,
            &mut row.get_bulk_requests,
            &mut row.get_responses,
            &mut row.set_requests,
        ] {
            count.get_or_insert(0);
        }
        cx.emit(ts, at, Body::Snmp(row));
    }
}

impl Exchange {
    /// Notes version and community or user of the first message that has one.
    fn name(&mut self, m: &Message<'_>, cx: &Cx<'_>) {
        let version = match m.version {
            0 => "1",
            1 => "2c",
            _ => "3",
        };
        self.row.version.get_or_insert_with(|| version.into());
        if self.login.is_some() || m.name.is_empty() {
            return;
        }
        let mut login = Asked::new("snmp", version, cx);
        if m.version == 3 {
            login.row.username = Some(text::from_bytes(m.name));
            login.row.mechanism = Some("USM".into());
        } else {
            let shown = shown_community(m.name);
            self.row.community = Some(shown.clone());
            login.row.username = Some(shown);
            login.row.password = Some(HIDDEN);
            login.row.mechanism = Some("community".into());
        }
        self.login = Some(login);
    }

    /// Counts variables; of an answer notes what tells of the device.
    fn variables(&mut self, mut list: Ber<'_>, is_answer: bool, cx: &Cx<'_>) -> u64 {
        let mut n = 0;
        while let Some(mut variable) = list.enter(tag::SEQUENCE).filter(|_| n < MAX_BINDINGS) {
            n += 1;
            let (Some(oid), Some(value)) = (variable.expect(tag::OID), variable.next()) else {
                continue;
            };
            match (oid, value.tag) {
                // sysDescr.0
                ([0x2b, 6, 1, 2, 1, 1, 1, 0], tag::OCTETS) if is_answer => {
                    self.row.display_string = Some(text::from_bytes(value.value));
                }
                // sysUpTime.0, in hundredths of a second
                ([0x2b, 6, 1, 2, 1, 1, 3, 0], 0x43) if is_answer => {
                    let ticks = ber::unsigned(value.value).and_then(|t| i64::try_from(t).ok());
                    let up = ticks.and_then(|t| t.checked_mul(10_000_000)).map(Interval);
                    self.row.up_since = up.map(|up| Time(cx.ts.0.saturating_sub(up.0)));
                }
                _ => {}
            }
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::{corpus, events, rows};
    use crate::proto::testing::{Said, talk};

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        [&[tag, value.len() as u8][..], &value].concat()
    }

    fn message(community: &[u8], kind: u8, variables: &[&[u8]]) -> Vec<u8> {
        let content =
            tlv(kind, &[&[2, 1, 9, 2, 1, 0, 2, 1, 0], &tlv(0x30, &[&variables.concat()])]);
        tlv(0x30, &[&[2, 1, 1], &tlv(4, &[community]), &content])
    }

    fn variable(last: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[&tlv(6, &[&[0x2b, 6, 1, 2, 1, 1, last, 0]]), value])
    }

    #[test]
    fn an_exchange_is_one_row_and_a_secret_community_is_hidden() {
        let ask = message(b"s3cret", pdu::GET, &[&variable(1, &[5, 0])]);
        let two = [variable(1, &tlv(4, &[b"Linux"])), variable(3, &[0x43, 1, 100])].concat();
        let answer = message(b"s3cret", pdu::RESPONSE, &[&two]);
        let said = [Said::Data(Dir::Orig, &ask), Said::Data(Dir::Resp, &answer)];
        assert_eq!(
            talk(&PROTOCOL, &said, usize::MAX),
            [
                "login service=snmp username=<hidden> password=<hidden> mechanism=community \
                 action=2c success=T",
                "snmp duration=0 µs version=2c community=<hidden> get_requests=1 \
                 get_bulk_requests=0 get_responses=2 set_requests=0 display_string=Linux \
                 up_since=1969-12-31T23:59:59Z",
            ]
        );
        let ask = message(b"public", pdu::GET_BULK, &[&variable(1, &[5, 0])]);
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, &ask)], usize::MAX);
        assert!(got[0].contains("username=public") && !got[0].contains("success"), "{got:?}");
        assert!(got[1].contains("community=public") && got[1].contains("bulk_requests=1"));
    }

    #[test]
    fn what_is_cut_or_another_version_is_not_snmp() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        let good = message(b"public", pdu::GET, &[]);
        assert_eq!(probe(&good), Probe::Yes);
        assert_eq!(probe(&good[..good.len() - 1]), Probe::No);
        let mut other = good;
        other[4] = 2;
        assert_eq!(probe(&other), Probe::No);
    }

    #[test]
    fn users_of_version_3_are_those_of_the_capture() {
        let path = "services/arkime__snmpv3_synthetic.pcap";
        if corpus(path).is_none() {
            return;
        }
        let events = events(path).unwrap();
        let all = rows(&events, Kind::Snmp);
        assert!(all.iter().any(|r| r["version"] == "3"), "{all:?}");
    }
}
