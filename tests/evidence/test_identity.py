# SPDX-License-Identifier: Apache-2.0
"""By which names a host's tables of mounts know its file systems. The oracles are sfdisk, blkid and dumpe2fs."""
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib import disks, launch, machine, sanitizers

TOOL = Path(os.environ.get("IDENTITIES", machine.REPO / "build/san/identities")).resolve()
SECTOR = 512
Identity = tuple[str, ...]  # number, PARTUUID, PARTLABEL, UUID, label, last mounted


@pytest.fixture(autouse=True)
def tool() -> None:
    """What the tests ask."""
    if not TOOL.exists():
        pytest.skip(f"{TOOL} is not there: run `make sanitized`")


def identities(image: Path) -> list[Identity]:
    """What the program knows of the file systems of an image, in their order."""
    leaking = sanitizers.SANITIZERS["ASAN_OPTIONS"] + ":detect_leaks=0"  # libtsk leaks tables
    env = sanitizers.environment(ASAN_OPTIONS=leaking)
    done = launch.limited([TOOL, image], 30, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split("\t")) for line in done.stdout.decode().splitlines()]


def blkid(image: Path) -> dict[str, str]:
    """What blkid finds in an image."""
    done = subprocess.run(["blkid", "-p", "-o", "export", image], capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def last_mounted(image: Path) -> str:
    """What the superblock of an ext4 image says."""
    done = subprocess.run(["dumpe2fs", "-h", image], capture_output=True, text=True, check=True)
    said = re.search(r"Last mounted on: +(.*)", done.stdout)[1]
    return "" if said == "<not available>" else said


def names_of(image: Path) -> Identity:
    """UUID, label and the place of the last mount, by blkid and dumpe2fs."""
    found = blkid(image)
    return found.get("UUID", ""), found.get("LABEL", "").replace("\\ ", " "), last_mounted(image)


def by_sfdisk(disk: Path | str, start: int) -> Identity:
    """Number, PARTUUID and PARTLABEL of the partition that begins at that sector, by sfdisk."""
    table = json.loads(subprocess.run(["sfdisk", "-J", disk], capture_output=True, check=True).stdout)["partitiontable"]
    part = next(part for part in table["partitions"] if part["start"] == start)
    number = int(part["node"].removeprefix(str(disk)).removeprefix("p"))
    if table["label"] == "gpt":
        return str(number), part["uuid"].lower(), part.get("name", "")
    return str(number), f"{int(table['id'], 16):08x}-{number:02x}", ""


@pytest.fixture(scope="module")
def small(session_dir: Path) -> list[Path]:
    """Three small file systems: with all names, with a label that fills its field, and with none."""
    folder = session_dir / "identities"
    (folder / "tree").mkdir(parents=True)
    options = (("-L", "a label", "-M", "/srv/data"), ("-L", "sixteen-letters-", "-t", "ext2"),
               ("-O", "^metadata_csum", "-U", "clear"))
    return [disks.make_ext4(folder / f"{number}.raw", folder / "tree", "1M", *words)
            for number, words in enumerate(options)]


def test_whole_images(small: list[Path]) -> None:
    """Without a partition there is no more than the superblock says."""
    for image in small:
        assert identities(image) == [("0", "", "", *names_of(image))]
    assert names_of(small[0])[1:] == ("a label", "/srv/data") and names_of(small[2]) == ("", "", ""), "a broken test"


LAYOUTS = {
    "dos": ("label: dos\nlabel-id: 0x00c0ffee\nstart={0}, size=2048\n4: start={1}, size=2048\n"
            "3: start={2}, size=2048\n", (64, 5000, 9000)),
    "logical": ("label: dos\nlabel-id: 0xfeedbeef\n2: start=64, size=20000, type=5\n5: start={0}, size=2048\n"
                "6: start={1}, size=2048\n3: start={2}, size=2048\n", (2048, 8192, 24000)),
    "gpt": ("label: gpt\nfirst-lba: 34\n2: start={0}, size=2048, name=\"root of \u00e4 \U0001f433\"\n"
            "1: start={1}, size=2048\n128: start={2}, size=2048, name=\"123456789012345678901234567890123456\"\n",
            (2048, 8192, 16384)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_partitions(layout: str, small: list[Path], tmp: Path) -> None:
    """Slots out of order, logical partitions, names of UTF-16 with a pair in them, and one that fills its field."""
    script, starts = LAYOUTS[layout]
    disk = disks.partition(tmp / "disk.raw", 16 << 20, script.format(*starts),
                           *[(image, start * SECTOR) for image, start in zip(small, starts)])
    expected = {start: (*by_sfdisk(disk, start), *names_of(image)) for image, start in zip(small, starts)}
    assert sorted(identities(disk)) == sorted(expected.values())
    assert len({row[1] for row in expected.values()}) == 3, "a broken test"


@contextmanager
def large_sectors(disk: Path) -> Iterator[str]:
    """A loop device with sectors of 4096 bytes; skips where there is none."""
    done = subprocess.run(["losetup", "--find", "--show", "--sector-size", "4096", disk], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        pytest.skip("no loop device with large sectors")
    device = done.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def test_sectors_of_4096_bytes(small: list[Path], tmp: Path) -> None:
    """A GPT of such a disk counts in them."""
    disk = tmp / "disk.raw"
    disk.touch()
    os.truncate(disk, 16 << 20)
    with large_sectors(disk) as device:
        script = b'label: gpt\n3: start=300, size=256, name="large"\n'
        subprocess.run(["sfdisk", "-q", device], input=script, check=True, capture_output=True)
        expected = by_sfdisk(device, 300)
    with open(disk, "r+b") as out:
        out.seek(300 * 4096)
        out.write(small[0].read_bytes())
    assert identities(disk) == [(*expected, *names_of(small[0]))]


def test_dos_table_of_4096_bytes_a_sector(small: list[Path], tmp: Path) -> None:
    """Nothing in it says so: what lies where partitions would begin does."""
    disk = tmp / "disk.raw"
    disk.touch()
    os.truncate(disk, 32 << 20)
    with large_sectors(disk) as device:
        script = b"label: dos\nlabel-id: 0x12345678\nstart=300, size=256\nstart=600, size=4000, type=5\n" \
                 b"start=1000, size=256\n"
        subprocess.run(["sfdisk", "-q", device], input=script, check=True, capture_output=True)
        expected = [by_sfdisk(device, 300), by_sfdisk(device, 1000)]
    with open(disk, "r+b") as out:
        for start, image in zip((300, 1000), small):
            out.seek(start * 4096)
            out.write(image.read_bytes())
    assert identities(disk) == [(*names, *names_of(image)) for names, image in zip(expected, small)]
