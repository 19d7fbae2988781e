# SPDX-License-Identifier: Apache-2.0
"""Make an ext4 image from a tree, with e2fsprogs 1.46 or later and without root.

What the program may tell of an image is the same whichever version of e2fsprogs made it: inode numbers, times, owners,
attributes, names and contents are set one by one. Where blocks lie is left to e2fsprogs, and no output depends on it.

Inodes get their numbers by a detour: all are marked as used at first, and before a file is made just the one that it
shall have is freed.
"""
import os
import re
import struct
import subprocess
from pathlib import Path
from typing import BinaryIO

from . import tree as host_tree
from .tree import UUID, Entry, Tree

MADE = 1735689600  # 2025-01-01: when the file system was made
BLOCK, INODES, SIZE = 4096, 4096, "16M"
# No checksums of metadata, so that names and inodes can be patched; a case about checksums adds metadata_csum.
FEATURES = ["none", "ext_attr", "resize_inode", "dir_index", "filetype", "extent", "sparse_super", "large_file",
            "huge_file", "dir_nlink", "extra_isize"]
TYPES = {"d": 0o040000, "f": 0o100000, "l": 0o120000, "c": 0o020000, "b": 0o060000, "p": 0o010000}
FIELDS = {"m": "mtime", "a": "atime", "c": "ctime", "b": "crtime"}
PLAIN_NAME = re.compile(rb"[A-Za-z0-9_.:@+,-]+")
TOOLS = os.environ["PATH"] + ":/usr/sbin:/sbin"


class ImageError(Exception):
    """e2fsprogs did not do what it was told."""


def run(command: list[str | Path], text: str = "") -> str:
    """Run a tool of e2fsprogs in a world without a clock or a configuration; returns what it printed."""
    env = {"PATH": TOOLS, "LC_ALL": "C", "TZ": "UTC", "MKE2FS_CONFIG": "/nonexistent",
           "E2FSPROGS_FAKE_TIME": str(MADE), "SOURCE_DATE_EPOCH": str(MADE)}
    done = subprocess.run(command, input=text, text=True, errors="surrogateescape", capture_output=True, env=env,
                          check=False)
    noise = re.compile(r"(debugfs|mke2fs) [0-9.]+ .*|\s*")
    problems = [line for line in done.stderr.splitlines() if not noise.fullmatch(line)]
    if done.returncode or problems:
        raise ImageError(f"{command[0]}: " + "\n".join(problems))
    return done.stdout


def debugfs(image: Path, commands: list[str]) -> str:
    """Run commands of debugfs."""
    return run(["debugfs", "-w", "-f", "-", image], "".join(command + "\n" for command in commands))


def build(tree: Tree, image: Path, scratch: Path) -> None:
    """Make the image. `scratch` is an empty directory for the contents of files on their way."""
    make_empty(tree, image)
    script = Script(tree, scratch)
    debugfs(image, script.lines)
    with open(image, "r+b") as disk:
        for folder, names in script.renames.items():
            rename(image, disk, folder, names)
    if tree.commands:
        debugfs(image, tree.commands)
    with open(image, "r+b") as disk:
        for inode, offset, data in tree.patches:
            disk.seek(inode_offset(image, inode) + offset)
            disk.write(data)


def make_empty(tree: Tree, image: Path) -> None:
    """An empty file system of one block group: all that could vary is said."""
    image.unlink(missing_ok=True)
    features = ",".join([*FEATURES, *tree.features])
    run(["mke2fs", "-q", "-F", "-O", features, "-b", str(BLOCK), "-I", "256", "-N", str(INODES), "-m", "0", "-U", UUID,
         "-E", f"hash_seed={UUID},root_owner=0:0,lazy_itable_init=0,nodiscard", "-L", "golden", "-o", "Linux", image,
         SIZE])


class Script:
    """The commands of debugfs that fill an image, and the names that must be put in afterwards."""

    def __init__(self, tree: Tree, scratch: Path) -> None:
        self.tree, self.scratch = tree, scratch
        self.lines: list[str] = [f"seti <{host_tree.FIRST_INODE}> {INODES - host_tree.FIRST_INODE + 1}"]
        self.renames: dict[int, dict[bytes, bytes]] = {}
        self.links = dict.fromkeys(tree.entries, 1)
        for entry in tree.entries.values():
            if entry.path != b"/":
                self.add(entry)
        for entry in tree.entries.values():
            if entry.kind != "h":
                self.set_fields(entry)
        used = sorted({entry.inode for entry in tree.entries.values()} | {host_tree.FIRST_INODE - 1, INODES + 1})
        self.lines += [f"freei <{before + 1}> {after - before - 1}" for before, after in zip(used, used[1:])
                       if before >= host_tree.FIRST_INODE - 1 and after > before + 1]

    def add(self, entry: Entry) -> None:
        """Make one entry. What its inode says comes in the end: later entries may change it."""
        folder, _, name = entry.path.rpartition(b"/")
        parent = self.tree.entries[folder or b"/"].inode
        self.lines.append(f"cd <{parent}>")
        self.make(entry, self.safe_name(parent, name))

    def safe_name(self, parent: int, name: bytes) -> str:
        """The name, or one of the same length in its place that debugfs can be told."""
        if PLAIN_NAME.fullmatch(name):
            return name.decode()
        names = self.renames.setdefault(parent, {})
        place = f"{len(names):0{len(name)}x}".translate(str.maketrans("0123456789abcdef", "@+,:.-_=QRSTUVWX"))
        if len(place) != len(name):
            raise ImageError("too many odd names in one directory")
        names[place.encode()] = name
        return place

    def make(self, entry: Entry, name: str) -> None:
        """Make the name, and with it the inode."""
        if entry.kind == "h":
            first = self.tree.entries[entry.target]
            self.links[first.path] += 1
            self.lines += [f"ln <{first.inode}> {name}", f"sif <{first.inode}> links_count {self.links[first.path]}"]
            return
        self.lines.append(f"freei <{entry.inode}>")
        if entry.kind == "d":
            self.lines.append(f"mkdir {name}")
        elif entry.kind == "f":
            self.lines.append(f"write {self.stored(entry.data)} {name}")
        elif entry.kind == "l":
            self.lines.append(f'symlink {name} {entry.target.decode("ascii")}')
        elif entry.kind == "p":
            self.lines.append(f"mknod {name} p")
        else:
            self.lines.append(f"mknod {name} {entry.kind} {entry.device[0]} {entry.device[1]}")

    def stored(self, data: bytes) -> Path:
        """A file with these contents, for debugfs to read."""
        path = self.scratch / str(len(os.listdir(self.scratch)))
        path.write_bytes(data)
        return path

    def set_fields(self, entry: Entry) -> None:
        """All that the inode says."""
        fields = {"mode": f"0{TYPES[entry.kind] | entry.mode:o}", "uid": entry.uid, "gid": entry.gid, "generation": 0}
        if entry.size is not None:
            fields["size"] = entry.size
        for letter, nanos in entry.times.items():
            seconds, rest = divmod(nanos, 10**9)
            epoch = (seconds + (1 << 31)) >> 32 & 3
            fields[FIELDS[letter]] = f"@{seconds}"
            fields[FIELDS[letter] + "_extra"] = rest << 2 | epoch
        for name, value in entry.xattrs.items():
            self.lines.append(f"ea_set -f {self.stored(value)} <{entry.inode}> {name}")
        self.lines += [f"sif <{entry.inode}> {name} {value}" for name, value in fields.items()]


def rename(image: Path, disk: BinaryIO, folder: int, names: dict[bytes, bytes]) -> None:
    """Put the real names into a directory. They are as long as those that they replace."""
    left = dict(names)
    for number in debugfs(image, [f"blocks <{folder}>"]).splitlines()[1].split():
        disk.seek(int(number) * BLOCK)
        block = bytearray(disk.read(BLOCK))
        at = 0
        while at < BLOCK:
            _inode, length, size = struct.unpack_from("<IHB", block, at)
            if (name := bytes(block[at + 8:at + 8 + size])) in left:
                block[at + 8:at + 8 + size] = left.pop(name)
            at += length
        disk.seek(int(number) * BLOCK)
        disk.write(block)
    if left:
        raise ImageError(f"directory {folder} lacks {sorted(left)}")


def inode_offset(image: Path, inode: int) -> int:
    """Where an inode lies in the image, in bytes."""
    match = re.search(r"located at block (\d+), offset 0x([0-9a-f]+)", debugfs(image, [f"imap <{inode}>"]))
    if not match:
        raise ImageError(f"no inode {inode}")
    return int(match[1]) * BLOCK + int(match[2], 16)
