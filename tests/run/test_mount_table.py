# SPDX-License-Identifier: Apache-2.0
"""File systems are put together as their host mounts them, whatever names them."""
import json
from pathlib import Path

import pytest
from lib import reading, sanitizers
from lib.hosts import shop
from lib.launch import run, timeline
from lib.partitions import UUIDS, make_disk, make_image, mount_all, take_out
from lib.reading import Row

UUID = "0a1b2c3d-1111-4222-8333-444455556666"
AT = "var/lib/docker"


def split(tmp: Path, table: str | None, at: str = AT, name: str = "one", **settings: str) -> tuple[Path, Path]:
    """Images of a host's root and of what it mounts at `at`."""
    host = shop(tmp / f"host-{name}")
    if table is not None:
        host.write(host.root / "etc/fstab", table)
    data = take_out(host.root, at, tmp / f"data-{name}")
    return (make_image(host.root, tmp / f"root-{name}.raw"),
            make_image(data, tmp / f"data-{name}.raw", **({"U": UUID} | settings)))


def known(rows: list[Row]) -> list[str]:
    """Rows without what says on what they were read."""
    return sorted(reading.bare(rows))


def check_whole(*evidence: Path, env: dict[str, str] | None = None) -> list[Row]:
    """The host is whole: its name is on each row of the store, which is where the host mounts it."""
    done = timeline(*evidence, env=env)
    assert done.code == 0, done.errors
    assert len(done.where(container_name="web", layer_role="log")) == 3
    assert {row["hostname"] for row in done.rows} == {"dock01"}
    assert b"/var/lib/docker/volumes/data/_data/state" in done.locations()
    return done.rows


@pytest.mark.parametrize("table, settings", [
    (f"UUID={UUID} /{AT} ext4 defaults 0 2\n", {}),
    (f'UUID="{UUID.upper()}"\t/{AT}/ ext4 defaults 0 2 # data\n', {}),
    (f"LABEL=docker\\040data /{AT} auto noauto 0 0\n", {"L": "docker-data"}),
    (f"/dev/disk/by-uuid/{UUID} /{AT} ext4 defaults\n", {}),
    (f"/dev/disk/by-label/dock /{AT} ext4\n", {"L": "dock"}),
    (f"/dev/mapper/vg0-docker /{AT} ext4 defaults 0 2\n", {"M": f"/{AT}"}),
    ("", {"M": f"/{AT}"}),
    (None, {}),                                        # its containers say where it was
])
def test_two_images_are_one_host(tmp: Path, table: str | None, settings: dict[str, str]) -> None:
    """fstab names the volume by UUID, label or node; or its superblock, or its store, says where it was mounted."""
    settings = {key: "docker data" if value == "docker-data" else value for key, value in settings.items()}
    root, data = split(tmp, table, **settings)
    rows = check_whole(root, data)
    assert known(check_whole(data, root)) == known(rows)


def test_mount_unit(tmp: Path) -> None:
    """A mount unit of systemd is as good as fstab."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/systemd/system/var-lib-docker.mount",
               f"[Unit]\nDescription=x\n[Mount]\nWhat=/dev/disk/by-uuid/{UUID}\nWhere=/{AT}\nType=ext4\n")
    data = take_out(host.root, AT, tmp / "data")
    check_whole(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "data.raw", U=UUID))


@pytest.mark.parametrize("label, device", [
    ("gpt", f"PARTUUID={UUIDS[1]}"), ("gpt", "PARTLABEL=part1"), ("dos", "PARTUUID=1234abcd-02"), ("dos", "/dev/sda2"),
    ("gpt", "/dev/nvme0n1p2"), ("gpt", f"/dev/disk/by-partuuid/{UUIDS[1]}"),
])
def test_partitions_of_one_disk(tmp: Path, mounting: None, label: str, device: str) -> None:
    """One disk, its partitions as images, and all of them mounted give the same rows."""
    first = "/dev/nvme0n1p1" if "nvme" in device else "/dev/sda1"
    root, data = split(tmp, f"{first} / ext4\n{device} /{AT} ext4\n", M=f"/{AT}")
    disk = make_disk([root, data], tmp / "disk.raw", label)
    forgiving = sanitizers.environment(LSAN_OPTIONS="detect_leaks=0")   # libtsk 4.11 leaks the DOS table of a GPT disk
    rows = known(check_whole(disk, "--no-deleted", env=forgiving))
    assert known(check_whole(root, data, "--no-deleted")) == rows
    with mount_all(tmp / "mnt", (root, ""), (data, AT)) as mounted:
        assert known(check_whole(mounted)) == rows


@pytest.mark.parametrize("source", ["data", "zfs/pool", "a"])
def test_bind_in_fstab(tmp: Path, source: str) -> None:
    """A bind shows a directory at another place, also one of a volume, wherever that stands in the table."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", f"/{source}/docker /{AT} none bind 0 0\nUUID={UUID} /{source} ext4 defaults 0 2\n")
    data = tmp / "data"
    data.mkdir()
    take_out(host.root, AT, data / "docker")
    (host.root / source).mkdir(parents=True)
    check_whole(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "data.raw", U=UUID))


def test_var_of_its_own(tmp: Path) -> None:
    """Logs, zone and name are those of the one host, on whatever file system they lie."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", f"UUID={UUID} /var ext4 defaults 0 2\n")
    host.write(host.root / "var/log/syslog", "Mar  2 08:00:00 dock01 dockerd[77]: time=\"2026-03-02T08:00:00Z\" "
                                             "level=info msg=\"Loading containers: done.\"\n")
    data = take_out(host.root, "var", tmp / "var")
    rows = check_whole(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "var.raw", U=UUID))
    assert [row for row in rows if "Loading containers" in row.get("message", "")]


def test_links_cross_file_systems(tmp: Path) -> None:
    """A link from one file system to another is followed where the host mounts that."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", f"UUID={UUID} /mnt/ssd ext4 defaults 0 2\n")
    data = tmp / "data"
    data.mkdir()
    (host.root / "mnt/ssd").mkdir(parents=True)
    (host.root / AT).rename(data / "docker")
    (host.root / AT).symlink_to("/mnt/ssd/docker")
    done = timeline(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "data.raw", U=UUID))
    assert done.code == 0, done.errors
    assert b"/mnt/ssd/docker/volumes/data/_data/state" in done.locations()


@pytest.mark.parametrize("device", [f"UUID={UUID}", "LABEL=gone", "/dev/vg0/docker", "PARTUUID=1234abcd-07"])
def test_disk_that_was_not_given(tmp: Path, device: str) -> None:
    """An empty mount point says which device is missing; exit 3 does so too."""
    root, _ = split(tmp, f"{device} /{AT} ext4 defaults 0 2\nUUID=0000 /home ext4\ntmpfs /tmp tmpfs\n")
    done = timeline(root)
    assert done.code == 3 and device in done.stderr and f"/{AT}" in done.stderr
    missing = [error for error in done.errors if error["code"] == "missing" and error.get("path")]
    assert [error["path"] for error in missing] == [f"/{AT}"] and device in missing[0]["reason"]


def test_files_below_a_mount_are_named(tmp: Path) -> None:
    """What a mount hides on the disk below it is not read, and that is said."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", f"UUID={UUID} /{AT} ext4\n")
    root = make_image(host.root, tmp / "root.raw")
    done = timeline(root, make_image(host.data, tmp / "data.raw", U=UUID))
    assert done.code == 1 and done.error()["path"] == f"/{AT}" and "hidden" in done.error()["reason"]


def test_two_hosts_are_not_mixed(tmp: Path) -> None:
    """Each volume goes to the host whose fstab has its UUID."""
    other = UUID.replace("0a1b", "ffff")
    one = split(tmp, f"UUID={UUID} /{AT} ext4\n")
    host = shop(tmp / "host-two")
    host.write(host.root / "etc/hostname", "dock02\n")
    host.write(host.root / "etc/fstab", f"UUID={other} /{AT} ext4\n")
    data = take_out(host.root, AT, tmp / "data-two")
    two = make_image(host.root, tmp / "root-two.raw"), make_image(data, tmp / "data-two.raw", U=other)
    done = timeline(one[1], two[1], two[0], one[0])
    assert done.code == 0, done.errors
    by_host = {name: [row for row in done.rows if row["hostname"] == name] for name in ("dock01", "dock02")}
    assert len(by_host["dock01"]) + len(by_host["dock02"]) == len(done.rows)
    assert len(by_host["dock01"]) == len(timeline(*one).rows)
    shown = run("--list-sources", one[1], two[1], two[0], one[0]).stdout.decode()
    assert f"host dock02: /{AT} is the ext2/3/4 file system of {two[1]} (/etc/fstab)" in shown


def test_disks_of_cloned_machines(tmp: Path) -> None:
    """Two hosts claim a volume of a third image: it is of neither, and that is said."""
    table = f"UUID={UUID} /{AT} ext4\n"
    one, two = split(tmp, table), split(tmp, table, name="two")
    done = timeline(one[0], two[0], one[1])
    assert done.code == 1
    assert any("mount tables of several hosts" in error["reason"] for error in done.errors)
    assert {row.get("hostname") for row in done.rows} == {None}


def test_a_volume_is_not_guessed(tmp: Path) -> None:
    """With two hosts, a volume that no table names is of nobody."""
    one, two = split(tmp, ""), split(tmp, "", name="two")
    done = timeline(one[0], two[0], one[1])
    assert {row.get("hostname") for row in done.rows} == {None}


def test_a_directory_and_the_image_of_its_volume(tmp: Path) -> None:
    """Kinds of evidence may differ."""
    root, data = split(tmp, f"UUID={UUID} /{AT} ext4\n")
    del root
    check_whole(tmp / "host-one", data)


def test_damaged_table(tmp: Path) -> None:
    """Lines that mean nothing are reported, and the others count."""
    root, data = split(tmp, f"garbage\n\n# UUID=x /y\nUUID={UUID} /{AT} ext4\n/dev/x ../up ext4\n")
    done = timeline(root, data)
    assert done.code == 1 and done.error()["path"] == "/etc/fstab"
    assert {row["hostname"] for row in done.rows} == {"dock01"}


def test_a_volume_with_an_etc_of_its_own(tmp: Path) -> None:
    """A folder of that name makes no host of a volume that the table claims."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", f"UUID={UUID} /{AT} ext4\n")
    data = take_out(host.root, AT, tmp / "data")
    (data / "etc").mkdir()
    done = timeline(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "data.raw", U=UUID))
    assert {row["hostname"] for row in done.rows} == {"dock01"}
    assert [error["path"] for error in done.errors] == [f"/{AT}/etc"]   # which Docker does not make


def test_mount_at_a_link(tmp: Path) -> None:
    """The mount point may be a link, which the kernel follows."""
    host = shop(tmp / "linked")
    host.write(host.root / "etc/fstab", f"UUID={UUID} /srv/docker ext4\n")
    data = tmp / "data"
    (host.root / "srv").mkdir()
    (host.root / AT).rename(data)
    (host.root / AT).mkdir()
    (host.root / "srv/docker").symlink_to(f"../{AT}")
    check_whole(make_image(host.root, tmp / "root.raw"), make_image(data, tmp / "data.raw", U=UUID))
