# SPDX-License-Identifier: Apache-2.0
"""Where daemons keep their stores, by what their settings say; and stores that were left behind.

What is in force follows the documentation of dockerd, containerd, k3s, k0s and systemd, and the packages that start
them: moby contrib/init, Debian, RHEL, Alpine, Void, OpenWrt, Synology. A host has an old store at the default place, with
the containers web and db, and a new one elsewhere, with the container `new`.
"""
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lib import hosts, launch, machine
from lib.reading import Timeline

ETC, LIB = "etc/systemd/system/", "usr/lib/systemd/system/"
NEW = "data/docker"
STOCK = "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"
Files = dict[str, str | dict | tuple]


def write(root: Path, files: Files) -> None:
    """Files of the host; a tuple is a link."""
    for name, value in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, tuple):
            path.symlink_to(value[0])
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value))


def add_store(root: Path, at: str = NEW, name: str = "new") -> None:
    """A store with one container."""
    store = hosts.Host(root, at)
    store.container(name, store.image(f"{name}:1", {"etc": {"conf": name}}), {"run.log": name})
    hosts.settle(root)


def stores(root: Path) -> dict[str, str]:
    """What --list-sources says of each store, by its path."""
    lines = launch.run("-q", "--list-sources", root).stdout.decode().splitlines()
    found = [line.split(" (", 1) for line in lines if not line.startswith("host ")]
    return {head.split()[-1]: tail.split("): ")[0] for head, tail in found}


def tagged(done: Timeline) -> dict[str, set[bool]]:
    """Of each container: are its rows tagged as of an abandoned store?"""
    found: dict[str, set[bool]] = {}
    for row in done.rows:
        if row.get("container_name"):
            found.setdefault(row["container_name"], set()).add("abandoned" in row["tag"])
    return found


# Files, and who says where the data root is.
IN_FORCE: dict[str, tuple[Files, str]] = {
    "json": ({"etc/docker/daemon.json": {"data-root": "/data/docker"}}, "data-root in /etc/docker/daemon.json"),
    "graph": ({"etc/docker/daemon.json": {"graph": "/data/docker"}}, "graph in /etc/docker/daemon.json"),
    "config-file": ({LIB + "docker.service": STOCK[:-1] + " --config-file=/srv/d.json\n",
                     "etc/docker/daemon.json": {"data-root": "/nowhere"}, "srv/d.json": {"data-root": "/data/docker"}},
                    "data-root in /srv/d.json"),
    "option": ({LIB + "docker.service": STOCK[:-1] + " --data-root /data/docker\n"},
               "--data-root in /usr/lib/systemd/system/docker.service"),
    "drop-in": ({LIB + "docker.service": STOCK, ETC + "docker.service.d/o.conf":
                 "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd \\\n  -H fd:// \\\n  --data-root /data/docker\n"},
                "--data-root in /etc/systemd/system/docker.service.d/o.conf"),
    "replaced": ({LIB + "docker.service": STOCK[:-1] + " --data-root /nowhere\n",
                  ETC + "docker.service": STOCK[:-1] + " -g /data/docker\n"},
                 "-g or --graph in /etc/systemd/system/docker.service"),
    "variable": ({LIB + "docker.service": "[Service]\nEnvironment=BASE=/data\nExecStart=/usr/bin/dockerd --data-root "
                  "${BASE}/docker\n"}, "--data-root in /usr/lib/systemd/system/docker.service"),
    "later-option": ({LIB + "docker.service": "[Service]\nEnvironment=OPTS=--data-root=/nowhere\n"
                      "ExecStart=/usr/bin/dockerd $OPTS --data-root /data/docker\n"},
                     "--data-root in /usr/lib/systemd/system/docker.service"),
    "shell": ({LIB + "docker.service": "[Service]\nExecStart=/bin/sh -c 'exec dockerd -g /data/docker'\n"},
              "-g or --graph in /usr/lib/systemd/system/docker.service"),
    "daemon": ({LIB + "docker.service": "[Service]\nExecStart=/usr/bin/docker daemon -g=/data/docker\n"},
               "-g or --graph in /usr/lib/systemd/system/docker.service"),
    "sysconfig": ({LIB + "docker.service": "[Service]\nEnvironmentFile=-/etc/sysconfig/docker\n"
                   "ExecStart=/usr/bin/dockerd-current $OPTIONS\n",
                   "etc/sysconfig/docker": "OPTIONS='--selinux-enabled --graph=/data/docker'\n"},
                  "-g or --graph in /etc/sysconfig/docker"),
    "storage": ({LIB + "docker.service": "[Service]\nEnvironmentFile=-/etc/sysconfig/docker-storage\n"
                 "ExecStart=/usr/bin/dockerd $DOCKER_STORAGE_OPTIONS\n",
                 "etc/sysconfig/docker-storage": 'DOCKER_STORAGE_OPTIONS="--data-root /data/docker"\n'},
                "--data-root in /etc/sysconfig/docker-storage"),
    "default": ({"etc/default/docker": 'DOCKER_OPTS="--dns 8.8.8.8 -g /data/docker"\n'},
                "-g or --graph in /etc/default/docker"),
    "openrc": ({"etc/conf.d/docker": 'DOCKER_OPTS="--data-root=/data/docker"\n'}, "--data-root in /etc/conf.d/docker"),
    "nixos": ({"etc/systemd/system": ("../static/units",), "etc/static": ("../nix/store/e",), "nix/store/e/units/docker.service":
               ("/nix/store/u.service",), "nix/store/u.service":
               "[Service]\nExecStart=\nExecStart=/nix/store/d/bin/dockerd --config-file=/nix/store/daemon.json\n",
               "nix/store/daemon.json": {"data-root": "/data/docker"}}, "data-root in /nix/store/daemon.json"),
    "flatcar": ({LIB + "docker.service": "[Service]\nExecStart=/usr/bin/env PATH=/a:/b dockerd --host=fd:// $DOCKER_OPTS\n",
                 ETC + "docker.service.d/o.conf": "[Service]\nEnvironment='DOCKER_OPTS=--data-root=/data/docker -D'\n"},
                "--data-root in /etc/systemd/system/docker.service.d/o.conf"),
    "other-unit": ({LIB + "balena.service":
                    "[Service]\nExecStart=/usr/bin/balenad --delta-data-root=/x --data-root=/data/docker\n"},
                   "--data-root in /usr/lib/systemd/system/balena.service"),
    "boot2docker": ({"var/lib/boot2docker/profile": "EXTRA_ARGS='\n--label provider=virtualbox\n-g /data/docker\n'\n"},
                    "-g or --graph in /var/lib/boot2docker/profile"),
    "slackware": ({"etc/rc.d/rc.docker": '#!/bin/sh\nOPTS="--data-root=/data/docker"\n$DOCKER -p $PID $OPTS 2>&1 &\n'},
                  "--data-root in /etc/rc.d/rc.docker"),
    "openrc-beside-a-unit": ({"sbin/init": "ELF", LIB + "docker.service": STOCK, "etc/conf.d/docker":
                              'DOCKER_OPTS="--data-root=/data/docker"\n'}, "--data-root in /etc/conf.d/docker"),
    "systemd": ({"sbin/init": ("../lib/systemd/systemd",), "lib/systemd/systemd": "ELF",
                 LIB + "docker.service": STOCK[:-1] + " -g /data/docker/\n",
                 "etc/conf.d/docker": "DOCKER_OPTS=-g/nowhere\n"},
                "-g or --graph in /usr/lib/systemd/system/docker.service"),
    "runit": ({"etc/sv/docker/conf": "OPTS='-g /data/docker'\n"}, "-g or --graph in /etc/sv/docker/conf"),
    "init-script": ({"etc/init.d/docker": "#!/bin/sh\n# it's a comment\nif [ $n -gt 3 ]; then\n start-stop-daemon "
                     "-g root \\\n  --exec /usr/bin/dockerd -- --data-root /data/docker\nfi\n"},
                    "--data-root in /etc/init.d/docker"),
    "upstart": ({"etc/init/docker.conf": 'script\n  DOCKER_OPTS="-g /data/docker"\n  exec docker -d $DOCKER_OPTS\n'},
                "-g or --graph in /etc/init/docker.conf"),
    "openwrt": ({"etc/config/dockerd": "config globals 'globals'\n\toption data_root '/data/docker/'\n"},
                "data-root in /etc/config/dockerd"),
    "openwrt-other": ({"etc/config/dockerd": "config globals 'globals'\n\toption data_root '/nowhere'\n"
                       "\toption alt_config_file '/etc/docker/d.json'\n",
                       "etc/docker/d.json": {"data-root": "/data/docker"}}, "data-root in /etc/docker/d.json"),
    "bind": ({"etc/fstab": "UUID=1 / ext4 defaults 0 1\n/data/docker /var/lib/docker none bind 0 0\n"},
             "bind over /var/lib/docker in /etc/fstab"),
    "bind-above": ({"etc/fstab": "/var/lib/kubelet /var/lib/kubelet none bind 0 0\n/data/  /var/lib/\tnone rw,rbind 0 0\n"},
                   "bind over /var/lib in /etc/fstab"),
    "mount-unit": ({ETC + "var-lib-docker.mount": "[Mount]\nWhat=/data/docker\nWhere=/var/lib/docker\nOptions=bind\n"},
                   "bind over /var/lib/docker in /etc/systemd/system/var-lib-docker.mount"),
    "link": ({"etc/docker/daemon.json": {"data-root": "/srv/link"}, "srv/link": ("../data/docker",)},
             "data-root in /etc/docker/daemon.json"),
}


@pytest.mark.parametrize("case", IN_FORCE)
def test_in_force_and_abandoned(case: str, host: hosts.Host) -> None:
    """Both stores are read, and only the rows of the old one are tagged."""
    files, who = IN_FORCE[case]
    add_store(host.root)
    write(host.root, files)
    done = host.run()
    assert not done.errors and done.code == 0
    assert tagged(done) == {"new": {False}, "web": {True}, "db": {True}}
    for row in done.rows:
        assert row["pathspec"]["location"].startswith("/var/lib/docker") == ("abandoned" in row["tag"]), row
    found = stores(host.root)
    assert set(found) == {"/data/docker", "/var/lib/docker"}
    assert found["/data/docker"].endswith(f"; in force: {who}")
    assert f"; abandoned: {who} says " in found["/var/lib/docker"]


DAMAGED = ['{\n  // "data-root": "/no",\n  "data-root": "/data/docker"\n}', '{"data-root": "/data/docker",}',
           '{"hosts": ["fd://"] "data-root": "/data/docker"}', '{"data-root": "/data/docker\n}',
           '# x\n{"data-root": "/data/docker"',
           "{'data-root': '/data/docker'}",
           '{"hosts": ["fd://"], /* why */ "graph": "\\/data\\/docker"}']


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_json(text: str, host: hosts.Host) -> None:
    """dockerd refuses the file, which is an error. What it names is tried all the same."""
    add_store(host.root)
    write(host.root, {"etc/docker/daemon.json": text})
    done = host.run()
    assert (done.error()["path"], done.error()["code"]) == ("/etc/docker/daemon.json", "damaged")
    assert tagged(done) == {"new": {False}, "web": {True}, "db": {True}}
    assert "in /etc/docker/daemon.json, which is damaged" in stores(host.root)["/data/docker"]


def test_conflict(host: hosts.Host) -> None:
    """dockerd does not start if an option and daemon.json both set it: both are read, and it is said."""
    add_store(host.root)
    add_store(host.root, "srv/docker", "other")
    write(host.root, {LIB + "docker.service": STOCK[:-1] + " --data-root /srv/docker\n",
                      "etc/docker/daemon.json": {"data-root": "/data/docker"}})
    assert tagged(host.run()) == {"new": {False}, "other": {False}, "web": {True}, "db": {True}}
    found = stores(host.root)
    for path, who in (("/srv/docker", "--data-root in /usr/lib/systemd/system/docker.service"),
                      ("/data/docker", "data-root in /etc/docker/daemon.json")):
        assert found[path].endswith(f"; in force: {who}, but it is set more than once, so that dockerd does not start")


@pytest.mark.parametrize(("files", "why"), [
    ({LIB + "docker.service": STOCK, "etc/default/docker": 'DOCKER_OPTS="-g /data/docker"\n'},
     "docker.service does not read the file"),
    ({LIB + "docker.service": STOCK[:-1] + " --config-file /srv/d.json\n", "srv/d.json": {"icc": True},
      "etc/docker/daemon.json": {"data-root": "/data/docker"}}, "the option --config-file names another")])
def test_not_in_force(files: Files, why: str, host: hosts.Host) -> None:
    """What is not in force may have been: its directory is read, and the default is in force."""
    add_store(host.root)
    write(host.root, files)
    done = host.run()
    assert not done.errors and {"new", "web", "db"} == set(tagged(done)) and tagged(done)["web"] == {False}
    found = stores(host.root)
    assert found["/data/docker"].endswith(f"; not in force: {why}")
    assert found["/var/lib/docker"].endswith("; in force: the default, as no setting names another place")


def test_old_and_new_name(host: hosts.Host) -> None:
    """dockerd refuses a file that sets `graph` and `data-root`: both are read."""
    add_store(host.root)
    add_store(host.root, "srv/docker", "other")
    write(host.root, {"etc/docker/daemon.json": {"data-root": "/data/docker", "graph": "/srv/docker"}})
    assert tagged(host.run()) == {"new": {False}, "other": {False}, "web": {True}, "db": {True}}


def test_missing(host: hosts.Host) -> None:
    """The settings name what is not in the evidence: an error says so, and the default is not called abandoned."""
    write(host.root, {LIB + "docker.service": STOCK[:-1] + " --data-root /mnt/disk/docker\n"})
    done = host.run()
    assert (done.error()["code"], done.error()["path"]) == ("missing", "/usr/lib/systemd/system/docker.service")
    assert "--data-root" in done.error()["reason"] and "'/mnt/disk/docker'" in done.error()["reason"]
    assert tagged(done) == {"web": {False}, "db": {False}}
    assert stores(host.root)["/var/lib/docker"].endswith(
        "; in doubt: --data-root in /usr/lib/systemd/system/docker.service says /mnt/disk/docker, where no store is")


def test_manifest(host: hosts.Host, tmp: Path) -> None:
    """It says of each store what the settings do."""
    add_store(host.root)
    write(host.root, {"etc/docker/daemon.json": {"data-root": "/data/docker"}})
    host.run("--manifest", tmp / "manifest")
    roots = {root["data_root"]: root for root in json.loads((tmp / "manifest").read_text())["evidence"][0]["roots"]}
    assert roots["/data/docker"]["settings"] == "in force: data-root in /etc/docker/daemon.json"
    assert "abandoned" not in roots["/data/docker"] and roots["/var/lib/docker"]["abandoned"] is True


def test_bare_store_says_nothing(host: hosts.Host) -> None:
    """Without the host nobody knows its settings."""
    assert "force" not in launch.run("--list-sources", host.data).stdout.decode()


# --- other daemons ----------------------------------------------------------------------------------------------------

def test_second_daemon(host: hosts.Host) -> None:
    """Another unit starts another dockerd; neither store is abandoned."""
    add_store(host.root)
    write(host.root, {LIB + "docker.service": STOCK, LIB + "docker-ci.service":
                      "[Service]\nExecStart=/usr/bin/dockerd --data-root /data/docker --host tcp://0.0.0.0:2375\n",
                      LIB + "docker-compose.service": "[Service]\nExecStart=/usr/bin/docker compose -g /nowhere up\n?\n"})
    done = host.run()
    assert not done.errors and tagged(done) == {"new": {False}, "web": {False}, "db": {False}}
    assert any(row.get("action", "").startswith("listen on TCP") for row in done.rows)


def test_only_daemon_under_another_name(host: hosts.Host) -> None:
    """Without a docker.service the unit that starts dockerd is the system's daemon: the default is left behind."""
    add_store(host.root)
    write(host.root, {ETC + "my-docker.service": STOCK[:-1] + " --data-root /data/docker\n"})
    assert tagged(host.run()) == {"new": {False}, "web": {True}, "db": {True}}


def test_many_settings(host: hosts.Host) -> None:
    """What is beyond a cap is named, and no work without end follows."""
    write(host.root, {"etc/docker/daemon.json": {"data-root": [f"/nowhere/{number}" for number in range(9000)]}}
          | {f"{LIB}docker-{number}.service": STOCK for number in range(300)})
    codes = [error["code"] for error in host.run(processor=20).errors]
    assert codes.count("too-large") == 2 and codes.count("missing") == 63


@pytest.mark.parametrize(("files", "who"), [
    ({"home/ann/.config/docker/daemon.json": {"data-root": "/data/docker"}},
     "data-root in /home/ann/.config/docker/daemon.json"),
    ({"home/ann/.config/systemd/user/docker.service":
      "[Service]\nExecStart=/usr/bin/dockerd-rootless.sh --data-root=%h/big\n", "home/ann/big": ("../../data/docker",)},
     "--data-root in /home/ann/.config/systemd/user/docker.service"),
    ({"home/ann/.config/systemd/user/docker.service.d/x.conf": "[Service]\nEnvironment=XDG_DATA_HOME=/data\n",
      "home/ann/.config/systemd/user/docker.service": "[Service]\nExecStart=/usr/bin/dockerd-rootless.sh\n"},
     "XDG_DATA_HOME in /home/ann/.config/systemd/user/docker.service.d/x.conf")])
def test_rootless(files: Files, who: str, host: hosts.Host) -> None:
    """A user's daemon has its own default, and leaves the system's alone."""
    add_store(host.root)
    add_store(host.root, "home/ann/.local/share/docker", "old")
    write(host.root, files)
    assert tagged(host.run()) == {"new": {False}, "old": {True}, "web": {False}, "db": {False}}
    assert stores(host.root)["/data/docker"].endswith(f"; in force: {who}")


def test_snap(host: hosts.Host) -> None:
    """snap's daemon has settings and a default of its own."""
    add_store(host.root)
    add_store(host.root, "var/snap/docker/common/var-lib-docker", "old")
    write(host.root, {"var/snap/docker/7/config/daemon.json": {"data-root": "/data/docker"}, "var/snap/docker/current": ("7",)})
    assert tagged(host.run()) == {"new": {False}, "old": {True}, "web": {False}, "db": {False}}


@pytest.mark.parametrize("package", ["Docker", "ContainerManager"])
def test_synology(package: str, tmp: Path) -> None:
    """dockerd.json, whose data root leads through links of the package."""
    add_store(tmp / "nas", "volume1/@docker")
    write(tmp / "nas", {"etc/hostname": "nas\n",
                        f"var/packages/{package}/etc/dockerd.json": {"data-root": f"/var/packages/{package}/var/docker"},
                        f"var/packages/{package}/var": (f"/volume1/@appdata/{package}",),
                        f"volume1/@appdata/{package}/docker": ("/volume1/@docker",)})
    assert tagged(launch.timeline(tmp / "nas")) == {"new": {False}}
    assert f"; in force: data-root in /var/packages/{package}/etc/dockerd.json" in stores(tmp / "nas")["/volume1/@docker"]


def test_openwrt_default(tmp: Path) -> None:
    """/opt/docker, unless /etc/config/dockerd says otherwise."""
    add_store(tmp / "router", "opt/docker")
    write(tmp / "router", {"etc/config/dockerd": "config globals 'globals'\n\toption log_level 'warn'\n"})
    assert tagged(launch.timeline(tmp / "router")) == {"new": {False}}


# --- containerd -------------------------------------------------------------------------------------------------------

def add_containerd(root: Path, at: str) -> None:
    """A root of containerd as it is before the first image (containerd 1.7: its plugins make their directories)."""
    for name in ("io.containerd.content.v1.content/blobs", "io.containerd.snapshotter.v1.overlayfs/snapshots",
                 "io.containerd.runtime.v2.task"):
        (root / at / name).mkdir(parents=True)


UNIT = "[Service]\nExecStart=/usr/bin/containerd\n"
CONTAINERD: dict[str, tuple[Files, str]] = {
    "toml": ({"etc/containerd/config.toml": 'version = 2\nroot = "/srv/ctd"\n'}, "root in /etc/containerd/config.toml"),
    "import": ({"etc/containerd/config.toml": 'root = "/nowhere"\nimports = [\n  "conf.d/*.toml", # more\n]\n[plugins]\n',
                "etc/containerd/conf.d/a.toml": "root = '/nowhere/either'\n",
                "etc/containerd/conf.d/b.toml": "root = '/srv/ctd'\nimports = ['/etc/containerd/config.toml']\n"},
               "root in /etc/containerd/conf.d/b.toml"),
    "option": ({LIB + "containerd.service": UNIT[:-1] + " --root /srv/ctd\n",
                "etc/containerd/config.toml": 'root = "/nowhere"\n'}, "--root in /usr/lib/systemd/system/containerd.service"),
    "config": ({LIB + "containerd.service": UNIT[:-1] + " -c /srv/c.toml\n", "srv/c.toml": 'root = "/srv/ctd"\n',
                "etc/containerd/config.toml": 'root = "/nowhere"\n'}, "root in /srv/c.toml"),
    "environment": ({LIB + "containerd.service": "[Service]\nEnvironmentFile=/etc/default/containerd\n"
                     "ExecStart=/usr/bin/containerd $ARGS\n", "etc/default/containerd": "ARGS=--root=/srv/ctd\n"},
                    "--root in /etc/default/containerd"),
    "openrc": ({"etc/conf.d/containerd": 'command_args="--root /srv/ctd"\n'}, "--root in /etc/conf.d/containerd"),
}


@pytest.mark.parametrize("case", CONTAINERD)
def test_containerd(case: str, host: hosts.Host) -> None:
    """The later of config.toml, its imports and the options counts."""
    files, who = CONTAINERD[case]
    add_containerd(host.root, "srv/ctd")
    add_containerd(host.root, "var/lib/containerd")
    write(host.root, files)
    done, found = host.run(), stores(host.root)
    assert {error["path"].rsplit("/")[-1] for error in done.errors} == {"meta.db"}    # which is not there yet
    assert found["/srv/ctd"].endswith(f"; in force: {who}")
    assert f"; abandoned: {who} says /srv/ctd" in found["/var/lib/containerd"]
    assert "in force: the default" in found["/var/lib/docker"]


def test_containerd_of_docker(host: hosts.Host) -> None:
    """dockerd may be told where the containerd that it starts keeps its root. One in an old data root is as old."""
    add_containerd(host.root, "srv/ctd")
    add_containerd(host.root, "var/lib/docker/containerd/daemon")
    add_store(host.root)
    write(host.root, {LIB + "docker.service": "[Service]\nEnvironment=DOCKER_CONTAINERD_ROOT=/srv/ctd\n"
                                              "ExecStart=/usr/bin/dockerd --data-root /data/docker\n"})
    found = stores(host.root)
    assert found["/srv/ctd"].endswith("; in force: DOCKER_CONTAINERD_ROOT in /usr/lib/systemd/system/docker.service")
    assert "; abandoned: --data-root in " in found["/var/lib/docker/containerd/daemon"]


@pytest.mark.parametrize(("files", "at", "who"), [
    ({ETC + "k3s.service":
      "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--data-dir' \\\n\t'/big/k3s' \\\n\n"},
     "big/k3s/agent/containerd", "--data-dir in /etc/systemd/system/k3s.service"),
    ({ETC + "k3s-agent.service": "[Service]\nExecStart=/usr/local/bin/k3s agent\n",
      "etc/rancher/k3s/config.yaml": "node-label:\n  - a=b\ndata-dir: \"/big/k3s\"\n"},
     "big/k3s/agent/containerd", "data-dir in /etc/rancher/k3s/config.yaml"),
    ({ETC + "rke2-server.service": "[Service]\nExecStart=/usr/local/bin/rke2 server\n",
      "etc/rancher/rke2/config.yaml": "data-dir: /nowhere\n", "etc/rancher/rke2/config.yaml.d/50.yaml": "data-dir: /big\n"},
     "big/agent/containerd", "data-dir in /etc/rancher/rke2/config.yaml.d/50.yaml"),
    ({ETC + "k0sworker.service": "[Service]\nExecStart=/usr/local/bin/k0s worker --data-dir=/big\n"},
     "big/containerd", "--data-dir in /etc/systemd/system/k0sworker.service"),
    ({"etc/init.d/k3s": "#!/sbin/openrc-run\ncommand_args=\"server \\\n\t'--data-dir' \\\n\t'/big' \\\n\t\"\n"},
     "big/agent/containerd", "--data-dir in /etc/init.d/k3s"),
    ({"var/snap/microk8s/7/args/containerd": "--config ${SNAP_DATA}/args/containerd.toml\n--root ${SNAP_COMMON}/big\n",
      "var/snap/microk8s/current": ("7",)},
     "var/snap/microk8s/common/big", "--root in /var/snap/microk8s/current/args/containerd")])
def test_distributions(files: Files, at: str, who: str, tmp: Path) -> None:
    """Each keeps containerd's root below a data directory of its own."""
    root = tmp / "node"
    add_containerd(root, at)
    write(root, {"etc/hostname": "node\n"} | files)
    found = stores(root)
    assert found["/" + at].endswith(f"; in force: {who}")


@pytest.mark.parametrize(("files", "who"), [
    ({"etc/default/kubelet": 'KUBELET_EXTRA_ARGS="--v=2 --root-dir=/big/kubelet"\n'},
     "in force: --root-dir in /etc/default/kubelet"),
    ({LIB + "kubelet.service": "[Service]\nExecStart=/usr/bin/kubelet\n", LIB + "kubelet.service.d/10-kubeadm.conf":
      "[Service]\nEnvironmentFile=-/etc/sysconfig/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_EXTRA_ARGS\n",
      "etc/sysconfig/kubelet": "KUBELET_EXTRA_ARGS=--root-dir=/big/kubelet\n"},
     "in force: --root-dir in /etc/sysconfig/kubelet"),
    ({LIB + "kubelet.service": "[Service]\nExecStart=/usr/bin/kubelet\n",
      "etc/default/kubelet": "KUBELET_EXTRA_ARGS=--root-dir=/big/kubelet\n"}, "not in force: the command does not use it"),
    ({"var/snap/microk8s/current/args/kubelet": "--root-dir=/big/kubelet\n"},
     "in force: --root-dir in /var/snap/microk8s/current/args/kubelet")])
def test_kubelet(files: Files, who: str, tmp: Path) -> None:
    """Its directory, by its unit, its files of options and what init scripts read."""
    root = tmp / "node"
    for name in ("pods", "plugins_registry", "device-plugins", "pki"):
        (root / "big/kubelet" / name).mkdir(parents=True)
    write(root, {"etc/hostname": "node\n"} | files)
    assert stores(root)["/big/kubelet"].endswith(f"; {who}")


# --- Podman, which is not read ----------------------------------------------------------------------------------------

@pytest.mark.parametrize(("files", "at"), [
    ({"etc/containers/storage.conf": '[storage]\ndriver = "overlay"\ngraphroot = "/srv/pod"\n'}, "srv/pod"),
    ({"etc/containers/storage.conf": '[storage]\ngraphroot = "/var/lib/containers/storage"\n[storage.options]\n'
      'additionalimagestores = [\n  "/srv/images",\n]\n'}, "srv/images"),
    ({"etc/containers/storage.conf": '[storage]\nrootless_storage_path = "/big/$USER/storage"\n'}, "big/ann/storage"),
    ({"home/ann/.config/containers/storage.conf": '[storage]\ngraphroot = "$HOME/pods"\n'}, "home/ann/pods"),
    ({"home/ann/.config/containers/storage.conf": '[storage]\ngraphroot = "$HOME/.local/share/containers/storage"\n'},
     "home/ann/.local/share/containers/storage"),
    ({"etc/crio/crio.conf.d/10.conf": '[crio]\nroot = "/srv/crio"\n'}, "srv/crio")])
def test_podman_is_named(files: Files, at: str, host: hosts.Host) -> None:
    """Wherever its settings put it."""
    (host.root / "home/ann").mkdir(parents=True)
    (host.root / at / "overlay-layers").mkdir(parents=True)
    write(host.root, files)
    named = [error for error in host.run().errors if error["code"] == "unsupported"]
    assert [error["path"] for error in named] == ["/" + at]
    shutil.rmtree(host.root / at)
    missing = [error for error in host.run().errors if error["code"] == "missing"]
    assert len(missing) == (at in ("srv/pod", "home/ann/pods", "srv/crio"))    # where it writes, but for users who never did


# --- public reports ---------------------------------------------------------------------------------------------------

REPORTS = machine.EVIDENCE.parent / "reports"


@pytest.mark.parametrize(("report", "names"), [
    ("09-data-root-by-config", ["graphkey", "optg", "sysconfig", "dropin", "fstab"]),
    ("08-odd-data-roots", ["openwrt", "openwrtdef", "syno", "syno7"])])
def test_reports(report: str, names: list[str], tmp: Path) -> None:
    """Hosts rebuilt from reports: each has the container web, with three lines of log."""
    if not (REPORTS / report).is_dir():
        pytest.skip("no reports")
    subprocess.run(["bash", REPORTS / report / "make.sh", tmp / "made"], check=True)
    for name in names:
        done = launch.timeline(tmp / "made" / name)
        assert tagged(done) == {"web": {False}}, name
        assert len(done.where(data_type="docker:container:log:entry")) == 3 and "in force" in str(stores(tmp / "made" / name))
