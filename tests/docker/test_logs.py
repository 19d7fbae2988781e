# SPDX-License-Identifier: Apache-2.0
"""Damaged container logs lose the damaged bytes and nothing else, and it is said how many."""
import gzip
import json
import random
import re
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, launch, reading
from lib.hosts import Container, Host, local_record, log_record, rfc3339
from lib.reading import Timeline

LINE = "docker:container:log:entry"
BASE = 1767323045 * 10**9
LOST = re.compile(r"(\d+) (?:NUL )?bytes (?:lost )?at offset (\d+)")


@pytest.fixture
def web(tmp: Path) -> Container:
    """A container without any log."""
    host = Host(tmp / "host")
    return host.container("web", host.image("shop:1", {"x": "y"}))


def lines(result: Timeline) -> list[tuple[str, int]]:
    """Whole lines with their times."""
    return [(row["message_body"], reading.nanoseconds(row)) for row in result.where(data_type=LINE)
            if "recovered" not in row["tag"]]


def halves(result: Timeline) -> list[reading.Row]:
    """What was kept of damaged records."""
    return [row for row in result.where(data_type=LINE) if "recovered" in row["tag"]]


def lost(result: Timeline) -> list[tuple[int, int]]:
    """Offset and number of the damaged bytes, as the error list tells them."""
    return [(int(match[2]), int(match[1])) for error in result.errors if (match := LOST.search(error["reason"]))]


# --- json-file --------------------------------------------------------------------------------------------------------

GOOD = [log_record(f"line {n}\n", rfc3339(BASE + n * 10**9)).encode() for n in range(4)]
TIMES = [(f"line {n}\n", BASE + n * 10**9) for n in range(4)]


def test_record_cut_short_at_the_end(web: Container) -> None:
    """Its text is kept, between the line before it and the file's last change."""
    half = GOOD[3][:25]
    web.log.write_bytes(b"".join(GOOD[:3]) + half)
    result = web.host.run()
    (row,) = halves(result)
    assert lines(result) == TIMES[:3] and row["message_body"] == "line 3\n" and row["confidence"] == "bounded"
    assert reading.iso_nanoseconds(row["time_first"]) == BASE + 2 * 10**9
    assert reading.iso_nanoseconds(row["time_last"]) == web.log.stat().st_mtime_ns
    assert row["witness"].endswith(f"#offset={len(b''.join(GOOD[:3]))}")
    assert lost(result) == [(sum(map(len, GOOD[:3])), 25)] and result.code == 1


@pytest.mark.parametrize("zeros", [0, 1, 4096])
@pytest.mark.parametrize("cut", [1, 8, 9, 12, 20, 40, 60])
def test_record_appended_to_half_a_record(cut: int, zeros: int, web: Container) -> None:
    """After a power loss the daemon goes on where the file ends, be it in a record or in zeros."""
    before = b"".join(GOOD[:2])
    web.log.write_bytes(before + GOOD[2][:cut] + b"\0" * zeros + GOOD[3])
    result = web.host.run()
    assert lines(result) == TIMES[:2] + TIMES[3:]
    assert lost(result) == [(len(before), cut + zeros)]
    text = GOOD[2][8:cut].split(b'"')[0].decode().replace("\\n", "\n")
    assert [row["message_body"] for row in halves(result)] == ([text] if text else [])
    for row in halves(result):
        bounds = [reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last")]
        assert bounds == [BASE + 10**9, BASE + 3 * 10**9]


@pytest.mark.parametrize("seed", range(12))
def test_holes_in_a_real_log(seed: int, disk: Callable[[str, str], Path], web: Container) -> None:
    """Bytes of a log that Docker wrote are zeroed or gone: all other records are there, each once, with their times."""
    records = real_log(disk)
    dice = random.Random(seed)
    data, starts = b"".join(records), [0]
    for record in records:
        starts.append(starts[-1] + len(record))
    first = dice.randrange(len(data) - 5000)
    count = dice.choice([1, 20, 300, 4000])
    hole = b"" if seed % 2 else b"\0" * count
    web.log.write_bytes(data[:first] + hole + data[first + count:])
    result = web.host.run()
    whole = [json.loads(r) for r, at in zip(records, starts) if at + len(r) <= first or at >= first + count]
    wanted = Counter((r["log"], stamp(r["time"])) for r in whole)
    got = Counter(lines(result))
    assert not wanted - got
    # One byte within a text does no damage that anyone could see.
    assert sum((got - wanted).values()) <= 1
    touched = [at for r, at in zip(records, starts) if at < first + count and at + len(r) > first]
    assert sum(size for _, size in lost(result)) <= sum(len(records[starts.index(at)]) for at in touched)
    assert bool(lost(result)) or got - wanted


def stamp(text: str) -> int:
    """Nanoseconds of a time as Docker writes it."""
    return reading.iso_nanoseconds(f"{text[:19]}.{text[20:-1]:0<9}+00:00")


def real_log(disk: Callable[[str, str], Path]) -> list[bytes]:
    """The records of a log of the evidence set's first case."""
    image = disk("overlay2-ext4", "clean")
    rows = launch.timeline("--role", "log", image).where(data_type=LINE, container_name="indigo")
    text = disks.debugfs(image, "cat " + rows[-1]["witness"].split("#")[0])
    return [line.encode() for line in text.splitlines(keepends=True) if line.startswith('{"log"')]


# --- local ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["local-logs/container.log", "container-cached.log"])
def test_holes_in_a_local_log(name: str, seed: int, web: Container) -> None:
    """All records outside the damage are found again behind it."""
    dice = random.Random(seed)
    records = [local_record(bytes(dice.choices(range(32, 127), k=dice.randrange(1, 200))), BASE + n * 10**6)
               for n in range(400)]
    starts = [sum(map(len, records[:n])) for n in range(len(records))]
    data = b"".join(records)
    first, count = dice.randrange(len(data) - 3000), dice.choice([1, 30, 500, 2500])
    hole = dice.choice([b"", b"\0" * count, dice.randbytes(count)])
    web.host.write(web.path / name, data[:first] + hole + data[first + count:])
    result = web.host.run()
    wanted = {BASE + n * 10**6 for n, at in enumerate(starts)
              if at + len(records[n]) <= first or at >= first + count}
    got = [time for _, time in lines(result)]
    assert wanted <= set(got) and len(got) <= len(wanted) + 1
    damaged = sum(len(records[n]) for n, at in enumerate(starts) if at < first + count and at + len(records[n]) > first)
    assert sum(size for _, size in lost(result)) <= damaged - (count - len(hole))


# --- rotation ---------------------------------------------------------------------------------------------------------

def packed(data: bytes, last: int) -> bytes:
    """A log as moby compresses it: the time of its last line is the header's extra field, as it stands."""
    extra = json.dumps({"lastTime": rfc3339(last)}, separators=(",", ":")).encode()
    plain = gzip.compress(data, mtime=0)
    return plain[:3] + bytes([plain[3] | 4]) + plain[4:10] + struct.pack("<H", len(extra)) + extra + plain[10:]


def rotated(web: Container, suffix: str) -> Path:
    """Where an older log is."""
    return web.log.with_name(web.log.name + suffix)


def test_last_time_of_a_compressed_log(web: Container) -> None:
    """If the header promises a line that did not come, it is missed."""
    rotated(web, ".1.gz").write_bytes(packed(b"".join(GOOD), BASE + 3 * 10**9))
    result = web.host.run()
    assert result.code == 0 and lines(result) == TIMES
    rotated(web, ".1.gz").write_bytes(packed(b"".join(GOOD[:2]), BASE + 3 * 10**9))
    result = web.host.run()
    assert lines(result) == TIMES[:2] and result.code == 1
    assert result.error()["code"] == "truncated" and rfc3339(BASE + 3 * 10**9) in result.error()["reason"]


def test_last_time_of_a_line_that_goes_on(web: Container) -> None:
    """Its first piece is the last in the compressed log, its rest the first in the next."""
    piece, rest = (log_record(text, rfc3339(BASE + 10**10)).encode() for text in ("x" * 16384, "y\n"))
    rotated(web, ".1.gz").write_bytes(packed(GOOD[0] + piece, BASE + 10**10))
    web.log.write_bytes(rest)
    result = web.host.run()
    assert result.code == 0 and lines(result) == [TIMES[0], ("x" * 16384 + "y\n", BASE + 10**10)]


@pytest.mark.parametrize("keep", [0, 20, 60, -9, -1, None])
def test_compression_that_was_interrupted(keep: int | None, web: Container) -> None:
    """The plain file is removed last: beside it the packed one has nothing of its own, however far it got."""
    data = b"".join(GOOD[:3])
    rotated(web, ".1").write_bytes(data)
    rotated(web, ".1.gz").write_bytes(packed(data, BASE + 2 * 10**9)[:keep])
    web.log.write_bytes(GOOD[3])
    result = web.host.run()
    assert lines(result) == TIMES
    assert result.code == 0, result.errors


def test_two_logs_of_one_number(web: Container) -> None:
    """Where they differ both are read."""
    rotated(web, ".1").write_bytes(GOOD[1])
    rotated(web, ".1.gz").write_bytes(gzip.compress(GOOD[0]))
    assert Counter(lines(web.host.run())) == Counter(TIMES[:2])
