//! EVE's logins: `krb5`, and NTLM inside `smb`.

use super::map::set;
use crate::event::{Body, Event, Kerberos, Raw};
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

/// True when a login's row tells of one: not every command of SMB does, nor every answer.
pub fn is_one(e: &Event) -> bool {
    match &e.body {
        Body::Ntlm(row) => row.username.is_some(),
        Body::Kerberos(row) => row.error_msg.as_deref() != Some(PROOF_WANTED),
        _ => true,
    }
}
