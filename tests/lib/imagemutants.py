# SPDX-License-Identifier: Apache-2.0
"""Disk images in which what describes them was changed by chance: headers, tables, and the names of other files. No
oracle: nothing is promised of them but that the program ends, and reports what it cannot read."""
import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from lib import vhdfile

NUMBERS = (0, 1, 2, 3, 0x7f, 0xff, 0x1ff, 0x200, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 1 << 40,
           1 << 62, (1 << 62) | 0x1234, 1 << 63, (1 << 63) | 1, (1 << 64) - 1, 0x00fffffffffffe00)
KINDS = {
    "plain": "qcow2 -o cluster_size=4k",
    "v2": "qcow2 -o compat=0.10",
    "extended": "qcow2 -o extended_l2=on,cluster_size=16k",
    "zlib": "qcow2 -c",
    "zstd": "qcow2 -c -o compression_type=zstd",
    "vdi": "vdi",
    "vhd": "vpc -o force_size=on",
}


def make(raw: Path, kind: str, folder: Path) -> Path:
    """An image of that kind of the raw disk, with another below it where the kind says so."""
    image = folder / f"{kind}.img"
    if kind == "overlay":
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, folder / "base.qcow2"], check=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", image], check=True, cwd=folder)
        subprocess.run(["qemu-img", "snapshot", "-c", "one", image], check=True)
    elif kind == "difference":
        base, size = folder / "base.vhd", raw.stat().st_size
        subprocess.run(["qemu-img", "convert", "-O", "vpc", "-o", "force_size=on", raw, base], check=True)
        parent = vhdfile.Parent(vhdfile.uuid_of(base), name="C:\\base.vhd", relative=".\\base.vhd")
        vhdfile.difference(image, size, bytes(16), parent, {2: bytes(512), 99: bytes(512)})
    else:
        form, *options = KINDS[kind].split()
        subprocess.run(["qemu-img", "convert", "-O", form, *options, raw, image], check=True)
    return image


def places(data: bytes) -> list[Callable[[random.Random], int]]:
    """Where what describes the image lies: a place for each kind of table."""
    def within(at: int, size: int) -> Callable[[random.Random], int]:
        return lambda pick: at + pick.randrange(max(size, 1))
    if data[:4] == b"QFI\xfb":
        cluster, l1 = 1 << struct.unpack_from(">I", data, 20)[0], struct.unpack_from(">Q", data, 40)[0]
        l2 = struct.unpack_from(">Q", data, l1)[0] & 0x00fffffffffffe00
        snapshots = struct.unpack_from(">Q", data, 64)[0]
        names = struct.unpack_from(">Q", data, 8)[0]
        return [within(0, 112), within(0, 112), within(104, 300), within(l1, 16), within(l2, min(cluster, 4096)), within(names, 20),
                within(snapshots or l2, 60)]
    if data[64:68] == b"\x7f\x10\xda\xbe":
        return [within(68, 12), within(340, 120), within(struct.unpack_from("<I", data, 340)[0], 100)]
    return [within(0, 80), within(len(data) - 512, 80), within(512, 60), within(512 + 576, 48), within(1536, 100), within(2048, 1024)]


def mutate(data: bytes, seed: int) -> bytes:
    """A copy with one to four changes: a byte, a bit, a number that means something, or the end cut off."""
    pick, out = random.Random(seed), bytearray(data)
    if data[:8] == b"conectix" and pick.random() < 0.7: # only one of its footers is believed
        out[-512:] = bytes(512)
    for _ in range(pick.randrange(1, 5)):
        at, how = pick.choice(places(data))(pick), pick.random()
        if how < 0.3:
            out[at % len(out)] = pick.randrange(256)
        elif how < 0.5:
            out[at % len(out)] ^= 1 << pick.randrange(8)
        elif how < 0.95:
            size = pick.choice((4, 8))
            at = at // size * size % (len(out) - 8)
            out[at:at + size] = (pick.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, pick.choice(("big", "little")))
        else:
            del out[pick.randrange(len(out)):]
            break
    return bytes(out)
