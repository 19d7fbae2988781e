#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The project's own rules, checked on the sources: what reviewers would otherwise have to remember."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = {"src": 500, "formats": 500, "tests": 800, "golden": 500, "contrib": 500}
MAX_KEYS = 96

# The rooms, from the ground up. A file uses its own room and those before it, by include and by call. "" is what lies in
# src/ itself. Rooms in one line are on one floor, and do not know each other.
FLOORS = ["base", "contain", "parse", "model", "formats", "evidence", "carve", "read", "store", "overlay", "clock", "inside", "files", "host", "runtime", "remains",
          "findings", "run", "timeline", "command", ""]

# Tables that hold words and no code: every room may include them.
WORDS = {"src/runtime/runtimes.def"}

# Where the map of a folder stands: in the comment that opens this header.
MAPS = {
    "src/base": "base.h", "src/contain": "contain.h", "src/parse": "parse.h", "src/model": "event.h", "formats": "format.h",
    "src/evidence": "evidence.h", "src/evidence/ext4": "ext4.h", "src/evidence/xfs": "xfs.h", "src/evidence/btrfs": "btrfs.h",
    "src/evidence/magic": "magic.h", "src/evidence/packed": "packed.h", "src/evidence/disks": "disks.h",
    "src/evidence/volumes": "volumes.h",
    "src/carve": "carve.h", "src/read": "context.h", "src/store": "mechanics.h",
    "src/overlay": "lower_stack.h", "src/clock": "zones.h", "src/files": "walked.h", "src/files/checks": "checks.h", "src/host": "attribution.h",
    "src/runtime": "runtimes.h", "src/remains": "remains.h", "src/runtime/docker": "docker.h", "src/runtime/docker/driver": "driver.h",
    "src/runtime/containerd": "containerd.h", "src/runtime/kubernetes": "kubernetes.h", "src/store/containerd": "containerd.h",
    "src/inside": "inner_logs.h", "src/parse/applog": "applog.h", "src/findings": "findings.h", "src/run": "job.h", "src/timeline": "pipeline.h", "src/timeline/sort": "sort.h", "src/command": "command.h",
}

# A library is known to one file only, so that it can be replaced or distrusted in one place.
LIBRARIES = {
    "tsk/": "src/evidence/image/libtsk.c",
    "jansson.h": "src/parse/json.c",
    "zlib.h": "src/base/gz.c",
    "openssl/": "src/base/sha256.c",
    "systemd/": "src/host/libsystemd.c",
    "zstd.h": "src/base/zst.c",
    "lzma.h": "src/base/xz.c",
    "seccomp.h": "src/contain/filter.c",
}

# A plug-in is one file and one line in the table of its folder. With the table: its macro, what its files export for a
# line, and where the files are.
TABLES = {
    "src/evidence/evidence.def": ("EVIDENCE", "lt_evidence_{}", "src/evidence"),
    "src/evidence/filesystems.def": ("FILESYSTEM", "lt_fs_reader_{}", "src/evidence"),
    
    "src/evidence/volumes/volumes.def": ("VOLUME", "lt_volume_{}", "src/evidence/volumes"),
    "src/evidence/packed/packed.def": ("PACKED", "lt_packed_{}", "src/evidence/packed"),
    "src/carve/carve.def": ("CARVE", "lt_carve_{}", "src/carve"),
    "src/remains/sources.def": ("SOURCE", "lt_source_{}", "src/remains"),
    "src/runtime/docker/sources.def": ("SOURCE", "lt_source_docker_{}", "src/runtime/docker"),
    "src/host/sources.def": ("SOURCE", "lt_source_{}", "src/host"),
    "src/inside/sources.def": ("SOURCE", "lt_source_{}", "src/inside"),
    "src/parse/applog/formats.def": ("APPLOG", "lt_applog_{}", "src/parse/applog"),
    "src/files/sources.def": ("SOURCE", "lt_source_{}", "src/files"),
    "src/files/checks/checks.def": ("LAYER_CHECK", "lt_layer_check_{}", "src/files/checks"),
    "src/runtime/docker/driver/drivers.def": ("DRIVER", "lt_docker_{}", "src/runtime/docker/driver"),
    "src/command/commands.def": ("COMMAND", "lt_command_{}", "src/command"),
    "src/command/methods.def": ("RECOVER_METHOD", "lt_recover_method_{}", "src/command"),
    "formats/formats.def": ("FORMAT", "lt_format_{}", "formats"),
}
# What a table's files export beside its lines.
EXPORTED = re.compile(r"^const struct lt_(?:evidence_kind|fs_reader|volume_kind|packed_format|source|docker_driver|command|format|layer_check|applog_format|recover_method|carve_format) (lt_\w+) = ", re.M)


def sources(*patterns: str) -> list[Path]:
    """The tracked and new files that match, as paths below the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return [Path(name) for name in names if (ROOT / name).exists()]


def text(path: Path | str) -> str:
    """Contents of a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def floor(path: Path) -> int:
    """Number of the floor that a file lies on."""
    parts = path.parts
    return FLOORS.index("formats" if parts[0] == "formats" else parts[1] if len(parts) > 2 else "")


# --- maps, tables, libraries ------------------------------------------------------------------------------------------

def named_in_map(header: Path) -> set[str]:
    """The files and folders that the opening comment of a header names."""
    opening = text(header).split("*/")[0]
    return set(re.findall(r"\b\w+\.c\b|\b\w+/(?!\w)", opening))


def runtimes() -> set[str]:
    """The folders that the table of runtimes names, which is their map."""
    return set(re.findall(r'#include "runtime/(\w+/)\w+\.def"', text("src/runtime/runtimes.def")))


def check_maps() -> list[str]:
    """The header that opens a folder names every file and folder in it, and none that is not there."""
    problems = []
    folders = {path.parent for path in sources("src/*.c", "formats/*.c") if path.parent != Path("src")}
    for folder in sorted(folders):
        if str(folder) not in MAPS and str(folder.parent) in MAPS:
            continue
        header = folder / MAPS.get(str(folder), f"{folder.name}.h")
        if not (ROOT / header).exists():
            problems.append(f"{header}: is to hold the map of its folder, and is not there")
            continue
        shown = named_in_map(header) | (runtimes() if folder == Path("src/runtime") else set())
        real = {path.name for path in sources(f"{folder}/*.c") if path.parent == folder}
        for path in sources(f"{folder}/*/*.c"):
            if path.parent.parent == folder: # a small folder is shown in the map of the one above
                real |= {f"{path.parent.name}/"} | (set() if str(path.parent) in MAPS else {path.name})
        problems += [f"{header}: the map lacks {name}" for name in sorted(real - shown)]
        problems += [f"{header}: the map names {name}, which is not there" for name in sorted(shown - real)]
    return problems


def check_main_map() -> list[str]:
    """The map at the top of src/main.c has every room."""
    shown = set(re.findall(r"^ \*\s+(\w+)/", text("src/main.c").split("*/")[0], re.M))
    return [f"src/main.c: the map lacks the room {room}/" for room in FLOORS if room and room not in shown]


def check_architecture() -> list[str]:
    """docs/ARCHITECTURE.md shows the rooms in their order."""
    page = "docs/ARCHITECTURE.md"
    part = text(page).split("## The rooms")[1].split("\n## ")[0]
    shown = re.findall(r"^    (\w+)/ ", part, re.M)
    return [] if shown == [room for room in reversed(FLOORS) if room] else [f"{page}: the rooms are not those of FLOORS"]


def check_tables() -> list[str]:
    """Every plug-in is in the table of its folder, and every line of a table has its file."""
    problems = []
    for table, (macro, symbol, folder) in TABLES.items():
        listed = {symbol.format(name) for name in re.findall(rf"^{macro}\((\w+)[,)]", text(table), re.M)}
        exported = {name for path in sources(f"{folder}/*.c") for name in EXPORTED.findall(text(path))
                    if name.startswith(symbol.format(""))}
        problems += [f"{table}: no line for {name}" for name in sorted(exported - listed)]
        problems += [f"{table}: no file exports {name}" for name in sorted(listed - exported)]
    folders = {f"{path.parts[2]}/" for path in sources("src/runtime/*/*.c")}
    return problems + [f"src/runtime/runtimes.def: lines and folders differ: {name}" for name in sorted(runtimes() ^ folders)]


def check_libraries() -> list[str]:
    """Each library is included by its one file only."""
    problems = []
    for path in sources("src/*.[ch]", "formats/*.[ch]"):
        for library, owner in LIBRARIES.items():
            if f"#include <{library}" in text(path) and str(path) != owner:
                problems.append(f"{path}: {library} may be included by {owner} only")
    return problems


# --- who may use whom -------------------------------------------------------------------------------------------------

def includes(path: Path) -> Iterator[Path]:
    """The project's files that a file includes; the path is written from src/ or from the top."""
    for name in re.findall(r'#include "([^"]+)"', text(path)):
        yield next((Path(top) / name for top in ("src", "") if (ROOT / top / name).exists()), Path(name))


def objects() -> dict[Path, list[list[str]]]:
    """For each source that was built, what nm tells of its object: kind and name of each symbol."""
    found = {}
    for path in sources("src/*.c", "formats/*.c"):
        built = (ROOT / "build" / path).with_suffix(".o")
        if built.exists():
            # Without its plug-in nm sees the code, not what the linker optimises.
            listing = subprocess.run(["nm", "--plugin", "/dev/null", built], capture_output=True, text=True, check=True)
            found[path] = [line.split()[-2:] for line in listing.stdout.splitlines()]
    return found


def calls() -> dict[Path, dict[Path, str]]:
    """Which file uses which other one, as the linker sees it, with one of the names that it takes."""
    listings = objects()
    home = {name: path for path, symbols in listings.items() for kind, name in symbols if kind in "TRDVBW"}
    found: dict[Path, dict[Path, str]] = {}
    for path, symbols in listings.items():
        for kind, name in symbols:
            if kind == "U" and home.get(name, path) != path:
                found.setdefault(path, {})[home[name]] = name
    return found


def check_rooms() -> list[str]:
    """Nobody includes or calls what lies above, and one runtime does not know another."""
    problems = []
    for path in sources("src/*.[ch]", "formats/*.[ch]"):
        for target in includes(path):
            if str(target) not in WORDS and not may_use(path, target):
                problems.append(f"{path}: may not include {target}")
    for path, targets in calls().items():
        problems += [f"{path}: may not use {name} of {target}" for target, name in targets.items()
                     if not may_use(path, target)]
    return problems


def may_use(path: Path, target: Path) -> bool:
    """Does the target lie on the file's own floor or below, and in no other runtime's folder?"""
    runtimes = [where.parts[2] for where in (path, target) if where.parts[:2] == ("src", "runtime") and len(where.parts) > 3]
    return floor(target) <= floor(path) and len(set(runtimes)) < 2


def check_cycles() -> list[str]:
    """No two files need each other. Tables are let be: they name their plug-ins, which need not know it."""
    needs = {path: {target for target in targets if not is_table(path)} for path, targets in calls().items()}
    for path in list(needs):
        while (fresh := set().union(*(needs.get(target, set()) for target in needs[path])) - needs[path]):
            needs[path] |= fresh
    return [f"{path}: needs a file that needs it: {sorted(map(str, loop))}" for path, reach in needs.items()
            if path in reach and (loop := {other for other in reach if path in needs.get(other, set())})]


def is_table(path: Path) -> bool:
    """Does the file make a table of plug-ins?"""
    return bool(re.search(r'^#include "[\w/]+\.def"', text(path), re.M))


# --- sizes, comments, state -------------------------------------------------------------------------------------------

def check_sizes() -> list[str]:
    """Files stay small enough to be read in one go."""
    counts = {path: text(path).count("\n") for path in sources("*.c", "*.h", "*.py", "*.sh")}
    return [f"{path}: {count} lines, at most {limit}" for path, count in counts.items()
            if count > (limit := MAX_LINES[path.parts[0]])]


def check_prototypes() -> list[str]:
    """Every function declared in a header has a comment before it or before the group it stands in."""
    problems = []
    for path in sources("src/*.h", "formats/*.h"):
        blocks = re.split(r"\n\s*\n", text(path))
        for block in blocks:
            declares = re.search(r"^\w[^\n;{}#]*\b(lt_\w+)\([^;{]*\)[^;{]*;", block, re.M)
            if declares and "/*" not in block and not is_plain(declares.group(0)):
                problems.append(f"{path}: {declares.group(1)}() has no comment")
    return problems


def is_plain(prototype: str) -> bool:
    """Functions whose name and types say all: release functions, and adding to or looking at bytes."""
    return bool(re.search(r"\blt_(\w+_(free|close)|buf_\w+|str_\w+)\(", prototype))


def check_globals() -> list[str]:
    """No object file has writable global state."""
    problems = []
    for path, symbols in objects().items():
        for kind, name in symbols:
            # Tables of pointers are constant but relocated; nm tells those in .data.rel.ro as "d".
            if kind in "bBC" or (kind in "dD" and not is_constant(path, name)):
                problems.append(f"{path}: writable global {name}")
    return problems


def is_constant(path: Path, symbol: str) -> bool:
    """Does the symbol lie in a section that is read-only after relocation?"""
    built = (ROOT / "build" / path).with_suffix(".o")
    listing = subprocess.run(["objdump", "-t", built], capture_output=True, text=True, check=True).stdout
    return any(line.split()[-1] == symbol and ".data.rel.ro" in line for line in listing.splitlines() if line.split())


def check_fields() -> list[str]:
    """JSON keys are sorted, unique and not too many; attributes carry the key of their field."""
    keys = re.findall(r'^FIELD\w*\(\w+, "(\w+)"', text("formats/fields.def"), re.M)
    problems = [] if keys == sorted(set(keys)) else ["formats/fields.def: keys are not sorted or not unique"]
    if len(keys) > MAX_KEYS:
        problems.append(f"formats/fields.def: {len(keys)} keys, at most {MAX_KEYS}")
    for table in sources("src/model/attrs.def", "src/runtime/*/*.def"):
        attrs = re.findall(r'^ATTR\(\w+, "(\w+)"', text(table), re.M)
        problems += [f"{table}: {name} is no field" for name in attrs if name not in keys]
    return problems


# Words of the manual for the types of formats/fields.def.
MANUAL_TYPES = {"WORD": {"string"}, "NAME": {"string"}, "TEXT": {"string"}, "INT": {"integer"},
                "RAW": {"list", "object", "boolean"}}


def check_manual() -> list[str]:
    """layertime-formats(5) has every field with its type, every data type and every tag, and none that is not there."""
    page = "formats/layertime-formats.5"
    _, fields, kinds, tags = re.split(r"^\.Sh (?:FIELDS|KINDS OF EVENT|TAGS)\n", text(page), flags=re.M)
    shown = dict(re.findall(r"^\.It Li (\S+) Pq (\w+)", fields, re.M))
    real = dict(re.findall(r'^FIELD\w*\(\w+, "(\w+)", (\w+)', text("formats/fields.def"), re.M))
    problems = [f"{page}: {name} is {shown[name]}, and {real[name]} in fields.def" for name in sorted(shown.keys() & real.keys())
                if shown[name] not in MANUAL_TYPES[real[name]]]
    words = "".join(map(text, sources("src/model/*.def", "src/runtime/*/*.def")))
    named = {"field": (set(shown), set(real)),
             "data type": (set(re.findall(r"^\.It Li (\S+)", kinds, re.M)),
                           set(re.findall(r'^KIND\(\w+, "([\w:]+)"', words, re.M))),
             "tag": (set(re.findall(r"^\.It Li (\S+)", tags, re.M)), set(re.findall(r"^TAG\((\w+)\)", words, re.M)))}
    for what, (there, wanted) in named.items():
        problems += [f"{page}: the {what} {name} is not described" for name in sorted(wanted - there)]
        problems += [f"{page}: there is no {what} {name}" for name in sorted(there - wanted)]
    return problems


def check_options() -> list[str]:
    """layertime(1) has every option and command."""
    page = text("src/layertime.1")
    options = re.findall(r"""^    \{\w+, (?:0|'\w'), "([\w-]+)",""", text("src/command_line.c"), re.M)
    commands = re.findall(r"^COMMAND\((\w+)\)", text("src/command/commands.def"), re.M)
    return ([f"src/layertime.1: no option --{name}" for name in options if f"Fl -{name}" not in page] +
            [f"src/layertime.1: no command {name}" for name in commands if not re.search(rf"^\.(It )?(Op )?Cm .*\b{name}\b", page, re.M)])


def summaries() -> dict[str, str]:
    """Name and summary of every source, storage driver and kind of evidence. A source without a summary shares one."""
    found = {}
    for path in sources("src/*.c"):
        code = re.sub(r'"\s*\n\s*"', "", text(path))
        for kind, body in re.findall(r"^(?:static )?const struct lt_(source|evidence_kind|\w*driver) \w+ = \{(.*?)^\};",
                                     code, re.M | re.S):
            pair = re.search(r'\.driver = \{"([^"]+)", "([^"]+)"' if kind.endswith("driver") else
                             r'\.name = "([^"]+)",\s*\.summary =\s*"([^"]+)"', body)
            found |= {pair[1]: pair[2]} if pair else {}
    return found


def check_artifacts() -> list[str]:
    """docs/artifacts.md has every source, storage driver and kind of evidence with its summary, and no other."""
    page = "docs/artifacts.md"
    shown = dict(re.findall(r"^### `([^`]+)`\n(.+)$", text(page), re.M) +
                 re.findall(r"^\| `([^`]+)` \| (.+) \|$", text(page).split("## Storage drivers")[-1], re.M))
    shown.pop("name", None)
    real = summaries()
    return ([f"{page}: {name} is not there, or not as: {real[name]}" for name in sorted(real)
             if shown.get(name) != real[name]] +
            [f"{page}: there is no {name}" for name in sorted(shown.keys() - real.keys())])


def check_names() -> list[str]:
    """No runtime is known by name outside its folder, the host's, the parsers and the store that several of them share:
    comments and tables may speak of it."""
    problems = []
    for path in sources("src/*.[ch]"):
        if path.parts[1] in ("runtime", "host", "parse") or path.match("src/store/containerd/*"):
            continue
        code = re.sub(r"/\*.*?\*/|^\s*\.summary = .*?,$", "", text(path), flags=re.S | re.M)
        problems += [f"{path}: names a runtime: {line.strip()}" for line in code.splitlines()
                     if re.search("docker|containerd|podman", line, re.I) and ".def" not in line]
    return problems


def check_golden() -> list[str]:
    """Every golden case has a command, and says why what it expects is right."""
    others = {Path("golden"), Path("golden/lib"), Path("golden/sample"), Path("golden/consumers")}
    folders = sorted({path.parent for path in sources("golden/*")} - others)
    return [f"{folder}: no {name}" for folder in folders for name in ("cmd", "why.md")
            if not (ROOT / folder / name).exists() or not text(folder / name).strip()]


def check_licence() -> list[str]:
    """Every source file names its licence."""
    wanted = sources("src/*", "formats/*", "contrib/*", "golden/*.py", "tests/*.[ch]", "tests/*.py", "tests/*.sh", "Makefile")
    return [f"{path}: no SPDX line" for path in wanted
            if path.suffix not in (".md", ".gz") and "SPDX-License-Identifier: Apache-2.0" not in text(path)]


def check_pointers() -> list[str]:
    """Nothing points at a document that is not in the repository."""
    lost = re.compile(r"\bSPEC\b|\b(?:ondisk|formats|reliability|style|house|performance|ecosystem|peers)\.md\b")
    return [f"{path}: points at {match.group(0)}, which is not here" for path in sources("src/*", "formats/*", "tests/*.py", "tests/*.[ch]", "*.md")
            if path != Path("tests/lint/rules.py") and (match := lost.search(text(path)))]


def main() -> int:
    """Run all checks and print what they find."""
    problems = [line for name, check in globals().items() if name.startswith("check_") for line in check()]
    print("\n".join(problems), end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
