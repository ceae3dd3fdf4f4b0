//! RDP's first packets (MS-RDPBCGR 2.2.1): X.224's connect and confirm, and the settings of both
//! sides inside MCS and GCC.

use super::super::ber;
use crate::bytes::Cursor;
use crate::text::{self, Text};

/// Answers to a negotiation request.
pub const CHOICE: u8 = 2;
pub const REFUSAL: u8 = 3;

/// Channels that a client may ask for, 2.2.1.3.4.
const MAX_CHANNELS: u32 = 31;

/// A connection request.
pub struct Connect<'a> {
    /// The account that stands in the cookie.
    pub cookie: Option<&'a [u8]>,
    /// Protections that the client offers.
    pub negotiation: Option<u32>,
}

/// Reads a connection request, 2.2.1.1.
pub fn connect(packet: &[u8]) -> Option<Connect<'_>> {
    let mut rest = x224(packet, 0xe0)?;
    let mut cookie = None;
    if rest.starts_with(b"Cookie: ") {
        let end = memchr::memmem::find(rest, b"\r\n")?;
        cookie = rest.get(..end)?.strip_prefix(b"Cookie: mstshash=").filter(|c| !c.is_empty());
        rest = rest.get(end + 2..)?;
    }
    let negotiation = negotiation(rest).filter(|(kind, _)| *kind == 1).map(|(_, n)| n);
    Some(Connect { cookie, negotiation })
}

/// Reads a connection confirm; with the kind and value of the answer to a negotiation, if any.
pub fn confirm(packet: &[u8]) -> Option<Option<(u8, u32)>> {
    x224(packet, 0xd0).map(negotiation)
}

/// What stands behind the fixed part of an X.224 header of that type.
fn x224(packet: &[u8], kind: u8) -> Option<&[u8]> {
    let mut c = Cursor::new(packet);
    let [_len, t] = c.array()?;
    (t & 0xf0 == kind).then_some(())?;
    // Both references, the class.
    c.take(5)?;
    Some(c.rest())
}

fn negotiation(bytes: &[u8]) -> Option<(u8, u32)> {
    let mut c = Cursor::new(bytes);
    let [kind, _flags] = c.array()?;
    ((1..=3).contains(&kind) && c.le16()? == 8).then_some(())?;
    Some((kind, c.le32()?))
}

/// What a client tells of itself.
#[derive(Debug, Default)]
pub struct Client {
    pub width: u16,
    pub height: u16,
    pub keyboard: u32,
    pub build: u32,
    pub name: Text,
    pub depth: Option<u16>,
    pub product: Option<Text>,
    pub channels: Vec<Text>,
}

/// What a server tells of itself.
#[derive(Debug, Default)]
pub struct Server {
    pub result: u8,
    /// Method and level of RDP's own encryption.
    pub security: Option<(u32, u32)>,
    /// The certificate of RDP's own encryption.
    pub certificate: Option<Certificate>,
}

/// A server's certificate, 2.2.1.4.3.1.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificate {
    pub is_permanent: bool,
    /// The chain of X.509 certificates; `None` for RDP's own form, which holds a key and no name.
    pub chain: Option<Vec<Vec<u8>>>,
}

/// The settings of a client: blocks inside a conference's creation (T.124) inside MCS (T.125).
pub fn client(packet: &[u8]) -> Option<Client> {
    let data = mcs(packet)?;
    // The key before the blocks: "Duca" from a client (2.2.1.3).
    let at = memchr::memmem::find(data, b"Duca")?;
    let mut client = None;
    for (kind, block) in blocks(per_length(data.get(at + 4..)?)?) {
        match kind {
            0xc001 => client = core(block),
            0xc003 => {
                if let Some(client) = &mut client {
                    client.channels = channels(block);
                }
            }
            _ => {}
        }
    }
    client
}

/// The settings of a server.
pub fn server(packet: &[u8]) -> Option<Server> {
    let body = packet.strip_prefix(&[2, 0xf0, 0x80, 0x7f, 0x66])?;
    let mut server = Server::default();
    let Some(at) = memchr::memmem::find(body, b"McDn") else {
        return Some(server);
    };
    // The result of the conference's creation stands before the key: a byte, then the number of sets, the choice, the key's length.
    server.result = body.get(at.checked_sub(4)?).copied().map_or(0, |b| b >> 4);
    for (kind, block) in blocks(per_length(body.get(at + 4..)?)?) {
        if kind == 0x0c02 {
            let mut c = Cursor::new(block);
            server.security = Some((c.le32()?, c.le32()?));
            server.certificate = certificate(&mut c);
        }
    }
    Some(server)
}

/// Certificates of a chain that are read; servers of terminals have two or three.
const MAX_CHAIN: u32 = 8;

/// The certificate behind method and level, 2.2.1.4.3 and MS-RDPELE 2.2.1.4.2.
fn certificate(c: &mut Cursor<'_>) -> Option<Certificate> {
    let (random, _len) = (c.le32()?, c.le32()?);
    c.take(usize::try_from(random).ok()?)?;
    let version = c.le32()?;
    let is_permanent = version & 0x8000_0000 == 0;
    let chain = match version & 0x7fff_ffff {
        1 => None,
        2 => {
            let n = c.le32()?.min(MAX_CHAIN);
            let blob = |_| {
                let len = usize::try_from(c.le32()?).ok()?;
                c.take(len).map(<[u8]>::to_vec)
            };
            Some((0..n).map_while(blob).collect())
        }
        _ => return None,
    };
    Some(Certificate { is_permanent, chain })
}

/// The content of MCS's Connect-Initial, behind X.224's data header.
fn mcs(packet: &[u8]) -> Option<&[u8]> {
    let body = packet.strip_prefix(&[2, 0xf0, 0x80, 0x7f, 0x65])?;
    // The tag has two bytes; what follows is read as if it had one.
    let (_, header, _) = ber::header(&[&[0x30], body.get(..6)?].concat())??;
    body.get(header - 1..)
}

/// What stands behind a length of packed encoding (X.691): one byte, or two with the high bit set.
fn per_length(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x80..=0xff, _, rest @ ..] => Some(rest),
        [_, rest @ ..] => Some(rest),
        [] => None,
    }
}

/// Blocks of settings: kind, length with the header, content. A cut one ends them.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut c = Cursor::new(bytes);
    std::iter::from_fn(move || {
        let (kind, len) = (c.le16()?, c.le16()?);
        Some((kind, c.take(usize::from(len).checked_sub(4)?)?))
    })
}

/// The client's core settings, 2.2.1.3.2.
fn core(block: &[u8]) -> Option<Client> {
    let mut c = Cursor::new(block);
    c.le32()?;
    let (width, height) = (c.le16()?, c.le16()?);
    // Colour depth of old, access sequence.
    c.le32()?;
    let (keyboard, build) = (c.le32()?, c.le32()?);
    let name = wide(c.take(32)?);
    let mut client = Client { width, height, keyboard, build, name, ..Client::default() };
    // Type and keys of the keyboard, input method.
    if c.take(12 + 64).is_none() {
        return Some(client);
    }
    // Colour depth, product and serial number of old.
    c.take(2 + 2 + 4);
    let depth = c.le16();
    c.le16();
    let flags = c.le16();
    client.depth = match (flags, depth) {
        // The client wants all colours.
        (Some(f), _) if f & 2 != 0 => Some(32),
        (_, Some(d @ (4 | 8 | 15 | 16 | 24))) => Some(d),
        _ => None,
    };
    client.product = c.take(64).map(wide);
    Some(client)
}

fn channels(block: &[u8]) -> Vec<Text> {
    let mut c = Cursor::new(block);
    let n = c.le32().unwrap_or(0).min(MAX_CHANNELS);
    let names = (0..n).map_while(|_| {
        let name = c.take(8)?;
        c.le32()?;
        Some(text::from_bytes(name.split(|b| *b == 0).next().unwrap_or_default()))
    });
    names.collect()
}

/// Text of two bytes a letter, up to a zero.
fn wide(bytes: &[u8]) -> Text {
    let units = bytes.chunks_exact(2).map(|c| match c {
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    });
    let letters = char::decode_utf16(units.take_while(|u| *u != 0));
    letters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into()
}

/// A client's software by its build, as Zeek names it.
pub fn build(n: u32) -> Text {
    let name = match n {
        419 => "RDP 4.0",
        2195 | 2221 => "RDP 5.0",
        2600 => "RDP 5.1",
        3790 => "RDP 5.2",
        6000 => "RDP 6.0",
        6001 => "RDP 6.1",
        6002 => "RDP 6.2",
        7600 => "RDP 7.0",
        7601 => "RDP 7.1",
        9200 => "RDP 8.0",
        9600 => "RDP 8.1",
        25189 | 25282 => "RDP 8.0 (Mac)",
        _ => return format!("client_build-{n}").into(),
    };
    name.into()
}

/// A keyboard by its number; the common ones by Windows' names of their languages.
pub fn keyboard(n: u32) -> Text {
    let name = match n {
        1028 => "Chinese - Taiwan",
        1029 => "Czech",
        1030 => "Danish",
        1031 => "German - Germany",
        1033 => "English - United States",
        1034 => "Spanish - Spain (Traditional Sort)",
        1035 => "Finnish",
        1036 => "French - France",
        1040 => "Italian - Italy",
        1041 => "Japanese",
        1042 => "Korean",
        1043 => "Dutch - Netherlands",
        1045 => "Polish",
        1046 => "Portuguese - Brazil",
        1049 => "Russian",
        1055 => "Turkish",
        1058 => "Ukrainian",
        1066 => "Vietnamese",
        2052 => "Chinese - PRC",
        2055 => "German - Switzerland",
        2057 => "English - United Kingdom",
        2058 => "Spanish - Mexico",
        _ => return format!("keyboard-{n}").into(),
    };
    name.into()
}

/// RDP's own encryption, 2.2.1.4.3.
pub fn method(n: u32) -> Text {
    match n {
        0 => "None".into(),
        1 => "40bit".into(),
        2 => "128bit".into(),
        8 => "56bit".into(),
        16 => "FIPS".into(),
        n => format!("encryption_method-{n}").into(),
    }
}

/// Its strength.
pub fn level(n: u32) -> Text {
    match n {
        0 => "None".into(),
        1 => "Low".into(),
        2 => "Client compatible".into(),
        3 => "High".into(),
        4 => "FIPS".into(),
        n => format!("encryption_level-{n}").into(),
    }
}
