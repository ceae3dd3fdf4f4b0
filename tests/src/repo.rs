//! Where things lie: the repository, the corpus beside it, and what to say when it is not there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The corpus of evidence with expected results, which is no part of the repository: named by
/// `OFFWIRE_CORPUS`, else looked for beside the repository.
pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("OFFWIRE_CORPUS").map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join("../shared/corpus"));
    path.is_dir().then_some(path)
}

/// The corpus, or `None` after saying loudly that `test` was skipped.
pub fn corpus_or_skip(test: &str) -> Option<PathBuf> {
    let corpus = corpus();
    if corpus.is_none() {
        skip(test, "no corpus; set OFFWIRE_CORPUS to a folder of evidence");
    }
    corpus
}

/// Says that a test did not look at what it should. Written past the test harness, which keeps what
/// passing tests print to itself; `./x test` counts these lines.
pub fn skip(test: &str, why: &str) {
    let _ = writeln!(io::stderr(), "\nSKIPPED {test}: {why}");
}

/// The files that are part of the repository, by path from its root: what git tracks, and what it
/// would.
///
/// # Errors
/// If git cannot list them.
pub fn files() -> io::Result<Vec<String>> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    if !out.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&out.stderr).into_owned()));
    }
    let text = String::from_utf8_lossy(&out.stdout);
    Ok(text.lines().filter(|f| root().join(f).is_file()).map(str::to_owned).collect())
}
