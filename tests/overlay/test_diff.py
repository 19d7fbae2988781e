# SPDX-License-Identifier: Apache-2.0
"""`layertime diff` against `docker diff`: as the kernel's views of the dead disk give it (tests/lib/overlay_truth.py, which
agrees with what the runtime recorded)."""
import pytest
from lib.overlay_check import json_diff, text_diff, verbose_faults
from lib.overlay_truth import ODD, STATES, host_of


def own(kinds: dict[bytes, str], case: str) -> dict[bytes, str]:
    """Without the one name that says nothing."""
    return {path: kind for path, kind in kinds.items() if case != "aufs-synthetic" or path != ODD}


@pytest.mark.parametrize(("case", "state"), STATES)
def test_diff_is_dockers(case: str, state: str, evidence) -> None:
    """Every container: the same paths and letters, as text and as JSON."""
    host, root = host_of(case, state), evidence(case, state)
    for name in host.containers:
        wanted = own(host.diff(name), case)
        assert own(text_diff(name, root), case) == wanted, name
        found = json_diff(name, root)
        assert own({item["path"]: item["kind"] for item in found}, case) == wanted and len(found) >= len(wanted), name
        for item in found:
            assert {"kind", "path"} <= item.keys()
            # Of a directory that only has changes below it vfs keeps no mark: then no change is named.
            assert "change" in item or host.driver == "vfs" and host.merged(name)[item["path"]].kind == "d"
            assert item["kind"] == "D" or item.get("change") != "deleted"


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-xfs", "aufs-synthetic"])
def test_verbose_diff_has_every_entry_of_the_layer(case: str, evidence) -> None:
    """What was copied up and is as it was has no letter, and comes only with -v."""
    host, root, quiet = host_of(case), evidence(case), 0
    for name in host.containers:
        found = [item for item in json_diff(name, root, "-v")
                 if "bind" not in item and (case != "aufs-synthetic" or item["path"] != ODD)]
        problems = [fault for fault in verbose_faults(host, name, found) if "notawhiteout" not in fault]
        assert not problems, problems[:20]
        quiet += sum("kind" not in item for item in found)
    assert quiet or case == "aufs-synthetic"


@pytest.mark.parametrize("case", ["overlay2-ext4"])
def test_diff_takes_a_prefix_of_the_id(case: str, evidence) -> None:
    """Twelve digits, as docker ps prints them."""
    host, root = host_of(case, "clean"), evidence(case, "clean")
    assert text_diff(host.containers["maple"]["Id"][:12], root) == host.diff("maple")


@pytest.mark.parametrize("state", ["clean", "poweroff-replayed"])
def test_changes_without_an_overlay(state: str, evidence) -> None:
    """vfs has whole copies only: what differs, and what is not there any more. A copy keeps the times of files; who
    does not compare contents cannot tell that only the time was set."""
    host, root = host_of("vfs-ext4", state), evidence("vfs-ext4", state)
    for name in host.containers:
        lower, merged = host.lower(name), host.merged(name)
        for item in json_diff(name, root):
            path, below, here = item["path"], lower.get(item["path"]), merged.get(item["path"])
            if not here:
                assert item["change"] in ("deleted", "renamed")
            elif not below:
                assert item["change"] in ("added", "renamed"), path
            elif below.kind != here.kind:
                assert item["change"] == "replaced", path
            elif here.kind == "f" and below.node["sha256"] != here.node["sha256"]:
                assert item["change"] in ("modified", "replaced"), path
            elif here.kind == "f":
                touched = below.node["mtime"] != here.node["mtime"]
                assert item["change"] in (("metadata", "modified") if touched else ("metadata",)), path
