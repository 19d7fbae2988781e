# SPDX-License-Identifier: Apache-2.0
"""The recorded ground truth of hosts with containerd: whose each snapshot is, what each image is made of, what the databases
hold. A second implementation, which shares nothing with the program.

Beside CASE/truth it reads databases, manifests and configurations from the disk with debugfs, since not all cases have them
listed; the recorded SHA-256 of each must agree. Names of buckets and labels are those of containerd's source (core/metadata,
core/snapshots/storage, internal/cri). containerd/test_containerd_truth.py holds it against what ctr and bbolt listed.
"""
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lib import boltread, disks, machine, truth
from lib.boltread import Bucket
from lib.overlay_truth import LayeredCase
from lib.reading import Row, unescape
from lib.truth import Layer

DOCKER = ("docker29-ext4", "docker29-mixed", "intrusion")
CASES = (*DOCKER, "containerd-ext4", "containerd-cri-ext4")
STATES = ("clean", "poweroff")
ROOT = b"/var/lib/containerd"
META = ROOT + b"/io.containerd.metadata.v1.bolt/meta.db"
CONTENT = ROOT + b"/io.containerd.content.v1.content"
SNAPSHOTTER = re.compile(re.escape(ROOT) + rb"/io\.containerd\.snapshotter\.v1\.(\w+)/(metadata\.db|snapshots)")
BLOB = re.compile(re.escape(CONTENT) + rb"/blobs/sha256/([0-9a-f]{64})")
SMALL = 1 << 16                                       # bytes; manifests and configurations are smaller
VIEW, ACTIVE, COMMITTED = 1, 2, 3                     # core/snapshots/snapshotter.go
POD = "io.kubernetes.pod."


@dataclass
class Snapshot:
    """A snapshot of one namespace: its directory of files is that of the snapshotter's number `id`."""
    namespace: str
    snapshotter: str
    key: str
    id: int
    kind: int
    parent: str
    times: dict[str, int]                             # in meta.db
    inner_times: dict[str, int]                       # in metadata.db

    @property
    def directory(self) -> bytes:
        """Where its files lie."""
        base = ROOT + f"/io.containerd.snapshotter.v1.{self.snapshotter}/snapshots/{self.id}".encode()
        return base if self.snapshotter == "native" else base + b"/fs"


@dataclass
class Manifest:
    """An image for one platform."""
    digest: str
    config: str
    diff_ids: list[str]
    blobs: list[tuple[str, int]]                      # layer digest and size
    platform: str = ""
    created: int | None = None
    history: list[Row] = field(default_factory=list)

    @property
    def chains(self) -> list[str]:
        """The chain ID of each layer (image-spec, config.md)."""
        found: list[str] = []
        for diff in self.diff_ids:
            found.append(chain_id(found[-1], diff) if found else diff)
        return found


@dataclass
class Image:
    """A target that has names in one namespace."""
    namespace: str
    target: str
    names: dict[str, dict[str, int]] = field(default_factory=dict)  # with createdat and updatedat
    manifests: list[Manifest] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """By what one may call it. Docker calls it by its target alone: a configuration may be an older image's ID."""
        if self.namespace == "moby":
            return {self.target}
        return {self.target} | {digest for one in self.manifests for digest in (one.digest, one.config)}


def chain_id(below: str, diff_id: str) -> str:
    """Of a layer above others."""
    return "sha256:" + hashlib.sha256(f"{below} {diff_id}".encode()).hexdigest()


class ContainerdCase(truth.Case):
    """One case in one state, clean or poweroff-replayed; `disk` is its image, which for the latter has its journal replayed
    by e2fsck. `containers` are docker inspect's objects and, of others, objects with the same names."""

    def __init__(self, name: str, state: str, disk: Path) -> None:
        self.snapshots: dict[bytes, Snapshot] = {}    # by directory
        super().__init__(machine.EVIDENCE / name, state, False)
        self.name, self.state = name, state
        with machine.scratch() as to:
            self.files = disks.dump(disk, filter(self._wanted, self.nodes), to)
        for path, data in self.files.items():
            assert hashlib.sha256(data).hexdigest() == self.nodes[path]["sha256"], path
        self.namespaces = {name.decode(): bucket for name, bucket in boltread.read(self.files[META])[b"v1"].items()
                           if isinstance(bucket, Bucket)}
        self._find_snapshots()
        self.images = [image for namespace in self.namespaces for image in self._images_of(namespace)]
        self.containers = [{"namespace": "moby", "runtime": "docker"} | c for c in self.containers]
        self.containers += [c for namespace in self.namespaces if namespace != "moby"
                            for c in self._containers_of(namespace)]
        self._own()

    def _wanted(self, path: bytes) -> bool:
        """Is this a file to read: databases, small blobs, what is said of unfinished ones, status files and logs of CRI?"""
        if self.nodes[path]["type"] != "f":
            return False
        if BLOB.fullmatch(path):
            return int(self.nodes[path]["size"]) < SMALL
        database = SNAPSHOTTER.fullmatch(path)
        return (path == META or bool(database and database[2] == b"metadata.db") or path.startswith(b"/var/log/pods/")
                or path.startswith(CONTENT + b"/ingest/") and not path.endswith(b"/data")
                or b"/io.containerd.grpc.v1.cri/" in path and path.endswith(b"/status"))

    def locate(self, path: bytes) -> tuple[str, bytes, bytes]:
        """As for Docker's own layers; a snapshot's directory of files is a layer, too."""
        found = SNAPSHOTTER.match(path)
        if not found or found[2] != b"snapshots":
            return super().locate(path)
        depth = 2 if found[1] == b"native" else 3     # a copy lies in the numbered directory, a layer in its fs
        parts = path[found.end():].split(b"/", depth)
        if len(parts) < depth or depth == 3 and parts[2] != b"fs":
            return "", b"", b""
        directory = found[0] + b"/".join(parts[:depth])
        return "layer", directory, path[len(directory):]

    def is_whiteout(self, path: bytes) -> bool:
        """A character device 0:0 in a layer of overlayfs."""
        node = self.nodes[path]
        return node["type"] == "c" and node["rdev"] == "0:0" and self.locate(path)[0] == "layer"

    @cached_property
    def in_snapshots(self) -> set[bytes]:
        """The paths of all entries of snapshots."""
        return {path for path in self.nodes if self.locate(path)[1].startswith(ROOT)}

    # --- snapshots ----------------------------------------------------------------------------------------------------

    @cached_property
    def inner(self) -> dict[str, Bucket]:
        """The snapshots in each snapshotter's own database, by its name."""
        found = {SNAPSHOTTER.fullmatch(path)[1].decode(): boltread.read(data) for path, data in self.files.items()
                 if SNAPSHOTTER.fullmatch(path)}
        return {name: bucket.below(b"v1", b"snapshots") for name, bucket in found.items()}

    def _find_snapshots(self) -> None:
        """Join both databases."""
        for namespace, bucket in self.namespaces.items():
            for snapshotter, keys in bucket.get(b"snapshots", {}).items():
                for key, value in keys.items():
                    inner = self.inner[snapshotter.decode()][value[b"name"]]
                    found = Snapshot(namespace, snapshotter.decode(), key.decode(), boltread.uvarint(inner[b"id"]),
                                     inner[b"kind"][0], value.get(b"parent", b"").decode(), times_of(value),
                                     times_of(inner))
                    assert found.directory not in self.snapshots
                    self.snapshots[found.directory] = found

    def snapshot(self, namespace: str, snapshotter: str, key: str) -> Snapshot | None:
        """By its key."""
        return next((one for one in self.snapshots.values()
                     if (one.namespace, one.snapshotter, one.key) == (namespace, snapshotter, key)), None)

    def stack(self, top: Snapshot) -> list[Snapshot]:
        """A snapshot and those below it."""
        found = [top]
        while found[-1].parent:
            found.append(self.snapshot(top.namespace, top.snapshotter, found[-1].parent))
        return found

    # --- images -------------------------------------------------------------------------------------------------------

    def blob(self, digest: str) -> Row | None:
        """A manifest, index or configuration; None for what is no JSON object, or not there."""
        data = self.files.get(CONTENT + b"/blobs/sha256/" + digest.removeprefix("sha256:").encode(), b"")
        try:
            found = json.loads(data)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def manifests(self, digest: str) -> Iterator[Manifest]:
        """The images of a target whose manifest is on the disk; an attestation is none."""
        top = self.blob(digest) or {}
        for child in top.get("manifests", []):
            if "vnd.docker.reference.type" not in child.get("annotations", {}):
                yield from self.manifests(child["digest"])
        if "config" in top:
            config = self.blob(top["config"]["digest"]) or {}
            yield Manifest(digest, top["config"]["digest"], config.get("rootfs", {}).get("diff_ids", []),
                           [(layer["digest"], layer["size"]) for layer in top["layers"]],
                           f"{config.get('os')}/{config.get('architecture')}", truth.iso_ns(config.get("created")),
                           config.get("history", []))

    def _images_of(self, namespace: str) -> Iterable[Image]:
        """All targets that have a name."""
        found: dict[str, Image] = {}
        for name, value in self.namespaces[namespace].get(b"images", {}).items():
            target = value[b"target"][b"digest"].decode()
            image = found.setdefault(target, Image(namespace, target, manifests=list(self.manifests(target))))
            image.names[name.decode()] = times_of(value)
        return found.values()

    @cached_property
    def diff_ids(self) -> dict[str, str]:
        """The diff ID of every chain ID that a configuration on the disk tells."""
        found = {}
        for path in self.files:
            config = self.blob(BLOB.fullmatch(path)[1].decode()) if BLOB.fullmatch(path) else None
            diffs = config.get("rootfs", {}).get("diff_ids", []) if config else []
            found |= dict(zip(Manifest("", "", diffs, []).chains, diffs))
        return found

    # --- containers ---------------------------------------------------------------------------------------------------

    def _containers_of(self, namespace: str) -> Iterator[Row]:
        """Records of containers that are not Docker's, in the words of docker inspect. CRI keeps their life in files."""
        for key, value in self.namespaces[namespace].get(b"containers", {}).items():
            labels = {name.decode(): text.decode() for name, text in value.get(b"labels", {}).items()}
            path = ROOT + b"/io.containerd.grpc.v1.cri/containers/" + key + b"/status"
            status = json.loads(self.files[path]) if path in self.files else {}
            pod = b"io.cri-containerd.sandbox.metadata" in value.get(b"extensions", {})
            name = labels.get("io.kubernetes.container.name") or labels.get(POD + "name") or key.decode()
            image = value[b"image"].decode()
            yield {"Id": key.decode(), "Name": "/" + name, "namespace": namespace, "runtime": "", "labels": labels,
                   "cri": bool(status) or pod, "image_name": image, "Image": next((
                       one.target for one in self.images if one.namespace == namespace and image in one.names), ""),
                   "Snapshotter": value[b"snapshotter"].decode(), "SnapshotKey": value[b"snapshotKey"].decode(),
                   "times": times_of(value), "status": status, "HostConfig": {}, "Mounts": [
                       {"Destination": mount["destination"]} for mount in specified(value[b"spec"])["mounts"]],
                   "State": {"StartedAt": "", "FinishedAt": "", "Running": True}}

    def container(self, cid: str) -> Row | None:
        """By its ID."""
        return next((one for one in self.containers if one["Id"] == cid), None)

    # --- owners -------------------------------------------------------------------------------------------------------

    def _own(self) -> None:
        """Whose each snapshot is."""
        self.tops: dict[str, Snapshot] = {}           # rw snapshot by container
        for directory, one in self.snapshots.items():
            self.layers[directory] = Layer(diff_id=self.diff_ids.get(one.key, ""))
            self.layers[directory].images = {image.target for image in self.images if image.namespace == one.namespace
                                             and any(one.key in manifest.chains for manifest in image.manifests)}
        for container in self.containers:
            key = container.get("SnapshotKey") or container["Id"]
            top = self.snapshot(container["namespace"], container.get("Snapshotter") or "overlayfs", key)
            if not top:
                continue
            self.tops[container["Id"]] = top
            for number, one in enumerate(self.stack(top)):
                layer = self.layers[one.directory]
                role = "rw" if not number else "init" if one.key == container["Id"] + "-init" else "image"
                if role == "image":                   # the image may have no name any more
                    layer.containers.add(container["Id"])
                    layer.images.add(container["Image"])
                else:
                    layer.role, layer.container = role, container
                    self.mounts[container["Id"]].append(one.directory)
            below = [one.directory for one in self.stack(top) if self.layers[one.directory].role == "image"]
            self.chains[container["Id"]] = below[::-1]
        for one in self.snapshots.values():           # what was built, step above step
            if one.kind == COMMITTED and self.layers[one.directory].role == "image":
                self.chains[one.directory.decode()] = [below.directory for below in reversed(self.stack(one))
                                                       if self.layers[below.directory].role == "image"]
        for image, manifest, name in ((i, m, name) for i in self.images for m in i.manifests for name in self.inner):
            chain = [self.snapshot(image.namespace, name, key) for key in manifest.chains]
            self.chains[f"{image.namespace} {name} {manifest.digest}"] = [one.directory for one in chain if one]

    def removals(self) -> Iterator[tuple[str, str, int, int]]:
        """What was removed by rm or mv within docker exec or ctr task exec."""
        for action in truth.actions(self.truth):
            if action.status == "0" and re.match(r"docker exec |ctr .*task exec ", action.command):
                yield from ((action.container, path, action.before, action.after)
                            for path in truth.removed_by(truth.script_of(action)))


def specified(spec: bytes) -> Row:
    """The OCI specification in a record of a container, which is JSON behind the name of its type."""
    return json.loads(spec[spec.index(b"{"):])


def times_of(bucket: Bucket) -> dict[str, int]:
    """The times of a record."""
    return {name: boltread.time_ns(bucket[name.encode()]) for name in ("createdat", "updatedat")
            if bucket.get(name.encode())}


# --- hosts ------------------------------------------------------------------------------------------------------------

class SnapshotHost(LayeredCase):
    """The layers of one snapshotter, and the containers on them by name; where two have one, by ID."""

    def __init__(self, case: ContainerdCase, snapshotter: str) -> None:
        super().__init__(case.name, case.state, case)
        prefix = ROOT + f"/io.containerd.snapshotter.v1.{snapshotter}/".encode()
        self.layers = {layer: entries for layer, entries in self.layers.items() if layer.startswith(prefix)}
        own = [c for c in case.containers if c["Id"] in case.tops and case.tops[c["Id"]].snapshotter == snapshotter]
        names = Counter(c["Name"] for c in own)
        self.containers = {c["Name"][1:] if names[c["Name"]] == 1 else c["Id"]: c for c in own}
        self.driver = "vfs" if snapshotter == "native" else "overlay2"

    def stack(self, name: str) -> tuple[bytes, ...]:
        """The layer directories of a container, rw first."""
        return tuple(one.directory for one in self.case.stack(self.case.tops[self.containers[name]["Id"]]))

    def layer_id(self, layer: bytes) -> str:
        """The name of a layer in the output: the diff ID of an image layer, else its key."""
        return self.case.layers[layer].diff_id or self.case.snapshots[layer].key


class UpgradedHost(LayeredCase):
    """The layers and containers of the graph driver that Docker had before it was upgraded, as told in a phase."""
    driver = "overlay2"

    def __init__(self, name: str, state: str, phase: str) -> None:
        super().__init__(name, state, truth.Case(machine.EVIDENCE / name, state, False, phase))


def merged_listing(path: Path) -> dict[bytes, Row]:
    """A recorded merged view: rows by path."""
    names, *lines = truth.recorded(path).lstrip("#").split("\n")[:-1]
    rows = (dict(zip(names.split("\t"), line.split("\t"))) for line in lines)
    return {unescape(row["path"]): row for row in rows}


# --- what may be said -------------------------------------------------------------------------------------------------

def runtimes(case: ContainerdCase, namespace: str, container: Row | None) -> tuple[str, ...]:
    """Which runtime may be named. A container that ctr made in k8s.io may be called either way."""
    if namespace == "moby":
        return ("docker",)
    if namespace != "k8s.io":
        return ("containerd",)
    if case.name == "containerd-cri-ext4" or container and container["cri"]:
        return ("kubernetes",)
    return ("kubernetes", "containerd")


def image_ids(case: ContainerdCase, namespace: str, targets: set[str]) -> set[str]:
    """By what one may call these images."""
    known = (image for image in case.images if image.namespace == namespace and image.target in targets)
    return targets.union(*(image.ids for image in known))


def pod_of(container: Row) -> Row:
    """The fields about the pod of a container of CRI."""
    labels = container.get("labels", {})
    if not container.get("cri"):
        return {}
    return {"pod_identifier": labels[POD + "uid"], "pod_name": labels[POD + "name"],
            "pod_namespace": labels[POD + "namespace"]}


def life_of(container: Row) -> Iterator[tuple[str, int, Row]]:
    """What was done to a container and when, with other fields of that row."""
    status = container["status"]
    if not status:
        yield "create", container["times"]["createdat"], {}
        return
    yield "create", status["CreatedAt"], {}
    if status["StartedAt"]:
        yield "start", status["StartedAt"], {}
    if status["FinishedAt"]:
        yield "finish", status["FinishedAt"], {"exit_code": status["ExitCode"]}
