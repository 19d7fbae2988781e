# SPDX-License-Identifier: Apache-2.0
"""What a responder asks first, on hosts with known truth. Each question is answered by one command, whose output is read as
it is; each answer is what Docker said, or the recorded action."""
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import launch, machine, truth
from lib.reading import Row, joined, nanoseconds, short

CASES = ("overlay2-ext4", "overlay2-userns", "vfs-ext4", "docker29-ext4", "overlay2-rebooted")


class Asked:
    """A case, and what Docker said of it."""

    def __init__(self, case: str, image: Path) -> None:
        self.image, self.truth = image, machine.EVIDENCE / case / "truth"
        self.containers = truth.inspected(self.truth)

    def rows(self, *args: str) -> list[Row]:
        """The rows of the timeline with these options."""
        return [json.loads(line) for line in launch.product("jsonl", *args, self.image).splitlines()]

    def objects(self, *args: str) -> list[Row]:
        """The objects of another command."""
        done = launch.run("-q", "--json", *args, self.image)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def by_name(self, rows: list[Row]) -> dict[str, Row]:
        """Objects about the containers that Docker knew last."""
        known = {one["Id"] for one in self.containers}
        return {row["container_name"]: row for row in rows if row["container_identifier"] in known}


@pytest.fixture(params=CASES)
def asked(request: pytest.FixtureRequest, disk: Callable[..., Path]) -> Asked:
    """One of the cases."""
    return Asked(request.param, disk(request.param))


def name(container: Row) -> str:
    """Without its slash."""
    return container["Name"][1:]


def test_which_containers_are_there(asked: Asked) -> None:
    """Each, by name and ID, with the time at which it was created and its image."""
    told = asked.by_name(asked.objects("containers"))
    assert {name(one): (one["Id"], truth.iso_ns(one["Created"])) for one in asked.containers} == {
        key: (row["container_identifier"], truth.iso_ns(row["created"])) for key, row in told.items()}


def test_when_did_each_run(asked: Asked) -> None:
    """The last run began when Docker says so. Of a process that ended at once Docker may note the end first."""
    last = asked.by_name(asked.objects("runs"))           # in order of runs: the last one stays
    for one in asked.containers:
        started = truth.iso_ns(one["State"]["StartedAt"])
        if started:
            assert abs(truth.iso_ns(last[name(one)]["started"]) - started) < 10**8, name(one)


def test_what_did_the_privileged_container_do(asked: Asked) -> None:
    """Which is one: each, and no other."""
    wanted = {name(one) for one in asked.containers if one["HostConfig"]["Privileged"]}
    rows = asked.rows("--tag", "privileged")
    assert {row["container_name"] for row in rows if row["data_type"] == "container:exposure"} == wanted


def test_what_reaches_the_host(asked: Asked) -> None:
    """Each privileged container, and each with the socket of the engine, is a critical finding."""
    found = {row.get("container_name") for row in asked.objects("findings") if row["severity"] == "critical"}
    for one in asked.containers:
        socket = any(mount["Source"] == "/var/run/docker.sock" for mount in one["Mounts"])
        if one["HostConfig"]["Privileged"] or socket:
            assert name(one) in found, name(one)


def test_what_was_deleted(asked: Asked) -> None:
    """All that docker diff calls deleted, under the container's own path; the old name of a file may be renamed."""
    rows = asked.rows("--change", "deleted,renamed", "--role", "rw", "--no-atime")
    told = {(row["container_name"], row["filename"]) for row in rows}
    for one in asked.containers:
        said = (asked.truth / f"containers/{name(one)}.diff.txt").read_text().splitlines()
        assert {(name(one), line[2:]) for line in said if line.startswith("D ")} <= told, name(one)


def test_what_did_it_say(asked: Asked) -> None:
    """All lines of the log of the container that wrote the most, with times and streams."""
    case = truth.Case(asked.truth.parent, "clean", True)
    logs = {name(one): case.log_lines(name(one)) for one in asked.containers
            if one["HostConfig"]["LogConfig"]["Type"] in ("json-file", "local") and not one["State"]["Running"]}
    busiest = max(logs, key=lambda key: logs[key].total())
    rows = joined(asked.rows("-c", busiest, "--role", "log", "--kind", "docker:container:log:entry"))
    assert Counter((row["log_source"], nanoseconds(row), row.get("message_body", "")) for row in rows) == logs[busiest]


def test_which_image_is_it_made_of(asked: Asked) -> None:
    """By its ID, whatever its tag means now."""
    told = asked.by_name(asked.objects("containers"))
    images = {one["Id"] for one in truth.inspected(asked.truth, "images")}
    for one in asked.containers:
        if one["Image"] in images:                        # Docker 29 names the index or the manifest
            assert told[name(one)]["image_identifier"] == one["Image"], name(one)


def test_who_else_has_this_file(asked: Asked) -> None:
    """Containers of one image see the same file of it."""
    rows = asked.objects("who", "/bin/busybox")
    seen = {user["container_name"] for row in rows for user in row.get("containers", [])}
    assert {name(one) for one in asked.containers if one["Image"] in {r.get("image_identifier") for r in rows}} <= seen


def test_where_is_its_data(asked: Asked) -> None:
    """Which volumes it mounts, where."""
    told = {(row["volume_name"], user["container_name"], user["destination"]) for row in asked.objects("volumes")
            for user in row.get("users", [])}
    wanted = {(mount["Name"], name(one), mount["Destination"]) for one in asked.containers for mount in one["Mounts"]
              if mount["Type"] == "volume"}
    assert wanted <= told


def test_what_is_in_the_file(asked: Asked) -> None:
    """Byte for byte what the container saw: by the sums of its merged view."""
    one = next(one for one in asked.containers if (asked.truth / f"containers/{name(one)}.merged-clean.tsv").exists())
    lines = (asked.truth / f"containers/{name(one)}.merged-clean.tsv").read_text().lstrip("#").splitlines()
    names = lines[0].split("\t")
    entries = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    files = [entry for entry in entries if len(entry.get("sha256", "")) == 64 and "\\" not in entry["path"]]
    for entry in files[:2]:
        content = launch.run("-q", "cat", name(one), entry["path"], asked.image).stdout
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["path"]


def test_what_happened_in_the_last_ten_minutes(asked: Asked) -> None:
    """The latest recorded action is among it, and nothing that is older."""
    rows = [row for row in asked.rows("--last", "10m", "--no-atime") if "time_future" not in row["tag"]]
    times = [nanoseconds(row) for row in rows]
    last = max(action.after for action in truth.actions(asked.truth) if action.after)
    assert times and max(times) > last - 600 * 10**9
    assert all(time > max(times) - 1200 * 10**9 or "time_last" in row for time, row in zip(times, rows))


def test_which_identifiers_has_it(asked: Asked) -> None:
    """Its rw layer, by the path that docker inspect gives."""
    for one in asked.containers[:1]:
        card, = asked.objects("ids", name(one))
        upper = (one.get("GraphDriver", {}).get("Data") or {}).get("UpperDir")
        assert card["container_identifier"] == one["Id"] and short(one["Id"]) in short(card["container_identifier"])
        assert not upper or upper in json.dumps(card)
