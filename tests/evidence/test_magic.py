# SPDX-License-Identifier: Apache-2.0
"""What cannot be read is named, with what helps. The files are made by the formats' own tools; UUIDs and labels are
those that blkid prints."""
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine, sanitizers
from lib.launch import timeline

MIB = 1 << 20
LEAKING = sanitizers.environment(  # libtsk 4.11 leaks the DOS table of a GPT disk (test_image.py), and VMDKs that fail
    ASAN_OPTIONS=sanitizers.SANITIZERS["ASAN_OPTIONS"] + ":detect_leaks=0")


@pytest.fixture(scope="module")
def small(session_dir: Path) -> Path:
    """An ext4 image of a host."""
    return disks.make_ext4(session_dir / "magic.raw", hosts.shop(session_dir / "magic").root, "24M")


def need(*tools: str) -> None:
    """Skip without these programs."""
    if not machine.have(*tools):
        pytest.skip(f"no {' or '.join(tools)}")


def call(*command: object, text: bytes = b"") -> None:
    """Run a tool of a format."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    subprocess.run(command, input=text, check=True, capture_output=True, env=os.environ | {"PATH": path})


def empty(path: Path, size: int = 64 * MIB) -> Path:
    """A file of zeros."""
    path.touch()
    os.truncate(path, size)
    return path


def reason(image: Path, code: str = "unsupported", env: dict[str, str] | None = None) -> str:
    """Why an image is no evidence: exit 3, and one error that says so, also with --quiet."""
    result = timeline(image, env=env)
    assert result.code == 3 and not result.rows
    assert result.errors[-1]["code"] == code
    quiet = launch.run("-q", image, env=env)
    assert quiet.returncode == 3 and result.errors[-1]["reason"].encode() in quiet.stderr
    return result.errors[-1]["reason"]


# --- disk images and archives -----------------------------------------------------------------------------------------

FORMATS = {"qcow": "qcow", "qed": "QED", "parallels": "Parallels"}


@pytest.mark.parametrize("form", FORMATS)
def test_disk_images(form: str, small: Path, tmp: Path) -> None:
    """Named by the format, with the size of the disk in it."""
    need("qemu-img")
    call("qemu-img", "convert", "-O", form, small, tmp / "disk")
    said = reason(tmp / "disk")
    assert f" {FORMATS[form]} disk image" in said and "qemu-img convert -O raw" in said
    assert f"{small.stat().st_size} bytes" in said


def test_snapshots_name_their_parents(small: Path, tmp: Path) -> None:
    """Without the other file they are not whole, even if a file system can be found."""
    need("qemu-img")
    call("qemu-img", "convert", "-O", "vmdk", small, tmp / "base.vmdk")
    call("qemu-img", "create", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk", tmp / "over.vmdk")
    said = reason(tmp / "over.vmdk", env=LEAKING)
    assert "VMDK" in said and "snapshot of 'base.vmdk'" in said and "qemu-img convert" in said


def test_vhdx_that_was_in_use(small: Path, tmp: Path) -> None:
    """The file names a log, which libvhdi does not replay: rows, and an error."""
    need("qemu-img")
    call("qemu-img", "convert", "-O", "vhdx", small, tmp / "disk.vhdx")
    assert timeline(tmp / "disk.vhdx").code == 0
    with open(tmp / "disk.vhdx", "r+b") as out:
        for header in (1 << 16, 2 << 16):
            out.seek(header + 48)
            out.write(bytes(range(16)))
    result = timeline(tmp / "disk.vhdx")
    assert result.code == 1 and result.bare == timeline(small).bare
    assert "its log is not empty" in result.error()["reason"] and result.error()["code"] == "missing"


def test_extent_of_a_vmdk(small: Path, tmp: Path) -> None:
    """The piece alone is named as such; the file that describes the disk is read."""
    need("qemu-img")
    call("qemu-img", "convert", "-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", small, tmp / "disk.vmdk")
    assert timeline(tmp / "disk.vmdk").code == 0
    assert "an extent of a VMDK disk image" in reason(tmp / "disk-s001.vmdk", "unreadable", LEAKING)
    (tmp / "disk-s001.vmdk").unlink()
    assert "VMDK disk image" in timeline(tmp / "disk.vmdk", env=LEAKING).errors[-1]["reason"]


def test_damaged_e01(small: Path, tmp: Path) -> None:
    """Cut short, or with its first sections overwritten: still the format is told."""
    need("ewfacquirestream")
    with open(small, "rb") as raw:
        subprocess.run(["ewfacquirestream", "-q", "-c", "deflate:fast", "-t", tmp / "disk"], stdin=raw, check=True,
                       capture_output=True)
    whole = (tmp / "disk.E01").read_bytes()
    (tmp / "cut.E01").write_bytes(whole[:300])
    assert "an EWF image (E01)" in reason(tmp / "cut.E01", "unreadable", LEAKING)
    (tmp / "bad.E01").write_bytes(whole[:13] + b"\xff" * 400 + whole[413:])
    assert "an EWF image (E01)" in timeline(tmp / "bad.E01", env=LEAKING).errors[-1]["reason"]


PACKERS = {"gzip": ("gzip", "-c"), "zstd": ("zstd", "-qc"), "xz": ("xz", "-0c"), "bzip2": ("bzip2", "-c"),
           "lz4": ("lz4", "-qc")}


@pytest.mark.parametrize("tool", PACKERS)
def test_packed_files(tool: str, tmp: Path) -> None:
    """Each is named, with the tool that unpacks it."""
    need(tool)
    done = subprocess.run(PACKERS[tool], input=b"whatever" * 1000, capture_output=True, check=True)
    (tmp / "packed").write_bytes(done.stdout)
    assert f"{tool} file" in reason(tmp / "packed") and f"{tool} -dc" in reason(tmp / "packed")


@pytest.mark.parametrize("form, command", [("zip", ("zip", "-q", "out", "file")),
                                           ("7z", ("7z", "a", "-bd", "out", "file")),
                                           ("tar", ("tar", "-cf", "out", "file")),
                                           ("cpio", ("sh", "-c", "echo file | cpio -o -H newc > out"))])
def test_archives(form: str, command: tuple[str, ...], tmp: Path) -> None:
    """Named, and to be unpacked."""
    need(form)
    (tmp / "file").write_text("x" * 1000)
    subprocess.run(command, cwd=tmp, check=True, capture_output=True)
    made = next(path for path in tmp.iterdir() if path.name.startswith("out"))
    assert f"a {form} archive" in reason(made) and "npack" in reason(made)


# --- volumes and file systems -----------------------------------------------------------------------------------------

@contextmanager
def looped(image: Path) -> Iterator[str]:
    """The image as a block device, for tools that take nothing else."""
    done = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no loop devices")
    try:
        yield done.stdout.strip()
    finally:
        subprocess.run(["losetup", "--detach", done.stdout.strip()], check=True)


def make_lvm(image: Path) -> None:
    """A physical volume in a group."""
    with looped(empty(image)) as device:
        call("pvcreate", "-q", "-ff", "-y", device)
        call("vgcreate", "-q", "layertime-test", device)


def make_bcache(image: Path) -> None:
    """A device that has a cache."""
    with looped(empty(image)) as device:
        call("make-bcache", "-B", device)


def make_luks(kind: str) -> Callable[[Path], None]:
    """An encrypted volume, quickly."""
    return lambda image: call("cryptsetup", "luksFormat", "-q", "--type", kind, "--pbkdf", "pbkdf2",
                              "--pbkdf-force-iterations", "1000", empty(image), "-", text=b"secret")


def make_from_tree(*command: object) -> Callable[[Path], None]:
    """A file system that is made from a directory."""
    def make(image: Path) -> None:
        (image.parent / "tree").mkdir(exist_ok=True)
        (image.parent / "tree/file").write_text("x" * 10000)
        call(*[{"IMAGE": image, "TREE": image.parent / "tree"}.get(word, word) for word in command])
    return make


VOLUMES = {
    "an LVM2 physical volume": (("pvcreate", "vgcreate"), make_lvm, "vgchange -ay"),
    "a LUKS1 encrypted volume": (("cryptsetup",), make_luks("luks1"), "cryptsetup open"),
    "a LUKS2 encrypted volume": (("cryptsetup",), make_luks("luks2"), "cryptsetup open"),
    "a bcache device": (("make-bcache",), make_bcache, "register"),
    "swap space": (("mkswap",), lambda image: call("mkswap", "-L", "pages", empty(image)), "no file system"),
    "an f2fs file system": (("mkfs.f2fs",), lambda image: call("mkfs.f2fs", "-l", "data", empty(image)), "mount"),
    "a squashfs file system": (("mksquashfs",), make_from_tree("mksquashfs", "TREE", "IMAGE", "-quiet"), "unsquashfs"),
    "an EROFS file system": (("mkfs.erofs",), make_from_tree("mkfs.erofs", "IMAGE", "TREE"), "mount"),
    "nothing but zeros": ((), empty, "no file system"),
}


# Where no host can be: swap, and a volume group without volumes. They are no error beside a host.
HOSTLESS = ("swap space", "an LVM2 physical volume", "nothing but zeros")


@pytest.fixture(scope="module")
def made(session_dir: Path) -> Callable[[str], Path]:
    """made(name): the image of one of VOLUMES, made once."""
    def get(name: str) -> Path:
        tools, make, _ = VOLUMES[name]
        need(*tools)
        image, unfinished = session_dir / f"{name}.volume", session_dir / "unfinished"
        if not image.exists():
            unfinished.unlink(missing_ok=True)
            try:
                make(unfinished)
            except subprocess.CalledProcessError as refused:  # mkfs.btrfs looks at all loop devices
                if machine.IS_ROOT:
                    raise
                pytest.skip(f"{refused.cmd[0]} wants root")
            unfinished.rename(image)
        return image
    return get


def names_of(image: Path) -> list[str]:
    """UUID and label in the words of a message, by blkid."""
    done = subprocess.run(["blkid", "-p", "-o", "export", image], capture_output=True, text=True, check=False)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    words = {"UUID": "UUID {}", "LABEL": "label '{}'"}
    return [form.format(found[name]) for name, form in words.items() if name in found]


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes(name: str, made, small: Path, tmp: Path) -> None:
    """As the whole image, and in a partition: alone there, and beside a host, of which nothing is lost."""
    image, helps = made(name), VOLUMES[name][2]
    words = [name, helps, *names_of(image)]
    assert len(words) > 2 or name in ("nothing but zeros", "a squashfs file system"), "a broken test: unknown to blkid"
    assert all(word in reason(image) for word in words), reason(image)
    sectors, size = image.stat().st_size // 512, small.stat().st_size // 512
    alone = disks.partition(tmp / "alone.raw", (sectors + 4096) * 512, f"label: dos\nstart=2048, size={sectors}\n",
                            (image, 2048 * 512))
    result = timeline(alone)
    assert result.code == 3 and (name in HOSTLESS or all(word in result.errors[0]["reason"] for word in words))
    assert name.removeprefix("an ") in reason(alone)
    both = disks.partition(tmp / "both.raw", (sectors + size + 8192) * 512,
                           f"label: gpt\nstart=2048, size={sectors}\nstart={sectors + 4096}, size={size}\n",
                           (image, 2048 * 512), (small, (sectors + 4096) * 512))
    result = timeline(both, env=LEAKING)
    assert result.code == (name not in HOSTLESS) and result.bare == timeline(small).bare
    if name in HOSTLESS:
        assert not result.errors
        return
    said = result.error()
    assert said["code"] == "unsupported" and all(word in said["reason"] for word in words)
    assert said["reason"].startswith("partition at sector 2048")


def test_file_systems_that_libtsk_reads_are_told(small: Path, tmp: Path) -> None:
    """An EFI system partition is no host: its error says how it was read, and costs no row."""
    need("mkfs.vfat")
    call("mkfs.vfat", "-n", "EFISYS", empty(tmp / "efi", 34 * MIB))
    sectors, size = 34 * MIB // 512, small.stat().st_size // 512
    disk = disks.partition(tmp / "disk.raw", (sectors + size + 8192) * 512,
                           f"label: dos\nstart=2048, size={sectors}, type=ef\nstart={sectors + 4096}, size={size}\n",
                           (tmp / "efi", 2048 * 512), (small, (sectors + 4096) * 512))
    result = timeline(disk)
    assert result.code == 1 and result.bare == timeline(small).bare
    assert result.error()["code"] == "unsupported" and "fat" in result.error()["reason"]


# --- damage -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("block_size", [1024, 2048, 4096])
def test_wiped_superblock(block_size: int, tmp: Path) -> None:
    """The copy in group 1 tells what was there, and where e2fsck finds it, if it is damaged, too."""
    image = empty(tmp / "disk.raw", 256 * MIB)
    call("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-b", str(block_size), image)
    block = block_size * 8 + (block_size == 1024)
    words = [f"block {block}", f"{block_size} bytes", "e2fsck -b", *names_of(image)]
    with open(image, "r+b") as out:
        out.seek(1024)
        out.write(bytes(1024))
        for group in (1, 3, 5, 7, 9, 25):
            out.seek((block_size * 8 * group + (block_size == 1024)) * block_size + 0x20)
            out.write(bytes(8))
    said = reason(image, "damaged")
    assert all(word in said for word in words), said


def test_superblock_that_cannot_be(small: Path, tmp: Path) -> None:
    """It is ext4, and damaged, as are the copies."""
    image = Path(shutil.copyfile(small, tmp / "disk.raw"))
    data = bytearray(image.read_bytes())
    for at in range(1024, len(data), 1024):
        if data[at + 0x38:at + 0x3A] == b"\x53\xef":
            data[at + 32:at + 44] = bytes(12)
    image.write_bytes(data)
    assert "ext4" in reason(image, "damaged") and "e2fsck" in reason(image, "damaged")


@pytest.mark.parametrize("label", ["dos", "gpt"])
def test_partition_behind_the_end(label: str, small: Path, tmp: Path) -> None:
    """An image that was cut off is said to be, and what is left of it is read (libtsk 4.11 refuses the whole table)."""
    size = small.stat().st_size // 512
    disk = disks.partition(tmp / "disk.raw", (size + 40960) * 512,
                           f"label: {label}\nstart=2048, size={size}\nstart={size + 20480}, size=2048\n", (small, MIB))
    os.truncate(disk, (size + 10240) * 512)
    result = timeline(disk, env=LEAKING)
    assert result.code == 1 and result.bare == timeline(small).bare
    assert result.error()["code"] == "truncated" and "behind the end" in result.error()["reason"]


def test_partition_table_at_the_end(small: Path, tmp: Path) -> None:
    """As Linux does, the copy of a GPT is taken where the first one is damaged; and that is said."""
    size = small.stat().st_size // 512
    disk = disks.partition(tmp / "disk.raw", (size + 8192) * 512, f"label: gpt\nstart=2048, size={size}\n",
                           (small, MIB))
    with open(disk, "r+b") as out:
        out.seek(512)
        out.write(bytes(33 * 512))
    result = timeline("--manifest", tmp / "manifest", "--force", disk, env=LEAKING)
    used = json.loads((tmp / "manifest").read_text())["evidence"][0]["copies_used"]
    assert used == [{"partition_table": "at the end of the disk"}]
    assert result.code == 1 and result.bare == timeline(small).bare
    assert result.error()["code"] == "damaged" and "GPT" in result.error()["reason"]


def test_volume_that_is_cut_off(made, tmp: Path) -> None:
    """Both are said: what it is, and that the rest is missing."""
    image = made("an LVM2 physical volume")
    sectors = image.stat().st_size // 512
    disk = disks.partition(tmp / "disk.raw", (sectors + 4096) * 512, f"label: dos\nstart=2048, size={sectors}\n",
                           (image, MIB))
    os.truncate(disk, 16 * MIB)
    result = timeline(disk)
    assert result.code == 3 and "cut off by the end of the image" in result.errors[0]["reason"]
    assert "physical volume" in result.errors[0]["reason"]


def test_boot_sector_is_no_partition_table(tmp: Path) -> None:
    """It ends with the same two bytes. What lies where partitions would be is code."""
    sector = (b"\xeb\x58\x90-FVE-FS-".ljust(446) + b"a message of the loader" * 3)[:510] + b"\x55\xaa"
    (tmp / "disk.raw").write_bytes(sector + bytes(MIB))
    result = timeline(tmp / "disk.raw")
    assert result.code == 3 and "BitLocker" in result.error()["reason"]


def test_unknown_bytes(tmp: Path) -> None:
    """They are shown, for who knows more."""
    (tmp / "disk.raw").write_bytes(bytes.fromhex("0123456789abcdef") * 1000)
    assert "0123456789abcdef0123456789abcdef" in reason(tmp / "disk.raw")
    (tmp / "disk.raw").write_bytes(b"")
    assert "empty" in reason(tmp / "disk.raw")


def test_hostile_names(tmp: Path) -> None:
    """A label moves no cursor."""
    image = empty(tmp / "disk.raw", MIB)
    with open(image, "r+b") as out:
        out.write(b"LUKS\xba\xbe\x00\x02".ljust(24) + b"\x1b[2J\xff\n'".ljust(48, b"\0"))
    done = launch.run(image)
    assert done.returncode == 3 and b"LUKS2" in done.stderr
    assert b"\x1b" not in done.stderr and done.stderr.count(b"\n") == 1
