# SPDX-License-Identifier: Apache-2.0
"""Hostile strings in names, configurations and logs: no output may hold what acts on who reads it, and no name may be lost."""
import csv
import io
import json
import os
import random
import re
import unicodedata
from pathlib import Path

from lib import hosts
from lib.machine import PROGRAM
from lib.reading import location
from lib.sanitizers import FINDING, environment
from lib.torture.judge import FINE, Tally, finish, fresh

PIECES = [b"\x1b[2J", b"\x1b]0;x\x07", b"\n", b"\r", b"\t", b"\x7f", b"\x9b31m", b"\xc2\x9b31m", b"\xc2\x85", b"\xff", b"\xc0\xaf",
          b"\xed\xa0\x80", b"|", b'"', b"'", b",", b";", b"=1+1", b"@x", b"+1", b"-1", b"\\", b"\\x0a", b"%0A", b"%s%n", b"{}", b" ",
          b"$(id)", b"<b>", b" -> ", b" (deleted)", b"a", b"x" * 60,
          *(char.encode() for char in "\u202e\u2066\u200b\u2028\ufeff\xad\U000e0041\u0308\xe4\U0001f600")]
ACTING = ("Cc", "Cs", "Cf", "Zl", "Zp")               # categories of Unicode that are not simply shown


def plant(host: hosts.Host, text: bytes) -> None:
    """The string as the name of a file, of a link's target and of a volume, in a configuration, and in logs."""
    web, word = hosts.container(host, "web"), text.decode("utf-8", "replace")
    hosts.write_tree(os.fsencode(web.rw / "diff"), {b"odd" + text: "x", "link": ("link", text)})
    host.volume("vol", {b"odd" + text: "x"})
    web.change(Path=word, Args=[word], Name="/web" + word,
               Config={"Hostname": word, "Image": word, "Labels": {word: word}, "Env": [f"A={word}"], "Cmd": [word]})
    host.write(web.log, hosts.log_record(word, "2026-01-02T03:04:05Z", "std" + word))
    host.write(host.root / "var/log/syslog", b"Jul  9 10:00:00 dock01 dockerd[8]: " + text + web.id.encode() + b"\n")
    host.write(host.root / "etc/hostname", text)


def records(form: str, text: str) -> list[list[str]]:
    """The cells of each record. l2tcsv is as psort writes it: no quotes, and no comma in a value."""
    if form == "csv":
        return list(csv.reader(io.StringIO(text, newline="")))
    return [line.split({"body": "|", "l2tcsv": ","}.get(form)) for line in text.split("\n")[:-1]]


def unsafe(form: str, output: bytes) -> str:
    """What is wrong with an output, "" if nothing is."""
    try:
        text = output.decode("utf-8")
        rows = [json.loads(line) for line in output.splitlines()] if form == "jsonl" else records(form, text)
    except ValueError as error:
        return str(error)
    if raw := {char for char in set(text) - {"\n"} if unicodedata.category(char) in (ACTING[:2] if form == "jsonl" else ACTING)}:
        return f"raw {sorted(map(ascii, raw))}"
    if form in ("csv", "l2tcsv", "body") and len({len(row) for row in rows}) != 1:
        return "records of different length"
    cells = [cell for row in rows for cell in row if re.match(r"[=+@](?!\d+(\.\d+)?$).", cell)] if form == "csv" else []
    return f"a cell that a spreadsheet calculates: {cells[0]}" if cells else ""


def strings(seed: int, count: int, out: Path) -> Tally:
    """A string a run, in each format."""
    chance = random.Random(seed)
    tally = Tally("strings")
    for _ in range(count):
        text = b"".join(chance.choices(PIECES, k=chance.randrange(1, 7)))[:200].replace(b"/", b"")
        host = hosts.shop(fresh(out / "host"))
        plant(host, text)
        tally.counts["runs"] += 1
        for form in ("text", "csv", "jsonl", "body", "l2tcsv"):
            done = finish([PROGRAM, "-q", "-f", form, host.root], env=environment())
            if not done or done.returncode not in FINE or FINDING.search(done.stderr):
                tally.wrong("crash" if done else "hang", f"{text!r} as {form}")
            elif problem := unsafe(form, done.stdout):
                tally.wrong("invented", f"{text!r} as {form}: {problem}")
            elif form == "jsonl":
                paths = [location(row) for row in map(json.loads, done.stdout.splitlines()) if "pathspec" in row]
                if len({path for path in paths if path.endswith(b"/odd" + text)}) < 2:
                    tally.wrong("silent loss", f"{text!r}")
        tally.counts["same"] += not tally.faults or f"{text!r}" not in tally.faults[-1]
    return tally
