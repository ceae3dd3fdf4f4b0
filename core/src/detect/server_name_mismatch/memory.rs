//! The names that connections gave, what certificates covered, and what DNS answered.

use crate::detect::kit::{Few, Host, Observed, Sighting, Tally, names, stable};
use crate::event::{Body, Dns, Http, Ssl, Uid, X509};
use crate::settings::Settings;
use crate::text::Text;
use crate::time::Time;
use std::net::IpAddr;

/// Things said kept of one connection.
const MAX_SAID: usize = 64;
/// Hellos of one name, addresses of one name.
const MAX_OF_NAME: usize = 256;
/// Names of one address.
const MAX_OF_ADDRESS: usize = 32;
/// Names kept of one certificate.
const MAX_NAMES: usize = 16;
/// Pairs of ends kept of one thing said.
const MAX_ENDS: usize = 16;

/// A certificate, by the stable hash of its fingerprint; 0 where none was seen.
pub(super) type Leaf = u64;

/// What a connection said about its server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Said {
    /// The proxy was asked to connect to this.
    Connect(Text),
    /// The request inside asked for this.
    Host(Text),
    /// The hello named this, or nothing; the certificate shown; whether an inner hello was hidden.
    Sni(Option<Text>, Leaf, bool),
}

/// Client and server.
pub(super) type Ends = (Option<Host>, Option<Host>);

/// Where it was said.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) seen: Sighting,
    pub(super) ends: Few<Ends>,
    /// True when the server did what was asked of it.
    pub(super) is_done: bool,
}

/// One way in which a name was asked for; of a hello without a name, the key is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hello {
    pub(super) server: Host,
    pub(super) client: Host,
    pub(super) leaf: Leaf,
    /// Whether the certificate covers the name, where a log says so.
    pub(super) matches: Option<bool>,
    pub(super) is_ech: bool,
    /// The client went no further than the certificate.
    pub(super) is_refused: bool,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Issuer(Text),
    Name(Text),
    /// Public logs have it, which only a public authority can show.
    Logged,
}

/// The look-ups of a client, or of a name at an address.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) first: Option<Time>,
    pub(super) n: u64,
}

#[derive(Debug)]
pub(super) struct Memory {
    pub(super) connections: Tally<u64, Said, Shown>,
    /// Names of proxied addresses, with the Host header of the same request.
    pub(super) proxied: Tally<Text, Text, Shown>,
    pub(super) hellos: Tally<Text, Hello, Sighting>,
    pub(super) certificates: Tally<Leaf, Part, ()>,
    pub(super) answers: Tally<Text, IpAddr, Asked>,
    /// The names for which DNS gave an address, aliases on the way included.
    pub(super) looked_up: Tally<IpAddr, Text, ()>,
    pub(super) clients: Tally<Host, (), Asked>,
}

impl Memory {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            connections: Tally::new(settings, MAX_SAID),
            proxied: Tally::new(settings, MAX_OF_NAME),
            hellos: Tally::new(settings, MAX_OF_NAME),
            certificates: Tally::new(settings, MAX_NAMES + 2),
            answers: Tally::new(settings, MAX_OF_NAME),
            looked_up: Tally::new(settings, MAX_OF_ADDRESS),
            clients: Tally::new(settings, 1),
        }
    }

    pub(super) fn observe(&mut self, e: &Observed<'_>) {
        match &e.body {
            Body::Dns(d) => self.answer(e, d),
            Body::Http(h) => self.request(e, h),
            Body::Ssl(s) => self.hello(e, s),
            Body::X509(x) => self.certificate(x),
            _ => {}
        }
    }

    fn answer(&mut self, e: &Observed<'_>, d: &Dns) {
        let Some(query) = d.query.as_deref().map(name) else { return };
        let (mut addresses, mut all) = (Vec::new(), vec![query]);
        for answer in &d.answers {
            match answer.parse::<IpAddr>() {
                Ok(addr) => addresses.push(addr.to_canonical()),
                Err(_) => all.push(name(answer)),
            }
        }
        if addresses.is_empty() {
            return;
        }
        if let Some(asked) = Host::orig(e).and_then(|client| self.clients.offer(client, ())) {
            asked.see(e.ts);
        }
        all.truncate(MAX_NAMES);
        for addr in addresses {
            for name in &all {
                self.looked_up.offer(addr, name.clone());
                if let Some(asked) = self.answers.offer(name.clone(), addr) {
                    asked.see(e.ts);
                }
            }
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
        // It is held against a hello of its connection, and a capture shows whether it stood inside
        // one. A log does not, and its rows come in any order.
        let is_outside = matches!(e.flow.uid, Some(Uid::Ours(_))) && !e.flow.is_opened;
        if !is_outside {
            self.say(e, Said::Host(host), is_done, e.flow.resp.port == Some(80));
        }
    }

    fn hello(&mut self, e: &Observed<'_>, s: &Ssl) {
        let leaf = self.leaf(s);
        let (sni, is_ech) = (s.server_name.as_deref().map(name), s.ech == Some(true));
        let said = Said::Sni(sni.clone(), leaf, is_ech);
        // Its rows stand with the hellos: most connections say nothing else.
        if let Some(uid) = &e.flow.uid
            && let Some(shown) = self.connections.offer(stable(uid), said)
        {
            shown.is_done |= s.established == Some(true);
        }
        let (Some(client), Some(server)) = (Host::orig(e), Host::resp(e)) else { return };
        let is_alert = |a: &Text| a.contains("certificate") || a.contains("unknown_ca");
        let is_refused =
            s.established == Some(false) && s.last_alert.as_ref().is_some_and(is_alert);
        let matches = s.sni_matches_cert;
        let hello = Hello { server, client, leaf, matches, is_ech, is_refused };
        let rank = u8::from(hello.matches != Some(false));
        let sni = sni.unwrap_or_default();
        if let Some(seen) = self.hellos.offer_ranked(rank, sni, hello) {
            seen.see(e);
        }
    }

    /// The certificate that a hello was answered with; what it says is kept once.
    fn leaf(&mut self, s: &Ssl) -> Leaf {
        let leaf = match s.cert_chain_fps.first() {
            Some(fp) => stable(&fp.to_ascii_lowercase()),
            None if s.issuer.is_some() || !s.cert_names.is_empty() => {
                stable(&(&s.issuer, &s.subject, &s.cert_names))
            }
            None => return 0,
        };
        self.certificates.extend(leaf, &s.issuer, &s.subject, &s.cert_names);
        leaf
    }

    fn certificate(&mut self, x: &X509) {
        let Some(fp) = x.fingerprint.as_deref().filter(|_| x.client_cert != Some(true)) else {
            return;
        };
        let leaf = stable(&fp.to_ascii_lowercase());
        self.certificates.extend(leaf, &x.issuer, &x.subject, &x.san_dns);
        if x.sct_count.is_some_and(|n| n > 0) {
            self.certificates.offer(leaf, Part::Logged);
        }
    }

    /// Notes what a connection said; plain web requests have no second name and yield their place.
    fn say(&mut self, e: &Observed<'_>, said: Said, is_done: bool, is_plain: bool) {
        let Some(uid) = &e.flow.uid else { return };
        if let Some(shown) = self.connections.offer_ranked(u8::from(is_plain), stable(uid), said) {
            shown.see(e, is_done);
        }
    }

    pub(super) fn loss(&self) -> Option<String> {
        self.connections.loss().or_else(|| self.hellos.loss())
    }
}

impl Tally<Leaf, Part, ()> {
    /// Notes what a certificate says: its issuer, its names, without any its common name.
    fn extend(&mut self, leaf: Leaf, issuer: &Option<Text>, subject: &Option<Text>, all: &[Text]) {
        if let Some(issuer) = issuer {
            self.offer(leaf, Part::Issuer(issuer.clone()));
        }
        for n in all.iter().take(MAX_NAMES) {
            self.offer_ranked(1, leaf, Part::Name(name(n)));
        }
        let cn = subject.as_deref().and_then(names::common_name).filter(|_| all.is_empty());
        if let Some(cn) = cn {
            self.offer_ranked(2, leaf, Part::Name(name(cn)));
        }
    }
}

impl Asked {
    fn see(&mut self, ts: Option<Time>) {
        self.n += 1;
        self.first = match (self.first, ts) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

impl Shown {
    fn see(&mut self, e: &Observed<'_>, is_done: bool) {
        self.seen.see(e);
        self.is_done |= is_done;
        self.ends.insert((Host::orig(e), Host::resp(e)), MAX_ENDS);
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
