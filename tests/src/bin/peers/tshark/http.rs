//! TShark's requests and replies of HTTP/1, paired in the order of each connection.

use super::{Line, lines, row};
use crate::zeek_log::Row;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

/// Requests with their replies; a reply without a request is a row as well.
pub(crate) fn expected(table: &Path) -> Vec<(&'static str, Row)> {
    let mut rows: Vec<Row> = Vec::new();
    let mut open: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    let all = lines(table);
    let paired = paired(&all);
    for line in all {
        // Without a stream it is SSDP, over UDP.
        let Some(stream) = line.get("tcp.stream").map(str::to_owned) else { continue };
        for at in 0..line.all("http.request.method").len() {
            open.entry(stream.clone()).or_default().push_back(rows.len());
            rows.push(request(&line, at));
        }
        let codes = line.all("http.response.code");
        for (at, code) in codes.iter().enumerate() {
            // 1xx goes before the reply, RFC 9110 section 15.2; 101 is one.
            if code.starts_with('1') && *code != "101" {
                continue;
            }
            if !paired.contains(&stream) {
                continue;
            }
            let phrase = nth(&line, "http.response.phrase", at, codes.len());
            let version = nth(&line, "http.response.version", at, codes.len());
            let reply = [
                ("status_code", Some((*code).to_owned())),
                ("status_msg", phrase),
                ("version", version.and_then(|v| Some(v.strip_prefix("HTTP/")?.to_owned()))),
            ];
            let asked = open.get_mut(&stream).and_then(VecDeque::pop_front);
            match asked.and_then(|at| rows.get_mut(at)) {
                Some(asked) => asked.extend(row(reply)),
                None => rows.push(row(reply.into_iter().chain(ends(&line, ["dst", "src"])))),
            }
        }
    }
    rows.into_iter().map(|row| ("http", row)).collect()
}

/// The connections in which each request has a reply: TShark shows no reply to some of those that
/// were sent without waiting.
fn paired(all: &[Line]) -> BTreeSet<String> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for line in all {
        let [requests, replies] =
            counts.entry(line.get("tcp.stream").unwrap_or_default()).or_default();
        *requests += line.all("http.request.method").len();
        let codes = line.all("http.response.code");
        *replies += codes.iter().filter(|c| !c.starts_with('1') || **c == "101").count();
    }
    let even = counts.into_iter().filter(|(_, [requests, replies])| requests == replies);
    even.map(|(stream, _)| stream.to_owned()).collect()
}

fn request(line: &Line, at: usize) -> Row {
    let n = line.all("http.request.method").len();
    let field = |name: &str| nth(line, name, at, n);
    let fields = [
        ("method", field("http.request.method")),
        ("uri", field("http.request.uri")),
        ("host", field("http.host")),
        ("user_agent", field("http.user_agent")),
        ("referrer", field("http.referer")),
    ];
    row(fields.into_iter().chain(ends(line, ["src", "dst"])))
}

/// The addresses of the client and the server, who are on these sides of the packet.
fn ends(line: &Line, [client, server]: [&str; 2]) -> [(&'static str, Option<String>); 2] {
    let addr = |side: &str| line.addr(side).map(str::to_owned);
    [("id.orig_h", addr(client)), ("id.resp_h", addr(server))]
}

/// The value of message `at` of `n` in one packet, where it is clear which one it is.
fn nth(line: &Line, name: &str, at: usize, n: usize) -> Option<String> {
    let all = line.all(name);
    if all.len() == n { all.get(at).map(|value| (*value).to_owned()) } else { None }
}
