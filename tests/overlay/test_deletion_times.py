# SPDX-License-Identifier: Apache-2.0
"""How near to the recorded action the time of each deletion is, in all cases (tests/lib/deletion_times.py)."""
from pathlib import Path

import pytest
from lib import deletion_times, disks, launch, machine
from lib.truth import CLEAN, POWEROFF

STATES = {"clean": (*CLEAN, "containerd-ext4", "containerd-cri-ext4", "docker29-ext4", "docker29-mixed", "intrusion"),
          "poweroff-replayed": (*POWEROFF, "intrusion")}
RECOVER = [f"recover-{name}4k" for name in ("plain", "ordered", "aged")]  # deletions in all of a layer, within seconds
SHARE = 0.94                                          # of the times, at least, are within 50 ms
WORST = 20 * 10**9                                    # ns


def judge(case: str, rows: Path) -> None:
    """Few are far off, and each interval holds the action."""
    times = deletion_times.measure(machine.EVIDENCE / case / "truth", rows)
    print(times.line(rows.stem))                      # pytest -rP shows it
    assert not times.outside, times.outside
    assert times.timed > 4 and times.near >= SHARE * times.timed and times.worst < WORST, times.line(case)


@pytest.mark.parametrize(("case", "state"), [(case, state) for state, cases in STATES.items() for case in cases])
def test_times(case: str, state: str, rows_of) -> None:
    """Disks of all runtimes and drivers."""
    judge(case, rows_of(case, state))


@pytest.mark.parametrize("case", RECOVER)
def test_deletions_in_a_burst(case: str, tmp: Path) -> None:
    """Most directories there changed again later."""
    packed = machine.EVIDENCE / case / "disk.raw.zst"
    if not packed.exists():
        pytest.skip("LAYERTIME_EVIDENCE")
    launch.run("-q", "-o", tmp / "rows.jsonl", disks.decompress(packed, tmp / "disk.raw"))
    judge(case, tmp / "rows.jsonl")
