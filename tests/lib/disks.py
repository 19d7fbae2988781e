# SPDX-License-Identifier: Apache-2.0
"""Disk images: unpacked, copied, made by mke2fs, changed by debugfs, partitioned by sfdisk, mounted by the kernel.

No oracle: what an image holds its maker knows.
"""
import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.machine import IS_ROOT


def decompress(packed: Path, target: Path) -> Path:
    """Unpack a .zst disk image into a sparse file."""
    subprocess.run(["zstd", "-dq", "--sparse", "-o", target, packed], check=True)
    return target


def sparse_copy(source: Path, target: Path) -> Path:
    """A copy that is ours to damage."""
    subprocess.run(["cp", "--sparse=always", "--no-preserve=mode", source, target], check=True)
    return target


def debugfs(image: Path, *commands: str) -> str:
    """Run commands of debugfs on an ext4 image, read-write."""
    done = subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(commands) + "\n", text=True,
                          capture_output=True, check=True)
    return done.stdout


def dump(image: Path, paths: Iterable[bytes], to: Path) -> dict[bytes, bytes]:
    """What files of an ext4 image hold, which is not written to. `to` is a directory for copies."""
    wanted = {path: to / str(number) for number, path in enumerate(paths)}
    commands = "".join(f'dump "{path.decode()}" {copy}\n' for path, copy in wanted.items())
    subprocess.run(["debugfs", "-f", "-", image], input=commands, text=True, capture_output=True, check=True)
    return {path: copy.read_bytes() for path, copy in wanted.items()}


def replay(image: Path) -> Path:
    """Write the journal of an ext4 image into it, as a mount would."""
    done = subprocess.run(["e2fsck", "-y", "-E", "journal_only", image], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return image


def digest(image: Path) -> str:
    """SHA-256 of an image."""
    with open(image, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def inode(image: Path, path: str) -> int:
    """The number of an entry's inode."""
    return int(re.search(r"Inode: (\d+)", debugfs(image, f"stat {path}"))[1])


def blocks_of(image: Path, path: str) -> list[int]:
    """Numbers of the blocks of a file, which may be named as <INODE>."""
    return [int(number) for number in debugfs(image, f"blocks {path}").split("\n")[1].split()]


def partition(disk: Path, size: int, script: str, *images: tuple[Path, int]) -> Path:
    """A disk of that many bytes with the partitions that sfdisk is told, and images with the bytes where each begins."""
    with open(disk, "wb") as out:
        out.truncate(size)
    subprocess.run(["sfdisk", "-q", disk], input=script.encode(), check=True, capture_output=True)
    for image, at in images:
        subprocess.run(["dd", f"if={image}", f"of={disk}", "bs=1M", f"seek={at}", "oflag=seek_bytes",
                        "conv=notrunc,sparse", "status=none"], check=True)
    return disk


def make_ext4(image: Path, tree: Path, size: str = "64M", *options: str, later: int | None = None) -> Path:
    """An ext4, unless the options say another, with all that is below `tree`; made so many seconds later than now, as on
    a busy machine."""
    env = None if later is None else os.environ | {"E2FSPROGS_FAKE_TIME": str(int(time.time()) + later)}
    kind = () if "-t" in options else ("-t", "ext4")
    subprocess.run(["mke2fs", "-q", "-F", *kind, "-d", tree, *options, image, size], check=True, capture_output=True,
                   env=env)
    return image


@contextmanager
def mounted_at(source: Path | str, kind: str, options: str, at: Path, cwd: Path | None = None) -> Iterator[Path]:
    """Mount there for the time of the block. Paths in the options are relative to `cwd`."""
    subprocess.run(["mount", "-t", kind, "-o", options, source, at], check=True, capture_output=True, cwd=cwd)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


@contextmanager
def mount(source: Path | str, kind: str, options: str) -> Iterator[Path]:
    """Mount for the time of the block, in a directory of its own."""
    at = Path(tempfile.mkdtemp(prefix="layertime-mount-"))
    try:
        with mounted_at(source, kind, options, at):
            yield at
    finally:
        at.rmdir()


def can_mount() -> bool:
    """May we mount at all?"""
    if not IS_ROOT:
        return False
    try:
        with mount("layertime-test", "tmpfs", "size=1M"):
            return True
    except subprocess.CalledProcessError:
        return False
