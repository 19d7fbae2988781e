# SPDX-License-Identifier: Apache-2.0
"""The sandbox: what hostile code in a library can do with it and without, and that the output is the same with both.

The attacks are real (planted.c, loaded into the process before the libraries). The kernel says which of them succeed.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, partitions

ATTACKS = {"read", "read-in-thread", "write-evidence", "create-in-output", "rename-output", "chmod-evidence", "inet", "connect",
           "execute", "fork", "signal", "ptrace"}
FENCED_BY_LANDLOCK = {"read", "read-in-thread", "write-evidence", "create-in-output", "rename-output", "execute", "signal"}
REMOTE = Path("/lib/systemd/systemd-journal-remote")
JOURNAL = "var/log/journal/" + "a" * 32 + "/system.journal"
SANITIZER = b"not used with a sanitizer"


def version(program: Path) -> bytes:
    return subprocess.run([program, "--version"], check=True, capture_output=True).stdout


def release() -> Path:
    """The program without sanitizers: their run-time needs calls that the filter refuses."""
    for program in (machine.PROGRAM, machine.REPO / "layertime"):
        if program.exists() and SANITIZER not in version(program):
            return program
    pytest.skip("no build without sanitizers: run `make`")


def landlock() -> int:
    """The version of Landlock that the kernel offers, as the program tells it."""
    found = re.search(rb"Landlock (\d+)", version(machine.PROGRAM))
    if not found:
        pytest.skip("this kernel has no Landlock")
    return int(found[1])


def image_of(tmp: Path) -> Path:
    """A small host as an ext4 image."""
    return disks.make_ext4(tmp / "disk.raw", hosts.shop(tmp / "host").root, "32M")


@pytest.fixture
def planted(tmp: Path) -> Iterator[Path]:
    """The library with the attacks."""
    if not machine.have("cc"):
        pytest.skip("no compiler")
    library = tmp / "planted.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, Path(__file__).with_name("planted.c"), "-ldl", "-pthread"],
                   check=True)
    yield library


def attacked(library: Path, at: str, tmp: Path, evidence: Path, file: Path, *args: str) -> set[str]:
    """Run the program with hostile code in it, at a function of a library; the attacks that succeeded. The run must end well all
    the same."""
    out, log, outside = tmp / "out", tmp / "log", tmp / "outside"
    shutil.rmtree(out, ignore_errors=True)
    log.unlink(missing_ok=True)
    out.mkdir()
    outside.write_text("secret")
    with socket.socket(socket.AF_UNIX) as listener:
        (tmp / "socket").unlink(missing_ok=True)
        listener.bind(str(tmp / "socket"))
        listener.listen()
        env = os.environ | {"LD_PRELOAD": str(library), "PLANTED_AT": at, "PLANTED_LOG": str(log), "PLANTED_OUTSIDE": str(outside),
                            "PLANTED_EVIDENCE": str(file), "PLANTED_BESIDE": str(out / "planted"),
                            "PLANTED_RENAMED": str(out / "renamed"), "PLANTED_SOCKET": str(tmp / "socket")}
        done = subprocess.run([release(), "-q", *args, "-o", out / "rows.jsonl", evidence], env=env, capture_output=True,
                              timeout=machine.TIMEOUT, check=False)
    assert done.returncode in (0, 1) and (out / "rows.jsonl").stat().st_size, done.stderr
    tried = dict(line.split() for line in log.read_text().rstrip("\0").splitlines())
    assert set(tried) == ATTACKS
    return {name for name, came in tried.items() if came == "yes"}


def check_attacks(library: Path, at: str, tmp: Path, evidence: Path, file: Path) -> None:
    """All attacks succeed without the sandbox; with it, none that this build and kernel can fence."""
    assert attacked(library, at, tmp, evidence, file, "--no-sandbox") == ATTACKS
    fenced = ATTACKS if b"libseccomp 2" in version(release()) else FENCED_BY_LANDLOCK
    if landlock() < 6:
        fenced -= {"signal"}
    assert not attacked(library, at, tmp, evidence, file) & fenced


def disk_of(tmp: Path) -> Path:
    """A disk with that image in its second partition, and what no reader of ours knows in the first."""
    other = tmp / "other.raw"
    other.write_bytes(b"\x55" * partitions.MIB)
    return partitions.make_disk([other, image_of(tmp)], tmp / "whole.raw", "gpt")


def packed(tmp: Path) -> Path:
    """The image as a VHDX, which libtsk reads."""
    if not machine.have("qemu-img"):
        pytest.skip("no qemu-img")
    subprocess.run(["qemu-img", "convert", "-O", "vhdx", image_of(tmp), tmp / "disk.vhdx"], check=True)
    return tmp / "disk.vhdx"


def with_journal(tmp: Path) -> Path:
    """A mounted host with a file of systemd's journal."""
    if not REMOTE.exists() or b"libsystemd: built in" not in version(release()):
        pytest.skip("no systemd-journal-remote")
    host = hosts.shop(tmp / "host")
    journal = host.root / JOURNAL
    journal.parent.mkdir(parents=True)
    source = tmp / "export"
    source.write_text(f"__REALTIME_TIMESTAMP=1783600000123456\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID={'b' * 32}\nMESSAGE=x\n"
                      "_SYSTEMD_UNIT=docker.service\n_COMM=dockerd\nSYSLOG_IDENTIFIER=dockerd\n\n")
    subprocess.run([REMOTE, f"--output={journal}", "--split-mode=none", source], check=True, capture_output=True)
    return host.root


@pytest.mark.parametrize("at, make", [("tsk_vs_open", disk_of), ("tsk_fs_open_img", disk_of), ("tsk_img_read", packed)])
def test_attack_through_libtsk(at: str, make: Callable[[Path], Path], planted: Path, tmp: Path) -> None:
    """Where a partition table, a file system and a packed image are read."""
    image = make(tmp)
    check_attacks(planted, at, tmp, image, image)


def test_attack_through_libsystemd(planted: Path, tmp: Path) -> None:
    """Where a journal of a mounted host is read, as root."""
    host = with_journal(tmp)
    check_attacks(planted, "sd_journal_next", tmp, host, host / JOURNAL)


def killed(library: Path, at: str, number: int, *evidence: Path) -> tuple[set[bytes], list[dict]]:
    """Run the program with a library that dies at one of its functions. Rows, and the errors."""
    errors = library.with_name("errors")
    env = os.environ | {"LD_PRELOAD": str(library), "PLANTED_AT": at, "PLANTED_SIGNAL": str(number)}
    done = subprocess.run([release(), "-q", "-f", "jsonl", "--force", "--errors", errors, "-o", "-", *evidence], env=env,
                          capture_output=True, timeout=machine.TIMEOUT, check=False)
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.splitlines()), [json.loads(line) for line in errors.read_text().splitlines()]


@pytest.mark.parametrize("at, make, lost", [
    ("tsk_vs_open", disk_of, True), ("tsk_fs_open_img", disk_of, False), ("tsk_img_open_utf8", packed, True),
    ("tsk_img_read", packed, True), ("sd_journal_next", with_journal, False)])
def test_library_that_dies(at: str, make: Callable[[Path], Path], lost: bool, planted: Path, tmp: Path) -> None:
    """It costs what was asked of it, with the reason, and nothing else: not the other evidence, not what it is not needed for."""
    (tmp / "beside").mkdir()
    evidence, beside = make(tmp), image_of(tmp / "beside")
    whole, before = killed(planted, "nowhere", 0, evidence, beside)
    rows, errors = killed(planted, at, signal.SIGSEGV, evidence, beside)
    reasons = [error["reason"] for error in errors if error not in before]
    assert any(f"reader ended by signal {signal.SIGSEGV:d}" in reason for reason in reasons), reasons
    assert all(str(evidence) == error["evidence"] for error in errors if error not in before)
    alone, _ = killed(planted, "nowhere", 0, beside)
    assert rows <= whole and len(rows) >= len(alone)
    if not lost:
        assert not [row for row in whole - rows if b"journal" not in row]


def test_nothing_is_read_before(tmp: Path) -> None:
    """The evidence is read in the sandbox, and the first thread starts there. Before that only 512 bytes at either end
    of an image are looked at, which tell whether its header names other files."""
    if not machine.have("strace"):
        pytest.skip("no strace")
    image, trace = image_of(tmp), tmp / "trace"
    calls = "trace=read,pread64,readv,preadv,mmap,clone,clone3,landlock_restrict_self,seccomp,capset"
    landlock()
    done = subprocess.run(["strace", "-f", "-y", "-o", trace, "-e", calls, release(), "-q", "-o", tmp / "rows.jsonl", image],
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = trace.read_text(errors="replace").splitlines()
    first = next(at for at, line in enumerate(lines) if "landlock_restrict_self(" in line)
    magic = re.compile(rf'pread64\(\d+<{re.escape(str(image))}>, .*, \d+, (0|64|{image.stat().st_size - 512})\) = (4|8|512)$')
    reads = [at for at, line in enumerate(lines) if f"<{image}>" in line and "read" in line and not magic.search(line)]
    threads = [at for at, line in enumerate(lines) if "CLONE_THREAD" in line]
    assert reads and first < reads[0] and all(first < at for at in threads)
    if b"libseccomp 2" in version(release()):
        assert max(at for at, line in enumerate(lines) if "SECCOMP_SET_MODE_FILTER" in line and line.endswith("= 0")) < reads[0]


def manifest(tmp: Path, *args: object, **options: object) -> dict[str, object]:
    done = launch.run("-q", "--force", "-o", tmp / "m.jsonl", "--manifest", tmp / "m.json", *args, **options)
    assert done.returncode in (0, 1), done.stderr
    return json.loads((tmp / "m.json").read_text())["sandbox"]


def test_the_manifest_says_what_is_in_force(tmp: Path) -> None:
    """Of an image no right of root is left, of a directory those that reading it takes."""
    image, number = image_of(tmp), landlock()
    said = manifest(tmp, image)
    assert said["entered"] == "before the first read" and said["no_new_privs"] and said["landlock"] == number
    assert said["libraries_apart"]
    assert said["capabilities"] == [] and said["lacks"] == ""
    off = manifest(tmp, "--no-sandbox", image)
    assert off["entered"] == "never: --no-sandbox" and not off["libraries_apart"]
    if machine.IS_ROOT:
        assert "CAP_FOWNER" in manifest(tmp, tmp / "host")["capabilities"]


@pytest.mark.parametrize("call, lacks", [("landlock_create_ruleset", "Landlock"), ("seccomp", "seccomp"), ("capset", "capabilities")])
def test_a_kernel_that_lacks_a_part(call: str, lacks: str, tmp: Path) -> None:
    """It is said once, and in the manifest. The run goes on without."""
    if not machine.have("strace"):
        pytest.skip("no strace")
    image = image_of(tmp)
    if call == "seccomp" and b"libseccomp 2" not in version(release()):
        pytest.skip("built without libseccomp")
    refuse = f"inject={call}:error=EINVAL"
    done = subprocess.run(["strace", "-o", "/dev/null", "-e", refuse, release(), "-o", tmp / "m.jsonl", "--manifest", tmp / "m.json",
                           image], capture_output=True, check=False)
    assert done.returncode == 0 and done.stderr.count(b"the sandbox lacks " + lacks.encode()) == 1, done.stderr
    assert json.loads((tmp / "m.json").read_text())["sandbox"]["lacks"] == lacks


def test_output_is_the_same(sample: Path, tmp: Path) -> None:
    """With the sandbox and without, of an image and of a directory, sorted in memory and on the disk."""
    host = hosts.shop(tmp / "host").root
    for evidence in (sample, host):
        for args in (("-f", "jsonl", "--timezone", "Europe/Berlin"), ("-f", "csv", "--memory", "64K"), ("-f", "body",)):
            with_it, without = (launch.run("-q", *args, *box, evidence) for box in ((), ("--no-sandbox",)))
            assert with_it.stdout and (with_it.returncode, with_it.stdout) == (without.returncode, without.stdout)


def test_killed_run_leaves_nothing(sample: Path, tmp: Path) -> None:
    """What the program cannot do itself when it is killed, the helper does."""
    out = tmp / "out"
    out.mkdir()
    with subprocess.Popen([machine.PROGRAM, "-q", "-o", out / "rows.jsonl", "--errors", out / "errors", sample]) as run:
        launch.wait_for(lambda: len(list(out.iterdir())) == 2 or run.poll() is not None)
        launch.wait_for(lambda: b"Seccomp:\t2" in Path(f"/proc/{run.pid}/status").read_bytes()
                        or b"NoNewPrivs:\t1" in Path(f"/proc/{run.pid}/status").read_bytes() or run.poll() is not None)
        run.send_signal(signal.SIGKILL)
    launch.wait_for(lambda: not [path for path in out.iterdir() if path.name.endswith(".tmp")])


def test_image_that_its_owner_alone_may_read(tmp: Path) -> None:
    """root reads the segments of another user's image, which are opened in the sandbox."""
    if not machine.IS_ROOT:
        pytest.skip("needs another user")
    folder = tmp / "closed"
    folder.mkdir()
    data = image_of(tmp).read_bytes()
    (folder / "disk.001").write_bytes(data[:20 << 20])
    (folder / "disk.002").write_bytes(data[20 << 20:])
    for path in (folder / "disk.001", folder / "disk.002", folder):
        path.chmod(0o700)
        os.chown(path, machine.NOBODY, machine.NOBODY)
    assert manifest(tmp, folder / "disk.001")["capabilities"] == ["CAP_DAC_READ_SEARCH"]
