//! Second passes over captures made here: what is read, what is found, what is written.

use super::*;
use crate::event::NodeId;
use crate::session::{FileMeta, Session, first_look};
use crate::settings::Settings;
use std::io::Write;

/// 2023-11-14T22:13:20Z.
const SECS: u32 = 1_700_000_000;

/// A pcap file of raw IP packets, one a millisecond.
#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    n: u32,
}

impl File {
    fn new() -> Self {
        let header = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0";
        Self { bytes: header.to_vec(), n: 0 }
    }

    fn put(&mut self, packet: &[u8]) -> &mut Self {
        let (secs, micros) = (SECS + self.n / 1000, self.n % 1000 * 1000);
        for n in [secs, micros, packet.len() as u32, packet.len() as u32] {
            self.bytes.extend(n.to_le_bytes());
        }
        self.bytes.extend(packet);
        self.n += 1;
        self
    }
}

/// IPv4 from 10.0.`hosts.0` to 10.0.`hosts.1`; `part` are the flags and offset of a fragment.
fn ip(protocol: u8, hosts: (u16, u16), part: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x45, 0];
    out.extend((20 + payload.len() as u16).to_be_bytes());
    // An identification per content, so that equal headers are not taken for copies.
    let id = payload.iter().fold(7_u16, |n, b| n.wrapping_mul(31).wrapping_add(u16::from(*b)));
    out.extend(if part == 0 { id } else { 77 }.to_be_bytes());
    out.extend(part.to_be_bytes());
    out.extend([64, protocol, 0, 0, 10, 0]);
    out.extend(hosts.0.to_be_bytes());
    out.extend([10, 0]);
    out.extend(hosts.1.to_be_bytes());
    out.extend(payload);
    out
}

fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u16;
    let mut out = [ports.0, ports.1, len, 0].map(u16::to_be_bytes).concat();
    out.extend(payload);
    out
}

fn tcp(ports: (u16, u16), seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = [ports.0, ports.1].map(u16::to_be_bytes).concat();
    out.extend([seq, ack].map(u32::to_be_bytes).concat());
    out.extend([0x50, flags, 4, 0, 0, 0, 0, 0]);
    out.extend(payload);
    out
}

const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN: u8 = 1;

/// The packets of a connection between hosts 1 and 2 whose originator says `said` in these pieces.
fn talk(port: u16, said: &[(u32, &[u8])], end: u32) -> Vec<Vec<u8>> {
    let (there, back) = ((port, 9999), (9999, port));
    let to = |segment: Vec<u8>| ip(6, (1, 2), 0, &segment);
    let from = |segment: Vec<u8>| ip(6, (2, 1), 0, &segment);
    let mut all = vec![
        to(tcp(there, 100, 0, SYN, b"")),
        from(tcp(back, 500, 101, SYN | ACK, b"")),
        to(tcp(there, 101, 501, ACK, b"")),
    ];
    all.extend(said.iter().map(|(at, data)| to(tcp(there, 101 + at, 501, ACK, data))));
    all.push(from(tcp(back, 501, 101 + end, ACK, b"and back")));
    all.push(to(tcp(there, 101 + end, 509, FIN | ACK, b"")));
    all.push(from(tcp(back, 509, 102 + end, FIN | ACK, b"")));
    all.push(to(tcp(there, 102 + end, 510, ACK, b"")));
    all
}

/// A case of these files, in the order of their first packets.
fn case(block_len: u64, files: &[&[u8]]) -> Session {
    let mut session = Session::new(Settings { block_len, ..Settings::default() });
    for (i, bytes) in files.iter().enumerate() {
        let node = session.open(FileMeta {
            name: format!("file {i}"),
            size: Some(bytes.len() as u64),
            first_packet: first_look(bytes, true).first_packet,
            more_follow: i + 1 < files.len(),
            ..FileMeta::default()
        });
        let mut rest = *bytes;
        while !rest.is_empty() {
            rest = &rest[session.feed(node, rest)..];
        }
        session.close(node);
    }
    session
}

/// Runs a second pass; returns what took the packets, and how many bytes were read. Nodes of files
/// come in the order of `files`; containers have their content's node in between.
fn pursue<T: Take + 'static>(
    session: &Session,
    files: &[(NodeId, &[u8])],
    scope: Scope,
    take: T,
) -> (T, u64) {
    let mut pursuit = Pursuit::new(session, scope, take);
    let mut n_read = 0;
    while let Some(range) = pursuit.next_range() {
        let (_, bytes) = files.iter().find(|(node, _)| *node == range.file).unwrap();
        let start = bytes.len().min(range.offset as usize);
        let end = bytes.len().min((range.offset + range.len) as usize);
        n_read += (end - start) as u64;
        pursuit.feed(&bytes[start..end]);
    }
    (pursuit.into_inner().unwrap(), n_read)
}

fn chosen(session: &mut Session, filter: &str) -> Scope {
    Scope::Connections(connections(session, filter).unwrap())
}

/// Every `conn` row without its uid, which rests on the packet's number.
fn conns(session: &mut Session) -> Vec<String> {
    let query = crate::records::RowQuery::all(crate::event::Kind::Conn);
    let mut export =
        session.records().export(&query, crate::records::ExportFormat::ZeekTsv).unwrap();
    let mut out = Vec::new();
    while let Some(block) = export.next_block(session.records()) {
        out.extend(block);
    }
    let text = String::from_utf8(out).unwrap();
    let names = text.lines().find_map(|l| l.strip_prefix("#fields\t")).unwrap();
    let uid = names.split('\t').position(|name| name == "uid").unwrap();
    let row = |line: &str| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        cells[uid] = "";
        cells.join("\t")
    };
    let mut rows: Vec<_> = text.lines().filter(|l| !l.starts_with('#')).map(row).collect();
    rows.sort();
    rows
}

/// A capture whose every packet is of another connection but for the 21 of port 4000.
fn crowd() -> File {
    let mut file = File::new();
    let said: Vec<(u32, &[u8])> = (0..14).map(|n| (n * 10, &b"0123456789"[..])).collect();
    let talk = talk(4000, &said, 140);
    for i in 0..20_000_u16 {
        // In three places, far from each other.
        let in_talk = match i {
            5000..5007 => Some(i - 5000),
            9000..9007 => Some(i - 9000 + 7),
            9500..9507 => Some(i - 9500 + 14),
            _ => None,
        };
        match in_talk {
            Some(n) => file.put(&talk[usize::from(n)]),
            None => file.put(&ip(17, (300 + i % 50, 700 + i / 50), 0, &udp((i, 2000), &[5; 180]))),
        };
    }
    file
}

#[test]
fn opening_a_small_connection_reads_less_than_a_twentieth() {
    let file = crowd();
    // As many blocks as a capture of 1 GB has.
    let block = file.bytes.len() as u64 / 256;
    let mut session = case(block, &[&file.bytes]);
    let scope = chosen(&mut session, "id.resp_p == 9999");
    let (list, n_read) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, List::default());
    assert_eq!((list.packets.len(), list.n_found), (21, 21));
    assert!(list.packets.is_sorted_by_key(|p| p.at.item));
    assert_eq!(list.packets[0].at.item, 5001);
    assert_eq!(list.packets[1].flags, "SYN ACK");
    assert_eq!(list.packets.iter().filter(|p| !p.is_orig).count(), 3);
    assert!(n_read * 20 < file.bytes.len() as u64, "{n_read} of {}", file.bytes.len());
    // The places lead back to the records.
    let at = list.packets[3].at;
    let record = &file.bytes[at.offset as usize..][..at.len as usize];
    assert!(session.show(at, record).bytes.ends_with(b"0123456789"));
}

/// The same packets as pcapng: a section, an interface of raw IP, and a block for each packet.
fn pcapng(file: &File) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let len = 12 + body.len().next_multiple_of(4);
        out.extend([kind, len as u32].map(u32::to_le_bytes).concat());
        out.extend(body);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend((len as u32).to_le_bytes());
    };
    block(0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    block(1, b"\x65\0\0\0\xff\xff\0\0");
    let mut rest = &file.bytes[24..];
    while let Some((head, behind)) = rest.split_at_checked(16) {
        let number = |i: usize| u32::from_le_bytes(head[i * 4..i * 4 + 4].try_into().unwrap());
        let (data, behind) = behind.split_at(number(2) as usize);
        let ticks = u64::from(number(0)) * 1_000_000 + u64::from(number(1));
        let head = [0, (ticks >> 32) as u32, ticks as u32, number(2), number(3)];
        block(6, &[&head.map(u32::to_le_bytes).concat(), data].concat());
        rest = behind;
    }
    out
}

/// A capture of as many blocks as 1 GB has, with the 99 packets of port 4000 in 99 of them.
fn scattered() -> File {
    let mut file = File::new();
    let said: Vec<(u32, &[u8])> = (0..92).map(|n| (n * 10, &b"0123456789"[..])).collect();
    let mut talk = talk(4000, &said, 920).into_iter();
    for i in 0..100_000_u32 {
        match talk.len() > 0 && i % 1000 == 77 {
            true => file.put(&talk.next().unwrap()),
            false => {
                let n = (i * 7919 % 2000) as u16;
                file.put(&ip(17, (300 + n % 50, 700 + n / 50), 0, &udp((n, 2000), &[5; 180])))
            }
        };
    }
    file
}

#[test]
fn a_hundred_packets_far_apart_are_found_in_a_twentieth_of_a_capture_in_any_container() {
    let file = scattered();
    let ng = pcapng(&file);
    let n_blocks = (1_u64 << 30) / crate::source::capture::index::BLOCK_LEN;
    for bytes in [&file.bytes, &ng] {
        let mut session = case(bytes.len() as u64 / n_blocks, &[bytes]);
        let scope = chosen(&mut session, "id.resp_p == 9999");
        let (list, n_read) = pursue(&session, &[(NodeId(0), bytes)], scope, List::default());
        assert_eq!((list.packets.len(), list.n_found), (99, 99));
        assert!(list.packets.windows(2).all(|p| p[1].at.item - p[0].at.item >= 1000));
        assert!(n_read * 20 < bytes.len() as u64, "{n_read} of {}", bytes.len());
    }
}

#[test]
fn a_compressed_capture_is_read_from_its_checkpoints_on() {
    let file = crowd();
    // Two members: a checkpoint stands in one, and counts the content of those before it.
    let (a, b) = file.bytes.split_at(file.bytes.len() / 3);
    let zip = [(a, flate2::Compression::fast()), (b, flate2::Compression::none())];
    let zip = zip.map(|(part, level)| {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), level);
        zip.write_all(part).unwrap();
        zip.finish().unwrap()
    });
    let zip = zip.concat();
    // Pieces of the container are 256 KB: one is a small part of it.
    assert!(zip.len() > 600_000, "{}", zip.len());
    let opened = |checkpoint_len| {
        let settings = Settings { block_len: 10_000, checkpoint_len, ..Settings::default() };
        let mut session = Session::new(settings);
        let node = session.open(FileMeta::default());
        let mut rest = &zip[..];
        while !rest.is_empty() {
            rest = &rest[session.feed(node, rest)..];
        }
        session.close(node);
        session
    };
    let list = |session: &mut Session| {
        let scope = chosen(session, "id.resp_p == 9999");
        pursue(session, &[(NodeId(0), &zip)], scope, List::default())
    };
    let (want, all) = list(&mut opened(u64::MAX));
    let mut session = opened(100_000);
    let (got, n_read) = list(&mut session);
    assert_eq!(got.packets, want.packets);
    assert_eq!(got.packets.len(), 21);
    assert!(n_read < all, "{n_read} of {all}");
    // One packet of the end alone, by its place.
    let at = got.packets[20].at;
    let crate::second_pass::Place::Stream { offset, .. } = session.locate(at) else { panic!() };
    assert!(offset > zip.len() as u64 / 8);
    let mut seeker = session.seek(at);
    let mut rest = &zip[offset as usize..];
    while !seeker.is_done() {
        rest = &rest[seeker.feed(rest)..];
    }
    let bytes = seeker.into_bytes();
    assert!(file.bytes.windows(bytes.len()).any(|w| w == bytes));
    assert_eq!(bytes.len(), at.len as usize);
}

#[test]
fn streams_are_followed_in_order_with_their_gaps() {
    let said: [(u32, &[u8]); 5] =
        [(0, b"one "), (8, b"three "), (4, b"two "), (4, b"two "), (24, b"five")];
    let mut file = File::new();
    talk(4000, &said, 28).iter().for_each(|p| {
        file.put(p);
    });
    let mut session = case(200, &[&file.bytes]);
    let scope = chosen(&mut session, "");
    let take = Follow::new(1, MAX_BYTES, 1 << 20);
    let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope.clone(), take);
    let followed = &follow.followed[0];
    assert_eq!(followed.orig, b"one two three five");
    assert_eq!(followed.resp, b"and back");
    let gaps: Vec<_> = followed.parts.iter().filter(|p| matches!(p, Part::Gap { .. })).collect();
    assert_eq!(gaps, [&Part::Gap { is_orig: true, len: 10 }]);
    assert_eq!(followed.left_out, 0);

    let take = Follow::new(1, 6, 1 << 20);
    let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
    let followed = &follow.followed[0];
    assert_eq!(followed.orig.len() + followed.resp.len(), 6);
    assert_eq!(followed.left_out, 20);
}

/// Fragments of one datagram far apart, a tunnel, two connections of the same ports.
fn mixed() -> File {
    let mut file = File::new();
    let datagram = udp((5000, 6000), &[9; 40]);
    let first = ip(17, (1, 2), 0x2000, &datagram[..24]);
    let second = ip(17, (1, 2), 3, &datagram[24..]);
    let inner = ip(17, (8, 9), 0, &udp((1111, 2222), b"inside"));
    let again: Vec<_> = talk(4000, &[(0, b"again")], 5);
    file.put(&first);
    talk(4000, &[(0, b"hello")], 5).iter().for_each(|p| {
        file.put(p);
    });
    file.put(&ip(4, (3, 4), 0, &inner));
    (0..30).for_each(|n| {
        file.put(&ip(17, (20 + n, 30), 0, &udp((7000, 8000), &[n as u8; 100])));
    });
    file.put(&second);
    // The same ports again, later than any time-out.
    file.n += 3_600_000;
    again.iter().for_each(|p| {
        file.put(p);
    });
    file
}

fn carve(session: &mut Session, file: &[u8], filter: &str) -> (Vec<u8>, u64) {
    let scope = chosen(session, filter);
    let (mut carve, _) = pursue(session, &[(NodeId(0), file)], scope, Carve::default());
    (carve.take_bytes(), carve.packets)
}

#[test]
fn carving_everything_gives_the_same_connections() {
    let file = mixed();
    for block_len in [1, 300, 4 << 20] {
        let mut session = case(block_len, &[&file.bytes]);
        let (bytes, n) = carve(&mut session, &file.bytes, "");
        assert_eq!(n, u64::from(file.n) - 3_600_000, "blocks of {block_len}");
        let mut again = case(block_len, &[&bytes]);
        assert_eq!(conns(&mut again), conns(&mut session));
        // What was carved can be carved again, and is then the same file.
        assert_eq!(carve(&mut again, &bytes, "").0, bytes);
    }
}

#[test]
fn fragments_and_carriers_are_carved_with_what_they_carry() {
    let file = mixed();
    let mut session = case(300, &[&file.bytes]);
    for (filter, want) in [
        ("id.resp_p == 6000", 2),
        ("id.resp_p == 2222", 1),
        ("id.orig_p == 4000", 16),
        ("id.resp_p == 8000", 30),
    ] {
        let (bytes, n) = carve(&mut session, &file.bytes, filter);
        assert_eq!(n, want, "{filter}");
        let mut again = case(4 << 20, &[&bytes]);
        let want = chosen(&mut session, filter);
        let (Scope::Connections(want), Scope::Connections(got)) = (want, chosen(&mut again, ""))
        else {
            panic!()
        };
        let ends = |c: &Connection| (c.orig, c.resp, c.packets);
        assert!(got.iter().map(ends).eq(want.iter().map(ends)), "{filter}");
    }
    // Of two connections with the same ports each is found alone.
    let Scope::Connections(both) = chosen(&mut session, "id.orig_p == 4000") else { panic!() };
    assert_eq!(both.len(), 2);
    for (connection, word) in both.iter().zip([&b"hello"[..], b"again"]) {
        let scope = Scope::Connections(vec![connection.clone()]);
        let take = Follow::new(1, MAX_BYTES, 1 << 20);
        let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
        assert_eq!(follow.followed[0].orig, word);
    }
}

#[test]
fn captures_in_a_container_and_in_a_series_are_read_again_too() {
    let file = mixed();
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(&file.bytes).unwrap();
    let zip = zip.finish().unwrap();
    let mut plain = case(300, &[&file.bytes]);
    let (want, _) = carve(&mut plain, &file.bytes, "id.orig_p == 4000");
    let mut session = case(300, &[&zip]);
    assert_eq!(carve(&mut session, &zip, "id.orig_p == 4000").0, want);

    // One connection and one datagram over two files.
    let header = 24;
    let record = 16 + 44;
    let second = [&file.bytes[..header], &file.bytes[header + record..]].concat();
    let first = &file.bytes[..header + record];
    let mut session = case(300, &[first, &second]);
    let scope = chosen(&mut session, "id.resp_p == 6000 or id.orig_p == 4000");
    let files = [(NodeId(0), first), (NodeId(1), &second[..])];
    let (mut carve, _) = pursue(&session, &files, scope, Carve::default());
    assert_eq!(carve.packets, 18);
    let mut again = case(300, &[&carve.take_bytes()]);
    assert_eq!(connections(&mut again, "").unwrap().len(), 3);
}

/// An ICMP error of host 3 to host 1, quoting the datagram of these ports that host 1 sent to 2.
fn unreachable(ports: (u16, u16)) -> Vec<u8> {
    let quoted = ip(17, (1, 2), 0, &udp(ports, b"?"));
    ip(1, (3, 1), 0, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &quoted].concat())
}

#[test]
fn icmp_errors_are_listed_and_carved_with_the_connection_they_speak_of() {
    let mut file = File::new();
    file.put(&ip(17, (1, 2), 0, &udp((5000, 6000), b"?")));
    file.put(&ip(17, (1, 2), 0, &udp((5001, 6000), b"??")));
    (0..9).for_each(|n| {
        file.put(&ip(17, (20 + n, 30), 0, &udp((7000, 8000), &[n as u8; 100])));
    });
    file.put(&unreachable((5000, 6000)));
    // Of a connection that is long over, as another host may send it.
    file.n += 61_000;
    file.put(&unreachable((5000, 6000)));
    let mut session = case(100, &[&file.bytes]);
    let list = |session: &mut Session, filter: &str| {
        let scope = chosen(session, filter);
        pursue(session, &[(NodeId(0), &file.bytes)], scope, List::default()).0
    };
    let got = list(&mut session, "id.orig_p == 5000");
    let items: Vec<_> = got.packets.iter().map(|p| (p.at.item, p.is_orig)).collect();
    assert_eq!(items, [(1, true), (12, false)]);
    assert!(got.packets[1].info.ends_with("port-unreachable, about this connection"));
    assert_eq!(list(&mut session, "id.orig_p == 5001").packets.len(), 1);
    let (bytes, n) = carve(&mut session, &file.bytes, "id.orig_p == 5000");
    assert_eq!(n, 2);
    let mut again = case(100, &[&bytes]);
    let filter = "id.orig_p == 5000 and icmp_errors == \"port-unreachable\"";
    assert_eq!(connections(&mut again, filter).unwrap().len(), 1);
    // With all connections it is a packet of its own one, and is not written twice.
    assert_eq!(carve(&mut session, &file.bytes, "").1, 13);
    // It is no part of what the connection said.
    let scope = chosen(&mut session, "id.orig_p == 5000");
    let take = Follow::new(1, MAX_BYTES, 1 << 20);
    let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
    assert_eq!((&*follow.followed[0].orig, &*follow.followed[0].resp), (&b"?"[..], &b""[..]));
}

#[test]
fn patterns_are_found_in_packets_and_across_segments() {
    let said: [(u32, &[u8]); 3] = [(0, b"my pass"), (11, b"s\0w\0"), (7, b"Word")];
    let mut file = File::new();
    talk(4000, &said, 15).iter().for_each(|p| {
        file.put(p);
    });
    let mut session = case(200, &[&file.bytes]);
    let pattern = Pattern::text("password").unwrap();
    let scope = chosen(&mut session, "");
    let take = Search::new(pattern.clone(), 1 << 20);
    let (mut search, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
    let hits = search.take_hits();
    let place = Place::Stream { connection: 0, is_orig: true, offset: 3 };
    assert_eq!(hits.iter().map(|h| h.place).collect::<Vec<_>>(), [place]);
    // Found once the missing segment came.
    assert_eq!((hits[0].at.item, hits[0].len), (6, 8));

    let everywhere = Scope::Captures(Vec::new());
    let take = Search::new(pattern, 1 << 20);
    let files = [(NodeId(0), &file.bytes[..])];
    assert_eq!(pursue(&session, &files, everywhere.clone(), take).0.n_hits, 0);
    let take = Search::new(Pattern::text("PASS").unwrap(), 1 << 20);
    let (mut search, n_read) = pursue(&session, &files, everywhere, take);
    let hits = search.take_hits();
    assert_eq!((hits[0].at.item, hits[0].place), (4, Place::Packet { offset: 43 }));
    assert_eq!((hits.len(), n_read), (1, file.bytes.len() as u64 - 24));
}

#[test]
fn hits_are_bounded_and_all_are_counted() {
    let mut file = File::new();
    let payload = vec![b'a'; 1001];
    (0..11).for_each(|n| {
        file.put(&ip(17, (n, 2), 0, &udp((1, 2), &payload)));
    });
    let session = case(4 << 20, &[&file.bytes]);
    let take = Search::new(Pattern::hex("6161").unwrap(), 0);
    let everywhere = Scope::Captures(Vec::new());
    let (mut search, _) = pursue(&session, &[(NodeId(0), &file.bytes)], everywhere, take);
    assert_eq!((search.take_hits().len(), search.n_hits), (MAX_HITS, 11_000));
}

#[test]
fn a_file_that_became_shorter_ends_the_pass_with_what_there_is() {
    let file = mixed();
    let mut session = case(300, &[&file.bytes]);
    let scope = chosen(&mut session, "");
    let (list, _) = pursue(&session, &[(NodeId(0), &file.bytes[..400])], scope, List::default());
    assert!(!list.packets.is_empty() && list.packets.len() < 10);
}

#[test]
fn a_row_and_any_packet_lead_to_their_connection() {
    let file = mixed();
    let mut session = case(300, &[&file.bytes]);
    let Scope::Connections(all) = chosen(&mut session, "") else { panic!() };
    let want = &all[0];
    let reach = reach_of_rows(&mut session, crate::event::Kind::Conn, "id.orig_p == 4000");
    let reach = reach.unwrap().unwrap();
    assert_eq!((reach.n_connections, reach.ends), (2, None));
    // Each packet of a connection leads to it and to no other with the same ends.
    let mut n_packets = 0;
    for connection in &all {
        let scope = Scope::Connections(vec![connection.clone()]);
        let (list, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, List::default());
        for packet in list.packets {
            let start = packet.at.offset as usize;
            let bytes = &file.bytes[start..start + packet.at.len as usize];
            let reach = reach_of_item(&mut session, packet.at, bytes).unwrap();
            let found = connections(&mut session, &reach.filter).unwrap();
            assert!(found.contains(connection), "packet {}: {found:?}", packet.at.item);
            n_packets += 1;
        }
    }
    assert!(n_packets > 10);
    // The row of a log with the same ends, at about the time, leads there too.
    let line = |ts: f64| {
        format!(
            "{{\"ts\":{ts},\"uid\":\"Cx\",\"id.orig_h\":\"{}\",\"id.orig_p\":{},\"id.resp_h\":\"{}\",\"id.resp_p\":{},\"method\":\"GET\",\"uri\":\"/\"}}\n",
            want.orig.addr.unwrap(),
            want.orig.port.unwrap(),
            want.resp.addr.unwrap(),
            want.resp.port.unwrap(),
        )
    };
    for (ts, is_found) in [(f64::from(SECS), true), (f64::from(SECS) + 1800.0, false)] {
        let log = line(ts);
        let mut session = case(300, &[log.as_bytes(), &file.bytes]);
        let at = session.rows(&crate::records::RowQuery::all(crate::event::Kind::Http)).unwrap();
        let reach = reach_of_item(&mut session, at.at[0], log.as_bytes());
        assert_eq!(reach.is_some(), is_found, "{reach:?}");
    }
}
