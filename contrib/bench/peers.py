#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""layertime recover beside extundelete, ext4magic, debugfs, photorec and tsk_recover on the same disks: `peers.py [CASE]...`.

The disks are those of hosts on which every deletion was recorded: EVIDENCE/recover-CASE, with disk.raw.zst and truth/. They are
unpacked into a scratch directory and never mounted; each run gets a copy, and whichever fails or hangs has given what it wrote until
then. A tool that can be used in several ways is run in all of them, and counts with the one that gave most whole files. One that is
not installed is said to be so. Prints Markdown; a line a run goes to stderr.

Environment: LAYERTIME_EVIDENCE (../shared/evidence), LAYERTIME (./layertime), PEERS_DIR ($TMPDIR: room for three disks), TIMEOUT
(120: seconds for one run)."""

import csv
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = Path(os.environ.get("LAYERTIME_EVIDENCE", ROOT.parent / "shared/evidence"))
LAYERTIME = os.environ.get("LAYERTIME", str(ROOT / "layertime"))
TIMEOUT = int(os.environ.get("TIMEOUT", "120"))
CASES = ["ordered4k", "aged4k", "wrapped4k", "old4k", "ordered1k", "journal4k", "nojournal4k", "blockmap4k", "plain4k", "discard4k"]
LARGEST = 1 << 30                                     # bytes of one file that a tool may write
START = 256                                           # bytes that tell which file one begins as


@dataclass
class Given:
    """A file that a tool gave back, and what it said of it."""
    sha256: str
    start: bytes                                      # its first bytes
    path: str = ""                                    # on the host; "": the tool names none
    inode: str = ""
    owner: str = ""                                   # ID of a container
    whole: bool = True                                # nothing says that a part is missing


@dataclass
class Score:
    """What one run came to."""
    whole: int = 0
    wrong: int = 0
    path: int = 0
    owner: int = 0
    seconds: float = 0
    end: str = ""


class Truth:
    """What was deleted on a host, and what is still there."""

    def __init__(self, case: str, image: Path, scratch: Path) -> None:
        folder = EVIDENCE / f"recover-{case}/truth"
        self.rows = [row for row in read_tsv(folder / "deleted.tsv") if row["size"] != "0"]
        self.hashes = {row["sha256"] for row in self.rows}
        self.places = living(image, scratch)
        self.living = {sha256 for _, sha256 in self.places}
        block = json.loads((folder / "facts.json").read_text())["block size"]
        self.starts = {start for row in self.rows if len(start := start_of(row, image, block)) == START}
        self.first = min(int(row["deleted_after"]) for row in self.rows) // 10**9

    def score(self, given: list[Given]) -> Score:
        """A recorded file is whole if anything has its hash. What names a recorded file, or only begins as one does, is wrong if it
        is called whole and is neither that file nor one that is there."""
        right: dict[str, list[Given]] = {}
        for one in given:
            if (one.path, one.sha256) in self.places: # it is there: some tools copy all that they see
                continue
            right.setdefault(one.sha256, []).append(one)
        found = [(row, right[row["sha256"]]) for row in self.rows if row["sha256"] in right]
        return Score(len(found), sum(self.is_wrong(one) for one in given),
                     sum(any(one.path == row["host_path"] for one in ones) for row, ones in found),
                     sum(any(one.path == row["host_path"] and one.owner == row["container_id"] for one in ones)
                         for row, ones in found if row["container_id"] != "-"))

    def is_wrong(self, one: Given) -> bool:
        """Is it called whole, and is not what it says to be?"""
        if not one.whole or one.sha256 in self.hashes or one.sha256 in self.living:
            return False
        if one.inode:
            return any(one.inode == f"{row['inode']}-{row['generation']}" or one.inode == row["inode"] for row in self.rows)
        if one.path:
            return any(one.path == row["host_path"] for row in self.rows)
        return one.start in self.starts


def read_tsv(path: Path) -> list[dict[str, str]]:
    """The rows of a table; its first line may begin with #."""
    with open(path, encoding="utf-8", newline="") as lines:
        head = next(lines).lstrip("#").rstrip("\n").split("\t")
        return list(csv.DictReader(lines, head, delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass
class Way:
    """One way to use a tool: its command on an image, and how what it wrote below a directory is read."""
    tool: str
    command: Callable[[Path, Path, Truth], list[str]]
    read: Callable[[Path], list[Given]]
    replayed: bool = False                            # on a copy to which the journal was written


@dataclass
class Tool:
    """A tool in all ways to use it."""
    name: str
    package: str
    ways: list[Way] = field(default_factory=list)


def start_of(row: dict[str, str], image: Path, block: int) -> bytes:
    """The first bytes of a deleted file, where its first block still has them."""
    first = re.match(r"0:(\d+):", row["extents"])
    if not first or row["lost"].startswith("0"):
        return b""
    with open(image, "rb") as disk:
        disk.seek(int(first[1]) * block)
        return disk.read(min(START, int(row["size"])))


def take(written: Path, **said: str) -> Given:
    """One file that was written."""
    digest, start = hashlib.sha256(), b""
    with open(written, "rb") as data:
        while piece := data.read(1 << 20):
            start = start or piece[:START]
            digest.update(piece)
    return Given(digest.hexdigest(), start, **said)


def files_below(folder: Path) -> list[Path]:
    """All files that are not empty."""
    return [Path(at) / name for at, _, names in os.walk(folder) for name in names
            if (Path(at) / name).is_file() and not (Path(at) / name).is_symlink() and (Path(at) / name).stat().st_size]


def with_paths(folder: Path) -> list[Given]:
    """Of tools that write a file under its path."""
    return [take(path, path=os.fsencode("/" + str(path.relative_to(folder))).decode("utf-8", "replace"))
            for path in files_below(folder)]


def replayed_copy(image: Path, scratch: Path) -> Path:
    """A copy to which the journal was written."""
    copy = scratch / "copy.raw"
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    subprocess.run(["e2fsck", "-y", "-E", "journal_only", copy], check=False, capture_output=True)
    return copy


def living(image: Path, scratch: Path) -> set[tuple[str, str]]:
    """Paths and hashes of the files of today, as debugfs reads them."""
    folder = scratch / "living"
    folder.mkdir()
    subprocess.run(["debugfs", "-R", f"rdump / {folder}", replayed_copy(image, scratch)], check=True, capture_output=True)
    found = {(os.fsencode("/" + str(path.relative_to(folder))).decode("utf-8", "replace"), take(path).sha256)
             for path in files_below(folder)}
    shutil.rmtree(folder)
    return found


def nameless(folder: Path) -> list[Given]:
    """Of tools that number what they find."""
    return [take(path) for path in files_below(folder)]


def with_inodes(folder: Path) -> list[Given]:
    """Of debugfs, which is told an inode."""
    return [take(path, inode=path.name) for path in files_below(folder)]


def of_layertime(folder: Path) -> list[Given]:
    """What its list says, and the files themselves. Older states of a file are none that was deleted."""
    given = []
    for line in (folder / "recovered.jsonl").read_bytes().splitlines():
        find = json.loads(line)
        if find.get("file") and (folder / find["file"]).stat().st_size:
            one = take(folder / find["file"], path=find.get("path", ""), owner=find.get("container_identifier", ""),
                       inode=f"{find['inode']}-{find['generation']}" if "generation" in find else "")
            one.whole = bool(find["complete"]) and not find.get("older")
            given.append(one)
    return given


def dump_deleted(image: Path, out: Path) -> list[str]:
    """debugfs: list what it calls deleted, then dump each."""
    script = 'debugfs -R lsdel "$0" 2>/dev/null | sed -n "s/^ *\\([0-9][0-9]*\\) .*/dump <\\1> \\1/p" | (cd "$1" && debugfs -f - "$0")'
    return ["sh", "-c", script, str(image), str(out)]


def unflagged(image: Path, out: Path, command: str) -> list[str]:
    """A command that writes where it is and takes no disk that is not replayed: the copy loses the flag that says so."""
    return ["sh", "-c", f'debugfs -w -R "feature -needs_recovery" "$0" && cd "$1" && yes | {command} "$0"', str(image), str(out)]


def below_its_own(folder: Path) -> list[Given]:
    """Of extundelete, which makes a directory, and calls what has no name by its inode."""
    given = with_paths(folder / "RECOVERED_FILES")
    for one in given:
        if number := re.fullmatch(r"/file\.(\d+)", one.path):
            one.inode, one.path = number[1], ""
    return given


def carve(image: Path, out: Path, where: str) -> list[str]:
    """photorec without questions, for all that it knows."""
    options = f"partition_none,options,mode_ext2,fileopt,everything,enable,{where},search"
    return ["photorec", "/d", str(out / "found"), "/cmd", str(image), options]


def both(tool: str, command: Callable[[Path, Path, Truth], list[str]], read: Callable[[Path], list[Given]]) -> list[Way]:
    """On the disk as it was seized, and after a replay, which some ask for."""
    return [Way(tool, command, read, replayed) for replayed in (False, True)]


TOOLS = [
    Tool(LAYERTIME, "", [Way(LAYERTIME, lambda image, out, _: [LAYERTIME, "recover", "-q", "-o", str(out), str(image)], of_layertime)]),
    Tool("extundelete", "extundelete", both(
        "extundelete", lambda image, out, _: unflagged(image, out, "extundelete --restore-all"), below_its_own)),
    Tool("ext4magic", "ext4magic", [
        *both("ext4magic", lambda image, out, _: ["ext4magic", str(image), "-m", "-d", str(out)], with_paths),
        *both("ext4magic", lambda image, out, truth: ["ext4magic", str(image), "-R", "-a", str(truth.first - 60), "-d", str(out)],
              with_paths)]),
    Tool("debugfs", "e2fsprogs", both("debugfs", lambda image, out, _: dump_deleted(image, out), with_inodes)),
    Tool("photorec", "testdisk", [
        *both("photorec", lambda image, out, _: carve(image, out, "freespace"), nameless),
        *both("photorec", lambda image, out, _: carve(image, out, "wholespace"), nameless)]),
    Tool("tsk_recover", "sleuthkit", both("tsk_recover", lambda image, out, _: ["tsk_recover", str(image), str(out)], with_paths)),
]


def limit_size() -> None:
    """In the child: no file without end, and no dump of a crash."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def finish(command: list[str], folder: Path) -> tuple[float, str]:
    """Run it to its end or to the time limit; how long it took, and how it ended if not well."""
    start = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True, preexec_fn=limit_size, env=os.environ | {"TERM": "xterm"}) as process:
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return time.monotonic() - start, "hang"
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return time.monotonic() - start, "crash" if code > 128 else f"exit {code}" if code else ""


def run(way: Way, image: Path, truth: Truth, scratch: Path) -> Score:
    """One run, and its score."""
    out, copy = scratch / "out", scratch / "copy.raw"
    shutil.rmtree(out, ignore_errors=True)
    if way.tool != LAYERTIME:
        out.mkdir()
    if way.replayed:
        replayed_copy(image, scratch)
    else:
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    seconds, end = finish(way.command(copy, out, truth), scratch)
    score = truth.score(way.read(out) if out.exists() else [])
    score.seconds, score.end = seconds, end
    return score


def best(tool: Tool, case: str, image: Path, truth: Truth, scratch: Path) -> Score:
    """The best of the ways to use it."""
    scores = []
    for way in tool.ways:
        scores.append(run(way, image, truth, scratch))
        print(f"{case}: {' '.join(map(os.path.basename, way.command(image, scratch, truth)[-6:]))}"
              f"{' (replayed)' if way.replayed else ''}: {scores[-1]}", file=sys.stderr, flush=True)
    return max(scores, key=lambda score: (score.whole, -score.wrong))


def cell(score: Score | None, name: str) -> str:
    """What a table says of a score."""
    if not score:
        return "-"
    owner = f", {score.owner}" if name == LAYERTIME else ""
    return f"{score.whole}, {score.wrong}, {score.path}{owner}" + (f" ({score.end})" if score.end in ("crash", "hang") else "")


def version(tool: Tool) -> str:
    """Name and version of a tool, or that it is missing."""
    if not shutil.which(tool.name):
        return f"{tool.name}: not installed"
    if not tool.package:
        return subprocess.run([tool.name, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", tool.package], capture_output=True, text=True, check=False)
    return f"{tool.name} {re.sub('-.*', '', done.stdout) or 'of unknown version'}"


def main() -> int:
    """All cases, one after another."""
    cases = sys.argv[1:] or CASES
    here = [case for case in cases if (EVIDENCE / f"recover-{case}/disk.raw.zst").exists()]
    tools = [tool for tool in TOOLS if shutil.which(tool.name)]
    times: dict[str, list[float]] = {tool.name: [] for tool in tools}
    print(f"{', '.join(map(version, TOOLS))}; at most {TIMEOUT} s a run.\n"
          "Files that came back whole, those that were called whole and are not, those whole under their path, and of containers'\n"
          "those with their owner.\n")
    print("| host | " + " | ".join(os.path.basename(tool.name) for tool in tools) + " |\n|---|" + "---|" * len(tools))
    for case in here:
        with tempfile.TemporaryDirectory(dir=os.environ.get("PEERS_DIR"), prefix="layertime-peers-") as scratch:
            image = Path(scratch) / "disk.raw"
            subprocess.run(["zstd", "-dq", "--sparse", "-o", image, EVIDENCE / f"recover-{case}/disk.raw.zst"], check=True)
            truth = Truth(case, image, Path(scratch))
            scores = {tool.name: best(tool, case, image, truth, Path(scratch)) for tool in tools}
        for name, score in scores.items():
            times[name].append(score.seconds)
        print(f"| {case}, {len(truth.rows)} files | " + " | ".join(cell(scores[tool.name], tool.name) for tool in tools) + " |", flush=True)
    if here:
        print("| seconds, median | " + " | ".join(f"{median(times[tool.name]):.1f}" for tool in tools) + " |")
    for case in set(cases) - set(here):
        print(f"\nNot measured: {case}, no evidence (LAYERTIME_EVIDENCE)")
    return not here


if __name__ == "__main__":
    sys.exit(main())
