//! `syslog`: one message, as Zeek's syslog.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One syslog message on its way over the network.
    Syslog "syslog" {
        /// What carries it: `udp` or `tcp`.
        proto: Option<Text> = "proto",
        /// What it is about: `AUTH`, `DAEMON`.
        facility: Option<Text> = "facility",
        /// How grave it is: `ERR`, `INFO`.
        severity: Option<Text> = "severity",
        /// The text behind the priority.
        message: Option<Text> = "message",
    }
}
