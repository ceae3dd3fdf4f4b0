#!/usr/bin/env python3
"""Writes one capture for each tunnel: a query and its answer inside, on Ethernet."""

import importlib.util
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("links", HERE.parent / "link-types/make.py")
links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(links)
MACS = links.MACS


def ipv4(protocol, payload, answer):
    ends = [bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))]
    src, dst = reversed(ends) if answer else ends
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 2, 0, 64, protocol, 0) + src + dst
    return ip[:10] + struct.pack("!H", links.checksum(ip)) + ip[12:] + payload


def udp(port, payload):
    return struct.pack("!HHHH", 55555, port, 8 + len(payload), 0) + payload


# Name, IP protocol or (UDP port,), header as text or function of the inner length, what is inside:
# an IP packet of version 4 or 6, or an Ethernet frame.
FORMS = [
    ("ip-in-ip", 4, "", 4),
    ("6in4", 41, "", 6),
    ("etherip", 97, "3000", "frame"),
    ("mpls-over-ip", 137, "000101ff", 4),
    ("gre", 47, "0000 0800", 4),
    ("gre-key-sequence", 47, "3000 0800 00000007 00000001", 4),
    ("gre-ethernet", 47, "0000 6558", "frame"),
    ("gre-pptp", 47, lambda n: f"3001 880b {n + 4:04x} 0009 00000001 ff03 0021", 4),
    ("erspan-1", 47, "0000 88be", "frame"),
    ("erspan-2", 47, "1000 88be 00000001 1001 0005 00000000", "frame"),
    ("erspan-3", 47, f"1000 22eb 00000001 2001 0006 {'00' * 8}", "frame"),
    ("vxlan", (4789,), "08000000 00000500", "frame"),
    ("vxlan-gpe", (4790,), "0c000001 00000500", 4),
    ("geneve", (6081,), "0100 6558 00000500 00000000", "frame"),
    ("gtp-u", (2152,), lambda n: f"30ff {n:04x} 00000007", 4),
    ("teredo", (3544,), "", 6),
    ("l2tp", (1701,), "0002 0001 0009 ff03 0021", 4),
    ("mpls-over-udp", (6635,), "000101ff", 4),
    ("tzsp", (37008,), "01 00 0001 01", "frame"),
    ("ayiya", (5072,), f"4452 1129 00000000 {'00' * 36}", 6),
]


def frame(name, over, header, inner, answer):
    body = links.packet(answer, 6 if inner == 6 else 4)
    if inner == "frame":
        body = bytes.fromhex(f"{MACS} 0800".replace(" ", "")) + body
    before = header(len(body)) if callable(header) else header
    body = bytes.fromhex(before.replace(" ", "")) + body
    if isinstance(over, tuple):
        over, body = 17, udp(over[0], body)
    return bytes.fromhex(f"{MACS} 0800".replace(" ", "")) + ipv4(over, body, answer)


def main():
    for number, form in enumerate(FORMS):
        frames = [frame(*form, answer) for answer in (False, True)]
        links.write(HERE / "input", number, form[0], 1, frames)
    # Three tunnels in each other: GTP-U in VXLAN in GRE.
    nested = []
    for answer in (False, True):
        body = links.packet(answer)
        body = bytes.fromhex("30ff") + struct.pack("!HI", len(body), 7) + body
        body = ipv4(17, udp(2152, body), answer)
        body = bytes.fromhex(f"08000000 00000500 {MACS} 0800".replace(" ", "")) + body
        body = bytes.fromhex("00000800") + ipv4(17, udp(4789, body), answer)
        nested.append(bytes.fromhex(f"{MACS} 0800".replace(" ", "")) + ipv4(47, body, answer))
    links.write(HERE / "input", len(FORMS), "nested", 1, nested)


if __name__ == "__main__":
    main()
