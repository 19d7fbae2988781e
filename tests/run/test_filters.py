# SPDX-License-Identifier: Apache-2.0
"""The options that choose rows: each output is what the whole one has of such rows, in the same order."""
import fnmatch
import json
from pathlib import Path

import pytest
from lib import hosts, launch, reading


def keep(rows: list[bytes], wanted) -> list[bytes]:
    """The lines whose row is wanted."""
    return [line for line in rows if wanted(json.loads(line))]


@pytest.fixture(scope="module")
def sharers(sample: Path, session_dir: Path) -> dict[str, list[str]]:
    """All who use a layer or a volume, of which rows show the first, by the manifest."""
    launch.run("-q", "--manifest", session_dir / "users", "-o", session_dir / "users.body", sample)
    roots = json.loads((session_dir / "users").read_text())["evidence"][0]["roots"]
    return {item.get("layer_identifier") or item["volume_name"]: item["used_by_containers"]
            for root in roots for item in root["layer_users"] + root["volume_users"]}


def of_container(pattern: str, sharers: dict[str, list[str]]):
    """Filter by what the rows themselves say: owner, or one of the users of a shared layer or volume."""
    def wanted(row: dict, names: dict[str, str]) -> bool:
        shared = sharers.get(row.get("layer_identifier") or row.get("volume_name"), []) if "used_by_containers" in row else []
        ids = [row["container_identifier"]] if "container_identifier" in row else shared
        return any(cid.startswith(pattern) or fnmatch.fnmatchcase(names.get(cid, ""), pattern) for cid in ids)
    return wanted


@pytest.mark.parametrize("pattern", ["amber", "c*", "*", "[a-d]*", "?????"])
def test_filter_by_container(pattern: str, sample: Path, sample_jsonl, sharers) -> None:
    """By name or pattern: the container's own rows, and those of the layers and volumes that it uses."""
    names = {row["container_identifier"]: row["container_name"] for row in sample_jsonl.rows if "container_name" in row}
    wanted = keep(sample_jsonl.lines, lambda row: of_container(pattern, sharers)(row, names))
    assert wanted and launch.timeline("-c", pattern, sample).lines == wanted
    assert {json.loads(line)["layer_role"] for line in wanted} >= {"rw", "image", "config"}


@pytest.mark.parametrize("digits", [64, 12, 6])
def test_filter_by_container_id(digits: int, sample: Path, sample_jsonl, sharers) -> None:
    """By ID or its first digits."""
    cid = sample_jsonl.where(container_name="amber")[0]["container_identifier"]
    wanted = keep(sample_jsonl.lines, lambda row: of_container(cid[:digits], sharers)(row, {}))
    assert wanted and launch.timeline("-c", cid[:digits], sample).lines == wanted


@pytest.mark.parametrize("roles", ["rw", "image", "init", "volume", "config", "log", "rw,log", "volume,config,host",
                                   "rw,image,init,volume,config,log,host"])
def test_filter_by_role(roles: str, sample: Path, sample_jsonl) -> None:
    """The roles given and no other."""
    wanted = keep(sample_jsonl.lines, lambda row: row["layer_role"] in roles.split(","))
    assert wanted and launch.timeline("--role", roles, sample).lines == wanted


def bounds(row: dict) -> tuple[int, int]:
    """When the event was at the earliest and at the latest. Where one bound is unknown, nothing is too early or late."""
    if row["confidence"] == "exact" or not {"time_first", "time_last"} & row.keys():
        return (reading.nanoseconds(row),) * 2
    first, last = (reading.iso_nanoseconds(row[key]) if key in row else None for key in ("time_first", "time_last"))
    return (-2**80 if first is None else first), (2**80 if last is None else last)


MIDDLE = 1795455955


@pytest.mark.parametrize("since, until", [(f"@{MIDDLE}", None), (None, f"@{MIDDLE}"), (f"@{MIDDLE}", f"@{MIDDLE + 5}"),
                                          ("2026-11-23T17:45:55Z", "2026-11-23T17:46:00.5Z"),
                                          ("1960-01-01", "1970-01-01"), ("@-1", "@1"),
                                          ("2026-11-23T18:45:55+01:00", None), ("2100-01-01", None),
                                          (f"@{MIDDLE + 5}", f"@{MIDDLE}")])
def test_filter_by_time(since: str | None, until: str | None, sample: Path, sample_jsonl) -> None:
    """At or after --since, before --until; an interval counts where it overlaps."""
    from datetime import datetime, timezone

    def seconds(text: str) -> float:
        if text[0] == "@":
            return int(text[1:])
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()

    first = int(seconds(since) * 1000) * 10**6 if since else -2**70
    last = int(seconds(until) * 1000) * 10**6 if until else 2**70
    wanted = keep(sample_jsonl.lines, lambda row: bounds(row)[1] >= first and bounds(row)[0] < last)
    args = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    result = launch.timeline(*args, sample)
    assert result.code == 0 and result.lines == wanted


def test_filter_by_age(shop: hosts.Host) -> None:
    """An age counts back from now: all of the files' kernel times are of this minute."""
    rows = shop.run("--since", "3d").rows
    assert rows == [row for row in shop.run().rows if row["clock"] == "host" or row["data_type"] == "fs:stat"]
    assert rows and shop.run("--until", "3d").rows


def test_filters_combine(sample: Path, sample_jsonl, sharers) -> None:
    """All must agree."""
    names = {row["container_identifier"]: row["container_name"] for row in sample_jsonl.rows if "container_name" in row}
    wanted = keep(sample_jsonl.lines, lambda row: row["layer_role"] in ("rw", "log")
                  and of_container("c*", sharers)(row, names) and bounds(row)[1] >= MIDDLE * 10**9)
    args = ("-c", "c*", "--role", "rw,log", "--since", f"@{MIDDLE}")
    assert wanted and launch.timeline(*args, sample).lines == wanted


def test_filters_of_the_body_file(sample: Path) -> None:
    """A record stays when one of its times is wanted, with all its times."""
    def wanted(line: bytes) -> bool:
        return any(MIDDLE <= int(time) < MIDDLE + 3 for time in line.split(b"|")[7:])
    full = launch.product("body", sample).splitlines()
    some = launch.product("body", "--since", f"@{MIDDLE}", "--until", f"@{MIDDLE + 3}", sample).splitlines()
    assert some and some == list(filter(wanted, full))
