"""The way to the worker: connect or start it, send a job, follow it, and turn its failures into words for a person."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .failure import CutFailed
from .installation import Installation
from .messages import remedy_for
from .settings import Settings

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith.worker import client, protocol, rendezvous, session
else:  # In GIMP, where install.py put the four files beside cutsmith.py.
    import client
    import protocol
    import rendezvous
    import session

Array = protocol.Array
Message = protocol.Message
Report = Callable[[str, float], None]
"""Called about ten times a second with what is being done, in words, and the share in [0, 1] that is done."""

START_SECONDS = 60.0
_PULSE = 0.1
_LONG = 2.0
"""Seconds after which a stage says how long it has been running."""

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
    """A session with the worker, for one run of a procedure."""

    def __init__(self, opened: session.Session, installation: Installation) -> None:
        self._session = opened
        self._installation = installation

    @property
    def pid(self) -> int:
        """The worker's process."""
        return self._session.welcome.pid

    def models(self) -> Mapping[str, Any]:
        """What models there are and which are here: the answer to the job "models". Raises CutFailed."""
        with _in_words(self._installation, Settings()):
            return self._session.run("models").header

    def cut(self, settings: Settings, arrays: Mapping[str, Array], dtype: str, report: Report) -> Message:
        """Have done what `settings` ask for and report on it until the result is here; its alpha is of `dtype`.

        Raises:
            CutFailed: in words for a person.
        """
        job, options = settings.job()
        with _in_words(self._installation, settings):
            handle = self._session.submit(job, {**options, "alpha": dtype}, arrays)
            told, fraction, begun = _STAGES["read"], 0.0, time.monotonic()
            for progress in handle.follow(_PULSE):
                if progress is not None:
                    told, fraction, begun = _told(progress), progress.fraction, time.monotonic()
                seconds = int(time.monotonic() - begun)
                report(f"{told}… {seconds} s" if seconds >= _LONG else f"{told}…", fraction)
            return handle.result()


@contextlib.contextmanager
def worker_link(installation: Installation, client_name: str, report: Report) -> Iterator[WorkerLink]:
    """A link to this user's worker, which is started where none runs.

    Raises:
        CutFailed: it cannot be started, or what runs is not what is wanted.
    """

    def on_wait() -> None:
        report("Starting Cutsmith's engine…", 0.0)

    with _in_words(installation, Settings()):
        opened = client.connect(
            list(installation.command),
            client=client_name,
            worker_version=installation.version,
            environment=installation.environment,
            start_timeout=START_SECONDS,
            on_wait=on_wait,
        )
    with opened:
        yield WorkerLink(opened, installation)


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
        remedy = remedy_for(error.type, error.what, error.remedy, settings, installation)
        raise CutFailed(error.what, remedy) from error
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
