"""What the scripts that make captures share."""

import struct


def checksum(data):
    """The Internet checksum (RFC 1071) as a number."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def octets(text):
    """An IPv4 address."""
    return bytes(int(n) for n in text.split("."))
