"""The office's domain: Kerberos, LDAP, CLDAP, SMB and DCE/RPC."""

import struct

from office import DC, DESKS, FILES, PEOPLE, chance, noise
from packets import name, tlv

REALM = b"FIRM.EXAMPLE"


def wide(text):
    return text.encode("utf-16-le")


def number(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


# Kerberos (RFC 4120).
def field(n, *parts):
    return tlv(0xA0 + n, *parts)


def text(value):
    return tlv(0x1B, value)


def principal(kind, *parts):
    return tlv(0x30, field(0, number(kind)), field(1, tlv(0x30, *(text(p) for p in parts))))


def sealed(size, kind=18):
    return tlv(0x30, field(0, number(kind)), field(1, number(2)), field(2, tlv(4, noise(size))))


def ticket(service):
    parts = field(0, number(5)), field(1, text(REALM)), field(2, principal(2, *service)), field(3, sealed(300))
    return tlv(0x61, tlv(0x30, *parts))


def kdc_request(kind, who, service, proofs):
    body = [field(0, tlv(3, b"\0\x40\x81\0\x10"))]
    body += [field(1, principal(1, who))] if kind == 10 else []
    body += [
        field(2, text(REALM)),
        field(3, principal(2, *service)),
        field(5, tlv(0x18, b"20370913024805Z")),
        field(7, number(chance.below(1 << 30))),
        field(8, tlv(0x30, number(18), number(17), number(23))),
    ]
    parts = [field(1, number(5)), field(2, number(kind))]
    if proofs:
        given = (tlv(0x30, field(1, number(kind)), field(2, tlv(4, data))) for kind, data in proofs)
        parts.append(field(3, tlv(0x30, *given)))
    return tlv(0x60 + kind, tlv(0x30, *parts, field(4, tlv(0x30, *body))))


def kdc_reply(kind, who, service):
    parts = field(0, number(5)), field(1, number(kind)), field(3, text(REALM)), field(4, principal(1, who))
    return tlv(0x60 + kind, tlv(0x30, *parts, field(5, ticket(service)), field(6, sealed(220))))


def kdc_error(code, service):
    parts = field(0, number(5)), field(1, number(30)), field(4, tlv(0x18, b"20261124092000Z")), field(5, number(7))
    more = field(6, number(code)), field(9, text(REALM)), field(10, principal(2, *service))
    return tlv(0x7E, tlv(0x30, *parts, *more))


KRBTGT = (b"krbtgt", REALM)


def kerberos(c, client, service, knows=True):
    who = PEOPLE[DESKS.index(client)].encode()
    port = c.port(client)
    c.udp(client, port, DC, 88, kdc_request(10, who, KRBTGT, [(128, bytes.fromhex("3005a0030101ff"))]))
    c.udp(DC, 88, client, port, kdc_error(25, KRBTGT))
    stamp = [(2, tlv(0x30, field(0, number(18)), field(2, tlv(4, noise(56)))))]
    port = c.port(client)
    c.udp(client, port, DC, 88, kdc_request(10, who, KRBTGT, stamp))
    if not knows:
        return c.udp(DC, 88, client, port, kdc_error(24, KRBTGT))
    c.udp(DC, 88, client, port, kdc_reply(11, who, KRBTGT))
    asks = field(0, number(5)), field(1, number(14)), field(2, tlv(3, bytes(5))), field(3, ticket(KRBTGT))
    asked = kdc_request(12, who, service, [(1, tlv(0x6E, tlv(0x30, *asks, field(4, sealed(90)))))])
    talk = c.connect(client, DC, 88)
    talk.say(0, struct.pack("!I", len(asked)) + asked)
    told = kdc_reply(13, who, service)
    talk.say(1, struct.pack("!I", len(told)) + told)
    talk.end()


# LDAP (RFC 4511).
DONE = tlv(10, b"\0") + tlv(4) + tlv(4)


def equals(attribute, value):
    return tlv(0xA3, tlv(4, attribute), tlv(4, value))


def search(n, base, scope, wanted, *attributes):
    head = tlv(4, base), tlv(10, bytes([scope])), tlv(10, b"\0"), number(100), number(30), tlv(1, b"\0")
    return tlv(0x30, number(n), tlv(0x63, *head, wanted, tlv(0x30, *(tlv(4, a) for a in attributes))))


def entry(n, of, **values):
    held = (tlv(0x30, tlv(4, k.encode()), tlv(0x31, tlv(4, v))) for k, v in values.items())
    return tlv(0x30, number(n), tlv(0x64, tlv(4, of), tlv(0x30, *held)))


def ldap(c, client):
    who = PEOPLE[DESKS.index(client)].encode()
    port = c.port(client)
    asked = tlv(0xA0, equals(b"DnsDomain", b"firm.example"), equals(b"NtVer", b"\x16\0\0\0"))
    c.udp(client, port, DC, 389, search(1, b"", 0, asked, b"Netlogon"))
    pong = b"\x17\0\0\0\xfd\xf3\3\0" + noise(16) + name("firm.example") + b"\xc0\x18" + name("dc1")
    answer = entry(1, b"", Netlogon=pong) + tlv(0x30, number(1), tlv(0x65, DONE))
    c.udp(DC, 389, client, port, answer)
    talk = c.connect(client, DC, 389)
    token = spnego_first(ntlm_first())
    sasl = tlv(0xA3, tlv(4, b"GSS-SPNEGO"), tlv(4, token))
    talk.say(0, tlv(0x30, number(1), tlv(0x60, number(3), tlv(4), sasl)))
    talk.say(1, tlv(0x30, number(1), tlv(0x61, tlv(10, b"\x0e"), tlv(4), tlv(4), tlv(0x87, spnego_next(ntlm_challenge())))))
    sasl = tlv(0xA3, tlv(4, b"GSS-SPNEGO"), tlv(4, spnego_next(ntlm_answer(who.decode()))))
    talk.say(0, tlv(0x30, number(2), tlv(0x60, number(3), tlv(4), sasl)))
    talk.say(1, tlv(0x30, number(2), tlv(0x61, DONE)))
    person = tlv(0xA0, equals(b"objectClass", b"user"), tlv(0xA1, equals(b"sAMAccountName", who), equals(b"mail", who + b"@firm.example")))
    talk.say(0, search(3, b"DC=firm,DC=example", 2, person, b"cn", b"mail", b"memberOf"))
    found = b"CN=%b,OU=people,DC=firm,DC=example" % who
    told = entry(3, found, cn=who, mail=who + b"@firm.example", memberOf=b"CN=staff,OU=groups,DC=firm,DC=example")
    talk.say(1, told + tlv(0x30, number(3), tlv(0x65, DONE)))
    talk.say(0, search(4, b"", 0, tlv(0x87, b"objectClass"), b"defaultNamingContext"))
    talk.say(1, entry(4, b"", defaultNamingContext=b"DC=firm,DC=example") + tlv(0x30, number(4), tlv(0x65, DONE)))
    talk.say(0, tlv(0x30, number(5), tlv(0x42)))
    talk.end()


# NTLM (MS-NLMP) within SPNEGO (RFC 4178).
def ntlm_first():
    return b"NTLMSSP\0" + struct.pack("<IIQQ", 1, 0xE2088297, 0, 0) + b"\x0a\0\x61\x58\0\0\0\x0f"


def ntlm_challenge():
    domain = wide("FIRM")
    pairs = ((2, wide("FIRM")), (1, wide("DC1")), (4, wide("firm.example")), (3, wide("dc1.firm.example")), (0, b""))
    about = b"".join(struct.pack("<HH", kind, len(v)) + v for kind, v in pairs)
    head = struct.pack("<IHHII", 2, len(domain), len(domain), 56, 0xE2898215) + noise(8) + bytes(8)
    head += struct.pack("<HHI", len(about), len(about), 56 + len(domain)) + b"\x0a\0\x63\x45\0\0\0\x0f"
    return b"NTLMSSP\0" + head + domain + about


def ntlm_answer(who):
    parts, at, heads = (bytes(24), noise(140), wide("FIRM"), wide(who), wide(f"DESK-{who}"), noise(16)), 88, b""
    for part in parts:
        heads += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    head = b"NTLMSSP\0\3\0\0\0" + heads + struct.pack("<I", 0xE2888215) + b"\x0a\0\x61\x58\0\0\0\x0f"
    return head + noise(16) + b"".join(parts)


NTLM = tlv(6, bytes.fromhex("2b06010401823702020a"))


def spnego_first(token):
    return tlv(0x60, tlv(6, bytes.fromhex("2b0601050502")), field(0, tlv(0x30, field(0, tlv(0x30, NTLM)), field(2, tlv(4, token)))))


def spnego_next(token):
    return field(1, tlv(0x30, field(0, tlv(10, b"\1")), field(2, tlv(4, token))))


# SMB 2 (MS-SMB2).
class Share:
    def __init__(self, c, client, server):
        self.c, self.talk = c, c.connect(client, server, 445)
        self.n = 0
        self.session = self.tree = 0

    def both(self, command, asked, answered, status=0):
        for side, body in ((0, asked), (1, answered)):
            head = b"\xfeSMB" + struct.pack("<HHIHHII", 64, 1, status if side else 0, command, 31, side, 0)
            head += struct.pack("<QIIQ", self.n, 0xFEFF, self.tree, self.session) + bytes(16)
            self.talk.say(side, struct.pack("!I", 64 + len(body)) + head + body)
            self.c.wait(chance.among(0, 9))
        self.n += 1

    def login(self, who, knows=True):
        dialects = struct.pack("<3H", 0x202, 0x210, 0x300)
        offer = spnego_first(ntlm_first())
        says = struct.pack("<HHHHQQ", 65, 1, 0x300, 0, 7, 7) + struct.pack("<4I", 7, 1 << 20, 1 << 20, 1 << 20)
        says += struct.pack("<QQHHI", 0, 0, 128, len(offer), 0) + offer
        self.both(0, struct.pack("<HHHHI", 36, 3, 1, 0, 7) + noise(16) + bytes(8) + dialects, says)
        self.session = 0x0400_0000_0011 + self.n

        def setup(token):
            return struct.pack("<HBBIIHHQ", 25, 0, 1, 1, 0, 88, len(token), 0) + token

        def reply(token):
            return struct.pack("<HHHH", 9, 0, 72, len(token)) + token

        self.both(1, setup(offer), reply(spnego_next(ntlm_challenge())), 0xC0000016)
        last = setup(spnego_next(ntlm_answer(who)))
        if knows:
            self.both(1, last, reply(field(1, tlv(0x30, field(0, tlv(10, b"\0"))))))
        else:
            self.both(1, last, struct.pack("<HHI", 9, 0, 0), 0xC000006D)

    def connect(self, path):
        asked = struct.pack("<HHHH", 9, 0, 72, len(wide(path))) + wide(path)
        self.tree = 5
        self.both(3, asked, struct.pack("<HBBIII", 16, 1, 0, 0, 0, 0x1F01FF))

    def file(self, path, content, is_written):
        handle, times = noise(16), struct.pack("<4Q", *[134_000_000_000_000_000] * 4)
        asked = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 9, 2, 0, 0, 0x120089, 0, 7, 1, 0x40, 120, len(wide(path)), 0, 0)
        sizes = struct.pack("<QQII", 8192, len(content), 32, 0)
        self.both(5, asked + wide(path), struct.pack("<HBBI", 89, 0, 0, 1) + times + sizes + handle + bytes(8))
        if is_written:
            asked = struct.pack("<HHIQ", 49, 112, len(content), 0) + handle + bytes(16) + content
            self.both(9, asked, struct.pack("<HHIIHH", 17, 0, len(content), 0, 0, 0) + b"\0")
        else:
            asked = struct.pack("<HBBIQ", 49, 80, 0, 4096, 0) + handle + bytes(16) + b"\0"
            self.both(8, asked, struct.pack("<HBBIII", 17, 80, 0, len(content), 0, 0) + content)
        self.both(6, struct.pack("<HHI", 24, 0, 0) + handle, struct.pack("<HHI", 60, 0, 0) + times + sizes[:20])

    def end(self):
        for command in (4, 2):
            self.both(command, b"\4\0\0\0", b"\4\0\0\0")
        self.talk.end()


def shares(c, client):
    c.begin(chance.below(3000) * 1_000_000)
    kerberos(c, client, (b"cifs", b"files.firm.example"))
    share = Share(c, client, FILES)
    share.login(PEOPLE[DESKS.index(client)])
    share.connect("\\\\files\\common")
    for n in range(chance.among(1, 3)):
        content = chance.of([noise(900), b"what was agreed upon, line by line\n" * 90, b"PK\3\4" + noise(3000)])
        share.file(f"plans\\week {n}.docx", content, chance.below(3) == 0)
    share.end()


# DCE/RPC (C706, chapter 12).
MAPPER = bytes.fromhex("0883afe11f5dc91191a408002b14a0fa")
HOUSE = bytes.fromhex("3c0f5b7a91e26d4480a11f2e3d4c5b6a")
# Of no object and to no tower, four at most; nobody has registered it.
MAPPING = bytes(28) + struct.pack("<I", 4)
UNKNOWN = bytes(36) + struct.pack("<I", 0x16C9A0D6)
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")


def rpc(c, client):
    for port, interface, version in ((135, MAPPER, 3), (49668, HOUSE, 1)):
        talk = c.connect(client, DC, port)

        def say(side, kind, call, body, talk=talk):
            head = struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, call)
            talk.say(side, head + body)

        item = struct.pack("<IHBB", 1, 0, 1, 0) + interface + struct.pack("<HH", version, 0) + NDR
        say(0, 11, 1, struct.pack("<HHI", 5840, 5840, 0) + item)
        where = f"{port}".encode() + b"\0"
        where = struct.pack("<H", len(where)) + where
        where += bytes(-(len(where) + 8) % 4)
        say(1, 12, 1, struct.pack("<HHI", 5840, 5840, 0x1234) + where + b"\1\0\0\0\0\0\0\0" + NDR)
        for call in range(2, 4):
            asked, told = (MAPPING, UNKNOWN) if port == 135 else (noise(140), noise(220))
            say(0, 0, call, struct.pack("<IHH", len(asked), 0, 3) + asked)
            say(1, 2, call, struct.pack("<IHH", len(told), 0, 0) + told)
        talk.end()
