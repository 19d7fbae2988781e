# SPDX-License-Identifier: Apache-2.0
"""Deleted files in the timeline, with the kernel at hand: each has the path that it had, the container whose layer it was in, all
times that stat() told before the deletion, and the deletion itself."""
import os
import shutil
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pytest
from lib import disks, ext4trees, hosts, launch

KINDS = {
    "journal": "-b 4096 -J size=8",
    "1k": "-b 1024 -J size=8",
    "no-checksums": "-b 4096 -O ^metadata_csum,^64bit -J size=8",
    "inline": "-b 4096 -I 512 -O inline_data -J size=8",
}
NAMES = ["file", "folder/one", "folder/two", "folder/deep/three"]
SLOTS = ["Content Modification Time", "Last Access Time", "Metadata Modification Time"]


def write(rw: Path, round_number: int) -> dict[str, os.stat_result]:
    """Files, folders and a link, each with an mtime of its own; what stat() says of them."""
    (rw / "folder/deep").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (rw / name).write_bytes(ext4trees.noise(f"{round_number} {name}", 5000))
        os.utime(rw / name, ns=(10**18 + number, 10**18 + 7 * number + round_number))
    (rw / "link").symlink_to("folder/one")
    ext4trees.commit(rw.parent)
    return {path.relative_to(rw).as_posix(): path.lstat() for path in [*rw.rglob("*")]}


def remove(rw: Path) -> None:
    (rw / "file").unlink()
    (rw / "link").unlink()
    shutil.rmtree(rw / "folder")
    ext4trees.commit(rw.parent)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reused", [False, True])
def test_former_rows(kind: str, reused: bool, tmp: Path, mounting: None) -> None:
    """`reused`: later files have the same names, and often the same inodes."""
    del mounting
    image, copy = tmp / "disk.raw", tmp / "copy.raw"
    try:
        ext4trees.make(image, KINDS[kind].split(), "64M")
    except OSError as error:
        pytest.skip(f"cannot be had here: {error}")
    host = hosts.shop(tmp / "host")
    owner = hosts.container(host, "web")
    rounds = []
    with disks.mount(image, "ext4", "loop,noatime") as root:
        subprocess.run(["cp", "-a", f"{host.root}/.", root], check=True)
        rw = root / owner.rw.relative_to(host.root) / "diff/srv/gone"
        rw.mkdir(parents=True)
        subprocess.run(["sync", "-f", root], check=True)
        for number in range(1 + reused):
            stats = write(rw, number)
            before = time.time_ns()
            remove(rw)
            rounds.append((stats, before, time.time_ns()))
        disks.sparse_copy(image, copy)
    rows = defaultdict(set)
    for row in launch.timeline(copy).rows:
        if "unallocated" in row.get("tag", []) and row["filename"].startswith("/srv/gone/"):
            assert row.get("container_name") == "web", row
            rows[row["filename"].removeprefix("/srv/gone/")].add((row["timestamp_desc"], int(row["timestamp_ns"])))
    for stats, before, after in rounds:
        for name, stat in stats.items():
            for slot, value in zip(SLOTS, [stat.st_mtime_ns, stat.st_atime_ns, stat.st_ctime_ns], strict=True):
                assert (slot, value) in rows[name], (name, slot)
            ends = [at for slot, at in rows[name] if slot == "Content Deletion Time"]
            assert any(before - 11 * 10**8 <= at <= after for at in ends), (name, ends)  # whole seconds of a clock that lags
    known = {name for stats, _, _ in rounds for name in stats}
    assert set(rows) <= known, "names that no file had"
