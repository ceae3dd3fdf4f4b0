//! HTTP/2 (RFC 9113) in the clear or deciphered: requests and replies by stream, as `http` rows.

mod hpack;
mod huffman;
mod streams;
mod wire;

use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::Kind;
use streams::{Fields, Streams};
use wire::{Frame, HEADER, PREFACE, flag, kind};

/// HTTP/2 over TCP, or inside TLS.
pub static PROTOCOL: Protocol = Protocol {
    name: "http2",
    emits: &[Kind::Http, Kind::Weird],
    over: Over::Stream,
    ports: &[80, 443, 8080, 8443, 50051],
    probe,
    open: || Box::<Http2>::default(),
};

/// Bytes of a frame that is needed whole: four times what every receiver must take (RFC 9113
/// section 4.2).
const MAX_FRAME: usize = 64 << 10;

/// Bytes of a header block over all its frames; servers refuse more than 8 to 64 KB.
const MAX_BLOCK: usize = 128 << 10;

/// Fields looked at in one block; as for HTTP/1.
const MAX_FIELDS: u32 = 1000;

fn probe(dir: Dir, data: &[u8]) -> Probe {
    if dir == Dir::Orig {
        return match data {
            _ if data.starts_with(PREFACE) => Probe::Yes,
            _ if PREFACE.starts_with(data) => Probe::NeedMore,
            _ => Probe::No,
        };
    }
    // A server begins with its settings, which inside TLS may come before the client's preface.
    match Frame::parse(data) {
        None if b"\0\0".starts_with(data.get(..2).unwrap_or(data)) => Probe::NeedMore,
        Some(f) if f.kind == kind::SETTINGS && f.flags == 0 && f.is_plausible() && f.len < 256 => {
            Probe::Yes
        }
        _ => Probe::No,
    }
}

/// One connection's state.
#[derive(Default)]
struct Http2 {
    orig: Side,
    resp: Side,
    streams: Streams,
}

/// One direction.
#[derive(Default)]
struct Side {
    decoder: hpack::Decoder,
    is_begun: bool,
    /// What of a frame's payload is still to come, and is not needed whole.
    passing: Passing,
    /// A header block whose end has not come.
    block: Option<Block>,
}

/// The rest of a payload that is passed over.
#[derive(Default)]
struct Passing {
    /// Bytes of a body, and of its stream.
    body: u64,
    stream: u32,
    /// Bytes behind them that are no body.
    rest: u64,
    ends_stream: bool,
}

/// A header block that goes over several frames.
struct Block {
    stream: u32,
    ends_stream: bool,
    is_promise: bool,
    bytes: Vec<u8>,
}

/// What was done at a frame's begin.
enum Taken {
    Bytes(usize),
    Need(usize),
    Stop,
}

impl Analyzer for Http2 {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            used += self.pass(dir, rest, cx);
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            match self.frame(dir, rest, cx) {
                Taken::Bytes(n) => used += n,
                Taken::Need(need) => return Step::More { used, need },
                Taken::Stop => {
                    self.streams.finish(cx);
                    return Step::Quit;
                }
            }
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        let side = self.side(dir);
        let passing = &mut side.passing;
        if len <= passing.body + passing.rest {
            let of_body = len.min(passing.body);
            let stream = passing.stream;
            passing.body -= of_body;
            passing.rest -= len - of_body;
            self.streams.skip(dir, stream, of_body);
            self.end_passing(dir, cx);
            return Step::Done;
        }
        // Without one header block none behind it can be decoded.
        self.streams.finish(cx);
        Step::Quit
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.streams.finish(cx);
    }

    fn held(&self) -> usize {
        let side = |side: &Side| {
            side.decoder.held() + side.block.as_ref().map_or(0, |block| block.bytes.len())
        };
        side(&self.orig) + side(&self.resp) + self.streams.held()
    }
}

impl Http2 {
    const fn side(&mut self, dir: Dir) -> &mut Side {
        match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        }
    }

    /// Takes bytes of a payload that is not needed whole.
    fn pass(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> usize {
        let passing = &mut self.side(dir).passing;
        if passing.body == 0 && passing.rest == 0 {
            return 0;
        }
        let fits = |n: u64, have: usize| usize::try_from(n).unwrap_or(usize::MAX).min(have);
        let n_body = fits(passing.body, data.len());
        let n_rest = fits(passing.rest, data.len() - n_body);
        passing.body -= n_body as u64;
        passing.rest -= n_rest as u64;
        let stream = passing.stream;
        self.streams.body(dir, stream, data.get(..n_body).unwrap_or_default());
        self.end_passing(dir, cx);
        n_body + n_rest
    }

    fn end_passing(&mut self, dir: Dir, cx: &mut Cx<'_>) {
        let passing = &mut self.side(dir).passing;
        if passing.body == 0 && passing.rest == 0 {
            let Passing { stream, ends_stream, .. } = std::mem::take(passing);
            if ends_stream {
                self.streams.end(dir, stream, cx);
            }
        }
    }

    fn frame(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Taken {
        let side = self.side(dir);
        if dir == Dir::Orig
            && !side.is_begun
            && PREFACE.starts_with(data.get(..PREFACE.len()).unwrap_or(data))
        {
            if data.len() < PREFACE.len() {
                return Taken::Need(PREFACE.len());
            }
            side.is_begun = true;
            cx.service.insert("http2");
            return Taken::Bytes(PREFACE.len());
        }
        let Some(frame) = Frame::parse(data) else { return Taken::Need(HEADER) };
        side.is_begun = true;
        // Nothing may come between the parts of a header block (RFC 9113 section 6.10).
        let goes_on = side.block.as_ref().map(|block| block.stream);
        let is_next = frame.kind == kind::CONTINUATION;
        let fits = goes_on == is_next.then_some(frame.stream);
        if !frame.is_plausible() || !fits {
            cx.weird("HTTP2", "http2_bad_frame", None);
            return Taken::Stop;
        }
        cx.service.insert("http2");
        match frame.kind {
            kind::DATA => self.body(dir, frame, data, cx),
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => {
                self.headers(dir, frame, data, cx)
            }
            _ => {
                if frame.kind == kind::RST_STREAM {
                    self.streams.reset(frame.stream, cx);
                }
                self.side(dir).passing.rest = frame.len as u64;
                Taken::Bytes(HEADER)
            }
        }
    }

    /// A DATA frame: its padding tells how much of it is body.
    fn body(&mut self, dir: Dir, frame: Frame, data: &[u8], cx: &mut Cx<'_>) -> Taken {
        let len = frame.len as u64;
        let padding = match (frame.has(flag::PADDED) && len > 0, data.get(HEADER)) {
            (false, _) => None,
            (true, None) => return Taken::Need(HEADER + 1),
            (true, Some(n)) => Some(u64::from(*n).min(len - 1)),
        };
        // The length of the padding stands before the body.
        let head = usize::from(padding.is_some());
        let rest = padding.unwrap_or(0);
        let body = len - rest - head as u64;
        let ends_stream = frame.has(flag::END_STREAM);
        self.side(dir).passing = Passing { body, stream: frame.stream, rest, ends_stream };
        self.end_passing(dir, cx);
        Taken::Bytes(HEADER + head)
    }

    fn headers(&mut self, dir: Dir, frame: Frame, data: &[u8], cx: &mut Cx<'_>) -> Taken {
        let whole = HEADER + frame.len;
        if frame.len > MAX_FRAME {
            cx.weird("HTTP2", "http2_frame_too_long", None);
            return Taken::Stop;
        }
        let Some(payload) = data.get(HEADER..whole) else { return Taken::Need(whole) };
        let Some(part) = frame.block(payload) else {
            cx.weird("HTTP2", "http2_bad_frame", None);
            return Taken::Stop;
        };
        let side = self.side(dir);
        let mut block = side.block.take().unwrap_or_else(|| Block {
            stream: frame.stream,
            ends_stream: frame.has(flag::END_STREAM) && frame.kind == kind::HEADERS,
            is_promise: frame.kind == kind::PUSH_PROMISE,
            bytes: Vec::new(),
        });
        if block.bytes.len() + part.len() > MAX_BLOCK {
            cx.weird("HTTP2", "http2_header_block_too_long", None);
            return Taken::Stop;
        }
        block.bytes.extend_from_slice(part);
        if !frame.has(flag::END_HEADERS) {
            side.block = Some(block);
            return Taken::Bytes(whole);
        }
        let mut fields = Fields::default();
        let mut n = 0;
        let decoded = side.decoder.block(&block.bytes, &mut |name, value| {
            n += 1;
            if n <= MAX_FIELDS {
                fields.take(name, value);
            }
        });
        if decoded.is_err() {
            cx.weird("HTTP2", "http2_bad_header_block", None);
            return Taken::Stop;
        }
        // What a server promises it answers on another stream; its reply will be a row.
        if !block.is_promise {
            self.streams.headers(dir, block.stream, fields, cx);
            if block.ends_stream {
                self.streams.end(dir, block.stream, cx);
            }
        }
        Taken::Bytes(whole)
    }
}

#[cfg(test)]
mod tests;
