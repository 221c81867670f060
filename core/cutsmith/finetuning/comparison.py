"""The baseline and the tuned network side by side: what is known, without a word on what it means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cutsmith.finetuning.bootstrap import Interval
from cutsmith.segmentation.finetuned import Figures

VISIBLE = 0.005
"""The smallest difference that two digits show."""


@dataclass(frozen=True)
class Comparison:
    """One figure, a mean over the objects, before and after.

    Attributes:
        before, after: the baseline's and the tuned network's.
        interval: of the difference; None where there is one picture alone, which says nothing of others.
    """

    before: float
    after: float
    interval: Interval | None

    @property
    def difference(self) -> float:
        """What was gained."""
        return self.after - self.before

    @property
    def has_risen(self) -> bool:
        """Whether the difference is above 0, chance aside."""
        return self.interval is not None and self.interval.low > 0

    @property
    def has_fallen(self) -> bool:
        """Whether the difference is below 0, chance aside."""
        return self.interval is not None and self.interval.high < 0


@dataclass(frozen=True)
class Verdict:
    """What came of the tuning.

    Attributes:
        iou, boundary_iou: larger is better.
        sad: of alpha after matting, / 1000; smaller is better; None where matting was left out.
        calibration_error: how far the predicted IoU is from the true one; smaller is better.
        objects, pictures: how many counted for the IoU.
        groups: the held-out products with an object, by name.
        is_by_picture: whether the intervals are over pictures, because there is one product alone.
        reasons: why it is better or not, in sentences for people; the first says the most.
        warnings: what became worse though it does not decide, and why the verdict may not be trusted far.
    """

    iou: Comparison
    boundary_iou: Comparison
    sad: Comparison | None
    calibration_error: Comparison
    objects: int
    pictures: int
    groups: tuple[str, ...]
    is_by_picture: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_better(self) -> bool:
        """Whether the interval of the IoU's difference lies above 0, the boundary IoU's not below 0, and it shows."""
        return self.iou.has_risen and not self.boundary_iou.has_fallen and self.is_visible

    @property
    def is_visible(self) -> bool:
        """Whether the IoU or the boundary IoU has risen by what two digits show."""
        return max(self.iou.difference, self.boundary_iou.difference) >= VISIBLE

    @property
    def before(self) -> Figures:
        """The baseline's figures."""
        return Figures(*(None if each is None else each.before for each in self._compared))

    @property
    def after(self) -> Figures:
        """The tuned network's figures."""
        return Figures(*(None if each is None else each.after for each in self._compared))

    @property
    def _compared(self) -> tuple[Comparison | None, ...]:
        return self.iou, self.boundary_iou, self.sad, self.calibration_error

    def to_json(self) -> dict[str, Any]:
        """The verdict for JSON: its attributes by name; an interval is [low, high]."""
        return {"is_better": self.is_better, **asdict(self)}
