# SPDX-License-Identifier: Apache-2.0
"""The evidence is never written, nor what it lies in; and a run that is cut short leaves nothing."""
import fcntl
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine

OUTPUT, MEMORY = 4, 5


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def image_of(tmp: Path) -> Path:
    """A small host as an ext4 image."""
    return disks.make_ext4(tmp / "disk.raw", hosts.shop(tmp / "host").root, "32M")


def refused(*args: object, **options: object) -> None:
    """The output is refused because of where it is."""
    done = launch.run("-q", "-f", "text", *args, **options)
    assert done.returncode == OUTPUT and b"lies inside the evidence" in done.stderr, done.stderr


def test_directory_that_cannot_be_listed(tmp: Path) -> None:
    """A directory on the way to the output may be entered, but not listed."""
    if not machine.IS_ROOT:
        pytest.skip("needs another user")
    host = hosts.shop(tmp / "host")
    hosts.give_to_nobody(host, tmp)
    (host.root / "closed/open").mkdir(parents=True)
    (host.root / "closed/open").chmod(0o777)
    (host.root / "closed").chmod(0o711)
    refused("-o", host.root / "closed/open/out", host.root, user=machine.NOBODY)
    assert not list((host.root / "closed/open").iterdir())


def test_segments(tmp: Path) -> None:
    """The second segment of a raw image, and an extent of a VMDK, which the command line does not name."""
    image = image_of(tmp)
    data = image.read_bytes()
    first, second = tmp / "disk.001", tmp / "disk.002"
    first.write_bytes(data[:20 << 20])
    second.write_bytes(data[20 << 20:])
    extent, descriptor = tmp / "disk-f001.vmdk", tmp / "disk.vmdk"
    shutil.copy(image, extent)
    descriptor.write_text('# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n'
                          'createType="twoGbMaxExtentFlat"\n# Extent description\n'
                          f'RW {len(data) // 512} FLAT "disk-f001.vmdk" 0\n# The Disk Data Base\n#DDB\n'
                          'ddb.virtualHWVersion = "4"\nddb.geometry.cylinders = "65"\nddb.geometry.heads = "16"\n'
                          'ddb.geometry.sectors = "63"\nddb.adapterType = "ide"\n')
    for given, other in ((first, second), (descriptor, extent)):
        before = sha(other)
        assert launch.timeline(given).code == 0
        refused("--force", "-o", other, given)
        refused("--force", "-o", tmp / "rows", "--errors", other, given)
        refused("--force", "-o", "disk.txt", "--manifest", other, given, cwd=tmp)
        refused("--force", "-o", other.name, given.name, cwd=tmp)
        assert sha(other) == before


def test_mounted_from_the_evidence(mounting: None, tmp: Path) -> None:
    """The file system of the block device given, and that of the image, mounted through a loop device."""
    image = image_of(tmp)
    loop = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
    try:
        with disks.mount(loop, "ext4", "rw") as root:
            for given in (loop, image):
                refused("-o", root / "out", given)
                refused("-o", root / "var/out", given)
            assert not (root / "out").exists()
            assert launch.run("-q", "-o", tmp / "rows.txt", image).returncode in (0, 1)
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def test_access_times(mounting: None, tmp: Path) -> None:
    """Where access times cannot be kept, that is said before the first read, in the manifest too; --strict refuses."""
    host = hosts.shop(tmp / "host")
    hosts.give_to_nobody(host, tmp)
    old = 10 ** 9
    with disks.mount(disks.make_ext4(tmp / "disk.raw", host.root, "32M"), "ext4", "rw") as root:
        file = next(root.rglob("repositories.json"))
        os.utime(file, (old, old))
        out = tmp / "out"
        out.mkdir()
        out.chmod(0o777)

        def told(name: str, *args: object, **options: object) -> tuple[str, dict[str, object]]:
            done = launch.run("--manifest", out / name, "-o", out / f"{name}.txt", *args, root, **options)
            assert done.returncode in (0, 1), done.stderr
            return done.stderr.decode(), json.loads((out / name).read_text())["evidence"][0]

        stderr, evidence = told("root", "--strict")
        assert "access times" not in stderr and evidence["access_times"] == "kept"
        subprocess.run(["chown", "-R", "1234:1234", root], check=True)
        done = launch.run("--strict", "-o", out / "none.txt", root, user=machine.NOBODY)
        assert done.returncode == 2 and b"--strict" in done.stderr and not (out / "none.txt").exists()
        assert file.stat().st_atime == old
        stderr, evidence = told("other", user=machine.NOBODY)
        assert stderr.startswith(f"layertime: {root}: the access times of what is read may change")
        assert evidence["access_times"] == "may have changed" and evidence["opened_without_noatime"] > 0
        assert file.stat().st_atime > old                      # the kernel did set it
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        stderr, evidence = told("ro", "--strict", user=machine.NOBODY)
        assert "access times" not in stderr and evidence["access_times"] == "kept"


@pytest.mark.parametrize("args, largest", [((), 4096), (("--since=2100-01-01",), 1024)], ids=["timeline", "manifest"])
def test_outputs_appear_last(args: tuple[str, ...], largest: int, tmp: Path) -> None:
    """Where the timeline has its name, so have the error list and the manifest. None of them is there if one of them could not
    be written, the last one included."""
    host = hosts.shop(tmp / "host")
    out = tmp / "out"
    out.mkdir()
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    done = launch.run("-q", *args, "-o", out / "rows.jsonl", "--errors", out / "errors", "--manifest", out / "manifest", host.root,
                      preexec_fn=limit)
    assert done.returncode == OUTPUT and b"File too large" in done.stderr and not list(out.iterdir())


def test_out_of_memory(tmp: Path) -> None:
    """A message, exit 5, and no file: the helper of the sandbox removes what is unfinished."""
    program, out = machine.REPO / "layertime", tmp / "out"
    if not program.exists():
        pytest.skip("needs the program without sanitizers, which take too much memory themselves")
    image = image_of(tmp)
    out.mkdir()
    ends = set()
    for limit in range(30 << 20, 90 << 20, 3 << 20):
        done = subprocess.run(["prlimit", f"--as={limit}", program, "-q", "-o", out / "rows.csv", "--errors", out / "errors",
                               image], capture_output=True, text=True, check=False)
        ends.add(done.returncode)
        if done.returncode == MEMORY:
            assert done.stderr.startswith("layertime: out of memory")
            launch.wait_for(lambda: not list(out.iterdir()))
        for path in out.iterdir():
            path.unlink()
    assert {MEMORY, 0} <= ends <= {MEMORY, 0, 1, 127}, ends  # 127: not even the libraries fit


def test_dead_files_are_removed(tmp: Path) -> None:
    """What a killed run left beside the output is removed by the next one, unless a run holds it or another user owns it."""
    host = hosts.shop(tmp / "host")
    dead, other, held = tmp / f".layertime-{'0' * 16}.tmp", tmp / ".layertime-x.tmp", tmp / f".layertime-{'1' * 16}.tmp"
    for path in (dead, other, held):
        path.write_text("x")
    file = os.open(held, os.O_RDONLY)
    fcntl.flock(file, fcntl.LOCK_EX)
    assert launch.run("-q", "--force", "-o", tmp / "rows.txt", host.root).returncode == 0
    assert not dead.exists() and other.exists() and held.exists()
    os.close(file)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGXCPU,
                                    signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2])
def test_signals_leave_nothing(number: signal.Signals, tmp: Path) -> None:
    """The program dies of the signal, and no file is left."""
    host = hosts.shop(tmp / "host")
    out = tmp / "out"
    out.mkdir()
    reading, writing = os.pipe()
    process = subprocess.Popen([machine.PROGRAM, "-q", "-f", "csv", "--errors", out / "errors", "--manifest", out / "m",
                                host.root], stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    fcntl.fcntl(reading, 1031, 4096)                  # F_SETPIPE_SZ: the program has to wait for its reader
    time.sleep(0.3)
    process.send_signal(number)
    assert process.wait(20) == -number
    os.close(reading)
    assert not list(out.iterdir())
