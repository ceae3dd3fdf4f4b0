//! `dns`: one question and its answer, as Zeek's dns.log.

use super::StringSet;
use crate::event::record;
use crate::text::Text;
use crate::time::Interval;

record! {
    /// One DNS question with its answer, or either alone.
    Dns "dns" {
        /// The query's identifier.
        trans_id: Option<u16> = "trans_id",
        /// Time from the query to its reply; from packets, as in Zeek, of replies with answers only.
        rtt: Option<Interval> = "rtt",
        /// The name asked for, lower case as Zeek shows it; bytes outside printable ASCII as `\xNN`.
        query: Option<Text> = "query",
        /// The class, as a number.
        qclass: Option<u16> = "qclass",
        /// The class, by name: `C_INTERNET`.
        qclass_name: Option<Text> = "qclass_name",
        /// The record type asked for, as a number.
        qtype: Option<u16> = "qtype",
        /// The record type asked for, by name: `A`, `AAAA`, `HTTPS`.
        qtype_name: Option<Text> = "qtype_name",
        /// The response code, as a number.
        rcode: Option<u16> = "rcode",
        /// The response code, by name: `NOERROR`, `NXDOMAIN`.
        rcode_name: Option<Text> = "rcode_name",
        /// Authoritative answer; from packets false, as in Zeek, where no reply with answers was seen.
        aa: Option<bool> = "AA",
        /// Truncated.
        tc: Option<bool> = "TC",
        /// Recursion desired.
        rd: Option<bool> = "RD",
        /// Recursion available; from packets false, as in Zeek, where no reply with answers was seen.
        ra: Option<bool> = "RA",
        /// The reserved bits.
        z: Option<u8> = "Z",
        /// The answer section in readable form, in order.
        answers: Vec<Text> = "answers",
        /// The answers' caching intervals, in the same order.
        ttls: Vec<Interval> = "TTLs",
        /// True when the server refused the question; see `answered` for whether it said anything.
        rejected: Option<bool> = "rejected",
        /// The kind of query, as a number.
        opcode: Option<u8> = "opcode",
        /// The kind of query, by name: `query`, `update`.
        opcode_name: Option<Text> = "opcode_name",
        /// The authority section in readable form.
        auth: StringSet = "auth",
        /// The additional section in readable form, EDNS left out.
        addl: StringSet = "addl",
        /// True when a reply was seen, false when the evidence shows none. Zeek: a row with `rcode`.
        answered: Option<bool> = "answered",
    }
}
