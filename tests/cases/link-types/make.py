#!/usr/bin/env python3
"""Writes one capture for each link type and each header before IP: a query and its answer."""

import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum  # noqa: E402

CLIENT, SERVER = (192, 0, 2, 9), (198, 51, 100, 53)
MACS = "020000000001 020000000002"
WIFI = "0801 0000 020000000001 020000000002 020000000003 0000"
LLC = "aaaa03 000000 0800"


def dns(answer):
    question = b"\4link\7example\0" + struct.pack("!HH", 1, 1)
    head = struct.pack("!HHHHHH", 7, 0x8180 if answer else 0x0100, 1, int(answer), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes((203, 0, 113, 7))
    return head + question + (record if answer else b"")


def packet(answer, version=4):
    body = dns(answer)
    ports = (53, 40000) if answer else (40000, 53)
    segment = struct.pack("!HHHH", *ports, 8 + len(body), 0) + body
    if version == 6:
        ends = [bytes.fromhex("20010db8" + "00" * 11) + bytes([last]) for last in (9, 53)]
        src, dst = reversed(ends) if answer else ends
        pseudo = src + dst + struct.pack("!II", len(segment), 17)
        segment = segment[:6] + struct.pack("!H", checksum(pseudo + segment)) + segment[8:]
        return struct.pack("!IHBB", 6 << 28, len(segment), 17, 64) + src + dst + segment
    src, dst = (SERVER, CLIENT) if answer else (CLIENT, SERVER)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, 17, 0)
    ip += bytes(src) + bytes(dst)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + segment


def pktap(link_type):
    return f"6c000000 01000000 {link_type}000000 {'00' * 96}"


def pppoe(extra):
    return lambda n: f"1100 0001 {n + extra:04x}"


# Name, link type, what stands before IP: text, or a function of the length behind it.
FORMS = [
    ("ethernet", 1, f"{MACS} 0800"),
    ("ethernet-vlan", 1, f"{MACS} 8100 0064 0800"),
    ("ethernet-vlans-stacked", 1, f"{MACS} 88a8 0064 8100 0065 0800"),
    ("ethernet-802.3-llc-snap", 1, lambda n: f"{MACS} {n + 8:04x} {LLC}"),
    ("ethernet-802.3-llc", 1, lambda n: f"{MACS} {n + 3:04x} 060603"),
    ("ethernet-pppoe", 1, lambda n: f"{MACS} 8864 {pppoe(2)(n)} 0021"),
    ("ethernet-mpls", 1, f"{MACS} 8847 000101ff"),
    ("ethernet-mpls-three-labels", 1, f"{MACS} 8847 000100ff 000200ff 000301ff"),
    ("ethernet-mpls-pseudowire", 1, f"{MACS} 8847 000101ff 00000000 {MACS} 0800"),
    ("null", 0, "02000000"),
    ("loop", 108, "00000002"),
    ("token-ring", 6, f"1040 {MACS} {LLC}"),
    ("arcnet", 7, "0102 f0"),
    ("arcnet-linux", 129, "0102 0000 d4 00 0001"),
    ("ppp", 9, "ff03 0021"),
    ("ppp-compressed", 9, "21"),
    ("ppp-bsd", 16, "ff03 0021"),
    ("ppp-hdlc", 50, "ff03 0021"),
    ("pppoe", 51, lambda n: f"{pppoe(2)(n)} 0021"),
    ("cisco-hdlc", 104, "0f00 0800"),
    ("frame-relay", 107, "1841 03 cc"),
    ("fddi", 10, f"50 {MACS} {LLC}"),
    ("atm-rfc1483", 11, LLC),
    ("raw-12", 12, ""),
    ("raw-14", 14, ""),
    ("raw-101", 101, ""),
    ("raw-ipv4", 228, ""),
    ("raw-ipv6", 229, ""),
    ("802.11", 105, f"{WIFI} {LLC}"),
    ("802.11-qos", 105, f"88{WIFI[2:]} 0000 {LLC}"),
    ("802.11-radiotap", 127, f"0000 0800 00000000 {WIFI} {LLC}"),
    ("802.11-prism", 119, f"44000000 90000000 {'00' * 136} {WIFI} {LLC}"),
    ("802.11-avs", 163, f"80211001 00000040 {'00' * 56} {WIFI} {LLC}"),
    ("802.11-ppi", 192, f"0000 0800 69000000 {WIFI} {LLC}"),
    ("enc", 109, "02000000 00000000 00000000"),
    ("linux-cooked", 113, "0000 0001 0006 0200000000010000 0800"),
    ("linux-cooked-2", 276, "0800 0000 00000001 0001 00 06 0200000000010000"),
    ("pflog", 117, f"3d 02 {'00' * 62}"),
    ("firewire", 138, "0102030405060708 0102030405060708 0800"),
    ("ppp-pppd", 166, "01 0021"),
    ("juniper-ethernet", 178, f"4d4743 00 {MACS} 0800"),
    ("juniper-ppp", 179, "4d4743 00 0021"),
    ("juniper-frame-relay", 180, "4d4743 00 1841 03 cc"),
    ("juniper-cisco-hdlc", 181, "4d4743 00 0f00 0800"),
    ("ppp-direction", 204, "00 ff03 0021"),
    ("cisco-hdlc-direction", 205, "00 0f00 0800"),
    ("frame-relay-direction", 206, "00 1841 03 cc"),
    ("ipnet", 226, "01" * 24),
    ("nflog", 239, lambda n: "02 00 0000 " + struct.pack("<HH", n + 4, 9).hex()),
    ("netanalyzer", 240, f"00000000 {MACS} 0800"),
    ("netanalyzer-transparent", 241, f"{'00' * 12} {MACS} 0800"),
    ("ethernet-preamble", 274, f"55555555555555d5 {MACS} 0800"),
    ("pktap", 258, pktap("0c")),
    ("pktap-149", 149, f"{pktap('01')} {MACS} 0800"),
]
# Nothing is dropped without a word: a link type that nobody reads is counted by name.
UNREAD = [("bluetooth-hci", 187, "01"), ("usb-linux", 189, "00" * 48)]


def write(folder, number, name, link_type, frames):
    # An hour apart: none goes on with another.
    secs = 1_700_000_000 + number * 3600
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for i, frame in enumerate(frames):
        out += struct.pack("<IIII", secs, i * 1000, len(frame), len(frame)) + frame
    (folder / f"{name}.pcap").write_bytes(out)


def main():
    folder = pathlib.Path(__file__).parent / "input"
    for number, (name, link_type, header) in enumerate(FORMS + UNREAD):
        frames = []
        for answer in (False, True):
            ip = packet(answer, 6 if link_type == 229 else 4)
            before = header(len(ip)) if callable(header) else header
            frames.append(bytes.fromhex(before.replace(" ", "")) + ip)
        write(folder, number, name, link_type, frames)


if __name__ == "__main__":
    main()
