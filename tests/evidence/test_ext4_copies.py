# SPDX-License-Identifier: Apache-2.0
"""Where the superblock or group descriptors are damaged, their copies are used, and that is said."""
import json
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, reading

KINDS = {
    "1k": ("-b", "1024"),
    "2k": ("-b", "2048"),
    "4k": ("-b", "4096"),
    "ext2": ("-t", "ext2", "-b", "1024"),
    "ext3": ("-t", "ext3", "-b", "1024"),
    "meta_bg": ("-b", "1024", "-O", "meta_bg,^resize_inode"),
    "sparse_super2": ("-b", "1024", "-O", "sparse_super2,^resize_inode"),
    "every_group": ("-b", "1024", "-O", "^sparse_super,^resize_inode"),
    "gdt_csum": ("-b", "1024", "-O", "^metadata_csum,uninit_bg"),
    "gdt_csum_narrow": ("-b", "1024", "-O", "^metadata_csum,^64bit,uninit_bg"),
    "narrow": ("-b", "1024", "-O", "^64bit"),
    "clusters": ("-b", "1024", "-O", "bigalloc"),
}
SIZE = {"2k": "128M", "4k": "300M", "clusters": "300M"}


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp: Path) -> tuple[Path, int, reading.Timeline]:
    """A host as an image, the size of its blocks, and its rows."""
    host = hosts.shop(tmp / "host")
    image = disks.make_ext4(tmp / "disk.raw", host.root, SIZE.get(request.param, "64M"), *KINDS[request.param])
    told = subprocess.run(["dumpe2fs", "-h", image], capture_output=True, text=True, check=True).stdout
    size = next(int(line.split()[-1]) for line in told.splitlines() if line.startswith("Block size:"))
    return image, size, launch.timeline(image)


def overwrite(image: Path, at: int, data: bytes) -> None:
    """Change bytes of an image."""
    with open(image, "r+b") as out:
        out.seek(at)
        out.write(data)


def check(image: Path, whole: reading.Timeline, word: str, tmp: Path) -> None:
    """No row is lost or new, one error says what was used, and the manifest too."""
    rows = launch.timeline(image, "--manifest", tmp / "manifest")
    assert rows.bare == whole.bare and rows.code == 1
    said = [error["reason"] for error in rows.errors if word in error["reason"]]
    assert len(said) == 1 and "cop" in said[0] and {error["code"] for error in rows.errors} == {"damaged"}, rows.errors
    assert json.loads((tmp / "manifest").read_text())["evidence"][0]["copies_used"]


@pytest.mark.parametrize("at, data", [(0, bytes(1024)), (0x20, bytes(12)), (0x58, b"\xff"), (0x38, b"\0")],
                         ids=["gone", "sizes", "inode_size", "magic"])
def test_superblock(at: int, data: bytes, disk: tuple[Path, int, reading.Timeline], tmp: Path) -> None:
    """It is gone, or says what cannot be."""
    image, _, whole = disk
    assert whole.rows and not whole.errors
    overwrite(image, 1024 + at, data)
    check(image, whole, "superblock", tmp)


@pytest.mark.parametrize("size", [8, 12, 64, None])
def test_group_descriptors(size: int | None, disk: tuple[Path, int, reading.Timeline], tmp: Path) -> None:
    """Places in the first one are zeros; one block of them is."""
    image, block, whole = disk
    first = block * (2 if block == 1024 else 1)
    if size == 8:
        overwrite(image, first + 8, bytes(4))             # where the inodes lie
    else:
        overwrite(image, first, bytes(size or block))
    rows = launch.timeline(image, "--manifest", tmp / "manifest")
    assert rows.bare == whole.bare and rows.code == 1
    assert any("group descriptors are damaged" in error["reason"] for error in rows.errors)
    used = json.loads((tmp / "manifest").read_text())["evidence"][0]["copies_used"]
    assert used[0]["group_descriptors"] and not used[0]["superblock_of_group"]


def test_partition(tmp: Path) -> None:
    """The first superblock of a partition."""
    image = disks.make_ext4(tmp / "part.raw", hosts.shop(tmp / "host").root, "64M", "-b", "1024")
    size = image.stat().st_size // 512
    disk = disks.partition(tmp / "disk.raw", (size + 4096) * 512, f"label: dos\nstart=2048, size={size}\n",
                           (image, 2048 * 512))
    whole = launch.timeline(disk)
    overwrite(disk, 2048 * 512 + 1024, bytes(1024))
    check(disk, whole, "superblock", tmp)


def test_what_an_older_one_left(tmp: Path) -> None:
    """The copies of a file system that another one replaced are not read."""
    image = disks.make_ext4(tmp / "disk.raw", hosts.shop(tmp / "host").root, "64M", "-b", "1024")
    overwrite(image, 0, bytes(4096))
    overwrite(image, 0, b"XFSB\0\0\x10\0")
    rows = launch.timeline(image)
    assert rows.code == 3 and not rows.rows and "XFS" in rows.errors[-1]["reason"]


def test_copy_elsewhere(tmp: Path) -> None:
    """A copy that does not lie where it says, such as that of an image inside a file, is none."""
    image = disks.make_ext4(tmp / "disk.raw", hosts.shop(tmp / "host").root, "64M", "-b", "1024")
    data = image.read_bytes()
    image.write_bytes(bytes(1 << 20) + data[:63 << 20])
    rows = launch.timeline(image)
    assert rows.code == 3 and not rows.rows


@pytest.mark.parametrize("features", ["metadata_csum", "^metadata_csum,uninit_bg", "^metadata_csum,^64bit,uninit_bg"])
def test_wrong_checksum_of_a_group(features: str, tmp: Path) -> None:
    """A byte that leaves all places as they are. What is whole has no error, whatever its checksums."""
    image = disks.make_ext4(tmp / "disk.raw", hosts.shop(tmp / "host").root, "64M", "-b", "1024", "-O", features)
    whole = launch.timeline(image)
    assert not whole.errors
    overwrite(image, 2048 + 0x10, b"\x55")                # how many directories it has
    rows = launch.timeline(image)
    assert rows.bare == whole.bare and any("group" in error["reason"] for error in rows.errors), rows.errors
