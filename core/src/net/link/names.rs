//! Names for what is not decoded, so that a count says what it counts.

/// The tcpdump registry's name for a link type.
pub(in crate::net) const fn link_type_name(link_type: u16) -> Option<&'static str> {
    Some(match link_type {
        3 => "AX.25",
        8 => "SLIP",
        99 => "Symantec firewall",
        106 => "Linux classical IP over ATM",
        114 => "LocalTalk",
        139 => "MTP2 with pseudo-header",
        140 => "MTP2",
        141 => "MTP3",
        142 => "SCCP",
        143 => "DOCSIS",
        144 => "Linux IrDA",
        147..=162 => "private use",
        165 => "BACnet MS/TP",
        169 => "GPRS LLC",
        177 => "LAPD",
        187 => "Bluetooth HCI UART",
        189 => "USB, Linux",
        190 => "CAN 2.0B",
        195 => "802.15.4 with checksum",
        197 => "ERF",
        201 => "Bluetooth HCI UART with direction",
        203 => "LAPD",
        215 => "802.15.4 without physical header",
        220 => "USB, Linux, padded",
        224 => "Fibre Channel FC-2",
        227 => "CAN, SocketCAN",
        230 => "802.15.4 without checksum",
        231 => "D-Bus",
        235 => "DVB-CI",
        242 => "IP over Infiniband",
        243 => "MPEG-2 transport stream",
        247 => "Infiniband",
        248 => "SCTP without IP",
        249 => "USB, Windows",
        251 => "Bluetooth Low Energy",
        252 => "Wireshark upper PDU",
        253 => "netlink",
        254 => "Bluetooth, Linux monitor",
        256 => "Bluetooth Low Energy with radio",
        262 => "Z-Wave",
        266 => "USB, macOS",
        270 => "LoRaTap",
        271 => "vsock",
        272 => "Nordic Bluetooth Low Energy",
        283 => "802.15.4 TAP",
        _ => return None,
    })
}

/// What an EtherType that is not decoded carries.
pub(in crate::net) const fn ether_type_name(ether_type: u16) -> Option<&'static str> {
    Some(match ether_type {
        0x0001 => "802.3 without LLC",
        0x0600 => "XNS",
        0x0842 => "wake on LAN",
        0x2000 => "CDP",
        0x6002 => "DEC MOP",
        0x6003 => "DECnet",
        0x8035 => "RARP",
        0x809b => "AppleTalk",
        0x80f3 => "AppleTalk ARP",
        0x8137 => "IPX",
        0x8808 => "flow control",
        0x8809 => "slow protocols, LACP",
        0x886f => "Microsoft NLB",
        0x887b => "HomePlug",
        0x888e => "802.1X",
        0x8892 => "PROFINET",
        0x88a2 => "ATA over Ethernet",
        0x88a4 => "EtherCAT",
        0x88b8 => "GOOSE",
        0x88ba => "IEC 61850 sampled values",
        0x88ca => "TIPC",
        0x88cc => "LLDP",
        0x88d9 => "LLTD",
        0x88e1 => "HomePlug AV",
        0x88e3 => "MRP",
        0x88f5 => "MVRP",
        0x88f7 => "PTP",
        0x8902 => "connectivity fault management",
        0x8906 => "FCoE",
        0x8914 => "FCoE initialisation",
        0x894f => "network service header",
        0x8999 => "Realtek",
        0x9000 => "loopback test",
        _ => return None,
    })
}

/// What an LLC service access point carries.
pub(in crate::net) const fn sap_name(sap: u8) -> Option<&'static str> {
    Some(match sap {
        0x00 => "LLC management",
        0x42 => "spanning tree",
        0x7e => "X.25",
        0xaa => "SNAP of a vendor",
        0xe0 => "IPX",
        0xf0 => "NetBIOS",
        0xfe => "OSI routing",
        0xff => "IPX without LLC",
        _ => return None,
    })
}

/// What a PPP protocol number that is not decoded carries.
pub(in crate::net) const fn ppp_name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        0x002d => "compressed TCP",
        0x003d => "multilink",
        0x00fd => "compressed",
        0x0053 => "encrypted",
        0x8021 => "IPCP",
        0x8057 => "IPV6CP",
        0x80fd => "CCP",
        0xc021 => "LCP",
        0xc023 => "PAP",
        0xc025 => "LQR",
        0xc223 => "CHAP",
        0xc227 => "EAP",
        _ => return None,
    })
}
