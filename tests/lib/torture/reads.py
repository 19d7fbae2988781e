# SPDX-License-Identifier: Apache-2.0
"""What must not change a byte of the output: threads, memory, the zone of this machine, and reads that give less than was
asked for."""
import random
import subprocess
from pathlib import Path

from lib.machine import PROGRAM
from lib.sanitizers import SANITIZERS, environment
from lib.torture.evidence import crowded
from lib.torture.judge import Tally, finish

FIRST = SANITIZERS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"  # a library may come before ASan


def timeline(evidence: Path, *options: str, **variables: str) -> tuple[int, bytes]:
    """Exit code and all bytes of a run; -1: it hung."""
    done = finish([PROGRAM, "-q", *options, evidence], env=environment(**variables))
    return (done.returncode, done.stdout) if done else (-1, b"")


def sameness(seed: int, count: int, out: Path) -> Tally:
    """The same bytes with any number of threads, memory, sandbox, locale and zone of this machine."""
    chance = random.Random(seed)
    tally = Tally("sameness")
    forms = ("csv", "jsonl", "body", "text", "l2tcsv")
    evidence = crowded(out)
    whole = {(path, form): timeline(path, "-f", form) for path in evidence for form in forms}
    for _ in range(count):
        path, form = chance.choice(evidence), chance.choice(forms)
        options = ("--threads", chance.choice("1238"), "--memory", chance.choice(("64K", "16M", "1G")),
                   *chance.choice(((), (), ("--no-sandbox",))))
        variables = {"TZ": chance.choice(("UTC", "Asia/Tokyo", "America/New_York")), "LC_ALL": chance.choice(("C", "C.UTF-8"))}
        count_same(tally, timeline(path, "-f", form, *options, **variables) == whole[path, form],
                   f"another output: {path.name} as {form}, {options}, {variables}")
    return tally


def count_same(tally: Tally, same: bool, what: str) -> None:
    """Count a run that has to be the same, to the byte."""
    tally.counts["runs"] += 1
    if same:
        tally.counts["same"] += 1
    else:
        tally.wrong("differs", what)


def short_reads(seed: int, count: int, out: Path) -> Tally:
    """Each read of a file gives as many bytes as it likes. Not a byte of the output may differ."""
    chance = random.Random(seed)
    tally = Tally("short reads")
    library = out / "short_reads.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, Path(__file__).with_name("short_reads.c"), "-ldl"],
                   check=True)
    evidence = crowded(out)
    whole = {path: timeline(path, "-f", "jsonl") for path in evidence}
    for _ in range(count):
        path, number = chance.choice(evidence), chance.randrange(1, 1 << 32)
        code, rows = timeline(path, "-f", "jsonl", LD_PRELOAD=str(library), SHORT_READS=str(number), ASAN_OPTIONS=FIRST)
        # libtsk, which reads segments, does not ask for the rest: that has to be said, and what is read has to be right.
        said = path == evidence[2] and code == 1 and set(rows.splitlines()) <= set(whole[path][1].splitlines())
        tally.counts["reported"] += said
        count_same(tally, said or (code, rows) == whole[path], f"{path.name}: another output with SHORT_READS={number}")
    return tally
