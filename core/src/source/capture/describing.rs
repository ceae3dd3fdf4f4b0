//! Blocks of pcapng that describe: interfaces, their statistics, names, secrets.

use super::blocks::Order;
use crate::bytes::Cursor;
use crate::source::{Interface, Node};
use crate::text;
use crate::time::{NANOS, Time};
use std::net::IpAddr;

/// Counter of packets that the capture says it lost before others.
pub(super) const LOST: &str = "packets lost before others, by the capture";

/// Numbers of losses that a note names; a file has one or two.
const MAX_TOLD: usize = 8;

/// What a capture lost by its own count, in a person's words; `None` when it says of none.
pub(super) fn losses(node: &Node) -> Option<String> {
    let is_loss = |name: &str| {
        let dropped = [": dropped by the interface", ": dropped by the operating system"];
        name == LOST || dropped.iter().any(|end| name.ends_with(end))
    };
    let lost = node.counters.iter().filter(|(name, n)| **n > 0 && is_loss(name));
    let told: Vec<_> = lost.take(MAX_TOLD).map(|(name, n)| format!("{name}: {n}")).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// What decoding needs of an interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocked {
    pub link_type: u16,
    pub snaplen: u32,
    ticks_per_sec: u64,
    offset_secs: i64,
}

impl Clocked {
    /// An interface as the node remembers it.
    pub(super) const fn of(shown: &Interface) -> Self {
        Self {
            link_type: shown.link_type,
            snaplen: shown.snaplen,
            ticks_per_sec: shown.ticks_per_sec,
            offset_secs: shown.offset_secs,
        }
    }

    /// The time of so many ticks; `None` where it is out of all range, or the resolution unusable.
    pub(super) fn time(&self, ticks: u64) -> Option<Time> {
        let whole = ticks.checked_div(self.ticks_per_sec)?;
        let part = u128::from(ticks % self.ticks_per_sec) * NANOS as u128;
        let nanos = i64::try_from(part / u128::from(self.ticks_per_sec)).ok()?;
        let secs = i64::try_from(whole).ok()?.checked_add(self.offset_secs)?;
        secs.checked_mul(NANOS)?.checked_add(nanos).map(Time)
    }
}

/// An interface description block: link type, snap length, options.
pub(super) fn interface(order: Order, body: &[u8]) -> Option<(Clocked, Interface)> {
    const NAME: u16 = 2;
    const DESCRIPTION: u16 = 3;
    const RESOLUTION: u16 = 9;
    const OFFSET: u16 = 14;
    let mut shown = Interface {
        link_type: order.u16(body, 0)?,
        snaplen: order.u32(body, 4)?,
        ticks_per_sec: 1_000_000,
        ..Interface::default()
    };
    let mut description = None;
    order.options(body.get(8..)?, &mut |code, value| match (code, value) {
        (NAME, _) => shown.name = text::from_bytes(value),
        (DESCRIPTION, _) => description = Some(text::from_bytes(value)),
        (RESOLUTION, [exponent, ..]) => shown.ticks_per_sec = resolution(*exponent),
        (OFFSET, _) => shown.offset_secs = order.u64(value, 0).map_or(0, u64::cast_signed),
        _ => {}
    });
    if let Some(description) = description.filter(|_| shown.name.is_empty()) {
        shown.name = description;
    }
    Some((Clocked::of(&shown), shown))
}

/// Ticks in a second: 10, or with the high bit set 2, to the power of the other bits. 0 when that
/// is more than a number holds: such times cannot be read.
fn resolution(exponent: u8) -> u64 {
    let power = u32::from(exponent & 0x7f);
    let base: u64 = if exponent & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(power).unwrap_or(0)
}

/// An interface statistics block, as counters of the node. `base` is the number of the section's
/// first interface among the node's.
pub(super) fn statistics(order: Order, body: &[u8], base: usize, node: &mut Node) -> Option<()> {
    const COUNTS: [(u16, &str); 5] = [
        (4, "received"),
        (5, "dropped by the interface"),
        (6, "accepted by the filter"),
        (7, "dropped by the operating system"),
        (8, "delivered"),
    ];
    let number = base + order.u32(body, 0)? as usize;
    let name = match &*node.interfaces.get(number)?.name {
        "" => number.to_string(),
        name => name.to_owned(),
    };
    order.options(body.get(12..)?, &mut |code, value| {
        let known = COUNTS.iter().find(|(known, _)| *known == code);
        if let Some(((_, what), n)) = known.zip(order.u64(value, 0)) {
            // A later block replaces an earlier one: the counts are since the capture began.
            node.put(&format!("interface {name}: {what}"), n);
        }
    });
    Some(())
}

/// A name resolution block: records of address and names, then options. Calls `on` with each
/// address and each of its names.
pub(super) fn names<'a>(
    order: Order,
    body: &'a [u8],
    on: &mut dyn FnMut(IpAddr, &'a [u8]),
) -> Option<&'a [u8]> {
    let mut at = 0;
    loop {
        let (kind, len) = (order.u16(body, at)?, usize::from(order.u16(body, at + 2)?));
        let value = body.get(at + 4..)?.get(..len)?;
        at += 4 + len.next_multiple_of(4);
        let mut c = Cursor::new(value);
        let addr: IpAddr = match kind {
            0 => return body.get(at..),
            1 => c.array::<4>()?.into(),
            2 => c.array::<16>()?.into(),
            _ => continue,
        };
        // Each name ends with a zero byte.
        let names = c.rest().split(|b| *b == 0).filter(|name| !name.is_empty());
        names.for_each(|name| on(addr, name));
    }
}

/// A decryption secrets block: type, length, secrets; then options. Gives the secrets, where they
/// are TLS's, and the options.
pub(super) fn secrets(order: Order, body: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    const TLS_KEY_LOG: u32 = 0x544c_534b;
    let (kind, len) = (order.u32(body, 0)?, order.u32(body, 4)? as usize);
    let secrets = body.get(8..)?.get(..len)?;
    let options = body.get(8 + len.next_multiple_of(4)..).unwrap_or_default();
    Some(((kind == TLS_KEY_LOG).then_some(secrets), options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(exponent: u8, offset_secs: i64) -> Clocked {
        Clocked { link_type: 1, snaplen: 0, ticks_per_sec: resolution(exponent), offset_secs }
    }

    #[test]
    fn ticks_are_counted_in_the_interface_s_own_resolution() {
        assert_eq!(clock(6, 0).time(1_500_000), Some(Time(1_500_000_000)));
        assert_eq!(clock(9, 2).time(7), Some(Time(2_000_000_007)));
        assert_eq!(clock(0x80 | 20, 0).time(3 << 19), Some(Time(1_500_000_000)));
        assert_eq!(clock(0, -1).time(1), Some(Time(0)));
        assert_eq!(clock(19, 0).time(u64::MAX).map(|t| t.0), Some(1_844_674_407));
    }

    #[test]
    fn a_resolution_or_a_time_beyond_all_range_is_no_time() {
        assert_eq!(clock(20, 0).time(1), None);
        assert_eq!(clock(0x80 | 64, 0).time(1), None);
        assert_eq!(clock(6, i64::MAX).time(1), None);
        assert_eq!(clock(0, 0).time(u64::MAX), None);
    }
}
