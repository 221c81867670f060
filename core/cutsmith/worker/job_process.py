"""The process that runs the jobs and keeps the models, apart from the worker: one that does not stop can be killed.

The worker starts it, hands it one job at a time, and starts another when it ends. Both speak the worker's protocol,
without a handshake, over a pipe that nobody else has. It ends with the worker.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any

from cutsmith.serving.queue import Job, JobQueue
from cutsmith.serving.running import Report, run
from cutsmith.worker.log_file import LINE
from cutsmith.worker.protocol import Message, ProtocolError, read_message, write_message
from cutsmith.worker.rendezvous import ConnectionStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cutsmith.errors import CutsmithError
    from cutsmith.serving.answers import Answer
    from cutsmith.serving.open_pictures import OpenPictures

logger = logging.getLogger(__name__)

# -P: a folder named cutsmith in the working folder, such as the plug-in, is not the engine.
COMMAND = (sys.executable, "-P", "-m", "cutsmith.worker.job_process")

_PATIENCE = 1.5
"""Seconds that a dropped job may take to stop. Loading the models again takes about as long."""

_OPEN_BYTES, _OPEN_SECONDS = 500_000_000, 900.0
"""Memory for the pictures that stay open for clicks, and how long one stays that nobody uses."""

_LOOK = 0.03
"""Seconds, at most, until a dropped job is noticed."""


class JobProcess:
    """The worker's side: starts the process when there is a job, and again after its end.

    Args:
        command: starts it; the number of its end of the pipe is added. None means `COMMAND`.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command or COMMAND
        self._child: subprocess.Popen[bytes] | None = None
        self._stream: ConnectionStream | None = None

    def start(self) -> None:
        """Start the process if it does not run: it then gets ready while a client still sends its job."""
        if self._child is not None and self._child.poll() is None:
            return
        self.kill()
        ours, theirs = Pipe()
        handle = theirs.fileno()
        inherited: dict[str, Any] = {"pass_fds": (handle,)}
        if sys.platform == "win32":
            os.set_handle_inheritable(handle, True)
            inherited = {"close_fds": False}
        self._child = subprocess.Popen([*self._command, str(handle)], stdin=subprocess.DEVNULL, **inherited)
        theirs.close()
        self._stream = ConnectionStream(ours)

    def run(self, job: Job) -> Message | None:
        """Have `job` done; -> the message that answers it, or None if it was dropped: then it stops, or is killed."""
        give_up = float("inf")
        try:
            self.start()
            assert self._child is not None and self._stream is not None, "just started"  # noqa: PT018 - for mypy
            write_message(self._stream, job.taken_content())
            while True:
                if job.dropped.is_set() and give_up == float("inf"):
                    give_up = time.monotonic() + _PATIENCE
                    write_message(self._stream, Message({"kind": "cancel", "id": job.number}))
                if self._stream.wait(_LOOK):
                    message = read_message(self._stream)
                    if message.kind != "progress":
                        return None if job.dropped.is_set() else message
                    job.listener.tell_progress(job, str(message.header["stage"]), float(message.header["fraction"]))
                elif time.monotonic() > give_up:
                    logger.warning("%s: dropped, but it does not stop, so its process is killed", job.kind[:40])
                    self.kill()
                    return None
        except (ValueError, RecursionError) as error:
            # What JSON has no form for, such as a number without end: nothing was sent, and the process is well.
            return Message({"kind": "crash", "id": job.number, "what": f"The job cannot be handed on: {error}"})
        except (ProtocolError, OSError):
            how = self.kill()
            logger.warning("%s: its process ended with exit code %s", job.kind[:40], how)
            return Message({"kind": "crash", "id": job.number, "what": _what_ended(how)})

    def kill(self) -> int | None:
        """End the process; -> its exit code, negative for a signal; None if there was none."""
        child, self._child = self._child, None
        if child is None:
            return None
        assert self._stream is not None, "they are made together"
        self._stream.close()
        try:
            code = child.wait(_LOOK)  # its own end, if it has one
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        return code


def _what_ended(code: int | None) -> str:
    if code == -9:
        return "The process that ran the job was killed, possibly because memory ran out."
    return f"The process that ran the job ended by itself (exit code {code})."


class _Answers:
    """Tells the worker how a job goes (`serving.queue.Listener`)."""

    def __init__(self, stream: ConnectionStream) -> None:
        self._stream = stream

    def tell_waiting(self, job: Job, before: int) -> None:
        """The worker hands over one job at a time: none waits here."""

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """Tell that `stage` begins and that `fraction` of the job, in [0, 1], is done."""
        self._tell(job.number, "progress", stage=stage, fraction=round(fraction, 4))

    def tell_result(self, job: Job, answer: Answer) -> None:
        """Send the result of the job."""
        from cutsmith.worker.wire_arrays import wire_array

        arrays = {name: wire_array(values) for name, values in answer.arrays.items()}
        told = {**answer.fields, "kind": "result", "id": job.number, "job": job.kind}
        try:
            write_message(self._stream, Message(told, arrays))
        except (TypeError, ValueError) as error:
            # Nothing was sent: the job's answer cannot be written as JSON, which is a bug of ours.
            logger.exception("an answer cannot be sent")
            self.tell_crash(job, str(error))

    def tell_dropped(self, job: Job) -> None:
        """Tell that the job has stopped."""
        self._tell(job.number, "cancelled")

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """Report an expected failure: an error that Cutsmith defines."""
        self._tell(number, "error", **error.to_json())

    def tell_crash(self, job: Job, what: str) -> None:
        """Report an unexpected failure; the log has the full traceback."""
        self._tell(job.number, "crash", what=what)

    def _tell(self, number: int | None, kind: str, **fields: Any) -> None:
        write_message(self._stream, Message({**fields, "kind": kind, "id": number}))


def serve(stream: ConnectionStream) -> None:
    """Do the jobs that come over `stream`, one after another, until it ends; the process then ends, too."""
    from cutsmith.serving.open_pictures import OpenPictures

    queue, answers, pictures = JobQueue(), _Answers(stream), OpenPictures(_OPEN_BYTES, _OPEN_SECONDS)
    threading.Thread(target=_read, args=(stream, queue, answers), name="cutsmith-read", daemon=True).start()
    while True:
        job = queue.next(timeout=3600)
        if job is not None:
            work = partial(_work, job.kind, pictures)
            run(job, queue, work, lambda answer: answer.fields.get("seconds"))


def _read(stream: ConnectionStream, queue: JobQueue, answers: _Answers) -> None:
    """Take jobs and cancellations, even while native code runs, and end the process when the worker has ended."""
    job = None
    while True:
        try:
            message = read_message(stream)
        except (ProtocolError, OSError):
            os._exit(0)
        if message.kind == "job":
            job = Job(message.header["id"], str(message.header.get("job")), message, answers)
            del message  # its pixels can be freed while the next one is waited for
            queue.put(job)
        elif job is not None and queue.drop(job):
            answers.tell_dropped(job)


def _work(
    kind: str, pictures: OpenPictures, message: Message, report: Report, is_dropped: Callable[[], bool]
) -> Answer:
    from cutsmith.serving.jobs import run_job
    from cutsmith.worker.wire_arrays import array_of

    arrays = {name: array_of(name, each) for name, each in message.arrays.items()}
    return run_job(kind, message.header.get("options", {}), arrays, report, is_dropped, pictures)


def main() -> None:
    """Run jobs for the worker that started this process and gave it the pipe's end."""
    # Ctrl-C in the worker's terminal is for the worker; this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The worker's log is this process's standard error, for native code as well.
    logging.basicConfig(format=LINE)
    logging.getLogger("cutsmith").setLevel(logging.INFO)
    faulthandler.enable()
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        serve(ConnectionStream(PipeConnection(int(sys.argv[1]))))
    else:
        serve(ConnectionStream(Connection(int(sys.argv[1]))))


if __name__ == "__main__":
    main()
