//! The protocols that TShark met in a capture, by our names.

use crate::zeek_log::Row;
use std::path::Path;

/// Its names of what we know by another name.
const NAMES: &[(&str, &str)] = &[
    ("bt-dht", "bittorrent-dht"),
    ("cldap", "ldap"),
    ("dcerpc", "dce_rpc"),
    ("gtp", "gtpv1"),
    ("kerberos", "krb"),
    ("llmnr", "dns"),
    ("mdns", "dns"),
    ("nbns", "dns"),
    ("ntlmssp", "ntlm"),
    ("pgsql", "postgresql"),
    ("pop", "pop3"),
    ("smb2", "smb"),
    ("tls", "ssl"),
    ("vnc", "rfb"),
    ("wg", "wireguard"),
];

/// Those that we know by its name.
const SAME: &[&str] = &[
    "arp",
    "bacnet",
    "bgp",
    "bittorrent",
    "coap",
    "dhcp",
    "dhcpv6",
    "dns",
    "dtls",
    "ftp",
    "http",
    "http2",
    "imap",
    "irc",
    "isakmp",
    "ldap",
    "modbus",
    "mqtt",
    "mysql",
    "nfs",
    "nntp",
    "ntp",
    "openvpn",
    "quic",
    "radius",
    "rdp",
    "rpc",
    "rtcp",
    "rtp",
    "sip",
    "smb",
    "smtp",
    "snmp",
    "socks",
    "ssdp",
    "ssh",
    "stun",
    "syslog",
    "tds",
    "telnet",
    "tftp",
    "websocket",
    "x11",
    "xmpp",
];

/// One row, with a field for each protocol.
pub(crate) fn expected(list: &Path) -> Vec<(&'static str, Row)> {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    let ours = |theirs: &str| {
        let other = NAMES.iter().find(|(name, _)| *name == theirs).map(|(_, ours)| *ours);
        other.or_else(|| SAME.iter().copied().find(|name| *name == theirs))
    };
    // SMB in datagrams of NetBIOS (port 138) announces hosts; it is no session.
    let has = |name: &str| text.lines().any(|line| line == name);
    let is_announced = has("nbdgm") && !has("nbss");
    let names = text.lines().filter(|line| !(is_announced && *line == "smb")).filter_map(ours);
    let row: Row = names.map(|name| (name.to_owned(), Some("T".to_owned()))).collect();
    Some(row).filter(|row| !row.is_empty()).map(|row| ("services", row)).into_iter().collect()
}
