# SPDX-License-Identifier: Apache-2.0
"""btrfs file systems with what mkfs.btrfs and mount can vary, filled by the kernel and read back by it: what our reader
says must be the same in each column of each entry."""
import os
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees, machine

# name: options of mkfs.btrfs, options of mount.
COMBINATIONS: dict[str, tuple[str, str]] = {
    "default": ("", ""),
    "single-4k": ("-m single -d single -n 4096", ""),
    "dup-64k": ("-m dup -d dup -n 65536", "compress-force=zstd:3"),
    "zlib": ("", "compress-force=zlib"),
    "lzo": ("-n 32768", "compress-force=lzo"),
    "zstd": ("-m single", "compress=zstd"),
    "mixed": ("--mixed -n 4096", "compress=lzo"),
    "holes": ("-O ^no-holes", "max_inline=0"),
    "old": ("-O ^no-holes,^skinny-metadata -R ^free-space-tree", "max_inline=4095"),
    "xxhash": ("--csum xxhash", ""),
    "sha256": ("--csum sha256", ""),
    "nodatacow": ("", "nodatacow"),
    "quota": ("-R quota", ""),
}


def call(*command: str | Path) -> None:
    """Run a tool; its words are in the exception."""
    subprocess.run(command, check=True, capture_output=True)


def make(image: Path, options: str) -> None:
    """An empty file system."""
    with open(image, "wb") as out:
        out.truncate(384 << 20)
    call("mkfs.btrfs", "-q", "-f", *options.split(), image)


def fill(root: Path) -> None:
    """All that inodes can express, what packs well in large and small extents, and subvolumes in each other."""
    (root / "tree").mkdir()
    ext4trees.populate(root / "tree", 4096)
    words = b"".join(b"line %d of a log that packs well\n" % number for number in range(20000))
    for size in (1, 100, 2000, 4000, 5000, 131072, 131073, len(words)):
        ext4trees.write(root / f"packed{size}", words[:size])
    with open(root / "packed131073", "r+b") as out:  # the middle of an extent
        out.seek(70000)
        out.write(ext4trees.noise("in", 9000))
    call("btrfs", "subvolume", "create", root / "sub")
    call("btrfs", "subvolume", "create", root / "sub" / "inner")
    (root / "sub/folder").mkdir()
    call("btrfs", "subvolume", "create", root / "sub/folder/deep")
    for folder in ("sub", "sub/inner", "sub/folder/deep"):
        ext4trees.fill(root / folder / "files", 5)
        ext4trees.attribute(root / folder, "user.where", folder.encode())
    os.sync()
    call("btrfs", "subvolume", "snapshot", "-r", root / "sub", root / "taken")
    call("btrfs", "subvolume", "snapshot", root / "sub", root / "sub/folder/copy")
    os.unlink(root / f"sub/files/{'1'.rjust(40, 'f')}")
    ext4trees.write(root / "sub/folder/copy/new", b"n")
    os.rename(root / "sub/folder/deep", root / "moved")
    call("btrfs", "subvolume", "delete", root / "sub/inner")


def view_of(image: Path, options: str = "") -> ext4fs.View:
    """What the kernel shows of all subvolumes."""
    with disks.mount(image, "btrfs", f"ro,noatime,loop,subvolid=5{options}") as root:
        return ext4fs.kernel_view(root)


def without_made_up(view: ext4fs.View) -> ext4fs.View:
    """Where a snapshot had a subvolume the kernel shows a directory with the time of the mount, of which the disk knows
    nothing."""
    return {path: (*row[:9], "-", "-", "-", *row[12:]) if row[0] == "2" else row for path, row in view.items()}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_kernel_sees_the_same(name: str, mounting: None, tmp: Path) -> None:
    """All columns of all entries."""
    if not machine.have("mkfs.btrfs"):
        pytest.skip("mkfs.btrfs is missing")
    image, (options, mount) = tmp / "image.raw", COMBINATIONS[name]
    try:
        make(image, options)
        with disks.mount(image, "btrfs", f"loop,noatime,{mount}".rstrip(",")) as root:
            fill(root)
        truth = without_made_up(view_of(image))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"cannot be had here: {error.stderr.decode().strip()}")
    assert len(truth) > 2000 and sum(row[0] == "256" for row in truth.values()) == 5
    ext4fs.check_equal(truth, ext4fs.dump(image, "--large"))
