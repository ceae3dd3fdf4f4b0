//! `weird`: something odd in the traffic itself, as Zeek's weird.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One anomaly of the traffic: what is odd in the evidence, not what we failed to read.
    Weird "weird" {
        /// Name of the anomaly, Zeek's where Zeek has one.
        name: Option<Text> = "name",
        /// More about it.
        addl: Option<Text> = "addl",
        /// The analyzer that found it.
        source: Option<Text> = "source",
    }
}
