# SPDX-License-Identifier: Apache-2.0
"""Independent views of an ext2/3/4 file system, and the tool that tells what our own readers see of it.

A view maps the escaped path of each entry to its columns (COLUMNS). Its truth is the kernel's or e2fsprogs's: kernel_view()
asks a mounted file system, in the form of the evidence set's truth/fs.*.tsv. debugfs_view() asks debugfs, for what no kernel
can mount. dump() runs fsdump, which is ours.
"""
import ctypes
import hashlib
import os
import re
import stat
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib import disks, launch, machine, sanitizers
from lib.disks import mount

FSDUMP = Path(os.environ.get("FSDUMP", machine.REPO / "build/san/fsdump")).resolve()
COLUMNS = ("inode", "type", "mode", "uid", "gid", "size", "nlink", "rdev", "atime", "mtime", "ctime", "birth",
           "sha256", "link", "xattrs")
TYPES = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFBLK: "b",
         stat.S_IFIFO: "p", stat.S_IFSOCK: "s"}
LARGE, EDGE = 64 << 20, 1 << 20
View = dict[str, tuple[str, ...]]


def escape(text: bytes) -> str:
    """As in all tables of the evidence set."""
    return "".join(chr(c) if 0x20 <= c < 0x7F and c != 0x5C else f"\\x{c:02x}" for c in text)


def time_text(sec: int, nsec: int) -> str:
    """Seconds and nanoseconds, which count forward, as a signed decimal."""
    nanos = sec * 10**9 + nsec
    return f"{'-' if nanos < 0 else ''}{abs(nanos) // 10**9}.{abs(nanos) % 10**9:09d}"


def parse(lines: list[str]) -> View:
    """A table. No path comes twice."""
    view: View = {}
    for line in lines:
        columns = line.split("\t")
        assert len(columns) == 17, line
        assert columns[16] not in view, f"twice: {line}"
        view[columns[16]] = (*columns[:12], *columns[13:16])
    return view


def load(table: Path) -> View:
    """A truth/fs.*.tsv of the evidence set."""
    return parse(table.read_text(encoding="ascii").splitlines()[1:])


# --- our readers ------------------------------------------------------------------------------------------------------

@dataclass
class Dump:
    """What fsdump said."""
    code: int
    view: View
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def failed(self) -> set[str]:
        """Paths of which something could not be read."""
        return {re.split(r": [a-z-]+: ", line, maxsplit=1)[0] for line in self.errors}


def dump(image: Path, *options: str | Path, processor: int = machine.PROCESSOR, prefix: tuple = (),
         env: dict[str, str] | None = None) -> Dump:
    """Run fsdump to its end, which leaves the evidence as it was. Among the options may be more images."""
    before = (os.stat(image).st_mtime_ns, os.stat(image).st_size)
    done = launch.limited([*prefix, FSDUMP, *options, image], processor, env=env or sanitizers.environment(),
                          capture_output=True)
    assert (os.stat(image).st_mtime_ns, os.stat(image).st_size) == before
    lines = done.stderr.decode("ascii").splitlines()
    assert done.returncode in (0, 1, 3), (done.returncode, lines[-5:])
    errors = [line for line in lines if not line.startswith("note: ")]
    assert done.returncode == 3 or bool(errors) == (done.returncode == 1), lines[-5:]
    return Dump(done.returncode, parse(done.stdout.decode("ascii").splitlines()[1:]), errors,
                [line for line in lines if line.startswith("note: ")])


def deleted(image: Path, key: Callable[[list[str]], str] = lambda row: row[0]) -> dict[str, tuple[str, ...]]:
    """Rows of deleted files of which more than the name is left, by inode: columns as above and, last, the deletion
    time."""
    done = subprocess.run([FSDUMP, "--deleted", image], env=sanitizers.environment(), check=False,
                          capture_output=True)
    sanitizers.check_sanitizers(done.returncode, done.stderr)
    rows = [line.split("\t") for line in done.stdout.decode("ascii").splitlines()]
    gone = [row for row in rows if row[1] == "!deleted" and row[2] != "0000"]
    found = {key(row): (*row[2:11], row[12]) for row in gone}
    assert len(found) == len(gone), "one comes twice"
    return found


def differences(truth: View, got: View, limit: int = 12, ignore: tuple[str, ...] = ()) -> list[str]:
    """What `got` has other than `truth`, as lines for a failure's message."""
    lines = [f"lacks {path[-160:]}" for path in truth if path not in got]
    lines += [f"invents {path[-160:]}: {got[path]}" for path in got if path not in truth]
    for path, columns in truth.items():
        for name, wanted, seen in zip(COLUMNS, columns, got.get(path, columns)):
            if wanted != seen and name not in ignore:
                lines.append(f"{path[-80:]}: {name} is {seen[:160]}, must be {wanted[:160]}")
    return [*lines[:limit], f"... {len(lines)} differences"] if len(lines) > limit else lines


def check_equal(truth: View, got: Dump, **options: Any) -> None:
    """No path more or less, all columns equal, nothing reported."""
    assert not (wrong := differences(truth, got.view, **options)), "\n".join(wrong)
    assert got.code == 0, got.errors[:10]


def check_complete(truth: View, got: Dump) -> None:
    """Each path of the truth is listed right, or an error names it or a directory above it; nothing is invented but in
    directories that are reported."""
    failed, wrong = got.failed(), []
    for path, columns in truth.items():
        if got.view.get(path) != columns and not failed.intersection([path, *ancestors(path)]):
            wrong.append(f"{path}: {got.view.get(path, 'lost')}, must be {columns}, and nothing says so")
    wrong += [f"invents {path}" for path in got.view
              if path not in truth and not failed.intersection([path, *ancestors(path)])]
    assert not wrong, "\n".join([*wrong[:10], *got.errors[:5], *got.notes[:5]])


def ancestors(path: str) -> list[str]:
    """The directories above an entry, up to the root."""
    above = []
    while path.rpartition("/")[0]:
        path = path.rpartition("/")[0]
        above.append(path)
    return [*above, "/"]


# --- the kernel -------------------------------------------------------------------------------------------------------

LIBC = ctypes.CDLL(None, use_errno=True)
BUFFER = ctypes.create_string_buffer(256)
AT_SYMLINK_NOFOLLOW, STATX_ALL, STATX_BTIME = 0x100, 0xFFF, 0x800


def statx(folder: int, name: bytes) -> tuple[int, tuple[int, ...], list[str], tuple[int, int]]:
    """Mode; inode, uid, gid, size, nlink; atime, mtime, ctime, birth; device number."""
    if LIBC.statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_ALL, BUFFER):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    mask, _, _, nlink, uid, gid, mode, ino, size = struct.unpack_from("<IIQIIIHxxQQ", BUFFER.raw, 0)
    access, birth, change, modify = (time_text(*struct.unpack_from("<qI", BUFFER.raw, 0x40 + 16 * i)) for i in range(4))
    times = [access, modify, change, birth if mask & STATX_BTIME else "-"]
    return mode, (ino, uid, gid, size, nlink), times, struct.unpack_from("<II", BUFFER.raw, 0x80)


def hash_open(handle: int, size: int) -> str:
    """Of the whole file, or of the first and the last MiB of a large one (fsdump --large)."""
    digest = hashlib.sha256()
    parts = [(0, size)] if size < LARGE else [(0, EDGE), (size - EDGE, EDGE)]
    for offset, left in parts:
        while left and (piece := os.pread(handle, min(left, EDGE), offset)):
            digest.update(piece)
            offset, left = offset + len(piece), left - len(piece)
    return digest.hexdigest()


EMPTY = hashlib.sha256().hexdigest()


def content(folder: int, name: bytes, size: int) -> str:
    """The column sha256."""
    if not size:
        return EMPTY
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            return hash_open(handle, size)
        finally:
            os.close(handle)
    except OSError as error:
        return f"!errno={error.errno}"


def attributes(folder: int, name: bytes) -> str:
    """The column xattrs."""
    path = b"/proc/self/fd/%d/%s" % (folder, name)
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False), key=os.fsencode)
        pairs = [(os.fsencode(key), os.getxattr(path, key, follow_symlinks=False)) for key in names]
    except OSError as error:
        return f"!errno={error.errno}"
    return ";".join(f"{escape(key)}={value.hex()}" for key, value in pairs) or "-"


def kernel_row(folder: int, name: bytes) -> tuple[int, tuple[str, ...]]:
    """Mode (0: the kernel cannot read the inode) and columns of one entry."""
    try:
        mode, (ino, uid, gid, size, nlink), times, device = statx(folder, name)
    except OSError as error:
        return 0, ("-", "!", f"errno={error.errno}", *["-"] * 12)
    kind = TYPES.get(stat.S_IFMT(mode), "?")
    link = escape(os.readlink(name, dir_fd=folder)) if kind == "l" else "-"
    return mode, (str(ino), kind, f"{mode & 0o7777:04o}", str(uid), str(gid), str(size), str(nlink),
                  f"{device[0]}:{device[1]}" if kind in "cb" else "-", *times,
                  content(folder, name, size) if kind == "f" else "-", link, attributes(folder, name))


def kernel_view(root: Path) -> View:
    """All that is mounted at `root`, by relative names, since paths can be longer than the kernel takes at once."""
    view: View = {}
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    view["/"] = kernel_row(top, b".")[1]
    stack: list[tuple[int, str, Iterator[bytes]]] = [(top, "", iter(names_in(top, "", view)))]
    while stack:
        folder, path, names = stack[-1]
        name = next(names, None)
        if name is None:
            os.close(folder)
            stack.pop()
            continue
        inside = f"{path}/{escape(name)}"
        mode, view[inside] = kernel_row(folder, name)
        if stat.S_ISDIR(mode):
            try:
                child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            except OSError as error:
                view[inside + "/"] = ("-", "!", f"errno={error.errno}", *["-"] * 12)
                continue
            stack.append((child, inside, iter(names_in(child, inside, view))))
    return view


def names_in(folder: int, path: str, view: View) -> list[bytes]:
    """Names in a directory; what the kernel cannot list is an entry with an empty name, as in the evidence set."""
    try:
        return [os.fsencode(name) for name in os.listdir(folder)]
    except OSError as error:
        view[path + "/"] = ("-", "!", f"errno={error.errno}", *["-"] * 12)
        return []


def view_of(image: Path, kind: str = "ext4", options: str = "ro,noload,noatime,loop") -> View:
    """Mount for a kernel_view()."""
    if kind == "ext2":
        options = options.replace("noload,", "")
    with mount(image, kind, options) as root:
        return kernel_view(root)


def replayed_view(image: Path, copy: Path) -> View:
    """The kernel's view after it has replayed the journal of a copy."""
    disks.sparse_copy(image, copy)
    with mount(copy, "ext4", "noatime,loop"):
        pass
    return view_of(copy)


# --- debugfs ----------------------------------------------------------------------------------------------------------

def debugfs_many(image: Path, commands: list[str]) -> list[bytes]:
    """The output of each command, from one run."""
    done = subprocess.run(["debugfs", "-f", "-", image], input="\n".join(commands).encode() + b"\n",
                          capture_output=True, check=True)
    chunks = re.split(rb"(?:\A|(?<=\n))debugfs: [^\n]*\n", done.stdout)[1:]
    assert len(chunks) == len(commands), done.stderr
    return chunks


def debugfs_names(image: Path) -> dict[bytes, int]:
    """All paths and their inodes."""
    found, todo = {b"": 2}, [(b"", 2)]
    while todo:
        chunks = debugfs_many(image, [f"ls -p <{ino}>" for _, ino in todo])
        following = []
        for (path, _), chunk in zip(todo, chunks):
            for ino, mode, name in re.findall(rb"^/(\d+)/(\d{6})/-?\d+/-?\d+/([^/]+)/\d*/$", chunk, re.M):
                if name in (b".", b"..") or ino == b"0":
                    continue
                found[path + b"/" + name] = int(ino)
                if mode.startswith(b"04"):
                    following.append((path + b"/" + name, int(ino)))
        todo = following
    return found


DEBUGFS_TYPES = {b"regular": "f", b"directory": "d", b"symlink": "l", b"character special": "c",
                 b"block special": "b", b"FIFO": "p", b"socket": "s"}


def debugfs_nanoseconds(text: bytes, name: bytes) -> int | None:
    """A time from the two numbers that `stat` shows: seconds, and nanoseconds above two bits of epoch."""
    match = re.search(rb"^ ?" + name + rb": 0x([0-9a-f]{8})(?::([0-9a-f]{8}))?", text, re.M)
    if not match:
        return None
    sec, extra = int(match[1], 16), int(match[2] or b"0", 16)
    return ((sec ^ 0x80000000) - 0x80000000 + ((extra & 3) << 32)) * 10**9 + (extra >> 2)


def debugfs_time(text: bytes, name: bytes) -> str:
    """The same as a column."""
    nanos = debugfs_nanoseconds(text, name)
    return "-" if nanos is None else time_text(0, nanos)


def debugfs_row(text: bytes, ino: int, files: Path, xattrs: str) -> tuple[str, ...]:
    """Columns from the output of `stat`, and the contents that `dump` wrote."""
    def number(pattern: bytes) -> str:
        return re.search(pattern, text)[1].decode()

    def owner(pattern: bytes) -> str:
        return str(int(number(pattern)) & 0xFFFFFFFF)
    kind = DEBUGFS_TYPES[re.search(rb"Type: (.*?) +Mode:", text)[1]]
    device = re.search(rb"Device major/minor number: (\d+):(\d+)", text)
    size = number(rb"Size: (\d+)\n") if kind in "fdl" else "0"
    link = re.search(rb'^Fast link dest: "(.*)"$', text, re.M)
    # Of a file whose contents are in the inode, debugfs writes all that there is room for.
    data = (files / str(ino)).read_bytes()[:int(size)] if (files / str(ino)).exists() else b""
    return (str(ino), kind, f"{int(number(rb'Mode: +([0-7]+)'), 8):04o}", owner(rb"User: +(-?\d+)"),
            owner(rb"Group: +(-?\d+)"), size, number(rb"Links: (\d+)"),
            f"{int(device[1])}:{int(device[2])}" if device else "-",
            *(debugfs_time(text, name) for name in (b"atime", b"mtime", b"ctime", b"crtime")),
            hashlib.sha256(data).hexdigest() if kind == "f" and int(size) < LARGE else "-",
            escape(link[1] if link else data) if kind == "l" else "-", xattrs)


def debugfs_view(image: Path, files: Path) -> View:
    """What debugfs knows. Contents go through the directory `files`; no ACLs, whose form on disk is another, and
    no hashes of large files."""
    names = debugfs_names(image)
    inodes = sorted(set(names.values()))
    files.mkdir()
    stats = dict(zip(inodes, debugfs_many(image, [f"stat <{ino}>" for ino in inodes])))
    wanted, keys = [], []
    for ino, text in stats.items():
        size = int(re.search(rb"Size: (\d+)\n", text)[1])
        if re.search(rb"Type: (regular|symlink)", text) and b"Fast link dest" not in text and size < LARGE:
            wanted.append(f"dump <{ino}> {files}/{ino}")
        for key in re.findall(rb"^  ((?:user|trusted|security)\.\S*) \(\d+\)", text, re.M):
            keys.append((ino, key))
            wanted.append(f"ea_get -f {files}/{ino}.{len(keys)} <{ino}> {key.decode()}")
    debugfs_many(image, wanted)
    xattrs: dict[int, list[tuple[bytes, str]]] = {}
    for number, (ino, key) in enumerate(keys, 1):
        value = files / f"{ino}.{number}"
        xattrs.setdefault(ino, []).append((key, value.read_bytes().hex() if value.exists() else ""))
    rows = {ino: debugfs_row(text, ino, files, ";".join(f"{escape(key)}={value}" for key, value in
                                                      sorted(xattrs.get(ino, []))) or "-")
            for ino, text in stats.items()}
    return {escape(path) or "/": rows[ino] for path, ino in names.items()}
