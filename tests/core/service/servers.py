"""Servers for tests: one in a thread of this process, and real processes of `cutsmith serve`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from cutsmith.service.app import build_app
from cutsmith.service.server import address_of, listening_socket, server_config
from cutsmith.service.settings import ENVIRONMENT, ServiceSettings
from tests.ctrl_c import hears_ctrl_c


@contextmanager
def server_in_a_thread(settings: ServiceSettings) -> Iterator[str]:
    """The address of a server with `settings`, on any port that is free."""
    before = os.environ.get(ENVIRONMENT)
    os.environ[ENVIRONMENT] = settings.to_json()
    listener = listening_socket("127.0.0.1", 0)
    server = uvicorn.Server(server_config(build_app(settings), log_config=None))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(20)
        if before is None:
            del os.environ[ENVIRONMENT]
        else:
            os.environ[ENVIRONMENT] = before
        assert not thread.is_alive()


class Serving:
    """A process of `cutsmith serve`, on any port that is free."""

    def __init__(self, folder: Path, *arguments: str, log: Path) -> None:
        self.log = log
        command = [sys.executable, "-m", "cutsmith", "serve", "--port", "0", "--folder", str(folder), *arguments]
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stream, text=True, preexec_fn=hears_ctrl_c
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://"), log.read_text()

    def wait_until_ready(self, seconds: float = 60) -> None:
        import requests

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if requests.get(f"{self.address}readyz", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def end(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        """Send the signal, and wait; -> the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Serving]:
    """A process that is ready, and is ended afterwards."""
    made = Serving(folder, *arguments, log=folder.with_suffix(".log"))
    try:
        made.wait_until_ready()
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait(30)
