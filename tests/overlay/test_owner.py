# SPDX-License-Identifier: Apache-2.0
"""What rows of image layers say of those who share them, against the merged views of all containers and images
(tests/lib/overlay_truth.py). Whose each row is otherwise: tests/lib/case_check.py."""
import pytest
from lib.overlay_check import hiding_faults
from lib.overlay_truth import LAYERED, host_of


@pytest.mark.parametrize(("case", "state"), LAYERED)
def test_rows_of_shared_layers_say_who_hides_them(case: str, state: str, rows_of) -> None:
    """hidden_by has each container that saw an entry of its image until its own layer hid it, and each image layer
    above that does so; and nobody whose layer has nothing there."""
    problems = hiding_faults(host_of(case, state), rows_of(case, state))
    assert not problems, problems[:20]
