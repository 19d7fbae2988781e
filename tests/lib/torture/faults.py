# SPDX-License-Identifier: Apache-2.0
"""System calls that fail, one or all from some moment on. strace is what makes them fail."""
import random
import re
from collections import Counter, defaultdict
from pathlib import Path

from lib.sanitizers import traced_environment
from lib.torture.evidence import crowded, is_release
from lib.torture.judge import MEMORY, OUTPUT, OUTPUTS, USAGE, Damage, Run, Tally, fresh, write

# What the system may answer: a group of calls, each as likely as the next. Not close(), which releases the descriptor
# even where it fails, as strace does not.
ERRORS = {
    "openat openat2": "EIO ENOMEM EACCES EMFILE EINTR",
    "statx newfstatat": "EIO ENOENT ENOMEM EACCES",
    "read pread64 getdents64": "EIO ENOMEM EINTR",
    "readlinkat fstatfs llistxattr lgetxattr lseek": "EIO ENOMEM",
    "mmap mprotect": "ENOMEM",
    "write pwrite64 fsync": "EIO ENOSPC EINTR",
    "renameat2 fcntl": "EIO ENOSPC",
    "clone socketpair sendto sendmsg": "EMFILE ENOMEM EAGAIN",
    "prctl capset landlock_restrict_self seccomp flock": "EPERM ENOMEM",
}
ANSWERS = {call: errors.split() for calls, errors in ERRORS.items() for call in calls.split()}
FIRST = "signalfd4"                                   # of the program's own calls; before it the dynamic linker is at work
CALL = re.compile(r"^\d+ +(\w+)\(")
ENDS = (USAGE, OUTPUT, MEMORY)
FOR_GOOD = ("flock",)                                 # where locks work at all, they do each time
ONCE = ("write",)                                     # stderr has to say what was wrong
# Names are given one after the other, by a helper: the first stay where the next cannot be given, and all where the helper
# cannot say that it gave the last.
MAY_STAY = {"renameat2": ("errors", "manifest"), "sendto": ("errors", "manifest"), "sendmsg": OUTPUTS}


class Traced:
    """Runs on one evidence under strace. One thread, for strace counts the calls of each."""

    def __init__(self, evidence: Path, out: Path, *options: str) -> None:
        self.evidence, self.options, self.trace = evidence, ("--threads", "1", *options), out / "trace"
        self.results = fresh(out / "results")
        self.whole = self.run(f"trace={','.join(ANSWERS)},{FIRST}")
        assert self.whole and self.whole.code == 0, self.whole
        self.calls = self.count()

    def run(self, *expressions: str) -> Run | None:
        """A run, and what strace says of it."""
        words = [word for expression in expressions for word in ("-e", expression)]
        return write(self.evidence, self.results, *self.options, env=traced_environment(),
                     prefix=("strace", "-qq", "-f", "--seccomp-bpf", "-o", self.trace, *words))

    def count(self) -> dict[str, range]:
        """The numbers of the calls that the program and its helper made themselves."""
        made: dict[str, Counter] = defaultdict(Counter)
        linked: Counter = Counter()
        for line in self.trace.read_text(errors="replace").splitlines():
            if found := CALL.match(line):
                made[line.split()[0]][found[1]] += 1
                if found[1] == FIRST:
                    linked = Counter(made[line.split()[0]])
        most = {call: max(counts[call] for counts in made.values()) for call in ANSWERS}
        return {call: range(linked[call] + 1, most[call] + 1) for call in ANSWERS if most[call] > linked[call]}

    def injected(self) -> str | None:
        """The first call that failed, as strace shows it."""
        lines = self.trace.read_text(errors="replace").splitlines()
        return next((line.partition(" ")[2].strip() for line in lines if "INJECTED" in line), None)


def draw(chance: random.Random, traced: Traced) -> tuple[str, str, str]:
    """A call, the error, and when it comes: once, or from then on."""
    hard = () if is_release() else ("mmap", "mprotect")  # sanitizers end where memory does
    calls = chance.choice([made for group in ERRORS if (made := [call for call in group.split()
                                                                 if call in traced.calls and call not in hard])])
    call = chance.choice(calls)
    error, number = chance.choice(ANSWERS[call]), chance.choice(traced.calls[call])
    # Who is interrupted asks again, and for ever if the answer stays the same.
    ever = "+" if call in FOR_GOOD else "" if call in ONCE or error == "EINTR" else chance.choice(("", "", "", "+"))
    return call, error, f"{number}{ever}"


def failures(seed: int, count: int, out: Path) -> Tally:
    """A call fails, whichever it is: an error says so, or it did not matter."""
    chance = random.Random(seed)
    tally = Tally("failures")
    runs = [Traced(evidence, fresh(out / f"{evidence.name}{number}"), *options) for evidence in crowded(out)
            for number, options in enumerate(((), ("--memory", "64K")))]
    while tally.counts["runs"] < count:
        traced = chance.choice(runs)
        call, error, when = draw(chance, traced)
        run = traced.run(f"trace={call}", f"inject={call}:error={error}:when={when}")
        if failed := traced.injected():
            tally.judge(traced.whole, run, Damage(f"{traced.evidence.name}: {when}: {failed}", ends=ENDS,
                                                  may_stay=MAY_STAY.get(call, ())))
    return tally


def absences(seed: int, count: int, out: Path) -> Tally:
    """The system says of a path that it is not there. Nothing is read of it, then, but of all else, or an error says so."""
    chance = random.Random(seed)
    tally = Tally("absences")
    traced = Traced(crowded(out)[0], fresh(out / "traced"))
    while tally.counts["runs"] < count:
        run = traced.run("trace=openat2", f"inject=openat2:error=ENOENT:when={chance.choice(traced.calls['openat2'])}")
        if asked := re.search(r'"(.*)", \{', traced.injected() or ""):
            path = None if asked[1] == "." else f"/{asked[1]}"  # the root is there, for it is open
            tally.judge(traced.whole, run, Damage(f"no {asked[1]}", path, absent=True, ends=ENDS))
    return tally
