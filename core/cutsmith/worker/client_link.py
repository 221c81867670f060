"""The worker's side of one client: turns its messages into jobs and sends it the answers.

A separate thread sends, so that a client that does not read cannot hold up the others.
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

    from cutsmith.serving.answers import Answer
    from cutsmith.worker.protocol import Array, ByteStream

logger = logging.getLogger(__name__)


class Activity:
    """Remembers when the worker last heard from a client or sent it something."""

    def __init__(self) -> None:
        self.touch()

    def touch(self) -> None:
        """Record that something has just happened."""
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since something last happened."""
        return time.monotonic() - self._last


class ClientLink:
    """A client and its job; a client may have only one at a time.

    Args:
        stream: the connection to the client.
        key: the key that the client must know.
        welcome: what the worker tells the client about itself.
        queue: takes the client's jobs.
        activity: is updated whenever something is read or sent.
        end_drops: whether the end of the client's input means that the client has gone, so that its job is dropped. A
            client on standard input may simply have sent everything it wants to send.
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
        # Cleared while messages are queued or being sent.
        self._sent = threading.Event()
        self._sent.set()

    def serve(self) -> None:
        """Read until the client goes away or sends something invalid. Runs in its own thread."""
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
                logger.warning("a client sent an invalid message: %s", error)
                of_no_use = "The connection cannot be used any more."
                self._tell(None, "error", type=type(error).__name__, what=str(error), remedy=of_no_use, exit_code=2)
                # We cannot tell where the next frame begins. Closing before everything is read could lose our answer.
                self._throw_away_the_rest()
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        number = message.header.get("id")
        if type(number) is not int:
            self.tell_failure(None, BadJob(f'A {message.kind[:40]!r} message must have a whole number as its "id".'))
        elif message.kind == "job":
            self._take_job(number, message)
        elif message.kind == "cancel":
            job = self._job
            # A job that has ended in the meantime already has its answer.
            if job is not None and job.number == number and self._queue.drop(job):
                self.tell_dropped(job)
        else:
            self.tell_failure(number, BadJob(f"A message must be job or cancel, but got {message.kind[:40]!r}."))

    def _take_job(self, number: int, message: Message) -> None:
        if message.header.get("job") == "ping":
            # Answered at once: the client asks whether the worker is alive, not whether it is free.
            self._tell(number, "result", job="ping", pid=self._welcome.pid, jobs=len(self._queue))
            return
        if self._job is not None:
            self.tell_failure(number, BadJob("A client may have only one job at a time, and yours has not ended yet."))
            return
        self._job = Job(number, str(message.header.get("job")), message, self)
        if not self._queue.put(self._job):
            self.tell_failure(number, WorkerEnding("The worker is ending.", "Connect again: a new one is started."))

    def drop(self) -> None:
        """Drop the client's job, because the client is gone."""
        job = self._job
        if job is not None:
            self._queue.drop(job)

    def tell_waiting(self, job: Job, before: int) -> None:
        """Tell the client that `before` jobs of other clients come first."""
        self._tell(job.number, "waiting", before=before)

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """Tell the client that `stage` begins and that `fraction` of the job, in [0, 1], is done."""
        self._tell(job.number, "progress", stage=stage, fraction=round(fraction, 4))

    def tell_result(self, job: Job, answer: Answer) -> None:
        """Send the result of the job."""
        from cutsmith.worker.wire_arrays import wire_array

        self._job = None
        on_the_wire = {name: wire_array(values) for name, values in answer.arrays.items()}
        self._tell(job.number, "result", on_the_wire, job=job.kind, **answer.fields)

    def tell_dropped(self, job: Job) -> None:
        """Tell the client that its job was dropped, as it asked."""
        self._job = None
        self._tell(job.number, "cancelled")

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """Report an expected failure: an error that Cutsmith defines."""
        if self._job is not None and self._job.number == number:
            self._job = None
        self._tell(number, "error", **error.to_json())

    def tell_crash(self, job: Job, what: str) -> None:
        """Report an unexpected failure; the log has the full traceback."""
        self._job = None
        self._tell(job.number, "crash", what=what, log=self._welcome.log)

    def _tell(self, number: int | None, kind: str, arrays: Mapping[str, Array] | None = None, **fields: Any) -> None:
        self._outbox.put(Message({**fields, "kind": kind, "id": number}, arrays or {}))

    def finish_sending(self, timeout: float | None) -> None:
        """Send what is queued and nothing after it; wait at most `timeout` seconds (None: as long as it takes)."""
        self._outbox.put(None)
        self._sent.wait(timeout)

    def _send(self) -> None:
        """Send queued messages until the end, or until the client is gone. Runs in its own thread."""
        try:
            while (message := self._outbox.get()) is not None:
                try:
                    write_message(self, message)
                except (TypeError, ValueError) as error:
                    # Nothing was sent: the job's answer cannot be written as JSON, which is a bug of ours.
                    logger.exception("an answer cannot be sent")
                    crash = {"kind": "crash", "id": message.header["id"], "what": str(error), "log": self._welcome.log}
                    write_message(self, Message(crash))
        except OSError:
            # The client has stopped reading, so it cannot get an answer.
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
        """Read from the client and record that it is alive."""
        count = self._stream.readinto(buffer)
        self._activity.touch()
        return count

    def write(self, data: memoryview, /) -> int | None:
        """Send to the client and, once it takes something, record that it is alive."""
        count = self._stream.write(data)
        self._activity.touch()
        return count
