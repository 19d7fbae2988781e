# SPDX-License-Identifier: Apache-2.0
"""Readable is read: a wrong checksum of an inode is an error, and costs nothing but belief."""
import json
import re
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, reading

UNUSED = 250                                          # a byte behind all fields of an inode of 256 bytes
PATHS = ["/var/lib/docker", "/var/lib/docker/containers", "/var/lib/docker/image/overlay2/imagedb/content/sha256",
         "/var/lib/docker/image/overlay2/repositories.json", "/var/lib", "/etc", "/etc/hostname", "/var/log"]


def offset_of(image: Path, path: str) -> int:
    """Where the inode of a path lies, in bytes."""
    told = subprocess.run(["debugfs", "-R", f"imap {path}", image], capture_output=True, text=True, check=True).stdout
    block, offset = re.search(r"located at block (\d+), offset 0x([0-9a-f]+)", told).groups()
    return int(block) * 4096 + int(offset, 16)


def damaged(image: Path, to: Path, path: str, at: int, data: bytes) -> Path:
    """A copy in which bytes of the inode of `path` are others."""
    copy = disks.sparse_copy(image, to)
    with open(copy, "r+b") as out:
        out.seek(offset_of(copy, path) + at)
        out.write(data)
    return copy


def told(rows: reading.Timeline) -> list[str]:
    """The rows without the tag of damage."""
    return [re.sub(r'(, )?"damaged"', "", line) for line in rows.bare]


@pytest.mark.parametrize("path", PATHS)
def test_unused_byte(path: str, sample: Path, sample_jsonl: reading.Timeline, tmp: Path) -> None:
    """All rows are there, those of the entry are tagged, and an error names it."""
    rows = launch.timeline(damaged(sample, tmp / "copy.raw", path, UNUSED, b"\1"))
    assert told(rows) == sample_jsonl.bare and rows.code == 1
    assert {(error["code"], error["path"]) for error in rows.errors} == {("damaged", path)}
    marked = [row for row in rows.rows if "damaged" in row["tag"]]
    assert {row["pathspec"]["location"] for row in marked} <= {path}
    assert marked or not path.startswith("/var/lib/docker")


def test_commands_say_so_too(sample: Path, tmp: Path) -> None:
    """An inventory needs no walk over the files, and reports all the same what it met on the way."""
    whole = launch.run("-q", "--json", "containers", sample)
    copy = damaged(sample, tmp / "copy.raw", "/var/lib/docker/containers", UNUSED, b"\1")
    done = launch.run("-q", "--json", "--errors", tmp / "errors", "containers", copy)
    assert done.stdout.replace(bytes(copy), bytes(sample)) == whole.stdout and done.returncode == 1
    errors = [json.loads(line) for line in (tmp / "errors").read_text().splitlines()]
    assert {error["path"] for error in errors} == {"/var/lib/docker/containers"}


@pytest.mark.parametrize("at, data", [(0, bytes(256)), (1, b"\x80")])
@pytest.mark.parametrize("path", ["/var/lib/docker/image/overlay2/layerdb", "/var/lib/docker/image/overlay2/layerdb/mounts",
                                  "/var/lib/docker/containers", "/var/lib/docker/network/files"])
@pytest.mark.parametrize("command", ["timeline", "containers", "images"])
def test_damage_on_the_way(command: str, path: str, at: int, data: bytes, sample: Path, tmp: Path) -> None:
    """A directory whose inode is gone, or says to be a file, is damaged and not absent, whoever looks it up."""
    copy = damaged(sample, tmp / "copy.raw", path, at, data)
    done = launch.run("-q", "--errors", tmp / "errors", "-o", tmp / "out.txt", command, copy)
    errors = [json.loads(line) for line in (tmp / "errors").read_text().splitlines()]
    met = [error for error in errors if error["path"].startswith(path) and error["code"] == "damaged"]
    needed = command == "timeline" or (path.endswith("containers") or "layerdb" in path)
    assert done.returncode == 1 and (met or not needed), errors


def tree_of(image: Path, path: str) -> int:
    """The block with the extents of a file that has too many for its inode."""
    return int(re.search(r"^ 0/ 1 +1/ +1 +0 - +\d+ +(\d+)", disks.debugfs(image, f"ex {path}"), re.M)[1])


@pytest.fixture
def scattered(tmp: Path) -> tuple[Path, str, int]:
    """A host whose container has a log in many pieces, the path of that log, and the block with its extents."""
    host = hosts.shop(tmp / "host")
    log, text = hosts.container(host, "web").log, tmp / "log"
    text.write_text("".join(hosts.log_record(f"line {number} " + "x" * 4000 + "\n", "2026-07-01T10:00:00Z") for number in range(40)))
    image = disks.make_ext4(tmp / "disk.raw", host.root, "32M", "-b", "4096")
    path = f"/{log.relative_to(host.root)}"
    free = range(1500, 6000, 2)
    disks.debugfs(image, f"rm {path}", *(f"setb {block}" for block in free), f"write {text} {path}",
                  *(f"freeb {block}" for block in free))
    return image, path, tree_of(image, path)


def lines_of(rows: reading.Timeline, path: str) -> list[dict]:
    """The rows that were read from a file."""
    return [row for row in rows.rows if row["pathspec"]["location"] == path and "line" in row["message"]]


def with_bytes(image: Path, to: Path, at: int, data: bytes) -> Path:
    copy = disks.sparse_copy(image, to)
    with open(copy, "r+b") as out:
        out.seek(at)
        out.write(data)
    return copy


def test_unused_byte_of_extents(scattered: tuple[Path, str, int], tmp: Path) -> None:
    """A wrong checksum over extents that hold together hides no line. Each is tagged."""
    image, path, block = scattered
    whole = launch.timeline(image)
    rows = launch.timeline(with_bytes(image, tmp / "copy.raw", block * 4096 + 4000, b"\1"))
    assert told(rows) == whole.bare and rows.code == 1
    assert {(error["code"], error["path"]) for error in rows.errors} == {("damaged", path)}
    lines = lines_of(rows, path)
    assert len(lines) == 40 and all("damaged" in row["tag"] for row in lines)
    assert {row["pathspec"]["location"] for row in rows.rows if "damaged" in row["tag"]} == {path}


@pytest.mark.parametrize("entry, data", [(4, b"\2\0"), (6, b"\1\0"), (8, b"\xff\xff\xff\x7f"), (0, b"\xff\xff\xff\0")],
                         ids=["length", "start, high", "start, low", "order"])
def test_extents_that_do_not_hold_together(entry: int, data: bytes, scattered: tuple[Path, str, int], tmp: Path) -> None:
    """Too many blocks, blocks outside of the file system, pieces out of order: the file is not read, and that is said."""
    image, path, block = scattered
    whole = launch.timeline(image)
    rows = launch.timeline(with_bytes(image, tmp / "copy.raw", block * 4096 + 12 + 5 * 12 + entry, data))
    assert any(error["path"] == path for error in rows.errors) and rows.code == 1
    assert not {row["message"] for row in lines_of(rows, path)} - {row["message"] for row in lines_of(whole, path)}


def test_directory_in_pieces(tmp: Path) -> None:
    """The names of a directory are read although the checksum of its extents is wrong, as its blocks have their own."""
    host = hosts.shop(tmp / "host")
    folder = hosts.container(host, "web").rw / "many"
    folder.mkdir()
    for number in range(100):
        (folder / f"{number:0200}").write_text("x" * 500)     # a block each, so that those of the directory lie between
    image = disks.make_ext4(tmp / "disk.raw", host.root, "32M", "-b", "1024")
    path = f"/{folder.relative_to(host.root)}"
    rows = launch.timeline(with_bytes(image, tmp / "copy.raw", tree_of(image, path) * 1024 + 900, b"\1"))
    assert told(rows) == launch.timeline(image).bare and rows.code == 1
    assert {(error["code"], error["path"]) for error in rows.errors} == {("damaged", path)}
