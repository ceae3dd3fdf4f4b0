//! Our records are those of Zeek and Suricata: what `./x peers` prints, held to its aims.

use offwire_tests::repo::corpus_or_skip;
use std::process::Command;

#[test]
fn records_are_those_of_zeek_and_suricata() {
    let Some(corpus) = corpus_or_skip("records_are_those_of_zeek_and_suricata") else { return };
    let peers =
        Command::new(env!("CARGO_BIN_EXE_peers")).env("OFFWIRE_CORPUS", corpus).output().unwrap();
    let text = String::from_utf8_lossy(&peers.stdout);
    assert!(text.contains("\nconn\n"), "nothing was compared: {text}");
    assert!(peers.status.success(), "{text}");
}
