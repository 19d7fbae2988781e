# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost in silence: without containerd's databases, or with damaged ones, every entry of the snapshots is told as
before, the exit code is 1, and an error names the file.

What must be there is the recorded listing of the disk.
"""
import random
from pathlib import Path

import pytest
from lib import boltread, disks, launch, truth
from lib.containerd_truth import CASES, META, ROOT, ContainerdCase
from lib.reading import unescape

SNAPSHOTS = ROOT + b"/io.containerd.snapshotter.v1.overlayfs/metadata.db"
PATHS = {"meta": (META,), "snapshotter": (SNAPSHOTS,), "both": (META, SNAPSHOTS)}


def spoil(image: Path, contents: dict[bytes, bytes | None], tmp: Path) -> None:
    """Give files of an image other contents, or none: those are removed."""
    commands = []
    for number, (path, data) in enumerate(contents.items()):
        commands.append(f"rm {path.decode()}")
        if data is not None:
            (tmp / str(number)).write_bytes(data)
            folder, _, name = path.decode().rpartition("/")
            commands += [f"cd {folder}", f"write {tmp / str(number)} {name}", "cd /"]
    disks.debugfs(image, *commands)


def places(rows: list[dict]) -> set[tuple[bytes, str]]:
    """What is told of entries of snapshots: place and time."""
    found = set()
    for row in rows:
        path = unescape(row["pathspec"]["location"])
        if row["data_type"] == "fs:stat" and row["timestamp_desc"] in truth.TIMES and "unallocated" not in row["tag"]:
            assert (path, row["timestamp_desc"]) not in found, path
            found.add((path, row["timestamp_desc"]))
    return found


def check(case: ContainerdCase, contents: dict[bytes, bytes | None], disk: Path, tmp: Path, may_read: bool = False) -> None:
    """Run on a copy with these contents. `may_read`: the damage may lie where nothing of the database is."""
    image = disks.sparse_copy(disk, tmp / "copy.raw")
    spoil(image, contents, tmp)
    result = launch.timeline(image)
    want = {(path, name) for path, node in case.nodes.items() if path in case.in_snapshots
            for name, time in node["times"].items() if time is not None}
    assert want and not want - places(result.rows), sorted(want - places(result.rows))[:5]
    named = {error["path"].encode() for error in result.errors if "path" in error}
    if not may_read:
        assert result.code == 1 and contents.keys() <= named, (result.code, named)
    else:
        assert result.code == bool(result.errors)


@pytest.mark.parametrize("which", PATHS)
@pytest.mark.parametrize("name", CASES)
def test_databases_that_are_gone(name: str, which: str, containerd_case, disk, tmp: Path) -> None:
    """Removed."""
    check(containerd_case(name), dict.fromkeys(PATHS[which]), disk(name), tmp)


@pytest.mark.parametrize("which", PATHS)
@pytest.mark.parametrize(("name", "empty"), [("docker29-mixed", True), ("containerd-cri-ext4", False)])
def test_databases_that_are_empty(name: str, empty: bool, which: str, containerd_case, disk, tmp: Path) -> None:
    """Nothing but NUL bytes, or of no length."""
    case = containerd_case(name)
    check(case, {path: bytes(0 if empty else len(case.files[path])) for path in PATHS[which]}, disk(name), tmp)


@pytest.mark.parametrize("seed", range(10))
def test_databases_that_are_cut(seed: int, containerd_case, disk, tmp: Path) -> None:
    """At any offset below their last used page."""
    case, rng = containerd_case(CASES[seed % len(CASES)]), random.Random(seed)
    path = rng.choice(PATHS["both"])
    used = case.files[path].rstrip(b"\0")
    check(case, {path: used[:rng.randrange(1, len(used) - 4096)]}, disk(case.name), tmp)


@pytest.mark.parametrize("seed", range(10))
def test_databases_with_flipped_bytes(seed: int, containerd_case, disk, tmp: Path) -> None:
    """Anywhere: what is no longer read must be told, but a flipped letter in a name is a name."""
    case, rng = containerd_case(CASES[seed % len(CASES)]), random.Random(seed)
    path = rng.choice(PATHS["both"])
    data = bytearray(case.files[path])
    for _ in range(rng.randrange(1, 40)):
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    check(case, {path: bytes(data)}, disk(case.name), tmp, may_read=True)


@pytest.mark.parametrize("which", ["meta", "snapshotter"])
def test_databases_that_are_shorter_than_they_say(which: str, containerd_case, disk, tmp: Path) -> None:
    """By one byte, which may have been in a page that is free."""
    case, (path,) = containerd_case("docker29-mixed"), PATHS[which]
    check(case, {path: case.files[path][:boltread.used_bytes(case.files[path]) - 1]}, disk(case.name), tmp)
