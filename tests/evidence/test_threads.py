# SPDX-License-Identifier: Apache-2.0
"""Evidence read by several threads: the same bytes with any number of them, and the same errors."""
import os
from pathlib import Path

import pytest
from lib import disks, hosts, launch, reading
from lib.hosts import Host
from lib.launch import product, timeline

THREADS = (1, 2, 8)


def check_same(root: Path, **options) -> reading.Timeline:
    """Rows, errors and exit code do not depend on the number of threads; returns what one thread gives."""
    alone = timeline("--threads", 1, root, **options)
    for threads in THREADS[1:]:
        result = timeline("--threads", threads, root, **options)
        assert result.lines == alone.lines
        assert result.errors == alone.errors and result.code == alone.code
    return alone


@pytest.mark.parametrize("form", launch.FORMATS)
def test_sample_host(form: str, sample: Path, mounted) -> None:
    """A real host, mounted."""
    root = mounted(sample)
    alone = product(form, "--threads", 1, root)
    assert alone
    for threads in THREADS[1:]:
        assert product(form, "--threads", threads, root) == alone


def make_files(top: Path, count: int, links: int = 0) -> None:
    """`count` empty files, and `links` directories with one symbolic link each."""
    top.mkdir()
    for number in range(count):
        os.close(os.open(top / f"file-{number}", os.O_CREAT | os.O_WRONLY, 0o644))
    for number in range(links):
        (top / f"dir-{number}").mkdir()
        (top / f"dir-{number}/link").symlink_to("/etc/passwd")


def test_many_names(host: Host) -> None:
    """One directory of 50,000 names among others of some thousand: all names, in the same order."""
    diff = hosts.container(host, "db").rw / "diff"
    make_files(diff / "many", 50_000)
    for number in range(4):
        make_files(diff / f"some-{number}", 1000, 60)
    hosts.settle(host.root)
    one = product("body", "--threads", 1, host.root)
    for threads in THREADS[1:]:
        assert product("body", "--threads", threads, host.root) == one
    lines = one.splitlines()
    assert sum(b"/many/file-" in line for line in lines) == 50_000
    assert sum(b"/link" in line and b"/dir-" in line for line in lines) == 240


def test_deep_tree(host: Host) -> None:
    """300 directories in one another, each with a brother before and after it."""
    at = hosts.container(host, "db").rw / "diff"
    for number in range(300):
        for name in ("after", "before"):
            (at / name).mkdir()
            (at / name / f"in-{number}").write_text("")
        at = at / "d"
        at.mkdir()
    result = check_same(host.root)
    assert result.code == 0 and not result.errors
    found = {path.rpartition(b"/")[2] for path in result.locations()}
    assert {f"in-{number}".encode() for number in range(300)} <= found


def test_unreadable_directories(host: Host, as_nobody: dict, tmp: Path) -> None:
    """Errors come in the order of the walk, and what is beside them is read."""
    diff = hosts.container(host, "db").rw / "diff"
    for number in range(40):
        make_files(diff / f"dir-{number:02}", 3, 2)
        if number % 3 == 0:
            (diff / f"dir-{number:02}").chmod(0)
    hosts.give_to_nobody(host, tmp)
    hosts.settle(host.root)
    try:
        result = check_same(host.root, **as_nobody)
    finally:
        for number in range(0, 40, 3):
            (diff / f"dir-{number:02}").chmod(0o755)
    assert result.code == 1
    lost = [error["path"] for error in result.errors if "dir-" in error["path"]]
    assert lost == [host.inside(diff / f"dir-{number:02}") for number in range(0, 40, 3)]
    assert {error["code"] for error in result.errors} == {"unreadable"}


@pytest.mark.parametrize("keep", [1.0, 0.5])
def test_records_of_layers(mounting: None, sample: Path, tmp: Path, keep: float) -> None:
    """The record of the layer that comes next is read on another thread, whole or damaged, from an image too."""
    image = disks.sparse_copy(sample, tmp / "disk.raw")
    with disks.mount(image, "ext4", "loop") as at:
        records = (at / "var/lib/docker/image/overlay2/layerdb/sha256").glob("*/tar-split.json.gz")
        for record in records:
            os.truncate(record, int(record.stat().st_size * keep))
    result = check_same(image)
    assert result.code == (keep < 1) and bool(result.errors) == (keep < 1)
    assert all(error["path"].endswith("tar-split.json.gz") for error in result.errors)


@pytest.mark.parametrize("number", ["0", "65", "-1", "two", "", "2x", "99999999999999999999"])
def test_bad_number_of_threads(number: str, host: Host) -> None:
    """Usage, with the range."""
    done = launch.run(f"--threads={number}", host.root)
    assert done.returncode == 2 and b"1 to 64" in done.stderr
