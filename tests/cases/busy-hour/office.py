"""The office: its chance, its hosts, its names, and how its packets are made."""

import struct

from packets import ACK, RST, SYN, Capture, Talk, octets

# 24 November 2026, 09:00 UTC: the certificate that is shown was valid.
NINE = 1_795_510_800_000_000
HOUR = 3_600_000_000
GATE, DC, FILES, WIKI, POST, WATCH, PBX, PRINTER = (f"10.30.0.{n}" for n in (1, 2, 5, 6, 7, 8, 9, 20))
SERVERS = {"dc1": DC, "files": FILES, "wiki": WIKI, "post": POST, "watch": WATCH, "pbx": PBX}
PEOPLE = [
    "eva", "otto", "ann", "tom", "ida", "max", "lea", "jon", "mia", "ben", "zoe", "kim", "sam", "uta",
    "rolf", "nora", "paul", "vera", "hans", "olga", "kurt", "rosa", "emil", "lara", "fred", "gina",
]  # fmt: skip
DESKS = [f"10.30.1.{20 + n}" for n in range(len(PEOPLE))]
# What is asked for outside: each name's address, and the name behind which it stands, if any.
SITES = {
    "www.news.example": ("198.51.100.10", "news.edge.example"),
    "cdn.news.example": ("198.51.100.11", "news.edge.example"),
    "www.shop.example": ("203.0.113.30", None),
    "api.shop.example": ("203.0.113.31", None),
    "mail.cloud.example": ("192.0.2.40", "front.cloud.example"),
    "meet.cloud.example": ("192.0.2.41", "front.cloud.example"),
    "update.system.example": ("192.0.2.60", None),
    "www.front.example.com": ("203.0.113.90", None),
    "docs.archive.example": ("198.51.100.70", None),
}


class Chance:
    """The same numbers in every run (the constants of Knuth's MMIX)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        return (self.state >> 33) % n

    def among(self, low, high):
        return low + self.below(high - low + 1)

    def of(self, members):
        return members[self.below(len(members))]


chance = Chance(9)
# What looks like chance, cut out of one block: a capture of it still packs well.
BLOCK = bytes(map(Chance(5).below, [256] * 320))


def noise(n):
    """Bytes like those of ciphers and sound."""
    at = chance.below(64) * 4
    return (BLOCK[at:] + BLOCK * (n // len(BLOCK) + 1))[:n]


class Office(Capture):
    def __init__(self):
        super().__init__(NINE)
        self.ports = {}
        self.others = {"10": 64, "19": 52, "20": 57}

    def begin(self, at):
        """Goes to a time of the hour: what follows is one conversation."""
        self.at = NINE + int(at)

    def somewhen(self):
        self.begin(chance.below(HOUR // 1000) * 1000)

    def step(self):
        return chance.among(1, 15) * 200

    def wait(self, millis):
        self.at += millis * 1000

    def numbered(self, src):
        """A server's packets are never cut, and have no number."""
        return super().numbered(src) if src in DESKS else 0

    def ttl(self, src):
        return 128 if src in DESKS or src == DC else self.others.get(src[:2], 255)

    def macs(self, src, dst):
        return self.card(dst), self.card(src)

    def card(self, address):
        whole = octets(address)
        if len(whole) == 16:
            return (b"\x33\x33" if whole[0] == 255 else b"\x02\x0c") + whole[12:]
        if whole[0] >= 224:
            return b"\xff" * 6 if whole[0] == 255 else b"\x01\0\x5e" + whole[1:]
        if address == "10.30.255.255":
            return b"\xff" * 6
        # Who is elsewhere is behind the gateway.
        return b"\x02\x0c" + (whole if address.startswith("10.30.") else octets(GATE))

    def port(self, client):
        """The client's next port."""
        self.ports[client] = self.ports.get(client, 49152 + octets(client)[-1] * 97) + chance.among(1, 3)
        return self.ports[client]

    def connect(self, client, server, port):
        return Connection(self, (client, self.port(client)), (server, port))


class Connection(Talk):
    """With the options of today's systems and numbers that differ."""

    def __init__(self, capture, client, server, is_open=True):
        self.has_times = chance.below(4) == 0
        numbers = (chance.below(1 << 32 - 8), chance.below(1 << 32 - 8))
        super().__init__(capture, client, server, numbers, is_open)

    def options(self, flags):
        times = b"\x08\x0a" + struct.pack("!II", self.capture.at >> 20, 7) if self.has_times else b""
        if flags & SYN:
            return b"\x02\x04\x05\xb4\x04\x02" + (times or b"\x01\x01") + b"\x01\x03\x03\x08"
        return b"\x01\x01" + times if times and not flags & RST else b""

    def says(self, *lines):
        """Lines in turn: `C: ` the client's, `S: ` the server's."""
        for line in lines:
            self.say("CS".index(line[0]), line[3:].encode() + b"\r\n")
            self.capture.wait(chance.among(0, 12))

    def drop(self, side):
        self.send(side, b"", RST | ACK)

    def twice(self, side, data):
        """A segment that is sent again, since nobody said that it came."""
        before = self.seq[side]
        self.send(side, data)
        self.capture.wait(220)
        self.seq[side] = before
        self.send(side, data)

    def swapped(self, side, first, second):
        """Two segments, the second before the first."""
        start = self.seq[side]
        self.seq[side] += len(first)
        self.send(side, second)
        behind, self.seq[side] = self.seq[side], start
        self.send(side, first)
        self.seq[side] = behind

    def refused(self):
        self.send(0, b"", SYN)
        self.send(1, b"", RST | ACK)
