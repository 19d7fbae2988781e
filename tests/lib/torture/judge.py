# SPDX-License-Identifier: Apache-2.0
"""What a run on damaged evidence may come to. The oracle is the run on what is whole: what differs from it must be explained,
a row that is lost by an error, a row that is new by the damaged object itself."""
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.machine import PROGRAM
from lib.reading import location
from lib.sanitizers import FINDING, environment

Essence = tuple[str, str, str, int | None]
HANG = 60                                             # seconds
COLUMNS = ("runs", "same", "reported", "crash", "hang", "silent loss", "invented", "left behind", "differs")
FINE = (0, 1, 3)                                      # exit codes of a run on damaged evidence
USAGE, OUTPUT, MEMORY, UNBORN = 2, 4, 5, 127          # of a run that failed, the last of one that the linker could not begin
OUTPUTS = ("rows", "errors", "manifest")


@dataclass
class Run:
    """What came out of one run."""
    code: int
    stderr: bytes
    rows: Counter = field(default_factory=Counter)    # to the number of times
    errors: list[dict] = field(default_factory=list)
    left: list[str] = field(default_factory=list)     # names in the directory of the outputs

    def crashed(self, ends: tuple[int, ...]) -> bool:
        """Did it end in a way that it never should, or without a word?"""
        return (self.code not in FINE + ends or self.code > 1 and not self.stderr or bool(FINDING.search(self.stderr))
                or b"does not balance" in self.stderr)

    def without(self, path: str) -> "Run":
        """The same without what is told of one path: the times of a directory change with its entries."""
        return Run(self.code, self.stderr, Counter({row: count for row, count in self.rows.items() if row[0] != path}),
                   self.errors)


def finish(command: list[Any], **how: Any) -> subprocess.CompletedProcess | None:
    """Run a command to its end. None: it hung, and was killed with all that it started."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **how) as process:
        try:
            stdout, stderr = process.communicate(timeout=HANG)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def read(evidence: Path, out: Path, *options: str) -> Run | None:
    """A run that writes to stdout; None: it hung."""
    errors = out / "errors"
    errors.unlink(missing_ok=True)
    done = finish([PROGRAM, "-q", "-f", "jsonl", "--errors", errors, "-o", "-", *options, evidence], env=environment())
    return done and Run(done.returncode, done.stderr, rows_of(done.stdout), errors_of(errors))


def write(evidence: Path, results: Path, *options: str, prefix: tuple[Any, ...] = (), **how: Any) -> Run | None:
    """A run that writes all its files into a directory, which is emptied before; None: it hung."""
    for path in results.iterdir():
        path.unlink()
    rows, errors, manifest = (results / name for name in OUTPUTS)
    done = finish([*prefix, PROGRAM, "-q", "-f", "jsonl", "-o", rows, "--errors", errors, "--manifest", manifest, *options,
                   evidence], **how)
    if not done:
        return None
    left = at_rest(results, evidence, done.returncode)
    return Run(done.returncode, done.stderr, rows_of(rows.read_bytes() if rows.exists() else b""), errors_of(errors), left)


def at_rest(results: Path, evidence: Path, code: int) -> list[str]:
    """What is in the directory of the outputs a moment after a run, when its helper has removed what is not complete. A run
    that ends at once before it has a helper leaves its temporary files to the next run, which removes them."""
    end = time.monotonic() + 2
    while (left := sorted(os.listdir(results))) and set(left) - set(OUTPUTS) and time.monotonic() < end:
        time.sleep(0.01)
    if (code < 0 or code == MEMORY) and set(left) - set(OUTPUTS):
        subprocess.run([PROGRAM, "-q", "-o", results / "next.txt", evidence], timeout=HANG, check=True, env=environment())
        (results / "next.txt").unlink()
    return sorted(os.listdir(results))


def rows_of(output: bytes) -> Counter:
    """The essence of each row, and how often it comes."""
    return Counter(map(essence, output.splitlines()))


def errors_of(path: Path) -> list[dict]:
    """The error items, if a file of them is there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass
class Damage:
    """One change of evidence: what it is, and the object that it hits (None: no path has it alone)."""
    what: str
    path: str | None = None
    times_change: bool = False                        # of all files, so that no time can be called made up
    absent: bool = False                              # it is said not to be there, nor is what lies below it
    ends: tuple[int, ...] = ()                        # exit codes of a run that could not go on
    may_stay: tuple[str, ...] = ()                    # names that such a run may leave; it leaves no others


@dataclass
class Tally:
    """The figures of a campaign, and what was wrong."""
    name: str
    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def judge(self, whole: Run, run: Run | None, damage: Damage) -> None:
        """Count one run, and keep what nothing explains."""
        if verdict := self.verdict(whole, run, damage):
            self.wrong(verdict, f"{damage.what}{f': exit {run.code}, left {run.left}, {run.stderr!r:.300}' if run else ''}")
        self.counts["runs"] += 1

    def verdict(self, whole: Run, run: Run | None, damage: Damage) -> str | None:
        """What is wrong with a run."""
        if run is None or run.crashed(damage.ends):
            return "crash" if run else "hang"
        failed = run.code in damage.ends
        if set(run.left) - set(damage.may_stay if failed else OUTPUTS):
            return "left behind"
        if failed:
            self.counts["reported"] += 1
            return None
        lost, new = whole.rows - run.rows, run.rows - whole.rows
        self.counts["reported"] += len(run.errors) > len(whole.errors)
        self.counts["same"] += not lost and not new
        if beyond(lost, damage) and len(run.errors) <= len(whole.errors):
            return "silent loss"
        return "invented" if not damage.times_change and made_up(whole, new, damage) else None

    def wrong(self, verdict: str, what: str) -> None:
        """Count and keep a fault."""
        self.counts[verdict] += 1
        self.faults.append(f"{self.name}: {verdict}: {what}")

    def line(self) -> str:
        """A line of the table."""
        return f"{self.name:12}" + "".join(f"{self.counts[column]:12}" for column in COLUMNS)


def essence(line: bytes) -> Essence:
    """What makes a row one. The rest may tell of another object as well: the host's name, what a layer below has."""
    try:
        row = json.loads(line)
    except ValueError:
        return "", "no JSON", repr(line), None        # which no whole run writes
    path = os.fsdecode(location(row)) if "pathspec" in row else ""
    return path, row["data_type"], row["timestamp_desc"], row.get("timestamp")


def beyond(rows: Counter, damage: Damage) -> list[Essence]:
    """Rows about anything but the damaged object."""
    if damage.path is None:
        return [*rows]
    below = damage.path.rstrip("/") + "/"
    return [row for row in rows if row[0] != damage.path and not (damage.absent and row[0].startswith(below))]


def made_up(whole: Run, rows: Counter, damage: Damage) -> list[Essence]:
    """Times that no undamaged object has. A damaged directory may name what is in it otherwise."""
    known = {(row[0], row[3]) for row in whole.rows}
    return [row for row in beyond(rows, damage)
            if (row[0], row[3]) not in known and not (damage.path is not None and row[0].startswith(damage.path + "/"))]


def fresh(path: Path) -> Path:
    """An empty directory there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path
