//! What must hold between our records and those of Zeek and of Suricata, over all captures.

use crate::compare::{Count, Tally};
use crate::sources::ZEEK;
use std::collections::BTreeMap;

/// Values that are equal, in percent of those of a log.
const EQUAL: f64 = 98.0;
/// Values that differ for a known cause, at most.
const EXPLAINED: f64 = 5.0;
/// Zeek's connections that we have, in percent.
const CONNECTIONS: f64 = 99.0;
/// Logs that come from Suricata's tests. Each of these tests looks at a few values of one kind, so
/// they are judged together.
const SURICATA: &str = "eve-";

/// What does not hold, in words.
pub(crate) fn missed(tallies: &BTreeMap<&'static str, Tally>) -> Vec<String> {
    let mut missed = Vec::new();
    let mut judge = |name: &str, count: Count| {
        let (equal, explained, left) = (count.equal(), count.explained(), count.unexplained());
        if equal < EQUAL || explained > EXPLAINED || left > 0 {
            missed.push(format!(
                "{name}: {equal:.2} % equal, {explained:.2} % explained, {left} neither"
            ));
        }
    };
    for (name, _) in ZEEK {
        if let Some(tally) = tallies.get(name) {
            judge(name, tally.all_fields());
        }
    }
    let mut suricata = Count::default();
    for (_, tally) in tallies.iter().filter(|(name, _)| name.starts_with(SURICATA)) {
        suricata.add(tally.all_fields());
    }
    judge("eve", suricata);
    let connections = tallies.get("conn").map_or(0.0, Tally::rows_found);
    if connections < CONNECTIONS {
        missed.push(format!("conn: {connections:.2} % of rows found"));
    }
    missed
}
