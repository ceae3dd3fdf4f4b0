"""How the office finds names and addresses: DNS, mDNS, LLMNR, NetBIOS, DHCP, ARP."""

import struct

from office import DC, DESKS, GATE, PEOPLE, SERVERS, SITES, chance, noise
from packets import name, octets

A, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, HTTPS = 1, 5, 6, 12, 15, 16, 28, 33, 65


def message(ident, flags, question, records=(), behind=()):
    """`records` are answers, `behind` those of the authority section: name, type, time, data."""
    out = struct.pack("!HHHHHH", ident, flags, 1, len(records), len(behind), 0)
    out += name(question[0]) + struct.pack("!HH", question[1], 1)
    for owner, kind, ttl, data in [*records, *behind]:
        owner = b"\xc0\x0c" if owner == question[0] else name(owner)
        out += owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
    return out


def ask(c, client, query, kind, records=(), rcode=0):
    behind = []
    if not records:
        data = name("dc1.firm.example") + name("admin.firm.example") + struct.pack("!5I", 9, 900, 600, 86400, 300)
        behind = [(query.split(".", 1)[-1] if "." in query else query, SOA, 300, data)]
    ident, port = chance.below(65536), c.port(client)
    c.udp(client, port, DC, 53, message(ident, 0x0100, (query, kind)))
    c.wait(chance.among(0, 20))
    c.udp(DC, 53, client, port, message(ident, 0x8180 | rcode, (query, kind), records, behind))


def look_up(c, client, host):
    """A browser asks for both kinds of address, and some for the third type too."""
    if host.endswith(".firm.example"):
        return ask(c, client, host, A, [(host, A, 1200, octets(SERVERS[host.split(".")[0]]))])
    address, front = SITES[host]
    chain = [(host, CNAME, 300, name(front))] if front else []
    ask(c, client, host, A, [*chain, (front or host, A, 120, octets(address))])
    v6 = octets("2001:db8::" + address.rsplit(".", 1)[1])
    ask(c, client, host, AAAA, [*chain, (front or host, AAAA, 120, v6)] if chance.below(2) else chain)
    if chance.below(3) == 0:
        ask(c, client, host, HTTPS, chain)


def others(c, n):
    """What hosts ask for that no person asked for."""
    client = DESKS[n % len(DESKS)]
    c.somewhen()
    last = client.rsplit(".", 1)[1]
    if n % 4 == 0:
        ask(c, client, f"{last}.1.30.10.in-addr.arpa", PTR, [(f"{last}.1.30.10.in-addr.arpa", PTR, 1200, name(f"desk{last}.firm.example"))])
    elif n % 4 == 1:
        ask(c, client, "wpad.firm.example", A, rcode=3)
        ask(c, client, "isatap.firm.example", A, rcode=3)
    elif n % 4 == 2:
        host = "_ldap._tcp.dc._msdcs.firm.example"
        ask(c, client, host, SRV, [(host, SRV, 600, struct.pack("!HHH", 0, 100, 389) + name("dc1.firm.example"))])
        look_up(c, client, "dc1.firm.example")
    else:
        ask(c, client, "partner.example", MX, [("partner.example", MX, 3600, b"\0\x0a" + name("mx.partner.example"))])
        ask(c, client, "partner.example", TXT, [("partner.example", TXT, 3600, b"\x17v=spf1 ip4:192.0.2.0/24")])


def netbios(text):
    """A name of a workstation, a letter for each half of a byte (RFC 1001 section 14.1)."""
    padded = text.upper().ljust(15).encode() + b"\0"
    return "".join(chr(65 + (b >> 4)) + chr(65 + (b & 15)) for b in padded)


def neighbours(c, n):
    """To all on the wire, who has what name."""
    client, person = DESKS[n], PEOPLE[n]
    c.somewhen()
    c.udp(client, 5353, "224.0.0.251", 5353, message(0, 0, ("_ipp._tcp.local", PTR)))
    v6 = f"fe80::{n + 1:x}"
    c.udp(v6, 5353, "ff02::fb", 5353, message(0, 0, ("_ipp._tcp.local", PTR)))
    port, ident = c.port(client), chance.below(65536)
    c.udp(client, port, "224.0.0.252", 5355, message(ident, 0, (f"desk-{person}", A)))
    if n % 2:
        other = DESKS[(n + 5) % len(DESKS)]
        c.udp(other, 5355, client, port, message(ident, 0x8000, (f"desk-{person}", A), [(f"desk-{person}", A, 30, octets(other))]))
    c.udp(client, 137, "10.30.255.255", 137, message(ident, 0x0110, (netbios(f"desk-{person}"), 32)))


def cards(c, n):
    """Who has this address, and its answer."""
    asked = (GATE, DC, "10.30.0.5")[n % 3]
    client = DESKS[n]
    c.somewhen()
    for kind, src, dst in ((1, client, asked), (2, asked, client)):
        of, to = c.card(src), c.card(dst)
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, kind) + of + octets(src)
        body += (bytes(6) if kind == 1 else to) + octets(dst)
        c.frame(b"\x08\x06", body.ljust(46, b"\0"), b"\xff" * 6 if kind == 1 else to, of)


def lease(c, n):
    """A desk that was switched on asks for an address."""
    client, card, xid = DESKS[n], c.card(DESKS[n]), noise(4)
    host = b"\x0c" + bytes([5 + len(PEOPLE[n])]) + f"desk-{PEOPLE[n]}".encode()
    about = b"\x36\4" + octets(DC) + b"\x33\4\0\0\x70\x80\1\4\xff\xff\0\0\3\4" + octets(GATE) + b"\6\4" + octets(DC)
    c.somewhen()
    for op, kind, given, options in (
        (1, 1, "0.0.0.0", host + b"\x37\4\1\3\6\x0f"),
        (2, 2, client, about),
        (1, 3, "0.0.0.0", b"\x32\4" + octets(client) + b"\x36\4" + octets(DC) + host + b"\x37\4\1\3\6\x0f"),
        (2, 5, client, about + b"\x0f\x0cfirm.example"),
    ):
        body = struct.pack("!BBBB", op, 1, 6, 0) + xid + bytes(8) + octets(given) + bytes(8)
        body += card.ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63\x35\1" + bytes([kind]) + options + b"\xff"
        if op == 1:
            c.udp("0.0.0.0", 68, "255.255.255.255", 67, body.ljust(300, b"\0"))
        else:
            c.udp(DC, 67, client, 68, body.ljust(300, b"\0"))
