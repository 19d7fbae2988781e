# SPDX-License-Identifier: Apache-2.0
"""Clocks and zones beside the host's: what containers were set to, what their applications wrote, where times do not fit."""
import json
import os
import re
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lib import hosts, launch, machine, reading, truth
from lib.hosts import Host, log_record, rfc3339

CLOCK, APP, STEP = "container:log:clock", "container:log:application", "container:clock:step"
LINE = "docker:container:log:entry"
BASE = 1767323045 * 10**9 + 123456789                 # 2026-01-02T03:04:05.123456789Z
DATABASE = Path("/usr/share/zoneinfo")


@pytest.fixture
def host(tmp: Path) -> Host:
    """A host in Berlin; its image has the rules of Tokyo, and UTC as its own zone."""
    made = Host(tmp / "host")
    hosts.write_tree(os.fsencode(made.root), {
        "etc/localtime": ("link", "../usr/share/zoneinfo/Europe/Berlin"), "etc/timezone": "Europe/Berlin\n",
        "usr/share/zoneinfo/Europe/Berlin": (DATABASE / "Europe/Berlin").read_bytes(),
        "usr/share/zoneinfo/America/Lima": (DATABASE / "America/Lima").read_bytes()})
    made.tag = made.image("shop:1", {"etc": {"localtime": (DATABASE / "UTC").read_bytes(), "timezone": "Etc/UTC\n"},
                                     "usr": {"share": {"zoneinfo": {"Asia": {
                                         "Tokyo": (DATABASE / "Asia/Tokyo").read_bytes()}}}}}, {"opt": {}})
    return made


def config(*env: str, **state: Any) -> dict[str, Any]:
    """Changes to a container's configuration."""
    changes: dict[str, Any] = {"Config": {"Image": "shop:1", "Labels": {}, "Env": list(env)}}
    if state:
        changes["State"] = {"Running": False, "StartedAt": rfc3339(BASE), "FinishedAt": rfc3339(BASE + 10**12)} | state
    return changes


def log_of(zone: str | None, behind: list[float], form: str = "%Y-%m-%d %H:%M:%S", **more: Any) -> str:
    """A log of lines that came so many seconds after the times they name."""
    text = ""
    for number, seconds in enumerate(behind):
        host = BASE + number * 5 * 10**9
        local = datetime.fromtimestamp((host - int(seconds * 10**9)) // 10**9, ZoneInfo(zone) if zone else timezone.utc)
        text += log_record(f"{local:{form}} served\n", rfc3339(host), **more)
    return text


def clock_row(result: reading.Timeline, name: str = "web") -> reading.Row:
    """The only row about the clock of a container's applications."""
    rows = result.where(data_type=CLOCK, container_name=name)
    assert len(rows) == 1, rows
    return rows[0]


def facts(row: reading.Row) -> str:
    """All its facts, a line each."""
    return "\n".join(json.loads(row["facts"]) if isinstance(row["facts"], str) else row["facts"])


# --- the evidence set -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-xfs", "aufs-synthetic", "deleted-synthetic"])
def test_zones_of_the_evidence(case: str, evidence: Callable[..., Path], tmp: Path) -> None:
    """What readme.md says about zones is what is found, and what the containers' applications showed."""
    result = launch.timeline("--manifest", tmp / "manifest", evidence(case))
    roles = dict(line.split("\t") for line in (machine.EVIDENCE / case / "truth/roles.tsv").read_text().splitlines()[1:])
    root = json.loads((tmp / "manifest").read_text())["evidence"][0]["roots"][0]
    assert (root["time_zone"], root["time_zone_by"]) == ("Europe/Berlin", "/etc/localtime")
    assert "time_zone_conflict" not in root
    zones = {zone["container_identifier"]: zone["time_zone"] for zone in root["container_zones"]}
    for role, name, by, offset in (("ZONED", "Asia/Tokyo", "TZ in Config.Env", "UTC+09:00"),
                                   ("LTIME", "America/New_York", "/etc/localtime of the container", "UTC-05:00")):
        if role not in roles:
            assert (case, role) == ("overlay2-xfs", "LTIME")
            continue
        row = clock_row(result, roles[role])
        assert row["action"] == "zone confirmed" and row["tag"] == ["app_clock"]
        assert f"the container's zone is {name} by {by}" in facts(row) and offset in facts(row)
        assert zones[row["container_identifier"]] == name
    lines = result.where(data_type=LINE, container_name=roles["ZONED"])
    assert f"{len(lines)} lines with local times, UTC+09:00" in facts(clock_row(result, roles["ZONED"]))
    for line in lines:
        local = re.match(r"(\S+) (\S+) ", line["message_body"])
        assert line["facts"] == [f"application time {local[1]}T{local[2]}+09:00 by the container's zone"]


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4"])
def test_nothing_is_suspected_without_a_reason(case: str, disk: Callable[..., Path]) -> None:
    """The clocks of these hosts never stepped, and no application's clock was wrong."""
    result = launch.timeline(disk(case))
    assert not result.where(data_type=STEP)
    assert not [row for row in result.rows if row["data_type"] in (CLOCK, LINE) and "time_anomaly" in row["tag"]]


# --- zones of containers ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("env, tree, offset, by", [
    (["TZ=Asia/Tokyo"], {}, "+09:00", "Asia/Tokyo by TZ in Config.Env"),
    (["TZ=:Asia/Tokyo"], {}, "+09:00", "Asia/Tokyo by TZ in Config.Env"),
    (["TZ=/usr/share/zoneinfo/Asia/Tokyo"], {}, "+09:00", "Asia/Tokyo by TZ in Config.Env"),
    (["TZ=<-03>3"], {}, "-03:00", "<-03>3 by TZ in Config.Env"),
    (["TZ="], {}, "+00:00", "UTC by TZ in Config.Env"),
    (["TZ=America/Lima"], {}, "-05:00", "those of the host's database"),
    ([], {}, "+00:00", "Etc/UTC by /etc/localtime of the container"),
    ([], {"etc": {"localtime": ("link", "/usr/share/zoneinfo/Asia/Tokyo")}}, "+09:00", "Asia/Tokyo by /etc/localtime"),
    ([], {"etc": {"localtime": ("link", "../usr/share/zoneinfo/Asia/Tokyo")}}, "+09:00", "Asia/Tokyo by /etc/localtime"),
    ([], {"etc": {"localtime": ("link", "../../zones/Asia/Tokyo")}, "zones": ("link", "usr/share/zoneinfo")}, "+09:00",
     "Asia/Tokyo by /etc/localtime of the container"),
    ([], {"etc": {"localtime": hosts.WHITEOUT, "timezone": "Asia/Tokyo\n"}}, "+09:00", "by /etc/timezone"),
    ([], {"etc": {"localtime": hosts.WHITEOUT, "timezone": hosts.WHITEOUT}}, "+00:00", "no TZ and no /etc/localtime"),
    ([], {"etc": {"localtime": ("link", "/etc/localtime")}}, "+00:00", "Etc/UTC by /etc/timezone"),
], ids=str)
def test_zone_of_a_container(env: list[str], tree: dict, offset: str, by: str, host: Host) -> None:
    """TZ, then its merged /etc/localtime, then /etc/timezone; times without a zone are placed by it."""
    host.container("web", host.tag, tree, log_record("2026-01-02 03:04:05 x\n", rfc3339(BASE)), **config(*env))
    result = host.run("--app-times")
    row, line = clock_row(result), result.where(data_type=LINE)[0]
    assert by in facts(row)
    doubt = ", about which its files disagree" if "zones disagree" in facts(row) else ""
    assert bool(doubt) == ("Tokyo by /etc/localtime" in facts(row))  # the image's /etc/timezone still says Etc/UTC
    assert line["facts"] == [f"application time 2026-01-02T03:04:05{offset} by the container's zone{doubt}"]
    (app,) = result.where(data_type=APP)
    assert app["datetime"] == datetime.fromisoformat(f"2026-01-02T03:04:05{offset}").astimezone(
        timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
    assert (app["clock"], app["confidence"], line["clock"]) == ("application", "claimed", "host")


@pytest.mark.skipif(not machine.IS_ROOT, reason="trusted attributes need root")
def test_opaque_directory_hides_the_image(host: Host) -> None:
    """rm -r /etc; mkdir /etc: the image's zone does not show through it."""
    web = host.container("web", host.tag, {"etc": {"conf": "x"}}, log_of("UTC", FAST), **config())
    os.setxattr(web.rw / "diff/etc", "trusted.overlay.opaque", b"y")
    assert "no TZ and no /etc/localtime" in facts(clock_row(host.run()))


def test_bind_of_the_hosts_zone(host: Host) -> None:
    """-v /etc/localtime:/etc/localtime, which hides the image's own."""
    host.container("web", host.tag, {}, log_of("Europe/Berlin", [0.2]), **config(),
                   MountPoints={"/etc/localtime": {"Type": "bind", "Source": "/etc/localtime", "RW": False,
                                                   "Destination": "/etc/localtime"}})
    row = clock_row(host.run())
    assert row["action"] == "zone confirmed"
    assert "Europe/Berlin by bind of /etc/localtime" in facts(row)


def test_damaged_zone_file(host: Host) -> None:
    """It is told, and the next witness counts."""
    web = host.container("web", host.tag, {"etc": {"localtime": b"TZif2 and no more"}}, log_of("UTC", [0]), **config())
    result = host.run()
    assert result.code == 1 and result.error()["path"] == host.inside(web.rw / "diff/etc/localtime")
    assert "by /etc/timezone" in facts(clock_row(result))


# --- zone of the host -------------------------------------------------------------------------------------------------

def host_zone(host: Host, tmp: Path) -> dict[str, str]:
    """What the manifest says about it."""
    launch.run("-q", "--manifest", tmp / "manifest", "-o", tmp / "o.txt", "--force", host.root)
    root = json.loads((tmp / "manifest").read_text())["evidence"][0]["roots"][0]
    return {key: value for key, value in root.items() if key.startswith("time_zone")}


def test_zone_of_the_host(host: Host, tmp: Path) -> None:
    """A link, its bytes, or a name: and they are checked against each other."""
    assert host_zone(host, tmp) == {"time_zone": "Europe/Berlin", "time_zone_by": "/etc/localtime"}
    (host.root / "etc/timezone").write_text("Asia/Tokyo\n")
    zone = host_zone(host, tmp)
    assert zone["time_zone"] == "Europe/Berlin"
    assert zone["time_zone_conflict"] == "/etc/localtime is Europe/Berlin, but /etc/timezone says Asia/Tokyo"
    (host.root / "etc/localtime").unlink()
    assert host_zone(host, tmp) == {"time_zone": "Asia/Tokyo", "time_zone_by": "/etc/timezone"}


def test_offsets_of_the_daemon(host: Host, tmp: Path) -> None:
    """Health probes and lastUpdated are written in the host's zone: they confirm it, contradict it, or replace it."""
    def probe(start: str) -> None:
        host.container(f"c{len(list(host.data.glob('containers/*')))}", host.tag, {}, None, **config(
            Health={"Status": "healthy", "FailingStreak": 0, "Log": [{"Start": start, "End": start}]}))

    probe("2026-01-02T04:04:05.5+01:00")
    assert host_zone(host, tmp) == {"time_zone": "Europe/Berlin", "time_zone_by": "/etc/localtime"}
    updated = host.meta / "imagedb/metadata/sha256" / host.tag[7:] / "lastUpdated"
    host.write(updated, "2026-07-02T04:04:05.5+01:00")  # in summer it is +02:00
    assert host_zone(host, tmp)["time_zone_conflict"] == (
        "the host's zone Europe/Berlin means +02:00, but the daemon wrote +01:00 at 2026-07-02T03:04:05Z in "
        + host.inside(updated))
    done = launch.run("-o", tmp / "p.txt", host.root)
    assert b"the daemon wrote +01:00" in done.stderr and done.returncode == 0
    for name in ("localtime", "timezone"):
        (host.root / "etc" / name).unlink()
    assert host_zone(host, tmp) == {"time_zone": "UTC+01:00", "time_zone_by": "State.Health.Log.Start"}


# --- clocks of applications -------------------------------------------------------------------------------------------

FAST = [0.2, 0.9, 0.4, 0.01, 0.6]


@pytest.mark.parametrize("zone, behind, verdict, words", [
    ("Asia/Tokyo", FAST, "zone confirmed", ["zone confirmed: 5 lines with local times, UTC+09:00"]),
    ("UTC", FAST, "application logs in UTC", ["application logs in UTC: 5 lines with local times, UTC+00:00"]),
    ("Asia/Kolkata", FAST, "zone wrong", ["zone wrong by -3.5 h", "UTC+05:30"]),
    ("Asia/Tokyo", [s + 5 for s in FAST], "zone confirmed", [", constant lag: 5."]),
    ("Asia/Tokyo", [s + 200 for s in FAST], "clock off", ["clock off by 0:03:20 h behind"]),
    ("Asia/Tokyo", [s - 100 for s in FAST], "clock off", ["clock off by 99.", " s ahead"]),
    ("Asia/Tokyo", [86400 * 40] * 3, "clock off", ["clock off by 39 d 15:00 h behind", "UTC unknown"]),
])
def test_application_clock(zone: str, behind: list[float], verdict: str, words: list[str], host: Host) -> None:
    """TZ=Asia/Tokyo, and what was really written."""
    host.container("web", host.tag, {}, log_of(zone, behind), **config("TZ=Asia/Tokyo"))
    row = clock_row(host.run())
    assert row["action"] == verdict and all(word in facts(row) for word in words), facts(row)
    assert ("time_anomaly" in row["tag"]) == (verdict in ("zone wrong", "clock off"))
    last = BASE + (len(behind) - 1) * 5 * 10**9
    assert [reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last")] == [BASE, last]


@pytest.mark.parametrize("many, few, count, verdict", [
    ("%Y-%m-%dT%H:%M:%SZ served", "certificate valid until 2027-03-01T00:00:00Z", 1, "application logs in UTC"),
    ("ready", "Server built: 2025-06-01T12:00:00Z", 1, "application clock"),
    ("ready", "Server built: 2025-06-01 12:00:00", 1, "application clock"),
    ("ready", "next run: 2026-01-02 05:34:05", 1, "application clock"),
    ("ready", "certificate valid until 2027-03-01T00:00:00Z", 9, "application clock"),
    ("ready", "Server built: 2025-06-01 12:00:00", 9, "application clock"),
    ("ready", "next run: 2026-01-02 05:34:05", 9, "application clock"),
])
def test_dates_that_are_no_clock(many: str, few: str, count: int, verdict: str, host: Host) -> None:
    """What lines tell of another time than their own accuses nobody, however often."""
    texts = [many] * 20 + [few] * count + [many] * 20
    log = "".join(log_record(f"{datetime.fromtimestamp(BASE // 10**9 + n, timezone.utc):{text}}\n",
                             rfc3339(BASE + n * 10**9)) for n, text in enumerate(texts))
    host.container("web", host.tag, {}, log, **config("TZ=Asia/Tokyo"))
    row = clock_row(host.run())
    assert row["action"] == verdict and row["tag"] == ["app_clock"] and "off" not in facts(row), facts(row)


def test_zone_that_changed(host: Host) -> None:
    """Someone replaced /etc/localtime while it ran: both parts are told, with their times."""
    before, after = log_of("UTC", FAST), log_of("Asia/Tokyo", FAST * 2)
    log = before + "".join(after.splitlines(keepends=True)[5:])
    host.container("web", host.tag, {}, log, **config("TZ=Asia/Tokyo"))
    text = facts(clock_row(host.run()))
    assert "5 lines with local times, UTC+00:00" in text and "5 lines with local times, UTC+09:00" in text


@pytest.mark.parametrize("zone, form, verdict", [
    (None, "%Y-%m-%dT%H:%M:%SZ", "application logs in UTC"), ("Asia/Tokyo", "%Y-%m-%dT%H:%M:%S%z", "zone confirmed"),
    ("America/Lima", "%Y-%m-%dT%H:%M:%S%z", "application clock")])
def test_times_that_name_their_zone(zone: str | None, form: str, verdict: str, host: Host) -> None:
    """They may name another than the container's, which is not wrong; the clock is measured all the same."""
    host.container("web", host.tag, {}, log_of(zone, FAST, form), **config("TZ=Asia/Tokyo"))
    row = clock_row(host.run())
    assert row["action"] == verdict and "5 lines with times in UTC" in facts(row) and row["tag"] == ["app_clock"]


@pytest.mark.parametrize("env, zone, form", [
    ("Asia/Tokyo", "Asia/Tokyo", "%H:%M:%S"), ("NZDT-13", "Pacific/Auckland", "[%H:%M:%S] [main]"),
    ("America/Lima", "America/Lima", "[%H:%M:%S INFO]:")])
def test_times_of_day(env: str, zone: str, form: str, host: Host) -> None:
    """They are placed on the day that the line's host time and the container's zone suggest, here about midnight."""
    start = int(datetime.fromisoformat("2026-01-03T00:00:00").replace(tzinfo=ZoneInfo(zone)).timestamp())
    log, times = "", []
    for number in range(6):
        when = datetime.fromtimestamp(start - 3 + number, ZoneInfo(zone))
        times.append(f"application time {when.isoformat()} by the container's zone, on the day closest to the line's")
        log += log_record(f"{when:{form}} x\n", rfc3339((start - 3 + number) * 10**9 + 200_000_000))
    host.container("web", host.tag, {}, log, **config(f"TZ={env}"))
    host.container("db", host.tag, {}, "".join(log_record(f"00:0{n}:30 elapsed\n", rfc3339(BASE + n * 10**9))
                                               for n in range(3)), **config(f"TZ={env}"))
    result = host.run("--app-times")
    lines = result.where(data_type=LINE, container_name="web")
    assert [line["facts"] for line in lines] == [[text] for text in times]
    row = clock_row(result)
    assert row["action"] == "zone confirmed" and "6 lines with times of day" in facts(row) and row["tag"] == ["app_clock"]
    shown = result.where(data_type=APP, container_name="web")
    assert [reading.nanoseconds(row) // 10**9 for row in shown] == [start - 3 + number for number in range(6)]
    assert clock_row(result, "db")["action"] == "application clock" and clock_row(result, "db")["tag"] == ["app_clock"]


@pytest.mark.parametrize("wait, step, opening, started, verdict", [
    (0, 5, [], -7200, "application clock"), (600, 5, [], 0, "application clock"),
    (600, 700, [], -60, "application clock"), (600, 5, [0], -7200, "application clock"), (600, 5, [], -7200, "clock off")])
def test_time_elapsed_since_a_start(wait: int, step: int, opening: list[int], started: int, verdict: str,
                                    host: Host) -> None:
    """It keeps its distance from the host's time as a clock does that is off, but is none. Seconds from that start."""
    log = "".join(log_record("job started\n", rfc3339(BASE + at * 10**9)) for at in opening)
    for at in range(wait, wait + 20 * step, step):
        log += log_record(f"[{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}] step\n",
                          rfc3339(BASE + at * 10**9 + 200_000_000))
    host.container("web", host.tag, {}, log, Created=rfc3339(BASE - 86400 * 10**9), **config(
        "TZ=Asia/Tokyo", StartedAt=rfc3339(BASE + started * 10**9), FinishedAt=rfc3339(BASE + 10**5 * 10**9)))
    row = clock_row(host.run())
    assert row["action"] == verdict and ("time_anomaly" in row["tag"]) == (verdict == "clock off"), facts(row)


def test_log_file_in_the_rw_layer(host: Host) -> None:
    """Its last line was written at its mtime, unless that was set by hand."""
    now = time.time_ns()
    local = datetime.fromtimestamp(now // 10**9, ZoneInfo("Asia/Tokyo"))
    for name, touched in (("web", False), ("db", True)):
        made = host.container(name, host.tag, {"var": {"log": {"app": {"a.log": f"x\n{local:%Y/%m/%d %H:%M:%S} y\n"}}}},
                              None, **config("TZ=Asia/Tokyo"))
        if touched:
            os.utime(made.rw / "diff/var/log/app/a.log", ns=(now - 10**13, now - 10**13))
    result = host.run()
    assert "/var/log: zone confirmed: 1 line with local times, UTC+09:00" in facts(clock_row(result))
    assert not result.where(data_type=CLOCK, container_name="db")


# --- times that do not fit --------------------------------------------------------------------------------------------

def test_clock_step(host: Host) -> None:
    """Times of one stream that go back; two streams are written side by side and may overlap."""
    moments = [(0, "stdout"), (20, "stdout"), (19, "stderr"), (5, "stdout"), (6, "stdout"), (21, "stderr")]
    host.container("web", host.tag, {}, "".join(log_record(f"{n}\n", rfc3339(BASE + s * 10**9), stream)
                                                for n, (s, stream) in enumerate(moments)))
    result = host.run()
    (row,) = result.where(data_type=STEP)
    assert row["tag"] == ["clock_step", "finding"] and reading.nanoseconds(row) == BASE + 5 * 10**9
    assert row["facts"] == [f"log times go back by 15.000000000 s, from {rfc3339(BASE + 20 * 10**9)} to "
                            f"{rfc3339(BASE + 5 * 10**9)}"]
    assert len(result.where(data_type=LINE)) == 6


def test_line_after_the_end(host: Host) -> None:
    """More than what the daemon still drains from the pipes; a container that runs again is no case of it."""
    log = "".join(log_record(f"{s}\n", rfc3339(BASE + s * 10**9)) for s in (1, 11, 60))
    host.container("web", host.tag, {}, log, **config(FinishedAt=rfc3339(BASE + 10 * 10**9)))
    host.container("db", host.tag, {}, log, **config(
        StartedAt=rfc3339(BASE + 50 * 10**9), FinishedAt=rfc3339(BASE + 10 * 10**9)))
    odd = [row for row in host.run().where(data_type=LINE) if "time_anomaly" in row["tag"]]
    assert [(row["container_name"], row["message_body"], row["facts"]) for row in odd] == [
        ("web", "60\n", ["50 s after State.FinishedAt"])]


@pytest.mark.parametrize("first, last", [("2026-10-25T00:30:00", "2026-10-25T01:30:00"), (None, None)])
def test_application_times_at_changes_of_summer_time(first: str | None, last: str | None,
                                                     host: Host) -> None:
    """02:30 is twice on one day in autumn, and not at all on one in spring."""
    day = "2026-10-25" if first else "2026-03-29"
    when = rfc3339(int(datetime.fromisoformat(f"{day}T00:30:00+00:00").timestamp()) * 10**9)
    host.container("web", host.tag, {}, log_record(f"{day} 02:30:00 x\n", when), **config("TZ=CET-1CEST,M3.5.0,M10.5.0/3"))
    (row,) = host.run("--app-times").where(data_type=APP)
    if first:
        assert (row["time_first"][:19], row["time_last"][:19]) == (first, last)
    else:
        assert row["datetime"].startswith("2026-03-29T01:30:00") and "time_first" not in row


@pytest.mark.parametrize("case, count", [("overlay2-ext4", 8), ("aufs-synthetic", 8), ("overlay2-rebooted", 0),
                                         ("overlay2-userns", 0), ("vfs-ext4", 0)])
def test_times_in_the_future(case: str, count: int, disk: Callable[..., Path]) -> None:
    """Only what actions.tsv set to a time after its own end, and only those of its times."""
    result = launch.timeline(disk(case))
    actions = truth.actions(machine.EVIDENCE / case / "truth")
    end = max(action.after for action in actions)
    wanted = set()
    for day, clock, fraction, path in re.findall(r"touch -d '\S*?'(\d{4}-\d\d-\d\d) (\S+?)(\.\d+)? UTC'\S*' \$R(\S+)",
                                                 "\n".join(action.command for action in actions).replace("'\"'\"'", "''")):
        when = int(datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()) * 10**9
        if when > end:
            wanted |= {(path.rstrip("';"), desc, when + int((fraction or ".0")[1:].ljust(9, "0")))
                       for desc in ("Content Modification Time", "Last Access Time")}
    odd = [row for row in result.rows if "time_future" in row["tag"]]
    assert {(row["filename"], row["timestamp_desc"], reading.nanoseconds(row)) for row in odd} == wanted
    assert len(wanted) == count and all("time_anomaly" in row["tag"] for row in odd)
    assert not [row for row in result.rows if row["data_type"] == "fs:stat" and "clock_step" in row["tag"]]
