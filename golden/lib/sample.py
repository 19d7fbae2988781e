# SPDX-License-Identifier: Apache-2.0
"""The sample host: the hash of its output in each format, and how many rows there are of each sort.

golden/sample/sums has lines `sha256 FORMAT HASH` and `rows WHAT VALUE COUNT`, sorted. It shows that an output changed,
and roughly where. That the output is right is for the tests beside the recorded truth of the sample to say.
"""
import difflib
import hashlib
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from . import case

NAME = "sample"
SUMS = case.GOLDEN / "sample/sums"
PACKED = case.REPO / "tests/sample/overlay2-ext4/disk.clean.raw.zst"
FORMATS = ("body", "csv", "jsonl", "l2tcsv", "text")
COUNTED = {"source": "parser", "kind": "data_type", "role": "layer_role"}


def product(disk: Path, form: str) -> bytes:
    """The whole timeline of the sample in one format."""
    done = subprocess.run([case.program(), "-q", "-f", form, disk.name], cwd=disk.parent, capture_output=True,
                          env=case.surroundings(form), timeout=case.TIMEOUT, check=True)
    return done.stdout


def count(rows: bytes) -> list[str]:
    """How many rows of JSON lines there are by source, kind, role and tag."""
    counts: Counter[str] = Counter()
    for line in rows.splitlines():
        row = json.loads(line)
        counts.update(f"rows {name} {row[key]}" for name, key in COUNTED.items())
        counts.update(f"rows tag {tag}" for tag in row["tag"])
    return [f"{name} {number}" for name, number in sorted(counts.items())]


def sums() -> list[str]:
    """The lines of the file as they are now."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="layertime-golden-") as scratch:
        disk = Path(scratch) / "sample.raw"
        subprocess.run(["zstd", "-dq", "--sparse", "-o", disk, PACKED], check=True)
        for form in FORMATS:
            data = product(disk, form)
            lines.append(f"sha256 {form} {hashlib.sha256(data).hexdigest()}")
            if form == "jsonl":
                counts = count(data)
    return lines + counts


def differences() -> list[str]:
    """Beside the recorded lines."""
    recorded = SUMS.read_text(encoding="ascii").splitlines() if SUMS.exists() else []
    return list(difflib.unified_diff(recorded, sums(), "sums as recorded", "sums as they are", lineterm="", n=0))


def update() -> None:
    """Record what is there now."""
    SUMS.parent.mkdir(exist_ok=True)
    SUMS.write_text("".join(line + "\n" for line in sums()), encoding="ascii")
