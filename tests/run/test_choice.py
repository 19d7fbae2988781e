# SPDX-License-Identifier: Apache-2.0
"""Options that choose rows by what they say: each must give those rows of the whole timeline that a few lines of Python
choose, and no others."""
import fnmatch
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lib import hosts, launch, reading
from lib.reading import Row

BOOKKEEPING = {"container:layer:registration", "container:layer:used", "container:layer:mounted",
               "container:runtime:lease", "container:build:cache", "container:build:result",
               "container:snapshot:prepared", "container:snapshot:removed", "container:snapshot:committed",
               "container:content:blob"}
STAYS = {"layer_planted", "layer_changed", "layer_missing", "unallocated", "recovered", "bind"}
PARTS = ("image_identifier", "used_by_images")


def is_below(path: str, pattern: str) -> bool:
    """The pattern fits the path or a directory above it."""
    parts = path.split("/")
    return any(fnmatch.fnmatchcase("/".join(parts[:end]), pattern) for end in range(2, len(parts) + 1))


def at(pattern: str) -> Callable[[Row], bool]:
    """Rows of files at such a path, as the container or as the host sees it."""
    return lambda row: is_below(row["filename"], pattern) or is_below(row["pathspec"]["location"], pattern)


def is_left_out(row: Row) -> bool:
    """What --profile triage leaves out."""
    if STAYS & set(row["tag"]):
        return row["timestamp_desc"] == "Last Access Time"
    if row["data_type"] != "fs:stat" or row["timestamp_desc"] == "Content Deletion Time":
        return row["data_type"] in BOOKKEEPING
    return row["timestamp_desc"] == "Last Access Time" or row["layer_role"] not in ("rw", "volume")


CASES = {
    "tag": (["--tag", "setuid,exposure"], lambda row: {"setuid", "exposure"} & set(row["tag"])),
    "tag of a row": (["--tag", "time_constant"], lambda row: "time_constant" in row["tag"]),
    "change": (["--change", "deleted,opaque"], lambda row: row.get("change") in ("deleted", "opaque")),
    "kind": (["--kind", "docker:container:*,container:exposure"],
             lambda row: row["data_type"].startswith("docker:container:") or row["data_type"] == "container:exposure"),
    "path": (["--path", "/opt/app"], at("/opt/app")),
    "pattern": (["--path", "*.html"], at("*.html")),
    "no atime": (["--no-atime"], lambda row: row["timestamp_desc"] != "Last Access Time"),
    "triage": (["--profile", "triage"], lambda row: not is_left_out(row)),
    "two": (["--change", "modified", "--path", "/opt"], lambda row: row.get("change") == "modified" and at("/opt")(row)),
}


@pytest.mark.parametrize("case", CASES)
def test_choice(case: str, sample: Path, sample_jsonl: reading.Timeline) -> None:
    """The rows of the whole timeline that the option means, in their order."""
    options, wanted = CASES[case]
    result = launch.timeline(*options, sample)
    expected = [line for line, row in zip(sample_jsonl.lines, sample_jsonl.rows) if wanted(row)]
    assert 0 < len(expected) < len(sample_jsonl.lines)
    assert result.lines == expected


def test_image(sample: Path, sample_jsonl: reading.Timeline) -> None:
    """By a name with or without its tag, by a part of the ID: rows of its containers, and of the layers that it shares."""
    images = launch.objects("images", sample)
    one = next(item for item in images if item.get("image_name", "").endswith(":1.0") and item.get("used_by_containers"))
    label = f"{one['image_name']}@{one['image_identifier'][7:19]}"

    def is_of(row: Row) -> bool:
        return row.get("image_identifier") == one["image_identifier"] or label in row.get("used_by_images", ())

    expected = [line for line, row in zip(sample_jsonl.lines, sample_jsonl.rows) if is_of(row)]
    assert 0 < len(expected) < len(sample_jsonl.lines)
    for which in (one["image_name"], one["image_identifier"], one["image_identifier"][7:19]):
        assert launch.timeline("--image", which, sample).lines == expected, which
    repository = one["image_name"].removesuffix(":1.0")
    assert set(expected) <= set(launch.timeline("--image", repository, sample).lines)


def test_label(tmp: Path) -> None:
    """key=value, or the key alone; the rows of shared layers too."""
    host = hosts.Host(tmp / "host")
    image = host.image("shop:1", {"bin": {"sh": "x"}})
    for name, labels in (("web", {"tier": "front", "own": ""}), ("db", {"tier": "back"}), ("cache", {})):
        host.container(name, image, {"own": name}).change(Config={"Labels": labels, "Image": "shop:1"})
    names = {option: {row["container_name"] for row in host.run("--label", option).rows if "container_name" in row}
             for option in ("tier=front", "tier", "own", "own=")}
    assert names == {"tier=front": {"web"}, "tier": {"web", "db"}, "own": {"web"}, "own=": {"web"}}
    assert any(row["filename"] == "/bin/sh" for row in host.run("--label", "tier=back").rows)


@pytest.mark.parametrize("options", [["--tag", "nonsense"], ["--tag", ""], ["--change", "eaten"], ["--kind", "fs:stats"],
                                     ["--image", "no-such"], ["--label", "no=such"], ["--profile", "all"],
                                     ["--last", "soon"], ["--last", "10m", "-f", "body"],
                                     ["--tag", "time_future", "-f", "body"]])
def test_nonsense(options: list[str], sample: Path) -> None:
    """A typing error is no empty timeline."""
    done = launch.run(*options, sample)
    assert done.returncode == 2 and not done.stdout and options[1].encode() in done.stderr + b"10mtime_future"


def test_last(sample: Path, sample_jsonl: reading.Timeline) -> None:
    """Counted from the newest time that the host's kernel set, which is said."""
    kernel = [row for row in sample_jsonl.where(data_type="fs:stat") if row["timestamp_desc"] == "Metadata Modification Time"]
    newest = max(reading.nanoseconds(row) for row in kernel)
    done = launch.run("--last", "10s", "-f", "jsonl", sample)
    assert b"the newest evidence of web-prod-2 is of " in done.stderr

    def end(row: Row) -> int:
        return reading.iso_nanoseconds(row["time_last"]) if "time_last" in row else reading.nanoseconds(row)

    expected = [line for line, row in zip(sample_jsonl.lines, sample_jsonl.rows) if end(row) >= newest - 10 * 10**9]
    assert 0 < len(expected) < len(sample_jsonl.lines) and done.stdout.splitlines(keepends=True) == expected


def test_since_an_age_warns_of_old_evidence(sample: Path) -> None:
    """Ages count from now: of old evidence nothing is left but times that somebody set, and that is said."""
    done = launch.run("--since", "1d", sample)
    assert b"--last counts from the evidence" in done.stderr
    assert all(b"#time_future" in line for line in done.stdout.splitlines())
    assert b"--last" not in launch.run("--since", "2026-11-01", sample).stderr


def test_merge_times(sample: Path, sample_jsonl: reading.Timeline) -> None:
    """One row for equal times of one entry, which names them all."""
    groups: dict[tuple, list[Row]] = {}
    for number, row in enumerate(sample_jsonl.rows):
        own = row["data_type"] == "fs:stat" and row["timestamp_desc"] != "Content Deletion Time"
        key = ((row["pathspec"]["location"], row["layer_role"], row.get("inode"), row.get("witness"), reading.nanoseconds(row)) if own
               else (number,))
        groups.setdefault(key, []).append(row)
    merged = launch.timeline("--merge-times", sample).rows
    assert Counter(row["timestamp_desc"] for row in merged) == Counter(
        "; ".join(row["timestamp_desc"] for row in rows) for rows in groups.values())


def test_triage_says_what_it_left_out(sample: Path, tmp: Path) -> None:
    """On stderr and in the manifest, by reason; the account calls it filtered."""
    done = launch.run("--profile", "triage", "--stats", "-f", "jsonl", "-o", tmp / "rows", "--manifest", tmp / "m", sample)
    left_out = json.loads((tmp / "m").read_text())["left_out"]
    assert set(left_out) >= {"files of image and init layers", "files in which engines keep their records"}
    for words, count in left_out.items():
        assert f"--profile triage left out {count} events: {words}".encode() in done.stderr
    assert b"the account balances" in done.stderr
    filtered = sum(source["filtered"] for source in json.loads((tmp / "m").read_text())["sources"].values())
    assert filtered >= sum(left_out.values())
