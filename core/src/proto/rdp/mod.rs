//! RDP (MS-RDPBCGR): who connects with what, before encryption begins, and the turn to TLS.

mod wire;

use super::framing::{self, Front, Places};
use super::login::Asked;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then, x509};
use crate::event::{Body, Kind, Origin, Rdp};
use crate::text::{self, Text};
use crate::time::Time;

/// RDP.
pub static PROTOCOL: Protocol = Protocol {
    name: "rdp",
    emits: &[Kind::Login, Kind::Rdp, Kind::Weird, Kind::X509],
    over: Over::Stream,
    ports: &[3389],
    probe: |dir, data| match (dir, data) {
        // TPKT around X.224's connection request. Others (S7, H.323) begin so, too.
        (Dir::Orig, [3, 0, 0, 7..=0xff, _, 0xe0, ..]) => {
            match wire::connect(data.get(4..).unwrap_or_default()) {
                Some(c) if c.cookie.is_some() || c.negotiation.is_some() => Probe::Yes,
                Some(_) => Probe::Maybe,
                None => Probe::No,
            }
        }
        (Dir::Orig, [3] | [3, 0] | [3, 0, 0] | [3, 0, 0, _] | [3, 0, 0, _, _] | []) => {
            Probe::NeedMore
        }
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes of a packet that are read: the settings of both sides, with a certificate behind them.
const MAX_PACKET: usize = 16 << 10;

/// Protections that the server may choose, MS-RDPBCGR 2.2.1.2.1.
const PROTECTIONS: [(u32, &str); 4] = [(0, "RDP"), (1, "SSL"), (2, "HYBRID"), (8, "HYBRID_EX")];
/// Why it may refuse, 2.2.1.2.2.
const REFUSALS: [&str; 6] = [
    "SSL_REQUIRED_BY_SERVER",
    "SSL_NOT_ALLOWED_BY_SERVER",
    "SSL_CERT_NOT_ON_SERVER",
    "INCONSISTENT_FLAGS",
    "HYBRID_REQUIRED_BY_SERVER",
    "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
];

fn front(data: &[u8]) -> Front {
    match data {
        [3, _, a, b, ..] => match u16::from_be_bytes([*a, *b]) {
            len @ 7.. => Front::Unit(len.into()),
            _ => Front::Bad,
        },
        [3, ..] | [] => Front::More,
        _ => Front::Bad,
    }
}

/// One connection's state.
#[derive(Debug, Default)]
struct Session {
    places: Places,
    row: Rdp,
    begin: Option<(Time, Origin)>,
    login: Option<Asked>,
    has_confirm: bool,
    has_settings: bool,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_PACKET, front, &mut |packet| {
            let packet = packet.get(4..).unwrap_or_default();
            match dir {
                Dir::Orig => self.request(packet, cx),
                Dir::Resp => self.reply(packet, cx),
            }
        });
        *self.places.of(dir) = place;
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, _: Dir, _: u64, cx: &mut Cx<'_>) -> Step {
        self.finish(cx);
        Step::Quit
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        if let Some(login) = self.login.take() {
            login.end(None, None, cx);
        }
        let Some((ts, at)) = self.begin.take() else { return };
        let mut row = std::mem::take(&mut self.row);
        row.cert_count.get_or_insert(0);
        if row.cookie.is_some() || row.keyboard_layout.is_some() || row.result.is_some() {
            cx.emit(ts, at, Body::Rdp(row));
        }
    }
}

impl Session {
    fn request(&mut self, packet: &[u8], cx: &mut Cx<'_>) -> Then {
        self.begin.get_or_insert((cx.ts, cx.at));
        if let Some(connect) = wire::connect(packet) {
            if let Some(cookie) = connect.cookie {
                let cookie = text::from_bytes(cookie);
                let mut login = Asked::new("rdp", "connect", cx);
                login.row.username = Some(cookie.clone());
                self.login = Some(login);
                self.row.cookie = Some(cookie);
            }
            return Then::GoOn;
        }
        if let Some(client) = wire::client(packet) {
            self.client(client);
            return Then::GoOn;
        }
        // Both have said what they want: from here on it is encrypted, or of no interest.
        if self.has_settings { Then::Quit } else { Then::GoOn }
    }

    fn client(&mut self, c: wire::Client) {
        let row = &mut self.row;
        row.keyboard_layout = Some(wire::keyboard(c.keyboard));
        row.client_build = Some(wire::build(c.build));
        row.client_name = Some(c.name);
        row.client_dig_product_id = c.product;
        (row.desktop_width, row.desktop_height) = (Some(c.width.into()), Some(c.height.into()));
        row.requested_color_depth = c.depth.map(|bits| format!("{bits}bit").into());
        row.client_channels = c.channels;
    }

    fn reply(&mut self, packet: &[u8], cx: &mut Cx<'_>) -> Then {
        self.begin.get_or_insert((cx.ts, cx.at));
        if let Some(negotiation) = wire::confirm(packet) {
            self.has_confirm = true;
            cx.service.insert("rdp");
            let (kind, value) = negotiation.unwrap_or((wire::CHOICE, 0));
            if kind == wire::REFUSAL {
                let name =
                    usize::try_from(value).ok().and_then(|v| REFUSALS.get(v.wrapping_sub(1)));
                let name =
                    name.map_or_else(|| format!("failure_code-{value}"), |n| (*n).to_owned());
                self.row.result = Some(name.into());
                return Then::GoOn;
            }
            let name = PROTECTIONS.iter().find(|(n, _)| *n == value).map(|(_, name)| *name);
            let name: Text = match name {
                Some(name) => name.into(),
                None => format!("security_protocol-{value}").into(),
            };
            if negotiation.is_some() {
                self.row.security_protocol = Some(name);
            }
            if value == 0 {
                return Then::GoOn;
            }
            self.row.result = Some("encrypted".into());
            return Then::Tls;
        }
        if let Some(server) = wire::server(packet) {
            self.has_settings = true;
            self.row.result = Some(match server.result {
                0 => "Success".into(),
                1 => "User rejected".into(),
                2 => "Resources not available".into(),
                3 => "Rejected for symmetry breaking".into(),
                4 => "Locked conference".into(),
                n => format!("result-{n}").into(),
            });
            if let Some((method, level)) = server.security {
                self.row.encryption_method = Some(wire::method(method));
                self.row.encryption_level = Some(wire::level(level));
            }
            if let Some(certificate) = server.certificate {
                self.certificate(certificate, cx);
            }
        }
        Then::GoOn
    }

    fn certificate(&mut self, certificate: wire::Certificate, cx: &mut Cx<'_>) {
        self.row.cert_permanent = Some(certificate.is_permanent);
        self.row.cert_type = Some(certificate.chain.as_ref().map_or("RSA", |_| "X.509").into());
        self.row.cert_count = Some(certificate.chain.as_ref().map_or(1, |c| c.len() as u64));
        // Unlike in TLS, the server's own stands last.
        for (n, der) in certificate.chain.unwrap_or_default().iter().rev().enumerate() {
            let mut read = x509::read(der);
            read.row.host_cert = Some(n == 0);
            read.row.client_cert = Some(false);
            cx.emit(cx.ts, cx.at, Body::X509(read.row));
            if let Some(flaw) = read.flaw {
                cx.weird("RDP", flaw, None);
            }
        }
    }
}

#[cfg(test)]
mod tests;
