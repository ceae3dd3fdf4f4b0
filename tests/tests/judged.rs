//! Each rule against its table of what it must find and what it must leave in peace.

use offwire_core::detect::RULES;
use offwire_core::records::RowQuery;
use offwire_tests::judged::{Reports, judge, tables};
use offwire_tests::made;
use offwire_tests::read::{How, read};
use offwire_tests::repo::skip;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Prints a line for each rule, past the test harness: `./x test` shows them again at its end.
#[test]
fn every_rule_reaches_the_floors_of_its_table() {
    let (mut reports, mut below, mut skipped) = (Reports::default(), Vec::new(), 0);
    for table in tables().unwrap() {
        let score = judge(&table, &mut reports).unwrap();
        skipped += score.skipped;
        let _ = writeln!(
            io::stderr(),
            "\nJUDGED {}: {} of {} found, {} of {} look-alikes quiet, precision {:.2}, recall {:.2}{}",
            table.rule,
            score.hits,
            score.positives,
            score.quiet,
            score.negatives,
            score.precision(),
            score.recall(),
            score.wrong.iter().map(|w| format!("\n  not as it should be: {w}")).collect::<String>()
        );
        if score.precision() < table.precision || score.recall() < table.recall {
            below.push(format!("{}\n{}", table.rule, score.wrong.join("\n")));
        }
    }
    if skipped > 0 {
        skip(
            "every_rule_reaches_the_floors_of_its_table",
            &format!("no corpus for {skipped} rows"),
        );
    }
    assert!(below.is_empty(), "below their floors:\n{}", below.join("\n"));
}

#[test]
fn every_rule_has_a_table_and_every_made_sample_a_row() {
    let tables = tables().unwrap();
    let named: Vec<&str> = tables.iter().map(|t| t.rule.as_str()).collect();
    assert_eq!(named, RULES.iter().map(|r| r.id).collect::<Vec<_>>());
    for table in &tables {
        // What a rule must be judged by at least.
        let least = match table.rule.as_str() {
            "fast-flux" | "server-name-mismatch" => 10,
            _ => 1,
        };
        let fire = table.rows.iter().filter(|r| r.must_fire).count();
        assert!(fire >= least && table.rows.len() - fire >= least, "{}", table.rule);
    }
    let rows = tables.iter().flat_map(|t| &t.rows);
    let used: BTreeSet<&str> = rows.filter_map(|r| r.sample.strip_prefix("made ")).collect();
    let unused: Vec<&str> = made::samples().into_keys().filter(|n| !used.contains(n)).collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn made_samples_are_the_same_in_every_run_and_read_without_trouble() {
    for name in made::samples().into_keys() {
        let (once, again) = (made::sample(name).unwrap(), made::sample(name).unwrap());
        let bytes = |all: &[offwire_tests::read::Input]| {
            all.iter().map(|i| i.bytes.clone()).collect::<Vec<_>>()
        };
        assert_eq!(bytes(&once), bytes(&again), "{name}");
        let notes = read(&once, &How::default()).report().notes;
        assert!(notes.is_empty(), "{name}: {notes:?}");
    }
}

#[test]
fn the_filter_of_a_finding_shows_rows() {
    for name in made::samples().into_keys() {
        let mut session = read(&made::sample(name).unwrap(), &How::default());
        for f in session.report().findings {
            let Some((kind, filter)) = f.evidence.filter else { continue };
            let kind = offwire_core::event::Kind::from_path(&kind).unwrap();
            let query = RowQuery { filter: filter.clone(), ..RowQuery::all(kind) };
            let rows = session.rows(&query).unwrap();
            assert!(rows.matching > 0, "{name}: {}: {filter} shows nothing", f.title);
        }
    }
}
