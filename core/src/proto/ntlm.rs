//! NTLM's last message (MS-NLMP 2.2.1.3), wherever it is carried: whose account is proved.

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

/// The account of an AUTHENTICATE message inside `bytes`, as `DOMAIN\user`; `None` when there is
/// none or it is nobody's.
pub fn user(bytes: &[u8]) -> Option<Text> {
    let at = memchr::memmem::find(bytes, SIGNATURE)?;
    let message = bytes.get(at..)?;
    let mut c = Cursor::new(message);
    c.take(8)?;
    (c.le32()? == 3).then_some(())?;
    // The two responses stand before the domain and the user; the flags behind the workstation.
    c.take(16)?;
    let mut field = || -> Option<&[u8]> {
        let (len, _, offset) = (c.le16()?, c.le16()?, c.le32()?);
        let start = usize::try_from(offset).ok()?;
        message.get(start..start.checked_add(usize::from(len))?)
    };
    let (domain, user) = (field()?, field()?);
    let _workstation = field();
    let _key = field();
    let is_wide = c.le32().is_none_or(|flags| flags & 1 != 0);
    let (domain, user) = (name(domain, is_wide)?, name(user, is_wide)?);
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
