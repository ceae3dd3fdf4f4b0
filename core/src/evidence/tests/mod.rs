//! Second passes over captures made here: what is read, what is found, what is written.

mod carving;
mod reading;
mod searching;

use super::*;
use crate::event::NodeId;
use crate::session::{FileMeta, Session, first_look};
use crate::settings::Settings;

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
            first_packet: first_look(bytes, true, None).first_packet,
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
