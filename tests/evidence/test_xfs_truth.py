# SPDX-License-Identifier: Apache-2.0
"""XFS of real hosts: each entry, each column, as the kernel told them when the disks were made."""
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import ext4fs, launch, machine, reading, xfstrees

CASES = ("xfs-default", "xfs-4kn", "xfs-nrext64", "xfs-odd", "xfs-upgraded", "xfs-v4")
MOMENT = 50_000_000                                   # nanoseconds


@pytest.mark.parametrize("case", CASES)
def test_clean_disk(case: str, session_dir: Path) -> None:
    """After an orderly unmount: versions 4 and 5, small blocks, large sectors, both forms of times."""
    ext4fs.check_equal(xfstrees.truth(case), ext4fs.dump(xfstrees.shared(case, session_dir)))


def test_host_of_docker(disk: Callable[..., Path]) -> None:
    """The XFS of the evidence set, read from its image."""
    table = machine.EVIDENCE / "overlay2-xfs/truth/fs.clean.tsv"
    if not table.exists():
        pytest.skip(f"no evidence at {table} (LAYERTIME_EVIDENCE)")
    ext4fs.check_equal(ext4fs.load(table), ext4fs.dump(disk("overlay2-xfs")))


@pytest.mark.parametrize("case", CASES)
def test_deleted_names(case: str, session_dir: Path) -> None:
    """Of 300 names in dirs/half each second one was removed, in their order, and then the directory was left alone: its
    ctime is the record of the last removal, and no other one took long on these disks, but on that of version 4. All names are
    found, none is invented, and nearly all with the time of their removal. (stress.py in the folder of the disks.)"""
    image, halves = xfstrees.shared(case, session_dir), {}
    for path, row in xfstrees.truth(case).items():
        if path.startswith("/var/lib/docker/") and path.endswith("/dirs/half"):
            halves[path] = int(row[10].replace(".", ""))
    rows = [row for row in launch.timeline(image).rows if row["timestamp_desc"] == "Content Deletion Time" and "unallocated" in row["tag"]]
    found = {reading.location(row).decode(): row for row in rows if "$OrphanFiles" not in row["filename"]}
    assert set(found) == {f"{half}/gone-{number:04}" for half in halves for number in range(0, 300, 2)}
    near = 0
    for half, last in halves.items():
        exact = [reading.nanoseconds(row) for path, row in sorted(found.items()) if path.startswith(half) and row["confidence"] == "exact"]
        assert exact == sorted(exact) and exact[-1] <= last
        near += sum(abs(reading.nanoseconds(row) - last) <= MOMENT for path, row in found.items() if path.startswith(half))
    assert near >= 140 * len(halves) or case == "xfs-v4"
    # On one disk most inodes were used again, by files outside of the store.
    assert sum(row["confidence"] == "exact" for row in found.values()) >= (20 if case == "xfs-upgraded" else 140)


@pytest.mark.parametrize("case", CASES)
def test_nameless_inodes(case: str, session_dir: Path) -> None:
    """Of the 40 files in gone/, all of which were removed, the names are lost with their directory's block. Those inodes that
    are still free have their times, and nothing else is told of deleted: the record is the ctime of gone/."""
    removed = [int(row[10].replace(".", "")) for path, row in xfstrees.truth(case).items() if path.endswith("/gone")]
    rows = [row for row in launch.timeline(xfstrees.shared(case, session_dir)).rows if "$OrphanFiles" in row["filename"]]
    deleted = [row for row in rows if row["timestamp_desc"] == "Content Deletion Time"]
    assert len(rows) == len(deleted) * (3 if case == "xfs-v4" else 4) + len(deleted) and deleted
    for row in deleted:
        assert min(abs(reading.nanoseconds(row) - last) for last in removed) <= 4 * MOMENT, row
