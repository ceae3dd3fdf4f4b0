#!/usr/bin/env python3
"""Makes the capture and its key log: connections that change their protocol on the way.

Needs openssl. Both ends of TLS run in memory, so no right to capture is needed; keys are new each
time.
"""

import os
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum, octets  # noqa: E402

NAME = "mail.firm.example"
CLIENT, SERVER = "10.20.0.9", "198.51.100.25"
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "input")


class Capture:
    def __init__(self):
        self.out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        # Later than the keys are made.
        self.at = (int(time.time()) + 60) * 1_000_000

    def frame(self, ends, ports, seq, ack, flags, data):
        src, dst = octets(ends[0]), octets(ends[1])
        tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, 0x50, flags, 64240, 0, 0) + data
        total = struct.pack("!H", checksum(src + dst + struct.pack("!HH", 6, len(tcp)) + tcp))
        tcp = tcp[:16] + total + tcp[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, src, dst)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + ip + tcp
        self.at += 700
        head = struct.pack("<IIII", *divmod(self.at, 1_000_000), len(frame), len(frame))
        self.out += head + frame


class Talk:
    """One connection; both ends say things in turn."""

    def __init__(self, capture, port, to):
        self.capture, self.ports = capture, (port, to)
        self.seq = {True: 1000, False: 5000}
        self.send(True, b"", 0x02)
        self.send(False, b"", 0x12)
        self.send(True, b"", 0x10)

    def send(self, from_client, data, flags=0x18):
        ends, ports = (CLIENT, SERVER), self.ports
        if not from_client:
            ends, ports = ends[::-1], ports[::-1]
        for at in range(0, max(len(data), 1), 1400):
            part = data[at : at + 1400]
            ack = self.seq[not from_client] if flags != 0x02 else 0
            self.capture.frame(ends, ports, self.seq[from_client], ack, flags, part)
            self.seq[from_client] += len(part) + (1 if flags & 0x03 else 0)

    def says(self, *lines):
        """Lines in turn: `C: ` the client's, `S: ` the server's."""
        for line in lines:
            self.send(line[0] == "C", line[3:].encode() + b"\r\n")

    def close(self):
        self.send(True, b"", 0x11)
        self.send(False, b"", 0x11)
        self.send(True, b"", 0x10)


class Tls:
    """TLS inside a connection, both ends in memory."""

    def __init__(self, talk, folder, version):
        self.talk = talk
        self.pipes = {side: (ssl.MemoryBIO(), ssl.MemoryBIO()) for side in (True, False)}
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.maximum_version = version
        client.keylog_filename = os.path.join(HERE, "mail.keys")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
        self.ends = {
            True: client.wrap_bio(*self.pipes[True], server_hostname=NAME),
            False: server.wrap_bio(*self.pipes[False], server_side=True),
        }
        waiting = [True, False]
        while waiting:
            for side in list(waiting):
                try:
                    self.ends[side].do_handshake()
                    waiting.remove(side)
                except ssl.SSLWantReadError:
                    pass
                self.flush(side)

    def flush(self, side):
        data = self.pipes[side][1].read()
        if data:
            self.talk.send(side, data)
            self.pipes[not side][0].write(data)

    def says(self, *lines):
        for line in lines:
            side = line[0] == "C"
            self.ends[side].write(line[3:].encode() + b"\r\n")
            self.flush(side)
            self.ends[not side].read(65536)


def smtp(capture, folder):
    talk = Talk(capture, 40001, 587)
    talk.says(
        f"S: 220 {NAME} ESMTP",
        "C: EHLO pc.firm.example",
        "S: 250-hello",
        "S: 250 STARTTLS",
        "C: STARTTLS",
        "S: 220 go ahead",
    )
    Tls(talk, folder, ssl.TLSVersion.TLSv1_3).says(
        "C: EHLO pc.firm.example",
        "S: 250 AUTH PLAIN",
        "C: AUTH PLAIN AGV2YQBub3Qga2VwdA==",
        "S: 235 welcome",
        "C: MAIL FROM:<eva@firm.example>",
        "S: 250 ok",
        "C: RCPT TO:<tom@partner.example>",
        "S: 250 ok",
        "C: DATA",
        "S: 354 go on",
        "C: Subject: plans\r\nFrom: eva@firm.example\r\n\r\nSee above.\r\n.",
        "S: 250 taken",
        "C: QUIT",
        "S: 221 bye",
    )
    talk.close()


def imap(capture, folder):
    talk = Talk(capture, 40002, 143)
    talk.says(
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] Post ready",
        "C: a1 STARTTLS",
        "S: a1 OK begin",
    )
    Tls(talk, folder, ssl.TLSVersion.TLSv1_2).says(
        'C: a2 LOGIN "tom" "wrong guess"',
        "S: a2 NO [AUTHENTICATIONFAILED] no",
        'C: a3 LOGIN "tom" "not kept either"',
        "S: a3 OK in",
        "C: a4 LOGOUT",
        "S: a4 OK bye",
    )
    talk.close()


def h2c(capture):
    """HTTP/2 in the clear by an upgrade (RFC 7540 section 3.2), and a second request in it."""

    def frame(kind, flags, stream, body=b""):
        return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body

    def literal(index, value):
        return bytes([index, len(value)]) + value.encode()

    talk = Talk(capture, 40003, 8080)
    talk.says(
        "C: GET /first HTTP/1.1\r\nHost: app.firm.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "S: HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n",
    )
    page = b"<html>hello</html>"
    talk.send(False, frame(4, 0, 0) + frame(1, 4, 1, b"\x88") + frame(0, 1, 1, page))
    # Fields by their places in the static table: GET, http, the path, the host.
    asks = b"\x82\x86" + literal(0x04, "/second") + literal(0x01, "app.firm.example")
    talk.send(True, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0))
    talk.send(True, frame(1, 5, 3, asks))
    talk.send(False, frame(1, 4, 3, b"\x8d") + frame(0, 1, 3, b"none"))
    talk.close()


def main():
    keys = os.path.join(HERE, "mail.keys")
    if os.path.exists(keys):
        os.remove(keys)
    capture = Capture()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
             "-keyout", "key.pem", "-out", "cert.pem"],
            cwd=folder, check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        smtp(capture, folder)
        imap(capture, folder)
    h2c(capture)
    with open(os.path.join(HERE, "talks.pcap"), "wb") as file:
        file.write(capture.out)


main()
