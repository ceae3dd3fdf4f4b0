//! TShark's packets, counted by pair of endpoints.

use super::{lines, row};
use crate::ends::{self, End};
use crate::zeek_log::Row;
use std::path::Path;

/// A row for each pair of endpoints. Those without ports that should have some are later fragments,
/// which belong to the first one's connection.
pub(crate) fn expected(table: &Path) -> Vec<(&'static str, Row)> {
    let flow = |line: &super::Line| {
        let text = |name: &str| line.get(name).map(str::to_owned);
        let proto = text("proto").map(|proto| match proto.as_str() {
            "icmp6" => "icmp".to_owned(),
            "tcp" | "udp" | "icmp" | "sctp" => proto,
            _ => "unknown_transport".to_owned(),
        });
        // Of ICMP it has type and code; the record, as Zeek, the type of the answer.
        let is_icmp = proto.as_deref() == Some("icmp");
        let port = |name: &str| text(name).filter(|_| !is_icmp);
        let sides = [("orig", "orig_port"), ("resp", "resp_port")];
        let sides: [End; 2] = sides.map(|(addr, of)| End::new(text(addr), port(of)));
        let pkts = [text("orig_pkts"), text("resp_pkts")];
        let payload = [text("orig_payload"), text("resp_payload")];
        let payload = (proto.as_deref() == Some("udp")).then_some(payload);
        row([
            ("id.orig_h", text("orig")),
            ("id.orig_p", port("orig_port")),
            ("id.resp_h", text("resp")),
            ("id.resp_p", port("resp_port")),
            ("proto", proto),
            ("community_id", text("community_id")),
            ("first", text("first_ts")),
            ("last", text("last_ts")),
            ("pkts", ends::by_side(&sides, pkts)),
            ("payload", payload.and_then(|payload| ends::by_side(&sides, payload))),
        ])
    };
    let is_fragment = |line: &&super::Line| {
        line.get("orig_port").is_none() && matches!(line.get("proto"), Some("tcp" | "udp" | "sctp"))
    };
    lines(table).iter().filter(|line| !is_fragment(line)).map(|line| ("flow", flow(line))).collect()
}
