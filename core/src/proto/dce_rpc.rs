//! DCE/RPC over TCP (C706 chapter 12), recognised: that it is spoken, and what proves accounts in
//! it. Its calls are not read.

use super::framing::{self, Front, Place};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then, smb};

/// DCE/RPC.
pub static PROTOCOL: Protocol = Protocol {
    name: "dce_rpc",
    emits: &[],
    over: Over::Stream,
    ports: &[135],
    probe: |dir, data| match (head(data), dir) {
        (Some(Head { kind: kind::BIND, .. }), Dir::Orig)
        | (Some(Head { kind: kind::BIND_ACK | kind::BIND_NAK, .. }), Dir::Resp) => Probe::Yes,
        (Some(_), _) => Probe::Maybe,
        (None, _) if data.len() < 10 && (data.is_empty() || data.starts_with(&[5])) => {
            Probe::NeedMore
        }
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes of a fragment that are looked at; clients send 5840.
const MAX_FRAGMENT: usize = 8192;
/// Fragments until it is known all that is to be known: bind, its answer, the rest of a login.
const MAX_FRAGMENTS: u32 = 8;

mod kind {
    pub const BIND: u8 = 11;
    pub const BIND_ACK: u8 = 12;
    pub const BIND_NAK: u8 = 13;
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
    places: [Place; 2],
    n_fragments: u32,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let [orig, resp] = self.places;
        let mut place = if dir == Dir::Orig { orig } else { resp };
        let step = framing::each(&mut place, data, MAX_FRAGMENT, front, &mut |fragment| {
            cx.service.insert("dce_rpc");
            smb::proofs(fragment, cx);
            self.n_fragments += 1;
            if self.n_fragments < MAX_FRAGMENTS { Then::GoOn } else { Then::Quit }
        });
        self.places = if dir == Dir::Orig { [place, resp] } else { [orig, place] };
        step
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
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
    fn only_binds_are_sure_and_a_few_fragments_are_enough() {
        let probe = |dir, bytes: &[u8]| (PROTOCOL.probe)(dir, bytes);
        assert_eq!(probe(Dir::Orig, BIND), Probe::Yes);
        assert_eq!(probe(Dir::Resp, BIND), Probe::Maybe);
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
