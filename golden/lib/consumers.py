# SPDX-License-Identifier: Apache-2.0
"""What other programs made of golden outputs: compared again as far as that needs nothing that the tests do not need."""
import json
import os
import subprocess

from .case import GOLDEN

NAME = "consumers"
RECORDED = GOLDEN / "consumers"
# What psort tells of a file in the same words as we do.
SAME = ("data_type", "date_time", "file_entry_type", "file_size", "group_identifier", "inode", "is_allocated", "mode",
        "number_of_links", "owner_identifier", "timestamp", "timestamp_desc")


def differences() -> list[str]:
    """All that is not as it was recorded."""
    return mactime() + plaso()


def mactime() -> list[str]:
    """mactime again, on the body file that was recorded."""
    command = ["mactime", "-b", GOLDEN / "hostile-names/expected.body", "-d", "-y"]
    env = os.environ | {"TZ": "UTC", "LC_ALL": "C"}
    rows = subprocess.run(command, capture_output=True, check=True, env=env).stdout
    return [] if rows == (RECORDED / "mactime.csv").read_bytes() else ["mactime.csv differs", *rows.decode().splitlines()]


def plaso() -> list[str]:
    """Each of our rows of the file in `formats` is one of Plaso's."""
    theirs = [pick(line) for line in (RECORDED / "plaso-image.jsonl").read_text(encoding="ascii").splitlines()]
    ours = [pick(line) for line in (GOLDEN / "formats/expected.jsonl").read_text(encoding="ascii").splitlines()]
    return [f"Plaso has no such row: {row}" for row in ours if row["data_type"] == "fs:stat" and row not in theirs]


def pick(line: str) -> dict:
    """The fields that both have."""
    row = json.loads(line)
    return {name: row.get(name) for name in SAME}
