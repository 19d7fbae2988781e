# SPDX-License-Identifier: Apache-2.0
"""Databases of bbolt whose last state is damaged: what the state before it, and the pages, still tell. Nothing is said to
have been removed on the strength of damage. What each state holds is known, since the test wrote it."""
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import boltfile, hosts, launch, reading

PAGE = 4096


def value(name: str) -> bytes:
    """What dockerd notes of a volume of another driver, which has no directory."""
    return json.dumps({"Name": name, "Driver": "remote", "Labels": None, "Options": None}).encode()


def volumes(*names: str) -> dict:
    """A state of volumes/metadata.db. It is too large to lie in the page at the top of its tree."""
    return {b"volumes": {name.encode(): value(name) + b" " * 1500 for name in names}}


LIVE, OLDER = volumes("both", "new"), volumes("both", "gone")
CONTENT = boltfile.database(LIVE, OLDER, (volumes("ago")[b"volumes"],))


def top(content: bytes, meta: int) -> int:
    """Where the page at the top of a state's tree begins."""
    return int.from_bytes(content[meta * PAGE + 32:meta * PAGE + 40], "little") * PAGE


def flip(content: bytes, at: int) -> bytes:
    """The content with one bit changed."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


class Run:
    """A host with such a database, read."""

    def __init__(self, tmp: Path, content: bytes) -> None:
        host = hosts.shop(tmp / "host")
        self.path = host.data / "volumes/metadata.db"
        host.write(self.path, content)
        rows = launch.timeline(host.root, "--manifest", tmp / "manifest")
        known = {row["volume_name"] for row in rows.where(data_type="container:volume:created")
                 if not row["witness"].split("#")[0].endswith("metadata.db")}
        self.created = {row["volume_name"]: row for row in rows.where(data_type="container:volume:created")
                        if row["volume_name"] not in known}
        self.removed = {row["volume_name"] for row in rows.where(data_type="container:volume:removed")}
        self.errors = [error["reason"] for error in rows.errors if error["path"] == host.inside(self.path)]
        assert len(self.errors) == len(rows.errors) and bool(rows.errors) == (rows.code == 1)
        [evidence] = json.loads((tmp / "manifest").read_text())["evidence"]
        self.copies = evidence["copies_used"]
        self.inside = host.inside(self.path)


def test_whole(tmp: Path) -> None:
    """The truth: what the last transaction removed and what was removed before it are told so, without an error."""
    run = Run(tmp, CONTENT)
    assert (set(run.created), run.removed, run.errors, run.copies) == ({"both", "new"}, {"gone", "ago"}, [], [])


@pytest.mark.parametrize("damage", [
    lambda content: content[:PAGE] + bytes(PAGE) + content[2 * PAGE:],
    lambda content: flip(content, PAGE + 16 + 56),
    lambda content: flip(content, PAGE + 16 + 48 + 1),
    lambda content: flip(content, PAGE + 16 + 20),
    lambda content: flip(content, PAGE + 16),
    lambda content: flip(content, top(content, 1)),
    lambda content: flip(content, top(content, 1) + 8),
    lambda content: flip(content, top(content, 1) + 16 + 3),
    lambda content: content[:top(content, 1)] + bytes(PAGE) + content[top(content, 1) + PAGE:],
], ids=["meta zeroed", "checksum", "transaction", "root", "magic", "number", "kind", "element", "page zeroed"])
def test_newest(tmp: Path, damage: Callable[[bytes], bytes]) -> None:
    """The newer meta page, or the page it leads to, is damaged: read is the state before, of which both volumes are.
    The volume that only the last state has is found, but nothing is known to be removed."""
    run = Run(tmp, damage(CONTENT))
    assert set(run.created) == {"both", "gone", "new", "ago"} and not run.removed
    assert run.copies == [{"database": run.inside, "meta_page": 0, "transaction": 6}]
    assert any("transaction 6, by meta page 0" in text for text in run.errors), run.errors
    assert {name for name, row in run.created.items() if "recovered" in row["tag"]} == {"new", "ago"}
    assert all(any("may have been removed" in fact for fact in run.created[name]["facts"]) for name in ("new", "ago"))
    assert all(run.created[name]["confidence"] == "bounded" for name in run.created)


def test_older_meta(tmp: Path) -> None:
    """Nobody knows which of two meta pages was the newer one once its checksum is wrong: that is said, no more."""
    run = Run(tmp, flip(CONTENT, 16 + 56))
    assert set(run.created) == {"both", "gone", "new", "ago"} and not run.removed
    assert run.copies == [{"database": run.inside, "meta_page": 1, "transaction": 7}]


def test_both_metas(tmp: Path) -> None:
    """With no meta page left whole the rows say that they are what is left."""
    for name, content in (("none", bytes(2 * PAGE) + CONTENT[2 * PAGE:]),
                          ("sums", flip(flip(CONTENT, 16 + 56), PAGE + 16 + 56))):
        (tmp / name).mkdir()
        run = Run(tmp / name, content)
        assert set(run.created) == {"both", "gone", "new", "ago"} and not run.removed
        assert any("neither of the two meta pages" in text for text in run.errors)


def test_both_trees(tmp: Path) -> None:
    """Both states are damaged at their top: the pages below are found, and none of them is said to be removed."""
    content = flip(flip(CONTENT, top(CONTENT, 0)), top(CONTENT, 1))
    run = Run(tmp, content)
    assert set(run.created) == {"both", "gone", "new", "ago"} and not run.removed and run.errors


def test_gives_more(tmp: Path) -> None:
    """The last state is damaged, and still gives more than the one before: it is read, and the other one stands in."""
    content = boltfile.database(volumes("a", "b", "c"), volumes("a"))
    element = top(content, 1) - 2 * PAGE + 16
    run = Run(tmp, content[:element] + b"\x02" + content[element + 1:])
    assert set(run.created) == {"a", "b", "c"} and not run.removed and not run.copies
    assert [name for name, row in run.created.items() if "recovered" in row["tag"]] == ["a"]
    assert len(run.errors) == 1 and "no item" in run.errors[0]


def test_containers(tmp: Path) -> None:
    """A meta.db of containerd whose last state is damaged: containers of the state before are there once, and not
    removed; that of the last one if its meta page alone is damaged."""
    host = hosts.shop(tmp / "host")
    stamp = b"\1" + (62135596800 + 1_700_000_000).to_bytes(8, "big") + bytes(4) + b"\xff\xff"

    def state(*names: bytes) -> dict:
        containers = {name: {b"createdat": stamp, b"updatedat": stamp, b"image": b"i" * 1500,
                             b"spec": b"\x0a\x01t\x12\x02{}"} for name in names}
        return {b"v1": {b"default": {b"containers": containers}}}

    content = boltfile.database(state(b"both", b"new"), state(b"both", b"gone"))
    place = host.root / "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
    for damaged, more in ((flip(content, PAGE + 16 + 48), ["new"]), (flip(content, top(content, 1) + 8), [])):
        host.write(place, damaged)
        rows = launch.timeline(host.root)
        made = rows.where(data_type="container:containerd:container", timestamp_desc="Creation Time")
        assert sorted(row["container_identifier"] for row in made) == ["both", "gone"] + more
        assert all(reading.nanoseconds(row) == 1_700_000_000 * 10**9 for row in made)
        assert any("transaction 6, by meta page 0" in error["reason"] for error in rows.errors)
