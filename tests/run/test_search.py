# SPDX-License-Identifier: Apache-2.0
"""Stores are found by their shape, wherever they lie, and nothing else is."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lib.disks import debugfs, make_ext4
from lib.hosts import Host, hex_id, log_record, shop
from lib.launch import run, timeline
from lib.machine import PROGRAM
from lib.partitions import make_image
from lib.sanitizers import traced_environment

# Where makers of appliances and distributions put a data root: public reports of each.
PLACES = [
    "volume1/@docker", "mnt/.ix-apps/docker", "share/CACHEDEV1_DATA/Container/container-station-data/lib/docker",
    "mnt/nvme0n1-4/docker", "opt/docker", "version-pack-data/community/docker", "data/docker", "mnt/user/system/docker",
    "srv/dev-disk-by-uuid-0a1b/appdata/docker", "var/lib/docker-data", "home/docker/.local/share/docker", "@/var/lib/docker",
    "rootfs/var/lib/docker", "overlay/upper/opt/docker", "media/usb0/backup/2026/docker", "storage/.docker/data-root",
]
TIMES = {"Metadata Modification Time", "Creation Time", "Last Access Time"}


def logs_of(rows: list, name: str = "web") -> int:
    """How many log lines of a container there are."""
    return sum(row["data_type"] == "docker:container:log:entry" and row.get("container_name") == name for row in rows)


@pytest.mark.parametrize("place", PLACES)
def test_data_root_at_any_place(tmp: Path, place: str) -> None:
    """No setting names it."""
    shop(tmp / "made")
    (tmp / "host" / place).parent.mkdir(parents=True)
    (tmp / "made/var/lib/docker").rename(tmp / "host" / place)
    done = timeline(tmp / "host")
    assert logs_of(done.rows) == 3 and done.code == 0, done.errors
    image = timeline(make_image(tmp / "host", tmp / "host.raw"), "--no-deleted")
    assert logs_of(image.rows) == 3 and image.code == 0, image.errors


@pytest.mark.parametrize("kept", ["containers", "image", "overlay2"])
def test_part_of_a_data_root(tmp: Path, kept: str) -> None:
    """One of the directories that only Docker makes is enough, and what is not there is said."""
    host = shop(tmp / "made")
    (tmp / "part/some/place").mkdir(parents=True)
    (host.data / kept).rename(tmp / "part/some/place" / kept)
    done = timeline(tmp / "part")
    assert done.code == 1 and done.rows
    told = {error["path"].removeprefix("/some/place/") for error in done.errors}
    assert ("containers" in told) == (kept != "containers")
    assert ({"image/overlay2", "overlay2"} <= told) == (kept == "containers")


def test_containerd_anywhere(tmp: Path) -> None:
    """One directory that only containerd makes is enough."""
    (tmp / "host/mnt/x/ctr/io.containerd.content.v1.content/blobs/sha256").mkdir(parents=True)
    done = run("--list-sources", tmp / "host")
    assert b"containerd root /mnt/x/ctr (by its shape" in done.stdout


@pytest.mark.parametrize("tree", [
    ["srv/project/image", "srv/project/volumes", "srv/project/containers"],
    ["usr/share/image/overlay2", "usr/share/image/vfs"],
    [f"opt/containers/{'a' * 63}", f"opt/containers/{'g' * 64}"],
    ["x/overlay2/abc/diff"],
    [f"run/containerd/io.containerd.runtime.v2.task/moby/{'a' * 64}"],
    ["home/me/pods/notes", "var/log/pods-old"],
])
def test_what_is_no_store(tmp: Path, tree: list[str]) -> None:
    """Directories of such names are no store by themselves."""
    for path in tree:
        (tmp / "host" / path).mkdir(parents=True)
    done = timeline(tmp / "host")
    assert done.code == 3 and "for their shape in all directories" in done.stderr and "--data-root PATH" in done.stderr


def test_what_is_almost_a_store(tmp: Path) -> None:
    """The message says what a place lacks."""
    (tmp / "host/var/lib/docker/volumes").mkdir(parents=True)
    done = timeline(tmp / "host")
    assert done.code == 3
    assert "/var/lib/docker holds something of a Docker data root, but not containers/ID/config.v2.json" in done.stderr


def test_data_root_option(tmp: Path) -> None:
    """The user may know better; a place that is nothing is told."""
    (tmp / "host/srv/old/volumes/kept/_data").mkdir(parents=True)
    (tmp / "host/srv/old/volumes/kept/_data/file").write_text("x")
    assert timeline(tmp / "host").code == 3
    done = timeline("--data-root", "/srv/old", tmp / "host")
    assert b"/srv/old/volumes/kept/_data/file" in done.locations()
    nothing = timeline("--data-root", "/nowhere", tmp / "host")
    assert nothing.code == 3 and any("--data-root" in error["reason"] for error in nothing.errors)


def in_docker(tmp: Path, where: str) -> tuple[Host, str]:
    """A host whose container `outer` keeps a data root of its own, and the path of that."""
    host, inner = shop(tmp / "host"), shop(tmp / "inner")
    image = next(iter(host.repositories["shop"].values()))
    volumes = [("dind", "/var/lib/docker")] if where == "volume" else []
    outer = host.container("outer", image, {"run": "x"}, volumes=volumes)
    inner.container("within", image, {"secret": "x"}, log_record("from within\n", "2026-03-02T08:00:00Z"))
    at = host.data / "volumes/dind/_data" if volumes else outer.rw / "diff/var/lib/docker"
    at.parent.mkdir(parents=True)
    shutil.move(inner.data, at)
    shutil.rmtree(inner.root)
    return host, host.inside(at)


@pytest.mark.parametrize("where", ["volume", "rw layer"])
def test_docker_in_docker(tmp: Path, where: str) -> None:
    """The rows of the inner store take the place of those of the volume or layer, and name the outer container."""
    host, at = in_docker(tmp, where)
    done = host.run()
    assert done.code == 0, done.errors
    assert logs_of(done.where(host_container="outer"), "within") == 1
    files = [(row["pathspec"]["location"], row["timestamp_desc"], row["timestamp"]) for row in done.rows
             if row["data_type"] == "fs:stat"]
    assert len(files) == len(set(files))
    inner = [row for row in done.rows if row["pathspec"]["location"].startswith(at + "/overlay2/")]
    assert inner and {row.get("host_container") for row in inner} == {"outer"}
    rw = f"{at}/overlay2/{hex_id('rw within')}/diff/secret"
    assert {row["container_name"] for row in done.rows if row["pathspec"]["location"] == rw} == {"within"}


def test_another_host_in_a_directory(tmp: Path) -> None:
    """A backup of a host is a host of its own, with its own name, zone and logs."""
    host = shop(tmp / "host")
    shop(host.root / "srv/backup/old")
    (host.root / "srv/backup/old/etc/hostname").write_text("oldhost\n")
    done = host.run()
    assert done.code == 0, done.errors
    at = "/srv/backup/old/"
    for row in done.rows:
        assert row["hostname"] == ("oldhost" if row["pathspec"]["location"].startswith(at) else "dock01")
    assert logs_of(done.where(hostname="oldhost")) == logs_of(done.where(hostname="dock01")) == 3


@pytest.mark.parametrize("above, given", [
    ("[root]", ""), ("[root]", "[root]"), ("uploads/auto", ""), ("uploads/auto", "uploads/auto"), ("C", ""),
    ("fs/os", ""), ("uploads/ext4/%2Fdev%2Fsda1", ""),
])
def test_collections(tmp: Path, above: str, given: str) -> None:
    """Of copied files only the mtime is theirs."""
    host = shop(tmp / "made")
    (tmp / "case" / above).parent.mkdir(parents=True)
    host.root.rename(tmp / "case" / above)
    done = timeline(tmp / "case" / given)
    files = done.where(data_type="fs:stat")
    assert logs_of(done.rows) == 3 and files and {row["hostname"] for row in done.rows} == {"dock01"}
    assert all("collected" in row["tag"] for row in files)
    assert not {row["timestamp_desc"] for row in files} & TIMES
    assert not any("collected" in row["tag"] for row in done.where(data_type="docker:container:log:entry"))


def test_copied_logs_alone(tmp: Path) -> None:
    """A folder of copied container directories is known as one by the births of its files."""
    host = shop(tmp / "made")
    for path in host.data.glob("containers/*/*"):
        os.utime(path, (1772438400, 1772438400))
    shutil.copytree(host.data / "containers", tmp / "case/docker/containers", copy_function=shutil.copy2)
    done = timeline(tmp / "case")
    files = done.where(data_type="fs:stat")
    assert logs_of(done.rows) == 3 and all("collected" in row["tag"] for row in files)


def test_a_host_is_not_taken_for_a_collection(tmp: Path) -> None:
    """Neither a whole store whose files were moved here, nor one that only lies deep."""
    host = shop(tmp / "host/deep/uploads-old/x")
    assert not any("collected" in row["tag"] for row in timeline(host.root.parent.parent).rows)


def test_known_places_are_not_needed(tmp: Path) -> None:
    """A build whose list of known places is empty finds the same hosts."""
    program = PROGRAM.with_name(PROGRAM.name + "-no-places")
    if not program.exists():
        pytest.skip(f"no {program.name}: make sanitized builds it")
    for place in PLACES + ["var/lib/docker"]:
        shop(tmp / "made")
        (tmp / "host" / place).parent.mkdir(parents=True)
        (tmp / "made/var/lib/docker").rename(tmp / "host" / place)
        done = subprocess.run([program, "-q", "-f", "jsonl", tmp / "host"], stdout=subprocess.PIPE, check=True)
        assert done.stdout.count(b'"docker:container:log:entry"') == 4, place
        shutil.rmtree(tmp / "host")
        shutil.rmtree(tmp / "made")


@pytest.mark.parametrize("entries", [3])
def test_kernel_file_systems_are_left_out(tmp: Path, mounting: None, entries: int) -> None:
    """What the kernel makes up is not searched."""
    host = shop(tmp / "host")
    proc = host.root / "chroot/proc"
    proc.mkdir(parents=True)
    subprocess.run(["mount", "-t", "proc", "proc", proc], check=True)
    try:
        traced = subprocess.run(["strace", "-f", "-e", "trace=openat2", "-o", tmp / "trace", PROGRAM, "-q", host.root],
                                check=False, stdout=subprocess.DEVNULL, env=traced_environment())
    except FileNotFoundError:
        pytest.skip("no strace")
    finally:
        subprocess.run(["umount", proc], check=True)
    assert traced.returncode == 0
    opened = (tmp / "trace").read_text()
    assert opened.count('"chroot/proc') <= entries and '"chroot/proc/' not in opened


def test_image_that_leads_back_to_itself(tmp: Path) -> None:
    """Two names of the root far below it: the search went down for ever, and doubled at each turn."""
    host = shop(tmp / "host")
    (host.root / "srv/a").mkdir(parents=True)
    image = make_ext4(tmp / "disk.raw", host.root, "32M")
    whole = timeline(image)
    debugfs(image, "ln / /srv/a/one", "ln / /srv/a/two")
    rows = timeline(image, processor=20)
    assert {row["message"] for row in whole.rows} <= {row["message"] for row in rows.rows}
