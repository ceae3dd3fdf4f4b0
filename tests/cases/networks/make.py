#!/usr/bin/env python3
"""Makes the database: a few documentation networks in MaxMind's format, version 2."""

import ipaddress
import struct

NETWORKS = {
    "192.0.2.0/24": (64496, "Example Access", "CH"),
    "198.51.100.0/24": (64497, "Example Hosting", "DE"),
    "203.0.113.0/24": (64498, "Example Cable", "US"),
    "2001:db8::/32": (64499, "Example Six", "FR"),
}


def value(of):
    if isinstance(of, str):
        data = of.encode()
        head = bytes([2 << 5 | len(data)]) if len(data) < 29 else bytes([2 << 5 | 29, len(data) - 29])
        return head + data
    if isinstance(of, int):
        return bytes([6 << 5 | 4]) + struct.pack("!I", of)
    out = bytes([7 << 5 | len(of)])
    for key, item in of.items():
        out += value(key) + value(item)
    return out


def main():
    nodes, data = [[None, None]], b""
    for network, (asn, name, country) in NETWORKS.items():
        net = ipaddress.ip_network(network)
        bits = int(net.network_address)
        length = net.prefixlen + (96 if net.version == 4 else 0)
        entry = ("data", len(data))
        data += value({"autonomous_system_number": asn, "autonomous_system_organization": name,
                       "country": {"iso_code": country}})
        at = 0
        for n in range(length):
            side = bits >> (127 - n) & 1
            if n == length - 1:
                nodes[at][side] = entry
            else:
                if nodes[at][side] is None:
                    nodes.append([None, None])
                    nodes[at][side] = len(nodes) - 1
                at = nodes[at][side]
    tree = b""
    for node in nodes:
        for record in node:
            if record is None:
                record = len(nodes)
            elif isinstance(record, tuple):
                record = len(nodes) + 16 + record[1]
            tree += struct.pack("!I", record)[1:]
    metadata = value({"node_count": len(nodes), "record_size": 24, "ip_version": 6,
                      "build_epoch": 1_700_000_000, "database_type": "Example-ASN"})
    with open("input/asn.mmdb", "wb") as out:
        out.write(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + metadata)


main()
