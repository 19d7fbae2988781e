# SPDX-License-Identifier: Apache-2.0
"""Logs of pods on nodes that the tests wrote: whose they are, rotation, pieces, damage, links."""
import gzip
import os
import re
from pathlib import Path

import pytest
from lib import reading
from lib.hosts import BERLIN, hex_id
from lib.launch import timeline
from lib.nodes import BASE, LINE, OTHER_UID, UID, Node, cri_line, joined, link_name
from lib.reading import Timeline

SECOND = 10**9


@pytest.fixture
def node(tmp: Path) -> Node:
    """A node without any log."""
    return Node(tmp / "node")


def lines(result: Timeline) -> list[tuple[str, str, int]]:
    """Whole lines with their streams and times."""
    return [(row["message_body"], row["log_source"], reading.nanoseconds(row)) for row in result.where(data_type=LINE)
            if "recovered" not in row["tag"]]


def halves(result: Timeline) -> list[reading.Row]:
    """What was kept of damaged lines."""
    return [row for row in result.where(data_type=LINE) if "recovered" in row["tag"]]


def test_pieces_of_both_streams(node: Node) -> None:
    """A line ends with the first F of its stream, and has the time of its first piece."""
    node.log([cri_line("one ", BASE, tag="P"), cri_line("err", BASE + 1, "stderr"), cri_line("two", BASE + 2),
              cri_line("open", BASE + 3, "stderr", "P:x")])
    assert lines(node.run()) == [("one two", "stdout", BASE), ("err", "stderr", BASE + 1), ("open", "stderr", BASE + 3)]


def test_rotated_logs_are_one_log(node: Node) -> None:
    """Pieces go on in the next file. A packed copy of a plain file adds nothing, whatever the order of their names."""
    first, second = cri_line("a", BASE), cri_line("b1", BASE + 1, tag="P")
    node.log(first, "0.log.20260102-030406.gz")
    node.log(second, "0.log.20260102-030407")
    node.log(second, "0.log.20260102-030407.tmp")
    node.log([cri_line("b2", BASE + 2), cri_line("c", BASE + 3)])
    result = node.run()
    assert lines(result) == [("a", "stdout", BASE), ("b1b2", "stdout", BASE + 1), ("c", "stdout", BASE + 3)]
    assert result.code == 0 and not result.errors


@pytest.mark.parametrize("zone", ["host", "line", "none"])
def test_time_of_rotation(zone: str, node: Node) -> None:
    """It is in the zone of the host. Without one the offset of the log's first line gives it, else it has bounds."""
    if zone == "host":
        node.write("etc/localtime", BERLIN.read_bytes())
    line = cri_line("a", BASE).replace(b"T03", b"T04").replace(b"Z ", b"+01:00 ")
    node.log(line if zone != "none" else b"", "0.log.20260102-040506")
    (row,) = node.run().where(data_type="container:log:rotation")
    if zone == "none":
        first, last = (reading.iso_nanoseconds(row[key]) for key in ("time_first", "time_last"))
        assert first < BASE + 61 * SECOND < last
    else:
        assert reading.nanoseconds(row) == BASE + 61 * SECOND and "time_inferred" in row["tag"]


@pytest.mark.parametrize("layout", ["1.14", "1.11", "1.6"])
def test_layouts(layout: str, node: Node) -> None:
    """The directory of a pod was its UID before 1.14, and the logs were in it before 1.11."""
    path = {"1.14": f"shop_web-0_{UID}/app/3.log", "1.11": f"{UID}/app/3.log", "1.6": f"{UID}/app_3.log"}[layout]
    node.write(node.logs / path, cri_line("a", BASE))
    (row,) = node.run().where(data_type=LINE)
    assert (row["container_name"], row["pod_identifier"]) == ("app", UID)
    assert row.get("pod_name") == ("web-0" if layout == "1.14" else None)
    assert "container_identifier" not in row and "configuration_missing" in row["tag"]


def test_container_by_link(node: Node) -> None:
    """The name of a link has the ID of the container to whose log it leads."""
    log = node.log(cri_line("a", BASE))
    old = node.log(cri_line("b", BASE), "1.log")
    node.link(log, link_name())
    node.link(old, link_name(cid="cd" * 32))
    result = node.run()
    owners = {row["message_body"]: row["container_identifier"] for row in result.where(data_type=LINE)}
    assert owners == {"a": hex_id("app"), "b": "cd" * 32}
    for row in result.where(data_type="container:log:link"):
        link = node.root / reading.location(row).decode()[1:]
        assert reading.nanoseconds(row) in (os.lstat(link).st_mtime_ns, os.lstat(link).st_ctime_ns)
        assert "the target is not there" not in row["facts"]


def test_dangling_link(node: Node) -> None:
    """Nothing else is left of the pod: its names, the container's and its ID."""
    node.logs.mkdir(parents=True)
    node.link(f"/var/log/pods/shop_web-0_{UID}/app/2.log", link_name())
    result = node.run()
    (row,) = result.where(data_type="container:log:link")
    assert (row["container_identifier"], row["container_name"]) == (hex_id("app"), "app")
    assert (row["pod_identifier"], row["pod_name"], row["pod_namespace"]) == (UID, "web-0", "shop")
    assert "the target is not there" in row["facts"] and "configuration_missing" in row["tag"]
    assert result.where(data_type="fs:stat", container_identifier=hex_id("app"), layer_role="log")


def test_cut_link(node: Node) -> None:
    """A name of more than 255 bytes is cut, the ID with it. The target still says which container it was."""
    pod = "p" * 220
    node.logs.mkdir(parents=True)
    node.link(f"/var/log/pods/shop_{pod}_{UID}/app/2.log", link_name(pod=pod))
    (row,) = node.run().where(data_type="container:log:link")
    assert (row["container_name"], row["pod_name"], row["pod_identifier"]) == ("app", pod, UID)
    assert "container_identifier" not in row


@pytest.mark.parametrize("target", ["/var/lib/docker/containers/x/x-json.log", "/elsewhere"])
def test_link_to_elsewhere(target: str, node: Node) -> None:
    """It names a pod, of which the UID is not known unless there is but one of that name."""
    node.logs.mkdir(parents=True)
    node.link(target, link_name())
    (row,) = node.run().where(data_type="container:log:link")
    assert (row["pod_name"], row["container_name"]) == ("web-0", "app") and "pod_identifier" not in row
    node.log(cri_line("a", BASE), container="side")
    (row,) = node.run().where(data_type="container:log:link")
    assert row["pod_identifier"] == UID


def test_file_system_of_its_own(node: Node) -> None:
    """Of a disk that was mounted at /var the paths lack that name, and the targets of links have it."""
    log = node.log(cri_line("a", BASE))
    node.pod("volumes/kubernetes.io~empty-dir/scratch")
    node.link(log, link_name())
    node.link(f"/var/log/pods/shop_web-0_{UID}/app/7.log", link_name(cid="cd" * 32))
    result = timeline(node.root / "var")
    (line,) = result.where(data_type=LINE)
    assert line["container_identifier"] == hex_id("app") and line["witness"].startswith("/log/pods/")
    dangling = {row["container_identifier"]: "the target is not there" in row["facts"]
                for row in result.where(data_type="container:log:link")}
    assert dangling == {hex_id("app"): False, "cd" * 32: True}
    assert result.where(data_type="container:volume:created", pod_name="web-0")


def test_two_pods_of_a_name(node: Node) -> None:
    """The UID keeps them apart."""
    for uid in (UID, OTHER_UID):
        node.log(cri_line(uid, BASE), uid=uid)
    assert all(row["message_body"] == row["pod_identifier"] for row in node.run().where(data_type=LINE))


def test_what_is_no_log(node: Node) -> None:
    """A link leads to a log of Docker, which is read with its container. An odd directory is told."""
    node.log(cri_line("a", BASE))
    os.symlink("/var/lib/docker/containers/x/x-json.log", node.logs / f"shop_web-0_{UID}/app/1.log")
    node.write(node.logs / "odd/app/0.log", cri_line("b", BASE))
    result = node.run()
    assert [text for text, *_ in lines(result)] == ["a"]
    assert (result.error()["code"], result.error()["path"]) == ("bad-id", "/var/log/pods/odd")
    assert b"/var/log/pods/odd/app/0.log" in result.locations()


# --- damage -----------------------------------------------------------------------------------------------------------

GOOD = [cri_line(f"line {n}", BASE + n * SECOND) for n in range(4)]
WHOLE = [(f"line {n}", "stdout", BASE + n * SECOND) for n in range(4)]


def test_last_line_breaks_off(node: Node) -> None:
    """Its time and stream are good, and what there is of its text is kept."""
    node.log(b"".join(GOOD[:3]) + GOOD[3][:-4])
    result = node.run()
    (row,) = halves(result)
    assert lines(result) == WHOLE[:3] and row["confidence"] == "exact"
    assert (row["message_body"], row["log_source"], reading.nanoseconds(row)) == ("lin", "stdout", WHOLE[3][2])
    assert result.error()["code"] == "truncated"


def test_other_programs_rotate_logs(node: Node) -> None:
    """logrotate and people know other names than the kubelet; tags behind the first one are attributes."""
    log = node.log(GOOD[3].replace(b" F ", b" F:a:b "))
    for number, suffix in enumerate((".bak", "-20260101.gz", "-20260102")):
        log.with_name(log.name + suffix).write_bytes(gzip.compress(GOOD[number]) if suffix[-1] == "z" else GOOD[number])
    log.with_name("notes.txt").write_text("x")
    result = node.run()
    assert sorted(lines(result)) == WHOLE
    assert [row.get("log_attributes") for row in result.where(data_type=LINE)] == [None] * 3 + [["tags=a:b"]]
    assert (result.error()["code"], result.error()["path"].endswith("/notes.txt")) == ("unsupported", True)


def test_line_without_its_beginning(node: Node) -> None:
    """Its text is kept between the line before it and the file's last change."""
    log = node.log(b"".join(GOOD[:3]) + GOOD[3][12:])
    result = node.run()
    (row,) = halves(result)
    assert lines(result) == WHOLE[:3] and (row["message_body"], row["log_source"]) == ("line 3", "stdout")
    assert reading.iso_nanoseconds(row["time_first"]) == WHOLE[2][2]
    assert reading.iso_nanoseconds(row["time_last"]) == log.stat().st_mtime_ns
    assert result.error()["code"] == "damaged" and f"{len(GOOD[3]) - 13} bytes" in result.error()["reason"]


@pytest.mark.parametrize("lost", [12, 36, 39, 43])
def test_hostile_line_without_its_beginning(lost: int, node: Node) -> None:
    """What a program wrote into its line is no line of its own, with a time that it chose."""
    fake = cri_line("fake", BASE - 10**9 * SECOND)[:-1]
    node.log(GOOD[0] + cri_line(b"said " + fake, BASE + SECOND)[lost:] + GOOD[2])
    result = node.run()
    (row,) = halves(result)
    assert lines(result) == [WHOLE[0], WHOLE[2]] and ("said " + fake.decode()).endswith(row["message_body"].strip())
    assert row["confidence"] == "bounded" and row.get("log_source") == ("stdout" if lost < 32 else None)


@pytest.mark.parametrize("zeros", [0, 1, 4096])
@pytest.mark.parametrize("cut", [0, 1, 10, 19, 31, 38, 41])
def test_line_appended_to_half_a_line(cut: int, zeros: int, node: Node) -> None:
    """A power loss leaves half a line, or NUL bytes, and then the daemon goes on. Only without any NUL byte does nothing
    tell that the text of the half ends."""
    node.log(b"".join(GOOD[:2]) + GOOD[2][:cut] + bytes(zeros) + GOOD[3])
    result = node.run()
    found = lines(result)
    assert found[:2] == WHOLE[:2]
    if cut < 40 or zeros:
        assert WHOLE[3] in found and result.code == (1 if cut + zeros else 0)


def test_text_that_looks_like_a_line(node: Node) -> None:
    """What a program prints about other logs is its own text."""
    inner = cri_line("inner", BASE)[:-1]
    node.log(cri_line(b"seen: " + inner, BASE + 5) + cri_line(b"nul \0" + b" in it", BASE + 6))
    found = node.run()
    assert [(text, when) for text, _, when in lines(found)] == [
        ("seen: " + inner.decode(), BASE + 5), (lines(found)[1][0], BASE + 6)]
    assert found.code == 0


def test_any_bytes(node: Node) -> None:
    """No line is lost, whatever stands in it."""
    data = b"".join(cri_line(bytes({n, 1 + n % 255} - {0, 10}), BASE + n, "stderr" if n % 3 else "stdout",
                             "P" if n % 5 == 1 else "F") for n in range(256))
    node.log(data)
    rows = node.run().where(data_type=LINE)
    assert len(rows) == len(joined(data))
    assert sorted(int(re.search(r"#offset=(\d+)", row["witness"])[1]) for row in rows) == sorted(
        at for at, *_ in joined(data))
