# SPDX-License-Identifier: Apache-2.0
"""Binds of files and directories of the host: their files under each container that sees them, with their paths inside.
Also what hides them, and hosts whose data root has a partition of its own."""
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from lib import disks, hosts, launch
from lib.reading import Row, location
from lib.seen import mount, paths, rows_are_single, told


def binding(tmp: Path, *points: Row, more: dict[str, Any] | None = None) -> hosts.Host:
    """A host with a /srv; web has these mounts, db none."""
    host = hosts.shop(tmp / "host")
    tree = {"srv": {"a": "1", "in": {"b": "2", "up": ("link", "../../etc")}}}
    hosts.write_tree(os.fsencode(host.root), tree | (more or {}))
    mount(host, hosts.container(host, "web"), *points)
    return host


def test_binds_only_on_request(tmp: Path) -> None:
    """A directory and a file; tagged, of the host's role, under their container."""
    host = binding(tmp, {"Source": "/srv", "Destination": "/mnt"}, {"Source": "/etc/hostname", "Destination": "/name"})
    assert not [row for row in host.run("--binds=none").rows if "bind" in row["tag"]]
    rows = host.run("--binds")
    assert not rows.errors and rows_are_single(rows)
    assert told(rows) == paths(host.root / "srv", "/mnt", "web") | paths(host.root / "etc/hostname", "/name", "web")
    bound = [row for row in rows.rows if "bind" in row["tag"]]
    found = {(row["layer_role"], row["container_name"], len(row["used_by_containers"])) for row in bound}
    assert found == {("host", "web", 1)}


def test_binds_of_two_containers(tmp: Path) -> None:
    """One source, and one that lies in the other: each file once, under both."""
    host = binding(tmp, {"Source": "/srv", "Destination": "/mnt"})
    mount(host, hosts.container(host, "db"), {"Source": "/srv/", "Destination": "/x"},
          {"Source": "/srv/in/b", "Destination": "/b", "RW": False})
    rows = host.run("--binds")
    assert not rows.errors and rows_are_single(rows)
    assert told(rows) == (paths(host.root / "srv", "/mnt", "web") | paths(host.root / "srv", "/x", "db")
                          | paths(host.root / "srv/in/b", "/b", "db"))
    for name in ("web", "db"):
        assert told(host.run("--binds", "-c", name)) == told(rows)


def test_bind_of_everything(tmp: Path) -> None:
    """The root of the host, a directory above the data root, the data root: nothing is read twice, and that is said."""
    host = binding(tmp, {"Source": "/", "Destination": "/host"}, {"Source": "/var/lib", "Destination": "/lib"},
                   {"Source": "/var/lib/docker/volumes/data/_data", "Destination": "/d"})
    rows = host.run("--binds")
    assert not rows.errors
    bound = {location(row) for row in rows.rows if "bind" in row["tag"]}
    outside = {os.fsencode(host.inside(Path(at) / name)) for at, folders, files in os.walk(host.root)
               for name in folders + files if not str(Path(at) / name).startswith(f"{host.data}/")}
    data = host.inside(host.data).encode()
    assert bound == outside | {b"/", data + b"/volumes/data/_data"}
    for place in (data, data + b"/volumes/data/_data"):
        assert all("in a Docker data root, whose files are told once, as its own" in row["facts"]
                   for row in rows.rows if location(row) == place and "bind" in row["tag"])
    assert ("web", "/lib/docker", str(os.lstat(host.data).st_ino)) in told(rows)


def test_binds_in_order(tmp: Path) -> None:
    """Names whose bytes come before a slash do not part a source from those that bind what it lies in."""
    names = ["d", "d!", "d-x", "d/in", "d/in/deep", "d/in-y", "dz", "d/!"]
    host = binding(tmp, {"Source": "/", "Destination": "/host"}, *(
        {"Source": f"/{name}", "Destination": f"/b{i}"} for i, name in enumerate(names)),
        more={"d": {"in": {"deep": {"f": ""}}, "in-y": {}, "!": {}}, "d!": {}, "d-x": {}, "dz": {}})
    rows = host.run("--binds")
    assert not rows.errors
    seen = told(rows)
    for i, name in enumerate(names):
        assert paths(host.root / name, f"/b{i}", "web") | paths(host.root / name, f"/host/{name}", "web") <= seen
    assert {item for item in seen if re.match(r"/b\d", item[1])} == {
        item for i, name in enumerate(names) for item in paths(host.root / name, f"/b{i}", "web")}


def test_bind_through_links(tmp: Path) -> None:
    """Links in the path of a source are followed beneath the evidence; a loop is reported; links in it are told."""
    host = binding(tmp, {"Source": "/way/in", "Destination": "/mnt"}, {"Source": "/loop", "Destination": "/loop"},
                   more={"way": ("link", "/srv"), "loop": ("link", "loop")})
    rows = host.run("--binds")
    assert rows.error()["code"] == "cycle"
    assert told(rows) == paths(host.root / "srv/in", "/mnt", "web")
    [link] = {row["inode"]: row for row in rows.rows if row["filename"] == "/mnt/up"}.values()
    assert stat.S_ISLNK(os.lstat(host.root / "srv/in/up").st_mode) and link["symbolic_link_target"] == "../../etc"


@pytest.mark.parametrize("source", ["", "srv", "."])
def test_bind_without_a_path(source: str, tmp: Path) -> None:
    """It is not the host's root: a loss, and nothing of the host is read."""
    host = binding(tmp, {"Type": "bind", "Source": source, "Destination": "/e"})
    rows = host.run("--binds")
    assert rows.code == 1 and rows.error()["code"] == "damaged"
    assert not [row for row in rows.rows if "bind" in row["tag"]]


def test_bind_that_is_not_there(tmp: Path) -> None:
    """A loss, told once; but not what only a running host has."""
    host = binding(tmp, {"Source": "/gone", "Destination": "/a"}, {"Source": "/run/docker.sock", "Destination": "/s"})
    mount(host, hosts.container(host, "db"), {"Source": "/gone", "Destination": "/b"})
    rows = host.run("--binds")
    assert rows.code == 1 and (rows.error()["code"], rows.error()["path"]) == ("missing", "/gone")
    said = launch.run("--binds", host.root).stderr.decode()
    assert "/run/docker.sock" in said and "memory" in said


def test_binds_of_a_bare_data_root(tmp: Path) -> None:
    """The rest of the host is not in the evidence: said, but no loss."""
    host = binding(tmp, {"Source": "/srv", "Destination": "/mnt"})
    rows = launch.timeline("--binds", host.data)
    assert rows.code == 0 and not rows.errors and rows.lines == launch.timeline(host.data).lines
    assert b"--binds" in launch.run("--binds", host.data).stderr


def partitions(tmp: Path, *trees: Path) -> Path:
    """A disk with a partition for each tree."""
    size = 32 << 20
    script = "label: dos\n" + "".join(f"start={2048 + i * (size >> 9)}, size={size >> 9}\n" for i in range(len(trees)))
    images = [(disks.make_ext4(tmp / f"part{i}", tree, "32M"), (1 << 20) + i * size) for i, tree in enumerate(trees)]
    return disks.partition(tmp / "disk.raw", (1 << 20) + size * len(trees), script, *images)


@pytest.fixture
def parted(tmp: Path) -> tuple[Path, Path]:
    """What lies on the host's partition, and on that of its data root."""
    host = binding(tmp, {"Source": "/srv", "Destination": "/mnt"})
    shutil.move(host.data, tmp / "data")
    host.data.mkdir()
    return host.root, tmp / "data"


@pytest.mark.parametrize("host_first", [True, False])
def test_binds_beside_the_partition_of_the_data_root(host_first: bool, parted: tuple[Path, Path], tmp: Path) -> None:
    """They are in the host's file system, and so is its name."""
    (parted[0] / "etc/hostname").write_text("parted\n")
    rows = launch.timeline("--binds", partitions(tmp, *(parted if host_first else parted[::-1])))
    assert rows.code == 0 and not rows.errors and rows_are_single(rows)
    assert {inside for name, inside, _inode in told(rows) if name == "web"} == {
        inside for _name, inside, _inode in paths(parted[0] / "srv", "/mnt", "web")}
    assert {row["hostname"] for row in rows.rows} == {"parted"}


def test_binds_of_no_known_host(parted: tuple[Path, Path], tmp: Path) -> None:
    """Of two hosts, either may be the one: a loss, and none is chosen."""
    rows = launch.timeline("--binds", partitions(tmp, parted[0], parted[1], parted[0]))
    assert rows.code == 1 and rows.error()["code"] == "missing" and "more than one" in rows.error()["reason"]
    assert not [row for row in rows.rows if "bind" in row["tag"]]


def test_volume_that_is_a_bind(tmp: Path) -> None:
    """The local driver's way to bind a directory."""
    host = binding(tmp, {"Name": "data", "Destination": "/data", "Driver": "local"})
    options = {"MountType": "none", "MountOpts": "o,bind", "MountDevice": "/srv"}
    host.write(host.data / "volumes/data/opts.json", options)
    rows = host.run("--binds")
    assert {item for item in told(rows) if item[1] == "/data/in/b"} == {
        ("web", "/data/in/b", str(os.lstat(host.root / "srv/in/b").st_ino))}
