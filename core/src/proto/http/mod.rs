//! HTTP/1 (RFC 9110, RFC 9112): requests and replies, paired in order, bodies skipped by length.

mod body;
mod gzip;
mod headers;
mod parts;
mod probe;
mod transaction;
mod websocket;
mod wire;

use super::line::{Liner, Next};
use super::{Analyzer, Cx, Dir, Over, Protocol, Step};
use crate::event::{Body as Record, Kind, Origin};
use crate::text;
use crate::time::Time;
use body::Taken;
use std::collections::VecDeque;
use websocket::Frames;

pub use body::{Body, Framing};
pub use headers::{Content, Headers};
pub use transaction::Transaction;
pub use wire::{RequestLine, StatusLine, number};

/// HTTP/1 over TCP.
pub static PROTOCOL: Protocol = Protocol {
    name: "http",
    emits: &[Kind::Http, Kind::Websocket, Kind::Weird],
    over: Over::Stream,
    ports: &[80, 81, 631, 1080, 3128, 5985, 8000, 8080, 8888],
    probe: probe::probe,
    open: || Box::<Http>::default(),
};

/// Requests that may wait for their replies. Browsers pipeline at most some ten; beyond this the
/// oldest goes out without a reply.
const MAX_PENDING: usize = 256;

/// What one direction expects next.
#[derive(Debug, Default)]
enum Part {
    #[default]
    Start,
    Headers(Box<Headers>),
    Body(Box<Body>),
    /// The end of a message was lost: look for something that begins one.
    Lost,
}

#[derive(Debug, Default)]
struct Side {
    part: Part,
    liner: Liner,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Http {
    sides: [Side; 2],
    pending: VecDeque<Transaction>,
    depth: u64,
    /// Set when what follows in both directions is another protocol.
    switched: Option<&'static str>,
    /// Set when what follows are frames of WebSocket, which belong to the exchange that led to them.
    frames: Option<Box<Frames>>,
}

impl Analyzer for Http {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if let Some(protocol) = self.switched {
                return Step::Become { used, protocol };
            }
            if rest.is_empty() {
                return Step::Done;
            }
            if let Some(frames) = &mut self.frames {
                return match frames.data(dir, rest, cx) {
                    Step::More { used: n, need } => Step::More { used: used + n, need },
                    step => step,
                };
            }
            match self.advance(dir, rest, cx) {
                Some(n) => used += n,
                None => return Step::More { used, need: rest.len() + 1 },
            }
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        if let Some(frames) = &mut self.frames {
            return frames.gap(dir, len, cx);
        }
        let side = self.side(dir);
        side.liner.reset();
        if let Part::Body(body) = &mut side.part
            && body.skip(len)
        {
            return Step::Done;
        }
        self.lose(dir, cx);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        for dir in [Dir::Orig, Dir::Resp] {
            self.end_message(dir, cx);
        }
        while let Some(done) = self.pending.pop_front() {
            emit(done, cx);
        }
        if let Some(frames) = &mut self.frames {
            frames.finish(cx);
        }
    }
}

impl Http {
    fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        if dir == Dir::Orig { orig } else { resp }
    }

    /// A reply of HTTP/0.9 is a body and nothing else (RFC 1945 section 6). One with a head is what
    /// its head says.
    fn begin_bare_reply(&mut self, data: &[u8]) {
        const HEAD: &[u8] = b"HTTP/";
        let is_start = matches!(self.side(Dir::Resp).part, Part::Start);
        let has_head = data.starts_with(HEAD) || HEAD.starts_with(data);
        let waiting = self.pending.iter_mut().find(|t| !t.is_reply_done);
        if let Some(tx) = waiting.filter(|t| is_start && !has_head && t.is_bare()) {
            tx.bare_reply();
            let body = Body::new(Framing::UntilClose, Content::default());
            self.side(Dir::Resp).part = Part::Body(Box::new(body));
        }
    }

    /// Takes one line, or what it can of a body. Returns the bytes used; `None` for "more, please".
    fn advance(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Option<usize> {
        if dir == Dir::Resp {
            self.begin_bare_reply(data);
        }
        if let Part::Body(body) = &mut self.side(dir).part {
            return match body.take(data) {
                Taken::All => Some(data.len()),
                Taken::Some(0) => None,
                Taken::Some(n) => Some(n),
                Taken::End(n) => {
                    self.end_message(dir, cx);
                    Some(n)
                }
                Taken::Broken(n) => {
                    cx.weird("HTTP", "HTTP_chunked_length_invalid", None);
                    self.lose(dir, cx);
                    Some(n)
                }
            };
        }
        let side = self.side(dir);
        match side.liner.next(data, wire::MAX_LINE) {
            Next::Line { line, used, is_cut } => {
                if is_cut && !matches!(side.part, Part::Lost) {
                    cx.weird("HTTP", "http_line_too_long", None);
                }
                match &mut side.part {
                    Part::Headers(headers) if !line.is_empty() => {
                        headers.take(line, data.get(used));
                    }
                    _ => self.line(dir, line, cx),
                }
                Some(used)
            }
            Next::Skip(used) => Some(used),
            Next::More => None,
        }
    }

    fn line(&mut self, dir: Dir, line: &[u8], cx: &mut Cx<'_>) {
        let side = self.side(dir);
        match &mut side.part {
            Part::Headers(headers) if line.is_empty() => {
                let headers = std::mem::take(headers);
                side.part = Part::Start;
                self.end_headers(dir, *headers, cx);
            }
            Part::Start | Part::Lost => self.first_line(dir, line, cx),
            Part::Headers(_) | Part::Body(_) => {}
        }
    }

    fn first_line(&mut self, dir: Dir, line: &[u8], cx: &mut Cx<'_>) {
        let is_lost = matches!(self.side(dir).part, Part::Lost);
        if line.is_empty() || (dir == Dir::Orig && !is_lost && self.late_header(line)) {
            return;
        }
        let understood =
            if dir == Dir::Orig { self.request(line, is_lost, cx) } else { self.reply(line, cx) };
        if understood {
            cx.service.insert("http");
        } else if !is_lost {
            let name = if dir == Dir::Orig { "bad_HTTP_request" } else { "bad_HTTP_reply" };
            cx.weird("HTTP", name, None);
            self.side(dir).part = Part::Lost;
        }
    }

    /// A header behind a request line without a version: a client that forgot the blank before
    /// `HTTP/1.1` sends its headers all the same, and servers read them.
    fn late_header(&mut self, line: &[u8]) -> bool {
        let Some((name, value)) = wire::header(line) else { return false };
        let bare = self.pending.back_mut().filter(|t| t.is_bare());
        let Some(tx) = bare.filter(|_| wire::is_token(name)) else { return false };
        if name.eq_ignore_ascii_case(b"host") {
            tx.late_host(value);
        }
        true
    }

    fn request(&mut self, line: &[u8], is_lost: bool, cx: &mut Cx<'_>) -> bool {
        let Some(request) = wire::request_line(line) else { return false };
        // Where the place is not certain only what must be a request begins one.
        if is_lost && (request.version == "0.9" || request.method.len() > 20) {
            return false;
        }
        if request.method == b"PRI" && request.version == "2.0" {
            self.switched = Some("http2");
            return true;
        }
        self.depth += 1;
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            cx.weird("HTTP", "http_excessive_pipelining", None);
            emit(oldest, cx);
        }
        self.pending.push_back(Transaction::request(&request, self.depth, cx.ts, cx.at));
        self.side(Dir::Orig).part = match request.version {
            // HTTP/0.9 has neither headers nor a second request.
            "0.9" => {
                self.end_message(Dir::Orig, cx);
                Part::Start
            }
            _ => Part::Headers(Box::default()),
        };
        true
    }

    fn reply(&mut self, line: &[u8], cx: &mut Cx<'_>) -> bool {
        let Some(status) = wire::status_line(line) else { return false };
        if let Some(tx) = self.replied(cx.ts, cx.at) {
            tx.status(&status);
        }
        self.side(Dir::Resp).part = Part::Headers(Box::default());
        true
    }

    /// The transaction that a reply now belongs to: the oldest without one, else one of its own.
    fn replied(&mut self, ts: Time, at: Origin) -> Option<&mut Transaction> {
        if self.pending.iter().all(|t| t.is_reply_done) {
            self.depth += 1;
            self.pending.push_back(Transaction::reply_only(self.depth, ts, at));
        }
        self.pending.iter_mut().find(|t| !t.is_reply_done)
    }

    /// All headers of a message are there: its body's framing is known.
    fn end_headers(&mut self, dir: Dir, mut headers: Headers, cx: &mut Cx<'_>) {
        headers.end_line();
        headers.odd().for_each(|name| cx.weird("HTTP", name, None));
        let content = std::mem::take(&mut headers.content);
        let (framing, switched) = if dir == Dir::Orig {
            let Some(tx) = self.pending.iter_mut().rev().find(|t| !t.is_request_done) else {
                return;
            };
            (tx.request_headers(headers), None)
        } else {
            let Some(tx) = self.replied(cx.ts, cx.at) else { return };
            let framing = tx.reply_headers(headers);
            if tx.is_interim() {
                return;
            }
            let switched = tx.switches_to();
            if switched == Some("websocket") {
                self.frames = Some(Box::new(Frames::new(tx.websocket(), cx)));
            }
            (framing, switched.filter(|_| self.frames.is_none()))
        };
        if matches!(framing, Framing::Empty | Framing::Length(0)) {
            self.end_message(dir, cx);
        } else {
            self.side(dir).part = Part::Body(Box::new(Body::new(framing, content)));
        }
        self.switched = self.switched.or(switched);
    }

    /// A message of `dir` is over: its body counts, and its transaction may be complete.
    fn end_message(&mut self, dir: Dir, cx: &mut Cx<'_>) {
        let part = std::mem::take(&mut self.side(dir).part);
        let open = |t: &&mut Transaction| match dir {
            Dir::Orig => !t.is_request_done,
            Dir::Resp => !t.is_reply_done && t.has_reply,
        };
        if let Some(tx) = self.pending.iter_mut().find(open) {
            let body = match part {
                Part::Body(body) => Some(*body),
                // What was lost is not all that the headers say.
                Part::Headers(mut headers) => {
                    headers.end_line();
                    headers.odd().for_each(|name| cx.weird("HTTP", name, None));
                    match dir {
                        Dir::Orig => tx.request_headers(*headers),
                        Dir::Resp => tx.reply_headers(*headers),
                    };
                    None
                }
                Part::Start | Part::Lost => None,
            };
            tx.end(dir, body);
        }
        while let Some(done) = self.pending.pop_front_if(|t| t.is_request_done && t.is_reply_done) {
            emit(done, cx);
        }
    }

    /// The place in the stream is lost: what is known of the message goes, the next is looked for.
    fn lose(&mut self, dir: Dir, cx: &mut Cx<'_>) {
        self.end_message(dir, cx);
        self.side(dir).part = Part::Lost;
    }
}

fn emit(tx: Transaction, cx: &mut Cx<'_>) {
    let (ts, at) = (tx.ts, tx.at);
    cx.emit(ts, at, Record::Http(tx.into_record()));
}

/// Header text as evidence text; empty becomes unset.
fn some_text(bytes: &[u8]) -> Option<text::Text> {
    (!bytes.is_empty()).then(|| text::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};
    use headers::MAX_HEADERS;

    const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: h.example\r\nUser-Agent: t\r\n\r\n";

    fn rows(said: &[Said<'_>], step: usize) -> Vec<String> {
        talk(&PROTOCOL, said, step)
    }

    #[test]
    fn pipelined_requests_pair_with_their_replies_in_any_cut() {
        let requests = [GET, GET].concat();
        let replies = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        let said = [Said::Data(Dir::Orig, &requests), Said::Data(Dir::Resp, replies)];
        let whole = rows(&said, usize::MAX);
        assert_eq!(whole.len(), 2, "{whole:?}");
        assert!(
            whole[0].contains("uri=/a")
                && whole[0].contains("status_code=200")
                && whole[0].contains("response_body_len=3")
        );
        assert!(
            whole[1].contains("trans_depth=2")
                && whole[1].contains("status_code=404")
                && whole[1].contains("response_body_len=2")
        );
        for step in [1, 2, 3, 7, 64] {
            assert_eq!(rows(&said, step), whole, "step {step}");
        }
    }

    #[test]
    fn a_bare_request_has_a_bare_reply_unless_that_has_a_head() {
        let ask = Said::Data(Dir::Orig, b"GET /x\r\n");
        let bare = [ask, Said::Data(Dir::Resp, b"<html>\r\nHi</html>")];
        for step in [1, 3, usize::MAX] {
            let got = rows(&bare, step);
            assert_eq!(got.len(), 1, "{got:#?}");
            assert!(got[0].contains("status_code=0 status_msg=<empty>"), "{}", got[0]);
            assert!(got[0].contains("response_body_len=17"), "{}", got[0]);
        }
        let ask = Said::Data(Dir::Orig, b"GET /x\r\n");
        let refused = b"HTTP/1.0 404 No\r\nContent-Length: 0\r\n\r\n";
        let headed = [ask, Said::Data(Dir::Resp, refused)];
        assert!(rows(&headed, usize::MAX)[0].contains("status_code=404"));
        let late = b"GET /HTTP/1.1\r\nHost: h.example\r\nAccept: */*\r\n\r\n";
        for step in [1, 9, usize::MAX] {
            let got = rows(&[Said::Data(Dir::Orig, late), Said::Data(Dir::Resp, refused)], step);
            assert_eq!(got.len(), 1, "{got:#?}");
            assert!(got[0].contains("uri=/HTTP/1.1") && got[0].contains("host=h.example"));
        }
    }

    #[test]
    fn a_reply_without_its_request_and_a_request_without_its_reply_are_rows() {
        let reply = rows(&[Said::Data(Dir::Resp, b"HTTP/1.0 200 OK\r\n\r\n<html>")], 9);
        assert!(
            reply[0].contains("response_body_len=6") && reply[0].contains("text/html"),
            "{reply:?}"
        );
        let request = rows(&[Said::Data(Dir::Orig, GET)], 9);
        assert!(request[0].contains("host=h.example") && !request[0].contains("status_code"));
        // What the record calls the version is the reply's.
        assert!(!request[0].contains("version") && reply[0].contains("version=1.0"));
    }

    #[test]
    fn the_files_of_a_form_and_the_name_of_what_is_fetched_are_in_the_row() {
        let form = "--b\r\nContent-Disposition: form-data; filename=a.pdf\r\n\r\nMZ\x01\r\n--b\r\nContent-Disposition: form-data; filename=b.gif\r\n\r\nGIF89a\r\n--b--";
        let (a, b) = form.split_at(70);
        let chunks = format!("{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n", a.len(), b.len());
        let post = format!(
            "POST / HTTP/1.1\r\nContent-Type: Multipart/Form-Data; boundary=\"b\"\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        );
        let head = "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=c%20d.gif\r\nContent-Length: 6\r\n\r\n";
        let asked = [post.as_bytes(), b"HEAD / HTTP/1.1\r\n\r\n"].concat();
        let replied = [head.as_bytes(), b"GIF89a", head.as_bytes()].concat();
        let said = [Said::Data(Dir::Orig, &asked), Said::Data(Dir::Resp, &replied)];
        for step in [1, 2, 7, 64, usize::MAX] {
            let got = rows(&said, step);
            assert_eq!(got.len(), 2, "{got:#?}");
            let sent = "orig_filenames=a.pdf,b.gif orig_mime_types=application/x-dosexec,image/gif";
            let fetched = "resp_filenames=c d.gif resp_mime_types=image/gif";
            assert!(got[0].contains(sent) && got[0].contains(fetched), "{}", got[0]);
            // No file comes with a reply without a body.
            assert!(!got[1].contains("filenames"), "{}", got[1]);
        }
    }

    #[test]
    fn a_gap_in_a_body_is_skipped_and_one_in_headers_finds_the_next_message() {
        let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab";
        let next = b"HTTP/1.1 204 No Content\r\n\r\n";
        let requests = [GET, GET].concat();
        let body = [
            Said::Data(Dir::Orig, &requests),
            Said::Data(Dir::Resp, reply),
            Said::Gap(Dir::Resp, 998),
            Said::Data(Dir::Resp, next),
        ];
        let got = rows(&body, usize::MAX);
        assert!(
            got[0].contains("response_body_len=1000") && got[1].contains("status_code=204"),
            "{got:?}"
        );
        let headers = [
            Said::Data(Dir::Orig, b"GET /x HTTP/1.1\r\nHo"),
            Said::Gap(Dir::Orig, 10),
            Said::Data(Dir::Orig, b"junk\r\nGET /y HTTP/1.1\r\n\r\n"),
        ];
        let got = rows(&headers, usize::MAX);
        assert!(
            got.iter().any(|r| r.contains("uri=/x")) && got.iter().any(|r| r.contains("uri=/y")),
            "{got:?}"
        );
    }

    #[test]
    fn connect_hands_the_connection_over() {
        let said = [
            Said::Data(Dir::Orig, b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
            Said::Data(Dir::Resp, b"HTTP/1.1 200 OK\r\n\r\n\x16\x03"),
        ];
        let got = rows(&said, usize::MAX);
        assert_eq!(got.last().unwrap(), "become \"\"", "{got:?}");
    }

    #[test]
    fn pending_requests_and_header_lines_are_bounded() {
        for (n, weirds) in [(MAX_PENDING, 0), (MAX_PENDING + 1, 1)] {
            let got = rows(&[Said::Data(Dir::Orig, &GET.repeat(n))], usize::MAX);
            assert_eq!(got.iter().filter(|r| r.contains("excessive_pipelining")).count(), weirds);
            assert_eq!(got.iter().filter(|r| r.starts_with("http")).count(), n);
        }
        for (n, weirds) in [(MAX_HEADERS, 0), (MAX_HEADERS + 1, 1)] {
            for end in ["\r\n", ""] {
                let many = format!("GET / HTTP/1.1\r\n{}{end}", "A: b\r\n".repeat(n as usize));
                let got = rows(&[Said::Data(Dir::Orig, many.as_bytes())], 9999);
                let told = got.iter().filter(|r| r.contains("too_many_http_headers"));
                assert_eq!(told.count(), weirds);
            }
        }
    }

    #[test]
    fn a_folded_header_is_read_whole_and_told_in_any_cut() {
        let post = b"POST / HTTP/1.1\r\nHost:\r\n h.example\r\nContent-Length: 44\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nContent-Length: -1\r\n\r\n";
        let said = [Said::Data(Dir::Orig, post)];
        let whole = rows(&said, usize::MAX);
        let has = |text: &str| whole.iter().any(|row| row.contains(text));
        assert!(has("host=h.example uri=/ ") && has("uri=/smuggled"), "{whole:#?}");
        for weird in ["obsolete_line_folding", "conflicting_lengths", "bad_content_length"] {
            assert!(has(weird), "{weird}");
        }
        for step in 1..60 {
            assert_eq!(rows(&said, step), whole, "step {step}");
        }
        assert!(!rows(&[Said::Data(Dir::Orig, GET)], 5).iter().any(|row| row.contains("fold")));
    }

    #[test]
    fn headers_that_are_cut_say_what_came() {
        let cut = GET.get(..GET.len() - "Agent: t\r\n\r\n".len()).unwrap();
        let got = rows(&[Said::Data(Dir::Orig, cut)], 9);
        assert!(got[0].contains("host=h.example") && !got[0].contains("user_agent"), "{got:?}");
    }

    #[test]
    fn a_line_without_end_is_cut_and_read_past() {
        for (extra, weirds) in [(0, 0), (1, 1)] {
            let long = "x".repeat(wire::MAX_LINE - "A: ".len() + extra);
            let said = format!("GET / HTTP/1.1\r\nA: {long}\nHost: after\r\n\r\n");
            let got = rows(&[Said::Data(Dir::Orig, said.as_bytes())], 1000);
            assert_eq!(got.iter().filter(|r| r.contains("line_too_long")).count(), weirds);
            assert!(got.iter().any(|r| r.contains("host=after")), "{got:?}");
        }
    }
}
