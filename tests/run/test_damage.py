# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile metadata: each costs its own item and one error, never the rest, a hang, or a look outside."""
import gzip
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading, sanitizers
from lib.hosts import Host, container
from lib.reading import Row, Timeline

KEYS = {"code", "evidence", "path", "reason", "source"}
OF_LAYERDB = {"container:layer:created", "container:layer:registration"}  # events that it alone tells of
QUICK = 5                                             # seconds of the processor that a file of the wrong type may take
SECRET = "SECRET-e1f4c7d2"                            # stands in a file outside the evidence
BAD_IDS = ["../../etc", "/etc/passwd", "", "a\nb", "..", ".", "x" * 64, "A" * 64, "0" * 63, "0" * 65, "%2e%2e",
           "\x1b[2J", "0" * 32 + "\n" + "0" * 31]


def check_errors(errors: list[Row], host: Host) -> None:
    """Every error row has the documented keys and types."""
    for error in errors:
        assert KEYS - {"path"} <= error.keys() <= KEYS | {"errno"}, error
        assert all(isinstance(error[key], str) and error[key] for key in error if key != "errno")
        assert isinstance(error.get("errno", 0), int)
        assert error["evidence"] == str(host.root)


def lost_and_new(before: Timeline, after: Timeline) -> tuple[list[tuple], list[tuple]]:
    """What rows tell (not when) that are gone, and that came."""
    old, new = Counter(map(reading.what, before.rows)), Counter(map(reading.what, after.rows))
    return list((old - new).elements()), list((new - old).elements())


def owners(result: Timeline) -> dict[tuple, tuple]:
    """Whose each thing is."""
    return {reading.what(row): reading.owner(row) for row in result.rows}


Damage = Callable[[Host, hosts.Container], None]


def edit(which: Callable[[hosts.Container], Path], change: Callable[[bytes], bytes]) -> Damage:
    """Damage that rewrites one file of the container web."""
    def apply(_host: Host, web: hosts.Container) -> None:
        path = which(web)
        path.write_bytes(change(path.read_bytes()))
    return apply


def config(web: hosts.Container) -> Path:
    return web.config


def log(web: hosts.Container) -> Path:
    return web.log


# name: (damage to the container web, code of the only error, file it names, what may be lost with it)
LIFECYCLE = "docker:container:configuration"
LOG = "docker:container:log:entry"
CONFIG_DAMAGE: dict[str, tuple[Damage, str, set[str], int]] = {
    # losing the configuration loses three events of the life cycle
    "half": (edit(config, lambda data: data[:len(data) // 2]), "damaged", {LIFECYCLE}, 3),
    "empty": (edit(config, lambda data: b""), "damaged", {LIFECYCLE}, 3),
    "NULs": (edit(config, lambda data: bytes(len(data))), "damaged", {LIFECYCLE}, 3),
    "an array": (edit(config, lambda data: b"[" + data + b"]"), "damaged", {LIFECYCLE}, 3),
    "a number": (edit(config, lambda data: b"1"), "damaged", {LIFECYCLE}, 3),
    "9 MB": (edit(config, lambda data: data + b" " * 9_000_000), "too-large", {LIFECYCLE}, 3),
    "deep": (edit(config, lambda data: b"[" * 1_000_000), "damaged", {LIFECYCLE}, 3),
    # these cost nothing but a remark
    "invalid UTF-8": (edit(config, lambda data: data.replace(b'"Hostname":"web"', b'"Hostname":"w\xffb"')),
                      "damaged", set(), 0),
    "lone surrogate": (edit(config, lambda data: data.replace(b'"Hostname":"web"', rb'"Hostname":"w\ud800b"')),
                       "damaged", set(), 0),
    "huge exponent": (edit(config, lambda data: data.replace(b'"Pid":0', b'"Pid":1e400')), "damaged", set(), 0),
    "byte order mark": (edit(config, lambda data: b"\xef\xbb\xbf" + data), "damaged", set(), 0),
    "duplicate key": (edit(config, lambda data: data.replace(b'"Driver":', b'"Driver":"vfs","Driver":', 1)),
                      "damaged", set(), 0),
    "huge number": (edit(config, lambda data: data.replace(b'"Pid":0', b'"Pid":99999999999999999999')),
                    "damaged", set(), 0),
    "wrong ID": (edit(config, lambda data: data.replace(b'"ID":"', b'"ID":"0')), "bad-id", set(), 0),
    # a time that is none costs its event
    "bad Created": (edit(config, lambda data: data.replace(b'"Created":"20', b'"Created":"zz')), "bad-time",
                    {LIFECYCLE}, 1),
    "month 13": (edit(config, lambda data: data.replace(b'"StartedAt":"2026-', b'"StartedAt":"2026-9')), "bad-time",
                 {LIFECYCLE}, 1),
}


@pytest.mark.parametrize("case", CONFIG_DAMAGE)
def test_damaged_configuration(case: str, host: Host) -> None:
    """One error that names the file; all other rows stay, with their owners."""
    damage, code, kinds, count = CONFIG_DAMAGE[case]
    web, before = container(host, "web"), host.run()
    assert before.code == 0
    old = web.config.read_bytes()
    damage(host, web)
    assert web.config.read_bytes() != old, "a broken test: nothing was damaged"
    after = host.run()
    assert after.code == 1
    check_errors(after.errors, host)
    assert (after.error()["code"], after.error()["path"]) == (code, host.inside(web.config))
    assert after.error()["source"] == "docker_container"
    lost, new = lost_and_new(before, after)
    assert not new and {row[0] for row in lost} == kinds and len(lost) == count
    assert {row[2] for row in lost} <= {host.inside(web.config)}
    for thing, whose in owners(after).items():
        if whose[0] != web.id and whose[5] != "data" and "shop" not in str(whose[3]):
            assert whose == owners(before)[thing]
    rows = [row for row in after.rows if row.get("container_identifier") == web.id]
    assert {row["layer_role"] for row in rows} >= {"rw", "init", "config", "log"}


def test_large_configuration_is_no_damage(host: Host) -> None:
    """200 KB of labels, as orchestrators write them; message and labels stay bounded and whole."""
    web = container(host, "web")
    labels = {f"label.{number}": "v" * 100 for number in range(1800)}
    web.change(Config={"Image": "shop:1", "Labels": labels})
    assert web.config.stat().st_size > 200_000
    result = host.run()
    assert result.code == 0 and not result.errors
    row = result.where(container_identifier=web.id, action="create")[0]
    assert sorted(row["labels_kv"]) == sorted(f"{key}={value}" for key, value in labels.items())
    assert len(row["message"]) < 9000


def test_escaped_nul_is_no_damage(host: Host) -> None:
    """Valid JSON, though no C string."""
    web, before = container(host, "web"), host.run()
    web.config.write_bytes(web.config.read_bytes().replace(b'"Hostname":"web"', rb'"Hostname":"w\u0000b"'))
    after = host.run()
    assert after.code == 0 and lost_and_new(before, after) == ([], [])


def test_duplicate_keys_last_one_counts(host: Host) -> None:
    """As Docker's own reader takes it, and flagged."""
    web = container(host, "web")
    web.config.write_bytes(web.config.read_bytes().replace(b'"Name":"/web"', b'"Name":"/other","Name":"/web"'))
    result = host.run()
    assert result.error()["code"] == "damaged" and "duplicate" in result.error()["reason"]
    assert result.where(container_identifier=web.id, action="start", container_name="web")


def test_go_zero_times_are_no_events(host: Host) -> None:
    """A container that never ran: created only, and no error."""
    web = container(host, "web")
    web.change(State={"Running": False, "StartedAt": hosts.ZERO_TIME, "FinishedAt": hosts.ZERO_TIME})
    result = host.run()
    assert result.code == 0 and not result.errors
    rows = [row for row in result.rows if row["data_type"] == LIFECYCLE and row["container_identifier"] == web.id]
    assert [row["action"] for row in rows] == ["create"] and rows[0]["state"] == "created"


@pytest.mark.parametrize("text, wanted", [
    ("2026-01-02T03:04:05Z", 1767323045_000000000), ("2026-01-02T03:04:05.1Z", 1767323045_100000000),
    ("2026-01-02T03:04:05.123456789+05:30", 1767303245_123456789), ("1969-12-31T23:59:59.5Z", -500000000),
    ("2026-01-01T23:59:59.999999999-00:01", 1767312059_999999999)])
def test_times_in_text(text: str, wanted: int, host: Host) -> None:
    """Zones and fractions of RFC 3339; the exact value stays."""
    container(host, "web").change(Created=text)
    result = host.run()
    assert result.code == 0
    assert reading.nanoseconds(result.where(container_name="web", action="create")[0]) == wanted


@pytest.mark.parametrize("text", ["24:00", "2026-02-30T00:00:00Z", "2026-01-02T25:00:00Z", "2026-01-02T03:04:05",
                                  "2026-01-02", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+99:00", "9" * 5000])
def test_text_that_is_no_time(text: str, host: Host) -> None:
    """No event, one error."""
    container(host, "web").change(Created=text)
    result = host.run()
    assert result.code == 1 and result.error()["code"] == "bad-time"
    assert not result.where(container_name="web", action="create")
    assert result.where(container_name="web", action="start")


# --- IDs --------------------------------------------------------------------------------------------------------------

def id_places(host: Host) -> dict[str, Path]:
    """Files that hold nothing but an ID, by name."""
    web = container(host, "web")
    image = next((host.meta / "imagedb/content/sha256").iterdir()).name
    base, top = (host.meta / "layerdb/sha256" / chain[7:] for chain in host.layers("sha256:" + image))
    return {"mount-id": web.mounts / "mount-id", "init-id": web.mounts / "init-id", "parent of container":
            web.mounts / "parent", "cache-id": top / "cache-id", "diff": base / "diff", "parent of layer":
            top / "parent", "link": web.rw / "link", "lower": web.rw / "lower"}


PLACES = ("mount-id", "init-id", "parent of container", "cache-id", "diff", "parent of layer", "link", "lower")


@pytest.mark.parametrize("bad", BAD_IDS, ids=range(len(BAD_IDS)))
@pytest.mark.parametrize("place", PLACES)
def test_bad_id_in_a_file(place: str, bad: str, host: Host) -> None:
    """Never a path: an error names the file; the other container keeps every row and owner."""
    before = host.run()
    path = id_places(host)[place]
    path.write_text(bad)
    after = host.run()
    db = container(host, "db")
    if not (place == "lower" and not bad):            # an empty list of lower layers is a base layer's
        assert after.code == 1 and after.errors
        check_errors(after.errors, host)
        assert any(error["path"] in (host.inside(path), host.inside(path.parent)) for error in after.errors)
        assert {error["code"] for error in after.errors} <= {"bad-id", "missing", "damaged"}
    lost, new = lost_and_new(before, after)
    assert {row[0] for row in lost} <= OF_LAYERDB and not new
    mine, then = owners(before), owners(after)
    for thing, whose in mine.items():
        if whose[0] == db.id:
            assert then[thing] == whose, place


@pytest.mark.parametrize("bad", BAD_IDS, ids=range(len(BAD_IDS)))
@pytest.mark.parametrize("place", ["Image", "repositories", "diff_ids"])
def test_bad_id_in_json(place: str, bad: str, host: Host) -> None:
    """The same for IDs that stand in a document."""
    before = host.run()
    path = container(host, "web").config
    if place == "Image":
        container(host, "web").change(Image=bad)
    elif place == "repositories":
        path = host.meta / "repositories.json"
        path.write_text(json.dumps({"Repositories": {"evil": {"evil:1": bad}} | host.repositories}))
    else:
        path = next((host.meta / "imagedb/content/sha256").iterdir())
        document = json.loads(path.read_text())
        document["rootfs"]["diff_ids"][1] = bad
        path.write_text(json.dumps(document))
    after = host.run()
    if not (place == "Image" and not bad):            # a container without an image is not forbidden
        assert after.code == 1
        assert host.inside(path) in {error["path"] for error in after.errors}
        check_errors(after.errors, host)
    lost, new = lost_and_new(before, after)
    assert {row[0] for row in lost + new} <= {"container:image:history"}
    assert {row["image_name"] for row in after.rows if "image_name" in row} == {"shop:1"}
    layers = {row["layer_identifier"] for row in after.rows if "layer_identifier" in row}
    assert all(re.fullmatch("(sha256:)?[0-9a-f]{64}(-init)?", layer) for layer in layers), layers


@pytest.mark.parametrize("name", ["not-an-id", "A" * 64, "..x", "0" * 63])
@pytest.mark.parametrize("folder", ["containers", "image/overlay2/layerdb/sha256", "image/overlay2/layerdb/mounts",
                                    "image/overlay2/imagedb/content/sha256"])
def test_bad_id_as_name_of_a_directory(folder: str, name: str, host: Host) -> None:
    """Reported, and nothing else lost."""
    before = host.run()
    path = host.data / folder / name
    path.mkdir()
    after = host.run()
    assert after.code == 1
    assert (after.error()["code"], after.error()["path"]) == ("bad-id", host.inside(path))
    lost, _new = lost_and_new(before, after)
    assert not lost


@pytest.mark.parametrize("length", [1, 2])
def test_cycle_of_parents(length: int, host: Host) -> None:
    """A chain of layers that comes back to itself ends; all rows stay."""
    before = host.run()
    image = "sha256:" + next((host.meta / "imagedb/content/sha256").iterdir()).name
    base, top = host.layers(image)
    (host.meta / "layerdb/sha256" / base[7:] / "parent").write_text(base if length == 1 else top)
    after = host.run()
    assert after.code == 1 and {error["code"] for error in after.errors} <= {"cycle", "missing"}
    lost, new = lost_and_new(before, after)
    assert not lost and not new


def test_cycle_of_lower_links(host: Host) -> None:
    """Layers that name each other or themselves below, with and without layerdb."""
    before = host.run()
    web = container(host, "web")
    init = web.rw.with_name(web.rw.name + "-init")
    (init / "lower").write_text("l/" + (web.rw / "link").read_text())
    (web.rw / "lower").write_text("l/" + (init / "link").read_text())
    for again in range(2):
        after = host.run(processor=QUICK)
        lost, new = lost_and_new(before, after)
        assert not new and {row[0] for row in lost} <= OF_LAYERDB
        assert after.code == 1 or not again
        shutil.rmtree(host.meta / "layerdb", ignore_errors=True)


def test_missing_layer_directory(host: Host) -> None:
    """The tree of one layer is gone: its rows, and an error."""
    web = container(host, "web")
    before = host.run()
    gone = host.inside(web.rw)
    shutil.rmtree(web.rw)
    after = host.run()
    assert after.code == 1 and {error["code"] for error in after.errors} == {"missing"}
    lost, new = lost_and_new(before, after)
    assert lost and not new
    assert all(row[2].startswith(gone + "/") or row[0] == "container:layer:created" for row in lost)


def test_missing_diff_directory(host: Host) -> None:
    """The same for the tree of files alone."""
    web = container(host, "web")
    shutil.rmtree(web.rw / "diff")
    after = host.run()
    assert (after.error()["code"], after.error()["path"]) == ("missing", host.inside(web.rw / "diff"))


# --- links of layers lost ---------------------------------------------------------------------------------------------

def test_missing_mount_id_is_inferred(host: Host) -> None:
    """The rw layer still has its owner, and says that it was inferred."""
    before = host.run()
    web = container(host, "web")
    (web.mounts / "mount-id").unlink()
    after = host.run()
    assert after.code == 1
    assert (after.error()["code"], after.error()["path"]) == ("missing", host.inside(web.mounts / "mount-id"))
    lost, new = lost_and_new(before, after)
    assert {row[0] for row in lost} == {"container:layer:created"} and not new
    assert {key: value for key, value in owners(before).items() if key not in lost} == owners(after)
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
    shutil.rmtree(host.meta / "layerdb")
    after = host.run()
    lost, new = lost_and_new(before, after)
    assert {row[0] for row in lost} == OF_LAYERDB and not new
    assert owners(after) == {key: value for key, value in owners(before).items() if key not in lost}
    users = [(row["pathspec"]["location"], row["used_by_containers"], row["used_by_images"])
             for row in after.where(layer_role="image", data_type="fs:stat")]
    assert users and all(user[1:] == ([web.id], [image]) for user in users)


def test_sample_without_layerdb(sample: Path, sample_jsonl, tmp: Path) -> None:
    """A real host: every file is there, no owner is wrong, every loss of an owner is marked."""
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    disks.debugfs(copy, "unlink /var/lib/docker/image/overlay2/layerdb")
    after = launch.timeline(copy)
    lost, new = lost_and_new(sample_jsonl, after)
    # A container without known layers has no known zone either.
    assert {row[0] for row in lost} == OF_LAYERDB | {"container:log:clock", "container:removal:trace"}
    assert {row[0] for row in new} == {"container:log:clock"}
    before = owners(sample_jsonl)
    wrong = [thing for thing, whose in owners(after).items() if thing in before and
             whose[0] not in (None, before[thing][0])]
    assert not wrong
    rows = after.where(layer_role="rw", data_type="fs:stat")
    assert all({"orphan_layer", "owner_inferred"} & set(row["tag"]) for row in rows)
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
    """Read, and kept beneath the evidence."""
    (host.root / "srv").mkdir()
    shutil.move(host.data, host.root / "srv/docker")
    host.write(host.root / "etc/docker/daemon.json", {"data-root": value})
    result = host.run()
    assert result.code == (0 if found else 3)


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


# --- logs -------------------------------------------------------------------------------------------------------------

STAMP = "2026-01-02T03:04:05.00000000{}Z"


def lines(*texts: str, stream: str = "stdout") -> str:
    """A log whose records are a nanosecond apart."""
    return "".join(hosts.log_record(text, STAMP.format(number), stream) for number, text in enumerate(texts))


def bodies(result: Timeline, name: str = "web") -> list[str]:
    """Whole log lines of a container in order of output."""
    return [row["message_body"] for row in result.where(data_type=LOG, container_name=name)
            if "recovered" not in row["tag"]]


def truncated(data: bytes) -> bytes:
    return data[:-20]


def flipped(data: bytes) -> bytes:
    return data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 0xFF]) + data[len(data) // 2 + 1:]


# name: (bytes of the log, lines that must be there, codes of the errors)
GOOD = lines("a\n", "b\n").encode()
LOGS = {
    "empty": (b"", [], []),
    "NULs before a line": (b"\0" * 100 + GOOD, ["a\n", "b\n"], ["damaged"]),
    "NULs at the end": (GOOD + b"\0" * 100, ["a\n", "b\n"], ["damaged"]),
    "NULs between": (GOOD.replace(b"}\n{", b"}\n" + b"\0" * 5000 + b"{"), ["a\n", "b\n"], ["damaged"]),
    "half last line": (GOOD + GOOD[:30], ["a\n", "b\n"], ["damaged"]),
    "no newline at the end": (GOOD[:-1], ["a\n", "b\n"], []),
    "garbage line": (GOOD + b"garbage\n" + lines("c\n").encode(), ["a\n", "b\n", "c\n"], ["damaged"]),
    "binary garbage": (GOOD + bytes(range(128, 256)) + b"\n", ["a\n", "b\n"], ["damaged"]),
    "two garbage lines": (b"{}\n[]\n" + GOOD, ["a\n", "b\n"], ["damaged", "damaged"]),
    "no time": (b'{"log":"x\\n","stream":"stdout"}\n' + GOOD, ["a\n", "b\n"], ["damaged"]),
    "no stream": (b'{"log":"x\\n","time":"2026-01-02T03:04:04Z"}\n' + GOOD, ["x\n", "a\n", "b\n"], []),
    "zero time": (b'{"log":"x\\n","stream":"stdout","time":"0001-01-01T00:00:00Z"}\n' + GOOD, ["a\n", "b\n"],
                  ["damaged"]),
    "20 MB line": (GOOD + b'{"log":"' + b"x" * 20_000_000 + b'"}\n' + lines("c\n").encode(), ["a\n", "b\n", "c\n"],
                   ["too-large"]),
    "attrs": (GOOD.replace(b'{"log"', b'{"attrs":{"tag":"x","n":[1,{"a":"}"}]},"log"'), ["a\n", "b\n"], []),
    "escapes": (lines('q"\\/\b\f\n').encode(), ['q"\\/\b\f\n'], []),
    "unicode": (b'{"log":"\\ud83d\\ude00\\u00e4\\n","stream":"stdout","time":"2026-01-02T03:04:04Z"}\n',
                ["\U0001f600ä\n"], []),
    "blank lines": (b"\n\n" + GOOD, ["a\n", "b\n"], None),
    "pieces": (b"".join(hosts.log_record(text, STAMP.format(1)).encode() for text in
                        ("x" * 16384, "y" * 16384, "z\n", "next\n")),
               ["x" * 16384 + "y" * 16384 + "z\n", "next\n"], []),
    "pieces of two streams": (b"".join(
        hosts.log_record(text, STAMP.format(1), stream).encode() for text, stream in
        (("o" * 16384, "stdout"), ("e" * 16384, "stderr"), ("O\n", "stdout"), ("E\n", "stderr"))),
        ["o" * 16384 + "O\n", "e" * 16384 + "E\n"], []),
    "piece whose rest never came": (lines("half", "whole\n").encode(), ["half", "whole\n"], []),
}


@pytest.mark.parametrize("case", LOGS)
def test_log(case: str, host: Host) -> None:
    """Every good line is there, in order; what is not good is one error each."""
    data, wanted, codes = LOGS[case]
    container(host, "web").log.write_bytes(data)
    result = host.run()
    assert sorted(bodies(result)) == sorted(wanted)
    if codes is not None:
        assert [error["code"] for error in result.errors] == codes
        assert result.code == bool(codes)
    assert bodies(result, "db") == ["db ready\n"]


def test_rotated_logs_are_read_oldest_first(host: Host) -> None:
    """.3.gz, .2, .1, then the log; a line cut by rotation is joined; .10 is older than .9."""
    web = container(host, "web")
    for suffix, text in ((".10.gz", "1\n"), (".9", "2\n"), (".2.gz", "3\n"), (".1", "4\n"), ("", "6\n")):
        data = hosts.log_record(text, STAMP.format(0)).encode()
        if suffix == ".1":
            data += hosts.log_record("5" * 16384, STAMP.format(0)).encode()
        if suffix == "":
            data = hosts.log_record("5\n", STAMP.format(0)).encode() + data
        web.log.with_name(web.log.name + suffix).write_bytes(gzip.compress(data) if suffix[-2:] == "gz" else data)
    result = host.run()
    assert result.code == 0
    assert bodies(result) == ["1\n", "2\n", "3\n", "4\n", "5" * 16384 + "5\n", "6\n"]
    witnesses = {row["witness"].split("#")[0] for row in result.where(data_type=LOG, container_name="web")}
    assert len(witnesses) == 5


def test_names_beside_the_log_are_no_logs(host: Host) -> None:
    """Only the rotation's own names count."""
    web = container(host, "web")
    for suffix in (".bak", ".1x", ".gz", "1", ".", ".1.gz.tmp", ".-1", ".123456789"):
        web.log.with_name(web.log.name + suffix).write_text(lines("wrong\n"))
    result = host.run()
    assert result.code == 0 and bodies(result) == ["web 0\n", "web 1\n", "web 2\n"]


GZIP = {
    "good": (lambda data: data, 1000, []),
    "two members": (lambda data: data[:0] + b"".join(gzip.compress(part) for part in (MANY[:60000], MANY[60000:])),
                    1000, []),
    "empty members": (lambda data: gzip.compress(b"") * 1000 + data, 1000, []),
    "truncated": (truncated, 0, ["truncated"]),
    "flipped byte": (flipped, 400, ["damaged"]),
    "bad checksum": (lambda data: data[:-8] + b"abcd" + data[-4:], 1000, ["damaged"]),
    "trailing garbage": (lambda data: data + b"garbage", 1000, ["damaged"]),
    "cut in the header": (lambda data: data[:12], 0, ["truncated"]),
}
MANY = "".join(hosts.log_record(f"line {number} {hosts.hex_id(str(number))}\n", STAMP.format(1))
               for number in range(1000)).encode()


@pytest.mark.parametrize("case", GZIP)
def test_gzip_log(case: str, host: Host) -> None:
    """Lines before the damage are there, each whole, then an error; the log itself is not touched by it."""
    change, at_least, codes = GZIP[case]
    web = container(host, "web")
    web.log.with_name(web.log.name + ".1.gz").write_bytes(change(gzip.compress(MANY)))
    result = host.run()
    got = bodies(result)
    assert got[-3:] == ["web 0\n", "web 1\n", "web 2\n"]
    wanted = [json.loads(line)["log"] for line in MANY.splitlines()]
    if case == "flipped byte":                        # what follows the flip may be unpacked to other text
        wanted, got = wanted[:400], got[:400] + got[-3:]
    assert got[:-3] == wanted[:len(got) - 3] and len(got) - 3 >= at_least
    if case == "truncated":
        assert len(got) > 900
    seen = [error["code"] for error in result.errors if error["path"].endswith(".gz")]
    assert set(codes) <= set(seen) <= set(codes) | {"damaged"}
    assert len(seen) <= len(codes) + 1 or case == "flipped byte"  # the line in which it breaks off may be one more
    assert result.code == bool(codes)


def test_gzip_bomb(host: Host) -> None:
    """4 GiB of zeros in 4 MiB, which are one line without an end: told, done soon, and all else is there."""
    web = container(host, "web")
    member = gzip.compress(bytes(64 << 20), 9)
    web.log.with_name(web.log.name + ".1.gz").write_bytes(gzip.compress(GOOD) + member * 64)
    result = host.run(processor=20)
    assert result.code == 1 and "too-large" in {error["code"] for error in result.errors}
    assert bodies(result) == ["a\n", "b\n", "web 0\n", "web 1\n", "web 2\n"]
    assert len(result.errors) <= 2


def test_memory_stays_bounded(host: Host) -> None:
    """A 200 MB line takes no 200 MB."""
    web = container(host, "web")
    with open(web.log, "wb") as out:
        out.truncate(200_000_000)
        out.seek(0)
        out.write(b'{"log":"')
    # A small process must start it: what a parent had in memory at the fork would count as the child's.
    measure = ("import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
               "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    env = sanitizers.environment(ASAN_OPTIONS="quarantine_size_mb=1")  # else freed memory counts too
    done = subprocess.run([sys.executable, "-c", measure, machine.PROGRAM, "-q", host.root], env=env, check=True,
                          capture_output=True, text=True)
    code, kilobytes = map(int, done.stdout.split())
    assert code == 1 and kilobytes < 100_000


# --- overlay marks ----------------------------------------------------------------------------------------------------

def test_only_real_whiteouts_are_deletions(host: Host) -> None:
    """Names that begin with .wh., devices other than 0:0 and dangling links are files."""
    web = container(host, "web")
    hosts.write_tree(os.fsencode(web.rw / "diff"), {
        ".wh.name": "", ".wh..wh..opq": "", "dangling": ("link", "/nowhere"), "bin": hosts.WHITEOUT,
        "hides-nothing": hosts.WHITEOUT})
    if machine.IS_ROOT:
        os.mknod(web.rw / "diff/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    host.volume("v", {"zero": hosts.WHITEOUT})
    result = host.run()
    deleted = {row["pathspec"]["location"] for row in result.where(timestamp_desc="Content Deletion Time")}
    assert deleted == {host.inside(web.rw / "diff/bin"), host.inside(web.rw / "diff/etc/gone")}
    assert {row["file_entry_type"] for row in result.rows if row.get("filename") == "/.wh.name"} == {"file"}


def test_orphan_layer_is_read_and_marked(host: Host) -> None:
    """A layer that nobody names: its files are there, owned by none."""
    host.store(hosts.hex_id("orphan"), None, {"left": "over"})
    rows = [row for row in host.run().rows if row.get("filename") == "/left"]
    assert rows and all(row["tag"] == ["orphan_layer", "no_layer_record"] and "container_identifier" not in row for row in rows)


def test_unknown_storage_driver_is_said(host: Host) -> None:
    """Layers that are not read are an error."""
    (host.data / "image/windowsfilter").mkdir()
    result = host.run()
    assert result.code == 1 and result.error()["code"] == "unsupported"
    assert result.error()["path"] == host.inside(host.data / "image/windowsfilter")


def test_layers_of_different_images_keep_their_users(tmp: Path) -> None:
    """used_by lists hold exactly the containers and images above a layer."""
    host = Host(tmp / "host")
    one, two = host.image("one:1", {"a": "1"}), host.image("two:1", {"b": "2"}, {"c": "3"})
    first, second, third = (host.container(name, image) for name, image in (("x", one), ("y", two), ("z", two)))
    result = host.run()
    users = {row["filename"]: (row.get("used_by_containers"), row.get("used_by_images"))
             for row in result.where(layer_role="image", data_type="fs:stat") if row["filename"] != "/"}
    both = sorted([second.id, third.id])
    assert {name: (sorted(c), i) for name, (c, i) in users.items()} == {
        "/a": ([first.id], [one]), "/b": (both, [two]), "/c": (both, [two])}
