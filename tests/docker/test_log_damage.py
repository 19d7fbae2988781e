# SPDX-License-Identifier: Apache-2.0
"""Container logs that are damaged, cut, packed, rotated, or far too long: good lines are there, in order. Each loss is
told."""
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lib import hosts, machine, sanitizers
from lib.hosts import Host, container
from lib.reading import Timeline, joined


LOG = "docker:container:log:entry"


STAMP = "2026-01-02T03:04:05.00000000{}Z"


def lines(*texts: str, stream: str = "stdout") -> str:
    """A log whose records are a nanosecond apart."""
    return "".join(hosts.log_record(text, STAMP.format(number), stream) for number, text in enumerate(texts))


def bodies(result: Timeline, name: str = "web") -> list[str]:
    """Whole log lines of a container in order of output."""
    return [row["message_body"] for row in joined(result.where(data_type=LOG, container_name=name))
            if "recovered" not in row["tag"]]


def truncated(data: bytes) -> bytes:
    return data[:-20]


def flipped(data: bytes) -> bytes:
    return data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 0xFF]) + data[len(data) // 2 + 1:]


# name: (bytes of the log, lines that must be there, codes of the errors)
GOOD = lines("a\n", "b\n").encode()
LOGS = {
    "empty": (b"", [], []),
    "NULs before a line": (b"\0" * 100 + GOOD, ["a\n", "b\n"], ["damaged"]),
    "NULs at the end": (GOOD + b"\0" * 100, ["a\n", "b\n"], ["damaged"]),
    "NULs between": (GOOD.replace(b"}\n{", b"}\n" + b"\0" * 5000 + b"{"), ["a\n", "b\n"], ["damaged"]),
    "half last line": (GOOD + GOOD[:30], ["a\n", "b\n"], ["damaged"]),
    "no newline at the end": (GOOD[:-1], ["a\n", "b\n"], []),
    "garbage line": (GOOD + b"garbage\n" + lines("c\n").encode(), ["a\n", "b\n", "c\n"], ["damaged"]),
    "binary garbage": (GOOD + bytes(range(128, 256)) + b"\n", ["a\n", "b\n"], ["damaged"]),
    "two garbage lines": (b"{}\n[]\n" + GOOD, ["a\n", "b\n"], ["damaged", "damaged"]),
    "no time": (b'{"log":"x\\n","stream":"stdout"}\n' + GOOD, ["a\n", "b\n"], ["damaged"]),
    "no stream": (b'{"log":"x\\n","time":"2026-01-02T03:04:04Z"}\n' + GOOD, ["x\n", "a\n", "b\n"], []),
    "zero time": (b'{"log":"x\\n","stream":"stdout","time":"0001-01-01T00:00:00Z"}\n' + GOOD, ["a\n", "b\n"],
                  ["damaged"]),
    "20 MB line": (GOOD + b'{"log":"' + b"x" * 20_000_000 + b'"}\n' + lines("c\n").encode(), ["a\n", "b\n", "c\n"],
                   ["too-large"]),
    "attrs": (GOOD.replace(b'{"log"', b'{"attrs":{"tag":"x","n":[1,{"a":"}"}]},"log"'), ["a\n", "b\n"], []),
    "escapes": (lines('q"\\/\b\f\n').encode(), ['q"\\/\b\f\n'], []),
    "unicode": (b'{"log":"\\ud83d\\ude00\\u00e4\\n","stream":"stdout","time":"2026-01-02T03:04:04Z"}\n',
                ["\U0001f600ä\n"], []),
    "blank lines": (b"\n\n" + GOOD, ["a\n", "b\n"], None),
    "pieces": (b"".join(hosts.log_record(text, STAMP.format(1)).encode() for text in
                        ("x" * 16384, "y" * 16384, "z\n", "next\n")),
               ["x" * 16384 + "y" * 16384 + "z\n", "next\n"], []),
    "pieces of two streams": (b"".join(
        hosts.log_record(text, STAMP.format(1), stream).encode() for text, stream in
        (("o" * 16384, "stdout"), ("e" * 16384, "stderr"), ("O\n", "stdout"), ("E\n", "stderr"))),
        ["o" * 16384 + "O\n", "e" * 16384 + "E\n"], []),
    "piece whose rest never came": (lines("half", "whole\n").encode(), ["half", "whole\n"], []),
}


@pytest.mark.parametrize("case", LOGS)
def test_log(case: str, host: Host) -> None:
    """Every good line is there, in order; what is not good is one error each."""
    data, wanted, codes = LOGS[case]
    container(host, "web").log.write_bytes(data)
    result = host.run()
    assert sorted(bodies(result)) == sorted(wanted)
    if codes is not None:
        assert [error["code"] for error in result.errors] == codes
        assert result.code == bool(codes)
    assert bodies(result, "db") == ["db ready\n"]


def test_rotated_logs_are_read_oldest_first(host: Host) -> None:
    """.3.gz, .2, .1, then the log; a line cut by rotation is joined; .10 is older than .9."""
    web = container(host, "web")
    for suffix, text in ((".10.gz", "1\n"), (".9", "2\n"), (".2.gz", "3\n"), (".1", "4\n"), ("", "6\n")):
        data = hosts.log_record(text, STAMP.format(0)).encode()
        if suffix == ".1":
            data += hosts.log_record("5" * 16384, STAMP.format(0)).encode()
        if suffix == "":
            data = hosts.log_record("5\n", STAMP.format(0)).encode() + data
        web.log.with_name(web.log.name + suffix).write_bytes(gzip.compress(data) if suffix[-2:] == "gz" else data)
    result = host.run()
    assert result.code == 0
    assert bodies(result) == ["1\n", "2\n", "3\n", "4\n", "5" * 16384 + "5\n", "6\n"]
    witnesses = {row["witness"].split("#")[0] for row in result.where(data_type=LOG, container_name="web")}
    assert len(witnesses) == 5


# What logrotate(8) makes of the name of a log, and people and other programs. Packed: by which program.
ROTATED = (".1", ".12.gz", "-20260102", "-20260103.gz", "-2026010413", "-20260105-1767323045.gz", ".2026-01-06",
           "-1767830400", ".1.old", ".old", ".bak", ".bak.gz", ".orig", "~", ".1.gz.tmp", ".1x", "1", ".", ".-1",
           ".123456789", ".tmp")


def test_names_of_rotated_logs(host: Host) -> None:
    """Whatever a program adds to the name of a log: its lines are read, each once."""
    web = container(host, "web")
    for suffix in ROTATED:
        data = lines(f"{suffix}\n").encode()
        web.log.with_name(web.log.name + suffix).write_bytes(gzip.compress(data) if suffix[-2:] == "gz" else data)
    stem = web.log.name.removesuffix(".log")                         # logrotate's extension, lumberjack's names
    web.log.with_name(f"{stem}.3.log").write_text(lines("inner\n"))
    web.log.with_name(f"{stem}-2026-01-02T03-04-05.678.log").write_text(lines("lumberjack\n"))
    (web.path / "old").mkdir()                                       # olddir
    (web.path / "old" / f"{web.log.name}-20251231").write_text(lines("olddir\n"))
    web.log.with_name("other.log").write_text(lines("wrong\n"))
    result = host.run()
    assert result.code == 0, result.errors
    assert sorted(bodies(result)) == sorted([f"{suffix}\n" for suffix in ROTATED] + [
        "inner\n", "lumberjack\n", "olddir\n", "web 0\n", "web 1\n", "web 2\n"])


def test_clock_across_rotated_logs(host: Host) -> None:
    """Dates tell the order, so that a clock that was set back between two files shows. Names by hand tell none."""
    web = container(host, "web")

    def put(suffix: str, second: int) -> None:
        web.log.with_name(web.log.name + suffix).write_text(hosts.log_record("x\n", f"2026-01-04T03:04:{second:02d}Z"))

    for second, suffix in enumerate(("-20260101", "-20260102.old", "-2026010305", "-20260104")):
        put(suffix, second)
    for suffix in (".bak", ".old", "~"):
        put(suffix, 30)
    assert not host.run().where(data_type="container:clock:step", container_name="web")
    put("-20260103", 40)
    (step,) = host.run().where(data_type="container:clock:step", container_name="web")
    assert step["witness"].startswith(str(web.log).removeprefix(str(host.root)) + "-2026010305#")


LOGROTATE = ("", "compress\ndelaycompress", "dateext\ndateformat -%Y%m%d%H-%s\ncompress",
             "dateext\ndateformat -%s\ncopytruncate",
             "dateext\ndateformat .%Y-%m-%d-%s\ncompress\ncompresscmd /usr/bin/xz\ncompressext .xz",
             "extension .log\ncompress\ncompresscmd /usr/bin/zstd\ncompressext .zst", "addextension .rot", "copy", "start 0",
             "olddir old\ncreateolddir 755 root root", "extension .log\ndateext\ndateformat -%Y%m%d-%s")


@pytest.mark.parametrize("options", LOGROTATE)
def test_the_real_logrotate(options: str, host: Host, tmp: Path) -> None:
    """Whatever names the program makes, each line is there once."""
    if not machine.have("logrotate") or not machine.IS_ROOT:
        pytest.skip("no logrotate, or not root")
    web = container(host, "web")
    settings, state = tmp / "settings", tmp / "state"
    settings.write_text(f"{web.log} {{\nnocreate\nrotate 9\n{options}\n}}\n")
    settings.chmod(0o644)
    web.path.chmod(0o755)
    for number in range(3):
        web.log.write_text(hosts.log_record(f"run {number}\n", STAMP.format(number)))
        now = time.time()
        subprocess.run(["logrotate", "-f", "-s", state, settings], check=True, env=os.environ | {
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        while time.time() < now + 1:                  # a name may be the second in which it was made
            time.sleep(0.1)
    web.log.write_text(hosts.log_record("now\n", STAMP.format(9)))
    result = host.run()
    assert bodies(result) == ["run 0\n", "run 1\n", "run 2\n", "now\n"] and not result.errors
    assert not result.where(data_type="container:clock:step", container_name="web")


PACKED = {"xz": ["xz"], "zst": ["zstd", "-q"], "bz2": ["bzip2"], "lz4": ["lz4", "-q"], "Z": None,
          "lzma": ["xz", "--format=lzma"]}


@pytest.mark.parametrize("way", PACKED)
def test_packed_logs(way: str, host: Host) -> None:
    """A log is unpacked, or named as not read: xz and zstd if the build has their libraries, never the others."""
    web = container(host, "web")
    program = PACKED[way]
    if program and not machine.have(program[0]):
        pytest.skip(f"no {program[0]}")
    data = lines("packed\n").encode()
    packed = subprocess.run([*program, "-c"], input=data, capture_output=True, check=True).stdout if program else \
        b"\x1f\x9d\x90" + data
    web.log.with_name(f"{web.log.name}.1.{way}").write_bytes(packed)
    result = host.run()
    version = subprocess.run([machine.PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    library = {"xz": "liblzma", "zst": "libzstd"}.get(way, "none")
    if library in version and f"{library}: not" not in version:
        assert result.code == 0 and bodies(result) == ["packed\n", "web 0\n", "web 1\n", "web 2\n"]
        return
    assert bodies(result) == ["web 0\n", "web 1\n", "web 2\n"] and result.code == 1
    assert (result.error()["code"], result.error()["path"].endswith(f".1.{way}")) == ("unsupported", True)


def test_copies_are_counted(host: Host) -> None:
    """A copy that somebody made before the log went on adds no rows. (The account of each run is checked.)"""
    web = container(host, "web")
    whole = web.log.read_bytes()
    web.log.with_name(web.log.name + ".bak").write_bytes(whole[:whole.index(b"\n") + 1])
    web.log.with_name(web.log.name + ".old.gz").write_bytes(gzip.compress(whole))
    web.log.with_name(web.log.name + ".save").write_bytes(whole + lines("more\n").encode())
    result = host.run()
    assert sorted(bodies(result)) == sorted(["web 0\n", "web 1\n", "web 2\n"] * 2 + ["more\n"])
    assert result.code == 0


GZIP = {
    "good": (lambda data: data, 1000, []),
    "two members": (lambda data: data[:0] + b"".join(gzip.compress(part) for part in (MANY[:60000], MANY[60000:])),
                    1000, []),
    "empty members": (lambda data: gzip.compress(b"") * 1000 + data, 1000, []),
    "truncated": (truncated, 0, ["truncated"]),
    "flipped byte": (flipped, 400, ["damaged"]),
    "bad checksum": (lambda data: data[:-8] + b"abcd" + data[-4:], 1000, ["damaged"]),
    "trailing garbage": (lambda data: data + b"garbage", 1000, ["damaged"]),
    "cut in the header": (lambda data: data[:12], 0, ["truncated"]),
}
MANY = "".join(hosts.log_record(f"line {number} {hosts.hex_id(str(number))}\n", STAMP.format(1))
               for number in range(1000)).encode()


@pytest.mark.parametrize("case", GZIP)
def test_gzip_log(case: str, host: Host) -> None:
    """Lines before the damage are there, each whole, then an error; the log itself is not touched by it."""
    change, at_least, codes = GZIP[case]
    web = container(host, "web")
    web.log.with_name(web.log.name + ".1.gz").write_bytes(change(gzip.compress(MANY)))
    result = host.run()
    got = bodies(result)
    assert got[-3:] == ["web 0\n", "web 1\n", "web 2\n"]
    wanted = [json.loads(line)["log"] for line in MANY.splitlines()]
    if case == "flipped byte":                        # what follows the flip may be unpacked to other text
        wanted, got = wanted[:400], got[:400] + got[-3:]
    assert got[:-3] == wanted[:len(got) - 3] and len(got) - 3 >= at_least
    if case == "truncated":
        assert len(got) > 900
    seen = [error["code"] for error in result.errors if error["path"].endswith(".gz")]
    assert set(codes) <= set(seen) <= set(codes) | {"damaged"}
    assert len(seen) <= len(codes) + 1 or case == "flipped byte"  # the line in which it breaks off may be one more
    assert result.code == bool(codes)


def test_gzip_bomb(host: Host) -> None:
    """4 GiB of zeros in 4 MiB, which are one line without an end: told, done soon, and all else is there."""
    web = container(host, "web")
    member = gzip.compress(bytes(64 << 20), 9)
    web.log.with_name(web.log.name + ".1.gz").write_bytes(gzip.compress(GOOD) + member * 64)
    result = host.run(processor=20)
    assert result.code == 1 and "too-large" in {error["code"] for error in result.errors}
    assert bodies(result) == ["a\n", "b\n", "web 0\n", "web 1\n", "web 2\n"]
    assert len(result.errors) <= 2


def test_memory_stays_bounded(host: Host) -> None:
    """A 200 MB line takes no 200 MB."""
    web = container(host, "web")
    with open(web.log, "wb") as out:
        out.truncate(200_000_000)
        out.seek(0)
        out.write(b'{"log":"')
    # A small process must start it: what a parent had in memory at the fork would count as the child's.
    measure = ("import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
               "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    env = sanitizers.environment(ASAN_OPTIONS="quarantine_size_mb=1")  # else freed memory counts too
    done = subprocess.run([sys.executable, "-c", measure, machine.PROGRAM, "-q", host.root], env=env, check=True,
                          capture_output=True, text=True)
    code, kilobytes = map(int, done.stdout.split())
    assert code == 1 and kilobytes < 100_000
