"""The client: finds this user's worker or starts one, sends it jobs and follows their progress.

Of the standard library alone: install.py copies this file, with protocol.py and rendezvous.py, beside a host's plug-in.

    with connect([python, "-m", "cutsmith"], client="GIMP 3.0.4") as session:
        job = session.submit("cut", {"matting": "closed-form"}, {"pixels": Array("uint8", (height, width, 3), data)})
        for progress in job.follow(pulse=0.1):
            ...  # a Progress, or None where nothing was heard for 0.1 s: a moment to ask whether to job.cancel()
        alpha = job.result().arrays["alpha"]
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

if __package__:
    from cutsmith.worker import protocol, rendezvous
else:  # Alone in a host's folder, where `cutsmith` may be the name of the plug-in itself.
    import protocol  # type: ignore[import-not-found,no-redef]
    import rendezvous  # type: ignore[import-not-found,no-redef]

_ANSWER_SECONDS = 10.0
"""A worker that does not say hello within it hangs."""

_PAUSE = 0.03
_NO_LONGER = 10.0
"""Seconds in which a worker of another version ends that was asked to."""

# Set by hosts for their own libraries and their own Python, and poison to another.
_HOST_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GI_TYPELIB_PATH")


class WorkerError(Exception):
    """Base of what can go wrong with a worker and its jobs: `what` happened, and the `remedy` where there is one."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class WorkerNotRunning(WorkerError):
    """No worker runs, and no command was given to start one."""


class WorkerNotStarted(WorkerError):
    """A worker was started and did not come to life."""


class WorkerLost(WorkerError):
    """The worker ended, or hangs, in the midst of it; `log` is the path of its log where it is known."""

    def __init__(self, what: str, log: str = "") -> None:
        super().__init__(what, f"Its log: {log}" if log else "")
        self.log = log


class JobFailed(WorkerError):
    """A failure that the engine foresees: `type` is its name in cutsmith.errors, `exit_code` the command line's."""

    def __init__(self, type: str, what: str, remedy: str, exit_code: int) -> None:  # noqa: A002 - its name on the wire
        super().__init__(what, remedy)
        self.type = type
        self.exit_code = exit_code


class WorkerCrashed(WorkerError):
    """A failure that nobody foresaw, in the midst of a job; the worker lives on. `log` has it whole."""

    def __init__(self, what: str, log: str) -> None:
        super().__init__(f"The worker failed: {what}", f"Its log: {log}")
        self.log = log


class JobCancelled(WorkerError):
    """The job was cancelled, as asked."""


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        stage: "waiting", or what begins now: "read", "load", "detect", "mask", "matting", "foreground" or "answer".
        fraction: what is done, in [0, 1].
        before: how many jobs of others come first.
    """

    stage: str
    fraction: float = 0.0
    before: int = 0


class Session:
    """A connection to a worker; one job at a time. `welcome` says which worker it is."""

    def __init__(
        self,
        stream: rendezvous.ConnectionStream | rendezvous.FilePairStream,
        welcome: protocol.Welcome,
        child: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.welcome = welcome
        self._stream = stream
        self._child = child
        self._count = 0

    def submit(
        self, job: str, options: Mapping[str, Any] | None = None, arrays: Mapping[str, protocol.Array] | None = None
    ) -> JobHandle:
        """Send a job, such as "cut"; the fields are those of docs/worker-protocol.md.

        Raises:
            FrameTooLarge: the arrays are more than the worker takes; nothing was sent.
            WorkerLost: it is gone.
        """
        size = sum(memoryview(array.data).nbytes for array in (arrays or {}).values())
        if size > self.welcome.max_payload:
            raise protocol.FrameTooLarge(f"{size:,} bytes of pixels: the worker takes {self.welcome.max_payload:,}")
        self._count += 1
        header = {"kind": "job", "id": self._count, "job": job, "options": dict(options or {})}
        self.send(protocol.Message(header, arrays or {}))
        return JobHandle(self, self._count)

    def run(
        self, job: str, options: Mapping[str, Any] | None = None, arrays: Mapping[str, protocol.Array] | None = None
    ) -> protocol.Message:
        """`submit`, and wait for the result; raises what `JobHandle.result` raises."""
        return self.submit(job, options, arrays).result()

    def send(self, message: protocol.Message) -> None:
        """Send a message. Raises WorkerLost."""
        try:
            protocol.write_message(self._stream, message)
        except OSError as error:
            raise self._lost() from error

    def receive(self, timeout: float | None = None) -> protocol.Message | None:
        """The next message; None where none came within `timeout` seconds. Raises WorkerLost."""
        if timeout is not None and not self._stream.wait(timeout):
            return None
        try:
            return protocol.read_message(self._stream)
        except (protocol.ProtocolError, OSError) as error:
            raise self._lost() from error

    def _lost(self) -> WorkerLost:
        return WorkerLost(f"The worker (process {self.welcome.pid}) ended in the midst of it.", self.welcome.log)

    def close(self) -> None:
        """Hang up. A job that has no answer yet is dropped."""
        self._stream.close()
        if self._child is not None:
            self._child.wait()

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
        """What is heard of the job until its answer is here; None for each `pulse` seconds without a word.

        Raises:
            WorkerLost: the worker ended.
        """
        while self._answer is None:
            message = self._session.receive(pulse)
            if message is None:
                yield None
            elif message.header.get("id") not in (self._number, None):
                continue  # of a job that was given up
            elif message.kind == "progress":
                yield Progress(str(message.header.get("stage")), float(message.header.get("fraction", 0)))
            elif message.kind == "waiting":
                yield Progress("waiting", before=int(message.header.get("before", 0)))
            else:
                self._answer = message

    def cancel(self) -> None:
        """Ask for the job to be dropped: at once where it waits, else before its next stage. Raises WorkerLost."""
        if self._answer is None:
            self._session.send(protocol.Message({"kind": "cancel", "id": self._number}))

    def result(self) -> protocol.Message:
        """Wait for the result.

        Raises:
            JobFailed, JobCancelled: what the worker says of the job.
            WorkerCrashed: something went wrong that nobody foresaw.
            WorkerLost: the worker ended.
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
        told = (str(header.get(name, "")) for name in ("type", "what", "remedy"))
        raise JobFailed(*told, exit_code=int(header.get("exit_code", 1)))


def connect(
    command: Sequence[str] | None = None,
    *,
    client: str = "client",
    folder: Path | None = None,
    worker_version: str | None = None,
    environment: Mapping[str, str] | None = None,
    start_timeout: float = 60.0,
    idle_exit: float | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Session:
    """A session with this user's worker, which is started where none runs.

    Args:
        command: what starts the command line, such as [python, "-m", "cutsmith"]; None starts nothing.
        client: who calls, for the log.
        folder: where the worker is met; None takes `rendezvous.worker_folder()`.
        worker_version: the version that it has to have; one of another version is asked to end, and `command` is run.
        environment: variables for a worker that is started, besides those of this process.
        start_timeout: seconds that it may take to come to life.
        idle_exit: after so many seconds without work a worker that is started ends.
        on_wait: is called about thirty times a second while it is waited for.

    Raises:
        WorkerNotRunning, WorkerNotStarted, WorkerLost: there is none, it could not be started, or it hangs.
        VersionMismatch, WrongKey, ProtocolError: what answers is not the worker that is wanted.
        FolderUnsafe: the folder is not this user's alone.
    """
    folder = (folder or rendezvous.worker_folder()).absolute()
    session = _dialled(folder, client)
    if session is not None and worker_version not in (None, session.welcome.worker) and command is not None:
        session = _ended(session, folder)
    if session is None:
        if command is None:
            raise WorkerNotRunning(f"No worker runs (looked in {folder}).", "Start it: cutsmith worker")
        rendezvous.prepare_folder(folder)
        arguments = [*command, "worker", "--folder", str(folder)]
        if idle_exit is not None:
            arguments += ["--idle-exit", f"{idle_exit:g}"]
        starter = _Starter(arguments, folder, client, environment or {})
        session = starter.session(time.monotonic() + start_timeout, on_wait or (lambda: None))
    if worker_version not in (None, session.welcome.worker):
        theirs = session.welcome.worker
        session.close()
        raise protocol.VersionMismatch("The worker has another version", ours=str(worker_version), theirs=theirs)
    return session


def one_shot(
    command: Sequence[str], *, client: str = "client", environment: Mapping[str, str] | None = None
) -> Session:
    """A session with a worker of its own, over its standard input and output; it ends with the session.

    Raises:
        WorkerNotStarted: it cannot be run, or says nothing that can be understood.
        VersionMismatch: it speaks another version of the protocol.
    """
    try:
        child = subprocess.Popen(
            [*command, "worker", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_child_environment(environment or {}),
        )
    except OSError as error:
        raise _not_run(command, error) from error
    assert child.stdin is not None and child.stdout is not None, "both are pipes"  # noqa: PT018 - for mypy
    stream = rendezvous.FilePairStream(child.stdout, child.stdin)
    try:
        welcome = protocol.introduce(stream, b"", client)
    except (protocol.ProtocolError, OSError) as error:
        stream.close()
        child.kill()
        child.wait()
        if isinstance(error, protocol.VersionMismatch):
            raise
        raise WorkerNotStarted(f"{' '.join(command)} worker --stdio gave no worker: {error}") from error
    return Session(stream, welcome, child)


def _dialled(folder: Path, client: str) -> Session | None:
    """A session with the worker of `folder`; None where none runs, or it is just beginning or ending."""
    key = rendezvous.read_key(folder)
    if key is None:
        return None
    try:
        stream = rendezvous.ConnectionStream(rendezvous.dial(folder))
    except OSError:
        return None
    try:
        if not stream.wait(_ANSWER_SECONDS):
            raise WorkerLost(f"The worker in {folder} does not answer: it hangs, or was stopped.")
        return Session(stream, protocol.introduce(stream, key, client))
    except (protocol.ConnectionEnded, protocol.FrameTruncated, OSError):
        stream.close()
        return None
    except protocol.WrongKey:
        stream.close()
        if rendezvous.read_key(folder) == key:
            raise
        return None  # a new worker began between our reading the key and our calling
    except BaseException:
        stream.close()
        raise


def _ended(session: Session, folder: Path) -> None:
    """Ask a worker of another version to end, and wait for it: what it runs for others is finished first."""
    with session, contextlib.suppress(WorkerError):
        session.run("stop")
    deadline = time.monotonic() + _NO_LONGER
    while (folder / rendezvous.WORKER_LOCK).exists() and time.monotonic() < deadline:
        time.sleep(_PAUSE)


class _Starter:
    """Starts a worker, but one alone, however many clients want one at the same time."""

    def __init__(self, arguments: list[str], folder: Path, client: str, environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._folder = folder
        self._client = client
        self._environment = environment
        self._lock = rendezvous.FileLock(folder / rendezvous.START_LOCK)

    def session(self, deadline: float, on_wait: Callable[[], None]) -> Session:
        """A session with the worker that this client starts, or that another one is starting."""
        is_ours, child = False, None
        try:
            while (session := _dialled(self._folder, self._client)) is None:
                is_ours = is_ours or self._lock.acquire()
                if child is not None and child.poll() is not None:
                    if child.returncode:
                        raise self._failed(child)
                    child = None  # there was a worker already, which is beginning or ending
                elif is_ours and child is None:
                    # Once more: who had the lock before us may have started one.
                    if (session := _dialled(self._folder, self._client)) is not None:
                        break
                    child = self._spawned()
                if time.monotonic() > deadline:
                    if child is not None:
                        child.kill()
                    raise WorkerNotStarted("The worker did not come to life in time.", self._by_hand())
                on_wait()
                time.sleep(_PAUSE)
            if child is not None and child.stderr is not None:
                child.stderr.close()
            return session
        finally:
            self._lock.release()

    def _spawned(self) -> subprocess.Popen[bytes]:
        """A worker that outlives this process. Its standard error is its log's as soon as it has one."""
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            detached = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
        try:
            return subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # `python -m cutsmith` looks into the working folder first, and a plug-in may have that name.
                cwd=self._folder,
                env=_child_environment(self._environment),
                **detached,
            )
        except OSError as error:
            raise _not_run(self._arguments, error) from error

    def _failed(self, child: subprocess.Popen[bytes]) -> WorkerNotStarted:
        assert child.stderr is not None, "it is a pipe"
        with child.stderr:
            told = child.stderr.read().decode(errors="replace").strip()
        return WorkerNotStarted(
            f"The worker ended with {child.returncode} when it was started: {told[-2000:] or 'it gave no reason'}",
            self._by_hand(),
        )

    def _by_hand(self) -> str:
        return f"See what it says: {subprocess.list2cmdline(self._arguments)}"


def _not_run(command: Sequence[str], error: OSError) -> WorkerNotStarted:
    return WorkerNotStarted(f"{command[0]} cannot be run: {error.strerror or error}", "Install Cutsmith again.")


def _child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _HOST_VARIABLES}
    return {**kept, **extra}
