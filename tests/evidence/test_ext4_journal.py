# SPDX-License-Identifier: Apache-2.0
"""Journals that wait to be replayed: images copied while the kernel still had them mounted. Replayed in memory they must
look like what a kernel makes of a copy; with --no-journal, like a mount that ignores the journal. The image is left as it
was."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees
from lib.ext4fs import View

MAGIC = bytes.fromhex("c03b3998")
# name: options of mke2fs, options of mount
VARIANTS: dict[str, tuple[str, str]] = {
    "csum-v3-64bit": ("-t ext4 -b 4096 -O 64bit,metadata_csum", ""),
    "csum-v3-32bit": ("-t ext4 -b 4096 -O ^64bit,metadata_csum", ""),
    "no-csum-32bit": ("-t ext4 -b 4096 -O ^64bit,^metadata_csum", ""),
    "no-csum-64bit": ("-t ext4 -b 4096 -O 64bit,^metadata_csum", ""),
    "1k-blocks": ("-t ext4 -b 1024", ""),
    "1k-no-csum": ("-t ext4 -b 1024 -O ^metadata_csum,^64bit", ""),
    "2k-inline": ("-t ext4 -b 2048 -I 512 -O inline_data,ea_inode", ""),
    "checksum-v1": ("-t ext4 -b 4096 -O ^metadata_csum", "journal_checksum"),
    "async": ("-t ext4 -b 4096", "journal_async_commit,data=writeback"),
    "async-v1": ("-t ext4 -b 4096 -O ^metadata_csum", "journal_async_commit,data=writeback"),
    "async-1k": ("-t ext4 -b 1024", "journal_async_commit,data=writeback"),
    "data-journal": ("-t ext4 -b 4096", "data=journal"),
    "data-journal-1k": ("-t ext4 -b 1024", "data=journal"),
    "data-journal-no-csum": ("-t ext4 -b 1024 -O ^metadata_csum,^64bit", "data=journal"),
    "data-journal-bigalloc": ("-t ext4 -b 1024 -O bigalloc -C 8192", "data=journal"),
    "writeback": ("-t ext4 -b 4096", "data=writeback"),
    "ext3": ("-t ext3 -b 4096", ""),
    "ext3-data-journal": ("-t ext3 -b 1024 -I 128", "data=journal"),
    "no-extents-data-journal": ("-t ext4 -b 1024 -O ^extents,^64bit", "data=journal"),
    "orphan-file": ("-t ext4 -b 4096 -O orphan_file", "data=journal"),
}


def busy(root: Path, block: int) -> None:
    """Make, change and delete, and use blocks of deleted directories for data that looks like a journal's."""
    ext4trees.fill(root / "stays", 100)
    for number in range(4):
        ext4trees.fill(root / f"goes{number}", 150)
    ext4trees.commit(root)
    for number in range(4):
        subprocess.run(["rm", "-r", root / f"goes{number}"], check=True)
        ext4trees.write(root / f"magic{number}", (MAGIC + bytes(range(4, 256)) * 17)[:block] * 40)
        ext4trees.commit(root)
    ext4trees.write(root / "magic0", (MAGIC + b"again").ljust(block, b"."))
    for number in range(0, 100, 2):
        os.unlink(root / "stays" / f"{number}".rjust(40, "f"))
    ext4trees.xattrs(root / "xattrs", block)
    ext4trees.types(root / "types")
    (root / "stays/99".replace("99", "99".rjust(40, "f"))).rename(root / "moved")
    with open(root / "magic3", "r+b") as out:
        out.truncate(block // 2)
    ext4trees.commit(root)
    ext4trees.fill(root / "late", 50)
    subprocess.run(["rm", "-r", root / "types"], check=True)


def captured(image: Path, options: str, mounting: str, journal: str = "size=4") -> Path:
    """A copy of the image made while it is in use."""
    copy = image.with_name("captured.raw")
    ext4trees.make(image, [*options.split(), "-J", journal], "48M")
    with disks.mount(image, "ext4", "loop,commit=100" + ("," + mounting) * bool(mounting)) as root:
        (root / "before").mkdir()
        subprocess.run(["sync", "-f", root], check=True)
        block = os.statvfs(root).f_bsize
        busy(root, block)
        disks.sparse_copy(image, copy)
    image.unlink()
    return copy


def readable(view: View) -> tuple[View, set[str]]:
    """What the kernel could read, and the paths of what it could not."""
    bad = {path.rstrip("/") or "/" for path, row in view.items() if row[1] == "!" or "!" in row[12] + row[14]}
    return {path: row for path, row in view.items() if path not in bad and row[1] != "!"}, bad


def check_both_ways(image: Path, tmp: Path) -> tuple[View, View]:
    """Replayed and not, against the kernel."""
    before = disks.digest(image)
    truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
    lying, bad = readable(ext4fs.view_of(image))
    ext4fs.check_equal(truth, ext4fs.dump(image))
    got = ext4fs.dump(image, "--no-journal")
    view = {path: row for path, row in got.view.items() if path not in bad}
    assert not (wrong := ext4fs.differences(lying, view)), "\n".join(["--no-journal:", *wrong])
    assert bad <= got.failed(), bad - got.failed()
    assert any("journal" in note for note in got.notes)
    assert disks.digest(image) == before
    return truth, lying


@pytest.mark.parametrize("name", VARIANTS)
def test_replay(name: str, mounting: None, tmp: Path) -> None:
    """As the kernel does it."""
    try:
        image = captured(tmp / "image.raw", *VARIANTS[name])
    except subprocess.CalledProcessError as error:
        pytest.skip(f"cannot be had here: {(error.stderr or b'').decode().strip()}")
    truth, lying = check_both_ways(image, tmp)
    assert truth != lying, "a broken test: nothing waits in the journal"


@pytest.mark.parametrize("options", ["-t ext4 -b 1024", "-t ext4 -b 1024 -O ^metadata_csum"])
def test_journal_that_wrapped_around(options: str, mounting: None, tmp: Path) -> None:
    """Its first transaction is near its end."""
    image, copy = tmp / "image.raw", tmp / "captured.raw"
    ext4trees.make(image, [*options.split(), "-J", "size=1"], "48M")
    with disks.mount(image, "ext4", "loop,commit=100,data=journal") as root:
        ext4trees.fill(root / "all", 20)
        for number in range(60):
            ext4trees.write(root / f"round{number}", ext4trees.noise(number, 20000))
            ext4trees.commit(root)
        disks.sparse_copy(image, copy)
    text = subprocess.run(["dumpe2fs", "-h", copy], capture_output=True, check=True, text=True).stdout
    assert int(re.search(r"Journal start: +(\d+)", text)[1]) > 1, "a broken test: its tail has not moved"
    check_both_ways(copy, tmp)


# --- journals that debugfs writes -------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", ["", "-c -v 1", "-c -v 2", "-c -v 3"])
@pytest.mark.parametrize("options", ["-t ext4 -b 1024 -O ^metadata_csum,^64bit", "-t ext4 -b 4096 -O metadata_csum,64bit",
                                     "-t ext4 -b 1024 -O metadata_csum,^64bit", "-t ext4 -b 1024 -O ^metadata_csum,64bit"])
def test_written_by_debugfs(options: str, version: str, mounting: None, tmp: Path) -> None:
    """Blocks of a file: replaced, escaped, revoked, replaced after that, and never committed. Where the kernel
    refuses what debugfs wrote, we say so."""
    image, tree = tmp / "image.raw", tmp / "tree"
    block = 4096 if "-b 4096" in options else 1024
    tree.mkdir()
    ext4trees.write(tree / "victim", ext4trees.noise("v", 12 * block))
    ext4trees.make(image, [*options.split(), "-d", str(tree)], "48M")
    at = disks.blocks_of(image, "/victim")
    for name, data in (("one", ext4trees.noise(1, block)), ("two", (MAGIC + ext4trees.noise(2, block - 4)) * 2),
                       ("bare", MAGIC.ljust(block, b"\0"))):
        ext4trees.write(tmp / name, data)
    try:
        disks.debugfs(image, f"jo {version}", f"jw -b {at[0]} {tmp}/one", f"jw -b {at[1]},{at[2]} {tmp}/two",
                      f"jw -b {at[3]},{at[4]} {tmp}/two", f"jw -r {at[2]},{at[3]}", f"jw -b {at[3]} {tmp}/bare",
                      f"jw -c -b {at[5]} {tmp}/one", "jc")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"debugfs writes no such journal: {error.stderr}")
    before = disks.digest(image)
    try:
        truth = ext4fs.replayed_view(image, tmp / "replayed.raw")
    except subprocess.CalledProcessError:
        got = ext4fs.dump(image)
        assert any("journal" in line for line in got.notes + got.errors), "the kernel calls the journal corrupt"
        return
    ext4fs.check_equal(truth, ext4fs.dump(image))
    assert disks.digest(image) == before
    assert truth["/victim"] != ext4fs.dump(image, "--no-journal").view["/victim"], "a broken test: nothing waits"


def test_unknown_features_in_the_journal(tmp: Path) -> None:
    """The superblock in the journal has a feature that nobody knows: the disk must not be read as if it had not."""
    image, tree = tmp / "image.raw", tmp / "tree"
    tree.mkdir()
    ext4trees.make(image, ["-t", "ext4", "-b", "4096", "-O", "^metadata_csum,^64bit", "-d", str(tree)], "48M")
    assert not any("not known" in note for note in ext4fs.dump(image).notes)
    with image.open("rb") as disk:
        first = bytearray(disk.read(4096))
    first[1024 + 0x63] |= 0x80  # s_feature_incompat, bit 31
    ext4trees.write(tmp / "super", bytes(first))
    disks.debugfs(image, "jo", f"jw -b 0 {tmp}/super", "jc")
    assert not any("not known" in note for note in ext4fs.dump(image, "--no-journal").notes)
    assert any("not known" in note for note in ext4fs.dump(image).notes)


@pytest.mark.parametrize("options", ["-t ext4 -b 1024", "-t ext4 -b 1024 -O ^metadata_csum,^64bit"])
def test_transaction_that_is_hidden_by_damage(options: str, tmp: Path) -> None:
    """A block that begins something, with one other bit in its magic number, looks like the end of the journal. But commits behind it
    show that it is not. Only the last commit can be lost without a trace: it looks like one that was not yet written."""
    image, tree = tmp / "image.raw", tmp / "tree"
    tree.mkdir()
    ext4trees.write(tree / "victim", ext4trees.noise("v", 3 * 1024))
    ext4trees.make(image, [*options.split(), "-d", str(tree)], "48M")
    for number in range(3):
        ext4trees.write(tmp / f"new{number}", ext4trees.noise(number, 1024))
    disks.debugfs(image, "jo -c" if "csum" not in options else "jo",
                  *(f"jw -b {at} {tmp}/new{number}" for number, at in enumerate(disks.blocks_of(image, "/victim"))), "jc")
    assert not ext4fs.dump(image).notes
    waiting = [at * 1024 for at in disks.blocks_of(image, "<8>")[1:10]]    # three times descriptor, data, commit
    heads = [at for at in waiting if image.read_bytes()[at:at + 4] == MAGIC]
    assert len(heads) == 6
    for at in heads:
        with open(disks.sparse_copy(image, tmp / "copy.raw"), "r+b") as out:
            out.seek(at + 2)
            out.write(b"\xc6")
        said = [note for note in ext4fs.dump(tmp / "copy.raw").notes if "journal is damaged" in note]
        assert bool(said) == (at != heads[-1]), (at, said)
