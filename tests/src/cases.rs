//! The cases: folders of evidence with what must come out of it.
//!
//! `tests/cases/ID/` holds `README.md` (what it is, where from, licence), the evidence (all other
//! files, or those in `input/`), `expect.txt` (what comes out of all of it together), and where
//! single files are judged too `expect/FILE.txt`. A folder with `make.py` made its evidence by it.

use crate::read::Input;
use crate::repo::{corpus_or_skip, root};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of a case that are no evidence.
const NOT_EVIDENCE: [&str; 3] = ["README.md", "expect.txt", "make.py"];

/// Corpus files up to this size are evidence for the properties, which read them byte by byte and
/// damaged; larger ones would take minutes.
const SMALL: u64 = 48 << 10;

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name: the folder's.
    pub id: String,
    /// Its folder.
    pub path: PathBuf,
    /// Its evidence, by name.
    pub inputs: Vec<Input>,
}

/// Every case, by name.
///
/// # Errors
/// If a folder or file of a case cannot be read.
pub fn cases() -> io::Result<Vec<Case>> {
    let mut all = Vec::new();
    for path in entries(&root().join("tests/cases"))? {
        if path.is_dir() {
            let input = path.join("input");
            let evidence = if input.is_dir() { entries(&input)? } else { entries(&path)? };
            let is_evidence =
                |p: &PathBuf| p.is_file() && !NOT_EVIDENCE.contains(&name(p).as_str());
            let inputs = evidence.iter().filter(|p| is_evidence(p)).map(|p| load(p));
            all.push(Case { id: name(&path), inputs: inputs.collect::<io::Result<_>>()?, path });
        }
    }
    Ok(all)
}

/// A file as evidence.
///
/// # Errors
/// If it cannot be read.
pub fn load(path: &Path) -> io::Result<Input> {
    Ok(Input { name: name(path), bytes: fs::read(path)? })
}

/// The inputs of every case, and each small file of the corpus, by name. Says so when there is no
/// corpus for `test`.
///
/// # Errors
/// If something cannot be read.
pub fn evidence(test: &str) -> io::Result<Vec<(String, Vec<Input>)>> {
    evidence_up_to(test, SMALL)
}

/// The same with the corpus's files up to a size.
///
/// # Errors
/// If something cannot be read.
pub fn evidence_up_to(test: &str, size: u64) -> io::Result<Vec<(String, Vec<Input>)>> {
    let mut all: Vec<_> = cases()?.into_iter().map(|c| (c.id, c.inputs)).collect();
    if let Some(corpus) = corpus_or_skip(test) {
        for path in small_files(&corpus, size)? {
            let name = path.strip_prefix(&corpus).unwrap_or(&path).display().to_string();
            all.push((name, vec![load(&path)?]));
        }
    }
    Ok(all)
}

/// Small evidence files below a folder, by path; expected outputs are left out.
fn small_files(folder: &Path, size: u64) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                let is_expected = path.extension().is_some_and(|e| e == "expected");
                folders.extend((!is_expected).then_some(path));
            } else if path.metadata()?.len() <= size {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<io::Result<_>>()?;
    all.sort();
    Ok(all)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Holds `got` against the file at `path`; with `UPDATE_EXPECT=1` writes it there instead.
///
/// # Errors
/// With what differs, if anything does.
pub fn expect(path: &Path, got: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(path, got).map_err(|e| format!("{}: {e}", path.display()));
    }
    let want = fs::read_to_string(path).unwrap_or_default();
    if want == got {
        return Ok(());
    }
    let short = path.strip_prefix(root()).unwrap_or(path).display();
    let line = want.lines().zip(got.lines()).take_while(|(a, b)| a == b).count() + 1;
    let at = |text: &str| text.lines().nth(line - 1).unwrap_or("(nothing)").to_owned();
    Err(format!(
        "{short}, line {line}\n  want {}\n  got  {}\nUPDATE_EXPECT=1 writes what came out:\n{got}",
        at(&want),
        at(got)
    ))
}
