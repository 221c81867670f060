"""Keeps the worst results while they come in, so that no more alphas stay in memory than the contact sheet shows."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from cutsmith.evaluation.contact_sheet import Strip
from cutsmith.evaluation.measuring import Measured
from cutsmith.evaluation.samples import Truth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Worst:
    """The `most` results with the largest SAD."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[float, int, Measured, NDArray[np.float32]]] = []
        self._order = count()

    def offer(self, measured: Measured, alpha: NDArray[np.float32] | None) -> None:
        """Keep the result if it is among the worst; failures have no alpha and are left out."""
        if alpha is None or not self._most:
            return
        heapq.heappush(self._heap, (measured.metrics["SAD"], next(self._order), measured, alpha))
        if len(self._heap) > self._most:
            heapq.heappop(self._heap)

    def strips(self, truths: Mapping[str, Truth]) -> list[Strip]:
        """The lines of the contact sheet, the worst first."""
        from cutsmith.picture import Picture

        return [
            Strip(
                f"{each.sample.name}   SAD {sad:.1f}   {each.configuration}",
                Picture.read(each.sample.picture).srgb(),
                truths[each.sample.name].alpha,
                alpha,
            )
            for sad, _, each, alpha in sorted(self._heap, key=lambda item: -item[0])
        ]
