# SPDX-License-Identifier: Apache-2.0
"""What containers did to files: the kind of change of every entry of every rw layer, and when it was first touched.
What is right follows from the two entries (contents, attributes, overlay.origin) and from the recorded actions."""
from collections import defaultdict
from collections.abc import Iterator

import pytest
from lib import overlay_truth, truth
from lib.overlay_check import change_faults, renaming_faults
from lib.overlay_truth import LAYERED, LayeredCase, host_of
from lib.reading import unescape
from lib.truth import TICK

# What make-evidence.sh did, by the name it gave the action, to the path beside it.
ACTIONS = {
    "append_lower": "modified", "truncate_lower": "modified", "sed_in_place_lower": "replaced",
    "chmod_lower": "metadata", "chown_lower": "metadata", "touch_lower_1999": "metadata",
    "open_rdwr_lower_no_write": "copied-up", "rename_lower_file": "renamed", "rename_lower_dir": "added",
    "lower_file_to_dir": "replaced", "lower_file_to_symlink": "replaced", "lower_dir_to_file": "replaced",
    "rename_over_lower": "replaced", "delete_lower_recreate": "replaced", "replace_localtime": "replaced",
    "replace_lower_dir_opaque": "opaque", "hardlink_lower": "added", "hardlink_new": "added", "new_file": "added",
    "new_tree": "added", "new_empty": "added", "new_file_exec": "added", "sparse_file": "added", "deep_path": "added",
    "create_then_rename": "added", "xattrs": "added", "fifo": "added", "socket": "added", "device_nodes": "added",
    "symlinks": "added", "setuid_file": "added", "shell_history": "added", "odd_names": "added",
    "docker_cp_in": "added",
    "touch_new_ns": "added", "touch_new_1901": "added", "touch_new_2038": "added", "touch_new_2106_2446": "added",
    "last_fsynced": "added", "delete_lower_file": "deleted", "delete_lower_dir": "deleted",
    "delete_lower_symlink": "deleted", "last_delete_lower": "deleted", "name_newline": "added",
    "name_not_utf8": "added",
    "name_ansi": "added", "name_255": "added", "name_wh_prefix": "added",
}
COPIED_UP = ("append_lower", "truncate_lower", "chmod_lower", "chown_lower", "touch_lower_1999",
             "touch_atime_only_lower", "open_rdwr_lower_no_write", "rename_lower_file")


def actions(host: LayeredCase) -> Iterator[tuple[str, str, bytes, int, int]]:
    """What was done, in which container, to what, and the clock before and after."""
    for action in truth.actions(host.case.truth):
        if action.status == "0" and action.name in host.containers:
            yield action.what, action.name, unescape(action.path), action.before, action.after


@pytest.mark.parametrize(("case", "state"), LAYERED)
def test_kind_of_change_of_every_entry(case: str, state: str, rows_of) -> None:
    """All rows of an entry of a rw layer say the same, and what the two entries say; those of others say nothing."""
    host = host_of(case, state)
    problems = change_faults(host, rows_of(case, state))
    assert not problems, problems[:20]


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "overlay2-xfs"])
def test_kind_of_change_of_every_action(case: str, rows_of) -> None:
    """The change is named as the action that made it; both ends of a rename know each other."""
    host, found, problems, seen = host_of(case), {}, [], set()
    for row in truth.read_rows(rows_of(case)):
        if row["data_type"] == "fs:stat" and row.get("layer_role") == "rw" and "change" in row:
            found[row["container_name"], row["filename"]] = row
    for what, name, path, _before, _after in actions(host):
        row, wanted = found.get((name, path), {}), ACTIONS.get(what)
        seen |= {what} & ACTIONS.keys()
        if wanted and row.get("change") != wanted:
            problems.append(f"{what} {name} {truth.show(path)}: {row.get('change')}, not {wanted}")
        if what == "rename_lower_file":
            source = path.replace(b"moved-", b"")
            problems += renaming_faults(row, found.get((name, source), {}))
    assert not problems, problems[:20]
    assert len(seen) > 10


@pytest.mark.parametrize(("case", "state"), [pair for pair in LAYERED if pair[0].startswith("overlay2")])
def test_copy_up(case: str, state: str, rows_of) -> None:
    """One event for each inode that came up from a lower layer, at its birth; none for others. It lies in the time of
    the action that touched the file first."""
    host, found = host_of(case, state), defaultdict(list)
    for row in truth.read_rows(rows_of(case, state)):
        if row["data_type"] == "container:file:copy_up":
            found[row["location"]].append(row)
    problems = []
    for name, container in host.containers.items():
        links = defaultdict(list)
        for entry in host.layers[host.rw(name)]:
            links[entry.node["inode"]].append(entry)
        for entry in (same[0] for same in links.values()):
            up = overlay_truth.origin(entry) is not None
            places = {same.location: same.path for same in links[entry.node["inode"]]}
            got = [row for place in places for row in found.pop(place, [])]
            if len(got) > 1 or entry.kind != "d" and len(got) != up or got and not up:
                problems.append(f"{name} {truth.show(entry.path)}: {len(got)} events, origin {up}")
            for row in got:
                want = {"date_time": entry.time("birth"), "container_identifier": container["Id"], "layer_role": "rw",
                        "filename": places[row["location"]]}
                problems += [f"{name} {truth.show(entry.path)}: {fault}" for fault in truth.faults(want, row)]
    problems += [f"{truth.show(place)} is in no rw layer" for place in found]
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
