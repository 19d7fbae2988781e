#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a small XFS image, of at most 64 MiB, into an input of the fuzz target xfsimage: `xfsimage.py IMAGE OPTIONS > SEED`.

The options are those of xfsimage.c: 1 with checksums made right, 2 cut short, 4 with a search for copies of the superblock, 8
without the log. Of a log, which is large, nothing is taken.
"""

import struct
import sys
from pathlib import Path

UNIT, SECTOR = 64, 512


def pieces(image: bytes) -> list[tuple[int, bytes]]:
    """What is not zero, as unit and bytes. A piece begins with each sector, where checksums may have to be made right."""
    found = []
    for at in range(0, len(image), SECTOR):
        sector = image[at:at + SECTOR].rstrip(b"\0")
        for inside in range(0, len(sector), 256):
            part = sector[inside:inside + 256].rstrip(b"\0")
            if part:
                found.append(((at + inside) // UNIT, part))
    return found


def without_log(image: bytes) -> bytes:
    """Zeros where the log is."""
    block, = struct.unpack_from(">I", image, 4)
    start, = struct.unpack_from(">Q", image, 48)
    ag_blocks, = struct.unpack_from(">I", image, 84)
    length, = struct.unpack_from(">I", image, 96)
    at = ((start >> image[124]) * ag_blocks + (start & (1 << image[124]) - 1)) * block
    return image[:at] + bytes(length * block) + image[at + length * block:]


def encode(image: bytes, options: int) -> bytes:
    """The input that stands for the image."""
    out = bytes([options]) + (len(image) // 16384 - 1).to_bytes(2, "big")
    return out + b"".join(unit.to_bytes(3, "big") + bytes([len(part) - 1]) + part for unit, part in pieces(without_log(image)))


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(Path(sys.argv[1]).read_bytes(), int(sys.argv[2])))
