//! RADIUS (RFC 2865): who asks for access, and the answer. Passwords in it are hidden by the secret
//! that client and server share.

use super::login::Asked;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::bytes::Cursor;
use crate::event::{Body, Kind, Origin, Radius};
use crate::text::{self, Text};
use crate::time::{Interval, Time};
use std::net::{IpAddr, Ipv4Addr};

/// RADIUS: access, accounting, and changes of both (RFC 5176).
pub static PROTOCOL: Protocol = Protocol {
    name: "radius",
    emits: &[Kind::Login, Kind::Radius],
    over: Over::Datagrams,
    ports: &[1645, 1646, 1812, 1813, 3799],
    probe: |_, bytes| match Message::parse(bytes) {
        Some(m) if !m.attributes.is_empty() => Probe::Yes,
        Some(_) => Probe::Maybe,
        None => Probe::No,
    },
    open: || Box::<Access>::default(),
};

/// Codes of messages, RFC 2865 section 3.
mod code {
    pub const REQUEST: u8 = 1;
    pub const ACCEPT: u8 = 2;
    pub const REJECT: u8 = 3;
    pub const CHALLENGE: u8 = 11;
}

/// Numbers of attributes, RFC 2865 section 5, RFC 2868, RFC 2869.
mod attribute {
    pub const USER: u8 = 1;
    pub const PASSWORD: u8 = 2;
    pub const CHAP: u8 = 3;
    pub const FRAMED: u8 = 8;
    pub const REPLY: u8 = 18;
    pub const CALLER: u8 = 31;
    pub const TUNNEL_CLIENT: u8 = 66;
    pub const CONNECT: u8 = 77;
    pub const EAP: u8 = 79;
}

/// Requests of one connection that may wait: a server of networks sends all from one port.
const MAX_OPEN: usize = 64;

/// One message.
struct Message<'a> {
    code: u8,
    id: u8,
    attributes: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message whose length and attributes come out even.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let [code, id] = c.array()?;
        matches!(code, 1..=5 | 11..=13 | 40..=45).then_some(())?;
        let len = usize::from(c.be16()?);
        // What stands behind the length is padding, RFC 2865 section 3.
        (len >= 20 && len <= bytes.len()).then_some(())?;
        let attributes = bytes.get(20..len)?;
        let mut rest = attributes;
        while let [_, len, ..] = rest {
            rest = rest.get(usize::from(*len)..).filter(|_| *len >= 2)?;
        }
        rest.is_empty().then_some(Self { code, id, attributes })
    }

    fn attribute(&self, number: u8) -> Option<&'a [u8]> {
        let mut rest = self.attributes;
        while let [n, len, ..] = rest {
            let whole = rest.get(..usize::from(*len))?;
            if *n == number {
                return whole.get(2..);
            }
            rest = rest.get(usize::from(*len).max(2)..)?;
        }
        None
    }

    fn words(&self, number: u8) -> Option<Text> {
        self.attribute(number).filter(|v| !v.is_empty()).map(text::from_bytes)
    }

    /// How the account is proved.
    fn mechanism(&self) -> Option<&'static str> {
        let known =
            [(attribute::EAP, "EAP"), (attribute::CHAP, "CHAP"), (attribute::PASSWORD, "PAP")];
        known.into_iter().find(|(n, _)| self.attribute(*n).is_some()).map(|(_, name)| name)
    }
}

/// A request that may not be decided.
struct Open {
    ts: Time,
    at: Origin,
    /// The last request's number.
    id: u8,
    /// The last message was a challenge: the next request of the account goes on with it.
    is_challenged: bool,
    row: Radius,
    login: Asked,
}

/// One connection's state.
#[derive(Default)]
struct Access {
    open: Vec<Open>,
    is_odd_said: bool,
}

impl Analyzer for Access {
    fn data(&mut self, _: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let Some(m) = Message::parse(data) else {
            if !std::mem::replace(&mut self.is_odd_said, true) {
                cx.weird("RADIUS", "radius_malformed_message", None);
            }
            return Step::Done;
        };
        cx.service.insert("radius");
        match m.code {
            code::REQUEST => self.request(&m, cx),
            code::CHALLENGE => {
                if let Some(open) = self.open.iter_mut().find(|o| o.id == m.id) {
                    open.is_challenged = true;
                    answer(&mut open.row, &m);
                }
            }
            code::ACCEPT | code::REJECT => {
                if let Some(at) = self.open.iter().position(|o| o.id == m.id) {
                    let mut open = self.open.remove(at);
                    if m.code == code::ACCEPT {
                        answer(&mut open.row, &m);
                    }
                    end(open, Some(m.code == code::ACCEPT), m.words(attribute::REPLY), cx);
                }
            }
            _ => {}
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.open.drain(..).for_each(|open| end(open, None, None, cx));
    }
}

impl Access {
    fn request(&mut self, m: &Message<'_>, cx: &mut Cx<'_>) {
        let user = m.words(attribute::USER);
        let goes_on = |o: &Open| o.id == m.id || (o.is_challenged && o.row.username == user);
        if let Some(open) = self.open.iter_mut().find(|o| goes_on(o)) {
            (open.id, open.is_challenged) = (m.id, false);
            return;
        }
        if self.open.len() >= MAX_OPEN {
            let oldest = self.open.remove(0);
            end(oldest, None, None, cx);
        }
        let mut login = Asked::new("radius", "Access-Request", cx);
        login.row.username.clone_from(&user);
        login.row.mechanism = m.mechanism().map(Into::into);
        let row = Radius {
            username: user,
            mac: m.attribute(attribute::CALLER).map(mac),
            tunnel_client: m.words(attribute::TUNNEL_CLIENT),
            connect_info: m.words(attribute::CONNECT),
            ..Radius::default()
        };
        let (ts, at) = (cx.ts, cx.at);
        self.open.push(Open { ts, at, id: m.id, is_challenged: false, row, login });
    }
}

/// Puts what an answer says into the row; the first one counts.
fn answer(row: &mut Radius, m: &Message<'_>) {
    let framed = m.attribute(attribute::FRAMED).and_then(|v| v.first_chunk::<4>());
    let framed = framed.map(|v| IpAddr::V4(Ipv4Addr::from(*v)));
    row.framed_addr = row.framed_addr.or(framed);
    if row.reply_msg.is_none() {
        row.reply_msg = m.words(attribute::REPLY);
    }
}

fn end(open: Open, success: Option<bool>, reply: Option<Text>, cx: &mut Cx<'_>) {
    let mut row = open.row;
    let ttl = Some(cx.ts.since(open.ts)).filter(|t| success.is_some() && *t != Interval(0));
    row.ttl = ttl;
    row.result = Some(match success {
        Some(true) => "success".into(),
        Some(false) => "failed".into(),
        None => "unknown".into(),
    });
    if row.username.is_some() {
        open.login.end(success, reply, cx);
    }
    cx.emit(open.ts, open.at, Body::Radius(row));
}

/// A hardware address as Zeek writes it, where it is one; else the text.
fn mac(bytes: &[u8]) -> Text {
    let digits: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let is_mac = digits.len() == 12
        && bytes.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b':' | b'.'));
    if !is_mac {
        return text::from_bytes(bytes);
    }
    let pairs: Vec<_> = digits.chunks(2).map(|p| text::from_bytes(p).to_lowercase()).collect();
    pairs.join(":").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    fn message(code: u8, id: u8, attributes: &[(u8, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (n, value) in attributes {
            body.extend([*n, value.len() as u8 + 2]);
            body.extend(*value);
        }
        let len = (20 + body.len()) as u16;
        [&[code, id][..], &len.to_be_bytes(), &[0; 16], &body].concat()
    }

    #[test]
    fn a_challenged_login_is_one_row() {
        let ask: [(u8, &[u8]); 3] = [(1, b"joe"), (79, b"x"), (31, b"00-11-22-AA-BB-CC")];
        let (first, challenge) = (message(1, 7, &ask), message(11, 7, &[(18, b"token?")]));
        let (second, reject) = (message(1, 8, &ask[..2]), message(3, 8, &[(18, b"no")]));
        let said = [
            Said::Data(Dir::Orig, &first),
            Said::Data(Dir::Resp, &challenge),
            Said::Data(Dir::Orig, &second),
            Said::Data(Dir::Orig, &second),
            Said::Data(Dir::Resp, &reject),
        ];
        assert_eq!(
            talk(&PROTOCOL, &said, usize::MAX),
            [
                "login service=radius username=joe mechanism=EAP action=Access-Request success=F \
                 reply=no",
                "radius username=joe mac=00:11:22:aa:bb:cc reply_msg=token? result=failed",
            ]
        );
    }

    #[test]
    fn what_nobody_answers_is_unknown_and_bounded() {
        for n in [MAX_OPEN, MAX_OPEN + 1] {
            let asks: Vec<_> =
                (0..n).map(|i| message(1, i as u8, &[(1, b"a"), (2, b"x")])).collect();
            let said: Vec<_> = asks.iter().map(|a| Said::Data(Dir::Orig, a)).collect();
            let got = talk(&PROTOCOL, &said, usize::MAX);
            assert_eq!(got.iter().filter(|r| r.starts_with("radius")).count(), n);
            assert!(got[0].contains("mechanism=PAP") && !got[0].contains("success"), "{}", got[0]);
            assert!(got[1].ends_with("result=unknown"), "{}", got[1]);
        }
    }

    #[test]
    fn a_length_that_does_not_come_out_even_is_not_radius() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        let good = message(1, 1, &[(1, b"a")]);
        assert_eq!(probe(&good), Probe::Yes);
        assert_eq!(probe(&message(2, 1, &[])), Probe::Maybe);
        assert_eq!(probe(&message(6, 1, &[(1, b"a")])), Probe::No);
        assert_eq!(probe(&good[..good.len() - 1]), Probe::No);
        let mut bad = good;
        bad[21] = 1;
        assert_eq!(probe(&bad), Probe::No);
    }
}
