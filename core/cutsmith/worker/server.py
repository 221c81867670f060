"""The worker: it listens, has jobs run one after another, and ends when it has been idle for a while."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cutsmith.cures import give
from cutsmith.errors import OutputRefused, WorkerEnding
from cutsmith.options import DEFAULT_MAX_PIXELS
from cutsmith.serving.queue import Job, JobQueue
from cutsmith.version import __version__
from cutsmith.worker.client_link import ClientLink
from cutsmith.worker.job_process import JobProcess
from cutsmith.worker.log_file import open_log
from cutsmith.worker.protocol import Message, ProtocolError, Welcome, refuse
from cutsmith.worker.rendezvous import Claim, ConnectionStream, FolderTaken, FolderUnsafe, worker_folder

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

MAX_CLIENTS = 16

# The largest picture with all that may come with it: RGBA of 16 bits, a float32 mask and trimap, and a colour profile.
MAX_PAYLOAD = DEFAULT_MAX_PIXELS * (4 * 2 + 4 + 4) + (4 << 20)

_ANOTHER_FOLDER = give("folder", "FOLDER", text="Give another")
_LOOK_AROUND = 1.0
"""Seconds, at most, between two checks whether the worker should end and whether a client is silent."""

_LAST_WORDS = 5.0
"""Seconds that clients have at the end to receive their last messages."""


class Worker:
    """Takes the clients' jobs and has them run.

    Args:
        log: the path of the log, which the worker tells its clients.
        idle_exit: seconds without a job or a message from a client after which the worker ends.
        key: the key that clients must know.
        is_findable: whether clients can find this worker; one that cannot be found finishes its jobs and ends.
        jobs: runs the jobs; None for a process like this one.
    """

    def __init__(
        self,
        log: Path,
        idle_exit: float,
        key: bytes,
        is_findable: Callable[[], bool] = lambda: True,
        jobs: JobProcess | None = None,
    ) -> None:
        self._welcome = Welcome(__version__, os.getpid(), str(log), MAX_PAYLOAD)
        self._idle_exit = idle_exit
        self._key = key
        self._jobs = jobs or JobProcess()
        self._is_findable = is_findable
        self._queue = JobQueue()
        self._links: list[ClientLink] = []
        self._links_lock = threading.Lock()
        self._is_ending = False
        self._touch()

    def serve(self, stream: ConnectionStream) -> None:
        """Serve one client until it goes away. Runs in its own thread.

        A worker that is ending greets nobody: the client would send a job in vain, and so starts a new worker instead.
        """
        if self._queue.is_closed():
            return
        link = ClientLink(stream, self._key, self._welcome, self._queue, self._touch)
        with self._links_lock:
            is_full = len(self._links) >= MAX_CLIENTS
            self._links += [] if is_full else [link]
        if is_full:
            logger.warning("a client was refused: there are %d", MAX_CLIENTS)
            with contextlib.suppress(ProtocolError, OSError):
                refuse(stream, "TooManyClients", f"{MAX_CLIENTS} clients are connected already", __version__)
            return
        try:
            link.serve()
        finally:
            with self._links_lock:
                self._links.remove(link)

    def end_when_empty(self) -> None:
        """End once the jobs in the queue are done."""
        self._is_ending = True
        self._queue.wake()

    def run(self) -> None:
        """Have jobs run until the worker should end and all clients have received their last messages."""
        jobs = threading.Thread(target=self._run_jobs, name="cutsmith-jobs", daemon=True)
        jobs.start()
        try:
            while jobs.is_alive():
                jobs.join(_LOOK_AROUND)
                self._look_around()
        finally:
            for job in self._queue.close():
                job.listener.tell_failure(job.number, WorkerEnding("The worker is ending.", "Ask again."))
            self._jobs.kill()
            deadline = time.monotonic() + _LAST_WORDS
            for link in self._open_links():
                link.finish_sending(max(0.0, deadline - time.monotonic()))

    def _look_around(self) -> None:
        for link in self._open_links():
            link.end_if_overdue()
        if not self._is_ending and not self._is_findable():
            logger.warning("the worker's files are gone, or another's: it ends after its jobs")
            self.end_when_empty()

    def _run_jobs(self) -> None:
        """Have jobs run one after another, in a thread of their own: the main one takes signals and looks around."""
        self._jobs.start()
        while not self._is_to_end():
            left = self._idle_exit - self._idle_seconds()
            job = self._queue.next(min(max(left, 0.01), _LOOK_AROUND))
            if job is not None:
                self._run(job)
                self._touch()

    def _run(self, job: Job) -> None:
        answer: Message | None = Message({"kind": "result", "id": job.number, "job": job.kind})
        if job.kind == "stop":
            logger.info("stopped by a client")
            self._is_ending = True
        else:
            answer = self._jobs.run(job)
        # Before the client gets its answer: its next job must not be told to wait for this one.
        self._queue.done(job)
        if answer is not None and answer.kind == "crash":
            job.listener.tell_crash(job, str(answer.header["what"]))
        elif answer is not None:
            job.listener.tell_result(job, answer)

    def _is_to_end(self) -> bool:
        is_idle = self._idle_seconds() >= self._idle_exit
        return (self._is_ending or is_idle) and self._queue.close_if_empty()

    def _touch(self) -> None:
        self._active_at = time.monotonic()

    def _idle_seconds(self) -> float:
        return time.monotonic() - self._active_at

    def _open_links(self) -> list[ClientLink]:
        with self._links_lock:
            return list(self._links)


def serve_socket(idle_exit: float, folder: Path | None = None) -> bool:
    """Run the worker of `folder` until it ends (None: this user's folder); -> false if one is already running.

    Raises:
        OutputRefused: the folder cannot be used.
    """
    folder = (folder or worker_folder()).absolute()
    os.umask(0o077)
    _end_by_signals()
    try:
        claim = Claim(folder)
    except FolderTaken:
        return False
    except FolderUnsafe as error:
        raise OutputRefused(f"The worker cannot use its folder: {error}.", _ANOTHER_FOLDER) from error
    except OSError as error:
        told = f"The worker cannot listen in {folder}: {error.strerror or error}."
        raise OutputRefused(told, _ANOTHER_FOLDER) from error
    was_whole = True
    try:
        # A folder that is no longer ours is given up at once: a new worker need not wait for the end of our jobs.
        worker = Worker(open_log(), idle_exit, claim.key, lambda: claim.is_whole() or claim.release())
        logger.info("worker %s listens in %s", __version__, folder)
        threading.Thread(target=_accept, args=(claim, worker), daemon=True).start()
        worker.run()
        logger.info("the worker ends")
    finally:
        was_whole = claim.release()
    if not was_whole:
        # At an orderly exit, multiprocessing would remove the socket that is now another worker's.
        logging.shutdown()
        os._exit(0)
    return True


def _accept(claim: Claim, worker: Worker) -> None:
    while True:
        try:
            stream = claim.accept()
        except OSError:
            # A client hung up at once, or too many files are open. This thread ends with the process.
            time.sleep(0.1)
            continue
        threading.Thread(target=_serve_and_close, args=(worker, stream), daemon=True).start()


def _serve_and_close(worker: Worker, stream: ConnectionStream) -> None:
    worker.serve(stream)
    stream.close()


def _end_by_signals() -> None:
    """Let the signals that end a process end this one cleanly, with its files removed."""

    def end(number: int, frame: FrameType | None) -> None:
        logger.info("ended by a signal")
        raise SystemExit(0)

    # SIGHUP comes when the terminal that started the worker is closed. Windows does not have it.
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
