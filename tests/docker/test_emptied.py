# SPDX-License-Identifier: Apache-2.0
"""Small files that a power loss left empty, or full of NULs: names and sizes of ext4 reach the disk before the contents
(moby issues 35747 and 17411, for-linux 226). Each is named once, with what is wrong; all else is read."""
from pathlib import Path
from typing import Any

import pytest
from lib import hosts, nodes
from lib.hosts import hex_id

FILES = [
    "overlay2/*-init/link", "overlay2/*-init/lower", "image/overlay2/layerdb/mounts/*/mount-id",
    "image/overlay2/layerdb/mounts/*/init-id", "image/overlay2/layerdb/mounts/*/parent",
    "image/overlay2/layerdb/sha256/*/cache-id", "image/overlay2/layerdb/sha256/*/diff",
    "image/overlay2/layerdb/sha256/*/size", "image/overlay2/layerdb/sha256/*/parent",
    "image/overlay2/imagedb/content/sha256/*", "image/overlay2/imagedb/metadata/sha256/*/parent",
    "image/overlay2/imagedb/metadata/sha256/*/lastUpdated", "image/overlay2/repositories.json",
    "image/overlay2/distribution/diffid-by-digest/sha256/*", "image/overlay2/distribution/v2metadata-by-diffid/sha256/*",
    "containers/*/config.v2.json", "containers/*/hostconfig.json", "volumes/data/opts.json", "volumes/metadata.db",
    "engine-id", "buildkit/metadata_v2.db", "network/files/local-kv.db", "swarm/worker/tasks.db",
    "plugins/*/config.json",
]


@pytest.mark.parametrize("content", [b"", bytes(100)], ids=["empty", "NULs"])
@pytest.mark.parametrize("name", FILES)
def test_emptied(tmp: Any, name: str, content: bytes) -> None:
    host = hosts.shop(tmp / "host")
    image = next((host.data / "image/overlay2/imagedb/content/sha256").iterdir()).name
    made = name.replace("metadata/sha256/*", f"metadata/sha256/{image}").replace("*", hex_id("x"))
    found = sorted(host.data.glob(name))
    path = found[0] if found else host.data / made
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    result = host.run()
    assert result.code == 1
    [error] = [error for error in result.errors if error["path"] == host.inside(path)]
    assert error["code"] == "damaged"
    assert error["reason"] == ("the file holds only NULs" if content else "the file is empty")
    assert result.where(filename="/opt/tool"), "all else is read"


def test_tag(tmp: Any) -> None:
    """A configuration that cannot be read is one that is missing: its rows can be filtered by that."""
    host = hosts.shop(tmp / "host")
    web = hosts.container(host, "web")
    (web.path / "config.v2.json").write_bytes(bytes(100))
    rows = host.run().where(container_identifier=web.id)
    assert {row["layer_role"] for row in rows} >= {"rw", "log", "config"}
    assert all("configuration_missing" in row["tag"] for row in rows)


@pytest.mark.parametrize("content", [b"", bytes(100)], ids=["empty", "NULs"])
@pytest.mark.parametrize("name", ["var/lib/kubelet/cpu_manager_state", "etc/kubernetes/manifests/web.json",
                                  "etc/kubernetes/manifests/web.yaml"])
def test_emptied_on_a_node(tmp: Any, name: str, content: bytes) -> None:
    """So are those of the kubelet."""
    node = nodes.Node(tmp / "node")
    for place in ("plugins_registry", "device-plugins", "pods"): # enough to know the kubelet's directory
        (node.kubelet / place).mkdir(parents=True)
    path = node.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    reasons = [error["reason"] for error in node.run().errors if error.get("path") == f"/{name}"]
    assert reasons == ["the file holds only NULs" if content else "the file is empty"]
