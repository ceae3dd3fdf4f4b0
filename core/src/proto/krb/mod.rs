//! Kerberos 5 (RFC 4120): who asks for tickets to what, and the answers. What tickets hold is
//! encrypted.

mod wire;

pub use wire::{Ticket, cipher};

use super::framing::{self, Front, Places};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::event::{Body, Kerberos, Kind, Origin};
use crate::text::Text;
use crate::time::Time;
use wire::{Asker, Message, Reply, Request, is_message};

/// Kerberos over UDP.
pub static DATAGRAMS: Protocol = Protocol {
    name: "krb",
    emits: &[Kind::Kerberos],
    over: Over::Datagrams,
    ports: &[88],
    probe: |_, data| if is_message(data) { Probe::Yes } else { Probe::No },
    open: || Box::new(Session::new(Over::Datagrams)),
};

/// Kerberos over TCP: each message has its length in front, RFC 4120 section 7.2.2.
pub static STREAM: Protocol = Protocol {
    name: "krb_tcp",
    over: Over::Stream,
    probe: |_, data| match data.get(4..).filter(|d| d.len() >= 20) {
        Some(message) if data.starts_with(&[0]) && is_message(message) => Probe::Yes,
        None if data.is_empty() || data.starts_with(&[0]) => Probe::NeedMore,
        _ => Probe::No,
    },
    open: || Box::new(Session::new(Over::Stream)),
    ..DATAGRAMS
};

/// Bytes of a message that are read: a request for a service has the ticket to ask with before
/// all else, with the groups of its account in it.
const MAX_MESSAGE: usize = 64 << 10;
/// Requests that may wait for their answers; a client has one open.
const MAX_PENDING: usize = 16;

fn front(data: &[u8]) -> Front {
    match data {
        [0, a, b, c, ..] => Front::Unit(4 + u32::from_be_bytes([0, *a, *b, *c]) as usize),
        [0, ..] | [] => Front::More,
        _ => Front::Bad,
    }
}

/// A request that waits for its answer.
struct Pending {
    ts: Time,
    at: Origin,
    asker: Asker,
    nonce: Option<i64>,
    row: Kerberos,
}

/// One connection's state.
struct Session {
    over: Over,
    places: Places,
    pending: Vec<Pending>,
}

impl Session {
    fn new(over: Over) -> Self {
        Self { over, places: Places::default(), pending: Vec::new() }
    }
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        if self.over == Over::Datagrams {
            self.message(data, cx);
            return Step::Done;
        }
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_MESSAGE, front, &mut |message| {
            self.message(message.get(4..).unwrap_or_default(), cx);
            Then::GoOn
        });
        *self.places.of(dir) = place;
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        self.places.of(dir).gap(len);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.pending.drain(..).for_each(|p| cx.emit(p.ts, p.at, Body::Kerberos(p.row)));
    }
}

impl Session {
    fn message(&mut self, data: &[u8], cx: &mut Cx<'_>) {
        if !is_message(data) {
            return;
        }
        cx.service.insert(if self.over == Over::Stream { STREAM.name } else { DATAGRAMS.name });
        match Message::parse(data) {
            Some(Message::Request(asker, request)) => self.request(asker, request, cx),
            Some(Message::Reply(asker, reply)) => {
                if let Some(mut p) = self.answered(|p| p.asker == asker) {
                    granted(&mut p.row, reply);
                    cx.emit(p.ts, p.at, Body::Kerberos(p.row));
                }
            }
            Some(Message::Error { code, client, realm }) => {
                let Some(mut p) = self.answered(|_| true) else { return };
                // Each login begins with this one; it says nothing of the account.
                if code != wire::PREAUTH_REQUIRED {
                    whose(&mut p.row, client, realm);
                    p.row.success = Some(false);
                    p.row.error_msg = Some(wire::error(code));
                    cx.emit(p.ts, p.at, Body::Kerberos(p.row));
                }
            }
            Some(Message::Other) | None => {}
        }
    }

    fn request(&mut self, asker: Asker, request: Request, cx: &mut Cx<'_>) {
        // Over UDP a request is repeated when its answer is late.
        let is_again = |p: &Pending| p.asker == asker && p.nonce == request.nonce;
        if request.nonce.is_some() && self.pending.iter().any(is_again) {
            return;
        }
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            cx.emit(oldest.ts, oldest.at, Body::Kerberos(oldest.row));
        }
        let nonce = request.nonce;
        let is_login = asker == Asker::Authentication;
        let mut row = Kerberos {
            request_type: Some(if is_login { "AS" } else { "TGS" }.into()),
            service: request.service,
            from: request.from,
            till: request.till,
            forwardable: Some(request.is_forwardable),
            renewable: Some(request.is_renewable),
            pre_authenticated: is_login.then_some(request.is_proved),
            ..Kerberos::default()
        };
        // The realm of a request is that of the service; a login's is the client's, too.
        let realm = request.realm.filter(|_| is_login || request.client.is_some());
        whose(&mut row, request.client, realm);
        self.pending.push(Pending { ts: cx.ts, at: cx.at, asker, nonce, row });
    }

    /// The oldest request that an answer may be for.
    fn answered(&mut self, is_for: impl Fn(&Pending) -> bool) -> Option<Pending> {
        let at = self.pending.iter().position(is_for)?;
        Some(self.pending.remove(at))
    }
}

/// What a reply says to a request.
fn granted(row: &mut Kerberos, reply: Reply) {
    whose(row, reply.client, reply.realm);
    row.success = Some(true);
    row.service = reply.ticket.service.or(row.service.take());
    row.cipher = reply.ticket.cipher.map(cipher);
}

/// Sets the account, unless it is known. A realm alone is shown as Zeek shows it.
fn whose(row: &mut Kerberos, client: Option<Text>, realm: Option<Text>) {
    if row.username.is_some() || (client.is_none() && realm.is_none()) {
        return;
    }
    let realm = realm.map_or_else(String::new, |r| format!("/{r}"));
    row.client = Some(format!("{}{realm}", client.as_deref().unwrap_or_default()).into());
    row.username = client;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Flow, Kind};
    use crate::proto::drive::{Feed, corpus, events, rows};

    const ASK: &[u8] =
        b"\x6a\x14\x30\x12\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa4\x06\x30\x04\xa0\x02\x03\0";

    #[test]
    fn messages_are_known_by_tag_and_version() {
        let datagram = |bytes: &[u8]| (DATAGRAMS.probe)(Dir::Orig, bytes);
        assert_eq!(datagram(ASK), Probe::Yes);
        let mut four = ASK.to_vec();
        four[8] = 4;
        assert_eq!(datagram(&four), Probe::No);
        let stream = |bytes: &[u8]| (STREAM.probe)(Dir::Orig, bytes);
        let framed = [&[0, 0, 0, 22][..], ASK].concat();
        assert_eq!(stream(&framed), Probe::Yes);
        assert_eq!(stream(&framed[..12]), Probe::NeedMore);
        assert_eq!(stream(b"GET / HTTP/1.1\r\nHost: a.test\r\n"), Probe::No);
        let mut feed = Feed::new(&STREAM, Flow::default());
        feed.data(Dir::Orig, &framed);
        assert_eq!(feed.service.iter().collect::<Vec<_>>(), ["krb_tcp"]);
    }

    fn logged(path: &str) -> Vec<String> {
        let events = events(path).unwrap_or_default();
        let of = |e: &&crate::event::Event| e.body.kind() == Kind::Kerberos;
        events.iter().filter(of).map(|e| crate::proto::testing::row(&e.body)).collect()
    }

    #[test]
    fn exchanges_of_captures() {
        let path = "services/ndpi__kerberos-login.pcap";
        if corpus(path).is_none() {
            return;
        }
        // The request names no client: its ticket does, and the reply.
        let all = logged(path);
        assert!(
            all[0].starts_with(
                "kerberos request_type=TGS client=des/DENYDC.COM service=host/xp1.denydc.com success=T"
            ) && all[0].contains(" username=des"),
            "{all:?}"
        );
        // A service of old asked for by name: tools of attack take the weak cipher.
        let asked = logged("services/sv__krb5-kerberoasting_kerberoast.pcap");
        assert!(
            asked[0].contains(
                "client=spotless/OFFENSE.LOCAL service=HTTP/dc-mantvydas.offense.local success=T"
            ),
            "{asked:?}"
        );
        assert!(asked[0].contains("cipher=rc4-hmac"), "{asked:?}");
        assert_eq!(
            logged("services/ndpi__kerberos-error.pcap"),
            [
                "kerberos request_type=AS client=host/mus-n-cj0709/LINUX.SHELL.COM service=krbtgt/LINUX.SHELL.COM success=F error_msg=KRB_ERR_RESPONSE_TOO_BIG till=2022-02-23T07:46:03Z forwardable=F renewable=T username=host/mus-n-cj0709 pre_authenticated=T",
            ]
        );
    }

    #[test]
    fn the_same_in_any_cut_and_a_repeated_request_once() {
        use crate::proto::testing::{Said, talk};
        let framed = [&[0, 0, 0, 22][..], ASK].concat();
        let error: &[u8] = b"\x7e\x0e\x30\x0c\xa0\x03\x02\x01\x05\xa6\x05\x02\x03\0\0\x18";
        let answer = [&[0, 0, 0, 16][..], error].concat();
        let said = [Said::Data(Dir::Orig, &framed), Said::Data(Dir::Resp, &answer)];
        let want = "kerberos request_type=AS success=F error_msg=KDC_ERR_PREAUTH_FAILED forwardable=F renewable=F pre_authenticated=F";
        for step in 1..framed.len() {
            assert_eq!(talk(&STREAM, &said, step), [want], "{step}");
        }
        // What is no answer ends it; the request is told all the same.
        let lost = [Said::Data(Dir::Orig, &framed), Said::Data(Dir::Resp, b"tail of an answer")];
        let got = talk(&STREAM, &lost, usize::MAX);
        assert!(got.len() == 2 && got[0].starts_with("kerberos request_type=AS"), "{got:?}");
    }

    #[test]
    fn captures_are_known_by_their_content() {
        for (path, name) in
            [("flows/arkime__krb5-tcp.pcap", "krb_tcp"), ("flows/arkime__krb5-udp.pcap", "krb")]
        {
            if corpus(path).is_some() {
                let conns = rows(&events(path).unwrap(), Kind::Conn);
                assert!(
                    conns.iter().any(|c| c.get("service").is_some_and(|s| s == name)),
                    "{path}"
                );
            }
        }
    }
}
