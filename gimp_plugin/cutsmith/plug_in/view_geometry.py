"""Where a picture lies in the view of the dialog, and which of its pixels a place of the view shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

_MARGIN = 8
_TENTH = 0.1
"""Clicks are told in tenths of a pixel, and the engine refuses one on the picture's far side."""


@dataclass(frozen=True)
class ViewGeometry:
    """A picture in a view.

    Attributes:
        picture: (width, height) in pixels.
        view: (width, height) of the view.
        is_whole: whether the whole picture is shown; otherwise each of its pixels takes one of the screen.
        centre: the (x, y) of the picture that is in the middle of the view.
    """

    picture: tuple[int, int]
    view: tuple[int, int] = (1, 1)
    is_whole: bool = True
    centre: tuple[float, float] = (0.0, 0.0)

    @property
    def scale(self) -> float:
        """How many pixels of the view one of the picture takes."""
        if not self.is_whole:
            return 1.0
        room = [max(1, length - 2 * _MARGIN) for length in self.view]
        return min(room[0] / self.picture[0], room[1] / self.picture[1], 8.0)

    @property
    def origin(self) -> tuple[float, float]:
        """Where the picture's top left corner is in the view."""
        scale = self.scale
        if self.is_whole:
            return tuple((view - length * scale) / 2 for view, length in zip(self.view, self.picture, strict=True))  # type: ignore[return-value]
        return tuple(
            (view - length) / 2 if length <= view else round(view / 2 - at)
            for view, length, at in zip(self.view, self.picture, self.centre, strict=True)
        )  # type: ignore[return-value]

    def picture_at(self, x: float, y: float) -> tuple[float, float]:
        """The place of the picture at (x, y) of the view, or the nearest one, inside it in tenths of a pixel, too."""
        left, top = self.origin
        return (
            min(max((x - left) / self.scale, 0.0), self.picture[0] - _TENTH),
            min(max((y - top) / self.scale, 0.0), self.picture[1] - _TENTH),
        )

    def view_at(self, x: float, y: float) -> tuple[float, float]:
        """The place of the view at (x, y) of the picture."""
        left, top = self.origin
        return left + x * self.scale, top + y * self.scale

    def seen(self) -> tuple[range, range]:
        """The (columns, rows) of the picture that the view shows."""
        (left, top), scale = self.origin, self.scale
        columns, rows = (
            range(max(0, int(-begin / scale)), min(length, int((room - begin) / scale) + 1))
            for begin, length, room in zip((left, top), self.picture, self.view, strict=True)
        )
        return columns, rows

    def shifted(self, x: float, y: float) -> ViewGeometry:
        """The view after the picture was pulled by (x, y); it never leaves the view."""
        moved = [
            min(max(at - by, min(room, length) / 2), length - min(room, length) / 2)
            for at, by, length, room in zip(self.centre, (x, y), self.picture, self.view, strict=True)
        ]
        return replace(self, centre=(moved[0], moved[1]))

    def one_to_one(self, x: float, y: float) -> ViewGeometry:
        """Each pixel of the picture takes one of the screen, with (x, y) of the picture in the middle."""
        return replace(self, is_whole=False, centre=(x, y)).shifted(0, 0)

    def whole(self) -> ViewGeometry:
        """The whole picture in the view."""
        return replace(self, is_whole=True)
