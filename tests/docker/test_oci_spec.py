# SPDX-License-Identifier: Apache-2.0
"""OCI specifications that Docker gave to containerd for the containers that ran, by build/san/ocispec. What they say must
be what docker inspect says that the user asked for."""
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lib import exposure_truth, launch, machine, sanitizers, truth

BUILT = machine.REPO / "build/san"
DATABASE = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
CASES = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "vfs-ext4", "intrusion", "docker29-ext4", "docker29-mixed")
# What a specification cannot show: SELinux is off on these hosts, and ports are dockerd's business.
HIDDEN = {"run without SELinux label", "publish a port on all addresses", "publish all exposed ports"}


def call(tool: str, *args: object) -> list[str]:
    """Lines of a tool of the tests."""
    done = launch.limited([BUILT / tool, *args], 60, capture_output=True, env=sanitizers.environment())
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.decode().splitlines()


def specifications(image: Path, tmp: Path) -> Iterator[tuple[str, bytes]]:
    """Container and JSON of each live record of Docker in containerd's database. The value is a protobuf Any, which ends
    in the JSON."""
    database = tmp / "meta.db"
    subprocess.run(["debugfs", "-R", f"dump {DATABASE} {database}", image], check=True, capture_output=True)
    for line in call("boltdump", database):
        origin, path, key, value = (*line.split(" "), "")[:4]
        if origin != "live" or bytes.fromhex(key) != b"spec":
            continue
        names = [bytes.fromhex(name).decode() for name in path.split("/")]
        if names[1] == "moby":
            content = bytes.fromhex(value)
            yield names[3], content[content.index(b"{"):]


def read(container: str, spec: bytes, tmp: Path) -> dict[str, list[str]]:
    """What is read from a specification: values by their word."""
    (tmp / "config.json").write_bytes(spec)
    found: dict[str, list[str]] = {}
    for line in call("ocispec", container, tmp / "config.json"):
        word, value = line.split("\t")
        found.setdefault(word, []).append(value)
    return found


def check_mounts(found: dict[str, list[str]], said: dict) -> None:
    """Every mount that the user asked for, and no other, is described."""
    wanted = [(mount["Destination"], "rw" if mount["RW"] else "ro") for mount in said["Mounts"]]
    wanted += [(place, "rw") for place in said["HostConfig"].get("Tmpfs") or {}]
    got = [tuple(text.split(" -> ")[1].split(" ")[:2]) for text in found.get("mounts", [])]
    assert sorted(got) == sorted(wanted), said["Name"]


def check(found: dict[str, list[str]], said: dict) -> None:
    """Findings, command, mounts and limits of one container."""
    expected = [(action, setting) for action, setting in exposure_truth.expected(said) if action not in HIDDEN]
    got = [tuple(text.split("; ", 2)[1:]) for text in found.get("finding", [])]
    assert sorted(action for action, _ in got) == [action for action, _ in expected], said["Name"]
    binds = [[pair for pair in pairs if pair[0].startswith("mount ")] for pairs in (got, expected)]
    assert sorted(binds[0]) == binds[1], said["Name"]
    assert shlex.split(found["command"][0]) == [said["Path"], *said["Args"]]
    check_mounts(found, said)
    host = said["HostConfig"]
    assert ("no limit of memory" in found["limit"]) == (host["Memory"] <= 0), said["Name"]
    assert ("no limit of processes" in found["limit"]) == ((host["PidsLimit"] or 0) <= 0), said["Name"]
    assert ("privileged" in found.get("tag", [])) == host["Privileged"]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_docker(case: str, disk: Callable, tmp: Path) -> None:
    """Each running container of the recorded cases."""
    inspected = {said["Id"]: said for said in truth.inspected(machine.EVIDENCE / case / "truth")}
    running = {key for key, said in inspected.items() if said["State"]["Running"]}
    seen = set()
    for container, spec in specifications(disk(case), tmp):
        if container in inspected:
            check(read(container, spec, tmp), inspected[container])
            seen.add(container)
    assert running <= seen, running - seen
