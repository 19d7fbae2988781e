# SPDX-License-Identifier: Apache-2.0
"""Files of systemd's journal, made by systemd-journal-remote from its export format, and read back by journalctl: what
it says of an entry is what the row must say. Also damaged, and without libsystemd."""
import gzip
import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lib import hosts, launch, machine, reading
from lib.hosts import GONE, Host
from lib.reading import Row, Timeline, facts

REMOTE = Path("/lib/systemd/systemd-journal-remote")
LINE, OUTPUT = "container:daemon:log", "docker:container:log:entry"
START = 1_783_600_000_123_456
DOCKER = {"_SYSTEMD_UNIT": "docker.service", "_COMM": "dockerd", "SYSLOG_IDENTIFIER": "dockerd", "_PID": "812",
          "_TRANSPORT": "stdout", "PRIORITY": "6", "_HOSTNAME": "dock01"}

pytestmark = pytest.mark.skipif(not REMOTE.exists() or not machine.have("journalctl"), reason="no systemd-journal-remote")


def built_in() -> bool:
    """Was the program built with libsystemd?"""
    return b"libsystemd: built in" in launch.run("--version").stdout


needs_library = pytest.mark.skipif(not built_in(), reason="built without libsystemd")


def make(path: Path, entries: list[dict[str, Any]]) -> list[Row]:
    """A journal file, and what journalctl says is in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = bytearray()
    for number, entry in enumerate(entries):
        times = {"__REALTIME_TIMESTAMP": START + number * 1_000_001, "__MONOTONIC_TIMESTAMP": number, "_BOOT_ID": "b" * 32}
        for key, value in (times | entry).items():
            value = str(value).encode()
            binary = b"\n" + len(value).to_bytes(8, "little") if b"\n" in value else b"="
            text += key.encode() + binary + value + b"\n"
        text += b"\n"
    source = path.with_suffix(".export")
    source.write_bytes(text)
    subprocess.run([REMOTE, f"--output={path}", "--split-mode=none", source], check=True, capture_output=True, timeout=machine.TIMEOUT)
    source.unlink()
    return oracle(path)


def oracle(path: Path) -> list[Row]:
    """journalctl's view of a file."""
    said = subprocess.run(["journalctl", "--file", path, "-o", "json", "--all", "--no-pager"], check=True,
                          capture_output=True, timeout=machine.TIMEOUT).stdout
    return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def host(tmp: Path) -> Host:
    """A host in Berlin with web and db."""
    return hosts.shop_in_berlin(tmp / "host")


def journal(host: Host, name: str = "system.journal") -> Path:
    """Where a file of the journal lies."""
    return host.root / "var/log/journal" / ("c" * 32) / name


def rows(result: Timeline) -> list[Row]:
    """The rows made of entries."""
    return [row for row in result.rows if row.get("parser") == "layertime/host_journal"]


def by_cursor(found: list[Row]) -> dict[str, Row]:
    """By the entry that they name."""
    table = {facts(row, "cursor")[0]: row for row in found}
    assert len(table) == len(found)
    return table


@needs_library
def test_entries_of_the_daemons(host: Host) -> None:
    """Every field as journalctl has it; other programs are left out; the daemon's own time counts before journald's."""
    web = hosts.container(host, "web").id
    entries = [
        DOCKER | {"MESSAGE": f'time="2026-07-09T14:26:40.987654321+02:00" level=error msg=a container={web}'},
        DOCKER | {"MESSAGE": "panic", "PRIORITY": "3", "_SOURCE_REALTIME_TIMESTAMP": START + 77},
        {"MESSAGE": "docker", "SYSLOG_IDENTIFIER": "cron", "_COMM": "cron", "_HOSTNAME": "dock01"},
        {"MESSAGE": f"docker-{GONE}.scope: Deactivated successfully.", "SYSLOG_IDENTIFIER": "systemd", "_PID": "1",
         "_COMM": "systemd", "_HOSTNAME": "dock01"},
        {"MESSAGE": f"oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/system.slice/docker-{web}.scope,task=sh",
         "SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel", "_HOSTNAME": "dock01"},
        {"MESSAGE": "elsewhere", "_COMM": "containerd", "_HOSTNAME": "far", "_SYSTEMD_UNIT": "containerd.service"},
    ]
    said = make(journal(host), entries)
    assert len(said) == 6
    result = host.run()
    table = by_cursor(rows(result))
    wanted = [said[n]["__CURSOR"] for n in (0, 1, 3, 4, 5)]
    assert result.code == 0 and set(table) == set(wanted)
    own, panic, scope, oom, far = (table[cursor] for cursor in wanted)
    assert reading.nanoseconds(own) == 1_783_600_000_987_654_321 and own["confidence"] == "exact"
    assert own["container_name"] == "web" and facts(own, "level") == ["error"]
    assert facts(own, "the journal's time") == ["2026-07-09T12:26:40.123456000Z"]
    assert reading.nanoseconds(panic) == (START + 77) * 1000 and facts(panic, "level") == ["err"]
    assert scope["container_identifier"] == GONE and scope["tag"] == ["configuration_missing"]
    assert oom["container_identifier"] == web and facts(oom, "reporter") == ["kernel"]
    assert facts(far, "written by host") == ["far"] and facts(far, "reporter") == ["containerd"]
    for cursor, row in table.items():
        entry = next(entry for entry in said if entry["__CURSOR"] == cursor)
        assert row["message_body"] == entry["MESSAGE"] and row["data_type"] == LINE and row["layer_role"] == "host"
        assert facts(row, "pid") == ([entry["_PID"]] if "_PID" in entry else [])
        assert row["pathspec"]["location"] == "/var/log/journal/" + "c" * 32 + "/system.journal"
        if row not in (own, panic):
            assert reading.nanoseconds(row) == int(entry["__REALTIME_TIMESTAMP"]) * 1000


@needs_library
def test_output_of_containers(host: Host) -> None:
    """The log driver journald: streams, the sender's time, pieces joined, names of a container that is gone."""
    web = hosts.container(host, "web").id

    def output(text: str, container: str = web, **more: str) -> dict[str, str]:
        names = {"CONTAINER_ID": container[:12], "CONTAINER_ID_FULL": container, "CONTAINER_NAME": "web",
                 "CONTAINER_TAG": container[:12], "IMAGE_NAME": "shop:1", "_TRANSPORT": "journal"}
        return DOCKER | names | {"MESSAGE": text, "SYSLOG_IDENTIFIER": container[:12]} | more

    part = {"CONTAINER_PARTIAL_MESSAGE": "true"}
    make(journal(host), [
        output("one", SYSLOG_TIMESTAMP="2026-07-09T12:26:40.111222333Z", RELEASE="rc1", COM_EXAMPLE_OWNER="team-b",
               DB_PASSWORD="hunter2", CONTAINER_LOG_EPOCH="abc"),
        output("two\nlines", PRIORITY="3"),
        output("a" * 16384, **part), output("x", PRIORITY="3"), output("b" * 16384, **part), output("c"),
        output("gone", GONE, CONTAINER_NAME="old", CONTAINER_TAG="mine"),
        output("podman's", _COMM="conmon", _SYSTEMD_UNIT="user@1000.service"),
        output(""),
        output("never ends", **part),
    ])
    result = host.run()
    found = list(reading.joined(rows(result)))
    assert result.code == 0 and {row["data_type"] for row in found} == {OUTPUT} and {row["layer_role"] for row in found} == {"log"}
    assert [(row["log_source"], row["message_body"]) for row in found] == [
        ("stdout", "one\n"), ("stderr", "two\nlines\n"), ("stdout", "a" * 16384 + "b" * 16384 + "c\n"),
        ("stderr", "x\n"), ("stdout", "gone\n"), ("stdout", "\n"), ("stdout", "never ends")]
    assert [reading.nanoseconds(row) for row in found] == [
        1_783_600_000_111_222_333, *((START + n * 1_000_001) * 1000 for n in (1, 2, 3, 6, 8, 9))]
    by_cursor(found)
    gone = found[4]
    assert gone["container_identifier"] == GONE and gone["tag"] == ["configuration_missing"]
    assert gone["container_name"] == "old" and facts(gone, "container name") == []
    assert (facts(gone, "image name"), facts(gone, "tag")) == (["shop:1"], ["mine"])
    [card] = [row for row in launch.objects("containers", "--all", host.root) if row["container_identifier"] == GONE]
    assert (card["container_name"], card["image_typed"]) == ("old", "shop:1") and len(card["told_by"]) == 2
    assert found[0]["container_identifier"] == web and facts(found[0], "tag") == []
    assert sorted(found[0]["log_attributes"]) == ["COM_EXAMPLE_OWNER=team-b", "DB_PASSWORD=***", "RELEASE=rc1"]
    assert all("log_attributes" not in row for row in found[1:])


@needs_library
def test_files_of_all_kinds(host: Host, tmp: Path) -> None:
    """Archived, unclean and of users; from an image the rows are the same."""
    names = "system.journal", "system@1-2.journal", "user-1000@1-2.journal~"
    for name in names:
        make(journal(host, "made.journal"), [DOCKER | {"MESSAGE": name}])
        journal(host, "made.journal").rename(journal(host, name))
    journal(host, "other.txt").write_text("no journal")
    plain = host.run()
    assert sorted(row["message_body"] for row in rows(plain)) == sorted(names) and plain.code == 0
    image = tmp / "disk.raw"
    with open(image, "wb") as file:
        file.truncate(96 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", host.root, image], check=True, capture_output=True)
    again = launch.timeline(image)
    assert reading.bare(rows(again)) == reading.bare(rows(plain))


@needs_library
def test_damaged_files_do_not_stop_the_rest(host: Host) -> None:
    """Cut, overwritten or foreign: no crash, no row that was not there, what is lost is said, others are read."""
    said = make(journal(host), [DOCKER | {"MESSAGE": f"m {n}"} for n in range(300)])
    whole = journal(host).read_bytes()
    used = len(whole.rstrip(b"\0"))
    make(journal(host, "z.journal"), [DOCKER | {"MESSAGE": "the rest"}])
    dice = random.Random(7)
    cases = [b"", b"no journal", gzip.compress(whole), whole[:100], whole[:used // 2], whole[:4096] + b"\0" * used]
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 5, 50))):
            data[dice.randrange(used)] = dice.randrange(256)
        cases.append(bytes(data))
    losses = 0
    for data in cases:
        journal(host).write_bytes(data)
        result = host.run("--role", "host")
        texts = [row["message_body"] for row in rows(result)]
        assert texts[-1:] == ["the rest"] or "the rest" in texts
        assert result.code in (0, 1) and (result.code == 1) == bool(result.errors)
        losses += len(texts) < 301 and result.code == 1
        assert len(texts) <= 301
        if len(texts) < 301 and not result.errors: # a field's name or an entry's program was overwritten
            assert len(texts) > 290 or sum(a != b for a, b in zip(data, whole)) <= 50, len(texts)
    assert losses >= 6 and len(said) == 300


@needs_library
def test_places_that_are_one(host: Host) -> None:
    """A directory of logs that is there under two names is read once."""
    make(journal(host), [DOCKER | {"MESSAGE": "once"}])
    (host.root / "log").symlink_to("var/log")
    (host.root / "journal").symlink_to("log/journal")
    result = host.run()
    assert [row["message_body"] for row in rows(result)] == ["once"] and result.code == 0


def damage_fields(path: Path, *fields: str) -> None:
    """Give the objects that hold these fields, which all entries share, a type that there is none of."""
    data = bytearray(path.read_bytes())
    header = 72 if data[12] & 16 else 64  # compact or not (systemd src/libsystemd/sd-journal/journal-def.h, 252)
    for field in fields:
        at = data.index(field.encode()) - header
        assert data[at] == 1 and int.from_bytes(data[at + 8:at + 16], "little") == header + len(field)
        data[at] = 7
    path.write_bytes(data)


@needs_library
@pytest.mark.parametrize("fields, kept", [
    (["SYSLOG_IDENTIFIER=dockerd"], 50),
    (["SYSLOG_IDENTIFIER=dockerd", "_COMM=dockerd"], 50),
    (["SYSLOG_IDENTIFIER=dockerd", "_COMM=dockerd", "_SYSTEMD_UNIT=docker.service"], 0),
    (["MESSAGE=the same"], 50),
])
def test_damaged_fields(fields: list[str], kept: int, host: Host) -> None:
    """One object that all lines of the daemon share: no more is lost than is said."""
    make(journal(host), [DOCKER | {"MESSAGE": "the same"} for _ in range(50)] +
         [{"MESSAGE": "x", "SYSLOG_IDENTIFIER": "cron", "_SYSTEMD_UNIT": "cron.service"}])
    damage_fields(journal(host), *fields)
    result = host.run()
    assert len(rows(result)) == kept
    if len(fields) == 1 and not fields[0].startswith("MESSAGE"):
        assert result.code == 0 and {tuple(facts(row, "reporter")) for row in rows(result)} == {("dockerd",)}
        return
    error = result.error()
    assert (error["path"], error["code"], result.code) == ("/" + os.path.relpath(journal(host), host.root), "damaged", 1)
    assert error["reason"] == "entries without a message or the name of their program: 50"


@needs_library
def test_what_a_container_logs_itself(host: Host) -> None:
    """A program that has the host's journal socket: its scope names the container."""
    web = hosts.container(host, "web").id
    make(journal(host), [{"MESSAGE": "GET /", "SYSLOG_IDENTIFIER": "nginx", "_COMM": "nginx",
                          "_SYSTEMD_UNIT": f"docker-{web}.scope"}])
    (row,) = rows(host.run())
    assert row["container_name"] == "web" and facts(row, "reporter") == ["nginx"] and row["data_type"] == LINE


def test_without_the_library(host: Host) -> None:
    """Then the files are named as not read; with it, a file that is none is."""
    journal(host).parent.mkdir(parents=True)
    journal(host).write_bytes(b"LPKSHHRH" + bytes(500))
    result = host.run()
    assert (result.error()["path"], result.code) == ("/" + os.path.relpath(journal(host), host.root), 1)
    assert (result.error()["code"] == "unsupported") == (not built_in())
