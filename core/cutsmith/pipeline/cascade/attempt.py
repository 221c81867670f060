"""One mask of a picture, and what is thought of it; which of several is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutsmith.result.quality import ACCEPT
from cutsmith.result.steps import Step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.result.cutout import FoundObject
    from cutsmith.result.looks import Looks
    from cutsmith.result.quality import Quality

UNKNOWN = 0.5
"""What a mask of unknown uncertainty is taken for among others that are to be reviewed."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One mask of the main subject.

    Attributes:
        step: what made it: "first look", "second look" or "another way".
        model: the model, in words.
        soft_mask: float32 (H, W) in [0, 1].
        quality: what is thought of it.
        seconds: what it took.
        looks: what the views said.
        network: the removal model whose mask it is; None where another model made it.
        named: what SAM 2 says of it.
        disagreement: 1 - Dice with the mask that it is a second opinion of.
        doubts: reasons for a review that the mask itself does not show.
        told: what it brought, for people.
    """

    step: str
    model: str
    soft_mask: NDArray[np.float32]
    quality: Quality
    seconds: float
    looks: Looks | None = None
    network: str | None = None
    named: tuple[FoundObject, ...] = ()
    disagreement: float = 0.0
    doubts: tuple[str, ...] = ()
    told: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether nothing more need be tried."""
        return self.quality.verdict == ACCEPT

    def as_step(self, *, is_kept: bool) -> Step:
        """The attempt without its mask."""
        return Step(self.step, self.model, self.quality, self.seconds, is_kept, self.told)


def best_of(attempts: Sequence[Attempt]) -> Attempt:
    """An accepted one before others, then the least uncertain; of equals the first."""
    return min(attempts, key=lambda each: (not each.is_accepted, _uncertainty(each)))


def _uncertainty(attempt: Attempt) -> float:
    known = attempt.quality.uncertainty
    return UNKNOWN if known is None else known
