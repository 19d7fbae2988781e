# SPDX-License-Identifier: Apache-2.0
"""The tamper check of image layers. Nothing may be found in layers as Docker left them; then layers are changed with
debugfs or by the kernel, and just that must be found. The record of a layer is read by Python's tarfile."""
import base64
import gzip
import io
import json
import os
import random
import shutil
import stat
import subprocess
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lib import disks, hosts, launch, reading, truth
from lib.dockerd import started

TAGS = {"layer_planted", "layer_changed", "layer_touched", "layer_missing"}
OVERLAY = ("overlay2-ext4", "overlay2-rebooted", "overlay2-userns")
STORES = {"overlay2": ("overlay2", "diff"), "vfs": ("vfs/dir", ""), "aufs": ("aufs/diff", "")}


def members(packed: bytes) -> list[tarfile.TarInfo]:
    """Headers of the layer's tar: contents are zeros, as they are not in the record."""
    lines = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    tar = b"".join(base64.b64decode(line["payload"]) if line["type"] == 2 else bytes(line.get("size", 0)) for line in lines)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return archive.getmembers()


def findings(timeline: reading.Timeline) -> dict[tuple[str, str], set[str]]:
    """Layer directory and path inside it -> tags of tampering."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in timeline.rows:
        tags = TAGS & set(row["tag"])
        if tags:
            assert row["layer_role"] == "image" and row["facts"] and all(row["facts"])
            found.setdefault((row["layer_identifier"], row["filename"]), set()).update(tags)
    return found


class Layers:
    """The image layers below a data root that can be looked at as a directory."""

    def __init__(self, root: Path, driver: str = "overlay2") -> None:
        self.root, self.driver = root, driver

    def each(self) -> Iterator[tuple[Path, Path, str, bool]]:
        """Tree, record, diff ID, and whether it is a base layer."""
        where, content = STORES[self.driver]
        for record in sorted((self.root / "image" / self.driver / "layerdb/sha256").iterdir()):
            tree = self.root / where / (record / "cache-id").read_text() / content
            yield tree, record / "tar-split.json.gz", (record / "diff").read_text(), not (record / "parent").exists()

    def base(self) -> tuple[Path, Path, str]:
        """The base layer with busybox in it."""
        return next((tree, record, diff) for tree, record, diff, base in self.each()
                    if base and (tree / "bin/busybox").exists())


def found_in(timeline: reading.Timeline, diff: str) -> dict[str, set[str]]:
    """What was found in one layer; nothing may be found in any other."""
    found = findings(timeline)
    assert {layer for layer, _ in found} <= {diff}, found
    return {path: tags for (_, path), tags in found.items()}


@pytest.fixture
def writable(mounting: None, disk: Callable, tmp: Path) -> Iterator[Callable]:
    """writable(case, change): `change` gets the data root of a mounted copy; returns the copy afterwards."""
    def get(case: str, change: Callable[[Path], None], state: str = "clean") -> Path:
        image = disks.sparse_copy(disk(case, state), tmp / "disk.raw")
        with disks.mount(image, "ext4", "loop") as at:
            change(at / truth.data_root(case))
        return image
    yield get


# --- as Docker left them ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("verify", ["", "--verify-layers"])
@pytest.mark.parametrize("case", [*OVERLAY, "vfs-ext4", "aufs-synthetic"])
def test_untouched(disk: Callable, case: str, verify: str) -> None:
    """Not one finding, with the contents of all files compared, too."""
    result = launch.timeline(*filter(None, [verify]), disk(case))
    assert result.code == 0 and not result.errors and not findings(result)


@pytest.mark.parametrize("verify", ["", "--verify-layers"])
def test_untouched_xfs(disk: Callable, mounted: Callable, verify: str) -> None:
    """The same from a mounted XFS."""
    result = launch.timeline(*filter(None, [verify]), mounted(disk("overlay2-xfs"), "xfs"))
    assert result.code == 0 and not findings(result)


def test_untouched_sample(sample_jsonl: reading.Timeline) -> None:
    """And of the sample that comes with the tests."""
    assert not findings(sample_jsonl)


@pytest.mark.parametrize("case", [*OVERLAY, "aufs-synthetic"])
def test_builder_time_of_deletions(disk: Callable, mounted: Callable, case: str) -> None:
    """A deletion in an image layer says when the builder wrote it, where the header does: by Python's tarfile."""
    image = disk(case)
    driver = "aufs" if "aufs" in case else "overlay2"
    expected = {}
    for _, record, diff, _ in Layers(mounted(image) / truth.data_root(case), driver).each():
        for member in members(record.read_bytes()):
            folder, name = os.path.split("/" + member.name)
            if name.startswith(".wh.") and name != ".wh..wh..opq":
                told = f"{hosts.rfc3339(int(member.mtime) * 10**9)[:19]}Z" if member.mtime else None
                expected[diff, os.path.join(folder, name[4:])] = told
    told = {}
    for row in launch.timeline(image).rows:
        if row["layer_role"] == "image" and row["timestamp_desc"] == "Content Deletion Time":
            facts = [fact for fact in row.get("facts", []) if "builder" in fact]
            told[row["layer_identifier"], row["filename"]] = facts[0].split()[2] if facts else None
    assert expected and expected.items() <= told.items()


# --- made by a real daemon ---------------------------------------------------------------------------------------------

def odd_tar(form: int) -> bytes:
    """What builders may write: parents that are not there, odd times and owners, long names, links of all kinds."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        def add(name: str, data: bytes = b"", **fields: Any) -> None:
            head = tarfile.TarInfo(name)
            head.size, head.mtime = len(data), 1600000000
            for key, value in fields.items():
                setattr(head, key, value)
            archive.addfile(head, io.BytesIO(data))

        add("implied/parents/of/file", b"x")
        add("old", b"1", mtime=1)
        add("far", b"1", mtime=2**32 + 5)
        add("owned", b"1", uid=70000, gid=123456)
        add("setuid", b"1", mode=0o6755)
        add("d/sub/f", b"z" * 5000)
        add("d", type=tarfile.DIRTYPE, mode=0o1777, mtime=1500000000)
        add("hard", type=tarfile.LNKTYPE, linkname="d/sub/f", mode=0o644)
        add("other", type=tarfile.LNKTYPE, linkname="./d/sub/f", mode=0o600, mtime=1700000000, uid=5)
        add("symbolic", type=tarfile.SYMTYPE, linkname="nowhere")
        add("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
        add("fifo", type=tarfile.FIFOTYPE)
        add("./dot/./x", b"y")
        add("/absolute", b"y")
        add("caf\u00e9 \u2603", b"u")
        if form != tarfile.USTAR_FORMAT:
            add("before", b"1", mtime=-5)
            add("beyond", b"1", mtime=2**35)
            add("long/" + "n" * 120, b"abc")
            add("long/link", type=tarfile.SYMTYPE, linkname="t" * 150)
        if form == tarfile.PAX_FORMAT:
            add("fraction", b"1", mtime=1600000000.123456789)
            add("before-fraction", b"1", mtime=-1.5)
    return out.getvalue()


DOCKERFILE = b"""FROM box:0
RUN mkdir -p /a/b /gone/x && touch /a/b/f /gone/x/1 /gone/2 && ln /a/b/f /a/hard && mkfifo /fifo && mknod /device c 5 1
RUN rm -r /gone && mkdir /gone && touch /gone/new
RUN rm /a/b/f && mv /a/hard /a/other && chmod 4755 /bin/busybox
RUN touch -d 1999-01-01T00:00:00 /a/other; rm -r /a/b
"""


def test_real_daemon(tmp: Path) -> None:
    """Images imported, built, committed, saved and loaded by dockerd: nothing is found in them, until a file is changed."""
    daemon = started(tmp)
    try:
        for name, form in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("ustar", tarfile.USTAR_FORMAT)):
            daemon.client("import", "-", f"{name}:0", input=odd_tar(form))
        box = io.BytesIO()
        with tarfile.open(fileobj=box, mode="w") as archive:
            archive.add(str(shutil.which("busybox")), "bin/busybox")
            for name in ("sh", "rm", "mkdir", "touch", "ln", "mv", "chmod", "mknod", "mkfifo"):
                link = tarfile.TarInfo("bin/" + name)
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
        daemon.client("import", "-", "box:0", input=box.getvalue())
        daemon.client("build", "--network=none", "-t", "box:1", "-", input=DOCKERFILE)
        daemon.client("run", "--name=made", "--network=none", "box:1", "sh", "-c", "echo x > /new; rm /a/other; mkdir /q")
        daemon.client("commit", "made", "box:2")
        saved = tmp / "saved.tar"
        daemon.client("save", "-o", saved, "box:2", "pax:0")
        for options in ((), ("--verify-layers",)):
            result = launch.timeline(*options, daemon.data)
            assert result.code == 0 and not findings(result)
        daemon.client("rm", "made")
        for image in daemon.client("images", "-q").split():
            daemon.try_client("rmi", "-f", image)
        daemon.client("load", "-i", saved)
        result = launch.timeline("--verify-layers", daemon.data)
        assert result.code == 0 and not findings(result)
        layer = next(layer for layer in Layers(daemon.data).each() if (layer[0] / "fraction").exists())
        # So soon after the unpacking a change would not be seen as one.
        launch.wait_for(lambda: time.time_ns() > layer[1].stat().st_mtime_ns + 500_000_000)
        keep_times(layer[0] / "d/sub/f", lambda: flip(layer[0] / "d/sub/f"))
        changed = {name: {"layer_changed"} for name in ("/d/sub/f", "/hard", "/other")}
        assert found_in(launch.timeline(daemon.data), layer[2]) == changed
    finally:
        daemon.stop()


# --- changed with debugfs ---------------------------------------------------------------------------------------------

def test_debugfs(sample: Path, sample_jsonl: reading.Timeline, tmp: Path) -> None:
    """A planted file, one taken away, a changed mode, a set mtime and changed contents: those five, and no more."""
    image = disks.sparse_copy(sample, tmp / "disk.raw")
    rows = [row for row in sample_jsonl.where(layer_role="image", file_entry_type="file") if row["file_size"]]
    diff = next(row for row in rows if row["filename"].endswith("/busybox"))["layer_identifier"]
    files = {row["filename"]: reading.location(row).decode() for row in rows
             if row.get("layer_identifier") == diff and row["number_of_links"] == 1}
    names = sorted(files)
    gone, mode, touched, contents = names[0], names[1], names[2], names[3]
    folder = files[names[0]].removesuffix(names[0])
    (tmp / "evil").write_bytes(b"evil")
    disks.debugfs(image, f"cd {folder}", f"write {tmp}/evil evil", f"unlink {files[gone]}",
                  f"set_inode_field {files[mode]} mode 0104755",
                  f"set_inode_field {files[touched]} mtime 20200102030405")
    at = disks.blocks_of(image, files[contents])[0] * 4096
    with image.open("r+b") as file:
        file.seek(at)
        first = file.read(1)
        file.seek(at)
        file.write(bytes([first[0] ^ 1]))
    expected = {"/evil": {"layer_planted"}, gone: {"layer_missing"}, mode: {"layer_changed"},
                touched: {"layer_touched"}}
    # Contents that were changed behind the file system's back leave no trace but themselves.
    assert found_in(launch.timeline(image), diff) == expected
    result = launch.timeline("--verify-layers", image)
    assert found_in(result, diff) == expected | {contents: {"layer_changed"}}
    facts = {row["filename"]: row["facts"] for row in result.rows if TAGS & set(row["tag"])}
    assert any("modified 2020-01-02T03:04:05Z, in the layer's tar " in fact for fact in facts[touched])
    assert any("mode 4755, in the layer's tar " in fact for fact in facts[mode])
    assert any("CRC-64" in fact for fact in facts[contents])


# --- changed by the kernel --------------------------------------------------------------------------------------------

def keep_times(path: Path, change: Callable[[], Any]) -> None:
    """Do something to a file and put its times back, as who wants to hide it would."""
    before = path.lstat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns), follow_symlinks=False)


def flip(path: Path) -> None:
    """Other contents of the same size."""
    data = path.read_bytes()
    with path.open("r+b") as file:
        file.write(bytes([data[0] ^ 1]))


def test_kernel(writable: Callable) -> None:
    """What an intruder would do on the running host, times put back: each is found, and nothing else. The ctime tells that
    contents are worth reading."""
    seen: dict[str, Any] = {}

    def change(root: Path) -> None:
        tree, record, seen["diff"] = Layers(root).base()
        etc = tree / "etc"
        seen["end"], seen["record"] = record.stat().st_mtime_ns, record
        keep_times(etc, lambda: (etc / "cron.evil").write_bytes(b"* * * * * root evil"))
        keep_times(etc, (etc / "group").unlink)
        keep_times(etc / "passwd", lambda: flip(etc / "passwd"))
        keep_times(etc / "profile", lambda: (etc / "profile").write_bytes(b"longer than before" * 100))
        keep_times(tree / "bin/busybox", lambda: (tree / "bin/busybox").chmod(0o4755))
        keep_times(tree / "home", lambda: os.chown(tree / "home", 1000, 1000))
        keep_times(etc / "os-release", lambda: os.setxattr(
            etc / "os-release", "security.capability", bytes.fromhex("0100000200200000" "000000000000000000000000")))
        keep_times(tree / "tmp", lambda: os.setxattr(tree / "tmp", "trusted.overlay.opaque", b"y"))
        link = next(path for path in sorted((tree / "bin").iterdir()) if path.is_symlink())
        seen["link"], times = "/bin/" + link.name, link.lstat()
        bin_times = (tree / "bin").stat()
        link.unlink()
        os.symlink("/tmp/evil", link)
        os.utime(link, ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)
        other = next(path for path in sorted((tree / "bin").iterdir()) if path.is_symlink() and path != link)
        seen["hidden"] = "/bin/" + other.name
        other.unlink()
        os.mknod(other, stat.S_IFCHR, 0)
        os.utime(tree / "bin", ns=(bin_times.st_atime_ns, bin_times.st_mtime_ns))
        (tree / "srv-evil").mkdir()
        (tree / "srv-evil/payload").write_bytes(b"x")
        os.utime(tree / "root", ns=(0, 0))
        seen["etc"] = etc.stat().st_ctime_ns

    image = writable("overlay2-ext4", change)
    result = launch.timeline(image)
    changed, planted = {"layer_changed"}, {"layer_planted"}
    assert found_in(result, seen["diff"]) == {
        "/etc/cron.evil": planted, "/srv-evil": planted, "/srv-evil/payload": planted, "/etc/group": {"layer_missing"},
        "/etc/passwd": changed, "/etc/profile": changed, "/bin/busybox": changed, "/home": changed,
        "/etc/os-release": changed, "/tmp": changed, seen["link"]: changed, seen["hidden"]: changed,
        "/root": {"layer_touched"}}
    assert found_in(launch.timeline("--verify-layers", image), seen["diff"]) == found_in(result, seen["diff"])
    missing = next(row for row in result.rows if "layer_missing" in row["tag"])
    assert missing["data_type"] == "container:layer:missing" and missing["confidence"] == "bounded"
    assert reading.iso_nanoseconds(missing["time_first"]) == seen["end"] == reading.nanoseconds(missing)
    assert reading.iso_nanoseconds(missing["time_last"]) == seen["etc"]
    assert "/tar-split.json.gz#offset=" in missing["witness"]


def test_formats_show_it(writable: Callable) -> None:
    """A finding and its reason can be read in every format that has room for a message."""
    def change(root: Path) -> None:
        tree, _, _ = Layers(root).base()
        (tree / "etc/group").unlink()
        (tree / "etc/passwd").chmod(0o666)

    image = writable("overlay2-ext4", change)
    for form in ("text", "jsonl", "csv", "l2tcsv"):
        text = launch.product(form, image).decode()
        comma = " " if form == "l2tcsv" else ","
        assert f"missing: /etc/group{comma} in the layer's tar a file" in text, form
        assert f"mode 0666{comma} in the layer's tar 0644" in text, form


def test_vfs(writable: Callable) -> None:
    """Each layer is a whole copy: what is planted in or taken from any of them is found there, inherited or not."""
    seen: dict[str, Any] = {}

    def change(root: Path) -> None:
        trees = [(tree, diff) for tree, _, diff, base in Layers(root, "vfs").each() if not base
                 if (tree / "bin/busybox").exists()]
        tree, seen["diff"] = trees[0]
        keep_times(tree / "etc", (tree / "etc/group").unlink)
        keep_times(tree / "etc/passwd", lambda: flip(tree / "etc/passwd"))
        keep_times(tree / "bin", lambda: (tree / "bin/evil").write_bytes(b"x"))

    assert found_in(launch.timeline(writable("vfs-ext4", change)), seen["diff"]) == {
        "/etc/group": {"layer_missing"}, "/etc/passwd": {"layer_changed"}, "/bin/evil": {"layer_planted"}}


def test_userns(writable: Callable) -> None:
    """Owners are compared as the container sees them: a file of the host's root is not one of the container's."""
    seen: dict[str, Any] = {}

    def change(root: Path) -> None:
        tree, _, seen["diff"] = Layers(root).base()
        os.chown(tree / "etc/passwd", 0, 0)
        os.chown(tree / "etc/group", 165536 + 7, 165536)

    result = launch.timeline(writable("overlay2-userns", change))
    assert found_in(result, seen["diff"]) == {"/etc/passwd": {"layer_changed"}, "/etc/group": {"layer_changed"}}
    facts = {row["filename"]: row["facts"] for row in result.rows if TAGS & set(row["tag"])}
    assert facts["/etc/group"] == ["owner 7:0, in the layer's tar 0:0"]


def test_whole_tree_gone(writable: Callable) -> None:
    """Of a layer without its tree one thing is said, not one for each file."""
    def change(root: Path) -> None:
        subprocess.run(["rm", "-r", Layers(root).base()[0]], check=True)

    result = launch.timeline(writable("overlay2-ext4", change))
    assert result.code == 1 and not findings(result)


# --- damaged records --------------------------------------------------------------------------------------------------

def with_record(host: hosts.Host, change: Callable[[bytes], bytes]) -> tuple[reading.Timeline, reading.Timeline]:
    """Run on the host before and after the record of its base layer was changed."""
    before = host.run("--verify-layers")
    assert before.code == 0 and not findings(before)
    path = next(path for path in (host.meta / "layerdb/sha256").glob("*/tar-split.json.gz")
                if not (path.parent / "parent").exists())
    path.write_bytes(change(path.read_bytes()))
    after = host.run("--verify-layers")
    kept = {reading.what(row) for row in after.rows if row["data_type"] != "container:layer:missing"}
    assert {reading.what(row) for row in before.rows} <= kept, "the check costs no row of the timeline"
    return before, after


def relined(packed: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """A record with other lines."""
    return gzip.compress(b"".join(change(gzip.decompress(packed).splitlines(keepends=True))))


@pytest.mark.parametrize("keep", [0, 1, 15, 60, 200, -9, -1])
def test_truncated(host: hosts.Host, keep: int) -> None:
    """What was cut off is not known: it is reported, and nothing is called planted."""
    _, after = with_record(host, lambda data: data[:keep])
    assert after.code == 1 and not findings(after)
    assert all("tar-split.json.gz" in error["path"] for error in after.errors)


def test_missing_record(host: hosts.Host) -> None:
    """An image layer without its record is reported."""
    for path in (host.meta / "layerdb/sha256").glob("*/tar-split.json.gz"):
        path.unlink()
    result = host.run()
    assert result.code == 1 and not findings(result)
    assert [error["code"] for error in result.errors] == ["missing"] * 2


def test_bit_flips(host: hosts.Host) -> None:
    """A flipped bit of the packed record is noticed by gzip: it costs the record, but invents nothing."""
    chance = random.Random(7)
    path = next((host.meta / "layerdb/sha256").glob("*/tar-split.json.gz"))
    data = path.read_bytes()
    for _ in range(25):
        at = chance.randrange(10, len(data))
        flipped = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:]
        try:
            if gzip.decompress(flipped) == gzip.decompress(data):
                continue # a bit that nothing depends on
        except (OSError, EOFError, zlib.error):
            path.write_bytes(flipped)
        result = host.run()
        assert result.code == 1 and "layer_planted" not in {tag for tags in findings(result).values() for tag in tags}


@pytest.mark.parametrize("change", [
    lambda lines: lines[:2] + lines[3:],
    lambda lines: lines[1:],
    lambda lines: [b"{}\n", *lines],
    lambda lines: [line.replace(b'"type": 1', b'"type": 9') for line in lines],
    lambda lines: [line.replace(b'"payload": "', b'"payload": "?') for line in lines],
    lambda lines: [*lines[:3], b"\xff" * 100 + b"\n", *lines[3:]],
    lambda lines: [*lines[:3], b" " * (5 << 20) + b"\n", *lines[3:]],
])
def test_damaged_lines(host: hosts.Host, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Lost lines are reported, and what they said is neither missing nor planted."""
    _, after = with_record(host, lambda data: relined(data, change))
    assert after.code == 1 and not findings(after)


def test_hostile_names(host: hosts.Host) -> None:
    """Names that lead out of the layer, and very long ones, are reported; what is sound is missing as the record says."""
    def change(lines: list[bytes]) -> list[bytes]:
        head = tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT)
        more = [line for name in ("../../../etc/passwd", "a/" * 3000, "/ok/\u001b[31m")
                for line in ({"type": 2, "payload": base64.b64encode(head).decode()}, {"type": 1, "name": name})]
        whole = enumerate(more + [json.loads(line) for line in lines])
        return [json.dumps(line | {"position": number}).encode() + b"\n" for number, line in whole]

    _, after = with_record(host, lambda data: relined(data, change))
    assert after.code == 1 and len(after.errors) == 2
    assert {path: tags for (_, path), tags in findings(after).items()} == {"/ok/\\x1b[31m": {"layer_missing"}}


def test_bomb(host: hosts.Host) -> None:
    """A record that unpacks beyond all reason is given up in good time."""
    _, after = with_record(host, lambda data: data + gzip.compress(bytes(256 << 20)))
    assert after.code == 1 and not findings(after)
