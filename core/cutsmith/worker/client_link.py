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
    from collections.abc import Callable

    from cutsmith.worker.rendezvous import ConnectionStream

logger = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 5.0
"""Seconds in which a client must have proved that it knows the key."""

STALL_SECONDS = 20.0
"""Seconds that a client may be silent in the midst of a message."""


class ClientLink:
    """A client and its job; a client may have only one at a time.

    Args:
        stream: the connection to the client.
        key: the key that the client must know.
        welcome: what the worker tells the client about itself.
        queue: takes the client's jobs.
        on_activity: called whenever something is read or sent.
    """

    def __init__(
        self,
        stream: ConnectionStream,
        key: bytes,
        welcome: Welcome,
        queue: JobQueue,
        on_activity: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._key = key
        self._welcome = welcome
        self._queue = queue
        self._on_activity = on_activity
        self._must_speak_by = time.monotonic() + HANDSHAKE_SECONDS
        self._is_greeted = False
        self._job: Job | None = None
        # A job is answered once: by its result, or because it was cancelled.
        self._answering = threading.Lock()
        self._outbox: SimpleQueue[Message | None] = SimpleQueue()
        # Cleared while messages are queued or being sent.
        self._sent = threading.Event()
        self._sent.set()

    def serve(self) -> None:
        """Read until the client goes away, is silent too long or sends something invalid. Runs in its own thread."""
        try:
            logger.info("a client: %s", greet_client(self, self._key, self._welcome))
        except (ProtocolError, OSError) as error:
            logger.warning("a client was refused: %s", error)
            self._throw_away_the_rest()
            return
        self._is_greeted = True
        self._sent.clear()
        threading.Thread(target=self._send, name="cutsmith-send", daemon=True).start()
        try:
            self._read_all()
        finally:
            self._drop()
            self._outbox.put(None)

    def end_if_overdue(self) -> None:
        """End the connection if the client has been silent for too long where it must speak."""
        if time.monotonic() > self._must_speak_by:
            logger.warning("a client was silent for too long")
            self._must_speak_by = float("inf")
            self._stream.abort()

    def _read_all(self) -> None:
        while True:
            self._must_speak_by = float("inf")
            try:
                # No name holds a message while the next one is waited for: its pixels can be freed.
                self._take(read_message(self, max_payload=self._welcome.max_payload))
            except (ConnectionEnded, FrameTruncated, OSError):
                return
            except (FrameTooLarge, FrameInvalid) as error:
                logger.warning("a client sent an invalid message: %s", error)
                of_no_use = "The connection cannot be used any more."
                self._tell("error", None, type=type(error).__name__, what=str(error), remedy=of_no_use, exit_code=2)
                # We cannot tell where the next frame begins. Closing before everything is read could lose our answer.
                self._throw_away_the_rest()
                return

    def _take(self, message: Message) -> None:
        number = message.header.get("id")
        if type(number) is not int:
            self.tell_failure(None, BadJob(f'A {message.kind[:40]!r} message must have a whole number as its "id".'))
        elif message.kind == "job":
            self._take_job(number, message)
        elif message.kind == "cancel":
            # A job that has ended in the meantime already has its answer.
            if self._job is not None and self._job.number == number:
                self._drop()
        else:
            self.tell_failure(number, BadJob(f"A message must be job or cancel, but got {message.kind[:40]!r}."))

    def _take_job(self, number: int, message: Message) -> None:
        if message.header.get("job") == "ping":
            # Answered at once: the client asks whether the worker is alive, not whether it is free.
            self._tell("result", number, job="ping", pid=self._welcome.pid, jobs=len(self._queue))
            return
        if self._job is not None:
            self.tell_failure(number, BadJob("A client may have only one job at a time, and yours has not ended yet."))
            return
        self._job = Job(number, str(message.header.get("job")), message, self)
        if not self._queue.put(self._job):
            self.tell_failure(number, WorkerEnding("The worker is ending.", "Connect again: a new one is started."))

    def _drop(self) -> None:
        """Drop the client's job, if it has one: the client is told at once, however long the job takes to stop."""
        job = self._job
        if job is not None:
            self._queue.drop(job)
            self.tell_dropped(job)

    def tell_waiting(self, job: Job, before: int) -> None:
        """Tell the client that `before` jobs of other clients come first."""
        self._tell("waiting", job.number, before=before)

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """Tell the client that `stage` begins and that `fraction` of the job, in [0, 1], is done."""
        if self._job is job:
            self._tell("progress", job.number, stage=stage, fraction=fraction)

    def tell_result(self, job: Job, answer: Message) -> None:
        """Send what the job's process answers: a result, or an error that Cutsmith defines."""
        self._answer(job, answer)

    def tell_dropped(self, job: Job) -> None:
        """Tell the client that its job was dropped, as it asked."""
        self._answer(job, Message({"kind": "cancelled", "id": job.number}))

    def tell_crash(self, job: Job, what: str) -> None:
        """Report an unexpected failure; the log has the full traceback."""
        self._answer(job, Message({"kind": "crash", "id": job.number, "what": what, "log": self._welcome.log}))

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """Report an expected failure: an error that Cutsmith defines."""
        if self._job is not None and self._job.number == number:
            self._job = None
        self._tell("error", number, **error.to_json())

    def _answer(self, job: Job, message: Message) -> None:
        """Send the last message about `job`, unless the client already has one."""
        with self._answering:
            if self._job is job:
                self._job = None
                self._outbox.put(message)

    def _tell(self, kind: str, number: int | None, **fields: Any) -> None:
        """Have a message sent after those before it."""
        self._outbox.put(Message({**fields, "kind": kind, "id": number}))

    def finish_sending(self, timeout: float) -> None:
        """Send what is queued and nothing after it; wait at most `timeout` seconds."""
        self._outbox.put(None)
        self._sent.wait(timeout)

    def _send(self) -> None:
        """Send queued messages until the end, or until the client is gone. Runs in its own thread."""
        try:
            while (message := self._outbox.get()) is not None:
                write_message(self, message)
                del message  # its arrays can be freed while the next one is waited for
        except OSError:
            # The client has stopped reading, so it cannot get an answer.
            self._drop()
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
        self._on_activity()
        if self._is_greeted:
            self._must_speak_by = time.monotonic() + STALL_SECONDS
        return count

    def write(self, data: memoryview, /) -> int | None:
        """Send to the client and, once it takes something, record that it is alive."""
        count = self._stream.write(data)
        self._on_activity()
        return count
