# SPDX-License-Identifier: Apache-2.0
"""Small hosts rebuilt from public bug reports, beside the large evidence: each gives what its expect.txt calls right.

Variants that every clone has are in the tests of the rooms (test_search.py, test_links.py, test_mount_table.py...).
"""
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lib.launch import objects, run, timeline
from lib.machine import EVIDENCE
from lib.reading import Timeline

REPORTS = EVIDENCE.parent / "reports"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The host of a report, made once."""
    made: dict[str, Path] = {}

    def get(number: str) -> Path:
        scripts = list(REPORTS.glob(f"{number}-*/make.sh"))
        if not scripts:
            pytest.skip(f"no report {number}")
        if number not in made:
            made[number] = tmp_path_factory.mktemp(f"report{number}") / "made"
            subprocess.run(["bash", scripts[0], made[number]], check=True, stdout=subprocess.DEVNULL)
        return made[number]
    return get


def lines(done: Timeline, name: str = "web") -> int:
    """How many log lines of a container are told."""
    return len(done.where(data_type="docker:container:log:entry", container_name=name))


def test_volumes_are_a_link(report: Callable[[str], Path]) -> None:
    """moby#39446: volumes/ is a link to another disk."""
    host = report("04") / "host"
    done = timeline(host)
    assert done.code == 0, done.errors
    rows = [row for row in done.rows if row.get("filename") == "/data/table.db"]
    assert rows and {row["volume_name"] for row in rows} == {"dbdata"}
    assert objects("who", "/data/table.db", host)[0]["volume_name"] == "dbdata"
    assert objects("volumes", host)[0]["path"] == "/var/lib/docker/volumes/dbdata/_data"


@pytest.mark.parametrize("name", ["openwrt", "openwrtdef", "syno", "syno7", "synovol", "truenas", "qnap", "wslold", "wslnew",
                                  "ostree", "b2d", "balena", "haos"])
def test_odd_data_roots(report: Callable[[str], Path], name: str) -> None:
    """Where makers of appliances put it."""
    done = timeline(report("08") / name)
    assert done.code == 0 and lines(done) == 3, done.errors


@pytest.mark.parametrize("name", ["graphkey", "optg", "sysconfig", "dropin", "fstab"])
def test_data_root_by_setting(report: Callable[[str], Path], name: str) -> None:
    """Each setting is named as the reason, or what mounts it."""
    host = report("09") / name
    done = timeline(host)
    assert lines(done) == 3 and {row["hostname"] for row in done.rows} == {name}
    shown = run("--list-sources", host).stdout.decode()
    assert {"graphkey": "daemon.json", "optg": "/etc/default/docker", "sysconfig": "/etc/sysconfig/docker",
            "dropin": "override.conf", "fstab": "/etc/fstab"}[name] in shown


def test_empty_mount_point(report: Callable[[str], Path]) -> None:
    """fstab says what is missing."""
    done = timeline(report("09") / "emptymp")
    assert done.code == 3 and "/dev/vg0/docker" in done.stderr and "fstab" in done.stderr


def test_triage_collections(report: Callable[[str], Path]) -> None:
    """Parts of a data root, as collectors keep them."""
    folder = report("15")
    for given in ("uac/[root]", "uac"):
        done = timeline(folder / given)
        assert done.code == 1 and lines(done) == 3 and {row["hostname"] for row in done.rows} == {"dockhost"}
        told = {row.get("action") for row in done.where(container_name="web")}
        assert {"create", "start", "finish"} <= told
        reasons = " ".join(error["reason"] for error in done.errors)
        assert "records of images and layers are not in the evidence" in reasons and "files of layers are not" in reasons
    assert len(timeline(folder / "logsonly/[root]").where(data_type="docker:container:log:entry")) == 3
    assert lines(timeline(folder / "velo2/uploads/auto")) == 3


def texts(done: Timeline) -> list[str]:
    """All log lines, without their ends."""
    return [row["message_body"].rstrip("\n") for row in done.where(data_type="docker:container:log:entry")]


def test_plugin_logs(report: Callable[[str], Path]) -> None:
    """grafana/loki#2626: logs in the plugin's own root file system outlive their containers."""
    done = timeline(report("01") / "host")
    gone = [row for row in done.where(data_type="docker:container:log:entry") if "gone said" in row["message_body"]]
    assert done.code == 0 and len(gone) == 3 and all("configuration_missing" in row["tag"] for row in gone)
    assert sum("web request" in text for text in texts(done)) == 3


def test_names_of_rotated_logs(report: Callable[[str], Path]) -> None:
    """moby#45728 and others: whatever logrotate or people call a log."""
    done = timeline(report("02") / "host")
    assert lines(done, "copytr") == 11 and lines(done, "renamed") == 3 and done.code == 0, done.errors
    assert {"old gz numbered", "dated with hour", "backup by hand", "xz packed"} <= set(texts(done))


def test_emptied_files(report: Callable[[str], Path]) -> None:
    """moby#35747: each empty file is named once, and what is left is told."""
    done = timeline(report("07") / "host")
    paths = [error["path"] for error in done.errors if "empty" in error["reason"] or "NULs" in error["reason"]]
    assert done.code == 1 and paths and len(paths) == len(set(paths))
    assert any("configuration_missing" in row["tag"] for row in done.rows)


def test_steps_without_a_time(report: Callable[[str], Path]) -> None:
    """kaniko#1687, jib#341: the build steps are told, with bounds or none; a far date is tagged."""
    done = timeline(report("10") / "host")
    commands = {row.get("command"): row for row in done.rows}
    assert done.code == 0 and {"kaniko --reproducible", "jib without times"} <= set(commands)
    assert any("time_future" in row["tag"] for row in done.rows)


def test_formats_that_are_named(report: Callable[[str], Path]) -> None:
    """autopsy#7894 and others: an image is read, or named with what helps."""
    words = {"qcow2": "qemu-img convert", "vdi": "qemu-img convert", "luks": "LUKS", "lvm": "LVM2"}
    for image in sorted(path for path in report("11").rglob("*") if path.is_file()):
        done = timeline(image)
        wanted = [word for name, word in words.items() if name in image.name.lower()]
        if done.code == 3 and wanted:
            assert any(wanted[0] in error["reason"] for error in done.errors), (image, done.errors)


def test_damaged_local_log(report: Callable[[str], Path]) -> None:
    """docker/cli#4617: what is left of damaged records is told, with their own times."""
    done = timeline(report("17") / "host")
    assert {"one", "two", "three", "four", "six"} <= {text.split()[0] for text in texts(done)}
    left = [row for row in done.rows if "recovered" in row["tag"]]
    assert any(row["message_body"].startswith("seven is cut at") and row["datetime"].startswith("2026-03-02T08:00:07")
               for row in left)


def test_attributes_of_records(report: Callable[[str], Path]) -> None:
    """elastic/beats#8358: the attrs of each entry."""
    done = timeline(report("18") / "host")
    told = [set(row.get("log_attributes", [])) for row in done.where(data_type="docker:container:log:entry")]
    assert done.code == 0 and any("RELEASE=2026-03-01-hotfix" in items for items in told)
    assert any("com.example.owner=team-b" in items for items in told)


def test_device_of_a_volume(report: Callable[[str], Path]) -> None:
    """docker/compose#2957: named volumes that bind a directory of the host."""
    host = report("20") / "host"
    assert objects("who", "/data/up/webshell.php", host)[0]["path"] == "/srv/appdata/up/webshell.php"
    done = timeline("--binds", host)
    assert [row for row in done.rows if row.get("filename") == "/data/up/webshell.php"]
    assert any("/srv/appdata" in json.dumps(volume) for volume in objects("volumes", host))


def test_docker_before_1_10(report: Callable[[str], Path]) -> None:
    """plaso#532 and others: config.json and graph/."""
    done = timeline(report("23") / "host")
    own = done.where(container_name="oldweb")
    assert done.code == 0 and {"create", "start"} <= {row.get("action") for row in own}
    assert {row["image_name"] for row in own if "image_name" in row} == {"old:1"}
    assert any(row["pathspec"]["location"].endswith("/dropper.sh") for row in own)


@pytest.mark.parametrize("name", ["host", "disk.raw"])
def test_clock_of_1970(report: Callable[[str], Path], name: str) -> None:
    """balena-supervisor#488: a board without a battery clock."""
    done = timeline(report("24") / name)
    early = [row for row in done.rows if row["datetime"].startswith("1970")]
    assert done.code == 0 and early and all({"time_anomaly", "clock_step"} & set(row["tag"]) for row in early)
    assert done.where(data_type="container:clock:step")
