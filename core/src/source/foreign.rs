//! Formats of evidence that nothing here reads, told from one another by their published
//! signatures, each with the step that makes of it what is read.
//!
//! A stranger's file is refused either way; one of these is refused with a way out. Only what a
//! specification or the source of its own tool states is listed.

/// A format that is known and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// What it is, such as `file compressed with xz`.
    pub title: &'static str,
    /// What to do to have it read, or that nothing makes it so.
    pub step: &'static str,
}

/// A row of [`SIGNATURES`].
struct Signature {
    /// Where in the file it stands, in bytes.
    offset: usize,
    /// Any of these.
    any_of: &'static [&'static [u8]],
    is: Foreign,
}

const fn at_start(
    any_of: &'static [&'static [u8]],
    title: &'static str,
    step: &'static str,
) -> Signature {
    Signature { offset: 0, any_of, is: Foreign { title, step } }
}

/// Wireshark's editcap reads the captures of many other tools.
const EDITCAP: &str = "editcap -F pcap FILE FILE.pcap makes a capture of it that is read";
const PICTURE: &str = "no evidence is read from it: bring the log or the capture it was made from";
const EXPORTED: &str = "a collector reads them: have them sent to one such as nfcapd, and nfdump -r \
    NFCAPD -o long > FILE.txt writes what it stored as text that is read";

/// The first that fits decides; no two fit the same bytes.
const SIGNATURES: &[Signature] = &[
    // A management record of version 3 with its cookie behind a header and a reserved word.
    Signature {
        offset: 8,
        any_of: &[b"\xe5\x71\x2d\xcb"],
        is: Foreign {
            title: "Argus flow records",
            step: "ra -nr FILE shows them as text that is not read: bring the capture or the flow \
                export they were made from",
        },
    },
    at_start(&[b"\xaa\xaa\xaa\xaa\x20\0\0\0"], "capture of 5View", EDITCAP),
    at_start(&[b"GMBU", b"RTSS"], "capture of Microsoft Network Monitor", EDITCAP),
    at_start(&[b"TRSNIFF data    \x1a"], "capture of Sniffer (DOS)", EDITCAP),
    at_start(&[b"XCP\0"], "capture of Sniffer (Windows) or NetXray", EDITCAP),
    // RFC 1761, section 3: the pattern, then version 2.
    at_start(&[b"snoop\0\0\0\0\0\0\x02"], "capture of snoop", EDITCAP),
    at_start(&[b"\x05VNF"], "capture of Visual Networks", EDITCAP),
    // The number of the first block, or the footer of a file without any.
    Signature {
        offset: 4,
        any_of: &[b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"],
        is: Foreign {
            title: "file compressed with bzip2",
            step: "bzip2 -dk FILE writes what is inside",
        },
    },
    at_start(
        &[b"\x04\x22\x4d\x18"],
        "file compressed with lz4",
        "lz4 -d FILE writes what is inside",
    ),
    at_start(&[b"LZIP\x01"], "file compressed with lzip", "lzip -dk FILE writes what is inside"),
    at_start(&[b"\xfd7zXZ\0"], "file compressed with xz", "xz -dk FILE writes what is inside"),
    // RFC 8878, section 3.1.1.
    at_start(
        &[b"\x28\xb5\x2f\xfd"],
        "file compressed with Zstandard",
        "zstd -d FILE writes what is inside",
    ),
    // Written in the byte order of its machine; layout 1 is of 1.6 and before, 2 of 1.7.
    at_start(
        &[b"\x0c\xa5\x01\0", b"\x0c\xa5\x02\0", b"\xa5\x0c\0\x01", b"\xa5\x0c\0\x02"],
        "flow records of nfcapd",
        "nfdump -r FILE -o long > FILE.txt writes text that is read",
    ),
    at_start(&[b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n"], "picture", PICTURE),
    at_start(&[b"%PDF-"], "PDF document", PICTURE),
    at_start(
        &[b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\x01\0"],
        "RAR archive",
        "7z x FILE or unrar x FILE writes what is inside",
    ),
    at_start(&[b"7z\xbc\xaf\x27\x1c"], "7z archive", "7z x FILE writes what is inside"),
    at_start(
        &[b"\xde\xad\xbe\xef"],
        "SiLK flow records",
        "rwcut FILE shows them as text that is not read: bring the capture or the flow export \
            they were made from",
    ),
    at_start(
        &[b"SQLite format 3\0"],
        "SQLite database",
        "no database is read: bring the logs as the tool that wrote it exports them",
    ),
    // The header of a trace's first buffer has 72 bytes; the record behind it says of which width
    // the machine was, and that it is a system's.
    Signature {
        offset: 72,
        any_of: &[b"\x02\0\x01\xc0", b"\x02\0\x02\xc0"],
        is: Foreign {
            title: "Windows event trace (ETL)",
            step: "where it holds packets, etl2pcapng FILE FILE.pcapng (of netsh trace) or pktmon \
                etl2pcap FILE (of pktmon) makes a capture of it that is read",
        },
    },
    at_start(
        &[b"ElfFile\0"],
        "Windows event log (evtx)",
        "events of Windows are not read, nor as text: bring the captures and logs of the network",
    ),
];

/// What a file that no reader took is, by its first bytes.
pub fn foreign(head: &[u8]) -> Option<Foreign> {
    let stands = |s: &&Signature| {
        let there = head.get(s.offset..).unwrap_or_default();
        s.any_of.iter().any(|magic| there.starts_with(magic))
    };
    let signed = SIGNATURES.iter().find(stands).map(|s| s.is);
    signed.or_else(|| is_tar(head).then_some(TAR)).or_else(|| exported(head))
}

const TAR: Foreign = Foreign { title: "tar archive", step: "tar -xf FILE writes what is inside" };

/// True for a tar archive: POSIX ustar or GNU's form of it, with the right checksum in its first
/// header. A reader of text would take the members of one for lines of one log, broken where one
/// ends, so this is asked before any reader; a log that only says `ustar` has no such sum.
pub fn is_tar(head: &[u8]) -> bool {
    const LEN: usize = 512;
    const SUM: std::ops::Range<usize> = 148..156;
    const MAGIC: std::ops::Range<usize> = 257..262;
    let Some(header) = head.get(..LEN) else { return false };
    let stated = header.get(SUM).unwrap_or_default().iter().map(|b| char::from(*b));
    let digits: String = stated.filter(char::is_ascii_digit).collect();
    // The field itself counts as spaces.
    let counted = |(at, b): (usize, &u8)| if SUM.contains(&at) { 32 } else { u32::from(*b) };
    let sum: u32 = header.iter().enumerate().map(counted).sum();
    header.get(MAGIC) == Some(b"ustar") && u32::from_str_radix(&digits, 8) == Ok(sum)
}

/// Messages of flow exporters, as a collector without a format of its own stores them. They have no
/// signature: a version and, behind it, a header that fits what follows.
fn exported(head: &[u8]) -> Option<Foreign> {
    let u16_at = |at: usize| {
        let bytes = head.get(at..at + 2)?;
        bytes.try_into().ok().map(u16::from_be_bytes)
    };
    // A set of the templates' ids, or of data by a template; at least its own header long.
    let is_set = |at: usize, templates: [u16; 2]| {
        let is_id = u16_at(at).is_some_and(|id| templates.contains(&id) || id >= 256);
        is_id && u16_at(at + 2).is_some_and(|len| len >= 4)
    };
    let version = u16_at(0)?;
    let title = match (version, u16_at(2)?) {
        // 30 records are as many as a datagram holds; whole when the first packet is whole.
        (5, 1..=30) if head.len() >= 24 + 48 => "NetFlow version 5 messages",
        // RFC 3954, section 5: the flow sets begin at byte 20.
        (9, 1..) if is_set(20, [0, 1]) => "NetFlow version 9 messages",
        // RFC 7011, section 3.1: the sets begin at byte 16.
        (10, 20..) if is_set(16, [2, 3]) => "IPFIX messages",
        _ => return None,
    };
    Some(Foreign { title, step: EXPORTED })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::FORMAT_FOREIGN;
    use crate::session::{FileMeta, Session};
    use crate::settings::Settings;
    use crate::source::{Head, recognise};
    use std::collections::BTreeSet;

    /// The first bytes of files: of those that their own tool wrote, where one was at hand.
    const SAMPLES: &[(&str, &str)] = &[
        ("Argus flow records", "8310002000000000e5712dcb00000000"),
        ("capture of 5View", "aaaaaaaa200000000000010018000000"),
        ("capture of Microsoft Network Monitor", "474d425500020100e8070300010012000e000600"),
        ("capture of Microsoft Network Monitor", "5254535301010100e8070300010012000e000600"),
        ("capture of Sniffer (DOS)", "5452534e4946462064617461202020201a010012000000"),
        ("capture of Sniffer (Windows) or NetXray", "584350003030322e30303100544af86502000000"),
        ("capture of Sniffer (Windows) or NetXray", "584350003030312e31303000544af86502000000"),
        ("capture of snoop", "736e6f6f70000000000000020000000400000053"),
        ("capture of Visual Networks", "05564e4602000000544af8650600ffff01000100"),
        ("file compressed with bzip2", "425a683931415926535947fa37720000"),
        ("file compressed with bzip2", "425a683917724538509000000000"),
        ("file compressed with lz4", "04224d186440a701"),
        ("file compressed with lzip", "4c5a4950010c006a30d1c87d8bf8099b"),
        ("file compressed with xz", "fd377a585a000004e6d6b44602002101"),
        ("file compressed with Zstandard", "28b52ffd647e008d0700940bd4c3b2a1"),
        ("flow records of nfcapd", "0ca5010000000000020000006e6f6e6500"),
        ("flow records of nfcapd", "0ca50200000807f15c00056b00000000"),
        ("flow records of nfcapd", "a50c0001000000000000000200000000"),
        ("flow records of nfcapd", "a50c0002f10708000000000000000000"),
        ("picture", "ffd8ffe000104a46494600010100"),
        ("picture", "47494638376101000100"),
        ("picture", "47494638396101000100"),
        ("picture", "89504e470d0a1a0a0000000d49484452"),
        ("PDF document", "255044462d312e370a25e2e3cfd30a"),
        ("RAR archive", "526172211a0700cf907300000d000000"),
        ("RAR archive", "526172211a07010033927afe0c010505"),
        ("7z archive", "377abcaf271c000457a6d4b8da000000"),
        ("SiLK flow records", "deadbeef000c1001"),
        ("SQLite database", "53514c69746520666f726d6174203300"),
        ("Windows event log (evtx)", "456c6646696c6500000000000000000000"),
        ("IPFIX messages", "000a04186b04f9f700000000000000010002006c0100000c"),
        ("NetFlow version 9 messages", "0009001c0526634a6b04f9f700000000000000010000008001000012"),
    ];

    /// The header of a member of this name.
    fn tar(name: &[u8], magic: &[u8]) -> Vec<u8> {
        let mut header = vec![0; 512];
        header[..name.len()].copy_from_slice(name);
        header[148..156].fill(b' ');
        header[257..257 + magic.len()].copy_from_slice(magic);
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    fn samples() -> Vec<(&'static str, Vec<u8>)> {
        let bytes = |hex: &str| base16ct::lower::decode_vec(hex.as_bytes()).unwrap();
        let mut all: Vec<_> = SAMPLES.iter().map(|(title, hex)| (*title, bytes(hex))).collect();
        let behind = |n: usize, magic: &[u8]| [&vec![b'a'; n], magic].concat();
        all.push((TAR.title, tar(b"GET /a HTTP/1.1", b"ustar\x0000")));
        all.push((TAR.title, tar(b"access.log", b"ustar  \0")));
        all.push(("Windows event trace (ETL)", behind(72, b"\x02\0\x01\xc0")));
        all.push(("Windows event trace (ETL)", behind(72, b"\x02\0\x02\xc0")));
        let v5 = bytes("0005001e0526638d6b04f9f726ebfd4000000000000100000a2803150a280305");
        all.push(("NetFlow version 5 messages", [v5, vec![0; 40]].concat()));
        all
    }

    #[test]
    fn each_is_told_by_its_signature_and_taken_by_no_reader() {
        for (title, head) in samples() {
            assert_eq!(foreign(&head).map(|f| f.title), Some(title));
            for is_whole in [false, true] {
                let taken = recognise(&Head { bytes: &head, is_whole }).map(|f| f.name);
                assert!(taken.is_err(), "{title} is taken as {taken:?}");
            }
        }
        let shown: BTreeSet<_> = samples().into_iter().map(|(title, _)| title).collect();
        assert!(SIGNATURES.iter().all(|s| shown.contains(s.is.title)));
    }

    #[test]
    fn each_spelling_of_a_signature_is_whole_and_one_file_is_one_format() {
        for row in SIGNATURES {
            for magic in row.any_of {
                let head = [&vec![b' '; row.offset], *magic].concat();
                let fitting = SIGNATURES.iter().filter(|other| {
                    let there = head.get(other.offset..).unwrap_or_default();
                    other.any_of.iter().any(|magic| there.starts_with(magic))
                });
                assert_eq!(fitting.count(), 1, "{}", row.is.title);
                assert_eq!(foreign(&head), Some(row.is));
                let mut other = head.clone();
                *other.last_mut().unwrap() ^= 0x20;
                assert_eq!(foreign(&head[..head.len() - 1]), None, "{}", row.is.title);
                assert_ne!(foreign(&other), Some(row.is), "{}", row.is.title);
            }
        }
    }

    #[test]
    fn a_tar_archive_of_logs_is_no_log_and_a_log_that_says_ustar_is_no_archive() {
        let line =
            br#"192.0.2.1 - - [15/Nov/2023:02:13:20 +0000] "GET /b HTTP/1.1" 200 9 "-" "u/1""#;
        let log = [&line[..], b"\n"].concat().repeat(8);
        let mut lying = log.clone();
        lying[257..262].copy_from_slice(b"ustar");
        for (bytes, is_read) in [
            (log.clone(), true),
            (lying, true),
            ([tar(b"a.log", b"ustar  \0"), log].concat(), false),
        ] {
            let mut session = Session::new(Settings::default());
            let file = session.open(FileMeta::default());
            session.feed(file, &bytes);
            session.close(file);
            let report = session.report();
            assert_eq!(report.records.contains_key("http"), is_read);
            let is_told = report.notes.iter().any(|n| n.code == FORMAT_FOREIGN.code);
            assert_eq!(is_told, !is_read);
            assert_eq!(report.sources[0].refusals.is_empty(), is_read);
        }
    }

    #[test]
    fn a_version_alone_makes_no_export() {
        assert_eq!(foreign(&[0, 5, 0, 31].repeat(30)), None, "more records than fit a datagram");
        assert_eq!(foreign(&[0, 10, 0, 19].repeat(30)), None, "shorter than its header and a set");
        assert_eq!(foreign(&[0, 9, 0, 1].repeat(30)), None, "no flow set has this id");
        assert_eq!(foreign(b""), None);
    }

    #[test]
    fn the_note_says_what_the_file_is_and_what_makes_it_readable() {
        let mut session = Session::new(Settings::default());
        let file = session.open(FileMeta::default());
        session.feed(file, b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46");
        session.close(file);
        let report = session.report();
        let note = &report.notes[0];
        assert_eq!((note.code.as_str(), report.notes.len()), (FORMAT_FOREIGN.code, 1));
        assert_eq!(
            note.earliest[0].detail,
            "file compressed with xz: xz -dk FILE writes what is inside"
        );
        assert_eq!(report.sources[0].format_title.as_deref(), Some("file compressed with xz"));
        assert!(!report.sources[0].refusals.is_empty());
    }
}
