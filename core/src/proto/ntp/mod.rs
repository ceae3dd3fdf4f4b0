//! NTP (RFC 5905): one row a message; control and private messages (modes 6, 7) are only known as NTP.

mod wire;

use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Kind, Ntp};
use wire::Message;

/// NTP.
pub static PROTOCOL: Protocol = Protocol {
    name: "ntp",
    emits: &[Kind::Ntp, Kind::Weird],
    over: Over::Datagrams,
    ports: &[123],
    // Nothing in a message is so marked that it could not be anything else.
    probe: |_, bytes| if wire::is_possible(bytes) { Probe::Maybe } else { Probe::No },
    open: || Box::<Clocks>::default(),
};

/// One connection's state.
#[derive(Debug, Default)]
struct Clocks {
    is_odd_said: bool,
}

impl Analyzer for Clocks {
    fn data(&mut self, _: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        if !wire::is_possible(data) {
            if !std::mem::replace(&mut self.is_odd_said, true) {
                cx.weird("NTP", "ntp_malformed_message", None);
            }
            return Step::Done;
        }
        cx.service.insert("ntp");
        if let Some(m) = Message::parse(data) {
            cx.emit(cx.ts, cx.at, Body::Ntp(row(&m)));
        }
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

fn row(m: &Message<'_>) -> Ntp {
    let [reference, origin, received, sent] = m.times.map(wire::time);
    Ntp {
        version: Some(m.version.into()),
        mode: Some(m.mode.into()),
        stratum: Some(m.stratum.into()),
        poll: Some(wire::power_of_two(m.poll)),
        precision: Some(wire::power_of_two(m.precision)),
        root_delay: Some(wire::short(m.root_delay)),
        root_disp: Some(wire::short(m.root_dispersion)),
        ref_id: wire::reference(m.stratum, m.reference),
        ref_time: Some(reference),
        org_time: Some(origin),
        rec_time: Some(received),
        xmt_time: Some(sent),
        num_exts: Some(wire::extensions(m.rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    /// The start of a server's reply as in RFC 5905, with times counted from 1900.
    fn reply() -> Vec<u8> {
        let mut m = vec![0x24, 2, 6, 0xec, 0, 0, 0x80, 0, 0, 1, 0, 0, 192, 0, 2, 1];
        for secs in [3_600_000_000_u32, 0, 3_600_000_001, 3_600_000_002] {
            m.extend(secs.to_be_bytes());
            m.extend([0x80, 0, 0, 0]);
        }
        m[24..32].fill(0);
        m
    }

    #[test]
    fn a_message_is_a_row() {
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Resp, &reply())], usize::MAX);
        assert_eq!(got.len(), 1);
        assert!(got[0].contains("version=4 mode=4 stratum=2"), "{}", got[0]);
        assert!(got[0].contains("ref_id=192.0.2.1"), "{}", got[0]);
        assert!(got[0].contains("num_exts=0"), "{}", got[0]);
        let time = wire::time(u64::from_be_bytes([0xd6, 0x93, 0xa4, 0, 0x80, 0, 0, 0]));
        assert_eq!(time.0, (3_600_000_000 - 2_208_988_800) * 1_000_000_000 + 500_000_000);
    }

    #[test]
    fn what_cannot_be_ntp_is_not() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        assert_eq!(probe(&reply()), Probe::Maybe);
        assert_eq!(probe(&reply()[..47]), Probe::No);
        assert_eq!(probe(b"\x17\0\x03\x2a\0\0\0\0"), Probe::Maybe);
        assert_eq!(probe(&[0x20; 48]), Probe::No);
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, b"\x17\0\x03\x2a\0\0\0\0")], 99);
        assert!(got.is_empty(), "{got:?}");
    }
}
