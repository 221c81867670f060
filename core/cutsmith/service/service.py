"""What the routes of one process share."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cutsmith.errors import CutsmithError
from cutsmith.request import Request as CutRequest
from cutsmith.service.admission import Admission
from cutsmith.service.failures import ServiceEnding
from cutsmith.service.jobs.desk import JobDesk
from cutsmith.service.jobs.work import Means
from cutsmith.service.metrics import Metrics
from cutsmith.service.runner import Runner, Work
from cutsmith.service.sessions import Sessions

if TYPE_CHECKING:
    from typing import TypeVar

    from starlette.requests import Request

    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.pipeline.loading import ModelPool
    from cutsmith.service.settings import ServiceSettings

    Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class Service:
    """One process of the service.

    Attributes:
        settings: what the operator decided.
        pool: the models.
        runner: where pictures are worked on.
        sessions: the pictures that were uploaded for clicks.
        jobs: many pictures at a time, which nobody waits for.
        metrics: what is counted.
        unready: why the service is not ready yet, or cannot be; None once its default model is loaded.
    """

    def __init__(self, settings: ServiceSettings, pool: ModelPool | None = None) -> None:
        from cutsmith.pipeline.loading import ModelPool

        self.settings = settings
        self.pool = pool or ModelPool(settings.model_bytes, kept_pictures=settings.kept_embeddings)
        self.metrics = Metrics()
        self.runner = Runner(settings.at_once, settings.most_waiting)
        self.sessions = Sessions(
            settings.own_folder / "sessions",
            most_bytes=settings.session_bytes,
            seconds=settings.session_seconds,
            most_disk_bytes=settings.session_disk_bytes,
        )
        self.jobs = JobDesk(settings, Means(self.runner, self.pool, self.defaults, settings.at_once), self._note_row)
        self.metrics.watch(self.runner.counts)
        self._admission = Admission(settings)
        self._is_ending = threading.Event()
        self.unready: CutsmithError | None = ServiceEnding("The models are being loaded.", "Ask again in a moment.")

    @property
    def defaults(self) -> CutRequest:
        """The request that all requests start from: the operator's own choices."""
        return CutRequest().updated({**self.settings.runtime, "max_pixels": self.settings.max_pixels})

    @property
    def is_ending(self) -> bool:
        """Whether no more work is taken."""
        return self._is_ending.is_set()

    def missing(self) -> Mapping[str, CutsmithError | None]:
        """What keeps clicks ("no_sam2") and words ("no_detector") from working; None where nothing does."""
        from cutsmith.detection.loading import why_no_detector
        from cutsmith.segmentation.loading import why_no_segmenter

        runtime, store = self.defaults.runtime, self.pool.store
        # What the operator has named is opened when it is needed, and tells then what it lacks.
        return {
            "no_sam2": why_no_segmenter(store) if runtime.segmenter is None else None,
            "no_detector": why_no_detector(store) if runtime.detector is None else None,
        }

    def admit(self, request: Request) -> Mapping[str, str]:
        """Let `request` in; -> the headers that tell its allowance.

        Raises:
            ServiceEnding, KeyMissing, KeyUnknown, TooManyRequests.
        """
        if self.is_ending:
            raise ServiceEnding("The service is about to end.", "Ask again in a moment.")
        return self._admission.admit(request)

    async def work(self, request: Request, work: Work[Answer], kind: str) -> Answer:
        """Run `work` for `request` in the queue; errors as for `Runner.run`."""
        return await self.runner.run(work, kind=kind, deadline=self.settings.deadline, is_gone=request.is_disconnected)

    def load(self) -> None:
        """Load the default model, and run it once. Then the service is ready; what hinders it stands in `unready`."""
        import numpy as np

        try:
            remover, _ = self.pool.remover(self.defaults.runtime)
            remover.soft_mask(np.full((64, 64, 3), 128, np.uint8))
            self.unready = None
        except CutsmithError as error:
            logger.warning("the default model cannot be loaded: %s", error.what)
            self.unready = error

    def end(self) -> None:
        """Take no more work, and let what runs go on."""
        self._is_ending.set()
        self.jobs.end()
        self.runner.close()

    def _note_row(self, row: ResultRow) -> None:
        """Count a picture of a job."""
        if row.verdict is not None:
            self.metrics.picture(row.stages, row.verdict)

    @property
    def is_done(self) -> bool:
        """Whether nothing runs any more, once the service is ending."""
        return self.is_ending and self.runner.is_idle()
