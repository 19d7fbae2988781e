#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""records.py MOUNT: write the record of each image layer's tar (layerdb/sha256/*/tar-split.json.gz), as Docker would have
done: headers of GNU tar, whole seconds, CRC-64 of the contents (vbatts/tar-split tar/storage/entry.go)."""

import gzip
import json
import os
import stat
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

TYPES = {stat.S_IFREG: b"0", stat.S_IFLNK: b"2", stat.S_IFCHR: b"0", stat.S_IFDIR: b"5"}


def crc_table() -> list[int]:
    """CRC-64/GO-ISO, a byte at a time."""
    table = list(range(256))
    for byte in table[:]:
        for _ in range(8):
            table[byte] = table[byte] >> 1 ^ (0xD800000000000000 if table[byte] & 1 else 0)
    return table


TABLE = crc_table()


def crc64(data: bytes) -> bytes:
    """As Go's hash writes it."""
    crc = 2**64 - 1
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return (crc ^ (2**64 - 1)).to_bytes(8, "big")


def block(name: bytes, kind: bytes, status: os.stat_result, size: int, target: bytes) -> bytes:
    """A header."""
    head = bytearray(512)
    head[0:len(name[:100])] = name[:100]
    head[100:156] = b"%07o\0%07o\0%07o\0%011o\0%011o\0        " % (status.st_mode & 0o7777, status.st_uid, status.st_gid,
                                                                  size, int(status.st_mtime))
    head[156:157] = kind
    head[157:157 + len(target[:100])] = target[:100]
    head[257:265] = b"ustar  \0"
    head[148:155] = b"%06o\0" % sum(head)
    return bytes(head)


def header(name: bytes, status: os.stat_result, size: int, target: bytes) -> bytes:
    """With GNU's long name before it, if need be."""
    longer = b""
    if len(name) > 100:
        longer = block(b"././@LongLink", b"L", status, len(name) + 1, b"") + name + bytes(512 - len(name) % 512)
    return longer + block(name, TYPES[stat.S_IFMT(status.st_mode)], status, size, target)


def entries(tree: bytes, below: bytes = b"") -> Iterator[tuple[bytes, os.DirEntry]]:
    """All that is in a layer, parents first."""
    with os.scandir(os.path.join(tree, below)) as listing:
        for entry in sorted(listing, key=lambda entry: entry.name):
            path = os.path.join(below, entry.name)
            yield path, entry
            if entry.is_dir(follow_symlinks=False):
                yield from entries(tree, path)


def lines(tree: bytes) -> Iterator[dict]:
    """The record of a layer."""
    padding = b""
    for path, entry in entries(tree):
        status = entry.stat(follow_symlinks=False)
        data = Path(os.fsdecode(entry.path)).read_bytes() if entry.is_file(follow_symlinks=False) else b""
        target = os.readlink(entry.path) if entry.is_symlink() else b""
        if stat.S_ISCHR(status.st_mode):
            path = os.path.join(os.path.dirname(path), b".wh." + entry.name)
        raw = padding + header(path, status, len(data), target)
        padding = bytes(-len(data) % 512)
        yield {"type": 2, "payload": b64encode(raw).decode()}
        yield {"type": 1, "name": path.decode(), **({"size": len(data)} if data else {}),
               "payload": b64encode(crc64(data)).decode() if data else None}
    yield {"type": 2, "payload": b64encode(padding + bytes(1024)).decode()}


def main() -> None:
    """Every layer that has a record."""
    root = Path(sys.argv[1]) / "var/lib/docker"
    for record in sorted((root / "image/overlay2/layerdb/sha256").iterdir()):
        tree = root / "overlay2" / (record / "cache-id").read_text() / "diff"
        with gzip.open(record / "tar-split.json.gz", "wt", compresslevel=6) as out:
            for number, line in enumerate(lines(os.fsencode(tree))):
                out.write(json.dumps(line | ({"position": number} if number else {}), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
