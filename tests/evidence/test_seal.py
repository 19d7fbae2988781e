# SPDX-License-Identifier: Apache-2.0
"""The mutator of ext4 images makes checksums right, or all its deeper damage would be seen as wrong checksums and no more.

Nearly all of them begin with the UUID. With another one they are all wrong, and e2fsck says when all are right again.
"""
import os
import struct
import subprocess
from pathlib import Path

import pytest
from lib import disks, machine, sanitizers

SEAL = machine.REPO / "build/san/ext4seal"
SUPERBLOCK, UUID, JOURNAL_UUID = 1024, 0x68, 0x30
FORMS = {"64bit": "metadata_csum,64bit,orphan_file", "32bit": "metadata_csum,^64bit", "meta_bg": "metadata_csum,meta_bg,^resize_inode",
         "sparse_super2": "metadata_csum,sparse_super2", "bigalloc": "metadata_csum,bigalloc", "inline": "metadata_csum,inline_data"}

pytestmark = pytest.mark.skipif(not machine.have("mke2fs", "e2fsck"), reason="no e2fsprogs")


def tree(folder: Path) -> Path:
    """A directory that needs a hash tree, a file of many extents, attributes in a block of their own."""
    for number in range(400):
        (folder / "many" / f"one of many files, number {number}").parent.mkdir(parents=True, exist_ok=True)
        (folder / "many" / f"one of many files, number {number}").touch()
    with open(folder / "holes", "wb") as out:
        for number in range(60):
            out.seek(number * 16384)
            out.write(b"data")
    os.setxattr(folder / "holes", "user.big", b"v" * 600)
    return folder


def complaints(image: Path) -> list[str]:
    """What e2fsck says of an image, which it does not change; nothing if all is well."""
    done = subprocess.run(["e2fsck", "-f", "-n", image], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode else []


def rename(image: Path) -> None:
    """Give the file system and its journal other UUIDs, and leave all checksums as they are."""
    first = disks.blocks_of(image, "<8>")[0]
    with open(image, "r+b") as disk:
        disk.seek(SUPERBLOCK + 0x18)
        block_size = 1024 << struct.unpack("<I", disk.read(4))[0]
        for at in (SUPERBLOCK + UUID, first * block_size + JOURNAL_UUID):
            disk.seek(at)
            disk.write(bytes(range(16)))


@pytest.mark.parametrize("form", FORMS)
def test_e2fsck_finds_all_checksums_right(tmp_path: Path, form: str) -> None:
    """Every structure that e2fsck looks at."""
    image, folder = tmp_path / "image", tmp_path / "tree"
    folder.mkdir()
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-g", "2048", "-N", "512", "-J", "size=1", "-O", FORMS[form],
                    "-d", tree(folder), image, "8M"], check=True, capture_output=True)
    subprocess.run(["e2fsck", "-f", "-y", "-D", image], check=False, capture_output=True) # -D makes hash trees
    assert not complaints(image)
    rename(image)
    assert any("checksum" in line for line in complaints(image))
    subprocess.run([SEAL, image], env=sanitizers.environment(), check=True)
    assert not complaints(image)


@pytest.mark.parametrize("version", [2, 3])
def test_e2fsck_replays_a_sealed_journal(tmp_path: Path, version: int) -> None:
    """The sums of the journal begin with its own UUID. With a wrong one nothing is replayed."""
    image, blocks = tmp_path / "image", tmp_path / "blocks"
    blocks.write_bytes(os.urandom(2048))
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-J", "size=1", "-O", "metadata_csum", image, "4M"], check=True)
    disks.debugfs(image, f"jo -c -v {version}", f"jw -b 3000,3001 {blocks}", "jw -r 3002", "jc")
    with open(image, "r+b") as disk:
        disk.seek(disks.blocks_of(image, "<8>")[0] * 1024 + JOURNAL_UUID)
        disk.write(bytes(range(16)))
    for sealed in (False, True):
        copy = disks.sparse_copy(image, tmp_path / "copy")
        if sealed:
            subprocess.run([SEAL, copy], env=sanitizers.environment(), check=True)
        subprocess.run(["e2fsck", "-y", "-E", "journal_only", copy], check=False, capture_output=True)
        assert (copy.read_bytes()[3000 * 1024:3002 * 1024] == blocks.read_bytes()) == sealed
