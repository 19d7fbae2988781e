# SPDX-License-Identifier: Apache-2.0
"""File systems on volumes: each entry, each column, as the kernel told them of the same volumes when the disks were
made."""
import shutil
from pathlib import Path

import pytest
from lib import ext4fs, layouts
from lib.launch import timeline

VOLUMES = [("lvm-ext4", "ubuntu-vg/root", "fs.root"), ("lvm-ext4", "ubuntu-vg/var", "fs.var"),
           ("lvm-ext4-dirty", "ubuntu-vg/root", "fs.root"), ("lvm-ext4-dirty", "ubuntu-vg/var", "fs.var.replayed")]


@pytest.mark.parametrize(("case", "volume", "name"), VOLUMES)
def test_lvm(case: str, volume: str, name: str, session_dir: Path) -> None:
    """Linear volumes in a partition, one of them in two pieces."""
    image = layouts.image(session_dir, case)
    ext4fs.check_equal(layouts.truth(case, name), ext4fs.dump(image, "--only", f"volume {volume}"))


def test_journal_is_left_alone(session_dir: Path) -> None:
    """The messages name the volume."""
    image = layouts.image(session_dir, "lvm-ext4-dirty")
    got = ext4fs.dump(image, "--no-journal", "--only", "ubuntu-vg/var")
    ext4fs.check_equal(layouts.truth("lvm-ext4-dirty", "fs.var.norecovery"), got)
    assert any("in volume ubuntu-vg/var: the journal" in note for note in got.notes)


def test_stripes_on_two_images(session_dir: Path) -> None:
    """Whole disks, given in either order."""
    one, other = (layouts.image(session_dir, "lvm-striped", name) for name in ("pv1", "pv2"))
    truth = layouts.truth("lvm-striped")
    ext4fs.check_equal(truth, ext4fs.dump(one, other))
    ext4fs.check_equal(truth, ext4fs.dump(other, one))
    assert timeline(one, other).rows == timeline(other, one).rows != []


def test_missing_disk(session_dir: Path) -> None:
    """It is named by its UUID, with the device that it was."""
    result = timeline(layouts.image(session_dir, "lvm-striped", "pv2"))
    assert result.code == 3 and not result.rows
    said = result.errors[0]
    assert said["code"] == "missing" and "volume vgs0/docker" in said["reason"]
    assert "QaETj0-PZCx-ctZx-g9NW-DjKP-uXww-czBGDq" in said["reason"] and "/dev/vdd" in said["reason"]


def test_host_on_volumes(session_dir: Path) -> None:
    """The mount table names /dev/mapper or UUIDs; swap is no error, and nothing else is wrong."""
    result = timeline(layouts.image(session_dir, "lvm-ext4"))
    assert result.code == 0 and not result.errors
    assert any(row["display_name"].startswith("EXT:/var/lib/docker/") for row in result.rows)


def test_copied_disks_are_two_hosts(session_dir: Path, tmp: Path) -> None:
    """Clones have the same UUIDs: each is a group of its own."""
    image = layouts.image(session_dir, "lvm-ext4")
    shutil.copyfile(image, tmp / "clone.raw")
    result = timeline(image, tmp / "clone.raw")
    assert result.code == 0 and len(result.rows) == 2 * len(timeline(image).rows)
