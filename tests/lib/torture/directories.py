# SPDX-License-Identifier: Apache-2.0
"""Malformed hosts: objects that are of another kind than they should be, or hold other bytes."""
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from lib import hosts
from lib.torture.judge import Damage, Tally, read


def become(path: Path, kind: str) -> None:
    """Put something else at a path."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    makers: dict[str, Callable[[], object]] = {
        "file": lambda: path.write_bytes(b"x"), "empty": lambda: path.write_bytes(b""), "folder": path.mkdir,
        "nuls": lambda: path.write_bytes(bytes(4096)), "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to("/nowhere"), "loop": lambda: path.symlink_to(path.name)}
    makers[kind]()


def objects(host: hosts.Host) -> Iterator[Path]:
    """Entries of the store that the daemon made, not the files inside containers and volumes."""
    inside = re.compile(r"/diff/|/_data/|/l/|/work(/|$)")
    for path in sorted(host.data.rglob("*")):
        if not inside.search(os.fspath(path)[len(os.fspath(host.data)):]):
            yield path


def malformed(seed: int, count: int, out: Path) -> Tally:
    """Hosts whose objects are of another kind, or hold other bytes."""
    chance = random.Random(seed)
    tally = Tally("objects")
    base = hosts.shop(out / "host")
    whole = read(base.root, out)
    for _ in range(count):
        work = out / "work"
        subprocess.run(["rm", "-rf", work], check=True)
        subprocess.run(["cp", "-a", base.root, work], check=True)
        path = work / chance.choice([*objects(base)]).relative_to(base.root)
        is_folder = path.is_dir()
        kind = chance.choice([kind for kind in ("file", "folder", "empty", "nuls", "pipe", "link", "loop")
                              if not (kind == "folder" and is_folder or kind == "empty" and path.suffix == ".log")])
        become(path, kind)
        inside = "/" + os.fspath(path.relative_to(work))
        run = read(work, out)
        if run:
            run = run.without(os.path.dirname(inside))
        tally.judge(whole.without(os.path.dirname(inside)), run, Damage(f"{inside} is now: {kind}", inside, True))
    return tally
