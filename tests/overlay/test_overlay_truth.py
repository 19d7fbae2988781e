# SPDX-License-Identifier: Apache-2.0
"""The oracle of the tests about changes (tests/lib/overlay_truth.py) against what the runtime recorded, and against the
kernel's own overlay mounts of the dead disks."""
import pytest
from lib import overlay_truth, truth
from lib.overlay_truth import ODD, STATES, host_of
from lib.reading import unescape
from lib.truth import CLEAN


@pytest.mark.parametrize(("case", "state"), STATES)
def test_oracle_sees_what_the_runtime_recorded(case: str, state: str) -> None:
    """Our own merged views are the kernel's, and the comparison of them is Docker's."""
    host = host_of(case, state)
    for name in host.containers:
        folder = host.case.docker / "containers"
        table = folder / f"{name}.merged-{state}.tsv"
        table = table if table.exists() else folder / f"{name}.merged-clean.tsv"
        names, *lines = table.read_text().lstrip("#").split("\n")[:-1]
        rows = [dict(zip(names.split("\t"), line.split("\t"))) for line in lines]
        # The inode tells which layer's entry is seen. aufs-synthetic has the views of the disk it was made from.
        columns = ["type", "mode", "uid", "gid", "rdev", "mtime", "ctime", "birth", "sha256", "link"]
        columns += ["inode"] * (case != "aufs-synthetic")
        wanted = {unescape(row["path"]): [row[key] for key in columns] for row in rows}
        seen = {path: [entry.node[key] for key in columns] for path, entry in host.merged(name).items()}
        for odd in (ODD,) if case == "aufs-synthetic" else ():
            wanted.pop(odd, None)
        assert seen == wanted, name
        recorded = overlay_truth.docker_diff((folder / f"{name}.diff.txt").read_bytes())
        ours, later = overlay_truth.as_text(host.diff(name)), overlay_truth.stale(host, name)
        for odd in (ODD.decode(),) if case == "aufs-synthetic" else ():
            recorded.pop(odd, None)
        assert {p: k for p, k in ours.items() if p not in later} == \
            {p: k for p, k in recorded.items() if p not in later}, name


@pytest.mark.parametrize("case", [case for case in CLEAN if case.startswith("overlay2")])
def test_oracle_sees_what_the_kernel_mounts(case: str, disk, mounted) -> None:
    """The same from two overlay mounts of each container, as dockerd makes them."""
    host = host_of(case, "clean")
    root = mounted(disk(case), "xfs" if case.endswith("xfs") else "ext4")
    for name, container in host.containers.items():
        views = overlay_truth.kernel_views(root / truth.data_root(case), container["Id"])
        assert host.diff(name) == overlay_truth.naive_diff(*views), name
