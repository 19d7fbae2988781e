# SPDX-License-Identifier: Apache-2.0
"""What was deleted, when at the earliest and the latest, and what that hid: does the program say so?

What is right follows from the merged views of overlay_truth.py and from the recorded actions of the case. By hand, in
tests/: python3 -m lib.deletion_check CASE ROWS [STATE] judges a JSONL output. It prints how many times are exact and how wide
the others are. LAYERTIME_EVIDENCE names the folder of the cases.
"""
import fnmatch
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lib import overlay_truth, truth
from lib.machine import EVIDENCE
from lib.overlay_truth import Entry, LayeredCase
from lib.reading import Row
from lib.truth import NEAR, TICK


@dataclass
class Deletion:
    """A path that is gone from a container; `mark` is the whiteout or opaque directory that says so."""
    container: str
    path: bytes
    mark: Entry
    hidden: Entry
    span: tuple[int, int] | None = None               # the clock before and after the action that did it


@dataclass
class Judgement:
    """What was found wrong, and the figures."""
    problems: list[str] = field(default_factory=list)
    exact: int = 0
    timed: int = 0                                    # deletions whose action is recorded
    widths: list[int] = field(default_factory=list)   # of the intervals, ns

    def add(self, other: "Judgement") -> None:
        """Sum up."""
        self.problems += other.problems
        self.exact += other.exact
        self.timed += other.timed
        self.widths += other.widths

    def figures(self) -> str:
        """A line for a human."""
        total = self.exact + len(self.widths)
        width = f"{statistics.median(self.widths) / 1e9:.3f} s" if self.widths else "-"
        return (f"{total} deletions by containers, {self.timed} of them with a recorded action; exact {self.exact}"
                f" ({100 * self.exact / max(total, 1):.0f} %), median width of the others {width}")


def removals(host: LayeredCase) -> Iterator[tuple[str, str, int, int]]:
    """Container ID, path pattern, clock before and after: by docker exec, and by a container's own command, which may
    go on until the container has finished."""
    yield from host.case.removals()
    ends = {c["Id"]: truth.iso_ns(c["State"]["FinishedAt"]) for c in host.containers.values()}
    for action in truth.actions(host.case.truth):
        if action.what == "container_run" and action.container in ends:
            yield from ((action.container, path, action.before, max(action.after, ends[action.container] or 0))
                        for path in truth.removed_by(truth.script_of(action), ("rm",)))


def span_of(path: bytes, done: list[tuple[str, str, int, int]]) -> tuple[int, int] | None:
    """The last removal of a path, or of a directory above it."""
    names = [name.decode("utf-8", "surrogateescape") for name in (path, *overlay_truth.parents(path))]
    spans = [(before, after) for _cid, pattern, before, after in done
             if any(name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern) for name in names)]
    return spans[-1] if spans else None


def of_container(host: LayeredCase, name: str) -> list[Deletion]:
    """Every whiteout of the rw layer, and what its opaque directories hid and do not have again; without whiteouts (vfs),
    what is not there any more. Of a directory that is gone whole only itself."""
    container, lower, merged = host.containers[name]["Id"], host.lower(name), host.merged(name)
    done = [removal for removal in removals(host) if removal[0] == container]
    marks = {path: (mark, lower[path]) for path, mark in host.whiteouts(host.rw(name)).items() if path in lower}
    if host.driver == "vfs":                          # no marks: what the copy lacks that it was made from
        rows = {entry.path: entry for entry in host.layers[host.rw(name)]}
        gone = {path: next(overlay_truth.parents(path)) for path in lower if path not in merged}
        marks = {path: (rows[above], lower[path]) for path, above in gone.items() if above in merged}
    for entry in host.layers[host.rw(name)]:
        if entry.kind == "d" and host.opaque(entry):
            marks |= {path: (entry, lower[path]) for path in lower if path not in merged
                      and entry.path in overlay_truth.parents(path) and next(overlay_truth.parents(path)) in merged}
    return [Deletion(container, path, *marks[path], span_of(path, done)) for path in sorted(marks)]


def hidden_faults(host: LayeredCase, wanted: Entry, row: Row) -> Iterator[str]:
    """What is wrong in what a row tells of the entry that was hidden. Sizes of directories say nothing."""
    want = {"hides_layer": host.layer_id(wanted.layer), "hides_mode": int(wanted.node["mode"], 8) & 0o7777}
    if wanted.kind == "f":
        want["hides_size"] = int(wanted.node["size"])
    yield from truth.faults(want, row)
    if truth.iso_ns(row.get("hides_modified")) != wanted.time("mtime"):
        yield f"hides_modified {row.get('hides_modified')}, not {wanted.node['mtime']}"


def bounds_of(row: Row) -> tuple[int | None, int | None]:
    """First and last, for both kinds of confidence."""
    if row.get("confidence") == "exact":
        return row["date_time"], row["date_time"]
    return truth.iso_ns(row.get("time_first")), truth.iso_ns(row.get("time_last"))


def time_faults(host: LayeredCase, wanted: Deletion, row: Row) -> Iterator[str]:
    """What is wrong in the time of a row: against the action, and against the rules for whiteouts of overlay."""
    first, last = bounds_of(row)
    yield from truth.faults({"confidence": ("exact", "bounded")}, row)
    if first is None or last is None or not first <= row["date_time"] <= last:
        yield f"no interval: {first} to {last}, most likely {row['date_time']}"
        return
    if row["confidence"] == "exact" and (row.get("time_first") or row.get("time_last")):
        yield "exact, and with bounds"
    if wanted.span:
        before, after = wanted.span
        slack = NEAR if row["confidence"] == "exact" else 0
        if last < before - TICK - slack or first > after + slack:
            yield f"{row['confidence']} {first} to {last}, but the action lasted from {before} to {after}"
    born, changed = wanted.mark.time("birth"), wanted.mark.time("ctime")
    if wanted.mark.kind == "d" and host.opaque(wanted.mark) and (row["confidence"] == "exact" or last > born):
        yield f"{row['confidence']}, until {last}, but it was gone when the directory was made anew at {born}"
    if host.driver == "overlay2" and wanted.mark.kind == "c":
        if changed - born <= NEAR and row["confidence"] != "exact":
            yield f"not exact, but the whiteout's ctime is {changed - born} ns after its birth"
        if not born <= first or last > changed:
            yield f"{first} to {last} leaves the whiteout's times, {born} to {changed}"


def judge(host: LayeredCase, name: str, rows: Iterable[Row]) -> Judgement:
    """Compare the deletion rows of a container's rw layer with what was deleted."""
    result, by_path = Judgement(), defaultdict(list)
    for row in rows:
        by_path[row["filename"].replace(b"/.wh.", b"/") if host.driver == "aufs" else row["filename"]].append(row)
    for wanted in of_container(host, name):
        found = by_path.pop(wanted.path, [])
        if len(found) != 1:
            result.problems.append(f"{name} {truth.show(wanted.path)}: {len(found)} deletion rows")
            continue
        row = found[0]
        faults = [*time_faults(host, wanted, row), *hidden_faults(host, wanted.hidden, row)]
        faults += truth.faults({"change": ("deleted", "renamed"), "layer_role": "rw"}, row)
        result.problems += [f"{name} {truth.show(wanted.path)}: {fault}" for fault in faults]
        result.timed += wanted.span is not None
        first, last = bounds_of(row)
        if row.get("confidence") == "exact":
            result.exact += 1
        elif first is not None and last is not None:
            result.widths.append(last - first)
    lower, merged = host.lower(name), host.merged(name)
    for path in by_path:
        if path not in lower or path in merged:
            result.problems.append(f"{name} {truth.show(path)}: a deletion of what is still there, or never was")
    return result


def judge_case(host: LayeredCase, rows: Path) -> Judgement:
    """All containers of a case."""
    by_container, total = defaultdict(list), Judgement()
    for row in truth.read_rows(rows):
        if row["data_type"] == "fs:stat" and row["timestamp_desc"] == truth.DELETION and row.get("layer_role") == "rw":
            if "unallocated" not in row.get("tag", ()):
                by_container[row.get("container_identifier")].append(row)
    for name, container in host.containers.items():
        total.add(judge(host, name, by_container.pop(container["Id"], [])))
    total.problems += [f"deletions by {cid}, which is unknown" for cid in by_container]
    return total


def by_images(host: LayeredCase) -> dict[tuple[bytes, bytes], Entry | None]:
    """What image layers take away: by the place of the mark and the path inside, the entry that it hides, if any."""
    wanted: dict[tuple[bytes, bytes], Entry | None] = {}
    for chain in host.case.chains.values():
        for number, layer in enumerate(chain):
            below = host.view(tuple(reversed(chain[:number]))) if number else {}
            after = host.view(tuple(reversed(chain[:number + 1])))
            wanted |= {(mark.location, path): below.get(path) for path, mark in host.whiteouts(layer).items()}
            for entry in host.layers.get(layer, []):
                if entry.kind == "d" and host.opaque(entry):
                    wanted |= {(entry.location, path): below[path] for path in below if path not in after
                               and entry.path in overlay_truth.parents(path)
                               and next(overlay_truth.parents(path)) in after}
    return wanted


def judge_images(host: LayeredCase, rows: Path | Iterable[Row]) -> tuple[int, list[str]]:
    """How many deletions by image layers of this host there are, and what is wrong in the rows of them."""
    found: dict[tuple[bytes, bytes], Row] = {}
    problems, wanted = [], by_images(host)
    for row in truth.read_rows(rows):
        if row["timestamp_desc"] == truth.DELETION and row.get("layer_role") == "image" and host.case.locate(
                row["location"])[1] in host.layers:
            key = row["location"], row["filename"].replace(b"/.wh.", b"/")
            problems += [f"{truth.show(key)}: twice"] * (key in found)
            found[key] = row
    problems += [f"{truth.show(place)}: deletes {truth.show(path)}?" for place, path in found.keys() - wanted.keys()]
    for (place, path), hidden in wanted.items():
        if not (row := found.get((place, path))):
            problems.append(f"{truth.show(place)}: nothing of {truth.show(path)}")
        elif hidden:
            problems += [f"{truth.show(path)}: {fault}" for fault in hidden_faults(host, hidden, row)]
        elif told := sorted(row.keys() & {"hides_layer", "hides_size", "hides_mode", "hides_modified"}):
            problems.append(f"{truth.show(path)}: hid nothing, but has {told}")
    return len(wanted), problems


def main() -> int:
    """The command line; returns the exit status."""
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    total = judge_case(LayeredCase(sys.argv[1], *sys.argv[3:]), Path(sys.argv[2]))
    print(*total.problems, total.figures(), sep="\n")
    return 1 if total.problems else 0


if __name__ == "__main__":
    assert EVIDENCE.is_dir(), "LAYERTIME_EVIDENCE"
    sys.exit(main())
