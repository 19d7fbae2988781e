# SPDX-License-Identifier: Apache-2.0
"""Disks of hosts on which the real nerdctl ran (tests/data/nerdctl): names, logs, volumes and starts of its containers.
What is right is in the JSON beside each: what nerdctl printed, and the clock before and after each of its commands."""
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import disks, launch, machine
from lib.boltfile import database
from lib.reading import Row, Timeline, location, nanoseconds
from lib.truth import iso_ns

DATA = machine.REPO / "tests/data/nerdctl"
ROTATED = "line {} of a log that is rotated"


@pytest.fixture(scope="module", params=sorted(path.stem for path in DATA.glob("*.json")))
def host(request: pytest.FixtureRequest, session_dir: Path) -> tuple[Row, Timeline]:
    """What nerdctl of a version said, and the rows of its host."""
    image = disks.decompress(DATA / f"{request.param}.raw.zst", session_dir / f"nerdctl-{request.param}.raw")
    result = launch.timeline(image)
    assert result.code == 0 and not result.errors, result.errors
    return json.loads((DATA / f"{request.param}.json").read_text()), result


def lines_of(result: Timeline, name: str) -> Iterator[Row]:
    """The log of a container in the namespace default, in order."""
    return (row for row in result.rows if row["parser"] == "jsonl/docker_container_log" and row.get("container_name") == name
            and row.get("container_namespace") == "default" and "message_body" in row)


def spans(said: Row, *words: str) -> list[tuple[int, int]]:
    """The clock before and after each command that has all these words."""
    return [(before, after) for before, after, *command in said["actions"] if set(words) <= set(command)]


def test_logs(host: tuple[Row, Timeline]) -> None:
    """Each line that nerdctl prints, with its stream and time. Of one that was rotated twice, what is still there."""
    said, result = host
    for name in ("web", "rotated", "exited", "never"):
        found = [(row["log_source"], nanoseconds(row), row["message_body"].rstrip("\n"))
                 for row in lines_of(result, name)]
        for stream, printed in zip(("stdout", "stderr"), said[name]["logs"]):
            for time, _, text in (line.partition(" ") for line in printed):
                assert (stream, iso_ns(time), text) in found, (name, text)
    numbers = [row["message_body"] for row in lines_of(result, "rotated")]
    first = 60 - len(numbers)
    assert 0 < first < 30 and numbers == [f"{ROTATED.format(number)}\n" for number in range(first, 60)]
    assert [row["message_body"] for row in lines_of(result, "web")].count("out one\n") == 2  # before the restart, too
    assert len(list(lines_of(result, "exited"))) == 1 and not list(lines_of(result, "never"))


def test_state(host: tuple[Row, Timeline]) -> None:
    """Each file of a container's directory is its own, deleted ones too, and so is its name, which a restart by nerdctl 1 takes
    away. Nothing tells whose a deleted name was."""
    said, result = host
    owners: dict[bytes, set] = {}
    for row in result.where(data_type="fs:stat"):
        if b"/nerdctl/" in location(row) and (b"/containers/" in location(row) or "unallocated" not in row["tag"]):
            owners.setdefault(location(row), set()).add((row["layer_role"], row.get("container_identifier")))
    for name in ("web", "rotated", "exited", "never"):
        container = said[name]["Id"]
        mine = [path for path in owners if f"containers/default/{container}".encode() in path]
        assert len(mine) > 2 and all(owners[path] == {("config", container)} for path in mine), name
        named = [who for path, who in owners.items() if path.endswith(f"/default/{name}".encode())]
        assert named == [{("config", container)}] or (name == "web" and not named), name


def test_volumes(host: tuple[Row, Timeline]) -> None:
    """Named and anonymous ones, those of two namespaces with one name, and what is mounted where."""
    said, result = host
    made = {row["volume_name"]: row for row in result.where(data_type="container:volume:created")}
    assert made.keys() == {*said["volumes"], "other/named"} and len(made) == 4
    anonymous, = made.keys() - {"named", "labelled", "other/named"}
    wanted = {"named": ("default", ["web -> /data rw"]), "other/named": ("other", ["web -> /data rw"]),
              anonymous: ("default", ["web -> /anon rw"]), "labelled": (None, None)}
    for name, row in made.items():
        assert (row.get("container_namespace"), row.get("mounts")) == wanted[name], row
        words = {"labelled": ("create", "labelled"), "other/named": ("other", "run")}.get(name, ("run", "web"))
        before, after = spans(said, *words)[0]
        assert before <= nanoseconds(row) <= after, (name, row)
    assert made["labelled"]["labels_kv"] == ["team=a"]
    files = [row for row in result.rows if location(row).endswith(b"/default/named/_data/file")]
    assert files and {(row["volume_name"], row["filename"]) for row in files} == {("named", "/data/file")}


def test_starts(host: tuple[Row, Timeline]) -> None:
    """nerdctl 2 records when a container was last started."""
    said, result = host
    rows = {row["container_name"]: row for row in result.where(parser="layertime/nerdctl", action="start")
            if row["container_namespace"] == "default"}
    if said["version"].startswith("v1"):
        assert not rows
        return
    assert rows.keys() == {"web", "rotated", "exited"}
    for name, row in rows.items():
        before, after = spans(said, "restart" if name == "web" else "run", name)[0]
        assert before <= nanoseconds(row) <= after, row


@pytest.mark.parametrize("label", [b"/", b"/etc/passwd", b"/var/lib/nerdctl/1935db59/containers/default", b"/../../x"])
def test_label_that_leads_elsewhere(tmp: Path, label: bytes) -> None:
    """A label may say anything: nothing but a container's own directory is taken for it, and the loss is told."""
    root = tmp / "var/lib/containerd"
    for name in ("io.containerd.metadata.v1.bolt", "io.containerd.content.v1.content"):
        (root / name).mkdir(parents=True)
    (tmp / "var/lib/nerdctl/1935db59/containers/default").mkdir(parents=True)
    (tmp / "etc").mkdir()
    (tmp / "etc/passwd").write_text("root\n")
    stamp = b"\1" + (62135596800 + 1_700_000_000).to_bytes(8, "big") + bytes(4) + b"\xff\xff"
    container = {b"createdat": stamp, b"updatedat": stamp, b"image": b"x", b"labels": {b"nerdctl/state-dir": label}}
    (root / "io.containerd.metadata.v1.bolt/meta.db").write_bytes(database({b"v1": {
        b"version": b"\6", b"default": {b"containers": {b"c1": container}}}}))
    result = launch.timeline(tmp)
    assert [error["code"] for error in result.errors if "nerdctl" in error["reason"]] == ["missing"], result.errors
    walked = {row["pathspec"]["location"] for row in result.where(data_type="fs:stat")}
    assert not [path for path in walked if "/etc" in path], walked
