"""What the cascade tried on a picture, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutsmith.result.quality import Quality


@dataclass(frozen=True)
class Step:
    """One way in which a picture was cut out.

    Attributes:
        name: "first look", "second look", "another way" or "enclosed background".
        model: what made the mask, such as "isnet-general-use" or "subject-in-box of isnet-general-use".
        quality: what Cutsmith thinks of the mask.
        seconds: what the step took.
        is_kept: whether its mask is the one that was taken in the end.
        told: what the step brought, a short text for people.
    """

    name: str
    model: str
    quality: Quality
    seconds: float
    is_kept: bool = False
    told: str = ""


def steps_in_words(steps: Sequence[Step]) -> str:
    """All steps in one line: "first look: review (0.31); second look: accept (0.02), kept"."""
    return "; ".join(_in_words(step) for step in steps)


def _in_words(step: Step) -> str:
    doubt = "" if step.quality.uncertainty is None else f" ({step.quality.uncertainty:.2f})"
    return f"{step.name}: {step.quality.verdict}{doubt}{', kept' if step.is_kept else ''}"
