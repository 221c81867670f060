"""The link to the worker: connects or starts it, sends a job, follows it, and words its failures for the user."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from .failure import CutFailed, NothingFound, PictureLost
from .found_objects import FoundObject, found_objects
from .installation import Installation
from .ready_cut import asked_for
from .settings import EDGES, HAIR, OFF, OWN_MASK, Settings
from .words import remedy_of, what_of
from .worker_files import Array, Message, client, protocol, rendezvous, session

Report = Callable[[str, float], None]
"""Called about ten times a second with a text about the current work and the share that is done, in [0, 1]."""

START_SECONDS = 60.0
_PULSE = 0.1
_GLANCE = 0.03
"""Seconds until a job that nobody waits for is noticed."""

_LONG = 2.0
"""Seconds after which a stage shows how long it has been running."""

_VERY_LONG = 30.0
"""Seconds of matting after which the quick alternative is shown."""

_LEAST_SHOWN = 16
"""Pixels of the longer side of a picture that is opened, but not to be looked at."""

_READING = "Preparing the picture"
_STAGES = {
    "read": _READING,
    "load": "Loading the model",
    "detect": "Looking for the words",
    "mask": "Finding the outline",
    "second look": "Looking again",
    "matting": "Working out the edge",
    "foreground": "Cleaning the colors",
    "quality": "Looking at the result",
    "answer": "Fetching the result",
}


class WorkerLink:
    """A connection to this user's worker for one run of a procedure. It starts the worker if none is running.

    Args:
        installation: how to start the worker.
        client: our name in the worker's log.
        report: called with the progress.

    Raises:
        CutFailed: the worker cannot be started, or another version or program answered.
    """

    def __init__(self, installation: Installation, client: str, report: Report) -> None:
        self._installation = installation
        self._client = client
        self._report = report
        self._begin, self._room = 0.0, 1.0
        # The worker's folder may depend on these variables, and GIMP was started without them.
        os.environ.update(installation.environment)
        self._session = self._connected()

    def __enter__(self) -> WorkerLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(
        self,
        job: str,
        options: Mapping[str, Any],
        arrays: Mapping[str, Array],
        settings: Settings,
        is_dropped: Callable[[], bool],
    ) -> Message | None:
        """Run a job of an open dialog; -> its result, or None once `is_dropped` says that nobody waits for it.

        Raises:
            CutFailed: the job failed, worded for the user.
        """
        with _in_words(self._installation, settings):
            try:
                handle = self._session.submit(job, options, arrays)
                # They have been sent, and may be a whole picture.
                del arrays
                is_cancelled = False
                for _ in handle.follow(_GLANCE):
                    if not is_cancelled and is_dropped():
                        handle.cancel()
                        is_cancelled = True
                return handle.result()
            except session.JobCancelled:
                return None
            except session.WorkerLost as error:
                # It may have ended because nothing was asked of it for long.
                raise PictureLost(error.what) from error

    def models(self) -> Mapping[str, Any]:
        """Which models exist and which are on this machine: the answer to the job "models". Raises CutFailed."""
        with _in_words(self._installation, Settings()):
            return self._session.run("models").header

    @contextlib.contextmanager
    def opened(self, pixels: Mapping[str, Array]) -> Iterator[str]:
        """Have the worker keep a picture open; -> its identity. Raises CutFailed."""
        with _in_words(self._installation, Settings()):
            picture = str(self._followed("open", {"longest": _LEAST_SHOWN}, pixels).header["picture"])
        try:
            yield picture
        finally:
            # What failed before is what matters, and the worker closes what nobody asks for.
            with contextlib.suppress(CutFailed), _in_words(self._installation, Settings()):
                self._session.run("close", {"picture": picture})

    @contextlib.contextmanager
    def as_share(self, begin: float, end: float) -> Iterator[None]:
        """Report what is done here as this share of the whole, in [0, 1], so that the bar does not begin again."""
        whole = self._begin, self._room
        self._begin, self._room = self._begin + self._room * begin, self._room * (end - begin)
        try:
            yield
        finally:
            self._begin, self._room = whole

    def find(self, settings: Settings, picture: str) -> tuple[tuple[FoundObject, ...], list[Mapping[str, Any]]]:
        """Find the words of `settings` in an open picture; -> the objects, and notices. Raises CutFailed."""
        with _in_words(self._installation, settings):
            answer = self._followed("detect", {**settings.detection(), "picture": picture}, {}, _STAGES["detect"])
        return found_objects(answer.header["objects"]), answer.header["notices"]

    def cut(self, settings: Settings, arrays: Mapping[str, Array], dtype: str, picture: str = "") -> Message:
        """Run the job that `settings` ask for and wait for its result; its alpha has the type `dtype`.

        `picture` is an open one, in place of pixels.

        Raises:
            CutFailed: the job failed, worded for the user.
        """
        job, options = asked_for(settings, dtype)
        if picture:
            options["picture"] = picture
        with _in_words(self._installation, settings):
            try:
                return self._followed(job, options, arrays)
            except session.JobFailed as error:
                if error.type != "WorkerEnding":
                    raise
            # The worker was ending and had not begun the job, so a new worker does it.
            self._session.close()
            self._session = self._connected()
            return self._followed(job, options, arrays)

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

    def _followed(
        self, job: str, options: Mapping[str, Any], arrays: Mapping[str, Array], told: str = _READING
    ) -> Message:
        handle = self._session.submit(job, options, arrays)
        fraction, begun = 0.0, time.monotonic()
        for progress in handle.follow(_PULSE):
            if progress is not None:
                # Long stages tell of themselves more than once.
                begun = begun if _told(progress) == told else time.monotonic()
                told, fraction = _told(progress), progress.fraction
            seconds = int(time.monotonic() - begun)
            self._report(_with_time(told, seconds), self._begin + self._room * fraction)
        return handle.result()


def _with_time(told: str, seconds: int) -> str:
    if seconds < _LONG:
        return f"{told}…"
    if told == _STAGES["matting"] and seconds >= _VERY_LONG:
        return f"{told}… {seconds} s (to be quick, cancel and choose Edge: As found)"
    return f"{told}… {seconds} s"


def _told(progress: session.Progress) -> str:
    if progress.stage == "waiting":
        return f"Waiting for {progress.before} other job{'s' if progress.before > 1 else ''}"
    return _STAGES.get(progress.stage, "Cutting out")


@contextlib.contextmanager
def _in_words(installation: Installation, settings: Settings) -> Iterator[None]:
    """Turn every error of the worker and the connection into CutFailed."""
    again = installation.again
    try:
        yield
    except session.JobFailed as error:
        if error.type == "PictureNotOpen":
            raise PictureLost(error.what) from error
        kind = NothingFound if error.type == "SubjectNotFound" else CutFailed
        raise kind(what_of(error.told), remedy_of(error.told, settings, installation)) from error
    except session.JobCancelled as error:
        raise CutFailed("The run was cancelled. Nothing was changed.") from error
    except session.WorkerCrashed as error:
        details = f"The details are in {error.log}"
        if settings.edge == HAIR and settings.what != OWN_MASK:
            details = f"If memory ran out, choose Edge: {EDGES[OFF]}, which needs least. {details}"
        raise CutFailed(f"Cutsmith's engine failed. Nothing was changed.\n{error.what}", details) from error
    except session.WorkerLost as error:
        place = f" The details may be in {error.log}" if error.log else ""
        raise CutFailed(
            "Cutsmith's engine stopped unexpectedly, possibly out of memory. Nothing was changed.",
            f"Try again: the engine will be restarted.{place}",
        ) from error
    except session.WorkerNotStarted as error:
        raise CutFailed(f"Cutsmith's engine did not start. {error.what}", again) from error
    except session.WorkerError as error:
        raise CutFailed(error.what, error.remedy) from error
    except protocol.FrameTooLarge as error:
        raise CutFailed(f"The layer is too large: {error}", "Scale it down, or cut out only a part of it.") from error
    except protocol.HandshakeRefused as error:
        raise CutFailed(f"Cutsmith's engine is busy: {error}.", "Close other copies of GIMP, or try again.") from error
    except protocol.ProtocolError as error:
        raise CutFailed(f"The plug-in and the engine do not match: {error}", again) from error
    except rendezvous.FolderUnsafe as error:
        raise CutFailed(
            f"It is not safe to connect to the engine: {error}.", "Fix the folder's owner and permissions (0700)."
        ) from error
