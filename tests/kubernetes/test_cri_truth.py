# SPDX-License-Identifier: Apache-2.0
"""A recorded node with containerd's CRI plug-in: each line of each log, whose rows are, and what the runtime said."""
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from lib import launch, machine, reading
from lib.nodes import LINE, joined

CASE = "containerd-cri-ext4"
TRUTH = machine.EVIDENCE / CASE / "truth"


@pytest.fixture(scope="module", params=["clean", "poweroff"])
def state(request: pytest.FixtureRequest) -> str:
    """Both disks of the case."""
    return request.param


@pytest.fixture(scope="module")
def image(state: str, disk: Callable[[str, str], Path]) -> Path:
    """One of them."""
    return disk(CASE, state)


@pytest.fixture(scope="module")
def whole(image: Path) -> reading.Timeline:
    """Its timeline."""
    return launch.timeline(image)


def ids() -> dict[str, str]:
    """The name that truth uses for a container, by its ID."""
    rows = (line.split("\t") for line in (TRUTH / "ids.tsv").read_text().splitlines() if not line.startswith("#"))
    return {cid: name for name, cid in rows}


def pods() -> dict[str, tuple[str, str, str]]:
    """Namespace, name and UID of the pod of each container, by its ID: as the script told the runtime to make them."""
    out, sandbox = {}, {}
    for line in (TRUTH / "actions.tsv").read_text().splitlines()[1:]:
        what, cid, words = (part := line.split("\t"))[4], part[6], part[8].split()
        if what == "pod_run":
            at = words.index("runp")
            sandbox[cid] = out[cid] = (words[at + 2], words[at + 1], words[at + 3])
        elif what == "container_create":
            out[cid] = sandbox[words[words.index("create") + 1]]
    return out


def nanos(text: bytes) -> int:
    """A time as Go writes it, with an offset."""
    whole, _, rest = text.decode().partition(".")
    digits = rest.rstrip("Z").split("+")[0].split("-")[0]
    zone = rest[len(digits):]
    when = datetime.fromisoformat(whole + zone.replace("Z", "+00:00"))
    return int(when.timestamp()) * 10**9 + int(digits.ljust(9, "0"))


def test_each_line(image: Path, mounted: Callable[..., Path], whole: reading.Timeline) -> None:
    """Of each file below /var/log/pods, with its stream, time, text and place."""
    top, wanted = mounted(image), Counter()
    for at, _, names in os.walk(top / "var/log/pods"):
        for name in names:
            path = Path(at, name)
            for offset, stream, when, text in joined(path.read_bytes()):
                wanted[f"/{path.relative_to(top)}#offset={offset}", stream, nanos(when), text.decode()] += 1
    found = Counter((row["witness"], row["log_source"], reading.nanoseconds(row), row["message_body"])
                    for row in whole.where(data_type=LINE))
    assert wanted and found == wanted


def test_whose_lines(whole: reading.Timeline) -> None:
    """The container that the runtime said has this log; that of a removed one by the link that is left."""
    paths = {}
    for path in (TRUTH / "containers").glob("*.status.json"):
        status = json.loads(path.read_text())
        paths[status["log_path"]] = status["id"]
    gone = {cid for cid, name in ids().items() if name == "topaz"}
    for row in whole.where(data_type=LINE):
        log = row["witness"].split("#")[0]
        assert row["container_identifier"] == paths.get(log, *gone), row
        assert ("configuration_missing" in row["tag"]) == (log not in paths)


def test_pod_of_every_row(whole: reading.Timeline) -> None:
    """A row about a container of Kubernetes has its namespace and pod, whoever wrote it. Of the removed sandbox the
    database's freed pages alone know."""
    known, seen = pods(), Counter()
    for row in whole.rows:
        cid = row.get("container_identifier")
        if cid not in known or (ids()[cid] == "portal-old-9" and "pod_name" not in row):
            continue
        namespace, name, uid = known[cid]
        assert (row["container_runtime"], row["container_namespace"]) == ("kubernetes", "k8s.io"), row
        assert (row["pod_namespace"], row["pod_name"], row["pod_identifier"]) == (namespace, name, uid), row
        seen[cid] += 1
    assert all(seen[cid] for cid, name in ids().items() if name != "portal-old-9")


def test_volumes(image: Path, whole: reading.Timeline) -> None:
    """Each pod has one. That of portal-web-0 is mounted at /scratch by those containers that actions.tsv says."""
    rows = whole.where(data_type="container:volume:created")
    assert {(row["pod_name"], row["volume_name"]) for row in rows} == {
        (name, f"{name}/scratch") for _, name, _ in pods().values()}
    shared = [row for row in whole.rows if reading.location(row).endswith(b"empty-dir/scratch/shared")]
    assert shared and {row["pod_name"] for row in shared} == {"portal-web-0"}
    assert {(row["layer_role"], row["filename"]) for row in shared} == {("volume", "/scratch/shared")}
    mounting = {cid for cid, name in ids().items() if name in {"poppy", "cobalt", "cobalt.1"}}
    assert all(reading.users(row, "containers") == {*map(reading.short, mounting)} for row in shared)
    for item in launch.objects("volumes", image):
        users = {user["container_identifier"] for user in item.get("users", [])}
        assert users == (mounting if item["pod_name"] == "portal-web-0" else set())


def test_links(image: Path, mounted: Callable[..., Path], whole: reading.Timeline) -> None:
    """Each link, when it was made, and the container that its name says."""
    links = mounted(image) / "var/log/containers"
    wanted = {(f"/var/log/containers/{name}", name[-68:-4], os.lstat(links / name).st_mtime_ns)
              for name in os.listdir(links)}
    assert wanted == {(reading.location(row).decode(), row["container_identifier"], reading.nanoseconds(row))
                      for row in whole.where(data_type="container:log:link")}


def test_no_infra(image: Path, whole: reading.Timeline) -> None:
    """All rows but those of the sandboxes, and a table without them."""
    sandboxes = {cid for cid, name in ids().items() if name in {pod for _, pod, _ in pods().values()}}
    kept = launch.timeline("--no-infra", image)
    removed = [row for row in whole.rows if row.get("container_identifier") in sandboxes]
    wanted = [line for line, row in zip(whole.lines, whole.rows)
              if row.get("container_identifier") not in sandboxes or "pod_name" not in row]
    assert removed and kept.lines == wanted
    listed = {row["container_identifier"] for row in launch.objects("containers", image)}
    assert {row["container_identifier"] for row in launch.objects("containers", "--no-infra", image)} == (
        listed - sandboxes)


@pytest.mark.parametrize("which", ["k8s.io/poppy", "portal/portal-web-0", "portal-web-0/cobalt", "k8s.io/pop*",
                                   "portal/portal-*"])
def test_filter_by_namespace_and_pod(which: str, image: Path, whole: reading.Timeline) -> None:
    """The container of a namespace, a pod, the containers of a name in a pod, and patterns."""
    names = {cid: name for cid, name in ids().items()}
    wanted = {"k8s.io/poppy": {"poppy"}, "k8s.io/pop*": {"poppy"}, "portal-web-0/cobalt": {"cobalt", "cobalt.1"},
              "portal/portal-web-0": {"poppy", "cobalt", "cobalt.1", "portal-web-0"},
              "portal/portal-*": {"poppy", "cobalt", "cobalt.1", "portal-web-0", "topaz", "portal-old-9"}}[which]
    rows = launch.timeline("-c", which, image).rows
    found = {names[row["container_identifier"]] for row in rows if "container_identifier" in row}
    assert found - {"portal-old-9"} == wanted - {"portal-old-9"}
    lines = [row for row in rows if row["data_type"] == LINE]
    assert len(lines) == sum(names[row["container_identifier"]] in wanted for row in whole.where(data_type=LINE))


def test_pick(image: Path) -> None:
    """Commands about one container know the same words, and ask if several are meant."""
    for which, name in (("k8s.io/elder", "elder"), ("portal-job-1/amber", "amber")):
        (card,) = launch.objects("ids", which, image)
        assert ids()[card["container_identifier"]] == name
    done = launch.run("ids", "portal-web-0/cobalt", image)
    assert done.returncode == 2 and b"ambiguous" in done.stderr
