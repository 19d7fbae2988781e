# SPDX-License-Identifier: Apache-2.0
"""Who sees the files of volumes and binds, and where: as rows say it, and as a walk of the directory finds it.

What is right comes from the kernel: os.walk and lstat.
"""
import os
import re
from collections import Counter
from pathlib import Path

from lib import hosts
from lib.reading import Row, Timeline, location

FACT = re.compile(r"(seen|hidden) at (\S+) (?:by|from) ([^:]*?)(?: by (\w+ ?\S* at \S+))?$")
Seen = set[tuple[str, str, str]]                      # name of the container, path inside, inode


def is_mounted(row: Row) -> bool:
    """A row of a file of a volume's data or of a bind."""
    data = row["layer_role"] == "volume" and b"/_data" in location(row)
    return row["data_type"] == "fs:stat" and (data or "bind" in row["tag"])


def places(row: Row, word: str = "seen") -> set[tuple[str, str]]:
    """Who sees (or does not) the file of a row, and where, as the row says: in its facts, or by its only owner."""
    facts = [fact for fact in row.get("facts", ()) if FACT.match(fact) or fact.startswith("not seen by")]
    if not facts and word == "seen":
        return {(row["container_name"], row["filename"])} if "container_name" in row else set()
    found = [FACT.match(fact) for fact in facts]
    return {(name.split("@")[0], match[2]) for match in found if match and match[1] == word
            for name in match[3].split(", ")}


def told(rows: Timeline, word: str = "seen") -> Seen:
    """The same of all rows."""
    return {(name, inside, row["inode"]) for row in rows.rows if is_mounted(row) for name, inside in places(row, word)}


def mount(host: hosts.Host, made: hosts.Container, *points: Row) -> None:
    """Set the mounts of a container as docker keeps them."""
    full = [{"RW": True, "Type": "volume" if "Name" in p else "bind", "Source": ""} | p for p in points]
    made.change(MountPoints={point["Destination"]: point for point in full})


def paths(root: Path, inside: str, name: str) -> Seen:
    """All that is in a directory or file, as seen at `inside`."""
    found = {(name, inside, str(os.lstat(root).st_ino))}
    for at, folders, files in os.walk(root):
        found |= {(name, os.path.normpath(os.path.join(inside, os.path.relpath(os.path.join(at, entry), root))),
                   str(os.lstat(os.path.join(at, entry)).st_ino)) for entry in folders + files}
    return found


def rows_are_single(rows: Timeline) -> bool:
    """No file is counted twice. One whiteout may tell several deletions, and several deleted files had the same path."""
    count = Counter((location(row), row["timestamp_desc"]) for row in rows.where(data_type="fs:stat")
                    if row["timestamp_desc"] != "Content Deletion Time" and "unallocated" not in row["tag"])
    return set(count.values()) == {1}
