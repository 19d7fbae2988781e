#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: layertime beside the usual tools on the same evidence, as two tables in Markdown.

All commands run in turns (A B C ... A B C ...), so that a drift of the machine meets all of them; a ratio is the median
of the ratios of the rounds. Output goes to the null device. Each is run once unmeasured first, or with COLD=1 after
the page cache was dropped. A missed goal is no failure; a run that fails, or bytes that differ, are.

Environment: ENTRIES (1000000), ROUNDS (5), SLOW_ROUNDS (2: of mactime), TIMEOUT (900: seconds for one run), COLD (0),
BENCH_DIR (keeps the evidence), LAYERTIME, BENCH_TOOLS (where host and measure are)."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import BinaryIO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAYERTIME = os.environ.get("LAYERTIME", str(ROOT / "layertime"))
TOOLS = Path(os.environ.get("BENCH_TOOLS", ROOT / "build/bench"))
BENCH_DIR = Path(os.environ.get("BENCH_DIR") or f"{os.environ.get('TMPDIR', '/tmp')}/layertime-bench")
COLD = os.environ.get("COLD", "0") not in ("", "0")
IN_NAMESPACE = "LAYERTIME_BENCH_NAMESPACE"
STAT_FIELDS = "%p|%i|%M|%U|%G|%s|%A@|%T@|%C@\\n"


class Failure(Exception):
    """The bench cannot go on, or a run failed."""


def number(name: str, default: int) -> int:
    """A positive number from the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise Failure(f"{name}={text} is no positive number")
    return int(text)


@dataclass
class Cost:
    """What one run cost. One that ran into the time limit has at least this."""
    wall: float
    cpu: float
    peak: float  # MiB, of the largest process
    complete: bool = True


@dataclass
class Job:
    """A command, and what its runs cost: costs[n] is of round n."""
    name: str
    command: list[str]
    rounds: int
    tool: str = "layertime"
    costs: list[Cost] = field(default_factory=list)

    @property
    def missing(self) -> str:
        """The programs of the command that are not installed."""
        return ", ".join(tool for tool in self.tool.split(" ") if not shutil.which(tool)) if self.is_peer else ""

    @property
    def is_peer(self) -> bool:
        """Is it another tool?"""
        return self.tool != "layertime"


@dataclass
class Goal:
    """At most `limit` of `what` of a job, as a ratio to `to` if that is set."""
    job: str
    what: str
    limit: float
    to: str = ""
    unit: str = ""


GOALS = [
    Goal("image to body", "cpu", 0.15, "fls -m"),
    Goal("image to body", "wall", 0.15, "fls -m"),
    Goal("image to sorted JSONL", "cpu", 0.06, "fls -m, mactime"),
    Goal("pruned image to body", "cpu", 0.01, "fls -m, pruned image"),
    Goal("pruned image to body", "cpu", 1.5, "image to body"),
    Goal("mounted to body", "cpu", 0.75, "find -printf"),
    Goal("mounted to body", "wall", 0.50, "find -printf"),
    Goal("200,000 names in one directory", "wall", 1, unit="s"),
    Goal("image to body", "cpu", 4.6, "quarter image to body"),
    Goal("image to sorted JSONL", "cpu", 4.6, "quarter image to sorted JSONL"),
    Goal("image to sorted JSONL", "peak", 400, unit="bytes a file"),
    Goal("image to sorted JSONL, --memory 64M", "peak", 128, unit="MiB"),
]


class Bench:
    """The evidence, the jobs, and their runs."""

    def __init__(self) -> None:
        self.entries = number("ENTRIES", 1000000)
        self.rounds, self.timeout = number("ROUNDS", 5), number("TIMEOUT", 900)
        self.dir = BENCH_DIR / str(self.entries)
        self.mount = self.dir / "mnt"
        self.notes: list[str] = []
        self.jobs = self.choose_jobs(min(self.rounds, number("SLOW_ROUNDS", 2)))

    def image(self, name: str) -> str:
        """Path of an image."""
        return str(self.dir / f"{name}.img")

    def count(self, name: str) -> int:
        """Number of entries of an image."""
        return int((self.dir / f"{name}.entries").read_text(encoding="ascii"))

    def choose_jobs(self, slow: int) -> list[Job]:
        """All commands that can run here, in the order of a round."""
        host, pruned, mount, often = self.image("host"), self.image("pruned"), str(self.mount), self.rounds
        # The trap keeps bash alive until its children ended, so that their cost is known when time ran out.
        pipe = ["bash", "-c", 'trap : TERM; set -o pipefail; fls -r -m / "$0" | mactime -d -y', host]
        jobs = [
            Job("find -printf", ["find", mount, "-xdev", "-printf", STAT_FIELDS], often, "find"),
            Job("mac-robber", ["mac-robber", mount], often, "mac-robber"),
            Job("mounted to body", [LAYERTIME, mount, "-f", "body"], often),
            Job("fls -m", ["fls", "-r", "-m", "/", host], often, "fls"),
            Job("image to body", [LAYERTIME, host, "-f", "body"], often),
            Job("image to sorted text", [LAYERTIME, host, "-f", "text"], often),
            Job("image to sorted JSONL", [LAYERTIME, host, "-f", "jsonl"], often),
            Job("image to sorted JSONL, --memory 64M", [LAYERTIME, host, "-f", "jsonl", "--memory", "64M"], often),
            Job("fls -m, mactime", pipe, slow, "fls mactime"),
            Job("quarter image to body", [LAYERTIME, self.image("quarter"), "-f", "body"], often),
            Job("quarter image to sorted JSONL", [LAYERTIME, self.image("quarter"), "-f", "jsonl"], often),
            Job("200,000 names in one directory", [LAYERTIME, self.image("wide"), "-f", "body"], often),
            Job("pruned image to body", [LAYERTIME, pruned, "-f", "body"], often),
            Job("fls -m, pruned image", ["fls", "-r", "-m", "/", pruned], 1, "fls"),
        ]
        self.notes += [f"{job.name}: left out, not installed: {job.missing}" for job in jobs if job.missing]
        options = subprocess.run([LAYERTIME, "--help"], capture_output=True, text=True, check=False).stdout
        if "--memory" not in options:
            self.notes.append("--memory 64M: left out, this layertime has no such option")
        return [job for job in jobs if not job.missing and ("--memory" in options or "--memory" not in job.command)]

    def job(self, name: str) -> Job | None:
        """The job of this name, if it was run."""
        return next((job for job in self.jobs if job.name == name and job.costs), None)

    def prepare(self) -> None:
        """Make the evidence, mount it, and see that it is read to the end."""
        run([str(HERE / "evidence.sh"), str(TOOLS / "host"), str(self.dir), str(self.entries)])
        run(["mount", "-o", "loop,ro,noload", self.image("host"), str(self.mount)])
        for name in ("host", "quarter", "pruned", "wide"):
            say(f"checking {name}.img")
            rows, entries = read_output([LAYERTIME, self.image(name), "-f", "body"])[0], self.count(name)
            if rows < entries * 0.95:
                raise Failure(f"{name}.img: {rows} rows of {entries} entries")
            if name == "host":
                self.notes.append(f"host.img: {entries} entries, {rows} rows in the body file")
        limited = next((job.command for job in self.jobs if "--memory" in job.command), None)
        if limited:
            say("comparing the output with and without --memory")
            free = limited[:limited.index("--memory")]
            if read_output(limited) != read_output(free):
                raise Failure("--memory 64M: the output differs")
            self.notes.append("--memory 64M: same bytes as without (SHA-256)")

    def run_all(self) -> None:
        """All rounds. The first is not counted, unless cold; the slow peers have no part in it."""
        for turn in range(0 if COLD else -1, self.rounds):
            for job in self.jobs:
                if turn < job.rounds and (turn >= 0 or job.rounds == self.rounds):
                    say(f"round {turn + 1} of {self.rounds}: {job.name}")
                    cost = self.measure(job)
                    if turn >= 0:
                        job.costs.append(cost)

    def measure(self, job: Job) -> Cost:
        """One run."""
        result, errors = self.dir / "cost", self.dir / "stderr"
        if COLD:
            os.sync()
            Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
        result.unlink(missing_ok=True)
        with errors.open("wb") as stderr:
            complete = self.wait_for([str(TOOLS / "measure"), str(result), *job.command], stderr)
        status, wall, user, system, peak = result.read_text(encoding="ascii").split()
        if complete and status != "0":
            raise Failure(f"{job.name}: exit status {status}\n{errors.read_text(errors='replace')[-2000:]}")
        if not complete and not job.is_peer:
            raise Failure(f"{job.name}: not done after {self.timeout} s")
        return Cost(float(wall), float(user) + float(system), int(peak) / 1024, complete)

    def wait_for(self, command: list[str], stderr: BinaryIO) -> bool:
        """Run the command to its end, or to the time limit: then false."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                                   start_new_session=True)
        try:
            process.wait(self.timeout)
            return True
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def print_costs(self) -> None:
        """What each command cost."""
        rows = []
        for job in self.jobs:
            walls = [cost.wall for cost in job.costs]
            least = "" if all(cost.complete for cost in job.costs) else "> "
            spread = f"{min(walls):.2f} to {max(walls):.2f}"
            rows.append([job.name, job.tool.replace(" ", ", "), least + f"{median_of(job, 'cpu'):.2f}",
                         least + f"{median_of(job, 'wall'):.2f}", spread,
                         f"{median_of(job, 'peak'):.1f}" if not least else "-", str(len(walls))])
        print_table(["job", "program", "CPU s", "wall s", "wall s, least to most", "peak MiB", "rounds"], rows, 2)

    def print_goals(self) -> None:
        """What was aimed at, and what came of it."""
        rows = []
        for goal in GOALS:
            job, peer = self.job(goal.job), self.job(goal.to)
            what = {"cpu": "CPU", "wall": "wall", "peak": "peak"}[goal.what]
            against = f"{what}, ratio to {goal.to}" if goal.to else f"{what}, {goal.unit}"
            if not job or (goal.to and not peer):
                rows.append([goal.job, against, f"{goal.limit:g}", "-", "not measured"])
                continue
            value = ratio(job, peer, goal.what) if peer else median_of(job, goal.what)
            if goal.unit == "bytes a file":
                value *= 2**20 / self.count("host")
            shown = f"{value:.3g}" if value < 100 else f"{value:.0f}"
            result = verdict(value, goal.limit)
            if peer and not all(cost.complete for cost in peer.costs):
                shown, result = f"< {shown}", result if value <= goal.limit else "unknown, the peer was stopped"
            rows.append([goal.job, against, f"{goal.limit:g}", shown, result])
        print_table(["goal", "measure", "at most", "measured", "result"], rows, 2)

    def print_report(self) -> None:
        """All of it."""
        cache = "page cache dropped before each run" if COLD else "warm page cache"
        print("\n".join(f"* {line}" for line in [*describe_machine(), f"{cache}, medians of the rounds", *self.notes]))
        print()
        self.print_costs()
        print()
        self.print_goals()


def median_of(job: Job, what: str) -> float:
    """Median over the rounds of "cpu", "wall" or "peak"."""
    return median(getattr(cost, what) for cost in job.costs)


def ratio(job: Job, peer: Job, what: str) -> float:
    """Median of the ratios of the rounds that both were run in."""
    return median(getattr(own, what) / max(getattr(other, what), 1e-6) for own, other in zip(job.costs, peer.costs))


def verdict(value: float, limit: float) -> str:
    """Met or missed, and by how much."""
    if value <= limit:
        return f"met, {100 * (1 - value / limit):.0f} % to spare"
    return f"missed, {value / limit:.2g} times the goal"


def print_table(head: list[str], rows: list[list[str]], left: int) -> None:
    """Markdown that can be read as it is: the first `left` columns and the last of words to the left."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    words = [at < left or rows[0][at][-1:].isalpha() for at in range(len(head))]
    for row in [head, ["-" * (width - 1) + ("-" if word else ":") for width, word in zip(widths, words)], *rows]:
        cells = [cell.ljust(width) if word else cell.rjust(width) for cell, width, word in zip(row, widths, words)]
        print(f"| {' | '.join(cells)} |")


def first_line(*command: str) -> str:
    """What a command prints first, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    except OSError:
        return ""
    return (done.stdout.strip().splitlines() or [""])[0]


def lookup(path: str, key: str) -> str:
    """The value of the first line `KEY : VALUE` of a file in /proc."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def describe_machine() -> list[str]:
    """Where and of what this was measured."""
    memory = int(lookup("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    cores = len(os.sched_getaffinity(0))
    peers = [first_line("find", "--version"), first_line("fls", "-V")]
    robber = first_line("dpkg-query", "-W", "-f", "mac-robber ${Version}", "mac-robber")
    commit = first_line("git", "-c", "safe.directory=*", "describe", "--always", "--dirty", "--abbrev=12")
    return [f"{lookup('/proc/cpuinfo', 'model name')}, {cores} cores, {memory:.0f} GiB, kernel {os.uname().release}",
            ", ".join(peer for peer in [*peers, robber] if peer),
            f"{first_line(LAYERTIME, '--version')}, commit {commit or 'unknown'}"]


def read_output(command: list[str]) -> tuple[int, str]:
    """Number of lines of the output, and its SHA-256."""
    lines, digest = 0, hashlib.sha256()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while block := process.stdout.read(1 << 20):
            lines += block.count(b"\n")
            digest.update(block)
    if process.returncode:
        raise Failure(f"{' '.join(command)}: exit status {process.returncode}")
    return lines, digest.hexdigest()


def run(command: list[str]) -> None:
    """Run a command that must succeed."""
    status = subprocess.run(command, check=False).returncode
    if status:
        raise Failure(f"{' '.join(command)}: exit status {status}")


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def enter_namespace() -> None:
    """Start again in a mount namespace: nobody else sees what is mounted, and it goes with us however we end."""
    if os.geteuid():
        raise Failure("must be run as root: it mounts the evidence, and makes device files in it")
    if IN_NAMESPACE not in os.environ:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, __file__])


def main() -> int:
    """Measure and print."""
    # Ends like an interrupt: the command that is running is killed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.update(LC_ALL="C", TZ="UTC")
    try:
        enter_namespace()
        bench = Bench()
        bench.dir.mkdir(parents=True, exist_ok=True)
        with (bench.dir / "lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            bench.prepare()
            bench.run_all()
        bench.print_report()
    except BlockingIOError:
        say(f"bench: {BENCH_DIR} is in use by another run")
        return 1
    except Failure as problem:
        say(f"bench: {problem}")
        return 1
    except KeyboardInterrupt:
        say("bench: interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
