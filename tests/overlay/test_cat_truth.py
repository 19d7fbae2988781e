# SPDX-License-Identifier: Apache-2.0
"""`layertime cat` on the disks of real hosts, against the sums that were taken through the runtime's own mounts."""
import csv
import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import launch, machine
from lib.overlay_truth import LayeredCase, host_of
from lib.reading import Row, unescape
from lib.truth import CLEAN

SAMPLE, SEED, DELETED = 12, 7, 6                       # paths a case
MERGED = ("containerd-cri-ext4", "containerd-ext4", "docker29-ext4", "intrusion")


def shown(*args: object) -> tuple[str, str]:
    """The sum of what the program writes, and what it says of it."""
    done = launch.run("cat", *args)
    return hashlib.sha256(done.stdout).hexdigest(), done.stderr.decode()


def table(path: Path) -> list[Row]:
    """Rows of a recorded listing."""
    with path.open(newline="") as file:
        file.read(1)                                  # the "#" before the titles
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def merged_files(case: str) -> Iterator[tuple[str, bytes, str]]:
    """Container, path and sum of what a container saw."""
    for listing in sorted((machine.EVIDENCE / case / "truth/containers").glob("*.merged-clean.tsv")):
        for row in table(listing):
            if row["type"] == "f" and row["sha256"] != "-":
                yield listing.name.partition(".merged")[0], unescape(row["path"]), row["sha256"]


@pytest.mark.parametrize("case", [*CLEAN, *MERGED])
def test_sampled_files_have_the_bytes_that_the_container_saw(case: str, evidence) -> None:
    """Hostile names among them. What is mounted over its layers says so, and has other bytes."""
    root, files = evidence(case, "clean"), list(merged_files(case))
    if not files:
        pytest.skip("no listing of what containers saw")
    odd = [file for file in files if not file[1].isascii() or b"\n" in file[1]]
    picked = random.Random(SEED).sample(files, SAMPLE) + odd[:2]
    layered = 0
    for name, path, wanted in picked:
        sums, said = shown(name, path, root)
        if " layer " in said:
            assert sums == wanted, (name, path, said)
            layered += 1
        else:
            assert " at /etc/" in said or "volume " in said or "bind " in said, (name, path, said)
    assert layered >= len(picked) // 2


def hidden_files(host: LayeredCase) -> list[tuple[str, bytes, str]]:
    """Files of the layers below that a container deleted or changed."""
    found = []
    for name in host.containers:
        lower, seen = host.lower(name), host.merged(name)
        found += [(name, path, entry.node["sha256"]) for path, entry in lower.items()
                  if entry.kind == "f" and (path not in seen or seen[path].location != entry.location)]
    return found


@pytest.mark.parametrize("case", [case for case in CLEAN if not case.startswith("vfs")])
def test_deleted_files_are_those_of_the_layers_below(case: str, evidence) -> None:
    """--deleted: what a whiteout, an opaque directory or a new file hides."""
    root, files = evidence(case, "clean"), hidden_files(host_of(case))
    for name, path, wanted in random.Random(SEED).sample(files, min(DELETED, len(files))):
        sums, said = shown("--deleted", name, path, root)
        assert sums == wanted or "mounts at" in said, (name, path, said)
    assert files


def mounted_files(host: LayeredCase) -> list[tuple[str, bytes, str]]:
    """Files of the volumes and binds of all containers, as docker inspect tells where they are mounted."""
    found = []
    for name, said in host.containers.items():
        places = sorted((os.fsencode(point["Destination"]) for point in said["Mounts"]), key=len)
        for point in (point for point in said["Mounts"] if point["Source"]):
            source, at = os.fsencode(point["Source"]).rstrip(b"/") + b"/", os.fsencode(point["Destination"])
            for path, node in host.case.nodes.items():
                inside = at + b"/" + path[len(source):]
                covered = any(inside.startswith(other + b"/") for other in places if len(other) > len(at))
                if path.startswith(source) and node["type"] == "f" and node["sha256"] != "-" and not covered:
                    found.append((name, inside, node["sha256"]))
    return found


@pytest.mark.parametrize("case", ["overlay2-ext4", "overlay2-userns"])
def test_files_of_volumes_and_binds(case: str, evidence) -> None:
    """They have the bytes that the disk's listing has for what is mounted there."""
    root, files = evidence(case, "clean"), mounted_files(host_of(case))
    assert files
    for name, path, wanted in random.Random(SEED).sample(files, min(SAMPLE, len(files))):
        sums, said = shown(name, path, root)
        assert sums == wanted and " layer " not in said, (name, path, said)


def test_what_the_intruder_deleted_from_the_image(disk) -> None:
    """Three kinds of deletion: a whiteout each, and an opaque directory."""
    image = disk("intrusion")
    rows = [row for row in table(machine.EVIDENCE / "intrusion/truth/deleted.tsv") if row["kind"] == "lower"]
    assert rows
    for row in rows:
        sums, said = shown("--deleted", row["container"], row["path"], image)
        assert (sums, row["host_path"] in said) == (row["sha256"], True), said
        gone = launch.run("cat", row["container"], row["path"], image)
        assert (gone.returncode, gone.stdout) == (1, b"") and b"--deleted shows it" in gone.stderr


def test_volumes_binds_and_own_files(disk) -> None:
    """What lies in a mount is found on the host."""
    image = disk("intrusion")
    _, said = shown("shop-web-1", "/etc/hosts", image)
    assert "/hosts, in docker at /etc/hosts" in said and "/var/lib/docker/containers/" in said
    gone = launch.run("cat", "shop-app-1", "/dev/shm/.x11/agent", image)
    assert (gone.returncode, gone.stdout) == (1, b"") and os.fsencode("/dev/shm") in gone.stderr
