# SPDX-License-Identifier: Apache-2.0
"""Containers, images and volumes that were removed. Hosts on which every removal was recorded, with docker inspect right before
it, say what each was; hosts that are made here are saved and removed file by file, as Docker does it."""
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lib import disks, ext4trees, hosts, launch, machine

CASES = ["ordered4k", "aged4k", "wrapped4k", "old4k", "ordered1k", "journal4k", "nojournal4k", "blockmap4k", "plain4k", "discard4k"]
WITHOUT_STATES = {"wrapped4k", "nojournal4k", "discard4k"}  # no configuration is left that a map leads to
SECOND = 10**9
Row = dict[str, Any]


# --- hosts whose truth is recorded ------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def seized(session_dir: Path) -> Callable[[str], Path]:
    """The disk of a case as it was seized. Skips where there is none."""
    def get(case: str) -> Path:
        packed = machine.EVIDENCE / f"recover-{case}" / "disk.raw.zst"
        target = session_dir / f"recover-{case}.raw"
        if not packed.exists():
            pytest.skip(f"no evidence at {packed} (LAYERTIME_EVIDENCE)")
        return target if target.exists() else disks.decompress(packed, target)
    return get


def nanos(text: str | None) -> int | None:
    """RFC 3339 in UTC, to the nanosecond; None: not set, or Go's zero time."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)$", text or "")
    if not found or found[1].startswith("0001"):
        return None
    return int(datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp()) * SECOND + int((found[2] or "").ljust(9, "0"))


def one(path: Path) -> Row:
    value = json.loads(path.read_bytes())
    return value[0] if isinstance(value, list) else value


def happened(case: str, action: str, what: str = "container") -> dict[str, int]:
    """From the daemon's own events: ID to time."""
    lines = (machine.EVIDENCE / f"recover-{case}" / "truth/docker-events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return {event["Actor"]["ID"]: event["timeNano"] for event in events if event["Type"] == what and event["Action"] == action}


def inspected(case: str) -> list[Row]:
    folder = machine.EVIDENCE / f"recover-{case}" / "truth/removed"
    return [one(path) for path in sorted(folder.glob("*.inspect.json")) if not path.name.startswith("image.")]


@pytest.mark.parametrize("case", CASES)
def test_each_once_and_no_other(case: str, seized: Callable[[str], Path]) -> None:
    """Each removed container of the truth is one entry; no entry is of one that was never made, or that is still there."""
    rows = launch.objects("containers", "--removed", seized(case))
    ids = [row["container_identifier"] for row in rows]
    truth = machine.EVIDENCE / f"recover-{case}" / "truth"
    living = {one(path)["Id"] for path in (truth / "containers").glob("*.inspect.json")}
    assert len(ids) == len(set(ids)) and not living & set(ids)
    assert set(ids) <= set(happened(case, "destroy"))
    assert {container["Id"] for container in inspected(case)} <= set(ids)


@pytest.mark.parametrize("case", CASES)
def test_what_each_was(case: str, seized: Callable[[str], Path]) -> None:
    """Name, image, command and times are those that docker inspect told right before the removal, each with a witness; and
    what cannot be told is empty."""
    rows = {row["container_identifier"]: row for row in launch.objects("containers", "--removed", seized(case))}
    told = 0
    for truth in inspected(case):
        row = rows[truth["Id"]]
        witnesses = {witness["cell"] for witness in row["witnesses"]}
        if "created" not in row:
            assert "command" not in row and "image_identifier" not in row
            continue
        told += 1
        assert row["container_name"] == truth["Name"].lstrip("/") and row["image_identifier"] == truth["Image"]
        assert row["command"].startswith(truth["Path"]) and nanos(row["created"]) == nanos(truth["Created"])
        assert {"container_name", "image", "command", "created"} <= witnesses
        if "started" in row and "started_first" not in row:
            assert nanos(row["started"]) == nanos(truth["State"]["StartedAt"]) and "started" in witnesses
        end = nanos(truth["State"]["FinishedAt"])
        if end and "ended_last" not in row and row.get("exit_code") is not None:
            assert nanos(row["ended"]) == end and row["exit_code"] == truth["State"]["ExitCode"]
    assert told == 0 if case in WITHOUT_STATES else told >= 4, told


@pytest.mark.parametrize("case", ["overlay2-ext4", "deleted-synthetic"])
def test_older_cases(case: str, evidence: Any) -> None:
    """Two containers that a user removed. Inodes still lead to the configuration of one. That of the other lies in free
    blocks alone, and a hint says where to look."""
    done = launch.run("containers", "--removed", "--json", evidence(case))
    assert b"--carve looks for it" in done.stderr
    carved = launch.objects("containers", "--removed", "--carve", evidence(case), code=done.returncode)
    found = {carve: {row["container_identifier"]: row for row in rows}
             for carve, rows in ((False, json.loads(done.stdout)), (True, carved))}
    for name in ("garnet", "hazel"):
        truth = one(machine.EVIDENCE / "overlay2-ext4/truth/removed" / f"{name}.inspect.json")
        for carve, rows in found.items():
            row = rows[truth["Id"]]
            if carve or name == "garnet":
                assert row["container_name"] == name and row["image_identifier"] == truth["Image"]
                assert nanos(row["created"]) == nanos(truth["Created"]) and nanos(row["started"]) == nanos(truth["State"]["StartedAt"])
                assert row["command"].startswith(truth["Path"])
            else:
                assert "container_name" not in row and row["removed_first"] < row["removed_last"]


@pytest.mark.parametrize("case", CASES)
def test_when_it_was_removed(case: str, seized: Callable[[str], Path]) -> None:
    """By the deletion of its records, right before the daemon said so; else between bounds that hold it."""
    destroyed = happened(case, "destroy")
    for row in launch.objects("containers", "--removed", seized(case)):
        when = destroyed[row["container_identifier"]]
        if "removed" in row:
            assert 0 <= when - (nanos(row["removed"]) or 0) < SECOND // 20, row
        assert (nanos(row.get("removed_first")) or 0) <= when
        assert case == "nojournal4k" and "removed_last" not in row or when - SECOND // 10 <= (nanos(row.get("removed_last")) or when), row


@pytest.mark.parametrize("case", sorted(set(CASES) - {"aged4k", "old4k", "journal4k"} - WITHOUT_STATES))
def test_image_and_volume(case: str, seized: Callable[[str], Path]) -> None:
    truth = machine.EVIDENCE / f"recover-{case}" / "truth/removed"
    image, [volume_file] = one(truth / "image.inspect.json"), list(truth.glob("volume.*.json"))
    rows = {row["image_identifier"]: row for row in launch.objects("images", "--removed", seized(case))}
    row = rows[image["Id"]]
    assert row["image_names"] == image["RepoTags"] and nanos(row["created"]) == nanos(image["Created"])
    assert row["diff_identifiers"] == image["RootFS"]["Layers"]
    assert 0 <= happened(case, "delete", "image")[image["Id"]] - (nanos(row["removed"]) or 0) < SECOND // 10
    [volume] = launch.objects("volumes", "--removed", seized(case))
    assert volume["volume_name"] == one(volume_file)["Name"]
    gone = happened(case, "destroy", "volume")[volume["volume_name"]]
    assert abs(gone - (nanos(volume["removed"]) or 0)) < SECOND // 10


def test_in_the_timeline(seized: Callable[[str], Path]) -> None:
    """Each start and end once, as recovered, and owned by the container."""
    case = "ordered4k"
    rows = launch.timeline(seized(case), "--kind", "docker:container:configuration,container:removed")
    for truth in inspected(case):
        own = rows.where(container_identifier=truth["Id"])
        assert sorted(row["timestamp_desc"] for row in own) == ["Content Deletion Time", "Creation Time", "End Time", "Start Time"]
        assert all("recovered" in row["tag"] and row["container_name"] == truth["Name"].lstrip("/") for row in own)
        assert [row["confidence"] for row in own].count("inferred") == 1
        assert {"deleted record" in " ".join(row["facts"]) or "freed" in " ".join(row["facts"]) for row in own} == {True}


@pytest.mark.parametrize("which", ["name", "id", "prefix"])
def test_commands_take_it(which: str, seized: Callable[[str], Path]) -> None:
    truth = inspected("ordered4k")[0]
    word = {"name": truth["Name"].lstrip("/"), "id": truth["Id"], "prefix": truth["Id"][:10]}[which]
    disk = seized("ordered4k")
    [card] = launch.objects("ids", word, disk)
    assert card["container_identifier"] == truth["Id"] and card["mount_identifier"]
    runs = [row for row in launch.objects("runs", disk) if row["container_identifier"] == truth["Id"]]
    assert [nanos(row["started"]) for row in runs] == [nanos(truth["State"]["StartedAt"])]
    found = launch.objects("recover", "--list", "-c", word, disk)
    assert found and {row["container_identifier"] for row in found} == {truth["Id"]}


# --- hosts that are made here -----------------------------------------------------------------------------------------

def write(path: Path, text: str) -> None:
    """Docker waits until what it saves is on the disk."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


class Removed:
    """A container that is saved as Docker saves it: each time to a new file, which is renamed over the one before."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name, self.id = root / "var/lib/docker", name, hosts.hex_id(f"removed {name}")
        self.home = self.root / "containers" / self.id
        self.mounts = self.root / "image/overlay2/layerdb/mounts" / self.id
        self.home.mkdir()
        self.mounts.mkdir(parents=True)
        write(self.mounts / "mount-id", hosts.hex_id(f"layer {name}"))
        write(self.mounts / "init-id", hosts.hex_id(f"layer {name}") + "-init")
        write(self.home / "hostname", name + "\n")

    def save(self, **state: Any) -> None:
        config = {"ID": self.id, "Name": f"/{self.name}", "Created": "2026-11-23T10:00:00.123456789Z", "Driver": "overlay2",
                  "Path": "/bin/serve", "Args": ["--all"], "Image": "sha256:" + "ab" * 32, "Config": {"Image": "shop:2"},
                  "State": {"StartedAt": "0001-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z", "ExitCode": 0} | state}
        for name, value in (("config.v2.json", config), ("hostconfig.json", {"Privileged": True})):
            new = self.home / f".tmp-{name}123"
            write(new, json.dumps(value))
            os.replace(new, self.home / name)
        ext4trees.commit(self.root.parents[2])

    def remove(self) -> None:
        shutil.rmtree(self.mounts)
        shutil.rmtree(self.home)
        ext4trees.commit(self.root.parents[2])


@pytest.fixture
def made(tmp: Path, mounting: None) -> Callable[[Callable[[Path], None]], Path]:
    """A disk with a host on which `act` was done, copied while it is mounted."""
    del mounting

    def make(act: Callable[[Path], None]) -> Path:
        image, copy = tmp / "disk.raw", tmp / "copy.raw"
        try:
            ext4trees.make(image, "-t ext4 -b 4096 -J size=8".split(), "64M")
        except OSError as error:
            pytest.skip(f"cannot be had here: {error}")
        with disks.mount(image, "ext4", "loop,noatime") as root:
            subprocess.run(["cp", "-a", f"{hosts.shop(tmp / 'host').root}/.", root], check=True)
            subprocess.run(["sync", "-f", root], check=True)
            act(root)
            disks.sparse_copy(image, copy)
        return copy
    return make


def test_states_in_order(made: Callable[[Callable[[Path], None]], Path]) -> None:
    """Of two runs the older one is told by an older save; the entry has the newer."""
    def act(root: Path) -> None:
        gone = Removed(root, "twice")
        gone.save(StartedAt="2026-11-23T10:00:01Z", Running=True)
        gone.save(StartedAt="2026-11-23T10:00:01Z", FinishedAt="2026-11-23T10:05:00Z", ExitCode=3)
        gone.save(StartedAt="2026-11-23T11:00:01Z", FinishedAt="2026-11-23T10:05:00Z", Running=True)
        gone.save(StartedAt="2026-11-23T11:00:01Z", FinishedAt="2026-11-23T11:30:00Z", ExitCode=9)
        gone.save(StartedAt="2026-11-23T11:00:01Z", FinishedAt="2026-11-23T11:30:00Z", ExitCode=9, Dead=True)
        gone.remove()
    disk = made(act)
    [row] = launch.objects("containers", "--removed", disk)
    assert (row["container_name"], row["exit_code"], row["command"]) == ("twice", 9, "/bin/serve --all")
    assert row["started"].startswith("2026-11-23T11:00:01") and row["ended"].startswith("2026-11-23T11:30")
    assert row["layers"][:2] == [hosts.hex_id("layer twice"), hosts.hex_id("layer twice") + "-init"]
    assert row["privileges"] == ["privileged"] and "removed" in row
    runs = [row for row in launch.objects("runs", disk) if row["container_name"] == "twice"]
    assert [(row["started"][11:19], row["ended"][11:19], row.get("exit_code")) for row in runs] == [
        ("10:00:01", "10:05:00", 3), ("11:00:01", "11:30:00", 9)]


def test_what_lives_is_not_removed(made: Callable[[Callable[[Path], None]], Path]) -> None:
    """Every save of a container that exists frees the one before."""
    def act(root: Path) -> None:
        for config in (root / "var/lib/docker/containers").glob("*/config.v2.json"):
            text = config.read_text(encoding="utf-8")
            for _ in range(3):
                write(config.with_name(".tmp-config.v2.json7"), text)
                os.replace(config.with_name(".tmp-config.v2.json7"), config)
                ext4trees.commit(root)
    disk = made(act)
    assert not launch.objects("containers", "--removed", disk)
    assert [row for row in launch.objects("recover", "--list", disk) if "config.v2.json" in row.get("path", "")], "they are there"


def test_a_step_of_a_build_is_no_container(made: Callable[[Callable[[Path], None]], Path]) -> None:
    """It has a layer with an ID of its own, and no directory among those of the containers."""
    def act(root: Path) -> None:
        mounts = root / "var/lib/docker/image/overlay2/layerdb/mounts" / hosts.hex_id("build step")
        mounts.mkdir(parents=True)
        write(mounts / "mount-id", hosts.hex_id("layer of a step"))
        ext4trees.commit(root)
        shutil.rmtree(mounts)
        ext4trees.commit(root)
    disk = made(act)
    assert not launch.objects("containers", "--removed", disk)
    assert [row for row in launch.objects("recover", "--list", disk) if row.get("path", "").endswith("/mount-id")], "it is there"


def test_a_save_of_another_container_tells_nothing(made: Callable[[Callable[[Path], None]], Path]) -> None:
    """The ID in a configuration must be that of the directory, and text that is cut short is no configuration."""
    def act(root: Path) -> None:
        gone = Removed(root, "odd")
        write(gone.home / "config.v2.json", json.dumps({"ID": "cd" * 32, "Name": "/other", "State": {}, "Config": {}}))
        ext4trees.commit(root)
        write(gone.home / ".tmp-config.v2.json9", '{"ID": "' + gone.id)
        ext4trees.commit(root)
        gone.remove()
    [row] = launch.objects("containers", "--removed", made(act))
    assert "container_name" not in row and "command" not in row and "removed" in row


def test_image_and_volume_of_a_made_host(made: Callable[[Callable[[Path], None]], Path]) -> None:
    """The configuration of an image is believed if its name is its hash."""
    text = json.dumps({"created": "2026-11-20T08:00:00Z", "os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": []}})
    right, wrong = hashlib.sha256(text.encode()).hexdigest(), "12" * 32

    def act(root: Path) -> None:
        store = root / "var/lib/docker"
        content = store / "image/overlay2/imagedb/content/sha256"
        for name in (right, wrong):
            write(content / name, text)
        (store / "volumes/old/_data").mkdir(parents=True)
        write(store / "volumes/old/_data/file", "x")
        ext4trees.commit(root)
        for name in (right, wrong):
            (content / name).unlink()
        shutil.rmtree(store / "volumes/old")
        ext4trees.commit(root)
    disk = made(act)
    images = {row["image_identifier"]: row for row in launch.objects("images", "--removed", disk)}
    assert images[f"sha256:{right}"]["created"].startswith("2026-11-20T08:00:00")
    assert "created" not in images.get(f"sha256:{wrong}", {})
    [volume] = launch.objects("volumes", "--removed", disk)
    assert volume["volume_name"] == "old" and volume["created"] <= volume["removed"]
