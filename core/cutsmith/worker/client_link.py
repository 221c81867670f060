"""The worker's side of one client: what it sends becomes jobs, and what is to be told to it is sent.

A thread of its own sends, so that a client that does not read keeps nobody else waiting.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob, CutsmithError, WorkerEnding
from cutsmith.serving.queue import Job, JobQueue
from cutsmith.worker.protocol import (
    ConnectionEnded,
    FrameInvalid,
    FrameTooLarge,
    FrameTruncated,
    Message,
    ProtocolError,
    Welcome,
    greet_client,
    read_message,
    write_message,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cutsmith.worker.protocol import Array, ByteStream

logger = logging.getLogger(__name__)


class Activity:
    """When a client was last heard of or told something."""

    def __init__(self) -> None:
        self.touch()

    def touch(self) -> None:
        """Something happened now."""
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """For how long nothing has happened."""
        return time.monotonic() - self._last


class ClientLink:
    """A client and the one job that it may have at a time.

    Args:
        stream: to the client.
        key: that the client has to know.
        welcome: what it is told of the worker.
        queue: where its jobs go.
        activity: is told of all that is read and sent.
        end_drops: whether a client that sends no more has gone, and its job with it. On standard input it may have sent
            all that it wants to send.
    """

    def __init__(
        self,
        stream: ByteStream,
        key: bytes,
        welcome: Welcome,
        queue: JobQueue,
        activity: Activity,
        *,
        end_drops: bool = True,
    ) -> None:
        self._stream = stream
        self._key = key
        self._welcome = welcome
        self._queue = queue
        self._activity = activity
        self._end_drops = end_drops
        self._job: Job | None = None
        self._outbox: SimpleQueue[Message | None] = SimpleQueue()
        # Clear while there is something to send, or somebody who does.
        self._sent = threading.Event()
        self._sent.set()

    def serve(self) -> None:
        """Read until the client is gone or sends what cannot be understood; for a thread of its own."""
        try:
            greet_client(self, self._key, self._welcome)
        except (ProtocolError, OSError) as error:
            logger.warning("a client was refused: %s", error)
            self._throw_away_the_rest()
            return
        self._sent.clear()
        threading.Thread(target=self._send, name="cutsmith-send", daemon=True).start()
        try:
            self._read_all()
        finally:
            if self._end_drops:
                self.drop()
                self._outbox.put(None)

    def _read_all(self) -> None:
        while True:
            try:
                message = read_message(self, max_payload=self._welcome.max_payload)
            except (ConnectionEnded, FrameTruncated, OSError):
                return
            except (FrameTooLarge, FrameInvalid) as error:
                logger.warning("a client sent what is no message: %s", error)
                of_no_use = "The connection is of no further use."
                self._tell(None, "error", type=type(error).__name__, what=str(error), remedy=of_no_use, exit_code=2)
                # Where the next frame would begin is not known. Hanging up before all is read could lose the answer.
                self._throw_away_the_rest()
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        number = message.header.get("id")
        if type(number) is not int:
            self.tell_failure(None, BadJob(f'A message of the kind {message.kind[:40]!r} has no whole number as "id".'))
        elif message.kind == "job":
            self._take_job(number, message)
        elif message.kind == "cancel":
            job = self._job
            # One that has ended in the meantime has its answer.
            if job is not None and job.number == number and self._queue.drop(job):
                self.tell_dropped(job)
        else:
            self.tell_failure(number, BadJob(f"There is no message {message.kind[:40]!r}: wanted job or cancel."))

    def _take_job(self, number: int, message: Message) -> None:
        if message.header.get("job") == "ping":
            # At once: whoever asks wants to know whether the worker is there, not whether it is free.
            self._tell(number, "result", job="ping", pid=self._welcome.pid, jobs=len(self._queue))
            return
        if self._job is not None:
            self.tell_failure(number, BadJob("A client has one job at a time, and yours has not ended yet."))
            return
        self._job = Job(number, str(message.header.get("job")), message, self)
        if not self._queue.put(self._job):
            self.tell_failure(number, WorkerEnding("The worker is ending.", "Connect again: a new one is started."))

    def drop(self) -> None:
        """The client is gone: nobody wants its job any more."""
        job = self._job
        if job is not None:
            self._queue.drop(job)

    def tell_waiting(self, job: Job, before: int) -> None:
        """`before` jobs of others come before this one."""
        self._tell(job.number, "waiting", before=before)

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """`stage` of the job begins; `fraction` of it, in [0, 1], is done."""
        self._tell(job.number, "progress", stage=stage, fraction=round(fraction, 4))

    def tell_result(self, job: Job, fields: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """The job is done."""
        from cutsmith.worker.wire_arrays import wire_array

        self._job = None
        on_the_wire = {name: wire_array(values) for name, values in arrays.items()}
        self._tell(job.number, "result", on_the_wire, job=job.kind, **fields)

    def tell_dropped(self, job: Job) -> None:
        """The job was dropped, as asked."""
        self._job = None
        self._tell(job.number, "cancelled")

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """A failure that Cutsmith foresees."""
        if self._job is not None and self._job.number == number:
            self._job = None
        self._tell(number, "error", **error.to_json())

    def tell_crash(self, job: Job, what: str) -> None:
        """A failure that nobody foresaw: the log has it whole."""
        self._job = None
        self._tell(job.number, "crash", what=what, log=self._welcome.log)

    def _tell(self, number: int | None, kind: str, arrays: Mapping[str, Array] | None = None, **fields: Any) -> None:
        self._outbox.put(Message({**fields, "kind": kind, "id": number}, arrays or {}))

    def finish_sending(self, timeout: float | None) -> None:
        """Wait until all is sent, `timeout` seconds at the most (None: as long as it takes), and send no more."""
        self._outbox.put(None)
        self._sent.wait(timeout)

    def _send(self) -> None:
        """Send what is told, until the end or until the client is gone; for a thread of its own."""
        try:
            while (message := self._outbox.get()) is not None:
                try:
                    write_message(self, message)
                except (TypeError, ValueError) as error:
                    # Nothing was sent: what a job gave for an answer is no JSON, which is a fault of ours.
                    logger.exception("an answer cannot be sent")
                    crash = {"kind": "crash", "id": message.header["id"], "what": str(error), "log": self._welcome.log}
                    write_message(self, Message(crash))
        except OSError:
            # It reads no more, whatever else it may do.
            self.drop()
            with contextlib.suppress(Empty):
                while True:
                    self._outbox.get_nowait()
        finally:
            self._sent.set()

    def _throw_away_the_rest(self) -> None:
        buffer = memoryview(bytearray(1 << 16))
        with contextlib.suppress(OSError):
            while self._stream.readinto(buffer):
                pass

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read from the client, which is a sign of life."""
        count = self._stream.readinto(buffer)
        self._activity.touch()
        return count

    def write(self, data: memoryview, /) -> int | None:
        """Send to the client; what it takes is a sign of life."""
        count = self._stream.write(data)
        self._activity.touch()
        return count
