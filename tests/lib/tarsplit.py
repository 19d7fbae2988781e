# SPDX-License-Identifier: Apache-2.0
"""The record that Docker keeps of a layer's tar, tar-split.json.gz, written after vbatts/tar-split tar/storage/entry.go.

It is made from a tree of files. So it is right of that tree, and of none that was changed afterwards.
"""
import base64
import gzip
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from lib.checksums import crc64


def tar_members(diff: Path) -> Iterator[tuple[bytes, tarfile.TarInfo, bytes]]:
    """Name, header and contents of all that is in the tree of an overlay2 layer, parents first; whiteouts as .wh.NAME.
    Times are cut to seconds, as Docker does."""
    for at, folders, files in os.walk(os.fsencode(diff)):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(at, name)
            status = os.lstat(path)
            if stat.S_ISSOCK(status.st_mode):
                continue
            head = tarfile.TarFile.gettarinfo(tarfile.TarFile(fileobj=io.BytesIO(), mode="w"), os.fsdecode(path))
            inside = os.path.relpath(path, os.fsencode(diff))
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                inside = os.path.join(os.path.dirname(inside), b".wh." + name)
                head.type, head.devmajor, head.devminor = tarfile.REGTYPE, 0, 0
            if head.islnk():
                head.type, head.size = tarfile.REGTYPE, status.st_size
            head.mtime, head.name = status.st_mtime_ns // 10**9, os.fsdecode(inside)
            yield inside, head, Path(os.fsdecode(path)).read_bytes() if head.isreg() and head.size else b""


def tar_split(diff: Path) -> bytes:
    """The record that Docker keeps of a layer's tar (vbatts/tar-split tar/storage/entry.go)."""
    lines: list[dict] = []
    padding = b""
    for name, head, data in tar_members(diff):
        raw = padding + head.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        lines.append({"type": 2, "payload": base64.b64encode(raw).decode()})
        try:
            entry: dict = {"type": 1, "name": name.decode()}
        except UnicodeDecodeError:
            entry = {"type": 1, "name_raw": base64.b64encode(name).decode()}
        payload = base64.b64encode(crc64(data).to_bytes(8, "big")).decode() if data else None
        lines.append(entry | ({"size": len(data)} if data else {}) | {"payload": payload})
        padding = bytes(-len(data) % 512)
    lines.append({"type": 2, "payload": base64.b64encode(padding + bytes(1024)).decode()})
    for number, line in enumerate(lines):
        line |= {"position": number} if number else {}
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), mtime=0)
