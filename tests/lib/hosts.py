# SPDX-License-Identifier: Apache-2.0
"""Docker hosts of our own, written file by file as moby 20.10 does.

What is on them the test knows, for it said so. The times of files are those that the kernel tells (os.lstat).
"""
import hashlib
import json
import os
import stat
import struct
import subprocess
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lib.launch import timeline
from lib.machine import IS_ROOT, NOBODY
from lib.reading import Timeline
from lib.tarsplit import tar_split

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BERLIN = Path("/usr/share/zoneinfo/Europe/Berlin")
GONE = "ab" * 32                                      # ID of a container that is not there
ZERO_TIME = "0001-01-01T00:00:00Z"
Tree = dict[str | bytes, Any]
WHITEOUT = ("node", stat.S_IFCHR, 0)
FIFO = ("node", stat.S_IFIFO | 0o644, 0)


def hex_id(name: str) -> str:
    """An ID of 64 digits."""
    return hashlib.sha256(name.encode()).hexdigest()


def rfc3339(nanos: int) -> str:
    """As Go writes a time."""
    return f"{datetime.fromtimestamp(nanos // 10**9, timezone.utc):%Y-%m-%dT%H:%M:%S}.{nanos % 10**9:09d}Z"


def log_record(text: str, when: str, stream: str = "stdout") -> str:
    """One line of a json-file log."""
    return json.dumps({"log": text, "stream": stream, "time": when}, separators=(",", ":")) + "\n"


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def local_record(text: bytes, nanos: int, stream: bytes = b"stdout") -> bytes:
    """A record of the local driver (moby daemon/logger/local, entry.proto)."""
    entry = b"\x0a" + varint(len(stream)) + stream + b"\x10" + varint(nanos) + b"\x1a" + varint(len(text)) + text
    return struct.pack(">I", len(entry)) + entry + struct.pack(">I", len(entry))


def write_tree(root: bytes, tree: Tree) -> None:
    """Make files: bytes or text is a file, a dict a directory, a tuple ("link", target), ("node", mode, device)."""
    for name, value in tree.items():
        path = os.path.join(root, os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(value, dict):
            os.makedirs(path, exist_ok=True)
            write_tree(path, value)
        elif isinstance(value, tuple) and value[0] == "link":
            os.symlink(value[1], path)
        elif isinstance(value, tuple):
            os.mknod(path, value[1], value[2])
        else:
            Path(os.fsdecode(path)).write_bytes(value if isinstance(value, bytes) else value.encode())


def nested(top: Path, names: Iterable[str]) -> Iterator[int]:
    """Make directories in one another, however long the path gets. Gives a handle of each in turn."""
    at = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names:
            os.mkdir(name, dir_fd=at)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
            yield at
    finally:
        os.close(at)


class Host:
    """A Docker host with storage driver overlay2, written file by file as moby 20.10 does.

    `root` is the directory that is the evidence; the data root is root/var/lib/docker, or `data`.
    """

    driver = layers_at = "overlay2"

    def __init__(self, root: Path, data: str = "var/lib/docker") -> None:
        self.root, self.data = root, root / data
        self.meta = self.data / "image" / self.driver
        self.repositories: dict[str, dict[str, str]] = {}
        for name in ("containers", "volumes", self.layers_at):
            (self.data / name).mkdir(parents=True, exist_ok=True)
        for name in ("layerdb/sha256", "layerdb/mounts", "imagedb/content/sha256"):
            (self.meta / name).mkdir(parents=True, exist_ok=True)
        self.write(self.meta / "repositories.json", {"Repositories": {}})

    def write(self, path: Path, value: Any) -> None:
        """A file with text, bytes, or JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def inside(self, path: Path) -> str:
        """The evidence path of a file."""
        return "/" + os.path.relpath(path, self.root) if path != self.root else "/"

    def store(self, name: str, below: str | None, tree: Tree | None = None) -> Path:
        """A directory of the driver on top of `below` (its name); returns it."""
        path = self.data / self.layers_at / name
        (path / "diff").mkdir(parents=True)
        link = self.link(name)
        self.write(path / "link", link)
        (path.parent / "l").mkdir(exist_ok=True)
        os.symlink(f"../{name}/diff", path.parent / "l" / link)
        if below:
            lower = path.parent / below / "lower"
            rest = ":" + lower.read_text() if lower.exists() else ""
            self.write(path / "lower", f"l/{self.link(below)}{rest}")
            (path / "work").mkdir()
        if below == name + "-init":
            (path / "work/work").mkdir()
        write_tree(os.fsencode(path / "diff"), tree or {})
        return path

    @staticmethod
    def link(name: str) -> str:
        """The short name of a layer."""
        return "".join(BASE32[byte % 32] for byte in hashlib.sha256(b"link" + name.encode()).digest()[:26])

    def image(self, tag: str, *trees: Tree) -> str:
        """An image with one layer a tree; layers of equal content position and tag prefix are not shared."""
        diffs, chain, below = [], "", None
        for number, tree in enumerate(trees):
            name, diff = hex_id(f"layer {tag} {number}"), "sha256:" + hex_id(f"diff {tag} {number}")
            diff_dir = self.store(name, below, tree) / "diff"
            parent, chain = chain, "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest() if chain else diff
            record = self.meta / "layerdb/sha256" / chain[7:]
            self.write(record / "cache-id", name)
            self.write(record / "diff", diff)
            self.write(record / "size", "0")
            self.write(record / "tar-split.json.gz", tar_split(diff_dir))
            if parent:
                self.write(record / "parent", parent)
            diffs.append(diff)
            below = name
        config = {"architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05.5Z",
                  "history": [{"created": f"2026-01-02T03:04:0{n % 10}.5Z", "created_by": f"step {n}"}
                              for n in range(len(trees))],
                  "rootfs": {"type": "layers", "diff_ids": diffs}}
        text = json.dumps(config, separators=(",", ":"))
        image = hashlib.sha256(text.encode()).hexdigest()
        self.write(self.meta / "imagedb/content/sha256" / image, text)
        self.repositories.setdefault(tag.split(":")[0], {})[tag] = "sha256:" + image
        self.write(self.meta / "repositories.json", {"Repositories": self.repositories})
        return "sha256:" + image

    def layers(self, image: str) -> list[str]:
        """Chain IDs of an image, base first."""
        config = json.loads((self.meta / "imagedb/content/sha256" / image[7:]).read_text())
        chain, chains = "", []
        for diff in config["rootfs"]["diff_ids"]:
            chain = "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest() if chain else diff
            chains.append(chain)
        return chains

    def container(self, name: str, image: str, tree: Tree | None = None, log: str | bytes | None = None,
                  volumes: Iterable[tuple[str, str]] = (), **changes: Any) -> "Container":
        """A container of `image` that ran once; `changes` go into config.v2.json."""
        top = self.layers(image)[-1]
        below = (self.meta / "layerdb/sha256" / top[7:] / "cache-id").read_text()
        rw, made = hex_id(f"rw {name}"), Container(self, name)
        created = time.time_ns()
        self.store(rw + "-init", below, {"etc": {"hostname": "", "hosts": ""}, ".dockerenv": ""})
        self.store(rw, rw + "-init", tree)
        for file, text in (("mount-id", rw), ("init-id", rw + "-init"), ("parent", top)):
            self.write(made.mounts / file, text)
        config = {"StreamConfig": {},
                  "State": {"Running": False, "Paused": False, "Pid": 0, "ExitCode": 3,
                            "StartedAt": rfc3339(created + 10**9), "FinishedAt": rfc3339(created + 2 * 10**9)},
                  "ID": made.id, "Created": rfc3339(created), "Path": "sh", "Args": ["-c", "true"],
                  "Config": {"Hostname": name, "Image": "shop:1", "Labels": {}}, "Image": image,
                  "NetworkSettings": {"Ports": None}, "LogPath": self.inside(made.log), "Name": "/" + name,
                  "Driver": self.driver, "RestartCount": 0,
                  "MountPoints": {at: {"Source": f"/var/lib/docker/volumes/{volume}/_data", "Destination": at,
                                       "RW": True, "Name": volume, "Driver": "local", "Type": "volume"}
                                  for volume, at in volumes}} | changes
        self.write(made.config, config)
        self.write(made.path / "hostconfig.json", {"NetworkMode": "default", "PortBindings": {}})
        if log is not None:
            self.write(made.log, log)
        return made

    def volume(self, name: str, tree: Tree) -> Path:
        """A volume of the local driver."""
        path = self.data / "volumes" / name / "_data"
        path.mkdir(parents=True)
        write_tree(os.fsencode(path), tree)
        return path

    def run(self, *args: Any, **options: Any) -> Timeline:
        """The program's JSONL on this host."""
        return timeline(*args, self.root, **options)


class Container:
    """Where the parts of a container lie."""

    def __init__(self, host: Host, name: str) -> None:
        self.host, self.name, self.id = host, name, hex_id(f"container {name}")
        self.path = host.data / "containers" / self.id
        self.config = self.path / "config.v2.json"
        self.log = self.path / f"{self.id}-json.log"
        self.mounts = host.meta / "layerdb/mounts" / self.id
        self.rw = host.data / host.layers_at / hex_id(f"rw {name}")

    def change(self, **values: Any) -> None:
        """Rewrite fields of the configuration."""
        self.host.write(self.config, json.loads(self.config.read_text()) | values)


def shop(root: Path, kind: type[Host] = Host) -> Host:
    """The small host of most tests: image shop:1 with two layers, containers web and db, a volume that web mounts."""
    host = kind(root)
    write_tree(os.fsencode(root), {"etc/hostname": "dock01\n"})
    image = host.image("shop:1", {"bin": {"sh": "base"}, "etc": {"conf": "a", "gone": "b"}},
                       {"etc": {"conf": "changed"}, "opt": {"tool": "t"}})
    host.volume("data", {"state": "1"})
    when = rfc3339(time.time_ns())
    host.container("web", image, {"etc": {"gone": WHITEOUT}, "run.log": "x", "up": ("link", "../../..")},
                   "".join(log_record(f"web {n}\n", when) for n in range(3)), [("data", "/data")])
    host.container("db", image, {"var": {"table": "rows"}}, log_record("db ready\n", when, "stderr"))
    settle(root)
    return host


def shop_in_berlin(root: Path) -> Host:
    """The same in another zone than UTC, with a folder for logs."""
    host = shop(root)
    (host.root / "var/log").mkdir(parents=True)
    (host.root / "etc/localtime").write_bytes(BERLIN.read_bytes())
    return host


def settle(root: Path) -> None:
    """Let reading a symbolic link not change its atime, which only root can prevent: with relatime the kernel leaves an
    atime alone that is later than ctime."""
    later = time.time_ns() + 3600 * 10**9
    for at, folders, files in os.walk(root):
        for path in (os.path.join(at, name) for name in folders + files):
            if os.path.islink(path):
                os.utime(path, ns=(later, os.lstat(path).st_mtime_ns), follow_symlinks=False)


def give_to_nobody(host: Host, tmp: Path) -> None:
    """Make the host readable for the user of as_nobody."""
    tmp.chmod(0o755)
    if IS_ROOT:
        subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", host.root], check=True)


def container(host: Host, name: str) -> Container:
    """A container of that host."""
    return Container(host, name)
