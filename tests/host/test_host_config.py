# SPDX-License-Identifier: Apache-2.0
"""How the host configured its daemons. Expectations follow dockerd's documented options (docs.docker.com/reference/cli/
dockerd) and systemd's documented rules (man 5 systemd.unit, man 7 systemd.syntax); where systemd is installed its own
view of the same files is asked as well."""
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import hosts, launch, reading
from lib.reading import severity

OPEN, LOCAL, TLS = ("listen on TCP without verifying clients", "listen on local TCP without verifying clients",
                    "listen on TCP, verifying clients")
TWICE = "set an option by a flag and in daemon.json"
ETC, RUN, LIB = "etc/systemd/system/", "run/systemd/system/", "usr/lib/systemd/system/"
STOCK = "[Unit]\nDescription=Docker\n[Service]\nExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/c.sock\n"
SUMMARIES = {"configure the daemon", "define a unit of the daemon", "mask a unit of the daemon"}
WHEN = 1_600_000_000_123_456_789


def write(host: hosts.Host, files: dict[str, str | dict | tuple]) -> None:
    """Files of the host, all of one time of their own; a tuple is a link."""
    for number, (name, value) in enumerate(sorted(files.items())):
        path = host.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, tuple):
            path.symlink_to(value[0])
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        os.utime(path, ns=(WHEN, WHEN + number), follow_symlinks=False)


class Told:
    """What is told of a host with these files."""

    def __init__(self, host: hosts.Host, files: dict) -> None:
        write(host, files)
        self.done = host.run("--role", "host")
        self.rows = [row for row in self.done.where(data_type="container:exposure") if "container_name" not in row]
        for row in self.rows:
            path, field = row["witness"].rsplit("#", 1)
            status = os.lstat(str(host.root) + path)
            assert field == "mtime" and reading.nanoseconds(row) == status.st_mtime_ns, row
            assert row["confidence"] == "claimed" and row["layer_role"] == "host"

    def findings(self) -> list[tuple[str, str, str]]:
        """(what is done, setting, severity) of all but the rows that sum a file up."""
        return sorted((row["action"], row["facts"][0].removeprefix("setting "), severity(row)) for row in self.rows
                      if row["action"] not in SUMMARIES)

    def summary(self, path: str) -> dict:
        """The row that sums a file up."""
        found, = (row for row in self.rows if row["action"] in SUMMARIES and row["witness"] == f"/{path}#mtime")
        return found


def idle(row: dict) -> str:
    """Why it is not in force, "" if it is."""
    return next((fact for fact in row.get("facts", []) if fact.startswith("not in force: ")), "")


@pytest.mark.parametrize(("config", "wanted"), [
    ({"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": True}, (TLS, "low")),
    ({"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": False}, (OPEN, "critical")),
    ({"hosts": ["tcp://0.0.0.0:2376"], "tls": True}, (TLS, "low")),
    ({"hosts": ["tcp://0.0.0.0:2376"], "tls": True, "tlsverify": False}, (OPEN, "critical")),
    ({"hosts": ["tcp://127.0.0.1:2375"]}, (LOCAL, "high")),
    ({"hosts": ["tcp://:2375"]}, (LOCAL, "high")),
    ({"hosts": ["[::]:2375"]}, (OPEN, "critical")),
    ({"hosts": ["fd://", "unix:///x"]}, None), ({}, None), ({"data-root": "/var/lib/docker", "log-driver": "local"}, None)])
def test_addresses(host: hosts.Host, config: dict, wanted: tuple | None) -> None:
    """Who reaches the daemon, and whether it asks who they are."""
    assert [(action, bad) for action, _, bad in Told(host, {"etc/docker/daemon.json": config}).findings()] == \
        ([wanted] if wanted else [])


@pytest.mark.parametrize("text", ["{", "[]", "\x00", "{\"hosts\": [\"tcp://0.0.0.0:1\"]"])
def test_broken_json(host: hosts.Host, text: str) -> None:
    """It is named, once, and the file's row stays."""
    told = Told(host, {"etc/docker/daemon.json": text})
    assert told.done.error()["path"] == "/etc/docker/daemon.json" and not told.findings()
    assert told.summary("etc/docker/daemon.json")


def test_tls_in_another_file(host: hosts.Host) -> None:
    """Settings of one daemon come from several places."""
    told = Told(host, {LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2376\n",
                       "etc/docker/daemon.json": {"tlsverify": True}})
    assert told.findings() == [(TLS, "hosts=tcp://0.0.0.0:2376", "low")]


# --- files of assignments ---------------------------------------------------------------------------------------------

def test_init_script(host: hosts.Host) -> None:
    """Without a unit an init script takes the options; what is commented out is no setting."""
    told = Told(host, {"etc/default/docker": '#DOCKER_OPTS="-H tcp://0.0.0.0:1"\nDOCKER_OPTS="-H tcp://0.0.0.0:2 \\\n'
                                             '  --insecure-registry=r:5000"\nexport http_proxy="http://p/"\nulimit -n 9\n'})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:2", "critical"),
                               ("trust a registry without TLS", "insecure-registries=r:5000", "medium")]
    summary = told.summary("etc/default/docker")
    assert {"http_proxy=http://p/", "1 lines that are no assignment"} <= set(summary["facts"]) and not idle(summary)
    assert "line 2" in next(row for row in told.rows if row["action"] == OPEN)["facts"]


@pytest.mark.parametrize("name", ["etc/default/docker", "etc/sysconfig/docker", "etc/conf.d/docker"])
def test_last_assignment_counts(host: hosts.Host, name: str) -> None:
    """Unless it builds on the one before."""
    told = Told(host, {name: "DOCKER_OPTS='-H tcp://0.0.0.0:1'\nDOCKER_OPTS='-H tcp://0.0.0.0:2'\n"
                             'DOCKER_OPTS="$DOCKER_OPTS --icc=false"\nDOCKER_OPTS+=" -D"\n'})
    assert told.findings() == [("keep containers of the default network apart", "icc=false", "info"),
                               (OPEN, "hosts=tcp://0.0.0.0:1", "info"), (OPEN, "hosts=tcp://0.0.0.0:2", "critical")]


@pytest.mark.parametrize(("unit", "bad"), [
    (STOCK, "info"),
    (STOCK + "EnvironmentFile=-/etc/default/docker\n", "info"),
    (STOCK.replace("fd://", "fd:// $DOCKER_OPTS") + "EnvironmentFile=-/etc/default/docker\n", "critical"),
    (STOCK.replace("fd://", "fd:// ${DOCKER_OPTS}") + "EnvironmentFile=/etc/default/docker\n", "critical"),
    (STOCK.replace("fd://", "fd:// $DOCKER_OPTS_2") + "EnvironmentFile=/etc/default/docker\n", "info"),
    (STOCK.replace("fd://", "fd:// $DOCKER_OPTS") + "EnvironmentFile=/etc/default/docker\nEnvironmentFile=\n", "info"),
    (STOCK.replace("fd://", "fd:// $DOCKER_OPTS"), "info")])
def test_unit_must_use_them(host: hosts.Host, unit: str, bad: str) -> None:
    """With a unit its command decides."""
    told = Told(host, {"etc/default/docker": "DOCKER_OPTS='-H tcp://0.0.0.0:2'\n", LIB + "docker.service": unit})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:2", bad)]
    row, = (row for row in told.rows if row["action"] == OPEN)
    assert bool(idle(row)) == (bad == "info") and row["witness"] == "/etc/default/docker#mtime"


FILES = "EnvironmentFile=/srv/b.env\nEnvironmentFile=-/etc/default/docker\n"


@pytest.mark.parametrize(("files", "wanted"), [
    ({"a": "Environment=O=--iptables=false\n", "b": "Environment='O=-H tcp://0.0.0.0:2'\n"}, "hosts=tcp://0.0.0.0:2"),
    ({"a": "Environment='O=-H tcp://0.0.0.0:2'\n", "b": "Environment=O=--iptables=false\n"}, "iptables=false"),
    ({"a": "Environment='O=-H tcp://0.0.0.0:2'\n", "b": "Environment=O=\n"}, None),
    ({"a": "Environment='O=-H tcp://0.0.0.0:2' P=--iptables=false\n", "b": "Environment=P=-D\n"}, "hosts=tcp://0.0.0.0:2"),
    ({"a": "Environment='O=-H tcp://0.0.0.0:2'\n", "b": "Environment='O=$O --iptables=false'\n"}, "iptables=false"),
    ({"a": FILES + "Environment='O=-H tcp://0.0.0.0:2'\n", "/srv/b.env": "O=-D\n"}, None),
    ({"a": FILES, "/srv/b.env": "O='-H tcp://0.0.0.0:2'\n", "/etc/default/docker": "O=--iptables=false\n"}, "iptables=false"),
    ({"a": FILES, "/etc/default/docker": "O='-H tcp://0.0.0.0:2'\nO+=--iptables=false\n"}, "hosts=tcp://0.0.0.0:2"),
    ({"a": FILES, "b": FILES[:27], "/srv/b.env": "O='-H tcp://0.0.0.0:2'\n", "/etc/default/docker": "O=-D\n"},
     "hosts=tcp://0.0.0.0:2"),
    ({"a": "Environment='O=-H tcp://0.0.0.0:2'\n", "/etc/default/docker": "O=-D\n"}, "hosts=tcp://0.0.0.0:2")])
def test_last_variable_of_the_unit_counts(host: hosts.Host, files: dict[str, str], wanted: str | None) -> None:
    """systemd keeps one value of a name, whatever file has it; those of EnvironmentFile= come behind all others."""
    told = Told(host, {path[1:] if path[0] == "/" else f"{ETC}docker.service.d/{path}.conf":
                       text if path[0] == "/" else "[Service]\n" + text for path, text in files.items()} |
                {LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd $O\n"})
    assert not told.done.errors
    assert [row["facts"][0].removeprefix("setting ") for row in told.rows
            if row["action"] not in SUMMARIES and not idle(row)] == ([wanted] if wanted else [])


def test_variable_behind_an_unread_one(host: hosts.Host) -> None:
    """A file that the unit does not name takes nothing back."""
    told = Told(host, {LIB + "docker.service": "[Service]\nEnvironment=PORT=2375\n"
                                               "ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:${PORT}\n",
                       "etc/default/docker": "PORT=1\n"})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:2375", "critical")]


def test_tls_by_environment(host: hosts.Host) -> None:
    """dockerd looks at DOCKER_TLS_VERIFY by itself."""
    told = Told(host, {LIB + "docker.service": "[Service]\nEnvironment=DOCKER_TLS_VERIFY=1\n"
                                               "ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2376\n"})
    assert told.findings() == [(TLS, "hosts=tcp://0.0.0.0:2376", "low")]


# --- units ------------------------------------------------------------------------------------------------------------

def service(port: int) -> str:
    """A unit whose daemon listens on that port."""
    return f"[Service]\nType=notify\nExecStart=/usr/bin/dockerd \\\n  -H fd:// \\\n  -H tcp://0.0.0.0:{port}\n"


def drop_in(port: int, reset: bool = True) -> str:
    """A drop-in that gives another command."""
    return "[Service]\n" + "ExecStart=\n" * reset + f"ExecStart=/usr/bin/dockerd --host=tcp://0.0.0.0:{port}\n"


# Files, and the ports that the daemon listens on.
UNITS: dict[str, tuple[dict, list[int]]] = {
    "stock": ({LIB + "docker.service": service(1)}, [1]),
    "etc replaces lib": ({LIB + "docker.service": service(1), ETC + "docker.service": service(2)}, [2]),
    "etc before run": ({RUN + "docker.service": service(1), ETC + "docker.service": service(2)}, [2]),
    "run before lib": ({RUN + "docker.service": service(1), LIB + "docker.service": service(2)}, [1]),
    "masked": ({LIB + "docker.service": service(1), ETC + "docker.service": ("/dev/null",),
                ETC + "docker.service.d/a.conf": drop_in(2)}, []),
    "masked by an empty file": ({LIB + "docker.service": service(1), ETC + "docker.service": ""}, []),
    "reset": ({LIB + "docker.service": service(1), ETC + "docker.service.d/a.conf": drop_in(2)}, [2]),
    "by name": ({LIB + "docker.service": service(1), ETC + "docker.service.d/a.conf": drop_in(2),
                 LIB + "docker.service.d/b.conf": drop_in(3)}, [3]),
    "same name": ({LIB + "docker.service": service(1), ETC + "docker.service.d/b.conf": drop_in(2),
                   LIB + "docker.service.d/b.conf": drop_in(3)}, [2]),
    "masked drop-in": ({LIB + "docker.service": service(1), ETC + "docker.service.d/b.conf": ("/dev/null",),
                        LIB + "docker.service.d/b.conf": drop_in(3)}, [1]),
    "drop-in of the type": ({LIB + "docker.service": service(1), ETC + "service.d/a.conf": drop_in(4)}, [4]),
    "no drop-in": ({LIB + "docker.service": service(1), ETC + "docker.service.d/a.txt": drop_in(2)}, [1]),
    "linked": ({"opt/docker.unit": service(5), ETC + "docker.service": ("/opt/docker.unit",)}, [5]),
    "quoted": ({LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd \"-H\" 'tcp://0.0.0.0:6'\n"}, [6]),
    "other section": ({LIB + "docker.service": STOCK + "[Install]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:7\n"}, []),
    "comment in between": ({LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd \\\n# -H tcp://0.0.0.0:8 \\\n"
                                                    "  -H tcp://0.0.0.0:9\n#ExecStart=\n"}, [9]),
}


@pytest.mark.parametrize("name", UNITS)
def test_units(host: hosts.Host, name: str) -> None:
    """Which settings are in force, by the rules of man 5 systemd.unit; all others are told, too, as what they are."""
    files, ports = UNITS[name]
    told = Told(host, files)
    found = {row["facts"][0].rsplit(":", 1)[1]: row for row in told.rows if row["action"] == OPEN}
    assert sorted(int(port) for port, row in found.items() if severity(row) == "critical") == ports
    assert all(bool(idle(row)) == (severity(row) == "info") for row in found.values())
    links = [path for path, value in files.items() if value == ("/dev/null",) or value == ""]
    assert [told.summary(path)["action"] for path in links] == ["mask a unit of the daemon"] * len(links)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_agrees(tmp: Path, name: str) -> None:
    """systemd itself, on the same files with the port in the name of the program: it complains that the program of the
    command that is in force is missing."""
    files, ports = UNITS[name]
    stub = "[Unit]\nDefaultDependencies=no\n"
    tree: dict = {f"stubs/{unit}.target": stub for unit in ("sysinit", "basic", "shutdown")}
    for path, value in files.items():
        tree[path] = re.sub(r"/usr/bin/dockerd((?:[^\n]*\\\n)*[^\n]*:(\d+)'?\n)", r"/nowhere/\2\1",
                            value) if isinstance(value, str) else value
        if isinstance(value, tuple) and value[0] != "/dev/null":
            tree[path] = ("link", str(tmp) + value[0])
        elif isinstance(value, tuple):
            tree[path] = ("link", *value)
    hosts.write_tree(os.fsencode(tmp), tree)
    done = subprocess.run(["systemd-analyze", "verify", "docker.service"], capture_output=True, text=True, check=False,
                          env=os.environ | {"SYSTEMD_UNIT_PATH": ":".join(str(tmp / at) for at in (ETC, RUN, LIB, "stubs"))})
    found = [int(port) for port in re.findall(r"Command /nowhere/(\d+) is not executable", done.stderr)]
    assert found == ports, done.stderr


def test_merged_usr(host: hosts.Host) -> None:
    """/lib may be a link to /usr/lib: no file is told twice."""
    write(host, {LIB + "docker.service": service(1)})
    (host.root / "lib").symlink_to("usr/lib")
    assert len(Told(host, {}).findings()) == 1


def test_socket(host: hosts.Host) -> None:
    """A port alone is on all addresses; the last mode counts."""
    told = Told(host, {LIB + "docker.socket": "[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\n",
                       ETC + "docker.socket.d/a.conf": "[Socket]\nListenStream=2375\nSocketMode=0666\n"})
    assert told.findings() == [(OPEN, "ListenStream=2375", "critical"),
                               ("open the daemon's socket to all users", "SocketMode=0666", "high")]
    told = Told(host, {ETC + "docker.socket.d/b.conf": "[Socket]\nListenStream=\nListenStream=127.0.0.1:2375\n"
                                                       "SocketMode=0600\n"})
    assert {finding for finding in told.findings() if finding[2] != "info"} == {
        (LOCAL, "ListenStream=127.0.0.1:2375", "high")}


def test_odd_files(host: hosts.Host) -> None:
    """No FIFO is opened, no cycle followed, nothing outside of the evidence read."""
    (host.root / "etc/default").mkdir(parents=True)
    os.mkfifo(host.root / "etc/default/docker")
    told = Told(host, {ETC + "docker.service": ("docker.service",), "etc/docker/daemon.json": ("../../../../../etc/x",)})
    assert {error["path"] for error in told.done.errors} >= {"/etc/default/docker", f"/{ETC}docker.service"}
    assert not told.findings()


def test_other_configuration_file(host: hosts.Host) -> None:
    """--config-file takes the place of daemon.json."""
    told = Told(host, {LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd --config-file /srv/d.json\n",
                       "etc/docker/daemon.json": {"hosts": ["tcp://0.0.0.0:1"]},
                       "srv/d.json": {"hosts": ["tcp://0.0.0.0:2"]}})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:1", "info"), (OPEN, "hosts=tcp://0.0.0.0:2", "critical")]


# --- other daemons ----------------------------------------------------------------------------------------------------

def test_rootless_and_snap(host: hosts.Host) -> None:
    """Each daemon has its own settings."""
    told = Told(host, {"home/ann/.config/docker/daemon.json": {"tlsverify": True},
                       "home/ann/.config/systemd/user/docker.service": "[Service]\n"
                       "ExecStart=/usr/bin/dockerd-rootless.sh -H tcp://0.0.0.0:1\n",
                       "var/snap/docker/current/config/daemon.json": {"hosts": ["tcp://0.0.0.0:2"]}})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:2", "critical"), (TLS, "hosts=tcp://0.0.0.0:1", "low")]
    rows = {row["witness"]: row for row in told.rows}
    assert all(("rootless daemon" in row["facts"]) == path.startswith("/home") for path, row in rows.items())


@pytest.mark.parametrize("name", ["overlay2-ext4", "overlay2-userns", "overlay2-xfs", "vfs-ext4"])
def test_recorded_cases(name: str, evidence: Callable, mounted: Callable) -> None:
    """By the files themselves, read by the kernel: unit, options and daemon.json of the host."""
    place = evidence(name)
    root: Path = place if place.is_dir() else mounted(place)
    done = launch.timeline(place, "--role", "host")
    rows = done.where(data_type="container:exposure")
    listed = json.loads((root / "etc/docker/daemon.json").read_text())
    found = {(row["witness"], row["facts"][0]) for row in rows if row["action"] == OPEN}
    twice = {(row["witness"], row["facts"][0]) for row in rows if row["action"] == TWICE}
    assert {severity(row) for row in rows if row["action"] == OPEN} == {"info" if "hosts" in listed else "critical"}
    assert bool(twice) == ("hosts" in listed) and ("/etc/default/docker#mtime", "setting hosts=tcp://0.0.0.0:2375") in (
        twice or found)
    assert found == {("/etc/default/docker#mtime", "setting hosts=tcp://0.0.0.0:2375")} | {
        ("/etc/docker/daemon.json#mtime", f"setting hosts={item}") for item in listed.get("hosts", []) if "tcp" in item}
    limits = [row for row in done.where(data_type="container:limits") if row["witness"] == "/etc/cgconfig.conf#mtime"]
    text = (root / "etc/cgconfig.conf").read_text()
    assert [row["facts"][0] for row in limits] == [f"group {name}" for name in re.findall(r"^group (\S+)", text, re.M)]
    assert sorted(fact for row in limits for fact in row["facts"] if "=" in fact) == sorted(
        f"{key}={value}" for key, value in re.findall(r'(\w+\.\w+) = "(.*?)";', text))
    for row in rows + limits:
        assert reading.nanoseconds(row) == os.lstat(str(root) + row["witness"].removesuffix("#mtime")).st_mtime_ns


# --- set twice --------------------------------------------------------------------------------------------------------

BOTH = {
    "hosts": ("-H tcp://0.0.0.0:1", {"hosts": ["unix:///x"]}, {"hosts=tcp://0.0.0.0:1"}),
    "an empty list": ("-H tcp://0.0.0.0:1", {"hosts": []}, {"hosts=tcp://0.0.0.0:1"}),
    "the same value": ("--log-driver=journald", {"log-driver": "journald"}, {"log-driver=journald"}),
    "another name": ("--label a=b --insecure-registry=r", {"labels": ["c=d"], "insecure-registries": []},
                     {"labels=a=b", "insecure-registries=r"}),
    "a group of options": ("--http-proxy=http://p", {"proxies": {"http-proxy": "http://q"}}, {"http-proxy=http://p"}),
    "a map": ("--log-opt max-size=1m", {"log-opts": {"max-file": "2"}}, {"log-opts=max-size=1m"}),
    "a map that is an option": ("--feature x=true", {"features": {"y": True}}, {"features=x=true"}),
    "an old name": ("--host-gateway-ip 192.0.2.1", {"host-gateway-ip": "192.0.2.2"}, {"host-gateway-ips=192.0.2.1"}),
    "a switch": ("--icc=false", {"icc": True}, {"icc=false"}),
    "runtimes are merged": ("--add-runtime a=/a", {"runtimes": {"b": {"path": "/b"}}}, set()),
    "others": ("-H tcp://0.0.0.0:1 --tls", {"log-driver": "none", "log-opts": {"hosts": "x"}}, set()),
}


@pytest.mark.parametrize("name", BOTH)
def test_set_by_a_flag_and_in_the_file(name: str, host: hosts.Host) -> None:
    """dockerd takes neither: it refuses to start (moby daemon/config/config.go findConfigurationConflicts)."""
    flags, config, wanted = BOTH[name]
    told = Told(host, {ETC + "docker.service": f"[Service]\nExecStart=/usr/bin/dockerd {flags}\n",
                       "etc/docker/daemon.json": config})
    rows = [row for row in told.rows if row["action"] == TWICE]
    assert {row["facts"][0].removeprefix("setting ") for row in rows} == wanted and len(rows) == len(wanted)
    assert all("and in /etc/docker/daemon.json" in row["facts"] and severity(row) == "info" for row in rows)
    options = {text.split("=")[0] for text in wanted}
    for row in told.rows:
        if row["action"] not in SUMMARIES | {TWICE}:
            key = row["facts"][0].removeprefix("setting ").split("=")[0]
            refused = [fact for fact in row["facts"] if fact.startswith("not in force: dockerd refuses to start, since ")]
            assert bool(refused) == (key in options or key.split(".")[0] in options), row


def test_set_twice_but_not_in_force(host: hosts.Host) -> None:
    """A flag that a later line takes back, and a daemon.json that no daemon reads, are no conflict."""
    told = Told(host, {ETC + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:1\nExecStart=\n"
                       "ExecStart=/usr/bin/dockerd --config-file /etc/other.json --icc=false\n",
                       "etc/docker/daemon.json": {"hosts": ["tcp://0.0.0.0:2"], "icc": True}, "etc/other.json": {}})
    assert not [row for row in told.rows if row["action"] == TWICE]


# --- control groups ---------------------------------------------------------------------------------------------------

def groups(done: reading.Timeline) -> dict[str, dict]:
    """Rows of configured groups, by their path."""
    rows = [row for row in done.where(data_type="container:limits") if "/etc/cg" in row["witness"]]
    assert all(row["confidence"] == "claimed" and not row["tag"] for row in rows)
    return {row["facts"][0].removeprefix("group "): row for row in rows}


def test_control_groups(host: hosts.Host) -> None:
    """Limits that were configured by hand, of the containers that they name."""
    web, db = hosts.container(host, "web"), hosts.container(host, "db")
    host.write(db.path / "hostconfig.json", {"CgroupParent": "/shop/back/"})
    host.write(web.path / "hostconfig.json", {"CgroupParent": "shop"})
    lost = "f" * 64
    write(host, {"etc/cgconfig.conf": "mount { cpu = /sys/fs/cgroup/cpu; }\n"
                 f"group docker/{web.id} {{ memory {{ memory.limit_in_bytes = 64M; }} cpu {{ }} }}\n"
                 f"group system.slice/docker-{db.id}.scope {{\n perm {{ task {{ uid = root; }} }}\n"
                 f" cpu {{ cpu.shares = \"512\"; cpu.cfs_quota_us = 5; }} }}\ngroup docker/{lost} {{ }}\n",
                 "etc/cgconfig.d/shop.conf": f"group shop/back/x {{ }} group docker/{web.id[:12]} {{ }}\ngroup other {{ }}\n",
                 "etc/cgrules.conf": f"# none\nann:dockerd cpu,memory docker/{db.id}/\n"})
    done = host.run()
    told = groups(done)
    assert not done.errors and len(told) == 7
    whose = {group: row.get("container_name") for group, row in told.items()}
    assert whose == {f"docker/{web.id}": "web", f"system.slice/docker-{db.id}.scope": "db", f"docker/{lost}": None,
                     "shop/back/x": None, f"docker/{web.id[:12]}": "web", "other": None, f"docker/{db.id}/": "db"}
    assert told[f"docker/{web.id}"]["facts"][1:] == ["controller memory", "memory.limit_in_bytes=64M", "controller cpu",
                                                     "line 2"]
    assert told[f"system.slice/docker-{db.id}.scope"]["facts"][1:] == ["controller cpu", "cpu.shares=512",
                                                                       "cpu.cfs_quota_us=5", "line 3"]
    assert set(told["shop/back/x"]["facts"]) >= {f"parent of container {web.id}", f"parent of container {db.id}"}
    assert f"container {lost}, which is not there" in told[f"docker/{lost}"]["facts"]
    assert told[f"docker/{db.id}/"]["facts"][1:] == ["of ann:dockerd", "controllers cpu,memory", "line 2"]
    assert reading.nanoseconds(told["other"]) == (host.root / "etc/cgconfig.d/shop.conf").stat().st_mtime_ns


def test_secrets_stay_hidden(host: hosts.Host) -> None:
    """Wherever one is written, in all rows; and nothing else is."""
    told = Told(host, {
        LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd --password=hidden1 $OPTS\n",
        ETC + "docker.service.d/a.conf": "[Service]\nEnvironment=AWS_SECRET_ACCESS_KEY=hidden2\n"
        'Environment="AWS_SECRET_ACCESS_KEY=hidden3" "OTHER=shown1"\n'
        "ExecStartPre=/bin/login --password hidden4 shown2\nExecStartPre=/bin/curl https://me:hidden5@m/shown3\n",
        "etc/default/docker": "OPTS='--log-opt=splunk-token=hidden7 --registry-mirror=https://me:hidden6@m/shown4'\n",
        "etc/docker/daemon.json": {"proxies": {"http-proxy": "http://me:hidden8@p:3128/shown5"}, "env": ["TOKEN=hidden9"],
                                   "labels": ["password=hidden0", "site=shown6"],
                                   "registry-mirrors": ["http://me:hidden@m"]}})
    text = json.dumps(told.rows)
    assert "hidden" not in text
    assert set(re.findall(r"shown\d", text)) == {f"shown{number}" for number in range(1, 7)}
    assert "registry-mirrors=http://me:***@m" in {finding[1] for finding in told.findings()}


# --- too much ---------------------------------------------------------------------------------------------------------

def test_large_settings(host: hosts.Host) -> None:
    """What is beyond a limit is named with how much it is, and read without ado."""
    told = Told(host, {"etc/docker/daemon.json": {
        "k" * 150_000: {str(number): number for number in range(50_000)}, "icc": False,
        "insecure-registries": [f"r{number}" for number in range(10_002)]},
        LIB + "docker.service": "[Service]\nExecStart=/usr/bin/dockerd" + " -D" * 5000 + "\n"})
    assert {(error["path"], error["code"], error["reason"]) for error in told.done.errors} == {
        ("/etc/docker/daemon.json", "too-large",
         "50003 values beyond the first 10000 or under a name of more than 1024 bytes"),
        (f"/{LIB}docker.service", "too-large", "line 2: 905 words beyond the first 4096")}
    assert [setting for _, setting, _ in told.findings() if "icc" in setting] == ["icc=false"]


def test_many_findings(host: hosts.Host) -> None:
    """A daemon's rows have an end, which is named."""
    told = Told(host, {LIB + "docker.service": "[Service]\n" + "ExecStart=/d -H a -H b -H c -H d\n" * 2501})
    assert len(told.findings()) == 10_000
    assert told.done.error()["reason"] == "line 2502: this and 3 more settings of the daemon, beyond 10000 that have rows"


def test_many_links_to_a_home(host: hosts.Host) -> None:
    """It is read once, under its own name."""
    write(host, {f"home/a{number}": ("z",) for number in range(50)} | {"home/loop": ("loop",), "home/gone": ("nowhere",)})
    told = Told(host, {"home/z/.config/docker/daemon.json": {"hosts": ["tcp://0.0.0.0:1"]}})
    assert told.findings() == [(OPEN, "hosts=tcp://0.0.0.0:1", "critical")]
    paths = [error["path"] for error in told.done.errors]
    assert paths.count("/home/loop") == 1 and all(path.startswith("/home/loop") for path in paths)


def test_long_group(host: hosts.Host) -> None:
    """No kernel has a group of such a path."""
    write(host, {"etc/cgconfig.conf": f"group {'a/' * 400_000} {{ }}\ngroup b {{ }}\n"})
    done = host.run()
    assert list(groups(done)) == ["b"]
    assert done.error()["reason"] == "line 1: a group's path of more than 4096 bytes"
