#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What does a host of containerd cost as its store grows? Makes disks with 250, 500, 1000 and 2000 snapshots in a store,
a tenth of them rw layers of containers, and prints time and peak memory of a run over each as a table in Markdown.

    make build/bench/measure && contrib/bench/containerd.py [SNAPSHOTS...]

As root: layers have whiteouts. The databases have the records of containerd 1.6 (core/metadata/buckets.go and
snapshots/storage/bolt.go in its source); blobs of layers are tars. Environment: ROUNDS (3), FILES (20: in each layer),
BENCH_DIR, LAYERTIME, BENCH_TOOLS, as of bench.py."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from lib.boltfile import Bucket, SplitWriter  # noqa: E402

LAYERTIME = os.environ.get("LAYERTIME", str(ROOT / "layertime"))
MEASURE = Path(os.environ.get("BENCH_TOOLS", ROOT / "build/bench")) / "measure"
BENCH_DIR = Path(os.environ.get("BENCH_DIR") or f"{os.environ.get('TMPDIR', '/tmp')}/layertime-bench") / "containerd"
ROUNDS, FILES = int(os.environ.get("ROUNDS", "3")), int(os.environ.get("FILES", "20"))
STACK = 9                                             # layers of an image
FIRST = 1_700_000_000                                 # when the first thing was made
BUILT = "2023-01-02T03:04:05Z"
OCI = "application/vnd.oci.image"
SPEC = b"types.containerd.io/opencontainers/runtime-spec/1/Spec"


def varint(number: int) -> bytes:
    """Of Go's encoding/binary, unsigned."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number: int, data: bytes) -> bytes:
    """A field of a protobuf message that holds bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def digest(data: bytes) -> str:
    """As in OCI descriptors."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def labels(**pairs: str) -> Bucket:
    """A bucket of labels; __ in a name stands for a dot, ___ for a slash."""
    return {key.replace("___", "/").replace("__", ".").encode(): value.encode() for key, value in pairs.items()}


class Store:
    """A root of containerd in a directory, with one namespace."""

    def __init__(self, root: Path) -> None:
        self.content = root / "io.containerd.content.v1.content/blobs/sha256"
        self.overlay = root / "io.containerd.snapshotter.v1.overlayfs"
        self.meta = root / "io.containerd.metadata.v1.bolt/meta.db"
        for place in (self.content, self.overlay / "snapshots", self.meta.parent):
            place.mkdir(parents=True)
        self.clock, self.names = FIRST, 0
        self.images: Bucket = {}
        self.containers: Bucket = {}
        self.snapshots: Bucket = {}
        self.blobs: Bucket = {}
        self.records: Bucket = {}
        self.parents: Bucket = {}

    def now(self) -> Bucket:
        """Created and updated, one second after what was made before: Go's binary form of a time, in UTC."""
        self.clock += 1
        stamp = b"\1" + (62135596800 + self.clock).to_bytes(8, "big") + bytes(4) + b"\xff\xff"
        return {b"createdat": stamp, b"updatedat": stamp}

    def blob(self, data: bytes, kind: str, notes: Bucket) -> dict:
        """Store it; returns its descriptor."""
        name = digest(data)
        (self.content / name[7:]).write_bytes(data)
        self.blobs[name.encode()] = self.now() | {b"size": varint(2 * len(data)), b"labels": notes}
        return {"mediaType": f"{OCI}.{kind}", "digest": name, "size": len(data)}

    def snapshot(self, key: str, parent: str, kind: int) -> Path:
        """A snapshot, and where its files go."""
        self.names += 2 if kind == 3 else 1
        number = len(self.records) + 1
        name, above = f"default/{self.names}/{key}".encode(), self.snapshots.get(parent.encode())
        own: Bucket = self.now() | {b"name": name}
        record: Bucket = {b"createdat": own[b"createdat"], b"updatedat": own[b"updatedat"], b"id": varint(number),
                          b"kind": bytes([kind])}
        if kind == 3:
            record |= {b"inodes": varint(2 * FILES), b"size": varint(2 * 4096 * FILES)}
        if above is not None:
            above.setdefault(b"children", {})[key.encode()] = b""
            own[b"parent"], record[b"parent"] = parent.encode(), above[b"name"]
            place = self.records[above[b"name"]][b"id"] + b"\0" + record[b"id"]
            self.parents[place] = name
        self.snapshots[key.encode()], self.records[name] = own, record
        files = self.overlay / f"snapshots/{number}/fs"
        files.mkdir(parents=True)
        (files.parent / "work").mkdir()
        return files

    def layer(self, files: Path, seed: str) -> bytes:
        """Fill the directory of a layer; its tar."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for number in range(FILES):
                info = tarfile.TarInfo(f"srv/{seed}/lib{number}.so")
                data = f"{seed} {number}\n".encode()
                info.size, info.mtime, info.mode = len(data), FIRST + number, 0o644
                archive.addfile(info, io.BytesIO(data))
        out.seek(0)
        with tarfile.open(fileobj=out) as archive:
            archive.extractall(files)
        return out.getvalue()

    def image(self, name: str) -> str:
        """An image of layers of its own; the key of its topmost snapshot."""
        diff_ids, stored, chain = [], [], ""
        for number in range(STACK):
            # The key is known once the tar is: unpack beside, then move, as containerd commits.
            spare = self.overlay / "new"
            spare.mkdir()
            tar = self.layer(spare, f"{name.replace(':', '-')}-{number}")
            diff_ids.append(digest(tar))
            above, chain = chain, digest(f"{chain} {diff_ids[-1]}".encode()) if chain else diff_ids[-1]
            files = self.snapshot(chain, above, 3)
            files.rmdir()
            spare.rename(files)
            stored.append(self.blob(tar, "layer.v1.tar", labels(containerd__io___uncompressed=diff_ids[-1])))
        config = {"created": BUILT, "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/run"]},
                  "rootfs": {"type": "layers", "diff_ids": diff_ids},
                  "history": [{"created": BUILT, "created_by": f"step {n}"} for n in range(STACK)]}
        root = self.blob(json.dumps(config).encode(), "config.v1+json",
                         labels(containerd__io___gc__ref__snapshot__overlayfs=chain))
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": root, "layers": stored}
        notes: Bucket = {f"containerd.io/gc.ref.content.l.{n}".encode(): item["digest"].encode()
                         for n, item in enumerate(stored)}
        notes[b"containerd.io/gc.ref.content.config"] = root["digest"].encode()
        target = self.blob(json.dumps(manifest).encode(), "manifest.v1+json", notes)
        self.images[name.encode()] = self.now() | {b"target": {
            b"digest": target["digest"].encode(), b"mediatype": target["mediaType"].encode(),
            b"size": varint(2 * target["size"])}}
        return chain

    def container(self, name: str, image: str, parent: str) -> None:
        """A container that changed some files of its image."""
        files = self.snapshot(name, parent, 2)
        for number in range(FILES):
            (files / f"made{number}").write_text(f"{name} {number}\n")
        changed = files / f"srv/{image.replace(':', '-')}-0"
        changed.mkdir(parents=True)
        os.mknod(changed / "lib0.so", 0o020000, 0)
        (changed / "lib1.so").write_text("changed\n")
        spec = {"ociVersion": "1.0.2-dev", "process": {"args": ["/run"], "env": ["PATH=/bin"] * 20, "cwd": "/"},
                "root": {"path": "rootfs"}, "mounts": [{"destination": f"/m{n}", "type": "bind", "source": f"/srv/{n}",
                                                        "options": ["rbind", "rw"]} for n in range(10)]}
        self.containers[name.encode()] = self.now() | {
            b"image": image.encode(), b"snapshotter": b"overlayfs", b"snapshotKey": name.encode(),
            b"spec": field(1, SPEC) + field(2, json.dumps(spec).encode()),
            b"runtime": {b"name": b"io.containerd.runc.v2"}, b"labels": labels(tier="front")}

    def close(self) -> None:
        """Write the databases."""
        namespace = {b"images": self.images, b"containers": self.containers, b"content": {b"blob": self.blobs},
                     b"snapshots": {b"overlayfs": self.snapshots}}
        for path, tree in ((self.meta, {b"version": b"\6", b"default": namespace}),
                           (self.overlay / "metadata.db", {b"snapshots": self.records, b"parents": self.parents})):
            writer = SplitWriter()
            root = writer.add({b"v1": tree})
            path.write_bytes(writer.file((writer.meta(0, 3, 6), writer.meta(1, root, 7))))


def make(snapshots: int) -> Path:
    """The disk with that many, if it is not there yet."""
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    image = BENCH_DIR / f"{snapshots}-{FILES}-{recipe}.img"
    if image.exists():
        return image
    tree = BENCH_DIR / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    store = Store(tree / "var/lib/containerd")
    (tree / "etc").mkdir()
    for number in range(snapshots // (STACK + 1)):
        top = store.image(f"shop:{number}")
        store.container(f"shop-{number}", f"shop:{number}", top)
    store.close()
    size = snapshots * (FILES + 8) * 5 + 65536                # KiB: a block for each file
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-N", str(snapshots * (FILES + 10) + 4096), "-d", tree,
                    image.with_suffix(".part"), f"{size}k"], check=True)
    shutil.rmtree(tree)
    image.with_suffix(".part").rename(image)
    return image


def run(image: Path) -> tuple[float, float, float, int]:
    """CPU and wall seconds, peak MiB, and rows of a run."""
    cost = BENCH_DIR / "cost"
    with subprocess.Popen([MEASURE, cost, LAYERTIME, "-q", "-f", "jsonl", image], stdout=subprocess.PIPE) as process:
        rows = 0
        while block := process.stdout.read(1 << 20):
            rows += block.count(b"\n")
    status, wall, user, system, peak = cost.read_text(encoding="ascii").split()
    if status != "0":
        sys.exit(f"{image}: exit status {status}")
    return float(user) + float(system), float(wall), int(peak) / 1024, rows


def main() -> int:
    """Make, measure, print."""
    sizes = [int(word) for word in sys.argv[1:]] or [250, 500, 1000, 2000]
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    print("| snapshots | containers | rows | CPU s | wall s | peak MiB | CPU ms a snapshot | peak KiB a snapshot |")
    print("| --------: | ---------: | ---: | ----: | -----: | -------: | ----------------: | ------------------: |")
    for snapshots in sizes:
        image = make(snapshots)
        costs = [run(image) for _ in range(ROUNDS + 1)][1:]
        cpu, wall, peak = (median(cost[at] for cost in costs) for at in range(3))
        print(f"| {snapshots} | {snapshots // (STACK + 1)} | {costs[0][3]} | {cpu:.2f} | {wall:.2f} | {peak:.1f} "
              f"| {1000 * cpu / snapshots:.2f} | {1024 * peak / snapshots:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
