//! One request with its reply, filled as their parts arrive.

use super::body::{Body, Framing};
use super::gzip::Coding;
use super::{some_text, wire};
use crate::event::{Http, Origin, Websocket};
use crate::proto::Dir;
use crate::text::{self, Text};
use crate::time::Time;
use std::borrow::Cow;

/// Proxy headers kept of one message; more say nothing new.
const MAX_PROXIED: usize = 16;

/// Protocols or extensions kept of one side of a WebSocket; some two are usual.
const MAX_OFFERED: usize = 16;

/// Longest name of a header that is read: `sec-websocket-extensions`.
const MAX_NAME: usize = 24;

/// What headers say of a body.
#[derive(Debug, Default)]
pub struct Content {
    /// The content codings.
    pub coding: Coding,
    /// The file's name.
    pub filename: Option<Text>,
    /// It is a piece of a file, and not its first.
    pub is_later_range: bool,
    /// The boundary between the parts of a multipart body; empty when there is none.
    pub boundary: Vec<u8>,
}

/// What the headers of one message say, as far as the record or the framing needs it.
#[derive(Debug, Default)]
pub struct Headers {
    /// Header lines seen.
    pub n: u32,
    /// What they say of the body.
    pub content: Content,
    /// Two lengths that differ, or a length beside chunks: servers and proxies may disagree.
    pub has_conflicting_lengths: bool,
    length: Option<u64>,
    is_chunked: bool,
    is_ranges: bool,
    is_coded: bool,
    host: Option<Text>,
    referrer: Option<Text>,
    user_agent: Option<Text>,
    origin: Option<Text>,
    server: Option<Text>,
    authorization: Vec<u8>,
    upgrade: Vec<u8>,
    proxied: Vec<String>,
    protocols: Vec<Text>,
    extensions: Vec<Text>,
}

impl Headers {
    /// Takes one header line. One without a colon says nothing.
    pub fn line(&mut self, line: &[u8]) {
        if let Some((name, value)) = wire::header(line) {
            self.field(name, value);
        }
    }

    /// Takes one field by its name and value.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        let value = value.get(..text::MAX_FIELD).unwrap_or(value);
        let text = |slot: &mut Option<Text>| {
            if slot.is_none() {
                *slot = some_text(value);
            }
        };
        let keep = |slot: &mut Vec<u8>| {
            if slot.is_empty() {
                *slot = value.to_vec();
            }
        };
        let mut lower = [0; MAX_NAME];
        let Some(lower) = lower.get_mut(..name.len()) else { return };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"host" => text(&mut self.host),
            b"referer" => text(&mut self.referrer),
            b"user-agent" => text(&mut self.user_agent),
            b"origin" => text(&mut self.origin),
            b"server" => text(&mut self.server),
            b"authorization" => keep(&mut self.authorization),
            b"upgrade" => keep(&mut self.upgrade),
            b"content-length" => self.length(value),
            b"transfer-encoding" => {
                self.is_chunked |= contains(value, b"chunked");
                self.has_conflicting_lengths |= self.length.is_some();
            }
            b"content-encoding" => self.codings(value),
            b"content-type" => self.content_type(value),
            b"content-range" => self.content.is_later_range = wire::is_later_range(value),
            b"content-disposition" => self.file(wire::filename(value)),
            b"sec-websocket-protocol" => offer(&mut self.protocols, value),
            b"sec-websocket-extensions" => offer(&mut self.extensions, value),
            // Those that tell of a proxy, as Zeek lists them.
            b"client-ip" | b"forwarded" | b"proxy-connection" | b"via" | b"x-forwarded-for"
            | b"x-forwarded-from" | b"xroxy-connection" => self.proxy(name, value),
            _ => {}
        }
    }

    fn content_type(&mut self, value: &[u8]) {
        if contains(value, b"multipart/") {
            self.is_ranges |= contains(value, b"multipart/byteranges");
            self.content.boundary = wire::parameter(value, "boundary").unwrap_or_default().to_vec();
        }
        // Mail named files so, and some clients still do.
        if self.content.filename.is_none() {
            self.file(wire::parameter(value, "name").map(text::percent_decoded));
        }
    }

    fn file(&mut self, name: Option<Cow<'_, [u8]>>) {
        self.content.filename = name.and_then(|name| some_text(&name));
    }

    /// Takes a list of codings; `x-gzip` is gzip (RFC 9110 section 8.4.1.3).
    fn codings(&mut self, value: &[u8]) {
        let words = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
        let is_one = |w: &&[u8]| !w.is_empty() && !w.eq_ignore_ascii_case(b"identity");
        for word in words.filter(is_one) {
            let is_gzip = contains(word, b"gzip");
            let coding = &mut self.content.coding;
            *coding = match *coding {
                Coding::Other if !is_gzip => Coding::Other,
                Coding::Other if !self.is_coded => Coding::Gzip,
                _ => Coding::GzipAmong,
            };
            self.is_coded = true;
        }
    }

    fn length(&mut self, value: &[u8]) {
        let length = wire::number(value);
        self.has_conflicting_lengths |=
            self.is_chunked || (self.length.is_some() && self.length != length);
        self.length = self.length.or(length);
    }

    fn proxy(&mut self, name: &[u8], value: &[u8]) {
        if self.proxied.len() < MAX_PROXIED {
            let name = text::from_bytes(name).to_ascii_uppercase();
            self.proxied.push(format!("{name} -> {}", text::from_bytes(value)));
        }
    }

    /// RFC 9112 section 6.3, the part common to both directions.
    const fn framing(&self, otherwise: Framing) -> Framing {
        match self.length {
            _ if self.is_chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => otherwise,
        }
    }
}

/// A request with its reply, or either alone.
#[derive(Debug)]
pub struct Transaction {
    /// When its first line came.
    pub ts: Time,
    /// The packet that brought it.
    pub at: Origin,
    /// The request's message is over.
    pub is_request_done: bool,
    /// A status line came.
    pub has_reply: bool,
    /// The reply's message is over.
    pub is_reply_done: bool,
    upgrade: Vec<u8>,
    websocket: Option<Box<Websocket>>,
    http: Http,
}

impl Transaction {
    fn new(depth: u64, ts: Time, at: Origin) -> Self {
        let http = Http {
            trans_depth: Some(depth),
            request_body_len: Some(0),
            response_body_len: Some(0),
            ..Http::default()
        };
        Self {
            ts,
            at,
            is_request_done: false,
            has_reply: false,
            is_reply_done: false,
            upgrade: Vec::new(),
            websocket: None,
            http,
        }
    }

    /// A transaction that begins with a request.
    pub fn request(line: &wire::RequestLine<'_>, depth: u64, ts: Time, at: Origin) -> Self {
        let mut new = Self::new(depth, ts, at);
        new.http.method = some_text(line.method);
        new.http.uri = Some(text::from_bytes(line.target));
        new.http.version = Some(line.version.into());
        new
    }

    /// A reply whose request the capture does not hold.
    pub fn reply_only(depth: u64, ts: Time, at: Origin) -> Self {
        Self { is_request_done: true, ..Self::new(depth, ts, at) }
    }

    /// True when the request has no version and no reply yet.
    pub fn is_bare(&self) -> bool {
        self.http.version.as_deref() == Some("0.9") && !self.has_reply
    }

    /// Takes the host of a request without a version.
    pub fn late_host(&mut self, host: &[u8]) {
        self.http.host = self.http.host.take().or_else(|| some_text(host));
    }

    /// A reply without a head begins. Zeek shows it so.
    pub fn bare_reply(&mut self) {
        self.has_reply = true;
        self.http.status_code = Some(0);
        self.http.status_msg = Some("<empty>".into());
    }

    /// Takes the reply's first line.
    pub fn status(&mut self, line: &wire::StatusLine<'_>) {
        self.has_reply = true;
        self.http.version = Some(line.version.into());
        self.http.status_code = Some(line.code);
        // A reply without words is shown as Zeek shows it.
        self.http.status_msg =
            line.reason.map(|words| some_text(words).unwrap_or_else(|| "<empty>".into()));
        if (100..200).contains(&line.code) {
            self.http.info_code = Some(line.code);
            self.http.info_msg = line.reason.and_then(some_text);
        }
    }

    /// True after an interim reply: the final one is still to come.
    pub const fn is_interim(&self) -> bool {
        matches!(self.http.status_code, Some(100 | 102..=199))
    }

    /// The protocol that follows this reply, if it switches; empty for one to be found out.
    pub fn switches_to(&self) -> Option<&'static str> {
        let code = self.http.status_code.unwrap_or(0);
        match self.http.method.as_deref() {
            Some("CONNECT") if (200..300).contains(&code) => Some(""),
            _ if code == 101 && contains(&self.upgrade, b"h2c") => Some("http2"),
            _ if code == 101 && contains(&self.upgrade, b"websocket") => Some("websocket"),
            _ if code == 101 => Some(""),
            _ => None,
        }
    }

    /// Takes the request's headers where they name its host in another way than by a header, as
    /// HTTP/2 does.
    pub fn request_fields(&mut self, headers: Headers, authority: &[u8]) {
        self.request_headers(headers);
        if let Some(host) = some_text(authority) {
            self.http.host = Some(host);
        }
    }

    /// Takes the request's headers; says how its body ends.
    pub fn request_headers(&mut self, headers: Headers) -> Framing {
        let framing = headers.framing(Framing::Empty);
        let http = &mut self.http;
        http.host = headers.host.or_else(|| http.uri.as_deref().and_then(authority));
        http.referrer = headers.referrer;
        http.user_agent = headers.user_agent;
        http.origin = headers.origin;
        http.proxied = headers.proxied.iter().collect();
        if !headers.protocols.is_empty() || !headers.extensions.is_empty() {
            self.websocket = Some(Box::new(Websocket {
                client_protocols: headers.protocols,
                client_extensions: headers.extensions,
                ..Websocket::default()
            }));
        }
        if let Some((user, has_password)) = credentials(&headers.authorization) {
            http.username = some_text(&user);
            http.password = has_password.then_some("<hidden>");
        }
        framing
    }

    /// Takes the reply's headers; says how its body ends.
    pub fn reply_headers(&mut self, headers: Headers) -> Framing {
        let framing = headers.framing(Framing::UntilClose);
        self.http.server = headers.server;
        self.upgrade = headers.upgrade;
        if !headers.protocols.is_empty() || !headers.extensions.is_empty() {
            let websocket = self.websocket.get_or_insert_default();
            websocket.subprotocol = headers.protocols.into_iter().next_back();
            websocket.server_extensions = headers.extensions;
        }
        let is_bare = self.http.method.as_deref() == Some("HEAD")
            || matches!(self.http.status_code, Some(100..200 | 204 | 304))
            || self.switches_to().is_some();
        match framing {
            _ if is_bare => Framing::Empty,
            // Parts of a file tell their own end, which only a parser of them would see.
            Framing::Length(_) if headers.is_ranges && headers.length.is_none() => {
                Framing::UntilClose
            }
            framing => framing,
        }
    }

    /// What headers told of the WebSocket that follows.
    pub fn websocket(&mut self) -> Box<Websocket> {
        let mut row = self.websocket.take().unwrap_or_default();
        row.host.clone_from(&self.http.host);
        row.uri.clone_from(&self.http.uri);
        row.user_agent.clone_from(&self.http.user_agent);
        row
    }

    /// The message of `dir` is over.
    pub fn end(&mut self, dir: Dir, body: Option<Body>) {
        let http = &mut self.http;
        let (is_done, len, names, types) = match dir {
            Dir::Orig => (
                &mut self.is_request_done,
                &mut http.request_body_len,
                &mut http.orig_filenames,
                &mut http.orig_mime_types,
            ),
            Dir::Resp => (
                &mut self.is_reply_done,
                &mut http.response_body_len,
                &mut http.resp_filenames,
                &mut http.resp_mime_types,
            ),
        };
        *is_done = true;
        if let Some(body) = body {
            *len = Some(body.size());
            let files = body.files();
            names.extend(files.names);
            types.extend(files.types.into_iter().map(Text::from));
        }
    }

    /// The record.
    pub fn into_record(self) -> Http {
        self.http
    }
}

/// Takes the names of a list.
fn offer(names: &mut Vec<Text>, value: &[u8]) {
    let words = value.split(|b| *b == b',').map(<[u8]>::trim_ascii).filter_map(some_text);
    names.extend(words.take(MAX_OFFERED.saturating_sub(names.len())));
}

/// The authority of an absolute target: `http://HOST/path`.
fn authority(uri: &str) -> Option<Text> {
    let (_, rest) = uri.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    (!host.is_empty()).then(|| host.into())
}

/// User name of an Authorization header (RFC 7617, RFC 7616), and whether a password came along.
fn credentials(value: &[u8]) -> Option<(Vec<u8>, bool)> {
    let space = memchr::memchr(b' ', value)?;
    let (scheme, rest) = value.split_at_checked(space)?;
    if scheme.eq_ignore_ascii_case(b"digest") {
        return Some((wire::parameter(rest, "username")?.to_vec(), false));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let plain = text::base64_decoded(rest)?;
    let colon = memchr::memchr(b':', &plain);
    let user = plain.get(..colon.unwrap_or(plain.len()))?.to_vec();
    Some((user, colon.is_some()))
}

fn contains(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_give_the_name_and_never_the_password() {
        assert_eq!(credentials(b"Basic dGVzdDoxOjM0"), Some((b"test".to_vec(), true)));
        let digest = credentials(b"Digest username=\"joe\", nonce=\"x\"");
        assert_eq!(digest, Some((b"joe".to_vec(), false)));
        assert_eq!(credentials(b"Bearer abc"), None);
        assert_eq!(credentials(b"Basic !!!"), None);
    }

    #[test]
    fn gzip_alone_is_told_from_gzip_among_others() {
        let of = |values: &[&str]| {
            let mut headers = Headers::default();
            values.iter().for_each(|v| headers.field(b"Content-Encoding", v.as_bytes()));
            headers.content.coding
        };
        assert_eq!(of(&["gzip"]), Coding::Gzip);
        assert_eq!(of(&[" X-GZIP ,"]), Coding::Gzip);
        assert_eq!(of(&["identity, gzip"]), Coding::Gzip);
        assert_eq!(of(&["br, gzip"]), Coding::GzipAmong);
        assert_eq!(of(&["gzip", "br"]), Coding::GzipAmong);
        assert_eq!(of(&["br", "deflate"]), Coding::Other);
        assert_eq!(of(&[""]), Coding::Other);
    }

    #[test]
    fn an_absolute_target_names_its_host() {
        assert_eq!(authority("http://u:p@h.example:8080/x").as_deref(), Some("h.example:8080"));
        assert_eq!(authority("/x"), None);
    }
}
