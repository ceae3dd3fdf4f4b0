//! `ntp`: one message about the time, as Zeek's ntp.log.

use crate::event::record;
use crate::text::Text;
use crate::time::{Interval, Time};

record! {
    /// One NTP message (RFC 5905 section 7.3). A time of zero is one that its sender does not know.
    Ntp "ntp" {
        /// Version of the protocol.
        version: Option<u64> = "version",
        /// Who speaks: 1 and 2 symmetric, 3 client, 4 server, 5 broadcast.
        mode: Option<u64> = "mode",
        /// Distance from a clock; 0 unspecified, 1 a clock itself, 16 not synchronised.
        stratum: Option<u64> = "stratum",
        /// Longest pause between messages.
        poll: Option<Interval> = "poll",
        /// Precision of the sender's clock.
        precision: Option<Interval> = "precision",
        /// Round trip to the reference clock.
        root_delay: Option<Interval> = "root_delay",
        /// Error against the reference clock.
        root_disp: Option<Interval> = "root_disp",
        /// What the sender follows: a clock's name, a code why it refuses, or an address.
        ref_id: Option<Text> = "ref_id",
        /// When the sender's clock was set last.
        ref_time: Option<Time> = "ref_time",
        /// The client's time when its request left.
        org_time: Option<Time> = "org_time",
        /// The server's time when the request came.
        rec_time: Option<Time> = "rec_time",
        /// The sender's time when this message left.
        xmt_time: Option<Time> = "xmt_time",
        /// Number of extensions behind the message.
        num_exts: Option<u64> = "num_exts",
    }
}
