"""Hands units out to the workers that ask for them at the desk, and tells the manifest before each begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from cutsmith.batch.on_ray.desk import Assignment, Desk
from cutsmith.batch.on_ray.failures import WorkerLost, stopped
from cutsmith.cures import give
from cutsmith.errors import CutsmithError

if TYPE_CHECKING:
    from cutsmith.batch.cutting import Cutter
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.unit import Unit

MOST_TRIES = 3
"""How often a picture is begun: what ends its worker each time is the picture itself, or too little memory."""


class HandingOut:
    """Answers the desk in a thread of the driver, as long as the context lasts.

    Attributes:
        desk: the actor that workers ask.
        failure: what ended it early, such as a manifest that cannot be written.
    """

    def __init__(self, ray: Any, units: Sequence[Unit], cutter: Cutter, on_start: Callable[[Unit], bool]) -> None:
        """Prepare to hand `units` out.

        Args:
            ray: the module, connected.
            units: what there is to do; workers ask by their position.
            cutter: what the workers cut with, to compare it with theirs.
            on_start: called with each unit before its work begins; -> whether what is at its output from then on is
                this batch's own.
        """
        self._ray = ray
        self._units = units
        self._cutter = cutter
        self._on_start = on_start
        self._tries: Counter[int] = Counter()
        self._own: dict[int, bool] = {}
        self._ended = False
        self._thread = Thread(target=self._serve, name="cutsmith-desk", daemon=True)
        self.failure: BaseException | None = None
        # It stands where the driver stands: without the driver it is of no use.
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        self.desk = (
            ray.remote(Desk)
            .options(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)
            .remote()
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._ray.kill(self.desk)
        self._thread.join(timeout=10)

    def is_lost(self, number: int) -> bool:
        """Whether the unit `number` was begun as often as it may be, and never came to an end."""
        return self._tries[number] > MOST_TRIES

    def lost_row(self, number: int) -> ResultRow:
        """The row of the unit `number`, which never came to an end."""
        unit = self._units[number]
        error = WorkerLost(
            f"{unit.source} could not be cut out: its worker was ended {MOST_TRIES} times, perhaps for want of memory.",
            give("workers", "1", "Do fewer at a time"),
        )
        return self._cutter.failed(unit, error)

    def _serve(self) -> None:
        while not self._ended:
            try:
                asked = self._ray.get(self.desk.asked.remote())
                self._ray.get(self.desk.answer.remote([(number, self._assignment(number)) for number in asked]))
            except self._ray.exceptions.RayError as error:
                if not self._ended:  # else the desk was taken away, since the work has ended
                    self.failure = self.failure or stopped(error)
                return

    def _assignment(self, number: int) -> Assignment | None:
        unit = self._units[number]
        self._tries[number] += 1
        if self.failure is not None or self.is_lost(number):
            return None
        is_own = self._own.get(number, unit.is_own)
        try:
            # Whoever began it before may have written the result, and been ended before it could tell.
            self._own[number] = self._on_start(unit) or is_own
        except Exception as error:  # noqa: BLE001 - the thread hands it to whoever asks for the rows
            self.failure = error
            return None
        try:
            setup, weights = self._cutter.setup(unit), self._cutter.weights.of(unit.request)
        except CutsmithError:
            setup, weights = None, {}
        return Assignment(replace(unit, is_own=is_own), setup, weights)
