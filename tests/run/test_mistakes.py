# SPDX-License-Identifier: Apache-2.0
"""Mistakes of a new user, each answered with what to write instead, and the files that table commands write."""
import csv
import gzip
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lib import hosts, launch, machine
from lib.hosts import Host
from lib.launch import run

TABLES = [["containers"], ["images"], ["volumes"], ["diff", "web"], ["ids", "web"], ["who", "/etc/conf"]]


# --- words and options ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args, answer", [
    (["EV", "containers"], "A command comes first: layertime containers EV"),
    (["EV", "diff", "web"], "A command comes first: layertime diff CONTAINER EVIDENCE..."),
    (["contaners", "EV"], "did you mean 'containers'?"), (["Diff", "web", "EV"], "did you mean 'diff'?"),
    (["imgaes", "EV"], "did you mean 'images'?"), (["hlep"], "did you mean 'help'?"),
    (["frobnicate", "EV"], "no command and no file is called 'frobnicate': see --help"),
    (["diff", "EV", "web"], "The evidence comes last: layertime diff web EV"),
    (["ids", "EV", "EV", "web"], "The evidence comes last: layertime ids CONTAINER EVIDENCE..."),
    (["who", "EV", "/etc/conf"], "'/etc/conf' cannot be evidence, but 'EV' can. The evidence comes last: layertime who /etc/"),
    (["who", "EV", "/etc/hostname"], "layertime who /etc/hostname EV"),
    (["EV", "--timezone", "Europe/Berln"], "did you mean 'Europe/Berlin'?"),
    (["EV", "--timezone", "asia/tokyo"], "did you mean 'Asia/Tokyo'?"), (["EV", "--timezone", "Mars"], "tz database"),
    (["help", "contaners"], "did you mean 'containers'?"), (["EV", "help"], "layertime COMMAND --help"),
    (["EV", "--sicne", "3d"], "unknown option '--sicne': did you mean '--since'?"),
    (["EV", "--list-"], "option '--list-' may be '--list-sources', '--list-formats'"),
    (["EV", "--list"], "option '--list' does not go with 'timeline', but with 'recover'"),
    (["EV", "-until", "now"], "unknown option '-u': did you mean '--until'?"),
    (["EV", "--zzz"], "unknown option '--zzz': see --help"), (["EV", "--quiet=no"], "option '--quiet' takes no value"),
    (["EV", "-o"], "option '-o' needs an argument"), (["EV", "--since"], "option '--since' needs an argument"),
    (["containers", "EV", "--since", "3d"], "does not go with 'containers', but with 'timeline'"),
    (["containers", "EV", "-f", "csv"], "does not go with 'containers', but with 'timeline': see -o x.csv and --json"),
    (["EV", "-f", "jsonlines"], "unknown format 'jsonlines': see --list-formats"),
    (["EV", "-f", "jsnol"], "unknown format 'jsnol': did you mean 'jsonl'?"),
    (["EV", "--role", "rw,iamge"], "unknown role 'iamge': did you mean 'image'?"),
    (["EV", "-c", "wbe"], "no container matches 'wbe': did you mean 'web'?"),
    (["diff", "webb", "EV"], "no container matches 'webb': did you mean 'web'?"),
    (["ids", "dbserver", "EV"], "no container matches 'dbserver'"),
    (["containers", "EV", "-o", "x.body"], "the name 'x.body' picks a format of the timeline"),
    (["containers", "EV", "--json", "-o", "x.csv"], "ask for two formats"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_answers(args: list[str], answer: str, shop: Host, tmp: Path) -> None:
    """Exit 2, the last line names what was meant, and nothing is written."""
    (tmp / "EV").symlink_to(shop.root)
    done = run(*args, cwd=tmp)
    assert done.returncode == 2 and not done.stdout
    assert answer in done.stderr.decode().splitlines()[-1], done.stderr
    assert os.listdir(tmp) == ["EV"]


def test_id_with_a_wrong_digit(shop: Host) -> None:
    """The beginning of the ID that is nearest."""
    web = hosts.container(shop, "web").id[:12]
    wrong = web[:5] + ("0" if web[5] != "0" else "1") + web[6:]
    assert f"did you mean '{web}'?" in run("-c", wrong, shop.root).stderr.decode()


def test_files_are_never_mistakes(shop: Host, tmp: Path) -> None:
    """Evidence may have any name, as long as it is there."""
    for name in ("contaners", "help2", "who"):
        (tmp / name).symlink_to(shop.root)
    assert run("-q", "contaners", cwd=tmp).returncode == 0
    assert run("-q", "diff", "web", "who", cwd=tmp).returncode == 0
    assert "given twice" in run("-q", "contaners", "who", "help2", cwd=tmp).stderr.decode()


def test_paths_of_this_machine_are_no_evidence(tmp: Path) -> None:
    """who asks for a path in containers, which this machine may have as well: the evidence is what is not there."""
    (tmp / "etc").mkdir()
    for path in ("/usr", "etc"):
        assert "cannot open the evidence" in run("who", path, "missing.raw", cwd=tmp).stderr.decode()


def test_help_is_a_command() -> None:
    """layertime help, and of one command."""
    assert run("help").stdout == run("--help").stdout
    assert run("help", "diff").stdout == run("diff", "--help").stdout != run("--help").stdout


# --- files of table commands ------------------------------------------------------------------------------------------

def written(shop: Host, tmp: Path, name: str, *args: Any) -> str:
    """What a command writes into a file of that name."""
    done = run("-q", *args, shop.root, "-o", tmp / name, "--force")
    assert done.returncode == 0, done.stderr
    data = (tmp / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()


def as_json(cell: str, value: Any) -> Any:
    """A cell as the type that JSON has for it."""
    if isinstance(value, (list, dict)):
        return json.loads(cell)
    if isinstance(value, bool):
        return {"true": True, "false": False}[cell]
    return int(cell) if isinstance(value, int) else cell


@pytest.mark.parametrize("command", TABLES, ids=lambda value: value[0])
def test_csv_has_what_json_has(command: list[str], shop: Host, tmp: Path) -> None:
    """The same names, the same values, sorted names; a cell is empty where JSON has no key."""
    rows = list(csv.DictReader(io.StringIO(written(shop, tmp, "x.csv", *command)), strict=True))
    wanted = launch.objects(*command, shop.root)
    assert len(rows) == len(wanted) > 0 and list(rows[0]) == sorted(rows[0])
    for row, item in zip(rows, wanted):
        assert {key for key, cell in row.items() if cell} == {key for key, value in item.items() if value != ""}
        assert {key: as_json(row[key], value) for key, value in item.items()} == item


@pytest.mark.parametrize("command", TABLES, ids=lambda value: value[0])
def test_other_suffixes(command: list[str], shop: Host, tmp: Path) -> None:
    """.json and .jsonl are JSON, .txt and others a table, .gz packs each."""
    wanted = launch.objects(*command, shop.root)
    assert json.loads(written(shop, tmp, "x.json", *command)) == wanted
    assert [json.loads(line) for line in written(shop, tmp, "x.jsonl.gz", *command).splitlines()] == wanted
    text = run("-q", *command, shop.root).stdout.decode()
    assert written(shop, tmp, "x.txt", *command) == written(shop, tmp, "x", *command) == text
    assert written(shop, tmp, "x.csv.gz", *command) == written(shop, tmp, "x.csv", *command)


def test_csv_of_nothing_has_names(tmp: Path) -> None:
    """A host without volumes: the columns of the table."""
    host = Host(tmp / "host")
    host.container("web", host.image("shop:1", {"bin": {"sh": "x"}}))
    text = written(host, tmp, "x.csv", "volumes")
    assert text.count("\n") == 1 and "volume_name" in text.strip().split(",")


def test_csv_is_not_calculated(host: Host, tmp: Path) -> None:
    """Names are the attacker's: what a spreadsheet would calculate has a ' before it, numbers and lines stay."""
    names = {"=HYPERLINK(A1)": "'=HYPERLINK(A1)", "@SUM(1)": "'@SUM(1)", "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0",
             "-2+3": "'-2+3", "-5": "-5", "-": "-", 'a"b,c\nd': 'a"b,c\\x0ad'}
    for name, cell in names.items():
        hosts.container(host, "web").change(Name="/" + name)
        rows = list(csv.DictReader(io.StringIO(written(host, tmp, "x.csv", "containers"))))
        assert cell in {row["container_name"] for row in rows}, name


# --- without root -----------------------------------------------------------------------------------------------------

@pytest.fixture
def guarded(host: Host, tmp: Path) -> Host:
    """A host of root, as Docker makes it: containers and what is in layers are closed to others."""
    tmp.chmod(0o755)
    subprocess.run(["chmod", "-R", "go+rX", host.root], check=True)
    for path in [*host.data.glob("containers/*"), *host.data.glob("overlay2/*/diff/*")]:
        if not path.is_symlink():
            path.chmod(0o700)
    return host


@pytest.mark.skipif(not machine.IS_ROOT, reason="files of root need root")
def test_one_line_for_all_that_root_could_read(guarded: Host, as_nobody: dict, tmp: Path) -> None:
    """It names the places; the list of errors still has every item."""
    result = guarded.run(**as_nobody)
    assert result.code == 1 and len(result.errors) > 5 and all(error["path"] for error in result.errors)
    denied = [error for error in result.errors if error.get("errno") == 13]
    atimes, line, *rest = run(guarded.root, **as_nobody).stderr.decode().splitlines()
    assert "access times" in atimes and line.startswith("layertime: this is not run as root: ") and len(rest) == 2, line
    for place in ("/var/lib/docker/containers", "/var/lib/docker/overlay2"):
        count = sum(error["path"].startswith(place) for error in denied)
        assert f"{place} ({count} errors)" in line and count > 1
    assert "trusted.overlay.* cannot be read" in line and "run it as root" in line
    assert not run("-q", guarded.root, **as_nobody).stderr
    assert run(guarded.root).returncode == 0


@pytest.mark.skipif(not machine.IS_ROOT, reason="files of root need root")
def test_store_that_only_root_may_enter(guarded: Host, as_nobody: dict) -> None:
    """Exit 3 says why, also with -q, and nobody is told that there is no Docker."""
    for door, name in ((guarded.data, "/var/lib/docker"), (guarded.root, str(guarded.root))):
        door.chmod(0o700)
        for quiet in ([], ["-q"]):
            done = run(*quiet, guarded.root, **as_nobody)
            lines = done.stderr.decode().splitlines()
            assert done.returncode == 3 and sum(f"not run as root: {name} (" in line for line in lines) == 1
            assert not any(word in line for word in ("in it", "Permission denied", "for ,") for line in lines), lines
        door.chmod(0o755)
