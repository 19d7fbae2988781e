# SPDX-License-Identifier: Apache-2.0
"""Parts of a store may be links to other places of the host (moby#39446: common on a Raspberry Pi)."""
import os
import shutil
from pathlib import Path

import pytest
from lib.hosts import Host, hex_id, shop
from lib.launch import objects, run
from lib.reading import Timeline

RW = f"overlay2/{hex_id('rw web')}"
WEB = f"containers/{hex_id('container web')}"
PARTS = ["containers", "image", "image/overlay2", "overlay2", "volumes", "volumes/data", "volumes/data/_data", RW, f"{RW}/diff",
         WEB, f"{WEB}/{hex_id('container web')}-json.log"]


def move(host: Host, part: str, target: str, relative: bool = False) -> None:
    """Move a part of the store to `target` on the host, and leave a link."""
    path, to = host.data / part, host.root / target.lstrip("/")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, to)
    path.symlink_to(os.path.relpath(to, path.parent) if relative else target)


def told(done: Timeline, link: str = "") -> set[tuple]:
    """What is told of each file, whatever time that was, but not of the link that was made."""
    return {(row["pathspec"]["location"], row.get("container_name"), row["layer_role"], row.get("volume_name"),
             row.get("change"), row.get("filename")) for row in done.rows if row["data_type"] == "fs:stat"
            and (row["pathspec"]["location"], row["file_entry_type"]) != (link, "link")}


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_a_link(tmp: Path, part: str, relative: bool) -> None:
    """Everything is told as if it were at its place, with its owner; and the link is a row."""
    host = shop(tmp / "host")
    plain = told(host.run())
    move(host, part, "/mnt/ssd/" + part.replace("/", "_"), relative)
    done = host.run()
    assert done.code == 0, done.errors
    assert told(done, f"/var/lib/docker/{part}") == plain
    links = [row for row in done.where(data_type="fs:stat") if row["pathspec"]["location"] == f"/var/lib/docker/{part}"
             and row["file_entry_type"] == "link"]
    assert links and len(done.where(container_name="web", data_type="docker:container:log:entry")) == 3


def test_links_to_links(tmp: Path) -> None:
    """A link may lead through others, and what it leads to may hold more."""
    host = shop(tmp / "host")
    move(host, "volumes/data/_data", "/mnt/b/files")
    move(host, "volumes", "/mnt/a/volumes")
    (host.root / "mnt/c").symlink_to("a")
    (host.data / "volumes").unlink()
    (host.data / "volumes").symlink_to("/mnt/c/volumes")
    done = host.run()
    assert done.code == 0, done.errors
    rows = [row for row in done.rows if row["pathspec"]["location"] == "/var/lib/docker/volumes/data/_data/state"]
    assert rows and {(row["volume_name"], row["filename"]) for row in rows} == {("data", "/data/state")}
    assert objects("who", "/data/state", host.root)[0]["volume_name"] == "data"
    assert [volume["path"] for volume in objects("volumes", host.root)] == ["/var/lib/docker/volumes/data/_data"]


@pytest.mark.parametrize("part", ["volumes", "volumes/data", "volumes/data/_data", "overlay2", f"{RW}/diff", WEB])
def test_a_link_to_nothing(tmp: Path, part: str) -> None:
    """The error names link and target, and that once: also a pattern that goes on below the link sees it."""
    host = shop(tmp / "host")
    shutil.rmtree(host.data / part)
    (host.data / part).symlink_to("/mnt/gone/there")
    done = host.run()
    errors = [error for error in done.errors if error["path"] == f"/var/lib/docker/{part}"]
    assert done.code == 1 and any("/mnt/gone/there" in error["reason"] for error in errors), done.errors
    assert len([error for error in errors if error["source"] == "discover" and "/mnt/gone/there" in error["reason"]]) == 1


def test_a_link_to_a_missing_disk(tmp: Path) -> None:
    """The error names the disk that is mounted where the link leads."""
    host = shop(tmp / "host")
    host.write(host.root / "etc/fstab", "UUID=abcd-1234 /mnt/ssd ext4 defaults 0 2\n")
    shutil.rmtree(host.data / "volumes")
    (host.root / "mnt/ssd").mkdir(parents=True)
    (host.data / "volumes").symlink_to("/mnt/ssd/volumes")
    error = next(error for error in host.run().errors if error["path"] == "/var/lib/docker/volumes")
    assert "/mnt/ssd/volumes" in error["reason"] and "UUID=abcd-1234" in error["reason"]


@pytest.mark.parametrize("target", ["/", "/var/lib/docker", "..", ".", "volumes", "/proc/self/fd/0"])
def test_a_link_in_circles(tmp: Path, target: str) -> None:
    """A link to what it lies in, or to itself, ends, is reported, and costs nothing else."""
    host = shop(tmp / "host")
    shutil.rmtree(host.data / "volumes")
    (host.data / "volumes").symlink_to(target)
    done = host.run()
    assert done.code == 1 and len(done.where(container_name="web", data_type="docker:container:log:entry")) == 3


def test_links_of_others_are_not_followed(tmp: Path) -> None:
    """A link among the files of a container is a file."""
    host = shop(tmp / "host")
    (host.root / "secret").mkdir()
    (host.root / "secret/key").write_text("x")
    (host.data / "volumes/data/_data/out").symlink_to("/secret")
    (host.data / RW / "diff/out").symlink_to("/secret")
    done = host.run()
    assert done.code == 0 and not any(b"key" in path for path in done.locations())


def test_links_leave_the_host_nowhere(tmp: Path) -> None:
    """A link is resolved within the evidence."""
    host = shop(tmp / "host")
    (tmp / "outside").mkdir()
    (tmp / "outside/file").write_text("x")
    shutil.rmtree(host.data / "volumes")
    (host.data / "volumes").symlink_to(tmp / "outside")
    done = host.run()
    assert done.code == 1 and not any(b"outside" in path for path in done.locations())
    assert b"outside" in run("--list-sources", host.root).stderr
