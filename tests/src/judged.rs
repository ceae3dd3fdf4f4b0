//! The judged tables: for each rule, what it must find and what it must leave in peace.
//!
//! `tests/judged/RULE.tsv` begins with `# precision P recall R`, the least that the rule may reach,
//! and a header. Each row names a sample (`made NAME`, `case ID` or `case ID/FILE`, `corpus PATH`),
//! says `fire` or `quiet`, and the severity: of a finding to fire at least, of what may be said of a
//! look-alike at most (`none` for nothing at all). `about` is in the title of the finding that is
//! meant, or in those that must not be there; `-` means any of the rule.

use crate::cases::cases;
use crate::made;
use crate::read::{How, Input, read};
use crate::repo::{corpus, root};
use offwire_core::report::{Finding, Report, Severity};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What is read.
    pub sample: String,
    /// True when the rule must fire.
    pub must_fire: bool,
    /// The severity to reach, or not to exceed; `None` for `none`.
    pub severity: Option<Severity>,
    /// What the titles of the findings meant hold.
    pub about: String,
}

/// A rule's table.
#[derive(Debug)]
pub struct Table {
    /// The rule's id.
    pub rule: String,
    /// Least precision.
    pub precision: f64,
    /// Least recall.
    pub recall: f64,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// What became of a table.
#[derive(Debug, Default)]
pub struct Score {
    /// Rows that must fire, and did.
    pub hits: usize,
    /// Rows that must fire.
    pub positives: usize,
    /// Look-alikes left in peace.
    pub quiet: usize,
    /// Look-alikes.
    pub negatives: usize,
    /// Rows whose evidence is not there.
    pub skipped: usize,
    /// What went wrong, row by row.
    pub wrong: Vec<String>,
}

impl Score {
    /// Of what was said, the share that is right.
    pub fn precision(&self) -> f64 {
        let false_alarms = self.negatives - self.quiet;
        share(self.hits, self.hits + false_alarms)
    }

    /// Of what there is, the share that was said.
    pub fn recall(&self) -> f64 {
        share(self.hits, self.positives)
    }
}

fn share(n: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { n as f64 / of as f64 }
}

/// Every table, by the names of their files.
///
/// # Errors
/// With what is wrong about a table's form.
pub fn tables() -> Result<Vec<Table>, String> {
    let folder = root().join("tests/judged");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "tsv"));
    paths.sort();
    paths.iter().map(|p| table(p)).collect()
}

fn table(path: &Path) -> Result<Table, String> {
    let wrong = |what: &str| format!("{}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|e| wrong(&e.to_string()))?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let ["#", "precision", precision, "recall", recall] = head.as_slice() else {
        return Err(wrong("the first line states no floors"));
    };
    let floor = |t: &str| t.parse::<f64>().map_err(|e| wrong(&e.to_string()));
    if lines.next() != Some("sample\tmust\tseverity\tabout\twhat it is\torigin") {
        return Err(wrong("the second line is not the header"));
    }
    let rows = lines.map(|l| row(l).ok_or_else(|| wrong(l))).collect::<Result<_, _>>()?;
    let rule = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Table { rule, precision: floor(precision)?, recall: floor(recall)?, rows })
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [sample, must, severity, about, what, origin] = cells.as_slice() else { return None };
    let must_fire = match *must {
        "fire" => true,
        "quiet" => false,
        _ => return None,
    };
    let severity = match *severity {
        "none" if !must_fire => None,
        "info" => Some(Severity::Info),
        "low" => Some(Severity::Low),
        "medium" => Some(Severity::Medium),
        "high" => Some(Severity::High),
        _ => return None,
    };
    let about = if *about == "-" { String::new() } else { (*about).to_owned() };
    let is_told = !what.is_empty() && !origin.is_empty();
    is_told.then(|| Row { sample: (*sample).to_owned(), must_fire, severity, about })
}

/// Reports of samples, each read once.
#[derive(Debug, Default)]
pub struct Reports(BTreeMap<String, Option<Report>>);

impl Reports {
    /// The report of a sample; `None` when its evidence is not there.
    ///
    /// # Errors
    /// When there is no sample of this name.
    pub fn of(&mut self, sample: &str) -> Result<Option<&Report>, String> {
        if !self.0.contains_key(sample) {
            let report = inputs(sample)?.map(|all| read(&all, &How::default()).report());
            self.0.insert(sample.to_owned(), report);
        }
        Ok(self.0.get(sample).and_then(Option::as_ref))
    }
}

fn inputs(sample: &str) -> Result<Option<Vec<Input>>, String> {
    let none = || format!("no sample {sample}");
    match sample.split_once(' ') {
        Some(("made", name)) => made::sample(name).map(Some).ok_or_else(none),
        Some(("case", name)) => {
            let (id, file) = name.split_once('/').unwrap_or((name, ""));
            let all = cases().map_err(|e| e.to_string())?;
            let case = all.into_iter().find(|c| c.id == id).ok_or_else(none)?;
            let mut inputs = case.inputs;
            inputs.retain(|i| file.is_empty() || i.name == file);
            if inputs.is_empty() { Err(none()) } else { Ok(Some(inputs)) }
        }
        Some(("corpus", path)) => {
            let Some(corpus) = corpus() else { return Ok(None) };
            let bytes = fs::read(corpus.join(path)).map_err(|e| format!("{path}: {e}"))?;
            Ok(Some(vec![Input { name: path.to_owned(), bytes }]))
        }
        _ => Err(none()),
    }
}

/// Judges a rule by its table.
///
/// # Errors
/// When a row names no sample.
pub fn judge(table: &Table, reports: &mut Reports) -> Result<Score, String> {
    let mut score = Score::default();
    for row in &table.rows {
        let Some(report) = reports.of(&row.sample)? else {
            score.skipped += 1;
            continue;
        };
        let is_meant = |f: &&Finding| f.rule == table.rule && f.title.contains(&row.about);
        let said: Vec<&Finding> = report.findings.iter().filter(is_meant).collect();
        let worst = said.iter().map(|f| f.severity).max();
        let is_right = if row.must_fire {
            score.positives += 1;
            worst.is_some() && worst >= row.severity
        } else {
            score.negatives += 1;
            worst <= row.severity
        };
        if is_right && row.must_fire {
            score.hits += 1;
        } else if is_right {
            score.quiet += 1;
        } else {
            let titles: Vec<String> =
                said.iter().map(|f| format!("{:?} {}", f.severity, f.title)).collect();
            score.wrong.push(format!("{}: said {titles:?}", row.sample));
        }
    }
    Ok(score)
}
