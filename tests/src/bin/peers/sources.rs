//! What is compared: the peers' files beside a capture, and what their tables are called.

use crate::meaning::Peer;
use crate::zeek_log::Row;
use crate::{arkime, eve, folders, foxio, ndpi, tshark};
use std::path::{Path, PathBuf};

/// The logs of Zeek that are compared, and the fields that tell their rows apart.
pub(crate) const ZEEK: &[(&str, &[&str])] = &[
    ("conn", &[]),
    ("dhcp", &["mac"]),
    ("dns", &["trans_id", "query", "qtype"]),
    ("ftp", &["command", "arg"]),
    ("http", &["trans_depth"]),
    ("kerberos", &["request_type", "service"]),
    ("ldap", &["message_id"]),
    ("ldap_search", &["message_id"]),
    ("mysql", &["cmd", "arg"]),
    ("ntlm", &["username"]),
    ("ntp", &["mode", "xmt_time"]),
    ("postgresql", &["frontend", "frontend_arg"]),
    ("radius", &[]),
    ("rdp", &[]),
    ("sip", &["method", "seq", "status_code"]),
    ("smtp", &["trans_depth"]),
    ("snmp", &[]),
    ("socks", &[]),
    ("ssh", &[]),
    ("ssl", &[]),
    ("syslog", &["message"]),
    ("websocket", &["uri"]),
    ("x509", &["fingerprint"]),
];

/// A file that expects some fields of some records.
pub(crate) struct Source {
    pub(crate) peer: Peer,
    /// The files in a folder of expected output.
    pub(crate) files: fn(&Path) -> Vec<PathBuf>,
    pub(crate) expected: fn(&Path) -> Vec<(&'static str, Row)>,
    /// Kinds, and what their tables are called.
    pub(crate) logs: &'static [(&'static str, &'static str)],
}

/// Every one.
pub(crate) static SOURCES: &[Source] = &[
    Source {
        peer: Peer::Suricata,
        files: eve::files,
        expected: eve::expected,
        logs: &[
            ("conn", "eve-conn"),
            ("dhcp", "eve-dhcp"),
            ("dns", "eve-dns"),
            ("ftp", "eve-ftp"),
            ("http", "eve-http"),
            ("kerberos", "eve-kerberos"),
            ("ntlm", "eve-ntlm"),
            ("rdp", "eve-rdp"),
            ("sip", "eve-sip"),
            ("smtp", "eve-smtp"),
            ("snmp", "eve-snmp"),
            ("ssh", "eve-ssh"),
            ("ssl", "eve-ssl"),
            ("x509", "eve-x509"),
        ],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| table(folder, "dns"),
        expected: tshark::dns::expected,
        logs: &[("dns", "tshark-dns")],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| table(folder, "flows"),
        expected: tshark::flows::expected,
        logs: &[("flow", "tshark-flow")],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| table(folder, "ftp"),
        expected: tshark::ftp::expected,
        logs: &[("ftp", "tshark-ftp")],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| table(folder, "http"),
        expected: tshark::http::expected,
        logs: &[("http", "tshark-http")],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| folders::file(&folder.join("tshark"), "protocols.txt"),
        expected: tshark::services::expected,
        logs: &[("services", "tshark-services")],
    },
    Source {
        peer: Peer::TShark,
        files: |folder| table(folder, "tls"),
        expected: tshark::tls::expected,
        logs: &[("ssl", "tshark-ssl"), ("x509", "tshark-x509")],
    },
    Source {
        peer: Peer::Arkime,
        files: |folder| folders::file(folder, "arkime.json"),
        expected: arkime::expected,
        logs: &[
            ("flow", "arkime-flow"),
            ("http", "arkime-http"),
            ("kerberos", "arkime-kerberos"),
            ("mysql", "arkime-mysql"),
            ("sip", "arkime-sip"),
            ("smtp", "arkime-smtp"),
            ("snmp", "arkime-snmp"),
            ("socks", "arkime-socks"),
            ("ssl", "arkime-ssl"),
        ],
    },
    Source {
        peer: Peer::Ndpi,
        files: |folder| folders::file(folder, "ndpi.out"),
        expected: ndpi::expected,
        logs: &[("flow", "ndpi-flow")],
    },
    Source {
        peer: Peer::FoxIo,
        files: |folder| {
            let mut files = folders::file(&folder.join("ja4"), "python.json");
            files.extend(folders::file(&folder.join("truth"), "ja4_foxio.jsonl"));
            files
        },
        expected: foxio::expected,
        logs: &[("ssh", "foxio-ssh"), ("ssl", "foxio-ssl")],
    },
];

fn table(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut files = folders::file(&folder.join("tshark"), &format!("{name}.tsv"));
    files.extend(folders::file(&folder.join("tshark"), &format!("{name}.tsv.gz")));
    files
}
