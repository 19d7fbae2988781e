# SPDX-License-Identifier: Apache-2.0
"""Where an XFS of version 5 holds its metadata, found by magic numbers, and how checksums are made right again after a change.
Facts: linux fs/xfs/libxfs/xfs_format.h, xfs_da_format.h (6.18)."""
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.checksums import crc32c


@dataclass(frozen=True)
class Part:
    """A structure: what it is, its place and size in bytes, and where its checksum is in it."""
    kind: str
    at: int
    size: int
    sum: int


def geometry(image: bytes) -> dict[str, int]:
    """Sizes in bytes, from the superblock, and where the log lies."""
    block, = struct.unpack_from(">I", image, 4)
    sector, inode = struct.unpack_from(">HH", image, 102)
    start, = struct.unpack_from(">Q", image, 48)
    ag_blocks, = struct.unpack_from(">I", image, 84)
    length, = struct.unpack_from(">I", image, 96)
    bits = image[124]
    log = ((start >> bits) * ag_blocks + (start & (1 << bits) - 1)) * block
    return {"block": block, "sector": sector, "inode": inode, "directory": block << image[192], "log": log,
            "log_end": log + length * block}


# Magic number: kind, whose size it has, place of the checksum.
HEADS = {b"XFSB": ("superblock", "sector", 224), b"XAGF": ("agf", "sector", 216), b"XAGI": ("agi", "sector", 312),
         b"IAB3": ("inobt", "block", 52), b"BMA3": ("bmap", "block", 64), b"XDB3": ("directory", "directory", 4),
         b"XDD3": ("directory", "directory", 4), b"XARM": ("value", "block", 12), b"XSLM": ("link", "block", 12)}
LEAVES = {b"\x3b\xee": ("attributes", "block"), b"\x3d\xf1": ("index", "directory"), b"\x3d\xff": ("index", "directory")}


def parts(image: bytes) -> Iterator[Part]:
    """All but those in the log."""
    sizes = geometry(image)
    for at in range(0, len(image) - 511, 512):
        head = image[at:at + 10]
        if sizes["log"] <= at < sizes["log_end"] or not any(head):
            continue
        if head[:4] in HEADS:
            kind, unit, place = HEADS[head[:4]]
            yield Part(kind, at, sizes[unit], place)
        elif head[8:] in LEAVES and at % sizes["block"] == 0:
            kind, unit = LEAVES[head[8:]]
            yield Part(kind, at, sizes[unit], 12)
        elif head[:2] == b"IN" and head[4] == 3 and at % sizes["inode"] == 0:
            yield Part("inode" if head[2:4] != b"\0\0" else "free inode", at, sizes["inode"], 100)


def seal(image: bytearray, part: Part) -> None:
    """Make its checksum right."""
    place = part.at + part.sum
    image[place:place + 4] = bytes(4)
    struct.pack_into("<I", image, place, ~crc32c(0xFFFFFFFF, bytes(image[part.at:part.at + part.size])) & 0xFFFFFFFF)


def is_sealed(image: bytes, part: Part) -> bool:
    """Is its checksum right?"""
    copy = bytearray(image[part.at:part.at + part.size])
    seal(copy, Part(part.kind, 0, part.size, part.sum))
    return copy == image[part.at:part.at + part.size]


def change(image: bytearray, part: Part, chance: random.Random, most: int) -> None:
    """Other bytes somewhere in it, more often where it begins: one bit, one byte, or a number that is small, large or near."""
    for _ in range(chance.randint(1, most)):
        at = part.at + chance.randrange(min(part.size, 200) if chance.random() < 0.6 else part.size)
        width = chance.choice((1, 1, 1, 2, 4, 8))
        at = min(at, part.at + part.size - width)
        old = int.from_bytes(image[at:at + width], "big")
        new = chance.choice((old ^ 1 << chance.randrange(8 * width), chance.getrandbits(8 * width), 0, (1 << 8 * width) - 1,
                             old + chance.choice((-1, 1, 8, -8))))
        image[at:at + width] = (new & (1 << 8 * width) - 1).to_bytes(width, "big")
