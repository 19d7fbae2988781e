# SPDX-License-Identifier: Apache-2.0
"""The command networks: what exists, and with --removed what does not any more. The recorded cases are in
tests/run/test_commands.py."""
import json
from pathlib import Path

from lib import boltfile, dockerd, hosts, launch, reading, truth

GONE, NAMED, LIVE, CREATED = "ab" * 32, "cd" * 32, "ef" * 32, "2026-11-23T18:45:35.309295044+01:00"


def record(kind: str, **fields: object) -> dict[bytes, bytes]:
    """A record of the database of networks."""
    return {f"docker/network/v1.0/{kind}/".encode(): bytes(8) + json.dumps(fields).encode()}


def network(identifier: str, name: str, **fields: object) -> dict[bytes, bytes]:
    """A network that this test knows."""
    return record(f"network/{identifier}", id=identifier, name=name, networkType="bridge", scope="local", created=CREATED,
                  **fields)


def test_removed(tmp: Path) -> None:
    """Of the database: one that the last transaction removed, with its member. Of a container: one that the database has
    no more. The last network "bridge" is no removed one, nor one of a swarm."""
    host = hosts.shop(tmp / "host")
    path = host.data / "network/files/local-kv.db"
    image = next(iter((host.meta / "imagedb/content/sha256").iterdir())).name
    joined = {"lost": {"NetworkID": NAMED, "IPAddress": "10.1.0.9", "IPPrefixLen": 16}, "bridge": {"NetworkID": "12" * 32},
              "swarm": {"NetworkID": "j5nwvzlhmgz0q6y2d3n9p6e1x"}, "live": {"NetworkID": LIVE}}
    made = host.container("late", f"sha256:{image}", NetworkSettings={"Networks": joined})
    live = network(LIVE, "live")
    gone = (network(GONE, "gone", labels={"a": "b"}, ipamV4Config=json.dumps([{"PreferredPool": "10.2.0.0/16"}]))
            | network("34" * 32, "bridge") | record(f"endpoint/{GONE}/e", sandbox="s", ep_iface={"addr": "10.2.0.2/16"})
            | record("sandbox/s", Cid=made.id))
    host.write(path, boltfile.database({b"libnetwork": live}, {b"libnetwork": live | gone}))
    rows = {row["network_identifier"]: row for row in launch.objects("networks", "--removed", host.root)}
    assert set(rows) == {GONE, NAMED}
    row, written = rows[GONE], path.stat().st_mtime_ns
    assert (row["network_name"], row["driver"], row["labels"], row["subnets"]) == ("gone", "bridge", ["a=b"], ["10.2.0.0/16"])
    assert reading.iso_nanoseconds(row["created"]) == truth.iso_ns(CREATED)
    assert reading.iso_nanoseconds(row["removed"]) == written
    assert [(user["container_name"], user["addresses"]) for user in row["users"]] == [("late", ["10.2.0.2/16"])]
    row = rows[NAMED]
    assert row["network_name"] == "lost" and "created" not in row and "driver" not in row
    assert reading.iso_nanoseconds(row["removed_last"]) == written
    assert [(user["container_name"], user["addresses"]) for user in row["users"]] == [("late", ["10.1.0.9/16"])]
    assert any(made.id in witness["by"] for witness in row["witnesses"])
    [row] = launch.objects("networks", host.root)
    assert row["network_name"] == "live" and row["used_by"] == [f"late@{made.id[:12]}"]


def test_without_database(tmp: Path) -> None:
    """That nothing tells of a network is no sign that it was removed."""
    host = hosts.shop(tmp / "host")
    image = next(iter((host.meta / "imagedb/content/sha256").iterdir())).name
    host.container("late", f"sha256:{image}", NetworkSettings={"Networks": {"lost": {"NetworkID": NAMED}}})
    assert launch.objects("networks", "--removed", host.root) == launch.objects("networks", host.root) == []


def test_live(tmp: Path) -> None:
    """What a real daemon made and removed."""
    daemon = dockerd.started(tmp)
    try:
        made = daemon.client("network", "create", "--subnet", "10.9.8.0/24", "--label", "a=b", "shop")
        [said] = json.loads(daemon.client("network", "inspect", "shop"))
        daemon.client("network", "create", "kept")
        networks = json.loads(daemon.client("network", "inspect", "none", "host", "kept"))
        daemon.client("network", "rm", "shop")
    finally:
        daemon.stop()
    [row] = launch.objects("networks", "--removed", daemon.data)
    assert (row["network_identifier"], row["network_name"], row["labels"]) == (made, "shop", ["a=b"])
    assert row["subnets"] == ["10.9.8.0/24"]
    assert reading.iso_nanoseconds(row["created"]) == truth.iso_ns(said["Created"])
    rows = {row["network_identifier"]: row["network_name"] for row in launch.objects("networks", daemon.data)}
    assert rows == {one["Id"]: one["Name"] for one in networks}
