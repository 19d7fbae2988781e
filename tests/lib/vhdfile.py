# SPDX-License-Identifier: Apache-2.0
"""Writes a differencing VHD, which qemu-img cannot make, by the Virtual Hard Disk Image Format Specification 1.0 of
Microsoft. Numbers are big-endian."""
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SECTOR, FOOTER, HEADER = 512, 512, 1024
FIXED, DYNAMIC, DIFFERENCE = 2, 3, 4
RELATIVE, ABSOLUTE = b"W2ru", b"W2ku"


def checksum(data: bytes, at: int) -> bytes:
    """The structure with its checksum, which lies at `at`."""
    plain = data[:at] + bytes(4) + data[at + 4:]
    return plain[:at] + struct.pack(">I", ~sum(plain) & 0xffffffff) + plain[at + 4:]


def footer(size: int, kind: int, uuid: bytes) -> bytes:
    """Of a disk of that many bytes, as Hyper-V ("win ") writes it."""
    data = struct.pack(">8sIIQI4sI4sQQHBBII16sB427x", b"conectix", 2, 0x10000, FOOTER if kind != FIXED else 2**64 - 1, 0, b"win ",
                       0x10000, b"Wi2k", size, size, 65535, 16, 255, kind, 0, uuid, 0)
    return checksum(data, 64)


def uuid_of(image: Path) -> bytes:
    """The UUID in the footer."""
    return image.read_bytes()[-FOOTER:][68:84]


@dataclass(frozen=True)
class Parent:
    """How a differencing image names the one below it."""
    uuid: bytes
    name: str = ""     # in the header
    relative: str = "" # in a locator
    absolute: str = ""


def locate(parent: Parent, at: int) -> tuple[bytes, bytes]:
    """Eight locators, and the sectors at `at` that they name."""
    entries, texts = b"", b""
    for code, path in ((ABSOLUTE, parent.absolute), (RELATIVE, parent.relative)):
        if path:
            text = path.encode("utf-16-le")
            entries += struct.pack(">4sIIIQ", code, SECTOR, len(text), 0, at + len(texts))
            texts += text.ljust(SECTOR, b"\0")
    return entries.ljust(8 * 24, b"\0"), texts


def difference(image: Path, size: int, uuid: bytes, parent: Parent, sectors: dict[int, bytes], block: int = 65536) -> None:
    """Write an image that has those sectors, by their numbers, and leaves the others to its parent."""
    count = -(-size // block)
    table_at = FOOTER + HEADER
    texts_at = table_at + -(-count * 4 // SECTOR) * SECTOR
    entries, texts = locate(parent, texts_at)
    header = struct.pack(">8sQQIIII16sII512s192s256x", b"cxsparse", 2**64 - 1, table_at, 0x10000, count, block, 0, parent.uuid, 0, 0,
                         parent.name.encode("utf-16-be"), entries)
    table, data, at = [0xffffffff] * count, b"", texts_at + len(texts)
    for number in sorted({sector * SECTOR // block for sector in sectors}):
        table[number] = (at + len(data)) // SECTOR
        data += stored(block, {sector - number * block // SECTOR: text for sector, text in sectors.items()
                               if sector * SECTOR // block == number}.items())
    tables = struct.pack(f">{count}I", *table).ljust(texts_at - table_at, b"\xff")
    end = footer(size, DIFFERENCE, uuid)
    image.write_bytes(end + checksum(header, 36) + tables + texts + data + end)


def stored(block: int, sectors: Iterable[tuple[int, bytes]]) -> bytes:
    """A block: the bitmap of its sectors, and these."""
    bitmap = bytearray(-(-block // SECTOR // 8 // SECTOR) * SECTOR)
    data = bytearray(block)
    for sector, text in sectors:
        bitmap[sector // 8] |= 0x80 >> sector % 8
        data[sector * SECTOR:(sector + 1) * SECTOR] = text
    return bytes(bitmap + data)
