# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: running the program, reading its outputs back, and making small Docker hosts.

Nothing in here asks layertime what is right: decoders follow the documented formats, hosts are written by us, so their
contents are known, and file times are those that the kernel tells (os.lstat).
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True

REPO = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("LAYERTIME", REPO / "build/san/layertime")).resolve()
SAMPLE = REPO / "tests/sample/overlay2-ext4"
EVIDENCE = Path(os.environ.get("LAYERTIME_EVIDENCE", REPO.parent / "shared/evidence"))
FORMATS = ("text", "jsonl", "csv", "body", "l2tcsv")
SUFFIXES = {"text": ".txt", "jsonl": ".jsonl", "csv": ".csv", "body": ".body", "l2tcsv": ".l2tcsv"}
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
TIMEOUT = 600                                         # seconds until what hangs is ended, however busy the machine
PROCESSOR = 60                                        # seconds of its time that a run may take

Row = dict[str, Any]

# --- running ----------------------------------------------------------------------------------------------------------

# A finding of a sanitizer ends the program with a code that it never uses itself.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:abort_on_error=0:allocator_may_return_null=0",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1:halt_on_error=1",
    "LSAN_OPTIONS": "exitcode=99",
}
FINDING = re.compile(rb"ERROR: (Address|Leak|Undefined)\w*Sanitizer|^SUMMARY: \w+Sanitizer|: runtime error: ", re.M)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a run: ours, with the sanitizers' settings and `changes`."""
    return os.environ | SANITIZERS | changes


def check_sanitizers(code: int, stderr: bytes) -> None:
    """Fail the test when a sanitizer had something to say."""
    assert code != 99 and not FINDING.search(stderr), stderr.decode(errors="replace")


def limited(command: Iterable[Any], processor: int = PROCESSOR, **options: Any) -> subprocess.CompletedProcess:
    """Run a command to its end, which a sanitizer's finding or too much time of the processor makes a failure: how long it
    takes by the clock says nothing on a busy machine, and only ends what waits for ever."""
    done = subprocess.run(["prlimit", f"--cpu={processor}", *command], timeout=TIMEOUT, check=False, **options)
    assert done.returncode not in (-signal.SIGXCPU, -signal.SIGKILL), f"more than {processor} s of the processor's time"
    check_sanitizers(done.returncode, done.stderr or b"")
    return done


def run(*args: Any, env: dict[str, str] | None = None, processor: int = PROCESSOR, **options: Any):
    """Run the program to its end, see limited(); stdout and stderr are bytes."""
    command = [os.fspath(arg) if isinstance(arg, (Path, bytes)) else str(arg) for arg in (PROGRAM, *args)]
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return limited(command, processor, env=env or environment(), **options)


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory under /tmp that is gone afterwards, deep trees and all."""
    path = Path(tempfile.mkdtemp(prefix="layertime-test-"))
    try:
        yield path
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", "--", path], check=True)


@dataclass
class Timeline:
    """One JSONL run with its error list."""
    code: int
    lines: list[bytes]
    errors: list[Row]
    stderr: str
    rows: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [json.loads(line) for line in self.lines]

    def where(self, **wanted: Any) -> list[Row]:
        """Rows with all these fields; None stands for a field that is not there."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def locations(self) -> set[bytes]:
        """Evidence paths of all file rows."""
        return {location(row) for row in self.rows if row["data_type"] == "fs:stat"}

    def error(self) -> Row:
        """The only error there is."""
        assert len(self.errors) == 1, self.errors
        return self.errors[0]


def timeline(*args: Any, **options: Any) -> Timeline:
    """Run for JSONL and the error list, and read both back. The account must balance whatever happens."""
    with scratch() as out:
        if options.get("user") is not None:
            os.chown(out, options["user"], -1)
        done = run("-q", "--stats", "-f", "jsonl", "-o", out / "rows", "--errors", out / "errors", *args, **options)
        rows, errors = ((out / name).read_bytes() if (out / name).exists() else b"" for name in ("rows", "errors"))
    stderr = done.stderr.decode()
    assert done.returncode not in (0, 1) or "the account balances" in stderr, stderr
    return Timeline(done.returncode, rows.splitlines(keepends=True), [json.loads(e) for e in errors.splitlines()],
                    stderr)


def product(form: str, *args: Any) -> bytes:
    """What the program writes to stdout in one format."""
    return run("-q", "-f", form, *args).stdout


# --- reading back -----------------------------------------------------------------------------------------------------

def unescape(text: str) -> bytes:
    r"""Bytes of a name in JSONL, CSV or text: \xNN is a byte, \u{NNNN} a character."""
    def decode(match: re.Match) -> bytes:
        return bytes([int(match[1], 16)]) if match[1] else chr(int(match[2], 16)).encode("utf-8", "surrogatepass")
    return re.sub(rb"\\x([0-9a-f]{2})|\\u\{([0-9a-f]+)\}", decode, text.encode("utf-8", "surrogatepass"))


def unescape_body(text: str) -> bytes:
    r"""Bytes of a name in a body file: \\, \xNN, %7C and %25 (formats.md, 7.3)."""
    def decode(match: re.Match) -> bytes:
        return b"\\" if match[0] == rb"\\" else bytes([int(match[1] or match[2], 16)])
    return re.sub(rb"\\\\|\\x([0-9a-f]{2})|%(7C|25)", decode, text.encode("utf-8", "surrogatepass"))


def location(row: Row) -> bytes:
    """The evidence path of a row, as bytes."""
    return unescape(row["pathspec"]["location"])


def nanoseconds(row: Row) -> int:
    """The exact time of a row in ns since 1970, by its `date_time`."""
    value = row["date_time"]
    if value["__class_name__"] == "PosixTimeInNanoseconds":
        return value["timestamp"]
    *civil, fraction = value["time_elements_tuple"]
    delta = datetime(*civil, tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 10**9 + fraction


def iso_nanoseconds(text: str) -> int:
    """An ISO time with nine digits and +00:00, in ns since 1970."""
    whole, fraction = re.fullmatch(r"(.{19})\.(\d{9})\+00:00", text).groups()
    delta = datetime.fromisoformat(whole) - datetime(1970, 1, 1)
    return (delta.days * 86400 + delta.seconds) * 10**9 + int(fraction)


def what(row: Row) -> tuple:
    """What a row tells, whenever it was and whoever it belongs to: to compare runs before and after damage."""
    return (row["data_type"], row["timestamp_desc"], row["pathspec"]["location"], row.get("action"),
            row.get("command"), row.get("message_body"))


def owner(row: Row) -> tuple:
    """Whose a row is."""
    keys = ("container_identifier", "container_name", "image_identifier", "image_name", "layer_role", "volume_name")
    return tuple(row.get(key) for key in keys)


# --- images and mounts ------------------------------------------------------------------------------------------------

def decompress(packed: Path, target: Path) -> Path:
    """Unpack a .zst disk image into a sparse file."""
    subprocess.run(["zstd", "-dq", "--sparse", "-o", target, packed], check=True)
    return target


def sparse_copy(source: Path, target: Path) -> Path:
    """A copy that is ours to damage."""
    subprocess.run(["cp", "--sparse=always", "--no-preserve=mode", source, target], check=True)
    return target


def debugfs(image: Path, *commands: str) -> str:
    """Run commands of debugfs on an ext4 image, read-write."""
    done = subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(commands) + "\n", text=True,
                          capture_output=True, check=True)
    return done.stdout


def make_ext4(image: Path, tree: Path, size: str = "64M", *options: str, later: int | None = None) -> Path:
    """An ext4, unless the options say another, with all that is below `tree`; made so many seconds later than now, as on
    a busy machine."""
    env = None if later is None else os.environ | {"E2FSPROGS_FAKE_TIME": str(int(time.time()) + later)}
    kind = () if "-t" in options else ("-t", "ext4")
    subprocess.run(["mke2fs", "-q", "-F", *kind, "-d", tree, *options, image, size], check=True, capture_output=True,
                   env=env)
    return image


@contextmanager
def mounted_at(source: Path | str, kind: str, options: str, at: Path) -> Iterator[Path]:
    """Mount there for the time of the block."""
    subprocess.run(["mount", "-t", kind, "-o", options, source, at], check=True, capture_output=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


@contextmanager
def mount(source: Path | str, kind: str, options: str) -> Iterator[Path]:
    """Mount for the time of the block, in a directory of its own."""
    at = Path(tempfile.mkdtemp(prefix="layertime-mount-"))
    try:
        with mounted_at(source, kind, options, at):
            yield at
    finally:
        at.rmdir()


# --- a Docker host of our own -----------------------------------------------------------------------------------------

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ZERO_TIME = "0001-01-01T00:00:00Z"


def hex_id(name: str) -> str:
    """An ID of 64 digits."""
    return hashlib.sha256(name.encode()).hexdigest()


def rfc3339(nanos: int) -> str:
    """As Go writes a time."""
    return f"{datetime.fromtimestamp(nanos // 10**9, timezone.utc):%Y-%m-%dT%H:%M:%S}.{nanos % 10**9:09d}Z"


def log_record(text: str, when: str, stream: str = "stdout") -> str:
    """One line of a json-file log."""
    return json.dumps({"log": text, "stream": stream, "time": when}, separators=(",", ":")) + "\n"


Tree = dict[str | bytes, Any]


def write_tree(root: bytes, tree: Tree) -> None:
    """Make files: bytes or text is a file, a dict a directory, a tuple ("link", target), ("node", mode, device)."""
    for name, value in tree.items():
        path = os.path.join(root, os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(value, dict):
            os.makedirs(path, exist_ok=True)
            write_tree(path, value)
        elif isinstance(value, tuple) and value[0] == "link":
            os.symlink(value[1], path)
        elif isinstance(value, tuple):
            os.mknod(path, value[1], value[2])
        else:
            Path(os.fsdecode(path)).write_bytes(value if isinstance(value, bytes) else value.encode())


WHITEOUT = ("node", stat.S_IFCHR, 0)
FIFO = ("node", stat.S_IFIFO | 0o644, 0)


def crc64(data: bytes) -> int:
    """CRC-64/GO-ISO, bit by bit."""
    crc = 2**64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xD800000000000000 if crc & 1 else 0)
    return crc ^ (2**64 - 1)


def tar_members(diff: Path) -> Iterator[tuple[bytes, tarfile.TarInfo, bytes]]:
    """Name, header and contents of all that is in the tree of an overlay2 layer, parents first; whiteouts as .wh.NAME.
    Times are cut to seconds, as Docker does."""
    for at, folders, files in os.walk(os.fsencode(diff)):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(at, name)
            status = os.lstat(path)
            if stat.S_ISSOCK(status.st_mode):
                continue
            head = tarfile.TarFile.gettarinfo(tarfile.TarFile(fileobj=io.BytesIO(), mode="w"), os.fsdecode(path))
            inside = os.path.relpath(path, os.fsencode(diff))
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                inside = os.path.join(os.path.dirname(inside), b".wh." + name)
                head.type, head.devmajor, head.devminor = tarfile.REGTYPE, 0, 0
            if head.islnk():
                head.type, head.size = tarfile.REGTYPE, status.st_size
            head.mtime, head.name = status.st_mtime_ns // 10**9, os.fsdecode(inside)
            yield inside, head, Path(os.fsdecode(path)).read_bytes() if head.isreg() and head.size else b""


def tar_split(diff: Path) -> bytes:
    """The record that Docker keeps of a layer's tar (vbatts/tar-split tar/storage/entry.go)."""
    lines: list[dict] = []
    padding = b""
    for name, head, data in tar_members(diff):
        raw = padding + head.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        lines.append({"type": 2, "payload": base64.b64encode(raw).decode()})
        try:
            entry: dict = {"type": 1, "name": name.decode()}
        except UnicodeDecodeError:
            entry = {"type": 1, "name_raw": base64.b64encode(name).decode()}
        payload = base64.b64encode(crc64(data).to_bytes(8, "big")).decode() if data else None
        lines.append(entry | ({"size": len(data)} if data else {}) | {"payload": payload})
        padding = bytes(-len(data) % 512)
    lines.append({"type": 2, "payload": base64.b64encode(padding + bytes(1024)).decode()})
    for number, line in enumerate(lines):
        line |= {"position": number} if number else {}
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), mtime=0)


class Host:
    """A Docker host with storage driver overlay2, written file by file as moby 20.10 does.

    `root` is the directory that is the evidence; the data root is root/var/lib/docker, or `data`.
    """

    driver = layers_at = "overlay2"

    def __init__(self, root: Path, data: str = "var/lib/docker") -> None:
        self.root, self.data = root, root / data
        self.meta = self.data / "image" / self.driver
        self.repositories: dict[str, dict[str, str]] = {}
        for name in ("containers", "volumes", self.layers_at):
            (self.data / name).mkdir(parents=True, exist_ok=True)
        for name in ("layerdb/sha256", "layerdb/mounts", "imagedb/content/sha256"):
            (self.meta / name).mkdir(parents=True, exist_ok=True)
        self.write(self.meta / "repositories.json", {"Repositories": {}})

    def write(self, path: Path, value: Any) -> None:
        """A file with text, bytes, or JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def inside(self, path: Path) -> str:
        """The evidence path of a file."""
        return "/" + os.path.relpath(path, self.root) if path != self.root else "/"

    def store(self, name: str, below: str | None, tree: Tree | None = None) -> Path:
        """A directory of the driver on top of `below` (its name); returns it."""
        path = self.data / self.layers_at / name
        (path / "diff").mkdir(parents=True)
        link = self.link(name)
        self.write(path / "link", link)
        (path.parent / "l").mkdir(exist_ok=True)
        os.symlink(f"../{name}/diff", path.parent / "l" / link)
        if below:
            lower = path.parent / below / "lower"
            rest = ":" + lower.read_text() if lower.exists() else ""
            self.write(path / "lower", f"l/{self.link(below)}{rest}")
            (path / "work").mkdir()
        if below == name + "-init":
            (path / "work/work").mkdir()
        write_tree(os.fsencode(path / "diff"), tree or {})
        return path

    @staticmethod
    def link(name: str) -> str:
        """The short name of a layer."""
        return "".join(BASE32[byte % 32] for byte in hashlib.sha256(b"link" + name.encode()).digest()[:26])

    def image(self, tag: str, *trees: Tree) -> str:
        """An image with one layer a tree; layers of equal content position and tag prefix are not shared."""
        diffs, chain, below = [], "", None
        for number, tree in enumerate(trees):
            name, diff = hex_id(f"layer {tag} {number}"), "sha256:" + hex_id(f"diff {tag} {number}")
            diff_dir = self.store(name, below, tree) / "diff"
            parent, chain = chain, "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest() if chain else diff
            record = self.meta / "layerdb/sha256" / chain[7:]
            self.write(record / "cache-id", name)
            self.write(record / "diff", diff)
            self.write(record / "size", "0")
            self.write(record / "tar-split.json.gz", tar_split(diff_dir))
            if parent:
                self.write(record / "parent", parent)
            diffs.append(diff)
            below = name
        config = {"architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05.5Z",
                  "history": [{"created": f"2026-01-02T03:04:0{n % 10}.5Z", "created_by": f"step {n}"}
                              for n in range(len(trees))],
                  "rootfs": {"type": "layers", "diff_ids": diffs}}
        text = json.dumps(config, separators=(",", ":"))
        image = hashlib.sha256(text.encode()).hexdigest()
        self.write(self.meta / "imagedb/content/sha256" / image, text)
        self.repositories.setdefault(tag.split(":")[0], {})[tag] = "sha256:" + image
        self.write(self.meta / "repositories.json", {"Repositories": self.repositories})
        return "sha256:" + image

    def layers(self, image: str) -> list[str]:
        """Chain IDs of an image, base first."""
        config = json.loads((self.meta / "imagedb/content/sha256" / image[7:]).read_text())
        chain, chains = "", []
        for diff in config["rootfs"]["diff_ids"]:
            chain = "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest() if chain else diff
            chains.append(chain)
        return chains

    def container(self, name: str, image: str, tree: Tree | None = None, log: str | bytes | None = None,
                  volumes: Iterable[tuple[str, str]] = (), **changes: Any) -> "Container":
        """A container of `image` that ran once; `changes` go into config.v2.json."""
        top = self.layers(image)[-1]
        below = (self.meta / "layerdb/sha256" / top[7:] / "cache-id").read_text()
        rw, made = hex_id(f"rw {name}"), Container(self, name)
        created = time.time_ns()
        self.store(rw + "-init", below, {"etc": {"hostname": "", "hosts": ""}, ".dockerenv": ""})
        self.store(rw, rw + "-init", tree)
        for file, text in (("mount-id", rw), ("init-id", rw + "-init"), ("parent", top)):
            self.write(made.mounts / file, text)
        config = {"StreamConfig": {},
                  "State": {"Running": False, "Paused": False, "Pid": 0, "ExitCode": 3,
                            "StartedAt": rfc3339(created + 10**9), "FinishedAt": rfc3339(created + 2 * 10**9)},
                  "ID": made.id, "Created": rfc3339(created), "Path": "sh", "Args": ["-c", "true"],
                  "Config": {"Hostname": name, "Image": "shop:1", "Labels": {}}, "Image": image,
                  "NetworkSettings": {"Ports": None}, "LogPath": self.inside(made.log), "Name": "/" + name,
                  "Driver": self.driver, "RestartCount": 0,
                  "MountPoints": {at: {"Source": f"/var/lib/docker/volumes/{volume}/_data", "Destination": at,
                                       "RW": True, "Name": volume, "Driver": "local", "Type": "volume"}
                                  for volume, at in volumes}} | changes
        self.write(made.config, config)
        self.write(made.path / "hostconfig.json", {"NetworkMode": "default", "PortBindings": {}})
        if log is not None:
            self.write(made.log, log)
        return made

    def volume(self, name: str, tree: Tree) -> Path:
        """A volume of the local driver."""
        path = self.data / "volumes" / name / "_data"
        path.mkdir(parents=True)
        write_tree(os.fsencode(path), tree)
        return path

    def run(self, *args: Any, **options: Any) -> Timeline:
        """The program's JSONL on this host."""
        return timeline(*args, self.root, **options)


class Container:
    """Where the parts of a container lie."""

    def __init__(self, host: Host, name: str) -> None:
        self.host, self.name, self.id = host, name, hex_id(f"container {name}")
        self.path = host.data / "containers" / self.id
        self.config = self.path / "config.v2.json"
        self.log = self.path / f"{self.id}-json.log"
        self.mounts = host.meta / "layerdb/mounts" / self.id
        self.rw = host.data / host.layers_at / hex_id(f"rw {name}")

    def change(self, **values: Any) -> None:
        """Rewrite fields of the configuration."""
        self.host.write(self.config, json.loads(self.config.read_text()) | values)


def shop(root: Path, kind: type[Host] = Host) -> Host:
    """The small host of most tests: image shop:1 with two layers, containers web and db, a volume that web mounts."""
    host = kind(root)
    write_tree(os.fsencode(root), {"etc/hostname": "dock01\n"})
    image = host.image("shop:1", {"bin": {"sh": "base"}, "etc": {"conf": "a", "gone": "b"}},
                       {"etc": {"conf": "changed"}, "opt": {"tool": "t"}})
    host.volume("data", {"state": "1"})
    when = rfc3339(time.time_ns())
    host.container("web", image, {"etc": {"gone": WHITEOUT}, "run.log": "x", "up": ("link", "../../..")},
                   "".join(log_record(f"web {n}\n", when) for n in range(3)), [("data", "/data")])
    host.container("db", image, {"var": {"table": "rows"}}, log_record("db ready\n", when, "stderr"))
    settle(root)
    return host


def settle(root: Path) -> None:
    """Let reading a symbolic link not change its atime, which only root can prevent: with relatime the kernel leaves an
    atime alone that is later than ctime."""
    later = time.time_ns() + 3600 * 10**9
    for at, folders, files in os.walk(root):
        for path in (os.path.join(at, name) for name in folders + files):
            if os.path.islink(path):
                os.utime(path, ns=(later, os.lstat(path).st_mtime_ns), follow_symlinks=False)


def give_to_nobody(host: Host, tmp: Path) -> None:
    """Make the host readable for the user of as_nobody."""
    tmp.chmod(0o755)
    if IS_ROOT:
        subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", host.root], check=True)


def container(host: Host, name: str) -> Container:
    """A container of that host."""
    return Container(host, name)


# --- facts for skips --------------------------------------------------------------------------------------------------

def have(*programs: str) -> bool:
    """Are these installed?"""
    return all(shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for program in programs)


def can_mount() -> bool:
    """May we mount at all?"""
    if not IS_ROOT:
        return False
    try:
        with mount("layertime-test", "tmpfs", "size=1M"):
            return True
    except subprocess.CalledProcessError:
        return False


def wait_for(condition: Any, seconds: float = TIMEOUT) -> Any:
    """Poll until `condition()` is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.001)
    return value


SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
