# SPDX-License-Identifier: Apache-2.0
"""An independent oracle: does layertime's JSONL say what the recorded truth of a case says, no more and no less?

It judges all times and attributes of files, whose they are, the life cycle of containers, log lines, and deletions. What is
right comes from truth.py. By hand, in tests/: python3 -m lib.case_check CASE_DIR ROWS. Exit status 1 if anything is missing,
extra or wrong. Notes are for a human.
"""
import argparse
import fnmatch
import hashlib
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from lib.reading import Row, short, unescape
from lib.truth import (DELETION, LOG_PIECE, NEAR, TICK, TIMES, Case, Layer, faults, iso_ns, read_rows, sharers, show)

TYPES = dict(zip("fdlbcps", ("file", "directory", "link", "block_device", "character_device", "pipe", "socket")))


@dataclass
class Result:
    """The outcome of one check. `found` counts the expected items which are there, right or wrong."""
    expected: int = 0
    found: int = 0
    missing: int = 0
    extra: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def expect(self, found: object, text: str) -> bool:
        """Count an expected item, as missing if it was not found; returns whether it was."""
        self.expected += 1
        self.found += bool(found)
        return bool(found) or self.report("missing", text)

    def report(self, kind: str, text: str) -> bool:
        """Count a missing, extra or wrong item and keep a line about it; returns False."""
        setattr(self, kind, getattr(self, kind) + 1)
        self.examples.append(f"{kind}: {text}")
        return False

    @property
    def ok(self) -> bool:
        return not self.missing + self.extra + self.wrong


def expected_stat(node: Row, time: int, whiteout: bool) -> Row:
    """The fields of one fs:stat row of a file."""
    kind = TYPES[node["type"]]
    only = {"file": {"file_size": int(node["size"])}, "link": {"symbolic_link_target": unescape(node["link"])}}
    return {"date_time": time, "inode": node["inode"], "mode": int(node["mode"], 8) & 0o7777,
            "owner_identifier": int(node["uid"]), "group_identifier": int(node["gid"]),
            "number_of_links": int(node["nlink"]), "file_entry_type": (kind, "whiteout") if whiteout else kind,
            **only.get(kind, {})}


def check_files(case: Case, rows: list[Row]) -> Result:
    """Four times and all attributes of every file in layers, container directories and volumes; elsewhere if there."""
    result, seen, others = Result(), set(), Counter(r["timestamp_desc"] for r in rows)
    for row in (r for r in rows if r["timestamp_desc"] in TIMES):
        path, desc = row["location"], row["timestamp_desc"]
        node, text = case.nodes.get(path), f"{desc} of {show(path)}"
        time = node["times"].get(desc, ...) if node else None
        if time is None or (path, desc) in seen:
            result.report("extra", f"{text}: {'no path' if not node else 'no time' if time is None else 'again'}")
        elif time is not ... and (bad := faults(expected_stat(node, time, case.is_whiteout(path)), row)):
            result.report("wrong", f"{text}: {'; '.join(bad)}")
        seen.add((path, desc))
    for path, node in case.nodes.items():
        for desc, time in node["times"].items() if case.locate(path)[0] else ():
            if time is not None:
                result.expect((path, desc) in seen, f"{desc} of {show(path)}")
    result.notes = [f"{others[d]} fs:stat rows of {d!r} not judged" for d in others if d not in (*TIMES, DELETION)]
    return result


def expected_owner(case: Case, path: bytes) -> Row:
    """The fields that say whose a file is. Empty if it is nobody's or not known."""
    area, name, rest = case.locate(path)
    want, owner = {"container_runtime": "docker", "filename": path}, None
    if area == "layer" and (layer := case.layers.get(name)):
        owner = layer.container
        names = (rest, rest.replace(b"/.wh.", b"/")) if b"/aufs/" in name and b"/.wh." in rest else rest or b"/"
        want |= {"layer_role": layer.role, "filename": names}
        if not owner:
            want |= {"layer_identifier": layer.diff_id, "image_identifier": (None, *layer.images),
                     "container_identifier": (None, *layer.containers)}
            want |= sharers("containers", layer.containers) | sharers("images", layer.images)
    elif area == "containers" and name.decode() in case.existing:
        owner = next((c for c in case.containers if c["Id"] == name.decode()), None)
        want |= {"layer_role": "config", "container_identifier": name.decode()}
    elif area == "volumes" and (rest + b"/").startswith(b"/_data/"):
        users = [(c, m["Destination"]) for c in case.containers for m in c["Mounts"] if m.get("Name") == name.decode()]
        want |= {"layer_role": "volume", "volume_name": name.decode(), "container_identifier": None}
        if len(users) == 1:
            owner, want["filename"] = users[0][0], users[0][1].encode() + rest[len(b"/_data"):]
    if owner:
        want |= {"container_identifier": owner["Id"], "container_name": owner["Name"][1:]}
        want["image_identifier"] = owner["Image"]
    return want if "layer_role" in want else {}


def check_owner(case: Case, rows: list[Row]) -> Result:
    """Whose every file in layers, container directories and volumes is, on all of its rows; no unknown owners."""
    result, by_path = Result(), defaultdict(list)
    known = {"", *map(short, case.existing)}
    for row in rows:
        by_path[row["location"]].append(row)
        if owners := {short(row.get("container_identifier") or ""), *row["used_by_containers"]} - known:
            result.report("extra", f"{show(row['location'])} belongs to {show(owners)}, which is unknown")
    for path, node in case.nodes.items():
        want = expected_owner(case, path) if node["times"] else {}
        if want and result.expect(path in by_path, show(path)):
            # What was deleted from a directory is named by rows at its place: deletion_check judges them.
            own = [row for row in by_path[path] if row["timestamp_desc"] != DELETION or node["type"] != "d"]
            if bad := {fault for row in own for fault in faults(want, row)}:
                result.report("wrong", f"{show(path)}: {'; '.join(sorted(bad))}")
    unknown = {name for area, name, _ in map(case.locate, case.nodes) if area == "layer"} - case.layers.keys()
    result.notes = [f"not known whose layer this is: {show(name)}" for name in sorted(unknown)]
    return result


def check_lifecycle(case: Case, rows: list[Row]) -> Result:
    """One row each for created, last started and last finished, as docker inspect has them, and no others."""
    result, events = Result(), defaultdict(list)
    for row in rows:
        events[row.get("container_identifier"), row.get("action")].append(row)
    for container in case.containers:
        for action, desc, value in (("create", "Creation Time", container["Created"]),
                                    ("start", "Start Time", container["State"]["StartedAt"]),
                                    ("finish", "End Time", container["State"]["FinishedAt"])):
            if action == "finish" and case.is_boot(iso_ns(value)):
                continue  # found dead when the daemon started: no death
            key, text = (container["Id"], action), f"{action} of {container['Name'][1:]}, by inspect at {value}"
            if iso_ns(value) is not None and result.expect(events[key], text):
                if bad := faults({"date_time": iso_ns(value), "timestamp_desc": desc}, events[key].pop(0)):
                    result.report("wrong", f"{text}: {'; '.join(bad)}")
    for row in (row for others in events.values() for row in others):
        result.report("extra", f"{row.get('action')} of {show(row.get('container_identifier'))} at {row['date_time']}")
    result.notes = [f"no docker inspect of {cid}" for cid in case.existing - {c["Id"] for c in case.containers}]
    return result


def json_log(lines: list[tuple[str, int, str]]) -> bytes:
    """The json-file log which Docker would have written for these lines, byte for byte."""
    out, short = [], {"\n": r"\n", "\r": r"\r", '"': r"\"", "\\": r"\\"}
    for stream, time, text in lines:
        stamp = f"{datetime.fromtimestamp(time // 10**9, timezone.utc):%Y-%m-%dT%H:%M:%S}.{time % 10**9:09d}"
        for raw in re.findall(rb"(?s).{1,%d}" % LOG_PIECE, text.encode("utf-8", "replace")):
            piece = re.sub('[\0-\x1f"\\\\<>&\u2028\u2029\ufffd]', lambda m: short.get(m[0]) or f"\\u{ord(m[0]):04x}",
                           raw.decode("utf-8", "replace"))
            out.append(f'{{"log":"{piece}","stream":"{stream}","time":"{stamp.rstrip("0").rstrip(".")}Z"}}\n')
    return "".join(out).encode()


def check_logs(case: Case, rows: list[Row]) -> Result:
    """Every line of json-file and local logs, with time and stream. The rows of a json-file log make up the file."""
    result, by_container, in_order = Result(), defaultdict(Counter), defaultdict(list)
    for row in sorted(rows, key=lambda row: int((row.get("witness") or "").partition("#offset=")[2] or 0)):
        line = (row.get("log_source") or "", row["date_time"] or 0, row.get("message_body") or "")
        by_container[row.get("container_identifier")][line] += 1
        in_order[row.get("container_identifier")].append(line)
    for container in case.containers:
        name, got = container["Name"][1:], by_container.pop(container["Id"], Counter())
        driver, want = container["HostConfig"]["LogConfig"]["Type"], case.log_lines(name)
        if driver not in ("json-file", "local"):
            result.notes.append(f"{name}: log driver {driver}, not required ({got.total()} rows, {want.total()} lines)")
            continue
        for line in want:
            for count in range(want[line]):
                result.expect(count < got[line], f"{name} {show(line)}")
        last = max((line[1] for line in want), default=0) if container["State"]["Running"] else 2**63
        for line in (got - want).elements():
            if line[1] <= last:                       # a running container went on after docker logs
                result.report("extra", f"{name} {show(line)}")
        path = container["LogPath"].encode()
        if driver == "json-file" and path in case.nodes and not {path + b".1", path + b".1.gz"} & case.nodes.keys():
            data, size = json_log(in_order[container["Id"]]), int(case.nodes[path]["size"])
            if hashlib.sha256(data.ljust(size, b"\0")).hexdigest() != case.nodes[path]["sha256"]:  # NULs: power loss
                result.report("wrong", f"{name}: rows of {len(data)} bytes, a log of {size} bytes")
    for cid, line in ((cid, line) for cid, lines in by_container.items() for line in lines.elements()):
        result.report("extra", f"{show(line)} of {show(cid)}, which is unknown")
    return result


def deletion_faults(row: Row, before: int, after: int) -> Iterator[str]:
    """Why the time of a deletion row does not fit the action which lasted from before to after."""
    first, last, early, late = iso_ns(row.get("time_first")), iso_ns(row.get("time_last")), TICK, 0
    if row.get("confidence") == "exact":
        first, last, early, late = row["date_time"], row["date_time"], NEAR, NEAR
    yield from faults({"confidence": ("exact", "bounded")}, row)
    if first is None or last is None or not before - early <= last or not first <= after + late or not (
            first <= row["date_time"] <= last):
        yield f"{row.get('confidence')} {first} to {last}, but the action lasted from {before} to {after}"


def check_whiteouts(case: Case, rows: list[Row]) -> Result:
    """One deletion row for each whiteout and none elsewhere; those that an action made have a time that fits it."""
    result, by_path, removals, timed = Result(), defaultdict(list), list(case.removals()), 0
    for row in (r for r in rows if r["timestamp_desc"] == DELETION):
        by_path[row["location"]].append(row)
    for path in filter(case.is_whiteout, case.nodes):
        _area, directory, rest = case.locate(path)
        owner, inner = case.layers.get(directory, Layer()).container, rest.decode("utf-8", "surrogateescape")
        spans = [(before, after) for cid, pattern, before, after in removals if owner and cid == owner["Id"]
                 and pattern.count("/") == inner.count("/") and fnmatch.fnmatchcase(inner, pattern)]
        if result.expect(by_path[path], show(path)):
            row = by_path[path].pop(0)
            late = [fault for span in spans[-1:] for fault in deletion_faults(row, *span)]
            if bad := faults({"file_entry_type": "whiteout"}, row) + late:
                result.report("wrong", f"{show(path)}: {'; '.join(bad)}")
            timed += bool(spans)
    told = (others for path, others in by_path.items() if case.nodes.get(path, {}).get("type") != "d")  # see check_owner
    for row in (row for others in told for row in others):
        result.report("extra", f"{show(row['location'])} is no whiteout, or has more than one deletion")
    result.notes = [f"{timed} of {result.found} deletion times were compared with an action"]
    return result


def check_case(case_dir: str, jsonl_path: str, state: str = "clean", common_only: bool = False) -> dict[str, Result]:
    """Run all checks on one output. `common_only`: pass over file times before 1970 and after 2106."""
    case, rows = Case(Path(case_dir), state, common_only), defaultdict(list)
    for row in read_rows(Path(jsonl_path)):
        if not {"unallocated", "recovered"} & set(row.get("tag", ())):  # the truth lists what exists
            rows[row.get("data_type")].append(row)
    return {"files": check_files(case, rows["fs:stat"]), "owner": check_owner(case, rows["fs:stat"]),
            "lifecycle": check_lifecycle(case, rows["docker:container:configuration"]),
            "logs": check_logs(case, rows["docker:container:log:entry"]),
            "whiteouts": check_whiteouts(case, rows["fs:stat"])}


def print_results(results: dict[str, Result], examples: int) -> None:
    """Print a table of what each check found, then at most `examples` lines for each check and kind."""
    columns = ("expected", "found", "missing", "extra", "wrong")
    print(f"{'check':<10}" + "".join(f"{name:>10}" for name in columns))
    for name, result in results.items():
        print(f"{name:<10}" + "".join(f"{getattr(result, c):>10}" for c in columns) + "  FAILED" * (not result.ok))
    for name, result in results.items():
        kinds = ([e for e in result.examples if e.startswith(kind)] for kind in columns[2:])
        lines = [line for kind in kinds for line in kind[:examples]] + [f"note: {n}" for n in result.notes]
        print("".join(f"{name}: {line}\n" for line in lines), end="")


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Compare layertime's JSONL with recorded ground truth.")
    parser.add_argument("case_dir")
    parser.add_argument("jsonl")
    parser.add_argument("--state", choices=("clean", "poweroff-noload", "poweroff-replayed"), default="clean")
    parser.add_argument("--examples", type=int, default=5, metavar="N", help="lines shown per check and kind")
    parser.add_argument("--ignore-times-before-1970-and-after-2106", dest="common_only", action="store_true")
    options = parser.parse_args()
    results = check_case(options.case_dir, options.jsonl, options.state, options.common_only)
    print_results(results, options.examples)
    return 0 if all(result.ok for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
