# SPDX-License-Identifier: Apache-2.0
"""What the file systems of the ext4 tests hold: everything that their directories, inodes and blocks can express.

No oracle: it only makes them, through the kernel. ext4fs.py tells how they look afterwards.
"""
import errno
import os
import random
import stat
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lib import disks
from lib.hosts import nested

# Before 1970, around each bit that counts, and the last second of an inode of 256 bytes (2446). Odd nanoseconds.
SECONDS = (-(1 << 31), -(1 << 31) + 1, -86400, -2, -1, 0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32,
           (1 << 33) - 1, 1 << 33, (3 << 32) - 1, (3 << 32) + (1 << 31) - 1)
NANOS = (0, 1, 999999999, 123456789, 500000000)
NAMES = (b"new\nline", b"tab\tbed", b"back\\slash", b"\\x41", b"\xff\xfe", "über".encode(), b" ", b"...", b"-", b"a" * 255,
         b"\xe2\x80\xae", b"q\"uo'te", b"%41", b"\x01\x7f", b"x" * 254 + b"y")
REFUSED = (errno.ENOSPC, errno.EOPNOTSUPP, errno.E2BIG, errno.ERANGE)


def make(image: Path, options: Iterable[str], size: str = "32M") -> None:
    """An empty file system. Fails with mke2fs's words in the exception."""
    with open(image, "wb") as out:
        out.truncate(int(size[:-1]) << 20)
    done = subprocess.run(["mke2fs", "-q", "-F", *options, image], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.returncode, done.stderr.strip().splitlines()[-1], str(image))


def noise(seed: object, size: int) -> bytes:
    """Bytes that are the same each time."""
    return random.Random(str(seed)).randbytes(size)


def write(path: Path, data: bytes, *offsets: int) -> None:
    """A file with `data` at each of the offsets."""
    with open(path, "wb", buffering=0) as out:
        for offset in offsets or (0,):
            os.pwrite(out.fileno(), data, offset)


DEVICES = ((0, 0), (1, 3), (8, 255), (8, 256), (255, 255), (256, 0), (259, 70000), (4095, 1048575))


def types(root: Path, devices: Iterable[tuple[int, int]] = DEVICES) -> None:
    """Every type, mode, owner, device number, and length of a link's target."""
    root.mkdir()
    for length in (1, 59, 60, 61, 255, 1000, 4095):
        try:
            os.symlink("t/" * (length // 2) + "t" * (length % 2), root / f"link{length}")
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
    for major, minor in devices:
        for letter, kind in (("c", stat.S_IFCHR), ("b", stat.S_IFBLK)):
            os.mknod(root / f"{letter}{major}.{minor}", kind | 0o640, os.makedev(major, minor))
    os.mkfifo(root / "fifo")
    os.mknod(root / "socket", stat.S_IFSOCK | 0o755)
    for mode in (0, 0o777, 0o1777, 0o2755, 0o4711, 0o7777):
        write(root / f"mode{mode:o}", b"m")
        (root / f"dir{mode:o}").mkdir()
        for prefix in ("mode", "dir"):
            os.chmod(root / f"{prefix}{mode:o}", mode)
    for number in (1, 65535, 65536, 70000, 4294967294):
        write(root / f"owner{number}", b"")
        os.chown(root / f"owner{number}", number, number ^ 3 if number < 4294967294 else number)
    write(root / "one", b"hard")
    for number in range(20):
        os.link(root / "one", root / f"other{number}")
    os.link(root / "c0.0", root / "whiteout")
    os.link(root / "link61", root / "link-link")


def names(root: Path) -> None:
    """Names that tables, terminals and parsers stumble over."""
    root.mkdir()
    for number, name in enumerate(NAMES):
        write(Path(os.fsdecode(os.fsencode(root) + b"/" + name)), b"n" * number)


def times(root: Path) -> None:
    """Access and modification times all over the range. The kernel clamps them to what the inode holds."""
    root.mkdir()
    for number, sec in enumerate(SECONDS):
        path, other = root / f"t{number}", SECONDS[-number]
        if number % 3:
            write(path, b"t")
        else:
            os.symlink("nowhere", path)
        os.utime(path, ns=(sec * 10**9 + NANOS[number % 5], other * 10**9 + NANOS[(number + 2) % 5]),
                 follow_symlinks=False)


def contents(root: Path, block: int, extents: int) -> None:
    """Sizes around each limit, holes, extents that were never written, and a file in many pieces."""
    root.mkdir()
    for size in (0, 1, 59, 60, 61, 100, 130, 160, 300, 700, block - 1, block, block + 1, 12 * block, 13 * block + 5):
        write(root / f"size{size}", noise(size, size))
    write(root / "sparse", noise("s", block), 0, 12 * block, 13 * block, 300 * block, 3 << 20)
    os.truncate(root / "sparse", (4 << 20) + 77)
    write(root / "hole", b"")
    os.truncate(root / "hole", 1 << 20)
    try:
        write(root / "huge", noise("h", block + 9), 0, 70 << 20, (1 << 32) + 5 * block, 5 << 30)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
    write(root / "pieces", b"")
    with open(root / "pieces", "r+b", buffering=0) as out:
        for number in range(extents):
            os.pwrite(out.fileno(), noise(number, block // 2), 2 * number * block)
    unwritten(root, block)


def unwritten(root: Path, block: int) -> None:
    """Blocks that are allocated but read as zeros, partly written, and blocks after the end of the file."""
    with open(root / "unwritten", "wb", buffering=0) as out:
        try:
            os.posix_fallocate(out.fileno(), 0, 40 * block)
        except OSError:
            return
        os.pwrite(out.fileno(), b"w" * 10, 7 * block + 3)
    flags = ["-n", "-o", "0", "-l", str(20 * block)]
    write(root / "beyond", b"b" * 10)
    subprocess.run(["fallocate", *flags, root / "beyond"], check=False, capture_output=True)
    write(root / "punched", noise("p", 30 * block))
    subprocess.run(["fallocate", "-p", "-o", str(5 * block), "-l", str(9 * block), root / "punched"], check=False,
                   capture_output=True)


def many(root: Path, count: int) -> None:
    """A large directory, mostly of hard links, of which a third is deleted again."""
    root.mkdir()
    for number in range(count):
        if number % 1000 == 0:
            first = root / f"first-{number}"
            write(first, b"m")
        os.link(first, root / f"a-name-of-some-length-{number:06}")
    for number in range(0, count, 3):
        os.unlink(root / f"a-name-of-some-length-{number:06}")
    for number in range(0, count // 10):
        os.link(first, root / f"late{number}")


def deep(root: Path, depth: int, length: int) -> None:
    """Directories in each other."""
    root.mkdir()
    for number, folder in enumerate(nested(root, (f"{number}-".ljust(length, "d") for number in range(depth))), 1):
        if number == depth:
            os.close(os.open("bottom", os.O_WRONLY | os.O_CREAT, dir_fd=folder))


def small_dirs(root: Path) -> None:
    """Directories of few names, which inline_data keeps in the inode, also after some were deleted."""
    root.mkdir()
    for count in range(6):
        for length in (1, 8, 30):
            folder = root / f"d{count}.{length}"
            folder.mkdir()
            for number in range(count):
                write(folder / f"{number}".ljust(length, "n"), b"i" * number)
            if count == 5:
                os.unlink(folder / "1".ljust(length, "n"))


def acl(*entries: tuple[int, int, int]) -> bytes:
    """system.posix_acl_*: as the kernel takes it."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ACL = acl((1, 7, 0xFFFFFFFF), (2, 5, 1000), (2, 4, 70000), (4, 5, 0xFFFFFFFF), (8, 1, 12), (16, 7, 0xFFFFFFFF),
          (32, 4, 0xFFFFFFFF))
PLAIN_ACL = acl((1, 7, 0xFFFFFFFF), (4, 5, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF))


def attribute(path: Path, name: str, value: bytes) -> bool:
    """Set one, where there is room for it."""
    try:
        os.setxattr(path, name, value, follow_symlinks=False)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        return False
    return True


def xattrs(root: Path, block: int) -> None:
    """Attributes in the inode, in a block, in a shared block, and (ea_inode) in inodes of their own."""
    root.mkdir()
    for number in range(3):
        write(root / f"shared{number}", b"x")
        attribute(root / f"shared{number}", "user.same", noise("same", 600))
    write(root / "small", b"x")
    for name, value in (("user.a", b"1"), ("user.empty", b""), ("trusted.overlay.opaque", b"y"), ("security.other", b"o"),
                        ("security.capability", struct.pack("<IIIII", 0x02000001, 0x2000, 0, 0, 0))):
        attribute(root / "small", name, value)
    write(root / "several", b"x" * 70)
    for number in range(25):
        attribute(root / "several", f"user.{'k' * (number % 7)}{number}", noise(number, number))
    for number in range(0, 25, 4):
        if attribute(root / "several", f"trusted.gone{number}", b"g"):
            os.removexattr(root / "several", f"trusted.gone{number}")
    for size in (block // 2, block - 200, 5000, 40000):
        write(root / f"value{size}", b"x")
        attribute(root / f"value{size}", "user.value", noise(size, size))
        attribute(root / f"value{size}", "trusted.overlay.origin", noise("o", 29))
    write(root / "acl", b"x")
    attribute(root / "acl", "system.posix_acl_access", ACL)
    (root / "dir").mkdir()
    attribute(root / "dir", "system.posix_acl_default", ACL)
    attribute(root / "dir", "system.posix_acl_access", PLAIN_ACL)
    write(root / "dir/heir", b"x")
    attribute(root / "dir", "user.d", b"dir")
    os.symlink("small", root / "link")
    attribute(root / "link", "trusted.link", b"l")
    os.mkfifo(root / "fifo")
    attribute(root / "fifo", "security.fifo", b"f")
    os.mknod(root / "device", stat.S_IFCHR, 0)
    attribute(root / "device", "trusted.overlay.redirect", b"/elsewhere")
    attribute(root, "trusted.overlay.impure", b"y")


def populate(root: Path, block: int, big: bool = False) -> None:
    """All of it."""
    types(root / "types")
    names(root / "names")
    contents(root / "contents", block, 3000 if big else 400)
    many(root / "many", 100000 if big else 3000)
    deep(root / "deep", 300, 60 if big else 5)
    small_dirs(root / "small")
    xattrs(root / "xattrs", block)
    attribute(root, "trusted.root", b"r")
    times(root / "times")


def odd_inode_times(image: Path) -> None:
    """Times of change and birth that no system call sets."""
    commands = []
    for number, sec in enumerate(SECONDS):
        low, extra = sec & 0xFFFFFFFF, NANOS[number % 5] << 2 | ((sec - ((sec & 0xFFFFFFFF ^ 1 << 31) - (1 << 31))) >> 32) & 3
        for name in ("ctime", "crtime"):
            commands += [f"sif /times/t{number} {name} @0x{low:x}", f"sif /times/t{number} {name}_extra {extra}"]
    disks.debugfs(image, *commands)


def fill(folder: Path, count: int) -> None:
    """A directory with files in it."""
    folder.mkdir()
    for number in range(count):
        write(folder / f"{number}".rjust(40, "f"), b"f" * number)


def commit(root: Path) -> None:
    """End the transaction, which does not write its blocks to their places (syncfs would)."""
    with open(root / "committed", "ab") as out:
        out.write(b"c")
        out.flush()
        os.fsync(out.fileno())
