//! Captures of two taps that overlap in time give the records, findings and carved packets of one
//! capture that holds the packets of both once, whatever the order and the cut of their bytes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::event::NodeId;
use offwire_core::report::Report;
use offwire_core::session::Session;
use offwire_core::source::HEAD;
use offwire_tests::lcg::Lcg;
use offwire_tests::parts::{carved, findings, packets, rows, zipped};
use offwire_tests::read::{How, Input, read};
use offwire_tests::repo::corpus_or_skip;

/// Captures of many connections, commands and their data connections, fragments, tunnels, a scan.
const CAPTURES: [&str; 5] = [
    "frag/pcpp__ip4_fragments.pcap",
    "ftp/lab_ftp_lab.pcap",
    "http/lab_http_lab.pcap",
    "tls/ja4__tls-handshake.pcapng",
    "tunnel/arkime__gtp-iphone.pcap",
];

fn input(name: &str, bytes: Vec<u8>) -> Input {
    Input { name: name.to_owned(), bytes }
}

/// The packets of a capture that `is_in` wants, by their number from 0.
fn some(bytes: &[u8], is_in: impl Fn(usize) -> bool) -> Vec<u8> {
    let (head, ends) = packets(bytes);
    let mut out = bytes[..head].to_vec();
    let mut start = head;
    for (i, end) in ends.into_iter().enumerate() {
        if is_in(i) {
            out.extend(&bytes[start..end]);
        }
        start = end;
    }
    out
}

/// A little-endian pcap as another tap has it: later by some microseconds, each IPv4 packet behind
/// one more router and in a VLAN.
fn elsewhere(bytes: &[u8], later: u32) -> Vec<u8> {
    let (head, ends) = packets(bytes);
    let mut out = bytes[..head].to_vec();
    let mut start = head;
    for end in ends {
        let record = &bytes[start..end];
        let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let micros = word(4) + later;
        let mut data = record[16..].to_vec();
        let is_tagged = data.get(12..14) == Some(&[8, 0]);
        if is_tagged {
            data[22] = data[22].wrapping_sub(1);
            data.splice(12..12, [0x81, 0, 0, 7]);
        }
        let more = if is_tagged { 4 } else { 0 };
        for n in [word(0) + micros / 1_000_000, micros % 1_000_000, word(8) + more, word(12) + more]
        {
            out.extend(n.to_le_bytes());
        }
        out.extend(data);
        start = end;
    }
    out
}

/// A little-endian pcap with one packet each 150 milliseconds: at equal times nobody knows which of
/// two taps saw the first, and what a host repeats sooner may be one packet by two clocks. Any other capture as it is.
fn spread(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) {
        return bytes;
    }
    let (mut at, ends) = packets(&bytes);
    let mut out = bytes;
    let first = u32::from_le_bytes(out[at..at + 4].try_into().unwrap());
    for (i, end) in (0u32..).zip(ends) {
        out[at..at + 4].copy_from_slice(&(first + i * 3 / 20).to_le_bytes());
        out[at + 4..at + 8].copy_from_slice(&(i * 3 % 20 * 50_000).to_le_bytes());
        at = end;
    }
    out
}

/// What a case shows, but for places: rows, findings, carved packets.
type Shown = (Vec<String>, Vec<String>, Vec<(u64, Vec<u8>)>);

fn shown(inputs: &[Input], how: &How) -> (Shown, Report) {
    let mut session: Session = read(inputs, how);
    let report = session.report();
    ((rows(&session), findings(&session), carved(&mut session, inputs)), report)
}

/// The two cases must show the same.
fn assert_same(got: &Shown, want: &Shown, what: &str) {
    let first = got.0.iter().zip(&want.0).find(|(a, b)| a != b);
    assert!(got.0 == want.0, "{what}: {} and {} rows, {first:#?}", got.0.len(), want.0.len());
    assert_eq!(got.1, want.1, "{what}");
    assert!(got.2 == want.2, "{what}: {} and {} carved", got.2.len(), want.2.len());
}

fn count(report: &Report, name: &str) -> u64 {
    report.sources.iter().filter_map(|s| s.counters.get(name)).sum()
}

#[test]
fn what_two_taps_saw_counts_once() {
    let Some(root) = corpus_or_skip("taps") else { return };
    for name in CAPTURES {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let (want, one) = shown(&[input("one", bytes.clone())], &How::default());
        assert!(!want.0.is_empty() && !want.2.is_empty(), "{name}");
        let is_pcap = !name.ends_with("ng");
        let later = if is_pcap { elsewhere(&bytes, 300) } else { bytes.clone() };
        let taps = [input("b", bytes.clone()), input("a", later.clone())];
        for chunk in [usize::MAX, 1000] {
            let (got, both) = shown(&taps, &How::cut(chunk));
            assert_same(&got, &want, &format!("{name} in {chunk}"));
            assert_eq!(count(&both, "packets"), 2 * count(&one, "packets"));
            let n = count(&one, "packets decoded") + count(&one, "packets held as IP fragments");
            let twice = count(&both, "packets seen twice") - 2 * count(&one, "packets seen twice");
            assert!(twice >= n, "{name}: {twice} of {n}");
            assert_eq!(both.sources[1].beside, Some(NodeId(0)), "{name}");
            let note = both.notes.iter().find(|n| n.code == "capture-beside").unwrap();
            let said = &note.earliest[0].detail;
            assert!(said.ends_with("packets are in both"), "{said}");
        }
    }
}

#[test]
fn what_each_of_two_taps_saw_in_part_is_whole() {
    let Some(root) = corpus_or_skip("taps") else { return };
    // Times of a pcapng are not spread.
    for name in CAPTURES.into_iter().filter(|name| !name.ends_with("ng")) {
        let bytes = spread(std::fs::read(root.join(name)).unwrap());
        let want = shown(&[input("one", bytes.clone())], &How::default()).0;
        let n = packets(&bytes).1.len();
        // In turn; by chance; most of it twice, of which each has one end.
        let lots: Vec<usize> = {
            let mut lcg = Lcg::new(7);
            (0..n).map(|_| lcg.below(2)).collect()
        };
        let parts: [(&str, [Vec<u8>; 2]); 3] = [
            ("in turn", [some(&bytes, |i| i % 2 == 0), some(&bytes, |i| i % 2 == 1)]),
            ("by chance", [some(&bytes, |i| lots[i] == 0), some(&bytes, |i| lots[i] == 1)]),
            ("overlapping", [some(&bytes, |i| i < n * 7 / 10), some(&bytes, |i| i > n * 4 / 10)]),
        ];
        for (how, [a, b]) in parts {
            for [a, b] in [[a.clone(), zipped(&b)], [zipped(&a), b]] {
                let taps = [input("z", b), input("a", a)];
                let (got, _) = shown(&taps, &How::cut(4096));
                assert_same(&got, &want, &format!("{name} {how}"));
            }
        }
    }
}

#[test]
fn a_ring_of_each_tap_is_as_good_as_one_capture_of_each() {
    let Some(root) = corpus_or_skip("taps") else { return };
    let bytes = spread(std::fs::read(root.join("http/lab_http_lab.pcap")).unwrap());
    let want = shown(&[input("one", bytes.clone())], &How::default()).0;
    let later = elsewhere(&bytes, 300);
    let n = packets(&bytes).1.len();
    for parts in [2, 5] {
        let ring = |tap: &str, bytes: &[u8], parts: usize| -> Vec<Input> {
            let part = |k: usize| some(bytes, |i| i * parts / n == k);
            (0..parts).map(|k| input(&format!("{tap}_{k}.pcap"), part(k))).collect()
        };
        let mut files = [ring("east", &bytes, parts), ring("west", &later, parts + 1)].concat();
        Lcg::new(3).shuffle(&mut files);
        let (got, report) = shown(&files, &How::default());
        assert_same(&got, &want, &format!("{parts} files"));
        let is_shown = |name: &str| {
            let source = report.sources.iter().find(|s| s.name == name).unwrap();
            let of = source.continues.map(|id| report.sources[id.0 as usize].name.clone());
            of.is_some_and(|of| of[..4] == name[..4])
        };
        assert!(is_shown("east_1.pcap") && is_shown("west_1.pcap"), "{:#?}", report.notes);
    }
}

#[test]
fn captures_of_other_traffic_at_the_same_time_change_nothing() {
    let Some(root) = corpus_or_skip("taps") else { return };
    let bytes = |name: &str| std::fs::read(root.join(name)).unwrap();
    let (ftp, http) = (bytes("ftp/lab_ftp_lab.pcap"), bytes("http/lab_http_lab.pcap"));
    // The one is moved to the time of the other.
    let second = |bytes: &[u8]| u32::from_le_bytes(bytes[24..28].try_into().unwrap());
    let shift = second(&ftp).wrapping_sub(second(&http));
    let mut moved = http.clone();
    let (mut at, ends) = packets(&http);
    for end in ends {
        let secs = u32::from_le_bytes(moved[at..at + 4].try_into().unwrap());
        moved[at..at + 4].copy_from_slice(&secs.wrapping_add(shift).to_le_bytes());
        at = end;
    }
    let alone = |name: &str, bytes: &[u8]| shown(&[input(name, bytes.to_vec())], &How::default());
    let ((mut want, ..), _) = alone("ftp", &ftp);
    want.extend(alone("http", &moved).0.0);
    want.sort();
    let ((got, ..), report) = shown(&[input("ftp", ftp), input("http", moved)], &How::default());
    let first = got.iter().zip(&want).find(|(a, b)| a != b);
    assert!(got == want, "{} and {}: {first:#?}", got.len(), want.len());
    assert!(report.sources.iter().all(|s| s.beside.is_none()));
}

/// A capture of datagrams between two hosts, each by its time in seconds and whether it is an answer.
fn datagrams(at: &[(u32, bool)]) -> Vec<u8> {
    const RAW_IP: u32 = 101;
    let mut out: Vec<u8> = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 0xffff, RAW_IP]
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect();
    for (secs, is_answer) in at {
        let ends = if *is_answer { [2, 1] } else { [1, 2] };
        let ip = [0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, ends[0], 10, 0, 0, ends[1]];
        let udp = [7, 200 + ends[0], 7, 200 + ends[1], 0, 9, 0, 0, b'x'];
        for word in [*secs, 0, 29, 29] {
            out.extend(word.to_le_bytes());
        }
        out.extend(ip.iter().chain(&udp));
    }
    out
}

#[test]
fn a_packet_that_leapt_in_time_goes_before_the_next_whenever_the_other_capture_ends() {
    const BEGIN: u32 = 1_700_000_000;
    const HOUR: u32 = 3600;
    // Behind the bytes that its format is told by: from there on it is read in pieces. Each packet leaps
    // farther than a clock goes on by itself, so each waits for the next.
    let mut leaping = vec![(BEGIN, false); 2 * HEAD / 45];
    leaping.extend([2 * HOUR, 3 * HOUR, 4 * HOUR].map(|secs| (BEGIN + secs, false)));
    let inputs = [
        input("leaping", datagrams(&leaping)),
        input("beside", datagrams(&[(BEGIN + HOUR, true)])),
    ];
    let (want, _) = shown(&inputs, &How::default());
    for len in [9, 45, 100, 180] {
        let (got, _) = shown(&inputs, &How::cut(len));
        assert_same(&got, &want, &format!("in pieces of {len}"));
    }
}
