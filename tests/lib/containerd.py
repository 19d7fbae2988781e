# SPDX-License-Identifier: Apache-2.0
"""The real containerd with a root of its own, without CRI and network, asked by ctr. It is the oracle for what it says;
how it is asked is all that stands here."""
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from lib.machine import TIMEOUT, Refused
from lib.reading import Row

NEEDED = ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
CONFIG = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
                    "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{opt}"
"""


class Containerd:
    """containerd while it runs. `root` is what it keeps; all that a boot would take away is below `scratch`."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.socket, self.state, self.log = scratch / "sock", scratch / "state", scratch / "containerd.log"
        self.runc = scratch / "runc"                  # for ctr run --runc-root; runc's own place is one for all
        config = scratch / "config.toml"
        config.write_text(CONFIG.format(root=root, state=self.state, socket=self.socket, opt=scratch / "opt"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["containerd", "--config", config], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        end = time.monotonic() + TIMEOUT
        while self.try_ctr("version").returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise Refused(f"containerd cannot run: {self.log.read_text(errors='replace')[-300:]}")
            time.sleep(0.05)

    def try_ctr(self, *args: Any, **options: Any) -> subprocess.CompletedProcess:
        """A command of ctr to its end, whatever comes of it."""
        command = ["ctr", "--address", self.socket, *args]
        return subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT, **options)

    def ctr(self, *args: Any) -> str:
        """What a command of ctr prints, which must succeed."""
        done = self.try_ctr(*args)
        assert not done.returncode, f"ctr {' '.join(map(str, args))}: {done.stderr.decode(errors='replace')[-300:]}"
        return done.stdout.decode()

    def table(self, *args: Any) -> list[list[str]]:
        """The words of each line but the heading."""
        return [line.split() for line in self.ctr(*args).splitlines()[1:]]

    def told(self, *args: Any) -> Row:
        """What a command prints as JSON."""
        return json.loads(self.ctr(*args))

    def snapshots(self, namespace: str, snapshotter: str) -> dict[str, Row]:
        """All snapshots of a namespace by key; of active ones also the numbers of their directories, the own first."""
        ask = ("--namespace", namespace, "snapshots", "--snapshotter", snapshotter)
        found = {key: self.told(*ask, "info", key) for key, *_ in self.table(*ask, "ls")}
        for key, snapshot in found.items():
            if snapshot["Kind"] == "Active":
                mounts = self.ctr(*ask, "mounts", "/x", key)
                snapshot["numbers"] = list(dict.fromkeys(re.findall(r"/snapshots/(\d+)", mounts)))
        return found

    def shims(self) -> list[int]:
        """Processes of its shims: their command lines have its socket."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = place.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"shim-runc-v2" in words[0] and os.fsencode(self.socket) in words:
                found.append(int(place.parent.name))
        return found

    def kill(self) -> None:
        """The end of everything, as when the power fails: containerd, its shims, and the processes of containers."""
        tasks = [int(place.read_text()) for place in self.state.glob("*/*/*/init.pid")]
        self.process.kill()
        self.process.wait()
        for pid in self.shims() + tasks:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def reboot(self) -> None:
        """After kill(): what a boot finds gone, mounts, control groups and /run."""
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(f"{self.state}/"):
                subprocess.run(["umount", "-l", line.split()[1]], check=True)
        for bundle in self.state.glob("io.containerd.runtime.v2.task/*/*"):
            for group in Path("/sys/fs/cgroup").glob(f"**/{bundle.parent.name}/{bundle.name}"):
                subprocess.run(["rmdir", group], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", "--one-file-system", self.state, self.runc], check=True)
