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
    return mactime() + plaso() + plaso_logs()


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


def plaso_logs() -> list[str]:
    """Each of Plaso's rows of logs in web's layer is one of ours, but for those that README.md tells."""
    ours = {told(row) for row in map(json.loads, (GOLDEN / "inner-logs/expected.jsonl").read_text().splitlines())}
    theirs = [row for row in map(json.loads, (RECORDED / "plaso-logs.jsonl").read_text().splitlines())
              if row["timestamp"] and not row["filename"].endswith(("/catalog", "/dpkg.log"))]
    missing = [f"we have no such row: {row}" for row in theirs if told(row) not in ours]
    return missing if theirs else ["plaso-logs.jsonl is empty"]


def told(row: dict) -> tuple:
    """The second of a row, and its text on one line."""
    text = row.get("http_request") or row.get("command_line") or row.get("message_body") or row["command"]
    if "apt" in row["data_type"]:
        text = row.get("command_line") or row["command"]
    return row["timestamp"] // 10**6, " ".join(text.split())


def pick(line: str) -> dict:
    """The fields that both have."""
    row = json.loads(line)
    return {name: row.get(name) for name in SAME}
