# SPDX-License-Identifier: Apache-2.0
"""What is left of damaged records: their text, and their own stream and time if these are whole. Where records begin and
end is known from the formats (moby daemon/logger/jsonfilelog/jsonlog, daemon/logger/local), never from what a container
wrote into a line."""
import gzip
import json
import struct
from pathlib import Path

import pytest
from lib import reading
from lib.hosts import Container, Host, local_record, log_record, rfc3339
from lib.reading import Timeline

LINE = "docker:container:log:entry"
SECOND = 10**9
BASE = 1772438400 * SECOND


@pytest.fixture
def web(tmp: Path) -> Container:
    """A container without any log."""
    host = Host(tmp / "host")
    return host.container("web", host.image("shop:1", {"x": "y"}))


def of(result: Timeline, recovered: bool) -> list[tuple[str, str | None, object]]:
    """Text, stream and time of lines; of one without a time of its own both bounds, in seconds after BASE."""
    out = []
    for row in result.where(data_type=LINE):
        if ("recovered" in row["tag"]) != recovered:
            continue
        times = [reading.nanoseconds(row)]
        if row["confidence"] == "bounded":
            times = [reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last")]
        seconds = [round((time - BASE) / SECOND, 3) for time in times]
        time = seconds[0] if len(seconds) == 1 else tuple(seconds)
        out.append((row.get("message_body", ""), row.get("log_source"), time))
    return out


def whole(result: Timeline) -> list[tuple[str, str | None, object]]:
    """Undamaged lines."""
    return of(result, False)


def halves(result: Timeline) -> list[tuple[str, str | None, object]]:
    """What is left of the others."""
    return of(result, True)


# --- json-file --------------------------------------------------------------------------------------------------------

def record(text: str, second: float, stream: str = "stdout", **attrs: str) -> bytes:
    """A record as Docker writes it."""
    line = log_record(text, rfc3339(BASE + round(second * SECOND)), stream).encode()
    return line.replace(b',"time":', b',"attrs":' + json.dumps(attrs, separators=(",", ":")).encode() + b',"time":') \
        if attrs else line


ONE, TWO, NINE = record("one\n", 1), record("two\n", 2, "stderr"), record("nine\n", 9)
JSON = {
    # what stands between ONE and NINE: whole lines, halves, number of errors
    "two records on a line": (TWO[:-1] + record("three\n", 3), [("two\n", "stderr", 2), ("three\n", "stdout", 3)], [], 0),
    "many on a line": (b"".join(record(f"{n}\n", n / 100)[:-1] for n in range(200, 800)) + b"\n",
                       [(f"{n}\n", "stdout", n / 100) for n in range(200, 800)], [], 0),
    "beginning lost": (TWO[9:], [], [("wo\n", "stderr", 2)], 1),
    "all but stream and time lost": (TWO[TWO.index(b'","stream'):], [], [("", "stderr", 2)], 1),
    "stream at the beginning": (TWO[TWO.index(b'stderr'):], [], [("", "stderr", 2)], 1),
    "stream and its name": (TWO[TWO.index(b'eam":"'):], [], [("", "stderr", 2)], 1),
    "stream lost": (TWO[TWO.index(b'err","time'):], [], [("", None, 2)], 1),
    "all but the time lost": (TWO[TWO.index(b'ime":"'):], [], [("", None, 2)], 1),
    "end lost": (TWO[:16] + b"\n", [], [("two\n", None, (1, 9))], 1),
    "end lost behind the stream": (TWO[:34] + b"\n", [], [("two\n", "stderr", (1, 9))], 1),
    "only the brace lost": (TWO[:-2] + b"\n", [], [("two\n", "stderr", 2)], 1),
    "end and newline lost": (TWO[:16], [], [("two\n", None, (1, 9))], 1),
    "both lost": (b"wo and\n", [], [("wo and", None, (1, 9))], 1),
    "halves of two": (TWO[:10] + b"\0" * 700 + record("threefold\n", 3)[12:], [],
                      [("tw", None, (1, 9)), ("efold\n", "stdout", 3)], 1),
    "zeros in a text": (record("a", 2)[:9] + b"\0\0" + record("bc\n", 3)[9:], [],
                        [("a", None, (1, 9)), ("c\n", "stdout", 3)], 1),
    "halves without a gap": (TWO[:11] + TWO[:12] + record("three\n", 3), [("three\n", "stdout", 3)],
                             [("two", None, (1, 3)), ("two", None, (1, 3))], 2),
    "attrs of halves": (record("x\n", 2, tag="t", a="b")[9:] + record("y\n", 3, tag="t", a="b")[:-30] + b"\n", [],
                        [("\n", "stdout", 2), ("y\n", "stdout", (2, 9))], 2),
    "text in attrs that looks like members": (
        record("x\n", 2, stream="stderr", time="1999-01-01T00:00:00Z")[30:], [], [("", None, 2)], 1),
    "text that looks like members": (record('","stream":"stderr","time":"1999-01-01T00:00:00Z"}\n', 2)[8:], [],
                                     [('","stream":"stderr","time":"1999-01-01T00:00:00Z"}\n', "stdout", 2)], 1),
    "text that looks like a record": (TWO[:-9] + record(record("fake", 5).decode(), 3),
                                      [(record("fake", 5).decode(), "stdout", 3)], [("two\n", "stderr", (1, 3))], 1),
}


@pytest.mark.parametrize("case", JSON)
def test_json_records(case: str, web: Container) -> None:
    """Each loss is one error, and what is left has its own stream and time if it still has them."""
    between, lines, rest, errors = JSON[case]
    web.log.write_bytes(ONE + between + NINE)
    result = web.host.run()
    assert whole(result) == sorted([("one\n", "stdout", 1), *lines, ("nine\n", "stdout", 9)], key=lambda line: line[2])
    assert sorted(halves(result), key=str) == sorted(rest, key=str)
    assert len(result.errors) == errors and result.code == bool(errors)


@pytest.mark.parametrize("before", [b"", TWO[:11]])
def test_large_gap(before: bytes, web: Container) -> None:
    """A hole of many MiB, before which a record may break off: what stands on either side is there."""
    with open(web.log, "wb") as out:
        out.write(ONE + before)
        out.seek(300_000_000, 1)
        out.write(NINE)
    result = web.host.run()
    assert whole(result) == [("one\n", "stdout", 1), ("nine\n", "stdout", 9)] and result.code == 1
    assert [line[0] for line in halves(result)] == (["two"] if before else []) and len(result.errors) <= 3


def test_hostile_line_of_beginnings(web: Container) -> None:
    """A line of nothing but beginnings takes no more than linear time."""
    web.log.write_bytes(ONE + b'{"log":"","x":[' * 60_000 + b"\n" + NINE)
    result = web.host.run(processor=20)
    assert whole(result) == [("one\n", "stdout", 1), ("nine\n", "stdout", 9)] and result.code == 1


def test_attributes(web: Container) -> None:
    """What log options add to a record is in its row, as it is in the record, but for secrets."""
    attrs = {"tag": "shop|web|5b1d", "RELEASE": "rc1", "DB_PASSWORD": "hunter2,x", "dsn": "postgres://u:hunter2@db/x",
             "com.example.note": 'a "quoted" = \u00e4\n', "EMPTY": ""}
    web.log.write_bytes(record("one\n", 1, **attrs) + record("tw", 2, tag="first") + record("o\n", 2, tag="second")
                        + record("three\n", 3) + record("four\n", 4, tag="cut")[:-4] + b"\n"
                        + b'{"log":"five\\n","stream":"stdout","attrs":{"n":1,"l":["x",{"y":"z"}]},"time":"' +
                        rfc3339(BASE + 5 * SECOND).encode() + b'"}\n')
    result = web.host.run()
    assert [row.get("log_attributes") for row in result.where(data_type=LINE)] == [
        ["tag=shop|web|5b1d", "RELEASE=rc1", "DB_PASSWORD=***", "dsn=postgres://u:***@db/x",
         'com.example.note=a "quoted" = \u00e4\\x0a', "EMPTY="],
        ["tag=first"], None, ["tag=cut"], ["n=1", 'l=["x",{"y":"z"}]']]
    assert "hunter2" not in json.dumps(result.rows)


# --- local ------------------------------------------------------------------------------------------------------------

def local(text: bytes, second: float, stream: bytes = b"stdout") -> bytes:
    """A record of the local driver."""
    return local_record(text, BASE + round(second * SECOND), stream)


L_ONE, L_NINE = local(b"one", 1), local(b"nine", 9)
L_TWO = local(b"two is longer", 2, b"stderr")
FAKE = local(b"fake", 5)
HOSTILE = local(b"before " + FAKE * 3 + b" behind", 2, b"stderr")
LOCAL = {
    "first length damaged": (b"\xff" + L_TWO[1:], [("two is longer", "stderr", 2)]),
    "second length damaged": (L_TWO[:-1] + b"\xff", [("two is longer", "stderr", 2)]),
    "first length lost": (L_TWO[4:], [("two is longer", "stderr", 2)]),
    "source cut": (L_TWO[9:], [("two is longer", None, 2)]),
    "time cut": (L_TWO[17:], [("two is longer", None, (1, 9))]),
    "line cut": (L_TWO[-10:], [("longer", None, (1, 9))]),
    "end cut": (L_TWO[:-8], [("two is lo", "stderr", 2)]),
    "end cut before the line": (L_TWO[:24], [("", "stderr", 2)]),
    "end cut before the time": (L_TWO[:12], []),
    "piece lost": (L_TWO[:30] + L_TWO[33:], [((L_TWO[24:30] + L_TWO[33:-4]).decode(), "stderr", (2, 9))]),
    "halves of two": (L_TWO[:-12] + b"\0" * 64 + local(b"three", 3)[10:],
                      [("two i", "stderr", 2), ("three", None, 3)]),
    "zeros": (b"\0" * 5000, []),
    "garbage": (struct.pack(">I", 0x7FFFFFFF) + b"garbage", [("garbage", None, (1, 9))]),
    # The line holds records, of which none may count, whatever part of its own record is damaged.
    "hostile line, length damaged": (b"\xff" + HOSTILE[1:], [("before ", "stderr", 2)]),
    "hostile line, beginning lost": (HOSTILE[9:], [("before ", None, 2)]),
    "hostile line, time lost": (HOSTILE[20:], [("before ", None, (1, 9))]),
    "hostile line, cut before the first": (HOSTILE[34:], [("", None, (1, 9))]),
}


@pytest.mark.parametrize("case", LOCAL)
@pytest.mark.parametrize("name", ["local-logs/container.log", "container-cached.log"])
def test_local_records(name: str, case: str, web: Container) -> None:
    """All other records come whole, and what is left of this one has its own stream and time if they are certain."""
    between, rest = LOCAL[case]
    web.host.write(web.path / name, L_ONE + between + L_NINE)
    result = web.host.run()
    assert whole(result) == [("one\n", "stdout", 1), ("nine\n", "stdout", 9)]
    found = halves(result)
    assert [line[1:] for line in found] == [line[1:] for line in rest]
    assert all(text.startswith(wanted) if "hostile" in case else text == wanted
               for (text, _, _), (wanted, _, _) in zip(found, rest)), found
    assert sum(int(error["reason"].split()[0]) for error in result.errors) == len(between) and result.code == 1


def test_packed_local_log_that_breaks_off(web: Container) -> None:
    """Also where it does so between two records, and was met while looking beyond damage."""
    packed = gzip.compress(b"x" * 20 + L_ONE + L_TWO + L_NINE, compresslevel=0)  # stored: bytes as they are
    web.host.write(web.path / "container-cached.log.1.gz", packed[:-len(L_NINE) - 8])
    result = web.host.run()
    assert [line[0] for line in whole(result)] == ["one\n", "two is longer\n"]
    assert sorted(error["code"] for error in result.errors) == ["damaged", "truncated"]


@pytest.mark.parametrize("cut", range(1, len(L_TWO)))
def test_local_record_cut_at_the_end(cut: int, web: Container) -> None:
    """At each place: its time counts as soon as it is whole, and the text is there as far as it goes."""
    web.host.write(web.path / "local-logs/container.log", L_ONE + L_TWO[:cut])
    result = web.host.run()
    assert whole(result) == [("one\n", "stdout", 1)] and len(result.errors) == 1
    text = L_TWO[24:-4][:max(0, cut - 24)].decode()
    if cut >= 22:
        assert halves(result) == [(text, "stderr", 2)]
    else:
        assert all(isinstance(time, tuple) for _, _, time in halves(result))
