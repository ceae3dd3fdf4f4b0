//! Archives made here, whole and hostile: what is listed of them, and what is read.

mod maker;

use super::*;
use crate::second_pass::Place;
use crate::session::{FileMeta, Session, first_look};
use crate::settings::Settings;
use flate2::Compression;
use flate2::write::GzEncoder;
use maker::{Put, Zip, put};
use std::io::Write;

fn listed(bytes: &[u8]) -> Listing {
    let mut n_read = 0;
    let listing = list("a.zip", bytes.len() as u64, &mut |offset, len| {
        let from = &bytes[offset as usize..];
        n_read += len.min(from.len() as u64);
        from[..from.len().min(len as usize)].to_vec()
    });
    // Looking for members never costs more than reading the file a few times.
    assert!(n_read <= 4 * bytes.len() as u64 + (1 << 20), "{n_read} of {}", bytes.len());
    listing.unwrap()
}

fn remarks(listing: &Listing) -> Vec<String> {
    listing
        .archive
        .remarks
        .iter()
        .map(|r| format!("{:?} {}: {}", r.trouble, r.offset, r.detail))
        .collect()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.members.iter().map(|m| m.name.strip_prefix("a.zip/").unwrap()).collect()
}

fn row(n: usize) -> String {
    format!("{{\"_path\":\"conn\",\"ts\":{n},\"id.orig_h\":\"10.0.0.1\"}}\n")
}

fn rows(n: std::ops::Range<usize>) -> Vec<u8> {
    n.map(row).collect::<String>().into_bytes()
}

/// A case of this archive, fed in pieces of `step` bytes.
fn case(bytes: &[u8], step: usize) -> (Session, Vec<(NodeId, Member)>) {
    let settings = Settings { checkpoint_len: 100_000, ..Settings::default() };
    let mut session = Session::new(settings);
    let Listing { members, archive } = listed(bytes);
    let archive = session.open(FileMeta {
        name: "a.zip".into(),
        archive: Some(archive),
        ..FileMeta::default()
    });
    session.close(archive);
    let mut nodes = Vec::new();
    for member in members {
        let data = &bytes[member.offset as usize..][..member.len as usize];
        let name = member.name.clone();
        let node =
            session.open(FileMeta { name, packed: Some(member.packed), ..FileMeta::default() });
        for piece in data.chunks(step) {
            let mut rest = piece;
            while !rest.is_empty() && !session.is_refused(node) {
                rest = &rest[session.feed(node, rest)..];
            }
        }
        session.close(node);
        nodes.push((node, member));
    }
    (session, nodes)
}

fn notes(session: &Session) -> Vec<String> {
    let all = session.report().notes;
    let each = all.iter().flat_map(|n| n.earliest.iter().map(move |e| (n, e)));
    each.map(|(n, e)| format!("{} {}: {}", n.node.0, n.code, e.detail)).collect()
}

fn n_rows(session: &Session) -> u64 {
    session.report().records.get("conn").map_or(0, |n| n.seen)
}

/// An archive of every kind of member that is read.
fn mixed() -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    gz.write_all(&rows(200..300)).unwrap();
    let members = [
        put("stored.log", 0, &rows(0..100)),
        put("folder/", 0, b""),
        Put { flags: 8, ..put("folder/sub/deflated.log", 8, &rows(100..200)) },
        put("inner.log.gz", 0, &gz.finish().unwrap()),
        Put { is_wide: true, ..put("../../\u{202e}wide.log", 8, &rows(300..400)) },
    ];
    let mut zip = Zip::default();
    members.iter().for_each(|m| zip.add(m));
    zip.end(true)
}

#[test]
fn each_member_is_a_file_in_any_cut() {
    let bytes = mixed();
    let listing = listed(&bytes);
    let all = ["stored.log", "folder/sub/deflated.log", "inner.log.gz", "../../\u{202e}wide.log"];
    assert_eq!((names(&listing), remarks(&listing)), (all.to_vec(), vec![]));
    assert_eq!(listing.archive.counters["members"], 4);
    let (whole, _) = case(&bytes, usize::MAX);
    let report = whole.report();
    assert_eq!((n_rows(&whole), notes(&whole).len()), (400, 0), "{:?}", notes(&whole));
    let of = |n: usize| (&*report.sources[n].name, report.sources[n].format.as_deref().unwrap());
    assert_eq!(of(0), ("a.zip", "zip"));
    assert_eq!(of(2), ("a.zip/folder/sub/deflated.log", "zeek-json"));
    assert_eq!(of(3), ("a.zip/inner.log.gz", "gzip"));
    assert_eq!(of(4), ("a.zip/inner.log", "zeek-json"));
    for step in [1, 7, 101, 4099] {
        assert_eq!(case(&bytes, step).0.report(), report, "in pieces of {step}");
    }
}

#[test]
fn a_line_of_a_member_is_found_again_from_a_checkpoint() {
    let content = rows(0..20_000);
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&content).unwrap();
    let gz = gz.finish().unwrap();
    let bytes = Zip::of(&[
        put("deflated", 8, &content),
        put("stored", 0, &content),
        put("stored.gz", 0, &gz),
        put("twice.gz", 8, &gz),
    ]);
    let (session, nodes) = case(&bytes, 5000);
    assert_eq!(n_rows(&session), 80_000);
    for (n, (file, member)) in nodes.iter().enumerate() {
        let data = &bytes[member.offset as usize..][..member.len as usize];
        let node = if n < 2 { *file } else { NodeId(file.0 + 1) };
        for item in [1, 10_000, 20_000] {
            let line = row(item - 1);
            let offset = rows(0..item - 1).len() as u64;
            let len = line.len() as u32 - 1;
            let at = Origin { node, item: item as u64, offset, len };
            let found = match session.locate(at) {
                Place::Slice { file: of, offset, len } => {
                    assert_eq!((of, n), (*file, 1));
                    data[offset as usize..][..len as usize].to_vec()
                }
                Place::Stream { file: of, offset } => {
                    // Only what lies in two containers is read from the start.
                    assert_eq!((of, offset > 0), (*file, item > 1 && n != 3), "{n} {item}");
                    let mut seeker = session.seek(at);
                    let mut rest = &data[offset as usize..];
                    while !rest.is_empty() && !seeker.is_done() {
                        rest = &rest[seeker.feed(rest)..];
                    }
                    seeker.finish();
                    seeker.into_bytes()
                }
            };
            assert_eq!(found, line.trim_end().as_bytes(), "{n} {item}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_reason() {
    let bytes = Zip::of(&[
        Put { flags: 1, ..put("secret.log", 8, b"x") },
        put("old.log", 14, b"x"),
        put("new.log", 77, b"x"),
        put("fine.log", 8, &rows(0..3)),
    ]);
    let (session, _) = case(&bytes, 100);
    let want = [
        "0 archive-member-unread: secret.log is encrypted: extract it first",
        "0 archive-member-unread: old.log is compressed by LZMA, which is not read: extract it first",
        "0 archive-member-unread: new.log is compressed by method 77, which is not read: extract it first",
    ];
    assert_eq!((n_rows(&session), notes(&session)), (3, want.map(str::to_owned).to_vec()));
    assert_eq!(session.report().sources[0].counters["members not read"], 3);
}

#[test]
fn what_the_archive_says_of_a_member_is_held_against_it() {
    let good = put("good.log", 8, &rows(0..9));
    let stored = put("stored.log", 0, &rows(9..18));
    let bytes = Zip::of(&[
        Put { crc: 1, ..good.clone() },
        Put { size: 7, ..good.clone() },
        Put { crc: 1, ..stored },
        Put { data: good.data[..good.data.len() - 9].to_vec(), ..good },
    ]);
    let (session, _) = case(&bytes, 100);
    let said: Vec<String> = notes(&session);
    assert!(n_rows(&session) >= 27, "{}", n_rows(&session));
    for (node, what) in [
        (1, "its checksum is wrong"),
        (2, "its length is not the one stated"),
        (3, "its checksum is wrong"),
        (4, "the archive ends inside this member"),
    ] {
        let begin = format!("{node} container-damaged: {what}");
        assert!(said.iter().any(|s| s.starts_with(&begin)), "{begin} in {said:?}");
    }
}

#[test]
fn no_byte_is_read_for_two_members() {
    let body = rows(0..50);
    let kernel = put("kernel.log", 8, &body);
    let mut zip = Zip::default();
    zip.add(&kernel);
    let first = zip.bytes.len() as u64;
    // Both say that they reach over what follows; two more say that they are the first one.
    let quoting = Put { packed: Some(1 << 40), is_wide: true, ..put("wide.log", 8, &body) };
    zip.add(&quoting);
    zip.add(&Put { packed: Some(90_000), ..put("last.log", 8, &body) });
    for name in ["again.log", "and again.log"] {
        zip.add(&Put {
            name,
            data: Vec::new(),
            packed: Some(first),
            offset: Some(0),
            ..kernel.clone()
        });
    }
    zip.add(&Put { offset: Some(1 << 50), is_wide: true, ..kernel.clone() });
    let bytes = zip.end(false);
    let listing = listed(&bytes);
    let total: u64 = listing.members.iter().map(|m| m.len).sum();
    assert!(total < bytes.len() as u64);
    for pair in listing.members.windows(2) {
        assert!(pair[0].offset + pair[0].len <= pair[1].offset, "{pair:?}");
    }
    let said = remarks(&listing);
    for what in [
        "Damaged 0: ",
        "wide.log runs into what follows",
        "last.log runs into what follows",
        "again.log is not where the directory says",
        "kernel.log is not where the directory says",
    ] {
        assert!(said.iter().any(|s| s.contains(what)), "{what} in {said:?}");
    }
    assert_eq!(n_rows(&case(&bytes, 1000).0), 150);
}

#[test]
fn a_cut_archive_gives_the_members_that_are_there() {
    let members = [
        put("a.log", 8, &rows(0..100)),
        Put { flags: 8, ..put("streamed.log", 8, &rows(100..200)) },
        Put { is_wide: true, ..put("c.log", 0, &rows(200..300)) },
        put("d.log", 8, &rows(300..400)),
    ];
    let spare = |spare| Put { flags: 8, spare, ..members[0].clone() };
    let spared: Vec<Put> = [16, 12, 20, 24, 0].into_iter().map(spare).collect();
    let bytes = Zip::of(&[&spared[..], &members[3..]].concat());
    let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    assert_eq!(n_rows(&case(&bytes[..directory], 100).0), 600);
    let bytes = Zip::of(&members);
    let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    // The directory alone is gone, or half of it.
    for cut in [directory, directory + 60] {
        let (session, _) = case(&bytes[..cut], 100);
        assert_eq!(n_rows(&session), 400);
        let said = notes(&session);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("it has no directory at its end: its members are looked for"));
    }
    // The last member is cut; then the streamed one, whose end nothing tells.
    let (session, _) = case(&bytes[..directory - 100], 100);
    assert!((300..400).contains(&n_rows(&session)));
    let said = notes(&session);
    assert!(
        said.iter().any(|s| s.starts_with("4 container-damaged: the archive ends inside")),
        "{said:?}"
    );
    let streamed = bytes.windows(4).position(|w| w == b"PK\x07\x08").unwrap();
    let (session, _) = case(&bytes[..streamed - 50], 100);
    assert!((100..200).contains(&n_rows(&session)));
    let said = notes(&session);
    assert!(said[0].starts_with("0 archive-damaged"), "{said:?}");
    assert!(said.iter().any(|s| s.contains("streamed.log does not say where it ends")), "{said:?}");
    // Something else stands between members.
    let second = bytes[4..].windows(4).position(|w| w == b"PK\x03\x04").unwrap() + 4;
    let mut bad = bytes[..directory].to_vec();
    bad[second] = b'X';
    let said = remarks(&listed(&bad));
    assert_eq!(
        said[1],
        format!(
            "Damaged {second}: no whole member begins here, and nothing behind it is looked at"
        )
    );
}

#[test]
fn bytes_ahead_of_an_archive_and_a_comment_like_an_end_do_not_matter() {
    let mut bytes = mixed();
    let end = bytes.len() - 4;
    bytes.truncate(end);
    let fake = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\x01\0\0\0\0\0\0\0\0\0 more";
    bytes.extend((fake.len() as u16).to_le_bytes());
    bytes.extend(fake);
    assert_eq!(names(&listed(&bytes)).len(), 4);
    assert_eq!(n_rows(&case(&[b"PK00", &bytes[..]].concat(), 999).0), 400);
}

#[test]
fn a_part_of_a_split_archive_says_so() {
    let mut bytes = Zip::of(&[put("a.log", 8, &rows(0..10))]);
    let end = bytes.len() - 24;
    bytes[end + 4] = 2;
    let (session, _) = case(&bytes, 100);
    assert_eq!(n_rows(&session), 10);
    assert!(
        notes(&session)[0].contains("one part of an archive in several"),
        "{:?}",
        notes(&session)
    );
}

#[test]
fn of_too_many_members_those_with_the_most_data_are_read() {
    let mut zip = Zip::default();
    let junk = put("junk", 0, b"x");
    (0..MAX_MEMBERS).for_each(|_| zip.add(&junk));
    zip.add(&put("evidence.log", 0, &rows(0..10)));
    let listing = listed(&zip.end(true));
    assert_eq!(listing.members.len(), MAX_MEMBERS);
    assert_eq!(names(&listing).last(), Some(&"evidence.log"));
    assert_eq!(listing.archive.counters["members left out"], 1);
    assert_eq!(listing.archive.counters["members"], MAX_MEMBERS as u64 + 1);
    assert_eq!(remarks(&listing).len(), 1, "{:?}", remarks(&listing));
}

#[test]
fn a_bomb_is_stopped_and_each_call_is_bounded() {
    let bomb = [rows(0..1), vec![b' '; 80 << 20]].concat();
    let bytes = Zip::of(&[put("bomb", 8, &bomb)]);
    let (session, _) = case(&bytes, usize::MAX);
    assert_eq!(n_rows(&session), 1);
    assert!(notes(&session)[0].starts_with("1 container-ratio"), "{:?}", notes(&session));
    let member = &listed(&bytes).members[0];
    let data = &bytes[member.offset as usize..][..member.len as usize];
    let mut session = Session::new(Settings::default());
    let node = session.open(FileMeta { packed: Some(member.packed), ..FileMeta::default() });
    let (mut rest, mut calls) = (data, 0);
    while !rest.is_empty() && !session.is_refused(node) {
        rest = &rest[session.feed(node, rest)..];
        calls += 1;
    }
    assert!(calls >= 60, "{calls}");
}

#[test]
fn a_first_look_goes_into_a_member() {
    let log = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "5e".repeat(48));
    let bytes = Zip::of(&[put("keys.txt", 8, log.as_bytes())]);
    let member = &listed(&bytes).members[0];
    let data = &bytes[member.offset as usize..][..member.len as usize];
    assert!(first_look(data, true, Some(member.packed)).is_aid);
    assert!(!first_look(data, true, None).is_aid);
}

#[test]
fn an_archive_in_a_container_is_not_opened_and_says_so() {
    let inner = mixed();
    let bytes = Zip::of(&[put("inner.zip", 8, &inner)]);
    let (session, _) = case(&bytes, 1000);
    assert_eq!(notes(&session), ["1 archive-unopened: extract what it holds first"]);
}

#[test]
fn any_damage_is_survived() {
    let good = mixed();
    for at in 0..good.len() {
        for with in [0, 0xff, good[at] ^ 0x80] {
            let mut bytes = good.clone();
            bytes[at] = with;
            if wire::begins_archive(&bytes) {
                let listing = listed(&bytes);
                for m in &listing.members {
                    assert!(m.offset + m.len <= bytes.len() as u64, "{m:?}");
                }
            }
        }
        if at > 8 {
            listed(&good[..at]);
        }
    }
}
