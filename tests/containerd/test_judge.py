# SPDX-License-Identifier: Apache-2.0
"""Hosts with containerd against their recorded truth (tests/lib/containerd_judge.py), as images and as directories."""
from pathlib import Path

import pytest
from lib import containerd_judge, disks, launch
from lib.containerd_judge import CHECKS
from lib.containerd_truth import CASES, STATES

RUNS = [(case, state) for case in CASES for state in STATES]


@pytest.fixture(scope="module")
def judged(disk, containerd_case, session_dir: Path):
    """judged(case, state): a run of the program on an image, made once."""
    known: dict[tuple[str, str], containerd_judge.Judged] = {}

    def get(case: str, state: str) -> containerd_judge.Judged:
        if (case, state) not in known:
            rows = session_dir / f"{case}.{state}.containerd.jsonl"
            done = launch.run("-q", "-o", rows, disk(case, state))
            assert done.returncode in (0, 1), done.stderr.decode()
            known[case, state] = containerd_judge.Judged(containerd_case(case, state), disk(case, state), rows)
        return known[case, state]
    return get


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("case", "state"), RUNS)
def test_case(case: str, state: str, check: str, judged) -> None:
    """All that the truth has, and nothing else."""
    result = CHECKS[check](judged(case, state))
    assert result.expected or (case, check) == ("containerd-ext4", "logs"), "the truth expects nothing: a broken test"
    assert result.ok and result.found == result.expected, result.examples[:10]


@pytest.mark.parametrize(("case", "state"), RUNS)
def test_image_and_directory_give_the_same_rows(case: str, state: str, disk, containerd_disk, mounting) -> None:
    """Only an image still knows of deleted entries. A power-off disk is mounted with its journal written into it."""
    with disks.mount(containerd_disk(case, state), "ext4", "ro,noload,loop") as root:
        rows = launch.timeline("--no-deleted", disk(case, state)).bare
        assert rows and rows == launch.timeline(root).bare
