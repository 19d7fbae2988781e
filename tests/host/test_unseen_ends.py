# SPDX-License-Identifier: Apache-2.0
"""When containers ended that no daemon saw end: by the recorded actions, and by what containerd writes after such a loss."""
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, launch, machine, reading, truth
from lib.truth import TICK

FINDS = 100 * 10**9                                   # ns from the loss to the start of containerd
CRI = "/var/lib/containerd/io.containerd.grpc.v1.cri/containers"


def last_row(rows: list[reading.Row], container: str, until: int) -> int:
    """The last time of a container's own rows that the host's kernel or daemons gave, before its end was found."""
    kinds = ("fs:stat", "docker:container:log:entry", "cri:container:log:entry")
    times = [reading.nanoseconds(row) for row in rows if row.get("container_identifier") == container and "unallocated" not in row["tag"]
             and row["data_type"] in kinds and row["confidence"] == "exact" and row["clock"] == "host"]
    return max(time for time in times if time < until)


@pytest.mark.parametrize("state", ["clean", "poweroff"])
def test_rebooted(state: str, disk: Callable) -> None:
    """Docker. Each stands at the last row of its own before the loss, which is not far from what docker logs told."""
    folder = machine.EVIDENCE / "overlay2-rebooted/truth"
    rows = launch.timeline(disk("overlay2-rebooted", state)).rows
    lost = next(action for action in truth.actions(folder) if action.what == "power_lost")
    ended = [row for row in rows if row["data_type"] == "container:state:ended"]
    assert {row["container_name"] for row in ended} == {"willow", "hazel", "ember"}
    listed = {row["container_name"]: row for row in launch.objects("containers", disk("overlay2-rebooted", state))}
    assert {name for name, row in listed.items() if "found_dead" in row} == {"willow", "hazel", "ember"}
    assert {name for name, row in listed.items() if "finished" in row} == {"kestrel", "xenon", "jasper"}
    (card,) = launch.objects("ids", "ember", disk("overlay2-rebooted", state))
    assert any("found it dead: it ended before" in witness for witness in card["ran_evidence"]), card
    for row in ended:
        first, last = (reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last"))
        assert first <= lost.after and last >= lost.before and row["confidence"] == "bounded"
        assert reading.nanoseconds(row) // 1000 == first // 1000
        logs = (folder / "containers-before-reboot" / f"{row['container_name']}.logs-stdout.txt").read_text()
        assert first >= max(filter(None, (truth.iso_ns(line.partition(" ")[0]) for line in logs.splitlines())))
        assert first == last_row(rows, row["container_identifier"], last), row
        if row["container_name"] != "hazel":          # which slept
            assert first >= lost.before - 10**9


def test_found_dead_by_containerd(disk: Callable, tmp: Path) -> None:
    """The CRI plug-in writes "Unknown", 255 and its own time for those that it lost: here for all that ran on a disk."""
    image = disks.sparse_copy(disk("containerd-cri-ext4"), tmp / "disk.raw")
    lost = next(action for action in truth.actions(machine.EVIDENCE / "containerd-cri-ext4/truth")
                if action.what == "power_off")
    names = [name for name in disks.debugfs(image, f"ls -p {CRI}").split("/") if len(name) == 64]
    texts = disks.dump(image, [f"{CRI}/{name}/status".encode() for name in names], tmp)
    found = {}
    for number, (name, text) in enumerate(zip(names, texts.values())):
        if not (status := json.loads(text))["FinishedAt"]:
            found[name] = lost.after + FINDS + number
            status |= {"FinishedAt": found[name], "ExitCode": 255, "Reason": "Unknown", "Pid": 0}
            (tmp / "status").write_text(json.dumps(status))
            disks.debugfs(image, f"cd {CRI}/{name}", "rm status", f"write {tmp / 'status'} status")
    rows = launch.timeline(image).rows
    ended = {row["container_identifier"]: row for row in rows if row["data_type"] == "container:state:ended"}
    assert ended.keys() == found.keys() and len(found) == 4
    for name, row in ended.items():
        first = reading.iso_nanoseconds(row["time_first"])
        assert reading.iso_nanoseconds(row["time_last"]) == found[name] and row["witness"].endswith("/status#FinishedAt")
        assert reading.nanoseconds(row) // 1000 == first // 1000 and first <= lost.after + TICK
        assert first == last_row(rows, name, found[name]), row
    (card,) = launch.objects("ids", next(iter(found)), image)
    assert "status: found dead when containerd started: it ended before" in card["ran_evidence"]
    assert max(reading.iso_nanoseconds(row["time_first"]) for row in ended.values()) > lost.before - 10**9
