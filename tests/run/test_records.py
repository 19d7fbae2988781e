# SPDX-License-Identifier: Apache-2.0
"""Records of a run: the manifest, and the account of --stats, against the output and the kernel's own list."""
import gzip
import hashlib
import json
import re
import stat
from pathlib import Path

import pytest
from lib import hosts, launch, machine
from lib.hosts import container
from lib.launch import run

FATES = ("emitted", "filtered", "deduplicated", "failed", "untimed")


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv.gz", "x.body", "x.txt", "x.l2tcsv"])
def test_manifest(name: str, sample: Path, tmp: Path) -> None:
    """Arguments, counts and the hash of the file as it lies there."""
    args = ["-o", tmp / name, "--manifest", tmp / "m.json", "--since", "2026-11-23", sample]
    assert run(*args).returncode == 0
    manifest, data = json.loads((tmp / "m.json").read_text()), (tmp / name).read_bytes()
    plain = gzip.decompress(data) if name.endswith(".gz") else data
    output = manifest["output"]
    assert manifest["arguments"] == [str(arg) for arg in args]
    assert output["sha256"] == hashlib.sha256(data).hexdigest() and output["bytes"] == len(data)
    assert output["rows"] == plain.count(b"\n") - ("csv" in name)
    assert manifest["errors"] == 0 and manifest["balanced"] is True and "since" in manifest
    assert [item["path"] for item in manifest["evidence"]] == [str(sample)]
    for counts in manifest["sources"].values():
        assert counts["seen"] == sum(counts[key] for key in FATES)
    assert stat.S_IMODE((tmp / "m.json").stat().st_mode) == 0o600


def test_manifest_of_stdout(shop: hosts.Host, tmp: Path) -> None:
    """What was written to a pipe has its hash too."""
    done = run("-f", "jsonl", "--manifest", tmp / "m.json", shop.root)
    output = json.loads((tmp / "m.json").read_text())["output"]
    assert output["sha256"] == hashlib.sha256(done.stdout).hexdigest() and output["bytes"] == len(done.stdout)


def test_manifest_counts_errors(host: hosts.Host, tmp: Path) -> None:
    """As many as the error list has."""
    container(host, "web").config.write_bytes(b"{")
    container(host, "db").log.write_bytes(b"x\ny\n")
    done = run("-o", tmp / "x.txt", "--manifest", tmp / "m.json", "--errors", tmp / "e", host.root)
    manifest, errors = json.loads((tmp / "m.json").read_text()), (tmp / "e").read_text().splitlines()
    assert done.returncode == 1 and manifest["errors"] == len(errors) == 3
    assert sum(counts["failed"] for counts in manifest["sources"].values()) == 3
    assert all(json.dumps(json.loads(error), sort_keys=True) == error for error in errors)


@pytest.mark.parametrize("args", [[], ["-c", "amber"], ["--role", "log"], ["--since", "@1795455955"], ["-f", "body"],
                                  ["-f", "text"]], ids=" ".join)
def test_account_of_stats(args: list[str], sample: Path) -> None:
    """Seen is the sum of the other columns for each source; the total is the sum of these; rows are counted."""
    done = run("--stats", "-f", "jsonl", *args, sample)
    assert done.returncode == 0
    counts = {line[0]: list(map(int, line[1:])) for line in map(str.split, done.stderr.decode().splitlines())
              if len(line) == 7 and line[1].isdigit()}
    total = counts.pop("total")
    assert counts and total == [sum(column) for column in zip(*counts.values())]
    for seen, *rest in counts.values():
        assert seen == sum(rest)
    assert f"{done.stdout.count(bytes([10]))} rows written, 0 errors; the account balances" in done.stderr.decode()


def test_account_agrees_with_ground_truth(sample: Path) -> None:
    """Every entry of Docker's data root and of containerd's root is counted: as many as the kernel's list has."""
    lines = (machine.SAMPLE / "truth/fs.clean.tsv").read_text().splitlines()
    area = re.compile(r"/var/lib/(docker|containerd)(/.*)?")
    column = lines[0].lstrip("#").split("\t").index("path")
    paths = [line.split("\t")[column] for line in lines[1:]]
    entries = sum(bool(area.fullmatch(path)) for path in paths)
    body = launch.product("body", "--no-deleted", "--binds=none", sample)
    assert entries == body.count(b"\n") > 1000
