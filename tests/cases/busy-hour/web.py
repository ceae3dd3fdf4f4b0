"""The web of the office: HTTP in the clear with all that it has, and TLS of both versions."""

import base64
import gzip
import itertools
import os
import re
import struct
import zlib

from names import look_up
from office import DESKS, PEOPLE, PRINTER, SITES, WIKI, chance, noise

HERE = os.path.dirname(os.path.abspath(__file__))
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
]
HTML = b"<!DOCTYPE html>\n<html><head><title>Plans of the week</title></head><body>\n"
LINE = b"<p class=\"entry\">Meeting of the board in the large room; bring what was agreed upon.</p>\n"
PAGE = HTML + LINE * 40 + b"</body></html>\n"


def picture(data):
    """A PNG, as far as its chunks go."""
    chunks = (b"IHDR", b"\0\0\0\x40\0\0\0\x40\x08\6\0\0\0"), (b"IDAT", data), (b"IEND", b"")
    made = (struct.pack("!I", len(c)) + k + c + struct.pack("!I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


# What a server has: path, type by its header, content.
THINGS = [
    ("/", "text/html; charset=utf-8", PAGE),
    ("/style/main.css?v=12", "text/css", b"body { margin: 0; color: #222 }\n.entry { padding: 1em }\n" * 20),
    ("/script/app.js", "application/javascript", b"(function(){ 'use strict'; var a = document.body; })();\n" * 30),
    ("/image/logo.png", "image/png", picture(noise(900))),
    ("/image/team.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + noise(3000)),
    ("/image/dot.gif", "image/gif", b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"),
    ("/api/items?page=2&sort=name", "application/json", b'{"items":[' + b",".join(b'{"id":%d,"name":"chair"}' % n for n in range(40)) + b"]}"),
    ("/files/report.pdf", "application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + noise(2400)),
    ("/files/forms.zip", "application/zip", b"PK\3\4\x14\0\0\0\x08\0" + noise(1700)),
    ("/feed.xml", "text/xml", b"<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel>\n" + b"<item><title>One more</title></item>\n" * 20 + b"</channel></rss>\n"),
    ("/font/text.woff2", "font/woff2", b"wOF2\0\1\0\0" + noise(2000)),
]  # fmt: skip
LONG = [f"X-Trace-{n}: {n:04x}-of-the-edge-of-the-net" for n in range(12)]




# So that every way to ask and every thing has its turn.
turns, served = itertools.count(), itertools.count()


def request(method, host, path, more=(), body=b""):
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: keep-alive",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
        "Accept-Encoding: gzip, deflate",
        "Accept-Language: de-DE,de;q=0.9,en;q=0.8",
        *more,
    ]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer(status, kind=None, body=b"", more=(), is_chunked=False, is_head=False):
    lines = [f"HTTP/1.1 {status}", "Date: Tue, 24 Nov 2026 09:12:31 GMT", "Server: nginx/1.26.2"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += ["Cache-Control: max-age=600, public", 'ETag: "5f3e-61a2b7"', *more]
    if is_chunked:
        lines.append("Transfer-Encoding: chunked")
        parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    elif not status.startswith("304"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if is_head else body)


def exchange(c, talk, asked, answered):
    talk.say(0, asked)
    c.wait(chance.among(1, 60))
    talk.say(1, answered)
    c.wait(chance.among(2, 400))


def browse(c, client, host, address):
    """Several requests over one connection, as a browser makes them."""
    c.somewhen()
    look_up(c, client, host)
    talk = c.connect(client, address, 80)
    agent = "User-Agent: " + AGENTS[DESKS.index(client) % len(AGENTS)]
    cookie = f"Cookie: session={DESKS.index(client):08x}; theme=light; seen=1"
    for _ in range(chance.among(1, 3)):
        way = next(turns) % 10
        path, kind, body = THINGS[(next(served) if way in (3, 5, 8, 9) else 0) % len(THINGS)]
        more = [agent, f"Referer: http://{host}/", cookie]
        if way == 0:
            exchange(c, talk, request("GET", host, path, [*more, 'If-None-Match: "5f3e-61a2b7"']), answer("304 Not Modified"))
        elif way == 1:
            exchange(c, talk, request("GET", host, "/old" + path, more), answer("301 Moved Permanently", "text/html", b"<html>moved</html>", [f"Location: http://{host}{path}"]))
        elif way == 2:
            exchange(c, talk, request("GET", host, "/favicon.ico", more), answer("404 Not Found", "text/html", b"<html><h1>404</h1></html>"))
        elif way == 3:
            exchange(c, talk, request("HEAD", host, path, more), answer("200 OK", kind, body, is_head=True))
        elif way == 4:
            packed = gzip.compress(PAGE, 9, mtime=0)
            exchange(c, talk, request("GET", host, "/", more), answer("200 OK", "text/html", packed, ["Content-Encoding: gzip", "Vary: Accept-Encoding"]))
        elif way == 5:
            exchange(c, talk, request("GET", host, path, [*more, *LONG]), answer("200 OK", kind, body, LONG, is_chunked=True))
        elif way == 6:
            form = b"name=chair&amount=3&note=as+agreed&ship=tomorrow"
            more.append("Content-Type: application/x-www-form-urlencoded")
            exchange(c, talk, request("POST", host, "/order", more, form), answer("200 OK", "text/html", PAGE[:300]))
        elif way == 7:
            mark = "----formBoundary7MA4YWxkTrZu0gW"
            part = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="plan.txt"\r\nContent-Type: text/plain\r\n\r\n'
            body = part.encode() + b"what was agreed upon, line by line\n" * 60 + f"\r\n--{mark}--\r\n".encode()
            more.append(f"Content-Type: multipart/form-data; boundary={mark}")
            exchange(c, talk, request("POST", host, "/upload", more, body), answer("201 Created", "application/json", b'{"ok":true}'))
        else:
            exchange(c, talk, request("GET", host, path, more), answer("200 OK", kind, body))
    talk.end()


def inside(c, client, n):
    """The office's own pages want a name and a password; a printer has pages too."""
    c.somewhen()
    look_up(c, client, "wiki.firm.example")
    talk = c.connect(client, WIKI, 80)
    who = base64.b64encode(f"{PEOPLE[DESKS.index(client)]}:long-{n}".encode()).decode()
    agent = "User-Agent: " + AGENTS[n % len(AGENTS)]
    wants = answer("401 Unauthorized", "text/html", b"<html>who?</html>", ['WWW-Authenticate: Basic realm="wiki"'])
    exchange(c, talk, request("GET", "wiki.firm.example", "/start", [agent]), wants)
    exchange(c, talk, request("GET", "wiki.firm.example", "/start", [agent, f"Authorization: Basic {who}"]), answer("200 OK", "text/html", PAGE))
    exchange(c, talk, request("OPTIONS", "wiki.firm.example", "/dav/", [agent, f"Authorization: Basic {who}"]), answer("200 OK", more=["Allow: GET, HEAD, OPTIONS", "DAV: 1,2"]))
    talk.end()
    talk = c.connect(client, PRINTER, 80)
    page = answer("200 OK", "text/html", HTML + LINE * 3)
    head, tail = page[:200], page[200:]
    talk.say(0, request("GET", PRINTER, "/status", [agent]))
    talk.swapped(1, head, tail)
    talk.end()


def guesses(c, client):
    """Somebody has forgotten the password and tries what comes to mind."""
    c.begin(1_500_000_000)
    talk = c.connect(client, WIKI, 80)
    wants = answer("401 Unauthorized", "text/html", b"<html>who?</html>", ['WWW-Authenticate: Basic realm="wiki"'])
    for n in range(11):
        who = base64.b64encode(f"admin:spring{n}".encode()).decode()
        exchange(c, talk, request("GET", "wiki.firm.example", "/admin", ["User-Agent: curl/8.10.1", f"Authorization: Basic {who}"]), wants)
        c.wait(3000)
    talk.end()


def certificate():
    """The one that a server of another case shows."""
    capture = open(os.path.join(HERE, "../tls-with-secrets/input/web.pcap"), "rb").read()
    found = re.search(rb"\x0b\0..\0..\0(..)(?=\x30\x82)", capture, re.DOTALL)
    return capture[found.end() : found.end() + int.from_bytes(found[1], "big")]


CERTIFICATE = certificate()


def sized(body, width=2):
    return len(body).to_bytes(width, "big") + body


def extension(kind, body):
    return struct.pack("!H", kind) + sized(body)


def record(kind, body):
    return struct.pack("!BHH", kind, 0x303, len(body)) + body


def handshake(kind, body):
    return bytes([kind]) + sized(body, 3)


def client_hello(host, n, is_new, session):
    suites = [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x9C, 0x9D, 0x2F, 0x35]
    suites = suites[0 if is_new else 3 :]
    protocols = b"".join(sized(p, 1) for p in ((b"h2", b"http/1.1") if n % 4 else (b"http/1.1",)))
    parts = [
        extension(0, sized(b"\0" + sized(host.encode()))),
        extension(23, b""),
        extension(0xFF01, b"\0"),
        extension(10, sized(bytes.fromhex("001d00170018"))),
        extension(11, b"\1\0"),
        extension(35, b""),
        extension(16, sized(protocols)),
        extension(5, b"\1\0\0\0\0"),
        extension(13, sized(bytes.fromhex("04030804040105030805050108060601"))),
    ]
    if is_new:
        parts += [extension(51, sized(b"\0\x1d" + sized(noise(32)))), extension(45, b"\1\1"), extension(43, b"\4\3\4\3\3")]
    if n % 3 == 0:
        parts = [extension(0x8A8A, b""), *parts, extension(0x5A5A, b"\0")]
        suites = [0x1A1A, *suites]
    body = b"\3\3" + noise(32) + sized(session, 1) + sized(struct.pack(f"!{len(suites)}H", *suites))
    return record(22, handshake(1, body + b"\1\0" + sized(b"".join(parts))))


def tls(c, client, host, n, address=None):
    c.somewhen()
    if not address:
        look_up(c, client, host)
    is_new = host != "www.front.example.com" and n % 3 != 1
    talk = c.connect(client, address or SITES[host][0], 443)
    session = noise(32)
    talk.say(0, client_hello(host, n, is_new, session))
    c.wait(chance.among(5, 40))
    spec = record(20, b"\1")
    if is_new:
        more = extension(51, b"\0\x1d" + sized(noise(32))) + extension(43, b"\3\4")
        hello = b"\3\3" + noise(32) + sized(session, 1) + b"\x13\1\0" + sized(more)
        sealed = b"".join(record(23, noise(size)) for size in (32, 1700, 281, 53))
        talk.say(1, record(22, handshake(2, hello)) + spec + sealed)
        talk.say(0, spec + record(23, noise(53)))
    else:
        more = extension(0xFF01, b"\0") + extension(16, sized(sized(b"http/1.1", 1)))
        shows = host == "www.front.example.com"
        # A session that is resumed keeps its name.
        session = session[::-1] if shows else session
        hello = record(22, handshake(2, b"\3\3" + noise(32) + sized(session, 1) + b"\xc0\x2f\0" + sized(more)))
        if shows:
            shown = record(22, handshake(11, sized(sized(CERTIFICATE, 3), 3)))
            key = b"\3\0\x17" + sized(b"\4" + noise(64), 1) + b"\4\1" + sized(noise(256))
            talk.say(1, hello + shown + record(22, handshake(12, key)) + record(22, handshake(14, b"")))
            talk.say(0, record(22, handshake(16, sized(b"\4" + noise(64), 1))) + spec + record(22, noise(40)))
            talk.say(1, spec + record(22, noise(40)))
        else:
            talk.say(1, hello + spec + record(22, noise(40)))
            talk.say(0, spec + record(22, noise(40)))
    for _ in range(chance.among(1, 4)):
        talk.say(0, record(23, noise(chance.among(60, 500))))
        c.wait(chance.among(3, 90))
        talk.say(1, record(23, noise(chance.among(200, 3900))))
    if n % 5 == 4:
        return talk.drop(0)
    talk.send(0, record(21, noise(26)))
    talk.end()
