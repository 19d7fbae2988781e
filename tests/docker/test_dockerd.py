# SPDX-License-Identifier: Apache-2.0
"""A host made in this run by the real dockerd and the kernel's overlayfs of this machine: the checks of the recorded
cases, on other actions, other kernels, and clocks read right beside each action (tests/lib/fresh_case.py)."""
import os
import time
from pathlib import Path

import pytest
from lib import case_check, deletion_check, fresh_case, launch, overlay_truth, truth
from lib.fresh_changes import BASE, first_run, write
from lib.overlay_check import change_faults, hiding_faults, json_diff, renaming_faults, text_diff, verbose_faults
from lib.overlay_truth import LayeredCase
from lib.who_check import who_faults

BUILD = """FROM lab:1
COPY two /conf/c
COPY two /conf/two
RUN ["/tool", "rm", "/data/f14", "/conf/two"]
"""


def later_runs(case: fresh_case.FreshCase) -> None:
    """Deletions on both sides of a new mount, which has a whiteout inode of its own, and of a restart, which has not;
    and a second container."""
    case.start("busy", "stop", "start")
    case.remove("busy", "/data/f05", 0.2)
    case.remove("busy", "/data/f06", 0.2)
    time.sleep(1.1 - time.time() % 1)                 # just after a full second
    whole = int(time.time())                          # after the first deletion of this run, before the next
    case.remove("busy", "/one/alone", 0.2)
    case.act("busy", "touch_dir", "/one", "touch /one", lambda at: os.utime(at, (whole, whole)))
    case.act("busy", "delete_lower_recreate", "/data/f05", "echo x > /data/f05", write("again\n"))
    case.start("busy", "restart")
    case.remove("busy", "/data/f09", 0.2)
    case.start("busy", "stop", "start")
    case.remove("busy", "/data/f07", 0.2)
    case.start("other")
    case.act("other", "delete", "/data/f08", "rm -r /data/f08 /data/f01",
             lambda at: [os.unlink(path) for path in (at, at.replace("f08", "f01"))])
    case.act("other", "append_lower", "/conf/b", "echo y >> /conf/b", write("y\n", "a"))


@pytest.fixture(scope="module")
def fresh(mounting: None, session_dir: Path) -> LayeredCase:
    """The case: an image of one layer and one built on it, three containers."""
    folder, started = session_dir / "overlay2-fresh", False
    try:
        with fresh_case.fresh_case(folder) as case:
            case.base_image("lab:1", BASE)
            case.build("lab:2", BUILD, {"two": b"two\n"})
            for name, image in (("busy", "lab:2"), ("other", "lab:2"), ("idle", "lab:1")):
                case.create(name, image)
            case.start("busy")
            started = True                            # from here on nothing may be refused
            first_run(case, "busy")
            later_runs(case)
            time.sleep(0.05)
    except fresh_case.Refused as error:
        if started:
            raise
        pytest.skip(str(error))
    return LayeredCase(str(folder))


@pytest.fixture(scope="module")
def rows(fresh: LayeredCase) -> Path:
    """The timeline of its disk."""
    path = Path(fresh.name) / "rows.jsonl"
    done = launch.run("-q", "-o", path, Path(fresh.name) / "disk.raw")
    assert done.returncode == 0, done.stderr.decode()
    return path


def test_oracle_agrees_with_dockerd(fresh: LayeredCase) -> None:
    """Our merged views are right on this kernel too, and hold what the scenario was made for."""
    for name in fresh.containers:
        recorded = (fresh.case.truth / f"containers/{name}.diff.txt").read_bytes()
        assert overlay_truth.as_text(fresh.diff(name)) == overlay_truth.docker_diff(recorded), name
    assert len(fresh.diff("busy")) > 30 and not fresh.diff("idle")
    assert fresh.case.layers[fresh.rw("busy")].role == "rw"


def test_files_owners_and_states(fresh: LayeredCase, rows: Path) -> None:
    """All that is checked on recorded hosts."""
    for name, result in case_check.check_case(fresh.name, str(rows)).items():
        assert result.ok and result.found == result.expected, f"{name}: {result.examples[:10]}"


def test_deletions(fresh: LayeredCase, rows: Path) -> None:
    """Each in its interval, to the millisecond; exact only where it is."""
    result = deletion_check.judge_case(fresh, rows)
    assert not result.problems, result.problems[:20]
    # Exact are the three renamed files, the only deletion of a run, and the only two, which came at once.
    assert result.timed == 14 and result.exact == 6, result.figures()


def test_changes(fresh: LayeredCase, rows: Path) -> None:
    """What happened to each entry of the rw layers, and both ends of renames. A file of several links is copied up
    without a note of its origin, so it cannot be told from a new one."""
    problems = change_faults(fresh, rows)
    found = {row["filename"]: row for row in truth.read_rows(rows) if row.get("container_name") == "busy"
             and row["data_type"] == "fs:stat" and row.get("layer_role") == "rw"}
    for source, target in ((b"/conf/f", b"/conf/moved-f"), (b"/data/f10", b"/tmp/twice")):
        problems += renaming_faults(found[target], found[source])
    assert not problems, problems[:20]


def test_hiding(fresh: LayeredCase, rows: Path) -> None:
    """Who hides what of the images."""
    problems = hiding_faults(fresh, rows)
    assert not problems, problems[:20]


def test_diff(fresh: LayeredCase) -> None:
    """The same as dockerd said; with -v, what happened to each entry of the rw layer."""
    root = Path(fresh.name) / "disk.raw"
    for name in fresh.containers:
        wanted = fresh.diff(name)
        assert text_diff(name, root) == wanted, name
        problems = verbose_faults(fresh, name, json_diff(name, root, "-v"))
        assert not problems, problems[:20]


def test_who(fresh: LayeredCase) -> None:
    """Paths that were changed, and others."""
    problems = who_faults(fresh, Path(fresh.name) / "disk.raw", 20)
    assert not problems, problems[:20]
