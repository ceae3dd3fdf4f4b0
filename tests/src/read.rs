//! Feeds evidence to a session, cut and ordered as a test wants it.

use offwire_core::session::{FileMeta, Session, first_packet};
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
    let metas: Vec<FileMeta> = inputs
        .iter()
        .map(|i| FileMeta {
            name: i.name.clone(),
            size: Some(i.bytes.len() as u64),
            first_packet: first_packet(
                i.bytes.get(..HEAD).unwrap_or(&i.bytes),
                i.bytes.len() < HEAD,
            ),
            more_follow: true,
            ..FileMeta::default()
        })
        .collect();
    let mut order = Session::plan(&metas);
    if how.reversed {
        order.reverse();
    }
    let mut session = Session::new(how.settings.clone());
    for i in order {
        let (Some(meta), Some(input)) = (metas.get(i), inputs.get(i)) else { continue };
        let file = session.open(meta.clone());
        for piece in input.bytes.chunks(how.chunk) {
            let mut rest = piece;
            while !rest.is_empty() && !session.is_refused(file) {
                let used = session.feed(file, rest);
                rest = rest.get(used..).unwrap_or_default();
            }
        }
        session.close(file);
    }
    session.settle();
    session
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
