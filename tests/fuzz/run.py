#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzz targets with libFuzzer, ASan and UBSan, several at once: `run.py SECONDS NAME...`. Prints a table; exit 1 on any finding.

A target stops at its first finding, which is kept in build/fuzz-findings/NAME with the log. Inputs that reach new code
are kept in $FUZZ_CORPUS, for all later runs; targets that read the same format share a folder there while they run, and the
seeds of each other in tests/fuzz/corpus. $JOBS is how many run at once.
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = Path("build/fuzzer")
FINDINGS = Path("build/fuzz-findings")
SEEDS = Path("tests/fuzz/corpus")
CORPUS = Path(os.environ.get("FUZZ_CORPUS") or "build/fuzz-corpus")
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 1)
# Without the zeroing of variables that a normal build has: a forgotten initialisation must show.
FLAGS = "-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
LONGEST = {"ext4image": 24576} # whole file systems

# Targets whose whole input is text of one kind. Any other target has a format of its own.
FORMATS = {
    "json": ["json", "logline", "loosejson", "oci_spec"],
    "log": ["crilog", "redact", "syslog"],
    "message": ["buildrecord", "swarmtask"],
    "name": ["escape", "ident", "naming", "podname", "snapshot"],
    "settings": ["cgconfig", "envfile", "fstab", "tomlkeys", "uci", "unitfile", "yamllines"],
}

ROW = "{:12} {:>12} {:>8} {:>7} {:>9}"


def build(names: list[str]) -> None:
    """The Makefile knows which objects are out of date."""
    command = [os.environ.get("MAKE", "make"), "-s", f"-j{JOBS}", "CC=clang", f"BUILD={BUILD}", "HARDENING=-fPIE", f"CFLAGS={FLAGS}",
               "MUTATOR_CFLAGS=-O2 -g", "LDFLAGS=-fsanitize=fuzzer", "FUZZ_DRIVER=", *(BUILD / "fuzz" / name for name in names)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("the targets cannot be built")


def last(pattern: str, log: str) -> str:
    """The last number that the log gives for this."""
    return (re.findall(pattern + r"\s*(\d+)", log) or ["-"])[-1]


def fuzz(name: str, seconds: str) -> bool:
    """Fuzz one target, and print its line of the table. Was there no finding?"""
    format_name, readers = next(((key, value) for key, value in FORMATS.items() if name in value), (name, [name]))
    kept, findings = CORPUS / format_name, FINDINGS / name
    kept.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    command = [BUILD / "fuzz" / name, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-max_len={LONGEST.get(name, 8192)}", f"-artifact_prefix={findings}/", kept, *(SEEDS / reader for reader in readers)]
    with (findings / "log").open("wb") as out:
        good = subprocess.run(command, stdout=out, stderr=out, check=False).returncode == 0
    log = (findings / "log").read_text(encoding="utf-8", errors="replace")
    print(ROW.format(name, last("number_of_executed_units:", log), last("average_exec_per_sec:", log), last(r"\bcov:", log),
                     "0" if good else "1"), flush=True)
    return good


def main(seconds: str, *names: str) -> int:
    """Build and fuzz them all."""
    os.chdir(REPO)
    build(list(names))
    print(ROW.format("target", "executions", "exec/s", "edges", "findings"), flush=True)
    with ThreadPoolExecutor(JOBS) as pool:
        good = list(pool.map(lambda name: fuzz(name, seconds), names))
    failed = [name for name, fine in zip(names, good) if not fine]
    for name in failed:
        print(f"{name}: see {FINDINGS / name}/log", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: run.py SECONDS NAME...")
    sys.exit(main(*sys.argv[1:]))
