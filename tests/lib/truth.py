# SPDX-License-Identifier: Apache-2.0
"""The recorded ground truth of the evidence cases, and the words in which other checks compare rows with it.

The truth is only what lies in CASE/truth: the kernel's view of every file, what Docker said, and the actions with the clock
before and after each. A synthetic case has from Docker what the case said from which it was made; its readme.md names that.
Which directory holds which layer is found alike for all storage drivers: Docker's link files (mount-id, init-id, cache-id)
hold just a directory name, and the listing has their SHA-256.
"""
import hashlib
import json
import re
import shlex
import subprocess
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from lib.reading import Row, joined, nanoseconds, short, unescape, users

CLEAN = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "overlay2-xfs", "vfs-ext4", "aufs-synthetic")
POWEROFF = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4")
TIMES = {"Content Modification Time": "mtime", "Last Access Time": "atime", "Metadata Modification Time": "ctime",
         "Creation Time": "birth"}
DELETION = "Content Deletion Time"
STORES = {b"overlay2": b"/overlay2/%s/diff", b"vfs": b"/vfs/dir/%s", b"aufs": b"/aufs/diff/%s"}
AREA = re.compile(rb"/(overlay2|vfs/dir|aufs/diff|containers|volumes)/([^/]+)(/.*|)", re.S)
ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
LOG_PIECE = 16384                                     # bytes; Docker cuts longer lines
TICK = 4_000_000                                      # ns by which a file's time may lie before the clock
NEAR = 50_000_000                                     # ns; what is nearer counts as the same moment
REMOVAL = re.compile(r"(?:^|[;&|])\s*(rm|mv)\s+([^;&|]*)")


def data_root(case: str) -> Path:
    """Where Docker's data lie below the root of a case's host: with userns-remap in a folder of their own."""
    return Path("var/lib/docker", "165536.165536" if case == "overlay2-userns" else "")


def show(value: object) -> str:
    """A value for the report: long hex names are shortened, nothing can upset a terminal."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return re.sub(r"([0-9a-f]{12})[0-9a-f]{52}", r"\1~", text.encode("unicode_escape").decode())[:200]


def iso_ns(text: str | None) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 time in any zone; None for Go's zero time, or where there is none."""
    match = ISO.fullmatch(text or "")
    if not match or match[1] == "0001-01-01T00:00:00":
        return None
    delta = datetime.fromisoformat(match[1] + match[3]) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 10**9 + int((match[2] or "").ljust(9, "0"))


class Action(NamedTuple):
    """One line of truth/actions.tsv: the clock before and after, the exit status, what was done to which container. Path and
    command are escaped, as they stand there."""
    number: str
    before: int
    after: int
    status: str
    what: str
    name: str
    container: str
    path: str
    command: str


def actions(folder: Path) -> list[Action]:
    """All that was done on a host, in order. The folder is the case's truth/."""
    lines = (line.split("\t") for line in (folder / "actions.tsv").read_text().splitlines()[1:])
    return [Action(number, int(before), int(after), *rest) for number, before, after, *rest in lines]


def removed_by(script: str, verbs: Iterable[str] = ("rm", "mv")) -> Iterator[str]:
    """The path patterns that the commands of a shell script take away."""
    for verb, operands in REMOVAL.findall(script):
        if verb in verbs:
            paths = [p for p in shlex.split(operands) if not p.startswith("-")]
            yield from paths[:-1 if verb == "mv" else None]


def script_of(action: Action) -> str:
    """The last word of a command: what a shell was given."""
    return shlex.split(unescape(action.command).decode("utf-8", "replace"))[-1]


def inspected(folder: Path, kind: str = "containers") -> list[Row]:
    """What docker inspect said of each container, or of each of the "images". The folder is the case's truth/."""
    return [json.loads(path.read_text())[0] for path in sorted((folder / kind).glob("*.inspect.json"))]


def recorded(path: Path) -> str:
    """A recorded text, which may be packed (.zst)."""
    packed = path.with_name(path.name + ".zst")
    if path.exists() or not packed.exists():
        return path.read_text()
    return subprocess.run(["zstd", "-dcq", packed], check=True, capture_output=True, text=True).stdout


def told(folder: Path, name: str) -> list[Row]:
    """What Docker said, in networks.json and the like. Nothing where there was none, or where a case has no such file."""
    path = folder / name
    return json.loads(path.read_text() or "[]") if path.exists() else []


class Sharers:
    """All who share something, to be compared with what rows show of them: the first eight."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self.all = {short(identifier) for identifier in identifiers}

    def __eq__(self, shown: object) -> bool:
        return shown <= self.all and len(shown) == min(8, len(self.all))

    def __repr__(self) -> str:
        return repr(sorted(self.all))


def sharers(kind: str, identifiers: Collection[str]) -> Row:
    """The fields of a row for all who share something: "containers" or "images"."""
    return {f"used_by_{kind}": Sharers(identifiers), f"used_by_{kind}_count": len(identifiers) or None}


def read_rows(path: Path | Iterable[Row]) -> Iterator[Row]:
    """The rows of a JSONL output, with `date_time` in ns or None, paths as bytes, and labels of users as sets of short IDs. Rows that this
    function has read already are handed on."""
    if not isinstance(path, Path):
        yield from path
        return
    with open(path, encoding="utf-8") as lines:
        for row in joined(map(json.loads, lines)):
            row["date_time"] = nanoseconds(row) if row.get("date_time") else None
            row = {"timestamp_desc": None} | row | {"location": (row.get("pathspec") or {}).get("location")}
            row |= {key: unescape(row.get(key) or "") for key in ("location", "filename", "symbolic_link_target")}
            row |= {f"used_by_{kind}": frozenset(users(row, kind)) for kind in ("containers", "images")}
            yield row


def faults(want: Row, row: Row) -> list[str]:
    """The fields of a row which are not as wanted; a tuple stands for any of its items."""
    return [f"{key} {show(row.get(key))}, not {show(value)}" for key, value in want.items()
            if (row.get(key) not in value if isinstance(value, tuple) else row.get(key) != value)]


def nodes_of(listing: Path, common_only: bool) -> dict[bytes, Row]:
    """A recorded listing by path, with `times`: time description -> ns or None. `common_only`: without times before 1970
    and after 2106."""
    nodes: dict[bytes, Row] = {}
    names, *lines = recorded(listing).lstrip("#").split("\n")[:-1]
    for node in (dict(zip(names.split("\t"), line.split("\t"))) for line in lines):
        # signed decimals: -0.999999999 is 1 ns after 23:59:59; '-' means none, and type '!' unreadable
        times = {k: None if node[v] == "-" else int(node[v].replace(".", "")) for k, v in TIMES.items()}
        odd = [k for k, v in times.items() if common_only and v is not None and not 0 <= v < 2**32 * 10**9]
        node["times"] = {k: v for k, v in times.items() if node["type"] != "!" and k not in odd}
        nodes[unescape(node["path"])] = node
    return nodes


@dataclass
class Layer:
    """A layer directory: its role, the container (inspect) of an rw or init layer, all users of an image layer."""
    role: str = "image"
    container: Row | None = None
    diff_id: str = ""
    containers: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)


class Case:
    """The ground truth of one evidence case in one state. Containers and images are docker inspect's objects, as told in
    the last phase of the case or in the one named."""

    inside = "docker exec "                           # how the recorded commands in containers begin

    def __init__(self, case_dir: Path, state: str, common_only: bool, phase: str = "") -> None:
        self.truth = case_dir / "truth"
        source = re.search(r"from case ([\w-]+)", (case_dir / "readme.md").read_text())
        self.docker = (case_dir.parent / source[1] / "truth" if source else self.truth) / phase
        self.nodes = nodes_of(self.truth / f"fs.{state}.tsv", common_only)
        roots = (p[:-11] for p in self.nodes if p.endswith(b"/containers") and p[:-10] + b"image" in self.nodes)
        self.roots = sorted(roots, key=len, reverse=True)
        self.existing = {n.decode() for a, n, rest in map(self.locate, self.nodes) if a == "containers" and not rest}
        self.containers = [c for c in inspected(self.docker) if c["Id"] in self.existing]
        self.layers: dict[bytes, Layer] = {}          # by layer directory
        self.chains: dict[str, list[bytes]] = {}      # layer directories of an image, its base first
        self.mounts: dict[str, list[bytes]] = defaultdict(list)  # rw and init directory of a container
        for root, driver in ((root, driver) for root in self.roots for driver in STORES):
            self._link_layers(root, driver)

    def _link_layers(self, root: bytes, driver: bytes) -> None:
        """Find the layer directories of all containers and images of one storage driver under one data root."""
        by_hash = {hashlib.sha256(p.rsplit(b"/", 1)[1]).hexdigest(): p.rsplit(b"/", 1)[1] for p in self.nodes}
        meta = root + b"/image/" + driver

        def layer(link: str, places: list[bytes]) -> Layer:
            name = by_hash.get(self.nodes.get(meta + b"/layerdb/" + link.encode(), {}).get("sha256"))
            if not name:
                return Layer()
            places.append(root + STORES[driver] % name)
            return self.layers.setdefault(places[-1], Layer())

        for image in inspected(self.docker, "images"):
            users = {c["Id"] for c in self.containers if c["Image"] == image["Id"]}
            chain, known = "", meta + b"/imagedb/content/sha256/" + image["Id"][7:].encode() in self.nodes
            for diff_id in image["RootFS"]["Layers"] if known else ():
                chain = "sha256:" + hashlib.sha256(f"{chain} {diff_id}".encode()).hexdigest() if chain else diff_id
                found = layer(f"sha256/{chain[7:]}/cache-id", self.chains.setdefault(image["Id"], []))
                found.diff_id = diff_id
                found.images.add(image["Id"])
                found.containers |= users
        for container in self.containers:
            for link, role in (("mount-id", "rw"), ("init-id", "init")):
                found = layer(f"mounts/{container['Id']}/{link}", self.mounts[container["Id"]])
                found.role, found.container = role, container

    def locate(self, path: bytes) -> tuple[str, bytes, bytes]:
        """Where a path lies: ('layer', directory, rest), ('containers', ID, rest), ('volumes', name, rest), or ''."""
        root = next((r for r in self.roots if path.startswith(r + b"/")), None)
        match = AREA.fullmatch(path, len(root)) if root is not None else None
        if not match or match[1] == b"overlay2" and not (match[3] + b"/").startswith(b"/diff/"):
            return "", b"", b""
        if match[1] in (b"containers", b"volumes"):
            return match[1].decode(), match[2], match[3]
        end = match.end(2) + len(b"/diff" * (match[1] == b"overlay2"))
        return "layer", path[:end], path[end:]

    def is_whiteout(self, path: bytes) -> bool:
        """A deletion mark: a character device 0:0 in a layer of overlay2, an empty .wh.NAME in one of aufs."""
        node, name, directory = self.nodes[path], path.rsplit(b"/", 1)[1], self.locate(path)[1]
        if b"/aufs/diff/" in directory:
            return node["type"] == "f" and node["size"] == "0" and name[:4] == b".wh." and name[:8] != b".wh..wh."
        return node["type"] == "c" and node["rdev"] == "0:0" and directory.endswith(b"/diff")

    def log_lines(self, name: str) -> Counter[tuple[str, int, str]]:
        """What docker logs --timestamps printed. It prefixes each piece of a long line with the line's time."""
        lines: Counter[tuple[str, int, str]] = Counter()
        for stream in ("stdout", "stderr"):
            data = (self.docker / "containers" / f"{name}.logs-{stream}.txt").read_bytes()
            for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", data):
                stamp, _, text = line.partition(b" ")
                if time := iso_ns(stamp.decode("utf-8", "replace")):
                    text = re.sub(rb"(?s)(.{%d,}?)%s " % (LOG_PIECE, re.escape(stamp)), rb"\1", text)
                    lines[stream, time, text.decode("utf-8", "replace")] += 1
        return lines

    def is_boot(self, time: int | None) -> bool:
        """Did the daemon start again then, after the power had failed?"""
        return time is not None and any(action.before <= time <= action.after for action in actions(self.truth)
                                        if action.what == "host_booted")

    def removals(self) -> Iterator[tuple[str, str, int, int]]:
        """What was removed by rm or mv within docker exec: container ID, path pattern, clock before, clock after."""
        for action in actions(self.truth):
            if action.status == "0" and action.command.startswith(self.inside):
                yield from ((action.container, path, action.before, action.after) for path in removed_by(script_of(action)))
