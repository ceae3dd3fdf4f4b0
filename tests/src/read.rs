//! Feeds evidence to a session, cut and ordered as a test wants it.

use offwire_core::event::NodeId;
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
    /// The case's settings.
    pub settings: Settings,
    /// True to read the files in the reverse of the planned order.
    pub reversed: bool,
}

impl Default for How {
    fn default() -> Self {
        Self { chunk: usize::MAX, settings: Settings::default(), reversed: false }
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
    let meta = |input: &Input| {
        let head = input.bytes.get(..HEAD).unwrap_or(&input.bytes);
        let FirstLook { first_packet, is_aid } = first_look(head, input.bytes.len() < HEAD);
        FileMeta {
            name: input.name.clone(),
            size: Some(input.bytes.len() as u64),
            first_packet,
            is_aid,
            more_follow: true,
            ..FileMeta::default()
        }
    };
    let metas: Vec<FileMeta> = inputs.iter().map(meta).collect();
    let mut order = Session::plan(&metas);
    if how.reversed {
        order.reverse();
    }
    let mut session = Session::new(how.settings.clone());
    read_all(&mut session, inputs, &metas, &order, how.chunk);
    if session.is_stale() {
        session.renew();
        read_all(&mut session, inputs, &metas, &Session::plan(&metas), how.chunk);
    }
    session
}

fn read_all(
    session: &mut Session,
    inputs: &[Input],
    metas: &[FileMeta],
    order: &[usize],
    chunk: usize,
) {
    for i in order {
        if let (Some(meta), Some(input)) = (metas.get(*i), inputs.get(*i)) {
            let file = session.open(meta.clone());
            feed(session, file, &input.bytes, chunk);
            session.close(file);
        }
    }
    session.settle();
}

fn feed(session: &mut Session, file: NodeId, bytes: &[u8], chunk: usize) {
    for piece in bytes.chunks(chunk) {
        let mut rest = piece;
        while !rest.is_empty() && !session.is_refused(file) {
            let used = session.feed(file, rest);
            rest = rest.get(used..).unwrap_or_default();
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
