# SPDX-License-Identifier: Apache-2.0
"""Files of ext4 that were deleted, or were being cut short, while a process had them open when the power failed: in the
list that begins in the superblock, and in the orphan file. Oracles: fstat of the open files, and what a kernel makes of a
copy when it mounts it."""
import os
import re
import stat
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees
from lib.checksums import crc32c

VARIANTS = {
    "file": "-b 4096 -O orphan_file",
    "file-1k": "-b 1024 -O orphan_file",
    "file-no-csum": "-b 4096 -O orphan_file,^metadata_csum,^64bit",
    "list": "-b 4096 -O ^orphan_file",
    "list-no-csum": "-b 1024 -O ^orphan_file,^metadata_csum",
}


def make(image: Path, options: str) -> Path:
    """A file system, where mke2fs knows the features."""
    try:
        ext4trees.make(image, ["-t", "ext4", *options.split()], "48M")
    except OSError as error:
        pytest.skip(f"cannot be had here: {error}")
    return image


@contextmanager
def held(root: Path) -> Iterator[list[int]]:
    """Files of all types that are deleted while open."""
    handles = []
    folder = root / "held"
    folder.mkdir()
    for number in range(300):
        ext4trees.write(folder / f"file{number}", ext4trees.noise(number, 37 * number))
    os.mkfifo(folder / "fifo", 0o612)
    os.mknod(folder / "null", stat.S_IFCHR | 0o640, os.makedev(1, 3))
    os.symlink("t" * 40, folder / "link")
    (folder / "dir").mkdir()
    ext4trees.write(folder / "dir/inner", b"inner")
    ext4trees.write(folder / "twice", b"lives")
    os.link(folder / "twice", root / "other name")
    os.chown(folder / "file7", 70001, 80002)
    for name in os.listdir(folder):
        handles.append(os.open(folder / name, os.O_PATH | os.O_NOFOLLOW))
    handles.append(os.open(root, os.O_TMPFILE | os.O_RDWR, 0o640))
    os.write(handles[-1], b"never had a name")
    os.fsync(handles[-1])
    subprocess.run(["sync", "-f", root], check=True)  # else the sizes of files without blocks are still 0 on the disk
    (folder / "dir/inner").unlink()
    (folder / "dir").rmdir()
    for name in os.listdir(folder):
        os.unlink(folder / name)
    os.utime(handles[-1], ns=(10**18 + 1, -10**18 + 2))
    try:
        yield handles
    finally:
        for handle in handles:
            os.close(handle)


def captured(image: Path, options: str) -> tuple[Path, dict[str, tuple[str, ...]]]:
    """A copy of the image made while deleted files were open in it, and what fstat said of those by inode."""
    copy = image.with_name("captured.raw")
    make(image, options)
    with disks.mount(image, "ext4", "loop,commit=100,strictatime") as root:
        fill = root / "stays"
        fill.mkdir()
        ext4trees.write(fill / "file", b"stays")
        with held(root) as handles:
            ext4trees.commit(root)
            rows = {str(info.st_ino): fstat_row(info) for info in map(os.fstat, handles) if not info.st_nlink}
            disks.sparse_copy(image, copy)
    image.unlink()
    return copy, rows


def fstat_row(info: os.stat_result) -> tuple[str, ...]:
    """Columns of a deleted file, without its birth."""
    device = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}" if stat.S_ISCHR(info.st_mode) else "-"
    # That of a directory, which had one block, is gone in memory only.
    size = info.st_blksize if stat.S_ISDIR(info.st_mode) else info.st_size
    return (f"{info.st_mode & 0o7777:04o}", str(info.st_uid), str(info.st_gid), str(size), "0", device,
            *(ext4fs.time_text(0, value) for value in (info.st_atime_ns, info.st_mtime_ns, info.st_ctime_ns)), "-")


@pytest.mark.parametrize("name", VARIANTS)
def test_deleted_while_open(name: str, mounting: None, tmp: Path) -> None:
    """All of them come out as deleted, as they were at last, and the rest is what a kernel shows after a mount."""
    image, rows = captured(tmp / "image.raw", VARIANTS[name])
    before = disks.digest(image)
    assert len(rows) == 305, "a broken test"
    truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
    got = ext4fs.dump(image)
    ext4fs.check_equal(truth, got)
    assert not got.notes
    assert ext4fs.deleted(image) == rows
    freed = ext4fs.deleted(tmp / "replayed.raw")
    assert freed.keys() == rows.keys() and all(row[-1] != "-" for row in freed.values())
    assert disks.digest(image) == before


# --- made by hand -----------------------------------------------------------------------------------------------------

FILE = "-b 1024 -N 64 -O orphan_file"


def small(image: Path, tmp: Path, options: str) -> Path:
    """A file system with a few files, not mounted yet."""
    tree = tmp / "tree"
    (tree / "folder/inner").mkdir(parents=True)
    for number in range(8):
        ext4trees.write(tree / f"folder/file{number}", ext4trees.noise(number, 9000 + number))
    ext4trees.write(tree / "folder/inner/file2", b"inner")
    return make(image, f"{options} -d {tree}")


def lose(image: Path, *paths: str) -> list[int]:
    """Take the names away, as an older kernel does it, which leaves them in the slack."""
    numbers = [disks.inode(image, path) for path in paths]
    disks.debugfs(image, *(line for path, number in zip(paths, numbers)
                           for line in (f"unlink {path}", f"sif <{number}> links_count 0", f"sif <{number}> dtime 0")))
    return numbers


def place(image: Path, index: int) -> tuple[int, int]:
    """Inode of the orphan file, and where its block `index` lies."""
    number = int(re.search(r"Orphan file inode: +(\d+)", subprocess.run(
        ["dumpe2fs", "-h", image], capture_output=True, check=True, text=True).stdout)[1])
    return number, disks.blocks_of(image, f"<{number}>")[index]


def put(image: Path, *entries: int, index: int = 0, magic: int = 0x0B10CA04, spoil: int = 0) -> None:
    """Write a block of the orphan file."""
    number, block = place(image, index)
    with open(image, "r+b") as disk:
        disk.seek(1024 + 0x68)
        seed = crc32c(0xFFFFFFFF, disk.read(16) + struct.pack("<II", number, 0))
        data = struct.pack(f"<{len(entries)}I", *entries).ljust(1024 - 8, b"\0")
        crc = crc32c(seed, struct.pack("<Q", block) + data) ^ spoil
        disk.seek(block * 1024)
        disk.write(data + struct.pack("<II", magic, crc))


def link(image: Path, *numbers: int) -> None:
    """Make a list of them that begins in the superblock."""
    disks.debugfs(image, f"ssv last_orphan {numbers[0]}",
                  *(f"sif <{one}> dtime @{other}" for one, other in zip(numbers, numbers[1:])))


@pytest.mark.parametrize("where", ["file", "list"])
def test_names_and_truncations(where: str, mounting: None, tmp: Path) -> None:
    """A name in the slack still tells of a file that was deleted while open; one that was being cut short is shown as
    long as it was to be. A mount changes no more than the times of that."""
    image = small(tmp / "image.raw", tmp, FILE)
    gone = lose(image, "/folder/file3", "/folder/inner/file2", "/folder/inner")
    before = {str(number): stat_row(image, number) for number in gone}
    cut = disks.inode(image, "/folder/file5")
    disks.debugfs(image, f"sif <{cut}> size 1500")
    if where == "file":
        put(image, gone[0])
        put(image, cut, gone[1], gone[2], index=2)
    else:
        link(image, gone[0], cut, gone[1], gone[2])
    truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
    got = ext4fs.dump(image)
    ext4fs.check_equal({path: row for path, row in truth.items() if path != "/folder/file5"},
                       ext4fs.Dump(got.code, {path: row for path, row in got.view.items() if path != "/folder/file5"}))
    columns = [ext4fs.COLUMNS.index(name) for name in ("inode", "mode", "size", "atime", "sha256")]
    assert [truth["/folder/file5"][at] for at in columns] == [got.view["/folder/file5"][at] for at in columns]
    assert truth["/folder/file5"][5] == "1500" and not got.notes
    assert {"/folder/file3", "/folder/inner", "/folder/inner/file2"} == ext4fs.deleted(image, key=lambda row: row[16]).keys()
    assert ext4fs.deleted(image) == before


def stat_row(image: Path, number: int) -> tuple[str, ...]:
    """Columns of a deleted file, from debugfs."""
    row = ext4fs.debugfs_row(ext4fs.debugfs_many(image, [f"stat <{number}>"])[0], number, Path("/nowhere"), "-")
    return (*row[2:6], "0", *row[7:11], "-")


DAMAGES: dict[str, tuple[str, bool]] = {  # what is said, does a kernel mount it?
    "checksum": ("block", False), "magic": ("block", False), "high": ("cannot be one", True),
    "low": ("cannot be one", True), "unused": ("not in use", True), "hole": ("hole", False), "size": ("larger", False),
    "twice": ("", True), "circle": ("circle", True), "list-high": ("breaks off", True),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_lies(damage: str, mounting: None, tmp: Path) -> None:
    """What cannot be true is reported, and the rest comes out."""
    image = small(tmp / "image.raw", tmp, FILE)
    gone = lose(image, "/folder/file3", "/folder/file4", "/folder/file5", "/folder/file6")
    number, _ = place(image, 0)
    put(image, gone[0])
    put(image, gone[1], {"high": 0xFFFFFFFF, "low": 8, "unused": 40, "twice": gone[0]}.get(damage, 0), gone[2], index=1,
        magic=0x0B10CA05 if damage == "magic" else 0x0B10CA04, spoil=damage == "checksum")
    if damage in ("circle", "list-high"):
        link(image, gone[3], gone[2], {"circle": gone[3], "list-high": 4000000000}[damage])
    else:
        put(image, gone[3], index=2)
    disks.debugfs(image, *{"hole": [f"punch <{number}> 5 5"], "size": [f"sif <{number}> size 4294967296"]}.get(damage, []))
    said, mounts = DAMAGES[damage]
    lost = {"checksum": gone[1:3], "magic": gone[1:3], "size": gone}.get(damage, [])
    notes = [note for note in ext4fs.dump(image).notes if "deleted" in note]
    assert all(said in note for note in notes) and len(notes) == bool(said), notes
    assert {int(number) for number in ext4fs.deleted(image)} == set(gone) - set(lost)
    try:
        truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
        assert mounts
        assert {path: row[0] for path, row in ext4fs.dump(image).view.items()} == {
            path: row[0] for path, row in truth.items()}
    except subprocess.CalledProcessError:
        assert not mounts
