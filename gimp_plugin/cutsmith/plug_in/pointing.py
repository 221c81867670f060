"""What the user points at: clicks and boxes, object by object, each added to the mask or taken away from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .failure import CutFailed

_BOX, _MINUS = "box", "minus"
EXAMPLE = "120,80 140,95,0; minus box 10,20,90,70"
_WANTED = (
    f'The points must look like "{EXAMPLE}": clicks x,y on the subject and x,y,0 beside it; a box x0,y0,x1,y1; objects '
    "apart by semicolons; minus before one that is taken away"
)


@dataclass(frozen=True)
class Object:
    """One object, in pixels of the layer.

    Attributes:
        points: clicks (x, y, label); label 1 is on the object, 0 beside it.
        box: (x0, y0, x1, y1) around it; None without one.
        is_taken_away: whether it is taken out of what was pointed at before.
    """

    points: tuple[tuple[float, float, int], ...] = ()
    box: tuple[float, float, float, float] | None = None
    is_taken_away: bool = False

    def as_part(self) -> dict[str, Any]:
        """The object as docs/worker-protocol.md describes a part."""
        told: dict[str, Any] = {"points": [list(point) for point in self.points], "is_taken_away": self.is_taken_away}
        return told if self.box is None else {**told, "box": list(self.box)}

    def as_text(self) -> str:
        """The object in the form of the procedure's argument."""
        words = [_MINUS] if self.is_taken_away else []
        if self.box is not None:
            words += [_BOX, ",".join(map(_short, self.box))]
        words += [f"{_short(x)},{_short(y)}{'' if label else ',0'}" for x, y, label in self.points]
        return " ".join(words)


class Pointing:
    """The objects that were pointed at so far, and the way back.

    Args:
        text: the argument `points` of the procedure.

    Raises:
        CutFailed: the text says something else.
    """

    def __init__(self, text: str = "") -> None:
        self.objects: tuple[Object, ...] = objects_of(text)
        self._before: list[tuple[Object, ...]] = []
        self._next: bool | None = None

    def click(self, x: float, y: float, label: int) -> None:
        """Click at (x, y): on the object (label 1), or beside it (0)."""
        last = self._last()
        self._change(replace(last, points=(*last.points, (x, y, label))))

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a box, from any corner to the opposite one. A second box is another object."""
        last = self._last()
        if last.box is not None:
            last = self._begun(last.is_taken_away)
        self._change(replace(last, box=(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))))

    def begin(self, *, is_taken_away: bool) -> None:
        """Let the next click or box belong to another object."""
        # What is taken away must be taken from something.
        self._next = is_taken_away and bool(self.objects)

    def undo(self) -> None:
        """Take the last click or box back."""
        if self._before:
            self.objects, self._next = self._before.pop(), None

    def clear(self) -> None:
        """Take all back, in a way that can be undone."""
        if self.objects:
            self._change_to(())
        self._next = None

    def follow(self, text: str) -> bool:
        """Point at what `text` says, as loaded settings do; -> whether that is something else. Raises CutFailed."""
        objects = objects_of(text)
        if _text_of(objects) == self.as_text():
            return False
        self._change_to(objects)
        return True

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._before)

    def as_text(self) -> str:
        """The objects in the form of the procedure's argument."""
        return _text_of(self.objects)

    def _last(self) -> Object:
        if self._next is not None or not self.objects:
            return self._begun(bool(self._next))
        return self.objects[-1]

    def _begun(self, is_taken_away: bool) -> Object:
        self._next = is_taken_away
        return Object(is_taken_away=is_taken_away)

    def _change(self, last: Object) -> None:
        kept = self.objects if self._next is not None or not self.objects else self.objects[:-1]
        self._change_to((*kept, last))

    def _change_to(self, objects: tuple[Object, ...]) -> None:
        self._before.append(self.objects)
        self.objects, self._next = objects, None


def objects_of(text: str) -> tuple[Object, ...]:
    """The objects in the procedure's argument `points`. Raises CutFailed."""
    return tuple(_object(part) for part in text.split(";") if part.strip())


def _text_of(objects: Sequence[Object]) -> str:
    return "; ".join(each.as_text() for each in objects)


def _object(text: str) -> Object:
    words = text.split()
    found = Object(is_taken_away=words[0] == _MINUS)
    words = words[found.is_taken_away :]
    while words:
        word = words.pop(0)
        if word == _BOX and words and found.box is None:
            x0, y0, x1, y1 = _numbers(words.pop(0), (4,), text)
            found = replace(found, box=(x0, y0, x1, y1))
        else:
            x, y, *label = _numbers(word, (2, 3), text)
            if label and label[0] not in (0, 1):
                raise _refused(text)
            found = replace(found, points=(*found.points, (x, y, int(label[0]) if label else 1)))
    if found.box is None and not found.points:
        raise _refused(text)
    return found


def _numbers(word: str, counts: tuple[int, ...], text: str) -> list[float]:
    try:
        numbers = [float(each) for each in word.split(",")]
    except ValueError as error:
        raise _refused(text) from error
    if len(numbers) not in counts or not all(abs(number) < 1e6 for number in numbers):
        raise _refused(text)
    return numbers


def _refused(text: str) -> CutFailed:
    return CutFailed(f'{_WANTED}. But one is "{text.strip()[:60]}".')


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
