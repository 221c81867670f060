"""The client: finds this user's worker or starts one, sends it jobs and follows their progress.

This file uses only the standard library: install.py copies it, with protocol.py, rendezvous.py, session.py and
options.py, beside a host's plug-in.

    with connect([python, "-m", "cutsmith"], client="GIMP 3.0.4") as session:
        job = session.submit("cut", {"matting": "closed-form"}, {"pixels": Array("uint8", (height, width, 3), data)})
        for progress in job.follow(pulse=0.1):
            ...  # a Progress, or None after 0.1 s of silence: the moment to decide whether to job.cancel()
        alpha = job.result().arrays["alpha"]
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

if __package__:
    from cutsmith.worker import protocol, rendezvous
    from cutsmith.worker.session import Session, WorkerError, WorkerLost, WorkerNotRunning, WorkerNotStarted
else:  # Copied into a host's folder, where `cutsmith` may be the plug-in itself.
    import protocol  # type: ignore[import-not-found,no-redef]
    import rendezvous  # type: ignore[import-not-found,no-redef]
    from session import (  # type: ignore[import-not-found,no-redef]
        Session,
        WorkerError,
        WorkerLost,
        WorkerNotRunning,
        WorkerNotStarted,
    )

_ANSWER_SECONDS = 10.0
"""Seconds to wait for a worker's hello. One that takes longer has hung."""

_PAUSE = 0.03
_NEXT_START = 1.0
"""Seconds between two workers that this client starts, where another has the folder."""

_NO_LONGER = 10.0
"""Seconds to wait for a worker of another version to stop."""

# Hosts set these for their own Python and libraries; they break any other interpreter.
_HOST_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GI_TYPELIB_PATH")


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
    """Open a session with this user's worker, and start the worker if none is running.

    Args:
        command: how to run the command line, such as [python, "-m", "cutsmith"]; None never starts a worker.
        client: the caller's name, for the log.
        folder: where to meet the worker; None means `rendezvous.worker_folder()`.
        worker_version: the version that the worker must have. A worker of another version is asked to stop, and
            `command` starts a new one.
        environment: variables for a worker that is started, in addition to those of this process.
        start_timeout: seconds to wait for a new worker to answer.
        idle_exit: seconds without work after which a new worker ends.
        on_wait: called about thirty times a second while waiting for a new worker.

    Raises:
        WorkerNotRunning, WorkerNotStarted, WorkerLost: no worker is running, it could not be started, or it hangs.
        VersionMismatch, WrongKey, ProtocolError: something else answered, or a worker of another version.
        FolderUnsafe: other users can access the folder.
    """
    folder = (folder or rendezvous.worker_folder()).absolute()
    session = _dialled(folder, client)
    if session is not None and worker_version not in (None, session.welcome.worker) and command is not None:
        _end(session, folder)
        session = None
    if session is None:
        if command is None:
            raise WorkerNotRunning(
                f"No worker is running (looked in {folder}).", "Start one, or pass the command that starts it."
            )
        rendezvous.prepare_folder(folder)
        arguments = [*command, "worker", "--folder", str(folder)]
        if idle_exit is not None:
            arguments += ["--idle-exit", f"{idle_exit:g}"]
        deadline = time.monotonic() + start_timeout
        session = _started(arguments, folder, client, environment or {}, deadline, on_wait or (lambda: None))
    if worker_version not in (None, session.welcome.worker):
        theirs = session.welcome.worker
        session.close()
        raise protocol.VersionMismatch("The worker has another version", ours=str(worker_version), theirs=theirs)
    return session


def _dialled(folder: Path, client: str) -> Session | None:
    """A session with the worker of `folder`; None if no worker is running, or if it is just starting or ending."""
    key = rendezvous.read_key(folder)
    if key is None:
        return None
    try:
        stream = rendezvous.ConnectionStream(rendezvous.dial(folder))
    except OSError:
        return None
    try:
        if not stream.wait(_ANSWER_SECONDS):
            raise WorkerLost(f"The worker in {folder} does not answer: it has hung or was suspended.")
        return Session(stream, protocol.introduce(stream, key, client))
    except (protocol.ConnectionEnded, protocol.FrameTruncated, OSError):
        stream.close()
        return None
    except protocol.WrongKey:
        stream.close()
        if rendezvous.read_key(folder) == key:
            raise
        return None  # a new worker started after we read the key and before we connected
    except BaseException:  # including an interrupt, so that the connection is never left open
        stream.close()
        raise


def _end(session: Session, folder: Path) -> None:
    """Ask a worker of another version to end, and wait for it. It first finishes the jobs of other clients."""
    with session, contextlib.suppress(WorkerError):
        session.run("stop")
    deadline = time.monotonic() + _NO_LONGER
    while (folder / rendezvous.KEY_FILE).exists() and time.monotonic() < deadline:
        time.sleep(_PAUSE)


def _started(
    arguments: Sequence[str],
    folder: Path,
    client: str,
    environment: Mapping[str, str],
    deadline: float,
    on_wait: Callable[[], None],
) -> Session:
    """A session with the worker that this client starts, or that another client is starting at the same time."""
    child, next_start = None, 0.0
    try:
        while (session := _dialled(folder, client)) is None:
            if child is None and time.monotonic() >= next_start:
                child = _spawned(arguments, folder, environment)
            elif child is not None and child.poll() is not None:
                if child.returncode:
                    raise _failed(child, arguments)
                # Another worker has the folder; it is starting or ending.
                child, next_start = None, time.monotonic() + _NEXT_START
            if time.monotonic() > deadline:
                if child is not None:
                    child.kill()
                raise WorkerNotStarted("The worker did not start in time.", _by_hand(arguments))
            on_wait()
            time.sleep(_PAUSE)
        return session
    finally:
        if child is not None and child.stderr is not None:
            child.stderr.close()


def _spawned(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker that outlives this process. Its standard error goes to its log once that is open."""
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    kept = {name: value for name, value in os.environ.items() if name not in _HOST_VARIABLES}
    try:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # `python -m cutsmith` looks in the working folder first, and a plug-in there may be called cutsmith.
            cwd=folder,
            env={**kept, **environment},
            **detached,
        )
    except OSError as error:
        what = f"{arguments[0]} cannot be run: {error.strerror or error}"
        raise WorkerNotStarted(what, "Install Cutsmith again.") from error


def _failed(child: subprocess.Popen[bytes], arguments: Sequence[str]) -> WorkerNotStarted:
    assert child.stderr is not None, "it is a pipe"
    told = child.stderr.read().decode(errors="replace").strip()
    return WorkerNotStarted(
        f"The worker stopped with exit code {child.returncode} at start-up: {told[-2000:] or 'it gave no reason'}",
        _by_hand(arguments),
    )


def _by_hand(arguments: Sequence[str]) -> str:
    return f"Run it by hand to see its messages: {subprocess.list2cmdline(arguments)}"
