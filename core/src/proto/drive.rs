//! For tests: runs the analyzers over a capture file, with a small reader and stream table of its own.

use super::{Analyzer, Cx, Dir, Over, PROTOCOLS, Probe, Protocol, Step};
use crate::event::{Cell, Endpoint, Event, Flow, Kind, NodeId, Origin, StringSet, Transport};
use crate::note::Note;
use crate::source::{Node, Sink};
use crate::time::Time;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{PcapBlockOwned, PcapError};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Keeps what it is given.
#[derive(Default)]
pub struct Kept {
    pub events: Vec<Event>,
    pub notes: Vec<Note>,
    node: Node,
}

impl Sink for Kept {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, _: NodeId, _: &str) -> NodeId {
        NodeId::default()
    }
    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.node
    }
}

/// Feeds pieces of the two directions to an analyzer, keeping unused bytes as the contract says.
pub struct Feed {
    pub analyzer: Box<dyn Analyzer>,
    pub flow: Flow,
    pub service: StringSet,
    pub out: Kept,
    held: [Vec<u8>; 2],
    need: [usize; 2],
    pub done: Option<Step>,
    over: Over,
    pub ts: Time,
}

impl Feed {
    pub fn new(protocol: &Protocol, flow: Flow) -> Self {
        Self {
            analyzer: (protocol.open)(),
            flow,
            service: StringSet::default(),
            out: Kept::default(),
            held: Default::default(),
            need: [0; 2],
            done: None,
            over: protocol.over,
            ts: Time::default(),
        }
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut dyn Analyzer, &mut Cx<'_>) -> T) -> T {
        let item = self.ts.0.unsigned_abs();
        let mut cx = Cx {
            flow: &self.flow,
            ts: self.ts,
            at: Origin { item, ..Origin::default() },
            service: &mut self.service,
            out: &mut self.out,
        };
        call(&mut *self.analyzer, &mut cx)
    }

    pub fn data(&mut self, dir: Dir, bytes: &[u8]) {
        if self.done.is_some() {
            return;
        }
        if self.over == Over::Datagrams {
            let step = self.with(|a, cx| a.data(dir, bytes, cx));
            self.done = Some(step).filter(|s| *s == Step::Quit);
            return;
        }
        let d = dir as usize;
        self.held[d].extend_from_slice(bytes);
        if self.held[d].len() >= self.need[d].max(1) {
            let held = std::mem::take(&mut self.held[d]);
            let step = self.with(|a, cx| a.data(dir, &held, cx));
            self.need[d] = 0;
            match step {
                Step::Done => {}
                Step::More { used, need } => {
                    assert!(need > held.len() - used, "asks for what it had");
                    self.held[d] = held[used..].to_vec();
                    self.need[d] = need;
                }
                Step::Become { used, .. } => {
                    self.held[d] = held[used..].to_vec();
                    self.done = Some(step);
                }
                Step::Quit => {
                    self.done = Some(step);
                }
            }
        }
    }

    pub fn gap(&mut self, dir: Dir, len: u64) {
        if self.done.is_none() {
            let d = dir as usize;
            self.held[d].clear();
            self.need[d] = 0;
            let step = self.with(|a, cx| a.gap(dir, len, cx));
            self.done = Some(step).filter(|s| *s == Step::Quit);
        }
    }

    pub fn finish(mut self) -> Vec<Event> {
        self.with(|a, cx| a.finish(cx));
        self.out.events
    }
}

/// A connection of a capture while it is read.
struct Conn {
    flow: Flow,
    feed: Option<Feed>,
    streams: [Tcp; 2],
    early: Vec<(Dir, Time, Vec<u8>)>,
    step: usize,
}

#[derive(Default)]
struct Tcp {
    next: Option<u32>,
    later: BTreeMap<u32, (Time, Vec<u8>)>,
}

type Key = (u8, Endpoint, Endpoint);

/// Where the shared captures lie, if they do.
#[expect(clippy::print_stderr, reason = "a skipped comparison must be seen")]
pub fn corpus(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OFFWIRE_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: no corpus file {}", file.display());
    None
}

/// Every event of a capture, of all protocols, in the order sent; at the end what was pending.
pub fn events(path: &str) -> Option<Vec<Event>> {
    events_cut(path, usize::MAX)
}

/// The same with stream data handed over in pieces of at most `step` bytes.
pub fn events_cut(path: &str, step: usize) -> Option<Vec<Event>> {
    let file = std::fs::File::open(corpus(path)?).unwrap();
    let mut conns: BTreeMap<Key, Conn> = BTreeMap::new();
    let mut order = Vec::new();
    packets(file, &mut |ts, link, data| {
        if let Some(p) = packet(link, data) {
            let (a, b) = (p.src, p.dst);
            let known =
                [(p.proto, a, b), (p.proto, b, a)].into_iter().find(|k| conns.contains_key(k));
            let key = known.unwrap_or((p.proto, a, b));
            if known.is_none() {
                order.push(key);
            }
            let conn = conns.entry(key).or_insert_with(|| Conn::new(key, step));
            let dir = if key.1 == a { Dir::Orig } else { Dir::Resp };
            conn.packet(dir, ts, &p);
        }
    });
    let mut out = Vec::new();
    for key in order {
        out.extend(conns.remove(&key).unwrap().finish());
    }
    Some(out)
}

struct Packet {
    proto: u8,
    src: Endpoint,
    dst: Endpoint,
    seq: Option<(u32, bool)>,
    payload: Vec<u8>,
}

fn packet(link: i32, data: &[u8]) -> Option<Packet> {
    let mut data = data.to_vec();
    // Segmentation by the network card leaves the length of an IPv4 packet 0.
    if link == 1 && data.get(12..14) == Some(&[8, 0]) && data.get(16..18) == Some(&[0, 0]) {
        let len = (data.len() - 14) as u16;
        data[16..18].copy_from_slice(&len.to_be_bytes());
    }
    let data = data.as_slice();
    let sliced = match link {
        0 => SlicedPacket::from_ip(data.get(4..)?),
        1 => SlicedPacket::from_ethernet(data),
        113 => SlicedPacket::from_linux_sll(data),
        _ => SlicedPacket::from_ip(data),
    }
    .ok()?;
    let (src, dst) = match sliced.net? {
        NetSlice::Ipv4(ip) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into())
        }
        NetSlice::Ipv6(ip) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into())
        }
        NetSlice::Arp(_) => return None,
    };
    let end = |addr, port| Endpoint { addr: Some(addr), port: Some(port) };
    Some(match sliced.transport? {
        TransportSlice::Udp(u) => Packet {
            proto: 17,
            src: end(src, u.source_port()),
            dst: end(dst, u.destination_port()),
            seq: None,
            payload: u.payload().to_vec(),
        },
        TransportSlice::Tcp(t) => Packet {
            proto: 6,
            src: end(src, t.source_port()),
            dst: end(dst, t.destination_port()),
            seq: Some((t.sequence_number(), t.syn())),
            payload: t.payload().to_vec(),
        },
        _ => return None,
    })
}

impl Conn {
    fn new(key: Key, step: usize) -> Self {
        let transport = Some(if key.0 == 6 { Transport::Tcp } else { Transport::Udp });
        let flow = Flow { transport, orig: key.1, resp: key.2, ..Flow::default() };
        Self { flow, feed: None, streams: Default::default(), early: Vec::new(), step }
    }

    fn packet(&mut self, dir: Dir, ts: Time, p: &Packet) {
        let Some((seq, syn)) = p.seq else { return self.bytes(dir, ts, &p.payload) };
        let tcp = &mut self.streams[dir as usize];
        if syn {
            tcp.next = Some(seq.wrapping_add(1));
            return;
        }
        if p.payload.is_empty() {
            return;
        }
        tcp.next.get_or_insert(seq);
        tcp.later.entry(seq).or_insert((ts, p.payload.clone()));
        self.drain(dir, ts);
    }

    fn drain(&mut self, dir: Dir, ts: Time) {
        loop {
            let tcp = &mut self.streams[dir as usize];
            let next = tcp.next.unwrap_or_default();
            let ready = tcp.later.iter().find(|(seq, _)| (**seq).wrapping_sub(next) as i32 <= 0);
            let Some(seq) = ready.map(|(seq, _)| *seq) else { return };
            let (_, data) = tcp.later.remove(&seq).unwrap();
            let old = next.wrapping_sub(seq) as usize;
            if let Some(fresh) = data.get(old..).filter(|f| !f.is_empty()) {
                tcp.next = Some(next.wrapping_add(fresh.len() as u32));
                for piece in fresh.chunks(self.step) {
                    self.bytes(dir, ts, piece);
                }
            }
        }
    }

    fn bytes(&mut self, dir: Dir, ts: Time, bytes: &[u8]) {
        if let Some(feed) = &mut self.feed {
            feed.ts = ts;
            feed.data(dir, bytes);
            return self.follow();
        }
        self.early.push((dir, ts, bytes.to_vec()));
        let over = if self.flow.transport == Some(Transport::Tcp) {
            Over::Stream
        } else {
            Over::Datagrams
        };
        let first: Vec<u8> = match over {
            Over::Datagrams => bytes.to_vec(),
            Over::Stream => {
                self.early.iter().filter(|e| e.0 == dir).flat_map(|e| e.2.clone()).collect()
            }
        };
        let ports = [self.flow.orig.port, self.flow.resp.port];
        let is_usual = |p: &Protocol| p.ports.iter().any(|port| ports.contains(&Some(*port)));
        let chosen =
            PROTOCOLS.iter().filter(|p| p.over == over).find(|p| match (p.probe)(dir, &first) {
                Probe::Yes => true,
                Probe::Maybe => is_usual(p),
                _ => false,
            });
        if let Some(protocol) = chosen {
            self.start(protocol);
        }
    }

    fn start(&mut self, protocol: &Protocol) {
        let mut feed = Feed::new(protocol, self.flow.clone());
        for (dir, ts, bytes) in std::mem::take(&mut self.early) {
            feed.ts = ts;
            feed.data(dir, &bytes);
        }
        self.feed = Some(feed);
        self.follow();
    }

    fn follow(&mut self) {
        let Some(Step::Become { protocol, .. }) = self.feed.as_ref().and_then(|f| f.done) else {
            return;
        };
        let old = self.feed.take().unwrap();
        for d in [Dir::Orig, Dir::Resp] {
            self.early.push((d, old.ts, old.held[d as usize].clone()));
        }
        let next = PROTOCOLS.iter().find(|p| p.name == protocol);
        let mut events = old.finish();
        if let Some(next) = next {
            self.start(next);
            let feed = self.feed.as_mut().unwrap();
            events.append(&mut feed.out.events);
            feed.out.events = events;
        }
    }

    fn finish(mut self) -> Vec<Event> {
        for dir in [Dir::Orig, Dir::Resp] {
            while let Some((seq, (ts, _))) = self.streams[dir as usize].later.first_key_value() {
                let (seq, ts) = (*seq, *ts);
                let tcp = &mut self.streams[dir as usize];
                let gap = seq.wrapping_sub(tcp.next.unwrap_or(seq));
                tcp.next = Some(seq);
                if let Some(feed) = &mut self.feed {
                    feed.gap(dir, u64::from(gap));
                }
                self.drain(dir, ts);
            }
        }
        self.feed.map(Feed::finish).unwrap_or_default()
    }
}

fn packets(file: std::fs::File, each: &mut dyn FnMut(Time, i32, &[u8])) {
    let mut reader = pcap_parser::create_reader(1 << 20, file).unwrap();
    let (mut links, mut link, mut nanos) = (Vec::new(), 1, false);
    loop {
        match reader.next() {
            Ok((used, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(h) => {
                        link = h.network.0;
                        nanos = h.is_nanosecond_precision();
                    }
                    PcapBlockOwned::Legacy(b) => {
                        let sub = i64::from(b.ts_usec) * if nanos { 1 } else { 1000 };
                        each(Time(i64::from(b.ts_sec) * 1_000_000_000 + sub), link, b.data);
                    }
                    PcapBlockOwned::NG(pcap_parser::Block::InterfaceDescription(i)) => {
                        links.push((i.linktype.0, i.ts_resolution().unwrap_or(1_000_000)));
                    }
                    PcapBlockOwned::NG(pcap_parser::Block::EnhancedPacket(e)) => {
                        let (link, per_sec) = links[e.if_id as usize];
                        let units = u128::from(e.ts_high) << 32 | u128::from(e.ts_low);
                        let ts = units * 1_000_000_000 / u128::from(per_sec);
                        each(Time(ts as i64), link, e.packet_data());
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(used);
            }
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(_) => return,
        }
    }
}

/// A row of a table by field name, as Zeek's TSV writes values; what is not set is left out.
pub type Row = BTreeMap<String, String>;

/// An event as a row.
pub fn row(event: &Event) -> Row {
    let mut out = Row::new();
    let ends = [("orig", event.flow.orig), ("resp", event.flow.resp)];
    for (name, end) in ends {
        out.insert(format!("id.{name}_h"), end.addr.unwrap().to_string());
        out.insert(format!("id.{name}_p"), end.port.unwrap().to_string());
    }
    let mut fields = event.body.kind().fields().iter();
    event.body.cells(&mut |cell| {
        let name = fields.next().unwrap().name.to_owned();
        let value = match cell {
            Cell::Unset => return,
            Cell::Bool(v) => if v { "T" } else { "F" }.to_owned(),
            Cell::Count(v) => v.to_string(),
            Cell::Int(v) => format!("{v}.000000"),
            Cell::Time(v) => v.to_string(),
            Cell::Interval(v) => format!("{:.6}", v.secs_f64()),
            Cell::String(v) => v.to_owned(),
            Cell::Addr(v) => v.to_string(),
            Cell::Port(v) => v.to_string(),
            Cell::Strings(v) => v.join(","),
            Cell::Intervals(v) => {
                v.iter().map(|i| format!("{:.6}", i.secs_f64())).collect::<Vec<_>>().join(",")
            }
        };
        out.insert(name, value);
    });
    out
}

/// The rows of one kind.
pub fn rows(events: &[Event], kind: Kind) -> Vec<Row> {
    events.iter().filter(|e| e.body.kind() == kind).map(row).collect()
}

/// The rows of a table in TSV; unset and empty fields are left out. Without a line of `#fields`
/// the first line names the columns.
pub fn table(path: &str) -> Option<Vec<Row>> {
    let text = std::fs::read_to_string(corpus(path)?).unwrap();
    let head = text.lines().find_map(|l| l.strip_prefix("#fields\t")).or(text.lines().next());
    let fields: Vec<_> = head.unwrap().split('\t').collect();
    let row = |line: &str| {
        let values = line.split('\t').map(|v| v.replace("\\\\", "\\"));
        fields
            .iter()
            .map(ToString::to_string)
            .zip(values)
            .filter(|(_, v)| !matches!(v.as_str(), "-" | "(empty)" | ""))
            .collect()
    };
    let is_row = |line: &&str| !line.starts_with('#') && Some(*line) != head;
    Some(text.lines().filter(is_row).map(row).collect())
}

/// Compares the rows of a kind with those of a Zeek log, in any order, over the fields that both
/// know. `explained` tells of a field, our value and Zeek's (empty when unset) whether the
/// difference is one that we know the reason of. Gives the number of rows.
pub fn same_as_zeek(
    capture: &str,
    log: &str,
    kind: Kind,
    explained: &dyn Fn(&Row, &Row, &str) -> bool,
) -> Option<usize> {
    let mut ours = rows(&events(capture)?, kind);
    let zeek = table(&format!("{capture}.expected/zeek/{log}"))?;
    let ids = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"];
    let names: Vec<_> = kind.fields().iter().map(|f| f.name).chain(ids).collect();
    let known = |name: &&&str| zeek.iter().any(|row| row.contains_key(**name));
    let known: Vec<_> = names.iter().filter(known).collect();
    for want in &zeek {
        let difference = |have: &Row| {
            let differs = |name: &&&&str| {
                let (a, b) = (have.get(***name), want.get(***name));
                // A log of certificates names no connection.
                let is_missing_id = name.starts_with("id.") && b.is_none();
                a != b && !is_missing_id && !explained(have, want, name)
            };
            known
                .iter()
                .find(differs)
                .map(|n| format!("{n}: {:?}, Zeek {:?}", have.get(**n), want.get(**n)))
        };
        let differences: Vec<_> = ours.iter().map(difference).collect();
        let found = differences.iter().position(Option::is_none);
        let found =
            found.unwrap_or_else(|| panic!("{capture}\n{want:?}\nfits none: {differences:#?}"));
        ours.remove(found);
    }
    assert!(ours.is_empty(), "{capture}: rows that Zeek has not: {ours:#?}");
    Some(zeek.len())
}
