//! `plaintext-credentials`: servers that take passwords over connections that anybody on the way can read.

use super::kit::addr::{is_external, is_internal};
use super::kit::{
    Host, Observed, Sighting, Tally, Terms, caveat, evidence, finding, object, plural, span, target,
};
use super::{Detector, Rule};
use crate::event::{Body, Kind, Outcome};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    id: "plaintext-credentials",
    title: "Passwords in the clear",
    about: "A password crossed the network unencrypted. One finding for each server, with the \
            protocols and the accounts; the passwords themselves are never kept.",
    benign: "Old equipment and anonymous services work this way, often inside a protected segment.",
    limits: "Sees logins of FTP, HTTP, IMAP, LDAP, POP3, PostgreSQL, SMTP, SNMP, SOCKS and Telnet; whether the way was protected otherwise does not show.",
    attack: &["T1040", "T1552"],
    reads: &[Kind::Ftp, Kind::Http, Kind::Login],
    new: |settings| Box::new(PlaintextCredentials::new(settings)),
};

/// Accounts kept of one server.
const MAX_ACCOUNTS: usize = 256;
/// Accounts that need no secret: what is sent as a password is a courtesy.
const OPEN: &[&str] = &["anonymous", "ftp", "guest"];

/// Protocol, account, client, and whether it was let in.
type Login = (&'static str, Text, Host, bool);

struct PlaintextCredentials {
    sent: Tally<Host, Login, Sighting>,
}

impl PlaintextCredentials {
    const fn new(settings: &Settings) -> Self {
        Self { sent: Tally::new(settings, MAX_ACCOUNTS) }
    }
}

impl Detector for PlaintextCredentials {
    fn observe(&mut self, e: &Observed<'_>) {
        // Secrets that the analyst has opened it; nobody on the way could.
        if e.flow.is_opened {
            return;
        }
        let has_password = match &e.body {
            Body::Ftp(f) => f.password.is_some(),
            Body::Login(l) => l.password.is_some(),
            Body::Http(h) => h.password.is_some() && h.server_log != Some(true),
            _ => return,
        };
        let (Some(from), Some(server)) = (Host::orig(e), Host::resp(e)) else { return };
        let Some(account) = e.account().filter(|_| has_password) else { return };
        if OPEN.contains(&account.name.to_ascii_lowercase().as_str()) {
            return;
        }
        let worked = account.outcome == Some(Outcome::Success);
        let member = (account.service, account.name.into(), from, worked);
        let rank = u8::from(!worked);
        if let Some(seen) = self.sent.offer_ranked(rank, server, member) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (server, group) in self.sent.iter() {
            let members = group.members();
            let accounts: BTreeSet<&Text> = members.iter().map(|(m, _)| &m.1).into_set();
            let clients: BTreeSet<&Host> = members.iter().map(|(m, _)| &m.2).into_set();
            let services: BTreeSet<&str> = members.iter().map(|(m, _)| m.0).into_set();
            let services = services.into_iter().collect::<Vec<_>>().join(", ");
            let crossed = is_external(server.addr) || clients.iter().any(|c| !is_internal(c.addr));
            let mut f = finding(RULE.id, server.to_string());
            f.title = format!(
                "Passwords in the clear: {} to {server} over {services}",
                plural(accounts.len(), "account")
            );
            f.summary = format!(
                "{} sent a password to {server} unencrypted, for {}.",
                plural(clients.len(), "client"),
                plural(accounts.len(), "account")
            );
            f.severity = if crossed { Severity::Low } else { Severity::Info };
            f.confidence = Confidence::High;
            let mut t = Terms::default();
            t.judge("accounts", accounts.len(), "at least 1", true, 0);
            t.say("protocols", &services, Basis::Observed);
            t.say("clients", clients.len(), Basis::Observed);
            t.say(
                "crossed the Internet",
                if crossed { "yes, by the addresses" } else { "no, by the addresses" },
                Basis::Inferred,
            );
            let worked: BTreeSet<&Text> =
                members.iter().filter(|(m, _)| m.3).map(|(m, _)| &m.1).into_set();
            t.say("accounts that were let in", worked.len(), Basis::Observed);
            f.facts = t.0;
            f.when = span(members.iter().map(|m| m.1));
            f.subjects.push(target("address", server.addr));
            f.subjects.extend(accounts.iter().take(20).map(|a| object("account", visible(a))));
            let rows = members.iter().filter_map(|(_, s)| Some(s.first()?.because("first")));
            f.evidence = evidence(rows, members.iter().map(|m| m.1.count()).sum(), None);
            f.caveats.push(caveat(
                "The way may be protected otherwise: a tunnel, a segment of its own.",
                "Ask which networks the connection crosses, and whether the server offers TLS.",
            ));
            f.missing.extend(self.sent.loss());
            f.attack = RULE.attack.to_vec();
            out.push(f);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, fact, found, found_within, lines};

    fn run(text: &str) -> String {
        lines(&found(&RULE, &events(text)))
    }

    #[test]
    fn one_line_a_server() {
        let text = "@0 ftp 10.0.0.{8,9}:* > 10.0.0.1:21 user=u{1,2} cmd=PASS code=230 password";
        assert_eq!(
            run(text),
            "Info/High Passwords in the clear: 2 accounts to 10.0.0.1 over ftp\n"
        );
        // Two protocols of one server, and one server of two sites.
        let both =
            format!("{text}\n{}", text.replace("ftp", "http").replace("cmd=PASS code", "status"));
        assert_eq!(
            run(&both),
            "Info/High Passwords in the clear: 2 accounts to 10.0.0.1 over ftp, http\n"
        );
        let sites = format!("{text} site=a\n{text} site=b");
        assert_eq!(run(&sites).lines().count(), 2);
        let web = "@0 http 10.0.0.9:* > 192.0.2.1:80 user=eva status=200 password";
        // Read with the secrets of the case: it was not in the clear.
        assert_eq!(run(&format!("{web} opened")), "");
        assert_eq!(run(web), "Low/High Passwords in the clear: 1 account to 192.0.2.1 over http\n");
    }

    #[test]
    fn accounts_that_were_let_in_are_counted_once_each() {
        let let_in =
            |text: &str| fact(&found(&RULE, &events(text))[0], "accounts that were let in");
        let text = "@0 ftp 10.0.0.{7..9}:* > 10.0.0.1:21 user=eva cmd=PASS code=230 password";
        assert_eq!(let_in(text), "1");
        // What is answered to anybody lets nobody in.
        let refused = text.replace("230", "530");
        let goodbye = refused.replace("cmd=PASS code=530", "cmd={SYST,QUIT} code=221");
        assert_eq!(let_in(&format!("{refused}\n{goodbye}")), "0");
    }

    #[test]
    fn look_alikes_stay_quiet() {
        for text in [
            "@0 ftp 10.0.0.9:* > 10.0.0.1:21 user=Anonymous cmd=PASS code=230 password",
            // The server's own log: what crossed the network may have been TLS.
            "@0 http 10.0.0.9:* > 10.0.0.1:80 user=eva status=200 password log",
            // Digest: a name and no password.
            "@0 http 10.0.0.9:* > 10.0.0.1:80 user=eva status=200",
        ] {
            assert_eq!(run(text), "", "{text}");
        }
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let found = found_within(
            &RULE,
            8,
            &events("@0 ftp 10.0.0.{1..9}:* > 10.0.1.{1..9}:21 user=u cmd=PASS code=230 password"),
        );
        assert!(found.iter().all(|f| f.missing.iter().any(|m| m.contains("lower bounds"))));
        // Those that were let in stay before the many that were not.
        let text = "@0 ftp 10.0.0.{1..90}:* > 10.0.1.1:21 user=u cmd=PASS code=530 password\n@9 ftp 10.0.0.99:* > 10.0.1.2:21 user=eva cmd=PASS code=230 password";
        let found = found_within(&RULE, 8, &events(text));
        assert!(found.iter().any(|f| f.title.contains("to 10.0.1.2 over ftp")));
    }
}
