"""The pictures of one job, by the house's own batch: what its manifest has is done, whoever was killed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.batch.catalogue import Catalogue, CataloguePlan, counted, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND
from cutsmith.batch.weights import Weights
from cutsmith.errors import Cancelled, CutsmithError
from cutsmith.service.failures import ServiceEnding
from cutsmith.service.jobs.folder import JobFolder
from cutsmith.service.jobs.store import Counts
from cutsmith.service.output_fields import AnswerWriting, writing_of
from cutsmith.service.request_fields import request_of

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.unit import Unit
    from cutsmith.pipeline.loading import ModelPool
    from cutsmith.request import Request
    from cutsmith.service.forms import Fields
    from cutsmith.service.runner import Runner

MOST_STARTS = 4
"""How often a picture is begun: what ends the process each time is the picture itself, or too little memory."""


class EndedProcess(CutsmithError):
    """The process that cut a picture out was ended each time."""


@dataclass(frozen=True)
class PatientCutter(Cutter):
    """A cutter whose pictures wait until nobody else waits.

    Attributes:
        runner: where pictures are worked on; always given.
        is_over: whether the job is to stop.
    """

    runner: Runner | None = None
    is_over: Callable[[], bool] = lambda: False

    def cut(self, unit: Unit, cancelled: Callable[[], bool] | None = None) -> ResultRow:
        """As `Cutter.cut`, in a thread of the runner.

        Raises:
            Cancelled: `cancelled` or `is_over` returned true, or the service is about to end.
        """
        assert self.runner is not None

        def ends() -> bool:
            return self.is_over() or (cancelled is not None and cancelled())

        def work(report: object, is_dropped: Callable[[], bool]) -> ResultRow:
            return super(PatientCutter, self).cut(unit, lambda: is_dropped() or ends())

        if ends():
            raise Cancelled("The job is over.")
        try:
            return self.runner.run_patiently(work, kind="job", cancelled=ends)
        except ServiceEnding as error:
            raise Cancelled("The service is about to end.") from error


@dataclass(frozen=True)
class Means:
    """What the pictures of all jobs are worked on with.

    Attributes:
        runner: where.
        pool: the models.
        defaults: the request that all requests start from.
        at_once: how many pictures at a time.
    """

    runner: Runner
    pool: ModelPool
    defaults: Request
    at_once: int


def checked_fields(fields: Fields, defaults: Request) -> tuple[Request, AnswerWriting]:
    """What `fields` ask for, checked; errors as for `request_of` and `writing_of`."""
    return request_of(fields, defaults), writing_of(fields, "", defaults.runtime.max_pixels)


def catalogue_of(folder: JobFolder, means: Means, is_over: Callable[[], bool]) -> Catalogue:
    """The batch over the pictures of a job, as its fields ask.

    Raises:
        CutsmithError: the fields ask for what is not there any more, such as a model.
        OSError, ValueError, KeyError: the folder is damaged.
    """
    from cutsmith.service.output_fields import BACKGROUND_IMAGE

    fields = folder.read_fields()
    request, writing = checked_fields(fields, means.defaults)
    cutter = PatientCutter(
        folder.results,
        writing.writing,
        fields.upload(BACKGROUND_IMAGE),
        Weights(means.pool),
        runner=means.runner,
        is_over=is_over,
    )
    return Catalogue([str(folder.inputs)], request, cutter, workers=means.at_once)


def job_rows(catalogue: Catalogue) -> Generator[tuple[ResultRow | None, Counts], None, None]:
    """Do what is left of a job; -> each row with how far the job is then. The first is None: what was done before.

    The folder of results must be held.

    Raises:
        Cancelled: the job is over, or the service. What is done is kept.
        CutsmithError: as for `planned` and `worked_off`.
    """
    plan = _without_deadly(catalogue, planned(catalogue))
    done = list(plan.finished)
    yield None, counts_of(done)
    with closing(worked_off(catalogue, plan)) as rows:
        for row in rows:
            done.append(row)
            yield row, counts_of(done)


def counts_of(rows: Sequence[ResultRow]) -> Counts:
    """How far the job is that has these rows."""
    told = counted(rows)
    return Counts(
        told.get(DONE, 0),
        told.get("accept", 0),
        told.get("review", 0),
        told.get(FAILED, 0) + told.get(NOTHING_FOUND, 0),
    )


def _without_deadly(catalogue: Catalogue, plan: CataloguePlan) -> CataloguePlan:
    """`plan` without what has ended the process often enough: these are failures from now on."""
    starts = Manifest(catalogue.cutter.folder).latest().starts
    deadly = [unit for unit in plan.units if starts[unit.source] >= MOST_STARTS]
    if not deadly:
        return plan
    rows = []
    with ManifestWriter(catalogue.cutter.folder) as manifest:
        for unit in deadly:
            error = EndedProcess(
                f"{Path(unit.source).name} could not be cut out: the process was ended {MOST_STARTS} times meanwhile, "
                "perhaps for want of memory.",
                "Send a smaller picture.",
            )
            rows.append(catalogue.cutter.failed(unit, error))
            manifest.append(rows[-1])
    left = tuple(unit for unit in plan.units if unit not in deadly)
    return replace(plan, units=left, finished=(*plan.finished, *rows))
