# SPDX-License-Identifier: Apache-2.0
"""What is wrong in the answers of `layertime who`, for paths that are picked the same way each time.

What is right follows from the merged views of overlay_truth.py. What is mounted over a path docker inspect told.
"""
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import launch, truth
from lib.overlay_truth import Entry, LayeredCase, entries
from lib.reading import Row, unescape

SEED = 4
OWN = {"ResolvConfPath": b"/etc/resolv.conf", "HostnamePath": b"/etc/hostname", "HostsPath": b"/etc/hosts"}


def who(path: bytes, root: Path) -> list[Row]:
    """The program's answer, with paths as bytes."""
    done = launch.run("who", path, root, "--json")
    assert done.returncode == 0, done.stderr.decode()
    names = "path", "filename"
    return [item | {key: unescape(item[key]) for key in names} for item in json.loads(done.stdout)]


def users(host: LayeredCase) -> dict[bytes, list[str]]:
    """The names of the containers that have a layer in their stack."""
    found = defaultdict(list)
    for name in host.containers:
        for layer in host.stack(name):
            found[layer].append(name)
    return found


def mounted_over(host: LayeredCase, name: str, path: bytes) -> bool:
    """Does the container, as docker inspect tells it, have anything mounted there or above?"""
    said = host.containers[name]
    places = [os.fsencode(point["Destination"]) for point in said["Mounts"]]
    places += [os.fsencode(place) for place in said["HostConfig"].get("Tmpfs") or ()]
    places += [place for field, place in OWN.items() if said.get(field)]
    return any((path + b"/").startswith(place.rstrip(b"/") + b"/") for place in places)


def status(host: LayeredCase, name: str, entry: Entry) -> set[str]:
    """What may be said of an entry of a layer that a container uses."""
    shown = "hidden" if mounted_over(host, name, entry.path) else "visible"
    return {shown if word == "visible" else word for word in status_of_layers(host, name, entry)}


def status_of_layers(host: LayeredCase, name: str, entry: Entry) -> set[str]:
    """The same without mounts. A directory below another of that name shows its
    contents still; what is gone with a directory above it is hidden as well as deleted."""
    seen = host.merged(name).get(entry.path)
    if seen is None:
        return {"deleted", "hidden"} if host.hides(entry) is None else {"deleted"}
    if seen.layer == entry.layer:
        return {"visible"}
    return {"replaced", "visible"} if seen.kind == entry.kind == "d" else {"replaced", "hidden"}


def bind_faults(host: LayeredCase, item: Row) -> list[str]:
    """What is wrong in a file of the host: exactly those are told that bind it, as docker inspect says of those that exist,
    and as it said of those that were removed. Of these not all need be known."""
    path = item["path"].rstrip(b"/") + b"/"
    gone = truth.inspected(host.case.docker, "removed") if (host.case.docker / "removed").is_dir() else []
    binding = {c["Id"] for c in [*host.case.containers, *gone] for m in c["Mounts"]
               if m["Type"] == "bind" and path.startswith(os.fsencode(m["Source"]).rstrip(b"/") + b"/")}
    removed = {c["Id"] for c in gone}
    named = {told["container_identifier"]: told["status"] for told in item["containers"]}
    wrong = [f"{truth.show(item['path'])}: binds of {show}" for show in named.keys() ^ binding
             if show in named or show not in removed]
    wrong += [f"{show} is {status}" for show, status in named.items() if (status == "removed") != (show in removed)]
    return wrong + ([] if named else [f"{truth.show(item['path'])} is bound by nobody"])


def faults_of(host: LayeredCase, item: Row, using: dict[bytes, list[str]]) -> list[str]:
    """What is wrong in one finding."""
    entry = entries(host).get(item["path"])
    area, volume, _rest = host.case.locate(item["path"])
    if area == "volumes" and item["path"] in host.case.nodes:
        mounted = {c["Id"] for c in host.case.containers for m in c["Mounts"] if m.get("Name") == volume.decode()}
        named = {told["container_identifier"] for told in item.get("containers", ())}
        return truth.faults({"layer_role": "volume"}, item) + [f"users {show}" for show in named ^ mounted]
    if item["layer_role"] == "host":
        return bind_faults(host, item)
    if entry is None:
        return [f"{truth.show(item['path'])} is in no layer"]
    known = host.case.layers.get(entry.layer, truth.Layer())
    hidden = host.hides(entry)
    want = {"filename": entry.path if hidden is None else (entry.path, hidden),
            "layer_role": known.role, "layer_identifier": host.layer_id(entry.layer)}
    if hidden is None:
        want["mode"] = int(entry.node["mode"], 8) & 0o7777
        want |= {"size": int(entry.node["size"])} if entry.kind == "f" else {}
    else:
        want["change"] = ("deleted", "renamed")
    wrong = truth.faults(want, item)
    if known.role == "image" and set(item.get("images", ())) != known.images:
        wrong.append(f"images {item.get('images')}, not {known.images}")
    if hidden is None and truth.iso_ns(item.get("modified")) != entry.time("mtime"):
        wrong.append(f"modified {item.get('modified')}, not {entry.node['mtime']}")
    names = {c["Id"]: name for name, c in host.containers.items()}  # by name, where only one has it
    told = {names.get(c["container_identifier"], c["container_name"]): c for c in item.get("containers", ())}
    wanted = using[entry.layer] if known.role != "init" else [*(set(using[entry.layer]) | told.keys())]
    if told.keys() != set(wanted):
        wrong.append(f"containers {sorted(told)}, not {sorted(wanted)}")
    for name in told.keys() & using[entry.layer] if hidden is None else ():
        if told[name]["status"] not in (may := status(host, name, entry)):
            wrong.append(f"{name}: {told[name]['status']}, not {may}")
        if told[name]["container_name"] != host.containers[name]["Name"][1:]:
            wrong.append(f"{name}: {told[name]['container_name']}")
    return [f"{truth.show(item['path'])}: {fault}" for fault in wrong]


def sampled(host: LayeredCase, count: int) -> list[bytes]:
    """Paths inside, and on the disk: some that containers changed, some that they did not."""
    pick = random.Random(SEED)
    changed = sorted({path for name in host.containers for path in host.diff(name)})
    inside = sorted({path for name in host.containers for path in host.lower(name) if path != b"/"})
    places = sorted(place for place, e in entries(host).items() if e.path != b"/" and host.case.layers.get(e.layer))
    return [path for paths, share in ((changed, 2), (inside, 1), (places, 2))
            for path in pick.sample(paths, count * share // 5)]


def who_faults(host: LayeredCase, root: Path, count: int, beside: Iterable[LayeredCase] = ()) -> list[str]:
    """What is wrong in the answers for sampled paths. What they say of other stores `beside` this one is not judged."""
    using, have, problems, paths = users(host), entries(host), [], sampled(host, count)
    others = {place for other in beside if other is not host for place in entries(other)}
    assert len(paths) == count
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda path: who(path, root), paths))
    for path, found in zip(paths, answers):
        problems += [fault for item in found if item["path"] not in others
                     for fault in faults_of(host, item, using)]
        wanted = [have[path]] if path in have else [
            e for e in have.values() if path in (e.path, host.hides(e)) and host.case.layers.get(e.layer)]
        missing = {e.location for e in wanted} - {item["path"] for item in found}
        problems += [f"{truth.show(path)}: nothing of {truth.show(place)}" for place in missing]
        assert wanted, f"a broken test: {path!r}"
    return problems
