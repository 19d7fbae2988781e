# SPDX-License-Identifier: Apache-2.0
"""Damage by chance: a small part of what `make torture` runs."""
import pytest
from lib import machine, torture

SHARE = 0.01


def test_a_small_campaign() -> None:
    """No crash, no hang, nothing lost in silence, nothing invented."""
    if not machine.have("debugfs", "dumpe2fs"):
        pytest.skip("e2fsprogs are missing")
    tallies = torture.campaign(1, SHARE)
    assert all(tally.counts["runs"] for tally in tallies)
    assert not [fault for tally in tallies for fault in tally.faults]


def test_the_judge_sees() -> None:
    """What the campaigns are to find is found."""
    row, other = ("/a", "fs:stat", "Content Modification Time", 1), ("/b", "fs:stat", "Content Modification Time", 1)
    whole = torture.Run(0, b"", torture.Counter([row, other]))
    damage = torture.Damage("a test", "/a")
    for verdict, run in (("silent loss", torture.Run(0, b"", torture.Counter([row]))),
                         ("invented", torture.Run(0, b"", torture.Counter([row, other, ("/c", *other[1:])]))),
                         ("crash", torture.Run(-11, b"")), ("crash", torture.Run(1, b"x: runtime error: y")), ("hang", None)):
        tally = torture.Tally("test")
        tally.judge(whole, run, damage)
        assert tally.counts[verdict] == 1 and len(tally.faults) == 1
    tally = torture.Tally("test")
    tally.judge(whole, torture.Run(1, b"", torture.Counter([other]), [{"path": "/a"}]), damage)
    assert not tally.faults
