# SPDX-License-Identifier: Apache-2.0
"""Disk images of other formats than raw. What is in them qemu-img says, or who wrote the bytes; of the shared disks,
the raw disk that they were made of."""
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import disks, ext4fs, hosts, imagemutants, launch, machine, sanitizers, vhdfile
from lib.launch import timeline

IMAGEDUMP = ext4fs.FSDUMP.with_name("imagedump")
DISKS = machine.EVIDENCE.parent / "disks"
MIB = 1 << 20
SIZE = 9 * MIB + 3 * 512 # fits no cluster
OUTPUT = 4


@pytest.fixture(autouse=True)
def qemu() -> None:
    """Nothing here goes without it."""
    if not machine.have("qemu-img", "qemu-io"):
        pytest.skip("no qemu-img, or no qemu-io")


def call(*command: object, cwd: Path | None = None) -> None:
    """Run a tool."""
    subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=cwd)


def dump(image: Path) -> tuple[int, bytes, str]:
    """Exit code, bytes of the disk, and what was said."""
    out = image.with_name(image.name + ".dumped")
    with open(out, "wb") as stdout:
        done = subprocess.run([IMAGEDUMP, image], stdout=stdout, stderr=subprocess.PIPE, check=False,
                              env=sanitizers.environment(), timeout=machine.TIMEOUT)
    sanitizers.check_sanitizers(done.returncode, done.stderr)
    data = out.read_bytes()
    out.unlink()
    return done.returncode, data, done.stderr.decode(errors="replace")


def check_same_as_qemu(image: Path, form: str) -> None:
    """Every byte is the one that qemu-img reads."""
    raw = image.with_name(image.name + ".converted")
    call("qemu-img", "convert", "-f", form, "-O", "raw", image, raw)
    code, data, said = dump(image)
    expected = raw.read_bytes()
    raw.unlink()
    assert code == 0 and len(data) == len(expected), said
    assert data == expected


def noise(size: int, seed: int) -> bytes:
    """Bytes with holes: pieces that are random, that repeat, and that are zeros."""
    pick, out = random.Random(seed), bytearray(size)
    for _ in range(60):
        at, length = pick.randrange(size), pick.choice((300, 4096, 70000, 200000))
        text = pick.randbytes(length) if pick.random() < 0.5 else bytes([pick.randrange(256)]) * length
        out[at:at + length] = text[:size - at]
    return bytes(out)


@pytest.fixture(scope="module")
def raw(session_dir: Path) -> Path:
    """A disk that fits no cluster."""
    path = session_dir / "noise.raw"
    path.write_bytes(noise(SIZE, 1))
    return path


# --- every option of qemu-img that changes where bytes lie --------------------------------------------------------------

CONVERTED = {
    "v2": "qcow2 -o compat=0.10",
    "v2 small": "qcow2 -o compat=0.10,cluster_size=512",
    "v3": "qcow2 -o compat=1.1,lazy_refcounts=on",
    "small": "qcow2 -o cluster_size=512",
    "4k": "qcow2 -o cluster_size=4k,refcount_bits=1",
    "large": "qcow2 -o cluster_size=2M",
    "extended": "qcow2 -o extended_l2=on,cluster_size=128k",
    "extended small": "qcow2 -o extended_l2=on,cluster_size=16k",
    "zlib": "qcow2 -c",
    "zlib small": "qcow2 -c -o cluster_size=4k",
    "zstd": "qcow2 -c -o compression_type=zstd",
    "zstd large": "qcow2 -c -o compression_type=zstd,cluster_size=2M",
    "zstd extended": "qcow2 -c -o compression_type=zstd,extended_l2=on",
    "metadata": "qcow2 -o preallocation=metadata",
    "full": "qcow2 -o preallocation=full,cluster_size=32k",
    "falloc extended": "qcow2 -o preallocation=falloc,extended_l2=on",
    "data file": "qcow2 -o data_file=DIR/data",
    "raw data file": "qcow2 -o data_file=DIR/data,data_file_raw=on",
    "vdi": "vdi",
    "static vdi": "vdi -o static=on",
    "vhd": "vpc",
    "vhd of that size": "vpc -o force_size=on",
    "fixed vhd": "vpc -o subformat=fixed",
    "fixed vhd of that size": "vpc -o subformat=fixed,force_size=on",
}


@pytest.mark.parametrize("name", CONVERTED)
def test_converted(name: str, raw: Path, tmp: Path) -> None:
    """An image in each form."""
    form, *options = CONVERTED[name].replace("DIR", str(tmp)).split()
    call("qemu-img", "convert", "-O", form, *options, raw, tmp / "disk.img")
    check_same_as_qemu(tmp / "disk.img", form)


def write_about(image: Path, seed: int, size: int = SIZE) -> None:
    """Writes, zeros and discards of all lengths, as a machine that ran would leave them."""
    pick, commands = random.Random(seed), []
    for number in range(40):
        at = pick.randrange(size // 512) * 512
        length = min(pick.choice((512, 2048, 65536, 300 * 512, MIB)), size - at)
        kind = pick.choice(("write -P {}", "write -P {}", "write -z", "write -z -u", "discard"))
        commands += ["-c", f"{kind.format(number + 1)} {at} {length}"]
    call("qemu-io", "-f", "qcow2", "-d", "unmap", *commands, image)


@pytest.mark.parametrize("options", ["compat=1.1", "compat=0.10", "extended_l2=on", "cluster_size=512", "cluster_size=2M",
                                     "extended_l2=on,cluster_size=2M", "lazy_refcounts=on,cluster_size=4k"])
def test_written(options: str, raw: Path, tmp: Path) -> None:
    """A machine ran on it: clusters that are zero, discarded, or partly written."""
    call("qemu-img", "convert", "-O", "qcow2", "-o", options, raw, tmp / "disk.qcow2")
    write_about(tmp / "disk.qcow2", len(options))
    check_same_as_qemu(tmp / "disk.qcow2", "qcow2")


@pytest.mark.parametrize("base", ["raw", "qcow2", "vdi", "vpc"])
@pytest.mark.parametrize("options", ["compat=1.1", "extended_l2=on", "cluster_size=4k"])
def test_chain(base: str, options: str, raw: Path, tmp: Path) -> None:
    """Three overlays, the upper ones larger, above a base of each format."""
    call("qemu-img", "convert", "-O", base, raw, tmp / "base.img")
    below, form = "base.img", base
    for number in range(3):
        name, size = f"over{number}.qcow2", SIZE + number * 700 * 512
        call("qemu-img", "create", "-f", "qcow2", "-o", options, "-b", below, "-F", form, name, size, cwd=tmp)
        write_about(tmp / name, number, size)
        below, form = name, "qcow2"
    call("qemu-img", "snapshot", "-c", "before", tmp / below)
    write_about(tmp / below, 7)
    check_same_as_qemu(tmp / below, "qcow2")


def test_snapshots_are_named(raw: Path, tmp: Path) -> None:
    """Each with ID, name and time; its own state is not read."""
    image = tmp / "disk.qcow2"
    call("qemu-img", "convert", "-O", "qcow2", raw, image)
    for name in ("first", "before the update"):
        call("qemu-img", "snapshot", "-c", name, image)
        write_about(image, len(name))
    check_same_as_qemu(image, "qcow2")
    told = re.findall(r"internal snapshot.*id '(.*)', name '(.*)', made (.*)Z", dump(image)[2])
    listed = subprocess.run(["qemu-img", "snapshot", "-l", image], check=True, capture_output=True, text=True,
                            env=os.environ | {"TZ": "UTC"}).stdout
    assert [name for _, name, _ in told] == ["first", "before the update"]
    for number, name, time in told:
        assert re.search(rf"^{number} +{name} .*{time.replace('T', ' ')}", listed, re.M), listed


# --- differencing VHD -------------------------------------------------------------------------------------------------

def overlay(below: bytes, seed: int) -> tuple[dict[int, bytes], bytes]:
    """Sectors that differ, and the disk with them."""
    pick, out = random.Random(seed), bytearray(below)
    sectors = {}
    for _ in range(30):
        first = pick.randrange(len(below) // 512)
        for sector in range(first, min(first + pick.randrange(1, 40), len(below) // 512)):
            sectors[sector] = pick.randbytes(512)
            out[sector * 512:(sector + 1) * 512] = sectors[sector]
    return sectors, bytes(out)


@pytest.mark.parametrize("subformat", ["dynamic", "fixed"])
@pytest.mark.parametrize("block", [65536, 2 * MIB])
def test_differencing_vhd(subformat: str, block: int, raw: Path, tmp: Path) -> None:
    """Two of them, above an image made by qemu-img. Each sector comes from the highest one that has it."""
    call("qemu-img", "convert", "-O", "vpc", "-o", f"subformat={subformat},force_size=on", raw, tmp / "base.vhd")
    below, name = raw.read_bytes(), "base.vhd"
    for number in range(2):
        sectors, disk = overlay(below, number)
        parent = vhdfile.Parent(vhdfile.uuid_of(tmp / name), relative=f".\\{name}", absolute=f"C:\\VMs\\other-{name}")
        vhdfile.difference(tmp / f"over{number}.vhd", SIZE, bytes([number] * 16), parent, sectors, block)
        below, name = disk, f"over{number}.vhd"
    code, data, said = dump(tmp / name)
    assert code == 0 and data == below, said


def test_parent_of_a_vhd(raw: Path, tmp: Path) -> None:
    """It is known by its UUID. A name in the header alone is enough; another directory does not matter."""
    call("qemu-img", "convert", "-O", "vpc", "-o", "force_size=on", raw, tmp / "base.vhd")
    sectors, disk = overlay(raw.read_bytes(), 3)
    right = vhdfile.Parent(vhdfile.uuid_of(tmp / "base.vhd"), name="D:\\Hyper-V\\base.vhd")
    vhdfile.difference(tmp / "over.vhd", SIZE, bytes(16), right, sectors)
    assert dump(tmp / "over.vhd")[:2] == (0, disk)
    vhdfile.difference(tmp / "wrong.vhd", SIZE, bytes(16), vhdfile.Parent(b"x" * 16, name="base.vhd"), sectors)
    code, _, said = dump(tmp / "wrong.vhd")
    assert code == 3 and "missing: its backing file 'base.vhd' has the UUID" in said
    vhdfile.difference(tmp / "lost.vhd", SIZE, bytes(16), vhdfile.Parent(b"x" * 16, name="lost-base.vhd"), sectors)
    code, _, said = dump(tmp / "lost.vhd")
    assert code == 1 and "note: missing: its backing file 'lost-base.vhd' is not beside the image" in said


def test_vhd_without_its_footer(raw: Path, tmp: Path) -> None:
    """The copy at the start does as well, as do both with a wrong checksum, which is noted."""
    call("qemu-img", "convert", "-O", "vpc", "-o", "force_size=on", raw, tmp / "disk.vhd")
    data = (tmp / "disk.vhd").read_bytes()
    (tmp / "cut.vhd").write_bytes(data[:-512])
    assert dump(tmp / "cut.vhd")[:2] == (0, raw.read_bytes())
    damaged = bytearray(data)
    damaged[64] ^= 1
    damaged[-512 + 64] ^= 1
    (tmp / "bad.vhd").write_bytes(damaged)
    code, got, said = dump(tmp / "bad.vhd")
    assert code == 0 and got == raw.read_bytes() and "note: damaged: the footer of the VHD image" in said


# --- names that an image gives ------------------------------------------------------------------------------------------

def named(image: Path, name: str, form: str = "raw") -> Path:
    """An overlay that names that file, whatever it is."""
    call("qemu-img", "create", "-u", "-f", "qcow2", "-b", name, "-F", form, image, SIZE)
    return image


@pytest.mark.parametrize("name", ["json:{\"driver\":\"file\",\"filename\":\"secret\"}", "nbd:127.0.0.1:10809", "file:beside",
                                  "http://127.0.0.1/beside", "nbd://127.0.0.1/beside", "gone", "..", "/etc/passwd", "link", "folder",
                                  "/dev/zero"])
def test_nothing_elsewhere_is_opened(name: str, raw: Path, tmp: Path) -> None:
    """Neither another directory, nor a link, nor a protocol of QEMU: it is missing, and named."""
    (tmp / "secret").write_bytes(b"x" * 512)
    shutil.copyfile(raw, tmp / "beside")
    (tmp / "link").symlink_to("beside")
    (tmp / "folder").mkdir()
    code, _, said = dump(named(tmp / "disk.qcow2", name))
    assert code == 1 and f"note: missing: its backing file '{name}'" in said and "\nfile: " not in said


def test_a_path_of_another_machine(raw: Path, tmp: Path) -> None:
    """The file of that name beside the image is taken, and that is said."""
    shutil.copyfile(raw, tmp / "base.raw")
    code, data, said = dump(named(tmp / "disk.qcow2", "/var/lib/libvirt/images/base.raw"))
    assert code == 0 and data == raw.read_bytes()
    assert "remark: its backing file '/var/lib/libvirt/images/base.raw' is taken from beside the image" in said


def test_raw_means_raw(raw: Path, tmp: Path) -> None:
    """A guest can write a qcow2 header into its disk, which must not name files."""
    shutil.copyfile(raw, tmp / "secret.raw")
    trap = named(tmp / "trap", "secret.raw")
    os.truncate(trap, SIZE)
    code, data, _ = dump(named(tmp / "disk.qcow2", "trap"))
    assert code == 0 and data == trap.read_bytes()


def test_loops_and_depth(tmp: Path) -> None:
    """A chain that leads back to itself, and one of 70 files."""
    named(tmp / "a", "b", "qcow2")
    named(tmp / "b", "a", "qcow2")
    code, _, said = dump(tmp / "a")
    assert code == 3 and "cycle: its backing file 'a' leads back to itself" in said
    one = named(tmp / "00", "@@", "qcow2").read_bytes()
    for number in range(70):
        (tmp / f"{number:02}").write_bytes(one.replace(b"@@", f"{number + 1:02}".encode()))
    code, _, said = dump(tmp / "00")
    assert code == 3 and "too-large: its backing file '64' is below more than 64 others" in said


def patch(image: Path, at: int, data: bytes) -> Path:
    """Change bytes."""
    with open(image, "r+b") as out:
        out.seek(at)
        out.write(data)
    return image


def test_what_is_refused(raw: Path, tmp: Path) -> None:
    """Encryption, features that nobody knows, another version: by name, with what helps."""
    def fresh(*options: str) -> Path:
        call("qemu-img", "convert", "-O", "qcow2", *options, raw, tmp / "disk.qcow2")
        return tmp / "disk.qcow2"
    def reason(image: Path) -> str:
        result = timeline(image)
        assert result.code == 3 and not result.rows and result.errors[-1]["code"] == "unsupported"
        return result.errors[-1]["reason"]
    said = reason(patch(fresh(), 32, b"\0\0\0\2"))
    assert "encrypted with LUKS" in said and "qemu-img convert" in said
    assert "encrypted with AES" in reason(patch(fresh(), 32, b"\0\0\0\1"))
    image = fresh() # its feature table names bit 0, "dirty bit"; make that bit 7, and set both
    at = image.read_bytes().index(b"\0\0dirty bit")
    said = reason(patch(patch(image, at + 1, b"\7"), 78, b"\1\x80"))
    assert "'dirty bit' (bit 7)" in said and "'' (bit 8)" in said
    assert "version 4" in reason(patch(fresh(), 7, b"\4"))
    call("qemu-img", "convert", "-O", "vdi", raw, tmp / "disk.vdi")
    said = reason(patch(patch(tmp / "disk.vdi", 76, b"\4"), 440, bytes(range(16))))
    assert "differencing" in said and "03020100-0504-0706-0809-0a0b0c0d0e0f" in said


# --- rows -------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def small(session_dir: Path) -> Path:
    """An ext4 image of a host."""
    return disks.make_ext4(session_dir / "formats.raw", hosts.shop(session_dir / "formats").root, "24M")


def test_marks_and_missing_files(small: Path, tmp: Path) -> None:
    """Not closed: all rows. Marked as corrupt: all rows, and an error. Without its base: an error that names it."""
    image = tmp / "disk.qcow2"
    call("qemu-img", "convert", "-O", "qcow2", small, image)
    whole = timeline(small)
    result = timeline(patch(image, 79, b"\1"))
    assert result.code == 0 and result.bare == whole.bare
    result = timeline(patch(image, 79, b"\2"))
    assert result.code == 1 and result.bare == whole.bare and "marked as corrupt" in result.error()["reason"]
    call("qemu-img", "create", "-f", "qcow2", "-b", "disk.qcow2", "-F", "qcow2", "over.qcow2", cwd=tmp)
    result = timeline(tmp / "over.qcow2")
    assert result.code == 1 and result.bare == whole.bare
    image.unlink()
    result = timeline(tmp / "over.qcow2")
    assert result.code == 3 and result.errors[0]["code"] == "missing" and "'disk.qcow2'" in result.errors[0]["reason"]


@pytest.mark.parametrize("kind", [*imagemutants.KINDS, "overlay", "difference"])
def test_mutants(kind: str, small: Path, tmp: Path) -> None:
    """A hundredth of a trial: the program ends, and says what it could not read."""
    whole = imagemutants.make(small, kind, tmp).read_bytes()
    for seed in range(2):
        (tmp / "mutant").write_bytes(imagemutants.mutate(whole, seed))
        result = timeline(tmp / "mutant")
        assert result.code in (0, 1, 3) and bool(result.errors) == (result.code != 0)


def test_no_output_replaces_a_backing_file(small: Path, tmp: Path) -> None:
    """Nor a parent, nor a file for data."""
    shutil.copyfile(small, tmp / "base.raw")
    call("qemu-img", "create", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "over.qcow2", cwd=tmp)
    call("qemu-img", "convert", "-O", "qcow2", "-o", f"data_file={tmp / 'data'}", small, tmp / "disk.qcow2")
    for given, other in (("over.qcow2", "base.raw"), ("disk.qcow2", "data")):
        before = disks.digest(tmp / other)
        done = launch.run("-q", "--force", "-f", "text", "-o", tmp / other, tmp / given)
        assert done.returncode == OUTPUT and b"lies inside the evidence" in done.stderr
        assert disks.digest(tmp / other) == before
        assert launch.run("-q", "-f", "text", "-o", tmp / "out", "--force", tmp / given).returncode == 0


SHARED = ["plain.qcow2", "compressed.qcow2", "v2.qcow2", "extl2.qcow2", "overlay.qcow2", "disk.vdi", "dynamic.vhd"]


@pytest.fixture(scope="module")
def shared(session_dir: Path) -> Callable[[str], Path]:
    """shared(name): an image of the shared disks, unpacked once, with what lies beside it."""
    def get(name: str) -> Path:
        packed = DISKS / (name if name.startswith("gpt") else f"formats/{name}")
        target = session_dir / "shared" / Path(name).name
        target.parent.mkdir(exist_ok=True)
        if not packed.exists() and not packed.with_name(packed.name + ".zst").exists():
            pytest.skip(f"no disks at {DISKS}")
        if packed.exists() and not target.exists():
            disks.sparse_copy(packed, target)
        return target if target.exists() else disks.decompress(packed.with_name(packed.name + ".zst"), target)
    return get


@pytest.mark.parametrize("name", SHARED)
def test_bytes_of_the_shared_disks(name: str, shared: Callable[[str], Path]) -> None:
    """They are those of the raw disk. A VHD may be longer: its size is that of its geometry."""
    if name == "overlay.qcow2":
        shared("base.qcow2")
    code, data, said = dump(shared(name))
    raw = shared("gpt-multi/disk.raw").read_bytes()
    assert code == 0 and data[:len(raw)] == raw and not any(data[len(raw):]), said


@pytest.mark.parametrize("name", ["overlay.qcow2", "dynamic.vhd", "dynamic.vhdx"])
def test_rows_of_the_shared_disks(name: str, shared: Callable[[str], Path], tmp: Path) -> None:
    """The same as of the raw disk, and the same errors."""
    shared("base.qcow2")
    runs = []
    for image in (shared("gpt-multi/disk.raw"), shared(name)):
        done = launch.run("-f", "body", "-o", tmp / "rows", "--force", image)
        runs.append((done.returncode, (tmp / "rows").read_bytes(), done.stderr.replace(os.fsencode(image), b"")))
    assert runs[0] == runs[1] and runs[0][1]
