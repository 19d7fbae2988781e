# SPDX-License-Identifier: Apache-2.0
"""The truth of a case that fresh_containerd.py made, in the shape in which truth.py and overlay_truth.py have that of
Docker: so the checks of files, changes and deletions serve for both. A container is NAMESPACE/ID; what is wanted of rows
comes from what ctr said and from the numbers of the directories that each of its commands made."""
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lib import truth
from lib.fresh_containerd import STORE, FreshContainerd
from lib.overlay_truth import Entry, LayeredCase
from lib.reading import Row

PLACE = re.compile(rb"/%s/io\.containerd\.snapshotter\.v1\.(\w+)/snapshots/(\d+)(/fs|)(/.*|)" % STORE.encode(), re.S)


class ContainerdCase(truth.Case):
    """What truth.Case has of Docker: nodes, containers, layers by directory, chains of images, mounts of containers."""

    inside = "ctr task exec "

    def __init__(self, made: FreshContainerd, state: str) -> None:
        self.made, self.truth, self.docker = made, made.folder / "truth", made.folder / "truth"
        self.nodes = truth.nodes_of(self.truth / f"fs.{state}.tsv", False)
        self.said = made.said if state == "clean" else made.said_before
        self.layers, self.chains, self.mounts = {}, {}, defaultdict(list)
        self.containers = [self.inspected(f"{namespace}/{name}", info) for namespace, all_said in self.said.items()
                           for name, info in all_said["containers"].items()]
        self.existing = {container["Id"] for container in self.containers}
        self.link()

    def inspected(self, name: str, info: Row) -> Row:
        """What others ask of a container, in Docker's words. Its image is that of its namespace and snapshotter."""
        key = f"{name.partition('/')[0]}/{info['Snapshotter']} {info['Image']}"
        return {"Id": name, "Name": f"/{name}", "Image": key, "State": {"FinishedAt": ""}, "Created": info["CreatedAt"],
                "Snapshotter": info["Snapshotter"]}

    def directory(self, snapshotter: str, number: int) -> bytes:
        """Where the files of a snapshot are."""
        tail = "/fs" if snapshotter == "overlayfs" else ""
        return f"/{STORE}/io.containerd.snapshotter.v1.{snapshotter}/snapshots/{number}{tail}".encode()

    def link(self) -> None:
        """Whose each directory is."""
        for (owner, tag), numbers in self.made.numbers.items():
            namespace, _, snapshotter = owner.partition("/")
            if snapshotter and tag in [words[0] for words in self.said[namespace]["images"]]:
                chain = [self.directory(snapshotter, number) for number in numbers]
                self.chains[f"{owner} {tag}"] = chain
                users = {c["Id"] for c in self.containers if c["Image"] == f"{owner} {tag}"}
                for place, diff_id in zip(chain, self.made.diff_ids[tag]):
                    self.layers[place] = truth.Layer("image", None, diff_id, users)
        for container in self.containers:
            namespace, _, name = container["Id"].partition("/")
            snapshot = self.said[namespace]["snapshots"][container["Snapshotter"]][name]
            place = self.directory(container["Snapshotter"], int(snapshot["numbers"][0]))
            self.mounts[container["Id"]] = [place]
            self.layers[place] = truth.Layer("rw", container)

    def locate(self, path: bytes) -> tuple[str, bytes, bytes]:
        """('layer', directory, rest), or ''."""
        match = PLACE.fullmatch(path)
        if not match or (match[1] == b"overlayfs") != bool(match[3]):
            return "", b"", b""
        return "layer", path[:len(path) - len(match[4])], match[4]

    def is_whiteout(self, path: bytes) -> bool:
        """A character device 0:0 in a directory of overlayfs."""
        node = self.nodes[path]
        return node["type"] == "c" and node["rdev"] == "0:0" and self.locate(path)[1].endswith(b"/fs")


class ContainerdHost(LayeredCase):
    """The layers of such a case, and its containers on one snapshotter."""

    def __init__(self, made: FreshContainerd, state: str, snapshotter: str) -> None:
        self.name, self.state, self.case = str(made.folder), state, ContainerdCase(made, state)
        self.driver = "overlay2" if snapshotter == "overlayfs" else "vfs"
        self.containers = {c["Id"]: c for c in self.case.containers if c["Snapshotter"] == snapshotter}
        self.layers, self.views = {}, {}
        for path in sorted(self.case.nodes):
            area, layer, inner = self.case.locate(path)
            if area == "layer":
                self.layers.setdefault(layer, []).append(Entry(inner or b"/", layer, self.case.nodes[path]))


def with_namespace(rows: Path, out: Path) -> Path:
    """The same rows with NAMESPACE/ID for the ID of a container."""
    with open(rows, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as done:
        for row in map(json.loads, lines):
            if "container_identifier" in row:
                row["container_identifier"] = f"{row.get('container_namespace')}/{row['container_identifier']}"
            done.write(json.dumps(row) + "\n")
    return out
