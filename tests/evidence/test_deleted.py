# SPDX-License-Identifier: Apache-2.0
"""Deleted entries of ext4: unallocated inodes and names in the slack of directories. Oracles: debugfs (each inode),
ils (which inodes are unallocated), and the case's own record of what was deleted."""
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from lib import disks, ext4fs, hosts, launch, machine, reading

CASES = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4", "deleted-synthetic")
SLOTS = {"Content Modification Time": b"mtime", "Last Access Time": b"atime", "Metadata Modification Time": b"ctime",
         "Creation Time": b"crtime"}


def unallocated(image: Path) -> list[dict[str, Any]]:
    """Rows of deleted entries as they are today. What they were before: test_former_rows.py."""
    return [row for row in launch.timeline(image).rows if "unallocated" in row["tag"] and "recovered" not in row["tag"]]


def stat(image: Path, inodes: list[int]) -> dict[int, bytes]:
    """What debugfs says of each inode."""
    told = ext4fs.debugfs_many(image, [f"stat <{number}>" for number in inodes])
    return {number: text for number, text in zip(inodes, told) if text}


@pytest.mark.parametrize("case", CASES)
def test_inodes(disk: Any, case: str) -> None:
    """Every unallocated inode that ils knows is there, no other one, and with the times that debugfs shows."""
    if not machine.have("ils"):
        pytest.skip("no ils")
    image = disk(case)
    rows = [row for row in unallocated(image) if "mode" in row]
    listed = subprocess.run(["ils", "-A", "-f", "ext4", image], text=True, capture_output=True,
                            check=True).stdout.splitlines()[3:]
    oracle = stat(image, [int(line.split("|")[0]) for line in listed])
    expected = {number for number, text in oracle.items() if b"Type: bad type" not in text}
    assert {int(row["inode"]) for row in rows} == expected and expected
    for row in rows:
        text, desc = oracle[int(row["inode"])], row["timestamp_desc"]
        if desc == "Content Deletion Time":
            found = re.search(rb"^\s*dtime: 0x([0-9a-f]+)", text, flags=re.M)
            assert found and reading.nanoseconds(row) == int(found[1], 16) * 10**9
        else:
            assert reading.nanoseconds(row) == ext4fs.debugfs_nanoseconds(text, SLOTS[desc])
        size, owner = re.search(rb"Size: (\d+)", text), re.search(rb"User:\s+(\d+)", text)
        assert size and owner and row["is_allocated"] is False
        assert (row.get("file_size", 0), row["owner_identifier"]) == (int(size[1]), int(owner[1]))


def test_names(disk: Any) -> None:
    """Every name that was deleted below the data root comes out, with its inode and its owner."""
    image = disk("deleted-synthetic")
    rows = unallocated(image)
    lines = (machine.EVIDENCE / "deleted-synthetic/truth/deleted.tsv").read_text().splitlines()[1:]
    for what, inode, size, _, path in (line.split("\t") for line in lines):
        found = [row for row in rows if reading.location(row) == path.encode()]
        if not path.startswith("/var/lib/docker/"):
            assert any(row["inode"] == inode and ("$OrphanFiles" in row["display_name"] or reading.location(row) == path.encode())
                       for row in rows)
            continue
        assert what == "rm" and found, path
        assert any(row["timestamp_desc"] == "Content Deletion Time" for row in found)
        owner = re.search(r"/containers/([0-9a-f]{64})/", path)
        assert {row.get("container_identifier") for row in found} == {owner[1]} if owner else all(
            row["container_name"] == "umber" and row["layer_role"] == "rw" for row in found)
        if "mode" in found[0]:
            assert all((row["inode"], row["file_size"]) == (inode, int(size)) for row in found)
        else:  # the inode lives on in other whiteouts: only the name was deleted, at some time before the last change
            assert all("time_last" in row and row["confidence"] == "bounded" for row in found)


def test_live_names_are_not_deleted(disk: Any) -> None:
    """A name that lives is not reported as deleted from the same directory with the same inode."""
    rows = launch.timeline(disk("overlay2-ext4")).rows
    live = {(reading.location(row), row["inode"]) for row in rows
            if "inode" in row and "unallocated" not in row["tag"]}
    dead = {(reading.location(row), row["inode"]) for row in rows
            if "inode" in row and "unallocated" in row["tag"] and "recovered" not in row["tag"]}
    assert dead and not live & dead


def test_inferred(mounting: None, tmp: Path) -> None:
    """A name that leads to an inode which may have served another file since, and a directory without a name that says
    where it was: their owner is inferred."""
    image, copy = tmp / "image.raw", tmp / "captured.raw"
    tree = tmp / "tree"
    host = hosts.Host(tree)
    web = host.container("web", host.image("base", {"bin": {"sh": "#"}}),
                         {"data": {"early": "e", "late": "l", "stays": "s"}, "tmp": {"gone": {}}})
    disks.make_ext4(image, tree)
    data, temporary = (Path(host.inside(web.rw / "diff" / name)) for name in ("data", "tmp"))
    removed = int(time.time()) + 1                     # no birth is later; debugfs's own clock may lag behind that of mke2fs
    disks.debugfs(image, f"sif {data}/early ctime @1600000000", f"sif {data}/late ctime @{removed}", f"rm {data}/early",
                  f"rm {data}/late", f"sif {data} ctime @{removed}", f"sif {data} mtime @{removed}")
    with disks.mount(image, "ext4", "loop,commit=100") as root:
        gone = root / str(temporary)[1:] / "gone"
        handle = os.open(gone, os.O_RDONLY)
        number = os.fstat(handle).st_ino
        gone.rmdir()
        os.fsync(handle)
        disks.sparse_copy(image, copy)
        os.close(handle)
    rows = unallocated(copy)
    by_name = {name: [row for row in rows if reading.location(row) == os.fsencode(f"{place}/{name}")]
               for place, name in ((data, "early"), (data, "late"), (temporary, f"OrphanFile-{number}"))}
    for name, found in by_name.items():
        assert found and all(row["container_name"] == "web" and row["layer_role"] == "rw" for row in found), name
        assert all(("owner_inferred" in row["tag"]) == (name != "late") for row in found), name
    assert not [row for row in rows if "owner_inferred" in row["tag"] and "web" != row.get("container_name")]
