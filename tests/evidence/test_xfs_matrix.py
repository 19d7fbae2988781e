# SPDX-License-Identifier: Apache-2.0
"""XFS with all that mkfs.xfs can vary, filled by the kernel and read back by it: what our reader says must be the same in
each column of each entry. Version 4, which this kernel may not mount, is filled by mkfs.xfs from a prototype."""
import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from lib import ext4fs, machine, xfstrees
from lib.ext4trees import noise, write

# name: options of mkfs.xfs, and in front of them, with ":", options of the mount.
COMBINATIONS: dict[str, str] = {
    "default": "",
    "one-ag": "-d agcount=1",
    "two-ags": "-d agcount=2",
    "three-ags": "-d agcount=3",
    "agsize": "-d agsize=20m",
    "block-1k": "-b size=1024",
    "block-2k": "-b size=2048",
    "block-8k": "-b size=8192",
    "block-16k": "-b size=16384",
    "inode-1k": "-i size=1024",
    "inode-2k": "-i size=2048",
    "dir-8k": "-n size=8192",
    "dir-64k": "-n size=65536",
    "dir-4k-block-1k": "-b size=1024 -n size=4096",
    "dir-64k-block-1k": "-b size=1024 -n size=65536",
    "dir-16k-block-2k": "-b size=2048 -n size=16384",
    "sector-4k": "-s size=4096",
    "sector-2k": "-s size=2048",
    "nrext64": "-i nrext64=1",
    "nrext64-1k": "-b size=1024 -i nrext64=1",
    "no-nrext64": "-i nrext64=0",
    "no-bigtime": "-m bigtime=0",
    "no-sparse": "-i sparse=0",
    "no-finobt": "-m finobt=0",
    "no-inobtcount": "-m inobtcount=0",
    "no-reflink": "-m reflink=0",
    "rmapbt": "-m rmapbt=1",
    "rmapbt-1k-4ags": "-m rmapbt=1 -b size=1024 -d agcount=4",
    "oldest": "-m bigtime=0,inobtcount=0,rmapbt=0,reflink=0,finobt=0 -i sparse=0,nrext64=0",
    "ascii-ci": "-n version=ci",
    "stripes": "-d su=64k,sw=2 -l su=32k",
    "unaligned": "-d noalign",
    "large-log": "-l size=20m",
    "label": "-L twelve-chars",
    "quotas": "uquota,gquota,pquota: -m uuid=00112233-4455-6677-8899-aabbccddeeff",
    "extent-hint": "-d extszinherit=16",
    "cow-hint": "-d cowextsize=16",
    "all": "-b size=2048 -n size=16384 -i size=1024,nrext64=1 -m rmapbt=1 -s size=1024 -d agcount=3 -L all",
}
# name -> whether the combination could be made and mounted here.
RAN: dict[str, bool] = {}


def block_of(options: str) -> int:
    """The size of the blocks."""
    words = options.replace("size=", "size= ").split()
    return int(words[words.index("-b") + 2]) if "-b" in words else 4096


@pytest.mark.parametrize("name", COMBINATIONS)
def test_kernel_sees_the_same(name: str, mounting: None, tmp: Path) -> None:
    """All columns of all entries."""
    image = tmp / "image.raw"
    mount, _, options = COMBINATIONS[name].rpartition(":")
    RAN[name] = False
    try:
        xfstrees.make(image, options.split(), "96M")
        with xfstrees.mounted(image, mount) as root:
            xfstrees.populate(root, block_of(options))
        truth = xfstrees.view(image)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"cannot be had here: {error.stderr.decode().strip()}")
    except OSError as error:
        if error.filename != str(image):
            raise
        pytest.skip(f"mkfs.xfs: {error.strerror}")
    RAN[name] = True
    assert len(truth) > 1000
    ext4fs.check_equal(truth, ext4fs.dump(image, "--large"))


def test_most_combinations_ran(mounting: None) -> None:
    """At least 30, where all were tried."""
    if len(RAN) == len(COMBINATIONS) and machine.have("mkfs.xfs"):
        assert sum(RAN.values()) >= 30, sorted(name for name, ran in RAN.items() if not ran)


# --- what this kernel may not mount -----------------------------------------------------------------------------------

def prototype(folder: Path, count: int, old: bool) -> tuple[str, ext4fs.View]:
    """What mkfs.xfs is to fill a file system with, and what must be in it then. Times, inodes and links it does not say."""
    lines, view, nothing = ["/dev/null", "0 0", "d--755 0 0"], {}, ("-",) * 4

    def entry(path: str, kind: str, mode: int, owner: tuple[int, int], size: int = 0, device: str = "-", *tail: str) -> None:
        view[path] = ("-", kind, f"{mode:04o}", *map(str, owner), str(size), "-", device, *nothing, *(tail or ("-", "-")), "-")
    for number in range(40):
        data = noise(number, number * number * 40)
        write(folder / f"file{number}", data)
        lines.append(f"file{number} ---{0o600 + number % 64:o} {number} {70000 + number} {folder}/file{number}")
        entry(f"/file{number}", "f", 0o600 + number % 64, (number, 70000 + number), len(data), "-", hashlib.sha256(data).hexdigest(), "-")
    for length in (1, 50, 156, 157, 300, 336, *((337, 900, 1023) if old else ())):  # of version 5 mkfs forgets their heads
        lines.append(f"link{length} l--777 1 2 {'t' * length}")
        entry(f"/link{length}", "l", 0o777, (1, 2), length, "-", "-", "t" * length)
    for major, minor in ((1, 3), (255, 255)):
        lines += [f"c{major} c--640 0 0 {major} {minor}", f"b{major} b--600 0 0 {major} {minor}"]
        entry(f"/c{major}", "c", 0o640, (0, 0), 0, f"{major}:{minor}")
        entry(f"/b{major}", "b", 0o600, (0, 0), 0, f"{major}:{minor}")
    write(folder / "empty", b"")
    for many in (0, 1, 30, count):
        lines.append(f"d{many} d--711 3 4")
        for number in range(many):
            lines.append(f"name-{number:05}-{'n' * (number % 30)} ---644 0 0 {folder}/empty")
            entry(f"/d{many}/name-{number:05}-{'n' * (number % 30)}", "f", 0o644, (0, 0), 0, "-", ext4fs.EMPTY, "-")
        lines.append("$")
        view[f"/d{many}"] = ("-", "d", "0711", "3", "4", *["-"] * 10)
    return "\n".join([*lines, "$", ""]), view


PROTOTYPED = ("-m crc=0", "-m crc=0 -n ftype=0", "-m crc=0 -n ftype=1 -i size=256,attr=1 -l version=1", "-m crc=0 -b size=512",
              "-m crc=0 -b size=1024 -n size=16384", "-m crc=0 -i size=2048,sparse=0", "-m crc=0 -s size=4096", "-b size=8192",
              "-b size=16384 -n size=65536", "-b size=65536")


@pytest.mark.parametrize("options", PROTOTYPED)
def test_filled_by_mkfs(options: str, tmp: Path) -> None:
    """Type, mode, owner, device, size, contents and links; of directories all but the size."""
    folder = tmp / "files"
    folder.mkdir()
    text, wanted = prototype(folder, 1500, "crc=0" in options)
    (tmp / "prototype").write_text(text)
    try:
        xfstrees.make(tmp / "image.raw", [*options.split(), "-p", os.fspath(tmp / "prototype")], "320M")
    except OSError as error:
        if error.filename != str(tmp / "image.raw"):
            raise
        pytest.skip(f"mkfs.xfs: {error.strerror}")
    got = ext4fs.dump(tmp / "image.raw")
    assert got.view.pop("/")[1] == "d" and got.code == 0, got.errors[:5]
    ignored = ("inode", "nlink", "atime", "mtime", "ctime", "birth")
    folders = {path for path, row in wanted.items() if row[1] == "d"}
    same = {path: row if path not in folders else (*row[:5], "-", *row[6:]) for path, row in got.view.items()}
    assert not (wrong := ext4fs.differences(wanted, same, ignore=ignored)), "\n".join(wrong)
