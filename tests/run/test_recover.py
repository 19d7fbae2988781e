# SPDX-License-Identifier: Apache-2.0
"""Deleted files of ext4 container hosts, scored against what was there: hosts on which every deletion was recorded, with its
path, its owner and the hash of what was lost. What is called complete must be right to the byte, and no file may come back under
the path of another."""
import csv
import hashlib
import json
import os
import random
import stat
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lib import disks, hosts, launch, machine

CASES = ["ordered4k", "aged4k", "wrapped4k", "old4k", "ordered1k", "journal4k", "nojournal4k", "blockmap4k", "plain4k", "discard4k"]
BAR = 0.97  # of those that a map still leads to
Find = dict[str, Any]


@pytest.fixture(scope="module")
def seized(session_dir: Path) -> Callable[[str], Path]:
    """The disk of a case as it was seized. Skips where there is none."""
    def get(case: str) -> Path:
        packed = machine.EVIDENCE / f"recover-{case}" / "disk.raw.zst"
        target = session_dir / f"recover-{case}.raw"
        if not packed.exists():
            pytest.skip(f"no evidence at {packed} (LAYERTIME_EVIDENCE)")
        return target if target.exists() else disks.decompress(packed, target)
    return get


def truth(case: str) -> list[dict[str, str]]:
    """What was deleted; empty files are left out, as nothing tells them from files that were never written."""
    with open(machine.EVIDENCE / f"recover-{case}" / "truth/deleted.tsv", encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["size"] != "0"]


def listed(*args: Any) -> list[Find]:
    """The list of the freed inodes that can be recovered; what layers still have is in overlay/test_recover_hidden.py."""
    with machine.scratch(machine.memory()) as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", *args)
        assert done.returncode == 0, done.stderr
        finds = [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]
        return [find for find in finds if find["method"] == "deleted"]


def by_file(finds: list[Find]) -> dict[tuple[str, str], list[Find]]:
    found = defaultdict(list)
    for find in finds:
        found[str(find["inode"]), str(find["generation"])].append(find)
    return found


def finds_of(row: dict[str, str], found: dict[tuple[str, str], list[Find]]) -> list[Find]:
    return found.get((row["inode"], row["generation"]), [])


def has_map(row: dict[str, str]) -> bool:
    return "map" in (row["home"], row["journal"], row["residue"]) or row["live_inode"] == "orphan"


@pytest.mark.parametrize("case", CASES)
def test_contents(case: str, seized: Callable[[str], Path]) -> None:
    """Of the files that a map leads to, as many as the bar says come back with the right hash, and what is called complete
    is never anything else than the file. With TRIM nothing but zeros is left of most: those are not whole."""
    rows, found = truth(case), by_file(listed(seized(case)))
    wanted = [row for row in rows if has_map(row) and row["recoverable"] == "whole"]
    right = [row for row in wanted if any(find.get("sha256") == row["sha256"] for find in finds_of(row, found))]
    assert len(right) >= BAR * len(wanted), f"{len(right)} of {len(wanted)}"
    for row in rows:
        for find in finds_of(row, found):
            wrong = find["complete"] and not find.get("older") and find["sha256"] != row["sha256"]
            assert not wrong, (row["id"], row["host_path"], find)


@pytest.mark.parametrize("case", CASES)
def test_paths(case: str, seized: Callable[[str], Path]) -> None:
    """Where the truth says that every step of the path can be told, the path is right. Elsewhere it is not made up."""
    found = by_file(listed(seized(case)))
    for row in truth(case):
        paths = {find.get("path", "") for find in finds_of(row, found)}
        if paths and row["path_told"] == "whole":
            assert row["host_path"] in paths, (row["id"], row["host_path"], paths)
        for path in paths - {"", row["host_path"]}:
            older = row["how"] == "replaced by rename" or path.startswith("/") and Path(path).parent == Path(row["host_path"]).parent
            assert older or row["host_path"].endswith("/" + path), (row["id"], row["host_path"], path)


@pytest.mark.parametrize("case", CASES)
def test_owners(case: str, seized: Callable[[str], Path]) -> None:
    """Files of containers belong to them, also of those that were removed, whose deleted records name their layers: never
    to another one. Where these records can be had, no file of a container lacks its owner."""
    found, seen, missing = by_file(listed(seized(case))), 0, []
    for row in truth(case):
        for find in finds_of(row, found):
            owner = find.get("container_identifier")
            if owner:
                assert (owner, find.get("container_name", row["container"])) == (row["container_id"], row["container"]), row["host_path"]
                seen += 1
            elif find.get("path") == row["host_path"] and row["group"].startswith("docker-rm"):
                missing.append(row["host_path"])
            if row["path"] != "-" and owner and find["path"] == row["host_path"]:
                assert find["filename"] == row["path"]
    if case not in ("aged4k", "discard4k"):  # there the records were written over, or trimmed
        assert not missing
    assert seen > 200 or case in ("wrapped4k", "nojournal4k")


@pytest.mark.parametrize("case", CASES)
def test_metadata(case: str, seized: Callable[[str], Path]) -> None:
    """Mode, user and group are those of the file, and the times of the copies those that it had."""
    found = by_file(listed(seized(case)))
    for row in truth(case):
        for find in finds_of(row, found):
            if find.get("lives") or find.get("older"):
                continue
            assert (find["mode"], find["owner_identifier"], find["group_identifier"]) == \
                (int(row["mode"], 8), int(row["uid"]), int(row["gid"])), row["id"]
            if find["born"] and row["birth"] != "-":
                assert abs(machine_time(find["born"]) - float(row["birth"])) < 1e-5, row["id"]


def test_times(seized: Callable[[str], Path]) -> None:
    """The copies have the times that the file had, and the freed inode when that was."""
    found = by_file(listed(seized("ordered4k")))
    dated = 0
    for row in truth("ordered4k"):
        for find in finds_of(row, found):
            if find.get("deleted"):
                at = int(round(machine_time(find["deleted"])))
                assert int(row["deleted_after"]) // 10**9 - 1 <= at <= int(row["deleted_before"]) // 10**9 + 1
                dated += 1
    assert dated > 200


def machine_time(text: str) -> float:
    """Seconds of a time as the program writes it."""
    return datetime.fromisoformat(text[:26] + text[-6:]).timestamp()


def test_files(seized: Callable[[str], Path], tmp: Path) -> None:
    """Contents go below the directory, each once, and the lists say which file is which."""
    out = tmp / "out"
    done = launch.run("recover", "-q", "-o", out, seized("ordered4k"))
    assert done.returncode == 0, done.stderr
    finds = [json.loads(line) for line in (out / "recovered.jsonl").read_bytes().splitlines()]
    with open(out / "recovered.csv", encoding="utf-8", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == len(finds)
    written = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if not path.is_dir()}
    assert set(written) == {find["file"] for find in finds if find.get("file")} | {"recovered.jsonl", "recovered.csv", "recovered.txt"}
    hashes: set[str] = set()
    for name, path in written.items():
        assert stat.S_ISREG(path.lstat().st_mode) and path.lstat().st_mode & 0o777 == 0o600, name
    for find in finds:
        if find.get("file") and find.get("sha256"):
            assert hashlib.sha256(written[find["file"]].read_bytes()).hexdigest() == find["sha256"], find
        if find["complete"]:
            hashes.add(find["sha256"])
    whole = [find["file"] for find in finds if find["complete"]]
    assert len(set(whole)) == len(hashes) < len(whole)
    holes = [path for path in written.values() if path.stat().st_size > 1 << 16 and path.stat().st_blocks * 512 < path.stat().st_size / 2]
    assert holes, "sparse files are kept sparse"


def cat(*args: Any) -> tuple[int, bytes, str]:
    done = launch.run("cat", "--deleted", *args)
    return done.returncode, done.stdout, done.stderr.decode()


def test_cat_of_what_is_gone(seized: Callable[[str], Path]) -> None:
    """The same contents by container and path, or by the path on the host. What is lost is zeros, and is said."""
    image = seized("ordered4k")
    rows = [row for row in truth("ordered4k") if row["group"] in ("rw-rm", "multi-extent", "sparse") and row["container"] == "delta"]
    for row in random.Random(3).sample(rows, 6):
        code, data, said = cat("delta", row["path"], image)
        assert (code, hashlib.sha256(data).hexdigest()) == (0, row["sha256"]), (row["path"], said)
        assert "state 1: deleted 20" in said and "whole" in said
        assert cat("-q", "-", row["host_path"], image) == (0, data, "")
    code, data, said = cat("delta", "/srv/no/such/file", image)
    assert (code, data) == (1, b"") and "nothing was hidden there" in said
    code, data, said = cat("--state", "9", "delta", rows[0]["path"], image)
    assert (code, data) == (2, b"") and "there are 1" in said


def test_cat_of_a_part(seized: Callable[[str], Path]) -> None:
    """Of a file that is lost in part the rest stands where it stood, and the run is incomplete."""
    image, seen = seized("aged4k"), 0
    finds = by_file(listed(image))
    for row in truth("aged4k"):
        for find in (find for find in finds_of(row, finds) if find["left"] == "part" and find.get("path", "").startswith("/")):
            code, data, said = cat("-", find["path"], image)
            assert code == 1 and len(data) == find["size"] and "lost, and written as zeros" in said
            for part in find["lost"]:
                first, last = map(int, part.split()[0].split("-"))
                assert not any(data[first:last + 1])
            seen += 1
    assert seen


def test_cat_of_older_states(seized: Callable[[str], Path]) -> None:
    """Each save of the configuration of a container that was removed, the last one first."""
    image = seized("ordered4k")
    row = next(row for row in truth("ordered4k") if row["host_path"].endswith("/config.v2.json") and row["group"] == "docker-rm")
    code, newest, said = cat("-", row["host_path"], image)
    assert (code, hashlib.sha256(newest).hexdigest()) == (0, row["sha256"])
    states = [cat("-q", "--state", number, "-", row["host_path"], image)[1] for number in range(1, said.count("state ") + 1)]
    assert len(states) > 2 and states[0] == newest
    assert {json.loads(state)["ID"] for state in states} == {row["container_id"]}


def test_who_and_diff(seized: Callable[[str], Path], tmp: Path) -> None:
    """They tell that something is left, where, and how much; of files that are there nothing is asked."""
    image = seized("ordered4k")
    rows = [row for row in truth("ordered4k") if row["group"] == "rw-rm" and row["container"] == "delta"]
    done = launch.run("who", "-q", "--json", rows[0]["path"], image)
    told = [item for item in json.loads(done.stdout) if item["path"] == rows[0]["host_path"]]
    assert [(item["content"], item["container_name"], item["left"]) for item in told] == [
        ("deleted, map in journal, whole", "delta", "whole")]
    assert launch.run("diff", "-v", "-q", "-o", tmp / "diff.jsonl", "delta", image).returncode == 0
    items = map(json.loads, (tmp / "diff.jsonl").read_bytes().splitlines())
    listed_paths = {item["path"]: item["content"] for item in items if "content" in item}
    assert {row["path"] for row in rows} <= listed_paths.keys()
    with open(machine.EVIDENCE / "recover-ordered4k/truth/hidden.tsv", encoding="utf-8", newline="") as lines:
        hidden = [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if row["how"] == "rm"]
    assert hidden and all(listed_paths[row["path"]] == "hidden, whole" for row in hidden)
    plain = launch.run("diff", "-q", "delta", image).stdout.decode()
    assert not any(f" {row['path']}\n" in plain for row in rows)
    done = launch.run("who", "-q", "--json", hidden[0]["path"], image)
    told = [item for item in json.loads(done.stdout) if "content" in item]
    assert [item["content"] for item in told] == ["hidden, whole"] and told[0]["hides_layer"]


@pytest.mark.parametrize("state", ["clean", "poweroff"])
def test_intrusion(state: str, disk: Callable[[str, str], Path]) -> None:
    """On a host of another kind, made for other questions: what an intruder deleted comes back under its path, but for the one file
    whose blocks were used again, which is not called complete."""
    finds = listed(disk("intrusion", state))
    with open(machine.EVIDENCE / "intrusion/truth/deleted.tsv", encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if row["kind"] != "lower"]
    whole = 0
    for row in rows:
        found = [find for find in finds if find.get("path") == row["host_path"]]
        assert found, row["host_path"]
        whole += any(find.get("sha256") == row["sha256"] for find in found)
        assert all(find["sha256"] == row["sha256"] for find in found if find["complete"] and not find.get("older"))
    assert whole == len(rows) - 1


def test_choices(seized: Callable[[str], Path]) -> None:
    image = seized("ordered4k")
    finds = listed(image, "-c", "delta")
    assert finds and {find["container_name"] for find in finds} == {"delta"}
    finds = listed(image, "--path", "/srv/work")
    assert finds and all(find["filename"].startswith("/srv/work/") for find in finds)
    assert launch.run("recover", "--list", "-q", "-c", "nobody", image).returncode == 2


def test_limit(seized: Callable[[str], Path], tmp: Path) -> None:
    done = launch.run("recover", "-o", tmp / "out", "--limit", "1M", seized("ordered4k"))
    assert done.returncode == 5 and b"--limit" in done.stderr
    assert sum(path.stat().st_size for path in (tmp / "out").rglob("*") if path.is_file() and path.name[:10] != "recovered.") <= 1 << 20


def test_refusals(tmp: Path) -> None:
    """No directory, one that is in use, one in the evidence: nothing is written."""
    host = hosts.shop(tmp / "host").root
    assert launch.run("recover", host).returncode == 2
    assert launch.run("help", "recover").returncode == 0
    done = launch.run("recover", "--list", host)  # a directory has no freed inodes
    assert done.returncode == 0 and b"images of ext2" in done.stderr
    (tmp / "used").mkdir()
    (tmp / "used/file").touch()
    assert launch.run("recover", "-o", tmp / "used", host).returncode == 4
    assert launch.run("recover", "-o", host / "new", host).returncode == 4
    assert not (host / "new").exists() and os.listdir(tmp / "used") == ["file"]


@pytest.mark.parametrize("seed", range(6))
def test_hostile_disks(seed: int, seized: Callable[[str], Path], tmp: Path) -> None:
    """Bytes of the journal, of inodes and directories that are changed at random: the run ends, and stays in its directory.
    Without checksums, changes get further."""
    image, out, source = tmp / "disk.raw", tmp / "below/out", random.Random(seed)
    case = ["plain4k", "blockmap4k", "journal4k"][seed % 3]
    image.write_bytes(seized(case).read_bytes())
    out.parent.mkdir()
    with open(image, "r+b") as disk:
        for _ in range(4000):
            place = source.randrange(image.stat().st_size // 4096) * 4096
            disk.seek(place)
            block = bytearray(disk.read(4096))
            if not any(block):
                continue
            for _ in range(source.randrange(1, 20)):
                block[source.randrange(4096)] = source.choice([0, 1, 0x2E, 0x2F, 0x7F, 0xFF, source.randrange(256)])
            disk.seek(place)
            disk.write(block)
    done = launch.run("recover", "-q", "-o", out, "--limit", "64M", image)
    assert done.returncode in (0, 1, 3, 5), done.stderr
    assert os.listdir(tmp / "below") == ["out"]
    assert sum(path.lstat().st_blocks for path in out.rglob("*")) * 512 < 128 << 20
