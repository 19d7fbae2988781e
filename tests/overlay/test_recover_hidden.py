# SPDX-License-Identifier: Apache-2.0
"""Files that containers deleted or replaced while a lower layer still has them: all of these come back, and nothing else. What a
container saw with and without its own layer is the oracle's merging, which is held against the kernel's elsewhere."""
import hashlib
import json
import os
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pytest
from lib import hosts, launch, machine
from lib.containerd_truth import CASES as SNAPSHOT_CASES, SnapshotHost
from lib.hosts import WHITEOUT, Host
from lib.overlay_truth import STATES, LayeredCase, host_of
from lib.reading import Row


def listed(*args: object) -> list[Row]:
    """The files that layers still have, as the list of what can be recovered has them."""
    with machine.scratch(machine.memory()) as out:
        done = launch.run("recover", "--list", "-q", "-o", out / "list.jsonl", *args)
        assert done.returncode in (0, 1), done.stderr
        rows = [json.loads(line) for line in (out / "list.jsonl").read_bytes().splitlines()]
        return [row for row in rows if row["method"] == "hidden"]


def lost(host: LayeredCase, name: str) -> dict[bytes, Row]:
    """The files of the layers below that a container does not see any more, or with other contents."""
    lower, seen = host.lower(name), host.merged(name)
    return {path: entry.node for path, entry in lower.items() if entry.kind == "f" and (
        path not in seen or seen[path].kind != "f" or seen[path].node["sha256"] != entry.node["sha256"])}


def check(host: LayeredCase, finds: list[Row]) -> int:
    """Each container's lost files are found with their hashes, and what else is found has the contents that it still sees."""
    by_container = defaultdict(list)
    for find in finds:
        by_container[find["container_identifier"]].append(find)
    count = 0
    for name, container in host.containers.items():
        found: dict[bytes, set[str]] = defaultdict(set)
        for find in by_container[container["Id"]]:
            assert find["complete"] and find["layer_identifier"] and not find["lost"]
            found[os.fsencode(find["filename"])].add(find["sha256"])
        wanted = lost(host, name)
        for path, node in wanted.items():
            assert node["sha256"] in found.get(path, ()), (name, path, found.get(path))
        seen = host.merged(name)
        for path in found.keys() - wanted.keys():
            assert seen[path].node["sha256"] in found[path], (name, path)
        count += len(wanted)
    return count


@pytest.mark.parametrize("case, state", STATES)
def test_files_that_layers_still_have(case: str, state: str, evidence) -> None:
    """overlay2, user namespaces, XFS as a directory, aufs, vfs."""
    assert check(host_of(case, state), listed(evidence(case, state))) > 10


@pytest.mark.parametrize("case", SNAPSHOT_CASES)
def test_files_that_snapshots_still_have(case: str, containerd_case, disk) -> None:
    """Those of containerd, and of what keeps its layers there."""
    known, count = containerd_case(case), 0
    finds = listed(disk(case, "clean"))
    for snapshotter in known.inner:
        host = SnapshotHost(known, snapshotter)
        count += check(host, [find for find in finds if find.get("container_identifier") in
                              {container["Id"] for container in host.containers.values()}])
    assert count > 5


# --- small hosts ------------------------------------------------------------------------------------------------------

OLD = {"etc": {"passwd": "root\n", "motd": "hello\n", "kept": "kept\n"},
       "opt": {"tool": {"bin": {"run": "#!run\n", "again": "#!run\n"}, "empty": "", "link": ("link", "bin/run")}},
       "srv": {"data": {"a": "A" * 5000, "b": "B\n", "sub": {"c": "C\n"}}, "file": "was a file\n", "big": b"x" + bytes(1 << 16) + b"y"},
       "odd": {b"na\xffme\n\x1b[31m": "odd\n"}}
CHANGED = {"etc": {"passwd": WHITEOUT, "motd": "bye\n"}, "opt": {"tool": WHITEOUT},
           "srv": {"data": {"b": "other\n"}, "file": {"now": "a directory\n"}, "big": WHITEOUT}, "odd": {b"na\xffme\n\x1b[31m": WHITEOUT}}
WANTED = {b"/etc/passwd": b"root\n", b"/etc/motd": b"hello\n", b"/opt/tool/bin/run": b"#!run\n", b"/opt/tool/bin/again": b"#!run\n",
          b"/opt/tool/empty": b"", b"/srv/data/a": b"A" * 5000, b"/srv/data/b": b"B\n", b"/srv/data/sub/c": b"C\n",
          b"/srv/file": b"was a file\n", b"/srv/big": b"x" + bytes(1 << 16) + b"y", b"/odd/na\xffme\n\x1b[31m": b"odd\n"}


@pytest.fixture
def small(tmp: Path) -> Host:
    """A host whose containers changed all that can be changed: web in each way, and db one file that web deleted, too."""
    if not machine.IS_ROOT:
        pytest.skip("whiteouts need root")
    host = Host(tmp / "host")
    image = host.image("i:1", OLD, {"top": {"of": "the image\n"}})
    host.container("web", image, CHANGED)
    host.container("db", image, {"etc": {"passwd": WHITEOUT}})
    host.container("idle", image, {"new": "file\n"})
    os.setxattr(hosts.container(host, "web").rw / "diff/srv/data", "trusted.overlay.opaque", b"y")
    return host


def filename(find: Row) -> bytes:
    """The path in the container as bytes: those that are no UTF-8, and control characters, are written as \\xNN."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), find["filename"].encode())


def written(out: Path) -> dict[str, tuple[bytes, int]]:
    """What the directory holds besides the lists: contents and mtime."""
    return {path.relative_to(out).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*")
            if path.is_file() and not path.name.startswith("recovered.")}


def rows(out: Path) -> list[Row]:
    return [json.loads(line) for line in (out / "recovered.jsonl").read_bytes().splitlines()]


def test_every_kind_of_change(small: Host, tmp: Path) -> None:
    """A whiteout, a directory that was removed, one made anew, new contents, another type; each file below."""
    done = launch.run("recover", "-q", "-o", tmp / "out", small.root)
    assert done.returncode == 0, done.stderr
    found, base = rows(tmp / "out"), "sha256:" + hosts.hex_id("diff i:1 0")
    web = {filename(find): find for find in found if find["container_name"] == "web"}
    assert web.keys() == WANTED.keys()
    for path, find in web.items():
        assert (tmp / "out" / find["file"]).read_bytes() == WANTED[path], path
        assert find["sha256"] == hashlib.sha256(WANTED[path]).hexdigest() and find["complete"]
        assert (find["layer_identifier"], find["layer_role"]) == (base, "image")
    assert {find["change"] for find in web.values()} == {"deleted", "replaced", "modified"} - (
        {"modified"} if web[b"/etc/motd"]["change"] == "replaced" else set())
    assert [find["filename"] for find in found if find["container_name"] == "db"] == ["/etc/passwd"]
    assert not [find for find in found if find["container_name"] == "idle"]


def test_each_content_is_written_once(small: Host, tmp: Path) -> None:
    """Also where several containers hide one file, or two files have the same bytes; holes stay holes."""
    out = tmp / "out"
    assert launch.run("recover", "-q", "-o", out, small.root).returncode == 0
    contents = [data for data, _ in written(out).values()]
    assert sorted(contents) == sorted(set(WANTED.values()))
    by_name = defaultdict(set)
    for find in rows(out):
        by_name[find["sha256"]].add(find["file"])
    assert all(len(names) == 1 for names in by_name.values())
    big = next(out / find["file"] for find in rows(out) if find["filename"] == "/srv/big")
    assert big.stat().st_size == (1 << 16) + 2 and big.stat().st_blocks * 512 < 1 << 15
    for path in out.rglob("*"):
        assert path.lstat().st_mode & 0o7777 == (0o700 if path.is_dir() else 0o600)
        assert path.name.isprintable() and path.name.isascii()


def test_going_on(small: Host, tmp: Path) -> None:
    """A second run keeps what is right, leaves alone what is not, and completes the lists."""
    out = tmp / "out"
    assert launch.run("recover", "-q", "-o", out, small.root).returncode == 0
    first, lists = written(out), (out / "recovered.jsonl").read_bytes()
    name = {filename(find): find["file"] for find in rows(out)}
    (out / name[b"/srv/data/a"]).unlink()
    (out / name[b"/etc/motd"]).write_text("somebody's own\n")
    (out / "recovered.jsonl").unlink()
    assert launch.run("recover", "-q", "-o", out, small.root).returncode == 0
    second = written(out)
    assert second[name[b"/etc/motd"]][0] == b"somebody's own\n"
    assert second[name[b"/etc/motd"] + "~2"][0] == b"hello\n"
    assert second[name[b"/srv/data/a"]][0] == b"A" * 5000
    changed = {name[b"/etc/motd"], name[b"/srv/data/a"]}
    assert {path: first[path] for path in first.keys() - changed} == {path: second[path] for path in first.keys() - changed}
    assert (out / "recovered.jsonl").read_bytes() == lists.replace(
        f'"{name[b"/etc/motd"]}"'.encode(), f'"{name[b"/etc/motd"]}~2"'.encode())


def test_a_directory_of_somebody_else(small: Host, tmp: Path) -> None:
    """Links and files that lie where the program would write: nothing is followed, nothing lost."""
    out, beside = tmp / "out", tmp / "beside"
    beside.mkdir()
    assert launch.run("recover", "-q", "-o", out, small.root).returncode == 0
    top = next(path for path in out.iterdir() if path.name.startswith("web@"))
    top.rename(tmp / "away")
    top.symlink_to(beside)
    assert launch.run("recover", "-q", "-o", out, small.root).returncode == 0
    assert not list(beside.iterdir()) and top.is_symlink()
    assert set(data for data, _ in written(out).values()) == set(WANTED.values())
    (tmp / "used").mkdir()
    (tmp / "used/recovered.txt").write_text("not the program's\n")
    assert launch.run("recover", "-q", "-o", tmp / "used", small.root).returncode == 4
    assert os.listdir(tmp / "used") == ["recovered.txt"]


def test_a_run_that_was_killed(tmp: Path) -> None:
    """It leaves no half of a file, and the next one goes on."""
    if not machine.IS_ROOT:
        pytest.skip("whiteouts need root")
    host, out = Host(tmp / "host"), tmp / "out"
    files = {f"f{number:04}": f"{number}\n" * 20 for number in range(1000)}
    host.container("web", host.image("i:1", {"d": files}), {"d": WHITEOUT})
    command = [machine.PROGRAM, "recover", "-q", "-o", out, host.root]
    early = out / f"web@{hosts.container(host, 'web').id[:12]}/d/f0020"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None and not early.exists():
            time.sleep(0.0001)
        running.kill()
    half = written(out)
    assert 20 <= len(half) < len(files) and not (out / "recovered.jsonl").exists()
    for name, (data, _) in half.items():
        assert name.startswith(".") or data.decode() == files[name.rpartition("/")[2]]
    assert launch.run("recover", "-q", "-o", out, host.root).returncode == 0
    after = written(out)
    assert {name.rpartition("/")[2]: data.decode() for name, (data, _) in after.items()} == files
    assert all(after[name] == half[name] for name in half if not name.startswith("."))
    assert len(rows(out)) == len(files)


def test_choices(small: Host, tmp: Path) -> None:
    """By container, path and time. The window holds what may have been deleted in it."""
    def paths(*args: object) -> set[bytes]:
        return {filename(find) for find in listed(*args, small.root)}
    assert paths("-c", "db") == {b"/etc/passwd"}
    assert paths("--path", "/opt/tool") == {path for path in WANTED if path.startswith(b"/opt/tool/")}
    assert paths("--until", "2001-01-01") == set()
    assert paths("--since", "2001-01-01") == set(WANTED)
    assert paths("--since", "2100-01-01") == set()
    assert launch.run("recover", "--list", "-c", "nobody", small.root).returncode == 2
    del tmp


def test_limits(small: Host, tmp: Path) -> None:
    """--limit and --memory end in exit code 5, and say how much is missing."""
    done = launch.run("recover", "-o", tmp / "out", "--limit", "10K", small.root)
    assert done.returncode == 5 and re.search(rb"--limit is reached: the contents of \d+ files", done.stderr)
    assert sum(-len(data) // 4096 * -4096 for data, _ in written(tmp / "out").values()) <= 10 << 10, "whole blocks"
    assert {filename(find) for find in rows(tmp / "out")} == set(WANTED)
    done = launch.run("recover", "-o", tmp / "next", "--memory", "64K", small.root)
    assert done.returncode == 5 and b"--memory is reached" in done.stderr
