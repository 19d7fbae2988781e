# SPDX-License-Identifier: Apache-2.0
"""Damage by chance: a small part of what `make torture` runs."""
import hashlib
import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from lib import machine
from lib.torture import campaign, former, judge, recovery

SHARE = 0.01


def test_a_small_campaign() -> None:
    """No crash, no hang, nothing lost in silence, nothing invented, nothing left behind."""
    if not machine.have("debugfs", "dumpe2fs", "strace", "cc"):
        pytest.skip("e2fsprogs, strace or a compiler are missing")
    tallies = campaign.run(1, SHARE)
    assert all(tally.counts["runs"] for tally in tallies)
    assert not [fault for tally in tallies for fault in tally.faults]


def test_the_full_campaign_is_large() -> None:
    """What is promised of it."""
    full = {name: count for name, (_, count) in campaign.CAMPAIGNS.items()}
    assert full["flipped"] >= 10_000 and full["resealed"] >= 10_000 and full["objects"] >= 1_000
    assert full["recovery"] >= 1_000 and full["failures"] >= 3_000 and full["signals"] >= 500 and full["sameness"] >= 200


ROW, OTHER = ("/a", "fs:stat", "Content Modification Time", 1), ("/b", "fs:stat", "Content Modification Time", 1)
WHOLE = judge.Run(0, b"", Counter([ROW, OTHER]))


@pytest.mark.parametrize("verdict, run", [
    ("silent loss", judge.Run(0, b"", Counter([ROW]))),
    ("invented", judge.Run(0, b"", Counter([ROW, OTHER, ("/c", *OTHER[1:])]))),
    ("crash", judge.Run(-11, b"")), ("crash", judge.Run(1, b"x: runtime error: y")), ("hang", None),
    ("crash", judge.Run(judge.OUTPUT, b"")),
    ("left behind", judge.Run(judge.OUTPUT, b"no space", left=["rows"])),
    ("left behind", judge.Run(0, b"", WHOLE.rows, left=[".layertime-0.tmp", "rows"])),
    ("", judge.Run(1, b"", Counter([OTHER]), [{"path": "/a"}])),
    ("", judge.Run(judge.OUTPUT, b"no space", left=["errors"])),
    ("", judge.Run(0, b"", WHOLE.rows, left=["rows"])),
])
def test_the_judge_sees(verdict: str, run: judge.Run | None) -> None:
    """What the campaigns are to find is found, and nothing else."""
    tally = judge.Tally("test")
    tally.judge(WHOLE, run, judge.Damage("a test", "/a", ends=(judge.OUTPUT,), may_stay=("errors",)))
    assert tally.counts["runs"] == 1 and len(tally.faults) == bool(verdict) and (not verdict or tally.counts[verdict] == 1)


@pytest.mark.parametrize("name, mode, listed, fault", [
    ("host/file", 0o600, True, ""), ("host/file", 0o600, False, "not in the list"), ("host/file", 0o755, True, "no plain file"),
    ("recovered.more", 0o600, False, "not in the list"), ("host/other", 0o600, True, "not what its hash says"),
    ("host/large", 0o600, True, "bytes of 100000")])
def test_the_judge_of_recovery_sees(name: str, mode: int, listed: bool, fault: str, tmp: Path) -> None:
    """A file that no list has, one that can be executed, one that is another, and too much of them."""
    (tmp / "host").mkdir()
    data = b"x" * (300_000 if name == "host/large" else 10)
    (tmp / name).write_bytes(data)
    (tmp / name).chmod(mode)
    find = {"file": name, "complete": True, "sha256": hashlib.sha256(b"y" if name == "host/other" else data).hexdigest()}
    (tmp / "recovered.jsonl").write_text(json.dumps(find) + "\n" if listed else "")
    problem = recovery.contents_are_wrong(tmp, 100_000)
    assert fault in problem and bool(fault) == bool(problem)


def test_sums_are_made_right(tmp: Path) -> None:
    """A changed inode whose sums were made right again is believed by e2fsck; the same with old sums is not."""
    if not machine.have("e2fsck", "mke2fs"):
        pytest.skip("e2fsprogs are missing")
    image = former.Image(recovery.by_hand(tmp))
    spot = next(spot for spot in image.spots if spot.kind == "inode" and image.number(spot.at, 0, "H") == 0o100644)
    new = bytearray(image.data[spot.at:spot.at + spot.size])
    new[8:12] = new[0x64:0x68] = (1234567).to_bytes(4, "little")
    said = {}
    for seal in (False, True):
        copy = bytearray(image.data)
        former.put(copy, spot, bytes(new), seal)
        (tmp / "mutant.raw").write_bytes(copy)
        said[seal] = subprocess.run(["e2fsck", "-fn", tmp / "mutant.raw"], capture_output=True, check=False).stdout
    assert b"passes checks, but checksum" in said[False] and b"checksum" not in said[True], said
