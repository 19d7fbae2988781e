# SPDX-License-Identifier: Apache-2.0
"""No entry of a store is passed over: it has its rows, or the error list names it. See lib/account.py."""
import os
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from lib import account, disks, hosts, launch
from lib.hosts import GONE, Host, container, write_tree
from lib.nodes import OTHER_UID, UID
from lib.reading import Timeline

SNAPSHOTS = "io.containerd.snapshotter.v1.overlayfs/snapshots"
PLUGIN = "plugins/" + hosts.hex_id("plugin")
UNKNOWN = "no reader knows this directory"


def docker_store(root: Path) -> Path:
    """A data root with a bit of all that Docker makes, another one in it, and a containerd of its own."""
    host = hosts.shop(root)
    inner = hosts.shop(root / "inner")
    os.rename(inner.data, host.data / "100000.100000")
    containerd_store(host.data / "containerd/daemon")
    write_tree(os.fsencode(host.data), {
        "buildkit": {"cache.db": "", "executor": {"hosts": "x"}}, "swarm/worker": {"tasks.db": ""}, "tmp/GetImageBlob1": "x",
        "runtimes": {}, "trust": {}, "engine-id": "e", PLUGIN: {"config.json": "{}", "rootfs/var/log": {"out.log": "line\n"}},
        "image/overlay2/layerdb/tmp/write-set-1": {"diff": "x"}, "overlay2/backingFsBlockDev": ("node", 0o60600, 2049),
        "aufs/diff/" + GONE: {"f": "x"}, "aufs/layers/" + GONE: "", "aufs/mnt/" + GONE: {}, "vfs/dir/" + GONE: {"f": "x"},
        "overlay/" + GONE: {"root/f": "x", "tmproot1/f": "x"}, "zfs/graph/" + GONE: {}, "btrfs/subvolumes/" + GONE: {"f": "x"},
        "devicemapper": {"mnt/" + GONE: {"id": "x"}, "metadata/" + GONE: "{}", "devicemapper/data": "x"},
        "overlay3/" + GONE: {"diff/f": "x"}, "nydus/cache": {"blob": "x"},
    })
    write_tree(os.fsencode(host.volume("node", {})), {"lib/kubelet": kubelet_tree()})
    return host.data


def containerd_store(path: Path) -> Path:
    """A root of containerd whose databases are lost."""
    write_tree(os.fsencode(path), {
        "io.containerd.metadata.v1.bolt": {}, "io.containerd.content.v1.content": {"blobs/sha256": {GONE: "x"}, "ingest": {}},
        SNAPSHOTS: {"1": {"fs/etc/conf": "x"}, "2": {"fs/run": "x", "work/work": {}}, "new-3": {"fs": {}}, "rm-4": {"fs": {}}},
        "io.containerd.snapshotter.v1.native/snapshots": {"1": {"f": "x"}}, "io.containerd.snapshotter.v1.soci/cache": {"f": "x"},
        "io.containerd.runtime.v2.task/moby": {GONE: {}}, "tmpmounts": {}, "devmapper": {"data": "x"}})
    return path


def kubelet_tree() -> hosts.Tree:
    """What a kubelet keeps."""
    return {"pods": {UID: {"volumes/kubernetes.io~empty-dir/data": {"f": "x"}, "containers/app": {"0a1b2c3d": ""}},
                     OTHER_UID: {"etc-hosts": ""}}, "plugins_registry": {}, "device-plugins": {}, "config.yaml": ""}


def make_stores(root: Path) -> list[Path]:
    """A host with stores of all runtimes."""
    write_tree(os.fsencode(root), {"var/lib/kubelet": kubelet_tree()})
    return [docker_store(root), containerd_store(root / "var/lib/containerd"), root / "var/lib/kubelet"]


def check_all(result: Timeline, root: Path, stores: list[Path]) -> None:
    """Root may read all of a host: nothing is without rows, and what nobody understands is named."""
    assert result.code == 1 and account.check(result, root, *stores) > 300
    places = {path for path, _ in account.told(result)}
    listed = {path[len(os.fsencode(root)):] or b"/" for store in stores for path, _ in account.entries(store)}
    assert not listed - places
    unknown = {error["path"] for error in result.errors if error["reason"].startswith(UNKNOWN)}
    assert unknown >= {f"/{store.relative_to(root)}/{name}" for store, name in zip(stores, ("overlay3", "devmapper"))}


@pytest.mark.parametrize("seed", range(8))
def test_random_stores(seed: int, tmp: Path) -> None:
    """Entries of every kind at random places, with names that mean something elsewhere."""
    draw, root = Random(seed), tmp / "host"
    stores = make_stores(root)
    for store in stores:
        account.scatter(store, draw, draw.choice([3, 30, 100]))
    check_all(launch.timeline(root), root, stores)


def test_image(tmp: Path) -> None:
    """The same from a disk image, for which mke2fs makes a lost+found more."""
    root = tmp / "host"
    stores = make_stores(root)
    for store in stores:
        account.scatter(store, Random(99), 100)
    check_all(launch.timeline(disks.make_ext4(tmp / "disk.raw", root)), root, stores)


@pytest.mark.parametrize("at", range(3))
def test_bare_store(at: int, tmp: Path) -> None:
    """A store without its host: the evidence itself."""
    root = tmp / "host"
    store = make_stores(root)[at]
    account.scatter(store, Random(at), 100)
    assert account.check(launch.timeline(store), store, store) > 50


def test_store_in_a_volume(tmp: Path) -> None:
    """What lies in a store in a volume is told as that store's, and once."""
    root = tmp / "host"
    host = hosts.shop(root)
    containerd_store(host.volume("node", {}) / "lib/containerd")
    write_tree(os.fsencode(host.data / "volumes/node/_data"), {"lib/containerd/stray": "x", "lib/other/f": "x"})
    result = host.run()
    account.check(result, root, host.data)
    role = {row["pathspec"]["location"].split("_data/")[-1]: row["layer_role"] for row in result.rows}
    assert (role["lib/containerd/stray"], role["lib/other/f"]) == ("host", "volume")


def test_what_docker_makes_is_known(host: Host) -> None:
    """None of its directories makes a run incomplete, of whatever version."""
    for name in ("builder", "buildkit", "bundles", "containerd", "content", "execdriver", "graph", "init", "network",
                 "plugins", "rootfs", "runtimes", "swarm", "tmp", "tmp-old", "trust", "aufs", "overlay", "vfs", "btrfs",
                 "fuse-overlayfs", "lost+found", "165536.165536"):
        (host.data / name).mkdir()
    result = host.run()
    assert result.code == 0 and account.check(result, host.root, host.data)


def test_the_error_list_answers(host: Host, tmp: Path, as_nobody: dict) -> None:
    """Was anything in the store not read? What is planted here is named, or told, and nothing else is named."""
    write_tree(os.fsencode(host.data), {"overlay3/" + GONE: {"diff": {"bin": {"sh": "x"}}}, "plugins/dark/rootfs": {"f": "x"},
                                        PLUGIN: {"config.json": "{}", "rootfs/var/log": {"out.log": "line\n"}},
                                        "overlay4": ("link", "/nowhere")})
    hosts.give_to_nobody(host, tmp)
    (host.data / "plugins/dark").chmod(0)
    result = host.run(**as_nobody)
    assert account.check(result, host.root, host.data)
    store = host.inside(host.data) + "/"
    assert {error["path"][len(store):] for error in result.errors if error["path"].startswith(store)
            and "trusted" not in error["reason"]} == {"overlay3", "overlay4", "plugins/dark"}
    owners = {row["pathspec"]["location"][len(store):]: row["layer_role"] for row in result.rows}
    for path in (f"overlay3/{GONE}/diff/bin/sh", PLUGIN + "/rootfs/var/log/out.log", "overlay4", "plugins/dark"):
        assert owners[path] == "host", path
    assert result.where(symbolic_link_target="/nowhere")


def test_metadata_of_an_unknown_driver(host: Host) -> None:
    """One error for a driver, whether its layers are there or only what is recorded of them."""
    write_tree(os.fsencode(host.data), {"image/zfs2/layerdb/sha256": {GONE: {"size": "1"}}})
    assert host.run().error()["path"] == host.inside(host.data / "image/zfs2")
    (host.data / "zfs2" / GONE).mkdir(parents=True)
    assert host.run().error()["path"] == host.inside(host.data / "zfs2")


def test_mounts_in_a_live_store(host: Host, mounting: None) -> None:
    """A running container's merged files are in its layers. A driver's directory may be a file system of its own, or
    mounted on itself, and a layer's one as well. What else is mounted is named."""
    merged, foreign = container(host, "web").rw / "merged", host.data / PLUGIN / "propagated-mount"
    thin, volumes = host.data / "devicemapper/mnt" / GONE, host.data / "volumes"
    for path in (merged, foreign, thin):
        path.mkdir(parents=True)
    before = account.told(host.run())
    with ExitStack() as stack:
        stack.enter_context(disks.mounted_at(host.data / "overlay2", "none", "bind", host.data / "overlay2"))
        for path in (merged, foreign, thin, volumes):
            stack.enter_context(disks.mounted_at("test", "tmpfs", "size=1M", path))
            write_tree(os.fsencode(path), {"rootfs": {"file": "x"}})
        result = host.run()
        assert account.check(result, host.root, host.data)
    told = account.told(result)
    assert {error["path"] for error in result.errors if "mounted here" in error["reason"]} == {host.inside(foreign)}
    inside = os.fsencode(host.inside(volumes))
    assert {key for key in before if not key[0].startswith(inside)} <= set(told)
    assert [(os.fsencode(host.inside(path)) + b"/rootfs/file", account.STAMPS[0]) in told
            for path in (merged, foreign, thin, volumes)] == [False, False, True, True]
