#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The project's own rules, checked on the sources: what reviewers would otherwise have to remember."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = {"src": 500, "formats": 500, "tests": 800, "golden": 500, "contrib": 500}

# A library is known to one file only, so that it can be replaced or distrusted in one place.
LIBRARIES = {
    "tsk/": "src/evidence/image.c",
    "jansson.h": "src/parse/json.c",
    "zlib.h": "src/base/gz.c",
    "openssl/": "src/base/sha256.c",
    "systemd/": "src/source/journal.c",
}

# A plug-in is one file and one line in the table of its folder.
TABLES = {
    "src/evidence/evidence.def": ("EVIDENCE", {"evidence", "stream", "lines", "walk", "lister", "beneath",
                                              "path_index", "ext4", "ext4_reader", "ext4_list", "ext4_volume",
                                              "ext4_journal", "ext4_fast", "ext4_orphans"}),
    "src/source/sources.def": ("SOURCE", {"source", "log_clock", "zones", "facts", "walked", "layer_files", "filetimes",
                                          "deletions", "exposure", "hostconfig", "host_files", "mentions", "journal",
                                          "docker_mounts", "binds", "covers", "daemon_settings", "daemon_unit"}),
    "src/store/stores.def": ("STORE", {"store", "links"}),
    "src/command/commands.def": ("COMMAND", {"command", "record", "pick"}),
    "formats/formats.def": ("FORMAT", {"format", "fields", "message"}),
}

# Layers from left to right: a file includes its own layer and those before it.
LAYERS = ["src/base", "src/event.h", "src/parse", "src/evidence", "src/inventory.h", "src/places.h", "src/output.h",
          "src/report.h", "src/context.h", "src/store", "src/layer_record.h", "src/tamper.h", "src/below.h", "src/change.h",
          "src/source", "src/options.h", "src/filter.h", "src/show.h", "src/job.h", "src/pipeline.h", "src/command"]


def sources(*patterns: str) -> list[Path]:
    """The tracked and new files that match, as paths below the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return [Path(name) for name in names if (ROOT / name).exists()]


def text(path: Path | str) -> str:
    """Contents of a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def check_map() -> list[str]:
    """Every source file is on the map at the top of src/main.c, and the map names none that is not there."""
    shown = set(re.findall(r"\b\w+\.c\b", text("src/main.c").split("*/")[0]))
    real = {path.name for path in sources("src/*.c", "formats/*.c")}
    missing = [f"src/main.c: the map lacks {name}" for name in sorted(real - shown)]
    return missing + [f"src/main.c: the map names {name}, which does not exist" for name in sorted(shown - real)]


def check_tables() -> list[str]:
    """Every plug-in is in the table of its folder, and every line of a table has its file."""
    problems = []
    for table, (macro, helpers) in TABLES.items():
        folder = Path(table).parent
        listed = set(re.findall(rf"^{macro}\((\w+)\)", text(table), re.M))
        files = {path.stem for path in sources(f"{folder}/*.c") if path.parent == folder} - helpers
        problems += [f"{table}: no line for {folder}/{name}.c" for name in sorted(files - listed)]
        problems += [f"{table}: no file for {macro}({name})" for name in sorted(listed - files)]
    return problems


def check_libraries() -> list[str]:
    """Each library is included by its one file only."""
    problems = []
    for path in sources("src/*.[ch]", "formats/*.[ch]"):
        for library, owner in LIBRARIES.items():
            if f"#include <{library}" in text(path) and str(path) != owner:
                problems.append(f"{path}: {library} may be included by {owner} only")
    return problems


def check_layers() -> list[str]:
    """No file of these folders includes a later layer; a format sees what the inventory sees."""
    problems = []
    for path in sources("src/*/*.[ch]", "formats/*.[ch]"):
        own = str(path.parent)
        last = LAYERS.index(own if own in LAYERS else "src/inventory.h")
        allowed = [*LAYERS[: last + 1], own]
        for include in re.findall(r'#include "([^"]+\.h)"', text(path)):
            target = str((ROOT / path.parent / include).resolve().relative_to(ROOT))
            if not any(target == layer or target.startswith(f"{layer}/") for layer in allowed):
                problems.append(f"{path}: may not include {target}")
    return problems


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
    """No object file has writable global state. (Without its plug-in nm sees the code, not what the linker optimises.)"""
    problems = []
    for path in sorted((ROOT / "build").glob("src/**/*.o")) + sorted((ROOT / "build").glob("formats/*.o")):
        listing = subprocess.run(["nm", "--plugin", "/dev/null", path], capture_output=True, text=True, check=True).stdout
        for kind, name in re.findall(r" ([dDbBC]) (\S+)", listing):
            # Tables of pointers are constant but relocated; nm tells those in .data.rel.ro as "d".
            if kind in "bBC" or not is_constant(path, name):
                problems.append(f"{path.relative_to(ROOT)}: writable global {name}")
    return problems


def is_constant(path: Path, symbol: str) -> bool:
    """Does the symbol lie in a section that is read-only after relocation?"""
    listing = subprocess.run(["objdump", "-t", path], capture_output=True, text=True, check=True).stdout
    return any(line.split()[-1] == symbol and ".data.rel.ro" in line for line in listing.splitlines() if line.split())


def check_fields() -> list[str]:
    """JSON keys are sorted, unique and at most 64; attributes carry the key of their field."""
    keys = re.findall(r'^FIELD\w*\(\w+, "(\w+)"', text("formats/fields.def"), re.M)
    problems = [] if keys == sorted(set(keys)) else ["formats/fields.def: keys are not sorted or not unique"]
    if len(keys) > 64:
        problems.append(f"formats/fields.def: {len(keys)} keys, at most 64")
    attrs = re.findall(r'^ATTR\(\w+, "(\w+)"', text("src/attrs.def"), re.M)
    return problems + [f"src/attrs.def: {name} is no field" for name in attrs if name not in keys]


def check_golden() -> list[str]:
    """Every golden case has a command, and says why what it expects is right."""
    others = {Path("golden"), Path("golden/lib"), Path("golden/sample"), Path("golden/consumers")}
    folders = sorted({path.parent for path in sources("golden/*")} - others)
    return [f"{folder}: no {name}" for folder in folders for name in ("cmd", "why.md")
            if not (ROOT / folder / name).exists() or not text(folder / name).strip()]


def check_licence() -> list[str]:
    """Every source file names its licence."""
    wanted = sources("src/*", "formats/*", "contrib/*", "tests/unit/*", "tests/fuzz/*.c", "tests/tools/*", "tests/*.py", "golden/*.py",
                     "Makefile")
    return [f"{path}: no SPDX line" for path in wanted if "SPDX-License-Identifier: Apache-2.0" not in text(path)]


def main() -> int:
    """Run all checks and print what they find."""
    problems = [line for name, check in globals().items() if name.startswith("check_") for line in check()]
    print("\n".join(problems), end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
