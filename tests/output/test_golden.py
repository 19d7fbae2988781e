# SPDX-License-Identifier: Apache-2.0
"""The reviewed outputs in golden/: each case is a folder there, and golden/README.md says how to add one."""
import subprocess
import sys

import pytest
from lib import machine, sanitizers

RUN = machine.REPO / "golden/run.py"
NAMES = subprocess.run([sys.executable, RUN, "--list"], capture_output=True, check=True, text=True).stdout.split()


@pytest.fixture(scope="session")
def failures(request: pytest.FixtureRequest) -> dict[str, str]:
    """What is wrong with those that pytest was asked for, by name. They run at once, on all cores."""
    asked = [item.callspec.params["name"] for item in request.session.items if item.originalname == "test_golden"]
    done = subprocess.run([sys.executable, RUN, *asked], capture_output=True, check=False, text=True,
                          env=sanitizers.environment(LAYERTIME=str(machine.PROGRAM)))
    assert not done.stderr, done.stderr
    return {block.split("\n")[0]: block for block in done.stdout.split("FAILED  ")[1:]}


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, failures: dict[str, str]) -> None:
    """Each expected file is what the program writes."""
    assert name not in failures, failures[name]
