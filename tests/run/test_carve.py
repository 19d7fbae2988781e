# SPDX-License-Identifier: Apache-2.0
"""Lines of deleted logs in the timeline (--carve): on a small disk, and on hosts where every line that was ever logged is known.
Each line is told once, and nothing is told that no container wrote."""
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading

# How many lines of removed containers are found, and of those that were rotated away; of how many. The rest of aged4k was written
# over, that of wrapped4k too; discard4k was trimmed.
FOUND = {
    "ordered4k": (1912, 1912, 577, 577), "aged4k": (1567, 1629, 57, 577), "wrapped4k": (989, 1775, 90, 577),
    "nojournal4k": (1437, 1437, 577, 577), "discard4k": (0, 1766, 0, 577),
}
BRIEF = "brief\n"  # of containers that the maker of the hosts ran with --rm, and whose logs nobody asked for
Line = tuple[int, str]


def in_time(text: str) -> int:
    """Nanoseconds of a time as `docker logs --timestamps` prints it."""
    whole, fraction, zone = re.fullmatch(r"([^.+Z]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    return int(datetime.fromisoformat(whole + zone.replace("Z", "+00:00")).timestamp()) * 10**9 + int((fraction or "").ljust(9, "0"))


def written(files: Iterable[Path]) -> Iterator[Line]:
    """The lines in what docker logs printed."""
    for path in files:
        for line in path.read_text(errors="surrogateescape").splitlines():
            when, _, text = line.partition(" ")
            if re.match(r"\d{4}-\d\d-\d\dT", when):
                yield in_time(when), text + "\n"


def told(run: reading.Timeline) -> list[tuple[Line, reading.Row]]:
    """The rows of container logs."""
    return [((int(row["timestamp_ns"]), row["message_body"]), row) for row in run.rows if row["data_type"] == "docker:container:log:entry"]


@pytest.mark.parametrize("case", FOUND)
def test_logs_of_removed_containers(case: str, tmp: Path) -> None:
    """Beside what docker logs said before each removal and rotation."""
    truth = machine.EVIDENCE / f"recover-{case}" / "truth"
    if not truth.exists():
        pytest.skip(f"no evidence at {truth} (LAYERTIME_EVIDENCE)")
    disk = disks.decompress(truth.parent / "disk.raw.zst", tmp / "disk.raw")
    removed = set(written(truth.glob("removed/*.logs-*.txt")))
    rotated = set(written(truth.glob("rotated/*.logs-before.txt")))
    lines = told(launch.timeline("--carve", disk))
    plain = {line for line, _ in told(launch.timeline(disk))}
    assert not [line for line, count in Counter(line for line, _ in lines).items() if count > 1], "told twice"
    assert plain <= {line for line, _ in lines}, "a log's own line is lost"
    fresh = {line: row for line, row in lines if line not in plain}
    others = fresh.keys() - removed - rotated
    assert {text for _, text in others} <= {BRIEF}, "lines that nobody wrote"
    assert all({"carved", "recovered"} & set(row["tag"]) for row in fresh.values())
    assert all("container_name" not in row for row in fresh.values() if "carved" in row["tag"]), "a hint is no fact"
    found = (len(removed & fresh.keys()), len(removed), len((rotated - plain) & fresh.keys() | rotated & plain), len(rotated))
    assert found[0] >= FOUND[case][0] and found[1] == FOUND[case][1], found
    assert found[2] >= FOUND[case][2] and found[3] == FOUND[case][3], found


@pytest.mark.parametrize("case", ["wrapped4k", "nojournal4k"])
def test_removed_containers(case: str, tmp: Path) -> None:
    """Where no map leads to their configurations any more, each is still what docker inspect said it was, and in the timeline."""
    truth = machine.EVIDENCE / f"recover-{case}" / "truth"
    if not truth.exists():
        pytest.skip(f"no evidence at {truth} (LAYERTIME_EVIDENCE)")
    disk = disks.decompress(truth.parent / "disk.raw.zst", tmp / "disk.raw")
    found = {row["container_identifier"]: row for row in launch.objects("containers", "--removed", "--carve", disk)}
    rows = [row for row in launch.timeline("--carve", disk).rows if "carved" in row["tag"] and row.get("container_identifier")]
    for path in truth.glob("removed/*.config.v2.json"):
        wanted = json.loads(path.read_text())
        row = found[wanted["ID"]]
        assert row["container_name"] == wanted["Name"].lstrip("/") and row["image_identifier"] == wanted["Image"]
        assert in_time(row["created"]) == in_time(wanted["Created"])
        assert wanted["State"]["Running"] or row["exit_code"] == wanted["State"]["ExitCode"], "killed when it was removed"
        assert in_time(row["started"]) == in_time(wanted["State"]["StartedAt"])
        times = {int(event["timestamp_ns"]) for event in rows if event["container_identifier"] == wanted["ID"]}
        assert {in_time(wanted["Created"]), in_time(wanted["State"]["StartedAt"])} <= times


@pytest.mark.parametrize("inode", ["freed", "wiped"])
def test_small_disk(inode: str, tmp: Path) -> None:
    """debugfs frees an inode and its blocks, but leaves the map in it; without an inode, nothing says whose the blocks were."""
    host = hosts.shop(tmp / "host")
    web, db = (hosts.container(host, name) for name in ("web", "db"))
    when = hosts.rfc3339(time.time_ns())
    web.log.write_text("".join(hosts.log_record(f"web says {number}\n", when) for number in range(200)))
    image = disks.make_ext4(tmp / "disk.raw", host.root, "64M", "-O", "^has_journal")
    log, copy = host.inside(web.log), host.inside(db.log) + ".copy"
    number = disks.inode(image, log)
    disks.debugfs(image, f"write {db.log} {copy}", f"rm {copy}", f"rm {log}")
    if inode == "wiped":
        disks.debugfs(image, f"clri <{number}>")
    before, after = launch.timeline(image), launch.timeline("--carve", image)
    assert b"web says" not in b"".join(before.lines)
    rows = [row for _, row in told(after) if "web says" in row["message_body"]]
    assert [row["message_body"] for row in rows] == [f"web says {number}\n" for number in range(200)]
    assert {row.get("container_name") for row in rows} == {"web" if inode == "freed" else None}
    assert all(("recovered" if inode == "freed" else "carved") in row["tag"] for row in rows)
    assert {row["confidence"] for row in rows} == {"exact" if inode == "freed" else "inferred"}
    assert sum("db ready" in row["message_body"] for _, row in told(after)) == 1, "its log still has that line"
