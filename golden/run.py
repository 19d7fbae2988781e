#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Run the golden cases.

run.py                  all cases, the sample and the consumers
run.py NAME...          some of them
run.py --update NAME... print what differs, and take it
run.py --keep DIR NAME  leave the disk of a case in DIR, to be looked at
run.py --list           print all names
"""
import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import case, consumers, image, sample, tree  # noqa: E402

OTHERS = {sample.NAME: sample, consumers.NAME: consumers}


def check(name: str) -> list[str]:
    """The differences of one case, or of the sample."""
    if name in OTHERS:
        return OTHERS[name].differences()
    try:
        return case.run(case.GOLDEN / name).differences()
    except (image.ImageError, tree.TreeError, OSError) as error:
        return [f"{type(error).__name__}: {error}"]


def check_all(names: list[str]) -> int:
    """Check these, two at a time, and print what is wrong; returns how many failed."""
    failed = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, lines in zip(names, pool.map(check, names)):
            if lines:
                failed += 1
                print(f"FAILED  {name}", *lines, sep="\n")
    print(f"{len(names) - failed} passed, {failed} failed")
    return failed


def update(name: str) -> None:
    """Print the differences of a case and take them."""
    if name == sample.NAME:
        print(*sample.differences(), sep="\n")
        sample.update()
        return
    result = case.run(case.GOLDEN / name)
    print(*result.differences(), sep="\n")
    case.update(case.GOLDEN / name, result)


def keep(name: str, place: Path) -> None:
    """Build the image of a case there."""
    place.mkdir(parents=True, exist_ok=True)
    print(case.build(case.GOLDEN / name, place) / case.IMAGE)


def main() -> int:
    """Exit code 1 when a case failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    everything = [*OTHERS, *(path.name for path in case.cases())]
    if options.list:
        print(*everything, sep="\n")
        return 0
    if options.keep:
        for name in options.names:
            keep(name, options.keep)
        return 0
    if options.update:
        for name in options.names:
            update(name)
        return 0
    return bool(check_all(options.names or everything))


if __name__ == "__main__":
    sys.exit(main())
