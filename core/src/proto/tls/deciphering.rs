//! The encrypted part of one session, opened with its secrets record by record.

use super::cipher::{Key, Suite};
use super::codes::{TLS13, cipher_name, content};
use super::session::Agreed;
use super::wire::Record;
use crate::proto::Dir;
use crate::secrets::{Label, SessionSecrets};
use std::collections::VecDeque;

/// Records tried for the one that follows a gap: behind a longer one the numbers are lost, and with
/// them the direction. A gap of a megabyte hides some 64 records.
pub const MAX_LOST_RECORDS: u64 = 64;

/// Records in a row that no key opens before a direction is given up. Early data, for which there
/// are no keys, comes in a few.
pub const MAX_FAILURES: u32 = 64;

/// Bytes that a direction's keys take: expanded keys of two epochs.
const HELD: usize = 4 << 10;

/// Both directions of a session.
pub struct Deciphering {
    suite: Suite,
    sides: [Side; 2],
    has_opened: bool,
}

/// One direction.
#[derive(Default)]
struct Side {
    /// The keys that are still to be used, the one at work first. In TLS 1.3 the handshake has keys
    /// of its own; the first record that only the next key opens is the first of the next epoch.
    epochs: VecDeque<Epoch>,
    number: u64,
    /// Bytes missing since the last record that opened.
    lost: u64,
    failures: u32,
}

struct Epoch {
    key: Key,
    /// What TLS 1.3's next key is made from; empty before.
    secret: Vec<u8>,
    /// Handshake only: application data has keys of its own.
    is_handshake: bool,
}

/// A record that was opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    /// Its real content type.
    pub content: u8,
    /// Its content.
    pub bytes: Vec<u8>,
    /// True under the keys of application data.
    pub is_application: bool,
    /// Bytes of content missing before it, as far as the records' own sizes tell.
    pub lost: Option<u64>,
}

/// Why a session cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Version or cipher suite is none that is read.
    Unsupported,
    /// Secrets are there, but not those that are needed.
    Incomplete,
}

impl Deciphering {
    /// With the secrets of a session.
    pub fn new(agreed: &Agreed, secrets: &SessionSecrets) -> Result<Self, Closed> {
        const TLS12: u16 = 0x0303;
        let is_13 = agreed.version == TLS13;
        let suite = Suite::named(&cipher_name(agreed.cipher), is_13);
        let suite =
            suite.filter(|_| is_13 || agreed.version == TLS12).ok_or(Closed::Unsupported)?;
        let (client, server) = if is_13 {
            (
                epochs(suite, secrets, [Label::ClientHandshake, Label::ClientTraffic]),
                epochs(suite, secrets, [Label::ServerHandshake, Label::ServerTraffic]),
            )
        } else {
            let master = secrets.get(Label::Master).ok_or(Closed::Incomplete)?;
            let keys = suite.key_block(master, &agreed.server_random, &agreed.client_random);
            let [client, server] = keys.ok_or(Closed::Incomplete)?;
            let only =
                |key| VecDeque::from([Epoch { key, secret: Vec::new(), is_handshake: false }]);
            (only(client), only(server))
        };
        if client.is_empty() && server.is_empty() {
            return Err(Closed::Incomplete);
        }
        let side = |epochs| Side { epochs, ..Side::default() };
        let mut sides = [side(client), side(server)];
        if agreed.client == Dir::Resp {
            sides.reverse();
        }
        Ok(Self { suite, sides, has_opened: false })
    }

    fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        if dir == Dir::Orig { orig } else { resp }
    }

    /// True when a record was opened.
    pub const fn has_opened(&self) -> bool {
        self.has_opened
    }

    /// True while records of that direction are wanted whole.
    pub fn wants(&self, dir: Dir, record: Record) -> bool {
        let [orig, resp] = &self.sides;
        let side = if dir == Dir::Orig { orig } else { resp };
        // TLS 1.3 sends a change of ciphers in the clear that means nothing.
        !side.epochs.is_empty()
            && (!self.suite.is_13 || record.content == content::APPLICATION_DATA)
    }

    /// True when nothing more will be opened.
    pub fn is_over(&self) -> bool {
        self.sides.iter().all(|side| side.epochs.is_empty())
    }

    /// `len` bytes of that direction are missing or were passed over.
    pub fn lose(&mut self, dir: Dir, len: u64) {
        let side = self.side(dir);
        side.lost = side.lost.saturating_add(len);
    }

    /// True between a gap and the next record that opens.
    pub fn has_lost(&mut self, dir: Dir) -> bool {
        self.side(dir).lost > 0
    }

    /// That direction has changed in a way that is not followed: renegotiation.
    pub fn give_up(&mut self, dir: Dir) {
        self.side(dir).epochs.clear();
    }

    /// The sender's keys change with the next record.
    pub fn update_key(&mut self, dir: Dir) {
        let suite = self.suite;
        let side = self.side(dir);
        let next = side.epochs.front().and_then(|epoch| suite.hash.next_secret(&epoch.secret));
        side.epochs.clear();
        side.number = 0;
        side.epochs.extend(next.and_then(|secret| Epoch::new(suite, &secret, false)));
    }

    /// Opens the next record; `None` when no key does.
    pub fn open(&mut self, dir: Dir, record: Record, body: &[u8]) -> Option<Plain> {
        let overhead = self.suite.overhead() as u64;
        let side = self.side(dir);
        let tries = if side.lost > 0 { MAX_LOST_RECORDS } else { 0 };
        let found = side.find(tries, record, body);
        let Some((skipped, number, (content, bytes))) = found else {
            side.failures += 1;
            if side.failures >= MAX_FAILURES || side.lost > 0 {
                side.epochs.clear();
            }
            return None;
        };
        let n_missed = number.saturating_sub(if skipped > 0 { 0 } else { side.number });
        side.epochs.drain(..skipped);
        side.number = number + 1;
        side.failures = 0;
        let lost = std::mem::take(&mut side.lost);
        let lost = (lost > 0).then(|| lost.saturating_sub(n_missed * overhead));
        let is_application = side.epochs.front().is_some_and(|epoch| !epoch.is_handshake);
        self.has_opened = true;
        Some(Plain { content, bytes, is_application, lost })
    }

    /// Memory held, in bytes.
    pub const fn held(&self) -> usize {
        2 * HELD
    }
}

impl Side {
    /// The epoch, as steps from the present one, and the number under which a record opens.
    fn find(&self, tries: u64, record: Record, body: &[u8]) -> Option<(usize, u64, (u8, Vec<u8>))> {
        self.epochs.iter().enumerate().find_map(|(n, epoch)| {
            let first = if n == 0 { self.number } else { 0 };
            let mut numbers = first..=first.saturating_add(tries);
            numbers.find_map(|number| Some((n, number, epoch.key.open(number, record, body)?)))
        })
    }
}

impl Epoch {
    fn new(suite: Suite, secret: &[u8], is_handshake: bool) -> Option<Self> {
        Some(Self { key: suite.traffic_key(secret)?, secret: secret.to_vec(), is_handshake })
    }
}

/// The epochs of one direction of TLS 1.3, as far as there are secrets for them.
fn epochs(suite: Suite, secrets: &SessionSecrets, labels: [Label; 2]) -> VecDeque<Epoch> {
    let is_handshake = |label| matches!(label, Label::ClientHandshake | Label::ServerHandshake);
    let epoch = |label| Epoch::new(suite, secrets.get(label)?, is_handshake(label));
    labels.into_iter().filter_map(epoch).collect()
}
