# SPDX-License-Identifier: Apache-2.0
"""Runs that are ended: by signals, by limits of resources, by a full disk."""
import math
import os
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from lib import disks, hosts
from lib.machine import PROGRAM
from lib.sanitizers import FINDING, environment
from lib.torture.evidence import crowded, is_release, talkative
from lib.torture.judge import HANG, MEMORY, OUTPUT, OUTPUTS, UNBORN, Damage, Run, Tally, at_rest, fresh, write

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGXCPU, signal.SIGALRM,
           signal.SIGKILL)


def signals(seed: int, count: int, out: Path) -> Tally:
    """Runs that are killed at some moment: no file stays behind, and the program dies of the signal or was done."""
    chance = random.Random(seed)
    tally = Tally("signals")
    host, results = hosts.shop(out / "host"), out / "killed"
    begin = time.monotonic()
    write(host.root, fresh(results))
    takes = time.monotonic() - begin
    for _ in range(count):
        number, after = chance.choice(SIGNALS), chance.random() * takes
        names = [fresh(results) / name for name in OUTPUTS]
        with subprocess.Popen([PROGRAM, "-q", "-f", "jsonl", "-o", names[0], "--errors", names[1], "--manifest", names[2],
                               host.root], stderr=subprocess.PIPE, env=environment()) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            try:
                stderr = process.communicate(timeout=HANG)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                stderr = b""                           # the code tells
        left = at_rest(results, host.root, process.returncode)
        tally.counts["runs"] += 1
        tally.counts["reported" if process.returncode else "same"] += 1
        # One that comes while names are given leaves those that are; the timeline is the last.
        explained = left in ([], ["errors"], ["errors", "manifest"]) and process.returncode or left == sorted(OUTPUTS)
        if FINDING.search(stderr) or process.returncode not in (0, -number) or not explained:
            tally.wrong("left behind" if not explained else "crash",
                        f"{number.name} after {after:.4f} s: exit {process.returncode}, left {left}")
    return tally


# The least and the most that is drawn, and how a run may end that could not go on.
LIMITS = {
    "fsize": (1, 1 << 20, (OUTPUT,)),
    "nofile": (3, 64, (OUTPUT, UNBORN)),
    "as": (1 << 24, 1 << 28, (MEMORY, UNBORN)),
    "data": (1 << 17, 1 << 25, (MEMORY, UNBORN)),
    "stack": (1 << 12, 1 << 23, (MEMORY, UNBORN, -signal.SIGSEGV)),
    "disk": (4096, 1 << 20, (OUTPUT,)),
    "inodes": (2, 8, (OUTPUT,)),
    "cpu": (1, 2, (-signal.SIGXCPU, -signal.SIGKILL)),
}


def kinds() -> list[str]:
    """The limits that can be set here. What takes a second is seldom."""
    hard = [] if is_release() else ["as", "data", "stack"]
    mounts = [] if disks.can_mount() else ["disk", "inodes"]
    return [kind for kind in LIMITS if kind not in [*hard, *mounts, "cpu"]] * 5 + ["cpu"]


def limited(kind: str, most: int, evidence: Path, results: Path, *options: str) -> Run | None:
    """A run with that limit."""
    with ExitStack() as stack:
        if kind in ("disk", "inodes"):
            sizes = f"size={most}" if kind == "disk" else f"nr_inodes={most}"
            results = stack.enter_context(disks.mount("layertime-test", "tmpfs", sizes))
            return write(evidence, results, *options, env=environment(TMPDIR=str(results)))
        soft = f"1:{most}" if kind == "cpu" else f"{most}:{most}"
        return write(evidence, results, *options, env=environment(), prefix=("prlimit", f"--{kind}={soft}"))


def limits(seed: int, count: int, out: Path) -> Tally:
    """A run that does not get what it needs says so and leaves nothing, or does with less."""
    chance = random.Random(seed)
    tally = Tally("limits")
    results = fresh(out / "results")
    evidence = crowded(out)
    slow = talkative(out / "talkative")
    whole: dict[Path, Run | None] = {}
    choice = kinds()
    for _ in range(count):
        kind = chance.choice(choice)
        least, most, ends = LIMITS[kind]
        limit = round(math.exp(chance.uniform(math.log(least), math.log(most))))
        path = slow if kind == "cpu" else chance.choice(evidence)
        options = chance.choice(((), ("--memory", "64K"), ("--threads", "4")))
        if path not in whole:
            whole[path] = write(path, results)
        run = limited(kind, limit, path, results, *options)
        if run and run.code == -signal.SIGSEGV and MEMORY in ends:
            run = limited(kind, limit, path, results, "--no-sandbox", *options)  # libseccomp ends so where malloc() fails
        tally.judge(whole[path], run, Damage(f"{path.name}, {kind} {limit}, {' '.join(options)}", ends=ends))
    return tally
