"""What words have found in the picture: labelled boxes, each of which is cut out or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class FoundObject:
    """One object.

    Attributes:
        box: (x0, y0, x1, y1) around it, in pixels of the layer.
        label: the words that it was found for.
        score: how certain that is, in [0, 1].
        is_chosen: whether it is cut out.
    """

    box: tuple[float, float, float, float]
    label: str
    score: float
    is_chosen: bool = True

    @property
    def caption(self) -> str:
        """The object in words, beside its box."""
        return f"{self.label} {round(100 * self.score)} %" if self.is_chosen else f"{self.label}: left out"

    def as_part(self) -> dict[str, Any]:
        """The object as docs/worker-protocol.md describes a part."""
        return {"box": list(self.box)}


def found_objects(told: Sequence[Mapping[str, Any]]) -> tuple[FoundObject, ...]:
    """The objects in the worker's answer to the job "detect"; all of them are chosen."""
    return tuple(FoundObject(tuple(each["box"]), str(each["label"]), float(each["score"])) for each in told)


def toggled(objects: tuple[FoundObject, ...], x: float, y: float) -> tuple[FoundObject, ...]:
    """`objects` after a click at (x, y), which leaves one out or takes it again: the smallest whose box is there."""
    there = [each for each in objects if each.box[0] <= x <= each.box[2] and each.box[1] <= y <= each.box[3]]
    if not there:
        return objects
    clicked = min(there, key=_area)
    return tuple(replace(each, is_chosen=not each.is_chosen) if each is clicked else each for each in objects)


def _area(each: FoundObject) -> float:
    x0, y0, x1, y1 = each.box
    return (x1 - x0) * (y1 - y0)
