# SPDX-License-Identifier: Apache-2.0
"""The oracle for hosts with containerd, held against what was recorded there: bbolt's own listings of its databases, what ctr
listed, the kernel's merged views, `docker diff` and `docker image inspect`, and what CRI answered."""
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import boltread, containerd_truth, disks, overlay_truth, truth
from lib.containerd_truth import CASES, DOCKER, ContainerdCase, Snapshot, SnapshotHost

LISTED = [case for case in CASES if case != "intrusion"]  # of that host ctr told less
INSPECTED = [case for case in DOCKER if case in LISTED]
KINDS = {"View": 1, "Active": 2, "Committed": 3}


def table(path: Path) -> list[dict[str, str]]:
    """A listing of ctr: the columns begin where the words of its head do."""
    head, *lines = path.read_text().splitlines()
    starts = [match.start() for match in re.finditer(r"\S+( \S+)*", head)]
    spans = list(zip(starts, [*starts[1:], None]))
    return [{head[a:b].strip(): line[a:b].strip() for a, b in spans} for line in lines]


@pytest.mark.parametrize("name", DOCKER)
def test_databases_as_bbolt_lists_them(name: str, disk, tmp: Path) -> None:
    """Every database of the host, key by key."""
    known = truth.Case(containerd_truth.machine.EVIDENCE / name, "clean", False)
    paths = {path[1:].replace(b"/", b"_").decode(): path for path in known.nodes if path.endswith(b".db")}
    texts = {path.name.split(".tsv")[0]: truth.recorded(path.with_name(path.name.removesuffix(".zst")))
             for path in (known.truth / "bolt").iterdir()}
    texts = {paths[key]: text for key, text in texts.items() if text != "invalid database\n"}
    assert len(texts) > 5
    for path, data in disks.dump(disk(name), texts, tmp).items():
        assert boltread.read(data) == boltread.listed(iter(texts[path].split("\n")[:-1])), path


def detailed(folder: Path, snapshotter: str) -> Iterator[dict]:
    """What ctr said of each snapshot."""
    text = (folder / f"snapshots-{snapshotter}-detail.txt")
    for part in re.findall(r"^\{\n.*?^\}", text.read_text() if text.exists() else "", re.M | re.S):
        yield json.loads(part)


def snapshot_listed(one: Snapshot) -> dict:
    """The same of ours."""
    kind = next(word for word, number in KINDS.items() if number == one.kind)
    return {"Kind": kind, "Name": one.key, "Parent": one.parent, "Created": one.times["createdat"],
            "Updated": one.times["updatedat"]}


@pytest.mark.parametrize("name", LISTED)
def test_records_as_ctr_lists_them(name: str, containerd_case) -> None:
    """Snapshots with their times, images, blobs, leases and containers of each namespace."""
    case: ContainerdCase = containerd_case(name)
    for namespace, bucket in case.namespaces.items():
        folder = case.truth / "namespaces" / namespace
        for snapshotter in case.inner:
            own = [one for one in case.snapshots.values() if (one.namespace, one.snapshotter) == (namespace, snapshotter)]
            told = [{"Parent": ""} | one | {key: truth.iso_ns(one[key]) for key in ("Created", "Updated")}
                    for one in detailed(folder, snapshotter)]
            assert sorted(map(repr, ({k: one[k] for k in ("Kind", "Name", "Parent", "Created", "Updated")} for one in told))
                          ) == sorted(map(repr, map(snapshot_listed, own))), (namespace, snapshotter)
        images = {ref: image.target for image in case.images if image.namespace == namespace for ref in image.names}
        assert {row["REF"]: row["DIGEST"] for row in table(folder / "images.txt")} == images
        blobs = {row.split("\t")[0] for row in (folder / "content.txt").read_text().splitlines()[1:]}
        assert blobs == {key.decode() for key in bucket.get(b"content", {}).get(b"blob", {})}
        for kind, column in (("leases", "ID"), ("containers", "CONTAINER")):
            assert {row[column] for row in table(folder / f"{kind}.txt")} == {
                key.decode() for key in bucket.get(kind.encode(), {})}
    infos = [json.loads(path.read_text()) for path in case.truth.glob("**/*.info.json") if "-" not in path.name]
    for info in infos:
        own = case.container(info["ID"])
        assert (own["times"]["createdat"], own["SnapshotKey"], own["image_name"]) == (
            truth.iso_ns(info["CreatedAt"]), info["SnapshotKey"], info["Image"])
    assert infos or name in DOCKER


@pytest.mark.parametrize("case", CASES)
def test_merged_views_as_the_kernel_shows_them(case: str, containerd_case) -> None:
    """Of each container, by the stack of its snapshots."""
    case, seen = containerd_case(case), 0
    for host in (SnapshotHost(case, snapshotter) for snapshotter in case.inner):
        for name, container in host.containers.items():
            stems = container["Id"], container["Name"][1:]
            paths = [case.truth / f"containers/{stem}.merged-clean.tsv" for stem in stems]
            kernel = containerd_truth.merged_listing(next(path for path in paths if path.exists()))
            own = {path: entry.node for path, entry in host.merged(name).items()}
            keys = ("type", "mode", "uid", "gid", "size", "rdev", "mtime", "sha256", "link")
            assert own.keys() == kernel.keys()
            assert [path for path in own if any(own[path][key] != kernel[path][key] for key in keys)] == []
            seen += 1
    assert seen == len(case.tops) > 6


@pytest.mark.parametrize("name", INSPECTED)
def test_comparison_as_docker_diff(name: str, containerd_case) -> None:
    """Docker 29 compares the merged view with the one below, as ever."""
    case, seen = containerd_case(name), 0
    host = SnapshotHost(case, "overlayfs")
    for key, container in host.containers.items():
        path = case.truth / f"containers/{container['Name'][1:]}.diff.txt"
        if container["runtime"] == "docker":
            later = overlay_truth.stale(host, key)
            own, told = overlay_truth.as_text(host.diff(key)), overlay_truth.docker_diff(path.read_bytes())
            assert {p for p in own if own[p] != told.get(p)} <= later and not told.keys() - own.keys() - later
            seen += len(told)
    assert seen > 60


@pytest.mark.parametrize("name", INSPECTED)
def test_images_as_docker_inspects_them(name: str, containerd_case) -> None:
    """Layers, tags and history of each image; a container's image, if it has a name yet, is one of them."""
    case = containerd_case(name)
    known = {image.target: image for image in case.images if image.namespace == "moby"}
    told = truth.inspected(case.truth, "images")
    assert {row["Id"] for row in told} == known.keys()
    for row in told:
        image = known[row["Id"]]
        layers = {tuple(one.diff_ids): one for one in image.manifests}
        assert tuple(row["RootFS"]["Layers"]) in layers
        names = {ref.removeprefix("docker.io/").removeprefix("library/") for ref in image.names if "@" not in ref}
        assert names == set(row["RepoTags"] or ())
        text = (case.truth / f"images/{row['Id'][7:]}.history.txt").read_text()
        history = layers[tuple(row["RootFS"]["Layers"])].history
        assert len(text.splitlines()) == 1 + len(history)
        assert all(" ".join(step.get("created_by", "").split()) in " ".join(text.split()) for step in history)


def test_status_as_cri_told_it(containerd_case) -> None:
    """The files that CRI keeps say what it answered."""
    case, seen = containerd_case("containerd-cri-ext4"), 0
    for path in (case.truth / "containers").glob("*.status.json"):
        told, own = json.loads(path.read_text()), None
        own = case.container(told["id"])["status"]
        assert (own["CreatedAt"], own["StartedAt"], own["FinishedAt"], own["ExitCode"]) == (
            told["created_at"], told["started_at"], told.get("finished_at", 0), told.get("exit_code", 0))
        seen += 1
    assert seen > 4
