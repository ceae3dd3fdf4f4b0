//! Ports of services that give control over a host or its data.

use super::Port;

/// Services that give control over a host or its data, by port: what to look at first.
const SENSITIVE: &[(u16, &str)] = &[
    (21, "FTP"),
    (23, "Telnet"),
    (135, "RPC"),
    (139, "NetBIOS"),
    (161, "SNMP"),
    (389, "LDAP"),
    (445, "SMB"),
    (512, "rexec"),
    (513, "rlogin"),
    (514, "rsh"),
    (873, "rsync"),
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2049, "NFS"),
    (2375, "Docker"),
    (3306, "MySQL"),
    (3389, "RDP"),
    (5432, "PostgreSQL"),
    (5900, "VNC"),
    (5985, "WinRM"),
    (5986, "WinRM"),
    (6379, "Redis"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

/// The name of the service that has this port, if it is such a one.
pub(super) fn sensitive((_, port): Port) -> Option<&'static str> {
    SENSITIVE.iter().find(|(p, _)| *p == port).map(|(_, name)| *name)
}
