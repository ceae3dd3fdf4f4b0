//! The names that connections gave, what certificates covered, and what DNS answered.

use crate::detect::kit::{Few, Observed, Sighting, Tally, names};
use crate::event::{Body, Dns, Http, Ssl, Uid};
use crate::settings::Settings;
use crate::text::Text;
use std::net::IpAddr;

/// Things said kept of one connection.
const MAX_SAID: usize = 64;
/// Servers and clients kept of one name, addresses of one name, names behind one issuer.
const MAX_OF_NAME: usize = 256;
/// Names kept of one certificate.
const MAX_NAMES: usize = 16;

/// What a connection said about its server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Said {
    /// The proxy was asked to connect to this.
    Connect(Text),
    /// The certificate covers this.
    Covers(Text),
    /// The request inside asked for this.
    Host(Text),
    /// The hello named this.
    Sni(Text),
}

/// Where it was said.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) seen: Sighting,
    pub(super) clients: Few<IpAddr>,
    pub(super) servers: Few<IpAddr>,
    /// True when the server did what was asked of it.
    pub(super) is_done: bool,
    pub(super) names: Few<Text>,
    pub(super) issuer: Option<Text>,
}

/// Server, client, and whether the certificate covers the name.
type Hello = (IpAddr, IpAddr, Option<bool>);

#[derive(Debug)]
pub(super) struct Memory {
    pub(super) connections: Tally<Uid, Said, Shown>,
    /// Names of proxied addresses, with the Host header of the same request.
    pub(super) proxied: Tally<Text, Text, Shown>,
    pub(super) hellos: Tally<Text, Hello, Shown>,
    pub(super) answers: Tally<Text, IpAddr, ()>,
    pub(super) issuers: Tally<Text, Text, ()>,
}

impl Memory {
    pub(super) const fn new(settings: &Settings) -> Self {
        let keys = settings.caps.keys;
        Self {
            connections: Tally::new(keys, MAX_SAID),
            proxied: Tally::new(keys, MAX_OF_NAME),
            hellos: Tally::new(keys, MAX_OF_NAME),
            answers: Tally::new(keys, MAX_OF_NAME),
            issuers: Tally::new(keys, MAX_OF_NAME),
        }
    }

    pub(super) fn observe(&mut self, e: &Observed<'_>) {
        match &e.body {
            Body::Dns(d) => self.answer(d),
            Body::Http(h) => self.request(e, h),
            Body::Ssl(s) => self.hello(e, s),
            _ => {}
        }
    }

    fn answer(&mut self, d: &Dns) {
        let Some(query) = d.query.as_deref() else { return };
        for addr in d.answers.iter().filter_map(|a| a.parse().ok()) {
            self.answers.offer(name(query), addr);
        }
    }

    fn request(&mut self, e: &Observed<'_>, h: &Http) {
        let host = h.host.as_deref().map(name);
        let uri = h.uri.as_deref().unwrap_or_default();
        let is_done = matches!(h.status_code, Some(200..=299));
        if h.method.as_deref() == Some("CONNECT") {
            self.say(e, Said::Connect(name(uri)), is_done, false);
            return;
        }
        let Some(host) = host else { return };
        if let Some(open) = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://")) {
            let open = name(open.split(['/', '?']).next().unwrap_or(open));
            // Most proxied requests name one host twice: only the others are worth a place.
            if open != host
                && let Some(shown) = self.proxied.offer(open, host.clone())
            {
                shown.see(e, is_done);
            }
            return;
        }
        self.say(e, Said::Host(host), is_done, e.flow.resp.port == Some(80));
    }

    fn hello(&mut self, e: &Observed<'_>, s: &Ssl) {
        let covered = s.cert_names.iter().take(MAX_NAMES).map(|n| name(n));
        covered.for_each(|n| self.say(e, Said::Covers(n), false, false));
        let Some(sni) = s.server_name.as_deref().map(name) else { return };
        self.say(e, Said::Sni(sni.clone()), s.established == Some(true), false);
        let (Some(client), Some(server)) = (e.flow.orig.addr, e.flow.resp.addr) else { return };
        if let (Some(issuer), Some(domain)) = (&s.issuer, names::registrable(&sni)) {
            self.issuers.offer(issuer.clone(), domain.into());
        }
        let matches = s.sni_matches_cert.or_else(|| {
            (!s.cert_names.is_empty()).then(|| s.cert_names.iter().any(|n| names::covers(n, &sni)))
        });
        let rank = u8::from(matches != Some(false));
        if let Some(shown) = self.hellos.offer_ranked(rank, sni, (server, client, matches)) {
            shown.see(e, false);
            shown.issuer = shown.issuer.take().max(s.issuer.clone());
            shown.names.extend(s.cert_names.iter().take(MAX_NAMES).map(|n| name(n)), MAX_NAMES);
        }
    }

    /// Notes what a connection said; plain web requests have no second name and yield their place.
    fn say(&mut self, e: &Observed<'_>, said: Said, is_done: bool, is_plain: bool) {
        let Some(uid) = &e.flow.uid else { return };
        if let Some(shown) = self.connections.offer_ranked(u8::from(is_plain), uid.clone(), said) {
            shown.see(e, is_done);
        }
    }

    pub(super) fn loss(&self) -> Option<String> {
        self.connections.loss().or_else(|| self.hellos.loss())
    }
}

impl Shown {
    fn see(&mut self, e: &Observed<'_>, is_done: bool) {
        self.seen.see(e);
        self.is_done |= is_done;
        self.clients.extend(e.flow.orig.addr, MAX_NAMES);
        self.servers.extend(e.flow.resp.addr, MAX_NAMES);
    }
}

/// A host name as names are compared: lower case, without port and final dot.
fn name(text: &str) -> Text {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => text,
    };
    host.trim_end_matches('.').to_ascii_lowercase().into()
}
