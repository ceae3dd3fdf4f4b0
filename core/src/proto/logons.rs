//! Logins by NTLM and Kerberos inside SMB and DCE/RPC: the client's proof, and the server's answer.

use super::Cx;
use super::krb::{self, Ticket};
use super::ntlm::{self, Authenticate, Challenge};
use crate::event::{Body, Kerberos, Ntlm, Origin};
use crate::text::Text;
use crate::time::Time;

/// SPNEGO (RFC 4178), and the request of Kerberos inside it (RFC 4121 section 4.1).
pub(super) const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0];

/// Logins of one connection that may be on their way: a terminal server's users share one.
const MAX_OPEN: usize = 16;

/// Notes what accounts are proved with.
pub fn note(bytes: &[u8], cx: &mut Cx<'_>) {
    let has = |what| memchr::memmem::find(bytes, what).is_some();
    if has(SPNEGO) {
        cx.service.insert("gssapi");
    }
    if has(KERBEROS) {
        cx.service.insert("krb");
    }
    if ntlm::is_in(bytes) {
        cx.service.insert("ntlm");
    }
}

/// What a server's answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The account was let in.
    pub success: Option<bool>,
    /// The status, where there is one to show.
    pub status: Option<Text>,
}

#[derive(Debug)]
enum Row {
    Ntlm(Ntlm),
    Kerberos(Kerberos),
}

/// A login on its way.
#[derive(Debug)]
struct Open {
    ts: Time,
    at: Origin,
    /// The server's number of the session; 0 before it gave one.
    session: u64,
    /// The message whose answer decides; `None` while only the challenge is there.
    decides: Option<u64>,
    row: Row,
}

impl Open {
    fn end(self, verdict: Option<Verdict>, cx: &mut Cx<'_>) {
        let (success, status) = verdict.map_or((None, None), |v| (v.success, v.status));
        let body = match self.row {
            Row::Ntlm(row) => Body::Ntlm(Ntlm { success, status, ..row }),
            Row::Kerberos(row) => Body::Kerberos(Kerberos { success, ..row }),
        };
        cx.emit(self.ts, self.at, body);
    }
}

/// The logins of one connection.
#[derive(Debug, Default)]
pub struct Logons(Vec<Open>);

impl Logons {
    /// Takes a client's message of that session and number, if it proves an account.
    pub fn request(&mut self, session: u64, number: u64, bytes: &[u8], cx: &mut Cx<'_>) {
        if let Some(Authenticate { domain, user, workstation }) = ntlm::authenticate(bytes) {
            let own = |o: &Open| {
                o.session == session && o.decides.is_none() && matches!(o.row, Row::Ntlm(_))
            };
            let challenged = self.0.iter().position(own).map(|at| self.0.remove(at).row);
            let mut row = match challenged {
                Some(Row::Ntlm(row)) => row,
                _ => Ntlm::default(),
            };
            row.username = words(user);
            row.domainname = words(domain);
            row.hostname = words(workstation);
            self.open(session, Some(number), Row::Ntlm(row), cx);
            return;
        }
        let proof = memchr::memmem::find(bytes, KERBEROS)
            .and_then(|at| Ticket::used(bytes.get(at + KERBEROS.len()..)?));
        if let Some(ticket) = proof {
            let row = Kerberos {
                request_type: Some("AP".into()),
                service: ticket.service,
                cipher: ticket.cipher.map(krb::cipher),
                ..Kerberos::default()
            };
            self.open(session, Some(number), Row::Kerberos(row), cx);
        }
    }

    /// Takes an account that a client proves without any of these: LAN Manager's way.
    pub fn plain(&mut self, number: u64, user: Text, domain: Option<Text>, cx: &mut Cx<'_>) {
        let row = Ntlm { username: Some(user), domainname: domain, ..Ntlm::default() };
        self.open(0, Some(number), Row::Ntlm(row), cx);
    }

    /// Takes a server's message of that session, if it is a challenge.
    pub fn challenge(&mut self, session: u64, bytes: &[u8], cx: &mut Cx<'_>) {
        let Some(Challenge { computer, dns_computer, dns_tree }) = ntlm::challenge(bytes) else {
            return;
        };
        let row = Ntlm {
            server_nb_computer_name: computer,
            server_dns_computer_name: dns_computer,
            server_tree_name: dns_tree,
            ..Ntlm::default()
        };
        self.open(session, None, Row::Ntlm(row), cx);
    }

    /// Ends the login that the message of that number decides.
    pub fn decide(&mut self, number: u64, verdict: Verdict, cx: &mut Cx<'_>) {
        if let Some(at) = self.0.iter().position(|o| o.decides == Some(number)) {
            self.0.remove(at).end(Some(verdict), cx);
        }
    }

    /// Sends what nobody decided.
    pub fn finish(&mut self, cx: &mut Cx<'_>) {
        self.0.drain(..).for_each(|open| open.end(None, cx));
    }

    fn open(&mut self, session: u64, decides: Option<u64>, row: Row, cx: &mut Cx<'_>) {
        if self.0.len() >= MAX_OPEN {
            self.0.remove(0).end(None, cx);
        }
        self.0.push(Open { ts: cx.ts, at: cx.at, session, decides, row });
    }
}

fn words(text: String) -> Option<Text> {
    (!text.is_empty()).then(|| text.into())
}
