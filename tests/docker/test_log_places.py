# SPDX-License-Identifier: Apache-2.0
"""Logs that lie elsewhere than in the directory of a living container: of plugins, of removed containers, rotated
away."""
import bz2
import gzip
import lzma
from pathlib import Path

import pytest
from lib import hosts
from lib.hosts import Container, Host, hex_id, log_record, rfc3339
from lib.reading import Row, Timeline

LINE = "docker:container:log:entry"
BASE = 1772438400 * 10**9
GONE, OTHER = hex_id("gone"), hex_id("other")


@pytest.fixture
def web(tmp: Path) -> Container:
    """A container without any log."""
    host = Host(tmp / "host")
    return host.container("web", host.image("shop:1", {"x": "y"}))


def line(text: str, second: int = 0) -> bytes:
    """A record of json-file."""
    return log_record(text + "\n", rfc3339(BASE + second * 10**9)).encode()


def plugin(host: Host, name: str = "loki") -> Path:
    """The root file system of an installed plugin."""
    root = host.data / "plugins" / hex_id(name) / "rootfs"
    host.write(root.parent / "config.json", {"plugin": {"Name": name, "Id": hex_id(name), "Enabled": True}})
    host.write(root / "bin/driver", b"\x7fELF" + bytes(range(256)))
    host.write(root / "etc/app.json", {"log": "no record", "time": "2026-01-01"})
    return root


def rows(result: Timeline) -> list[Row]:
    """Lines of logs."""
    return result.where(data_type=LINE)


def texts(result: Timeline) -> list[tuple[str, str]]:
    """What was said, and by which container."""
    return [(row["message_body"].strip(), row.get("container_identifier", "")) for row in rows(result)]


def test_plugin_logs(web: Container) -> None:
    """By shape, at any path: of containers that are there, and of such as are gone."""
    root = plugin(web.host)
    logs = root / "var/log/docker"
    web.host.write(logs / web.id / "json.log", line("two", 2))
    web.host.write(logs / web.id / "json.log.1.gz", gzip.compress(line("one", 1)))
    web.host.write(logs / GONE / "json.log.1", line("three", 3))
    web.host.write(logs / GONE / "json.log", b"")
    web.host.write(root / "data" / f"{GONE}-json.log-20260302.xz", lzma.compress(line("four", 4)))
    web.host.write(root / "opt/x" / web.id / "cache.log", hosts.local_record(b"five", BASE + 5 * 10**9))
    web.host.write(root / "tmp/of-nobody.log", line("six", 6))
    web.host.write(logs / OTHER, line("eight", 8))  # a file, as splunk/docker-logging-plugin has it
    web.host.write(logs / f"{OTHER}.1", line("seven", 7))
    web.host.write(logs / f"{web.id}.log", line("nine", 9))
    result = web.host.run()
    assert texts(result) == [("one", web.id), ("two", web.id), ("three", GONE), ("four", GONE), ("five", web.id),
                             ("six", ""), ("seven", OTHER), ("eight", OTHER), ("nine", web.id)]
    assert [("configuration_missing" in row["tag"], row["layer_role"]) for row in rows(result)] == [
        (gone, "log") for gone in (False, False, True, True, False, False, True, True, False)]
    assert result.code == 0, result.errors


def test_damaged_and_unread_plugin_logs(web: Container) -> None:
    """What cannot be read is named; what is left of the rest is kept."""
    logs = plugin(web.host) / "var/log/docker"
    web.host.write(logs / web.id / "json.log.2.bz2", bz2.compress(line("lost")))
    web.host.write(logs / web.id / "json.log", b"\0" * 4096 + line("zero")[11:] + line("one", 1))
    web.host.write(logs / GONE / "json.log.1.lz4", b"\x04\x22\x4d\x18" + line("lost"))
    web.host.write(logs / GONE / "other.log", "a text\n")
    web.host.write(web.log.with_name(web.log.name + ".pos"), "/some/path\t0000\t0000\n")
    result = web.host.run()
    assert texts(result) == [("o", web.id), ("one", web.id)]
    assert sorted((error["code"], error["path"].rsplit("/", 1)[1]) for error in result.errors) == sorted([
        ("damaged", "json.log"), ("damaged", "json.log"), ("unsupported", "json.log.1.lz4"),
        ("unsupported", "json.log.2.bz2"), ("unsupported", "other.log"), ("unsupported", f"{web.log.name}.pos")])


def test_many_removed_containers(web: Container) -> None:
    """A plugin keeps the logs of thousands of them (grafana/loki#3313: 18,000 files)."""
    logs = plugin(web.host) / "var/log/docker"
    for number in range(3000):
        web.host.write(logs / (hex_id(str(number)) + ("/json.log" if number % 2 else "")), line(str(number)))
    result = web.host.run("--role", "log")
    assert sorted(texts(result)) == sorted((str(number), hex_id(str(number))) for number in range(3000))
    assert all("configuration_missing" in row["tag"] for row in rows(result)) and result.code == 0


@pytest.mark.parametrize("place", ["var/log", "var/log/old", "var/lib/docker/containers",
                                   "var/lib/docker/containers/old"])
def test_logs_that_were_put_elsewhere(place: str, web: Container) -> None:
    """logrotate's olddir, or by hand: the name tells whose a log is."""
    web.log.write_bytes(line("four", 4))
    web.host.write(web.host.root / place / f"{web.id}-json.log-20260302.gz", gzip.compress(line("three", 3)))
    web.host.write(web.host.root / place / f"{GONE}-json.log", line("two", 2))
    web.host.write(web.host.root / place / f"{GONE}-json.log.1", line("one", 1))
    web.host.write(web.host.root / place / "json.log", line("of nobody"))
    result = web.host.run()
    assert texts(result) == [("one", GONE), ("two", GONE), ("three", web.id), ("four", web.id)]
    assert {error["code"] for error in result.errors} <= {"bad-id"}  # containers/old


def test_logs_in_a_directory_of_docker(web: Container) -> None:
    """Below /var/log a directory that is named after Docker may hold copies under any name, by some script."""
    place = web.host.root / "var/log/docker"
    web.host.write(place / "web-20260302-0312.log.gz", gzip.compress(line("one", 1)))
    web.host.write(place / GONE / "x.log", line("two", 2))
    web.host.write(place / "docker.log", 'time="2026-03-02T08:00:00Z" level=info msg=x\n')
    web.host.write(web.host.root / "var/log/app/web.log", line("of an application"))
    result = web.host.run()
    assert texts(result) == [("one", ""), ("two", GONE)] and result.code == 0


def test_log_of_a_removed_container(web: Container) -> None:
    """Its directory was left behind with nothing but the log."""
    path = web.host.data / "containers" / GONE
    web.host.write(path / f"{GONE}-json.log", line("one"))
    web.host.write(path / f"{GONE}-json.log.1.zip", b"PK\x03\x04" + line("lost"))
    result = web.host.run()
    assert texts(result) == [("one", GONE)]
    assert all("configuration_missing" in row["tag"] for row in rows(result))
    assert {error["code"] for error in result.errors} == {"missing", "unsupported"}
