"""Whether the tuned network is better than the one that it began as, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cutsmith.errors import BadOption, UsageError
from cutsmith.finetuning.bootstrap import Interval, interval_of_mean
from cutsmith.finetuning.measuring import Measured
from cutsmith.segmentation.finetuned import Figures


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
        """Whether the interval of the IoU's difference lies above 0, and the boundary IoU's not below 0."""
        return self.iou.has_risen and not self.boundary_iou.has_fallen

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


def judge(baseline: Sequence[Measured], tuned: Sequence[Measured], *, seed: int) -> Verdict:
    """Whether `tuned` is better than `baseline`, which were measured on the same held-out pictures.

    The differences are paired, object by object, and resampled by product; by picture where there is one product alone.

    Args:
        baseline, tuned: of `cutsmith.finetuning.measuring.measure`.
        seed: of the resampling.

    Raises:
        UsageError: the two were not measured on the same objects.
        BadOption: no held-out picture holds an object.
    """
    from cutsmith.finetuning.explaining import reasons_for, warnings_about

    if [(each.name, each.number) for each in baseline] != [(each.name, each.number) for each in tuned]:
        raise UsageError("Both networks must be measured on the same objects, but these are different ones.")
    pairs = list(zip(baseline, tuned, strict=True))
    found = [(before, after) for before, after in pairs if before.iou is not None and after.iou is not None]
    if not found:
        raise BadOption(
            "No held-out picture holds an object, so it cannot be said whether the tuned network is better.",
            "Hold out pictures that hold objects.",
        )
    groups = tuple(sorted({before.group for before, _ in found}))
    by_picture = len(groups) == 1

    def compared(pairs: Sequence[tuple[Measured, Measured]], figure: str) -> Comparison:
        values = np.array([(getattr(before, figure), getattr(after, figure)) for before, after in pairs], np.float64)
        units = [before.name if by_picture else before.group for before, _ in pairs]
        means = values.mean(axis=0)
        interval = interval_of_mean(values[:, 1] - values[:, 0], units, seed=seed)
        return Comparison(float(means[0]), float(means[1]), interval)

    is_matted = all(each.sad is not None for pair in found for each in pair)
    verdict = Verdict(
        compared(found, "iou"),
        compared(found, "boundary_iou"),
        compared(found, "sad") if is_matted else None,
        compared(pairs, "calibration_error"),
        objects=len(found),
        pictures=len({before.name for before, _ in found}),
        groups=groups,
        is_by_picture=by_picture,
    )
    return replace(verdict, reasons=reasons_for(verdict), warnings=warnings_about(verdict))
