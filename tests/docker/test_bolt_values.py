# SPDX-License-Identifier: Apache-2.0
"""Values damaged in databases of bbolt, which has no checksums of what it holds. Each costs itself: an error names the
database, the buckets and the key, and all rows of other records stay as they were. What the databases hold is known, since
the test wrote them."""
import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest
from lib import boltfile, hosts, launch

STAMP = b"\1" + (62135596800 + 1_700_000_000).to_bytes(8, "big") + bytes(4) + b"\xff\xff"
LATER = b"\1" + (62135596800 + 1_700_000_500).to_bytes(8, "big") + bytes(4) + b"\xff\xff"
META = "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
SNAPSHOTS = "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/metadata.db"
NUMBER = "ab" * 32


def varint(number: int) -> bytes:
    """A number of a protobuf message."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def any_of(value: object) -> bytes:
    """JSON in a google.protobuf.Any."""
    text = json.dumps(value).encode()
    return b"\x0a\x04type\x12" + varint(len(text)) + text


def as_json(**fields: object) -> bytes:
    """A value of JSON."""
    return json.dumps(fields).encode()


def container(name: str) -> dict:
    """A record of containerd."""
    return {b"createdat": STAMP, b"updatedat": LATER, b"image": b"image-" + name.encode(), b"snapshotKey": name.encode(),
            b"snapshotter": b"overlayfs", b"spec": any_of({"process": {"args": ["run", name]}, "hostname": name}),
            b"labels": {b"io.kubernetes.pod.name": b"pod-" + name.encode()}, b"runtime": {b"name": b"io.containerd.runc.v2"}}


def build(name: bytes) -> bytes:
    """A record of BuildKit's history: its name, start and end."""
    start, end = (b"\x08" + varint(1_700_000_000 + more) for more in (0, 9))
    return b"\x0a\x03" + name + b"\x32" + varint(len(start)) + start + b"\x3a" + varint(len(end)) + end


META_DB = {b"v1": {b"version": b"4", b"default": {
    b"containers": {b"one": container("one"), b"two": container("two")},
    b"images": {b"pic": {b"createdat": STAMP, b"updatedat": STAMP, b"target": {
        b"digest": b"sha256:" + b"1" * 64, b"mediatype": b"m", b"size": b"\x02"}}},
    b"content": {b"blob": {b"sha256:" + b"2" * 64: {b"createdat": STAMP, b"updatedat": STAMP, b"size": b"\x80\x01"}}},
    b"leases": {b"lent": {b"createdat": STAMP}}}}}
SNAPSHOTS_DB = {b"v1": {b"snapshots": {b"default/%d/s%d" % (i, i): {
    b"id": bytes([i]), b"kind": b"\2", b"createdat": STAMP, b"updatedat": STAMP} for i in (1, 2)}}}
VOLUMES_DB = {b"volumes": {name.encode(): as_json(Name=name, Driver="remote", Labels=None, Options=None)
                           for name in ("far", "near")}}
NETWORK_DB = {b"libnetwork": {f"docker/network/v1.0/{kind}/".encode(): bytes(8) + as_json(**fields) for kind, fields in (
    (f"network/{NUMBER}", {"id": NUMBER, "name": "shop", "networkType": "bridge", "scope": "local",
                           "created": "2026-11-23T18:45:35.3+01:00"}),
    ("network/" + "cd" * 32, {"id": "cd" * 32, "name": "other", "created": "2026-11-23T18:45:36+01:00"}))}}
CACHE_DB = {b"_main": {name: {b"cache.createdAt": as_json(value=10**18), b"cache.description": as_json(value="step " + chr(name[0])),
                              b"cache.lastUsedAt": as_json(value=10**18 + 5)} for name in (b"a" * 25, b"b" * 25)}}
RESULT_DB = {b"_result": {b"step" + name: {b"w::" + name: as_json(CreatedAt=f"2026-11-2{i}T18:45:35Z", ID="w::" + name.decode())}
                          for i, name in enumerate((b"x1", b"x2"))}}
HISTORY_DB = {b"_records": {b"one": build(b"one"), b"two": build(b"two")}, b"_version": {b"version": b"2"}}
TASKS_DB = {b"v1": {b"tasks": {b"t1": {b"data": b"\x0a\x02t1\x12\x08\x12\x06\x08" + varint(1_700_000_000),
                                       b"status": b"\x0a\x06\x08" + varint(1_700_000_000) + b"\x10\x80\x04"}}}}


class Damage(NamedTuple):
    """One value or key that is changed, and what the error must name."""
    file: str
    state: dict
    old: bytes
    new: bytes
    place: str
    costs: str = ""  # rows with this text may be others


ONE = "v1/default/containers/one/"
DAMAGES = {
    "volume": Damage("volumes/metadata.db", VOLUMES_DB, b'{"Name": "far"', b'{"Name"\x01 "far"', "volumes/far", "far"),
    "volume, unreadable": Damage("volumes/metadata.db", VOLUMES_DB, b'{"Name": "far"', b'\xff\xff\xff\xff\xff\xff": "far"',
                                 "volumes/far", "far"),
    "volume, member": Damage("volumes/metadata.db", VOLUMES_DB, b'"far", "Driver"', b'"far", "Drixer"', "volumes/far", "far"),
    "volume, name": Damage("volumes/metadata.db", VOLUMES_DB, b'{"Name": "far"', b'{"Name": "fax"', "volumes/far", "fa"),
    "volumes": Damage("volumes/metadata.db", VOLUMES_DB, b"volumes", b"volvmes", "volvmes/far", "volume"),
    "network": Damage("network/files/local-kv.db", NETWORK_DB, b'"name": "shop"', b'"name"\x00 "shop"', NUMBER[:30], "shop"),
    "network, time": Damage("network/files/local-kv.db", NETWORK_DB, b"2026-11-23T18:45:35.3", b"2026-11-23T18#45:35.3",
                            NUMBER[:30], "shop"),
    "network, ID": Damage("network/files/local-kv.db", NETWORK_DB, b"network/" + NUMBER.encode(),
                          b"network/\xe1" + NUMBER.encode()[1:], "network/", NUMBER[:8]),
    "network, kind": Damage("network/files/local-kv.db", NETWORK_DB, b"/network/" + NUMBER.encode(),
                            b"/netwosk/" + NUMBER.encode(), "netwosk", "shop"),
    "created": Damage(META, META_DB, b"createdat" + STAMP + b"image" + b"image-one", b"createdat\7" + STAMP[1:] + b"imageimage-one",
                      ONE + "createdat", "one"),
    "spec": Damage(META, META_DB, b'"args": ["run", "one"', b'"args": ["run"\x02 "one"', ONE + "spec", "one"),
    "spec, message": Damage(META, META_DB, any_of({"process": {"args": ["run", "one"]}, "hostname": "one"})[:8],
                            b"\x0a\x04type\x13\x45"[:8], ONE + "spec", "one"),
    "key": Damage(META, META_DB, b"imageimage-one", b"imbgeimage-one", ONE + "imbge", "one"),
    "bucket": Damage(META, META_DB, b"images", b"imaget", "v1/default/imaget/pic/", "pic"),
    "top": Damage(META, META_DB, b"v1", b"v3", "v3/default/", "containerd"),
    "image": Damage(META, META_DB, b"mediatypem", b"mediatyqem", "v1/default/images/pic/target/mediatyqe", "pic"),
    "image, name": Damage(META, META_DB, b"imageimage-one", b"imageim\x81ge-one", ONE + "image", "one"),
    "label, key": Damage(META, META_DB, b"io.kubernetes.pod.name", b"io.kubernetes.poe.name", ONE + "labels/io.kubernetes.poe.name",
                         "one"),
    "blob": Damage(META, META_DB, b"size\x80\x01", b"size\x80\x81", "2" * 64 + "/size", "2" * 64),
    "lease": Damage(META, META_DB, b"createdat" + STAMP, b"createdat" + b"\7" + STAMP[1:], "/createdat", ""),
    "snapshot": Damage(SNAPSHOTS, SNAPSHOTS_DB, b"kind\2", b"kind\x0b", "v1/snapshots/default/1/s1/kind", "s1"),
    "snapshot, key": Damage(SNAPSHOTS, SNAPSHOTS_DB, b"createdat", b"cseatedat", "v1/snapshots/default/1/s1/cseatedat", "s1"),
    "snapshots": Damage(SNAPSHOTS, SNAPSHOTS_DB, b"snapshots", b"snapthots", "v1/snapthots/", "snapshot"),
    "cache": Damage("buildkit/metadata_v2.db", CACHE_DB, b'{"value": "step a"}', b'{"value" "step a" }', "a" * 25 + "/cache.description",
                    "a" * 25),
    "cache, time": Damage("buildkit/metadata_v2.db", CACHE_DB, b'{"value": 1000000000000000000}', b'{"value":"1000000000000000000}',
                          "a" * 25 + "/cache.createdAt", "a" * 25),
    "cache, key": Damage("buildkit/metadata_v2.db", CACHE_DB, b"cache.lastUsedAt", b"cache.lbstUsedAt", "cache.lbstUsedAt", "a" * 25),
    "result": Damage("buildkit/cache.db", RESULT_DB, b'{"CreatedAt": "2026-11-20', b'{"CreatedAt": "2026-21-20', "_result/stepx1/w::x1", "x1"),
    "result, start": Damage("buildkit/cache.db", RESULT_DB, b'{"CreatedAt": "2026-11-20', b'\xfb"CreatedAt": "2026-11-20',
                            "_result/stepx1/w::x1", "x1"),
    "results": Damage("buildkit/cache.db", RESULT_DB, b"_result", b"_rerult", "_rerult/stepx1", "result"),
    "build": Damage("buildkit/history.db", HISTORY_DB, b"one\x32\x06\x08", b"one\x32\x06\x09", "_records/one", "build one"),
    "build, name": Damage("buildkit/history.db", HISTORY_DB, b"\x0a\x03one", b"\x0a\x03onf", "_records/one", "build on"),
    "task": Damage("swarm/worker/tasks.db", TASKS_DB, b"status\x0a\x06\x08", b"status\x0a\x06\x09", "v1/tasks/t1/status", "t1"),
    "task, key": Damage("swarm/worker/tasks.db", TASKS_DB, b"status\x0a", b"statut\x0a", "v1/tasks/t1/statut", "t1"),
}


def place_of(host: hosts.Host, file: str) -> Path:
    """Where a database of the host lies."""
    return host.root / file if file.startswith("var/") else host.data / file


def lines(rows: object, path: str) -> set[str]:
    """All rows but those about the database's own file."""
    return {json.dumps(row, sort_keys=True) for row in rows.rows
            if not (row["data_type"] == "fs:stat" and path in json.dumps(row))}


@pytest.mark.parametrize("name", DAMAGES)
def test_value(name: str, tmp: Path) -> None:
    """One value is changed: it is named, and nothing else is lost or made up. The truth is the same host before."""
    damage = DAMAGES[name]
    host = hosts.shop(tmp / "host")
    place = place_of(host, damage.file)
    content = boltfile.database(damage.state)
    assert damage.old in content and len(damage.old) == len(damage.new)
    host.write(place, content)
    for number in (1, 2):
        (host.root / "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots" / str(number) / "fs").mkdir(parents=True)
    hosts.settle(host.root)
    stamp = place.stat()
    whole = launch.timeline(host.root)
    with place.open("r+b") as file:
        file.write(content.replace(damage.old, damage.new, 1))
    os.utime(place, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    rows = launch.timeline(host.root)
    before = {json.dumps(error, sort_keys=True) for error in whole.errors}
    new = [error for error in rows.errors if json.dumps(error, sort_keys=True) not in before]
    assert any(damage.place in error["reason"] and error["path"] == host.inside(place) for error in new), new
    changed = lines(whole, host.inside(place)) ^ lines(rows, host.inside(place))
    assert all(damage.costs in row for row in changed), [row for row in changed if damage.costs not in row]
    assert not [row for row in rows.rows if "removed" in row["data_type"]]


def test_older_copy(tmp: Path) -> None:
    """A record that cannot be read, of which the state before has a copy: it is told of, and was not removed."""
    host = hosts.shop(tmp / "host")
    volumes, network = place_of(host, "volumes/metadata.db"), place_of(host, "network/files/local-kv.db")
    for place, state, old, new in ((volumes, VOLUMES_DB, b'{"Name": "far"', b'\xff\xff\xff\xff\xff\xff": "far"'),
                                   (network, NETWORK_DB, b'"name": "shop"', b'\xff\xff\xff\xff\xff\xff: "shop"')):
        content = boltfile.database(state, state)
        at = content.rindex(old)
        host.write(place, content[:at] + new + content[at + len(old):])
    rows = launch.timeline(host.root)
    assert not [row for row in rows.rows if "removed" in row["data_type"]]
    [far] = rows.where(data_type="container:volume:created", volume_name="far")
    [shop] = [row for row in rows.where(data_type="container:network:created") if "network shop" in row["facts"]]
    for row in (far, shop):
        assert "recovered" in row["tag"] and any("may have been removed" in fact for fact in row["facts"])
    assert len(rows.errors) == 2


def test_lengths(tmp: Path) -> None:
    """A length in an element that is changed: the item that follows does not begin where this one ends, which is said."""
    host = hosts.shop(tmp / "host")
    place = place_of(host, "volumes/metadata.db")
    content = boltfile.database(VOLUMES_DB)
    length = len(VOLUMES_DB[b"volumes"][b"far"])
    element = content.index((3).to_bytes(4, "little") + length.to_bytes(4, "little"))
    host.write(place, content[:element + 4] + bytes([length - 1]) + content[element + 5:])
    rows = launch.timeline(host.root)
    assert any("not where the one before ended" in error["reason"] for error in rows.errors), rows.errors
    assert rows.where(data_type="container:volume:created", volume_name="near")
