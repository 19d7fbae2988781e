# SPDX-License-Identifier: Apache-2.0
"""Rows are lean and bounded, say in words what happened, and harm no spreadsheet."""
import csv
import io
import json
import re
from pathlib import Path

import pytest
from lib import hosts, launch, reading

LIMIT = 32766                                         # bytes of a term that OpenSearch keeps
MANY = 11
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\uff1d1+1", "=HYPERLINK(\"http://x\")"]
HARMLESS = ["-12", "+1.5", "-", "=", "a=1", " =1", "'=1"]


@pytest.fixture(scope="module")
def many(session_dir: Path) -> tuple[hosts.Host, list[str]]:
    """A host with so many containers of one image, which also share a volume."""
    host = hosts.Host(session_dir / "many")
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    host.volume("data", {"table": "x"})
    return host, [host.container(f"c{number}", image, {"etc": {"motd": ""}}, volumes=[("data", "/data")]).id
                  for number in range(MANY)]


# --- lean -------------------------------------------------------------------------------------------------------------

def test_rows_show_the_first_of_many_users(many: tuple, tmp: Path) -> None:
    """Eight labels and a count; the manifest and `images --json` have all, under the same layer_identifier."""
    host, containers = many
    rows = host.run("--manifest", tmp / "manifest").rows
    layer, = {row["layer_identifier"] for row in rows if row.get("filename") == "/bin/sh"}
    shared = [row for row in rows if row.get("layer_identifier") == layer or row.get("filename") == "/data/table"]
    assert {row["layer_role"] for row in shared} >= {"image", "volume"}
    labels = {f"c{number}@{identifier[:12]}" for number, identifier in enumerate(containers)}
    for row in (row for row in shared if row["data_type"] == "fs:stat"):
        assert row["used_by_containers_count"] == MANY and len(row["used_by_containers"]) == 8
        assert set(row["used_by_containers"]) < labels
    root = json.loads((tmp / "manifest").read_text())["evidence"][0]["roots"][0]
    users, = (item for item in root["layer_users"] if item["layer_identifier"] == layer)
    assert sorted(users["used_by_containers"]) == sorted(containers) and len(users["used_by_images"]) == 1
    users, = root["volume_users"]
    assert users["volume_name"] == "data" and sorted(users["used_by_containers"]) == sorted(containers)
    image, = launch.objects("images", host.root)
    assert sorted(image["layers"][0]["used_by_containers"]) == sorted(containers)
    assert image["layers"][0]["layer_identifier"] == layer


def test_hidden_by_is_bounded(session_dir: Path) -> None:
    """What all of them deleted: eight of the containers, and how many they are."""
    host = hosts.Host(session_dir / "hidden")
    image = host.image("shop:1", {"motd": "x"})
    made = [host.container(f"c{number}", image, {"motd": hosts.WHITEOUT}).id for number in range(MANY)]
    row = next(row for row in host.run().rows if row["layer_role"] == "image" and row["filename"] == "/motd")
    assert row["hidden_by_count"] == MANY and len(row["hidden_by"]) == 8 and set(row["hidden_by"]) < set(made)


def long_host(root: Path) -> tuple[hosts.Host, list[str]]:
    """Texts at and beyond the limit of a value, which escapes make longer still: lines of a log, a command, a label."""
    host = hosts.Host(root)
    texts = ["x" * LIMIT, "y" * (LIMIT + 1), "\u00e4" * LIMIT, "\x01" * LIMIT, "\\" * 9000, "\u202e" * 20000, "z" * 300000]
    log = "".join(hosts.log_record(text, f"2026-01-02T03:04:{n:02d}.000000001Z") for n, text in enumerate(texts))
    made = host.container("web", host.image("shop:1", {"bin": {}}), {}, log, Args=["-c", "echo " + "w" * 70000])
    made.change(Config={"Image": "i" * 40000, "Hostname": "h" * 40000, "Labels": {"k": "v" * 70000, "short": "1"}})
    return host, texts


def values_of(value: object) -> list[str]:
    """All strings in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in values_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in values_of(item)]
    return [str(value)]


def test_long_texts_continue_in_parts(session_dir: Path) -> None:
    """No value is too long, and the parts of a text are the text."""
    host, texts = long_host(session_dir / "long")
    result = host.run()
    assert result.code == 0
    assert max(len(text.encode()) for row in result.rows for text in values_of(row)) <= LIMIT
    lines: dict[str, list[dict]] = {}
    for row in result.where(log_source="stdout"):
        lines.setdefault(row["datetime"], []).append(row)
    assert ["".join(row["message_body"] for row in rows) for _, rows in sorted(lines.items())] == texts
    for rows in lines.values():
        parts = [f"{number} of {len(rows)}" for number in range(1, len(rows) + 1)]
        assert [row.get("part") for row in rows] == (parts if len(rows) > 1 else [None])
    created = result.where(action="create")
    assert "".join(row.get("command", "") for row in created) == "sh -c 'echo " + "w" * 70000 + "'"
    labels = [label for row in created for label in row.get("labels_kv", [])]
    assert "".join(label for label in labels if label != "short=1") == "k=" + "v" * 70000 and "short=1" in labels


def test_deep_paths_lose_their_middle(session_dir: Path) -> None:
    """A path may be longer than a value. Its ends stay, and the inode says which file it is."""
    host = hosts.Host(session_dir / "deep")
    made = host.container("web", host.image("shop:1", {"bin": {}}), {"top": {}})
    top = made.rw / "diff/top"
    for _ in hosts.nested(top, ["d" * 250] * 200):
        pass
    rows = [row for row in host.run().rows if row["filename"].startswith("/top/ddd")]
    assert len(rows) > 200 and max(len(text.encode()) for row in rows for text in values_of(row)) <= LIMIT
    assert all(row["filename"].endswith("d" * 250) for row in rows) and any("..." in row["filename"] for row in rows)
    assert len({row["inode"] for row in rows}) == 200


# --- words ------------------------------------------------------------------------------------------------------------

VERBS = {"added": "web added {}", "modified": "web modified {}", "replaced": "web replaced {}",
         "copied-up": "web copied up {}", "deleted": "web deleted {}", "opaque": "web recreated {}"}


def test_messages_begin_with_what_happened(sample_jsonl: reading.Timeline) -> None:
    """Of a change: who did what to which path. Of a log line: its text. Of all else: whose it is and the action."""
    seen = set()
    for row in sample_jsonl.rows:
        name = row.get("container_name", "")
        if row["layer_role"] == "rw" and row.get("change") in VERBS and row["data_type"] == "fs:stat":
            verb = VERBS[row["change"]].replace("web", name, 1).format(row["filename"])
            assert row["message"].startswith(verb), row["message"]
            seen.add(row["change"])
        elif row["data_type"] == "docker:container:log:entry":
            text = row.get("message_body", "").rstrip("\n")
            assert row["message"].startswith(text[:200].translate(dict.fromkeys(range(32))) if text.isprintable() else "")
            assert row["message"].find(f"[{name} {row['container_identifier'][:12]} {row['log_source']}") > 0
        elif row.get("action") == "start" and name:
            assert row["message"].startswith(f"{name} started, state: ")
        elif row["data_type"] == "docker:layer:configuration":
            assert ": build step" in row["message"] and row["message"].startswith("image ")
    assert seen >= {"added", "modified", "deleted", "copied-up", "opaque"}


def test_messages_of_deletions_say_what_was_hidden_and_when(sample_jsonl: reading.Timeline) -> None:
    """The size of what a deletion hid, and its bounds."""
    rows = sample_jsonl.where(timestamp_desc="Content Deletion Time", layer_role="rw")
    told = [row for row in rows if "hides_size" in row and row["is_allocated"] is False and "time_first" in row]
    assert told
    for row in told:
        bounds = " and ".join(row[key].replace("+00:00", "Z") for key in ("time_first", "time_last") if key in row)
        assert re.search(r" \(hidden: (\w+(, %d bytes?)?) of image " % row["hides_size"], row["message"])
        assert bounds in row["message"]


# --- spreadsheets -----------------------------------------------------------------------------------------------------

def formula_host(root: Path) -> hosts.Host:
    """Formulas, and what only looks like one, wherever an attacker may write."""
    host = hosts.Host(root)
    log = "".join(hosts.log_record(text + "\n", f"2026-01-02T03:04:{n:02d}.000000001Z")
                  for n, text in enumerate(FORMULAS + HARMLESS))
    image = host.image("=shop:1", {"bin": {}})
    made = host.container("web", image, {"links": {f"l{n}": ("link", text) for n, text in enumerate(FORMULAS + HARMLESS)}},
                          log)
    made.change(Name="/=1+1", Path="=cmd", Args=[], Config={"Image": "@image", "Hostname": "-h", "Labels": {"=k": "v"}})
    host.write(host.root / "etc/hostname", "=host()\n")
    return host


def cells_of(form: str, *args: object) -> list[str]:
    """All cells of the timeline in a table."""
    text = launch.product(form, *args).decode()
    rows = csv.reader(io.StringIO(text, newline="")) if form == "csv" else (line.split(",") for line in text.splitlines())
    return [cell for row in rows for cell in row]


def is_calculated(cell: str) -> bool:
    """As a spreadsheet sees it: it begins like a formula and is no number."""
    return len(cell) > 1 and cell[0] in "=+-@\uff1d\uff0b\uff0d\uff20\t\r" and not re.fullmatch(r"[+-]\d+(\.\d+)?", cell)


@pytest.mark.parametrize("form", ["csv", "l2tcsv"])
def test_no_cell_is_calculated(form: str, tmp: Path) -> None:
    """An apostrophe stands before each formula and before nothing else; --raw-csv writes what was there."""
    host = formula_host(tmp / "formulas")
    raw, cells = cells_of(form, "--raw-csv", host.root), cells_of(form, host.root)
    assert len(raw) == len(cells) and not any(map(is_calculated, cells))
    guarded = is_calculated if form == "csv" else lambda cell: is_calculated(cell) or cell[0] == '"'
    assert all(cell == ("'" + before if guarded(before) else before) for before, cell in zip(raw, cells))
    assert "=host()" in raw
    if form == "csv":
        assert {*FORMULAS, *HARMLESS, "=1+1", "=cmd", "@image", "=shop:1"} <= {reading.unescape(cell).decode() for cell in raw}


def test_no_row_of_l2tcsv_hides_in_another(tmp: Path) -> None:
    """A line of a log that begins with a quotation mark took the rows behind it into its cell, for a reader of CSV."""
    host = hosts.shop(tmp / "host")
    when = hosts.rfc3339(1783600000 * 10**9)
    hosts.container(host, "db").log.write_text("".join(hosts.log_record(f'"{n} begins\n', when) for n in range(3)))
    text = launch.product("l2tcsv", host.root).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(text.splitlines()) and {len(row) for row in rows} == {17}
    assert sum(row[10].startswith("'\"") for row in rows) == 3


def test_csv_has_the_types_of_jsonl(sample: Path) -> None:
    """Integers stand without quotes, and stay integers where cells are empty."""
    lines = launch.product("csv", sample).decode().splitlines()
    names = lines[0].split(",")
    for field in ("mode", "file_size", "timestamp"):
        at = names.index(field)
        cells = {re.sub(r'"([^"]|"")*"', "text", line).split(",")[at] for line in lines[1:3000]}
        assert all(re.fullmatch(r"-?\d*", cell) for cell in cells) and any(cells), field


def test_timestamp_ns_is_text(sample_jsonl: reading.Timeline) -> None:
    """A number of 19 digits is rounded by jq and browsers."""
    assert all(isinstance(row.get("timestamp_ns", ""), str) for row in sample_jsonl.rows)


def test_pathspec_leads_plaso_to_the_file(sample_jsonl: reading.Timeline) -> None:
    """In an image by inode and path, below the partition and the format of the image, but not its name."""
    row = next(row for row in sample_jsonl.where(data_type="fs:stat", layer_role="rw") if row["file_entry_type"] == "file")
    spec = row["pathspec"]
    assert spec["type_indicator"] == "EXT" and spec["inode"] == int(row["inode"])
    assert spec["parent"] == {"__type__": "PathSpec", "type_indicator": "RAW"}
