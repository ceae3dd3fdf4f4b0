//! SIP (RFC 3261) over UDP and TCP: requests with their answers, and logins.

mod wire;

use super::http::number;
use super::login::Asked;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::{Body, Kind, Origin, Sip};
use crate::text::{self, Text};
use crate::time::Time;
use wire::{First, Front, Head, Header};

/// SIP over UDP.
pub static DATAGRAMS: Protocol = Protocol {
    name: "sip",
    emits: &[Kind::Login, Kind::Sip],
    over: Over::Datagrams,
    ports: &[5060],
    probe: |_, data| wire::probe(data),
    open: || Box::new(Calls::new(Over::Datagrams)),
};

/// SIP over TCP.
pub static STREAM: Protocol =
    Protocol { over: Over::Stream, open: || Box::new(Calls::new(Over::Stream)), ..DATAGRAMS };

/// Requests that wait for their last answer; a proxy's connection has many calls at once.
const MAX_PENDING: usize = 256;
/// Via lines kept of one message; RFC 3261 section 8.1.1.6 begins to count down at 70.
const MAX_PATH: usize = 70;

/// A request that has no last answer.
struct Pending {
    ts: Time,
    at: Origin,
    row: Sip,
    login: Option<Asked>,
    /// A row with a provisional answer went out.
    is_told: bool,
}

/// One connection's state.
struct Calls {
    over: Over,
    pending: Vec<Pending>,
    n_requests: u64,
    /// Bytes of each direction's body still to come.
    bodies: [u64; 2],
    /// Of a direction's stream bytes are missing: the next message is looked for.
    is_lost: [bool; 2],
}

impl Calls {
    const fn new(over: Over) -> Self {
        Self { over, pending: Vec::new(), n_requests: 0, bodies: [0; 2], is_lost: [false; 2] }
    }
}

impl Analyzer for Calls {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        if self.over == Over::Datagrams {
            if let Front::Head(head) = wire::front(data, true) {
                self.message(&head, cx);
            }
            return Step::Done;
        }
        let d = usize::from(dir == Dir::Resp);
        let mut body = self.bodies.get(d).copied().unwrap_or(0);
        let lost = self.is_lost.get_mut(d).map(std::mem::take).unwrap_or(false);
        let mut used = 0;
        let step = loop {
            let rest = data.get(used..).unwrap_or_default();
            let skipped = usize::try_from(body).unwrap_or(usize::MAX).min(rest.len());
            used += skipped;
            body -= skipped as u64;
            // Empty lines between messages keep a connection open, RFC 5626 section 3.5.1.
            let rest = data.get(used..).unwrap_or_default();
            let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            used += blank;
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break Step::Done;
            }
            let front = wire::front(rest, false);
            let is_none = lost && wire::probe(rest) == Probe::No;
            match if is_none { Front::Bad } else { front } {
                Front::Head(head) => {
                    used += head.len;
                    body = head.body_len().unwrap_or(0);
                    self.message(&head, cx);
                }
                Front::More => break Step::More { used, need: rest.len() + 1 },
                // Messages mostly begin a segment.
                Front::Bad if lost => {
                    if let Some(l) = self.is_lost.get_mut(d) {
                        *l = true;
                    }
                    break Step::Done;
                }
                Front::Bad => {
                    self.finish(cx);
                    break Step::Quit;
                }
            }
        };
        if let Some(place) = self.bodies.get_mut(d) {
            *place = body;
        }
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        let d = usize::from(dir == Dir::Resp);
        if let (Some(body), Some(lost)) = (self.bodies.get_mut(d), self.is_lost.get_mut(d)) {
            *lost = len > *body;
            *body = body.saturating_sub(len);
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            end(pending, cx);
        }
    }
}

impl Calls {
    fn message(&mut self, head: &Head<'_>, cx: &mut Cx<'_>) {
        cx.service.insert("sip");
        match head.first {
            First::Request { method, uri } => self.request(head, method, uri, cx),
            First::Reply { code, reason } => self.reply(head, code, reason, cx),
        }
    }

    fn request(&mut self, head: &Head<'_>, method: &[u8], uri: &[u8], cx: &mut Cx<'_>) {
        let mut row = Sip {
            method: Some(text::from_bytes(method)),
            uri: Some(text::from_bytes(uri)),
            ..Sip::default()
        };
        let mut account = None;
        for (header, value) in head.headers() {
            let text = || Some(text::from_bytes(value));
            match header {
                Header::Date => row.date = text(),
                Header::From => row.request_from = Some(wire::before(value, b"tag=")),
                Header::To => row.request_to = text(),
                Header::ReplyTo => row.reply_to = text(),
                Header::CallId => row.call_id = text(),
                Header::CSeq => row.seq = text(),
                Header::Subject => row.subject = text(),
                Header::UserAgent => row.user_agent = text(),
                Header::Via => path(&mut row.request_path, value),
                Header::Authorization => account = wire::account(value),
                Header::ContentLength => {
                    row.request_body_len = row.request_body_len.or_else(|| number(value));
                }
                Header::ContentType | Header::Warning => {}
            }
        }
        let is_again = |p: &Pending| {
            p.row.call_id == row.call_id && p.row.seq == row.seq && p.row.method == row.method
        };
        // Over UDP a request is sent again until it is answered.
        if self.pending.iter().any(is_again) {
            return;
        }
        self.n_requests += 1;
        row.trans_depth = Some(self.n_requests);
        let login = account.map(|name| {
            let mut login = Asked::new("sip", row.method.as_deref().unwrap_or_default(), cx);
            login.row.username = Some(name);
            login.row.mechanism = Some("Digest".into());
            login
        });
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            end(oldest, cx);
        }
        self.pending.push(Pending { ts: cx.ts, at: cx.at, row, login, is_told: false });
    }

    fn reply(&mut self, head: &Head<'_>, code: u64, reason: &[u8], cx: &mut Cx<'_>) {
        let (mut call_id, mut seq) = (None, None);
        for (header, value) in head.headers() {
            match header {
                Header::CallId => call_id = call_id.or_else(|| Some(text::from_bytes(value))),
                Header::CSeq => seq = seq.or_else(|| Some(text::from_bytes(value))),
                _ => {}
            }
        }
        let at = self.pending.iter().position(|p| p.row.call_id == call_id && p.row.seq == seq);
        let is_last = code >= 200;
        let mut answered = match at {
            Some(at) => self.pending.remove(at),
            // The request was not captured, or its last answer came again.
            None => return,
        };
        let row = &mut answered.row;
        (row.status_code, row.status_msg) = (Some(code), Some(text::from_bytes(reason)));
        row.response_path.clear();
        row.response_body_len = None;
        for (header, value) in head.headers() {
            match header {
                Header::ContentLength => {
                    row.response_body_len = row.response_body_len.or_else(|| number(value));
                }
                Header::From => row.response_from = Some(wire::before(value, b"tag=")),
                Header::To => row.response_to = Some(text::from_bytes(value)),
                Header::Warning => row.warning = Some(text::from_bytes(value)),
                Header::ContentType => row.content_type = Some(text::from_bytes(value)),
                Header::Via => path(&mut row.response_path, value),
                _ => {}
            }
        }
        if is_last {
            return end(answered, cx);
        }
        answered.is_told = true;
        cx.emit(answered.ts, answered.at, Body::Sip(answered.row.clone()));
        let at = at.unwrap_or(0).min(self.pending.len());
        self.pending.insert(at, answered);
    }
}

fn path(path: &mut Vec<Text>, via: &[u8]) {
    if path.len() < MAX_PATH {
        path.push(wire::before(via, b"branch"));
    }
}

/// Sends a request with its last answer, or without one.
fn end(pending: Pending, cx: &mut Cx<'_>) {
    let code = pending.row.status_code;
    if let Some(login) = pending.login {
        let success = match code {
            Some(200..=299) => Some(true),
            Some(401 | 403 | 407) => Some(false),
            _ => None,
        };
        let reply = pending.row.status_msg.clone().filter(|_| success.is_some());
        login.end(success, reply, cx);
    }
    // Its provisional answer was told, and nothing came since.
    if code.is_some_and(|c| c < 200) && pending.is_told {
        return;
    }
    cx.emit(pending.ts, pending.at, Body::Sip(pending.row));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::{corpus, events, rows};
    use crate::proto::testing::{Said, talk};

    const ASK: &[u8] = b"REGISTER sip:b.test SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.9;branch=z9\r\n\
        From: <sip:joe@b.test>;tag=1\r\nTo: <sip:joe@b.test>\r\nCall-ID: c1\r\nCSeq: 2 REGISTER\r\n\
        User-Agent: phone\r\nAuthorization: Digest username=\"joe\", response=\"x\"\r\n\
        Content-Length: 4\r\n\r\nbody";
    const TRYING: &[u8] =
        b"SIP/2.0 100 Trying\r\nCall-ID: c1\r\nCSeq: 2 REGISTER\r\nContent-Length: 0\r\n\r\n";
    const REFUSED: &[u8] = b"SIP/2.0 403 Forbidden\r\ni: c1\r\nCSeq: 2 REGISTER\r\nl: 0\r\n\r\n";

    #[test]
    fn a_request_with_its_answers_in_any_cut() {
        let said = [
            Said::Data(Dir::Orig, ASK),
            Said::Data(Dir::Orig, ASK),
            Said::Data(Dir::Resp, TRYING),
            Said::Data(Dir::Resp, REFUSED),
        ];
        let whole = talk(&DATAGRAMS, &said, usize::MAX);
        let asked = "sip trans_depth=1 method=REGISTER uri=sip:b.test \
                     request_from=<sip:joe@b.test> request_to=<sip:joe@b.test> call_id=c1 \
                     seq=2 REGISTER request_path=SIP/2.0/TCP 10.0.0.9 user_agent=phone";
        let bodies = "request_body_len=4 response_body_len=0";
        assert_eq!(
            whole,
            [
                format!("{asked} status_code=100 status_msg=Trying {bodies}"),
                "login service=sip username=joe mechanism=Digest action=REGISTER success=F \
                 reply=Forbidden"
                    .into(),
                format!("{asked} status_code=403 status_msg=Forbidden {bodies}"),
            ]
        );
        (1..20).for_each(|step| assert_eq!(talk(&STREAM, &said, step), whole, "step {step}"));
    }

    #[test]
    fn behind_a_gap_the_next_message_is_found() {
        let said = [
            Said::Data(Dir::Orig, &ASK[..40]),
            Said::Gap(Dir::Orig, 400),
            Said::Data(Dir::Orig, b"something\r\n"),
            Said::Data(Dir::Orig, ASK),
        ];
        assert_eq!(talk(&STREAM, &said, usize::MAX).len(), 2);
        let junk = [Said::Data(Dir::Orig, b"something\r\n\r\n")];
        assert_eq!(talk(&STREAM, &junk, usize::MAX), ["quit"]);
    }

    #[test]
    fn waiting_requests_are_bounded() {
        let text = String::from_utf8_lossy(ASK).into_owned();
        for n in [MAX_PENDING, MAX_PENDING + 1] {
            let asks: Vec<_> = (0..n).map(|i| text.replace("c1", &format!("c{i}"))).collect();
            let said: Vec<_> = asks.iter().map(|a| Said::Data(Dir::Orig, a.as_bytes())).collect();
            let got = talk(&DATAGRAMS, &said, usize::MAX);
            assert_eq!(got.iter().filter(|r| r.starts_with("sip")).count(), n);
        }
    }

    #[test]
    fn requests_of_the_corpus() {
        let path = "services/sv__sip-options-method_input.pcap";
        if corpus(path).is_none() {
            return;
        }
        let all = rows(&events(path).unwrap(), Kind::Sip);
        assert!(all.iter().any(|r| r["method"] == "OPTIONS"), "{all:?}");
    }
}
