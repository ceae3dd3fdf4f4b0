//! SMB over TCP (MS-SMB2, MS-CIFS), recognised: that it is spoken, and what proves accounts and is
//! called inside it. Its commands are not read.

use super::framing::{self, Front, Place};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then, dce_rpc, ntlm};

/// SMB, all versions.
pub static PROTOCOL: Protocol = Protocol {
    name: "smb",
    emits: &[],
    over: Over::Stream,
    ports: &[139, 445],
    probe: |_, data| match data {
        [0, 0, _, _, 0xfc..=0xff, b'S', b'M', b'B', ..] => Probe::Yes,
        // A session of NetBIOS begins with the names of both ends, RFC 1002 section 4.3.2.
        [0x81, 0, 0, 0x44, 0x20, ..] => Probe::Yes,
        _ if data.len() < 8 => match data {
            [0x81, 0, 0, 0x44] | [0x81, 0, 0] | [0x81, 0] | [0x81 | 0] | [0, 0] | [] => {
                Probe::NeedMore
            }
            [0, 0, _, _, rest @ ..] | [0, 0, _, rest @ ..]
                if matches!(rest, [] | [0xfc..=0xff, ..] | [_]) =>
            {
                Probe::NeedMore
            }
            _ => Probe::No,
        },
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes of a message that are looked at: what tells stands near its front.
const MAX_MESSAGE: usize = 1024;
/// Messages that may carry a call that are looked at for one.
const MAX_CALLS: u32 = 256;

/// SPNEGO (RFC 4178), and the request of Kerberos inside it (RFC 4121 section 4.1).
const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0];

fn front(data: &[u8]) -> Front {
    match data {
        [0 | 0x81..=0x85, a, b, c, ..] => {
            Front::Unit(4 + u32::from_be_bytes([0, *a, *b, *c]) as usize)
        }
        [0 | 0x81..=0x85, ..] | [] => Front::More,
        _ => Front::Bad,
    }
}

#[derive(Debug, Default)]
struct Session {
    places: [Place; 2],
    n_calls: u32,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let [orig, resp] = self.places;
        let mut place = if dir == Dir::Orig { orig } else { resp };
        let step = framing::each(&mut place, data, MAX_MESSAGE, front, &mut |message| {
            self.message(message.get(4..).unwrap_or_default(), cx);
            Then::GoOn
        });
        self.places = if dir == Dir::Orig { [place, resp] } else { [orig, place] };
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        let [orig, resp] = &mut self.places;
        let _ = if dir == Dir::Orig { orig.gap(len) } else { resp.gap(len) };
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

impl Session {
    fn message(&mut self, message: &[u8], cx: &mut Cx<'_>) {
        // Which commands carry proofs of accounts, and which may carry calls.
        let (proves, calls) = match message {
            // Negotiate and session setup; write, read, ioctl (MS-SMB2 2.2.1).
            [0xfe, b'S', b'M', b'B', ..] => match message.get(12..14) {
                Some([0 | 1, 0]) => (true, false),
                Some([8 | 9 | 11, 0]) => (false, true),
                _ => (false, false),
            },
            // The same of old, and transactions (MS-CIFS 2.2.2.1).
            [0xff, b'S', b'M', b'B', 0x72 | 0x73, ..] => (true, false),
            [0xff, b'S', b'M', b'B', 0x25 | 0x2e | 0x2f, ..] => (false, true),
            [0xfc..=0xff, b'S', b'M', b'B', ..] => (false, false),
            _ => return,
        };
        cx.service.insert("smb");
        if proves {
            proofs(message, cx);
        }
        if calls && self.n_calls < MAX_CALLS {
            self.n_calls += 1;
            if dce_rpc::is_bind_in(message) {
                cx.service.insert("dce_rpc");
                self.n_calls = MAX_CALLS;
            }
        }
    }
}

/// Notes what accounts are proved with.
pub fn proofs(bytes: &[u8], cx: &mut Cx<'_>) {
    let has = |what| memchr::memmem::find(bytes, what).is_some();
    if has(SPNEGO) {
        cx.service.insert("gssapi");
    }
    if has(KERBEROS) {
        cx.service.insert("krb");
    }
    if ntlm::is_in(bytes) {
        cx.service.insert("ntlm");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Flow, Kind};
    use crate::proto::drive::{Feed, corpus, events, rows};

    fn services(pieces: &[&[u8]]) -> Vec<String> {
        let mut feed = Feed::new(&PROTOCOL, Flow::default());
        pieces.iter().for_each(|p| feed.data(Dir::Orig, p));
        feed.service.iter().map(str::to_owned).collect()
    }

    fn message(command: u8, body: &[u8]) -> Vec<u8> {
        let mut m = b"\0\0\0\0\xfeSMB\x40\0\0\0\0\0\0\0".to_vec();
        m.extend([command, 0]);
        m.resize(4 + 64, 0);
        m.extend(body);
        let len = (m.len() as u32 - 4).to_be_bytes();
        m[1..4].copy_from_slice(&len[1..]);
        m
    }

    #[test]
    fn proofs_and_calls_are_noted_in_any_cut() {
        let setup = message(1, &[SPNEGO, b"NTLMSSP\0"].concat());
        let call = message(9, b"\x05\0\x0b\x03\x10\0\0\0\x48\0");
        let all = [setup, call].concat();
        let want = ["dce_rpc", "gssapi", "ntlm", "smb"];
        assert_eq!(services(&[&all]), want);
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(services(&bytes), want);
        assert_eq!(services(&[&message(3, SPNEGO)]), ["smb"]);
    }

    #[test]
    fn only_its_marks_are_sure() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        assert_eq!(probe(&message(0, b"")), Probe::Yes);
        assert_eq!(probe(&message(0, b"")[..5]), Probe::NeedMore);
        assert_eq!(probe(b"\0\0\0\x10abcd"), Probe::No);
        assert_eq!(probe(b"\x81\0\0\x44\x20CK"), Probe::Yes);
    }

    #[test]
    fn services_of_a_capture_are_those_of_zeek() {
        let path = "smb/lab_smb311_files.pcap";
        if corpus(path).is_none() {
            return;
        }
        let conns = rows(&events(path).unwrap(), Kind::Conn);
        assert!(
            conns.iter().any(|c| c.get("service").is_some_and(|s| s.contains("gssapi,ntlm,smb"))),
            "{conns:?}"
        );
    }
}
