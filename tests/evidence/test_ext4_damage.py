# SPDX-License-Identifier: Apache-2.0
"""ext4 images that are cut, that cannot be read, or whose metadata was changed: each entry is listed right or an error
names it or a directory above it, and nothing ends in a crash or without end."""
import os
import random
import re
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees, machine, sanitizers
from lib.ext4fs import View

SIZE = 2 << 20
PATIENCE = 20


@pytest.fixture(scope="module")
def base(session_dir: Path, mounting: None) -> tuple[Path, View]:
    """A file system of 2 MiB with checksums, and the kernel's view of it. Directories, large ones too, come first in
    the inode table but their blocks lie all over the image."""
    image = session_dir / "small-ext4.raw"
    ext4trees.make(image, "-t ext4 -b 1024 -I 256 -N 512 -O metadata_csum,^has_journal,^resize_inode".split(), "2M")
    with disks.mount(image, "ext4", "loop,noatime") as root:
        for number in range(6):
            folder = root / f"folder{number}"
            folder.mkdir()
            for child in range(20):
                ext4trees.write(folder / f"file{child}", ext4trees.noise(child, 37 * child))
        ext4trees.many(root / "many", 300)
        ext4trees.small_dirs(root / "small")
        ext4trees.deep(root / "deep", 20, 9)
        ext4trees.write(root / "pieces", b"")
        for number in range(150):
            with open(root / "pieces", "r+b", buffering=0) as out:
                os.pwrite(out.fileno(), b"p" * 500, number * 2048)
        ext4trees.xattrs(root / "xattrs", 1024)
        ext4trees.times(root / "times")
        os.symlink("l" * 300, root / "link")
    return image, ext4fs.view_of(image)


def test_base_is_read_right(base: tuple[Path, View]) -> None:
    """What follows is worth nothing otherwise."""
    ext4fs.check_equal(base[1], ext4fs.dump(base[0]))


# --- cut off ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("percent", [99, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5, 3])
def test_truncated(percent: int, base: tuple[Path, View], tmp: Path) -> None:
    """Nothing is lost in silence."""
    copy = disks.sparse_copy(base[0], tmp / "copy.raw")
    os.truncate(copy, SIZE * percent // 100 // 512 * 512 + percent % 2)
    got = ext4fs.dump(copy)
    assert got.code in (1, 3) or got.notes
    if got.code != 3:
        ext4fs.check_complete(base[1], got)


# --- reads that fail --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("when", ["3+1", "10+1", "5+2", "6+3", "4+7", "2+13", "9+29", "1+61"])
def test_every_nth_read_fails(when: str, base: tuple[Path, View], tmp: Path) -> None:
    """EIO at read N and then at each Mth."""
    if not machine.have("strace"):
        pytest.skip("strace is missing")
    env = sanitizers.traced_environment()
    strace = ("strace", "-qq", "-f", "--seccomp-bpf", "-o", tmp / "trace", "-P", base[0], "-e", "trace=pread64", "-e",
              f"inject=pread64:error=EIO:when={when}")
    try:
        got = ext4fs.dump(base[0], prefix=strace, env=env)
    except AssertionError:
        if not (tmp / "trace").exists():
            pytest.skip("strace may not trace here")
        raise
    assert "INJECTED" in (tmp / "trace").read_text(), "a broken test: no read failed"
    if got.code != 3:
        ext4fs.check_complete(base[1], got)
        assert got.code == 1


# --- changed ----------------------------------------------------------------------------------------------------------

def metadata(image: Path) -> dict[str, list[tuple[int, int]]]:
    """Where the inodes in use and the directory blocks lie, and all else up to the end of the inode tables; offset and
    size in bytes."""
    names = ext4fs.debugfs_names(image)
    inodes = sorted(set(names.values()))
    at = ext4fs.debugfs_many(image, [f"imap <{ino}>" for ino in inodes])
    places = [re.search(rb"located at block (\d+), offset 0x([0-9a-f]+)", text) for text in at]
    stats = ext4fs.debugfs_many(image, [f"stat <{ino}>" for ino in inodes])
    folders = [ino for ino, text in zip(inodes, stats) if b"Type: directory" in text]
    blocks = [text.split() for text in ext4fs.debugfs_many(image, [f"blocks <{ino}>" for ino in folders])]
    maps = [int(number) for text in stats for number in re.findall(rb"\(ETB\d+\):(\d+)", text)]
    acls = {int(number) for text in stats for number in re.findall(rb"File ACL: ([1-9]\d*)", text)}
    return {"inode": [(int(place[1]) * 1024 + int(place[2], 16), 256) for place in places],
            "directory": [(int(block) * 1024, 1024) for group in blocks for block in group],
            "mapping": [(block * 1024, 1024) for block in (*maps, *sorted(acls))],
            "head": [(1024, 1024), (2048, 1024), (3072, 4096)]}


def flipped(image: Path, copy: Path, places: list[tuple[int, int]], seed: int) -> Path:
    """A copy with one to four bytes changed in one of the places."""
    chance = random.Random(seed)
    offset, size = chance.choice(places)
    data = bytearray(image.read_bytes())
    for _ in range(chance.choice((1, 1, 1, 4))):
        data[offset + chance.randrange(size)] ^= chance.choice((1 << chance.randrange(8), 0xFF, chance.randrange(1, 256)))
    copy.write_bytes(data)
    return copy


@pytest.mark.parametrize("kind, count", [("inode", 60), ("directory", 60), ("mapping", 40), ("head", 60)])
def test_bytes_flipped(kind: str, count: int, base: tuple[Path, View], tmp: Path) -> None:
    """With checksums, what is changed in an inode or a directory, or in a block that says where data lie, is reported or
    does not matter. The superblock and the group descriptors may mean anything afterwards: there the run must only
    end."""
    places = metadata(base[0])[kind]
    assert places
    for seed in range(count):
        got = ext4fs.dump(flipped(base[0], tmp / "copy.raw", places, seed), processor=PATIENCE)
        if kind != "head" and got.code != 3:
            try:
                ext4fs.check_complete(base[1], got)
            except AssertionError as error:
                raise AssertionError(f"{kind}, seed {seed}: {error}") from None


def test_bytes_flipped_without_checksums(mounting: None, tmp: Path) -> None:
    """Lies that nothing contradicts: no crash, no loop, and never more rows than there can be entries."""
    image = tmp / "image.raw"
    ext4trees.make(image, "-t ext4 -b 1024 -I 256 -N 512 -O ^metadata_csum,^has_journal,^resize_inode".split(), "2M")
    with disks.mount(image, "ext4", "loop,noatime") as root:
        ext4trees.many(root / "many", 300)
        ext4trees.small_dirs(root / "small")
        ext4trees.xattrs(root / "xattrs", 1024)
    whole = len(ext4fs.view_of(image))
    places = [place for kind in metadata(image).values() for place in kind]
    for seed in range(60):
        try:
            got = ext4fs.dump(flipped(image, tmp / "copy.raw", places, 1000 + seed), processor=PATIENCE)
        except AssertionError as error:
            if str(error).startswith("twice: "):
                continue
            raise
        assert len(got.view) < 20 * whole


@pytest.mark.parametrize("options, mounting_with", [("-t ext4 -b 1024", "data=journal"),
                                                    ("-t ext4 -b 1024 -O ^metadata_csum", "journal_checksum"),
                                                    ("-t ext4 -b 1024 -O ^metadata_csum,^64bit", "data=journal")])
def test_damaged_journal(options: str, mounting_with: str, mounting: None, tmp: Path) -> None:
    """What the kernel refuses or warns of must not be taken in silence; the run ends in any case."""
    image, copy, bad = tmp / "image.raw", tmp / "captured.raw", tmp / "copy.raw"
    ext4trees.make(image, [*options.split(), "-J", "size=1"], "8M")
    with disks.mount(image, "ext4", f"loop,commit=100,{mounting_with}") as root:
        for number in range(6):
            ext4trees.write(root / f"file{number}", ext4trees.noise(number, 9000))
            with open(root / f"file{number}", "rb") as handle:
                os.fsync(handle.fileno())
        disks.sparse_copy(image, copy)
    checked = "metadata_csum" not in options or mounting_with == "journal_checksum"
    log = [int(block) for block in ext4fs.debugfs_many(copy, ["blocks <8>"])[0].split()[1:60]]
    for seed in range(15):
        flipped(copy, bad, [(block * 1024, 1024) for block in log], seed)
        got = ext4fs.dump(bad, processor=PATIENCE)
        try:
            truth = ext4fs.replayed_view(bad, tmp / "replayed.raw")
        except subprocess.CalledProcessError:
            assert got.code or got.notes, f"seed {seed}: the kernel refuses the journal, and nothing says so"
            continue
        if checked and got.view != truth:
            assert got.code or got.notes, (seed, ext4fs.differences(truth, got.view))
