# SPDX-License-Identifier: Apache-2.0
"""An image, and all that a container can do to its files: for hosts that are made in the run."""
import os
import stat
from collections.abc import Callable

from lib import overlay_truth
from lib.fresh_case import Recorder

BASE = {"dev": None, "proc": None, "sys": None, "etc": None, "data": None, "dir": None, "dir/sub": None, "one": None,
        "conf": None, "was-dir": None, "tmp": None, "hard1": b"linked\n", "hard2": ("hard", "hard1"),
        "link": ("symbolic", "data/f00"), "dir/a": b"a\n", "dir/b": b"b\n", "dir/sub/c": b"c\n", "one/alone": b"1\n",
        "was-dir/x": b"x\n", "empty": b"", "data/new\nline": b"n\n", "data/tab\there": b"t\n",
        **{f"data/f{n:02}": b"%d\n" % n for n in range(16)}, **{f"conf/{c}": b"mode=%c\n" % ord(c) for c in "abcdefgh"}}


def write(text: str, mode: str = "w") -> Callable[[str], None]:
    """An action: write to a file."""
    def action(at: str) -> None:
        with open(at, mode, encoding="ascii") as file:
            file.write(text)
    return action


def first_run(case: Recorder, busy: str) -> None:
    """All kinds of change, in one mount session of a container on BASE."""
    case.remove(busy, "/data/f01", 0.1)
    case.remove(busy, "/data/f02", 0.1)
    case.act(busy, "chmod_lower", "/conf/a", "chmod 600 /conf/a", lambda at: os.chmod(at, 0o600))
    case.act(busy, "append_lower", "/conf/b", "echo x >> /conf/b", write("x\n", "a"))
    case.act(busy, "truncate_lower", "/conf/c", ": > /conf/c", write(""))
    case.act(busy, "open_rdwr_lower_no_write", "/conf/d", ": <> /conf/d", lambda at: os.close(os.open(at, os.O_RDWR)))
    case.act(busy, "touch_lower_1999", "/conf/e", "touch /conf/e", lambda at: os.utime(at, (915148800, 915148800)))
    case.act(busy, "rename_lower_file", "/conf/moved-f", "mv /conf/f /conf/moved-f",
             lambda at: os.rename(at.replace("moved-", ""), at))
    for old, new in (("/data/f10", "/tmp/f10"), ("/tmp/f10", "/tmp/twice"), ("/data/f11", "/data/f12")):
        case.act(busy, "move", new, f"mv {old} {new}",
                 lambda at, old=old, new=new: os.rename(at.removesuffix(new) + old, at))
    case.remove(busy, "/data/f13")
    case.act(busy, "delete_lower_recreate", "/data/f13", "echo x > /data/f13", write("again\n"))
    case.remove(busy, "/data/f13")
    case.act(busy, "xattr", "/conf/h", "setfattr /conf/h", lambda at: os.setxattr(at, "user.note", b"seen"))
    case.act(busy, "capability", "/conf/g", "setfattr /conf/g", lambda at: os.setxattr(
        at, overlay_truth.CAPABILITY, bytes.fromhex("0100000200200000000000000000000000000000")))
    case.act(busy, "chown_lower", "/link", "chown -h 1000 /link", lambda at: os.lchown(at, 1000, 1000))
    case.act(busy, "append_hard", "/hard1", "echo x >> /hard1", write("x\n", "a"))
    case.remove(busy, "/dir", 0.2)                    # deleted well before it was made again
    case.act(busy, "replace_lower_dir_opaque", "/dir", "mkdir /dir", os.mkdir)
    case.act(busy, "new_file", "/dir/b", "echo b > /dir/b", write("again\n"))
    case.remove(busy, "/data/f03")
    case.act(busy, "delete_lower_recreate", "/data/f03", "echo x > /data/f03", write("again\n"))
    case.remove(busy, "/data/f04")
    case.act(busy, "lower_file_to_dir", "/data/f04", "mkdir /data/f04", os.mkdir)
    case.act(busy, "new_file", "/data/f04/in", "echo x > /data/f04/in", write("in\n"))
    case.remove(busy, "/was-dir", 0.1)
    case.act(busy, "lower_dir_to_file", "/was-dir", "echo x > /was-dir", write("file\n"))
    case.act(busy, "new_file", "/tmp/gone", "echo x > /tmp/gone", write("x\n"))
    case.remove(busy, "/tmp/gone")
    case.act(busy, "device", "/tmp/null", "mknod /tmp/null c 1 3", lambda at: os.mknod(
        at, stat.S_IFCHR | 0o666, os.makedev(1, 3)))
    case.act(busy, "symlink", "/tmp/dangling", "ln -s nowhere /tmp/dangling", lambda at: os.symlink("nowhere", at))
    case.act(busy, "new_file", "/tmp/.wh.note", "echo x > /tmp/.wh.note", write("no whiteout\n"))
    case.act(busy, "new_tree", "/tmp/new", "mkdir /tmp/new", os.mkdir)
    case.act(busy, "odd_name", "/tmp/odd", "touch odd", lambda at: os.close(os.open(
        os.fsencode(at) + b"\xff\x1b[31m\nx", os.O_CREAT | os.O_WRONLY)))
