# SPDX-License-Identifier: Apache-2.0
"""Containers that no store has: who still names them, and what is known of those whose configuration is gone. Truth is
what Docker and containerd told while they were there."""
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lib import boltfile, hosts, launch, machine
from lib.hosts import GONE, Host
from lib.reading import Row

CASES = ["intrusion", "docker29-ext4", "docker29-mixed", "overlay2-ext4", "overlay2-rebooted", "containerd-cri-ext4"]
OTHER = "cd" * 32


def listed(*args: Any, code: int = 0) -> dict[str, Row]:
    """What `containers` says, by ID."""
    return {row["container_identifier"]: row for row in launch.objects("containers", *args, code=code)}


@pytest.fixture
def host(tmp: Path) -> Host:
    """A host with containers web and db of shop:1."""
    return hosts.shop_in_berlin(tmp / "host")


def line(second: float, text: str, program: str = "dockerd") -> str:
    """A line of a daemon. The containers of these hosts were created before 2040."""
    return f'Jan  5 00:00:{int(second):02} dock01 {program}[7]: time="2040-01-05T00:00:{second:09.6f}+01:00" level=info {text}\n'


def start(second: float, container: str) -> str:
    """containerd 1.7 and later connects to the shim of a container that Docker starts."""
    return line(second, f'msg="connecting to shim {container}" address="unix:///run/containerd/s/1" namespace=moby version=3',
                "containerd")


def join(second: float, name: str) -> str:
    """Docker 28 and later joins a container to a network."""
    return line(second, f"msg=\"sbJoin: gwep4 ''->'0123456789ab', gwep6 ''->''\" eid=0123456789ab ep={name} net=bridge nid=1")


def with_log(host: Host, *lines: str) -> dict[str, Row]:
    """Containers of a host with these lines in its syslog."""
    host.write(host.root / "var/log/syslog", "".join(lines))
    return listed("--all", host.root)


# --- as recorded ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", CASES)
def test_all_that_rows_name_are_listed(name: str, disk: Any) -> None:
    """Whatever ID has a row is listed, and nothing else. The rest is counted where it is not listed."""
    image = disk(name)
    seen = {row["container_identifier"] for row in launch.timeline(image).rows if "container_identifier" in row}
    plain, everything = listed(image), listed("--all", image)
    assert everything.keys() >= seen and plain.keys() <= everything.keys()
    assert {key for key in everything if key not in seen} <= plain.keys(), "each has a row"
    missing = {key: row for key, row in everything.items() if key not in plain}
    assert missing and all("configuration_missing" in row["tag"] for row in missing.values())
    said = launch.run("containers", image).stderr.decode()
    assert re.search(rf"\b{len(missing)} more containers? (is|are) known by traces only", said)
    assert not launch.run("-q", "containers", image).stderr


@pytest.mark.parametrize("name", CASES)
def test_names_are_true(name: str, disk: Any) -> None:
    """A name that is told, inferred or not, is the one that the container had."""
    told = {row["container_identifier"]: row for row in listed("--all", disk(name)).values() if "told_by" in row}
    known = {cid: name for path in (machine.EVIDENCE / name / "truth").glob("ids*.tsv")
             for name, cid in (text.split("\t")[:2] for text in path.read_text().splitlines())}
    for cid, row in told.items():
        assert known.get(cid, row["container_name"]) == row["container_name"]
        assert ("name_inferred" in row["tag"]) == any(", inferred" in text for text in row["told_by"])
    wanted = {"intrusion": {"practical_bell"}, "docker29-ext4": {"amber", "topaz", "indigo"}, "docker29-mixed": {"indigo"},
              "containerd-cri-ext4": {"portal-old-9", "topaz"}}
    assert wanted.get(name, set()) <= {row["container_name"] for row in told.values()}


@pytest.mark.parametrize("which", ["practical_bell", "a33e612c"])
def test_rows_of_a_removed_container(which: str, disk: Any) -> None:
    """By its name, which its deleted configuration tells, as by its ID; and all of them are in the whole timeline. Six are
    lines of logs and records, four what the deleted records tell, the others files."""
    image = disk("intrusion")
    whole = launch.timeline(image).where(container_name="practical_bell")
    rows = launch.timeline("-c", which, image).rows
    assert rows == whole and len([row for row in rows if row["data_type"] != "fs:stat"]) == 10
    assert all("configuration_missing" in row["tag"] and "name_inferred" not in row["tag"] for row in rows)
    done = launch.run("ids", which, image, "--json")
    [card] = json.loads(done.stdout)
    assert card["container_identifier"] == rows[0]["container_identifier"] and card["ran_at_seizure"] == "unknown"
    assert launch.run("diff", which, image).returncode == 1, "its layer is not known"


# --- who tells a name -------------------------------------------------------------------------------------------------

NAMING = {
    "a name that is taken": line(1, 'msg="Handler for POST /v1.40/containers/create returned error: Conflict. The container '
                                    f'name \\"/old\\" is already in use by container \\"{GONE}\\". You have to remove (or '
                                    'rename) that container to be able to reuse that name."'),
    "before 1.13": line(1, 'msg="Conflict. The name \\"old\\" is already in use by container ' + GONE + '. You have to"'),
    "CRI": line(1, f'msg="CreateContainer within sandbox \\"{OTHER}\\" for &ContainerMetadata{{Name:old,Attempt:0,}} returns '
                   f'container id \\"{GONE}\\""', "containerd"),
    "a sandbox": line(1, 'msg="RunPodSandbox for &PodSandboxMetadata{Name:old,Uid:052f4c82,Namespace:shop,Attempt:0,} '
                         f'returns sandbox id \\"{GONE}\\""', "containerd"),
}


@pytest.mark.parametrize("what", NAMING)
def test_a_line_with_both(what: str, host: Host) -> None:
    """Such a name is certain."""
    row = with_log(host, NAMING[what])[GONE]
    assert (row["container_name"], row["tag"]) == ("old", ["configuration_missing"])
    [by] = row["told_by"]
    assert by.startswith("name old: a line of ") and by.endswith(" in /var/log/syslog")
    assert row.get("pod_namespace") == ("shop" if what == "a sandbox" else None)
    assert row["first_trace"] == row["last_trace"] == "2040-01-04T23:00:01.000000000+00:00" and row["traced_by"] == ["host_log"]
    assert {item["container_identifier"] for item in host.run("-c", "old").rows} == {GONE}


def test_an_endpoint(host: Host) -> None:
    """An endpoint has the name of its container; the sandbox that it is in has the container's ID."""
    key = "docker/network/v1.0/{}/".format
    records = {key("sandbox/s"): {"Cid": GONE}, key("network/n"): {"name": "bridge", "created": "2020-01-01T00:00:00Z"},
               key("endpoint/n/e"): {"name": "old", "sandbox": "s"}, key("sandbox/i"): {"Cid": "ingress-sbox"},
               key("endpoint/n/f"): {"name": "ingress-endpoint", "sandbox": "i"}}
    content = {name.encode(): bytes(8) + json.dumps(record).encode() for name, record in records.items()}
    host.write(host.data / "network/files/local-kv.db", boltfile.database({b"libnetwork": content}))
    rows = listed("--all", host.root)
    assert len(rows) == 3 and rows[GONE]["container_name"] == "old" and rows[GONE]["tag"] == ["configuration_missing"]
    assert rows[GONE]["told_by"] == ["name old: its endpoint in /var/lib/docker/network/files/local-kv.db"]
    [joined] = host.run("-c", "old").rows
    assert joined["data_type"] == "container:network:joined" and joined["container_identifier"] == GONE


def test_a_join_after_a_start(host: Host) -> None:
    """The line of the join has no ID: whose it is follows from the start before it."""
    rows = with_log(host, start(1, GONE), join(4.5, "old"))
    assert rows[GONE]["container_name"] == "old" and rows[GONE]["tag"] == ["configuration_missing", "name_inferred"]
    found = [row for row in host.run("-c", "old").rows if row["data_type"] == "container:daemon:log"]
    assert len(found) == 2 and all("name_inferred" in row["tag"] for row in found)
    assert "owner_inferred" in found[1]["tag"] and "owner_inferred" not in found[0]["tag"]


DOUBTFUL = {
    "another start in between": [start(1, GONE), start(2, OTHER), join(3, "old")],
    "too late": [start(1, GONE), join(40, "old")],
    "a join before it": [join(1, "old"), start(2, GONE)],
    "the name of one that is there": [start(1, GONE), join(2, "web")],
    "of another host": [start(1, GONE).replace("dock01", "dock02"), join(2, "old")],
}


@pytest.mark.parametrize("what", DOUBTFUL)
def test_a_join_that_tells_nothing(what: str, host: Host) -> None:
    """Nothing is guessed."""
    assert "container_name" not in with_log(host, *DOUBTFUL[what]).get(GONE, {})


def test_starts_at_a_time(host: Host) -> None:
    """The join of a container that is there is no doubt for the other one."""
    web = hosts.container(host, "web").id
    rows = with_log(host, start(1, web), start(2, GONE), join(3, "web"), join(4, "old"))
    assert rows[GONE]["container_name"] == "old" and rows[web]["container_name"] == "web"
    rows = with_log(host, start(1, web), start(2, GONE), join(3, "old"), join(4, "web"))
    assert "container_name" not in rows[GONE]


def test_another_name(host: Host) -> None:
    """What is certain wins over what is inferred; both stay."""
    row = with_log(host, start(1, GONE), join(2, "guess"), NAMING["a name that is taken"])[GONE]
    assert row["container_name"] == "old" and row["tag"] == ["configuration_missing"]
    assert [text.split(":")[0] for text in row["told_by"]] == ["name guess, inferred", "name old"]


def test_which_is_meant(host: Host) -> None:
    """A container that is there is meant by its name, and one that is gone by the same name only if none is there."""
    host.write(host.root / "var/log/syslog", start(1, GONE) + join(2, "old") + start(3, OTHER) + join(4, "old"))
    done = launch.run("ids", "old", host.root)
    assert done.returncode == 2 and b"ambiguous" in done.stderr and GONE.encode() in done.stderr
    assert {row["container_identifier"] for row in host.run("-c", "old").rows} == {GONE, OTHER}
    assert launch.run("ids", OTHER[:6], host.root).returncode == 0
    done = launch.run("ids", "nobody", host.root)
    assert done.returncode == 2 and b"2 more are known by traces only" in done.stderr


def test_the_account(host: Host) -> None:
    """What is read twice is counted once, and an error is told once; without it the count is a least one."""
    host.write(host.root / "var/log/syslog", start(1, GONE) + join(2, "old"))
    host.write(host.root / "var/log/syslog.1.gz", gzip.compress(os.urandom(9999).hex().encode())[:-9])
    found = host.run("-c", "old")
    assert found.code == 1 and len(found.errors) == 1 and len([row for row in found.rows if row["data_type"] == "container:daemon:log"]) == 2
    done = launch.run("containers", host.root)
    assert done.returncode == 0 and b"at least 1 more container is known" in done.stderr
    done = launch.run("containers", "--all", "--stats", host.root)
    assert done.returncode == 1 and b"the account balances" in done.stderr


@pytest.mark.parametrize("which", ["delta", "0b70ced7"])
def test_snapshot_without_a_configuration(which: str, disk: Any, tmp: Path) -> None:
    """Docker 29 keeps its layers in containerd's store, which still knows a container whose directory is gone; the name
    is that of its endpoint."""
    image = tmp / "disk.raw"
    shutil.copy(disk("docker29-ext4"), image)
    before = {row.get("container_name"): row for row in listed(image).values()}["delta"]
    changes = launch.run("diff", before["container_identifier"], image).stdout
    for name in ("config.v2.json", "hostconfig.json"):
        path = f"/var/lib/docker/containers/{before['container_identifier']}/{name}"
        subprocess.run(["debugfs", "-w", "-R", f"rm {path}", image], check=True, capture_output=True)
    subprocess.run(["debugfs", "-w", "-R", f"mv {path.rsplit('/', 1)[0]} /gone", image], capture_output=True)
    [row] = [row for row in listed("-q", image, code=1).values() if row.get("container_name") == "delta"]
    assert [row[key] == before[key] for key in ("container_identifier", "image_identifier")] == [True, True]
    assert before["image_name"] in row["image_names"]
    assert "configuration_missing" in row["tag"] and "image_typed" not in row and "name_inferred" not in row["tag"]
    assert changes and launch.run("diff", which, image).stdout == changes


# --- images -----------------------------------------------------------------------------------------------------------

def test_image_by_its_layers(host: Host) -> None:
    """layerdb still has the chain of a container without a configuration: one image has it, and that is inferred."""
    web = hosts.container(host, "web")
    image = json.loads(web.config.read_text())["Image"]
    shutil.rmtree(web.path)
    row = listed(host.root)[web.id]
    assert row["tag"] == ["configuration_missing", "image_inferred"] and row["image_identifier"] == image
    assert row["image_name"] == "shop:1" and row["told_by"] == ["image: the only one here with its layers"]
    rows = [item for item in host.run("-c", web.id).rows if item["layer_role"] == "rw"]
    assert rows and all(item["image_name"] == "shop:1" and "image_inferred" in item["tag"] for item in rows)
    other = [item for item in host.run("-c", "db").rows if item["layer_role"] == "rw"]
    assert other and not any("image_inferred" in item["tag"] for item in other)


def test_image_among_several(host: Host) -> None:
    """Images with the same layers: it may be any of them, and none is chosen."""
    web = hosts.container(host, "web")
    image = json.loads(web.config.read_text())["Image"]
    config = json.loads((host.meta / "imagedb/content/sha256" / image[7:]).read_text())
    text = json.dumps(config | {"author": "x"})
    twin = hashlib.sha256(text.encode()).hexdigest()
    host.write(host.meta / "imagedb/content/sha256" / twin, text)
    host.repositories["twin"] = {"twin:2": "sha256:" + twin}
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})
    shutil.rmtree(web.path)
    row = listed(host.root)[web.id]
    assert row["tag"] == ["configuration_missing"] and "image_name" not in row
    [by] = row["told_by"]
    assert by.startswith("image: one of ") and "shop:1" in by and "twin:2" in by


@pytest.mark.parametrize("repositories", [{"shop": {"shop:2": "old"}, "new": {"shop:1": "new"}}, {"new": {"shop:1": "new"}}])
def test_tag_that_moved(repositories: dict, host: Host) -> None:
    """Docker: the name that was typed means another image now, whose name is not that of what the container is made of."""
    old = host.repositories["shop"]["shop:1"]
    new = host.image("new:1", {"etc": {"conf": "new"}})
    named = {key: {name: {"old": old, "new": new}[which] for name, which in names.items()}
             for key, names in repositories.items()}
    host.write(host.meta / "repositories.json", {"Repositories": named})
    row = listed(host.root)[hosts.container(host, "web").id]
    assert (row["image_identifier"], row["image_typed"], row["image_typed_now"]) == (old, "shop:1", new)
    assert row.get("image_name") == ("shop:2" if "shop" in repositories else None)
    table = launch.run("-q", "containers", host.root).stdout.decode().splitlines()
    assert re.search(r"IMAGE ID +IMAGE +TYPED +TYPED NOW", table[0])
    assert f"  {old[7:19]}  {'shop:2' if 'shop' in repositories else '-     '[:1]}" in table[1]
    for item in host.run("-c", "web").rows:
        assert item.get("image_name") != "shop:1"


def test_typed_id(host: Host) -> None:
    """Who types an ID, or the beginning of one, names the image itself."""
    web = hosts.container(host, "web")
    config = json.loads(web.config.read_text())
    for typed in (config["Image"], config["Image"][7:19]):
        web.change(Config=config["Config"] | {"Image": typed})
        assert "image_typed" not in listed(host.root)[web.id]


def test_tag_that_moved_in_containerd(disk: Any, tmp: Path) -> None:
    """containerd's record of a container has a name only, and its layers tell which image that was. The name's record is
    changed on the disk, as `ctr images tag --force` would."""
    data = bytearray(disk("containerd-cri-ext4").read_bytes())
    before = {row["container_name"]: row for row in listed(disk("containerd-cri-ext4")).values()}
    web, worker = before["basalt"], before["poppy"]
    old, new = (row["image_identifier"].encode() for row in (web, worker))
    places = [found.start() + 6 for found in re.finditer(b"digest" + old, bytes(data))]
    for place in places:
        moved = bytearray(data)
        moved[place:place + len(new)] = new
        (tmp / "moved.raw").write_bytes(moved)
        rows = {row["container_name"]: row for row in listed("-q", tmp / "moved.raw").values()}
        if rows["basalt"].get("image_typed_now"):
            break
    row = rows["basalt"]
    assert row["image_identifier"] == old.decode() and "image_inferred" in row["tag"]
    assert row["image_typed"] == web["image_name"] and row["image_typed_now"] == new.decode()
    assert rows["poppy"]["image_identifier"] == new.decode() and "image_inferred" not in rows["poppy"]["tag"]


# --- ends -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("state", "key"), [({"Running": True, "Pid": 7}, "previous_finished"), ({}, "finished")])
def test_end_of_an_earlier_run(state: dict, key: str, host: Host) -> None:
    """Of a container that runs, FinishedAt is the end of the run before; of one that does not, its own, even if the
    daemon noted the start later."""
    web = hosts.container(host, "web")
    ended = "2026-03-01T10:00:00.5Z"
    web.change(State=json.loads(web.config.read_text())["State"] | state |
               {"StartedAt": "2026-03-01T10:00:01Z", "FinishedAt": ended})
    row = listed(host.root)[web.id]
    assert row[key] == "2026-03-01T10:00:00.500000000+00:00" and {"finished", "previous_finished"} - {key} - row.keys()
    title = launch.run("-q", "containers", host.root).stdout.decode().splitlines()[0]
    assert ("PREVIOUS END" in title) == bool(state)
    [end] = host.run("-c", "web").where(timestamp_desc="End Time", data_type="docker:container:configuration")
    assert ("the end of an earlier run: it was started again" in end.get("facts", [])) == bool(state)
