# SPDX-License-Identifier: Apache-2.0
"""What containers deleted: each action that was recorded lies in the interval that its row gives, and what was hidden
is told right (tests/lib/deletion_check.py)."""
from pathlib import Path

import pytest
from lib import deletion_check, overlay_truth, truth
from lib.overlay_truth import LAYERED, STATES, host_of
from lib.truth import POWEROFF


@pytest.mark.parametrize(("case", "state"), STATES)
def test_deletions_by_containers(case: str, state: str, rows_of) -> None:
    """Each once, with an honest time and what it hid; none of what is there still."""
    host = host_of(case, state)
    result = deletion_check.judge_case(host, rows_of(case, state))
    assert not result.problems, result.problems[:20]
    assert result.timed
    print(f"{case} {state}: {result.figures()}")      # pytest -rP shows it


@pytest.mark.parametrize(("case", "state"), LAYERED)
def test_deletions_by_image_layers(case: str, state: str, rows_of) -> None:
    """A whiteout or an opaque directory in an image layer hides what the layers below it have."""
    wanted, problems = deletion_check.judge_images(host_of(case, state), rows_of(case, state))
    assert wanted > 3 and not problems, problems[:20]


@pytest.mark.parametrize("case", [case for case in POWEROFF if not case.startswith("vfs")])
def test_what_only_looks_like_a_deletion(case: str, rows_of) -> None:
    """Devices 1:3, dangling links, fresh directories, files named .wh.x, and the kernel's own template in work/work."""
    host = host_of(case, "clean")
    gone = {row["location"] for row in truth.read_rows(rows_of(case))
            if row["data_type"] == "fs:stat" and row["timestamp_desc"] == truth.DELETION
            and "unallocated" not in row.get("tag", ())}
    marks = {mark.location for layer in host.layers for mark in host.whiteouts(layer).values()}
    below = [host.lower(name) for name in host.containers]
    for place in gone - marks:
        area, layer, inner = host.case.locate(place)
        assert area == "layer" and any(inner in view for view in below), place
    innocent = [e for entries in host.layers.values() for e in entries
                if e.node["rdev"] == "1:3" or e.path.rpartition(b"/")[2] in (b"dangling", b".wh.notawhiteout", b"new")]
    assert innocent and not gone & {e.location for e in innocent}
    assert not [place for place in gone if b"/work/work/" in place]


def test_figures_by_hand(tmp: Path) -> None:
    """The script says what is wrong, and fails: a run without rows lacks every deletion."""
    host = host_of("overlay2-userns", "clean")
    (tmp / "rows").write_text("")
    result = deletion_check.judge_case(host, tmp / "rows")
    wanted = [deletion for name in host.containers for deletion in deletion_check.of_container(host, name)]
    assert len(result.problems) == len(wanted) > 30 and all(deletion.span for deletion in wanted)
    assert {deletion.path for deletion in wanted} >= {b"/data/site/tpl/zulu.tpl", b"/data/site/static/css"}
    assert overlay_truth.naive_diff({}, {}) == {}
