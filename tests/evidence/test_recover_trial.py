# SPDX-License-Identifier: Apache-2.0
"""A trial with the kernel at hand: files of many shapes are written and deleted on file systems of many kinds, and the disk is
copied while it is still mounted. Each file that comes back complete must be one of these, under its own path; and of those whose
deletion the journal still has, nearly all must come back."""
import hashlib
import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lib import disks, ext4trees, hosts, launch, machine

KINDS = {
    "ext4": ("ext4", "-t ext4 -b 4096 -J size=8"),
    "1k": ("ext4", "-t ext4 -b 1024 -J size=8"),
    "no-checksums": ("ext4", "-t ext4 -b 4096 -O ^metadata_csum,^64bit -J size=8"),
    "blockmap": ("ext4", "-t ext4 -b 1024 -O ^extents,^64bit -J size=8"),
    "ext3": ("ext4", "-t ext3 -b 4096 -J size=8"),
    "small-inodes": ("ext4", "-t ext4 -b 4096 -I 128 -J size=8"),
    "inline": ("ext4", "-t ext4 -b 4096 -I 512 -O inline_data -J size=8"),
    "bigalloc": ("ext4", "-t ext4 -b 4096 -O bigalloc -C 16384 -J size=8"),
    "fast-commits": ("ext4", "-t ext4 -b 4096 -O fast_commit -J size=8"),
    "data-journal": ("ext4", "-t ext4 -b 4096 -J size=16"),
}
FOLDERS, FILES = 12, 18  # 216 deletions a setting


def shape(seed: str) -> list[tuple[int, bytes]]:
    """Pieces of a file: small, of some blocks, in many pieces, with holes; no block of zeros."""
    draw = random.Random(seed)
    kind = draw.randrange(6)
    if kind == 0:
        return [(0, ext4trees.noise(seed, draw.randrange(1, 120)))]
    if kind < 4:
        return [(0, ext4trees.noise(seed, draw.randrange(200, 30000)))]
    step = draw.choice([4096, 8192, 65536])
    return [(number * 2 * step, ext4trees.noise(f"{seed} {number}", draw.randrange(1, 4096))) for number in range(draw.randrange(2, 9))]


def write_all(root: Path, kind: str) -> dict[str, str]:
    """The files of the trial; path and hash of each."""
    made = {}
    for folder in range(FOLDERS):
        (root / f"srv/folder{folder}").mkdir(parents=True)
        for number in range(FILES):
            path = root / f"srv/folder{folder}/file{number}"
            with open(path, "wb", buffering=0) as out:
                for offset, data in shape(f"{kind} {folder} {number}"):
                    os.pwrite(out.fileno(), data, offset)
            made["/" + path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return made


def delete_all(root: Path) -> None:
    """One by one, and directories as a whole; with commits in between, as time would make them."""
    for folder in range(FOLDERS):
        at = root / f"srv/folder{folder}"
        if folder % 2:
            shutil.rmtree(at)
        else:
            for path in at.iterdir():
                path.unlink()
        ext4trees.commit(root)


@pytest.mark.parametrize("kind", KINDS)
def test_trial(kind: str, tmp: Path, mounting: None) -> None:
    del mounting
    image, copy = tmp / "disk.raw", tmp / "copy.raw"
    kernel, options = KINDS[kind]
    try:
        ext4trees.make(image, options.split(), "64M")
    except OSError as error:
        pytest.skip(f"cannot be had here: {error}")
    with disks.mount(image, kernel, "loop,noatime" + (",data=journal" if kind == "data-journal" else "")) as root:
        subprocess.run(["cp", "-a", f"{hosts.shop(tmp / 'host').root}/.", root], check=True)
        made = write_all(root, kind)
        subprocess.run(["sync", "-f", root], check=True)
        delete_all(root)
        disks.sparse_copy(image, copy)
    found = recovered(copy)
    known = set(made.values())
    ours = [find for find in found if find.get("path", "").startswith("/srv/folder")]
    for find in ours:
        assert not find["complete"] or find.get("older") or find["sha256"] == made[find["path"]], find
    whole = {find["path"] for find in ours if find["complete"] and find["sha256"] in known}
    assert len(whole) >= 0.97 * len(made), f"{len(whole)} of {len(made)}"


def recovered(image: Path) -> list[dict[str, Any]]:
    with machine.scratch() as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", image)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]
