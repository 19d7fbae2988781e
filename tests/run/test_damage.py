# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile metadata: each costs its own item and one error, never the rest, a hang, or a look outside."""
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import hosts, reading
from lib.hosts import Host, container
from lib.losses import check_errors, lost_and_new, owners

OF_LAYERDB = {"container:layer:created", "container:layer:registration"}  # events that it alone tells of
QUICK = 5                                             # seconds of the processor that a file of the wrong type may take
SECRET = "SECRET-e1f4c7d2"                            # stands in a file outside the evidence
BAD_IDS = ["../../etc", "/etc/passwd", "", "a\nb", "..", ".", "x" * 64, "A" * 64, "0" * 63, "0" * 65, "%2e%2e",
           "\x1b[2J", "0" * 32 + "\n" + "0" * 31]


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
    assert {row[0] for row in lost + new} <= {"docker:layer:configuration"}
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
    parent = host.meta / "layerdb/sha256" / base[7:] / "parent"
    parent.write_text(base if length == 1 else top)
    after = host.run()
    assert after.code == 1 and {error["code"] for error in after.errors} <= {"cycle", "missing"}
    lost, new = lost_and_new(before, after, host.inside(parent))
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
        lost, new = lost_and_new(before, after, host.inside(host.meta / "layerdb"))
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
    assert lost_and_new(before, after) != ([], [])
    lost, new = lost_and_new(before, after, gone)
    assert not new and all(row[2].startswith(gone + "/") or row[0] == "container:layer:created" for row in lost)


def test_missing_diff_directory(host: Host) -> None:
    """The same for the tree of files alone."""
    web = container(host, "web")
    shutil.rmtree(web.rw / "diff")
    after = host.run()
    assert (after.error()["code"], after.error()["path"]) == ("missing", host.inside(web.rw / "diff"))
