# SPDX-License-Identifier: Apache-2.0
"""A host made in this run by the real containerd, driven by ctr (tests/lib/fresh_containerd.py): two namespaces, two
snapshotters, a loss of power, and a boot after it."""
import os
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from lib import case_check, deletion_check, disks, launch, overlay_truth, truth
from lib.containerd_case import PLACE, ContainerdCase, ContainerdHost, with_namespace
from lib.fresh_changes import BASE, first_run, write
from lib.fresh_containerd import SNAPSHOTTERS, STORE, FreshContainerd, make
from lib.machine import Refused
from lib.overlay_check import change_faults, text_diff
from lib.reading import Row
from lib.truth import TICK, iso_ns

APP, GONE = "lab.test/app:1", "lab.test/gone:1"
SECOND = {"conf/c": b"two\n", "conf/two": b"two\n"}
THIRD = {"data/.wh.f14": b"", "conf/.wh.two": b"", "opaque": None, "opaque/.wh..wh..opq": b"", "opaque/new": b"new\n"}
LAYERS = (BASE | {"opaque": None, "opaque/old": b"old\n"}, SECOND, THIRD)
INGEST = "layer-sha256:" + "5a" * 32


def before_power_fails(case: FreshContainerd) -> None:
    """All kinds of change, snapshots without a container, and what is gone again."""
    case.import_image("default", APP, "overlayfs", *LAYERS)
    case.import_image("default", APP, "native", *LAYERS)
    case.import_image("k8s.io", APP, "overlayfs", *LAYERS)
    case.import_image("default", GONE, "overlayfs", {"gone": b"gone\n"})
    case.ctr("-", "image_tag", "images", "tag", APP, "lab.test/app:moved")
    case.create("default/busy", APP)
    case.create("k8s.io/idle", APP, run=False)
    case.create("k8s.io/native", APP)                 # of the same name as one in the other namespace
    case.create("default/native", APP, snapshotter="native")
    case.create("default/privileged", APP, "--privileged", "--net-host")
    case.create("default/bind", APP, "--mount", "type=bind,src=/etc,dst=/host,options=rbind:ro", "--env", "SECRET=x")
    case.create("default/removed", APP)
    case.create("default/dead", APP)
    first_run(case, "default/busy")
    case.act("k8s.io/native", "append_lower", "/conf/b", "echo y >> /conf/b", write("y\n", "a"))
    change_native(case, "default/native")
    case.on("default/busy", "task_exec", "tasks", "exec", "--exec-id", "e1",
            then=("/tool", "rm", "/data/f15"))
    case.remove_container("default/removed")
    case.kill("default/dead")
    bare_snapshots(case)
    case.ctr("-", "image_remove", "images", "remove", "--sync", GONE)
    case.ctr("-", "lease_create", "leases", "create", "--id", "kept", "--expires", "0")
    case.ctr("-", "lease_create", "leases", "create", "--id", "day", "note=a")
    case.unfinished_ingest(INGEST, b"half a layer" * 100_000)


def change_native(case: FreshContainerd, name: str) -> None:
    """What can be seen where each layer is a whole copy."""
    case.remove(name, "/data/f01")
    case.act(name, "new_file", "/tmp/new", "echo x > /tmp/new", write("x\n"))
    case.act(name, "append_lower", "/conf/b", "echo x >> /conf/b", write("x\n", "a"))
    case.act(name, "chmod_lower", "/conf/a", "chmod 600 /conf/a", lambda at: os.chmod(at, 0o600))


def bare_snapshots(case: FreshContainerd) -> None:
    """Snapshots of no container: one abandoned, one committed, a view of it, one removed."""
    top = case.top(APP)
    (case.snapshot("prepare", "kept", top) / "kept-file").write_text("kept\n")
    (case.snapshot("prepare", "making", top) / "made-file").write_text("made\n")
    case.snapshot("commit", "made", "making")
    case.snapshot("view", "seen", "made")
    case.ctr("-", "snapshot_label", "snapshots", "label", "seen", "containerd.io/gc.root=kept")
    case.snapshot("prepare", "dropped", top)
    case.ctr("-", "snapshot_remove", "snapshots", "remove", "dropped")
    case.wait_gone("overlayfs", case.numbers["overlayfs", "default/dropped"][0])


def after_boot(case: FreshContainerd) -> None:
    """A new mount session of one container, a new one, and one that is made anew."""
    case.start("default/busy")
    case.remove("default/busy", "/data/f05", 0.2)
    case.remove("default/busy", "/data/f06", 0.2)
    case.create("k8s.io/late", APP)
    case.act("k8s.io/late", "new_file", "/tmp/new", "echo x > /tmp/new", write("x\n"))
    case.on("default/dead", "container_rm", "containers", "delete")
    case.wait_gone("overlayfs", case.numbers["overlayfs", "default/dead"][0])
    case.create("default/dead", APP)


@dataclass
class Host:
    """The disk in one state, its truth, and our rows of it."""
    made: FreshContainerd
    state: str
    image: Path
    rows: Path
    errors: list[str]

    def layers(self, snapshotter: str) -> ContainerdHost:
        """The truth of layers and containers on a snapshotter."""
        return ContainerdHost(self.made, self.state, snapshotter)


@pytest.fixture(scope="module")
def made(mounting: None, session_dir: Path) -> FreshContainerd:
    """The case. Skips where the machine does not allow it."""
    try:
        return make(session_dir / "containerd-fresh", before_power_fails, after_boot)
    except Refused as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["clean", "poweroff-replayed"])
def host(made: FreshContainerd, request: pytest.FixtureRequest) -> Host:
    """Read in both states."""
    image = made.folder / ("disk.raw" if request.param == "clean" else "poweroff.raw")
    out, errors = (made.folder / f"{request.param}.{name}" for name in ("raw.jsonl", "errors"))
    done = launch.run("-q", "-o", out, "--errors", errors, image)
    assert done.returncode in (0, 1), done.stderr.decode()
    rows = with_namespace(out, made.folder / f"{request.param}.jsonl")
    return Host(made, request.param, image, rows, errors.read_text().splitlines() if errors.exists() else [])


def test_oracle_agrees_with_the_kernel(host: Host) -> None:
    """Our merged view of each container is that of an overlay mount of its directories."""
    layered = host.layers("overlayfs")
    with disks.mount(layered_copy(host), "ext4", "ro,noload,loop") as root:
        for name in layered.containers:
            parts = ":".join(place.decode().removeprefix(f"/{STORE}/") for place in layered.stack(name))
            with overlay_truth.overlay(root / STORE, parts) as view:
                assert overlay_truth.listing(layered.merged(name)) == overlay_truth.kernel_listing(view), name
    assert len(layered.diff("default/busy")) > 30


def layered_copy(host: Host) -> Path:
    """The disk, with its journal replayed where that is needed."""
    if host.state == "clean":
        return host.image
    copy = host.made.folder / "replayed.raw"
    if not copy.exists():
        disks.sparse_copy(host.image, copy)
        with disks.mount(copy, "ext4", "noatime,loop"):
            pass
    return copy


def test_nothing_is_lost(host: Host) -> None:
    """The error list is empty."""
    assert not host.errors


def test_files(host: Host) -> None:
    """All times and attributes of every entry of every snapshot, and no others."""
    case, rows = host.layers("overlayfs").case, file_rows(host)
    result = case_check.check_files(case, rows)
    assert result.ok and result.found == result.expected > 1000, result.examples[:10]


def file_rows(host: Host) -> list[Row]:
    """Those of files that exist."""
    return [row for row in truth.read_rows(host.rows) if row["data_type"] == "fs:stat"
            and "unallocated" not in row.get("tag", ())]


def wanted_owner(case: ContainerdCase, path: bytes) -> Row:
    """Whose a file is, and what the container calls it."""
    _area, directory, rest = case.locate(path)
    layer = case.layers.get(directory, truth.Layer(role=""))
    want: Row = {"filename": rest or b"/", "container_runtime": "containerd"}
    if layer.role == "rw":
        name = layer.container["Id"]
        want |= {"layer_role": "rw", "container_identifier": name, "container_namespace": name.partition("/")[0],
                 "image_name": layer.container["Image"].partition(" ")[2]}
    elif layer.role == "image":
        users = {user.partition("/")[2] for user in layer.containers}
        want |= {"layer_role": "image", "layer_identifier": layer.diff_id, **truth.sharers("containers", users)}
    else:
        want |= {"container_identifier": None}
    return want


def test_owners(host: Host) -> None:
    """The right container, image, layer and role of every entry of every snapshot."""
    case, rows, faults, judged = host.layers("overlayfs").case, defaultdict(list), [], set()
    for row in file_rows(host):
        if row["timestamp_desc"] != truth.DELETION:
            rows[row["location"]].append(row)
    for path in case.nodes:
        if case.locate(path)[0]:
            judged.add(case.locate(path)[1])
            faults += [f"{truth.show(path)}: {fault}" for row in rows[path]
                       for fault in truth.faults(wanted_owner(case, path), row)]
            faults += [] if rows[path] else [f"{truth.show(path)}: no row"]
    assert not faults, sorted(set(faults))[:20]
    assert len(judged) > 15, judged


def test_changes(host: Host) -> None:
    """What happened to each entry of the rw layers, and in the whole copies of native what `diff` tells of them."""
    problems = change_faults(host.layers("overlayfs"), host.rows)
    assert not problems, problems[:20]
    for snapshotter in SNAPSHOTTERS:
        layered = host.layers(snapshotter)
        for name in layered.containers:
            assert text_diff(name, host.image) == layered.diff(name), name


def test_deletions(host: Host) -> None:
    """Each in its interval, and no others."""
    found, total = defaultdict(list), deletion_check.Judgement()
    for row in truth.read_rows(host.rows):
        if row["data_type"] == "fs:stat" and row["timestamp_desc"] == truth.DELETION and row.get("layer_role") == "rw":
            found[row["container_identifier"]].append(row)
    for snapshotter in SNAPSHOTTERS:
        layered = host.layers(snapshotter)
        for name in layered.containers:
            total.add(deletion_check.judge(layered, name, found.pop(name, [])))
    assert not total.problems and not found, (total.problems[:20], found.keys())
    assert total.timed >= (11 if host.state == "clean" else 9), total.figures()


def test_namespaces(host: Host) -> None:
    """A name that two containers have needs its namespace; then the rows are of one of them."""
    assert launch.run("ids", "native", host.image).returncode == 2
    row, = launch.objects("ids", "k8s.io/native", host.image)
    assert row["rw_layer_path"].endswith(f"/{host.made.numbers['overlayfs', 'k8s.io/native'][0]}"), row
    rows = launch.timeline(host.image, "-c", "k8s.io/native", "--role", "rw").rows
    assert rows and {row["container_namespace"] for row in rows} == {"k8s.io"}


def test_gaps(host: Host) -> None:
    """A number that is missing was a snapshot: each is told, and when it was made is within the bounds."""
    case, told = host.layers("overlayfs").case, {}
    for row in truth.read_rows(host.rows):
        for fact in row.get("facts", []) if row["data_type"] == "container:snapshot:removed" else []:
            for first, last, snapshotter in re.findall(r"^snapshots? (\d+)(?: to (\d+))? of (\w+) (?:is|are) ", fact):
                told |= {(snapshotter, number): row for number in range(int(first), int(last or first) + 1)}
    kept = {(match[1].decode(), int(match[2])) for match in map(PLACE.fullmatch, case.nodes) if match}
    until = host.made.failed if host.state != "clean" else time.time_ns()
    made = {key for key, (before, _after) in host.made.spans.items() if before < until}
    assert told.keys() == made - kept
    assert len(told) == (6 if host.state == "clean" else 5), told.keys()
    for key, row in told.items():
        before, after = host.made.spans[key]
        first, last = iso_ns(row.get("time_first")) or 0, iso_ns(row.get("time_last")) or until
        assert first <= after and before - TICK <= last, (key, row)


def last_start(host: Host, name: str) -> tuple[int, int] | None:
    """The clock before and after the last action that started a container, before this state."""
    done = [action for action in truth.actions(host.made.folder / "truth") if action.name == name
            and action.what in ("container_run", "task_start")]
    if host.state != "clean":
        done = [action for action in done if action.after < host.made.failed]
    return (done[-1].before, done[-1].after) if done else None


def test_created_and_started(host: Host) -> None:
    """When each container was created, to the nanosecond, and when it was last started."""
    rows = defaultdict(list)
    for row in truth.read_rows(host.rows):
        rows[row.get("container_identifier"), row.get("action")].append(row)
    for container in host.layers("overlayfs").case.containers:
        name, span = container["Id"], last_start(host, container["Id"])
        assert [row["date_time"] for row in rows[name, "create"]] == [iso_ns(container["Created"])], name
        started = [row["date_time"] for row in rows[name, "start container"]]
        assert len(started) == (span is not None), (name, started)
        assert all(span[0] - TICK <= time <= span[1] for time in started), (name, started, span)
