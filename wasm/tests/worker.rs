//! The binding as the page uses it: in a dedicated worker, with real files.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "clippy does not know these as tests")]

use js_sys::{Array, BigInt, Object, Reflect, Uint8Array};
use offwire_wasm::{Case, Digest};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::File;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const NFDUMP: &[u8] = include_bytes!("../../tests/cases/article/nfdump-line.txt");

fn file(name: &str, bytes: &[u8]) -> File {
    let parts = Array::of1(&Uint8Array::from(bytes));
    File::new_with_u8_array_sequence(&parts, name).unwrap()
}

fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

fn feed_all(case: &mut Case, id: u32, bytes: &[u8]) {
    let chunk = Uint8Array::from(bytes);
    let mut from = 0;
    while from < chunk.length() {
        from += case.feed(id, &chunk, from) as u32;
    }
    case.close(id);
}

#[wasm_bindgen_test]
fn a_real_file_is_read_to_its_end() {
    let mut case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let handle = file("nfdump-line.txt", NFDUMP);
    let id = case.open(handle, "a/nfdump-line.txt".into(), String::new(), String::new());
    feed_all(&mut case, id, NFDUMP);
    let sources: Array = get(&case.report().ok().unwrap(), "sources").unchecked_into();
    let source = sources.get(0);
    assert_eq!(get(&source, "name").as_string().as_deref(), Some("a/nfdump-line.txt"));
    let size: BigInt = get(&source, "size").dyn_into().expect("a bigint");
    assert_eq!(u64::try_from(size), Ok(NFDUMP.len() as u64));
}

#[wasm_bindgen_test]
fn a_number_of_nanoseconds_crosses_both_ways() {
    // Larger than a float can hold to the last digit.
    let ns = 1_700_000_000_123_456_789_u64;
    let settings = Object::new();
    Reflect::set(&settings, &"seed".into(), &BigInt::from(ns)).unwrap();
    let case = Case::new(settings.into()).ok().unwrap();
    let back: BigInt = get(&case.settings().ok().unwrap(), "seed").dyn_into().expect("a bigint");
    assert_eq!(u64::try_from(back), Ok(ns));
}

#[wasm_bindgen_test]
fn settings_of_another_shape_are_refused() {
    let settings = Object::new();
    Reflect::set(&settings, &"seed".into(), &"many".into()).unwrap();
    assert!(Case::new(settings.into()).is_err());
}

#[wasm_bindgen_test]
fn a_second_pass_reads_a_slice_of_the_file() {
    let mut case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let id = case.open(file("x", b"0123456789"), "x".into(), String::new(), String::new());
    assert_eq!(case.bytes(id, 3.0, 4.0).ok().unwrap().to_vec(), b"3456");
    assert!(case.bytes(id + 1, 0.0, 1.0).is_err());
}

#[wasm_bindgen_test]
fn a_digest_is_sha_256_over_all_chunks() {
    let mut digest = Digest::new();
    digest.update(&Uint8Array::from(&b"ab"[..]));
    digest.update(&Uint8Array::from(&b"c"[..]));
    // FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.finish(), abc);
}

#[wasm_bindgen_test]
fn memory_is_reported() {
    assert!(Case::memory() >= 65536.0);
}
