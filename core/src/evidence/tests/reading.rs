//! How much of a capture is read for what is wanted.

use super::*;
use crate::source::zip::Packed;
use std::io::Write;

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
    let mut member = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::none());
    member.write_all(&file.bytes).unwrap();
    let packed = Packed { is_deflated: true, content: None };
    read_from_checkpoints(&file, &zip.concat(), None);
    read_from_checkpoints(&file, &member.finish().unwrap(), Some(packed));
}

fn read_from_checkpoints(file: &File, zip: &[u8], packed: Option<Packed>) {
    // Pieces of the container are 256 KB: one is a small part of it.
    assert!(zip.len() > 600_000, "{}", zip.len());
    let opened = |checkpoint_len| {
        let settings = Settings { block_len: 10_000, checkpoint_len, ..Settings::default() };
        let mut session = Session::new(settings);
        let node = session.open(FileMeta { packed, ..FileMeta::default() });
        let mut rest = zip;
        while !rest.is_empty() {
            rest = &rest[session.feed(node, rest)..];
        }
        session.close(node);
        session
    };
    let list = |session: &mut Session| {
        let scope = chosen(session, "id.resp_p == 9999");
        pursue(session, &[(NodeId(0), zip)], scope, List::default())
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
fn a_file_that_became_shorter_ends_the_pass_with_what_there_is() {
    let file = mixed();
    let mut session = case(300, &[&file.bytes]);
    let scope = chosen(&mut session, "");
    let (list, _) = pursue(&session, &[(NodeId(0), &file.bytes[..400])], scope, List::default());
    assert!(!list.packets.is_empty() && list.packets.len() < 10);
}
