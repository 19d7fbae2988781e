# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the program, decompressed images, mounted evidence, small hosts. Images live under /tmp for one session."""
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
pytest.register_assert_rewrite("lib")
from lib import containerd_truth, disks, hosts, launch, machine, reading  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def program() -> Path:
    """Nothing can be tested without it."""
    if not machine.PROGRAM.exists():
        pytest.exit(f"{machine.PROGRAM} is not there: run `make sanitized`, or set LAYERTIME", 2)
    return machine.PROGRAM


@pytest.fixture(scope="session")
def session_dir() -> Iterator[Path]:
    """A directory for the whole session."""
    with machine.scratch() as path:
        yield path


@pytest.fixture
def tmp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for one test. Not pytest's own: those are kept, and their clean-up fails on very deep trees."""
    with machine.scratch() as path:
        yield path


@pytest.fixture(scope="session")
def sample(session_dir: Path) -> Path:
    """The sample's disk image."""
    return disks.decompress(machine.SAMPLE / "disk.clean.raw.zst", session_dir / "sample.raw")


@pytest.fixture(scope="session")
def sample_jsonl(sample: Path) -> reading.Timeline:
    """The sample's whole timeline."""
    result = launch.timeline(sample)
    assert result.code == 0 and not result.errors, result.stderr
    return result


@pytest.fixture(scope="session")
def disk(session_dir: Path) -> Callable[[str, str], Path]:
    """disk(case, "clean"): the unpacked image of a case of the evidence set. Skips where there is none."""
    def get(case: str, state: str = "clean") -> Path:
        packed = machine.EVIDENCE / case / f"disk.{state}.raw.zst"
        target = session_dir / f"{case}.{state}.raw"
        if not packed.exists():
            pytest.skip(f"no evidence at {packed} (LAYERTIME_EVIDENCE)")
        return target if target.exists() else disks.decompress(packed, target)
    return get


@pytest.fixture(scope="session")
def mounting() -> None:
    """Skips where we may not mount."""
    if not disks.can_mount():
        pytest.skip("mounting needs root")


@pytest.fixture(scope="session")
def mounted(mounting: None) -> Iterator[Callable[..., Path]]:
    """mounted(image, "ext4"): read-only, journal untouched, until the end of the session."""
    places: dict[Path, Path] = {}
    with ExitStack() as stack:
        def get(image: Path, kind: str = "ext4") -> Path:
            if image not in places:
                options = {"ext4": "ro,noload,loop", "xfs": "ro,norecovery,nouuid,loop"}[kind]
                try:
                    places[image] = stack.enter_context(disks.mount(image, kind, options))
                except subprocess.CalledProcessError as error:
                    pytest.skip(f"cannot mount: {error.stderr.decode()}")
            return places[image]
        yield get


@pytest.fixture
def evidence(disk: Callable[[str, str], Path], request: pytest.FixtureRequest) -> Callable[[str, str], Path]:
    """evidence(case, "poweroff-replayed"): the disk of a case, mounted where only that can be read."""
    def get(case: str, state: str = "clean") -> Path:
        image = disk(case, state.split("-")[0])
        return request.getfixturevalue("mounted")(image, "xfs") if case.endswith("xfs") else image
    return get


@pytest.fixture
def rows_of(evidence: Callable[[str, str], Path], session_dir: Path) -> Callable[[str, str], Path]:
    """rows_of(case, state): the JSONL of a case, made once."""
    def get(case: str, state: str = "clean") -> Path:
        rows = session_dir / f"{case}.{state}.jsonl"
        if not rows.exists():
            done = launch.run("-q", "-o", rows, evidence(case, state))
            assert done.returncode in (0, 1), done.stderr.decode()
        return rows
    return get


@pytest.fixture(scope="session")
def containerd_disk(disk: Callable[[str, str], Path]) -> Callable[[str, str], Path]:
    """containerd_disk(case, state): the image of a case with its journal written into it, as a mount would do."""
    def get(case: str, state: str = "clean") -> Path:
        image = disk(case, state)
        if state == "clean":
            return image
        copy = image.with_suffix(".replayed.raw")
        return copy if copy.exists() else disks.replay(disks.sparse_copy(image, copy))
    return get


@pytest.fixture(scope="session")
def containerd_case(containerd_disk: Callable[[str, str], Path]) -> Callable[..., containerd_truth.ContainerdCase]:
    """containerd_case(case, state): the truth of a host with containerd, read once."""
    known: dict[tuple[str, str], containerd_truth.ContainerdCase] = {}

    def get(case: str, state: str = "clean") -> containerd_truth.ContainerdCase:
        if (case, state) not in known:
            kind = "clean" if state == "clean" else "poweroff-replayed"
            known[case, state] = containerd_truth.ContainerdCase(case, kind, containerd_disk(case, state))
        return known[case, state]
    return get


@pytest.fixture
def host(tmp: Path) -> hosts.Host:
    """A small host that the test may damage."""
    return hosts.shop(tmp / "host")


@pytest.fixture(scope="session")
def shop(session_dir: Path) -> hosts.Host:
    """A small host that no test may change."""
    return hosts.shop(session_dir / "shop")


@pytest.fixture(scope="session")
def as_nobody(session_dir: Path) -> dict:
    """Options for launch.run() that take away root's rights; nothing to do for other users."""
    if not machine.IS_ROOT:
        return {}
    if not all(place.stat().st_mode & 1 for place in machine.PROGRAM.resolve().parents):
        pytest.skip(f"nobody else may reach {machine.PROGRAM}")
    return {"user": machine.NOBODY, "group": machine.NOBODY, "extra_groups": []}


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """The tests' own tools, said once instead of by a hundred failures."""
    missing = [name for name in ("zstd", "mke2fs", "debugfs", "sfdisk", "gzip") if not machine.have(name)]
    if missing:
        pytest.exit(f"install {', '.join(missing)} for the tests: contrib/dependencies.sh does", 2)
    assert shutil.which("rm")
