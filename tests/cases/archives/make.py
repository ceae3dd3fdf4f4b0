#!/usr/bin/env python3
"""Packs evidence of other cases into archives: one of several kinds of members, one cut off."""

import io
import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent
READERS = HERE.parent / "readers/input"
CAPTURES = HERE.parent / "capture-files/input"
# The general purpose flag of an encrypted member.
ENCRYPTED = 1


class Pipe(io.BytesIO):
    """Takes bytes and never goes back, so that lengths come behind the data."""

    def seekable(self):
        return False

    def tell(self):
        raise io.UnsupportedOperation


def put(archive, name, data, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20))
    archive.writestr(info, data, method)


def mixed():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        put(archive, "tap/a.pcap", (CAPTURES / "pcap-le.pcap").read_bytes(), zipfile.ZIP_STORED)
        put(archive, "logs/", b"", zipfile.ZIP_STORED)
        put(archive, "logs/zeek/dns.log", (READERS / "zeek-dns.log").read_bytes())
        put(archive, "logs/combined.log.gz", (READERS / "combined.log.gz").read_bytes())
        put(archive, "secret.log", b"Twelve bytes and what they hide.", zipfile.ZIP_STORED)
        archive.infolist()[-1].flag_bits |= ENCRYPTED
    return out.getvalue()


def cut():
    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        put(archive, "vsftpd.log", (READERS / "vsftpd.log").read_bytes())
        put(archive, "caddy.json", (READERS / "caddy.json").read_bytes())
        put(archive, "xferlog", (READERS / "xferlog").read_bytes())
    whole = out.getvalue()
    return whole[: whole.index(b"PK\x01\x02") + 20]


def main():
    (HERE / "input/evidence.zip").write_bytes(mixed())
    (HERE / "input/cut.zip").write_bytes(cut())


if __name__ == "__main__":
    main()
