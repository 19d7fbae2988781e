# SPDX-License-Identifier: Apache-2.0
"""One case: build its image, run its command, compare what comes out with what a person has reviewed."""
import difflib
import gzip
import os
import re
import shlex
import subprocess
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from . import image, tree

GOLDEN = Path(__file__).resolve().parent.parent
REPO = GOLDEN.parent
NO_CASES = {"lib", "sample", "consumers"}
IMAGE = "host.raw"
TIMEOUT = 60
# What FORMAT in a command line stands for, by the suffix of the expected file.
FORMATS = {"txt": [], "json": ["--json"], "jsonl": ["-f", "jsonl"], "csv": ["-f", "csv"], "body": ["-f", "body"],
           "l2tcsv": ["-f", "l2tcsv"]}
# Surroundings that must not show in any output. Each case has its own, always the same.
ZONES = ("Asia/Kathmandu", "America/St_Johns", ":/nonexistent", "Pacific/Chatham", "UTC+27", "")
LOCALES = ("C", "de_DE.UTF-8", "tr_TR.UTF-8", "C.UTF-8", "nonsense")
SANITIZERS = {"ASAN_OPTIONS": "exitcode=99:abort_on_error=0", "LSAN_OPTIONS": "exitcode=99",
              "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1:halt_on_error=1"}


def program() -> Path:
    """The program under test: $LAYERTIME, else the sanitized one, else the plain one."""
    if "LAYERTIME" in os.environ:
        return Path(os.environ["LAYERTIME"]).resolve()
    sanitized = REPO / "build/san/layertime"
    return sanitized if sanitized.exists() else REPO / "layertime"


def cases() -> list[Path]:
    """The folders of all cases, by name."""
    return sorted(path for path in GOLDEN.iterdir() if path.is_dir() and path.name[0] not in "._"
                  and path.name not in NO_CASES)


@dataclass
class Result:
    """What one case came to: the files that a case has, by name. Those that are not there are empty."""
    expected: dict[str, bytes] = field(default_factory=dict)
    actual: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""

    def differences(self) -> list[str]:
        """For a person, as diff -u shows it."""
        lines = [self.problem] if self.problem else []
        for name in sorted(self.expected.keys() | self.actual.keys()):
            wanted, got = self.expected.get(name, b""), self.actual.get(name, b"")
            if wanted != got:
                lines.append(f"{name}: {len(got)} bytes, not the {len(wanted)} that were reviewed")
                lines += difflib.unified_diff(readable(wanted), readable(got), f"{name} as reviewed",
                                              f"{name} as written", lineterm="")
        return lines


def readable(data: bytes) -> list[str]:
    """Lines in which nothing can move a cursor."""
    text = data.decode("utf-8", "backslashreplace")
    return ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in text.split("\n")]


def surroundings(name: str) -> dict[str, str]:
    """Zone and locale for the case of this name."""
    number = zlib.crc32(name.encode())
    locale = LOCALES[number % len(LOCALES)]
    return {"PATH": os.environ["PATH"], "TZ": ZONES[number % len(ZONES)], "LC_ALL": locale, "LANG": locale} | SANITIZERS


def run(folder: Path) -> Result:
    """Build and run one case."""
    result = Result(expected=expected_files(folder))
    if not (folder / "why.md").exists():
        result.problem = "why.md is missing: what is expected here, and how does a person know?"
        return result
    with tempfile.TemporaryDirectory(prefix="layertime-golden-") as scratch:
        work = build(folder, Path(scratch))
        codes = {run_once(folder, work, suffix, result) for suffix in suffixes(folder)}
    result.actual["exit"] = b"" if codes == {0} else "".join(f"{code}\n" for code in sorted(codes)).encode()
    return result


def build(folder: Path, scratch: Path) -> Path:
    """A directory with the image of a case, if it has one."""
    work, contents = scratch / "work", scratch / "contents"
    work.mkdir()
    contents.mkdir()
    if (folder / "host.tree").exists():
        image.build(tree.parse(folder / "host.tree"), work / IMAGE, contents)
    return work


def expected_files(folder: Path) -> dict[str, bytes]:
    """The reviewed files of a case."""
    names = [path.name for path in folder.glob("expected.*")] + ["errors.jsonl", "exit", "stderr"]
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def suffixes(folder: Path) -> list[str]:
    """Of the expected files; without one the command is run for its exit code and its messages."""
    return sorted(path.suffix[1:] for path in folder.glob("expected.*")) or [""]


def run_once(folder: Path, work: Path, suffix: str, result: Result) -> int:
    """Run the command for one of the expected files; returns its exit code."""
    for path in [*work.glob("out*"), *work.glob("errors.jsonl")]:
        path.unlink()
    words = shlex.split((folder / "cmd").read_text(encoding="utf-8"))
    command = [str(program()), *expand(words, suffix), "--errors", "errors.jsonl"]
    done = subprocess.run(command, cwd=work, env=surroundings(folder.name), capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    if done.returncode == 99 or re.search(rb"Sanitizer|runtime error", done.stderr):
        result.problem = done.stderr.decode(errors="replace")
    if suffix:
        result.actual[f"expected.{suffix}"] = product(work, done.stdout)
    errors = work / "errors.jsonl"
    add_output(result, suffix, "errors.jsonl", errors.read_bytes() if errors.exists() else b"")
    if "stderr" in result.expected:
        add_output(result, suffix, "stderr", done.stderr)
    return done.returncode


def expand(words: list[str], suffix: str) -> list[str]:
    """The command line with the image, the output file and the format put in."""
    expanded: list[str] = []
    for word in words:
        if word == "FORMAT":
            expanded += FORMATS[suffix]
        else:
            expanded.append(word.replace("EVIDENCE", IMAGE).replace("OUT", "out"))
    return expanded


def product(work: Path, stdout: bytes) -> bytes:
    """What the command wrote: to the output file, unpacked, if there is one, else to stdout."""
    for path in work.glob("out*"):
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    return stdout


def add_output(result: Result, suffix: str, name: str, data: bytes) -> None:
    """What must be the same in whichever format the case is run."""
    if result.actual.setdefault(name, data) != data:
        result.problem = f"{name} of .{suffix} is not that of the formats before"


def update(folder: Path, result: Result) -> None:
    """Take what was written for what is expected: after a person has read the difference."""
    for name, data in result.actual.items():
        if data or name.startswith("expected."):
            (folder / name).write_bytes(data)
        else:
            (folder / name).unlink(missing_ok=True)
