//! `password-guessing`: many failed logins: on one account, on many, or one guess on many servers.

mod forms;
mod judge;
mod session;

use super::kit::{Course, Host, Observed, Tally};
use super::{Detector, Rule};
use crate::event::{Body, Kind, Outcome};
use crate::report::{Finding, Severity};
use crate::settings::Settings;
use crate::text::Text;
use forms::Forms;
use judge::{Attempt, Logins};
use session::Session;

/// The rule.
pub const RULE: Rule = Rule {
    id: "password-guessing",
    title: "Password guessing",
    about: "An address fails to log in many times within a quarter of an hour: on one account, on \
            many, or now and then on many servers; or it posts small bodies to one path of a web \
            server again and again, and is answered alike. Weighs most when a login of the same \
            address then succeeds.",
    benign: "A program with an old stored password that keeps trying; a load balancer or NAT in \
             front of many people; a page that posts by itself.",
    limits: "Sees protocols whose logins are in the clear or logged, and of SSH how often was tried, \
             by the sizes of messages. Of a web form it sees sizes and replies, no account; over \
             HTTPS the server's log alone. Slow guessing, or by many addresses, stays unseen.",
    attack: &["T1110.001", "T1110.003"],
    reads: &[Kind::Ftp, Kind::Http, Kind::Kerberos, Kind::Login, Kind::Ntlm, Kind::Ssh],
    new: |settings| Box::new(PasswordGuessing::new(settings)),
};

/// Logins kept of one address at one server.
const MAX_LOGINS: usize = 4096;

/// Failed tries of one SSH connection, before it was let in, that an agent's keys explain: each key
/// that is offered counts as a try, and a server lets go at the sixth (sshd_config(5), MaxAuthTries).
const MAX_KEYS: u64 = 5;

/// One login: the account if the row names it, the session, what became of it.
type Login = (Option<Text>, Option<Session>, Outcome);

/// The rows of one login.
#[derive(Debug, Default)]
struct Tries {
    seen: Course,
    /// Tries that one row stands for, where it stands for several.
    each: u64,
}

struct PasswordGuessing {
    logins: Tally<(Host, Option<Host>), Login, Tries>,
    /// Accounts that a session named before it proved anything.
    named: Tally<Session, Text, ()>,
    forms: Forms,
}

impl PasswordGuessing {
    const fn new(settings: &Settings) -> Self {
        Self {
            logins: Tally::new(settings, MAX_LOGINS),
            named: Tally::new(settings, 4),
            forms: Forms::new(settings),
        }
    }

    fn tried(&mut self, e: &Observed<'_>, from: Host, login: Login, n: u64) {
        let rank = u8::from(login.2 != Outcome::Success);
        if let Some(tries) = self.logins.offer_ranked(rank, (from, Host::resp(e)), login) {
            tries.seen.see(e);
            tries.each = tries.each.max(n);
        }
    }

    fn attempt<'a>(
        &'a self,
        server: Option<&'a Host>,
        (name, session, outcome): &'a Login,
        tries: &'a Tries,
    ) -> Attempt<'a> {
        let named = || Some(self.named.get(session.as_ref()?)?.members().first()?.0);
        let n = tries.seen.count().saturating_mul(tries.each.max(1));
        let account = name.as_ref().or_else(named);
        Attempt { server, account, outcome: *outcome, n, seen: &tries.seen }
    }
}

impl Detector for PasswordGuessing {
    fn observe(&mut self, e: &Observed<'_>) {
        let Some(from) = Host::orig(e) else { return };
        self.forms.observe(e, &from);
        let session = session::of(e, &from);
        let (name, outcome) = match &e.body {
            Body::Ftp(f) => match (f.command.as_deref(), f.reply_code) {
                (Some("USER"), _) => {
                    if let (Some(session), Some(name)) = (session, &f.arg) {
                        self.named.offer(session, name.clone());
                    }
                    return;
                }
                (Some("PASS"), Some(230)) => (f.user.clone(), Outcome::Success),
                (Some("PASS"), Some(430 | 530)) => (f.user.clone(), Outcome::Failure),
                _ => return,
            },
            Body::Ssh(s) => {
                let Some(success) = s.auth_success else { return };
                let failed = s.auth_attempts.unwrap_or(1).saturating_sub(u64::from(success));
                if failed > if success { MAX_KEYS } else { 0 } {
                    self.tried(e, from.clone(), (None, session, Outcome::Failure), failed);
                }
                if success {
                    self.tried(e, from, (None, session, Outcome::Success), 1);
                }
                return;
            }
            _ => match e.account() {
                Some(a) if a.is_login => match a.outcome {
                    Some(outcome) => (Some(a.name.into()), outcome),
                    None => return,
                },
                _ => return,
            },
        };
        self.tried(e, from, (name, session, outcome), 1);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let at_servers: Vec<_> = self.logins.iter().collect();
        for of_one in at_servers.chunk_by(|a, b| a.0.0 == b.0.0) {
            let Some(((from, _), _)) = of_one.first() else { continue };
            let servers = of_one.iter().map(|((_, server), group)| {
                let all = group.members().into_iter();
                Logins::new(all.map(|(l, t)| self.attempt(server.as_ref(), l, t)).collect())
            });
            let servers: Vec<Logins<'_>> = servers.collect();
            let mut found = judge::each_server(from, &servers);
            if let Some(mut all) = judge::many_servers(from, &servers) {
                // Single servers of one source are one cause.
                all.severity = found.iter().map(|f| f.severity).fold(all.severity, Severity::max);
                all.includes = found.into_iter().map(|f| f.title).collect();
                found = vec![all];
            }
            found.iter_mut().for_each(|f| f.missing.extend(self.logins.loss()));
            out.extend(found);
        }
        self.forms.report(out);
    }
}

#[cfg(test)]
mod tests;
