# SPDX-License-Identifier: Apache-2.0
"""The account of a store: every entry that the kernel lists below it has its rows, or an error names it.

What is there the kernel tells (os.lstat) for a directory; this is no reader of layouts, and knows none.
"""
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from lib.machine import IS_ROOT
from lib.reading import Timeline, location, unescape

STAMPS = ("Content Modification Time", "Last Access Time", "Metadata Modification Time")  # those of every file system
ID = "5eed" * 16
# Names with a meaning somewhere, and names that mean nothing anywhere.
NAMES = [ID, ID + "-init", ID + "-removing", "new-1", "rm-2", "write-set-3", ".tmp-config.v2.json1", "l", "diff", "work",
         "merged", "fs", "upper", "lower", "link", "committed", "_data", "mnt", "root", "tmproot4", "12", "backup",
         "lost+found", "zfs2", "overlay3", "nydus", "snapshots", "metadata.db", "config.v2.json", "opts.json", "size",
         "cache-id", "parent", "meta.db", "blobs", "ingest", ".wh.gone", ".wh..wh..opq", "rootfs", "x" * 255, "a b", "\\",
         "new\nline", b"\xff\xfe", b"\xe2\x80\xae", "-rf"]


def entries(top: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """All that is at and below a directory, but for what is in directories that are mount points."""
    todo = [os.fsencode(top)]
    while todo:
        path = todo.pop()
        yield path, os.lstat(path)
        if stat.S_ISDIR(os.lstat(path).st_mode) and (path == os.fsencode(top) or not os.path.ismount(path)):
            todo += [path + b"/" + name for name in os.listdir(path)]


def make_entry(path: bytes, draw: Random) -> None:
    """An entry of any kind that this user may make."""
    kind = draw.choice(["file", "file", "directory", "directory", "link", "fifo", "socket", "device", "whiteout"])
    if kind == "directory":
        os.mkdir(path)
    elif kind == "link":
        os.symlink(draw.choice(["nowhere", "/", "..", "../diff", ".", "/etc/passwd"]), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind in ("device", "whiteout") and IS_ROOT:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(*((0, 0) if kind == "whiteout" else (1, 3))))
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    else:
        Path(os.fsdecode(path)).write_bytes(draw.randbytes(draw.randrange(99)))


def scatter(top: Path, draw: Random, count: int) -> None:
    """New entries of every kind at random places below a directory, in each other too."""
    folders = [path for path, node in entries(top) if stat.S_ISDIR(node.st_mode)]
    for _ in range(count):
        path = draw.choice(folders) + b"/" + os.fsencode(draw.choice(NAMES))
        if os.path.lexists(path):
            continue
        make_entry(path, draw)
        if stat.S_ISDIR(os.lstat(path).st_mode):
            folders.append(path)


def told(result: Timeline) -> Counter:
    """How often each entry is told, by its path and which of its times."""
    return Counter((location(row), row["timestamp_desc"]) for row in result.rows
                   if row["data_type"] == "fs:stat" and row["timestamp_desc"] != "Content Deletion Time"
                   and row.get("is_allocated", True))


def named(result: Timeline) -> set[bytes]:
    """The paths that the error list names."""
    return {unescape(error["path"]) for error in result.errors if "path" in error}


def check(result: Timeline, root: Path, *stores: Path) -> int:
    """Each entry of the stores is told exactly once, or named as not read, it or a directory that it is in. Returns how many
    entries there are."""
    rows, errors = told(result), named(result)
    assert not [key for key, count in rows.items() if count > 1], "told twice"
    listed = {path[len(os.fsencode(root)):] or b"/" for store in stores for path, _ in entries(store)}
    for path in listed:
        above = {path[:at] for at, byte in enumerate(path) if byte == ord("/")} | {path}
        assert all((path, stamp) in rows for stamp in STAMPS) or above & errors, path
    return len(listed)
