#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a small file system image into an input of the fuzz target ext4image: `image.py IMAGE OPTIONS > SEED`.

The options are those of ext4image.c: 1 without checksums, 2 without journal, 4 cut short, 8 with sealed fast
commits, 16 with a search for copies of the superblock.
"""

import sys
from pathlib import Path

UNIT = 64
MOST = 256  # bytes of a piece


def pieces(image: bytes) -> list[tuple[int, bytes]]:
    """What is not zero, as unit and bytes."""
    found = []
    for at in range(0, len(image), UNIT):
        part = image[at:at + UNIT].rstrip(b"\0")
        if not part:
            continue
        if found:
            unit, before = found[-1]
            gap = at - unit * UNIT - len(before)
            if gap < 8 and len(before) + gap + len(part) <= MOST:
                found[-1] = (unit, before + bytes(gap) + part)
                continue
        found.append((at // UNIT, part))
    return found


def encode(image: bytes, options: int) -> bytes:
    """The input that stands for the image."""
    out = bytes([options]) + (len(image) // 1024 - 1).to_bytes(2, "big")
    return out + b"".join(unit.to_bytes(2, "big") + bytes([len(part) - 1]) + part for unit, part in pieces(image))


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(Path(sys.argv[1]).read_bytes(), int(sys.argv[2])))
