//! What one handshake tells, from whatever carries it, until it becomes an `ssl` row.

use super::codes::{self, content, extension, handshake, is_13};
use super::fingerprint::{self, Carrier};
use super::wire::{self, ClientHello, ServerHello};
use crate::event::{Body, Origin, Ssl};
use crate::proto::{Cx, Dir, x509};
use crate::secrets::ClientRandom;
use crate::text::from_bytes;
use crate::time::Time;

/// Certificates read of one chain. Real chains have up to five; more are counted as odd.
pub const MAX_CHAIN: usize = 32;

/// Application protocols kept of an offer. Real offers have under ten.
pub const MAX_PROTOCOLS: usize = 64;

/// Names of the carriers in `conn.service`; a handshake inside any other service was an upgrade.
const SERVICES: [&str; 3] = ["dtls", "quic", "ssl"];

/// What the keys of a session are made from, beside its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The client's random, by which its secrets are found.
    pub client_random: ClientRandom,
    /// The server's.
    pub server_random: [u8; 32],
    /// The cipher suite.
    pub cipher: u16,
    /// The version that the server chose.
    pub version: u16,
    /// Which direction is the client's.
    pub client: Dir,
}

/// The knowledge of one handshake.
#[derive(Debug)]
pub struct Session {
    carrier: Carrier,
    row: Ssl,
    begun: Option<(Time, Origin)>,
    client: Option<Dir>,
    version: Option<u16>,
    offered_id: Vec<u8>,
    has_ticket: bool,
    has_psk: bool,
    client_key_seen: bool,
    is_encrypted: [bool; 2],
    said: Vec<&'static str>,
    is_sent: bool,
    client_random: Option<ClientRandom>,
    agreed: Option<Agreed>,
    /// The row waits for what is encrypted of the handshake.
    is_held: bool,
    /// Bytes of the handshake were missing: that it was not completed then says nothing.
    pub has_gap: bool,
}

impl Session {
    /// A handshake of which nothing was seen.
    pub fn new(carrier: Carrier) -> Self {
        Self {
            carrier,
            row: Ssl::default(),
            begun: None,
            client: None,
            version: None,
            offered_id: Vec::new(),
            has_ticket: false,
            has_psk: false,
            client_key_seen: false,
            is_encrypted: [false; 2],
            said: Vec::new(),
            is_sent: false,
            client_random: None,
            agreed: None,
            is_held: false,
            has_gap: false,
        }
    }

    /// True once the row went out.
    pub const fn is_done(&self) -> bool {
        self.is_sent
    }

    /// True when the server chose TLS 1.3: what follows its hello is encrypted.
    pub fn is_13(&self) -> bool {
        self.version.is_some_and(is_13)
    }

    /// True when the server chose SSL 2.0.
    pub fn is_old(&self) -> bool {
        self.version == Some(codes::SSL2)
    }

    /// True when records of that direction are encrypted.
    pub const fn is_encrypted(&self, dir: Dir) -> bool {
        let [orig, resp] = self.is_encrypted;
        matches!((dir, orig, resp), (Dir::Orig, true, _) | (Dir::Resp, _, true))
    }

    /// Which messages are needed with their body.
    pub const fn wants(ty: u8) -> bool {
        matches!(
            ty,
            handshake::CLIENT_HELLO
                | handshake::SERVER_HELLO
                | handshake::HELLO_RETRY_REQUEST
                | handshake::ENCRYPTED_EXTENSIONS
                | handshake::CERTIFICATE
                | handshake::SERVER_KEY_EXCHANGE
        )
    }

    /// Something of this protocol was seen: the row begins here.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.begun.is_none() {
            self.begun = Some((cx.ts, cx.at));
            self.row.starttls = cx.service.iter().find(|s| !SERVICES.contains(s)).map(Into::into);
            let services: &[&str] = match self.carrier {
                Carrier::Stream => &["ssl"],
                Carrier::Datagrams => &["dtls"],
                Carrier::Quic => &["quic", "ssl"],
            };
            services.iter().for_each(|service| cx.service.insert(service));
        }
    }

    /// Takes a whole handshake message.
    pub fn message(&mut self, dir: Dir, ty: u8, body: &[u8], cx: &mut Cx<'_>) {
        match ty {
            handshake::CLIENT_HELLO => {
                match ClientHello::parse(body, self.carrier == Carrier::Datagrams) {
                    Some(hello) => self.client_hello(dir, &hello, cx),
                    None => self.say("SSL_bad_client_hello", cx),
                }
            }
            handshake::SERVER_HELLO => match ServerHello::parse(body) {
                Some(hello) => self.server_hello(dir, &hello, cx),
                None => self.say("SSL_bad_server_hello", cx),
            },
            // In TLS 1.3 the chain is encrypted, and so are other extensions: they were deciphered.
            handshake::CERTIFICATE if self.is_13() => {
                self.chain(dir, wire::certificates_13(body), cx);
            }
            handshake::CERTIFICATE => self.certificates(dir, body, cx),
            handshake::ENCRYPTED_EXTENSIONS if self.is_13() => {
                let protocol = wire::encrypted_extensions(body).alpn().next();
                self.row.next_protocol = protocol.map(from_bytes);
            }
            handshake::SERVER_KEY_EXCHANGE => self.server_key(body, cx),
            handshake::CLIENT_KEY_EXCHANGE => self.client_key_seen = true,
            _ => {}
        }
    }

    /// Takes a ClientHello. Only the first counts for the fingerprints: a second answers a retry.
    pub fn client_hello(&mut self, dir: Dir, hello: &ClientHello<'_>, cx: &mut Cx<'_>) {
        self.begin(cx);
        let is_first = self.row.ech.is_none();
        self.client = Some(dir);
        self.client_random = hello.random.try_into().ok();
        self.offered_id = hello.session_id.to_vec();
        let ticket = hello.extensions.find(extension::SESSION_TICKET);
        self.has_ticket = ticket.is_some_and(|t| !t.is_empty()) && hello.session_id.is_empty();
        self.has_psk = hello.extensions.find(extension::PRE_SHARED_KEY).is_some();
        if !is_first {
            return;
        }
        self.row.server_name = hello.extensions.server_name().map(from_bytes);
        let protocols = hello.extensions.alpn().take(MAX_PROTOCOLS);
        self.row.client_alpns = protocols.map(from_bytes).collect();
        let ech = hello.extensions.find(extension::ENCRYPTED_CLIENT_HELLO);
        self.row.ech = Some(ech.is_some());
        if !hello.is_old {
            self.row.ja3 = Some(fingerprint::ja3(hello).into());
            self.row.ja4 = Some(fingerprint::ja4(hello, self.carrier).into());
        }
    }

    /// Takes a ServerHello, or the request for another ClientHello.
    pub fn server_hello(&mut self, dir: Dir, hello: &ServerHello<'_>, cx: &mut Cx<'_>) {
        self.begin(cx);
        self.client.get_or_insert(dir.other());
        let version = hello.chosen_version();
        self.version = Some(version);
        self.row.version = Some((&*codes::version_name(version)).into());
        self.row.cipher = Some((&*codes::cipher_name(hello.cipher)).into());
        if let Some(group) = hello.key_share_group() {
            self.row.curve = Some((&*codes::group_name(group)).into());
        }
        if let Some(protocol) = hello.extensions.alpn().next() {
            self.row.next_protocol = Some(from_bytes(protocol));
        }
        if !hello.is_retry {
            self.row.ja3s = Some(fingerprint::ja3s(hello).into());
            self.agree(dir, version, hello);
        }
        let same_id = !self.offered_id.is_empty()
            && self.offered_id.iter().any(|b| *b != 0)
            && self.offered_id == hello.session_id;
        let accepts_psk = hello.extensions.find(extension::PRE_SHARED_KEY).is_some();
        let resumes = if is_13(version) { self.has_psk && accepts_psk } else { same_id };
        self.row.resumed = Some(resumes);
    }

    fn agree(&mut self, dir: Dir, version: u16, hello: &ServerHello<'_>) {
        let randoms = self.client_random.zip(hello.random.try_into().ok());
        self.agreed = randoms.map(|(client_random, server_random)| Agreed {
            client_random,
            server_random,
            cipher: hello.cipher,
            version,
            client: dir.other(),
        });
    }

    /// What the keys are made from, once both hellos were seen.
    pub const fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Keeps the row back: what is encrypted of the handshake will be deciphered.
    pub const fn hold(&mut self) {
        self.is_held = true;
    }

    /// Nothing more of the handshake will be deciphered: a complete one goes out.
    pub fn release(&mut self, cx: &mut Cx<'_>) {
        if std::mem::take(&mut self.is_held) && self.row.established == Some(true) {
            self.send(cx);
        }
    }

    /// Takes the hello of a server that speaks SSL 2.0: a cipher and its certificate.
    pub fn old_server_hello(&mut self, dir: Dir, cipher: Option<u32>, der: &[u8], cx: &mut Cx<'_>) {
        self.begin(cx);
        self.client.get_or_insert(dir.other());
        self.version = Some(codes::SSL2);
        self.row.version = Some((&*codes::version_name(codes::SSL2)).into());
        self.row.cipher = cipher.map(|kind| (&*codes::cipher_kind_name(kind)).into());
        self.row.resumed = Some(false);
        self.chain(dir, std::iter::once(der).filter(|der| !der.is_empty()), cx);
    }

    fn certificates(&mut self, dir: Dir, body: &[u8], cx: &mut Cx<'_>) {
        self.begin(cx);
        self.chain(dir, wire::certificates(body), cx);
    }

    fn chain<'a>(&mut self, dir: Dir, chain: impl Iterator<Item = &'a [u8]>, cx: &mut Cx<'_>) {
        let is_client = self.client == Some(dir);
        for (n, der) in chain.enumerate() {
            // Over all messages: a server that repeats its chain cannot fill the row.
            let fps = [&self.row.cert_chain_fps, &self.row.client_cert_chain_fps];
            if fps.iter().any(|fps| fps.len() >= MAX_CHAIN) {
                return self.say("SSL_chain_too_long", cx);
            }
            let mut read = x509::read(der);
            let fingerprint = read.row.fingerprint.clone();
            read.row.host_cert = Some(n == 0);
            read.row.client_cert = Some(is_client);
            if n == 0 && !is_client {
                self.row.subject = read.row.subject.clone();
                self.row.issuer = read.row.issuer.clone();
                self.row.cert_names = read.names;
            }
            let fps = if is_client {
                &mut self.row.client_cert_chain_fps
            } else {
                &mut self.row.cert_chain_fps
            };
            fps.extend(fingerprint);
            cx.emit(cx.ts, cx.at, Body::X509(read.row));
            if let Some(flaw) = read.flaw {
                self.say(flaw, cx);
            }
        }
    }

    fn server_key(&mut self, body: &[u8], cx: &mut Cx<'_>) {
        self.begin(cx);
        let is_elliptic = self.row.cipher.as_deref().is_none_or(|c| c.contains("_ECDH"));
        if let Some(curve) = wire::named_curve(body).filter(|_| is_elliptic) {
            self.row.curve = Some((&*codes::group_name(curve)).into());
        }
    }

    /// A side goes over to encryption. Before TLS 1.3 a ticket was then accepted if the client
    /// sent no key of its own.
    pub fn change_cipher(&mut self, dir: Dir) {
        if self.is_13() {
            return;
        }
        if self.client == Some(dir) && self.has_ticket && !self.client_key_seen {
            self.row.resumed = Some(true);
        }
        self.encrypted(dir);
    }

    /// From here on `dir` is encrypted.
    pub const fn encrypted(&mut self, dir: Dir) {
        let [orig, resp] = &mut self.is_encrypted;
        match dir {
            Dir::Orig => *orig = true,
            Dir::Resp => *resp = true,
        }
    }

    /// An encrypted record: with both sides encrypted, the handshake is complete.
    pub fn ciphertext(&mut self, dir: Dir, ty: u8, cx: &mut Cx<'_>) {
        if self.is_13() && ty == content::APPLICATION_DATA {
            self.encrypted(dir);
        }
        // Behind a gap that may have hidden the change of ciphers, data mean the same.
        let is_data = self.has_gap && ty == content::APPLICATION_DATA && !self.is_13();
        if self.is_encrypted == [true; 2] || (is_data && self.version.is_some()) {
            self.complete(cx);
        }
    }

    /// The handshake is complete.
    pub fn complete(&mut self, cx: &mut Cx<'_>) {
        self.row.established = Some(true);
        if !self.is_held {
            self.send(cx);
        }
    }

    /// An alert in the clear.
    pub fn alert(&mut self, description: u8, cx: &mut Cx<'_>) {
        self.begin(cx);
        self.row.last_alert = Some((&*codes::alert_name(description)).into());
    }

    /// SSL 2.0's client sent its key: Zeek counts that as established.
    pub fn old_client_key(&mut self, cx: &mut Cx<'_>) {
        if self.is_old() {
            self.complete(cx);
        }
    }

    /// Says an anomaly, each once.
    pub fn say(&mut self, name: &'static str, cx: &mut Cx<'_>) {
        if !self.said.contains(&name) {
            self.said.push(name);
            cx.weird("SSL", name, None);
        }
    }

    /// The connection is at its end.
    pub fn finish(&mut self, cx: &mut Cx<'_>) {
        if self.row.established.is_none() && !self.has_gap {
            self.row.established = Some(false);
        }
        self.send(cx);
    }

    fn send(&mut self, cx: &mut Cx<'_>) {
        let Some((ts, at)) = self.begun.filter(|_| !self.is_sent) else { return };
        self.is_sent = true;
        let mut row = std::mem::take(&mut self.row);
        let asked = row.server_name.as_deref().filter(|_| !row.cert_chain_fps.is_empty());
        row.sni_matches_cert = asked.map(|name| x509::covers(&row.cert_names, name));
        cx.emit(ts, at, Body::Ssl(row));
    }
}
