# SPDX-License-Identifier: Apache-2.0
"""Disks are made, mounted and synced here all the time. In memory nothing waits for the disk of this machine."""
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import machine, sanitizers


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


@pytest.fixture
def libtsk_leaks(tmp: Path) -> dict[str, str]:
    """An environment that forgives libtsk 4.11 one leak: on a GPT disk it drops the protective DOS table that it found
    first (tsk/vs/mm_open.c). Its frames are only seen by the slow unwinder. To go with --no-sandbox: the list of what
    is forgiven cannot be read in it."""
    (tmp / "suppressions").write_text("leak:^tsk_vs_dos_open$\n")
    return sanitizers.environment(
        ASAN_OPTIONS=sanitizers.SANITIZERS["ASAN_OPTIONS"] + ":fast_unwind_on_malloc=0",
        LSAN_OPTIONS=f"exitcode=99:print_suppressions=0:suppressions={tmp / 'suppressions'}")
