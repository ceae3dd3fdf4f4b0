"""Writes services.pcap: what is told by first bytes alone, or by one half of a connection."""

import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum, octets  # noqa: E402

HOST, GROUP = "10.0.0.9", "239.255.255.250"


class Capture:
    def __init__(self):
        self.now = 1_700_000_000_000_000
        self.out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]

    def packet(self, src, dst, protocol, header, body):
        src, dst = octets(src), octets(dst)
        pseudo = src + dst + struct.pack("!BBH", 0, protocol, len(header(0)) + len(body))
        segment = header(checksum(pseudo + header(0) + body)) + body
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0) + src + dst
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        frame = b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + segment
        self.now += 20_000
        secs, micros = divmod(self.now, 1_000_000)
        self.out.append(struct.pack("<IIII", secs, micros, len(frame), len(frame)) + frame)

    def udp(self, src, sport, dst, dport, body):
        head = lambda s: struct.pack("!HHHH", sport, dport, 8 + len(body), s)
        self.packet(src, dst, 17, head, body)

    def half(self, server, port, client_port, said):
        """A connection of which only the server's packets are there: its words, each with the number
        of bytes that the client said before."""
        seq, ack = 5000, 1001
        parts = [(18, 0, b"")] + [(24, n, body) for n, body in said] + [(17, 0, b"")]
        for flags, n, body in parts:
            ack += n
            head = lambda s: struct.pack("!HHIIBBHHH", port, client_port, seq, ack, 80, flags, 8192, s, 0)
            self.packet(server, HOST, 6, head, body)
            seq += len(body) + (flags & 3 != 0)


def ssdp(first, *lines):
    return "\r\n".join((first, *lines, "", "")).encode()


def rtp(n, kind=8):
    return struct.pack("!BBHII", 0x80, kind, 65534 + n & 0xFFFF, 160 * n, 0x5EED) + b"\xd5" * 40


def main():
    c = Capture()
    answer = b"\x05\0\0\x01\x0a\0\0\x01\x12\x34"
    page = b"HTTP/1.1 200 OK\r\nServer: made/1\r\nContent-Length: 2\r\n\r\nhi"
    c.half("10.0.3.1", 9050, 42001, [(3, b"\x05\0"), (13, answer), (40, page)])
    c.half("10.0.3.2", 1080, 42002, [(4, b"\x05\x02"), (12, b"\x01\0"), (13, answer)])
    # The same beginning, and no proxy.
    c.half("10.0.3.3", 9051, 42003, [(3, b"\x05\0"), (13, b"\x07" + answer[1:])])

    c.udp(HOST, 50001, GROUP, 1900, ssdp("M-SEARCH * HTTP/1.1", 'MAN: "ssdp:discover"', "ST: ssdp:all"))
    found = ("SERVER: made/1 UPnP/1.1 lamp/2", "ST: upnp:rootdevice", "USN: uuid:1::upnp:rootdevice")
    c.udp("10.0.3.4", 1900, HOST, 50001, ssdp("HTTP/1.1 200 OK", *found))
    c.udp("10.0.3.4", 50002, GROUP, 1900, ssdp("NOTIFY * HTTP/1.1", "NT: upnp:rootdevice"))
    c.udp(HOST, 50003, "10.0.3.5", 5683, b"\x42\x01\x12\x34\xaa\xbb\xb6status")
    c.udp("10.0.3.5", 5683, HOST, 50003, b"\x62\x45\x12\x34\xaa\xbb\xff22.5")

    for n in range(6):
        c.udp(HOST, 16384, "10.0.3.6", 16386, rtp(n))
        c.udp("10.0.3.6", 16386, HOST, 16384, rtp(n + 100))
    report = struct.pack("!BBHI", 0x80, 201, 1, 0x5EED) + struct.pack("!BBHI", 0x81, 202, 2, 0x5EED)
    c.udp(HOST, 16385, "10.0.3.6", 16387, report + b"\1\2ab")
    # A counter in the same place, and no clock.
    for n in range(6):
        c.udp(HOST, 16390, "10.0.3.7", 16390, struct.pack("!BBHII", 0x80, 8, n, n * 7 << 24, 0x5EED))
    pathlib.Path(__file__).with_name("services.pcap").write_bytes(b"".join(c.out))


main()
