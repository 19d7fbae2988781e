# SPDX-License-Identifier: Apache-2.0
"""What rows of image layers say of those who share them, against the merged views of all containers and images
(tests/overlay_truth.py). Whose each row is otherwise: tests/truth.py."""
from collections import defaultdict
from pathlib import Path

import overlay_truth
import pytest
import truth
from overlay_truth import LAYERED, Host, file_rows, host_of


def hiding_faults(host: Host, rows: Path) -> list[str]:
    """What is wrong in hidden_by of the rows of image layers."""
    told, problems = {}, []
    for row in file_rows(rows):
        told.setdefault(row["location"], set(row.get("hidden_by", ())))
    ids = {host.containers[name]["Id"]: name for name in host.containers}
    must, layers_above = expected_hiders(host)
    for entry in overlay_truth.entries(host).values():
        known = host.case.layers.get(entry.layer)
        if not known or known.role != "image" or host.hides(entry) is not None or entry.path == b"/":
            continue
        said, wanted = told.get(entry.location, set()), must[entry.location]
        problems += [f"{truth.show(entry.location)}: not hidden by {truth.show(who)}" for who in wanted - said]
        for hider in said - wanted:
            layers = [host.rw(ids[hider])] if hider in ids and hider in known.containers else [
                layer for layer in layers_above[entry.layer] if host.layer_id(layer) == hider]
            if not any(overlay_truth.covers(host, layer, entry.path) for layer in layers):
                problems.append(f"{truth.show(entry.location)}: hidden by {truth.show(hider)}?")
    assert any(must.values())
    return problems


def expected_hiders(host: Host) -> tuple[dict[bytes, set[str]], dict[bytes, set[bytes]]]:
    """By place of an entry, who must be named; by layer, the image layers that lie above it in any image."""
    must: dict[bytes, set[str]] = defaultdict(set)
    above: dict[bytes, set[bytes]] = defaultdict(set)

    def compare(stack: tuple[bytes, ...], hider: str) -> None:
        after = host.view(stack)
        for path, entry in host.view(stack[1:]).items():
            seen = after.get(path)
            if seen is not entry and not (seen and seen.kind == entry.kind == "d"):
                must[entry.location].add(hider)

    for chain in host.case.chains.values():
        for number, layer in enumerate(chain[1:], 1):
            compare(tuple(reversed(chain[:number + 1])), host.layer_id(layer))
            for below in chain[:number]:
                above[below].add(layer)
    for name, container in host.containers.items():
        compare(host.stack(name), container["Id"])
    return must, above


@pytest.mark.parametrize(("case", "state"), LAYERED)
def test_rows_of_shared_layers_say_who_hides_them(case: str, state: str, rows_of) -> None:
    """hidden_by has each container that saw an entry of its image until its own layer hid it, and each image layer
    above that does so; and nobody whose layer has nothing there."""
    problems = hiding_faults(host_of(case, state), rows_of(case, state))
    assert not problems, problems[:20]
