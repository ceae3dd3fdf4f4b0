#!/usr/bin/env python3
"""Writes one capture for each form of file and each kind of block: a query and its answer in it."""

import importlib.util
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("links", HERE.parent / "link-types/make.py")
links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(links)
PACKETS = [links.packet(answer) for answer in (False, True)]
RAW = 101
HOUR = 3600


class Files:
    """Each file an hour behind the one before, so that none goes on with another."""

    def __init__(self):
        self.secs = 1_700_000_000

    def write(self, name, make):
        self.secs += HOUR
        (HERE / "input" / name).write_bytes(make(self.secs))


def pcap(order, magic, nanos=False, extra=b"", lie=lambda n: (n, n)):
    def make(secs):
        out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, RAW)
        for i, data in enumerate(PACKETS):
            part = i * 1_000_000 if nanos else i * 1000
            out += struct.pack(order + "IIII", secs, part, *lie(len(data))) + extra + data
        return out
    return make


class Pcapng:
    def __init__(self, order, secs):
        self.order, self.secs, self.out = order, secs, b""
        self.section()

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def block(self, kind, body):
        body += b"\0" * (-len(body) % 4)
        length = self.pack("I", len(body) + 12)
        self.out += self.pack("I", kind) + length + body + length

    def option(self, code, value):
        return self.pack("HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def section(self, order=None, options=b""):
        self.order = order or self.order
        self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1) + options)

    def interface(self, options=b"", link_type=RAW):
        self.block(1, self.pack("HHI", link_type, 0, 65535) + options)

    def enhanced(self, data, ticks, interface=0, options=b""):
        head = self.pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
        self.block(6, head + data + b"\0" * (-len(data) % 4) + options)

    def packets(self, per_sec=1_000_000, **more):
        for i, data in enumerate(PACKETS):
            self.enhanced(data, self.secs * per_sec + i * per_sec // 1000, **more)


def pcapng(order, build):
    def make(secs):
        file = Pcapng(order, secs)
        build(file)
        return file.out
    return make


def plain(file):
    file.interface()
    file.packets()


def sections(file):
    file.interface(file.option(2, b"eth0"))
    file.enhanced(PACKETS[0], file.secs * 1_000_000)
    file.section(">")
    file.interface(link_type=147)
    file.interface(file.option(9, bytes([9])))
    file.enhanced(PACKETS[1], file.secs * 1_000_000_000 + 1_000_000, interface=1)


def resolution(exponent, per_sec):
    def build(file):
        file.interface(file.option(9, bytes([exponent])))
        file.packets(per_sec)
    return build


def offset(file):
    file.interface(file.option(14, file.pack("q", file.secs)))
    file.secs = 0
    file.packets()


def simple(file):
    file.interface()
    for data in PACKETS:
        file.block(3, file.pack("I", len(data)) + data)


def obsolete(file):
    file.interface()
    for i, data in enumerate(PACKETS):
        ticks = file.secs * 1_000_000 + i
        head = file.pack("HHIIII", 0, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
        file.block(2, head + data)


def names(file):
    plain(file)
    record = bytes((198, 51, 100, 53)) + b"resolver.example\0"
    file.block(4, file.option(1, record) + file.option(0, b""))


def statistics(file):
    file.interface(file.option(2, b"eth0"))
    file.packets()
    counts = [(4, 90), (5, 7), (6, 88), (7, 3), (8, 2)]
    options = b"".join(file.option(code, file.pack("Q", n)) for code, n in counts)
    file.block(5, file.pack("III", 0, 0, 0) + options)


def comments(file):
    file.section(options=file.option(1, b"what the section says") + file.option(0, b""))
    file.interface(file.option(1, b"what the interface says"))
    file.packets(options=file.option(1, b"look at <b>this</b>"))


def unknown(file):
    plain(file)
    file.block(77, b"what is this")
    file.block(0xBAD, b"1234mine")


def damaged(make):
    # One byte of the second packet's length becomes absurd; a third packet follows.
    def build(secs):
        first = make(secs)
        second = make(secs)
        at = first.rindex(PACKETS[1]) - 6
        return first[:at] + b"\xff\xff" + first[at + 2:] + second[24:]
    return build


def main():
    files = Files()
    for order, end in (("<", "le"), (">", "be")):
        files.write(f"pcap-{end}.pcap", pcap(order, 0xA1B2C3D4))
        files.write(f"pcap-{end}-nanoseconds.pcap", pcap(order, 0xA1B23C4D, nanos=True))
        files.write(f"pcap-{end}-modified.pcap", pcap(order, 0xA1B2CD34, extra=b"\0" * 8))
        files.write(f"pcapng-{end}.pcapng", pcapng(order, plain))
    files.write("pcap-length-lies.pcap", pcap("<", 0xA1B2C3D4, lie=lambda n: (n, n - 9)))
    files.write("pcap-cut.pcap", lambda secs: pcap("<", 0xA1B2C3D4)(secs)[:-5])
    files.write("pcap-damaged.pcap", damaged(pcap("<", 0xA1B2C3D4)))
    files.write("pcapng-sections.pcapng", pcapng("<", sections))
    files.write("pcapng-resolution-decimal.pcapng", pcapng("<", resolution(3, 1000)))
    files.write("pcapng-resolution-binary.pcapng", pcapng("<", resolution(0x80 | 10, 1024)))
    files.write("pcapng-offset.pcapng", pcapng("<", offset))
    files.write("pcapng-simple.pcapng", pcapng("<", simple))
    files.write("pcapng-obsolete.pcapng", pcapng(">", obsolete))
    files.write("pcapng-names.pcapng", pcapng("<", names))
    files.write("pcapng-statistics.pcapng", pcapng("<", statistics))
    files.write("pcapng-comments.pcapng", pcapng("<", comments))
    files.write("pcapng-unknown-blocks.pcapng", pcapng("<", unknown))
    files.write("pcapng-cut.pcapng", lambda secs: pcapng("<", plain)(secs)[:-5])


if __name__ == "__main__":
    main()
