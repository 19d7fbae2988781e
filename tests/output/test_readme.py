# SPDX-License-Identifier: Apache-2.0
"""The README is short, shows what the program really prints, and leads to what is there."""
import re
from pathlib import Path

from lib import launch, machine

README = (machine.REPO / "README.md").read_text(encoding="utf-8")


def test_length() -> None:
    """It is read in one go."""
    assert README.count("\n") <= 120


def test_excerpt(sample: Path) -> None:
    """Each line of it, up to where it is cut, is a line of the output, in that order."""
    command = re.search(r"`\./layertime out/docker-host\.raw ([^`]+)`", README)
    shown = re.findall(r"^    (\d{4}-\S+Z .+?)(?:\.\.\.)?$", README, re.M)
    done = launch.run(sample, *command[1].split())
    lines = iter(done.stdout.decode().splitlines())
    assert done.returncode == 0 and shown
    assert all(any(line.startswith(part) for line in lines) for part in shown)


def test_links() -> None:
    """Links of all pages lead to files of the repository."""
    for page in [machine.REPO / "README.md", *(machine.REPO / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
