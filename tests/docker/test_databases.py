# SPDX-License-Identifier: Apache-2.0
"""Volumes, networks and the daemon's marks: against what docker said and when it was done, and on hosts of our own."""
import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import boltfile, disks, hosts, launch, machine, reading, truth

FIXTURES = machine.REPO / "tests/data/databases"
MADE = ("image_build", "image_import", "image_load", "image_commit")


class RecordedRun:
    """The rows of a case, and what was done when."""

    def __init__(self, name: str, rows: reading.Timeline) -> None:
        self.truth = machine.EVIDENCE / name / "truth"
        self.rows = rows
        self.actions = truth.actions(self.truth)

    def of(self, data_type: str, **wanted: object) -> list[dict]:
        """Rows of a type."""
        return self.rows.where(data_type=data_type, **wanted)

    def during(self, row: dict, *actions: truth.Action) -> bool:
        """Was the row's time, or does its interval meet, within one of the actions?"""
        first = reading.iso_nanoseconds(row["time_first"]) if "time_first" in row else reading.nanoseconds(row)
        last = reading.iso_nanoseconds(row["time_last"]) if "time_last" in row else first
        return any(first <= action.after + truth.NEAR and last >= action.before - truth.NEAR
                   for action in actions)

    def did(self, *what: str, text: str = "") -> list[truth.Action]:
        """Actions of these kinds whose command has the text."""
        return [action for action in self.actions if action.what in what and text in action.command]


@pytest.fixture(scope="module", params=truth.CLEAN)
def case(request: pytest.FixtureRequest, disk: Callable, mounted: Callable) -> RecordedRun:
    """A Docker case of the evidence set."""
    image = disk(request.param)
    place = mounted(image, "xfs") if request.param == "overlay2-xfs" else image
    return RecordedRun(request.param, launch.timeline(place, "--role", "config,host,volume,image,rw"))


def test_networks(case: RecordedRun) -> None:
    """Every network has its creation, to the nanosecond as docker said it, within the action that made it."""
    for network in truth.told(case.truth, "networks.json"):
        [row] = [row for row in case.of("container:network:created") if f"id {network['Id']}" in row["facts"]]
        assert f"network {network['Name']}" in row["facts"] and f"driver {network['Driver']}" in row["facts"]
        expected = truth.iso_ns(network["Created"])
        assert reading.nanoseconds(row) == expected // 1000 * 1000 or reading.nanoseconds(row) == expected
        actions = case.did("network_create", text=network["Name"])
        assert case.during(row, *actions) or not actions
        assert (row["clock"], row["confidence"]) == ("host", "exact")
    assert len(case.of("container:network:created")) >= len(truth.told(case.truth, "networks.json"))


def test_volumes(case: RecordedRun) -> None:
    """Every volume has its creation within the action that made it: its own, or that of the container which uses it."""
    for volume in truth.told(case.truth, "volumes.json"):
        [row] = case.of("container:volume:created", volume_name=volume["Name"])
        actions = case.did("volume_create", text=volume["Name"])
        assert case.during(row, *(actions or case.did("container_run", "container_create"))), row
        assert f"driver {volume['Driver']}" in row["facts"]
        assert row.get("labels_kv", []) == [f"{k}={v}" for k, v in (volume["Labels"] or {}).items()]


def test_containers(case: RecordedRun) -> None:
    """Every container was created when it was, by its configuration and by its layer."""
    for action in case.did("container_run", "container_create"):
        found = case.of("docker:container:configuration", container_identifier=action.container,
                        timestamp_desc="Creation Time")
        layer = case.of("container:layer:created", container_identifier=action.container)
        assert found or not layer
        for row in [*found[:1], *layer[:1]]:  # of one that was removed there may be neither
            assert case.during(row, action), action
        assert layer or all("recovered" in row["tag"] for row in found), action


def test_images(case: RecordedRun) -> None:
    """Every image came here within an action that makes images."""
    rows = case.of("container:image:registration")
    assert rows and all(case.during(row, *case.did(*MADE)) for row in rows)
    for said in truth.inspected(case.truth, "images"):
        for row in (row for row in rows if row["image_identifier"] == said["Id"]):
            parents = [fact for fact in row.get("facts", ()) if fact.startswith("parent ")]
            assert parents == ([f"parent {said['Parent']}"] if said["Parent"] else [])


def test_layers(case: RecordedRun) -> None:
    """Every layer of every image was registered here within an action that makes images."""
    rows = case.of("container:layer:registration")
    assert rows and all(case.during(row, *case.did(*MADE)) for row in rows)


def test_removed(case: RecordedRun) -> None:
    """What was removed: the volume if the database was not written since, and when the last container left."""
    for row in case.of("container:volume:removed"):
        assert "recovered" in row["tag"] and case.during(row, *case.did("volume_remove", text=row["volume_name"]))
    if case.truth.parent.name == "overlay2-ext4":
        assert [row["volume_name"] for row in case.of("container:volume:removed")] == ["shop-gone"]
        [left] = case.of("container:network:left")
        [stop] = [a for a in case.did("container_stop") if a.container == left["container_identifier"]]
        assert case.during(left, stop) and {"recovered", "configuration_missing"} <= set(left["tag"])


def test_joined(case: RecordedRun) -> None:
    """A running container has its address in its network, since its last start."""
    for said in truth.inspected(case.truth):
        rows = case.of("container:network:joined", container_identifier=said["Id"])
        networks = {name: value for name, value in said["NetworkSettings"]["Networks"].items() if value["IPAddress"]}
        if not said["State"]["Running"]:
            continue
        for name, value in networks.items():
            [row] = [row for row in rows if f"network {name}" in row["facts"]]
            assert f"address {value['IPAddress']}/{value['IPPrefixLen']}" in row["facts"]
            assert f"mac {value['MacAddress']}" in row["facts"]
            started = truth.iso_ns(said["State"]["StartedAt"])
            assert started - 2 * 10**9 < reading.nanoseconds(row) <= started


def test_daemon(case: RecordedRun) -> None:
    """The marks of the last start lie together, before the network that is made after them."""
    starts = sorted(map(reading.nanoseconds, case.of("container:daemon:start")))
    assert len(starts) == 2 and starts[1] - starts[0] < 10**9
    [bridge] = [row for row in case.of("container:network:created") if "network bridge" in row["facts"]]
    assert 0 < reading.nanoseconds(bridge) - starts[1] < 10 * 10**9
    if boots := case.did("host_booted"):
        assert all(case.during(row, *boots) for row in case.of("container:daemon:start"))


def test_power_loss(case: RecordedRun) -> None:
    """Nobody died at a reboot: those found dead then ended between a sign of life before the power failed and it."""
    boots, losses = case.did("host_booted"), case.did("power_lost")
    ended, states = case.of("container:state:ended"), case.of("container:state:set")
    found = {said["Id"] for said in truth.inspected(case.truth)
             if any(a.before <= (truth.iso_ns(said["State"]["FinishedAt"]) or 0) <= a.after for a in boots)}
    assert {row["container_identifier"] for row in ended} == {row["container_identifier"] for row in states} == found
    assert all(case.during(row, *boots) for row in states)
    for row in ended:
        assert row["confidence"] == "bounded" and case.during(row, *losses)
        assert reading.iso_nanoseconds(row["time_first"]) <= losses[0].after
    ends = case.of("docker:container:configuration", timestamp_desc="End Time")
    assert not any(case.during(row, *boots) for row in ends) and (bool(boots) == bool(found))


def test_probes(case: RecordedRun) -> None:
    """Probes of health with what they said, as far as docker still told of the same ones."""
    for said in truth.inspected(case.truth):
        log = {truth.iso_ns(probe["Start"]): probe for probe in said["State"].get("Health", {}).get("Log") or ()}
        rows = case.of("container:health:probe", container_identifier=said["Id"])
        assert bool(rows) == bool(log) and len(rows) <= 5
        for row in rows:
            for probe in (probe for start, probe in log.items() if start // 1000 == reading.nanoseconds(row) // 1000):
                assert (row["exit_code"], row.get("message_body", "")) == (probe["ExitCode"], probe["Output"])


def test_mounted(case: RecordedRun) -> None:
    """The last mount of a running container's rw layer is its last start, unless docker restart kept the mount."""
    for said in truth.inspected(case.truth):
        rows = case.of("container:layer:mounted", container_identifier=said["Id"])
        assert len(rows) == (case.truth.parent.name.startswith("overlay2"))
        if rows and said["State"]["Running"] and not case.did("container_restart", text=said["Name"][1:]):
            assert -2 * 10**9 < reading.nanoseconds(rows[0]) - truth.iso_ns(said["State"]["StartedAt"]) < 0


def test_runtime(case: RecordedRun) -> None:
    """What containerd had of a container that ran is from just before docker says that it was up; what it had of one
    before is from when that was started. The directory of its task is there as long as it runs."""
    rows = case.of("container:runtime:container")
    running = [said for said in truth.inspected(case.truth) if said["State"]["Running"]]
    live = {row["container_identifier"]: row for row in rows if "recovered" not in row["tag"]}
    bundles = {row["container_identifier"]: row for row in case.of("container:runtime:bundle")}
    if "synthetic" in case.truth.parent.name:
        return  # a copy, with births of its own, of which docker said nothing
    assert live.keys() == {said["Id"] for said in running} <= bundles.keys()
    for said in running:
        row, up = live[said["Id"]], truth.iso_ns(said["State"]["StartedAt"])
        made, begun = reading.nanoseconds(row), reading.nanoseconds(bundles[said["Id"]])
        assert up - 5 * 10**9 < made < begun + truth.NEAR < up + truth.NEAR
        assert row["command"] == " ".join([said["Path"], *said["Args"]])
        assert f"hostname {said['Config']['Hostname']}" in row["facts"]
    for row in (row for row in rows if row["container_identifier"] not in live):
        number = row["container_identifier"]
        assert case.during(row, *[action for action in case.actions if action.container == number]), row
    if case.truth.parent.name == "overlay2-ext4":
        assert "garnet" in {fact.split()[1] for row in rows for fact in row["facts"] if fact.startswith("hostname")
                            and "configuration_missing" in row["tag"]}, "a container that was removed"


def test_removal_traces(case: RecordedRun) -> None:
    """When a directory says that something was removed, something was. (A build removes layers that it made for it.)"""
    what = ["container_rm", "container_run_rm", "volume_use", "volume_remove", "image_remove", "image_build"]
    rows = [row for row in case.of("container:removal:trace") if "synthetic" not in case.truth.parent.name]
    assert all(case.during(row, *case.did(*what)) for row in rows)
    if case.truth.parent.name == "overlay2-ext4":
        assert {row["action"] for row in rows} == {"remove a container", "remove a container's layers",
                                                   "remove a volume", "remove an image", "remove an image layer"}


@pytest.mark.parametrize("after, told", [(0, False), (95, False), (110, True)])
def test_removal_trace_is_no_slow_mkdir(after: int, told: bool, tmp: Path) -> None:
    """The kernel dates a directory later than what it makes in it: by milliseconds, on a busy host by many."""
    host = hosts.shop(tmp / "host")
    image = disks.make_ext4(tmp / "disk.raw", host.root, later=5)
    place = host.inside(host.data / "containers")
    born = int(re.search(r"crtime: 0x([0-9a-f]+)", disks.debugfs(image, f"stat {place}"))[1], 16)
    disks.debugfs(image, f"set_inode_field {place} mtime @{born}",
                    f"set_inode_field {place} mtime_extra {after * 10**6 << 2}")
    rows = launch.timeline(image).where(data_type="container:removal:trace")
    assert [row["action"] for row in rows] == ["remove a container"] * told


def value(name: str, **options: object) -> bytes:
    """A record of metadata.db."""
    return json.dumps({"Name": name, "Driver": "local", "Labels": None, "Options": options}).encode()


def test_volume_database(tmp: Path) -> None:
    """Removed volumes come from the older tree and from freed pages; passwords do not come out; damage is said."""
    host = hosts.shop(tmp / "host")
    path = host.data / "volumes/metadata.db"
    live = {b"volumes": {b"remote": value("remote", type="cifs", o="addr=10.0.0.1,username=bob,password=hunter2")}}
    older = {b"volumes": live[b"volumes"] | {b"last": value("last")}}
    content = boltfile.database(live, older, ({b"ago": value("ago")},))
    host.write(path, content)
    host.write(host.data / "volumes/remote/opts.json", {"MountType": "nfs", "MountOpts": "pass=hunter2,ro"})
    rows = launch.timeline(host.root)
    assert not rows.errors
    gone = {row["volume_name"]: row for row in rows.where(data_type="container:volume:removed")}
    assert set(gone) == {"last", "ago"} and all("recovered" in row["tag"] for row in gone.values())
    assert reading.nanoseconds(gone["last"]) == path.stat().st_mtime_ns and gone["last"]["confidence"] == "inferred"
    assert reading.iso_nanoseconds(gone["ago"]["time_last"]) == path.stat().st_mtime_ns
    assert gone["ago"]["confidence"] == "bounded"
    assert gone["ago"]["witness"].endswith("offset=%d" % content.index(b"ago"))
    assert b"hunter2" not in b"".join(rows.lines)
    [row] = rows.where(data_type="container:volume:created", volume_name="remote")
    assert "option o=addr=10.0.0.1,username=bob,password=***" in row["facts"]
    assert "mount options pass=***,ro" in row["facts"]
    host.write(path, content.replace(b'{"Name": "remote"', b'{"Name": xremote"'))
    damaged = launch.timeline(host.root)
    assert damaged.code == 1 and damaged.error()["path"] == host.inside(path)


def test_network_database(tmp: Path) -> None:
    """A network that is gone was created when it says, and removed by the last transaction; a bad time is an error."""
    host = hosts.shop(tmp / "host")
    path = host.data / "network/files/local-kv.db"

    def record(kind: str, **fields: object) -> tuple[bytes, bytes]:
        return f"docker/network/v1.0/{kind}/".encode(), bytes(8) + json.dumps(fields).encode()

    number, created = "ab" * 32, "2026-11-23T18:45:35.309295044+01:00"
    gone = dict([record(f"network/{number}", name="gone", networkType="bridge", created=created)])
    bad = dict([record("network/" + "cd" * 32, name="bad", created="yesterday")])
    host.write(path, boltfile.database({b"libnetwork": bad}, {b"libnetwork": bad | gone}))
    rows = launch.timeline(host.root)
    [made] = rows.where(data_type="container:network:created")
    [removed] = rows.where(data_type="container:network:removed")
    assert reading.nanoseconds(made) // 1000 == truth.iso_ns(created) // 1000 and made["tag"] == ["recovered"]
    assert reading.nanoseconds(removed) == path.stat().st_mtime_ns
    assert rows.error()["code"] == "bad-time"


def test_networks_of_one(tmp: Path) -> None:
    """Of a container in two networks the hosts file tells when it got into the last one only."""
    host = hosts.shop(tmp / "host")
    directory = next((host.data / "containers").iterdir())
    host.write(directory / "hosts", "127.0.0.1 localhost\n")
    made, key = "2020-01-01T00:00:00Z", "docker/network/v1.0/{}/".format
    records = {key("sandbox/s"): {"Cid": directory.name}}
    for name in "ab":
        records[key(f"network/{name}")] = {"name": name, "created": made}
        records[key(f"endpoint/{name}/e{name}")] = {"sandbox": "s", "ep_iface": {"addr": f"10.0.0.{ord(name)}/24"}}
    content = {name.encode(): bytes(8) + json.dumps(record).encode() for name, record in records.items()}
    host.write(host.data / "network/files/local-kv.db", boltfile.database({b"libnetwork": content}))
    rows = launch.timeline(host.root)
    joined = rows.where(data_type="container:network:joined", container_identifier=directory.name)
    assert len(joined) == 2 and not rows.errors
    for row in joined:
        assert row["confidence"] == "bounded" and reading.iso_nanoseconds(row["time_first"]) == truth.iso_ns(made)
        assert reading.iso_nanoseconds(row["time_last"]) == (directory / "hosts").stat().st_mtime_ns


def test_distribution(tmp: Path) -> None:
    """What is left of pulled images: repository, digest and time, also of those that are gone."""
    host = hosts.shop(tmp / "host")
    place = host.meta / "distribution"
    known = next(iter((host.meta / "layerdb/sha256").glob("*/diff"))).read_text()
    gone, blob = "ab" * 32, "cd" * 32
    host.write(place / "diffid-by-digest/sha256" / blob, f"sha256:{gone}")
    host.write(place / "v2metadata-by-diffid/sha256" / gone, [
        {"Digest": f"sha256:{blob}", "SourceRepository": "registry.example/evil", "HMAC": "aa"}])
    host.write(place / "v2metadata-by-diffid/sha256" / known[7:], [
        {"Digest": f"sha256:{blob}", "SourceRepository": "docker.io/library/shop", "HMAC": ""}])
    host.write(place / "v2metadata-by-diffid/sha256/odd", [])
    rows = launch.timeline(host.root)
    found = {row["witness"].rsplit("sha256/", 1)[1]: row for row in rows.where(data_type="container:layer:distribution")}
    assert set(found) == {f"{blob}#mtime", f"{gone}#mtime", f"{known[7:]}#mtime"}
    row = found[f"{gone}#mtime"]
    assert f"repository registry.example/evil, blob sha256:{blob}, with credentials" in row["facts"]
    assert "the layer is not there any more" in row["facts"] and "image_name" not in row
    assert reading.nanoseconds(row) == (place / "v2metadata-by-diffid/sha256" / gone).stat().st_mtime_ns
    assert found[f"{known[7:]}#mtime"]["layer_identifier"] == known
    assert rows.error()["code"] == "bad-id"


def varint(number: int) -> bytes:
    """A number of a protobuf message."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def message(*fields: tuple[int, int | bytes | str]) -> bytes:
    """A protobuf message."""
    out = b""
    for number, content in fields:
        content = content.encode() if isinstance(content, str) else content
        packed = isinstance(content, bytes)
        out += varint(number << 3 | 2 * packed) + (varint(len(content)) + content if packed else varint(content))
    return out


def test_build_cache(tmp: Path) -> None:
    """Files that BuildKit of Docker 20.10 wrote (tests/data/databases): what docker system df said of the same records."""
    host = hosts.shop(tmp / "host")
    for path in (FIXTURES / f"{name}.db.gz" for name in ("metadata_v2", "snapshots", "cache")):
        host.write(host.data / "buildkit" / path.stem, gzip.decompress(path.read_bytes()))
    rows = launch.timeline(host.root)
    assert not rows.errors
    for record in json.loads((FIXTURES / "du.json").read_text()):
        found = {row["timestamp_desc"]: row for row in rows.where(data_type="container:build:cache")
                 if f"record {record['ID']}" in row["facts"]}
        assert reading.nanoseconds(found["Creation Time"]) == truth.iso_ns(record["CreatedAt"])
        assert reading.nanoseconds(found["Last Used Time"]) == truth.iso_ns(record["LastUsedAt"])
        assert {row["command"] for row in found.values()} == {record["Description"]}
        assert all(row["confidence"] == "exact" and not row["tag"] for row in found.values())
        assert not record["Parent"] or f"parent {record['Parent']}" in found["Creation Time"]["facts"]
    results = rows.where(data_type="container:build:result")
    assert [row["command"] for row in results].count("mount / from exec /bin/busybox sh -c echo built > /made") == 1


def test_build_history(tmp: Path) -> None:
    """A build with its options, its error and its steps; one that was pruned; a record that breaks off."""
    host = hosts.shop(tmp / "host")

    def build(ref: str, *more: tuple[int, int | bytes | str]) -> bytes:
        return message((1, ref), (2, "dockerfile.v0"), (3, message((1, "filename"), (2, "Dockerfile.evil"))),
                       (6, message((1, 1795652274), (2, 305116054))), (7, message((1, 1795652275))), *more)

    live = {b"_records": {b"one": build("one", (5, message((1, 2), (2, "no space"))), (15, 1), (16, 4), (17, 3)),
                          b"cut": build("cut")[:-3]}, b"_version": {b"v": b"1"}}
    older = {b"_records": live[b"_records"] | {b"two": build("two")}}
    host.write(host.data / "buildkit/history.db", boltfile.database(live, older))
    rows = launch.timeline(host.root)
    found = {(row["action"], fact[6:]): row for row in rows.where(data_type="container:build:history")
             for fact in row["facts"] if fact.startswith("build ")}
    assert set(found) == {("start build", "one"), ("fail build", "one"), ("start build", "cut"),
                          ("start build", "two"), ("finish build", "two")}
    failed = found["fail build", "one"]
    assert (reading.nanoseconds(failed), failed["comment_text"]) == (1795652275 * 10**9, "no space")
    assert {"filename=Dockerfile.evil", "3 of 4 steps completed, 1 cached"} <= set(failed["facts"])
    assert reading.nanoseconds(found["start build", "two"]) == 1795652274305116054
    assert found["start build", "two"]["tag"] == ["recovered"] and rows.error()["code"] == "damaged"


def test_plugins(tmp: Path) -> None:
    """A plugin as Docker 20.10 writes it."""
    host, number = hosts.shop(tmp / "host"), hosts.hex_id("plugin")
    path = host.data / "plugins" / number / "config.json"
    host.write(path, {"plugin": {"Config": {"Interface": {"Types": ["docker.volumedriver/1.0"]}}, "Enabled": True,
                                 "Id": number, "Name": "evil/plug:1"}, "Rootfs": "", "SwarmServiceID": ""})
    (path.parent.parent / "storage").mkdir()
    rows = launch.timeline(host.root)
    [saved] = rows.where(data_type="container:plugin:configuration")
    [made] = rows.where(data_type="container:plugin:installation")
    assert reading.nanoseconds(saved) == path.stat().st_mtime_ns and not rows.errors
    assert reading.nanoseconds(made) <= reading.nanoseconds(saved)
    assert {"plugin evil/plug:1", "interface docker.volumedriver/1.0", "enabled", f"id {number}"} == set(made["facts"])


def test_runtime_database(tmp: Path) -> None:
    """A containerd's database of our own, behind a link: a lease, starts of a container that is there and of one that is
    not, also in the namespace of a daemon with userns-remap, and times that are none, which are reported. A plug-in runs
    in a namespace of its own, and what is in k8s.io is none of Docker's."""
    host, gone = hosts.shop(tmp / "host"), "ab" * 32
    known = host.run().where(data_type="docker:container:configuration")[0]["container_identifier"]

    def stamp(second: int) -> bytes:
        return b"\1" + (62135596800 + 1_700_000_000 + second).to_bytes(8, "big") + bytes(4) + b"\xff\xff"

    def container(second: int, number: str) -> dict:
        spec = json.dumps({"process": {"args": ["sh", "-c", "x  y"]}, "hostname": "h",
                           "linux": {"cgroupsPath": f"/docker/{number}"}}).encode()
        any_of = b"\x0a\x01t\x12" + bytes([len(spec) & 127 | 128, len(spec) >> 7]) + spec
        return {b"createdat": stamp(second), b"spec": any_of, b"updatedat": stamp(second),
                b"runtime": {b"name": b"io.containerd.runc.v2"}}

    moby = {b"containers": {known.encode(): container(1, known), gone.encode(): container(2, gone),
                            b"cd" * 32: container(3, gone) | {b"createdat": b"no time"}},
            b"leases": {known.encode(): {b"createdat": stamp(4)}, b"build-1": {b"createdat": stamp(5)}}}
    others = {b"k8s.io": {b"containers": {b"ef" * 32: container(6, gone)}},
              b"plugins.moby": {b"containers": {b"ef" * 32: container(7, gone)}},
              b"moby-100000.100000": {b"containers": {gone.encode(): container(8, gone)}}}
    place = host.root / "srv/containerd/io.containerd.metadata.v1.bolt/meta.db"
    host.write(place, boltfile.database({b"v1": {b"moby": moby, **others}}))
    (host.root / "var/lib/containerd").symlink_to("../../srv/containerd")
    task = place.parents[1] / f"io.containerd.runtime.v2.task/moby-100000.100000/{known}"
    task.mkdir(parents=True)
    rows = host.run()
    found = {(reading.nanoseconds(row) // 10**9 - 1_700_000_000): row for row in rows.rows
             if row["data_type"] in ("container:runtime:container", "container:runtime:lease")}
    assert sorted(found) == [1, 2, 4, 5, 7, 8] and {error["code"] for error in rows.errors} == {"bad-time"}
    assert [found[at].get("container_identifier") for at in (1, 2, 4, 5, 7, 8)] == [known, gone, known, None, "ef" * 32, gone]
    assert {found[at]["container_runtime"] for at in found} == {"docker"}
    [other] = rows.where(data_type="container:containerd:container", timestamp_desc="Creation Time")
    assert (other["container_identifier"], other["container_runtime"]) == ("ef" * 32, "containerd")
    [bundle] = rows.where(data_type="container:runtime:bundle")
    assert bundle["container_identifier"] == known
    assert found[1]["command"] == "sh -c x  y" and "runtime io.containerd.runc.v2" in found[1]["facts"]
    assert found[2]["tag"] == ["configuration_missing"]
    assert found[5]["facts"] == ["id build-1"] and not found[5]["tag"]


def test_swarm(tmp: Path) -> None:
    """A database that Docker 20.10 wrote: the task as docker inspect told of it, and its state a transaction before."""
    host = hosts.shop(tmp / "host")
    host.write(host.data / "swarm/worker/tasks.db", gzip.decompress((FIXTURES / "tasks.db.gz").read_bytes()))
    said, rows = json.loads((FIXTURES / "task.json").read_text()), launch.timeline(host.root)
    [made] = rows.where(data_type="container:swarm:task", timestamp_desc="Creation Time")
    before, now = rows.where(data_type="container:swarm:task", timestamp_desc="Update Time")
    assert not rows.errors and reading.nanoseconds(made) == truth.iso_ns(said["CreatedAt"])
    status = said["Status"]
    assert reading.nanoseconds(now) == truth.iso_ns(status["Timestamp"])
    assert (now["state"], now["comment_text"]) == (status["State"], status["Message"])
    assert {f"task {said['ID']}", "service sleeper",
            f"container {status['ContainerStatus']['ContainerID']}"} <= set(now["facts"])
    assert before["state"] == "starting" and before["tag"] == ["configuration_missing", "recovered"]
    assert now["tag"] == ["configuration_missing"], "the container is in no store"
    assert now["container_identifier"] == status["ContainerStatus"]["ContainerID"]
    assert now["container_name"] == before["container_name"] == f"sleeper.1.{said['ID']}"


def test_damaged(tmp: Path) -> None:
    """Damaged databases cost what is damaged: the rest is read, every loss is counted, and nothing crashes."""
    host, rng = hosts.shop(tmp / "host"), random.Random(5)
    places = {"metadata_v2": "buildkit/metadata_v2.db", "cache": "buildkit/cache.db", "tasks": "swarm/worker/tasks.db"}
    good = {place: gzip.decompress((FIXTURES / f"{name}.db.gz").read_bytes()) for name, place in places.items()}
    network = {b"docker/network/v1.0/network/%064x/" % i: bytes(8) + json.dumps(
        {"name": f"net{i}", "created": "2026-11-23T18:45:35+01:00", "ipamV4Info": "[{}]"}).encode() for i in range(40)}
    good["network/files/local-kv.db"] = boltfile.database({b"libnetwork": network})
    good["volumes/metadata.db"] = boltfile.database({b"volumes": {b"v%d" % i: value(f"v{i}") for i in range(40)}})
    for _ in range(40):
        for place, content in good.items():
            host.write(host.data / place, boltfile.damaged(rng, content))
        rows = launch.timeline(host.root)
        assert rows.code in (0, 1) and len(rows.where(data_type="docker:container:configuration")) >= 2
