# SPDX-License-Identifier: Apache-2.0
"""Runs the C tests that `make sanitized` built: unit tests, and the fuzz targets on their corpora."""
import os
from pathlib import Path

import pytest
from lib import launch, machine, sanitizers

BUILT = machine.REPO / "build/san"
CORPUS = machine.REPO / "tests/fuzz/corpus"


def programs(folder: str) -> list[Path]:
    """What was built of tests/unit or tests/fuzz; the sources say what must be there."""
    sources = (machine.REPO / "tests" / folder).glob("*.c")
    return [BUILT / folder / source.stem for source in sorted(sources) if source.stem != "replay"]


def execute(*command: Path) -> None:
    """Run one program; its output is the message of a failure."""
    done = launch.limited(command, 120, env=sanitizers.environment(), capture_output=True, cwd=machine.REPO)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:].decode(errors="replace")


def test_sanitized_build_is_there() -> None:
    """`make sanitized` comes first."""
    assert BUILT.is_dir(), "run `make sanitized`"


@pytest.mark.parametrize("program", programs("unit"), ids=lambda path: path.name)
def test_unit(program: Path) -> None:
    """One program of cmocka tests."""
    assert os.access(program, os.X_OK), f"{program} is not there: run `make sanitized`"
    execute(program)


@pytest.mark.parametrize("program", programs("fuzz"), ids=lambda path: path.name)
def test_fuzz_corpus(program: Path) -> None:
    """One fuzz target over its corpus."""
    corpus = CORPUS / program.name
    assert os.access(program, os.X_OK), f"{program} is not there: run `make sanitized`"
    assert corpus.is_dir() and any(corpus.iterdir()), f"{corpus} is empty"
    execute(program, corpus)
