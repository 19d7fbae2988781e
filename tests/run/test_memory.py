# SPDX-License-Identifier: Apache-2.0
"""--memory: the same bytes however little there is, and a clear end where the temporary file cannot be."""
from pathlib import Path

import pytest
from lib import hosts, launch, sanitizers

LEAST = "64K"                                         # the sample needs some fifty runs with it


@pytest.mark.parametrize("form", ["jsonl", "text"])
def test_memory_changes_no_byte(sample: Path, form: str) -> None:
    """In memory, and sorted in many runs."""
    whole = launch.product(form, sample)
    assert whole
    for size in (LEAST, "65536", "1M"):
        assert launch.product(form, f"--memory={size}", sample) == whole


def test_temporary_file_leaves_nothing(sample: Path, tmp: Path) -> None:
    """It has no name, or loses it at once."""
    done = launch.run("-q", "--memory", LEAST, "-o", tmp / "rows.jsonl", sample,
                      env=sanitizers.environment(TMPDIR=str(tmp)))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp.iterdir()] == ["rows.jsonl"]


def test_no_place_for_temporary_file(sample: Path, tmp: Path) -> None:
    """Exit code 4, the reason, and no half output; without need of the file nothing is wrong."""
    env = sanitizers.environment(TMPDIR=str(tmp / "missing"))
    done = launch.run("-q", "--memory", LEAST, "-o", tmp / "rows.jsonl", sample, env=env)
    assert done.returncode == 4
    assert b"cannot create a temporary file in " in done.stderr and b"TMPDIR" in done.stderr
    assert not list(tmp.iterdir())
    assert launch.run("-q", "-o", tmp / "rows.jsonl", sample, env=env).returncode == 0


def test_temporary_file_keeps_out_of_evidence(host: hosts.Host, tmp: Path) -> None:
    """The evidence may be all that an analyst has: nothing is written there, wherever TMPDIR points."""
    volume = host.data / "volumes/many/_data"
    volume.mkdir(parents=True)
    for number in range(1000):
        (volume / f"a-file-with-some-name-{number}").touch()
    inside = sanitizers.environment(TMPDIR=str(host.root))
    done = launch.run("-q", "-f", "jsonl", "--memory", LEAST, host.root, env=inside)
    assert done.returncode == 4 and b"lies inside the evidence" in done.stderr
    outside = sanitizers.environment(TMPDIR=str(tmp))
    done = launch.run("-q", "-f", "jsonl", "--memory", LEAST, host.root, env=outside)
    assert done.returncode in (0, 1) and done.stdout.count(b"\n") > 4000
    assert done.stdout == launch.run("-q", "-f", "jsonl", host.root, env=inside).stdout


@pytest.mark.parametrize("size", ["", "0", "64", "63K", "-1", " 1M", "1T", "1MB", "M", "1.5G", "99999999999999999999",
                                  "99999999999G"])
def test_sizes_that_are_none(sample: Path, size: str) -> None:
    """Usage errors, before anything is read."""
    done = launch.run(f"--memory={size}", sample)
    assert done.returncode == 2 and done.stderr and not done.stdout
