#!/usr/bin/env python3
"""Makes the capture: an hour of what a busy office carries, all at once."""

import os
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), HERE]
from domain import Share, kerberos, ldap, rpc, shares  # noqa: E402
from names import cards, lease, look_up, neighbours, others  # noqa: E402
from office import DC, DESKS, FILES, GATE, PBX, PEOPLE, POST, SITES, WATCH, WIKI, Connection, Office, chance, noise  # noqa: E402
from packets import SYN, octets  # noqa: E402
from web import browse, guesses, inside, sized, tls  # noqa: E402

BROWSED = ("www.news.example", "www.shop.example")


def telephone(c, n):
    """A call, with the sound of both ends."""
    caller, called = DESKS[2 * n], DESKS[2 * n + 1]
    call = f"{n:x}5f2-{n * 40503:x}@{caller}"

    def message(first, way, number, body=b""):
        lines = [
            first,
            f"Via: SIP/2.0/UDP {caller}:5060;branch=z9hG4bK{n}{number};rport",
            "Max-Forwards: 70",
            f"From: <sip:{PEOPLE[2 * n]}@firm.example>;tag=a{n}",
            f"To: <sip:{PEOPLE[2 * n + 1]}@firm.example>",
            f"Call-ID: {call}",
            f"CSeq: {number} {way}",
            f"Contact: <sip:{PEOPLE[2 * n]}@{caller}:5060>",
            "User-Agent: desk telephone 4.2",
            "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body

    def sdp(host, port):
        return (
            f"v=0\r\no=- 8 8 IN IP4 {host}\r\ns=call\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        ).encode()

    def asks(data):
        c.udp(caller, 5060, PBX, 5060, data)

    def told(data):
        c.wait(chance.among(3, 40))
        c.udp(PBX, 5060, caller, 5060, data)

    c.somewhen()
    other = f"sip:{PEOPLE[2 * n + 1]}@firm.example"
    asks(message("REGISTER sip:firm.example SIP/2.0", "REGISTER", 1))
    told(message("SIP/2.0 200 OK", "REGISTER", 1))
    asks(message("OPTIONS sip:firm.example SIP/2.0", "OPTIONS", 2))
    told(message("SIP/2.0 200 OK", "OPTIONS", 2))
    port = 16384 + 4 * n
    asks(message(f"INVITE {other} SIP/2.0", "INVITE", 3, sdp(caller, port)))
    told(message("SIP/2.0 100 Trying", "INVITE", 3))
    told(message("SIP/2.0 180 Ringing", "INVITE", 3))
    c.wait(4000)
    told(message("SIP/2.0 200 OK", "INVITE", 3, sdp(called, port + 2)))
    asks(message(f"ACK {other} SIP/2.0", "ACK", 3))
    for at in range(14):
        for way, (src, sport, dst, dport) in enumerate(((caller, port, called, port + 2), (called, port + 2, caller, port))):
            head = struct.pack("!BBHII", 0x80, 8, 700 + at, 8000 + at * 160, 0x5EED00 + 2 * n + way)
            c.udp(src, sport, dst, dport, head + noise(160))
        c.wait(16)
    asks(message(f"BYE {other} SIP/2.0", "BYE", 4))
    told(message("SIP/2.0 200 OK", "BYE", 4))


def post(c, n):
    """A letter, and on every third one the way to TLS."""
    client, person = DESKS[n], PEOPLE[n]
    c.somewhen()
    look_up(c, client, "post.firm.example")
    talk = c.connect(client, POST, 25)
    talk.says("S: 220 post.firm.example ESMTP ready", f"C: EHLO desk-{person}", "S: 250-post.firm.example\r\n250-SIZE 40000000\r\n250-STARTTLS\r\n250 8BITMIME")
    if n % 3 == 2:
        talk.says("C: STARTTLS", "S: 220 go ahead")
        return talk.drop(0)
    letter = [
        f"From: {person} <{person}@firm.example>",
        f"To: <{PEOPLE[n + 1]}@firm.example>, <sales@partner.example>",
        "Subject: =?utf-8?Q?Plans_f=C3=BCr_morgen?=",
        "Date: Tue, 24 Nov 2026 09:20:00 +0000",
        f"Message-ID: <{n:x}.71@desk-{person}>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="part"',
        "",
        "--part\r\nContent-Type: text/plain\r\n",
        *["what was agreed upon, line by line"] * 30,
        '--part\r\nContent-Type: application/pdf; name="plan.pdf"\r\nContent-Transfer-Encoding: base64\r\n',
        *["JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PCAvVHlwZSAvQ2F0YWxvZyA+PgplbmRvYmoK"] * 20,
        "--part--",
        ".",
    ]
    talk.says(
        f"C: MAIL FROM:<{person}@firm.example>", "S: 250 ok",
        f"C: RCPT TO:<{PEOPLE[n + 1]}@firm.example>", "S: 250 ok",
        "C: RCPT TO:<sales@partner.example>", "S: 250 ok",
        "C: DATA", "S: 354 go on", "C: " + "\r\n".join(letter), "S: 250 taken",
        "C: QUIT", "S: 221 bye",
    )  # fmt: skip
    talk.end()


def shell(c, client, server, rounds):
    """SSH up to where it is sealed, and on."""
    talk = c.connect(client, server, 22)
    talk.says("C: SSH-2.0-OpenSSH_9.9", "S: SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
    lists = [
        b"curve25519-sha256,ecdh-sha2-nistp256,ext-info-c", b"ssh-ed25519,rsa-sha2-512",
        *[b"chacha20-poly1305@openssh.com,aes128-gcm@openssh.com"] * 2,
        *[b"umac-64-etm@openssh.com,hmac-sha2-256"] * 2, *[b"none,zlib@openssh.com"] * 2, b"", b"",
    ]  # fmt: skip

    def packet(body):
        pad = 8 - (len(body) + 5) % 8 + 8
        return struct.pack("!IB", len(body) + pad + 1, pad) + body + bytes(pad)

    for side in (0, 1):
        talk.say(side, packet(b"\x14" + noise(16) + b"".join(sized(part, 4) for part in lists) + bytes(5)))
    talk.say(0, packet(b"\x1e" + sized(noise(32), 4)))
    key = sized(sized(b"ssh-ed25519", 4) + sized(noise(32), 4), 4)
    sign = sized(sized(b"ssh-ed25519", 4) + sized(noise(64), 4), 4)
    talk.say(1, packet(b"\x1f" + key + sized(noise(32), 4) + sign) + packet(b"\x15"))
    talk.say(0, packet(b"\x15") + noise(44))
    for _ in range(rounds):
        talk.say(1, noise(44))
        talk.say(0, noise(chance.among(3, 9) * 12))
        talk.say(1, noise(chance.among(4, 60) * 12))
    talk.end()


def small_talk(c, n):
    """The time, a line to the log, a ping, and a port where nobody is."""
    client = DESKS[n]
    c.somewhen()
    stamp = struct.pack("!II", 0xEEAF1080 + n, 0)
    c.udp(client, 123, DC, 123, b"\xe3\0\x06\xe9" + bytes(36) + stamp)
    c.udp(DC, 123, client, 123, b"\x24\x02\x06\xec" + bytes(8) + octets("192.0.2.1") + stamp * 4)
    c.udp(client, c.port(client), WATCH, 514, f"<{30 + n % 8}>Nov 24 09:20:{n:02} desk-{PEOPLE[n]} cron[{700 + n}]: job {n} ran for {n * 7} s".encode())
    if n % 3 == 0:
        for at in range(2):
            data = struct.pack("!HH", 77, at) + b"abcdefghijklmnopqrstuvwabcdefghi"
            c.icmp(client, GATE, 8, data)
            c.icmp(GATE, client, 0, data)
    if n % 5 == 0:
        port = c.port(client)
        c.udp(client, port, WATCH, 9996, b"anyone?")
        c.icmp(WATCH, client, 3, bytes(4) + c.frames[-1][1][14:42])
    if n % 6 == 0:
        far = Connection(c, (client, c.port(client)), ("203.0.113.200", 8443), is_open=False)
        for pause in (1000, 2000, 4000):
            far.send(0, b"", SYN)
            far.seq[0] -= 1
            c.wait(pause)
    if n % 9 == 0:
        talk = c.connect(client, WIKI, 7700)
        talk.send(0, b"\xf1\2" + noise(90))
        talk.twice(1, b"\xf2\3" + noise(300))
        talk.swapped(1, noise(500), noise(400))
        talk.drop(1)


def scan(c):
    """Somebody tries the ports of a server, one after the other."""
    c.begin(2_400_000_000)
    source = DESKS[-1]
    for port in (*range(20, 28), 53, 80, 110, 139, 143, 389, 993, 1433, 3306, 3389, 5432, 5900, 8080):
        Connection(c, (source, 41000 + port), (FILES, port), is_open=False).refused()
    c.begin(2_500_000_000)
    for _ in range(3):
        share = Share(c, source, FILES)
        share.login("administrator", knows=False)
        share.talk.end()
        c.wait(2500)
    for _ in range(3):
        kerberos(c, source, (b"cifs", b"files.firm.example"), knows=False)


def main():
    c = Office()
    names = list(SITES)
    for n, client in enumerate(DESKS):
        if n % 5 < 2:
            browse(c, client, BROWSED[n % 5], SITES[BROWSED[n % 5]][0])
        if n % 5 == 1:
            tls(c, client, names[-n % len(names)], n)
        if n % 13 == 3:
            tls(c, f"fd00:30::{n:x}", "meet.cloud.example", 3, "2001:db8::41")
        if n % 13 == 1:
            inside(c, client, n)
            c.somewhen()
            ldap(c, client)
            rpc(c, client)
        if n % 9 == 2:
            shares(c, client)
        if n % 13 == 0:
            lease(c, n)
            post(c, n)
        if n % 5 == 0:
            neighbours(c, n)
            cards(c, n)
        if n % 4 == 0:
            small_talk(c, n)
        if n % 2:
            others(c, n // 2)
    for n in range(2):
        telephone(c, n)
        c.somewhen()
        shell(c, DESKS[n], (WATCH, "203.0.113.77")[n], 3)
    guesses(c, DESKS[11])
    scan(c)
    os.makedirs(os.path.join(HERE, "input"), exist_ok=True)
    with open(os.path.join(HERE, "input", "busy-hour.pcap"), "wb") as out:
        out.write(c.pcap())


main()
