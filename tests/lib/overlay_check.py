# SPDX-License-Identifier: Apache-2.0
"""What is wrong in what the program says of layers: of changes, of who hides what, and in its answer to `diff`.

What is right follows from the merged views of overlay_truth.py. These functions give the faults as lines of text. They serve
for recorded cases and for a host that was made on the spot.
"""
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from lib import launch, truth
from lib.overlay_truth import Entry, LayeredCase, Stat, changed, entries, listing, origin, parents
from lib.reading import Row, unescape


def covers(host: LayeredCase, layer: bytes, path: bytes) -> bool:
    """Does this layer have anything that hides or replaces a path of the layers below it?"""
    own = {entry.path: entry for entry in host.layers.get(layer, [])}
    gone = host.whiteouts(layer)
    above = [own[p] for p in parents(path) if p in own and p != b"/"]
    return (path in own or path in gone or any(p in gone for p in parents(path))
            or any(entry.kind != "d" or host.opaque(entry) for entry in above))


def allowed_changes(host: LayeredCase, name: str, entry: Entry) -> set[str]:
    """What may be said to have happened to an entry of a container's rw layer. An added or changed child leaves a copy
    of its directory: that may be called any of three."""
    below, gone = host.lower(name).get(entry.path), host.whiteouts(host.rw(name))
    overlay2 = host.driver == "overlay2"
    if below is None:
        moved = {e.path for e in host.lower(name).values() if int(e.node["inode"]) == origin(entry)} & gone.keys()
        return {"renamed"} if moved else {"added"}
    if below.kind != entry.kind:
        return {"replaced"}
    if entry.kind == "d":
        if host.opaque(entry):
            return {"opaque"}
        return {"metadata"} if changed(*map(stat_of, (below, entry))) else {"copied-up", "modified", "metadata"}
    if overlay2 and origin(entry) is None:            # with index=off a file of several links comes up without
        return {"replaced"} if below.node["nlink"] == "1" else {"replaced", "modified"}
    if overlay2 and origin(entry) != int(below.node["inode"]):
        return {"replaced", "renamed"}                # another file of the image was moved here
    if below.node["sha256"] != entry.node["sha256"] or below.node["link"] != entry.node["link"]:
        return {"modified"} if overlay2 else {"modified", "replaced"}
    if changed(*map(stat_of, (below, entry))):
        return {"metadata"} if overlay2 else {"metadata", "replaced", "modified"}
    noted = any(entry.xattrs.get(name) != below.xattrs.get(name) for name in below.xattrs | entry.xattrs
                if not name.startswith("trusted.overlay."))
    return {"copied-up"} | ({"metadata"} if noted or below.node["atime"] != entry.node["atime"] else set())


def stat_of(entry: Entry) -> Stat:
    """What the comparison looks at, of one entry."""
    return listing({b"": entry})[b""]


def file_rows(rows: Path | Iterable[Row]) -> Iterator[Row]:
    """The rows of files that exist, but those of deletions."""
    return (row for row in truth.read_rows(rows) if row["data_type"] == "fs:stat"
            and row["timestamp_desc"] != truth.DELETION and "unallocated" not in row.get("tag", ()))


def change_faults(host: LayeredCase, rows: Path | Iterable[Row]) -> list[str]:
    """What is wrong in what the rows of files say of their change."""
    said, problems = defaultdict(set), []
    for row in file_rows(rows):
        said[row["location"]].add(row.get("change"))
    for name in host.containers:
        for entry in host.layers[host.rw(name)]:
            wanted = allowed_changes(host, name, entry)
            silent = entry.path == b"/" or host.hides(entry) or host.is_mark(entry)
            if not silent and not (len(said[entry.location]) == 1 and said[entry.location] <= wanted):
                problems.append(f"{name} {truth.show(entry.path)}: {said[entry.location]}, not {wanted}")
    for layer, known in host.case.layers.items():
        if known.role == "image":
            problems += [f"image file {truth.show(e.location)}: {said[e.location]}" for e in host.layers.get(layer, [])
                         if said[e.location] - {None} and not host.hides(e)]
    return problems


def renaming_faults(target: Row, source: Row) -> Iterator[str]:
    """What is wrong in the rows of a file that was moved and of the place where it had been."""
    for row, text, other in ((target, "from", source), (source, "to", target)):
        wanted = f"renamed {text} {other.get('filename', b'').decode()}"
        if row.get("change") != "renamed" or wanted not in row.get("facts", ()):
            yield f"{truth.show(row.get('filename'))}: {row.get('change')}, {row.get('facts')}: not {wanted}"


def hiding_faults(host: LayeredCase, rows: Path | Iterable[Row]) -> list[str]:
    """What is wrong in hidden_by of the rows of image layers."""
    told, problems = {}, []
    for row in file_rows(rows):
        told.setdefault(row["location"], set(row.get("hidden_by", ())))
    ids = {host.containers[name]["Id"]: name for name in host.containers}
    must, layers_above = expected_hiders(host)
    for entry in entries(host).values():
        known = host.case.layers.get(entry.layer)
        if not known or known.role != "image" or host.hides(entry) is not None or entry.path == b"/":
            continue
        said, wanted = told.get(entry.location, set()), must[entry.location]
        problems += [f"{truth.show(entry.location)}: not hidden by {truth.show(who)}" for who in wanted - said if len(said) < 8]
        for hider in said - wanted:
            layers = [host.rw(ids[hider])] if hider in ids and hider in known.containers else [
                layer for layer in layers_above[entry.layer] if host.layer_id(layer) == hider]
            if not any(covers(host, layer, entry.path) for layer in layers):
                problems.append(f"{truth.show(entry.location)}: hidden by {truth.show(hider)}?")
    assert any(must.values())
    return problems


def expected_hiders(host: LayeredCase) -> tuple[dict[bytes, set[str]], dict[bytes, set[bytes]]]:
    """By place of an entry, who must be named; by layer, the image layers that lie above it in any image."""
    must: dict[bytes, set[str]] = defaultdict(set)
    above: dict[bytes, set[bytes]] = defaultdict(set)

    def compare(stack: tuple[bytes, ...], hider: str) -> None:
        after = host.view(stack)
        for path, entry in host.view(stack[1:]).items():
            seen = after.get(path)
            if seen is not entry and not (seen and seen.kind == entry.kind == "d"):
                must[entry.location].add(hider)

    for chain in host.case.chains.values():
        for number, layer in enumerate(chain[1:], 1):
            compare(tuple(reversed(chain[:number + 1])), host.layer_id(layer))
            for below in chain[:number]:
                above[below].add(layer)
    for name, container in host.containers.items():
        compare(host.stack(name), container["Id"])
    return must, above


def text_diff(container: str, root: Path) -> dict[bytes, str]:
    """The program's answer as text: sorted by the bytes of the paths, nothing that upsets a terminal."""
    done = launch.run("diff", container, root)
    assert done.returncode in (0, 1), done.stderr.decode()
    lines = done.stdout.decode("ascii" if done.stdout.isascii() else "utf-8").split("\n")
    assert lines.pop() == "" and all(line[:3] in ("A /", "C /", "D /") and line.isprintable() for line in lines)
    paths = [unescape(line[2:]) for line in lines]
    assert paths == sorted(set(paths))
    return dict(zip(paths, (line[0] for line in lines)))


def json_diff(container: str, root: Path, *options: str) -> list[Row]:
    """The program's answer as JSON, with paths as bytes."""
    done = launch.run("diff", container, root, "--json", *options)
    assert done.returncode in (0, 1), done.stderr.decode()
    return [item | {"path": unescape(item["path"])} for item in json.loads(done.stdout)]


def verbose_faults(host: LayeredCase, name: str, found: list[Row]) -> list[str]:
    """What is wrong in the answer with -v, which has every entry of the layer: those without a letter are as they were,
    or differ in what Docker does not look at."""
    wanted, said = host.diff(name), {item["path"]: item["change"] for item in found}
    kinds = {item["path"]: item["kind"] for item in found if "kind" in item}
    problems = [f"{name} {path!r}: {kinds.get(path)}, not {wanted.get(path)}" for path in kinds.keys() | wanted.keys()
                if kinds.get(path) != wanted.get(path)]
    for entry in host.layers[host.rw(name)]:
        if entry.path != b"/" and not host.hides(entry) and not host.is_mark(entry):
            may = allowed_changes(host, name, entry)
            if said.get(entry.path) not in (may if entry.kind != "d" or entry.path in wanted else may | {None}):
                problems.append(f"{name} {entry.path!r}: {said.get(entry.path)}, not {may}")
    return problems
