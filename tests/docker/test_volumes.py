# SPDX-License-Identifier: Apache-2.0
"""Files of volumes and binds under each container that mounts them, with their paths inside. What is right is told by
the kernel: what the containers of a real dockerd see at their mounts, and lstat on hosts of our own."""
import json
import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lib import disks, fresh_case, hosts, launch, machine, reading
from lib.reading import Row, Timeline, location

FACT = re.compile(r"(seen|hidden) at (\S+) (?:by|from) ([^:]*?)(?: by (\w+ ?\S* at \S+))?$")
SECRET = "hunter2"
Seen = set[tuple[str, str, str]]                      # name of the container, path inside, inode


def is_mounted(row: Row) -> bool:
    """A row of a file of a volume's data or of a bind."""
    data = row["layer_role"] == "volume" and b"/_data" in location(row)
    return row["data_type"] == "fs:stat" and (data or "bind" in row["tag"])


def places(row: Row, word: str = "seen") -> set[tuple[str, str]]:
    """Who sees (or does not) the file of a row, and where, as the row says: in its facts, or by its only owner."""
    facts = [fact for fact in row.get("facts", ()) if FACT.match(fact) or fact.startswith("not seen by")]
    if not facts and word == "seen":
        return {(row["container_name"], row["filename"])} if "container_name" in row else set()
    found = [FACT.match(fact) for fact in facts]
    return {(name.split("@")[0], match[2]) for match in found if match and match[1] == word
            for name in match[3].split(", ")}


def told(rows: Timeline, word: str = "seen") -> Seen:
    """The same of all rows."""
    return {(name, inside, row["inode"]) for row in rows.rows if is_mounted(row) for name, inside in places(row, word)}


def mount(host: hosts.Host, made: hosts.Container, *points: Row) -> None:
    """Set the mounts of a container as docker keeps them."""
    full = [{"RW": True, "Type": "volume" if "Name" in p else "bind", "Source": ""} | p for p in points]
    made.change(MountPoints={point["Destination"]: point for point in full})


def paths(root: Path, inside: str, name: str) -> Seen:
    """All that is in a directory or file, as seen at `inside`."""
    found = {(name, inside, str(os.lstat(root).st_ino))}
    for at, folders, files in os.walk(root):
        found |= {(name, os.path.normpath(os.path.join(inside, os.path.relpath(os.path.join(at, entry), root))),
                   str(os.lstat(os.path.join(at, entry)).st_ino)) for entry in folders + files}
    return found


def rows_are_single(rows: Timeline) -> bool:
    """No file is counted twice. One whiteout may tell several deletions."""
    count = Counter((location(row), row["timestamp_desc"]) for row in rows.where(data_type="fs:stat")
                    if row["timestamp_desc"] != "Content Deletion Time")
    return set(count.values()) == {1}


# --- recorded cases ---------------------------------------------------------------------------------------------------

def recorded(folder: Path) -> Seen:
    """What docker inspect and the kernel's listing of the disk say that the containers saw."""
    found: Seen = set()
    lines = (folder / "fs.clean.tsv").read_text("utf-8", "surrogateescape").splitlines()
    inodes = {cells[-1]: cells[0] for cells in (line.split("\t") for line in lines if not line.startswith("#"))}
    for path in folder.glob("containers/*.inspect.json"):
        [said] = json.loads(path.read_text())
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
    lines = [line for line in text.splitlines() if "/_data" in line or "Facts:" in line or "#bind" in line]
    assert lines and all(re.search(rf"\b{name}(@| -> )", line) for line in lines)


def named(row: Row, rows: Timeline) -> list[str]:
    """Names of those in used_by_containers."""
    names = {row["container_identifier"]: row["container_name"] for row in rows.rows if "container_name" in row}
    return [names[cid] for cid in row.get("used_by_containers", ())]


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
    """It is told, and not followed."""
    host = hosts.shop(tmp / "host")
    (host.data / "volumes/evil").mkdir()
    (host.data / "volumes/evil/_data").symlink_to("../../../../../etc")
    mount(host, hosts.container(host, "web"), {"Name": "evil", "Destination": "/evil"})
    rows = host.run("--binds")
    found = {location(row) for row in rows.where(volume_name="evil") if row["data_type"] == "fs:stat"}
    place = host.inside(host.data / "volumes/evil").encode()
    assert found == {place, place + b"/_data"}


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
    assert outputs[-1].count(b"//bob:***@server") == 1 and not [out for out in outputs if SECRET.encode() in out]


# --- binds ------------------------------------------------------------------------------------------------------------

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
    assert not [row for row in host.run().rows if "bind" in row["tag"]]
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
