# SPDX-License-Identifier: Apache-2.0
"""btrfs images whose metadata was changed, with checksums that are wrong, or right again: what is damaged is said, a
copy is read where there is one, and nothing ends in a crash or without end."""
import os
import random
import struct
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees, hosts, launch, machine
from lib.ext4fs import View

FSID, SUPER, PATIENCE = 65536 + 32, 65536, 20
MUTANTS = int(os.environ.get("BTRFS_MUTANTS", "25"))


def table() -> list[int]:
    """Of CRC-32C."""
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return rows


CRC = table()


def seal(block: bytearray) -> None:
    """Give a node or superblock the right checksum."""
    crc = 0xFFFFFFFF
    for byte in block[32:]:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 0xFF]
    block[:4] = struct.pack("<I", crc ^ 0xFFFFFFFF)


def make(image: Path, options: str, size: int) -> None:
    """An empty file system."""
    if not machine.have("mkfs.btrfs"):
        pytest.skip("mkfs.btrfs is missing")
    with open(image, "wb") as out:
        out.truncate(size)
    subprocess.run(["mkfs.btrfs", "-q", "-f", *options.split(), image], check=True, capture_output=True)


def nodes(data: bytes, size: int) -> list[int]:
    """Where nodes lie: blocks with the UUID of the file system, each at the logical address that it says."""
    fsid, at, found = data[FSID:FSID + 16], SUPER + 4096, []
    while (at := data.find(fsid, at)) >= 0:
        if at % 4096 == 32 and at - 32 + size <= len(data):
            found.append(at - 32)
        at += 1
    return found


@pytest.fixture(scope="module")
def base(session_dir: Path, mounting: None) -> tuple[Path, View]:
    """A small file system with all that is on others, a log too, and the kernel's view of it."""
    image, copy = session_dir / "small-btrfs.raw", session_dir / "small-btrfs-live.raw"
    make(copy, "--mixed -n 4096 -m single -d single", 24 << 20)
    with disks.mount(copy, "btrfs", "loop,noatime,compress=zlib") as root:
        subprocess.run(["btrfs", "subvolume", "create", root / "sub"], check=True, capture_output=True)
        ext4trees.names(root / "names")
        ext4trees.types(root / "types")
        ext4trees.many(root / "sub/many", 200)
        ext4trees.xattrs(root / "xattrs", 1024)
        ext4trees.write(root / "text", b"packs well " * 3000)
        ext4trees.write(root / "pieces", b"p" * 5000, *range(0, 400000, 20000))
        subprocess.run(["btrfs", "subvolume", "snapshot", root / "sub", root / "shot"], check=True, capture_output=True)
        os.sync()
        ext4trees.write(root / "names/late", b"l" * 9000)
        os.unlink(root / "names/-")
        for name in ("names/late", "names"):
            handle = os.open(root / name, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        disks.sparse_copy(copy, image)
    disks.sparse_copy(image, copy)
    with disks.mount(copy, "btrfs", "loop,noatime"):
        pass
    with disks.mount(copy, "btrfs", "loop,ro,noatime,subvolid=5") as root:
        return image, ext4fs.kernel_view(root)


def changed(data: bytes, size: int, seed: int) -> tuple[bytearray, str]:
    """A copy in which a few bytes of a node, or of the superblock, are others. `sealed`: with a right checksum."""
    chance, places = random.Random(seed), nodes(data, size)
    out, sealed = bytearray(data), chance.random() < 0.8
    for _ in range(chance.choice((1, 1, 3))):
        at = chance.choice(places) if chance.random() < 0.93 else SUPER
        length = 4096 if at == SUPER else size
        used = struct.unpack_from("<I", data, at + 96)[0] * 33 + 101 if at != SUPER else length
        for _ in range(chance.choice((1, 1, 2, 8))):
            place = chance.choice((chance.randrange(48, min(max(used, 102), length)), chance.randrange(32, length)))
            out[at + place] = chance.choice((out[at + place] ^ 1 << chance.randrange(8), 0, 0xFF, chance.randrange(256)))
        if sealed:
            block = out[at:at + length]
            seal(block)
            out[at:at + length] = block
    return out, "sealed" if sealed else "damaged"


def test_base_is_read_right(base: tuple[Path, View]) -> None:
    """What follows is worth nothing otherwise. (A directory that loses a name while a log is replayed gets the time of the
    mount from the kernel.)"""
    got = ext4fs.dump(base[0])
    view = {path: row for path, row in base[1].items() if path != "/names"}
    assert not (wrong := ext4fs.differences(view, {path: row for path, row in got.view.items() if path != "/names"})), wrong
    assert got.code == 0 and not got.notes


def test_bytes_changed(base: tuple[Path, View], tmp: Path) -> None:
    """Whatever a node says, the run ends soon and in order. Where its checksum is wrong, no other row is told, and what is
    lost is said."""
    data, copy = base[0].read_bytes(), tmp / "copy.raw"
    for seed in range(MUTANTS):
        image, kind = changed(data, 4096, seed)
        copy.write_bytes(image)
        try:
            got = ext4fs.dump(copy, processor=PATIENCE)
        except AssertionError as error:
            if str(error).startswith("twice: "):
                continue
            raise AssertionError(f"seed {seed}: {error}") from None
        assert len(got.view) < 20 * len(base[1]), seed
        if kind == "damaged":
            whole = {path: row for path, row in base[1].items() if path != "/names"}
            wrong = [path for path, row in got.view.items() if row != whole.get(path, row) and "!" not in row]
            lost = set(whole) - set(got.view)
            assert got.code or got.notes or not (wrong or lost), (seed, wrong, lost)


@pytest.mark.parametrize("share", [95, 60, 30, 5])
def test_cut_off(share: int, base: tuple[Path, View], tmp: Path) -> None:
    """Nothing is lost in silence."""
    copy = disks.sparse_copy(base[0], tmp / "copy.raw")
    os.truncate(copy, base[0].stat().st_size * share // 100)
    got = ext4fs.dump(copy)
    assert got.code in (1, 3) or got.notes


@pytest.fixture(scope="module")
def twice(session_dir: Path) -> Path:
    """A host on a file system that has its metadata twice."""
    image = session_dir / "twice.raw"
    host = hosts.shop(session_dir / "twice")
    make(image, f"-m dup -n 16384 --rootdir {host.root}", 256 << 20)
    return image


def test_copy_of_a_node_is_used(twice: Path, tmp: Path) -> None:
    """The first of two copies of each node is damaged: the rows are the same, and an error says so."""
    whole, image = launch.timeline(twice), bytearray(twice.read_bytes())
    assert whole.code == 0 and len(whole.rows) > 100
    seen = set()
    for at in nodes(bytes(image), 16384):
        address = bytes(image[at + 48:at + 56])
        if address not in seen:
            image[at + 2000] ^= 0x55
        seen.add(address)
    (tmp / "copy.raw").write_bytes(image)
    got = launch.timeline(tmp / "copy.raw")
    files = [[row for row in run.rows if row["data_type"] == "fs:stat"] for run in (whole, got)]
    assert got.code == 1 and files[0] == files[1]
    assert any("its copy is used" in error["reason"] for error in got.errors), got.errors[:3]


def test_copy_of_the_superblock_is_used(twice: Path, tmp: Path) -> None:
    """At 64 MiB. Also where nothing is left of the first one."""
    whole = launch.timeline(twice)
    for damage in (b"\x00" * 4096, b"\xff" * 8):
        copy = disks.sparse_copy(twice, tmp / "copy.raw")
        with open(copy, "r+b") as out:
            out.seek(SUPER + (0 if len(damage) > 8 else 0x90))
            out.write(damage)
        got = launch.timeline(copy)
        assert got.code == 1 and got.lines == whole.lines
        assert any("copy 1" in error["reason"] for error in got.errors), got.errors[:3]


def test_unknown_feature_is_named(twice: Path, tmp: Path) -> None:
    """Not read, since it could change anything."""
    image = bytearray(twice.read_bytes())
    image[SUPER + 0xBC + 2] |= 2
    block = image[SUPER:SUPER + 4096]
    seal(block)
    image[SUPER:SUPER + 4096] = block
    (tmp / "copy.raw").write_bytes(image)
    got = launch.run(tmp / "copy.raw")
    assert got.returncode == 3 and b"0x20000" in got.stderr, got.stderr
