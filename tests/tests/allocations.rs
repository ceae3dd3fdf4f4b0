//! The common path allocates nothing: a packet of a connection that is known already costs no block
//! of memory, whatever it carries.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "where a test panics, it fails; what it counted is worth a line"
)]

use offwire_core::session::{FileMeta, Session};
use offwire_core::settings::Settings;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Packets before the count begins: tables and buffers have grown by then to what they need.
const BEFORE: u32 = 4000;
/// Packets that are counted.
const COUNTED: u32 = 20_000;
/// Blocks for one packet at most: each 256 KB of the file cost some, for the index of who is in them;
/// an allocation for each packet would be twenty times as much.
const MOST: f64 = 0.05;

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 1];

/// A classic capture of raw IPv4, a packet a millisecond.
struct Capture {
    bytes: Vec<u8>,
    n: u32,
}

impl Capture {
    fn new() -> Self {
        let words = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 0x40000, 101];
        Self { bytes: words.into_iter().flat_map(u32::to_le_bytes).collect(), n: 0 }
    }

    /// A packet with `l4` behind its header, whose checksums were left to the network card.
    fn packet(&mut self, protocol: u8, src: [u8; 4], dst: [u8; 4], l4: &[u8]) {
        let len = 20 + l4.len() as u16;
        let millis = 1_700_000_000_000 + u64::from(self.n);
        let micros = (millis % 1000) as u32 * 1000;
        for word in [(millis / 1000) as u32, micros, len.into(), len.into()] {
            self.bytes.extend(word.to_le_bytes());
        }
        let [[a, b], [c, d]] = [len.to_be_bytes(), (self.n as u16).to_be_bytes()];
        self.bytes.extend([0x45, 0, a, b, c, d, 0x40, 0, 64, protocol, 0, 0]);
        self.bytes.extend([src, dst].concat());
        self.bytes.extend(l4);
        self.n += 1;
    }

    fn tcp(&mut self, is_reply: bool, [seq, ack]: [u32; 2], flags: u8, data: &[u8]) {
        let (src, dst) = if is_reply { (SERVER, CLIENT) } else { (CLIENT, SERVER) };
        let [from, to] = if is_reply { [80, 40_000] } else { [40_000_u16, 80] };
        let mut l4 = [from.to_be_bytes(), to.to_be_bytes()].concat();
        l4.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
        l4.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        l4.extend(data);
        self.packet(6, src, dst, &l4);
    }

    fn udp(&mut self, is_reply: bool, data: &[u8]) {
        let (src, dst) = if is_reply { (SERVER, CLIENT) } else { (CLIENT, SERVER) };
        let [from, to] = if is_reply { [5004, 40_000] } else { [40_000_u16, 5004] };
        let len = 8 + data.len() as u16;
        let l4 = [from, to, len, 0].into_iter().flat_map(u16::to_be_bytes);
        let l4: Vec<u8> = l4.chain(data.iter().copied()).collect();
        self.packet(17, src, dst, &l4);
    }
}

/// Blocks a packet, over the packets behind the first [`BEFORE`].
fn blocks_a_packet(capture: &Capture) -> f64 {
    assert!(capture.n > BEFORE + COUNTED);
    let (mut session, mut fed) = (Session::new(Settings::default()), 0);
    let file = session.open(FileMeta::default());
    let mut feed = |share: u32| {
        let end = capture.bytes.len() / capture.n as usize * share as usize;
        while fed < end {
            fed += session.feed(file, capture.bytes.get(fed..end).unwrap());
        }
    };
    feed(BEFORE);
    let before = dhat::HeapStats::get().total_blocks;
    feed(BEFORE + COUNTED);
    (dhat::HeapStats::get().total_blocks - before) as f64 / f64::from(COUNTED)
}

// One test, since it counts what the whole process allocates.
#[test]
fn a_packet_of_a_known_connection_costs_no_allocation() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let body = vec![b'x'; 1000];
    let mut download = Capture::new();
    download.tcp(false, [1, 0], 2, b"");
    download.tcp(true, [1, 2], 0x12, b"");
    download.tcp(false, [2, 2], 0x10, b"");
    let request = b"GET /image HTTP/1.1\r\nHost: a.test\r\n\r\n";
    download.tcp(false, [2, 2], 0x18, request);
    let (mine, mut theirs) = (2 + request.len() as u32, 2);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n";
    download.tcp(true, [theirs, mine], 0x18, head);
    theirs += head.len() as u32;
    let mut sealed = Capture::new();
    let mut call = Capture::new();
    for n in 0..BEFORE + COUNTED {
        download.tcp(true, [theirs, mine], 0x10, &body);
        theirs += body.len() as u32;
        download.tcp(false, [mine, theirs], 0x10, b"");
        // No start, no protocol that is known.
        sealed.tcp(n % 2 == 0, [1 + n / 2 * 1000, 1 + n / 2 * 1000], 0x18, &body);
        call.udp(n % 2 == 0, &body[..160]);
        call.udp(n % 2 == 0, &body[..160]);
        sealed.tcp(n % 2 == 1, [1 + n.div_ceil(2) * 1000, 1 + n / 2 * 1000], 0x10, b"");
    }
    for (what, capture) in [("download", download), ("sealed", sealed), ("call", call)] {
        let blocks = blocks_a_packet(&capture);
        println!("{what}: {blocks:.4} blocks a packet");
        assert!(blocks <= MOST, "{what}: {blocks} blocks a packet");
    }
}
