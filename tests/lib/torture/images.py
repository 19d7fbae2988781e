# SPDX-License-Identifier: Apache-2.0
"""Mutated images: bytes of the metadata that lie, with their checksums or without."""
import os
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib import disks, ext4fs, hosts
from lib.torture.judge import Damage, Tally, read


@dataclass
class Spot:
    """Some bytes of an image that hold metadata."""
    kind: str
    at: int
    size: int
    path: str | None


BLOCK = 1024
COMMIT = bytes.fromhex("c03b399800000002")            # begins a commit block of a journal


def rich(out: Path) -> Path:
    """A small host whose file system has one of each structure: a directory with an index, one and a log in so many pieces that
    their extents need a block, and a journal with changes that are not at home yet."""
    host = hosts.shop(out / "host")
    web = hosts.container(host, "web")
    for number in range(60):                          # a block each, so that those of the directory lie between
        host.write(web.rw / "diff/many" / f"{number:0200}", "x" * 500)
    hosts.settle(host.root)
    log, at = out / "log", f"/{web.log.relative_to(host.root)}"
    log.write_text("".join(hosts.log_record(f"line {number} " + "x" * 900 + "\n", "2026-07-01T10:00:00Z") for number in range(20)))
    image = disks.make_ext4(out / "base.raw", host.root, "8M", "-b", str(BLOCK), "-O", "dir_index")
    subprocess.run(["e2fsck", "-fyD", image], check=False, capture_output=True)
    told = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    every_second = [number for first, last in re.findall(r"(\d+)-(\d+)", re.search("  Free blocks: (.*)", told)[1])
                    for number in range(int(first), int(last), 2)]
    disks.debugfs(image, f"rm {at}", *(f"setb {number}" for number in every_second), f"write {log} {at}",
                  *(f"freeb {number}" for number in every_second))
    dirty(image, out / "blocks", at)
    return image


def dirty(image: Path, blocks: Path, path: str) -> None:
    """Put the blocks with the inodes of a file and of a directory into the journal, with a later time of change."""
    places = sorted({int(re.search(r"located at block (\d+)", disks.debugfs(image, f"imap {name}"))[1]) for name in (path, "/var/lib/docker")})
    with open(image, "rb") as data:
        before = {place: (data.seek(place * BLOCK), data.read(BLOCK))[1] for place in places}
    disks.debugfs(image, f"sif {path} mtime 20260701100001", "sif /var/lib/docker mtime 20260701100002")
    with open(image, "r+b") as data:
        for number, place in enumerate(places):
            data.seek(place * BLOCK)
            blocks.with_name(f"blocks{number}").write_bytes(data.read(BLOCK))
            data.seek(place * BLOCK)
            data.write(before[place])
    disks.debugfs(image, "jo -c", *(f"jw -b {place} {blocks.with_name(f'blocks{number}')}" for number, place in enumerate(places)), "jc")


def spots(image: Path, block: int = BLOCK) -> list[Spot]:
    """Where metadata with checksums lie, as debugfs and dumpe2fs tell."""
    names = {ino: os.fsdecode(path) for path, ino in sorted(ext4fs.debugfs_names(image).items(), reverse=True)}
    inodes = sorted(names)
    found = []
    for ino, text in zip(inodes, ext4fs.debugfs_many(image, [f"imap <{ino}>" for ino in inodes])):
        number, offset = re.search(rb"located at block (\d+), offset 0x([0-9a-f]+)", text).groups()
        found.append(Spot("inode", int(number) * block + int(offset, 16), 256, names[ino]))
    stats = ext4fs.debugfs_many(image, [f"stat <{ino}>" for ino in inodes])
    folders = [ino for ino, text in zip(inodes, stats) if b"Type: directory" in text]
    for ino, text in zip(folders, ext4fs.debugfs_many(image, [f"blocks <{ino}>" for ino in folders])):
        found += [Spot("directory", int(number) * block, block, names[ino]) for number in text.split()]
    trees = ext4fs.debugfs_many(image, [f"ex <{ino}>" for ino in inodes])
    found += [Spot("extents", int(number) * block, block, names[ino]) for ino, text in zip(inodes, trees)
              for number in re.findall(rb"^ 0/ 1 +\d+/ *\d+ +\d+ - +\d+ +(\d+)", text, re.M)]
    told = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    found += [Spot("bitmap", int(number) * block, block, None)
              for number in re.findall(r"(?:Block|Inode) bitmap at (\d+)", told)]
    data = image.read_bytes()
    waiting = [number * block for number in disks.blocks_of(image, "<8>")[:12]]
    last = max(at for at in waiting if data[at:at + 8] == COMMIT) # without it the transaction looks unfinished
    found += [Spot("journal", at, block, None) for at in waiting if at != last]
    return [*found, Spot("superblock", 1024, 1024, None), Spot("groups", 2 * block, block, None)]


def flip(chance: random.Random, image: Path, spot: Spot) -> Damage:
    """Change one to four bytes, and leave the checksum as it is."""
    count = chance.choice((1, 1, 1, 4))
    changed = []
    with open(image, "r+b") as out:
        for _ in range(count):
            at = spot.at + chance.randrange(spot.size)
            out.seek(at)
            byte = out.read(1)[0] ^ chance.choice((1 << chance.randrange(8), 0xFF, chance.randrange(1, 256)))
            out.seek(at)
            out.write(bytes([byte]))
            changed.append(f"{at - spot.at:#x}={byte:#x}")
    return Damage(f"{spot.kind} of {spot.path or 'the file system'}, at {spot.at}: {', '.join(changed)}", spot.path)


FIELDS = ("mode", "uid", "size", "links_count", "flags", "mtime", "crtime", "block[0]", "block[2]", "block[5]", "file_acl",
          "generation", "extra_isize")


def reseal(chance: random.Random, image: Path, spot: Spot) -> Damage:
    """Change a field of an inode, and give it the right checksum, which debugfs does."""
    name = chance.choice(FIELDS)
    value = chance.choice((0, 1, 0xFFFF, chance.randrange(1 << 16), chance.randrange(1 << 31)))
    subprocess.run(["debugfs", "-w", "-R", f"sif {spot.path} {name} {value:#x}", image], capture_output=True, check=False)
    return Damage(f"{spot.path}: {name} = {value:#x}", spot.path)


def mutated(seed: int, count: int, out: Path, resealed: bool) -> Tally:
    """Mutated images of a small host."""
    chance = random.Random(seed)
    tally = Tally("resealed" if resealed else "flipped")
    base = rich(out)
    whole, all_spots = read(base, out), spots(base)
    kinds = ["inode"] if resealed else sorted({spot.kind for spot in all_spots})
    for _ in range(count):
        kind = chance.choice(kinds)
        spot = chance.choice([spot for spot in all_spots if spot.kind == kind and (not resealed or spot.path)])
        image = disks.sparse_copy(base, out / "image.raw")
        damage = (reseal if resealed else flip)(chance, image, spot)
        tally.judge(whole, read(image, out), damage)
    return tally
