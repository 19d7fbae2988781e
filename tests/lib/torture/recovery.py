# SPDX-License-Identifier: Apache-2.0
"""Mutated disks through `recover`: it ends, writes nothing but what it lists and only below its directory, no more than it may, and
no content under the hash of another."""
import hashlib
import json
import os
import random
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

from lib import disks, ext4trees, hosts
from lib.machine import PROGRAM
from lib.sanitizers import FINDING, environment
from lib.torture.former import Image, Spot, put
from lib.torture.judge import Tally, finish, fresh

OPTIONS = {
    "extents": "-t ext4 -b 1024 -N 512 -J size=1",
    "large blocks": "-t ext4 -b 2048 -N 512 -J size=2",
    "numbers": "-t ext4 -b 1024 -N 512 -J size=1 -O ^extents,^64bit,^metadata_csum -I 128",
    "inside": "-t ext4 -b 1024 -N 512 -J size=1 -O inline_data",
}
LIMITED = 5  # exit code where --limit was reached
LISTS = (b"recovered.jsonl", b"recovered.csv", b"recovered.txt")


# --- disks with deleted files -----------------------------------------------------------------------------------------

def fill(root: Path) -> None:
    """Files of all shapes, and a container that goes."""
    (root / "srv/folder").mkdir(parents=True)
    for number in range(30):
        pieces = range(0, 1 + number % 7 * 3, 3)
        ext4trees.write(root / f"srv/folder/{number}", ext4trees.noise(number, 97 * number + 1), *(2048 * piece for piece in pieces))
    (root / "srv/\x1b[2J").mkdir()
    for name in ("..\\..", "con", "x" * 250, "new\nline", "same", "Same"):
        ext4trees.write(root / "srv/\x1b[2J" / name, ext4trees.noise(name, 700))


def leave(host: hosts.Host) -> None:
    """Delete them, and a container, with commits between, and use a part of the blocks again."""
    root, web = host.root, hosts.container(host, "web")
    for number in range(30):
        (root / f"srv/folder/{number}").unlink()
        if number % 4 == 0:
            ext4trees.commit(root)
        if number % 5 == 0:
            ext4trees.write(root / f"srv/new{number}", ext4trees.noise(f"new {number}", 3000))
    for path in (root / "srv/\x1b[2J", web.path, web.mounts, web.rw):
        shutil.rmtree(path)
    ext4trees.commit(root)


def by_kernel(out: Path, name: str) -> Path:
    """A disk that was copied while it was mounted."""
    image = out / f"{name}.mounted"
    ext4trees.make(image, OPTIONS[name].split(), "8M")
    with disks.mount(image, "ext4", "loop,noatime") as root:
        host = hosts.shop(root)
        fill(root)
        subprocess.run(["sync", "-f", root], check=True)
        leave(host)
        return disks.sparse_copy(image, out / f"{name}.raw")


def by_hand(out: Path) -> Path:
    """The same where nothing can be mounted: the tables of inodes go through the journal, then files are deleted."""
    host = hosts.shop(out / "host")
    fill(host.root)
    image = disks.make_ext4(out / "by-hand.raw", host.root, "8M", "-b", "1024", "-J", "size=1")
    paths = [f"/srv/folder/{number}" for number in range(30)]
    places = {re.search(r"located at block (\d+)", disks.debugfs(image, f"imap {path}"))[1] for path in paths}
    data, copy = image.read_bytes(), out / "block"
    for place in places:
        copy.write_bytes(data[int(place) * 1024:(int(place) + 1) * 1024])
        disks.debugfs(image, "jo -c", f"jw -b {place} {copy}", "jc")
    disks.replay(image)
    disks.debugfs(image, *(f"rm {path}" for path in paths))
    return image


# --- what is done to them ---------------------------------------------------------------------------------------------

FIELDS = [(0, 2), (4, 4), (20, 4), (26, 2), (28, 4), (32, 4), (100, 4), (104, 4), (108, 4), (0x28, 2), (0x2A, 2), (0x2C, 2), (0x2E, 2),
          *((0x34 + 12 * entry + at, width) for entry in range(4) for at, width in ((0, 4), (4, 2), (6, 2), (8, 4)))]


def numbers(chance: random.Random, image: Image, old: bytes) -> bytes:
    """Another number, of the width of the old one."""
    most = (1 << 8 * len(old)) - 1
    value = chance.choice((0, 1, most, most >> 1, chance.randrange(most + 1), chance.randrange(image.blocks), 1 << chance.randrange(8 * len(old)),
                           int.from_bytes(old, "little") ^ 1 << chance.randrange(8 * len(old))))
    return (value & most).to_bytes(len(old), "little")


def change_fields(chance: random.Random, image: Image, spot: Spot, new: bytearray) -> None:
    """One field or some; in what is no inode, anywhere."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, width = chance.choice(FIELDS) if spot.kind.endswith("inode") else (4 * chance.randrange(spot.size // 4), chance.choice((1, 2, 4)))
        new[at:at + width] = numbers(chance, image, bytes(new[at:at + width]))


def copy_another(chance: random.Random, image: Image, spot: Spot, new: bytearray) -> None:
    """What another of its kind has: maps are then shared."""
    other = chance.choice([one for one in image.spots if one.kind.endswith(spot.kind.split()[-1]) and one.size == spot.size])
    new[:] = image.data[other.at:other.at + other.size]


def change_name(chance: random.Random, image: Image, spot: Spot, new: bytearray) -> None:
    """Names that lead elsewhere."""
    del image, spot
    names = [match.span() for match in re.finditer(rb"[A-Za-z0-9.-]{3,}", new)]
    if names:
        begin, end = chance.choice(names)
        new[begin:end] = (chance.choice((b"../", b"/", b"/etc/passwd/", b"\0", b"\x1b]0;", b"..")) * 255)[:end - begin]


def fill_up(chance: random.Random, image: Image, spot: Spot, new: bytearray) -> None:
    """All the same."""
    del image, spot
    new[:] = bytes([chance.choice((0, 0xFF, 1))]) * len(new)


CHANGES: list[Callable[[random.Random, Image, Spot, bytearray], None]] = [change_fields] * 6 + [copy_another] * 2 + [change_name, fill_up]


def mutant(chance: random.Random, image: Image) -> tuple[bytearray, str]:
    """A copy of the disk with some structures changed, half of them with the right sums; and which."""
    out, what = bytearray(image.data), []
    kinds = sorted({spot.kind for spot in image.spots})
    seal = chance.random() < 0.7
    for _ in range(chance.choice((1, 2, 4, 40))):
        kind = chance.choice(kinds)
        if kind == "superblock" and chance.random() < 0.7:
            continue
        spot = chance.choice([spot for spot in image.spots if spot.kind == kind])
        new = bytearray(out[spot.at:spot.at + spot.size])
        chance.choice(CHANGES)(chance, image, spot, new)
        put(out, spot, bytes(new), seal)
        what.append(f"{kind} at {spot.at}")
    return out, ("sealed " if seal else "") + ", ".join(what)


# --- the judge --------------------------------------------------------------------------------------------------------

def contents_are_wrong(into: Path, limit: int) -> str:
    """What is wrong below the directory, "" if nothing is."""
    rows = into / "recovered.jsonl"                   # none if the evidence could not be read at all
    finds = [json.loads(line) for line in rows.read_bytes().splitlines()] if rows.exists() else []
    listed = {os.fsencode(find["file"]): find for find in finds if find.get("file")}
    used = 0
    for at, folders, names in os.walk(into):
        for name in folders + names:
            path = Path(at) / name
            about, place = path.lstat(), os.fsencode(path.relative_to(into))
            if stat.S_ISDIR(about.st_mode) or place in LISTS:
                continue
            if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o7177 or place not in listed:
                return f"{place!r} is not in the list, or no plain file"
            find = listed.pop(place)
            if find["complete"] and hashlib.sha256(path.read_bytes()).hexdigest() != find.get("sha256"):
                return f"{place!r} is not what its hash says"
            used += about.st_blocks * 512
    return f"{used} bytes of {limit}" if used > limit else f"lacks {sorted(listed)}" if listed else ""


def run_once(tally: Tally, image: Path, work: Path, limit: int | None, what: str) -> None:
    """Write what can be recovered, or list it."""
    into, before = work / "into", (image.stat().st_mtime_ns, image.stat().st_size)
    listing = limit is None
    command = [PROGRAM, "recover", "-q", *(["--list", "-o", "-"] if listing else ["-o", into]), *(["--limit", str(limit)] if limit else []), image]
    done = finish(command, env=environment())
    tally.counts["runs"] += 1
    if not done or done.returncode not in (0, 1, 3, LIMITED) or FINDING.search(done.stderr):
        tally.wrong("crash" if done else "hang", f"{what}: {done and (done.returncode, done.stderr[:2000])}")
        return
    tally.counts["reported" if done.returncode else "same"] += 1
    left = sorted(path.name for path in work.iterdir())
    if left not in ([], [] if listing else ["into"]) or (image.stat().st_mtime_ns, image.stat().st_size) != before:
        tally.wrong("left behind", f"{what}: {left}")
    elif left and (problem := contents_are_wrong(into, limit or before[1])):
        tally.wrong("invented", f"{what}: {problem}")


def recovered(seed: int, count: int, out: Path) -> Tally:
    """Mutants of disks with deleted files: each is listed, or recovered with or without a limit."""
    chance, tally = random.Random(seed), Tally("recovery")
    bases = [by_hand(out)] + ([by_kernel(out, name) for name in OPTIONS] if disks.can_mount() else [])
    images = [Image(base) for base in bases]
    for number in range(count):
        data, what = mutant(chance, chance.choice(images))
        (out / "mutant.raw").write_bytes(data)
        limit = chance.choice((None, 0, 0, 1 << 16, 1 << 20))
        run_once(tally, out / "mutant.raw", fresh(out / "work"), limit, f"{number} of seed {seed}, limit {limit}: {what}")
    return tally
