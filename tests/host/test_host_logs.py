# SPDX-License-Identifier: Apache-2.0
"""Lines of the daemons in the host's text logs. What is expected stands beside each line; times were worked out by hand
or by Python's datetime."""
import gzip
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lib import disks, fresh_case, hosts, launch, machine, reading, sanitizers, truth
from lib.hosts import GONE, Host
from lib.reading import Row, Timeline, facts
from lib.truth import iso_ns

LINE = "container:daemon:log"


def rows(result: Timeline, kind: str = LINE) -> list[Row]:
    """The rows in the order of the lines."""
    return sorted(result.where(data_type=kind), key=lambda row: (place(row)[0], place(row)[1]))


def place(row: Row) -> tuple[str, int]:
    """Where the line is."""
    path, offset = row["witness"].split("#offset=")
    return path, int(offset)


@pytest.fixture
def host(tmp: Path) -> Host:
    """A host with containers web and db of shop:1, in Berlin."""
    return hosts.shop_in_berlin(tmp / "host")


def write(host: Host, name: str, text: str | bytes, written: str) -> Path:
    """A log file with its mtime."""
    path = host.root / "var/log" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, ns=(iso_ns(written), iso_ns(written)))
    return path


def check(row: Row, time: str, confidence: str, **wanted: Any) -> None:
    """One row; None is a field that is not there."""
    assert reading.nanoseconds(row) // 1000 == iso_ns(time) // 1000, row
    assert row["clock"] == "host" and row["confidence"] == confidence, row
    assert {key: row.get(key) for key in wanted} == wanted, row


# --- forms of the header ----------------------------------------------------------------------------------------------

def test_forms_of_the_stamp(host: Host) -> None:
    """RFC 3164 in the host's zone, ISO and RFC 5424 with their own, BusyBox with its level; and whose the lines are."""
    web, db = (hosts.container(host, name).id for name in ("web", "db"))
    texts = [
        f"Jul  9 10:00:00 dock01 dockerd[812]: one container={web}",
        "Jul  9 10:00:01 dock01 cron[1]: dockerd[812]: another program",
        f"2026-07-09T10:00:02.123456+03:00 dock01 containerd[7]: two {db[:12]}.",
        f"<29>1 2026-07-09T10:00:03.5Z dock01 dockerd 812 - [a b=\"]\"] three Container {GONE} died",
        "Jul  9 10:00:04 dock01 daemon.warn dockerd[812]: four",
        "Jul  9 10:00:05 dockerd[812]: five",
        "no stamp dockerd[812]: not a line of syslog",
    ]
    write(host, "syslog", "".join(text + "\n" for text in texts), "2026-07-09T10:00:05+02:00")
    result = host.run()
    one, two, three, four, five, more = rows(result)
    assert more["message_body"] == texts[-1] and more["confidence"] == "bounded" # it goes on with the line before
    assert not result.errors and result.code == 0
    check(one, "2026-07-09T10:00:00+02:00", "inferred", message_body=f"one container={web}", container_name="web",
          container_identifier=web, image_name="shop:1", layer_role="host", tag=["time_inferred"])
    assert facts(one, "reporter") == ["dockerd"] and facts(one, "pid") == ["812"]
    assert facts(one, "zone") == ["Europe/Berlin by /etc/localtime"] or facts(one, "zone")[0].endswith("/etc/localtime")
    assert facts(one, "written at") == ["Jul  9 10:00:00"] and facts(one, "year by") == ["a stamp with a year"]
    check(two, "2026-07-09T10:00:02.123456+03:00", "exact", container_name="db", tag=[])
    check(three, "2026-07-09T10:00:03.5+00:00", "exact", container_identifier=GONE, container_name=None,
          image_name=None, message_body=f"three Container {GONE} died", tag=["configuration_missing"])
    assert facts(three, "level") == ["notice"] and facts(three, "pid") == ["812"]
    check(four, "2026-07-09T10:00:04+02:00", "inferred", container_identifier=None, message_body="four")
    assert facts(four, "level") == ["warn"]
    check(five, "2026-07-09T10:00:05+02:00", "inferred", message_body="five")
    assert [place(row) for row in (one, five)] == [
        ("/var/log/syslog", 0), ("/var/log/syslog", sum(len(text) + 1 for text in texts[:5]))]


def test_own_time_of_the_daemon_counts(host: Host) -> None:
    """It is exact; syslog's is kept beside it. Without a fraction the finer one counts. Far apart, the row says so."""
    write(host, "messages",
          'Jul  9 10:00:01 dock01 dockerd[8]: time="2026-07-09T10:00:00.987654321+02:00" level=error msg="a"\n'
          '2026-07-09T10:00:01.250+02:00 dock01 containerd[9]: time="2026-07-09T10:00:01+02:00" level=info msg=b\n'
          'Jul  9 10:00:02 dock01 dockerd[8]: message repeated 2 times: [ time="2026-07-09T09:00:00Z" msg=c]\n'
          'Jul  9 12:00:03 dock01 dockerd[8]: time="2026-07-09T08:00:03.5Z" level=info msg=d\n'
          'Jul  9 10:00:04 dock01 dockerd[8]: {"level":"debug","msg":"e","time":"2026-07-09T08:00:04.25Z"}\n',
          "2026-07-09T12:00:00Z")
    a, b, c, d, e = rows(host.run())
    check(a, "2026-07-09T10:00:00.987654321+02:00", "exact", tag=[])
    assert facts(a, "level") == ["error"]
    assert facts(a, "syslog's time") == ["2026-07-09T08:00:01Z"] and facts(a, "written at") == ["Jul  9 10:00:01"]
    check(b, "2026-07-09T10:00:01.25+02:00", "exact", tag=[])
    assert facts(b, "the daemon's own time") == ["2026-07-09T08:00:01Z"]
    check(c, "2026-07-09T10:00:02+02:00", "inferred", tag=["time_inferred"])
    check(d, "2026-07-09T08:00:03.5+00:00", "exact", tag=["time_anomaly"])
    assert facts(d, "syslog's time") == ["2026-07-09T10:00:03Z", "is 7199 s after the daemon's"]
    check(e, "2026-07-09T08:00:04.25+00:00", "exact", tag=[])
    assert facts(e, "level") == ["debug"]


def test_files_without_a_header(host: Host) -> None:
    """docker.log holds what dockerd wrote to stderr: a line without a time lies between its neighbours."""
    write(host, "upstart/docker.log.1.gz", gzip.compress(
        b'time="2016-03-04T05:06:07.008009010+02:00" level=info msg="x"\npanic: y\n\n'), "2016-03-04T04:00:00Z")
    write(host, "docker.log", "panic: z\n2014/10/23 12:00:00 POST /v1.15/x\n", "2016-03-04T04:00:00Z")
    z, old, x, y = rows(host.run())
    check(old, "2014-10-23T12:00:00+02:00", "inferred", message_body="2014/10/23 12:00:00 POST /v1.15/x")
    check(x, "2016-03-04T05:06:07.008009010+02:00", "exact", witness="/var/log/upstart/docker.log.1.gz#offset=0")
    check(y, "2016-03-04T05:06:07.008009010+02:00", "bounded", message_body="panic: y")
    assert [reading.iso_nanoseconds(y[key]) for key in ("time_first", "time_last")] == [
        iso_ns("2016-03-04T03:06:07.008009010+00:00"), iso_ns("2016-03-04T04:00:00+00:00")]
    check(z, "2016-03-04T04:00:00+00:00", "bounded", time_first=None)


# --- years and zones --------------------------------------------------------------------------------------------------

def test_years_across_files(host: Host) -> None:
    """Each file ends by its mtime, and the year before begins where December follows January on the way back."""
    write(host, "syslog", "Dec 31 23:59:59 dock01 dockerd[1]: a\nDec 31 23:59:58 dock01 dockerd[1]: b\n"
                          "Jan  1 00:00:00 dock01 dockerd[1]: c\nDec 31 23:59:59 dock01 dockerd[1]: d\n"
                          "Feb  3 00:00:00 dock01 dockerd[1]: e\n", "2026-02-03T00:00:00+01:00")
    write(host, "syslog.1", "Nov  1 00:00:00 dock01 cron[1]: x\nJun  1 00:00:00 dock01 dockerd[1]: f\n"
                            "Jun  1 00:00:00 dock01 dockerd[1]: g\nMay 31 12:00:00 dock01 dockerd[1]: h\n",
          "2025-05-31T12:00:00+02:00")
    write(host, "syslog.2.gz", gzip.compress(b"Feb 29 12:00:00 dock01 dockerd[1]: i\n"), "2026-02-03T00:00:00+01:00")
    expected = {"a": "2025-12-31T23:59:59+01:00", "b": "2025-12-31T23:59:58+01:00", "c": "2026-01-01T00:00:00+01:00",
                "d": "2025-12-31T23:59:59+01:00", "e": "2026-02-03T00:00:00+01:00", "f": "2025-06-01T00:00:00+02:00",
                "g": "2025-06-01T00:00:00+02:00", "h": "2025-05-31T12:00:00+02:00", "i": "2024-02-29T12:00:00+01:00"}
    found = rows(host.run())
    assert {row["message_body"]: reading.nanoseconds(row) for row in found} == {k: iso_ns(v) for k, v in expected.items()}
    by = {row["message_body"]: facts(row, "year by") for row in found}
    assert by["e"] == ["the file's mtime"] and by["i"] == ["the file after it"]


def test_years_by_name_and_by_the_daemon(host: Host) -> None:
    """Where the files were copied, so that their mtimes say nothing."""
    now = "2026-09-09T00:00:00Z"
    write(host, "messages-20231231", "Dec 30 00:00:00 dock01 dockerd[1]: a\n", now)
    write(host, "messages-20240107.gz", gzip.compress(b"Dec 31 12:00:00 dock01 dockerd[1]: b\n"
                                                      b"Jan  6 12:00:00 dock01 dockerd[1]: c\n"), now)
    write(host, "daemon.log", "Mar  1 12:00:00 dock01 dockerd[1]: d\n"
          'Mar  2 12:00:00 dock01 dockerd[1]: time="2019-03-02T11:00:00.1Z" level=info msg=e\n', now)
    write(host, "messages.bz2", b"BZh91AY&SY", now)
    write(host, "messages.offset", "Mar  1 12:00:00 dock01 dockerd[1]: no log\n", now)
    result = host.run()
    assert [(row["message_body"][:1], row["datetime"]) for row in rows(result)] == [
        ("d", "2019-03-01T11:00:00.000000+00:00"), ("t", "2019-03-02T11:00:00.100000+00:00"),
        ("a", "2023-12-29T23:00:00.000000+00:00"), ("b", "2023-12-31T11:00:00.000000+00:00"),
        ("c", "2024-01-06T11:00:00.000000+00:00")]
    error = result.error()
    assert (error["path"], error["code"]) == ("/var/log/messages.bz2", "unsupported") and result.code == 1


@pytest.mark.parametrize("reporter, stated, said", [
    ("root", "1999-11-20T11:00:00Z", "2026"),
    ("{web}[1]", "1999-11-20T11:00:00Z", "2026"),
    ("docker/{gone}[1]", "1999-11-20T11:00:00Z", "2026"),
    ("dockerd[1]", "1999-11-01T11:00:00Z", "2026"),  # not the day of the stamp
    ("dockerd[1]", "2042-11-20T11:00:00Z", "2026"),  # years after the file was written
    ("dockerd[1]", "2019-11-20T11:00:00Z", "2019"),
])
def test_year_by_a_message(reporter: str, stated: str, said: str, host: Host) -> None:
    """Anyone can log a time, also a container; the daemon's counts where nothing speaks against it."""
    reporter = reporter.format(web=hosts.container(host, "web").id[:12], gone=GONE[:12])
    write(host, "syslog", f'Nov 20 11:59:59 dock01 dockerd[1]: a\nNov 20 12:00:00 dock01 {reporter}: time="{stated}" msg=x\n',
          "2026-11-20T12:00:00+01:00")
    row = rows(host.run())[0]
    check(row, f"{said}-11-20T11:59:59+01:00", "inferred", message_body="a")
    assert facts(row, "year by") == [{"2019": "the daemon's own times"}.get(said, "the file's mtime")]


def test_time_in_the_output_of_a_removed_container(host: Host) -> None:
    """It is not the daemon's, and tells nothing of the host's zone."""
    (host.root / "etc/localtime").unlink()
    write(host, "syslog", f'Nov 20 12:00:00 dock01 docker/{GONE[:12]}[1]: time="2026-11-20T09:00:00+09:00" msg=x\n',
          "2026-11-20T12:00:00Z")
    (row,) = rows(host.run())
    check(row, "2026-11-20T12:00:00+00:00", "inferred")
    assert facts(row, "zone") == ["UTC assumed"]


def test_year_by_most_messages(host: Host) -> None:
    """A clock that was wrong for one line, or a forged one, moves no other."""
    good = 'Nov 20 12:00:0{0} dock01 dockerd[1]: time="2019-11-20T11:00:0{0}Z" msg=x\n'
    write(host, "syslog", good.format(1) + good.format(2) + "Nov 20 12:00:03 dock01 dockerd[1]: a\n" +
          'Nov 20 12:00:04 dock01 dockerd[1]: time="1999-11-20T11:00:04Z" msg=x\n', "2026-11-20T12:00:00+01:00")
    check(rows(host.run())[2], "2019-11-20T12:00:03+01:00", "inferred", message_body="a")


def test_last_line_of_the_year_before(host: Host) -> None:
    """A stamp of December behind one of January, at the end of the file."""
    write(host, "syslog", "Dec 31 23:59:58 dock01 dockerd[1]: a\nJan  1 00:00:00 dock01 dockerd[1]: b\n"
                          "Dec 31 23:59:59 dock01 dockerd[1]: c\n", "2026-01-01T00:00:00+01:00")
    a, b, c = rows(host.run())
    check(a, "2025-12-31T23:59:58+01:00", "inferred")
    check(b, "2026-01-01T00:00:00+01:00", "inferred")
    check(c, "2025-12-31T23:59:59+01:00", "inferred")


@pytest.mark.parametrize("first", ["", "2026-01-01T00:00:00Z dock01 cron[1]: x\n"])
@pytest.mark.parametrize("pairs, known", [(50, True), (40_000, False)])
def test_more_years_than_a_log_has(first: str, pairs: int, known: bool, host: Host) -> None:
    """Then no year is invented."""
    lines = "Dec  1 00:00:00 dock01 cron[1]: x\nJul  1 00:00:00 dock01 cron[1]: x\n" * pairs
    write(host, "syslog", first + lines + "Jul  1 00:00:00 dock01 dockerd[1]: a\n", "2026-07-01T00:00:00+02:00")
    (row,) = rows(host.run())
    year = 2026 + pairs if first else 2026
    if known:
        check(row, f"{year}-07-01T00:00:00+02:00", "inferred")
    else:
        check(row, "2026-07-01T00:00:00+02:00", "bounded", time_first=None)


def test_zone_without_a_name(host: Host) -> None:
    """A copy of a zone's rules has none."""
    (host.root / "etc/localtime").write_bytes(Path("/usr/share/zoneinfo/Antarctica/Troll").read_bytes())
    write(host, "syslog", "Jul  9 10:00:00 dock01 dockerd[8]: a\n", "2026-07-09T10:00:00Z")
    (row,) = rows(host.run())
    check(row, "2026-07-09T10:00:00+02:00", "inferred")
    assert facts(row, "zone") == ["<+00>0<+02>-2,M3.5.0/1,M10.5.0/3 by /etc/localtime"]


def test_hour_that_comes_twice(host: Host) -> None:
    """2025-10-26, from 03:00 back to 02:00: both instants, unless the line before rules the first one out."""
    write(host, "syslog", "Oct 26 02:30:00 dock01 dockerd[1]: a\nOct 26 02:59:00 dock01 dockerd[1]: b\n"
                          "Oct 26 02:10:00 dock01 dockerd[1]: c\nOct 26 03:00:00 dock01 dockerd[1]: d\n",
          "2025-10-26T03:00:00+01:00")
    a, b, c, d = rows(host.run())
    check(a, "2025-10-26T02:30:00+02:00", "bounded")
    assert reading.iso_nanoseconds(a["time_last"]) == iso_ns("2025-10-26T02:30:00+01:00")
    check(b, "2025-10-26T02:59:00+02:00", "bounded")
    check(c, "2025-10-26T02:10:00+01:00", "inferred")
    check(d, "2025-10-26T03:00:00+01:00", "inferred")


@pytest.mark.parametrize("own", [False, True])
def test_host_without_a_zone(own: bool, host: Host) -> None:
    """UTC is assumed, and said to be, unless the daemon wrote its offset."""
    (host.root / "etc/localtime").unlink()
    text = 'Jul  9 10:00:01 dock01 dockerd[8]: time="2026-07-09T10:00:00.9+02:00" level=error msg="a"\n' if own else ""
    write(host, "syslog", text + "Jul  9 10:00:02 dock01 kernel: [1.2] docker0: port 1(veth1) entered disabled state\n",
          "2026-07-09T12:00:00Z")
    row = rows(host.run())[-1]
    check(row, f"2026-07-09T10:00:02+0{2 * own}:00", "inferred")
    assert facts(row, "zone") == ["UTC+02:00 by the daemon's own times" if own else "UTC assumed"]


# --- whose they are ---------------------------------------------------------------------------------------------------

def owner(host: Host, text: str, reporter: str = "dockerd[1]") -> Row:
    """The row of one line of a day after the containers were made."""
    write(host, "syslog", f"2099-01-02T00:00:00Z dock01 {reporter}: {text}\n", "2099-01-02T00:00:00Z")
    result = host.run()
    (row,) = rows(result) or rows(result, "docker:container:log:entry")[-1:]
    return row


@pytest.mark.parametrize("text, container, tags", [
    ("container={web} x", "web", []),
    ('msg="Container failed to exit" container={web}', "web", []),
    ("address=unix:///run/containerd/s/{gone} id={web}", "web", []),
    ("path=/run/containerd/io.containerd.runtime.v2.task/moby/{gone} pid=1", GONE, ["configuration_missing"]),
    ('msg="shim disconnected" id={gone} namespace=moby', GONE, ["configuration_missing"]),
    ('msg="shim disconnected" id={gone} namespace=k8s.io', None, []),
    ("address=unix:///run/containerd/s/{gone}", None, []),
    ("short {short} x", "db", []),
    ("path=/run/containerd/io.containerd.runtime.v2.task/plugins.moby/{gone} pid=1", None, []),
    ("path=/run/containerd/io.containerd.runtime.v2.task/moby-1000.1000/{gone}", GONE, ["configuration_missing"]),
    ("time=x name=web", "web", ["owner_inferred"]),
    ('time=x msg="y" container="/db"', "db", ["owner_inferred"]),
    ("message repeated 2 times: [ time=x name=web]", None, []),
    ("message repeated 2 times: [ time=x name=web level=info]", "web", ["owner_inferred"]),
    ("time=x name=other web", None, []),
    ("name=web", None, []),
    ("layer {rw}", "web", []),
    ("sha256:{gone}", None, []),
])
def test_containers_that_a_line_names(text: str, container: str | None, tags: list[str], host: Host) -> None:
    """By ID, short ID, name, or rw layer; an ID is called a removed container's only where the words leave no doubt."""
    web, db = (hosts.container(host, name) for name in ("web", "db"))
    row = owner(host, text.format(web=web.id, short=db.id[:12], gone=GONE, rw=web.rw.name))
    wanted = {"web": web.id, "db": db.id}.get(container, container)
    assert row.get("container_identifier") == wanted
    assert row.get("container_name") == {GONE: None}.get(container, container)
    assert [tag for tag in row["tag"] if not tag.startswith("time_")] == tags


def test_kernel_systemd_images_and_output(host: Host) -> None:
    """OOM kills by their cgroup, scopes of systemd, images by ID and by reference, and what the syslog driver wrote."""
    web = hosts.container(host, "web").id
    image = "sha256:" + next((host.meta / "imagedb/content/sha256").iterdir()).name
    cgroups = f"/docker/{web}", f"/system.slice/docker-{web}.scope"
    for cgroup in cgroups:
        text = f"[ 12.345678] oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg={cgroup},task_memcg={cgroup},task=sh,pid=7"
        assert owner(host, text, "kernel")["container_name"] == "web"
    assert owner(host, f"docker-{web}.scope: Deactivated successfully.", "systemd[1]")["container_identifier"] == web
    row = owner(host, f"pulled {image}")
    assert row["image_identifier"] == image and "container_identifier" not in row and row["tag"][:1] != ["owner_inferred"]
    for text in ('apparmor="DENIED" profile="docker-default" name="/web"', 'time=x docker name=web'):
        assert "container_identifier" not in owner(host, text, "kernel")
    row = owner(host, 'time=x msg="image pulled" remote="docker.io/library/shop:1"')
    assert row["image_identifier"] == image and "owner_inferred" in row["tag"]
    row = owner(host, f"container={web} then container={GONE}")
    assert row["container_identifier"] == web and facts(row, "names container") == [GONE]
    row = owner(host, "GET / 200", f"{web[:12]}[99]")
    assert row["data_type"] == "docker:container:log:entry" and row["message_body"] == "GET / 200"
    assert (row["container_identifier"], row["layer_role"]) == (web, "log")


def test_lines_of_another_host(host: Host) -> None:
    """A collector's file: the row says who wrote it, and a name means nothing there."""
    write(host, "syslog", "2099-01-02T00:00:00Z far.example dockerd[1]: time=x container=web\n", "2099-01-02T00:00:00Z")
    (row,) = rows(host.run())
    assert facts(row, "written by host") == ["far.example"] and "container_identifier" not in row


def test_line_before_the_container_was_made(host: Host) -> None:
    """Another one may have had its name."""
    write(host, "syslog", "2001-01-02T00:00:00Z dock01 dockerd[1]: time=x container=web\n", "2099-01-02T00:00:00Z")
    assert "container_identifier" not in rows(host.run())[0]


PACKED = {"xz": "liblzma", "zst": "libzstd", "bz2": "", "gz": "zlib"}


@pytest.mark.parametrize("way", PACKED)
def test_packed(way: str, host: Host) -> None:
    """compresscmd of logrotate: what the build cannot unpack is named; the year is found in what it can."""
    program = {"xz": "xz", "zst": "zstd", "bz2": "bzip2", "gz": "gzip"}[way]
    if not machine.have(program):
        pytest.skip(f"no {program}")
    packed = subprocess.run([program, "-c"], input=b"Dec 31 12:00:00 dock01 dockerd[1]: a\n", capture_output=True, check=True)
    write(host, f"syslog-20240101.{way}", packed.stdout, "2026-07-09T10:00:02Z")
    write(host, f"messages-2024010203.{way}", packed.stdout, "2026-07-09T10:00:02Z")
    result = host.run()
    version = subprocess.run([machine.PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    if PACKED[way] and f"{PACKED[way]}: not" not in version:
        assert [row["datetime"][:13] for row in rows(result)] == ["2023-12-31T11"] * 2 and result.code == 0
    else:
        assert not rows(result) and result.code == 1 and [error["code"] for error in result.errors] == ["unsupported"] * 2


def test_copies_by_hand(host: Host) -> None:
    """They have their lines, too; of which year they are the next file does not say."""
    write(host, "syslog", "Jan  2 12:00:00 dock01 dockerd[1]: new\n", "2026-01-02T11:00:02Z")
    write(host, "syslog.old", "Jan  3 12:00:00 dock01 dockerd[1]: old\n", "2025-01-03T11:00:02Z")
    write(host, "syslog.bak.gz", gzip.compress(b"Jan  4 12:00:00 dock01 dockerd[1]: bak\n"), "2025-01-04T11:00:02Z")
    write(host, "syslog.conf", "Jan  4 12:00:00 dock01 dockerd[1]: no log\n", "2025-01-04T11:00:02Z")
    assert [(row["message_body"], row["datetime"][:10]) for row in rows(host.run())] == [
        ("new", "2026-01-02"), ("bak", "2025-01-04"), ("old", "2025-01-03")]


# --- damage and size --------------------------------------------------------------------------------------------------

def test_damage(host: Host) -> None:
    """Zeros of a power loss, a torn gzip file, a line over a mebibyte, a link, a directory and a FIFO."""
    good = "2026-07-09T10:00:02Z dock01 dockerd[1]: {}\n"
    write(host, "syslog", good.format("a") + "\0" * 100 + good.format("b") + "x" * (1 << 20) + "y\n" + good.format("c"),
          "2026-07-09T10:00:02Z")
    packed = gzip.compress(b"".join(good.format(f"n{n} {os.urandom(40).hex()}").encode() for n in range(999)))
    write(host, "syslog.2.gz", packed[:-999], "2026-07-09T10:00:02Z")
    (host.root / "var/log/docker.log").symlink_to("syslog")
    (host.root / "var/log/docker").mkdir()
    os.mkfifo(host.root / "var/log/messages")
    result = host.run()
    assert [row["message_body"] for row in rows(result) if place(row)[0] == "/var/log/syslog"] == ["a", "b", "c"]
    kept = [row["message_body"].split()[0] for row in rows(result) if place(row)[0] != "/var/log/syslog"]
    assert 800 < len(kept) < 999 and kept == [f"n{n}" for n in range(len(kept))]
    assert sorted((error["path"], error["code"]) for error in result.errors) == [
        ("/var/log/syslog", "damaged"), ("/var/log/syslog", "too-large"), ("/var/log/syslog.2.gz", "truncated")]


@pytest.mark.parametrize("form", ["Jul  9 10:00:{n:02d} dock01 ", "2026-07-09T10:00:{n:02d}.5+02:00 dock01 ",
                                  "<30>1 2026-07-09T10:00:{n:02d}Z dock01 "])
@pytest.mark.parametrize("damage", [b"\0", b"x", b"\xff", b"\n"])
def test_each_line_is_accounted_for(form: str, damage: bytes, host: Host) -> None:
    """A byte of a stamp, or in the middle of a line: the text of all lines is in rows, and an error says what is wrong. Only
    where a line ends the row does."""
    tail = "dockerd 1 - - level=info {n}" if form.startswith("<") else "dockerd[1]: level=info {n}"
    lines = [(form + tail).format(n=n).encode() for n in range(10, 19)]
    for at in [1, 4, 9, len(lines[0]) - 12, len(lines[0]) - 4]:
        torn = lines[3][:at] + damage + lines[3][at + 1:]
        write(host, "syslog", b"\n".join([*lines[:3], torn, *lines[4:], b""]), "2026-07-09T10:00:30+02:00")
        result = host.run()
        bodies = [row["message_body"] for row in rows(result)]
        assert all(any(body.endswith(f"level=info {n}") for body in bodies) for n in range(10, 19) if n != 13)
        stamp = at < len(lines[0]) - 12
        assert any(body.endswith(" 13") or body.endswith("13") for body in bodies)
        if damage == b"\0" or (stamp and damage != b"\n" and not form.startswith("<")):
            assert result.code == 1 and result.errors[0]["path"] == "/var/log/syslog"


def test_directories_that_cannot_be_reached(host: Host) -> None:
    """Links that go round."""
    shutil.rmtree(host.root / "var/log")
    (host.root / "var/log").symlink_to("log")
    (host.root / "etc/cgconfig.d").symlink_to("cgconfig.d")
    result = host.run()
    assert {(error["path"], error["code"]) for error in result.errors} == {
        ("/var/log", "cycle"), ("/var/log/journal", "cycle"), ("/var/log/pods", "cycle"),
        ("/etc/cgconfig.d", "cycle")} and result.code == 1


def test_same_from_an_image(host: Host, tmp: Path) -> None:
    """/var/log on the file system of an image, and on one of its own."""
    write(host, "syslog", f"Jul  9 10:00:00 dock01 dockerd[812]: one Container {GONE}\n", "2026-07-09T10:00:05+02:00")
    image = tmp / "disk.raw"
    with open(image, "wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", host.root, image], check=True, capture_output=True)
    (plain,), (again,) = rows(host.run()), rows(launch.timeline(image))
    assert reading.bare([plain]) == reading.bare([again])


def test_nothing_is_read_without_such_logs(host: Host, tmp: Path) -> None:
    """The cost on any other host: three directories are looked for, that of logs of pods, and two for logs of containers
    that are put elsewhere."""
    if not machine.have("strace"):
        pytest.skip("no strace")
    trace = tmp / "trace"
    shutil.rmtree(host.root / "var/log")
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat,openat2,read,pread64", "-o", trace, machine.PROGRAM, "-q",
                    "-f", "jsonl", "-o", tmp / "out", host.root], check=True, capture_output=True,
                   env=sanitizers.environment(ASAN_OPTIONS="detect_leaks=0", LSAN_OPTIONS="detect_leaks=0"))
    assert len([line for line in trace.read_text().splitlines() if re.search(r'"(var/)?log["/]', line)]) <= 8


# --- the real daemon --------------------------------------------------------------------------------------------------

def test_log_of_the_real_dockerd(host: Host, tmp: Path) -> None:
    """Every line of dockerd's stderr, as syslogd would have written it: its time, level, and container."""
    folder = tmp / "case"
    try:
        with fresh_case.fresh_case(folder) as case:
            (folder / "truth").mkdir()
            case.base_image("lab:1", {"dev": None, "proc": None, "sys": None})
            case.create("one", "lab:1")
            case.start("one")
            case.start("one", "restart")
    except fresh_case.Refused as reason:
        pytest.skip(str(reason))
    lines = case.daemon.log.read_text().splitlines()
    write(host, "syslog", "".join(f"Jul  9 10:00:00 dock01 dockerd[812]: {line}\n" for line in lines),
          "2026-07-09T10:00:05+02:00")
    found = rows(host.run())
    assert [row["message_body"] for row in found] == lines and len(lines) > 20
    for row, line in zip(found, lines):
        stamp, level = re.match(r'time="([^"]+)" level=(\w+) ', line).groups()
        assert reading.nanoseconds(row) // 1000 == iso_ns(stamp.replace("Z", "+00:00")) // 1000
        assert row["confidence"] == "exact" and facts(row, "level") == [level]
        if f"container={case.ids['one']}" in line or f"moby/{case.ids['one']}" in line:
            assert row["container_identifier"] == case.ids["one"] and "configuration_missing" in row["tag"]
    assert len([row for row in found if row.get("container_identifier") == case.ids["one"]]) >= 4


def test_syslog_of_a_recorded_host(disk: Callable[[str, str], Path]) -> None:
    """All lines of Docker's programs in a real /var/log/syslog, each at its place and time; and what is left of a container
    that was removed, by the actions that were recorded."""
    image = disk("overlay2-ext4", "clean")
    text = subprocess.run(["debugfs", "-R", "cat /var/log/syslog", image], check=True, capture_output=True).stdout
    expected, offset = {}, 0
    for line in text.splitlines(keepends=True):
        if re.match(rb"\S+ +\d+ \S+ \S+ ((dockerd|containerd)\[|systemd\[.*([Dd]ocker|containerd))", line):
            stamp = re.search(rb'\]: time="([^"]+)" level', line)
            expected[offset] = stamp and iso_ns(stamp[1].decode().replace("Z", "+00:00"))
        offset += len(line)
    result = launch.timeline(image)
    found = {place(row)[1]: row for row in result.where(data_type=LINE)}
    assert found.keys() == expected.keys() and len(found) > 400
    for at, time in expected.items():
        assert found[at]["confidence"] == ("exact" if time else "inferred")
        assert time is None or reading.nanoseconds(found[at]) == time
    actions = truth.actions(machine.EVIDENCE / "overlay2-ext4/truth")
    (garnet,) = [action for action in actions if (action.what, action.name) == ("container_rm", "garnet")]
    left = [row for row in found.values() if row.get("container_identifier") == garnet.container]
    assert left and all("configuration_missing" in row["tag"] and reading.nanoseconds(row) < garnet.after for row in left)


def test_quiet_data_root(host: Host, tmp: Path) -> None:
    """A daemon that goes on to complain for days, while nothing changes in the data root, is not in the future; what is
    later than the log itself is."""
    now, day = int(time.time()), 86400
    lines = [f"{hosts.rfc3339((now + days * day) * 10**9)} dock01 dockerd[9]: complaint {days}" for days in (3, 9)]
    host.write(host.root / "var/log/syslog", "".join(f"{line}\n" for line in lines))
    image = disks.make_ext4(tmp / "disk.raw", host.root)
    disks.debugfs(image, *[f"set_inode_field /var/log/syslog {field} @{now + 3 * day}" for field in ("ctime", "mtime")])
    assert ["time_future" in row["tag"] for row in rows(launch.timeline(image))] == [False, True]
