# SPDX-License-Identifier: Apache-2.0
"""Disk images: partitions, truncation, damage, and reads that fail. Nothing is ever lost in silence."""
import json
import os
import random
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, reading, sanitizers
from lib.launch import timeline
from lib.reading import Timeline

SECTOR = 512


def whole_disk(image: Path, disk: Path, label: str, start: int = 2048, extra: str = "") -> Path:
    """A disk with a partition table and the file system in its first partition (at sector `start`)."""
    sectors = image.stat().st_size // SECTOR
    script = f"label: {label}\n" + "first-lba: 34\n" * (label == "gpt") + f"start={start}, size={sectors}\n{extra}"
    return disks.partition(disk, (start + sectors + 4096) * SECTOR, script, (image, start * SECTOR))


@pytest.mark.parametrize("label, start", [("dos", 2048), ("gpt", 2048), ("dos", 63), ("gpt", 34)])
def test_partitioned_disk_gives_the_same_rows(label: str, start: int, sample: Path, sample_jsonl, libtsk_leaks: dict,
                                              tmp: Path) -> None:
    """Wherever the partition begins."""
    result = timeline("--no-sandbox", whole_disk(sample, tmp / "disk.raw", label, start), env=libtsk_leaks)
    assert result.code == 0 and not result.errors
    assert result.bare == sample_jsonl.bare


@pytest.mark.parametrize("label", ["dos", "gpt"])
def test_partition_that_is_not_known_is_said(label: str, sample: Path, sample_jsonl, libtsk_leaks: dict,
                                             tmp: Path) -> None:
    """A second partition without a file system: all rows of the first, and an error; none where nothing was written."""
    disk = whole_disk(sample, tmp / "disk.raw", label, extra="size=2048\n")
    result = timeline("--no-sandbox", disk, env=libtsk_leaks)
    assert result.bare == sample_jsonl.bare and result.code == 0
    first, size = 2048 + sample.stat().st_size // SECTOR, disk.stat().st_size // SECTOR
    with open(disk, "r+b") as file:
        file.seek(first * SECTOR)
        file.write(b"what is this?\n" * ((size - first - 40) * SECTOR // 14))  # GPT ends in 33 sectors
    result = timeline("--no-sandbox", disk, env=libtsk_leaks)
    assert result.bare == sample_jsonl.bare
    assert result.code == 1 and result.error()["code"] == "unsupported"


def test_logical_partition(sample: Path, sample_jsonl, tmp: Path) -> None:
    """Inside an extended DOS partition."""
    disk, sectors = tmp / "disk.raw", sample.stat().st_size // SECTOR
    script = f"label: dos\nstart=2048, size={sectors + 8192}, type=5\nstart=4096, size={sectors}, type=83\n"
    disks.partition(disk, (sectors + 16384) * SECTOR, script, (sample, 4096 * SECTOR))
    result = timeline(disk)
    assert result.code == 0 and result.bare == sample_jsonl.bare


def test_image_longer_than_the_file_system(sample: Path, sample_jsonl, tmp: Path) -> None:
    """What follows does not matter."""
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    os.truncate(copy, copy.stat().st_size + 12345)
    result = timeline(copy)
    assert result.code == 0 and result.bare == sample_jsonl.bare


@pytest.mark.parametrize("percent", [99, 75, 50, 25])
def test_truncated_image(percent: int, sample: Path, sample_jsonl, tmp: Path) -> None:
    """Exit 1, an item that says so, rows that are still there come and none is invented."""
    copy = disks.sparse_copy(sample, tmp / "copy.raw")
    os.truncate(copy, copy.stat().st_size * percent // 100)
    result = timeline(copy)
    assert result.code == 1
    assert "truncated" in {error["code"] for error in result.errors}
    whole = {reading.what(row) for row in sample_jsonl.rows}
    nameless = [row for row in result.rows if reading.location(row).startswith(b"/$OrphanFiles/")]  # the journal may be cut off
    assert {reading.what(row) for row in result.rows if row not in nameless} <= whole
    assert {deleted(row) for row in nameless} <= {deleted(row) for row in sample_jsonl.rows if "unallocated" in row["tag"]}
    assert len(result.rows) > len(whole) // 3 or percent == 25


def deleted(row: reading.Row) -> tuple:
    """Which inode, and when."""
    return row["inode"], row["timestamp_desc"], row["timestamp_ns"]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 1024, 1500, 4096, 65536])
def test_hardly_any_image(size: int, sample: Path, tmp: Path) -> None:
    """Cut to the superblock and before: no usable evidence, not a crash."""
    (tmp / "stub.raw").write_bytes(sample.read_bytes()[:size])
    result = timeline(tmp / "stub.raw")
    assert result.code == 3 and not result.rows
    codes = {error["code"] for error in result.errors}
    assert codes and codes <= {"unsupported", "truncated", "missing", "unreadable", "damaged"}


# --- reads that fail --------------------------------------------------------------------------------------------------

def strace(tmp: Path, evidence: Path, *options: str) -> tuple[Timeline | None, str]:
    """A run under strace; LeakSanitizer does not work there. None where strace may not trace. One thread, as calls are
    counted for each."""
    if not machine.have("strace"):
        pytest.skip("strace is missing")
    out, errors, trace = tmp / "rows", tmp / "errors", tmp / "trace"
    env = sanitizers.traced_environment()
    done = subprocess.run(["strace", "-qq", "-f", "--seccomp-bpf", "-o", trace, *options, machine.PROGRAM, "-q", "--threads",
                           "1", "-f", "jsonl", "--force", "-o", out, "--errors", errors, "--stats", evidence],
                          env=env, capture_output=True, timeout=machine.TIMEOUT, check=False)
    if b"PTRACE" in done.stderr or b"Operation not permitted" in done.stderr and not trace.exists():
        pytest.skip("strace may not trace here")
    sanitizers.check_sanitizers(done.returncode, done.stderr)
    read = [path.read_bytes() if path.exists() else b"" for path in (out, errors)]
    for path in (out, errors):
        path.unlink(missing_ok=True)
    result = Timeline(done.returncode, read[0].splitlines(keepends=True),
                      [json.loads(line) for line in read[1].splitlines()], done.stderr.decode())
    return result, trace.read_text(errors="replace")


def check_nothing_lost_in_silence(result: Timeline, whole: Timeline) -> None:
    """Either all rows, or exit 1 and an error, or no evidence at all; and nothing is invented."""
    if result.code == 3:
        assert result.stderr
        return
    assert result.code in (0, 1), result.stderr
    assert "the account balances" in result.stderr
    assert bool(result.errors) == (result.code == 1)
    if result.code == 0:
        assert result.bare == whole.bare, "rows are missing or differ, and nothing says so"
    known = {reading.what(row) for row in whole.rows}
    found = {reading.what(row) for row in result.rows if row["data_type"] != "container:clock:step"}
    assert found <= known  # of a step of the clock another file may be the witness


def spread(total: int, count: int) -> list[int]:
    """`count` numbers from 1 to `total`, the same ones each time."""
    return sorted(random.Random(total).sample(range(1, total + 1), min(count, total)))


@pytest.fixture(scope="module")
def small_image(session_dir: Path) -> Path:
    """The small host as an ext4 image, with an index (htree) and a long log on it."""
    host = hosts.shop(session_dir / "small")
    hosts.write_tree(os.fsencode(hosts.container(host, "db").rw / "diff"),
                     {"many": {f"file-with-a-rather-long-name-{n}": "" for n in range(300)}})
    return disks.make_ext4(session_dir / "small.raw", host.root)


@pytest.mark.parametrize("persistent", ["", "+"], ids=["once", "for good"])
def test_read_errors_of_an_image(persistent: str, small_image: Path, tmp: Path) -> None:
    """EIO at the Nth read, once or from then on, for Ns all over the run."""
    whole = timeline(small_image)
    assert whole.code == 0
    again, trace = strace(tmp, small_image, "-P", str(small_image), "-e", "trace=pread64")
    assert again.bare == whole.bare
    total = trace.count("pread64(")
    assert total > 30, "a broken test: the program reads by another call"
    for number in spread(total, 12):
        result, _ = strace(tmp, small_image, "-P", str(small_image), "-e", "trace=pread64", "-e",
                           f"inject=pread64:error=EIO:when={number}{persistent}")
        assert result.code in (1, 3), f"read {number} of {total} failed in silence"
        check_nothing_lost_in_silence(result, whole)
        if result.code == 1:
            assert "unreadable" in {error["code"] for error in result.errors}


def last_of_each_kind(calls: list[str]) -> list[int]:
    """Numbers (from 1) of calls, the last one for each kind of name that they open: IDs count as one name."""
    kinds: dict[str, int] = {}
    for number, text in enumerate(calls, 1):
        name = re.search(r'"(?:[^"]*/)?([^"]*)"', text)
        kinds[re.sub("[0-9a-f]{64}", "ID", name[1] if name else "")] = number
    return sorted(kinds.values())


@pytest.mark.parametrize("call, error", [("openat2", "EIO"), ("openat2", "EMFILE"), ("statx", "EIO"),
                                         ("getdents64", "EIO"), ("pread64", "EIO"), ("readlinkat", "EIO"),
                                         ("statx", "ENOENT"), ("getdents64", "ENOENT"),
                                         ("readlinkat", "ENOENT")])
def test_failing_calls_on_a_directory(call: str, error: str, host: hosts.Host, tmp: Path) -> None:
    """One call fails, whichever it is: an error says so, or it did not matter. What was opened or listed is there: that the
    system then knows nothing of it was taken for absence, and cost up to all rows in silence."""
    whole = host.run()
    assert whole.code == 0
    again, trace = strace(tmp, host.root, "-e", f"trace=openat2,{call}")
    assert again.bare == whole.bare
    ours = trace[trace.index("openat2("):]            # before it the dynamic linker is at work
    calls = re.findall(rf"\b({call}\(.*)", ours)
    before = len(re.findall(rf"\b{call}\(", trace)) - len(calls)
    assert len(calls) > 1, "a broken test: the program does not use that call"
    opened = [number for number, text in enumerate(calls, 1) if call == "statx" and ', "", ' in text]
    numbers = last_of_each_kind(calls) if error != "EMFILE" and call == "openat2" else spread(len(calls), 8)
    if opened and error == "ENOENT":
        numbers = numbers[:4] + [opened[at - 1] for at in spread(len(opened), 16)]
    silent = []
    for number in numbers:
        result, _ = strace(tmp, host.root, "-e", f"trace={call}", "-e",
                           f"inject={call}:error={error}:when={before + number}")
        try:
            check_nothing_lost_in_silence(result, whole)
        except AssertionError as failure:
            silent.append(f"{calls[number - 1]}: {str(failure).splitlines()[0]}")
    assert not silent, "\n".join(silent)


# --- damage in the file system ----------------------------------------------------------------------------------------

def test_random_damage_never_crashes(small_image: Path, tmp: Path) -> None:
    """Bytes of the metadata turned at random: any exit code of the contract, in time, without a sanitizer's finding."""
    data = bytearray(small_image.read_bytes())
    chance = random.Random(1)
    used = [block for block in range(len(data) // 4096) if any(data[block * 4096:block * 4096 + 4096])]
    for _ in range(40):
        with open(tmp / "bad.raw", "wb") as out:
            out.write(data)
            for _ in range(chance.choice([1, 10, 100])):
                out.seek(chance.choice(used) * 4096 + chance.randrange(4096))
                out.write(bytes([chance.randrange(256)]))
        done = launch.run("-q", "--stats", "-f", "jsonl", tmp / "bad.raw", processor=30)
        assert done.returncode in (0, 1, 3), done.stderr.decode()
        assert done.returncode == 3 or b"the account balances" in done.stderr


DAMAGE = {
    "inode without a type": ("set_inode_field {var} mode 0",),
    "huge directory": ("set_inode_field {var} size 0x7fffffffffff",),
    "no blocks": ("set_inode_field {var} block[0] 0", "set_inode_field {var} block[1] 0"),
    "name without an inode": ("clri {var}",),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_inode_costs_what_is_below(case: str, host: hosts.Host, tmp: Path) -> None:
    """One directory of one layer is damaged: an error, and all rows that are not below it."""
    image = disks.make_ext4(tmp / "image.raw", host.root)
    whole = timeline(image)
    var = host.inside(hosts.container(host, "db").rw / "diff/var")
    disks.debugfs(image, *[command.format(var=var) for command in DAMAGE[case]])
    result = timeline(image, processor=10)
    assert result.code == 1 and result.errors
    lost = {reading.what(row) for row in whole.rows} - {reading.what(row) for row in result.rows}
    assert all(row[2].startswith(var) for row in lost)


def test_times_of_128_byte_inodes(host: hosts.Host, tmp: Path) -> None:
    """ext3-like: whole seconds, no birth; nothing invented."""
    image = disks.make_ext4(tmp / "image.raw", host.root, "64M", "-I", "128")
    result = timeline(image)
    assert result.code == 0
    files = result.where(data_type="fs:stat")
    assert files and all(reading.nanoseconds(row) % 10**9 == 0 for row in files
                         if row["timestamp_desc"] != "Content Deletion Time")
    assert not result.where(timestamp_desc="Creation Time", data_type="fs:stat")


def check_by_kernel(image: Path, kind: str) -> list[reading.Row]:
    """The image has the same rows as the kernel shows of the mounted file system; returns them."""
    with disks.mount(image, kind, "ro,loop") as root:
        by_kernel = timeline(root)
    by_us = timeline(image)
    assert by_us.code == by_kernel.code == 0
    assert by_us.bare == by_kernel.bare
    return by_us.rows


@pytest.mark.parametrize("options", [("-O", "^64bit"), ("-O", "^extents,^64bit"), ("-b", "1024"), ("-b", "2048"),
                                     ("-O", "^metadata_csum,inline_data"), ("-O", "flex_bg,meta_bg,^resize_inode"),
                                     ("-I", "512"), ("-t", "ext2"), ("-t", "ext3"), ("-O", "^dir_index"),
                                     ("-O", "^filetype")], ids=" ".join)
def test_flavours_of_ext(options: tuple[str, ...], host: hosts.Host, tmp: Path, mounted) -> None:
    """Whatever its features: the same rows as the kernel shows of the mounted file system."""
    image = disks.make_ext4(tmp / "image.raw", host.root, "64M", *options)
    check_by_kernel(image, "ext4" if options[0] != "-t" else options[1])


@pytest.mark.parametrize("later", [1, 5, 3600])
@pytest.mark.parametrize("options", [(), ("-I", "128"), ("-I", "512"), ("-t", "ext2"), ("-t", "ext3")], ids=" ".join)
def test_file_system_that_is_younger_than_its_files(options: tuple[str, ...], later: int, host: hosts.Host, tmp: Path,
                                                    mounting: None) -> None:
    """The changes of its files are older than their births: not by a step of the clock, says the disk, and so must say
    the mounted host."""
    image = disks.make_ext4(tmp / "image.raw", host.root, "64M", *options, later=later)
    rows = check_by_kernel(image, "ext4" if "-t" not in options else options[1])
    assert not [row for row in rows if "clock_step" in row["tag"]]
    if later == 5 and "128" not in options:
        assert [row for row in rows if "time_set" in row["tag"]], "a broken test: no births"


@pytest.mark.parametrize("whole", [True, False], ids=["a disk", "a part of one"])
def test_data_root_with_a_disk_of_its_own(whole: bool, host: hosts.Host, tmp: Path, mounting: None) -> None:
    """When that was made counts; of a part of a disk that is mounted there (a bind) nobody knows it."""
    image = disks.make_ext4(tmp / "image.raw", host.data if whole else host.data.parent, later=5)
    place = tmp / "root/var/lib/docker"
    place.mkdir(parents=True)
    with disks.mount(image, "ext4", "ro,loop") as disk, \
            disks.mounted_at(disk if whole else disk / "docker", "none", "bind", place):
        result = timeline(tmp / "root")
    assert result.code == 0 and result.where(data_type="fs:stat")
    assert bool(result.where(data_type="container:clock:step")) == (not whole)


def test_log_of_many_extents(host: hosts.Host, tmp: Path) -> None:
    """A file that is scattered over the disk is read in full, or its loss is told (libtsk 4.11 cannot read it)."""
    web = hosts.container(host, "web")
    record = hosts.log_record("x" * 4000 + "\n", "2026-01-02T03:04:05Z").encode()
    web.log.write_bytes(b"")
    image = disks.make_ext4(tmp / "image.raw", host.root, "64M", "-b", "1024")
    data = record * 500
    (tmp / "log").write_bytes(data)
    # A sparse source makes holes: every second block is zero, so each block is an extent of its own.
    with open(tmp / "holes", "wb") as out:
        for at in range(0, len(data), 2048):
            out.seek(at)
            out.write(data[at:at + 1024])
        out.truncate(len(data))
    path = host.inside(web.log)
    disks.debugfs(image, f"rm {path}", f"write {tmp / 'holes'} {path}")
    stats = disks.debugfs(image, f"stat {path}")
    assert len(re.findall(r"\(\d+(?:-\d+)?\):", stats)) > 340, "a broken test: too few extents"
    by_us = timeline(image)
    dumped = tmp / "dumped"
    disks.debugfs(image, f"dump {path} {dumped}")
    good = [line for line in dumped.read_bytes().split(b"\n") if line.startswith(b"{") and line.endswith(b"}")]
    rows = by_us.where(data_type="docker:container:log:entry", container_name="web")
    assert len(rows) >= len(good) or by_us.code == 1 and path in {error.get("path") for error in by_us.errors}


def test_superblock_that_lies(small_image: Path, tmp: Path) -> None:
    """Counts and sizes out of any range: an error or no evidence, never a crash or a hang."""
    fields = {0: "<I", 4: "<I", 20: "<I", 24: "<I", 28: "<I", 32: "<I", 40: "<I", 76: "<I", 84: "<I", 88: "<H",
              254: "<H", 96: "<I", 100: "<I"}
    for offset, form in fields.items():
        for value in (0, 1, 0xFFFF if form == "<H" else 0xFFFFFFFF, 0x7FFF):
            copy = tmp / "bad.raw"
            shutil.copyfile(small_image, copy)
            with open(copy, "r+b") as out:
                out.seek(1024 + offset)
                out.write(struct.pack(form, value))
            done = launch.run("-q", "-f", "jsonl", copy, processor=20)
            assert done.returncode in (0, 1, 3), (offset, value, done.stderr)


@pytest.mark.parametrize("form", ["split", "e01", "vmdk", "vhd", "vhdx"])
def test_image_formats(form: str, sample: Path, sample_jsonl, tmp: Path) -> None:
    """The disk in the usual containers of images: the same rows as from the raw one."""
    tools = {"e01": "ewfacquirestream", "vmdk": "qemu-img", "vhd": "qemu-img", "vhdx": "qemu-img", "split": "split"}
    if not machine.have(tools[form]):
        pytest.skip(f"no {tools[form]}")
    image = tmp / {"split": "disk.001", "e01": "disk.E01"}.get(form, f"disk.{form}")
    if form == "split":
        command = ["split", "-b", "50M", "-d", "-a", "3", "--numeric-suffixes=1", sample, tmp / "disk."]
    elif form == "e01":
        command = ["ewfacquirestream", "-q", "-c", "deflate:fast", "-t", tmp / "disk"]
    else:
        command = ["qemu-img", "convert", "-O", "vpc" if form == "vhd" else form, sample, image]
    with open(sample, "rb") as raw:
        subprocess.run(command, check=True, capture_output=True, stdin=raw)
    result = timeline(image)
    assert result.code == 0 and not result.errors
    if form == "vhd":  # its size is rounded up to a cylinder, which changes nothing in the rows
        assert image.stat().st_size < sample.stat().st_size
    assert result.bare == sample_jsonl.bare
