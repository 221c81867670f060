"""A worker: a process that keeps its models open, and does one unit after another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cutsmith.batch.cutting import Cutter
from cutsmith.batch.on_ray.desk import Assignment
from cutsmith.batch.on_ray.failures import WorkerDiffers
from cutsmith.batch.on_ray.place import Place, machine
from cutsmith.batch.unit import Unit
from cutsmith.errors import CutsmithError
from cutsmith.version import __version__

NUMBER, TOLD = "item", "told"
"""The columns: the position of a unit, as Ray names what it was given, and what is told of it."""
_CURE = "Install and fetch the same on all machines."


class Worker:
    """What Ray makes in each process of the pool, and calls with the position of a unit."""

    def __init__(self, cutter: Cutter, desk: Any, place: Place, threads: int) -> None:
        """Keep all that is needed. Nothing is opened yet: what fails here would be tried again without an end."""
        self._cutter = cutter
        self._desk = desk
        self._place = place
        self._threads = threads
        self._is_placed = False

    def __call__(self, batch: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Do the one unit of `batch`; -> its position, and as JSON "row", or why the batch must end, or nothing."""
        number = int(batch[NUMBER][0])
        told = json.dumps(self._told(number))
        return {NUMBER: np.array([number]), TOLD: np.array([told], dtype=object)}

    def _told(self, number: int) -> dict[str, Any]:
        import ray

        assignment = ray.get(self._desk.begin.remote(number))
        if assignment is None:
            return {}
        try:
            if not self._is_placed:
                self._place.enter()
                self._is_placed = True
            unit = self._limited(assignment.unit)
            self._compare(assignment, unit)
        except CutsmithError as error:
            return {"refused": error.to_json()}
        return {"row": self._cutter.cut(unit).as_json()}

    def _limited(self, unit: Unit) -> Unit:
        """`unit`, whose models take no more threads than this worker's share; that changes nothing of its result."""
        if unit.request.runtime.threads is not None:
            return unit
        return replace(unit, request=unit.request.updated({"threads": self._threads}))

    def _compare(self, assignment: Assignment, unit: Unit) -> None:
        """Refuse to do otherwise than the driver would: the next call would take such a result for another's.

        Raises:
            WorkerDiffers: the models, or the version, are others than the driver's.
        """
        if assignment.setup is None:
            return  # the row tells what is missing
        where = f"The machine {machine()} would cut out otherwise than this one"
        try:
            setup, weights = self._cutter.setup(unit), self._cutter.weights.of(unit.request)
        except CutsmithError as error:
            raise WorkerDiffers(f"{where}: {error.what}", *error.cures, _CURE) from error
        if setup == assignment.setup:
            return
        names = sorted({*weights, *assignment.weights})
        found = [
            f"{name} is {weights.get(name)} there"
            for name in names
            if weights.get(name) != assignment.weights.get(name)
        ]
        raise WorkerDiffers(f"{where}: {'; '.join(found) or f'Cutsmith is {__version__} there'}.", _CURE)
