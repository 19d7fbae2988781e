# SPDX-License-Identifier: Apache-2.0
"""Real hosts against their recorded ground truth (tests/lib/case_check.py), as images and as mounted directories."""
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lib import case_check, disks, launch, machine, reading
from lib.truth import POWEROFF

IMAGES = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4", "aufs-synthetic")


def check(case: Path, evidence: Path, tmp: Path, state: str = "clean", code: int = 0,
          *options: Any) -> list[dict]:
    """Compare one run with the truth; returns the errors that it reported."""
    done = launch.run("-q", "-o", tmp / "rows.jsonl", "--errors", tmp / "errors", *options, evidence)
    assert done.returncode == code, done.stderr.decode()
    results = case_check.check_case(str(case), str(tmp / "rows.jsonl"), state)
    assert set(results) == {"files", "owner", "lifecycle", "logs", "whiteouts"}
    for name, result in results.items():
        assert result.expected or name == "whiteouts", f"{name}: the truth expects nothing: a broken test"
        assert result.found == result.expected and result.ok, f"{name}: {result.examples[:10]}"
    return [json.loads(line) for line in (tmp / "errors").read_text().splitlines()]


def test_sample(sample: Path, tmp: Path) -> None:
    """The evidence in the repository."""
    assert check(machine.SAMPLE, sample, tmp) == []


@pytest.mark.parametrize("case", IMAGES)
def test_clean_disk_as_image(case: str, disk, tmp: Path) -> None:
    """Every path with its four times and owner, every state of a container, every log line, every deletion."""
    image = disk(case)
    assert check(machine.EVIDENCE / case, image, tmp) == []


def check_same(image: Path, root: Path) -> None:
    """Text and body are the same bytes; the others but for display name, file system type and path specification."""
    for form in ("text", "body"):
        assert launch.product(form, "--no-deleted", image) == launch.product(form, root), form
    assert launch.timeline("--no-deleted", image).bare == launch.timeline(root).bare
    for form in ("csv", "l2tcsv"):
        whole = (re.sub(rb"\b(EXT|OS)\b", b"", launch.product(form, *args)) for args in (("--no-deleted", image), (root,)))
        assert next(whole) == next(whole), form


@pytest.mark.parametrize("case", IMAGES)
def test_clean_disk_as_directory_gives_the_same_bytes(case: str, disk, mounted) -> None:
    """Only what Plaso too says of the medium tells how the evidence was given; only an image still knows of deleted
    entries."""
    image = disk(case)
    check_same(image, mounted(image))


def test_sample_as_directory_gives_the_same_bytes(sample: Path, mounted) -> None:
    """The same without the evidence set."""
    check_same(sample, mounted(sample))


def test_bare_data_root(sample: Path, mounted, sample_jsonl, tmp: Path) -> None:
    """The data root alone gives all rows of what is in it; what the host says (its name, paths above, what lies beside
    it) is all that differs, and what deleted entries of its file system tell."""
    prefix = "/var/lib/docker"
    result = launch.timeline(mounted(sample) / prefix[1:])
    assert result.code == 0 and not result.errors

    def plain(row: dict) -> tuple:
        return reading.nanoseconds(row), row["timestamp_desc"], reading.owner(row), row["pathspec"]["location"]

    whole = sorted(repr(plain(row)) for row in sample_jsonl.rows
                   if not {"unallocated", "recovered", "configuration_missing"} & set(row["tag"]) and row["pathspec"]["location"].startswith(prefix))
    for row in result.rows:
        row["pathspec"]["location"] = (prefix + row["pathspec"]["location"]).rstrip("/")
    assert sorted(repr(plain(row)) for row in result.rows
                  if "configuration_missing" not in row["tag"] and row["data_type"] != "container:volume:removed") == whole


def test_xfs_as_directory(disk, mounted, tmp: Path) -> None:
    """A file system that libtsk does not know, mounted."""
    assert check(machine.EVIDENCE / "overlay2-xfs", mounted(disk("overlay2-xfs"), "xfs"), tmp) == []


@pytest.mark.parametrize("case", POWEROFF)
def test_disk_after_power_loss_as_it_lies(case: str, disk, tmp: Path) -> None:
    """Without its journal: all that the kernel shows with `noload`, and an error that says so."""
    errors = check(machine.EVIDENCE / case, disk(case, "poweroff"), tmp, "poweroff-noload", 1, "--no-journal")
    assert "journal" in {error["code"] for error in errors}
    assert {error["code"] for error in errors} <= {"journal", "damaged", "missing"}, errors


@pytest.mark.parametrize("case", POWEROFF)
def test_disk_after_power_loss(case: str, disk, tmp: Path) -> None:
    """With its journal replayed in memory: all that the kernel shows after a mount, and the image as it was."""
    image = disk(case, "poweroff")
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    errors = check(machine.EVIDENCE / case, image, tmp, "poweroff-replayed", 1, "--manifest", tmp / "manifest")
    assert {error["code"] for error in errors} == {"damaged"}
    assert all("NUL bytes" in error["reason"] and error["path"].endswith(("-json.log", "/messages")) for error in errors)
    journal = json.loads((tmp / "manifest").read_text())["evidence"][0]["journals"][0]
    assert journal["replayed"] and journal["transactions"] > 0 and journal["blocks"] > 0
    assert hashlib.sha256(image.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("case", POWEROFF)
def test_disk_after_power_loss_replayed_by_the_kernel(case: str, disk, mounting, tmp: Path) -> None:
    """A copy, its journal replayed by a real mount."""
    copy = disks.sparse_copy(disk(case, "poweroff"), tmp / "copy.raw")
    loop = subprocess.run(["losetup", "-f", "--show", copy], check=True, capture_output=True, text=True).stdout.strip()
    try:
        with disks.mount(loop, "ext4", "ro") as root:
            errors = check(machine.EVIDENCE / case, root, tmp, "poweroff-replayed", 1)
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)
    # Each of these hosts lost the end of a log, or of two: its size was in the journal, its last bytes never came to the disk.
    assert {error["code"] for error in errors} == {"damaged"}
    assert all("NUL bytes" in error["reason"] and error["path"].endswith(("-json.log", "/messages")) for error in errors)


def test_deleted_files_cost_their_items_only(disk, tmp: Path) -> None:
    """Files deleted from a disk, a container's configuration among them: all others are there, each loss is told."""
    case = machine.EVIDENCE / "deleted-synthetic"
    done = launch.run("-q", "-o", tmp / "rows.jsonl", "--errors", tmp / "errors", disk("deleted-synthetic"))
    assert done.returncode == 1
    results = case_check.check_case(str(case), str(tmp / "rows.jsonl"))
    assert results["files"].ok and results["whiteouts"].ok
    names, *lines = (case / "truth/deleted.tsv").read_text().lstrip("#").splitlines()
    column = names.split("\t").index("path")
    deleted = {line.split("\t")[column] for line in lines}
    errors = [json.loads(line) for line in (tmp / "errors").read_text().splitlines()]
    assert errors and all(error["code"] == "missing" for error in errors)
    assert {error["path"] for error in errors} <= deleted
    assert all("quartz" in example for example in results["lifecycle"].examples + results["owner"].examples)


def test_hosts_of_other_runtimes_are_refused(disk) -> None:
    """Podman is not read yet: no usable evidence, and what was looked for."""
    result = launch.run(disk("podman-ext4"))
    assert result.returncode == 3 and not result.stdout
    assert b"/var/lib/docker" in result.stderr


@pytest.mark.parametrize("name", ["app.tar", "app.oci.tar", "export.tar"])
def test_archives_are_refused(name: str) -> None:
    """Not supported yet: no usable evidence."""
    path = machine.EVIDENCE / "docker-save" / name
    if not path.exists():
        pytest.skip("no evidence set")
    assert launch.run(path).returncode == 3
