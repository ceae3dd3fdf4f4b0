//! The SHA-256 of a file, taken while it is read: the browser's own digest wants it all at once.
use js_sys::Uint8Array;
use sha2::{Digest as _, Sha256};
use wasm_bindgen::prelude::*;

/// A running SHA-256.
#[wasm_bindgen]
#[derive(Default)]
pub struct Digest {
    state: Sha256,
    window: Vec<u8>,
}

#[wasm_bindgen]
impl Digest {
    /// Starts with nothing hashed.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Adds a chunk, by windows: the memory of an instance never shrinks, and a chunk is large.
    pub fn update(&mut self, chunk: &Uint8Array) {
        const WINDOW: u32 = 1 << 18;
        let mut from = 0;
        while from < chunk.length() {
            let part = chunk.subarray(from, chunk.length().min(from + WINDOW));
            self.window.resize(part.length() as usize, 0);
            part.copy_to(&mut self.window);
            self.state.update(&self.window);
            from += part.length();
        }
    }

    /// The digest of all chunks, in hex. Consumes the object.
    pub fn finish(self) -> String {
        self.state.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}
