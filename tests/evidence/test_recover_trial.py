# SPDX-License-Identifier: Apache-2.0
"""Trials with the kernel at hand: files of many shapes are written and deleted on file systems of many kinds, and the disk is
copied while it is still mounted. Each file that comes back complete must be one of these, under its own path; and of those whose
deletion the journal still has, nearly all must come back. Blocks are used again, and files are changed in all ways before they go:
what is called complete then must have been a state of its file."""
import hashlib
import json
import os
import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
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


def use_later(root: Path, kind: str) -> None:
    """New files over the old ones: some stay, some are deleted again, some with a commit in between, and some without."""
    draw = random.Random(kind)
    (root / "srv/later").mkdir()
    for number in range(300):
        path = root / f"srv/later/{number}"
        ext4trees.write(path, ext4trees.noise(f"later {number}", draw.randrange(1, 60000)))
        if draw.random() < 0.5:
            subprocess.run(["sync", "-f", root], check=True) if draw.random() < 0.1 else ext4trees.commit(root)
        if draw.random() < 0.6:
            path.unlink()
    ext4trees.commit(root)


@contextmanager
def disk(kind: str, tmp: Path) -> Iterator[tuple[Path, Path]]:
    """A file system of that kind with a host on it, mounted; and the name of the copy that is made at the end, while it still is."""
    image, copy = tmp / "disk.raw", tmp / "copy.raw"
    kernel, options = KINDS[kind]
    try:
        ext4trees.make(image, options.split(), "64M")
    except OSError as error:
        pytest.skip(f"cannot be had here: {error}")
    with disks.mount(image, kernel, "loop,noatime" + (",data=journal" if kind == "data-journal" else "")) as root:
        subprocess.run(["cp", "-a", f"{hosts.shop(tmp / 'host').root}/.", root], check=True)
        yield root, copy
        disks.sparse_copy(image, copy)


@pytest.mark.parametrize("later", [False, True], ids=["at once", "used again"])
@pytest.mark.parametrize("kind", KINDS)
def test_trial(kind: str, later: bool, tmp: Path, mounting: None) -> None:
    del mounting
    with disk(kind, tmp) as (root, copy):
        made = write_all(root, kind)
        subprocess.run(["sync", "-f", root], check=True)
        delete_all(root)
        if later:
            use_later(root, kind)
    known = set(made.values())
    ours = [find for find in recovered(copy) if find.get("path", "").startswith("/srv/folder")]
    for find in ours:
        assert not find["complete"] or find.get("older") or find["sha256"] == made[find["path"]], find
    whole = {find["path"] for find in ours if find.get("sha256") in known and (find["complete"] or is_doubted(kind))}
    assert later or len(whole) >= 0.97 * len(made), f"{len(whole)} of {len(made)}"


def is_doubted(kind: str) -> bool:
    """Where nothing tells within seconds that data was written out, all comes back, and is not called complete."""
    return kind in ("fast-commits", "small-inodes")


def change_one(path: Path, seed: str, draw: random.Random) -> str:
    """Change a file, and say how."""
    how, data = draw.choice(("in place", "append", "append", "rewrite", "cut")), ext4trees.noise(seed, draw.randrange(1, 20000))
    size = path.stat().st_size
    if how == "rewrite":
        path.write_bytes(data)
    elif how == "cut":
        os.truncate(path, draw.randrange(size + 1))
    else:
        with open(path, "r+b", buffering=0) as out:
            at = size if how == "append" else draw.randrange(size + 1)
            os.pwrite(out.fileno(), data if how == "append" else data[:size - at], at)
    return how


def change_all(root: Path, kind: str) -> dict[str, list[str]]:
    """Files that are changed and deleted, with commits between some of it; the hash of each state of each. One that is rewritten is
    committed: the kernel writes it out at once, and if it is deleted within the same commit, nothing tells whose blocks it had."""
    draw, states, living = random.Random(kind), defaultdict(list), []
    (root / "srv/states").mkdir(parents=True)
    for step in range(600):
        path, how = root / f"srv/states/{step}", "new"
        if len(living) < 5 or draw.random() < 0.3:
            ext4trees.write(path, ext4trees.noise(f"{kind} {step}", draw.randrange(1, 40000)))
            living.append(path)
        elif draw.random() < 0.3:
            living.pop(draw.randrange(len(living))).unlink()
            how = "deleted"
        else:
            path = draw.choice(living)
            how = change_one(path, f"{kind} {step}", draw)
        if how != "deleted":
            states["/" + path.relative_to(root).as_posix()].append(hashlib.sha256(path.read_bytes()).hexdigest())
        if how == "rewrite" or draw.random() < 0.3:
            ext4trees.commit(root)
        elif draw.random() < 0.1:
            subprocess.run(["sync", "-f", root], check=True)
    ext4trees.commit(root)
    return states


@pytest.mark.parametrize("kind", KINDS)
def test_states(kind: str, tmp: Path, mounting: None) -> None:
    """Of files that are written to again and again, also the older states: what is called complete was one."""
    del mounting
    with disk(kind, tmp) as (root, copy):
        states = change_all(root, kind)
    complete = [find for find in recovered(copy) if find["complete"] and find.get("path", "") in states]
    for find in complete:
        assert find["sha256"] in states[find["path"]], find
    assert is_doubted(kind) or len(complete) > 5


def recovered(image: Path) -> list[dict[str, Any]]:
    with machine.scratch(machine.memory()) as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", image)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]
