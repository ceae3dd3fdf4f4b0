//! NTLM's messages (MS-NLMP 2.2.1), wherever they are carried: which server asks, whose account is
//! proved.

use crate::bytes::Cursor;
use crate::text::Text;

/// What each message begins with.
const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// Longest name that counts, in bytes.
const MAX_NAME: usize = 512;

/// True when a message of NTLM stands in `bytes`.
pub fn is_in(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, SIGNATURE).is_some()
}

/// What a CHALLENGE message (2.2.1.2) tells of the server.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    pub computer: Option<Text>,
    pub dns_computer: Option<Text>,
    pub dns_tree: Option<Text>,
}

/// What an AUTHENTICATE message (2.2.1.3) tells of the client. A name is empty where it is nobody's.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Authenticate {
    pub domain: String,
    pub user: String,
    pub workstation: String,
}

/// The message that stands in `bytes`, at its number.
fn message(bytes: &[u8], kind: u32) -> Option<(&[u8], Cursor<'_>)> {
    let at = memchr::memmem::find(bytes, SIGNATURE)?;
    let message = bytes.get(at..)?;
    let mut c = Cursor::new(message);
    c.take(8)?;
    (c.le32()? == kind).then_some((message, c))
}

/// What the next field points at.
fn field<'a>(message: &'a [u8], c: &mut Cursor<'_>) -> Option<&'a [u8]> {
    let (len, _, offset) = (c.le16()?, c.le16()?, c.le32()?);
    let start = usize::try_from(offset).ok()?;
    message.get(start..start.checked_add(usize::from(len))?)
}

/// Reads the server's challenge inside `bytes`.
pub fn challenge(bytes: &[u8]) -> Option<Challenge> {
    let (message, mut c) = message(bytes, 2)?;
    // The target's name, flags, the challenge, a reserved field.
    c.take(8 + 4 + 8 + 8)?;
    let mut out = Challenge::default();
    let mut pairs = Cursor::new(field(message, &mut c).unwrap_or_default());
    while let (Some(id), Some(len)) = (pairs.le16(), pairs.le16()) {
        let Some(value) = pairs.take(len.into()) else { break };
        let slot = match id {
            // The end.
            0 => break,
            1 => &mut out.computer,
            3 => &mut out.dns_computer,
            5 => &mut out.dns_tree,
            _ => continue,
        };
        *slot = name(value, true).filter(|n| !n.is_empty()).map(Into::into);
    }
    Some(out)
}

/// Reads the client's proof inside `bytes`.
pub fn authenticate(bytes: &[u8]) -> Option<Authenticate> {
    let (message, mut c) = message(bytes, 3)?;
    // The two responses stand before the names; the flags behind them and the key.
    c.take(16)?;
    let (domain, user) = (field(message, &mut c)?, field(message, &mut c)?);
    let workstation = field(message, &mut c).unwrap_or_default();
    let _key = field(message, &mut c);
    let is_wide = c.le32().is_none_or(|flags| flags & 1 != 0);
    let name = |bytes| name(bytes, is_wide);
    let workstation = name(workstation).unwrap_or_default();
    Some(Authenticate { domain: name(domain)?, user: name(user)?, workstation })
}

/// The account of an AUTHENTICATE message inside `bytes`, as `DOMAIN\user`; `None` when there is
/// none or it is nobody's.
pub fn user(bytes: &[u8]) -> Option<Text> {
    let Authenticate { domain, user, .. } = authenticate(bytes)?;
    match (domain.is_empty(), user.is_empty()) {
        (_, true) => None,
        (true, false) => Some(user.into()),
        (false, false) => Some(format!("{domain}\\{user}").into()),
    }
}

fn name(bytes: &[u8], is_wide: bool) -> Option<String> {
    if bytes.len() > MAX_NAME {
        return None;
    }
    if !is_wide {
        return Some(crate::text::from_bytes(bytes).into());
    }
    let units = bytes.chunks_exact(2).map(|c| match c {
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    });
    Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u32, user_len: u16) -> Vec<u8> {
        let mut m = [SIGNATURE, &kind.to_le_bytes()].concat();
        let fields: [(u16, u32); 6] = [(0, 64), (0, 64), (4, 64), (user_len, 68), (0, 74), (0, 74)];
        for (len, at) in fields {
            m.extend(len.to_le_bytes());
            m.extend(len.to_le_bytes());
            m.extend(at.to_le_bytes());
        }
        m.extend(1_u32.to_le_bytes());
        m.extend(b"D\0O\0j\0o\0e\0");
        m
    }

    #[test]
    fn a_challenge_names_the_server_and_a_cut_one_what_is_there() {
        let pair = |id: u16, text: &str| {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [&id.to_le_bytes()[..], &(wide.len() as u16).to_le_bytes(), &wide].concat()
        };
        let info =
            [pair(2, "FIRM"), pair(1, "FS"), pair(3, "fs.firm.example"), pair(0, "")].concat();
        let mut m = [SIGNATURE, &2_u32.to_le_bytes(), &[0; 28]].concat();
        m.extend((info.len() as u16).to_le_bytes());
        m.extend((info.len() as u16).to_le_bytes());
        m.extend(48_u32.to_le_bytes());
        m.extend(&info);
        let all = challenge(&m).unwrap();
        assert_eq!(
            (all.computer.as_deref(), all.dns_computer.as_deref(), all.dns_tree.as_deref()),
            (Some("FS"), Some("fs.firm.example"), None)
        );
        assert_eq!(challenge(&m[..m.len() - 1]), Some(Challenge::default()));
        assert_eq!(challenge(&m[..39]), None);
        assert_eq!(authenticate(&m), None);
    }

    #[test]
    fn the_account_is_that_of_the_last_message() {
        let wrapped = [&b"\x60\x10"[..], &message(3, 6)].concat();
        assert_eq!(user(&wrapped).as_deref(), Some("DO\\joe"));
        assert_eq!(user(&message(3, 0)), None);
        assert_eq!(user(&message(3, 7)), None);
        assert_eq!(user(&message(1, 6)), None);
        assert_eq!(user(b"NTLMSSP\0\x03"), None);
        assert!(is_in(b"xNTLMSSP\0") && !is_in(b"NTLMSSP"));
    }
}
