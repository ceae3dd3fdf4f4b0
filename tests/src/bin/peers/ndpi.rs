//! nDPI's flows with the protocol that it takes each for.

use crate::zeek_log::Row;
use std::path::Path;

/// Its names of protocols that we tell, and ours.
const NAMES: &[(&str, &str)] = &[
    ("BACnet", "bacnet"),
    ("BGP", "bgp"),
    ("BITTORRENT", "bittorrent"),
    ("COAP", "coap"),
    ("DCE_RPC", "dce_rpc"),
    ("DHCP", "dhcp"),
    ("DHCPV6", "dhcpv6"),
    ("DNS", "dns"),
    ("DTLS", "dtls"),
    ("FTP_CONTROL", "ftp"),
    ("HTTP", "http"),
    ("IMAP", "imap"),
    ("IMAPS", "ssl"),
    ("IRC", "irc"),
    ("Kerberos", "krb"),
    ("LDAP", "ldap"),
    ("MDNS", "dns"),
    ("MQTT", "mqtt"),
    ("Modbus", "modbus"),
    ("MongoDB", "mongodb"),
    ("MsSQL-TDS", "tds"),
    ("MySQL", "mysql"),
    ("NFS", "nfs"),
    ("NTP", "ntp"),
    ("OpenVPN", "openvpn"),
    ("POP3", "pop3"),
    ("POPS", "ssl"),
    ("PostgreSQL", "postgresql"),
    ("QUIC", "quic"),
    ("RDP", "rdp"),
    ("RSYNC", "rsync"),
    ("RTP", "rtp"),
    ("Radius", "radius"),
    ("Redis", "redis"),
    ("SIP", "sip"),
    ("SMBv1", "smb"),
    ("SMBv23", "smb"),
    ("SMTP", "smtp"),
    ("SMTPS", "ssl"),
    ("SNMP", "snmp"),
    ("SOCKS", "socks"),
    ("SSH", "ssh"),
    ("Syslog", "syslog"),
    ("TFTP", "tftp"),
    ("TLS", "ssl"),
    ("Telnet", "telnet"),
    ("VNC", "rfb"),
    ("WireGuard", "wireguard"),
];

/// A row for each flow.
pub(crate) fn expected(output: &Path) -> Vec<(&'static str, Row)> {
    let text = std::fs::read(output).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(|line| Some(("flow", flow(line)?))).collect()
}

/// Such as `7 TCP 10.0.0.1:4000 <-> [::1]:80 [proto: 7/HTTP]…`.
fn flow(line: &str) -> Option<Row> {
    let (head, rest) = line.split_once("[proto: ")?;
    let mut words = head.split_whitespace().skip(1);
    let proto = words.next()?.to_ascii_lowercase();
    let orig = end(words.next()?)?;
    let resp = words.nth(1).and_then(end)?;
    let (_, name) = rest.split_once(']')?.0.rsplit_once('/')?;
    // What it says by the port alone is no reading of the packets.
    let is_read = rest.contains("[Confidence: DPI]");
    let mut parts = name.split('.').filter(|_| is_read);
    let service = parts.find_map(|part| NAMES.iter().find(|(theirs, _)| *theirs == part));
    let proto = if proto == "icmpv6" { "icmp".to_owned() } else { proto };
    let is_icmp = proto == "icmp";
    let port = |port: String| Some(port).filter(|_| !is_icmp);
    let fields = [
        ("id.orig_h", Some(orig.0)),
        ("id.orig_p", port(orig.1)),
        ("id.resp_h", Some(resp.0)),
        ("id.resp_p", port(resp.1)),
        ("proto", Some(proto).filter(|p| ["tcp", "udp", "icmp", "sctp"].contains(&p.as_str()))),
        ("service", service.map(|(_, ours)| (*ours).to_owned())),
    ];
    let set = fields.into_iter().filter(|(_, value)| value.is_some());
    Some(set.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn end(text: &str) -> Option<(String, String)> {
    let (addr, port) = text.rsplit_once(':')?;
    Some((addr.trim_matches(['[', ']']).to_owned(), port.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_has_its_protocol_only_where_its_content_told() {
        let read = "	1	TCP [::1]:4000 <-> [::2]:21 [proto: 1/FTP_CONTROL][Confidence: DPI][x]";
        let row = flow(read).unwrap();
        let get = |name: &str| row.get(name).cloned().flatten();
        assert_eq!(get("id.resp_h").as_deref(), Some("::2"));
        assert_eq!(get("service").as_deref(), Some("ftp"));
        let guessed = read.replace("DPI", "Match by port");
        assert_eq!(flow(&guessed).unwrap().get("service"), None);
    }
}
