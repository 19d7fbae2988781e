# SPDX-License-Identifier: Apache-2.0
"""Owners inside the container. What is right the kernel tells: a process in a user namespace with the map of the daemon
looks at the same files."""
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from lib import hosts, launch, machine, reading

OVERFLOW = 65534                                      # what the kernel shows for an id outside the map
# unshare() without exec() keeps all rights in the new namespace.
LOOK = """
import ctypes, json, os, sys
print("ready" if ctypes.CDLL(None).unshare(0x10000000) == 0 else "refused", flush=True)
paths = json.loads(sys.stdin.readline())
nodes = (os.lstat(path.encode("latin-1")) for path in paths)
print(json.dumps([[node.st_uid, node.st_gid] for node in nodes]))
"""

Map = Iterable[tuple[int, int, int]]


def seen_inside(paths: list[bytes], uids: Map, gids: Map) -> list[tuple[int, int]]:
    """Owners as a process in a user namespace sees them; the map is of (inside, outside, count)."""
    with subprocess.Popen([sys.executable, "-c", LOOK], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as child:
        if child.stdout.readline() != "ready\n":
            pytest.skip("no user namespaces here")
        for file, ranges in (("uid_map", uids), ("gid_map", gids)):
            Path(f"/proc/{child.pid}/{file}").write_text("".join("%d %d %d\n" % r for r in ranges))
        out, _ = child.communicate(json.dumps([path.decode("latin-1") for path in paths]) + "\n")
    return [tuple(pair) for pair in json.loads(out)]


def check(result: reading.Timeline, root: Path, uids: Map, gids: Map) -> int:
    """Every row of a file of a layer or volume has the ids that the kernel shows, and none where it shows 65534; no other
    row has any. Returns how many have."""
    rows = [row for row in result.rows if "mode" in row and ("layer_identifier" in row or row["layer_role"] == "volume")]
    names = sorted({reading.location(row) for row in rows})
    seen = dict(zip(names, seen_inside([os.fsencode(root) + name for name in names], uids, gids)))
    for row in rows:
        got = (row.get("container_owner_identifier"), row.get("container_group_identifier"))
        assert got == tuple(None if i == OVERFLOW else i for i in seen[reading.location(row)]), row
    keys = ("container_owner_identifier", "container_group_identifier")
    assert all(row in rows for row in result.rows if any(key in row for key in keys))
    return sum(keys[0] in row for row in rows)


def give(path: Path, uid: int, gid: int | None = None) -> None:
    """Change the owner of an entry."""
    os.chown(path, uid, uid if gid is None else gid, follow_symlinks=False)


def give_all(path: Path, uid: int, gid: int | None = None) -> None:
    """The same for all that is below."""
    for at, folders, files in os.walk(path):
        for name in [".", *folders, *files]:
            give(Path(at, name), uid, gid)


def remapped(root: Path, name: str, subuid: str | None, subgid: str | None = None) -> hosts.Host:
    """The small host with its data root in that of userns-remap, all layers and volumes given to that root."""
    host = hosts.shop(root / "plain")
    data = root / "host/var/lib/docker" / name
    data.parent.mkdir(parents=True)
    host.data.rename(data)
    uid, gid = map(int, name.split("."))
    for folder in ("overlay2", "volumes"):
        give_all(data / folder, uid, gid)
    for file, text in (("subuid", subuid), ("subgid", subuid if subgid is None else subgid)):
        if text is not None:
            host.write(root / "host/etc" / file, text)
    host.root, host.data = root / "host", data
    return host


def file_of(host: hosts.Host, container: str, path: str) -> Path:
    """A file in an rw layer."""
    return host.data / "overlay2" / hosts.hex_id(f"rw {container}") / "diff" / path


def found_as(host: hosts.Host, tmp: Path) -> str:
    """What the manifest says of the data root."""
    launch.run("-q", "-o", tmp / "out.jsonl", "--manifest", tmp / "manifest", "--force", host.root)
    return json.loads((tmp / "manifest").read_text())["evidence"][0]["roots"][0]["found_as"]


@pytest.fixture(autouse=True)
def root_only() -> None:
    """Giving files away needs root."""
    if not machine.IS_ROOT:
        pytest.skip("needs root")


def test_real_host(disk, mounted) -> None:
    """A host with userns-remap, `dockremap` from 165536 on, both as an image and as the kernel shows it."""
    image = disk("overlay2-userns")
    result = launch.timeline("--no-deleted", image)
    usual = [(0, 165536, 65536)]
    assert result.code == 0 and check(result, mounted(image), usual, usual) > 2000
    row, = result.where(filename="/var/lib/db/t1", layer_role="volume", timestamp_desc="Creation Time")
    assert (row["owner_identifier"], row["container_owner_identifier"]) == (166536, 1000)  # actions.tsv: chown 1000


def test_rootless(tmp: Path) -> None:
    """Id 0 is the user, then all ranges of the user in the order of the file."""
    plain = hosts.shop(tmp / "plain")
    data = tmp / "host/home/ann/.local/share/docker"
    data.parent.mkdir(parents=True)
    plain.data.rename(data)
    give_all(data, 1000, 1001)
    layer = data / "overlay2" / hosts.hex_id("rw web") / "diff"
    for uid in (0, 999, 1000, 99999, 100000, 100999, 101000, 300000, 364535, 364536, 400000):
        (layer / str(uid)).write_text("x")
        give(layer / str(uid), uid, uid + 1)
    for path, text in (("passwd", "root:x:0:0::/:\nann:x:1000:1001::/home/ann:\n"),
                       ("subuid", "ben:400000:65536\nann:300000:64536\nann:100000:1000\n"),
                       ("subgid", "1000:100000:1000\nann:300000:64536\n")):
        plain.write(tmp / "host/etc" / path, text)
    result = launch.timeline(tmp / "host")
    assert result.code == 0
    assert check(result, tmp / "host", [(0, 1000, 1), (1, 300000, 64536), (64537, 100000, 1000)],
                 [(0, 1001, 1), (1, 100000, 1000)])      # ranges by number come before those by name


def test_rootless_data_root_elsewhere(tmp: Path) -> None:
    """A user's own daemon.json names it; without sub-ids only the user has an id inside."""
    host = hosts.shop(tmp / "host")
    host.data.rename(tmp / "host/srv")
    give_all(tmp / "host/srv", 1000)
    host.write(tmp / "host/home/ann/.config/docker/daemon.json", {"data-root": "/srv"})
    give(tmp / "host/srv/overlay2" / hosts.hex_id("rw web") / "diff/run.log", 100000)
    result = launch.timeline(tmp / "host")
    assert result.code == 0 and check(result, tmp / "host", [(0, 1000, 1)], [(0, 1000, 1)])
    host.data = tmp / "host/srv"
    assert found_as(host, tmp) == ("data-root in /home/ann/.config/docker/daemon.json, "
                                   "no ranges in /etc/subuid or /etc/subgid")


@pytest.mark.parametrize("subuid, uids", [
    ("x:1:1\nremap:500000:10\nremap:200000:20\n", [(0, 500000, 10), (10, 200000, 20)]),
    ("remap:600000:10\nremap:500000:20\n", [(0, 500000, 20), (20, 600000, 10)]),
    ("# old\n\n1007:500000:65536", [(0, 500000, 65536)]),
])
def test_several_ranges(subuid: str, uids: Map, tmp: Path) -> None:
    """One behind the other inside; the number in the name of the data root tells which comes first."""
    host = remapped(tmp, "500000.700000", subuid, "remap:700000:100\n")
    for uid in (0, 499999, 500009, 500010, 500019, 200000, 200019, 200020, 600000, 600009, 600010):
        file_of(host, "web", str(uid)).write_text("x")
        give(file_of(host, "web", str(uid)), uid, 700000 + uid % 200)
    result = host.run()
    assert result.code == 0 and check(result, host.root, uids, [(0, 700000, 100)])


@pytest.mark.parametrize("subuid", [None, "", "other:100000:65536\n", "remap:400000:200000\n"])
def test_unknown_range(subuid: str | None, tmp: Path) -> None:
    """65536 ids are what useradd gives; that it is a guess is said where the data root is."""
    host = remapped(tmp, "500000.500000", subuid)
    for uid in (565535, 565536):
        file_of(host, "web", str(uid)).write_text("x")
        give(file_of(host, "web", str(uid)), uid)
    result = host.run()
    assert result.code == 0 and not result.errors
    assert check(result, host.root, [(0, 500000, 65536)], [(0, 500000, 65536)])
    assert found_as(host, tmp) == ("userns-remap sub-root, 65536 ids assumed: no such range in /etc/subuid or "
                                   "/etc/subgid")


def test_known_range_is_no_guess(tmp: Path) -> None:
    """Nothing is said where the files are there."""
    assert found_as(remapped(tmp, "500000.500000", "a:500000:9\n"), tmp) == "userns-remap sub-root"


def test_bad_lines(tmp: Path) -> None:
    """They cost themselves only, and are reported once a file."""
    host = remapped(tmp, "500000.500000", "a\nb:x:1\nremap:500000:65536\nremap:1:0\n", "remap:500000:65536\n")
    result = host.run()
    assert result.code == 1 and check(result, host.root, [(0, 500000, 65536)], [(0, 500000, 65536)])
    error = result.error()
    assert (error["code"], error["path"]) == ("damaged", "/etc/subuid") and error["reason"].startswith("3 lines")


def test_container_in_the_host_namespace(tmp: Path) -> None:
    """--userns=host: what it sees are the host's ids, and so are those in a volume that it shares."""
    host = remapped(tmp, "500000.500000", "remap:500000:65536\n")
    web = hosts.hex_id("container web")
    host.write(host.data / "containers" / web / "hostconfig.json", {"UsernsMode": "host"})
    result = host.run()
    assert result.code == 0
    mapped = {(row["layer_role"], row.get("container_name")) for row in result.rows
              if "container_owner_identifier" in row}
    assert mapped == {("image", None), ("rw", "db"), ("init", "db")}


def test_host_without_user_namespaces(host: hosts.Host) -> None:
    """Where ids are the same inside they are not told twice, sub-ids or not."""
    host.write(host.root / "etc/subuid", "root:100000:65536\n")
    host.write(host.root / "etc/subgid", "root:100000:65536\n")
    result = host.run()
    assert result.code == 0
    assert not any("container_owner_identifier" in row or "container_group_identifier" in row for row in result.rows)


def test_other_formats(tmp: Path) -> None:
    """CSV has them as columns, l2tcsv among the rest."""
    host = remapped(tmp, "500000.500000", "remap:500000:65536\n")
    give(file_of(host, "web", "run.log"), 501000, 501001)
    rows = csv.DictReader(io.StringIO(launch.product("csv", host.root).decode()))
    got = {(row["container_owner_identifier"], row["container_group_identifier"]) for row in rows
           if row["filename"] == "/run.log"}
    assert got == {("1000", "1001")}
    lines = [line for line in launch.product("l2tcsv", host.root).decode().splitlines() if "/run.log" in line]
    assert lines and all("container_owner_identifier: 1000" in line for line in lines)
