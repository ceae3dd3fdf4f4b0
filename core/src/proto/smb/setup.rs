//! The messages of SMB that set up a session (MS-SMB2 2.2.5, MS-CIFS 2.2.4.53).

use super::super::logons::Verdict;
use crate::bytes::Cursor;
use crate::text::{self, Text};

/// The server wants more before it decides.
pub const MORE_PROCESSING: u32 = 0xc000_0016;

/// Statuses (MS-ERREF 2.3.1) by which a server refuses an account.
const REFUSALS: [(u32, &str); 16] = [
    (0xc000_0022, "STATUS_ACCESS_DENIED"),
    (0xc000_0064, "STATUS_NO_SUCH_USER"),
    (0xc000_006a, "STATUS_WRONG_PASSWORD"),
    (0xc000_006d, "STATUS_LOGON_FAILURE"),
    (0xc000_006e, "STATUS_ACCOUNT_RESTRICTION"),
    (0xc000_006f, "STATUS_INVALID_LOGON_HOURS"),
    (0xc000_0070, "STATUS_INVALID_WORKSTATION"),
    (0xc000_0071, "STATUS_PASSWORD_EXPIRED"),
    (0xc000_0072, "STATUS_ACCOUNT_DISABLED"),
    (0xc000_015b, "STATUS_LOGON_TYPE_NOT_GRANTED"),
    (0xc000_018b, "STATUS_NO_TRUST_SAM_ACCOUNT"),
    (0xc000_018d, "STATUS_TRUSTED_RELATIONSHIP_FAILURE"),
    (0xc000_0193, "STATUS_ACCOUNT_EXPIRED"),
    (0xc000_0224, "STATUS_PASSWORD_MUST_CHANGE"),
    (0xc000_0234, "STATUS_ACCOUNT_LOCKED_OUT"),
    (0xc000_0413, "STATUS_AUTHENTICATION_FIREWALL_FAILED"),
];
/// What LAN Manager says of a wrong password: class ERRSRV, code ERRbadpw (MS-CIFS 2.2.2.4).
const OLD_BAD_PASSWORD: [u8; 4] = [2, 0, 2, 0];

/// A message of either version that sets up a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Setup<'a> {
    pub is_answer: bool,
    /// The server's number of the session.
    pub session: u64,
    /// What pairs a request with its answer.
    pub number: u64,
    /// An answer's status as the server wrote it.
    status: [u8; 4],
    /// The status is one of Windows NT.
    is_nt: bool,
    /// An answer let the client in, but as a guest.
    is_guest: bool,
    pub is_unicode: bool,
    /// What stands behind the header.
    pub body: &'a [u8],
}

impl<'a> Setup<'a> {
    /// Reads the header of version 2 or 3 (MS-SMB2 2.2.1.2) and an answer's flags.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(message);
        c.take(8)?;
        let status = c.array()?;
        // The command, credits.
        c.take(4)?;
        let flags = c.le32()?;
        c.le32()?;
        let number = c.le64()?;
        c.le64()?;
        let session = c.le64()?;
        c.take(16)?;
        let body = c.rest();
        Some(Self {
            is_answer: flags & 1 != 0,
            session,
            number,
            status,
            is_nt: true,
            is_guest: body.get(2).is_some_and(|b| b & 1 != 0),
            is_unicode: true,
            body,
        })
    }

    /// Reads the header of version 1 (MS-CIFS 2.2.3.1) and an answer's action.
    pub fn parse_old(message: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(message);
        c.take(5)?;
        let status = c.array()?;
        let flags = c.u8()?;
        let more = c.le16()?;
        // The process, a signature, the tree.
        c.take(16)?;
        let (session, number) = (c.le16()?, c.le16()?);
        let body = c.rest();
        Some(Self {
            is_answer: flags & 0x80 != 0,
            session: session.into(),
            number: number.into(),
            status,
            is_nt: more & 0x4000 != 0,
            is_guest: body.get(5).is_some_and(|b| b & 1 != 0),
            is_unicode: more & 0x8000 != 0,
            body,
        })
    }

    /// What an answer says of the account; `None` while the server has not decided.
    pub fn verdict(&self) -> Option<Verdict> {
        let code = u32::from_le_bytes(self.status);
        let refusal = REFUSALS.iter().find(|(n, _)| *n == code).map(|(_, name)| *name);
        let (success, status) = match (code, refusal) {
            (MORE_PROCESSING, _) if self.is_nt => return None,
            (0, _) if self.is_guest => (None, Some("GUEST".into())),
            (0, _) => (Some(true), None),
            (_, Some(name)) if self.is_nt => (Some(false), Some(name.into())),
            _ if !self.is_nt && self.status == OLD_BAD_PASSWORD => {
                (Some(false), Some("ERRbadpw".into()))
            }
            _ => (None, Some(format!("{code:#010x}").into())),
        };
        Some(Verdict { success, status })
    }

    /// Account and domain as version 1 without SPNEGO has them (MS-CIFS 2.2.4.53.1).
    pub fn old_account(&self) -> Option<(Text, Option<Text>)> {
        let mut c = Cursor::new(self.body);
        let words = c.u8()?;
        let skipped = match words {
            // Up to the lengths of both proofs.
            13 => 14,
            // LAN Manager has one.
            10 => 14,
            _ => return None,
        };
        c.take(skipped)?;
        let mut proofs = usize::from(c.le16()?);
        if words == 13 {
            proofs += usize::from(c.le16()?);
            c.take(8)?;
        } else {
            c.take(4)?;
        }
        c.le16()?;
        c.take(proofs)?;
        // Text of two bytes a letter stands at an even place of the message, whose header has 32.
        if self.is_unicode && c.pos() % 2 == 1 {
            c.u8()?;
        }
        let mut word = || {
            if self.is_unicode { wide(&mut c) } else { narrow(&mut c) }
        };
        let user = word().filter(|u| !u.is_empty())?;
        Some((user, word().filter(|d| !d.is_empty())))
    }
}

/// The next text up to its zero byte.
fn narrow(c: &mut Cursor<'_>) -> Option<Text> {
    let len = c.rest().iter().position(|b| *b == 0)?;
    let word = c.take(len).map(text::from_bytes);
    c.u8();
    word
}

/// The next text of two bytes a letter up to its zero.
fn wide(c: &mut Cursor<'_>) -> Option<Text> {
    let mut units = Vec::new();
    loop {
        match c.le16()? {
            0 => break,
            unit => units.push(unit),
        }
    }
    let letters = char::decode_utf16(units).map(|l| l.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text::from_bytes(letters.collect::<String>().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u32, is_guest: bool) -> Option<Verdict> {
        let mut m = vec![0; 64 + 8];
        m[8..12].copy_from_slice(&status.to_le_bytes());
        m[16] = 1;
        m[66] = u8::from(is_guest);
        Setup::parse(&m).unwrap().verdict()
    }

    #[test]
    fn statuses_of_accounts_are_told_from_others() {
        let told = |status, is_guest| {
            answer(status, is_guest).map(|v| (v.success, v.status.map(String::from)))
        };
        assert_eq!(told(MORE_PROCESSING, false), None);
        assert_eq!(told(0, false), Some((Some(true), None)));
        assert_eq!(told(0, true), Some((None, Some("GUEST".into()))));
        assert_eq!(
            told(0xc000_006d, false),
            Some((Some(false), Some("STATUS_LOGON_FAILURE".into())))
        );
        assert_eq!(told(0xc000_0203, false), Some((None, Some("0xc0000203".into()))));
    }

    #[test]
    fn statuses_and_accounts_of_old() {
        let old = |flags: u16, status: [u8; 4], body: &[u8]| {
            let mut m = vec![0; 32];
            m[5..9].copy_from_slice(&status);
            m[10..12].copy_from_slice(&flags.to_le_bytes());
            m.extend(body);
            m
        };
        let bad = old(0, OLD_BAD_PASSWORD, &[3, 0xff, 0, 0, 0, 0, 0]);
        assert_eq!(Setup::parse_old(&bad).unwrap().verdict().unwrap().success, Some(false));
        let mut body = vec![13];
        body.extend([0; 14]);
        body.extend([3, 0, 2, 0]);
        body.extend([0; 8]);
        body.extend([0, 0, b'p', b'p', b'p', b'q', b'q']);
        let narrow = [&body[..], b"eva\0FIRM\0Unix\0"].concat();
        let read =
            |flags, body: &[u8]| Setup::parse_old(&old(flags, [0; 4], body)).unwrap().old_account();
        assert_eq!(read(0, &narrow), Some(("eva".into(), Some("FIRM".into()))));
        let wide: Vec<u8> = "eva\0FIRM\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(
            read(0x8000, &[&body[..], &wide].concat()),
            Some(("eva".into(), Some("FIRM".into())))
        );
        assert_eq!(read(0, &narrow[..narrow.len() - 12]), None);
        assert_eq!(read(0, &[&body[..], b"\0FIRM\0"].concat()), None);
        assert_eq!(read(0, &[12, 0]), None);
    }
}
