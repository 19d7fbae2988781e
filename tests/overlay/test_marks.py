# SPDX-License-Identifier: Apache-2.0
"""Marks of overlay that are none, layers that nobody names, and layers that several share."""
import os
import stat
from pathlib import Path

from lib import hosts, machine, reading
from lib.hosts import Host, container


def test_only_real_whiteouts_are_deletions(host: Host) -> None:
    """Names that begin with .wh., devices other than 0:0 and dangling links are files."""
    web = container(host, "web")
    hosts.write_tree(os.fsencode(web.rw / "diff"), {
        ".wh.name": "", ".wh..wh..opq": "", "dangling": ("link", "/nowhere"), "bin": hosts.WHITEOUT,
        "hides-nothing": hosts.WHITEOUT})
    if machine.IS_ROOT:
        os.mknod(web.rw / "diff/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    host.volume("v", {"zero": hosts.WHITEOUT})
    result = host.run()
    deleted = {row["pathspec"]["location"] for row in result.where(timestamp_desc="Content Deletion Time")}
    assert deleted == {host.inside(web.rw / "diff/bin"), host.inside(web.rw / "diff/etc/gone")}
    assert {row["file_entry_type"] for row in result.rows if row.get("filename") == "/.wh.name"} == {"file"}


def test_orphan_layer_is_read_and_marked(host: Host) -> None:
    """A layer that nobody names: its files are there, owned by none."""
    host.store(hosts.hex_id("orphan"), None, {"left": "over"})
    rows = [row for row in host.run().rows if row.get("filename") == "/left"]
    assert rows and all(row["tag"] == ["orphan_layer", "no_layer_record"] for row in rows)
    assert not any("container_identifier" in row for row in rows)


def test_unknown_storage_driver_is_said(host: Host) -> None:
    """Layers that are not read are an error."""
    (host.data / "image/windowsfilter").mkdir()
    result = host.run()
    assert result.code == 1 and result.error()["code"] == "unsupported"
    assert result.error()["path"] == host.inside(host.data / "image/windowsfilter")


def test_layers_of_different_images_keep_their_users(tmp: Path) -> None:
    """used_by lists hold exactly the containers and images above a layer."""
    host = Host(tmp / "host")
    one, two = host.image("one:1", {"a": "1"}), host.image("two:1", {"b": "2"}, {"c": "3"})
    first, second, third = (host.container(name, image) for name, image in (("x", one), ("y", two), ("z", two)))
    result = host.run()
    users = {row["filename"]: (reading.users(row, "containers"), reading.users(row, "images"))
             for row in result.where(layer_role="image", data_type="fs:stat")
             if "layer_identifier" in row and row["filename"] != "/"}
    both = {reading.short(one.id) for one in (second, third)}
    assert users == {"/a": ({reading.short(first.id)}, {reading.short(one)}), "/b": (both, {reading.short(two)}),
                     "/c": (both, {reading.short(two)})}
