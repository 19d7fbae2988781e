# SPDX-License-Identifier: Apache-2.0
"""Logs of XFS that wait to be replayed: disks that stopped in the midst of use. Replayed in memory they must look like what
the kernel makes of a copy; with --no-journal, like a mount without recovery. lib/xfslog.py tries many more."""
import json
import struct
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, launch, machine, xfslog, xfstrees
from lib.checksums import crc32c

SHARE = 10                                            # of 1,000 damaged logs


@pytest.fixture(name="dirty")
def dirty_disk(session_dir: Path) -> Path:
    """A host that stopped with a full log."""
    return xfstrees.shared("xfs-dirty", session_dir)


def test_dirty_host(dirty: Path) -> None:
    """As it lies it lacks entries and shows stale ones; replayed it is what the kernel made of a copy. The file that was
    deleted while open is counted."""
    ext4fs.check_equal(xfstrees.truth("xfs-dirty", "fs.replayed.tsv"), ext4fs.dump(dirty))
    lying = ext4fs.dump(dirty, "--no-journal")
    assert not ext4fs.differences(xfstrees.truth("xfs-dirty", "fs.norecovery.tsv"), lying.view)
    assert ["journal" in note for note in lying.notes] == [True]


def test_manifest(dirty: Path, tmp: Path) -> None:
    """It says that the log was replayed, or that it was not."""
    for options in ([], ["--no-journal"]):
        launch.run(*options, "-o", tmp / "out.jsonl", "--manifest", tmp / "manifest.json", "--force", dirty)
        journal, = json.loads((tmp / "manifest.json").read_text())["evidence"][0]["journals"]
        assert journal["replayed"] == (not options) and journal["deleted_while_open"] == (not options), journal
        assert bool(journal["transactions"]) == (not options), journal


@pytest.mark.parametrize("name, stop", [("1k-blocks", "nologflush"), ("stripes", "logflush"), ("4k-sectors", "copied"), ("large-records", "logflush")])
def test_stop(name: str, stop: str, mounting: None, tmp: Path) -> None:
    """In the midst of use."""
    if not machine.have("mkfs.xfs"):
        pytest.skip("mkfs.xfs is missing")
    said, wrong = xfslog.trial(tmp, name, stop, 7, 0.5)
    assert not wrong, "\n".join([said, *wrong])


def test_damaged_logs(dirty: Path, mounting: None) -> None:
    """Whatever is wrong with a log, the run ends; what it costs is said, but where no checksum could tell."""
    assert sum(xfslog.mutations(dirty, SHARE, 1).values()) == SHARE


def test_torn_record(dirty: Path, mounting: None, tmp: Path) -> None:
    """The last record did not reach the disk whole: it does not count, and that is no error. One before it cannot be torn if
    eight others follow; here there are fewer, and what follows the torn one does not count either."""
    log, counts = xfslog.Log(dirty), set()
    waiting = log.waiting()
    assert len(waiting) > 2, "a broken test: nothing to tear"
    for start in waiting[-2:]:
        torn = disks.sparse_copy(dirty, tmp / "torn.raw")
        with open(torn, "r+b") as out:
            out.seek(start + 700)
            out.write(b"torn")
        got = ext4fs.dump(torn)
        ext4fs.check_equal(xfslog.replayed(torn, tmp / "kernel.raw"), got)
        counts.add(len(got.view))
        assert not got.notes


def test_log_on_another_device(tmp: Path) -> None:
    """It is named, and the disk is read as it lies."""
    if not machine.have("mkfs.xfs"):
        pytest.skip("mkfs.xfs is missing")
    image, log = tmp / "image.raw", tmp / "log.raw"
    subprocess.run(["truncate", "-s", "64M", image, log], check=True)
    subprocess.run(["mkfs.xfs", "--unsupported", "-q", "-l", f"logdev={log},size=16m", image], check=True, capture_output=True)
    got = ext4fs.dump(image)
    assert set(got.view) == {"/"} and ["another device" in note for note in got.notes] == [True]


def test_unknown_features_of_the_log(dirty: Path, tmp: Path) -> None:
    """A log with what nobody knows in it is not replayed."""
    copy = disks.sparse_copy(dirty, tmp / "copy.raw")
    with open(copy, "r+b") as out:
        head = bytearray(out.read(512))
        head[220:228] = struct.pack(">I", 0x80) + bytes(4) # sb_features_log_incompat, and no sb_crc
        head[224:228] = struct.pack("<I", ~crc32c(~0 & 0xFFFFFFFF, bytes(head)) & 0xFFFFFFFF)
        out.seek(0)
        out.write(head)
    got = ext4fs.dump(copy)
    assert ["features that are not known" in note for note in got.notes] == [True]
    assert got.view == ext4fs.dump(dirty, "--no-journal").view
