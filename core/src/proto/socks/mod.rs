//! SOCKS 4, 4A and 5 (RFC 1928, RFC 1929): where a proxy is asked to connect to, and by whom. What
//! then goes through it is read as what it is.

mod wire;

use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::bytes::Cursor;
use crate::event::{Body, Kind, Origin, Port, Socks};
use crate::text::{self, Text};
use crate::time::Time;
use std::net::{IpAddr, Ipv4Addr};
use wire::{Shape, address, answers, asks, greeting, request_4, shape, status_4, status_5};

/// SOCKS.
pub static PROTOCOL: Protocol = Protocol {
    name: "socks",
    emits: &[Kind::Login, Kind::Socks],
    over: Over::Stream,
    ports: &[1080],
    probe,
    open: || Box::<Proxy>::default(),
};

/// What either side begins with is enough, since the other one may be missing from the capture.
fn probe(dir: Dir, data: &[u8]) -> Probe {
    asks(dir, data).max(answers(data))
}

/// How far a side has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Start,
    /// Version 5: the ways to prove the account were named, or one was chosen.
    Greeted,
    /// The client has said all; what follows goes through the proxy.
    Asked,
    /// What the client asked is not in the capture: what it says means nothing before the answer.
    Lost,
}

/// One connection's state.
#[derive(Debug, Default)]
struct Proxy {
    /// Which side is the client: mostly the originator.
    asks: Option<Dir>,
    /// The proxy's bytes told so.
    is_told_by_proxy: bool,
    client: Phase,
    server: Phase,
    row: Socks,
    begin: Option<(Time, Origin)>,
    login: Option<Asked>,
    /// The client's first message was seen.
    is_greeted: bool,
    /// A second answer follows when a peer has connected.
    is_bind: bool,
}

impl Analyzer for Proxy {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            let read = match self.asks.or_else(|| self.tell_sides(dir, rest)) {
                Some(asks) if asks == dir => self.request(rest, cx),
                Some(_) => self.reply(rest, cx),
                None => None,
            };
            let (n, then) = match read {
                Some(Ok(done)) => done,
                Some(Err(())) => {
                    self.finish(cx);
                    return Step::Quit;
                }
                None => return Step::More { used, need: rest.len() + 1 },
            };
            used += n;
            if let Some(step) = then.step(used) {
                return step;
            }
        }
    }

    fn gap(&mut self, dir: Dir, _: u64, cx: &mut Cx<'_>) -> Step {
        // The proxy's half alone tells enough.
        let may_ask = self.asks.is_none_or(|asks| asks == dir);
        if may_ask && matches!(self.client, Phase::Start | Phase::Lost) {
            if self.asks.is_some() {
                self.client = Phase::Lost;
            }
            return Step::Done;
        }
        self.finish(cx);
        Step::Quit
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        if let Some(login) = self.login.take() {
            login.end(None, None, cx);
        }
        if let Some((ts, at)) = self.begin.take() {
            cx.emit(ts, at, Body::Socks(std::mem::take(&mut self.row)));
        }
    }
}

/// Bytes used and what they did; `Err` for what is not SOCKS; `None` while it is not all there.
type Read = Option<Result<(usize, Then), ()>>;

impl Proxy {
    /// Which side is the client, by the first bytes of either; `None` while they may be of both. What
    /// is of neither is a client's, who will have said nothing that is understood.
    fn tell_sides(&mut self, dir: Dir, data: &[u8]) -> Option<Dir> {
        self.asks = match (asks(dir, data), answers(data)) {
            (Probe::Yes, _) | (_, Probe::No) => Some(dir),
            (Probe::No, _) | (_, Probe::Yes) => Some(dir.other()),
            _ => None,
        };
        self.is_told_by_proxy = self.asks == Some(dir.other());
        self.asks
    }

    fn request(&mut self, data: &[u8], cx: &mut Cx<'_>) -> Read {
        let mut c = Cursor::new(data);
        match (self.client, c.u8()?) {
            (Phase::Start, 5) => match (greeting(data), shape(data, 1..=3)) {
                (Shape::Whole(n), _) => {
                    self.begin(5, cx);
                    (self.client, self.is_greeted) = (Phase::Greeted, true);
                    return Some(Ok((n, Then::GoOn)));
                }
                (Shape::Other, Shape::Whole(_)) => return self.request_5(c, cx),
                (Shape::Other, Shape::Other) => return self.not_a_request(),
                _ => return None,
            },
            (Phase::Start, 4) => {
                let command = c.u8()?;
                let (row, left) = request_4(c.rest()).ok()?;
                self.row = row;
                self.is_bind = command == 2;
                self.begin(4, cx);
                self.client = Phase::Asked;
                return Some(Ok((data.len() - left, Then::GoOn)));
            }
            (Phase::Greeted, 1) => {
                let n = c.u8()?;
                let user = text::from_bytes(c.take(n.into())?);
                let n = c.u8()?;
                c.take(n.into())?;
                let mut login = Asked::new("socks", "login", cx);
                login.row.username = Some(user.clone());
                login.row.password = Some(HIDDEN);
                self.row.user = Some(user);
                self.login = Some(login);
            }
            (Phase::Greeted, 5) => return self.request_5(c, cx),
            // Whatever it is, it is not the proxy's until that has answered.
            (Phase::Asked | Phase::Lost, _) => return None,
            (Phase::Start, _) => return self.not_a_request(),
            _ => return Some(Err(())),
        }
        Some(Ok((c.pos(), Then::GoOn)))
    }

    /// A request of version 5 behind its first byte.
    fn request_5(&mut self, mut c: Cursor<'_>, cx: &Cx<'_>) -> Read {
        let [command, _] = c.array()?;
        let Ok((host, name, port)) = address(&mut c)? else { return Some(Err(())) };
        self.begin(5, cx);
        (self.row.request_host, self.row.request_name) = (host, name);
        self.row.request_p = Some(Port(port));
        self.is_bind = command == 2;
        self.client = Phase::Asked;
        Some(Ok((c.pos(), Then::GoOn)))
    }

    /// The client goes on with something that began before the capture, if the proxy was understood.
    fn not_a_request(&mut self) -> Read {
        if !self.is_told_by_proxy {
            return Some(Err(()));
        }
        self.client = Phase::Lost;
        None
    }

    /// Notes what is spoken, and since when.
    fn begin(&mut self, version: u64, cx: &Cx<'_>) {
        self.row.version = Some(version);
        self.begin.get_or_insert((cx.ts, cx.at));
    }

    fn reply(&mut self, data: &[u8], cx: &mut Cx<'_>) -> Read {
        let mut c = Cursor::new(data);
        let first = c.u8()?;
        let version = self.row.version.unwrap_or(if first == 5 { 5 } else { 4 });
        if (self.server, self.is_greeted, version) == (Phase::Start, false, 5) && *data.get(2)? == 0
        {
            // The choice of a method was before the capture.
            self.server = Phase::Greeted;
        }
        match (version, self.server, first) {
            (5, Phase::Start, 5) => {
                if !matches!(c.u8()?, 0 | 2) {
                    // None was good enough, or one that has messages of its own.
                    return Some(Err(()));
                }
                self.begin(5, cx);
                cx.service.insert("socks");
                self.server = Phase::Greeted;
            }
            (5, Phase::Greeted, 1) => {
                let is_ok = c.u8()? == 0;
                if let Some(login) = self.login.take() {
                    login.end(Some(is_ok), None, cx);
                }
            }
            (5, Phase::Greeted, 5) => {
                let [code, _] = c.array()?;
                let Ok((host, name, port)) = address(&mut c)? else { return Some(Err(())) };
                self.begin(5, cx);
                self.row.status = Some(status_5(code).into());
                return Some(Ok((c.pos(), self.answer(code == 0, host, name, port, cx))));
            }
            (4, _, 0) => {
                let code = c.u8()?;
                let (port, host) = (c.be16()?, Ipv4Addr::from(c.array::<4>()?));
                self.begin(4, cx);
                self.row.status = Some(status_4(code).into());
                let then = self.answer(code == 90, Some(host.into()), None, port, cx);
                return Some(Ok((c.pos(), then)));
            }
            _ => return Some(Err(())),
        }
        Some(Ok((c.pos(), Then::GoOn)))
    }

    /// Takes the proxy's answer to a request.
    fn answer(
        &mut self,
        is_ok: bool,
        host: Option<IpAddr>,
        name: Option<Text>,
        port: u16,
        cx: &mut Cx<'_>,
    ) -> Then {
        cx.service.insert("socks");
        (self.row.bound_host, self.row.bound_name) = (host, name);
        self.row.bound_p = Some(Port(port));
        match (is_ok, std::mem::take(&mut self.is_bind)) {
            (false, _) => {
                self.finish(cx);
                Then::Quit
            }
            (true, true) => Then::GoOn,
            (true, false) => Then::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::drive::same_as_zeek;
    use crate::proto::testing::{Said, talk};

    #[test]
    fn version_5_with_a_password_in_any_cut() {
        let said = [
            Said::Data(Dir::Orig, b"\x05\x02\x00\x02"),
            Said::Data(Dir::Resp, b"\x05\x02"),
            Said::Data(Dir::Orig, b"\x01\x03bob\x05alice"),
            Said::Data(Dir::Resp, b"\x01\x00"),
            Said::Data(Dir::Orig, b"\x05\x01\x00\x03\x06a.test\x00\x50"),
            Said::Data(Dir::Resp, b"\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34GET"),
        ];
        let want = [
            "login service=socks username=bob password=<hidden> action=login success=T",
            "socks version=5 user=bob status=succeeded request.name=a.test request_p=80 \
             bound.host=10.0.0.1 bound_p=4660",
            "become \"\"",
        ];
        for step in [1, 2, 3, 5, usize::MAX] {
            assert_eq!(talk(&PROTOCOL, &said, step), want, "step {step}");
        }
    }

    #[test]
    fn version_4_with_and_without_a_name() {
        let ask: &[u8] = b"\x04\x01\x00\x50\x00\x00\x00\x01joe\x00a.test\x00";
        let said = [
            Said::Data(Dir::Orig, ask),
            Said::Data(Dir::Resp, b"\x00\x5b\x00\x00\x00\x00\x00\x00"),
        ];
        let got = talk(&PROTOCOL, &said, usize::MAX);
        assert_eq!(
            got[0],
            "socks version=4 user=joe status=general SOCKS server failure request.name=a.test \
             request_p=80 bound.host=0.0.0.0 bound_p=0"
        );
        assert_eq!(got[1], "quit");
        assert_eq!(probe(Dir::Orig, ask), Probe::Yes);
        assert_eq!(probe(Dir::Orig, &ask[..9]), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, &[ask, b"x"].concat()), Probe::No);
        assert_eq!(probe(Dir::Orig, b"\x04\x01\x00\x50\x01\x02\x03\x04\x00"), Probe::Yes);
    }

    #[test]
    fn methods_come_out_even() {
        assert_eq!(probe(Dir::Orig, b"\x05\x01\x00"), Probe::Yes);
        assert_eq!(probe(Dir::Orig, b"\x05\x02\x00"), Probe::NeedMore);
        // DCE/RPC begins with the same byte.
        assert_eq!(probe(Dir::Orig, b"\x05\x00\x0b\x03"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"\x05\x01\x02\x01"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"\x05\x01\x20"), Probe::No);
    }

    /// A proxy's half: no account is asked for, the answer to a request.
    const ANSWERED: &[u8] = b"\x05\x00\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34";

    #[test]
    fn the_proxy_s_half_alone_tells_where_it_connects_from_in_any_cut() {
        let web = b"HTTP/1.1 200 OK\r\n";
        let row = "socks version=5 status=succeeded bound.host=10.0.0.1 bound_p=4660";
        for (choice, dir) in [(&[][..], Dir::Resp), (&[2, 1, 0][..], Dir::Resp), (&[], Dir::Orig)] {
            let said = match choice {
                [] => [ANSWERED, web].concat(),
                with_password => [&[5], with_password, &ANSWERED[2..], web].concat(),
            };
            let said =
                [Said::Gap(dir.other(), 3), Said::Data(dir, &said), Said::Gap(dir.other(), 10)];
            for step in [1, 2, 3, 5, usize::MAX] {
                let got = talk(&PROTOCOL, &said, step);
                assert_eq!(got, [row, "become \"\""], "{dir:?} step {step}");
            }
        }
        // The request was refused: nothing follows.
        let refused = Said::Data(Dir::Resp, b"\x05\x00\x05\x05\x00\x01\0\0\0\0\0\0");
        let want = "socks version=5 status=Connection refused bound.host=0.0.0.0 bound_p=0";
        assert_eq!(talk(&PROTOCOL, &[refused], usize::MAX), [want, "quit"]);
    }

    #[test]
    fn a_capture_that_begins_behind_the_greeting_has_the_request() {
        let ask = Said::Data(Dir::Resp, b"\x05\x01\x00\x03\x06a.test\x00\x50");
        let choice = Said::Data(Dir::Orig, &ANSWERED[..2]);
        let answer = Said::Data(Dir::Orig, &ANSWERED[2..]);
        let want = "socks version=5 status=succeeded request.name=a.test request_p=80 \
                    bound.host=10.0.0.1 bound_p=4660";
        for said in [&[choice, ask, answer][..], &[ask, answer]] {
            assert_eq!(talk(&PROTOCOL, said, usize::MAX), [want, "become \"\""]);
        }
        // What the client says is the end of something.
        let rest = Said::Data(Dir::Resp, b"\x61\x62\x63");
        let want = "socks version=5 status=succeeded bound.host=10.0.0.1 bound_p=4660";
        let got = talk(&PROTOCOL, &[choice, rest, answer], usize::MAX);
        assert_eq!(got, [want, "become \"\""]);
    }

    #[test]
    fn either_half_is_told_by_its_first_bytes() {
        for cut in 0..ANSWERED.len() {
            assert_eq!(probe(Dir::Resp, &ANSWERED[..cut]), Probe::NeedMore, "{cut}");
        }
        let ask: &[u8] = b"\x05\x01\x00\x01\x01\x02\x03\x04\x00\x50";
        for dir in [Dir::Orig, Dir::Resp] {
            for begins in [
                ANSWERED,
                &[ANSWERED, b"SSH-2.0-x\r\n"].concat(),
                b"\x05\x02\x01\x00\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34",
                b"\x05\x00\x05\x01\x00\x01\0\0\0\0\0\0",
                ask,
                &[b"\x05\x01\x00", ask].concat(),
            ] {
                assert_eq!(probe(dir, begins), Probe::Yes, "{begins:02x?}");
            }
            // An answer alone: only where proxies are usual.
            assert_eq!(probe(dir, &ANSWERED[2..]), Probe::Maybe);
            assert_eq!(probe(dir, b"\x00\x5a\x12\x34\x0a\x00\x00\x01"), Probe::Maybe);
        }
        assert_eq!(probe(Dir::Resp, b"\x05\x01\x00"), Probe::NeedMore);
    }

    #[test]
    fn what_comes_close_is_no_proxy() {
        let near: &[&[u8]] = &[
            // An address of a kind that there is not, a code that there is not, no zero.
            b"\x05\x00\x05\x00\x00\x02\x0a\x00\x00\x01\x12\x34",
            b"\x05\x00\x05\x09\x00\x01\x0a\x00\x00\x01\x12\x34",
            b"\x05\x00\x05\x00\x01\x01\x0a\x00\x00\x01\x12\x34",
            // A name that is none; more behind a refusal; a password that was wrong.
            b"\x05\x00\x05\x00\x00\x03\x04a\x00b\x00\x12\x34",
            b"\x05\x00\x05\x05\x00\x01\x0a\x00\x00\x01\x12\x34x",
            b"\x05\x02\x01\x01\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34",
            // More behind an answer or a request without its beginning; a request for port 0.
            b"\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34x",
            b"\x05\x01\x00\x01\x0a\x00\x00\x01\x12\x34x",
            b"\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x00",
            // An answer of version 4 of another length or code.
            b"\x00\x5a\x12\x34\x0a\x00\x00\x01\x00",
            b"\x00\x5e\x12\x34\x0a\x00\x00\x01",
            // Calls of DCE/RPC in fragments, of version 5.0 and 5.1; DNP3.
            b"\x05\x00\x00\x03\x10\x00\x00\x00\x1c\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00",
            b"\x05\x00\x00\x01\x10\x00\x00\x00\x1c\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00",
            b"\x05\x01\x00\x03\x10\x00\x00\x00\x1c\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00",
            b"\x05\x00\x0c\x03\x10\x00\x00\x00\x1c\x00",
            b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21",
        ];
        for data in near {
            for dir in [Dir::Orig, Dir::Resp] {
                assert_eq!(probe(dir, data), Probe::No, "{data:02x?}");
            }
        }
    }

    #[test]
    fn requests_of_the_corpus_are_those_of_zeek() {
        let test = "services/zeek__socks-auth.pcap";
        same_as_zeek(
            test,
            "scripts.base.protocols.socks.socks-auth/socks.log",
            Kind::Socks,
            &|_, _, _| false,
        );
        let test = "services/zeek__socks.pcap";
        same_as_zeek(
            test,
            "scripts.base.protocols.socks.trace1/socks.log",
            Kind::Socks,
            &|_, _, _| false,
        );
    }
}
