//! Names of DNS numbers, as Zeek prints them (IANA "Domain Name System Parameters", RFC 1002).

use std::borrow::Cow;

/// Record types that the code itself speaks of, each under its IANA name.
pub mod rtype {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const WKS: u16 = 11;
    pub const PTR: u16 = 12;
    pub const HINFO: u16 = 13;
    pub const MX: u16 = 15;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const LOC: u16 = 29;
    /// NetBIOS general name service; DNS uses the number for NIMLOC.
    pub const NB: u16 = 32;
    pub const SRV: u16 = 33;
    /// NetBIOS node status; DNS uses the number for SRV.
    pub const NBSTAT: u16 = 33;
    pub const NAPTR: u16 = 35;
    pub const A6: u16 = 38;
    pub const DNAME: u16 = 39;
    pub const OPT: u16 = 41;
    pub const DS: u16 = 43;
    pub const SSHFP: u16 = 44;
    pub const RRSIG: u16 = 46;
    pub const NSEC: u16 = 47;
    pub const DNSKEY: u16 = 48;
    pub const NSEC3: u16 = 50;
    pub const NSEC3PARAM: u16 = 51;
    pub const SVCB: u16 = 64;
    pub const HTTPS: u16 = 65;
    pub const SPF: u16 = 99;
    pub const TSIG: u16 = 250;
    pub const ANY: u16 = 255;
    pub const CAA: u16 = 257;
    /// BIND's private record of a zone being signed.
    pub const BINDS: u16 = 65534;
}

/// Class NONE of RFC 2136.
pub const CLASS_NONE: u16 = 254;
/// Class ANY.
pub const CLASS_ANY: u16 = 255;

/// Opcode of a dynamic update, RFC 2136.
pub const OPCODE_UPDATE: u8 = 5;

/// The name of a record type; `query-N` when it has none.
pub fn type_name(number: u16) -> Cow<'static, str> {
    named(TYPES, number).map_or_else(|| format!("query-{number}").into(), Into::into)
}

/// The number of a record type by the name that [`type_name`] gives it.
pub fn type_number(name: &str) -> Option<u16> {
    let row = TYPES.iter().find(|row| row.1.eq_ignore_ascii_case(name));
    // ANY is `*` to Zeek.
    row.map(|row| row.0).or_else(|| (name == "ANY").then_some(rtype::ANY))
}

/// The number of a response code by its name.
pub fn rcode_number(name: &str) -> Option<u16> {
    RCODES.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
}

/// The name of a class; `qclass-N` when it has none.
pub fn class_name(number: u16) -> Cow<'static, str> {
    named(CLASSES, number).map_or_else(|| format!("qclass-{number}").into(), Into::into)
}

/// The name of a response code; `rcode-N` when it has none.
pub fn rcode_name(number: u16) -> Cow<'static, str> {
    named(RCODES, number).map_or_else(|| format!("rcode-{number}").into(), Into::into)
}

/// The name of an opcode; NetBIOS gives the numbers other meanings.
pub fn opcode_name(number: u8, netbios: bool) -> Cow<'static, str> {
    let (table, prefix) =
        if netbios { (NETBIOS_OPCODES, "netbios-opcode") } else { (OPCODES, "opcode") };
    named(table, u16::from(number)).map_or_else(|| format!("{prefix}-{number}").into(), Into::into)
}

/// The name of a key of SVCB parameters, RFC 9460 section 14.3.2.
pub fn svc_key_name(number: u16) -> Cow<'static, str> {
    named(SVC_KEYS, number).map_or_else(|| format!("key{number}").into(), Into::into)
}

fn named(table: &'static [(u16, &'static str)], number: u16) -> Option<&'static str> {
    let at = table.binary_search_by_key(&number, |row| row.0).ok()?;
    table.get(at).map(|row| row.1)
}

const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (22, "NSAP"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NIMLOC"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (38, "A6"),
    (39, "DNAME"),
    (40, "SINK"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (56, "NINFO"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "*"),
    (256, "URI"),
    (257, "CAA"),
    (32768, "TA"),
    (32769, "DLV"),
    (65281, "WINS"),
    (65282, "WINS-R"),
    (65422, "XPF"),
    (65521, "INTEGRITY"),
];

const CLASSES: &[(u16, &str)] = &[
    (1, "C_INTERNET"),
    (2, "C_CSNET"),
    (3, "C_CHAOS"),
    (4, "C_HESIOD"),
    (254, "C_NONE"),
    (255, "C_ANY"),
];

const RCODES: &[(u16, &str)] = &[
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSet"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (11, "unassigned-11"),
    (12, "unassigned-12"),
    (13, "unassigned-13"),
    (14, "unassigned-14"),
    (15, "unassigned-15"),
    (16, "BADVERS"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (19, "BADMODE"),
    (20, "BADNAME"),
    (21, "BADALG"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
    (3842, "BADSIG"),
];

const OPCODES: &[(u16, &str)] = &[
    (0, "query"),
    (1, "iquery"),
    (2, "server-status"),
    (4, "notify"),
    (5, "dynamic-update"),
    (6, "dso"),
];

const NETBIOS_OPCODES: &[(u16, &str)] = &[
    (0, "netbios-query"),
    (5, "netbios-registration"),
    (6, "netbios-release"),
    (7, "netbios-wack"),
    (8, "netbios-refresh"),
];

const SVC_KEYS: &[(u16, &str)] = &[
    (0, "mandatory"),
    (1, "alpn"),
    (2, "no-default-alpn"),
    (3, "port"),
    (4, "ipv4hint"),
    (5, "ech"),
    (6, "ipv6hint"),
    (7, "dohpath"),
    (8, "ohttp"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_their_search_and_unknown_numbers_keep_their_number() {
        for table in [TYPES, CLASSES, RCODES, OPCODES, NETBIOS_OPCODES, SVC_KEYS] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
        assert_eq!(type_name(rtype::HTTPS), "HTTPS");
        assert_eq!(type_name(4711), "query-4711");
        assert_eq!(class_name(0x8001), "qclass-32769");
        assert_eq!(rcode_name(24), "rcode-24");
        assert_eq!(opcode_name(5, false), "dynamic-update");
        assert_eq!(opcode_name(5, true), "netbios-registration");
    }
}
