# SPDX-License-Identifier: Apache-2.0
"""What this machine has, and where things lie on it: the program, the evidence, time limits, rights. No oracle."""
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("LAYERTIME", REPO / "build/san/layertime")).resolve()
SAMPLE = REPO / "tests/sample/overlay2-ext4"
EVIDENCE = Path(os.environ.get("LAYERTIME_EVIDENCE", REPO.parent / "shared/evidence"))
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
MEMORY_NEEDED = 4 << 30                                # bytes free: sparse disks of two workers take a part of it
TIMEOUT = 600                                         # seconds until what hangs is ended, however busy the machine
PROCESSOR = 60                                        # seconds of its time that a run may take


class Refused(Exception):
    """A daemon cannot be had on this machine."""


def have(*programs: str) -> bool:
    """Are these installed?"""
    return all(shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for program in programs)


def memory() -> Path | None:
    """Where files lie in memory, if there is room for the disks of tests."""
    place = Path("/dev/shm")
    try:
        free = os.statvfs(place)
    except OSError:
        return None
    room = free.f_bavail * free.f_frsize
    return place if os.access(place, os.W_OK) and room > MEMORY_NEEDED else None


@contextmanager
def scratch(place: Path | None = None) -> Iterator[Path]:
    """A directory, under /tmp if nothing else is said, that is gone afterwards, deep trees and all."""
    path = Path(tempfile.mkdtemp(prefix="layertime-test-", dir=place))
    try:
        yield path
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", "--", path], check=True)
