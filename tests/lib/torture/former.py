# SPDX-License-Identifier: Apache-2.0
"""Where an ext4 image holds what recovery reads, copies in its journal too, and how their checksums are made right again after a
change. A CRC is linear: how it changes with the data does not depend on what went before, so no seed has to be known."""
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from lib import disks
from lib.checksums import crc32c

DESCRIPTOR, COMMIT, REVOKE = 1, 2, 5                  # types of blocks of a journal
MAGIC = 0xC03B3998
LAST, SAME_UUID = 8, 2                                # flags of a tag
EXTENTS = 0xF30A


@dataclass
class Seal:
    """A checksum over a range, in pieces: where, how many bytes of it, in which order, and from which bit on. They count as zeros
    in the range."""
    at: int
    size: int
    pieces: list[tuple[int, int, Literal["little", "big"], int]]
    inode: bool = False                               # its generation goes first

    def of(self, data: bytes | bytearray) -> int:
        """The sum without its seed."""
        covered = bytearray(data[self.at:self.at + self.size])
        first = bytes(covered[0x64:0x68]) if self.inode else b""
        for at, width, _, _ in self.pieces:
            if self.at <= at < self.at + self.size:
                covered[at - self.at:at - self.at + width] = bytes(width)
        return crc32c(0, first + covered)

    def change(self, data: bytearray, by: int) -> None:
        """Let the sum differ from what it was."""
        for at, width, order, shift in self.pieces:
            old = int.from_bytes(data[at:at + width], order)
            data[at:at + width] = (old ^ by >> shift & (1 << 8 * width) - 1).to_bytes(width, order)


@dataclass
class Spot:
    """Some bytes that hold one structure, and the sums above it, the innermost first."""
    kind: str
    at: int
    size: int
    seals: list[Seal] = field(default_factory=list)


class Image:
    """The structures of an image that is whole."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        number = partial(self.number, 1024)
        self.first, self.block, self.per_group, self.inode_size = number(20), 1024 << number(24), number(40), number(88, "H")
        self.blocks, self.clusters = number(4), number(36)
        self.sealed = bool(number(100) & 0x400)
        self.wide = number(254, "H") if number(96) & 0x80 else 32
        self.groups = -(-(self.blocks - self.first) // number(32))
        self.journal = [block * self.block for block in disks.blocks_of(path, "<8>")]
        self.tables = {self.number(self.group(group), offset=8) + at: group * self.per_group + at * (self.block // self.inode_size) + 1
                       for group in range(self.groups) for at in range(-(-self.per_group * self.inode_size // self.block))}
        self.bitmaps = {self.number(self.group(group), offset=offset): (group, offset)
                        for group in range(self.groups) for offset in (0, 4)}
        self.spots = [*self.at_home(), *self.in_journal()]

    def number(self, at: int, offset: int = 0, form: str = "I") -> int:
        """A number in the image."""
        return struct.unpack_from("<" + form, self.data, at + offset)[0]

    def group(self, number: int) -> int:
        """Where the descriptor of a group lies."""
        return (self.first + 1) * self.block + number * self.wide

    def inodes(self, at: int, kind: str, seals: list[Seal]) -> Iterator[Spot]:
        """The inodes in a block of a table that are or were used."""
        for place in range(at, at + self.block, self.inode_size):
            pieces: list[tuple[int, int, Literal["little", "big"], int]] = [(place + 0x7C, 2, "little", 0)]
            if self.inode_size > 128 and self.number(place, 0x80, "H") >= 4:
                pieces.append((place + 0x82, 2, "little", 16))
            if self.number(place, 0, "H"):
                yield Spot(kind, place, self.inode_size, self.own(Seal(place, self.inode_size, pieces, True)) + seals)

    def own(self, seal: Seal) -> list[Seal]:
        """A sum that only file systems with checksums have."""
        return [seal] if self.sealed else []

    def block_at(self, at: int, former: str, seals: list[Seal]) -> Iterator[Spot]:
        """A block that is known by what it holds: a node of extents, or the first of a directory."""
        end = at + self.block
        if self.number(at, 0, "H") == EXTENTS:
            sum_at = at + 12 + 12 * self.number(at, 4, "H")
            yield Spot(former + "leaf", at, self.block, self.own(Seal(at, sum_at - at, [(sum_at, 4, "little", 0)])) + seals)
        elif self.number(at, 4, "H") == 12 and self.data[at + 6:at + 7] == b"\1" and self.data[at + 8:at + 9] == b".":
            yield Spot(former + "directory", at, self.block, self.own(Seal(at, self.block - 12, [(end - 4, 4, "little", 0)])) + seals)

    def at_home(self) -> Iterator[Spot]:
        """What lies in place."""
        journal = set(self.journal)
        for number in range(self.first, len(self.data) // self.block):
            at = number * self.block
            if number in self.tables:
                yield from self.inodes(at, "inode", [])
            elif number in self.bitmaps:
                group, offset = self.bitmaps[number]
                desc, low = self.group(group), 0x18 + offset // 2
                pieces = [(desc + low, 2, "little", 0)] + ([(desc + low + 0x20, 2, "little", 16)] if self.wide >= 64 else [])
                bits = self.per_group if offset else self.clusters
                yield Spot("bitmap", at, self.block, self.own(Seal(at, bits // 8, pieces)) + self.own(self.group_seal(group)))
            elif at not in journal:
                yield from self.block_at(at, "", [])
        for group in range(self.groups):
            yield Spot("group", self.group(group), self.wide, self.own(self.group_seal(group)))
        yield Spot("superblock", 1024, 1024, self.own(Seal(1024, 1020, [(2044, 4, "little", 0)])))

    def group_seal(self, group: int) -> Seal:
        """The sum of a descriptor."""
        return Seal(self.group(group), self.wide, [(self.group(group) + 0x1E, 2, "little", 0)])

    def in_journal(self) -> Iterator[Spot]:
        """The blocks of the journal, and the copies in it, also those of long ago."""
        features = int.from_bytes(self.data[self.journal[0] + 0x28:self.journal[0] + 0x2C], "big")
        summed = features & 0x18
        yield Spot("journal's superblock", self.journal[0], 1024, [Seal(self.journal[0], 1024, [(self.journal[0] + 0xFC, 4, "big", 0)])] if summed else [])
        for index, at in enumerate(self.journal):
            magic, kind = struct.unpack_from(">II", self.data, at)
            if magic != MAGIC or kind not in (DESCRIPTOR, COMMIT, REVOKE):
                continue
            end = at + 0x10 if kind == COMMIT else at + self.block - 4
            seals = [Seal(at, self.block, [(end, 4, "big", 0)])] if summed else []
            yield Spot({DESCRIPTOR: "descriptor", COMMIT: "commit", REVOKE: "revokes"}[kind], at, self.block, seals)
            if kind == DESCRIPTOR:
                yield from self.copies(index, features, seals)

    def copies(self, index: int, features: int, seals: list[Seal]) -> Iterator[Spot]:
        """What a descriptor tells to be behind it."""
        at, third = self.journal[index] + 12, features & 0x10
        width = 16 if third else 8 + (2 if features & 8 else 0) + (4 if features & 2 else 0)
        while at + width <= self.journal[index] + self.block - 4 and index + 1 < len(self.journal):
            index += 1
            block, flags = struct.unpack_from(">II" if third else ">IxxH", self.data, at)
            place = self.journal[index]
            tag = [Seal(place, self.block, [(at + 12, 4, "big", 0) if third else (at + 4, 2, "big", 0)])] if features & 0x18 else []
            if block in self.tables:
                yield from self.inodes(place, "former inode", tag + seals)
            elif block in self.bitmaps:
                yield Spot("former bitmap", place, self.block, tag + seals)
            else:
                yield from self.block_at(place, "former ", tag + seals)
            if flags & LAST:
                return
            at += width + (0 if flags & SAME_UUID else 16)


def put(out: bytearray, spot: Spot, new: bytes, seal: bool) -> None:
    """Put other bytes into a spot of a copy of the image, with the right sums above it or with the old ones."""
    seals = spot.seals if seal else []
    sums = [one.of(out) for one in seals]
    out[spot.at:spot.at + spot.size] = new
    for one, before in zip(seals, sums):
        one.change(out, before ^ one.of(out))
