//! SOCKS 4, 4A and 5 (RFC 1928, RFC 1929): where a proxy is asked to connect to, and by whom. What
//! then goes through it is read as what it is.

use super::login::{Asked, HIDDEN};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use crate::bytes::Cursor;
use crate::event::{Body, Kind, Origin, Port, Socks};
use crate::text::{self, Text};
use crate::time::Time;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// SOCKS.
pub static PROTOCOL: Protocol = Protocol {
    name: "socks",
    emits: &[Kind::Login, Kind::Socks],
    over: Over::Stream,
    ports: &[1080],
    probe,
    open: || Box::<Proxy>::default(),
};

/// Longest account or name of version 4, which end by a zero; version 5's have one byte of length.
const MAX_TEXT: usize = 255;

/// The first message of either version comes alone: the client waits for the answer.
fn probe(dir: Dir, data: &[u8]) -> Probe {
    match (dir, data) {
        (Dir::Resp, _) => Probe::No,
        (_, [5, n @ 1..=9, methods @ ..]) => match methods.len().cmp(&usize::from(*n)) {
            std::cmp::Ordering::Less => Probe::NeedMore,
            std::cmp::Ordering::Equal if methods.iter().all(|m| *m < 10 || *m >= 0x80) => {
                Probe::Yes
            }
            _ => Probe::No,
        },
        (_, [4, 1 | 2, rest @ ..]) => match request_4(rest) {
            Ok((_, 0)) => Probe::Yes,
            Err(()) if rest.len() <= 6 + 2 * MAX_TEXT => Probe::NeedMore,
            _ => Probe::No,
        },
        (_, [] | [4 | 5]) => Probe::NeedMore,
        _ => Probe::No,
    }
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
}

/// One connection's state.
#[derive(Debug, Default)]
struct Proxy {
    client: Phase,
    server: Phase,
    row: Socks,
    begin: Option<(Time, Origin)>,
    login: Option<Asked>,
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
            let read = match dir {
                Dir::Orig => self.request(rest, cx),
                Dir::Resp => self.reply(rest, cx),
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

    fn gap(&mut self, _: Dir, _: u64, cx: &mut Cx<'_>) -> Step {
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
    fn request(&mut self, data: &[u8], cx: &mut Cx<'_>) -> Read {
        let mut c = Cursor::new(data);
        match (self.client, c.u8()?) {
            (Phase::Start, 5) => {
                let n = c.u8()?;
                c.take(n.into())?;
                self.row.version = Some(5);
                self.begin = Some((cx.ts, cx.at));
                self.client = Phase::Greeted;
            }
            (Phase::Start, 4) => {
                let command = c.u8()?;
                let (row, left) = request_4(c.rest()).ok()?;
                self.row = row;
                self.is_bind = command == 2;
                self.begin = Some((cx.ts, cx.at));
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
            (Phase::Greeted, 5) => {
                let [command, _] = c.array()?;
                let Ok((host, name, port)) = address(&mut c)? else { return Some(Err(())) };
                (self.row.request_host, self.row.request_name) = (host, name);
                self.row.request_p = Some(Port(port));
                self.is_bind = command == 2;
                self.client = Phase::Asked;
            }
            // Whatever it is, it is not the proxy's until that has answered.
            (Phase::Asked, _) => return None,
            _ => return Some(Err(())),
        }
        Some(Ok((c.pos(), Then::GoOn)))
    }

    fn reply(&mut self, data: &[u8], cx: &mut Cx<'_>) -> Read {
        let mut c = Cursor::new(data);
        match (self.row.version, self.server, c.u8()?) {
            (Some(5), Phase::Start, 5) => {
                if !matches!(c.u8()?, 0 | 2) {
                    // None was good enough, or one that has messages of its own.
                    return Some(Err(()));
                }
                cx.service.insert("socks");
                self.server = Phase::Greeted;
            }
            (Some(5), Phase::Greeted, 1) => {
                let is_ok = c.u8()? == 0;
                if let Some(login) = self.login.take() {
                    login.end(Some(is_ok), None, cx);
                }
            }
            (Some(5), Phase::Greeted, 5) => {
                let [code, _] = c.array()?;
                let Ok((host, name, port)) = address(&mut c)? else { return Some(Err(())) };
                self.row.status = Some(status_5(code).into());
                return Some(Ok((c.pos(), self.answer(code == 0, host, name, port, cx))));
            }
            (Some(4), _, 0) => {
                let code = c.u8()?;
                let (port, host) = (c.be16()?, Ipv4Addr::from(c.array::<4>()?));
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

/// A request of version 4 behind its command, and the bytes left behind it; `Err` while it is not
/// all there.
fn request_4(data: &[u8]) -> Result<(Socks, usize), ()> {
    let mut c = Cursor::new(data);
    let port = c.be16().ok_or(())?;
    let addr = c.array::<4>().ok_or(())?;
    let mut text = || -> Option<Text> {
        let end = c.rest().iter().take(MAX_TEXT + 1).position(|b| *b == 0)?;
        let text = text::from_bytes(c.take(end)?);
        c.u8()?;
        Some(text)
    };
    let user = text().ok_or(())?;
    // 4A: an address of 0.0.0.x says that a name follows.
    let name = match addr {
        [0, 0, 0, 1..=255] => Some(text().ok_or(())?),
        _ => None,
    };
    let row = Socks {
        version: Some(4),
        user: Some(user).filter(|u| !u.is_empty()),
        request_host: name.is_none().then(|| Ipv4Addr::from(addr).into()),
        request_name: name,
        request_p: Some(Port(port)),
        ..Socks::default()
    };
    Ok((row, c.rest().len()))
}

/// An address or a name, and the port.
type Place = (Option<IpAddr>, Option<Text>, u16);

/// An address of version 5 with its port; `Err` for a kind that is not known.
fn address(c: &mut Cursor<'_>) -> Option<Result<Place, ()>> {
    let (host, name) = match c.u8()? {
        1 => (Some(Ipv4Addr::from(c.array::<4>()?).into()), None),
        3 => {
            let n = c.u8()?;
            (None, Some(text::from_bytes(c.take(n.into())?)))
        }
        4 => (Some(Ipv6Addr::from(c.array::<16>()?).into()), None),
        _ => return Some(Err(())),
    };
    Some(Ok((host, name, c.be16()?)))
}

/// Answers of version 5, RFC 1928 section 6, in Zeek's words.
const fn status_5(code: u8) -> &'static str {
    match code {
        0 => "succeeded",
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => "unknown",
    }
}

/// Answers of version 4, in Zeek's words.
const fn status_4(code: u8) -> &'static str {
    match code {
        90 => "succeeded",
        91 => "general SOCKS server failure",
        92 => "request failed because client is not running identd",
        93 => {
            "request failed because client's identd could not confirm the user ID string in the request"
        }
        _ => "unknown",
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
        assert_eq!(probe(Dir::Orig, b"\x05\x01\x00\x01"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"\x05\x01\x20"), Probe::No);
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
