# SPDX-License-Identifier: Apache-2.0
"""Stores of containerd that lie elsewhere, have more than their databases know, or less.

What must be there is the recorded listing of the disk, and what the test itself put there.
"""
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from lib import disks, launch, machine
from lib.containerd_truth import CASES, ROOT, ContainerdCase
from lib.reading import Row, unescape

STORE = ROOT + b"/io.containerd.snapshotter.v1.overlayfs/snapshots"
CRI = "containerd-cri-ext4"


def told(rows: list[Row], below: bytes) -> set[bytes]:
    """What is below a directory, as rows of files have it."""
    places = {unescape(row["pathspec"]["location"]) for row in rows
              if row["data_type"] == "fs:stat" and "unallocated" not in row["tag"]}
    return {place[len(below):] for place in places if place.startswith(below + b"/")}


def listed(case: ContainerdCase) -> set[bytes]:
    """The same of the recorded listing: all entries of snapshots."""
    return {path[len(ROOT):] for path in case.in_snapshots}


@pytest.fixture
def copy(disk, tmp: Path) -> Path:
    """A disk that the test may change."""
    return disks.sparse_copy(disk(CRI), tmp / "copy.raw")


def test_root_by_the_settings(copy: Path, containerd_case, tmp: Path) -> None:
    """config.toml names another root."""
    (tmp / "config.toml").write_text('version = 2\nroot = "/srv/ctd"\nstate = "/run/containerd"\n')
    disks.debugfs(copy, f"ln {ROOT.decode()} /srv/ctd", f"unlink {ROOT.decode()}", "mkdir /etc/containerd",
                  "rm /etc/containerd/config.toml", "cd /etc/containerd", f"write {tmp / 'config.toml'} config.toml")
    result = launch.timeline(copy)
    assert not listed(containerd_case(CRI)) - told(result.rows, b"/srv/ctd")
    owners = {row["container_identifier"] for row in result.rows if row.get("layer_role") == "rw"}
    assert owners == set(containerd_case(CRI).tops)


@pytest.mark.parametrize("name", CASES)
def test_root_alone(name: str, containerd_disk, mounting, containerd_case) -> None:
    """Nothing of the host but the root of containerd; without dockerd's files the containers of moby have no names."""
    case = containerd_case(name)
    with disks.mount(containerd_disk(name), "ext4", "ro,noload,loop") as root:
        result = launch.timeline(root / ROOT[1:].decode())
    assert not listed(case) - told(result.rows, b"")
    owners = {row.get("container_identifier") for row in result.rows if row.get("layer_role") == "rw"}
    assert owners >= {cid for cid in case.tops if case.container(cid)["runtime"] != "docker"}


def test_snapshots_that_no_database_knows(copy: Path, containerd_case, tmp: Path) -> None:
    """What is left of a removal or of an unfinished preparation is told, as nobody's."""
    (tmp / "left").write_text("left")
    places = [STORE + b"/9999", STORE + b"/new-123456789"]
    disks.debugfs(copy, *(command for place in map(bytes.decode, places) for command in (
        f"mkdir {place}", f"mkdir {place}/fs", f"cd {place}/fs", f"write {tmp / 'left'} left", "cd /")))
    result = launch.timeline(copy)
    assert not listed(containerd_case(CRI)) - told(result.rows, ROOT)
    for place in places:
        own = [row for row in result.rows if unescape(row["pathspec"]["location"]) == place + b"/fs/left"]
        assert len(own) == 4, place
        assert all("container_identifier" not in row and row["filename"] == "/left" for row in own)


def test_snapshots_that_are_gone(copy: Path, containerd_case) -> None:
    """A record without its directory: an error names it, and all others are told."""
    case: ContainerdCase = containerd_case(CRI)
    top = next(iter(case.tops.values()))
    lost = top.directory
    disks.debugfs(copy, f"unlink {lost.removesuffix(b'/fs').decode()}")
    result = launch.timeline(copy)
    want = {path for path in listed(case) if not (ROOT + path + b"/").startswith(lost + b"/")}
    assert not want - told(result.rows, ROOT)
    assert result.code == 1 and [error for error in result.errors if error["code"] == "missing"
                                 and (f"snapshot {top.id} " in error["reason"] or top.key in error["reason"])]


def test_a_node_in_a_volume(disk, mounting, containerd_case, tmp: Path) -> None:
    """A node of Kubernetes that is a container of Docker keeps its /var in a volume: its stores are read as what they are, and
    each file is told once."""
    host = tmp / "host"
    with disks.mount(disk("overlay2-ext4"), "ext4", "ro,noload,loop") as outer, \
            disks.mount(disk(CRI), "ext4", "ro,noload,loop") as node:
        shutil.copytree(outer / "etc", host / "etc", symlinks=True)
        subprocess.run(["cp", "-a", "--parents", "var/lib/docker", host], cwd=outer, check=True)
        volumes = host / "var/lib/docker/volumes"
        name, holder = next((name, state["Name"]) for state in map(config, sorted((host / "var/lib/docker/containers").iterdir()))
                            for name in anonymous(state))
        for part in ("lib/containerd", "lib/kubelet", "log/pods"):
            (volumes / name / "_data" / part).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", node / "var" / part, volumes / name / "_data" / part], check=True)
    result = launch.timeline(host)
    below = f"/var/lib/docker/volumes/{name}/_data/lib/containerd".encode()
    assert not listed(containerd_case(CRI)) - told(result.rows, below)
    times = Counter((row["pathspec"]["location"], row["timestamp_desc"]) for row in result.rows
                    if row["data_type"] == "fs:stat" and row["timestamp_desc"] != "Content Deletion Time"
                    and unescape(row["pathspec"]["location"]).startswith(below))
    assert set(times.values()) == {1}
    inner = [row for row in result.rows if row.get("pod_name")]
    assert inner and {row["host_container"] for row in inner} == {holder.lstrip("/")}
    assert not result.errors


def config(container: Path) -> dict:
    """The configuration of a container of Docker."""
    return json.loads((container / "config.v2.json").read_text())


def anonymous(state: dict) -> list[str]:
    """The volumes without a name that a container mounts."""
    return [mount["Name"] for mount in state["MountPoints"].values() if mount["Type"] == "volume" and len(mount["Name"]) == 64]


PLACES = ["/var/lib/rancher/k3s/agent/containerd", "/var/lib/rancher/rke2/agent/containerd", "/var/lib/k0s/containerd",
          "/var/snap/microk8s/common/var/lib/containerd", "/var/lib/docker/containerd/daemon"]


@pytest.mark.parametrize("place", PLACES)
def test_default_places(copy: Path, containerd_case, place: str) -> None:
    """Where distributions of Kubernetes keep containerd's root, and a Docker daemon that runs its own."""
    above = [str(parent) for parent in reversed(Path(place).parents)][1:]
    disks.debugfs(copy, *(f"mkdir {parent}" for parent in above),
                  f"ln {ROOT.decode()} {place}", f"unlink {ROOT.decode()}",
                  *(f"mkdir /var/lib/docker/{name}" for name in ("containers", "image") if "docker" in place))
    result = launch.timeline(copy)
    assert not listed(containerd_case(CRI)) - told(result.rows, place.encode())
    owners = {row["container_identifier"] for row in result.rows if row.get("layer_role") == "rw"}
    assert owners == set(containerd_case(CRI).tops)


@pytest.mark.parametrize("name", ["stargz", "nydus", "erofs", "fuse-overlayfs", "nobody-knows"])
def test_other_snapshotters(copy: Path, containerd_case, name: str) -> None:
    """Directories of any snapshotter are walked. That a snapshotter is not known is said."""
    place = f"{ROOT.decode()}/io.containerd.snapshotter.v1.{name}"
    disks.debugfs(copy, f"ln {STORE.decode().removesuffix('/snapshots')} {place}",
                  f"unlink {STORE.decode().removesuffix('/snapshots')}")
    result = launch.timeline(copy)
    want = {path.replace(b"v1.overlayfs", b"v1." + name.encode()) for path in listed(containerd_case(CRI))}
    assert not want - told(result.rows, ROOT)
    unsupported = [error for error in result.errors if error["code"] == "unsupported"]
    assert [error for error in unsupported if name in error["path"]] if name == "nobody-knows" else not unsupported


@pytest.mark.parametrize(("name", "where"), [("devmapper", "thin devices"), ("blockfile", "files of blocks"), ("zfs", "zfs")])
def test_snapshots_without_directories(copy: Path, containerd_case, name: str, where: str) -> None:
    """What no directory holds is named, with the number of snapshots that the database lists."""
    place = f"{ROOT.decode()}/io.containerd.snapshotter.v1.{name}"
    disks.debugfs(copy, f"ln {STORE.decode().removesuffix('/snapshots')} {place}",
                  f"unlink {STORE.decode().removesuffix('/snapshots')}")
    result = launch.timeline(copy)
    [error] = [error for error in result.errors if error["code"] == "unsupported"]
    count = len(containerd_case(CRI).inner["overlayfs"])
    assert error["path"] == place and error["reason"].startswith(f"{count} snapshots") and where in error["reason"]


def test_stores_that_nobody_reads(disk) -> None:
    """A store of Podman, and archives of images, are named."""
    podman = launch.timeline(disk("podman-ext4"))
    assert podman.code == 3 and [error["path"] for error in podman.errors if error["code"] == "unsupported"] == [
        "/var/lib/containers/storage"]
    archive = machine.EVIDENCE / "docker-save/app.tar"
    if archive.exists():
        told_of = launch.timeline(archive)
        assert told_of.code == 3 and "tar archive" in told_of.errors[0]["reason"]
