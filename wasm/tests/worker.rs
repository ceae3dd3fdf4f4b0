//! The binding as the page uses it: in a dedicated worker, with real files.
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
fn a_real_file_gives_findings() {
    let mut case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let id = case.open(file("nfdump-line.txt", NFDUMP), "a/nfdump-line.txt".into(), "".into(), "".into());
    feed_all(&mut case, id, NFDUMP);
    let findings: Array = get(&case.report().ok().unwrap(), "findings").unchecked_into();
    assert!(findings.length() > 0);
    assert!(get(&findings.get(0), "title").is_string());
}

#[wasm_bindgen_test]
fn a_nanosecond_time_crosses_both_ways() {
    let ns = 1_700_000_000_123_456_789_i64;
    let query = Object::new();
    Reflect::set(&query, &"from".into(), &BigInt::from(ns)).unwrap();
    let case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let rows = case.rows(query.into()).ok().unwrap();
    let back: BigInt = get(&rows, "from").dyn_into().expect("a bigint");
    assert_eq!(i64::try_from(back), Ok(ns));
}

#[wasm_bindgen_test]
fn a_second_pass_reads_a_slice_of_the_file() {
    let mut case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let id = case.open(file("x", b"0123456789"), "x".into(), "".into(), "".into());
    assert_eq!(case.bytes(id, 3.0, 4.0).ok().unwrap().to_vec(), b"3456");
    assert!(case.bytes(id + 1, 0.0, 1.0).is_err());
}

#[wasm_bindgen_test]
fn a_plan_is_an_order_of_all_files() {
    let case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let probe = |name: &str| {
        let p = Object::new();
        Reflect::set(&p, &"name".into(), &name.into()).unwrap();
        Reflect::set(&p, &"size".into(), &3.into()).unwrap();
        Reflect::set(&p, &"head".into(), &Uint8Array::from(&b"abc"[..])).unwrap();
        p
    };
    let mut order = case.plan(&Array::of2(&probe("b"), &probe("a"))).ok().unwrap();
    order.sort_unstable();
    assert_eq!(order, [0, 1]);
    assert!(case.plan(&Array::of1(&Object::new())).is_err());
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
