#!/usr/bin/env python3
"""Makes the capture: a minute of what every network carries beside the web and mail."""

import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from packets import ACK, RST, SYN, Capture, Talk, name, octets, tlv  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "input")
CLIENT, SERVER, FAR = "10.20.0.9", "10.20.0.1", "198.51.100.7"


def question(ident, query, qtype):
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + name(query) + struct.pack("!HH", qtype, 1)


def reply(ident, query, qtype, records, rcode=0):
    out = struct.pack("!HHHHHH", ident, 0x8180 | rcode, 1, len(records), 0, 0)
    out += name(query) + struct.pack("!HH", qtype, 1)
    for kind, data in records:
        out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(data)) + data
    return out


def dns(c):
    a = octets("192.0.2.80")
    asked = [
        ("www.firm.example", 1, [(5, name("web.firm.example")), (1, a)], 0),
        ("www.firm.example", 28, [(28, bytes.fromhex("20010db8") + bytes(11) + b"\x50")], 0),
        ("firm.example", 15, [(15, b"\0\x0a" + name("mail.firm.example"))], 0),
        ("firm.example", 16, [(16, b"\x0bv=spf1 -all")], 0),
        ("9.0.20.10.in-addr.arpa", 12, [(12, name("desk9.firm.example"))], 0),
        ("wpad.firm.example", 1, [], 3),
    ]
    for i, (query, qtype, records, rcode) in enumerate(asked):
        port = 50000 + i
        c.udp(CLIENT, port, SERVER, 53, question(i, query, qtype))
        c.udp(SERVER, 53, CLIENT, port, reply(i, query, qtype, records, rcode))


def small_talk(c):
    c.frame(
        b"\x08\x06",
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + b"\x02\0\0\0\0\x02" + octets(CLIENT)
        + bytes(6) + octets(SERVER),
        to=b"\xff" * 6,
    )
    for n in range(2):
        data = struct.pack("!HH", 77, n) + bytes(range(48))
        c.icmp(CLIENT, FAR, 8, data)
        c.icmp(FAR, CLIENT, 0, data)
    stamp = struct.pack("!II", 0xEA300000, 0)
    c.udp(CLIENT, 123, FAR, 123, b"\x23" + bytes(39) + stamp)
    c.udp(FAR, 123, CLIENT, 123, b"\x24\x02\x06\xec" + bytes(8) + octets("192.0.2.1") + stamp * 4)
    c.udp(CLIENT, 50100, SERVER, 514, b"<38>Jul  3 09:46:41 desk9 sshd[71]: Server listening on 0.0.0.0 port 22.")
    oid = tlv(6, bytes.fromhex("2b06010201010500"))
    get = tlv(0xA0, tlv(2, b"\x07"), tlv(2, b"\0"), tlv(2, b"\0"), tlv(0x30, tlv(0x30, oid, tlv(5))))
    c.udp(CLIENT, 50101, SERVER, 161, tlv(0x30, tlv(2, b"\x01"), tlv(4, b"public"), get))
    # Somebody listens to nothing there.
    c.udp(CLIENT, 50102, FAR, 9, b"anyone?")
    quoted = b"\x45\0\0\x23\0\x09\x40\0\x3f\x11\0\0" + octets(CLIENT) + octets(FAR)
    c.icmp(FAR, CLIENT, 3, bytes(4) + quoted + struct.pack("!HHHH", 50102, 9, 15, 0))


def telephone(c):
    def message(first, body=b""):
        lines = [
            first,
            "Via: SIP/2.0/UDP 10.20.0.9:5060;branch=z9hG4bK7",
            "From: <sip:eva@firm.example>;tag=1",
            "To: <sip:otto@firm.example>",
            "Call-ID: 7@10.20.0.9",
            "CSeq: 1 INVITE",
            "User-Agent: desk telephone",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    offer = b"v=0\r\no=- 1 1 IN IP4 10.20.0.9\r\ns=-\r\nm=audio 4000 RTP/AVP 0\r\n"
    c.udp(CLIENT, 5060, SERVER, 5060, message("INVITE sip:otto@firm.example SIP/2.0", offer))
    c.udp(SERVER, 5060, CLIENT, 5060, message("SIP/2.0 180 Ringing"))
    c.udp(SERVER, 5060, CLIENT, 5060, message("SIP/2.0 200 OK"))
    for n in range(6):
        sound = b"\x80\0" + struct.pack("!HII", n, n * 160, 9) + bytes(160)
        c.udp(CLIENT, 4000, SERVER, 4002, sound)


def directory(c):
    talk = Talk(c, (CLIENT, 50200), (SERVER, 389))
    talk.send(0, tlv(0x30, tlv(2, b"\x01"), tlv(0x60, tlv(2, b"\x03"), tlv(4, b"cn=eva,dc=firm"), tlv(0x80, b""))))
    done = (tlv(10, b"\0"), tlv(4), tlv(4))
    talk.send(1, tlv(0x30, tlv(2, b"\x01"), tlv(0x61, *done)))
    search = tlv(
        0x63, tlv(4, b"dc=firm"), tlv(10, b"\x02"), tlv(10, b"\0"), tlv(2, b"\0"), tlv(2, b"\0"),
        tlv(1, b"\0"), tlv(0x87, b"objectClass"), tlv(0x30, tlv(4, b"mail")),
    )
    talk.send(0, tlv(0x30, tlv(2, b"\x02"), search))
    entry = tlv(0x64, tlv(4, b"cn=otto,dc=firm"), tlv(0x30))
    talk.send(1, tlv(0x30, tlv(2, b"\x02"), entry) + tlv(0x30, tlv(2, b"\x02"), tlv(0x65, *done)))
    talk.end()


def files(c):
    """A file over FTP, by a data connection that the reply names."""
    talk = Talk(c, (CLIENT, 50300), (SERVER, 21))
    talk.send(1, b"220 files\r\n")
    for said, answer in [
        (b"USER anonymous", b"331 name?"),
        (b"PASS eva@firm.example", b"230 come in"),
        (b"TYPE I", b"200 binary"),
        (b"PASV", b"227 Entering Passive Mode (10,20,0,1,195,80)"),
        (b"RETR report.pdf", b"150 here it comes"),
    ]:
        talk.send(0, said + b"\r\n")
        talk.send(1, answer + b"\r\n")
    data = Talk(c, (CLIENT, 50301), (SERVER, 195 * 256 + 80))
    data.send(1, b"%PDF-1.4\n" + bytes(1200))
    data.end()
    talk.send(1, b"226 done\r\n")
    talk.end()


def unknown(c):
    """A protocol of the house, with a segment that comes too late and one that comes twice."""
    talk = Talk(c, (CLIENT, 50400), (SERVER, 7700))
    talk.send(0, b"\xf1\x02" + bytes(range(200)))
    late = talk.seq[1]
    talk.seq[1] += 400
    talk.send(1, b"\xf2" * 400)
    talk.seq[1] = late
    talk.send(1, b"\xf3" * 400)
    talk.seq[1] = late
    talk.send(1, b"\xf3" * 400)
    talk.seq[1] = late + 800
    talk.end()
    # A port where nobody is.
    shut = Talk(c, (CLIENT, 50401), (SERVER, 7701), (5, 0), is_open=False)
    shut.send(0, b"", SYN)
    shut.send(1, b"", RST | ACK)


def main():
    c = Capture()
    for part in (dns, small_talk, telephone, directory, files, unknown):
        part(c)
    os.makedirs(HERE, exist_ok=True)
    with open(os.path.join(HERE, "office.pcap"), "wb") as out:
        out.write(c.pcap())


main()
