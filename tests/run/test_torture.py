# SPDX-License-Identifier: Apache-2.0
"""Damage by chance: a small part of what `make torture` runs."""
from collections import Counter

import pytest
from lib import machine
from lib.torture import campaign, judge

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
    assert full["failures"] >= 3_000 and full["signals"] >= 500 and full["sameness"] >= 200


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
