# SPDX-License-Identifier: Apache-2.0
"""What should be an object of the store and is not: an error names it, and the rest is read."""
import os
import shutil
from pathlib import Path

import pytest
from lib import hosts, launch

OBJECTS = {
    "container": lambda host: hosts.container(host, "web").config.parent,
    "volume": lambda host: host.data / "volumes/data",
    "volume's files": lambda host: host.data / "volumes/data/_data",
    "layer": lambda host: hosts.container(host, "web").rw,
    "layer's files": lambda host: hosts.container(host, "web").rw / "diff",
    "init layer's files": lambda host: Path(f"{hosts.container(host, 'db').rw}-init") / "diff",
    "storage driver": lambda host: host.meta,
    "log": lambda host: next(hosts.container(host, "web").config.parent.glob("*-json.log")),
    "configuration": lambda host: hosts.container(host, "web").config,
    "options of a volume": lambda host: host.data / "volumes/data/opts.json",
}


def replace(path: Path, kind: str) -> None:
    """Put something else at a path."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if kind == "file":
        path.write_text("x")
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        os.mknod(path, 0o20600, os.makedev(1, 3))
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize("kind", ["file", "directory", "device", "pipe", "link"])
@pytest.mark.parametrize("what", OBJECTS)
def test_something_else(what: str, kind: str, tmp: Path, mounting: None) -> None:
    """An error names the path."""
    host = hosts.shop(tmp / "host")
    path = OBJECTS[what](host)
    before = launch.timeline(host.root)
    is_folder = path.is_dir()
    if kind == ("directory" if is_folder else "file"):
        pytest.skip("it is one")
    replace(path, kind)
    rows = launch.timeline(host.root)
    assert not before.errors and rows.code == 1 and rows.rows
    assert host.inside(path) in {error["path"] for error in rows.errors}, rows.errors
    assert any(row["pathspec"]["location"] == host.inside(path) for row in rows.rows if "pathspec" in row)
    others = [row for row in before.bare if hosts.container(host, "db").id in row and host.inside(path) not in row]
    if what not in ("storage driver", "init layer's files"):
        assert set(others) <= set(rows.bare)               # the other container has lost nothing


def test_two_containers_with_one_layer(tmp: Path) -> None:
    """Each record names the same rw layer: an error says so, and nothing of the layer is lost."""
    host = hosts.shop(tmp / "host")
    web, database = hosts.container(host, "web"), hosts.container(host, "db")
    before = launch.timeline(host.root)
    (web.mounts / "mount-id").write_text((database.mounts / "mount-id").read_text())
    rows = launch.timeline(host.root)
    assert rows.code == 1 and len(rows.rows) >= len(before.rows) - 1
    said = rows.error()
    assert said["code"] == "damaged" and said["path"] in (host.inside(web.mounts), host.inside(database.mounts))
    assert database.rw.name in said["reason"]
