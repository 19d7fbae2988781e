# SPDX-License-Identifier: Apache-2.0
"""Bitmaps of inodes and blocks that are damaged: what inodes and names say is believed. Nothing that lives becomes a
deleted file, what was deleted stays, and an error says what is wrong."""
import re
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch

BLOCK = 4096
FEATURES = {"sums": "metadata_csum,^64bit", "none": "^metadata_csum,^uninit_bg", "groups": "^metadata_csum,uninit_bg",
            "wide": "metadata_csum,64bit"}


@pytest.fixture(scope="module", params=FEATURES)
def whole(request: pytest.FixtureRequest, session_dir: Path) -> tuple[Path, list[str]]:
    """A host as an image with these features, from which a file was deleted; and its timeline."""
    host = hosts.shop(session_dir / f"bitmaps-{request.param}")
    (host.root / "var/lib/docker/gone").write_text("x")
    image = session_dir / f"bitmaps-{request.param}.raw"
    features = FEATURES[request.param]
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-b", str(BLOCK), "-O", features, "-d", host.root, image, "32M"]
    subprocess.run(command, check=True, capture_output=True)
    disks.debugfs(image, "rm /var/lib/docker/gone")
    rows = launch.timeline(image)
    assert rows.code == 0 and any("OrphanFile" in line or "/gone" in line for line in rows.bare)
    return image, rows.bare


def features_of(image: Path) -> set[str]:
    """Those of its file system."""
    told = subprocess.run(["dumpe2fs", "-h", image], check=True, capture_output=True, text=True).stdout
    return set(re.search("features: (.*)", told).group(1).split())


def bitmap_of(image: Path, kind: str) -> int:
    """Where the first bitmap of this kind lies, in bytes."""
    told = subprocess.run(["dumpe2fs", image], check=True, capture_output=True, text=True).stdout
    return int(re.search(rf"{kind} bitmap at (\d+)", told).group(1)) * BLOCK


def overwrite(image: Path, offset: int, data: bytes) -> None:
    """Write bytes into a file."""
    with open(image, "r+b") as out:
        out.seek(offset)
        out.write(data)


@pytest.mark.parametrize("start, size", [(0, 512), (4, 2), (12, 1)])
def test_inode_bitmap(start: int, size: int, whole: tuple[Path, list[str]], tmp: Path) -> None:
    """All of it, and some bytes, made zero: the rows stay, and an error counts the contradictions or names the group."""
    image = disks.sparse_copy(whole[0], tmp / "copy.raw")
    overwrite(image, bitmap_of(image, "Inode") + start, bytes(size))
    rows = launch.timeline(image)
    assert rows.bare == whole[1] and rows.code == 1
    error = rows.error()
    assert error["code"] == "damaged" and re.search(
        "wrong checksum of the inode bitmap of group 0|free by their bitmaps, but have names", error["reason"])


def test_all_in_use(whole: tuple[Path, list[str]], tmp: Path) -> None:
    """A bitmap full of ones hides what was deleted, unless its checksum shows that it is wrong."""
    image = disks.sparse_copy(whole[0], tmp / "copy.raw")
    overwrite(image, bitmap_of(image, "Inode"), b"\xff" * 512)
    rows = launch.timeline(image)
    if "metadata_csum" in features_of(image):
        assert rows.bare == whole[1] and "inode bitmap of group 0" in rows.error()["reason"]


def test_group_flag(whole: tuple[Path, list[str]], tmp: Path) -> None:
    """A flag that no inode of the group was ever used, with a checksum that is right."""
    image = disks.sparse_copy(whole[0], tmp / "copy.raw")
    disks.debugfs(image, "set_bg 0 flags 5", "set_bg 0 checksum calc")
    rows = launch.timeline(image)
    if not features_of(image) & {"metadata_csum", "uninit_bg"}: # groups have no flags
        assert rows.code == 0 and rows.bare == whole[1]
        return
    assert rows.bare == whole[1] and rows.code == 1 and "free by their bitmaps" in rows.error()["reason"]


def test_block_bitmap(whole: tuple[Path, list[str]], tmp: Path) -> None:
    """Its checksum is looked at, where there is one."""
    image = disks.sparse_copy(whole[0], tmp / "copy.raw")
    overwrite(image, bitmap_of(image, "Block"), bytes(256))
    rows = launch.timeline(image)
    assert rows.bare == whole[1]
    if "metadata_csum" in features_of(image):
        assert rows.code == 1 and "wrong checksum of the block bitmap of group 0" in rows.error()["reason"]
