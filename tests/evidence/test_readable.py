# SPDX-License-Identifier: Apache-2.0
"""Readable is read: a wrong checksum of an inode is an error, and costs nothing but belief."""
import json
import re
import subprocess
from pathlib import Path

import pytest
from lib import disks, launch, reading

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
