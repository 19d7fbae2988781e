# SPDX-License-Identifier: Apache-2.0
"""Options that are about time: windows, zones of text output, a host whose clock was wrong."""
import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lib import hosts, launch, reading, sanitizers
from lib.launch import product, run

HOUR = 3600 * 10**9
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})(Z|[+-][\d:]+) ")


def times(rows: list[reading.Row]) -> list[int]:
    """Their exact times."""
    return [reading.nanoseconds(row) for row in rows]


# --- windows ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ["{t}±{d}", "{t}+-{d}", "{t} +- {d}", "{t},{d}"])
def test_around(form: str, sample: Path, sample_jsonl: reading.Timeline) -> None:
    """Both ends belong to it; the window is told in UTC."""
    middle = max(times(sample_jsonl.where(data_type="docker:container:log:entry")))
    when = hosts.rfc3339(middle)
    expected = [line for line, t in zip(sample_jsonl.lines, times(sample_jsonl.rows))
                if abs(t - middle) <= 1_500_000_000 and "time_last" not in json.loads(line)]
    assert 1 < len(expected) < len(sample_jsonl.lines)
    done = run("-f", "jsonl", sample, "--around", form.format(t=when, d="1.5s"))
    got = [line for line in done.stdout.splitlines(keepends=True) if "time_last" not in json.loads(line)]
    assert got == expected
    first, last = hosts.rfc3339(middle - 1_500_000_000), hosts.rfc3339(middle + 1_500_000_001)
    assert done.stderr.decode().splitlines()[0] == f"layertime: only rows from {first} until before {last}"
    assert run("-q", "--around", f"{when},1s", sample).stderr == b""


def test_forms_of_one_time(sample: Path, sample_jsonl: reading.Timeline) -> None:
    """However it is written, it is the same window."""
    when = max(times(sample_jsonl.where(data_type="docker:container:log:entry"))) // 10**9
    utc = datetime.fromtimestamp(when, timezone.utc)
    east = utc.astimezone(timezone(timedelta(hours=5, minutes=30)))
    forms = [f"@{when}", f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S}", f"{east:%Y-%m-%dT%H:%M:%S}+05:30",
             f"{east:%Y-%m-%d %H:%M:%S} +0530", f"{utc:%Y-%m-%d %H:%M:%S} UTC"]
    outputs = {product("jsonl", "--since", form, sample) for form in forms}
    assert len(outputs) == 1 and 0 < len(outputs.pop().splitlines()) < len(sample_jsonl.lines)


@pytest.mark.parametrize("args", [("--around", "2026-11-23"), ("--around", "2026-11-23,soon"), ("--around", ",1h"),
                                  ("--timezone", "Mars/Olympus"), ("--timezone", "../zoneinfo/UTC"),
                                  ("--timezone", ""), ("--clock-skew", "5"), ("--clock-skew", "--5s")], ids=" ".join)
def test_usage(args: tuple[str, str], sample: Path) -> None:
    """Exit 2 and a word about it."""
    done = run(*args, sample)
    assert done.returncode == 2 and done.stderr.startswith(b"layertime: ") and not done.stdout


# --- zones of text output ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_timezone(name: str, sample: Path) -> None:
    """The same lines, with other times that mean the same; Python's zone database says which."""
    plain, shown = (product("text", *args, sample).decode().splitlines() for args in ((), ("--timezone", name)))
    assert len(plain) == len(shown) > 100
    zone = ZoneInfo(name)
    for before, after in zip(plain, shown):
        local = datetime.fromisoformat(STAMP.match(before)[1] + "+00:00").astimezone(zone)
        if local.utcoffset().seconds % 60:            # Python's %z has no colons
            continue
        want = f"{local:%Y-%m-%dT%H:%M:%S}.{STAMP.match(before)[2]}{local.isoformat()[19:]} "
        assert after.startswith(want), (before, after)
        if "  not " not in before:
            assert before[before.index(" ") :] == after[after.index(" ") :]


@pytest.mark.parametrize("form", ["jsonl", "csv", "body", "l2tcsv"])
def test_timezone_is_for_text_alone(form: str, sample: Path) -> None:
    """All else stays UTC, whatever the environment says."""
    plain = product(form, sample)
    assert product(form, "--timezone", "Asia/Tokyo", sample) == plain
    assert run("-q", "-f", form, sample, env=sanitizers.environment(TZ="Asia/Tokyo", TZDIR="/nowhere")).stdout == plain


# --- a wrong clock ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, ahead", [("1h", HOUR), ("-1h30m", -HOUR * 3 // 2), ("+250ms", 250_000_000)])
def test_clock_skew(text: str, ahead: int, sample: Path, sample_jsonl: reading.Timeline, tmp: Path) -> None:
    """Times of the host's clock are corrected and say so; those of builders are not touched."""
    def key(row: reading.Row, moved: int) -> str:
        fixed = {k: v for k, v in row.items() if not re.match("date|timestamp(_ns)?$|time_|tag$|message$", k)}
        bounds = [reading.iso_nanoseconds(row[k]) + moved for k in ("time_first", "time_last") if k in row]
        return json.dumps([reading.nanoseconds(row) + moved, bounds, fixed], sort_keys=True)

    skewed = launch.timeline("--clock-skew", text, "--manifest", tmp / "manifest", sample)
    assert len(skewed.rows) == len(sample_jsonl.rows)
    for clock, moved in (("host", ahead), ("builder", 0)):
        before = sorted(key(row, 0) for row in sample_jsonl.where(clock=clock))
        after = sorted(key(row, moved) for row in skewed.where(clock=clock))
        assert before == after and before, clock
    assert all(("clock_skewed" in row["tag"]) == (row["clock"] == "host") for row in skewed.rows)
    assert json.loads((tmp / "manifest").read_text())["clock_skew_nanoseconds"] == ahead


def test_clock_skew_reaches_the_body_file(sample: Path) -> None:
    """Which takes events as they come."""
    def seconds(*args: str) -> list[tuple[str, list[int]]]:
        lines = product("body", *args, sample).decode().splitlines()
        return [(line.split("|")[1], [int(part) for part in line.split("|")[7:]]) for line in lines]

    pairs = list(zip(seconds(), seconds("--clock-skew", "1h")))
    rw = [(a, b) for (name, a), (_, b) in pairs if ":rw:" in name]
    image = [(a, b) for (name, a), (_, b) in pairs if re.match(r"i:.*:L\d+:/", name) and "(deleted)" not in name]
    assert rw and all(new == old - 3600 or new == old == 0 for a, b in rw for old, new in zip(a, b, strict=True))
    assert image and all(b == [*a[:2], a[2] - 3600, a[3] - 3600] for a, b in image if all(a))
