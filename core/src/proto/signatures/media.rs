//! Signatures of media in real time (RFC 3550), whose packets are few fixed bits and many numbers: one
//! of RTP alone tells nothing, several that go on do.

use super::when;
use crate::bytes::Cursor;
use crate::proto::Probe::{self, No};

/// Bytes of a packet's header that are compared.
pub(crate) const HEAD: usize = 12;
/// Packets of one source in a row that are believed.
const ENOUGH: usize = 4;
/// Packets between two that may be missing.
const MAX_MISSING: u16 = 16;
/// How far their clock may go on: ten seconds of 90 kHz, as video has.
const MAX_TICKS: u32 = 900_000;

/// The header of a datagram that could be one of RTP (section 5.1): version 2, a kind of media that is
/// given out or left to agreement (RFC 3551), what its bits announce. The kinds between would be RTCP's.
pub(crate) fn head(data: &[u8]) -> Option<&[u8; HEAD]> {
    let first @ 0x80..=0xbf = *data.first()? else { return None };
    let (head, rest) = data.split_first_chunk::<HEAD>()?;
    let mut c = Cursor::new(rest);
    c.take(usize::from(first & 0x0f) * 4)?;
    if first & 0x10 != 0 {
        let words = c.take(2).and(c.be16())?;
        c.take(usize::from(words) * 4)?;
    }
    let padding = if first & 0x20 == 0 { 0 } else { usize::from(*rest.last()?).max(1) };
    let is_media = matches!(head.get(1)? & 0x7f, 0..=34 | 96..=127);
    (is_media && padding <= c.rest().len()).then_some(head)
}

/// True when the last of these headers, of one direction, are of one source that goes on: the number
/// of each is behind the one before, and so is its time, or it is of the same picture.
pub(crate) fn is_rtp(heads: &[u8]) -> bool {
    let (heads, _) = heads.as_chunks::<HEAD>();
    let Some(last) = heads.len().checked_sub(ENOUGH).and_then(|from| heads.get(from..)) else {
        return false;
    };
    last.iter().zip(last.iter().skip(1)).all(|(one, next)| goes_on(one, next))
}

fn goes_on(one: &[u8; HEAD], next: &[u8; HEAD]) -> bool {
    let parts = |head: &[u8; HEAD]| {
        let mut c = Cursor::new(head.get(2..).unwrap_or_default());
        Some((c.be16()?, c.be32()?, c.be32()?))
    };
    let (Some((n, time, source)), Some((n_next, time_next, source_next))) =
        (parts(one), parts(next))
    else {
        return false;
    };
    let is_next = (1..=MAX_MISSING).contains(&n_next.wrapping_sub(n));
    // Sources have random numbers, and headers of others many zeros.
    is_next && source == source_next && source != 0 && time_next.wrapping_sub(time) <= MAX_TICKS
}

/// RTCP (section 6): reports that come together, the first of a sender or receiver with so many blocks
/// as it says; each has the version and a length, which add up to the datagram.
pub(super) fn rtcp(data: &[u8]) -> Probe {
    /// Of what a source says of itself, which comes with each report.
    const DESCRIPTION: u8 = 202;
    let [first @ 0x80..=0x9f, kind @ (200 | 201), hi, lo, ..] = *data else { return No };
    let words = usize::from(u16::from_be_bytes([hi, lo]));
    let blocks = usize::from(first & 0x1f) * 6;
    let whole = blocks + if kind == 200 { 6 } else { 1 };
    if words < whole {
        return No;
    }
    let (mut c, mut is_described) = (Cursor::new(data), false);
    while !c.is_empty() {
        let Some([first, kind]) = c.array() else { return No };
        let Some(words) = c.be16() else { return No };
        let is_known = first >> 6 == 2 && (200..=207).contains(&kind);
        if !is_known || c.take(usize::from(words) * 4).is_none() {
            return No;
        }
        is_described |= kind == DESCRIPTION;
    }
    when(is_described)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, Kind};
    use crate::proto::Probe::Yes;
    use crate::proto::drive;

    /// The header of a packet with G.711 and no more.
    fn packet(number: u16, time: u32, source: u32) -> Vec<u8> {
        let mut out = vec![0x80, 8];
        out.extend(number.to_be_bytes());
        out.extend(time.to_be_bytes());
        out.extend(source.to_be_bytes());
        out
    }

    fn told(packets: &[(u16, u32, u32)]) -> bool {
        let heads: Vec<_> =
            packets.iter().map(|(n, time, source)| packet(*n, *time, *source)).collect();
        is_rtp(&heads.iter().filter_map(|p| head(p)).flatten().copied().collect::<Vec<_>>())
    }

    #[test]
    fn four_packets_of_a_source_that_goes_on_are_media() {
        assert!(told(&[(1, 160, 7), (2, 320, 7), (3, 480, 7), (4, 640, 7)]));
        // Numbers and clock begin anew; packets of one picture; some that are missing.
        assert!(told(&[(0xfffe, u32::MAX, 7), (0xffff, 9, 7), (0, 9, 7), (16, 900_009, 7)]));
        // What came before does not matter.
        assert!(told(&[(9, 9, 9), (1, 1, 7), (2, 2, 7), (3, 3, 7), (4, 4, 7)]));
        let near: &[&[(u16, u32, u32)]] = &[
            &[(1, 160, 7), (2, 320, 7), (3, 480, 7)],
            &[(1, 160, 7), (2, 320, 7), (3, 480, 8), (4, 640, 7)],
            &[(1, 160, 7), (2, 320, 7), (2, 480, 7), (4, 640, 7)],
            &[(1, 160, 7), (3, 320, 7), (2, 480, 7), (4, 640, 7)],
            &[(1, 160, 7), (2, 320, 7), (19, 480, 7), (20, 640, 7)],
            &[(1, 160, 7), (2, 320, 7), (3, 319, 7), (4, 640, 7)],
            &[(1, 160, 7), (2, 320, 7), (3, 900_321, 7), (4, 900_322, 7)],
            &[(1, 160, 0), (2, 320, 0), (3, 480, 0), (4, 640, 0)],
        ];
        for packets in near {
            assert!(!told(packets), "{packets:?}");
        }
    }

    #[test]
    fn a_header_fits_its_datagram() {
        let with = |first: u8, kind: u8, rest: &[u8]| {
            let mut out = [packet(1, 2, 3), rest.to_vec()].concat();
            (out[0], out[1]) = (first, kind);
            head(&out).is_some()
        };
        for (first, kind, rest) in [
            (0x80, 0, &[][..]),
            (0x80, 0x80 | 96, b"x"),
            (0x81, 8, &[0; 4]),
            (0x90, 8, &[0xbe, 0xde, 0, 1, 0, 0, 0, 0]),
            (0xa0, 8, &[9, 9, 2]),
        ] {
            assert!(with(first, kind, rest), "{first:02x} {kind} {rest:02x?}");
        }
        for (first, kind, rest) in [
            (0x40, 8, &[][..]),
            (0xc0, 8, &[]),
            (0x80, 0x80 | 72, &[0; 20]),
            (0x80, 35, &[]),
            (0x80, 95, &[]),
            (0x81, 8, &[0; 3]),
            (0x90, 8, &[0xbe, 0xde, 0, 2, 0, 0, 0, 0]),
            (0xa0, 8, &[9, 9, 4]),
            (0xa0, 8, &[]),
        ] {
            assert!(!with(first, kind, rest), "{first:02x} {kind} {rest:02x?}");
        }
        assert!(head(&packet(1, 2, 3)[..11]).is_none());
    }

    #[test]
    fn reports_come_together_and_add_up() {
        let description = [0x81, 202, 0, 2, 0, 0, 0, 7, 1, 2, b'a', b'b'];
        let sender = [&[0x80, 200, 0, 6][..], &[1; 24]].concat();
        let receiver = [&[0x81, 201, 0, 7][..], &[1; 28]].concat();
        for report in [&sender, &receiver] {
            assert_eq!(rtcp(&[report, &description[..]].concat()), Yes);
            for near in [
                // Alone; cut; with something behind; of another version.
                report.clone(),
                [report, &description[..11]].concat(),
                [report, &description[..], &[0]].concat(),
                [report, &[0x41][..], &description[1..]].concat(),
            ] {
                assert_eq!(rtcp(&near), No, "{near:02x?}");
            }
        }
        // A block more than there is room for.
        let short = [&[0x82][..], &receiver[1..], &description].concat();
        assert_eq!(rtcp(&short), No);
    }

    #[test]
    fn calls_of_the_corpus_are_told() {
        let calls =
            ["services/ndpi__FAX-Call-t38-CA-TDM-SIP-FB-1.pcap", "tunnel/arkime__gtp-iphone.pcap"];
        for events in calls.into_iter().filter_map(drive::events) {
            let is_call = |e: &&crate::event::Event| match &e.body {
                Body::Conn(c) => c.service.contains("rtp"),
                _ => false,
            };
            assert_eq!(
                events.iter().filter(is_call).count(),
                1,
                "{:?}",
                drive::rows(&events, Kind::Conn)
            );
        }
    }
}
