"""The way to the worker: connect or start it, send a job, follow it, and turn its failures into words for a person."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from .failure import CutFailed
from .installation import Installation
from .settings import Settings
from .words import remedy_of, what_of
from .worker_files import Array, Message, client, protocol, rendezvous, session

Report = Callable[[str, float], None]
"""Called about ten times a second with what is being done, in words, and the share in [0, 1] that is done."""

START_SECONDS = 60.0
_PULSE = 0.1
_LONG = 2.0
"""Seconds after which a stage says how long it has been running."""

_VERY_LONG = 30.0
"""Seconds of matting after which the way out is named."""

_STAGES = {
    "read": "Preparing the picture",
    "load": "Loading the model",
    "detect": "Looking for the words",
    "mask": "Finding the outline",
    "matting": "Working out the edge",
    "foreground": "Cleaning the colors",
    "answer": "Fetching the result",
}


class WorkerLink:
    """This user's worker, for one run of a procedure; it is started where none runs.

    Args:
        installation: what starts it.
        client: who calls, for its log.
        report: is told what is going on.

    Raises:
        CutFailed: it cannot be started, or what runs is not what is wanted.
    """

    def __init__(self, installation: Installation, client: str, report: Report) -> None:
        self._installation = installation
        self._client = client
        self._report = report
        # Where the worker is met may depend on them, and GIMP was started without them.
        os.environ.update(installation.environment)
        self._session = self._connected()

    def __enter__(self) -> WorkerLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def models(self) -> Mapping[str, Any]:
        """What models there are and which are here: the answer to the job "models". Raises CutFailed."""
        with _in_words(self._installation, Settings()):
            return self._session.run("models").header

    def cut(self, settings: Settings, arrays: Mapping[str, Array], dtype: str) -> Message:
        """Have done what `settings` ask for, until the result is here; its alpha is of `dtype`.

        Raises:
            CutFailed: in words for a person.
        """
        job, options = settings.job()
        with _in_words(self._installation, settings):
            try:
                return self._followed(job, {**options, "alpha": dtype}, arrays)
            except session.JobFailed as error:
                if error.type != "WorkerEnding":
                    raise
            # Nothing had begun: a new one does it.
            self._session.close()
            self._session = self._connected()
            return self._followed(job, {**options, "alpha": dtype}, arrays)

    def _connected(self) -> session.Session:
        with _in_words(self._installation, Settings()):
            return client.connect(
                list(self._installation.command),
                client=self._client,
                worker_version=self._installation.version,
                environment=self._installation.environment,
                start_timeout=START_SECONDS,
                on_wait=lambda: self._report("Starting Cutsmith's engine…", 0.0),
            )

    def _followed(self, job: str, options: Mapping[str, Any], arrays: Mapping[str, Array]) -> Message:
        handle = self._session.submit(job, options, arrays)
        told, fraction, begun = _STAGES["read"], 0.0, time.monotonic()
        for progress in handle.follow(_PULSE):
            if progress is not None:
                told, fraction, begun = _told(progress), progress.fraction, time.monotonic()
            seconds = int(time.monotonic() - begun)
            self._report(_with_time(told, seconds), fraction)
        return handle.result()


def _with_time(told: str, seconds: int) -> str:
    if seconds < _LONG:
        return f"{told}…"
    if told == _STAGES["matting"] and seconds >= _VERY_LONG:
        return f"{told}… {seconds} s (quick, after Cancel: Edge: As found)"
    return f"{told}… {seconds} s"


def _told(progress: session.Progress) -> str:
    if progress.stage == "waiting":
        return f"Waiting for {progress.before} other job{'s' if progress.before > 1 else ''}"
    return _STAGES.get(progress.stage, "Cutting out")


@contextlib.contextmanager
def _in_words(installation: Installation, settings: Settings) -> Iterator[None]:
    """Turn what may be raised on the way to the worker into CutFailed."""
    again = f"Install it again, then try once more:\n{installation.install}"
    try:
        yield
    except session.JobFailed as error:
        raise CutFailed(what_of(error.told), remedy_of(error.told, settings, installation)) from error
    except session.JobCancelled as error:
        raise CutFailed("It was cancelled. Nothing was changed.") from error
    except session.WorkerCrashed as error:
        raise CutFailed(
            f"Cutsmith's engine failed. Nothing was changed.\n{error.what}", f"What happened is in {error.log}"
        ) from error
    except session.WorkerLost as error:
        place = f" What happened may be in {error.log}" if error.log else ""
        raise CutFailed(
            "Cutsmith's engine ended in the midst of it, maybe for want of memory. Nothing was changed.",
            f"Try again: it is started anew.{place}",
        ) from error
    except session.WorkerNotStarted as error:
        raise CutFailed(f"Cutsmith's engine does not start. {error.what}", again) from error
    except session.WorkerError as error:
        raise CutFailed(error.what, error.remedy) from error
    except protocol.FrameTooLarge as error:
        raise CutFailed(f"The layer is too large: {error}", "Scale it down, or cut out a part of it.") from error
    except (protocol.VersionMismatch, protocol.ProtocolError) as error:
        raise CutFailed(f"Plug-in and engine do not go together. {error}", again) from error
    except rendezvous.FolderUnsafe as error:
        raise CutFailed(f"The engine cannot be met safely: {error}", "Mend the folder's owner and rights.") from error
