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


def lost_and_new(before: Timeline, after: Timeline) -> tuple[list[tuple], list[tuple]]:
    """What rows tell (not when) that are gone, and that came."""
    old, new = Counter(map(what, before.rows)), Counter(map(what, after.rows))
    return list((old - new).elements()), list((new - old).elements())


def owners(result: Timeline) -> dict[tuple, tuple]:
    """Whose each thing is."""
    return {what(row): owner(row) for row in result.rows}
