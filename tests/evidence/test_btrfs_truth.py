# SPDX-License-Identifier: Apache-2.0
"""btrfs disks of a Docker host: each entry, each column, as the kernel told them when the disks were made, with all
subvolumes below the top."""
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, ext4fs, machine

DISKS = machine.EVIDENCE.parent / "disks"


@pytest.fixture(scope="module")
def made(session_dir: Path) -> Callable[[str], Path]:
    """made(case): the unpacked disk of a case of `disks`, beside the evidence set. Skips where there is none."""
    def get(case: str) -> Path:
        packed, target = DISKS / case / "disk.raw.zst", session_dir / f"{case}.raw"
        if not packed.exists():
            pytest.skip(f"no disk at {packed} (LAYERTIME_EVIDENCE)")
        return target if target.exists() else disks.decompress(packed, target)
    return get


def truth(case: str, table: str) -> ext4fs.View:
    """The listing of a case, in the columns of ext4fs."""
    text = subprocess.run(["zstd", "-dc", DISKS / case / f"{table}.tsv.zst"], capture_output=True, check=True).stdout
    rows = [line.split("\t") for line in text.decode("ascii").splitlines()[1:]]
    return {row[0]: (*row[1:7], row[13], row[7], *row[8:12], row[14], row[15], row[12].replace(",", ";"))
            for row in rows}


def test_clean_disk(made: Callable[[str], Path]) -> None:
    """Subvolumes, a snapshot, compressed files."""
    image = made("btrfs")
    ext4fs.check_equal(truth("btrfs", "fs"), ext4fs.dump(image))


def test_log_is_replayed(made: Callable[[str], Path]) -> None:
    """After a power failure: what the kernel shows once it has replayed the log."""
    image = made("btrfs-dirty")
    ext4fs.check_equal(truth("btrfs-dirty", "fs.replayed"), ext4fs.dump(image))


def test_log_is_left_alone(made: Callable[[str], Path]) -> None:
    """--no-journal: the disk as it lies."""
    image = made("btrfs-dirty")
    got = ext4fs.dump(image, "--no-journal")
    assert not (wrong := ext4fs.differences(truth("btrfs-dirty", "fs.norecovery"), got.view)), "\n".join(wrong)
    assert got.code == 0 and any("log" in note for note in got.notes)
