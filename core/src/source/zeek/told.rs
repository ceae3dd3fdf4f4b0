//! Which of Zeek's logs a row without a path is of, by the names of its fields.

use super::log::{CONNECTION, LOGS, is_common, is_same};
use crate::event::{KINDS, Kind};
use crate::order::Order;
use std::sync::LazyLock;

/// Kinds that Zeek has no log of.
const NOT_ZEEKS: [Kind; 3] = [Kind::Arp, Kind::Login, Kind::Netflow];
/// Without one of these a row of a log that is read by names alone is not of it.
const ANCHORS: &[&str] = &["id.orig_h", "id.resp_h", "uids"];
/// Fields that must be a log's own: one alone, such as `name`, is anybody's.
const MIN_FIELDS: usize = 2;

/// Every field's name as exports may write it, with the place in [`KINDS`] of a kind that has it.
static NAMES: LazyLock<Vec<(String, usize)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (i, kind) in KINDS.iter().enumerate().filter(|(_, k)| !NOT_ZEEKS.contains(k)) {
        let log = LOGS.iter().find(|l| l.kind == *kind);
        let marks = log.into_iter().flat_map(|l| l.marks).copied();
        let names = kind.fields().iter().map(|f| f.name).chain(marks);
        all.extend(names.map(|n| (n.replace('.', "_"), i)));
    }
    all.order();
    all.dedup();
    all
});

/// The log with the most of the row's fields; of equal ones the first. A bare connection is a
/// `conn`.
pub fn by_fields<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Kind> {
    let has_any = |of: &[&str]| names.clone().any(|n| of.iter().any(|a| is_same(a, n)));
    if !has_any(CONNECTION) && !LOGS.iter().any(|l| has_any(l.anchors)) && !has_any(ANCHORS) {
        return None;
    }
    let mut counts = vec![0; KINDS.len()];
    for name in names.clone() {
        let name = name.bytes().map(|b| if b == b'.' { b'_' } else { b });
        let start = NAMES.partition_point(|(n, _)| n.bytes().lt(name.clone()));
        let same = NAMES.iter().skip(start).take_while(|(n, _)| n.bytes().eq(name.clone()));
        for (_, i) in same {
            if let Some(count) = counts.get_mut(*i) {
                *count += 1;
            }
        }
    }
    let n_others = names.clone().filter(|n| !is_common(n)).count();
    let is_possible = |kind: Kind, n: usize| match LOGS.iter().find(|l| l.kind == kind) {
        // Its marks, or nothing but its fields.
        Some(log) => {
            has_any(log.anchors) && (has_any(log.marks) || (n >= MIN_FIELDS && n == n_others))
        }
        None => n >= MIN_FIELDS && has_any(ANCHORS),
    };
    let mut best = (0, None);
    for (kind, n) in KINDS.iter().zip(counts) {
        if n > best.0 && is_possible(*kind, n) {
            best = (n, Some(*kind));
        }
    }
    let has = |name| names.clone().any(|n| is_same(name, n));
    best.1.or_else(|| (has("id.orig_h") && has("proto")).then_some(Kind::Conn))
}

/// Which log a path names. Corelight's sensors write what they thin out under the log's own name and
/// `_red`, with a choice of its fields.
pub fn by_path(path: &str) -> Option<Kind> {
    Kind::from_path(path).or_else(|| Kind::from_path(path.strip_suffix("_red")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_path_is_told_by_its_fields() {
        let kind = |names: &str| by_fields(names.split(' '));
        assert_eq!(kind("id.orig_h id.resp_h query answers TTLs"), Some(Kind::Dns));
        assert_eq!(kind("ts fingerprint certificate.version certificate.serial"), Some(Kind::X509));
        assert_eq!(kind("ts uid id_orig_h host uri method version"), Some(Kind::Http));
        assert_eq!(kind("id.orig_h id.resp_h proto service conn_state"), Some(Kind::Conn));
        assert_eq!(kind("ts uid id.orig_h proto"), Some(Kind::Conn));
        assert_eq!(kind("uid user command arg reply_code reply_msg"), Some(Kind::Ftp));
        assert_eq!(kind("level msg logger"), None);
        // A web server's own JSON log.
        assert_eq!(kind("ts client port method uri host status bytes"), None);
    }

    #[test]
    fn logs_that_share_fields_are_told_apart() {
        let kind = |names: &str| by_fields(names.split(' '));
        let ids = "ts uid id.orig_h id.resp_h";
        let of = |names: &str| kind(&format!("{ids} {names}"));
        assert_eq!(
            of("trans_depth method uri user_agent status_code call_id seq"),
            Some(Kind::Sip)
        );
        assert_eq!(of("trans_depth method host uri user_agent status_code"), Some(Kind::Http));
        assert_eq!(of("trans_depth helo mailfrom user_agent"), Some(Kind::Smtp));
        assert_eq!(of("message_id version opcode result"), Some(Kind::Ldap));
        assert_eq!(of("message_id scope base_object result"), Some(Kind::LdapSearch));
        assert_eq!(of("duration version community"), Some(Kind::Snmp));
        assert_eq!(of("name source"), Some(Kind::Weird));
        assert_eq!(of("name notice peer"), Some(Kind::Weird));
        // Zeek's log of files, which is not read.
        assert_eq!(of("fuid source depth duration local_orig is_orig"), None);
        assert_eq!(kind("ts uids mac host_name msg_types"), Some(Kind::Dhcp));
        // Another tool's log of its users.
        assert_eq!(kind("ts uid username success service"), None);
        assert_eq!(of("version"), None);
    }
    #[test]
    fn a_thinned_out_log_is_the_log() {
        assert_eq!(by_path("conn"), Some(Kind::Conn));
        assert_eq!(by_path("conn_red"), Some(Kind::Conn));
        assert_eq!(by_path("conn_long"), None);
        assert_eq!(by_path("_red"), None);
    }
}
