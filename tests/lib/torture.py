# SPDX-License-Identifier: Apache-2.0
"""Campaigns of damage by chance. The oracle is the run on what is whole: what differs from it must be explained, a row that is
lost by an error, a row that is new by the damaged object itself. All is drawn from a seed."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lib import disks, ext4fs, hosts
from lib.machine import PROGRAM, scratch
from lib.reading import Row, location
from lib.sanitizers import FINDING, environment

Essence = tuple[str, str, str, int | None]
HANG = 60                                             # seconds
COLUMNS = ("runs", "same", "reported", "crash", "hang", "silent loss", "invented")
FINE = (0, 1, 3)                                      # exit codes of a run on damaged evidence


@dataclass
class Run:
    """What came out of one run."""
    code: int
    stderr: bytes
    rows: Counter = field(default_factory=Counter)    # to the number of times
    errors: list[dict] = field(default_factory=list)

    @property
    def crashed(self) -> bool:
        """Did it end in a way that it never should?"""
        return self.code not in FINE or bool(FINDING.search(self.stderr)) or b"does not balance" in self.stderr

    def without(self, path: str) -> "Run":
        """The same without what is told of one path: the times of a directory change with its entries."""
        return Run(self.code, self.stderr, Counter({row: count for row, count in self.rows.items() if row[0] != path}),
                   self.errors)


def read(evidence: Path, out: Path, *options: str) -> Run | None:
    """A run; None: it hung."""
    errors = out / "errors"
    errors.unlink(missing_ok=True)
    try:
        done = subprocess.run([PROGRAM, "-q", "-f", "jsonl", "--errors", errors, "-o", "-", *options, evidence],
                              capture_output=True, timeout=HANG, check=False, env=environment())
    except subprocess.TimeoutExpired:
        return None
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = [json.loads(line) for line in errors.read_text().splitlines()] if errors.exists() else []
    return Run(done.returncode, done.stderr, Counter(map(essence, rows)), found)


@dataclass
class Damage:
    """One change of evidence: what it is, and the object that it hits (None: no path has it alone)."""
    what: str
    path: str | None
    times_change: bool = False                        # of all files, so that no time can be called made up


@dataclass
class Tally:
    """The figures of a campaign, and what was wrong."""
    name: str
    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def judge(self, whole: Run, run: Run | None, damage: Damage) -> None:
        """Count one run, and keep what nothing explains."""
        self.counts["runs"] += 1
        verdict = "hang" if run is None else "crash" if run.crashed else None
        if run and not verdict:
            lost, new = whole.rows - run.rows, run.rows - whole.rows
            self.counts["reported"] += len(run.errors) > len(whole.errors)
            self.counts["same"] += not lost and not new
            if beyond(lost, damage.path) and len(run.errors) <= len(whole.errors):
                verdict = "silent loss"
            elif not damage.times_change and made_up(whole, new, damage.path):
                verdict = "invented"
        if verdict:
            self.counts[verdict] += 1
            self.faults.append(f"{self.name}: {verdict}: {damage.what}")

    def line(self) -> str:
        """A line of the table."""
        return f"{self.name:12}" + "".join(f"{self.counts[column]:12}" for column in COLUMNS)


def essence(row: Row) -> Essence:
    """What makes a row one. The rest may tell of another object as well: the host's name, what a layer below has."""
    path = os.fsdecode(location(row)) if "pathspec" in row else ""
    return path, row["data_type"], row["timestamp_desc"], row.get("timestamp")


def beyond(rows: Counter, path: str | None) -> list[Essence]:
    """Rows about anything but that object."""
    return [row for row in rows if path is None or row[0] != path]


def made_up(whole: Run, rows: Counter, path: str | None) -> list[Essence]:
    """Times that no undamaged object has. A damaged directory may name what is in it otherwise."""
    known = {(row[0], row[3]) for row in whole.rows}
    return [row for row in beyond(rows, path)
            if (row[0], row[3]) not in known and not (path is not None and row[0].startswith(path + "/"))]


# --- images -----------------------------------------------------------------------------------------------------------

@dataclass
class Spot:
    """Some bytes of an image that hold metadata."""
    kind: str
    at: int
    size: int
    path: str | None


def spots(image: Path, block: int = 1024) -> list[Spot]:
    """Where metadata with checksums lie, as debugfs and dumpe2fs tell."""
    names = {ino: os.fsdecode(path) for path, ino in sorted(ext4fs.debugfs_names(image).items(), reverse=True)}
    inodes = sorted(names)
    found = []
    for ino, text in zip(inodes, ext4fs.debugfs_many(image, [f"imap <{ino}>" for ino in inodes])):
        number, offset = re.search(rb"located at block (\d+), offset 0x([0-9a-f]+)", text).groups()
        found.append(Spot("inode", int(number) * block + int(offset, 16), 256, names[ino]))
    stats = ext4fs.debugfs_many(image, [f"stat <{ino}>" for ino in inodes])
    folders = [ino for ino, text in zip(inodes, stats) if b"Type: directory" in text]
    for ino, text in zip(folders, ext4fs.debugfs_many(image, [f"blocks <{ino}>" for ino in folders])):
        found += [Spot("directory", int(number) * block, block, names[ino]) for number in text.split()]
    told = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    found += [Spot("bitmap", int(number) * block, block, None)
              for number in re.findall(r"(?:Block|Inode) bitmap at (\d+)", told)]
    return [*found, Spot("superblock", 1024, 1024, None), Spot("groups", 2 * block, block, None)]


def flip(chance: random.Random, image: Path, spot: Spot) -> Damage:
    """Change one to four bytes, and leave the checksum as it is."""
    count = chance.choice((1, 1, 1, 4))
    changed = []
    with open(image, "r+b") as out:
        for _ in range(count):
            at = spot.at + chance.randrange(spot.size)
            out.seek(at)
            byte = out.read(1)[0] ^ chance.choice((1 << chance.randrange(8), 0xFF, chance.randrange(1, 256)))
            out.seek(at)
            out.write(bytes([byte]))
            changed.append(f"{at - spot.at:#x}={byte:#x}")
    return Damage(f"{spot.kind} of {spot.path or 'the file system'}: {', '.join(changed)}", spot.path)


FIELDS = ("mode", "uid", "size", "links_count", "flags", "mtime", "crtime", "block[0]", "block[2]", "block[5]", "file_acl",
          "generation", "extra_isize")


def reseal(chance: random.Random, image: Path, spot: Spot) -> Damage:
    """Change a field of an inode, and give it the right checksum, which debugfs does."""
    name = chance.choice(FIELDS)
    value = chance.choice((0, 1, 0xFFFF, chance.randrange(1 << 16), chance.randrange(1 << 31)))
    subprocess.run(["debugfs", "-w", "-R", f"sif {spot.path} {name} {value:#x}", image], capture_output=True, check=False)
    return Damage(f"{spot.path}: {name} = {value:#x}", spot.path)


def images(seed: int, count: int, out: Path, resealed: bool) -> Tally:
    """Mutated images of a small host."""
    chance = random.Random(seed)
    tally = Tally("resealed" if resealed else "flipped")
    base = disks.make_ext4(out / "base.raw", hosts.shop(out / "host").root, "8M", "-b", "1024")
    whole, all_spots = read(base, out), spots(base)
    kinds = ["inode"] if resealed else sorted({spot.kind for spot in all_spots})
    for _ in range(count):
        kind = chance.choice(kinds)
        spot = chance.choice([spot for spot in all_spots if spot.kind == kind and (not resealed or spot.path)])
        image = disks.sparse_copy(base, out / "image.raw")
        damage = (reseal if resealed else flip)(chance, image, spot)
        tally.judge(whole, read(image, out), damage)
    return tally


# --- directories ------------------------------------------------------------------------------------------------------

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


def directories(seed: int, count: int, out: Path) -> Tally:
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


# --- ends, and sameness -----------------------------------------------------------------------------------------------

def signals(seed: int, count: int, out: Path) -> Tally:
    """Runs that are killed at some moment: no file stays behind, and the program dies of the signal or was done."""
    chance = random.Random(seed)
    tally = Tally("signals")
    host = hosts.shop(out / "host")
    killed = out / "killed"
    for _ in range(count):
        shutil.rmtree(killed, ignore_errors=True)
        killed.mkdir()
        number = chance.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1))
        after = chance.random() * 0.05
        with subprocess.Popen([PROGRAM, "-q", "-o", killed / "o.csv", "--errors", killed / "e", "--manifest",
                               killed / "m", host.root], stderr=subprocess.PIPE, env=environment()) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            stderr = process.communicate(timeout=HANG)[1]
        left = sorted(os.listdir(killed))
        whole = process.returncode == 0 and left == ["e", "m", "o.csv"]
        ended = process.returncode == -number and set(left) <= {"e", "m", "o.csv"}
        tally.counts["runs"] += 1
        tally.counts["same" if whole else "reported"] += 1
        if FINDING.search(stderr) or not whole and not ended:
            tally.counts["crash"] += 1
            tally.faults.append(f"signals: {number.name} after {after:.4f} s: code {process.returncode}, left {left}")
    return tally


def sameness(seed: int, count: int, out: Path) -> Tally:
    """The same bytes with any number of threads, memory, and zone of this machine."""
    chance = random.Random(seed)
    tally = Tally("sameness")
    host = hosts.shop(out / "host")
    for form in ("csv", "jsonl", "body", "text"):
        seen = set()
        for _ in range(count // 4):
            zone, words = chance.choice(("UTC", "Asia/Tokyo", "America/New_York")), [
                "--threads", str(chance.choice((1, 2, 3, 8))), "--memory", chance.choice(("16M", "64M", "1G"))]
            done = subprocess.run([PROGRAM, "-q", "-f", form, *words, host.root], capture_output=True, timeout=HANG,
                                  check=False, env=environment(TZ=zone, LC_ALL=chance.choice(("C", "C.UTF-8"))))
            seen.add((done.returncode, done.stdout))
            tally.counts["runs"] += 1
        tally.counts["same"] += (count // 4) * (len(seen) == 1)
        if len(seen) != 1:
            tally.faults.append(f"sameness: {len(seen)} different outputs as {form}")
    return tally


CAMPAIGNS: dict[str, tuple[Callable[[int, int, Path], Tally], int]] = {
    "flipped": (partial(images, resealed=False), 10000),
    "resealed": (partial(images, resealed=True), 10000),
    "objects": (directories, 1000),
    "signals": (signals, 500),
    "sameness": (sameness, 200),
}
PIECE = 200                                           # runs of one worker at a time


def run_piece(name: str, seed: int, count: int) -> Tally:
    """A part of a campaign, in a directory of its own."""
    with scratch() as out:
        return CAMPAIGNS[name][0](seed, count, out)


def campaign(seed: int, share: float) -> list[Tally]:
    """All of them, `share` times as large as full ones, on all processors. The same seed draws the same damage."""
    tallies = {name: Tally(name) for name in CAMPAIGNS}
    with ProcessPoolExecutor() as workers:
        pieces = [workers.submit(run_piece, name, seed * 1000003 + number, min(PIECE, count - number))
                  for name, (_, full) in CAMPAIGNS.items() for count in [max(4, round(full * share))]
                  for number in range(0, count, PIECE)]
        for piece in pieces:
            part = piece.result()
            tallies[part.name].counts += part.counts
            tallies[part.name].faults += part.faults
    return [*tallies.values()]


def main() -> int:
    """make torture: the table, and each fault."""
    seed, share = int(os.environ.get("SEED", "1")), float(os.environ.get("SHARE", "1"))
    tallies = campaign(seed, share)
    print(f"seed {seed}, {share:g} of a full campaign")
    print(" " * 12 + "".join(f"{column:>12}" for column in COLUMNS))
    print("\n".join(fault for tally in tallies for fault in [tally.line(), *tally.faults]))
    return any(tally.faults for tally in tallies)


if __name__ == "__main__":
    sys.exit(main())
