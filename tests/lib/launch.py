# SPDX-License-Identifier: Apache-2.0
"""Running the program: to its end, under a limit, for bytes or for a timeline that was read back.

A run must end, must leave the sanitizers silent, and its account must balance. Nothing else is judged here.
"""
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from lib.machine import PROCESSOR, PROGRAM, TIMEOUT, memory, scratch
from lib.reading import Row, Timeline
from lib.sanitizers import check_sanitizers, environment

FORMATS = ("text", "jsonl", "csv", "body", "l2tcsv")
SUFFIXES = {"text": ".txt", "jsonl": ".jsonl", "csv": ".csv", "body": ".body", "l2tcsv": ".l2tcsv"}
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def limited(command: Iterable[Any], processor: int = PROCESSOR, **options: Any) -> subprocess.CompletedProcess:
    """Run a command to its end, which a sanitizer's finding or too much time of the processor makes a failure: how long it
    takes by the clock says nothing on a busy machine, and only ends what waits for ever."""
    done = subprocess.run(["prlimit", f"--cpu={processor}", *command], timeout=TIMEOUT, check=False, **options)
    assert done.returncode not in (-signal.SIGXCPU, -signal.SIGKILL), f"more than {processor} s of the processor's time"
    check_sanitizers(done.returncode, done.stderr or b"")
    return done


def run(*args: Any, env: dict[str, str] | None = None, processor: int = PROCESSOR, **options: Any):
    """Run the program to its end, see limited(); stdout and stderr are bytes."""
    command = [os.fspath(arg) if isinstance(arg, (Path, bytes)) else str(arg) for arg in (PROGRAM, *args)]
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return limited(command, processor, env=env or environment(), **options)


def timeline(*args: Any, **options: Any) -> Timeline:
    """Run for JSONL and the error list, and read both back. The account must balance whatever happens. What is written lies in
    memory: each file is synced, and a busy disk makes that slow."""
    with scratch(memory()) as out:
        if options.get("user") is not None:
            os.chown(out, options["user"], -1)
        done = run("-q", "--stats", "-f", "jsonl", "-o", out / "rows", "--errors", out / "errors", *args, **options)
        rows, errors = ((out / name).read_bytes() if (out / name).exists() else b"" for name in ("rows", "errors"))
    stderr = done.stderr.decode()
    assert done.returncode not in (0, 1) or "the account balances" in stderr, stderr
    return Timeline(done.returncode, rows.splitlines(keepends=True), [json.loads(e) for e in errors.splitlines()],
                    stderr)


def product(form: str, *args: Any) -> bytes:
    """What the program writes to stdout in one format."""
    return run("-q", "-f", form, *args).stdout


def terminal() -> tuple[int, int]:
    """Both ends of a pseudo-terminal. Skips where there is none."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminals here: {error}")


def on_terminal(columns: int, *args: object, **variables: str) -> list[bytes]:
    """The lines that the program writes to a terminal of so many columns; stderr goes elsewhere."""
    parent, child = terminal()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = environment() | {"TERM": "xterm"} | variables
    with subprocess.Popen([PROGRAM, "-q", *map(str, args)], stdout=child, stderr=subprocess.DEVNULL, env=env):
        os.close(child)
        data = b""
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:                           # the other end is closed
                piece = b""
            if not piece:
                break
            data += piece
    os.close(parent)
    return data.replace(b"\r\n", b"\n").splitlines()


def objects(*args: Any, code: int = 0) -> list[Row]:
    """The objects of a command's JSON."""
    done = run("-q", "--json", *args)
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout.decode("ascii"))


def wait_for(condition: Any, seconds: float = TIMEOUT) -> Any:
    """Poll until `condition()` is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.001)
    return value
