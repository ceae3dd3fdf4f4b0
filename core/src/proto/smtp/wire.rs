//! What SMTP's lines say: greetings, envelope addresses, how a login ended (RFC 5321, RFC 4954).

use super::super::{Dir, Probe};
use crate::text::{self, Text};

/// Looks at the first bytes of a direction.
pub fn probe(dir: Dir, data: &[u8]) -> Probe {
    const HELLOS: [&[u8]; 3] = [b"EHLO ", b"HELO ", b"LHLO "];
    let head = data.get(..data.len().min(5)).unwrap_or_default();
    let is_hello = |h: &&[u8]| h.get(..head.len()).is_some_and(|h| h.eq_ignore_ascii_case(head));
    match dir {
        Dir::Orig if HELLOS.iter().any(is_hello) => {
            if head.len() < 5 {
                Probe::NeedMore
            } else {
                Probe::Yes
            }
        }
        Dir::Orig => Probe::No,
        Dir::Resp => match data {
            _ if data.len() < 4 => Probe::NeedMore,
            // FTP greets with the same code: only a word of mail tells.
            [b'2', b'2', b'0', b' ' | b'-', rest @ ..] => {
                let said = rest.to_ascii_lowercase();
                let says = |word: &[u8]| memchr::memmem::find(&said, word).is_some();
                if says(b"smtp") || says(b"lmtp") { Probe::Yes } else { Probe::Maybe }
            }
            [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] => Probe::Maybe,
            _ => Probe::No,
        },
    }
}

/// How a login ended; other codes refuse the command and say nothing of the account, RFC 4954
/// section 6.
pub const fn is_let_in(code: u64) -> Option<bool> {
    match code {
        235 => Some(true),
        432 | 454 | 530 | 534 | 535 | 538 => Some(false),
        _ => None,
    }
}

/// The address of `FROM:<a@b> SIZE=1` or `TO:<a@b>`.
pub fn address(arg: &[u8]) -> Option<Text> {
    let colon = memchr::memchr(b':', arg)?;
    let rest = arg.get(colon + 1..)?.trim_ascii();
    let inner = match rest.strip_prefix(b"<") {
        Some(inner) => inner.split(|b| *b == b'>').next()?,
        None => rest.split(|b| *b == b' ').next()?,
    };
    Some(if inner.is_empty() { "<>".into() } else { text::from_bytes(inner) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_tell_mail_from_files() {
        assert_eq!(probe(Dir::Resp, b"220 mx ESMTP"), Probe::Yes);
        assert_eq!(probe(Dir::Resp, b"220 ready"), Probe::Maybe);
        assert_eq!(probe(Dir::Resp, b"SSH-2.0"), Probe::No);
        assert_eq!(probe(Dir::Orig, b"eh"), Probe::NeedMore);
        assert_eq!(probe(Dir::Orig, b"ehlo x"), Probe::Yes);
        assert_eq!(probe(Dir::Orig, b"USER a"), Probe::No);
    }

    #[test]
    fn addresses_of_the_envelope() {
        assert_eq!(address(b"FROM:<a@b.test> SIZE=1").as_deref(), Some("a@b.test"));
        assert_eq!(address(b"TO: a@b.test X").as_deref(), Some("a@b.test"));
        assert_eq!(address(b"FROM:<>").as_deref(), Some("<>"));
        assert_eq!(address(b"FROM"), None);
    }

    #[test]
    fn only_codes_about_the_account_tell_how_a_login_ended() {
        assert_eq!([235, 535, 500, 250].map(is_let_in), [Some(true), Some(false), None, None]);
    }
}
