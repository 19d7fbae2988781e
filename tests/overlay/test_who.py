# SPDX-License-Identifier: Apache-2.0
"""`layertime who` against the merged views of all containers, which are the kernel's (tests/lib/overlay_truth.py)."""
import pytest
from lib.overlay_truth import host_of
from lib.truth import CLEAN
from lib.who_check import who_faults

SAMPLE = 50                                           # paths a case


@pytest.mark.parametrize("case", CLEAN)
def test_who_has_sampled_paths(case: str, evidence) -> None:
    """Each layer that has the path, whose it is, and what each container sees of it."""
    problems = who_faults(host_of(case, "clean"), evidence(case, "clean"), SAMPLE)
    assert not problems, problems[:20]
