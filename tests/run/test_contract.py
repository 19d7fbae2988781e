# SPDX-License-Identifier: Apache-2.0
"""What users and scripts rely on: exit codes, outputs whole or not at all, filters, determinism, records."""
import gzip
import hashlib
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading, sanitizers
from lib.hosts import container
from lib.launch import run


def leftovers(directory: Path) -> list[str]:
    """Names in a directory, temporary files included."""
    return sorted(os.listdir(directory))


# --- usage ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args", [
    [], ["timeline"], ["--bogus", "EV"], ["-f", "xml", "EV"], ["-o", "out.xml", "EV"], ["-o", "out", "EV"],
    ["--since", "yesterday", "EV"], ["--until", "2026-13-01", "EV"], ["--role", "rw,bogus", "EV"], ["EV", "-o"],
    ["--since"], ["-c", "nosuch", "EV"], ["-c", "", "EV"], ["--role", "", "EV"], ["-o", "x.gz", "EV"],
    ["--force=yes", "EV"], ["EV", "EV"]], ids=" ".join)
def test_usage_errors(args: list[str], shop: hosts.Host, tmp: Path) -> None:
    """Exit 2, a message, no output."""
    done = run(*[shop.root if arg == "EV" else arg for arg in args], cwd=tmp)
    assert done.returncode == 2 and done.stderr.startswith(b"layertime") and not done.stdout
    assert leftovers(tmp) == []


def test_no_evidence(tmp: Path) -> None:
    """Exit 3 and what was looked for: nothing there, nothing in it, no file system, the wrong kind of file."""
    (tmp / "empty").mkdir()
    (tmp / "file").touch()
    (tmp / "garbage").write_bytes(os.urandom(1 << 20))
    (tmp / "zeros").write_bytes(bytes(1 << 20))
    (tmp / "tiny").write_bytes(b"x")
    os.mkfifo(tmp / "fifo")
    for name in ("empty", "file", "garbage", "zeros", "tiny", "fifo", "missing", "esc\x1b"):
        if name[:3] == "esc":
            (tmp / name).mkdir()
        done = run("-o", tmp / "out.jsonl", tmp / name, processor=5)
        assert done.returncode == 3, name
        assert not done.stdout and name.split("\x1b")[0].encode() in done.stderr and b"\x1b" not in done.stderr, name
        assert not (tmp / "out.jsonl").exists()
        if name == "empty":
            assert b"/var/lib/docker" in done.stderr


def test_one_usable_evidence_is_enough(shop: hosts.Host, tmp: Path) -> None:
    """The other one is an error."""
    result = launch.timeline(tmp / "missing", shop.root)
    assert result.code == 1 and result.lines == shop.run().lines
    assert result.error()["evidence"] == str(tmp / "missing")


def test_the_main_job_has_a_name(shop: hosts.Host) -> None:
    """`layertime timeline EVIDENCE`, and `--` before odd names."""
    assert run("timeline", shop.root).stdout == run(shop.root).stdout == run("--", shop.root).stdout


def test_evidence_named_like_an_option(tmp: Path) -> None:
    """After `--` nothing is an option."""
    hosts.shop(tmp / "-o")
    done = run("-f", "jsonl", "--", "-o", cwd=tmp)
    assert done.returncode == 0 and done.stdout.count(b"\n") > 100


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["--version"], ["-V"], ["--list-formats"], ["--list-sources"]])
def test_informational_options(args: list[str]) -> None:
    """They need no evidence, speak on stdout and succeed; a full disk is noticed."""
    done = run(*args)
    assert done.returncode == 0 and not done.stderr and done.stdout.endswith(b"\n")
    with open("/dev/full", "wb") as full:
        assert run(*args, stdout=full).returncode == 4


def test_help_and_version_tell_all() -> None:
    """Every option, the exit codes, every format, the versions of the libraries."""
    text = run("--help").stdout.decode()
    for word in ("--output", "--format", "--force", "--container", "--role", "--since", "--until", "--errors",
                 "--manifest", "--stats", "--list-sources", "--list-formats", "--quiet", "--verbose", "--version",
                 "exit codes"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 132
    assert all(name in run("--version").stdout.decode() for name in ("layertime ", "libtsk", "jansson", "zlib"))
    assert [line.split()[0] for line in run("--list-formats").stdout.decode().splitlines()] == list(launch.FORMATS)


def test_quiet_and_verbose(host: hosts.Host) -> None:
    """-q says nothing of errors, -v tells what is found, both end alike."""
    container(host, "web").config.write_bytes(b"{")
    quiet, loud = run("-q", host.root), run("-v", host.root)
    assert quiet.returncode == loud.returncode == 1
    assert quiet.stderr == b"" and quiet.stdout == loud.stdout
    assert b"config.v2.json" in loud.stderr and b"data root" in loud.stderr


def test_quiet_still_says_what_ended_the_run(shop: hosts.Host, tmp: Path) -> None:
    """No evidence, bad usage, no output: the message is not one of those that -q leaves out."""
    (tmp / "empty").mkdir()
    (tmp / "file").write_bytes(b"garbage")
    for args, code in (([tmp / "empty"], 3), ([tmp / "file"], 3), ([tmp / "missing"], 3), (["--bogus"], 2),
                       (["-o", tmp / "no/x.txt", shop.root], 4)):
        done = run("-q", *args)
        assert done.returncode == code and done.stderr.startswith(b"layertime: "), args


# --- output files -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", launch.FORMATS)
@pytest.mark.parametrize("packed", [False, True])
def test_suffix_picks_format_and_compression(form: str, packed: bool, shop: hosts.Host, tmp: Path) -> None:
    """The same bytes as on stdout, packed by .gz; the mode is for the owner alone."""
    out = tmp / ("case" + launch.SUFFIXES[form] + ".gz" * packed)
    old = os.umask(0)
    try:
        assert run("-o", out, shop.root).returncode == 0
    finally:
        os.umask(old)
    data = out.read_bytes()
    if packed:
        subprocess.run(["gzip", "-t", out], check=True)
        data = gzip.decompress(data)
    assert data == launch.product(form, shop.root) and data
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert leftovers(tmp) == [out.name]


def test_format_option_beats_the_suffix(shop: hosts.Host, tmp: Path) -> None:
    """-f csv -o x.txt is CSV; -o - is stdout."""
    assert run("-f", "csv", "-o", tmp / "x.txt", shop.root).returncode == 0
    assert (tmp / "x.txt").read_bytes() == launch.product("csv", shop.root) == \
        run("-f", "csv", "-o", "-", shop.root).stdout


@pytest.mark.parametrize("option", ["-o", "--errors", "--manifest"])
def test_existing_output_is_kept_without_force(option: str, shop: hosts.Host, tmp: Path) -> None:
    """Exit 4, its bytes and times untouched; --force replaces it."""
    out = tmp / "x.jsonl"
    out.write_text("precious")
    before = out.stat()
    done = run(option, out, shop.root)
    assert done.returncode == 4 and b"exists" in done.stderr
    after = out.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_ctime_ns) == (after.st_ino, after.st_mtime_ns, after.st_ctime_ns)
    assert out.read_text() == "precious" and leftovers(tmp) == ["x.jsonl"]
    assert run("--force", option, out, shop.root).returncode == 0
    assert out.read_text() != "precious" and leftovers(tmp) == ["x.jsonl"]


@pytest.mark.parametrize("option", ["-o", "--errors", "--manifest"])
@pytest.mark.parametrize("where", ["direct", "deep", "dotdot", "symlinked directory", "relative", "through /proc"])
def test_output_inside_the_evidence_is_refused(option: str, where: str, host: hosts.Host, tmp: Path) -> None:
    """However the path is written, with --force too; nothing changes there."""
    (tmp / "link").symlink_to(host.data)
    (tmp / "outside").mkdir()
    path = {"direct": host.root / "x.jsonl", "deep": container(host, "web").rw / "diff/x.jsonl",
            "dotdot": tmp / "outside/../host/etc/x.jsonl", "symlinked directory": tmp / "link/x.jsonl",
            "relative": Path("var/x.jsonl"), "through /proc": Path("/proc/self/cwd/var/x.jsonl")}[where]
    before = snapshot(host.root)
    done = run("--force", option, path, host.root, cwd=host.root)
    assert done.returncode == 4 and b"inside the evidence" in done.stderr
    assert snapshot(host.root) == before


def test_output_over_the_image_is_refused(sample: Path, tmp: Path) -> None:
    """By its name, by a hard link to it, by a symbolic link."""
    copy = tmp / "disk.jsonl"
    disks.sparse_copy(sample, copy)
    os.link(copy, tmp / "hard.jsonl")
    (tmp / "soft.jsonl").symlink_to(copy)
    before = copy.stat()
    for name in ("disk.jsonl", "hard.jsonl", "soft.jsonl"):
        for option in ("-o", "--errors", "--manifest"):
            assert run("--force", option, tmp / name, copy).returncode == 4, (name, option)
    after = copy.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size)
    assert leftovers(tmp) == ["disk.jsonl", "hard.jsonl", "soft.jsonl"]


def test_one_file_for_two_outputs_is_refused(shop: hosts.Host, tmp: Path) -> None:
    """Rows, errors and manifest in one file would destroy each other; refused before anything is written."""
    out = tmp / "x.jsonl"
    for other in ("--manifest", "--errors"):
        for force in ([], ["--force"]):
            done = run(*force, "-o", out, other, out, shop.root)
            assert done.returncode in (2, 4) and leftovers(tmp) == [], (other, force)


def test_output_that_cannot_be_made(shop: hosts.Host, tmp: Path) -> None:
    """A missing directory, a directory, a link: exit 4 and nothing left."""
    (tmp / "dir.jsonl").mkdir()
    (tmp / "dangling.jsonl").symlink_to(tmp / "nowhere")
    for name in ("no/x.jsonl", "dir.jsonl", "dangling.jsonl"):
        assert run("--force", "-o", tmp / name, shop.root).returncode == 4, name
    assert leftovers(tmp) == ["dangling.jsonl", "dir.jsonl"]


@pytest.mark.parametrize("form", launch.FORMATS)
def test_full_disk_on_stdout(form: str, sample: Path) -> None:
    """Exit 4 and a message."""
    with open("/dev/full", "wb") as full:
        done = run("-f", form, sample, stdout=full)
    assert done.returncode == 4 and b"No space" in done.stderr


@pytest.mark.parametrize("option, name", [("-o", "x.jsonl"), ("-o", "x.jsonl.gz"), ("-o", "x.body"), ("--errors", "x"),
                                          ("--manifest", "x")])
def test_full_disk_leaves_no_file(option: str, name: str, sample: Path, mounting: None) -> None:
    """Exit 4, no temporary file, and what was there before is untouched."""
    with disks.mount("layertime-test", "tmpfs", "size=128k") as full:
        (full / name).write_bytes(b"old")
        with open(full / "rest", "wb", buffering=0) as rest:
            try:
                while rest.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        # The second evidence is not there, so that the error list is not empty.
        done = run("--force", option, full / name, sample, full / "nowhere")
        assert done.returncode == 4 and b"No space" in done.stderr
        assert leftovers(full) == ["rest", name] and (full / name).read_bytes() == b"old"


def test_reader_that_stops(sample: Path) -> None:
    """`| head`: the program dies of SIGPIPE, quietly."""
    with subprocess.Popen([machine.PROGRAM, sample], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=sanitizers.environment()) as process:
        assert process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
        assert process.wait(machine.TIMEOUT) == -signal.SIGPIPE
    assert stderr == b""


@pytest.mark.parametrize("number", launch.SIGNALS, ids=lambda number: number.name)
def test_signal_during_a_run(number: signal.Signals, sample: Path, session_dir: Path, tmp: Path) -> None:
    """It dies of that signal and leaves nothing: not the result, not the temporary file."""
    copies = [disks.sparse_copy(sample, session_dir / f"copy-{at}.raw") for at in range(6)]
    command = [machine.PROGRAM, "-q", "-o", tmp / "x.jsonl", "--errors", tmp / "e", "--manifest", tmp / "m", *copies]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=sanitizers.environment()) as process:
        launch.wait_for(lambda: len(leftovers(tmp)) == 3 or process.poll() is not None)
        process.send_signal(number)
        stderr = process.communicate(timeout=machine.TIMEOUT)[1]
    sanitizers.check_sanitizers(process.returncode, stderr)
    assert process.returncode == -number
    assert leftovers(tmp) == []


@pytest.mark.parametrize("form", ["jsonl", "body"])
def test_signal_while_nobody_reads(form: str, sample: Path) -> None:
    """A reader that hangs must not make the program immortal."""
    command = [machine.PROGRAM, "-q", "-f", form, sample]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=sanitizers.environment()) as process:
        try:
            process.stdout.read(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(machine.TIMEOUT) == -signal.SIGTERM
        finally:
            process.kill()


def test_output_to_a_device(shop: hosts.Host) -> None:
    """/dev/null is no file to replace."""
    assert run("-f", "text", "-o", "/dev/null", "--errors", "/dev/null", "--manifest", "/dev/null",
               shop.root).returncode == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# --- determinism ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", launch.FORMATS)
def test_output_depends_on_the_evidence_alone(form: str, sample: Path, tmp: Path) -> None:
    """Byte-identical over runs, zones, locales, umasks, directories and names of the evidence."""
    (tmp / "other.name").symlink_to(sample)
    first = launch.product(form, sample)
    assert first
    for env in ({"TZ": "Asia/Kathmandu"}, {"TZ": ":/nonexistent", "LC_ALL": "de_DE.UTF-8"},
                {"LC_ALL": "C", "LANG": "tr_TR.UTF-8"}, {"POSIXLY_CORRECT": "1", "LC_NUMERIC": "de_DE.UTF-8"}):
        done = run("-f", form, "other.name", env=sanitizers.environment(**env), cwd=tmp, umask=0o777)
        assert done.returncode == 0 and done.stdout == first, env


def test_two_evidences_make_their_union(shop: hosts.Host, sample: Path, sample_jsonl) -> None:
    """In order of time; each row as it is alone."""
    both = launch.timeline(shop.root, sample)
    assert both.code == 0
    assert sorted(both.lines) == sorted(shop.run().lines + sample_jsonl.lines)
    times = [reading.nanoseconds(row) for row in both.rows]
    assert times == sorted(times)


# --- evidence stays as it is ------------------------------------------------------------------------------------------

def snapshot(root: Path, names: list[str] | None = None) -> dict[str, tuple]:
    """All times of all that is below. Listing changes atimes, so `names` of an earlier snapshot can be given."""
    if names is None:
        names = [os.path.join(at, name) for at, folders, files in os.walk(root) for name in folders + files]
        names.append(str(root))
    stats = {name: os.lstat(name) for name in names}
    return {name: (s.st_ino, s.st_size, s.st_mode, s.st_mtime_ns, s.st_ctime_ns) for name, s in stats.items()}


def atimes(names: list[str]) -> dict[str, int]:
    """Access times, which os.lstat does not change."""
    return {name: os.lstat(name).st_atime_ns for name in names}


def test_evidence_is_not_touched(mounting: None) -> None:
    """Not even access times, of links neither, on a mount that records each access."""
    with disks.mount("layertime-test", "tmpfs", "strictatime") as root:
        host = hosts.shop(root / "host")
        before = snapshot(host.root)
        accessed = atimes(list(before))
        for form in launch.FORMATS:
            assert run("-f", form, host.root).returncode == 0
        assert atimes(list(before)) == accessed
        assert snapshot(host.root, list(before)) == before
        # The mount really records accesses, or the test could not fail.
        container(host, "web").config.read_bytes()
        os.listdir(host.data)
        assert atimes(list(before)) != accessed


def test_evidence_is_not_touched_by_its_owner(mounting: None, as_nobody: dict) -> None:
    """Without root's rights: all but symbolic links, for which the kernel has no such way."""
    with disks.mount("layertime-test", "tmpfs", "strictatime") as root:
        host = hosts.shop(root / "host")
        subprocess.run(["chown", "-hR", f"{machine.NOBODY}:{machine.NOBODY}", host.root], check=True)
        root.chmod(0o755)
        names = [name for name in snapshot(host.root) if not os.path.islink(name)]
        accessed = atimes(names)
        done = run(host.root, **as_nobody)
        assert done.returncode == 1, "what the overlay's attributes say is lost"
        assert done.stderr.count(b"\n") == 4 and b"trusted.overlay.* cannot be read" in done.stderr
        assert atimes(names) == accessed


def test_image_is_not_touched(sample: Path) -> None:
    """Its bytes and times."""
    before, digest = sample.stat(), hashlib.sha256(sample.read_bytes()).digest()
    for form in launch.FORMATS:
        assert run("-f", form, sample, stdout=subprocess.DEVNULL).returncode == 0
    after = sample.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    assert hashlib.sha256(sample.read_bytes()).digest() == digest


@pytest.mark.parametrize("command", [("diff", "web"), ("who", "/etc/conf")])
def test_commands_say_what_they_cannot_see(command: tuple, tmp: Path, as_nobody: dict) -> None:
    """Without root's rights overlay's attributes are lost, to whichever command compares layers."""
    host = hosts.shop(tmp / "host")
    hosts.give_to_nobody(host, tmp)
    assert run(*command, host.root).returncode == 0
    done = run(*command, host.root, **as_nobody)
    assert done.returncode == 1 and b"trusted.overlay.* cannot be read" in done.stderr


def test_read_only_image_is_enough(sample: Path, tmp: Path, as_nobody: dict) -> None:
    """A file that may only be read, and a user who may only read."""
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    copy.chmod(0o444)
    tmp.chmod(0o755)
    assert run(copy, **as_nobody).returncode == 0
