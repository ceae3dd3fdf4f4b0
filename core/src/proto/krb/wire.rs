//! Kerberos' messages (RFC 4120 section 5) as far as they are not encrypted.

use super::super::ber::{self, Ber, Tlv, tag};
use crate::text::{self, Text};
use crate::time::Time;

/// Application tags of messages, section 5.10.
mod message {
    pub const AS_REQ: u8 = 0x6a;
    pub const AS_REP: u8 = 0x6b;
    pub const TGS_REQ: u8 = 0x6c;
    pub const TGS_REP: u8 = 0x6d;
    pub const AP_REQ: u8 = 0x6e;
    pub const ERROR: u8 = 0x7e;
}
/// Tag of a ticket, section 5.3.
const TICKET: u8 = 0x61;
/// Kinds of proof that a client puts into its first request: by password, by certificate, armoured
/// (RFC 4120 5.2.7.2, RFC 4556 3.2.1, RFC 6113 5.4.3).
const PROOFS: [i64; 3] = [2, 16, 138];
/// Parts of a name; principals have two or three.
const MAX_PARTS: usize = 8;
/// Kinds of proof in a request; clients send a handful.
const MAX_PROOFS: usize = 16;

/// Who asks: for a ticket to ask with, or for one to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    Authentication,
    TicketGranting,
}

/// One message.
#[derive(Debug, PartialEq)]
pub enum Message {
    Request(Asker, Request),
    Reply(Asker, Reply),
    Error {
        code: i64,
        client: Option<Text>,
        realm: Option<Text>,
    },
    /// One that does not belong to the giving of tickets.
    Other,
}

/// KDC-REQ, section 5.4.1.
#[derive(Debug, Default, PartialEq)]
pub struct Request {
    pub client: Option<Text>,
    pub realm: Option<Text>,
    pub service: Option<Text>,
    pub from: Option<Time>,
    pub till: Option<Time>,
    pub is_forwardable: bool,
    pub is_renewable: bool,
    pub is_proved: bool,
    pub nonce: Option<i64>,
}

/// KDC-REP, section 5.4.2.
#[derive(Debug, Default, PartialEq)]
pub struct Reply {
    pub client: Option<Text>,
    pub realm: Option<Text>,
    pub ticket: Ticket,
}

/// The open part of a ticket, section 5.3.
#[derive(Debug, Default, PartialEq)]
pub struct Ticket {
    pub service: Option<Text>,
    pub cipher: Option<i64>,
}

/// True when a message of Kerberos begins here: its application tag, a sequence, and version 5 as
/// the first or second field.
pub fn is_message(data: &[u8]) -> bool {
    // Requests, replies, proofs, errors.
    let is_known = matches!(data.first(), Some(0x6a..=0x6f | 0x7e));
    let version = || {
        let first = fields(data)?.next_cut().filter(|t| matches!(t.tag, 0xa0 | 0xa1))?;
        Ber::new(first.value).int()
    };
    is_known && ber::header(data).flatten().is_some() && version() == Some(5)
}

/// The fields of a message or ticket: inside its application tag and its sequence.
fn fields(data: &[u8]) -> Option<Ber<'_>> {
    let mut message = Ber::new(Ber::new(data).next_cut()?.value);
    Some(Ber::new(message.next_cut().filter(|t| t.tag == tag::SEQUENCE)?.value))
}

impl Message {
    /// Reads a message, which may be cut.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut fields = fields(data)?;
        Some(match *data.first()? {
            message::AS_REQ => Self::Request(Asker::Authentication, Request::parse(fields)),
            message::TGS_REQ => Self::Request(Asker::TicketGranting, Request::parse(fields)),
            message::AS_REP => Self::Reply(Asker::Authentication, Reply::parse(fields)),
            message::TGS_REP => Self::Reply(Asker::TicketGranting, Reply::parse(fields)),
            message::ERROR => {
                let (mut code, mut client, mut realm) = (None, None, None);
                while let Some(f) = fields.next_cut() {
                    match f.tag {
                        0xa6 => code = number(f),
                        0xa7 => realm = string(f),
                        0xa8 => client = name(f),
                        _ => {}
                    }
                }
                Self::Error { code: code?, client, realm }
            }
            _ => Self::Other,
        })
    }
}

impl Request {
    fn parse(mut fields: Ber<'_>) -> Self {
        let mut out = Self::default();
        while let Some(f) = fields.next_cut() {
            match f.tag {
                0xa3 => out.is_proved = proofs(f).any(|kind| PROOFS.contains(&kind)),
                0xa4 => out.body(f),
                _ => {}
            }
        }
        out
    }

    fn body(&mut self, body: Tlv<'_>) {
        let Some(mut fields) = sequence(body) else { return };
        while let Some(f) = fields.next_cut() {
            match f.tag {
                0xa0 => {
                    // A string of bits: how many of the last byte's are not used, then the bytes.
                    let flags = Ber::new(f.value).next_cut().map(|t| t.value).unwrap_or_default();
                    self.is_forwardable = flags.get(1).is_some_and(|b| b & 0x40 != 0);
                    self.is_renewable = flags.get(2).is_some_and(|b| b & 0x80 != 0);
                }
                0xa1 => self.client = name(f),
                0xa2 => self.realm = string(f),
                0xa3 => self.service = name(f),
                0xa4 => self.from = time(f),
                0xa5 => self.till = time(f),
                0xa7 => self.nonce = number(f),
                _ => {}
            }
        }
    }
}

impl Reply {
    fn parse(mut fields: Ber<'_>) -> Self {
        let mut out = Self::default();
        while let Some(f) = fields.next_cut() {
            match f.tag {
                0xa3 => out.realm = string(f),
                0xa4 => out.client = name(f),
                0xa5 => out.ticket = Ticket::parse(f.value).unwrap_or_default(),
                _ => {}
            }
        }
        out
    }
}

impl Ticket {
    fn parse(data: &[u8]) -> Option<Self> {
        let mut fields = fields(data).filter(|_| data.first() == Some(&TICKET))?;
        let mut out = Self::default();
        while let Some(f) = fields.next_cut() {
            match f.tag {
                0xa2 => out.service = name(f),
                0xa3 => {
                    let kind = sequence(f).and_then(|mut s| s.next_cut());
                    out.cipher = kind.filter(|t| t.tag == 0xa0).and_then(number);
                }
                _ => {}
            }
        }
        Some(out)
    }

    /// The ticket of an AP-REQ (section 5.5.1) that begins here: one that is being used.
    pub fn used(data: &[u8]) -> Option<Self> {
        let mut fields = fields(data).filter(|_| data.first() == Some(&message::AP_REQ))?;
        std::iter::from_fn(|| fields.next_cut())
            .find(|f| f.tag == 0xa3)
            .and_then(|f| Self::parse(f.value))
    }
}

/// The kinds of proof in a list of them.
fn proofs(list: Tlv<'_>) -> impl Iterator<Item = i64> {
    let mut all = sequence(list);
    let next = move || {
        let mut proof = Ber::new(all.as_mut()?.next_cut()?.value);
        proof.next_cut().filter(|t| t.tag == 0xa1).and_then(number)
    };
    std::iter::from_fn(next).take(MAX_PROOFS)
}

fn sequence(of: Tlv<'_>) -> Option<Ber<'_>> {
    let inner = Ber::new(of.value).next_cut().filter(|t| t.tag == tag::SEQUENCE)?;
    Some(Ber::new(inner.value))
}

fn number(of: Tlv<'_>) -> Option<i64> {
    Ber::new(of.value).int()
}

fn string(of: Tlv<'_>) -> Option<Text> {
    let inner = Ber::new(of.value).next()?;
    (!inner.value.is_empty()).then(|| text::from_bytes(inner.value))
}

/// A principal's name (section 5.2.2), its parts joined as they are written.
fn name(of: Tlv<'_>) -> Option<Text> {
    let mut fields = sequence(of)?;
    let strings = std::iter::from_fn(|| fields.next_cut()).find(|f| f.tag == 0xa1)?;
    let mut parts = sequence(strings)?;
    let parts = std::iter::from_fn(|| parts.next()).take(MAX_PARTS);
    let parts: Vec<&[u8]> = parts.map(|t| t.value).collect();
    let joined = parts.join(&b"/"[..]);
    (!joined.is_empty()).then(|| text::from_bytes(&joined))
}

/// `20370913024805Z`, the one form of times (section 5.2.3).
fn time(of: Tlv<'_>) -> Option<Time> {
    let digits = Ber::new(of.value).next()?.value.strip_suffix(b"Z")?;
    let text = std::str::from_utf8(digits).ok().filter(|t| t.len() == 14 && t.is_ascii())?;
    let n = |from: usize, len: usize| text.get(from..from + len)?.parse::<u32>().ok();
    let (y, mo, d) = (n(0, 4)?, n(4, 2)?, n(6, 2)?);
    Time::from_civil(y.into(), mo, d, n(8, 2)?, n(10, 2)?, n(12, 2)?, 0)
}

/// A cipher's name by its number, RFC 3961 section 8 and its successors.
pub fn cipher(n: i64) -> Text {
    let name = match n {
        1 => "des-cbc-crc",
        2 => "des-cbc-md4",
        3 => "des-cbc-md5",
        5 => "des3-cbc-md5",
        7 => "des3-cbc-sha1",
        16 => "des3-cbc-sha1-kd",
        17 => "aes128-cts-hmac-sha1-96",
        18 => "aes256-cts-hmac-sha1-96",
        19 => "aes128-cts-hmac-sha256-128",
        20 => "aes256-cts-hmac-sha384-192",
        23 => "rc4-hmac",
        24 => "rc4-hmac-exp",
        n => return format!("cipher-{n}").into(),
    };
    name.into()
}

/// The error that only says: prove yourself first.
pub const PREAUTH_REQUIRED: i64 = 25;

/// An error's name by its number, RFC 4120 section 7.5.9.
pub fn error(n: i64) -> Text {
    let name = match n {
        1 => "KDC_ERR_NAME_EXP",
        2 => "KDC_ERR_SERVICE_EXP",
        3 => "KDC_ERR_BAD_PVNO",
        4 => "KDC_ERR_C_OLD_MAST_KVNO",
        5 => "KDC_ERR_S_OLD_MAST_KVNO",
        6 => "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        7 => "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        8 => "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
        9 => "KDC_ERR_NULL_KEY",
        10 => "KDC_ERR_CANNOT_POSTDATE",
        11 => "KDC_ERR_NEVER_VALID",
        12 => "KDC_ERR_POLICY",
        13 => "KDC_ERR_BADOPTION",
        14 => "KDC_ERR_ETYPE_NOSUPP",
        15 => "KDC_ERR_SUMTYPE_NOSUPP",
        16 => "KDC_ERR_PADATA_TYPE_NOSUPP",
        17 => "KDC_ERR_TRTYPE_NOSUPP",
        18 => "KDC_ERR_CLIENT_REVOKED",
        19 => "KDC_ERR_SERVICE_REVOKED",
        20 => "KDC_ERR_TGT_REVOKED",
        21 => "KDC_ERR_CLIENT_NOTYET",
        22 => "KDC_ERR_SERVICE_NOTYET",
        23 => "KDC_ERR_KEY_EXPIRED",
        24 => "KDC_ERR_PREAUTH_FAILED",
        PREAUTH_REQUIRED => "KDC_ERR_PREAUTH_REQUIRED",
        26 => "KDC_ERR_SERVER_NOMATCH",
        27 => "KDC_ERR_MUST_USE_USER2USER",
        28 => "KDC_ERR_PATH_NOT_ACCEPTED",
        29 => "KDC_ERR_SVC_UNAVAILABLE",
        31 => "KRB_AP_ERR_BAD_INTEGRITY",
        32 => "KRB_AP_ERR_TKT_EXPIRED",
        33 => "KRB_AP_ERR_TKT_NYV",
        34 => "KRB_AP_ERR_REPEAT",
        35 => "KRB_AP_ERR_NOT_US",
        36 => "KRB_AP_ERR_BADMATCH",
        37 => "KRB_AP_ERR_SKEW",
        41 => "KRB_AP_ERR_MODIFIED",
        52 => "KRB_ERR_RESPONSE_TOO_BIG",
        60 => "KRB_ERR_GENERIC",
        68 => "KDC_ERR_WRONG_REALM",
        n => return format!("error-{n}").into(),
    };
    name.into()
}
