# SPDX-License-Identifier: Apache-2.0
"""What the file systems of the XFS tests hold: directories, attributes, extents and links in all their forms.

No oracle: it only makes them, through the kernel. ext4fs.py tells how they look afterwards; KERNEL are the options with which
it mounts them.
"""
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lib import disks, ext4fs, ext4trees, machine
from lib.ext4trees import attribute, noise, write

KERNEL = "ro,norecovery,nouuid,noatime,loop"
DISKS = machine.EVIDENCE.parent / "disks"             # the disks of real hosts: see their README.md
# Linux fs/xfs/xfs_iops.c, xfs_vn_mknod(): no larger ones.
DEVICES = ((0, 0), (1, 3), (8, 255), (8, 256), (255, 255), (256, 0), (259, 70000), (511, 262143))


def shared(case: str, session_dir: Path) -> Path:
    """The unpacked disk of a case there. Skips where there is none."""
    packed, target = DISKS / case / "disk.raw.zst", session_dir / f"{case}.raw"
    if not packed.exists():
        pytest.skip(f"no disk at {packed} (LAYERTIME_EVIDENCE)")
    return target if target.exists() else disks.decompress(packed, target)


def truth(case: str, name: str = "fs.tsv") -> ext4fs.View:
    """What the kernel said of it, with the columns of ext4fs."""
    packed = DISKS / case / f"{name}.zst"
    if not packed.exists():
        pytest.skip(f"no truth at {packed} (LAYERTIME_EVIDENCE)")
    lines = subprocess.run(["zstd", "-dqc", packed], capture_output=True, check=True).stdout.decode("ascii").splitlines()[1:]
    view = {}
    for path, ino, kind, mode, uid, gid, size, rdev, *times, xattrs, nlink, sha256, link in (line.split("\t") for line in lines):
        view[path] = (ino, kind, mode, uid, gid, size, nlink, rdev, *times, sha256, link, xattrs.replace(",", ";"))
    return view


def make(image: Path, options: Iterable[str], size: str = "64M") -> None:
    """An empty file system. Fails with mkfs.xfs's words in the exception."""
    if not machine.have("mkfs.xfs"):
        pytest.skip("mkfs.xfs is missing")
    with open(image, "wb") as out:
        out.truncate(int(size[:-1]) << 20)
    done = subprocess.run(["mkfs.xfs", "-q", "-f", "--unsupported", *options, image], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.returncode, done.stderr.strip(), str(image))


@contextmanager
def mounted(image: Path, options: str = "") -> Iterator[Path]:
    """Mounted for writing."""
    with disks.mount(image, "xfs", ",".join(["loop,noatime,nouuid", *filter(None, [options])])) as root:
        yield root


def view(image: Path) -> ext4fs.View:
    """What the kernel says of it."""
    return ext4fs.view_of(image, "xfs", KERNEL)


def db(image: Path, *commands: str) -> str:
    """Run commands of xfs_db, which may write."""
    words = [word for command in commands for word in ("-c", command)]
    return subprocess.run(["xfs_db", "-x", *words, image], text=True, capture_output=True, check=True).stdout


def directories(root: Path, counts: Iterable[int] = (0, 1, 5, 40, 500)) -> None:
    """Of all forms: in the inode, one block, with an index of one block and of more; and some that shrank again."""
    root.mkdir()
    for count in counts:
        (root / f"d{count}").mkdir()
        first = root / f"d{count}/first"
        for number in range(count):
            name = root / f"d{count}" / f"file-{number:05}-{'y' * (number % 23)}"
            if number % 100 == 0:
                first = name
                write(name, b"f")
            else:
                os.link(first, name)
    (root / "half").mkdir()
    for number in range(200):
        write(root / f"half/gone-{number:04}", b"")
    for number in range(0, 200, 2):
        os.unlink(root / f"half/gone-{number:04}")
    (root / "holes").mkdir()                          # whole blocks without a name are given back
    for number in range(400):
        write(root / "holes" / f"{number:04}".ljust(100, "h"), b"")
    for number in range(100, 300):
        os.unlink(root / "holes" / f"{number:04}".ljust(100, "h"))


def attributes(root: Path) -> None:
    """In the inode, in one block, in many, with values in blocks of their own."""
    ext4trees.xattrs(root, 4096)
    write(root / "lots", b"l")
    for number in range(250):
        attribute(root / "lots", f"user.l{number:04}", noise(number, 90))
    for number in range(0, 250, 5):
        os.removexattr(root / "lots", f"user.l{number:04}")
    write(root / "largest", b"l")
    attribute(root / "largest", "user.largest", noise("l", 65536))
    attribute(root / "largest", "trusted.largest", noise("t", 65535))


def links(root: Path) -> None:
    """Targets in the inode, in a block, and in more than one where blocks are small."""
    root.mkdir()
    for length in (1, 59, 155, 156, 157, 300, 335, 336, 337, 400, 955, 956, 957, 1000, 1023):
        os.symlink(("/t" * length)[:length], root / f"l{length}")


def shared_extents(root: Path) -> None:
    """Two files that share their blocks, and one that was changed since."""
    root.mkdir()
    write(root / "first", noise("r", 300000))
    for name in ("second", "third"):
        subprocess.run(["cp", "--reflink=auto", root / "first", root / name], check=True, capture_output=True)
    with open(root / "third", "r+b") as out:
        out.seek(70000)
        out.write(b"changed")


def populate(root: Path, block: int) -> None:
    """All of it, in about 1,100 entries."""
    ext4trees.types(root / "types", DEVICES)
    ext4trees.names(root / "names")
    ext4trees.contents(root / "contents", block, 60)
    ext4trees.deep(root / "deep", 30, 9)
    ext4trees.small_dirs(root / "small")
    ext4trees.times(root / "times")
    directories(root / "directories")
    attributes(root / "xattrs")
    links(root / "links")
    shared_extents(root / "shared")
    attribute(root, "trusted.root", b"r")
