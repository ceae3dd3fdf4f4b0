//! Kerberos 5 (RFC 4120), recognised: that it is spoken. Its tickets are not read.

use super::ber::{self, Ber, tag};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};

/// Kerberos over UDP.
pub static DATAGRAMS: Protocol = Protocol {
    name: "krb",
    emits: &[],
    over: Over::Datagrams,
    ports: &[88],
    probe: |_, data| if is_message(data) { Probe::Yes } else { Probe::No },
    open: || Box::new(Seen("krb")),
};

/// Kerberos over TCP: each message has its length in front, RFC 4120 section 7.2.2.
pub static STREAM: Protocol = Protocol {
    name: "krb_tcp",
    over: Over::Stream,
    probe: |_, data| match data.get(4..).filter(|d| d.len() >= 20) {
        Some(message) if data.starts_with(&[0]) && is_message(message) => Probe::Yes,
        None if data.is_empty() || data.starts_with(&[0]) => Probe::NeedMore,
        _ => Probe::No,
    },
    open: || Box::new(Seen("krb_tcp")),
    ..DATAGRAMS
};

/// True when a message of Kerberos begins here: its application tag, a sequence, and version 5 as
/// the first or second field.
fn is_message(data: &[u8]) -> bool {
    // Requests, replies, proofs, errors (RFC 4120 section 5.10).
    let is_known = matches!(data.first(), Some(0x6a..=0x6f | 0x7e));
    let inside = |bytes| Some(Ber::new(Ber::new(bytes).next_cut()?.value));
    let version = || {
        let mut message = inside(data)?;
        let mut fields = Ber::new(message.next_cut().filter(|t| t.tag == tag::SEQUENCE)?.value);
        let first = fields.next_cut().filter(|t| matches!(t.tag, 0xa0 | 0xa1))?;
        Ber::new(first.value).int()
    };
    is_known && ber::header(data).flatten().is_some() && version() == Some(5)
}

/// All that is kept is the protocol's name.
struct Seen(&'static str);

impl Analyzer for Seen {
    fn data(&mut self, _: Dir, _: &[u8], cx: &mut Cx<'_>) -> Step {
        cx.service.insert(self.0);
        Step::Quit
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Flow, Kind};
    use crate::proto::drive::{Feed, corpus, events, rows};

    const ASK: &[u8] =
        b"\x6a\x14\x30\x12\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa4\x06\x30\x04\xa0\x02\x03\0";

    #[test]
    fn messages_are_known_by_tag_and_version() {
        let datagram = |bytes: &[u8]| (DATAGRAMS.probe)(Dir::Orig, bytes);
        assert_eq!(datagram(ASK), Probe::Yes);
        let mut four = ASK.to_vec();
        four[8] = 4;
        assert_eq!(datagram(&four), Probe::No);
        let stream = |bytes: &[u8]| (STREAM.probe)(Dir::Orig, bytes);
        let framed = [&[0, 0, 0, 22][..], ASK].concat();
        assert_eq!(stream(&framed), Probe::Yes);
        assert_eq!(stream(&framed[..12]), Probe::NeedMore);
        assert_eq!(stream(b"GET / HTTP/1.1\r\nHost: a.test\r\n"), Probe::No);
        let mut feed = Feed::new(&STREAM, Flow::default());
        feed.data(Dir::Orig, &framed);
        assert_eq!(feed.service.iter().collect::<Vec<_>>(), ["krb_tcp"]);
    }

    #[test]
    fn captures_are_known_by_their_content() {
        for (path, name) in
            [("flows/arkime__krb5-tcp.pcap", "krb_tcp"), ("flows/arkime__krb5-udp.pcap", "krb")]
        {
            if corpus(path).is_some() {
                let conns = rows(&events(path).unwrap(), Kind::Conn);
                assert!(
                    conns.iter().any(|c| c.get("service").is_some_and(|s| s == name)),
                    "{path}"
                );
            }
        }
    }
}
