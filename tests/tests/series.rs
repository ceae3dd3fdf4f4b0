//! A capture that was cut into files between its packets gives the records, findings and
//! carved packets of the whole, whatever order the files are dropped in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_tests::lcg::Lcg;
use offwire_tests::parts::{carved, findings, packets, rows, zipped};
use offwire_tests::read::{How, Input, read};
use offwire_tests::repo::corpus_or_skip;

/// Cuts a little-endian capture into `n` of about as many packets. Some are compressed, and no name
/// says anything about the order.
fn cut(bytes: &[u8], n: usize) -> Vec<Input> {
    let (head, ends) = packets(bytes);
    let each = ends.len().div_ceil(n);
    let mut start = head;
    let parts = ends.chunks(each).enumerate().map(|(i, ends)| {
        let end = *ends.last().unwrap();
        let part = [&bytes[..head], &bytes[start..end]].concat();
        start = end;
        let bytes = if i % 3 == 1 { zipped(&part) } else { part };
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let name = [letter(i * 7), letter(i * 11 + i / 26), letter(i / 26), '.', letter(i)];
        Input { name: name.iter().collect(), bytes }
    });
    parts.collect()
}

#[test]
fn files_of_one_capture_are_one_in_any_order() {
    let Some(root) = corpus_or_skip("series") else { return };
    // Fragments that a cut parts; commands and their data connections; many short connections; a
    // scan; blocks of pcapng; tunnels.
    for name in [
        "frag/pcpp__ip4_fragments.pcap",
        "ftp/lab_ftp_lab.pcap",
        "http/lab_http_lab.pcap",
        "detect-fronting/lab_fronting_lab_dsb.pcapng",
        "tls/ja4__tls-handshake.pcapng",
        "tunnel/arkime__gtp-iphone.pcap",
    ] {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let whole = [Input { name: "whole".to_owned(), bytes: bytes.clone() }];
        let mut session = read(&whole, &How::default());
        let want = (rows(&session), findings(&session), carved(&mut session, &whole));
        assert!(!want.0.is_empty() && !want.2.is_empty(), "{name}");
        for n in [2, 7, 50] {
            let mut parts = cut(&bytes, n);
            Lcg::new(n as u64).shuffle(&mut parts);
            let mut session = read(&parts, &How::default());
            let got = rows(&session);
            let first = got.iter().zip(&want.0).find(|(a, b)| a != b);
            let counts = (got.len(), want.0.len());
            assert!(got == want.0, "{name} in {n}: {counts:?}, {first:#?}");
            assert_eq!(findings(&session), want.1, "{name} in {n}");
            assert!(carved(&mut session, &parts) == want.2, "{name} in {n}: carved");
        }
    }
}
