# SPDX-License-Identifier: Apache-2.0
"""What containers did to files: the kind of change of every entry of every rw layer, and when it was first touched.
What is right follows from the two entries (contents, attributes, overlay.origin) and from the recorded actions."""
import pytest
from lib.changes_check import COPIED_UP, action_faults, actions, copy_up_faults
from lib.overlay_check import change_faults
from lib.overlay_truth import LAYERED, host_of
from lib.reading import unescape
from lib.truth import TICK


@pytest.mark.parametrize(("case", "state"), LAYERED)
def test_kind_of_change_of_every_entry(case: str, state: str, rows_of) -> None:
    """All rows of an entry of a rw layer say the same, and what the two entries say; those of others say nothing."""
    host = host_of(case, state)
    problems = change_faults(host, rows_of(case, state))
    assert not problems, problems[:20]


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "overlay2-xfs"])
def test_kind_of_change_of_every_action(case: str, rows_of) -> None:
    """The change is named as the action that made it; both ends of a rename know each other."""
    seen, problems = action_faults(host_of(case), rows_of(case))
    assert not problems, problems[:20]
    assert len(seen) > 10


@pytest.mark.parametrize(("case", "state"), [pair for pair in LAYERED if pair[0].startswith("overlay2")])
def test_copy_up(case: str, state: str, rows_of) -> None:
    """One event for each inode that came up from a lower layer, at its birth; none for others. It lies in the time of
    the action that touched the file first."""
    host = host_of(case, state)
    problems = copy_up_faults(host, rows_of(case, state))
    assert not problems, problems[:20]
    first: dict[tuple[str, bytes], tuple[int, int]] = {}
    for what, name, path, before, after in actions(host):
        if what == "xattrs":                          # that action also marks what this link leads to
            link = host.merged(name)[path.rpartition(b"/")[0] + b"/conf/active.conf"]
            path = link.path.rpartition(b"/")[0] + b"/" + unescape(link.node["link"])
        if what in (*COPIED_UP, "xattrs"):
            first.setdefault((name, path), (before, after))
    for (name, path), (before, after) in first.items():
        for entry in (e for e in host.layers[host.rw(name)] if e.path == path):
            assert before - TICK <= entry.time("birth") <= after, f"a broken test: {name} {path!r}"
