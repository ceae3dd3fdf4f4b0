//! Fields that a peer and we fill by different rules, on any capture: what counts as the same value
//! in other words, and what differs for a known cause.

use crate::ours::Record;
use crate::zeek_log::Row;
use std::collections::BTreeSet;

/// Whose records are compared with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Arkime,
    FoxIo,
    Ndpi,
    Suricata,
    TShark,
    Zeek,
}

/// What a rule says of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The same value in other words.
    Same,
    /// Another value, for this cause.
    Differs(&'static str),
    /// Not comparable: the peer's field speaks of something else, as this says.
    Apart(&'static str),
}

/// A field of theirs and of ours, with their rows.
pub(crate) struct Pair<'a> {
    pub(crate) row: &'a Row,
    pub(crate) record: &'a Record,
    pub(crate) theirs: Option<&'a str>,
    pub(crate) ours: Option<&'a str>,
}

struct Rule {
    peer: Peer,
    kind: &'static str,
    fields: &'static [&'static str],
    verdict: Verdict,
    holds: fn(&Pair<'_>) -> bool,
}

use Peer::{Arkime, Ndpi, Suricata, TShark, Zeek};
use Verdict::{Apart, Differs, Same};

/// The first that holds decides.
static RULES: &[Rule] = &[
    // A password is never kept, only that there was one.
    Rule {
        peer: Zeek,
        kind: "ftp",
        fields: &["password", "arg"],
        verdict: Same,
        holds: |p| p.theirs.is_some() && p.ours == Some(HIDDEN),
    },
    Rule {
        peer: Zeek,
        kind: "http",
        fields: &["password"],
        verdict: Same,
        holds: |p| p.theirs.is_some() && p.ours == Some(HIDDEN),
    },
    // Zeek's word for "nobody gave a name".
    Rule {
        peer: Zeek,
        kind: "ftp",
        fields: &["user"],
        verdict: Same,
        holds: |p| p.theirs == Some("<unknown>") && p.ours.is_none(),
    },
    // Ours is as it was sent; Zeek undoes percent-encoding.
    Rule {
        peer: Zeek,
        kind: "http",
        fields: &["uri"],
        verdict: Same,
        holds: |p| both(p).is_some_and(|(t, o)| t.as_bytes() == decoded(o)),
    },
    // Zeek's log has the first 24 of the digest's 32 bytes; OpenSSH shows all, as we do.
    Rule {
        peer: Zeek,
        kind: "ssh",
        fields: &["host_key_fingerprint"],
        verdict: Same,
        holds: |p| {
            both(p).is_some_and(|(t, o)| t.len() == "SHA256:".len() + 32 && o.starts_with(t))
        },
    },
    Rule {
        peer: Zeek,
        kind: "dns",
        fields: &["qclass", "qclass_name", "qtype", "qtype_name"],
        verdict: Differs("Zeek takes the question from a query alone; the reply repeats it"),
        holds: |p| p.theirs.is_none() && !p.record.fields.contains_key("rtt"),
    },
    Rule {
        peer: Zeek,
        kind: "conn",
        fields: &["service"],
        verdict: Differs("identified by content; Zeek's own scripts have no analyzer of it"),
        holds: |p| p.theirs.is_none() && p.ours.is_some_and(|o| NOT_ZEEKS.contains(&o)),
    },
    // EVE names one protocol of a flow, the record all.
    Rule {
        peer: Suricata,
        kind: "conn",
        fields: &["service"],
        verdict: Same,
        holds: |p| both(p).is_some_and(|(t, o)| o.split(',').any(|name| name == t)),
    },
    // Suricata makes an answer of each text of a TXT record, Zeek and we one of the record.
    Rule {
        peer: Suricata,
        kind: "dns",
        fields: &["answers"],
        verdict: Same,
        holds: |p| both(p).is_some_and(|(t, o)| t.replace(",TXT ", " TXT ") == o),
    },
    Rule {
        peer: Suricata,
        kind: "dns",
        fields: &["TTLs"],
        verdict: Same,
        holds: |p| {
            let is_text = p.record.fields.get("answers").is_some_and(|a| a.starts_with("TXT "));
            is_text && both(p).is_some_and(|(t, o)| t.split(',').all(|one| one == o))
        },
    },
    // Ours is the path as a URL, as Zeek writes it.
    Rule { peer: Suricata, kind: "ftp", fields: &["arg"], verdict: Same, holds: is_path_of },
    Rule {
        peer: Suricata,
        kind: "dns",
        fields: &["Z"],
        verdict: Apart("EVE's is the reply's; Zeek's and ours the query's"),
        holds: |p| set(p.row, "rtt").is_none() && p.record.fields.contains_key("rtt"),
    },
    // Its name of a ServerHello that says 0x0304 itself, as drafts before 16 did.
    Rule {
        peer: Suricata,
        kind: "ssl",
        fields: &["version"],
        verdict: Same,
        holds: |p| p.theirs == Some("TLSv13-draft<16") && p.ours == Some("TLSv13"),
    },
    Rule {
        peer: Suricata,
        kind: "ssl",
        fields: &["version"],
        verdict: Apart(
            "without a ServerHello Suricata shows the version of the client's record; ours is what \
             the server chose",
        ),
        holds: |p| p.ours.is_none() && !p.record.fields.contains_key("cipher"),
    },
    Rule {
        peer: TShark,
        kind: "ftp",
        fields: &["arg"],
        verdict: Same,
        holds: |p| p.theirs.is_some() && p.ours == Some(HIDDEN),
    },
    Rule { peer: TShark, kind: "ftp", fields: &["arg"], verdict: Same, holds: is_path_of },
    Rule {
        peer: TShark,
        kind: "ftp",
        fields: &["command"],
        verdict: Apart("TShark takes each segment of a long line for a command of its own"),
        holds: |p| p.theirs.is_some_and(|t| t.len() > MAX_FTP_COMMAND),
    },
    // TShark's columns do not tell sections apart.
    Rule {
        peer: TShark,
        kind: "dns",
        fields: &["answers"],
        verdict: Same,
        holds: |p| {
            let ours = ["answers", "auth", "addl"].map(|f| p.record.get(f).unwrap_or_default());
            let ours = ours.join(",").to_ascii_lowercase();
            let ours: BTreeSet<&str> = ours.split([',', ' ']).collect();
            p.theirs.is_some_and(|t| t.split(',').all(|one| ours.contains(one)))
        },
    },
    Rule {
        peer: TShark,
        kind: "flow",
        fields: &["last"],
        verdict: Apart(AFTER_CLOSE),
        holds: is_after_close,
    },
    Rule {
        peer: TShark,
        kind: "flow",
        fields: &["payload"],
        verdict: Apart("as in Zeek, a connection of one packet has no sizes"),
        holds: |p| p.ours.is_none(),
    },
    Rule {
        peer: Arkime,
        kind: "flow",
        fields: &["last_ms"],
        verdict: Apart(AFTER_CLOSE),
        holds: is_after_close,
    },
    // Milliseconds, cut by one and rounded by the other.
    Rule {
        peer: Arkime,
        kind: "flow",
        fields: &["first_ms", "last_ms"],
        verdict: Same,
        holds: |p| {
            let number = |text: &str| text.parse::<i64>().ok();
            both(p).and_then(|(t, o)| Some(number(t)?.abs_diff(number(o)?) <= 1)) == Some(true)
        },
    },
    // Its path is without the query.
    Rule {
        peer: Arkime,
        kind: "http",
        fields: &["uri"],
        verdict: Same,
        holds: |p| both(p).is_some_and(|(t, o)| o.split('?').next() == Some(t)),
    },
    Rule {
        peer: Arkime,
        kind: "smtp",
        fields: &["subject"],
        verdict: Apart("Arkime decodes what the header encodes; Zeek's and ours is as it was sent"),
        holds: |p| p.ours.is_some_and(|o| !o.is_ascii() || o.contains("=?") || o.contains("\\x")),
    },
    Rule {
        peer: TShark,
        kind: "dns",
        fields: &["query", "qtype"],
        verdict: Apart(
            "an update's zone, which is no question; ours is what is updated, as Zeek's",
        ),
        holds: |p| p.record.get("opcode").as_deref() == Some("5"),
    },
    Rule { peer: Arkime, kind: "flow", fields: &["service"], verdict: Same, holds: has_all },
    Rule { peer: Ndpi, kind: "flow", fields: &["service"], verdict: Same, holds: has_all },
];

/// Protocols that we tell by their first bytes and Zeek's own scripts do not name.
const NOT_ZEEKS: &[&str] = &[
    "bacnet",
    "bgp",
    "bittorrent",
    "bittorrent-dht",
    "coap",
    "dhcpv6",
    "ident",
    "isakmp",
    "mongodb",
    "nfs",
    "nntp",
    "openvpn",
    "rlogin",
    "rpc",
    "rsync",
    "rtcp",
    "rtp",
    "ssdp",
    "stun",
    "tds",
    "tftp",
    "wireguard",
    "x11",
];

/// Commands of FTP have four letters at most (RFC 959), those of extensions some more.
const MAX_FTP_COMMAND: usize = 16;

const AFTER_CLOSE: &str = "Zeek's duration and ours end when both sides have closed; the last acknowledgement comes later";

/// True when packets of a TCP connection went on behind our end of it.
fn is_after_close(pair: &Pair<'_>) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let later = both(pair).and_then(|(t, o)| Some(number(t)? > number(o)?));
    pair.record.get("proto").as_deref() == Some("tcp") && later == Some(true)
}

/// True when theirs is the end of our path.
fn is_path_of(pair: &Pair<'_>) -> bool {
    both(pair).is_some_and(|(t, o)| {
        let path = o.strip_prefix("ftp://").and_then(|o| o.strip_suffix(t));
        path.is_some_and(|path| path.ends_with('/') || t.starts_with('/'))
    })
}

/// True when each protocol of theirs is one of ours.
fn has_all(pair: &Pair<'_>) -> bool {
    let has = |(t, o): (&str, &str)| {
        // Zeek's names of some tell what carries them.
        let plain = |name: &str| name.trim_end_matches("_tcp").trim_end_matches("_udp").to_owned();
        t.split(',').all(|one| o.split(',').any(|name| plain(name) == one))
    };
    both(pair).is_some_and(has)
}

/// What stands for a password.
const HIDDEN: &str = "<hidden>";

/// What is known of two values that are not equal.
pub(crate) fn of(peer: Peer, field: &str, pair: &Pair<'_>) -> Option<Verdict> {
    let is_it =
        |r: &&Rule| r.peer == peer && r.kind == pair.record.kind && r.fields.contains(&field);
    RULES.iter().filter(is_it).find(|r| (r.holds)(pair)).map(|r| r.verdict)
}

fn both<'a>(pair: &Pair<'a>) -> Option<(&'a str, &'a str)> {
    pair.theirs.zip(pair.ours)
}

fn set<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_deref()
}

/// Percent-encoding undone, RFC 3986 section 2.1.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.filter(|_| first == b'%').and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        peer: Peer,
        kind: &'static str,
        field: &str,
        theirs: &str,
        ours: &str,
    ) -> Option<Verdict> {
        let some = |text: &str| (text != "-").then(|| text.to_owned());
        let row: Row = [(field.to_owned(), some(theirs))].into();
        let fields = some(ours).map(|o| (field.to_owned(), o)).into_iter().collect();
        let record = Record { kind, fields };
        let pair = Pair {
            row: &row,
            record: &record,
            theirs: row.get(field).and_then(Option::as_deref),
            ours: record.fields.get(field).map(String::as_str),
        };
        of(peer, field, &pair)
    }

    #[test]
    fn a_password_counts_as_told_only_where_there_was_one() {
        assert_eq!(verdict(Zeek, "ftp", "password", "x", "<hidden>"), Some(Same));
        assert_eq!(verdict(Zeek, "ftp", "password", "-", "<hidden>"), None);
        assert_eq!(verdict(Zeek, "ftp", "password", "x", "-"), None);
    }

    #[test]
    fn a_name_that_zeek_has_not_is_known_only_where_zeek_has_none() {
        let known = |t, o| verdict(Zeek, "conn", "service", t, o).is_some();
        assert!(known("-", "bgp") && !known("http", "bgp") && !known("-", "http"));
    }

    #[test]
    fn a_path_is_the_same_from_the_root_on_or_from_a_folder() {
        assert_eq!(verdict(TShark, "ftp", "arg", "/README", "ftp://h/README"), Some(Same));
        assert_eq!(verdict(TShark, "ftp", "arg", "README", "ftp://h/a/README"), Some(Same));
        assert_eq!(verdict(TShark, "ftp", "arg", "README", "ftp://h/aREADME"), None);
    }

    #[test]
    fn a_path_is_the_same_once_decoded() {
        assert_eq!(verdict(Zeek, "http", "uri", "/a b%", "/a%20b%"), Some(Same));
        assert_eq!(verdict(Zeek, "http", "uri", "/a b", "/a%21b"), None);
    }

    #[test]
    fn a_digest_is_the_same_as_far_as_zeeks_goes() {
        let whole = "SHA256:trtjp/Gp6neQFvx/rk16+fmc3q8dWs/03Zk6dBczi7k";
        let cut = "SHA256:trtjp/Gp6neQFvx/rk16+fmc3q8dWs/0";
        assert_eq!(verdict(Zeek, "ssh", "host_key_fingerprint", cut, whole), Some(Same));
        assert_eq!(verdict(Zeek, "ssh", "host_key_fingerprint", "SHA256:trtj", whole), None);
    }

    #[test]
    fn one_protocol_of_several_and_texts_of_one_record_are_the_same() {
        assert_eq!(verdict(Suricata, "conn", "service", "smb", "dce_rpc,smb"), Some(Same));
        assert_eq!(verdict(Suricata, "conn", "service", "smb", "dce_rpc"), None);
        assert_eq!(
            verdict(Suricata, "dns", "answers", "TXT 1 a,TXT 1 b", "TXT 1 a TXT 1 b"),
            Some(Same)
        );
        assert_eq!(verdict(Suricata, "dns", "answers", "TXT 1 a,TXT 1 b", "TXT 1 a"), None);
    }
}
