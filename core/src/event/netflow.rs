//! `netflow`: one direction of a connection, as a flow exporter reports it.

use crate::event::record;
use crate::text::Text;
use crate::time::Interval;

record! {
    /// One flow record: one direction, as exported. Pairs of them become `conn` rows.
    Netflow "netflow" {
        /// Time from the flow's first packet to its last.
        duration: Option<Interval> = "duration",
        /// Packets in this direction. Sampled exporters: as reported.
        pkts: Option<u64> = "pkts",
        /// Bytes in this direction at IP level.
        bytes: Option<u64> = "bytes",
        /// Union of TCP flags as letters of UAPRSF; unset when the row has none.
        tcp_flags: Option<Text> = "tcp_flags",
        /// How many flows the exporter or the tool summed into this row.
        flows: Option<u64> = "flows",
        /// True when packets and bytes were rounded by the tool (printed as 1.2 M).
        rounded: Option<bool> = "rounded",
    }
}
