# SPDX-License-Identifier: Apache-2.0
"""What the times of files prove: which were set by hand, which were merely installed, and when the clock went back."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading, truth
from lib.hosts import Host

CASES = ["overlay2-ext4", "overlay2-xfs", "overlay2-userns", "overlay2-rebooted", "vfs-ext4", "aufs-synthetic",
         "deleted-synthetic"]
TOUCH = re.compile(r"touch (?:-a )?-d (?:'([^']*)'|@(\d+)) (\S+)")
OLD = 1_000_000_000                                   # 2001-09-09T01:46:40Z
STEP = "container:clock:step"


def told(result: reading.Timeline, tag: str) -> dict[tuple[str, str], str]:
    """The facts of all files with a tag, by container and path, without what rules make of them."""
    return {(row.get("container_name"), row["filename"]):
            "\n".join(fact for fact in row["facts"] if not fact.startswith("finding ")) for row in result.rows
            if row["data_type"] == "fs:stat" and tag in row["tag"]}


# --- the evidence set -------------------------------------------------------------------------------------------------

def touched(case: str) -> Iterator[tuple[str, str, str, str | None]]:
    """What actions.tsv set by hand: what, container, path, the time if its zone is written."""
    for action in truth.actions(machine.EVIDENCE / case / "truth"):
        for when, epoch, path in TOUCH.findall(action.command.replace("'\"'\"'", "'")):
            utc = datetime.fromtimestamp(int(epoch)).isoformat() + "Z" if epoch else when.replace(" UTC", "Z")
            yield action.what, action.name, path.replace("$R", "").strip("';"), utc.replace(" ", "T") if "Z" in utc else None


@pytest.mark.parametrize("case", CASES)
def test_touched_files_of_the_evidence(case: str, evidence: Callable[..., Path]) -> None:
    """Each has its reason; what was copied, installed or copied up is called nothing but set."""
    result = launch.timeline(evidence(case))
    anomalies, sets, expected = told(result, "time_anomaly"), told(result, "time_set"), set()
    for what, container, path, when in touched(case):
        place = (container, path)
        if what == "touch_lower_dir":                 # a deletion in it has overwritten that
            assert place not in anomalies and place not in sets
        elif "lower" in what or not "1970" <= (when or "") < "2027":
            expected.add(place)
            assert "a process set it" in anomalies[place]
            assert not when or when in anomalies[place]
            assert ("in the future" in anomalies[place]) == ("2027" < (when or ""))
        else:                                         # as tar would have done it
            assert re.search("set, not written, as copying and unpacking .* and touch", sets[place])
            assert when in sets[place]
    assert set(anomalies) == expected and expected
    for action in truth.actions(machine.EVIDENCE / case / "truth"):
        if action.what == "docker_cp_in":
            assert (action.name, action.path) in sets
    assert not result.where(data_type=STEP)


@pytest.mark.parametrize("case", ["overlay2-ext4", "aufs-synthetic"])
def test_times_that_stand_for_none(case: str, evidence: Callable[..., Path]) -> None:
    """1970, as builders, archives and touch set it: marked on the rows of that time, and on no others."""
    rows = launch.timeline(evidence(case)).rows
    marked = [row for row in rows if "time_constant" in row["tag"]]
    assert marked == [row for row in rows if reading.nanoseconds(row) in (0, 10**9)]
    assert {row["data_type"] for row in marked} == {"fs:stat", "docker:layer:configuration"}


# --- what this machine's kernel and tools do --------------------------------------------------------------------------

@pytest.fixture
def view(mounting: None, tmp: Path) -> Iterator[tuple[Host, hosts.Container, Path]]:
    """A host, a container of it, and its overlay as the kernel shows it."""
    host = Host(tmp / "host")
    tag = host.image("shop:1", {"etc": {"app.conf": "a\n" * 9, "other.conf": "b\n", "third": "c\n", "fourth": "d\n",
                                        "moved": "m\n", "read": "r\n", "dir": {"x": "x\n"}},
                                "var": {"lib": {"dpkg": {"info": {}, "updates": {}, "status": "", "available": ""}}},
                                "usr": {"bin": {"tool": "1.0\n", "same": "s\n", "linked": "l\n"}},
                                "srv": {}, "run": {}, "tmp": {}})
    (linked,) = host.data.glob("overlay2/*/diff/usr/bin/linked")
    os.link(linked, linked.with_name("link"))         # of such, a copy-up does not leave its origin
    for path in sorted((host.data / "overlay2").glob("*/diff/**/*")):
        os.utime(path, (OLD, OLD))
    made = host.container("web", tag, {})
    layers = (made.rw / "lower").read_text().split(":")
    lower = ":".join(str(host.data / "overlay2" / part) for part in layers)
    options = f"lowerdir={lower},upperdir={made.rw}/diff,workdir={made.rw}/work"
    with disks.mount("overlay", "overlay", options) as merged:
        yield host, made, merged


def shell(script: str, at: Path, **env: str) -> None:
    """Run a script in a directory."""
    subprocess.run(["sh", "-ec", script], cwd=at, check=True, capture_output=True, env=os.environ | env)


@pytest.fixture
def goods(tmp: Path) -> Path:
    """Old files in many packings."""
    made = tmp / "goods"
    shell("""mkdir -p src/pkg/a/b deb/usr/bin deb/usr/share/tool deb/DEBIAN && echo one > src/pkg/a/one
        echo two > src/pkg/a/b/two && ln -s one src/pkg/a/link && ln src/pkg/a/one src/pkg/a/hard
        echo 2.0.0 > deb/usr/bin/tool && echo doc > deb/usr/share/tool/doc
        printf 'Package: tool\nVersion: 2\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' \
            > deb/DEBIAN/control
        find . -exec touch -h -d '2012-03-04 05:06:07.5 UTC' {} +
        tar -C src -cf pkg.tar pkg && dpkg-deb -b deb tool.deb
        git init -q repo && cd repo && git config user.name x && git config user.email x@example.org && cp -a ../src/pkg . &&
        git add . && git commit -qm x""", (made.mkdir(), made)[1], GIT_CONFIG_GLOBAL="/dev/null")
    return made


@pytest.mark.skipif(not machine.have("dpkg", "dpkg-deb", "git", "tar", "busybox"), reason="needs dpkg, git, busybox")
def test_installed_files_are_not_forged(view: tuple, goods: Path) -> None:
    """Unpacked, copied, moved, checked out, installed over what the image has: their times are set, which is all."""
    host, _, merged = view
    shell("""mkdir srv/tar srv/busybox && tar -C srv/tar -xf "$G/pkg.tar" && busybox tar -C srv/busybox -xf "$G/pkg.tar"
        cp -a "$G/src/pkg" srv/copy && cp -p "$G/src/pkg/a/one" srv/one && git clone -q "$G/repo" srv/repo
        cp -p usr/bin/linked usr/bin/new && touch -r "$G/src/pkg" usr/bin/new && mv usr/bin/new usr/bin/linked
        cp -rp etc/dir etc/dir.copied && rm etc/third && cp -p "$G/src/pkg/a/one" etc/third
        dpkg --root="$PWD" --force-all --log=/dev/null -i "$G/tool.deb"
        ln etc/moved etc/linked && mv etc/moved srv/moved && chmod 600 etc/other.conf && mv etc/dir etc/dir.moved
        sleep 0.1 && chown -R 1:1 srv/tar && : <> etc/fourth && echo more >> etc/app.conf""", merged, G=str(goods),
          GIT_CONFIG_GLOBAL="/dev/null")
    result = host.run()
    assert (merged / "usr/bin/tool").read_text() == "2.0.0\n" and not told(result, "time_anomaly")
    files = {path for path in (Path(*file.relative_to(merged).parts) for file in merged.rglob("*"))
             if 1.3e9 < os.lstat(merged / path).st_mtime < 1.4e9}
    assert len(files) > 20 and {path for _, path in told(result, "time_set")} >= {f"/{path}" for path in files}


def test_files_set_by_hand(view: tuple) -> None:
    """Copied up and touched, edited and set back, replaced under the old time; and what only a move hides."""
    host, _, merged = view
    shell("""echo evil >> etc/app.conf && touch -r etc/other.conf etc/app.conf
        touch -d '2003-01-01 UTC' etc/other.conf
        echo evil > etc/third.new && touch -r etc/third etc/third.new && mv etc/third.new etc/third
        cp -p usr/bin/same usr/bin/same.new && mv usr/bin/same.new usr/bin/same
        mv etc/moved etc/hidden && touch -d '2004-01-01 UTC' etc/hidden
        touch -a -d '2005-01-01 UTC' etc/read
        echo x > srv/ahead && touch -d '+1 hour' srv/ahead
        echo x > srv/late && touch -d '2006-01-01 UTC' srv/late""", merged)
    result = host.run()
    anomalies = {path: text for (_, path), text in told(result, "time_anomaly").items()}
    assert set(anomalies) == {"/etc/app.conf", "/etc/other.conf", "/etc/third", "/etc/hidden", "/etc/read", "/srv/ahead"}
    assert anomalies["/etc/app.conf"].startswith("contents are not those of the lower file, but mtime 2001-09-09T01:46:40Z")
    assert anomalies["/etc/third"] == ("contents are not those of the lower file, but mtime 2001-09-09T01:46:40Z is: a "
                                       "process set it")
    assert anomalies["/etc/other.conf"].startswith("mtime 2003-01-01T00:00:00Z is neither that of the lower file, "
                                                   "2001-09-09T01:46:40Z, nor of a write")
    assert "renamed from /etc/moved" in anomalies["/etc/hidden"] and "mtime 2004-01-01" in anomalies["/etc/hidden"]
    assert anomalies["/etc/read"].startswith("atime 2005-01-01T00:00:00Z is neither that of the lower file")
    assert "is later than the last change" in anomalies["/srv/ahead"]
    assert ("web", "/srv/late") in told(result, "time_set")
    diff = launch.run("diff", "web", host.root, "-v").stdout.decode()
    assert not re.search("200[1-6]-", "".join(line.split("/", 1)[0] for line in diff.splitlines(True)))


def test_births_of_a_copy_prove_nothing(view: tuple, tmp: Path) -> None:
    """A host that was restored from a backup, or collected by a copy: all births are those of the copy."""
    host, made, merged = view
    shell("echo x > srv/new && touch -d '2006-01-01 UTC' srv/new etc/other.conf && touch -d '+1 hour' etc/third", merged)
    before = time.time_ns() - 3600 * 10**9
    made.change(Created=hosts.rfc3339(before))
    result = host.run()
    assert not told(result, "time_set") and set(told(result, "time_anomaly")) == {("web", "/etc/third")}
    (row,) = result.where(data_type="container:layer:created", container_name="web")
    assert row["facts"][0].startswith("its directory was born long after the container was created")


def test_file_older_than_its_container(mounting: None, tmp: Path) -> None:
    """It was moved in from elsewhere on the host, for a new one would be younger."""
    planted = tmp / "planted"
    planted.write_text("x")
    time.sleep(2.1)
    host = Host(tmp / "host")
    made = host.container("web", host.image("shop:1", {"opt": {}}), {"opt": {"new": "x"}})
    shutil.move(planted, made.rw / "diff/opt/planted")
    anomalies = told(host.run(), "time_anomaly")
    assert list(anomalies) == [("web", "/opt/planted")]
    assert re.match("born at .*Z, before its container was created at .*Z: ", anomalies["web", "/opt/planted"])


# --- images -----------------------------------------------------------------------------------------------------------

def test_image_that_is_older_than_its_steps(tmp: Path) -> None:
    """What came here before it was built has another clock, or made-up times."""
    host = Host(tmp / "host")
    late, early = (host.image(f"{name}:1", {name: {}}) for name in ("late", "early"))
    config = host.meta / "imagedb/content/sha256" / late[7:]
    os.utime(config, (1767323030, 1767323030))        # 2026-01-02T03:03:50Z
    steps = {row["image_identifier"]: row for row in host.run().where(data_type="docker:layer:configuration")}
    assert steps[late]["facts"] == ["later than the image came here, 2026-01-02T03:03:50.000000000Z: the builder's clock "
                                    "was ahead of the host's, or the time is made up"]
    assert steps[late]["tag"] == ["time_anomaly"] and "facts" not in steps[early] and steps[early]["tag"] == []


def test_constant_stamp_of_a_build(tmp: Path) -> None:
    """SOURCE_DATE_EPOCH: all steps have one time, and the files as well."""
    host = Host(tmp / "host")
    plain = host.meta / "imagedb/content/sha256" / host.image("shop:1", {"a": "x"}, {"b": "y", "c": "z"})[7:]
    config = json.loads(plain.read_text())
    for step in config["history"]:
        step["created"] = "2025-06-07T08:09:10Z"
    for path in (host.data / "overlay2").glob("*/diff/[ab]"):
        os.utime(path, (1749283750, 1749283750))
    plain.unlink()
    text = json.dumps(config)
    host.write(plain.parent / hashlib.sha256(text.encode()).hexdigest(), text)
    host.write(host.meta / "repositories.json", {"Repositories": {}})
    result = host.run()
    steps = result.where(data_type="docker:layer:configuration")
    assert len(steps) == 2 and all(row["facts"] == ["all build steps have this time: it was set for the build"]
                                   and "time_constant" in row["tag"] for row in steps)
    marked = [row["filename"] for row in result.where(data_type="fs:stat") if "time_constant" in row["tag"]]
    assert sorted(set(marked)) == ["/a", "/b"]


# --- steps of the clock -----------------------------------------------------------------------------------------------

def test_births_after_changes(sample: Path, sample_jsonl: reading.Timeline, tmp: Path) -> None:
    """The kernel sets both: the clock was put back in between, once for all files that overlap."""
    paths = [row["pathspec"]["location"] for row in sample_jsonl.where(layer_role="rw", file_entry_type="file")
             if re.fullmatch(r"[\w/.-]+", row["pathspec"]["location"]) and row["file_size"]]
    paths = list(dict.fromkeys(paths))[:4]
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    disks.debugfs(copy, *(f"set_inode_field {path} {field} {when}" for path, ctime, birth in zip(
        paths, (20261201, 20261205, 20261203, 20270301), (20261204, 20261209, 20261206, 20270302))
        for field, when in (("ctime", ctime), ("crtime", birth))))
    result = launch.timeline(copy)
    odd = [row for row in result.rows if row["data_type"] == "fs:stat" and "clock_step" in row["tag"]]
    assert {row["pathspec"]["location"] for row in odd} == set(paths)
    assert all("time_anomaly" in row["tag"] and any(re.match("born at .*, after its last change at ", fact)
                                                    for fact in row["facts"]) for row in odd)
    first, second = sorted(result.where(data_type=STEP), key=reading.nanoseconds)
    assert (first["pathspec"]["location"], second["pathspec"]["location"]) == (paths[1], paths[3])
    back = [float(re.search(r"put back by at least (\S+) s", row["facts"][0])[1]) for row in (first, second)]
    assert back == pytest.approx([4 * 86400, 86400], abs=1) and first["facts"][1:] == ["3 files show it"]
    assert len(second["facts"]) == 1
    assert first["datetime"].startswith("2026-12-05") and first["tag"] == ["clock_step", "finding"]


def test_file_system_that_was_filled_when_it_was_made(tmp: Path) -> None:
    """mke2fs -d keeps the changes of its sources: births as old as the file system are no step, later ones are."""
    host = Host(tmp / "host")
    made = host.container("web", host.image("shop:1", {"opt": {}}), {"opt": {"new": "x", "odd": "x"}})
    time.sleep(2)
    image = disks.make_ext4(tmp / "disk.raw", host.root)
    inside = host.inside(made.rw / "diff/opt/")
    shown = disks.debugfs(image, f"stat {inside}/new")
    changed, born = (int(re.search(rf"\b{name}: 0x([0-9a-f]+)", shown)[1], 16) for name in ("ctime", "crtime"))
    if born <= changed:
        pytest.skip("this mke2fs does not keep them")
    disks.debugfs(image, f"set_inode_field {inside}/odd ctime 20370101", f"set_inode_field {inside}/odd crtime 20370102")
    result = launch.timeline(image)
    assert {path for _, path in told(result, "clock_step")} == {"/opt/odd"}
    (row,) = result.where(data_type=STEP)
    assert row["pathspec"]["location"] == f"{inside}/odd"
