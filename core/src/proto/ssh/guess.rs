//! How an SSH login ended, guessed from the sizes of what the server sends encrypted.
//!
//! The server answers the request for the login service with one message, each failed try with
//! another, and the successful one with a third that is always the shortest. A block cipher's
//! padding makes the first and the last differ by 16 bytes. A segment counts as one message, as
//! for Zeek: servers send each by itself and wait.

use crate::proto::Dir;

/// Bytes by which the acceptance of the login service is longer than a success.
const SUCCESS_IS_SHORTER: usize = 16;

/// What was seen of the login.
#[derive(Debug, Default)]
pub struct Guess {
    has_client_spoken: bool,
    /// Size of the acceptance of the login service.
    accepted: Option<usize>,
    /// Size of a refusal.
    refused: Option<usize>,
    /// Tries to log in.
    pub attempts: u64,
    /// How the last of them ended.
    pub success: Option<bool>,
}

impl Guess {
    /// Takes a segment of encrypted bytes.
    pub fn encrypted(&mut self, dir: Dir, len: usize) {
        match (dir, self.accepted) {
            (Dir::Orig, _) => self.has_client_spoken = true,
            // Before the client asks for anything a server can only name its extensions (RFC 8308).
            (Dir::Resp, _) if !self.has_client_spoken => {}
            (Dir::Resp, None) => self.accepted = Some(len),
            (Dir::Resp, Some(accepted)) => self.answer(len, accepted),
        }
    }

    fn answer(&mut self, len: usize, accepted: usize) {
        if self.is_decided() {
            return;
        }
        if len + SUCCESS_IS_SHORTER == accepted {
            self.attempts += 1;
            self.success = Some(true);
        } else if self.refused.is_none() {
            // A client's first try is without credentials, only to be told the methods there are.
            self.refused = Some(len);
        } else if self.refused == Some(len) {
            self.attempts += 1;
            self.success = Some(false);
        }
    }

    /// True once the login has succeeded.
    pub fn is_decided(&self) -> bool {
        self.success == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(sizes: &[usize]) -> (u64, Option<bool>) {
        let mut guess = Guess::default();
        guess.encrypted(Dir::Resp, 200);
        for size in sizes {
            guess.encrypted(Dir::Orig, 48);
            guess.encrypted(Dir::Resp, *size);
        }
        (guess.attempts, guess.success)
    }

    #[test]
    fn a_success_is_sixteen_bytes_shorter_than_the_acceptance() {
        assert_eq!(guess(&[]), (0, None));
        assert_eq!(guess(&[56]), (0, None));
        // Sizes as OpenSSH 6.7 has them: a first try without credentials, then keys and passwords.
        assert_eq!(guess(&[56, 56]), (0, None));
        assert_eq!(guess(&[56, 56, 56]), (1, Some(false)));
        assert_eq!(guess(&[56, 56, 56, 40, 56]), (2, Some(true)));
        assert_eq!(guess(&[56, 72, 376, 72, 41]), (1, Some(false)));
        assert_eq!(guess(&[56, 40]), (1, Some(true)));
    }
}
