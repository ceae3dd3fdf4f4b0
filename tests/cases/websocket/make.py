"""Writes sockets.pcap: connections that turn from HTTP to WebSocket."""

import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum, octets  # noqa: E402

CLIENT, SERVER = "10.0.0.9", "10.0.2.1"
MASK = b"\x11\x22\x33\x44"


class Capture:
    def __init__(self):
        self.now = 1_700_000_000_000_000
        self.port = 41000
        self.out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]

    def packet(self, ends, seq, ack, flags, body):
        (src, sport), (dst, dport) = ends
        src, dst = octets(src), octets(dst)
        tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 80, flags, 8192, 0, 0) + body
        total = checksum(src + dst + struct.pack("!HH", 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + src + dst
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        frame = b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + tcp
        self.now += 10_000
        secs, micros = divmod(self.now, 1_000_000)
        self.out.append(struct.pack("<IIII", secs, micros, len(frame), len(frame)) + frame)

    def talk(self, said):
        """A connection: `<` before the server's words, `>` before the client's, `!` for those of the
        server that the capture lacks."""
        self.port += 1
        client, server = (CLIENT, self.port), (SERVER, 8080)
        at = {">": 1000, "<": 5000}

        def send(who, flags, body=b"", is_kept=True):
            ends = (client, server) if who == ">" else (server, client)
            ack = at["<" if who == ">" else ">"] if flags != 2 else 0
            if is_kept:
                self.packet(ends, at[who], ack, flags, body)
            at[who] += len(body) + (flags & 3 != 0)

        send(">", 2), send("<", 18), send(">", 16)
        for who, body in said:
            send(who.replace("!", "<"), 24, body, who != "!")
        send(">", 17), send("<", 17), send(">", 16)


def upgrade(path, asks="", grants=""):
    ask = f"GET {path} HTTP/1.1\r\nHost: chat.firm.example\r\nUser-Agent: made/1\r\n"
    ask += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    grant = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    # The key and its answer of RFC 6455, section 1.3.
    ask += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + asks
    grant += "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + grants
    return [(">", ask.encode() + b"\r\n"), ("<", grant.encode() + b"\r\n")]


def frame(first, body, is_masked=False):
    bit = 0x80 if is_masked else 0
    if len(body) < 126:
        head = bytes([first, bit | len(body)])
    else:
        head = struct.pack("!BBH", first, bit | 126, len(body))
    if not is_masked:
        return head + body
    return head + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(body))


def main():
    c = Capture()
    # The longest form of a length, so that few bytes show it.
    long = struct.pack("!BBQ", 0x82, 127, 2000) + b"x" * 2000
    pieces = [("<", long[i : i + 400]) for i in range(0, len(long), 400)]
    c.talk(
        upgrade(
            "/room",
            "Sec-WebSocket-Protocol: chat, mqtt\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
        )
        + [
            # A compressed message in two fragments with a ping between.
            (">", frame(0x41, b"\xf2\x48\xcd", True) + frame(0x89, b"?", True)),
            (">", frame(0x80, b"\xc9\xc9\x07\x00" * 40, True)),
            ("<", frame(0x8A, b"?") + frame(0x81, b"hello")),
        ]
        + pieces
        + [(">", frame(0x88, b"\x03\xe9going away", True)), ("<", frame(0x88, b"\x03\xe9"))]
    )
    # Bytes are missing within a message, and another follows.
    c.talk(
        upgrade("/gap")
        + [("<", pieces[0][1])]
        + [("!" if i in (1, 2) else "<", body) for i, (_, body) in enumerate(pieces[1:])]
        + [("<", frame(0x81, b"after")), (">", frame(0x88, b"", True)), ("<", frame(0x88, b""))]
    )
    # A length that no message has, and a client that does not mask.
    c.talk(
        upgrade("/odd")
        + [(">", frame(0x81, b"plain")), ("<", b"\x82\x7f" + b"\xff" * 8 + b"rest")]
    )
    name = pathlib.Path(__file__).with_name("sockets.pcap")
    name.write_bytes(b"".join(c.out))


main()
