# SPDX-License-Identifier: Apache-2.0
"""Disks are made, mounted and synced here all the time. In memory nothing waits for the disk of this machine."""
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import machine


@pytest.fixture(scope="session")
def session_dir() -> Iterator[Path]:
    """A directory for the whole session."""
    with machine.scratch(machine.memory()) as path:
        yield path


@pytest.fixture
def tmp() -> Iterator[Path]:
    """A directory for one test."""
    with machine.scratch(machine.memory()) as path:
        yield path
