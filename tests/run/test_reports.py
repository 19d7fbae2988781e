# SPDX-License-Identifier: Apache-2.0
"""Small hosts rebuilt from public bug reports, beside the large evidence: each gives what its expect.txt calls right.

Variants that every clone has are in the tests of the rooms (test_search.py, test_links.py, test_mount_table.py...).
"""
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
