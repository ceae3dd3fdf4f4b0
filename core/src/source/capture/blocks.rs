//! Blocks of pcapng: where one ends, what a packet block says, and options.

use pcap_parser::{parse_option_be, parse_option_le};
use std::borrow::Cow;

/// Longest block that is believed: a packet of any believable length with its options, or a large
/// file of secrets or log lines. What claims more is taken for damage, so that a lie costs no memory.
pub(super) const MAX_BLOCK: u32 = 4 << 20;

/// Block types (draft-ietf-opsawg-pcapng, section 11.1).
pub(super) mod kind {
    pub const SECTION: u32 = 0x0a0d_0d0a;
    pub const INTERFACE: u32 = 1;
    pub const OLD_PACKET: u32 = 2;
    pub const SIMPLE_PACKET: u32 = 3;
    pub const NAMES: u32 = 4;
    pub const STATISTICS: u32 = 5;
    pub const ENHANCED_PACKET: u32 = 6;
    pub const JOURNAL: u32 = 9;
    pub const SECRETS: u32 = 10;
    pub const CUSTOM: u32 = 0x0bad;
    pub const CUSTOM_NO_COPY: u32 = 0x4000_0bad;
}

/// A section's byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Order {
    pub is_big_endian: bool,
}

impl Order {
    /// From the byte-order magic of a section header.
    pub(super) const fn of(magic: [u8; 4]) -> Option<Self> {
        match magic {
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(Self { is_big_endian: true }),
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(Self { is_big_endian: false }),
            _ => None,
        }
    }

    /// Two bytes at `at`.
    pub(super) fn u16(self, data: &[u8], at: usize) -> Option<u16> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// Four bytes at `at`.
    pub(super) fn u32(self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Eight bytes at `at`.
    pub(super) fn u64(self, data: &[u8], at: usize) -> Option<u64> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// Calls `on` with code and value of each option, up to the end or to what is no option.
    pub(super) fn options(self, mut data: &[u8], on: &mut dyn FnMut(u16, &[u8])) {
        while !data.is_empty() {
            let parse =
                if self.is_big_endian { parse_option_be::<Failure<'_>> } else { parse_option_le };
            let Ok((rest, option)) = parse(data) else { return };
            if option.code.0 == 0 {
                return;
            }
            if let Cow::Borrowed(value) = option.value {
                on(option.code.0, value.get(..usize::from(option.len)).unwrap_or(value));
            }
            data = rest;
        }
    }
}

/// What pcap-parser says when bytes are no option; they end the list.
type Failure<'a> = pcap_parser::PcapError<&'a [u8]>;

/// A block's type and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub kind: u32,
    /// Length of the whole block, padded to 4 bytes.
    pub len: usize,
    pub order: Order,
}

/// What the first bytes of a block say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Block(Head),
    /// More bytes are needed to tell.
    Need(usize),
    /// No block begins here.
    No,
}

/// Reads the head of a block; a section header brings its own order.
pub(super) fn begin(data: &[u8], section: Order) -> Begin {
    let Some(kind) = section.u32(data, 0) else { return Begin::Need(12) };
    let order = match kind {
        // The same in either order.
        kind::SECTION => match data.get(8..).and_then(|rest| rest.first_chunk()) {
            Some(magic) => match Order::of(*magic) {
                Some(order) => order,
                None => return Begin::No,
            },
            None => return Begin::Need(12),
        },
        _ => section,
    };
    match order.u32(data, 4) {
        None => Begin::Need(12),
        Some(len) if !(12..=MAX_BLOCK).contains(&len) => Begin::No,
        // Some writers forget to count the padding.
        Some(len) => Begin::Block(Head { kind, len: len.next_multiple_of(4) as usize, order }),
    }
}

/// The body of a whole block, if the length behind it is the length before it.
pub(super) fn body(data: &[u8], head: Head) -> Option<&[u8]> {
    let after = head.order.u32(data, head.len - 4)?;
    let fits = after.checked_next_multiple_of(4).map(|n| n as usize) == Some(head.len);
    data.get(8..head.len - 4).filter(|_| fits)
}

/// What a packet block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PacketBlock<'a> {
    pub interface: u32,
    /// In ticks of the interface; `None` in simple blocks.
    pub ticks: Option<u64>,
    pub wire_len: u32,
    pub data: &'a [u8],
    /// Where the packet's bytes begin in the block.
    pub start: usize,
    /// Packets the interface lost since the one before, as obsolete blocks tell it.
    pub lost: Option<u16>,
    pub options: &'a [u8],
    /// True when the block is too short for the length it gives.
    pub is_cut: bool,
}

/// Reads the body of a packet block; `None` when it is of another kind or too short for its fields.
pub(super) fn packet(
    kind: u32,
    body: &[u8],
    order: Order,
    snaplen: u32,
) -> Option<PacketBlock<'_>> {
    let number = |at| order.u32(body, at);
    let ticks = || Some(u64::from(number(4)?) << 32 | u64::from(number(8)?));
    let (interface, ticks, lost, caplen, wire_len, start) = match kind {
        kind::ENHANCED_PACKET => (number(0)?, Some(ticks()?), None, number(12)?, number(16)?, 20),
        kind::OLD_PACKET => {
            let lost = order.u16(body, 2).filter(|lost| *lost != u16::MAX);
            let interface = u32::from(order.u16(body, 0)?);
            (interface, Some(ticks()?), lost, number(12)?, number(16)?, 20)
        }
        kind::SIMPLE_PACKET => {
            let wire_len = number(0)?;
            let caplen = if snaplen == 0 { wire_len } else { wire_len.min(snaplen) };
            (0, None, None, caplen.min(body.len() as u32 - 4), wire_len, 4)
        }
        _ => return None,
    };
    let rest = body.get(start..)?;
    let data = rest.get(..caplen as usize);
    let options = (caplen as usize).checked_next_multiple_of(4);
    let options = options.and_then(|at| rest.get(at..)).unwrap_or_default();
    Some(PacketBlock {
        interface,
        ticks,
        wire_len: wire_len.max(data.unwrap_or(rest).len() as u32),
        data: data.unwrap_or(rest),
        start: start + 8,
        lost,
        options,
        is_cut: data.is_none(),
    })
}
