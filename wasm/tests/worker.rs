//! The binding as the page uses it: in a dedicated worker, with real files.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "clippy does not know these as tests")]

use js_sys::{Array, BigInt, Object, Reflect, Uint8Array};
use offwire_wasm::{Case, Digest, first_packet, is_aid, plan};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::File;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const NFDUMP: &[u8] = include_bytes!("../../tests/cases/article/nfdump-line.txt");

fn file(name: &str, bytes: &[u8]) -> File {
    let parts = Array::of1(&Uint8Array::from(bytes));
    File::new_with_u8_array_sequence(&parts, name).unwrap()
}

/// An object with these members.
fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &JsValue::from_str(name), value).unwrap();
    }
    object.into()
}

/// A file as the reading worker describes it.
fn described(name: &str, size: usize) -> JsValue {
    let empty = JsValue::from_str("");
    object(&[
        ("name", name.into()),
        ("size", JsValue::from_f64(size as f64)),
        ("sensor", empty.clone()),
        ("site", empty),
        ("more_follow", false.into()),
    ])
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
    let id = case.open(handle, described("a/nfdump-line.txt", NFDUMP.len())).ok().unwrap();
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
    let id = case.open(file("x", b"0123456789"), described("x", 10)).ok().unwrap();
    assert_eq!(case.bytes(id, 3.0, 4.0).ok().unwrap().to_vec(), b"3456");
    assert!(case.bytes(id + 1, 0.0, 1.0).is_err());
}

/// A case that has read the article's access log.
fn access_log() -> Case {
    const LOG: &[u8] = include_bytes!("../../tests/cases/article/access.log");
    let mut case = Case::new(JsValue::UNDEFINED).ok().unwrap();
    let id = case.open(file("access.log", LOG), described("access.log", LOG.len())).ok().unwrap();
    feed_all(&mut case, id, LOG);
    case.settle();
    case
}

fn query(filter: &str, count: u32) -> JsValue {
    object(&[
        ("kind", "http".into()),
        ("filter", filter.into()),
        ("from", 1.into()),
        ("count", count.into()),
    ])
}

#[wasm_bindgen_test]
fn rows_cross_as_typed_arrays_and_one_heap() {
    let mut case = access_log();
    let rows = get(&case.rows(query("status_code == 404", 3)).ok().unwrap(), "ok");
    assert_eq!(get(&rows, "total").dyn_into::<BigInt>().map(u64::try_from), Ok(Ok(16)));
    let columns: Array = get(&rows, "columns").unchecked_into();
    let ts = columns.iter().find(|c| get(c, "name") == "ts").unwrap();
    let times: js_sys::BigInt64Array = get(&ts, "a").dyn_into().expect("numbers as they are");
    assert_eq!(times.get_index(0), 1_693_387_151_000_000_000);
    assert_eq!(get(&rows, "at").unchecked_into::<Array>().length(), 3);
}

#[wasm_bindgen_test]
fn a_filter_that_cannot_be_read_says_where() {
    let mut case = access_log();
    let wrong = get(&case.rows(query("status_code = = 1", 3)).ok().unwrap(), "wrong");
    assert!(get(&wrong, "message").is_string());
    assert!(get(&wrong, "at").is_bigint());
}

#[wasm_bindgen_test]
fn an_item_is_its_bytes_and_its_fields() {
    let mut case = access_log();
    let rows = get(&case.rows(query("", 1)).ok().unwrap(), "ok");
    let item = case.item(get(&rows, "at").unchecked_into::<Array>().get(0)).ok().unwrap();
    let bytes: Uint8Array = get(&item, "bytes").dyn_into().expect("bytes as bytes");
    assert!(bytes.to_vec().starts_with(b"123.150.207.231 - - [30/Aug/2023:09:19:11"));
    assert!(get(&item, "fields").unchecked_into::<Array>().length() > 5);
}

#[wasm_bindgen_test]
fn a_table_is_written_block_by_block() {
    let case = access_log();
    let mut writing = case.write_rows(query("", 0), "csv").ok().unwrap();
    let block = case.write_on(&mut writing).ok().unwrap().unwrap().to_vec();
    assert_eq!(block.iter().filter(|b| **b == b'\n').count(), 17);
    assert!(case.write_on(&mut writing).ok().unwrap().is_none());
    assert!(case.write_rows(query("", 0), "pdf").is_err());
}

#[wasm_bindgen_test]
fn the_report_is_written_as_the_command_writes_it() {
    let case = access_log();
    assert!(case.written("text").ok().unwrap().starts_with("Offwire report\n"));
    assert!(case.written("json").ok().unwrap().ends_with("}\n"));
}

#[wasm_bindgen_test]
fn files_are_planned_by_name_and_captures_told_by_their_first_packet() {
    let files = Array::of2(&described("b", 1), &described("a", 2));
    let planned = Array::from(&plan(files.into()).ok().unwrap());
    let index = |at: u32| Reflect::get(&planned.get(at), &"index".into()).unwrap().as_f64();
    assert_eq!(([index(0), index(1)], planned.length()), ([Some(1.0), Some(0.0)], 2));
    assert!(plan(Array::of1(&JsValue::from_str("a")).into()).is_err());
    // A pcap file of one empty packet, two seconds after 1970 and three microseconds.
    let mut pcap = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    pcap.extend([0; 8]);
    pcap.extend([0, 0, 1, 0, 1, 0, 0, 0]);
    pcap.extend([2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let head = Uint8Array::from(pcap.as_slice());
    let first = |bytes: &Uint8Array| first_packet(bytes, true, JsValue::UNDEFINED).unwrap();
    assert_eq!(first(&head), Some(2_000_003_000));
    assert_eq!(first(&Uint8Array::from(&b"no capture"[..])), None);
    let secret = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "5e".repeat(48));
    let is_aid = |bytes: &Uint8Array| is_aid(bytes, true, JsValue::UNDEFINED).unwrap();
    assert!(is_aid(&Uint8Array::from(secret.as_bytes())) && !is_aid(&head));
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
