# SPDX-License-Identifier: Apache-2.0
"""The facts of case intrusion, answers.tsv, each with the commands that answer it, or why none can. One object of the output
must have all of a fact: the path, the hash, and the time, which is a file's to the nanosecond, or the daemon's own report of
what it did, which lags behind by some seconds."""
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from lib import launch, machine

APP = "shop-app-1"
LAG = 11 * 10**9  # nanoseconds: the daemon's events came so late on that host, and the longest action took so long

# Question -> commands, of which one answers; the tolerance of its times.
BY_QUESTION: dict[str, tuple[list[tuple[str, ...]], int]] = {
    "1": ([("timeline",)], 0),
    "2": ([("findings",), ("timeline",)], 0),
    "3": ([("findings",)], 0),
    "4": ([("recover", "--list")], 0),
    "5": ([("findings",), ("recover", "--list")], 0),
    "6": ([("findings",)], 0),
    "7": ([("findings",)], 0),
    "8": ([("containers", "--removed")], LAG),
    "9": ([("findings",), ("containers", "--removed")], LAG),
    "10": ([("runs",)], LAG),
    "11": ([("findings",), ("who", "/usr/lib/.audit.conf")], 0),
    "12": ([("containers",), ("images",), ("timeline",)], LAG),
    "13": ([("recover", "--list"), ("timeline",)], LAG),
    "15": ([("runs",), ("diff", APP)], LAG),
}
# What is looked for instead of what the answer says in words.
WORDS = {
    ("1", "seen in"): ["203.0.113.66", "shop-web-1", "2026-11-26T01:11:08.662612160Z"],
    ("2", "by"): ["203.0.113.66", "upload"],
    ("3", "/root/.ssh/authorized_keys"): ["/root/.ssh/authorized_keys", "2026-11-26T22:45:17.429000000Z"],
    ("6", "lines with 203.0.113.66 in the JSON log of shop-app-1"): ["access.log", APP],
    ("7", "way"): ["docker.sock", "shop-runner-1"],
    ("8", "command"): ["echo agent up; exec sleep 100000", "practical_bell"],
    ("8", "mounts"): ["bind / -> /host", "practical_bell"],
    ("8", "privileged"): ['"privileged"', "practical_bell"],
    ("8", "pid"): ["pid=host", "practical_bell"],
    ("8", "network"): ["network=host", "practical_bell"],
    ("11", "containers that see it"): ["shop-app-1", "shop-backup-1", "shop-db-1", "shop-mon-1", "shop-runner-1", "shop-web-1"],
    ("12", "its log says"): ["share accepted", "shop-metrics-1"],
    ("13", "witness"): ["/var/lib/docker/volumes/shop-dbdata/_data", "2026-11-26T23:17:37.702000000Z"],
}
UNANSWERED = {
    ("5", "/dev/shm/.x11/agent"): "it was in memory, on no disk",
    ("6", "log of practical_bell"): "that there is none is no fact of one object: containers --removed has the container",
    ("7", "when"): "the job ran before anything was written: the container that it made was created half a minute later",
    ("9", "/etc/shadow"): "reading changes nothing but an atime, which the kernel keeps with relatime",
    ("4", "shop-jobs:/.u.tar (shop-app-1, a volume)"): "its blocks are others' by now: recover has its name, size and times",
    ("15", "2026-11-28T08:14:11.235625150Z"): "looking leaves nothing on the disk",
    ("15", "2026-11-28T08:14:13.234131790Z"): "looking leaves nothing on the disk",
    ("15", "2026-11-28T08:29:26.020921560Z"): "a history that was deleted; recover has the file, as for question 4",
    ("15", "2026-11-28T08:29:29.116193300Z"): "that a file was synced leaves nothing of its own",
    ("15", "2026-11-28T08:31:03.951268330Z"): "when the power went is not written down by anybody",
}
OTHERWISE = {"14": "steps of the clock are rows of the timeline: tests/clock", "16": "three readings of one disk: tests/evidence"}


def facts() -> list[tuple[str, str, str]]:
    path = machine.EVIDENCE / "intrusion/answers.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    return [(row[0], row[1], row[2]) for row in (line.split("\t") for line in lines) if row[0] not in OTHERWISE]


def nanos(text: str) -> int:
    whole, fraction = re.sub(r"(Z|\+00:00)$", "", text).split(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|\+00:00)")


class Object:
    """One object of an output: its text, and the times in it."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\\/", "/")
        self.times = [nanos(time) for time in TIME.findall(text)]
        self.times += [int(time) for time in re.findall(r'"timestamp_ns": "(\d+)"', text)]

    def has(self, token: str, tolerance: int) -> bool:
        if not TIME.fullmatch(token):
            return token in self.text
        return any(abs(time - nanos(token)) <= tolerance for time in self.times)


@pytest.fixture(scope="module")
def outputs(disk: Callable[..., Path]) -> Callable[[tuple[str, ...]], list[Object]]:
    image = disk("intrusion")

    @cache
    def get(command: tuple[str, ...]) -> list[Object]:
        if command == ("timeline",):
            return [Object(line) for line in launch.product("jsonl", image).decode().splitlines()]
        done = launch.run("-q", "--json", *command, image)
        assert done.returncode in (0, 1), done.stderr
        return [Object(json.dumps(value)) for value in json.loads(done.stdout)]
    return get


def tokens(question: str, key: str, answer: str) -> list[str]:
    """What an object must have: paths as the container saw them, hashes, times, and else the words of the answer."""
    if (question, key) in WORDS:
        return WORDS[question, key]
    answer = answer.split(" by the host's clock")[0]  # what the true time was follows from question 14
    text = f"{key} {answer}" if key.startswith(("/", "shop-dbdata:", "shop-jobs:", "original")) else answer
    found = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{64}|(?<!\w)(?:[\w-]+:)?/[\w./-]+", text)
    found = [re.sub(r"^.*/snapshots/\d+/fs(?=/.)|^[\w-]+:(?=/)|^/var/lib/docker/volumes/[\w-]+/_data(?=/)", "", one) for one in found]
    if question == "10":
        return [key, *found]
    if question == "15":
        return [key]
    return found or [answer]


@pytest.mark.skipif(not facts(), reason="no evidence (LAYERTIME_EVIDENCE)")
@pytest.mark.parametrize(("question", "key", "answer"), facts(), ids=lambda value: str(value)[-40:])
def test_fact(question: str, key: str, answer: str, outputs: Callable[[tuple[str, ...]], list[Object]]) -> None:
    if (question, key) in UNANSWERED:
        pytest.skip(UNANSWERED[question, key])
    commands, tolerance = BY_QUESTION[question]
    wanted = tokens(question, key, answer)
    times = [token for token in wanted if TIME.fullmatch(token)]
    everything = [one for command in commands for one in outputs(command)]
    whole = any(all(one.has(token, tolerance) for token in wanted) for one in everything)
    # The runs of a container are objects of their own.
    rest = [token for token in wanted if token not in times]
    each = question == "10" and all(any(one.has(token, tolerance) and all(one.has(word, 0) for word in rest)
                                        for one in everything) for token in times)
    assert whole or each, wanted
