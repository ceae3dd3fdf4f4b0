//! Reads the files of a case, a piece at a time, in an order that does not depend on the caller.

use crate::args::{Grouping, Options};
use crate::files::{self, Found};
use crate::{Status, complain};
use offwire_core::event::NodeId;
use offwire_core::evidence::{Pursuit, Take};
use offwire_core::session::{FileMeta, FirstLook, Session, Turn, first_look};
use offwire_core::source::HEAD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Bytes read at once: few calls, and little memory for each of the files that are read side by side.
const PIECE: u64 = 1 << 20;

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

    /// Reads all files by their plan, those that overlap side by side.
    fn read_all(&mut self, found: &[Found], metas: &[FileMeta]) {
        let plan = Session::plan(metas);
        let mut plan = plan.iter();
        let mut open: BTreeMap<NodeId, Reading> = BTreeMap::new();
        self.session.begin_plan();
        loop {
            match self.session.turn() {
                Turn::Done => break,
                Turn::Open => match plan.next() {
                    Some(next) => {
                        let file = found.get(next.index).zip(metas.get(next.index));
                        if let Some((file, meta)) = file {
                            open.extend(self.open(file, meta.planned(next)));
                        }
                    }
                    None => self.session.end_plan(),
                },
                Turn::Feed(node) => {
                    let is_more = open.get_mut(&node).is_some_and(|file| self.feed(node, file));
                    if !is_more {
                        open.remove(&node);
                        self.session.close(node);
                    }
                }
            }
        }
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
                next_packet: None,
            }
        };
        found.iter().enumerate().map(describe).collect()
    }

    /// Opens a file; `None` when it cannot be read.
    fn open(&mut self, file: &Found, meta: FileMeta) -> Option<(NodeId, Reading)> {
        let name = meta.name.clone();
        match file.open() {
            Ok(from) => {
                let node = self.session.open(meta);
                self.files.insert(node, file.clone());
                Some((node, Reading { name, from, piece: Vec::new(), at: 0 }))
            }
            Err(error) => {
                self.fail(&format!("{name}: {error}"));
                None
            }
        }
    }

    /// Feeds some of a file; false at its end. The case keeps what came before an error.
    fn feed(&mut self, node: NodeId, file: &mut Reading) -> bool {
        if self.session.is_refused(node) {
            return false;
        }
        if file.at >= file.piece.len() {
            match file.refill() {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => {
                    self.fail(&format!("{}: {error}", file.name));
                    return false;
                }
            }
        }
        file.at += self.session.feed(node, file.piece.get(file.at..).unwrap_or_default());
        true
    }
}

/// A file that is being read.
struct Reading {
    name: String,
    from: Box<dyn Read>,
    piece: Vec<u8>,
    /// Bytes of the piece that were fed.
    at: usize,
}

impl Reading {
    /// Reads the next piece; 0 at the end of the file.
    fn refill(&mut self) -> io::Result<usize> {
        self.piece.clear();
        self.at = 0;
        self.from.by_ref().take(PIECE).read_to_end(&mut self.piece)
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
