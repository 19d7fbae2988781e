# SPDX-License-Identifier: Apache-2.0
"""Hosts whose root is a subvolume of a btrfs, as installers make them: files have the paths that the host sees, by its own
table of mounts, and are told once. What snapshots hold is told too."""
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine

UUID = "12345678-1234-4234-8234-123456789abc"
STORE = "var/lib/docker"


def call(*command: str | Path) -> None:
    """Run a tool; its words are in the exception."""
    subprocess.run(command, check=True, capture_output=True)


def make(image: Path) -> None:
    """An empty file system."""
    if not machine.have("mkfs.btrfs"):
        pytest.skip("mkfs.btrfs is missing")
    with open(image, "wb") as out:
        out.truncate(256 << 20)
    call("mkfs.btrfs", "-q", "-f", "-U", UUID, image)


def install(top: Path, tree: Path, root: str, parts: dict[str, str], table: bool = True) -> None:
    """A host with its root in one subvolume, and others for directories of it: name -> where."""
    for name in (root, *parts):
        call("btrfs", "subvolume", "create", top / name)
    call("cp", "-a", f"{tree}/.", top / root)
    for name, at in parts.items():
        (top / root / at).mkdir(parents=True, exist_ok=True)
        call("cp", "-a", f"{top / root / at}/.", top / name)
        for entry in (top / root / at).iterdir():
            shutil.rmtree(entry)
    lines = [f"UUID={UUID} / btrfs rw,subvol=/{root} 0 0"] if table else [f"UUID={UUID} / btrfs defaults 0 0"]
    lines += [f"UUID={UUID} /{at} btrfs defaults,subvol={name} 0 0" for name, at in parts.items()]
    (top / root / "etc").mkdir(exist_ok=True)
    (top / root / "etc/fstab").write_text("\n".join(lines) + "\n")


def files_of(rows: list[dict]) -> list[tuple[str, str]]:
    """Path on the disk, path and time of each row of a file."""
    return sorted((row["display_name"], row["filename"], row["timestamp_desc"]) for row in rows if row["data_type"] == "fs:stat")


@pytest.mark.parametrize("root, parts", [("@", {}), ("@rootfs", {"@log": "var/log"}),
                                         ("root", {"home": "home", "docker": STORE})])
def test_host_in_a_subvolume(root: str, parts: dict[str, str], mounting: None, tmp: Path) -> None:
    """The same rows as from the directory of that host, under the same names, and each once."""
    host, image = hosts.shop(tmp / "host"), tmp / "image.raw"
    make(image)
    with disks.mount(image, "btrfs", "loop,noatime") as top:
        install(top, host.root, root, parts)
    wanted, got = launch.timeline(host.root), launch.timeline(image)
    assert not got.errors, got.errors[:3]
    assert {path for _, path, _ in files_of(wanted.rows)} == {path for _, path, _ in files_of(got.rows)}
    assert len(files_of(got.rows)) == len(set(files_of(got.rows)))
    assert not any(name.startswith(f"BTRFS:/{part}/") for name, _, _ in files_of(got.rows) for part in (root, *parts))


def test_default_subvolume_and_snapshot(mounting: None, tmp: Path) -> None:
    """As on openSUSE: no option names the root. A snapshot of it is a host of its own, which has what was deleted."""
    host, image = hosts.shop(tmp / "host"), tmp / "image.raw"
    make(image)
    with disks.mount(image, "btrfs", "loop,noatime") as top:
        install(top, host.root, "first", {}, table=False)
        (top / "snapshots").mkdir()
        call("btrfs", "subvolume", "snapshot", "-r", top / "first", top / "snapshots/1")
        done = subprocess.run(["btrfs", "inspect-internal", "rootid", top / "first"], check=True, capture_output=True)
        call("btrfs", "subvolume", "set-default", done.stdout.decode().strip(), top)
    got = launch.timeline(image)
    places = {row["display_name"].split("/")[1] for row in got.rows if row["data_type"] == "fs:stat"}
    assert "var" in places and "snapshots" in places and "first" not in places, places
    assert not got.errors, got.errors[:3]


def test_btrfs_driver(mounting: None, tmp: Path) -> None:
    """Layers of Docker's btrfs driver are subvolumes, in which inodes have equal numbers: all are walked."""
    image, names = tmp / "image.raw", [f"{number:064x}" for number in range(1, 5)]
    make(image)
    with disks.mount(image, "btrfs", "loop,noatime") as top:
        layers = top / "btrfs/subvolumes"
        layers.mkdir(parents=True)
        call("btrfs", "subvolume", "create", layers / names[0])
        (layers / names[0] / "etc").mkdir()
        for below, name in zip(names, names[1:]):
            call("btrfs", "subvolume", "snapshot", layers / below, layers / name)
            (layers / name / "etc" / name[-3:]).write_text("n")
        for folder in ("containers", "image/btrfs/layerdb/sha256", "image/btrfs/imagedb/content/sha256", "volumes", "tmp"):
            (top / folder).mkdir(parents=True)
        (top / "image/btrfs/repositories.json").write_text(json.dumps({"Repositories": {}}))
    got = launch.timeline(image)
    paths = {row["display_name"] for row in got.rows if row["data_type"] == "fs:stat"}
    for at, name in enumerate(names):
        for added in names[1:at + 1]:
            assert f"BTRFS:/btrfs/subvolumes/{name}/etc/{added[-3:]}" in paths, (name, added, sorted(paths)[:5])
    assert not any("second time" in error["reason"] for error in got.errors), got.errors
