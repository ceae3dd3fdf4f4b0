//! Feeds evidence to a session, cut and ordered as a test wants it.

use crate::lcg::Lcg;
use offwire_core::event::NodeId;
use offwire_core::session::zip::{self, Packed};
use offwire_core::session::{FileMeta, FirstLook, Planned, Session, Turn, first_look};
use offwire_core::settings::Settings;
use offwire_core::source::HEAD;
use std::collections::BTreeMap;

/// A file of evidence in memory.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// How evidence is fed.
#[derive(Debug, Clone)]
pub struct How {
    /// Bytes in one call.
    pub chunk: usize,
    /// Cut into pieces of all sizes up to `chunk`, as the numbers that begin here say.
    pub ragged: Option<u64>,
    /// The case's settings.
    pub settings: Settings,
    /// True to read the files in the reverse of the planned order, but for captures among each other.
    pub reversed: bool,
}

impl Default for How {
    fn default() -> Self {
        Self { chunk: usize::MAX, ragged: None, settings: Settings::default(), reversed: false }
    }
}

impl How {
    /// In pieces of `chunk` bytes.
    pub fn cut(chunk: usize) -> Self {
        Self { chunk, ..Self::default() }
    }
}

/// A session that has read all inputs to their end.
pub fn read(inputs: &[Input], how: &How) -> Session {
    let (inputs, metas): (Vec<&[u8]>, Vec<FileMeta>) = inputs.iter().flat_map(files).unzip();
    let mut plan = Session::plan(&metas);
    if how.reversed {
        plan.reverse();
        // What captures are follows from the order of their times: it stays.
        let is_capture = |p: &Planned| metas.get(p.index).is_some_and(|m| m.first_packet.is_some());
        let n = plan.iter().filter(|p| is_capture(p)).count();
        if let Some(captures) = plan.get_mut(..n) {
            captures.reverse();
        }
        plan.iter_mut().for_each(|p| p.more_follow = true);
    }
    let mut session = Session::new(how.settings.clone());
    read_all(&mut session, &inputs, &metas, &plan, how);
    if session.is_stale() {
        session.renew();
        read_all(&mut session, &inputs, &metas, &Session::plan(&metas), how);
    }
    session
}

/// An input as a file of the case, and behind it its members when it is an archive.
fn files(input: &Input) -> Vec<(&[u8], FileMeta)> {
    let bytes = &input.bytes;
    let part = |offset: u64, len: u64| {
        let from = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
        from.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(from)
    };
    let size = bytes.len() as u64;
    let listing = zip::list(&input.name, size, &mut |offset, len| part(offset, len).to_vec());
    let (archive, members) = listing.map_or((None, Vec::new()), |l| (Some(l.archive), l.members));
    let whole = FileMeta { archive, ..meta(input.name.clone(), bytes, None) };
    let mut files = vec![(bytes.as_slice(), whole)];
    for member in members {
        let its = part(member.offset, member.len);
        files.push((its, meta(member.name, its, Some(member.packed))));
    }
    files
}

fn meta(name: String, bytes: &[u8], packed: Option<Packed>) -> FileMeta {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let FirstLook { first_packet, is_aid } = first_look(head, bytes.len() < HEAD, packed);
    FileMeta {
        name,
        size: Some(bytes.len() as u64),
        packed,
        first_packet,
        is_aid,
        ..FileMeta::default()
    }
}

fn read_all(
    session: &mut Session,
    inputs: &[&[u8]],
    metas: &[FileMeta],
    plan: &[Planned],
    how: &How,
) {
    let mut lcg = how.ragged.map(Lcg::new);
    let mut plan = plan.iter();
    let mut open: BTreeMap<NodeId, &[u8]> = BTreeMap::new();
    session.begin_plan();
    loop {
        match session.turn() {
            Turn::Done => break,
            Turn::Open => match plan.next() {
                Some(next) => {
                    let file = metas.get(next.index).zip(inputs.get(next.index));
                    if let Some((meta, input)) = file {
                        open.insert(session.open(meta.planned(next)), input);
                    }
                }
                None => session.end_plan(),
            },
            Turn::Feed(file) => {
                let rest = open.remove(&file).unwrap_or_default();
                if rest.is_empty() || session.is_refused(file) {
                    session.close(file);
                } else {
                    let len = lcg.as_mut().map_or(how.chunk, |lcg| 1 + lcg.below(how.chunk));
                    let piece = rest.get(..len).unwrap_or(rest);
                    let used = session.feed(file, piece);
                    open.insert(file, rest.get(used..).unwrap_or_default());
                }
            }
        }
    }
    session.settle();
}

/// Says which evidence was being read when a test panics.
pub struct Reading<'a>(pub &'a str);

impl Drop for Reading<'_> {
    #[expect(clippy::print_stderr, reason = "shown beside the panic that it explains")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while reading {}", self.0);
        }
    }
}
