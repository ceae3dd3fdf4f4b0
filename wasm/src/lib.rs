//! Hands the core to JavaScript: one class for a case, one for a file's digest, translation only.
use js_sys::{Array, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileReaderSync};

#[allow(missing_docs, clippy::cast_possible_truncation)]
mod stand_in;
use stand_in::{FileId, FileMeta, Probe, RowQuery, Session, Settings};

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
    files: Vec<File>,
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
        let settings: Settings = if settings.is_undefined() {
            Settings::default()
        } else {
            from_js(settings)?
        };
        Ok(Case { session: Session::new(settings), files: Vec::new(), window: Vec::new() })
    }

    /// The default settings.
    ///
    /// # Errors
    /// Never in practice: settings are plain data.
    pub fn settings() -> Result<JsValue, JsError> {
        to_js(&Settings::default())
    }

    /// The order in which to feed files; each probe is `{ name, size, head }`, the head at most
    /// the first 64 KB.
    ///
    /// # Errors
    /// If a probe lacks one of its three members.
    pub fn plan(&self, probes: &Array) -> Result<Vec<u32>, JsError> {
        let probes = probes.iter().map(|p| probe(&p)).collect::<Result<Vec<_>, _>>()?;
        self.session
            .plan(&probes)
            .into_iter()
            .map(|i| u32::try_from(i).map_err(JsError::from))
            .collect()
    }

    /// Begins a file. The handle is kept for second passes; reading it through is the caller's
    /// work, by `feed`. `name` is the path inside the dropped folder, which `File` does not know.
    pub fn open(&mut self, file: File, name: String, sensor: String, site: String) -> u32 {
        let id = self.session.open(FileMeta { name, size: size(&file), sensor, site });
        self.files.push(file);
        id.0
    }

    /// Gives the bytes of `chunk` after `from` to the core, which takes what it can work on in
    /// some milliseconds. Returns how many were taken: call again with the rest.
    pub fn feed(&mut self, file: u32, chunk: &Uint8Array, from: u32) -> usize {
        let end = chunk.length().min(from.saturating_add(WINDOW));
        let part = chunk.subarray(from, end);
        self.window.resize(part.length() as usize, 0);
        part.copy_to(&mut self.window);
        self.session.feed(FileId(file), &self.window)
    }

    /// Ends a file.
    pub fn close(&mut self, file: u32) {
        self.session.close(FileId(file));
    }

    /// What the case shows so far; may be asked at any time.
    ///
    /// # Errors
    /// Never in practice: the report is plain data.
    pub fn report(&self) -> Result<JsValue, JsError> {
        to_js(&self.session.report())
    }

    /// One page of a table.
    ///
    /// # Errors
    /// If the query does not have the shape of the core's.
    pub fn rows(&self, query: JsValue) -> Result<JsValue, JsError> {
        let query: RowQuery = from_js(query)?;
        to_js(&self.session.rows(&query))
    }

    /// A piece of a file as it lies on disk, for the evidence of a finding. Blocks the worker, so
    /// it is for the short second pass only.
    ///
    /// # Errors
    /// If there is no such file, or it can no longer be read.
    pub fn bytes(&self, file: u32, offset: f64, len: f64) -> Result<Uint8Array, JsError> {
        let file = self.files.get(file as usize).ok_or_else(|| JsError::new("no such file"))?;
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

/// Read by hand: through serde, each of 64 K bytes would cross on its own.
fn probe(value: &JsValue) -> Result<Probe, JsError> {
    let member = |name: &str| {
        Reflect::get(value, &name.into()).map_err(|_| JsError::new("a probe is an object"))
    };
    let name = member("name")?.as_string().ok_or_else(|| JsError::new("a probe has a name"))?;
    let size = member("size")?.as_f64().ok_or_else(|| JsError::new("a probe has a size"))?;
    let head: Uint8Array =
        member("head")?.dyn_into().map_err(|_| JsError::new("a probe has a head"))?;
    Ok(Probe { name, size: whole(size), head: head.to_vec() })
}

fn size(file: &File) -> u64 {
    whole(file.size())
}

/// Sizes come from JavaScript as floats, and no file is as large as 2^53 bytes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(n: f64) -> u64 {
    n.max(0.0) as u64
}

fn unreadable(file: &File, error: &JsValue) -> JsError {
    let why = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    JsError::new(&format!("{}: {}", file.name(), why.unwrap_or_default()))
}
