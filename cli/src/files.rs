//! Finds the files that were given: single ones, all of a folder or an archive, standard input.

use crate::args::Input;
use offwire_core::session::zip::{self, Archive, Packed};
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
    /// How its bytes are to be read, when it is a member of an archive.
    pub packed: Option<Packed>,
    /// What is told of it, when it is an archive whose members were found.
    pub archive: Option<Archive>,
    /// `None` for standard input.
    path: Option<PathBuf>,
    /// Where in that file it begins: not at its start when it is a member of an archive.
    start: u64,
}

impl Found {
    fn at(path: Option<PathBuf>, input: &Input) -> Self {
        let (name, input) = (String::new(), input.clone());
        Self { name, size: None, input, packed: None, archive: None, path, start: 0 }
    }

    /// Opens it for reading from the start.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        let Some(path) = &self.path else { return Ok(Box::new(io::stdin())) };
        let mut file = File::open(path)?;
        if self.packed.is_none() {
            return Ok(Box::new(file));
        }
        file.seek(SeekFrom::Start(self.start))?;
        Ok(Box::new(file.take(self.size.unwrap_or_default())))
    }

    /// Bytes of it at `offset`; fewer than `len` at its end.
    pub fn read_at(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let Some(path) = &self.path else {
            return Err(io::Error::other("standard input cannot be read again"));
        };
        let room = self.size.map_or(len, |size| size.saturating_sub(offset));
        read_at(&mut File::open(path)?, self.start.saturating_add(offset), len.min(room))
    }

    /// The file, and behind it the members of the archive that it is.
    pub fn with_members(mut self) -> io::Result<Vec<Self>> {
        let (Some(path), Some(size)) = (&self.path, self.size) else { return Ok(vec![self]) };
        let mut file = File::open(path)?;
        let mut failed = None;
        let listing = zip::list(&self.name, size, &mut |offset, len| {
            read_at(&mut file, offset, len).unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(listing) = listing else { return Ok(vec![self]) };
        let member = |m: zip::Member| Self {
            name: m.name,
            size: Some(m.len),
            input: self.input.clone(),
            packed: Some(m.packed),
            archive: None,
            path: self.path.clone(),
            start: m.offset,
        };
        let members: Vec<_> = listing.members.into_iter().map(member).collect();
        self.archive = Some(listing.archive);
        Ok([vec![self], members].concat())
    }
}

fn read_at(file: &mut File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Calls `out` with each file that `input` names, or with why there is none.
pub fn find(input: &Input, out: &mut dyn FnMut(Result<Found, String>)) {
    if input.path == "-" {
        let name = "standard input".to_owned();
        return out(Ok(Found { name, size: None, ..Found::at(None, input) }));
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
    let size = meta.is_file().then_some(meta.len());
    Found { name, size, ..Found::at(Some(path.to_owned()), input) }
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
