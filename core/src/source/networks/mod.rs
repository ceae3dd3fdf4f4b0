//! Files that say whose network an address is in: MaxMind databases, and tables of prefixes.

mod database;
mod table;

pub use database::MMDB;
pub use table::NETWORKS_CSV;

use super::{Node, Sink};
use crate::event::{NodeId, Origin};
use crate::networks::{Held, NetworkFile};
use crate::note::{CAP_REACHED, NETWORKS_UNUSABLE, Note};
use crate::text::Text;
use crate::time::Time;
use sha2::{Digest, Sha256};

/// The digest of a file, while it is read.
#[derive(Debug, Default)]
struct Reading {
    node: NodeId,
    digest: Sha256,
}

impl Reading {
    fn of(node: NodeId) -> Self {
        Self { node, digest: Sha256::new() }
    }

    /// Hands the file to the case.
    fn give(&mut self, about: Text, built: Option<Time>, held: Held, out: &mut dyn Sink) {
        let sha256 = std::mem::take(&mut self.digest).finalize().into();
        let file = NetworkFile { node: self.node, sha256, built, about, held };
        if !out.networks(file) {
            let detail = "all files of networks together are more than there is room for";
            self.note(&CAP_REACHED, detail.to_owned(), out);
        }
    }

    fn unusable(&self, why: &str, out: &mut dyn Sink) {
        self.note(&NETWORKS_UNUSABLE, why.to_owned(), out);
    }

    fn note(&self, kind: &'static crate::note::NoteKind, detail: String, out: &mut dyn Sink) {
        let at = Origin { node: self.node, ..Origin::default() };
        out.note(Note { at, kind, detail });
    }

    fn count<'a>(&self, out: &'a mut dyn Sink) -> &'a mut Node {
        out.node(self.node)
    }
}
