//! The account that an FTP session asked for, for the rows where the server names none yet.

use crate::event::Ftp;
use crate::text::Text;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// Sessions remembered at once; the longest forgotten first. A server seldom has 200 open.
const MAX_SESSIONS: usize = 4096;

type Key = (Text, Option<IpAddr>);

/// The open sessions of one log. IIS names the account only once it has been let in, so that a
/// refused login would have none; the USER command before it in the session says it.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    users: BTreeMap<Key, Text>,
    order: VecDeque<Key>,
}

impl Sessions {
    /// Sets the row's account from its session, and takes from the row what later ones need.
    pub(super) fn fill(&mut self, ftp: &mut Ftp, from: Option<IpAddr>) {
        let Some(session) = ftp.session.clone() else {
            if ftp.command.as_deref() == Some("USER") {
                ftp.user = ftp.user.take().or_else(|| ftp.arg.clone());
            }
            return;
        };
        let key = (session, from);
        match (ftp.command.as_deref(), &ftp.arg) {
            (Some("USER"), Some(name)) => self.begin(key.clone(), name.clone()),
            (Some("ControlChannelOpened"), _) => _ = self.users.remove(&key),
            _ => {}
        }
        if ftp.user.is_none() {
            ftp.user = self.users.get(&key).cloned();
        }
        if matches!(ftp.command.as_deref(), Some("QUIT" | "ControlChannelClosed")) {
            self.users.remove(&key);
        }
    }

    fn begin(&mut self, key: Key, name: Text) {
        if self.users.insert(key.clone(), name).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MAX_SESSIONS {
            if let Some(oldest) = self.order.pop_front() {
                self.users.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(session: &str, command: &str, arg: &str) -> Ftp {
        Ftp {
            session: Some(session.into()),
            command: Some(command.into()),
            arg: (!arg.is_empty()).then(|| arg.into()),
            ..Ftp::default()
        }
    }

    #[test]
    fn a_session_has_the_account_it_asked_for_until_it_ends() {
        let mut sessions = Sessions::default();
        let mut user = |session, command, arg| {
            let mut ftp = row(session, command, arg);
            sessions.fill(&mut ftp, None);
            ftp.user
        };
        assert_eq!(user("a", "PASS", ""), None);
        assert_eq!(user("a", "USER", "root").as_deref(), Some("root"));
        assert_eq!(user("b", "PASS", ""), None);
        assert_eq!(user("a", "PASS", "").as_deref(), Some("root"));
        assert_eq!(user("a", "ControlChannelClosed", "").as_deref(), Some("root"));
        assert_eq!(user("a", "PASS", ""), None);
    }

    #[test]
    fn the_number_of_sessions_has_a_limit() {
        let mut sessions = Sessions::default();
        for n in 0..=MAX_SESSIONS {
            sessions.fill(&mut row(&n.to_string(), "USER", "x"), None);
        }
        assert_eq!(sessions.users.len(), MAX_SESSIONS);
        assert!(!sessions.users.contains_key(&("0".into(), None)));
    }
}
