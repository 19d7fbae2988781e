# SPDX-License-Identifier: Apache-2.0
"""mactime of The Sleuth Kit, which reads body files: the oracle for their format."""
import os
import subprocess

import pytest
from lib.machine import have


def run_mactime(body: bytes) -> list[list[str]]:
    """Rows of mactime -d -y: date, size, type, mode, uid, gid, meta, name. Rows of unset times are left out."""
    if not have("mactime"):
        pytest.skip("mactime (package sleuthkit) is missing")
    done = subprocess.run(["mactime", "-d", "-y", "-b", "-"], input=body, capture_output=True, check=True,
                          env=os.environ | {"TZ": "UTC", "LC_ALL": "C"})
    assert not done.stderr, done.stderr
    header, *rows = done.stdout.split(b"\n")[:-1]
    assert header.startswith(b"Date,Size,Type,")
    cells = [row.decode("utf-8", "surrogateescape").split(",", 7) for row in rows]
    return [row for row in cells if not row[0].startswith("0000-00-00")]


def mactime_rows(body: list[bytes]) -> int:
    """How many rows mactime must give: distinct times of each record; it loses those before 1970 and 0 is unset."""
    return sum(len({int(time) for time in line.split(b"|")[7:] if int(time) > 0}) for line in body)
