"""A session with a worker: it sends jobs, follows their progress and raises their failures as typed errors.

This file uses only the standard library: install.py copies it, with client.py, beside a host's plug-in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

if __package__:
    from cutsmith.worker import protocol, rendezvous
else:  # Copied into a host's folder, where `cutsmith` may be the plug-in itself.
    import protocol  # type: ignore[import-not-found,no-redef]
    import rendezvous  # type: ignore[import-not-found,no-redef]


class WorkerError(Exception):
    """Base class for errors of a worker and its jobs: `what` happened, and the `remedy` if there is one."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class WorkerNotRunning(WorkerError):
    """No worker is running, and no command was given to start one."""


class WorkerNotStarted(WorkerError):
    """A worker was started but did not come up."""


class WorkerLost(WorkerError):
    """The worker stopped unexpectedly, or hangs; `log` is the path of its log if that is known."""

    def __init__(self, what: str, log: str = "") -> None:
        super().__init__(what, f"Its log: {log}" if log else "")
        self.log = log


class JobFailed(WorkerError):
    """An expected failure: an error that the engine defines.

    `type` is its name in cutsmith.errors and `exit_code` that of the command line. `told` holds every field that the
    worker sent.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(*(str(told.get(name, "")) for name in ("what", "remedy")))
        self.told = dict(told)
        self.type = str(told.get("type", ""))
        self.exit_code = int(told.get("exit_code", 1))


class WorkerCrashed(WorkerError):
    """A job failed unexpectedly; the worker carries on. The file `log` has the full traceback."""

    def __init__(self, what: str, log: str) -> None:
        super().__init__(f"The worker failed: {what}", f"Its log: {log}")
        self.log = log


class JobCancelled(WorkerError):
    """The job was cancelled, as asked."""


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        stage: "waiting", or the stage that begins now: "read", "load", "detect", "mask", "matting",
            "foreground", "quality" or "answer".
        fraction: how much is done, in [0, 1].
        before: how many jobs of other clients come first.
    """

    stage: str
    fraction: float = 0.0
    before: int = 0


class Session:
    """A connection to a worker, for one job at a time. `welcome` describes the worker."""

    def __init__(self, stream: rendezvous.ConnectionStream, welcome: protocol.Welcome) -> None:
        self.welcome = welcome
        self._stream = stream
        self._count = 0

    def submit(
        self, job: str, options: Mapping[str, Any] | None = None, arrays: Mapping[str, protocol.Array] | None = None
    ) -> JobHandle:
        """Send a job, such as "cut". docs/worker-protocol.md lists the fields.

        Raises:
            FrameTooLarge: the arrays are larger than the worker accepts; nothing was sent.
            WorkerLost: the worker is gone.
        """
        size = sum(memoryview(array.data).nbytes for array in (arrays or {}).values())
        if size > self.welcome.max_payload:
            limit = self.welcome.max_payload
            raise protocol.FrameTooLarge(f"the arrays must take at most {limit:,} bytes, but got {size:,}")
        self._count += 1
        header = {"kind": "job", "id": self._count, "job": job, "options": dict(options or {})}
        self.send(protocol.Message(header, arrays or {}))
        return JobHandle(self, self._count)

    def run(
        self, job: str, options: Mapping[str, Any] | None = None, arrays: Mapping[str, protocol.Array] | None = None
    ) -> protocol.Message:
        """Submit a job and wait for its result. Raises what `submit` and `JobHandle.result` raise."""
        return self.submit(job, options, arrays).result()

    def send(self, message: protocol.Message) -> None:
        """Send a message. Raises WorkerLost."""
        try:
            protocol.write_message(self._stream, message)
        except OSError as error:
            raise self._lost() from error

    def receive(self, timeout: float | None = None) -> protocol.Message | None:
        """The next message; None if none came within `timeout` seconds. Raises WorkerLost."""
        if timeout is not None and not self._stream.wait(timeout):
            return None
        try:
            return protocol.read_message(self._stream)
        except (protocol.ProtocolError, OSError) as error:
            raise self._lost() from error

    def _lost(self) -> WorkerLost:
        return WorkerLost(f"The worker (process {self.welcome.pid}) stopped unexpectedly.", self.welcome.log)

    def close(self) -> None:
        """Close the connection. A job without an answer is dropped."""
        self._stream.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class JobHandle:
    """A job that was sent."""

    def __init__(self, session: Session, number: int) -> None:
        self._session = session
        self._number = number
        self._answer: protocol.Message | None = None

    def follow(self, pulse: float | None = None) -> Iterator[Progress | None]:
        """Yield the job's progress until its answer has come, and None after every `pulse` seconds of silence.

        Raises:
            WorkerLost: the worker stopped.
        """
        while self._answer is None:
            message = self._session.receive(pulse)
            if message is None:
                yield None
            elif message.header.get("id") not in (self._number, None):
                continue  # about an earlier job that was abandoned
            elif message.kind == "progress":
                yield Progress(str(message.header.get("stage")), float(message.header.get("fraction", 0)))
            elif message.kind == "waiting":
                yield Progress("waiting", before=int(message.header.get("before", 0)))
            else:
                self._answer = message

    def cancel(self) -> None:
        """Ask the worker to drop the job, which it does at once. Raises WorkerLost."""
        if self._answer is None:
            self._session.send(protocol.Message({"kind": "cancel", "id": self._number}))

    def result(self) -> protocol.Message:
        """Wait for the result.

        Raises:
            JobFailed, JobCancelled: the job failed as the engine defines, or was cancelled.
            WorkerCrashed: the job failed unexpectedly.
            WorkerLost: the worker stopped.
        """
        for _ in self.follow():
            pass
        answer = self._answer
        assert answer is not None, "follow() ends with an answer"
        header = answer.header
        if answer.kind == "result":
            return answer
        if answer.kind == "cancelled":
            raise JobCancelled("The job was cancelled.")
        if answer.kind == "crash":
            raise WorkerCrashed(str(header.get("what")), str(header.get("log")))
        raise JobFailed({name: value for name, value in header.items() if name not in ("kind", "id", "arrays")})
