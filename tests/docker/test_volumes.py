# SPDX-License-Identifier: Apache-2.0
"""Files of volumes and binds under each container that mounts them, with their paths inside. What is right is told by
the kernel: what the containers of a real dockerd see at their mounts, and lstat on hosts of our own."""
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lib import disks, fresh_case, hosts, launch, machine, reading, truth
from lib.reading import Row, Timeline, location
from lib.seen import Seen, is_mounted, mount, paths, places, rows_are_single, told

SECRET = "hunter2"


# --- recorded cases ---------------------------------------------------------------------------------------------------

def recorded(folder: Path) -> Seen:
    """What docker inspect and the kernel's listing of the disk say that the containers saw."""
    found: Seen = set()
    lines = (folder / "fs.clean.tsv").read_text("utf-8", "surrogateescape").splitlines()
    inodes = {cells[-1]: cells[0] for cells in (line.split("\t") for line in lines if not line.startswith("#"))}
    for said in truth.inspected(folder):
        for point in said["Mounts"]:
            source, inside = point["Source"], point["Destination"]
            found |= {(said["Name"][1:], inside + path[len(source):], ino) for path, ino in inodes.items()
                      if source and (path == source or path.startswith(source + "/"))}
    return found


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4"])
def test_recorded_cases(case: str, disk: Any) -> None:
    """Every file of every volume and bind, under each container, with its path inside; and no file twice."""
    rows = launch.timeline("--binds", "--no-deleted", disk(case))
    assert not rows.errors and rows_are_single(rows)
    assert {(name, inside.encode(), ino) for name, inside, ino in told(rows)} == {
        (name, reading.unescape(inside), ino) for name, inside, ino in recorded(machine.EVIDENCE / case / "truth")}


# --- a live daemon ----------------------------------------------------------------------------------------------------

@dataclass
class Live:
    """The disk of a host whose containers were looked into, and what they saw."""
    image: Path
    seen: Seen
    hidden: Seen
    anonymous: str


def write(root: str, *names: str) -> None:
    """Make files, each with its name in it."""
    for name in names:
        os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
        Path(f"{root}/{name}").write_text(name)


def create(case: fresh_case.FreshCase, name: str, binds: list[str], **config: Any) -> str:
    """docker create and start; the container's root."""
    host = {"NetworkMode": "none", "Binds": binds} | config.pop("HostConfig", {})
    body = {"Image": "base:1", "Cmd": ["/tool"], "Hostname": name, "HostConfig": host} | config
    case.ids[name] = case.daemon.call("POST", "/containers/create", body, name=name)["Id"]
    case.start(name)
    return case.roots[name]


def kernel_sees(case: fresh_case.FreshCase, places_of: dict[str, list[str]]) -> Seen:
    """What lies at the mounts of running containers, but what is in memory."""
    found: Seen = set()
    device = os.stat(case.roots["writer"] + "/data").st_dev
    for name, mounts in places_of.items():
        root = case.roots[name]
        for inside in mounts:
            entries = {inside} | {os.path.join(at, entry)[len(root):] for at, folders, files in os.walk(root + inside)
                                  for entry in folders + files}
            found |= {(name, entry, str(os.lstat(root + entry).st_ino)) for entry in entries
                      if os.lstat(root + entry).st_dev == device}
    return found


def act(case: fresh_case.FreshCase) -> Live:
    """Volumes named, anonymous, nested, read-only, taken over; binds of directories and of a file, one in another."""
    root = Path(case.daemon.call("GET", "/info")["DockerRootDir"]).parents[2]
    # The daemon's host is mounted somewhere: a link there lets its absolute paths mean the same beneath the evidence.
    (root / str(root.parent)[1:]).mkdir(parents=True)
    (root / str(root)[1:]).symlink_to("/")
    write(str(root), "srv/share/a", "srv/share/in/b", "srv/one")
    (root / "srv/link").symlink_to("share/in")
    case.base_image("base:1", {"data": None, "data/image": b"of the image"})
    first = create(case, "first", ["data:/data"])
    under = [f"{first}/data/{name}/under" for name in ("sub", "mem")]
    write(first, "data/sub/under", "data/mem/under")
    inodes = [str(os.lstat(path).st_ino) for path in under]
    binds = ["data:/data", "nested:/data/sub", f"{root}/srv/share:/mnt/share", f"{root}/srv/link:/mnt/in:ro",
             f"{root}/srv/one:/etc/one"]
    writer = create(case, "writer", binds, Volumes={"/anon": {}}, HostConfig={"Tmpfs": {"/data/mem": ""}})
    write(writer, "data/file", "data/sub/nested", "data/mem/lost", "anon/made", "mnt/share/in/c")
    create(case, "reader", [f"{root}/srv/share:/share:ro"], HostConfig={"VolumesFrom": ["writer:ro"]})
    create(case, "other", ["data:/elsewhere:ro"])
    taken = ["/data", "/anon", "/mnt/share", "/mnt/in", "/etc/one"]
    seen = kernel_sees(case, {"first": ["/data"], "writer": taken, "reader": [*taken, "/share"],
                              "other": ["/elsewhere"]})
    mounts = case.daemon.call("GET", f"/containers/{case.ids['writer']}/json")["Mounts"]
    [anonymous] = [point["Name"] for point in mounts if point["Destination"] == "/anon"]
    hidden = {(name, f"/data/{at}/under", ino) for name, ats in (("writer", ("sub", "mem")), ("reader", ("sub",)))
              for at, ino in zip(("sub", "mem"), inodes) if at in ats}
    return Live(case.folder / "disk.raw", seen, hidden, anonymous)


@pytest.fixture(scope="module")
def live(mounting: None) -> Iterator[Live]:
    """Skips where no daemon can be had."""
    with machine.scratch() as base:
        try:
            with fresh_case.fresh_case(base / "case") as case:
                made = act(case)
        except fresh_case.Refused as error:
            pytest.skip(str(error))
        yield made


@pytest.fixture(scope="module")
def live_rows(live: Live) -> Timeline:
    """The timeline of its disk, with binds."""
    return launch.timeline("--binds", live.image)


def test_each_container_sees_what_the_kernel_showed(live: Live, live_rows: Timeline) -> None:
    """Exactly the files that lay at its mounts, at the same paths; and each file once."""
    assert not live_rows.errors
    assert told(live_rows) == live.seen and rows_are_single(live_rows)


def test_what_nested_mounts_hide_is_said(live: Live, live_rows: Timeline) -> None:
    """By name of what hides it."""
    under = {item for item in told(live_rows, "hidden") if item[1].endswith("/under")}
    assert under == live.hidden
    facts = [fact for row in live_rows.rows for fact in row.get("facts", ())]
    for place, by in (("/data/sub", "volume nested"), ("/data/mem", "tmpfs")):
        told_of = [fact for fact in facts if fact.startswith(f"hidden at {place}/under")]
        assert told_of and all(fact.endswith(f" by {by} at {place}") for fact in told_of)


def test_what_mounts_hide_of_layers_is_said(live_rows: Timeline) -> None:
    """The image's file at a mount is hidden from all that mount there, and from nobody else."""
    told_of = {row["filename"]: {fact for fact in row.get("facts", ()) if fact.startswith("hidden from")}
               for row in live_rows.where(layer_role="image", data_type="fs:stat")}
    [fact] = told_of["/data/image"]
    assert {part.split("@")[0] for part in fact[12:].split(", ")} == {"first", "writer", "reader"}
    assert fact.endswith(" by volume data at /data") and told_of["/data"] == {fact} and not told_of["/tool"]
    made = {row["filename"]: row.get("facts") for row in live_rows.where(layer_role="rw", container_name="other")}
    assert made["/elsewhere"][0].startswith("hidden from other@") and not made["/"]


def test_live_users_and_read_only(live: Live, live_rows: Timeline) -> None:
    """Every user is in the list; who could only read is marked; the anonymous volume is under its containers."""
    [row] = {row["pathspec"]["location"]: row for row in live_rows.where(volume_name="data")
             if row["data_type"] == "fs:stat" and row["pathspec"]["location"].endswith("_data/file")}.values()
    assert len(row["used_by_containers"]) == 4 == len(set(row["used_by_containers"]))
    marked = {name.split("@")[0] for fact in row["facts"] for name in fact.split(" by ")[1].split(", ")
              if name.endswith("(read-only)")}
    assert marked == {"reader", "other"}
    assert {inside for row in live_rows.where(volume_name=live.anonymous) for _name, inside in places(row)
            if is_mounted(row)} == {"/anon", "/anon/made"}


def test_who_knows_what_mounts_hide(live: Live) -> None:
    """The image's file is hidden from all that mount a volume there, and from nobody else."""
    with disks.mount(live.image, "ext4", "ro,noload,loop") as root:
        items = json.loads(launch.run("who", "/data/image", root, "--json").stdout)
    [item] = [item for item in items if item["layer_role"] == "image"]
    status = {user["container_name"]: user["status"] for user in item["containers"]}
    assert status == {"first": "hidden", "writer": "hidden", "reader": "hidden", "other": "visible"}


def test_live_as_directory(live: Live, live_rows: Timeline) -> None:
    """A mounted disk tells the same."""
    with disks.mount(live.image, "ext4", "ro,noload,loop") as root:
        rows = launch.timeline("--binds", root)
        done = launch.run("who", "/data/sub/under", root, "--json")
    assert rows.code == 0 and told(rows) == live.seen and told(rows, "hidden") == told(live_rows, "hidden")
    [item] = [item for item in json.loads(done.stdout) if item.get("volume_name") == "data"]
    status = {user["container_name"]: user["status"] for user in item["containers"]}
    assert status == {"first": "visible", "writer": "hidden", "reader": "hidden", "other": "visible"}


@pytest.mark.parametrize("name", ["first", "writer", "reader", "other"])
def test_live_filter(name: str, live: Live, live_rows: Timeline) -> None:
    """-c finds what the container sees; and grep finds its name in each line of the text."""
    rows = launch.timeline("--binds", "-c", name, live.image)
    assert {item for item in told(rows) if item[0] == name} == {item for item in live.seen if item[0] == name}
    assert rows.lines == [line for line, row in zip(live_rows.lines, live_rows.rows)
                          if name in (row.get("container_name"), *named(row, live_rows))]
    text = launch.product("text", "--binds", "--role", "volume,host", "-c", name, live.image).decode()
    lines = [line for line in text.splitlines() if "/_data" in line or " -> " in line or "#bind" in line]
    assert lines and all(re.search(rf"\b{name}(@| -> )", line) for line in lines)


def named(row: Row, rows: Timeline) -> list[str]:
    """Names of those in used_by_containers."""
    names = {row["container_name"] for row in rows.rows if "container_name" in row}
    return [name for label in row.get("used_by_containers", ()) if (name := label.partition("@")[0]) in names]


# --- hosts of our own -------------------------------------------------------------------------------------------------

def test_subpaths(tmp: Path) -> None:
    """A part of a volume; one named by a link in it; one whose link leads out of it, which docker refuses."""
    host = hosts.shop(tmp / "host")
    data = host.volume("parts", {"app": {"x": "1"}, "other": "2", "link": ("link", "app"), "out": ("link", "../..")})
    image = host.image("sub:1", {"bin": {}})
    for name, part in (("a", "app"), ("b", "link"), ("c", "out")):
        mount(host, host.container(name, image), {"Name": "parts", "Destination": "/at", "Driver": "local", "Spec": {
            "Type": "volume", "Source": "parts", "Target": "/at", "VolumeOptions": {"Subpath": part}}})
    rows = host.run()
    assert not rows.errors
    assert {item for item in told(rows) if item[0] in "abc"} == {
        (name, inside, ino) for name in "ab" for _name, inside, ino in paths(data / "app", "/at", name)}
    [other] = rows.where(timestamp_desc="Content Modification Time", pathspec={
        "__type__": "PathSpec", "location": host.inside(data / "other"), "type_indicator": "OS"})
    assert other["filename"] == host.inside(data / "other") and len(other["facts"]) == 3
    assert all(fact.startswith("not seen by ") and " at /at" in fact for fact in other["facts"])


def test_anonymous_and_foreign_volumes(tmp: Path) -> None:
    """An empty Source is that of a volume docker knows to find, not the host's root; other drivers' are elsewhere."""
    host = hosts.shop(tmp / "host")
    name = hosts.hex_id("anonymous")
    data = host.volume(name, {"x": "1"})
    host.volume("clash", {"not": "theirs"})
    mount(host, hosts.container(host, "web"), {"Name": name, "Destination": "/anon", "Driver": "local"},
          {"Name": "clash", "Destination": "/far", "Driver": "rexray"})
    rows = host.run()
    assert told(rows) == paths(data, "/anon", "web")
    assert {row["layer_role"] for row in rows.rows if row["filename"].startswith("/anon")} == {"volume"}
    [created] = rows.where(timestamp_desc="Creation Time", container_name="web", action="create",
                           data_type="docker:container:configuration")
    assert "volume clash -> /far rw kept by driver rexray" in created["mounts"]


def test_mounts_as_text(tmp: Path) -> None:
    """Propagation that reaches the host, what is in memory only, --tmpfs."""
    host = hosts.shop(tmp / "host")
    web = hosts.container(host, "web")
    mount(host, web, {"Source": "/srv", "Destination": "/srv", "Propagation": "rshared"},
          {"Source": "/opt", "Destination": "/opt/", "Propagation": "rprivate", "RW": False},
          {"Type": "tmpfs", "Destination": "/tmp"})
    host.write(web.path / "hostconfig.json", {"Tmpfs": {"/run": "size=1m", "/mem": "ro"}})
    [created] = host.run().where(timestamp_desc="Creation Time", container_name="web", action="create",
                                 data_type="docker:container:configuration")
    assert sorted(created["mounts"]) == ["bind /opt -> /opt ro", "bind /srv -> /srv rw rshared",
                                         "tmpfs -> /mem ro in memory only", "tmpfs -> /run rw in memory only",
                                         "tmpfs -> /tmp rw in memory only"]


def test_more_mounts_than_are_listed(tmp: Path) -> None:
    """Sixty-four are told of a file, and how many there are; those beyond the limit of a container are a loss."""
    host = hosts.shop(tmp / "host")
    host.volume("many", {f"f{i}": "" for i in range(100)})
    host.volume("few", {"g": ""})
    volume = {"Name": "many", "Driver": "local"}
    web, db = hosts.container(host, "web"), hosts.container(host, "db")
    mount(host, web, *({"Destination": f"/d{i:04}"} | volume for i in range(3000)))
    mount(host, db, *({"Name": "few", "Driver": "local", "Destination": f"/d{i:04}"} for i in range(64)))
    rows = host.run()
    assert rows.code == 1 and rows.error()["code"] == "too-large" and rows.error()["reason"].startswith("1976 ")
    files = {location(row): row["facts"] for row in rows.where(volume_name="many") if is_mounted(row)}
    assert len(files) == 101
    for facts in files.values():
        assert len(facts) == 65 and facts[-1] == "and 960 more mounts of it, whose places are not listed"
    assert {len(row["facts"]) for row in rows.where(volume_name="few") if is_mounted(row)} == {64}


def test_data_that_is_a_link(tmp: Path) -> None:
    """It is told, and what it leads to within the host."""
    host = hosts.shop(tmp / "host")
    (host.data / "volumes/evil").mkdir()
    (host.data / "volumes/evil/_data").symlink_to("../../../../../etc")
    mount(host, hosts.container(host, "web"), {"Name": "evil", "Destination": "/evil"})
    rows = host.run("--binds")
    found = {location(row) for row in rows.where(volume_name="evil") if row["data_type"] == "fs:stat"}
    place = host.inside(host.data / "volumes/evil").encode()
    assert found == {place, place + b"/_data", place + b"/_data/hostname"}


def test_daemon_mounts_hide(tmp: Path) -> None:
    """What the daemon itself binds into /etc hides a volume's file there."""
    host = hosts.shop(tmp / "host")
    data = host.volume("etc", {"hosts": "1", "other": "2"})
    web = hosts.container(host, "web")
    mount(host, web, {"Name": "etc", "Destination": "/etc"})
    web.change(HostsPath=host.inside(web.path / "hosts"))
    rows = host.run()
    assert told(rows) == {item for item in paths(data, "/etc", "web") if item[1] != "/etc/hosts"}
    assert told(rows, "hidden") == {("web", "/etc/hosts", str(os.lstat(data / "hosts").st_ino))}


def test_device_of_a_volume(tmp: Path) -> None:
    """`who` and `volumes` know what is mounted over a volume's own directory, whether or not binds are read. A share of
    another machine is said to be missing, a tmpfs is not."""
    host = hosts.shop(tmp / "host")
    hosts.write_tree(bytes(host.root), {"srv": {"app": {"shell.php": "x"}}})
    options = host.data / "volumes/data/opts.json"
    host.write(options, {"MountType": "none", "MountOpts": "bind", "MountDevice": "/srv/app"})
    for path in ("/data/shell.php", "/srv/app/shell.php"):
        [row] = launch.objects("who", path, host.root)
        assert (row["path"], row["layer_role"], row["volume_name"]) == ("/srv/app/shell.php", "host", "data")
        assert [(user["container_name"], user["status"]) for user in row["containers"]] == [("web", "visible")]
    own = [row for row in launch.objects("who", "/data/state", host.root)]
    assert [user["status"] for row in own for user in row["containers"]] == ["hidden"]
    shown = {row["volume_name"]: row.get("device") for row in launch.objects("volumes", host.root)}
    assert shown["data"] == "/srv/app"
    host.write(options, {"MountType": "nfs", "MountOpts": "addr=10.0.0.9", "MountDevice": ":/export"})
    assert launch.run("who", "/data/shell.php", host.root).returncode == 1
    assert host.run().code == 0
    error = host.run("--binds").error()
    assert error["code"] == "missing" and "nfs :/export" in error["reason"]
    host.write(options, {"MountType": "tmpfs", "MountOpts": "size=1m", "MountDevice": "tmpfs"})
    assert host.run("--binds").code == 0


def test_devices_and_secrets(tmp: Path) -> None:
    """Files on another device: that is said, without its passwords, in all formats and commands."""
    host = hosts.shop(tmp / "host")
    host.write(host.data / "volumes/data/opts.json", {
        "MountType": "cifs", "MountDevice": f"//bob:{SECRET}@server/share",
        "MountOpts": f"addr=10.0.0.1,username=bob%{SECRET},password=x,,{SECRET},vers=3"})
    rows = host.run()
    [row] = rows.where(data_type="container:volume:created")
    assert {"mount type cifs", "mount device //bob:***@server/share", "mount options addr=10.0.0.1,username=bob%***,"
            "password=***,vers=3"} < set(row["facts"])
    assert [fact for fact in row["facts"] if "its files are those of the device" in fact]
    outputs = [launch.product(form, host.root) for form in launch.FORMATS]
    outputs += [launch.run("volumes", host.root, "--json").stdout]
    assert b"//bob:***@server" in outputs[-1] and not [out for out in outputs if SECRET.encode() in out]
