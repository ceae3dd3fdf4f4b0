//! TShark's names: a row for each query and each reply.

use super::{Line, lines, row};
use crate::zeek_log::Row;
use std::path::Path;

/// Where it has the data of resource records, of whichever section.
const DATA: &[&str] = &[
    "dns.a",
    "dns.aaaa",
    "dns.cname",
    "dns.ns",
    "dns.ptr.domain_name",
    "dns.mx.mail_exchange",
    "dns.soa.mname",
    "dns.srv.target",
];

/// What it says of each message that asks one question.
pub(crate) fn expected(table: &Path) -> Vec<(&'static str, Row)> {
    lines(table).iter().filter_map(|line| Some(("dns", message(line)?))).collect()
}

fn message(line: &Line) -> Option<Row> {
    // Several messages in one packet have their fields in one list.
    let [id] = line.all("dns.id").as_slice().try_into().ok()?;
    let id: &str = id;
    let id = u16::from_str_radix(id.strip_prefix("0x")?, 16).ok()?;
    let is_reply = matches!(line.get("dns.flags.response"), Some("1" | "True"));
    let (client, server) = if is_reply { ("dst", "src") } else { ("src", "dst") };
    let port = |side: &str| line.all(&format!("udp.{side}port")).pop().map(str::to_owned);
    let one = |name: &str| {
        let [value] = line.all(name).try_into().ok()?;
        let value: &str = value;
        Some(value.to_owned())
    };
    let data: Vec<&str> = DATA.iter().flat_map(|name| line.all(name)).collect();
    let name = one("dns.qry.name").filter(|name| name != "<Root>");
    Some(row([
        ("id.orig_h", line.addr(client).map(str::to_owned)),
        ("id.orig_p", port(client)),
        ("id.resp_h", line.addr(server).map(str::to_owned)),
        ("id.resp_p", port(server)),
        ("trans_id", Some(id.to_string())),
        ("query", name.map(|n| n.to_ascii_lowercase())),
        ("qtype", one("dns.qry.type")),
        ("rcode", one("dns.flags.rcode")),
        ("answers", (!data.is_empty()).then(|| data.join(",").to_ascii_lowercase())),
    ]))
}
