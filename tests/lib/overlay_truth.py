# SPDX-License-Identifier: Apache-2.0
"""A second implementation of what a container sees, from the recorded listing of a disk; the kernel's own overlayfs on
that disk; and Docker's comparison of two such views. It is the oracle for changes, deletions and owners.

Merging follows the kernel's Documentation/filesystems/overlayfs.rst (whiteouts, opaque directories). For aufs it follows the
.wh. names; in vfs each layer is a whole copy. The comparison is moby's naive diff (v20.10, pkg/archive/changes.go addChanges,
changes_unix.go statDifferent). overlay/test_overlay_truth.py holds all of it against the kernel's mounts and `docker diff`.
"""
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from lib import disks, machine, truth
from lib.ext4fs import TYPES
from lib.reading import Row, unescape
from lib.truth import CLEAN, POWEROFF

STATES = [(case, "clean") for case in CLEAN] + [(case, "poweroff-replayed") for case in POWEROFF]
LAYERED = [(case, state) for case, state in STATES if not case.startswith("vfs")]
# No aufs makes such a name: to it any .wh.x is a whiteout. This one is a file of the case it was made from.
ODD = b"/opt/app/odd/.wh.notawhiteout"

Stat = tuple                                          # type, mode, uid, gid, rdev, mtime, size, security.capability
Listing = dict[bytes, Stat]                           # by path inside the container, "/" included
CAPABILITY = "security.capability"
SECOND = 10**9


@dataclass(frozen=True)
class Entry:
    """An entry of a layer: its path inside, the layer's directory, and its row in the listing of the disk."""
    path: bytes
    layer: bytes
    node: Row

    @property
    def location(self) -> bytes:
        """The path on the disk."""
        return self.layer + (self.path if self.path != b"/" else b"")

    @property
    def kind(self) -> str:
        """The letter of the file type."""
        return self.node["type"]

    def time(self, name: str) -> int | None:
        """atime, mtime, ctime or birth in ns."""
        return None if self.node[name] == "-" else int(self.node[name].replace(".", ""))

    @property
    def xattrs(self) -> dict[str, str]:
        """Names and hex values."""
        return dict(pair.partition("=")[::2] for pair in self.node["xattrs"].split(";") if "=" in pair)


View = dict[bytes, Entry]


def parents(path: bytes) -> Iterator[bytes]:
    """The directories above a path inside, the root last."""
    while path != b"/":
        path = path.rpartition(b"/")[0] or b"/"
        yield path


def drop_below(view: View, path: bytes) -> None:
    """Forget what is below a directory."""
    below = path.rstrip(b"/") + b"/"
    for name in [name for name in view if name.startswith(below) and name != b"/"]:
        del view[name]


class LayeredCase:
    """The layers of one evidence case in one state."""

    def __init__(self, case: str, state: str = "clean", known: truth.Case | None = None) -> None:
        self.name, self.state = case, state
        self.case = known or truth.Case(machine.EVIDENCE / case, state, False)
        self.containers = {c["Name"][1:]: c for c in self.case.containers}
        self.layers: dict[bytes, list[Entry]] = {}
        for path in sorted(self.case.nodes):
            area, layer, inner = self.case.locate(path)
            if area == "layer" and self.case.nodes[path]["type"] != "!":
                self.layers.setdefault(layer, []).append(Entry(inner or b"/", layer, self.case.nodes[path]))
        self.views: dict[tuple[bytes, ...], View] = {}

    @cached_property
    def driver(self) -> str:
        """overlay2, aufs or vfs."""
        return next(name for name in ("overlay2", "aufs", "vfs") if name in self.name)

    def rw(self, name: str) -> bytes:
        """The rw layer's directory of a container."""
        return self.case.mounts[self.containers[name]["Id"]][0]

    def stack(self, name: str) -> tuple[bytes, ...]:
        """The layer directories of a container: rw, init, then those of its image from the top."""
        container = self.containers[name]
        return (*self.case.mounts[container["Id"]], *reversed(self.case.chains[container["Image"]]))

    def lower(self, name: str) -> View:
        """What the container saw before it changed anything: its image below its init layer."""
        return self.view(self.stack(name)[1:])

    def merged(self, name: str) -> View:
        """What the container sees."""
        return self.view(self.stack(name))

    def view(self, stack: tuple[bytes, ...]) -> View:
        """The merged view of layer directories, top first."""
        if stack not in self.views:
            if self.driver == "vfs":
                view = {entry.path: entry for entry in self.layers.get(stack[0], [])}
            else:
                view = dict(self.view(stack[1:])) if stack[1:] else {}
                for entry in self.layers.get(stack[0], []):
                    self.put(view, entry)
            self.views[stack] = view
        return self.views[stack]

    def put(self, view: View, entry: Entry) -> None:
        """Lay one entry over a view; those of a layer come parents first."""
        hides = self.hides(entry)
        if hides is not None:
            view.pop(hides, None)
            drop_below(view, hides)
        elif not self.is_mark(entry):
            if entry.path in view and (view[entry.path].kind != "d" or entry.kind != "d" or self.opaque(entry)):
                drop_below(view, entry.path)
            view[entry.path] = entry

    def hides(self, entry: Entry) -> bytes | None:
        """What a whiteout takes away; None for other entries."""
        folder, _, name = entry.path.rpartition(b"/")
        if self.driver == "aufs":
            return folder + b"/" + name[4:] if name[:4] == b".wh." and name[:8] != b".wh..wh." else None
        return entry.path if entry.kind == "c" and entry.node["rdev"] == "0:0" else None

    def is_mark(self, entry: Entry) -> bool:
        """Housekeeping of aufs, which nobody sees."""
        return self.driver == "aufs" and any(part[:4] == b".wh." for part in entry.path.split(b"/"))

    @cached_property
    def opaque_marks(self) -> set[bytes]:
        """Directories on the disk that have aufs's mark."""
        return {path.rpartition(b"/")[0] for path in self.case.nodes if path.endswith(b"/.wh..wh..opq")}

    def opaque(self, entry: Entry) -> bool:
        """Does this directory hide what is below its name?"""
        if self.driver == "aufs":
            return entry.location in self.opaque_marks
        return entry.xattrs.get("trusted.overlay.opaque") == "79"

    def whiteouts(self, layer: bytes) -> dict[bytes, Entry]:
        """The whiteouts of a layer by the path inside that each hides."""
        marks = ((self.hides(entry), entry) for entry in self.layers.get(layer, []))
        return {path: entry for path, entry in marks if path is not None}

    def diff(self, name: str) -> dict[bytes, str]:
        """What `docker diff` would say."""
        return naive_diff(listing(self.lower(name)), listing(self.merged(name)))

    def layer_id(self, layer: bytes) -> str:
        """The name of a layer in the output: the diff ID of an image layer, else the store's own."""
        known = self.case.layers.get(layer, truth.Layer())
        store = layer.removesuffix(b"/diff").rpartition(b"/")[2].decode()
        return known.diff_id or store


@cache
def host_of(case: str, state: str = "clean") -> LayeredCase:
    """The truth of a case. Skips where there is none."""
    if not (machine.EVIDENCE / case / f"truth/fs.{state}.tsv").exists():
        pytest.skip(f"no evidence set at {machine.EVIDENCE} (LAYERTIME_EVIDENCE)")
    return LayeredCase(case, state)


def listing(view: View) -> Listing:
    """What the comparison looks at."""
    return {path: (e.kind, int(e.node["mode"], 8), int(e.node["uid"]), int(e.node["gid"]), e.node["rdev"],
                   e.time("mtime"), int(e.node["size"]), e.xattrs.get(CAPABILITY)) for path, e in view.items()}


def same_time(a: int, b: int) -> bool:
    """As moby's sameFsTimeSpec: a part of a second that is 0 may have been lost."""
    return a // SECOND == b // SECOND and (a % SECOND == b % SECOND or not a % SECOND or not b % SECOND)


def changed(old: Stat, new: Stat) -> bool:
    """statDifferent and the capability."""
    if old[:5] != new[:5] or old[7] != new[7]:
        return True
    return new[0] != "d" and (old[6] != new[6] or not same_time(old[5], new[5]))


def naive_diff(old: Listing, new: Listing) -> dict[bytes, str]:
    """A, C or D by path. A directory is C if anything below it changed; of what went with a directory, or lay in a
    directory that is a file now, nothing is said."""
    kinds = {path: "A" if path not in old else "C" for path in new
             if path != b"/" and (path not in old or changed(old[path], new[path]))}
    for path in old.keys() - new.keys():
        above = next(parents(path))
        if above in new and new[above][0] == "d" and old[above][0] == "d":
            kinds[path] = "D"
    for path in list(kinds):
        for above in parents(path):
            if above != b"/":
                kinds.setdefault(above, "C")
    return kinds


# --- the kernel's own -------------------------------------------------------------------------------------------------

def kernel_listing(root: Path) -> Listing:
    """All that a mount shows."""
    found, todo = {}, [b""]
    base = os.fsencode(root)
    while todo:
        inner = todo.pop()
        info = os.lstat(base + inner)
        letter = TYPES[stat.S_IFMT(info.st_mode)]
        device = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}" if letter in "bc" else "-"
        try:
            capability = os.getxattr(base + inner, CAPABILITY, follow_symlinks=False).hex()
        except OSError:
            capability = None
        found[inner or b"/"] = (letter, info.st_mode & 0o7777, info.st_uid, info.st_gid, device, info.st_mtime_ns,
                                info.st_size, capability)
        if letter == "d":
            todo += [inner + b"/" + name for name in os.listdir(base + inner)]
    return found


@contextmanager
def overlay(root: Path, layers: str) -> Iterator[Path]:
    """The kernel's merged view of layer directories named relative to the overlay2 directory `root`, read-only."""
    with machine.scratch() as at:
        if ":" not in layers:                         # an overlay of one layer is refused
            (at / "none").mkdir()
            layers += f":{at / 'none'}"
        (at / "merged").mkdir()
        with disks.mounted_at("overlay", "overlay", f"ro,lowerdir={layers}", at / "merged", cwd=root) as view:
            yield view


def kernel_views(data_root: Path, container: str) -> tuple[Listing, Listing]:
    """What lies below a container's rw layer, and what it sees, as dockerd would mount them."""
    mount = (data_root / "image/overlay2/layerdb/mounts" / container / "mount-id").read_text()
    lower = (data_root / "overlay2" / mount / "lower").read_text()
    with overlay(data_root / "overlay2", lower) as at:
        old = kernel_listing(at)
    with overlay(data_root / "overlay2", f"{mount}/diff:{lower}") as at:
        return old, kernel_listing(at)


# --- what the runtime recorded ----------------------------------------------------------------------------------------

def docker_diff(text: bytes) -> dict[str, str]:
    """The printed answer of `docker diff`, which escapes nothing: a line that starts no record goes on with the last.
    Docker's API lost bytes that are no UTF-8: so names are texts."""
    records = re.findall(r"^([ACD]) (/.*(?:\n(?![ACD] /).+)*)", text.decode("utf-8", "replace"), re.M)
    return {path: kind for kind, path in records}


def as_text(kinds: dict[bytes, str]) -> dict[str, str]:
    """The same loss as docker_diff has."""
    return {path.decode("utf-8", "replace"): kind for path, kind in kinds.items()}


def stale(host: LayeredCase, name: str) -> set[str]:
    """Paths that were changed after `docker diff` was recorded, and those above them."""
    found: set[str] = set()
    for action in truth.actions(host.case.truth):
        if action.what.startswith("last_") and action.name == name:
            path = unescape(action.path)
            found |= {p.decode() for p in (path, *parents(path))}
    return found


# --- what an entry of a layer is to the views above it ----------------------------------------------------------------

def origin(entry: Entry) -> int | None:
    """The inode that a file was copied up from: overlay.origin holds a file handle after a header of 5 bytes and a UUID
    (kernel, fs/overlayfs/overlayfs.h, struct ovl_fb); in it ext4 has 32 bits of inode, XFS (type 0x81) 64."""
    raw = bytes.fromhex(entry.xattrs.get("trusted.overlay.origin", ""))
    return int.from_bytes(raw[21:29] if raw[4] == 0x81 else raw[21:25], "little") if raw else None


def entries(host: LayeredCase) -> dict[bytes, Entry]:
    """All entries of all layers by their path on the disk."""
    return {entry.location: entry for layer in host.layers.values() for entry in layer if not host.is_mark(entry)
            or host.hides(entry) is not None}
