# SPDX-License-Identifier: Apache-2.0
"""Does the program say of a host with containerd what its recorded truth says, no more and no less?

What is right comes from containerd_truth.py and from what Docker, ctr and CRI told. By hand, in tests/:
python3 -m lib.containerd_judge CASE clean|poweroff [--dir] [--only CHECK] runs the program (LAYERTIME, or PROGRAM) on the disk
of a case, or as root on the mounted disk, and prints what is missing, extra and wrong.
"""
import argparse
import copy
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from lib import (case_check, changes_check, containerd_lists, deletion_check, disks, launch, machine, overlay_check, truth,
                 who_check)
from lib.case_check import Result, print_results
from lib.containerd_facts import check_facts, check_gaps, check_starts
from lib.containerd_truth import (ACTIVE, CASES, STATES, ContainerdCase, Snapshot, SnapshotHost, UpgradedHost, image_ids,
                                  life_of, pod_of, runtimes)
from lib.overlay_truth import LayeredCase
from lib.reading import Row, short
from lib.truth import faults, iso_ns, sharers, show

LOGS = ("docker:container:log:entry", "cri:container:log:entry")
LIFE = {"create": "Creation Time", "start": "Start Time", "finish": "End Time"}
WHO = 20                                              # paths that who is asked for, a host
CRI_LINE = re.compile(rb"(\S+) (stdout|stderr) ([FP])(?::\S+)? ?(.*)", re.S)


class Judged:
    """A case, its hosts, and a run of the program on it."""

    def __init__(self, case: ContainerdCase, evidence: Path, rows: Path) -> None:
        self.case, self.evidence = case, evidence
        self.rows: dict[str, list[Row]] = defaultdict(list)
        for row in truth.read_rows(rows):
            if not {"unallocated", "recovered"} & set(row.get("tag", ())):  # what was removed: run/test_removed.py
                self.rows[row["data_type"]].append(row)
        self.hosts: list[LayeredCase] = [SnapshotHost(case, name) for name in case.inner]
        self.everyone = copy.copy(case)
        if case.name == "docker29-mixed":             # the graph driver's containers, as last told
            old = UpgradedHost(case.name, case.state, "phase2")
            self.hosts.append(old)
            self.everyone.containers = case.containers + old.case.containers
            self.everyone.layers = case.layers | old.case.layers

    @property
    def all_rows(self) -> Iterator[Row]:
        """Every row."""
        return (row for rows in self.rows.values() for row in rows)

    def listed(self, command: str) -> list[Row]:
        """What the program lists."""
        done = launch.run("-q", "--json", command, self.evidence)
        return json.loads(done.stdout) if done.returncode in (0, 1) else []

    def docker_parts(self) -> Iterator[truth.Case]:
        """Docker's containers, of each phase by itself."""
        for known in (self.case, *(host.case for host in self.hosts if isinstance(host, UpgradedHost))):
            part = copy.copy(known)
            part.containers = [c for c in known.containers if c.get("runtime", "docker") == "docker"]
            part.existing = {c["Id"] for c in part.containers}
            yield part


# --- files and owners -------------------------------------------------------------------------------------------------

def check_files(judged: Judged) -> Result:
    """Four times and all attributes of every file in snapshots, other layers, container directories and volumes."""
    return case_check.check_files(judged.everyone, judged.rows["fs:stat"])


def expected_owner(case: ContainerdCase, one: Snapshot) -> Row:
    """The fields that say whose the entries of a snapshot are."""
    layer = case.layers[one.directory]
    container = layer.container
    want = {"container_runtime": runtimes(case, one.namespace, container), "container_namespace": one.namespace,
            "layer_role": layer.role, "layer_identifier": layer.diff_id or one.key}
    if container:
        ids = image_ids(case, one.namespace, {container["Image"]})
        return want | {"container_identifier": container["Id"], "container_name": container["Name"][1:],
                       "image_identifier": tuple(ids), **pod_of(container)}
    if one.kind == ACTIVE:                            # of a build, or left over: whose it is nobody knows
        want["layer_role"] = ("rw", "image", "host")
    ids = image_ids(case, one.namespace, layer.images)
    return want | sharers("containers", layer.containers) | {"image_identifier": (None, *ids),
                                                             "container_identifier": (None, *layer.containers)}


def image_faults(case: ContainerdCase, one: Snapshot, row: Row) -> Iterator[str]:
    """What is wrong in used_by_images of an image's layer: each image must be there under one of its names."""
    said, layer = set(row["used_by_images"]), case.layers[one.directory]
    unknown = said - {*map(short, image_ids(case, one.namespace, layer.images))}
    missing = [image for image in layer.images if not said & {*map(short, image_ids(case, one.namespace, {image}))}]
    if unknown or (missing and row["used_by_images_count"] <= 8):
        yield f"used_by_images without {show(sorted(missing))}, with unknown {show(sorted(unknown))}"


def check_owner(judged: Judged) -> Result:
    """Whose every entry is, on all of its rows."""
    result, case, by_path = Result(), judged.case, defaultdict(list)
    summary: Counter[str] = Counter()
    for row in judged.rows["fs:stat"]:
        by_path[row["location"]].append(row)
    for path, node in case.nodes.items():
        area, directory, rest = judged.everyone.locate(path)
        one = case.snapshots.get(directory) if area == "layer" else None
        if one:
            want = expected_owner(case, one) | {"filename": rest or b"/"}
        else:
            want = case_check.expected_owner(judged.everyone, path)
        if area == "volumes" and want:                # where several containers see it at one place, that may be told
            want["filename"] = (want["filename"], *seen_at(judged.everyone, directory.decode(), rest))
        if not want or not node["times"]:
            continue
        if not by_path[path]:
            summary[f"missing: rows of {show(directory)}"] += 1
        result.expected += 1
        result.found += bool(by_path[path])
        result.missing += not by_path[path]
        own = [row for row in by_path[path] if row["timestamp_desc"] != truth.DELETION or node["type"] != "d"]
        bad = {fault for row in own for fault in faults(want, row)}
        bad |= {fault for row in own for fault in image_faults(case, one, row)} if one and case.layers[
            directory].role == "image" else set()
        result.wrong += bool(bad)
        summary.update(f"wrong: {show(directory)} {show(one.key) if one else ''}: {fault}" for fault in bad)
    known = {"", *map(short, {c["Id"] for c in judged.everyone.containers} | gone_containers(case))}
    for row in (row for row in judged.all_rows if row["data_type"] != "container:daemon:log"):
        if owners := {short(row.get("container_identifier") or ""), *row["used_by_containers"]} - known:
            result.report("extra", f"{row['data_type']} of {show(row['location'])} belongs to {show(owners)}")
    result.examples += [f"{text} ({count} times)" for text, count in summary.most_common()]
    return result


def seen_at(case: truth.Case, volume: str, rest: bytes) -> Iterator[bytes]:
    """Where containers see a file of a volume."""
    for container in case.containers:
        yield from (mount["Destination"].encode() + rest.removeprefix(b"/_data") for mount in container["Mounts"]
                    if mount.get("Name") == volume)


def gone_containers(case: ContainerdCase) -> set[str]:
    """IDs of containers that were there once: what is left of them may name them."""
    lists = [path.read_text().splitlines() for path in (case.truth / "ids.tsv", case.truth / "ids.all.tsv")
             if path.exists()]
    return {line.split("\t")[1] for lines in lists for line in lines} | {
        action.container for action in truth.actions(case.truth)}


# --- life and logs ----------------------------------------------------------------------------------------------------

def check_life(judged: Judged) -> Result:
    """Created, started and finished of every container: by docker inspect, by CRI's status, by ctr's record."""
    total, kind = Result(), "docker:container:configuration"
    for part in judged.docker_parts():
        rows = [row for row in judged.rows[kind] if row.get("container_identifier") in part.existing]
        if part.containers:
            add(total, case_check.check_lifecycle(stopped(part, rows), rows))
        codes = {c["Id"]: c["State"]["ExitCode"] for c in part.containers if not c["State"]["Running"]}
        for row in (row for row in rows if row.get("action") == "finish"):
            cid, code = row["container_identifier"], row.get("exit_code")
            if code != codes.get(cid, code):
                total.report("wrong", f"exit code {code} of {show(cid)}, not {codes[cid]}")
    by_container = defaultdict(list)
    for row in judged.all_rows:
        if row.get("timestamp_desc") in LIFE.values() and row["data_type"] not in ("fs:stat", *LOGS):
            by_container[row.get("container_identifier")].append(row)
    for container in (c for c in judged.case.containers if c["runtime"] != "docker"):
        for action, time, more in life_of(container):
            text = f"{action} of {show(container['Id'])} {container['Name'][1:]} at {time}"
            found = [row for row in by_container[container["Id"]] if row["date_time"] == time
                     and row["timestamp_desc"] == LIFE[action]]
            if total.expect(found, text) and all(faults(more, row) for row in found):
                total.report("wrong", f"{text}: {faults(more, found[0])}")
        for row in by_container[container["Id"]]:
            if row["timestamp_desc"] == "End Time" and row["date_time"] not in ends_of(judged.case, container):
                total.report("extra", f"end of {show(container['Id'])} at {row['date_time']}: {row['data_type']}")
    return total


def stopped(part: truth.Case, rows: list[Row]) -> truth.Case:
    """Containers that ran when docker inspect was asked, and were stopped with the daemon: the end that a row tells must
    lie within that."""
    stops = [action for action in truth.actions(part.truth) if action.what == "daemon_stop"]
    for number, container in enumerate(part.containers):
        ends = [row["date_time"] for row in rows if row["container_identifier"] == container["Id"]
                and row.get("action") == "finish" and row["date_time"]
                and any(stop.before <= row["date_time"] <= stop.after for stop in stops)]
        if container["State"]["Running"] and ends:
            stamp = datetime.fromtimestamp(ends[0] // 10**9, timezone.utc).strftime("%FT%T")
            state = container["State"] | {"FinishedAt": f"{stamp}.{ends[0] % 10**9:09d}Z"}
            part.containers[number] = container | {"State": state}
    return part


def ends_of(case: ContainerdCase, container: Row) -> set[int]:
    """When a container ended, by its status and by containerd's events."""
    events = re.findall(r'/tasks/exit \{"container_id":"%s","id":"%s".*"exited_at":"([^"]*)"' % (
        (re.escape(container["Id"]),) * 2), (case.truth / "ctr-events.txt").read_text()) if (
            case.truth / "ctr-events.txt").exists() else []
    return {container["status"].get("FinishedAt"), *map(iso_ns, events)}


def add(total: Result, other: Result) -> None:
    """Sum up."""
    for name in ("expected", "found", "missing", "extra", "wrong", "examples", "notes"):
        setattr(total, name, getattr(total, name) + getattr(other, name))


def check_logs(judged: Judged) -> Result:
    """Every line of Docker's logs and of CRI's."""
    total, rows = Result(), [row for kind in LOGS for row in judged.rows[kind]]
    for part in judged.docker_parts():
        if part.containers:
            own = [row for row in rows if row.get("container_identifier") in part.existing]
            add(total, case_check.check_logs(part, own))
    by_place, owners = defaultdict(Counter), log_owners(judged.case)
    for row in rows:
        if row.get("container_identifier") != owners.get(row["location"], row.get("container_identifier")):
            total.report("wrong", f"{show(row['location'])} of {show(row.get('container_identifier'))}")
        by_place[row["location"]][row["log_source"], row["date_time"], row.get("message_body") or ""] += 1
    for path, data in judged.case.files.items():
        if path.startswith(b"/var/log/pods/") and path.rpartition(b".")[2] == b"log":
            want, got = cri_lines(data), by_place.pop(path, Counter())
            for line, count in want.items():
                for number in range(count):
                    total.expect(number < got[line], f"{show(path)} {show(line)}")
            for line in (got - want).elements():
                total.report("extra", f"{show(path)} {show(line)}")
    for path in by_place:
        if path.startswith(b"/var/log/pods/"):
            total.report("extra", f"lines of {show(path)}")
    return total


def log_owners(case: ContainerdCase) -> dict[bytes, str]:
    """Whose each log of a pod is, by the links that kubelet makes: their names end with the container's ID."""
    return {node["link"].encode(): path[-68:-4].decode() for path, node in case.nodes.items()
            if path.startswith(b"/var/log/containers/") and node["type"] == "l"}


def cri_lines(data: bytes) -> Counter:
    """Stream, time and text of the lines of a log of CRI; pieces are joined until F, and have the time of the first. What ends
    with a piece was not finished."""
    found, pieces = Counter(), {}
    for line in re.findall(rb"[^\n]*\n", data):
        if match := CRI_LINE.fullmatch(line.removesuffix(b"\n")):
            time, stream = iso_ns(match[1].decode()), match[2].decode()
            first, text = pieces.pop(stream, (time, b""))
            if match[3] == b"P":
                pieces[stream] = first, text + match[4]
            else:
                found[stream, first, (text + match[4]).decode("utf-8", "replace")] += 1
    found.update((stream, first, text.decode("utf-8", "replace")) for stream, (first, text) in pieces.items())
    return found


# --- what changed -----------------------------------------------------------------------------------------------------

def check_diff(judged: Judged) -> Result:
    """The answer to diff, for every container."""
    result = Result()
    for host in judged.hosts:
        for name, container in host.containers.items():
            want = host.diff(name)
            try:
                got = overlay_check.text_diff(container["Id"], judged.evidence)
            except AssertionError as error:
                result.expected += len(want) + 1
                result.missing += len(want) + 1
                result.examples.append(f"missing: diff of {show(container['Id'])}: {str(error).splitlines()[0][:150]}")
                continue
            for path, kind in want.items():
                if result.expect(path in got, f"{container['Name'][1:]}: {kind} {show(path)}") and got[path] != kind:
                    result.report("wrong", f"{container['Name'][1:]}: {got[path]} {show(path)}, not {kind}")
            for path in got.keys() - want.keys():
                result.report("extra", f"{container['Name'][1:]}: {got[path]} {show(path)}")
    return result


def check_changes(judged: Judged) -> Result:
    """What rows of files say of their change, as it follows from both entries and from the action; when they came up from a
    lower layer; who hides those of images. Copies (native) have no marks to tell by."""
    result = Result()
    for host in (host for host in judged.hosts if host.layers):
        if host.driver == "overlay2":
            rows = judged.rows["fs:stat"]
            seen, found = changes_check.action_faults(host, rows)
            found += overlay_check.change_faults(host, rows) + overlay_check.hiding_faults(host, rows)
            found += changes_check.copy_up_faults(host, judged.rows["container:file:copy_up"])
            result.expected += sum(map(len, host.layers.values()))
            result.notes.append(f"{len(seen)} kinds of actions")
            result.wrong += len(found)
            result.examples += [f"wrong: {text}" for text in found]
    result.found = result.expected
    return result


def check_deletions(judged: Judged) -> Result:
    """Every deletion by a container, within the time of the action that did it, and every one by an image's layer."""
    result, by_container = Result(), defaultdict(list)
    for row in judged.rows["fs:stat"]:
        if row["timestamp_desc"] == truth.DELETION and row.get("layer_role") == "rw":
            by_container[row.get("container_identifier")].append(row)
    total = deletion_check.Judgement()
    for host in judged.hosts:
        for name, container in host.containers.items():
            result.expected += len(deletion_check.of_container(host, name))
            own = by_container.pop(container["Id"], [])
            result.found += len(own)
            total.add(deletion_check.judge(host, name, own))
    for text in total.problems:
        kind = "missing" if text.endswith(" 0 deletion rows") else "wrong"
        result.report(kind, text)
    for cid in by_container:
        result.report("extra", f"deletions by {show(cid)}")
    for host in (host for host in judged.hosts if host.driver == "overlay2"):
        wanted, problems = deletion_check.judge_images(host, judged.rows["fs:stat"])
        result.expected += wanted
        result.found += wanted
        for text in problems:
            result.report("wrong", text)
    result.notes = [total.figures()]
    return result


def check_who(judged: Judged) -> Result:
    """The answers to who, for some paths of each host."""
    result = Result()
    for host in judged.hosts:
        if host.containers and host.driver == "overlay2":
            found = who_check.who_faults(host, judged.evidence, WHO, judged.hosts)
            result.expected += WHO
            result.found += WHO
            for text in found:
                result.report("wrong", f"{host.driver}: {text}")
    return result


# --- all of it --------------------------------------------------------------------------------------------------------

def check_database(judged: Judged) -> Result:
    """Every time in the databases of containerd is told."""
    return check_facts(judged.case, list(judged.all_rows))


def check_inferred(judged: Judged) -> Result:
    """What is gone, and what started when."""
    result, rows = Result(), list(judged.all_rows)
    add(result, check_gaps(judged.case, rows))
    add(result, check_starts(judged.case, rows))
    return result


def check_images(judged: Judged) -> Result:
    """Images as listed, and their history."""
    return containerd_lists.check_images(judged.case, judged.listed("images"), judged.rows["docker:layer:configuration"])


def check_containers(judged: Judged) -> Result:
    """Containers as listed."""
    return containerd_lists.check_containers(judged.case, judged.everyone.containers, judged.listed("containers"))


CHECKS = {"files": check_files, "owner": check_owner, "life": check_life, "logs": check_logs, "diff": check_diff,
          "changes": check_changes, "deletions": check_deletions, "who": check_who, "images": check_images,
          "containers": check_containers, "database": check_database, "inferred": check_inferred}


@contextmanager
def evidence_of(name: str, state: str, as_directory: bool, to: Path, image: Path | None = None):
    """The disk of a case for the program, and one whose journal is written for the truth. Copies lie in `to`."""
    disk = image or disks.decompress(machine.EVIDENCE / name / f"disk.{state}.raw.zst", to / f"{name}.{state}.raw")
    clean = disk if state == "clean" else disks.replay(disks.sparse_copy(disk, to / f"{name}.replayed.raw"))
    if not as_directory:
        yield disk, clean
        return
    with disks.mount(clean, "ext4", "ro,noload,loop") as at:
        yield at, clean


def run_on(name: str, state: str, evidence: Path, disk: Path, to: Path) -> Judged:
    """Run the program."""
    rows = to / "rows.jsonl"
    rows.unlink(missing_ok=True)
    done = launch.run("-q", "-o", rows, "--errors", to / "errors", "--force", evidence)
    if done.returncode not in (0, 1):
        print(f"exit code {done.returncode}: {done.stderr.decode()[:500]}", file=sys.stderr)
        rows.touch()
    return Judged(ContainerdCase(name, "clean" if state == "clean" else "poweroff-replayed", disk), evidence, rows)


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Compare the program's output with recorded ground truth.")
    parser.add_argument("case", choices=CASES)
    parser.add_argument("state", choices=STATES)
    parser.add_argument("--dir", action="store_true", help="mount the disk and read it as a directory")
    parser.add_argument("--only", choices=CHECKS, action="append", help="this check only")
    parser.add_argument("--examples", type=int, default=5, metavar="N", help="lines shown per check and kind")
    options = parser.parse_args()
    launch.PROGRAM = machine.PROGRAM = Path(os.environ.get("PROGRAM", machine.PROGRAM)).resolve()
    with machine.scratch() as to, evidence_of(options.case, options.state, options.dir, to) as (evidence, disk):
        judged = run_on(options.case, options.state, evidence, disk, to)
        results = {name: CHECKS[name](judged) for name in options.only or CHECKS}
    print_results(results, options.examples)
    return 0 if all(result.ok for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
