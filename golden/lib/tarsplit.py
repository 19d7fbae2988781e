# SPDX-License-Identifier: Apache-2.0
"""tar-split.json.gz: what Docker keeps of the tar that a layer was unpacked from (vbatts/tar-split tar/storage/entry.go).

The record is made from the entries of a tree, as if they had just been unpacked: mtimes in whole seconds, a whiteout as
an empty file .wh.NAME.
"""
import base64
import gzip
import json
import tarfile
from typing import Any

TYPES = {"d": tarfile.DIRTYPE, "f": tarfile.REGTYPE, "l": tarfile.SYMTYPE, "p": tarfile.FIFOTYPE,
         "c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE}
Line = dict[str, Any]


def crc64(data: bytes) -> bytes:
    """CRC-64/GO-ISO, which Go calls hash/crc64 with the table of ISO."""
    crc = 2**64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xD800000000000000 if crc & 1 else 0)
    return (crc ^ 2**64 - 1).to_bytes(8, "big")


def encode(data: bytes) -> str:
    """Base64 as JSON holds it."""
    return base64.b64encode(data).decode()


def header(entry: Any, name: str, link: str) -> bytes:
    """The 512 bytes before the contents. `link` is the other name of a file that stands there already, or empty."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = TYPES[entry.kind], entry.mode, entry.uid, entry.gid
    info.mtime = (entry.times["m"] if entry.tarred is None else entry.tarred) // 10**9
    info.size = len(entry.data)
    info.linkname = entry.target.decode()
    if entry.kind in "cb":
        info.devmajor, info.devminor = entry.device
    if name.rpartition("/")[2].startswith(".wh."):
        info.type = tarfile.REGTYPE
    if link:
        info.type, info.size, info.linkname = tarfile.LNKTYPE, 0, link
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def member_name(entry: Any, layer: bytes) -> str:
    """The name in the tar of an entry below the directory `layer`."""
    folder, _, name = entry.path[len(layer) + 1:].decode().rpartition("/")
    hidden = entry.kind == "c" and entry.device == (0, 0)
    return (folder + "/" if folder else "") + (".wh." if hidden else "") + name


def record(entries: dict[bytes, Any], layer: bytes) -> bytes:
    """The record of the layer whose files lie below the directory `layer`."""
    lines: list[Line] = []
    padding = b""
    for entry in sorted(entries.values(), key=lambda entry: entry.path):
        if not entry.path.startswith(layer + b"/"):
            continue
        name, first = member_name(entry, layer), entries[entry.target] if entry.kind == "h" else entry
        link = member_name(first, layer) if first is not entry else ""
        data = b"" if link else entry.data
        lines.append({"type": 2, "payload": encode(padding + header(first, name, link))})
        file: Line = {"type": 1, "name": name, "payload": encode(crc64(data)) if data else None}
        lines.append(file | ({"size": len(data)} if data else {}))
        padding = bytes(-len(data) % 512)
    lines.append({"type": 2, "payload": encode(padding + bytes(1024))})
    text = "".join(json.dumps(line | {"position": number}) + "\n" for number, line in enumerate(lines))
    return gzip.compress(text.encode(), mtime=0)
