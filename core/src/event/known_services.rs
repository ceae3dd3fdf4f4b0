//! `known_services`: a service seen answering, as Zeek's known_services.log.

use crate::event::record;
use crate::event::value::StringSet;

record! {
    /// One observation of a service that answered; host, port and transport stand in the row's responder.
    KnownService "known_services" {
        /// Protocols recognised, lower case.
        service: StringSet = "service",
    }
}
