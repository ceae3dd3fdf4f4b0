//! Access logs as JSON, one object a request: Caddy's, Traefik's, and what nginx or Apache are told
//! to write. Field names are known from common configurations; others are counted by name.

use crate::event::{Body, Endpoint, Event, Flow, Http, Kind, NodeId, Origin, Raw, Transport};
use crate::note::{LINE_LENIENT, Note, RECORD_MALFORMED};
use crate::report::Item;
use crate::source::json::{Leaf, flatten};
use crate::source::objects::Objects;
use crate::source::row::{self, Names};
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::stamp;
use crate::text::Text;
use crate::time::{Clock, Time};

/// The format.
pub const ACCESS_LOG_JSON: Format = Format {
    name: "access-log-json",
    title: "Web server access log, JSON",
    emits: &[Kind::Http],
    sniff,
    open,
    show,
};

/// How many first lines are looked at for a request.
const LINES_SNIFFED: usize = 20;

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Agent,
    Client,
    Host,
    Known,
    Method,
    Referrer,
    Request,
    Server,
    Size,
    Status,
    Time,
    Uri,
    User,
    Version,
}

/// The names of fields, folded to lower case, as Caddy, Traefik and common configurations of nginx
/// and Apache have them.
static NAMES: &[(&str, Field)] = &[
    ("@timestamp", Field::Time),
    ("agent", Field::Agent),
    ("body_bytes_sent", Field::Size),
    ("bytes", Field::Size),
    ("bytes_sent", Field::Size),
    ("client", Field::Client),
    ("client_ip", Field::Client),
    ("clienthost", Field::Client),
    ("clientip", Field::Client),
    ("downstreamcontentsize", Field::Size),
    ("downstreamstatus", Field::Status),
    ("host", Field::Host),
    ("http_host", Field::Host),
    ("http_referer", Field::Referrer),
    ("http_referrer", Field::Referrer),
    ("http_user_agent", Field::Agent),
    ("level", Field::Known),
    ("logger", Field::Known),
    ("method", Field::Method),
    ("msec", Field::Time),
    ("msg", Field::Known),
    ("port", Field::Known),
    ("proto", Field::Version),
    ("protocol", Field::Version),
    ("ref", Field::Referrer),
    ("referer", Field::Referrer),
    ("referrer", Field::Referrer),
    ("remote_addr", Field::Client),
    ("remote_ip", Field::Client),
    ("remote_user", Field::User),
    ("request", Field::Request),
    ("request.headers.referer", Field::Referrer),
    ("request.headers.user-agent", Field::Agent),
    ("request.host", Field::Host),
    ("request.method", Field::Method),
    ("request.proto", Field::Version),
    ("request.remote_addr", Field::Client),
    ("request.remote_ip", Field::Client),
    ("request.remote_port", Field::Known),
    ("request.uri", Field::Uri),
    ("request_method", Field::Method),
    ("request_uri", Field::Uri),
    ("requesthost", Field::Host),
    ("requestmethod", Field::Method),
    ("requestpath", Field::Uri),
    ("requestprotocol", Field::Version),
    ("resp_headers.server", Field::Server),
    ("response", Field::Status),
    ("server_name", Field::Host),
    ("server_protocol", Field::Version),
    ("size", Field::Size),
    ("startutc", Field::Time),
    ("status", Field::Status),
    ("status_code", Field::Status),
    ("time", Field::Time),
    ("time_iso8601", Field::Time),
    ("time_local", Field::Time),
    ("timestamp", Field::Time),
    ("ts", Field::Time),
    ("ua", Field::Agent),
    ("uri", Field::Uri),
    ("url", Field::Uri),
    ("user", Field::User),
    ("user_agent", Field::Agent),
    ("user_id", Field::User),
];

fn field(path: &str) -> Option<Field> {
    let path = path.to_ascii_lowercase();
    NAMES
        .binary_search_by(|(name, _)| (*name).cmp(&path))
        .ok()
        .and_then(|i| NAMES.get(i))
        .map(|f| f.1)
}

/// A row is one when it tells who asked for what and what became of it, and is no other tool's.
fn is_request(leaves: &[Leaf<'_>]) -> bool {
    let has = |of: &[Field]| leaves.iter().any(|l| field(&l.path).is_some_and(|f| of.contains(&f)));
    let is_others = leaves.iter().any(|l| {
        matches!(&*l.path, "event_type" | "_path" | "uid" | "id.orig_h" | "id_orig_h" | "flow_id")
    });
    !is_others
        && has(&[Field::Client])
        && has(&[Field::Status])
        && has(&[Field::Uri, Field::Request])
        && has(&[Field::Time])
}

fn sniff(head: &Head<'_>) -> Sniff {
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    for line in text.split(|b| *b == b'\n').take(LINES_SNIFFED) {
        let line = line.trim_ascii_start();
        let line = line.strip_prefix(b"[").unwrap_or(line);
        let mut leaves = Vec::new();
        // A cut object tells by the fields before the cut.
        let _ = flatten(line, &mut leaves);
        if is_request(&leaves) {
            return Sniff::Strong;
        }
    }
    Sniff::No("no JSON object with a client, a path, a status and a time")
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    let rows = Rows { node: opening.node, names: Names::default() };
    Box::new(JsonLog { objects: Objects::new(opening.node), rows })
}

struct JsonLog {
    objects: Objects,
    rows: Rows,
}

struct Rows {
    node: NodeId,
    names: Names,
}

impl Reader for JsonLog {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { objects, rows } = self;
        objects.feed(bytes, out, &mut |object, at, out| rows.row(object, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.objects.finish(out);
    }
}

impl Rows {
    fn row(&mut self, object: &[u8], at: Origin, out: &mut dyn Sink) {
        let mut leaves = Vec::new();
        if let Err(broken) = flatten(object, &mut leaves) {
            let kind = if leaves.is_empty() { &RECORD_MALFORMED } else { &LINE_LENIENT };
            out.note(Note { at, kind, detail: broken.to_string() });
        }
        if !is_request(&leaves) {
            if !leaves.is_empty() {
                row::malformed(at, "no request with a client and a status", object, out);
            }
            return;
        }
        let mut row = Row::default();
        for leaf in leaves.iter().filter(|l| l.value != Raw::Object) {
            match field(&leaf.path) {
                Some(field) => {
                    if !row.take(field, &leaf.value) {
                        row::misfit(at, &leaf.path, &leaf.value, out);
                    }
                }
                None => {
                    self.names.count(out.node(self.node), "fields not read:", &leaf.path);
                }
            }
        }
        if row.ts.is_some() {
            out.node(self.node).clock = Clock::Utc;
        }
        out.event(row.event(at));
    }
}

/// One request.
#[derive(Default)]
struct Row {
    ts: Option<Time>,
    client: Endpoint,
    http: Http,
}

impl Row {
    /// Takes a value; false when it does not fit. Of several names for one thing the first counts.
    fn take(&mut self, field: Field, raw: &Raw<'_>) -> bool {
        let raw =
            if let Raw::List(items) = raw { items.first().unwrap_or(&Raw::Unset) } else { raw };
        let text = raw.text().filter(|t| !matches!(&**t, "" | "-"));
        let Some(text) = text else { return true };
        let http = &mut self.http;
        match field {
            Field::Known => true,
            Field::Agent => first(&mut http.user_agent, Some(text)),
            Field::Host => first(&mut http.host, Some(text)),
            Field::Method => first(&mut http.method, Some(text)),
            Field::Referrer => first(&mut http.referrer, Some(text)),
            Field::Server => first(&mut http.server, Some(text)),
            Field::Uri => first(&mut http.uri, Some(text)),
            Field::User => first(&mut http.username, Some(text)),
            Field::Size => first(&mut http.response_body_len, raw.count()),
            Field::Status => first(&mut http.status_code, raw.count()),
            Field::Version => {
                first(&mut http.version, Some(text.strip_prefix("HTTP/").unwrap_or(&text).into()))
            }
            Field::Time => first(&mut self.ts, raw.time().or_else(|| stamp::clf(&text))),
            Field::Client => first(&mut self.client.addr, client(&text)),
            Field::Request => self.request(&text),
        }
    }

    /// A request line: method, target and version.
    fn request(&mut self, line: &str) -> bool {
        let http = &mut self.http;
        let (method, rest) = line.split_once(' ').unwrap_or(("", line));
        let (uri, version) = match rest.rsplit_once(" HTTP/") {
            Some((uri, version)) => (uri, Some(version.into())),
            None => (rest, None),
        };
        first(&mut http.method, (!method.is_empty()).then(|| method.into()));
        first(&mut http.uri, Some(uri.into()));
        first(&mut http.version, version);
        true
    }

    fn event(self, at: Origin) -> Event {
        let http = Http { server_log: Some(true), ..self.http };
        let flow = Flow { transport: Some(Transport::Tcp), orig: self.client, ..Flow::default() };
        Event { ts: self.ts, at, also: Vec::new(), flow, body: Body::Http(http) }
    }
}

/// Sets what is not set; false when there is nothing to set it to.
fn first<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let ok = value.is_some();
    if slot.is_none() {
        *slot = value;
    }
    ok
}

/// The address of a client, with or without its port.
fn client(text: &Text) -> Option<std::net::IpAddr> {
    let plain = text.parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|a| a.ip());
    plain.or_else(with_port).map(|a: std::net::IpAddr| a.to_canonical())
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    let mut leaves = Vec::new();
    let _ = flatten(bytes, &mut leaves);
    let fields = leaves.iter().filter(|l| l.value != Raw::Object);
    row::item(at, bytes, fields.map(|l| (&*l.path, l.value.show(), l.range.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{read, read_by};

    #[test]
    fn the_names_are_in_order() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn rows_of_common_servers_are_the_same() {
        let caddy = r#"{"level":"info","ts":1693840791.5,"logger":"http.log.access","request":{"remote_ip":"192.0.2.1","remote_port":"44790","proto":"HTTP/1.1","method":"GET","host":"h.test","uri":"/a","headers":{"User-Agent":["u/1"]}},"user_id":"joe","size":9,"status":404}"#;
        let nginx = r#"{"time_iso8601":"2023-09-04T15:19:51.5+00:00","remote_addr":"192.0.2.1","remote_user":"joe","request":"GET /a HTTP/1.1","status":"404","body_bytes_sent":"9","http_user_agent":"u/1","http_referer":"-","host":"h.test","request_time":"0.01"}"#;
        let own = r#"{"ts":"1693840791.500","client":"192.0.2.1","port":"5","method":"GET","uri":"/a","host":"h.test","status":404,"bytes":9,"ua":"u/1","ref":"","user":"joe","proto":"HTTP/1.1"}"#;
        let want = "2023-09-04T15:19:51.500Z http 192.0.2.1 > * tcp method=GET host=h.test uri=/a version=1.1 user_agent=u/1 response_body_len=9 status_code=404 username=joe server_log=true";
        for (name, row) in [("caddy", caddy), ("nginx", nginx), ("own", own)] {
            for step in [1, 4096] {
                let sunk = read_by(format!("{row}\n").as_bytes(), step);
                assert_eq!(sunk.format(), Some("access-log-json"), "{name}");
                assert_eq!(sunk.lines(), [format!("1 {want}")], "{name}");
                assert!(sunk.notes.is_empty(), "{name}");
            }
        }
        let counters = &read(nginx.as_bytes()).nodes[&0].counters;
        assert_eq!(counters["fields not read: request_time"], 1);
    }

    #[test]
    fn what_is_no_request_is_told() {
        let row = r#"{"ts":1,"client":"192.0.2.1","uri":"/","status":200}"#;
        let text = format!("{row}\n{{\"a\":1}}\n{}\n", row.replace("200", "\"none\""));
        let notes = read(text.as_bytes()).notes();
        assert_eq!(notes[0], "line-malformed 2: no request with a client and a status: {\"a\":1}");
        assert!(notes[1].contains("status"), "{notes:?}");
        let sniffed = |text: &str| sniff(&Head { bytes: text.as_bytes(), is_whole: true });
        assert!(matches!(sniffed("{\"level\":\"info\",\"msg\":\"started\"}"), Sniff::No(_)));
        assert!(matches!(sniffed(&row.replace("{", "{\"uid\":\"C1\",")), Sniff::No(_)));
    }
}
