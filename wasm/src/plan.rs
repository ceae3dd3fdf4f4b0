//! What the reading worker asks before it reads: which file first, which are captures, and what
//! archives hold.
use js_sys::Uint8Array;
use offwire_core::session::zip::{self, Archive, Packed};
use offwire_core::session::{self, FileMeta, FirstLook, Session};
use offwire_core::time::Time;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::File;

use crate::second_pass::read;
use crate::{from_js, size, to_js};

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
    /// As [`plan`] says.
    #[serde(default)]
    more_follow: bool,
    #[serde(default)]
    next_packet: Option<i64>,
    /// For a member of an archive, as [`members`] gave it.
    packed: Option<Packed>,
    /// For an archive, as [`members`] gave it.
    archive: Option<Archive>,
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
            next_packet: d.next_packet.map(Time),
            packed: d.packed,
            archive: d.archive,
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

/// A file of the plan.
#[derive(Serialize)]
struct Planned {
    /// A number of 32 bits: a larger one would cross as bigint.
    index: u32,
    more_follow: bool,
    next_packet: Option<i64>,
}

/// The order in which to read files, each as its `index` and what it must be described with besides:
/// it does not depend on the order given.
///
/// # Errors
/// If a file is not described as it must be.
#[wasm_bindgen]
pub fn plan(files: JsValue) -> Result<JsValue, JsError> {
    let files: Vec<FileMeta> =
        from_js::<Vec<Described>>(files)?.into_iter().map(Into::into).collect();
    let planned = Session::plan(&files).into_iter().map(|p| {
        Ok(Planned {
            index: u32::try_from(p.index)?,
            more_follow: p.more_follow,
            next_packet: p.next_packet.map(|time| time.0),
        })
    });
    to_js(&planned.collect::<Result<Vec<_>, std::num::TryFromIntError>>()?)
}

/// When the first packet of a capture was taken, by its first bytes; `undefined` for what is none.
/// `packed` is how they are to be read, for a member of an archive.
///
/// # Errors
/// If `packed` is not what [`members`] gives.
#[wasm_bindgen(js_name = firstPacket)]
pub fn first_packet(
    head: &Uint8Array,
    is_whole: bool,
    packed: JsValue,
) -> Result<Option<i64>, JsError> {
    Ok(look(head, is_whole, packed)?.first_packet.map(|time| time.0))
}

/// True for a file by which others are read, such as a key log: it is read before them.
///
/// # Errors
/// As for [`first_packet`].
#[wasm_bindgen(js_name = isAid)]
pub fn is_aid(head: &Uint8Array, is_whole: bool, packed: JsValue) -> Result<bool, JsError> {
    Ok(look(head, is_whole, packed)?.is_aid)
}

fn look(head: &Uint8Array, is_whole: bool, packed: JsValue) -> Result<FirstLook, JsError> {
    Ok(session::first_look(&head.to_vec(), is_whole, from_js(packed)?))
}

/// What an archive of this name holds, as `{ members, archive }`: each member with its `name`,
/// `offset`, `len`, and how it is `packed`. `undefined` for any other file. Blocks the worker while
/// it reads the directory.
///
/// # Errors
/// If the file can no longer be read.
#[wasm_bindgen]
pub fn members(file: &File, name: &str) -> Result<JsValue, JsError> {
    let mut failed = None;
    let listing = zip::list(name, size(file), &mut |offset, len| match read(file, offset, len) {
        Ok(bytes) => bytes.to_vec(),
        Err(error) => {
            failed = Some(error);
            Vec::new()
        }
    });
    match (failed, listing) {
        (Some(error), _) => Err(error),
        (None, Some(listing)) => to_js(&listing),
        (None, None) => Ok(JsValue::UNDEFINED),
    }
}
