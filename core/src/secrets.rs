//! Decryption secrets of a case: what key logs tell of TLS sessions, found by the client's random.
//!
//! They open what a capture holds and are never part of anything that is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Bytes that a session costs beside its secrets: key, slots, the tree's own.
const OVERHEAD: usize = 160;

/// The random of a ClientHello, by which a key log names a session.
pub type ClientRandom = [u8; 32];

/// What a line of a key log is the secret of. The format is NSS's, which every TLS library writes
/// (RFC 9850).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret of a session before TLS 1.3.
    Master,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`.
    ClientTraffic,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerTraffic,
}

/// Every label that is used, with its name.
const LABELS: [(Label, &str); 5] = [
    (Label::ClientHandshake, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
    (Label::Master, "CLIENT_RANDOM"),
    (Label::ClientTraffic, "CLIENT_TRAFFIC_SECRET_0"),
    (Label::ServerHandshake, "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    (Label::ServerTraffic, "SERVER_TRAFFIC_SECRET_0"),
];

/// Labels that other tools read and this one does not: early data, exporters, QUIC's older names,
/// ECH, and premaster secrets, by the client's random or by their encrypted form.
const OTHERS: [&str; 13] = [
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "EARLY_EXPORTER_SECRET",
    "ECH_CONFIG",
    "ECH_SECRET",
    "EXPORTER_SECRET",
    "PMS_CLIENT_RANDOM",
    "QUIC_CLIENT_EARLY_TRAFFIC_SECRET",
    "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "QUIC_CLIENT_TRAFFIC_SECRET_0",
    "QUIC_SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "QUIC_SERVER_TRAFFIC_SECRET_0",
    "RSA",
    "SERVER_EARLY_TRAFFIC_SECRET",
];

impl Label {
    /// Its name in a key log.
    pub fn name(self) -> &'static str {
        LABELS.iter().find(|(label, _)| *label == self).map_or("", |(_, name)| name)
    }

    /// Lengths that its secret may have: TLS 1.2's master secret, or a hash's output.
    const fn is_length(self, len: usize) -> bool {
        match self {
            Self::Master => len == 48,
            _ => len == 32 || len == 48,
        }
    }
}

/// One secret of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is.
    pub label: Label,
    /// Which session's.
    pub random: ClientRandom,
    /// The secret itself.
    pub bytes: Box<[u8]>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.label.name())
    }
}

/// What a line of a key log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A secret that is used.
    Secret(Secret),
    /// A secret of a kind that is not used.
    Unused(&'static str),
    /// A comment, or nothing.
    Blank,
    /// No line of a key log.
    No,
}

impl Line {
    /// From a line without its end.
    pub fn parse(line: &[u8]) -> Self {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return Self::Blank;
        }
        let mut words = line.split(|b| *b == b' ').filter(|w| !w.is_empty());
        let (Some(label), Some(random), Some(secret), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Self::No;
        };
        if let Some(name) = OTHERS.iter().find(|name| name.as_bytes() == label) {
            return Self::Unused(name);
        }
        let Some((label, _)) = LABELS.iter().find(|(_, name)| name.as_bytes() == label) else {
            return Self::No;
        };
        let hex = |text| base16ct::mixed::decode_vec(text).ok();
        let random = hex(random).and_then(|bytes| ClientRandom::try_from(bytes).ok());
        match (random, hex(secret).filter(|bytes| label.is_length(bytes.len()))) {
            (Some(random), Some(bytes)) => {
                Self::Secret(Secret { label: *label, random, bytes: bytes.into() })
            }
            _ => Self::No,
        }
    }
}

/// The secrets of one session.
#[derive(Clone, Default)]
pub struct SessionSecrets(BTreeMap<Label, Box<[u8]>>);

impl SessionSecrets {
    /// The secret of that label.
    pub fn get(&self, label: Label) -> Option<&[u8]> {
        self.0.get(&label).map(AsRef::as_ref)
    }

    fn cost(&self) -> usize {
        OVERHEAD + self.0.values().map(|bytes| bytes.len() + OVERHEAD / 4).sum::<usize>()
    }
}

/// All secrets of a case, within a cap. Over it those of the largest randoms are let go: which they
/// are depends on no order.
#[derive(Default)]
pub(crate) struct Secrets {
    sessions: BTreeMap<ClientRandom, SessionSecrets>,
    used: usize,
    /// Randoms from this one on are not kept.
    limit: Option<ClientRandom>,
    /// Sessions that a capture asked for, with secrets or without.
    asked: BTreeSet<ClientRandom>,
    is_late: bool,
}

impl Secrets {
    /// Takes a secret; false when there was no room for it or for another one.
    pub(crate) fn add(&mut self, secret: Secret, cap: usize) -> bool {
        if self.limit.is_some_and(|limit| secret.random >= limit) {
            return false;
        }
        let is_asked = self.asked.contains(&secret.random);
        let session = self.sessions.entry(secret.random).or_default();
        let before = session.cost();
        let had = session.0.get(&secret.label);
        // Of two that contradict each other the smaller is taken, whichever came first.
        if had.is_none_or(|had| *had > secret.bytes) {
            let is_first = session.0.is_empty();
            session.0.insert(secret.label, secret.bytes);
            self.is_late |= is_asked;
            self.used += session.cost() - if is_first { 0 } else { before };
        }
        let mut is_kept = true;
        while self.used > cap
            && let Some((random, session)) = self.sessions.pop_last()
        {
            self.used = self.used.saturating_sub(session.cost());
            self.limit = Some(random);
            is_kept = false;
        }
        is_kept
    }

    /// The secrets of a session of a capture; remembers, for at most `cap` sessions, that it was
    /// asked for.
    pub(crate) fn ask(&mut self, random: &ClientRandom, cap: usize) -> Option<SessionSecrets> {
        self.asked.insert(*random);
        if self.asked.len() > cap {
            self.asked.pop_last();
        }
        self.sessions.get(random).cloned()
    }

    /// True when a secret came after the capture that it opens was read.
    pub(crate) const fn is_late(&self) -> bool {
        self.is_late
    }

    /// The same secrets for a case that is read again from its start.
    pub(crate) fn for_rereading(&mut self) -> Self {
        Self { asked: BTreeSet::new(), is_late: false, ..std::mem::take(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(random: u8, label: Label, byte: u8) -> Secret {
        Secret { label, random: [random; 32], bytes: [byte; 48].into() }
    }

    #[test]
    fn lines_of_a_key_log_are_told_apart() {
        let line = |label: &str, random: usize, secret: usize| {
            Line::parse(
                format!("{label} {} {}\r", "aB".repeat(random), "0f".repeat(secret)).as_bytes(),
            )
        };
        assert_eq!(
            line("CLIENT_RANDOM", 32, 48),
            Line::Secret(Secret {
                label: Label::Master,
                random: [0xab; 32],
                bytes: [0x0f; 48].into()
            })
        );
        for (label, name) in LABELS.iter().filter(|(l, _)| *l != Label::Master) {
            for len in [32, 48] {
                assert!(matches!(line(name, 32, len), Line::Secret(s) if s.label == *label));
            }
            assert_eq!(line(name, 32, 47), Line::No);
        }
        assert_eq!(line("CLIENT_RANDOM", 32, 32), Line::No);
        assert_eq!(line("CLIENT_RANDOM", 31, 48), Line::No);
        assert_eq!(line("EXPORTER_SECRET", 32, 32), Line::Unused("EXPORTER_SECRET"));
        assert_eq!(line("MY_SECRET", 32, 32), Line::No);
        assert_eq!(Line::parse(b"# SSL/TLS secrets log file"), Line::Blank);
        assert_eq!(Line::parse(b"CLIENT_RANDOM x"), Line::No);
    }

    #[test]
    fn secrets_are_never_printed() {
        let text = format!("{:?}", secret(1, Label::Master, 0x5a));
        assert_eq!(text, "Secret(CLIENT_RANDOM)");
    }

    #[test]
    fn what_is_kept_within_the_cap_depends_on_no_order() {
        let all: Vec<_> = (0..20)
            .flat_map(|n| [Label::ClientTraffic, Label::ServerTraffic].map(|l| secret(n, l, n)))
            .collect();
        let kept = |order: &mut dyn Iterator<Item = &Secret>, cap| {
            let mut secrets = Secrets::default();
            let n = order.filter(|s| !secrets.add((*s).clone(), cap)).count();
            (secrets.sessions.keys().copied().collect::<Vec<_>>(), n > 0)
        };
        let one = OVERHEAD + 2 * (48 + OVERHEAD / 4);
        let (forward, is_full) = kept(&mut all.iter(), 8 * one);
        assert_eq!((forward.len(), is_full), (8, true));
        assert_eq!(kept(&mut all.iter().rev(), 8 * one).0, forward);
        assert!(!kept(&mut all.iter(), 20 * one).1);
    }

    #[test]
    fn a_secret_that_comes_after_it_was_asked_for_is_late() {
        let mut secrets = Secrets::default();
        assert!(secrets.ask(&[1; 32], 8).is_none());
        secrets.add(secret(2, Label::Master, 0), 9999);
        assert!(!secrets.is_late());
        secrets.add(secret(1, Label::Master, 0), 9999);
        assert!(secrets.is_late());
        let mut again = secrets.for_rereading();
        assert!(again.ask(&[1; 32], 8).is_some());
        // The same file is read again: nothing new.
        again.add(secret(1, Label::Master, 0), 9999);
        assert!(!again.is_late());
    }
}
