//! DCE/RPC over TCP (C706 chapter 12): that it is spoken, and whose account is proved in it. Its calls
//! are not read.

use super::framing::{self, Front, Places};
use super::logons::{self, Logons, Verdict};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::Kind;

/// DCE/RPC.
pub static PROTOCOL: Protocol = Protocol {
    name: "dce_rpc",
    emits: &[Kind::Kerberos, Kind::Ntlm],
    over: Over::Stream,
    ports: &[135],
    // Who began is not known where the capture begins later, so either side may say any of these.
    probe: |_, data| match head(data) {
        Some(Head { kind: kind::BIND..=kind::ALTER_ANSWER, .. }) => Probe::Yes,
        Some(_) => Probe::Maybe,
        None if data.len() < 10 && (data.is_empty() || data.starts_with(&[5])) => Probe::NeedMore,
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes of a fragment that are looked at; clients send 5840.
const MAX_FRAGMENT: usize = 8192;
/// Fragments until it is known all that is to be known: bind, its answer, the rest of a login.
const MAX_FRAGMENTS: u32 = 8;

mod kind {
    pub const RESPONSE: u8 = 2;
    pub const FAULT: u8 = 3;
    pub const BIND: u8 = 11;
    /// The answer to a further interface (14), the last of those that agree on how to go on.
    pub const ALTER_ANSWER: u8 = 15;
    pub const LAST: u8 = 19;
}

/// The start of a fragment's header.
struct Head {
    kind: u8,
    len: usize,
}

fn head(data: &[u8]) -> Option<Head> {
    let [5, 0 | 1, kind @ ..=kind::LAST, _, order @ (0 | 0x10), 0, 0, 0, a, b, ..] = *data else {
        return None;
    };
    let bytes = [a, b];
    let len = if order == 0 { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    (len >= 16).then_some(Head { kind, len: len.into() })
}

fn front(data: &[u8]) -> Front {
    match head(data) {
        Some(head) => Front::Unit(head.len),
        None if data.len() < 10 => Front::More,
        None => Front::Bad,
    }
}

/// True when a bind stands inside `bytes`: a pipe's first message.
pub fn is_bind_in(bytes: &[u8]) -> bool {
    let bind = [5, 0, kind::BIND];
    memchr::memmem::find_iter(bytes, &bind)
        .take(16)
        .any(|at| head(bytes.get(at..).unwrap_or_default()).is_some())
}

#[derive(Debug, Default)]
struct Session {
    places: Places,
    n_fragments: u32,
    logons: Logons,
}

/// A fault's status when the account may not call: Windows' ERROR_ACCESS_DENIED (MS-RPCE 3.3.3.5).
const ACCESS_DENIED: [u8; 4] = [5, 0, 0, 0];

/// What a server's fragment says of the account that was proved before it: the proof itself has no
/// answer.
fn verdict(fragment: &[u8]) -> Option<Verdict> {
    match (head(fragment)?.kind, fragment.get(24..28)) {
        (kind::RESPONSE, _) => Some(Verdict { success: Some(true), status: None }),
        (kind::FAULT, Some(status)) if status == ACCESS_DENIED => {
            Some(Verdict { success: Some(false), status: Some("STATUS_ACCESS_DENIED".into()) })
        }
        _ => None,
    }
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_FRAGMENT, front, &mut |fragment| {
            cx.service.insert("dce_rpc");
            logons::note(fragment, cx);
            match (dir, verdict(fragment)) {
                (Dir::Orig, _) => self.logons.request(0, 0, fragment, cx),
                (Dir::Resp, None) => self.logons.challenge(0, fragment, cx),
                (Dir::Resp, Some(verdict)) => self.logons.decide(0, verdict, cx),
            }
            self.n_fragments += 1;
            if self.n_fragments < MAX_FRAGMENTS { Then::GoOn } else { Then::Quit }
        });
        *self.places.of(dir) = place;
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.logons.finish(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Flow;
    use crate::proto::drive::Feed;

    const BIND: &[u8] = b"\x05\0\x0b\x03\x10\0\0\0\x18\0\0\0\x01\0\0\0NTLMSSP\0";

    #[test]
    fn a_bind_tells_in_any_cut() {
        for step in 1..BIND.len() {
            let mut feed = Feed::new(&PROTOCOL, Flow::default());
            BIND.chunks(step).for_each(|c| feed.data(Dir::Orig, c));
            assert_eq!(feed.service.iter().collect::<Vec<_>>(), ["dce_rpc", "ntlm"], "{step}");
        }
    }

    #[test]
    fn what_the_server_does_next_decides_a_login() {
        use crate::proto::testing::{Said, talk};
        let mut proof = [b"NTLMSSP\0", &3_u32.to_le_bytes()[..]].concat();
        for (len, at) in [(0_u16, 64_u32), (0, 64), (4, 64), (6, 68), (0, 74), (0, 74)] {
            proof.extend([len.to_le_bytes(), len.to_le_bytes()].concat());
            proof.extend(at.to_le_bytes());
        }
        proof.extend(b"\x01\0\0\0D\0O\0j\0o\0e\0");
        let fragment = |kind: u8, body: &[u8]| {
            let len = (16 + body.len()) as u16;
            [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &len.to_le_bytes(), &[0; 6], body].concat()
        };
        let auth = fragment(16, &proof);
        let logged = |answer: &[u8]| {
            let said = [
                Said::Data(Dir::Orig, BIND),
                Said::Data(Dir::Orig, &auth),
                Said::Data(Dir::Resp, answer),
            ];
            talk(&PROTOCOL, &said, usize::MAX).join("")
        };
        let row = "ntlm username=joe domainname=DO";
        assert_eq!(logged(&fragment(2, &[0; 8])), format!("{row} success=T"));
        let refused = fragment(3, &[0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(logged(&refused), format!("{row} success=F status=STATUS_ACCESS_DENIED"));
        assert_eq!(logged(&fragment(3, &[0; 12])), row);
    }

    #[test]
    fn only_binds_are_sure_and_a_few_fragments_are_enough() {
        let probe = |dir, bytes: &[u8]| (PROTOCOL.probe)(dir, bytes);
        assert_eq!(probe(Dir::Orig, BIND), Probe::Yes);
        // A further interface, agreed on by either side, is as plain; a call is not.
        for (kind, want) in
            [(14, Probe::Yes), (15, Probe::Yes), (0, Probe::Maybe), (16, Probe::Maybe)]
        {
            let mut other = BIND.to_vec();
            other[2] = kind;
            assert_eq!(probe(Dir::Orig, &other), want, "{kind}");
            assert_eq!(probe(Dir::Resp, &other), want, "{kind}");
        }
        assert_eq!(probe(Dir::Orig, &BIND[..9]), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, b"\x05\x01\0\0\0\0\0\0\0\0"), Probe::No);
        for (n, is_over) in [(MAX_FRAGMENTS - 1, false), (MAX_FRAGMENTS, true)] {
            let mut feed = Feed::new(&PROTOCOL, Flow::default());
            feed.data(Dir::Orig, &BIND.repeat(n as usize));
            assert_eq!(feed.done.is_some(), is_over);
        }
        assert!(is_bind_in(b"xx\x05\0\x0b\x03\x10\0\0\0\x18\0") && !is_bind_in(b"\x05\0\x0b\x03"));
    }
}
