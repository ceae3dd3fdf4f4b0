//! One request with its reply, filled as their parts arrive.

use super::body::{Body, Framing};
use super::headers::{Headers, contains};
use super::{some_text, wire};
use crate::event::{Http, Origin, Websocket};
use crate::proto::Dir;
use crate::text::{self, Text};
use crate::time::Time;

/// A request with its reply, or either alone.
#[derive(Debug)]
pub struct Transaction {
    /// When its first line came.
    pub ts: Time,
    /// The packet that brought it.
    pub at: Origin,
    /// The request's message is over.
    pub is_request_done: bool,
    /// The request states a version. What the record states is the reply's, as in Zeek.
    has_version: bool,
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
            has_version: true,
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
        new.has_version = line.version != "0.9";
        new
    }

    /// A reply whose request the capture does not hold.
    pub fn reply_only(depth: u64, ts: Time, at: Origin) -> Self {
        Self { is_request_done: true, ..Self::new(depth, ts, at) }
    }

    /// True when the request has no version and no reply yet.
    pub fn is_bare(&self) -> bool {
        !self.has_version && !self.has_reply
    }

    /// Takes the host of a request without a version.
    pub fn late_host(&mut self, host: &[u8]) {
        self.http.host = self.http.host.take().or_else(|| some_text(host));
    }

    /// A reply without a head begins. Zeek shows it so.
    pub fn bare_reply(&mut self) {
        self.has_reply = true;
        self.http.version = Some("0.9".into());
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
    fn an_absolute_target_names_its_host() {
        assert_eq!(authority("http://u:p@h.example:8080/x").as_deref(), Some("h.example:8080"));
        assert_eq!(authority("/x"), None);
    }
}
