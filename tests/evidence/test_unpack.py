# SPDX-License-Identifier: Apache-2.0
"""Disk images that are packed as a whole, read with --unpack. The image is our own, and packed by the programs of the
formats; rows are to be those of the plain image."""
import json
import subprocess
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine
from lib.launch import timeline

USAGE = 2
PACKERS = {"gzip": ("gzip", "-1c"), "zstd": ("zstd", "-1qc"), "xz": ("xz", "-0c")}


@pytest.fixture(scope="module")
def small(session_dir: Path) -> Path:
    """An ext4 image of a host."""
    return disks.make_ext4(session_dir / "packed.raw", hosts.shop(session_dir / "packed").root, "24M")


@pytest.fixture
def room(tmp: Path) -> Path:
    """A directory in which nothing may be left."""
    (tmp / "room").mkdir()
    return tmp / "room"


def pack(tool: str, image: Path, to: Path) -> Path:
    """Pack a file."""
    if not machine.have(tool):
        pytest.skip(f"no {tool}")
    with open(image, "rb") as data, open(to, "ab") as out:
        subprocess.run(PACKERS[tool], stdin=data, stdout=out, check=True)
    return to


@pytest.mark.parametrize("tool", PACKERS)
def test_rows_are_the_same(tool: str, small: Path, room: Path, tmp: Path) -> None:
    """And nothing is left."""
    packed = pack(tool, small, tmp / "disk.packed")
    result = timeline("--unpack", room, "--manifest", tmp / "manifest", packed)
    assert result.code == 0 and result.bare == timeline(small).bare
    remarks = json.loads((tmp / "manifest").read_text())["evidence"][0]["remarks"]
    assert remarks == [f"{small.stat().st_size} bytes were unpacked from the {tool} file"]
    assert not list(room.iterdir()) and timeline(packed).code == 3


def test_parts_in_a_row(small: Path, room: Path, tmp: Path) -> None:
    """Two members of gzip are one disk, as cat and pigz make them."""
    data = small.read_bytes()
    for number, half in enumerate((data[:10000001], data[10000001:])):
        (tmp / f"half{number}").write_bytes(half)
        pack("gzip", tmp / f"half{number}", tmp / "disk.gz")
    result = timeline("--unpack", room, tmp / "disk.gz")
    assert result.code == 0 and result.bare == timeline(small).bare


@pytest.mark.parametrize("tool", PACKERS)
def test_file_that_breaks_off(tool: str, small: Path, room: Path, tmp: Path) -> None:
    """What comes before is read, and it is said how much that is."""
    whole = pack(tool, small, tmp / "disk.packed").read_bytes()
    (tmp / "cut").write_bytes(whole[:-100])
    result = timeline("--unpack", room, tmp / "cut")
    assert result.code in (1, 3) and result.errors[0]["code"] == "truncated"
    assert f"the {tool} file breaks off: only the first " in result.errors[0]["reason"]
    (tmp / "cut").write_bytes(whole[:12])
    assert timeline("--unpack", room, tmp / "cut").code == 3


def test_limit(small: Path, room: Path, tmp: Path) -> None:
    """A file that unpacks to more than it may is not read, and the option that allows more is named."""
    packed = pack("gzip", small, tmp / "disk.gz")
    result = timeline("--unpack", room, "--unpack-limit", "20M", packed)
    assert result.code == 3 and result.errors[0]["code"] == "too-large"
    assert "--unpack-limit" in result.errors[0]["reason"] and not list(room.iterdir())


def test_formats_inside(small: Path, room: Path, tmp: Path) -> None:
    """A qcow2 in a packed file is read; its backing file is not looked for; what libtsk reads is named."""
    if not machine.have("qemu-img"):
        pytest.skip("no qemu-img")
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", small, tmp / "base.qcow2"], check=True)
    result = timeline("--unpack", room, pack("gzip", tmp / "base.qcow2", tmp / "disk.gz"))
    assert result.code == 0 and result.bare == timeline(small).bare
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "over.qcow2"], check=True, cwd=tmp)
    result = timeline("--unpack", room, pack("gzip", tmp / "over.qcow2", tmp / "over.gz"))
    assert result.code == 3 and "'base.qcow2' is no file beside the image" in result.errors[0]["reason"]
    subprocess.run(["qemu-img", "convert", "-O", "vhdx", small, tmp / "disk.vhdx"], check=True)
    result = timeline("--unpack", room, pack("zstd", tmp / "disk.vhdx", tmp / "disk.zst"))
    assert result.code == 3 and "a VHDX disk image" in result.error()["reason"]


def test_directory_in_the_evidence(small: Path, room: Path, tmp: Path) -> None:
    """It would be changed. Nor does a directory do that is not there."""
    packed = pack("gzip", small, tmp / "disk.gz")
    (room / "host").mkdir()
    done = launch.run("--unpack", room / "host", "-o", tmp / "rows.txt", packed, room)
    assert done.returncode == USAGE and b"lies inside the evidence" in done.stderr
    assert launch.run("--unpack", tmp / "gone", "-o", tmp / "rows.txt", packed).returncode == USAGE
