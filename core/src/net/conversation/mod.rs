//! What is spoken over a connection: finds the protocol and drives its analyzer.

mod probe;

use super::identify::{Guess, guess, named, rival};
use super::left::{Left, MAX_LEFT, PATIENT};
use super::reassembly::Mark;
use crate::event::{Flow, StringSet};
use crate::proto::{
    Analyzer, Carried, Cx, Dir, Inner, Over, Probe, Protocol, Shared, Step, Transfer,
};
use crate::source::Sink;
use std::cell::RefCell;
use std::rc::Rc;

/// Datagrams of one connection that are looked at. WebRTC sends several STUN messages before DTLS.
const MAX_PROBED_DATAGRAMS: u8 = 16;
/// How deep conversations lie in one another. TLS through a proxy that speaks TLS is two.
const MAX_DEPTH: u8 = 3;
/// How often one connection may change its protocol. CONNECT, TLS, WebSocket are three.
const MAX_CHANGES: u8 = 8;

enum Mode {
    Probing { first: Option<Dir>, datagrams: u8 },
    Running(Box<dyn Analyzer>),
    Over,
}

/// The application layer of one connection.
pub(crate) struct Conversation {
    flow: Flow,
    shared: Rc<RefCell<Shared>>,
    over: Over,
    ports: [u16; 2],
    service: StringSet,
    /// What the first bytes are known to be, though no analyzer reads it.
    told: Option<&'static str>,
    /// The start of the connection was not seen: first bytes may be the middle of something.
    is_partial: bool,
    mode: Mode,
    orig: Left,
    resp: Left,
    changes: u8,
    /// The protocol of this port, while the first datagram was another's.
    rival: Option<&'static Protocol>,
    /// What is spoken inside, once something was deciphered.
    inner: Option<Box<Self>>,
    depth: u8,
}

impl Conversation {
    /// A conversation whose protocol is not known.
    pub(crate) fn new(flow: Flow, over: Over, shared: &Rc<RefCell<Shared>>) -> Self {
        let ports = [flow.orig.port.unwrap_or(0), flow.resp.port.unwrap_or(0)];
        Self {
            flow,
            shared: Rc::clone(shared),
            over,
            ports,
            service: StringSet::default(),
            told: None,
            is_partial: false,
            mode: Mode::Probing { first: None, datagrams: 0 },
            orig: Left::default(),
            resp: Left::default(),
            changes: 0,
            rival: None,
            inner: None,
            depth: 0,
        }
    }

    /// A connection that another one announced as its own.
    pub(crate) fn of_transfer(
        flow: Flow,
        transfer: Transfer,
        shared: &Rc<RefCell<Shared>>,
    ) -> Self {
        let mode = Mode::Running(transfer.open());
        Self { mode, ..Self::new(flow, Over::Stream, shared) }
    }

    /// The capture begins in the midst of the connection, or does not.
    pub(crate) const fn begins_partial(mut self, is_partial: bool) -> Self {
        self.is_partial = is_partial;
        self
    }

    /// True when nothing more can be made of it.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.mode, Mode::Over)
    }

    /// The connection's identity, which takes a hash to work out, and the protocols seen.
    pub(crate) fn into_parts(mut self) -> (Flow, StringSet) {
        if let Some(inner) = self.inner {
            let (_, service) = inner.into_parts();
            service.iter().for_each(|name| self.service.insert(name));
        }
        if let (Some(name), true) = (self.told, self.service.is_empty()) {
            self.service.insert(name);
        }
        (self.flow, self.service)
    }

    /// Bytes held, for the budget of waiting data.
    pub(crate) fn held(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |inner| inner.held());
        let analyzer = if let Mode::Running(analyzer) = &self.mode { analyzer.held() } else { 0 };
        self.orig.bytes.capacity() + self.resp.bytes.capacity() + analyzer + inner
    }

    fn left(&mut self, dir: Dir) -> &mut Left {
        match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        }
    }

    /// Takes the next bytes of a stream.
    pub(crate) fn data(&mut self, dir: Dir, bytes: &[u8], mark: Mark, out: &mut dyn Sink) {
        match self.mode {
            Mode::Running(_) => self.run(dir, bytes, mark, out),
            Mode::Probing { .. } => self.probe(dir, bytes, mark, out),
            Mode::Over => {}
        }
    }

    /// Bytes of a stream are missing.
    pub(crate) fn gap(&mut self, dir: Dir, len: u64, mark: Mark, out: &mut dyn Sink) {
        if let Mode::Probing { .. } = self.mode {
            let left = self.left(dir);
            if left.bytes.is_empty() {
                return;
            }
            left.lost = left.lost.saturating_add(len);
            self.decide(dir, true, out);
            return;
        }
        let left = std::mem::take(self.left(dir));
        let len = len.saturating_add(left.bytes.len() as u64);
        let step = self.call(mark, out, |a, cx| a.gap(dir, len, cx));
        if !matches!(step, Some(Step::Done)) {
            self.end(mark, out);
        }
    }

    /// Takes one datagram. A first one of another protocol does not hide what the port is for.
    pub(crate) fn datagram(&mut self, dir: Dir, bytes: &[u8], mark: Mark, out: &mut dyn Sink) {
        if let Some(rival) = self.rival.filter(|r| (r.probe)(dir, bytes) == Probe::Yes) {
            self.rival = None;
            self.change(rival.name, mark, out);
        }
        if let Mode::Probing { datagrams, .. } = &mut self.mode {
            *datagrams += 1;
            let tries = *datagrams;
            match guess(Over::Datagrams, dir, bytes, self.ports, true) {
                Guess::Found(protocol) => {
                    self.rival = rival(protocol, self.ports);
                    (self.orig, self.resp) = Default::default();
                    self.mode = Mode::Running((protocol.open)());
                }
                _ => {
                    self.tell_datagram(dir, bytes);
                    if tries >= MAX_PROBED_DATAGRAMS {
                        self.stop();
                    }
                    return;
                }
            }
        }
        match self.call(mark, out, |a, cx| a.data(dir, bytes, cx)) {
            Some(Step::Done | Step::More { .. }) => {}
            Some(Step::Become { used, protocol }) => {
                self.change(protocol, mark, out);
                let rest = bytes.get(used..).unwrap_or_default();
                if !self.is_over() && !rest.is_empty() {
                    self.datagram(dir, rest, mark, out);
                }
            }
            Some(Step::Quit) | None => self.end(mark, out),
        }
    }

    /// The connection is at its end.
    pub(crate) fn finish(&mut self, mark: Mark, out: &mut dyn Sink) {
        if let (Mode::Probing { first, .. }, Over::Stream) = (&self.mode, self.over) {
            let first = first.unwrap_or(Dir::Orig);
            for dir in [first, first.other()] {
                if matches!(self.mode, Mode::Probing { .. }) && !self.left(dir).bytes.is_empty() {
                    self.decide(dir, true, out);
                }
            }
            self.tell_stream(true);
        }
        self.call(mark, out, |a, cx| {
            a.finish(cx);
            Step::Done
        });
        self.end(mark, out);
    }

    /// Nothing more can be made of it, nor of what is inside.
    fn end(&mut self, mark: Mark, out: &mut dyn Sink) {
        if let Some(inner) = &mut self.inner {
            inner.finish(mark, out);
        }
        self.stop();
    }

    fn stop(&mut self) {
        self.mode = Mode::Over;
        self.orig = Left::default();
        self.resp = Left::default();
    }

    fn call(
        &mut self,
        mark: Mark,
        out: &mut dyn Sink,
        f: impl FnOnce(&mut dyn Analyzer, &mut Cx<'_>) -> Step,
    ) -> Option<Step> {
        let Mode::Running(analyzer) = &mut self.mode else { return None };
        let is_inner_over = self.inner.as_ref().is_some_and(|inner| inner.is_over());
        let mut carried = match is_inner_over || self.depth >= MAX_DEPTH {
            true => Carried::unwanted(),
            false => Carried::default(),
        };
        let mut shared = self.shared.borrow_mut();
        let mut cx = Cx {
            flow: &self.flow,
            ts: mark.ts,
            at: mark.at,
            service: &mut self.service,
            shared: &mut shared,
            carried: &mut carried,
            out,
        };
        let step = f(analyzer.as_mut(), &mut cx);
        drop(shared);
        for (dir, piece) in carried.into_pieces() {
            self.carry(dir, piece, mark, out);
        }
        Some(step)
    }

    /// Hands what was deciphered to the conversation inside.
    fn carry(&mut self, dir: Dir, piece: Inner, mark: Mark, out: &mut dyn Sink) {
        let (flow, shared, depth) = (&self.flow, &self.shared, self.depth + 1);
        let inner = self.inner.get_or_insert_with(|| {
            let flow = Flow { is_opened: true, ..flow.clone() };
            Box::new(Self { depth, ..Self::new(flow, Over::Stream, shared) })
        });
        match piece {
            Inner::Data(bytes) => inner.data(dir, &bytes, mark, out),
            Inner::Gap(len) => inner.gap(dir, len, mark, out),
        }
    }

    /// Gives a running analyzer what it left and what came.
    fn run(&mut self, dir: Dir, bytes: &[u8], mark: Mark, out: &mut dyn Sink) {
        let left = self.left(dir);
        if left.bytes.is_empty() {
            return self.step(dir, bytes, None, mark, out);
        }
        let old = left.bytes.len();
        left.bytes.extend_from_slice(bytes);
        if left.bytes.len() < left.need {
            if left.bytes.len() > MAX_LEFT {
                self.end(mark, out);
            }
            return;
        }
        let held = std::mem::take(&mut left.bytes);
        let first = left.mark.unwrap_or(mark);
        self.step(dir, &held, Some((held.len().min(old), first)), mark, out);
    }

    /// One call of the analyzer with `view`, whose first bytes may have come with an older packet.
    fn step(
        &mut self,
        dir: Dir,
        view: &[u8],
        older: Option<(usize, Mark)>,
        mark: Mark,
        out: &mut dyn Sink,
    ) {
        // The time is that of the packet that completes it, the place that of its first byte.
        let called = Mark { ts: mark.ts, at: older.map_or(mark.at, |(_, first)| first.at) };
        match self.call(called, out, |a, cx| a.data(dir, view, cx)) {
            Some(Step::Done) => *self.left(dir) = Left::default(),
            Some(Step::More { used, need }) => {
                let rest = view.get(used..).unwrap_or_default();
                let need = need.max(rest.len() + 1);
                let need =
                    if rest.len() > PATIENT { need.max(rest.len() + rest.len() / 4) } else { need };
                if rest.len() > MAX_LEFT {
                    return self.end(mark, out);
                }
                let mark = match older {
                    Some((old, first)) if used < old => first,
                    _ => mark,
                };
                let bytes = rest.to_vec();
                *self.left(dir) = Left { bytes, need, mark: Some(mark), ..Left::default() };
            }
            Some(Step::Become { used, protocol }) => {
                let rest = view.get(used..).unwrap_or_default();
                self.left(dir).bytes.clear();
                self.change(protocol, mark, out);
                self.data(dir, rest, mark, out);
            }
            Some(Step::Quit) | None => self.end(mark, out),
        }
    }

    /// The connection speaks another protocol from here on; an empty name means "find out".
    fn change(&mut self, protocol: &str, mark: Mark, out: &mut dyn Sink) {
        self.call(mark, out, |a, cx| {
            a.finish(cx);
            Step::Done
        });
        if let Some(mut inner) = self.inner.take() {
            inner.finish(mark, out);
            let (_, service) = inner.into_parts();
            service.iter().for_each(|name| self.service.insert(name));
        }
        self.changes += 1;
        if self.changes > MAX_CHANGES {
            return self.stop();
        }
        let orig = std::mem::take(&mut self.orig);
        let resp = std::mem::take(&mut self.resp);
        self.mode = match named(protocol, self.over) {
            Some(protocol) => Mode::Running((protocol.open)()),
            None => Mode::Probing { first: None, datagrams: 0 },
        };
        for (dir, left) in [(Dir::Orig, orig), (Dir::Resp, resp)] {
            if !left.bytes.is_empty() && self.over == Over::Stream {
                self.data(dir, &left.bytes, left.mark.unwrap_or(mark), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::probe::{MAX_PROBED, MAX_TOLD};
    use super::*;
    use crate::event::{Body, Endpoint, Event, NodeId, Origin};
    use crate::note::Note;
    use crate::source::Node;
    use crate::time::Time;

    #[derive(Default)]
    struct Events(Vec<Event>, Node);

    impl Sink for Events {
        fn event(&mut self, event: Event) {
            self.0.push(event);
        }
        fn note(&mut self, _: Note) {}
        fn child(&mut self, _: NodeId, _: &str) -> NodeId {
            NodeId(0)
        }
        fn node(&mut self, _: NodeId) -> &mut Node {
            &mut self.1
        }
    }

    /// A port that no protocol has: content alone must tell.
    const PORT: u16 = 47_111;

    fn conversation(over: Over) -> Conversation {
        let end = |port| Endpoint { addr: None, port: Some(port) };
        Conversation::new(
            Flow { orig: end(PORT), resp: end(PORT), ..Flow::default() },
            over,
            &Rc::default(),
        )
    }

    fn mark(item: u64) -> Mark {
        Mark { ts: Time(item as i64), at: Origin { item, ..Origin::default() } }
    }

    // RFC 9110, section 3.9, shortened.
    const ASK: &[u8] = b"GET /hello.txt HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nHello!";

    /// The protocols seen and the events, for a request and a reply cut at `cut`.
    fn run(cut: usize) -> (Vec<String>, Vec<Body>) {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        for (dir, bytes) in [(Dir::Orig, ASK), (Dir::Resp, ANSWER)] {
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            c.data(dir, head, mark(1), &mut out);
            c.data(dir, tail, mark(2), &mut out);
        }
        c.finish(mark(3), &mut out);
        let service = c.into_parts().1.iter().map(str::to_owned).collect();
        (service, out.0.into_iter().map(|e| e.body).collect())
    }

    #[test]
    fn the_protocol_is_found_by_content_wherever_the_bytes_are_cut() {
        let whole = run(usize::MAX);
        assert_eq!(whole.0, ["http"]);
        assert!(matches!(whole.1.as_slice(), [Body::Http(h)] if h.status_code == Some(200)));
        (0..ASK.len()).for_each(|cut| assert_eq!(run(cut), whole, "cut at {cut}"));
    }

    #[test]
    fn a_reply_that_came_first_waits_for_the_request() {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        c.data(Dir::Resp, &ANSWER[..4], mark(1), &mut out);
        c.data(Dir::Orig, ASK, mark(2), &mut out);
        c.data(Dir::Resp, &ANSWER[4..], mark(3), &mut out);
        c.finish(mark(4), &mut out);
        assert_eq!(c.into_parts().1.iter().collect::<Vec<_>>(), ["http"]);
    }

    #[test]
    fn a_short_greeting_is_answered_before_the_next_turn() {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        c.ports[1] = 21;
        let turns: [(Dir, &[u8]); 5] = [
            (Dir::Resp, b"220 hi\r\n"),
            (Dir::Orig, b"USER ann\r\n"),
            (Dir::Resp, b"331 pw\r\n"),
            (Dir::Orig, b"PASS x\r\n"),
            (Dir::Resp, b"530 no\r\n"),
        ];
        for (i, (dir, bytes)) in turns.into_iter().enumerate() {
            c.data(dir, bytes, mark(i as u64), &mut out);
        }
        c.finish(mark(9), &mut out);
        let replies = out.0.iter().filter_map(|e| match &e.body {
            Body::Ftp(f) => {
                Some((f.command.as_deref().unwrap_or_default().to_owned(), f.reply_code))
            }
            _ => None,
        });
        let replies: Vec<_> = replies.filter(|r| r.0 != "<init>").collect();
        assert_eq!(replies, [("USER".into(), Some(331)), ("PASS".into(), Some(530))]);
    }

    #[test]
    fn bytes_of_no_protocol_are_not_kept() {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        let noise = [0xf7; MAX_PROBED + 1];
        c.data(Dir::Orig, &noise, mark(1), &mut out);
        assert!(!c.is_over());
        c.data(Dir::Resp, &noise, mark(2), &mut out);
        assert!(c.is_over() && c.held() == 0 && out.0.is_empty());
    }

    #[test]
    fn datagrams_are_looked_at_a_few_times() {
        let (mut c, mut out) = (conversation(Over::Datagrams), Events::default());
        for n in 1..=MAX_PROBED_DATAGRAMS {
            assert!(!c.is_over(), "{n}");
            c.datagram(Dir::Orig, &[0xf7; 3], mark(1), &mut out);
        }
        assert!(c.is_over());
    }

    #[test]
    fn a_first_datagram_of_another_protocol_does_not_hide_the_port_s_own() {
        let mut flow = Flow::default();
        flow.resp.port = Some(53);
        let mut c = Conversation::new(flow, Over::Datagrams, &Rc::default());
        let mut out = Events::default();
        let snmp = b"\x30\x18\x02\x01\x01\x04\x01a\xa0\x10\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x05\x30\x03\x06\x01\x2b";
        let query =
            b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01";
        for datagram in [&snmp[..], query, query] {
            c.datagram(Dir::Orig, datagram, mark(1), &mut out);
        }
        c.finish(mark(2), &mut out);
        let (_, service) = c.into_parts();
        assert_eq!(service.iter().collect::<Vec<_>>(), ["dns", "snmp"]);
        assert!(out.0.iter().any(|e| matches!(e.body, Body::Snmp(_))));
        assert!(out.0.iter().any(|e| matches!(e.body, Body::Dns(_))));
    }

    fn services(c: Conversation) -> Vec<String> {
        c.into_parts().1.iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_told_and_not_read_has_its_name_and_is_not_kept() {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        c.data(Dir::Resp, b"RFB 003.008\n", mark(1), &mut out);
        assert!(!c.is_over());
        c.data(Dir::Orig, b"RFB 003.008\n", mark(2), &mut out);
        c.finish(mark(3), &mut out);
        assert!(c.is_over() && c.held() == 0 && out.0.is_empty());
        assert_eq!(services(c), ["rfb"]);
        // One side alone, known when nothing more comes.
        let mut c = conversation(Over::Stream);
        c.data(Dir::Orig, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a", mark(1), &mut out);
        c.finish(mark(2), &mut out);
        assert_eq!(services(c), ["mqtt"]);
    }

    #[test]
    fn a_name_is_waited_for_in_so_many_bytes() {
        let notice = b":irc.test NOTICE * :looking up your name\r\n";
        let run = |n: usize, last: &[u8]| {
            let (mut c, mut out) = (conversation(Over::Stream), Events::default());
            c.data(Dir::Orig, b"NICK ann\r\n", mark(1), &mut out);
            (0..n).for_each(|_| c.data(Dir::Resp, notice, mark(2), &mut out));
            c.data(Dir::Resp, last, mark(3), &mut out);
            assert!(c.held() <= 4 * MAX_TOLD);
            c.finish(mark(4), &mut out);
            services(c)
        };
        let welcome = b":irc.test 001 ann :hello\r\n";
        let few = (MAX_TOLD - welcome.len()) / notice.len();
        assert_eq!(run(few, welcome), ["irc"]);
        assert!(run(few, b":irc").is_empty());
        assert!(run(few + 2, welcome).is_empty());
    }

    #[test]
    fn a_name_that_is_only_told_gives_way_to_what_is_read() {
        let stun = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
        let snmp = b"\x30\x18\x02\x01\x01\x04\x01a\xa0\x10\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x05\x30\x03\x06\x01\x2b";
        for (datagrams, want) in [(&[&stun[..]][..], "stun"), (&[&stun[..], snmp][..], "snmp")] {
            let (mut c, mut out) = (conversation(Over::Datagrams), Events::default());
            datagrams.iter().for_each(|d| c.datagram(Dir::Orig, d, mark(1), &mut out));
            c.finish(mark(2), &mut out);
            assert_eq!(services(c), [want]);
        }
    }

    #[test]
    fn media_are_told_by_packets_that_go_on_and_give_way_to_what_is_read() {
        let packet = |n: u8| [&[0x80, 8, 0, n, 0, 0, n, 0, 0, 0, 0, 7][..], &[0xd5; 160]].concat();
        let snmp = b"\x30\x18\x02\x01\x01\x04\x01a\xa0\x10\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x05\x30\x03\x06\x01\x2b";
        let run = |said: &[(Dir, u8)], last: &[u8]| {
            let (mut c, mut out) = (conversation(Over::Datagrams), Events::default());
            for (dir, n) in said {
                c.datagram(*dir, &packet(*n), mark(1), &mut out);
            }
            assert!(c.held() <= 1024);
            c.datagram(Dir::Orig, last, mark(2), &mut out);
            c.finish(mark(3), &mut out);
            services(c)
        };
        let (o, r) = (Dir::Orig, Dir::Resp);
        assert_eq!(run(&[(o, 1), (r, 50), (o, 2), (o, 3), (r, 51), (o, 4)], b"x"), ["rtp"]);
        assert!(run(&[(o, 1), (r, 2), (o, 3), (r, 4), (o, 5), (r, 6)], b"x").is_empty());
        assert_eq!(run(&[(o, 1), (o, 2), (o, 3), (o, 4)], snmp), ["snmp"]);
        // As many as are looked at, none of which goes on.
        assert!(run(&[(o, 1); 40], &packet(2)).is_empty());
    }

    #[test]
    fn what_goes_on_from_before_the_capture_is_missing_and_not_a_beginning() {
        let middle = b"\xde\xad\xbe\xef and the end of a message";
        // RFC 4511, section 4.2.2: a bind that succeeded.
        let bound = b"\x30\x0c\x02\x01\x03\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
        for (is_partial, want) in [(true, vec!["ldap_tcp".to_owned()]), (false, vec![])] {
            let mut c = conversation(Over::Stream).begins_partial(is_partial);
            let mut out = Events::default();
            c.data(Dir::Orig, middle, mark(1), &mut out);
            c.data(Dir::Resp, bound, mark(2), &mut out);
            c.finish(mark(3), &mut out);
            assert_eq!(services(c), want, "{is_partial}");
        }
    }

    #[test]
    fn what_goes_through_a_proxy_is_read_in_its_half_alone() {
        let web = [&b"\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34"[..], ANSWER].concat();
        for dir in [Dir::Orig, Dir::Resp] {
            let mut c = conversation(Over::Stream).begins_partial(true);
            let mut out = Events::default();
            c.data(dir, b"\x05\x00", mark(1), &mut out);
            c.gap(dir.other(), 12, mark(2), &mut out);
            c.data(dir, &web, mark(3), &mut out);
            c.gap(dir.other(), 50, mark(4), &mut out);
            c.finish(mark(5), &mut out);
            let is = |wanted: &dyn Fn(&Body) -> bool| out.0.iter().any(|e| wanted(&e.body));
            assert!(is(&|b| matches!(b, Body::Socks(s) if s.bound_host.is_some())), "{:?}", out.0);
            if dir == Dir::Resp {
                assert!(is(&|b| matches!(b, Body::Http(h) if h.status_code == Some(200))));
                assert_eq!(services(c), ["http", "socks"]);
            } else {
                assert_eq!(services(c), ["socks"]);
            }
        }
    }

    #[test]
    fn a_gap_before_the_protocol_is_known_decides_on_what_there_is() {
        let (mut c, mut out) = (conversation(Over::Stream), Events::default());
        c.data(Dir::Orig, ASK, mark(1), &mut out);
        c.data(Dir::Resp, &ANSWER[..3], mark(2), &mut out);
        c.gap(Dir::Resp, 100, mark(3), &mut out);
        c.finish(mark(4), &mut out);
        assert!(matches!(out.0.first().map(|e| &e.body), Some(Body::Http(_))));
    }

    /// A ClientHello that asks for `a.test`.
    const HELLO: &[u8] = b"\x16\x03\x01\x00\x3e\x01\x00\x00\x3a\x03\x03\
        0123456789abcdef0123456789abcdef\x00\x00\x02\x13\x01\x01\x00\
        \x00\x0f\x00\x00\x00\x0b\x00\x09\x00\x00\x06a.test";

    /// MySQL's login packet without a login: the client wants TLS.
    const MYSQL_WISH: &[u8] = &{
        let mut wish = [0; 36];
        (wish[0], wish[3], wish[5]) = (32, 1, 0x0a);
        wish
    };

    #[test]
    fn every_turn_to_tls_names_the_server() {
        type Talk<'a> = &'a [(Dir, &'a [u8])];
        let talks: [(&str, Talk<'_>); 10] = [
            (
                "ftp",
                &[
                    (Dir::Resp, b"220 FTP ready\r\n"),
                    (Dir::Orig, b"AUTH TLS\r\n"),
                    (Dir::Resp, b"234 go\r\n"),
                ],
            ),
            (
                "imap",
                &[
                    (Dir::Resp, b"* OK IMAP4rev1\r\n"),
                    (Dir::Orig, b"a STARTTLS\r\n"),
                    (Dir::Resp, b"a OK go\r\n"),
                ],
            ),
            (
                "ldap_tcp",
                &[
                    (Dir::Orig, b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"),
                    (Dir::Resp, b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"),
                ],
            ),
            ("mysql", &[(Dir::Resp, b"\x0d\0\0\0\x0a8.0.36\0\0\0\0\0\0"), (Dir::Orig, MYSQL_WISH)]),
            (
                "pop3",
                &[
                    (Dir::Resp, b"+OK POP3\r\n"),
                    (Dir::Orig, b"STLS\r\n"),
                    (Dir::Resp, b"+OK go\r\n"),
                ],
            ),
            ("postgresql", &[(Dir::Orig, b"\0\0\0\x08\x04\xd2\x16\x2f"), (Dir::Resp, b"S")]),
            (
                "rdp",
                &[
                    (Dir::Orig, b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
                    (Dir::Resp, b"\x03\0\0\x13\x0e\xd0\0\0\0\0\0\x02\0\x08\0\x01\0\0\0"),
                ],
            ),
            (
                "smtp",
                &[
                    (Dir::Resp, b"220 a.test ESMTP\r\n"),
                    (Dir::Orig, b"EHLO b\r\n"),
                    (Dir::Resp, b"250 hi\r\n"),
                    (Dir::Orig, b"STARTTLS\r\n"),
                    (Dir::Resp, b"220 go\r\n"),
                ],
            ),
            (
                "socks",
                &[
                    (Dir::Orig, b"\x05\x01\x00"),
                    (Dir::Resp, b"\x05\x00"),
                    (Dir::Orig, b"\x05\x01\x00\x03\x06a.test\x01\xbb"),
                    (Dir::Resp, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
                ],
            ),
            (
                "xmpp",
                &[
                    (Dir::Orig, b"<stream:stream xmlns='jabber:client' to='a.test'>"),
                    (Dir::Resp, b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'>"),
                    (Dir::Orig, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
                    (Dir::Resp, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
                ],
            ),
        ];
        for (name, talk) in talks {
            let (mut c, mut out) = (conversation(Over::Stream), Events::default());
            for (dir, bytes) in talk {
                c.data(*dir, bytes, mark(1), &mut out);
            }
            c.data(Dir::Orig, HELLO, mark(2), &mut out);
            c.finish(mark(3), &mut out);
            let named = |e: &Event| matches!(&e.body, Body::Ssl(s) if s.server_name.as_deref() == Some("a.test"));
            assert!(out.0.iter().any(named), "{name}: {:?}", out.0);
            let services = c.into_parts().1;
            assert!(name == "ftp" || services.contains(name), "{name}: {services:?}");
        }
    }
}
