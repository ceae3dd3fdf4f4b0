//! Finds the files that were given: single ones, all of a folder, standard input.

use crate::args::Input;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Deepest folder that is looked into; a tree of evidence is a few levels deep.
const MAX_DEPTH: usize = 64;

/// A file to read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name in the report, the same as when it is dropped on the page: the file's own name, and
    /// for what a folder holds the path from that folder on.
    pub name: String,
    /// Its size; `None` for a stream.
    pub size: Option<u64>,
    /// Where it was given.
    pub input: Input,
    /// `None` for standard input.
    path: Option<PathBuf>,
}

impl Found {
    /// Opens it for reading from the start.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match &self.path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(io::stdin()),
        })
    }
}

impl Found {
    /// Bytes of it at `offset`; fewer than `len` at its end.
    pub fn read_at(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let Some(path) = &self.path else {
            return Err(io::Error::other("standard input cannot be read again"));
        };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Calls `out` with each file that `input` names, or with why there is none.
pub fn find(input: &Input, out: &mut dyn FnMut(Result<Found, String>)) {
    if input.path == "-" {
        let name = "standard input".to_owned();
        out(Ok(Found { name, size: None, input: input.clone(), path: None }));
        return;
    }
    let path = Path::new(&input.path);
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => walk(path, &own_name(path), input, 0, out),
        Ok(meta) => out(Ok(found(path, own_name(path), &meta, input))),
        Err(error) => out(Err(format!("{}: {error}", path.display()))),
    }
}

/// The last part of a path; empty for one such as `..`.
fn own_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn found(path: &Path, name: String, meta: &fs::Metadata, input: &Input) -> Found {
    Found {
        name,
        size: meta.is_file().then_some(meta.len()),
        input: input.clone(),
        path: Some(path.to_owned()),
    }
}

/// Every regular file below a folder. Links are not followed, so that no circle has no end.
fn walk(
    folder: &Path,
    name: &str,
    input: &Input,
    depth: usize,
    out: &mut dyn FnMut(Result<Found, String>),
) {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    if depth > MAX_DEPTH {
        out(Err(format!("{}: more than {MAX_DEPTH} folders deep", folder.display())));
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return out(Err(failed(error))),
    };
    for entry in entries {
        let below = |path: &Path| match name {
            "" => own_name(path),
            name => format!("{name}/{}", own_name(path)),
        };
        match entry.and_then(|e| Ok((e.path(), e.metadata()?))) {
            Ok((path, meta)) if meta.is_dir() => walk(&path, &below(&path), input, depth + 1, out),
            Ok((path, meta)) if meta.is_file() => {
                out(Ok(found(&path, below(&path), &meta, input)));
            }
            Ok(_) => {}
            Err(error) => out(Err(failed(error))),
        }
    }
}
