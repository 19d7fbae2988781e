# SPDX-License-Identifier: Apache-2.0
"""What containers may have written through binds: which files of the host are rows without any option, and whose.

The times of files are those that the kernel tells, so the states of the containers are set after and before them.
"""
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import boltfile, hosts, launch, machine, reading, truth
from lib.reading import Row, Timeline, location, nanoseconds
from lib.seen import mount

SECOND = 10**9
HOUR = 3600 * SECOND
AFTER, STATES = "changed after the end of ", ("clean", "poweroff")


def pause() -> int:
    """Let the kernel's clock, which dates files by its last tick, go on. Returns the time."""
    time.sleep(0.06)
    return time.time_ns()


def lived(made: hosts.Container, created: int, ended: int | None = None) -> None:
    """Set when the container was created, and started at once, and when it ended. Without the last it runs."""
    made.change(Created=hosts.rfc3339(created), State={
        "Running": ended is None, "Pid": 7, "StartedAt": hosts.rfc3339(created),
        "FinishedAt": hosts.ZERO_TIME if ended is None else hosts.rfc3339(ended)})


def host_with(tmp: Path, *points: Row, root: str = "host") -> tuple[hosts.Host, hosts.Container]:
    """A host with old files in /srv. web has these mounts."""
    host = hosts.shop(tmp / root)
    hosts.write_tree(os.fsencode(host.root), {"srv": {"old": "1", "in": {"older": "2"}}})
    web = hosts.container(host, "web")
    mount(host, web, *points)
    return host, web


def bound(rows: Timeline) -> set[str]:
    """The paths on the host that are rows of binds."""
    return {os.fsdecode(location(row)) for row in rows.rows if "bind" in row["tag"]}


def test_only_what_changed_since(tmp: Path) -> None:
    """New, changed in contents, and changed in mode alone: with four times, tag, owner, and the path inside."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"})
    (host.root / "srv/mode").write_text("x")
    created = pause()
    lived(web, created)
    pause()
    (host.root / "srv/in/new").write_text("n")
    (host.root / "srv/mode").chmod(0o600)
    rows = host.run()
    assert rows.code == 0 and bound(rows) == {"/srv/in", "/srv/in/new", "/srv/mode"}
    found = [row for row in rows.rows if location(row) == b"/srv/in/new"]
    assert {row["timestamp_desc"] for row in found} == {"Content Modification Time", "Last Access Time",
                                                        "Metadata Modification Time", "Creation Time"}
    assert {(row["filename"], row["container_name"], row["layer_role"]) for row in found} == {
        ("/mnt/in/new", "web", "host")}
    assert all(fact.startswith("finding ") for row in found for fact in row.get("facts", []))
    assert bound(host.run("--binds")) == bound(host.run("--binds=all")) == {
        "/srv", "/srv/old", "/srv/in", "/srv/in/older", "/srv/in/new", "/srv/mode"}
    assert not bound(host.run("--binds=none"))
    assert launch.run("--binds=some", host.root).returncode == 2


def test_a_touch_does_not_hide_it(tmp: Path) -> None:
    """ctime and birth count, not the times that a process can set."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"})
    lived(web, pause())
    pause()
    os.utime(host.root / "srv/old", ns=(SECOND, SECOND))
    assert bound(host.run()) == {"/srv/old"}


def test_read_only_binds_add_none(tmp: Path) -> None:
    """Nor are they walked: what cannot be read there is no loss. With one for writing below, only that counts; who may
    only read is told."""
    host, web = host_with(tmp, {"Source": "/", "Destination": "/host", "RW": False},
                          {"Source": "/gone", "Destination": "/gone", "RW": False})
    rows = host.run()
    assert not bound(rows) and rows.code == 0
    assert b"/gone" not in launch.run("-o", tmp / "rows.txt", host.root).stderr
    db = hosts.container(host, "db")
    mount(host, db, {"Source": "/srv", "Destination": "/data"})
    lived(db, time.time_ns() - HOUR)
    rows = host.run()
    assert bound(rows) == {"/srv", "/srv/old", "/srv/in", "/srv/in/older"}
    for row in rows.rows:
        if "bind" in row["tag"]:
            assert any(fact.startswith("seen at /host/srv") and fact.endswith("(read-only)") for fact in row["facts"])
    assert web.id


def test_after_the_end(tmp: Path) -> None:
    """A small source shows it nevertheless, and says so."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"})
    lived(web, time.time_ns() - 2 * HOUR, time.time_ns() - HOUR)
    rows = host.run()
    assert bound(rows) == {"/srv", "/srv/old", "/srv/in", "/srv/in/older"}
    assert all(row["facts"][0].startswith(AFTER + "web@") for row in rows.rows if "bind" in row["tag"])


def test_several_who_could_write(tmp: Path) -> None:
    """Each row says who of them did not run then. A volume of the local driver that is a bind is one, too."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"},
                          {"Name": "data", "Destination": "/data", "Driver": "local"})
    host.write(host.data / "volumes/data/opts.json", {"MountType": "none", "MountOpts": "o,bind", "MountDevice": "/opt"})
    (host.root / "opt").mkdir()
    db = hosts.container(host, "db")
    mount(host, db, {"Source": "/srv/in", "Destination": "/in"})
    first, now = time.time_ns() - 2 * HOUR, time.time_ns()
    lived(db, first, first + HOUR)
    lived(web, now + HOUR)
    assert bound(host.run()) == {"/srv/in", "/srv/in/older"}
    lived(web, pause())
    pause()
    (host.root / "srv/in/new").write_text("n")
    (host.root / "opt/new").write_text("n")
    rows = [row for row in host.run().rows if "bind" in row["tag"]]
    facts = {os.fsdecode(location(row)): [fact.split("@")[0] for fact in row.get("facts", ()) if fact[:7] == "changed"]
             for row in rows}
    assert facts == {"/srv/in": [AFTER + "db"], "/srv/in/new": [AFTER + "db"], "/opt": [], "/opt/new": [],
                     "/srv/in/older": [AFTER + "db", "changed before the creation of web"]}
    assert {row["filename"] for row in rows if location(row) == b"/opt/new"} == {"/data/new"}


def test_a_source_with_a_store(tmp: Path) -> None:
    """Only what changed while web ran, and a count of the rest, on stderr and in the manifest. /srv, which db binds
    alone, still shows all."""
    host, web = host_with(tmp, {"Source": "/", "Destination": "/host"})
    mount(host, hosts.container(host, "db"), {"Source": "/srv", "Destination": "/srv"})
    lived(hosts.container(host, "db"), time.time_ns() - 2 * HOUR, time.time_ns() - HOUR)
    created = pause()
    pause()
    (host.root / "etc/while").write_text("w")
    ended = pause()
    lived(web, created, ended)
    pause()
    (host.root / "opt").mkdir()
    (host.root / "opt/later").write_text("l")
    done = launch.run("-f", "jsonl", "-o", tmp / "rows", "--manifest", tmp / "manifest", "--stats", host.root)
    assert done.returncode == 0
    paths = {os.fsdecode(location(json.loads(line))) for line in (tmp / "rows").read_bytes().splitlines()
             if b'"bind"' in line}
    # the root changed when opt was made
    assert paths == {"/etc", "/etc/while", "/srv", "/srv/old", "/srv/in", "/srv/in/older"}
    [said] = [line for line in done.stderr.decode().splitlines() if "of its entries" in line]
    assert "a store of containers lies in it" in said and "so 3 of its entries" in said
    told = {one["source"]: one for one in json.loads((tmp / "manifest").read_text())["hosts"][0]["binds"]}
    assert told["/"]["left_out"] == 3 and told["/"]["left_out_because"] == "a store of containers lies in it"
    assert told["/srv"] == {"source": "/srv", "entries": 4, "shown": 4, "left_out": 0}
    assert told["/"]["entries"] > told["/"]["shown"] + 3
    assert {"/opt", "/opt/later"} < bound(host.run("--binds"))


def test_missing_sources_are_said(tmp: Path) -> None:
    """By default it is no loss that a source is gone; with --binds it is. What only a running host has is not told."""
    host, web = host_with(tmp, {"Source": "/gone", "Destination": "/a"},
                          {"Source": "/var/run/docker.sock", "Destination": "/s"})
    done = launch.run("-o", tmp / "rows.txt", host.root)
    assert done.returncode == 0 and b"not there, though containers bind it: /gone\n" in done.stderr
    assert b"docker.sock" not in done.stderr
    assert host.run("--binds").code == 1 and web.id


def syslog(host: hosts.Host, *lines: tuple[int, str]) -> None:
    """Lines of dockerd in the host's syslog."""
    host.write(host.root / "var/log/syslog", "".join(
        f"{hosts.rfc3339(when)} dock01 dockerd[158]: time=\"{hosts.rfc3339(when)}\" level=info {text}\n"
        for when, text in lines))


def removed_by_log(host: hosts.Host, cid: str, first: int, last: int | None) -> None:
    """What Docker 29 logs of the life of a container that binds the root, where / is mounted private."""
    lines = [(first, f'msg="Falling back to default propagation for bind source in daemon root" container={cid} source=/'),
             (first + 1, f'msg="connecting to shim {cid}" address="unix:///run/containerd/s/1" namespace=moby')]
    if last:
        lines.append((last, f'msg="shim disconnected" id={cid} namespace=moby'))
    syslog(host, *lines)


def removed_by_record(host: hosts.Host, cid: str, first: int) -> None:
    """What is left on a freed page of containerd's database of a container of Docker, as containerd writes it."""
    spec = {"ociVersion": "1.0.2", "process": {"args": ["sh"]}, "hostname": "gone",
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                       {"destination": "/host", "type": "bind", "source": "/", "options": ["rbind", "rslave"]}],
            "linux": {"cgroupsPath": "/docker/" + cid}}
    text = json.dumps(spec).encode()
    kind = b"types.containerd.io/opencontainers/runtime-spec/1/Spec"
    any_value = b"\x0a" + hosts.varint(len(kind)) + kind + b"\x12" + hosts.varint(len(text)) + text
    seconds = first // SECOND + 62135596800
    stamp = b"\x01" + seconds.to_bytes(8, "big") + (first % SECOND).to_bytes(4, "big") + b"\xff\xff"
    record = {b"createdat": stamp, b"spec": any_value, b"updatedat": stamp}
    live: dict = {b"v1": {b"moby": {b"containers": {}}}}
    host.write(host.root / "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
               boltfile.database(live, live, ({cid.encode(): record},)))


@pytest.mark.parametrize("trace", ["log", "record"])
def test_removed_containers(trace: str, tmp: Path) -> None:
    """What changed while one ran names it, as inferred, by a line of dockerd or a freed record. Its end is told by the
    log; else it is bounded by the last write of the database, and what changed later is not its own."""
    host, _web = host_with(tmp)
    first = pause()
    pause()
    (host.root / "etc/cron.d").mkdir()
    (host.root / "etc/cron.d/evil").write_text("* * * * * root id\n")
    last = pause()
    if trace == "log":
        removed_by_log(host, hosts.GONE, first, last)
    else:
        removed_by_record(host, hosts.GONE, first)
    pause()
    (host.root / "srv/later").write_text("l")
    rows = host.run()
    assert {"/etc", "/etc/cron.d", "/etc/cron.d/evil"} <= bound(rows)
    assert "/srv/later" not in bound(rows) and "/srv/old" not in bound(rows)
    for row in rows.rows:
        if location(row) != b"/etc/cron.d/evil":
            continue
        assert row["container_identifier"] == hosts.GONE and {"bind", "owner_inferred"} <= set(row["tag"])
        assert row["filename"] == ("/host" if trace == "record" else "") + "/etc/cron.d/evil"
        [ran] = [fact for fact in row["facts"] if fact.startswith("changed while abababababab ran")]
        assert f"from {hosts.rfc3339(first)} to " in ran
        assert ran.endswith("/syslog, but not whether it could write" if trace == "log" else "/meta.db")
    [item] = launch.objects("who", "/etc/cron.d/evil", host.root)
    assert item["change"] == "added" and [(told["container_identifier"], told["status"], told["could_write"])
                                          for told in item["containers"]] == [(hosts.GONE, "removed", True)]


def test_removed_beside_one_that_exists(tmp: Path) -> None:
    """Both are named where both may have written, and only the one that exists elsewhere."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"})
    lived(web, time.time_ns() - HOUR)
    first = pause()
    (host.root / "srv/both").write_text("b")
    removed_by_log(host, hosts.GONE, first, pause())
    users = {os.fsdecode(location(row)): reading.users(row, "containers") for row in host.run().rows if "bind" in row["tag"]}
    assert users["/srv/both"] == {web.id[:12], hosts.GONE[:12]} and users["/srv/in/older"] == {web.id[:12]}


def test_who_knows_both_names(tmp: Path) -> None:
    """Also where a layer has the path, too. What changed while a container ran that may write says so."""
    host, web = host_with(tmp, {"Source": "/etc", "Destination": "/host-etc"})
    lived(web, time.time_ns() - HOUR)
    (host.root / "etc/conf").write_text("the host's")
    [item] = launch.objects("who", "/host-etc/conf", host.root)
    assert (item["path"], item["layer_role"], item["change"]) == ("/etc/conf", "host", "added")
    [told] = item["containers"]
    assert (told["container_name"], told["status"], told["could_write"]) == ("web", "visible", True)
    found = launch.objects("who", "/etc/conf", host.root)
    assert {one["layer_role"] for one in found} == {"image", "host"} and item in found
    times = os.lstat(host.root / "etc/conf")
    shown = launch.run("who", "/host-etc/conf", host.root).stdout.decode()
    assert "CHANGED" in shown and "BORN" in shown and "visible, could write" in shown
    assert item["changed"][:19] == hosts.rfc3339(times.st_ctime_ns)[:19]


def test_who_says_what_a_container_changed(tmp: Path) -> None:
    """As its diff says it."""
    host, _web = host_with(tmp)
    hosts.write_tree(os.fsencode(hosts.container(host, "web").rw / "diff"), {"etc": {"conf": "other"}})
    told = {entry["path"]: entry["change"] for entry in launch.objects("diff", "-v", "web", host.root)}
    assert told["/etc/conf"] and told["/run.log"] == "added"
    for path, change in told.items():
        [item] = [one for one in launch.objects("who", path, host.root) if one["layer_role"] == "rw"]
        assert item.get("change") == change, path


def test_who_finds_nothing(tmp: Path) -> None:
    """Exit 1, near paths, and what is bound of the host."""
    host, _web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt", "RW": False})
    done = launch.run("who", "/etc/cnof", host.root)
    assert done.returncode == 1
    assert b"the nearest paths: /etc/conf, " in done.stderr
    assert b"containers bind of the host: /srv at /mnt by web@" in done.stderr and b" (ro)" in done.stderr
    done = launch.run("who", "/mnt/in/oldr", host.root)
    assert done.returncode == 1 and b"the nearest paths: /mnt/in/older, /mnt/in" in done.stderr
    assert launch.run("-q", "who", "/etc/cnof", "--json", host.root).stdout == b"[]\n"
    assert launch.run("who", "/mnt/in/older", host.root).returncode == 0


def test_diff_has_a_section(tmp: Path) -> None:
    """With -v: what changed while the container ran, by both names. Without, a hint, and the lines of docker diff."""
    host, web = host_with(tmp, {"Source": "/srv", "Destination": "/mnt"})
    created = pause()
    pause()
    (host.root / "srv/in/new").write_text("n")
    (host.root / "srv/old").write_text("changed")
    lived(web, created, pause())
    pause()
    (host.root / "srv/later").write_text("l")
    binds = [entry for entry in launch.objects("diff", "-v", "web", host.root) if "bind" in entry]
    assert [(one["bind"], one["change"], one["path"], one["host_path"]) for one in binds] == [
        ("/srv", "modified", "/mnt/in", "/srv/in"), ("/srv", "added", "/mnt/in/new", "/srv/in/new"),
        ("/srv", "modified", "/mnt/old", "/srv/old")]
    assert b"HOST PATH" in launch.run("diff", "-v", "web", host.root).stdout
    done = launch.run("diff", "web", host.root)
    assert b"/mnt" not in done.stdout and b"-v shows what changed there" in done.stderr
    assert b"-v" not in launch.run("diff", "db", host.root).stderr


WRITES = {"overlay2-ext4": {"/host-etc/": "/etc/", "/mnt/share/": "/srv/lab/share/"},
          "docker29-ext4": {"/host-etc/": "/etc/", "/mnt/share/": "/srv/lab/share/"}}


@pytest.mark.parametrize("case", WRITES)
@pytest.mark.parametrize("state", STATES)
def test_recorded_writes(case: str, state: str, disk: Callable[[str, str], Path]) -> None:
    """Each file that a container was made to write through a bind is a row under it, and nothing of the host is but
    these files and their directories."""
    image = disk(case, state)
    wrote = {}
    for action in truth.actions(machine.EVIDENCE / case / "truth"):
        if action.what in ("write_bind", "escape_write_host_cron"):
            [path] = [place + action.path.removeprefix(at) for at, place in WRITES[case].items()
                      if action.path.startswith(at)]
            wrote[path] = action
    assert len(wrote) == 2
    rows = launch.timeline(image)
    assert bound(rows) == wrote.keys() | {os.path.dirname(path) for path in wrote}
    for path, action in wrote.items():
        [birth] = [row for row in rows.rows if os.fsdecode(location(row)) == path and "bind" in row["tag"]
                   and row["timestamp_desc"] == "Creation Time"]
        assert (birth["container_name"], birth["filename"]) == (action.name, action.path)
        assert action.before - SECOND // 100 <= nanoseconds(birth) <= action.after
        [item] = launch.objects("who", path, image)
        assert item in launch.objects("who", action.path, image) and item["change"] == "added"
        told = {one["path"] for one in launch.objects("diff", "-v", action.name, image) if "bind" in one}
        assert action.path in told


@pytest.mark.parametrize("state", STATES)
def test_writes_of_a_removed_container(state: str, disk: Callable[[str, str], Path]) -> None:
    """The five files of question 9 of case intrusion: a container that was removed wrote them, which bound the root. No
    record of it is left in containerd's database, but a warning of dockerd names what it bound."""
    image = disk("intrusion", state)
    lines = (machine.EVIDENCE / "intrusion/answers.tsv").read_text().splitlines()
    nine = dict(line.split("\t")[1:] for line in lines if line.startswith("9\t"))
    cid = dict(line.split("\t")[1:] for line in lines if line.startswith("8\t"))["id"]
    files = {path: told.split(" ")[1] for path, told in nine.items() if told.startswith("ctime ")}
    assert len(files) == 5
    rows = launch.timeline(image)
    for path, ctime in files.items():
        [row] = [row for row in rows.rows if os.fsdecode(location(row)) == path and "bind" in row["tag"]
                 and row["timestamp_desc"] == "Metadata Modification Time"]
        assert row["container_identifier"] == cid and "owner_inferred" in row["tag"]
        assert nanoseconds(row) == truth.iso_ns(ctime)
    inferred = {os.fsdecode(location(row)) for row in rows.rows if {"bind", "owner_inferred"} <= set(row["tag"])}
    assert inferred - files.keys() <= {os.path.dirname(path) for path in files} | {"/var/lib"}
