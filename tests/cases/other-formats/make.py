#!/usr/bin/env python3
"""Packs a log of another case in the ways that are not read, and begins a file of flow records."""

import bz2
import lzma
import pathlib
import tarfile

HERE = pathlib.Path(__file__).parent
LOG = HERE.parent / "readers/input/combined.log"
INPUT = HERE / "input"
# nfdump's file of layout 2: magic, layout, version of the program, no compression, no blocks.
NFCAPD = bytes.fromhex("0ca50200" "00080701") + bytes(32)


def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without what differs between machines."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def main() -> None:
    INPUT.mkdir(exist_ok=True)
    log = LOG.read_bytes()
    (INPUT / "combined.log.bz2").write_bytes(bz2.compress(log))
    (INPUT / "combined.log.xz").write_bytes(lzma.compress(log))
    (INPUT / "nfcapd.202311142313").write_bytes(NFCAPD)
    with tarfile.open(INPUT / "logs.tar", "w", format=tarfile.USTAR_FORMAT, bufsize=512) as to:
        to.add(LOG, "combined.log", filter=plain)


if __name__ == "__main__":
    main()
