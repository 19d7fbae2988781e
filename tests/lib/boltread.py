# SPDX-License-Identifier: Apache-2.0
"""Reading bbolt databases, after the description of the format (etcd-io/bbolt internal/common), and the recorded listings
that the bbolt library made of them. The first is held against the second by containerd/test_containerd_truth.py."""
import re
import struct
from collections.abc import Iterable, Iterator

from lib.boltfile import BRANCH, LEAF, MAGIC, fnv
from lib.reading import unescape

PAGE, META_AT = 16, struct.Struct("<IIIIQQQQQQ")


class Bucket(dict):
    """Names with bytes or buckets; `sequence` is how many numbers the bucket has ever given out."""

    def __init__(self, items: Iterable[tuple[bytes, object]] = (), sequence: int = 0) -> None:
        super().__init__(items)
        self.sequence = sequence

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self.sequence == getattr(other, "sequence", 0)

    def below(self, *path: bytes) -> "Bucket":
        """A bucket in this one, which is empty where it is not there."""
        found = self
        for name in path:
            found = found.get(name, Bucket())
        return found


def newest(data: bytes) -> tuple[int, ...]:
    """The fields of the meta page that is in force: the valid one of the later transaction."""
    size = META_AT.unpack_from(data, PAGE)[2]
    metas = [META_AT.unpack_from(data, number * size + PAGE) for number in range(2)]
    valid = [meta for number, meta in enumerate(metas) if meta[0] == MAGIC
             and meta[9] in (0, fnv(data[number * size + PAGE:number * size + PAGE + 56]))]
    return max(valid, key=lambda meta: meta[8])


def read(data: bytes) -> Bucket:
    """All that the newer of both transactions holds."""
    meta = newest(data)
    return Bucket(_pages(data, meta[2], meta[4]), meta[5])


def used_bytes(data: bytes) -> int:
    """How long a file must be to have every page that was ever used."""
    meta = newest(data)
    return meta[2] * meta[7]


def _pages(data: bytes, size: int, number: int) -> Iterator[tuple[bytes, object]]:
    """What a page of a tree and those below it hold."""
    at = number * size
    found, flags, count, _overflow = struct.unpack_from("<QHHI", data, at)
    assert found == number and flags in (BRANCH, LEAF), (number, found, flags)
    if flags == LEAF:
        yield from _leaf(data, size, at, count)
        return
    for index in range(count):
        yield from _pages(data, size, struct.unpack_from("<IIQ", data, at + PAGE + 16 * index)[2])


def _leaf(data: bytes, size: int, at: int, count: int) -> Iterator[tuple[bytes, object]]:
    """The elements of a leaf page; a bucket's value is the number of its page, or 0 and then the page itself."""
    for index in range(count):
        element = at + PAGE + 16 * index
        flags, place, keys, values = struct.unpack_from("<IIII", data, element)
        key = data[element + place:element + place + keys]
        start = element + place + keys
        if not flags & 1:
            yield key, data[start:start + values]
            continue
        root, sequence = struct.unpack_from("<QQ", data, start)
        if root:
            yield key, Bucket(_pages(data, size, root), sequence)
        else:
            inline = data[start + 16:start + values]
            yield key, Bucket(_leaf(inline, size, 0, struct.unpack_from("<QHHI", inline)[2]), sequence)


def listed(lines: Iterator[str]) -> Bucket:
    """The same from a recorded listing: the path of buckets and key, a tab, the value. Names may have slashes; a bucket
    stands before what is in it."""
    root = Bucket()
    buckets = {b"": root}
    for line in lines:
        path, _, value = line.rstrip("\n").partition("\t")
        name = unescape(path)
        above = next(name[:match.start()] for match in reversed(list(re.finditer(b"/", name)))
                     if name[:match.start()] in buckets)
        key = name[len(above) + 1:]
        if match := re.fullmatch(r"<bucket seq=(\d+)>", value):
            buckets[name] = buckets[above][key] = Bucket(sequence=int(match[1]))
        else:
            buckets[above][key] = unescape(value)
    return root


def uvarint(data: bytes) -> int:
    """An unsigned number, as Go's encoding/binary writes it."""
    return sum((byte & 0x7F) << 7 * at for at, byte in enumerate(data))


def varint(data: bytes) -> int:
    """A signed one (zigzag)."""
    value = uvarint(data)
    return value >> 1 ^ -(value & 1)


def time_ns(data: bytes) -> int:
    """Nanoseconds since 1970 of a time as Go's time.MarshalBinary writes it: version, seconds since the year 1, ns, zone."""
    version, seconds, part = struct.unpack_from(">BQI", data)
    assert version in (1, 2) and len(data) in (15, 16)
    return (seconds - 62135596800) * 10**9 + part
