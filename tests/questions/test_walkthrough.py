# SPDX-License-Identifier: Apache-2.0
"""docs/walkthrough.md: each command is run as it stands there, shows the lines that stand below it, and its whole output
holds the answer that the recorded intrusion has."""
import re
import shlex
from pathlib import Path

import pytest
from lib import launch, machine

PAGE = (machine.REPO / "docs/walkthrough.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^## (\d+)\. .*\n(?:(?!    ).*\n)*    \$ layertime (.+)\n((?:    .+\n)+)", PAGE, re.M)
COLUMNS = 118

# What must be in the output of a step, by question and key of answers.tsv.
ANSWERS = {"1": [("8", "name"), ("8", "id")], "2": [("8", "name")], "3": [("5", "/bin/ls"), ("11", "sha256"), ("12", "image it runs")],
           "4": [("1", "from"), ("1", "first sign")], "10": [("9", "written by"), ("9", "/etc/cron.d/e2scrub_tmp")]}


def answers() -> dict[tuple[str, str], str]:
    """By question and key."""
    lines = (machine.EVIDENCE / "intrusion/answers.tsv").read_text().splitlines()
    return {(number, key): value for number, key, value in (line.split("\t") for line in lines if line[0] != "#")}


def test_the_page_has_twelve_questions() -> None:
    """In their order, each with one command and lines of its output."""
    assert [number for number, _, _ in STEPS] == [str(number) for number in range(1, 13)]
    assert PAGE.count("    $ ") == 12


@pytest.mark.parametrize(("number", "command", "shown"), STEPS)
def test_step(number: str, command: str, shown: str, disk) -> None:
    """Its lines come in that order; "..." at the end of one stands for the rest."""
    image: Path = disk("intrusion")
    words = [str(image) if word == "intrusion.raw" else word for word in shlex.split(command)]
    lines = iter([line.decode() for line in launch.on_terminal(COLUMNS, "--color=never", *words)])
    for line in shown.splitlines():
        wanted = line[4:].removesuffix("...").rstrip()
        assert any(out.startswith(wanted) for out in lines), line


@pytest.mark.parametrize("number", ANSWERS)
def test_answer(number: str, disk) -> None:
    """The recorded facts are in the whole output."""
    image, known = disk("intrusion"), answers()
    command = next(command for step, command, _ in STEPS if step == number)
    words = [str(image) if word == "intrusion.raw" else word for word in shlex.split(command)]
    done = launch.run("-q", "--wide", *words)
    text = done.stdout.decode()
    for key in ANSWERS[number]:
        value = known.get(key)
        if value:
            fact = re.sub(r"^(ctime|born) |^sha256:|Z.*$", "", value)[:19 if value[:2] == "20" or "ctime" in value else 12]
            assert fact in text, (key, value)
