//! Hands the core to JavaScript: one class for a case, one for a file's digest, translation only.
use js_sys::{Reflect, Uint8Array};
use offwire_core::event::NodeId;
use offwire_core::session::{FileMeta, Session};
use offwire_core::settings::Settings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileReaderSync};

mod digest;
mod panic;

pub use digest::Digest;

/// How many bytes are copied in for one call of `feed`: about the work the core does in one call,
/// so that nearly nothing is copied twice.
const WINDOW: u32 = 1 << 20;

/// One case: some files of evidence and what they show.
#[wasm_bindgen]
pub struct Case {
    session: Session,
    settings: Settings,
    files: BTreeMap<u32, File>,
    window: Vec<u8>,
}

#[wasm_bindgen]
impl Case {
    /// A case with these settings; `undefined` asks for the defaults.
    ///
    /// # Errors
    /// If the settings do not have the shape of the core's.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: JsValue) -> Result<Case, JsError> {
        panic::keep_message();
        let settings: Settings =
            if settings.is_undefined() { Settings::default() } else { from_js(settings)? };
        let session = Session::new(settings.clone());
        Ok(Case { session, settings, files: BTreeMap::new(), window: Vec::new() })
    }

    /// The settings of this case, defaults filled in.
    ///
    /// # Errors
    /// Never in practice: settings are plain data.
    pub fn settings(&self) -> Result<JsValue, JsError> {
        to_js(&self.settings)
    }

    /// Begins a file. The handle is kept for second passes; reading it through is the caller's
    /// work, by `feed`. `name` is the path inside the dropped folder, which `File` does not know.
    pub fn open(&mut self, file: File, name: String, sensor: String, site: String) -> u32 {
        let size = Some(size(&file));
        let id = self.session.open(FileMeta { name, size, sensor, site, ..FileMeta::default() }).0;
        self.files.insert(id, file);
        id
    }

    /// Gives the bytes of `chunk` after `from` to the core, which takes what it can work on in
    /// some milliseconds. Returns how many were taken: call again with the rest.
    pub fn feed(&mut self, file: u32, chunk: &Uint8Array, from: u32) -> usize {
        let end = chunk.length().min(from.saturating_add(WINDOW));
        let part = chunk.subarray(from, end);
        self.window.resize(part.length() as usize, 0);
        part.copy_to(&mut self.window);
        self.session.feed(NodeId(file), &self.window)
    }

    /// True when no format took the file: the rest of it need not be read.
    #[wasm_bindgen(js_name = isRefused)]
    pub fn is_refused(&self, file: u32) -> bool {
        self.session.is_refused(NodeId(file))
    }

    /// Ends a file.
    pub fn close(&mut self, file: u32) {
        self.session.close(NodeId(file));
    }

    /// What the case shows so far; may be asked at any time.
    ///
    /// # Errors
    /// Never in practice: the report is plain data.
    pub fn report(&self) -> Result<JsValue, JsError> {
        to_js(&self.session.report())
    }

    /// A piece of a file as it lies on disk, for the evidence of a finding. Blocks the worker, so
    /// it is for the short second pass only.
    ///
    /// # Errors
    /// If there is no such file, or it can no longer be read.
    pub fn bytes(&self, file: u32, offset: f64, len: f64) -> Result<Uint8Array, JsError> {
        let file = self.files.get(&file).ok_or_else(|| JsError::new("no such file"))?;
        let slice =
            file.slice_with_f64_and_f64(offset, offset + len).map_err(|e| unreadable(file, &e))?;
        let reader = FileReaderSync::new().map_err(|e| unreadable(file, &e))?;
        let buffer = reader.read_as_array_buffer(&slice).map_err(|e| unreadable(file, &e))?;
        Ok(Uint8Array::new(&buffer))
    }

    /// The size of this instance's memory in bytes.
    pub fn memory() -> f64 {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        f64::from(Uint8Array::new(&memory.buffer()).length())
    }
}

/// Large numbers cross as bigint (a time in nanoseconds does not fit a float) and maps as plain
/// objects (which structured cloning keeps and TypeScript can type).
fn to_js(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_large_number_types_as_bigints(true)
        .serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsError::from)
}

fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsError> {
    serde_wasm_bindgen::from_value(value).map_err(JsError::from)
}

/// A size comes from JavaScript as a float; no file is as large as 2^53 bytes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn size(file: &File) -> u64 {
    file.size().max(0.0) as u64
}

fn unreadable(file: &File, error: &JsValue) -> JsError {
    let why = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    JsError::new(&format!("{}: {}", file.name(), why.unwrap_or_default()))
}
