//! `account-several-addresses`: one account in use from several unrelated addresses within an hour.

mod describe;
mod sessions;

use super::kit::{Host, Observed, Sighting, Tally, stable};
use super::{Detector, Rule};
use crate::event::{Body, Event, Kind, Outcome};
use crate::report::Finding;
use crate::settings::Settings;
use crate::text::Text;
use sessions::Use;

/// The rule.
pub const RULE: Rule = Rule {
    id: "account-several-addresses",
    title: "Account from several addresses",
    about: "An account is in use from addresses of different networks, with less than an hour \
            between the sessions. Weighs more when something that was refused from one address \
            was then done from another.",
    benign: "A person with an office line and a phone, a VPN that was switched on, a shared account.",
    limits: "Addresses tell networks, not places or persons; behind a proxy or a NAT all look alike.",
    attack: &["T1078"],
    reads: KINDS,
    new: |settings| Box::new(SeveralAddresses::new(settings)),
};

/// Kinds whose rows show accounts in use.
const KINDS: &[Kind] = &[Kind::Ftp, Kind::Http, Kind::Kerberos, Kind::Login, Kind::Ntlm];
/// Different uses kept of one account.
const MAX_USES: usize = 2048;
/// Accounts that are nobody's: shared by design or no account at all.
const SHARED: &[&str] = &["", "-", "anonymous", "ftp", "guest", "ieuser@", "public"];

struct SeveralAddresses {
    uses: Tally<(Text, Option<Host>), Use, Sighting>,
}

impl SeveralAddresses {
    const fn new(settings: &Settings) -> Self {
        Self { uses: Tally::new(settings, MAX_USES) }
    }
}

impl Detector for SeveralAddresses {
    fn observe(&mut self, e: &Observed<'_>) {
        let Some(account) = e.account() else { return };
        let Some(from) = Host::orig(e) else { return };
        // What an account failed to prove does not show that it was in use.
        let is_proof = account.is_login || is_not_logged_in(e);
        if is_proof && account.outcome != Some(Outcome::Success) {
            return;
        }
        let name = account.name.to_lowercase();
        // A computer's own account moves with its address, and is no person's.
        let is_computers =
            name.ends_with('$') && matches!(e.body, Body::Kerberos(_) | Body::Ntlm(_));
        if is_computers || SHARED.contains(&name.rsplit('\\').next().unwrap_or_default()) {
            return;
        }
        let session = account.session.map(|s| stable(&s));
        let session = session.or_else(|| e.flow.uid.as_ref().map(|uid| stable(&uid)));
        let used = Use {
            from,
            kind: e.body.kind(),
            session,
            action: account.action.into(),
            object: account.object.filter(|_| !account.is_login).map(object),
            outcome: account.outcome,
            is_unproved: account.is_unproved,
        };
        let rank = u8::from(account.outcome != Some(Outcome::Failure) && used.object.is_none());
        if let Some(seen) = self.uses.offer_ranked(rank, (name.into(), Host::resp(e)), used) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for ((name, server), group) in self.uses.iter() {
            if let Some(judged) = sessions::judge(&group.members()) {
                let mut f = describe::finding(name, server.as_ref(), &judged);
                f.missing.extend(self.uses.loss());
                out.push(f);
            }
        }
    }
}

/// FTP's "not logged in" (RFC 959, reply 530) to any command.
fn is_not_logged_in(e: &Event) -> bool {
    matches!(&e.body, Body::Ftp(f) if f.reply_code == Some(530))
}

/// The last part of a path, in one case: servers write the same file in several ways.
fn object(path: &str) -> Text {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase().into()
}

#[cfg(test)]
mod tests;
