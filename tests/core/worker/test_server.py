"""A worker inside the tests' own process: faults that no real job has, clients that do not read, and its log."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from cutsmith.serving.answers import Answer
from cutsmith.worker import log_file, server
from cutsmith.worker.protocol import introduce
from cutsmith.worker.rendezvous import FilePairStream
from cutsmith.worker.session import Session, WorkerCrashed
from tests.core.worker.conftest import is_alive, wait_until

KEY = b"k" * 32


class Served:
    """A worker in a thread, and sessions with it."""

    def __init__(self) -> None:
        self.worker = server.Worker(Path("/the/log"), 60, KEY, last_words=0.2)
        self._thread = threading.Thread(target=self.worker.run, daemon=True)
        self._thread.start()
        self._ends: list[socket.socket] = []

    def session(self) -> Session:
        ours, theirs = socket.socketpair()
        self._ends += [ours, theirs]
        pipe = theirs.makefile("rwb", buffering=0)
        threading.Thread(target=self.worker.serve, args=(FilePairStream(pipe, pipe),), daemon=True).start()
        own = ours.makefile("rwb", buffering=0)
        stream = FilePairStream(own, own)
        return Session(stream, introduce(stream, KEY, "test"))

    def end(self) -> None:
        self.worker.end_when_empty()
        self._thread.join(5)
        assert not self._thread.is_alive()
        for end in self._ends:
            end.close()


@pytest.fixture
def served():
    served = Served()
    yield served
    served.end()


def test_a_fault_is_a_crash_with_the_logs_place_and_the_worker_lives_on(served, monkeypatch, caplog) -> None:
    def fail(kind, *_):
        if kind == "fail":
            raise ZeroDivisionError("by nought")
        return Answer({"fine": True})

    monkeypatch.setattr(server, "run_job", fail)
    session = served.session()
    with caplog.at_level(logging.INFO), pytest.raises(WorkerCrashed, match="ZeroDivisionError: by nought") as caught:
        session.run("fail")
    assert caught.value.log == "/the/log"
    assert "Traceback" in caplog.text
    assert session.run("work").header["fine"] is True


def test_an_answer_that_is_no_json_is_a_crash_too(served, monkeypatch, caplog) -> None:
    monkeypatch.setattr(server, "run_job", lambda *_: Answer({"score": float("nan")}))
    session = served.session()
    with caplog.at_level(logging.ERROR, "cutsmith"), pytest.raises(WorkerCrashed, match="JSON"):
        session.run("work")
    assert session.run("ping").kind == "result"


def test_a_client_that_does_not_read_keeps_nobody_waiting(served, monkeypatch) -> None:
    large = np.zeros(50_000_000, np.uint8)
    monkeypatch.setattr(
        server,
        "run_job",
        lambda kind, *_: Answer({}, {"a": large} if kind == "large" else {}),
    )
    asleep, awake = served.session(), served.session()
    asleep.submit("large")
    for _ in range(3):
        assert awake.run("small").kind == "result"


def test_a_worker_that_has_ended_greets_nobody() -> None:
    served = Served()
    served.end()
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rwb", buffering=0) as pipe:
        served.worker.serve(FilePairStream(pipe, pipe))
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            ours.recv(1)


def test_jobs_that_wait_when_the_worker_is_ended_are_told(served, monkeypatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def run(*_):
        begun.set()
        may_end.wait(5)
        return Answer({})

    monkeypatch.setattr(server, "run_job", run)
    one, two = served.session(), served.session()
    first = one.submit("work")
    assert begun.wait(5)
    second = two.submit("work")
    assert next(second.follow()).before == 1
    served.worker.end_when_empty()
    may_end.set()
    # What was there when it was to end is done.
    assert first.result().kind == "result"
    assert second.result().kind == "result"


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
