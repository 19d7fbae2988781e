# SPDX-License-Identifier: Apache-2.0
"""Nodes of Kubernetes of our own, written file by file as the kubelet of 1.33 and containerd do, without a store of
containers. What is on them the test knows, for it said so; paths and formats are those of the sources of Kubernetes.
"""
import gzip
import os
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lib.hosts import hex_id
from lib.launch import timeline
from lib.reading import Timeline

UID = "7865258b-0ee3-4af2-75bb-16a3837c3a0d"
OTHER_UID = "052f4c82-64af-6c60-edde-5f37f48812fc"
LINE = "cri:container:log:entry"
BASE = 1767323045 * 10**9                             # 2026-01-02T03:04:05Z


def cri_line(text: str | bytes, nanos: int, stream: str = "stdout", tag: str = "F") -> bytes:
    """A line of a log, in UTC."""
    text = text.encode() if isinstance(text, str) else text
    when = f"{datetime.fromtimestamp(nanos // 10**9, timezone.utc):%Y-%m-%dT%H:%M:%S}.{nanos % 10**9:09d}Z"
    return f"{when} {stream} {tag} ".encode() + text + b"\n"


def joined(data: bytes) -> list[tuple[int, str, bytes, bytes]]:
    """The lines of a log, by the description of the format alone: offset of the first piece, stream, its time, the text.
    Pieces belong to the last open line of their stream; a line that lacks its end counts as well."""
    lines, open_lines, offset = [], {}, 0
    for piece in data.split(b"\n")[:-1]:
        when, stream, tags, text = piece.split(b" ", 3)
        first = open_lines.setdefault(stream, (offset, stream.decode(), when, []))
        first[3].append(text)
        if tags.split(b":")[0] == b"F":
            lines.append(open_lines.pop(stream))
        offset += len(piece) + 1
    return [(at, stream, when, b"".join(parts)) for at, stream, when, parts in lines + list(open_lines.values())]


class Node:
    """A node; `root` is the directory that is the evidence."""

    def __init__(self, root: Path, kubelet: str = "var/lib/kubelet") -> None:
        self.root, self.kubelet, self.logs = root, root / kubelet, root / "var/log/pods"
        self.write("etc/hostname", "node1\n")

    def write(self, path: str | Path, data: str | bytes) -> Path:
        """A file, by its path on the node."""
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def inside(self, path: Path) -> str:
        """The path on the node."""
        return "/" + os.path.relpath(path, self.root)

    def log(self, data: bytes | Iterable[bytes], name: str = "0.log", container: str = "app", pod: str = "web-0",
            namespace: str = "shop", uid: str = UID) -> Path:
        """A log of a container; packed if its name says so."""
        data = data if isinstance(data, bytes) else b"".join(data)
        packed = name.endswith((".gz", ".tmp"))
        return self.write(self.logs / f"{namespace}_{pod}_{uid}" / container / name,
                          gzip.compress(data) if packed else data)

    def link(self, target: Path | str, name: str) -> Path:
        """A link of /var/log/containers."""
        path = self.root / "var/log/containers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(self.inside(target) if isinstance(target, Path) else target, path)
        return path

    def pod(self, path: str, data: str | bytes | None = None, uid: str = UID) -> Path:
        """A file, or without data a directory, in the kubelet's directory of a pod."""
        place = self.kubelet / "pods" / uid / path
        if data is not None:
            return self.write(place, data)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def run(self, *args: Any, **options: Any) -> Timeline:
        """The program's JSONL on this node."""
        return timeline(*args, self.root, **options)


def link_name(container: str = "app", pod: str = "web-0", namespace: str = "shop", cid: str = "") -> str:
    """The name of a link, as the kubelet cuts it."""
    return f"{pod}_{namespace}_{container}-{cid or hex_id(container)}"[:251] + ".log"
