//! DTLS: the same handshake in datagrams, its messages in numbered fragments (RFC 6347, RFC 9147).

use super::codes::{content, handshake};
use super::fingerprint::Carrier;
use super::session::Session;
use crate::bytes::Cursor;
use crate::event::Kind;
use crate::proto::reorder::Reorder;
use crate::proto::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use std::collections::BTreeMap;

/// Messages of one direction that wait for an earlier one or for their own rest. A flight of the
/// handshake has up to six.
pub const MAX_OPEN: u16 = 16;

/// Bytes of a message that is put together, and of all of one direction; as for TLS in a stream.
const MAX_MESSAGE: u32 = super::joiner::MAX_MESSAGE as u32;

/// DTLS.
pub static PROTOCOL: Protocol = Protocol {
    name: "dtls",
    emits: &[Kind::Ssl, Kind::Weird, Kind::X509],
    over: Over::Datagrams,
    ports: &[443, 853, 2221, 3391, 4433, 5349, 5684],
    probe: |_, bytes| probe(bytes),
    open: || Box::new(Dtls::default()),
};

/// One record of a datagram.
struct Record<'a> {
    content: u8,
    epoch: u16,
    body: &'a [u8],
}

/// The next record. `None` when the rest of the datagram is none, or is cut.
fn next_record<'a>(c: &mut Cursor<'a>) -> Option<Record<'a>> {
    let content = c.u8()?;
    let version = c.be16()?;
    // 0x0100 is OpenSSL's before the standard.
    let is_known = matches!(version, 0x0100 | 0xfeff | 0xfefd | 0xfefc);
    if !matches!(content, 20..=26) || !is_known {
        return None;
    }
    let epoch = c.be16()?;
    c.take(6)?;
    let len = c.be16()?;
    let body = c.take(usize::from(len))?;
    Some(Record { content, epoch, body })
}

/// One fragment of a handshake message.
struct Fragment<'a> {
    ty: u8,
    len: u32,
    seq: u16,
    offset: u32,
    bytes: &'a [u8],
}

fn next_fragment<'a>(c: &mut Cursor<'a>) -> Option<Fragment<'a>> {
    let (ty, len, seq, offset) = (c.u8()?, c.be24()?, c.be16()?, c.be24()?);
    let fragment_len = c.be24()?;
    let bytes = c.take(fragment_len as usize)?;
    (offset.checked_add(fragment_len)? <= len).then_some(Fragment { ty, len, seq, offset, bytes })
}

/// The rest of a record in DTLS 1.3's short form, RFC 9147 section 4: all of it is encrypted.
fn is_unified(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|b| b & 0xe0 == 0x20)
}

fn probe(bytes: &[u8]) -> Probe {
    let Some(record) = next_record(&mut Cursor::new(bytes)) else { return Probe::No };
    if record.content != content::HANDSHAKE || record.epoch != 0 {
        return Probe::No;
    }
    /// HelloVerifyRequest, RFC 6347 section 4.2.1.
    const VERIFY: u8 = 3;
    match next_fragment(&mut Cursor::new(record.body)).map(|fragment| fragment.ty) {
        Some(handshake::CLIENT_HELLO | handshake::SERVER_HELLO | VERIFY) => Probe::Yes,
        Some(_) => Probe::Maybe,
        None => Probe::No,
    }
}

/// The analyzer of one connection.
struct Dtls {
    session: Session,
    sides: [Side; 2],
}

/// The messages of one direction.
#[derive(Default)]
struct Side {
    has_spoken: bool,
    next: Option<u16>,
    open: BTreeMap<u16, Message>,
}

/// A message while it is put together.
#[derive(Default)]
struct Message {
    ty: u8,
    len: u32,
    order: Reorder,
    body: Vec<u8>,
}

impl Default for Dtls {
    fn default() -> Self {
        Self { session: Session::new(Carrier::Datagrams), sides: Default::default() }
    }
}

impl Analyzer for Dtls {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        self.side(dir).has_spoken = true;
        let mut c = Cursor::new(data);
        while !c.is_empty() && !self.session.is_done() {
            if is_unified(c.rest()) && self.session.is_13() {
                self.session.ciphertext(dir, content::APPLICATION_DATA, cx);
                break;
            }
            let Some(record) = next_record(&mut c) else { break };
            self.record(dir, &record, cx);
        }
        if self.session.is_done() { Step::Quit } else { Step::Done }
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.session.has_gap |= self.sides.iter().any(|side| !side.has_spoken);
        self.session.finish(cx);
    }
}

impl Dtls {
    const fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        match dir {
            Dir::Orig => orig,
            Dir::Resp => resp,
        }
    }

    fn record(&mut self, dir: Dir, record: &Record<'_>, cx: &mut Cx<'_>) {
        if record.epoch > 0 {
            self.session.encrypted(dir);
            return self.session.ciphertext(dir, record.content, cx);
        }
        match (record.content, record.body) {
            (content::CHANGE_CIPHER_SPEC, _) => self.session.change_cipher(dir),
            (content::ALERT, [_, description]) => self.session.alert(*description, cx),
            (content::HANDSHAKE, body) => {
                let mut c = Cursor::new(body);
                while let Some(fragment) = next_fragment(&mut c) {
                    self.fragment(dir, &fragment, cx);
                }
            }
            _ => {}
        }
    }

    fn fragment(&mut self, dir: Dir, fragment: &Fragment<'_>, cx: &mut Cx<'_>) {
        if fragment.len > MAX_MESSAGE {
            return self.session.say("SSL_message_too_long", cx);
        }
        let side = self.side(dir);
        let next = *side.next.get_or_insert(fragment.seq);
        // Sent again, or absurdly far ahead.
        let ahead = fragment.seq.wrapping_sub(next);
        if ahead >= MAX_OPEN {
            return;
        }
        let held = |m: &Message| m.body.len() + m.order.held();
        let held: usize = side.open.values().map(held).sum();
        if held + fragment.bytes.len() > MAX_MESSAGE as usize {
            return self.session.say("SSL_message_too_long", cx);
        }
        let message = side.open.entry(fragment.seq).or_default();
        (message.ty, message.len) = (fragment.ty, fragment.len);
        if let Some(fresh) = message.order.push(u64::from(fragment.offset), fragment.bytes) {
            message.body.extend(fresh);
        }
        self.whole_messages(dir, cx);
    }

    /// Takes messages in their order, as far as they are whole.
    fn whole_messages(&mut self, dir: Dir, cx: &mut Cx<'_>) {
        loop {
            let side = self.side(dir);
            let Some(seq) = side.next else { return };
            let is_whole = |m: &Message| m.body.len() as u64 >= u64::from(m.len);
            if !side.open.get(&seq).is_some_and(is_whole) {
                return;
            }
            let Some(message) = side.open.remove(&seq) else { return };
            side.next = Some(seq.wrapping_add(1));
            self.session.message(dir, message.ty, &message.body, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Endpoint, Flow};
    use crate::proto::drive::{self, Feed};

    #[test]
    fn a_handshake_is_that_of_zeek() {
        let test = "scripts.base.protocols.ssl.dtls";
        for (kind, log) in [(Kind::Ssl, "ssl1_2.log"), (Kind::X509, "x5091_2.log")] {
            let log = format!("{test}/{log}");
            let capture = "tls/zeek__tls_dtls1_2.pcap";
            let same = drive::same_as_zeek(capture, &log, kind, &|_, _, _| false);
            assert!(same.is_none_or(|n| n == 1));
        }
    }

    #[test]
    fn it_is_found_among_other_datagrams() {
        // WebRTC: STUN before, media behind; the client is the connection's responder.
        let log = "scripts.base.protocols.ssl.dtls-stun-dpd/ssl.log";
        let same =
            drive::same_as_zeek("tls/zeek__tls_webrtc-stun.pcap", log, Kind::Ssl, &|_, _, _| false);
        assert!(same.is_none_or(|n| n == 1));
    }

    fn feed() -> Feed {
        let end = |port| Endpoint { addr: Some([10, 0, 0, 1].into()), port: Some(port) };
        Feed::new(&PROTOCOL, Flow { orig: end(49152), resp: end(4433), ..Flow::default() })
    }

    fn hello() -> Vec<u8> {
        let name = b"\x00\x00\x00\x0a\x00\x08\x00\x00\x05a.org";
        let fixed =
            [b"\xfe\xfd".as_slice(), &[7; 32], b"\x00\x00\x00\x02\xc0\x2b\x01\x00"].concat();
        [fixed.as_slice(), &(name.len() as u16).to_be_bytes(), name].concat()
    }

    /// A datagram with a part of a ClientHello that claims `len` bytes.
    fn datagram(seq: u16, len: usize, offset: usize, part: &[u8]) -> Vec<u8> {
        let three = |n: usize| [(n >> 16) as u8, (n >> 8) as u8, n as u8];
        let fragment = [
            &[1],
            three(len).as_slice(),
            &seq.to_be_bytes(),
            &three(offset),
            &three(part.len()),
            part,
        ]
        .concat();
        [
            b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00".as_slice(),
            &(fragment.len() as u16).to_be_bytes(),
            &fragment,
        ]
        .concat()
    }

    #[test]
    fn fragments_may_come_in_any_order_and_twice() {
        let hello = hello();
        let parts: Vec<_> = (0..hello.len()).step_by(9).collect();
        let mut feed = feed();
        for at in parts.iter().rev().chain(&parts) {
            let to = (at + 9).min(hello.len());
            feed.data(Dir::Orig, &datagram(0, hello.len(), *at, &hello[*at..to]));
        }
        let rows = drive::rows(&feed.finish(), Kind::Ssl);
        assert_eq!(rows[0]["server_name"], "a.org");
        assert!(rows[0]["ja4"].starts_with("dd2d0101"));
    }

    #[test]
    fn messages_far_ahead_and_too_long_are_left() {
        let hello = hello();
        let rows = |first: u16, second: u16| {
            let mut feed = feed();
            feed.data(Dir::Orig, &datagram(first, 9, 0, b"x"));
            feed.data(Dir::Orig, &datagram(first, 9, 1, b"12345678"));
            feed.data(Dir::Orig, &datagram(second, hello.len(), 0, &hello));
            (first + 1..second).for_each(|seq| feed.data(Dir::Orig, &datagram(seq, 0, 0, b"")));
            drive::rows(&feed.finish(), Kind::Ssl).len()
        };
        assert_eq!(rows(0, MAX_OPEN), 1);
        assert_eq!(rows(0, MAX_OPEN + 1), 0);
        for (len, is_said) in [(MAX_MESSAGE, false), (MAX_MESSAGE + 1, true)] {
            let mut feed = feed();
            feed.data(Dir::Orig, &datagram(0, len as usize, 0, b"x"));
            assert_eq!(!feed.finish().is_empty(), is_said);
        }
    }

    #[test]
    fn content_tells() {
        let hello = hello();
        let whole = datagram(0, hello.len(), 0, &hello);
        assert_eq!(probe(&whole), Probe::Yes);
        (0..whole.len()).for_each(|cut| assert_eq!(probe(&whole[..cut]), Probe::No));
        assert_eq!(probe(b"\x00\x01\x00\x08\x21\x12\xa4\x42"), Probe::No);
    }
}
