# SPDX-License-Identifier: Apache-2.0
"""Is every time that containerd's databases hold in some row, with the database as its witness? Is what is only inferred
true: which snapshots are gone and when they were made, when a task was started?

What the databases hold containerd_truth.py reads; the words that a row must have to be about a record are the record's own
name or digest. When things happened is by the recorded actions and containerd's events.
"""
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from lib import truth
from lib.boltread import Bucket, time_ns
from lib.case_check import Result
from lib.containerd_truth import CONTENT, META, SNAPSHOTTER, ContainerdCase
from lib.reading import Row
from lib.truth import iso_ns, show

KEPT = {b"images": "image name", b"containers": "container", b"leases": "lease", b"sandboxes": "sandbox"}


class Fact(NamedTuple):
    """A time of a record in a file."""
    file: bytes
    kind: str
    namespace: str
    key: str
    field: str
    time: int


def records(bucket: Bucket, kind: str, file: bytes, namespace: str) -> Iterator[Fact]:
    """The times of all records of one bucket."""
    for key, value in bucket.items():
        for name in (b"createdat", b"updatedat"):
            if isinstance(value, dict) and value.get(name):
                yield Fact(file, kind, namespace, key.decode(), name.decode(), time_ns(value[name]))


def facts(case: ContainerdCase) -> Iterator[Fact]:
    """All times of both kinds of databases, and of unfinished ingests."""
    for namespace, bucket in case.namespaces.items():
        for name, kind in KEPT.items():
            yield from records(bucket.get(name, {}), kind, META, namespace)
        yield from records(bucket.get(b"content", {}).get(b"blob", {}), "blob", META, namespace)
        for snapshots in bucket.get(b"snapshots", {}).values():
            yield from records(snapshots, "snapshot", META, namespace)
    for path in case.files:
        if found := SNAPSHOTTER.fullmatch(path):
            for name, value in case.inner[found[1].decode()].items():
                namespace, _, key = name.decode().split("/", 2)
                yield from records({key.encode(): value}, "inner snapshot", path, namespace)
        elif path.startswith(CONTENT + b"/ingest/") and path.endswith((b"/startedat", b"/updatedat")):
            folder, _, field = path.rpartition(b"/")
            ref = case.files[folder + b"/ref"].decode()
            if time := iso_ns(case.files[path].decode().strip()):
                yield Fact(path, "ingest", ref.split("/")[0], ref, field.decode(), time)


def tells(row: Row, fact: Fact) -> bool:
    """Is the row about this record?"""
    words = json.dumps({key: value for key, value in row.items() if isinstance(value, (str, list))})
    name = re.split(r"[/ ]", fact.key)[-1] if fact.kind == "ingest" else fact.key
    return any(text in words for text in (name, name.removeprefix("sha256:"), name.removeprefix("docker.io/"),
                                          name.removeprefix("docker.io/library/")))


def check_facts(case: ContainerdCase, rows: list[Row]) -> Result:
    """Each time must be in a row whose witness is the database, and which names the record and its namespace."""
    result, by_time = Result(), defaultdict(list)
    for row in rows:
        by_time[row["date_time"]].append(row)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for fact in facts(case):
        text = f"{fact.kind} {fact.namespace} {show(fact.key)} {fact.field} {fact.time}"
        found = [row for row in by_time[fact.time] if str(row.get("witness", "")).encode().startswith(fact.file)]
        counts[fact.kind][0] += 1
        counts[fact.kind][1] += bool(found)
        if not result.expect(found, text):
            continue
        about = [row for row in found if tells(row, fact)]
        if not about:
            result.report("wrong", f"{text}: no row of that time names it, as {found[0].get('message', '')[:80]}")
        elif not any(row.get("container_namespace") == fact.namespace for row in about):
            result.report("wrong", f"{text}: container_namespace {about[0].get('container_namespace')}")
    result.notes = ["times found: " + ", ".join(f"{kind} {have}/{want}" for kind, (want, have) in counts.items())]
    return result


# --- what is only inferred --------------------------------------------------------------------------------------------

GONE = re.compile(r"snapshots? (\d+)(?: to (\d+))? of (\S+) (?:is|are) gone")
EVENT = re.compile(r"(\S+) (\S+) \+0000 UTC (\S+) (\S+) (\{.*)")
SOON = 2 * 10**9                                      # ns; Docker notes the start this near to that of the task


def events(case: ContainerdCase) -> Iterator[tuple[int, str, Row]]:
    """Time, topic and text of what containerd told at that time; nothing where nobody listened."""
    path = case.truth / "ctr-events.txt"
    for line in path.read_text().splitlines() if path.exists() else ():
        if match := EVENT.fullmatch(line):
            yield iso_ns(f"{match[1]}T{match[2]}Z"), match[4], json.loads(match[5])


def removed(case: ContainerdCase) -> Iterator[tuple[str, int, int]]:
    """Containers that are gone: name, and the clock before and after they were made."""
    there = {container["Id"] for container in case.containers}
    ends = ("container_rm", "container_rm_force", "pod_rm")
    gone = [action for action in truth.actions(case.truth) if action.what in ends and action.container not in there]
    for action in truth.actions(case.truth):
        if action.what in ("container_run", "container_create", "pod_run") and any(
                action.container == one.container and int(action.number) < int(one.number) for one in gone):
            yield action.name, action.before, action.after


def check_gaps(case: ContainerdCase, rows: list[Row]) -> Result:
    """Every number that a snapshotter gave out is a snapshot, or told to be gone; each container that was removed since the
    store was in use was made within the time of such a gap."""
    result, told, spans = Result(), defaultdict(int), []
    for row in rows:
        if row["data_type"] == "container:snapshot:removed":
            spans.append((iso_ns(row.get("time_first")), iso_ns(row.get("time_last"))))
            for first, last, name in (GONE.search(fact).groups() for fact in row.get("facts", ()) if GONE.search(fact)):
                for number in range(int(first), int(last or first) + 1):
                    told[name, number] += 1
    for name, bucket in case.inner.items():
        there = {one.id for one in case.snapshots.values() if one.snapshotter == name}
        for number in set(range(1, bucket.sequence + 1)) - there:
            result.expect(told.pop((name, number), 0) == 1, f"snapshot {number} of {name}, which is gone")
    for name, number in told:
        result.report("extra", f"snapshot {number} of {name} is said to be gone")
    start = min((time for one in case.snapshots.values() for time in one.inner_times.values()), default=0)
    for name, before, after in removed(case):
        if after > start:
            result.expect(any((first is None or first <= after) and (last is None or before - truth.TICK <= last)
                              for first, last in spans), f"a gap when {name} was made, from {before} to {after}")
    return result


def check_starts(case: ContainerdCase, rows: list[Row]) -> Result:
    """What witnesses the start of a task lies between what containerd told of the container and of its start; Docker's,
    near the start that it keeps."""
    result, spans, last = Result(), {}, {}
    for time, topic, text in events(case):
        cid = text.get("container_id") or text.get("id")
        if topic == "/containers/create":
            last[cid] = time
        elif topic == "/tasks/start" and cid in last:
            spans[cid] = last[cid] - truth.NEAR, time
    for container in case.containers:
        started = iso_ns(container["State"]["StartedAt"])
        if container["runtime"] == "docker" and started:
            spans[container["Id"]] = started - SOON, started + SOON
    for row in rows:
        if row["data_type"] in ("container:runtime:bundle", "container:runtime:container") and row[
                "timestamp_desc"] == "Start Time" and row.get("container_identifier") in spans:
            before, after = spans[row["container_identifier"]]
            result.expected += 1
            result.found += 1
            if not before <= row["date_time"] <= after:
                result.report("wrong", f"{row['data_type']} of {show(row['container_identifier'])} at {row['date_time']}"
                              f", not from {before} to {after}")
    return result
