//! `web-recon`: a client that works through a list of paths that a web server does not have.

mod describe;
mod judge;
mod uri;

use super::kit::{Host, Observed, Tally, web_server};
use super::{Detector, Rule};
use crate::event::{Body, Http, Kind, NodeId};
use crate::report::Finding;
use crate::settings::Settings;
use crate::text::Text;
use judge::Request;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    id: "web-recon",
    title: "Web reconnaissance",
    about: "A client asks a web server for many different paths that it does not have, quicker \
            than a leaky bucket drains, and the requests show a list being worked through: \
            versions of one path, doubled slashes, neither referrer nor agent, file types that \
            the site does not serve, hidden files and consoles, syntax that no page links to.",
    benign: "An authorised scanner, a crawler on a site that was moved, or a page with many broken links.",
    limits: "A server that answers every path alike shows no misses, and requests without their \
             replies show syntax alone; requests over HTTPS are seen in server logs only.",
    attack: &["T1595.002", "T1595.003"],
    reads: &[Kind::Http],
    new: |settings| Box::new(WebRecon::new(settings)),
};

/// Different requests kept of one client.
const MAX_REQUESTS: usize = 4096;
/// Servers that one client's totals are kept for.
const MAX_SERVERS: usize = 64;
/// Longest target kept; longer ones are told apart by their start.
const MAX_URI: usize = 256;
/// Addresses kept of one name's servers: a title shows ten.
const MAX_TARGETS: usize = 10;
/// File types a site is known to serve.
const MAX_TYPES: usize = 64;
/// Rows that a source shows an agent in: enough to know that it logs them.
const MAX_NODES: usize = 4096;

/// The server as far as requests name it; its own log names none.
type Server = Text;

struct WebRecon {
    requests: Tally<Host, (Server, Text, u64), Request>,
    totals: Tally<Host, Server, Totals>,
    served: Tally<Server, (Text, Host), ()>,
    /// Sources whose rows tell agents, so that their absence in a row means something.
    tell_agents: BTreeSet<NodeId>,
}

/// Requests of one client to one server.
#[derive(Debug, Default)]
struct Totals {
    missed: u64,
    all: u64,
    asked_robots: bool,
}

impl WebRecon {
    const fn new(settings: &Settings) -> Self {
        Self {
            requests: Tally::new(settings, MAX_REQUESTS),
            totals: Tally::new(settings, MAX_SERVERS),
            served: Tally::new(settings, MAX_TYPES),
            tell_agents: BTreeSet::new(),
        }
    }

    fn request(&mut self, e: &Observed<'_>, h: &Http) -> Option<()> {
        let (client, uri) = (Host::orig(e)?, h.uri.as_deref()?);
        let status = h.status_code.unwrap_or(judge::UNSEEN);
        let server: Server = web_server(e, h);
        if h.user_agent.is_some() && (self.tell_agents.len() < MAX_NODES) {
            self.tell_agents.insert(e.at.node);
        }
        let path = uri::path(uri);
        let is_miss = judge::is_miss(status);
        if let Some(t) = self.totals.offer(client.clone(), server.clone()) {
            t.all += u64::from(status != judge::UNSEEN);
            t.missed += u64::from(is_miss);
            t.asked_robots |= path == "/robots.txt";
        }
        if matches!(status, 100..300)
            && let Some(ext) = uri::extension(path)
        {
            self.served.offer(server.clone(), (ext.into(), client.clone()));
        }
        let end = uri.floor_char_boundary(MAX_URI);
        let rank = u8::from(!is_miss);
        let member = (server, uri.get(..end)?.into(), status);
        let request = self.requests.offer_ranked(rank, client, member)?;
        request.seen.see(e);
        request.has_agent |= h.user_agent.is_some();
        request.has_referrer |= h.referrer.is_some();
        request.len = request.len.max(h.response_body_len);
        request.targets.extend(Host::resp(e), MAX_TARGETS);
        Some(())
    }
}

impl Detector for WebRecon {
    fn observe(&mut self, e: &Observed<'_>) {
        if let Body::Http(h) = &e.body {
            let _ = self.request(e, h);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (client, group) in self.requests.iter() {
            if let Some(judged) = judge::judge(client, group, self) {
                let mut f = describe::finding(client, &judged);
                f.missing.extend(self.requests.loss());
                out.push(f);
            }
        }
    }
}

#[cfg(test)]
mod tests;
