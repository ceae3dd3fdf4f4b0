#!/usr/bin/env python3
"""Makes the capture: a host asks for a whole network by ARP, a gateway for the neighbours it has."""

import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import octets  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "input")
REQUEST, REPLY = 1, 2
NOBODY, ALL = b"\0" * 6, b"\xff" * 6


def mac(last):
    return b"\x02\0\0\0\0" + bytes([last])


class Capture:
    def __init__(self):
        self.out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        self.at = 1_720_000_000_000_000

    def arp(self, operation, of, to):
        """From host `of` to host `to`: a question to all, or its answer to one."""
        is_question = operation == REQUEST
        packet = struct.pack("!HHBBH", 1, 0x800, 6, 4, operation)
        packet += mac(of) + octets(f"10.20.0.{of}")
        packet += (NOBODY if is_question else mac(to)) + octets(f"10.20.0.{to}")
        frame = (ALL if is_question else mac(to)) + mac(of) + b"\x08\x06" + packet
        self.at += 40_000
        self.out += struct.pack("<IIII", *divmod(self.at, 1_000_000), len(frame), len(frame))
        self.out += frame


capture = Capture()
for host in range(1, 121):
    capture.arp(REQUEST, 166, host)
    if host % 30 == 7:
        capture.arp(REPLY, host, 166)
capture.at += 60_000_000
for host in range(1, 41):
    capture.arp(REQUEST, 254, host)
    capture.arp(REPLY, host, 254)
with open(os.path.join(HERE, "arp.pcap"), "wb") as file:
    file.write(capture.out)
