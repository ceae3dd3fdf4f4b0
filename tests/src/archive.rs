//! Writes zip archives of evidence, for tests.

use crate::read::Input;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// These files as one archive: every second one stored, the others deflated.
pub fn archive(files: &[Input]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (i, Input { name, bytes }) in files.iter().enumerate() {
        let method = if i % 2 == 1 { 0 } else { 8 };
        let data = if method == 0 { bytes.clone() } else { deflated(bytes) };
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut common = [0, method, 0, 0].map(u16::to_le_bytes).concat();
        let numbers = [crc.sum(), data.len() as u32, bytes.len() as u32];
        common.extend(numbers.map(u32::to_le_bytes).concat());
        common.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        directory.extend(b"PK\x01\x02\x14\0\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(common);
        out.extend(name.as_bytes());
        out.extend(data);
    }
    let n = files.len() as u16;
    let end = [0, 0, n, n].map(u16::to_le_bytes).concat();
    let place = [directory.len() as u32, out.len() as u32].map(u32::to_le_bytes).concat();
    [&out[..], &directory, b"PK\x05\x06", &end, &place, &[0; 2]].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut to = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; what did not come out would fail the test.
    let _ = to.write_all(bytes);
    to.finish().unwrap_or_default()
}
