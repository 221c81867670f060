"""The verdict in sentences for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.finetuning.comparison import VISIBLE

if TYPE_CHECKING:
    from cutsmith.finetuning.comparison import Comparison, Verdict

FEW_PRODUCTS = 5
"""With fewer, all of them rise by chance alone more often than once in 20 tries."""


def reasons_for(verdict: Verdict) -> tuple[str, ...]:
    """Why the tuned network is better, or not."""
    where = f"On {_held_out(verdict)} "
    told = []
    if not verdict.iou.has_risen:
        told.append(f"Not better: {_why_the_iou_does_not_do(verdict.iou)}")
    if verdict.boundary_iou.has_fallen:
        told.append("Not better: the edges have become worse, for the boundary IoU has fallen.")
    if verdict.iou.has_risen and not verdict.is_visible:
        told.append(f"Not better: the IoU has risen, but by less than {_number(VISIBLE, 3)}, which nobody sees.")
    told.append(where + _change("the IoU", verdict.iou) + ".")
    told.append(where + _change("the boundary IoU", verdict.boundary_iou) + ".")
    if verdict.sad is not None:
        told.append(where + _change("the error of alpha after matting (SAD)", verdict.sad) + ".")
    return tuple(told)


def warnings_about(verdict: Verdict) -> tuple[str, ...]:
    """What became worse though it does not decide, and why the verdict may not be trusted far."""
    told = []
    calibration = verdict.calibration_error
    if calibration.difference > VISIBLE and (calibration.interval is None or calibration.has_risen):
        told.append(
            "The network's own estimate of its masks, which the quality score reads, has become worse: "
            f"{_change('its error', calibration)}."
        )
    if verdict.sad is not None and verdict.sad.has_risen:
        told.append("Alpha after matting has become worse.")
    count = verdict.pictures if verdict.is_by_picture else len(verdict.groups)
    if verdict.is_by_picture:
        told.append(
            f"Only one product is held out, {verdict.groups[0]}, so the intervals say how its pictures differ. Of "
            "other products they say nothing. Hold out more."
        )
    if 1 < count < FEW_PRODUCTS:
        units = "pictures" if verdict.is_by_picture else "products"
        told.append(
            f"Only {count} {units} are held out: by chance alone all of them rise once in {2**count} tries. Hold out "
            f"{FEW_PRODUCTS} or more."
        )
    return tuple(told)


def _held_out(verdict: Verdict) -> str:
    if not verdict.is_by_picture:
        return f"{len(verdict.groups)} held-out products"
    return f"{verdict.pictures} held-out picture{'s' * (verdict.pictures > 1)} of one product"


def _why_the_iou_does_not_do(iou: Comparison) -> str:
    if iou.interval is None:
        return "one picture alone cannot show it. Hold out more."
    if iou.has_fallen:
        return "the IoU has fallen."
    if iou.interval.low == iou.interval.high == 0:
        return "the tuned network finds what the baseline finds."
    if max(map(abs, iou.interval)) < VISIBLE:
        return f"the IoU has changed by less than {_number(VISIBLE, 3)}, and chance alone may explain that."
    return (
        f"the IoU's difference lies between {_signed(iou.interval.low)} and {_signed(iou.interval.high)}, so chance "
        "alone may explain it."
    )


def _change(what: str, compared: Comparison) -> str:
    before, after = (_number(value) for value in (compared.before, compared.after))
    if before == after:
        return f"{what} stayed at {after}"
    verb = "rose" if compared.difference > 0 else "fell"
    between = ""
    if compared.interval is not None:
        low, high = (_signed(value) for value in compared.interval)
        between = f", between {low} and {high}"
    return f"{what} {verb} from {before} to {after} ({_signed(compared.difference)}{between})"


def _number(value: float, digits: int = 2) -> str:
    """Without a zero before the point, as figures in [0, 1] are written."""
    return f"{value:.{digits}f}".removeprefix("0")


def _signed(value: float) -> str:
    text = _number(abs(value))
    if float(text) == 0:
        return text
    return f"{'+' if value > 0 else '-'}{text}"
