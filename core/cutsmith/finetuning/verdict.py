"""Whether the tuned network is better than the one that it began as, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutsmith.errors import BadOption, UsageError
from cutsmith.finetuning.bootstrap import interval_of_mean
from cutsmith.finetuning.comparison import Comparison, Verdict
from cutsmith.finetuning.explaining import reasons_for, warnings_about
from cutsmith.finetuning.measuring import Measured


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
