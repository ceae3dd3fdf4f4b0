//! The streams of one HTTP/2 connection: each is one request with its reply.

use crate::event::Body as Record;
use crate::proto::http::{Body, Framing, Headers, RequestLine, StatusLine, Transaction, number};
use crate::proto::{Cx, Dir};
use crate::text::MAX_FIELD;
use std::collections::BTreeMap;

/// Streams open at once. Servers allow 100 to 256; beyond this the oldest goes out as it is.
pub const MAX_STREAMS: usize = 256;

/// Memory that an open stream takes, in bytes: its row and the first bytes of its bodies.
const HELD: usize = 2 << 10;

/// The fields of one header block: those of the request or status line, and the others.
#[derive(Default)]
pub struct Fields {
    method: Vec<u8>,
    path: Vec<u8>,
    authority: Vec<u8>,
    status: Vec<u8>,
    headers: Headers,
}

impl Fields {
    /// Takes a field.
    pub fn take(&mut self, name: &[u8], value: &[u8]) {
        let slot = match name {
            b":method" => &mut self.method,
            b":path" => &mut self.path,
            b":authority" => &mut self.authority,
            b":status" => &mut self.status,
            _ => {
                self.headers.n += 1;
                return self.headers.field(name, value);
            }
        };
        if slot.is_empty() {
            *slot = value.get(..MAX_FIELD).unwrap_or(value).to_vec();
        }
    }
}

/// The open streams.
#[derive(Default)]
pub struct Streams {
    open: BTreeMap<u32, Stream>,
    depth: u64,
}

struct Stream {
    transaction: Transaction,
    /// Bodies of request and reply, once their headers were seen.
    bodies: [Option<Box<Body>>; 2],
}

impl Streams {
    /// Memory held, in bytes.
    pub fn held(&self) -> usize {
        self.open.len() * HELD
    }

    /// Takes the header block of a request, a reply or what follows a body.
    pub fn headers(&mut self, dir: Dir, id: u32, fields: Fields, cx: &mut Cx<'_>) {
        match dir {
            Dir::Orig => {
                // A stream that is open already: trailers.
                if !self.open.contains_key(&id) && !fields.method.is_empty() {
                    self.request(id, fields, cx);
                }
            }
            Dir::Resp => self.reply(id, fields, cx),
        }
    }

    fn begin(&mut self, id: u32, transaction: Transaction, cx: &mut Cx<'_>) -> &mut Stream {
        if self.open.len() >= MAX_STREAMS
            && let Some((_, oldest)) = self.open.pop_first()
        {
            cx.weird("HTTP2", "http2_too_many_streams", None);
            oldest.emit(cx);
        }
        self.open.entry(id).or_insert(Stream { transaction, bodies: [None, None] })
    }

    fn request(&mut self, id: u32, mut fields: Fields, cx: &mut Cx<'_>) {
        self.depth += 1;
        // CONNECT names its target as the authority and has no path.
        let target = if fields.path.is_empty() { &fields.authority } else { &fields.path };
        let line = RequestLine { method: &fields.method, target, version: "2" };
        let transaction = Transaction::request(&line, self.depth, cx.ts, cx.at);
        let stream = self.begin(id, transaction, cx);
        let body = Body::new(Framing::UntilClose, std::mem::take(&mut fields.headers.content));
        stream.transaction.request_fields(fields.headers, &fields.authority);
        stream.bodies = [Some(Box::new(body)), None];
    }

    fn reply(&mut self, id: u32, mut fields: Fields, cx: &mut Cx<'_>) {
        let Some(code) = number(&fields.status) else { return };
        if !self.open.contains_key(&id) {
            self.depth += 1;
            let transaction = Transaction::reply_only(self.depth, cx.ts, cx.at);
            self.begin(id, transaction, cx);
        }
        let Some(stream) = self.open.get_mut(&id) else { return };
        stream.transaction.status(&StatusLine { version: "2", code, reason: None });
        if stream.transaction.is_interim() {
            return;
        }
        let body = Body::new(Framing::UntilClose, std::mem::take(&mut fields.headers.content));
        stream.transaction.reply_headers(fields.headers);
        let [_, slot] = &mut stream.bodies;
        *slot = Some(Box::new(body));
    }

    fn body_of(&mut self, dir: Dir, id: u32) -> Option<&mut Body> {
        let [orig, resp] = &mut self.open.get_mut(&id)?.bodies;
        if dir == Dir::Orig { orig.as_deref_mut() } else { resp.as_deref_mut() }
    }

    /// Takes bytes of a body.
    pub fn body(&mut self, dir: Dir, id: u32, bytes: &[u8]) {
        if let Some(body) = self.body_of(dir, id) {
            body.take(bytes);
        }
    }

    /// Bytes of a body are missing.
    pub fn skip(&mut self, dir: Dir, id: u32, len: u64) {
        if let Some(body) = self.body_of(dir, id) {
            body.skip(len);
        }
    }

    /// The message of `dir` is over.
    pub fn end(&mut self, dir: Dir, id: u32, cx: &mut Cx<'_>) {
        if let Some(body) = self.body_of(dir, id) {
            body.end();
        }
        let Some(stream) = self.open.get_mut(&id) else { return };
        stream.end(dir);
        if stream.transaction.is_request_done && stream.transaction.is_reply_done {
            self.reset(id, cx);
        }
    }

    /// Nothing more will come of a stream.
    pub fn reset(&mut self, id: u32, cx: &mut Cx<'_>) {
        if let Some(stream) = self.open.remove(&id) {
            stream.emit(cx);
        }
    }

    /// The connection is at its end.
    pub fn finish(&mut self, cx: &mut Cx<'_>) {
        for (_, stream) in std::mem::take(&mut self.open) {
            stream.emit(cx);
        }
    }
}

impl Stream {
    fn end(&mut self, dir: Dir) {
        let [orig, resp] = &mut self.bodies;
        let body = if dir == Dir::Orig { orig } else { resp };
        self.transaction.end(dir, body.take().map(|body| *body));
    }

    fn emit(mut self, cx: &mut Cx<'_>) {
        for dir in [Dir::Orig, Dir::Resp] {
            self.end(dir);
        }
        let Self { transaction, .. } = self;
        let (ts, at) = (transaction.ts, transaction.at);
        cx.emit(ts, at, Record::Http(transaction.into_record()));
    }
}
