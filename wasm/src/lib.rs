//! Hands the core to JavaScript: one class for a case, one for a file's digest, translation only.
use js_sys::{Reflect, Uint8Array};
use offwire_core::event::NodeId;
use offwire_core::report;
use offwire_core::session::{Session, Turn};
use offwire_core::settings::Settings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Once;
use wasm_bindgen::prelude::*;
use web_sys::File;

mod digest;
mod evidence;
mod panic;
mod plan;
mod second_pass;
mod story;
mod tables;

pub use digest::Digest;
pub use evidence::Pass;
pub use plan::{first_packet, is_aid, members, plan};
pub use tables::Writing;

/// How many bytes are copied in for one call of `feed`: few enough that they are still in the
/// processor's cache when the core reads them, which most of it has for its tables; many enough that
/// calls cost nothing and hardly a packet is cut by their ends.
const WINDOW: u32 = 256 << 10;

/// Done with the first case of a worker.
static RESERVED: Once = Once::new();

/// Memory taken in one step when a case begins: the allocator grows by 64 KB, and each such step
/// is a call into the browser, which may have to move all of it. A case of a gigabyte fits, with
/// tables of 16 MB; so what fails for want of memory fails before anything is read. Pages take no
/// memory of the machine before they are used.
const RESERVE: usize = 80 << 20;

/// Rows of evidence that cross with a report, which is told again and again: some megabytes at most.
const ROWS_TOLD: usize = 1000;

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
        // What is freed stays with the allocator; a compiler that sees no use would leave it out.
        RESERVED.call_once(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(RESERVE))));
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

    /// Begins a file, described as for [`plan`]. The handle is kept for second passes; reading it
    /// through is the caller's work, by `feed`. The name is the path inside the dropped folder,
    /// which `File` does not know.
    ///
    /// # Errors
    /// If the file is not described as it must be.
    pub fn open(&mut self, file: File, described: JsValue) -> Result<u32, JsError> {
        let meta = from_js::<plan::Described>(described)?.into();
        let id = self.session.open(meta).0;
        self.files.insert(id, file);
        Ok(id)
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

    /// A plan of files is read from now on, as [`Case::turn`] says.
    #[wasm_bindgen(js_name = beginPlan)]
    pub fn begin_plan(&mut self) {
        self.session.begin_plan();
    }

    /// No file follows, although one was asked for.
    #[wasm_bindgen(js_name = endPlan)]
    pub fn end_plan(&mut self) {
        self.session.end_plan();
    }

    /// What to read next: the number of an open file, to be fed or closed at its end; -1 to open the
    /// next file of the plan; -2 when nothing is left.
    pub fn turn(&mut self) -> i32 {
        match self.session.turn() {
            Turn::Feed(file) => i32::try_from(file.0).unwrap_or(i32::MAX),
            Turn::Open => -1,
            Turn::Done => -2,
        }
    }

    /// Ends a file.
    pub fn close(&mut self, file: u32) {
        self.session.close(NodeId(file));
    }

    /// No more files follow: what waited for one is ended.
    pub fn settle(&mut self) {
        self.session.settle();
    }

    /// True when a file came too late for what was read before it: the case must be read again.
    #[wasm_bindgen(js_name = isStale)]
    pub fn is_stale(&self) -> bool {
        self.session.is_stale()
    }

    /// Empties the case, to be read again with what it has learnt.
    pub fn renew(&mut self) {
        self.session.renew();
        self.files.clear();
    }

    /// What the case shows so far; may be asked at any time. Of very many findings only the first
    /// are whole.
    ///
    /// # Errors
    /// Never in practice: the report is plain data.
    pub fn report(&self) -> Result<JsValue, JsError> {
        let mut report = self.session.report();
        report.shorten(ROWS_TOLD);
        to_js(&report)
    }

    /// Findings, each asked for as a pair of rule and key: whole, where the report shortened them.
    ///
    /// # Errors
    /// If what is wanted are no such pairs.
    pub fn findings(&self, wanted: JsValue) -> Result<JsValue, JsError> {
        to_js(&self.session.findings(&from_js::<Vec<_>>(wanted)?))
    }

    /// The report as the command writes it, byte for byte: `text` or `json`.
    ///
    /// # Errors
    /// Never in practice: the report is plain data.
    pub fn written(&self, form: &str) -> Result<String, JsError> {
        let report = self.session.report();
        if form == "json" {
            let json = serde_json::to_string_pretty(&report).map_err(JsError::from)?;
            return Ok(json + "\n");
        }
        Ok(report::text(&report))
    }

    /// The size of this instance's memory in bytes.
    pub fn memory() -> f64 {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        f64::from(Uint8Array::new(&memory.buffer()).length())
    }
}

/// Large numbers cross as bigint (a time in nanoseconds does not fit a float) and maps as plain
/// objects (which structured cloning keeps and TypeScript can type).
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_large_number_types_as_bigints(true)
        .serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsError::from)
}

pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsError> {
    serde_wasm_bindgen::from_value(value).map_err(JsError::from)
}

/// A size comes from JavaScript as a float; no file is as large as 2^53 bytes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn size(file: &File) -> u64 {
    file.size().max(0.0) as u64
}

pub(crate) fn unreadable(file: &File, error: &JsValue) -> JsError {
    let why = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    JsError::new(&format!("{}: {}", file.name(), why.unwrap_or_default()))
}
