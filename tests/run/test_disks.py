# SPDX-License-Identifier: Apache-2.0
"""layertime disks: what lies on the disks, and what is read of it. Expected: the layouts that LVM, mdadm and sfdisk told
when the disks were made."""
from pathlib import Path
from typing import Any

from lib import disks, hosts, launch, layouts


def tree(*images: Path, code: int = 0) -> list[tuple[Any, ...]]:
    """Depth, name, what it holds, who reads it."""
    return [(row["depth"], row.get("name", ""), row.get("holds", ""), row.get("read_by", ""))
            for row in launch.objects("disks", *images, code=code)]


def test_partitions(session_dir: Path) -> None:
    """Boot partitions and swap are no errors."""
    for case, unit in (("gpt-multi", 1), ("gpt-4kn", 8)):
        rows = tree(layouts.image(session_dir, case))
        assert [row[2:] for row in rows] == [
            ("GPT", ""), ("nothing but zeros", ""), ("a FAT file system", ""), ("swap space", ""),
            ("ext2/3/4 file system", "layertime"), ("ext2/3/4 file system", "layertime")]
        assert rows[1][:2] == (1, f"partition at sector {2048 // unit}")


def test_volumes(session_dir: Path) -> None:
    """Group, volumes, where the host mounts them, and the stores."""
    rows = launch.objects("disks", layouts.image(session_dir, "lvm-ext4"))
    assert [(row["depth"], row["kind"]) for row in rows] == [
        (0, "image"), (1, "partition"), (1, "partition"), (1, "partition"), (2, "group"), (3, "volume"), (3, "volume"),
        (3, "volume")]
    group, root, var = rows[4], rows[6], rows[7]
    assert group["uuid"] == "foVhkq-MYs9-SvVv-KWnO-2ZZQ-ItLr-AhKff6"
    assert var["name"] == "volume ubuntu-vg/var" and var["volume_uuid"] == "2JGEgn-760v-fLkl-WvPR-fCha-dbEr-y0D3zR"
    assert var["size"] == 22 * 8192 * 512 and var["mounted_at"] == "/var" and var["state"] == "clean"
    assert "docker /var/lib/docker" in var["stores"] and "has_journal" in var["features"].split()
    assert root["label"] == "root" and root["mounted_at"] == "/"


def test_dirty(session_dir: Path) -> None:
    """A journal that was replayed is told."""
    rows = launch.objects("disks", layouts.image(session_dir, "lvm-ext4-dirty"))
    assert rows[7]["state"] == "dirty, journal replayed"


def test_thin(session_dir: Path) -> None:
    """A pool is no volume that could be read."""
    rows = tree(layouts.image(session_dir, "lvm-thin"))
    assert rows[2:] == [(2, "volume pve/pool", "", ""), (2, "volume pve/root", "ext2/3/4 file system", "layertime"),
                        (2, "volume pve/snap", "ext2/3/4 file system", "layertime")]


def test_array(session_dir: Path) -> None:
    """Its disks, in either order."""
    images = [layouts.image(session_dir, "md-raid1", name) for name in ("disk1", "disk2")]
    for order in (images, images[::-1]):
        rows = launch.objects("disks", *order)
        assert sorted(row["kind"] for row in rows) == ["image", "image", "volume"]
        assert any(row.get("volume_uuid") == "a6ddccca:bfa22d65:59412955:98d73f34" for row in rows)


def test_what_is_not_read(session_dir: Path) -> None:
    """The command that helps, and the UUID that blkid prints; exit 1, as a host may be in it."""
    (row,) = launch.objects("disks", layouts.image(session_dir, "luks2"), code=1)
    assert "LUKS2" in row["holds"] and "cryptsetup open" in row["helps"]
    assert row["uuid"] == "d35b306c-49ea-4e23-944d-06cd9974552a"


def test_no_store_is_needed(tmp: Path) -> None:
    """A file system without one is shown, as table, lines and CSV; so is a directory."""
    image = disks.make_ext4(tmp / "plain.raw", hosts.shop(tmp / "shop").root / "etc", "16M", "-L", "plain")
    assert tree(image) == [(0, "", "ext2/3/4 file system", "layertime")]
    assert b"plain" in launch.run("disks", image).stdout
    launch.run("disks", "-o", tmp / "disks.csv", image)
    assert b'"plain"' in (tmp / "disks.csv").read_bytes()
    assert launch.objects("disks", hosts.shop(tmp / "other").root)[0]["kind"] == "directory"
