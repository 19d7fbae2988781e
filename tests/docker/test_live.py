# SPDX-License-Identifier: Apache-2.0
"""A real dockerd, with a data root of its own and no network: what the commands say of its live data root, and what they
say after an orderly end, against what docker says itself. Skipped where no daemon can be started."""
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from lib import launch, machine, truth
from lib.dockerd import Daemon, started
from lib.reading import Row, iso_nanoseconds


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with an image box:1 of two layers and a volume."""
    with machine.scratch() as base:
        made = started(base)
        try:
            tree = base / "tree/bin"
            tree.mkdir(parents=True)
            shutil.copy(shutil.which("busybox"), tree / "busybox")
            for name in ("sh", "sleep"):
                (tree / name).symlink_to("busybox")
            made.client("import", "-", "box:0", input=subprocess.run(["tar", "-C", base / "tree", "-c", "."], check=True,
                                                                     capture_output=True).stdout)
            made.client("build", "--network=none", "-t", "box:1", "-",
                        input=b"FROM box:0\nRUN echo built > /built\nLABEL tier=test\n")
            yield made
        finally:
            if made.process.poll() is None:
                for name in made.client("ps", "-aq").split():
                    made.client("rm", "-fv", name)
                made.stop()


def listing(daemon: Daemon, *args: str) -> list[Row]:
    """The objects of a command on the live data root."""
    return launch.objects(*args, daemon.data)


def test_commands_on_a_live_daemon(daemon: Daemon) -> None:
    """Running and ended containers, with and without shared memory; all paths and IDs as docker has them."""
    run = ("run", "-d", "--network=none")
    daemon.client(*run, "--name=shared", "--ipc=shareable", "-v", "data:/data", "box:1", "sleep", "1000")
    daemon.client(*run, "--name=alone", "-v", "/etc:/host:ro", "box:1", "sh", "-c", "sleep 1000")
    daemon.client(*run, "--name=done", "--ipc=shareable", "-v", "data:/old:ro", "box:1", "sh", "-c", "exit 7")
    daemon.client("wait", "done")
    items = {item["Name"][1:]: item for item in daemon.inspect("shared", "alone", "done")}

    rows = {row["container_name"]: row for row in listing(daemon, "containers")}
    assert set(rows) == set(items)
    for name, item in items.items():
        row = rows[name]
        assert (row["state"], row["exit_code"]) == (item["State"]["Status"], item["State"]["ExitCode"])
        for key, text in (("created", item["Created"]), ("started", item["State"]["StartedAt"]),
                          ("finished", item["State"]["FinishedAt"])):
            assert (iso_nanoseconds(row[key]) if key in row else None) == truth.iso_ns(text)
        assert ("host_mount" in row["tag"]) == (name == "alone")
        check_ids(daemon, item, running=item["State"]["Running"])

    images = {row["image_identifier"]: row for row in listing(daemon, "images")}
    for item in daemon.inspect(*daemon.client("images", "-aq", "--no-trunc").split()):
        assert images[item["Id"]]["size"] == item["Size"]
        assert images[item["Id"]].get("parent_image", "") == item["Parent"]
    assert not any("no_layer_record" in row["tag"] for row in images.values())
    [volume] = listing(daemon, "volumes")
    assert sorted((user["container_name"], user["destination"], user["writable"]) for user in volume["users"]) == [
        ("done", "/old", False), ("shared", "/data", True)]

    daemon.stop()
    for item in items.values():
        check_ids(daemon, item, running=False)
    assert {row["state"] for row in listing(daemon, "containers")} == {"exited"}


def check_ids(daemon: Daemon, item: Row, running: bool) -> None:
    """The card of one container against docker inspect, and what the kernel has mounted."""
    [card] = listing(daemon, "ids", item["Name"][1:])
    data = {name: path.removeprefix(str(daemon.data)) for name, path in item["GraphDriver"]["Data"].items()
            if name != "LowerDir"}
    assert [card[key] for key in ("upper_path", "work_path", "merged_path")] == [
        data["UpperDir"], data["WorkDir"], data["MergedDir"]]
    lower = [path.removeprefix(str(daemon.data)) for path in item["GraphDriver"]["Data"]["LowerDir"].split(":")]
    assert [layer["path"] + "/diff" for layer in card["layers"][1:]] == lower
    mounted = (daemon.data / card["merged_path"][1:]).is_mount()
    assert (card["ran_at_seizure"], card["live_mount"]) == ("yes" if running else "no", mounted), card["ran_evidence"]
    assert mounted == running
    assert any(text.startswith("mounts/shm: mode 1777") for text in card["ran_evidence"]) == (
        running and item["HostConfig"]["IpcMode"] == "shareable")
