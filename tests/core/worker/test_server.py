"""A worker inside the tests' own process: faults that no real job has, clients that do not read, and its log."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from cutsmith.worker import client_link, log_file, server
from cutsmith.worker.job_process import JobProcess
from cutsmith.worker.protocol import ConnectionEnded, HandshakeRefused, introduce, read_message
from cutsmith.worker.rendezvous import ConnectionStream
from cutsmith.worker.session import Session, WorkerCrashed
from tests.core.worker.conftest import is_alive, wait_until

KEY = b"k" * 32


# What a jobs' process does with kinds of jobs that no real one has.
ODD_JOBS = [
    sys.executable,
    "-c",
    "import sys, time\n"
    "import numpy as np\n"
    "from cutsmith.serving import jobs\n"
    "from cutsmith.worker import job_process\n"
    "def run_job(kind, *asked):\n"
    "    if kind == 'fail':\n"
    "        raise ZeroDivisionError('by nought')\n"
    "    if kind == 'nan':\n"
    "        return jobs.Answer({'score': float('nan')})\n"
    "    if kind == 'large':\n"
    "        return jobs.Answer({}, {'a': np.zeros(50_000_000, np.uint8)})\n"
    "    if kind == 'noise':\n"
    "        print('noise', flush=True)\n"
    "    if kind == 'long':\n"
    "        asked[2]('read', 0.1)\n"
    "        time.sleep(1)\n"
    "    return jobs.Answer({'fine': True})\n"
    "jobs.run_job = run_job\n"
    "job_process.main()\n",
]


class Served:
    """A worker in a thread, whose jobs run in a process, and sessions with it."""

    def __init__(self) -> None:
        self.worker = server.Worker(Path("/the/log"), 60, KEY, jobs=JobProcess(ODD_JOBS))
        self._thread = threading.Thread(target=self.worker.run, daemon=True)
        self._thread.start()
        self.streams: list[ConnectionStream] = []

    def stream(self) -> ConnectionStream:
        """A client's end of a new connection."""
        ours, theirs = map(ConnectionStream, Pipe())
        self.streams += [ours, theirs]
        threading.Thread(target=self.worker.serve, args=(theirs,), daemon=True).start()
        return ours

    def session(self) -> Session:
        stream = self.stream()
        return Session(stream, introduce(stream, KEY, "test"))

    def end(self) -> None:
        self.worker.end_when_empty()
        for stream in self.streams:
            stream.abort()
        self._thread.join(8)
        assert not self._thread.is_alive()


@pytest.fixture
def served():
    served = Served()
    yield served
    served.end()


def test_a_fault_is_a_crash_with_the_logs_place_and_the_worker_lives_on(served) -> None:
    session = served.session()
    with pytest.raises(WorkerCrashed, match="ZeroDivisionError: by nought") as caught:
        session.run("fail")
    assert caught.value.log == "/the/log"
    assert session.run("work").header["fine"] is True


def test_an_answer_that_is_no_json_is_a_crash_too(served) -> None:
    session = served.session()
    with pytest.raises(WorkerCrashed, match="JSON"):
        session.run("nan")
    assert session.run("ping").kind == "result"


def test_what_a_library_prints_does_not_get_among_the_frames(served) -> None:
    session = served.session()
    assert session.run("noise").header["fine"] is True
    assert session.run("noise").header["fine"] is True


def test_a_client_that_does_not_read_keeps_nobody_waiting(served) -> None:
    asleep, awake = served.session(), served.session()
    asleep.submit("large")
    for _ in range(3):
        assert awake.run("small").kind == "result"


def test_a_worker_that_has_ended_greets_nobody() -> None:
    served = Served()
    served.end()
    assert not served.stream().wait(0.2)


def test_jobs_that_wait_when_the_worker_is_ended_are_done(served) -> None:
    one, two = served.session(), served.session()
    first = one.submit("long")
    assert next(first.follow()).stage == "read"
    second = two.submit("work")
    assert next(second.follow()).before == 1
    served.worker.end_when_empty()
    assert first.result().kind == "result"
    assert second.result().kind == "result"


def test_a_client_that_says_nothing_is_hung_up_on(served, monkeypatch) -> None:
    monkeypatch.setattr(client_link, "HANDSHAKE_SECONDS", 0.5)
    silent, half = served.stream(), served.stream()
    for stream in (silent, half):
        assert read_message(stream).kind == "hello"
    half.write(memoryview(b"CSW\n"))
    with served.session() as good:
        for stream in (silent, half):
            start = time.monotonic()
            with pytest.raises(ConnectionEnded):
                read_message(stream)
            assert time.monotonic() - start < 4
        assert good.run("work").header["fine"] is True


def test_a_message_that_does_not_go_on_ends_its_connection(served, monkeypatch) -> None:
    monkeypatch.setattr(client_link, "STALL_SECONDS", 0.5)
    session = served.session()
    session._stream.write(memoryview(b"CSW\n" + (100).to_bytes(4, "big") + (1 << 30).to_bytes(8, "big") + b"{"))
    with pytest.raises(ConnectionEnded):
        read_message(session._stream)


def test_too_many_clients_are_told_so_and_the_next_ones_are_served(served) -> None:
    sessions = [served.session() for _ in range(server.MAX_CLIENTS)]
    with pytest.raises(HandshakeRefused, match="16 clients are connected already"):
        served.session()
    assert sessions[0].run("work").header["fine"] is True
    sessions[1]._stream.abort()
    wait_until(lambda: len(served.worker._open_links()) < server.MAX_CLIENTS)
    assert served.session().run("work").header["fine"] is True


@pytest.fixture
def own_log(tmp_path, monkeypatch):
    """The log in a folder of the test's own, and the logger and standard error as before afterwards."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    logger = logging.getLogger("cutsmith")
    before, level, error = list(logger.handlers), logger.level, os.dup(2)
    yield tmp_path / "cutsmith" / "log"
    for handler in logger.handlers:
        handler.close()
    logger.handlers, logger.level = before, level
    os.dup2(error, 2)
    os.close(error)


def test_the_log_stays_below_a_megabyte(own_log) -> None:
    path = log_file.open_log()
    assert path == own_log / "worker.log"
    for number in range(3000):
        logging.getLogger("cutsmith.worker").info("%d %s", number, "x" * 1000)
    os.write(2, b"from a library in C\n")
    assert sorted(each.name for each in own_log.iterdir()) == ["worker.log", "worker.log.1"]
    assert sum(each.stat().st_size for each in own_log.iterdir()) < 1_050_000
    assert path.read_text().splitlines()[-1] == "from a library in C"
    assert "2999 xxx" in path.read_text()


def test_a_log_that_cannot_be_written_stops_nothing(own_log) -> None:
    own_log.parent.parent.joinpath("cutsmith").write_text("a file where a folder is wanted")
    assert log_file.open_log() == own_log / "worker.log"


def test_how_a_worker_died_is_in_the_log(workers) -> None:
    with workers.connect() as session:
        os.kill(session.welcome.pid, signal.SIGSEGV)
        wait_until(lambda: not is_alive(session.welcome.pid))
    assert "Fatal Python error: Segmentation fault" in Path(session.welcome.log).read_text()
