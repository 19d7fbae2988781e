# SPDX-License-Identifier: Apache-2.0
"""What exposes a host to its containers: against what docker inspect said, of the recorded cases and of containers made
here by the real daemon, and on settings written as Docker writes them."""
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lib import exposure_truth, fresh_case, hosts, launch, machine, reading, truth
from lib.reading import severity

def fact(row: dict, word: str) -> str:
    """What follows a word in the facts."""
    return next(iter(reading.facts(row, word)), "")


def check(rows: Iterable[dict], inspected: Iterable[dict]) -> int:
    """Every row that must be there and no other, each at the creation of its container; the number of rows."""
    rows, count = list(rows), 0
    for said in inspected:
        mine = [row for row in rows if row.get("container_identifier") == said["Id"]]
        found = [row for row in mine if row["data_type"] == "container:exposure"]
        assert sorted((row["action"], fact(row, "setting")) for row in found) == exposure_truth.expected(said), said["Name"]
        created = truth.iso_ns(said["Created"])
        for row in found:
            assert reading.nanoseconds(row) == created and row["confidence"] == "exact", row
            assert row["witness"].endswith("config.v2.json#Created") and fact(row, "because") and severity(row)
        bound = [row for row in mine if row["data_type"] == "container:limits"]
        assert len(bound) == 1
        facts = set(bound[0]["facts"]) - {item for item in bound[0]["facts"] if item.startswith("because ")}
        assert facts == exposure_truth.limits(said), said["Name"]
        assert reading.iso_nanoseconds(bound[0]["time_first"]) == created and bound[0]["confidence"] == "bounded"
        assert ("exposure" in bound[0]["tag"]) == any(item.startswith("no limit") for item in facts)
        count += len(found)
    return count


@pytest.mark.parametrize("name", truth.CLEAN)
def test_recorded_cases(name: str, evidence: Callable) -> None:
    """All containers of a case, by what docker inspect said of them."""
    rows = launch.timeline(evidence(name), "--role", "config").rows
    source = "overlay2-ext4" if name == "aufs-synthetic" else name
    inspected = truth.inspected(machine.EVIDENCE / source / "truth")
    assert inspected and check(rows, inspected) >= len(inspected)


# What each container is created with, as the API's HostConfig.
MADE = {
    "plain": {},
    "privileged": {"Privileged": True},
    "shared": {"PidMode": "host", "NetworkMode": "host", "IpcMode": "host", "UTSMode": "host", "CgroupnsMode": "host"},
    "caps": {"CapAdd": ["SYS_ADMIN", "CAP_SYS_PTRACE", "NET_ADMIN", "CHOWN", "WAKE_ALARM"]},
    "all": {"CapAdd": ["ALL"]},
    "unconfined": {"SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined", "no-new-privileges"], "MaskedPaths": [],
                   "ReadonlyPaths": []},
    "binds": {"Binds": ["/:/host:ro", "/etc:/mnt/etc", "/proc:/mnt/proc:ro", "/dev/shm:/mnt/shm", "/tmp:/mnt/tmp"]},
    "devices": {"Devices": [{"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rwm"}
                            for path in ("/dev/null", "/dev/loop0")], "DeviceCgroupRules": ["c 1:* rmw"]},
    "ports": {"NetworkMode": "default", "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "18080"},
                                                                    {"HostIp": "127.0.0.1", "HostPort": "18081"}]}},
    "bounded": {"Memory": 33554432, "PidsLimit": 50, "NanoCpus": 500000000, "CpuShares": 256, "OomScoreAdj": 5,
                "Ulimits": [{"Name": "nofile", "Soft": 64, "Hard": 128}]},
}


def test_made_here(tmp: Path, mounting: None) -> None:
    """Containers of the daemon of this machine, and one whose limits were changed later."""
    del mounting
    said: dict[str, dict] = {}
    try:
        with fresh_case.fresh_case(tmp / "case") as case:
            case.base_image("lab:1", {})
            for name, config in MADE.items():
                body = {"Image": "lab:1", "Cmd": ["/tool"], "HostConfig": {"NetworkMode": "none"} | config}
                case.ids[name] = case.daemon.call("POST", "/containers/create", body, name=name)["Id"]
            case.daemon.call("POST", f"/containers/{case.ids['bounded']}/update", {"PidsLimit": 60})
            said = {name: case.daemon.call("GET", f"/containers/{made}/json") for name, made in case.ids.items()}
    except fresh_case.Refused as refused:
        pytest.skip(str(refused))
    rows = launch.timeline(tmp / "case/disk.raw", "--role", "config").rows
    assert said["bounded"]["HostConfig"]["PidsLimit"] == 60
    assert check(rows, said.values()) >= 20
    found = {(row["container_name"], fact(row, "setting")): severity(row) for row in rows
             if row["data_type"] == "container:exposure"}
    assert found["privileged", "Privileged=true"] == "critical"
    assert found["all", "CapAdd=ALL"] == "critical"
    assert found["shared", "PidMode=host"] == "high"
    assert found["devices", "Devices=/dev/loop0"] == "critical"
    assert found["devices", "Devices=/dev/null"] == "low"


def bind(source: str, writable: bool = True) -> dict:
    """A mount as config.v2.json has it."""
    return {"/in": {"Type": "bind", "Source": source, "Destination": "/in", "RW": writable}}


@pytest.mark.parametrize(("source", "writable", "wanted"), [
    ("/", True, "critical"), ("/", False, "critical"), ("/etc", True, "critical"), ("/etc", False, "high"),
    ("/etc/", True, "critical"), ("/etcetera", True, None), ("/etc/cron.d", True, "high"),
    ("/etc/localtime", False, None), ("/etc/localtime", True, "medium"), ("/etc/docker/certs.d", True, "high"),
    ("/srv", True, None), ("/var", True, "critical"), ("/var/lib", False, "high"), ("/var/lib/docker/volumes", True, "high"),
    ("/var/run/docker.sock", False, "critical"), ("/srv/odd/docker.sock", True, "critical"),
    ("/run/containerd/containerd.sock", True, "critical"), ("/docker.sock.d", True, None), ("/var/run", False, "critical"),
    ("/run/lock", True, "medium"), ("/var/run/lock", True, "medium"), ("/proc/sys", True, "high"),
    ("/sys/fs/cgroup", False, "low"), ("/root/.ssh", False, "medium"), ("/lib/modules", False, "info"),
    ("relative", True, None), ("", True, None)])
def test_mounts(host: hosts.Host, source: str, writable: bool, wanted: str | None) -> None:
    """How bad a mount is depends on what it is, holds or lies in, and on whether it can be written to."""
    hosts.container(host, "web").change(MountPoints=bind(source, writable))
    rows = host.run("-c", "web").where(data_type="container:exposure")
    assert [severity(row) for row in rows] == [wanted] * (wanted is not None)
    created = host.run("-c", "web").where(timestamp_desc="Creation Time", data_type="docker:container:configuration")
    assert all("host_mount" in row["tag"] for row in created)
    assert all(("docker_socket" in row["tag"]) == source.endswith(".sock") for row in created + rows)


@pytest.mark.parametrize(("device", "options", "writable", "wanted"), [
    ("/etc", "bind", True, ("critical", "volume trap of /etc -> /in rw")),
    ("/etc", "rbind,ro", True, ("high", "volume trap of /etc -> /in ro")),
    ("/etc", "bind", False, ("high", "volume trap of /etc -> /in ro")),
    ("/srv/docker.sock", "bind", True, ("critical", "volume trap of /srv/docker.sock -> /in rw")),
    ("/srv", "bind", True, None), ("/dev/sdb1", "noatime", True, None), (":/etc", "bind", True, None)])
def test_volumes_that_are_binds(host: hosts.Host, device: str, options: str, writable: bool,
                                wanted: tuple[str, str] | None) -> None:
    """They are judged as the binds that they are."""
    host.write(host.data / "volumes/trap/opts.json", {"MountType": "none", "MountOpts": options, "MountDevice": device})
    hosts.container(host, "web").change(MountPoints={"/in": {
        "Type": "volume", "Name": "trap", "Driver": "local", "Destination": "/in", "RW": writable}})
    rows = host.run("-c", "web").where(data_type="container:exposure")
    assert [(severity(row), fact(row, "setting")) for row in rows] == ([wanted] if wanted else [])


def set_host_config(host: hosts.Host, value: object) -> None:
    """hostconfig.json of the container web."""
    host.write(hosts.container(host, "web").path / "hostconfig.json", value)


def test_old_forms(host: hosts.Host) -> None:
    """Capabilities without prefix and in small letters, options with a colon; what is nothing stays nothing."""
    set_host_config(host, {"CapAdd": ["sys_module", "cap_kill", ""], "SecurityOpt": ["seccomp:unconfined", "label:user:x"],
                           "PublishAllPorts": True, "UsernsMode": "host", "PidMode": "container:x", "MaskedPaths": None})
    rows = host.run("-c", "web").where(data_type="container:exposure")
    assert sorted((row["action"], severity(row)) for row in rows) == [
        ("add a capability", "critical"), ("publish all exposed ports", "low"), ("run without seccomp", "medium")]


@pytest.mark.parametrize("value", ["{", "[]", "7", '{"Memory": "much", "CapAdd": {"a": 1}, "Devices": [3]}'])
def test_broken_settings(host: hosts.Host, value: str) -> None:
    """No limits are told where none could be read; what has the wrong type is no setting."""
    set_host_config(host, value)
    done = host.run("-c", "web")
    assert len(done.where(data_type="container:limits")) == (value[:9] == '{"Memory"')
    assert bool(done.errors) == (value[:9] != '{"Memory"')


def test_settings_alone(host: hosts.Host) -> None:
    """They are read though config.v2.json is lost."""
    set_host_config(host, {"PidMode": "host"})
    hosts.container(host, "web").config.unlink()
    row, = host.run("-c", hosts.container(host, "web").id).where(data_type="container:exposure")
    assert row["action"] == "share the host's processes" and row["confidence"] == "bounded"


def test_without_creation_time(host: hosts.Host) -> None:
    """Then the settings are at most as young as their file."""
    web = hosts.container(host, "web")
    web.change(Created=hosts.ZERO_TIME)
    set_host_config(host, {"Privileged": True})
    row, = host.run("-c", "web").where(data_type="container:exposure")
    assert row["confidence"] == "bounded" and "time_first" not in row
    assert reading.iso_nanoseconds(row["time_last"]) == (web.path / "hostconfig.json").stat().st_mtime_ns
    assert row["witness"].endswith("hostconfig.json#mtime")


def test_user_namespace_is_told(tmp: Path) -> None:
    """Beside the finding, as the severity is that of the rule; who opted out of it is a finding of its own."""
    host = hosts.shop(tmp / "host")
    data = tmp / "host/var/lib/docker"
    data.rename(tmp / "moved")
    data.mkdir()
    (tmp / "moved").rename(data / "100000.100000")
    host.data = data / "100000.100000"
    set_host_config(host, {"CapAdd": ["SYS_ADMIN"]})
    host.write(hosts.container(host, "db").path / "hostconfig.json", {"UsernsMode": "host", "Privileged": True})
    done = host.run()
    web, = done.where(data_type="container:exposure", container_name="web")
    assert severity(web) == "high" and any(item.startswith("user namespace") for item in web["facts"])
    other = done.where(data_type="container:exposure", container_name="db")
    assert {row["action"] for row in other} == {"opt out of the user namespace", "run privileged"}
    assert not any(item.startswith("user namespace") for row in other for item in row["facts"])
