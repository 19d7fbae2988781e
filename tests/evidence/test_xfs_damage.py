# SPDX-License-Identifier: Apache-2.0
"""XFS images that are cut, that cannot be read, or whose metadata was changed: each entry is listed right or an error names it
or a directory above it, and nothing ends in a crash or without end."""
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees, launch, machine, sanitizers, xfsparts, xfstrees
from lib.ext4fs import View

TOP = "var/lib/docker/volumes/v/_data"
PATIENCE = 20


@dataclass
class Base:
    """A small file system, what the kernel says of it, and its parts."""
    image: Path
    view: View
    parts: list[xfsparts.Part]

    def of(self, kind: str) -> list[xfsparts.Part]:
        """The parts of a kind; of inodes those that have a name."""
        found = [part for part in self.parts if part.kind == kind]
        if kind != "inode":
            return found
        data = self.image.read_bytes()
        named = {int(row[0]) for row in self.view.values()}
        return [part for part in found if struct.unpack_from(">Q", data, part.at + 152)[0] in named]


def fill(root: Path) -> None:
    """Something of everything."""
    for folder in ("containers", "overlay2"):
        (root / "var/lib/docker" / folder).mkdir(parents=True)
    top = root / TOP
    top.mkdir(parents=True)
    xfstrees.directories(top / "directories", (3, 40, 200))
    xfstrees.attributes(top / "xattrs")
    xfstrees.links(top / "links")
    ext4trees.deep(top / "deep", 15, 9)
    ext4trees.times(top / "times")
    with open(top / "pieces", "wb", buffering=0) as out:
        for number in range(150):
            os.pwrite(out.fileno(), b"p" * 500, number * 2048)


@pytest.fixture(scope="module")
def base(session_dir: Path, mounting: None) -> Base:
    """Blocks of 1 KiB, two AGs."""
    image = session_dir / "small-xfs.raw"
    xfstrees.make(image, "-b size=1024 -d agcount=2".split(), "40M")
    with xfstrees.mounted(image) as root:
        fill(root)
    data = image.read_bytes()
    return Base(image, xfstrees.view(image), [part for part in xfsparts.parts(data) if xfsparts.is_sealed(data, part)])


@contextmanager
def changed(base: Base, parts: list[xfsparts.Part], seed: int, sealed: bool, most: int = 4) -> Iterator[Path]:
    """The image with changes in one of the parts, for the time of the block."""
    chance = random.Random(seed)
    part = chance.choice(parts)
    with open(base.image, "r+b", buffering=0) as out:
        before = os.pread(out.fileno(), part.size, part.at)
        copy, inside = bytearray(before), xfsparts.Part(part.kind, 0, part.size, part.sum)
        while copy == before:
            xfsparts.change(copy, inside, chance, most)
            if sealed:
                xfsparts.seal(copy, inside)
        os.pwrite(out.fileno(), copy, part.at)
    try:
        yield base.image
    finally:
        with open(base.image, "r+b", buffering=0) as out:
            os.pwrite(out.fileno(), before, part.at)


def test_base_is_read_right(base: Base) -> None:
    """What follows is worth nothing otherwise. All kinds of parts are there."""
    ext4fs.check_equal(base.view, ext4fs.dump(base.image))
    known = [*xfsparts.HEADS.values(), *xfsparts.LEAVES.values()]
    assert {part.kind for part in base.parts} == {*(kind for kind, *_ in known), "inode", "free inode"}


# --- checksums that are wrong -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["inode", "directory", "bmap", "attributes", "value", "link"])
def test_rows_stay(kind: str, base: Base) -> None:
    """A changed checksum costs nothing but belief: all rows stay, and an error names what is damaged."""
    for number, part in enumerate(random.Random(kind).sample(base.of(kind), min(6, len(base.of(kind))))):
        with open(base.image, "r+b", buffering=0) as out:
            before = os.pread(out.fileno(), 4, part.at + part.sum)
            os.pwrite(out.fileno(), bytes(byte ^ 1 + number for byte in before), part.at + part.sum)
        try:
            got = ext4fs.dump(base.image)
            errors = launch.timeline(base.image).errors
        finally:
            with open(base.image, "r+b", buffering=0) as out:
                os.pwrite(out.fileno(), before, part.at + part.sum)
        assert not (wrong := ext4fs.differences(base.view, got.view)), (part, wrong)
        told = [*got.errors, *map(str, errors)]
        assert "checksum" in "".join(told) or kind == "bmap", part # the contents of no file are in a timeline


@pytest.mark.parametrize("kind", ["agi", "inobt", "superblock"])
def test_heads_are_told(kind: str, base: Base) -> None:
    """The same for the heads of the file system: all rows stay."""
    part = base.of(kind)[0]
    with open(base.image, "r+b", buffering=0) as out:
        before = os.pread(out.fileno(), 4, part.at + part.sum)
        os.pwrite(out.fileno(), bytes(byte ^ 1 for byte in before), part.at + part.sum)
    try:
        got = ext4fs.dump(base.image, "--deleted")
    finally:
        with open(base.image, "r+b", buffering=0) as out:
            os.pwrite(out.fileno(), before, part.at + part.sum)
    living = {path: row for path, row in got.view.items() if row[1] != "!deleted"}
    assert not (wrong := ext4fs.differences(base.view, living)), wrong
    assert "checksum" in "".join([*got.errors, *got.notes])


@pytest.mark.parametrize("lost", [4, 512, 4096])
def test_copy_of_the_superblock(lost: int, base: Base) -> None:
    """Where the first one is lost, a copy is used, which a note says; so is one where only a value is wrong."""
    for place, size in ((0, lost), (84, 4), (8, 8)):
        with open(base.image, "r+b", buffering=0) as out:
            before = os.pread(out.fileno(), size, place)
            os.pwrite(out.fileno(), bytes(size), place)
        try:
            got = ext4fs.dump(base.image)
        finally:
            with open(base.image, "r+b", buffering=0) as out:
                os.pwrite(out.fileno(), before, place)
        assert not (wrong := ext4fs.differences(base.view, got.view)), (place, size, wrong, got.notes)
        assert any("copy in AG 1 is used" in note for note in got.notes), got.notes


# --- cut off, not to be read ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("percent", [95, 60, 50, 30, 10, 3, 1])
def test_truncated(percent: int, base: Base, tmp: Path) -> None:
    """Nothing is lost in silence."""
    copy = disks.sparse_copy(base.image, tmp / "copy.raw")
    os.truncate(copy, os.stat(copy).st_size * percent // 100 // 512 * 512 + percent % 2)
    got = ext4fs.dump(copy)
    assert got.code in (1, 3) or got.notes
    if got.code != 3:
        ext4fs.check_complete(base.view, got)


@pytest.mark.parametrize("when", ["20+3", "9+7", "30+13"])
def test_every_nth_read_fails(when: str, base: Base, tmp: Path) -> None:
    """EIO at read N and then at each Mth."""
    if not machine.have("strace"):
        pytest.skip("strace is missing")
    env = sanitizers.traced_environment()
    strace = ("strace", "-qq", "-f", "--seccomp-bpf", "-o", tmp / "trace", "-P", base.image, "-e", "trace=pread64", "-e",
              f"inject=pread64:error=EIO:when={when}")
    try:
        got = ext4fs.dump(base.image, prefix=strace, env=env)
    except AssertionError:
        if not (tmp / "trace").exists():
            pytest.skip("strace may not trace here")
        raise
    assert "INJECTED" in (tmp / "trace").read_text(), "a broken test: no read failed"
    if got.code != 3:
        ext4fs.check_complete(base.view, got)


# --- changed ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind, count", [("inode", 8), ("directory", 8), ("bmap", 4), ("attributes", 6), ("value", 3), ("link", 3)])
def test_bytes_changed(kind: str, count: int, base: Base) -> None:
    """What is changed in an inode or a directory, or in a block that says where data lie, is reported or does not matter. (Of
    this test and the next, a hundred times as many were run when they were written.)"""
    for seed in range(count * int(os.environ.get("MORE", "1"))):
        with changed(base, base.of(kind), seed, False) as image:
            got = ext4fs.dump(image, processor=PATIENCE)
        if got.code != 3 and kind == "bmap": # that a file was read though its extents are damaged is told by the run, not by fsdump
            assert not (wrong := ext4fs.differences(base.view, got.view, ignore=("sha256",))), wrong
        elif got.code != 3:
            ext4fs.check_complete(base.view, got)


@pytest.mark.parametrize("sealed", [False, True])
def test_whole_run(sealed: bool, base: Base) -> None:
    """All of the program on an image with changes anywhere, with checksums made right again or not: it ends, in time."""
    for seed in range(6 * int(os.environ.get("MORE", "1"))):
        with changed(base, base.parts, seed, sealed, 8) as image:
            launch.timeline(image)
            ext4fs.dump(image, "--deleted", processor=PATIENCE)


def test_unknown_features_are_named(base: Base) -> None:
    """What a newer kernel made is refused, and the feature is named."""
    part = base.of("superblock")[0]
    data = bytearray(base.image.read_bytes()[:part.size])
    before = bytes(data)
    struct.pack_into(">I", data, 216, struct.unpack_from(">I", data, 216)[0] | 0x100 | 0x40000000)
    xfsparts.seal(data, part)
    with open(base.image, "r+b", buffering=0) as out:
        os.pwrite(out.fileno(), data, 0)
    try:
        got = ext4fs.dump(base.image)
    finally:
        with open(base.image, "r+b", buffering=0) as out:
            os.pwrite(out.fileno(), before, 0)
    assert got.code == 3 and "metadir" in "".join(got.notes), got
