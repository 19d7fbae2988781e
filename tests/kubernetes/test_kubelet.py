# SPDX-License-Identifier: Apache-2.0
"""What the kubelet keeps below its root, on nodes that the tests wrote."""
import json
import os
from pathlib import Path

import pytest
from lib import reading
from lib.nodes import BASE, OTHER_UID, UID, Node, cri_line
from lib.reading import Row

SECOND = 10**9


@pytest.fixture
def node(tmp: Path) -> Node:
    """A node with a pod that has an empty volume."""
    node = Node(tmp / "node")
    node.pod("volumes/kubernetes.io~empty-dir/scratch")
    return node


def born(path: Path) -> int:
    """The birth of a file, which Python does not tell: no earlier than this."""
    return os.lstat(path).st_ctime_ns


def only(node: Node, kind: str) -> Row:
    """The one row of a kind."""
    (row,) = node.run().where(data_type=kind)
    return row


@pytest.mark.parametrize("where", ["var/lib/kubelet", "var/lib/k0s/kubelet", "var/snap/microk8s/common/var/lib/kubelet",
                                   "srv/kubelet"])
def test_where(where: str, tmp: Path) -> None:
    """By default, of distributions, and as the command line says."""
    node = Node(tmp / "node", where)
    node.pod("volumes/kubernetes.io~empty-dir/scratch/file", "x")
    node.write("etc/default/kubelet", 'KUBELET_EXTRA_ARGS="--v=2 --root-dir=/srv/kubelet"\n')
    result = node.run()
    assert f"/{where}/pods/{UID}/volumes/kubernetes.io~empty-dir/scratch/file".encode() in result.locations()


def test_pod_and_volume(node: Node) -> None:
    """Names come from the directory of its logs. The volume belongs to the pod, though no container is known."""
    node.log(cri_line("a", BASE))
    node.pod("volumes/kubernetes.io~empty-dir/scratch/file", "x")
    result = node.run()
    (volume,) = result.where(data_type="container:volume:created")
    assert (volume["volume_name"], volume["pod_name"], volume["pod_namespace"]) == ("web-0/scratch", "web-0", "shop")
    assert "plugin kubernetes.io/empty-dir" in volume["facts"] and "unused_volume" not in volume["tag"]
    (pod,) = result.where(data_type="container:pod:created")
    assert (pod["pod_identifier"], pod["container_name"], pod["layer_role"]) == (UID, "web-0", "config")
    (file,) = {(row["layer_role"], row["pod_identifier"]) for row in result.rows
               if reading.location(row).endswith(b"/scratch/file")}
    assert file == ("volume", UID)


def test_unknown_pod(node: Node) -> None:
    """Without any name its UID says whose the files are."""
    row = only(node, "container:volume:created")
    assert (row["pod_identifier"], row["volume_name"]) == (UID, f"{UID}/scratch") and "pod_name" not in row


def test_two_pods_of_a_name(node: Node) -> None:
    """No volume takes the place of the other."""
    for uid in (UID, OTHER_UID):
        node.log(cri_line("a", BASE), uid=uid)
        node.pod("volumes/kubernetes.io~empty-dir/scratch", uid=uid)
    rows = node.run().where(data_type="container:volume:created")
    assert {row["pod_identifier"] for row in rows} == {UID, OTHER_UID}
    assert len({row["volume_name"] for row in rows}) == 2


def test_projection(node: Node) -> None:
    """The name says when the contents were written, in UTC."""
    volume = "volumes/kubernetes.io~configmap/settings"
    node.pod(f"{volume}/..2026_01_02_03_04_05.123456789/key", "value")
    os.symlink("..2026_01_02_03_04_05.123456789", node.pod(volume) / "..data")
    row = only(node, "container:volume:projection")
    assert reading.nanoseconds(row) == BASE and row["volume_name"].endswith("/settings")


def test_hosts(node: Node) -> None:
    """Written for the last container that was created."""
    path = node.pod("etc-hosts", "# Kubernetes-managed hosts file.\n")
    assert reading.nanoseconds(only(node, "container:pod:hosts")) == path.stat().st_mtime_ns


@pytest.mark.parametrize("size", [0, 12, 5000])
def test_termination(size: int, node: Node) -> None:
    """A file for each instance of a container, and what it said at its end, as far as the kubelet reads it."""
    path = node.pod("containers/app/1a2b3c4d", "m" * size)
    os.utime(path, ns=(BASE, BASE))
    result = node.run()
    (instance,) = result.where(data_type="container:pod:instance")
    assert (instance["container_name"], instance["pod_identifier"]) == ("app", UID)
    messages = result.where(data_type="container:pod:termination")
    assert [(row["message_body"], reading.nanoseconds(row)) for row in messages] == (
        [("m" * min(size, 4096), BASE)] if size else [])


def test_odd_directory(node: Node) -> None:
    """What has no UID for a name is told, and its files are."""
    node.write(node.kubelet / "pods/odd/file", "x")
    result = node.run()
    assert (result.error()["code"], result.error()["path"]) == ("bad-id", "/var/lib/kubelet/pods/odd")
    assert b"/var/lib/kubelet/pods/odd/file" in result.locations()


def test_resources(node: Node) -> None:
    """CPUs, memory and devices of containers, which had them at the mtime at the latest."""
    states = {
        "cpu_manager_state": {"policyName": "static", "entries": {UID: {"app": "2-3"}}, "checksum": 1},
        "memory_manager_state": {"policyName": "Static", "entries": {UID: {"app": [
            {"numaAffinity": [0], "type": "memory", "size": 1024}]}}},
        "device-plugins/kubelet_internal_checkpoint": {"Data": {"PodDeviceEntries": [
            {"PodUID": UID, "ContainerName": "app", "ResourceName": "example.com/gpu", "DeviceIDs": {"-1": ["gpu0"]}},
        ]}},
    }
    for name, state in states.items():
        os.utime(node.write(node.kubelet / name, json.dumps(state)), ns=(BASE, BASE))
    rows = node.run().where(data_type="container:resource:assignment")
    facts = {fact for row in rows for fact in row["facts"]}
    assert len(rows) == 3 and {"CPUs 2-3", "memory 1024 bytes", "device gpu0", "resource example.com/gpu"} <= facts
    for row in rows:
        assert (row["container_name"], row["pod_identifier"]) == ("app", UID)
        assert row["confidence"] == "bounded" and reading.iso_nanoseconds(row["time_last"]) == BASE


@pytest.mark.parametrize("name, known", [("web-0_shop-app", True), ("web-1_shop-app", False)])
def test_checkpoint(name: str, known: bool, node: Node) -> None:
    """The name says when, and of which container."""
    node.log(cri_line("a", BASE))
    node.write(node.kubelet / f"checkpoints/checkpoint-{name}-2026-01-02T04:04:05+01:00.tar", "")
    row = only(node, "container:checkpoint")
    assert reading.nanoseconds(row) == BASE and f"pod {name}" in row["facts"]
    assert (row.get("container_name"), row.get("pod_identifier")) == (("app", UID) if known else (None, None))
