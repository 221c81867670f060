"""A batch over one folder of results: locked, planned against its manifest, worked off, and told row by row.

The manifest is the truth. Whatever ends the process, the next call finds there what is done, and does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.batch.cutting import Cutter
from cutsmith.batch.groups import SameScale, at_one_scale, scale_of
from cutsmith.batch.manifest import Manifest, ManifestWriter, State
from cutsmith.batch.manifest_rows import ResultRow, now, start_row
from cutsmith.batch.on_ray.cluster import check_address, check_installed, connected
from cutsmith.batch.on_ray.rows import rows_on_ray
from cutsmith.batch.outcome import DONE, FAILED
from cutsmith.batch.plan import result_suffix
from cutsmith.batch.resuming import NO_SETUP, is_finished, parted, rejected_again
from cutsmith.batch.sources import SourcePicture, Sources, find_sources, result_names
from cutsmith.batch.sources.addresses import is_address
from cutsmith.batch.threads import WORKERS, rows_in_threads
from cutsmith.batch.thumbnails import OWN_FOLDER
from cutsmith.batch.unit import Unit
from cutsmith.cures import give
from cutsmith.errors import BadOption, CutsmithError, OutputError
from cutsmith.picture import Originals
from cutsmith.request_json import from_json

if TYPE_CHECKING:
    from cutsmith.request import Request


class FolderInUse(OutputError):
    """Another batch works in the folder of results."""


@dataclass(frozen=True)
class Catalogue:
    """What a batch is asked to do.

    Attributes:
        inputs: folders, files, globs, lists, tables and URIs.
        request: what is asked of every picture; a picture's own row may ask otherwise.
        cutter: what all pictures have in common, the folder of results among it.
        retry_failed: whether pictures without a result are tried again.
        redo_rejected: whether nothing is done but what a person rejected, another way.
        limit: how many pictures at most are done now; None for all.
        workers: how many are done at a time; None for as many as are best.
        ray: the address of the Ray that does them: "local", "auto" or HOST:PORT; None for threads of this process.
        include: patterns of which a picture in a folder must match one.
        also_read: other files that the batch reads, such as a background.
        same_scale: what pictures are laid on their canvases at one scale; None for each at its own. It takes a second
            round: what has another scale than its group wants is planned once all of the group has been cut out.
    """

    inputs: Sequence[str]
    request: Request
    cutter: Cutter
    retry_failed: bool = False
    redo_rejected: bool = False
    limit: int | None = None
    workers: int | None = None
    ray: str | None = None
    include: Sequence[str] = ()
    also_read: Sequence[str] = ()
    same_scale: SameScale | None = None


@dataclass(frozen=True)
class CataloguePlan:
    """What a batch is going to do.

    Attributes:
        cutter: that of the catalogue, which never replaces one of the pictures.
        units: the pictures to cut out now.
        refused: rows of pictures that cannot be tried at all, such as a bad line of a table.
        finished: the rows of what is done and stays.
        left: how many pictures the limit leaves for another call.
        notices: what was left out, for the user.
    """

    cutter: Cutter
    units: tuple[Unit, ...]
    refused: tuple[ResultRow, ...]
    finished: tuple[ResultRow, ...]
    left: int
    notices: tuple[str, ...]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder of results; another batch is refused meanwhile. A killed process leaves nothing locked.

    Raises:
        FolderInUse: another batch works in it.
        OutputError: the folder cannot be made.
    """
    from filelock import FileLock, Timeout

    own = folder / OWN_FOLDER
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be the folder of results: {error.strerror}.",
            give("output", "cut-outs/", "Give another folder"),
        ) from error
    lock = FileLock(own / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FolderInUse(
            f"Another batch is working in {folder}.",
            "Wait until it ends.",
            give("output", "other/", "Or give this one a folder of its own"),
        ) from error
    try:
        yield
    finally:
        lock.release()


def planned(catalogue: Catalogue) -> CataloguePlan:
    """Find the pictures, name their results, and part them by the manifest. Nothing is written.

    Raises:
        NotInstalled: the models that the request needs are missing, or Ray, where it is to do the work.
        ClusterUnreachable: there is no Ray at the address.
        UsageError, PictureError: an input is wrong as a whole.
    """
    cutter = catalogue.cutter
    if catalogue.ray is not None:
        check_installed()
        check_address(catalogue.ray)
    # Missing weights concern every picture: that is told before any work.
    cutter.weights.of(catalogue.request)
    sources = find_sources(catalogue.inputs, str(cutter.folder), include=catalogue.include, request=catalogue.request)
    state = Manifest(cutter.folder).latest()
    units, refused = _units(sources, catalogue, state)
    setup = _setup(cutter)
    if catalogue.same_scale is not None:
        units = _scaled(units, catalogue, setup)
    if catalogue.redo_rejected:
        work = rejected_again(units, lambda source: state.verdict(source) == "rejected")
    else:
        work = parted(units, setup, cutter.folder, state.starts.__getitem__, retry_failed=catalogue.retry_failed)
    most = len(work.units) if catalogue.limit is None else catalogue.limit
    told = [row for row in refused if _is_told(row, state)]
    return CataloguePlan(
        _sparing(catalogue, sources),
        tuple(work.units[:most]),
        tuple(row for row in refused if row not in told),
        (*work.finished, *told),
        max(len(work.units) - most, 0),
        tuple(sources.notices),
    )


def worked_off(catalogue: Catalogue, plan: CataloguePlan) -> Generator[ResultRow, None, None]:
    """Do what was planned, and yield each row once the manifest has it. The folder must be held (`locked`)."""
    with ManifestWriter(plan.cutter.folder) as manifest:
        for row in plan.refused:
            manifest.append(row)
            yield row

        def started(unit: Unit) -> bool:
            # A file of somebody else's keeps its name out of the manifest, so that no later call takes it for ours.
            is_ours = unit.is_own or not (plan.cutter.folder / unit.output).exists()
            if is_ours:
                manifest.append(start_row(unit.source, unit.output))
            return is_ours

        with closing(_rows(catalogue, plan, started)) as rows:
            for row in rows:
                manifest.append(row)
                yield row


@contextmanager
def ready(catalogue: Catalogue) -> Iterator[None]:
    """Start what does the work, where that takes a while; what `worked_off` does meanwhile uses it.

    Raises:
        ClusterUnreachable: Ray cannot be started or connected to.
    """
    if catalogue.ray is None:
        yield
        return
    with connected(catalogue.ray):
        yield


def counted(rows: Sequence[ResultRow]) -> Mapping[str, int]:
    """How many rows there are of each status, and of each verdict: "accept" and "review"."""
    told: Counter[str] = Counter(row.status for row in rows)
    told.update(row.verdict for row in rows if row.verdict is not None and row.status == DONE)
    return told


def _rows(
    catalogue: Catalogue, plan: CataloguePlan, started: Callable[[Unit], bool]
) -> Generator[ResultRow, None, None]:
    if catalogue.ray is None:
        return rows_in_threads(plan.units, plan.cutter.cut, catalogue.workers or WORKERS, started)
    return rows_on_ray(plan.units, plan.cutter, catalogue.ray, catalogue.workers, started)


def _units(sources: Sources, catalogue: Catalogue, state: State) -> tuple[list[Unit], list[ResultRow]]:
    options = catalogue.cutter.writing.options
    named = result_names(sources.found, state.outputs, result_suffix(options), options.name)
    units: list[Unit] = []
    refused: list[ResultRow] = []
    for at, (picture, output) in enumerate(zip(sources.found, named.paths, strict=True)):
        earlier = state.results.get(picture.source)
        try:
            if picture.error is not None:
                raise picture.error
            request = _merged(catalogue.request, picture)
        except CutsmithError as error:
            refused.append(ResultRow(picture.source, FAILED, at=now(), error=error.to_json()))
            continue
        warnings = (
            (f"Its result is called {output}, because another picture's has its name.",) if at in named.changed else ()
        )
        is_own = state.outputs.get(picture.source) == output
        units.append(Unit(picture.source, output, request, earlier, is_own, warnings=warnings))
    return units, refused


def _scaled(units: list[Unit], catalogue: Catalogue, setup: Callable[[Unit], str]) -> list[Unit]:
    """`units` with their groups' scales; what is cut out another way keeps the scale that it has.

    Raises:
        BadOption: there is no canvas.
    """
    assert catalogue.same_scale is not None
    cutter = catalogue.cutter
    frame = cutter.writing.frame
    if frame is None or frame.canvas.pixels is None:
        raise BadOption(
            "Only on a canvas of a given size can subjects have the same scale.",
            give("canvas", "2000x2000"),
            option="same_scale",
        )
    if catalogue.redo_rejected:
        return [replace(unit, scale=scale_of(unit.earlier)) for unit in units]
    return at_one_scale(
        units, catalogue.same_scale, frame.canvas, lambda row, unit: is_finished(row, unit, setup, cutter.folder)
    )


def _sparing(catalogue: Catalogue, sources: Sources) -> Cutter:
    """The cutter, whose results replace nothing that the batch reads, whatever the options and the manifest say."""
    local = [each.source for each in sources.found if each.error is None and not is_address(each.source)]
    originals = Originals([*local, *catalogue.also_read])
    return replace(catalogue.cutter, writing=replace(catalogue.cutter.writing, originals=originals))


def _merged(request: Request, picture: SourcePicture) -> Request:
    if not picture.fields:
        return request
    return request.updated({name: from_json(name, value) for name, value in picture.fields.items()}).checked()


def _setup(cutter: Cutter) -> Callable[[Unit], str]:
    def setup(unit: Unit) -> str:
        try:
            return cutter.setup(unit)
        except CutsmithError as error:
            # A row's own model is missing: the row tells that when it is tried.
            return f"{NO_SETUP}{error.what}"

    return setup


def _is_told(row: ResultRow, state: State) -> bool:
    earlier = state.results.get(row.input)
    return earlier is not None and earlier.status == FAILED and earlier.error == row.error
