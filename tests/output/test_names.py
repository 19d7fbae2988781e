# SPDX-License-Identifier: Apache-2.0
"""Names that attack the reader: they come out as the formats say, decode to the same bytes, and are walked in full."""
import csv
import io
import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading
from lib.mactime import mactime_rows, run_mactime

ODD = [
    b"plain", b"new\nline", b"\n", b"tab\there", b"cr\rover", b"pipe|two|", b'quote"s"', b"apostrophe's", b"comma,s",
    b"semi;colon", b"=1+1", b"+cmd", b"-rf", b"@x", b"esc\x1b[2J\x1b]0;title\x07", b"bell\x07", b"del\x7f",
    b"bad\xff\xfeutf8", b"lone\x80", b"overlong\xc0\xaf", b"surrogate\xed\xa0\x80", b"c1\xc2\x9b31m", b"nel\xc2\x85",
    "rtl\u202eexe.txt".encode(), "lri\u2066x\u2069".encode(), "rlm\u200f".encode(), "zero\u200bwidth".encode(),
    "line\u2028sep".encode(), "bom\ufeff".encode(), "tag\U000e0041".encode(), "soft\u00adhyphen".encode(),
    "umlaut-äöü".encode(), "a\u0308-combining".encode(), "emoji-\U0001f600".encode(), b"%41", b"%0A", b"%7C", b"%25",
    b"%", b"100%zz", rb"back\slash", rb"\x0a", rb"\\x0a", rb"\u{202e}", rb"\n", b"\\", b"end\\", b" lead", b"trail ",
    b"a -> b", b"x (deleted)", b"c:web@abcdefabcdef:rw:", b"#comment", b"{}", b"x" * 255, b"\xff" * 255, b"\n" * 255,
    "\u4e2d".encode() * 85,
]
BIDI = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


def build(root: Path) -> hosts.Host:
    """A host with each odd name as a file and as a directory in an rw layer, as a link's target, and in a volume."""
    host = hosts.Host(root)
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    links = {f"link{number}": ("link", name) for number, name in enumerate(ODD)}
    log = "".join(hosts.log_record(name.decode("utf-8", "replace") + "\n", "2026-01-02T03:04:05.000000001Z")
                  for name in ODD)
    host.container("web", image, {"files": dict.fromkeys(ODD, "x"), "dirs": {name: {} for name in ODD},
                                  "links": links}, log)
    host.volume("odd", dict.fromkeys(ODD, "y"))
    return host


@pytest.fixture(scope="module")
def odd(session_dir: Path) -> hosts.Host:
    """The host with odd names."""
    return build(session_dir / "odd")


@pytest.fixture(scope="module")
def odd_image(odd: hosts.Host, session_dir: Path) -> Path:
    """The same in an ext4 file system, made by e2fsprogs."""
    return disks.make_ext4(session_dir / "odd.raw", odd.root)


@pytest.fixture(scope="module")
def odd_late_image(odd: hosts.Host, session_dir: Path) -> Path:
    """The same, made so much later that each file's times do not fit: every row of a layer has facts behind its name."""
    return disks.make_ext4(session_dir / "odd-late.raw", odd.root, later=5)


@pytest.fixture(params=["directory", "image", "late_image"])
def evidence(request, odd: hosts.Host) -> Path:
    """Both kinds of evidence, and one of which names are not all that is told."""
    return odd.root if request.param == "directory" else request.getfixturevalue(f"odd_{request.param}")


def names_below(locations: set[bytes], part: bytes) -> set[bytes]:
    """Last components of the paths directly below a directory called `part`."""
    found = (re.fullmatch(rb".*/" + part + rb"/([^/]+)", path, re.S) for path in locations)
    return {match[1] for match in found if match}


def test_jsonl_keeps_every_byte(evidence: Path) -> None:
    """Both paths, the link's target and the message decode to the names."""
    result = launch.timeline(evidence)
    assert result.code == 0 and not result.errors
    locations = result.locations()
    for part in (b"files", b"dirs", b"_data"):
        assert names_below(locations, part) == set(ODD)
    inside = {reading.unescape(row["filename"]) for row in result.where(layer_role="rw", data_type="fs:stat")}
    assert inside >= {b"/files/" + name for name in ODD}
    targets = {reading.unescape(row["symbolic_link_target"]) for row in result.rows if "symbolic_link_target" in row}
    assert targets >= set(ODD)


def test_jsonl_marks_odd_names(odd: hosts.Host) -> None:
    """The tag odd_name stands on each name that a terminal would not simply show, and on no other."""
    rows = odd.run().where(layer_role="rw", data_type="fs:stat", file_entry_type="file")
    tagged = {reading.unescape(row["filename"])[7:] for row in rows if "odd_name" in row["tag"]}
    plain = {reading.unescape(row["filename"])[7:] for row in rows if "odd_name" not in row["tag"]}

    def is_odd(name: bytes) -> bool:
        text = name.decode("utf-8", "surrogateescape")
        return bool(re.search("[\0-\x1f\x7f-\x9f\ud800-\udfff]", text) or BIDI.search(text))

    assert {name for name in ODD if is_odd(name)} <= tagged
    assert {b"plain", b"umlaut-\xc3\xa4\xc3\xb6\xc3\xbc", b"100%zz", rb"back\slash", b"comma,s"} <= plain


def test_jsonl_log_text_is_kept(odd: hosts.Host) -> None:
    """message_body is what the container wrote."""
    bodies = [row["message_body"] for row in odd.run().where(data_type="docker:container:log:entry")]
    assert bodies == [name.decode("utf-8", "replace") + "\n" for name in ODD]


def test_csv_keeps_every_byte(evidence: Path) -> None:
    """One line a record, and names that decode to the same bytes."""
    data = launch.product("csv", evidence)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    assert data.count(b"\n") == len(rows) + 1 == len(launch.timeline(evidence).rows) + 1
    names = {reading.unescape(row["filename"]) for row in rows if row["layer_role"] == "rw"}
    assert names >= {b"/files/" + name for name in ODD}
    assert not BIDI.search(data.decode())


def test_body_keeps_every_byte(evidence: Path) -> None:
    """Eleven fields; the name decodes to the same bytes."""
    lines = launch.product("body", evidence).decode("utf-8").splitlines()
    cells = [line.split("|") for line in lines]
    assert {len(row) for row in cells} == {11}
    names = {reading.unescape_body(row[1].split(":rw:", 1)[1]) for row in cells if ":rw:" in row[1]}
    assert names >= {b"/files/" + name for name in ODD}
    pairs = {name.split(b" -> ", 1)[1] for name in names if name.startswith(b"/links/link")}
    assert pairs == set(ODD)


def test_body_through_mactime(evidence: Path) -> None:
    """No record with an odd name is lost or merged; pipes and percent signs come out right."""
    body = launch.product("body", evidence).splitlines(keepends=True)
    rows = run_mactime(b"".join(body))
    assert len(rows) == mactime_rows(body)
    names = {row[7][1:-1].split(":rw:", 1)[1] for row in rows if ":rw:" in row[7]}
    assert {"/files/pipe|two|", "/files/%41", "/files/%0A", "/files/%7C", r"/files/new\x0aline"} <= names


def test_text_is_safe_and_decodes(evidence: Path) -> None:
    """Nothing reaches the terminal raw; names decode to the same bytes."""
    text = launch.product("text", evidence).decode("utf-8")
    assert not {char for char in set(text) - {"\n"} if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp", "Cf")}
    lines = [re.sub(r"(  \((?!deleted).*\))?(  #\w+)*$", "", line) for line in text.split("\n")[:-1]]
    names = {reading.unescape(line.split(" /files/", 1)[1]) for line in lines if " /files/" in line}
    assert names >= set(ODD)
    assert "\\u{202e}" in text and "\\x1b[2J" in text


def test_messages_are_safe(odd: hosts.Host, tmp: Path) -> None:
    """Errors about odd names: stderr is escaped, the error list decodes."""
    host = build(tmp / "host")
    for name in ODD:
        (host.data / "containers" / os.fsdecode(name)).mkdir()
    with machine.scratch(machine.memory()) as out:
        done = launch.run("-v", "-o", out / "rows.jsonl", "--errors", out / "errors", host.root)
        shown, listed = done.stderr.decode("utf-8"), (out / "errors").read_text("utf-8")
    assert done.returncode == 1
    assert not {char for char in set(shown) - {"\n"} if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp", "Cf")}
    paths = {reading.unescape(json.loads(line)["path"]) for line in listed.splitlines()}
    assert paths == {b"/var/lib/docker/containers/" + name for name in ODD}


def test_odd_command_line_is_safe(tmp: Path) -> None:
    """The evidence's own name in messages and manifest."""
    evidence = tmp / "ev\x1b[31m\n\u202e"
    hosts.shop(evidence)
    done = launch.run("-v", "--manifest", tmp / "m", "-o", tmp / "o.jsonl", evidence)
    assert done.returncode == 0
    assert b"\x1b" not in done.stderr and "\u202e" not in done.stderr.decode()
    assert reading.unescape(json.loads((tmp / "m").read_text())["evidence"][0]["path"]) == os.fsencode(evidence)
    missing = launch.run(tmp / "no\x1b[31mthing")
    assert missing.returncode == 3 and b"\x1b" not in missing.stderr


@pytest.mark.parametrize("bad", ["--bo\x1bgus", "-f\x1bx", "--since=\x1b[31m", "--role=\x1b", "-c\x1b"])
def test_odd_options_are_safe(bad: str, odd: hosts.Host) -> None:
    """What is wrong with an argument is told without its escapes."""
    done = launch.run(bad, odd.root)
    assert done.returncode == 2 and b"\x1b" not in done.stderr


# --- deep trees -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, depth", [("d", 300), ("n" * 250, 40)], ids=["300 deep", "beyond PATH_MAX"])
@pytest.mark.parametrize("kind", ["directory", "image"])
def test_deep_trees_are_walked_completely(name: str, depth: int, kind: str, tmp: Path) -> None:
    """Every directory and the file in each, with both paths whole."""
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    top = host.container("web", image).rw / "diff"
    evidence = host.root
    if kind == "directory":
        for folder in hosts.nested(top, [name] * depth):
            os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    else:
        evidence = disks.make_ext4(tmp / "image.raw", host.root)
        path = host.inside(top)
        (tmp / "empty").touch()
        commands = [f"cd {path}"]
        for _ in range(depth):
            commands += [f"mkdir {name}", f"cd {name}", f"write {tmp / 'empty'} leaf"]
        disks.debugfs(evidence, *commands)
    result = launch.timeline(evidence)
    assert result.code == 0 and not result.errors, result.errors
    inside = {row["filename"] for row in result.where(layer_role="rw", data_type="fs:stat")}
    wanted = {"/" + "/".join([name] * level + leaf) for level in range(1, depth + 1) for leaf in ([], ["leaf"])}
    assert inside == wanted | {"/"}
    assert {line.count(b"|") for line in launch.product("body", evidence).splitlines()} == {10}


def test_endless_directory_loop_in_an_image_ends(tmp: Path) -> None:
    """A directory that holds itself, which only a damaged disk has: one error, all else is there."""
    host = hosts.shop(tmp / "host")
    image = disks.make_ext4(tmp / "image.raw", host.root)
    before = launch.timeline(image)
    var = host.inside(hosts.container(host, "db").rw) + "/diff/var"
    disks.debugfs(image, f"ln {var} {var}/again")
    after = launch.timeline(image)
    assert after.code == 1 and after.error()["code"] == "cycle"
    assert after.error()["path"] == var + "/again"
    assert {reading.what(row) for row in before.rows} <= {reading.what(row) for row in after.rows}
