# SPDX-License-Identifier: Apache-2.0
"""What a terminal gets: lines that fit, colours, how far the run is, and two last lines."""
import json
import re
from pathlib import Path

import pytest
from lib import launch, reading
from lib.launch import on_terminal

SGR = re.compile(rb"\x1b\[[0-9;]*m")
ROWS = ["--change", "deleted,added,modified", "--role", "rw"]


@pytest.mark.parametrize("columns", [60, 80, 132, 200])
def test_lines_fit(columns: int, sample: Path) -> None:
    """No line is wider than the terminal. Each is there; the time, what was done and the end of the path stay."""
    lines = [SGR.sub(b"", line).decode() for line in on_terminal(columns, *ROWS, sample)]
    whole = launch.product("text", *ROWS, sample).decode().splitlines()
    assert len(lines) == len(whole) > 100 and max(map(len, lines)) <= columns
    for line, full in zip(lines, whole):
        assert line[:19] == full[:19] and full.split()[3] in line


def test_wide_and_files_are_whole(sample: Path, tmp: Path) -> None:
    """With --wide, and in a file, a line has all columns."""
    whole = launch.product("text", *ROWS, sample).splitlines()
    assert [SGR.sub(b"", line) for line in on_terminal(80, "--wide", *ROWS, sample)] == whole
    assert not on_terminal(80, *ROWS, "-o", tmp / "rows.txt", sample)
    assert (tmp / "rows.txt").read_bytes().splitlines() == whole


def test_colors_follow_changes(sample: Path) -> None:
    """Red for what was deleted, green for what was added, yellow for what was changed; nothing else is altered."""
    lines = on_terminal(400, *ROWS, sample)
    for line in lines:
        change = SGR.sub(b"", line).split()[3]
        assert line.startswith({b"deleted": b"\x1b[31m", b"added": b"\x1b[32m", b"modified": b"\x1b[33m"}[change])
        assert line.endswith(b"\x1b[0m") and len(SGR.findall(line)) == 2


def test_when_there_are_colors(sample: Path) -> None:
    """On a terminal, unless NO_COLOR is set or it is dumb; elsewhere only on request."""
    def colored(*args: str, **variables: str) -> bool:
        return any(SGR.search(line) for line in on_terminal(200, *args, *ROWS, sample, **variables))

    assert colored() and not colored(NO_COLOR="1") and not colored(TERM="dumb") and colored(NO_COLOR="")
    assert not colored("--color", "never") and colored("--color=always", NO_COLOR="1")
    assert not SGR.search(launch.product("text", *ROWS, sample))
    assert SGR.search(launch.product("text", "--color=always", *ROWS, sample))
    assert launch.run("--color", "mauve", sample).returncode == 2


def test_exposure_is_red_by_severity(sample: Path) -> None:
    """Critical ones stand out."""
    lines = launch.product("text", "--color=always", "--tag", "exposure", sample).splitlines()
    assert lines and all(line.startswith(b"\x1b[1;31m") == (b"#severity_critical" in line) for line in lines)


def test_summary(sample: Path, sample_jsonl: reading.Timeline) -> None:
    """Rows, containers, errors, the first and the last event; what was left out. Not with -q, not for tables."""
    done = launch.run("-f", "jsonl", "--role", "log", sample)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    times = [row["datetime"][:19] + "Z" for row in rows]
    first, last = done.stderr.decode().splitlines()[-2:]
    containers = len(launch.objects("containers", sample))
    assert first == (f"layertime: {len(rows)} rows, {containers} containers, 0 errors; events from {times[0]} to {times[-1]}")
    foreign = "lines of host logs that tell of no container and no daemon; blocks that no file owns (--carve)"
    assert re.fullmatch(rf"layertime: left out: \d+ events; \d+ {re.escape(foreign)}", last)
    *account, last = launch.run("--binds", "--stats", sample).stderr.decode().splitlines()
    others = next(line.split()[3] for line in account if line.startswith("host_log"))
    assert last == f"layertime: left out: nothing; {others} {foreign}"
    assert not launch.run("-q", sample).stderr and not launch.run("images", sample).stderr


def test_summary_counts_errors_and_what_has_no_time(sample: Path, tmp: Path) -> None:
    """The numbers are those of the account."""
    done = launch.run("--stats", "-f", "body", "--no-deleted", "-o", tmp / "x.body", sample)
    text = done.stderr.decode()
    rows = int(re.search(r"(\d+) rows written", text)[1])
    assert f"layertime: {rows} rows, " in text


def test_progress_for_programs(sample: Path) -> None:
    """One JSON object a line; on a pipe there is none unless it is asked for."""
    done = launch.run("--progress", "json", "-q", "-f", "jsonl", sample)
    objects = [json.loads(line) for line in done.stderr.splitlines()]
    assert objects and all({"stage", "entries", "rate"} <= set(item) for item in objects)
    assert b"\r" not in launch.run("-f", "jsonl", sample).stderr
    assert launch.run("--progress", "loud", sample).returncode == 2
