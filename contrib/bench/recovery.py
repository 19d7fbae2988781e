#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs to recover from a disk whose free blocks are full of data, beside reading these blocks with dd: `recovery.py`, as root.

The disks are small Docker hosts whose free space was filled with files, which were deleted then: noise, lines of logs, and text. On one
the journal still has a map of each, so that all are read and hashed; on the other it was written over, so that all free blocks are
searched for contents. The commands run in turns, so that a drift of the machine meets all of them; a ratio is the median of the ratios of the rounds. CPU is user and
system time of all processes. Prints Markdown.

Environment: SIZE (1024: MiB of the disk), ROUNDS (5), COLD (0: the page cache is warm; 1: it is dropped before each run), BENCH_DIR
($TMPDIR/layertime-bench: keeps the disk), LAYERTIME (./layertime), BENCH_TOOLS (build/bench: where host and measure are)."""

import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAYERTIME = os.environ.get("LAYERTIME", str(ROOT / "layertime"))
TOOLS = Path(os.environ.get("BENCH_TOOLS", ROOT / "build/bench"))
DIR = Path(os.environ.get("BENCH_DIR") or f"{os.environ.get('TMPDIR', '/tmp')}/layertime-bench")
SIZE, ROUNDS = int(os.environ.get("SIZE", "1024")), int(os.environ.get("ROUNDS", "5"))
COLD = os.environ.get("COLD", "0") not in ("", "0")
LIMIT = 1.5                                           # times the cost of dd
LARGE = 1 << 20                                       # bytes of a file that fills
COMMITS = 1000                                        # more than a journal of 4 MiB holds


@dataclass
class Job:
    """A command, and what each of its runs cost: wall seconds, CPU seconds, MiB."""
    name: str
    command: list[str]
    costs: list[tuple[float, float, float]] = field(default_factory=list)


def filling(seed: int) -> bytes:
    """The content of one file: noise, lines of a log, or text."""
    draw = random.Random(seed)
    if seed % 3 == 0:
        return draw.randbytes(LARGE)
    if seed % 3 == 1:
        line = '{"log":"%s request %08x served in %d ms\\n","stream":"stdout","time":"2026-07-01T10:%02d:%02d.%09dZ"}\n'
        lines = (line % (draw.choice(("GET", "PUT")), draw.getrandbits(32), draw.randrange(900), draw.randrange(60), draw.randrange(60),
                         draw.randrange(10**9)) for _ in range(LARGE // 100))
        return "".join(lines).encode()
    return " ".join(f"{draw.getrandbits(20):x}" for _ in range(LARGE // 6)).encode()


def make(image: Path, mount: Path, maps: bool) -> None:
    """A disk, with maps of what was deleted or without. It is unmounted cleanly, so that today's free blocks are those of the bitmaps in place."""
    part = image.with_suffix(".part")
    part.unlink(missing_ok=True)
    mount.mkdir(parents=True, exist_ok=True)
    run(["truncate", "-s", f"{SIZE}M", part])
    run(["mkfs.ext4", "-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", part])
    run(["mount", "-o", "loop,noatime,nodiscard", part, mount])
    try:
        run([TOOLS / "host", mount, "2000", "10", "0"])
        run([HERE / "records.py", mount])
        (mount / "fill").mkdir()
        number = 0
        try:
            while True:
                (mount / f"fill/{number}").write_bytes(filling(number))
                number += 1
        except OSError as error:
            print(f"{number} files until: {error.strerror}", file=sys.stderr)
        run(["sync", "-f", mount])
        run(["rm", "-rf", mount / "fill"])
        for number in range(0 if maps else COMMITS):
            with open(mount / "committed", "wb", buffering=0) as out:
                out.write(b"%d" % number)
                os.fsync(out.fileno())
    finally:
        run(["umount", mount])
    part.rename(image)


def run(command: list[object]) -> None:
    """Run a command that must not fail."""
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def free_runs(image: Path) -> tuple[int, list[tuple[int, int]]]:
    """The size of a block, and the runs of free blocks as first and count, as dumpe2fs tells."""
    told = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    block = re.search(r"Block size: +(\d+)", told)
    runs: list[tuple[int, int]] = []
    for text in re.findall(r"^  Free blocks: (.*)$", told, re.M):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
            runs.append((int(first), int(last or first) - int(first) + 1))
    assert block
    return int(block[1]), runs


def measure(job: Job) -> None:
    """One run."""
    cost = DIR / "cost"
    if COLD:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
    with open(os.devnull, "wb") as nowhere:
        subprocess.run([TOOLS / "measure", cost, *job.command], check=True, stdout=nowhere, stderr=nowhere)
    status, wall, user, system, peak = cost.read_text(encoding="ascii").split()
    if status != "0":
        raise SystemExit(f"{job.name}: exit {status}")
    job.costs.append((float(wall), float(user) + float(system), int(peak) / 1024))


def ratio(job: Job, to: Job, what: int) -> float:
    """Median of the ratios of the rounds."""
    return median(one[what] / max(other[what], 1e-6) for one, other in zip(job.costs, to.costs))


def compare(maps: bool) -> None:
    """Make the disk, run all rounds, print the table."""
    image = DIR / f"recovery-{SIZE}-{'maps' if maps else 'no-maps'}.img"
    if not image.exists():
        make(image, DIR / "mnt", maps)
    block, runs = free_runs(image)
    size = sum(count for _, count in runs) * block
    script = "".join(f"dd if={image} of=/dev/null bs=1M iflag=skip_bytes,count_bytes skip={first * block} count={count * block} status=none\n"
                     for first, count in runs)
    (DIR / "free.sh").write_text("set -e\n" + script, encoding="ascii")
    dd = Job("dd of the free blocks", ["sh", str(DIR / "free.sh")])
    jobs = [dd, Job("recover --list", [LAYERTIME, "recover", "--list", "-q", "-o", "/dev/null", "--force", str(image)]),
            Job("containers", [LAYERTIME, "containers", "-q", str(image)])]
    for turn in range(0 if COLD else -1, ROUNDS):
        for job in jobs:
            measure(job)
            if turn < 0:
                job.costs.clear()
    print(f"{'The journal has maps' if maps else 'No maps'}: {size / 2**20:.0f} MiB free in {len(runs)} runs, {SIZE} MiB in all; "
          f"{'cold' if COLD else 'warm'} page cache, medians of {ROUNDS} rounds.\n\n"
          "| job | CPU s | wall s | peak MiB | CPU, times dd | wall, times dd |\n|---|--:|--:|--:|--:|--:|")
    for job in jobs:
        wall, cpu, peak = (median(cost[what] for cost in job.costs) for what in range(3))
        print(f"| {job.name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {ratio(job, dd, 1):.2f} | {ratio(job, dd, 0):.2f} |")
    value = ratio(jobs[1], dd, 0)
    print(f"\nrecover --list takes {value:.2f} times as long as dd: {'within' if value <= LIMIT else 'more than'} {LIMIT:g} times.\n", flush=True)


def main() -> int:
    """Both disks."""
    DIR.mkdir(parents=True, exist_ok=True)
    for maps in (True, False):
        compare(maps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
