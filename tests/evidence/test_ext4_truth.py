# SPDX-License-Identifier: Apache-2.0
"""The ext4 disks of the evidence set: each entry, each column, as the kernel told them when the set was made; and names
and inodes as the Sleuth Kit's own program tells them."""
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import ext4fs, machine
from lib.reading import unescape

CASES = sorted(path.name for path in machine.EVIDENCE.glob("*") if (path / "truth/fs.clean.tsv").exists()
               and "xfs" not in path.name) or ["overlay2-ext4"]
BOTH = [name for name in CASES if (machine.EVIDENCE / name / "truth/fs.poweroff-replayed.tsv").exists()] or CASES[:1]


def truth(case: str, state: str) -> ext4fs.View:
    """The listing of a case."""
    table = machine.EVIDENCE / case / f"truth/fs.{state}.tsv"
    if not table.exists():
        pytest.skip(f"no evidence at {table} (LAYERTIME_EVIDENCE)")
    return ext4fs.load(table)


def split(view: ext4fs.View) -> tuple[ext4fs.View, set[str]]:
    """What the kernel could read, and the paths that it could not."""
    bad = {path.rstrip("/") for path, row in view.items() if row[1] == "!"}
    return {path: row for path, row in view.items() if row[1] != "!"}, bad


@pytest.mark.parametrize("case", CASES)
def test_clean_disk(case: str, disk: Callable[..., Path]) -> None:
    """After an orderly unmount."""
    ext4fs.check_equal(truth(case, "clean"), ext4fs.dump(disk(case)))


@pytest.mark.parametrize("case", BOTH)
def test_journal_is_replayed(case: str, disk: Callable[..., Path]) -> None:
    """After a power failure: what the kernel shows once it has replayed the journal."""
    ext4fs.check_equal(truth(case, "poweroff-replayed"), ext4fs.dump(disk(case, "poweroff")))


@pytest.mark.parametrize("case", BOTH)
def test_journal_is_left_alone(case: str, disk: Callable[..., Path]) -> None:
    """--no-journal: the disk as it lies, and a word about it. What the kernel cannot read we report."""
    wanted, bad = split(truth(case, "poweroff-noload"))
    got = ext4fs.dump(disk(case, "poweroff"), "--no-journal")
    assert not (wrong := ext4fs.differences(wanted, {path: row for path, row in got.view.items() if path not in bad})), wrong
    assert got.failed() == bad
    assert any("journal" in note for note in got.notes)


def fls(image: Path) -> Counter:
    """Type, inode and path of the allocated entries that fls lists. It replaces control characters in names by "^"."""
    done = subprocess.run(["fls", "-r", "-p", "-u", "-f", "ext4", image], capture_output=True, check=True)
    rows = re.findall(r"^(\S)/\S (\d+):\t(.*)$", done.stdout.decode(errors="surrogateescape"), re.M)
    return Counter((int(ino), path) for letter, ino, path in rows
                   if letter != "V" and not path.startswith("$OrphanFiles"))


@pytest.mark.parametrize("case", ["overlay2-ext4", "podman-ext4", "containerd-ext4"])
def test_names_and_inodes_as_fls_lists_them(case: str, disk: Callable[..., Path]) -> None:
    """A third opinion. What fls alone lists is a name that it makes up from the index blocks of a large directory: its
    inode is not what the directory says, or there is none of that number."""
    if not machine.have("fls"):
        pytest.skip("fls is missing")
    image = disk(case)
    view = ext4fs.dump(image).view
    ours = Counter((int(row[0]), re.sub(r"[\x00-\x1f\x7f]", "^", os.fsdecode(unescape(path))[1:]))
                   for path, row in view.items() if path != "/")
    theirs = fls(image)
    assert not ours - theirs, list(ours - theirs)[:10]
    real = {path.rpartition("/")[0] for path in view}
    for ino, path in theirs - ours:
        folder = "/" + path.rpartition("/")[0]
        assert folder.rstrip("/") in real and int(view[folder][5]) > 4096, f"{path} ({ino}): fls alone lists it"
