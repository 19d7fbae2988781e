# SPDX-License-Identifier: Apache-2.0
"""A host on several file systems: each an image of its own, and all of them partitions of one disk.

What is right is what the kernel shows when they are mounted together (`mount_all`). sfdisk and mke2fs make the rest.
"""
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024
FIRST = MIB                                            # where the first partition begins
UUIDS = [f"{digit * 8}-1111-4222-8333-{digit * 12}" for digit in "abcdef"]


def make_image(tree: Path, image: Path, size: int = 16, **settings: str) -> Path:
    """An ext4 file system with the files of a directory. Settings are those of mke2fs: U, L, M."""
    with open(image, "wb") as file:
        file.truncate(size * MIB)
    options = [word for letter, value in settings.items() for word in (f"-{letter}", value)]
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, *options, image], check=True)
    return image


def take_out(root: Path, at: str, to: Path) -> Path:
    """Move what is in root/at to another directory, and leave an empty mount point."""
    shutil.move(root / at, to)
    (root / at).mkdir()
    return to


def make_disk(images: list[Path], disk: Path, label: str) -> Path:
    """A disk with these images as its partitions."""
    script, at = [f"label: {label}"] + (["label-id: 0x1234abcd"] if label == "dos" else []), FIRST
    places = []
    for number, image in enumerate(images):
        size = image.stat().st_size
        extra = f", uuid={UUIDS[number]}, name=part{number}" if label == "gpt" else ""
        script.append(f"start={at // 512}, size={size // 512}, type={'L' if label == 'gpt' else '83'}{extra}")
        places.append(at)
        at += size
    with open(disk, "wb") as file:
        file.truncate(at + MIB)
    subprocess.run(["sfdisk", "-q", disk], input="\n".join(script).encode(), check=True)
    with open(disk, "r+b") as file:
        for image, place in zip(images, places):
            file.seek(place)
            file.write(image.read_bytes())
    return disk


@contextmanager
def mount_all(target: Path, *mounts: tuple[Path, str]) -> Iterator[Path]:
    """Mount images below a directory, in this order, as the host would."""
    target.mkdir(exist_ok=True)
    done = []
    try:
        for image, at in mounts:
            subprocess.run(["mount", "-o", "loop,ro,noload", image, target / at], check=True)
            done.append(target / at)
        yield target
    finally:
        for path in reversed(done):
            subprocess.run(["umount", path], check=True)
