//! `snmp`: one exchange, as Zeek's snmp.log.

use crate::event::record;
use crate::text::Text;
use crate::time::{Interval, Time};

record! {
    /// The SNMP messages of one connection.
    Snmp "snmp" {
        /// From the first message to the last.
        duration: Option<Interval> = "duration",
        /// `1`, `2c` or `3`.
        version: Option<Text> = "version",
        /// The community of the first message, which is a password: only `public` and `private`,
        /// which everybody knows, are shown; others are `<hidden>`.
        community: Option<Text> = "community",
        /// Variables asked for by Get and GetNext.
        get_requests: Option<u64> = "get_requests",
        /// Variables asked for by GetBulk.
        get_bulk_requests: Option<u64> = "get_bulk_requests",
        /// Variables in answers.
        get_responses: Option<u64> = "get_responses",
        /// Variables to be changed.
        set_requests: Option<u64> = "set_requests",
        /// How the device describes itself (sysDescr).
        display_string: Option<Text> = "display_string",
        /// Since when the device runs, as it says (sysUpTime).
        up_since: Option<Time> = "up_since",
    }
}
