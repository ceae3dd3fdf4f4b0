//! EVE's logins: `krb5`, binds of `ldap`, and NTLM inside `smb`.

use super::map::set;
use crate::event::{Body, Event, Kerberos, Login, Raw};
use crate::text::Text;

/// What a client is told that has to prove itself first: each login begins so, and it says nothing
/// of the account.
const PROOF_WANTED: &str = "KDC_ERR_PREAUTH_REQUIRED";

fn kerberos_row(e: &mut Event) -> Option<&mut Kerberos> {
    if let Body::Kerberos(row) = &mut e.body { Some(row) } else { None }
}

/// What was answered: `KRB_AS_REP`, `KRB_TGS_REP`, `KRB_ERROR`.
pub fn message(e: &mut Event, raw: &Raw<'_>) -> bool {
    let (Some(row), Some(word)) = (kerberos_row(e), raw.text()) else { return raw.is_unset() };
    row.success = match &*word {
        "KRB_ERROR" => Some(false),
        word if word.ends_with("_REP") => Some(true),
        _ => None,
    };
    if row.success == Some(true) {
        row.request_type = request(&word);
    }
    true
}

/// What failed: `KRB_AS_REQ`.
pub fn failed(e: &mut Event, raw: &Raw<'_>) -> bool {
    let (Some(row), Some(word)) = (kerberos_row(e), raw.text()) else { return raw.is_unset() };
    row.request_type = request(&word);
    true
}

/// `AS` of `KRB_AS_REP`.
fn request(word: &str) -> Option<Text> {
    word.strip_prefix("KRB_")?.split('_').next().map(Text::from)
}

/// Whose ticket it is.
pub fn account(e: &mut Event, raw: &Raw<'_>) -> bool {
    let name = raw.text().filter(|name| !matches!(&**name, "" | "<empty>"));
    let is_known = name.is_some() || raw.text().is_some() || raw.is_unset();
    if let Some(row) = kerberos_row(e) {
        row.username = name.or_else(|| row.username.take());
    }
    is_known
}

/// The account's realm, kept where [`kerberos`] finds it.
pub fn realm(e: &mut Event, raw: &Raw<'_>) -> bool {
    let realm = raw.text().filter(|name| !matches!(&**name, "" | "<empty>"));
    let is_known = realm.is_some() || raw.text().is_some() || raw.is_unset();
    if let Some(row) = kerberos_row(e) {
        row.client = realm;
    }
    is_known
}

/// The client is its account and the realm.
pub fn kerberos(e: &mut Event) {
    let Some(row) = kerberos_row(e) else { return };
    let realm = row.client.take();
    row.client = row.username.as_ref().zip(realm).map(|(name, r)| format!("{name}/{r}").into());
}

/// How the server answered a command of SMB.
pub fn status(e: &mut Event, raw: &Raw<'_>) -> bool {
    let Body::Ntlm(row) = &mut e.body else { return false };
    let word = raw.text();
    row.success = match word.as_deref() {
        None | Some("STATUS_MORE_PROCESSING_REQUIRED") => None,
        Some(word) => Some(word == "STATUS_SUCCESS"),
    };
    set(&mut row.status, raw, word)
}

fn login_row(e: &mut Event) -> Option<&mut Login> {
    if let Body::Login(row) = &mut e.body { Some(row) } else { None }
}

/// Who binds to a directory; an empty name is nobody's (RFC 4513 section 5.1.1).
pub fn binder(e: &mut Event, raw: &Raw<'_>) -> bool {
    let name = raw.text();
    let is_known = name.is_some() || raw.is_unset();
    if let Some(row) = login_row(e) {
        row.username = name.filter(|name| !name.is_empty());
    }
    is_known
}

/// The result of a bind (RFC 4511 section 4.1.9), however its words are joined. One that is under way
/// is neither.
pub fn bound(e: &mut Event, raw: &Raw<'_>) -> bool {
    let (Some(row), Some(word)) = (login_row(e), raw.text()) else { return raw.is_unset() };
    let letters = word.chars().filter(char::is_ascii_alphabetic);
    row.success = match letters.collect::<String>().to_ascii_lowercase().as_str() {
        "saslbindinprogress" => None,
        result => Some(result == "success"),
    };
    row.reply = row.reply.take().or(Some(word));
    true
}

/// What the server says of a bind, which tells more than its result.
pub fn said(e: &mut Event, raw: &Raw<'_>) -> bool {
    let (Some(row), Some(words)) = (login_row(e), raw.text()) else { return raw.is_unset() };
    row.reply = Some(words).filter(|words| !words.is_empty()).or_else(|| row.reply.take());
    true
}

/// A bind without a mechanism is a simple one (RFC 4511 section 4.2).
pub fn ldap(e: &mut Event) {
    let Some(row) = login_row(e) else { return };
    row.service = Some("ldap");
    row.action = Some("bind".into());
    row.mechanism = row.mechanism.take().or_else(|| Some("simple".into()));
}

/// True when a login's row tells of one: not every command of SMB or LDAP does, nor every
/// answer.
pub fn is_one(e: &Event) -> bool {
    match &e.body {
        Body::Login(row) => row.username.is_some(),
        Body::Ntlm(row) => row.username.is_some(),
        Body::Kerberos(row) => row.error_msg.as_deref() != Some(PROOF_WANTED),
        _ => true,
    }
}
