# SPDX-License-Identifier: Apache-2.0
"""The four output formats, read back by independent readers: Python's json and csv, and mactime of The Sleuth Kit."""
import csv
import io
import json
import os
import re
import unicodedata
from collections import Counter
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from lib import hosts, launch, reading
from lib.mactime import mactime_rows, run_mactime

# What layertime-formats(5) promises.
ALWAYS = {"__container_type__", "__type__", "data_type", "date_time", "datetime", "display_name", "message", "parser",
          "source_short", "source_long", "tag", "timestamp", "timestamp_desc"}
TIMESKETCH = {"message", "datetime", "timestamp", "timestamp_desc"}
COLUMNS = "datetime,timestamp_desc,source,source_long,message,parser,display_name,tag".split(",")
PARSERS = {"fs:stat": "filestat", "docker:container:configuration": "jsonl/docker_container_config",
           "docker:container:log:entry": "jsonl/docker_container_log",
           "docker:layer:configuration": "jsonl/docker_layer_config", "cri:container:log:entry": "text/cri_log",
           "syslog:line": "text/syslog"}
ROLES = {"rw", "image", "init", "volume", "config", "log", "host"}
IDS = {"container_identifier": r"[0-9a-f]{64}", "image_identifier": r"sha256:[0-9a-f]{64}",
       "layer_identifier": r"sha256:[0-9a-f]{64}|[0-9a-f]{64}(-init)?", "inode": r"[0-9]+"}
# The path specification of the sample's image, as Plaso would write it.
RAW = {"__type__": "PathSpec", "type_indicator": "RAW"}
EPOCH = datetime(1970, 1, 1)
# ext4 can store these; ns since 1970 for mtime, so that the rounding of `timestamp` shows.
TIMES = [0, 1, 499, 500, 501, 1499, 1500, 999_999_499, 999_999_500, 999_999_999, 10**9, -1, -499, -500, -501, -1500,
         -10**9, -(2**31) * 10**9, (2**31) * 10**9 - 1, 2**32 * 10**9, 1_718_000_001_123_456_500,
         1_718_000_001_999_999_500, 9_223_372_036_854_775_807, 9_223_372_037 * 10**9, 15_032_385_535 * 10**9]


@pytest.fixture(scope="session")
def sample_csv(sample: Path) -> list[list[str]]:
    """All cells of the sample's CSV."""
    return list(csv.reader(io.StringIO(launch.product("csv", sample).decode("utf-8"), newline="")))


@pytest.fixture(scope="session")
def sample_body(sample: Path) -> list[bytes]:
    """All lines of the sample's body file."""
    return launch.product("body", sample).splitlines(keepends=True)


@pytest.fixture(scope="session")
def times(session_dir: Path) -> tuple[dict[str, int], reading.Timeline]:
    """A host whose files have special times: what the kernel says they are, by name, and the timeline."""
    host = hosts.Host(session_dir / "times")
    image = host.image("shop:1", {"bin": {}})
    made = host.container("web", image, {f"t{number}": "x" for number in range(len(TIMES))})
    told = {}
    for number, wanted in enumerate(TIMES):
        path = made.rw / "diff" / f"t{number}"
        os.utime(path, ns=(wanted, wanted))
        told[f"/t{number}"] = os.lstat(path).st_mtime_ns
    return told, host.run()


# --- JSONL ------------------------------------------------------------------------------------------------------------

def test_jsonl_is_what_python_would_write(sample_jsonl) -> None:
    """Valid, keys sorted, ASCII, Python's separators, one line a row, none blank."""
    assert len(sample_jsonl.lines) > 5000
    for line in sample_jsonl.lines:
        assert json.dumps(json.loads(line), sort_keys=True).encode() + b"\n" == line


def test_jsonl_has_one_type_a_key_and_few_keys(sample_jsonl) -> None:
    """OpenSearch freezes the type of a key at first sight and has a limit on their number."""
    types: dict[str, set[str]] = {}
    for row in sample_jsonl.rows:
        for key, value in row.items():
            types.setdefault(key, set()).add(type(value).__name__)
    assert len(types) <= 96
    assert {key: found for key, found in types.items() if len(found) > 1} == {}
    assert "NoneType" not in set().union(*types.values())


def test_jsonl_lists_hold_strings_and_unknown_is_left_out(sample_jsonl) -> None:
    """No null, no "-", no empty string, no empty list but tag's."""
    for row in sample_jsonl.rows:
        for key, value in row.items():
            assert value not in ("", "-", None) and (value != [] or key == "tag"), (key, row)
            assert not isinstance(value, list) or all(isinstance(item, str) for item in value)


def test_jsonl_has_the_mandatory_fields(sample_jsonl) -> None:
    """Plaso's, Timesketch's and ours."""
    for row in sample_jsonl.rows:
        assert ALWAYS | TIMESKETCH | {"layer_role", "container_runtime", "clock", "confidence"} <= row.keys()
        own = (row["display_name"] + "/").startswith("EXT:/var/lib/containerd/") and row["layer_role"] == "host"
        assert row["layer_role"] in ROLES and row["container_runtime"] in ({"docker", "containerd"} if own else {"docker"})
        exact = reading.nanoseconds(row)
        if row["data_type"] in PARSERS:
            assert row["parser"] == PARSERS[row["data_type"]]
        else:
            assert row["parser"].startswith("layertime/")
        assert row["display_name"].startswith("EXT:/") and (
            row.get("timestamp_ns") == (str(exact) if -2**63 <= exact < 2**63 else None))
        assert row["hostname"] == "web-prod-2"
        assert row["clock"] in {"host", "builder", "registry", "application", "unknown"}
        assert row["confidence"] in {"exact", "bounded", "inferred", "claimed"}
        for key, pattern in IDS.items():
            assert key not in row or re.fullmatch(pattern, row[key]), (key, row)


def test_jsonl_file_rows_have_the_file_fields(sample_jsonl) -> None:
    """Plaso's attributes of fs:stat, with its types, and both paths."""
    files = sample_jsonl.where(data_type="fs:stat")
    hidden = [row for row in files if "file_entry_type" not in row]
    assert all(row["timestamp_desc"] == "Content Deletion Time" and "hides_mode" in row for row in hidden)
    for row in files:
        if row in hidden:
            continue  # a directory tells that it is gone: that one's facts would be taken for its own
        assert {"file_entry_type", "filename", "inode", "mode", "number_of_links", "owner_identifier",
                "group_identifier", "is_allocated", "pathspec", "file_system_type"} <= row.keys()
        assert row["display_name"] == "EXT:" + row["pathspec"]["location"] and row["filename"].startswith("/")
        assert ("witness" in row) == ("recovered" in row["tag"]) and str(row["pathspec"]["inode"]) == row["inode"]
        assert row["pathspec"]["parent"] == RAW and row["file_system_type"] == row["pathspec"]["type_indicator"] == "EXT"
        assert 0 <= row["mode"] <= 0o7777
    assert {row["is_allocated"] for row in files} == {True, False}


def test_jsonl_is_in_order_of_time(sample_jsonl) -> None:
    """By the exact time, not the rounded one."""
    exact = [reading.nanoseconds(row) for row in sample_jsonl.rows]
    assert exact == sorted(exact)


def wanted_micros(row: dict) -> int:
    """`timestamp` as layertime-formats(5) says: file times are rounded half away from zero, times read from text are cut."""
    exact = reading.nanoseconds(row)
    text = {"docker:container:configuration", "docker:container:log:entry", "docker:layer:configuration",
            "container:image:tag", "container:log:application", "container:log:clock", "container:clock:step",
            "container:network:created", "container:state:set", "container:health:probe", "container:build:result",
            "container:daemon:log"}
    if row["data_type"] in text:
        return exact // 1000
    return int((Decimal(exact) / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def check_times(row: dict) -> None:
    """`timestamp` and `datetime` of a row follow from its `date_time`."""
    micros = wanted_micros(row)
    assert row["timestamp"] == micros, row
    assert row["datetime"] == (EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds") + "+00:00"


def test_jsonl_times_agree(sample_jsonl) -> None:
    """On every row of the sample, with fractions that round up and down."""
    for row in sample_jsonl.rows:
        check_times(row)
    assert {reading.nanoseconds(row) % 1000 >= 500 for row in sample_jsonl.rows} == {True, False}


def test_jsonl_times_at_the_limits(times) -> None:
    """From 1901 to 2446 exactly what the kernel says; beyond 64 bits of ns as elements of a date."""
    told, result = times
    assert result.code == 0
    rows = {row["filename"]: row for row in result.rows if row["timestamp_desc"] == "Content Modification Time"}
    for name, exact in told.items():
        assert reading.nanoseconds(rows[name]) == exact, name
        assert ("timestamp" in rows[name]["date_time"]) == (-2**63 <= exact < 2**63), name
        check_times(rows[name])
    assert max(told.values()) > 2**63, "the file system under /tmp cannot hold the times of this test"


def test_jsonl_bounds_of_bounded_rows(sample_jsonl) -> None:
    """time_first and time_last stand on bounded rows only, in order; the row sorts at neither side of them."""
    bounded = sample_jsonl.where(confidence="bounded")
    assert bounded
    for row in sample_jsonl.rows:
        bounds = [reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last") if key in row]
        assert bool(bounds) == (row["confidence"] == "bounded") and bounds == sorted(bounds)
        if bounds:
            first, last = (reading.iso_nanoseconds(row[key]) if key in row else None for key in ("time_first", "time_last"))
            assert (first or -2**63) <= reading.nanoseconds(row) <= (last or 2**63), row


# --- CSV --------------------------------------------------------------------------------------------------------------

def test_csv_columns(sample_csv) -> None:
    """psort's first, then all names of JSONL in their order, each once, and as many cells in every row."""
    header = sample_csv[0]
    assert header[:len(COLUMNS)] == COLUMNS
    assert len(set(header)) == len(header) and header[len(COLUMNS):] == sorted(header[len(COLUMNS):])
    assert {len(row) for row in sample_csv} == {len(header)}


def test_csv_tells_what_jsonl_tells(sample_csv, sample_jsonl) -> None:
    """Row for row, column for key."""
    header, *rows = sample_csv
    assert len(rows) == len(sample_jsonl.rows)
    names = dict(zip(header, header)) | {"source": "source_short"}
    missing = set().union(*sample_jsonl.rows) - set(names.values())
    assert missing == {"__container_type__", "__type__", "date_time", "pathspec"}
    plain = re.compile(r"[ -~]*")
    for cells, row in zip(rows, sample_jsonl.rows):
        for column, cell in zip(header, cells):
            value = row.get(names[column], "")
            if column == "tag":
                assert cell == "-" if not value else json.loads(cell) == value
            elif isinstance(value, list) or isinstance(value, bool):
                assert json.loads(cell) == value
            elif plain.fullmatch(str(value)) and "\\" not in str(value):
                assert cell == str(value), column


def test_csv_is_one_line_a_record_and_safe(sample: Path) -> None:
    """As many lines as rows, no control byte, no carriage return."""
    data = launch.product("csv", sample)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data)
    assert data.count(b"\n") == len(list(csv.reader(io.StringIO(data.decode(), newline=""))))


# --- body -------------------------------------------------------------------------------------------------------------

def test_body_fields(sample_body, sample_jsonl) -> None:
    """Eleven fields; one line an entry of the file system; whole seconds (floor) of the four times; unique names."""
    wanted: dict[tuple, dict] = {}
    order = ("Last Access Time", "Content Modification Time", "Metadata Modification Time", "Creation Time")
    for row in sample_jsonl.where(data_type="fs:stat"):
        if row["timestamp_desc"] in order:
            key = row["pathspec"]["location"], row.get("inode"), row.get("witness")
            wanted.setdefault(key, {"row": row})[row["timestamp_desc"]] = reading.nanoseconds(row) // 10**9
    want = Counter((entry["row"]["inode"], *(str(entry.get(name, 0)) for name in order)) for entry in wanted.values())
    got, names = Counter(), set()
    for line in sample_body:
        cells = line.decode("utf-8").rstrip("\n").split("|")
        assert len(cells) == 11 and cells[0] == "0", line
        assert re.fullmatch(r"w/c-{9}|([rdlcbph])/\1([r-][w-][xsS-]){2}[r-][w-][xtT-]", cells[3]), line
        got[cells[2], *cells[7:]] += 1
        names.add((cells[1], cells[2]))
    assert got == want
    assert len(names) == len(sample_body)


def test_body_names_begin_with_their_owner(sample_body) -> None:
    """c:name@id:role:/path, also of what one container binds, i:name@id:Ln:/path, v:name:volume:/path; other host files
    keep the plain path."""
    form = re.compile(r"c:[\w.-]+@[0-9a-f]{12}:(rw|init|config|host):/|i:([^:]+@)?[0-9a-f]{12}:(L\d+|image|rw|init):/|"
                      r"v:[\w.-]+:volume:/|/")
    names = [line.decode().split("|")[1] for line in sample_body]
    assert [name for name in names if not form.match(name)] == []
    assert {name[0] for name in names} == set("civ/")


def test_body_through_mactime(sample_body) -> None:
    """Every time of every record comes out, with the record's own mode, size and owner."""
    rows = run_mactime(b"".join(sample_body))
    assert len(rows) == mactime_rows(sample_body) > 1000
    facts = {}
    for line in sample_body:
        _md5, name, inode, mode, uid, gid, size, *_ = line.decode().split("|")
        facts[inode, name.replace("%7C", "|").replace("%25", "%").replace('"', '""')] = [size, mode, uid, gid]
    for _date, size, _type, mode, uid, gid, inode, name in rows:
        assert facts[inode, name[1:-1]] == [size, mode, uid, gid], name


def test_body_of_times_before_1970(times, session_dir: Path) -> None:
    """They are in the body file as negative seconds, though mactime loses them: JSONL is the record."""
    told, _ = times
    lines = launch.product("body", session_dir / "times").decode().splitlines()
    got = {line.split("|")[1].rsplit(":", 1)[1]: int(line.split("|")[8]) for line in lines if ":rw:/t" in line}
    assert got == {name: exact // 10**9 for name, exact in told.items()}
    rows = run_mactime("".join(line + "\n" for line in lines).encode())
    assert len(rows) == mactime_rows([line.encode() for line in lines])


# --- l2tcsv -----------------------------------------------------------------------------------------------------------

L2T = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra"


def test_l2tcsv_tells_what_jsonl_tells(sample: Path, sample_jsonl) -> None:
    """17 cells without quotes; date and time are the whole seconds; as many rows as the text has."""
    header, *lines = launch.product("l2tcsv", sample).decode("utf-8").split("\n")[:-1]
    assert header == L2T and len(lines) == merged_rows(sample_jsonl.rows)
    cells = [line.split(",") for line in lines]
    assert {len(row) for row in cells} == {17} and "" not in set().union(*cells)
    wanted, got = Counter(), Counter()
    for row in sample_jsonl.rows:
        moment = EPOCH + timedelta(seconds=reading.nanoseconds(row) // 10**9)
        name = reading.unescape(row["display_name"]).replace(b",", b" ")
        wanted[f"{moment:%m/%d/%Y}", f"{moment:%H:%M:%S}", row["timestamp_desc"], name] += 1
    for date, time, zone, macb, _source, _type, kinds, _user, host, _short, _desc, version, name, *_ in cells:
        assert zone == "UTC" and version == "2" and host == "web-prod-2" and re.fullmatch(r"[M.][A.][C.][B.]", macb)
        for kind in kinds.split("; "):
            got[date, time, kind, reading.unescape(name)] += 1
    assert got == wanted


# --- text -------------------------------------------------------------------------------------------------------------

def merged_rows(rows: list[dict]) -> int:
    """How many lines the text has: equal times of one entry are one line, all else is a line each."""
    plain = [row for row in rows if row["data_type"] != "fs:stat" or row["timestamp_desc"] == "Content Deletion Time"]
    files = {(row["pathspec"]["location"], row["layer_role"], row.get("inode"), row.get("witness"), reading.nanoseconds(row)) for row in rows
             if row["data_type"] == "fs:stat" and row["timestamp_desc"] != "Content Deletion Time"}
    return len(plain) + len(files)


def test_text_counts_and_flags(sample: Path, sample_jsonl) -> None:
    """One line for equal times of an entry; the letters of all lines are the rows of JSONL."""
    lines = launch.product("text", sample).decode().splitlines()
    assert len(lines) == merged_rows(sample_jsonl.rows)
    letters: Counter[str] = Counter()
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ([m.][a.][c.][b.]|\.\.\.[du]|----) (\w+) +([\w-]+) +\S+ +")
    for line in lines:
        match = form.match(line)
        assert match and match[2] in ROLES, line
        letters.update(match[1].replace(".", "") if match[1] != "----" else ["other"])
    names = Counter(row["timestamp_desc"] for row in sample_jsonl.where(data_type="fs:stat"))
    copies = len(sample_jsonl.where(data_type="container:file:copy_up"))
    assert copies and letters == Counter({
        "m": names["Content Modification Time"], "a": names["Last Access Time"], "b": names["Creation Time"],
        "c": names["Metadata Modification Time"], "d": names["Content Deletion Time"], "u": copies,
        "other": len(sample_jsonl.rows) - sum(names.values()) - copies})


def test_text_is_sorted(sample: Path) -> None:
    """Years before 1970 first."""
    times = [line[:30] for line in launch.product("text", sample).splitlines()]
    assert times == sorted(times)


def test_text_is_safe_for_terminals(sample: Path) -> None:
    """Valid UTF-8 without any control, format or line-separating character but the newline."""
    text = launch.product("text", sample).decode("utf-8")
    bad = {char for char in set(text) - {"\n"} if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")}
    assert not bad, bad
