//! Makes archives, whole ones and such as lie.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut to = DeflateEncoder::new(Vec::new(), Compression::default());
    to.write_all(content).unwrap();
    to.finish().unwrap()
}

/// A member to be written.
#[derive(Clone)]
pub(super) struct Put {
    pub(super) name: &'static str,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) data: Vec<u8>,
    pub(super) crc: u32,
    pub(super) size: u64,
    /// Where the directory says that it is, if not where it is.
    pub(super) offset: Option<u64>,
    /// The length that is stated for it, if not its own.
    pub(super) packed: Option<u64>,
    pub(super) is_wide: bool,
    /// Length of a descriptor behind it that it does not need.
    pub(super) spare: usize,
}

pub(super) fn put(name: &'static str, method: u16, content: &[u8]) -> Put {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let data = if method == 8 { deflated(content) } else { content.to_vec() };
    let size = content.len() as u64;
    Put {
        name,
        flags: 0,
        method,
        data,
        crc: crc.sum(),
        size,
        offset: None,
        packed: None,
        is_wide: false,
        spare: 0,
    }
}

/// Writes archives: one with zip64 numbers where a member or `is_wide` asks for it.
#[derive(Default)]
pub(super) struct Zip {
    pub(super) bytes: Vec<u8>,
    pub(super) directory: Vec<u8>,
    pub(super) n: u64,
}

impl Zip {
    pub(super) fn of(members: &[Put]) -> Vec<u8> {
        let mut zip = Self::default();
        members.iter().for_each(|m| zip.add(m));
        zip.end(false)
    }

    pub(super) fn add(&mut self, m: &Put) {
        let at = self.bytes.len() as u64;
        let packed = m.packed.unwrap_or(m.data.len() as u64);
        let is_streamed = m.flags & 8 != 0 && m.spare == 0;
        let narrow = |n: u64| if m.is_wide { u32::MAX } else { n as u32 };
        let sums = |is_hidden: bool| match is_hidden {
            true => [0; 3],
            false => [m.crc, narrow(packed), narrow(m.size)],
        };
        let common = |sums: [u32; 3]| {
            let mut out = [m.flags, m.method, 0, 0].map(u16::to_le_bytes).concat();
            out.extend(sums.map(u32::to_le_bytes).concat());
            out.extend((m.name.len() as u16).to_le_bytes());
            out
        };
        let extra = |numbers: &[u64]| {
            let mut out = Vec::new();
            if m.is_wide {
                out.extend(
                    [0x5455_u16, 2, 7, 1, numbers.len() as u16 * 8].map(u16::to_le_bytes).concat(),
                );
                numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
            }
            out
        };
        let local = extra(&[m.size, packed]);
        self.bytes.extend(b"PK\x03\x04\x14\0");
        self.bytes.extend(common(sums(is_streamed)));
        self.bytes.extend((local.len() as u16).to_le_bytes());
        self.bytes.extend(m.name.as_bytes());
        self.bytes.extend(local);
        self.bytes.extend(&m.data);
        if is_streamed {
            self.bytes.extend(b"PK\x07\x08");
            self.bytes.extend([m.crc, packed as u32, m.size as u32].map(u32::to_le_bytes).concat());
        }
        self.bytes.extend(&b"PK\x07\x08 and lengths that say so"[..m.spare]);
        let at = m.offset.unwrap_or(at);
        let central = extra(&[m.size, packed, at]);
        self.directory.extend(b"PK\x01\x02\x14\0\x14\0");
        self.directory.extend(common(sums(false)));
        self.directory.extend([central.len() as u16, 3, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
        self.directory.extend(narrow(at).to_le_bytes());
        self.directory.extend(m.name.as_bytes());
        self.directory.extend(central);
        self.directory.extend(b"hey");
        self.n += 1;
    }

    pub(super) fn end(mut self, is_wide: bool) -> Vec<u8> {
        let (at, len) = (self.bytes.len() as u64, self.directory.len() as u64);
        self.bytes.extend(&self.directory);
        if is_wide {
            let place = self.bytes.len() as u64;
            self.bytes.extend(b"PK\x06\x06");
            self.bytes.extend(44_u64.to_le_bytes());
            self.bytes.extend([45_u16, 45, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
            self.bytes.extend([self.n, self.n, len, at].map(u64::to_le_bytes).concat());
            self.bytes.extend(b"PK\x06\x07\0\0\0\0");
            self.bytes.extend(place.to_le_bytes());
            self.bytes.extend(1_u32.to_le_bytes());
        }
        let narrow = |n: u64| if is_wide { u32::MAX } else { n as u32 };
        let n = if is_wide { u16::MAX } else { self.n as u16 };
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend([n, n].map(u16::to_le_bytes).concat());
        self.bytes.extend([narrow(len), narrow(at)].map(u32::to_le_bytes).concat());
        self.bytes.extend(b"\x02\0ok");
        self.bytes
    }
}
