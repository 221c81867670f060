"""A thread of each process that claims jobs, works them off, and clears away what is over.

A job is claimed by the lock on its folder of results, which the system frees when a process ends, however that
happens. So a job whose process was killed is taken over by another one, or by the next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.batch.catalogue import FolderInUse, locked
from cutsmith.errors import Cancelled, CutsmithError, OutputError
from cutsmith.service.failures import NotFound
from cutsmith.service.jobs.folder import JobFolder
from cutsmith.service.jobs.lookout import Lookout
from cutsmith.service.jobs.packing import pack
from cutsmith.service.jobs.store import JobRecord, JobStore
from cutsmith.service.jobs.webhooks import WebhookSender
from cutsmith.service.jobs.work import Means, catalogue_of, job_rows
from cutsmith.service.settings import ServiceSettings
from cutsmith.service.words import told

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow

logger = logging.getLogger(__name__)

_LOOK = 1.0
"""Seconds between two looks for jobs of other processes."""
_LOOK_AT_STATE = 0.5
"""Seconds between two looks at whether a running job was cancelled."""
_SWEEP = 60.0
_STRAY_SECONDS = 86_400.0
"""After this long, a folder that belongs to no job is what a killed process left of an upload."""

OnRow = Callable[["ResultRow"], None]


class JobDesk:
    """The jobs of one process of the service.

    Attributes:
        store: the states of all jobs.
        folder: of all jobs' folders.
        uploads: how many jobs arrive right now, in this process.
    """

    def __init__(self, settings: ServiceSettings, means: Means, on_row: OnRow = lambda row: None) -> None:
        """Prepare; nothing is opened or begun.

        Args:
            settings: what the operator decided.
            means: what pictures are worked on with.
            on_row: hears of each picture that is done.
        """
        self.folder = settings.own_folder / "jobs"
        self.store = JobStore(settings.own_folder / "jobs.sqlite", is_shared=settings.is_shared)
        self.uploads = 0
        self._settings = settings
        self._means = means
        self._on_row = on_row
        self._swept = 0.0
        self._lookout = Lookout("cutsmith-jobs", self._look, _LOOK)
        self._sender = WebhookSender(self.store, settings)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._lookout.start()
        self._sender.start()

    def wake(self) -> None:
        """Look at once: there is something to do."""
        self._lookout.wake()

    def end(self) -> None:
        """Begin nothing more. The pictures under way end soon; the next process goes on with the job."""
        self._lookout.end()
        self._sender.end()

    def join(self, seconds: float) -> None:
        """Wait until all is written, for `seconds` at most."""
        self._lookout.join(seconds)
        self._sender.join(seconds)
        self.store.close()

    def folder_of(self, job: str) -> JobFolder:
        """The folder of `job`.

        Raises:
            NotFound: that can be no job's.
        """
        try:
            return JobFolder.of(self.folder, job)
        except ValueError as error:
            raise NotFound("There is no such job, or none any more.") from error

    def cancel(self, job: str) -> bool:
        """End the job, and forget it with all it has; -> false while somebody still has to let go of it.

        Raises:
            CutsmithError: as for the store.
        """
        self.store.cancel(job)
        folder = self.folder_of(job)
        try:
            with locked(folder.results):
                pass
        except OutputError:
            # In use: whoever works at it sees within a moment that it is over, and clears it away.
            return self.store.find(job) is None
        self._clear_away(job, folder)
        return True

    def _look(self) -> bool:
        """Do the first job that nobody else does; -> whether there was one."""
        self._sweep()
        return any(not self._lookout.has_ended and self._has_done(record) for record in self.store.to_do())

    def _has_done(self, record: JobRecord) -> bool:
        folder = self.folder_of(record.job)
        try:
            with locked(folder.results):
                # Whoever had it may have brought it to an end meanwhile.
                begun = self.store.begin(record.job)
                if begun is not None:
                    self._do(begun, folder)
        except FolderInUse:
            return False
        except OutputError as error:
            # Its folder cannot be written now. Others' may be.
            logger.warning("job %s has to wait: %s", record.job, error.what)
            return False
        self._clear_away(record.job, folder)
        return True

    def _clear_away(self, job: str, folder: JobFolder) -> None:
        """Remove what nobody needs any more of a job that nobody works at."""
        found = self.store.find(job)
        if found is None or found.state == "cancelled":
            folder.remove()
            self.store.forget(job)
        elif found.has_ended:
            folder.keep_result_alone()
            self._sender.wake()

    def _do(self, record: JobRecord, folder: JobFolder) -> None:
        """Bring the job to an end, unless it or the service is over before."""
        try:
            if not record.worked:
                self._work(record, folder)
            pack(folder)
        except Cancelled:
            return
        except CutsmithError as error:
            logger.warning("job %s failed: %s", record.job, error.what)
            self.store.end(record.job, "failed", told(error))
        except Exception:  # a bug, or a folder that somebody damaged: this job tells it, and the others go on
            logger.exception("job %s failed", record.job)
            what = "The job failed in a way that nobody foresaw. The service's log tells more."
            self.store.end(record.job, "failed", {"type": "InternalError", "what": what, "remedy": "", "cures": []})
        else:
            self.store.end(record.job, "done")

    def _work(self, record: JobRecord, folder: JobFolder) -> None:
        catalogue = catalogue_of(folder, self._means, _Over(lambda: self._lookout.has_ended, self.store, record.job))
        counts = record.counts
        with closing(job_rows(catalogue)) as rows:
            for row, counts in rows:
                self.store.count(record.job, counts)
                if row is not None:
                    self._on_row(row)
        # From here on the manifest may be written as the client is to see it.
        self.store.count(record.job, counts, worked=True)

    def _sweep(self) -> None:
        """Forget jobs that ended long ago, and remove what uploads left behind."""
        if time.monotonic() - self._swept < _SWEEP and self._swept:
            return
        self._swept = time.monotonic()
        for record in self.store.ended_before(time.time() - self._settings.job_seconds):
            self.folder_of(record.job).remove()
            self.store.forget(record.job)
        for path in _strays(self.folder, time.time() - _STRAY_SECONDS):
            if self.store.find(path.name) is None:
                JobFolder(path).remove()


class _Over:
    """Whether a job is to stop; it asks the store now and then."""

    def __init__(self, is_ending: Callable[[], bool], store: JobStore, job: str) -> None:
        self._is_ending = is_ending
        self._store = store
        self._job = job
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._is_cancelled = False

    def __call__(self) -> bool:
        """Whether it is."""
        with self._lock:
            if not self._is_cancelled and time.monotonic() - self._looked > _LOOK_AT_STATE:
                self._looked = time.monotonic()
                # Where the store does not answer, the work goes on: this is asked amid a picture.
                with suppress(CutsmithError):
                    record = self._store.find(self._job)
                    self._is_cancelled = record is None or record.state != "running"
            return self._is_cancelled or self._is_ending()


def _strays(jobs: Path, before: float) -> Sequence[Path]:
    """The folders of jobs that nobody has changed since `before`, in seconds since 1970."""
    try:
        return [path for path in jobs.iterdir() if path.is_dir() and path.stat().st_mtime < before]
    except OSError:
        return []
