# SPDX-License-Identifier: Apache-2.0
"""Deleted entries of ext4: unallocated inodes and names in the slack of directories. Oracles: debugfs (each inode),
ils (which inodes are unallocated), and the case's own record of what was deleted."""
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import helpers
import pytest

CASES = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4", "deleted-synthetic")
SLOTS = {"Content Modification Time": "mtime", "Last Access Time": "atime", "Metadata Modification Time": "ctime",
         "Creation Time": "crtime"}


def unallocated(image: Path) -> list[dict[str, Any]]:
    """Rows of deleted entries."""
    return [row for row in helpers.timeline(image).rows if "unallocated" in row["tag"]]


def stat(image: Path, inodes: list[int]) -> dict[int, str]:
    """What debugfs says of each inode."""
    commands = "".join(f"stat <{number}>\n" for number in inodes)
    text = subprocess.run(["debugfs", "-f", "-", image], input=commands, text=True, capture_output=True,
                          check=True).stdout
    parts = re.split(r"^Inode: (\d+)", text, flags=re.M)[1:]
    return {int(parts[i]): parts[i + 1] for i in range(0, len(parts), 2)}


def debugfs_time(text: str, name: str) -> int | None:
    """A time of `stat` in nanoseconds: 0xSECONDS:EXTRA, where EXTRA holds nanoseconds and two bits of the seconds."""
    found = re.search(rf"^\s*{name}: 0x([0-9a-f]+)(?::([0-9a-f]+))?", text, flags=re.M)
    if not found:
        return None
    low, extra = int(found[1], 16), int(found[2] or "0", 16)
    return ((low - (low >> 31 << 32)) + ((extra & 3) << 32)) * 10**9 + (extra >> 2)


@pytest.mark.parametrize("case", CASES)
def test_inodes(disk: Any, case: str) -> None:
    """Every unallocated inode that ils knows is there, no other one, and with the times that debugfs shows."""
    if not helpers.have("ils"):
        pytest.skip("no ils")
    image = disk(case)
    rows = [row for row in unallocated(image) if "mode" in row]
    listed = subprocess.run(["ils", "-A", "-f", "ext4", image], text=True, capture_output=True,
                            check=True).stdout.splitlines()[3:]
    oracle = stat(image, [int(line.split("|")[0]) for line in listed])
    expected = {number for number, text in oracle.items() if "Type: bad type" not in text}
    assert {int(row["inode"]) for row in rows} == expected and expected
    for row in rows:
        text, desc = oracle[int(row["inode"])], row["timestamp_desc"]
        if desc == "Content Deletion Time":
            found = re.search(r"^\s*dtime: 0x([0-9a-f]+)", text, flags=re.M)
            assert found and helpers.nanoseconds(row) == int(found[1], 16) * 10**9
        else:
            assert helpers.nanoseconds(row) == debugfs_time(text, SLOTS[desc])
        size, owner = re.search(r"Size: (\d+)", text), re.search(r"User:\s+(\d+)", text)
        assert size and owner and row["is_allocated"] is False
        assert (row.get("file_size", 0), row["owner_identifier"]) == (int(size[1]), int(owner[1]))


def test_names(disk: Any) -> None:
    """Every name that was deleted below the data root comes out, with its inode and its owner."""
    image = disk("deleted-synthetic")
    rows = unallocated(image)
    lines = (helpers.EVIDENCE / "deleted-synthetic/truth/deleted.tsv").read_text().splitlines()[1:]
    for what, inode, size, _, path in (line.split("\t") for line in lines):
        found = [row for row in rows if helpers.location(row) == path.encode()]
        if not path.startswith("/var/lib/docker/"):
            assert any(row["inode"] == inode and "$OrphanFiles" in row["display_name"] for row in rows)
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
    rows = helpers.timeline(disk("overlay2-ext4")).rows
    live = {(helpers.location(row), row["inode"]) for row in rows
            if "inode" in row and "unallocated" not in row["tag"]}
    dead = {(helpers.location(row), row["inode"]) for row in rows if "inode" in row and "unallocated" in row["tag"]}
    assert dead and not live & dead


def test_inferred(mounting: None, tmp: Path) -> None:
    """A name that leads to an inode which may have served another file since, and a directory without a name that says
    where it was: their owner is inferred."""
    image, copy = tmp / "image.raw", tmp / "captured.raw"
    tree = tmp / "tree"
    host = helpers.Host(tree)
    web = host.container("web", host.image("base", {"bin": {"sh": "#"}}),
                         {"data": {"early": "e", "late": "l", "stays": "s"}, "tmp": {"gone": {}}})
    helpers.make_ext4(image, tree)
    data, temporary = (Path(host.inside(web.rw / "diff" / name)) for name in ("data", "tmp"))
    helpers.debugfs(image, f"sif {data}/early ctime @1600000000", f"rm {data}/early", f"rm {data}/late")
    with helpers.mount(image, "ext4", "loop,commit=100") as root:
        gone = root / str(temporary)[1:] / "gone"
        handle = os.open(gone, os.O_RDONLY)
        number = os.fstat(handle).st_ino
        gone.rmdir()
        os.fsync(handle)
        helpers.sparse_copy(image, copy)
        os.close(handle)
    rows = unallocated(copy)
    by_name = {name: [row for row in rows if helpers.location(row) == os.fsencode(f"{place}/{name}")]
               for place, name in ((data, "early"), (data, "late"), (temporary, f"OrphanFile-{number}"))}
    for name, found in by_name.items():
        assert found and all(row["container_name"] == "web" and row["layer_role"] == "rw" for row in found), name
        assert all(("owner_inferred" in row["tag"]) == (name != "late") for row in found), name
    assert not [row for row in rows if "owner_inferred" in row["tag"] and "web" != row.get("container_name")]
