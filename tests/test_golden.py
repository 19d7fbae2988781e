# SPDX-License-Identifier: Apache-2.0
"""The reviewed outputs in golden/: each case is a folder there, and golden/README.md says how to add one."""
import subprocess
import sys

import helpers
import pytest

RUN = helpers.REPO / "golden/run.py"
NAMES = subprocess.run([sys.executable, RUN, "--list"], capture_output=True, check=True, text=True).stdout.split()


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str) -> None:
    """Each expected file is what the program writes."""
    done = subprocess.run([sys.executable, RUN, name], capture_output=True, check=False, text=True,
                          env=helpers.environment(LAYERTIME=str(helpers.PROGRAM)))
    assert done.returncode == 0, done.stdout + done.stderr
