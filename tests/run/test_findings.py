# SPDX-License-Identifier: Apache-2.0
"""`layertime findings`: each rule with a hit and a near miss, which looks the same by its name or its mode and is not.

What containers do is done by this machine's kernel in a mounted overlay. What must be found of a real intrusion stands in
the record of what was done there.
"""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, seen
from lib.hosts import Host, log_record, rfc3339
from lib.reading import Row
from lib.tarsplit import tar_split

OLD = 1_000_000_000                                   # 2001-09-09T01:46:40Z
PROGRAM = "#!/bin/sh\nid\n"
IMAGE = {
    "bin": {"tool": PROGRAM, "same": "#!/bin/sh\necho same\n", "guard": "#!/bin/sh\nwatch\n", "su": "su\n",
            "sh": "the shell of the image\n", "watch": "#!/bin/sh\nwatch it\n"},
    "etc": {"passwd": "root:x:0:0::/root:/bin/sh\n", "group": "root:x:0:\n", "crontab": "# none\n", "conf": "a\n",
            "ssh": {"sshd_config": "# none\n", "ssh_config": "# none\n"}, "changed": "as it was\n", "touched": "t\n",
            "missing": "m\n", "kept": "k\n", "forged": "f\n", "mode": "m\n"},
    "root": {".profile": "# none\n", ".bash_history": "id\n", "notes": "n\n"},
    "var": {"log": {"boot.log": "booted\n", "boot.log.1": "booted\n", "app.log": "2001-09-09T01:46:40Z made\n"}},
    "doc": "words\n", "text": "other words\n", "lib": {}, "srv": {}, "tmp": {}, "opt": {},
}

# What the container does, by rule: the hit and the near miss.
DONE = """
cp bin/sh tmp/rootsh && chmod 4755 tmp/rootsh           # setuid
chmod 4775 bin/su && echo x > tmp/locked && chmod 2644 tmp/locked
cp bin/tool tmp/capable && cp bin/tool tmp/incapable    # capability: the test sets the attribute
printf '# old\\n/lib/evil.so:/lib/worse.so # /lib/good.so\\n' > etc/ld.so.preload
echo evil > lib/evil.so && echo worse > lib/worse.so && echo good > lib/good.so && echo /lib/x.so > srv/ld.so.preload
echo 'exec evil' > bin/tool && : >> bin/same            # program_changed; opened for writing, and copied up so
mkdir -p etc/cron.d && echo '* * * * * root id' > etc/cron.d/x && : >> etc/crontab
mkdir -p root/.ssh && echo key > root/.ssh/authorized_keys && echo key > root/.ssh/known_hosts
echo 'PermitRootLogin yes' >> etc/ssh/sshd_config && echo x >> etc/ssh/ssh_config
echo 'toor:x:0:0::/:/bin/sh' >> etc/passwd && : >> etc/group
mkdir -p etc/systemd/system && echo unit > etc/systemd/system/x.service && echo unit > srv/x.service
echo evil >> root/.profile && echo evil > root/profile
printf '#!/bin/sh\\nls\\n' > tmp/new && chmod 755 tmp/new && echo words > tmp/words && : > tmp/mountpoint && chmod 755 tmp/mountpoint
mv bin/watch bin/off && mv text etc/text                # program_moved
rm bin/guard && rm doc                                  # program_removed
rm var/log/boot.log && rm var/log/boot.log.1            # log_removed
: > var/log/quiet.log && echo line > var/log/emptied.log && sleep 1.1 && : > var/log/emptied.log
rm root/.bash_history && rm root/notes                  # history_removed
echo id > root/.ash_history && echo id > root/history
touch -d @1500000000 etc/forged && chmod 600 etc/mode   # times_forged
echo x > tmp/set && touch -d @1500000000 tmp/set && echo x > tmp/unset
mknod tmp/null c 1 3
echo x > "$(printf 'tmp/\\033[31mred')" && echo x > tmp/grün
echo '2001-09-09T01:46:40Z GET /' > var/log/edited.log  # log_rewritten
echo "$(date -u +%FT%TZ) GET /" > var/log/new.log && cp var/log/edited.log var/log/edited.log.1
echo '2001-09-09T01:46:40Z more' >> var/log/app.log
{ date -u -d '-3 hours' '+%F %T GET /' && date -u '+%F %T GET /'; } > var/log/cut.log
date -u -d '-3 hours' '+%F %T GET /' > var/log/west.log # three hours west of UTC, and not written anew
"""

# Rule: what it must find in `web` or its image; what it must not.
OF_WEB = {
    "setuid": ({"/tmp/rootsh"}, {"/bin/su", "/tmp/locked"}),
    "capability": ({"/tmp/capable"}, {"/tmp/incapable"}),
    "preload": ({"/etc/ld.so.preload"}, {"/srv/ld.so.preload"}),
    "preloaded": ({"/lib/evil.so", "/lib/worse.so"}, {"/lib/good.so", "/lib/x.so"}),
    "program_changed": ({"/bin/tool"}, {"/bin/same"}),
    "cron": ({"/etc/cron.d/x"}, {"/etc/crontab"}),
    "key": ({"/root/.ssh/authorized_keys"}, {"/root/.ssh/known_hosts"}),
    "sign_in": ({"/etc/ssh/sshd_config"}, {"/etc/ssh/ssh_config"}),
    "account": ({"/etc/passwd"}, {"/etc/group"}),
    "service": ({"/etc/systemd/system/x.service"}, {"/srv/x.service"}),
    "shell_start": ({"/root/.profile"}, {"/root/profile"}),
    "program_new": ({"/tmp/new"}, {"/tmp/words", "/tmp/mountpoint"}),
    "program_copy": ({"/tmp/rootsh", "/tmp/capable", "/tmp/incapable"}, {"/tmp/new"}),
    "program_removed": ({"/bin/guard"}, {"/doc"}),
    "program_moved": ({"/bin/off"}, {"/etc/text"}),
    "log_removed": ({"/var/log/boot.log"}, {"/var/log/boot.log.1"}),
    "log_emptied": ({"/var/log/emptied.log"}, {"/var/log/quiet.log"}),
    "log_rewritten": ({"/var/log/edited.log", "/var/log/cut.log"},
                      {"/var/log/new.log", "/var/log/west.log", "/var/log/edited.log.1", "/var/log/app.log"}),
    "history_removed": ({"/root/.bash_history"}, {"/root/notes"}),
    "history": ({"/root/.ash_history"}, {"/root/history"}),
    "times_forged": ({"/etc/forged"}, {"/etc/mode"}),
    "times_set": ({"/tmp/set"}, {"/tmp/unset"}),
    "device": ({"/tmp/null"}, {"/doc"}),
    "odd_name": ({"/tmp/\\x1b[31mred"}, {"/tmp/grün"}),
    "layer_planted": ({"/etc/planted"}, {"/etc/kept"}),
    "layer_changed": ({"/etc/changed"}, {"/etc/kept"}),
    "layer_touched": ({"/etc/touched"}, {"/etc/kept"}),
}


def shell(script: str, at: Path) -> None:
    """Run a script in a directory."""
    subprocess.run(["bash", "-ec", script], cwd=at, check=True, capture_output=True)


def image(host: Host) -> tuple[str, Path]:
    """The image with its modes, as its record has them; and its tree."""
    made = host.image("shop:1", IMAGE)
    (tree,) = (path.parent for path in host.data.glob("overlay2/*/diff/doc"))
    for path in tree.rglob("*"):
        os.utime(path, (OLD, OLD), follow_symlinks=False)
    for path in (tree / "bin").iterdir():
        path.chmod(0o4755 if path.name == "su" else 0o755)
    (record,) = host.meta.glob("layerdb/sha256/*/tar-split.json.gz")
    record.write_bytes(tar_split(tree))
    os.utime(host.meta / "imagedb/content/sha256" / made[7:], (OLD, OLD))
    return made, tree


def tamper(tree: Path) -> None:
    """What root of the host does to an image layer."""
    (tree / "etc/planted").write_text("p")
    (tree / "etc/changed").write_text("as it is.\n")
    os.utime(tree / "etc/changed", (OLD, OLD))
    os.utime(tree / "etc/touched", (OLD + 1, OLD + 1))
    (tree / "etc/missing").unlink()
    os.utime(tree / "etc", (OLD, OLD))


def busy(root: Path) -> Host:
    """A host on which every rule has something to find."""
    host = Host(root)
    made, tree = image(host)
    web = host.container("web", made, {}, log_record("a\n", rfc3339(time.time_ns())) + log_record("b\n", rfc3339(OLD * 10**9)))
    lower = ":".join(str(host.data / "overlay2" / part) for part in (web.rw / "lower").read_text().split(":"))
    with disks.mount("overlay", "overlay", f"lowerdir={lower},upperdir={web.rw}/diff,workdir={web.rw}/work") as merged:
        shell(DONE, merged)
        os.setxattr(merged / "tmp/capable", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
    tamper(tree)
    host.write(web.path / "hostconfig.json", {"Privileged": True, "NetworkMode": "default",
                                              "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}})
    host.write(host.root / "etc/docker/daemon.json", {"hosts": ["tcp://0.0.0.0:2375"]})
    (host.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    (host.root / "etc/timezone").write_text("Asia/Tokyo\n")
    first, second = host.image("moved:1", {"a": "1"}), host.image("moved:2", {"b": "2"})
    host.container("edited", made, {}, log_record("old\n", rfc3339(OLD * 10**9)))
    emptied = host.container("emptied", made, {}, log_record("line\n", rfc3339(time.time_ns())))
    host.container("quiet", made, {}, "")
    time.sleep(1.1)
    emptied.log.write_text("")
    host.container("mover", first, Config={"Hostname": "m", "Image": "moved:1", "Labels": {}})
    host.repositories["moved"]["moved:1"] = second
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})
    now = rfc3339(time.time_ns())
    (host.root / "var/log").mkdir(parents=True)
    (host.root / "var/log/docker.log").write_text("".join(
        f'time="{now}" level=info msg="shim disconnected" id={gone} namespace=moby\n' for gone in (hosts.GONE, web.id)))
    later = time.time() + 60
    os.utime(host.data / "containers", (later, later))
    return host


def calm(root: Path) -> Host:
    """A host like it, on which nothing was done."""
    host = Host(root)
    made, _ = image(host)
    now = time.time_ns()
    host.container("web", made, {}, log_record("a\n", rfc3339(now)) + log_record("b\n", rfc3339(now + 1)))
    host.write(host.root / "etc/docker/daemon.json", {"log-opts": {"max-size": "10m"}})
    (host.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    (host.root / "etc/timezone").write_text("Europe/Berlin\n")
    return host


@pytest.fixture(scope="module")
def found(mounting: None, session_dir: Path) -> Iterator[dict[str, list[Row]]]:
    """What is found on both hosts, and the rows of the busy one."""
    at = session_dir / "findings"
    result = {}
    for make in (busy, calm):
        host = make(at / make.__name__)
        result[make.__name__] = launch.objects("findings", host.root)
        result[f"rows of {make.__name__}"] = host.run().rows
    result["chosen"] = launch.timeline("--tag", "finding", at / "busy").rows
    yield result
    shutil.rmtree(at)


def paths(rows: list[Row], rule: str) -> set[str]:
    """The paths that a rule names."""
    return {row.get("path", "") for row in rows if rule in row["rules"]}


@pytest.mark.parametrize("rule", OF_WEB)
def test_files(rule: str, found: dict[str, list[Row]]) -> None:
    """Exactly the hits, and in the timeline just these rows are tagged, with the rule."""
    hits, misses = OF_WEB[rule]
    assert paths(found["busy"], rule) == hits and not hits & misses
    looked_at = {row["filename"] for row in found["rows of busy"] if "filename" in row}
    assert misses - looked_at <= {"/lib/x.so"}, "a near miss that is not there proves nothing"
    tagged = {row["filename"] for row in found["rows of busy"] if "finding" in row["tag"] and (
        rule in row["tag"] or any(fact.startswith(f"finding {rule}:") for fact in row.get("facts", ())))}
    copies = OF_WEB["program_copy"][0] if rule == "program_new" else set()  # only contents tell these apart
    assert tagged == (set() if rule in ("log_rewritten", "preloaded", "program_copy") else hits | copies)
    assert not paths(found["calm"], rule)


@pytest.mark.parametrize("rule", ["escape", "exposed", "daemon", "clock_step", "layer_missing", "tag_moved", "fresh_image",
                                  "zones_differ", "removal"])
def test_records(rule: str, found: dict[str, list[Row]]) -> None:
    """What is about no file: on the host where it was done, and not on the other."""
    assert paths(found["busy"], rule) and not paths(found["calm"], rule)


def test_only_what_is_in_force(found: dict[str, list[Row]]) -> None:
    """Nothing of the calm host deserves eyes; what its daemon is told is no weakness."""
    assert found["calm"] == []
    assert any(row["data_type"] == "container:exposure" for row in found["rows of calm"])
    assert not any("finding" in row["tag"] for row in found["rows of calm"])


def test_tagged_rows_can_be_chosen(found: dict[str, list[Row]]) -> None:
    """--tag finding has them all, and no other."""
    assert found["chosen"] == [row for row in found["rows of busy"] if "finding" in row["tag"]] != []


def test_names_that_moved(found: dict[str, list[Row]]) -> None:
    """Who was made of what, and not the container whose image still has its name."""
    assert {row["container_name"] for row in found["busy"] if row["rule"] == "tag_moved"} == {"mover"}
    assert {fact.split("@")[0] for row in found["busy"] if row["rule"] == "fresh_image" for fact in row["facts"]} == {"mover"}


@pytest.mark.parametrize(("rule", "name"), [("output_rewritten", "edited"), ("output_emptied", "emptied")])
def test_what_containers_printed(rule: str, name: str, found: dict[str, list[Row]]) -> None:
    """Logs that somebody on the host changed: not one whose clock was set back, nor one in which nothing ever was."""
    assert {row["container_name"] for row in found["busy"] if rule in row["rules"]} == {name}
    assert not paths(found["calm"], rule)


def test_containers_that_are_gone(found: dict[str, list[Row]]) -> None:
    """One of which a log tells, with its lines; not the one that is there, of which the same log tells."""
    (gone,) = (row for row in found["busy"] if row["rule"] == "container_removed")
    assert gone["container_identifier"] == hosts.GONE and "shim disconnected" in gone["rows"][0]["text"]


def test_worst_first(found: dict[str, list[Row]]) -> None:
    """By severity, then by time."""
    words = ["critical", "high", "medium", "low"]
    order = [(words.index(row["severity"]), row.get("time_first", "9")) for row in found["busy"]]
    assert order == sorted(order) and {severity for severity, _ in order} == {0, 1, 2, 3}


def test_contents(found: dict[str, list[Row]]) -> None:
    """Each file with its SHA-256, and what it is a copy of."""
    files = {row["path"]: row for row in found["busy"] if "path" in row}
    for path, text in {"/tmp/rootsh": IMAGE["bin"]["sh"], "/tmp/new": "#!/bin/sh\nls\n", "/bin/tool": "exec evil\n"}.items():
        assert files[path]["sha256_hash"] == hashlib.sha256(text.encode()).hexdigest()
    assert [label.split(" of image ")[0] for label in files["/tmp/rootsh"]["equals"]] == ["/bin/sh"]
    assert files["/tmp/new"]["equals"] == [] and files["/bin/tool"]["equals"] == []
    assert "sha256_hash" not in files["/bin/guard"], "it was deleted"


def test_words(found: dict[str, list[Row]]) -> None:
    """A reason, rows, and a technique where one fits; no score."""
    for row in found["busy"]:
        assert row.get("reason") or any(fact.startswith("because ") for fact in row.get("facts", ())), row
        assert row["rows"] or row["rule"] == "zones_differ", row
        assert row["row_count"] >= len(row["rows"]) and row["rule"] in row["rules"]
        assert not row.get("reference") or row["reference"][0] == "T"


def test_text(mounting: None, tmp: Path) -> None:
    """One paragraph each, without bytes that move a cursor."""
    host = busy(tmp / "host")
    done = launch.run("-q", "findings", host.root)
    assert done.returncode == 0
    text = done.stdout.decode()
    parts = text.split("\n\n")
    assert len(parts) == len(launch.objects("findings", host.root)) and "\x1b" not in text
    (setuid,) = (part for part in parts if part.startswith("high: a setuid"))
    assert "/tmp/rootsh in web@" in setuid and "equals /bin/sh of image shop:1@" in setuid and "T1548.001" in setuid


def test_what_was_installed_buries_nothing(tmp: Path) -> None:
    """Of many programs alike the text shows twenty, and says how many there are; JSON has all."""
    host = Host(tmp / "host")
    made = host.image("shop:1", {"a": "1"})
    web = host.container("web", made, {"bin": {f"tool{n}": f"{PROGRAM}{n}" for n in range(23)}, "etc": {"crontab": "x"}})
    for path in (web.rw / "diff/bin").iterdir():
        path.chmod(0o755)
    text = launch.run("-q", "findings", host.root).stdout.decode()
    assert text.count("a program that the image does not have: /bin/tool") == 20 and "/etc/crontab in web" in text
    assert text.count("a program that the image does not have: and 3 more in the same place") == 1
    assert len(paths(launch.objects("findings", host.root), "program_new")) == 23


def test_a_layer_is_missing(tmp: Path) -> None:
    """Whether the image has a program cannot be known then, and that is said."""
    host = Host(tmp / "host")
    made = host.image("shop:1", {"a": "1"}, {"b": "2"})
    web = host.container("web", made, {"tmp": {"tool": PROGRAM, "words": "x"}})
    (web.rw / "diff/tmp/tool").chmod(0o755)
    unsure = "whether an image has it, or since when it is there, is not known"

    def of_web(code: int) -> Row:
        """The one file that is found in the rw layer."""
        (row,) = (row for row in launch.objects("findings", host.root, code=code) if "path" in row)
        assert row["path"] == "/tmp/tool" and row["rule"] == "program_new"
        return row
    assert "facts" not in of_web(0)
    (base,) = host.data.glob("overlay2/*/diff/a")
    shutil.rmtree(base.parents[1])
    assert unsure in of_web(1)["facts"]


# --- what containers may have written to the host ---------------------------------------------------------------------

ON_HOST = {
    "host_start": ({"/etc/cron.d/new"}, {"/etc/cron.d/old", "/srv/share/new"}),
    "host_system": ({"/etc/cron.d/new", "/etc/new.conf"}, {"/etc/old.conf", "/srv/share/new"}),
    "host_program": ({"/srv/share/tool"}, {"/srv/share/new", "/srv/share/old-tool"}),
    "times_set": ({"/srv/share/backdated"}, {"/srv/share/new"}),
    "host_write": ({"/etc/cron.d/new", "/etc/new.conf", "/srv/share/new", "/srv/share/tool", "/srv/share/backdated"},
                   {"/etc/old.conf", "/srv/read/new", "/srv/share/old"}),
}


@pytest.fixture(scope="module")
def writer(session_dir: Path) -> Iterator[list[Row]]:
    """The rows of a host of which a container binds /etc and /srv/share, and /srv/read read-only."""
    root = session_dir / "writer"
    host = Host(root)
    hosts.write_tree(os.fsencode(root), {"etc": {"cron.d": {"old": "x"}, "old.conf": "x"},
                                         "srv": {"share": {"old": "x", "old-tool": "x"}, "read": {}}})
    (root / "srv/share/old-tool").chmod(0o755)
    time.sleep(0.02)
    made = host.container("web", host.image("shop:1", {"a": "1"}), {})
    seen.mount(host, made, {"Source": "/etc", "Destination": "/host-etc"}, {"Source": "/srv/share", "Destination": "/share"},
               {"Source": "/srv/read", "Destination": "/read", "RW": False})
    time.sleep(0.02)
    hosts.write_tree(os.fsencode(root), {"etc": {"cron.d": {"new": "x"}, "new.conf": "x"},
                                         "srv": {"share": {"new": "x", "tool": "x", "backdated": "x"}, "read": {"new": "x"}}})
    (root / "srv/share/tool").chmod(0o755)
    os.utime(root / "srv/share/backdated", (OLD, OLD))
    yield host.run("--binds").rows
    shutil.rmtree(root)


@pytest.mark.parametrize("rule", ON_HOST)
def test_writes_to_the_host(rule: str, writer: list[Row]) -> None:
    """What changed since a container could write there: not what is older, nor what it can only read."""
    hits, misses = ON_HOST[rule]
    facts = {row["pathspec"]["location"]: row.get("facts", ()) for row in writer if "bind" in row["tag"]}
    named = {path for path, told in facts.items() if any(fact.startswith(f"finding {rule}:") for fact in told)}
    root = {path.split("/writer", 1)[-1] for path in named}
    assert root == hits and not hits & misses


# --- a recorded intrusion ---------------------------------------------------------------------------------------------

APP = "shop-app-1"


@pytest.fixture(scope="module")
def intrusion(disk: Callable[[str, str], Path]) -> dict[str, Row]:
    """What is found, by path, or by rule where it is about no file."""
    return {row.get("path", row["rule"]): row for row in launch.objects("findings", disk("intrusion", "clean"))}


def answers() -> dict[tuple[str, str], str]:
    """The facts of the case."""
    lines = (machine.EVIDENCE / "intrusion/answers.tsv").read_text().splitlines()
    return {(number, key): value for number, key, value in (line.split("\t") for line in lines if line[0] != "#")}


def test_what_the_intruder_left(intrusion: dict[str, Row]) -> None:
    """Question 5: every file, with its hash; the setuid copy is one of busybox."""
    truth, files = answers(), {key: value for (number, key), value in answers().items() if number == "5" and key[0] == "/"}
    for path, value in files.items():
        if len(value) == 64 and " " not in path:
            assert intrusion[path]["sha256_hash"] == value and intrusion[path]["container_name"] == APP, path
    assert truth["5", "/usr/lib/.dbus-helper is a copy of"] == "/bin/busybox"
    assert [label.split(" of ")[0] for label in intrusion["/usr/lib/.dbus-helper"]["equals"]] == ["/bin/busybox"]
    rules = {path: intrusion[path]["rule"] for path in files if path in intrusion}
    assert rules == {"/usr/lib/.dbus-helper": "setuid", "/bin/ls": "program_changed", "/etc/ld.so.preload": "preload",
                     "/usr/lib/libselinux-audit.so.1": "preloaded", "/srv/www/cgi-bin/stat.cgi": "program_new",
                     "/tmp/.cache/scan": "program_new"}


def test_forged_times(intrusion: dict[str, Row]) -> None:
    """Question 3: every file of a container whose times are forged says so."""
    for (number, key), value in answers().items():
        if number == "3" and f"/{44}/fs/" in key:
            row = intrusion[key.split("/fs", 1)[1]]
            assert {"times_set", "times_forged"} & set(row["rules"]), key
            born = value.removeprefix("born ").rstrip("Z")
            assert any(time["datetime"].startswith(born) for time in row["rows"]), key


def test_writes_to_the_host(intrusion: dict[str, Row]) -> None:
    """Question 9: each file of the host, with its hash and the container that was removed since."""
    truth = answers()
    wanted = {key: value for (number, key), value in truth.items() if number == "9" and key[0] == "/" and key != "/etc/shadow"}
    assert len(wanted) == 5
    for path, value in wanted.items():
        row = intrusion[path]
        assert row["container_name"] == "practical_bell" and row["container_identifier"].startswith("a33e612ca0b7")
        assert any(time["datetime"].startswith(value.removeprefix("ctime ").rstrip("Z")) for time in row["rows"]), path
        assert row["severity"] == ("medium" if path == "/var/lib/misc/.motd-cache" else "critical")


def test_logs_tag_layer_clock(intrusion: dict[str, Row]) -> None:
    """Questions 6, 7, 11, 12 and 14."""
    truth = answers()
    assert intrusion["/var/log/httpd/access.log"]["rule"] == "log_rewritten"
    assert intrusion["/var/log/httpd/error.log"]["rule"] == "log_emptied"
    planted = intrusion["/usr/lib/.audit.conf"]
    assert planted["rule"] == "layer_planted" and planted["sha256_hash"] == truth["11", "sha256"]
    moved = intrusion["tag_moved"]
    assert moved["image_name"] == truth["12", "image it names"]
    assert any(fact.startswith(truth["12", "image which had that name before"]) for fact in moved["facts"])
    assert any(fact.startswith(truth["12", "container"]) for fact in moved["facts"])
    assert "clock_step" in intrusion


@pytest.mark.parametrize("case", ["overlay2-ext4", "docker29-ext4", "containerd-ext4"])
def test_nothing_is_made_up(case: str, disk: Callable[[str, str], Path]) -> None:
    """Of cases without an intruder: each file that is named above `low` is one that the record says was made so."""
    did = (machine.EVIDENCE / case / "truth/actions.tsv").read_text()
    for row in launch.objects("findings", disk(case, "clean")):
        if row["severity"] != "low" and "path" in row:
            name = row["path"].rsplit("/", 2)
            assert row["path"] in did or name[-1] in did, row
