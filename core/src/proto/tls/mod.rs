//! TLS over a stream: records, handshake, one `ssl` row and an `x509` row for each certificate; what
//! is encrypted is deciphered and carried on where there are secrets for it.

mod cipher;
mod codes;
mod deciphering;
mod dtls;
mod fingerprint;
mod joiner;
mod old;
mod schedule;
mod session;
mod wire;

use super::framing::Place;
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step};
use crate::event::Kind;
use codes::{content, handshake};
use deciphering::{Closed, Deciphering};
use wire::{MESSAGE_HEADER, RECORD_HEADER, Record};

pub use dtls::PROTOCOL as DTLS;
pub use fingerprint::Carrier;
pub use joiner::{Joined, Joiner};
use session::Agreed;
pub use session::Session;

/// TLS and SSL in a stream.
pub static TLS: Protocol = Protocol {
    name: "ssl",
    emits: &[Kind::Ssl, Kind::Weird, Kind::X509],
    over: Over::Stream,
    ports: &[443, 563, 585, 614, 636, 853, 989, 990, 992, 993, 995, 5223, 8443],
    probe: |_, bytes| probe(bytes),
    open: || Box::new(Tls::default()),
};

/// A hello in its record is TLS; another record, of a capture that began late, could be.
fn probe(bytes: &[u8]) -> Probe {
    let Some(record) = Record::parse(bytes) else {
        let starts = |b: &[u8]| {
            b.len() < RECORD_HEADER && (b"\x16\x03".starts_with(b) || b.starts_with(b"\x16\x03"))
        };
        return if starts(bytes) || bytes.is_empty() { Probe::NeedMore } else { probe_old(bytes) };
    };
    if !record.is_plausible() {
        return probe_old(bytes);
    }
    let body = bytes.get(RECORD_HEADER..).unwrap_or_default();
    match (record.content, body) {
        (content::HANDSHAKE, [] | [_] | [_, _] | [_, _, _]) if record.len >= MESSAGE_HEADER => {
            Probe::NeedMore
        }
        // A hello of the largest kind, post-quantum keys included, is far below 64 KB.
        (content::HANDSHAKE, [handshake::CLIENT_HELLO | handshake::SERVER_HELLO, 0, ..]) => {
            Probe::Yes
        }
        (content::HANDSHAKE, _) if record.len > 0 => Probe::Maybe,
        (content::ALERT, _) if record.len == 2 => Probe::Maybe,
        _ => Probe::No,
    }
}

fn probe_old(bytes: &[u8]) -> Probe {
    /// Bytes of a hello's record that tell: header, type, version, length of the ciphers.
    const TELLING: usize = 7;
    if old::record_len(bytes).is_none() && bytes.len() >= old::HEADER {
        return Probe::No;
    }
    match bytes.get(..TELLING) {
        Some(head) => match head.get(old::HEADER..).is_some_and(old::is_hello) {
            true => Probe::Yes,
            false => Probe::No,
        },
        None if bytes.first().is_some_and(|b| b & 0x80 != 0) => Probe::NeedMore,
        None => Probe::No,
    }
}

/// The analyzer of one connection.
struct Tls {
    session: Session,
    sides: [Side; 2],
    secrets: Secrets,
}

/// What is known of the secrets of the session.
enum Secrets {
    /// Both hellos were not seen yet.
    Unasked,
    /// There are none, or nothing more will be opened with them.
    None,
    /// They are at work.
    Open(Box<Deciphering>),
}

/// What is known of one direction.
#[derive(Default)]
struct Side {
    place: Place,
    joiner: Joiner,
    has_spoken: bool,
    has_record: bool,
}

impl Default for Tls {
    fn default() -> Self {
        let session = Session::new(Carrier::Stream);
        Self { session, sides: Default::default(), secrets: Secrets::Unasked }
    }
}

impl Analyzer for Tls {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let side = self.side(dir);
        side.has_spoken = true;
        let begins = |bytes: &[u8]| Record::parse(bytes).is_some_and(Record::is_plausible);
        let mut used = side.place.resume(data, begins);
        if let Secrets::Open(open) = &mut self.secrets
            && open.has_lost(dir)
        {
            open.lose(dir, used as u64);
        }
        loop {
            let rest = data.get(used..).unwrap_or_default();
            let step = self.record(dir, rest, cx);
            if self.session.is_done() && !self.is_deciphering(cx) {
                return Step::Quit;
            }
            match step {
                Taken::Bytes(n) => used += n,
                Taken::Skip(n) => {
                    self.side(dir).place = Place::Skipping(n as u64);
                    used += self.side(dir).place.resume(rest, |_| false);
                }
                Taken::Need(need) => {
                    return self.side(dir).place.wait(used, rest.len(), need, RECORD_HEADER);
                }
                Taken::Stop => {
                    self.session.finish(cx);
                    return Step::Quit;
                }
            }
        }
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        let is_encrypted = self.session.is_encrypted(dir);
        let side = self.side(dir);
        let is_only_skipped = matches!(side.place, Place::Skipping(n) if n >= len);
        side.place.gap(len);
        if let Secrets::Open(open) = &mut self.secrets {
            open.lose(dir, len);
        }
        let side = self.side(dir);
        if !is_only_skipped {
            side.joiner.lose();
            self.session.has_gap |= !is_encrypted;
        }
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        // A capture of one direction alone cannot tell how the handshake ended.
        self.session.has_gap |= self.sides.iter().any(|side| !side.has_spoken);
        self.end_deciphering(cx);
        self.session.finish(cx);
    }

    fn held(&self) -> usize {
        match &self.secrets {
            Secrets::Open(open) => open.held(),
            Secrets::Unasked | Secrets::None => 0,
        }
    }
}

/// What was done with the bytes at a record's begin.
enum Taken {
    /// So many were used.
    Bytes(usize),
    /// So many, here or still to come, are of no interest.
    Skip(usize),
    /// So many are wanted.
    Need(usize),
    /// This is not TLS any more.
    Stop,
}

impl Tls {
    const fn side(&mut self, dir: Dir) -> &mut Side {
        let [orig, resp] = &mut self.sides;
        match dir {
            Dir::Orig => orig,
            Dir::Resp => resp,
        }
    }

    fn record(&mut self, dir: Dir, bytes: &[u8], cx: &mut Cx<'_>) -> Taken {
        let may_be_old = self.session.is_old() || !self.side(dir).has_record;
        if let Some(len) = old::record_len(bytes).filter(|_| may_be_old) {
            return self.old_record(dir, len, bytes, cx);
        }
        let Some(record) = Record::parse(bytes) else { return Taken::Need(RECORD_HEADER) };
        if !record.is_plausible() {
            self.session.say("SSL_bad_record", cx);
            return Taken::Stop;
        }
        self.side(dir).has_record = true;
        let whole = RECORD_HEADER + record.len;
        let is_secret =
            self.session.is_encrypted(dir) || record.content == content::APPLICATION_DATA;
        if is_secret {
            self.session.ciphertext(dir, record.content, cx);
            return match &self.secrets {
                Secrets::Open(open) if open.wants(dir, record) => {
                    let Some(body) = bytes.get(RECORD_HEADER..whole) else {
                        return Taken::Need(whole);
                    };
                    self.decipher(dir, record, body, cx);
                    Taken::Bytes(whole)
                }
                _ => Taken::Skip(whole),
            };
        }
        let Some(body) = bytes.get(RECORD_HEADER..whole) else { return Taken::Need(whole) };
        match record.content {
            content::CHANGE_CIPHER_SPEC => self.session.change_cipher(dir),
            content::HANDSHAKE => self.handshake(dir, body, cx),
            content::ALERT => {
                if let [_, description] = body {
                    self.session.alert(*description, cx);
                }
            }
            _ => {}
        }
        Taken::Bytes(whole)
    }

    fn handshake(&mut self, dir: Dir, bytes: &[u8], cx: &mut Cx<'_>) {
        let mut joiner = std::mem::take(&mut self.side(dir).joiner);
        let session = &mut self.session;
        joiner.take(bytes, Session::wants, &mut |joined| match joined {
            Joined::Whole(ty, body) => session.message(dir, ty, body, cx),
            Joined::TooLong(_) => session.say("SSL_message_too_long", cx),
        });
        self.side(dir).joiner = joiner;
        if let (Secrets::Unasked, Some(agreed)) = (&self.secrets, self.session.agreed()) {
            self.ask(&agreed, cx);
        }
    }

    /// Looks for the secrets of a session that both sides have agreed on.
    fn ask(&mut self, agreed: &Agreed, cx: &mut Cx<'_>) {
        let found = cx.out.secrets_of(&agreed.client_random);
        let open = match found.map(|secrets| Deciphering::new(agreed, &secrets)) {
            None => Err("no secrets"),
            Some(Err(Closed::Unsupported)) => Err("version or cipher suite not supported"),
            Some(Err(Closed::Incomplete)) => Err("secrets incomplete"),
            Some(Ok(open)) => Ok(open),
        };
        self.secrets = match open {
            Ok(open) => {
                if self.session.is_13() {
                    self.session.hold();
                }
                Secrets::Open(Box::new(open))
            }
            Err(why) => {
                count(&format!("TLS sessions not decrypted: {why}"), cx);
                Secrets::None
            }
        };
    }

    /// Opens a record and passes its content on: the handshake's here, the application's to whatever
    /// speaks inside.
    fn decipher(&mut self, dir: Dir, record: Record, body: &[u8], cx: &mut Cx<'_>) {
        let Secrets::Open(open) = &mut self.secrets else { return };
        let is_first = !open.has_opened();
        let Some(plain) = open.open(dir, record, body) else { return };
        if is_first {
            count("TLS sessions decrypted", cx);
        }
        if let Some(lost) = plain.lost {
            cx.carried.gap(dir, lost.max(1));
            self.side(dir).joiner.lose();
        }
        if plain.is_application {
            self.session.release(cx);
        }
        match plain.content {
            content::APPLICATION_DATA => cx.carried.data(dir, plain.bytes),
            content::HANDSHAKE if self.session.is_13() => {
                let is_update = plain.bytes.first() == Some(&handshake::KEY_UPDATE);
                if let (Secrets::Open(open), true) = (&mut self.secrets, is_update) {
                    open.update_key(dir);
                } else {
                    self.handshake(dir, &plain.bytes, cx);
                }
            }
            // A handshake begins anew, with other keys.
            content::CHANGE_CIPHER_SPEC => {
                if let Secrets::Open(open) = &mut self.secrets {
                    open.give_up(dir);
                }
            }
            _ => {}
        }
    }

    /// True while more records will be opened. When that ends, the row that waited goes out.
    fn is_deciphering(&mut self, cx: &mut Cx<'_>) -> bool {
        let goes_on = match &self.secrets {
            Secrets::Open(open) => !open.is_over() && !cx.carried.is_unwanted(),
            Secrets::Unasked | Secrets::None => false,
        };
        if !goes_on {
            self.end_deciphering(cx);
        }
        goes_on
    }

    fn end_deciphering(&mut self, cx: &mut Cx<'_>) {
        if let Secrets::Open(open) = std::mem::replace(&mut self.secrets, Secrets::None)
            && !open.has_opened()
        {
            count("TLS sessions not decrypted: secrets fit no record", cx);
        }
        self.session.release(cx);
    }

    fn old_record(&mut self, dir: Dir, len: usize, bytes: &[u8], cx: &mut Cx<'_>) -> Taken {
        let whole = old::HEADER + len;
        let Some(body) = bytes.get(old::HEADER..whole) else { return Taken::Need(whole) };
        match body.first() {
            Some(&old::CLIENT_HELLO) => {
                if let Some(hello) = old::OldHello::parse(body) {
                    self.session.client_hello(dir, &hello.modern(), cx);
                }
            }
            Some(&old::SERVER_HELLO) => {
                if let Some((cipher, der)) = old::server_hello(body) {
                    self.session.old_server_hello(dir, cipher, der, cx);
                }
            }
            Some(&old::CLIENT_MASTER_KEY) => self.session.old_client_key(cx),
            _ => return Taken::Stop,
        }
        self.side(dir).has_record = true;
        Taken::Bytes(whole)
    }
}

/// Counts a session in the capture that shows it.
fn count(name: &str, cx: &mut Cx<'_>) {
    cx.out.node(cx.at.node).count(name, 1);
}

#[cfg(test)]
mod tests;
