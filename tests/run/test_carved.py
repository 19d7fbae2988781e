# SPDX-License-Identifier: Apache-2.0
"""What blocks without an owner still hold: on small disks that are made here, where each block is known, and on hosts whose
deletions were recorded. What is called complete must be right to the byte, what is said of an owner as a fact must be true, and
hints must be right as often as the program says."""
import csv
import gzip
import hashlib
import json
import re
import struct
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lib import disks, hosts, launch, machine

WITHOUT_MAP = ["wrapped4k", "nojournal4k", "old4k", "journal4k"]
ALL = [*WITHOUT_MAP, "ordered4k", "aged4k", "ordered1k", "blockmap4k", "plain4k", "discard4k"]
BAR = 0.60  # of the files that lie in one run without a map
ID = hosts.hex_id("gone")
CONFIG = json.dumps({"StreamConfig": {}, "State": {"Running": False, "StartedAt": "2024-06-10T06:13:21Z"}, "ID": ID,
                     "Created": "2024-06-10T06:13:20Z", "Image": "sha256:" + hosts.hex_id("image"), "Name": "/lost"}).encode()
SHARE = {"wrapped4k": 0.59, "nojournal4k": 0.99, "aged4k": 0.95}  # of the lines of removed containers, what is there
Find = dict[str, Any]


# --- disks that are made here ------------------------------------------------------------------------------------------

def free_blocks(image: Path) -> list[int]:
    """Numbers of the free blocks, by dumpe2fs."""
    text = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    ranges = re.findall(r"^  Free blocks: (.*)$", text, re.M)
    pairs = [part.split("-") for line in ranges for part in line.split(", ") if part]
    return [number for pair in pairs for number in range(int(pair[0]), int(pair[-1]) + 1)]


class Space:
    """A host whose disk has free blocks to write into."""

    def __init__(self, tmp: Path, block: int = 4096, *options: str) -> None:
        hosts.shop(tmp / "host")
        self.image = disks.make_ext4(tmp / "disk.img", tmp / "host", "16M", "-b", str(block), *options)
        self.block, self.free = block, free_blocks(self.image)

    def write(self, at: int, content: bytes) -> int:
        """Put contents into free blocks that follow each other. Returns the place in bytes."""
        count = -(-len(content) // self.block)
        first = self.free[at]
        assert self.free[at:at + count] == list(range(first, first + count))
        with open(self.image, "r+b") as disk:
            disk.seek(first * self.block)
            disk.write(content.ljust(count * self.block, b"\0"))
        return first * self.block

    def carved(self) -> dict[int, Find]:
        return {place(find): find for find in carved(self.image)}


def listed(*args: Any) -> list[Find]:
    with machine.scratch(machine.memory()) as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", *args)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]


def carved(*args: Any) -> list[Find]:
    return [find for find in listed(*args) if find["method"] == "carved"]


def place(find: Find) -> int:
    return int(find["extents"][0].split(" at ")[1])


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def page(number: int, *items: tuple[bytes, bytes]) -> bytes:
    """A leaf page of bbolt (bbolt internal/common/page.go)."""
    out, data = struct.pack("<QHHI", number, 2, len(items), 0), b""
    for at, (key, value) in enumerate(items):
        out += struct.pack("<IIII", 0, (len(items) - at) * 16 + len(data), len(key), len(value))
        data += key + value
    return (out + data).ljust(4096, b"\0")


LOG = "".join(hosts.log_record(f"line {number}\n", f"2024-06-10T06:13:{number % 60:02}Z") for number in range(300)).encode()
CONTENTS: dict[str, tuple[bytes, str, bool]] = {
    "configuration": (CONFIG, "container-config", True),
    "settings": (b'{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"json-file"}}', "host-config", True),
    "log": (LOG, "json-log", False),
    "local": (b"".join(hosts.local_record(b"hello" * 50, 10**18 + number) for number in range(40)), "local-log", False),
    "cri": (b"2024-06-10T06:13:21.5Z stdout F hello\n" * 200, "cri-log", False),
    "cache-id": (hosts.hex_id("cache").encode(), "identifier", True),
    "diff": (b"sha256:" + hosts.hex_id("diff").encode(), "identifier", True),
    "init": (hosts.hex_id("layer").encode() + b"-init", "identifier", True),
    "lower": (b"l/" + b"A" * 26 + b":l/" + b"B2" * 13, "layer-link", True),
    "packed": (gzip.compress(bytes(str(list(range(9000))), "ascii"), mtime=0), "gzip", True),
    "members": (gzip.compress(b"one" * 2000, mtime=0) + gzip.compress(b"two", mtime=0), "gzip", True),
    "tar-split": (gzip.compress(b'{"type":2,"payload":"YQ==","position":0}\n' * 99, mtime=0), "tar-split", True),
    "page": (page(7, (b"first", b"1" * 900), (b"second", b"2" * 900)), "bolt-page", False),
    "image": (b'{"architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:' + b"0" * 64 + b'"]}}', "image-config", True),
    "manifest": (b'{"schemaVersion":2,"config":{"digest":"sha256:' + b"1" * 64 + b'"},"layers":[]}', "image-manifest", True),
    "script": (b"#!/bin/sh\nwget http://192.0.2.1/x\n", "script", False),
    "history": (b"#1718000000\nls\n#1718000009\nrm -rf /srv\n", "shell-history", False),
    "notes": ("Grüße\n".encode() * 3000, "text", False),
    "document": (json.dumps({"items": list(range(3000))}).encode(), "json", True),
}


@pytest.mark.parametrize("block", [1024, 4096])
@pytest.mark.parametrize("word", sorted(CONTENTS))
def test_formats(word: str, block: int, tmp: Path) -> None:
    """Each format comes back whole from free blocks, and alone."""
    content, form, complete = CONTENTS[word]
    space = Space(tmp, block)
    at = space.write(40, content)
    find = space.carved()[at]
    end = len(content) if form != "bolt-page" else 4096
    assert (find["format"], find["size"], find["complete"]) == (form, end, complete)
    assert find["sha256"] == digest(content)
    assert "container_identifier" not in find or form == "container-config"
    assert complete or find["not_complete"]
    assert len(space.carved()) == 1


def test_facts(tmp: Path) -> None:
    """A configuration says whose it is; settings beside it only may be the same container's."""
    space = Space(tmp)
    config, settings = space.write(10, CONFIG), space.write(11, CONTENTS["settings"][0])
    log = space.write(60, LOG)
    finds = space.carved()
    assert finds[config]["container_identifier"] == finds[config]["says_container"] == ID
    assert finds[config]["container_name"] == "lost"
    assert finds[settings]["hint_container_identifier"] == ID and "container_identifier" not in finds[settings]
    assert re.fullmatch(r"\d+ of \d+", finds[settings]["hint_odds"])
    assert finds[log]["content_first"].startswith("2024-06-10T06:13:00") and finds[log]["content_last"].startswith("2024-06-10T06:13:59")
    assert place(*carved("-c", "lost", space.image)[:1]) in (config, settings)


def test_torn(tmp: Path) -> None:
    """The first blocks of a log were used again: what is left begins with a whole record, and is not complete."""
    space = Space(tmp)
    log = LOG * 3
    at = space.write(20, log[4096:])
    skip = log.index(b"\n", 4096) + 1 - 4096
    find = space.carved()[at + skip]
    assert (find["format"], find["sha256"], find["complete"]) == ("json-log", digest(log[4096 + skip:]), False)


def test_damaged_pack(tmp: Path) -> None:
    """A sum that is wrong, or an end that is missing: not complete."""
    space = Space(tmp)
    packed = CONTENTS["packed"][0]
    wrong = space.write(10, packed[:-5] + bytes([packed[-5] ^ 1]) + packed[-4:])
    cut = space.write(40, packed[:4096])
    finds = space.carved()
    assert not any(finds[at]["complete"] for at in (wrong, cut) if at in finds)


def test_bomb(tmp: Path) -> None:
    """What unpacks to a thousand times its size is given up soon."""
    space = Space(tmp)
    at = space.write(10, gzip.compress(bytes(200 << 20), mtime=0))
    assert not any(find["complete"] for find in space.carved().values() if place(find) == at)


def test_neighbours(tmp: Path) -> None:
    """A file ends where zeros follow, or another begins that is sure to be one; a document that goes on in the block before is not
    called complete."""
    space = Space(tmp)
    text = space.write(10, b"x" * 4095 + b"\n" + CONFIG)
    lines = space.write(20, (b'{"a":"' + b"y" * 4087 + b'"}\n') + b'{"b":1}\n')
    finds = space.carved()
    assert finds[text]["size"] == 4096 and finds[text + 4096]["format"] == "container-config"
    assert not finds[lines]["complete"] and lines + 4096 not in finds or not finds[lines + 4096]["complete"]


def test_owned(tmp: Path) -> None:
    """What a file of today owns is no find."""
    space = Space(tmp)
    assert not space.carved()


@pytest.mark.parametrize("options", [["-O", "bigalloc,extent"], ["-O", "^uninit_bg,^metadata_csum"], ["-O", "^has_journal"], ["-O", "^extent,^64bit"]])
def test_kinds_of_disks(options: list[str], tmp: Path) -> None:
    space = Space(tmp, 4096, *options)
    at = [space.write(number, CONFIG) for number in (0, len(space.free) - 1)]
    assert sorted(space.carved()) == sorted(at)


def test_damaged_bitmap(tmp: Path) -> None:
    """Of a group whose bitmap cannot be believed nothing is searched, and that is an error."""
    space = Space(tmp)
    space.write(40, CONFIG)
    text = subprocess.run(["dumpe2fs", space.image], capture_output=True, text=True, check=True).stdout
    bitmap = int(re.search(r"Block bitmap at (\d+)", text)[1])  # type: ignore[index]
    with open(space.image, "r+b") as disk:
        disk.seek(bitmap * 4096 + 100)
        disk.write(b"\x55\xAA")
    with machine.scratch(machine.memory()) as out:
        done = launch.run("recover", "--list", "-o", out / "list.jsonl", space.image)
        assert done.returncode == 1 and b"bitmap" in done.stderr


def test_files(tmp: Path) -> None:
    """Contents go to the directory of their owner, or to none's."""
    space = Space(tmp)
    space.write(10, CONFIG)
    space.write(12, b"notes\n")
    done = launch.run("recover", "-q", "-o", tmp / "out", space.image)
    assert done.returncode == 0, done.stderr
    files = {path.relative_to(tmp / "out").parts[0]: path.read_bytes() for path in (tmp / "out").rglob("*-at-*")}
    assert files == {f"lost@{ID[:12]}": CONFIG, "unattributed": b"notes\n"}


# --- hosts whose deletions were recorded -------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def seized(session_dir: Path) -> Callable[[str], Path]:
    """The disk of a case as it was seized. Skips where there is none."""
    def get(case: str) -> Path:
        packed, target = machine.EVIDENCE / f"recover-{case}" / "disk.raw.zst", session_dir / f"carved-{case}.raw"
        if not packed.exists():
            pytest.skip(f"no evidence at {packed} (LAYERTIME_EVIDENCE)")
        return target if target.exists() else disks.decompress(packed, target)
    return get


@pytest.fixture(scope="module")
def recovered(seized: Callable[[str], Path]) -> Callable[[str], list[Find]]:
    """What is found on the disk of a case by all methods; each is searched once."""
    known: dict[str, list[Find]] = {}

    def get(case: str) -> list[Find]:
        if case not in known:
            known[case] = listed(seized(case))
        return known[case]
    return get


@pytest.fixture(scope="module")
def finds_of(recovered: Callable[[str], list[Find]]) -> Callable[[str], list[Find]]:
    """What is carved of a case."""
    return lambda case: [find for find in recovered(case) if find["method"] == "carved"]


def truth(case: str) -> dict[int, list[dict[str, str]]]:
    """What was deleted, by the place of its first block in bytes. Files of more than one run begin there, too."""
    rows = defaultdict(list)
    size = 1024 if "1k" in case else 4096
    with open(machine.EVIDENCE / f"recover-{case}" / "truth/deleted.tsv", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["size"] != "0" and row["extents"] not in ("", "-"):
                rows[int(row["extents"].split(":")[1]) * size].append(row)
    return rows


def judge(find: Find, row: dict[str, str]) -> bool | None:
    """Is the owner, or the hint, right? None: there is neither. Of an image a hint says only that the file was in one, or in which
    directory; of what else is gone, sometimes only below which directory."""
    fact, hint = find.get("container_identifier"), find.get("hint_container_identifier")
    if fact or hint:
        return (fact or hint) == row["container_id"]
    if "hint" not in find:
        return None
    if "hint_volume_name" in find:
        return f"/volumes/{find['hint_volume_name']}/" in row["host_path"]
    if "hint_layer" in find:
        return f"/{find['hint_layer']}/" in row["host_path"]
    if "hint_below" in find:
        return f"/{find['hint_below']}/" in row["host_path"]
    return find["hint_role"] == "image" and row["container_id"] == "-" and "/overlay2/" in row["host_path"]


def pairs(case: str, finds: list[Find]) -> list[tuple[Find, dict[str, str]]]:
    """Finds that are a file of the truth, to the byte."""
    rows = truth(case)
    return [(find, row) for find in finds for row in rows.get(place(find), []) if find.get("sha256") == row["sha256"]]


@pytest.mark.parametrize("case", WITHOUT_MAP)
def test_runs(case: str, finds_of: Callable[[str], list[Find]]) -> None:
    """Of the files that lie in one run, and that no map leads to, enough come back whole and attributed."""
    found = pairs(case, finds_of(case))
    wanted = {row["#id"] for rows in truth(case).values() for row in rows if row["method"] == "carve-run"}
    right = {row["#id"] for find, row in found if judge(find, row)}
    assert len(right & wanted) >= BAR * len(wanted), f"{len(right & wanted)} of {len(wanted)}"


@pytest.mark.parametrize("case", ALL)
def test_complete(case: str, finds_of: Callable[[str], list[Find]]) -> None:
    """Where a file that is whole on the disk begins, what is called complete is that file. With TRIM there are only zeros, and
    nothing is made of them."""
    rows = truth(case)
    for find in finds_of(case):
        here = [row for row in rows.get(place(find), []) if row["recoverable"] == "whole"]
        assert not here or not find["complete"] or find["sha256"] in {row["sha256"] for row in here}, find
        assert find["sha256"] != digest(bytes(find["size"])), find


@pytest.mark.parametrize("case", ALL)
def test_no_wrong_facts(case: str, finds_of: Callable[[str], list[Find]]) -> None:
    """What is said of an owner is in the contents, and true. Hints are in fields of their own."""
    for find, row in pairs(case, finds_of(case)):
        assert "container_identifier" not in find or find["container_identifier"] == row["container_id"], row["host_path"]
    for find in finds_of(case):
        assert "container_identifier" not in find or find["container_identifier"] == find["says_container"]
        assert not ("hint" in find and "container_identifier" in find) and "volume_name" not in find and "path" not in find


def test_odds(finds_of: Callable[[str], list[Find]]) -> None:
    """Each kind of hint is right as often as it claims to be, give or take a twentieth; kinds with a few cases only, one."""
    tally, odds = Counter[tuple[str, bool]](), {}
    for case in WITHOUT_MAP:
        for find, row in pairs(case, finds_of(case)):
            if "hint" in find:
                tally[find["hint"], bool(judge(find, row))] += 1
                odds[find["hint"]] = [int(number) for number in find["hint_odds"].split(" of ")]
    assert set(odds) >= {"saved-with", "names", "made-with", "between", "near", "written-when"}
    for kind, (claimed, of) in odds.items():
        right, wrong = tally[kind, True], tally[kind, False]
        slack = max(1.0, 0.05 * (right + wrong))
        assert right + slack >= claimed / of * (right + wrong), (kind, right, wrong)


@pytest.mark.parametrize("case", ["aged4k", "wrapped4k", "nojournal4k"])
def test_configurations(case: str, recovered: Callable[[str], list[Find]]) -> None:
    """The configuration of each container that was removed comes back: where no map leads to it, from free blocks alone."""
    removed = machine.EVIDENCE / f"recover-{case}" / "truth/removed"
    ids = {json.loads(path.read_bytes())["ID"] for path in removed.glob("*.config.v2.json")}
    found = {find.get("says_container") or find.get("container_identifier") for find in recovered(case) if find["complete"] and
             (find.get("format") == "container-config" or find.get("path", "").endswith("/config.v2.json"))}
    assert ids and ids <= found


@pytest.mark.parametrize("case, share", [("wrapped4k", SHARE["wrapped4k"]), ("nojournal4k", SHARE["nojournal4k"]), ("aged4k", SHARE["aged4k"])])
def test_log_lines(case: str, share: float, seized: Callable[[str], Path], tmp: Path) -> None:
    """Lines that removed containers wrote into logs on the host."""
    done = launch.run("recover", "-q", "-o", tmp / "out", seized(case))
    assert done.returncode == 0, done.stderr
    written = [path for path in (tmp / "out").rglob("*") if path.is_file() and path.name[:10] != "recovered."]
    text = b"".join(gunzip(path.read_bytes()) for path in written)
    removed = machine.EVIDENCE / f"recover-{case}" / "truth/removed"
    lines = [line.split(b" ", 1)[1] for path in removed.glob("*.logs-std*.txt") for line in path.read_bytes().splitlines()]
    found = sum(line in text for line in lines)
    assert found >= share * len(lines), f"{found} of {len(lines)}"


def gunzip(content: bytes) -> bytes:
    try:
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError):
        return content
