# SPDX-License-Identifier: Apache-2.0
"""The reader of bbolt databases, by build/san/boltdump: files that the real library made (tests/data/bbolt, with what the
library itself reads from them), files of tests/lib/boltfile.py in both byte orders, and damaged ones."""
import random
from pathlib import Path

import pytest
from lib import boltfile, launch, machine, sanitizers

BOLTDUMP = machine.REPO / "build/san/boltdump"
FIXTURES = machine.REPO / "tests/data/bbolt"
BUCKET = {b"volumes": {b"one": b"1", b"two": b"22" * 400}, b"empty": {}, b"nested": {b"in": {b"key": b"value"}}}


class BoltDump:
    """What boltdump said: lines by where they were found."""

    def __init__(self, file: Path) -> None:
        done = launch.limited([BOLTDUMP, file], 20, capture_output=True, env=sanitizers.environment())
        assert done.returncode == 0, done
        *lines, last = done.stdout.decode().splitlines()
        _, self.transaction, self.damages, self.text = last.split(" ", 3)
        self.found = {key: [line.split(" ", 1)[1] for line in lines if line.startswith(key + " ")]
                      for key in ("live", "older", "freed", "known")}


def write(tmp: Path, content: bytes) -> Path:
    """A file with that content."""
    (tmp / "x.db").write_bytes(content)
    return tmp / "x.db"


def lines_of(name: str) -> list[str]:
    """What the library read."""
    return (FIXTURES / name).read_text().splitlines()


@pytest.mark.parametrize("name", ["empty", "small", "deep"])
def test_library(name: str) -> None:
    """The live tree is what the library reads; of the older one, what is no more; nothing deleted is missing."""
    dump, live, older = BoltDump(FIXTURES / f"{name}.db"), lines_of(f"{name}.live"), lines_of(f"{name}.older")
    assert (dump.found["live"], dump.damages) == (live, "0")
    assert sorted(dump.found["older"]) == sorted(set(older) - set(live))


def test_freed() -> None:
    """Keys that were deleted two transactions ago are found on freed pages."""
    dump = BoltDump(FIXTURES / "deep.db")
    keys = {bytes.fromhex(line.split(" ")[1]) for line in dump.found["freed"]}
    assert keys & {b"key%03d" % i for i in range(10, 50)}
    assert not {line.split(" ", 1)[1] for line in dump.found["freed"]} & {
        line.split(" ", 1)[1] for line in lines_of("deep.live")}, "nothing that lives is told as deleted"


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_orders(tmp: Path, big: bool, page_size: int) -> None:
    """Both byte orders, pages of all sizes, the older tree, freed pages, values that span pages."""
    older = {b"volumes": {b"one": b"1", b"gone": b"x"}}
    freed = {b"long": b"l" * 70000, b"ago": b"y"}
    dump = BoltDump(write(tmp, boltfile.database(BUCKET, older, (freed,), page_size=page_size, big=big)))
    item = "{} {} {}".format
    volumes = b"volumes".hex()
    assert dump.found["live"] == [item("/".join((b"nested".hex(), b"in".hex())), b"key".hex(), b"value".hex()),
                                  item(volumes, b"one".hex(), b"1".hex()),
                                  item(volumes, b"two".hex(), (b"22" * 400).hex())]
    assert dump.found["older"] == [item(volumes, b"gone".hex(), b"x".hex())]
    assert dump.found["known"] == [item(volumes, b"one".hex(), b"1".hex())]
    assert sorted(dump.found["freed"]) == sorted([item("", b"long".hex(), (b"l" * 70000).hex()),
                                                  item("", b"ago".hex(), b"y".hex())])
    assert (dump.transaction, dump.damages) == ("7", "0")


def test_metas(tmp: Path) -> None:
    """With one meta page the other one's tree is still found; with none, the pages are."""
    good = boltfile.database(BUCKET, {b"volumes": {b"gone": b"x"}})
    first = BoltDump(write(tmp, b"\0" * 4096 + good[4096:]))
    assert first.damages == "1" and len(first.found["live"]) == 3 and not first.found["older"]
    second = BoltDump(write(tmp, good[:4096] + b"\0" * 4096 + good[8192:]))
    assert second.damages == "1" and [line.split()[1] for line in second.found["live"]] == [b"gone".hex()]
    assert len(second.found["freed"]) == 3, "the newer tree's pages"
    bad_sum = bytearray(good)
    bad_sum[4096 + 16 + 20] ^= 1
    assert BoltDump(write(tmp, bad_sum)).found["live"] == second.found["live"]
    none = BoltDump(write(tmp, b"\0" * 8192 + good[8192:]))
    assert none.damages == "1" and len(none.found["freed"]) == 4 and not none.found["live"]
    assert BoltDump(write(tmp, b"")).damages == "1"


def test_order(tmp: Path) -> None:
    """Keys out of order are said, and read."""
    content = boltfile.database({b"b": {b"k%02d" % i: b"v" * 50 for i in range(30)}}, page_size=512)
    swapped = content.replace(b"k05", b"zzz")
    dump = BoltDump(write(tmp, swapped))
    assert len(dump.found["live"]) == 30 and dump.text.startswith("keys out of order")


def test_cycle(tmp: Path) -> None:
    """A branch page that is its own child, and the same bucket over and over, come to an end."""
    writer = boltfile.Writer(page_size=4096)
    writer.pages += [b""]
    elements = b"".join(writer.pack("IIQ", 16 * (250 - i), 0, 4) for i in range(250))
    writer.pages[0] = (writer.pack("QHHI", 4, boltfile.BRANCH, 250, 0) + elements).ljust(4096, b"\0")
    dump = BoltDump(write(tmp, writer.file((writer.meta(0, 4, 6), writer.meta(1, 4, 7)))))
    assert int(dump.damages) >= 250 and not any(dump.found.values())


def test_overlapping(tmp: Path) -> None:
    """Sixty thousand buckets that are all the same bytes: no more is read than the file could hold."""
    writer, count = boltfile.Writer(page_size=65536), 4000
    inline = writer.pack("QQ", 0, 0) + writer.leaf({b"%04d" % i: b"" for i in range(count)})
    elements = b"".join(writer.pack("IIII", 1, 16 * (count - i), 0, len(inline)) for i in range(count))
    page = writer.pack("QHHI", 4, boltfile.LEAF, count, 3) + elements + inline
    writer.pages += [page.ljust(4 * 65536, b"\0")[i * 65536:(i + 1) * 65536] for i in range(4)]
    dump = BoltDump(write(tmp, writer.file((writer.meta(0, 4, 6), writer.meta(1, 4, 7)))))
    assert len(dump.found["live"]) < 100000


def test_damaged(tmp: Path) -> None:
    """Three hundred damaged files: no crash, no endless loop, and nothing but what the pages hold."""
    content, rng = (FIXTURES / "deep.db").read_bytes(), random.Random(4)
    survived = 0
    for _ in range(300):
        dump = BoltDump(write(tmp, boltfile.damaged(rng, content)))
        survived += bool(sum(map(len, dump.found.values())))
    assert survived > 200
