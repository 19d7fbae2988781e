# SPDX-License-Identifier: Apache-2.0
"""What is wrong in what the program says of recorded actions: how each is named, and when files came up from a lower layer.

What is right follows from the recorded actions and from overlay.origin in the recorded listing.
"""
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from lib import overlay_truth, truth
from lib.overlay_check import renaming_faults
from lib.overlay_truth import Entry, LayeredCase
from lib.reading import Row, unescape

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
    """What was done, in which container (by the host's name for it), to what, and the clock before and after."""
    names = {container["Id"]: name for name, container in host.containers.items()}
    for action in truth.actions(host.case.truth):
        if action.status == "0" and action.container in names:
            yield action.what, names[action.container], unescape(action.path), action.before, action.after


def action_faults(host: LayeredCase, rows: Path | Iterable[Row]) -> tuple[set[str], list[str]]:
    """Which actions were judged, and where the change is not named as the action that made it. Both ends of a rename know
    each other."""
    found, problems, seen = {}, [], set()
    for row in truth.read_rows(rows):
        if row["data_type"] == "fs:stat" and row.get("layer_role") == "rw" and "change" in row:
            found[row["container_identifier"], row["filename"]] = row
    for what, name, path, _before, _after in actions(host):
        cid = host.containers[name]["Id"]
        row, wanted = found.get((cid, path), {}), ACTIONS.get(what)
        seen |= {what} & ACTIONS.keys()
        if wanted and row.get("change") != wanted:
            problems.append(f"{what} {name} {truth.show(path)}: {row.get('change')}, not {wanted}")
        if what == "rename_lower_file":
            problems += renaming_faults(row, found.get((cid, path.replace(b"moved-", b"")), {}))
    return seen, problems


def copy_up_faults(host: LayeredCase, rows: Path | Iterable[Row]) -> list[str]:
    """What is wrong in the events of copies: there is one for each inode of a rw layer of this host that came up from a
    lower layer, at its birth; none for others."""
    found, problems = defaultdict(list), []
    for row in truth.read_rows(rows):
        if row["data_type"] == "container:file:copy_up" and host.case.locate(row["location"])[1] in host.layers:
            found[row["location"]].append(row)
    for name, container in host.containers.items():
        links: dict[str, list[Entry]] = defaultdict(list)
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
    return problems + [f"{truth.show(place)} is in no rw layer" for place in found]
