# SPDX-License-Identifier: Apache-2.0
"""What damage cost: the rows of a run before it and of one after it, and the errors that tell of it.

No oracle: which rows may be lost the test says.
"""
from collections import Counter

from lib.hosts import Host
from lib.reading import Row, Timeline, owner, what

KEYS = {"code", "evidence", "path", "reason", "source"}


def check_errors(errors: list[Row], host: Host) -> None:
    """Every error row has the documented keys and types."""
    for error in errors:
        assert KEYS - {"path"} <= error.keys() <= KEYS | {"errno"}, error
        assert all(isinstance(error[key], str) and error[key] for key in error if key != "errno")
        assert isinstance(error.get("errno", 0), int)
        assert error["evidence"] == str(host.root)


def lost_and_new(before: Timeline, after: Timeline, changed: str | None = None) -> tuple[list[tuple], list[tuple]]:
    """What rows tell (not when) that are gone, and that came; without the entries at and below the evidence path
    `changed`, which the test itself took away or made."""
    old, new = (Counter(what(row) for row in result.rows if not is_entry_of(row, changed)) for result in (before, after))
    return list((old - new).elements()), list((new - old).elements())


def is_entry_of(row: Row, path: str | None) -> bool:
    """Is it a row of the file or directory, or of an entry below?"""
    return path is not None and row["data_type"] == "fs:stat" and \
        (row["pathspec"]["location"] + "/").startswith(path + "/")


def owners(result: Timeline) -> dict[tuple, tuple]:
    """Whose each thing is."""
    return {what(row): owner(row) for row in result.rows}
