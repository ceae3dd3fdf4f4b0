"""What the scripts that make captures share."""

import socket
import struct

SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
# The whole payload of a segment on Ethernet.
SEGMENT = 1460


def checksum(data):
    """The Internet checksum (RFC 1071) as a number."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def octets(text):
    """An address."""
    return socket.inet_pton(socket.AF_INET6, text) if ":" in text else bytes(int(n) for n in text.split("."))


def name(text):
    """A name of DNS, uncompressed."""
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


def tlv(tag, *parts):
    """An element of BER, its length in the shortest form."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes(1 + (len(body) > 255), "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


class Capture:
    """Frames in the order of their times; each comes a step after the one put in before it."""

    def __init__(self, at=1_720_000_000_000_000):
        self.frames = []
        self.at = at
        self.ident = 0

    def step(self):
        """Microseconds from one frame to the next."""
        return 900

    def ttl(self, _src):
        return 64

    def macs(self, _src, _dst):
        """The cards of the receiver and of the sender."""
        return b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"

    def frame(self, ether, payload, to=b"\x02\0\0\0\0\x01", of=b"\x02\0\0\0\0\x02"):
        self.at += self.step()
        self.frames.append((self.at, to + of + ether + payload))

    def numbered(self, _src):
        """The next packet's identification."""
        self.ident = (self.ident + 1) & 0xFFFF
        return self.ident

    def ip(self, src, dst, protocol, payload):
        cards, ttl, ident = self.macs(src, dst), self.ttl(src), self.numbered(src)
        src, dst = octets(src), octets(dst)
        if len(src) == 16:
            head = struct.pack("!IHBB", 0x60000000, len(payload), protocol, ttl) + src + dst
            return self.frame(b"\x86\xdd", head + payload, *cards)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, 0x4000, ttl, protocol, 0)
        head = head[:10] + struct.pack("!H", checksum(head + src + dst)) + src + dst
        self.frame(b"\x08\0", head + payload, *cards)

    def over(self, src, dst, protocol, payload, at):
        """A transport's unit, its checksum put at `at`."""
        pseudo = octets(src) + octets(dst) + struct.pack("!HH", protocol, len(payload))
        total = struct.pack("!H", checksum(pseudo + payload))
        self.ip(src, dst, protocol, payload[:at] + total + payload[at + 2 :])

    def udp(self, src, sport, dst, dport, data):
        unit = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
        self.over(src, dst, 17, unit, 6)

    def icmp(self, src, dst, kind, data):
        unit = bytes([kind, 0, 0, 0]) + data
        self.ip(src, dst, 1, unit[:2] + struct.pack("!H", checksum(unit)) + unit[4:])

    def pcap(self):
        out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        for at, frame in sorted(self.frames, key=lambda f: f[0]):
            out += struct.pack("<IIII", *divmod(at, 1_000_000), len(frame), len(frame)) + frame
        return out


class Talk:
    """One TCP connection from `client` to `server`, each an address and a port; both say things in
    turn. It begins with its handshake, unless `is_open` is false: then with nothing."""

    def __init__(self, capture, client, server, seq=(1000, 9000), is_open=True):
        self.capture, self.ends, self.seq = capture, (client, server), list(seq)
        if is_open:
            self.send(0, b"", SYN)
            self.send(1, b"", SYN | ACK)
            self.send(0, b"", ACK)

    def options(self, _flags):
        return b""

    def send(self, side, data, flags=PSH | ACK):
        """One segment of the client's (0) or the server's (1)."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack, options = self.seq[1 - side] if flags & ACK else 0, self.options(flags)
        size = (20 + len(options)) << 2
        ports = struct.pack("!HHII", sport, dport, self.seq[side], ack)
        unit = ports + struct.pack("!BBHHH", size, flags, 64240, 0, 0) + options
        self.capture.over(src, dst, 6, unit + data, 16)
        self.seq[side] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def say(self, side, data):
        """As many segments as it takes; the other side acknowledges every second one."""
        for n, at in enumerate(range(0, len(data), SEGMENT)):
            part = data[at : at + SEGMENT]
            self.send(side, part, ACK if at + SEGMENT < len(data) else PSH | ACK)
            if n % 2:
                self.send(1 - side, b"", ACK)

    def end(self):
        self.send(0, b"", FIN | ACK)
        self.send(1, b"", FIN | ACK)
        self.send(0, b"", ACK)
