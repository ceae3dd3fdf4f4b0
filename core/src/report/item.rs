//! One item of evidence shown whole: a raw line or a packet, field by field beside its bytes.

use crate::event::Origin;
use serde::Serialize;

/// A line or a packet, decoded for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Where it is.
    pub at: Origin,
    /// `line 12`, `packet 4711`.
    pub title: String,
    /// True for text: shown as a line. False: shown as a hex dump.
    pub is_text: bool,
    /// Its bytes as they are, record header left out for packets.
    pub bytes: Vec<u8>,
    /// Its fields, outermost first, as a flattened tree.
    pub fields: Vec<ItemField>,
}

impl Item {
    /// An item of a source whose format is not known: its bytes and nothing else.
    pub fn raw(at: Origin, bytes: &[u8]) -> Self {
        let title = format!("item {}", at.item);
        Self { at, title, is_text: false, bytes: bytes.to_vec(), fields: Vec::new() }
    }
}

/// One field of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemField {
    /// How deep in the tree; 0 is a layer or a column.
    pub depth: u8,
    /// The field's name, Zeek's or the RFC's.
    pub name: String,
    /// Its value, readable; not escaped yet.
    pub value: String,
    /// Its first byte in [`Item::bytes`].
    pub start: u32,
    /// How many bytes it takes; 0 when it is derived and has none.
    pub len: u32,
}
