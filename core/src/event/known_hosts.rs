//! `known_hosts`: a host that was seen, as Zeek's known_hosts.log, with the name that a capture tells.

use crate::event::record;
use crate::text::Text;

record! {
    /// A host that was seen, or that a capture's own list of names names; its address stands in the row's responder.
    KnownHost "known_hosts" {
        /// What the machine that captured called it, as it resolved the address: reported, not seen.
        host_name: Option<Text> = "host_name",
    }
}
