# SPDX-License-Identifier: Apache-2.0
"""A case of evidence made on the spot by the real dockerd: its own data root on an ext4 image, no network.

What is done in containers is done through /proc/PID/root. So it goes through their overlay mounts, and the clock is read
before and after. The truth is written as that of the recorded cases: a listing by the kernel, what Docker says, and
actions.tsv.
"""
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lib import disks, ext4fs, machine
from lib.dockerd import Daemon, Refused

# The only program in the images: `tool rm PATH...`, else it waits to be stopped.
TOOL = r"""
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "rm") == 0) {
        for (int i = 2; i < argc; i++)
            if (unlink(argv[i]) != 0)
                return 1;
        return 0;
    }
    return pause();
}
"""
OLD = 946_684_800                                     # 2000-01-01, the mtime of all that is in the base image
COARSE = 5                                            # CLOCK_REALTIME_COARSE: what the kernel stamps files with
KINDS = {0: "C", 1: "A", 2: "D"}


def tar_of(entries: dict[str, Any]) -> bytes:
    """A layer: bytes is a file, None a directory, a pair a symbolic link or a hard link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, value in entries.items():
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = OLD, 0o755 if value is None or name.startswith("tool") else 0o644
            if value is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(value, tuple):
                info.type, info.linkname = {"symbolic": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}[value[0]], value[1]
            else:
                info.size = len(value)
            archive.addfile(info, io.BytesIO(value) if isinstance(value, bytes) else None)
    return out.getvalue()


class Recorder:
    """A case below `folder`: disk.raw, and truth/ once it is finished. `inside` is how its client runs a command in a
    container, `roots` where the files of each running container are."""

    def __init__(self, folder: Path, inside: str) -> None:
        self.folder, self.inside = folder, inside
        self.actions: list[str] = []
        self.ids: dict[str, str] = {}
        self.roots: dict[str, str] = {}

    def note(self, name: str, what: str, path: str, command: str, action: Callable[[], Any]) -> None:
        """Do something, and record it in the words of the recorded cases."""
        before = time.clock_gettime_ns(COARSE)
        action()
        after = time.time_ns()
        fields = len(self.actions) + 1, before, after, 0, what, name, self.ids.get(name, "-"), path, command
        self.actions.append("\t".join(map(str, fields)))
        time.sleep(0.06)                              # what is two actions did not come at once (truth.NEAR)

    def act(self, name: str, what: str, path: str, command: str, action: Callable[[str], Any]) -> None:
        """Do something to a path in a running container."""
        line = f"{self.inside} {name} sh -c '{command}'"
        self.note(name, what, path, line, lambda: action(self.roots[name] + path))

    def remove(self, name: str, path: str, pause: float = 0.0) -> None:
        """rm -r."""
        def gone(at: str) -> None:
            (shutil.rmtree if os.path.isdir(at) and not os.path.islink(at) else os.unlink)(at)
        self.act(name, "delete", path, f"rm -r {path}", gone)
        time.sleep(pause)

    def write_actions(self) -> None:
        """truth/actions.tsv."""
        header = "#seq\tclock_before_ns\tclock_after_ns\trc\twhat\tcontainer\tcontainer_id\tpath\tcommand"
        (self.folder / "truth/actions.tsv").write_text("\n".join([header, *self.actions]) + "\n")
        (self.folder / "readme.md").write_text("made on the spot\n")

    def kernel_says(self, view: ext4fs.View, state: str) -> None:
        """Write the kernel's listing of the disk in a state."""
        lines = ["#" + "\t".join((*ext4fs.COLUMNS, "path"))]
        lines += ["\t".join((*columns, path)) for path, columns in view.items()]
        (self.folder / f"truth/fs.{state}.tsv").write_text("\n".join(lines) + "\n")

    def static_tool(self, work: Path) -> bytes:
        """The tool, compiled."""
        source, tool = work / "tool.c", work / "tool"
        source.write_text(TOOL)
        try:
            subprocess.run(["cc", "-static", "-O2", "-s", "-o", tool, source], check=True, capture_output=True)
        except subprocess.CalledProcessError as error:
            raise Refused(f"no static program: {error.stderr.decode()[-300:]}") from error
        return tool.read_bytes()


class FreshCase(Recorder):
    """A case of Docker."""

    def __init__(self, folder: Path, daemon: Daemon, work: Path) -> None:
        super().__init__(folder, "docker exec")
        self.daemon, self.work = daemon, work

    def base_image(self, tag: str, entries: dict[str, Any]) -> None:
        """Import an image with the tool and these files."""
        repo, version = tag.split(":")
        layer = tar_of({"tool": self.static_tool(self.work)} | entries)
        self.daemon.call("POST", "/images/create", layer, fromSrc="-", repo=repo, tag=version)

    def build(self, tag: str, dockerfile: str, entries: dict[str, Any]) -> None:
        """Build an image with the classic builder."""
        context = tar_of({"Dockerfile": dockerfile.encode()} | entries)
        self.daemon.call("POST", "/build", context, t=tag, networkmode="none")

    def create(self, name: str, image: str) -> None:
        """docker create."""
        body = {"Image": image, "Cmd": ["/tool"], "Hostname": name, "HostConfig": {"NetworkMode": "none"}}
        self.ids[name] = self.daemon.call("POST", "/containers/create", body, name=name)["Id"]

    def start(self, name: str, *how: str) -> None:
        """docker start, or others: stop and start make a new mount, restart goes on with the old one."""
        for verb in how or ("start",):
            self.daemon.call("POST", f"/containers/{self.ids[name]}/{verb}", **({} if verb == "start" else {"t": 0}))
        state = self.daemon.call("GET", f"/containers/{self.ids[name]}/json")["State"]
        self.roots[name] = f"/proc/{state['Pid']}/root"

    def docker_says(self) -> None:
        """Write what Docker knows. Its comparison mounts a stopped container, and a mount changes old whiteouts: so it
        comes before the end; states come after it."""
        changes = {name: self.daemon.call("GET", f"/containers/{container}/changes") or []
                   for name, container in self.ids.items()}
        for container in self.ids.values():
            self.daemon.call("POST", f"/containers/{container}/stop", t=0)
        for kind, place in (("containers", "/containers/json"), ("images", "/images/json")):
            (self.folder / "truth" / kind).mkdir(parents=True)
            for item in self.daemon.call("GET", place, all=1):
                said = self.daemon.call("GET", f"/{kind}/{item['Id']}/json")
                name = said["Name"][1:] if kind == "containers" else said["Id"][7:]
                (self.folder / "truth" / kind / f"{name}.inspect.json").write_text(json.dumps([said]))
        for name, items in changes.items():
            text = "".join(f"{KINDS[item['Kind']]} {item['Path']}\n" for item in items)
            (self.folder / "truth/containers" / f"{name}.diff.txt").write_text(text)
            for stream in ("stdout", "stderr"):
                (self.folder / "truth/containers" / f"{name}.logs-{stream}.txt").write_text("")


@contextmanager
def fresh_case(folder: Path) -> Iterator[FreshCase]:
    """A case whose daemon runs for the time of the block; then its disk is closed and listed. Raises Refused where this
    machine does not allow it."""
    if not machine.have("dockerd", "containerd", "runc", "mke2fs", "cc"):
        raise Refused("dockerd, containerd, runc or cc is missing")
    image, work = folder / "disk.raw", folder / "work"
    for path in (folder, work):
        path.mkdir()
    with open(image, "wb") as file:
        file.truncate(128 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", image], check=True, capture_output=True)
    with disks.mount(image, "ext4", "loop") as root:
        (root / "var/lib/docker").mkdir(parents=True)
        daemon = Daemon(root / "var/lib/docker", work, "--storage-driver=overlay2")
        try:
            case = FreshCase(folder, daemon, work)
            yield case
            case.docker_says()
        finally:
            daemon.stop()
    case.write_actions()
    case.kernel_says(ext4fs.view_of(image), "clean")
