# SPDX-License-Identifier: Apache-2.0
"""Fast commits of ext4: what waits in them must look as a kernel makes it of a copy when it mounts it. It makes up
what no fast commit tells: the times of directories whose names change, which it sets to its own, the blocks that they
grow by, and the links of a new directory, one. Those stay as they are here."""
import os
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees
from lib.checksums import crc32c
from lib.ext4fs import View

VARIANTS = {
    "4k": "-b 4096 -O fast_commit -J size=4,fast_commit_size=512",
    "1k-no-csum": "-b 1024 -O fast_commit,^metadata_csum,^64bit -J size=4,fast_commit_size=512",
    "inline": "-b 4096 -I 512 -O fast_commit,inline_data -J size=4,fast_commit_size=512",
}


def flush(path: Path) -> None:
    """End a commit, a fast one if what was done allows it."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def write(path: Path, data: bytes) -> None:
    """A file that is on the disk."""
    ext4trees.write(path, data)
    flush(path)


def append(root: Path) -> None:
    """Blocks are added."""
    with open(root / "long", "ab") as out:
        out.write(b"more" * 20000)
    flush(root / "long")


def cut(root: Path) -> None:
    """Blocks are taken away."""
    os.truncate(root / "long", 5001)
    flush(root / "long")


def pieces(root: Path) -> None:
    """Blocks here and there, and over each other."""
    for start, step in ((300000, 20000), (310000, 5000)):
        with open(root / "long", "r+b", buffering=0) as out:
            for number in range(12):
                os.pwrite(out.fileno(), b"piece" * 100, start + number * step)
        flush(root / "long")


def cut_and_grow(root: Path) -> None:
    """The same blocks of the file in other places."""
    cut(root)
    append(root)
    cut(root)
    write(root / "other", b"o" * 40000)
    append(root)


def make(root: Path) -> None:
    """New files."""
    for number in range(20):
        write(root / f"folder/new{number}", ext4trees.noise(number, 900 * number))


def unlink(root: Path) -> None:
    """The last name goes, and one of two."""
    os.unlink(root / "gone")
    os.unlink(root / "twice")
    write(root / "new", b"new")
    flush(root / "twice too")


def link(root: Path) -> None:
    """More names for a file, one of which goes again."""
    os.link(root / "long", root / "folder/link")
    os.link(root / "long", root / "folder/short-lived")
    flush(root / "long")
    os.unlink(root / "folder/short-lived")
    flush(root / "long")


def rename(root: Path) -> None:
    """Into another directory, and over another file."""
    os.rename(root / "gone", root / "folder/moved")
    flush(root / "folder/moved")
    write(root / "long.new", b"new contents" * 1000)
    os.rename(root / "long.new", root / "long")
    flush(root / "long")


def owner(root: Path) -> None:
    """No blocks change."""
    os.chmod(root / "long", 0o4751)
    os.chown(root / "long", 70001, 80002)
    os.utime(root / "long", ns=(10**18 + 7, -10**18 + 9))
    flush(root / "long")


def folder(root: Path) -> None:
    """A new directory with files in it."""
    (root / "made").mkdir()
    (root / "made/inner").mkdir()
    write(root / "made/file", b"in a new directory")
    write(root / "made/inner/file", b"in a newer one")


def again(root: Path) -> None:
    """A name that goes and comes back with another file, more than once."""
    for number in range(3):
        os.unlink(root / "gone")
        write(root / "gone", b"life" * number)


def everything(root: Path) -> None:
    """One after the other."""
    for change in (append, make, link, unlink, owner, cut_and_grow):
        change(root)


CHANGES = (append, cut, pieces, cut_and_grow, make, unlink, link, rename, owner, folder, again, everything)


def unstamped(view: View, *also: str) -> View:
    """Without what a kernel makes up."""
    loose = [ext4fs.COLUMNS.index(name) for name in ("size", "nlink", "mtime", "ctime")]
    always = [ext4fs.COLUMNS.index(name) for name in also]
    return {path: tuple("" if at in always or (row[1] == "d" and at in loose) else column
                        for at, column in enumerate(row)) for path, row in view.items()}


def check(image: Path, tmp: Path, *also: str) -> None:
    """Our view is the kernel's."""
    before = disks.digest(image)
    truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
    got = ext4fs.dump(image)
    ext4fs.check_equal(unstamped(truth, *also), ext4fs.Dump(got.code, unstamped(got.view, *also), got.errors))
    assert not got.notes
    assert ext4fs.deleted(image).keys() == ext4fs.deleted(tmp / "replayed.raw").keys()
    assert disks.digest(image) == before


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_as_the_kernel(change: Callable[[Path], None], name: str, mounting: None, tmp: Path) -> None:
    """Each kind of change."""
    image, copy = tmp / "image.raw", tmp / "captured.raw"
    ext4trees.make(image, ["-t", "ext4", *VARIANTS[name].split()], "48M")
    with disks.mount(image, "ext4", "loop,commit=100,noatime") as root:
        ext4trees.fill(root / "folder", 60)
        ext4trees.write(root / "long", ext4trees.noise("long", 60000))
        ext4trees.write(root / "gone", b"gone" * 500)
        ext4trees.write(root / "twice", b"twice")
        os.link(root / "twice", root / "twice too")
        for _ in range(2):
            subprocess.run(["sync", "-f", root], check=True)
        change(root)
        disks.sparse_copy(image, copy)
    check(copy, tmp)
    assert ext4fs.dump(copy).view != ext4fs.dump(copy, "--no-journal").view, "a broken test: nothing waits"


# --- made by hand -----------------------------------------------------------------------------------------------------

ADD, DEL, CREATE, LINK, UNLINK, INODE, PAD, TAIL, HEAD = range(1, 10)
BLOCK, LENGTH, ROOT = 1024, 1024, 2


def tag(kind: int, data: bytes) -> bytes:
    """As on the disk."""
    return struct.pack("<HH", kind, len(data)) + data


def entry(kind: int, parent: int, number: int, name: bytes) -> bytes:
    """A change to a name."""
    return tag(kind, struct.pack("<II", parent, number) + name)


def added(number: int, logical: int, count: int, block: int) -> bytes:
    """Blocks of a file."""
    return tag(ADD, struct.pack("<IIHHI", number, logical, count, 0, block))


def commit(*tags: bytes, sequence: int = 1, spoil: int = 0, head: bool = False, features: int = 0) -> bytes:
    """One block: a commit."""
    data = tag(HEAD, struct.pack("<II", features, sequence)) * head + b"".join(tags)
    size = BLOCK - len(data) - 4
    closed = data + struct.pack("<HHI", TAIL, size, sequence)
    return (closed + struct.pack("<I", crc32c(0, closed) ^ spoil)).ljust(BLOCK, b"\0")


def with_area(image: Path, *blocks: bytes) -> Path:
    """A file system without checksums whose journal has nothing but the fast commits."""
    tree = image.parent / "tree"
    (tree / "folder").mkdir(parents=True)
    for name in ("a", "b", "folder/c"):
        ext4trees.write(tree / name, name.encode() * 3000)
    ext4trees.make(image, ["-t", "ext4", "-b", str(BLOCK), "-N", "64", "-O", "fast_commit,^metadata_csum,^64bit", "-J",
                           "size=2", "-d", str(tree)], "8M")
    places = disks.blocks_of(image, "<8>")
    with open(image, "r+b") as disk:
        disk.seek(places[0] * BLOCK)
        head = bytearray(disk.read(BLOCK))
        fast = 256
        length = len(places)
        struct.pack_into(">IIIII", head, 0x10, length, 1, 1, 1, 0)
        struct.pack_into(">I", head, 0x28, 0x20)
        struct.pack_into(">I", head, 0x54, fast)
        disk.seek(places[0] * BLOCK)
        disk.write(head)
        for number, block in enumerate(blocks):
            disk.seek(places[length - fast + 1 + number] * BLOCK)
            disk.write(block)
        disk.seek(1024 + 0x60)
        features = struct.unpack("<I", disk.read(4))[0] | 4
        disk.seek(1024 + 0x60)
        disk.write(struct.pack("<I", features))
    return image


BY_HAND: dict[str, tuple[bytes, ...]] = {
    "link": (commit(entry(LINK, ROOT, 12, b"new"), head=True),),
    "two": (commit(entry(LINK, ROOT, 12, b"new"), head=True), commit(entry(LINK, ROOT, 12, b"newer"))),
    "second-spoilt": (commit(entry(LINK, ROOT, 12, b"new"), head=True), commit(entry(LINK, ROOT, 12, b"newer"), spoil=1)),
    "second-of-another": (commit(entry(LINK, ROOT, 12, b"new"), head=True),
                          commit(entry(LINK, ROOT, 12, b"newer"), sequence=2)),
    "of-another": (commit(entry(LINK, ROOT, 12, b"new"), head=True, sequence=7),),
    "no-head": (commit(entry(LINK, ROOT, 12, b"new")),),
    "same-name": (commit(entry(LINK, ROOT, 12, b"new"), entry(LINK, ROOT, 13, b"new"), head=True),),
    "wrong-inode": (commit(entry(LINK, ROOT, 13, b"spare"), entry(LINK, ROOT, 12, b"new"),
                           entry(UNLINK, ROOT, 13, b"new"), head=True),),
    "free-inode": (commit(entry(LINK, ROOT, 50, b"new"), entry(UNLINK, ROOT, 50, b"a"), head=True),),
    "outside": (commit(entry(LINK, ROOT, 4000000, b"new"), entry(LINK, 4000000, 12, b"new"), head=True),),
    "unknown-tag": (commit(entry(LINK, ROOT, 12, b"new"), head=True), commit(tag(77, b"x" * 20), entry(LINK, ROOT, 12, b"y"))),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str, mounting: None, tmp: Path) -> None:
    """What no kernel would write, as the kernel reads it. No inode follows the names, so it sets the ctime, too."""
    image = with_area(tmp / "image.raw", *BY_HAND[name])
    assert [disks.inode(image, path) for path in ("/a", "/b")] == [12, 13]
    check(image, tmp, "ctime")


def test_refused(mounting: None, tmp: Path) -> None:
    """A name in a file: the kernel mounts no such file system. The rest comes out."""
    image = with_area(tmp / "image.raw", commit(entry(LINK, ROOT, 12, b"new"), entry(LINK, 12, 13, b"y"), head=True))
    with pytest.raises(subprocess.CalledProcessError):
        ext4fs.replayed_view(image, tmp / "replayed.raw")
    got = ext4fs.dump(image)
    assert "/new" in got.view and any("fast commit" in note for note in got.notes)


@pytest.mark.parametrize("block", [commit(entry(LINK, ROOT, 12, b"new"), head=True, features=4),
                                   commit(entry(LINK, ROOT, 12, b"new"), head=True, spoil=1),
                                   commit(tag(77, b"x"), entry(LINK, ROOT, 12, b"new"), head=True)],
                         ids=["features", "checksum", "tag"])
def test_nothing_applied(block: bytes, mounting: None, tmp: Path) -> None:
    """Where the kernel mounts no such file system, that is said."""
    image = with_area(tmp / "image.raw", block)
    with pytest.raises(subprocess.CalledProcessError):
        ext4fs.replayed_view(image, tmp / "replayed.raw")
    got = ext4fs.dump(image)
    assert "/new" not in got.view and any("fast commit" in note for note in got.notes)


def test_many_pieces(tmp: Path) -> None:
    """Pieces beside and over each other, to the end of the area."""
    beside = [[added(12, 2 * (number + 40 * block), 1, 1000) for number in range(40)] for block in range(250)]
    above = [[added(12, (number * 37 + block) % 500, 1 + number, 1000 + number) for number in range(40)]
             for block in range(250)]
    for name, blocks in (("beside", beside), ("above", above)):
        (tmp / name).mkdir()
        image = with_area(tmp / name / "image.raw", *(commit(*tags, head=not at) for at, tags in enumerate(blocks)))
        assert not ext4fs.dump(image).notes
