# SPDX-License-Identifier: Apache-2.0
"""What a zone is called where its rules have no name, and what is said when files of a host disagree about it.

The rules are this machine's, the truth is Python's reading of them. What the C library does with /etc/localtime is the rule:
its bytes count, whatever /etc/timezone says."""
import json
import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lib import hosts, launch, machine, reading, sanitizers
from lib.hosts import Host, log_record, rfc3339

DATABASE = Path("/usr/share/zoneinfo")
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
LINE, SYSLOG = "docker:container:log:entry", "container:daemon:log"


def rules(name: str) -> bytes:
    """A zone file of this machine."""
    return (DATABASE / name).read_bytes()


def zones(*names: str) -> dict[str, Any]:
    """A tz database with these zones."""
    return {f"usr/share/zoneinfo/{name}": rules(name) for name in names}


def make(tmp: Path, files: dict[str, Any], image: dict | None = None, **changes: Any) -> Host:
    """A host with these files, one container and a line of syslog, at noon by the host's clock."""
    host = Host(tmp / "host")
    hosts.write_tree(os.fsencode(host.root), files)
    tag = host.image("shop:1", image or {"bin": {"sh": "x"}})
    host.container("web", tag, {}, log_record("2026-07-01 12:00:00 served\n", rfc3339(1782900000 * 10**9)), **changes)
    host.write(host.root / "var/log/syslog", "Jul  1 12:00:00 dock01 dockerd[8]: a\n")
    os.utime(host.root / "var/log/syslog", (1782907200, 1782907200))
    return host


def manifest(host: Host, tmp: Path, *args: Any) -> dict[str, Any]:
    """The record of a run."""
    launch.run("-q", "--manifest", tmp / "manifest", "-o", tmp / "o.txt", "--force", *args, host.root)
    return json.loads((tmp / "manifest").read_text())


def told(host: Host, tmp: Path) -> tuple[str, str, str]:
    """The host's zone in the manifest: name, by whom, and what disagrees."""
    root = manifest(host, tmp)["evidence"][0]["roots"][0]
    return root["time_zone"], root["time_zone_by"], root.get("time_zone_conflict", "")


def syslog(host: Host) -> reading.Row:
    """The row of its line of syslog."""
    (row,) = host.run().where(data_type=SYSLOG)
    return row


def facts(row: reading.Row) -> str:
    """All its facts."""
    return "\n".join(row["facts"])


# --- the host ---------------------------------------------------------------------------------------------------------

def test_rules_and_name_that_disagree(tmp: Path) -> None:
    """A copy of Berlin's rules beside the name of Tokyo: Berlin, in the times and in the words, and it is told everywhere."""
    host = make(tmp, {"etc/localtime": rules("Europe/Berlin"), "etc/timezone": "Asia/Tokyo\n",
                      **zones("Europe/Berlin", "Asia/Tokyo")})
    text = "/etc/localtime is Europe/Berlin, but /etc/timezone says Asia/Tokyo"
    assert told(host, tmp) == ("Europe/Berlin", "/etc/localtime", text)
    row = syslog(host)
    assert row["datetime"].startswith("2026-07-01T10:00:00")
    assert "zone Europe/Berlin by /etc/localtime" in facts(row) and f"zones disagree: {text}" in facts(row)
    assert text in launch.run("-o", tmp / "x.txt", host.root).stderr.decode()
    assert text in launch.run("--list-sources", host.root).stdout.decode()
    (web,) = launch.objects("containers", host.root)
    assert (web["host_time_zone"], web["host_time_zone_by"], web["host_time_zone_conflict"]) == (
        "Europe/Berlin", "/etc/localtime", text)
    (web,) = launch.objects("ids", "web", host.root)
    assert web["host_time_zone_conflict"] == text


@pytest.mark.parametrize("copy, name, zone", [
    ("Europe/Berlin", "Europe/Berlin", "Europe/Berlin"), ("Europe/London", "Europe/Belfast", "Europe/Belfast"),
    ("UTC", "Etc/UTC", "Etc/UTC"), ("Etc/UTC", "UTC", "UTC")])
@pytest.mark.parametrize("form", ["fat", "slim"])
def test_rules_and_name_that_agree(form: str, copy: str, name: str, zone: str, tmp: Path) -> None:
    """By what the clocks of both show: aliases, and files that zic writes in another way, are no disagreement."""
    subprocess.run(["zic", "-b", form, "-d", tmp / form, DATABASE / "tzdata.zi"], check=True)
    host = make(tmp, {"etc/localtime": (tmp / form / copy).read_bytes(), "etc/timezone": f"{name}\n", **zones(name)})
    assert told(host, tmp) == (zone, "/etc/localtime", "")
    assert "disagree" not in facts(syslog(host))


def test_zones_that_agree_by_now(tmp: Path) -> None:
    """Berlin and Paris showed different times until 1980: the name is wrong, and whom that concerns is told."""
    host = make(tmp, {"etc/localtime": rules("Europe/Berlin"), "etc/timezone": "Europe/Paris\n",
                      **zones("Europe/Berlin", "Europe/Paris")})
    at = datetime(1985, 1, 1, tzinfo=timezone.utc)
    while at.astimezone(ZoneInfo("Europe/Berlin")).utcoffset() == at.astimezone(ZoneInfo("Europe/Paris")).utcoffset():
        at -= timedelta(hours=1)
    name, _, conflict = told(host, tmp)
    assert name == "Europe/Berlin" and conflict.startswith("/etc/localtime is Europe/Berlin, but /etc/timezone says")
    assert f", the same since {at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ})" in conflict


def test_copy_of_old_rules(tmp: Path) -> None:
    """The host's database is newer than its /etc/localtime: no name is true, the rules in force are named by themselves."""
    (tmp / "old").write_text("Rule X 1996 max - Apr Sun>=1 2:00 1:00 D\nRule X 1996 max - Oct lastSun 2:00 0 S\n"
                             "Zone Old -6:00 - CST 1996\n -6:00 X C%sT\n")
    subprocess.run(["zic", "-d", tmp / "new", tmp / "old"], check=True)
    host = make(tmp, {"etc/localtime": (tmp / "new/Old").read_bytes(), "etc/timezone": "America/Mexico_City\n",
                      **zones("America/Mexico_City")})
    name, _, conflict = told(host, tmp)
    assert name == "CST6CDT,M4.1.0,M10.5.0"
    assert conflict.startswith(f"/etc/localtime is {name}, but /etc/timezone says America/Mexico_City")
    assert syslog(host)["datetime"].startswith("2026-07-01T17:00:00")     # summer time was abolished in 2022


def test_no_database(tmp: Path) -> None:
    """A name that nothing confirms is no name: rows have the rules, the manifest has what this machine calls them."""
    host = make(tmp, {"etc/localtime": rules("Europe/Berlin"), "etc/timezone": "Europe/Berlin\n"})
    by = "/etc/localtime; /etc/timezone says Europe/Berlin, whose rules are not in the evidence"
    assert told(host, tmp) == (BERLIN, by, "")
    assert f"zone {BERLIN} by {by}" in facts(syslog(host))
    record = manifest(host, tmp)
    matches = record["evidence"][0]["roots"][0]["time_zone_matches"]
    assert "Europe/Berlin" in matches and "Europe/Paris" not in matches and matches == sorted(matches)
    version = (DATABASE / "tzdata.zi").read_text().split("\n")[0].removeprefix("# version ")
    assert record["tz_database"] == {"path": str(DATABASE), "version": version}


def test_rows_are_the_same_on_any_machine(mounting: None, tmp: Path) -> None:
    """One without a tz database names nothing in the manifest; rows do not change."""
    host = make(tmp, {"etc/localtime": rules("Europe/Berlin"), "etc/timezone": "Europe/Berlin\n"})
    script = f"mount -t tmpfs none {DATABASE}; exec \"$@\""
    for where in ([], ["unshare", "-m", "sh", "-c", script, "-"]):
        subprocess.run([*where, machine.PROGRAM, "-q", "-f", "jsonl", host.root, "-o", tmp / f"rows{len(where)}",
                        "--manifest", tmp / f"manifest{len(where)}"], check=True, env=sanitizers.environment())
    assert (tmp / "rows0").read_bytes() == (tmp / "rows6").read_bytes()
    roots = [json.loads((tmp / f"manifest{n}").read_text())["evidence"][0]["roots"][0] for n in (0, 6)]
    assert "Europe/Berlin" in roots[0].pop("time_zone_matches") and roots[1].pop("time_zone_matches") == []
    assert roots[0] == roots[1]


def test_what_needs_no_database_records_none(tmp: Path) -> None:
    """The manifest names this machine's database only where something is from it."""
    host = make(tmp, {"etc/localtime": ("link", "/usr/share/zoneinfo/Asia/Tokyo"), **zones("Asia/Tokyo")})
    assert "tz_database" not in manifest(host, tmp)
    assert "tz_database" not in manifest(host, tmp, "--timezone", "<+03>-3")
    assert manifest(host, tmp, "--timezone", "Europe/Berlin")["tz_database"]["path"] == str(DATABASE)


@pytest.mark.parametrize("tab, zone", [(True, "Europe/Berlin"), (False, "Arctic/Longyearbyen")])
def test_name_by_the_rules(tab: bool, zone: str, tmp: Path) -> None:
    """A copy, and no file that names it: the host's database does, by its main name if zone1970.tab is there."""
    same = ("Arctic/Longyearbyen", "Europe/Berlin", "Europe/Oslo", "Europe/Paris")
    files = {"etc/localtime": rules("Europe/Berlin"), **zones(*same), "usr/share/zoneinfo/posixrules": rules("Europe/Berlin")}
    if tab:
        files["usr/share/zoneinfo/zone1970.tab"] = (DATABASE / "zone1970.tab").read_text()
    assert told(make(tmp, files), tmp) == (zone, "/etc/localtime", "")


@pytest.mark.parametrize("link, more, zone", [
    ("/usr/share/zoneinfo/Asia/Tokyo", {}, "Asia/Tokyo"), ("../usr/share/zoneinfo/Asia/Tokyo", {}, "Asia/Tokyo"),
    ("/usr/share/zoneinfo/posix/Asia/Tokyo", zones("posix/Asia/Tokyo"), "Asia/Tokyo"),
    ("writable/localtime", {"etc/writable/localtime": ("link", "/usr/share/zoneinfo/Asia/Tokyo")}, "Asia/Tokyo"),
    ("zone", {"etc/zone": rules("Asia/Tokyo")}, "Asia/Tokyo"),
    ("/etc/zoneinfo/Asia/Tokyo", {"etc/zoneinfo/Asia/Tokyo": rules("Asia/Tokyo")}, "Asia/Tokyo"),
])
def test_links(link: str, more: dict[str, Any], zone: str, tmp: Path) -> None:
    """Absolute and relative ones, over other links, and one to a file that is no part of a database."""
    host = make(tmp, {"etc/localtime": ("link", link), **zones("Asia/Tokyo"), **more})
    assert told(host, tmp) == (zone, "/etc/localtime", "")
    assert syslog(host)["datetime"].startswith("2026-07-01T03:00:00")


def whole(name: str) -> dict[str, Any]:
    """This machine's database, or a part of it with the names that zone1970.tab has, and a link to one zone."""
    tab = (DATABASE / "zone1970.tab").read_text()
    places = [line.split("\t")[2] for line in tab.splitlines() if line[0] != "#"]
    return {**zones(*places[::7], "Asia/Tokyo", "Europe/Berlin", "Etc/UTC"), "usr/share/zoneinfo/zone1970.tab": tab,
            "etc/localtime": ("link", f"../usr/share/zoneinfo/{name}"), "etc/timezone": f"{name}\n"}


@pytest.mark.parametrize("option", ["--preserve=mode", "--preserve=timestamps"])
@pytest.mark.parametrize("name, by", [("Etc/UTC", "Asia/Tokyo"), ("Europe/Berlin", "Asia/Tokyo"),
                                      ("Asia/Tokyo", "Europe/Berlin")])
def test_copy_through_a_link(name: str, by: str, option: str, tmp: Path) -> None:
    """cp writes into the file that the link named before: its rules are in force, and the name is wrong. The link to the
    file that was copied is right, whoever else has its rules."""
    host = make(tmp, whole(name))
    place, link = host.root / "usr/share/zoneinfo", host.root / "etc/localtime"
    for file in place.rglob("*"):
        os.utime(file, (1750000000, 1750000000))
    subprocess.run(["cp", option, place / by, link], check=True)
    text = f"/etc/localtime leads to {name}, whose file has the rules of {by}"
    assert told(host, tmp) == (by, "/etc/localtime", text)
    assert f"zone {by} by /etc/localtime" in facts(syslog(host))
    for path, target in ((link, f"../usr/share/zoneinfo/{by}"), (host.root / "etc/timezone", None)):
        path.unlink()
        if target:
            path.symlink_to(target)
    assert told(host, tmp) == (by, "/etc/localtime", "")


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Tokyo", "Etc/UTC"])
def test_whole_database(name: str, tmp: Path) -> None:
    """No zone of a good one is taken for another."""
    assert told(make(tmp, whole(name)), tmp) == (name, "/etc/localtime", "")


def test_link_to_nowhere(tmp: Path) -> None:
    """The host has no database: the name is known, its rules are not, and nothing is taken from this machine."""
    host = make(tmp, {"etc/localtime": ("link", "/usr/share/zoneinfo/Asia/Tokyo"), "etc/timezone": "Europe/Berlin\n"})
    assert told(host, tmp)[0::2] == ("Asia/Tokyo", "/etc/localtime is Asia/Tokyo, but /etc/timezone says Europe/Berlin")
    row = syslog(host)
    assert row["datetime"].startswith("2026-07-01T12:00:00") and "zone UTC assumed" in facts(row)


def test_link_to_utc(tmp: Path) -> None:
    """UTC needs no file, and its names agree."""
    host = make(tmp, {"etc/localtime": ("link", "/usr/share/zoneinfo/Etc/UTC"), "etc/timezone": "UTC\n"})
    assert told(host, tmp) == ("Etc/UTC", "/etc/localtime", "")
    assert "zone Etc/UTC by /etc/localtime" in facts(syslog(host))


def test_damaged_localtime(tmp: Path) -> None:
    """The next witness counts, for times and words alike."""
    host = make(tmp, {"etc/localtime": b"TZif2 and no more", "etc/timezone": "Asia/Tokyo\n", **zones("Asia/Tokyo")})
    assert told(host, tmp) == ("Asia/Tokyo", "/etc/timezone", "")
    result = host.run()
    assert result.code == 1 and result.error()["path"] == "/etc/localtime"
    (row,) = result.where(data_type=SYSLOG)
    assert row["datetime"].startswith("2026-07-01T03:00:00")


@pytest.mark.skipif(not (DATABASE / "right").is_dir(), reason="no zones with leap seconds here")
def test_leap_seconds(tmp: Path) -> None:
    """localtime() of a zone in right/ is 27 seconds behind; its name tells of it."""
    host = make(tmp, {"etc/localtime": ("link", "/usr/share/zoneinfo/right/Asia/Tokyo"), "etc/timezone": "Asia/Tokyo\n",
                      **zones("Asia/Tokyo", "right/Asia/Tokyo")})
    name, _, conflict = told(host, tmp)
    assert name == "right/Asia/Tokyo" and "/etc/timezone says Asia/Tokyo (different from 1972" in conflict
    assert syslog(host)["datetime"].startswith("2026-07-01T03:00:27")


@pytest.mark.parametrize("path, text, zone", [
    ("etc/sysconfig/clock", 'ZONE="America/New York"\nUTC=true\n', "America/New_York"),
    ("etc/sysconfig/clock", 'HWCLOCK="-u"\nTIMEZONE="Asia/Tokyo"\n', "Asia/Tokyo"),
    ("etc/conf.d/clock", 'CLOCK="UTC"\nTIMEZONE="Asia/Tokyo"\n', "Asia/Tokyo"),
    ("etc/rc.conf", "TIMEZONE='Asia/Tokyo'\n", "Asia/Tokyo"),
    ("etc/TZ", "JST-9\n", "JST-9"),
    ("etc/config/system", "config system\n\toption zonename 'Asia/Tokyo'\n\toption timezone 'JST-9'\n", "Asia/Tokyo"),
    ("etc/config/system", "config system\n\toption timezone 'JST-9'\n", "JST-9"),
])
@pytest.mark.parametrize("copy", [False, True])
def test_other_files_with_names(copy: bool, path: str, text: str, zone: str, tmp: Path) -> None:
    """Without /etc/localtime they tell the zone; a copy of Berlin there contradicts them."""
    known = {} if "config/system" in path else zones("Asia/Tokyo", "America/New_York")
    host = make(tmp, {path: text, **known, **({"etc/localtime": rules("Europe/Berlin")} if copy else {})})
    name, by, conflict = told(host, tmp)
    if not copy:
        assert (name, by, conflict) == (zone, f"/{path}", "")
        assert syslog(host)["datetime"].startswith("2026-07-01T03:00:00" if "New" not in zone else "2026-07-01T16:00:00")
    else:
        assert (name, by) == (BERLIN, "/etc/localtime") and f"but /{path} says {zone}" in conflict


def test_daemon_that_contradicts_the_zone(tmp: Path) -> None:
    """/etc/localtime was changed since: lines with two times show that syslog's were in another zone, and a slow line
    does not."""
    host = make(tmp, {"etc/localtime": ("link", "/usr/share/zoneinfo/Asia/Tokyo"), **zones("Asia/Tokyo")})
    own = 'Jul  1 12:0{0}:01 dock01 dockerd[8]: time="2026-07-01T{1}.5Z" level=info msg=x\n'
    line = "Jul  1 12:0{0}:02 dock01 dockerd[8]: {1}\n"
    host.write(host.root / "var/log/syslog", own.format(0, "10:00:00") + line.format(0, "a") +
               own.format(1, "03:00:31") + line.format(1, "b") + own.format(2, "03:20:00") + line.format(2, "c"))
    os.utime(host.root / "var/log/syslog", (1782907200, 1782907200))
    told_of = {row["message_body"]: facts(row) for row in host.run().where(data_type=SYSLOG)}
    assert "zones disagree: syslog's times are 420 min before the daemon's own in the lines before" in told_of["a"]
    assert "disagree" not in told_of["b"] and "disagree" not in told_of["c"]


# --- containers -------------------------------------------------------------------------------------------------------

def container(host: Host, tmp: Path) -> dict[str, str]:
    """The zone of web in the manifest."""
    (zone,) = manifest(host, tmp)["evidence"][0]["roots"][0]["container_zones"]
    return {key: value for key, value in zone.items() if key.startswith("time_zone")}


def test_container_whose_files_disagree(tmp: Path) -> None:
    """`cp .../Europe/Berlin /etc/localtime` in an image whose /etc/timezone stayed: programs of the C library use the copy,
    Java the name. The rules are in no layer, but in the host's database."""
    host = make(tmp, zones("Europe/Berlin", "Asia/Tokyo"),
                {"etc": {"localtime": rules("Europe/Berlin"), "timezone": "Asia/Tokyo\n"}})
    text = "/etc/localtime of the container is Europe/Berlin, but /etc/timezone of the container says Asia/Tokyo"
    assert container(host, tmp) == {"time_zone": "Europe/Berlin", "time_zone_by": "/etc/localtime of the container",
                                    "time_zone_conflict": text}
    result = host.run("--app-times")
    (row,) = result.where(data_type="container:log:clock")
    assert f"zones disagree: {text}" in facts(row)
    (line,) = result.where(data_type=LINE)
    assert facts(line) == ("application time 2026-07-01T12:00:00+02:00 by the container's zone, about which its files "
                           "disagree")
    (web,) = launch.objects("containers", host.root)
    assert web["time_zone"] == "Europe/Berlin" and web["time_zone_conflict"] == text


@pytest.mark.parametrize("name", ["Etc/UTC", "Europe/Berlin"])
def test_container_with_a_copy_through_its_link(name: str, tmp: Path) -> None:
    """docker exec web cp /usr/share/zoneinfo/Asia/Tokyo /etc/localtime: the host's database has the right rules."""
    host = make(tmp, zones("Asia/Tokyo", "Europe/Berlin"), {"etc": {"localtime": ("link", f"/usr/share/zoneinfo/{name}")},
                "usr": {"share": {"zoneinfo": {name.split("/")[0]: {name.split("/")[1]: rules("Asia/Tokyo")}}}}})
    zone = container(host, tmp)
    assert zone["time_zone"] == "Asia/Tokyo"
    assert zone["time_zone_conflict"] == (
        f"/etc/localtime of the container leads to {name}, whose file has the rules of Asia/Tokyo")


def test_container_with_rules_alone(tmp: Path) -> None:
    """apk del tzdata: without any database its zone is named by its rules."""
    host = make(tmp, {}, {"etc": {"localtime": rules("Europe/Berlin"), "timezone": "Europe/Berlin\n"}})
    zone = container(host, tmp)
    assert zone["time_zone"] == BERLIN and "Europe/Berlin" in zone["time_zone_matches"]
    assert "/etc/timezone of the container says Europe/Berlin, whose rules are not in the evidence" in zone["time_zone_by"]


@pytest.mark.parametrize("both", [False, True])
def test_binds_of_the_hosts_files(both: bool, tmp: Path) -> None:
    """-v /etc/localtime:/etc/localtime leaves the image's /etc/timezone; binding both makes them agree."""
    bound = ["/etc/localtime"] + ["/etc/timezone"] * both
    points = {path: {"Type": "bind", "Source": path, "Destination": path, "RW": False} for path in bound}
    host = make(tmp, {"etc/localtime": rules("Europe/Berlin"), "etc/timezone": "Europe/Berlin\n", **zones("Europe/Berlin")},
                {"etc": {"localtime": rules("UTC"), "timezone": "Etc/UTC\n"}}, MountPoints=points)
    zone = container(host, tmp)
    assert (zone["time_zone"], zone["time_zone_by"]) == ("Europe/Berlin", "bind of /etc/localtime")
    assert ("time_zone_conflict" in zone) == (not both)


@pytest.mark.parametrize("env", [[], ["TZ=Asia/Tokyo"]], ids=str)
def test_bind_of_the_database(env: list[str], tmp: Path) -> None:
    """-v /usr/share/zoneinfo:/usr/share/zoneinfo, over an image without one whose link leads there."""
    points = {"/usr/share/zoneinfo": {"Type": "bind", "Source": "/usr/share/zoneinfo", "Destination": "/usr/share/zoneinfo"}}
    host = make(tmp, zones("Asia/Tokyo"), {"etc": {"localtime": ("link", "../usr/share/zoneinfo/Asia/Tokyo")}},
                MountPoints=points, Config={"Image": "shop:1", "Labels": {}, "Env": env})
    zone = container(host, tmp)
    by = "TZ in Config.Env" if env else "bind of /usr/share/zoneinfo/Asia/Tokyo"
    assert zone == {"time_zone": "Asia/Tokyo", "time_zone_by": by}
    (line,) = host.run().where(data_type=LINE)
    assert facts(line) == "application time 2026-07-01T12:00:00+09:00 by the container's zone"


def test_bind_of_what_is_not_there(tmp: Path) -> None:
    """The image's own zone is hidden: nothing is known, and nothing is guessed."""
    points = {"/etc/localtime": {"Type": "bind", "Source": "/mnt/else/localtime", "Destination": "/etc/localtime"}}
    host = make(tmp, zones("Asia/Tokyo"), {"etc": {"localtime": rules("Asia/Tokyo")}}, MountPoints=points)
    assert container(host, tmp) == {"time_zone": "", "time_zone_by": "bind of /mnt/else/localtime"}
