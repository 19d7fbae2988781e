# SPDX-License-Identifier: Apache-2.0
"""The commands beside the main job, against what Docker said of the same host: docker inspect, ps, images, volume inspect."""
import json
from pathlib import Path
from typing import Any

import helpers
import pytest
import truth
from helpers import Host, iso_nanoseconds

Row = dict[str, Any]


def listing(*args: Any, code: int = 0) -> list[Row]:
    """The objects of a command's JSON."""
    done = helpers.run("-q", "--json", *args)
    assert done.returncode == code, done.stderr.decode()
    done.stdout.decode("ascii")
    return json.loads(done.stdout)


def by(rows: list[Row], key: str) -> dict[str, Row]:
    """The rows under the values of `key`, which must be unique."""
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


# --- the command line -------------------------------------------------------------------------------------------------

USAGE = {
    "an option of the main job": (["containers", "-c", "web"], "'--container' does not go with 'containers'"),
    "JSON of the main job": (["--json"], "'--json' does not go with 'timeline'"),
    "a format": (["-f", "csv", "containers"], "'--format' does not go with 'containers'"),
}


@pytest.mark.parametrize("case", USAGE)
def test_options_that_make_no_sense_are_refused(case: str, host: Host) -> None:
    """Not ignored: the user would wait for their effect."""
    args, text = USAGE[case]
    done = helpers.run(*args, host.root)
    assert done.returncode == 2 and text in done.stderr.decode() and not done.stdout


def test_evidence_called_like_a_command(host: Host) -> None:
    """./containers is a path, and after another word so is the bare name."""
    host.root.rename(host.root.parent / "containers")
    at = {"cwd": host.root.parent}
    assert helpers.run("-q", "./containers", **at).returncode == 0
    assert b"CONTAINER ID" in helpers.run("-q", "containers", "containers", **at).stdout
    done = helpers.run("containers", **at)
    assert done.returncode == 2 and b"no evidence given" in done.stderr


def test_help_of_a_command() -> None:
    """Only the options that go with it."""
    text = helpers.run("containers", "--help").stdout.decode()
    assert "usage: layertime containers" in text and "--json" in text
    assert "--since" not in text and "--format" not in text


def test_exit_codes(host: Host, tmp: Path) -> None:
    """As of the main job: 0, 1, 3, 4."""
    out = tmp / "out"
    assert helpers.run("containers", host.root, "-o", out).returncode == 0
    assert helpers.run("containers", host.root, "-o", out).returncode == 4
    assert helpers.run("containers", host.root, "-o", host.root / "out").returncode == 4
    assert helpers.run("containers", tmp / "nothing").returncode == 3
    helpers.container(host, "web").config.write_text("{")
    assert helpers.run("containers", "--force", host.root, "-o", out).returncode == 1
    assert helpers.run("containers", host.root, stdout=open("/dev/full", "wb")).returncode == 4


def test_names_cannot_move_the_cursor(host: Host) -> None:
    """Neither in a table nor in JSON, whatever a label, an image or an argument holds."""
    evil = "a\x1b[2J\u202eb\n\r\x9bc"
    helpers.container(host, "web").change(Name="/" + evil, Args=[evil], Config={"Image": evil, "Labels": {evil: evil}})
    table = helpers.run("-q", "containers", host.root).stdout.decode()
    assert not [char for char in table if (char < " " and char != "\n") or char in "\x7f\x9b\u202e"]
    assert len(table.splitlines()) == 3
    row = by(listing("containers", host.root), "container_identifier")[helpers.container(host, "web").id]
    assert helpers.unescape(row["container_name"]) == evil.encode()
    assert evil in row["command"]


# --- containers -------------------------------------------------------------------------------------------------------

CASES = ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4"]


def inspected(case: str) -> dict[str, Row]:
    """What docker inspect said last of each container, by ID."""
    found = {}
    for path in sorted((helpers.EVIDENCE / case / "truth/containers").glob("*.inspect.json")):
        for item in json.loads(path.read_text()):
            found[item["Id"]] = item
    return found


@pytest.mark.parametrize("case", CASES)
def test_containers_as_docker_told(case: str, disk: Any) -> None:
    """Every container that docker ps -a listed, and what docker inspect said of it."""
    rows = by(listing("containers", disk(case)), "container_identifier")
    listed = [json.loads(line) for line in (helpers.EVIDENCE / case / "truth/docker-ps-a.jsonl").read_text().splitlines()]
    assert set(rows) == {item["ID"] for item in listed} and listed
    for item in inspected(case).values():
        row = rows[item["Id"]]
        assert row["container_name"] == item["Name"].lstrip("/")
        assert row["image_identifier"] == item["Image"]
        assert row["image_reference"] == item["Config"]["Image"]
        assert iso_nanoseconds(row["created"]) == truth.iso_ns(item["Created"])
        assert row["storage_driver"] == item["Driver"]
        assert row.get("labels_kv", []) == [f"{key}={value}" for key, value in (item["Config"]["Labels"] or {}).items()]
        if item["GraphDriver"]["Data"]:
            assert item["GraphDriver"]["Data"]["UpperDir"] == f"{row['data_root']}/overlay2/{row['layer_identifier']}/diff"
        assert ("privileged" in row["tag"]) == item["HostConfig"]["Privileged"]
