# SPDX-License-Identifier: Apache-2.0
"""How near is the time of a deletion to the action that did it? In tests/: python3 -m lib.deletion_times CASE=ROWS...
prints a line for each JSONL output of a case: how many deletions by containers have a recorded action, the share that lies
within 50 ms of it, and the worst miss. An action lies between the clock before and after it. LAYERTIME_EVIDENCE names the
folder of the cases.
"""
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lib import truth
from lib.deletion_check import bounds_of, span_of
from lib.machine import EVIDENCE
from lib.reading import Row
from lib.truth import NEAR, TICK

IN_CONTAINER = re.compile(r"(docker exec|ctr .*task exec) ")
VERBS = ("rm", "mv", "rmdir", "unlink")


@dataclass
class Times:
    """The figures of one output, and what contradicts the actions."""
    timed: int = 0
    near: int = 0
    worst: int = 0                                    # ns between the time of a row and its action
    exact: int = 0
    example: str = ""
    outside: list[str] = field(default_factory=list)  # deletions whose interval does not meet their action

    def line(self, name: str) -> str:
        """For a human."""
        share = f"{100 * self.near / self.timed:.1f} %" if self.timed else "-"
        return f"{name:28} {self.timed:4} {self.exact:5} {self.near:5} {share:>8} {self.worst / 1e9:11.6f} s  {self.example}"


def ends_of(folder: Path) -> dict[str, int]:
    """When each container ended, by the time that the runtime told."""
    return {c["Id"]: truth.iso_ns(c["State"]["FinishedAt"]) or 0 for c in truth.inspected(folder)
            if isinstance(c.get("State"), dict)}


def removals(folder: Path) -> Iterable[tuple[str, str, int, int]]:
    """Container, path pattern, clock before and after, in order: by commands that were run in containers, and by their own.
    These may go on until the container has ended."""
    ends = ends_of(folder)
    for action in truth.actions(folder):
        after = action.after
        if action.what == "container_run":
            after = max(after, ends.get(action.container, 0))
        elif not IN_CONTAINER.match(action.command):
            continue
        for path in truth.removed_by(truth.script_of(action), VERBS) if action.status == "0" else ():
            yield action.container, path, action.before, after


def measure(folder: Path, rows: Path | Iterable[Row]) -> Times:
    """Compare the deletions by containers in an output with the recorded actions of its case, whose truth/ is `folder`."""
    done, times = list(removals(folder)), Times()
    for row in truth.read_rows(rows):
        if row["timestamp_desc"] != truth.DELETION or row.get("layer_role") != "rw" or "unallocated" in row.get("tag", ()):
            continue
        path, owner = row["filename"].replace(b"/.wh.", b"/"), row.get("container_identifier")
        span = span_of(path, [removal for removal in done if removal[0] == owner])
        if not span:
            continue
        before, after = span[0] - TICK, span[1]
        miss = max(before - row["date_time"], row["date_time"] - after, 0)
        times.timed += 1
        times.exact += row["confidence"] == "exact"
        times.near += miss <= NEAR
        if miss > times.worst:
            times.worst, times.example = miss, f"{row.get('container_name')} {truth.show(path)}"
        first, last = bounds_of(row)
        if (last or after) < before - NEAR or (first or before) > after + NEAR:
            times.outside.append(f"{row.get('container_name')} {truth.show(path)}: {first} to {last}, not {span}")
    return times


def main() -> int:
    """The command line; returns the exit status."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(f"{'output':28} timed exact  near    share  worst miss")
    wrong = []
    for word in sys.argv[1:]:
        case, _, rows = word.partition("=")
        times = measure(EVIDENCE / case / "truth", Path(rows))
        print(times.line(Path(rows).stem))
        wrong += times.outside
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    assert EVIDENCE.is_dir(), "LAYERTIME_EVIDENCE"
    sys.exit(main())
