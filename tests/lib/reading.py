# SPDX-License-Identifier: Apache-2.0
"""Reading the program's output back. No oracle: what is right to stand there others say.

The decoders follow formats/layertime-formats.5 and not the code that writes.
"""
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

Row = dict[str, Any]
MEDIUM = ("pathspec", "display_name", "file_system_type")   # what differs between a directory and an image of the same


@dataclass
class Timeline:
    """One JSONL run with its error list."""
    code: int
    lines: list[bytes]
    errors: list[Row]
    stderr: str
    rows: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [json.loads(line) for line in self.lines]

    def where(self, **wanted: Any) -> list[Row]:
        """Rows with all these fields; None stands for a field that is not there."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def locations(self) -> set[bytes]:
        """Evidence paths of all file rows."""
        return {location(row) for row in self.rows if row["data_type"] == "fs:stat"}

    @property
    def bare(self) -> list[str]:
        """The rows without what the medium changes: a directory, an image, a partition of one."""
        return bare(self.rows)

    def error(self) -> Row:
        """The only error there is."""
        assert len(self.errors) == 1, self.errors
        return self.errors[0]


def users(row: Row, kind: str) -> set[str]:
    """Short IDs, or names of those without one, of the first that share what a row is about: "containers" or "images"."""
    return {label.rpartition("@")[2] for label in row.get(f"used_by_{kind}", ())}


def short(identifier: str) -> str:
    """As labels show it: 12 of 64 hex digits, or a name that somebody chose."""
    digits = identifier.removeprefix("sha256:")
    return digits[:12] if re.match("[0-9a-f]{64}", digits) else digits


def joined(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows in which a text that continues in further rows is whole again."""
    for row in rows:
        number, _, count = row.pop("part", "1 of 1").partition(" of ")
        if number != "1":
            whole["message_body"] = whole.get("message_body", "") + row.get("message_body", "")
            row = whole
        whole = row
        if number == count:
            yield row


def bare(rows: Iterable[Row]) -> list[str]:
    """Rows without what the medium changes."""
    return [json.dumps({key: value for key, value in row.items() if key not in MEDIUM}) for row in rows]


def unescape(text: str) -> bytes:
    r"""Bytes of a name in JSONL, CSV or text: \xNN is a byte, \u{NNNN} a character."""
    def decode(match: re.Match) -> bytes:
        return bytes([int(match[1], 16)]) if match[1] else chr(int(match[2], 16)).encode("utf-8", "surrogatepass")
    return re.sub(rb"\\x([0-9a-f]{2})|\\u\{([0-9a-f]+)\}", decode, text.encode("utf-8", "surrogatepass"))


def unescape_body(text: str) -> bytes:
    r"""Bytes of a name in a body file: \\, \xNN, %7C and %25, as layertime-formats(5) says."""
    def decode(match: re.Match) -> bytes:
        return b"\\" if match[0] == rb"\\" else bytes([int(match[1] or match[2], 16)])
    return re.sub(rb"\\\\|\\x([0-9a-f]{2})|%(7C|25)", decode, text.encode("utf-8", "surrogatepass"))


def location(row: Row) -> bytes:
    """The evidence path of a row, as bytes."""
    return unescape(row["pathspec"]["location"])


def nanoseconds(row: Row) -> int:
    """The exact time of a row in ns since 1970, by its `date_time`."""
    value = row["date_time"]
    if value["__class_name__"] == "PosixTimeInNanoseconds":
        return value["timestamp"]
    *civil, fraction = value["time_elements_tuple"]
    delta = datetime(*civil, tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 10**9 + fraction


def iso_nanoseconds(text: str) -> int:
    """An ISO time with nine digits and +00:00, in ns since 1970."""
    whole, fraction = re.fullmatch(r"(.{19})\.(\d{9})\+00:00", text).groups()
    delta = datetime.fromisoformat(whole) - datetime(1970, 1, 1)
    return (delta.days * 86400 + delta.seconds) * 10**9 + int(fraction)


def what(row: Row) -> tuple:
    """What a row tells, whenever it was and whoever it belongs to: to compare runs before and after damage."""
    return (row["data_type"], row["timestamp_desc"], row["pathspec"]["location"], row.get("action"),
            row.get("command"), row.get("message_body"))


def owner(row: Row) -> tuple:
    """Whose a row is."""
    keys = ("container_identifier", "container_name", "image_identifier", "image_name", "layer_role", "volume_name")
    return tuple(row.get(key) for key in keys)


def facts(row: Row, word: str) -> list[str]:
    """What the row's facts say behind a word."""
    return [item[len(word) + 1:] for item in row.get("facts", []) if item.startswith(word + " ")]


def severity(row: Row) -> str:
    """The one severity of a row about an exposure."""
    words = [tag.removeprefix("severity_") for tag in row["tag"] if tag.startswith("severity_")]
    assert len(words) == 1 and "exposure" in row["tag"], row
    return words[0]
