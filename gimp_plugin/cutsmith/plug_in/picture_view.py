"""The picture in the dialog: the cut-out on a ground, what was pointed at, and the user's clicks and boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import hypot, pi
from typing import TYPE_CHECKING

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
import cairo  # noqa: E402 - the versions first
from gi.repository import Gdk, Gtk  # noqa: E402

from .surfaces import checks  # noqa: E402
from .view_geometry import ViewGeometry  # noqa: E402

if TYPE_CHECKING:
    from .found_objects import FoundObject
    from .pointing import Object

SIZE = (560, 460)
_SLOP = 5.0
"""Pixels of the screen that the pointer may move while the button is down, and it is still a click."""

_DOT = 5.0
CHECKS, BLACK, WHITE, RED, BEFORE = "checks", "black", "white", "red", "before"
GROUNDS = {
    CHECKS: "On checks",
    BLACK: "On black",
    WHITE: "On white",
    RED: "Red over the rest",
    BEFORE: "Before",
}
_VEIL = (0.86, 0.08, 0.10, 0.55)
_LEFT_OUT = (1.0, 1.0, 1.0)
_DASHES = (5.0, 5.0)
_LETTERS, _PAD = 13.0, 3.0
_PLUS, _MINUS, _TAKEN = (0.16, 0.75, 0.25), (0.95, 0.25, 0.2), (1.0, 0.6, 0.1)


@dataclass(frozen=True)
class Shown:
    """What is drawn, in a rectangle (x, y, width, height) of the picture's pixels.

    Attributes:
        place: the rectangle.
        picture: the colours before.
        alpha: the mask; None where there is none yet.
        colours: the colours of the cut-out, where they differ from those before.
    """

    place: tuple[float, float, float, float]
    picture: cairo.ImageSurface
    alpha: cairo.ImageSurface | None = None
    colours: cairo.ImageSurface | None = None


class PictureView(Gtk.DrawingArea):
    """Shows a picture of `width` x `height` pixels.

    Args:
        width, height: of the picture.
        on_click: called with (x, y, label) in pixels of the picture; label 1 is the left button, 0 the right one.
        on_box: called with (x0, y0, x1, y1).
        on_moved: called after another part of the picture is to be seen.
    """

    def __init__(
        self,
        width: int,
        height: int,
        on_click: Callable[[float, float, int], None],
        on_box: Callable[[float, float, float, float], None],
        on_moved: Callable[[], None],
    ) -> None:
        super().__init__(can_focus=True)
        self.geometry = ViewGeometry((width, height), centre=(width / 2, height / 2))
        self.ground = CHECKS
        self.can_point = self.can_click = False
        self._shown: Shown | None = None
        self._objects: tuple[Object, ...] = ()
        self._found: tuple[FoundObject, ...] = ()
        self._on_click, self._on_box, self._on_moved = on_click, on_box, on_moved
        self._pressed: tuple[int, float, float] | None = None
        self._pointer = (0.0, 0.0)
        self._checks = checks()
        self.set_size_request(*SIZE)
        self.get_accessible().set_name("The picture, with what is cut out of it")
        mask = Gdk.EventMask
        self.add_events(mask.BUTTON_PRESS_MASK | mask.BUTTON_RELEASE_MASK | mask.POINTER_MOTION_MASK)
        self.connect("draw", self._draw)
        self.connect("size-allocate", self._take_room)
        self.connect("button-press-event", self._press)
        self.connect("motion-notify-event", self._move)
        self.connect("button-release-event", self._release)

    def show_cut(self, shown: Shown | None) -> None:
        """Draw this from now on."""
        self._shown = shown
        self.queue_draw()

    def show_objects(self, objects: tuple[Object, ...]) -> None:
        """Draw the clicks and boxes of `objects`."""
        self._objects = objects
        self.queue_draw()

    def show_found(self, found: tuple[FoundObject, ...]) -> None:
        """Draw the boxes of what words have found, each with its caption."""
        self._found = found
        self.queue_draw()

    def show_ground(self, ground: str) -> None:
        """Show the cut-out on one of `GROUNDS`."""
        self.ground = ground
        self.queue_draw()

    def show_whole(self, is_whole: bool, at: tuple[float, float] | None = None) -> None:
        """Show the whole picture, or its pixels one to one around a place of it."""
        x, y = at or self.geometry.centre
        self.geometry = self.geometry.whole() if is_whole else self.geometry.one_to_one(x, y)
        self._on_moved()
        self.queue_draw()

    def _take_room(self, _: Gtk.Widget, room: Gdk.Rectangle) -> None:
        self.geometry = replace(self.geometry, view=(room.width, room.height)).shifted(0, 0)
        self._on_moved()

    def _press(self, _: Gtk.Widget, event: Gdk.EventButton) -> bool:
        self.grab_focus()
        if event.type == Gdk.EventType.BUTTON_PRESS and event.button in (1, 2, 3):
            self._pressed = (event.button, event.x, event.y)
            self._pointer = (event.x, event.y)
        return True

    def _move(self, _: Gtk.Widget, event: Gdk.EventMotion) -> bool:
        if self._pressed is None:
            return False
        if self._pressed[0] == 2 or not self.can_point:
            self.geometry = self.geometry.shifted(event.x - self._pointer[0], event.y - self._pointer[1])
            self._on_moved()
        self._pointer = (event.x, event.y)
        self.queue_draw()
        return True

    def _release(self, _: Gtk.Widget, event: Gdk.EventButton) -> bool:
        if self._pressed is None or event.button != self._pressed[0]:
            return False
        (button, x, y), self._pressed = self._pressed, None
        if not self.can_click or button == 2:
            return True
        if self._is_drag(event.x - x, event.y - y):
            if button == 1 and self.can_point:
                self._on_box(*self.geometry.picture_at(x, y), *self.geometry.picture_at(event.x, event.y))
        else:
            self._on_click(*self.geometry.picture_at(x, y), 1 if button == 1 else 0)
        self.queue_draw()
        return True

    def _is_drag(self, x: float, y: float) -> bool:
        return hypot(x, y) > _SLOP

    def _draw(self, _: Gtk.Widget, context: cairo.Context) -> bool:
        Gtk.render_background(self.get_style_context(), context, 0, 0, *self.geometry.view)
        if self._shown is not None:
            context.save()
            self._draw_cut(context, self._shown)
            context.restore()
        for each in self._objects:
            self._draw_object(context, each)
        for found in self._found:
            self._draw_found(context, found)
        self._draw_band(context)
        return False

    def _draw_cut(self, context: cairo.Context, shown: Shown) -> None:
        x, y, width, height = shown.place
        left, top = self.geometry.view_at(x, y)
        scale = self.geometry.scale
        context.rectangle(left, top, width * scale, height * scale)
        context.clip()
        if self.ground != CHECKS:
            value = 0.0 if self.ground == BLACK else 1.0
            context.set_source_rgb(value, value, value)
        else:
            context.set_source(self._checks)
        context.paint()
        context.translate(left, top)
        context.scale(width * scale / shown.picture.get_width(), height * scale / shown.picture.get_height())
        if shown.alpha is None or self.ground in (RED, BEFORE):
            context.set_source_surface(shown.picture)
            context.paint()
            if shown.alpha is not None and self.ground == RED:
                context.push_group()
                context.set_source_rgba(*_VEIL)
                context.paint()
                context.set_operator(cairo.OPERATOR_DEST_OUT)
                context.set_source_rgb(0, 0, 0)
                context.mask_surface(shown.alpha)
                context.pop_group_to_source()
                context.paint()
            return
        context.set_source_surface(shown.colours or shown.picture)
        context.mask_surface(shown.alpha)

    def _draw_object(self, context: cairo.Context, each: Object) -> None:
        if each.box is not None:
            x0, y0 = self.geometry.view_at(*each.box[:2])
            x1, y1 = self.geometry.view_at(*each.box[2:])
            _outline(context, x0, y0, x1, y1, _TAKEN if each.is_taken_away else _PLUS)
        for x, y, label in each.points:
            colour = _MINUS if not label else _TAKEN if each.is_taken_away else _PLUS
            _dot(context, *self.geometry.view_at(x, y), colour, is_plus=bool(label) and not each.is_taken_away)

    def _draw_found(self, context: cairo.Context, found: FoundObject) -> None:
        x0, y0 = self.geometry.view_at(*found.box[:2])
        x1, y1 = self.geometry.view_at(*found.box[2:])
        # Dashes too, so that colour alone does not tell them apart.
        _outline(context, x0, y0, x1, y1, *((_PLUS, ()) if found.is_chosen else (_LEFT_OUT, _DASHES)))
        _caption(context, x0, max(y0, self.geometry.origin[1]), found.caption, self.geometry.view[0])

    def _draw_band(self, context: cairo.Context) -> None:
        if self._pressed is None or not self.can_point or self._pressed[0] != 1:
            return
        _, x, y = self._pressed
        if self._is_drag(self._pointer[0] - x, self._pointer[1] - y):
            _outline(context, x, y, *self._pointer, _PLUS)


def _outline(
    context: cairo.Context,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    colour: tuple[float, float, float],
    dashes: Sequence[float] = (),
) -> None:
    """A rectangle that is seen on any ground; dashes lie on a black line without gaps."""
    for width, shade, gaps in ((3.0, (0.0, 0.0, 0.0), ()), (1.5, colour, dashes)):
        context.set_source_rgb(*shade)
        context.set_line_width(width)
        context.set_dash(gaps)
        context.rectangle(round(x0) + 0.5, round(y0) + 0.5, round(x1 - x0), round(y1 - y0))
        context.stroke()
    context.set_dash(())


def _caption(context: cairo.Context, x: float, y: float, text: str, room: float) -> None:
    """White letters on black, with their top left corner at (x, y), or further left where they would pass `room`."""
    context.set_font_size(_LETTERS)
    ascent, _, height, *_ = context.font_extents()
    width = context.text_extents(text).x_advance + 2 * _PAD
    x = max(0.0, min(x, room - width))
    context.set_source_rgba(0, 0, 0, 0.75)
    context.rectangle(x, y, width, height + _PAD)
    context.fill()
    context.set_source_rgb(1, 1, 1)
    context.move_to(x + _PAD, y + ascent + _PAD / 2)
    context.show_text(text)


def _dot(context: cairo.Context, x: float, y: float, colour: tuple[float, float, float], *, is_plus: bool) -> None:
    """A click: a disc with a plus or a minus, so that colour alone does not tell them apart."""
    for radius, shade in ((_DOT + 2.5, (1.0, 1.0, 1.0)), (_DOT + 1.5, colour)):
        context.set_source_rgb(*shade)
        context.arc(x, y, radius, 0, 2 * pi)
        context.fill()
    context.set_source_rgb(1, 1, 1)
    context.set_line_width(1.6)
    context.move_to(x - 3.5, y)
    context.line_to(x + 3.5, y)
    if is_plus:
        context.move_to(x, y - 3.5)
        context.line_to(x, y + 3.5)
    context.stroke()
