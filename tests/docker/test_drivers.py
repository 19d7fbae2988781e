# SPDX-License-Identifier: Apache-2.0
"""Storage drivers beside overlay2: hosts in their layouts, made by the rules of moby's graphdrivers, and upper directories
made by the kernel."""
import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading
from lib.hosts import WHITEOUT, hex_id

DELETION = "Content Deletion Time"


class Full(hosts.Host):
    """Each layer is a full copy of the one below with its own changes: vfs, btrfs, zfs."""

    content = ""

    def layer(self, name: str) -> Path:
        """The tree of files of a layer."""
        return self.data / self.layers_at / name / self.content

    def copy(self, source: Path, target: Path) -> None:
        """As a snapshot would: all times are kept."""
        subprocess.run(["cp", "-a", source, target], check=True)

    def store(self, name: str, below: str | None, tree: hosts.Tree | None = None) -> Path:
        path = self.layer(name)
        if below:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.copy(self.layer(below), path)
        else:
            path.mkdir(parents=True)
        self.apply(path, tree or {})
        return path

    def apply(self, path: Path, tree: hosts.Tree) -> None:
        """Write the tree; a whiteout deletes, and what is replaced is no longer a link to the lower layer's."""
        for name, value in tree.items():
            at = path / os.fsdecode(name)
            if isinstance(value, dict):
                at.mkdir(exist_ok=True)
                self.apply(at, value)
                continue
            at.unlink(missing_ok=True)
            if value != WHITEOUT:
                hosts.write_tree(os.fsencode(path), {name: value})


class Vfs(Full):
    """vfs/dir/<id>"""
    driver, layers_at = "vfs", "vfs/dir"


class Btrfs(Full):
    """btrfs/subvolumes/<id>"""
    driver, layers_at = "btrfs", "btrfs/subvolumes"


class Zfs(Full):
    """zfs/graph/<id>, all mounted"""
    driver, layers_at = "zfs", "zfs/graph"


class DeviceMapper(Full):
    """devicemapper/mnt/<id>/rootfs, all mounted, and devicemapper/metadata/<id>"""
    driver, layers_at, content = "devicemapper", "devicemapper/mnt", "rootfs"

    def store(self, name: str, below: str | None, tree: hosts.Tree | None = None) -> Path:
        path = super().store(name, below, tree)
        metadata = self.data / "devicemapper/metadata"
        number = len(list(metadata.iterdir())) if metadata.exists() else 0
        self.write(metadata / name, {"device_id": number + 2, "size": 10737418240, "transaction_id": number + 3,
                                     "initialized": False, "deleted": False})
        return path


class Overlay(Full):
    """The overlay driver: images are trees of hard links, containers an upper directory over one of them."""
    driver = layers_at = "overlay"
    content = "root"

    def copy(self, source: Path, target: Path) -> None:
        subprocess.run(["cp", "-al", source, target], check=True)

    def store(self, name: str, below: str | None, tree: hosts.Tree | None = None) -> Path:
        init = name + "-init"
        if not name.endswith("-init") and below != init:
            return super().store(name, below, tree)
        path = self.data / "overlay" / name
        (path / "work/work").mkdir(parents=True)
        lower = path.parent / init / "lower-id"
        self.write(path / "lower-id", lower.read_text() if below == init else below)
        if below == init:
            shutil.copytree(path.parent / init / "upper", path / "upper")
        else:
            (path / "upper").mkdir()
        hosts.write_tree(os.fsencode(path / "upper"), tree or {})
        return path


class FuseOverlayfs(hosts.Host):
    """As overlay2, but for its name and its marks."""
    driver = layers_at = "fuse-overlayfs"


KINDS = {kind.driver: kind for kind in (Vfs, Btrfs, Zfs, DeviceMapper, Overlay, FuseOverlayfs)}


@pytest.fixture(params=KINDS)
def host(request: pytest.FixtureRequest, tmp: Path) -> hosts.Host:
    """The small host with one storage driver after the other."""
    if "overlay" in request.param and not machine.IS_ROOT:
        pytest.skip("device nodes need root")
    return hosts.shop(tmp / "host", KINDS[request.param])


def trees(host: hosts.Host) -> dict[str, Path]:
    """The trees of files of all layers, by the names of their directories."""
    below = host.data / host.layers_at
    names = {"overlay": ("root", "upper"), "fuse-overlayfs": ("diff",)}.get(host.driver) or (host.content,)
    return {layer.name: layer / name for layer in below.iterdir() for name in names
            if layer.name != "l" and (layer / name).exists()}


def test_every_file_with_its_owner(host: hosts.Host) -> None:
    """All entries of all layers are there with their four times, and say whose they are."""
    result = host.run()
    assert result.code == 0 and not result.errors
    image, = (i for i in host.repositories["shop"].values())
    rw = {hex_id(f"rw {name}") + end: (name, role)
          for name in ("web", "db") for end, role in (("", "rw"), ("-init", "init"))}
    layers = {hex_id(f"layer shop:1 {n}") for n in (0, 1)}
    assert set(trees(host)) == layers | set(rw)
    rows = {}
    for row in result.where(data_type="fs:stat"):
        rows.setdefault(reading.location(row), []).append(row)
    for name, tree in trees(host).items():
        for at, folders, files in os.walk(tree):
            for path in [at, *(os.path.join(at, entry) for entry in folders + files)]:
                check_entry(host, tree, path, rows[os.fsencode(host.inside(Path(path)))], rw.get(name), image)


def check_entry(host: hosts.Host, tree: Path, path: str, rows: list[reading.Row], container: tuple | None,
                image: str) -> None:
    """One entry of one layer."""
    node = os.lstat(path)
    times = {row["timestamp_desc"]: reading.nanoseconds(row) for row in rows}
    assert times["Content Modification Time"] == node.st_mtime_ns
    assert times["Metadata Modification Time"] == node.st_ctime_ns
    assert {"Last Access Time", "Creation Time"} <= set(times)
    inside = "/" + os.path.relpath(path, tree) if Path(path) != tree else "/"
    for row in rows:
        assert row["image_identifier"] == image
        assert row["timestamp_desc"] == DELETION or row["filename"] == inside
        if container:
            assert (row["container_name"], row["layer_role"]) == container
        else:
            assert row["layer_role"] == "image" and reading.users(row, "images") == {reading.short(image)}
            assert reading.users(row, "containers") == {hex_id(f"container {n}")[:12] for n in ("web", "db")}


def test_lifecycle(host: hosts.Host) -> None:
    """What does not depend on the driver is all there."""
    result = host.run()
    own = ("fs:stat", "container:layer:device", "container:file:copy_up", "container:layer:mounted")
    kinds = Counter(row["data_type"] for row in result.rows if row["data_type"] not in own)
    with machine.scratch() as other:
        assert kinds == Counter(row["data_type"] for row in hosts.shop(other / "host").run().rows
                                if row["data_type"] not in own)


def test_data_root_is_found(host: hosts.Host, tmp: Path) -> None:
    """By the driver's directory and one more of what Docker makes, wherever it is."""
    for name in ("containers", "volumes"):
        shutil.rmtree(host.data / name)
    host.data.rename(tmp / "bare")
    result = launch.timeline(tmp / "bare")
    assert result.where(data_type="fs:stat", layer_role="image")


@pytest.mark.parametrize("kind", [Zfs, DeviceMapper])
@pytest.mark.parametrize("left", [True, False])
def test_contents_elsewhere(kind: type[Full], left: bool, tmp: Path) -> None:
    """Not mounted: containers and images are there, and what is not read is said once."""
    host = hosts.shop(tmp / "host", kind)
    for tree in trees(host).values():
        layer = tree.parent if host.content else tree
        shutil.rmtree(layer)
        if left:
            layer.mkdir()
    result = host.run()
    assert result.code == 1
    error = result.error()
    assert (error["code"], error["path"]) == ("unsupported", host.inside(host.data / host.layers_at))
    assert error["reason"].startswith("6 layers are in")
    assert {row["container_name"] for row in result.where(data_type="docker:container:configuration")} == {"web", "db"}
    assert result.where(data_type="container:image:registration")
    created = result.where(data_type="container:layer:created")
    assert {(row["container_name"], row["layer_role"]) for row in created} == {("web", "rw"), ("db", "rw")}
    assert all(row["layer_identifier"] == hex_id(f"rw {row['container_name']}") for row in created)


def mounted_for_web(tmp: Path) -> DeviceMapper:
    """A host on which of all devices only that of web's rw layer is mounted."""
    host = hosts.shop(tmp / "host", DeviceMapper)
    for name, tree in trees(host).items():
        if name != hex_id("rw web"):
            shutil.rmtree(tree.parent)
    return host


def test_mounted_layer_among_others(tmp: Path) -> None:
    """One device is mounted: its files are read, the rest is counted."""
    host = mounted_for_web(tmp)
    result = host.run()
    assert result.error()["reason"].startswith("5 layers")
    assert result.where(filename="/run.log", container_name="web")


def test_thin_devices(tmp: Path) -> None:
    """Each note of a device is an event of its layer; bad ones still have a time."""
    host = hosts.shop(tmp / "host", DeviceMapper)
    metadata = host.data / "devicemapper/metadata"
    host.write(metadata / "base", {"device_id": 1, "size": 10737418240, "transaction_id": 1, "initialized": True})
    host.write(metadata / "deviceset-metadata", {"next_device_id": 99})
    host.write(metadata / "transaction-metadata", {"open_transaction_id": 9, "device_hash": "", "device_id": 8})
    host.write(metadata / hex_id("gone"), {"device_id": 70, "transaction_id": 80, "deleted": True})
    host.write(metadata / hex_id("bad"), "{")
    result = host.run()
    assert result.code == 1 and result.error()["path"] == host.inside(metadata / hex_id("bad"))
    rows = {row["pathspec"]["location"].rsplit("/", 1)[1]: row
            for row in result.where(data_type="container:layer:device")}
    assert set(rows) == {p.name for p in metadata.iterdir() if not p.name.endswith("-metadata")}
    for name, row in rows.items():
        assert reading.nanoseconds(row) == os.lstat(metadata / name).st_mtime_ns
        assert row["clock"] == "host" and row["witness"].endswith(name + "#mtime")
    web = rows[hex_id("rw web")]
    note = json.loads((metadata / hex_id("rw web")).read_text())
    assert web["container_name"] == "web" and web["layer_role"] == "rw"
    assert web["facts"] == [f"{key}={note[key]}" for key in ("device_id", "transaction_id", "size")]
    assert rows[hex_id("gone")]["facts"] == ["device_id=70", "transaction_id=80", "deleted"]
    assert rows["base"]["layer_role"] == "host" and "facts" not in rows[hex_id("bad")]


def changes(result: reading.Timeline, container: str) -> dict[str, str]:
    """What a container did to which path; what is gone as "deleted" or "renamed"."""
    return {row["filename"]: row["change"] for row in result.rows
            if row.get("container_name") == container and row.get("layer_role") == "rw" and "change" in row}


@pytest.mark.parametrize("kind", [Vfs, Btrfs, Zfs, DeviceMapper])
def test_changes_of_a_whole_copy(kind: type[Full], tmp: Path) -> None:
    """Beside the layer below, told by the tree alone."""
    host = hosts.shop(tmp / "host", kind)
    image = host.repositories["shop"]["shop:1"]
    made = host.container("busy", image, {"etc": {"conf": "longer than before", "gone": WHITEOUT}, "new": {"x": "y"}})
    (host.layer(made.rw.name) / "bin/sh").chmod(0o4755)
    result = host.run()
    assert result.code == 0
    assert changes(result, "busy") == {"/etc": "modified", "/etc/conf": "modified", "/etc/gone": "deleted",
                                       "/new": "added", "/new/x": "added", "/bin/sh": "metadata"}


def test_lower_layers_elsewhere(tmp: Path) -> None:
    """Only the rw layer is mounted: what the container did cannot be told, so nothing is said."""
    host = mounted_for_web(tmp)
    assert not changes(host.run(), "web")


# --- overlay ----------------------------------------------------------------------------------------------------------

def kernel_made(host: hosts.Host, name: str, script: str) -> set[str]:
    """Let a shell work in a container's merged view, as the kernel mounts it; returns the paths that are gone from it."""
    layer = host.data / "overlay" / hex_id(f"rw {name}")
    lower = layer.parent / (layer / "lower-id").read_text() / "root"
    before = {os.path.relpath(os.path.join(at, n), lower) for at, d, f in os.walk(lower) for n in d + f}
    with disks.mount("overlay", "overlay", f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work") as view:
        subprocess.run(["sh", "-ec", script], cwd=view, check=True)
        return {path for path in before if not os.path.lexists(view / path)}


def test_overlay_deletions(mounting: None, tmp: Path) -> None:
    """Whiteouts that the kernel made in an upper directory over a tree of hard links."""
    host = hosts.shop(tmp / "host", Overlay)
    gone = kernel_made(host, "db", "rm etc/conf opt/tool .dockerenv; mv bin/sh bin/ash; echo x > var/.wh.plain;"
                                   "rm -r etc; mkdir etc; echo y > etc/new")
    gone |= {".dockerenv", "etc/hostname", "etc/hosts"}       # of the init layer, which was copied: no mark is left
    result = host.run()
    told = changes(result, "db")
    assert told["/etc"] == "opaque" and told["/etc/new"] == told["/var/table"] == "added"
    assert told["/bin/ash"] == "added"                # a lower file with other links leaves no origin
    deleted = {row["filename"] for row in result.where(timestamp_desc=DELETION, container_name="db")}
    assert deleted == {"/" + path for path in gone} and gone
    assert result.where(timestamp_desc=DELETION, container_name="web")[0]["filename"] == "/etc/gone"
    assert result.where(filename="/var/.wh.plain")


def test_overlay_leftovers(tmp: Path) -> None:
    """What an unpacking left is reported, not taken for a layer."""
    host = hosts.shop(tmp / "host", Overlay)
    layer = host.data / "overlay" / hex_id("layer shop:1 1")
    for name in ("tmproot123", "upper"):
        (layer / name).mkdir()
    result = host.run()
    assert result.code == 1
    assert [(e["code"], e["path"]) for e in result.errors] == [("unsupported", host.inside(layer / name))
                                                               for name in ("tmproot123", "upper")]


def test_overlay_links_stand_in_for_layerdb(tmp: Path) -> None:
    """Without layerdb's records of the container, lower-id tells what is below."""
    host = hosts.shop(tmp / "host", Overlay)
    for record in (host.meta / "layerdb/mounts").iterdir():
        (record / "parent").unlink()
    result = host.run()
    assert result.code == 0
    row = result.where(filename="/opt/tool", layer_role="image")[0]
    assert len(row["used_by_containers"]) == 2
    (host.data / "overlay" / hex_id("rw web") / "lower-id").write_text("../../etc")
    errors = host.run().errors
    assert [e["code"] for e in errors] == ["missing"] and "../../etc" in errors[0]["reason"]


# --- fuse-overlayfs ---------------------------------------------------------------------------------------------------

def test_fuse_overlayfs_marks(tmp: Path) -> None:
    """Devices 0:0 and files .wh.NAME, in rw and image layers; what goes with an opaque directory deletes no name."""
    if not machine.IS_ROOT:
        pytest.skip("device nodes need root")
    host = FuseOverlayfs(tmp / "host")
    old = {"etc": dict.fromkeys("abcdef", "x"), "dir": {"old": "y"}}
    image = host.image("shop:1", old, {"etc": {".wh.a": "", ".wh.b": "no mark", "null": ("node", 0o20666, 259)}})
    host.container("web", image, {"etc": {"c": WHITEOUT, ".wh.d": "", ".wh.": "", ".wh..wh.e": ""},
                                  "dir": {".wh..wh..opq": "", ".wh..opq": WHITEOUT, "new": "z"}})
    result = host.run()
    assert result.code == 0
    named = {(row["layer_role"], row["filename"]) for row in result.where(timestamp_desc=DELETION)}
    assert named == {("image", "/etc/a"), ("rw", "/etc/c"), ("rw", "/etc/d"), ("rw", "/dir/old")}


@pytest.mark.parametrize("name", ["user.fuseoverlayfs.opaque", "user.overlay.opaque", "trusted.overlay.opaque"])
def test_fuse_overlayfs_attributes(name: str, tmp: Path) -> None:
    """Any of three names makes a directory opaque; the owner that is shown in place of the inode's is a fact; an origin
    that leads nowhere changes nothing."""
    if not machine.IS_ROOT:
        pytest.skip("device nodes need root")
    host = FuseOverlayfs(tmp / "host")
    image = host.image("shop:1", {"dir": {"old": "y"}, "other": {"kept": "k"}})
    made = host.container("web", image, {"dir": {"new": "z"}, "other": {"odd": "o"}})
    os.setxattr(made.rw / "diff/dir", name, b"y")
    os.setxattr(made.rw / "diff/other", name, b"n")
    os.setxattr(made.rw / "diff/dir/new", "user.containers.override_stat", b"7:8:0600")
    os.setxattr(made.rw / "diff/other/odd", "user.fuseoverlayfs.origin", b"../../../etc/passwd\0")
    result = host.run()
    assert result.code == 0
    assert [row["filename"] for row in result.where(timestamp_desc=DELETION)] == ["/dir/old"]
    facts = {row["filename"]: row["facts"] for row in result.rows if "facts" in row and row["data_type"] == "fs:stat"}
    assert facts["/dir/new"] == ["override_stat 7:8:0600: owner and mode that fuse-overlayfs may show"]
    assert changes(result, "web")["/other/odd"] == "added"


@pytest.mark.parametrize("kind", [Overlay, FuseOverlayfs])
def test_last_mount(kind: type[hosts.Host], tmp: Path) -> None:
    """The kernel makes work/work anew at each mount, fuse-overlayfs once (measured with 1.10): it tells nothing."""
    if not machine.IS_ROOT:
        pytest.skip("device nodes need root")
    host = hosts.shop(tmp / "host", kind)
    card, = json.loads(launch.run("ids", "web", "--json", host.root).stdout)
    told = [line for line in card["ran_evidence"] if line.startswith("work/work")]
    assert len(told) == (kind is Overlay)
    mounted = {row["container_name"]: reading.nanoseconds(row) for row in host.run().rows
               if row["data_type"] == "container:layer:mounted"}
    assert set(mounted) == ({"web", "db"} if kind is Overlay else set())


def test_fuse_overlayfs_itself(mounting: None, tmp: Path) -> None:
    """Its own marks, and the view that it shows afterwards."""
    if not machine.have("fuse-overlayfs") or not os.path.exists("/dev/fuse"):
        pytest.skip("no fuse-overlayfs here")
    host = hosts.shop(tmp / "host", FuseOverlayfs)
    layer = host.data / "fuse-overlayfs" / hex_id("rw db")
    view = tmp / "view"
    view.mkdir()
    options = f"lowerdir={(layer / 'lower').read_text()},upperdir={layer}/diff,workdir={layer}/work"

    def within(script: str) -> set[str]:
        subprocess.run(["fuse-overlayfs", "-o", options, view], cwd=layer.parent, check=True, capture_output=True)
        try:
            subprocess.run(["sh", "-ec", script], cwd=view, check=True)
            return {os.path.relpath(os.path.join(at, name), view) for at, d, f in os.walk(view) for name in d + f}
        finally:
            subprocess.run(["umount", view], check=True)

    before = within("true")
    gone = before - within("mv bin/sh bin/ash; rm -r etc; mkdir etc; echo n > etc/new; echo x > opt/y;"
                           "chmod 600 opt/tool")
    result = host.run()
    told = changes(result, "db")
    deleted = {row["filename"] for row in result.where(timestamp_desc=DELETION, container_name="db")}
    assert deleted == {"/" + path for path in gone} and len(gone) == 5
    assert {path: told[path] for path in ("/bin/ash", "/etc", "/etc/new", "/opt/y", "/opt/tool")} == {
        "/bin/ash": "renamed", "/etc": "opaque", "/etc/new": "added", "/opt/y": "added", "/opt/tool": "metadata"}
