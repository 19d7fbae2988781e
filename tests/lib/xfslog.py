# SPDX-License-Identifier: Apache-2.0
"""XFS disks that stopped in the midst of use, and the kernel's word on them: what it shows of a copy once it has replayed the
log (VIEW of replayed()), and of the disk as it lies (lying()).

`python3 -m lib.xfslog [STOPS [SEED]]`, in tests/ and as root, tries that many stops, each in a way and with options of
mkfs.xfs of its own, and prints a line for each, with what is not as the kernel has it. `python3 -m lib.xfslog mutate IMAGE
COUNT SEED` damages the log of a disk in that many ways, and counts what becomes of it.
"""
import contextlib
import errno
import fcntl
import os
import random
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lib import disks, ext4fs, machine, sanitizers
from lib.ext4fs import View

XFSREPLAY = ext4fs.FSDUMP.with_name("xfsreplay")
GOINGDOWN = 0x8004587D # XFS_IOC_GOINGDOWN
# How a disk stops: the flag of the shutdown, which says whether the log is written out before, or a copy while it is in use.
STOPS = {"default": 0, "logflush": 1, "nologflush": 2, "copied": None}
# name: options of mkfs.xfs, and behind ":" those of the mount
VARIANTS = {
    "default": "",
    "small-log": "-l size=7m",
    "1k-blocks": "-b size=1024 -l size=4m",
    "4k-sectors": "-s size=4096 -l size=12m",
    "stripes": "-l su=32k,size=12m",
    "wide-stripes": "-l su=256k,size=20m",
    "nrext64": "-i nrext64=1 -l size=16m",
    "old": "-m bigtime=0,inobtcount=0,reflink=0,rmapbt=0,finobt=0 -i sparse=0,nrext64=0 -l size=4m",
    "large-directories": "-b size=1024 -n size=65536 -l size=9m",
    "large-inodes": "-i size=2048 -l size=10m",
    "rmap": "-m rmapbt=1,reflink=1 -l size=13m",
    "large-records": "-l size=20m:logbsize=256k",
    "records-of-64k": "-b size=1024 -l size=10m:logbsize=64k",
    "16k-directories": "-n size=16384 -i size=512,maxpct=80 -d agcount=2 -l size=10m",
}


class Worker:
    """Makes, changes and deletes all kinds of entries below a directory, for ever; what it does is drawn from a seed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.draw = root, random.Random(seed)
        self.files: list[Path] = []
        self.folders = [root]
        self.number = 0

    def fresh(self) -> Path:
        self.number += 1
        return self.draw.choice(self.folders[-8:]) / f"{self.number:06}{'n' * self.draw.choice((0, 1, 5, 30, 120, 200))}"

    def file(self) -> None:
        path = self.fresh()
        path.write_bytes(self.draw.randbytes(self.draw.choice((0, 10, 700, 5000, 40000, 200000))))
        self.files.append(path)

    def many(self) -> None:
        for _ in range(self.draw.choice((5, 50, 400))):
            path = self.fresh()
            path.touch()
            self.files.append(path)

    def folder(self) -> None:
        path = self.fresh()
        path.mkdir()
        self.folders.append(path)

    def special(self) -> None:
        path = self.fresh()
        if self.draw.random() < 0.5:
            os.symlink("t" * self.draw.choice((1, 60, 300, 1000)), path)
        else:
            os.mknod(path, self.draw.choice((0o20600, 0o60600, 0o10600)), os.makedev(self.draw.choice((0, 8, 259)), self.draw.randrange(70000)))
        self.files.append(path)

    def taken(self) -> Path:
        return self.files[self.draw.randrange(len(self.files))]

    def rename(self) -> None:
        at, path = self.draw.randrange(len(self.files)), self.fresh()
        self.files[at].rename(path)
        self.files[at] = path

    def link(self) -> None:
        path = self.fresh()
        os.link(self.taken(), path)
        self.files.append(path)

    def unlink(self) -> None:
        for _ in range(min(self.draw.choice((1, 20, 300)), len(self.files))):
            os.unlink(self.files.pop(self.draw.randrange(len(self.files))))

    def held(self) -> None:
        """Deleted while it is open, for ever."""
        os.open(self.files[-1], os.O_RDONLY | os.O_NONBLOCK)
        os.unlink(self.files.pop())

    def xattr(self) -> None:
        path = self.taken()
        for number in range(self.draw.choice((1, 1, 3, 60))):
            os.setxattr(path, f"trusted.x{number}", self.draw.randbytes(self.draw.choice((1, 40, 200, 3000))), follow_symlinks=False)
        if self.draw.random() < 0.3:
            os.removexattr(path, "trusted.x0", follow_symlinks=False)

    def truncate(self) -> None:
        os.truncate(self.taken(), self.draw.choice((0, 3, 9000, 5000000)))

    def scatter(self) -> None:
        """A file of many extents."""
        with open(self.taken(), "r+b") as out:
            for number in range(self.draw.choice((5, 150))):
                out.seek(number * 8192)
                out.write(b"piece")
            os.fsync(out.fileno())

    def attributes(self) -> None:
        path = self.taken()
        os.chmod(path, self.draw.randrange(0o1000))
        os.chown(path, self.draw.randrange(70000), self.draw.randrange(70000))
        os.utime(path, ns=(self.draw.randrange(10**18), self.draw.randrange(4 * 10**18)))

    def fsync(self) -> None:
        handle = os.open(self.draw.choice(self.folders), os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def storm(self) -> None:
        for _ in range(30):
            path = self.fresh()
            with open(path, "wb") as out:
                out.write(b"storm")
                os.fsync(out.fileno())
            self.files.append(path)

    def drop(self) -> None:
        """A whole directory, so that blocks and inodes are freed."""
        if len(self.folders) > 3:
            gone = self.folders.pop(self.draw.randrange(1, len(self.folders)))
            subprocess.run(["rm", "-rf", gone], check=False)
            self.files = [path for path in self.files if gone not in path.parents]
            self.folders = [path for path in self.folders if gone not in path.parents]

    def work(self) -> None:
        steps = [self.file] * 6 + [self.many] * 2 + [self.folder] * 3 + [self.special] * 2 + [self.rename] * 6 + [self.link] * 2 + \
            [self.unlink] * 3 + [self.xattr] * 4 + [self.truncate] * 2 + [self.scatter] * 2 + [self.attributes] * 4 + [self.fsync] * 2 + \
            [self.storm, self.held, self.drop]
        while True:
            try:
                self.draw.choice(steps)()
            except (OSError, IndexError, ValueError) as error: # there is no such file, or no file at all
                if getattr(error, "errno", 0) == errno.EIO:    # the file system was stopped
                    return


@contextlib.contextmanager
def at_work(root: Path, seed: int, count: int) -> Iterator[list[subprocess.Popen]]:
    """So many workers, each in a process and a directory of its own."""
    workers = []
    for number in range(count):
        (root / f"w{number}").mkdir()
        workers.append(subprocess.Popen([sys.executable, "-m", "lib.xfslog", "work", root / f"w{number}", str(seed + number)],
                                        cwd=machine.REPO / "tests", stderr=subprocess.DEVNULL))
    while not all(any((root / f"w{number}").iterdir()) for number in range(count)):
        time.sleep(0.05)
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def shutdown(root: Path, flag: int) -> None:
    """Stop the file system that is mounted there, as a power loss would."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, GOINGDOWN, struct.pack("I", flag))
    finally:
        os.close(handle)


def stopped(image: Path, options: str, stop: str, seed: int, seconds: float, size: str = "96M") -> Path:
    """An image that was in use for that long when it stopped."""
    making, _, mounting = options.partition(":")
    subprocess.run(["truncate", "-s", size, image], check=True)
    subprocess.run(["mkfs.xfs", "--unsupported", "-q", *making.split(), image], check=True, capture_output=True)
    with disks.mount(image, "xfs", ",".join(["loop", *filter(None, [mounting])])) as root, at_work(root, seed, 2) as workers:
        time.sleep(seconds)
        flag = STOPS[stop]
        if flag is not None:
            shutdown(root, flag)
        else:
            for worker in workers:
                worker.send_signal(signal.SIGSTOP)
            disks.sparse_copy(image, image.with_suffix(".copy"))
        for worker in workers:
            worker.kill()
            worker.wait()
    if flag is None:
        os.replace(image.with_suffix(".copy"), image)
    return image


def lying(image: Path) -> View:
    """The kernel's view of the disk as it lies."""
    return ext4fs.view_of(image, "xfs", "ro,norecovery,nouuid,noatime,loop")


def replayed(image: Path, copy: Path) -> View:
    """The kernel's view once it has replayed the log, on a copy."""
    disks.sparse_copy(image, copy)
    with disks.mount(copy, "xfs", "nouuid,noatime,loop"):
        pass
    return lying(copy)


def ours(image: Path, copy: Path) -> tuple[View, str]:
    """The kernel's view of a copy into which our replay was written, and what our tool said."""
    disks.sparse_copy(image, copy)
    done = subprocess.run([XFSREPLAY, image, copy], capture_output=True, check=False, text=True, env=sanitizers.environment())
    assert done.returncode in (0, 1) and not done.stderr, (done.returncode, done.stderr[-3000:])
    return lying(copy), done.stdout


def readable(view: View) -> tuple[View, set[str]]:
    """What the kernel could read, and the paths of what it could not."""
    bad = {path.rstrip("/") or "/" for path, row in view.items() if row[1] == "!" or "!" in row[12] + row[14]}
    return {path: row for path, row in view.items() if path not in bad and row[1] != "!"}, bad


def compare(image: Path, folder: Path) -> tuple[str, list[str]]:
    """What our tool said of a disk that stopped, and what is wrong: our replay as the kernel sees it, our reader, and our reader
    with --no-journal, each beside the kernel's word."""
    truth = replayed(image, folder / "kernel.raw")
    got, said = ours(image, folder / "ours.raw")
    wrong = [f"replay: {line}" for line in ext4fs.differences(truth, got)]
    seen = ext4fs.dump(image)
    wrong += [f"reader: {line}" for line in ext4fs.differences(truth, seen.view) + seen.errors[:5] + seen.notes]
    return said, wrong + as_it_lies(image)


def as_it_lies(image: Path) -> list[str]:
    """What is wrong with --no-journal. Parts of such a disk are of different times, and the kernel gives up a directory at the
    first block that is damaged, and a block of inodes at the first one, where we go on: so what it could not read, or lies
    below that, we only must show or name."""
    before, bad = readable(lying(image))
    seen = ext4fs.dump(image, "--no-journal")
    failed = seen.failed()

    def judged(view: View) -> View:
        return {path: row for path, row in view.items() if not (bad | failed).intersection([path, *ext4fs.ancestors(path)])}
    wrong = ext4fs.differences(judged(before), judged(seen.view))
    wrong += [f"nothing says that {path} is unreadable" for path in sorted(bad)
              if path not in seen.view and not failed.intersection([path, *ext4fs.ancestors(path)])]
    return [f"as it lies: {line}" for line in wrong]


def trial(folder: Path, name: str, stop: str, seed: int, seconds: float) -> tuple[str, list[str]]:
    """One stop: what our tool said, and what is wrong."""
    image = stopped(folder / "stopped.raw", VARIANTS[name], stop, seed, seconds)
    return compare(image, folder)


# --- the log itself ---------------------------------------------------------------------------------------------------

BLOCK = 512


class Log:
    """The log of a disk, to be damaged. Places are bytes of the image."""

    def __init__(self, image: Path) -> None:
        with open(image, "rb") as disk:
            head = disk.read(BLOCK)
            block, = struct.unpack_from(">I", head, 4)
            start, = struct.unpack_from(">Q", head, 48)
            blocks, group, shift = struct.unpack_from(">I", head, 96)[0], struct.unpack_from(">I", head, 84)[0], head[124]
            self.at = ((start >> shift) * group + (start & (1 << shift) - 1)) * block
            disk.seek(self.at)
            self.bytes = disk.read(blocks * block)

    def records(self) -> list[int]:
        """Where records begin, the oldest first."""
        found = [at for at in range(0, len(self.bytes), BLOCK) if self.bytes[at:at + 4] == b"\xfe\xed\xba\xbe"]
        return [self.at + at for at in sorted(found, key=lambda at: self.bytes[at + 16:at + 24])]

    def waiting(self) -> list[int]:
        """Those from the tail on that the last one names."""
        found = self.records()
        last = found[-1] - self.at
        return [at for at in found if self.bytes[at - self.at + 16:at - self.at + 24] >= self.bytes[last + 24:last + 32]]


def mutate(image: Path, copy: Path, seed: int) -> Path:
    """A copy in whose log some bytes are others. In most copies no record has a checksum, so that the damage is met behind it."""
    draw, log = random.Random(seed), Log(image)
    disks.sparse_copy(image, copy)
    waiting = log.waiting()
    with open(copy, "r+b") as out:
        for at in waiting if draw.random() < 0.8 else []:
            out.seek(at + 32)
            out.write(bytes(4))
        for _ in range(draw.choice((1, 1, 3, 10, 100))):
            start = draw.choice(waiting)
            size, = struct.unpack_from(">I", log.bytes, start - log.at + 12)
            out.seek(start + draw.choice((draw.randrange(BLOCK), draw.randrange(BLOCK + size), BLOCK + draw.randrange(200))))
            old = out.read(1)
            out.seek(-1, os.SEEK_CUR)
            out.write(bytes([draw.choice((old[0] ^ 1 << draw.randrange(8), draw.randrange(256), 0, 255))]))
    return copy


def mutation(image: Path, folder: Path, truth: View, seed: int) -> str:
    """What became of one damaged log: the same view, other entries and a note, other entries and nothing says so."""
    seen = ext4fs.dump(mutate(image, folder / "mutant.raw", seed))
    if seen.code == 3:
        return "refused"
    if not ext4fs.differences(truth, seen.view):
        return "the same, with a note" if seen.notes else "the same"
    return "other, and a note or error says so" if seen.notes or seen.errors else "other, and nothing says so"


def mutations(image: Path, count: int, seed: int) -> Counter[str]:
    """What became of so many."""
    outcome: Counter[str] = Counter()
    with machine.scratch() as folder:
        truth = replayed(image, folder / "kernel.raw")
        for number in range(count):
            outcome[mutation(image, folder, truth, seed + number)] += 1
    return outcome


def main() -> int:
    if sys.argv[1:2] == ["work"]:
        Worker(Path(sys.argv[2]), int(sys.argv[3])).work()
        return 0
    if sys.argv[1:2] == ["mutate"]:
        print(mutations(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
        return 0
    count, seed = (int(text) for text in [*sys.argv[1:], "30", "1"][:2]) if len(sys.argv) != 2 else (int(sys.argv[1]), 1)
    wrong = 0
    for number in range(count):
        name, stop = list(VARIANTS)[number % len(VARIANTS)], list(STOPS)[(number // len(VARIANTS) + number) % len(STOPS)]
        seconds = random.Random(seed + number).choice((0.3, 1, 2, 4, 8))
        with machine.scratch() as folder:
            said, bad = trial(folder, name, stop, seed + 10 * number, seconds)
        wrong += bool(bad)
        print(f"{number:4} {name:20} {stop:10} {seconds:4} s  {'; '.join(said.splitlines())}", *bad, sep="\n     ", flush=True)
    print(f"{count - wrong} of {count} stops replayed as the kernel does")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
