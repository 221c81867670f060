"""The units of a batch through Ray Data, on a pool of workers, each of which opens its models once.

Ray decides which worker does which unit, and gives the unit of a worker that was killed to another one. That a unit
is done once, whatever happens, is the manifest's matter and this process's alone: see `handing`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.batch.on_ray.cluster import LOCAL, connected
from cutsmith.batch.on_ray.failures import NotShared, WorkerDiffers, stopped
from cutsmith.batch.on_ray.handing import HandingOut
from cutsmith.batch.on_ray.place import Place, marked, not_seen
from cutsmith.batch.on_ray.shares import Share, shares
from cutsmith.batch.on_ray.worker import NUMBER, TOLD, Worker
from cutsmith.batch.outcome import FAILED
from cutsmith.cures import Cure
from cutsmith.errors import CutsmithError

if TYPE_CHECKING:
    from cutsmith.batch.cutting import Cutter
    from cutsmith.batch.unit import Unit

_AT_A_TIME = 5000
"""Units that Ray is told of together; it keeps something of each until all of them are done."""
_IN_FLIGHT = 2  # one that is done, and one that has arrived


def rows_on_ray(
    units: Sequence[Unit],
    cutter: Cutter,
    address: str = LOCAL,
    workers: int | None = None,
    on_start: Callable[[Unit], bool] = lambda _: True,
) -> Generator[ResultRow, None, None]:
    """The row of each unit, as soon as it is done, in any order.

    A caller that stops asking, or is interrupted, ends the workers; they leave nothing half-written.

    Args:
        units: what to do.
        cutter: what they have in common.
        address: "local", "auto" or HOST:PORT.
        workers: how many are done at a time at most; None for what the cluster has room for.
        on_start: called, in another thread, with each unit before its work begins; -> whether what is at its output
            from then on is this batch's own.

    Raises:
        ExtraMissing, BadOption, ClusterUnreachable: there is no Ray, or none at that address.
        NotShared, WorkerDiffers: a machine of the cluster cannot do this work as this one would.
        RayStopped: Ray ended it.
    """
    if not units:
        return
    with connected(address) as ray, marked(cutter.folder) as place:
        machines = [each["Resources"].get("CPU", 0) for each in ray.nodes() if each["Alive"]]
        share = shares(machines, workers)
        for first in range(0, len(units), _AT_A_TIME):
            part = units[first : first + _AT_A_TIME]
            with (
                HandingOut(ray, part, cutter, on_start) as handing,
                closing(_told(ray, len(part), handing, (cutter, place), share)) as told,
            ):
                yield from _rows(len(part), handing, told, is_here=address == LOCAL)


def _told(
    ray: Any, count: int, handing: HandingOut, given: tuple[Cutter, Place], share: Share
) -> Generator[tuple[int, dict[str, Any]], None, None]:
    """What the workers tell: the position of a unit, and the row, or why there is none."""
    cutter, place = given
    workers = min(share.workers, count)
    # One unit a block: only so does each row come when it is done, and a retry repeats nothing else.
    done = ray.data.from_items(list(range(count)), override_num_blocks=count).map_batches(
        Worker,
        fn_constructor_kwargs={"cutter": cutter, "desk": handing.desk, "place": place, "threads": share.threads},
        batch_size=1,
        num_cpus=share.cores,
        compute=ray.data.ActorPoolStrategy(
            min_size=1, max_size=workers, initial_size=workers, max_tasks_in_flight_per_actor=_IN_FLIGHT
        ),
    )
    batches = iter(done.iter_batches(batch_size=None, prefetch_batches=0))
    try:
        for batch in batches:
            for number, told in zip(batch[NUMBER], batch[TOLD], strict=True):
                yield int(number), json.loads(str(told))
    finally:
        # Now, and not when it is forgotten: without a connection it would start a Ray to end itself.
        batches.close()


def _rows(
    count: int, handing: HandingOut, told: Iterator[tuple[int, dict[str, Any]]], *, is_here: bool
) -> Iterator[ResultRow]:
    """Each unit's row, once, and that of a unit which nothing was told of."""
    open_units = set(range(count))
    try:
        for number, said in told:
            row = _row(said, handing, number)
            if not is_here:
                _check_seen(row)
            if number in open_units:
                open_units.discard(number)
                yield row
    except CutsmithError:
        raise
    except Exception as error:
        # Whatever Ray raises, and it raises many things, concerns no picture but the work as a whole.
        raise handing.failure or stopped(error) from error
    for number in sorted(open_units):
        yield handing.lost_row(number)


def _row(said: dict[str, Any], handing: HandingOut, number: int) -> ResultRow:
    if "row" in said:
        return ResultRow.from_json(said["row"])
    if "refused" in said:
        raise _refusal(said["refused"])
    if handing.failure is not None:
        raise handing.failure
    assert handing.is_lost(number), "a unit is left out for no other reason"
    return handing.lost_row(number)


def _refusal(told: dict[str, Any]) -> CutsmithError:
    kind = NotShared if told["type"] == NotShared.__name__ else WorkerDiffers
    return kind(told["what"], *map(Cure.from_json, told["cures"]))


def _check_seen(row: ResultRow) -> None:
    """Raise NotShared if a picture is here, but was not there for its worker."""
    if row.status == FAILED and (row.error or {}).get("type") == "PictureNotFound" and Path(row.input).is_file():
        raise not_seen(row.input)
