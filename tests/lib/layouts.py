# SPDX-License-Identifier: Apache-2.0
"""The disks with volumes of the shared set, which lies beside the evidence: images, and what the kernel said of them."""
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, machine

DISKS = machine.EVIDENCE.parent / "disks"
COLUMNS = ("path", "inode", "type", "mode", "uid", "gid", "size", "rdev", "atime", "mtime", "ctime", "birth", "xattrs",
           "nlink", "sha256", "link")


def image(folder: Path, case: str, name: str = "disk") -> Path:
    """The unpacked image of a case, in `folder`. Skips where there is none."""
    packed, target = DISKS / case / f"{name}.raw.zst", folder / f"{case}.{name}.raw"
    if not packed.exists():
        pytest.skip(f"no disk at {packed} (LAYERTIME_EVIDENCE)")
    return target if target.exists() else disks.decompress(packed, target)


def truth(case: str, name: str = "fs") -> ext4fs.View:
    """What the kernel said of a file system, as fsdump prints it."""
    text = subprocess.run(["zstd", "-dcq", DISKS / case / f"{name}.tsv.zst"], capture_output=True, check=True).stdout
    view: ext4fs.View = {}
    for line in text.decode("ascii").splitlines():
        row = dict(zip(COLUMNS, line.split("\t")))
        row["xattrs"] = row["xattrs"].replace(",", ";")
        if row["path"] != "#path":
            view[row["path"]] = tuple(row[name] for name in ext4fs.COLUMNS)
    return view
