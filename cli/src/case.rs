//! Reads the files of a case, a piece at a time, in an order that does not depend on the caller.

use crate::args::{Grouping, Options};
use crate::files::{self, Found};
use crate::{Status, complain};
use offwire_core::event::NodeId;
use offwire_core::evidence::{Pursuit, Take};
use offwire_core::session::{FileMeta, FirstLook, Session, first_look};
use offwire_core::source::HEAD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Bytes read at once: few calls, little memory.
const PIECE: usize = 4 << 20;

/// A case whose files have been read.
pub struct Case {
    /// What the core made of them.
    pub session: Session,
    /// Its files, for second passes.
    files: BTreeMap<NodeId, Found>,
    is_complete: bool,
}

impl Case {
    /// Reads everything that was given.
    pub fn read(options: &Options) -> Self {
        let mut case = Self {
            session: Session::new(options.settings.clone()),
            files: BTreeMap::new(),
            is_complete: true,
        };
        let mut found = Vec::new();
        for input in &options.inputs {
            files::find(input, &mut |result| match result {
                Ok(file) => {
                    let name = file.name.clone();
                    match file.with_members() {
                        Ok(files) => found.extend(files),
                        Err(error) => case.fail(&format!("{name}: {error}")),
                    }
                }
                Err(error) => case.fail(&error),
            });
        }
        let metas = case.describe(&found);
        case.read_all(&found, &metas);
        if case.session.is_stale() {
            case.session.renew();
            case.files.clear();
            case.read_all(&found, &metas);
        }
        case
    }

    /// Reads all files in the order of their plan.
    fn read_all(&mut self, found: &[Found], metas: &[FileMeta]) {
        let mut piece = vec![0; PIECE];
        let plan = Session::plan(metas);
        for (n, i) in (1..).zip(&plan) {
            if let (Some(file), Some(meta)) = (found.get(*i), metas.get(*i)) {
                let name = &meta.name;
                let meta = FileMeta { more_follow: n < plan.len(), ..meta.clone() };
                if let Err(error) = self.read_file(file, meta, &mut piece) {
                    self.fail(&format!("{name}: {error}"));
                }
            }
        }
        // The last file may have failed to open.
        self.session.settle();
    }

    /// What the command's exit code says of it.
    pub const fn status(&self) -> Status {
        if self.is_complete { Status::Done } else { Status::Incomplete }
    }

    /// Runs a second pass; after each piece of a file `on` may look at what was found.
    pub fn pursue<T: Take + 'static>(
        &mut self,
        pursuit: &mut Pursuit<T>,
        on: &mut dyn FnMut(&Self, &mut T) -> io::Result<()>,
    ) -> io::Result<()> {
        while let Some(range) = pursuit.next_range() {
            let bytes = match self.files.get(&range.file) {
                Some(file) => file.read_at(range.offset, range.len),
                None => Ok(Vec::new()),
            };
            match bytes {
                Ok(bytes) => pursuit.feed(&bytes),
                Err(error) => {
                    let name = self.session.name(range.file).to_owned();
                    self.fail(&format!("{name}: {error}"));
                    pursuit.feed(&[]);
                }
            }
            pursuit.with(|take| on(self, take))?;
        }
        pursuit.with(|take| on(self, take))?;
        if pursuit.n_missing() > 0 {
            self.fail(&format!("{} packets were not found again", pursuit.n_missing()));
        }
        Ok(())
    }

    fn fail(&mut self, error: &str) {
        self.is_complete = false;
        complain(error);
    }

    /// Names, sizes, and digests of those that could be the same file twice.
    fn describe(&mut self, found: &[Found]) -> Vec<FileMeta> {
        let mut n_of_size: BTreeMap<u64, usize> = BTreeMap::new();
        found.iter().filter_map(|f| f.size).for_each(|s| *n_of_size.entry(s).or_default() += 1);
        let describe = |(number, file): (usize, &Found)| {
            let look = head(file).map(|(head, is_whole)| first_look(&head, is_whole, file.packed));
            let FirstLook { first_packet, is_aid } = look.unwrap_or_default();
            let is_twin = file.size.is_some_and(|s| n_of_size.get(&s).is_some_and(|n| *n > 1));
            FileMeta {
                name: file.name.clone(),
                size: file.size,
                // One that cannot be read says so when its turn comes.
                sha256: if is_twin { digest(file).ok() } else { None },
                packed: file.packed,
                archive: file.archive.clone(),
                sensor: file.input.sensor.clone(),
                site: file.input.site.clone(),
                series: series(&file.input.grouping, number),
                first_packet,
                is_aid,
                more_follow: false,
            }
        };
        found.iter().enumerate().map(describe).collect()
    }

    /// Reads one file; the case keeps what came before an error.
    fn read_file(&mut self, file: &Found, meta: FileMeta, piece: &mut [u8]) -> io::Result<()> {
        let mut from = file.open()?;
        let node = self.session.open(meta);
        self.files.insert(node, file.clone());
        let result = self.feed(node, &mut from, piece);
        self.session.close(node);
        result
    }

    fn feed(&mut self, node: NodeId, from: &mut dyn Read, piece: &mut [u8]) -> io::Result<()> {
        while !self.session.is_refused(node) {
            let n = match from.read(piece) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let mut rest = piece.get(..n).unwrap_or_default();
            while !rest.is_empty() {
                let used = self.session.feed(node, rest);
                rest = rest.get(used..).unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// The name of a capture's series for the core, which only asks whether two names are the same.
fn series(grouping: &Grouping, number: usize) -> String {
    match grouping {
        Grouping::ByTime => String::new(),
        Grouping::Series(name) => format!("series {name}"),
        Grouping::Alone => format!("file {number}"),
    }
}

/// A file's first bytes, and whether they are all of it; `None` when it cannot be read over again.
fn head(file: &Found) -> Option<(Vec<u8>, bool)> {
    file.size?;
    let mut head = Vec::new();
    file.open().ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    let is_whole = head.len() < HEAD;
    Some((head, is_whole))
}

fn digest(file: &Found) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut from = file.open()?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(n) => hash.update(piece.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
