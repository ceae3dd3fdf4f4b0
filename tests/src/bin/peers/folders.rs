//! The folders of expected output beside the captures of the corpus.

use std::path::{Path, PathBuf};

/// The folders in a folder.
pub(crate) fn inside(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|e| e.path()).filter(|p| p.is_dir()).collect()
}

/// Every folder of expected output, with the capture that it is of; sorted.
pub(crate) fn expected(corpus: &Path) -> Vec<(PathBuf, PathBuf)> {
    let all = inside(corpus).into_iter().flat_map(|kind| inside(&kind));
    let named = all.filter_map(|folder| {
        let name = folder.to_string_lossy().into_owned();
        Some((folder, PathBuf::from(name.strip_suffix(".expected")?)))
    });
    let mut found: Vec<_> = named.filter(|(_, capture)| capture.is_file()).collect();
    found.sort();
    found
}

/// The file of that name in a folder, if there is one.
pub(crate) fn file(folder: &Path, name: &str) -> Vec<PathBuf> {
    Some(folder.join(name)).filter(|path| path.is_file()).into_iter().collect()
}
