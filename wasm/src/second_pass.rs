//! The second pass for JavaScript: one line or packet read from its file again, and decoded.
use js_sys::Uint8Array;
use offwire_core::event::Origin;
use offwire_core::report::Item;
use offwire_core::second_pass::Place;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileReaderSync};

use crate::tables::{At, set};
use crate::{Case, from_js, size, to_js, unreadable};

/// How much is read at once on the way to an item inside a container.
const STEP: u64 = 4 << 20;

/// Bytes shown at a place whose length nobody knows, such as where a file is damaged.
const LOOK: u32 = 256;

#[wasm_bindgen]
impl Case {
    /// A line or packet, field by field; of a place without a length its bytes. Blocks the worker
    /// while it reads: for what lies in a container, from its last checkpoint up to the item.
    ///
    /// # Errors
    /// If the place is none of this case, or its file can no longer be read.
    pub fn item(&self, at: JsValue) -> Result<JsValue, JsError> {
        let at: Origin = from_js::<At>(at)?.into();
        let mut item = if at.len == 0 {
            let at = Origin { len: LOOK, ..at };
            Item::raw(at, &self.item_bytes(at)?)
        } else {
            self.session.show(at, &self.item_bytes(at)?)
        };
        // Set apart: through serde, each byte would cross on its own.
        let bytes = Uint8Array::from(std::mem::take(&mut item.bytes).as_slice());
        let js = to_js(&item)?;
        set(&js, "bytes", &bytes)?;
        Ok(js)
    }

    /// A piece of a file as it lies on disk. Blocks the worker, so it is for the short second pass
    /// only.
    ///
    /// # Errors
    /// If there is no such file, or it can no longer be read.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn bytes(&self, file: u32, offset: f64, len: f64) -> Result<Uint8Array, JsError> {
        read(self.file(file)?, offset.max(0.0) as u64, len.max(0.0) as u64)
    }
}

impl Case {
    pub(crate) fn file(&self, node: u32) -> Result<&File, JsError> {
        self.files.get(&node).ok_or_else(|| JsError::new("no such file"))
    }

    /// The bytes of a line or of a packet's record.
    pub(crate) fn item_bytes(&self, at: Origin) -> Result<Vec<u8>, JsError> {
        match self.session.locate(at) {
            Place::Slice { file, offset, len } => {
                Ok(read(self.file(file.0)?, offset, u64::from(len))?.to_vec())
            }
            Place::Stream { file, offset } => self.seek(at, self.file(file.0)?, offset),
        }
    }

    fn seek(&self, at: Origin, file: &File, mut offset: u64) -> Result<Vec<u8>, JsError> {
        let mut seeker = self.session.seek(at);
        while offset < size(file) && !seeker.is_done() {
            let chunk = read(file, offset, STEP)?.to_vec();
            let mut rest = chunk.as_slice();
            while !rest.is_empty() && !seeker.is_done() {
                let taken = seeker.feed(rest);
                rest = rest.get(taken..).unwrap_or_default();
            }
            offset += STEP;
        }
        seeker.finish();
        Ok(seeker.into_bytes())
    }
}

/// Offsets cross as floats, which are exact up to 2^53: no file is as large.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn read(file: &File, offset: u64, len: u64) -> Result<Uint8Array, JsError> {
    let end = offset.saturating_add(len);
    let fail = |e: JsValue| unreadable(file, &e);
    let slice = file.slice_with_f64_and_f64(offset as f64, end as f64).map_err(fail)?;
    let reader = FileReaderSync::new().map_err(fail)?;
    let buffer = reader.read_as_array_buffer(&slice).map_err(fail)?;
    Ok(Uint8Array::new(&buffer.into()))
}
