#!/usr/bin/env python3
"""Makes the capture and its key log: a server of HTTP/2 and HTTP/1 over TLS, asked by curl.

Needs node, curl, openssl and dumpcap, and the right to capture on loopback. Keys are new each time.
"""

import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import checksum  # noqa: E402

SERVER = r"""
const http2 = require('http2'), fs = require('fs');
const answer = (req, res) => { req.resume(); req.on('end', () => {
    res.writeHead(req.url === '/none' ? 404 : 200, { 'content-type': 'text/html', server: 'lab' });
    res.end('<html>' + 'x'.repeat(5000)); }); };
const [key, cert] = ['key.pem', 'cert.pem'].map((f) => fs.readFileSync(f));
http2.createSecureServer({ key, cert, allowHTTP1: true }, answer).listen(8443, '127.0.0.2');
http2.createServer(answer).listen(8080, '127.0.0.2');
"""

NAME = "www.front.example.com"
TLS = f"https://{NAME}:8443"
HIDDEN = ["-H", "Host: hidden.example.org"]
# Two requests on one connection each: the second refers to what the first put into the tables.
ASKED = [
    ["--http2", f"{TLS}/plain", f"{TLS}/none"],
    ["--http2", *HIDDEN, f"{TLS}/fronted-h2"],
    ["--http1.1", "--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256", *HIDDEN, f"{TLS}/fronted-13"],
    ["--http1.1", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256", f"{TLS}/gcm128"],
    ["--http1.1", "--tls-max", "1.2", "--ciphers", "AES256-GCM-SHA384", f"{TLS}/rsa-gcm256"],
    ["--http1.1", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-CHACHA20-POLY1305", f"{TLS}/chacha"],
    ["--http1.1", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA256", f"{TLS}/cbc"],
    ["--http2-prior-knowledge", "-d", "@cert.pem", f"http://{NAME}:8080/clear"],
]
# This one's secrets are not written down.
SECRET = ["--http1.1", f"{TLS}/secret"]
CLIENT, SERVER_ADDR = b"\x0a\x14\x00\x09", b"\xc6\x33\x64\x02"


def moved(frame):
    """The frame between addresses that no machine has."""
    head, ip, tcp = frame[:14], bytearray(frame[14:34]), bytearray(frame[34:])
    to_server = bytes(ip[16:20]) == b"\x7f\0\0\x02"
    ip[12:20] = CLIENT + SERVER_ADDR if to_server else SERVER_ADDR + CLIENT
    ip[10:12] = b"\0\0"
    ip[10:12] = struct.pack("!H", checksum(bytes(ip)))
    tcp[16:18] = b"\0\0"
    tcp[16:18] = struct.pack("!H", checksum(bytes(ip[12:20]) + struct.pack("!HH", 6, len(tcp)) + bytes(tcp)))
    return head + bytes(ip) + bytes(tcp)


def main(out):
    os.chdir(tempfile.mkdtemp())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-days", "300", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}"], check=True)
    server = subprocess.Popen(["node", "-e", SERVER])
    capture = subprocess.Popen(
        ["dumpcap", "-q", "-P", "-i", "lo", "-f", "tcp port 8443 or tcp port 8080", "-w", "raw.pcap"])
    time.sleep(3)
    curl = ["curl", "-sk", "-o", "/dev/null", "-o", "/dev/null",
            "--resolve", f"{NAME}:8443:127.0.0.2", "--resolve", f"{NAME}:8080:127.0.0.2"]
    for asked in ASKED:
        subprocess.run(curl + asked, env={**os.environ, "SSLKEYLOGFILE": "keys.log"}, check=True)
    subprocess.run(curl + SECRET, check=True)
    time.sleep(2)
    capture.send_signal(signal.SIGINT)
    capture.wait()
    server.kill()
    raw = open("raw.pcap", "rb").read()
    made, at = bytearray(raw[:24]), 24
    while at < len(raw):
        length = struct.unpack_from("<I", raw, at + 8)[0]
        made += raw[at:at + 16] + moved(raw[at + 16:at + 16 + length])
        at += 16 + length
    open(os.path.join(out, "web.pcap"), "wb").write(made)
    # Its name puts it behind the capture where files are read by name.
    open(os.path.join(out, "zz-keys.log"), "w").write(open("keys.log").read())


main(os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "input"))
