//! Feeds evidence to a session, cut and ordered as a test wants it.

use crate::lcg::Lcg;
use offwire_core::event::NodeId;
use offwire_core::session::zip::{self, Packed};
use offwire_core::session::{FileMeta, FirstLook, Session, first_look};
use offwire_core::settings::Settings;
use offwire_core::source::HEAD;

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
    /// True to read the files in the reverse of the planned order.
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
    let mut order = Session::plan(&metas);
    if how.reversed {
        order.reverse();
    }
    let mut session = Session::new(how.settings.clone());
    read_all(&mut session, &inputs, &metas, &order, how);
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
        more_follow: true,
        ..FileMeta::default()
    }
}

fn read_all(
    session: &mut Session,
    inputs: &[&[u8]],
    metas: &[FileMeta],
    order: &[usize],
    how: &How,
) {
    for i in order {
        if let (Some(meta), Some(input)) = (metas.get(*i), inputs.get(*i)) {
            let file = session.open(meta.clone());
            feed(session, file, input, how);
            session.close(file);
        }
    }
    session.settle();
}

fn feed(session: &mut Session, file: NodeId, mut bytes: &[u8], how: &How) {
    let mut lcg = how.ragged.map(Lcg::new);
    while !bytes.is_empty() {
        let len = lcg.as_mut().map_or(how.chunk, |lcg| 1 + lcg.below(how.chunk));
        let (mut piece, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        bytes = rest;
        while !piece.is_empty() && !session.is_refused(file) {
            let used = session.feed(file, piece);
            piece = piece.get(used..).unwrap_or_default();
        }
    }
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
