//! Every case gives what its folder says, alone and together, renamed, gzipped, zipped, in any order.

use flate2::Compression;
use flate2::write::GzEncoder;
use offwire_core::session::zip;
use offwire_tests::archive::archive;
use offwire_tests::cases::{Case, cases, expect};
use offwire_tests::outcome::{findings, outcome};
use offwire_tests::read::{How, Input, Reading, read};
use offwire_tests::repo::root;
use std::io::Write;

fn outcome_of(inputs: &[Input]) -> String {
    outcome(&read(inputs, &How::default()).report())
}

#[test]
fn every_case_gives_what_its_folder_says() {
    let mut wrong = Vec::new();
    for case in cases().unwrap() {
        let _reading = Reading(&case.id);
        wrong.extend(expect(&case.path.join("expect.txt"), &outcome_of(&case.inputs)).err());
        let single = case.path.join("expect");
        if single.is_dir() {
            for input in &case.inputs {
                let path = single.join(format!("{}.txt", input.name));
                wrong.extend(expect(&path, &outcome_of(std::slice::from_ref(input))).err());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_says_what_it_is_where_it_is_from_and_its_licence() {
    for Case { id, path, inputs } in cases().unwrap() {
        assert!(!inputs.is_empty(), "{id} has no evidence");
        let readme = std::fs::read_to_string(path.join("README.md")).unwrap_or_default();
        assert!(readme.contains("Licence:"), "{id}/README.md names no licence");
        assert!(readme.contains("From:"), "{id}/README.md does not say where it is from");
    }
}

#[test]
fn names_do_not_matter() {
    for case in cases().unwrap() {
        let _reading = Reading(&case.id);
        let renamed: Vec<Input> = (0..)
            .zip(case.inputs.iter().rev())
            .map(|(i, input)| Input { name: format!("{i}.bin"), bytes: input.bytes.clone() })
            .collect();
        assert_eq!(outcome_of(&case.inputs), outcome_of(&renamed));
    }
}

/// Those whose files are no archives: archives are not opened in a container.
fn without_archives(cases: Vec<Case>) -> impl Iterator<Item = Case> {
    let is_archive = |i: &Input| {
        let head = |_, len| i.bytes.get(..len as usize).unwrap_or(&i.bytes).to_vec();
        zip::list("", i.bytes.len() as u64, &mut { head }).is_some()
    };
    cases.into_iter().filter(move |c| !c.inputs.iter().any(is_archive))
}

#[test]
fn gzip_around_evidence_does_not_matter() {
    for case in without_archives(cases().unwrap()) {
        let _reading = Reading(&case.id);
        let zipped: Vec<Input> = case
            .inputs
            .iter()
            .map(|input| {
                let mut to = GzEncoder::new(Vec::new(), Compression::default());
                to.write_all(&input.bytes).unwrap();
                Input { name: format!("{}.gz", input.name), bytes: to.finish().unwrap() }
            })
            .collect();
        let plain = read(&case.inputs, &How::default()).report();
        let packed = read(&zipped, &How::default()).report();
        assert_eq!(findings(&plain), findings(&packed));
        assert_eq!(plain.records, packed.records);
    }
}

#[test]
fn one_zip_archive_of_a_case_gives_what_its_files_give() {
    let mut n = 0;
    for case in without_archives(cases().unwrap()) {
        let _reading = Reading(&case.id);
        let plain = read(&case.inputs, &How::default()).report();
        let packed = [Input { name: "case.zip".into(), bytes: archive(&case.inputs) }];
        let packed = read(&packed, &How::default()).report();
        assert_eq!(findings(&plain), findings(&packed));
        assert_eq!(plain.records, packed.records);
        // The archive itself is one more.
        assert_eq!(plain.sources.len() + 1, packed.sources.len());
        n += 1;
    }
    assert!(n > 5);
}

#[test]
fn a_rule_whose_events_never_came_is_blind_and_one_that_looked_is_not() {
    let article = cases().unwrap().into_iter().find(|c| c.id == "article").unwrap();
    let dns = article.inputs.into_iter().filter(|i| i.name == "dns.log").collect::<Vec<_>>();
    let coverage = read(&dns, &How::default()).report().coverage;
    let is_blind = |id: &str| coverage.iter().find(|c| c.rule == id).unwrap().is_blind;
    assert!(is_blind("web-recon") && !is_blind("fast-flux"));
}

#[test]
fn a_note_of_packets_seen_twice_says_how_many() {
    let case = root().join("tests/cases/capture-files/input/pcap-le.pcap");
    let plain = std::fs::read(case).unwrap();
    let (head, mut rest) = plain.split_at(24);
    let (mut doubled, mut n) = (head.to_vec(), 0);
    while let Some((of_record, _)) = rest.split_at_checked(16) {
        let len = u32::from_le_bytes(of_record[8..12].try_into().unwrap()) as usize;
        let (record, behind) = rest.split_at(16 + len);
        doubled.extend([record, record].concat());
        (rest, n) = (behind, n + 1);
    }
    let input = Input { name: "doubled.pcap".into(), bytes: doubled };
    let report = read(&[input], &How::default()).report();
    let note = report.notes.iter().find(|n| n.code == "packet-seen-twice").unwrap();
    assert!(n > 1);
    assert_eq!((note.count, note.places), (n, 1));
    assert_eq!(report.sources[0].counters["packets seen twice"], n);
}
