# SPDX-License-Identifier: Apache-2.0
"""host.tree: the contents of a disk as text. golden/README.md describes the form; this reads it.

A tree is a list of entries in the order in which they are made, and a list of what is done to the finished image.
"""
import gzip
import re
import struct
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from . import tarsplit

TIMES = "macb"
KINDS = "dflcbph"
FIRST_INODE = 12
START = "2026-01-01T00:00:00"
UUID = "6c617965-7274-696d-6520-676f6c64656e"  # of the file system


class TreeError(Exception):
    """A line of a host.tree that cannot be understood."""


@dataclass
class Entry:
    """One name on the disk. Times are nanoseconds since 1970 under the letters m, a, c, b."""
    kind: str
    path: bytes
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    times: dict[str, int] = field(default_factory=dict)
    inode: int = 0
    device: tuple[int, int] = (0, 0)
    target: bytes = b""
    data: bytes = b""
    size: int | None = None
    packed: bool = False
    tar_of: bytes = b""
    tarred: int | None = None
    origin: bytes = b""
    xattrs: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Tree:
    """All that a host.tree says."""
    entries: dict[bytes, Entry] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    patches: list[tuple[int, int, bytes]] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    now: int = 0


def nanoseconds(text: str) -> int:
    """2026-01-02T03:04:05.000000006, which is UTC, in nanoseconds since 1970."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?", text)
    if not match:
        raise TreeError(f"no time: {text}")
    since = datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 10**9 + int((match[2] or "0").ljust(9, "0"))


def unescape(text: str) -> bytes:
    r"""Bytes of a path or value: \xNN is a byte, \\ a backslash, all else UTF-8."""
    def decode(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 16)]) if match[1] else b"\\"
    return re.sub(rb"\\x([0-9a-f]{2})|\\\\", decode, text.encode())


def parse(path: Path) -> Tree:
    """Read a host.tree with all that it includes. Inodes are numbered in the end."""
    tree = Tree(now=nanoseconds(START))
    tree.entries[b"/"] = Entry("d", b"/", times=dict.fromkeys(TIMES, tree.now))
    read_file(tree, path)
    for entry in tree.entries.values():
        if entry.packed:
            entry.data = gzip.compress(entry.data, mtime=0)
        elif entry.tar_of:
            entry.data = tarsplit.record(tree.entries, entry.tar_of)
    number_inodes(tree)
    for entry in tree.entries.values():
        if entry.origin:
            entry.xattrs["trusted.overlay.origin"] = file_handle(tree.entries[entry.origin].inode)
    return tree


def file_handle(inode: int) -> bytes:
    """The value of trusted.overlay.origin (linux fs/overlayfs/overlayfs.h struct ovl_fb): version 0, magic, length,
    flags, type 1, UUID of the file system, and then inode and generation, which is 0 here."""
    return struct.pack("<BBBBB16sII", 0, 0xFB, 29, 0, 1, uuid.UUID(UUID).bytes, inode, 0)


def read_file(tree: Tree, path: Path) -> None:
    """Add the lines of one file."""
    entry: Entry | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            if not line.strip() or line.startswith("#"):
                continue
            line = substitute(tree, line)
            if line[0] in " \t":
                add_detail(entry, line.lstrip())
            else:
                entry = read_line(tree, path, line)
        except (TreeError, KeyError, ValueError) as error:
            raise TreeError(f"{path}:{number}: {error}") from error


def substitute(tree: Tree, line: str) -> str:
    """Put in the words that `set` has named: ${NAME}."""
    def word(match: re.Match[str]) -> str:
        if match[1] not in tree.words:
            raise TreeError(f"no word is named {match[1]}")
        return tree.words[match[1]]
    return re.sub(r"\$\{(\w+)\}", word, line)


def read_line(tree: Tree, path: Path, line: str) -> Entry | None:
    """A line that begins at the margin: an entry, which is returned, or a directive."""
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word == "include":
        read_file(tree, path.parent / rest)
    elif word == "set":
        name, _, value = rest.partition(" ")
        tree.words.setdefault(name, value.strip())
    elif word == "at":
        tree.now = nanoseconds(rest)
    elif word == "remove":
        remove(tree, unescape(rest))
    elif word == "features":
        tree.features += rest.split()
    elif word == "debugfs":
        tree.commands.append(rest)
    elif word == "patch":
        inode, offset, data = rest.split()
        tree.patches.append((int(inode), int(offset), bytes.fromhex(data)))
    elif word in KINDS:
        return add_entry(tree, word, rest.split())
    else:
        raise TreeError(f"not known: {word}")
    return None


def remove(tree: Tree, path: bytes) -> None:
    """Take back an entry, and all that is in it."""
    gone = [name for name in tree.entries if name == path or name.startswith(path + b"/")]
    if not gone:
        raise TreeError(f"nothing to remove: {path.decode()}")
    for name in gone:
        del tree.entries[name]


def add_entry(tree: Tree, kind: str, words: list[str]) -> Entry:
    """KIND MODE UID:GID PATH [-> TARGET] [KEY=VALUE]..., or `h PATH = OTHER` for another name of a file."""
    if kind == "h":
        path, equal, other = words
        if equal != "=" or unescape(other) not in tree.entries:
            raise TreeError("a hard link is: h PATH = OTHER, and OTHER stands above")
        return put(tree, Entry("h", unescape(path), target=unescape(other)))
    mode, owner, path, *more = words
    uid, gid = owner.split(":")
    entry = Entry(kind, unescape(path), int(mode, 8), int(uid), int(gid), dict.fromkeys(TIMES, tree.now))
    if more[:1] == ["->"]:
        entry.target = unescape(more[1])
        more = more[2:]
    for pair in more:
        key, _, value = pair.partition("=")
        set_key(entry, key, value)
    return put(tree, entry)


def set_key(entry: Entry, key: str, value: str) -> None:
    """One KEY=VALUE of an entry."""
    if key == "t":
        entry.times = dict.fromkeys(TIMES, nanoseconds(value))
    elif key in tuple(TIMES):
        entry.times[key] = nanoseconds(value)
    elif key == "ino":
        entry.inode = int(value)
    elif key == "dev":
        major, minor = value.split(":")
        entry.device = int(major), int(minor)
    elif key == "size":
        entry.size = int(value)
    elif key == "pack" and value == "gzip":
        entry.packed = True
    elif key == "tarred":
        entry.tarred = nanoseconds(value)
    elif key == "tar":
        entry.tar_of = unescape(value)
    else:
        raise TreeError(f"not known: {key}={value}")


def put(tree: Tree, entry: Entry) -> Entry:
    """Add an entry, and the directories that lead to it. A second one of the same path takes the place of the first."""
    parent = entry.path.rpartition(b"/")[0]
    if parent and parent not in tree.entries:
        put(tree, Entry("d", parent, times=dict.fromkeys(TIMES, tree.now)))
    tree.entries[entry.path] = entry
    return entry


def add_detail(entry: Entry | None, line: str) -> None:
    """An indented line: contents or an attribute of the entry above."""
    if not entry:
        raise TreeError("this line belongs to no entry")
    mark, _, text = line.partition(" ")
    if mark == "|":
        entry.data += text.encode() + b"\n"
    elif mark == "=":
        entry.data += text.encode()
    elif mark == "\\":
        entry.data += unescape(text)
    elif mark == "origin":
        entry.origin = unescape(text)
    elif mark == "xattr":
        name, equal, value = f"{text} ".partition(" = ")
        if not equal:
            raise TreeError("an attribute is: xattr NAME = VALUE, and VALUE may be empty")
        entry.xattrs[name] = unescape(value[:-1])
    else:
        raise TreeError(f"not known: {mark}")


def number_inodes(tree: Tree) -> None:
    """Give each file its inode: the one that it asks for, else the next that nobody does."""
    made = [entry for entry in tree.entries.values() if entry.kind != "h" and entry.path != b"/"]
    taken = {entry.inode for entry in made if entry.inode}
    if len(taken) != sum(1 for entry in made if entry.inode):
        raise TreeError("an inode is asked for twice")
    number = FIRST_INODE
    for entry in made:
        if entry.inode:
            continue
        while number in taken:
            number += 1
        entry.inode = number
        number += 1
    tree.entries[b"/"].inode = 2
