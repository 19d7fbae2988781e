# SPDX-License-Identifier: Apache-2.0
"""The real dockerd with a data root of its own and no network: it runs until it is stopped, and is asked by its API or by
docker's command line. It is the oracle for what Docker says; how it is asked is all that stands here."""
import http.client
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lib.machine import IS_ROOT, TIMEOUT, Refused, have
from lib.reading import Row

NEEDED = ("dockerd", "docker", "containerd", "busybox")


class Connection(http.client.HTTPConnection):
    """HTTP over the daemon's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


class Daemon:
    """dockerd while it runs. `data` is its data root; all else that it writes is below `scratch`."""

    def __init__(self, data: Path, scratch: Path, *options: str) -> None:
        self.data, self.socket, self.log = data, scratch / "sock", scratch / "dockerd.log"
        command = ["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false",
                   "--ip-masq=false", "-H", f"unix://{self.socket}", "-p", scratch / "pid", "--data-root", data,
                   "--exec-root", scratch / "exec", *options]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + TIMEOUT
        while not self.alive():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise Refused(f"dockerd cannot run: {self.log.read_text(errors='replace')[-300:]}")
            time.sleep(0.05)

    def alive(self) -> bool:
        """Does it answer?"""
        try:
            return self.call("GET", "/_ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request; the answer is JSON where it can be."""
        connection = Connection(self.socket)
        kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        connection.request(method, path + ("?" + urlencode(query) if query else ""), data, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 400 or b'"errorDetail"' in text:
            raise Refused(f"{method} {path}: {answer.status} {text.decode(errors='replace')[-300:]}")
        try:
            return json.loads(text)
        except ValueError:
            return text

    def try_client(self, *args: Any, **options: Any) -> subprocess.CompletedProcess:
        """A command of docker to its end, whatever comes of it."""
        return subprocess.run(["docker", "-H", f"unix://{self.socket}", *args], capture_output=True,
                              **{"check": False} | options)

    def client(self, *args: Any, **options: Any) -> str:
        """What a command of docker prints, which must succeed."""
        return self.try_client(*args, check=True, **options).stdout.decode().strip()

    def inspect(self, *names: str) -> list[Row]:
        """docker inspect."""
        return json.loads(self.client("inspect", *names))

    def stop(self) -> None:
        """An orderly end; its containers end with it."""
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def started(base: Path) -> Daemon:
    """A daemon whose data are below `base`, for images with busybox in them. Skips where none can be had."""
    if not IS_ROOT or not have(*NEEDED):
        pytest.skip(f"needs root and {', '.join(NEEDED)}")
    try:
        return Daemon(base / "data", base)
    except Refused as error:
        pytest.skip(str(error))
