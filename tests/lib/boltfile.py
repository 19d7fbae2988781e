# SPDX-License-Identifier: Apache-2.0
"""Databases of bbolt, written after the description of the format (etcd-io/bbolt internal/common) and without the library:
one leaf page a bucket, with overflow pages as needed. Small buckets are inline, as the library would have them. What a
database holds who asked for it knows."""
import random
import struct
from typing import Union

Bucket = dict[bytes, Union[bytes, "Bucket"]]
BRANCH, LEAF, META, FREELIST = 1, 2, 4, 16
MAGIC = 0xED0CDAED


def fnv(data: bytes) -> int:
    """FNV-1a, 64 bits."""
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


class Writer:
    """Collects the pages of one database."""

    def __init__(self, page_size: int = 4096, big: bool = False, first: int = 4) -> None:
        self.page_size, self.order, self.first = page_size, ">" if big else "<", first
        self.pages: list[bytes] = []

    def pack(self, form: str, *values: int) -> bytes:
        """struct.pack in the database's byte order."""
        return struct.pack(self.order + form, *values)

    def leaf(self, bucket: Bucket) -> bytes:
        """An inline leaf page with everything in it."""
        items, data = b"", b""
        for at, (key, value) in enumerate(sorted(bucket.items())):
            flags = int(isinstance(value, dict))
            value = self.bucket(value) if isinstance(value, dict) else value
            items += self.pack("IIII", flags, 16 * (len(bucket) - at) + len(data), len(key), len(value))
            data += key + value
        return self.pack("QHHI", 0, LEAF, len(bucket), 0) + items + data

    def bucket(self, bucket: Bucket) -> bytes:
        """Value of the element that stands for a bucket."""
        if not any(isinstance(value, dict) for value in bucket.values()):
            page = self.leaf(bucket)
            if len(page) < self.page_size // 4:
                return self.pack("QQ", 0, 0) + page
        return self.pack("QQ", self.add(bucket), 0)

    def add(self, bucket: Bucket) -> int:
        """Write the page of a bucket; its number."""
        items = self.leaf(bucket)[16:]  # its own buckets have their pages before it
        number, count = self.first + len(self.pages), (len(items) + 15) // self.page_size + 1
        page = self.pack("QHHI", number, LEAF, len(bucket), count - 1) + items.ljust(count * self.page_size, b"\0")
        self.pages += [page[at * self.page_size:(at + 1) * self.page_size] for at in range(count)]
        return number

    def meta(self, number: int, root: int, transaction: int) -> bytes:
        """Meta page `number` for a tree that begins at page `root`."""
        body = self.pack("IIIIQQQQQ", MAGIC, 2, self.page_size, 0, root, 0, 2, self.first + len(self.pages), transaction)
        page = self.pack("QHHI", number, META, 0, 0) + body + self.pack("Q", fnv(body))
        return page.ljust(self.page_size, b"\0")

    def file(self, metas: tuple[bytes, bytes]) -> bytes:
        """The whole file: both metas, an empty list of free pages, an empty page, then all that was added."""
        free = self.pack("QHHI", 2, FREELIST, 0, 0).ljust(self.page_size, b"\0")
        return b"".join([*metas, free, self.pack("QHHI", 3, LEAF, 0, 0).ljust(self.page_size, b"\0"), *self.pages])


class SplitWriter(Writer):
    """As the library leaves large buckets: no page holds more than fits, and branch pages lead to those of a bucket."""

    def size(self, key: bytes, value: Union[bytes, Bucket]) -> int:
        """Bytes that an element takes at most."""
        inline = isinstance(value, dict) and not any(isinstance(inner, dict) for inner in value.values())
        return 16 + len(key) + (len(self.bucket(value)) if inline else 16 if isinstance(value, dict) else len(value))

    def add(self, bucket: Bucket) -> int:
        """The page at the top of the bucket's tree."""
        level, left = [], 0
        for key in sorted(bucket):
            size = self.size(key, bucket[key])
            if not level or size > left:
                level.append({})
                left = self.page_size - 16
            level[-1][key] = bucket[key]
            left -= size
        pages = [(min(piece), super(SplitWriter, self).add(piece)) for piece in level or [{}]]
        while len(pages) > 1:
            groups = [pages[at:at + self.page_size // 256] for at in range(0, len(pages), self.page_size // 256)]
            pages = [(group[0][0], self.branch(group)) for group in groups]
        return pages[0][1]

    def branch(self, children: list[tuple[bytes, int]]) -> int:
        """A branch page over pages and their first keys."""
        items, data = b"", b""
        for at, (key, child) in enumerate(children):
            items += self.pack("IIQ", 16 * (len(children) - at) + len(data), len(key), child)
            data += key
        number = self.first + len(self.pages)
        page = self.pack("QHHI", number, BRANCH, len(children), 0) + items + data
        assert len(page) <= self.page_size
        self.pages.append(page.ljust(self.page_size, b"\0"))
        return number


def database(live: Bucket, older: Bucket | None = None, freed: tuple[Bucket, ...] = (), **options) -> bytes:
    """A database that holds `live`; held `older` one transaction ago; and has pages with what was in `freed`."""
    writer = Writer(**options)
    for bucket in freed:
        writer.add(bucket)
    before = writer.add(older) if older is not None else 3
    root = writer.add(live)
    return writer.file((writer.meta(0, before, 6), writer.meta(1, root, 7)))


def damaged(rng: random.Random, content: bytes) -> bytes:
    """A file with one of the kinds of damage: bits, lengths and numbers, missing and foreign pages, a short file."""
    data = bytearray(content)
    kind = rng.randrange(5)
    if kind == 0:
        for _ in range(rng.randrange(1, 30)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        return bytes(data[:rng.randrange(len(data))])
    elif kind == 2:
        for _ in range(rng.randrange(1, 10)):
            at = rng.randrange(len(data) // 8) * 8
            data[at:at + 4] = struct.pack("<I", rng.choice([0, 1, 2, 3, 16, 0xFFFF, 2**31, 2**32 - 1, 2**32 - 16]))
    elif kind == 3:
        page, other = (rng.randrange(len(data) // 1024) * 1024 for _ in range(2))
        data[page:page + 1024] = data[other:other + 1024]
    else:
        page = rng.randrange(2, len(data) // 1024) * 1024
        data[page:page + 1024] = rng.choice([b"\0", b"\xff"]) * 1024
    return bytes(data)
