# SPDX-License-Identifier: Apache-2.0
"""Files that containers deleted or replaced while a lower layer still has them: all of these come back, and nothing else. What a
container saw with and without its own layer is the oracle's merging, which is held against the kernel's elsewhere."""
import json
import os
from collections import defaultdict

import pytest
from lib import launch, machine
from lib.containerd_truth import CASES as SNAPSHOT_CASES, SnapshotHost
from lib.overlay_truth import STATES, LayeredCase, host_of
from lib.reading import Row


def listed(*args: object) -> list[Row]:
    """The files that layers still have, as the list of what can be recovered has them."""
    with machine.scratch() as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", *args)
        assert done.returncode in (0, 1), done.stderr
        rows = [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]
        return [row for row in rows if row["method"] == "hidden"]


def lost(host: LayeredCase, name: str) -> dict[bytes, Row]:
    """The files of the layers below that a container does not see any more, or with other contents."""
    lower, seen = host.lower(name), host.merged(name)
    return {path: entry.node for path, entry in lower.items() if entry.kind == "f" and (
        path not in seen or seen[path].kind != "f" or seen[path].node["sha256"] != entry.node["sha256"])}


def check(host: LayeredCase, finds: list[Row]) -> int:
    """Each container's lost files are found with their hashes, and what else is found has the contents that it still sees."""
    by_container = defaultdict(list)
    for find in finds:
        by_container[find["container_identifier"]].append(find)
    count = 0
    for name, container in host.containers.items():
        found: dict[bytes, set[str]] = defaultdict(set)
        for find in by_container[container["Id"]]:
            assert find["complete"] and find["layer_identifier"] and not find["lost"]
            found[os.fsencode(find["filename"])].add(find["sha256"])
        wanted = lost(host, name)
        for path, node in wanted.items():
            assert node["sha256"] in found.get(path, ()), (name, path, found.get(path))
        seen = host.merged(name)
        for path in found.keys() - wanted.keys():
            assert seen[path].node["sha256"] in found[path], (name, path)
        count += len(wanted)
    return count


@pytest.mark.parametrize("case, state", STATES)
def test_files_that_layers_still_have(case: str, state: str, evidence) -> None:
    """overlay2, user namespaces, XFS as a directory, aufs, vfs."""
    assert check(host_of(case, state), listed(evidence(case, state))) > 10


@pytest.mark.parametrize("case", SNAPSHOT_CASES)
def test_files_that_snapshots_still_have(case: str, containerd_case, disk) -> None:
    """Those of containerd, and of what keeps its layers there."""
    known, count = containerd_case(case), 0
    finds = listed(disk(case, "clean"))
    for snapshotter in known.inner:
        host = SnapshotHost(known, snapshotter)
        count += check(host, [find for find in finds if find.get("container_identifier") in
                              {container["Id"] for container in host.containers.values()}])
    assert count > 5
