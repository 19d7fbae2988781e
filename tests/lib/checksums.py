# SPDX-License-Identifier: Apache-2.0
"""Checksums that Python does not have, bit by bit after their definitions, to make files whose sums are right."""


def reflected(crc: int, data: bytes, polynomial: int) -> int:
    """A CRC whose lowest bit goes first. Nothing is inverted at either end."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc


def crc32c(crc: int, data: bytes) -> int:
    """As the kernel's, without inversion at either end."""
    return reflected(crc, data, 0x82F63B78)


def crc64(data: bytes) -> int:
    """CRC-64/GO-ISO, as Go's hash/crc64 has it."""
    return reflected(2**64 - 1, data, 0xD800000000000000) ^ (2**64 - 1)
