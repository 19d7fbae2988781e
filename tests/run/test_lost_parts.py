# SPDX-License-Identifier: Apache-2.0
"""Layers whose links are lost, files of the wrong type, links that lead out of the evidence, and what may not be read: each
costs its own item and one error, and nothing outside is looked at."""
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading
from lib.hosts import Host, container
from lib.losses import check_errors, lost_and_new, owners


QUICK = 5                                             # seconds of the processor that a file of the wrong type may take
SECRET = "SECRET-e1f4c7d2"                            # stands in a file outside the evidence
OF_LAYERDB = {"container:layer:created", "container:layer:registration"}  # events that it alone tells of
LOG = "docker:container:log:entry"


# --- links of layers lost ---------------------------------------------------------------------------------------------

def test_missing_mount_id_is_inferred(host: Host) -> None:
    """The rw layer still has its owner, and says that it was inferred."""
    before = host.run()
    web = container(host, "web")
    (web.mounts / "mount-id").unlink()
    after = host.run()
    assert after.code == 1
    gone = host.inside(web.mounts / "mount-id")
    assert (after.error()["code"], after.error()["path"]) == ("missing", gone)
    lost, new = lost_and_new(before, after, gone)
    assert {row[0] for row in lost} == {"container:layer:created"} and not new
    assert {key: value for key, value in owners(before).items() if key[2] != gone} == owners(after)
    inferred = {location for row in after.rows if "owner_inferred" in row["tag"]
                for location in [row["pathspec"]["location"]]}
    assert inferred and all(path.startswith(host.inside(web.rw)) for path in inferred)
    assert {row["pathspec"]["location"] for row in after.where(container_name="web", layer_role="rw")} == inferred


def test_nothing_is_inferred_where_two_would_fit(host: Host) -> None:
    """With both mount-ids gone no rw layer is given to the wrong container."""
    before = owners(host.run())
    for name in ("web", "db"):
        (container(host, name).mounts / "mount-id").unlink()
    after = host.run()
    assert after.code == 1
    for thing, whose in owners(after).items():
        assert whose[0] in (None, before[thing][0]), thing


def test_without_layerdb_the_links_of_the_driver_serve(tmp: Path) -> None:
    """Container to rw to image layers through lower and l/, image to layers through the container."""
    host = Host(tmp / "host")
    image = host.image("shop:1", {"bin": {"sh": "base"}}, {"opt": {"tool": "t"}}, {"top": "x"})
    web = host.container("web", image, {"run": "x"})
    before = host.run()
    gone = host.inside(host.meta / "layerdb")
    shutil.rmtree(host.meta / "layerdb")
    after = host.run()
    lost, new = lost_and_new(before, after, gone)
    assert {row[0] for row in lost} == OF_LAYERDB and not new
    assert owners(after) == {key: value for key, value in owners(before).items() if not key[2].startswith(gone)}
    users = [(row["pathspec"]["location"], reading.users(row, "containers"), reading.users(row, "images"))
             for row in after.where(layer_role="image", data_type="fs:stat") if "layer_identifier" in row]
    assert users and all(user[1:] == ({reading.short(web.id)}, {reading.short(image)}) for user in users)


def test_sample_without_layerdb(sample: Path, sample_jsonl, tmp: Path) -> None:
    """A real host: every file is there, no owner is wrong, every loss of an owner is marked."""
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    gone = "/var/lib/docker/image/overlay2/layerdb"
    disks.debugfs(copy, f"unlink {gone}")
    after = launch.timeline(copy)
    lost, new = lost_and_new(sample_jsonl, after, gone)
    # A container without known layers has no known zone either.
    assert {row[0] for row in lost} == OF_LAYERDB | {"container:log:clock", "container:removal:trace"}
    assert {row[0] for row in new} == {"container:log:clock"}
    before = owners(sample_jsonl)
    wrong = [thing for thing, whose in owners(after).items() if thing in before and
             whose[0] not in (None, before[thing][0])]
    assert not wrong
    rows = after.where(layer_role="rw", data_type="fs:stat")
    assert all({"orphan_layer", "owner_inferred", "unallocated"} & set(row["tag"]) for row in rows)
    assert after.code == 1, "a host without layerdb is no complete run"


# --- wrong types and links out of the evidence ------------------------------------------------------------------------

def type_places(host: Host) -> dict[str, Path]:
    """Well-known files."""
    web = container(host, "web")
    image = next((host.meta / "imagedb/content/sha256").iterdir())
    top = host.layers("sha256:" + image.name)[-1][7:]
    return {"config": web.config, "hostconfig": web.path / "hostconfig.json", "log": web.log,
            "mount-id": web.mounts / "mount-id", "repositories": host.meta / "repositories.json",
            "image": image, "cache-id": host.meta / "layerdb/sha256" / top / "cache-id", "link": web.rw / "link"}


TYPES = ("fifo", "symlink", "directory", "device", "socket", "absolute symlink")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("place", ["config", "hostconfig", "log", "mount-id", "repositories", "image", "cache-id",
                                   "link"])
def test_wrong_type(place: str, kind: str, host: Host, tmp: Path) -> None:
    """A FIFO, device, directory or link where a file must be: one error, at once, and nothing outside is read."""
    before = host.run()
    path = type_places(host)[place]
    secret = tmp / "secret"
    secret.write_text(path.read_text().replace("web", SECRET) + SECRET)
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o644)
    elif kind == "device":
        if not machine.IS_ROOT:
            pytest.skip("making a device needs root")
        os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 5))
    else:
        path.symlink_to(secret if kind[0] == "a" else os.path.relpath(secret, path.parent))
    after = host.run(processor=QUICK)
    assert after.code == 1
    check_errors(after.errors, host)
    assert host.inside(path) in {error["path"] for error in after.errors}
    assert {error["code"] for error in after.errors} <= {"wrong-type", "missing"}
    assert SECRET not in "".join(map(str, after.rows)) + str(after.errors) + after.stderr
    db = container(host, "db").id
    kept = {thing: whose for thing, whose in owners(after).items() if whose[0] == db}
    assert {key[:4]: whose[0] for key, whose in kept.items()} == \
        {key[:4]: whose[0] for key, whose in owners(before).items() if whose[0] == db}


OUTWARD = {
    "containers": "containers", "a container": "containers/{web}", "overlay2": "overlay2", "a layer": "overlay2/{rw}",
    "diff": "overlay2/{rw}/diff", "volumes": "volumes", "a volume": "volumes/data", "_data": "volumes/data/_data",
    "image": "image", "driver": "image/overlay2", "layerdb": "image/overlay2/layerdb", "l": "overlay2/l",
    "etc": "../../../etc", "hostname": "../../../etc/hostname", "the data root": "",
}


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("place", OUTWARD)
def test_symlinked_directories_do_not_lead_out(place: str, absolute: bool, host: Host, tmp: Path) -> None:
    """Names and contents outside appear in no format, whatever part of the host is a link."""
    web = container(host, "web")
    path = Path(os.path.normpath(host.data / OUTWARD[place].format(web=web.id, rw=web.rw.name)))
    outside = tmp / "outside"
    shutil.move(path, outside)
    if outside.is_file():
        outside.write_text(SECRET)
    else:
        for file in [*outside.rglob("*.json"), *outside.rglob("*.log"), outside / "hostname"]:
            file.write_text(file.read_text().replace("web", SECRET) if file.exists() else SECRET)
        (outside / f"{SECRET}-name").write_text(SECRET)
    path.symlink_to(outside if absolute else os.path.relpath(outside, path.parent))
    out = b""
    for form in launch.FORMATS:
        done = launch.run("-v", "-f", form, "--errors", tmp / f"errors-{form}", "--manifest", tmp / f"m-{form}",
                          host.root, processor=QUICK)
        assert done.returncode in (0, 1, 3)
        out += done.stdout + done.stderr
    for file in [*tmp.glob("errors-*"), *tmp.glob("m-*")]:
        out += file.read_bytes()
    assert SECRET.encode() not in out


@pytest.mark.parametrize("kind", ["relative", "absolute"])
def test_symlinked_data_root_is_found_inside_the_evidence(kind: str, host: Host) -> None:
    """An absolute link is the host's own: it begins at the evidence."""
    (host.root / "srv").mkdir()
    shutil.move(host.data, host.root / "srv/docker")
    host.data.symlink_to("/srv/docker" if kind == "absolute" else "../../srv/docker")
    result = host.run()
    assert result.code == 0
    assert {row["pathspec"]["location"].split("/")[1] for row in result.rows} == {"srv"}


@pytest.mark.parametrize("value, found", [("/srv/docker", True), ("/../../srv/docker", True), ("/nowhere", False),
                                          ("", False), ("/srv/docker/../../srv/./docker/", True)])
def test_data_root_of_daemon_json(value: str, found: bool, host: Host) -> None:
    """Read, and kept beneath the evidence. A store that no setting names is found as well, by its shape."""
    (host.root / "srv").mkdir()
    shutil.move(host.data, host.root / "srv/docker")
    host.write(host.root / "etc/docker/daemon.json", {"data-root": value})
    shown = launch.run("--list-sources", host.root)
    assert b"/srv/docker (" + (b"data-root in" if found else b"by its shape") in shown.stdout
    assert bool(value and not found) == (shown.returncode == 1)


def test_userns_sub_root_beside_the_plain_one(host: Host) -> None:
    """Both data roots are read."""
    subprocess.run(["cp", "-a", host.data, host.root / "sub"], check=True)
    (host.root / "sub").rename(host.data / "165536.165536")
    result = host.run()
    prefixes = {location.split(b"/")[4].decode() for location in result.locations() if location.count(b"/") > 3}
    assert "165536.165536" in prefixes and "overlay2" in prefixes and result.code == 0


def test_paths_in_the_configuration_are_not_followed(host: Host, tmp: Path) -> None:
    """LogPath and the like are the container's word; the derived path is read."""
    (tmp / "secret").write_text(hosts.log_record(SECRET + "\n", "2026-01-02T03:04:05Z"))
    web, before = container(host, "web"), host.run()
    for bad in (str(tmp / "secret"), "/proc/self/environ", "/dev/zero", "../../../../secret"):
        web.change(LogPath=bad, HostnamePath=bad, HostsPath=bad, ResolvConfPath=bad)
        after = host.run(processor=QUICK)
        assert SECRET not in str(after.rows)
        assert [reading.what(row) for row in after.where(data_type=LOG)] == \
            [reading.what(row) for row in before.where(data_type=LOG)]


def test_unreadable_files(host: Host, as_nobody: dict, tmp: Path) -> None:
    """What the system refuses costs its item; the error has its number."""
    web = container(host, "web")
    before = host.run()
    hosts.give_to_nobody(host, tmp)
    for path in (web.log, web.rw / "diff", host.data / "volumes/data"):
        path.chmod(0)
    after = host.run(**as_nobody)
    for path in (web.log, web.rw / "diff", host.data / "volumes/data"):
        path.chmod(0o755)
    assert after.code == 1
    lost_attributes = [error for error in after.errors if "trusted.overlay" in error["reason"]]
    assert len(lost_attributes) == 1
    assert {error["path"]: (error["code"], error.get("errno")) for error in after.errors
            if error not in lost_attributes} == {
        host.inside(path): ("unreadable", 13)
        for path in (web.log, web.rw / "diff", host.data / "volumes/data", host.data / "volumes/data/opts.json")}
    lost, new = lost_and_new(before, after)
    assert not new and lost
    below = (host.inside(web.rw / "diff") + "/", host.inside(host.data / "volumes/data") + "/", host.inside(web.log))
    assert all(row[2].startswith(below) for row in lost)


def test_unreadable_data_root_is_no_missing_one(host: Host, as_nobody: dict, tmp: Path) -> None:
    """Whoever lacks the rights must not be told that there is no Docker."""
    hosts.give_to_nobody(host, tmp)
    host.data.chmod(0)
    result = host.run(**as_nobody)
    host.data.chmod(0o755)
    assert result.code == 3
    assert ("unreadable", 13) in {(error["code"], error.get("errno")) for error in result.errors}


def test_unreadable_home_may_hold_a_data_root(host: Host, as_nobody: dict, tmp: Path) -> None:
    """A rootless Docker behind a door that is shut: the run is not complete."""
    (host.root / "home/user/.local/share").mkdir(parents=True)
    subprocess.run(["cp", "-a", host.data, host.root / "home/user/.local/share/docker"], check=True)
    hosts.give_to_nobody(host, tmp)
    both = host.run(**as_nobody)
    assert all("trusted.overlay" in error["reason"] for error in both.errors)
    assert any(b"/home/user/" in path for path in both.locations())
    for door in (host.root / "home/user", host.root / "home"):
        door.chmod(0)
        result = host.run(**as_nobody)
        door.chmod(0o755)
        assert result.code == 1, door
        assert all(error.get("errno") == 13 for error in result.errors if "trusted.overlay" not in error["reason"])
        assert any(error.get("errno") == 13 for error in result.errors), door
