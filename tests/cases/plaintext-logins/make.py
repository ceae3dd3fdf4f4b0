"""Writes logins.pcap: sessions of several protocols, each packet whole and with its checksums."""

import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum, octets  # noqa: E402

CLIENT, GUESSER = "10.0.0.9", "10.0.0.66"


class Capture:
    def __init__(self):
        self.now = 1_700_000_000_000_000
        self.port = 40000
        self.out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]

    def packet(self, src, dst, protocol, header, body):
        src, dst = octets(src), octets(dst)
        pseudo = src + dst + struct.pack("!BBH", 0, protocol, len(header(0)) + len(body))
        segment = header(checksum(pseudo + header(0) + body)) + body
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0) + src + dst
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        frame = b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + segment
        self.now += 10_000
        secs, micros = divmod(self.now, 1_000_000)
        self.out.append(struct.pack("<IIII", secs, micros, len(frame), len(frame)) + frame)

    def tcp(self, client, server, port, said):
        """A connection: `said` begins with `<` for the server's words, `>` for the client's."""
        self.port += 1
        ends = {">": (client, self.port, server, port), "<": (server, port, client, self.port)}
        at = {">": 1000, "<": 5000}

        def send(who, flags, body=b""):
            src, sport, dst, dport = ends[who]
            seq, ack = at[who], at["<" if who == ">" else ">"] if flags != 2 else 0
            head = lambda s: struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 80, flags, 8192, s, 0)
            self.packet(src, dst, 6, head, body)
            at[who] += len(body) + (flags & 3 != 0)

        send(">", 2), send("<", 18), send(">", 16)
        for who, body in said:
            send(who, 24, body)
        send(">", 17), send("<", 17), send(">", 16)

    def udp(self, src, sport, dst, dport, body):
        head = lambda s: struct.pack("!HHHH", sport, dport, 8 + len(body), s)
        self.packet(src, dst, 17, head, body)


def tlv(tag, *parts):
    value = b"".join(parts)
    return bytes([tag, len(value)]) + value


def typed(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def pop3(password, is_good):
    return [
        ("<", b"+OK POP3 ready\r\n"),
        (">", b"USER ann\r\n"),
        ("<", b"+OK\r\n"),
        (">", b"PASS " + password + b"\r\n"),
        ("<", b"+OK 2 messages\r\n" if is_good else b"-ERR invalid login\r\n"),
    ]


def main():
    c = Capture()
    c.tcp(CLIENT, "10.0.1.1", 110, pop3(b"x", True))
    c.tcp(CLIENT, "10.0.1.8", 110, [
        ("<", b"+OK POP3 <1.2@a.test>\r\n"),
        (">", b"APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n"),
        ("<", b"+OK\r\n"),
    ])
    c.tcp(CLIENT, "10.0.1.2", 143, [
        ("<", b"* OK IMAP4rev1 ready\r\n"),
        (">", b"a LOGIN ann x\r\n"),
        ("<", b"a OK done\r\n"),
    ])
    c.tcp(CLIENT, "10.0.1.9", 143, [
        ("<", b"* OK IMAP4rev1 ready\r\n"),
        (">", b"a STARTTLS\r\n"),
        ("<", b"a OK go\r\n"),
        (">", b"b LOGIN ann x\r\n"),
    ])
    bind = tlv(0x60, tlv(2, b"\3"), tlv(4, b"cn=ann,dc=test"), tlv(0x80, b"x"))
    done = tlv(0x61, tlv(10, b"\0"), tlv(4), tlv(4))
    c.tcp(CLIENT, "10.0.1.3", 389, [
        (">", tlv(0x30, tlv(2, b"\1"), bind)),
        ("<", tlv(0x30, tlv(2, b"\1"), done)),
    ])
    c.tcp(CLIENT, "10.0.1.4", 23, [
        ("<", b"\xff\xfd\x18\r\nbox login: "),
        (">", b"\xff\xfc\x18ann\r\0"),
        ("<", b"ann\r\nPassword: "),
        (">", b"x\r\0"),
        ("<", b"\r\nLast login: today\r\n$ "),
    ])
    c.tcp(CLIENT, "10.0.1.5", 1080, [
        (">", b"\5\1\2"),
        ("<", b"\5\2"),
        (">", b"\1\3ann\1x"),
        ("<", b"\1\0"),
        (">", b"\5\1\0\3\6b.test\0\x50"),
        ("<", b"\5\5\0\1\0\0\0\0\0\0"),
    ])
    startup = b"\0\3\0\0user\0ann\0database\0db\0\0"
    c.tcp(CLIENT, "10.0.1.6", 5432, [
        (">", struct.pack("!I", len(startup) + 4) + startup),
        ("<", typed(b"R", b"\0\0\0\3")),
        (">", typed(b"p", b"x\0")),
        ("<", typed(b"R", b"\0\0\0\0") + typed(b"Z", b"I")),
    ])
    variable = tlv(0x30, tlv(6, b"\x2b\6\1\2\1\1\1\0"), tlv(5))
    numbers = tlv(2, b"\7") + tlv(2, b"\0") + tlv(2, b"\0")
    for kind, ends in [(0xA0, (CLIENT, 40500, "10.0.1.7", 161)), (0xA2, ("10.0.1.7", 161, CLIENT, 40500))]:
        asked = tlv(kind, numbers, tlv(0x30, variable))
        c.udp(*ends, tlv(0x30, tlv(2, b"\1"), tlv(4, b"s3cret"), asked))
    for n in range(13):
        c.tcp(GUESSER, "10.0.1.1", 110, pop3(b"x", n == 12))
    pathlib.Path(__file__).with_name("logins.pcap").write_bytes(b"".join(c.out))


main()
