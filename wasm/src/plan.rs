//! What the reading worker asks before it reads: which file first, and which are captures.
use js_sys::Uint8Array;
use offwire_core::session::{self, FileMeta, Session};
use offwire_core::time::Time;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::from_js;

/// A file as JavaScript describes it.
#[derive(Deserialize)]
pub(crate) struct Described {
    name: String,
    size: f64,
    sensor: String,
    site: String,
    /// Empty when the times of packets decide.
    #[serde(default)]
    series: String,
    /// In hex; only for files of equal size.
    sha256: Option<String>,
    /// Nanoseconds since 1970.
    first_packet: Option<i64>,
    /// As [`is_aid`] says.
    #[serde(default)]
    is_aid: bool,
    #[serde(default)]
    more_follow: bool,
}

impl From<Described> for FileMeta {
    /// A size comes from JavaScript as a float; no file is as large as 2^53 bytes.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from(d: Described) -> Self {
        Self {
            name: d.name,
            size: Some(d.size.max(0.0) as u64),
            sha256: d.sha256.and_then(|hex| digest(&hex)),
            sensor: d.sensor,
            site: d.site,
            series: d.series,
            first_packet: d.first_packet.map(Time),
            is_aid: d.is_aid,
            more_follow: d.more_follow,
        }
    }
}

/// The bytes of a digest in hex.
fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The order in which to read files, as indices: it does not depend on the order given.
///
/// # Errors
/// If a file is not described as it must be.
#[wasm_bindgen]
pub fn plan(files: JsValue) -> Result<Vec<u32>, JsError> {
    let files: Vec<FileMeta> =
        from_js::<Vec<Described>>(files)?.into_iter().map(Into::into).collect();
    Session::plan(&files).into_iter().map(|i| u32::try_from(i).map_err(JsError::from)).collect()
}

/// When the first packet of a capture was taken, by its first bytes; `undefined` for what is none.
#[wasm_bindgen(js_name = firstPacket)]
pub fn first_packet(head: &Uint8Array, is_whole: bool) -> Option<i64> {
    session::first_look(&head.to_vec(), is_whole).first_packet.map(|time| time.0)
}

/// True for a file by which others are read, such as a key log: it is read before them.
#[wasm_bindgen(js_name = isAid)]
pub fn is_aid(head: &Uint8Array, is_whole: bool) -> bool {
    session::first_look(&head.to_vec(), is_whole).is_aid
}
