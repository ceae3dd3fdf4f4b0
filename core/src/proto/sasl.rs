//! Logins as text protocols carry them (SASL, RFC 4422): the account's name from base64 lines.

use crate::text::{self, Text};

/// Lines of the client's that an exchange may take; the longest mechanisms take three. Without the
/// server's side nothing else tells when it is over.
const MAX_RESPONSES: u32 = 8;

/// One exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sasl {
    /// The mechanism, upper case.
    pub mechanism: Text,
    /// The account.
    pub username: Option<Text>,
    /// A password came in the clear.
    pub has_password: bool,
    n_responses: u32,
}

impl Sasl {
    /// An exchange with what may come along with the command.
    pub fn begin(mechanism: &[u8], initial: Option<&[u8]>) -> Self {
        let mechanism = text::from_bytes(&mechanism.to_ascii_uppercase());
        let mut sasl = Self { mechanism, ..Self::default() };
        if let Some(initial) = initial.filter(|i| !i.is_empty()) {
            sasl.response(initial);
        }
        sasl
    }

    /// True when the client has still to send something before the server can decide.
    pub fn is_open(&self) -> bool {
        match &*self.mechanism {
            "LOGIN" => self.n_responses < 2,
            "PLAIN" => self.n_responses < 1,
            _ => self.n_responses < MAX_RESPONSES,
        }
    }

    /// Takes one line of the client's.
    pub fn response(&mut self, line: &[u8]) {
        self.n_responses += 1;
        let Some(plain) = text::base64_decoded(line) else { return };
        if self.username.is_none() {
            self.username = super::ntlm::user(&plain);
        }
        let first = self.n_responses == 1;
        let name = match &*self.mechanism {
            "PLAIN" => {
                // The identity to act as, the account, the password (RFC 4616).
                let mut parts = plain.split(|b| *b == 0).skip(1);
                let name = parts.next();
                self.has_password |= parts.next().is_some();
                name
            }
            "LOGIN" => {
                self.has_password |= !first;
                first.then_some(&*plain)
            }
            // The account and a digest (RFC 2195).
            "CRAM-MD5" => plain
                .rsplit(|b| *b == b' ')
                .next()
                .and_then(|digest| plain.get(..plain.len().saturating_sub(digest.len() + 1))),
            "DIGEST-MD5" => between(&plain, b"username=\"", b'"'),
            "XOAUTH2" => between(&plain, b"user=", 1),
            "OAUTHBEARER" => between(&plain, b"a=", b','),
            m if m.starts_with("SCRAM-") => between(&plain, b"n=", b','),
            _ => None,
        };
        let name = name.filter(|n| !n.is_empty()).map(text::from_bytes);
        if self.username.is_none() {
            self.username = name;
        }
    }
}

/// What stands behind `start` up to `end`.
fn between<'a>(bytes: &'a [u8], start: &[u8], end: u8) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(bytes, start)?;
    let rest = bytes.get(at + start.len()..)?;
    rest.split(|b| *b == end).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64, Encoding};

    fn name(mechanism: &str, responses: &[&str]) -> (Option<String>, bool, bool) {
        let encoded: Vec<_> =
            responses.iter().map(|r| Base64::encode_string(r.as_bytes())).collect();
        let mut sasl = Sasl::begin(mechanism.as_bytes(), None);
        encoded.iter().for_each(|r| sasl.response(r.as_bytes()));
        let is_open = sasl.is_open();
        (sasl.username.map(String::from), sasl.has_password, is_open)
    }

    #[test]
    fn each_mechanism_names_its_account() {
        let some = |n: &str| Some(n.to_owned());
        assert_eq!(name("plain", &["\0tim\0tanstaaftanstaaf"]), (some("tim"), true, false));
        assert_eq!(name("LOGIN", &["tim", "secret"]), (some("tim"), true, false));
        assert_eq!(name("LOGIN", &["tim"]), (some("tim"), false, true));
        assert_eq!(name("CRAM-MD5", &["a tim b913a602c7eda7a495b4e6e7334d3890"]).0, some("a tim"));
        assert_eq!(name("SCRAM-SHA-1", &["n,,n=user,r=fyko", "c=biws,n=x"]).0, some("user"));
        assert_eq!(
            name("XOAUTH2", &["user=a@b.test\x01auth=Bearer x\x01\x01"]).0,
            some("a@b.test")
        );
        assert_eq!(name("NTLM", &["NTLMSSP"]), (None, false, true));
        // The last message: two empty responses, domain, user, workstation, key, flags.
        let field = |n: u8, at: u8| String::from_utf8(vec![n, 0, n, 0, at, 0, 0, 0]).unwrap();
        let last =
            [field(0, 64), field(0, 64), field(0, 64), field(3, 64), field(0, 67), field(0, 67)];
        let last = format!("NTLMSSP\0\x03\0\0\0{}\0\0\0\0tim", last.concat());
        assert_eq!(name("NTLM", &["NTLMSSP", &last]).0, some("tim"));
        let odd = Sasl::begin(b"PLAIN", Some(b"!!!"));
        assert_eq!((odd.username, odd.has_password), (None, false));
    }
}
