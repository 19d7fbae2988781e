# SPDX-License-Identifier: Apache-2.0
"""Is every time that containerd's databases hold in some row, with the database as its witness?

What the databases hold containerd_truth.py reads; the words that a row must have to be about a record are the record's own
name or digest.
"""
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

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
