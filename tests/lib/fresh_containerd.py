# SPDX-License-Identifier: Apache-2.0
"""A case of evidence made on the spot by the real containerd and ctr: its own root on an ext4 image, no network.

As with fresh_case.py, files in containers are changed through /proc/PID/root. The truth is what the kernel lists, what
ctr says as JSON, and the clock before and after each action. Containers are known as NAMESPACE/ID.
"""
import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib import disks, ext4fs, launch, machine, truth
from lib.containerd import NEEDED, Containerd
from lib.fresh_case import Recorder, tar_of
from lib.machine import Refused
from lib.reading import Row

STORE = "var/lib/containerd"
SNAPSHOTTERS = ("overlayfs", "native")
BUILT = "2001-02-03T04:05:06Z"


def oci_archive(name: str, *layers: bytes) -> bytes:
    """An image as an OCI layout in a tar, its layers as they are."""
    blobs: dict[str, Any] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def add(data: bytes, kind: str) -> Row:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    stored = [add(layer, "layer.v1.tar") for layer in layers]
    steps = [{"created": BUILT, "created_by": f"step {number}"} for number in range(len(layers))]
    config = {"created": BUILT, "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/tool"]}, "history": steps,
              "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in stored]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": stored,
                "config": add(json.dumps(config).encode(), "config.v1+json")}
    target = add(json.dumps(manifest).encode(), "manifest.v1+json")
    target["annotations"] = {"io.containerd.image.name": name}
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [target]}).encode()
    return tar_of(blobs)


class FreshContainerd(Recorder):
    """A case of containerd, whose root is on a mounted disk."""

    def __init__(self, folder: Path, root: Path, work: Path) -> None:
        super().__init__(folder, "ctr task exec")
        self.work, self.store = work, root / STORE
        self.daemon = Containerd(self.store, work)
        # Directories by (snapshotter, NAMESPACE/KEY), of an image by (NAMESPACE/SNAPSHOTTER, name).
        self.numbers: dict[tuple[str, str], list[int]] = {}
        self.spans: dict[tuple[str, int], tuple[int, int]] = {}  # (snapshotter, number) -> when it was made
        self.snapshotter_of: dict[str, str] = {}
        self.said: Row = {}
        self.said_before: Row = {}                     # when the power failed
        self.failed = 0                               # when that was
        self.diff_ids: dict[str, list[str]] = {}

    def directories(self, snapshotter: str) -> set[int]:
        """Numbers of the snapshots that have a directory."""
        place = self.store / f"io.containerd.snapshotter.v1.{snapshotter}/snapshots"
        return {int(entry.name) for entry in place.iterdir()} if place.exists() else set()

    def ctr(self, name: str, what: str, *args: Any, namespace: str = "default") -> list[int]:
        """A recorded command of ctr; returns the numbers of the directories that it made on one snapshotter."""
        before = {snapshotter: self.directories(snapshotter) for snapshotter in SNAPSHOTTERS}
        command = ("--namespace", namespace, *args)
        self.note(name, what, "-", f"ctr {' '.join(map(str, command))}", lambda: self.daemon.ctr(*command))
        made = {kind: sorted(self.directories(kind) - before[kind]) for kind in SNAPSHOTTERS}
        for snapshotter, numbers in made.items():
            self.spans |= {(snapshotter, number): self.last_span() for number in numbers}
        return made["overlayfs"] or made["native"]

    def import_image(self, namespace: str, tag: str, snapshotter: str, *layers: dict[str, Any]) -> None:
        """Import an image of these layers; the first gets the tool."""
        first = {"tool": self.static_tool(self.work)} | layers[0]
        tars = [tar_of(layer) for layer in (first, *layers[1:])]
        archive = self.work / "image.tar"
        archive.write_bytes(oci_archive(tag, *tars))
        made = self.ctr("-", "image_import", "images", "import", "--snapshotter", snapshotter, archive,
                        namespace=namespace)
        assert len(made) == len(layers), made
        self.numbers[f"{namespace}/{snapshotter}", tag] = made
        self.diff_ids[tag] = ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]

    def top(self, tag: str) -> str:
        """The key of the topmost snapshot of an image: its chain ID (OCI image specification, config.md)."""
        chain, *others = self.diff_ids[tag]
        for diff_id in others:
            chain = "sha256:" + hashlib.sha256(f"{chain} {diff_id}".encode()).hexdigest()
        return chain

    def create(self, name: str, image: str, *options: str, snapshotter: str = "overlayfs", run: bool = True) -> None:
        """ctr run -d, or ctr container create."""
        namespace, _, container = name.partition("/")
        self.ids[name], self.snapshotter_of[name] = name, snapshotter
        places = ("--runc-root", self.daemon.runc, "--fifo-dir", self.work / "fifo")
        verb = ("run", "-d", *places) if run else ("container", "create")
        made = self.ctr(name, "container_run" if run else "container_create", *verb, "--snapshotter", snapshotter,
                        *options, image, container, namespace=namespace)
        self.numbers[snapshotter, name] = made
        if run:
            self.find_root(name)

    def try_to_run(self) -> None:
        """Raises Refused where no container can run. What was tried leaves two gaps in the numbers."""
        image = "lab.test/try:1"
        self.import_image("default", image, "overlayfs", {"dev": None, "proc": None, "sys": None, "x": b""})
        try:
            self.ctr("-", "try", "run", "--rm", "--runc-root", self.daemon.runc, image, "try", "/tool", "rm", "/x")
        except AssertionError as error:
            raise Refused(str(error)) from error
        self.spans["overlayfs", 2] = self.spans.get(("overlayfs", 2)) or self.last_span()
        self.ctr("-", "image_remove", "images", "remove", "--sync", image)
        for number in (1, 2):
            self.wait_gone("overlayfs", number)

    def last_span(self) -> tuple[int, int]:
        """The clock before and after the last action."""
        action = truth.Action(*self.actions[-1].split("\t"))
        return int(action.before), int(action.after)

    def find_root(self, name: str) -> None:
        """Where a running container's files are."""
        namespace, _, container = name.partition("/")
        tasks = {words[0]: words[1] for words in self.daemon.table("--namespace", namespace, "tasks", "ls")}
        self.roots[name] = f"/proc/{tasks[container]}/root"

    def on(self, name: str, what: str, *args: Any, then: tuple[str, ...] = ()) -> None:
        """A command of ctr about a container, `then` what follows its ID."""
        namespace, _, container = name.partition("/")
        self.ctr(name, what, *args, container, *then, namespace=namespace)

    def start(self, name: str) -> None:
        """A new task, and with it a new mount."""
        self.on(name, "task_start", "tasks", "start", "-d", "--fifo-dir", self.work / "fifo")
        self.find_root(name)

    def kill(self, name: str) -> None:
        """Kill a container's process and wait until it has stopped."""
        namespace, _, container = name.partition("/")
        self.on(name, "task_kill", "tasks", "kill", "-s", "KILL")
        launch.wait_for(lambda: [container, "STOPPED"] in [[words[0], words[2]] for words in self.daemon.table(
            "--namespace", namespace, "tasks", "ls")])

    def wait_gone(self, snapshotter: str, number: int) -> None:
        """Wait until the garbage collection has taken a directory."""
        launch.wait_for(lambda: number not in self.directories(snapshotter))

    def remove_container(self, name: str) -> None:
        """Kill a container, and remove its task, its record and its snapshot."""
        self.kill(name)
        self.on(name, "task_delete", "tasks", "delete")
        self.on(name, "container_rm", "containers", "delete")
        self.wait_gone(self.snapshotter_of[name], self.numbers[self.snapshotter_of[name], name][0])

    def snapshot(self, verb: str, key: str, *of: str) -> Path:
        """ctr snapshots prepare, view or commit; returns where the files of a new snapshot are."""
        made = self.ctr("-", f"snapshot_{verb}", "snapshots", verb, key, *of)
        self.numbers["overlayfs", f"default/{key}"] = made or self.numbers["overlayfs", f"default/{of[0]}"]
        number = self.numbers["overlayfs", f"default/{key}"][0]
        return self.store / f"io.containerd.snapshotter.v1.overlayfs/snapshots/{number}/fs"

    def unfinished_ingest(self, ref: str, data: bytes) -> None:
        """A download whose client ends half way. It sends pieces of 1 MiB."""
        command = ["ctr", "--address", self.daemon.socket, "content", "ingest", "--expected-size", str(4 << 20), ref]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as client:
            client.stdin.write(data)
            client.stdin.flush()
            place = self.store / "io.containerd.content.v1.content/ingest"
            launch.wait_for(lambda: sum(file.stat().st_size for file in place.glob("*/data")))
            client.send_signal(signal.SIGKILL)

    def say(self) -> Row:
        """What ctr says of everything now."""
        said: Row = {}
        for namespace in (words[0] for words in self.daemon.table("namespaces", "ls")):
            ask = ("--namespace", namespace)
            said[namespace] = {
                "containers": {name: self.daemon.told(*ask, "containers", "info", name)
                               for name, *_ in self.daemon.table(*ask, "containers", "ls")},
                "tasks": self.daemon.table(*ask, "tasks", "ls"),
                "images": self.daemon.table(*ask, "images", "ls"),
                "content": self.daemon.table(*ask, "content", "ls"),
                "leases": self.daemon.table(*ask, "leases", "ls"),
                "snapshots": {kind: self.daemon.snapshots(namespace, kind) for kind in SNAPSHOTTERS}}
        return said

    def power_off(self) -> Path:
        """Everything is killed; a copy of the disk as it lies there then; and the machine boots again."""
        self.daemon.kill()
        copy = self.folder / "poweroff.raw"
        disks.sparse_copy(self.folder / "disk.raw", copy)
        self.daemon.reboot()
        return copy

    def boot(self) -> None:
        """containerd starts again."""
        self.daemon = Containerd(self.store, self.work)


def make(folder: Path, first: Callable[[FreshContainerd], None],
         second: Callable[[FreshContainerd], None]) -> FreshContainerd:
    """A case: what is done before the power fails, and after the boot. Raises Refused where this machine does not
    allow it. Then `folder` has poweroff.raw and disk.raw, and truth/ with their listings."""
    if not machine.IS_ROOT or not machine.have(*NEEDED, "mke2fs", "cc"):
        raise Refused("needs root and " + ", ".join(NEEDED))
    image, work = folder / "disk.raw", folder / "work"
    for path in (folder, work, folder / "truth"):
        path.mkdir()
    with open(image, "wb") as file:
        file.truncate(128 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", image], check=True, capture_output=True)
    with disks.mount(image, "ext4", "loop") as root:
        for place in (STORE, "etc"):
            (root / place).mkdir(parents=True)
        case = FreshContainerd(folder, root, work)
        try:
            case.try_to_run()
            first(case)
            case.said_before = case.say()
            case.failed = time.time_ns()
            case.power_off()
            case.boot()
            second(case)
            case.said = case.say()
        finally:
            case.daemon.kill()
            case.daemon.reboot()
    case.write_actions()
    case.kernel_says(ext4fs.view_of(image), "clean")
    case.kernel_says(ext4fs.replayed_view(folder / "poweroff.raw", work / "copy"), "poweroff-replayed")
    return case
