# SPDX-License-Identifier: Apache-2.0
"""The tamper check of image layers against the tars that containerd keeps as blobs. Nothing may be found in layers as
containerd left them; then one is changed by the kernel, or its blob is, and just that must be found. Python unpacks the
blobs."""
import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, launch, reading

TAGS = {"layer_planted", "layer_changed", "layer_touched", "layer_missing"}
CASES = ("docker29-ext4", "docker29-mixed", "containerd-ext4", "containerd-cri-ext4")
ROOT = Path("var/lib/containerd")
BLOBS = ROOT / "io.containerd.content.v1.content/blobs/sha256"
SNAPSHOTS = ROOT / "io.containerd.snapshotter.v1.overlayfs/snapshots"


def findings(timeline: reading.Timeline) -> dict[str, set[str]]:
    """Path on the host -> tags of tampering."""
    found: dict[str, set[str]] = {}
    for row in timeline.rows:
        tags = TAGS & set(row["tag"])
        if tags:
            assert row["layer_role"] == "image" and row["facts"] and all(row["facts"])
            found.setdefault(row["display_name"].partition(":")[2], set()).update(tags)
    return found


def base_of(host: Path) -> tuple[Path, Path, str]:
    """Tree, blob and diff ID of the base layer with busybox in it."""
    for blob in sorted((host / BLOBS).iterdir()):
        data = blob.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        try:
            names = {name.removeprefix("./") for name in tarfile.open(fileobj=io.BytesIO(data)).getnames()}
        except tarfile.TarError:
            continue
        if "bin/busybox" in names:
            break
    else:
        pytest.fail("no layer with busybox")
    tree = next(tree for tree in sorted((host / SNAPSHOTS).glob("*/fs")) if (tree / "bin/busybox").exists())
    return tree, blob, "sha256:" + hashlib.sha256(data).hexdigest()


def changed_copy(disk: Callable, tmp: Path, case: str, change: Callable[[Path], None]) -> Path:
    """A copy of a case's disk after `change` of its mounted root."""
    image = disks.sparse_copy(disk(case), tmp / "disk.raw")
    with disks.mount(image, "ext4", "loop") as at:
        change(at)
    return image


@pytest.mark.parametrize("verify", ["", "--verify-layers"])
@pytest.mark.parametrize("state", ["clean", "poweroff"])
@pytest.mark.parametrize("case", CASES)
def test_untouched(disk: Callable, case: str, state: str, verify: str) -> None:
    """Not one finding, and every blob has both of its digests."""
    result = launch.timeline(*filter(None, [verify]), disk(case, state))
    assert not findings(result)
    assert not [error for error in result.errors if str(BLOBS) in error["path"]]


@pytest.mark.parametrize("case", ["docker29-ext4", "containerd-ext4"])
def test_changes(mounting: None, disk: Callable, tmp: Path, case: str) -> None:
    """One file of each kind: planted, with other contents, with another time, removed. All other times are put back."""
    expected: dict[str, set[str]] = {}
    def change(host: Path) -> None:
        tree, _, diff = base_of(host)
        place = "/" + str(tree.relative_to(host))
        files = [path for path in sorted((tree / "etc").iterdir()) if path.is_file() and not path.is_symlink()
                 and path.stat().st_size and path.stat().st_nlink == 1]
        other, touched, removed = files[:3]
        folder = os.stat(tree / "etc")
        (tree / "etc/planted").write_text("x")
        was = os.stat(other)
        other.write_bytes(bytes(byte ^ 1 for byte in other.read_bytes()))
        os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
        os.utime(touched, (1, 1))
        removed.unlink()
        os.utime(tree / "etc", ns=(folder.st_atime_ns, folder.st_mtime_ns))
        expected.update({f"{place}/etc/planted": {"layer_planted"}, f"{place}/etc/{other.name}": {"layer_changed"},
                         f"{place}/etc/{touched.name}": {"layer_touched"}, removed.name: {"layer_missing"}, "diff": {diff}})
    result = launch.timeline(changed_copy(disk, tmp, case, change))
    diff = expected.pop("diff").pop()
    removed = next(name for name in expected if "/" not in name)
    missing = [row for row in result.rows if "layer_missing" in row["tag"]]
    assert {(row["filename"], row["layer_identifier"]) for row in missing} == {(f"/etc/{removed}", diff)}
    del expected[removed]
    assert {path: tags for path, tags in findings(result).items() if tags != {"layer_missing"}} == expected
    assert not result.errors


def test_blobs_gone(mounting: None, disk: Callable, tmp: Path) -> None:
    """containerd may discard what it has unpacked: there is nothing to compare with, and that is no error."""
    def change(host: Path) -> None:
        tree, blob, _ = base_of(host)
        (tree / "etc/planted").write_text("x")
        blob.unlink()
    result = launch.timeline(changed_copy(disk, tmp, "docker29-ext4", change))
    assert not findings(result) and not result.errors


@pytest.mark.parametrize("how", ["flip", "cut", "more"])
def test_blob_damaged(mounting: None, disk: Callable, tmp: Path, how: str) -> None:
    """A blob that is not what its name says is an error. What it lost is not said to be planted; if it lost nothing,
    the finding tells of the doubt."""
    planted = ""
    def change(host: Path) -> None:
        nonlocal planted
        tree, blob, _ = base_of(host)
        planted = f"/{tree.relative_to(host)}/etc/planted"
        (tree / "etc/planted").write_text("x")
        data = bytearray(blob.read_bytes())
        if how == "flip":
            data[len(data) // 2:len(data) // 2 + 64] = bytes(64)
        blob.chmod(0o644)
        blob.write_bytes(data[:len(data) // 2] if how == "cut" else data + bytes(1024) * (how == "more"))
    result = launch.timeline(changed_copy(disk, tmp, "containerd-ext4", change))
    digests = [error for error in result.errors if str(BLOBS) in error["path"] and "SHA-256" in error["reason"]]
    assert digests and all(error["code"] == "damaged" for error in digests)
    tags = findings(result).get(planted, set())
    facts = [fact for row in result.rows if row["display_name"] == f"EXT:{planted}" for fact in row.get("facts", [])]
    doubt = any("SHA-256" in fact for fact in facts)
    assert (tags, doubt) == (({"layer_planted"}, True) if how == "more" else (set(), False))
