# SPDX-License-Identifier: Apache-2.0
"""`layertime runs`: against what the daemons themselves reported while they ran, and on small hosts whose witnesses are
incomplete."""
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest
from lib import launch, machine
from lib.hosts import Host, container, log_record, rfc3339
from lib.reading import Row

SECOND = 10**9
NOON = 1_700_000_000 * SECOND                         # 2023-11-14T22:13:20Z
REPORTED = ("docker29-ext4", "intrusion", "overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4")
# How much later than a process an event may be: the daemon of this case was slow.
LATE = {"intrusion": 10 * SECOND}


def nanos(text: str) -> int:
    """A time as the program writes it."""
    whole, _, fraction = text.removesuffix("+00:00").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * SECOND + int(fraction.ljust(9, "0"))


def runs(root: Path, name: str | None = None) -> list[Row]:
    """The runs of a container, or all, without those that are none."""
    done = launch.run("-q", "--json", "runs", root)
    assert done.returncode in (0, 1), done.stderr.decode()  # a journal that had to be replayed is an error
    return [row for row in json.loads(done.stdout) if "run" in row and name in (None, row.get("container_name"))]


def reported(case: str) -> dict[str, list[list]]:
    """Start, end and exit code of each run that `docker events` told."""
    path, found = machine.EVIDENCE / case / "truth/docker-events.jsonl", defaultdict(list)
    if not path.exists():
        pytest.skip(f"no evidence at {path} (LAYERTIME_EVIDENCE)")
    for event in map(json.loads, path.read_text().splitlines()):
        if event["Type"] == "container" and event["Action"] == "start":
            found[event["Actor"]["ID"]].append([event["timeNano"], None, None])
        if event["Type"] == "container" and event["Action"] == "die":
            found[event["Actor"]["ID"]][-1][1:] = event["timeNano"], int(event["Actor"]["Attributes"]["exitCode"])
    return found


@pytest.mark.parametrize("case", REPORTED)
@pytest.mark.parametrize("state", ["clean", "poweroff"])
def test_runs_are_those_that_the_daemon_reported(case: str, state: str, disk) -> None:
    """All of them and no others, with the times at most seconds away; exit codes where they are known."""
    truth, ours, late = reported(case), defaultdict(list), LATE.get(case, SECOND)
    for row in runs(disk(case, state)):
        ours[row["container_identifier"]].append(row)
    assert ours.keys() == truth.keys()
    for name, wanted in truth.items():
        rows = ours[name]
        if case == "overlay2-rebooted" and len(rows) > len(wanted):  # started at boot, before anybody listened
            assert nanos(rows[-1]["started"]) > wanted[-1][0]
        else:
            assert len(rows) == len(wanted), name
        for (start, end, code), row in zip(wanted, rows):
            if "started" in row:
                assert -SECOND // 2 < start - nanos(row["started"]) < late, (name, row)
            if end:
                assert abs(end - nanos(row["ended"])) < late, (name, row)
                assert nanos(row.get("ended_first", row["ended"])) <= end, (name, row)
                assert row.get("exit_code", code) == code
            assert "running" not in row or end is None


def test_the_backup_ran_five_times(disk) -> None:
    """Only the last run is in the configuration: the host's log tells the others, and those of what was removed."""
    rows = runs(disk("intrusion"))
    backup = [row for row in rows if row.get("container_name") == "shop-backup-1"]
    assert [(row["run"], row["runs"]) for row in backup] == [(n, 5) for n in range(1, 6)]
    assert [row.get("exit_code") for row in backup] == [None] * 4 + [0]
    assert {row["started_by"] for row in backup[:4]} == {"connecting to shim"}
    assert all("start between" in " ".join(row["notes"]) for row in backup[:4])
    removed = {row["container_identifier"][:12]: row for row in rows if row["container_identifier"][:2] in ("b9", "a3")}
    short = removed["b9c20c6ce772"]                     # deleted records tell, which are nearer than the lines of the daemon
    assert short["started_by"] == "its configuration" and short["started"] < "2026-11-25T09:12:44.42" < short["ended"] + "Z"
    assert removed["b9c20c6ce772"]["ended"].startswith("2026-11-25T09:12:44")
    truth = json.loads((machine.EVIDENCE / "intrusion/truth/removed/practical_bell.inspect.json").read_bytes())[0]
    assert removed["a33e612ca0b7"]["started"][:27] == truth["State"]["StartedAt"][:27]


def test_cri_and_containerd(disk) -> None:
    """What runs is said where it is known, and nothing of a container that never ran."""
    rows = launch.objects("runs", disk("containerd-ext4"))
    assert {row["container_name"] for row in rows if "run" not in row} == {"elder"}
    rows = {row["container_identifier"]: row for row in runs(disk("containerd-cri-ext4"))}
    done = next(row for name, row in rows.items() if name.startswith("ac9d4106671d"))
    assert (done["exit_code"], done["ended_by"]) == (39, "its CRI status")
    topaz = next(row for name, row in rows.items() if name.startswith("2799f982ff94"))
    assert topaz["started_by"] == "the link to its log" and topaz["ended_by"] == "shim disconnected"
    assert topaz["ended_first"] < "2026-11-23T17:47:10.668537318" < topaz["ended_last"]


# --- small hosts ------------------------------------------------------------------------------------------------------

@pytest.fixture
def host(tmp: Path) -> Host:
    """A host with an image."""
    made = Host(tmp / "host")
    made.write(made.root / "etc/hostname", "dock01\n")
    made.image("i:1", {"a": "1"})
    return made


def add(host: Host, lines: list[tuple[int, str]], log: Sequence[int] = (), state: dict | None = None) -> list[Row]:
    """The runs of a container with these lines of the daemon's log, these of its own, and this state."""
    made = host.container("web", host.image("i:1b", {"a": "1"}), log="".join(
        log_record("x\n", rfc3339(NOON + at * SECOND)) for at in log))
    made.change(Created=rfc3339(NOON), State={"Running": False, "Pid": 0} | (state or {}))
    host.write(host.root / "var/log/syslog", "".join(
        f"{datetime.fromtimestamp(NOON // SECOND + at, timezone.utc):%b %e %H:%M:%S} dock01 dockerd[9]: "
        f'time="{rfc3339(NOON + at * SECOND)}" level=info msg="{text}" id={made.id}\n' for at, text in lines))
    return runs(host.root, "web")


def spans(rows: list[Row]) -> list[tuple[int | None, int | None]]:
    """Starts and ends in seconds since noon."""
    return [tuple((nanos(row[key]) - NOON) // SECOND if key in row else None for key in ("started", "ended"))
            for row in rows]


def test_lines_make_runs(host: Host) -> None:
    """Several lines of one start or end are one; what is written late belongs to the run that ended."""
    rows = add(host, [(100, "starting signal loop"), (101, "connecting to shim"),
                      (200, "ignoring event topic=/tasks/delete"), (201, "shim disconnected"),
                      (202, "cleaning up after shim disconnected"),
                      (400, "starting signal loop"), (500, "shim disconnected")], log=[150, 202, 450])
    assert spans(rows) == [(101, 200), (400, 500)]
    assert [(row["started_by"], row["ended_by"]) for row in rows] == [
        ("connecting to shim", "ignoring event"), ("starting signal loop", "shim disconnected")]
    assert nanos(rows[0]["ended_first"]) == NOON + 150 * SECOND
    assert "after a gap of 0 d 00:03:20" in rows[1]["notes"]


def test_long_logs_are_thinned_out(host: Host) -> None:
    """What is kept of 70 000 lines bounds an end among them to seconds, and no start is lost."""
    rows = add(host, [(100, "starting signal loop"), (70_001, "shim disconnected"), (70_003, "starting signal loop")],
               log=[*range(102, 140_000, 2)])
    assert [span[0] for span in spans(rows)] == [100, 70_003]
    assert 0 < 70_001 * SECOND - (nanos(rows[0]["ended_first"]) - NOON) <= 4 * SECOND
    assert nanos(rows[1]["last_seen"]) == NOON + 139_998 * SECOND


def test_an_end_that_nobody_witnesses(host: Host) -> None:
    """It lies between the last sign of life and the next start."""
    rows = add(host, [(100, "starting signal loop"), (900, "starting signal loop"), (950, "shim disconnected")],
               log=[110, 130])
    assert spans(rows) == [(100, None), (900, 950)]
    assert [nanos(rows[0][key]) - NOON for key in ("ended_first", "ended_last")] == [130 * SECOND, 900 * SECOND]
    assert any("end not witnessed: between" in note for note in rows[0]["notes"])


def test_a_start_that_nobody_witnesses(host: Host) -> None:
    """A line of its log is a sign of life, an end one of a run; both bound a start that is unknown."""
    rows = add(host, [(200, "shim disconnected")], log=[150, 700])
    assert spans(rows) == [(None, 200), (None, None)]
    assert [nanos(rows[0][key]) - NOON for key in ("started_first", "started_last")] == [0, 150 * SECOND]
    assert [nanos(rows[1][key]) - NOON for key in ("started_first", "started_last")] == [200 * SECOND, 700 * SECOND]


def test_state(host: Host) -> None:
    """The state is more exact than lines, and holds the exit code of the last run alone."""
    rows = add(host, [(100, "starting signal loop"), (200, "shim disconnected"), (300, "starting signal loop"),
                      (400, "shim disconnected")],
               state={"StartedAt": rfc3339(NOON + 302 * SECOND), "FinishedAt": rfc3339(NOON + 399 * SECOND),
                      "ExitCode": 7})
    assert spans(rows) == [(100, 200), (302, 399)]
    assert [row.get("exit_code") for row in rows] == [None, 7]
    assert "started_first" not in rows[1] and "ended_last" not in rows[1]


def test_the_end_of_a_running_container_is_that_of_the_run_before(host: Host) -> None:
    """So is the exit code, which is not known any more."""
    rows = add(host, [], state={"Running": True, "Pid": 5, "StartedAt": rfc3339(NOON + 300 * SECOND), "ExitCode": 0,
                                "FinishedAt": rfc3339(NOON + 250 * SECOND)})
    assert spans(rows)[0] == (None, 250) and spans(rows)[1][0] == 300
    assert all("exit_code" not in row for row in rows)


def test_a_process_that_ended_at_once(host: Host) -> None:
    """The daemon notes the start after the end: one run, not two."""
    rows = add(host, [(300, "starting signal loop")],
               state={"StartedAt": rfc3339(NOON + 301 * SECOND), "FinishedAt": rfc3339(NOON + 300 * SECOND + 5),
                      "ExitCode": 1})
    assert len(rows) == 1 and rows[0]["exit_code"] == 1 and nanos(rows[0]["started"]) <= nanos(rows[0]["ended"])


def test_no_run_and_the_table(host: Host) -> None:
    """A container that never ran has a line, too."""
    assert add(host, []) == []
    table = launch.run("runs", host.root).stdout.decode()
    assert table.splitlines()[0].split()[:4] == ["NAME", "ID", "RUN", "STARTED"]
    assert container(host, "web").id[:12] in table and "no run is witnessed" in table
