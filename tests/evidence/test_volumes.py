# SPDX-License-Identifier: Apache-2.0
"""File systems on volumes: each entry, each column, as the kernel told them of the same volumes when the disks were
made."""
import os
import shutil
from pathlib import Path

import pytest
from lib import disks, ext4fs, hosts, launch, layouts, volumes
from lib.launch import timeline

VOLUMES = [("lvm-xfs", "rl/root", "fs"), ("lvm-ext4", "ubuntu-vg/root", "fs.root"), ("lvm-ext4", "ubuntu-vg/var", "fs.var"),
           ("lvm-ext4-dirty", "ubuntu-vg/root", "fs.root"), ("lvm-ext4-dirty", "ubuntu-vg/var", "fs.var.replayed")]


@pytest.mark.parametrize(("case", "volume", "name"), VOLUMES)
def test_lvm(case: str, volume: str, name: str, session_dir: Path, libtsk_leaks: dict[str, str]) -> None:
    """Linear volumes in a partition, one of them in two pieces."""
    image = layouts.image(session_dir, case)
    ext4fs.check_equal(layouts.truth(case, name), ext4fs.dump(image, "--only", f"volume {volume}", env=libtsk_leaks))


def test_journal_is_left_alone(session_dir: Path, libtsk_leaks: dict[str, str]) -> None:
    """The messages name the volume."""
    image = layouts.image(session_dir, "lvm-ext4-dirty")
    got = ext4fs.dump(image, "--no-journal", "--only", "ubuntu-vg/var", env=libtsk_leaks)
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


# --- volumes that are made here ---------------------------------------------------------------------------------------

SIZE = 16 << 20


@pytest.fixture(scope="module")
def old(session_dir: Path) -> Path:
    """A file system of 16 MiB."""
    return disks.make_ext4(session_dir / "old.raw", hosts.shop(session_dir / "old").root, "16M")


@pytest.fixture(scope="module")
def new(old: Path, session_dir: Path) -> Path:
    """The same with a file more."""
    (session_dir / "added").write_bytes(b"a file more\n" * 1000)
    shutil.copyfile(old, session_dir / "new.raw")
    disks.debugfs(session_dir / "new.raw", f"write {session_dir / 'added'} added")
    return session_dir / "new.raw"


def blank(path: Path, size: int = 40 << 20) -> Path:
    """A file of zeros."""
    path.touch()
    os.truncate(path, size)
    return path


def same(got: ext4fs.Dump, image: Path) -> bool:
    """Is it the file system of that image?"""
    return got.view == ext4fs.dump(image).view and not got.notes


def test_mirror_takes_the_newest_leg(old: Path, new: Path, tmp: Path) -> None:
    """The superblocks of the legs tell which that is; the other one is read where that is missing."""
    pvs = {name: blank(tmp / name) for name in ("pv0", "pv1")}
    parts = "".join(volumes.volume(f"var_rmeta_{i}", volumes.linear(1, f"pv{i}", 0), False)
                    + volumes.volume(f"var_rimage_{i}", volumes.linear(16, f"pv{i}", 1), False) for i in (0, 1))
    legs = '"var_rmeta_0", "var_rimage_0", "var_rmeta_1", "var_rimage_1"'
    volumes.write_pvs("vg", pvs, parts + volumes.volume("var", volumes.segment(
        0, 16, f'type = "raid1"\ndevice_count = 2\nraids = [{legs}]')))
    for i, (image, events) in enumerate(((old, 5), (new, 9))):
        volumes.put(tmp / f"pv{i}", 0, volumes.leg_super(i, events))
        volumes.put(tmp / f"pv{i}", 1, image.read_bytes())
    assert same(ext4fs.dump(tmp / "pv0", tmp / "pv1"), new)
    assert same(ext4fs.dump(tmp / "pv1", tmp / "pv0"), new)
    assert same(ext4fs.dump(tmp / "pv1"), new) and same(ext4fs.dump(tmp / "pv0"), old)


def test_snapshot(old: Path, new: Path, tmp: Path) -> None:
    """What the origin was lies in the store of the snapshot."""
    store = volumes.cow_store(old.read_bytes(), new.read_bytes())
    pv = blank(tmp / "pv0")
    volumes.write_pvs("vg", {"pv0": pv}, volumes.volume("var", volumes.linear(16, "pv0", 0))
                      + volumes.volume("before", volumes.linear(20, "pv0", 16)) + volumes.volume(
                          "snapshot0", volumes.segment(0, 16, 'type = "snapshot"\nchunk_size = 8\norigin = "var"\n'
                                                       'cow_store = "before"'), False))
    volumes.put(pv, 0, new.read_bytes())
    volumes.put(pv, 16, store)
    assert same(ext4fs.dump(pv, "--only", "vg/var"), new) and same(ext4fs.dump(pv, "--only", "vg/before"), old)


def test_unread_types_are_named(tmp: Path) -> None:
    """Of a cache the newest data may be elsewhere. Other volumes are read all the same."""
    pv = blank(tmp / "pv0")
    volumes.write_pvs("vg", {"pv0": pv}, volumes.volume("var", volumes.segment(0, 4, 'type = "cache"\norigin = "x"')))
    result = timeline(pv)
    assert result.code == 3 and "'cache'" in result.errors[0]["reason"] and "vgchange -ay" in result.errors[0]["reason"]


def test_volume_without_the_missing_disk(old: Path, tmp: Path) -> None:
    """It is read; the other one is an error that names the disk."""
    pvs = {name: blank(tmp / name) for name in ("pv0", "pv1")}
    volumes.write_pvs("vg", pvs, volumes.volume("here", volumes.linear(16, "pv0", 0))
                      + volumes.volume("gone", volumes.linear(4, "pv1", 0)))
    volumes.put(tmp / "pv0", 0, old.read_bytes())
    got = ext4fs.dump(tmp / "pv0")
    assert got.view == ext4fs.dump(old).view
    assert len(got.notes) == 1 and "volume vg/gone" in got.notes[0] and volumes.uuid("vgpv1") in got.notes[0]


def test_damaged_metadata(old: Path, tmp: Path) -> None:
    """The copy on the other disk is used; without it nothing is guessed."""
    pvs = {name: blank(tmp / name) for name in ("pv0", "pv1")}
    volumes.write_pvs("vg", pvs, volumes.volume("var", volumes.linear(16, "pv0", 0)))
    volumes.put(tmp / "pv0", 0, old.read_bytes())
    whole = ext4fs.dump(old).view
    with (tmp / "pv1").open("r+b") as disk:
        disk.seek(volumes.AREA + 600)
        disk.write(b"\xff")
    got = ext4fs.dump(tmp / "pv0", tmp / "pv1")
    assert got.view == whole and any("wrong checksum" in note for note in got.notes)
    with (tmp / "pv0").open("r+b") as disk:
        disk.seek(volumes.AREA + 600)
        disk.write(b"\xff")
    result = timeline(tmp / "pv0", tmp / "pv1")
    assert result.code == 3 and "damaged" in {error["code"] for error in result.errors}


def put_member(path: Path, minor: int, number: int, level: int, events: int, data: bytes) -> None:
    """Make a disk of an array."""
    size = path.stat().st_size
    at, text = volumes.md_super_0(size, number, level, events) if minor == 90 else volumes.md_super_1(
        minor, size, number, level, events)
    with path.open("r+b") as disk:
        disk.seek(at)
        disk.write(text)
        disk.seek(volumes.START if minor in (1, 2) else 0)
        disk.write(data)


@pytest.mark.parametrize("minor", [0, 1, 2, 90])
def test_md_mirror(minor: int, old: Path, new: Path, tmp: Path) -> None:
    """The newest disk is read, and the one that is out of date is named."""
    for number, (image, events) in enumerate(((old, 5), (new, 9))):
        put_member(blank(tmp / f"d{number}"), minor, number, 1, events, image.read_bytes())
    for order in (("d0", "d1"), ("d1", "d0")):
        got = ext4fs.dump(*(tmp / name for name in order))
        assert got.view == ext4fs.dump(new).view
        assert len(got.notes) == 1 and "out of date" in got.notes[0]
    assert same(ext4fs.dump(tmp / "d0"), old)


def test_md_linear(old: Path, tmp: Path) -> None:
    """One disk behind the other, in the order of the array."""
    data = old.read_bytes()
    put_member(blank(tmp / "d0", (9 << 20)), 2, 0, -1, 5, data[:8 << 20])
    put_member(blank(tmp / "d1", (9 << 20)), 2, 1, -1, 5, data[8 << 20:])
    assert same(ext4fs.dump(tmp / "d1", tmp / "d0"), old)
    assert "disk 1 of 2" in timeline(tmp / "d0").errors[0]["reason"]


def test_md_level_that_is_not_read(tmp: Path) -> None:
    """It is named, with what helps."""
    put_member(blank(tmp / "d0"), 2, 0, 5, 5, b"")
    result = timeline(tmp / "d0")
    assert result.code == 3 and "level 5" in result.errors[0]["reason"] and "mdadm" in result.errors[0]["reason"]


def test_volumes_on_volumes(old: Path, tmp: Path, libtsk_leaks: dict[str, str]) -> None:
    """A partition of a disk of a guest, on a volume, on a mirror, in a partition."""
    guest = disks.partition(tmp / "guest.raw", 20 << 20, "label: dos\nstart=2048, size=32768\n", (old, 1 << 20))
    pv = blank(tmp / "pv", 24 << 20)
    volumes.write_pvs("vg", {"pv0": pv}, volumes.volume("guest", volumes.linear(20, "pv0", 0)))
    volumes.put(pv, 0, guest.read_bytes())
    member = blank(tmp / "member", 25 << 20)
    put_member(member, 2, 0, 1, 5, pv.read_bytes())
    disk = disks.partition(tmp / "disk.raw", 30 << 20, f"label: gpt\nstart=2048, size={(25 << 20) // 512}\n",
                           (member, 1 << 20))
    assert same(ext4fs.dump(disk, env=libtsk_leaks), old)
    assert [row["kind"] for row in launch.objects("disks", disk)] == [
        "image", "partition", "volume", "group", "volume", "partition"]


def test_volume_that_lies_on_itself(tmp: Path) -> None:
    """A volume that shows its own disk ends at a bound, and that is said."""
    pv = blank(tmp / "pv0", 8 << 20)
    body = volumes.volume("again", volumes.linear(6, "pv0", 0)) + volumes.volume("loop", volumes.segment(
        0, 1, 'type = "striped"\nstripe_count = 1\nstripes = ["loop", 0]'))
    volumes.write_pvs("vg", {"pv0": pv}, body, start=0)
    result = timeline(pv)
    assert result.code == 3
    assert {"cycle", "too-large"} <= {error["code"] for error in result.errors}


# --- what older metadata tell ------------------------------------------------------------------------------------------

def test_history_of_volumes(session_dir: Path) -> None:
    """What make-disks.sh did to the group, in its order: var was extended, and the volume behind it removed."""
    rows = [row for row in timeline(layouts.image(session_dir, "lvm-ext4")).rows
            if row["data_type"].startswith("container:lvm:")]
    assert [(row["data_type"].rpartition(":")[2], row["action"].split()[0], row["action"].split()[-1]) for row in rows] == [
        ("created", "make", "ubuntu-vg/swap"), ("created", "make", "ubuntu-vg/root"),
        ("created", "make", "ubuntu-vg/var"), ("created", "make", "ubuntu-vg/tmp"),
        ("changed", "resize", "ubuntu-vg/var"), ("removed", "remove", "ubuntu-vg/tmp")]
    assert "lvremove -y ubuntu-vg/tmp" in rows[-1]["command"]
    assert "from 67108864 to 92274688 bytes" in rows[-2]["facts"]


def test_history_of_a_snapshot(session_dir: Path) -> None:
    """It says of what it was made; the host on the snapshot does not tell all a second time."""
    rows = [row for row in timeline(layouts.image(session_dir, "lvm-thin")).rows
            if row["data_type"].startswith("container:lvm:")]
    assert [row["action"] for row in rows].count("make logical volume pve/snap") == 1
    assert "a snapshot of root" in next(row["facts"] for row in rows if row["action"].endswith("pve/snap"))
