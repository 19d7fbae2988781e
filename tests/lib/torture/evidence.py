# SPDX-License-Identifier: Apache-2.0
"""The hosts that the campaigns damage. What is on them the run on the whole one says."""
import gzip
import os
import subprocess
from pathlib import Path

from lib import boltfile, disks, hosts
from lib.machine import IS_ROOT, PROGRAM

LOG = "Jul  9 10:00:0{0} dock01 dockerd[812]: time=\"2026-07-09T08:00:0{0}Z\" level=info msg=\"shim disconnected\" id={1}\n"


def crowded(out: Path) -> tuple[Path, Path, Path]:
    """A host with one of each kind of file: as a directory, as an ext4 image, and as one in two segments, which libtsk reads."""
    host = hosts.shop_in_berlin(out / "host")
    web = hosts.container(host, "web")
    host.write(host.root / "var/log/syslog", "".join(LOG.format(number, web.id) for number in range(5)))
    host.write(host.root / "var/log/syslog.1.gz", gzip.compress(LOG.format(0, hosts.GONE).encode()))
    host.write(host.root / "etc/docker/daemon.json", {"log-driver": "json-file"})
    host.write(host.data / "volumes/metadata.db", boltfile.database({b"volumes": {b"data": b'{"Name":"data"}'}}))
    (web.log.with_name(web.log.name + ".1")).write_bytes(web.log.read_bytes())
    if IS_ROOT:
        os.setxattr(web.rw / "diff/etc", "trusted.overlay.opaque", b"y")
    hosts.settle(host.root)
    image = disks.make_ext4(out / "disk.raw", host.root, "8M", "-b", "1024")
    return host.root, image, split(image)


def split(image: Path) -> Path:
    """The same image in two segments; the first."""
    data = image.read_bytes()
    first, second = image.with_suffix(".001"), image.with_suffix(".002")
    first.write_bytes(data[:len(data) // 2])
    second.write_bytes(data[len(data) // 2:])
    return first


def talkative(out: Path) -> Path:
    """A host with a log that is small as it lies, takes seconds to read, and has no line of a container."""
    host = hosts.shop_in_berlin(out)
    lines = b"Jul  9 10:00:00 dock01 cron[812]: nothing of ours\n" * 100_000
    host.write(host.root / "var/log/syslog.1.gz", gzip.compress(lines) * 60)
    return host.root


def is_release() -> bool:
    """Is the program built without sanitizers? Those need more memory than any limit leaves them."""
    return b"not used with a sanitizer" not in subprocess.run([PROGRAM, "--version"], check=True, capture_output=True).stdout
