"""One unit -> one row of the manifest, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.batch.groups import told_of_subjects
from cutsmith.batch.manifest_rows import ResultRow, now
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, main_model
from cutsmith.batch.plan import Job
from cutsmith.batch.sources import read_source, stamp
from cutsmith.batch.thumbnails import keep_thumbnails
from cutsmith.batch.unit import Unit, settings_of, setup_key, unit_key
from cutsmith.batch.weights import Weights
from cutsmith.batch.writing import Writing, numbered_job, write_all
from cutsmith.errors import Cancelled, CutsmithError, SubjectNotFound
from cutsmith.picture import NamedBytes, Picture
from cutsmith.result.as_json import quality_as_json, step_as_json

if TYPE_CHECKING:
    from cutsmith.result.cutout import Cutout

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cutter:
    """What every picture of a batch has in common, and the work on one.

    Attributes:
        folder: the folder of results.
        writing: how results are written, and the files that they must not replace.
        behind: the bytes of the picture behind the subjects, if there is one.
        weights: the models, which are opened when they are first needed.
    """

    folder: Path
    writing: Writing = field(default_factory=Writing)
    behind: bytes | None = None
    weights: Weights = field(default_factory=Weights)

    def setup(self, unit: Unit) -> str:
        """What the result of `unit` depends on beside the picture, as a short key.

        Raises:
            NotInstalled: its models cannot be opened.
        """
        return setup_key(unit.request, self.weights.of(unit.request), self._settings(unit))

    def cut(self, unit: Unit, cancelled: Callable[[], bool] | None = None) -> ResultRow:
        """Cut `unit` out and write its result; -> its row. No failure but `Cancelled` leaves this function.

        Raises:
            Cancelled: `cancelled` returned true. Nothing of the picture is half-written.
        """
        began = perf_counter()
        row = ResultRow(unit.source, FAILED, instead_of=unit.instead_of, warnings=unit.warnings, scale=unit.scale)
        try:
            row = self._begun(unit, row)
            data = read_source(unit.source)
            row = replace(row, key=unit_key(data, unit.request, self.weights.of(unit.request), self._settings(unit)))
            earlier = unit.earlier
            if earlier is not None and earlier.key == row.key and is_intact(earlier, self.folder):
                return replace(earlier, source=row.source, setup=row.setup)
            row = self._cut(data, unit, row, cancelled)
        except Cancelled:
            raise
        except SubjectNotFound as error:
            row = replace(row, status=NOTHING_FOUND, error=error.to_json())
        except CutsmithError as error:
            row = replace(row, error=error.to_json())
        except Exception as error:  # noqa: BLE001 - a bug, or no memory: this row tells it, and the others go on
            _log.debug("%s failed", unit.source, exc_info=True)
            what = f"{unit.source} could not be cut out: {type(error).__name__}: {error}"
            row = replace(row, error={"type": type(error).__name__, "what": what, "remedy": ""})
        return replace(row, seconds=round(perf_counter() - began, 3), at=now())

    def failed(self, unit: Unit, error: CutsmithError) -> ResultRow:
        """The row of a unit that never came to an end, as `error` tells: tried again when that is asked for."""
        row = ResultRow(unit.source, FAILED, instead_of=unit.instead_of, warnings=unit.warnings, error=error.to_json())
        with suppress(CutsmithError):
            row = self._begun(unit, row)
        return replace(row, at=now())

    def tried(self, unit: Unit) -> None:
        """Cut `unit` out in memory alone, to see how long that takes.

        Raises:
            CutsmithError: it cannot be cut out.
        """
        picture = Picture.read(NamedBytes(read_source(unit.source), unit.source))
        for cutout in self._cutouts(picture, unit, None):
            self.writing.encoded(cutout, Job(unit.source, str(self.folder / unit.output)))

    def _settings(self, unit: Unit) -> Mapping[str, str]:
        return settings_of(self.writing.options, self.behind, unit.scale)

    def _begun(self, unit: Unit, row: ResultRow) -> ResultRow:
        """`row` with what tells later whether the unit has changed."""
        seen = stamp(unit.source)
        return replace(row, source=None if seen is None else seen.to_json(), setup=self.setup(unit))

    def _cut(self, data: bytes, unit: Unit, row: ResultRow, cancelled: Callable[[], bool] | None) -> ResultRow:
        job = Job(unit.source, str(self.folder / unit.output))
        picture = Picture.read(NamedBytes(data, unit.source), max_pixels=unit.request.runtime.max_pixels)
        row = replace(row, width=picture.width, height=picture.height)
        try:
            writing = self._writing(unit)
            writing.check_targets(numbered_job(job, 1) if unit.request.target.objects == "each" else job)
            writing.check_size(job, picture)
            cutouts = self._cutouts(picture, unit, cancelled)
        except CutsmithError:
            keep_thumbnails(self.folder, row.key or "", picture)
            raise
        return self._written(cutouts, job, writing, row, is_each=unit.request.target.objects == "each")

    def _writing(self, unit: Unit) -> Writing:
        """How the result of `unit` is written: it replaces what this batch wrote itself, and nothing else unasked."""
        options = replace(self.writing.options, overwrite=True) if unit.is_own else self.writing.options
        return replace(self.writing, options=options, scale=unit.scale)

    def _cutouts(self, picture: Picture, unit: Unit, cancelled: Callable[[], bool] | None) -> list[Cutout]:
        from cutsmith.pipeline.cut_out import cut_out, cut_out_each

        models = self.weights.models(unit.request)
        if unit.request.target.objects == "each":
            return cut_out_each(picture, unit.request, models=models, cancelled=cancelled)
        return [cut_out(picture, unit.request, models=models, cancelled=cancelled)]

    def _written(
        self, cutouts: list[Cutout], job: Job, writing: Writing, row: ResultRow, *, is_each: bool
    ) -> ResultRow:
        """Write `cutouts`; -> the row that tells of them."""
        targets = [numbered_job(job, number) for number in range(1, len(cutouts) + 1)] if is_each else [job]
        began = perf_counter()
        written = write_all(cutouts, targets, writing)
        failure = written.failure
        first = cutouts[0]
        keep_thumbnails(self.folder, row.key or "", first.picture, first.as_picture())
        stages = {**first.seconds, "write": perf_counter() - began}
        outputs = [Path(each).relative_to(self.folder).as_posix() for each in written.outputs]
        row = replace(
            row,
            status=DONE if failure is None else FAILED,
            output=outputs[0] if outputs else None,
            outputs=tuple(outputs) if is_each else (),
            output_bytes=Path(written.outputs[0]).stat().st_size if outputs else None,
            stages={name: round(seconds, 3) for name, seconds in stages.items()},
            model=main_model(first.provenance),
            view=None if first.second_look is None else first.second_look.taken,
            quality=quality_as_json(first.quality),
            steps=tuple(step_as_json(step) for step in first.steps),
            # What quality says has a field of its own.
            warnings=(
                *row.warnings,
                *(each for each in first.warnings if each != first.quality.warning),
                *written.remarks,
            ),
            checks=written.checks,
        )
        if writing.frame is not None and writing.frame.canvas.pixels is not None:
            row = replace(row, subjects=told_of_subjects(cutouts))
        return row if failure is None else replace(row, error=failure.to_json())


def is_intact(row: ResultRow, folder: Path) -> bool:
    """Whether `row` is that of a finished picture whose result is there, as long as it was when it was written."""
    if row.status != DONE or row.output is None:
        return False
    try:
        return (folder / row.output).stat().st_size == row.output_bytes and all(
            (folder / each).is_file() for each in row.outputs
        )
    except OSError:
        return False
