# SPDX-License-Identifier: Apache-2.0
"""All campaigns together, in pieces on all processors."""
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from lib.machine import scratch
from lib.torture import directories, ends, faults, images, reads, recovery, strings
from lib.torture.judge import COLUMNS, Tally

CAMPAIGNS: dict[str, tuple[Callable[[int, int, Path], Tally], int]] = {
    "flipped": (partial(images.mutated, resealed=False), 10000),
    "resealed": (partial(images.mutated, resealed=True), 10000),
    "recovery": (recovery.recovered, 1000),
    "objects": (directories.malformed, 1000),
    "strings": (strings.strings, 1500),
    "failures": (faults.failures, 3000),
    "absences": (faults.absences, 400),
    "short reads": (reads.short_reads, 500),
    "limits": (ends.limits, 1000),
    "signals": (ends.signals, 500),
    "sameness": (reads.sameness, 200),
}
PIECE = 200                                           # runs of one worker at a time


def run_piece(name: str, seed: int, count: int) -> Tally:
    """A part of a campaign, in a directory of its own."""
    with scratch() as out:
        return CAMPAIGNS[name][0](seed, count, out)


def run(seed: int, share: float, tell: Callable[[Tally], object] = lambda part: None) -> list[Tally]:
    """All of them, `share` times as large as full ones, on all processors. The same seed draws the same damage. `tell` hears of
    each piece."""
    tallies = {name: Tally(name) for name in CAMPAIGNS}
    with ProcessPoolExecutor() as workers:
        pieces = [workers.submit(run_piece, name, seed * 1000003 + number, min(PIECE, count - number))
                  for name, (_, full) in CAMPAIGNS.items() for count in [max(4, round(full * share))]
                  for number in range(0, count, PIECE)]
        for piece in as_completed(pieces):
            part = piece.result()
            tell(part)
            tallies[part.name].counts += part.counts
            tallies[part.name].faults += part.faults
    return [*tallies.values()]


def show(part: Tally) -> None:
    """What came of a piece, on stderr: a full campaign takes an hour."""
    print("\n".join([part.line(), *part.faults]), file=sys.stderr, flush=True)


def main() -> int:
    """make torture: the table, and each fault."""
    seed, share = int(os.environ.get("SEED", "1")), float(os.environ.get("SHARE", "1"))
    tallies = run(seed, share, show)
    print(f"seed {seed}, {share:g} of a full campaign")
    print(" " * 12 + "".join(f"{column:>12}" for column in COLUMNS))
    print("\n".join(fault for tally in tallies for fault in [tally.line(), *tally.faults]))
    return any(tally.faults for tally in tallies)
