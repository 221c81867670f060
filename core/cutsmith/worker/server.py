"""The worker: it listens, runs jobs one after another, and ends when it has been idle for a while."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from cutsmith.cures import give
from cutsmith.errors import OutputRefused, WorkerEnding
from cutsmith.serving.answers import Answer
from cutsmith.serving.jobs import run_job
from cutsmith.serving.open_pictures import OpenPictures
from cutsmith.serving.queue import Job, JobQueue
from cutsmith.serving.running import Report, run
from cutsmith.version import __version__
from cutsmith.worker.client_link import Activity, ClientLink
from cutsmith.worker.log_file import open_log
from cutsmith.worker.protocol import MAX_PAYLOAD, Welcome
from cutsmith.worker.rendezvous import (
    KEY_FILE,
    WORKER_LOCK,
    ConnectionStream,
    FileLock,
    FilePairStream,
    FolderUnsafe,
    listen,
    prepare_folder,
    worker_folder,
    write_new_key,
)
from cutsmith.worker.wire_arrays import array_of

if TYPE_CHECKING:
    from multiprocessing.connection import Listener

    from cutsmith.worker.protocol import ByteStream, Message

logger = logging.getLogger(__name__)

_ANOTHER_FOLDER = give("folder", "FOLDER", text="Give another")
_LOOK_AROUND = 1.0
"""Seconds, at most, between two checks whether the worker should end."""

_OPEN_BYTES, _OPEN_SECONDS = 500_000_000, 900.0
"""Memory for the pictures that stay open for clicks, and how long one stays that nobody uses."""

_PATIENCE = 5.0
_PATIENCE_ALONE = 30.0
"""Seconds that a dropped job may take to reach its next stage: _PATIENCE if other jobs wait, else _PATIENCE_ALONE.

After that the worker ends, because a network or a solver cannot be interrupted. Loading the models again is quicker
than solving a hopeless mask."""


class Worker:
    """Keeps models loaded and runs the jobs that use them.

    Args:
        log: the path of the log, which the worker tells its clients.
        idle_exit: seconds without a job or a message from a client after which the worker ends.
        key: the key that clients must know.
        last_words: seconds that clients have at the end to receive their last messages; None waits as long as it takes.
    """

    def __init__(self, log: Path, idle_exit: float, key: bytes, last_words: float | None = 5.0) -> None:
        self._welcome = Welcome(__version__, os.getpid(), str(log), MAX_PAYLOAD)
        self._idle_exit = idle_exit
        self._key = key
        self._last_words = last_words
        self._queue = JobQueue()
        self._pictures = OpenPictures(_OPEN_BYTES, _OPEN_SECONDS)
        self._activity = Activity()
        self._links: set[ClientLink] = set()
        self._links_lock = threading.Lock()
        self._is_ending = False

    def serve(self, stream: ByteStream, *, end_drops: bool = True) -> None:
        """Serve one client until it goes away. Runs in its own thread.

        A worker that is ending greets nobody: the client would send a job in vain, and so starts a new worker instead.
        """
        if self._queue.is_closed():
            return
        link = ClientLink(stream, self._key, self._welcome, self._queue, self._activity, end_drops=end_drops)
        with self._links_lock:
            self._links.add(link)
        link.serve()
        if end_drops:
            with self._links_lock:
                self._links.discard(link)

    def end_when_empty(self) -> None:
        """End once the jobs in the queue are done."""
        self._is_ending = True
        self._queue.wake()

    def run(self) -> bool:
        """Run jobs until the worker should end and all clients have received their last messages.

        -> whether everything is done. If not, a dropped job is still running in its thread.
        """
        jobs = threading.Thread(target=self._run_jobs, name="cutsmith-jobs", daemon=True)
        jobs.start()
        try:
            while jobs.is_alive() and not self._is_stuck():
                jobs.join(_LOOK_AROUND)
        finally:
            for job in self._queue.close():
                job.listener.tell_failure(job.number, WorkerEnding("The worker is ending.", "Ask again."))
            with self._links_lock:
                links = list(self._links)
            start = time.monotonic()
            for link in links:
                spent = time.monotonic() - start
                link.finish_sending(None if self._last_words is None else max(0.0, self._last_words - spent))
        return not jobs.is_alive()

    def _run_jobs(self) -> None:
        """Run jobs one after another, in their own thread: the main one takes signals and watches for a stuck job."""
        while not self._is_to_end():
            left = self._idle_exit - self._activity.idle_seconds()
            job = self._queue.next(min(max(left, 0.01), _LOOK_AROUND))
            if job is not None:
                self._run(job)
                self._activity.touch()

    def _is_stuck(self) -> bool:
        seconds, others_wait = self._queue.stuck()
        if seconds < (_PATIENCE if others_wait else _PATIENCE_ALONE):
            return False
        logger.warning("a dropped job does not stop, so the worker ends")
        return True

    def _is_to_end(self) -> bool:
        is_idle = self._activity.idle_seconds() >= self._idle_exit
        return (self._is_ending or is_idle) and self._queue.close_if_empty()

    def _run(self, job: Job) -> None:
        def work(message: Message, report: Report, is_dropped: Callable[[], bool]) -> Answer:
            if job.kind == "stop":
                logger.info("stopped by a client")
                self._is_ending = True
                return Answer({})
            arrays = {name: array_of(name, each) for name, each in message.arrays.items()}
            options = message.header.get("options", {})
            return run_job(job.kind, options, arrays, report, is_dropped, self._pictures)

        run(job, self._queue, work, lambda answer: answer.fields.get("seconds"))


def serve_socket(idle_exit: float, folder: Path | None = None) -> bool:
    """Run the worker of `folder` until it ends (None: this user's folder); -> false if one is already running.

    Raises:
        OutputRefused: the folder cannot be used.
    """
    folder = (folder or worker_folder()).absolute()
    os.umask(0o077)
    try:
        prepare_folder(folder)
    except FolderUnsafe as error:
        raise OutputRefused(f"The worker cannot use its folder: {error}.", _ANOTHER_FOLDER) from error
    lock = FileLock(folder / WORKER_LOCK)
    if not lock.acquire():
        return False
    # We hold the lock, so anything that a killed worker left behind may be replaced.
    is_done = False
    try:
        with _ended_by_signals():
            key = write_new_key(folder)
            try:
                listener = listen(folder)
            except OSError as error:
                raise OutputRefused(
                    f"The worker cannot listen in {folder}: {error.strerror or error}.", _ANOTHER_FOLDER
                ) from error
            try:
                worker = Worker(open_log(), idle_exit, key)
                logger.info("worker %s listens in %s", __version__, folder)
                threading.Thread(target=_accept, args=(listener, worker), daemon=True).start()
                is_done = worker.run()
                logger.info("the worker ends")
            finally:
                listener.close()
    finally:
        (folder / KEY_FILE).unlink(missing_ok=True)
        lock.release()
    if not is_done:
        _leave_at_once()
    return True


def _leave_at_once() -> NoReturn:
    """End the process at once: a job that cannot be stopped is still running in its thread."""
    logging.shutdown()
    os._exit(0)


def _accept(listener: Listener, worker: Worker) -> None:
    while True:
        try:
            stream = ConnectionStream(listener.accept())
        except OSError:
            # A client hung up at once, or too many files are open. This thread ends with the process.
            time.sleep(0.1)
            continue
        threading.Thread(target=_serve_and_close, args=(worker, stream), daemon=True).start()


def _serve_and_close(worker: Worker, stream: ConnectionStream) -> None:
    worker.serve(stream)
    stream.close()


def serve_standard_streams(idle_exit: float) -> None:
    """Serve one client on standard input and output until it sends no more and has its answers."""
    log = open_log()
    is_done = False
    with _own_standard_streams() as stream, _ended_by_signals():
        worker = Worker(log, idle_exit, key=b"", last_words=None)

        def serve() -> None:
            worker.serve(stream, end_drops=False)
            worker.end_when_empty()

        threading.Thread(target=serve, daemon=True).start()
        is_done = worker.run()
    if not is_done:
        _leave_at_once()


@contextmanager
def _own_standard_streams() -> Iterator[FilePairStream]:
    """Take standard input and output for the protocol alone: what a library prints goes to standard error."""
    sys.stdout.flush()
    reader, writer = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with open(reader, "rb", buffering=0) as source, open(writer, "wb", buffering=0) as target:  # noqa: PTH123
        yield FilePairStream(source, target)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the signals that end a process end this one cleanly, with its files removed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    # SIGHUP comes when the terminal that started the worker is closed. Windows does not have it.
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]
    before = [signal.signal(each, end) for each in signals]
    try:
        yield
    except SystemExit:
        logger.info("ended by a signal")
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
