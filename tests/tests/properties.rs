//! What must hold for any evidence: cut, ordered, damaged, seeded in any way. Over all cases, and
//! over the corpus where there is one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::settings::{Caps, Settings};
use offwire_tests::cases::{cases, evidence, evidence_up_to};
use offwire_tests::lcg::Lcg;
use offwire_tests::outcome::outcome;
use offwire_tests::read::{How, Input, Reading, read};
use std::collections::BTreeSet;

/// Sizes of pieces that evidence is cut into. One byte shows every place where a reader forgets
/// what it had; 7 and 4096 meet other boundaries.
const CHUNKS: [usize; 3] = [1, 7, 4096];

/// Everything that a host can see, as text.
fn all(inputs: &[Input], how: &How) -> String {
    serde_json::to_string_pretty(&read(inputs, how).report()).unwrap()
}

fn same(what: &str, a: &str, b: &str) {
    let line = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    let at = |text: &str| {
        text.lines().skip(line.saturating_sub(2)).take(6).collect::<Vec<_>>().join("\n")
    };
    assert!(a == b, "{what}, line {}:\n{}\n---\n{}", line + 1, at(a), at(b));
}

#[test]
fn chunks_any_cut_of_the_bytes_gives_the_same_report() {
    for (name, inputs) in evidence("chunks").unwrap() {
        let _reading = Reading(&name);
        let whole = all(&inputs, &How::default());
        for chunk in CHUNKS {
            same(&format!("{name} in pieces of {chunk}"), &whole, &all(&inputs, &How::cut(chunk)));
        }
    }
}

/// Larger files of the corpus are read in pieces of no round size, and in pieces of all sizes: byte by
/// byte they would take minutes.
#[test]
fn chunks_any_cut_of_large_files_gives_the_same_report() {
    let small: BTreeSet<String> = evidence("chunks").unwrap().into_iter().map(|(n, _)| n).collect();
    let larger = evidence_up_to("chunks", u64::MAX).unwrap();
    for (name, inputs) in larger.into_iter().filter(|(name, _)| !small.contains(name)) {
        let _reading = Reading(&name);
        let whole = all(&inputs, &How::default());
        let ragged = How { ragged: Some(3), ..How::cut(9000) };
        for (how, said) in [(How::cut(1501), "pieces of 1501"), (ragged, "pieces of all sizes")] {
            same(&format!("{name} in {said}"), &whole, &all(&inputs, &how));
        }
    }
}

#[test]
fn order_any_order_of_files_gives_the_same_report() {
    for case in cases().unwrap() {
        let _reading = Reading(&case.id);
        let whole = all(&case.inputs, &How::default());
        let mut inputs = case.inputs.clone();
        for seed in 0..4 {
            Lcg::new(seed).shuffle(&mut inputs);
            same(&case.id, &whole, &all(&inputs, &How::default()));
        }
    }
}

#[test]
fn order_any_order_of_events_gives_the_same_findings_with_any_caps() {
    let tiny = Caps {
        flows: 8,
        streams: 8,
        records: 8,
        keys: 8,
        checkpoints: 8,
        networks: 8,
        secrets: 8,
        notes: 8,
    };
    for caps in [Caps::default(), tiny] {
        let settings = Settings { caps, ..Settings::default() };
        for case in cases().unwrap() {
            let _reading = Reading(&case.id);
            let of = |reversed| {
                let how = How { settings: settings.clone(), reversed, ..How::default() };
                outcome(&read(&case.inputs, &how).report())
            };
            same(&case.id, &of(false), &of(true));
        }
    }
}

#[test]
fn what_a_report_leaves_out_is_the_same_when_it_is_asked_for() {
    for case in cases().unwrap() {
        let _reading = Reading(&case.id);
        let session = read(&case.inputs, &How::default());
        let whole = session.report().findings;
        let wanted: Vec<_> = whole.iter().map(|f| (f.rule.to_owned(), f.key.clone())).collect();
        let asked: Vec<_> = session.findings(&wanted).into_iter().flatten().collect();
        assert!(asked == whole, "{}", case.id);
    }
}

#[test]
fn seeds_do_not_matter() {
    for (name, inputs) in evidence("seeds").unwrap() {
        let _reading = Reading(&name);
        let with = |seed| {
            let settings = Settings { seed, ..Settings::default() };
            all(&inputs, &How { settings, ..How::default() })
        };
        same(&name, &with(1), &with(0xdead_beef));
    }
}

#[test]
fn cut_any_beginning_of_a_file_is_read_to_its_end() {
    for (name, inputs) in evidence("cut").unwrap() {
        let mut lcg = Lcg::new(7);
        for input in &inputs {
            let _reading = Reading(&name);
            for _ in 0..20 {
                let end = lcg.below(input.bytes.len() + 1);
                let bytes = input.bytes.get(..end).unwrap_or_default().to_vec();
                let cut = [Input { name: input.name.clone(), bytes }];
                let report = read(&cut, &How::default()).report();
                assert!(report.sources.iter().all(|s| s.is_done || s.format.is_none()));
                same(
                    &format!("{name} cut at {end}"),
                    &all(&cut, &How::cut(7)),
                    &all(&cut, &How::cut(4096)),
                );
            }
        }
    }
}

#[test]
fn flip_damaged_bytes_are_read_to_their_end_in_any_chunks() {
    for (name, inputs) in evidence("flip").unwrap() {
        let mut lcg = Lcg::new(11);
        for input in &inputs {
            let _reading = Reading(&name);
            for n_flips in [1, 4, 16, 64] {
                let mut bytes = input.bytes.clone();
                for _ in 0..n_flips {
                    let at = lcg.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << lcg.below(8);
                    }
                }
                let damaged = [Input { name: input.name.clone(), bytes }];
                same(
                    &format!("{name} with {n_flips} flips"),
                    &all(&damaged, &How::cut(7)),
                    &all(&damaged, &How::default()),
                );
            }
        }
    }
}
