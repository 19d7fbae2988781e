# SPDX-License-Identifier: Apache-2.0
"""Hosts of Docker before 1.10, written by the rules of moby v1.0.0, v1.6.2 and v1.9.1 (graph/graph.go, graph/tags.go,
image/image.go, daemon/container.go, daemon/volumes_unix.go, volumes/volume.go), and hosts that a later Docker
translated (v1.13.1 migrate/v1/migratev1.go)."""
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from lib import hosts, launch, reading
from lib.hosts import hex_id, write_tree
from lib.tarsplit import tar_split

BASE, TOP, WEB, DATA = hex_id("base"), hex_id("top"), hex_id("web"), hex_id("data")
BUILT = ["2015-05-01T10:00:00Z", "2015-05-01T10:00:05Z"]
CREATED, STARTED, FINISHED = "2015-06-02T08:00:00.125Z", "2015-06-02T08:00:01.5Z", "2015-06-03T09:00:00.25Z"
LATER = "2016-02-10T12:00:00.5Z"
VERSION = "written by Docker before 1.10"


class Old:
    """One image of two steps, app:1, and one container of it, web, with a volume and a bind."""

    def __init__(self, root: Path, driver: str = "aufs", mount_points: bool = False) -> None:
        self.root, self.data, self.driver = root, root / "var/lib/docker", driver
        self.config_path = self.data / f"containers/{WEB}/config.json"
        for name in ("containers", "graph/_tmp", "volumes", "tmp", "trust", "init"):
            (self.data / name).mkdir(parents=True)
        (root / "etc").mkdir()
        for at, (name, below) in enumerate(((BASE, None), (TOP, BASE))):
            self.image(name, below, BUILT[at])
        self.write(f"repositories-{driver}", {"Repositories": {"app": {"1": TOP}}})
        self.layer(BASE, None, {"etc/passwd": "root", "etc/conf": "a"})
        self.layer(TOP, BASE, {"opt/app": "x"})
        self.layer(WEB + "-init", TOP, {"dev/console": ""})
        self.layer(WEB, WEB + "-init", {"tmp/dropper.sh": "evil"})
        write_tree(bytes(root / "srv"), {"files/shell.php": "<?php"})
        self.container(mount_points)

    def write(self, name: str, value: Any) -> None:
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def image(self, name: str, below: str | None, created: str) -> None:
        self.write(f"graph/{name}/json", {"id": name, "created": created, "docker_version": "1.6.2", "os": "linux",
                                          "container_config": {"Cmd": ["/bin/sh", "-c", f"#(nop) ADD {name[:4]} in /"]},
                                          "architecture": "amd64"} | ({"parent": below} if below else {}))
        self.write(f"graph/{name}/layersize", "7")

    def tree(self, name: str) -> Path:
        """The files of a layer."""
        return self.data / {"aufs": f"aufs/diff/{name}", "vfs": f"vfs/dir/{name}", "btrfs": f"btrfs/subvolumes/{name}",
                            "devicemapper": f"devicemapper/mnt/{name}/rootfs",
                            "overlay": f"overlay/{name}/{'root' if name in (BASE, TOP) else 'upper'}"}[self.driver]

    def layer(self, name: str, below: str | None, tree: hosts.Tree) -> None:
        """A directory of the driver, whose name is the ID."""
        write_tree(bytes(self.tree(name)), tree)
        if self.driver == "aufs":
            above = (self.data / f"aufs/layers/{below}").read_text() if below else ""
            self.write(f"aufs/layers/{name}", f"{below}\n{above}" if below else "")
        if self.driver == "overlay" and name not in (BASE, TOP):
            self.write(f"overlay/{name}/lower-id", TOP)
        if self.driver == "devicemapper":
            self.write(f"devicemapper/metadata/{name}", {"device_id": 1, "size": 10, "transaction_id": 1})

    def container(self, mount_points: bool) -> None:
        place = f"/var/lib/docker/vfs/dir/{DATA}"
        if mount_points: # 1.7 and later
            place = f"/var/lib/docker/volumes/{DATA}/_data"
            mounts = {"/data": {"Name": DATA, "Destination": "/data", "Driver": "local", "RW": True, "Source": place,
                                "Relabel": ""},
                      "/srv": {"Name": "", "Destination": "/srv", "Driver": "", "RW": False, "Source": "/srv/files",
                               "Relabel": ""}}
        else:
            self.write(f"volumes/{DATA}/config.json",
                       {"ID": DATA, "Path": place, "IsBindMount": False, "Writable": True})
            self.write(f"volumes/{hex_id('bound')}/config.json",
                       {"ID": hex_id("bound"), "Path": "/srv/files", "IsBindMount": True, "Writable": False})
        write_tree(bytes(self.root) + place.encode(), {"rows.db": "1"})
        self.config = {
            "State": {"Running": False, "Paused": False, "Pid": 0, "ExitCode": 2, "StartedAt": STARTED,
                      "FinishedAt": FINISHED},
            "ID": WEB, "Created": CREATED, "Path": "serve", "Args": ["-v"], "Name": "/web", "Image": TOP,
            "Driver": self.driver, "ExecDriver": "native-0.2",
            "Config": {"Hostname": "web", "Image": "app:1", "Memory": 1 << 20, "CpuShares": 5, "Cpuset": "0-1"},
            "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}},
            "Volumes": {"/data": place, "/srv": "/srv/files"}, "VolumesRW": {"/data": True, "/srv": False}}
        if mount_points:
            self.config["MountPoints"] = mounts
        self.write(f"containers/{WEB}/config.json", self.config)
        self.write(f"containers/{WEB}/hostconfig.json", {"Binds": ["/srv/files:/srv:ro"], "Privileged": True})

    def translate(self, images: bool = True, container: bool = True) -> str:
        """What Docker 1.10 leaves; the ID of the image as it names it. Cut short before the lists are written."""
        meta, diffs, chain = f"image/{self.driver}", [], ""
        for at, name in enumerate((BASE, TOP)):
            diffs.append("sha256:" + hex_id(f"diff {at}"))
            below, chain = chain, diffs[0] if not at else "sha256:" + hex_id(f"{diffs[0]} {diffs[1]}")
            record = f"{meta}/layerdb/sha256/{chain[7:]}"
            self.write(f"graph/{name}/.migration-diffid", diffs[-1])
            for part, value in {"cache-id": name, "diff": diffs[-1], "size": "7"}.items():
                self.write(f"{record}/{part}", value)
            (self.data / record / "tar-split.json.gz").write_bytes(tar_split(self.tree(name)))
            if below:
                self.write(f"{record}/parent", below)
            steps = [{"created": BUILT[n], "created_by": f"step {n}"} for n in range(at + 1)]
            text = json.dumps({"created": BUILT[at], "os": "linux", "architecture": "amd64", "history": steps,
                               "rootfs": {"type": "layers", "diff_ids": diffs}})
            image = hex_id(text)
            self.write(f"{meta}/imagedb/content/sha256/{image}", text)
            if images:
                path = self.data / ".migration-v1-images.json"
                known = json.loads(path.read_text()) if path.exists() else {}
                self.write(path.name, known | {name: "sha256:" + image})
        if container:
            self.write(f"containers/{WEB}/config.v2.json", self.config | {"Image": "sha256:" + image})
            for part, value in {"mount-id": WEB, "init-id": WEB + "-init", "parent": chain}.items():
                self.write(f"{meta}/layerdb/mounts/{WEB}/{part}", value)
        return "sha256:" + image

    def run(self, *args: Any) -> Any:
        return launch.timeline(self.root, *args)


DRIVERS = ["aufs", "overlay", "vfs", "btrfs", "devicemapper"]


def files(result: Any, name: str) -> list[dict]:
    return result.where(filename=name, data_type="fs:stat")


@pytest.mark.parametrize("driver", DRIVERS)
def test_layers_bear_the_ids(tmp: Any, driver: str) -> None:
    """Image, init and rw layer are found by their names alone, whatever the driver; nothing is left an orphan."""
    host = Old(tmp / "host", driver)
    result = host.run()
    assert result.code == 0, result.errors
    assert not [row for row in result.rows if {"orphan_layer", "no_layer_record"} & set(row.get("tag", []))]
    for row in files(result, "/tmp/dropper.sh"):
        assert (row["container_name"], row["layer_role"], row["image_name"]) == ("web", "rw", "app:1")
    assert {row["layer_role"] for row in files(result, "/dev/console")} == {"init"}
    for name in ("/etc/conf", "/opt/app"):
        assert files(result, name) and all(row["layer_role"] == "image" for row in files(result, name))
    [web] = launch.objects("containers", host.root)
    assert (web["container_name"], web["image_reference"], web["image_identifier"]) == ("web", "app:1", TOP)
    top, base = sorted(launch.objects("images", host.root), key=lambda image: image["layer_count"], reverse=True)
    assert (top["image_identifier"], top["image_names"], top["layer_count"], top["size"]) == (TOP, ["app:1"], 2, 14)
    assert (base["image_identifier"], base["image_names"], base["layer_count"]) == (BASE, [], 1)
    assert top["parent_image"] == BASE and "dangling" not in base.get("tag", [])


def test_times(tmp: Any) -> None:
    """created, started and finished of the container; when each step was built, and when it came here."""
    host = Old(tmp / "host")
    result = host.run()
    moments = [(row["action"], row["datetime"]) for row in
               result.where(container_identifier=WEB, data_type="docker:container:configuration")]
    assert [(action, when[:23]) for action, when in moments] == [
        ("create", "2015-06-02T08:00:00.125"), ("start", "2015-06-02T08:00:01.500"),
        ("finish", "2015-06-03T09:00:00.250")]
    steps = result.where(data_type="docker:layer:configuration")
    assert [(row["image_identifier"], row["command"], row["clock"]) for row in steps] == [
        (name, f"/bin/sh -c #(nop) ADD {name[:4]} in /", "builder") for name in (BASE, TOP)]
    assert all(row["witness"].endswith(f"graph/{row['image_identifier']}/json#created") for row in steps)
    arrivals = result.where(data_type="container:image:registration")
    wrote = {name: (host.data / f"graph/{name}/json").stat().st_mtime_ns for name in (BASE, TOP)}
    assert {row["image_identifier"]: reading.nanoseconds(row) for row in arrivals} == wrote
    assert not result.where(data_type="container:daemon:start"), "Docker before 17.05 kept tmp/"


@pytest.mark.parametrize("mount_points", [False, True])
def test_volumes(tmp: Any, mount_points: bool) -> None:
    """In vfs/dir before 1.7, in volumes/ later. Neither is a layer."""
    host = Old(tmp / "host", "aufs", mount_points)
    result = host.run("--binds")
    rows = files(result, "/data/rows.db")
    assert rows and all((row["layer_role"], row["volume_name"], row["container_name"]) == ("volume", DATA, "web")
                        for row in rows)
    assert files(result, "/srv/shell.php"), "the bind"
    [volume] = [row for row in launch.objects("volumes", host.root) if row["volume_name"] == DATA]
    place = f"volumes/{DATA}/_data" if mount_points else f"vfs/dir/{DATA}"
    assert volume["path"] == "/var/lib/docker/" + place and volume["used_by"] == [f"web@{WEB[:12]}:/data rw"]
    if not mount_points:
        [bound] = [row for row in launch.objects("volumes", host.root) if row["volume_name"] == hex_id("bound")]
        assert (bound["device"], bound["used_by"], bound["tag"]) == ("/srv/files", [f"web@{WEB[:12]}:/srv ro"], [])
    [web] = launch.objects("containers", host.root)
    assert sorted(web["mounts"]) == ["bind /srv/files -> /srv ro", f"volume {DATA} -> /data rw"]


def test_volumes_beside_layers(tmp: Any) -> None:
    """With the driver vfs both are in vfs/dir."""
    host = Old(tmp / "host", "vfs")
    result = host.run()
    assert {row["layer_role"] for row in files(result, "/data/rows.db")} == {"volume"}
    assert {row["layer_role"] for row in files(result, "/tmp/dropper.sh")} == {"rw"}


def test_volume_behind_a_link(tmp: Any) -> None:
    """Docker 1.7 and later link volumes/<ID>/_data to the old place, which may be that of another root."""
    host = Old(tmp / "host")
    os.symlink(f"/elsewhere/vfs/dir/{DATA}", host.data / f"volumes/{DATA}/_data")
    assert {row["volume_name"] for row in files(host.run(), "/data/rows.db")} == {DATA}


def test_limits(tmp: Any) -> None:
    """Docker before 1.6 kept them in Config."""
    [row] = Old(tmp / "host").run().where(data_type="container:limits")
    assert {"Memory=1048576", "CpuShares=5", "Cpuset=0-1"} <= set(row["facts"])
    assert "no limit of memory" not in row["facts"]


def test_pulled_by_1_9(tmp: Any) -> None:
    """json has no id and no parent then, but parent_id; the file parent counts first."""
    host = Old(tmp / "host", "overlay")
    path = f"graph/{TOP}/json"
    text = {"created": BUILT[1], "parent_id": "sha256:" + BASE, "layer_id": "sha256:" + hex_id("l"), "os": "linux"}
    host.write(path, text)
    assert {image["layer_count"] for image in launch.objects("images", host.root)} == {1, 2}
    host.write(path, text | {"parent_id": "sha256:" + hex_id("other")})
    host.write(f"graph/{TOP}/parent", BASE)
    host.write("repositories-overlay", {"Repositories": {"app": {"sha256:" + hex_id("m"): TOP}}})
    [top] = [image for image in launch.objects("images", host.root) if image["layer_count"] == 2]
    assert top["parent_image"] == BASE and top["image_names"] == ["app@sha256:" + hex_id("m")]


@pytest.mark.parametrize("images", [True, False])
@pytest.mark.parametrize("driver", DRIVERS)
def test_translated(tmp: Any, driver: str, images: bool) -> None:
    """Nothing is told twice, also if the translation was cut short before its lists were written."""
    host = Old(tmp / "host", driver)
    new = host.translate(images)
    result = host.run()
    assert result.code == 0, result.errors
    listed = launch.objects("images", host.root)
    assert len(listed) == 2 and all(image["image_identifier"].startswith("sha256:") for image in listed)
    [top] = [image for image in listed if image["image_identifier"] == new]
    assert top["image_names"] == ["app:1"], "the new list of names is not there yet"
    assert top["graph_path"] == f"/var/lib/docker/graph/{TOP}/json"
    assert len(launch.objects("containers", host.root)) == 1
    moments = result.where(container_identifier=WEB, data_type="docker:container:configuration")
    assert [row["action"] for row in moments] == ["create", "start", "finish"]
    came = [row["witness"].split("/")[-2] for row in
            result.where(data_type="container:image:registration", image_identifier=new)]
    assert sorted(came) == sorted([TOP, "sha256"]), "when it first came here, and when it was translated"


def test_translated_names_change(tmp: Any) -> None:
    """Once the names are translated, the old list is out of date."""
    host = Old(tmp / "host")
    host.translate()
    host.write(".migration-v1-tags", "")
    host.write("image/aufs/repositories.json", {"Repositories": {}})
    assert {tuple(image["image_names"]) for image in launch.objects("images", host.root)} == {()}


def test_translated_container_restarted(tmp: Any) -> None:
    """config.json still has the start and the end that config.v2.json no longer has."""
    host = Old(tmp / "host")
    host.config["State"] |= {"StartedAt": LATER}
    host.translate()
    rows = host.run().where(container_identifier=WEB, data_type="docker:container:configuration")
    assert [(row["action"], row["datetime"][:10], os.path.basename(row["witness"])) for row in rows] == [
        ("create", "2015-06-02", "config.v2.json#Created"),
        ("start", "2015-06-02", "config.json#State.StartedAt"),
        ("finish", "2015-06-03", "config.v2.json#State.FinishedAt"),
        ("start", "2016-02-10", "config.v2.json#State.StartedAt")]


@pytest.mark.parametrize("images", [True, False])
def test_half_translated(tmp: Any, images: bool) -> None:
    """The images are, the container is not yet: it belongs to the new image and to its old layer."""
    host = Old(tmp / "host")
    new = host.translate(images, container=False)
    result = host.run()
    assert result.code == 0, result.errors
    [web] = launch.objects("containers", host.root)
    assert (web["container_name"], web["image_identifier"]) == ("web", new)
    assert {row["container_name"] for row in files(result, "/tmp/dropper.sh")} == {"web"}


def test_translated_without_its_layer_record(tmp: Any) -> None:
    """The configuration was written, the record of the rw layer was not: the layer bears the container's name."""
    host = Old(tmp / "host")
    host.translate()
    shutil.rmtree(host.data / "image/aufs/layerdb/mounts")
    row = files(host.run(), "/tmp/dropper.sh")[0]
    assert row["container_name"] == "web" and "owner_inferred" not in row.get("tag", [])


def test_image_removed_after_translation(tmp: Any) -> None:
    """graph/ is all that is left of it."""
    host = Old(tmp / "host")
    new = host.translate()
    for path in (f"image/aufs/imagedb/content/sha256/{new[7:]}", f"aufs/diff/{TOP}", f"aufs/diff/{WEB}",
                 f"aufs/diff/{WEB}-init"):
        gone = host.data / path
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    shutil.rmtree(next(path.parent for path in host.data.glob("image/aufs/layerdb/sha256/*/parent")))
    shutil.rmtree(host.data / f"containers/{WEB}")
    shutil.rmtree(host.data / "image/aufs/layerdb/mounts")
    [image] = [image for image in launch.objects("images", host.root) if image["image_identifier"] == TOP]
    assert "image_missing" in image["tag"] and image["became"] == new


def test_damage_names_the_version(tmp: Any) -> None:
    """What of an old store cannot be read is said once, with who wrote it."""
    host = Old(tmp / "host")
    host.write("linkgraph.db", "SQLite format 3\0")
    host.write(f"graph/{TOP}/json", "\0" * 64)
    host.write(f"graph/{BASE}/parent", "x")
    host.write("graph/_tmp/1/json", "{}")
    host.write("graph/junk/json", "{}")
    host.write(f"containers/{WEB}/config.json", "")
    result = host.run()
    reasons = {os.path.relpath(error["path"], "/var/lib/docker"): error["reason"] for error in result.errors}
    assert len(reasons) == len(result.errors) and set(reasons) == {
        "linkgraph.db", f"graph/{TOP}/json", f"graph/{BASE}/parent", "graph/_tmp", "graph/junk",
        f"containers/{WEB}/config.json", "repositories-aufs"}
    assert all(reason.startswith(VERSION) for reason in reasons.values())
    assert reasons[f"graph/{TOP}/json"].endswith("the file holds only NULs")
    assert reasons[f"containers/{WEB}/config.json"].endswith("the file is empty")
    rows = result.where(container_identifier=WEB)
    assert rows and all("configuration_missing" in row["tag"] for row in rows)
    assert files(result, "/tmp/dropper.sh")[0]["container_identifier"] == WEB, "the layer bears its name"


def test_lost_configuration_of_a_translated_container(tmp: Any) -> None:
    """The old one still names it."""
    host = Old(tmp / "host")
    host.translate()
    host.write(f"containers/{WEB}/config.v2.json", "")
    result = host.run()
    assert [error["reason"] for error in result.errors] == ["the file is empty"]
    [web] = launch.objects("containers", host.root, code=1)
    assert web["container_name"] == "web" and web["tag"] == ["privileged", "host_mount", "configuration_missing"]


def test_hostile_chain(tmp: Any) -> None:
    """Parents that lead back, or nowhere."""
    host = Old(tmp / "host", "vfs")
    host.image(BASE, TOP, BUILT[0])
    assert host.run().error()["code"] == "cycle"
    host.image(BASE, hex_id("nowhere"), BUILT[0])
    error = host.run().error()
    assert error["code"] == "missing" and error["reason"].startswith(VERSION)


@pytest.mark.parametrize("kept", [("graph", "containers"), ("graph", "repositories-aufs"), ("aufs", "graph"),
                                  ("repositories-aufs", "aufs")])
def test_discovery(tmp: Any, kept: tuple[str, str]) -> None:
    """Two of the things that it makes are enough to know its data root."""
    host = Old(tmp / "host")
    for path in host.data.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert host.run().rows


@pytest.mark.parametrize("version", ["1.0", "0.6"])
def test_older_still(tmp: Any, version: str) -> None:
    """Volumes had no config.json before 1.3. Before 0.7 names were in `repositories`, and layers in graph/ itself."""
    host = Old(tmp / "host")
    (host.data / f"volumes/{DATA}/config.json").rename(host.data / f"volumes/{DATA}/json")
    if version == "0.6":
        (host.data / "repositories-aufs").rename(host.data / "repositories")
        (host.data / f"aufs/diff/{BASE}").rename(host.data / f"graph/{BASE}/layer")
    result = host.run()
    assert {row["volume_name"] for row in files(result, "/data/rows.db")} == {DATA}
    reasons = {os.path.basename(error["path"]): error["reason"] for error in result.errors}
    assert not reasons if version == "1.0" else reasons["layer"].startswith("written by Docker before 0.7")
    assert ["app:1"] in [image["image_names"] for image in
                         launch.objects("images", host.root, code=int(version == "0.6"))]


@pytest.mark.parametrize("now", ["overlay", "vfs", "btrfs"])
def test_two_drivers(tmp: Any, now: str) -> None:
    """The storage driver was changed, and the image pulled again: both have layers of its IDs, and containers."""
    host, other = Old(tmp / "host"), hex_id("other")
    host.driver = now
    host.layer(BASE, None, {"etc/passwd": "root", "etc/conf": "a", "new": "1"})
    host.layer(TOP, BASE, {"opt/app": "x"})
    host.layer(other + "-init", TOP, {"dev/console": ""})
    host.layer(other, other + "-init", {"tmp/second.sh": "evil"})
    config = host.config | {"ID": other, "Name": "/other", "Driver": now}
    host.write(f"containers/{other}/config.json", config)
    host.write(f"containers/{other}/hostconfig.json", {})
    result = host.run()
    assert result.code == 0, result.errors
    assert not [row for row in result.rows if {"orphan_layer", "no_layer_record"} & set(row.get("tag", []))]
    assert {row["container_name"] for row in files(result, "/tmp/second.sh")} == {"other"}
    assert {row["container_name"] for row in files(result, "/tmp/dropper.sh")} == {"web"}
    assert {row["layer_identifier"] for row in files(result, "/new")} == {BASE}
    for name, driver in (("web", "aufs"), ("other", now)):
        [card] = launch.objects("ids", name, host.root)
        assert [layer["cache_identifier"] for layer in card["layers"] if layer["layer_role"] == "image"] == [TOP, BASE]
        assert all(f"/{driver}/" in layer["path"] for layer in card["layers"]), card["layers"]


def test_thin_pool(tmp: Any) -> None:
    """Layers of devicemapper need no directory: they are known by their IDs, and one error says where they are."""
    host = Old(tmp / "host", "devicemapper")
    shutil.rmtree(host.data / "devicemapper/mnt")
    result = host.run()
    assert result.error()["reason"].startswith("4 layers are in a thin pool")
    [web] = launch.objects("containers", host.root, code=1)
    assert (web["container_name"], web["image_identifier"]) == ("web", TOP) and "rw_layer_missing" not in web["tag"]
    saved = result.where(data_type="container:layer:device", layer_role="rw")
    assert {row["container_name"] for row in saved} == {"web"}


def test_nothing_but_a_log(tmp: Any) -> None:
    """In such a store, the configuration that is missing is config.json."""
    host = Old(tmp / "host")
    host.config_path.unlink()
    error = host.run().error()
    assert (error["code"], error["path"]) == ("missing", f"/var/lib/docker/containers/{WEB}/config.json")


def test_unknown_driver(tmp: Any) -> None:
    """Names of images without layers that can be read."""
    host = Old(tmp / "host")
    (host.data / "repositories-aufs").rename(host.data / "repositories-odd")
    error = host.run().error()
    assert error["code"] == "unsupported" and error["path"].endswith("repositories-odd")


def test_first_start_of_a_version(tmp: Any) -> None:
    """The daemon copies dockerinit to a name with its version, once."""
    host = Old(tmp / "host")
    host.write("init/dockerinit-1.6.2", "\x7fELF")
    rows = [row for row in host.run().where(data_type="container:daemon:installation") if "Docker 1.6.2" in
            row.get("facts", ())]
    assert [reading.nanoseconds(row) for row in rows] == [(host.data / "init/dockerinit-1.6.2").stat().st_mtime_ns]


def test_ran_at_seizure(tmp: Any) -> None:
    """A running container has a directory of the exec driver; so has one that a power loss ended."""
    host = Old(tmp / "host")
    host.write(f"execdriver/native/{WEB}/state.json", "{}")
    [card] = launch.objects("ids", "web", host.root)
    assert [line for line in card["ran_evidence"] if f"execdriver/native/{WEB}: there, born" in line]
    assert card["config_path"].endswith("config.json")
