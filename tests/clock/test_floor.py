# SPDX-License-Identifier: Apache-2.0
"""Times that cannot be: of a clock that was behind, as that of a board without a battery, and of builders that write none.

What is right follows from the order of things: an image is built, comes here, gets a container, which starts and writes.
"""
import calendar
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from lib import reading
from lib.hosts import ZERO_TIME, Host, log_record
from lib.launch import run
from lib.nodes import Node, cri_line
from lib.reading import Row, Timeline

LINE, STEP, BUILD = "docker:container:log:entry", "container:clock:step", "docker:layer:configuration"
MOMENT, ARRIVAL = "docker:container:configuration", "container:image:registration"
BEHIND = "the host's clock was behind"
EPOCH = "1970-01-01T00:00:00Z"


@pytest.fixture
def host(tmp: Path) -> Host:
    """A host without images."""
    return Host(tmp / "host")


def image(host: Host, tag: str, steps: list[str | None], created: str | None, arrived: str = "") -> str:
    """An image of one layer whose steps have these times: None is none at all."""
    plain = host.meta / "imagedb/content/sha256" / host.image(tag, {"opt": {}})[7:]
    config = json.loads(plain.read_text()) | {"created": created, "history": [
        {"created": when, "created_by": f"step {n}", "empty_layer": n > 0} for n, when in enumerate(steps)]}
    for part in (config, *config["history"]):
        if part["created"] is None:
            del part["created"]
    plain.unlink()
    text = json.dumps(config)
    identity = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    path = plain.parent / identity[7:]
    host.write(path, text)
    host.repositories[tag.split(":")[0]] = {tag: identity}
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})
    if arrived:
        os.utime(path, ns=(seconds(arrived) * 10**9,) * 2)
    return identity


def seconds(when: str) -> int:
    """Since 1970, of "2026-01-02T03:04:05Z"."""
    return calendar.timegm(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ"))


def container(host: Host, identity: str, created: str, *lines: str, **state: Any) -> None:
    """A container of an image, created and started then, whose log has lines of these times."""
    host.container("web", identity, {}, "".join(log_record(f"{n}\n", when) for n, when in enumerate(lines)), Created=created,
                   State={"Running": False, "StartedAt": created, "FinishedAt": "2026-03-02T18:00:00Z"} | state)


def tagged(result: Timeline, kind: str) -> list[str]:
    """The times of the rows that say that the clock was behind."""
    rows = [row for row in result.where(data_type=kind) if any(BEHIND in fact for fact in row.get("facts", []))]
    assert all("time_anomaly" in row["tag"] for row in rows)
    return sorted(row["datetime"][:19] for row in rows)


def leaps(result: Timeline) -> list[tuple[str, str]]:
    """The steps of the clock, and whether they go back or ahead."""
    rows = sorted(result.where(data_type=STEP), key=reading.nanoseconds)
    assert all("clock_step" in row["tag"] and "time_anomaly" not in row["tag"] for row in rows)
    return [(row["datetime"][:19], row["facts"][0].split()[3]) for row in rows]


# --- a clock that was behind ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("began", ["1970-01-01T00:00:14.5Z", "2000-01-01T00:00:14Z", "2019-02-14T10:12:00Z",
                                   "2025-12-30T00:00:00Z"])
def test_container_older_than_its_image(began: str, host: Host) -> None:
    """Boards start in 1970, in 2000, when systemd was built, or when they were last shut down."""
    identity = image(host, "shop:1", ["2026-01-02T03:04:05Z"], "2026-01-02T03:04:05Z")
    container(host, identity, began, began, "2026-03-02T08:00:00Z", "2026-03-02T08:00:01Z")
    result = host.run()
    assert tagged(result, MOMENT) == [began[:19]] * 2 and tagged(result, LINE) == [began[:19]]
    assert leaps(result) == [("2026-03-02T08:00:00", "ahead")] and result.code == 0
    (row,) = (row for row in result.where(data_type=LINE) if row["datetime"].startswith(began[:19]))
    assert row["facts"] == ["before its image was built, 2026-01-02T03:04:05.000000000Z: the host's clock was behind"]


@pytest.mark.parametrize("built", [EPOCH, ZERO_TIME, None, "2026-01-02T03:04:05Z"])
def test_container_of_1970(built: str | None, host: Host) -> None:
    """Nobody had containers then, whatever is known of the image."""
    identity = image(host, "shop:1", [built], built)
    container(host, identity, "1970-01-01T00:00:14.5Z", "1970-01-01T00:00:15.1Z", "2026-03-02T08:00:00Z")
    result = host.run()
    assert len(tagged(result, MOMENT)) == 2 and len(tagged(result, LINE)) == 1
    assert leaps(result) == [("2026-03-02T08:00:00", "ahead")]


def test_start_after_a_power_loss(host: Host) -> None:
    """The container was created by a clock that was right. That it starts in 2024 again is known from its log alone."""
    identity = image(host, "shop:1", ["2023-01-02T03:04:05Z"], "2023-01-02T03:04:05Z")
    container(host, identity, "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z", "2024-06-07T08:09:10Z", "2024-06-07T08:09:11Z",
              "2026-03-02T08:00:00Z", StartedAt="2024-06-07T08:09:10Z")
    result = host.run()
    assert leaps(result) == [("2024-06-07T08:09:10", "back"), ("2026-03-02T08:00:00", "ahead")]
    assert tagged(result, LINE) == ["2024-06-07T08:09:10", "2024-06-07T08:09:11"]
    assert tagged(result, MOMENT) == ["2024-06-07T08:09:10"]


def test_leap_that_nothing_else_explains(host: Host) -> None:
    """Of the image no time is known. The container wrote its lines in one run, which no host does for seven years."""
    identity = image(host, "shop:1", [EPOCH], EPOCH)
    container(host, identity, "2019-02-14T10:12:00Z", "2019-02-14T10:12:01Z", "2026-03-02T08:00:00Z")
    assert leaps(host.run()) == [("2026-03-02T08:00:00", "ahead")]


def test_lines_older_than_their_container(host: Host) -> None:
    """By years: the lines before them, which were right, are not there any more."""
    identity = image(host, "shop:1", ["2014-01-02T03:04:05Z"], "2014-01-02T03:04:05Z")
    container(host, identity, "2026-03-01T08:00:00Z", "2019-02-14T10:12:00Z", "2026-03-02T08:00:00Z")
    result = host.run()
    assert tagged(result, LINE) == ["2019-02-14T10:12:00"] and leaps(result) == [("2026-03-02T08:00:00", "ahead")]


def test_image_that_came_before_it_was_built(host: Host) -> None:
    """By years: the clock was behind when it came. By days, the builder's may have been ahead, which its step says."""
    for tag, arrived in (("years:1", "2019-02-14T10:12:00Z"), ("days:1", "2026-01-01T00:00:00Z")):
        image(host, tag, ["2026-01-02T03:04:05Z"], "2026-01-02T03:04:05Z", arrived)
    result = host.run()
    assert tagged(result, ARRIVAL) == ["2019-02-14T10:12:00"]
    assert [row["tag"] for row in result.where(data_type=BUILD)] == [["time_anomaly"]] * 2


def test_log_of_a_pod(tmp: Path) -> None:
    """The same rule for logs of Kubernetes, whose image is not known here."""
    node = Node(tmp / "node")
    late = 1767323045 * 10**9
    node.log([cri_line("early", 15 * 10**9), cri_line("late", late), cri_line("later", late + 400 * 86400 * 10**9)])
    result = node.run()
    assert leaps(result) == [("2026-01-02T03:04:05", "ahead")]
    assert tagged(result, "cri:container:log:entry") == ["1970-01-01T00:00:15"]


# --- what is ordinary -------------------------------------------------------------------------------------------------

def is_calm(result: Timeline) -> bool:
    """No row is tagged for the clock."""
    return not any(BEHIND in fact for row in result.rows for fact in row.get("facts", [])) and not leaps(result)


def test_old_image_on_a_new_host(host: Host) -> None:
    """An image is older than its arrival and its containers, by years. So is a start, of a container that was stopped."""
    identity = image(host, "shop:1", ["2014-01-02T03:04:05Z"], "2014-01-02T03:04:05Z")
    container(host, identity, "2016-03-01T08:00:00Z", "2016-03-01T08:00:01Z", "2026-03-02T08:00:00Z",
              StartedAt="2026-03-02T07:59:59Z")
    assert is_calm(host.run())


def test_silent_container(host: Host) -> None:
    """It wrote nothing for two years."""
    identity = image(host, "shop:1", ["2014-01-02T03:04:05Z"], "2014-01-02T03:04:05Z")
    container(host, identity, "2024-03-01T08:00:00Z", "2024-03-01T08:00:01Z", "2026-03-02T08:00:00Z")
    assert is_calm(host.run())


def test_file_of_an_older_container(host: Host) -> None:
    """The births of a container's files are of now: a container that says that it is newer has files that were moved in."""
    identity = image(host, "shop:1", ["2014-01-02T03:04:05Z"], "2014-01-02T03:04:05Z")
    host.container("web", identity, {"moved": "x"}, Created="2056-03-01T08:00:00Z")
    assert is_calm(host.run())


def test_image_pulled_again(host: Host) -> None:
    """The container is older than the file of the image, which was written anew, but not than the image."""
    identity = image(host, "shop:1", ["2020-01-02T03:04:05Z"], "2020-01-02T03:04:05Z", "2026-03-01T00:00:00Z")
    container(host, identity, "2020-01-03T00:00:00Z", "2020-01-03T00:00:00Z", "2020-03-02T08:00:00Z")
    assert is_calm(host.run())


@pytest.mark.parametrize("built", ["2026-03-20T00:00:00Z", "2099-01-01T00:00:00Z", EPOCH, "1980-01-01T00:00:01Z", ZERO_TIME])
def test_builder_with_another_clock(built: str, host: Host) -> None:
    """His was ahead by some days, or he made the time up, or wrote none. Nothing of the host is wrong."""
    identity = image(host, "shop:1", [built], built, "2026-03-01T00:00:00Z")
    container(host, identity, "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z", "2026-03-02T08:00:01Z")
    assert is_calm(host.run())


def test_built_and_run_within_a_day(host: Host) -> None:
    """The clocks of builder and host differ by hours."""
    identity = image(host, "shop:1", ["2026-03-01T18:00:00Z"], "2026-03-01T18:00:00Z")
    container(host, identity, "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z", "2026-03-02T08:00:01Z")
    assert is_calm(host.run())


# --- steps without a time ---------------------------------------------------------------------------------------------

def steps_of(result: Timeline) -> dict[str, Row]:
    """The rows of build steps, by their commands."""
    return {row["command"]: row for row in result.where(data_type=BUILD)}


def bounds(row: Row) -> tuple[str, str]:
    """Both ends, to the second; "" is none."""
    return row.get("time_first", "")[:19], row.get("time_last", "")[:19]


@pytest.mark.parametrize("none", [None, "", ZERO_TIME, EPOCH, "1980-01-01T00:00:01Z"])
def test_step_between_others(none: str | None, host: Host) -> None:
    """Steps are listed in their order: its neighbours bound it, and both by the builder's clock."""
    image(host, "shop:1", ["2026-01-02T03:04:05Z", none, none, "2026-01-03T00:00:00Z"], "2026-01-03T00:00:00Z")
    result = host.run()
    for name in ("step 1", "step 2"):
        row = steps_of(result)[name]
        assert bounds(row) == ("2026-01-02T03:04:05", "2026-01-03T00:00:00") and result.code == 0
        assert (row["clock"], row["confidence"], row["datetime"][:19]) == ("builder", "bounded", "2026-01-03T00:00:00")
        assert row["witness"].endswith("#history[3].created")
        assert ("time_constant" in row["tag"]) == bool(none)


@pytest.mark.parametrize("none", [None, ZERO_TIME])
def test_steps_without_any_time(none: str | None, host: Host) -> None:
    """kaniko --reproducible, rules_oci: nothing but the arrival bounds them, and that is by the host's clock."""
    image(host, "shop:1", [none, none], none, "2026-03-01T00:00:00Z")
    result = host.run()
    assert len(steps_of(result)) == 2
    for row in steps_of(result).values():
        assert bounds(row) == ("", "2026-03-01T00:00:00") and row["witness"].endswith("#mtime")
        assert (row["clock"], row["confidence"]) == ("host", "bounded")


def test_steps_behind_those_of_the_base_image(host: Host) -> None:
    """jib writes 1970 for its own steps and the image. They come after the base image's, and before the arrival."""
    image(host, "shop:1", ["2026-01-02T03:04:05Z", EPOCH], EPOCH, "2026-03-01T00:00:00Z")
    row = steps_of(host.run())["step 1"]
    assert bounds(row) == ("2026-01-02T03:04:05", "2026-03-01T00:00:00")
    assert {"time_constant", "time_inferred"} <= set(row["tag"]) and row["clock"] == "builder"


def test_steps_that_bound_nothing(host: Host) -> None:
    """SOURCE_DATE_EPOCH puts a step before the one that it follows: that is a claim, and no upper bound of another."""
    image(host, "shop:1", ["2026-01-02T03:04:05Z", ZERO_TIME, "2020-01-01T00:00:00Z"], "2020-01-01T00:00:00Z",
          "2026-03-01T00:00:00Z")
    steps = steps_of(host.run())
    assert bounds(steps["step 1"]) == ("2026-01-02T03:04:05", "2026-03-01T00:00:00")
    assert bounds(steps["step 2"]) == ("", "") and steps["step 2"]["datetime"].startswith("2020-01-01")


def test_constant_that_nothing_contradicts(host: Host) -> None:
    """It stays the claim that it is."""
    image(host, "shop:1", [EPOCH, EPOCH, "2026-01-02T03:04:05Z"], EPOCH)
    for name in ("step 0", "step 1"):
        row = steps_of(host.run())[name]
        assert (row["confidence"], row["datetime"][:4], row["tag"]) == ("claimed", "1970", ["time_constant"])


@pytest.mark.parametrize("bad", ["yesterday", "2026-02-30T00:00:00Z", "12026-01-01T00:00:00Z"])
def test_damaged_time_of_a_step(bad: str, host: Host) -> None:
    """An error, and the step is there nevertheless."""
    image(host, "shop:1", ["2026-01-02T03:04:05Z", bad], "2026-01-03T00:00:00Z")
    result = host.run()
    assert result.code == 1 and [error["code"] for error in result.errors] == ["bad-time"]
    assert bounds(steps_of(result)["step 1"]) == ("2026-01-02T03:04:05", "2026-01-03T00:00:00")
    assert "time_constant" not in steps_of(result)["step 1"]["tag"]


def test_steps_without_bounds(host: Host, tmp: Path) -> None:
    """The arrival is of a clock that was not set, so it bounds nothing: no row, no error, but each is in the account."""
    image(host, "shop:1", [None, ZERO_TIME, None], None, "1970-01-01T00:00:09Z")
    result = host.run()
    assert result.code == 0 and not result.errors and not steps_of(result)
    done = run("-o", tmp / "out.txt", "--manifest", tmp / "manifest", host.root)
    counts = json.loads((tmp / "manifest").read_text())["sources"]["docker_image"]
    assert done.returncode == 0 and b"3 events are in no row" in done.stderr
    assert (counts["untimed"], counts["seen"]) == (3, 4) and counts["emitted"] == 1
    filtered = run("-o", tmp / "web.txt", "--role", "log", "--manifest", tmp / "second", host.root)
    counts = json.loads((tmp / "second").read_text())["sources"]["docker_image"]
    assert filtered.returncode == 0 and (counts["untimed"], counts["filtered"]) == (0, 4)


def test_hostile_number_of_steps(host: Host) -> None:
    """It takes no longer than its size."""
    image(host, "shop:1", ["2026-01-02T03:04:05Z", *[ZERO_TIME] * 30000], None)
    result = host.run()
    assert len(result.where(data_type=BUILD)) == 30001


# --- other events without a time --------------------------------------------------------------------------------------

@pytest.mark.parametrize("created", [ZERO_TIME, ""])
def test_container_without_a_creation(created: str, host: Host) -> None:
    """It was created before it started. If it never did, nothing says when."""
    identity = image(host, "shop:1", ["2026-01-02T03:04:05Z"], "2026-01-02T03:04:05Z")
    container(host, identity, created, StartedAt="2026-03-01T08:00:00Z")
    (row,) = (row for row in host.run().where(data_type=MOMENT) if row["action"] == "create")
    assert bounds(row) == ("", "2026-03-01T08:00:00") and row["confidence"] == "bounded"
    host.container("never", identity, {}, Created=created, State={"Running": False})
    result = host.run()
    assert not [row for row in result.where(data_type=MOMENT) if row["container_name"] == "never"] and result.code == 0
    assert [line.split()[-1] for line in result.stderr.splitlines() if line.startswith("docker_container ")] == ["1"]
