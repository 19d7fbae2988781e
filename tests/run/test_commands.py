# SPDX-License-Identifier: Apache-2.0
"""The commands beside the main job, against what Docker said of the same host: docker inspect, ps, images, volume inspect."""
import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from lib import disks, hosts, launch, machine, reading, truth
from lib.hosts import Host
from lib.launch import objects
from lib.reading import Row, iso_nanoseconds


def by(rows: list[Row], key: str) -> dict[str, Row]:
    """The rows under the values of `key`, which must be unique."""
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


# --- the command line -------------------------------------------------------------------------------------------------

USAGE = {
    "an option of the main job": (["containers", "-c", "web"], "'--container' does not go with 'containers'"),
    "JSON of the main job": (["--json"], "'--json' does not go with 'timeline'"),
    "a format": (["-f", "csv", "containers"], "'--format' does not go with 'containers'"),
}


@pytest.mark.parametrize("case", USAGE)
def test_options_that_make_no_sense_are_refused(case: str, host: Host) -> None:
    """Not ignored: the user would wait for their effect."""
    args, text = USAGE[case]
    done = launch.run(*args, host.root)
    assert done.returncode == 2 and text in done.stderr.decode() and not done.stdout


def test_evidence_called_like_a_command(host: Host) -> None:
    """./containers is a path, and after another word so is the bare name."""
    host.root.rename(host.root.parent / "containers")
    at = {"cwd": host.root.parent}
    assert launch.run("-q", "./containers", **at).returncode == 0
    assert b"CONTAINER ID" in launch.run("-q", "containers", "containers", **at).stdout
    done = launch.run("containers", **at)
    assert done.returncode == 2 and b"no evidence given" in done.stderr


def test_help_of_a_command() -> None:
    """Only the options that go with it."""
    text = launch.run("containers", "--help").stdout.decode()
    assert "usage: layertime containers" in text and "--json" in text
    assert "--since" not in text and "--format" not in text


def test_exit_codes(host: Host, tmp: Path) -> None:
    """As of the main job: 0, 1, 3, 4."""
    out = tmp / "out"
    assert launch.run("containers", host.root, "-o", out).returncode == 0
    assert launch.run("containers", host.root, "-o", out).returncode == 4
    assert launch.run("containers", host.root, "-o", host.root / "out").returncode == 4
    assert launch.run("containers", tmp / "nothing").returncode == 3
    hosts.container(host, "web").config.write_text("{")
    assert launch.run("containers", "--force", host.root, "-o", out).returncode == 1
    assert launch.run("containers", host.root, stdout=open("/dev/full", "wb")).returncode == 4


def test_output_files(host: Host, tmp: Path) -> None:
    """Packed by suffix; the manifest tells of it as of a timeline."""
    done = launch.run("images", "--json", host.root, "-o", tmp / "images.gz", "--manifest", tmp / "manifest")
    assert done.returncode == 0
    packed = (tmp / "images.gz").read_bytes()
    manifest = json.loads((tmp / "manifest").read_text())
    assert len(json.loads(gzip.decompress(packed))) == manifest["output"]["rows"] == 1
    assert manifest["output"]["format"] == "json" and manifest["balanced"]
    assert manifest["output"]["sha256"] == hashlib.sha256(packed).hexdigest()


def test_several_evidences(host: Host, tmp: Path) -> None:
    """Rows tell which one they are of; a container of two is ambiguous."""
    copy = shutil.copytree(host.root, tmp / "copy", symlinks=True, ignore=shutil.ignore_patterns("gone"))
    rows = objects("containers", host.root, copy)
    assert [row["evidence"] for row in rows] == [str(host.root)] * 2 + [str(copy)] * 2
    table = launch.run("-q", "containers", host.root, copy).stdout.decode().splitlines()
    assert " EVIDENCE " in table[0] and " HOST " not in table[0] and str(copy) in table[4]
    done = launch.run("ids", "web", host.root, copy)
    assert done.returncode == 2 and "and one evidence" in done.stderr.decode()


def test_names_cannot_move_the_cursor(host: Host) -> None:
    """Neither in a table nor in JSON, whatever a label, an image or an argument holds."""
    evil = "a\x1b[2J\u202eb\n\r\x9bc"
    hosts.container(host, "web").change(Name="/" + evil, Args=[evil], Config={"Image": evil, "Labels": {evil: evil}})
    table = launch.run("-q", "containers", host.root).stdout.decode()
    assert not [char for char in table if (char < " " and char != "\n") or char in "\x7f\x9b\u202e"]
    assert len(table.splitlines()) == 3
    row = by(objects("containers", host.root), "container_identifier")[hosts.container(host, "web").id]
    assert reading.unescape(row["container_name"]) == evil.encode()
    assert evil in row["command"]


# --- containers -------------------------------------------------------------------------------------------------------

CASES = ["overlay2-ext4", "overlay2-rebooted", "overlay2-userns", "overlay2-xfs", "vfs-ext4"]


def inspected(case: str) -> dict[str, Row]:
    """What docker inspect said last of each container, by ID."""
    return {item["Id"]: item for item in truth.inspected(machine.EVIDENCE / case / "truth")}


@pytest.mark.parametrize("case", CASES)
def test_containers_as_docker_told(case: str, evidence: Any) -> None:
    """Every container that docker ps -a listed, and what docker inspect said of it."""
    rows = by(objects("containers", evidence(case)), "container_identifier")
    listed = [json.loads(line) for line in (machine.EVIDENCE / case / "truth/docker-ps-a.jsonl").read_text().splitlines()]
    assert set(rows) == {item["ID"] for item in listed} and listed
    for item in inspected(case).values():
        row = rows[item["Id"]]
        assert row["container_name"] == item["Name"].lstrip("/")
        assert row["image_identifier"] == item["Image"]
        assert row["image_reference"] == item["Config"]["Image"]
        assert iso_nanoseconds(row["created"]) == truth.iso_ns(item["Created"])
        assert row["storage_driver"] == item["Driver"]
        assert row.get("labels_kv", []) == [f"{key}={value}" for key, value in (item["Config"]["Labels"] or {}).items()]
        if item["GraphDriver"]["Data"]:
            assert item["GraphDriver"]["Data"]["UpperDir"] == f"{row['data_root']}/overlay2/{row['layer_identifier']}/diff"
        assert ("privileged" in row["tag"]) == item["HostConfig"]["Privileged"]


# --- images -----------------------------------------------------------------------------------------------------------

def kernel_times(case: str, path: str) -> dict[str, int]:
    """Birth and modification of a file as the kernel told them, ns since 1970."""
    for line in (machine.EVIDENCE / case / "truth/fs.clean.tsv").read_text("latin-1").splitlines():
        cells = line.split("\t")
        if cells[-1] == path:
            return {"mtime": int(cells[9].replace(".", "")), "birth": int(cells[11].replace(".", ""))}
    raise AssertionError(path)


@pytest.mark.parametrize("case", CASES)
def test_images_as_docker_told(case: str, evidence: Any) -> None:
    """All of docker images -a, intermediate ones too: names, times, sizes, parents, users."""
    rows = by(objects("images", evidence(case)), "image_identifier")
    inspections = truth.inspected(machine.EVIDENCE / case / "truth", "images")
    assert set(rows) == {item["Id"] for item in inspections} and inspections
    parents = {item["Parent"] for item in inspections}
    for item in inspections:
        row = rows[item["Id"]]
        assert sorted(row["image_names"]) == sorted(item["RepoTags"] + item["RepoDigests"])
        assert iso_nanoseconds(row["created"]) == truth.iso_ns(item["Created"])
        assert row["size"] == item["Size"] and row["diff_identifiers"] == item["RootFS"]["Layers"]
        assert row.get("parent_image", "") == item["Parent"]
        tagged = truth.iso_ns(item["Metadata"]["LastTagTime"])
        assert (iso_nanoseconds(row["last_tagged"]) if "last_tagged" in row else None) == tagged
        file = f"{row['data_root']}/image/{item['GraphDriver']['Name']}/imagedb/content/sha256/{item['Id'][7:]}"
        assert iso_nanoseconds(row["registered"]) == kernel_times(case, file)["mtime"]
        assert set(row["used_by_containers"]) == {one["Id"] for one in inspected(case).values() if one["Image"] == item["Id"]}
        dangling = not item["RepoTags"] + item["RepoDigests"] and item["Id"] not in parents
        assert ("dangling" in row["tag"]) == dangling


# --- volumes ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("case", CASES)
def test_volumes_as_docker_told(case: str, evidence: Any) -> None:
    """docker volume inspect, and the mounts that docker inspect told."""
    rows = by(objects("volumes", evidence(case)), "volume_name")
    volumes = truth.told(machine.EVIDENCE / case / "truth", "volumes.json")
    assert set(rows) == {item["Name"] for item in volumes}
    for item in volumes:
        row = rows[item["Name"]]
        users = sorted((one["Id"], mount["Destination"], mount["RW"]) for one in inspected(case).values()
                       for mount in one["Mounts"] if mount.get("Name") == item["Name"])
        assert sorted((user["container_identifier"], user["destination"], user["writable"]) for user in row["users"]) == users
        assert row["path"] == item["Mountpoint"]
        assert iso_nanoseconds(row["created"]) == kernel_times(case, item["Mountpoint"].removesuffix("/_data"))["birth"]
        assert row["anonymous"] == (len(item["Name"]) == 64) and ("unused_volume" in row["tag"]) == (not users)


# --- networks ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("state", ["clean", "poweroff"])
@pytest.mark.parametrize("case", CASES)
def test_networks_as_docker_told(case: str, state: str, evidence: Any) -> None:
    """docker network inspect: all networks, and the addresses of the containers that ran. None was removed."""
    rows = by(objects("networks", evidence(case, state)), "network_identifier")
    networks = truth.told(machine.EVIDENCE / case / "truth", "networks.json")
    assert set(rows) == {item["Id"] for item in networks} and networks
    for item in networks:
        row = rows[item["Id"]]
        assert (row["network_name"], row["driver"], row["scope"], row["internal"]) == (
            item["Name"], item["Driver"], item["Scope"], item["Internal"])
        assert iso_nanoseconds(row["created"]) == truth.iso_ns(item["Created"])
        assert row["subnets"] == [pool["Subnet"] for pool in item["IPAM"]["Config"] or []]
        addresses = {user["container_identifier"]: user["addresses"] for user in row["users"]}
        for identifier, member in item["Containers"].items():
            assert addresses[identifier] == [one for one in (member["IPv4Address"], member["IPv6Address"]) if one]
        named = {one["Id"] for one in inspected(case).values()
                 if any(network["NetworkID"] == item["Id"] for network in one["NetworkSettings"]["Networks"].values())}
        assert set(addresses) == named | set(item["Containers"])
    assert objects("networks", "--removed", evidence(case, state)) == []


# --- ids --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("state", ["clean", "poweroff"])
@pytest.mark.parametrize("case", CASES)
def test_ids_as_docker_told(case: str, state: str, evidence: Any) -> None:
    """The paths of docker inspect, the layers of its GraphDriver in their order, and whether it ran at the end."""
    layers = {item["Id"]: item["RootFS"]["Layers"] for item in truth.inspected(machine.EVIDENCE / case / "truth", "images")}
    for item in inspected(case).values():
        [row] = objects("ids", item["Id"][:12], evidence(case, state))
        root, record = row["data_root"], f"{row['data_root']}/containers/{item['Id']}"
        assert row["container_name"] == item["Name"].lstrip("/") and row["image_identifier"] == item["Image"]
        assert (row["config_path"], row["hostconfig_path"]) == (f"{record}/config.v2.json", f"{record}/hostconfig.json")
        if item["LogPath"]:
            assert row["log_path"] == item["LogPath"]
        assert row["mount_record_path"] == f"{root}/image/{item['Driver']}/layerdb/mounts/{item['Id']}"
        assert row["storage_driver"] == item["Driver"] and row["init_identifier"] == row["mount_identifier"] + "-init"
        image = [layer for layer in row["layers"] if layer["layer_role"] == "image"]
        assert [layer["layer_role"] for layer in row["layers"]][:2] == ["rw", "init"]
        assert [layer["diff_identifier"] for layer in image] == layers[item["Image"]][::-1]
        assert [layer["chain_identifier"] for layer in image] == chain_ids(layers[item["Image"]])[::-1]
        data = item["GraphDriver"]["Data"]
        if data:
            paths = [row[f"{name}_path"] for name in ("upper", "work", "merged")]
            assert paths == [data["UpperDir"], data["WorkDir"], data["MergedDir"]]
            assert ":".join(layer["path"] + "/diff" for layer in row["layers"][1:]) == data["LowerDir"]
            assert all(len(layer["link_name"]) == 26 for layer in row["layers"])
        assert row["ran_at_seizure"] == ("yes" if item["State"]["Running"] else "no"), row["ran_evidence"]
        assert row["live_mount"] is False


def chain_ids(diff_ids: list[str]) -> list[str]:
    """As the image specification defines them, base first."""
    chains: list[str] = []
    for diff_id in diff_ids:
        text = f"{chains[-1]} {diff_id}" if chains else ""
        chains.append("sha256:" + hashlib.sha256(text.encode()).hexdigest() if chains else diff_id)
    return chains


def test_links_of_the_mount(evidence: Any) -> None:
    """The short names in the order in which the kernel had them in /proc/mounts."""
    [row] = objects("ids", "yarrow", evidence("overlay2-ext4"))
    text = (machine.EVIDENCE / "overlay2-ext4/truth/containers/yarrow.mount.txt").read_text()
    lower = re.search(r"lowerdir=([^,]+)", text)[1].split(":")
    assert [Path(path).name for path in lower] == [layer["link_name"] for layer in row["layers"][1:]]


def test_ids_of_aufs(evidence: Any) -> None:
    """The synthetic case keeps the IDs of the directories of overlay2-ext4."""
    disk = evidence("aufs-synthetic")
    for item in inspected("overlay2-ext4").values():
        [row] = objects("ids", item["Id"], disk)
        lower = [Path(path).parent.name for path in item["GraphDriver"]["Data"]["LowerDir"].split(":")]
        name, root = Path(item["GraphDriver"]["Data"]["UpperDir"]).parent.name, row["data_root"]
        assert [layer["cache_identifier"] for layer in row["layers"]] == [name, *lower]
        assert row["upper_path"] == row["rw_layer_path"] == f"{root}/aufs/diff/{name}"
        assert row["merged_path"] == f"{root}/aufs/mnt/{name}" and "work_path" not in row
        assert row["ran_at_seizure"] == ("yes" if item["State"]["Running"] else "no")


def test_layers_that_are_missing_are_an_error(host: Host) -> None:
    """Of the image and of the container: what is known is shown."""
    image = objects("images", host.root)[0]["image_identifier"]
    top = host.layers(image)[-1]
    shutil.rmtree(host.meta / "layerdb/sha256" / top[7:])
    web = hosts.container(host, "web")
    shutil.rmtree(web.rw.parent / hosts.hex_id("layer shop:1 1"))
    [row] = objects("images", host.root, code=1)
    assert row["layer_count"] == 2 and "size" not in row
    [card] = objects("ids", "web", host.root, code=1)
    assert [layer["layer_role"] for layer in card["layers"]][:2] == ["rw", "init"] and len(card["layers"]) < 4


def test_which_container(host: Host, tmp: Path) -> None:
    """By name, whole ID or the beginning of one; a wrong or ambiguous word is answered with the candidates."""
    web, db = hosts.container(host, "web"), hosts.container(host, "db")
    for word in ("web", web.id, web.id[:8]):
        assert objects("ids", word, host.root)[0]["container_identifier"] == web.id
    done = launch.run("ids", "", host.root)
    assert done.returncode == 2
    done = launch.run("ids", "nobody", host.root)
    assert done.returncode == 2 and web.id[:12] in done.stderr.decode() and not done.stdout
    db.change(Name="/web")
    done = launch.run("ids", "web", host.root, "-o", tmp / "out")
    assert done.returncode == 2 and web.id in done.stderr.decode() and db.id in done.stderr.decode()
    assert "ambiguous" in done.stderr.decode() and not (tmp / "out").exists()
    assert launch.run("ids", "web").returncode == 2 and launch.run("ids").returncode == 2


def life(host: Host, web: hosts.Container) -> tuple[str, str]:
    """The verdict on the container web, and its witnesses on one line."""
    [row] = objects("ids", web.id, host.root, code=0)
    return row["ran_at_seizure"], "; ".join(row["ran_evidence"])


def test_witnesses_of_life(host: Host) -> None:
    """The daemon's word counts; what the kernel left may make it doubtful; a live host proves it."""
    web = hosts.container(host, "web")
    assert life(host, web)[0] == "no"
    (web.rw / "merged").mkdir()
    assert life(host, web)[0] == "unknown"
    web.change(State={"Running": True, "Pid": 4711})
    verdict, text = life(host, web)
    assert verdict == "yes" and "State.Running is true, process 4711" in text
    (web.rw / "merged").rmdir()
    assert life(host, web)[0] == "unknown"
    task = host.root / "var/lib/containerd/io.containerd.runtime.v2.task/moby" / web.id
    task.mkdir(parents=True)
    assert life(host, web)[0] == "unknown", "it outlives a loss of power and the next boot"
    (host.root / "run/containerd/io.containerd.runtime.v2.task/moby" / web.id).mkdir(parents=True)
    assert life(host, web)[0] == "yes"


def test_live_mounts(host: Host, mounting: None) -> None:
    """On a live host what is mounted is seen, and proves more than the daemon's word."""
    web = hosts.container(host, "web")
    for path in (web.rw / "merged", web.path / "mounts/shm"):
        path.mkdir(parents=True)
    with disks.mounted_at("tmpfs", "tmpfs", "mode=1777", web.path / "mounts/shm"):
        assert life(host, web)[0] == "yes"
    with disks.mounted_at("tmpfs", "tmpfs", "size=1M", web.rw / "merged"):
        [row] = objects("ids", web.id, host.root)
        assert row["live_mount"] is True and row["merged_path"] == host.inside(web.rw / "merged")
    assert objects("ids", web.id, host.root)[0]["live_mount"] is False


@pytest.mark.parametrize("mode, verdict", [(0o700, "no"), (0o1777, "yes")])
def test_shared_memory_as_witness(mode: int, verdict: str, host: Host) -> None:
    """A mount point of mode 0700 tells nothing, the tmpfs on it does."""
    web = hosts.container(host, "web")
    (web.path / "mounts/shm").mkdir(parents=True)
    (web.path / "mounts/shm").chmod(mode)
    assert life(host, web)[0] == verdict
    assert f"mounts/shm: mode {mode:04o}" in life(host, web)[1]
